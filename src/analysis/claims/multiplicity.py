"""Many claims at once: verdicts after Holm's adjustment, and small conditions shrunk.

Of 40 claims whose true value lies on the cited floor, two would be decided wrongly by chance alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import NamedTuple

import pandas as pd
from scipy.stats import binom, norm, t
from statsmodels.stats.multitest import multipletests

from analysis.claims.judgement import DEFAULT_LEVEL, Judgement, Shrunk, Verdict
from analysis.results import COLUMNS, Row, find, find_one, make_results, rows_of
from analysis.stats.shrinkage import shrink_shares

NOT_COUNTED = ("not testable", "unfalsifiable")

ROUNDING = 1e-12
"""Probability: a p-value this near the level lies on it."""

SMALL_CONDITION_N = 100
"""Patients. Below, a Wilson interval at one half reaches 10 percent points or more to a side."""

SHRUNK_LABEL = "Shrunk toward all groups together: not a number of these patients alone."


class CitedTest(NamedTuple):
    """One-sided p-values of what was seen, if the truth were the cited figure; None: no test."""

    p_above: float | None = None  # of what was seen or more: small speaks for a truth above it
    p_below: float | None = None

    @property
    def p_two_sided(self) -> float | None:
        """The smaller one doubled, for looking both ways."""
        if self.p_above is None or self.p_below is None:
            return None
        return min(1.0, 2 * min(self.p_above, self.p_below))


NO_TEST = CitedTest()
"""There is no interval on both sides, or no value."""


class AdjustedVerdict(NamedTuple):
    """A claim's verdict among all claims of the run, from its p-value adjusted by Holm.

    It can only take a decision back. Without a test it is ``undecided``: the verdict cannot be
    shown to stand.
    """

    adjusted: Verdict
    p_holm: float | None
    test: CitedTest


def adjust_verdicts(
    judgements: Sequence[Judgement], results: pd.DataFrame
) -> tuple[AdjustedVerdict, ...]:
    """Return verdicts adjusted for all claims judged together, in the order given.

    Parameters
    ----------
    judgements : sequence of Judgement
        The claims of one run: the family. Those not testable are no part of it; those without a
        test are counted in it.
    results : DataFrame
        Results they rest on, for numerators and methods.

    Notes
    -----
    Each claim is two one-sided questions, is the truth above the cited figure or below it, each at
    half of 1 minus the level, as in the plain verdict: the Wilson interval excludes the figure
    exactly when the score test rejects it, the t interval when the t test does. A figure of 0 or 1
    is tested by the exact binomial. For an interval made in another way a normal test is read back
    from its end toward the figure, so that alone it decides as the interval does. The smaller
    p-value doubled goes into Holm's procedure, however the claims are related. The chance of one
    or more wrong verdicts in the family is then at most 1 minus the level, as far as each test
    keeps its own.

    References
    ----------
    Holm (1979), Scand J Stat 6:65; Shaffer (1980), Ann Stat 8:1342, on directions after Holm.
    """
    wanted = {one.result_id for one in judgements}
    by_id = {row.result_id: row for row in rows_of(results) if row.result_id in wanted}
    tests = [_test(one, by_id.get(one.result_id)) for one in judgements]
    family = [i for i, one in enumerate(judgements) if one.verdict not in NOT_COUNTED]
    p_values = [tests[i].p_two_sided for i in family]
    # A claim without a test counts as one that nothing speaks for.
    holm = adjust_holm([1.0 if p is None else p for p in p_values])
    p_holm = dict(zip(family, holm, strict=True))
    known = {i: p_holm[i] for i in family if tests[i].p_two_sided is not None}
    return tuple(
        AdjustedVerdict(_adjusted(one, known.get(i)), known.get(i), tests[i])
        for i, one in enumerate(judgements)
    )


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm-adjusted p-values in the order given; an empty list of none.

    By hand: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
    """
    return multipletests(p_values, method="holm")[1].tolist() if len(p_values) else []


def _adjusted(one: Judgement, p_holm: float | None) -> Verdict:
    if one.verdict in (*NOT_COUNTED, "undecided"):
        return one.verdict
    level = one.level or DEFAULT_LEVEL
    stands = p_holm is not None and p_holm <= 1 - level + ROUNDING
    return one.verdict if stands else "undecided"


def _test(one: Judgement, row: Row | None) -> CitedTest:
    """Test a number against the cited figure, with its missing as unfavorable as the verdict does.

    Where outcomes are missing, each direction is also read back from the limits that are judged,
    and the larger p-value counts: so adjusted and plain verdict rest on the same analyses.
    """
    seen = _test_row(one, row)
    found, cited = one.missing, one.cited_high if one.cited_low is None else one.cited_low
    if found is None or cited is None or one.level is None or seen.p_two_sided is None:
        return seen
    value = one.value if found.imputed is None else found.imputed
    if value is None or found.judged_low is None or found.judged_high is None:
        return NO_TEST
    ends = found.judged_low, found.judged_high
    judged = _read_back(value, *ends, cited, unit=one.unit, level=one.level)
    pairs = (seen.p_above, judged.p_above), (seen.p_below, judged.p_below)
    above, below = (max(p for p in pair if p is not None) for pair in pairs)
    return CitedTest(above, below)


def _test_row(one: Judgement, row: Row | None) -> CitedTest:
    """Test what was seen against the cited floor, or the ceiling where there is no floor."""
    cited = one.cited_high if one.cited_low is None else one.cited_low
    if row is None or one.value is None or cited is None or one.verdict in NOT_COUNTED:
        return NO_TEST
    if row.unit == "share" and row.method in ("wilson", "clopper_pearson"):
        k, n = row.n_events or 0, row.n
        if row.method != "wilson" or cited in (0.0, 1.0):
            # A cited 0 or 1 leaves no room for chance in the score test.
            return CitedTest(float(binom.sf(k - 1, n, cited)), float(binom.cdf(k, n, cited)))
        z = (k / n - cited) / (cited * (1 - cited) / n) ** 0.5
        return CitedTest(float(norm.sf(z)), float(norm.cdf(z)))
    if one.low is None or one.high is None or one.level is None:
        return NO_TEST
    if row.method == "t":
        error = (one.high - one.low) / 2 / t.ppf((1 + one.level) / 2, one.n - 1)
        statistic = (one.value - cited) / error
        above, below = t.sf(statistic, one.n - 1), t.cdf(statistic, one.n - 1)
        return CitedTest(float(above), float(below))
    return _read_back(one.value, one.low, one.high, cited, unit=one.unit, level=one.level)


def _read_back(
    value: float, low: float, high: float, cited: float, *, unit: str, level: float
) -> CitedTest:
    """Read a test back from the end of the interval toward the figure: both decide alike."""
    if unit in ("weeks", "ratio") and min(value, low, high, cited) > 0:
        value, low, high, cited = log(value), log(low), log(high), log(cited)
    end = low if value >= cited else high
    if end == value:
        return NO_TEST
    z = (value - cited) / (abs(value - end) / norm.ppf((1 + level) / 2))
    return CitedTest(float(norm.sf(z)), float(norm.cdf(z)))


def shrink_conditions(
    results: pd.DataFrame,
    *,
    visit: str,
    definition: str = "percent_reduction",
    threshold_pct: float | None = 30.0,
    population: str = "all_starters",
    group_by: str = "all",
    group: str = "all",
) -> pd.DataFrame:
    """Return the responder share of every condition, shrunk toward all conditions together.

    The keys say which responder share; name the arm where the export has several.

    A results frame, one row a condition; ``_shrunk`` is added to the definition, and there is no
    interval. No claim is judged on them.
    """
    keys = {
        "measure": "responder_share", "threshold_pct": threshold_pct, "population": population,
        "visit": visit, "group_by": group_by, "group": group,
    }  # fmt: skip
    found = rows_of(find(results, definition=definition, **keys))
    rows = [row for row in found if row.condition != "all" and row.n_events is not None]
    # The last digits of the optimum depend on the order of its sums, so they have one order.
    ordered = sorted(rows, key=lambda row: row.condition)
    shrunk = shrink_shares([row.n_events or 0 for row in ordered], [row.n for row in ordered])
    share_of = {row.condition: one for row, one in zip(ordered, shrunk.shares, strict=True)}
    made = [
        replace(share_of[row.condition], n_missing=row.n_missing).row(condition=row.condition)
        for row in rows
    ]
    frame = pd.DataFrame(made) if made else pd.DataFrame(columns=COLUMNS)
    return make_results(frame, definition=f"{definition}_shrunk", **keys)


def shrink_small(row: Row | None, results: pd.DataFrame) -> Shrunk | None:
    """Return the shrunk share of a small condition, None for any other result.

    ``row`` is what a claim rests on, ``results`` those of all conditions; only the responder share
    of a condition, or of one of its arms, is shrunk.
    """
    if row is None or row.measure != "responder_share" or row.condition == "all":
        return None
    if not 0 < row.n < SMALL_CONDITION_N or row.group_by not in ("all", "arm"):
        return None
    names = ("visit", "definition", "threshold_pct", "population", "group_by", "group")
    shrunk = shrink_conditions(results, **{name: getattr(row, name) for name in names})
    own = find_one(shrunk, condition=row.condition)
    if own is None or own.value is None:
        return None
    return Shrunk(value=own.value, low=own.low, high=own.high, n=own.n, label=SHRUNK_LABEL)
