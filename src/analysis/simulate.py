"""How often the suite is wrong: error rates of its verdicts, and coverage of its intervals.

``make simulate`` (``python -m analysis.simulate``) makes the tables of docs/simulations in minutes:
the numbers as CSV, and the pages, which are prose with numbers between markers (``<!-- name -->``
to ``<!-- end -->``). Each cell of a table has a generator of its own, so no number depends on which
others were made. Rates with nothing missing are exact; everything else is drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from math import log
from pathlib import Path
from typing import Literal, get_args
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr
from scipy.stats import binom

from analysis.claims.intervals import Limits, judge_interval, judge_intervals, limits_to_judge
from analysis.files import write_file
from analysis.numbers import MINUS
from analysis.settings import AnalysisSettings, suite_folder
from analysis.stats.imputation import impute_scores, pool_means, pool_shares
from analysis.stats.meta import pool_effects
from analysis.stats.meta import pool_shares as pool_studies
from analysis.stats.mmrm import build_design, fit_mmrm_or_simpler
from analysis.stats.npmle import estimate_npmle
from analysis.stats.npmle_bootstrap import bootstrap_relief
from analysis.stats.rates import exact_limits, wilson_limits
from analysis.stats.reductions import likelihood_limits, mean_limits, worst_reduction_pct
from analysis.stats.relief import EARLY, LATE, Losses, bound_durations
from analysis.stats.sequences import (
    bounded_mean_sequence_limits,
    mean_sequence_limits,
    share_sequence_limits,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Row = dict[str, object]
"""One line of a table: part, scenario, rule, floor, offset (truth minus floor), n, clinics, and the
shares of clinics that are given each verdict."""

PAGES = suite_folder() / "docs" / "simulations"
SEED = 20240607
SIZES = (20, 50, 100, 200, 500, 1000)  # patients of a clinic
PROMISED = 0.025  # each wrong verdict: half of 1 minus the level (ICH E9, section 5.5)
SURE = 3.0  # standard Monte-Carlo errors above what is promised, to be called above
OFFSETS = (-20, -10, -5, 0, 5, 10, 20)  # truth minus floor, percent points
FEW_OFFSETS = (-10, 0, 10)


def cell_generator(*key: object) -> np.random.Generator:
    """Return the generator of one cell."""
    text = "|".join(map(str, key)).replace("%", " %")  # as when the tables were published
    return np.random.default_rng([SEED, crc32(text.encode())])


def count_verdicts(verdicts: np.ndarray) -> Row:
    """Return the shares of clinics that meet and that fall short; the others are undecided."""
    counted = {"meets": "meets", "falls_short": "falls short"}
    return {"clinics": len(verdicts)} | {
        name: float(np.mean(verdicts == verdict)) for name, verdict in counted.items()
    }


# A rate with nothing missing: exact

FLOORS_PCT = (60, 70)  # of the claims on neuropathic pain and on CRPS
INTERVALS = {"Wilson, judged": wilson_limits, "exact": exact_limits}


def rate_rows(floor: float, offset: float, n: int) -> list[Row]:
    """Return how often a share of n patients, all rated, is given each verdict (percents)."""
    counts = np.arange(n + 1)
    chance = binom.pmf(counts, n, (floor + offset) / 100)
    rows = []
    for rule, limits in INTERVALS.items():
        verdicts = judge_intervals(*limits(counts, np.full(n + 1, n)), floor=floor / 100)
        found = {v: float(chance[verdicts == v].sum()) for v in ("meets", "falls short")}
        rows.append(
            {"part": "rate", "scenario": f"floor {floor:.0f}%", "rule": rule, "floor": floor,
             "offset": offset, "n": n, "clinics": 0, "meets": found["meets"],
             "falls_short": found["falls short"]}
        )  # fmt: skip
    return rows


# A mean of percent reductions with nothing missing. Pain is a whole number from 0 to 10, so a
# patient is one of few pairs of scores; thousands of clinics are one draw of counts.

FLOOR_PCT = 40.0  # of the claim on fibromyalgia: "40-60% pain decrease on average"
CLINICS = 10_000
USUAL_BASELINE, BASELINE_SPREAD, LEAST_BASELINE = 6.8, 1.4, 4.0
LOW_SHARE = 0.08  # with a score of 1, 2 or 3, in a clinic that asks for no minimum baseline
RELIEVED_LEFT, UNRELIEVED_LEFT = 0.28, 0.97  # mean part of the baseline pain that is left
SCORE_SPREAD = 1.5  # points: how far scores after the series scatter around that
RESPONSE_PCT = 30.0
TYPICAL = "scores, baseline 4 or more"
TAILS = {
    "3% at −150%, baseline 4 or more": (0.03, -150.0, LEAST_BASELINE),
    "2% at −300%, any baseline": (0.02, -300.0, 1.0),
    "1% at −900%, any baseline": (0.01, -900.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Population:
    """Patients whose percent reductions take few values, in two kinds: relieved, and not."""

    percent: Floats  # percent reduction, at most 100; shape (k,)
    relieved: Floats  # share of each value among the relieved; sums to 1
    unrelieved: Floats
    least_baseline: float = LEAST_BASELINE

    @property
    def responds(self) -> Floats:
        """1 where a value is a response, else 0."""
        return np.where(self.percent >= RESPONSE_PCT - 1e-9, 1.0, 0.0)

    def relieved_part(self, mean: float, values: Floats) -> float:
        """Return which part is relieved where the mean of these values of the patients is this."""
        low, high = float(self.unrelieved @ values), float(self.relieved @ values)
        part = (mean - low) / (high - low)
        if not 0 <= part <= 1:
            raise ValueError(f"a mean of {mean:g} is outside {low:.2f} to {high:.2f}")
        return part

    def shares(self, mean_pct: float) -> Floats:
        """Return the share of each value where the mean of all patients is this."""
        part = self.relieved_part(mean_pct, self.percent)
        return part * self.relieved + (1 - part) * self.unrelieved


@cache
def populations() -> dict[str, Population]:
    """Return the populations of patients by name."""
    usual = np.arange(4.0, 11.0)
    weight = baseline_weights(usual)
    some = np.concatenate(([1.0, 2.0, 3.0], usual))
    low = np.concatenate((np.full(3, LOW_SHARE / 3), (1 - LOW_SHARE) * weight))
    typical = _scored(usual, weight, LEAST_BASELINE)
    made = {
        TYPICAL: typical,
        "scores, any baseline above 0": _scored(some, low, 1.0),
        "all or nothing": Population(np.array([0.0, 100.0]), np.eye(2)[1], np.eye(2)[0]),
    }
    for name, (part, worst, least) in TAILS.items():
        relieved, unrelieved = (
            np.append((1 - part) * kind, part) for kind in (typical.relieved, typical.unrelieved)
        )
        made[name] = Population(np.append(typical.percent, worst), relieved, unrelieved, least)
    return made


def baseline_weights(scores: Floats) -> Floats:
    """Return how many patients have each baseline score; sums to 1."""
    weight = np.exp(-0.5 * ((scores - USUAL_BASELINE) / BASELINE_SPREAD) ** 2)
    return weight / weight.sum()


def _scored(baseline: Floats, weight: Floats, least: float) -> Population:
    """Return patients with these baseline scores; after, normal pain rounded to 0 to 10."""
    percent = 100.0 * (1 - np.arange(11.0) / baseline[:, None])
    edges = np.concatenate(([-np.inf], np.arange(10) + 0.5, [np.inf]))

    def shares(part_left: float) -> Floats:
        after = ndtr((edges - (part_left * baseline)[:, None]) / SCORE_SPREAD)
        return (weight[:, None] * np.diff(after, axis=1)).ravel()

    return Population(percent.ravel(), shares(RELIEVED_LEFT), shares(UNRELIEVED_LEFT), least)


def student_limits(percent: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return Student's limits of clinics given as counts (k, d) of their reductions (d,)."""
    n = counts.sum(axis=1)
    mean = counts @ percent / n
    around = np.maximum(counts @ percent**2 - n * mean**2, 0.0)
    spread = np.sqrt(around / np.maximum(n - 1, 1))
    return mean_limits(mean, np.where(spread > 1e-6, spread, np.nan), n)


def judged_limits(
    percent: Floats, counts: Floats, *, worst_pct: float, floor: float
) -> tuple[Floats, Floats]:
    """Return limits by which means are judged, where Student's decide; else Student's.

    As `analysis.stats.reductions.judged_mean_limits`; an outer limit undoes a decision, never makes
    one.
    """
    low, high = student_limits(percent, counts)
    decided = (low >= floor) | (high < floor)
    if decided.any():
        outer = likelihood_limits(percent, counts[decided], worst_pct=worst_pct)
        low[decided] = np.minimum(low[decided], outer[0])
        high[decided] = np.maximum(high[decided], outer[1])
    return low, high


def mean_rows(name: str, offset: float, n: int, clinics: int = CLINICS) -> list[Row]:
    """Return how often a mean of n patients, all rated, is given each verdict."""
    population = populations()[name]
    shares = population.shares(FLOOR_PCT + offset)
    rng = cell_generator("mean", name, offset, n)
    counts = rng.multinomial(n, shares / shares.sum(), size=clinics).astype(float)
    worst = worst_reduction_pct(population.least_baseline)
    limits = {
        "Student's t": student_limits(population.percent, counts),
        "judged": judged_limits(population.percent, counts, worst_pct=worst, floor=FLOOR_PCT),
    }
    same = {"part": "mean", "scenario": name, "floor": FLOOR_PCT, "offset": offset, "n": n}
    return [
        {**same, "rule": rule, **count_verdicts(judge_intervals(*ends, floor=FLOOR_PCT))}
        for rule, ends in limits.items()
    ]


# Patients missing: whole scores at a baseline, an early visit and the visit that is judged

Leaving = Literal[
    "10% at random",
    "20% at random",
    "not at random, rated before",
    "not at random, never rated before",
]
MISSING_CLINICS = 2000
ALIKE = 0.5  # of the scatter of a patient's two later scores, the part they share
TIMES_AS_OFTEN = 3.0  # those without response at the early visit leave as often, at random
GONE_RESPONDERS, GONE_OTHERS = 0.20, 0.05  # leave by the outcome nobody sees, not at random
DRAWS = 50  # imputations
AT_ONCE = 250  # clinics worked on together


@dataclass(frozen=True, eq=False)
class Clinics:
    """Scores of several clinics, shape (clinics, n) each, and whether they were seen."""

    known: Floats  # 1, baseline and, where there is one, the earlier score; shape (clinics, n, k)
    late: Floats
    seen: Bools

    @property
    def baseline(self) -> Floats:
        """Baseline scores."""
        return self.known[..., 1]

    def where(self, chosen: Bools) -> Clinics:
        """Return some of the clinics."""
        return Clinics(self.known[chosen], self.late[chosen], self.seen[chosen])


def draw_clinics(
    rng: np.random.Generator, shape: tuple[int, int], *, relieved: float, leaving: Leaving
) -> Clinics:
    """Draw clinics in which this part is relieved; the two later scores have one distribution."""
    usual = np.arange(4.0, 11.0)
    baseline = rng.choice(usual, size=shape, p=baseline_weights(usual))
    left = np.where(rng.random(shape) < relieved, RELIEVED_LEFT, UNRELIEVED_LEFT)
    own = ALIKE**0.5 * rng.standard_normal(shape)
    early, late = (
        np.clip(np.floor(left * baseline + SCORE_SPREAD * (own + one) + 0.5), 0, 10)
        for one in (1 - ALIKE) ** 0.5 * rng.standard_normal((2, *shape))
    )
    if leaving.startswith("not at random"):
        leave = np.where(responds(baseline, late), GONE_RESPONDERS, GONE_OTHERS)
    else:
        typical = populations()[TYPICAL]
        kinds = relieved * typical.relieved + (1 - relieved) * typical.unrelieved
        responding = float(kinds @ typical.responds)
        low = float(leaving.partition("%")[0]) / 100
        low /= responding + TIMES_AS_OFTEN * (1 - responding)
        leave = np.where(responds(baseline, early), low, TIMES_AS_OFTEN * low)
    known = [np.ones(shape), baseline, early][: 2 if leaving.endswith("never rated before") else 3]
    return Clinics(np.stack(known, axis=-1), late, rng.random(shape) >= leave)


def responds(baseline: Floats, score: Floats) -> Bools:
    """Return whether pain fell by at least 30%."""
    return 100 * (baseline - score) >= RESPONSE_PCT * baseline - 1e-9


def impute(rng: np.random.Generator, clinics: Clinics, draws: int = DRAWS) -> Iterable[Floats]:
    """Yield the judged scores with the missing drawn, of all clinics at once.

    A normal regression on what is known with its own draw of variance and coefficients
    in each imputation: what `analysis.stats.imputation` does with an unstructured mixed model where
    only the last visit can be missing, and fast enough for thousands of clinics.
    """
    x = clinics.known
    weighted = x * clinics.seen[..., None]
    cross = np.einsum("cni,cnj->cij", weighted, x)
    slopes = np.linalg.solve(cross, np.einsum("cni,cn->ci", weighted, clinics.late)[..., None])
    off = (clinics.late - (x @ slopes)[..., 0]) * clinics.seen
    free = clinics.seen.sum(axis=1) - float(x.shape[2])
    root = np.linalg.inv(np.linalg.cholesky(cross)).swapaxes(1, 2)
    for _ in range(draws):
        spread = np.sqrt((off**2).sum(axis=1) / rng.chisquare(free))[:, None]
        around = (root @ rng.standard_normal((*free.shape, x.shape[2], 1)))[..., 0]
        drawn = slopes[..., 0] + spread * around
        noise = spread * rng.standard_normal(clinics.late.shape)
        yield np.where(clinics.seen, clinics.late, (x @ drawn[..., None])[..., 0] + noise)


def missing_rows(
    measure: Literal["rate", "mean"],
    floor: float,
    leaving: Leaving,
    offset: float,
    n: int,
    clinics: int = MISSING_CLINICS,
) -> list[Row]:
    """Return how often each verdict is given with patients missing.

    By the rule in force, and by the interval in which the missing count as not responding (as
    unchanged), taken as if it were an estimate.
    """
    typical, truth = populations()[TYPICAL], floor + offset
    of = 100.0 * typical.responds if measure == "rate" else typical.percent
    relieved = typical.relieved_part(truth, of)
    rng = cell_generator("missing", measure, floor, leaving, offset, n)
    judge = _judge_rates if measure == "rate" else _judge_means
    alone, judged = [], []
    for start in range(0, clinics, AT_ONCE):
        shape = min(AT_ONCE, clinics - start), n
        drawn = draw_clinics(rng, shape, relieved=relieved, leaving=leaving)
        worst, imputed = judge(rng, drawn, floor)
        cited = floor / 100 if measure == "rate" else floor
        alone.append(judge_intervals(*worst, floor=cited))
        limits = limits_to_judge(worst, imputed, worst, has_floor=True)
        judged.append(judge_intervals(*limits, floor=cited))
    same = {"part": f"{measure}, missing", "scenario": f"floor {floor:.0f}%, {leaving}",
            "floor": floor, "offset": offset, "n": n}  # fmt: skip
    rules = {"missing = failure, as an estimate": alone, "judged": judged}
    return [
        {**same, "rule": rule, **count_verdicts(np.concatenate(verdicts))}
        for rule, verdicts in rules.items()
    ]


def _judge_rates(rng: np.random.Generator, drawn: Clinics, floor: float) -> tuple[Limits, Limits]:
    """Return the limits with the missing as not responding, and imputed where those fall short."""
    n = drawn.seen.shape[1]
    events = (responds(drawn.baseline, drawn.late) & drawn.seen).sum(axis=1)
    low, high = wilson_limits(events, np.full(events.shape, n))
    short = high < floor / 100
    some = drawn.where(short)
    # Rounded as the suite does it for a response to whole scores (docs/decisions/0045).
    shares = [responds(some.baseline, np.round(late)).mean(axis=1) for late in impute(rng, some)]
    imputed = np.full((2, len(events)), np.nan)
    for place, own in zip(np.flatnonzero(short), np.transpose(shares), strict=True):
        pooled = pool_shares(own, n)
        imputed[:, place] = pooled.low, pooled.high
    return Limits(low, high), Limits(*imputed)


def _judge_means(rng: np.random.Generator, drawn: Clinics, floor: float) -> tuple[Limits, Limits]:
    """Return the limits with the missing unchanged, and imputed where those fall short."""
    n = drawn.seen.shape[1]
    percent = 100 * (1 - drawn.late / drawn.baseline) * drawn.seen
    values, code = np.unique(percent.round(9), return_inverse=True)
    code = code.reshape(percent.shape) + len(values) * np.arange(len(percent))[:, None]
    counts = np.bincount(code.ravel(), minlength=len(values) * len(percent)).astype(float)
    counts = counts.reshape(len(percent), len(values))
    worst = worst_reduction_pct(LEAST_BASELINE)
    low, high = judged_limits(values, counts, worst_pct=worst, floor=floor)
    short = high < floor
    some = drawn.where(short)
    made = [100 * (1 - late / some.baseline) for late in impute(rng, some)]
    means = np.transpose([one.mean(axis=1) for one in made])
    errors = np.transpose([one.var(axis=1, ddof=1) / n for one in made])
    imputed = np.full((2, len(percent)), np.nan)
    for place, mean, error in zip(np.flatnonzero(short), means, errors, strict=True):
        pooled = pool_means(mean, error, df_complete=n - 1)
        imputed[:, place] = pooled.low, pooled.high
    return Limits(low, high), Limits(*imputed)


# Relief: when it ends, and what visits show of it

VISITS = np.array([4.0, 8.0, 12.0, 26.0])  # planned weeks after the end of the series
SHAPE = 1.2  # Weibull: losses come early in a long gap more often than late in it
MISSED = 0.15  # of the visits of those who stay
Followed = Literal[
    "followed up to the data cut",
    "leave at random",
    "leave because relief was lost",
    "leave because relief holds",
]
CUT_WEEKS = (12.0, 40.0)  # weeks from the end of the series to the data cut, evenly spread
LEAVES, LEAVES_FOR_A_REASON = 0.08, 0.20  # chance to leave in place of each visit
RELIEF_SIZES = (50, 100, 200, 500)
RELIEF_CLINICS = 400
MEDIANS = (2.0, 6.0, 8.0, 8.7, 19.0)
"""True medians in weeks: one in each gap between visits, and 8, on a visit, which is the hardest to
judge. 2 and 8.7 are limits of a claim."""
RATIOS = (0.5, 1.0, 2.0)  # truth to floor
RELIEF_RESAMPLES = 200
RELIEF_SETTINGS = AnalysisSettings(bootstrap_replicates=RELIEF_RESAMPLES)


def weibull_weeks(rng: np.random.Generator, n: int, median: float) -> Floats:
    """Return true weeks of relief of n patients."""
    return median * (rng.weibull(SHAPE, n) / log(2) ** (1 / SHAPE))


def draw_losses(
    rng: np.random.Generator, true_weeks: Floats, followed: Followed
) -> tuple[Losses, Floats]:
    """Return what visits show of relief, and the week of the last visit that was due.

    A patient leaves in place of a visit, at random or by whether relief holds then.
    """
    size = (true_weeks.size, VISITS.size)
    lost = true_weeks[:, None] <= VISITS
    due = rng.uniform(*CUT_WEEKS, true_weeks.size)[:, None] >= VISITS
    chance: float | Floats = {"followed up to the data cut": 0.0}.get(followed, LEAVES)
    if followed.startswith("leave because"):
        by_reason = lost if followed.endswith("lost") else ~lost
        chance = np.where(by_reason, LEAVES_FOR_A_REASON, 0.0)
    gone = np.cumsum(rng.random(size) < chance, axis=1) > 0
    missed = 0.0 if followed == "followed up to the data cut" else MISSED
    seen = due & ~gone & (rng.random(size) >= missed)
    left = np.where(seen & ~lost, VISITS, 0.0).max(axis=1)
    right = np.where(seen & lost, VISITS, np.inf).min(axis=1)
    is_event = np.isfinite(right)
    losses = Losses(
        left, right, np.where(is_event, right, left), is_event,
        np.where(is_event, "loss", "censored").astype(object),
    )  # fmt: skip
    return losses, np.where(due, VISITS, 0.0).max(axis=1)


def duration_rows(
    median: float, followed: Followed, ratio: float, n: int, clinics: int = RELIEF_CLINICS
) -> list[Row]:
    """Return how often a median of relief is given each verdict.

    By the guarded interval alone, and by the rule in force, which also asks for the earliest and
    the latest losses there could be.
    """
    rng, floor = cell_generator("duration", median, followed, ratio, n), median / ratio
    alone, judged = [], []
    for _ in range(clinics):
        losses, due = draw_losses(rng, weibull_weeks(rng, n, median), followed)
        # The median of `relief_numbers`, without its other numbers.
        curve = estimate_npmle(losses.left, losses.right)
        made = bootstrap_relief(curve, rng=rng, lost_shares=(0.5,), replicates=RELIEF_RESAMPLES)
        head = made.guarded.quantiles[0]
        verdict = judge_interval(head.low, head.high, floor=floor)
        alone.append(verdict)
        if verdict != "undecided":
            bounds = bound_durations(losses, due, RELIEF_SETTINGS, clock="end_of_series")
            one = bounds[EARLY if verdict == "meets" else LATE]
            agrees = judge_interval(one.low, one.high, floor=floor) == verdict
            verdict = verdict if agrees else "undecided"
        judged.append(verdict)
    same = {"part": "duration", "scenario": f"median {median:g} weeks, {followed}",
            "floor": floor, "offset": median - floor, "n": n}  # fmt: skip
    rules = {"guarded interval alone": alone, "judged": judged}
    return [{**same, "rule": rule, **count_verdicts(np.array(v))} for rule, v in rules.items()]


# Coverage of the intervals of relief

COVERAGE_SIZES = (50, 100, 200, 500)
DATASETS, RESAMPLES = 600, 500
COVERAGE_VISITS = np.array([2.0, 4.0, 8.0, 12.0, 26.0])
HORIZON_WEEKS, ASKED_WEEKS, SCALE_WEEKS = 26.0, (4.0, 12.0), 12.0
COVERAGE_MISSED, LEAVES_RELIEVED, LEAVES_LOST = 0.30, 0.05, 0.30
COVERED = (
    "median, guarded", "median, even spread", "RMST, guarded", "RMST, even spread",
    "share at week 4", "share at week 12",
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """A true curve of relief, and how patients leave."""

    scale_weeks: float = SCALE_WEEKS
    even: bool = False  # losses spread evenly between two visits
    unseen: bool = False  # leaving depends on a loss no visit has shown, not on what one showed

    def share(self, weeks: Floats) -> Floats:
        """Return the share still relieved."""
        smooth = np.exp(-((weeks / self.scale_weeks) ** SHAPE))
        if not self.even:
            return smooth
        edges = np.concatenate(([0.0], COVERAGE_VISITS))
        return np.interp(weeks, edges, np.exp(-((edges / self.scale_weeks) ** SHAPE)))

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return true weeks of relief of n patients; beyond the horizon any later week."""
        if not self.even:
            return self.scale_weeks * rng.weibull(SHAPE, n)
        edges = np.concatenate(([0.0], COVERAGE_VISITS))
        return np.interp(rng.random(n), 1 - self.share(edges), edges, right=2 * HORIZON_WEEKS)

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """Median, mean up to the horizon, and the shares at `ASKED_WEEKS`."""
        weeks = np.linspace(0, HORIZON_WEEKS, 260_001)
        share = self.share(weeks)
        median = float(np.interp(-0.5, -share, weeks))
        asked = self.share(np.array(ASKED_WEEKS))
        return median, float(np.trapezoid(share, weeks)), float(asked[0]), float(asked[1])


TRUTHS = {
    "A. spread evenly between visits": Truth(even=True),
    "B. Weibull": Truth(),
    "C. Weibull, leaving unseen": Truth(unseen=True),
    "D. Weibull, median in the long gap": Truth(scale_weeks=16 / log(2) ** (1 / SHAPE)),
}


def visit_intervals(
    rng: np.random.Generator, true_weeks: Floats, *, unseen: bool
) -> tuple[Floats, Floats]:
    """Return (last good visit, first bad visit] under missed visits and leaving.

    With ``unseen`` a patient leaves in place of a visit, more often when relief has been lost
    since; else after a visit, more often when that visit showed the loss.
    """
    size = (true_weeks.size, COVERAGE_VISITS.size)
    is_lost = true_weeks[:, None] <= COVERAGE_VISITS
    attends = rng.random(size) >= COVERAGE_MISSED
    leaves = rng.random(size) < np.where(is_lost, LEAVES_LOST, LEAVES_RELIEVED)
    gone = np.cumsum(leaves if unseen else leaves & attends, axis=1) > 0
    if not unseen:
        gone = np.column_stack((np.zeros(true_weeks.size, np.bool_), gone[:, :-1]))
    seen = attends & ~gone
    left = np.where(seen & ~is_lost, COVERAGE_VISITS, 0.0).max(axis=1)
    return left, np.where(seen & is_lost, COVERAGE_VISITS, np.inf).min(axis=1)


def coverage_rows(name: str, n: int, datasets: int = DATASETS) -> list[Row]:
    """Return how often each interval holds its true number, of the data sets that have one."""
    truth, rng = TRUTHS[name], cell_generator("coverage", name, n)
    median, mean, *shares = truth.numbers
    held: dict[str, list[bool]] = {number: [] for number in COVERED}
    for _ in range(datasets):
        found = bootstrap_relief(
            estimate_npmle(*visit_intervals(rng, truth.draw(rng, n), unseen=truth.unseen)),
            rng=rng, times=ASKED_WEEKS, lost_shares=(0.5,), tau=HORIZON_WEEKS,
            replicates=RESAMPLES,
        )  # fmt: skip
        guarded, even = found.guarded, found.even_spread
        assert guarded.restricted_mean is not None and even.restricted_mean is not None
        numbers = (
            (guarded.quantiles[0], median), (even.quantiles[0], median),
            (guarded.restricted_mean, mean), (even.restricted_mean, mean),
            *zip(guarded.survival, shares, strict=True),
        )  # fmt: skip
        for number, (estimate, true) in zip(COVERED, numbers, strict=True):
            if estimate.level is not None:  # a limit not reached does not exclude the truth
                above = estimate.low is None or estimate.low <= true
                held[number].append(above and (estimate.high is None or true <= estimate.high))
    return [
        {"scenario": name, "n": n, "number": number, "datasets": len(each),
         "covered": float(np.mean(each)) if each else np.nan}
        for number, each in held.items()
    ]  # fmt: skip


# Looking again every month, simulated: how often an interval excludes the truth at some look

LOOK_EVERY, FIRST_LOOKED_AT = 10, 20  # patients between looks, and at the first
LOOKED_UP_TO = (50, 100, 200, 500)
TRUE_SHARES = (0.1, 0.5, 0.6, 0.7, 0.9)
PERCENT_BOUNDS = (-150.0, 100.0)  # of scores from 0 to 10 and a baseline of at least 4
LOOKING_CLINICS = 4_000
LOOKED_AT_MEANS = (TYPICAL, "scores, any baseline above 0", "all or nothing")


def looked_at(last: int) -> NDArray[np.int64]:
    """Return the numbers of patients at which a clinic is looked at, up to the last."""
    return np.arange(FIRST_LOOKED_AT, last + 1, LOOK_EVERY)


def share_looks(true_share: float, *, last: int, clinics: int) -> dict[str, Bools]:
    """Return for each interval of a share whether it excludes the truth, by clinic and look."""
    rng = np.random.default_rng([SEED, crc32(f"share|{true_share}".encode())])
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


def mean_looks(population: str, *, last: int, clinics: int) -> dict[str, Bools]:
    """Return the same of a mean of 40% reduction; ``population`` is a name of `populations`."""
    rng = np.random.default_rng([SEED, crc32(f"mean|{population}".encode())])
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


def share_look_rows(true_share: float, clinics: int = LOOKING_CLINICS) -> list[Row]:
    """Return how often each interval of a share errs at one look at least."""
    looks = share_looks(true_share, last=LOOKED_UP_TO[-1], clinics=clinics)
    return _look_rows(f"{100 * true_share:.0f}%", looks)


def mean_look_rows(population: str, clinics: int = LOOKING_CLINICS) -> list[Row]:
    """Return how often each interval of a mean errs at one look at least."""
    return _look_rows(population, mean_looks(population, last=LOOKED_UP_TO[-1], clinics=clinics))


def _look_rows(what: str, looks: dict[str, Bools]) -> list[Row]:
    last = LOOKED_UP_TO[-1]
    rows: list[Row] = []
    for name, erred in looks.items():
        shares = {f"once, at {last}": float(erred[:, -1].mean())}
        for n in LOOKED_UP_TO:
            ever = erred[:, looked_at(last) <= n].any(axis=1)
            shares[f"up to {n} patients"] = float(ever.mean())
        same = {"scenario": f"{what}, {name}", "clinics": len(erred)}
        rows += [{**same, "looks": one, "erred": share} for one, share in shares.items()]
    return rows


# Means and shares at the last visit where those in more pain leave. Scores are whole numbers from 0
# to 10, so the normal model is wrong as it is in a clinic.

COURSE_LEFT = (0.45, 0.55, 0.65, 0.75)  # mean part of the baseline pain left at each visit
COURSE_SPREAD, COURSE_CORRELATION = 2.2, 0.7  # points; between neighbouring visits
COURSE_SIZES, COURSE_DROPOUTS = (30, 100, 300), (0.1, 0.3)
COURSE_DATASETS = 300
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


@cache
def course_truth() -> tuple[Floats, float]:
    """Return the mean last score by baseline (0 to 10), and the share at least 30% better."""
    baseline, scores = draw_courses(np.random.default_rng(SEED), 2_000_000)
    n = np.bincount(baseline.astype(int), minlength=11)
    total = np.bincount(baseline.astype(int), scores[:, -1], minlength=11)
    return total / np.maximum(n, 1), float(np.mean(scores[:, -1] <= 0.7 * baseline))


def missing_coverage(
    n: int, *, dropout: float, datasets: int
) -> dict[str, list[tuple[bool, float]]]:
    """Return, for each number, whether its interval held the truth, and estimate minus truth.

    Means are of the patients of the data set with the baselines they have; shares are of all such
    patients.
    """
    rng = np.random.default_rng((SEED, n, round(100 * dropout)))
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


def course_rows(dropout: float, n: int, datasets: int = COURSE_DATASETS) -> list[Row]:
    """Return how often each interval holds its true number, and the mean error."""
    found = missing_coverage(n, dropout=dropout, datasets=datasets)
    return [
        {"leave": f"{100 * dropout:.0f}%", "n": n, "number": name, "datasets": datasets,
         "covered": float(np.mean([one for one, _ in each])),
         "off": float(np.mean([off for _, off in each])) * (100 if "share" in name else 1)}
        for name, each in found.items()
    ]  # fmt: skip


# Studies pooled: few, small, and unlike each other. A study's true number is normal around a mean.

POOLED_STUDIES = (3, 5, 10)
POOLED_SPREADS = (0.0, 0.3, 0.8)  # SD of true logits, or of true differences in SDs of patients
POOLED_SHARES = (0.1, 0.5)
POOLED_SIZES = (10, 80)  # patients of a study, as often from 10 to 28 as from 28 to 80
POOLED_DATASETS = 500
DIFFERENCES = "differences, REML with Hartung and Knapp"


def pooled_rows(
    share: float | None, spread: float, k: int, datasets: int = POOLED_DATASETS
) -> list[Row]:
    """Return how often the pooled interval holds the mean, and the predicted one a further study.

    Parameters
    ----------
    share : float or None
        Share of the middle study; None for mean differences.
    spread : float
    k : int
        Studies.
    """
    rng = cell_generator("pooled", share, spread, k)
    middle = 0.0 if share is None else float(logit(share))
    held, further = [], []
    for _ in range(datasets):
        n = np.exp(rng.uniform(log(POOLED_SIZES[0]), log(POOLED_SIZES[1]), k)).round().astype(int)
        true, next_one = np.split(middle + spread * rng.standard_normal(k + 1), [k])
        if share is None:
            error = np.sqrt(2 / n)
            found = pool_effects(true + error * rng.standard_normal(k), error)
        else:
            found = pool_studies(rng.binomial(n, expit(true)), n)
        at, new = (middle, next_one[0]) if share is None else (expit(middle), expit(next_one[0]))
        held.append(found.low <= at <= found.high)
        if found.predicted_low is not None and found.predicted_high is not None:
            further.append(found.predicted_low <= new <= found.predicted_high)
    what = DIFFERENCES if share is None else f"shares around {100 * share:.0f}%, binomial-normal"
    same = {"what": what, "spread": spread, "k": k, "datasets": datasets}
    rows: list[Row] = [{**same, "interval": "pooled", "covered": float(np.mean(held))}]
    if further:
        rows.append({**same, "interval": "prediction", "covered": float(np.mean(further))})
    return rows


# All cells, and what is published of them

Job = Callable[[], list[Row]]


def _cells(
    make: Callable[..., list[Row]], cells: Iterable[Sequence[object]], **draw: int | None
) -> list[Job]:
    few = {name: count for name, count in draw.items() if count is not None}
    return [partial(make, *cell, **few) for cell in cells]


def verdict_jobs(few: int | None = None) -> list[Job]:
    """Return the cells of the verdicts; ``few``: clinics in each, for a small version."""
    of_rates, of_mean = [("rate", floor) for floor in FLOORS_PCT], [("mean", FLOOR_PCT)]
    missing = product(of_rates + of_mean, get_args(Leaving), FEW_OFFSETS, SIZES)
    durations = product(MEDIANS, get_args(Followed), RATIOS, RELIEF_SIZES)
    complete = get_args(Followed)[0]
    return [
        *_cells(rate_rows, product(FLOORS_PCT, OFFSETS, SIZES)),
        *_cells(mean_rows, product(populations(), OFFSETS, SIZES), clinics=few),
        *_cells(missing_rows, ([*of, *cell] for of, *cell in missing), clinics=few),
        *_cells(
            duration_rows,
            (cell for cell in durations if cell[2] == 1 or cell[1] == complete),
            clinics=few,
        ),
    ]


def coverage_jobs(few: int | None = None) -> list[Job]:
    """Return the cells of the coverage of relief; ``few``: data sets in each."""
    return _cells(coverage_rows, product(TRUTHS, COVERAGE_SIZES), datasets=few)


def looking_jobs(few: int | None = None) -> list[Job]:
    """Return the cells of repeated looks."""
    shares = _cells(share_look_rows, product(TRUE_SHARES), clinics=few)
    return shares + _cells(mean_look_rows, product(LOOKED_AT_MEANS), clinics=few)


def course_jobs(few: int | None = None) -> list[Job]:
    """Return the cells of means and shares where those in more pain leave."""
    return _cells(course_rows, product(COURSE_DROPOUTS, COURSE_SIZES), datasets=few)


def pooled_jobs(few: int | None = None) -> list[Job]:
    """Return the cells of pooled studies."""
    cells = product((*POOLED_SHARES, None), POOLED_SPREADS, POOLED_STUDIES)
    return _cells(pooled_rows, cells, datasets=few)


def run_jobs(jobs: Sequence[Job], *, processes: int = 1) -> pd.DataFrame:
    """Return the rows of all cells in their order."""
    if processes == 1:
        parts = [job() for job in jobs]
    else:
        with ProcessPoolExecutor(processes) as pool:
            parts = [future.result() for future in [pool.submit(job) for job in jobs]]
    return pd.DataFrame([row for part in parts for row in part])


# The pages, made from the tables


def _pct(share: float, decimals: int = 1) -> str:
    return f"{100 * max(share, 0.0):.{decimals}f}"


def show_wide(
    frame: pd.DataFrame, rows: list[str], column: str, cells: pd.Series, names: list[str]
) -> str:
    """Return a Markdown table: a line for each of ``rows``, which are called ``names``."""
    columns = list(frame[column].unique())
    head = [*names, *(f"n = {name}" if column == "n" else str(name) for name in columns)]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for key, own in frame.assign(cell=cells).groupby(rows, sort=False):
        found = own.set_index(column)["cell"].reindex(columns)
        lines.append(f"| {' | '.join([*map(str, key), *found])} |")
    return "\n".join(lines)


def show_by_size(frame: pd.DataFrame, rows: str, *, decimals: int = 1) -> str:
    """Return ``meets / falls short`` in percent by clinic size, a line for each of ``rows``."""
    meets, short = (
        frame[name].map(partial(_pct, decimals=decimals)) for name in ("meets", "falls_short")
    )
    return show_wide(frame, [rows], "n", meets + " / " + short, [rows])


def name_truth(row: pd.Series) -> str:
    """Return where the truth lies in relation to the floor."""
    unit = " weeks" if row["part"] == "duration" else "%"
    truth, off = row["floor"] + row["offset"], row["offset"]
    if not off:
        return f"{truth:g}{unit}, on the floor"
    return f"{truth:g}{unit}, {abs(off):g} {'above' if off > 0 else 'below'}"


def list_breaks(frame: pd.DataFrame) -> str:
    """Return lines on where the rule in force is wrong more often than promised.

    ``frame`` has the truth on the floor, where every decision is wrong (``meets`` in the limit).
    """
    lines = []
    frame = frame[frame["rule"].str.endswith("judged")]
    for scenario, own in frame.groupby("scenario", sort=False):
        for verdict in ("meets", "falls_short"):
            clinics = own["clinics"].where(own["clinics"] > 0, np.inf)  # 0: exact
            bar = PROMISED + SURE * np.sqrt(PROMISED * (1 - PROMISED) / clinics)
            over = own[own[verdict] > bar]
            if len(over):
                worst = over.loc[over[verdict].idxmax()]
                sizes = ", ".join(str(n) for n in over["n"])
                lines.append(
                    f"- **{scenario[0].upper()}{scenario[1:]}:** wrong "
                    f"`{verdict.replace('_', ' ')}` in up to {_pct(worst[verdict])}% of clinics "
                    f"(n = {worst['n']}); above 2.5% at n = {sizes}."
                )
    return "\n".join(lines) or "- Nowhere."


def wilson_steps() -> str:
    """Return how far the steps of Wilson's interval reach, over every n from 20 to 1,000."""
    lines = []
    for floor in FLOORS_PCT:
        found = [rate_rows(floor, 0, n)[0] for n in range(20, 1001)]
        parts = []
        for name in ("meets", "falls_short"):
            shares = [float(str(row[name])) for row in found]
            most = int(np.argmax(shares))
            parts.append(
                f"`{name.replace('_', ' ')}` {_pct(float(np.mean(shares)))}% on average and "
                f"{_pct(shares[most])}% at worst (n = {found[most]['n']})"
            )
        lines.append(f"- Floor {floor}%: wrong {'; wrong '.join(parts)}.")
    return "\n".join(lines)


def verdict_blocks(frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of docs/simulations/verdict-errors.md by name."""
    frame = frame.assign(truth=frame.apply(name_truth, axis=1))
    frame["who and rule"] = frame["scenario"] + "; " + frame["rule"]
    frame["who and truth"] = frame["scenario"] + "; " + frame["truth"]
    frame["truth and rule"] = frame["truth"] + "; " + frame["rule"]
    blocks = {"steps": wilson_steps()}
    for part, own in frame.groupby("part", sort=False):
        on_floor = own["offset"] == 0
        power = own[~on_floor & own["rule"].str.endswith("judged")]
        blocks[f"{part}: breaks"] = list_breaks(own[on_floor])
        blocks[f"{part}: on the floor"] = show_by_size(own[on_floor], "who and rule", decimals=2)
        blocks[f"{part}: off the floor"] = show_by_size(power, "who and truth")
    usual = frame[(frame["part"] == "mean") & (frame["scenario"] == TYPICAL)]
    blocks["mean: what the rule costs"] = show_by_size(usual, "truth and rule")
    return blocks


def coverage_blocks(frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of docs/simulations/relief-coverage.md by name."""
    facts = [
        "- {}: median {:.2f} weeks, RMST to week 26 {:.2f} weeks".format(name[0], *truth.numbers)
        for name, truth in TRUTHS.items()
    ]
    names = ["truth and leaving", "n"]
    shown = show_wide(frame, ["scenario", "n"], "number", frame["covered"].map(_pct), names)
    return {"relief: coverage": shown, "relief: truths": "\n".join(facts)}


def looking_blocks(frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of docs/simulations/looking-again.md by name."""
    of_shares = frame["scenario"].str.match(r"\d+%,")
    first = ("true share and interval", "patients and interval")
    tables = [
        show_wide(own, ["scenario"], "looks", own["erred"].map(_pct), [name])
        for name, own in zip(first, (frame[of_shares], frame[~of_shares]), strict=True)
    ]
    return dict(zip(("looking: shares", "looking: means"), tables, strict=True))


def course_blocks(frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of docs/simulations/missing-at-random.md by name."""
    rows = ["leave", "n"]
    off = frame["off"].map("{:+.2f}".format).str.replace("-", MINUS)
    return {
        "missing: coverage": show_wide(frame, rows, "number", frame["covered"].map(_pct), rows),
        "missing: bias": show_wide(frame, rows, "number", off, rows),
    }


def pooled_blocks(frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of docs/simulations/pooled-studies.md by name."""
    frame = frame.assign(studies=frame["k"].map("{} studies".format))
    rows = ["what", "spread"]
    return {
        f"pooled: {name}": show_wide(own, rows, "studies", own["covered"].map(_pct), rows)
        for name, own in frame.groupby("interval", sort=False)
    }


def renew_page(path: Path, blocks: Mapping[str, str]) -> None:
    """Write blocks into a page, each between its ``<!-- name -->`` and ``<!-- end -->``."""
    text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        parts = text.split(f"<!-- {name} -->\n")
        if len(parts) != 2:
            raise ValueError(f"{path}: '{name}' has {len(parts) - 1} places; it must have one")
        _, end, rest = parts[1].partition("<!-- end -->")
        text = f"{parts[0]}<!-- {name} -->\n{block}\n{end}{rest}"
    write_file(path, text)


PUBLISHED = {
    "verdict-errors": (verdict_jobs, verdict_blocks),
    "relief-coverage": (coverage_jobs, coverage_blocks),
    "looking-again": (looking_jobs, looking_blocks),
    "missing-at-random": (course_jobs, course_blocks),
    "pooled-studies": (pooled_jobs, pooled_blocks),
}
"""Tables of docs/simulations: their cells, and the numbers of their page."""


def read_published(name: str, folder: Path = PAGES) -> pd.DataFrame:
    """Read a published table, ``verdict-errors`` or ``relief-coverage``."""
    return pd.read_csv(folder / f"{name}.csv")


def main() -> None:
    """Read the options, make the tables and renew the pages."""
    parser = argparse.ArgumentParser(prog="python -m analysis.simulate", description=__doc__)
    parser.add_argument("--few", type=int, help="clinics and data sets in each cell, for a trial")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages")
    parser.add_argument("--table", choices=PUBLISHED, action="append", help="only this one")
    options = parser.parse_args()
    for name in options.table or PUBLISHED:
        jobs, blocks = PUBLISHED[name]
        print(f"making {options.pages / name}.csv", file=sys.stderr, flush=True)
        frame = run_jobs(jobs(options.few), processes=options.processes)
        write_file(options.pages / f"{name}.csv", frame.to_csv(index=False, float_format="%.5f"))
        renew_page(options.pages / f"{name}.md", blocks(read_published(name, options.pages)))


if __name__ == "__main__":
    main()
