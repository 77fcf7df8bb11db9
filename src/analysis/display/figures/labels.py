"""What rows of one figure are called: only what tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.wording import words
from analysis.wording.numbers import (
    count_text,
    estimate_text,
    interval_text,
    level_text,
    number_text,
)
from analysis.wording.texts import say

if TYPE_CHECKING:
    from analysis.outcomes.rows import ResultRow


WHOLE = 1e-9
"""A share is told as a fraction where its counts give it to this nearness."""


def threshold_word(threshold_pct: float | None) -> str:
    """Return "at least 30 %", or nothing where there is no threshold."""
    return _threshold(threshold_pct, "numbers.at_least")


def threshold_mark(threshold_pct: float | None) -> str:
    """Return "≥ 30 %", as it stands beside an axis, or nothing where there is no threshold."""
    return _threshold(threshold_pct, "figures.rows.at_least")


def _threshold(threshold_pct: float | None, name: str) -> str:
    if threshold_pct is None:
        return ""
    shown = number_text(threshold_pct, decimals=0 if threshold_pct % 1 == 0 else 1)
    return say(name, number=say("numbers.percent", number=shown))


def group_word(row: ResultRow) -> str:
    """Return the group of a row in words; nothing for the whole condition."""
    return "" if row.group_by == "all" else _group(row)


def _group(row: ResultRow) -> str:
    return words.word(words.GROUPS, row.group) or say("figures.not_stated")


def row_parts(
    row: ResultRow,
    labels: Mapping[str, str],
    *,
    threshold: Callable[[float | None], str] = threshold_word,
) -> dict[str, str]:
    """Return everything a row could be called by, most important first."""
    by_share = row.definition == "percent_reduction" and row.threshold_pct is not None
    return {
        "condition": words.condition_word(row.condition, labels),
        "group": group_word(row),
        "definition": "" if by_share else words.word(words.DEFINITIONS, row.definition),
        "threshold": threshold(row.threshold_pct),
        "population": words.word(words.POPULATIONS_SHORT, row.population),
        "visit": words.visit_word(row.visit),
    }


def row_labels(
    rows: Sequence[ResultRow],
    labels: Mapping[str, str],
    *,
    threshold: Callable[[float | None], str] = threshold_word,
) -> list[str]:
    """Return one label per row, made of the parts in which the rows differ.

    A single row is called by its condition and group. Nothing is repeated that all rows share.
    ``threshold`` puts a threshold into words.
    """
    parts = [row_parts(row, labels, threshold=threshold) for row in rows]
    differ = [key for key in (parts[0] if parts else ()) if len({p[key] for p in parts}) > 1]
    if differ == ["group"] or not differ:
        return [p["group"] or p["condition"] for p in parts]
    return [listed(p[key] for key in differ if p[key]) for p in parts]


def row_sentence(row: ResultRow, label: str) -> str:
    """Return "label: 45 of 120 (38 %), 95 % interval 29 % to 46 %"; without a value its status."""
    value = estimate_text(row)
    if row.value is None or (row.low is None and row.high is None):
        return say("figures.rows.value", label=label, value=value)
    level, interval = level_text(row.level), interval_text(row)
    return say("figures.rows.interval", label=label, value=value, level=level, interval=interval)


def is_told_with_n(row: ResultRow) -> bool:
    """Whether a row's number is told as a fraction, whose whole is its n: "45 of 120 (38 %)"."""
    if row.unit != "share" or row.value is None or row.n_events is None or not row.n:
        return False
    return abs(row.n_events / row.n - row.value) < WHOLE


def with_n(text: str, n: int) -> str:
    """Return a text with the number of patients behind it: "38 %, n = 120"."""
    return say("figures.with_n", text=text, n=count_text(n))


def listed(parts: Iterable[str]) -> str:
    """Return parts as a list in a line: "CRPS, week 12"."""
    return say("figures.join.list").join(parts)


def listed_long(parts: Iterable[str]) -> str:
    """Return parts that hold commas of their own as a list in a line."""
    return say("figures.join.long_list").join(parts)


def stated(parts: Iterable[str]) -> str:
    """Return parts as statements that follow each other, each with its full stop."""
    return " ".join(say("figures.join.statement", text=part) for part in parts)
