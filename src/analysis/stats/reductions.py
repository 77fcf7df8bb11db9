"""Percent pain reduction in its three definitions, which are three different numbers.

Mean of patients' own percent, median of them, and the fall of the mean score (ratio of means): one
published trial reads 28.7 by one and 33.9 by another, so all three are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import binom, chi2, t

from analysis.errors import EstimationError
from analysis.results import Estimate, no_patients
from analysis.stats.checks import (
    Floats,
    as_number,
    as_numbers,
    check_generator,
    check_level,
    check_replicates,
    check_same_length,
    refuse,
)

SAME = 1e-9
"""Values no farther apart than this are equal: percent or points between patients (a fall from 6
to 4 is the same share as one from 9 to 6, but may differ in the last binary digit), and a fraction
of their size between replicates (distinct means of n scores differ by 1 / n at least)."""

CELLS_AT_ONCE = 32_768
"""Replicates times distinct rows held in memory together: 256 kB, which stay in the cache."""

FEW = 30
"""Patients up to whom either way to draw them takes a few milliseconds."""

BEST_PCT = 100.0
"""No pain left: the largest percent reduction there is."""

LEAST_SCORE = 1.0
"""Least baseline above 0 of a whole score, where no minimum is asked for."""

NOWHERE, NEAR, MOST_STEPS = 1e-12, 1e-13, 60
"""Of `_least_mean`: the part of the scale that is as good as its end, the last step, relative to
where it leads, and the most steps (by halves alone 60 would be near enough; it takes about 8)."""

WeightedStatistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes rows (k, d) and weights (r, k); returns the statistic of each of the r weightings."""


def estimate_mean(values: pd.Series, *, unit: str = "percent", level: float = 0.95) -> Estimate:
    """Estimate a mean with a Student t interval.

    Parameters
    ----------
    values : Series of float, shape (n_patients,)
        One value a patient; missing values leave the denominator and are counted.
    unit : str
        Unit of the values.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Estimate
        Without an interval for one patient or when all values are equal: a sample without spread
        says nothing of the spread. ``not estimable`` when every value is missing, ``no patients``
        when there are none.

    Raises
    ------
    EstimationError
        A value is infinite, or the level is outside (0, 1).

    References
    ----------
    Student (1908), Biometrika 6:1; as R's t.test.
    """
    known, n_missing = _known(values, level)
    n = len(known)
    if not n:
        return _nobody(n_missing, unit, "t")
    mean = float(known.mean())
    if np.ptp(known) <= SAME:
        return _estimate(mean, None, n, n_missing, unit, "t", level)
    ends = t.interval(level, n - 1, loc=mean, scale=float(known.std(ddof=1)) / n**0.5)
    return _estimate(mean, ends, n, n_missing, unit, "t", level)


def estimate_spread(values: pd.Series, *, unit: str = "percent") -> Estimate:
    """Estimate a standard deviation, of n - 1; parameters as `estimate_mean`, no interval."""
    known, n_missing = _known(values, 0.95)
    n = len(known)
    if not n:
        return _nobody(n_missing, unit, "standard_deviation")
    about: dict[str, Any] = {
        "n": n, "n_missing": n_missing, "unit": unit, "method": "standard_deviation"
    }  # fmt: skip
    if n == 1:
        return Estimate(value=None, status="not estimable", notes=("one_value",), **about)
    return Estimate(value=float(known.std(ddof=1)), **about)


def estimate_mean_bca(
    values: pd.Series, *, rng: np.random.Generator, replicates: int = 2000, level: float = 0.95
) -> Estimate:
    """Estimate the mean of patients' percent reductions with a BCa bootstrap interval.

    Parameters
    ----------
    values : Series of float, shape (n_patients,)
        Percent reduction of each patient; missing values leave the denominator and are counted.
    rng, replicates, level
        As `bca_interval`.

    Returns
    -------
    Estimate
        Without an interval as `estimate_mean`. Where a very skew bootstrap puts the estimate
        outside its own interval, the interval is stretched to hold it.

    Raises
    ------
    EstimationError
        A value is infinite, or the level is outside (0, 1).
    """
    return _bootstrapped(values, weighted_mean, "mean_bca", rng, replicates, level)


def estimate_median_bca(
    values: pd.Series, *, rng: np.random.Generator, replicates: int = 2000, level: float = 0.95
) -> Estimate:
    """Estimate the median of patients' percent reductions; otherwise as `estimate_mean_bca`.

    The median of an even number of patients is the midpoint of the middle two.
    """
    return _bootstrapped(values, weighted_median, "median_bca", rng, replicates, level)


def estimate_ratio_of_means(
    before: pd.Series,
    after: pd.Series,
    *,
    rng: np.random.Generator,
    replicates: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """Estimate the percent fall of the mean score, patients resampled as pairs.

    Parameters
    ----------
    before, after : Series of float, same index
        Baseline (above 0) and later score of each patient, 0 to 10; a pair with a missing score is
        left out and counted.
    rng, replicates, level
        As `bca_interval`.

    Returns
    -------
    Estimate
        As `estimate_mean_bca`.

    Raises
    ------
    EstimationError
        A baseline is 0 or below: no percent reduction exists, and the three definitions must be of
        the same patients; leave the patient out and count them. Or as `estimate_mean_bca`.

    References
    ----------
    Fieller (1954), J R Stat Soc B 16:175, on ratios.
    """
    scores = [as_numbers(name, each, missing=True)
              for name, each in (("before", before), ("after", after))]  # fmt: skip
    check_same_length(scores[0].size, after=scores[1].size)
    refuse(
        scores[0] <= 0,
        "a baseline is 0 or below: a percent fall from it does not exist;",
        scores[0],
    )
    if isinstance(before, pd.Series) and isinstance(after, pd.Series):
        pairs: Any = pd.DataFrame({"before": before, "after": after})  # by their index
    else:
        pairs = np.column_stack(scores)
    return _bootstrapped(pairs, weighted_ratio_reduction, "ratio_bca", rng, replicates, level)


def _bootstrapped(
    values: Any,
    statistic: WeightedStatistic,
    method: str,
    rng: np.random.Generator,
    replicates: int,
    level: float,
) -> Estimate:
    check_replicates(replicates)
    check_generator(rng)
    rows, n_missing = _known(values, level)
    n = len(rows)
    if not n:
        return _nobody(n_missing, "percent", method)
    value = float(statistic(rows, np.ones((1, n)))[0])
    ends = bca_interval(rows, statistic, level=level, replicates=replicates, rng=rng)
    return _estimate(value, ends, n, n_missing, "percent", method, level)


def _known(values: Any, level: float) -> tuple[Floats, int]:
    """Return the rows without a missing value, shape (n, d), and how many are left out."""
    check_level(level)
    rows = as_numbers("values", values, missing=True, columns=1)
    known = rows[~np.isnan(rows).any(axis=1)]
    return known, len(rows) - len(known)


def _nobody(n_missing: int, unit: str, method: str) -> Estimate:
    """Return the result of nobody: no patients, or patients of whom nothing is known."""
    if not n_missing:
        return no_patients(unit=unit, method=method)
    return Estimate(
        value=None, n=0, n_missing=n_missing, unit=unit, method=method, status="not estimable",
        notes=("nothing_known",),
    )  # fmt: skip


def _estimate(
    value: float,
    ends: tuple[float, float] | None,
    n: int,
    n_missing: int,
    unit: str,
    method: str,
    level: float,
) -> Estimate:
    if ends is None:
        why = "one_patient" if n == 1 else "no_spread"
        return Estimate(
            value=value, n=n, n_missing=n_missing, unit=unit, method=method, notes=(why,)
        )
    low, high = min(float(ends[0]), value), max(float(ends[1]), value)
    return Estimate(
        value=value, low=low, high=high, level=level, n=n, n_missing=n_missing, unit=unit,
        method=method,
    )  # fmt: skip


def mean_limits(
    mean: ArrayLike, spread: ArrayLike, n: ArrayLike, *, level: float = 0.95, student: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return Student (else normal) limits of many means, without resampling.

    ``spread`` are sample standard deviations. A spread of 0 or NaN, or fewer than two patients,
    gives no interval (NaN).
    """
    check_level(level)
    value, scale, m = (np.asarray(part, dtype=float) for part in (mean, spread, n))
    some = (m >= 2) & (scale > 0)
    count = np.where(some, m, 2.0)
    tail = (1 + level) / 2
    reach = stdtrit(count - 1, tail) if student else ndtri(tail)
    half = np.where(some, reach * scale / np.sqrt(count), np.nan)
    return value - half, value + half


def worst_reduction_pct(least_baseline_score: float) -> float:
    """Return the percent reduction of who has this baseline and then a score of 10.

    -150% from the usual minimum baseline of 4, -900% from 1, which is also taken for anything
    below 1: where no minimum is asked for.
    """
    least = max(as_number("the least baseline score", least_baseline_score), LEAST_SCORE)
    return 100.0 * (least - 10.0) / least


def judged_mean_limits(
    values: ArrayLike, *, worst_pct: float, best_pct: float = BEST_PCT, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval by which a mean of percent reductions is judged: it minds unseen tails.

    Each end is the outer one of Student's t and of the nonparametric likelihood of all
    distributions on the scale, whether or not anybody lay at its ends.

    Parameters
    ----------
    values : array_like of float, shape (n_patients,)
        Percent reductions; missing values leave the denominator.
    worst_pct : float
        Smallest reduction a patient could have had, seen or not: `worst_reduction_pct` of the
        minimum baseline. A smaller value among ``values`` takes its place.
    best_pct : float
        Largest.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    low, high : float
        NaN where Student's t has no interval: below two patients, or no spread.

    Raises
    ------
    EstimationError
        A value is infinite or above ``best_pct``, or the level is outside (0, 1).

    Notes
    -----
    A few patients far below the mean make it: where a clinic of 50 has none of them by chance, its
    mean is too high and its spread too small, and nothing in its values shows it (Bahadur and
    Savage). That the score ends at 10 does. The lower likelihood limit is the least mean that a
    distribution on the scale can have within ``chi2(level') / 2`` of the greatest log-likelihood,
    where some weight may lie on ``worst_pct`` although nobody was there. ``level'`` halves the
    error for the lower end (97.5% for 95%), because the chi-square is too small where the tail
    lies outside the sample; the upper end, with 100% never far, needs no more than ``level``.
    Error rates and power: docs/simulations/verdict-errors.md. By hand: the likelihood limit of n
    equal values v is ``v - (v - worst) (1 - exp(-chi2 / 2 n))``.

    References
    ----------
    Owen (1988), Biometrika 75:237. Honda and Takemura (2010), COLT, for the form with bounded
    support. Bahadur and Savage (1956), Ann Math Stat 27:1115.
    """
    rows = _known(values, level)[0].ravel()
    worst_pct, best_pct = as_number("worst_pct", worst_pct), as_number("best_pct", best_pct)
    if rows.size and rows.max() > best_pct + SAME:
        raise EstimationError(f"a reduction is {rows.max():g}%; at most {best_pct:g} is expected.")
    if rows.size < 2 or np.ptp(rows) <= SAME:
        return np.nan, np.nan
    distinct, counts = np.unique(rows, return_counts=True)
    low, high = likelihood_limits(
        distinct, counts[None, :], worst_pct=worst_pct, best_pct=best_pct, level=level
    )
    error = float(rows.std(ddof=1)) / rows.size**0.5
    ends = t.interval(level, rows.size - 1, loc=rows.mean(), scale=error)
    return min(float(ends[0]), low.item()), max(float(ends[1]), high.item())


def outer_limits(
    values: ArrayLike, low: float, high: float, *, minimum_baseline: float, level: float = 0.95
) -> tuple[float, float]:
    """Return the outer ends of a mean's own interval and of `judged_mean_limits`.

    Parameters
    ----------
    values : array_like of float, shape (n_patients,)
        Percent reductions, none missing. Means of imputed ones may pass 100 and count as 100.
    low, high : float
        Its own interval; NaN for none.
    minimum_baseline : float
        Score; with it goes the worst reduction there could have been.
    level : float in (0, 1)

    Returns
    -------
    low, high : float
        NaN where neither has an end.
    """
    ends = judged_mean_limits(
        np.minimum(as_numbers("values", values), BEST_PCT),
        worst_pct=worst_reduction_pct(minimum_baseline), level=level,
    )  # fmt: skip
    own = [as_numbers(*each, missing=True)[0] for each in (("low", [low]), ("high", [high]))]
    return float(np.fmin(own[0], ends[0])), float(np.fmax(own[1], ends[1]))


def likelihood_limits(
    values: np.ndarray,
    counts: np.ndarray,
    *,
    worst_pct: float,
    best_pct: float = BEST_PCT,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the likelihood limits of `judged_mean_limits` of many samples.

    Parameters
    ----------
    values : ndarray of float, shape (d,)
        Distinct percent reductions.
    counts : ndarray, shape (k, d)
        Patients with each of them in each sample, some in every one.
    worst_pct, best_pct, level
        As `judged_mean_limits`.

    Returns
    -------
    low, high : ndarray of float, shape (k,)
    """
    worst = min(worst_pct, float(values.min()))
    lost = chi2.ppf([(1 + level) / 2, level], 1) / 2
    low = worst + _least_mean(values - worst, counts, float(lost[0]))
    high = best_pct - _least_mean(np.maximum(best_pct - values, 0.0), counts, float(lost[1]))
    return low, high


def _least_mean(values: np.ndarray, counts: np.ndarray, lost: float) -> np.ndarray:
    """Return the least mean on a scale from 0 within ``lost`` of the greatest log-likelihood.

    The restricted maximum gives each patient the weight ``1 / (n s (x + a))`` with ``a`` at least
    0 and ``s`` the mean of ``1 / (x + a)``; the smaller ``a``, the lower the mean and the
    likelihood. Where even 0 is not low enough, the rest of the weight lies on 0, where nobody was.
    """
    n = counts.sum(axis=1)

    def fall(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give the mean inverse, how far the likelihood has fallen, and its slope by ``log(a)``."""
        moved = values + a[:, None]
        inverse = np.einsum("kd,kd->k", counts, 1 / moved) / n
        square = np.einsum("kd,kd->k", counts, moved**-2.0) / n
        mean_log = np.einsum("kd,kd->k", counts, np.log(moved)) / n
        return inverse, n * (mean_log + np.log(inverse)), n * a * (inverse - square / inverse)

    # From next to nothing to where the likelihood has hardly fallen (n var / 2 a**2): Newton's
    # steps, or half of what is left where one would lead out of it.
    low = np.full(len(n), np.log(NOWHERE * values.max()))
    high = np.log(np.sqrt(n) * values.max())
    inverse, fallen, _ = fall(np.exp(low))
    at_end = fallen < lost
    geometric = np.exp(fallen / n - np.log(inverse) - lost / n)
    place = high - 0.5 * np.log(2 * lost)
    for _ in range(MOST_STEPS):
        _, fallen, slope = fall(np.exp(place))
        low, high = np.where(fallen > lost, place, low), np.where(fallen > lost, high, place)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = place - (fallen - lost) / slope
        ahead = np.where((ahead >= low) & (ahead <= high), ahead, (low + high) / 2)
        moved_on, place = np.abs(ahead - place)[~at_end], ahead
        if (moved_on < NEAR).all():
            break
    a = np.exp(place)
    return np.where(at_end, geometric, 1 / fall(a)[0] - a)


def median_limits(ordered: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """Return the distribution-free interval of a median from sorted values.

    The r-th smallest and r-th largest value, r as large as the level allows; NaN below six values
    at 95%, where even the extremes do not hold the level.

    References
    ----------
    Thompson (1936), Ann Math Stat 7:122. By hand: of 10 values the 2nd and the 9th, 97.9%.
    """
    rank = _median_rank(len(ordered), level)
    if rank < 1:
        return np.nan, np.nan
    return float(ordered[rank - 1]), float(ordered[len(ordered) - rank])


@lru_cache(maxsize=1024)
def _median_rank(n: int, level: float) -> int:
    """Return the place of the lower limit among n values, 0 where there is none."""
    return int(binom.ppf((1 - level) / 2, n, 0.5)) if n else 0


def ratio_limits(
    before: np.ndarray, after: np.ndarray, *, level: float = 0.95, fieller: bool = True
) -> tuple[float, float]:
    """Return the interval of the percent fall from the mean before to the mean after.

    ``before`` and ``after`` are scores of the same patients; the mean before is above 0. Fieller's
    set with Student quantiles, else the delta method with normal ones; NaN below two patients, or
    where Fieller's set has no end.

    References
    ----------
    Fieller (1954), J R Stat Soc B 16:175.
    """
    check_level(level)
    n = len(before)
    if n < 2:
        return np.nan, np.nan
    first, second = float(before.mean()), float(after.mean())
    (v11, v12), (_, v22) = np.cov(before, after) / n
    ratio = second / first
    if not fieller:
        error = np.sqrt(max(v22 - 2 * ratio * v12 + ratio**2 * v11, 0.0)) / first
        half = float(ndtri((1 + level) / 2) * error)
        return 100 * (1 - ratio - half), 100 * (1 - ratio + half)
    t2 = float(stdtrit(n - 1, (1 + level) / 2)) ** 2
    a, b, c = first**2 - t2 * v11, first * second - t2 * v12, second**2 - t2 * v22
    if a <= 0:
        return np.nan, np.nan
    root = np.sqrt(max(b**2 - a * c, 0.0))
    return float(100 * (1 - (b + root) / a)), float(100 * (1 - (b - root) / a))


def bca_interval(
    rows: np.ndarray,
    statistic: WeightedStatistic,
    *,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Return the bias-corrected and accelerated bootstrap interval of independent patients.

    Parameters
    ----------
    rows : ndarray, shape (n_patients, d)
        One row a patient, no missing values.
    statistic : callable
        Weighted statistic, see `WeightedStatistic`.
    level : float in (0, 1)
        Two-sided confidence level.
    replicates : int, at least 100
        Bootstrap samples.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (low, high) or None
        None with fewer than two patients, or where every replicate is the same (no spread). The
        interval need not hold the estimate where the bootstrap is very skew; the caller decides.

    Raises
    ------
    EstimationError
        The statistic does not exist for some resample (a division by 0); fewer than 100
        replicates; rows that are no numbers.

    Notes
    -----
    Pain scores take few values, so equal rows are collapsed first: a resample of n patients is one
    multinomial draw over the distinct rows. Of more than `FEW` single values none of which is tied,
    patients are drawn one by one, in less time than SciPy takes. Unlike `scipy.stats.bootstrap`,
    the bias correction counts replicates equal to the estimate as half below it, which matters for
    medians of tied scores; equal means equal but for rounding, else the sign of a rounding error
    would decide.
    Where the jackknife has no spread the acceleration is 0. An end whose adjusted level passes
    infinity is the outermost replicate.

    References
    ----------
    Efron (1987), J Am Stat Assoc 82:171; Efron and Tibshirani (1993), chapter 14.
    """
    check_level(level)
    check_replicates(replicates)
    check_generator(rng)
    rows = as_numbers("rows", rows, columns=1)
    if len(rows) < 2:
        return None
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    n, batch = len(rows), max(1, CELLS_AT_ONCE // len(distinct))
    at_all = float(statistic(distinct, counts[None, :].astype(float))[0])
    draw = _draw_distinct if len(distinct) == n > FEW and rows.shape[1] == 1 else _draw_tied
    draws = np.concatenate(
        [statistic(distinct, draw(counts, size, rng)) for size in _batches(replicates, batch)]
    )
    if not np.isfinite(draws).all():
        raise EstimationError("the statistic does not exist for every resample of the patients.")
    near = SAME * max(1.0, float(np.abs(draws).max()))
    if np.ptp(draws) <= near:
        return None
    tied = np.abs(draws - at_all) <= near
    below = np.mean((draws < at_all) & ~tied) + 0.5 * np.mean(tied)
    bias = ndtri(np.clip(below, 0.5 / replicates, 1 - 0.5 / replicates))
    pull = acceleration(distinct, counts, statistic)
    tail = (1 - level) / 2
    z = bias + ndtri(np.array([tail, 1 - tail]))
    room = 1 - pull * z
    ends = np.where(room > 0, ndtr(bias + z / np.where(room > 0, room, 1.0)), z > 0)
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def _draw_tied(counts: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each distinct row is in each of some resamples."""
    n = counts.sum()
    return rng.multinomial(n, counts / n, size=size).astype(float)


def _draw_distinct(counts: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the same where no two rows are alike, which is quicker patient by patient."""
    n = len(counts)
    drawn = rng.integers(n, size=(size, n), dtype=np.int32)
    drawn += np.arange(0, size * n, n, dtype=np.int32)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def _batches(size: int, batch: int) -> list[int]:
    return [min(batch, size - start) for start in range(0, size, batch)]


def acceleration(distinct: np.ndarray, counts: np.ndarray, statistic: WeightedStatistic) -> float:
    """Return the acceleration from the jackknife: one left-out patient per distinct row."""
    parts, start = [], 0
    for size in _batches(len(distinct), max(1, CELLS_AT_ONCE // len(distinct))):
        weights = np.tile(counts.astype(float), (size, 1))
        weights[np.arange(size), start + np.arange(size)] -= 1.0
        parts.append(statistic(distinct, weights))
        start += size
    left_out = np.concatenate(parts)
    centred = np.average(left_out, weights=counts) - left_out
    spread = float(np.sum(counts * centred**2))
    return 0.0 if spread == 0 else float(np.sum(counts * centred**3)) / (6.0 * spread**1.5)


def weighted_mean(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of the first column under each weighting."""
    return weights @ rows[:, 0] / weights.sum(axis=1)


def weighted_median(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the median of the first column per weighting, midpoint when two share the middle."""
    order = np.argsort(rows[:, 0], kind="stable")
    values, steps = rows[order, 0], np.cumsum(weights[:, order], axis=1)
    half = steps[:, -1:] / 2.0
    lower = np.argmax(steps >= half, axis=1)
    upper = np.argmax(steps > half, axis=1)
    return (values[lower] + values[upper]) / 2.0


def weighted_ratio_reduction(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the percent fall of the mean from the first column (before) to the second (after)."""
    before, after = weights @ rows[:, 0], weights @ rows[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100.0 * (before - after) / before
