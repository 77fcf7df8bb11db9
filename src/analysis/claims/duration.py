"""What stands beside a verdict on duration: how long "often" it lasted, and every reading of boosters.

The answer depends on what a booster is taken to be, so the range over all four readings is printed
next to the headline.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.judgement import Judgement
from analysis.claims.verdicts import judge_interval
from analysis.outcomes.rows import ResultRow, find_row
from analysis.wording.numbers import interval_text, level_text, quantity_text

OFTEN_SHARE = 0.5
""""Often" is read as: at least half of those with relief at the end of the series."""

MONTHS_FROM_WEEKS = 8.7
"""Two months of 30.4375 days, in weeks: from here on relief lasted "months"."""

STRATEGIES = {
    "booster_as_loss": "a booster ends relief",
    "booster_competing": "boosters compete with loss",
    "booster_as_censoring": "nothing is known after a booster",
    "booster_ignored": "boosters are ignored",
}


def tell_beside(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the sentences beside a verdict on duration.

    Parameters
    ----------
    judgement : Judgement
        Verdict on the median.
    row : ResultRow
        The row it rests on; its neighbours differ in definition, measure and visit only.
    rows : sequence of ResultRow
        All rows of the run.

    Returns
    -------
    str
        The share that lasted weeks and months with whether that is often, and the median under
        every reading of boosters; empty where the rows hold neither.
    """
    parts = [_tell_often(judgement, row, rows), _tell_strategies(judgement, row, rows)]
    return " ".join(part for part in parts if part)


def _beside(row: ResultRow, rows: Sequence[ResultRow], **other: object) -> ResultRow | None:
    names = "measure definition condition group_by group population visit threshold_pct".split()
    return find_row(rows, **{name: getattr(row, name) for name in names} | other)


def _tell_often(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    told = []
    for weeks in (judgement.cited_low or 0.0, MONTHS_FROM_WEEKS):
        share = _beside(row, rows, measure="relieved_share", visit=f"week_{weeks:g}")
        if share is None or share.value is None:
            continue
        verdict = judge_interval(share.low, share.high, floor=OFTEN_SHARE)
        is_often = {"meets": "often", "falls short": "not often"}.get(verdict, "undecided")
        told.append(
            f"{quantity_text(share.value, unit='share')} kept it for {weeks:g} weeks "
            f"({level_text(share.level)} {interval_text(share)}: {is_often})"
        )
    if not told:
        return ""
    return f"Read as at least half of them, is that often? {'; '.join(told)}."


def _tell_strategies(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    found = {name: _beside(row, rows, definition=name) for name in STRATEGIES}
    known = {name: each for name, each in found.items() if each is not None}
    if len(known) < 2:
        return ""
    told = "; ".join(f"{_median(each)} if {STRATEGIES[name]}" for name, each in known.items())
    verdicts = {
        judge_interval(each.low, each.high, floor=judgement.cited_low) for each in known.values()
    }
    same = "the verdict is the same in all" if len(verdicts) == 1 else "the verdict is not the same"
    values = [each.value for each in known.values() if each.value is not None]
    span = ""
    if len(values) == len(known):
        low, high = (quantity_text(end, unit="weeks") for end in (min(values), max(values)))
        span = f" (range {low} to {high})"
    return f"By how boosters are read, the median is {told}{span}; {same}."


def _median(row: ResultRow) -> str:
    return row.status if row.value is None else quantity_text(row.value, unit="weeks")
