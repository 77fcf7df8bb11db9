"""Whether the line read as a header is a record: a file without names of columns.

Its cells would be named in messages as if they were columns, and its first patient lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from analysis.intake.codes import GIVEN_NAMES
from analysis.intake.text import shape, words_of

_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d+)?")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?|\d{1,2}[- ]?[^\W\d_]{3,9}\.?[- ]?\d{2,4}"
)


def _kind(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return "number"
    return "date" if _DATE.fullmatch(text) else "word"


def is_record(header: Sequence[str], columns: Iterable[Sequence[str]]) -> bool:
    """Return whether a header is of one kind with the records below it.

    Parameters
    ----------
    header : sequence of str
    columns : iterable of sequences of str
        The first values below each, those of lines that repeat the header left out; no more of
        them are looked at than it takes.

    Notes
    -----
    Cells that say so: a date above dates, an id above ids of its series, a word or a person's name
    that is among the values too, numbers above numbers that do not rise from left to right (visits
    do). A word above numbers, dates or ids says that it is a header; then nothing counts.
    """
    numbers, says = list[float](), False
    for cell, values in zip(header, columns, strict=True):
        if not cell:
            continue
        kind, kinds = _kind(cell), {_kind(value) for value in values}
        if kind == "word":
            if kinds and (kinds <= {"number", "date"} or _is_above_ids(cell, values)):
                return False
            says |= (
                cell in values or _is_of_a_series(cell, values) or _has_given_names(cell, values)
            )
        elif kinds <= {kind}:
            says |= kind == "date"
            numbers += [float(cell.replace(",", "."))] if kind == "number" else []
    return says or any(left >= right for left, right in pairwise(numbers))


def _forms(values: Sequence[str]) -> set[str]:
    """Return the forms of values with digits and letters."""
    return {form for form in map(shape, values) if "9" in form and "a" in form.lower()}


def _is_of_a_series(cell: str, values: Sequence[str]) -> bool:
    """Return whether a cell differs from a value in its digits alone: P1 above P2, not Q1."""
    return _DIGIT.search(cell) is not None and _DIGIT.sub("9", cell) in {
        _DIGIT.sub("9", value) for value in values
    }


def _is_above_ids(cell: str, values: Sequence[str]) -> bool:
    return shape(cell) not in _forms(values) and all("9" in shape(value) for value in values)


def _has_given_names(cell: str, values: Sequence[str]) -> bool:
    texts = [cell, *values] if values else [cell, cell]
    return sum(not GIVEN_NAMES.isdisjoint(words_of(text)) for text in texts) > 1 and (
        not GIVEN_NAMES.isdisjoint(words_of(cell))
    )
