"""What every estimator of this folder asks of its input, in one place.

Each check returns the input in the one form the estimators work with, or raises an EstimationError
that says what was found, where, and what was expected. Nothing is guessed: text is no number,
a date is no time since the start, and a missing value is never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import EstimationError, suggest

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

FEWEST_REPLICATES = 100
"""Resamples below which the ends of a 95% interval are single draws."""

_NUMERIC = {"floating", "integer", "mixed-integer-float", "boolean", "decimal", "empty"}
"""What `pandas.api.types.infer_dtype` calls values that are numbers, or all missing."""


def as_numbers(
    name: str, values: Any, *, infinite: bool = False, missing: bool = False, columns: int = 0
) -> Floats:
    """Return values as a float array.

    Parameters
    ----------
    name : str
        What the array is called in an error.
    values : array_like, shape (n,)
        Numbers: a list, an array, a Series. A pandas missing value counts as missing.
    infinite, missing : bool
        Whether infinity, and a missing entry (NaN in the result), are legal.
    columns : int
        1 where a table is legal too; a Series or list is then its only column.

    Raises
    ------
    EstimationError
        Text, dates, durations, nested or no values; or an entry is missing or infinite where that
        is not legal: the first bad row is named, counted from 0.
    """
    try:
        held = values if isinstance(values, (pd.Series, pd.DataFrame)) else np.asarray(values)
    except ValueError:
        raise EstimationError(f"{name} must have rows of one length.") from None
    if held.ndim == 0:
        raise EstimationError(f"{name} must be a list of numbers, not {_shown(values)}.")
    if held.ndim != 1 and not (columns and held.ndim == 2):
        what = "a table" if columns else "one-dimensional"
        raise EstimationError(f"{name} must be {what}; its shape is {held.shape}.")
    if held.ndim == 2:
        parts = [held.iloc[:, i] if isinstance(held, pd.DataFrame) else held[:, i]
                 for i in range(held.shape[1])]  # fmt: skip
    else:
        parts = [held]
    arrays = []
    for place, part in enumerate(parts):
        label = f"{name} column {place}" if columns else name
        array = _floats(label, part)
        if not missing:
            refuse(np.isnan(array), f"{label} is missing", array)
        if not infinite:
            refuse(np.isinf(array), f"{label} is infinite", array)
        arrays.append(array)
    return np.column_stack(arrays) if columns else arrays[0]


def as_array(name: str, values: Any, *, missing: bool = False) -> Floats:
    """Return finite numbers of any shape, one number included, as `as_numbers` takes them."""
    try:
        shape = np.shape(values)
    except ValueError:
        raise EstimationError(f"{name} must have rows of one length.") from None
    flat = values if len(shape) == 1 else np.asarray(values).reshape(-1)
    return as_numbers(name, flat, missing=missing).reshape(shape)


def _floats(name: str, values: Any) -> Floats:
    """Return one column as floats; only numbers and missing values are taken."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in _NUMERIC:
        found = "dates" if "date" in kind else "durations" if "delta" in kind else kind
        raise EstimationError(
            f"{name} must hold numbers, not {found} (such as {_shown(_first(values))}): "
            "count times in days or weeks from the start of follow-up, and read text first."
        )
    return np.asarray(pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan))


def _first(values: Any) -> Any:
    """Return the first entry that is not missing."""
    known = pd.Series(values).dropna()
    return known.iloc[0] if len(known) else None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def as_flags(name: str, values: Any) -> pd.Series:
    """Return nullable booleans from true and false, 0 and 1, and missing values; no other.

    The words "no" and "false" are true to Python, so text is refused.
    """
    if isinstance(values, pd.Series) and values.dtype == "boolean":
        return values
    try:
        numbers = as_numbers(name, values, missing=True)
    except EstimationError as error:
        raise EstimationError(f"{name} must hold true, false or missing values. {error}") from None
    refuse(
        ~(np.isnan(numbers) | np.isin(numbers, (0.0, 1.0))), f"{name} is neither 0 nor 1", numbers
    )
    index = values.index if isinstance(values, pd.Series) else None
    return pd.Series(pd.array(numbers == 1.0, dtype="boolean"), index=index).mask(np.isnan(numbers))


def as_counts(n_events: Any, n: Any) -> tuple[Floats, Floats]:
    """Return events among patients as arrays of one shape, whole numbers from 0 to the patients.

    A row of missing counts stays missing.
    """
    parts = [as_array(*each, missing=True) for each in (("n_events", n_events), ("n", n))]
    try:
        events, patients = (part.copy() for part in np.broadcast_arrays(*parts))
    except ValueError:
        raise EstimationError(
            f"n_events has shape {parts[0].shape} and n {parts[1].shape}; they must be alike."
        ) from None
    whole = (events == np.round(events)) & (patients == np.round(patients))
    bad = ~(whole & (events >= 0) & (events <= patients)) & ~np.isnan(events + patients)
    if bad.any():
        at = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise EstimationError(
            f"{events[at]:g} events among {patients[at]:g} patients cannot be: events are whole "
            "numbers from 0 to the patients."
        )
    return events, patients


def as_count(name: str, value: Any, *, least: int = 0) -> int:
    """Return a whole number, at least ``least``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < least:
        raise EstimationError(
            f"{name} must be a whole number from {least} on, not {_shown(value)}."
        )
    return int(value)


def as_number(name: str, value: Any) -> float:
    """Return a finite number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real) or not isfinite(value):
        raise EstimationError(f"{name} must be a number, not {_shown(value)}.")
    return float(value)


def as_weights(values: Any, *, n: int) -> Floats:
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


def check_level(level: Any) -> None:
    """Raise EstimationError unless the confidence level lies between 0 and 1."""
    if not 0 < as_number("the confidence level", level) < 1:
        raise EstimationError(f"the confidence level must lie between 0 and 1, not {level}.")


def check_share(name: str, value: Any) -> None:
    """Raise EstimationError unless the number lies strictly between 0 and 1."""
    if not 0 < as_number(name, value) < 1:
        raise EstimationError(f"{name} must lie between 0 and 1, not {value}.")


def check_positive(name: str, value: Any) -> None:
    """Raise EstimationError unless the number is finite and above 0."""
    if not as_number(name, value) > 0:
        raise EstimationError(f"{name} must be a number above 0, not {value}.")


def check_time(name: str, value: Any) -> None:
    """Raise EstimationError unless the number is finite and at least 0."""
    if not isinstance(value, Real) or not isfinite(value) or value < 0:
        raise EstimationError(f"{name} must be a number of at least 0, not {_shown(value)}.")


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Raise EstimationError unless the word is one of those known; the nearest is offered."""
    words = tuple(known)
    if not isinstance(value, str) or value not in words:
        near = suggest(value, words) if isinstance(value, str) else ""
        raise EstimationError(f"{name} is {_shown(value)}; it is one of {', '.join(words)}.{near}")


def check_replicates(replicates: Any) -> None:
    """Raise EstimationError unless there are enough resamples for an interval."""
    if as_count("replicates", replicates) < FEWEST_REPLICATES:
        raise EstimationError(
            f"replicates must be at least {FEWEST_REPLICATES}, not {replicates}: the ends of an "
            "interval would be single draws."
        )


def check_generator(rng: Any) -> None:
    """Raise EstimationError unless ``rng`` is a numpy random generator."""
    if not isinstance(rng, np.random.Generator):
        raise EstimationError(
            f"rng must be a numpy.random.Generator, such as default_rng(1), not {_shown(rng)}."
        )
