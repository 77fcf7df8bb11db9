"""The headline of relief duration: losses known to lie between two visits, not dated at one.

Every number here comes from the interval-censored (Turnbull) curve with the guarded bootstrap
interval, which holds whatever happened between the visits. Kaplan-Meier stands beside it
(`analysis.outcomes.relief`), because readers know it and because it runs late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import (
    IntervalCurve,
    ReliefBootstrap,
    bootstrap_relief,
    estimate_npmle,
)
from analysis.outcomes.chance import generator
from analysis.outcomes.losses import (
    ALL_STARTERS,
    DEFINITIONS,
    HORIZON_WEEKS,
    READ_WEEKS,
    RESPONDERS,
    Losses,
    losses_of,
    spans_of,
    spans_under,
    week_name,
)
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, groups_of, warn_of_arms, whole_group
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings, BoosterStrategy, Clock, LossRule

METHOD = (
    "interval-censored (Turnbull) curve; guarded bootstrap interval over patients, which holds "
    "wherever between two visits relief ended"
)
NOT_FOLLOWED = "Nobody was rated after the end of the series."
NOT_RESPONDING = "{n} who did not respond, or were not rated, have 0 weeks of relief."
QUARTILES = (0.25, 0.5, 0.75)

MOST_REPLICATES, FEWER_REPLICATES = 1000, 400
"""Resamples of a headline, and of one of many medians in a table of definitions: a limit then moves
by chance by about a tenth, and a sixth, of its own standard error."""


def tabulate_interval_relief(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return the duration of relief of a condition, losses between visits, as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        relief_duration (median), relief_quartile (25 and 75 % lost; the group of the key
        ``visit`` names which), relief_mean (up to 26 weeks), relieved_share at weeks 2 to 26; for
        responders under every booster strategy and for all starters under that of the settings.
        Subgroups under that of the settings.
    """
    rows: list[ResultRow] = []
    for group in groups_of(datasets, condition):
        whole = group.group_by in ("all", "arm")
        for strategy in get_args(BoosterStrategy) if whole else (settings.booster_strategy,):
            rows += _rows(datasets, settings, group, strategy, RESPONDERS)
        if whole:
            rows += _rows(datasets, settings, group, settings.booster_strategy, ALL_STARTERS)
    return tuple(rows)


def tabulate_definitions(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return the median of relief under every rule of loss and every clock.

    Returns
    -------
    tuple of ResultRow
        relief_duration_by_definition; ``definition`` is ``<rule>.<clock>``. The booster strategy
        is that of the settings.
    """
    group = whole_group(datasets, condition)
    rows = []
    for rule in get_args(LossRule):
        for clock in get_args(Clock):
            spans = spans_under(datasets, group, settings, rule=rule, clock=clock)
            losses = losses_of(spans, settings.booster_strategy)
            made = _numbers(losses, settings, group, rule, clock, most_replicates=FEWER_REPLICATES)
            median = made["relief_duration", ""]
            keys = {"definition": f"{rule}.{clock}", "population": RESPONDERS, **group.keys}
            rows.append(row_from_estimate(median, measure="relief_duration_by_definition", **keys))
    return tuple(rows)


def interval_curve(losses: Losses) -> IntervalCurve | None:
    """Return the interval-censored curve in weeks; None when nobody was followed."""
    if not losses.followed:
        return None
    return estimate_npmle(losses.left, losses.right, time_unit="weeks")


def bootstrap_of(
    curve: IntervalCurve,
    settings: AnalysisSettings,
    group: Group,
    *names: str,
    most_replicates: int = MOST_REPLICATES,
) -> ReliefBootstrap:
    """Return a curve's intervals, from a generator of its own for each result."""
    return bootstrap_relief(
        curve,
        rng=generator(settings, group, "relief", *names),
        times=READ_WEEKS,
        lost_shares=QUARTILES,
        tau=HORIZON_WEEKS,
        replicates=min(settings.bootstrap_replicates, most_replicates),
        level=settings.confidence_level,
    )


def _rows(
    datasets: Datasets,
    settings: AnalysisSettings,
    group: Group,
    strategy: BoosterStrategy,
    population: str,
) -> Iterable[ResultRow]:
    losses = losses_of(spans_of(datasets, group), strategy)
    more: tuple[str, ...] = warn_of_arms(datasets, group)
    if population == ALL_STARTERS and losses.n:
        others = len(group.patient_ids) - losses.n
        losses = losses.with_nonresponders(others)
        more += (NOT_RESPONDING.format(n=others),)
    keys = {
        "definition": DEFINITIONS[strategy],
        "population": population,
        "threshold_pct": settings.responder_threshold_pct,
        **group.keys,
    }
    for (measure, visit), estimate in _numbers(
        losses, settings, group, strategy, population
    ).items():
        told = replace(estimate, warnings=(*estimate.warnings, *more))
        yield row_from_estimate(told, measure=measure, visit=visit, **keys)


def _numbers(
    losses: Losses,
    settings: AnalysisSettings,
    group: Group,
    *names: str,
    most_replicates: int = MOST_REPLICATES,
) -> dict[tuple[str, str], Estimate]:
    """Return every number of one curve by measure and visit."""
    curve = interval_curve(losses)
    if curve is None:
        return _nothing(losses.n)
    made = bootstrap_of(curve, settings, group, *names, most_replicates=most_replicates)
    first, median, third = (replace(e, method=METHOD) for e in made.guarded.quantiles)
    assert made.guarded.restricted_mean is not None
    numbers = {
        ("relief_duration", ""): median,
        ("relief_duration_even_spread", ""): made.even_spread.quantiles[1],
        ("relief_quartile", "lost_25"): first,
        ("relief_quartile", "lost_75"): third,
        ("relief_mean", week_name(HORIZON_WEEKS)): replace(
            made.guarded.restricted_mean.estimate, method=METHOD
        ),
    }
    for week, share in zip(READ_WEEKS, made.guarded.survival, strict=True):
        numbers["relieved_share", week_name(week)] = replace(share, method=METHOD)
    return numbers


def _nothing(n: int) -> dict[tuple[str, str], Estimate]:
    """Return the numbers of patients none of whom was followed, or of none at all."""

    def empty(unit: str) -> Estimate:
        if not n:
            return no_patients(unit=unit, method=METHOD)
        return Estimate(
            value=None,
            n=n,
            unit=unit,
            method=METHOD,
            status="not estimable",
            warnings=(NOT_FOLLOWED,),
        )

    shares = {("relieved_share", week_name(week)): empty("share") for week in READ_WEEKS}
    return {("relief_duration", ""): empty("weeks"), **shares}
