"""One seed for the same patients and the same quantity, wherever and however often it is asked for.

A number must not depend on what else was computed, in which process, or under which name: the same
patients as "CRPS" and as "all conditions" have one interval. So the seed is made of the setting,
the quantity and the values resampled, and of no name.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from analysis.errors import EstimationError
from analysis.stats.checks import as_count, as_numbers, check_same_length

DECIMALS = 9
"""Values equal to so many decimals are the same: what is left is the order they were summed in."""


def seeded(seed: int, quantity: str, *values: Any) -> np.random.Generator:
    """Return the generator of a quantity of some patients.

    Parameters
    ----------
    seed : int, at least 0
        The setting.
    quantity : str
        What is estimated: different quantities of the same patients have chances of their own.
    *values : array_like of float, shape (n,)
        Columns of what is resampled, a row a patient, in any order. A row with a missing value is
        not resampled and does not count.

    Raises
    ------
    EstimationError
        No column, columns of different lengths, or of anything but numbers.
    """
    if not isinstance(quantity, str):
        raise EstimationError(f"quantity is {quantity!r}; it is a word for what is estimated.")
    if not values:
        raise EstimationError("values are needed: the seed is that of the patients resampled.")
    columns = [as_numbers("values", each, infinite=True, missing=True) for each in values]
    check_same_length(columns[0].size, **{f"column {i}": c.size for i, c in enumerate(columns)})
    rows = np.round(np.column_stack(columns), DECIMALS) + 0.0  # turns -0.0 into 0.0
    rows = rows[~np.isnan(rows).any(axis=1)]
    rows = rows[np.lexsort(rows.T)]
    return np.random.default_rng([as_count("seed", seed), crc32(quantity.encode()),
                                  crc32(np.ascontiguousarray(rows).tobytes())])  # fmt: skip
