"""The multiverse of a claim: its verdict under every defensible reading of its words.

A reading is one row of a frame: what counts as response, when, who is counted, what a booster does,
how the interval is made. Missing outcomes are no choice: the rule of the verdict holds in every
reading. The reading fixed in the ledger is one of them and stays the headline. Readings that are
the same by construction are listed once, so that no choice is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.adam.adpain import ROUNDING, SCORE_DUST
from analysis.adam.adsl import find_places, is_among
from analysis.adam.adtte import (
    RatingArrays,
    apply_booster_strategy,
    derive_spans,
    lay_out_ratings,
    loss_rules,
)
from analysis.adam.study import GROUPINGS, NOT_RECORDED, Study
from analysis.claims.intervals import Limits, judge_intervals, limits_to_judge, mean_analyses
from analysis.claims.judgement import Readings, Verdict
from analysis.claims.ledger import Claim
from analysis.claims.safety_readings import READ_OTHERWISE, safety_readings
from analysis.claims.verdict import READ_AT
from analysis.errors import InputError
from analysis.labels import READING_CHOICES, READING_DIMENSIONS, visit_week, visit_word
from analysis.numbers import count_text
from analysis.results import Estimate, read_extras
from analysis.settings import THRESHOLDS_PCT, TWO_POINTS, AnalysisSettings, BoosterStrategy, Clock
from analysis.stats.imputation import Pooled, pool_sample_means, pool_shares
from analysis.stats.imputed_visits import BoosterRule, ImputedVisits, impute_visits
from analysis.stats.rates import exact_limits, wilson_limits
from analysis.stats.reductions import (
    BEST_PCT,
    SAME,
    mean_limits,
    median_limits,
    outer_limits,
    ratio_limits,
)
from analysis.stats.relief import (
    MOST_REPLICATES,
    Losses,
    kaplan_meier_curve,
    losses_of,
    median_when_competing,
    no_number,
    relief_numbers,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RATE_MEASURES = ("responder_share", "success", "implied_response")
"""Measures of a claim that a responder share answers."""

DURATION_MEASURES = ("relief_duration", "kept_relief")
"""A median in weeks, and a share still relieved at a week."""

MINIMUM_BASELINES = (0.0, 3.0, 4.0, 5.0)
"""Score. Trials of chronic pain ask for 3, 4 or 5 of 10; 0 asks only that there be pain."""

FULL_SERIES = 6
"""Infusions of a completed series: the protocol the claims describe."""

PATIENTS = ("all_starters", "completed_series", "rated_once")
MEAN_INTERVALS = {
    "mean_of_patients": ("t", "normal"),
    "median_of_patients": ("order_statistics",),
    "ratio_of_means": ("fieller", "delta"),
}
"""The bootstrap intervals of the headline tables have no place in a grid of thousands; these need
no resampling and agree with them in all but small samples."""

STRATEGIES: dict[str, BoosterStrategy] = {
    "booster_as_loss": "loss",
    "booster_as_censoring": "censoring",
    "booster_ignored": "ignored",
}
"""Booster strategy of each definition of a duration."""

READING_VERDICTS: tuple[Verdict, ...] = ("meets", "falls short", "undecided", "not testable")
NUMBERS = ["value", "low", "high", "n", "n_missing", "n_events"]

SPECIFICATIONS = "specifications"
"""Fact under which a notebook keeps `note_specifications`."""

GRID_REPLICATES = 100
"""Resamples of every reading of a duration but the headline, which has as many as its row. A
percentile limit then moves by chance by about a quarter of the estimate's standard error, and all
readings of a population are drawn from one seed."""

MOST_NAMED = 3
"""Choices named as what some readings have in common; more would be a list, not a reason."""

FEW_SHARE = 0.5
"""Up to this share of the readings, a verdict is a minority whose common choices are named."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Multiverse:
    """A claim under every defensible reading.

    ``readings`` has one row a reading: its choices (columns of
    `analysis.labels.READING_DIMENSIONS`), value, low, high (NaN where there is none, or where a
    duration is not reached), n, n_missing, n_events, verdict (by the same rule as the headline) and
    is_headline. Where outcomes are missing the value is the imputed one, and the limits are those
    that are judged (`analysis.claims.intervals.limits_to_judge`). It is empty where there are no
    readings, with the ``reason``.

    The readings are not independent and no sample of anything: their counts show how much the
    verdict depends on the choices, and are no probability.
    """

    claim_id: str
    condition: str
    unit: str
    floor: float | None  # as cited
    ceiling: float | None
    level: float  # two-sided, of every interval
    readings: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""

    @classmethod
    def of(cls, claim: Claim, study: Study, **found: Any) -> Multiverse:
        """Return a claim with the ``readings`` or the ``reason`` found."""
        return cls(
            claim_id=claim.claim_id, condition=claim.condition, unit=claim.unit,
            floor=claim.floor, ceiling=claim.ceiling, level=study.settings.confidence_level,
            **found,
        )  # fmt: skip

    def __post_init__(self) -> None:
        if len(self.readings) and self.readings["is_headline"].sum() != 1:
            raise ValueError("readings have one headline among them")

    @property
    def choices(self) -> list[str]:
        """Columns of the readings that are choices, in the order shown."""
        return [name for name in self.readings.columns if name in READING_DIMENSIONS]

    @property
    def headline(self) -> pd.Series | None:
        """The reading fixed in advance, with its numbers; None where there are no readings."""
        if self.readings.empty:
            return None
        return self.readings[self.readings["is_headline"]].iloc[0]

    @property
    def counts(self) -> dict[str, int]:
        """How many readings give each verdict, all four named."""
        found = [] if self.readings.empty else self.readings["verdict"].tolist()
        return {verdict: found.count(verdict) for verdict in READING_VERDICTS}

    @property
    def n_agreeing(self) -> int:
        """How many readings give the verdict of the headline, itself included."""
        return 0 if self.headline is None else self.counts[self.headline["verdict"]]

    @property
    def summary(self) -> Readings:
        """The part that is kept with a judgement."""
        return Readings(
            n=len(self.readings),
            n_agreeing=self.n_agreeing,
            verdicts=self.counts,
            sentence=self.sentence,
        )

    @property
    def sentence(self) -> str:
        """The finding: counts of each verdict, what the rarer ones have in common, the headline.

        "Falls short in 212 of 240 readings; meets in 3, all of them: only those rated, end of
        series. The reading fixed in advance: falls short."
        """
        if self.headline is None:
            return f"There are no other readings. {self.reason}".strip()
        leads = self.headline["verdict"]
        n_all, counts = len(self.readings), self.counts
        found = sorted(
            (verdict for verdict in counts if counts[verdict]),
            key=lambda verdict: (-counts[verdict], verdict != leads),
        )
        parts: list[str] = []
        for verdict in found:
            n = counts[verdict]
            part = f"{verdict} in {count_text(n)}"
            if n == n_all:
                part = f"{verdict} in all {count_text(n)} readings"
            elif not parts:
                part += f" of {count_text(n_all)} readings"
            if verdict != "not testable" and n <= FEW_SHARE * n_all:
                every = self.readings[self.choices]
                part += what_is_common(every[self.readings["verdict"] == verdict], every)
            parts.append(part)
        if not counts["meets"]:
            parts.append("meets in none")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}. The reading fixed in advance: {leads}."


def choice_word(name: str, choice: Any) -> str:
    """Return a choice in words: ``outcome`` "30" is "at least 30% less pain"."""
    if name == "visit":
        return visit_word(choice)
    if name == "minimum_baseline":
        return f"baseline {choice:g} or more" if choice else "any baseline above 0"
    if name == "outcome" and choice not in READING_CHOICES[name]:
        return f"at least {choice}% less pain"
    return READING_CHOICES[name][choice]


ASKED_WHAT_IF = ("outcome", "visit", "patients", "population", "clock", "loss_rule", "booster")
"""Choices that a reader of the page may change; the others stay as fixed in advance."""


def what_if(multiverse: Multiverse) -> dict[str, Any]:
    """Return the readings a reader may look up, with their choices in words.

    By ``controls``: name and choices of each; ``fixed``: place of the reading fixed in advance
    in each; ``rows``: by places joined by "-", verdict, value, low, high and n. Empty where there
    is nothing to choose.
    """
    head = multiverse.headline
    if head is None:
        return {}
    every = multiverse.readings
    asked = [name for name in multiverse.choices
             if name in ASKED_WHAT_IF and len(every[name].unique()) > 1]  # fmt: skip
    for name in multiverse.choices:
        if name not in asked:
            every = every[every[name] == head[name]]
    known = {name: list(every[name].unique()) for name in asked}
    rows = {}
    for one in every.drop_duplicates(asked).to_dict("records"):
        numbers = [None if pd.isna(one[end]) else float(one[end])
                   for end in ("value", "low", "high")]  # fmt: skip
        place = "-".join(str(known[name].index(one[name])) for name in asked)
        rows[place] = [one["verdict"], *numbers, int(one["n"])]
    controls = [
        {"name": READING_DIMENSIONS[name],
         "choices": [choice_word(name, choice) for choice in known[name]]}
        for name in asked
    ]  # fmt: skip
    fixed = [known[name].index(head[name]) for name in asked]
    return {"controls": controls, "fixed": fixed, "rows": rows} if len(rows) > 1 else {}


def note_specifications(
    claims: Sequence[Claim], grids: Mapping[str, Multiverse]
) -> dict[str, dict[str, Any]]:
    """Return by id of the claim what is printed of its readings, as plain values to be kept."""
    return {
        claim.claim_id: {
            "reading_sha": claim.reading_hash,
            "readings": asdict(grids[claim.claim_id].summary),
            "what_if": what_if(grids[claim.claim_id]) if claim.headline == "yes" else {},
        }
        for claim in claims
        if claim.claim_id in grids
    }


def read_specifications(
    folder: str | Path, claims: Sequence[Claim]
) -> tuple[dict[str, Readings], dict[str, dict[str, Any]]]:
    """Return the readings that notebook 65 left of some claims, and what may be looked up of each.

    Raises
    ------
    InputError
        They are of another reading of a claim: another ledger was judged there.
    """
    left: dict[str, dict[str, Any]] = {}
    for extra in read_extras(folder):
        left |= extra["facts"].get(SPECIFICATIONS, {})
    own = {one.claim_id: one.reading_hash for one in claims if one.claim_id in left}
    if others := [name for name in own if left[name]["reading_sha"] != own[name]]:
        raise InputError(
            f"65_specifications judged another reading of {', '.join(others)} than this ledger "
            "has. Run it again with the same ledger."
        )
    readings = {name: Readings(**left[name]["readings"]) for name in own}
    return readings, {name: left[name]["what_if"] for name in own if left[name]["what_if"]}


def what_is_common(some: pd.DataFrame, every: pd.DataFrame) -> str:
    """Return what some readings (their choices) have in common that not ``every`` one has.

    ", all of them: only those rated, end of series" where a choice is shared by all; else, with at
    least two readings, ", none of them: week 26" where a choice is shared by none; else empty.
    """
    left = every
    shared: list[str] = []
    absent: list[str] = []
    for name in every.columns if len(some) else ():
        used, known = some[name].unique(), left[name].unique()
        if len(used) == 1 < len(known):
            if _explains(name, some, every):
                shared.append(choice_word(name, used[0]))
                # A choice that follows from one already named is not named again.
                left = left[left[name] == used[0]]
        elif len(used) > 1:
            absent += [choice_word(name, choice) for choice in known if choice not in used]
    if shared:
        return f"{', all of them' if len(some) > 1 else ''}: {', '.join(shared)}"
    return f", none of them: {', '.join(absent)}" if 0 < len(absent) <= MOST_NAMED else ""


def _explains(name: str, some: pd.DataFrame, every: pd.DataFrame) -> bool:
    """Return whether one of some readings has a neighbor that differs in this choice only.

    Where none does, their other choices left only this one, and it explains nothing.
    """
    rest = [other for other in every.columns if other != name]
    others = every[every[name] != some[name].iloc[0]]
    own, other = (
        set(zip(*(frame[column].tolist() for column in rest), strict=True))
        for frame in (some, others)
    )
    return not own.isdisjoint(other)


# Which readings there are


def list_readings(
    claim: Claim,
    settings: AnalysisSettings,
    *,
    visits: Sequence[str] = (),
    with_infusions: bool = True,
    in_points: bool = True,
) -> pd.DataFrame:
    """Return every defensible reading of a claim, the headline among them.

    Parameters
    ----------
    claim : Claim
        Where its words name a visit, only that visit is defensible.
    settings : AnalysisSettings
        Their minimum baseline, loss rule and clock join the usual ones.
    visits : sequence of str
        Analysis visits of the export.
    with_infusions : bool
        Without infusions nobody is known to have completed a series, and there are no boosters.
    in_points : bool
        Without scores on 0 to 10 no reading counts points of it.

    Returns
    -------
    DataFrame
        One row a reading, each once: its choices and is_headline; empty where the measure has no
        grid of readings, or a share or mean is not of all who started.

    References
    ----------
    Steegen et al. (2016), Perspect Psychol Sci 11:702; Simonsohn et al. (2020), Nat Hum Behav
    4:1208.
    """
    if claim.measure in DURATION_MEASURES:
        return _duration_readings(
            claim, settings, with_infusions=with_infusions, in_points=in_points
        )
    if claim.population != "all_starters":  # judged on those rated: none of these would be it
        return pd.DataFrame()
    is_rate = claim.measure in RATE_MEASURES
    if is_rate:
        points = ["two_points"] if in_points else []
        outcomes, intervals = [*_thresholds(claim), *points], ["wilson", "exact"]
    elif claim.measure == "percent_reduction" and claim.definition in MEAN_INTERVALS:
        outcomes, intervals = list(MEAN_INTERVALS), list(chain(*MEAN_INTERVALS.values()))
    else:
        return pd.DataFrame()
    threshold = claim.threshold_pct
    headline = {
        "outcome": claim.definition if threshold is None else f"{threshold:g}",
        "visit": claim.visit or READ_AT,
        "patients": "all_starters",
        "minimum_baseline": settings.minimum_baseline_score,
        "booster": "ends_response" if is_rate else "ignored",
        "interval": "wilson" if is_rate else MEAN_INTERVALS[claim.definition][0],
    }
    readings = _cross(
        outcome=outcomes,
        visit=[headline["visit"]] if claim.visit else [*visits, headline["visit"]],
        patients=[name for name in PATIENTS if with_infusions or name != "completed_series"],
        minimum_baseline=_minimums(settings, in_points),
        booster=["ends_response", "ignored"],
        interval=intervals,
    )
    kept = pd.Series(True, index=readings.index)
    for outcome, own in {} if is_rate else MEAN_INTERVALS.items():
        kept &= (readings["outcome"] != outcome) | readings["interval"].isin(own)
    return _with_headline(readings[kept], headline)


def _cross(**choices: Iterable[Any]) -> pd.DataFrame:
    """Return every combination of choices, each choice once and in the order given."""
    several = [list(dict.fromkeys(each)) for each in choices.values()]
    return pd.MultiIndex.from_product(several, names=list(choices)).to_frame(index=False)


def _thresholds(claim: Claim) -> list[str]:
    """Return the least reductions that count, the claim's among them."""
    known = {*THRESHOLDS_PCT, *(() if claim.threshold_pct is None else (claim.threshold_pct,))}
    return [f"{pct:g}" for pct in sorted(known)]


def _with_headline(readings: pd.DataFrame, headline: dict[str, Any]) -> pd.DataFrame:
    is_headline = np.logical_and.reduce([readings[name] == headline[name] for name in headline])
    return readings.assign(is_headline=is_headline).reset_index(drop=True)


def _minimums(settings: AnalysisSettings, in_points: bool) -> list[float]:
    """Return the least baselines asked for: points of 10, so none but pain where there are none."""
    usual = MINIMUM_BASELINES if in_points else ()
    return sorted({*usual, settings.minimum_baseline_score})


def _duration_readings(
    claim: Claim, settings: AnalysisSettings, *, with_infusions: bool, in_points: bool
) -> pd.DataFrame:
    """Return the readings of a median duration, or of a share kept to a week.

    Minimum baselines other than that of the settings are crossed with thresholds, populations and
    estimators, under the loss rule and clock of the settings and the boosters of the claim: they
    change who is in by a few, and each would cost as many resamplings as all the rest.
    """
    if claim.threshold_pct is None or (
        claim.measure == "kept_relief" and claim.visit not in settings.read_weeks
    ):
        return pd.DataFrame()
    headline = {
        "outcome": f"{claim.threshold_pct:g}",
        "clock": settings.relief_clock,
        "loss_rule": settings.loss_rule,
        "population": claim.population,
        "minimum_baseline": settings.minimum_baseline_score,
        "booster": STRATEGIES[claim.definition],
        "estimator": "between_visits",
    }
    boosters = [*get_args(BoosterStrategy), "competing"]
    readings = _cross(
        outcome=_thresholds(claim),
        clock=get_args(Clock),
        loss_rule=loss_rules(in_points),
        population=["responders", "all_starters"],
        minimum_baseline=_minimums(settings, in_points),
        booster=boosters if with_infusions else [headline["booster"]],
        estimator=["between_visits", "at_visit"],
    )
    # Competing boosters have a median only, of losses between visits.
    is_median = claim.measure == "relief_duration"
    kept = (readings["booster"] != "competing") | (
        is_median & (readings["estimator"] == "between_visits")
    )
    own = readings["minimum_baseline"] == headline["minimum_baseline"]
    fixed = [readings[name] == headline[name] for name in ("clock", "loss_rule", "booster")]
    return _with_headline(readings[kept & (own | np.logical_and.reduce(fixed))], headline)


# Patients as arrays: what every reading needs, laid out once


@dataclass(frozen=True, eq=False)
class Patients:
    """Everyone who started and has a pain to reduce, one place in every array for each."""

    ids: pd.Index
    baseline: Floats  # NaN without a baseline rating
    members: dict[tuple[str, float], Flags]  # who is counted, by patients and minimum baseline
    seen: dict[tuple[str, str], Seen]  # by visit and booster rule
    imputed: Mapping[Any, ImputedVisits]  # by booster rule


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of each patient at a visit under one booster rule.

    Where a booster ends the response, the baseline score stands for a score after one: no
    reduction.
    """

    score: Floats  # NaN where the outcome is not known
    is_due: Flags  # the visit lies before the data cut
    cannot_respond: Flags  # not rated, and a booster before the due day had ended the response

    @property
    def is_rated(self) -> Flags:
        """Whether the outcome is known."""
        return ~np.isnan(self.score)


def find_starters(study: Study, claim: Claim) -> tuple[pd.DataFrame, tuple[str, str], str]:
    """Return the patients a claim is judged on, or why there are none: arms are never pooled.

    Returns
    -------
    starters : DataFrame
        Rows of ADSL of everyone who started and has a pain to reduce, whatever the baseline.
    group_by, group : str
        The part of the condition they are.
    refusal : str
        Empty where they may be judged together.
    """
    adsl = study.adsl
    started = adsl[adsl["SAFFL"] & (adsl["BASESTAT"] != "zero").fillna(True)]
    if claim.condition != "all":
        started = started[started["COND"] == claim.condition]
    arms = started["ARM"].fillna(NOT_RECORDED) if started["ARM"].notna().any() else None
    names = [] if arms is None else sorted(arms.unique())
    pooled = "The patients were given different treatments, which must not be pooled."
    if claim.group:
        group_by, _, group = claim.group.partition("=")
        own = started[GROUPINGS[group_by]].fillna(NOT_RECORDED) == group
        return started[own], (group_by, group), pooled if len(names) > 1 else ""
    if not names:
        return started, ("all", "all"), ""
    arm = study.settings.claim_arm or (names[0] if len(names) == 1 else "")
    refusal = pooled
    if arm:
        refusal = "" if arm in names else f"None of these patients is in the arm '{arm}'."
    return started[arms == arm], ("arm", arm), refusal


def _has_baseline(baseline: ArrayLike, minimum: float) -> Flags:
    """Return who has a minimum baseline.

    Who has no baseline rating is a starter whatever is asked for, as in the headline.
    """
    return ~(np.asarray(baseline, dtype=float) < minimum - SCORE_DUST)


class Responders(NamedTuple):
    """Who responded at a visit, as far as it was seen and in each imputed data set."""

    seen: Flags  # shape (n,)
    drawn: NDArray[np.float32]  # 1 for a response, shape (draws, n)
    is_open: Flags  # not imputed, shape (n,)


# Shares and means of every reading


def estimate_shares(
    patients: Patients, readings: pd.DataFrame, *, level: float, has_floor: bool = True
) -> pd.DataFrame:
    """Estimate the responder share of every reading, with the limits judged at a two-sided level.

    Columns of ``NUMBERS``, a row each reading: the share with missing outcomes imputed (where they
    cannot be, of those rated), and `limits_to_judge`; no value where nobody of the population was
    rated at the visit.
    """
    respond = lru_cache(maxsize=1)(partial(_responders, patients))
    pool = lru_cache(maxsize=1)(partial(_pool, level=level))
    counts, imputed = [], []
    grid = readings.sort_values(["visit", "booster", "outcome"], kind="stable")
    for one in grid.itertuples(index=False):
        seen = patients.seen[one.visit, one.booster]
        who = patients.members[one.patients, one.minimum_baseline] & seen.is_due
        found = respond(one.outcome, one.visit, one.booster)
        n = int(np.count_nonzero(who))
        n_open = np.count_nonzero(who & ~seen.is_rated & ~seen.cannot_respond)
        n_rated = np.count_nonzero(who & seen.is_rated)
        counts.append((np.count_nonzero(who & found.seen), n, n_rated, n_open))
        made = n_rated < n and not (who & found.is_open).any()
        events_drawn = found.drawn @ who.astype(np.float32) if made else np.empty(0)
        imputed.append(pool(tuple(events_drawn.tolist()), n) if made else None)
    events, n, rated, n_open = np.array(counts).T
    exact = (grid["interval"] == "exact").to_numpy()

    def limits(k: NDArray[np.int64]) -> Limits:
        low, high = wilson_limits(k, n, level=level)
        low[exact], high[exact] = exact_limits(k[exact], n[exact], level=level)
        return Limits(low, high)

    worst, best = limits(events), limits(events + n_open)
    likely = Limits(
        np.array([np.nan if one is None else one.low for one in imputed]),
        np.array([np.nan if one is None else one.high for one in imputed]),
    )
    low, high = limits_to_judge(
        worst, Limits(*np.where(rated == n, worst, likely)), best, has_floor=has_floor
    )
    value = [
        k / max(m, 1) if one is None else one.value
        for one, k, m in zip(imputed, events, rated, strict=True)
    ]
    made = _numbers(value, low, high, n, n - rated, events, known=rated > 0, index=grid.index)
    return made.reindex(readings.index)


def _pool(events: tuple[float, ...], n: int, *, level: float) -> Pooled:
    return pool_shares(np.array(events) / n, n, level=level)


def _responders(patients: Patients, outcome: str, visit: str, booster: str) -> Responders:
    seen = patients.seen[visit, booster]
    fall = patients.baseline - seen.score
    least = TWO_POINTS if outcome == "two_points" else float(outcome)
    percent = outcome != "two_points"
    known = (100.0 * fall / patients.baseline if percent else fall) >= least - ROUNDING
    drawn = patients.imputed[booster].reductions(
        patients.ids, visit, points=not percent, as_rated=True
    )
    hits = (drawn >= least - ROUNDING).astype(np.float32)
    return Responders(known, hits, np.asarray(np.isnan(drawn).any(axis=0)))


def _numbers(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, n: ArrayLike, n_missing: ArrayLike,
    n_events: ArrayLike, *, known: Flags, index: pd.Index,
) -> pd.DataFrame:  # fmt: skip
    """Return the numbers of readings, none where nobody was rated."""
    made = dict(zip(NUMBERS, (value, low, high, n, n_missing, n_events), strict=True))
    made |= {name: np.where(known, made[name], np.nan) for name in ("value", "low", "high")}
    return pd.DataFrame(made, index=index)


def estimate_means(
    patients: Patients, readings: pd.DataFrame, *, level: float, has_floor: bool = True
) -> pd.DataFrame:
    """Estimate the percent reduction of every reading; otherwise as `estimate_shares`.

    Medians and the fall of the mean score are of those rated. No interval for one patient or where
    all values are equal.
    """
    bound = lru_cache(maxsize=1)(partial(_bound_mean, patients, level=level))
    rows = []
    grid = readings.sort_values(["visit", "booster", "patients", "minimum_baseline"], kind="stable")
    for one in grid.itertuples(index=False):
        seen = patients.seen[one.visit, one.booster]
        who = patients.members[one.patients, one.minimum_baseline] & seen.is_due
        n, rated = np.count_nonzero(who), who & seen.is_rated
        n_rated = np.count_nonzero(rated)
        base, score = patients.baseline[rated], seen.score[rated]
        number = (np.nan, np.nan, np.nan)
        if n_rated and one.outcome == "ratio_of_means":
            number = _ratio(base, score, level, fieller=one.interval == "fieller")
        elif n_rated:
            percent = 100.0 * (base - score) / base
            number = _middle(percent, one.outcome, one.interval, level)
            if one.outcome == "mean_of_patients":
                choices = one.visit, one.booster, one.patients, one.minimum_baseline
                number = _judged_mean(number, bound(*choices), one.interval, level, has_floor)
        whole = one.outcome == "mean_of_patients"
        rows.append((*number, n if whole else n_rated, n - n_rated, 0))
    made = np.array(rows, dtype=float).T if rows else np.empty((6, 0))
    frame = _numbers(*made, known=made[3] > 0, index=grid.index).reindex(readings.index)
    return frame.astype({"n": int, "n_missing": int, "n_events": int})


class MeanBounds(NamedTuple):
    """What the readings of a mean share that differ in its own interval only."""

    unchanged: Floats  # percent reductions with those missing at 0
    n_missing: int
    of_seen: Limits  # the interval that minds unseen tails, of those seen and of all
    of_all: Limits
    imputed: Limits  # NaN where it could not be made, as is the value
    value: float


def _bound_mean(
    patients: Patients,
    visit: str,
    booster: str,
    population: str,
    minimum_baseline: float,
    *,
    level: float,
) -> MeanBounds:
    seen = patients.seen[visit, booster]
    who = patients.members[population, minimum_baseline] & seen.is_due
    rated = who & seen.is_rated
    percent = 100.0 * (patients.baseline[rated] - seen.score[rated]) / patients.baseline[rated]
    n_missing = int(np.count_nonzero(who)) - len(percent)

    def outer(values: Floats, low: float, high: float) -> Limits:
        minimum = minimum_baseline
        return Limits(*outer_limits(values, low, high, minimum_baseline=minimum, level=level))

    of_seen = outer(percent, np.nan, np.nan)
    nothing = Limits(np.nan, np.nan)
    if not n_missing:
        return MeanBounds(percent, 0, of_seen, of_seen, nothing, np.nan)
    unchanged = np.concatenate([percent, np.zeros(n_missing)])
    drawn = patients.imputed[booster].reductions(patients.ids[who], visit)
    value, imputed = np.nan, nothing
    if not np.isnan(drawn).any() and np.ptp(drawn) > SAME:
        pooled = pool_sample_means(drawn, level=level)
        value, imputed = pooled.value, outer(drawn.mean(axis=0), pooled.low, pooled.high)
    of_all = outer(unchanged, np.nan, np.nan)
    return MeanBounds(unchanged, n_missing, of_seen, of_all, imputed, value)


def _judged_mean(
    seen: tuple[float, float, float],
    bounds: MeanBounds,
    interval: str,
    level: float,
    has_floor: bool,
) -> tuple[float, float, float]:
    """Return the mean with missing outcomes, and the limits it is judged on."""

    def outer(own: Sequence[float], tails: Limits) -> Limits:
        return Limits(np.fmin(own[0], tails.low), np.fmax(own[1], tails.high))

    known, n_missing = outer(seen[1:], bounds.of_seen), bounds.n_missing
    if not n_missing:
        return seen[0], float(known.low), float(known.high)
    _, *own = _middle(bounds.unchanged, "mean_of_patients", interval, level)
    to_gain = n_missing / len(bounds.unchanged) * (BEST_PCT - seen[0])
    trio = mean_analyses(outer(own, bounds.of_all), bounds.imputed, known, to_gain=to_gain)
    low, high = limits_to_judge(*trio, has_floor=has_floor)
    return seen[0] if np.isnan(bounds.value) else bounds.value, float(low), float(high)


def _middle(
    percent: Floats, outcome: str, interval: str, level: float
) -> tuple[float, float, float]:
    """Return mean or median of patients' own percent with its interval."""
    n = len(percent)
    flat = n < 2 or np.ptp(percent) <= SAME
    if outcome == "median_of_patients":
        ends = (np.nan, np.nan) if flat else median_limits(np.sort(percent), level=level)
        return float(np.median(percent)), *ends
    value, spread = percent.mean(), np.nan if flat else percent.std(ddof=1)
    low, high = mean_limits(value, spread, n, level=level, student=interval == "t")
    return float(value), float(low), float(high)


def _ratio(
    before: Floats, after: Floats, level: float, *, fieller: bool
) -> tuple[float, float, float]:
    """Return the percent fall of the mean score with its interval."""
    value = float(100.0 * (before.mean() - after.mean()) / before.mean())
    flat = len(before) < 2 or np.ptp(after - before * (1 - value / 100.0)) <= SAME
    ends = (np.nan, np.nan) if flat else ratio_limits(before, after, level=level, fieller=fieller)
    return value, *ends


# Durations of every reading


class Shared:
    """What the claims of one study share, so that it is made once: imputations and relief.

    Readings that leave the same losses share one fit and its resamples, which
    `analysis.stats.relief` keeps.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._kept: dict[Hashable, Any] = {}

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def imputed(self) -> dict[BoosterRule, ImputedVisits]:
        """Return the imputed visits under both booster rules."""
        return self._once(
            "imputed",
            lambda: {rule: impute_visits(self.study, booster=rule)
                     for rule in get_args(BoosterRule)},
        )  # fmt: skip

    def estimate(
        self,
        claim: Claim,
        starters: pd.DataFrame,
        readings: pd.DataFrame,
        *,
        group: tuple[str, str] = ("all", "all"),
    ) -> pd.DataFrame:
        """Estimate the duration of relief, or the share that kept it, under every reading.

        ``starters`` and ``group`` are as `find_starters` gives them.

        Columns of ``NUMBERS``, a row each reading: weeks or shares as `analysis.stats.relief` gives
        them, no value for a median that is not reached, NaN for an open end; and is_testable,
        whether there is an answer ("not reached" is one).
        """
        week = visit_week(claim.visit) if claim.measure == "kept_relief" else None
        part = (claim.condition, *group)
        found: dict[Hashable, Estimate] = {}
        lost = ["outcome", "loss_rule", "clock"]  # readings that differ in others share its spans
        for choices, alike in readings.groupby(lost, sort=False):
            spans = lru_cache(maxsize=1)(partial(self._spans, choices, starters, part))
            for chosen, some in alike.groupby(["minimum_baseline", "booster"], sort=False):
                losses = lru_cache(maxsize=1)(partial(self._losses, chosen, spans))
                for one in some.itertuples():
                    found[one.Index] = self._number(one, starters, part, week, losses)
        numbers = pd.DataFrame(
            [
                (each.value, each.low, each.high, each.n, 0, each.n_events or 0, each.value
                 is not None or each.status == "not reached")
                for each in map(found.__getitem__, readings.index)
            ],
            columns=[*NUMBERS, "is_testable"],
            index=readings.index,
        )  # fmt: skip
        return numbers.astype({"value": float, "low": float, "high": float})

    def _number(
        self,
        one: Any,
        starters: pd.DataFrame,
        part: tuple[str, str, str],
        week: float | None,
        losses_of_responders: Callable[[], Losses],
    ) -> Estimate:
        """Return the number of one reading."""
        settings = self.study.settings
        level = settings.confidence_level
        everyone = one.population == "all_starters"
        n_starters, n_rated = self._once(
            ("counts", part, one.clock, one.minimum_baseline),
            lambda: [np.count_nonzero(_has_baseline(people["BASE"], one.minimum_baseline))
                     for people in (starters, self._rated(one.clock, starters))],
        )  # fmt: skip
        if n_starters and not n_rated:
            return no_number(n_starters if everyone else 0, "weeks", "npmle", "not_at_end")
        same = (part, one.outcome, one.loss_rule, one.clock, one.minimum_baseline, one.booster,
                everyone)  # fmt: skip

        def losses() -> Losses:
            own = losses_of_responders()
            return own.with_nonresponders(n_starters - own.n) if everyone else own

        if one.booster == "competing":
            median = self._once(
                ("competing", *same),
                lambda: (
                    median_when_competing(found, level=level)
                    if ((found := losses()).cause == "booster").any()
                    else None
                ),
            )
            if median is not None:  # else no booster came first
                return median
        if one.estimator == "at_visit":
            dated = self._once(("dated", *same), lambda: _dated(losses(), settings, level))
            return dated[week]
        numbers = self._once(
            ("between", *same, one.is_headline),
            lambda: relief_numbers(
                losses(), settings, clock=one.clock,
                most_replicates=MOST_REPLICATES if one.is_headline else GRID_REPLICATES,
            ),
        )  # fmt: skip
        if week is None:
            return numbers["relief_duration", ""]
        names = {at: name for name, at in settings.read_weeks.items()}
        return numbers["relieved_share", names[week]]

    def _rated(self, clock: Clock, starters: pd.DataFrame) -> pd.DataFrame:
        """Return the starters rated where relief must be shown to be timed."""
        known = self._ids_rated(at_end=clock != "first_response")
        return starters[is_among(starters["USUBJID"], known)]

    def _ids_rated(self, *, at_end: bool) -> pd.Index:
        """Return the patients with a known change after day 0, or at the end of the series."""

        def find() -> pd.Index:
            ratings = self.study.ratings
            known = ratings["POSTFL"] & ratings["PCHG"].notna()
            if at_end:
                known &= ratings["ROLE"] == "end"
            return pd.Index(ratings.loc[known, "USUBJID"].unique())

        return self._once(("ids", at_end), find)

    def _spans(
        self, choices: Sequence[Any], starters: pd.DataFrame, part: tuple[str, str, str]
    ) -> pd.DataFrame:
        """Return the spans of relief under a threshold, a rule of loss and a clock, with BASE."""
        outcome, rule, clock = choices
        ratings = self._once(("ratings", part), lambda: _lay_out(self.study.ratings, starters))
        spans = derive_spans(ratings, threshold_pct=float(outcome), rule=rule, clock=clock)
        return spans.join(starters.set_index("USUBJID")["BASE"])

    @staticmethod
    def _losses(chosen: Sequence[Any], spans: Callable[[], pd.DataFrame]) -> Losses:
        """Return the losses a reading is about: of its responders with the baseline asked for."""
        minimum, booster = chosen
        own = spans()[_has_baseline(spans()["BASE"], minimum)]
        ends = apply_booster_strategy(own, "loss" if booster == "competing" else booster)
        return losses_of(ends.assign(BADDY=own["first_bad_days"], BOOSTDY=own["booster_days"]))

    def starters(self, claim: Claim) -> tuple[pd.DataFrame, tuple[str, str], str]:
        """Return what `find_starters` finds."""
        key = ("starters", claim.condition, claim.group)
        return self._once(key, lambda: find_starters(self.study, claim))

    def lay_out(
        self, starters: pd.DataFrame, *, visits: Sequence[str], minimums: Sequence[float]
    ) -> Patients:
        """Lay out patients (`find_starters`) for each visit, booster rule, population, baseline."""
        ids = pd.Index(starters["USUBJID"])
        baseline = starters["BASE"].to_numpy(dtype=float)
        who = {
            "all_starters": np.ones(len(ids), dtype=bool),
            "completed_series": starters["NINFUS"].to_numpy(dtype=float) >= FULL_SERIES,
            "rated_once": find_places(ids, self._ids_rated(at_end=False)) >= 0,
        }
        least = {minimum: _has_baseline(baseline, minimum) for minimum in minimums}
        seen: dict[tuple[str, str], Seen] = {}
        for visit in visits:
            at = self._once(("visit", visit), partial(self._at, visit)).reindex(ids)
            rated, boosted, due = (
                at[name].to_numpy(dtype=bool, na_value=False)
                for name in ("RATEDFL", "BOOSTFL", "DUEFL")
            )
            score = at["AVAL"].where(rated).to_numpy(dtype=float)
            for rule in self.imputed():
                stopped = boosted & (rule == "ends_response")
                seen[visit, rule] = Seen(
                    score=np.where(stopped & rated, baseline, score),
                    is_due=due,
                    cannot_respond=stopped & ~rated,
                )
        members = {(name, m): who[name] & least[m] for name in PATIENTS for m in minimums}
        return Patients(ids, baseline, members, seen, self.imputed())

    def _at(self, visit: str) -> pd.DataFrame:
        at = self.study.adpain["AVISIT"] == visit
        names = ["USUBJID", "RATEDFL", "BOOSTFL", "DUEFL", "AVAL"]
        return self.study.adpain.loc[at, names].set_index("USUBJID")


def _dated(
    losses: Losses, settings: AnalysisSettings, level: float
) -> dict[float | None, Estimate]:
    """Return the median (None) and the share at each week, with losses dated at the visit."""
    curve, weeks = kaplan_meier_curve(losses, level=level), settings.read_weeks.values()
    unknown = no_number(losses.n, "weeks", "kaplan_meier", "not_followed")
    if curve is None:
        return dict.fromkeys((None, *weeks), unknown)
    seen = {week: losses.seen_by(week, settings)[0] for week in weeks}
    return {None: curve.median if losses.followed else unknown} | {
        week: replace(curve.at(week), n_events=n) for week, n in seen.items()
    }


def _lay_out(ratings: pd.DataFrame, starters: pd.DataFrame) -> RatingArrays:
    own = ratings["POSTFL"] & is_among(ratings["USUBJID"], starters["USUBJID"])
    return lay_out_ratings(ratings[own], starters)


# Every reading judged


def judge_specifications(claims: Sequence[Claim], study: Study) -> dict[str, Multiverse]:
    """Judge each claim that a study could answer under all its readings; by id of the claim."""
    shared = Shared(study)
    return {
        claim.claim_id: judge_readings(claim, study, shared=shared)
        for claim in claims
        if claim.answer == "computed" and claim.condition in {*study.labels, "all"}
    }


def judge_readings(claim: Claim, study: Study, *, shared: Shared | None = None) -> Multiverse:
    """Judge a claim under every defensible reading.

    Parameters
    ----------
    claim : Claim
        On a responder share, a percent reduction, or the duration of relief.
    study : Study
        With the visit, minimum baseline, loss rule, clock, level and arm of the headline reading.
    shared : Shared, optional
        What claims of one study share; give the same to all.

    Returns
    -------
    Multiverse
        The headline among the readings; no readings, with the reason, where the measure has none
        or treatments would be pooled. Claims on opioids and questionnaires have theirs among the
        results (`analysis.claims.record_readings`).
    """
    level = study.settings.confidence_level
    shared = Shared(study) if shared is None else shared
    if claim.answer != "computed" or (claim.floor is None and claim.ceiling is None):
        reason = "The claim has no figure to be judged against, or none these data could answer."
        return Multiverse.of(claim, study, reason=reason)
    starters, group, reason = shared.starters(claim)
    if not reason and claim.measure in READ_OTHERWISE:
        made = safety_readings(claim, study, arm=group[1] if group[0] == "arm" else "")
        if len(made):
            judged = judge_intervals(
                made["low"], made["high"], floor=claim.floor, ceiling=claim.ceiling,
                above=claim.above_floor,
            )  # fmt: skip
            verdict = np.where(made["value"].notna(), judged, "not testable")
            return Multiverse.of(claim, study, readings=made.assign(verdict=verdict))
    readings = list_readings(
        claim, study.settings, visits=study.visits, with_infusions=not study.infusions.empty,
        in_points=study.in_points,
    )  # fmt: skip
    if readings.empty or reason:
        reason = reason or "No grid of readings is defined for this measure and population."
        return Multiverse.of(claim, study, reason=reason)
    if claim.measure in DURATION_MEASURES:
        numbers = shared.estimate(claim, starters, readings, group=group)
    else:
        patients = shared.lay_out(
            starters,
            visits=readings["visit"].unique().tolist(),
            minimums=readings["minimum_baseline"].unique().tolist(),
        )
        estimate = estimate_shares if claim.measure in RATE_MEASURES else estimate_means
        numbers = estimate(patients, readings, level=level, has_floor=claim.floor is not None)
        numbers["is_testable"] = numbers["value"].notna()
    verdict = judge_intervals(
        numbers["low"], numbers["high"], floor=claim.floor, ceiling=claim.ceiling,
        above=claim.above_floor,
    )  # fmt: skip
    verdict = np.where(numbers.pop("is_testable"), verdict, "not testable")
    leads = readings.pop("is_headline")
    made = pd.concat([readings, numbers], axis=1).assign(verdict=verdict, is_headline=leads)
    return Multiverse.of(claim, study, readings=made)
