"""What stands beside a verdict on duration: how often it lasted, and every reading of boosters.

The answer depends on what a booster is taken to be, so the range over all four readings is printed
next to the headline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.claims.judgement import VERDICTS_WITHIN, Judgement
from analysis.claims.verdicts import judge_interval
from analysis.outcomes.rows import KEYS, ResultRow, find_row
from analysis.wording.numbers import estimate_text, interval_text, level_text, quantity_text
from analysis.wording.texts import say

OFTEN_SHARE = 0.5
""""Often" is read as: at least half of those with relief at the end of the series."""

WEEKS_FROM_WEEKS = 2.0
""""Weeks" is the plural: at least two of them."""

MONTHS_FROM_WEEKS = 8.7
"""Two months of 30.4375 days, in weeks: from here on relief lasted "months"."""

STRATEGIES = ("booster_as_loss", "booster_competing", "booster_as_censoring", "booster_ignored")


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
        told.append(
            say(
                f"claim_durations.kept.{verdict}",
                share=estimate_text(share),
                weeks=f"{weeks:g}",
                interval=_interval(share),
            )
        )
    if not told:
        return ""
    return say("claim_durations.often", shares=_listed(told))


def _interval(row: ResultRow) -> str:
    if row.low is None and row.high is None:
        return say("claim_durations.no_interval")
    level = level_text(row.level)
    return say("claim_durations.interval", level=level, limits=interval_text(row))


def _listed(parts: Iterable[str]) -> str:
    return say("claim_durations.between").join(parts)


def _tell_strategies(judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    found = {name: _beside(row, rows, definition=name) for name in STRATEGIES}
    known = {name: each for name, each in found.items() if each is not None}
    if len(known) < 2:
        return ""
    if len({(each.status, each.value, each.low, each.high) for each in known.values()}) == 1:
        return say("claim_durations.no_difference")
    medians = _listed(_if(name, _median(each)) for name, each in known.items())
    medians = _with_range(medians, list(known.values()))
    marks = {"floor": judgement.cited_low, "ceiling": judgement.cited_high}
    verdicts = {name: judge_interval(each.low, each.high, **marks) for name, each in known.items()}
    if len(set(verdicts.values())) == 1:
        return say("claim_durations.same", medians=medians)
    told = _listed(_if(name, VERDICTS_WITHIN[verdict]) for name, verdict in verdicts.items())
    return say("claim_durations.not_same", medians=medians, verdicts=told)


def _if(strategy: str, answer: str) -> str:
    return say(f"claim_durations.if.{strategy}", answer=answer)


def _with_range(told: str, rows: Sequence[ResultRow]) -> str:
    """Add the range of the medians, open where one is not reached."""
    values = [row.value for row in rows if row.value is not None]
    if not values or any(row.status not in ("estimated", "not reached") for row in rows):
        return told
    if len(values) == len(rows) and max(values) == min(values):
        return told
    last = max(values) if len(values) == len(rows) else None
    high = say("numbers.not_reached") if last is None else quantity_text(last, unit="weeks")
    low = quantity_text(min(values), unit="weeks")
    return say("claim_durations.range", medians=told, low=low, high=high)


def _median(row: ResultRow) -> str:
    value = estimate_text(row)
    if row.value is None:
        return value
    if row.low is None and row.high is None:
        return say("claim_durations.median_alone", value=value)
    return say("claim_durations.median", value=value, interval=interval_text(row))
