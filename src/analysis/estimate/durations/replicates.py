"""The maximum for many resampled data sets at once, on the regions of the original data.

The steps are those of ``em_icm``, taken side by side: one column is one resample, and a resample
that is finished gives its column to the next. Curves are held as the share lost at the boundaries
between regions, so an interval's probability is a difference of two rows and every sum over
intervals is a sparse product: a round costs as much as there are intervals, not intervals times
regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.sparse import csr_array

from analysis.estimate.durations.em_icm import HALVINGS, MOST_ROUNDS, TINY
from analysis.estimate.durations.inputs import Bools, Floats, Ints
from analysis.estimate.durations.intervals import Intervals

TOLERANCE = 1e-10
"""Largest Kuhn-Tucker gap of a finished replicate.

A gap g leaves the log-likelihood of n patients within n g of its maximum and so, where the
likelihood is nearly a parabola, every share within sqrt(2 n g) standard errors of its own: 1/2000
for 1,000 patients, against 1/45 that 1,000 resamples leave open in a standard error. That would
allow a looser gap; this one also keeps shares good to about 1e-8 (``readings.SHARE_TIE``), so
that a resample whose curve rests at exactly one half is read as such, and takes about half as
long again as 1e-7 would.
"""

POOL_NUMBERS = 32_768
"""Numbers in one array of the columns worked on together: 256 kB, which stays in the cache."""

FEWEST_TOGETHER = 64
"""Columns worked on together however many intervals there are; fewer leave the sums to Python."""

MOST_TOGETHER = 1_000
"""More would cost the joint isotonic regression digits (see `_monotone`)."""

REFILL_SHARE = 0.75
"""New resamples are let in once this part of the columns, or less, is still at work."""

SELF_CONSISTENT_STEPS = 3
"""Self-consistency steps a round; cheaper than minorant steps, and three took the least time."""

SLACK = 1e-14
"""A fall of the mean log-likelihood that is only rounding, and no reason to shorten a step."""

FLOOR = 1e-9
"""Least curvature, as a share of the largest, where no drawn interval starts or stops."""

APART = 4.0
"""Distance between the columns in the joint isotonic regression; their values span 3."""


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sparse sums over intervals; a boundary is 0 before the first region, m after the last.

    Parameters
    ----------
    first, last : ndarray of int, shape (k,)
        Boundaries between which the probability of each interval lies.
    stops_less_starts, ends : csr_array, shape (m + 1, k)
        Sum over the intervals that stop at a boundary less, or plus, those that start there.
    """

    first: Ints
    last: Ints
    stops_less_starts: csr_array
    ends: csr_array

    @classmethod
    def of(cls, intervals: Intervals) -> _Sums:
        """Return the sums for these intervals."""
        one, each = np.ones(intervals.first.size), np.arange(intervals.first.size)
        shape = (intervals.n_regions + 1, intervals.first.size)
        stops = csr_array((one, (intervals.last, each)), shape=shape)
        starts = csr_array((one, (intervals.first, each)), shape=shape)
        return cls(intervals.first, intervals.last, csr_array(stops - starts), stops + starts)

    def chance(self, lost: Floats) -> Floats:
        """Return each interval's probability, shape (k, columns)."""
        inside = lost.take(self.last, axis=0)
        inside -= lost.take(self.first, axis=0)
        return np.maximum(inside, TINY, out=inside)

    def gradient(self, pull: Floats) -> Floats:
        """Return the gradient for each region, shape (m, columns)."""
        slope = self.stops_less_starts @ pull
        return np.negative(np.cumsum(slope, axis=0, out=slope)[:-1])


def resample_masses(
    intervals: Intervals, *, start: Floats, replicates: int, rng: np.random.Generator
) -> Floats:
    """Return fitted masses of resampled patients.

    Parameters
    ----------
    intervals : Intervals
        Distinct intervals; ``counts`` are taken as whole patients.
    start : ndarray of float, shape (m,)
        Masses of the original fit.
    replicates : int, at least 1
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (replicates, m)
        Each row sums to 1. Regions between which no drawn interval starts or stops share their
        mass in proportion to ``0.9 * start + 0.1 / m``: the resample says nothing about it.
    """
    total = float(intervals.counts.sum())
    drawn = rng.multinomial(round(total), intervals.counts / total, size=replicates)
    if intervals.n_regions == 1:
        return np.ones((replicates, 1))
    shares = np.ascontiguousarray((drawn / drawn.sum(axis=1, keepdims=True)).T)
    begin = 0.9 * start + 0.1 / start.size  # every region starts open
    base = _running_sum(begin[:, None] / begin.sum())
    sums = _Sums.of(intervals)
    lost = _fit_all(sums, shares, base)
    lost = _divide_silent(lost, base, sums.ends @ (shares > 0).astype(np.float64) > 0)
    return np.ascontiguousarray(np.diff(lost, axis=0).T)


def _fit_all(sums: _Sums, shares: Floats, base: Floats) -> Floats:
    """Return the fitted share lost at each boundary for each column of shares."""
    count = shares.shape[1]
    room = min(max(FEWEST_TOGETHER, POOL_NUMBERS // shares.shape[0]), MOST_TOGETHER)
    done = np.empty((base.size, count))
    columns, rounds, let_in = np.arange(0), np.arange(0), 0
    lost: Floats = np.empty((base.size, 0))
    while columns.size or let_in < count:
        if let_in < count and columns.size <= REFILL_SHARE * room:
            new = np.arange(let_in, min(count, let_in + room - columns.size))
            let_in += new.size
            columns = np.concatenate((columns, new))
            lost = np.concatenate((lost, np.repeat(base, new.size, axis=1)), axis=1)
            rounds = np.concatenate((rounds, np.zeros_like(new)))
        moved, gap = _one_round(sums, lost, shares.take(columns, axis=1))
        is_open = (gap > TOLERANCE) & (rounds < MOST_ROUNDS)
        done[:, columns[~is_open]] = lost[:, ~is_open]
        still = np.flatnonzero(is_open)  # `take` keeps rows together in memory, [:, still] does not
        columns, lost, rounds = columns[still], moved.take(still, axis=1), rounds[still] + 1
    return done


def _one_round(sums: _Sums, lost: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Return the curves one round on, and the Kuhn-Tucker gaps they had before it."""
    chance = sums.chance(lost)
    pull = shares / chance
    slope = sums.stops_less_starts @ pull
    gap = (-np.cumsum(slope, axis=0)[:-1]).max(axis=0) - 1
    curvature = (sums.ends @ (pull / chance))[1:-1]
    curvature = np.maximum(curvature, FLOOR * curvature.max(axis=0) + TINY)
    target = lost.copy()
    target[-1] = 1.0
    target[1:-1] = _monotone(lost[1:-1] + slope[1:-1] / curvature, curvature)
    moved = _shorten(sums, lost, target, chance, shares)
    for _ in range(SELF_CONSISTENT_STEPS):
        gradient = sums.gradient(shares / sums.chance(moved))
        gradient *= moved[1:] - moved[:-1]
        moved = _running_sum(gradient)
        moved /= moved[-1]
    return moved, gap


def _monotone(values: Floats, weights: Floats) -> Floats:
    """Return each column's weighted isotonic regression, kept within 0 and 1.

    All columns go through one regression, each lifted above the one before. They cannot meet:
    a share lost is in [0, 1] and its slope is at most its curvature, so values are in [-1, 2].
    """
    lift = APART * np.arange(values.shape[1])[:, None]
    joined = isotonic_regression((values.T + lift).ravel(), weights=weights.T.ravel()).x
    return np.clip(joined.reshape(lift.size, -1) - lift, 0.0, 1.0).T


def _shorten(sums: _Sums, lost: Floats, target: Floats, chance: Floats, shares: Floats) -> Floats:
    """Return each column moved to its target, or as near as its likelihood does not fall."""
    moved = target.copy()
    before = _log_likelihood(chance, shares) - SLACK
    inside = sums.chance(moved)
    worse = np.flatnonzero(_log_likelihood(inside, shares) < before)
    length = 1.0
    for _ in range(HALVINGS):
        if not worse.size:
            return moved
        length /= 2
        moved[:, worse] = lost[:, worse] + length * (target[:, worse] - lost[:, worse])
        reached = _log_likelihood(sums.chance(moved[:, worse]), shares[:, worse])
        worse = worse[reached < before[worse]]
    moved[:, worse] = lost[:, worse]
    return moved


def _log_likelihood(chance: Floats, shares: Floats) -> Floats:
    """Return the mean log-likelihood of each column; hopeless where a drawn interval has none."""
    return np.einsum("ij,ij->j", shares, np.log(chance))


def _divide_silent(lost: Floats, base: Floats, is_heard: Bools) -> Floats:
    """Return curves that rise like ``base`` between the boundaries their resample speaks of.

    No drawn interval starts or stops at the others, so no probability changes; without a rule
    the curve there would be wherever the steps left it.
    """
    place = np.arange(base.size)[:, None]
    edge = (place == 0) | (place == base.size - 1)
    is_heard = is_heard | edge
    below = np.maximum.accumulate(np.where(is_heard, place, 0), axis=0)
    above = np.where(is_heard, place, base.size - 1)[::-1]
    above = np.minimum.accumulate(above, axis=0)[::-1]
    rise = base[above, 0] - base[below, 0]
    part = (base - base[below, 0]) / np.where(is_heard, 1.0, rise)
    low, high = _rows(lost, below), _rows(lost, above)
    return np.where(is_heard, lost, low + part * (high - low))


def _rows(values: Floats, rows: Ints) -> Floats:
    """Return, for each column, its values at the given rows."""
    return np.take_along_axis(values, rows, axis=0)


def _running_sum(masses: Floats) -> Floats:
    """Return the share lost at every boundary, 0 before the first region."""
    lost = np.zeros((masses.shape[0] + 1, masses.shape[1]))
    np.cumsum(masses, axis=0, out=lost[1:])
    return lost
