"""Blocks cut into statements: a sentence, a bullet, a heading, an item between dots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.lint.document import Document, Place
from analysis.lint.marks import Mark, find_marks

_SEPARATOR = re.compile(r"\s*[\u2022\u25cf|\u00b7\u2192]\s*")
_SENTENCE_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++(?:[\"'\u201d\u2019)\]]*+"
    r"(?=\s+[\"'\u201c\u2018(\[]?[A-Z0-9\u00c0-\u00de])|[\u201d\"](?=[A-Z\u2014-]))"
)
"""Nothing is given back once taken: a line of a million dots is read once."""

_ABBREVIATION = re.compile(
    r"(?:\b(?:Drs?|Mrs?|Ms|Prof|St|Jr|Sr|vs|cf|approx|ca|e\.g|i\.e|al|Fig|No|Nos|Inc|Ltd|Vol|pp?)"
    r"|\b[A-Z])\.$"
)
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]")
_FIRST_PERSON = re.compile(r"\b(?:I|I['\u2019](?:ve|m|d|ll)|[Mm]y|me)\b")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the copy.

    Parameters
    ----------
    document : str
        Name of the file.
    text : str
        As printed, spaces joined.
    block : int
        Index of its block in the document.
    start, end : int
        Place in the text of the block.
    first, last : Place
        Places of its first and last character in the file.
    offset, end_offset : int
        The same as offsets in the document's source; ``end_offset`` is one past the last.
    heading : str
        The nearest heading above; a label such as "Week 3-4:" gives its bullets their time.
    is_heading, is_question, is_testimonial : bool
    marks, heading_marks : tuple of Mark
        Places count within ``text`` and ``heading``.
    """

    document: str
    text: str
    block: int
    start: int
    end: int
    first: Place
    last: Place
    offset: int
    end_offset: int
    heading: str
    is_heading: bool
    is_testimonial: bool
    marks: tuple[Mark, ...]
    heading_marks: tuple[Mark, ...]

    @property
    def is_question(self) -> bool:
        """Whether it asks and does not state."""
        return self.text.rstrip("\"'\u201d\u2019)").endswith("?")


def split_statements(document: Document) -> tuple[Statement, ...]:
    """Return the statements of a document in order.

    Every character of a block that is no space or separator is in exactly one statement.
    """
    found: list[Statement] = []
    heading, heading_marks = "", ()
    for index, block in enumerate(document.blocks):
        told = _is_testimonial(block.text)
        for start, end in _spans(block.text):
            text = block.text[start:end]
            offset, last = block.source_offset(start), block.source_offset(end - 1)
            found.append(
                Statement(
                    document=document.name,
                    text=text,
                    block=index,
                    start=start,
                    end=end,
                    first=document.place_of(offset),
                    last=document.place_of(last),
                    offset=offset,
                    end_offset=last + 1,
                    heading=heading,
                    is_heading=block.kind == "heading",
                    is_testimonial=told,
                    marks=find_marks(text),
                    heading_marks=heading_marks,
                )
            )
        if block.kind == "heading":
            heading, heading_marks = block.text, find_marks(block.text)  # type: ignore[assignment]
    return tuple(found)


def _is_testimonial(text: str) -> bool:
    return bool(_QUOTED.match(text) and _FIRST_PERSON.search(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each statement of a block."""
    start = 0
    for end, following in [*_cuts(text), (len(text), len(text))]:
        first, last = start, end
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            yield first, last
        start = following


def _cuts(text: str) -> list[tuple[int, int]]:
    """Return where statements end and the next begin, in order."""
    cuts = [(match.start(), match.end()) for match in _SEPARATOR.finditer(text)]
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text, max(0, match.end() - 10), match.end()):
            cuts.append((match.end(), match.end()))
    return sorted(cuts)
