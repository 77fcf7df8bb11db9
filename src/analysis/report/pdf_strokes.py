"""Paths and rectangles of a drawing as commands of PDF: plain ones, and no other.

Numbers go over letter for letter, so nothing is rounded and nothing is worked out twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as Tree

from analysis.display.figures.slim import SVG

KNOWN = frozenset(
    ["d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
     "stroke-dasharray", "stroke-dashoffset", "clip-path", "opacity", "fill-opacity",
     "stroke-opacity", "id", "class", "x", "y", "width", "height"]
)  # fmt: skip
"""Attributes that are understood, or that change nothing; a part with another is not drawn here."""

_N = r"-?(?:\d+\.?\d*|\.\d+)"
_NUMBER = re.compile(_N)
_LENGTHS = re.compile(rf"{_N}(?:[ ,]+{_N})*")
_PATH = re.compile(rf"(?: *(?:[ML] *{_N}[ ,]+{_N}|C *{_N}(?:[ ,]+{_N}){{5}}|[Zz]))+ *")
_STEP = re.compile(r"([MLCZz])([^MLCZz]*)")
_COLOR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
_CLIP = re.compile(r"url\(#([^)]+)\)")
_COMMANDS = {"M": " m", "L": " l", "C": " c", "Z": "h", "z": "h"}
_CAPS = {"butt": "0", "round": "1", "square": "2"}
_JOINS = {"miter": "0", "round": "1", "bevel": "2"}


class Stroke(NamedTuple):
    """Commands that draw a part, and how much its area and its lines cover, 0 to 1."""

    commands: str
    fill_share: float = 1.0
    stroke_share: float = 1.0


class _Strange(Exception):
    """A value of a kind that is not drawn here."""


def stroke_of(
    element: Tree.Element, given: Mapping[str, str], clips: Mapping[str, str]
) -> Stroke | None:
    """Return how a path or rectangle is drawn; None for what is not plainly one.

    Parameters
    ----------
    element : Element
    given : mapping
        Attributes it takes over where it has none of its own.
    clips : mapping
        Of `clips_of`.
    """
    shape = outline(element)
    if shape is None or not set(element.attrib) <= KNOWN:
        return None
    style = {**given, **element.attrib}
    try:
        return _painted(shape, style, clips)
    except _Strange:
        return None


def clips_of(root: Tree.Element) -> dict[str, str]:
    """Return by name the commands that keep what is drawn within a shape."""
    found = {}
    for each in root.iter(f"{{{SVG}}}clipPath"):
        shapes = [outline(child) for child in each if set(child.attrib) <= KNOWN - {"clip-path"}]
        if set(each.attrib) == {"id"} and len(each) == 1 and shapes and shapes[0]:
            found[each.attrib["id"]] = f"{shapes[0]}\nW n"
    return found


def outline(element: Tree.Element) -> str | None:
    """Return the commands of a shape; None where it is of another kind or has a strange number."""
    if element.tag == f"{{{SVG}}}rect":
        sides = [element.get(name, "0") for name in ("x", "y", "width", "height")]
        is_plain = all(map(_NUMBER.fullmatch, sides)) and not any(
            side.startswith("-") for side in sides[2:]
        )
        return " ".join((*sides, "re")) if is_plain else None
    steps = element.get("d", "")
    if element.tag != f"{{{SVG}}}path" or not _PATH.fullmatch(steps):
        return None
    steps = steps.replace(",", " ")
    return "\n".join([f"{at}{_COMMANDS[step]}" for step, at in _STEP.findall(steps)])


def _painted(shape: str, style: Mapping[str, str], clips: Mapping[str, str]) -> Stroke:
    fill, line = (
        _known(hex_color(style.get(name, usual)))
        for name, usual in (("fill", "#000000"), ("stroke", "none"))
    )
    width = style.get("stroke-width", "1")
    if line and float(_checked(_NUMBER, width)) <= 0:
        line = ""
    shares = [_share(style, name) for name in ("opacity", "fill-opacity", "stroke-opacity")]
    if shares[0] < 1 and fill and line:
        raise _Strange("area and line under one veil")
    commands = ["q", _clip(style, clips)]
    commands += [f"{fill} rg"] if fill else []
    commands += [f"{line} RG {width} w", *_line_style(style)] if line else []
    commands += [shape, "B" if fill and line else "f" if fill else "S" if line else "n", "Q"]
    text = "\n".join(filter(None, commands)) if fill or line else ""
    return Stroke(text, shares[0] * shares[1], shares[0] * shares[2])


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise _Strange(value)
    return value


def hex_color(value: str) -> str | None:
    """Return a color as PDF writes it; empty for no color, None where it is no ``#rrggbb``."""
    if value == "none":
        return ""
    found = _COLOR.fullmatch(value)
    return found and " ".join(short(int(each, 16) / 255) for each in found.groups())


def short(number: float) -> str:
    """Return a number as PDF writes it, to a tenth of a thousandth."""
    return f"{round(number, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def _known(value: str | None) -> str:
    if value is None:
        raise _Strange("a color")
    return value


def _share(style: Mapping[str, str], name: str) -> float:
    return min(1.0, max(0.0, float(_checked(_NUMBER, style.get(name, "1")))))


def _clip(style: Mapping[str, str], clips: Mapping[str, str]) -> str:
    if "clip-path" not in style:
        return ""
    found = _CLIP.fullmatch(style["clip-path"])
    if not found or found[1] not in clips:
        raise _Strange(style["clip-path"])
    return clips[found[1]]


def _line_style(style: Mapping[str, str]) -> list[str]:
    """Return the commands for ends, corners and dashes that are not the usual ones."""
    cap = _CAPS.get(style.get("stroke-linecap", "butt"))
    join = _JOINS.get(style.get("stroke-linejoin", "miter"))
    if cap is None or join is None:
        raise _Strange("the end or corner of a line")
    commands = [f"{cap} J"] if cap != "0" else []
    commands += [f"{join} j"] if join != "0" else []
    dashes = style.get("stroke-dasharray", "none")
    if dashes != "none":
        lengths = _checked(_LENGTHS, dashes).replace(",", " ")
        begin = _checked(_NUMBER, style.get("stroke-dashoffset", "0"))
        if "-" in lengths + begin or not any(map(float, lengths.split())):
            raise _Strange(dashes)
        commands.append(f"[{lengths}] {begin} d")
    return commands
