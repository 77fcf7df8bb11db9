"""The maximum for many resampled data sets at once, on the regions of the original data."""

from __future__ import annotations

import numpy as np

from analysis.estimate.durations.em_icm import HALVINGS, MOST_ROUNDS, TINY, maximise
from analysis.estimate.durations.inputs import Floats, Ints
from analysis.estimate.durations.intervals import Intervals

TOLERANCE = 1e-7
"""Kuhn-Tucker gap of a replicate: its curve is then off by far less than resampling moves it."""

MOST_REGIONS_TOGETHER = 60
"""With more regions the replicates are fitted one by one; the batch needs regions squared."""

BATCH_NUMBERS = 2_000_000
"""Numbers held at once by a batch (16 MB)."""

FLOOR = 1e-9
"""Curvature added where a resample says nothing, as a share of the largest."""


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
        Each row sums to 1.
    """
    total = float(intervals.counts.sum())
    drawn = rng.multinomial(round(total), intervals.counts / total, size=replicates)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    begin = 0.9 * start + 0.1 / start.size  # every region starts open
    if intervals.n_regions > MOST_REGIONS_TOGETHER:
        return np.stack([_fit_one(intervals, row, begin) for row in shares])
    at_once = max(1, BATCH_NUMBERS // max(intervals.n_regions**2, shares.shape[1]))
    parts = [
        _fit_batch(intervals, shares[first : first + at_once], begin)
        for first in range(0, replicates, at_once)
    ]
    return np.concatenate(parts)


def _fit_one(intervals: Intervals, shares: Floats, start: Floats) -> Floats:
    held = shares > 0
    one = Intervals(
        left=intervals.left[held],
        right=intervals.right[held],
        counts=shares[held],
        first=intervals.first[held],
        last=intervals.last[held],
        region_left=intervals.region_left,
        region_right=intervals.region_right,
    )
    return maximise(one, start=start, tolerance=TOLERANCE).masses


def _fit_batch(intervals: Intervals, shares: Floats, start: Floats) -> Floats:
    """Return the masses of each row of shares; rows that are finished leave the rounds."""
    first, last = intervals.first, intervals.last
    regions = np.arange(intervals.n_regions)
    covers = ((first[:, None] <= regions) & (regions < last[:, None])).astype(np.float64)
    done = np.empty((shares.shape[0], start.size))
    open_rows = np.arange(shares.shape[0])
    masses = np.tile(start, (shares.shape[0], 1))
    for _ in range(MOST_ROUNDS):
        chance = np.maximum(masses @ covers.T, TINY)
        masses = _minorant_steps(masses, chance, first, last, shares)
        gradient = (shares / np.maximum(masses @ covers.T, TINY)) @ covers
        masses = masses * gradient
        masses /= masses.sum(axis=1, keepdims=True)
        gradient = (shares / np.maximum(masses @ covers.T, TINY)) @ covers
        is_open = gradient.max(axis=1) - 1 > TOLERANCE
        done[open_rows[~is_open]] = masses[~is_open]
        open_rows, masses, shares = open_rows[is_open], masses[is_open], shares[is_open]
        if not open_rows.size:
            return done
    done[open_rows] = masses
    return done


def _minorant_steps(
    masses: Floats, chance: Floats, first: Ints, last: Ints, shares: Floats
) -> Floats:
    """Return masses after one convex minorant step in every row (see ``em_icm``)."""
    size = masses.shape[1] + 1
    if size <= 2:
        return masses
    lost = np.concatenate((np.zeros((masses.shape[0], 1)), np.cumsum(masses, axis=1)), axis=1)
    lost[:, -1] = 1.0
    starts, stops = np.eye(size)[first], np.eye(size)[last]
    pull = shares / chance
    bend = pull / chance
    slope = (pull @ (stops - starts))[:, 1:-1]
    curvature = (bend @ (stops + starts))[:, 1:-1]
    curvature = np.maximum(curvature, FLOOR * curvature.max(axis=1, keepdims=True) + TINY)
    target = np.clip(_isotonic(lost[:, 1:-1] + slope / curvature, curvature), 0.0, 1.0)
    step = np.zeros_like(lost)
    step[:, 1:-1] = target - lost[:, 1:-1]
    return np.diff(_shorten(lost, step, chance, first, last, shares), axis=1)


def _shorten(
    lost: Floats, step: Floats, chance: Floats, first: Ints, last: Ints, shares: Floats
) -> Floats:
    """Return each row moved along its step as far as its likelihood does not fall."""
    before = _log_likelihood(chance, shares)
    length = np.ones((lost.shape[0], 1))
    for _ in range(HALVINGS):
        moved = lost + length * step
        inside = moved[:, last] - moved[:, first]
        is_worse = _log_likelihood(inside, shares) < before
        if not is_worse.any():
            return moved
        length[is_worse] /= 2
    length[is_worse] = 0.0
    return lost + length * step


def _log_likelihood(chance: Floats, shares: Floats) -> Floats:
    """Return the mean log-likelihood of each row; hopeless where a drawn interval has chance 0."""
    return (shares * np.log(np.maximum(chance, TINY))).sum(axis=1)


def _isotonic(values: Floats, weights: Floats) -> Floats:
    """Return each row's weighted isotonic regression, by the max-min formula."""
    zeros = np.zeros((values.shape[0], 1))
    sums = np.concatenate((zeros, np.cumsum(weights * values, axis=1)), axis=1)
    sizes = np.concatenate((zeros, np.cumsum(weights, axis=1)), axis=1)
    k = values.shape[1]
    is_block = np.triu(np.ones((k, k), dtype=np.bool_))  # from position s to position t >= s
    span = np.where(is_block, sizes[:, None, 1:] - sizes[:, :-1, None], 1.0)
    mean = np.where(is_block, (sums[:, None, 1:] - sums[:, :-1, None]) / span, np.inf)
    least = np.minimum.accumulate(mean[:, :, ::-1], axis=2)[:, :, ::-1]
    return np.where(is_block, least, -np.inf).max(axis=1)
