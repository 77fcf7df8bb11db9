"""Figures inside the page: the file's SVG with nothing in it that runs, loads or clashes.

Inside, and not as images, because only so do they take the page's font and its colors.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as Tree

from markupsafe import Markup

from analysis.display.figures.canvas import FONT_STACK
from analysis.display.figures.slim import write_svg

LONGEST_STEM = 200
TAGS = frozenset(["svg", "g", "path", "use", "text", "tspan", "rect", "circle", "ellipse", "line",
                  "polyline", "polygon", "defs", "clipPath", "pattern"])  # fmt: skip
ATTRIBUTES = frozenset(
    ["d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "r", "rx", "ry", "cx", "cy", "width",
     "height", "points", "transform", "fill", "stroke", "stroke-width", "stroke-linejoin",
     "stroke-linecap", "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "fill-opacity",
     "opacity", "text-anchor", "font-size", "font-weight", "clip-path", "patternUnits", "viewBox",
     "id", "href"]
)  # fmt: skip
_INNER = re.compile(r"url\(#([\w-]+)\)")
_ID = re.compile(r"^[\w-]+$")


def figure_svg(folder: Path, stem: str, *, says: str) -> Markup:
    """Return a figure as SVG for the page; empty when the folder holds no such drawing.

    Parameters
    ----------
    folder : Path
        With ``<stem>.svg``.
    stem : str
        Name of a file in the folder itself.
    says : str
        The text for listeners.
    """
    path = folder / f"{stem}.svg"
    if len(stem) > LONGEST_STEM or Path(stem).name != stem or not path.is_file():
        return Markup("")
    try:
        root = Tree.parse(path).getroot()
    except Tree.ParseError:
        return Markup("")
    return Markup(inline_svg(root, name=stem, says=says))


def inline_svg(root: Tree.Element, *, name: str, says: str) -> str:
    """Return a drawing as text: known elements and attributes only, its ids made its own."""
    own = f"f{sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"
    short: dict[str, str] = {}

    def renamed(old: str) -> str:
        return f"{own}{short.setdefault(old, str(len(short)))}"

    _clean(root)
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", renamed(element.attrib["id"]))
        for key, value in element.attrib.items():
            if key == "href":
                element.set(key, f"#{renamed(value[1:])}")
            elif value.startswith("url("):
                element.set(key, _INNER.sub(lambda found: f"url(#{renamed(found[1])})", value))
    size = root.get("viewBox", "0 0 1 1").split()
    root.attrib = {"class": "fig", "viewBox": " ".join(size), "role": "img", "aria-label": says}
    root.attrib |= {"font-family": FONT_STACK}
    if len(size) == 4:
        root.attrib |= {"width": size[2], "height": size[3]}
    text = write_svg(root)
    return text.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)


def _clean(element: Tree.Element) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] not in TAGS:
            element.remove(child)
        else:
            _clean(child)
    kept = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    element.attrib = {key: value for key, value in kept.items() if _is_kept(key, value)}


def _is_kept(key: str, value: str) -> bool:
    if key not in ATTRIBUTES:
        return False
    if key == "href":
        return value.startswith("#") and bool(_ID.match(value[1:]))
    if key == "id":
        return bool(_ID.match(value))
    return "url(" not in value or bool(_INNER.fullmatch(value))
