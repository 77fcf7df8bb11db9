"""When relief ended, patient by patient, as arrays in weeks for the estimators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.derive.datasets import Datasets
from analysis.derive.lookup import is_among
from analysis.derive.ratings import Ratings, lay_out_ratings
from analysis.derive.relief import derive_spans, ends_under
from analysis.derive.visits import END
from analysis.outcomes.selection import Group
from analysis.settings import AnalysisSettings, BoosterStrategy, Clock, LossRule
from analysis.wording import words

DAYS_PER_WEEK = 7.0
READ_WEEKS = (2.0, 4.0, 8.0, 8.7, 12.0, 26.0)
"""Weeks at which shares are read: the claim's two weeks and two months (8.7), and the visits."""

HORIZON_WEEKS = 26.0
"""Restricted means reach to the last planned visit."""

RESPONDERS, ALL_STARTERS = "responders", "all_starters"

DEFINITIONS: dict[BoosterStrategy, str] = {
    "loss": "booster_as_loss",
    "censoring": "booster_as_censoring",
    "ignored": "booster_ignored",
}
COMPETING = "booster_competing"

CONVENTIONS = words.CONVENTIONS
"""What a reader must know when a rule of loss, or a clock, is not the suite's own."""


@dataclass(frozen=True, eq=False)
class Losses:
    """Ends of relief of some patients under one reading of boosters.

    Parameters
    ----------
    left, right : ndarray of float, shape (n,)
        Weeks on the clock; relief ended in (left, right], right infinite when not seen to end.
    time, is_event : ndarray, shape (n,)
        The same with the end dated at the visit that found it.
    cause : ndarray of str, shape (n,)
        ``loss``, ``booster`` or ``censored``.
    patient_ids : Index
    prompted : bool
        Whether boosters brought some of them in before a loss was found: the days of their looks
        then depend on the loss.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    time: NDArray[np.float64]
    is_event: NDArray[np.bool_]
    cause: NDArray[np.str_]
    patient_ids: pd.Index
    prompted: bool = False

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.left)

    @property
    def followed(self) -> bool:
        """Whether anything is known of anybody after the clock began: a rating, or an end."""
        return bool(((self.time > 0) | self.is_event).any())

    @property
    def last_look(self) -> float:
        """Last week at which anybody was known to be relieved, or no longer to be; 0 if nobody."""
        ends = np.concatenate([self.left, self.right[np.isfinite(self.right)]])
        return float(ends.max(initial=0.0))

    @cached_property
    def content(self) -> tuple[bytes, ...]:
        """What tells these ends from others, patient by patient; equal where all curves are."""
        parts = (self.left, self.right, self.time, self.is_event)
        return tuple(part.tobytes() for part in parts)

    def with_nonresponders(self, n: int) -> Losses:
        """Return the same with ``n`` more patients whose relief ended at 0: it never began."""
        zeros = np.zeros(n)
        return Losses(
            np.concatenate([self.left, zeros]),
            np.concatenate([self.right, zeros]),
            np.concatenate([self.time, zeros]),
            np.concatenate([self.is_event, np.ones(n, dtype=bool)]),
            np.concatenate([self.cause, np.full(n, "loss")]),
            self.patient_ids.append(pd.Index([""] * n)),
            self.prompted,
        )


def spans_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return the relief spans of a group's responders, by the definitions in force."""
    return datasets.relief[is_among(datasets.relief.index, group.patient_ids)]


def ratings_of(datasets: Datasets, group: Group) -> Ratings:
    """Return the ratings of a group as every reading of relief takes them."""
    own = datasets.change[is_among(datasets.change["patient_id"], group.patient_ids)]
    return lay_out_ratings(own, datasets.subjects)


def series_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return the infusions of a group with their series; the whole table where it is empty."""
    series = datasets.series
    return series if series.empty else series[is_among(series["patient_id"], group.patient_ids)]


def rated_at_start(datasets: Datasets, group: Group, settings: AnalysisSettings) -> bool:
    """Return whether anybody of a group was rated where relief must be shown to be timed.

    That is the end of the series, or any day after day 0 when the clock runs from first response.
    Where nobody was, relief is not known of anyone; it is not 0.
    """
    change = datasets.change
    rated = change["reduction_pct"].notna()
    if settings.relief_clock != "first_response":
        rated &= change["role"] == END
    return bool(is_among(change.loc[rated, "patient_id"], group.patient_ids).any())


def spans_under(
    datasets: Datasets,
    group: Group,
    settings: AnalysisSettings,
    *,
    rule: LossRule,
    clock: Clock,
) -> pd.DataFrame:
    """Return the spans of a group's responders under another rule of loss or another clock."""
    return derive_spans(
        ratings_of(datasets, group),
        threshold_pct=settings.responder_threshold_pct,
        rule=rule,
        clock=clock,
    )


def losses_of(spans: pd.DataFrame, strategy: BoosterStrategy) -> Losses:
    """Return the ends of relief of spans under one booster strategy."""
    ends = ends_under(spans, strategy=strategy)
    booster = spans["booster_days"].to_numpy(dtype=float)
    first_bad = spans["first_bad_days"].to_numpy(dtype=float)
    return Losses(
        ends["left_days"] / DAYS_PER_WEEK,
        ends["right_days"] / DAYS_PER_WEEK,
        ends["time_days"] / DAYS_PER_WEEK,
        ends["is_event"],
        ends["cause"],
        spans.index,
        bool((np.isfinite(booster) & (booster <= first_bad)).any()),
    )


def conventions_of(settings: AnalysisSettings) -> tuple[str, ...]:
    """Return a sentence for the rule of loss and the clock in force, none for the suite's own."""
    in_force = (settings.loss_rule, settings.relief_clock)
    return tuple(CONVENTIONS[code] for code in in_force if code in CONVENTIONS)


def week_name(week: float) -> str:
    """Return the visit name of a week: ``week_8.7``."""
    return f"week_{week:g}"
