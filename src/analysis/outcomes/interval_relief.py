"""The headline of relief duration: losses known to lie between two visits, not dated at one.

Every number here comes from the interval-censored (Turnbull) curve with the guarded bootstrap
interval, which holds whatever happened between the visits, if their days do not depend on the loss.
Boosters make them depend on it: medians are then read at planned visits only
(`analysis.outcomes.planned`). Kaplan-Meier stands beside it (`analysis.outcomes.relief`), because
readers know it and because it runs late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
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
    week_name,
)
from analysis.outcomes.planned import PLANNED_WEEKS, quantile_at_planned
from analysis.outcomes.relief_bench import GroupBench, ReliefBench, bench_of
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings, BoosterStrategy, Clock, LossRule
from analysis.wording.texts import say

ALL_BUT = 1 - 1e-8
"""A share that may lie in a range this wide is not known at all (1e-8: the fit's error)."""

QUARTILES = (0.25, 0.5, 0.75)

TIMES = (0.0, *READ_WEEKS)

MOST_REPLICATES, FEWER_REPLICATES = 1000, 400
"""Resamples of a headline, and of one of many medians in a table of definitions: a limit then moves
by chance by about a tenth, and a sixth, of its own standard error."""


def tabulate_interval_relief(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
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
        Subgroups under that of the settings. Who did not respond has 0 weeks among all starters,
        also when nobody responded.
    """
    rows: list[ResultRow] = []
    for own in bench_of(datasets, settings, condition, bench).groups:
        whole = own.group.every_visit
        for strategy in get_args(BoosterStrategy) if whole else (settings.booster_strategy,):
            rows += _rows(own, strategy, RESPONDERS)
        if whole:
            rows += _rows(own, settings.booster_strategy, ALL_STARTERS)
    return tuple(rows)


def tabulate_definitions(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return the median of relief under every rule of loss and every clock.

    Returns
    -------
    tuple of ResultRow
        relief_duration_by_definition; ``definition`` is ``<rule>.<clock>``. The booster strategy
        is that of the settings.
    """
    own = bench_of(datasets, settings, condition, bench).whole
    in_force = settings.loss_rule, settings.relief_clock
    rows = []
    for rule, clock in product(get_args(LossRule), get_args(Clock)):
        losses = own.losses_under(rule, clock)
        most = MOST_REPLICATES if (rule, clock) == in_force else FEWER_REPLICATES  # one headline
        median = headline_of(own, losses, clock=clock, most_replicates=most)
        keys = {"definition": f"{rule}.{clock}", "population": RESPONDERS, **own.group.keys}
        rows.append(row_from_estimate(median, measure="relief_duration_by_definition", **keys))
    return tuple(warned(rows, own.arms_told))


def headline_of(
    own: GroupBench,
    losses: Losses,
    *,
    clock: Clock,
    most_replicates: int = MOST_REPLICATES,
) -> Estimate:
    """Return the median of responders' relief with its guarded interval."""
    made = _numbers(own, losses, RESPONDERS, clock=clock, most_replicates=most_replicates)
    return made["relief_duration", ""]


def interval_curve(losses: Losses) -> IntervalCurve | None:
    """Return the interval-censored curve in weeks; None when nobody was followed."""
    if not losses.followed:
        return None
    return estimate_npmle(losses.left, losses.right, time_unit="weeks")


def bootstrap_of(
    curve: IntervalCurve,
    settings: AnalysisSettings,
    group: Group,
    population: str,
    *,
    most_replicates: int = MOST_REPLICATES,
) -> ReliefBootstrap:
    """Return a curve's intervals, from a generator of its own for each group and population.

    Definitions share the generator: where they make no difference the intervals make none either.
    """
    return bootstrap_relief(
        curve,
        rng=generator(settings, group, "relief", population),
        times=TIMES,
        lost_shares=QUARTILES,
        tau=HORIZON_WEEKS,
        replicates=min(settings.bootstrap_replicates, most_replicates),
        level=settings.confidence_level,
    )


def _rows(own: GroupBench, strategy: BoosterStrategy, population: str) -> Iterable[ResultRow]:
    losses, more = own.losses(strategy), own.told
    n_starters = len(own.group.patient_ids)
    known = own.is_rated or not n_starters
    if population == ALL_STARTERS and known:
        others = n_starters - losses.n
        losses = losses.with_nonresponders(others)
        more += _tell_others(others)
    keys = {
        "definition": DEFINITIONS[strategy],
        "population": population,
        "threshold_pct": own.settings.responder_threshold_pct,
        **own.group.keys,
    }
    if known:
        numbers = _numbers(own, losses, population, clock=own.settings.relief_clock)
    else:
        n = n_starters if population == ALL_STARTERS else 0
        numbers = _nothing(n, say("outcomes.why.not_at_end"))
    for (measure, visit), estimate in numbers.items():
        told = replace(estimate, warnings=(*estimate.warnings, *more))
        yield row_from_estimate(told, measure=measure, visit=visit, **keys)


def _tell_others(n: int) -> tuple[str, ...]:
    """Say who has no relief to lose."""
    if not n:
        return ()
    return (say("outcomes.told.others_one" if n == 1 else "outcomes.told.others_many", n=n),)


def curve_on(own: GroupBench, losses: Losses) -> IntervalCurve | None:
    """Return `interval_curve`, made once for the same losses."""
    return own.once(("curve", losses.content), lambda: interval_curve(losses))


def _bootstrap_on(
    own: GroupBench, losses: Losses, curve: IntervalCurve, population: str, most_replicates: int
) -> ReliefBootstrap:
    """Return `bootstrap_of`, made once for the same losses and number of resamples."""
    replicates = min(own.settings.bootstrap_replicates, most_replicates)
    return own.once(
        ("bootstrap", losses.content, population, replicates),
        lambda: bootstrap_of(
            curve, own.settings, own.group, population, most_replicates=most_replicates
        ),
    )


def _numbers(
    own: GroupBench,
    losses: Losses,
    population: str,
    *,
    clock: Clock,
    most_replicates: int = MOST_REPLICATES,
) -> dict[tuple[str, str], Estimate]:
    """Return every number of one curve by measure and visit."""
    curve = curve_on(own, losses)
    if curve is None:
        return _nothing_of(losses)
    made = _bootstrap_on(own, losses, curve, population, most_replicates)
    method = say("outcomes.method.interval_relief")
    shares = {
        week: _unless_silent(replace(share, method=method), curve, week)
        for week, share in zip(TIMES, made.guarded.survival, strict=True)
    }
    first, median, third = (replace(e, method=method) for e in made.guarded.quantiles)
    assert made.guarded.restricted_mean is not None
    mean = replace(made.guarded.restricted_mean.estimate, method=method)
    numbers = {}
    if losses.prompted and clock == "end_of_series":
        level = own.settings.confidence_level
        first, median, third = (
            quantile_at_planned(each, shares, lost_share=lost_share, level=level)
            for each, lost_share in zip((first, median, third), QUARTILES, strict=True)
        )
        mean = _warned(mean)
        shares = {w: s if w in PLANNED_WEEKS else _warned(s) for w, s in shares.items()}
    elif losses.prompted:
        first, median, third, mean = (_warned(each) for each in (first, median, third, mean))
    else:
        numbers["relief_duration_even_spread", ""] = made.even_spread.quantiles[1]
    numbers |= {
        ("relief_duration", ""): median,
        ("relief_quartile", "lost_25"): first,
        ("relief_quartile", "lost_75"): third,
        ("relief_mean", week_name(HORIZON_WEEKS)): mean,
    }
    return numbers | {("relieved_share", week_name(w)): shares[w] for w in READ_WEEKS}


def _warned(estimate: Estimate) -> Estimate:
    return replace(estimate, warnings=(*estimate.warnings, say("outcomes.told.prompted")))


def _unless_silent(share: Estimate, curve: IntervalCurve, week: float) -> Estimate:
    """Return a share, or no number where it may lie anywhere from 0 to 1."""
    bounds = curve.bounds(week)
    if share.value is None or (bounds.high or 0.0) - bounds.low < ALL_BUT:
        return share
    return Estimate(
        value=None,
        n=share.n,
        n_events=share.n_events,
        unit=share.unit,
        method=share.method,
        status="not estimable",
        warnings=(say("outcomes.why.silent_week", week=f"{week:g}"),),
    )


def _nothing_of(losses: Losses) -> dict[tuple[str, str], Estimate]:
    """Return the numbers of losses of nobody, or of people none of whom was followed."""
    why = "outcomes.why.not_followed" if losses.n else "outcomes.why.no_relief"
    return _nothing(losses.n, say(why))


def _nothing(n: int, why: str) -> dict[tuple[str, str], Estimate]:
    """Return the numbers of patients none of whom was followed, or of none at all."""
    method = say("outcomes.method.interval_relief")

    def empty(unit: str) -> Estimate:
        if not n:
            return replace(no_patients(unit=unit, method=method), warnings=(why,))
        return Estimate(
            value=None,
            n=n,
            unit=unit,
            method=method,
            status="not estimable",
            warnings=(why,),
        )

    shares = {("relieved_share", week_name(week)): empty("share") for week in READ_WEEKS}
    return {("relief_duration", ""): empty("weeks"), **shares}
