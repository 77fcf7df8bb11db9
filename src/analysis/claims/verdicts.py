"""The verdict: an interval against a cited floor, and where it lies in the cited range."""

from __future__ import annotations

from analysis.claims.judgement import Position, Verdict


def judge_interval(
    low: float | None, high: float | None, *, floor: float | None, ceiling: float | None = None
) -> Verdict:
    """Return the verdict of an interval against a cited floor.

    Parameters
    ----------
    low, high : float or None
        Ends of the two-sided interval; ``high`` None means no upper end (not reached), ``low``
        None means no lower end.
    floor : float or None
        Least value the claim says. Without one the ceiling is judged ("at most").
    ceiling : float or None
        Largest value the claim says; used only when there is no floor.

    Returns
    -------
    {"meets", "falls short", "undecided"}
        ``meets`` when low >= floor, ``falls short`` when high < floor, else ``undecided``. With a
        ceiling only: ``meets`` when high <= ceiling, ``falls short`` when low > ceiling.

    Notes
    -----
    With a 95 % interval, each wrong verdict is said of about 2.5 % of samples when the truth lies
    on the floor and of fewer when it lies beyond. For Wilson intervals of 20 to 1,000 patients and
    a floor of 0.6 or 0.7 that is 2.4 % (``meets``) and 2.6 % (``falls short``) on average, and
    3.4 % and 4.4 % at the worst number of patients.

    References
    ----------
    ICH E9 (1998), section 5.5: one-sided tests at half the two-sided level.
    """
    if floor is not None:
        if low is not None and low >= floor:
            return "meets"
        return "falls short" if high is not None and high < floor else "undecided"
    if ceiling is None:
        raise ValueError("a claim needs a floor or a ceiling")
    if high is not None and high <= ceiling:
        return "meets"
    return "falls short" if low is not None and low > ceiling else "undecided"


def place_interval(
    low: float | None, high: float | None, *, floor: float | None, ceiling: float | None
) -> Position:
    """Return where an interval lies in relation to a cited range.

    Returns
    -------
    {"below", "across the floor", "inside", "across the ceiling", "above", "wider", ""}
        Empty where there is no range or no interval to place.
    """
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
