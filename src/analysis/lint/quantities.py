"""What makes a sentence checkable: its numbers as printed, frequency words, absolutes and hedges.

Numbers are read with unit, bounds, direction and place: shares and changes ("80+%", "7 to 8 out of
10", "three quarters improved", "cut in half"), multiples ("threefold"), durations ("half a year",
"in under an hour"), scores, frequencies ("twice a week") and counts; those
that are no claims (prices, telephone numbers, dates, years, hours, addresses, pages) are blanked
before. Word lists and patterns, not a model: every answer can be traced to a word on the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from analysis.intake.codes import read_patterns
from analysis.intake.mapping import UNITS_IN_DAYS
from analysis.settings import DAYS_PER_WEEK, data_rows

_SAME = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    "\u066a": "%",
    "\u2044": "/",
    "\u2215": "/",
}


def listed_words(kind: str) -> dict[str, str]:
    """Return the words, or patterns of flat text, of one kind in data/claims/words.csv, by name."""
    rows = data_rows("claims/words.csv")
    return {row["name"]: row["words"] for row in rows if row["kind"] == kind}


def flat_text(text: str) -> str:
    """Return text of the same length, in small letters, with plain dashes, quotes and digits.

    Place ``i`` of it is place ``i`` of ``text``.
    """
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if c.isascii() else _flat(c) for c in text)


@lru_cache(maxsize=4096)
def _flat(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    plain = unicodedata.normalize("NFKC", character).lower()
    if len(plain) == 1 and plain.isdigit() and not plain.isascii():
        return str(unicodedata.digit(plain))
    return plain if len(plain) == 1 else (character.lower()[0] or character)


# Numbers that are no claims

_TABLE = read_patterns("claims/cues.csv")[1]

NOT_CLAIMS = [re.compile(p) for _, check, p in _TABLE if check == "not a claim"]
"""What they look like in flat text. Percentages of money are prices."""

PATTERNS = {name: re.compile(p) for kind, name, p in _TABLE if kind == "pattern"}
"""Patterns of flat text by what they find."""

BLANK = "\x00"  # stands in no extracted text, and in no pattern


def blank_not_claims(flat: str) -> str:
    """Return flat text, of the same length, with every such number blanked."""
    for pattern in NOT_CLAIMS:
        flat = pattern.sub(lambda match: BLANK * len(match[0]), flat)
    return flat


# Numbers as printed

NumberKind = Literal["percentage", "multiple", "range", "duration", "frequency", "count", "score"]

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_VALUES = {"a": 1} | {word: value for value, word in enumerate(_ONES)} | _TENS
_TIMES = {
    "second": r"sec(?:ond)?s?", "minute": r"min(?:ute)?s?", "hour": r"(?:hours?|hrs?)",
    "day": r"days?", "week": r"(?:weeks?|wks?)", "month": r"(?:months?|mos)",
    "year": r"(?:years?|yrs?)",
}  # fmt: skip
WEEKS_OF = {
    unit: UNITS_IN_DAYS[f"{unit}s"] / DAYS_PER_WEEK for unit in ("day", "week", "month", "year")
}
"""Weeks of a unit of time."""


class Quantity(NamedTuple):
    """A number as printed: "up to 85%" has no low, "3+ months" no high.

    The unit is ``%``, ``times``, a unit of time in the singular, ``per week``, a counted thing,
    ``/10``, or empty.
    """

    low: float | None
    high: float | None
    unit: str

    @property
    def token(self) -> str:
        """The quantity as one word, equal for equal quantities however they are written."""
        low, high = ("" if end is None else f"{end:g}" for end in (self.low, self.high))
        return f"#{low}~{high}{self.unit}"


def number_of(text: str) -> float:
    """Return the value of a number in digits or words: "1,200", "eighty-five", "a hundred"."""
    text = text.strip()
    if text[0].isdigit() or text[0] == ".":
        return float(text.replace(",", ""))
    first, *more = text.replace("-", " ").split()
    if more == ["hundred"]:
        return 100.0 * _VALUES[first]
    return float(_VALUES[first] + sum(_VALUES[word] for word in more))


_NUMBERS = [
    (cast(NumberKind, kind), re.compile(pattern))
    for kind, check, pattern in _TABLE
    if check.startswith("number")
]
"""How each kind of number is printed, in the order in which they are tried."""

_PARTS_OF = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_MULTIPLE = {"doubl": 2.0, "tripl": 3.0, "quadrupl": 4.0}
_HALF_OF = {"year": (6.0, "month"), "hour": (30.0, "minute"), "day": (12.0, "hour")}
_EVERY = {"weekly": (1.0, "week"), "monthly": (1.0, "month"), "quarterly": (3.0, "month"),
          "yearly": (12.0, "month")}  # fmt: skip
LOOK_BACK = 24  # letters before a number in which "at least" and the like are looked for


def _quantity(kind: NumberKind, match: re.Match[str], flat: str) -> Quantity | None:
    """Return a number with what stands before and after it ("up to", "or more"), if it is one."""
    quantity = _as_printed(kind, match, flat)
    if quantity is None or (quantity.low, quantity.high) == (None, None):
        return quantity
    before = flat[max(0, match.start() - LOOK_BACK) : match.start()]
    got = match.groupdict()
    in_time = kind == "duration" and quantity.low != quantity.high
    # "Within 2-3 weeks" is a range; "fewer than 70-85%" is none any more.
    if (PATTERNS["at most"].search(before) and not in_time) or PATTERNS["or less"].match(
        flat, match.end()
    ):
        return quantity._replace(low=None)
    least = PATTERNS["at least"].search(before)
    # Over 40% is more than that; but "over 40 minutes" says how long it takes.
    is_least = least is not None and not (kind == "duration" and least[0].startswith("over"))
    plus = got.get("plus") or got.get("more")
    if is_least or plus or PATTERNS["or more"].match(flat, match.end()):
        return quantity._replace(high=None)
    return quantity


def _as_printed(kind: NumberKind, match: re.Match[str], flat: str) -> Quantity | None:
    """Return the figures of a number alone."""
    got = {name: text for name, text in match.groupdict().items() if text is not None}
    between = "between" in flat[: match.start()][-12:]
    if "part" in got or "tenths" in got:
        low = number_of(got.get("part") or got["tenths"])
        high = number_of(got.get("most") or str(low))
        if " and " in got.get("most", "") or (" and " in match[0] and not between):
            low = high
        of = number_of(got.get("whole") or got["of"])
        return _percent(low / of, high / of) if 0 < low <= high <= of and of >= 2 else None
    if "halved" in got:
        return _percent(0.5)
    if "fraction" in got or "by" in got:  # "two-thirds", "half", "a quarter"
        head, _, name = (got.get("fraction") or got["by"]).replace("-", " ").partition(" ")
        return _percent(_VALUES.get(head, 1) / _PARTS_OF[name.rstrip("s") or head])
    if kind == "multiple":
        word = got.get("fold") or got.get("a") or "two"
        times = _MULTIPLE[got["double"]] if "double" in got else number_of(word)
        return Quantity(times, times, "times")
    if "often" in got:
        low = number_of(got["a"]) if "a" in got else {"once": 1.0, "twice": 2.0}[got["often"]]
        return Quantity(low, number_of(got.get("b") or str(low)), f"per {_unit('duration', got)}")
    if "part_of" in got:
        unit = _unit("duration", got)
        value, unit = _HALF_OF.get(unit, (0.5, unit))
        return Quantity(value, value, unit)
    if "whole_of" in got or "free_of" in got:
        return Quantity(1.0, 1.0, got.get("u") or got["f"])
    if "next" in got:
        days = 1.0 if got["next"] == "next" else 0.0
        return Quantity(days, days, "day")
    if "every" in got:
        low, _ = _EVERY[got["every"]]
        high, unit = _EVERY[got.get("until", got["every"])]
        return Quantity(low, high, unit)
    if "many" in got:
        return Quantity(None, None, f"{got['many']} {got['whom']}")
    low = number_of(got["a"])
    high = number_of(got["b"]) if "b" in got else low
    if kind == "percentage" and " and " in match[0] and not between:
        low = high  # "5 and 10%" is two figures; the one with the sign is kept
    scale = {"thousand": 1_000, "million": 1_000_000}.get(got.get("scale", ""), 1)
    return Quantity(low * scale, high * scale, _unit(kind, got))


def _percent(low: float, high: float | None = None) -> Quantity:
    return Quantity(round(100 * low, 6), round(100 * (low if high is None else high), 6), "%")


def _unit(kind: NumberKind, got: dict[str, str]) -> str:
    if kind == "percentage":
        return "%"
    if kind == "score":
        return "/10" if got["unit"] == "ten" else f"/{got['unit']}"
    if kind == "duration":
        text = got.get("unit") or got["before"]
        return next(name for name, pattern in _TIMES.items() if re.fullmatch(pattern, text))
    if "dose" in got:
        return re.sub(r"\s", "", got["dose"])
    return got.get("thing", "")


# Cues: numbers and words that make a statement checkable

CueKind = Literal[
    "percentage", "multiple", "range", "duration", "count", "score", "frequency", "hedge",
    "absolute",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A word or number that makes a statement checkable."""

    kind: CueKind  # a hedge is a frequency word that nothing can contradict: some, can, may
    start: int  # place in the text
    end: int
    text: str  # as printed
    quantity: Quantity | None = None  # a vague duration ("weeks to months") has none
    direction: Literal["down", "up", ""] = ""  # of a change, as "cut in half" or "doubles"


_WORDS = [(cast(CueKind, kind), re.compile(p)) for kind, check, p in _TABLE if check == "word"]


LOOK_AROUND = 40  # letters around a number in which the word for its direction is looked for


def _direction(flat: str, start: int, end: int) -> Literal["down", "up", ""]:
    """Return which way a number goes by the nearest word of change, the one after it first."""
    after = PATTERNS["way"].search(flat[start : end + LOOK_AROUND])
    before = [*PATTERNS["way"].finditer(flat[max(0, start - LOOK_AROUND) : start])]
    found = after or (before[-1] if before else None)
    return "" if found is None else "down" if found["down"] else "up"


def find_cues(text: str) -> tuple[Cue, ...]:
    """Return all cues of a block or statement in order.

    Numbers never overlap; a word may stand inside a number ("100%" is both).
    """
    flat = blank_not_claims(flat_text(text))
    cues: list[Cue] = []
    numbers, words = bytearray(len(flat)), bytearray(len(flat))  # 1 where a cue stands

    def add(
        kind: CueKind, start: int, end: int, quantity: Quantity | None, taken: bytearray
    ) -> None:
        way = _direction(flat, start, end) if kind in ("percentage", "multiple") else ""
        cues.append(Cue(kind=kind, start=start, end=end, text=text[start:end], quantity=quantity,
                        direction=way))  # fmt: skip
        taken[start:end] = b"\x01" * (end - start)

    for kind, pattern in _NUMBERS:
        for match in pattern.finditer(flat):
            start, end = match.span()
            if not any(numbers[start:end]) and (quantity := _quantity(kind, match, flat)):
                add(kind, start, end, quantity, numbers)
    for word_kind, pattern in _WORDS:
        for match in pattern.finditer(flat):
            start, end = match.span()
            in_number = word_kind != "absolute" and any(numbers[start:end])
            if not any(words[start:end]) and not in_number:
                add(word_kind, start, end, None, words)
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end)))


def has_number(cues: Iterable[Cue]) -> bool:
    """Return whether any cue is a number (a vague duration is none)."""
    return any(cue.quantity is not None for cue in cues)
