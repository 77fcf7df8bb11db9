"""Every number of a section: rows that share measure and method stand together under them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analysis.outcomes.rows import ResultRow
from analysis.report.inputs import ReportInputs
from analysis.report.tables import LONGEST_ID, response_word
from analysis.wording import words
from analysis.wording.numbers import level_text


@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """Rows of one measure made by one method, with what must be read beside them."""

    measure: str
    method: str
    warnings: tuple[str, ...]
    rows: tuple[ResultRow, ...]

    @property
    def word(self) -> str:
        """The measure in words."""
        return words.word(words.MEASURES, self.measure)

    @property
    def told(self) -> str:
        """Method, level of the intervals and warnings, as sentences."""
        levels = dict.fromkeys(level_text(row.level) for row in self.rows if row.level is not None)
        method = ", ".join(part for part in (self.method, *levels) if part)
        return " ".join([f"{method}."] * bool(method) + list(self.warnings))


def group_rows(rows: Iterable[ResultRow]) -> list[RowGroup]:
    """Return rows in groups of one measure, method and warnings; measures stay together."""
    found: dict[str, dict[tuple[str, tuple[str, ...]], list[ResultRow]]] = {}
    for row in rows:
        told = (row.method, row.warnings)
        found.setdefault(row.measure, {}).setdefault(told, []).append(row)
    return [
        RowGroup(measure=measure, method=method, warnings=warnings, rows=tuple(group))
        for measure, groups in found.items()
        for (method, warnings), group in groups.items()
    ]


def what_of(row: ResultRow) -> str:
    """Return what a row is of, beside its measure: definition, group, population, visit."""
    group = "" if row.group_by == "all" else (
        f"{words.word(words.GROUPINGS, row.group_by)}: {words.word(words.GROUPS, row.group)}"
    )  # fmt: skip
    parts = (response_word(row), group, words.word(words.POPULATIONS_SHORT, row.population),
             words.visit_word(row.visit))  # fmt: skip
    return ", ".join(part for part in parts if part)


def anchors(inputs: ReportInputs) -> Callable[[ResultRow], str]:
    """Return what tells a row's fragment; of rows with one name only the first has it."""
    taken: dict[str, int] = {}
    for row in inputs.rows:
        taken.setdefault(inputs.id_of(row)[:LONGEST_ID], id(row))

    def anchor_of(row: ResultRow) -> str:
        name = inputs.id_of(row)[:LONGEST_ID]
        return f"r-{name}" if taken.get(name) == id(row) else ""

    return anchor_of
