"""What stands beside a verdict on duration: how often it lasted, and every reading of boosters.

The answer depends on what a booster is taken to be, so the range over all four readings is printed
next to the headline.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.judgement import Judgement
from analysis.claims.verdicts import judge_interval
from analysis.outcomes.rows import KEYS, ResultRow, find_row
from analysis.wording.numbers import estimate_text, interval_text, level_text, quantity_text

OFTEN_SHARE = 0.5
""""Often" is read as: at least half of those with relief at the end of the series."""

WEEKS_FROM_WEEKS = 2.0
""""Weeks" is the plural: at least two of them."""

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
        The share that lasted weeks and months with whether that is often, and the median with its
        interval under every reading of boosters, their range, and whether the verdict hangs on
        the reading; empty where the rows hold neither.
    """
    parts = [_tell_often(judgement, row, rows), _tell_strategies(judgement, row, rows)]
    return " ".join(part for part in parts if part)


def _beside(row: ResultRow, rows: Sequence[ResultRow], **other: object) -> ResultRow | None:
    return find_row(rows, **{name: getattr(row, name) for name in KEYS} | other)


def _tell_often(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    told = []
    for weeks in sorted({judgement.cited_low or WEEKS_FROM_WEEKS, MONTHS_FROM_WEEKS}):
        share = _beside(row, rows, measure="relieved_share", visit=f"week_{weeks:g}")
        if share is None or share.value is None:
            continue
        verdict = judge_interval(share.low, share.high, floor=OFTEN_SHARE)
        is_often = {"meets": "often", "falls short": "not often"}.get(verdict, "undecided")
        interval = f"{level_text(share.level)} {interval_text(share)}"
        if share.low is None and share.high is None:
            interval = "no interval"
        told.append(
            f"{estimate_text(share)} kept it for more than {weeks:g} weeks ({interval}: {is_often})"
        )
    if not told:
        return ""
    return f"“Often” read as at least half of them: {'; '.join(told)}."


def _tell_strategies(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    found = {name: _beside(row, rows, definition=name) for name in STRATEGIES}
    known = {name: each for name, each in found.items() if each is not None}
    if len(known) < 2:
        return ""
    told = "; ".join(f"{_median(each)} if {STRATEGIES[name]}" for name, each in known.items())
    if len({(each.status, each.value, each.low, each.high) for each in known.values()}) == 1:
        return "How boosters are read makes no difference to it."
    marks = {"floor": judgement.cited_low, "ceiling": judgement.cited_high}
    verdicts = {name: judge_interval(each.low, each.high, **marks) for name, each in known.items()}
    kinds = set(verdicts.values())
    same = "the verdict is the same in all"
    if len(kinds) > 1:
        each_told = "; ".join(f"{verdicts[name]} if {STRATEGIES[name]}" for name in known)
        same = f"the verdict is not the same: {each_told}"
    return f"By how boosters are read, the median is {told}{_span(list(known.values()))}; {same}."


def _span(rows: Sequence[ResultRow]) -> str:
    """Return the range of the medians, open where one is not reached."""
    values = [row.value for row in rows if row.value is not None]
    if not values or any(row.status not in ("estimated", "not reached") for row in rows):
        return ""
    if len(values) == len(rows) and max(values) == min(values):
        return ""
    last = max(values) if len(values) == len(rows) else None
    high = "not reached" if last is None else quantity_text(last, unit="weeks")
    return f" (range {quantity_text(min(values), unit='weeks')} to {high})"


def _median(row: ResultRow) -> str:
    if row.value is None:
        return row.status
    value = quantity_text(row.value, unit="weeks")
    if row.low is None and row.high is None:
        return f"{value} (no interval)"
    return f"{value} ({interval_text(row)})"
