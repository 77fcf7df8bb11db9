"""The flow of patients from the file to the analysis, with counts that must add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.inputs import ALL
from analysis.report.tables import linked
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text

STAGES = ("in_file", "started", "eligible", "observed")
"""Who is left at each stage, from the whole file to those seen."""

LOST = ("never_treated", "baseline_zero", "baseline_below_minimum")
UNKNOWN = ("no_baseline_rating", "not_rated")
"""Steps that count who leaves before a stage: not counted, or counted with an outcome unknown."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A stage with its count, and who left before it."""

    count: Markup
    step: str
    leaving: tuple[tuple[Markup, str], ...] = ()
    is_unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Boxes from top to bottom, and the sum in words; empty where a count is not told."""

    boxes: tuple[Box, ...]
    sums: dict[str, str] | None = None


def patient_flow(rows: Sequence[ResultRow]) -> Flow | None:
    """Return the flow of patients; None where no row counts them."""
    found = {row.definition: row for row in find_rows(rows, measure="patients", group_by=ALL)}
    stages = [name for name in STAGES if name in found]
    if not stages:
        return None
    return Flow(boxes=tuple(_box(found, name) for name in stages), sums=_sums(found))


def _box(found: dict[str, ResultRow], stage: str) -> Box:
    before = {"eligible": LOST, "observed": UNKNOWN}.get(stage, ())
    leaving = tuple(
        (_count(found[name]), words.word(words.DEFINITIONS, name))
        for name in before
        if name in found and (found[name].value or found[name].value is None)
    )
    return Box(
        count=_count(found[stage]),
        step=words.word(words.DEFINITIONS, stage),
        leaving=leaving,
        is_unknown=stage == "observed",
    )


def _count(row: ResultRow) -> Markup:
    return linked(row, estimate_text(row))


def _sums(found: dict[str, ResultRow]) -> dict[str, str] | None:
    """Return the numbers of "whole = kept + lost"; None where one is not told or does not fit."""
    values = {name: row.value for name, row in found.items()}
    needed = ("in_file", "eligible", "observed", *LOST, *UNKNOWN)
    if any(values.get(name) is None for name in needed):
        return None
    number = {name: float(values[name] or 0) for name in needed}
    lost, unseen = (sum(number[name] for name in names) for names in (LOST, UNKNOWN))
    fits = (number["in_file"] == number["eligible"] + lost
            and number["eligible"] == number["observed"] + unseen)  # fmt: skip
    if not fits:
        return None
    told = {"whole": number["in_file"], "kept": number["eligible"], "lost": lost,
            "seen": number["observed"], "unseen": unseen}  # fmt: skip
    return {name: count_text(value) for name, value in told.items()}
