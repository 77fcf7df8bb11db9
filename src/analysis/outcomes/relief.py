"""Kaplan-Meier beside the headline: loss dated at the visit that found it, because readers know it.

It runs late by part of the gap between visits; the headline (`analysis.outcomes.interval_relief`)
does not date losses at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import ReliefCurve, estimate_kaplan_meier
from analysis.outcomes.losses import (
    DEFINITIONS,
    READ_WEEKS,
    RESPONDERS,
    Losses,
    week_name,
)
from analysis.outcomes.relief_bench import GroupBench, ReliefBench, bench_of
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings, BoosterStrategy
from analysis.wording.texts import say

AT_RISK_WEEKS = (0.0, *READ_WEEKS)


def tabulate_kaplan_meier(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return the Kaplan-Meier duration of relief of a condition as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        km_relief_duration (median, weeks), km_relieved_share and at_risk at weeks 2 to 26, among
        responders; under every booster strategy for the whole and arms, else under that of the
        settings.

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
    for own in bench_of(datasets, settings, condition, bench).groups:
        whole = own.group.every_visit
        for strategy in get_args(BoosterStrategy) if whole else (settings.booster_strategy,):
            rows += warned(_rows(own, strategy), own.told)
    return tuple(rows)


def kaplan_meier_on(own: GroupBench, strategy: BoosterStrategy) -> ReliefCurve | None:
    """Return the curve of a group, made once for the same losses."""
    losses = own.losses(strategy)
    return own.once(
        ("kaplan_meier", losses.content),
        lambda: kaplan_meier_of(losses, level=own.settings.confidence_level),
    )


def kaplan_meier_of(losses: Losses, *, level: float) -> ReliefCurve | None:
    """Return the curve in weeks; None when nobody responded."""
    if not losses.n:
        return None
    return estimate_kaplan_meier(losses.time, losses.is_event, level=level, time_unit="weeks")


def _rows(own: GroupBench, strategy: BoosterStrategy) -> Iterable[ResultRow]:
    keys = {
        "definition": DEFINITIONS[strategy],
        "population": RESPONDERS,
        "threshold_pct": own.settings.responder_threshold_pct,
        **own.group.keys,
    }
    curve = kaplan_meier_on(own, strategy)
    yield row_from_estimate(_median(curve), measure="km_relief_duration", **keys)
    for week in READ_WEEKS:
        yield row_from_estimate(
            _share(curve, week), measure="km_relieved_share", visit=week_name(week), **keys
        )
    for week in AT_RISK_WEEKS:
        yield row_from_estimate(
            _at_risk(curve, week), measure="at_risk", visit=week_name(week), **keys
        )


def _median(curve: ReliefCurve | None) -> Estimate:
    """Return the median; a curve of people none of whom was followed says so instead."""
    if curve is None:
        return _nobody("weeks")
    if curve.last_time > 0 or curve.n_lost:
        return _late(curve.median)
    return Estimate(
        value=None,
        n=curve.n,
        unit="weeks",
        method=say("outcomes.method.kaplan_meier"),
        status="not estimable",
        warnings=(say("outcomes.why.not_followed"),),
    )


def _share(curve: ReliefCurve | None, week: float) -> Estimate:
    return _nobody("share") if curve is None else _late(curve.at(week))


def _nobody(unit: str) -> Estimate:
    nobody = no_patients(unit=unit, method=say("outcomes.method.kaplan_meier"))
    return replace(nobody, warnings=(say("outcomes.why.no_relief"),))


def _late(estimate: Estimate) -> Estimate:
    """Return the number with the sentence that it runs late, where any loss was dated."""
    more = (say("outcomes.told.runs_late"),) if estimate.n_events else ()
    method = say("outcomes.method.kaplan_meier")
    return replace(estimate, method=method, warnings=(*estimate.warnings, *more))


def _at_risk(curve: ReliefCurve | None, week: float) -> Estimate:
    if curve is None:
        return _nobody("count")
    n = float(curve.at_risk([week])[0])
    return Estimate(value=n, n=curve.n, unit="count", method=say("outcomes.method.followed"))
