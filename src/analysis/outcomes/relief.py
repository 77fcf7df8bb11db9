"""How long relief lasts after the end of the series, among those who responded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.relief import BoosterStrategy, apply_booster_strategy
from analysis.estimate.durations import ReliefCurve, estimate_kaplan_meier
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, groups_of, whole_group
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings

WEEKS = (4.0, 8.0, 12.0, 26.0)
DAYS_PER_WEEK = 7.0
KM = "Kaplan-Meier, log-log interval; loss dated at the first visit without relief"

DEFINITIONS: dict[BoosterStrategy, str] = {
    "loss": "booster_as_loss",
    "censoring": "booster_as_censoring",
    "ignored": "booster_ignored",
}


def tabulate_relief(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return the duration of relief of a condition as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        relief_duration (median, weeks), relieved_share at weeks 4, 8, 12 and 26, at_risk counts;
        for every booster strategy, among responders at the end of the series.
    """
    rows: list[ResultRow] = []
    for group in groups_of(datasets, condition):
        spans = spans_of(datasets, group)
        for strategy in get_args(BoosterStrategy):
            rows += _duration(spans, group, strategy, settings)
    return tuple(rows)


def spans_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return the relief spans of a group's responders."""
    return datasets.relief[datasets.relief.index.isin(group.patient_ids)]


def relief_curve(
    spans: pd.DataFrame, *, strategy: BoosterStrategy, level: float
) -> ReliefCurve | None:
    """Return the Kaplan-Meier curve in weeks; None when nobody responded."""
    if spans.empty:
        return None
    times = apply_booster_strategy(spans, strategy=strategy)
    return estimate_kaplan_meier(
        times["time_days"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        times["is_event"].to_numpy(dtype=bool),
        level=level,
        time_unit="weeks",
    )


def main_curve(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> ReliefCurve | None:
    """Return a condition's curve under the booster strategy of the settings."""
    spans = spans_of(datasets, whole_group(datasets, condition))
    return relief_curve(spans, strategy=settings.booster_strategy, level=settings.confidence_level)


def _duration(
    spans: pd.DataFrame, group: Group, strategy: BoosterStrategy, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    keys = {"definition": DEFINITIONS[strategy], "population": "responders", **group.keys}
    curve = relief_curve(spans, strategy=strategy, level=settings.confidence_level)
    median = no_patients(unit="weeks", method=KM) if curve is None else _median(curve)
    yield row_from_estimate(median, measure="relief_duration", **keys)
    for week in WEEKS:
        share = no_patients(unit="share", method=KM) if curve is None else curve.at(week)
        yield row_from_estimate(share, measure="relieved_share", visit=f"week_{week:g}", **keys)
    for week in (0.0, *WEEKS):
        yield row_from_estimate(
            _at_risk(curve, week), measure="at_risk", visit=f"week_{week:g}", **keys
        )


def _median(curve: ReliefCurve) -> Estimate:
    """Return the median; a curve of people none of whom was followed says so instead."""
    if curve.last_time > 0:
        return curve.median
    return Estimate(
        value=None,
        n=curve.n,
        unit="weeks",
        method=KM,
        status="not estimable",
        warnings=("Nobody was rated after the end of the series.",),
    )


def _at_risk(curve: ReliefCurve | None, week: float) -> Estimate:
    if curve is None:
        return no_patients(unit="count", method=KM)
    n = float(curve.at_risk([week])[0])
    return Estimate(value=n, n=curve.n, unit="count", method="count of patients still followed")
