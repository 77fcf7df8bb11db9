"""Boosters: how many a starter has, and how far apart they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.series_relief import derive_boosters, derive_followed_to
from analysis.estimate.durations import (
    MeanCount,
    estimate_kaplan_meier,
    estimate_mean_count,
    gap_times,
)
from analysis.outcomes.losses import (
    ALL_STARTERS,
    DAYS_PER_WEEK,
    HORIZON_WEEKS,
    READ_WEEKS,
    week_name,
)
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, warn_of_arms, whole_group
from analysis.outcomes.series_relief import LEAST_SPANS, MOST_NUMBERS, STAYED, tabulate_series
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings

COUNT = "mean cumulative count (Nelson-Aalen type), robust standard error"
NO_INFUSIONS = "The export has no infusions, so boosters cannot be counted."
NOBODY = "No patient started."
SEEN_TO = "Everyone is followed to the last rating or infusion; who left is not counted after."


def tabulate_boosters(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return boosters and relief by series number as result rows.

    Returns
    -------
    tuple of ResultRow
        booster_count (mean per starter by week; ``not estimable`` for an export without
        infusions), booster_gap (median weeks between one and the next, where at least five
        patients reached it; group_by ``gap``), and the rows of
        `analysis.outcomes.series_relief.tabulate_series` where there are boosters.
    """
    group = whole_group(datasets, condition)
    rows = [*_counts(datasets, group, settings), *_gaps(datasets, group, settings)]
    if len(boosters_of(datasets, group)):
        rows += tabulate_series(datasets, settings, group)
    return tuple(warned(rows, warn_of_arms(datasets, group)))


def mean_count_of(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> MeanCount | None:
    """Return the mean cumulative count of boosters per starter; None where none was recorded.

    It is cut at week 26, the last planned visit: later only those who come for boosters are seen.
    """
    group = whole_group(datasets, condition)
    count = _mean_count(datasets, group, settings) if len(boosters_of(datasets, group)) else None
    return None if count is None else _cut(count, HORIZON_WEEKS)


def _cut(count: MeanCount, week: float) -> MeanCount:
    kept = count.times <= week
    names = ("times", "mean", "std_error", "low", "high", "n_at_risk", "n_events")
    parts = {name: getattr(count, name)[kept] for name in names}
    return replace(count, **parts, last_time=min(count.last_time, week))


def boosters_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return every booster of a group: patient_id, number, day_after."""
    boosters = derive_boosters(datasets.series, datasets.subjects)
    return boosters[boosters["patient_id"].isin(group.patient_ids)]


def followed_of(datasets: Datasets, group: Group) -> pd.Series:
    """Return the days each starter of a group was followed after the end of the series."""
    followed = derive_followed_to(datasets.series, datasets.change, datasets.subjects)
    return followed[followed.index.isin(group.patient_ids)]


def _mean_count(datasets: Datasets, group: Group, settings: AnalysisSettings) -> MeanCount | None:
    boosters, followed = boosters_of(datasets, group), followed_of(datasets, group)
    if followed.empty:
        return None
    return estimate_mean_count(
        boosters["patient_id"].to_numpy(),
        boosters["day_after"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        patients=followed.index.to_numpy(),
        end=followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
        level=settings.confidence_level,
        time_unit="weeks",
    )


def _counts(datasets: Datasets, group: Group, settings: AnalysisSettings) -> Iterable[ResultRow]:
    count = None if datasets.series.empty else _mean_count(datasets, group, settings)
    for week in READ_WEEKS:
        yield row_from_estimate(
            _no_count(len(group.patient_ids)) if count is None else _count(count, week),
            measure="booster_count",
            population=ALL_STARTERS,
            visit=week_name(week),
            **group.keys,
        )


def _count(count: MeanCount, week: float) -> Estimate:
    estimate = count.at(week)
    return replace(estimate, unit="per starter", warnings=(*estimate.warnings, SEEN_TO))


def _no_count(n: int) -> Estimate:
    if not n:
        return replace(no_patients(unit="per starter", method=COUNT), warnings=(NOBODY,))
    return Estimate(
        value=None,
        n=n,
        unit="per starter",
        method=COUNT,
        status="not estimable",
        warnings=(NO_INFUSIONS,),
    )


def _gaps(datasets: Datasets, group: Group, settings: AnalysisSettings) -> Iterable[ResultRow]:
    boosters, followed = boosters_of(datasets, group), followed_of(datasets, group)
    if boosters.empty:
        return
    gaps = gap_times(
        boosters["patient_id"].to_numpy(),
        boosters["day_after"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        patients=followed.index.to_numpy(),
        end=followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
    )
    for number in range(1, MOST_NUMBERS + 1):
        own = gaps.number == number
        if own.sum() < LEAST_SPANS or not gaps.event[own].any():
            continue
        curve = estimate_kaplan_meier(
            gaps.gap[own],
            gaps.event[own],
            level=settings.confidence_level,
            time_unit="weeks",
        )
        more = (SEEN_TO,) if number == 1 else (SEEN_TO, STAYED)
        yield row_from_estimate(
            replace(curve.median, warnings=(*curve.median.warnings, *more)),
            measure="booster_gap",
            population=ALL_STARTERS,
            condition=group.condition,
            group_by="gap",
            group=str(number),
        )
