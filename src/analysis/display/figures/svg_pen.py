"""The vector pen: a figure's SVG in few letters, with no digits finer than a reader sees.

Colours are attributes (``fill="#1d2733"``), so that the style of a page can change them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from matplotlib import _path
from matplotlib.colors import to_hex
from matplotlib.path import Path
from numpy.typing import NDArray

from analysis.display.figures.text_width import text_width
from analysis.display.palette import HASH_SALT

Floats = NDArray[np.float64]
Context = Any
"""matplotlib's GraphicsContextBase, of which the type stubs tell less than it gives."""

SVG = "http://www.w3.org/2000/svg"
DECIMALS = 1
"""Decimals of coordinates, in points: a tenth is a seventh of a pixel."""

SHORTEST_HELD = 6
"""Letters from which a text is told its width; the number at a tick never runs over."""

LONGEST_SHARED = 80
"""A shape of more letters that stands in one place is written there, and not to be shared."""

HATCH_POINTS = 72
_ANCHORS = {"left": "", "right": ' text-anchor="end"', "center": ' text-anchor="middle"'}
_CAPS = {"projecting": "square", "round": "round"}
_LETTERS = [b"M", b"L", b"Q", b"C", b"z"]
_AROUND_LETTER = re.compile(r"\s*([A-Za-z])\s*")
_MINUS_ZERO = re.compile(r"-0(?![.\d])")
_SOLID = 1.0
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs no XML may hold."""


class SvgPen:
    """Writes what is given in points from the lower left corner."""

    def __init__(self, width: float, height: float) -> None:
        """Begin an empty drawing of a width and height in points."""
        self._width, self._height = width, height
        self._flip = np.array([[1.0, 0, 0], [0, -1, height], [0, 0, 1]])
        self._body: list[str] = []
        self._shared: dict[str, str] = {}

    def draw_path(self, gc: Context, path: Path, matrix: Floats, face: Any) -> None:
        """Write a path; ``matrix`` takes its vertices to points."""
        if look := self._look(gc, face):
            is_line = face is None and gc.get_hatch() is None
            clip = (0.0, 0.0, self._width, self._height) if is_line else None
            d = _letters(path, self._flip @ matrix, clip=clip,
                         simplify=is_line and path.should_simplify)  # fmt: skip
            if d:
                self._body.append(f'<path d="{d}"{self._clip(gc)}{look}/>')

    def draw_markers(
        self, gc: Context, shape: Path, matrix: Floats, places: Floats, face: Any
    ) -> None:
        """Write a shape at places, both in points; a short shape is written once and shared."""
        look = self._look(gc, face)
        places = places[np.isfinite(places).all(axis=1)]
        if not look or not len(places):
            return
        mirror = np.diag([1.0, -1.0, 1.0])
        d = _letters(shape, mirror @ matrix)
        clip = self._clip(gc)
        if len(d) > LONGEST_SHARED and len(places) == 1:
            moved = self._flip.copy()
            moved[:2, 2] += places[0] * (1, -1)
            self._body.append(f'<path d="{_letters(shape, moved @ matrix)}"{clip}{look}/>')
            return
        name = self._share("m", f'<path id="%" d="{d}"{look}/>')
        uses = (
            f'<use x="{_number(x)}" y="{_number(self._height - y)}" href="#{name}"/>'
            for x, y in places.tolist()
        )
        drawn = "".join(uses)
        self._body.append(f"<g{clip}>{drawn}</g>" if clip else drawn)

    def draw_text(
        self,
        gc: Context,
        at: tuple[float, float],
        text: str,
        *,
        size_points: float,
        bold: bool,
        angle: float,
        align: str,
    ) -> None:
        """Write a line of text, aligned at a point of its baseline, in points from the top."""
        x, y = at
        look = _text_look(gc, size_points=size_points, bold=bold)
        held = _held_width(text, size_points=size_points, bold=bold)
        turned = (
            f' transform="rotate({_number(-angle)} {_number(x)} {_number(y)})"' if angle else ""
        )
        place = f'x="{_number(x)}" y="{_number(y)}"'
        written = f"<text {place}{turned}{look}{_ANCHORS[align]}{held}>{_escaped(text)}</text>"
        clip = self._clip(gc)
        self._body.append(f"<g{clip}>{written}</g>" if clip else written)

    def svg(self, *, fonts: str, style: str = "") -> str:
        """Return the drawing; ``fonts`` are families of its text, ``style`` an element to begin."""
        width, height = _number(self._width), _number(self._height)
        shared = "".join(text.replace("%", name, 1) for text, name in self._shared.items())
        defs = f"<defs>{shared}</defs>" if shared else ""
        return (
            f'<svg width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}" '
            f'font-family="{escape(fonts)}" stroke-linejoin="round" stroke-linecap="butt" '
            f'xmlns="{SVG}">{style}{defs}{"".join(self._body)}</svg>'
        )

    def _share(self, kind: str, element: str) -> str:
        """Keep an element with "%" for its name; return the name, the same for the same element."""
        name = self._shared.get(element)
        if name is None:
            name = kind + sha256(f"{HASH_SALT}{element}".encode()).hexdigest()[:10]
            self._shared[element] = name
        return name

    def _clip(self, gc: Context) -> str:
        """Return the attribute that cuts off what lies outside, where anything does so."""
        rectangle, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        if path is not None:
            cut = f'<path d="{_letters(path, self._flip @ transform.get_matrix())}"/>'
        elif rectangle is not None:
            x, y, width, height = rectangle.bounds
            cut = (
                f'<rect x="{_number(x)}" y="{_number(self._height - y - height)}" '
                f'width="{_number(width)}" height="{_number(height)}"/>'
            )
        else:
            return ""
        name = self._share("p", f'<clipPath id="%">{cut}</clipPath>')
        return f' clip-path="url(#{name})"'

    def _look(self, gc: Context, face: Any) -> str:
        """Return the attributes of a shape; nothing where it would not be seen."""
        width, hatch = gc.get_linewidth(), gc.get_hatch()
        if face is not None and len(face) > 3 and not face[3]:
            face = None
        if face is None and not hatch and not width:
            return ""
        whole = gc.get_alpha() if gc.get_forced_alpha() else None
        parts = [f' fill="{self._hatch(gc, face) if hatch else _color(face)}"']
        if face is not None and whole is None:
            parts.append(_opacity("fill-opacity", face[3] if len(face) > 3 else _SOLID))
        if whole is not None:
            parts.append(_opacity("opacity", whole))
        if width:
            parts.append(_stroke(gc, faded=whole is not None))
        return "".join(parts)

    def _hatch(self, gc: Context, face: Any) -> str:
        """Return a reference to a pattern of lines."""
        size, d = HATCH_POINTS, _hatch_letters(gc.get_hatch())
        line = gc.get_hatch_color()
        color, faint = _color(line), _opacity("stroke-opacity", line[3])
        name = self._share(
            "h",
            f'<pattern id="%" patternUnits="userSpaceOnUse" x="0" y="0" width="{size}" '
            f'height="{size}"><rect x="0" y="0" width="{size + 1}" height="{size + 1}" '
            f'fill="{_color(face)}"/><path d="{d}" fill="{color}" stroke="{color}" '
            f'stroke-width="{_number(gc.get_hatch_linewidth())}" stroke-linejoin="miter"{faint}/>'
            "</pattern>",
        )
        return f"url(#{name})"


def _stroke(gc: Context, *, faded: bool) -> str:
    width, color = _number(gc.get_linewidth()), gc.get_rgb()
    parts = [f' stroke="{_color(color)}"']
    if not faded:
        parts.append(_opacity("stroke-opacity", color[3]))
    if width != "1":
        parts.append(f' stroke-width="{width}"')
    offset, dashes = gc.get_dashes()
    if dashes is not None:
        parts.append(f' stroke-dasharray="{",".join(map(_number, dashes))}"')
        if offset:
            parts.append(f' stroke-dashoffset="{_number(offset)}"')
    if (join := gc.get_joinstyle()) != "round":
        parts.append(f' stroke-linejoin="{join}"')
    if cap := _CAPS.get(gc.get_capstyle()):
        parts.append(f' stroke-linecap="{cap}"')
    return "".join(parts)


def _text_look(gc: Context, *, size_points: float, bold: bool) -> str:
    color = gc.get_rgb()
    alpha = gc.get_alpha() if gc.get_forced_alpha() else color[3]
    weight = ' font-weight="700"' if bold else ""
    look = f' font-size="{_number(size_points)}"{weight} fill="{_color(color)}"'
    return look + _opacity("opacity", alpha)


def _held_width(text: str, *, size_points: float, bold: bool) -> str:
    """Tell how wide a text is drawn, so that another font does not run over the edge."""
    if len(text) < SHORTEST_HELD:
        return ""
    width = text_width(text, size_points=size_points, bold=bold)
    return f' textLength="{width:.{DECIMALS}f}" lengthAdjust="spacingAndGlyphs"' if width else ""


def _letters(
    path: Path,
    matrix: Floats,
    *,
    clip: tuple[float, float, float, float] | None = None,
    simplify: bool = False,
) -> str:
    """Return a path as the letters of a ``d``."""
    told = _path.convert_to_string(  # type: ignore[attr-defined]
        path, matrix, clip, simplify, None, DECIMALS, _LETTERS, False
    )
    return _MINUS_ZERO.sub("0", _AROUND_LETTER.sub(r"\1", told.decode("ascii")).strip())


@lru_cache(maxsize=32)
def _hatch_letters(pattern: str) -> str:
    """Return the lines of a pattern; dots are long to write, and the same in every figure."""
    up = np.array([[HATCH_POINTS, 0, 0], [0, -HATCH_POINTS, HATCH_POINTS], [0, 0, 1.0]])
    return _letters(Path.hatch(pattern), up)


def _number(value: float) -> str:
    text = f"{value:.{DECIMALS}f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _opacity(name: str, value: float) -> str:
    return "" if value == _SOLID else f' {name}="{value:.2g}"'


def _color(color: Any) -> str:
    return "none" if color is None else _hex(tuple(color[:3]))


@lru_cache(maxsize=256)
def _hex(color: tuple[float, ...]) -> str:
    red, green, blue = color
    return to_hex((red, green, blue))


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("", text))
