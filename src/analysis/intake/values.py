"""Understand text as values: numbers, true and false, dates.

Each parser gets one text and returns a value, or the reason why there is none. Nothing is guessed:
a date that could be read two ways is refused, and both readings are named.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import isfinite, isnan
from typing import Any, Literal

from analysis.intake.text import folded

SPREADSHEET_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!"}
)
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")
_DIGITS = r"[\d.,]+"
_OF = re.compile(
    rf"(?P<number>{_DIGITS})\s*(?:/|\\|(?:out )?of|von|sur|de|sobre)\s*(?P<end>{_DIGITS})", re.I
)
_RANGE = re.compile(
    rf"(?P<low>{_DIGITS})\s*(?:-|\u2013|\u2014|to|bis|\u00e0|a)\s*(?P<high>{_DIGITS})", re.I
)
_LIMIT = re.compile(
    r"(?P<sign>[<>\u2264\u2265]=?)\s*(?P<number>[\d.,]+)|(?P<number2>[\d.,]+)\s*(?P<sign2>\+)"
)
_ABOUT = re.compile(r"(?:~|\u2248|ca\.?|about|approx\.?|circa)\s*(?P<number>[\d.,]+)", re.I)

ALMOST_ZERO = 1e-9
"""No quantity of an export is recorded this finely: SAS writes 5.4e-79 for 0, and sums of binary
fractions leave 1e-16. Such a number is 0, and divides nothing."""


@dataclass(frozen=True)
class Refusal:
    """Why a text is not a value, and what to do about it; ``code`` is the rule it breaks."""

    expected: str
    remedy: str = "Correct it in the export, or list the text under `missing` in the mapping."
    code: str = "unreadable_value"


Parser = Callable[[str], Any]
Inexact = Literal["lower", "middle", "upper"]

SPREADSHEET_ERROR = Refusal(
    "a value, not a spreadsheet error,",
    "Fix the formula in the spreadsheet, or list the text under `missing` in the mapping.",
)


def parse_number(text: str, *, decimal: str = ".") -> float | Refusal:
    """Return the number a text holds; thousands separators and units are not guessed away.

    With a decimal comma a point is read too (typed cells hold points), but ``1.234`` could then
    be a thousand: it is refused. What is nearly 0 (`ALMOST_ZERO`) is 0.
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
        if not isfinite(number):
            return Refusal("a number of ordinary size")
        return 0.0 if abs(number) < ALMOST_ZERO else number
    if decimal == "." and _NUMBER.fullmatch(plain.replace(",", ".", 1)):
        return Refusal(
            "a number", 'If the comma is a decimal comma, say `decimal: ","` in the mapping.'
        )
    return Refusal("a number", _remedy_of_number(plain))


def _remedy_of_number(text: str) -> str:
    """Return what to do about a text that is no number: what holds one is not called missing."""
    if _NUMBER.fullmatch(text.removesuffix("%").rstrip()):
        return (
            "A cell shown as percent is a share of something, and no score: correct it, or where "
            'it is meant as 0 to 100, say `strip: "%"` (for a score with `scale: {constant: '
            "vas_0_100}`) in the mapping."
        )
    if _RANGE.fullmatch(text) or _LIMIT.fullmatch(text) or _ABOUT.fullmatch(text):
        return (
            "Say by which rule such answers are read: `inexact: lower`, `middle` or `upper` for "
            "this column in the mapping (4-5 is then 4, 4.5 or 5), or give each its value under "
            "`values`."
        )
    if _OF.fullmatch(text):
        return (
            "'8/10' is read where the second number is the end of the column's one scale: correct "
            "it, or name the `scale` in the mapping."
        )
    if _YEAR_FIRST.fullmatch(text) or _DAY_AND_MONTH.fullmatch(text):
        return (
            "A date stands there: a spreadsheet turns 7/10 or 4-5 into one. Correct it in the "
            "export, or give the texts their values under `values` in the mapping."
        )
    if any(char.isdigit() for char in text):
        return (
            "Correct it, or give the text its value under `values` in the mapping; `strip:` takes "
            "a unit away. Under `missing` the number in it would be lost."
        )
    return (
        "Give the text its value under `values` in the mapping; if it says that nothing was "
        "recorded, list it under `missing`."
    )


def parse_score(
    text: str, *, decimal: str, ends: tuple[float, float] | None, inexact: Inexact | None
) -> float | Refusal:
    """Return a score as people write it: ``8/10`` is 8, and ``4-5``, ``<1``, ``~7`` by a rule.

    ``ends`` are those of the scale of the column, None where it has more than one scale, or no
    known end: the second number of ``8/10`` must be the higher end, and ``<1`` lies between the
    lower end and 1. ``inexact`` says what an answer that is no single number is read as: the lower,
    middle or upper number of what it spans; None refuses it.
    """

    def number(part: str) -> float:
        read = parse_number(part, decimal=decimal)
        return float("nan") if isinstance(read, Refusal) else read

    plain = " ".join(text.split())
    exact = parse_number(plain, decimal=decimal)
    if not isinstance(exact, Refusal):
        return exact
    if (found := _OF.fullmatch(plain)) and ends and number(found["end"]) == max(ends):
        return exact if isnan(read := number(found["number"])) else read
    if inexact is None:
        return exact
    if found := _ABOUT.fullmatch(plain):
        low = high = number(found["number"])
    elif found := _RANGE.fullmatch(plain):
        low, high = number(found["low"]), number(found["high"])
    elif (found := _LIMIT.fullmatch(plain)) and ends:
        limit = number(found["number"] or found["number2"])
        below = (found["sign"] or "+")[0] in "<\u2264"
        low, high = (min(ends), limit) if below else (limit, max(ends))
    else:
        return exact
    if not low <= high:
        return exact
    return {"lower": low, "middle": (low + high) / 2, "upper": high}[inexact]


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


DateOrder = Literal["iso", "day_first", "month_first", "excel_serial", "excel_serial_1904"]
Partial = Literal["first", "middle", "last"]

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS = {word: at for at, name in enumerate(MONTHS, 1) for word in (name, name[:3])}
_ABROAD = """januar janvier enero jan janv ene jaenner janner|februar fevrier febrero fev fevr|marz
    mars marzo mrz maerz mar|avril abril avr abr|mai mayo|juni juin junio|juli juillet julio juil
    |aout agosto ago|septembre septiembre set|oktober octobre octubre okt|novembre noviembre
    |dezember decembre diciembre dez dic"""
_MONTH_NUMBERS |= {word: at for at, row in enumerate(_ABROAD.split("|"), 1) for word in row.split()}
_MONTH_NUMBERS["sept"] = 9

_EXCEL_EPOCHS = {"excel_serial": datetime(1899, 12, 30), "excel_serial_1904": datetime(1904, 1, 1)}
FIRST_SERIAL = 61.0
"""1 March 1900: Excel counts a 29 February 1900 that never was; earlier serials are a day off. Of
five digits the last is 14 October 2173, and six are a year with its month."""
_SERIAL = re.compile(r"\d{1,5}(\.\d+)?")

AS_WRITTEN = "as_written"
"""``utc_offset: as_written``: times count as on the wall; offsets and names of zones do not."""

_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "cet": 1, "cest": 2,
}  # fmt: skip
"""Hours from UTC. Names that mean several zones (CST, IST, BST) are not among them."""

_CLOCK = r"(?:[T :]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_CLOCK += r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
_OFFSET = r"[+-]\d{1,2}(?::?\d{2})?"
_CLOCK += rf"(?:\s?(?P<zone>\(?(?:[A-Za-z]{{1,5}}(?:{_OFFSET})?|{_OFFSET})\)?))?"
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.]?)(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _CLOCK
)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})[/.-](?P<two>\d{1,2})[/.-](?P<year>\d{4}|\d{2})" + _CLOCK)
_MONTH_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})[\s.-]*(?:de )?(?P<month>[^\W\d_]{3,10})(?: de)?"
    r"|(?P<month2>[^\W\d_]{3,10})\s+(?P<day2>\d{1,2})(?=[\s.,-]))"
    r"[\s.,-]*(?P<year>\d{4}|\d{2})" + _CLOCK
)
_DAY_AND_MONTH = re.compile(r"\d{1,2}-[A-Za-z]{3}|[A-Za-z]{3}-\d{1,2}")
_NO_DAY = re.compile(
    r"(?P<year>\d{4})[-/.]?(?P<month>\d{2})|(?P<month2>[A-Za-z]{3,9})[\s.,-]+(?P<year2>\d{4})"
)


@dataclass(frozen=True)
class DateForm:
    """How dates are written.

    ``pivot_year`` is the first of the hundred years that two digits of a year stand for, None
    refuses them. ``partial`` is the day that a month without one stands for. ``utc_offset`` is that
    of times without one (``-05:00``), or `AS_WRITTEN`.
    """

    order: DateOrder = "iso"
    pivot_year: int | None = None
    partial: Partial | None = None
    utc_offset: str | None = None


def is_serial(text: str) -> bool:
    """Return whether a text can be the number by which a spreadsheet counts days."""
    return bool(_SERIAL.fullmatch(text))


def parse_date(text: str, form: DateForm) -> datetime | Refusal:
    """Return the date (with its time of day, if any) that a text holds in the given form.

    Read are 2026-03-28, 20260328, 28 Mar 2026, and 28/03/2026 where the order says which part is
    the day. A time of day may follow, and its offset from UTC, which the result then has too.
    """
    order = form.order
    if order in _EXCEL_EPOCHS and is_serial(text):
        number = float(text)
        if number < FIRST_SERIAL:
            return Refusal("an Excel serial date such as 45000")
        return _EXCEL_EPOCHS[order] + timedelta(seconds=round(number * 86_400))
    found = _YEAR_FIRST.fullmatch(text)
    if found and (found["mark"] or len(found["month"] + found["day"]) == 4):
        return _build(found, form, int(found["month"]), found["day"])
    if found := _MONTH_NAMED.fullmatch(text):
        named = _MONTH_NUMBERS.get(folded(found["month"] or found["month2"]))
        if named is None:
            return Refusal("a date such as 2026-03-28 or 28 Mar 2026", _remedy(text))
        if not (len(found["year"]) == 2 and form.pivot_year is None):
            return _build(found, form, named, found["day"] or found["day2"])
    elif found := _NO_DAY.fullmatch(text):
        return _of_month(found, form)
    found, ordered = _YEAR_LAST.fullmatch(text), order in ("day_first", "month_first")
    if not found or (len(found["year"]) == 2 and form.pivot_year is None) or not ordered:
        return Refusal("a date such as 2026-03-28", _remedy(text))
    day, month = found["one"], found["two"]
    if order == "month_first":
        day, month = month, day
    return _build(found, form, int(month), day, reading=f" read {order.replace('_', ' ')}")


def choose_date_order(
    texts: Iterable[str], *, pivot_year: int | None = None
) -> DateOrder | Refusal:
    """Find the one order in which all texts of a column are dates, or say why there is none.

    ``03/04/2026`` is the third of April or the fourth of March. Where no text of the column settles
    it both orders fit, and choosing one would move every follow-up: it is refused.
    """
    only, unsettled = order_evidence(texts, pivot_year=pivot_year)
    if len(only) == 2:
        return Refusal(
            "a date in one order with the others",
            f"'{only['day_first']}' fits day first only and '{only['month_first']}' month first "
            "only: the column mixes two orders. Export it again with ISO dates (2026-03-28).",
        )
    if only or not unsettled:
        return "month_first" if "month_first" in only else "day_first"
    read = readings(unsettled, pivot_year)
    return Refusal(
        "a date whose order is plain",
        f"'{unsettled}' is {read['day_first']:%d %B %Y} read day first and "
        f"{read['month_first']:%d %B %Y} read month first, and no date of the column settles it. "
        "Say `dates: day_first` or `dates: month_first` in the mapping.",
    )


def order_evidence(
    texts: Iterable[str], *, pivot_year: int | None = None
) -> tuple[dict[str, str], str]:
    """Return for each order a text that is a date in it alone, and one that is a date in both."""
    only: dict[str, str] = {}
    unsettled = ""
    for text in (t for t in texts if _YEAR_LAST.fullmatch(t)):
        read = readings(text, pivot_year)
        if len({*read.values()}) == 2:
            unsettled = unsettled or text
        elif len(read) == 1:
            only.setdefault(next(iter(read)), text)
    return only, unsettled


def readings(text: str, pivot_year: int | None) -> dict[DateOrder, datetime]:
    """Return the orders of day and month under which a text is a date, with the date."""
    orders: tuple[DateOrder, ...] = ("day_first", "month_first")
    read = {order: parse_date(text, DateForm(order, pivot_year)) for order in orders}
    return {order: date for order, date in read.items() if isinstance(date, datetime)}


def _build(
    found: re.Match[str], form: DateForm, month: int, day: str, *, reading: str = ""
) -> datetime | Refusal:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    named, timed = found["zone"] or "", bool(found["hour"])
    if timed:
        named = "" if form.utc_offset == AS_WRITTEN else named or form.utc_offset or ""
    zone = _zone(named)
    if isinstance(zone, Refusal):
        return zone if timed else Refusal("a date such as 2026-03-28", _remedy(found[0]))
    try:
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(hour)
            hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
        year = int(found["year"])
        if len(found["year"]) == 2 and form.pivot_year is not None:
            year = form.pivot_year + (year - form.pivot_year) % 100
        own = zone if timed else None  # a day has no offset
        return datetime(year, month, int(day), hour, minute, second, tzinfo=own)
    except ValueError:
        return Refusal(
            f"a date of the calendar{reading}",
            "Correct it in the export, list it under `missing`, or say the right order with "
            "`dates:` in the mapping.",
        )


def _zone(text: str) -> timezone | Refusal | None:
    """Return the offset that a text such as ``Z``, ``-05:00``, ``GMT-5`` or ``EST`` names."""
    text = text.strip("() ")
    if not text:
        return None
    found = re.fullmatch(r"([A-Za-z]*)(?:([+-])(\d{1,2}):?(\d{2})?)?", text)
    word = found[1].lower() if found else "?"
    if found is None or (word and word not in _ZONES) or (found[2] and _ZONES.get(word, 0)):
        return Refusal(
            "a time in a zone that has one meaning",
            f"'{text}' is not the name of one offset from UTC. Where all times are local, say "
            f"`utc_offset: {AS_WRITTEN}` in the mapping, and zones are not read; otherwise export "
            "offsets such as -05:00.",
        )
    minutes = int(found[3] or 0) * 60 + int(found[4] or 0)
    minutes = -minutes if found[2] == "-" else minutes
    minutes += 60 * _ZONES.get(word, 0)
    if abs(minutes) > 14 * 60:
        return Refusal("an offset from UTC of at most 14 hours")
    return timezone(timedelta(minutes=minutes))


def _of_month(found: re.Match[str], form: DateForm) -> datetime | Refusal:
    """Return the day that a month without one stands for, by the mapping's rule."""
    month = int(found["month"] or 0) or _MONTH_NUMBERS.get((found["month2"] or "").lower(), 0)
    year = int(found["year"] or found["year2"])
    if not 1 <= month <= 12:
        return Refusal("a date such as 2026-03-28")
    if form.partial is None:
        return Refusal(
            "a date with its day",
            "Where only the month is known, say `partial_dates: first`, `middle` (the 15th) or "
            "`last` in the mapping; the report's times are then off by up to a month.",
        )
    day = {"first": 1, "middle": 15, "last": monthrange(year, month)[1]}[form.partial]
    return datetime(year, month, day)


def _remedy(text: str) -> str:
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return "It looks like an Excel serial number; say `dates: excel_serial` in the mapping."
    found = _YEAR_LAST.fullmatch(text) or _MONTH_NAMED.fullmatch(text)
    if found and len(found["year"]) == 2:
        return (
            "The year has two digits: say `pivot_year: 1950` in the mapping, and they stand for "
            "1950 to 2049, or export it with four digits."
        )
    if _YEAR_LAST.fullmatch(text):
        return "Say `dates: day_first` or `dates: month_first` in the mapping, whichever it is."
    return "Correct it in the export, or list the text under `missing` in the mapping."
