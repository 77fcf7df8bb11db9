"""Bias-corrected and accelerated (BCa) bootstrap intervals over distinct rows.

Pain scores take few values, so equal rows are collapsed first: a resample of n patients is one
multinomial draw over the distinct rows, the same distribution at a cost that does not grow with n.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.errors import EstimationError

WeightedStatistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes rows (k, d) and weights (r, k); returns the statistic of each of the r weightings."""

SAME = 1e-9
"""Fraction of the size of the replicates within which two of them are the same number: sums of the
same scores in another order differ by about 1e-15, distinct means of n scores by 1 / n at least."""

CELLS_AT_ONCE = 4_000_000
"""Replicates times distinct rows held in memory together: 32 MB."""


def bca_interval(
    rows: np.ndarray,
    statistic: WeightedStatistic,
    *,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Return the BCa interval of a statistic of independent patients.

    Parameters
    ----------
    rows : ndarray, shape (n_patients, d)
        One row a patient, no missing values.
    statistic : callable
        Weighted statistic, see `WeightedStatistic`.
    level : float in (0, 1)
        Two-sided confidence level.
    replicates : int
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
        The statistic does not exist for some resample (a division by 0).

    Notes
    -----
    The bias correction counts replicates equal to the estimate as half below it, which matters for
    medians of tied scores; equal means equal but for rounding, else the sign of a rounding error
    would decide. Where the jackknife has no spread the acceleration is 0. An end whose adjusted
    level passes infinity is the outermost replicate.

    References
    ----------
    Efron (1987), J Am Stat Assoc 82:171; Efron and Tibshirani (1993), chapter 14.
    """
    if len(rows) < 2:
        return None
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    at_all = float(statistic(distinct, counts[None, :].astype(float))[0])
    draws = _replicates(distinct, counts, statistic, replicates, rng)
    if not np.isfinite(draws).all():
        raise EstimationError("the statistic does not exist for every resample of the patients.")
    near = SAME * max(1.0, float(np.abs(draws).max()))
    if np.ptp(draws) <= near:
        return None
    tied = np.abs(draws - at_all) <= near
    below = np.mean((draws < at_all) & ~tied) + 0.5 * np.mean(tied)
    bias = ndtri(np.clip(below, 0.5 / replicates, 1 - 0.5 / replicates))
    pull = _acceleration(distinct, counts, statistic)
    tail = (1 - level) / 2
    z = bias + ndtri(np.array([tail, 1 - tail]))
    room = 1 - pull * z
    ends = np.where(room > 0, ndtr(bias + z / np.where(room > 0, room, 1.0)), z > 0)
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def _replicates(
    distinct: np.ndarray,
    counts: np.ndarray,
    statistic: WeightedStatistic,
    replicates: int,
    rng: np.random.Generator,
) -> np.ndarray:
    n = int(counts.sum())
    batch = max(1, CELLS_AT_ONCE // len(distinct))
    parts = []
    for start in range(0, replicates, batch):
        size = min(batch, replicates - start)
        weights = rng.multinomial(n, counts / n, size=size).astype(float)
        parts.append(statistic(distinct, weights))
    return np.concatenate(parts)


def _acceleration(distinct: np.ndarray, counts: np.ndarray, statistic: WeightedStatistic) -> float:
    """Return the acceleration from the jackknife: one left-out value per distinct row."""
    batch = max(1, CELLS_AT_ONCE // len(distinct))
    parts = []  # statistics of all patients but one, one for each kind of patient
    for start in range(0, len(distinct), batch):
        which = np.arange(start, min(start + batch, len(distinct)))
        weights = np.repeat(counts[None, :].astype(float), len(which), axis=0)
        weights[np.arange(len(which)), which] -= 1.0
        parts.append(statistic(distinct, weights))
    left_out = np.concatenate(parts)
    centred = np.average(left_out, weights=counts) - left_out
    spread = float(np.sum(counts * centred**2))
    return 0.0 if spread == 0 else float(np.sum(counts * centred**3)) / (6.0 * spread**1.5)


def weighted_mean(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the first column under each weighting."""
    return weights @ rows[:, 0] / weights.sum(axis=1)


def weighted_median(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Median of the first column (midpoint when two values share the middle) per weighting."""
    order = np.argsort(rows[:, 0], kind="stable")
    values, steps = rows[order, 0], np.cumsum(weights[:, order], axis=1)
    half = steps[:, -1:] / 2.0
    lower = np.argmax(steps >= half, axis=1)
    upper = np.argmax(steps > half, axis=1)
    return (values[lower] + values[upper]) / 2.0


def weighted_ratio_reduction(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Percent fall of the mean from the first column (before) to the second (after)."""
    before, after = weights @ rows[:, 0], weights @ rows[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100.0 * (before - after) / before
