"""What can be read off masses on regions; the same for one curve and for many replicates.

Masses have shape (m,) or (replicates, m); regions are (left, right], exact where equal.
"""

from __future__ import annotations

import numpy as np

from analysis.estimate.durations.inputs import Floats

SHARE_TIE = 1e-8
"""Shares nearer than this are equal: far above the fit's error, far below one patient's weight."""


def _spread(left: Floats, right: Floats, time: float) -> Floats:
    """Return the part of each region's losses that lies at or before a time, spread evenly.

    A region without an end has a part of 0: none of its losses is known to have happened.
    """
    has_width = np.isfinite(right) & (right > left)
    width = np.where(has_width, right - left, 1.0) if has_width.any() else np.ones(left.size)
    inside = np.clip((time - left) / width, 0.0, 1.0)
    return np.where(has_width, inside, (right <= time).astype(np.float64))


def survival_share(masses: Floats, left: Floats, right: Floats, time: float) -> Floats:
    """Return the share still relieved after a time, losses spread evenly over their region."""
    return np.clip(1 - masses @ _spread(left, right, time), 0.0, 1.0)


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
    width = np.where(np.isfinite(right) & (right > left), right - left, 1.0)
    seen = (greatest - least) / width  # part of the region before the horizon
    spread = seen * (least + greatest) / 2 + (1 - seen) * greatest
    even = np.where(np.isfinite(right) & (right > left), spread, greatest)
    return least, greatest, even


def quantiles(
    masses: Floats, lost: Floats, left: Floats, right: Floats, lost_share: float
) -> tuple[Floats, Floats, Floats]:
    """Return, for each row of masses, the earliest, latest and conventional time of a quantile.

    ``lost`` is the running sum of the masses along the regions. Infinite where the quantile is not
    reached; shape (replicates,) each.
    """
    rows = np.arange(lost.shape[0])
    here = np.argmax(lost > lost_share - SHARE_TIE, axis=1)
    mass = masses[rows, here]
    before = lost[rows, here] - mass
    width = right[here] - left[here]
    part = np.clip((lost_share - before) / np.where(mass > 0, mass, 1.0), 0.0, 1.0)
    bounded = np.isfinite(width)
    point = np.where(bounded, left[here] + part * np.where(bounded, width, 0.0), np.inf)
    latest, is_tie = right[here], np.abs(lost[rows, here] - lost_share) <= SHARE_TIE
    beyond = lost > lost_share + SHARE_TIE
    following = np.where(beyond.any(axis=1), np.argmax(beyond, axis=1), here)
    ends = np.isfinite(right[following])
    with np.errstate(invalid="ignore"):  # an infinite time beside a finite one, replaced below
        midpoint = np.where(ends, (right[here] + left[following]) / 2, right[here])
    return left[here], np.where(is_tie, left[following], latest), np.where(is_tie, midpoint, point)
