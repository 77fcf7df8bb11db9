"""A document as blocks of text, each character with its place in the file it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

BlockKind = Literal["heading", "bullet", "paragraph"]

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something stands; all numbers count from 1.

    Parameters
    ----------
    line : int or None
        Line of the file (text, HTML, Markdown) or of the page (PDF).
    paragraph : int or None
        Paragraph, for DOCX.
    page : int or None
        Page, for PDF.
    column : int
        Character within the line or paragraph, in code points.
    """

    line: int | None = None
    paragraph: int | None = None
    page: int | None = None
    column: int = 1

    def __str__(self) -> str:
        parts = [("page", self.page), ("paragraph", self.paragraph), ("line", self.line)]
        return ", ".join(f"{name} {number}" for name, number in parts if number is not None)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A heading, a bullet or a paragraph.

    Parameters
    ----------
    text : str
        Spaces joined, invisible characters left out.
    pieces : tuple of (int, int)
        Offset in ``text`` and in the document's source where a run of equal characters begins.
    kind : {"heading", "bullet", "paragraph"}
    """

    text: str
    pieces: tuple[tuple[int, int], ...]
    kind: BlockKind = "paragraph"

    def source_offset(self, offset: int) -> int:
        """Return where character ``offset`` of the text stands in the source."""
        index = max(bisect_right(self._starts, offset) - 1, 0)
        start, source = self.pieces[index]
        return source + offset - start

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.pieces]


@dataclass(frozen=True, kw_only=True)
class Document:
    """The copy as read.

    Parameters
    ----------
    name : str
        The file as it was named.
    form : str
        ``txt``, ``html``, ``md``, ``docx`` or ``pdf``.
    source : str
        Text of the file; for DOCX a line a paragraph, for PDF the pages' lines.
    blocks : tuple of Block
    page_starts : tuple of int
        Offsets in ``source`` where the pages of a PDF begin; empty for all else.
    warnings : tuple of str
        What was not read, or may read otherwise than it looks.
    """

    name: str
    form: str
    source: str
    blocks: tuple[Block, ...]
    page_starts: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    def place_of(self, offset: int) -> Place:
        """Return the place of a character of the source."""
        row = bisect_right(self._line_starts, offset) - 1
        column = offset - self._line_starts[row] + 1
        if self.form == "docx":
            return Place(paragraph=row + 1, column=column)
        if not self.page_starts:
            return Place(line=row + 1, column=column)
        page = bisect_right(self.page_starts, offset) - 1
        first = bisect_right(self._line_starts, self.page_starts[page]) - 1
        return Place(page=page + 1, line=row - first + 1, column=column)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.source))]


_RUN = re.compile(
    r"(?P<unseen>[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff\ud800-\udfff]+)|(?P<space>\s+)|(?P<seen>[^\s\x00-\x08\x0e-\x1b\x7f-\x84"
    r"\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+)"
)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that make a reader see letters in another order than they stand."""

TURNED = (
    "it holds invisible marks that turn the direction of text ({place}): what a reader sees may "
    "differ from what was checked; remove them."
)


@dataclass
class Gatherer:
    """Collects a block's text, run by run, and remembers where each run stood."""

    pieces: list[tuple[int, int]] = field(default_factory=list)
    turned_at: int | None = None
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _space_at: int | None = None

    def add(self, text: str, at: int) -> None:
        """Add text that stands in the source as it is, from offset ``at``."""
        for match in _RUN.finditer(text):
            where = at + match.start()
            if match.lastgroup == "unseen":
                self._notice_turn(match[0], where)
            elif match.lastgroup == "space":
                self._space_at = where if self._space_at is None else self._space_at
            else:
                self._put_space()
                self._put(match[0], where)

    def add_at(self, text: str, at: int) -> None:
        """Add text that is written otherwise in the source (an entity), all of it at ``at``."""
        for character in text:
            self.add(character, at)

    def finish(self, kind: BlockKind) -> Block | None:
        """Return the block and begin anew; None when there is no text."""
        text = "".join(self._parts)
        pieces = tuple(self.pieces)
        self._parts, self.pieces, self._length, self._space_at = [], [], 0, None
        return Block(text=text, pieces=pieces, kind=kind) if text else None

    def _notice_turn(self, text: str, where: int) -> None:
        if self.turned_at is None and _TURNS.search(text):
            self.turned_at = where

    def _put_space(self) -> None:
        if self._space_at is not None and self._length:
            self._put(" ", self._space_at)
        self._space_at = None

    def _put(self, text: str, where: int) -> None:
        self.pieces.append((self._length, where))
        self._parts.append(text)
        self._length += len(text)
