"""How many more patients would decide an undecided claim.

The question put: were the true value the one observed, how many further patients give an 80 % chance
that the interval lies wholly on one side of the floor?
"""

from __future__ import annotations

import math

import numpy as np

POWER_SHARE = 0.8
"""Usual power of a planned study."""

MOST_PATIENTS = 100_000
"""Beyond this the answer is "no realistic number": the value sits on the cited floor."""


def further_patients_for_share(
    n_events: int, n: int, *, floor: float, level: float = 0.95, power: float = POWER_SHARE
) -> int | None:
    """Return how many further patients decide a share against a floor, by exact binomial power.

    Parameters
    ----------
    n_events, n : int
        Patients with the event among those counted so far; they stay in.
    floor : float in (0, 1)
        Cited floor.
    level : float in (0, 1)
        Level of the Wilson interval that will be judged.
    power : float in (0, 1)
        Chance of a decision asked for, at the observed share.

    Returns
    -------
    int or None
        The fewest further patients from which on the chance stays at or above ``power`` in the
        next tenth more; None when more than ``MOST_PATIENTS`` would be needed.

    Notes
    -----
    The Wilson interval excludes the floor exactly when the score test rejects it, so the counts
    that decide are those beyond ``n floor +- z sqrt(n floor (1 - floor))``.
    """
    if not n or not 0 < floor < 1:
        return None
    share = n_events / n
    if abs(share - floor) < 1e-12:
        return None
    upper = 1
    while _chance_to_decide(n_events, n, np.array([upper]), floor, level)[0] < power:
        upper *= 2
        if upper > MOST_PATIENTS:
            return None
    grid = np.arange(1, min(2 * upper, MOST_PATIENTS) + 1)
    enough = _chance_to_decide(n_events, n, grid, floor, level) >= power
    too_few = np.flatnonzero(~enough[: max(1, int(1.1 * upper))])
    return int(grid[too_few[-1]]) + 1 if len(too_few) else 1


def _chance_to_decide(
    n_events: int, n: int, more: np.ndarray, floor: float, level: float
) -> np.ndarray:
    """Chance, at the observed share, that the interval over old and new excludes the floor."""
    from scipy.stats import binom, norm

    share = n_events / n
    total = n + more
    z = norm.ppf((1 + level) / 2)
    spread = z * np.sqrt(total * floor * (1 - floor))
    meets_from = np.ceil(total * floor + spread - 1e-9) - n_events
    short_to = np.ceil(total * floor - spread - 1e-9) - 1 - n_events
    return binom.sf(meets_from - 1, more, share) + binom.cdf(short_to, more, share)


def further_patients_by_precision(
    value: float,
    low: float | None,
    high: float | None,
    n: int,
    *,
    floor: float,
    level: float = 0.95,
    power: float = POWER_SHARE,
    on_log_scale: bool = False,
) -> int | None:
    """Return how many further patients decide a mean (or, on the log scale, a median time).

    Parameters
    ----------
    value, low, high : float
        Estimate and interval; the half width towards the floor sets the standard error.
    n : int
        Patients behind it.
    floor : float
        Cited floor, in the unit of ``value``.
    level, power : float in (0, 1)
    on_log_scale : bool
        For times, whose intervals are symmetric on the log scale.

    Returns
    -------
    int or None
        None when there is no interval on the side of the floor, or too many would be needed.

    Notes
    -----
    Normal approximation: the standard error shrinks with the square root of n.
    """
    from scipy.stats import norm

    side = low if value > floor else high
    if side is None or value == floor or not n:
        return None
    if on_log_scale:
        if min(value, side, floor) <= 0:
            return None
        value, side, floor = math.log(value), math.log(side), math.log(floor)
    z, z_power = float(norm.ppf((1 + level) / 2)), float(norm.ppf(power))
    error = abs(value - side) / z * math.sqrt(n)
    needed = math.ceil(((z + z_power) * error / abs(value - floor)) ** 2)
    further = max(1, needed - n)
    return further if further <= MOST_PATIENTS else None
