"""Turnbull's estimate: how long relief lasts when a loss is only known to lie between two visits.

In order: rows become distinct intervals and the regions where a loss can lie (`Intervals`); the
likelihood of many data sets side by side, one column each (`Curves`), climbs to its maximum
(`maximize`); what the masses on the regions say is read off (`survival_share` ...) and handed out
as a curve (`estimate_npmle`, `IntervalCurve`). Intervals for it are in `npmle_bootstrap`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression
from scipy.sparse import csr_array

from analysis.errors import EstimationError
from analysis.results import Estimate, Status, note
from analysis.stats.checks import (
    Floats,
    Ints,
    as_numbers,
    as_weights,
    check_positive,
    check_same_length,
    check_share,
    check_time,
    refuse,
)
from analysis.stats.rates import exact_limits
from analysis.stats.times import merge_near_ties

TOLERANCE = 1e-11
"""Largest Kuhn-Tucker gap of a finished fit.

With 1,000,000 patients it leaves the log-likelihood within 1e-5 of its maximum and, where the
masses are determined, the curve within 1e-6 of its own; rounding itself leaves about 1e-13.
"""

MOST_ROUNDS = 5_000
"""Rounds before a fit is called unfinished; ordinary data need 5 to 10."""

NO_MASS = 1e-12
"""A region with less than this share of the patients is left out of the curve (rounding)."""

SHARE_TIE = 1e-8
"""Shares nearer than this are equal: far above the fit's error, far below one patient's weight."""


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
        Mass on regions, with ``at``, ``bounds``, ``quantile``, ``median``, ``restricted_mean``.

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
    intervals. Times closer than 1.5e-8 are one time. Masses can fail to be unique although the
    maximum is; then one solution is returned.

    The fit stops on the Kuhn-Tucker conditions, never on a small step: at the maximum the gradient
    for every region is at most 1, and the log-likelihood is within n times the gap of its maximum.

    References
    ----------
    Turnbull (1976), J R Stat Soc B 38:290. Gentleman and Geyer (1994), Biometrika 81:618, for the
    Kuhn-Tucker conditions.
    """
    intervals = collapse_intervals(*check_intervals(left, right, weights))
    total = float(intervals.counts.sum())
    pairs = Pairs.of(intervals)
    shares = pairs.alike @ (intervals.counts / total)[:, None]
    start = np.full(intervals.n_regions, 1 / intervals.n_regions)
    lost = maximize(pairs, shares, running_sum(start[:, None])[:, 0], tolerance=TOLERANCE)
    fitted = Curves.of(pairs, shares, lost)
    masses, gap = fitted.masses[:, 0], max(float(fitted.gradient.max()) - 1, 0.0)
    held = masses > NO_MASS
    is_silent = (intervals.left <= 0) & np.isinf(intervals.right)
    silent = round(float(intervals.counts[is_silent].sum()))
    notes = [note("npmle_silent", silent)] if silent else []
    if gap > TOLERANCE:
        notes.append(note("npmle_unfinished", f"{gap:.1g}"))
    if (intervals.counts != np.round(intervals.counts)).any():
        notes.append(note("fractional_weights"))
    return IntervalCurve(
        left=intervals.region_left[held],
        right=intervals.region_right[held],
        mass=masses[held] / masses[held].sum(),
        n=round(total),
        n_uninformative=silent,
        kt_gap=gap,
        log_likelihood=total * float(fitted.log_likelihood[0]),
        time_unit=time_unit,
        intervals=intervals,
        all_masses=masses,
        notes=tuple(notes),
    )


# Rows to distinct intervals and regions


@dataclass(frozen=True, eq=False)
class Intervals:
    """Distinct intervals with the patients they stand for, and the regions they cover.

    Parameters
    ----------
    left, right : ndarray of float, shape (k,)
        Distinct intervals; a loss lies after ``left`` and at or before ``right``, or at both when
        they are equal.
    counts : ndarray of float, shape (k,)
        Patients (sum of weights) of each.
    first, last : ndarray of int, shape (k,)
        Interval i covers the regions ``first[i] <= j < last[i]``.
    region_left, region_right : ndarray of float, shape (m,)
        Maximal intersections: the only places where the maximum puts mass.
    """

    left: Floats
    right: Floats
    counts: Floats
    first: Ints
    last: Ints
    region_left: Floats
    region_right: Floats

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return self.region_left.size


def check_intervals(
    left: ArrayLike, right: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Return checked arrays; EstimationError names the first row that cannot be an interval."""
    lefts = as_numbers("left", left, infinite=True)
    rights = as_numbers("right", right, infinite=True)
    check_same_length(lefts.size, right=rights.size)
    if not lefts.size:
        raise EstimationError("left has no rows; an estimate needs at least one patient.")
    refuse((lefts < 0) & np.isfinite(lefts), "left is negative", lefts)
    refuse(np.isposinf(lefts), "left is infinite", lefts)
    refuse(rights < 0, "right is negative", rights)
    refuse(rights < lefts, "right is below left", rights)
    return lefts, rights, as_weights(weights, n=lefts.size)


def collapse_intervals(lefts: Floats, rights: Floats, weights: Floats) -> Intervals:
    """Return the distinct intervals and regions of checked rows.

    Every end gets a rank on one line: the value number v has rank 2 v, the open gap after it
    2 v + 1. So (l, r] starts in the gap after l, an exact time starts on itself, and both end on
    a value: half-open intervals, ties and exact times need no further rule.
    """
    held = weights > 0
    ends = np.concatenate((lefts[held], rights[held]))
    values, number = np.unique(merge_near_ties(ends), return_inverse=True)
    low, high = np.split(number, 2)
    keys, which = np.unique(low * values.size + high, return_inverse=True)
    low, high = keys // values.size, keys % values.size
    start, end = np.where(low == high, 2 * low, 2 * low + 1), 2 * high
    region_start, region_end = _maximal_intersections(start, end)
    return Intervals(
        left=values[low],
        right=values[high],
        counts=np.bincount(which, weights=weights[held]).astype(float),
        first=np.searchsorted(region_start, start),
        last=np.searchsorted(region_end, end, side="right"),
        region_left=np.maximum(values[region_start // 2], 0.0),
        region_right=values[region_end // 2],
    )


def _maximal_intersections(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return each start directly followed by an end, with no other start between them."""
    starts, ends = np.unique(start), np.unique(end)
    following = ends[np.searchsorted(ends, starts)]
    is_last = np.append(starts[1:], np.iinfo(np.int64).max) > following
    return starts[is_last], following[is_last]


# The likelihood of many data sets side by side
#
# Curves are held as the share lost at the boundaries between regions, so an interval's probability
# is a difference of two rows and every sum over intervals is a sparse product: a look at the
# likelihood costs as much as there are intervals, not intervals times regions.

TINY = 1e-300
"""Keeps a probability of exactly 0 from dividing; far below anything a fit can hold."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of boundaries that intervals reach between (0 before the first region, m at the end).

    Intervals that cover the same regions have the same probability whatever their ends, and count
    as one here.

    Parameters
    ----------
    first, last : ndarray of int, shape (k,)
        Distinct pairs of boundaries.
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
    def of(cls, intervals: Intervals) -> Pairs:
        """Return the pairs of these intervals."""
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
    pairs : Pairs
    shares : ndarray of float in [0, 1], shape (k, columns)
        Share of the patients that each pair of boundaries stands for.
    lost : ndarray of float in [0, 1], shape (m + 1, columns)
        Share lost at each boundary, from 0 to 1.
    chance, pull : ndarray of float, shape (k, columns)
        Probability of each pair, and the share divided by it.
    slope : ndarray of float, shape (m + 1, columns)
        Derivative of the mean log-likelihood by the share lost at each boundary.
    """

    pairs: Pairs
    shares: Floats
    lost: Floats
    chance: Floats
    pull: Floats
    slope: Floats

    @classmethod
    def of(cls, pairs: Pairs, shares: Floats, lost: Floats) -> Curves:
        """Return curves with their derivatives."""
        chance = pairs.chance(lost)
        pull = shares / chance
        return cls(pairs, shares, lost, chance, pull, pairs.stops_less_starts @ pull)

    def at(self, lost: Floats) -> Curves:
        """Return other curves of the same data sets."""
        return Curves.of(self.pairs, self.shares, lost)

    def take(self, columns: Ints) -> Curves:
        """Return some of the columns; `take` keeps rows together in memory, an index does not."""
        parts = self.shares, self.lost, self.chance, self.pull, self.slope
        return Curves(self.pairs, *(part.take(columns, axis=1) for part in parts))

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
        return self.pairs.ends @ (self.pull / self.chance)

    @property
    def log_likelihood(self) -> Floats:
        """Mean log-likelihood of each column."""
        return _mean_log(self.shares, self.chance)


def _mean_log(shares: Floats, chance: Floats) -> Floats:
    """Return each mean log-likelihood; minus infinity where somebody has no probability."""
    mean = np.einsum("ij,ij->j", shares, np.log(chance))
    return np.where(((chance <= TINY) & (shares > 0)).any(axis=0), -np.inf, mean)


def running_sum(masses: Floats) -> Floats:
    """Return the share lost at every boundary, 0 before the first region."""
    lost = np.zeros((masses.shape[0] + 1, masses.shape[1]))
    np.cumsum(masses, axis=0, out=lost[1:])
    return lost


# Steps to the maximum
#
# A round is a convex minorant step on the cumulative masses (a weighted isotonic regression, which
# sets masses to 0 and brings them back), self-consistency steps, which never lose, and, once the
# regions that hold mass are nearly known, a Newton step on their masses: near the maximum it
# squares the distance to it. No step lowers a likelihood.
#
# Wellner and Zhan (1997), J Am Stat Assoc 92:945, for the first two. Wang (2007), J R Stat Soc B
# 69:185, for Newton steps on the places that hold mass.

SEARCH_ROUNDS, SEARCH_STEPS = 2, 3
"""First rounds, without a Newton step, and the self-consistency steps of each: Newton steps gain
little before the regions with mass are nearly known. More and fewer took longer."""

HALVINGS = 12
"""Halvings of one step before it is left out of that round."""

SLACK = 1e-14
"""A fall of the mean log-likelihood that is only rounding, and no reason to shorten a step."""

FLOOR = 1e-9
"""Least curvature, as a share of the largest, where no drawn interval starts or stops."""

APART = 4.0
"""Distance between the columns in the joint isotonic regression; their values span 3."""

HELD = 1e-13
"""A region with less is left where it is by a Newton step; minorant steps can still bring it in."""

RIDGE = 1e-12
"""Part of the largest curvature added to each in a Newton step, for masses nothing determines."""

SOLVED_TOGETHER, FEWEST_SOLVED = 96, 8
"""Columns whose Newton steps are solved together: those with like numbers of regions with mass."""

TABLE_NUMBERS = 65_536
"""Numbers in the tables of columns solved together (half a megabyte); fewer columns, if not few."""

MOST_HELD = 256
"""Regions with mass above which a Newton step, at their number cubed, costs more than it saves.
Looks on any day of half a year leave up to 182; without the step a resample of 10,000 patients took
77 rounds instead of 6."""


def maximize(pairs: Pairs, shares: Floats, start: Floats, *, tolerance: float) -> Floats:
    """Return the share lost at each boundary that maximizes each data set's likelihood.

    Parameters
    ----------
    pairs : Pairs
    shares : ndarray of float, shape (k, columns)
        Share of the patients that each pair stands for; a column is a data set.
    start : ndarray of float, shape (m + 1,)
        Share lost at each boundary to begin with.
    tolerance : float
        Kuhn-Tucker gap at which a column is finished and leaves the work.

    Returns
    -------
    ndarray of float, shape (m + 1, columns)
        A column's gap is above ``tolerance`` only when `MOST_ROUNDS` were not enough.
    """
    count = shares.shape[1]
    done, columns = np.empty((start.size, count)), np.arange(count)
    curves = Curves.of(pairs, shares, np.repeat(start[:, None], count, axis=1))
    for rounds in range(MOST_ROUNDS):
        is_open = curves.gradient.max(axis=0) - 1 > tolerance
        if not is_open.all():
            done[:, columns[~is_open]] = curves.lost[:, ~is_open]
            still = np.flatnonzero(is_open)
            columns, curves = columns[still], curves.take(still)
        if not columns.size:
            break
        curves = _one_round(curves, rounds=rounds)
    done[:, columns] = curves.lost  # what is not finished, if anything
    return done


def _one_round(curves: Curves, *, rounds: int) -> Curves:
    """Return the curves one round on, after so many before it."""
    curves = minorant_step(curves)
    most_held = int((curves.masses > HELD).sum(axis=0).max())
    is_search = rounds < SEARCH_ROUNDS or most_held > MOST_HELD
    for _ in range(SEARCH_STEPS if is_search else 1):
        curves = self_consistent_step(curves)
    return curves if is_search else newton_step(curves)


def minorant_step(curves: Curves) -> Curves:
    """Return curves after one convex minorant step each.

    All columns go through one isotonic regression, each lifted above the one before. They cannot
    meet: a share lost is in [0, 1] and its slope is at most its curvature, so the values are in
    [-1, 2].
    """
    curvature = curves.curvature[1:-1]
    curvature = np.maximum(curvature, FLOOR * curvature.max(axis=0) + TINY)
    values = curves.lost[1:-1] + curves.slope[1:-1] / curvature
    lift = APART * np.arange(values.shape[1])[:, None]
    joined = isotonic_regression((values.T + lift).ravel(), weights=curvature.T.ravel()).x
    target = curves.lost.copy()
    target[-1] = 1.0
    target[1:-1] = np.clip(joined.reshape(lift.size, -1) - lift, 0.0, 1.0).T
    return _advance(curves, target)


def self_consistent_step(curves: Curves) -> Curves:
    """Return curves after one self-consistency (EM) step each."""
    lost = running_sum(curves.gradient * curves.masses)
    return curves.at(lost / lost[-1])


def newton_step(curves: Curves) -> Curves:
    """Return curves after one Newton step each, stopped where a region would fall below 0."""
    way = _newton_way(curves)
    fall = way[:-1] - way[1:]
    part = np.ones_like(fall)
    np.divide(curves.masses, fall, out=part, where=fall > curves.masses)
    way *= np.maximum(part.min(axis=0), 0.0)
    return _advance(curves, np.maximum.accumulate(curves.lost + way, axis=0))


def _advance(curves: Curves, target: Floats) -> Curves:
    """Return each column at its target, or as near as its likelihood does not fall.

    The likelihood is concave: where it still rises at the target, or is level there, the target is
    above the start, and nothing more has to be worked out.
    """
    moved = curves.at(target)
    rise = np.einsum("ij,ij->j", moved.slope, target - curves.lost)
    unsure = np.flatnonzero(~(rise >= -SLACK))
    if not unsure.size:
        return moved
    shares = curves.shares.take(unsure, axis=1)
    before = _mean_log(shares, curves.chance.take(unsure, axis=1)) - SLACK
    is_fine = _mean_log(shares, moved.chance.take(unsure, axis=1)) >= before
    if is_fine.all():
        return moved
    worse, lost = unsure[~is_fine], target.copy()
    lost[:, worse] = _shorten(curves.take(worse), target[:, worse], before[~is_fine])
    return curves.at(lost)


def _shorten(start: Curves, target: Floats, least: Floats) -> Floats:
    """Return the longest halved step that keeps each likelihood above its least, or the start."""
    lost = start.lost.copy()
    worse, length = np.arange(least.size), 1.0
    for _ in range(HALVINGS):
        length /= 2
        here = start.take(worse)
        tried = here.lost + length * (target[:, worse] - here.lost)
        is_fine = here.at(tried).log_likelihood >= least[worse]
        lost[:, worse[is_fine]] = tried[:, is_fine]
        worse = worse[~is_fine]
        if not worse.size:
            break
    return lost


def _newton_way(curves: Curves) -> Floats:
    """Return each column's Newton step, shape (m + 1, columns).

    Boundaries without mass between them move together as one block. Block 0 stays at 0 and the
    last one at 1; the others are the unknowns.
    """
    held = curves.masses > HELD
    block: Ints = np.zeros(curves.lost.shape, dtype=np.int64)
    np.cumsum(held, axis=0, out=block[1:])
    bend = curves.pull / curves.chance
    way = np.zeros_like(curves.lost)
    order = np.argsort(block[-1], kind="stable")
    room = TABLE_NUMBERS // (int(block[-1].max()) + 1) ** 2
    room = min(max(room, FEWEST_SOLVED), SOLVED_TOGETHER)
    for columns in np.array_split(order, -(-order.size // room)):
        if block[-1, columns[-1]] > 1:
            own = block.take(columns, axis=1)
            bends, slopes = (array.take(columns, axis=1) for array in (bend, curves.slope))
            way[:, columns] = _solve(curves.pairs.first, curves.pairs.last, own, bends, slopes)
    return way


def _solve(first: Ints, last: Ints, block: Ints, bend: Floats, slope: Floats) -> Floats:
    """Return Newton steps of columns with like numbers of blocks, shape (m + 1, columns)."""
    count, size = block.shape[1], int(block[-1].max()) + 1
    np.putmask(block, block == block[-1].copy(), size - 1)
    each = np.arange(count)
    cell = block.take(first, axis=0)
    cell *= size
    cell += block.take(last, axis=0)
    cell += each * size**2
    table = np.bincount(cell.ravel(), bend.ravel(), count * size**2).reshape(count, size, size)
    table = table + table.transpose(0, 2, 1)
    curvature = table.sum(axis=2)[:, 1:-1]
    matrix = np.negative(table[:, 1:-1, 1:-1])
    ridge = RIDGE * curvature.max(axis=1, keepdims=True)
    inner = np.arange(size - 2)
    matrix[:, inner, inner] = np.where(curvature > 0, curvature + ridge, 1.0)
    place = block + each * size
    pull = np.bincount(place.ravel(), slope.ravel(), count * size).reshape(count, size)
    step = np.zeros((count, size))
    step[:, 1:-1] = np.linalg.solve(matrix, pull[:, 1:-1, None])[:, :, 0]
    return step.ravel().take(place)


# What can be read off masses on regions: the same for one curve and for many resamples
#
# Masses have shape (m,) or (replicates, m); regions are (left, right], exact where equal.


def survival_share(masses: Floats, left: Floats, right: Floats, time: float) -> Floats:
    """Return the share still relieved after a time, losses spread evenly over their region.

    Of a region without an end nothing is known to be lost.
    """
    has_width = np.isfinite(right) & (right > left)
    width = np.where(has_width, right, left + 1.0) - left
    inside = np.clip((time - left) / width, 0.0, 1.0)
    spread = np.where(has_width, inside, (right <= time).astype(np.float64))
    return np.clip(1 - masses @ spread, 0.0, 1.0)


def survival_bounds(
    masses: Floats, left: Floats, right: Floats, time: float
) -> tuple[Floats, Floats]:
    """Return the lowest and highest share that may still be relieved after a time."""
    may_be_lost = (left < time) | (right <= time)
    low = 1 - masses @ may_be_lost.astype(np.float64)
    high = 1 - masses @ (right <= time).astype(np.float64)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def mean_weights(left: Floats, right: Floats, tau: float) -> tuple[Floats, Floats, Floats]:
    """Return each region's least, greatest and evenly spread mean time up to ``tau``.

    In a region without an end that starts before ``tau`` the third is the greatest.
    """
    least, greatest = np.minimum(left, tau), np.minimum(right, tau)
    has_width = np.isfinite(right) & (right > left)
    width = np.where(has_width, right, left + 1.0) - left
    seen = (greatest - least) / width  # part of the region before the horizon
    spread = seen * (least + greatest) / 2 + (1 - seen) * greatest
    return least, greatest, np.where(has_width, spread, greatest)


def quantile_times(
    masses: Floats, left: Floats, right: Floats, lost_share: float
) -> tuple[Floats, Floats, Floats]:
    """Return each row's earliest, latest and conventional time by which a share is lost.

    Infinite where that is not reached; shape (replicates,) each.
    """
    lost = np.cumsum(masses, axis=1)
    rows = np.arange(lost.shape[0])
    here = np.argmax(lost > lost_share - SHARE_TIE, axis=1)
    mass = masses[rows, here]
    before = lost[rows, here] - mass
    width = right[here] - left[here]
    part = np.clip((lost_share - before) / np.where(mass > 0, mass, 1.0), 0.0, 1.0)
    has_end = np.isfinite(width)
    point = np.where(has_end, left[here] + part * np.where(has_end, width, 0.0), np.inf)
    latest, is_tie = right[here], np.abs(lost[rows, here] - lost_share) <= SHARE_TIE
    beyond = lost > lost_share + SHARE_TIE
    following = np.where(beyond.any(axis=1), np.argmax(beyond, axis=1), here)
    with np.errstate(invalid="ignore"):  # an infinite time beside a finite one, replaced here
        middle = (right[here] + left[following]) / 2
    midpoint = np.where(np.isfinite(right[following]), middle, right[here])
    return left[here], np.where(is_tie, left[following], latest), np.where(is_tie, midpoint, point)


# The curve


class Bounds(NamedTuple):
    """The lowest and highest number the data allow, all between equally likely; no interval.

    ``high`` is infinite where nothing limits it.
    """

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalCurve:
    """Share of patients who keep their relief when losses are only known to lie between visits.

    Parameters
    ----------
    left, right : ndarray of float, shape (m,)
        Maximal intersections: losses lie in (left, right], or at the time itself where they are
        equal. The curve is undetermined inside a region of positive length. ``right`` is
        infinite for losses after the last look.
    mass : ndarray of float in [0, 1], shape (m,)
        Share of patients whose loss lies in each region; sums to 1.
    n : int
        Patients (rounded sum of weights).
    n_uninformative : int
        Patients of ``n`` never looked at after time 0: they say nothing about the curve.
    kt_gap : float
        How far the Kuhn-Tucker conditions are from holding, as a share; 0 is the exact maximum.
    log_likelihood : float
    time_unit : str
    intervals, all_masses
        The distinct intervals behind it and the mass of each of their regions, also of those
        without any: for `bootstrap_relief`.
    notes : tuple of str
        Notes that go with every number read off the curve.
    """

    left: Floats
    right: Floats
    mass: Floats
    n: int
    n_uninformative: int
    kt_gap: float
    log_likelihood: float
    time_unit: str
    intervals: Intervals
    all_masses: Floats
    notes: tuple[str, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """The curve as figures take it: left, right and mass of each region."""
        return pd.DataFrame({"left": self.left, "right": self.right, "mass": self.mass})

    @property
    def n_lost(self) -> int:
        """Patients whose loss some visit has shown (rounded sum of weights)."""
        return round(float(self.intervals.counts[np.isfinite(self.intervals.right)].sum()))

    @property
    def last_time(self) -> float:
        """Time up to which the curve is known: the start of the region without an end."""
        return float(self.left[-1] if np.isinf(self.right[-1]) else self.right[-1])

    def bounds(self, time: float) -> Bounds:
        """Return the lowest and highest share still relieved just after ``time``, at least 0.

        They are equal outside undetermined regions. EstimationError for a negative or missing time.
        """
        check_time("time", time)
        low, high = survival_bounds(self.mass, self.left, self.right, time)
        return Bounds(float(low), float(high))

    def exact_limits(self, time: float, *, level: float) -> tuple[Bounds, int]:
        """Return limits that hold where nobody, or everybody, has lost relief by ``time``.

        Where nobody was seen to lose it: the exact limits of all out of those known relieved
        at ``time``. Else whoever is not known to have lost it counts as relieved for the upper
        limit, and who is not known relieved as lost for the lower one, so the limits are wider than
        their level where many are not known. Also the number of patients counted; who was never
        looked at is none of them.

        References
        ----------
        Clopper and Pearson (1934), Biometrika 26:404. By hand: of 20 all lost, 0 to 16.8%.
        """
        check_time("time", time)
        held = self.intervals
        relieved = float(held.counts[held.left >= time].sum())
        lost = float(held.counts[held.right <= time].sum())
        n = relieved if not lost else float(held.counts.sum()) - self.n_uninformative
        whole = np.floor([relieved, n - lost]), np.floor([n, n])
        low, high = exact_limits(*whole, level=level)
        return Bounds(float(np.nan_to_num(low[0])), float(np.nan_to_num(high[1], nan=1.0))), int(n)

    def at(self, time: float) -> Estimate:
        """Return the share still relieved just after ``time``, without an interval.

        Inside a region with an end the value lies on the straight line between its ends, and a
        note gives the bounds; inside the region without an end it is "not estimable".
        """
        low, high = self.bounds(time)
        value = float(survival_share(self.mass, self.left, self.right, time))
        if high - low <= SHARE_TIE:
            return self._number(value, "share")
        span = f"{time:g}", f"{low:.3g}", f"{high:.3g}"
        if time > self.last_time and np.isinf(self.right[-1]):
            return self._number(None, "share", note("npmle_late_share", *span))
        return self._number(value, "share", note("npmle_no_visit", *span))

    def quantile(self, lost_share: float) -> Estimate:
        """Return the time by which a share in (0, 1) has lost relief, without an interval.

        Returns
        -------
        Estimate
            In the time unit, on the straight line through the region it falls into (a note names
            the region). "not reached" when it falls into the region without an end.

        Raises
        ------
        EstimationError
            ``lost_share`` is outside (0, 1).

        Notes
        -----
        When exactly that share is lost at the end of a region, the midpoint between it and the
        start of the next region, or that end itself when the next has no end. For exact and
        right-censored times this is the Kaplan-Meier median as R prints it.
        """
        check_share("lost_share", lost_share)
        found = quantile_times(self.mass[None, :], self.left, self.right, lost_share)
        low, high, point = (float(one[0]) for one in found)
        if not np.isfinite(point):
            why = note("npmle_not_reached_by", f"{low:g}") if low > 0 else note("npmle_not_reached")
            return self._number(None, self.time_unit, why, status="not reached")
        if low == high:
            return self._number(point, self.time_unit)
        place = (f"{low:g}", f"{high:g}") if np.isfinite(high) else (f"{low:g}",)
        placed = "placed_within" if np.isfinite(high) else "placed_from"
        return self._number(point, self.time_unit, note(placed, *place))

    @property
    def median(self) -> Estimate:
        """Time by which half of the patients have lost relief."""
        return self.quantile(0.5)

    def restricted_mean(self, tau: float) -> Estimate:
        """Return the mean time with relief up to ``tau``, above 0, without an interval.

        Losses are spread evenly over their region, and a note gives the bounds. "not estimable"
        when the region without an end starts before ``tau``.
        """
        check_positive("tau", tau)
        low, high, value = (
            float(self.mass @ part) for part in mean_weights(self.left, self.right, tau)
        )
        span = f"{low:.4g}", f"{high:.4g}"
        if np.isinf(self.right[-1]) and self.left[-1] < tau:
            return self._number(None, self.time_unit, note("npmle_late_mean", f"{tau:g}", *span))
        if high - low <= SHARE_TIE * tau:
            return self._number(value, self.time_unit)
        return self._number(value, self.time_unit, note("npmle_between_visits", *span))

    def _number(
        self, value: float | None, unit: str, *more: str, status: Status = "not estimable"
    ) -> Estimate:
        return Estimate(
            value=value,
            n=self.n,
            n_events=self.n_lost,
            unit=unit,
            method="npmle_curve",
            status=status if value is None else "estimated",
            notes=(*self.notes, *more),
        )
