"""Who responds: percent reduction or points against a threshold, and who got worse."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROUNDING = 1e-9
"""Percent. 6.0 to 4.2 is a fall of 30 % that binary arithmetic makes 29.999999999999996; no score
is recorded finely enough for a true difference this small."""

WORSE_PCT = -30.0
"""A rise of at least 30 % of baseline counts as worse: the mirror of a moderate response."""

TWO_POINTS = 2.0
"""Clinically important difference on 0 to 10 (Farrar 2001, Pain 94:149)."""


def derive_responder(reduction_pct: pd.Series, *, threshold_pct: float) -> pd.Series:
    """Return whether each patient's reduction reaches the threshold.

    Parameters
    ----------
    reduction_pct : Series of float
        Percent reduction from baseline, positive is better.
    threshold_pct : float
        Least reduction that counts, percent.

    Returns
    -------
    Series of nullable boolean
        Missing where the reduction is missing: unknown is not "no".
    """
    return _known(reduction_pct, reduction_pct.to_numpy(dtype=float) >= threshold_pct - ROUNDING)


def derive_two_point_responder(change_score: pd.Series) -> pd.Series:
    """Return whether pain fell by at least two points, as a nullable boolean."""
    return _known(change_score, change_score.to_numpy(dtype=float) >= TWO_POINTS - ROUNDING)


def derive_worsened(reduction_pct: pd.Series) -> pd.Series:
    """Return whether pain rose by at least 30 % of baseline, as a nullable boolean."""
    return _known(reduction_pct, reduction_pct.to_numpy(dtype=float) <= WORSE_PCT + ROUNDING)


def _known(values: pd.Series, flags: np.ndarray) -> pd.Series:
    return pd.Series(flags, index=values.index, dtype="boolean").mask(values.isna())
