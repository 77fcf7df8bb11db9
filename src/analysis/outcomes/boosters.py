"""Boosters: how many a starter has, and how far apart they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.lookup import is_among
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
    series_of,
    week_name,
)
from analysis.outcomes.relief_bench import GroupBench, ReliefBench, bench_of
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group
from analysis.outcomes.series_relief import LEAST_SPANS, MOST_NUMBERS, tabulate_series
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say


def tabulate_boosters(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
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
    own = bench_of(datasets, settings, condition, bench).whole
    rows = [*_counts(own), *_gaps(own)]
    if len(boosters_on(own)):
        rows += tabulate_series(datasets, settings, own.group)
    return tuple(warned(rows, own.arms_told))


def mean_count_of(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> MeanCount | None:
    """Return the mean cumulative count of boosters per starter; None where none was recorded.

    It is cut at week 26, the last planned visit: later only those who come for boosters are seen.
    """
    own = bench_of(datasets, settings, condition, bench).whole
    count = _mean_count(own) if len(boosters_on(own)) else None
    return None if count is None else _cut(count, HORIZON_WEEKS)


def _cut(count: MeanCount, week: float) -> MeanCount:
    kept = count.times <= week
    names = ("times", "mean", "std_error", "low", "high", "n_at_risk", "n_events")
    parts = {name: getattr(count, name)[kept] for name in names}
    return replace(count, **parts, last_time=min(count.last_time, week))


def boosters_on(own: GroupBench) -> pd.DataFrame:
    """Return every booster of a group, looked up once: patient_id, number, day_after."""
    return own.once("boosters", lambda: boosters_of(own.datasets, own.group))


def boosters_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return every booster of a group: patient_id, number, day_after."""
    return derive_boosters(series_of(datasets, group), datasets.subjects)


def followed_on(own: GroupBench) -> pd.Series:
    """Return the days each starter was followed after the end of the series, looked up once."""
    return own.once("followed", lambda: followed_of(own.datasets, own.group))


def followed_of(datasets: Datasets, group: Group) -> pd.Series:
    """Return the days each starter of a group was followed after the end of the series."""
    change, subjects = datasets.change, datasets.subjects
    return derive_followed_to(
        series_of(datasets, group),
        change[is_among(change["patient_id"], group.patient_ids)],
        subjects[is_among(subjects.index, group.patient_ids)],
    )


def _mean_count(own: GroupBench) -> MeanCount | None:
    return own.once("mean_count", lambda: _estimate_count(own))


def _estimate_count(own: GroupBench) -> MeanCount | None:
    boosters, followed = boosters_on(own), followed_on(own)
    if followed.empty:
        return None
    return estimate_mean_count(
        boosters["patient_id"].to_numpy(),
        boosters["day_after"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        patients=followed.index.to_numpy(),
        end=followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
        level=own.settings.confidence_level,
        time_unit="weeks",
    )


def _counts(own: GroupBench) -> Iterable[ResultRow]:
    count = None if own.datasets.series.empty else _mean_count(own)
    for week in READ_WEEKS:
        yield row_from_estimate(
            _no_count(len(own.group.patient_ids)) if count is None else _count(count, week),
            measure="booster_count",
            population=ALL_STARTERS,
            visit=week_name(week),
            **own.group.keys,
        )


def _count(count: MeanCount, week: float) -> Estimate:
    estimate = count.at(week)
    told = (*estimate.warnings, say("outcomes.told.seen_to"))
    return replace(estimate, unit="per starter", warnings=told)


def _no_count(n: int) -> Estimate:
    method = say("outcomes.method.booster_count")
    if not n:
        nobody = no_patients(unit="per starter", method=method)
        return replace(nobody, warnings=(say("outcomes.why.nobody_started"),))
    return Estimate(
        value=None,
        n=n,
        unit="per starter",
        method=method,
        status="not estimable",
        warnings=(say("outcomes.why.no_infusions_to_count"),),
    )


def _gaps(own: GroupBench) -> Iterable[ResultRow]:
    boosters, followed = boosters_on(own), followed_on(own)
    if boosters.empty:
        return
    gaps = gap_times(
        boosters["patient_id"].to_numpy(),
        boosters["day_after"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        patients=followed.index.to_numpy(),
        end=followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
    )
    for number in range(1, MOST_NUMBERS + 1):
        nth = gaps.number == number
        if nth.sum() < LEAST_SPANS or not gaps.event[nth].any():
            continue
        curve = estimate_kaplan_meier(
            gaps.gap[nth],
            gaps.event[nth],
            level=own.settings.confidence_level,
            time_unit="weeks",
        )
        more = [say("outcomes.told.seen_to")]
        more += [say("outcomes.told.came_back")] if number > 1 else []
        yield row_from_estimate(
            replace(curve.median, warnings=(*curve.median.warnings, *more)),
            measure="booster_gap",
            population=ALL_STARTERS,
            condition=own.group.condition,
            group_by="gap",
            group=str(number),
        )
