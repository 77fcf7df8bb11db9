"""Understand text as dates. A date that could be read two ways is refused, both readings named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from analysis.sources.values import Refusal, parse_number

DateOrder = Literal["iso", "day_first", "month_first", "excel_serial"]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

_EXCEL_EPOCH = datetime(1899, 12, 30)
_FIRST_SERIAL = 61.0
"""1 March 1900: Excel counts a 29 February 1900 that never was; earlier serials are a day off."""

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

    Parameters
    ----------
    text : str
        2026-03-28, 20260328, 28 Mar 2026, or 28/03/2026 where ``order`` says which part is the
        day. A time of day may follow; its offset from UTC is passed over, the clock on the wall
        counts.
    order : {"iso", "day_first", "month_first", "excel_serial"}
        What the parts of a slashed date are; a number of days when the column holds Excel serials.
    """
    if order == "excel_serial":
        return _from_serial(text)
    found = _YEAR_FIRST.fullmatch(text)
    if found and (found["mark"] or len(found["month"] + found["day"]) == 4):
        return _build(found, found["month"], found["day"])
    found = _MONTH_NAMED.fullmatch(text)
    if found:
        return _from_named(found)
    found = _YEAR_LAST.fullmatch(text)
    if not found or order == "iso":
        return Refusal("a date such as 2026-03-28", _remedy(text))
    day, month = found["one"], found["two"]
    if order == "month_first":
        day, month = month, day
    return _build(found, month, day, reading=f" read {order.replace('_', ' ')}")


def choose_date_order(texts: Iterable[str]) -> DateOrder | Refusal:
    """Find the one order in which all texts of a column are dates, or say why there is none.

    Notes
    -----
    ``03/04/2026`` is the third of April or the fourth of March. Where no text of the column settles
    it both orders fit, and choosing one would move every follow-up: it is refused.
    """
    only: dict[str, str] = {}
    open_: list[str] = []
    for text in (t for t in texts if _YEAR_LAST.fullmatch(t)):
        readings = _readings(text)
        if len(readings) == 2 and readings["day_first"] != readings["month_first"]:
            open_.append(text)
        elif len(readings) == 1:
            only.setdefault(next(iter(readings)), text)
    if len(only) == 2:
        return Refusal(
            "a date in one order with the others",
            f"'{only['day_first']}' fits day first only and '{only['month_first']}' month first "
            "only: the column mixes two orders. Export it again with ISO dates (2026-03-28).",
        )
    if only:
        return "day_first" if "day_first" in only else "month_first"
    return _ambiguous(open_[0]) if open_ else "day_first"


def _readings(text: str) -> dict[str, datetime]:
    """Return the orders under which a text is a date of the calendar, with the date."""
    orders: tuple[DateOrder, ...] = ("day_first", "month_first")
    read = {order: parse_date(text, order=order) for order in orders}
    return {order: date for order, date in read.items() if isinstance(date, datetime)}


def _ambiguous(example: str) -> Refusal:
    read = _readings(example)
    return Refusal(
        "a date whose order is plain",
        f"'{example}' is {read['day_first']:%d %B %Y} read day first and "
        f"{read['month_first']:%d %B %Y} read month first, and no date of the column settles it. "
        "Say `dates: day_first` or `dates: month_first` in the mapping.",
    )


def _build(
    found: re.Match[str], month: str | int, day: str, *, reading: str = ""
) -> datetime | Refusal:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    try:
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(hour)
            hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
        return datetime(int(found["year"]), int(month), int(day), hour, minute, second)
    except ValueError:
        return Refusal(
            f"a date of the calendar{reading}",
            "Correct it in the export, list it under `missing`, or say the right order with "
            "`dates:` in the mapping.",
        )


def _from_named(found: re.Match[str]) -> datetime | Refusal:
    word = (found["month"] or found["month2"]).lower()
    if word not in FULL_MONTHS and word not in MONTHS and word != "sept":
        return Refusal("a date such as 2026-03-28 or 28 Mar 2026", _remedy(found[0]))
    return _build(found, MONTHS.index(word[:3]) + 1, found["day"] or found["day2"])


def _from_serial(text: str) -> datetime | Refusal:
    number = parse_number(text)
    if isinstance(number, Refusal) or not _FIRST_SERIAL <= number < 2_958_466:
        return Refusal("an Excel serial date such as 45000")
    return _EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))


def _remedy(text: str) -> str:
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return "It looks like an Excel serial number; say `dates: excel_serial` in the mapping."
    if re.fullmatch(r"\d{1,2}[/.-][\dA-Za-z]{1,3}[/.-]\d{2}( .*)?", text):
        return "Export it with the year in four digits, best as 2026-03-28."
    if _YEAR_LAST.fullmatch(text):
        return "Say `dates: day_first` or `dates: month_first` in the mapping, whichever it is."
    return "Correct it in the export, or list the text under `missing` in the mapping."
