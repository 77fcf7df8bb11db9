"""Intervals against a cited figure: the verdict of one, of many, and with outcomes missing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.claims.judgement import Position, Verdict


def judge_interval(
    low: float | None,
    high: float | None,
    *,
    floor: float | None,
    ceiling: float | None = None,
    above: bool = False,
) -> Verdict:
    """Return the verdict of an interval against a cited floor.

    Parameters
    ----------
    low, high : float or None
        Ends of the two-sided interval; None where there is no such end (``high``: not reached).
    floor, ceiling : float or None
        Least and largest value the claim says. The ceiling is judged ("at most") only where there
        is no floor.
    above : bool
        Whether a lower end on the floor is not enough to meet it ("more than half").

    Returns
    -------
    {"meets", "falls short", "undecided"}
        ``meets`` when low >= floor, ``falls short`` when high < floor, else ``undecided``. With a
        ceiling only: ``meets`` when high <= ceiling, ``falls short`` when low > ceiling.

    Raises
    ------
    ValueError
        Neither floor nor ceiling.

    Notes
    -----
    With a 95% interval, each wrong verdict is given to about 2.5% of samples when the truth lies
    on the floor and to fewer when it lies beyond. For Wilson intervals of 20 to 1,000 patients and
    a floor of 0.6 or 0.7 that is 2.4% (``meets``) and 2.6% (``falls short``) on average, and
    3.4% and 4.4% at the worst number of patients.

    References
    ----------
    ICH E9 (1998), section 5.5: one-sided tests at half the two-sided level.
    """
    ends = [np.nan if end is None else end for end in (low, high)]
    return judge_intervals(*ends, floor=floor, ceiling=ceiling, above=above).item()


def judge_intervals(
    low: ArrayLike,
    high: ArrayLike,
    *,
    floor: float | None,
    ceiling: float | None = None,
    above: bool = False,
) -> np.ndarray:
    """Return the verdicts of many intervals, as `judge_interval`; NaN where there is no end."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if floor is not None:
        good, bad = (low > floor if above else low >= floor), high < floor
    elif ceiling is not None:
        good, bad = high <= ceiling, low > ceiling
    else:
        raise ValueError("a claim needs a floor or a ceiling")
    return np.select([good, bad], ["meets", "falls short"], "undecided")


class Limits(NamedTuple):
    """Ends of one interval, or of many; NaN where there is no such end."""

    low: Any  # float, or array of float
    high: Any


def limits_to_judge(worst: Limits, imputed: Limits, best: Limits, *, has_floor: bool) -> Limits:
    """Return the limits a number with missing outcomes is judged on, from three analyses of it.

    Parameters
    ----------
    worst, best : Limits
        Intervals where no missing patient has the event and where each has it (for a mean:
        unchanged, and free of pain).
    imputed : Limits
        Intervals under missing at random, by multiple imputation. Where it could not be made (NaN
        at both ends), the analysis kindest to the claim takes its place.
    has_floor : bool
        Whether the claim says "at least"; else it says "at most" and is judged the other way round.

    Returns
    -------
    Limits
        For "at least", the lower limit of ``worst`` and the larger upper limit of ``worst`` and
        ``imputed``. With `judge_intervals` a claim then meets its floor only whatever the missing
        are, and falls short only if it also does when they are imputed.

    Notes
    -----
    A missing outcome is no failure. Counted as one it makes a lower bound, which can support a
    claim and cannot contradict it (docs/decisions/0009).

    References
    ----------
    ICH E9(R1), 2019, section A.4, on missing data; National Research Council (2010), The Prevention
    and Treatment of Missing Data in Clinical Trials, chapter 5.
    """
    lowest, middle, highest = (
        np.array(np.broadcast_arrays(*each), dtype=float) for each in (worst, imputed, best)
    )
    likely = np.where(np.isnan(middle).all(axis=0), highest if has_floor else lowest, middle)
    if has_floor:  # an end that does not exist (NaN) stays one
        return Limits(lowest[0], np.maximum(lowest[1], likely[1]))
    return Limits(np.minimum(highest[0], likely[0]), highest[1])


def mean_analyses(
    unchanged: Limits, imputed: Limits, seen: Limits, *, to_gain: float
) -> tuple[Limits, Limits, Limits]:
    """Return the worst, the imputed and the best analysis of a mean with outcomes missing.

    Parameters
    ----------
    unchanged, imputed, seen : Limits
        Intervals with the missing unchanged, imputed (NaN where that could not be made), and left
        out.
    to_gain : float
        What the mean of those seen would gain, were all the missing free of pain.

    Notes
    -----
    The missing may be worse than unchanged: where imputation says so, that is the worst case.
    """
    low = np.where(np.isnan(imputed.low), unchanged.low, np.minimum(unchanged.low, imputed.low))
    worst = Limits(low, unchanged.high)
    return worst, imputed, Limits(seen.low + to_gain, seen.high + to_gain)


def place_interval(
    low: float | None, high: float | None, *, floor: float | None, ceiling: float | None
) -> Position:
    """Return where an interval lies in relation to a cited range; empty where either is lacking."""
    if floor is None or ceiling is None or (low is None and high is None):
        return ""
    start = float("-inf") if low is None else low
    end = float("inf") if high is None else high
    if end < floor:
        return "below"
    if start > ceiling:
        return "above"
    if start >= floor:
        return "inside" if end <= ceiling else "across the ceiling"
    return "across the floor" if end <= ceiling else "wider"
