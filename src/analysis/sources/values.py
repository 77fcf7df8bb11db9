"""Understand text as values: numbers, whole numbers, words, true and false.

Each parser gets the distinct texts of a column once (collapse before computing) and returns a value
or the reason why there is none. Nothing is guessed. Dates have a module of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

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
    "Mend the formula in the spreadsheet, or list the text under `missing` in the mapping.",
)


def parse_number(text: str, *, decimal: str = ".") -> float | Refusal:
    """Return the number a text holds; thousands separators and units are not guessed away.

    Parameters
    ----------
    text : str
    decimal : {".", ","}
        Decimal mark of the file. A point is read under a comma too (typed cells hold points), but
        ``1.234`` could then be a thousand: it is refused.
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
    """Return true or false for the usual words in either case."""
    word = text.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    return Refusal("yes or no", "Map the word with `values: {...: yes, ...: no}` in the mapping.")
