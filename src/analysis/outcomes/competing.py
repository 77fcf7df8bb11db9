"""A booster as a competing event: relief ends by loss or by a booster, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import CumulativeIncidence, estimate_cumulative_incidence
from analysis.outcomes.interval_relief import headline_of
from analysis.outcomes.losses import (
    COMPETING,
    READ_WEEKS,
    RESPONDERS,
    Losses,
    week_name,
)
from analysis.outcomes.relief_bench import GroupBench, ReliefBench, bench_of
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

CAUSES = {"loss": 1, "booster": 2}
HALF = 0.5


def incidence_of(losses: Losses, *, level: float) -> CumulativeIncidence | None:
    """Return the cumulative incidence of loss and of boosters; None when nobody was followed.

    Parameters
    ----------
    losses : Losses
        Under the strategy ``loss``, in which a booster has its own date and cause.
    level : float in (0, 1)
    """
    if not losses.followed:
        return None
    codes = np.select([losses.cause == name for name in CAUSES], list(CAUSES.values()), default=0)
    return estimate_cumulative_incidence(
        losses.time, codes, causes=list(CAUSES.values()), level=level, time_unit="weeks"
    )


def tabulate_competing(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return cumulative incidences and the median under competing boosters as result rows.

    Returns
    -------
    tuple of ResultRow
        cumulative_incidence (definition ``loss`` or ``booster``) at weeks 2 to 26, and
        relief_duration with definition ``booster_competing``; among responders, for the whole and
        for arms. Where no booster came first the latter is the headline itself.
    """
    rows: list[ResultRow] = []
    for own in bench_of(datasets, settings, condition, bench).groups:
        if own.group.every_visit:
            rows += warned(_rows(own), own.told)
    return tuple(rows)


def incidence_on(own: GroupBench) -> CumulativeIncidence | None:
    """Return the cumulative incidence of a group, made once."""
    level = own.settings.confidence_level
    return own.once("incidence", lambda: incidence_of(own.losses("loss"), level=level))


def _rows(own: GroupBench) -> Iterable[ResultRow]:
    losses, settings = own.losses("loss"), own.settings
    keys = {
        "population": RESPONDERS,
        "threshold_pct": settings.responder_threshold_pct,
        **own.group.keys,
    }
    incidence = incidence_on(own)
    for name in CAUSES:
        for week in READ_WEEKS:
            yield row_from_estimate(
                _share(incidence, losses.n, name, week),
                measure="cumulative_incidence",
                definition=name,
                visit=week_name(week),
                **keys,
            )
    if (losses.cause == "booster").any():
        median = median_when_competing(losses, level=settings.confidence_level)
    else:
        median = headline_of(own, losses, clock=settings.relief_clock)
    yield row_from_estimate(median, measure="relief_duration", definition=COMPETING, **keys)


def _share(incidence: CumulativeIncidence | None, n: int, name: str, week: float) -> Estimate:
    method = say("outcomes.method.incidence")
    if incidence is None:
        return _nothing(n, "share", method)
    share = incidence.at(week, CAUSES[name])
    more = (say("outcomes.told.dated_at_visit"),) if name == "loss" and share.n_events else ()
    return replace(share, method=method, warnings=(*share.warnings, *more))


def _nothing(n: int, unit: str, method: str) -> Estimate:
    if not n:
        nobody = no_patients(unit=unit, method=method)
        return replace(nobody, warnings=(say("outcomes.why.no_relief"),))
    return Estimate(
        value=None,
        n=n,
        unit=unit,
        method=method,
        status="not estimable",
        warnings=(say("outcomes.why.not_followed"),),
    )


def median_when_competing(losses: Losses, *, level: float) -> Estimate:
    """Return the time by which half have lost relief, those boosted first never counting as lost.

    Parameters
    ----------
    losses : Losses
        Under the strategy ``loss``.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Weeks; ``not reached`` when the incidence of loss stays below one half, which it must when
        many are boosted first. The value dates losses midway between two visits; the lower limit
        dates them right after the last good rating and the upper at the visit that found them, so
        the interval holds whatever happened between.
    """
    method = say("outcomes.method.competing_median")
    if not losses.followed:
        return _nothing(losses.n, "weeks", method)
    lost = losses.cause == "loss"
    with np.errstate(invalid="ignore"):  # an open end is never taken
        midway = (losses.left + losses.right) / 2
    early, middle, late = (
        incidence_of(replace(losses, time=np.where(lost, dated, losses.time)), level=level)
        for dated in (losses.left, midway, losses.right)
    )
    assert early is not None and middle is not None and late is not None
    value = _first_at(middle.times, middle.incidence[:, 0])
    high_share = np.where(np.isnan(early.high[:, 0]), early.incidence[:, 0], early.high[:, 0])
    low, high = _first_at(early.times, high_share), _first_at(late.times, late.low[:, 0])
    if value is not None:
        low = value if low is None else min(low, value)
        high = None if high is None else max(high, value)
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=level,
        n=losses.n,
        n_events=int(lost.sum()),
        unit="weeks",
        method=method,
        status="estimated" if value is not None else "not reached",
    )


def _first_at(times: np.ndarray, share: np.ndarray) -> float | None:
    reached = np.flatnonzero(share >= HALF)  # an undefined limit (NaN) is not reached
    return float(times[reached[0]]) if len(reached) else None
