"""The maximum of the interval-censored likelihood, by EM and iterative convex minorant steps.

Each round makes one minorant step on the cumulative masses (a weighted isotonic regression, which
sets masses to 0 and brings them back) and one self-consistency step. It stops on the Kuhn-Tucker
conditions, never on a small step: at the maximum the gradient for every region is at most 1, and
the log-likelihood is within n times the gap of its maximum.

References
----------
Wellner and Zhan (1997), J Am Stat Assoc 92:945. Gentleman and Geyer (1994), Biometrika 81:618,
for the Kuhn-Tucker conditions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from analysis.estimate.durations.inputs import Floats, Ints
from analysis.estimate.durations.intervals import Intervals

TOLERANCE = 1e-11
"""Largest Kuhn-Tucker gap of a finished fit.

With 1,000,000 patients it leaves the log-likelihood within 1e-5 of its maximum and, where the
masses are determined, the curve within 1e-6 of its own; rounding itself leaves about 1e-13.
"""

MOST_ROUNDS = 5_000
"""Rounds before a fit is called unfinished; ordinary data need 20 to 100."""

HALVINGS = 12
"""Shortenings of one minorant step before it is left out of that round."""

TINY = 1e-300
"""Keeps a probability of exactly 0 from dividing; far below anything a fit can hold."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Masses on the regions, the log-likelihood they reach, and how sure the maximum is."""

    masses: Floats
    log_likelihood: float
    gap: float
    rounds: int


def maximise(
    intervals: Intervals, *, start: Floats | None = None, tolerance: float = TOLERANCE
) -> Fit:
    """Return the masses that maximise the likelihood of one data set.

    Parameters
    ----------
    intervals : Intervals
        Distinct intervals, their counts and the regions they cover.
    start : ndarray of float, shape (m,), optional
        Masses to begin with; even ones by default.
    tolerance : float
        Kuhn-Tucker gap at which to stop.

    Returns
    -------
    Fit
        ``gap`` is above ``tolerance`` only when `MOST_ROUNDS` were not enough.
    """
    first, last = intervals.first, intervals.last
    total = float(intervals.counts.sum())
    shares = intervals.counts / total
    n_regions = intervals.n_regions
    masses = np.full(n_regions, 1 / n_regions) if start is None else start
    chance, gradient = _gradient(masses, first, last, shares)
    rounds = 0
    while gradient.max() - 1 > tolerance and rounds < MOST_ROUNDS:
        rounds += 1
        masses = _minorant_step(masses, chance, first, last, shares)
        _, gradient = _gradient(masses, first, last, shares)
        masses = masses * gradient
        masses = masses / masses.sum()
        chance, gradient = _gradient(masses, first, last, shares)
    return Fit(
        masses=masses,
        log_likelihood=total * float(shares @ np.log(chance)),
        gap=max(float(gradient.max()) - 1, 0.0),
        rounds=rounds,
    )


def _gradient(masses: Floats, first: Ints, last: Ints, shares: Floats) -> tuple[Floats, Floats]:
    """Return each interval's probability and the likelihood's gradient for each region."""
    below = np.concatenate(([0.0], np.cumsum(masses)))
    chance = np.maximum(below[last] - below[first], TINY)
    pull = shares / chance
    size = masses.size + 1
    steps = np.bincount(first, pull, size) - np.bincount(last, pull, size)
    return chance, np.cumsum(steps)[:-1]


def _minorant_step(
    masses: Floats, chance: Floats, first: Ints, last: Ints, shares: Floats
) -> Floats:
    """Return masses after one convex minorant step, shortened until the likelihood rises."""
    size = masses.size + 1
    if size <= 2:
        return masses
    lost = np.concatenate(([0.0], np.cumsum(masses)))
    lost[-1] = 1.0
    pull = shares / chance
    bend = pull / chance
    slope = (np.bincount(last, pull, size) - np.bincount(first, pull, size))[1:-1]
    curvature = (np.bincount(last, bend, size) + np.bincount(first, bend, size))[1:-1]
    curvature = np.maximum(curvature, TINY)
    target = isotonic_regression(lost[1:-1] + slope / curvature, weights=curvature).x
    step = np.concatenate(([0.0], np.clip(target, 0.0, 1.0), [1.0])) - lost
    before = shares @ np.log(chance)
    length = 1.0
    for _ in range(HALVINGS):
        moved = lost + length * step
        inside = moved[last] - moved[first]
        if inside.min() > 0 and shares @ np.log(inside) >= before:
            return np.diff(moved)
        length /= 2
    return masses
