"""What only paper needs: widths of columns known beforehand, and captions said once.

A table that finds its own widths is measured cell by cell, which takes as long as all other layout
together; one whose widths are given is not measured at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from analysis.report.tables import TableView

WIDEST = 34
"""Letters after which a column of words breaks its lines."""

LONG_CAPTION = 80
"""Letters from which a caption is not said again but led back to."""

_BREAK = re.compile(r"<br>")
_TAG = re.compile(r"<[^>]*>")


def without_drawings(view: TableView) -> TableView:
    """Return a table without its column of small drawings: the numbers beside them stay.

    Each drawing costs paper as much as ten cells, and the figures above draw the same intervals.
    """
    kept = [
        place
        for place in range(len(view.headings))
        if not any("<svg" in str(line[place]) for line in view.lines)
    ]
    return replace(
        view,
        headings=tuple(view.headings[place] for place in kept),
        lines=tuple(tuple(line[place] for place in kept) for line in view.lines),
    )


def column_widths(view: TableView) -> list[float]:
    """Return the widths of a table's columns in percent of its width, from what stands in them."""
    columns = zip(*view.lines, strict=True) if view.lines else ((),) * len(view.headings)
    letters = [
        max([_longest_word(head.text), *(_letters(str(cell), head.numeric) for cell in cells)])
        for head, cells in zip(view.headings, columns, strict=True)
    ]
    whole = sum(letters) + 2 * len(letters)
    return [round(100 * (each + 2) / whole, 2) for each in letters]


def _letters(cell: str, is_number: bool) -> int:
    """Return the letters of the longest line; a number does not break, words do."""
    lines = [_TAG.sub("", line) for line in _BREAK.split(cell)]
    longest = max(len(line) for line in lines)
    return longest if is_number else min(longest, max(WIDEST, *map(_longest_word, lines)))


def _longest_word(text: str) -> int:
    return min(max((len(word) for word in text.split()), default=1), WIDEST)


class Caption(NamedTuple):
    """The condition under which a caption is printed, its place, and whether that is here."""

    where: str
    place: str
    is_first: bool


def captions_once() -> Callable[..., Caption]:
    """Return what tells of each caption of a document, in turn, where it is printed.

    The same kind of figure is drawn for every condition; how it is read is said once. Pages are
    not named: each number of a page would have it laid out twice.
    """
    places: dict[str, tuple[str, str]] = {}

    def placed(text: str, *, where: str) -> Caption:
        if text in places:
            return Caption(*places[text], is_first=False)
        place = f"read-{len(places) + 1}"
        if len(text) >= LONG_CAPTION:
            places[text] = (where, place)
        return Caption(where, place, is_first=True)

    return placed
