"""Turnbull's estimate: losses of relief known only to lie between two visits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.estimate.durations.em_icm import TOLERANCE, maximise
from analysis.estimate.durations.interval_curve import IntervalCurve
from analysis.estimate.durations.intervals import Intervals, check_intervals, collapse_intervals
from analysis.wording.texts import say

NO_MASS = 1e-12
"""A region with less than this share of the patients is left out of the curve (rounding)."""


def estimate_npmle(
    left: ArrayLike,
    right: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    time_unit: str = "time units",
) -> IntervalCurve:
    """Estimate the share still relieved by time from (last good visit, first bad visit].

    Parameters
    ----------
    left : array_like of float, shape (n,)
        Last time relief was known to hold, at least 0, in ``time_unit``. 0 when no visit came
        before the loss; minus infinity when a loss at time 0 itself is possible.
    right : array_like of float, shape (n,)
        First time it was known to be lost, at least ``left``; equal to it for an exact time;
        infinity when never seen lost (right-censored).
    weights : array_like of float, shape (n,), optional
        Patients each row stands for, at least 0. A row of weight 2 equals the row twice.
    time_unit : str
        Unit of the times, carried to the results.

    Returns
    -------
    IntervalCurve
        Mass on regions, with ``at``, ``bounds``, ``quantile``, ``median``, ``restricted_mean``;
        `bootstrap_relief` gives intervals.

    Raises
    ------
    EstimationError
        No row; lengths differ; a time is missing or negative; right is below left; every weight
        is 0. Missing is never dropped.

    Notes
    -----
    Intervals are half-open: (2, 4] and (4, 8] do not meet, an exact 4 belongs to the first, and a
    patient censored at 4 outlasts an exact 4, as in Kaplan-Meier, which this equals when all
    times are exact or right-censored. R's ``survfit(Surv(left, right, type = "interval2"))``
    uses the same intervals (missing for infinite); it draws its jump in the middle of a region
    and stops at steps of 5e-5, so its curve is off by about that. lifelines uses closed
    intervals. Times closer than 1.5e-8 are one time, as in `estimate_kaplan_meier`. Masses can
    fail to be unique although the maximum is; then one solution is returned.

    References
    ----------
    Turnbull (1976), J R Stat Soc B 38:290. Algorithm and stopping rule: see ``em_icm``.
    """
    lefts, rights, sizes = check_intervals(left, right, weights)
    intervals = collapse_intervals(lefts, rights, sizes)
    fit = maximise(intervals)
    held = fit.masses > NO_MASS
    mass = fit.masses[held] / fit.masses[held].sum()
    whole = sizes is None or bool((sizes == np.round(sizes)).all())
    silent = _count_uninformative(intervals)
    return IntervalCurve(
        left=intervals.region_left[held],
        right=intervals.region_right[held],
        mass=mass,
        n=round(float(intervals.counts.sum())),
        n_uninformative=silent,
        kt_gap=fit.gap,
        log_likelihood=fit.log_likelihood,
        iterations=fit.rounds,
        time_unit=time_unit,
        intervals=intervals,
        all_masses=fit.masses,
        warnings=_warnings(silent, fit.gap, whole),
    )


def _count_uninformative(intervals: Intervals) -> int:
    """Return how many patients were never looked at after time 0."""
    silent = (intervals.left <= 0) & np.isinf(intervals.right)
    return round(float(intervals.counts[silent].sum()))


def _warnings(silent: int, gap: float, whole: bool) -> tuple[str, ...]:
    """Return the sentences that go with the curve."""
    found = []
    if silent:
        found.append(say("estimates.interval_curve.silent", n=silent))
    if gap > TOLERANCE:
        found.append(say("estimates.interval_curve.unfinished", gap=f"{gap:.1g}"))
    if not whole:
        found.append(say("estimates.fractional"))
    return tuple(found)
