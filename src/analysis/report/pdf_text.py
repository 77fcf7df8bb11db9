"""Words in drawings, drawn as words.

WeasyPrint 70 lays out and draws every letter of an SVG text by itself, so that each may have a
place of its own. The suite's figures never place single letters; drawn as one line their words cost
a tenth of the time, keep their kerning and can be searched in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PLACED = ("rotate", "letter-spacing", "dx", "dy", "dominant-baseline",
          "alignment-baseline", "display-anchor")  # fmt: skip
"""Attributes that place letters or lines; texts with one are left to WeasyPrint.

A ``textLength`` keeps a line's width in other fonts; on paper the font is the suite's own."""

ANCHOR = "anchor"
"""Where a line stands to its place, under a name that only `whole_words` reads: under its own name
WeasyPrint puts every line into a form of its own, to be moved when its width is known."""

_SHIFTS = {"middle": 0.5, "end": 1.0}


def is_plain(text: Any) -> bool:
    """Return whether a text of a drawing is one line at one place: an element or WeasyPrint's."""
    if not text.text or any(True for _ in text) or any(text.get(name) for name in PLACED):
        return False
    places = [str(text.attrib.get(name, "")).split() for name in ("x", "y")]
    return len(places[0]) == len(places[1]) <= 1


@contextmanager
def whole_words() -> Iterator[None]:
    """Draw texts of drawings line by line within the context; where that cannot be, as ever."""
    try:
        from weasyprint import svg as drawings

        tags, as_ever = drawings.TAGS, drawings.text
    except (ImportError, AttributeError):
        yield
        return
    named = [tag for tag, draw in tags.items() if draw is as_ever]

    def drawn(svg: Any, node: Any, font_size: float) -> None:
        if is_plain(node):
            _draw_line(svg, node, font_size)
        else:
            as_ever(svg, node, font_size)

    _replace(drawings, named, drawn)
    try:
        yield
    finally:
        _replace(drawings, named, as_ever)


def _replace(drawings: Any, named: list[str], draw: Any) -> None:
    drawings.text = draw
    drawings.TAGS.update(dict.fromkeys(named, draw))


def _draw_line(svg: Any, node: Any, font_size: float) -> None:
    """Draw a text at its place, and tell how wide it is, from which its anchor is found."""
    from weasyprint.draw.text import draw_emojis, draw_first_line
    from weasyprint.matrix import Matrix
    from weasyprint.svg.bounding_box import extend_bounding_box
    from weasyprint.svg.text import TextBox
    from weasyprint.svg.utils import size
    from weasyprint.text.line_break import split_first_line

    style = _style(svg, node, font_size)
    layout, _, _, width, height, baseline = split_first_line(
        node.text, style, svg.context, float("inf"), 0
    )
    x = size(node.attrib.get("x", "0"), font_size, svg.inner_width)
    x -= width * _SHIFTS.get(node.attrib.get(ANCHOR, ""), 0.0)
    y = size(node.attrib.get("y", "0"), font_size, svg.inner_height)
    svg.cursor_position, svg.cursor_d_position = (x + width, y), [0, 0]
    node.text_bounding_box = extend_bounding_box(
        node.text_bounding_box, ((x, y - baseline), (x + width, y - baseline + height))
    )
    svg.stream.push_state()
    fill, stroke = svg.set_graphical_state(node, font_size)
    svg.stream.begin_text()
    layout.reactivate(style)
    svg.fill_stroke(fill, stroke, text=True)
    box = TextBox(layout, style)
    box.baseline = baseline
    emojis = draw_first_line(svg.stream, box, "none", "none", Matrix(d=-1, e=x, f=y))
    svg.stream.end_text()
    svg.stream.pop_state()
    draw_emojis(svg.stream, style, x, y, emojis)


def _style(svg: Any, node: Any, font_size: float) -> Any:
    from weasyprint.css.properties import INITIAL_VALUES
    from weasyprint.svg.text import Style

    style = Style(INITIAL_VALUES)
    style.font_config = svg.font_config
    families = node.get("font-family", "sans-serif").split(",")
    style["font_family"] = [each.strip().strip("\"'") for each in families]
    style["font_style"] = node.get("font-style", "normal")
    weight = str(node.get("font-weight", 400))
    style["font_weight"] = int(weight) if weight.isdigit() else 700 if weight == "bold" else 400
    style["font_size"] = font_size
    return style
