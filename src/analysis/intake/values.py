"""Understand text as values: numbers, true and false, dates.

Each parser gets one text and returns a value, or the reason why there is none. Nothing is guessed:
a date that could be read two ways is refused, and both readings are named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Literal

SPREADSHEET_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!"}
)
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")


@dataclass(frozen=True)
class Refusal:
    """Why a text is not a value, and what to do about it."""

    expected: str
    remedy: str = "Correct it in the export, or list the text under `missing` in the mapping."


Parser = Callable[[str], Any]

SPREADSHEET_ERROR = Refusal(
    "a value, not a spreadsheet error,",
    "Fix the formula in the spreadsheet, or list the text under `missing` in the mapping.",
)


def parse_number(text: str, *, decimal: str = ".") -> float | Refusal:
    """Return the number a text holds; thousands separators and units are not guessed away.

    With a decimal comma a point is read too (typed cells hold points), but ``1.234`` could then
    be a thousand: it is refused.
    """
    plain = text.replace("\u2212", "-")
    if decimal == ",":
        if _THOUSANDS.fullmatch(plain) and "." in plain:
            return Refusal(
                "a number with a decimal comma",
                "A point before three digits may mean thousands: write the number without it.",
            )
        plain = plain.replace(",", ".", 1) if "." not in plain else plain
    if _NUMBER.fullmatch(plain):
        number = float(plain)
        return number if isfinite(number) else Refusal("a number of ordinary size")
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
    """Return true or false for the usual words, in capitals or not."""
    word = text.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    return Refusal("yes or no", "Map the word with `values: {...: yes, ...: no}` in the mapping.")


DateOrder = Literal["iso", "day_first", "month_first", "excel_serial"]

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS = {word: at for at, name in enumerate(MONTHS, 1) for word in (name, name[:3])}
_MONTH_NUMBERS["sept"] = 9

_EXCEL_EPOCH = datetime(1899, 12, 30)
_EXCEL_SERIALS = 61.0, 2_958_466.0
"""From 1 March 1900 (Excel counts a 29 February 1900 that never was; earlier serials are a day
off) to the end of the year 9999."""

_CLOCK = r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_CLOCK += r"\s*(?P<half>[AaPp][Mm])?)?(?:Z|\s?[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.]?)(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _CLOCK
)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})[/.-](?P<two>\d{1,2})[/.-](?P<year>\d{4})" + _CLOCK)
_MONTH_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})[\s.-]*(?P<month>[A-Za-z]{3,9})|(?P<month2>[A-Za-z]{3,9})\s+(?P<day2>\d{1,2}))"
    r"[\s.,-]*(?P<year>\d{4})" + _CLOCK
)


def parse_date(text: str, *, order: DateOrder) -> datetime | Refusal:
    """Return the date (with its time of day, if any) that a text holds in the given order.

    Read are 2026-03-28, 20260328, 28 Mar 2026, and 28/03/2026 where ``order`` says which part is
    the day. A time of day may follow; its offset from UTC is dropped, local time counts.
    """
    if order == "excel_serial":
        number = parse_number(text)
        if isinstance(number, Refusal) or not _EXCEL_SERIALS[0] <= number < _EXCEL_SERIALS[1]:
            return Refusal("an Excel serial date such as 45000")
        return _EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))
    found = _YEAR_FIRST.fullmatch(text)
    if found and (found["mark"] or len(found["month"] + found["day"]) == 4):
        return _build(found, int(found["month"]), found["day"])
    if found := _MONTH_NAMED.fullmatch(text):
        month = _MONTH_NUMBERS.get((found["month"] or found["month2"]).lower())
        if month is None:
            return Refusal("a date such as 2026-03-28 or 28 Mar 2026", _remedy(text))
        return _build(found, month, found["day"] or found["day2"])
    found = _YEAR_LAST.fullmatch(text)
    if not found or order == "iso":
        return Refusal("a date such as 2026-03-28", _remedy(text))
    day, month_text = found["one"], found["two"]
    if order == "month_first":
        day, month_text = month_text, day
    return _build(found, int(month_text), day, reading=f" read {order.replace('_', ' ')}")


def choose_date_order(texts: Iterable[str]) -> DateOrder | Refusal:
    """Find the one order in which all texts of a column are dates, or say why there is none.

    ``03/04/2026`` is the third of April or the fourth of March. Where no text of the column settles
    it both orders fit, and choosing one would move every follow-up: it is refused.
    """
    only: dict[str, str] = {}
    unsettled: list[str] = []
    for text in (t for t in texts if _YEAR_LAST.fullmatch(t)):
        readings = _readings(text)
        if len(readings) == 2 and readings["day_first"] != readings["month_first"]:
            unsettled.append(text)
        elif len(readings) == 1:
            only.setdefault(next(iter(readings)), text)
    if len(only) == 2:
        return Refusal(
            "a date in one order with the others",
            f"'{only['day_first']}' fits day first only and '{only['month_first']}' month first "
            "only: the column mixes two orders. Export it again with ISO dates (2026-03-28).",
        )
    if only or not unsettled:
        return "month_first" if "month_first" in only else "day_first"
    read = _readings(unsettled[0])
    return Refusal(
        "a date whose order is plain",
        f"'{unsettled[0]}' is {read['day_first']:%d %B %Y} read day first and "
        f"{read['month_first']:%d %B %Y} read month first, and no date of the column settles it. "
        "Say `dates: day_first` or `dates: month_first` in the mapping.",
    )


def _readings(text: str) -> dict[str, datetime]:
    """Return the orders under which a text is a date of the calendar, with the date."""
    orders: tuple[DateOrder, ...] = ("day_first", "month_first")
    read = {order: parse_date(text, order=order) for order in orders}
    return {order: date for order, date in read.items() if isinstance(date, datetime)}


def _build(found: re.Match[str], month: int, day: str, *, reading: str = "") -> datetime | Refusal:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    try:
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(hour)
            hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
        return datetime(int(found["year"]), month, int(day), hour, minute, second)
    except ValueError:
        return Refusal(
            f"a date of the calendar{reading}",
            "Correct it in the export, list it under `missing`, or say the right order with "
            "`dates:` in the mapping.",
        )


def _remedy(text: str) -> str:
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return "It looks like an Excel serial number; say `dates: excel_serial` in the mapping."
    if re.fullmatch(r"\d{1,2}[/.-][\dA-Za-z]{1,3}[/.-]\d{2}( .*)?", text):
        return "Export it with the year in four digits, best as 2026-03-28."
    if _YEAR_LAST.fullmatch(text):
        return "Say `dates: day_first` or `dates: month_first` in the mapping, whichever it is."
    return "Correct it in the export, or list the text under `missing` in the mapping."
