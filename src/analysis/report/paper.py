"""What only paper needs: widths of columns, known before the pages are laid out.

A table that finds its own widths is measured cell by cell, which takes as long as all other layout
together; one whose widths are given is not measured at all.
"""

from __future__ import annotations

import re

from analysis.report.tables import TableView

WIDEST = 34
"""Letters after which a column of words breaks its lines."""

DRAWN = 15
"""Letters as wide as a small drawing."""

_BREAK = re.compile(r"<br>")
_TAG = re.compile(r"<[^>]*>")


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
    if "<svg" in cell:
        return DRAWN
    lines = [_TAG.sub("", line) for line in _BREAK.split(cell)]
    longest = max(len(line) for line in lines)
    return longest if is_number else min(longest, max(WIDEST, *map(_longest_word, lines)))


def _longest_word(text: str) -> int:
    return min(max((len(word) for word in text.split()), default=1), WIDEST)
