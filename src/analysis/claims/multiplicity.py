"""Many claims at once: verdicts after Holm beside the plain ones, and small conditions shrunk.

Of 40 claims whose true value lies on the cited floor, two would be decided wrongly by chance alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import binom

from analysis.claims.judgement import Judgement, Verdict
from analysis.claims.robustness.limits import exact_limits, wilson_limits
from analysis.estimate.shrinkage import shrink_shares
from analysis.outcomes.rows import ResultRow, find_rows, row_from_estimate

SCORE_TEST = "score test of a share"
EXACT_TEST = "exact binomial test"
T_TEST = "Student test of a mean"
FROM_INTERVAL = "normal test read back from the interval"
LOG_INTERVAL = "normal test read back from the interval, log scale"
NO_TEST = "no test: there is no interval on both sides, or no value"

NOT_COUNTED = ("not testable", "unfalsifiable")

SAME_SHARE = 1e-9
"""Share. Limits this near those of the counts were made from the counts."""

MEANS = {
    ("percent_reduction", "mean_of_patients"),
    ("infusion_slope", "mean_of_patients"),
    ("score_mean", ""),
    ("change_mean", ""),
}
"""Measures and definitions whose interval is Student's (`analysis.estimate.reductions`)."""


@dataclass(frozen=True, kw_only=True)
class AdjustedVerdict:
    """A claim's verdict alone and among all claims of the run.

    Parameters
    ----------
    claim_id : str
    plain : str
        The verdict on its own.
    p_above, p_below : float or None
        One-sided p-values: of what was seen or more, were the truth on the cited mark; and of what
        was seen or less. A small ``p_above`` speaks for a truth above the mark. None: no test.
    p_holm : float or None
        Holm-adjusted p-value of the smaller of the two, doubled for looking both ways.
    adjusted : str
        Verdict from ``p_holm`` at 1 minus the level; the plain one only where it is undecided or
        not testable anyway. Without a test, ``undecided``: it cannot be shown to stand.
    test : str
        Which test.
    """

    claim_id: str
    plain: Verdict
    p_above: float | None
    p_below: float | None
    p_holm: float | None
    adjusted: Verdict
    test: str


def adjust_verdicts(
    judgements: Sequence[Judgement], rows: Sequence[ResultRow]
) -> tuple[AdjustedVerdict, ...]:
    """Return verdicts adjusted for all claims judged together.

    Parameters
    ----------
    judgements : sequence of Judgement
        The claims of one run: the family. Those not testable are no part of it; those without a
        test are counted in it.
    rows : sequence of ResultRow
        Rows they rest on, for numerators and methods.

    Returns
    -------
    tuple of AdjustedVerdict
        In the order given.

    Notes
    -----
    Each claim is two one-sided questions, is the truth above the mark or below it, each at half of
    1 minus the level, as in the plain verdict: the Wilson interval excludes the mark exactly when
    the score test rejects it, the t interval when the t test does. A mark of 0 or 1 is
    tested by the exact binomial. For an interval made in another way a normal test is read back
    from its end towards the mark, so that alone it decides as the interval does. The smaller
    p-value doubled goes into Holm's procedure, whatever the claims have to do with one another.
    The chance of one or more wrong verdicts in the family is then at most 1 minus the level, as far
    as each test keeps its own.

    References
    ----------
    Holm (1979), Scand J Stat 6:65; Shaffer (1980), Ann Stat 8:1342, on directions after Holm.
    """
    by_id = {row.result_id: row for row in rows}
    tests = [_test(one, by_id.get(one.result_id)) for one in judgements]
    family = [i for i, one in enumerate(judgements) if one.verdict not in NOT_COUNTED]
    doubled = [_doubled(*tests[i][:2]) for i in family]
    adjusted = dict(zip(family, adjust_holm(doubled), strict=True))
    out = []
    for i, (one, (above, below, name)) in enumerate(zip(judgements, tests, strict=True)):
        p_holm = adjusted.get(i) if above is not None else None
        out.append(
            AdjustedVerdict(
                claim_id=one.claim_id,
                plain=one.verdict,
                p_above=above,
                p_below=below,
                p_holm=p_holm,
                adjusted=_verdict(one, above, below, p_holm),
                test=name,
            )
        )
    return tuple(out)


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm-adjusted p-values in the order given.

    Parameters
    ----------
    p_values : sequence of float in [0, 1]

    Returns
    -------
    list of float in [0, 1]
        Each is at most a level exactly when Holm's procedure at that level rejects it.

    References
    ----------
    Holm (1979), Scand J Stat 6:65. By hand: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in out]


def _doubled(above: float | None, below: float | None) -> float:
    """A claim without a test counts as one that nothing speaks for."""
    return 1.0 if above is None or below is None else min(1.0, 2 * min(above, below))


def _verdict(
    one: Judgement, above: float | None, below: float | None, p_holm: float | None
) -> Verdict:
    if one.verdict in (*NOT_COUNTED, "undecided"):
        return one.verdict
    if above is None or below is None or p_holm is None:
        return "undecided"
    # The plain verdict names the direction; adjusting can only take a decision back.
    return one.verdict if p_holm <= 1 - (one.level or 0.95) + ROUNDING else "undecided"


ROUNDING = 1e-12
"""Probability: a p-value this near the level lies on it."""


def _test(one: Judgement, row: ResultRow | None) -> tuple[float | None, float | None, str]:
    mark = one.cited_low if one.cited_low is not None else one.cited_high
    if row is None or one.value is None or mark is None or one.verdict in NOT_COUNTED:
        return None, None, NO_TEST
    if made := _limits_of_counts(row):
        return _test_share(row.n_events or 0, row.n, mark, exact=made == "exact")
    if one.low is None or one.high is None or one.level is None:
        return None, None, NO_TEST
    if (row.measure, row.definition) in MEANS:
        error = (one.high - one.low) / 2 / float(stdtrit(one.n - 1, (1 + one.level) / 2))
        below = float(stdtr(one.n - 1, (one.value - mark) / error))
        return float(stdtr(one.n - 1, (mark - one.value) / error)), below, T_TEST
    return _read_back(one, mark)


def _limits_of_counts(row: ResultRow) -> str:
    """Return how limits were made from counts of patients; nothing for bounds and curves."""
    if row.unit != "share" or row.n_events is None or row.low is None or row.level is None:
        return ""
    for made, limits in (("score", wilson_limits), ("exact", exact_limits)):
        low, high = limits([row.n_events], [row.n], level=row.level)
        near = abs(row.low - low[0]) < SAME_SHARE
        if near and row.high is not None and abs(row.high - high[0]) < SAME_SHARE:
            return made
    return ""


def _test_share(n_events: int, n: int, mark: float, *, exact: bool) -> tuple[float, float, str]:
    """Return p-values of a share against a mark; a mark of 0 or 1 leaves no room for chance."""
    if exact or mark in (0.0, 1.0):
        above = float(binom.sf(n_events - 1, n, mark))
        return above, float(binom.cdf(n_events, n, mark)), EXACT_TEST
    z = (n_events / n - mark) / (mark * (1 - mark) / n) ** 0.5
    return float(ndtr(-z)), float(ndtr(z)), SCORE_TEST


def _read_back(one: Judgement, mark: float) -> tuple[float | None, float | None, str]:
    """Read a test back from the end of the interval towards the mark: both decide alike."""
    assert one.value is not None and one.low is not None and one.high is not None
    assert one.level is not None
    value, low, high, name = one.value, one.low, one.high, FROM_INTERVAL
    if one.unit in ("weeks", "ratio") and min(value, low, high, mark) > 0:
        value, low, high, mark = (log(number) for number in (value, low, high, mark))
        name = LOG_INTERVAL
    side = low if value >= mark else high
    if side == value:
        return None, None, NO_TEST
    z = (value - mark) / (abs(value - side) / float(ndtri((1 + one.level) / 2)))
    return float(ndtr(-z)), float(ndtr(z)), name


def shrink_conditions(
    rows: Sequence[ResultRow],
    *,
    visit: str,
    definition: str = "percent_reduction",
    threshold_pct: float | None = 30.0,
    population: str = "all_starters",
    group_by: str = "all",
    group: str = "all",
) -> tuple[ResultRow, ...]:
    """Return the responder share of every condition, shrunk towards all conditions together.

    Parameters
    ----------
    rows : sequence of ResultRow
        Rows of all conditions.
    visit, definition, threshold_pct, population, group_by, group
        Which responder share; name the arm where the export has several.

    Returns
    -------
    tuple of ResultRow
        One a condition, definition with ``_shrunk`` added, labelled in its warnings; without an
        interval. No claim is judged on them.
    """
    found = [
        row
        for row in find_rows(
            rows,
            measure="responder_share",
            definition=definition,
            threshold_pct=threshold_pct,
            population=population,
            visit=visit,
            group_by=group_by,
            group=group,
        )
        if row.condition != "all"
    ]
    usable = [row for row in found if row.n_events is not None]
    shrunk = shrink_shares([row.n_events or 0 for row in usable], [row.n for row in usable])
    return tuple(
        row_from_estimate(
            replace(estimate, n_missing=row.n_missing),
            measure="responder_share",
            definition=f"{definition}_shrunk",
            threshold_pct=threshold_pct,
            population=population,
            visit=visit,
            condition=row.condition,
            group_by=group_by,
            group=group,
        )
        for row, estimate in zip(usable, shrunk.shares, strict=True)
    )
