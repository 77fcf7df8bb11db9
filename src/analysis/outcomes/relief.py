"""How long relief lasts after the end of the series, among those who responded.

Visits are snapshots: a loss found at a visit came earlier. Kaplan-Meier with the loss dated at that
visit is what readers know and runs late, so every interval here reaches from the lower limit with
losses dated at the last good visit to the upper limit with losses dated at the first bad one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.relief import BoosterStrategy, apply_booster_strategy
from analysis.estimate.durations import ReliefCurve, estimate_kaplan_meier
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, groups_of, warn_of_arms, whole_group
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings

WEEKS = (4.0, 8.0, 12.0, 26.0)
DAYS_PER_WEEK = 7.0
KM = (
    "Kaplan-Meier, loss dated at the first visit without relief; log-log interval from the lower "
    "limit with loss dated at the visit before to the upper limit with loss dated at that visit"
)
RUNS_LATE = (
    "Loss is dated at the visit that found it, so the number is late (too high); the interval "
    "reaches down to loss dated at the visit before."
)
NO_LIMITS = "All losses were found on the same day: there is no interval."
NOT_FOLLOWED = "Nobody was rated after the end of the series."

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
        for every booster strategy, among responders at the end of the series (by the threshold of
        the settings, which is a key of the rows).

    Raises
    ------
    SettingsError
        No such condition.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53:457; Sun (2006), The Statistical Analysis of
    Interval-censored Failure Time Data, section 1.2, on why the dating matters.
    """
    rows: list[ResultRow] = []
    for group in groups_of(datasets, condition):
        spans = spans_of(datasets, group)
        for strategy in get_args(BoosterStrategy):
            made = _duration(spans, group, strategy, settings)
            rows += warned(made, warn_of_arms(datasets, group))
    return tuple(rows)


def spans_of(datasets: Datasets, group: Group) -> pd.DataFrame:
    """Return the relief spans of a group's responders."""
    return datasets.relief[datasets.relief.index.isin(group.patient_ids)]


def relief_curve(
    spans: pd.DataFrame, *, strategy: BoosterStrategy, level: float
) -> ReliefCurve | None:
    """Return the Kaplan-Meier curve in weeks, loss dated at the visit that found it.

    None when nobody responded.
    """
    return _curve_of(spans, strategy, level, column="time_days")


def earliest_curve(
    spans: pd.DataFrame, *, strategy: BoosterStrategy, level: float
) -> ReliefCurve | None:
    """Return the same curve with every loss dated at the last visit that still found relief."""
    return _curve_of(spans, strategy, level, column="left_days")


def _curve_of(
    spans: pd.DataFrame, strategy: BoosterStrategy, level: float, *, column: str
) -> ReliefCurve | None:
    if spans.empty:
        return None
    times = apply_booster_strategy(spans, strategy=strategy)
    is_event = times["is_event"].to_numpy(dtype=bool)
    days = times["time_days"].where(~is_event, times[column])
    return estimate_kaplan_meier(
        days.to_numpy(dtype=float) / DAYS_PER_WEEK, is_event, level=level, time_unit="weeks"
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
    keys = {
        "definition": DEFINITIONS[strategy],
        "population": "responders",
        "threshold_pct": settings.responder_threshold_pct,
        **group.keys,
    }
    level = settings.confidence_level
    late = relief_curve(spans, strategy=strategy, level=level)
    early = earliest_curve(spans, strategy=strategy, level=level)
    yield row_from_estimate(_median(late, early), measure="relief_duration", **keys)
    for week in WEEKS:
        share = _share(late, early, week)
        yield row_from_estimate(share, measure="relieved_share", visit=f"week_{week:g}", **keys)
    for week in (0.0, *WEEKS):
        yield row_from_estimate(
            _at_risk(late, week), measure="at_risk", visit=f"week_{week:g}", **keys
        )


def _median(late: ReliefCurve | None, early: ReliefCurve | None) -> Estimate:
    """Return the median; a curve of people none of whom was followed says so instead."""
    if late is None or early is None:
        return no_patients(unit="weeks", method=KM)
    if late.last_time > 0:
        return _spanned_median(late.median, early.median)
    return Estimate(
        value=None,
        n=late.n,
        unit="weeks",
        method=KM,
        status="not estimable",
        warnings=(NOT_FOLLOWED,),
    )


def _share(late: ReliefCurve | None, early: ReliefCurve | None, week: float) -> Estimate:
    if late is None or early is None:
        return no_patients(unit="share", method=KM)
    return _spanned_share(late.at(week), early.at(week))


def _spanned_median(late: Estimate, early: Estimate) -> Estimate:
    """Return the late median with the interval that holds for any dating between the visits."""
    bare = late.value is not None and late.low is None and late.high is None
    warnings = (*late.warnings, RUNS_LATE) if late.n_events else late.warnings
    return replace(
        late,
        low=None if bare else _least(early.low, late.low),
        high=None if early.high is None else late.high,
        level=None if bare else late.level,
        method=KM,
        warnings=(*warnings, NO_LIMITS) if bare else warnings,
    )


def _spanned_share(late: Estimate, early: Estimate) -> Estimate:
    """Return the late share with the interval that holds for any dating between the visits.

    Log-log limits do not exist at 0 and 1; where only one of the curves is there, the share of
    that curve is the limit. After the last rating of the early curve the lower limit is 0.
    """
    if not late.estimated:
        return replace(late, method=KM)
    warnings = (*late.warnings, RUNS_LATE) if late.n_events else late.warnings
    if late.high is None and early.value == late.value:
        return replace(late, method=KM, warnings=warnings)
    if not early.estimated:
        early = replace(early, value=0.0, status="estimated")
    return replace(
        late,
        low=min(_ends(early) + _ends(late)),
        high=max(_ends(early) + _ends(late)),
        level=early.level or late.level,
        method=KM,
        warnings=tuple(text for text in warnings if "no interval" not in text),
    )


def _ends(share: Estimate) -> list[float]:
    return [end for end in (share.low, share.value, share.high) if end is not None]


def _least(*times: float | None) -> float | None:
    known = [time for time in times if time is not None]
    return min(known) if known else None


def _at_risk(curve: ReliefCurve | None, week: float) -> Estimate:
    if curve is None:
        return no_patients(unit="count", method=KM)
    n = float(curve.at_risk([week])[0])
    return Estimate(value=n, n=curve.n, unit="count", method="count of patients still followed")
