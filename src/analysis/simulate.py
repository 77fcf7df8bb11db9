"""How often the suite is wrong: error rates of verdicts and coverage of intervals.

``python -m analysis.simulate`` renews the numbers of the pages in docs/simulations; it takes
minutes. A page is prose with numbers between markers (``<!-- name -->`` to ``<!-- end -->``), and
only those are written here. Chances of verdicts on rates are exact: all counts of patients rated
and responding are enumerated. Means, durations and repeated looks are simulated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from math import exp, log
from pathlib import Path
from typing import Literal
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binom

from analysis.claims.intervals import judge_intervals
from analysis.files import write_file
from analysis.numbers import MINUS
from analysis.stats.imputation import impute_scores, pool_shares
from analysis.stats.mmrm import build_design, fit_mmrm_or_simpler
from analysis.stats.npmle import estimate_npmle
from analysis.stats.npmle_bootstrap import bootstrap_relief
from analysis.stats.rates import exact_limits, wilson_limits
from analysis.stats.reductions import mean_limits
from analysis.stats.sequences import (
    bounded_mean_sequence_limits,
    mean_sequence_limits,
    share_sequence_limits,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Rule = Literal["not responding", "unchanged", "observed"]
Leaving = Literal["nobody", "at random", "non-responders more"]

PAGES = Path("docs/simulations")
SEED = 20240607
SIZES = (20, 50, 100, 200, 500, 1000)  # patients of a clinic, a column each
PROMISED = 0.025  # each wrong verdict with nothing missing: half of 1 minus the level, ICH E9
DROPOUTS = (0.1, 0.3, 0.5)
LEAVINGS: tuple[Leaving, ...] = ("at random", "non-responders more")
FACTOR = 2.0  # how many times as often as responders non-responders leave, where they leave more


@dataclass(frozen=True, kw_only=True)
class Chances:
    """How often each verdict is given, in [0, 1]; together 1."""

    meets: float
    falls_short: float
    undecided: float
    not_testable: float
    expected: float  # mean of what the rule estimates (share or percent), if anybody was rated


_LEAVING_WORDS = {"at random": "at random", "non-responders more": "non-responders twice as often"}
_RULE_WORDS = {
    "not responding": "count as not responding",
    "unchanged": "count as unchanged",
    "observed": "left out",
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Who leaves, and what those who left count as."""

    rule: Rule = "observed"
    leaving: Leaving = "nobody"
    dropout: float = 0.0

    @property
    def words(self) -> str:
        """The setting in words: "30 % leave, non-responders twice as often; left out"."""
        if not self.dropout:
            return "nobody leaves"
        how, counted = _LEAVING_WORDS[self.leaving], _RULE_WORDS[self.rule]
        return f"{100 * self.dropout:.0f} % leave, {how}; {counted}"


COMPLETE = Setting()


def settings_in_play(*rules: Rule) -> list[Setting]:
    """Return nothing missing once, then every rule, way of leaving and dropout."""
    return [
        COMPLETE,
        *(
            Setting(rule=rule, leaving=leaving, dropout=dropout)
            for rule, leaving, dropout in product(rules, LEAVINGS, DROPOUTS)
        ),
    ]


def leaving_shares(true_share: float, setting: Setting) -> tuple[float, float]:
    """Return the shares of responders and of non-responders who leave."""
    if setting.leaving != "non-responders more":
        return setting.dropout, setting.dropout
    responders = setting.dropout / (true_share + FACTOR * (1 - true_share))
    if FACTOR * responders > 1:
        raise ValueError(f"{setting.dropout:g} cannot leave with {true_share:g} responding")
    return responders, FACTOR * responders


# The verdict on a responder rate, exact

FLOORS = (0.6, 0.7)
RATE_SETTINGS = settings_in_play("not responding", "observed")
INTERVALS = {"Wilson": wilson_limits, "exact": exact_limits}


def rate_chances(
    n: int, *, true_share: float, floor: float, setting: Setting, interval: str = "Wilson"
) -> Chances:
    """Return how often each verdict is given to a responder rate.

    Parameters
    ----------
    n : int
        Patients who start.
    true_share : float in [0, 1]
        Share who would respond, were all rated: what the verdict is about.
    floor : float in (0, 1)
        Cited floor.
    setting : Setting
    interval : {"Wilson", "exact"}
        95 % interval judged.

    Notes
    -----
    Patients are independent. Among the ``m`` rated, responders are binomial with the share of
    responders among those who stay; ``m`` is binomial too, and all its values are summed over.
    """
    if setting.rule == "unchanged":
        raise ValueError("a rate has no unchanged patients; they count as not responding")
    gone_responding, _ = leaving_shares(true_share, setting)
    seen_responding = true_share * (1 - gone_responding)
    stay = 1 - setting.dropout
    meets_from, short_to = decisive_counts(n, floor, interval)
    nobody = setting.dropout**n
    if setting.rule == "not responding":
        meets = float(binom.sf(meets_from[n] - 1, n, seen_responding))
        short = float(binom.cdf(short_to[n], n, seen_responding))
        short -= nobody if short_to[n] >= 0 else 0.0  # nobody rated is no verdict
        mean = seen_responding / (1 - nobody)
    else:
        rated = np.arange(n + 1)
        weight = binom.pmf(rated, n, stay)
        weight[0] = 0.0
        mean = seen_responding / stay
        meets = float(weight @ binom.sf(meets_from - 1, rated, mean))
        short = float(weight @ binom.cdf(short_to, rated, mean))
    return Chances(
        meets=meets,
        falls_short=short,
        undecided=max(1 - meets - short - nobody, 0.0),
        not_testable=nobody,
        expected=mean,
    )


@lru_cache(maxsize=64)
def decisive_counts(n: int, floor: float, interval: str = "Wilson") -> tuple[Counts, Counts]:
    """Return, for 0 to n patients, the fewest responders that meet and the most that fall short.

    Arrays of shape (n + 1,) by number of patients counted; one more than there are patients, and
    -1, where no count decides.
    """
    patients, events = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = (events <= patients) & (patients > 0)
    low, high = INTERVALS[interval](np.minimum(events, patients), patients)
    meets, short = inside & (low >= floor), inside & (high < floor)
    meets_from = np.where(meets.any(axis=1), meets.argmax(axis=1), np.arange(n + 1) + 1)
    return meets_from, short.sum(axis=1) - 1


# The verdict on a mean percent reduction, simulated. Pain is a whole number from 0 to 10, so a
# patient is one of few pairs of scores before and after; a clinic is a draw of how many patients
# make each pair, and thousands are drawn at once.

FLOOR_PCT = 40.0  # of the claim on fibromyalgia: "40-60% pain decrease on average"
CLINICS = 20_000  # drawn for every cell of the tables
USUAL_BASELINE, BASELINE_SPREAD = 6.8, 1.4
LOW_SHARE = 0.08  # with a score of 1, 2 or 3, in a clinic that asks for no minimum baseline
RELIEVED_LEFT, UNRELIEVED_LEFT = 0.28, 0.97  # mean part of the baseline pain that is left
SCORE_SPREAD = 1.5  # points: how far scores after the series scatter around that
NORMAL = "normal values"
TYPICAL = "scores, baseline 4 or more"
NORMAL_SPREAD_PCT = 35.0
RESPONSE_PCT = 30.0
FLAT = 1e-9  # percent; patients who differ by less are equal: there is no interval
MEAN_SETTINGS = settings_in_play("observed", "unchanged")
SURE = 3.0  # standard Monte-Carlo errors above what is promised, to be called above
Samples = tuple[Floats, Floats, Floats]
"""Mean, sample standard deviation and patients counted, of every clinic."""


@dataclass(frozen=True, eq=False)
class Population:
    """Patients whose percent reductions take few values, in two kinds: relieved, and not."""

    percent: Floats  # percent reduction, at most 100; shape (k,)
    relieved: Floats  # share of each value among the relieved; sums to 1
    unrelieved: Floats

    def shares(self, true_mean_pct: float) -> Floats:
        """Return the share of each value where the mean of all patients is this."""
        low, high = float(self.unrelieved @ self.percent), float(self.relieved @ self.percent)
        part = (true_mean_pct - low) / (high - low)
        if not 0 <= part <= 1:
            raise ValueError(f"a mean of {true_mean_pct:g} % is outside {low:.0f} to {high:.0f} %")
        return part * self.relieved + (1 - part) * self.unrelieved

    def skewness(self, true_mean_pct: float) -> float:
        """Return the skewness: below 0 the few lie far below the mean."""
        shares = self.shares(true_mean_pct)
        off = self.percent - true_mean_pct
        return float(shares @ off**3 / (shares @ off**2) ** 1.5)


@lru_cache(maxsize=1)
def populations() -> dict[str, Population]:
    """Return the three populations of patients by name."""
    usual = np.arange(4.0, 11.0)
    weight = np.exp(-0.5 * ((usual - USUAL_BASELINE) / BASELINE_SPREAD) ** 2)
    weight /= weight.sum()
    some = np.concatenate(([1.0, 2.0, 3.0], usual))
    low = np.concatenate((np.full(3, LOW_SHARE / 3), (1 - LOW_SHARE) * weight))
    return {
        TYPICAL: _scored(usual, weight),
        "scores, any baseline above 0": _scored(some, low),
        "all or nothing": Population(np.array([0.0, 100.0]), np.eye(2)[1], np.eye(2)[0]),
    }


def _scored(baseline: Floats, weight: Floats) -> Population:
    """Return patients with these baseline scores; after, normal pain rounded to 0 to 10."""
    percent = 100.0 * (1 - np.arange(11.0) / baseline[:, None])
    edges = np.concatenate(([-np.inf], np.arange(10) + 0.5, [np.inf]))

    def shares(part_left: float) -> Floats:
        after = ndtr((edges - (part_left * baseline)[:, None]) / SCORE_SPREAD)
        return (weight[:, None] * np.diff(after, axis=1)).ravel()

    return Population(percent.ravel(), shares(RELIEVED_LEFT), shares(UNRELIEVED_LEFT))


def draw_normal(
    rng: np.random.Generator, n: int, *, true_mean_pct: float, clinics: int
) -> dict[Rule, Samples]:
    """Return samples of normal values: what Student's interval was made for."""
    mean = rng.normal(true_mean_pct, NORMAL_SPREAD_PCT / n**0.5, clinics)
    spread = NORMAL_SPREAD_PCT * np.sqrt(rng.chisquare(n - 1, clinics) / (n - 1))
    return {"observed": (mean, spread, np.full(clinics, float(n)))}


def draw_clinics(
    population: Population,
    rng: np.random.Generator,
    n: int,
    *,
    true_mean_pct: float,
    clinics: int,
    setting: Setting,
) -> dict[Rule, Samples]:
    """Draw clinics of n patients, some of whom leave before they are rated.

    Returns samples of those rated (``observed``) and of all, those who left with a reduction of 0
    (``unchanged``), with NaN means where nobody was rated; the rule of the setting is not used.
    """
    shares, percent = population.shares(true_mean_pct), population.percent
    responds = percent >= RESPONSE_PCT
    gone = leaving_shares(float(shares[responds].sum()), setting)
    stay = shares * (1 - np.where(responds, *gone))
    counts = rng.multinomial(n, [*stay, max(1 - stay.sum(), 0.0)], size=clinics)[:, :-1]
    rated = counts.sum(axis=1).astype(float)
    sums, squares = counts @ percent, counts @ percent**2

    def samples(of: Floats) -> Samples:
        known = rated > 0
        mean = np.where(known, sums / np.where(known, of, 1.0), np.nan)
        around = np.maximum(squares - of * np.nan_to_num(mean) ** 2, 0.0)
        spread = np.sqrt(around / np.maximum(of - 1, 1.0))
        return mean, np.where(spread > FLAT, spread, np.nan), of

    return {"observed": samples(rated), "unchanged": samples(np.full(clinics, float(n)))}


def judge_clinics(samples: Samples, *, floor_pct: float = FLOOR_PCT) -> Chances:
    """Judge every clinic by its 95 % Student interval, and count."""
    mean, spread, n = samples
    known = np.isfinite(mean)
    verdicts = judge_intervals(*mean_limits(mean, spread, n), floor=floor_pct)

    meets, short, undecided = (
        float(np.mean((verdicts == verdict) & known))
        for verdict in ("meets", "falls short", "undecided")
    )
    return Chances(
        meets=meets,
        falls_short=short,
        undecided=undecided,
        not_testable=float(np.mean(~known)),
        expected=float(mean[known].mean()) if known.any() else float("nan"),
    )


@lru_cache(maxsize=1024)
def mean_chances(
    n: int,
    *,
    offset: float,
    population: str = TYPICAL,
    leaving: Leaving = "nobody",
    dropout: float = 0.0,
    clinics: int = CLINICS,
    seed: int = SEED,
) -> dict[Rule, Chances]:
    """Return how often each verdict is given to a mean percent reduction, under every rule.

    ``offset`` is the true mean minus the cited floor of 40 %, in percent points; ``population`` is
    "normal values" or a name of `populations`. Each call has a generator of its own, so no number
    depends on which others were made.
    """
    key = f"{population}|{float(offset)}|{n}|{leaving}|{dropout}"
    rng = np.random.default_rng([seed, crc32(key.encode())])
    truth = FLOOR_PCT + offset
    if population == NORMAL:
        drawn = draw_normal(rng, n, true_mean_pct=truth, clinics=clinics)
    else:
        setting = Setting(leaving=leaving, dropout=dropout)
        drawn = draw_clinics(
            populations()[population], rng, n, true_mean_pct=truth, clinics=clinics, setting=setting
        )
    return {rule: judge_clinics(samples) for rule, samples in drawn.items()}


# Coverage of the intervals of relief duration, simulated

VISITS = np.array([2.0, 4.0, 8.0, 12.0, 26.0])  # planned weeks after the end of series
SHAPE, SCALE_WEEKS = 1.2, 12.0  # Weibull: median 8.8 weeks, a third beyond 12, 1 in 12 beyond 26
HORIZON_WEEKS = 26.0
ASKED_WEEKS = (4.0, 12.0)
RELIEF_SIZES = (50, 100, 200, 500)
MISSED = 0.30
LEAVES_RELIEVED, LEAVES_LOST = 0.05, 0.30
RESAMPLES = 500
DATASETS = 1000
COVERED = (
    "median, guarded", "median, even spread", "RMST, guarded", "RMST, even spread",
    "share at week 4", "share at week 12",
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """A truth and a way of leaving."""

    name: str
    draw: Callable[[np.random.Generator, int], Floats]  # true weeks of relief of n patients
    unseen: bool  # leaving depends on a loss no visit has shown, not on what a visit showed
    median: float
    mean: float  # restricted to week 26
    shares: tuple[float, ...]  # still relieved at `ASKED_WEEKS`


def _weibull_share(week: float) -> float:
    return exp(-((week / SCALE_WEEKS) ** SHAPE))


def weibull_weeks(rng: np.random.Generator, n: int) -> Floats:
    """Return relief times that end early in a long gap more often than late in it."""
    return SCALE_WEEKS * rng.weibull(SHAPE, n)


def even_weeks(rng: np.random.Generator, n: int) -> Floats:
    """Return relief times with the same shares at the visits, spread evenly between them."""
    edges = np.concatenate(([0.0], VISITS))
    shares = np.array([_weibull_share(week) for week in edges])
    return np.interp(rng.random(n), 1 - shares, edges, right=2 * HORIZON_WEEKS)


def visit_intervals(
    rng: np.random.Generator, true_weeks: Floats, *, unseen: bool
) -> tuple[Floats, Floats]:
    """Return (last good visit, first bad visit] under missed visits and leaving.

    With ``unseen`` a patient leaves in place of a visit, more often when relief has been lost
    since; else after a visit, more often when that visit showed the loss.
    """
    size = (true_weeks.size, VISITS.size)
    is_lost = true_weeks[:, None] <= VISITS
    attends = rng.random(size) >= MISSED
    leaves = rng.random(size) < np.where(is_lost, LEAVES_LOST, LEAVES_RELIEVED)
    gone = np.cumsum(leaves if unseen else leaves & attends, axis=1) > 0
    if not unseen:
        gone = np.column_stack((np.zeros(true_weeks.size, np.bool_), gone[:, :-1]))
    seen = attends & ~gone
    left = np.where(seen & ~is_lost, VISITS, 0.0).max(axis=1)
    return left, np.where(seen & is_lost, VISITS, np.inf).min(axis=1)


def scenarios() -> tuple[Scenario, ...]:
    """Return the three truths of the table, with their true numbers."""
    weeks = np.linspace(0, HORIZON_WEEKS, 260_001)
    smooth = np.exp(-((weeks / SCALE_WEEKS) ** SHAPE))
    edges = np.concatenate(([0.0], VISITS))
    line = np.interp(weeks, edges, [_weibull_share(week) for week in edges])
    shares = tuple(_weibull_share(week) for week in ASKED_WEEKS)
    even = float(np.interp(-0.5, -line, weeks)), float(np.trapezoid(line, weeks))
    usual = SCALE_WEEKS * log(2) ** (1 / SHAPE), float(np.trapezoid(smooth, weeks))
    return (
        Scenario("A. spread evenly between visits", even_weeks, False, *even, shares),
        Scenario("B. Weibull", weibull_weeks, False, *usual, shares),
        Scenario("C. Weibull, leaving unseen", weibull_weeks, True, *usual, shares),
    )


def relief_coverage(
    scenario: Scenario, n: int, *, datasets: int, seed: int
) -> dict[str, list[bool]]:
    """Return, for each number, whether its interval held the truth in each data set with one."""
    rng = np.random.default_rng((seed, n))
    held: dict[str, list[bool]] = {name: [] for name in COVERED}
    for _ in range(datasets):
        rows = visit_intervals(rng, scenario.draw(rng, n), unseen=scenario.unseen)
        found = bootstrap_relief(
            estimate_npmle(*rows),
            rng=rng,
            times=ASKED_WEEKS,
            lost_shares=(0.5,),
            tau=HORIZON_WEEKS,
            replicates=RESAMPLES,
        )
        guarded, even = found.guarded, found.even_spread
        assert guarded.restricted_mean is not None and even.restricted_mean is not None
        numbers = (
            (guarded.quantiles[0], scenario.median),
            (even.quantiles[0], scenario.median),
            (guarded.restricted_mean, scenario.mean),
            (even.restricted_mean, scenario.mean),
            *zip(guarded.survival, scenario.shares, strict=True),
        )
        for name, (estimate, truth) in zip(COVERED, numbers, strict=True):
            if estimate.level is not None:  # a limit not reached does not exclude the truth
                above = estimate.low is None or estimate.low <= truth
                below = estimate.high is None or truth <= estimate.high
                held[name].append(above and below)
    return held


# Looking again every month, simulated: how often an interval excludes the truth at some look

LOOK_EVERY, FIRST_LOOKED_AT = 10, 20  # patients between looks, and at the first
LOOKED_UP_TO = (50, 100, 200, 500)
TRUE_SHARES = (0.1, 0.5, 0.6, 0.7, 0.9)
PERCENT_BOUNDS = (-150.0, 100.0)  # of scores from 0 to 10 and a baseline of at least 4
LOOKING_CLINICS = 4_000


def looked_at(last: int) -> Counts:
    """Return the numbers of patients at which a clinic is looked at, up to the last."""
    return np.arange(FIRST_LOOKED_AT, last + 1, LOOK_EVERY)


def share_looks(
    true_share: float, *, last: int, clinics: int, seed: int
) -> dict[str, NDArray[np.bool_]]:
    """Return for each interval of a share whether it excludes the truth, by clinic and look."""
    rng = np.random.default_rng([seed, crc32(f"share|{true_share}".encode())])
    looks = looked_at(last)
    events = (rng.random((clinics, last)) < true_share).cumsum(axis=1)[:, looks - 1]
    counts, patients = np.meshgrid(np.arange(last + 1), looks, indexing="ij")
    counts = np.minimum(counts, patients)
    erred = {}
    for name, limits in (("Wilson", wilson_limits), ("sequence", share_sequence_limits)):
        low, high = limits(counts, patients)
        excluded = (low > true_share) | (high < true_share)
        erred[name] = excluded[events, np.arange(looks.size)]
    return erred


def mean_looks(
    population: str, *, last: int, clinics: int, seed: int
) -> dict[str, NDArray[np.bool_]]:
    """Return the same of a mean of 40 % reduction; ``population`` is a name of `populations`."""
    rng = np.random.default_rng([seed, crc32(f"mean|{population}".encode())])
    looks, of = looked_at(last), populations()[population]
    values = rng.choice(of.percent, p=of.shares(FLOOR_PCT), size=(clinics, last))
    mean = values.cumsum(axis=1)[:, looks - 1] / looks
    squares = (values**2).cumsum(axis=1)[:, looks - 1]
    spread = np.sqrt(np.maximum(squares - looks * mean**2, 0.0) / (looks - 1))
    made = {
        "Student": mean_limits(mean, spread, np.broadcast_to(looks, mean.shape)),
        "sequence": tuple(end[:, looks - 1] for end in mean_sequence_limits(values)),
    }
    if PERCENT_BOUNDS[0] <= values.min():
        low, high = PERCENT_BOUNDS
        bounded = bounded_mean_sequence_limits(values, lowest=low, highest=high)
        made["bounded sequence"] = tuple(end[:, looks - 1] for end in bounded)
    return {name: (low > FLOOR_PCT) | (high < FLOOR_PCT) for name, (low, high) in made.items()}


def looking_blocks(*, clinics: int = LOOKING_CLINICS, seed: int = SEED) -> dict[str, str]:
    """Simulate clinics that look again every ten patients and return their numbers by name."""

    def row(what: str, name: str, erred: NDArray[np.bool_]) -> list[str]:
        looks = looked_at(LOOKED_UP_TO[-1])
        ever = [_pct(float(erred[:, looks <= n].any(axis=1).mean())) for n in LOOKED_UP_TO]
        return [f"{what}, {name}", _pct(float(erred[:, -1].mean())), *ever]

    drawn = {"last": LOOKED_UP_TO[-1], "clinics": clinics, "seed": seed}
    head = [f"once, at {LOOKED_UP_TO[-1]}", *(f"up to {n} patients" for n in LOOKED_UP_TO)]
    shares = [
        row(f"{100 * true:.0f} %", name, erred)
        for true in TRUE_SHARES
        for name, erred in share_looks(true, **drawn).items()
    ]
    means = [
        row(what, name, erred)
        for what in populations()
        for name, erred in mean_looks(what, **drawn).items()
    ]
    error = 100 * (0.05 * 0.95 / clinics) ** 0.5
    return {
        "looking: drawn": (
            f"{clinics:,} clinics in each row (seed {seed}), looked at after {FIRST_LOOKED_AT} "
            f"patients and every {LOOK_EVERY} more: one\nstandard Monte-Carlo error is "
            f"{error:.1f} points at 5 %."
        ),
        "looking: shares": _table(["true share and interval", *head], shares),
        "looking: means": _table(["patients and interval", *head], means),
    }


# Means and shares at the last visit where those in more pain leave. Scores are whole numbers from 0
# to 10, so the normal model is wrong as it is in a clinic.

COURSE_LEFT = (0.45, 0.55, 0.65, 0.75)  # mean part of the baseline pain left at each visit
COURSE_SPREAD, COURSE_CORRELATION = 2.2, 0.7  # points; between neighbouring visits
COURSE_SIZES, COURSE_DROPOUTS = (30, 100, 300), (0.1, 0.3)
COURSE_COVERED = ("mean, seen only", "mean, MMRM", "share, seen only", "share, imputed")


def draw_courses(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Return baselines (n,) and scores at four visits (n, 4) of patients who all stay."""
    usual = rng.normal(USUAL_BASELINE, BASELINE_SPREAD, n)
    baseline = np.clip(np.round(usual), 4, 10)
    steps = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    covariance = COURSE_SPREAD**2 * COURSE_CORRELATION**steps
    noise = rng.standard_normal((n, 4)) @ np.linalg.cholesky(covariance).T
    return baseline, np.clip(np.round(baseline[:, None] * COURSE_LEFT + noise), 0, 10)


def leave_in_pain(rng: np.random.Generator, scores: Floats, dropout: float) -> Floats:
    """Return scores with those gone missing: the chance to leave is in proportion to the score."""
    chance = 1 - (1 - dropout) ** (1 / (scores.shape[1] - 1))
    after = scores[:, :-1] / scores[:, :-1].mean(axis=0) * chance
    gone = np.cumsum(rng.random(after.shape) < after, axis=1) > 0
    return np.column_stack((scores[:, 0], np.where(gone, np.nan, scores[:, 1:])))


@lru_cache(maxsize=1)
def course_truth() -> tuple[Floats, float]:
    """Return the mean last score by baseline (0 to 10), and the share at least 30 % better."""
    baseline, scores = draw_courses(np.random.default_rng(SEED), 2_000_000)
    n = np.bincount(baseline.astype(int), minlength=11)
    total = np.bincount(baseline.astype(int), scores[:, -1], minlength=11)
    return total / np.maximum(n, 1), float(np.mean(scores[:, -1] <= 0.7 * baseline))


def missing_coverage(
    n: int, *, dropout: float, datasets: int, seed: int
) -> dict[str, list[tuple[bool, float]]]:
    """Return, for each number, whether its interval held the truth, and estimate minus truth.

    Means are of the patients of the data set with the baselines they have; shares are of all such
    patients.
    """
    rng = np.random.default_rng((seed, n, round(100 * dropout)))
    by_baseline, share = course_truth()
    found: dict[str, list[tuple[bool, float]]] = {name: [] for name in COURSE_COVERED}
    for _ in range(datasets):
        baseline, complete = draw_courses(rng, n)
        table = pd.DataFrame(leave_in_pain(rng, complete, dropout))
        design = build_design(table.index, baseline=pd.Series(baseline))
        fit = fit_mmrm_or_simpler(table, design.covariates)
        mean = fit.marginal_means(design.profiles).iloc[-1]
        imputed = impute_scores(fit, table, design.covariates, rng=rng)
        drawn = imputed.at_visit(table.columns[-1], step=1)
        pooled = pool_shares((drawn <= 0.7 * baseline).mean(axis=1), n)
        last = table.iloc[:, -1].dropna()
        limits = mean_limits(last.mean(), last.std(), len(last))
        better = int((last <= 0.7 * baseline[last.index]).sum())
        wilson = wilson_limits(better, len(last))
        truth = float(by_baseline[baseline.astype(int)].mean())
        for name, value, ends, true in zip(
            COURSE_COVERED,
            (last.mean(), mean.estimate, better / len(last), pooled.value),
            (limits, (mean.low, mean.high), wilson, (pooled.low, pooled.high)),
            (truth, truth, share, share),
            strict=True,
        ):
            found[name].append((bool(ends[0] <= true <= ends[1]), float(value - true)))
    return found


# The numbers of the pages, as Markdown

MEAN_OFFSETS_PCT = (-30, -20, -10, -5, -2, 0, 2, 5, 10, 20)
"""True value minus the floor, percent points: from far below to far above."""

RATE_OFFSETS_PCT = (*MEAN_OFFSETS_PCT, 25)
TRUTHS_PCT = {0: "on the floor", 10: "10 points above", -10: "10 points below"}
LEAVES = "who leaves, and what they count as"
BySize = Callable[[int], Chances]
"""Chances by number of patients: a row of a table."""


def _pct(chance: float, decimals: int = 1) -> str:
    """Return a chance as percent without the sign; dust below 0 is 0."""
    return f"{100 * max(chance, 0.0):.{decimals}f}"


def _points(number: float) -> str:
    """Return a difference with its sign; 0.0 without one."""
    text = f"{number:+.1f}"
    return text.replace("-", MINUS) if float(text) else "0.0"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    first, *columns = head
    text = [f"| {' | '.join(line)} |" for line in ([first, *columns], *rows)]
    return "\n".join([text[0], "|---|" + "---:|" * len(columns), *text[1:]])


def _by_size(first: str, rows: Mapping[str, BySize], decimals: int = 1) -> str:
    """Return a table of ``meets / falls short`` by size of the clinic."""

    def cell(chances: Chances) -> str:
        return f"{_pct(chances.meets, decimals)} / {_pct(chances.falls_short, decimals)}"

    head = [first, *(f"n = {n}" for n in SIZES)]
    return _table(head, ([name, *(cell(row(n)) for n in SIZES)] for name, row in rows.items()))


def _at(truth_pct: float, offset_pct: float) -> str:
    if not offset_pct:
        return f"{truth_pct:.0f} %, on the floor"
    side = "above" if offset_pct > 0 else "below"
    return f"{truth_pct:.0f} %, {abs(offset_pct):.0f} points {side}"


def _distortion(
    settings: Iterable[Setting],
    truths_pct: Sequence[float],
    expected_pct: Callable[[float, Setting], float],
) -> str:
    """Return a table of what each rule estimates minus the truth."""
    rows = (
        [one.words, *(_points(expected_pct(truth, one) - truth) for truth in truths_pct)]
        for one in settings
    )
    return _table([LEAVES, *(f"{truth:.0f} %" for truth in truths_pct)], rows)


def _breaks(
    who: str,
    cells: Mapping[tuple[int, str], Chances],
    bar: Callable[[str, int], float],
    how: str = "above",
) -> list[str]:
    """Return lines on where a wrong verdict is given more often than its bar.

    ``cells`` are by number of patients and where that is; of equal ones the first is the worst.
    """
    lines = []
    for verdict in ("meets", "falls_short"):
        found = {at: getattr(chances, verdict) for at, chances in cells.items()}
        over = {at: chance for at, chance in found.items() if chance > bar(verdict, at[0])}
        if over:
            worst = max(over, key=over.__getitem__)
            sizes = ", ".join(str(n) for n in sorted({n for n, _ in over}))
            lines.append(
                f"- **{who[0].upper()}{who[1:]}:** wrong `{verdict.replace('_', ' ')}` in up to "
                f"{_pct(over[worst])} % of clinics ({worst[1]}); {how} 2.5 % at n = {sizes}."
            )
    return lines


def rate_blocks() -> dict[str, str]:
    """Return the numbers on responder rates by name; nothing in them is drawn."""

    def rate(
        floor: float, offset_pct: float, setting: Setting = COMPLETE, interval: str = "Wilson"
    ) -> BySize:
        truth = floor + offset_pct / 100
        return partial(
            rate_chances, true_share=truth, floor=floor, setting=setting, interval=interval
        )

    # Both verdicts are wrong the more often the nearer the truth lies to the floor, so the worst
    # case is the truth on the floor (for ``meets``: as near below it as one likes).
    breaks = []
    for one in RATE_SETTINGS:
        cells = {
            (n, f"n = {n}, floor {100 * floor:.0f} %"): rate(floor, 0, one)(n)
            for n, floor in product(reversed(SIZES), reversed(FLOORS))
        }
        breaks += _breaks(one.words, cells, lambda verdict, n: PROMISED)
    limits = {
        f"{100 * floor:.0f} %, {interval}": rate(floor, 0, interval=interval)
        for floor, interval in product(FLOORS, INTERVALS)
    }
    blocks = {
        "rates: where the rule breaks": "\n".join(breaks),
        "rates: on the floor": _by_size("floor and interval", limits, decimals=2),
        "rates: distortion": _distortion(
            RATE_SETTINGS,
            (50, 60, 70, 80),
            lambda truth, one: 100 * rate(0.6, truth - 60, one)(SIZES[-1]).expected,
        ),
    }
    for floor in FLOORS:
        cited = f"floor {100 * floor:.0f} %"
        complete = {_at(100 * floor + off, off): rate(floor, off) for off in RATE_OFFSETS_PCT}
        blocks[f"rates: nothing missing, {cited}"] = _by_size("truth", complete)
        for off, where in TRUTHS_PCT.items():
            missing = {one.words: rate(floor, off, one) for one in RATE_SETTINGS}
            blocks[f"rates: patients missing, {cited}, {where}"] = _by_size(LEAVES, missing)
    return blocks


def mean_blocks(*, clinics: int = CLINICS, seed: int = SEED) -> dict[str, str]:
    """Simulate means and return their numbers by name."""

    def mean(name: str, offset: float, setting: Setting = COMPLETE) -> BySize:
        def chances(n: int) -> Chances:
            under_each_rule = mean_chances(
                n, offset=offset, population=name, leaving=setting.leaving,
                dropout=setting.dropout, clinics=clinics, seed=seed,
            )  # fmt: skip
            return under_each_rule[setting.rule]

        return chances

    def on_the_floor(name: str, setting: Setting = COMPLETE) -> dict[tuple[int, str], Chances]:
        return {(n, f"n = {n}"): mean(name, 0, setting)(n) for n in SIZES}

    error = (PROMISED * (1 - PROMISED) / clinics) ** 0.5
    limits = {name: mean(name, 0) for name in (NORMAL, *populations())}
    breaks = []
    for name in limits:
        who = name
        if name != NORMAL:
            who += f" (skewness {_points(populations()[name].skewness(FLOOR_PCT))})"
        breaks += _breaks(who, on_the_floor(name), lambda verdict, n: PROMISED + SURE * error)

    def with_nobody_missing(verdict: str, n: int) -> float:
        complete: float = getattr(mean(TYPICAL, 0)(n), verdict)
        return max(complete, PROMISED) + 2 * SURE * error

    for one in MEAN_SETTINGS[1:]:  # only what leaving adds to what the interval does without it
        cells = on_the_floor(TYPICAL, one)
        breaks += _breaks(one.words, cells, with_nobody_missing, "well above")
    blocks = {
        "means: drawn": (
            f"{clinics:,} clinics are drawn for every cell (seed {seed}), so that one standard "
            f"Monte-Carlo error\nis {100 * error:.2f} points at 2.5 %."
        ),
        "means: where the verdict breaks": "\n".join(breaks),
        "means: on the floor": _by_size("patients", limits, decimals=2),
        "means: distortion": _distortion(
            MEAN_SETTINGS,
            [FLOOR_PCT + off for off in sorted(TRUTHS_PCT)],
            lambda truth, one: mean(TYPICAL, truth - FLOOR_PCT, one)(SIZES[-1]).expected,
        ),
    }
    for name in limits:
        truths = {_at(FLOOR_PCT + off, off): mean(name, off) for off in MEAN_OFFSETS_PCT}
        blocks[f"means: nothing missing, {name}"] = _by_size("truth", truths)
    for off, where in TRUTHS_PCT.items():
        missing = {one.words: mean(TYPICAL, off, one) for one in MEAN_SETTINGS}
        blocks[f"means: patients missing, {where}"] = _by_size(LEAVES, missing)
    return blocks


def relief_blocks(*, datasets: int = DATASETS, seed: int = SEED) -> dict[str, str]:
    """Simulate durations and return their numbers by name."""
    error = 100 * (0.95 * 0.05 / datasets) ** 0.5
    rows, without = [], 0
    for scenario in scenarios():
        for n in RELIEF_SIZES:
            held = relief_coverage(scenario, n, datasets=datasets, seed=seed)
            covered = [f"{100 * np.mean(held[name]):.1f}" for name in COVERED]
            rows.append([scenario.name, str(n), *covered])
            without = max(without, *(datasets - len(held[name]) for name in COVERED))
    facts = [
        f"- {one.name[0]}: median {one.median:.2f} weeks, RMST to week 26 {one.mean:.2f} weeks"
        for one in scenarios()
    ]
    facts.append(f"- data sets left out for want of an interval: at most {without} in one cell")
    return {
        "relief: drawn": (
            f"{datasets} data sets in each row (seed {seed}), {RESAMPLES} resamples of patients in "
            f"each: one standard\nMonte-Carlo error is {error:.1f} points at 95 %, so 95 % nominal "
            f"means about {error:.1f} x 2 either way."
        ),
        "relief: coverage": _table(["truth and leaving", "n", *COVERED], rows),
        "relief: truths": "\n".join(facts),
    }


def missing_blocks(*, datasets: int = DATASETS, seed: int = SEED) -> dict[str, str]:
    """Simulate patients who leave in pain and return coverage and bias by name."""
    error = 100 * (0.95 * 0.05 / datasets) ** 0.5
    covered, bias = [], []
    for dropout, n in product(COURSE_DROPOUTS, COURSE_SIZES):
        held = missing_coverage(n, dropout=dropout, datasets=datasets, seed=seed)
        rows = [np.array(held[name]).mean(axis=0) for name in COURSE_COVERED]
        first = [f"{100 * dropout:.0f} %", str(n)]
        covered.append([*first, *(f"{100 * row[0]:.1f}" for row in rows)])
        sizes = [100 if "share" in name else 1 for name in COURSE_COVERED]
        off = (_points(size * row[1]) for size, row in zip(sizes, rows, strict=True))
        bias.append([*first, *off])
    head = ["leave", "n", *COURSE_COVERED]
    return {
        "missing: drawn": (
            f"{datasets} data sets in each row (seed {seed}), 50 imputations in each: one "
            f"standard\nMonte-Carlo error is {error:.1f} points at 95 %."
        ),
        "missing: coverage": _table(head, covered),
        "missing: bias": _table(head, bias),
    }


def renew_page(path: Path, blocks: Mapping[str, str]) -> None:
    """Write blocks into a page, each between its ``<!-- name -->`` and ``<!-- end -->``."""
    text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        parts = text.split(f"<!-- {name} -->\n")
        if len(parts) != 2:
            raise ValueError(f"{path}: '{name}' has {len(parts) - 1} places; it must have one")
        _, end, rest = parts[1].partition("\n<!-- end -->")
        text = f"{parts[0]}<!-- {name} -->\n{block}{end}{rest}"
    write_file(path, text)


def main() -> None:
    """Read the options and renew the pages."""
    parser = argparse.ArgumentParser(prog="python -m analysis.simulate", description=__doc__)
    parser.add_argument("--clinics", type=int, default=CLINICS, help="clinics for each mean")
    parser.add_argument("--datasets", type=int, default=DATASETS, help="data sets for each row")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages")
    options = parser.parse_args()
    errors, relief, looking, missing = (
        options.pages / f"{name}.md"
        for name in ("verdict-errors", "relief-coverage", "looking-again", "missing-at-random")
    )
    for path, make in (
        (errors, rate_blocks),
        (errors, partial(mean_blocks, clinics=options.clinics, seed=options.seed)),
        (
            looking,
            partial(
                looking_blocks, clinics=min(options.clinics, LOOKING_CLINICS), seed=options.seed
            ),
        ),
        (relief, partial(relief_blocks, datasets=options.datasets, seed=options.seed)),
        (missing, partial(missing_blocks, datasets=options.datasets, seed=options.seed)),
    ):
        print(f"renewing {path}", file=sys.stderr, flush=True)
        renew_page(path, make())


if __name__ == "__main__":
    main()
