"""Curves of many data sets side by side, one column each, and what the likelihood says of them.

Curves are held as the share lost at the boundaries between regions, so an interval's probability is
a difference of two rows and every sum over intervals is a sparse product: a look at the likelihood
costs as much as there are intervals, not intervals times regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from analysis.estimate.durations.inputs import Floats, Ints
from analysis.estimate.durations.intervals import Intervals

TINY = 1e-300
"""Keeps a probability of exactly 0 from dividing; far below anything a fit can hold."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over what intervals cover; a boundary is 0 before the first region, m after the last.

    Intervals that cover the same regions have the same probability whatever their ends, and count
    as one here.

    Parameters
    ----------
    first, last : ndarray of int, shape (k,)
        Distinct pairs of boundaries between which a probability lies.
    alike : csr_array, shape (k, number of intervals)
        Sum over the intervals of each pair.
    stops_less_starts, ends : csr_array, shape (m + 1, k)
        Sum over the pairs that stop at a boundary less, or plus, those that start there.
    """

    first: Ints
    last: Ints
    alike: csr_array
    stops_less_starts: csr_array
    ends: csr_array

    @classmethod
    def of(cls, intervals: Intervals) -> Sums:
        """Return the sums for these intervals."""
        size = intervals.n_regions + 1
        keys, pair = np.unique(intervals.first * size + intervals.last, return_inverse=True)
        first, last = keys // size, keys % size
        stops, starts = _sum_to(last, size), _sum_to(first, size)
        alike = _sum_to(pair, keys.size)
        return cls(first, last, alike, csr_array(stops - starts), csr_array(stops + starts))

    def chance(self, lost: Floats) -> Floats:
        """Return the probability between each pair of boundaries, shape (k, columns)."""
        inside = lost.take(self.last, axis=0)
        inside -= lost.take(self.first, axis=0)
        return np.maximum(inside, TINY, out=inside)


def _sum_to(place: Ints, size: int) -> csr_array:
    """Return the matrix that adds every entry to its place."""
    each = np.arange(place.size)
    return csr_array((np.ones(place.size), (place, each)), shape=(size, place.size))


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of some data sets and the first derivatives of their mean log-likelihoods.

    Parameters
    ----------
    sums : Sums
    shares : ndarray of float in [0, 1], shape (k, columns)
        Share of the patients that each pair of boundaries stands for.
    lost : ndarray of float in [0, 1], shape (m + 1, columns)
        Share lost at each boundary, from 0 to 1.
    chance, pull : ndarray of float, shape (k, columns)
        Probability of each pair, and the share divided by it.
    slope : ndarray of float, shape (m + 1, columns)
        Derivative of the mean log-likelihood by the share lost at each boundary.
    """

    sums: Sums
    shares: Floats
    lost: Floats
    chance: Floats
    pull: Floats
    slope: Floats

    @classmethod
    def of(cls, sums: Sums, shares: Floats, lost: Floats) -> Curves:
        """Return curves with their derivatives."""
        chance = sums.chance(lost)
        pull = shares / chance
        return cls(sums, shares, lost, chance, pull, sums.stops_less_starts @ pull)

    def at(self, lost: Floats) -> Curves:
        """Return other curves of the same data sets."""
        return Curves.of(self.sums, self.shares, lost)

    def take(self, columns: Ints) -> Curves:
        """Return some of the columns; `take` keeps rows together in memory, an index does not."""
        parts = self.shares, self.lost, self.chance, self.pull, self.slope
        return Curves(self.sums, *(part.take(columns, axis=1) for part in parts))

    @property
    def masses(self) -> Floats:
        """Mass of each region, shape (m, columns)."""
        return self.lost[1:] - self.lost[:-1]

    @property
    def gradient(self) -> Floats:
        """Derivative by the mass of each region, shape (m, columns); at most 1 at the maximum."""
        summed = np.cumsum(self.slope[:-1], axis=0)
        return np.negative(summed, out=summed)

    @property
    def curvature(self) -> Floats:
        """Minus the second derivative by the share lost at a boundary, shape (m + 1, columns)."""
        return self.sums.ends @ (self.pull / self.chance)

    @property
    def log_likelihood(self) -> Floats:
        """Mean log-likelihood of each column."""
        return mean_log(self.shares, self.chance)


def mean_log(shares: Floats, chance: Floats) -> Floats:
    """Return each mean log-likelihood; minus infinity where somebody has no probability."""
    mean = np.einsum("ij,ij->j", shares, np.log(chance))
    return np.where(((chance <= TINY) & (shares > 0)).any(axis=0), -np.inf, mean)
