"""How long relief lasts: every number on one group's relief, from its rows of ADTTE.

The headline takes each loss as lying between two visits (`npmle`), with the guarded bootstrap
interval, which holds whatever happened between the visits if their days do not depend on the loss.
Boosters make them depend on it; medians are then read at the planned visits only. Other
definitions of loss, Kaplan-Meier, which readers know and which runs late, and competing boosters
follow; `relief_models` has comparisons and fitted shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import blake2b
from itertools import product
from typing import Any, TypeVar, get_args

import numpy as np
import pandas as pd

from analysis.labels import CLOCKS, clock_word, note_text, visit_word
from analysis.numbers import count_text, fraction_text, interval_words, level_text, quantity_text
from analysis.results import Estimate, Row, find_one, no_patients, note
from analysis.settings import (
    DAYS_PER_WEEK,
    AnalysisSettings,
    BoosterStrategy,
    Clock,
    LossRule,
)
from analysis.stats.checks import Bools, Floats
from analysis.stats.npmle import IntervalCurve, estimate_npmle
from analysis.stats.npmle_bootstrap import QUARTILES, ReliefBootstrap, bootstrap_relief
from analysis.stats.seeds import seeded
from analysis.stats.survival import (
    CumulativeIncidence,
    SurvivalCurve,
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
    first_at_or_below,
)

T = TypeVar("T")

PARAMCDS: dict[BoosterStrategy, str] = {
    "loss": "RELLOSS",
    "censoring": "RELCENS",
    "ignored": "RELIGN",
}
EXACT = "RELEXACT"
"""Parameter code of relief whose end was recorded."""

LONGEST_IN_HOURS = 14
"""Days. Relief that nobody was followed for so long is told in hours, not in weeks."""

DEFINITIONS: dict[BoosterStrategy, str] = {
    "loss": "booster_as_loss",
    "censoring": "booster_as_censoring",
    "ignored": "booster_ignored",
}
"""Parameter of ADTTE, and definition in the results, of each booster strategy."""

READ_RULE, READ_CLOCK = "once", "end_of_series"
"""Rule of loss and clock that claims are read with; those of the settings may be others."""


def definition_of(settings: AnalysisSettings, strategy: BoosterStrategy | None = None) -> str:
    """Return the definition of relief under the settings, as it stands in the results.

    Another rule of loss or clock than claims are read with is part of it
    (``booster_as_loss.confirmed.end_of_series``), so that both can stand in one run.
    """
    booster = DEFINITIONS[strategy or settings.booster_strategy]
    return f"{booster}{_departure(settings)}"


def _departure(settings: AnalysisSettings) -> str:
    own = settings.loss_rule, settings.relief_clock
    return "" if own == (READ_RULE, READ_CLOCK) else f".{own[0]}.{own[1]}"


RESPONDERS, ALL_STARTERS = "responders", "all_starters"

EARLY, LATE = "responders_early", "responders_late"
"""Responders with their losses at the earliest and at the latest dates there could be: a median
meets a floor, or falls short of it, only where it does so there too."""

AFTER_DAYS = 1
"""Who lost relief right after the last visit lost it within a day of it."""

MAIN_GROUPS = ("all", "arm")
"""Groups reported under every reading of a booster; arms stand for the patients of a claim."""

ALL_BUT = 1 - 1e-8
"""A share that may lie in a range this wide is not known at all (1e-8: the fit's error)."""

MOST_REPLICATES, FEWER_REPLICATES = 1000, 400
"""Resamples of a headline, and of one of many medians in a table of definitions or of a bound: a
limit then moves by chance by about a tenth, and a sixth, of its own standard error."""

FULL_UP_TO = 1000
"""Responders above whom fewer resamples than `MOST_REPLICATES` will do (`count_resamples`)."""

MOST_SPANS, LEAST_TO_SHOW = 20, 30
"""Single patients shown, and the fewest patients out of whom they may be."""

Numbers = dict[tuple[str, str], Estimate]
"""Estimates by measure and visit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Patients whose relief is reported together, and what all their rows have in common.

    Parameters
    ----------
    condition, group_by, group : str
        Keys in the results.
    settings : AnalysisSettings
    n_starters : int
        Patients, whether they responded or not.
    is_rated : bool
        Whether anybody was rated where relief must be shown to be timed: at the end of the series,
        or at any time when the clock runs from first response. Where nobody was, relief is not
        known of anyone; it is not 0.
    notes : tuple of str
        Notes on the group, such as ``arms_together``.
    """

    condition: str
    group_by: str
    group: str
    settings: AnalysisSettings
    n_starters: int
    is_rated: bool
    notes: tuple[str, ...] = ()

    @property
    def departures(self) -> tuple[str, ...]:
        """Notes on a rule of loss and a clock that are not the suite's own."""
        rule, clock = self.settings.loss_rule, self.settings.relief_clock
        notes = ((f"rule_{rule}", rule != "once"), (f"clock_{clock}", clock != "end_of_series"))
        return tuple(code for code, departs in notes if departs)

    def row(self, estimate: Estimate, measure: str, **keys: Any) -> dict[str, Any]:
        """Return an estimate as a row of the results; keys win over those of the group."""
        own = {"condition": self.condition, "group_by": self.group_by, "group": self.group}
        return estimate.row(**{"definition": "", "visit": "", **own, "measure": measure, **keys})

    def rows(self, numbers: Numbers, *notes: str, **keys: Any) -> list[dict[str, Any]]:
        """Return estimates by measure and visit as rows, with more notes."""
        return [
            self.row(with_notes(estimate, *notes), measure, visit=visit, **keys)
            for (measure, visit), estimate in numbers.items()
        ]


def make_group(
    key: Sequence[str],
    people: pd.DataFrame,
    rated: Container[str],
    settings: AnalysisSettings,
) -> Group:
    """Return the group of some rows of ADSL.

    Parameters
    ----------
    key : sequence of str
        condition, group_by, group.
    people : DataFrame
        USUBJID and ARM of the group's patients. Different arms counted together are noted; a blank
        one is an arm where others are named.
    rated : container of str
        Patients rated where relief must be shown to be timed.
    settings
        As in `Group`.
    """
    arms = people["ARM"].fillna("not recorded").nunique() if people["ARM"].notna().any() else 1
    return Group(
        condition=key[0],
        group_by=key[1],
        group=key[2],
        settings=settings,
        n_starters=len(people),
        is_rated=any(patient in rated for patient in people["USUBJID"]),
        notes=("arms_together",) if arms > 1 else (),
    )


# When relief ended, as arrays in weeks


@dataclass(frozen=True, eq=False)
class Losses:
    """Ends of relief of some patients under one reading of boosters.

    Parameters
    ----------
    left, right : ndarray of float, shape (n,)
        Weeks on the clock; relief ended in (left, right], right infinite when not seen to end.
    time, is_event : ndarray, shape (n,)
        The same with the end dated at the visit that found it.
    cause : ndarray of str, shape (n,)
        ``loss``, ``booster`` or ``censored``.
    prompted : bool
        Whether boosters brought some of them in before a loss was found: the days of their looks
        then depend on the loss.
    """

    left: Floats
    right: Floats
    time: Floats
    is_event: Bools
    cause: np.ndarray
    prompted: bool = False

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.left)

    @cached_property
    def digest(self) -> bytes:
        """A digest of the intervals: the same losses give the same."""
        return blake2b(self.left.tobytes() + self.right.tobytes()).digest()

    @property
    def followed(self) -> bool:
        """Whether anything is known of anybody after the clock began: a rating, or an end."""
        return bool(((self.time > 0) | self.is_event).any())

    @property
    def last_look(self) -> float:
        """Last week at which anybody was known to be relieved, or no longer to be; 0 if nobody."""
        ends = np.concatenate([self.left, self.right[np.isfinite(self.right)]])
        return float(ends.max(initial=0.0))

    def seen_by(self, week: float, settings: AnalysisSettings) -> tuple[int, int]:
        """Return how many were seen with relief at a week or later, and how many never again.

        A rating with relief in the window of a planned visit counts as one at that visit, unless
        relief was lost by its week. The second number are those neither seen with relief then nor
        seen to lose it, at whatever time.
        """
        windows = {visit.week: visit.first_day / DAYS_PER_WEEK for visit in settings.schedule}
        opens = windows.get(week, week) if settings.relief_clock == "end_of_series" else week
        seen = (self.left >= opens) & ((self.right > week) | (self.left >= week))
        return int(seen.sum()), int((~seen & np.isinf(self.right)).sum())

    def with_nonresponders(self, n: int) -> Losses:
        """Return the same with ``n`` more patients whose relief ended at 0: it never began."""
        zeros = np.zeros(n)
        return Losses(
            np.append(self.left, zeros),
            np.append(self.right, zeros),
            np.append(self.time, zeros),
            np.append(self.is_event, np.ones(n, dtype=bool)),
            np.append(self.cause, np.full(n, "loss")),
            self.prompted,
        )


def losses_of(adtte: pd.DataFrame) -> Losses:
    """Return the ends of relief of rows of ADTTE of one parameter, rule and clock."""
    booster, first_bad = adtte["BOOSTDY"].to_numpy(float), adtte["BADDY"].to_numpy(float)
    return Losses(
        adtte["LDY"].to_numpy(float) / DAYS_PER_WEEK,
        adtte["RDY"].to_numpy(float) / DAYS_PER_WEEK,
        adtte["AVAL"].to_numpy(float) / DAYS_PER_WEEK,
        adtte["CNSR"].to_numpy() == 0,
        adtte["EVNTDESC"].to_numpy(dtype=object),
        bool((np.isfinite(booster) & (booster <= first_bad)).any()),
    )


def choose(
    adtte: pd.DataFrame,
    settings: AnalysisSettings,
    *,
    strategy: BoosterStrategy | None = None,
    rule: str = "",
    clock: str = "",
) -> pd.DataFrame:
    """Return the rows of ADTTE under the settings, but for what is named."""
    return adtte[
        (adtte["PARAMCD"] == PARAMCDS[strategy or settings.booster_strategy])
        & (adtte["RULE"] == (rule or settings.loss_rule))
        & (adtte["CLOCK"] == (clock or settings.relief_clock))
    ]


def sample_spans(adtte: pd.DataFrame) -> pd.DataFrame:
    """Return at most 20 rows of ADTTE evenly spaced by length of relief; none of fewer than 30.

    A few out of few patients could be recognized.
    """
    if len(adtte) < LEAST_TO_SHOW:
        return adtte.head(0)
    picked = np.linspace(0, len(adtte) - 1, MOST_SPANS).round().astype(int)
    return adtte.sort_values(["LDY", "AVAL"], kind="stable").iloc[picked]


# The headline: losses between visits


def interval_curve(losses: Losses) -> IntervalCurve | None:
    """Return the interval-censored curve in weeks; None when nobody was followed."""
    if not losses.followed:
        return None
    make = partial(estimate_npmle, losses.left, losses.right, time_unit="weeks")
    return _once(losses.digest, make)


_KEPT: dict[Hashable, Any] = {}
MOST_KEPT = 4096


def _once(key: Hashable, make: Callable[[], T]) -> T:
    """Return what was made under a key, or make it: readings of the same losses share it."""
    if key not in _KEPT:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)))
        _KEPT[key] = make()
    return _KEPT[key]


def relief_numbers(
    losses: Losses,
    settings: AnalysisSettings,
    *,
    clock: Clock = "end_of_series",
    most_replicates: int = MOST_REPLICATES,
) -> Numbers:
    """Return the numbers of the interval-censored curve with their guarded intervals.

    Parameters
    ----------
    losses : Losses
    settings : AnalysisSettings
        Level, seed and number of resamples; the same losses have the same resamples, whatever their
        group or definition is called.
    clock : str
        From when the losses are timed.
    most_replicates : int

    Returns
    -------
    dict of (measure, visit) to Estimate
        relief_duration (median), relief_quartile (25 and 75% lost), relief_mean (up to the last
        planned visit), relieved_share at the weeks of ``settings.read_weeks``,
        relief_duration_even_spread. Where boosters brought patients in, quartiles are read at the
        planned visits (clock ``end_of_series``) or carry a note, and there is no even spread.
    """
    curve = interval_curve(losses)
    if curve is None:
        return _nothing(losses.n, settings, "not_followed" if losses.n else "no_relief")
    level = settings.confidence_level
    replicates = count_resamples(losses.n, settings, most=most_replicates)
    times, horizon = (0.0, *settings.read_weeks.values()), settings.horizon

    def bootstrap() -> ReliefBootstrap:
        rng = seeded(settings.seed, "relief", losses.left, losses.right)
        return bootstrap_relief(
            curve, rng=rng, times=times, lost_shares=QUARTILES, tau=horizon.week,
            replicates=replicates, level=level,
        )  # fmt: skip

    made = _once((losses.digest, settings.seed, times, horizon.week, replicates, level), bootstrap)
    shares = {
        week: _unless_silent(replace(share, method="npmle"), curve, week)
        for week, share in zip(times, made.guarded.survival, strict=True)
    }
    quartiles = [replace(each, method="npmle") for each in made.guarded.quantiles]
    assert made.guarded.restricted_mean is not None
    mean = replace(made.guarded.restricted_mean, method="npmle")
    numbers: Numbers = {}
    if not losses.prompted:
        even = made.even_spread.quantiles[1]
        more = (note("resamples", replicates),) if even.level else ()
        numbers["relief_duration_even_spread", ""] = with_notes(even, *more)
    else:
        mean = with_notes(mean, "prompted")
        if clock == "end_of_series":
            planned = {week: shares[week] for week in settings.planned_weeks}
            quartiles = [
                quantile_at_planned(each, planned, lost_share=lost_share, level=level)
                for each, lost_share in zip(quartiles, QUARTILES, strict=True)
            ]
            shares = {w: with_notes(s, "prompted") for w, s in shares.items()} | planned
        else:
            quartiles = [with_notes(each, "prompted") for each in quartiles]
    shares = {
        week: replace(share, n_events=losses.seen_by(week, settings)[0])
        for week, share in shares.items()
    }
    if replicates < min(settings.bootstrap_replicates, MOST_REPLICATES):
        said = note("resamples", replicates)
        mean, *quartiles = (
            with_notes(one, said) if one.level else one for one in (mean, *quartiles)
        )
        shares = {w: with_notes(s, said) if s.level else s for w, s in shares.items()}
    first, median, third = quartiles
    return numbers | {
        ("relief_duration", ""): median,
        ("relief_quartile", "lost_25"): first,
        ("relief_quartile", "lost_75"): third,
        ("relief_mean", horizon.name): mean,
        **{("relieved_share", name): shares[week] for name, week in settings.read_weeks.items()},
    }


def count_resamples(n: int, settings: AnalysisSettings, *, most: int = MOST_REPLICATES) -> int:
    """Return the number of resamples of ``n`` responders.

    What chance leaves in a limit is its standard error over the square root of twice the
    resamples, and a standard error falls with the square root of the patients. Above `FULL_UP_TO`
    responders resamples are as many as leave the same weeks, not the same part of a standard
    error, but no fewer than `FEWER_REPLICATES`, so that percentiles keep their level.
    """
    enough = max(FEWER_REPLICATES, most * FULL_UP_TO // max(n, 1))
    return min(settings.bootstrap_replicates, most, enough)


def _unless_silent(share: Estimate, curve: IntervalCurve, week: float) -> Estimate:
    """Return a share, or no number where it may lie anywhere from 0 to 1."""
    low, high = curve.bounds(week)
    if share.value is None or high - low < ALL_BUT:
        return share
    why = (note("silent_week", f"{week:g}"),)
    return replace(
        share, value=None, low=None, high=None, level=None, status="not estimable", notes=why
    )


def _nothing(n: int, settings: AnalysisSettings, why: str) -> Numbers:
    """Return the numbers of patients none of whom was followed, or of none at all."""
    shares = {
        ("relieved_share", name): no_number(n, "share", "npmle", why)
        for name in settings.read_weeks
    }
    return {("relief_duration", ""): no_number(n, "weeks", "npmle", why), **shares}


def no_number(n: int, unit: str, method: str, why: str) -> Estimate:
    """Return the estimate that says why there is none."""
    if not n:
        return no_patients(unit=unit, method=method, notes=(why,))
    return Estimate(value=None, n=n, unit=unit, method=method, status="not estimable", notes=(why,))


def with_notes(estimate: Estimate, *more: str) -> Estimate:
    """Return an estimate with more notes."""
    return replace(estimate, notes=(*estimate.notes, *more))


def quantile_at_planned(
    quantile: Estimate, shares: Mapping[float, Estimate], *, lost_share: float, level: float
) -> Estimate:
    """Return the time by which a share has lost relief, from the shares at planned visits.

    Who has lost relief comes for a booster sooner, and is rated on that day. Between two planned
    visits the days of the looks then depend on the loss, and a curve that takes them as chance
    falls too early. At the planned visits everybody is looked at; between them nothing is assumed
    but a fall.

    Parameters
    ----------
    quantile : Estimate
        The same quantile of the curve itself, for n and events.
    shares : mapping of float to Estimate
        Share still relieved at the week of each planned visit, 0 among them, with a guarded
        interval.
    lost_share : float in (0, 1)
        0.5 for the median.
    level : float in (0, 1)
        Level of the intervals.

    Returns
    -------
    Estimate
        Weeks, on the straight line between two planned visits; ``not reached`` when the share is
        above ``1 - lost_share`` at every planned visit it is known at. ``low``: the last planned
        visit up to which the interval of the share lies above it, 0 where there is none;
        ``high``: the first at which it lies below, None where there is none.
    """
    kept = 1 - lost_share
    weeks = [week for week in shares if shares[week].value is not None]
    heights = [shares[week].value or 0.0 for week in weeks]
    value: float | None = None
    below = next((place for place, height in enumerate(heights) if height <= kept), None)
    if below is not None:
        value = weeks[below]
        if below:
            part = (heights[below - 1] - kept) / (heights[below - 1] - heights[below])
            value = weeks[below - 1] + part * (weeks[below] - weeks[below - 1])
    low = 0.0
    for week in weeks[1:]:
        floor = shares[week].low
        if floor is None or floor <= kept:
            break
        low = week
    ceilings = ((week, shares[week].high) for week in weeks)
    high = next((week for week, end in ceilings if end is not None and end < kept), None)
    return replace(
        quantile,
        value=value,
        low=low if value is None else min(low, value),
        high=high if value is None or high is None else max(high, value),
        level=level,
        method="npmle_planned",
        status="estimated" if value is not None else "not reached",
        notes=(),
    )


def earliest_losses(losses: Losses, due_weeks: Floats) -> Losses:
    """Return losses in which whoever left with relief lost it right after the last visit.

    Parameters
    ----------
    losses : Losses
    due_weeks : ndarray of float, shape (n,)
        Week from which on a patient last seen was followed for as long as planned (DUEDY): who is
        not seen to lose relief and was last seen before it has left.
    """
    left_early = np.isinf(losses.right) & (losses.left < due_weeks)
    soon = losses.left + AFTER_DAYS / DAYS_PER_WEEK
    return replace(
        losses,
        right=np.where(left_early, soon, losses.right),
        time=np.where(left_early, soon, losses.time),
        is_event=losses.is_event | left_early,
        cause=np.where(left_early, "loss", losses.cause),
    )


def bound_durations(
    losses: Losses, due_weeks: Floats, settings: AnalysisSettings, *, clock: Clock
) -> dict[str, Estimate]:
    """Return the median of relief at the earliest and at the latest losses there could be.

    Parameters
    ----------
    losses : Losses
    due_weeks : ndarray of float, shape (n,)
        As in `earliest_losses`.
    settings, clock
        As `relief_numbers`.

    Returns
    -------
    dict of population to Estimate
        `EARLY`: the guarded interval of `earliest_losses`. `LATE`: Kaplan-Meier, which dates each
        loss at the visit that showed it (or at the booster that ended it) and takes those who left
        as no different from those who stayed. An `EARLY` median that is the same in every resample
        is both ends of its interval: it lies on a visit, and not between two.

    Notes
    -----
    ``falls short`` at the latest losses is therefore safe only if those who left would not have
    kept relief longer (docs/simulations/verdict-errors.md).
    """
    ends = earliest_losses(losses, due_weeks)
    none_left = np.array_equal(ends.right, losses.right)
    most = MOST_REPLICATES if none_left else FEWER_REPLICATES  # the headline's own, if it is that
    numbers = relief_numbers(ends, settings, clock=clock, most_replicates=most)
    early, level = numbers["relief_duration", ""], settings.confidence_level
    if early.value is not None and early.level is None:
        early = replace(early, low=early.value, high=early.value, level=level)
    return {EARLY: early, LATE: _dated_numbers(losses, settings)["km_relief_duration", ""]}


def relief_table(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return every number on a group's relief that its rows of ADTTE give, for `Results.add`.

    That is `relief_rows`; for all patients and for arms, which stand for the patients of a claim,
    `competing_rows`; and for all patients `definition_rows`. Where ends of relief were recorded,
    `exact_rows`, measures of their own.

    Parameters
    ----------
    adtte : DataFrame
        Rows of the group's responders, under every rule of loss, clock and booster strategy:
        PARAMCD, RULE, CLOCK, LDY, RDY, AVAL, CNSR, EVNTDESC, BADDY, BOOSTDY.
    group : Group
    """
    frames = [relief_rows(adtte, group)]
    if group.group_by in MAIN_GROUPS:
        frames.append(competing_rows(adtte, group))
    if group.group_by == "all":
        frames.append(definition_rows(adtte, group))
    frames.append(exact_rows(adtte, group))
    return pd.concat(frames, ignore_index=True)


def claimed_rows(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return the rows that claims ask for, under the rule and clock they are read with.

    Parameters
    ----------
    adtte : DataFrame
        As in `relief_rows`, for the threshold of ``group.settings``.
    group : Group
        Its settings may have another rule of loss, clock and reading of a booster.
    """
    reading = {"loss_rule": READ_RULE, "relief_clock": READ_CLOCK, "booster_strategy": "loss"}
    group = replace(group, settings=group.settings.model_copy(update=reading))
    rows = relief_rows(adtte, group)
    if group.group_by in MAIN_GROUPS:
        competing = competing_rows(adtte, group)
        rows = pd.concat([rows, competing[competing["measure"] == "relief_duration"]])
    return rows


def relief_rows(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return the duration of relief of a group, losses between visits and dated at the visit.

    Returns
    -------
    DataFrame
        The measures of `relief_numbers`, of responders and, where those who did not respond have 0
        weeks, of all starters; km_relief_duration and km_relieved_share (Kaplan-Meier), and the
        counts seen_relieved and not_seen_again.
        Responders under every booster strategy, all starters under that of the settings and under
        ``loss``, which claims are read with; of
        subgroups other than arms, which stand for the patients of a claim, only responders under
        that of the settings.

    References
    ----------
    Sun (2006), The Statistical Analysis of Interval-censored Failure Time Data, section 1.2, on
    why dating a loss at the visit that found it matters.
    """
    own = group.settings.booster_strategy
    wanted: list[tuple[str, BoosterStrategy]] = [(RESPONDERS, own)]
    if group.group_by in MAIN_GROUPS:
        wanted = [(RESPONDERS, each) for each in DEFINITIONS]
        wanted += [(ALL_STARTERS, each) for each in DEFINITIONS if each in (own, "loss")]
    rows = []
    for population, strategy in wanted:
        spans = choose(adtte, group.settings, strategy=strategy)
        losses = losses_of(spans)
        notes = (*group.notes, *group.departures)
        keys = {
            "definition": definition_of(group.settings, strategy),
            "population": population,
            "threshold_pct": group.settings.responder_threshold_pct,
        }
        if population == RESPONDERS:
            rows += group.rows(_dated_numbers(losses, group.settings), *notes, **keys)
        if group.n_starters and not group.is_rated:
            n = group.n_starters if population == ALL_STARTERS else 0
            rows += group.rows(_nothing(n, group.settings, "not_at_end"), *notes, **keys)
            continue
        if population == ALL_STARTERS:
            others = group.n_starters - losses.n
            losses = losses.with_nonresponders(others)
            if others:
                notes += (note("others_one" if others == 1 else "others_many", others),)
        numbers = relief_numbers(
            losses,
            group.settings,
            clock=group.settings.relief_clock,
        )
        rows += group.rows(numbers, *notes, **keys)
        if population == RESPONDERS and losses.followed:
            due_weeks = spans["DUEDY"].to_numpy(float) / DAYS_PER_WEEK
            clock = group.settings.relief_clock
            bounds = bound_durations(losses, due_weeks, group.settings, clock=clock)
            for bound, median in bounds.items():
                own_keys = keys | {"population": bound}
                rows += group.rows({("relief_duration", ""): median}, *notes, **own_keys)
    return pd.DataFrame(rows)


def definition_rows(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return the median of relief under every rule of loss and every clock.

    ``adtte`` is as in `relief_rows`, with all rules and clocks. The measure is
    relief_duration_by_definition and ``definition`` is ``<rule>.<clock>``; boosters are those of
    the settings, whose own rule and clock have as many resamples as the headline.
    """
    rows = []
    rules = [rule for rule in get_args(LossRule) if adtte.empty or (adtte["RULE"] == rule).any()]
    for rule, clock in product(rules, get_args(Clock)):
        in_force = (rule, clock) == (group.settings.loss_rule, group.settings.relief_clock)
        most = MOST_REPLICATES if in_force else FEWER_REPLICATES
        losses = losses_of(choose(adtte, group.settings, rule=rule, clock=clock))
        numbers = relief_numbers(losses, group.settings, clock=clock, most_replicates=most)
        found = numbers["relief_duration", ""]
        median = {("relief_duration_by_definition", ""): found}
        keys = {"definition": f"{rule}.{clock}", "population": RESPONDERS}
        rows += group.rows(median, *group.notes, **keys)
    return pd.DataFrame(rows)


# Ends of relief as recorded


def exact_rows(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return the duration of relief whose end was recorded, not found at a visit.

    Parameters
    ----------
    adtte : DataFrame
        Rows of the group's patients; those of the parameter RELEXACT count: AVAL (days), CNSR.
    group : Group

    Returns
    -------
    DataFrame
        exact_relief_duration (median) and exact_relief_quartile, by Kaplan-Meier, in hours where
        nobody was followed for `LONGEST_IN_HOURS` days, else in weeks with exact_relieved_share at
        the weeks that are read. No rows for a group nobody of whom has a record.
    """
    own = adtte[adtte["PARAMCD"] == EXACT]
    if own.empty:
        return pd.DataFrame()
    in_hours = own["AVAL"].max() < LONGEST_IN_HOURS
    curve = estimate_kaplan_meier(
        own["AVAL"].to_numpy(float) * (24 if in_hours else 1 / DAYS_PER_WEEK),
        own["CNSR"] == 0,
        level=group.settings.confidence_level,
        time_unit="hours" if in_hours else "weeks",
    )
    numbers = {("exact_relief_duration", ""): curve.median}
    for name, share in (("lost_25", 0.25), ("lost_75", 0.75)):
        numbers["exact_relief_quartile", name] = curve.quantile(share)
    for name, week in {} if in_hours else group.settings.read_weeks.items():
        numbers["exact_relieved_share", name] = replace(curve.at(week), n_events=None)
    numbers = {key: replace(one, method="kaplan_meier_exact") for key, one in numbers.items()}
    notes = (*group.notes, note("timed_of", len(own), group.n_starters))
    return pd.DataFrame(group.rows(numbers, *notes, definition="exact_end", population="recorded"))


# Kaplan-Meier and competing boosters: loss dated at the visit that found it


def kaplan_meier_curve(losses: Losses, *, level: float) -> SurvivalCurve | None:
    """Return the curve in weeks; None when nobody responded."""
    if not losses.n:
        return None
    return estimate_kaplan_meier(losses.time, losses.is_event, level=level, time_unit="weeks")


def _dated_numbers(losses: Losses, settings: AnalysisSettings) -> Numbers:
    """Return median, shares and who was seen; a number that rests on a loss says it is late."""
    curve = kaplan_meier_curve(losses, level=settings.confidence_level)
    weeks = settings.read_weeks
    times = {"week_0": 0.0} | weeks
    if curve is None:
        numbers = {("km_relief_duration", ""): "weeks"}
        numbers |= {("km_relieved_share", name): "share" for name in weeks}
        none = {key: no_number(0, unit, "kaplan_meier", "no_relief")
                for key, unit in numbers.items()}  # fmt: skip
        counts = product(("seen_relieved", "not_seen_again"), times)
        return none | {key: no_number(0, "count", "seen", "no_relief") for key in counts}

    def late(estimate: Estimate) -> Estimate:
        return with_notes(estimate, "runs_late") if estimate.n_events else estimate

    unknown = no_number(losses.n, "weeks", "kaplan_meier", "not_followed")
    made: Numbers = {("km_relief_duration", ""): late(curve.median) if losses.followed else unknown}
    for name, week in times.items():
        seen, unseen = losses.seen_by(week, settings)
        if name in weeks:
            share = late(curve.at(week))
            made["km_relieved_share", name] = replace(share, n_events=seen)
        for measure, count in (("seen_relieved", seen), ("not_seen_again", unseen)):
            made[measure, name] = Estimate(
                value=float(count), n=losses.n, unit="count", method="seen"
            )
    return made


CAUSES = {"loss": 1, "booster": 2}
HALF = 0.5


def incidence_curve(losses: Losses, *, level: float) -> CumulativeIncidence | None:
    """Return the cumulative incidence of loss and of boosters; None when nobody was followed.

    The losses are those under the strategy ``loss``, in which a booster has its date and cause.
    """
    if not losses.followed:
        return None
    codes = np.select([losses.cause == name for name in CAUSES], list(CAUSES.values()), default=0)
    return estimate_cumulative_incidence(
        losses.time, codes, causes=list(CAUSES.values()), level=level, time_unit="weeks"
    )


def competing_rows(adtte: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return cumulative incidences and the median where a booster competes with loss.

    The measures are cumulative_incidence (definition ``loss`` or ``booster``) by week and
    relief_duration with definition ``booster_competing``, of responders. Where no booster came
    first the latter is the headline itself. ``adtte`` is as in `relief_rows`.
    """
    level = group.settings.confidence_level
    losses = losses_of(choose(adtte, group.settings, strategy="loss"))
    notes = (*group.notes, *group.departures)
    keys = {"population": RESPONDERS, "threshold_pct": group.settings.responder_threshold_pct}
    incidence = incidence_curve(losses, level=level)
    rows = []
    for name, cause in CAUSES.items():
        numbers = {}
        for visit, week in group.settings.read_weeks.items():
            if incidence is None:
                why = "not_followed" if losses.n else "no_relief"
                share = no_number(losses.n, "share", "aalen_johansen", why)
            else:
                share = incidence.at(week, cause)
                ended = losses.cause == name
                if name == "loss" and ended.any():
                    share = with_notes(share, "dated_at_visit")
                share = replace(share, n_events=int((ended & (losses.time <= week + 1e-9)).sum()))
            numbers["cumulative_incidence", visit] = share
        rows += group.rows(numbers, *notes, definition=name, **keys)
    if (losses.cause == "booster").any():
        median = median_when_competing(losses, level=level)
    else:
        clock = group.settings.relief_clock
        numbers = relief_numbers(losses, group.settings, clock=clock)
        median = numbers["relief_duration", ""]
    competing = {("relief_duration", ""): median}
    definition = f"booster_competing{_departure(group.settings)}"
    rows += group.rows(competing, *notes, definition=definition, **keys)
    return pd.DataFrame(rows)


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
        the interval holds whatever happened between. Where the incidence rests on one half, midway
        to the next loss, as the Kaplan-Meier median.
    """
    if not losses.followed:
        why = "not_followed" if losses.n else "no_relief"
        return no_number(losses.n, "weeks", "competing_median", why)
    lost = losses.cause == "loss"
    with np.errstate(invalid="ignore"):  # an open end is never taken
        midway = (losses.left + losses.right) / 2
    early, middle, late = (
        incidence_curve(replace(losses, time=np.where(lost, dated, losses.time)), level=level)
        for dated in (losses.left, midway, losses.right)
    )
    assert early is not None and middle is not None and late is not None
    high_share = np.where(np.isnan(early.high[:, 0]), early.incidence[:, 0], early.high[:, 0])
    value, low, high = (
        first_at_or_below(curve.times, 1 - lost_share, HALF)
        for curve, lost_share in (
            (middle, middle.incidence[:, 0]), (early, high_share), (late, late.low[:, 0]),
        )
    )  # fmt: skip
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
        method="competing_median",
        status="estimated" if value is not None else "not reached",
    )


# In words

BOOSTER_WORDS = {
    "booster_as_loss": ("a booster counts as its end", "lose it or to have a booster"),
    "booster_as_censoring": (
        "nothing counts as known after a booster", "lose it before any booster"
    ),
    "booster_ignored": ("boosters are ignored", "lose it"),
}  # fmt: skip
"""What a booster is, and what was seen to happen, by definition."""


def describe_relief(results: pd.DataFrame, *, condition: str, definition: str, label: str) -> str:
    """Return how long relief lasts, in sentences made from the results of a condition.

    Parameters
    ----------
    results : DataFrame
        `analysis.results`, with the rows of `relief_rows`.
    condition : str
        Condition code, or ``all``.
    definition : str
        The definition of relief to speak of, as `definition_of` gives it.
    label : str
        The condition in words.

    Returns
    -------
    str
        The median with its interval, n, how many were seen with relief at week 12 and how many
        were not looked at again, and what a booster is; then who of all who started kept relief
        since the clock began, and notes on departures and arms. A sentence for every odd case,
        never a missing number.
    """
    own = {"condition": condition, "group_by": "all", "definition": definition}
    week = {"visit": "week_12", **own}
    row = find_one(results, measure="relief_duration", population=RESPONDERS, **own)
    if row is None:
        return "How long relief lasts was not computed for these patients."
    parts = [_median_sentence(row, label)]
    seen = find_one(results, measure="seen_relieved", **week)
    unseen = find_one(results, measure="not_seen_again", **week)
    known = row.n and row.n_events is not None and row.status != "not estimable"
    if known and seen is not None and unseen is not None:
        ended = f"{fraction_text(row.n_events or 0, row.n)} {_was(row.n_events)} seen to "
        parts.append(f"{ended}{_booster_words(row)[1]}; {_seen_sentence(seen, unseen)}.")
    share = find_one(results, measure="relieved_share", population=ALL_STARTERS, **week)
    if share is not None and share.status != "no patients":
        parts.append(_kept_sentence(share))
    spoken = ("rule_", "clock_", "arms_together")
    parts += [note_text(each) for each in row.notes.split(";") if each.startswith(spoken)]
    return " ".join(parts)


def _booster_words(row: Row) -> tuple[str, str]:
    return BOOSTER_WORDS[row.definition.partition(".")[0]]


def _was(count: float | None) -> str:
    return "was" if count == 1 else "were"


def _seen_sentence(seen: Row, unseen: Row) -> str:
    """Return how many were seen with relief at a week or later, and who was not looked at again."""
    when = f"{_week_in_words(seen)} or later"
    unsettled = "had not been looked at again by then"
    if "rule_confirmed" in seen.notes.split(";"):
        unsettled = "had no rating since that settles it"
    gone = f"{count_text(unseen.value)} {unsettled}"
    if seen.value:
        counted = fraction_text(int(seen.value), seen.n)
        also = f", and {gone}" if unseen.value else ""
        return f"{counted} {_was(seen.value)} seen with relief at {when}{also}"
    why = f": {gone}, which is no loss" if unseen.value else ""
    return f"none was seen with relief at {when}{why}"


def _kept_sentence(share: Row) -> str:
    """Return how many of all who started had relief when the clock began, and kept it."""
    who = "the 1 patient who" if share.n == 1 else f"all {count_text(share.n)} who"
    week = _week_in_words(share)
    if share.value is None:
        return f"Of {who} started, it is not known how many kept relief to {week}."
    had = "had relief and kept it"
    if not _has_first_response(share):
        had = "had relief at the end of the series and kept it"
    number = quantity_text(share.value, unit="share") if share.value else "none"
    return f"Of {who} started, {number} {had} to {week} ({_interval_words(share)})."


def _has_first_response(row: Row) -> bool:
    return "clock_first_response" in row.notes.split(";")


def _week_in_words(row: Row) -> str:
    """Return "week 12", and after what, where that is not the end of the series."""
    after = clock_word(row.notes)
    week = visit_word(row.visit)
    return week if after == CLOCKS["end_of_series"] else f"{week} after {after}"


def _median_sentence(row: Row, label: str) -> str:
    """Return the median in words, or why there is none."""
    moment = "any rating" if _has_first_response(row) else "the end of the series"
    if "not_at_end" in row.notes.split(";"):
        return f"{label}: {note_text('not_at_end').replace('Nobody', 'nobody')}"
    if row.status == "no patients":
        return f"{label}: nobody had relief at {moment}, so none can be timed."
    count = "1 patient" if row.n == 1 else f"{count_text(row.n)} patients"
    patients = f"{label}: of {count} with relief at {moment}"
    if row.status == "not estimable":
        return f"{patients}, nobody was rated again; how long it lasts is not known."
    booster = _booster_words(row)[0]
    if row.value is None:
        begins = ""
        if row.low:
            low = quantity_text(row.low, unit="weeks")
            begins = f"; its {level_text(row.level)} begins at {low}"
        return (
            f"{patients}, the time by which half had lost it was not reached while they were "
            f"followed{begins} ({booster})."
        )
    median = quantity_text(row.value, unit="weeks")
    return (
        f"{patients}, half had lost it after {median} ({_interval_words(row)}; losses lie between "
        f"two visits, {booster})."
    )


def _interval_words(row: Row) -> str:
    """Return the interval in words; without one, where the data place the number."""
    if said := interval_words(row, otherwise=""):
        return said
    for each in row.notes.split(";"):
        code, _, numbers = each.partition("(")
        if code in ("placed_within", "placed_from"):
            ends = numbers.rstrip(")").split(",")
            placed = f"after {ends[0]} and by {ends[1]}" if len(ends) > 1 else f"from {ends[0]} on"
            return f"there is no interval: the data place it only {placed} weeks"
    return "there is no interval"
