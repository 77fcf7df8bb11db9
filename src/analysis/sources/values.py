"""Understand text as values: numbers, whole numbers, dates, words, true and false.

Each parser gets the distinct texts of a column once (collapse before computing) and returns a value
or the reason why there is none. Nothing is guessed: a date that could be read two ways is refused
with both readings named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

DateOrder = Literal["iso", "day_first", "month_first", "excel_serial"]

SPREADSHEET_ERRORS = ("#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
SENTINEL_DATES = (
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1901-01-01",
    "9999-12-31",
    "0001-01-01",
)
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})

_EXCEL_EPOCH = datetime(1899, 12, 30)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?Z?")
_PARTS = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?"
)


@dataclass(frozen=True)
class Refusal:
    """Why a text is not a value, and what to do about it."""

    expected: str
    remedy: str = "Correct it in the export, or list the text under `missing` in the mapping."


Parser = Callable[[str], Any]


def parse_number(text: str, *, decimal: str = ".") -> float | Refusal:
    """Return the number a text holds; thousands separators and units are not guessed away."""
    if text in SPREADSHEET_ERRORS:
        return Refusal("a number, not a spreadsheet error")
    plain = text.replace("\u2212", "-").replace("\u00a0", "")
    if decimal == ",":
        plain = plain.replace(",", ".") if "." not in plain else plain
    if _NUMBER.fullmatch(plain):
        return float(plain)
    if decimal == "." and _NUMBER.fullmatch(plain.replace(",", ".", 1)):
        return Refusal(
            "a number", 'If the comma is a decimal comma, say `decimal: ","` in the mapping.'
        )
    return Refusal("a number")


def parse_integer(text: str, *, decimal: str = ".") -> int | Refusal:
    """Return the whole number a text holds (``6`` and ``6.0``, not ``6.5``)."""
    number = parse_number(text, decimal=decimal)
    if isinstance(number, Refusal):
        return Refusal("a whole number", number.remedy)
    return int(number) if number.is_integer() else Refusal("a whole number")


def parse_flag(text: str) -> bool | Refusal:
    """Return true or false for the usual words in either case."""
    word = text.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    return Refusal("yes or no", "Map the word with `values: {...: yes, ...: no}` in the mapping.")


def parse_date(text: str, *, order: DateOrder) -> datetime | Refusal:
    """Return the date (with its time of day, if any) that a text holds in the given order."""
    if order == "excel_serial":
        return _from_serial(text)
    found = _ISO.fullmatch(text)
    if found:
        year, month, day, *clock = found.groups()
        return _build(year, month, day, clock, text)
    found = _PARTS.fullmatch(text)
    if not found:
        return Refusal("a date such as 2026-03-28", _date_remedy(text))
    if order == "iso":
        return Refusal("a date such as 2026-03-28")
    first, second, year, *rest = found.groups()
    day, month = (first, second) if order == "day_first" else (second, first)
    return _build(year, month, day, rest, text, order=order)


def choose_date_order(texts: Iterable[str]) -> DateOrder | Refusal:
    """Find the one order in which all texts of a column are dates, or say why there is none.

    Notes
    -----
    ``03/04/2026`` is the third of April or the fourth of March. Where no text of the column has a
    part above 12 both orders fit, and choosing one would move every follow-up: it is refused.
    """
    first_high = second_high = ""
    example = ""
    for text in texts:
        found = _PARTS.fullmatch(text)
        if not found:
            continue
        example = example or text
        first, second = int(found[1]), int(found[2])
        first_high = text if first > 12 else first_high
        second_high = text if second > 12 else second_high
    if first_high and second_high:
        return Refusal(
            "dates in one order",
            f"'{first_high}' fits day first only and '{second_high}' month first only: the column "
            "mixes two orders. Export it again with ISO dates (2026-03-28).",
        )
    if first_high or second_high:
        return "day_first" if first_high else "month_first"
    if example:
        return _ambiguous(example)
    return "iso"


def _ambiguous(example: str) -> Refusal:
    day = parse_date(example, order="day_first")
    month = parse_date(example, order="month_first")
    if not isinstance(day, datetime) or not isinstance(month, datetime):
        return Refusal("a date such as 2026-03-28")
    return Refusal(
        "dates whose order is plain",
        f"'{example}' is {day:%d %B %Y} read day first and {month:%d %B %Y} read month first, and "
        "no date of the column settles it. Say `dates: day_first` or `dates: month_first` in the "
        "mapping.",
    )


def _build(
    year: str, month: str, day: str, clock: list[str | None], text: str, *, order: str = "iso"
) -> datetime | Refusal:
    hour, minute, second = (int(part or 0) for part in (*clock, None, None, None)[:3])
    half = clock[3] if len(clock) > 3 else None
    if half:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        reading = "" if order == "iso" else f" read {order.replace('_', ' ')}"
        return Refusal(
            f"a date of the calendar{reading}",
            "Correct it in the export, or say the right order with `dates:` in the mapping.",
        )


def _from_serial(text: str) -> datetime | Refusal:
    number = parse_number(text)
    if isinstance(number, Refusal) or not 1 <= number < 2_958_466:
        return Refusal("an Excel serial date such as 45000")
    return _EXCEL_EPOCH + timedelta(days=number)


def _date_remedy(text: str) -> str:
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return "It looks like an Excel serial number; say `dates: excel_serial` in the mapping."
    if re.fullmatch(r"\d{8}", text):
        return "Write it with dashes (2026-03-28)."
    return "Correct it in the export, or list the text under `missing` in the mapping."
