"""Intervals of thousands of readings at once: the formulas of `analysis.estimate`, on arrays.

NaN stands where there is no interval, as these arrays never leave the grid as numbers of their own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri, stdtrit
from scipy.stats import binom

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]


def wilson_limits(n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Return Wilson limits of many shares.

    Parameters
    ----------
    n_events, n : array of int, same shape
        Events among patients; NaN limits where ``n`` is 0.
    level : float in (0, 1)
        Two-sided level.

    Returns
    -------
    low, high : ndarray in [0, 1]
        As `analysis.estimate.proportions.estimate_share_wilson`.

    References
    ----------
    Wilson (1927), J Am Stat Assoc 22:209.
    """
    k, m, share = _counts(n_events, n)
    z = float(ndtri(0.5 + 0.5 * level))
    size = 2 * (m + z**2)
    centre = (2 * m * share + z**2) / size
    half = z / size * np.sqrt(4 * m * share * (1 - share) + z**2)
    low = np.where(k == 0, 0.0, np.minimum(centre - half, share))
    high = np.where(k == m, 1.0, np.maximum(centre + half, share))
    return _unless_empty(m, low, high)


def exact_limits(n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Return Clopper-Pearson limits of many shares; parameters and returns as `wilson_limits`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404; limits as quantiles of the beta distribution.
    """
    k, m, share = _counts(n_events, n)
    tail = (1 - level) / 2
    inner = (k > 0, k < m)
    low = betaincinv(np.where(inner[0], k, 1.0), m - k + 1, tail)
    high = betaincinv(k + 1, np.where(inner[1], m - k, 1.0), 1 - tail)
    low = np.where(inner[0], np.minimum(low, share), 0.0)
    high = np.where(inner[1], np.maximum(high, share), 1.0)
    return _unless_empty(m, low, high)


def mean_limits(
    mean: ArrayLike, spread: ArrayLike, n: ArrayLike, *, level: float = 0.95, student: bool = True
) -> Limits:
    """Return Student (or normal) limits of many means.

    Parameters
    ----------
    mean, spread : array of float
        Mean and sample standard deviation; a spread of 0 or NaN gives no interval.
    n : array of int
        Patients; fewer than two give no interval.
    level : float in (0, 1)
    student : bool
        Normal quantiles otherwise.
    """
    value, scale, m = (np.asarray(part, dtype=float) for part in (mean, spread, n))
    fit = (m >= 2) & (scale > 0)
    count = np.where(fit, m, 2.0)
    tail = (1 + level) / 2
    reach = stdtrit(count - 1, tail) if student else np.full(count.shape, ndtri(tail))
    half = np.where(fit, reach * scale / np.sqrt(count), np.nan)
    return value - half, value + half


def median_limits(ordered: Floats, *, level: float = 0.95) -> tuple[float, float]:
    """Return the distribution-free interval of a median from sorted values.

    Parameters
    ----------
    ordered : ndarray of float, shape (n,), rising
    level : float in (0, 1)

    Returns
    -------
    low, high : float
        The r-th smallest and r-th largest value, r as large as the level allows; NaN below six
        values at 95 %, where even the extremes do not hold the level.

    References
    ----------
    Thompson (1936), Ann Math Stat 7:122. By hand: of 10 values the 2nd and the 9th, 97.9 %.
    """
    n = len(ordered)
    rank = _median_rank(n, level)
    if rank < 1:
        return float("nan"), float("nan")
    return float(ordered[rank - 1]), float(ordered[n - rank])


@lru_cache(maxsize=1024)
def _median_rank(n: int, level: float) -> int:
    """Return the place of the lower limit among n values, 0 where there is none.

    Kept, because hundreds of readings have the same few numbers of patients.
    """
    return int(binom.ppf((1 - level) / 2, n, 0.5)) if n else 0


def ratio_limits(
    before: Floats, after: Floats, *, level: float = 0.95, fieller: bool = True
) -> tuple[float, float]:
    """Return the interval of the percent fall from the mean before to the mean after.

    Parameters
    ----------
    before, after : ndarray of float, shape (n,)
        Scores of the same patients; the mean before is above 0.
    level : float in (0, 1)
    fieller : bool
        Fieller's set with Student quantiles; the delta method with normal ones otherwise.

    Returns
    -------
    low, high : float
        Percent; NaN below two patients, or where Fieller's set has no end.

    References
    ----------
    Fieller (1954), J R Stat Soc B 16:175.
    """
    n = len(before)
    if n < 2:
        return float("nan"), float("nan")
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
        return float("nan"), float("nan")
    root = np.sqrt(max(b**2 - a * c, 0.0))
    return float(100 * (1 - (b + root) / a)), float(100 * (1 - (b - root) / a))


def _counts(n_events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats, Floats]:
    k, m = np.asarray(n_events, dtype=float), np.asarray(n, dtype=float)
    return k, m, k / np.where(m > 0, m, 1.0)


def _unless_empty(m: Floats, low: Floats, high: Floats) -> Limits:
    return np.where(m > 0, low, np.nan), np.where(m > 0, high, np.nan)
