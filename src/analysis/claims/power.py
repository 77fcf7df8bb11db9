"""How many more patients would decide an undecided claim.

The question: were the true value so and so, how many further patients give an 80 % chance that
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

    Returns
    -------
    int or None
        The fewest further patients from which on the chance is never below ``power`` again; None
        when more than ``MOST_PATIENTS`` would be needed, or nobody was counted so far.
    """
    if not n or not 0 < floor < 1:
        return None
    share = n_events / n if true_share is None else true_share
    if abs(share - floor) < EDGE:
        return None
    return _fewest(
        lambda more: chance_to_decide_share(
            n_events, n, more, true_share=share, floor=floor, level=level
        ),
        power,
    )


def chance_to_decide_share(
    n_events: int,
    n: int,
    more: np.ndarray,
    *,
    true_share: float,
    floor: float,
    level: float = 0.95,
) -> np.ndarray:
    """Return the exact chance that the Wilson interval over all patients excludes the floor.

    ``more`` are numbers of further patients, shape (k,); the rest as `further_patients_for_share`.

    Notes
    -----
    The Wilson interval excludes the floor exactly when the score test rejects it, so the counts
    that decide are those beyond ``n floor +- z sqrt(n floor (1 - floor))``.
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

    def chance(more: np.ndarray) -> np.ndarray:
        total = n + more
        half_then = half * np.sqrt(n / total)
        error = half / z * math.sqrt(n) * np.sqrt(more) / total
        center = (n * (value - floor) + more * (true - floor)) / total
        return np.asarray(
            norm.cdf((center - half_then) / error) + norm.cdf((-center - half_then) / error)
        )

    return _fewest(chance, power)


def _fewest(chance: Callable[[np.ndarray], np.ndarray], power: float) -> int | None:
    """Return the number from which on the chance is never below ``power``; None beyond the most.

    The exact chance rises as the teeth of a saw do (Chernick and Liu 2002, Am Stat 56:149), and the
    last tooth below ``power`` counts. The teeth are far smaller than what doubling the patients
    adds, so it is enough to look up to twice the first power of two that is enough.
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
