"""Drawings put on paper in a few strokes of the pen.

WeasyPrint draws an SVG attribute by attribute, point by point and letter by letter. The suite's
figures are made of few kinds of parts: paths of absolute points, rectangles and lines of text.
These are written here as the commands of PDF they amount to; every other part is left to
WeasyPrint.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from xml.etree import ElementTree as Tree

from analysis.display.figures.slim import SVG
from analysis.report.pdf_strokes import Stroke, clips_of, stroke_of
from analysis.report.pdf_words import Pen, Words, words_of

_LOGGER = logging.getLogger("weasyprint")

STYLES = frozenset(
    ["fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray",
     "stroke-dashoffset", "font-family", "font-size", "font-weight", "text-anchor"]
)  # fmt: skip
"""What the parts of a drawing take over from it."""

_BEGIN = b"0 J 0 j 4 M [] 0 d"
"""Ends, corners and dashes of lines as an SVG expects them."""


class Drawing:
    """An image as WeasyPrint asks for it: of which size it is, and to be drawn.

    Parameters
    ----------
    root : Element
        An ``svg``; simplified, it is drawn in fewer strokes.
    pen : Pen
        Writes the words of all drawings of a document.
    """

    def __init__(self, root: Tree.Element, pen: Pen) -> None:
        self._root, self._pen = root, pen

    def get_intrinsic_size(self, _resolution: Any, _font_size: Any) -> tuple[Any, Any, Any]:
        """Return width and height in pixels, if they are given, and their ratio."""
        width, height = (self._root.get(name) for name in ("width", "height"))
        whole = (float(width), float(height)) if width and height else (None, None)
        return (*whole, self._size[0] / self._size[1])

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Draw at a size in pixels; what fails is told, never left out in silence."""
        try:
            self._draw(stream, width, height)
        except Exception as error:
            _LOGGER.error("Failed to draw an SVG image: %r", error)

    @cached_property
    def _size(self) -> tuple[float, float]:
        left, top, width, height = map(float, self._root.get("viewBox", "").split())
        if left or top or "preserveAspectRatio" in self._root.attrib:
            raise ValueError("a drawing that does not begin at its corner")
        return width, height

    def _draw(self, stream: Any, width: float, height: float) -> None:
        scale = min(width / self._size[0], height / self._size[1])
        aside, down = (
            (whole - scale * own) / 2
            for whole, own in zip((width, height), self._size, strict=True)
        )
        with stream.stacked():
            stream.transform(a=scale, d=scale, e=aside, f=down)
            stream.stream.append(_BEGIN)
            others = _Others(self._root, stream, (width, height), self._pen)
            drawn = list(zip(self._root, self._parts, strict=True))
            others.read([element for element, part in drawn if part is None])
            for element, part in drawn:
                if isinstance(part, Stroke):
                    _strike(stream, part)
                elif not (isinstance(part, Words) and self._pen.write(stream, part)):
                    others.draw(element)

    @cached_property
    def _parts(self) -> list[Stroke | Words | None]:
        """Return the parts in order; None is one that only WeasyPrint knows how to draw."""
        given = {key: value for key, value in self._root.attrib.items() if key in STYLES}
        clips = clips_of(self._root)
        return [_part(each, given, clips) for each in self._root]


def _part(
    element: Tree.Element, given: Mapping[str, str], clips: Mapping[str, str]
) -> Stroke | Words | None:
    if element.tag == f"{{{SVG}}}text":
        return words_of(element, given)
    if element.tag == f"{{{SVG}}}defs":
        return Stroke("")
    return stroke_of(element, given, clips)


def _strike(stream: Any, part: Stroke) -> None:
    """Draw lines and areas; the state of the pen is put back by the commands themselves."""
    if part.fill_share == part.stroke_share == 1:
        if part.commands:
            stream.stream.append(part.commands.encode("ascii"))
        return
    with stream.stacked():
        stream.set_alpha(part.fill_share)
        stream.set_alpha(part.stroke_share, stroke=True)
        stream.stream.append(part.commands.encode("ascii"))


class _Others:
    """The parts of a drawing that WeasyPrint draws, with the definitions of their drawing."""

    def __init__(self, root: Tree.Element, stream: Any, size: tuple[float, float], pen: Pen):
        self._root, self._stream, self._size, self._pen = root, stream, size, pen
        self._read: dict[Tree.Element, tuple[Any, Any]] = {}

    def read(self, parts: Sequence[Tree.Element]) -> None:
        """Have parts at hand, all in one reading."""
        if not parts:
            return
        from weasyprint.svg import SVG as Whole

        alone = Tree.Element(self._root.tag, self._root.attrib)
        alone.extend([*self._root.iterfind(f"{{{SVG}}}defs"), *parts])
        svg = Whole(alone, "", self._pen.font_config)
        svg.stream, svg.base_url, svg.context = self._stream, "", None
        svg.tree.set_svg_size(svg, *self._size)
        nodes = list(svg.tree)[-len(parts) :]
        self._read |= {part: (svg, node) for part, node in zip(parts, nodes, strict=True)}

    def draw(self, part: Tree.Element) -> None:
        """Draw a part."""
        if part not in self._read:
            self.read([part])
        svg, node = self._read[part]
        svg.draw_node(node, self._pen.font_size)
