"""The multiverse of a claim: its verdict under every defensible reading of its words.

A reading is one row of a frame: what counts as response, when, what a missing rating means, who is
counted, what a booster does, how the interval is made. The reading fixed in the ledger is one of
them and stays the headline. Readings that are the same by construction are listed once, so that no
choice is counted twice: "baseline carried forward" is "not responding" for a responder rate, and of
those rated at a visit everyone was rated at least once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.adam.adpain import ROUNDING, SCORE_DUST
from analysis.adam.adtte import (
    RatingArrays,
    apply_booster_strategy,
    derive_spans,
    lay_out_ratings,
)
from analysis.adam.study import GROUPINGS, NOT_RECORDED, Study
from analysis.claims.judgement import Readings, Verdict
from analysis.claims.ledger import Claim
from analysis.claims.verdict import judge_intervals
from analysis.labels import READING_CHOICES, READING_DIMENSIONS, visit_week, visit_word
from analysis.numbers import count_text
from analysis.results import Estimate
from analysis.settings import (
    READ_WEEKS,
    SCHEDULE,
    THRESHOLDS_PCT,
    TWO_POINTS,
    AnalysisSettings,
    BoosterStrategy,
    Clock,
    LossRule,
)
from analysis.stats.rates import exact_limits, wilson_limits
from analysis.stats.reductions import SAME, mean_limits, median_limits, ratio_limits
from analysis.stats.relief import (
    MOST_REPLICATES,
    Losses,
    kaplan_meier_curve,
    losses_of,
    median_when_competing,
    no_number,
    relief_numbers,
    week_name,
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
RATE_MISSING = ("not_responding", "observed", "best", "last_value")
MEAN_MISSING = ("baseline_value", "observed", "last_value")
"""For means, everyone without a rating free of pain is a bound and no reading: see tipping."""

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
    is_headline. It is empty where there are no readings, with the ``reason``.

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
    """Return a choice in words: ``outcome`` "30" is "at least 30 % less pain"."""
    if name == "visit":
        return visit_word(choice)
    if name == "minimum_baseline":
        return f"baseline {choice:g} or more" if choice else "any baseline above 0"
    if name == "outcome" and choice not in READING_CHOICES[name]:
        return f"at least {choice} % less pain"
    return READING_CHOICES[name][choice]


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
    others = every.loc[every[name] != some[name].iloc[0], rest]
    return bool(len(some[rest].merge(others)))


# Which readings there are


def list_readings(
    claim: Claim,
    settings: AnalysisSettings,
    *,
    visits: Sequence[str] = (),
    with_infusions: bool = True,
) -> pd.DataFrame:
    """Return every defensible reading of a claim, the headline among them.

    Parameters
    ----------
    claim : Claim
        Where its words name a visit, only that visit is defensible.
    settings : AnalysisSettings
        Their visit, threshold, minimum baseline, loss rule and clock join the usual ones.
    visits : sequence of str
        Analysis visits of the export.
    with_infusions : bool
        Without infusions nobody is known to have completed a series, and there are no boosters.

    Returns
    -------
    DataFrame
        One row a reading, each once: its choices and is_headline; empty where the measure has no
        grid of readings.

    References
    ----------
    Steegen et al. (2016), Perspect Psychol Sci 11:702; Simonsohn et al. (2020), Nat Hum Behav
    4:1208.
    """
    if claim.measure in DURATION_MEASURES:
        return _duration_readings(claim, settings, with_infusions=with_infusions)
    is_rate = claim.measure in RATE_MEASURES
    if is_rate:
        outcomes, intervals = [*_thresholds(claim), "two_points"], ["wilson", "exact"]
    elif claim.measure == "percent_reduction" and claim.definition in MEAN_INTERVALS:
        outcomes, intervals = list(MEAN_INTERVALS), list(chain(*MEAN_INTERVALS.values()))
    else:
        return pd.DataFrame()
    threshold, counted = claim.threshold_pct, "not_responding" if is_rate else "baseline_value"
    headline = {
        "outcome": claim.definition if threshold is None else f"{threshold:g}",
        "visit": claim.visit or settings.analysis_visit,
        "missing": "observed" if claim.population == "observed" else counted,
        "patients": "all_starters",
        "minimum_baseline": settings.minimum_baseline_score,
        "booster": "ends_response" if is_rate else "ignored",
        "interval": "wilson" if is_rate else MEAN_INTERVALS[claim.definition][0],
    }
    readings = _cross(
        outcome=outcomes,
        visit=[headline["visit"]] if claim.visit else [*visits, headline["visit"]],
        missing=RATE_MISSING if is_rate else MEAN_MISSING,
        patients=[name for name in PATIENTS if with_infusions or name != "completed_series"],
        minimum_baseline=sorted({*MINIMUM_BASELINES, settings.minimum_baseline_score}),
        booster=["ends_response", "ignored"],
        interval=intervals,
    )
    # Of those rated at the visit everyone was rated once: the same as of all who started.
    kept = (readings["patients"] != "rated_once") | (readings["missing"] != "observed")
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


def _duration_readings(
    claim: Claim, settings: AnalysisSettings, *, with_infusions: bool
) -> pd.DataFrame:
    """Return the readings of a median duration, or of a share kept to one of `READ_WEEKS`.

    Minimum baselines other than that of the settings are crossed with thresholds, populations and
    estimators, under the loss rule and clock of the settings and the boosters of the claim: they
    change who is in by a few, and each would cost as many resamplings as all the rest.
    """
    if claim.threshold_pct is None or (
        claim.measure == "kept_relief" and visit_week(claim.visit) not in READ_WEEKS
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
        loss_rule=get_args(LossRule),
        population=["responders", "all_starters"],
        minimum_baseline=sorted({*MINIMUM_BASELINES, settings.minimum_baseline_score}),
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

    baseline: Floats  # NaN without a baseline rating
    members: dict[tuple[str, float], Flags]  # who is counted, by patients and minimum baseline
    seen: dict[tuple[str, str], Seen]  # by visit and booster rule


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of each patient at a visit under one booster rule.

    Where a booster ends the response, the baseline score stands for a score after one: no
    reduction.
    """

    score: Floats  # NaN where the outcome is not known
    carried: Floats  # last rating after day 0 up to the day the visit is due, else the baseline
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


def lay_out_patients(
    study: Study, starters: pd.DataFrame, *, visits: Sequence[str], minimums: Sequence[float]
) -> Patients:
    """Lay out patients (`find_starters`) for every visit, booster rule, population and baseline."""
    ids = pd.Index(starters["USUBJID"])
    baseline = starters["BASE"].to_numpy(dtype=float)
    after = study.ratings[study.ratings["POSTFL"] & study.ratings["USUBJID"].isin(ids)]
    after = after.sort_values("ADY", kind="stable")
    who = {
        "all_starters": np.ones(len(ids), dtype=bool),
        "completed_series": starters["NINFUS"].to_numpy(dtype=float) >= FULL_SERIES,
        "rated_once": ids.isin(after.loc[after["PCHG"].notna(), "USUBJID"]),
    }
    least = {minimum: _has_baseline(baseline, minimum) for minimum in minimums}
    seen = {}
    for visit in visits:
        at = study.adpain[study.adpain["AVISIT"] == visit].set_index("USUBJID").reindex(ids)
        rated = at["RATEDFL"].to_numpy(dtype=bool, na_value=False)
        boosted = at["BOOSTFL"].to_numpy(dtype=bool, na_value=False)
        score = at["AVAL"].where(rated).to_numpy(dtype=float)
        before = after[after["ADYEOS"] <= _due_day(study, visit)]
        last = before.drop_duplicates("USUBJID", keep="last").set_index("USUBJID")["AVAL"]
        last = last.reindex(ids).to_numpy(dtype=float)
        carried = np.where(np.isnan(last), baseline, last)
        seen[visit, "ignored"] = Seen(score, carried, np.zeros(len(ids), dtype=bool))
        stopped = boosted & ~rated
        seen[visit, "ends_response"] = Seen(
            np.where(boosted & rated, baseline, score),
            np.where(stopped, baseline, carried),
            stopped,
        )
    members = {(name, m): who[name] & least[m] for name in PATIENTS for m in minimums}
    return Patients(baseline, members, seen)


def _due_day(study: Study, visit: str) -> float:
    """Return the day a visit is due: its target, or the middle day of a visit the export names."""
    planned = {one.name: one.target_day for one in SCHEDULE}
    if visit in planned:
        return planned[visit]
    return float(study.adpain.loc[study.adpain["AVISIT"] == visit, "ADYEOS"].median())


# Shares and means of every reading


def estimate_shares(patients: Patients, readings: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Estimate the responder share of every reading, with intervals at a two-sided level.

    Returns
    -------
    DataFrame
        Columns of ``NUMBERS``, a row each reading, as
        `analysis.stats.rates.estimate_responder_share` gives them; no value where nobody of the
        population was rated at the visit.
    """
    responders = lru_cache(maxsize=None)(lambda *choices: _responders(patients, *choices))
    counts = []
    for one in readings.itertuples(index=False):
        who = patients.members[one.patients, one.minimum_baseline]
        responds, counted = responders(one.outcome, one.visit, one.missing, one.booster)
        rated = patients.seen[one.visit, one.booster].is_rated
        counts.append(
            [np.count_nonzero(who & flags) for flags in (responds, counted, rated)] + [who.sum()]
        )
    events, n, rated, members = np.array(counts).T
    known = rated > 0
    low, high = wilson_limits(events, n, level=level)
    exact = (readings["interval"] == "exact").to_numpy()
    low[exact], high[exact] = exact_limits(events[exact], n[exact], level=level)
    return pd.DataFrame(
        {
            "value": np.where(known, events / np.maximum(n, 1), np.nan),
            "low": np.where(known, low, np.nan),
            "high": np.where(known, high, np.nan),
            "n": n,
            "n_missing": members - rated,
            "n_events": events,
        },
        index=readings.index,
    )


def _responders(
    patients: Patients, outcome: str, visit: str, missing: str, booster: str
) -> tuple[Flags, Flags]:
    """Return who responds under a reading, and who is counted at all."""
    seen = patients.seen[visit, booster]

    def reaches(score: Floats) -> Flags:
        fall = patients.baseline - score
        if outcome == "two_points":
            return fall >= TWO_POINTS - ROUNDING
        return 100.0 * fall / patients.baseline >= float(outcome) - ROUNDING

    if missing == "observed":
        return reaches(seen.score), seen.is_rated
    instead = {
        "not_responding": np.zeros_like(seen.is_rated),
        "best": ~seen.cannot_respond,
        "last_value": reaches(seen.carried),
    }[missing]
    return np.where(seen.is_rated, reaches(seen.score), instead), np.ones_like(seen.is_rated)


def estimate_means(patients: Patients, readings: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Estimate the percent reduction of every reading; otherwise as `estimate_shares`.

    No interval for one patient or where all values are equal.
    """
    rows = []
    for one in readings.itertuples(index=False):
        seen = patients.seen[one.visit, one.booster]
        who = patients.members[one.patients, one.minimum_baseline]
        n_rated = np.count_nonzero(who & seen.is_rated)
        base = patients.baseline[who]
        instead: Floats | float = np.nan
        if one.missing != "observed":
            instead = seen.carried if one.missing == "last_value" else patients.baseline
        score = np.where(seen.is_rated, seen.score, instead)[who]
        percent = 100.0 * (base - score) / base
        of_pairs = one.outcome == "ratio_of_means"
        if one.missing != "observed" and not of_pairs:  # unchanged, also without a baseline
            percent = np.where(np.isnan(percent), 0.0, percent)
        known = ~np.isnan(percent)
        n = np.count_nonzero(known)
        number = (np.nan, np.nan, np.nan)
        if n and n_rated and of_pairs:
            number = _ratio(base[known], score[known], level, fieller=one.interval == "fieller")
        elif n and n_rated:
            number = _middle(percent[known], one.outcome, one.interval, level)
        rows.append((*number, n, np.count_nonzero(who) - n_rated, 0))
    return pd.DataFrame(rows, columns=NUMBERS, index=readings.index)


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


class ReliefCurves:
    """What claims on the duration of relief in one study share, so that it is made once.

    Readings that leave the same losses share one fit and its resamples, which
    `analysis.stats.relief` keeps as long as the generator is the same.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._kept: dict[Hashable, Any] = {}

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

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

        Returns
        -------
        DataFrame
            Columns of ``NUMBERS``, a row each reading: weeks or shares as `analysis.stats.relief`
            gives them, no value for a median that is not reached, NaN for an open end; and
            is_testable, whether there is an answer ("not reached" is one).
        """
        week = visit_week(claim.visit) if claim.measure == "kept_relief" else None
        part = (claim.condition, *group)
        found = [
            self._number(one, starters, part, week) for one in readings.itertuples(index=False)
        ]
        numbers = pd.DataFrame(
            [
                (each.value, each.low, each.high, each.n, 0, each.n_events or 0, each.value
                 is not None or each.status == "not reached")
                for each in found
            ],
            columns=[*NUMBERS, "is_testable"],
            index=readings.index,
        )  # fmt: skip
        return numbers.astype({"value": float, "low": float, "high": float})

    def _number(
        self, one: Any, starters: pd.DataFrame, part: tuple[str, str, str], week: float | None
    ) -> Estimate:
        """Return the number of one reading."""
        settings = self.study.settings
        level = settings.confidence_level
        n_starters = int(np.count_nonzero(_has_baseline(starters["BASE"], one.minimum_baseline)))
        everyone = one.population == "all_starters"
        rated = self._once(("rated", part, one.clock), lambda: self._rated(one.clock, starters))
        if n_starters and not _has_baseline(rated["BASE"], one.minimum_baseline).any():
            return no_number(n_starters if everyone else 0, "weeks", "npmle", "not_at_end")
        chosen = one.outcome, one.loss_rule, one.clock, one.minimum_baseline, one.booster
        losses = self._once((part, *chosen), lambda: self._losses(one, starters, part))
        if everyone:
            losses = losses.with_nonresponders(n_starters - losses.n)
        if one.booster == "competing" and (losses.cause == "booster").any():
            return median_when_competing(losses, level=level)
        if one.estimator == "at_visit":
            curve = kaplan_meier_curve(losses, level=level)
            if curve is None or (week is None and not losses.followed):
                return no_number(losses.n, "weeks", "kaplan_meier", "not_followed")
            return curve.median if week is None else curve.at(week)
        numbers = relief_numbers(
            losses,
            settings,
            clock=one.clock,
            most_replicates=MOST_REPLICATES if one.is_headline else GRID_REPLICATES,
        )
        if week is None:
            return numbers["relief_duration", ""]
        return numbers["relieved_share", week_name(week)]

    def _rated(self, clock: Clock, starters: pd.DataFrame) -> pd.DataFrame:
        """Return the starters rated where relief must be shown to be timed."""
        ratings = self.study.ratings
        known = ratings["POSTFL"] & ratings["PCHG"].notna()
        if clock != "first_response":
            known &= ratings["ROLE"] == "end"
        return starters[starters["USUBJID"].isin(ratings.loc[known, "USUBJID"])]

    def _losses(self, one: Any, starters: pd.DataFrame, part: tuple[str, str, str]) -> Losses:
        """Return the losses a reading is about: of its responders with the baseline asked for."""
        spans = self._once(
            ("spans", part, one.outcome, one.loss_rule, one.clock),
            lambda: derive_spans(
                self._once(("ratings", part), lambda: _lay_out(self.study.ratings, starters)),
                threshold_pct=float(one.outcome),
                rule=one.loss_rule,
                clock=one.clock,
            ).join(starters.set_index("USUBJID")["BASE"]),
        )
        own = spans[_has_baseline(spans["BASE"], one.minimum_baseline)]
        ends = apply_booster_strategy(own, "loss" if one.booster == "competing" else one.booster)
        return losses_of(ends.assign(BADDY=own["first_bad_days"], BOOSTDY=own["booster_days"]))


def _lay_out(ratings: pd.DataFrame, starters: pd.DataFrame) -> RatingArrays:
    own = ratings["POSTFL"] & ratings["USUBJID"].isin(starters["USUBJID"])
    return lay_out_ratings(ratings[own], starters)


# Every reading judged


def judge_readings(claim: Claim, study: Study, *, curves: ReliefCurves | None = None) -> Multiverse:
    """Judge a claim under every defensible reading.

    Parameters
    ----------
    claim : Claim
        On a responder share, a percent reduction, or the duration of relief.
    study : Study
        With the visit, minimum baseline, loss rule, clock, level and arm of the headline reading.
    curves : ReliefCurves, optional
        What claims of one study share; give the same to all.

    Returns
    -------
    Multiverse
        The headline among the readings; no readings, with the reason, where the measure has none
        or treatments would be pooled.
    """
    level = study.settings.confidence_level
    about: dict[str, Any] = {
        "claim_id": claim.claim_id, "condition": claim.condition, "unit": claim.unit,
        "floor": claim.floor, "ceiling": claim.ceiling, "level": level,
    }  # fmt: skip
    if claim.answer != "computed" or (claim.floor is None and claim.ceiling is None):
        reason = "The claim has no figure to be judged against, or none these data could answer."
        return Multiverse(**about, reason=reason)
    readings = list_readings(
        claim, study.settings, visits=study.visits, with_infusions=not study.infusions.empty
    )
    starters, group, reason = find_starters(study, claim)
    if readings.empty or reason:
        reason = reason or "No grid of readings is defined for this measure."
        return Multiverse(**about, reason=reason)
    if claim.measure in DURATION_MEASURES:
        curves = ReliefCurves(study) if curves is None else curves
        numbers = curves.estimate(claim, starters, readings, group=group)
    else:
        patients = lay_out_patients(
            study,
            starters,
            visits=readings["visit"].unique().tolist(),
            minimums=readings["minimum_baseline"].unique().tolist(),
        )
        estimate = estimate_shares if claim.measure in RATE_MEASURES else estimate_means
        numbers = estimate(patients, readings, level=level)
        numbers["is_testable"] = numbers["value"].notna()
    verdict = judge_intervals(
        numbers["low"], numbers["high"], floor=claim.floor, ceiling=claim.ceiling,
        above=claim.above_floor,
    )  # fmt: skip
    verdict = np.where(numbers.pop("is_testable"), verdict, "not testable")
    leads = readings.pop("is_headline")
    made = pd.concat([readings, numbers], axis=1).assign(verdict=verdict, is_headline=leads)
    return Multiverse(**about, readings=made)
