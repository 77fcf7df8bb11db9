"""Greenwood's terms, limits on the log(-log) scale, and where a curve crosses a share."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from analysis.estimate.durations.inputs import NEAR_TIE, Floats


def hazard_variance(at_risk: Floats, events: Floats) -> Floats:
    """Return Greenwood's terms d / (n (n - d)), 0 where everybody at risk has the event."""
    left = at_risk - events
    product = at_risk * left
    return np.divide(events, product, out=np.zeros_like(events), where=product > 0)


def log_log_limits(survival: Floats, relative: Floats, *, level: float) -> tuple[Floats, Floats]:
    """Return limits on the log(-log) scale from a share and its standard error over the share.

    NaN where the share is 0 or 1, as in R: log(-log) has no value there.
    """
    inside = (survival > 0) & (survival < 1)
    low = np.full(survival.shape, np.nan)
    high = np.full(survival.shape, np.nan)
    log_share = np.log(survival[inside])
    half = float(ndtri((1 + level) / 2)) * relative[inside] / -log_share
    low[inside] = np.exp(log_share * np.exp(half))
    high[inside] = np.exp(log_share * np.exp(-half))
    return low, high


def first_at_or_below(times: Floats, heights: Floats, target: float) -> float | None:
    """Return R's crossing time of one curve: midpoint when it rests exactly on the target."""
    with np.errstate(invalid="ignore"):
        below = np.flatnonzero(heights < target + NEAR_TIE)
    if not below.size:
        return None
    first = below[0]
    if abs(heights[first] - target) < NEAR_TIE:
        lower = np.flatnonzero(heights < heights[first])
        if lower.size:
            return float(times[first] + times[lower[0]]) / 2
    return float(times[first])
