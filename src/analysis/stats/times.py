"""Times as every duration estimator takes them, and when two of them are one."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from analysis.stats.checks import Floats, as_numbers, refuse

NEAR_TIE = sqrt(np.finfo(np.float64).eps)
"""Times nearer than this, absolutely or in units of the mean distinct time, are one time.

R's survival does the same (``timefix``): 0.1 + 0.2 weeks and 0.3 weeks are the same day.
"""


def as_times(name: str, values: ArrayLike) -> Floats:
    """Return times: finite and not negative. Raise EstimationError naming the first bad row."""
    times = as_numbers(name, values) + 0.0  # turns -0.0 into 0.0
    refuse(times < 0, f"{name} is negative", times)
    return times


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
