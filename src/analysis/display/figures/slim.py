"""A figure's SVG in few letters: no metadata, no empty groups, no digits finer than a reader sees.

Colours become attributes (``fill="#1d2733"``), so that the style of a page can change them.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Tree

from analysis.display.figures.text_width import text_width

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
DECIMALS = 1
"""Decimals of coordinates, in points: a tenth is a seventh of a pixel."""

SHORTEST_HELD = 6
"""Letters from which a text is told its width; the number at a tick never runs over."""

KEPT_STYLES = frozenset(
    ["fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray",
     "stroke-dashoffset", "stroke-opacity", "fill-opacity", "opacity", "text-anchor", "font-size",
     "font-weight"]
)  # fmt: skip
"""Style properties of a drawing that SVG also knows as attributes; the font is set once."""

_NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
_UNTURNED = re.compile(r"^rotate\(-?0 ")
_SCALE = re.compile(r"(scale\([^)]*\))")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def slim_svg(text: str, *, fonts: str) -> str:
    """Return an SVG as matplotlib writes it, drawn alike in about a third of its letters.

    Parameters
    ----------
    text : str
        A whole SVG document.
    fonts : str
        Font families of its text, best first.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        The text is not XML.
    """
    root = Tree.fromstring(text)
    for name in ("metadata", "style"):
        _drop(root, name)
    used = _references(root)
    for element in root.iter():
        _slim(element, used)
        _hold_width(element)
    _unwrap(root)
    root.attrib.pop("version", None)
    root.attrib |= {"font-family": fonts, "stroke-linejoin": "round", "stroke-linecap": "butt"}
    return write_svg(root)


def write_svg(root: Tree.Element) -> str:
    """Return an element of SVG as text without prefixes; links are plain ``href``."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if (link := element.attrib.pop(f"{{{XLINK}}}href", None)) is not None:
            element.set("href", link)
    root.set("xmlns", SVG)
    return Tree.tostring(root, encoding="unicode", short_empty_elements=True).replace(" />", "/>")


def _drop(root: Tree.Element, name: str) -> None:
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag == f"{{{SVG}}}{name}"]:
            parent.remove(child)


def _references(root: Tree.Element) -> set[str]:
    """Return the ids that something in the drawing refers to."""
    used = set()
    for element in root.iter():
        for value in element.attrib.values():
            used.update(_REFERENCE.findall(value))
        used.add(element.get(f"{{{XLINK}}}href", "").removeprefix("#"))
    return used


def _slim(element: Tree.Element, used: set[str]) -> None:
    if element.get("id") not in used:
        element.attrib.pop("id", None)
    for part in element.attrib.pop("style", "").split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name in KEPT_STYLES:
            element.set(name, value.removesuffix("px") if name == "font-size" else value)
    if _UNTURNED.match(element.get("transform", "")):
        del element.attrib["transform"]
    for name, value in element.attrib.items():
        if name not in ("id", "href", f"{{{XLINK}}}href", "viewBox"):
            element.set(name, _round_numbers(value))
    if "d" in element.attrib:
        element.set("d", re.sub(r"\s*([A-Za-z])\s*", r"\1", element.get("d", "")).strip())
    for name in ("text", "tail"):
        if not (getattr(element, name) or "").strip():
            setattr(element, name, None)


def _hold_width(element: Tree.Element) -> None:
    """Tell how wide a text is drawn, so that another font does not run over the edge."""
    text = element.text or ""
    if element.tag != f"{{{SVG}}}text" or len(element) or len(text) < SHORTEST_HELD:
        return
    size = float(element.get("font-size", "0"))
    bold = element.get("font-weight", "") in ("bold", "700")
    width = text_width(text, size_points=size, bold=bold) if size else None
    if width:
        element.set("textLength", f"{width:.{DECIMALS}f}")
        element.set("lengthAdjust", "spacingAndGlyphs")


def _round_numbers(value: str) -> str:
    """Round coordinates; a scale is no coordinate, and 0.0156 must not become 0."""
    parts = _SCALE.split(value)
    return "".join(
        part if _SCALE.fullmatch(part) else _NUMBER.sub(_rounded, part) for part in parts
    )


def _rounded(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _unwrap(parent: Tree.Element) -> None:
    """Put the content of groups that say nothing in their place."""
    kept: list[Tree.Element] = []
    for child in parent:
        _unwrap(child)
        bare = child.tag == f"{{{SVG}}}g" and not child.attrib
        kept += list(child) if bare else [child]
    parent[:] = [each for each in kept if len(each) or each.attrib or each.text]
