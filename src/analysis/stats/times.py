"""Arrays of times as every duration estimator takes them: checks, and when two times are one."""

from __future__ import annotations

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
    """Return values as a one-dimensional float array without missing entries.

    Parameters
    ----------
    name : str
        What the array is called in an error.
    values : array_like, shape (n,)
        A pandas missing value counts as missing.
    infinite : bool
        Whether plus or minus infinity is a legal entry.

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


def as_times(name: str, values: ArrayLike) -> Floats:
    """Return times: finite and not negative. Raise EstimationError naming the first bad row."""
    times = as_numbers(name, values) + 0.0  # turns -0.0 into 0.0
    refuse(times < 0, f"{name} is negative", times)
    return times


def as_weights(values: ArrayLike | None, *, n: int) -> Floats:
    """Return weights (patients a row stands for, at least 0), ones for None; not all may be 0."""
    if values is None:
        return np.ones(n)
    weights = as_numbers("weights", values)
    check_same_length(n, weights=weights.size)
    refuse(weights < 0, "weights is negative", weights)
    if n and not weights.any():
        raise EstimationError("every weight is 0; no row stands for anybody.")
    return weights


def refuse(bad: Bools, complaint: str, values: Floats) -> None:
    """Raise EstimationError naming the first row where ``bad`` is true, if there is one."""
    if bad.any():
        row, more = int(np.argmax(bad)), int(bad.sum()) - 1
        tail = f" (and in {more} more)" if more else ""
        raise EstimationError(f"{complaint} in row {row}{tail}, counted from 0: {values[row]:g}.")


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
    """Return the largest distance at which two of these distinct times are one time."""
    return NEAR_TIE * max(1.0, float(np.abs(distinct).mean())) if distinct.size else NEAR_TIE


def merge_near_ties(times: Floats) -> Floats:
    """Return the times with near-equal ones set to the first of them; infinities stay."""
    finite = np.isfinite(times)
    distinct = np.unique(times[finite])
    is_kept = np.diff(distinct, prepend=-np.inf) > tie_width(distinct)
    if is_kept.all():
        return times
    kept, merged = distinct[is_kept], times.copy()
    merged[finite] = kept[np.searchsorted(kept, times[finite], side="right") - 1]
    return merged
