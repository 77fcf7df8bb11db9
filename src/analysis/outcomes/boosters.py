"""Boosters: how many, how far apart, and whether relief shortens with repetition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.series_relief import (
    derive_boosters,
    derive_followed_to,
    derive_series_relief,
)
from analysis.errors import EstimationError
from analysis.estimate.durations import (
    MeanCount,
    bootstrap_relief,
    estimate_kaplan_meier,
    estimate_mean_count,
    estimate_npmle,
    fit_weibull,
    gap_times,
)
from analysis.outcomes.chance import generator
from analysis.outcomes.losses import DAYS_PER_WEEK, READ_WEEKS, week_name
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, whole_group
from analysis.results import Estimate
from analysis.settings import AnalysisSettings

MOST_NUMBERS = 5
"""Series and gaps are told up to the fifth; later ones are few."""

LEAST_SPANS = 5
"""A median of fewer spans is not told: it would be those few patients."""

STAYED = (
    "Later numbers hold only patients who came back for more, so the numbers are not compared like "
    "groups; the time ratio follows the same difference."
)


def tabulate_boosters(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return boosters and relief by series number as result rows.

    Returns
    -------
    tuple of ResultRow
        booster_count (mean per starter by week), booster_gap (median weeks between one and the
        next; group_by ``gap``), series_relief (median weeks of relief after a series; group_by
        ``series``), series_time_ratio (relief per further series, Weibull: below 1 is shortening).
        Empty where the export has no boosters.
    """
    group = whole_group(datasets, condition)
    boosters = _boosters_of(datasets, group)
    if boosters.empty:
        return ()
    return (
        *_counts(datasets, group, boosters, settings),
        *_gaps(datasets, group, boosters, settings),
        *_by_series(datasets, group, settings),
    )


def mean_count_of(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> MeanCount | None:
    """Return the mean cumulative count of boosters per starter; None where there are none."""
    group = whole_group(datasets, condition)
    boosters = _boosters_of(datasets, group)
    if boosters.empty:
        return None
    followed = followed_of(datasets, group)
    return estimate_mean_count(
        boosters["patient_id"].to_numpy(),
        boosters["day_after"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        patients=followed.index.to_numpy(),
        end=followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
        level=settings.confidence_level,
        time_unit="weeks",
    )


def _boosters_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    boosters = derive_boosters(datasets.series, datasets.subjects)
    return boosters[boosters["patient_id"].isin(group.patient_ids)]


def followed_of(datasets: Datasets, group: Group) -> pd.Series:
    """Return the days each starter of a group was followed after the end of the series."""
    followed = derive_followed_to(datasets.series, datasets.change, datasets.subjects)
    return followed[followed.index.isin(group.patient_ids)].clip(lower=0.0)


def _counts(
    datasets: Datasets, group: Group, boosters: pd.DataFrame, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    count = mean_count_of(datasets, settings, group.condition)
    assert count is not None
    for week, estimate in zip(READ_WEEKS, count.at_times(READ_WEEKS), strict=True):
        yield row_from_estimate(
            replace(estimate, unit="per starter"),
            measure="booster_count",
            population="all_starters",
            visit=week_name(week),
            **group.keys,
        )


def _gaps(
    datasets: Datasets, group: Group, boosters: pd.DataFrame, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    followed = followed_of(datasets, group)
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
        told = replace(curve.median, warnings=(*curve.median.warnings, STAYED))
        yield row_from_estimate(
            told,
            measure="booster_gap",
            population="all_starters",
            condition=group.condition,
            group_by="gap",
            group=str(number),
        )


def _by_series(datasets: Datasets, group: Group, settings: AnalysisSettings) -> Iterable[ResultRow]:
    own = datasets.change[datasets.change["patient_id"].isin(group.patient_ids)]
    spans = derive_series_relief(
        own, datasets.series, threshold_pct=settings.responder_threshold_pct
    )
    for number in range(1, MOST_NUMBERS + 1):
        part = spans[spans["series_number"] == number]
        if len(part) < LEAST_SPANS:
            continue
        yield row_from_estimate(
            _median(part, settings, group, str(number)),
            measure="series_relief",
            condition=group.condition,
            group_by="series",
            group=str(number),
            population="responders",
        )
    ratio = _trend(spans, settings)
    if ratio is not None:
        yield row_from_estimate(
            ratio, measure="series_time_ratio", population="responders", **group.keys
        )


def _median(part: pd.DataFrame, settings: AnalysisSettings, group: Group, number: str) -> Estimate:
    curve = estimate_npmle(*_weeks(part), time_unit="weeks")
    made = bootstrap_relief(
        curve,
        rng=generator(settings, group, "series", number),
        lost_shares=(0.5,),
        replicates=min(settings.bootstrap_replicates, 500),
        level=settings.confidence_level,
    )
    median = made.guarded.quantiles[0]
    return replace(median, warnings=(*median.warnings, STAYED))


def _weeks(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    left = part["left_days"].to_numpy(dtype=float) / DAYS_PER_WEEK
    return left, part["right_days"].to_numpy(dtype=float) / DAYS_PER_WEEK


def _trend(spans: pd.DataFrame, settings: AnalysisSettings) -> Estimate | None:
    """Return the ratio of relief times per further series; None where it cannot be fitted."""
    if len(spans) < 4 * LEAST_SPANS or spans["series_number"].nunique() < 2:
        return None
    left, right = _weeks(spans)
    try:
        fit = fit_weibull(
            left,
            right,
            covariates=spans["series_number"].to_numpy(dtype=float),
            names=["further_series"],
            level=settings.confidence_level,
            time_unit="weeks",
        )
    except EstimationError:
        return None
    told = "Series of one patient are treated as independent: the interval is somewhat too narrow."
    ratio = fit.time_ratio("further_series")
    return replace(ratio, warnings=(*ratio.warnings, told))
