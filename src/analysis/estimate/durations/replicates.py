"""The maximum for many resampled data sets at once, on the regions of the original data.

One column is one resample. Rounds of `ascent` go on for those whose Kuhn-Tucker gap is not yet
small; a finished one leaves.
"""

from __future__ import annotations

import numpy as np

from analysis.estimate.durations.ascent import one_round, running_sum
from analysis.estimate.durations.columns import Curves, Sums
from analysis.estimate.durations.em_icm import MOST_ROUNDS
from analysis.estimate.durations.inputs import Bools, Floats, Ints
from analysis.estimate.durations.intervals import Intervals

TOLERANCE = 1e-10
"""Largest Kuhn-Tucker gap of a finished replicate.

A gap g leaves the log-likelihood of n patients within n g of its maximum and so, where the
likelihood is nearly a parabola, every share within sqrt(2 n g) standard errors of its own: 1/2000
for 1,000 patients, against 1/45 that 1,000 resamples leave open in a standard error. That would
allow a looser gap; this one also keeps shares good to about 1e-8 (``readings.SHARE_TIE``), so
that a resample whose curve rests at exactly one half is read as such, and costs little: the last
Newton steps square the distance to the maximum.
"""

POOL_NUMBERS = 32_768
"""Numbers in one array of the columns worked on together: 256 kB, which stays in the cache."""

FEWEST_TOGETHER = 64
"""Columns worked on together however many intervals there are; fewer leave the sums to Python."""

MOST_TOGETHER = 1_000
"""More would cost the joint isotonic regression digits (see `_monotone`)."""


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
    begin = 0.9 * start + 0.1 / start.size  # every region starts open
    base = running_sum(begin[:, None] / begin.sum())
    sums = Sums.of(intervals)
    shares = sums.alike @ np.ascontiguousarray((drawn / drawn.sum(axis=1, keepdims=True)).T)
    room = min(max(FEWEST_TOGETHER, POOL_NUMBERS // shares.shape[0]), MOST_TOGETHER)
    lost: Floats = np.empty((base.size, replicates))
    for begin_at in range(0, replicates, room):
        part = slice(begin_at, begin_at + room)
        lost[:, part] = _fit(sums, np.ascontiguousarray(shares[:, part]), base)
    lost = _divide_silent(lost, base, sums.ends @ (shares > 0).astype(np.float64) > 0)
    return np.ascontiguousarray(np.diff(lost, axis=0).T)


def _fit(sums: Sums, shares: Floats, base: Floats) -> Floats:
    """Return the fitted share lost at each boundary for each column of shares."""
    count = shares.shape[1]
    done = np.empty((base.size, count))
    columns = np.arange(count)
    curves = Curves.of(sums, shares, np.repeat(base, count, axis=1))
    for rounds in range(MOST_ROUNDS):
        is_open = curves.gradient.max(axis=0) - 1 > TOLERANCE
        if not is_open.all():
            done[:, columns[~is_open]] = curves.lost[:, ~is_open]
            still = np.flatnonzero(is_open)
            columns, curves = columns[still], curves.take(still)
        if not columns.size:
            break
        curves = one_round(curves, rounds=rounds)
    done[:, columns] = curves.lost  # what is not finished, if anything
    return done


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
