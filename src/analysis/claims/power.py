"""How many more patients would decide an undecided claim.

The question put: were the true value so and so, how many further patients give an 80 % chance that
the interval over all patients, those seen already and the further ones, lies entirely on one side
of the floor? Those seen already are not drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import binom, norm

POWER_SHARE = 0.8
"""Usual power of a planned study."""

MOST_PATIENTS = 100_000
"""Beyond this the answer is "no realistic number": the value sits on the cited floor."""

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
        Chance of a decision asked for.

    Returns
    -------
    int or None
        The fewest further patients from which on the chance is never below ``power`` again; None
        when more than ``MOST_PATIENTS`` would be needed, or nobody was counted so far.

    Notes
    -----
    The Wilson interval excludes the floor exactly when the score test rejects it, so the counts
    that decide are those beyond ``n floor +- z sqrt(n floor (1 - floor))``. The chance rises with
    the number of patients as the teeth of a saw do; the last tooth below ``power`` counts.

    References
    ----------
    Chernick and Liu (2002), Am Stat 56:149, on the saw-tooth of exact binomial power.
    """
    if not n or not 0 < floor < 1:
        return None
    share = n_events / n if true_share is None else true_share
    if abs(share - floor) < EDGE:
        return None

    def chance(more: np.ndarray) -> np.ndarray:
        return chance_to_decide_share(n_events, n, more, true_share=share, floor=floor, level=level)

    return _fewest(chance, power)


def chance_to_decide_share(
    n_events: int,
    n: int,
    more: np.ndarray,
    *,
    true_share: float,
    floor: float,
    level: float = 0.95,
) -> np.ndarray:
    """Return the chance that the Wilson interval over old and further patients excludes the floor.

    Parameters
    ----------
    n_events, n : int
        Events among the patients counted so far.
    more : ndarray of int, shape (k,)
        Numbers of further patients.
    true_share : float in [0, 1]
        Share from which the further ones come.
    floor, level : float in (0, 1)
        As `further_patients_for_share`.

    Returns
    -------
    ndarray, shape (k,)
        Chance in [0, 1], exact.
    """
    total = n + more
    spread = norm.ppf((1 + level) / 2) * np.sqrt(total * floor * (1 - floor))
    meets_from = np.ceil(total * floor + spread - EDGE) - n_events
    short_to = np.ceil(total * floor - spread - EDGE) - 1 - n_events
    meets, short = binom.sf(meets_from - 1, more, true_share), binom.cdf(short_to, more, true_share)
    return np.asarray(meets + short)


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
    """Return how many further patients decide a mean.

    Parameters
    ----------
    value, low, high : float
        Estimate and interval so far; the half width towards the floor gives the spread of one
        patient.
    n : int
        Patients behind it; they stay in.
    floor : float
        Cited floor, in the unit of ``value``.
    true_value : float, optional
        Mean from which the further patients come; the observed one when not given.
    level, power : float in (0, 1)
        As `further_patients_for_share`.

    Returns
    -------
    int or None
        As `further_patients_for_share`; also None when there is no interval on the side of the
        floor.

    Notes
    -----
    Normal approximation: the mean of all is that of the ``n`` seen and of ``m`` further patients,
    normal about ``true_value`` with the spread seen so far, judged with the same spread. The half
    width counts as z standard errors; a t interval of few patients is wider, so the answer for
    them is too large rather than too small.
    """
    true = value if true_value is None else true_value
    side = low if value >= floor else high
    if side is None or true == floor or value == side or not n:
        return None

    def chance(more: np.ndarray) -> np.ndarray:
        return _chance_to_decide_mean(value - floor, value - side, n, more, true - floor, level)

    return _fewest(chance, power)


def _chance_to_decide_mean(
    above: float, half: float, n: int, more: np.ndarray, true_above: float, level: float
) -> np.ndarray:
    """Chance that the interval of the mean of all excludes 0; all numbers are above the floor."""
    total = n + more
    half_then = abs(half) * np.sqrt(n / total)
    error = abs(half) / norm.ppf((1 + level) / 2) * math.sqrt(n) * np.sqrt(more) / total
    center = (n * above + more * true_above) / total
    return np.asarray(
        norm.cdf((center - half_then) / error) + norm.cdf((-center - half_then) / error)
    )


def _fewest(chance: Callable[[np.ndarray], np.ndarray], power: float) -> int | None:
    """Return the number from which on the chance is never below ``power``; None beyond the most.

    Looked for up to twice the first power of two that is enough: the teeth of the saw are far
    smaller than what doubling the patients adds.
    """
    upper = 1
    while chance(np.array([upper]))[0] < power:
        upper *= 2
        if upper > 2 * MOST_PATIENTS:
            return None
    while True:
        enough = chance(np.arange(1, 2 * upper + 1)) >= power
        if enough[upper:].all():
            break
        upper *= 2  # the first hit was the tip of a tooth
        if upper > 2 * MOST_PATIENTS:
            return None
    too_few = np.flatnonzero(~enough)
    fewest = int(too_few[-1]) + 2 if len(too_few) else 1
    return fewest if fewest <= MOST_PATIENTS else None
