"""Drawings on paper: pictures of their own instead of parts of the page, in few strokes.

A drawing inside the page costs twice: each of its parts is read and styled like a paragraph, and
then drawn one by one. As a picture it is read once; marks drawn alike become one path where no
other mark lies between them, so that what covers what stays the same.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from xml.etree import ElementTree as Tree

from analysis.display.figures.slim import SVG, write_svg
from analysis.report.pdf_text import ANCHOR, is_plain

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in the drawing's own unit."""

_DRAWING = re.compile(r'<svg class="(fig|strip)"[^>]*>.*?</svg>', re.DOTALL)
_TOLD = re.compile(r' aria-label="([^"]*)"')
_STEP = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_PAIRS = frozenset("MLCQZz")
"""Commands of a path that take pairs of absolute coordinates alone."""

_GROUPED = frozenset(["clip-path"])
_SHEER = ("opacity", "stroke-opacity", "fill-opacity")


def as_images(text: str) -> str:
    """Return a page with its figures and strips as images, each with what it shows in words.

    A drawing that is no XML stays as it is.
    """
    return _DRAWING.sub(_image, text)


def _image(found: re.Match[str]) -> str:
    told = _TOLD.search(found[0])
    drawn = _TOLD.sub("", found[0], count=1).replace("<svg ", f'<svg xmlns="{SVG}" ', 1)
    try:
        root = Tree.fromstring(drawn)
    except Tree.ParseError:
        return found[0]
    simplify(root)
    data = base64.b64encode(write_svg(root).encode("utf-8")).decode("ascii")
    says = escape(unescape(told[1])) if told else ""
    return f'<img class="{found[1]}" alt="{says}" src="data:image/svg+xml;base64,{data}">'


def simplify(root: Tree.Element) -> None:
    """Draw a drawing the same in fewer parts; what is not understood is left alone."""
    shapes = {each.get("id", ""): each for each in root.iter(f"{{{SVG}}}path") if each.get("id")}
    parts = [_copied(each, shapes) for each in _ungrouped(root)]
    root[:] = _merged(parts)
    for each in root.iter(f"{{{SVG}}}text"):
        if "text-anchor" in each.attrib and is_plain(each):
            each.set(ANCHOR, each.attrib.pop("text-anchor"))


def _ungrouped(root: Tree.Element) -> Iterator[Tree.Element]:
    """Give the parts of a drawing, those of a clipped group each clipped by itself."""
    for each in root:
        is_clip = each.tag == f"{{{SVG}}}g" and set(each.attrib) <= _GROUPED
        if is_clip and not any("clip-path" in child.attrib for child in each):
            for child in each:
                child.attrib |= each.attrib
                yield child
        else:
            yield each


def _copied(element: Tree.Element, shapes: dict[str, Tree.Element]) -> Tree.Element:
    """Return the path that a ``use`` shows, at its place."""
    shape = shapes.get(element.get("href", "")[1:])
    if element.tag != f"{{{SVG}}}use" or shape is None or "transform" in element.attrib:
        return element
    if "transform" in shape.attrib or "clip-path" in shape.attrib:
        return element
    steps = _steps(shape.get("d", ""))
    if steps is None:
        return element
    at = (float(element.get("x", 0)), float(element.get("y", 0)))
    moved, place = [], 0
    for step in steps:
        if isinstance(step, str):
            moved.append(step)
        else:
            moved.append(f"{round(step + at[place % 2], 2):g} ")
            place += 1
    given = {k: v for k, v in element.attrib.items() if k not in ("x", "y", "href")}
    own = {k: v for k, v in shape.attrib.items() if k not in ("id", "d")}
    return Tree.Element(f"{{{SVG}}}path", {**given, **own, "d": "".join(moved).strip()})


def _steps(path: str) -> list[str | float] | None:
    """Return commands and coordinates of a path; None where they are of another kind."""
    found = _STEP.findall(path)
    if any(step.isalpha() and step not in _PAIRS for step in found):
        return None
    return [step if step.isalpha() else float(step) for step in found]


@dataclass
class _Part:
    """A part of a drawing, and where it lies; None when that is not known."""

    element: Tree.Element
    style: tuple[tuple[str, str], ...] | None = None
    boxes: list[Box] | None = None
    paths: list[str] = field(default_factory=list)

    def touches(self, box: Box) -> bool:
        return self.boxes is None or any(_overlap(box, own) for own in self.boxes)


def _overlap(one: Box, other: Box) -> bool:
    return not (one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1])


def _merged(elements: list[Tree.Element]) -> list[Tree.Element]:
    """Join paths of one style, each moved only over what it does not touch."""
    parts: list[_Part] = []
    for element in elements:
        part = _part(element)
        before = _alike(part, parts)
        if before is None:
            parts.append(part)
        else:
            before.paths += part.paths
            before.boxes = [*(before.boxes or ()), *(part.boxes or ())]
    for part in parts:
        if part.paths:
            part.element.set("d", "".join(part.paths))
    return [part.element for part in parts]


def _alike(part: _Part, parts: list[_Part]) -> _Part | None:
    """Return the earlier part that this one can be drawn with."""
    if part.style is None or part.boxes is None:
        return None
    box = part.boxes[0]
    for before in reversed(parts):
        touches = before.touches(box)
        if before.style == part.style and not (touches and _is_filled(part.element)):
            return before
        if touches:
            return None
    return None


def _is_filled(element: Tree.Element) -> bool:
    """Return whether two of its kind, one over the other, look otherwise than drawn as one."""
    return element.get("fill") != "none" or any(name in element.attrib for name in _SHEER)


def _part(element: Tree.Element) -> _Part:
    if element.tag == f"{{{SVG}}}text":
        return _Part(element, boxes=_text_boxes(element))
    if element.tag == f"{{{SVG}}}defs":
        return _Part(element, boxes=[])
    steps = None
    is_placed = bool({"id", "transform"} & set(element.attrib))
    # A pattern begins where its path does: joined, its lines would shift.
    if element.tag == f"{{{SVG}}}path" and not is_placed and "url(" not in element.get("fill", ""):
        steps = _steps(element.get("d", ""))
    numbers = [step for step in steps or () if not isinstance(step, str)]
    if not numbers:
        return _Part(element)
    style = tuple(sorted((k, v) for k, v in element.attrib.items() if k != "d"))
    wide = float(element.get("stroke-width", 1)) if element.get("stroke") else 0.0
    xs, ys = numbers[::2], numbers[1::2]
    box = (min(xs) - wide, min(ys) - wide, max(xs) + wide, max(ys) + wide)
    return _Part(element, style=style, boxes=[box], paths=[element.get("d", "")])


def _text_boxes(element: Tree.Element) -> list[Box] | None:
    """Return where a line of text lies at most, every letter as wide as the font is high."""
    if not is_plain(element) or "transform" in element.attrib:
        return None
    size = float(element.get("font-size", 16))
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    width = size * len(element.text or "")
    left = x - width * {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor", ""), 0.0)
    return [(left, y - size, left + width, y + size / 2)]
