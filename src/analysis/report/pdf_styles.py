"""The library's own style sheet without rules for what no page of the suite has.

It holds rules for notes at foot and side that match every element, so that each of the many
thousand elements of a page gets six styles more, none of which is ever looked at.
"""

from __future__ import annotations

from copy import copy
from typing import Any

UNUSED = frozenset(["footnote-call", "footnote-marker", "note-call", "note-marker",
                    "note-callback", "marker"])  # fmt: skip
"""Pseudo-elements of notes; and the mark of a list, which the suite's own sheet styles."""


def lean(page: Any) -> Any:
    """Return a class of pages without those rules; where the library is other inside, as it is."""

    class Lean(page):
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return list(map(without_notes, super()._ua_stylesheets(forms)))

    return Lean


def without_notes(sheet: Any) -> Any:
    """Return a style sheet without the rules for unused pseudo-elements of every element."""
    try:
        kept = [each for each in sheet.matcher.other_selectors if each[3] not in UNUSED]
    except (AttributeError, IndexError):
        return sheet
    other = copy(sheet)
    other.matcher = copy(sheet.matcher)
    other.matcher.other_selectors = kept
    return other
