"""Drawings inside the page: verdict strip, small interval, verdict shape, and a figure's SVG.

Figures stand in the page itself and not as images, because only so do they take the page's font
and its colors on a dark screen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from xml.etree import ElementTree
from zlib import crc32

from markupsafe import escape

from analysis.claims.judgement import Judgement
from analysis.numbers import number_text, of_100, quantity_text, time_text
from analysis.report import theme

WIDTH, MARGIN = 400.0, 16.0
AXIS_END = {"share": 1.0, "percent": 100.0, "weeks": 26.0, "score": 10.0, "days": 182.0}
"""Where the axis of each unit ends, so that strips of one unit can be compared."""

WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0, 52.0)

_LINE = 'fill="none" stroke="currentColor" stroke-width="2.6"'
_SHAPES = {
    "meets": '<circle cx="8" cy="8" r="6"/>',
    "falls short": '<path d="M1.5 3h13L8 14.5z"/>',
    "undecided": '<path d="M8 1l7 7-7 7-7-7z"/>',
    "not testable": f'<path d="M3 3l10 10M13 3L3 13" {_LINE}/>',
    "unfalsifiable": f'<path d="M2.5 2.5h11v11h-11z" {_LINE}/>',
    "withheld": f'<circle cx="8" cy="8" r="5.5" {_LINE}/>',
    "pass": f'<path d="M2 8.5l4 4 8-9" {_LINE}/>',
    "pass with findings": f'<path d="M8 1l7 7-7 7-7-7z" {_LINE}/>',
    "fail": '<path d="M1.5 3h13L8 14.5z"/>',
    "not applicable": f'<path d="M2 8h12" {_LINE}/>',
}
_COLOR_OF_CHECK = {"pass": "meets", "pass with findings": "undecided", "fail": "falls short"}


def shape(code: str) -> str:
    """Return the shape of a verdict or of the state of a check, so that color is never alone."""
    color = theme.verdict_color(_COLOR_OF_CHECK.get(code, code))
    drawn = _SHAPES.get(code, _SHAPES["not applicable"]).replace("currentColor", color)
    return (
        f'<svg class="shape" viewBox="0 0 16 16" width="14" height="14" fill="{color}" '
        f'aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'
    )


def shapes() -> dict[str, str]:
    """Return every shape by its code."""
    return {code: shape(code) for code in _SHAPES}


@dataclass(frozen=True, kw_only=True)
class Strip:
    """What a strip shows, in ``unit``: the cited band, our number, and the limits judged.

    ``imputed`` is our number with the missing outcomes imputed, where it is another one.
    """

    unit: str
    verdict: str = ""
    value: float | None = None
    imputed: float | None = None
    low: float | None = None
    high: float | None = None
    band: tuple[float | None, float | None] = (None, None)


def strip_of(judgement: Judgement) -> Strip:
    """Return what the strip of a verdict shows."""
    low, high = judgement.judged_limits
    found = judgement.missing
    return Strip(
        unit=judgement.unit, verdict=judgement.verdict, value=judgement.value, low=low, high=high,
        imputed=found.imputed if found else None,
        band=(judgement.cited_low, judgement.cited_high),
    )  # fmt: skip


def draw_strip(strip: Strip, *, alt: str) -> str:
    """Return the cited band and our interval on an axis, as SVG."""
    end = AXIS_END.get(strip.unit, 1.0)
    low, high = strip.band
    if strip.unit not in ("share", "percent"):
        ends = (strip.value, strip.high, low, high)
        end = max(end, *(1.05 * each for each in ends if each is not None), 0.0)
    parts = [_axis(strip.unit, end)]
    if low is not None or high is not None:
        parts.append(_band(low, high, end, top=6, height=32))
        parts += [
            f'<path class="edge" fill="none" stroke="{theme.BAND_EDGE}" stroke-width="1.5" '
            f'd="M{_x(edge, end):.1f} 6V38"/>'
            for edge in (low, high)
            if edge is not None
        ]
    if strip.value is not None:
        parts.append(_interval(strip, strip.value, end))
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH:g} 66" font-family="{theme.FONT}" role="img" '
        f'aria-label="{escape(alt)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def interval_bar(
    value: float | None, low: float | None, high: float | None, *, unit: str,
    band: tuple[float | None, float | None] = (None, None),
) -> str:  # fmt: skip
    """Return a small interval for a table cell; silent, since its numbers stand in the table."""
    end = AXIS_END.get(unit)
    if value is None or end is None:
        return ""
    parts = [_band(*band, end, top=1, height=16)] if band != (None, None) else []
    parts.append(
        f'<path class="rule" fill="none" stroke="{theme.RULE}" '
        f'd="M{MARGIN:g} 17.5H{WIDTH - MARGIN:g}"/>'
    )
    if low is not None and high is not None:
        parts.append(
            f'<path class="whisker" fill="none" stroke="{theme.INK}" stroke-width="3" '
            f'd="M{_x(low, end):.0f} 9H{_x(high, end):.0f}"/>'
        )
    parts.append(f'<ellipse fill="{theme.INK}" cx="{_x(value, end):.0f}" cy="9" rx="9" ry="4.5"/>')
    return (
        f'<svg class="mini" viewBox="0 0 {WIDTH:g} 18" preserveAspectRatio="none" '
        f'aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def draw_icons(shares: Mapping[str, float]) -> str:
    """Return for each share a square of 100, of which so many are filled, with its words below.

    Silent as SVG, since the words stand beside it.
    """
    squares = []
    for turn, (words, share) in enumerate(shares.items()):
        left, filled = 116 * turn, of_100(share)
        marks = ["", ""]
        for place in range(100):
            x, y = left + 9 * (place % 10), 9 * (place // 10)
            marks[place >= filled] += f"M{x} {y}h7v7h-7z"
        squares.append(
            f'<path class="full" fill="{theme.INK}" d="{marks[0]}"/>'
            f'<path class="empty" fill="{theme.RULE}" d="{marks[1]}"/>'
        )
        squares += [
            f'<text class="ink" x="{left}" y="{106 + 15 * line}" font-size="13" '
            f'fill="{theme.INK}">{escape(text)}</text>'
            for line, text in enumerate(wrap(words, 16))
        ]
    return (
        f'<svg class="icons" viewBox="0 0 330 126" font-family="{theme.FONT}" aria-hidden="true" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(squares)}</svg>'
    )


def draw_spark(values: Sequence[float]) -> str:
    """Return a line through the numbers of earlier runs to the one of this, as SVG; silent."""
    low, high = min(values), max(values)
    step = 70 / max(1, len(values) - 1)
    spots = [
        (5 + place * step, 17 - 14 * (value - low) / (high - low or 1))
        for place, value in enumerate(values)
    ]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    x, y = spots[-1]
    return (
        '<svg class="spark" viewBox="0 0 80 20" aria-hidden="true" '
        f'xmlns="http://www.w3.org/2000/svg"><path class="rule" fill="none" stroke="{theme.MUTED}" '
        f'stroke-width="1.5" d="M{line}"/><circle fill="{theme.INK}" cx="{x:.1f}" cy="{y:.1f}" '
        'r="3"/></svg>'
    )


def _x(value: float, end: float) -> float:
    """Place a value on the axis; what lies outside stands at its end."""
    return MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, value / end))


def _band(low: float | None, high: float | None, end: float, *, top: int, height: int) -> str:
    left, right = _x(low or 0.0, end), _x(end if high is None else high, end)
    return (
        f'<rect class="band" fill="{theme.BAND}" x="{left:.1f}" y="{top}" '
        f'width="{max(0.0, right - left):.1f}" height="{height}"/>'
    )


def _axis(unit: str, end: float) -> str:
    rule = f'class="rule" fill="none" stroke="{theme.RULE}"'
    parts = [f'<path {rule} d="M{MARGIN:g} 42H{WIDTH - MARGIN:g}"/>']
    ticks = [week for week in WEEKS if week <= end] if unit == "weeks" else None
    for tick in ticks or [end * part / 4 for part in range(5)]:
        if unit == "weeks":  # only the last planned visit names the unit
            text = number_text(tick)
            text = time_text(text, unit=unit) if tick == AXIS_END["weeks"] else text
        elif unit == "percent":
            text = f"{number_text(tick)}%"
        else:
            text = quantity_text(tick, unit=unit)
        anchor = "end" if tick == end else "start" if tick == 0 else "middle"
        x = _x(tick, end) + {"end": MARGIN, "start": -MARGIN}.get(anchor, 0.0)
        parts.append(
            f'<path {rule} d="M{_x(tick, end):.1f} 4V46"/>'
            f'<text x="{x:.1f}" y="60" text-anchor="{anchor}" font-size="13" '
            f'fill="{theme.MUTED}">{escape(text)}</text>'
        )
    return "".join(parts)


def _interval(strip: Strip, value: float, end: float) -> str:
    """Draw the limits judged, our number, and as a ring the one with the missing imputed."""
    color = theme.verdict_color(strip.verdict) if strip.verdict else theme.INK
    low = value if strip.low is None else strip.low
    is_open = strip.low is not None and strip.high is None
    high = end if is_open else value if strip.high is None else strip.high
    left, right = _x(low, end), _x(high, end)
    cap = "" if is_open else f"M{right:.1f} 17v12"
    arrow = f'<path d="M{_x(end, end) - 2:.1f} 17l9 6-9 6z"/>' if is_open else ""
    ring = ""
    if strip.imputed is not None and abs(strip.imputed - value) > end / 1000:
        ring = (
            f'<circle class="ring" cx="{_x(strip.imputed, end):.1f}" cy="23" r="5" '
            f'fill="{theme.PAPER}" stroke="{color}" stroke-width="2.4"/>'
        )
    return (
        f'<g class="ours" fill="{color}" stroke="none"><path class="whisker" fill="none" '
        f'stroke-width="3" stroke="{color}" d="M{left:.1f} 23H{right:.1f}M{left:.1f} 17v12{cap}"/>'
        f'{arrow}{ring}<circle cx="{_x(value, end):.1f}" cy="23" r="6"/></g>'
    )


# --- figures -----------------------------------------------------------------------------------

_TAGS = frozenset(
    ["svg", "g", "path", "use", "text", "tspan", "rect", "circle", "ellipse", "line", "polyline",
     "polygon", "defs", "clipPath", "pattern", "image"]
)  # fmt: skip
_ATTRIBUTES = frozenset(
    ["x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "r", "rx", "ry", "cx", "cy", "width",
     "height", "points", "clip-path", "patternUnits", "viewBox", "preserveAspectRatio"]
)  # fmt: skip
_STYLES = frozenset(
    ["fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-linejoin",
     "stroke-linecap", "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity",
     "text-anchor", "font", "font-size", "font-weight", "font-style", "white-space"]
)  # fmt: skip
"""The family of a font is not among them: figures take the page's."""

_SIZE = re.compile(r"-?\d+(\.\d+)?")
_REFERENCE = re.compile(r"url\(#([\w-]+)\)")
_IMAGE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_FINE = re.compile(r"(\.\d)\d+")
"""Digits beyond a tenth of a point, which with spaces make up half of matplotlib's paths."""


WIDE_POINTS = 360.0
"""Figures wider than this scroll on a phone, so that their letters can still be read."""

_FIGURE = re.compile(r'<svg class="fig(?: wide)?".*?</svg>', re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')


class _Names(dict[str, str]):
    """New names for the ids of a figure: short, and different from those of other figures."""

    def __init__(self, figure: str) -> None:
        self.prefix = f"f{crc32(figure.encode('utf-8', 'replace')):x}-"

    def __missing__(self, name: str) -> str:
        self[name] = f"{self.prefix}{len(self)}"
        return self[name]


def inline_figure(path: Path, *, alt: str) -> str:
    """Return a figure file as SVG for the page: nothing that runs or loads, ids of its own.

    Colors of the theme, black and white become variables ``--1d2733``, so that the page can turn
    them over on a dark screen. Empty when there is no such drawing.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return ""
    _clean(root, _Names(path.stem))
    used = set()
    for element in root.iter():
        used |= {name for value in element.attrib.values() for name in _REFERENCE.findall(value)}
        used.add(element.get("href", "").removeprefix("#"))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
    _unwrap(root)
    size = root.get("viewBox", "0 0 1 1").split()
    if len(size) != 4 or not all(map(_SIZE.fullmatch, size)):
        return ""
    is_wide = float(size[2]) > WIDE_POINTS
    root.attrib = {
        "class": "fig wide" if is_wide else "fig", "viewBox": " ".join(size), "width": size[2],
        "height": size[3],
        "role": "img", "aria-label": alt,
    }  # fmt: skip
    return ElementTree.tostring(root, encoding="unicode")


def share_styles(page: str) -> str:
    """Return a page whose drawings name their styles, each of which its head has once.

    A style in every element would be a third of the drawings.
    """
    names: dict[str, str] = {}

    def shared(figure: re.Match[str]) -> str:
        return _STYLE.sub(
            lambda style: f' class="{names.setdefault(style[1], f"g{len(names)}")}"', figure[0]
        )

    drawn = _FIGURE.sub(shared, page)
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    return drawn.replace("</head>", f"<style>{rules}</style></head>", 1) if rules else page


def _clean(element: ElementTree.Element, names: _Names) -> None:
    """Remove every element and attribute that is not known to be harmless."""
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = dict(_kept(element, names))
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] not in _TAGS:
            element.remove(child)
        else:
            _clean(child, names)
    if not (element.text or "").strip():
        element.text = None
    if not (element.tail or "").strip():
        element.tail = None


def _unwrap(element: ElementTree.Element) -> None:
    """Put what stands in a group without attributes in its place."""
    children = []
    for child in element:
        _unwrap(child)
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    element[:] = children


def _kept(element: ElementTree.Element, names: _Names) -> list[tuple[str, str]]:
    """Return the attributes to keep; references only to what is in the figure itself."""
    kept, styles = [], []
    for name, value in element.attrib.items():
        name = name.rpartition("}")[2]
        if name == "style":
            styles += [each.partition(":")[::2] for each in value.split(";") if ":" in each]
        elif name in _STYLES:
            styles.append((name, value))
        elif name == "href":
            if element.tag == "image" and _IMAGE.fullmatch(value):
                kept.append((name, value))
            elif element.tag == "use" and value.startswith("#"):
                kept.append((name, f"#{names[value[1:]]}"))
        elif name == "id":
            kept.append((name, names[value]))
        elif name == "d":
            kept.append((name, re.sub(r"\s*([A-Za-z])\s*", r"\1", _FINE.sub(r"\1", value))))
        elif name == "transform":
            if not value.startswith(("rotate(-0 ", "rotate(0 ")):
                kept.append((name, value))
        elif name in _ATTRIBUTES:
            kept.append((name, _FINE.sub(r"\1", _own_reference(value, names))))
    text = ";".join(
        f"{name.strip()}:{_HEX.sub(_variable, _own_reference(value.strip(), names))}"
        for name, value in styles
        if name.strip() in _STYLES
    )
    return [*kept, ("style", text)] if text else kept


def _own_reference(value: str, names: _Names) -> str:
    """Return a value that leads to a part of the figure under its new name, nowhere else."""
    if "url(" not in value:
        return value
    found = _REFERENCE.fullmatch(value)
    return f"url(#{names[found[1]]})" if found else "none"


def dark_colors() -> dict[str, str]:
    """Return each color that turns over on a dark page, and what it becomes."""
    found = {color: theme.dark_color(color) for color in theme.every_color()}
    return found | {"#000000": found[theme.INK], "#262626": found[theme.INK]}


_DARK = dark_colors()


def _variable(found: re.Match[str]) -> str:
    color = found[0].lower()
    return f"var(--{color[1:]})" if color in _DARK else color
