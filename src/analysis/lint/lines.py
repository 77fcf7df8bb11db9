"""Blocks of plain text: paragraphs, bullets and headings of a text file or of a PDF page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.lint.document import Block, BlockKind, Gatherer

BULLET = re.compile(
    r"[ \t]*(?:[\u2022\u25cf\u25aa\u25e6\u2023\u00b7*\u2013-]|\d{1,2}[.)])[ \t\u00a0]+(?=\S)"
)
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
HEADING_MOST_LETTERS = 90
WRAPPED_LEAST_LETTERS = 40
WRAPPED_SHARE = 0.6
"""A line shorter than this share of the longest of its paragraph was ended on purpose."""


@dataclass(frozen=True)
class Line:
    """One line without its end; ``at`` is its offset in the source."""

    text: str
    at: int

    @property
    def blank(self) -> bool:
        """Whether nothing stands on it."""
        return not self.text.strip()


def split_lines(source: str, start: int = 0, end: int | None = None) -> list[Line]:
    """Return the lines of a part of the source."""
    stop = len(source) if end is None else end
    return [
        Line(match[0].rstrip("\r\n"), match.start())
        for match in LINE.finditer(source, start, stop)
        if match[0]
    ]


def gather_plain(lines: list[Line], gatherer: Gatherer) -> Iterator[Block]:
    """Yield the blocks of plain lines; a hard-wrapped paragraph is one block.

    Parameters
    ----------
    lines : list of Line
        Of a file, or of one page.
    gatherer : Gatherer
        Notes invisible direction marks on the way.
    """
    for group in _paragraphs(lines):
        longest = max(len(line.text) for line in group)
        pending: list[Line] = []
        for index, line in enumerate(group):
            pending.append(line)
            following = group[index + 1] if index + 1 < len(group) else None
            if following is None or not _goes_on(line, following, longest):
                yield from _block(pending, gatherer)
                pending = []


def _paragraphs(lines: list[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in [*lines, Line("", 0)]:
        if not line.blank:
            group.append(line)
        elif group:
            yield group
            group = []


def _goes_on(line: Line, following: Line, longest: int) -> bool:
    if BULLET.match(following.text):
        return False
    length = len(line.text.rstrip())
    return length >= max(WRAPPED_LEAST_LETTERS, WRAPPED_SHARE * longest)


def _block(lines: list[Line], gatherer: Gatherer) -> Iterator[Block]:
    bullet = BULLET.match(lines[0].text)
    skipped = bullet.end() if bullet else 0
    for line in lines:
        gatherer.add(line.text[skipped:], line.at + skipped)
        gatherer.add("\n", line.at + len(line.text))
        skipped = 0
    made = gatherer.finish("bullet" if bullet else "paragraph")
    if made is not None:
        kind: BlockKind = "heading" if not bullet and is_heading(made.text) else made.kind
        yield Block(text=made.text, pieces=made.pieces, kind=kind)


def is_heading(text: str) -> bool:
    """Return whether a line alone is a heading: it ends in a colon, or is short and Capitalised.

    "Most patients get relief" without a full stop is a statement, not a heading.
    """
    if len(text) > HEADING_MOST_LETTERS or re.search(r"[\u2022|\u00b7]", text):
        return False
    if text.endswith(":"):
        return True
    if re.search(r"[.!;,\u2026]['\"\u2019\u201d)]*$", text):
        return False
    words = re.findall(r"[^\W\d_][\w'\u2019]*", text)
    heavy = [word for word in words if len(word) > LIGHT_WORD_LETTERS or word is words[0]]
    return bool(heavy) and all(word[0].isupper() for word in heavy)


LIGHT_WORD_LETTERS = 4
"""Words up to this length ("with", "for") stay small in a capitalised heading."""
