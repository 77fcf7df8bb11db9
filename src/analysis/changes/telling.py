"""Changes in words: factors, signed numbers, what a row is."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.changes.factors import CORRECTED, GONE, LATE, NEW
from analysis.changes.game import CODE, DATA, DATA_AND_SETTINGS, SETTINGS
from analysis.changes.moved import MovedRow
from analysis.display.figures.labels import group_word
from analysis.outcomes.rows import ResultRow
from analysis.report.tables import response_word
from analysis.wording import words
from analysis.wording.numbers import DECIMALS, MINUS, number_text

FACTORS = {
    NEW: "new patients",
    GONE: "patients gone",
    CORRECTED: "corrected values",
    LATE: "late follow-ups",
    DATA: "data",
    SETTINGS: "settings",
    DATA_AND_SETTINGS: "data and settings",
    CODE: "code",
}

MEANINGS = {
    NEW: "patients that only run B has, with all their ratings and infusions",
    GONE: "patients that only run A has, with all their ratings and infusions",
    CORRECTED: "patients of both runs: a fact, a score or an infusion has another value or date",
    LATE: "patients of both runs: ratings and infusions that only one of the runs has",
    DATA: "everything that differs in the data, taken together",
    SETTINGS: "settings that differ",
    DATA_AND_SETTINGS: "everything that differs in data and settings, taken together",
    CODE: "what a run wrote, less what this version makes of its data and settings",
}

POINTS = ("share", "percent")
"""Units whose differences are percentage points."""

DUST = 1e-9
MOST_DECIMALS = 4
"""A part that is not nothing is not printed as 0.0, down to this many decimals."""


def signed_text(part: float, *, unit: str) -> str:
    """Return a difference with its sign: +3.1 points, −0.4 weeks, +0.02."""
    scaled = part * 100 if unit == "share" else part
    decimals = 1 if unit in POINTS else max(DECIMALS.get(unit, 3), 1)
    if unit == "count" and abs(part - round(part)) < DUST:
        decimals = 0
    while decimals < MOST_DECIMALS and abs(scaled) * 10**decimals < 0.5 and abs(scaled) > DUST:
        decimals += 1
    text = number_text(abs(scaled), decimals=decimals)
    sign = MINUS if part < 0 else "+"
    suffix = " points" if unit in POINTS else f" {unit}" if unit in ("weeks", "days") else ""
    return f"{sign}{text}{suffix}"


def sizeable(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the parts that are more than rounding, the largest first."""
    kept = {name: part for name, part in parts.items() if abs(part) > DUST}
    return dict(sorted(kept.items(), key=lambda item: -abs(item[1])))


def tell_parts(row: MovedRow, quantity: str) -> str:
    """Return the parts of a change: "new patients +3.1 points, code −0.2 points"."""
    parts = sizeable(row.parts.get(quantity, {}))
    unit = row.after.unit
    return ", ".join(f"{FACTORS[name]} {signed_text(part, unit=unit)}"
                     for name, part in parts.items())  # fmt: skip


def tell_row(row: ResultRow, labels: Mapping[str, str]) -> str:
    """Return what a row is, in words: condition, measure, definition, group, population, visit."""
    parts = [
        words.condition_word(row.condition, labels),
        group_word(row),
        words.word(words.MEASURES, row.measure),
        response_word(row),
        words.word(words.POPULATIONS_SHORT, row.population),
        words.visit_word(row.visit),
    ]
    return ", ".join(part for part in parts if part)


def tell_count(counts: Mapping[str, int]) -> str:
    """Return how much a factor touches: "12 patients, 40 ratings"."""
    return ", ".join(
        f"{n:,} {word if n != 1 else word.removesuffix('s')}" for word, n in counts.items()
    )
