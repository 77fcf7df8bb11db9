"""What rows of one figure are called: only what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.wording import words
from analysis.wording.numbers import estimate_text, interval_text, level_text, number_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from analysis.outcomes.rows import ResultRow


def threshold_word(threshold_pct: float | None) -> str:
    """Return "at least 30 %", or nothing where there is no threshold."""
    if threshold_pct is None:
        return ""
    shown = number_text(threshold_pct, decimals=0 if threshold_pct % 1 == 0 else 1)
    return say("numbers.at_least", number=say("numbers.percent", number=shown))


def group_word(row: ResultRow) -> str:
    """Return the group of a row in words; nothing for the whole condition."""
    return "" if row.group_by == "all" else words.word(words.GROUPS, row.group) or "(not stated)"


def row_parts(row: ResultRow, labels: Mapping[str, str]) -> dict[str, str]:
    """Return everything a row could be called by, most important first."""
    by_share = row.definition == "percent_reduction" and row.threshold_pct is not None
    return {
        "condition": words.condition_word(row.condition, labels),
        "group": group_word(row),
        "definition": "" if by_share else words.word(words.DEFINITIONS, row.definition),
        "threshold": threshold_word(row.threshold_pct),
        "population": words.word(words.POPULATIONS_SHORT, row.population),
        "visit": words.visit_word(row.visit),
    }


def row_labels(rows: Sequence[ResultRow], labels: Mapping[str, str]) -> list[str]:
    """Return one label per row, made of the parts in which the rows differ.

    A single row is called by its condition and group. Nothing is repeated that all rows share.
    """
    parts = [row_parts(row, labels) for row in rows]
    differ = [key for key in (parts[0] if parts else ()) if len({p[key] for p in parts}) > 1]
    if differ == ["group"] or not differ:
        return [p["group"] or p["condition"] for p in parts]
    return [", ".join(p[key] for key in differ if p[key]) for p in parts]


def row_sentence(row: ResultRow, label: str) -> str:
    """Return "label: 45 of 120 (38 %), 95 % interval 29 % to 46 %"; without a value its status."""
    text = f"{label}: {estimate_text(row)}"
    if row.value is None or (row.low is None and row.high is None):
        return text
    return f"{text}, {level_text(row.level)} {interval_text(row)}"
