"""Data quality: checks in four states, and what became of every line of every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from analysis.outcomes.rows import Check
from analysis.report.inputs import ReportInputs
from analysis.report.tables import Heading, TableView
from analysis.wording import words
from analysis.wording.numbers import NO_NUMBER, count_text
from analysis.wording.texts import say

WORST_FIRST = ("fail", "pass with findings", "pass", "not applicable")
COLUMNS = ("lines", "not_records", "records", "read", "used", "excluded")


def make_checks(inputs: ReportInputs) -> list[Check]:
    """Return checks, those that failed first."""
    place = {state: rank for rank, state in enumerate(WORST_FIRST)}
    return sorted(inputs.checks, key=lambda check: (place.get(check.state, 0), check.table))


def state_tally(inputs: ReportInputs) -> list[tuple[str, str, int]]:
    """Return state, word and number of checks; never one percentage for all of them."""
    counts = Counter(check.state for check in inputs.checks)
    known = [state for state in WORST_FIRST if counts[state]]  # type: ignore[index]
    return [(state, words.CHECK_STATES[state], counts[state]) for state in known]  # type: ignore[index]


def intake_table(inputs: ReportInputs) -> TableView | None:
    """Return what became of every line: records = used + excluded by reason; None if not told."""
    told = inputs.fact("intake")
    records = [r for r in told if isinstance(r, Mapping)] if isinstance(told, (list, tuple)) else []
    if not records:
        return None
    return TableView(
        caption=say("quality.intake"),
        headings=(
            Heading(text=say("methods.file")),
            Heading(text=say("quality.table")),
            *(Heading(text=say(f"quality.columns.{name}"), numeric=True) for name in COLUMNS),
            Heading(text=say("quality.why_excluded")),
        ),
        lines=tuple(_line(record) for record in records),
        note=say("quality.intake_note"),
    )


def _line(record: Mapping[str, Any]) -> tuple[str, ...]:
    excluded = record.get("excluded") or {}
    told = [
        say("flow.reason", why=words.EXCLUSIONS.get(why) or words.plain_text(str(why)),
            n=count_text(n))
        for why, n in sorted(excluded.items())
    ]  # fmt: skip
    lines, rows = record.get("n_lines"), record.get("n_records")
    per_record = record.get("per_record", 1)
    both = lines is not None and rows is not None
    return (
        words.plain_text(str(record.get("file", ""))) or NO_NUMBER,
        words.plain_text(str(record.get("table", ""))),
        count_text(lines),
        count_text(lines - rows if both else None),  # type: ignore[operator]
        count_text(rows),
        count_text(None if rows is None else rows * per_record),
        count_text(record.get("n_used")),
        count_text(sum(excluded.values())),
        say("flow.reasons_joiner").join(told) or say("quality.none_excluded"),
    )
