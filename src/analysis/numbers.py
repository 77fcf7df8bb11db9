"""Numbers as text: the one place that rounds.

Half-up rounding (away from zero at a tie) on the decimal digits of the number, a true minus sign,
thousands with a comma, and words instead of a number where there is none. Never NaN.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite
from typing import TYPE_CHECKING, Protocol

from analysis.labels import plain_text

if TYPE_CHECKING:
    from analysis.results import Status

MINUS = "\N{MINUS SIGN}"
NO_NUMBER = "\N{EM DASH}"
SMALL_N = 10
"""Below this denominator a percentage never stands without its fraction (a person is over 10%)."""

MOST_DECIMALS = 3
"""How far `apart_from` may go to keep a number visibly apart from a cited one."""

DECIMALS = {
    "share": 0,
    "percent": 1,
    "points": 1,
    "score": 1,
    "weeks": 1,
    "days": 0,
    "hours": 1,
    "count": 0,
    "ratio": 2,
    "per starter": 2,
    "years": 1,
    "number": 1,
}
"""Decimals by unit: a share of some hundred patients is not known to a tenth of a percent."""

SINGULAR = {"weeks": "week", "days": "day", "hours": "hour", "years": "year"}
"""Times, which lose a needless ".0" and have a word of their own for one."""

PERCENTS = ("share", "percent")
"""Units written as a percent sign."""

_EXACT = Context(prec=400)
"""Digits enough for any float; the default of 28 refuses numbers beyond 1e28."""


class Measured(Protocol):
    """What `estimate_text` and `interval_text` read: a result row, an estimate or a judgement."""

    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> Status | str: ...  # noqa: D102


class Leveled(Measured, Protocol):
    """A number whose interval has a level."""

    @property
    def level(self) -> float | None: ...  # noqa: D102


def number_text(value: float | Decimal | None, *, decimals: int = 0) -> str:
    """Return a number with fixed decimals: half-up, true minus, comma for thousands.

    Parameters
    ----------
    value : float, Decimal or None
        Any number; None, NaN and infinities give an em dash, since no number may be invented.
    decimals : int
        Digits after the point.

    Notes
    -----
    Rounding is on the shortest decimal text of the float, so 0.285 is a tie although its binary
    value lies just below. A tie moves away from zero; a result of zero carries no sign.
    """
    if value is None or not isfinite(value):
        return NO_NUMBER
    rounded = _rounded(value, decimals)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def count_text(count: float | None) -> str:
    """Return a count: 21658 as "21,658"."""
    return number_text(count)


def share_text(
    share: float | None, *, decimals: int = 0, apart_from: Iterable[float | None] = ()
) -> str:
    """Return a share in [0, 1] as percent: 0.285 as "29%".

    A share that is not 0 never prints as 0%, one that is not 1 never as 100%: they are "<1%" and
    ">99%". Decimals are added, to at most three, while the text would equal that of a number of
    ``apart_from`` that the share does not equal: 0.696 beside a floor of 0.70 is "69.6%".
    """
    if share is None or not isfinite(share):
        return NO_NUMBER
    decimals = _decimals_apart(share, decimals, apart_from, scale=100)
    step = Decimal(1).scaleb(-decimals)
    hundredfold = _hundredfold(share)
    if hundredfold > 0 and _rounded(hundredfold, decimals) == 0:
        return f"{f'<{step}'}%"
    if hundredfold < 100 and _rounded(hundredfold, decimals) == 100:
        return f"{f'>{100 - step}'}%"
    return f"{number_text(hundredfold, decimals=decimals)}%"


def fraction_text(n_events: int, n: int) -> str:
    """Return "12 of 45 (27%)"; below ten patients only "3 of 8"; "no patients" for none."""
    if n == 0:
        return "no patients"
    counts = f"{count_text(n_events)} of {count_text(n)}"
    if n < SMALL_N:
        return counts
    return f"{counts} ({share_text(n_events / n)})"


def quantity_text(
    value: float | None, *, unit: str, apart_from: Iterable[float | None] = ()
) -> str:
    """Return a number in its unit: "27%", "38.4%", "8.7 weeks", "1 week", "5.3", "1,204".

    Parameters
    ----------
    value : float or None
        In ``unit``; a share is 0 to 1, a percent 0 to 100. None and NaN give an em dash.
    unit : str
        A unit of `analysis.results.Estimate`; an unknown one is written behind the number.
    apart_from : iterable of float or None
        Cited numbers in the same unit that the text must not be mistaken for.
    """
    decimals = DECIMALS.get(unit, 2)
    if unit == "share":
        return share_text(value, decimals=decimals, apart_from=apart_from)
    if value is None or not isfinite(value):
        return NO_NUMBER
    if unit == "p":
        return p_text(value)
    decimals = _decimals_apart(value, decimals, apart_from, scale=1)
    text = number_text(value, decimals=decimals)
    return _with_unit(text, unit)


def time_text(number: str, *, unit: str) -> str:
    """Return a number already in text with its unit of time: "8.7 weeks", "1 week"."""
    number = number.removesuffix(".0")
    return f"{number} {SINGULAR[unit] if number == '1' else unit}"


def _with_unit(text: str, unit: str) -> str:
    """Return a number already in text with its unit, an unknown one as it is."""
    if unit in SINGULAR:
        return time_text(text, unit=unit)
    if unit in PERCENTS:
        return f"{text}%"
    if unit == "points":  # percentage points: a difference of percents is no percent
        return f"{text} points"
    return text if unit in DECIMALS else f"{text} {plain_text(unit)}"


def estimate_text(result: Measured, *, apart_from: Iterable[float | None] = ()) -> str:
    """Return a result's number as it is printed everywhere.

    A share with its numerator is "12 of 45 (27%)", and below ten patients "3 of 8"; without a
    value the words of its status ("not reached", "not estimable", "no patients") stand instead.
    """
    if result.value is None:
        return _status_text(result.status)
    events = getattr(result, "n_events", None)
    if result.unit != "share":
        return quantity_text(result.value, unit=result.unit, apart_from=apart_from)
    whole = events is not None and result.n > 0 and abs(events / result.n - result.value) < 1e-9
    if whole and result.n < SMALL_N:
        return fraction_text(int(events or 0), result.n)
    share = share_text(result.value, apart_from=apart_from)
    if whole:
        counts = f"{count_text(events)} of {count_text(result.n)}"
        return f"{counts} ({share})"
    return f"{share} (n = {result.n})" if result.n < SMALL_N else share


def _status_text(status: Status | str) -> str:
    """Return the words that stand in place of a number; a release has a status of its own."""
    if status in ("not reached", "no patients", "withheld"):
        return status
    return "not estimable"


def interval_text(result: Measured, *, apart_from: Iterable[float | None] = ()) -> str:
    """Return a result's interval: "55% to 72%", "6.1 weeks to not reached", or an em dash."""
    if result.low is None and result.high is None:
        return NO_NUMBER
    marks = tuple(apart_from)
    ends = [
        "not reached" if end is None else quantity_text(end, unit=result.unit, apart_from=marks)
        for end in (result.low, result.high)
    ]
    if result.low is None:
        ends[0] = "not estimable"
    elif result.high is not None and _is_several(ends[1], result.unit):
        # A time names its unit once: "7.8 to 11 weeks".
        ends[0] = without_unit(ends[0], result.unit)
    return f"{ends[0]} to {ends[1]}"


def _is_several(text: str, unit: str) -> bool:
    return unit in SINGULAR and text != time_text("1", unit=unit)


def without_unit(text: str, unit: str) -> str:
    """Return the number of a time printed by `quantity_text`: "8.7" of "8.7 weeks"; others stay."""
    for name in (unit, SINGULAR[unit]) if unit in SINGULAR else ():
        text = text.removesuffix(f" {name}")
    return text


def band_text(low: float | None, high: float | None, *, unit: str) -> str:
    """Return a cited band: "70% to 85%", "at least 2 weeks", "at most 30%"."""
    texts = [_cited_text(end, unit) for end in (low, high)]
    if low is None and high is None:
        return NO_NUMBER
    if high is None or low is None:
        at_least = high is None
        return f"at least {texts[0]}" if at_least else f"at most {texts[1]}"
    return texts[0] if low == high else f"{texts[0]} to {texts[1]}"


def p_text(p_value: float | None) -> str:
    """Return a p value in [0, 1]: three decimals, "<0.001" below, ">0.999" above."""
    if p_value is None or not isfinite(p_value):
        return NO_NUMBER
    if p_value < 0.001:
        return "<0.001"
    return ">0.999" if 0.999 < p_value < 1 else number_text(p_value, decimals=3)


def level_text(level: float | None) -> str:
    """Return the name of an interval: "95% CI"; only "interval" without a level."""
    if level is None:
        return "interval"
    shown = number_text(_hundredfold(level), decimals=2).rstrip("0").rstrip(".")
    return f"{shown}% CI"


def interval_words(
    result: Leveled, *, otherwise: str = "no interval", apart_from: Iterable[float | None] = ()
) -> str:
    """Return "95% CI 52% to 68%", at the level of the result, or that there is none."""
    if result.low is None and result.high is None:
        return otherwise
    return f"{level_text(result.level)} {interval_text(result, apart_from=apart_from)}"


def _cited_text(value: float | None, unit: str) -> str:
    """Cited figures keep the digits they were printed with: 8.7 weeks, 70%."""
    if value is None:
        return NO_NUMBER
    digits = _hundredfold(value) if unit == "share" else Decimal(repr(float(value)))
    text = f"{digits.normalize():f}".replace("-", MINUS)
    return _with_unit(text, unit) if unit in SINGULAR or unit in PERCENTS else text


def of_100(share: float) -> int:
    """Return of how many of a hundred a share is, rounded as it is printed."""
    return int(_rounded(_hundredfold(share), 0))


def _hundredfold(share: float) -> Decimal:
    return Decimal(repr(float(share))) * 100


def _rounded(value: float | Decimal, decimals: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_EXACT)


def _decimals_apart(
    value: float, decimals: int, marks: Iterable[float | None], *, scale: int
) -> int:
    """Fewest decimals, from ``decimals`` on, that keep ``value`` apart from each other mark."""
    exact = Decimal(repr(float(value))) * scale
    others = [Decimal(repr(float(mark))) * scale for mark in marks if mark is not None]
    while decimals < MOST_DECIMALS and any(
        mark != exact and _rounded(mark, decimals) == _rounded(exact, decimals) for mark in others
    ):
        decimals += 1
    return decimals


def date_text(value: object) -> str:
    """Return a date (or ISO 8601 text) as "January 3, 2024"; None is "", other text is itself."""
    if not value:
        return ""
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    except ValueError:
        return plain_text(str(value))
    return f"{month_name[day.month]} {day.day}, {day.year}"


def date_span_text(first: object, last: object) -> str:
    """Return "January 3, 2022 to May 5, 2024"; the one that is known where one is not."""
    ends = [text for text in (date_text(first), date_text(last)) if text]
    return f"{ends[0]} to {ends[1]}" if len(ends) > 1 else "".join(ends)
