"""Drawings on paper: images of their own instead of parts of the page.

A drawing inside the page costs twice: each of its parts is read and styled like a paragraph, and
then drawn. As an image it is read once, and its address stands on the page; `pdf_drawings` draws
it. Its parts are made alike: no groups that only clip, no shapes kept at one place and shown at
another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from html import escape, unescape
from typing import NamedTuple
from xml.etree import ElementTree as Tree

from analysis.display.figures.slim import SVG

_DRAWING = re.compile(r'<svg class="(fig|strip)"[^>]*>.*?</svg>', re.DOTALL)
_TOLD = re.compile(r' aria-label="([^"]*)"')
_STEP = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_PAIRS = frozenset("MLCQZz")
"""Commands of a path that take pairs of absolute coordinates alone."""

_GROUPED = frozenset(["clip-path"])


class Paper(NamedTuple):
    """A page as HTML, and the drawings it shows by the address it calls them."""

    text: str
    drawings: dict[str, Tree.Element]


def as_images(text: str) -> Paper:
    """Return a page with its figures and strips as images, each with what it shows in words.

    An address comes from what is drawn. A drawing that is no XML stays as it is.
    """
    drawings: dict[str, Tree.Element] = {}

    def image(found: re.Match[str]) -> str:
        told = _TOLD.search(found[0])
        drawn = _TOLD.sub("", found[0], count=1).replace("<svg ", f'<svg xmlns="{SVG}" ', 1)
        address = f"drawing:{sha256(drawn.encode('utf-8', 'replace')).hexdigest()}"
        try:
            drawings[address] = Tree.fromstring(drawn)
        except Tree.ParseError:
            return found[0]
        simplify(drawings[address])
        says = escape(unescape(told[1])) if told else ""
        return f'<img class="{found[1]}" alt="{says}" src="{address}">'

    return Paper(_DRAWING.sub(image, text), drawings)


def simplify(root: Tree.Element) -> None:
    """Draw a drawing the same in fewer parts; what is not understood is left alone."""
    shapes = {each.get("id", ""): each for each in root.iter(f"{{{SVG}}}path") if each.get("id")}
    root[:] = [_copied(each, shapes) for each in _ungrouped(root)]


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
