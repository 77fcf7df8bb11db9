"""How many more patients would decide an undecided claim.

The question: were the true value so and so, how many further patients give an 80% chance that
the interval over all patients, those seen already and the further ones, lies entirely on one side
of the floor? Those seen already are not drawn again.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom, norm

POWER_SHARE = 0.8
"""Usual power of a planned study."""

MOST_PATIENTS = 100_000
"""Beyond this the answer is "no realistic number": the value sits on the cited floor."""

FARTHEST = 2 * MOST_PATIENTS
"""Numbers of further patients looked at."""

EDGE = 1e-9
"""Patients. A count this near the border of the interval lies on it: rounding of binary numbers."""


def further_patients_for_share(
    n_events: int,
    n: int,
    *,
    floor: float,
    true_share: float | None = None,
    level: float = 0.95,
    power: float = POWER_SHARE,
) -> int | None:
    """Return how many further patients decide a share against a floor, by exact binomial power.

    Parameters
    ----------
    n_events, n : int
        Patients with the event among those counted so far; they stay in.
    floor : float in (0, 1)
        Cited floor (or the ceiling of a claim that has no floor).
    true_share : float in [0, 1], optional
        Share from which the further patients come; the observed one when not given.
    level : float in (0, 1)
        Two-sided level of the Wilson interval that will be judged.
    power : float in (0, 1)

    Returns
    -------
    int or None
        The fewest further patients from which on the chance is never below ``power`` again; None
        when more than ``MOST_PATIENTS`` would be needed, or nobody was counted so far and no true
        share is given.
    """
    if (not n and true_share is None) or not 0 < floor < 1:
        return None
    share = n_events / n if true_share is None else true_share
    if abs(share - floor) < EDGE:
        return None
    ends = {"floor": floor, "level": level}
    more = np.arange(1, FARTHEST + 1)
    meets_from, short_to = _deciding_counts(n_events, n, more, **ends)
    # Where Hoeffding's bound promises the power, the exact chance need not be looked at.
    beyond = more * share - meets_from + 1 if share > floor else short_to + 1 - more * share
    sure = (beyond > 0) & (2 * beyond**2 / more >= -math.log(1 - power))
    unsure = np.flatnonzero(~sure)
    more = more[: unsure[-1] + 1] if len(unsure) else more[:0]
    return _fewest(chance_to_decide_share(n_events, n, more, true_share=share, **ends), power)


def chance_to_decide_share(
    n_events: int, n: int, more: np.ndarray, *, true_share: float, floor: float, level: float = 0.95
) -> np.ndarray:
    """Return the exact chance that the Wilson interval over all patients excludes the floor.

    ``more`` are numbers of further patients, shape (k,); the rest as `further_patients_for_share`.

    Notes
    -----
    The Wilson interval excludes the floor exactly when the score test rejects it, so the counts
    that decide are those beyond ``n floor +- z sqrt(n floor (1 - floor))``.
    """
    meets_from, short_to = _deciding_counts(n_events, n, more, floor=floor, level=level)
    meets, short = binom.sf(meets_from - 1, more, true_share), binom.cdf(short_to, more, true_share)
    return np.asarray(meets + short)


def _deciding_counts(
    n_events: int, n: int, more: np.ndarray, *, floor: float, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the fewest further events that meet the floor, and the most that fall short."""
    total = n + more
    spread = norm.ppf((1 + level) / 2) * np.sqrt(total * floor * (1 - floor))
    meets_from = np.ceil(total * floor + spread - EDGE) - n_events
    short_to = np.ceil(total * floor - spread - EDGE) - 1 - n_events
    return meets_from, short_to


def further_patients_by_precision(
    value: float,
    low: float | None,
    high: float | None,
    n: int,
    *,
    floor: float,
    true_value: float | None = None,
    level: float = 0.95,
    power: float = POWER_SHARE,
) -> int | None:
    """Return how many further patients decide a mean; otherwise as `further_patients_for_share`.

    ``value``, ``low``, ``high`` are the estimate so far of ``n`` patients. None also where there is
    no interval on the side of the floor.

    Notes
    -----
    Normal approximation: the mean of all is that of the ``n`` seen and of ``m`` further patients,
    normal about ``true_value`` with the spread seen so far, judged with the same spread. The half
    width towards the floor counts as z standard errors; a t interval of few patients is wider, so
    the answer for them is too large rather than too small.
    """
    true = value if true_value is None else true_value
    side = low if value >= floor else high
    if side is None or true == floor or value == side or not n:
        return None
    half, z = abs(value - side), norm.ppf((1 + level) / 2)

    more = np.arange(1, FARTHEST + 1)
    total = n + more
    half_then = half * np.sqrt(n / total)
    error = half / z * math.sqrt(n) * np.sqrt(more) / total
    center = (n * (value - floor) + more * (true - floor)) / total
    return _fewest(ndtr((center - half_then) / error) + ndtr((-center - half_then) / error), power)


def _fewest(chance: np.ndarray, power: float) -> int | None:
    """Return the number from which on the chance is never below ``power``; None beyond the most.

    ``chance`` is that of 1, 2, ... further patients, up to where it is sure to be enough. All of
    it is looked at: the exact chance rises as the teeth of a saw do (Chernick and Liu 2002, Am Stat
    56:149), and falls at first where those seen so far nearly decide.
    """
    too_few = np.flatnonzero(chance < power)
    fewest = int(too_few[-1]) + 2 if len(too_few) else 1
    return fewest if fewest <= MOST_PATIENTS else None
