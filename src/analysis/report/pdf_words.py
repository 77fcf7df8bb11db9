"""Lines of text in drawings, each written as one line, and worked out once per document.

WeasyPrint lays out and draws every letter of an SVG text by itself, so that each may have a place
of its own. The suite's figures never place single letters; as one line their words keep their
kerning and can be searched in the file. The same number stands at the ticks of many figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree as Tree

from analysis.report.pdf_strokes import hex_color, short

KNOWN = frozenset(
    ["x", "y", "fill", "font-size", "font-weight", "font-family", "text-anchor", "transform",
     "textLength", "lengthAdjust", "class", "id"]
)  # fmt: skip
"""Attributes that are understood; a text with another is left to WeasyPrint.

A ``textLength`` keeps a line's width in other fonts; on paper the font is the suite's own."""

_SHIFTS = {"start": 0.0, "middle": 0.5, "end": 1.0}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WEIGHTS = {"normal": 400, "bold": 700}
_SPACES = re.compile(r" +")


class Face(NamedTuple):
    """How letters look: families, best first, size in the drawing's unit, weight 1 to 1000."""

    families: str
    size: float
    weight: int


class Words(NamedTuple):
    """A line of text, where it stands, and its color as PDF writes it."""

    text: str
    face: Face
    color: str
    x: float
    y: float
    shift: float
    turn: str


class _Line(NamedTuple):
    """A line laid out: its width, and the commands that show it."""

    width: float
    commands: bytes


def is_plain(element: Tree.Element) -> bool:
    """Return whether a text of a drawing is one line at one place."""
    if not element.text or len(element) or not set(element.attrib) <= KNOWN:
        return False
    return all(_NUMBER.fullmatch(element.get(name, "0")) for name in ("x", "y", "font-size"))


def words_of(element: Tree.Element, given: Mapping[str, str]) -> Words | None:
    """Return a text as one line; None where it is more than that.

    ``given`` are attributes it takes over where it has none of its own.
    """
    style = {**given, **element.attrib}
    color = hex_color(style.get("fill", "#000000"))
    weight = style.get("font-weight", "400")
    shift = _SHIFTS.get(style.get("text-anchor", "start"))
    is_known = weight.isdecimal() or weight in _WEIGHTS
    if not (is_plain(element) and color and shift is not None and is_known):
        return None
    if "stroke" in style or not _NUMBER.fullmatch(style.get("font-size", "")):
        return None
    face = Face(
        families=style.get("font-family", "sans-serif"),
        size=float(style["font-size"]),
        weight=_WEIGHTS.get(weight) or int(weight),
    )
    place = (float(style.get("x", 0)), float(style.get("y", 0)))
    return Words(_tidy(element.text or ""), face, color, *place, shift, style.get("transform", ""))


def _tidy(text: str) -> str:
    """Return a text with its spaces as SVG means them; those that do not break stay."""
    text = text.replace("\n", "").replace("\r", "").replace("\t", " ")
    return _SPACES.sub(" ", text).strip(" ")


class Pen:
    """Writes the lines of all drawings of one document."""

    font_size = 16.0
    """Size of letters where a drawing names none, as in all browsers."""

    def __init__(self, font_config: Any) -> None:
        self.font_config = font_config
        self._lines: dict[tuple[str, Face], _Line | None] = {}

    def write(self, stream: Any, words: Words) -> bool:
        """Write a line; return whether that could be done."""
        key = (words.text, words.face)
        if key not in self._lines:
            self._lines[key] = self._laid_out(stream, *key)
        line = self._lines[key]
        if line is None:
            return False
        if line.commands:
            place = " ".join(map(short, _matrix(words, line.width)))
            begin = f"q\nBT\n{words.color} rg\n{place} Tm\n".encode("ascii")
            stream.stream.append(begin + line.commands + b"\nET\nQ")
        return True

    def _laid_out(self, stream: Any, text: str, face: Face) -> _Line | None:
        """Return a line as it is shown; None where it holds pictures, as color emoji are."""
        from weasyprint.draw.text import draw_first_line
        from weasyprint.matrix import Matrix
        from weasyprint.svg.text import TextBox
        from weasyprint.text.line_break import split_first_line

        style = self._style(face)
        layout, _, _, width, _, baseline = split_first_line(text, style, None, float("inf"), 0)
        layout.reactivate(style)
        box = TextBox(layout, style)
        box.baseline = baseline
        aside = stream.clone()
        pictures = draw_first_line(aside, box, "none", "none", Matrix())
        place, *shown = aside.stream or [b"Tm"]
        if pictures or not place.endswith(b"Tm"):
            return None
        return _Line(width, b"\n".join(shown))

    def _style(self, face: Face) -> Any:
        from weasyprint.css.properties import INITIAL_VALUES
        from weasyprint.svg.text import Style

        style = Style(INITIAL_VALUES)
        style.font_config = self.font_config
        style["font_family"] = [each.strip().strip("\"'") for each in face.families.split(",")]
        style["font_weight"], style["font_size"] = face.weight, face.size
        return style


def _matrix(words: Words, width: float) -> tuple[float, ...]:
    from weasyprint.matrix import Matrix
    from weasyprint.svg.utils import transform

    place = Matrix(d=-1, e=words.x - width * words.shift, f=words.y)
    if words.turn:
        place @= transform(words.turn, None, words.face.size, 0)
    values: tuple[float, ...] = place.values
    return values
