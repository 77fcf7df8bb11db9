"""Every curve on the relief of one condition, made once for figures and tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import (
    CumulativeIncidence,
    IntervalCurve,
    MeanCount,
    ReliefCurve,
)
from analysis.outcomes.boosters import followed_on, mean_count_of
from analysis.outcomes.competing import incidence_on
from analysis.outcomes.interval_relief import curve_on
from analysis.outcomes.losses import DAYS_PER_WEEK, Losses
from analysis.outcomes.parametric_relief import Fitted, shapes_on
from analysis.outcomes.relief import kaplan_meier_on
from analysis.outcomes.relief_bench import ReliefBench, bench_of
from analysis.settings import AnalysisSettings

MOST_SPANS = 20
LEAST_TO_SHOW = 30
"""Single spans are shown only out of at least so many: a few of few could be recognised."""


@dataclass(frozen=True, eq=False)
class ReliefPicture:
    """Curves on one condition's relief; None where there is nothing to draw.

    Parameters
    ----------
    losses : Losses
        Under the booster strategy of the settings.
    curve, kaplan_meier, incidence, fits, mean_count
        Estimates in weeks.
    shown_spans : DataFrame
        Some spans, evenly spaced by length, for the swimmer plot; none of a small group.
    starters_followed : ndarray of float
        Weeks each starter was followed, for the numbers under the booster count.
    """

    losses: Losses
    curve: IntervalCurve | None
    kaplan_meier: ReliefCurve | None
    incidence: CumulativeIncidence | None
    fits: dict[str, Fitted]
    mean_count: MeanCount | None
    shown_spans: pd.DataFrame
    starters_followed: np.ndarray

    def still_followed(self, weeks: tuple[float, ...]) -> tuple[int, ...]:
        """Return how many responders are still followed and relieved at each week."""
        if self.kaplan_meier is None:
            return tuple(0 for _ in weeks)
        return tuple(int(n) for n in self.kaplan_meier.at_risk(weeks))

    def starters_still_followed(self, weeks: tuple[float, ...]) -> tuple[int, ...]:
        """Return how many starters are still followed at each week."""
        return tuple(int((self.starters_followed >= week).sum()) for week in weeks)


def make_picture(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> ReliefPicture:
    """Return every curve on the relief of a condition's responders.

    ``bench`` is work shared with `analysis.outcomes.relief_rows.tabulate_relief`, optional.
    """
    shared = bench_of(datasets, settings, condition, bench)
    own = shared.whole
    losses = own.losses(settings.booster_strategy)
    return ReliefPicture(
        losses=losses,
        curve=curve_on(own, losses),
        kaplan_meier=kaplan_meier_on(own, settings.booster_strategy),
        incidence=incidence_on(own),
        fits=shapes_on(own),
        mean_count=mean_count_of(datasets, settings, condition, bench=shared),
        shown_spans=choose_spans(own.spans),
        starters_followed=followed_on(own).to_numpy(dtype=float) / DAYS_PER_WEEK,
    )


def choose_spans(spans: pd.DataFrame) -> pd.DataFrame:
    """Return at most 20 spans evenly spaced by length, longest first; none of fewer than 30."""
    if len(spans) < LEAST_TO_SHOW:
        return spans.iloc[:0]
    ordered = spans.sort_values(["good_until_days", "last_rating_days"], kind="stable")
    picked = np.linspace(0, len(ordered) - 1, MOST_SPANS).round().astype(int)
    return ordered.iloc[picked[::-1]].reset_index(drop=True)
