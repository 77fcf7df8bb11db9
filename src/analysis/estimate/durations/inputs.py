"""Checks that every duration estimator makes of the arrays it is given, and ties between times."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.errors import EstimationError

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NEAR_TIE = sqrt(np.finfo(np.float64).eps)
"""Times nearer than this, absolutely or in units of the mean distinct time, are one time.

R's survival does the same (``timefix``): 0.1 + 0.2 weeks and 0.3 weeks are the same day.
"""


def as_numbers(name: str, values: ArrayLike, *, infinite: bool = False) -> Floats:
    """Return ``values`` as a one-dimensional float array without missing entries.

    Parameters
    ----------
    name : str
        What the array is called in an error.
    values : array_like, shape (n,)
        Numbers in any unit; a pandas missing value counts as missing.
    infinite : bool
        Whether plus or minus infinity is a legal entry.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    EstimationError
        Not one-dimensional, not numeric, or an entry is missing or (unless allowed) infinite; the
        first bad row is named, counted from 0.
    """
    try:
        array: Any = (
            values.to_numpy(dtype=np.float64, na_value=np.nan)
            if isinstance(values, pd.Series)
            else np.asarray(values, dtype=np.float64)
        )
    except (TypeError, ValueError) as error:
        raise EstimationError(f"{name} must hold numbers without gaps: {error}.") from None
    if array.ndim != 1:
        raise EstimationError(f"{name} must be one-dimensional; its shape is {array.shape}.")
    refuse(np.isnan(array), f"{name} is missing", array)
    if not infinite:
        refuse(np.isinf(array), f"{name} is infinite", array)
    return array


def refuse(bad: Bools, complaint: str, values: Floats) -> None:
    """Raise EstimationError naming the first row where ``bad`` is true, if there is one."""
    if bad.any():
        row = int(np.argmax(bad))
        more = int(bad.sum()) - 1
        tail = f" (and in {more} more)" if more else ""
        raise EstimationError(f"{complaint} in row {row}{tail}, counted from 0: {values[row]:g}.")


def as_times(name: str, values: ArrayLike) -> Floats:
    """Return times: finite and not negative. Raise EstimationError naming the first bad row."""
    times = as_numbers(name, values)
    if times.size and times.min() < 0:
        refuse(times < 0, f"{name} is negative", times)
    return times


def as_events(name: str, values: ArrayLike) -> Bools:
    """Return events as true or false from booleans or 0 and 1; anything else is an error."""
    if isinstance(values, np.ndarray) and values.dtype == np.bool_ and values.ndim == 1:
        return values
    numbers = as_numbers(name, values)
    is_event = numbers == 1.0
    refuse(~is_event & (numbers != 0.0), f"{name} is neither 0 nor 1", numbers)
    return is_event


def as_weights(values: ArrayLike | None, *, n: int) -> Floats | None:
    """Return weights (patients a row stands for, at least 0) or None; not all may be 0."""
    if values is None:
        return None
    weights = as_numbers("weights", values)
    check_same_length(n, weights=weights.size)
    refuse(weights < 0, "weights is negative", weights)
    if n and not weights.any():
        raise EstimationError("every weight is 0; no row stands for anybody.")
    return weights


def check_same_length(n: int, **lengths: int) -> None:
    """Raise EstimationError when an array has another length than the first one."""
    for name, length in lengths.items():
        if length != n:
            raise EstimationError(f"{name} has {length} rows where {n} were expected.")


def check_level(level: float) -> None:
    """Raise EstimationError unless the confidence level lies between 0 and 1."""
    if not 0 < level < 1:
        raise EstimationError(f"level must lie between 0 and 1, not {level}.")


def check_positive(name: str, value: float) -> None:
    """Raise EstimationError unless the number is finite and above 0."""
    if not (np.isfinite(value) and value > 0):
        raise EstimationError(f"{name} must be a number above 0, not {value}.")


def tie_width(distinct: Floats) -> float:
    """Return the largest distance at which two of these sorted distinct times are one time."""
    if not distinct.size:
        return NEAR_TIE
    return NEAR_TIE * max(1.0, float(np.abs(distinct).mean()))


def merge_near_ties(*arrays: Floats) -> tuple[Floats, ...]:
    """Return the arrays with near-equal times set to the first of them; infinities stay."""
    ordered = np.sort(np.concatenate(arrays) if len(arrays) > 1 else arrays[0])
    ordered = ordered[np.isfinite(ordered)]
    gaps = np.diff(ordered)
    first = np.concatenate(([True], gaps > 0))[: ordered.size]
    distinct = ordered[first]
    steps = gaps[first[1:]]
    is_tied = steps <= tie_width(distinct)
    if not is_tied.any():
        return arrays
    kept = distinct[np.concatenate(([True], ~is_tied))]
    return tuple(_to_first(kept, array) for array in arrays)


def _to_first(kept: Floats, array: Floats) -> Floats:
    """Move each finite time down to the last kept time that is not above it."""
    moved = array.copy()
    finite = np.isfinite(array)
    moved[finite] = kept[np.searchsorted(kept, array[finite], side="right") - 1]
    return moved


@dataclass(frozen=True)
class RiskTable:
    """Who is followed and who has an event at each distinct time (rows or sums of weights)."""

    times: Floats
    at_risk: Floats
    events: Floats
    censored: Floats


def count_at_risk(
    time: Floats, event: Bools, *, weights: Floats | None = None, entry: Floats | None = None
) -> RiskTable:
    """Return numbers at risk just before, events at and censorings at each distinct time.

    A patient censored at a time is still at risk for an event at the same time; a patient who
    enters at a time is at risk only after it (R survival's counting). Nearly equal times are one;
    with ``entry``, both arrays must have gone through `merge_near_ties` together.
    """
    if weights is None:
        ordered, is_event = _sorted_with_events(time, event)
        starts = _starts_of_ties(ordered)
        ends = np.append(starts[1:], time.size)
        leaving = (ends - starts).astype(np.float64)
        before = starts.astype(np.float64)
        lost = np.cumsum(is_event)[ends - 1]
        events = np.diff(lost, prepend=0).astype(np.float64)
    else:
        order = np.argsort(time)
        ordered = time[order]
        starts = _starts_of_ties(ordered)
        leaving = np.add.reduceat(weights[order], starts)
        before = np.cumsum(leaving) - leaving
        events = np.add.reduceat((weights * event)[order], starts)
    times = ordered[starts]
    if entry is None:
        entered: float | Floats = before[-1] + leaving[-1]
    else:
        entered = _entered_before(times, entry, weights)
    return RiskTable(times, entered - before, events, leaving - events)


def _sorted_with_events(time: Floats, event: Bools) -> tuple[Floats, Ints]:
    """Return times in rising order and 0/1 for the events beside them.

    The bits of a float that is not negative sort like the float, and its sign bit is free: the
    event takes that place, so one plain sort does the work of a three times slower argsort.
    """
    keys = (time + 0.0).view(np.uint64)  # adding 0 turns -0.0 into 0.0, whose sign bit is free
    keys <<= np.uint64(1)
    keys |= event
    keys.sort()
    is_event = (keys & np.uint64(1)).view(np.int64)
    keys >>= np.uint64(1)
    return keys.view(np.float64), is_event


def _starts_of_ties(ordered: Floats) -> Ints:
    """Return where each group of equal or nearly equal sorted times begins."""
    gaps = np.diff(ordered)
    starts = np.append(0, np.flatnonzero(gaps) + 1)
    is_new = gaps[starts[1:] - 1] > tie_width(ordered[starts])
    return starts[np.append(True, is_new)]


def _entered_before(times: Floats, entry: Floats, weights: Floats | None) -> Floats:
    """Return how many (or the weight of those who) entered before each time."""
    order = np.argsort(entry)
    index = np.searchsorted(entry[order], times, side="left")
    sizes = np.ones(entry.size) if weights is None else weights[order]
    return np.concatenate(([0.0], np.cumsum(sizes)))[index]
