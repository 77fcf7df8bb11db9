"""Intervals for the interval-censored curve: patients are resampled and each resample is fitted.

All resamples climb to their maxima side by side (`resample_masses`); `bootstrap_relief` makes
limits of them that hold whatever happened between two visits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from scipy.special import ndtri

from analysis.errors import EstimationError
from analysis.results import Estimate, note
from analysis.stats.checks import (
    Bools,
    Floats,
    as_numbers,
    check_generator,
    check_level,
    check_replicates,
)
from analysis.stats.npmle import (
    SHARE_TIE,
    Bounds,
    IntervalCurve,
    Intervals,
    Pairs,
    maximize,
    mean_weights,
    quantile_times,
    running_sum,
    survival_bounds,
    survival_share,
)

QUARTILES = (0.25, 0.5, 0.75)

TOLERANCE = 1e-10
"""Largest Kuhn-Tucker gap of a finished resample.

A gap g leaves the log-likelihood of n patients within n g of its maximum and so, where the
likelihood is nearly a parabola, every share within sqrt(2 n g) standard errors of its own: 1/2000
for 1,000 patients, against 1/45 that 1,000 resamples leave open in a standard error. That would
allow a looser gap; this one also keeps shares good to about 1e-8 (`SHARE_TIE`), so that a resample
whose curve rests at exactly one half is read as such, and costs little: the last Newton steps
square the distance to the maximum.
"""

POOL_NUMBERS = 32_768
"""Numbers in one array of the columns worked on together: 256 kB, which stays in the cache."""

FEWEST_TOGETHER, MOST_TOGETHER = 64, 1_000
"""Resamples worked on together: with fewer, Python's own time counts; more would cost the joint
isotonic regression digits."""

NEAR_NOTHING = 1e-9
"""A standard deviation below this is rounding, not spread."""


@dataclass(frozen=True, kw_only=True)
class ReliefIntervals:
    """Numbers of one curve with their intervals.

    Parameters
    ----------
    survival : tuple of Estimate
        Share still relieved at each time asked for.
    quantiles : tuple of Estimate
        Time by which each share asked for has lost relief.
    restricted_mean : Estimate or None
        Mean time up to the horizon; None when no horizon was asked for.
    mean_std_error : float or None
        Standard deviation of the resampled means, losses spread evenly; None without one.
    """

    survival: tuple[Estimate, ...]
    quantiles: tuple[Estimate, ...]
    restricted_mean: Estimate | None
    mean_std_error: float | None


@dataclass(frozen=True, kw_only=True)
class ReliefBootstrap:
    """The same points with two kinds of interval.

    Parameters
    ----------
    guarded : ReliefIntervals
        Hold whatever happened between visits: from the lowest curve the data allow to the
        highest. Wider than their level where visits are far apart. To be printed first.
    even_spread : ReliefIntervals
        Hold if losses are spread evenly between visits; too narrow, and the mean too long, when
        they come early in a long gap.
    """

    guarded: ReliefIntervals
    even_spread: ReliefIntervals


def bootstrap_relief(
    curve: IntervalCurve,
    *,
    rng: np.random.Generator,
    times: Iterable[float] = (),
    lost_shares: Sequence[float] = QUARTILES,
    tau: float | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    masses: Floats | None = None,
) -> ReliefBootstrap:
    """Give the curve's shares, quantiles and restricted mean their intervals.

    Parameters
    ----------
    curve : IntervalCurve
        From `estimate_npmle`.
    rng : numpy.random.Generator
        Source of the resamples; the same state gives the same intervals.
    times : iterable of float, at least 0
        Times for the share still relieved, in the curve's unit.
    lost_shares : sequence of float in (0, 1)
        0.5 asks for the median.
    tau : float above 0, optional
        Horizon of the restricted mean.
    replicates : int, at least 100
        Resamples of patients, drawn with replacement (weights count as whole patients).
    level : float in (0, 1)
    masses : ndarray of float, shape (replicates, m), optional
        Resamples of this very curve drawn before by `resample_masses`; drawn here where not given.

    Returns
    -------
    ReliefBootstrap
        Points are those of ``curve``. An upper limit of a quantile is None (not reached) when
        more than (1 - level) / 2 of the resamples do not reach it. Where every resample gives the
        same share or time, as when nobody, or everybody, has lost relief, the limits are exact
        (`IntervalCurve.exact_limits`, note ``exact_bound``).

    Raises
    ------
    EstimationError
        Fewer than 100 replicates; a time, share, horizon or level out of range; masses of
        another curve.

    Notes
    -----
    Shares: log-log interval with the bootstrap standard deviation, which covers better in small
    groups than percentiles. Quantiles and restricted mean: percentiles. The guarded interval takes
    its lower limit from resamples of the lowest number the data allow and its upper limit from
    resamples of the highest, so it covers the true number even inside an undetermined region,
    at the price of more than its level. Measured coverage: docs/simulations/relief-coverage.md.
    Resamples are fitted on the regions of the whole data; regions a resample does not tell apart
    share their mass much as in the whole data.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13. Davison and Hinkley
    (1997), Bootstrap Methods, section 3.5, on censored data.
    """
    check_replicates(replicates)
    check_level(level)
    check_generator(rng)
    weeks = tuple(as_numbers("times", list(times)).tolist())
    shares = [curve.at(time) for time in weeks]
    quantiles = [curve.quantile(share) for share in lost_shares]
    mean = None if tau is None else curve.restricted_mean(tau)
    if masses is None:
        masses = resample_masses(
            curve.intervals, start=curve.all_masses, replicates=replicates, rng=rng
        )
    if masses.shape != (replicates, curve.all_masses.size):
        raise EstimationError(f"masses of shape {masses.shape} are not resamples of this curve.")
    regions = curve.intervals.region_left, curve.intervals.region_right
    # Of each number: its resamples at the lowest and the highest the data allow, and evenly spread.
    bounds = [survival_bounds(masses, *regions, time) for time in weeks]
    even = [survival_share(masses, *regions, time) for time in weeks]
    timed = [quantile_times(masses, *regions, share) for share in lost_shares]
    means = [] if tau is None else [masses @ part for part in mean_weights(*regions, tau)]
    error = float(means[2].std(ddof=1)) if mean is not None and mean.estimated else None
    has_spread = float(np.ptp(masses, axis=0).max()) >= NEAR_NOTHING

    exact = cache(partial(curve.exact_limits, level=level))

    def intervals(*, is_guarded: bool) -> ReliefIntervals:
        survival = []
        for place, (point, time) in enumerate(zip(shares, weeks, strict=True)):
            if is_guarded:
                ends, drawn = survival_bounds(curve.all_masses, *regions, time), bounds[place]
            else:
                share = survival_share(curve.all_masses, *regions, time)
                ends, drawn = (share, share), (even[place], even[place])
            survival.append(_with_limits(point, ends, drawn, partial(exact, time), level))
        spread = [(one[0], one[1]) if is_guarded else (one[2], one[2]) for one in timed]
        restricted = mean
        if mean is not None and error is not None:
            drawn = (means[0], means[1]) if is_guarded else (means[2], means[2])
            restricted = _with_percentiles(mean, drawn, level, has_spread=error >= NEAR_NOTHING)
        return ReliefIntervals(
            survival=tuple(survival),
            quantiles=tuple(
                _with_percentiles(point, drawn, level, has_spread=has_spread)
                if has_spread
                else _with_exact_times(point, curve, share, level)
                for point, drawn, share in zip(quantiles, spread, lost_shares, strict=True)
            ),
            restricted_mean=restricted,
            mean_std_error=error if error is not None and error >= NEAR_NOTHING else None,
        )

    return ReliefBootstrap(
        guarded=intervals(is_guarded=True), even_spread=intervals(is_guarded=False)
    )


def _with_limits(
    point: Estimate,
    ends: tuple[Floats, Floats],
    drawn: tuple[Floats, Floats],
    exact: Callable[[], tuple[Bounds, int]],
    level: float,
) -> Estimate:
    """Return a share with its limits: the lower of ends[0], the upper of ends[1].

    Log-log with the spread of the resamples; exact where the end is 0 or 1, which has no spread.
    """
    if not point.estimated:
        return point
    limits, notes = [], list(point.notes)
    for share, resampled, side in zip(map(float, ends), drawn, (1, -1), strict=True):
        if share < SHARE_TIE or share > 1 - SHARE_TIE:
            limits.append(share)
            if (share < SHARE_TIE) != (side == 1):  # not a lower limit of 0 or an upper one of 1
                bounds, n = exact()
                limits[-1] = bounds.low if side == 1 else bounds.high
                notes.append(note("exact_bound", n))
        elif float(resampled.std()) < NEAR_NOTHING:
            return replace(point, notes=(*point.notes, note("same_everywhere")))
        else:
            half = float(ndtri((1 + level) / 2)) * float(resampled.std(ddof=1))
            limits.append(float(share ** np.exp(side * half / (share * -np.log(share)))))
    low, high = max(limits[0], 0.0), min(limits[1], 1.0)
    return replace(point, low=low, high=high, level=level, notes=tuple(notes))


def _with_exact_times(
    point: Estimate, curve: IntervalCurve, lost_share: float, level: float
) -> Estimate:
    """Return a time with limits where every resample gives the same curve: all in one region.

    Lower: the last look before it at which the exact lower limit of the share still relieved is
    above the share asked for, else 0. Upper: the first look after it with the exact upper limit
    below, None where there is none.
    """
    if point.status not in ("estimated", "not reached"):
        return point
    kept, held = 1 - lost_share, curve.intervals
    before = np.unique(held.left[(held.left > 0) & (held.left <= curve.left[0])])[::-1]
    after = np.unique(held.right[np.isfinite(held.right) & (held.right >= curve.right[-1])])

    def limits(time: float) -> Bounds:
        return curve.exact_limits(time, level=level)[0]

    low = next((float(time) for time in before if limits(time).low > kept), 0.0)
    high = next((float(time) for time in after if limits(time).high < kept), None)
    notes = (*point.notes, note("exact_times", curve.n - curve.n_uninformative))
    return replace(point, low=low, high=high, level=level, notes=notes)


def _with_percentiles(
    point: Estimate, drawn: tuple[Floats, Floats], level: float, *, has_spread: bool
) -> Estimate:
    """Return a time with percentile limits; None where an order statistic is infinite."""
    parts = (1 - level) / 2, (1 + level) / 2
    low, high = (
        float(np.quantile(one, part, method="inverted_cdf"))
        for one, part in zip(drawn, parts, strict=True)
    )
    if not has_spread or low == high:
        return replace(point, notes=(*point.notes, note("same_everywhere")))
    ends = [end if np.isfinite(end) else None for end in (low, high)]
    return replace(point, low=ends[0], high=ends[1], level=level)


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
    pairs = Pairs.of(intervals)
    shares = pairs.alike @ np.ascontiguousarray((drawn / drawn.sum(axis=1, keepdims=True)).T)
    room = min(max(FEWEST_TOGETHER, POOL_NUMBERS // shares.shape[0]), MOST_TOGETHER)
    lost: Floats = np.empty((base.size, replicates))
    for first in range(0, replicates, room):
        part = slice(first, first + room)
        together = np.ascontiguousarray(shares[:, part])
        lost[:, part] = maximize(pairs, together, base[:, 0], tolerance=TOLERANCE)
    lost = _divide_silent(lost, base, pairs.ends @ (shares > 0).astype(np.float64) > 0)
    return np.ascontiguousarray(np.diff(lost, axis=0).T)


def _divide_silent(lost: Floats, base: Floats, is_heard: Bools) -> Floats:
    """Return curves that rise like ``base`` between the boundaries their resample speaks of.

    No drawn interval starts or stops at the others, so no probability changes; without a rule
    the curve there would be wherever the steps left it.
    """
    place = np.arange(base.size)[:, None]
    is_heard = is_heard | (place == 0) | (place == base.size - 1)
    below = np.maximum.accumulate(np.where(is_heard, place, 0), axis=0)
    above = np.where(is_heard, place, base.size - 1)[::-1]
    above = np.minimum.accumulate(above, axis=0)[::-1]
    rise = base[above, 0] - base[below, 0]
    part = (base - base[below, 0]) / np.where(is_heard, 1.0, rise)
    low, high = (np.take_along_axis(lost, rows, axis=0) for rows in (below, above))
    return np.where(is_heard, lost, low + part * (high - low))
