"""The maximum of the interval-censored likelihood of one data set.

Rounds of `ascent` stop on the Kuhn-Tucker conditions, never on a small step: at the maximum the
gradient for every region is at most 1, and the log-likelihood is within n times the gap of its
maximum.

References
----------
Gentleman and Geyer (1994), Biometrika 81:618, for the Kuhn-Tucker conditions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.estimate.durations.ascent import one_round, running_sum
from analysis.estimate.durations.columns import Curves, Sums
from analysis.estimate.durations.inputs import Floats
from analysis.estimate.durations.intervals import Intervals

TOLERANCE = 1e-11
"""Largest Kuhn-Tucker gap of a finished fit.

With 1,000,000 patients it leaves the log-likelihood within 1e-5 of its maximum and, where the
masses are determined, the curve within 1e-6 of its own; rounding itself leaves about 1e-13.
"""

MOST_ROUNDS = 5_000
"""Rounds before a fit is called unfinished; ordinary data need 5 to 10."""


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
    total = float(intervals.counts.sum())
    sums = Sums.of(intervals)
    shares = sums.alike @ (intervals.counts / total)[:, None]
    n_regions = intervals.n_regions
    masses = np.full(n_regions, 1 / n_regions) if start is None else start
    curves = Curves.of(sums, shares, running_sum(masses[:, None]))
    rounds = 0
    while curves.gradient.max() - 1 > tolerance and rounds < MOST_ROUNDS:
        curves = one_round(curves, rounds=rounds)
        rounds += 1
    return Fit(
        masses=curves.masses[:, 0],
        log_likelihood=total * float(curves.log_likelihood[0]),
        gap=max(float(curves.gradient.max()) - 1, 0.0),
        rounds=rounds,
    )
