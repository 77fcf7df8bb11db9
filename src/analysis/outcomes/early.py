"""Response by the calendar of the page: in weeks 1-2, in weeks 3-4, infusion by infusion; and the
further ways in which a "success" can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.response import derive_responder
from analysis.estimate.proportions import estimate_responder_share
from analysis.estimate.reductions import estimate_mean
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, at_visit, warn_of_arms
from analysis.outcomes.shares import bounded_row, eligible_groups, share_row
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

EARLY_DAYS = (1.0, 14.0)
WEEKS_3_4_DAYS = (21.0, 28.0)
"""The page's own calendar, counted from the first infusion."""

RELIEF_PCT = 30.0
"""Least reduction that these claims mean by relief (IMMPACT, moderate)."""

DUST = 1e-9
"""Percent. Differences of scores carry binary dust; a fall this small is none."""


def tabulate_early(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return early and late response, and further counts of success, as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        early_response_share (``by_day_14``: 30 % less at any rating on days 1 to 14, of those
        rated; ``days_21_to_28``: at the last rating of those days, with bounds for those not
        rated), infusion_slope (points of further fall per infusion within the series, mean of
        patients' own slopes), success_share (``any_relief``: any reduction at the analysis visit,
        all starters) and relieved_patients (how many are on record with 30 % less pain).

    Raises
    ------
    SettingsError
        No such condition.

    Notes
    -----
    A booster before the rating counts as no response, as everywhere. The slope leaves the baseline
    out: with it, the first fall and the return of a high score to its mean would look like a gain
    from each infusion.
    """
    rows: list[ResultRow] = []
    for group in eligible_groups(datasets, condition):
        rows += _by_day(datasets, settings, group)
        rows.append(_slope(datasets, settings, group))
        rows += _at_the_visit(datasets, settings, group)
    return tuple(rows)


def _by_day(datasets: Datasets, settings: AnalysisSettings, group: Group) -> Iterator[ResultRow]:
    rated = _rated(datasets, group)
    first = rated[rated["day"].between(*EARLY_DAYS)].groupby("patient_id")["reduction_pct"].max()
    keys: dict[str, object] = {"measure": "early_response_share", "threshold_pct": RELIEF_PCT}
    yield share_row(
        datasets, settings, group,
        derive_responder(first.reindex(group.patient_ids), threshold_pct=RELIEF_PCT),
        lacking=_nobody_rated(EARLY_DAYS),
        definition="by_day_14", population="observed", **keys,
    )  # fmt: skip
    window = rated[rated["day"].between(*WEEKS_3_4_DAYS)].sort_values(["patient_id", "day"])
    last = window.groupby("patient_id")["reduction_pct"].last()
    yield bounded_row(
        datasets, settings, group,
        derive_responder(last.reindex(group.patient_ids), threshold_pct=RELIEF_PCT),
        lacking=_nobody_rated(WEEKS_3_4_DAYS), definition="days_21_to_28", **keys,
    )  # fmt: skip


def _nobody_rated(days: tuple[float, float]) -> str:
    return say("outcomes.why.not_rated_days", first=f"{days[0]:g}", last=f"{days[1]:g}")


def _rated(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return the ratings of a group with a known reduction; none is left after a booster."""
    own = datasets.change["patient_id"].isin(group.patient_ids)
    rated = datasets.change[own & datasets.change["reduction_pct"].notna()]
    booster = datasets.subjects["first_booster_day"].reindex(rated["patient_id"])
    after = rated["day"].to_numpy(dtype=float) > booster.to_numpy(dtype=float)
    return rated.assign(reduction_pct=rated["reduction_pct"].mask(after, 0.0))


def _slope(datasets: Datasets, settings: AnalysisSettings, group: Group) -> ResultRow:
    values = _own_slopes(datasets, group).reindex(group.patient_ids)
    estimate = estimate_mean(values, unit="score", level=settings.confidence_level)
    if estimate.status == "not estimable":
        estimate = replace(estimate, warnings=(say("outcomes.why.not_rated_twice"),))
    row = row_from_estimate(
        estimate, measure="infusion_slope", definition="mean_of_patients",
        population="observed", **group.keys,
    )  # fmt: skip
    return replace(row, warnings=(*row.warnings, *warn_of_arms(datasets, group)))


def _own_slopes(datasets: Datasets, group: Group) -> pd.Series:
    """Return points of fall per further infusion of each patient rated after two of them.

    A rating on the day of an infusion is from before it, but on the last day of the series from
    after it: the suite's rule for the end of the series.
    """
    series = datasets.series
    own = datasets.change["patient_id"].isin(group.patient_ids)
    rated = datasets.change[own & (datasets.change["day_after"] <= 0)]
    if series.empty or "series_number" not in series or rated.empty:
        return pd.Series(dtype=float)
    initial = series[(series["series_number"] == 1)][["patient_id", "day"]]
    pairs = rated.merge(initial, on="patient_id", suffixes=("", "_given"))
    was_given = (pairs["day_given"] < pairs["day"]) | (pairs["day_after"] == 0)
    given = was_given.groupby([pairs["patient_id"], pairs["day"]]).sum()
    score = rated.groupby(["patient_id", "day"])["score"].mean()
    points = pd.DataFrame({"given": given, "score": score}).dropna().reset_index()
    points = points[points["given"] >= 1]
    x = points["given"] - points.groupby("patient_id")["given"].transform("mean")
    sums = pd.DataFrame(
        {"id": points["patient_id"], "xy": x * points["score"], "xx": x * x}
    ).groupby("id")[["xy", "xx"]].sum()  # fmt: skip
    sums = sums[sums["xx"] > 0]
    return -(sums["xy"] / sums["xx"])


def _at_the_visit(
    datasets: Datasets, settings: AnalysisSettings, group: Group
) -> Iterator[ResultRow]:
    visit = settings.analysis_visit
    seen = at_visit(datasets, group, visit)
    fall = seen["reduction_pct"]
    any_fall = (fall > DUST).astype("boolean").mask(fall.isna())
    any_fall = any_fall.mask(seen["boosted"] & fall.notna(), False)
    estimate = estimate_responder_share(
        any_fall, missing="nonresponse", level=settings.confidence_level
    )
    keys: dict[str, Any] = {"population": "all_starters", "visit": visit, **group.keys}
    yield row_from_estimate(
        estimate, measure="success_share", definition="any_relief",
        warnings=(*estimate.warnings, *warn_of_arms(datasets, group)), **keys,
    )  # fmt: skip
    relieved = derive_responder(fall, threshold_pct=RELIEF_PCT).mask(seen["boosted"], False)
    n_relieved = int(np.count_nonzero(relieved.fillna(False)))
    yield ResultRow(
        measure="relieved_patients", definition="percent_reduction", threshold_pct=RELIEF_PCT,
        value=float(n_relieved), low=float(n_relieved), n=len(seen),
        n_missing=int(relieved.isna().sum()), unit="count",
        method=say("outcomes.method.on_record"), **keys,
    )  # fmt: skip
