"""Rows (left, right] collapsed to distinct intervals, and the regions where a loss can lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.inputs import (
    Floats,
    Ints,
    as_numbers,
    as_weights,
    check_same_length,
    merge_near_ties,
    refuse,
)

DENSE_KEYS = 8
"""Pairs are counted in a table of all possible pairs while that holds this many per row."""


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
) -> tuple[Floats, Floats, Floats | None]:
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


def collapse_intervals(lefts: Floats, rights: Floats, sizes: Floats | None) -> Intervals:
    """Return the distinct intervals and regions of checked rows.

    Every end gets a rank on one line: the value number v has rank 2 v, the open gap after it
    2 v + 1. So (l, r] starts in the gap after l, an exact time starts on itself, and both end on
    a value: half-open intervals, ties and exact times need no further rule.
    """
    if sizes is not None and not sizes.all():
        lefts, rights, sizes = lefts[sizes > 0], rights[sizes > 0], sizes[sizes > 0]
    ends = np.unique(np.concatenate((np.unique(lefts), np.unique(rights))))
    (merged,) = merge_near_ties(ends)
    values, number = np.unique(merged, return_inverse=True)
    low = number[np.searchsorted(ends, lefts)]
    high = number[np.searchsorted(ends, rights)]
    low, high, counts = _count_pairs(low, high, sizes, n_values=values.size)
    start = np.where(low == high, 2 * low, 2 * low + 1)
    region_start, region_end = _maximal_intersections(start, 2 * high)
    return Intervals(
        left=values[low],
        right=values[high],
        counts=counts,
        first=np.searchsorted(region_start, start),
        last=np.searchsorted(region_end, 2 * high, side="right"),
        region_left=np.maximum(values[region_start // 2], 0.0),
        region_right=values[region_end // 2],
    )


def _count_pairs(
    low: Ints, high: Ints, sizes: Floats | None, *, n_values: int
) -> tuple[Ints, Ints, Floats]:
    """Return the distinct pairs of value numbers and how many patients have each."""
    keys = low * n_values + high
    if n_values * n_values <= DENSE_KEYS * keys.size:
        seen = np.flatnonzero(np.bincount(keys))
        counts = np.bincount(keys, weights=sizes)[seen]
    else:
        seen, which = np.unique(keys, return_inverse=True)
        counts = np.bincount(which, weights=sizes)
    return seen // n_values, seen % n_values, counts.astype(np.float64)


def _maximal_intersections(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return each start directly followed by an end, with no other start between them."""
    starts, ends = np.unique(start), np.unique(end)
    following = ends[np.searchsorted(ends, starts)]
    next_start = np.append(starts[1:], np.iinfo(np.int64).max)
    is_last = next_start > following
    return starts[is_last], following[is_last]
