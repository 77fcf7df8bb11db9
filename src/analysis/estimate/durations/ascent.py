"""Steps towards the maximum for many data sets at once, one column each.

A round is a convex minorant step on the cumulative masses (a weighted isotonic regression, which
sets masses to 0 and brings them back), self-consistency steps, which never lose, and, once the
regions that hold mass are nearly known, a Newton step on their masses: near the maximum it squares
the distance to it. No step lowers a likelihood.

References
----------
Wellner and Zhan (1997), J Am Stat Assoc 92:945, for the first two. Wang (2007), J R Stat Soc B
69:185, for Newton steps on the places that hold mass.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from analysis.estimate.durations.columns import TINY, Curves, mean_log
from analysis.estimate.durations.inputs import Floats, Ints

SEARCH_ROUNDS, SEARCH_STEPS = 2, 3
"""First rounds, without a Newton step, and the self-consistency steps of each: Newton steps gain
little before the regions with mass are nearly known. More and fewer took longer."""

HALVINGS = 12
"""Shortenings of one step before it is left out of that round."""

SLACK = 1e-14
"""A fall of the mean log-likelihood that is only rounding, and no reason to shorten a step."""

FLOOR = 1e-9
"""Least curvature, as a share of the largest, where no drawn interval starts or stops."""

APART = 4.0
"""Distance between the columns in the joint isotonic regression; their values span 3."""

NO_MASS = 1e-13
"""A region with less is left where it is by a Newton step; minorant steps can still bring it in."""

RIDGE = 1e-12
"""Part of the largest curvature added to each in a Newton step, for masses nothing determines."""

SOLVED_TOGETHER, FEWEST_SOLVED = 96, 8
"""Columns whose Newton steps are solved together: those with like numbers of regions with mass."""

TABLE_NUMBERS = 65_536
"""Numbers in the tables of columns solved together (half a megabyte); fewer columns, if not few."""

MOST_HELD = 64
"""Regions with mass above which a Newton step, at their number cubed, costs more than it saves."""


def one_round(curves: Curves, *, rounds: int) -> Curves:
    """Return the curves one round on, after so many before it."""
    curves = minorant_step(curves)
    is_search = rounds < SEARCH_ROUNDS or _most_held(curves) > MOST_HELD
    for _ in range(SEARCH_STEPS if is_search else 1):
        curves = self_consistent_step(curves)
    return curves if is_search else newton_step(curves)


def minorant_step(curves: Curves) -> Curves:
    """Return curves after one convex minorant step each: a weighted isotonic regression."""
    curvature = curves.curvature[1:-1]
    curvature = np.maximum(curvature, FLOOR * curvature.max(axis=0) + TINY)
    target = curves.lost.copy()
    target[-1] = 1.0
    target[1:-1] = _monotone(curves.lost[1:-1] + curves.slope[1:-1] / curvature, curvature)
    return _advance(curves, target)


def self_consistent_step(curves: Curves) -> Curves:
    """Return curves after one self-consistency (EM) step each."""
    masses = curves.gradient
    masses *= curves.masses
    lost = running_sum(masses)
    lost /= lost[-1]
    return curves.at(lost)


def newton_step(curves: Curves) -> Curves:
    """Return curves after one Newton step each, stopped where a region would fall below 0."""
    way = _newton_way(curves)
    fall = way[:-1] - way[1:]
    part = np.ones_like(fall)
    np.divide(curves.masses, fall, out=part, where=fall > curves.masses)
    way *= np.maximum(part.min(axis=0), 0.0)
    return _advance(curves, np.maximum.accumulate(curves.lost + way, axis=0))


def running_sum(masses: Floats) -> Floats:
    """Return the share lost at every boundary, 0 before the first region."""
    lost = np.zeros((masses.shape[0] + 1, masses.shape[1]))
    np.cumsum(masses, axis=0, out=lost[1:])
    return lost


def _most_held(curves: Curves) -> int:
    """Return how many regions hold mass in the column where most do."""
    return int((curves.masses > NO_MASS).sum(axis=0).max())


def _monotone(values: Floats, weights: Floats) -> Floats:
    """Return each column's weighted isotonic regression, kept within 0 and 1.

    All columns go through one regression, each lifted above the one before. They cannot meet:
    a share lost is in [0, 1] and its slope is at most its curvature, so values are in [-1, 2].
    """
    lift = APART * np.arange(values.shape[1])[:, None]
    joined = isotonic_regression((values.T + lift).ravel(), weights=weights.T.ravel()).x
    return np.clip(joined.reshape(lift.size, -1) - lift, 0.0, 1.0).T


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
    before = mean_log(shares, curves.chance.take(unsure, axis=1)) - SLACK
    is_fine = mean_log(shares, moved.chance.take(unsure, axis=1)) >= before
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
    held = curves.masses > NO_MASS
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
            way[:, columns] = _solve(curves.sums.first, curves.sums.last, own, bends, slopes)
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
