"""Numbers with their unit, as printed: "70-85%", "two to three weeks", "eight in ten", "9/10"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

NumberKind = Literal["percentage", "range", "duration", "count", "score"]

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_ONE_WORD = "|".join(_ONES[1:])
_WORD = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?(?![a-z])|(?:{_ONE_WORD}|zero)"
    r"(?: hundred)?(?![a-z])|a hundred(?![a-z]))"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
NUMBER = rf"(?:{_DIGITS}|(?<![a-z]){_WORD})"
_TO = r"\s*(?:-{1,2}|~|\bto\b|\bthrough\b|\bor\b|\band\b)\s*"
_START = r"(?<![\d.,])"
PERCENT = r"(?:%|percent(?:age points?)?\b|per ?cent\b|pct\b)"

_TIMES = {
    "second": r"sec(?:ond)?s?", "minute": r"min(?:ute)?s?", "hour": r"(?:hours?|hrs?)",
    "day": r"days?", "week": r"(?:weeks?|wks?)", "month": r"(?:months?|mos)",
    "year": r"(?:years?|yrs?)",
}  # fmt: skip
TIME = "|".join(_TIMES.values())
_KIND_OF = r"(?:(?:ketamine|booster|initial|iv|total|real|happy|crps|chronic pain) ){0,2}"
_THINGS = (
    "infusion|session|treatment|booster|dose|patient|people|person|participant|case|client|veteran|"
    "woman|women|man|men|adult|review|testimonial|study|studie|trial|point|visit|appointment"
)
_DOSE = r"(?:mg|mcg|µg|μg|ug|g|ml)\s?(?:/\s?(?:kg|h|hr|hour|min|day)\b(?:\s?/\s?(?:h|hr|min))?)?"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number as printed.

    Parameters
    ----------
    kind : str
    start, end : int
        Place in the text it was found in.
    low, high : float or None
        As printed: "up to 85 %" has no low, "3+ months" no high.
    unit : str
        ``%``, a unit of time in the singular, a counted thing, ``/10``, or empty.
    """

    kind: NumberKind
    start: int
    end: int
    low: float | None
    high: float | None
    unit: str

    @property
    def token(self) -> str:
        """The quantity as one word, equal for equal quantities however they are written."""
        return f"#{_plain(self.low)}~{_plain(self.high)}{self.unit}"

    @property
    def figure(self) -> tuple[float | None, float | None, str]:
        """What it says, without where it stands."""
        return self.low, self.high, self.unit


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def number_of(text: str) -> float:
    """Return the value of a number in digits or words: "1,200", "eighty-five", "a hundred"."""
    text = text.strip()
    if text[0].isdigit() or text[0] == ".":
        return float(text.replace(",", ""))
    if text.endswith("hundred"):
        return 100.0 * (1 if text.startswith("a ") else _ONES.index(text.split()[0]))
    head, _, tail = text.replace("-", " ").partition(" ")
    if head in _TENS:
        return float(_TENS[head] + (_ONES.index(tail) if tail else 0))
    return float(_ONES.index(head))


def _range(unit: str) -> str:
    return rf"(?P<a>{NUMBER})(?:\s?(?:{unit}))?(?:{_TO}(?P<b>{NUMBER}))?"


_PATTERNS: tuple[tuple[NumberKind, re.Pattern[str]], ...] = (
    ("score", re.compile(rf"{_START}(?P<a>\d{{1,2}}(?:\.\d)?)(?:\s*-\s*(?P<b>\d{{1,2}}))?\s*/\s*"
                         r"(?P<unit>10|5|100)(?![\d/])"
                         r"(?!\s+(?:of )?(?:patient|people|case|user))")),
    ("percentage", re.compile(
        rf"{_START}{_range(PERCENT)}\s?-?{PERCENT}(?P<plus>\+)?")),
    ("percentage", re.compile(
        rf"{_START}(?P<part>{NUMBER})\s*(?:in|out of|of|/)\s+?(?:every )?(?P<whole>{NUMBER})\b"
        r"(?!\s*(?:%|percent))|(?P<tenths>\d{1,2})\s*/\s*(?P<of>10|100)(?=\s+(?:of )?"
        r"(?:patient|people|case|user))")),
    ("percentage", re.compile(
        r"\b(?P<fraction>(?:one|a|two|three|four)[ -](?:half|third|quarter|fifth)s?|half)"
        r"(?=\s+(?:of\b|the patients|our patients|all\b|less|as much))")),
    ("duration", re.compile(
        rf"\b(?P<before>weeks?|days?|months?)\s+(?P<a>{_DIGITS})(?:{_TO}(?P<b>{_DIGITS}))?")),
    ("duration", re.compile(
        rf"{_START}(?<![a-z]-){_range(TIME)}(?P<plus>\+)?[\s-]{{0,2}}"
        rf"(?P<unit>{TIME})\b")),
    ("duration", re.compile(r"\b(?P<every>monthly|quarterly|weekly)(?:\s+to\s+(?P<until>monthly|"
                            r"quarterly|yearly))?\b|\b(?P<next>next|same)[ -]day\b")),
    ("count", re.compile(rf"{_START}(?<![a-z]-)(?P<a>{_DIGITS})(?:{_TO}(?P<b>{_DIGITS}))?\s?"
                         rf"(?P<dose>{_DOSE})(?![a-z])")),
    ("count", re.compile(rf"{_START}(?<![a-z]-)(?P<a>{NUMBER})(?:{_TO}(?P<b>{NUMBER}))?"
                         rf"(?P<plus>\+)?(?: (?P<scale>thousand|million))?[\s-]{_KIND_OF}"
                         rf"(?P<thing>{_THINGS})s?\b")),
    ("count", re.compile(r"\b(?P<many>hundreds|thousands|dozens|tens of thousands|millions) of "
                         r"(?P<whom>[a-z]+)")),
    ("count", re.compile(rf"{_START}(?P<a>{NUMBER})\s?(?P<times>x|times)\s+(?:more|less|better|"
                         r"worse|as|faster|longer|higher|lower|greater)\b")),
    ("range", re.compile(rf"(?<![\w.,/:-])(?P<a>{_DIGITS})\s*(?:-|\bto\b)\s*(?P<b>{_DIGITS})"
                         r"(?![\w/:-]|[.,]\d)")),
)  # fmt: skip

_FRACTIONS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5}
_EVERY = {"weekly": (1.0, "week"), "monthly": (1.0, "month"), "quarterly": (3.0, "month"),
          "yearly": (12.0, "month")}  # fmt: skip
_AT_MOST = re.compile(
    r"(?:up to|as (?:much|many|high|long) as|at most|a maximum of|under|less than|fewer than|"
    r"below|within|no more than|not more than|<|\u2264)\s*(?:a |an |about )?$"
)
_AT_LEAST = re.compile(
    r"(?:at least|over|more than|above|a minimum of|exceed(?:s|ing)?|longer than|upwards of|"
    r"no less than|>|\u2265)\s*(?:a |an |about )?$"
)
_OR_MORE = re.compile(r"\s*(?:\+|or more|or longer|and (?:up|more)|or better|plus\b)")
LOOK_BACK = 24
"""Letters before a number in which "at least" and the like are looked for."""


def find_quantities(flat: str) -> list[Quantity]:
    """Return every quantity of a text, in order and apart from one another.

    Parameters
    ----------
    flat : str
        As `flat_text` gives it; what is no claim (prices, dates) already blanked.
    """
    taken: list[Quantity] = []
    used = bytearray(len(flat))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(flat):
            if not any(used[match.start() : match.end()]):
                made = _quantity(kind, match, flat)
                if made is not None:
                    taken.append(made)
                    used[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    return sorted(taken, key=lambda quantity: quantity.start)


def _quantity(kind: NumberKind, match: re.Match[str], flat: str) -> Quantity | None:
    found = _figure(
        kind, {k: v for k, v in match.groupdict().items() if v is not None}, flat, match
    )
    if found is None:
        return None
    low, high, unit = found
    before = flat[max(0, match.start() - LOOK_BACK) : match.start()]
    if low == high and _AT_MOST.search(before):
        low = None
    elif low == high and (_is_least(kind, before) or _more(match, flat)):
        high = None
    return Quantity(kind=kind, start=match.start(), end=match.end(), low=low, high=high, unit=unit)


def _is_least(kind: NumberKind, before: str) -> bool:
    """Over 40 % is more than that; but "over 40 minutes" tells how long it takes."""
    found = _AT_LEAST.search(before)
    return bool(found) and not (kind == "duration" and found[0].startswith("over"))  # type: ignore[index]


def _more(match: re.Match[str], flat: str) -> bool:
    plus = "plus" in match.re.groupindex and match["plus"]
    return bool(plus or _OR_MORE.match(flat, match.end()))


Figure = tuple[float | None, float | None, str]


def _figure(
    kind: NumberKind, got: dict[str, str], flat: str, match: re.Match[str]
) -> Figure | None:
    if "part" in got or "tenths" in got:
        return _part_of_whole(got)
    if "fraction" in got:
        return _fraction(got["fraction"])
    if "every" in got or "next" in got:
        return _recurring(got)
    if "many" in got:
        return None, None, f"{got['many']} {got['whom']}"
    low = number_of(got["a"])
    high = number_of(got["b"]) if "b" in got else low
    if (
        kind == "percentage"
        and " and " in match[0]
        and "between" not in flat[: match.start()][-12:]
    ):
        low = high  # "5 and 10 %" is two figures; the one with the sign is kept
    scale = _SCALES.get(got.get("scale", ""), 1)
    return low * scale, high * scale, _unit(kind, got)


_SCALES = {"thousand": 1_000, "million": 1_000_000}


def _part_of_whole(got: dict[str, str]) -> Figure | None:
    part, whole = (
        number_of(got.get(a) or got[b]) for a, b in (("part", "tenths"), ("whole", "of"))
    )
    if not 0 < part <= whole or whole < 2:
        return None
    share = round(100 * part / whole, 6)
    return share, share, "%"


def _fraction(text: str) -> Figure:
    head, _, name = text.replace("-", " ").partition(" ")
    name = name.rstrip("s") if name not in ("", "half") else "half"
    name = {"halve": "half"}.get(name, name)
    count = {"a": 1, "half": 1}.get(head) or _ONES.index(head)
    share = round(100 * count / _FRACTIONS[name], 6)
    return share, share, "%"


def _recurring(got: dict[str, str]) -> Figure:
    if "next" in got:
        days = 1.0 if got["next"] == "next" else 0.0
        return days, days, "day"
    low, unit = _EVERY[got["every"]]
    high, other = _EVERY[got["until"]] if "until" in got else (low, unit)
    return low, high, other


def _unit(kind: NumberKind, got: dict[str, str]) -> str:
    if kind == "percentage":
        return "%"
    if kind == "score":
        return f"/{got['unit']}"
    if kind == "duration":
        text = got.get("unit") or got["before"]
        return next(name for name, pattern in _TIMES.items() if re.fullmatch(pattern, text))
    if "dose" in got:
        return re.sub(r"\s", "", got["dose"])
    return "times" if "times" in got else got.get("thing", "")
