"""Changes in words: factors, signed numbers, what a row is."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.changes.moved import MovedRow
from analysis.display.figures.labels import group_word
from analysis.outcomes.rows import ResultRow
from analysis.report.tables import response_word
from analysis.wording import words
from analysis.wording.numbers import DECIMALS, MINUS, count_text, number_text
from analysis.wording.texts import say

FACTORS = words.Words("factors", within="diff")
MEANINGS = words.Words("meanings", within="diff")

POINTS = ("share", "percent")
"""Units whose differences are percentage points."""

TIMES = {"weeks": "numbers.weeks", "days": "numbers.days"}
"""Units that are written behind a difference, and the text that does so."""

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
    text = f"{MINUS if part < 0 else '+'}{number_text(abs(scaled), decimals=decimals)}"
    if unit in POINTS:
        return say("diff.points", number=text)
    return say(TIMES[unit], number=text) if unit in TIMES else text


def sizeable(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the parts that are more than rounding, the largest first."""
    kept = {name: part for name, part in parts.items() if abs(part) > DUST}
    return dict(sorted(kept.items(), key=lambda item: -abs(item[1])))


def tell_parts(row: MovedRow, quantity: str) -> str:
    """Return the parts of a change: "new patients +3.1 points, code −0.2 points"."""
    parts = sizeable(row.parts.get(quantity, {}))
    unit = row.after.unit
    told = [
        say("diff.part", factor=FACTORS[name], change=signed_text(part, unit=unit))
        for name, part in parts.items()
    ]
    return say("diff.joiner").join(told)


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
    return say("diff.joiner").join(part for part in parts if part)


def tell_count(counts: Mapping[str, int]) -> str:
    """Return how much a factor touches: "12 patients, 40 ratings"."""
    told = [_count(what, n) for what, n in counts.items()]
    return say("diff.joiner").join(told)


def _count(what: str, n: int) -> str:
    each = f"{what}_one" if n == 1 else f"{what}_many"
    return say(f"diff.counts.{each}", n=count_text(n))
