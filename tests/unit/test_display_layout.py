"""Figures hold together: texts inside the canvas and apart, edges shared, letters as wide as drawn.

Widths are measured here with FreeType over the whole line, not as the suite does letter by letter.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from test_display_figures import BAND, DRAWN, GROUPS
from test_display_relief_figures import DRAWN as RELIEF_DRAWN
from test_display_specification import made
from test_report_inputs import share

from analysis.display import figures
from analysis.display.figures.canvas import draw_figure, new_axes, svg_bytes
from analysis.display.figures.layout import PAD, arrange
from analysis.display.figures.marks import read_marks
from analysis.display.figures.pens import TwoPens
from analysis.display.figures.text_width import letter, text_size
from analysis.display.figures.ticks import name_ticks, put_ticks
from analysis.display.palette import CONDITION_COLORS, FONT_FOLDER, register_fonts, theme

KINDS = {
    **DRAWN,
    **RELIEF_DRAWN,
    "specifications": lambda: figures.draw_specifications(made(40)),
}
ROUNDING = 0.3
"""Points: positions are written to a tenth, and the edges of two texts may touch."""


class Box(NamedTuple):
    """A text and its edges in points; y counts down."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@lru_cache(maxsize=1000)
def line_size(text: str, size: float, *, bold: bool) -> tuple[float, float, float]:
    """Width, height above and depth below the baseline, of the whole line at once."""
    register_fonts()
    name = f"ReliefcheckSans-{'Bold' if bold else 'Regular'}.ttf"
    weight = "bold" if bold else "normal"
    fallback = findfont(FontProperties(family=["DejaVu Sans"], weight=weight))
    font = get_font([str(FONT_FOLDER / name), fallback])
    font.set_size(10 * size, 72)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    width, height = (side / 640 for side in font.get_width_height())
    depth = font.get_descent() / 640
    return width, height - depth, depth


def boxes(svg: bytes) -> tuple[list[Box], tuple[float, float]]:
    """Every text of a drawing with its edges, and the canvas' width and height."""
    root = ElementTree.fromstring(svg)
    found = []
    for element in root.iter():
        if element.tag.rpartition("}")[2] != "text" or not (element.text or "").strip():
            continue
        x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
        bold = element.get("font-weight") == "700"
        width, up, down = line_size(element.text, size, bold=bold)
        x -= {"end": 1.0, "middle": 0.5}.get(element.get("text-anchor"), 0.0) * width
        edges = (x, y - up, x + width, y + down)
        if turned := element.get("transform"):
            assert re.fullmatch(rf"rotate\(-90 {element.get('x')} {element.get('y')}\)", turned)
            edges = (x - up, y - width, x + down, y)
        found.append(Box(element.text, *edges))
    *_, wide, high = root.get("viewBox").split()
    return found, (float(wide), float(high))


def outside(svg: bytes) -> list[Box]:
    """The texts that leave the canvas."""
    found, (wide, high) = boxes(svg)
    return [b for b in found if b.left < -ROUNDING or b.top < -ROUNDING
            or b.right > wide + ROUNDING or b.bottom > high + ROUNDING]  # fmt: skip


def overlapping(svg: bytes) -> list[tuple[str, str]]:
    """The pairs of texts whose ink shares more than an edge."""
    found, _ = boxes(svg)
    return [
        (a.text, b.text)
        for a, b in combinations(found, 2)
        if min(a.right, b.right) - max(a.left, b.left) > 2 * ROUNDING
        and min(a.bottom, b.bottom) - max(a.top, b.top) > 2 * ROUNDING
    ]


@pytest.mark.parametrize("name", KINDS)
def test_no_text_leaves_the_canvas_or_covers_another(name):
    svg = svg_bytes(KINDS[name]())
    assert len(boxes(svg)[0]) > 0
    assert outside(svg) == []
    assert overlapping(svg) == []


def test_the_checks_see_what_is_wrong():
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50">'
    one = '<text x="98" y="20" font-size="10">too far</text>'
    two = (
        '<text x="10" y="20" font-size="10">one</text><text x="14" y="22" font-size="10">two</text>'
    )
    assert [box.text for box in outside(f"{head}{one}</svg>".encode())] == ["too far"]
    assert overlapping(f"{head}{two}</svg>".encode()) == [("one", "two")]


LONG = "Neuropathic pain after surgery, chemotherapy or shingles, second opinion sought"


def test_long_names_stay_inside_and_apart():
    labels = {"crps": LONG, "fibromyalgia": LONG[:30]}
    rows = [share(20, 40, condition=code, threshold_pct=30.0) for code in labels]
    for figure in (
        figures.draw_responder_rates(rows, labels=labels, cited=BAND, title=LONG),
        figures.draw_subgroups([*GROUPS, *rows], labels=labels, title=LONG),
        figures.draw_cumulative_responders(rows, labels=labels, title=LONG),
    ):
        svg = svg_bytes(figure)
        assert outside(svg) == []
        assert overlapping(svg) == []


@pytest.mark.parametrize("title", ["W" * 120, "n" * 10_000, "\u202e" + "M" * 80])
def test_the_widest_title_stays_inside(title):
    assert outside(svg_bytes(figures.draw_waterfall([50.0, 10.0], title=title))) == []


def test_a_sign_no_xml_may_hold_is_left_out():
    with theme():
        figure, (axes,) = new_axes(height=1.5, title="a\x00b")
        axes.text(0.5, 0.5, "c\x0bd <&>")
        axes.set_axis_off()
    told = "".join(ElementTree.fromstring(svg_bytes(figure)).itertext())
    assert told.endswith("cd <&>a b")


@pytest.mark.parametrize("name", KINDS)
def test_one_figure_drawn_twice_is_the_same(name):
    figure = KINDS[name]()
    assert draw_figure(figure) == draw_figure(figure)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text",
    ["Week 12", "AVATAR To We Ty LT r. f) fi", "\u25cf Meets", "30 % or more: 291 of 586 (50 %)"],
)
def test_letters_side_by_side_are_as_wide_and_high_as_the_line(text, bold):
    width, up, down = line_size(text, 11.0, bold=bold)
    size = text_size(text, size_points=11.0, bold=bold)
    assert size.width == pytest.approx(width, abs=0.1)
    assert size.height == pytest.approx(up + down, abs=0.1)
    assert size.descent == pytest.approx(down, abs=0.1)


def test_an_unknown_sign_is_drawn_as_such():
    assert (
        letter("\u4e2d", bold=False).width == letter("\N{REPLACEMENT CHARACTER}", bold=False).width
    )


def ticked() -> tuple[Figure, Axes]:
    with theme():
        figure, (axes,) = new_axes(height=3.0, title="Title")
        axes.plot([0.0, 37.0], [-2.0, 1234567.0])
        axes.set_ylabel("Up")
    return figure, axes


def test_marks_are_those_that_matplotlib_would_draw():
    figure, axes = ticked()
    draw_figure(figure)
    with theme():
        figure.draw_without_rendering()
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            shown = [tick.label1.get_text() for tick in axis.get_major_ticks()
                     if low <= tick.get_loc() <= high]  # fmt: skip
            assert ["\n".join(lines) for lines in read_marks(axis).names] == shown
            assert axis.offsetText.get_text() == ""


def test_ticks_outside_the_axis_are_not_drawn():
    _, axes = ticked()
    axes.set_xlim(10, 0)
    name_ticks(axes.xaxis, [-1, 0, 5, 10, 11], list("abcde"), size=7, colors=["#123456"] * 5)
    put_ticks(axes.yaxis, [])
    marks = read_marks(axes.xaxis)
    assert (marks.places, marks.names) == ((1.0, 0.5, 0.0), (("b",), ("c",), ("d",)))
    assert (marks.size, marks.colors) == (7, ("#123456",) * 3)
    assert read_marks(axes.yaxis).depth == 0


def test_rows_share_their_edges_and_the_height_by_their_ratio():
    with theme():
        figure, (upper, lower) = new_axes(height=5.0, title="", rows=(3, 1))
        upper.set_ylabel("Up")
        upper.set_yticks([0, 1], ["a name of some length", "b"])
        lower.text(1.02, 0.5, "beside", transform=lower.transAxes)
    draw_figure(figure)
    one, two = upper.get_position(), lower.get_position()
    assert (one.x0, one.x1) == pytest.approx((two.x0, two.x1))
    assert one.height == pytest.approx(3 * two.height)
    beside = line_size("beside", 10.5, bold=False)[0]
    wide = 72 * figure.get_figwidth()
    assert two.x1 * wide + 0.02 * two.width * wide + beside == pytest.approx(wide - PAD, abs=0.2)


def test_a_figure_without_axes_or_with_one_outside_the_grid_is_left_as_it_is():
    with theme():
        empty, alone = Figure(figsize=(2, 1)), Figure(figsize=(2, 1))
        kept = alone.add_axes((0.1, 0.2, 0.3, 0.4))
        for figure in (empty, alone):
            arrange(figure, TwoPens(144, 72))
    assert kept.get_position().bounds == pytest.approx((0.1, 0.2, 0.3, 0.4))


def pixels(figure: Figure) -> np.ndarray:
    return np.round(255 * image.imread(io.BytesIO(draw_figure(figure).png))).astype(int)


def test_the_picture_has_the_size_and_exactly_the_colors_of_the_figure():
    with theme():
        figure, (axes,) = new_axes(height=2.0, title="")
        axes.set_axis_off()
        axes.fill_between([0, 1], 0, 1, color=CONDITION_COLORS["crps"], linewidth=0)
        axes.set(xlim=(0, 2), ylim=(0, 1))
    shown = pixels(figure)
    assert shown.shape == (300, 930, 3)
    assert shown[150, 200].tolist() == [0x2F, 0x84, 0xCB]
    assert shown[150, 700].tolist() == [255, 255, 255]


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_text_is_painted_where_it_is_written(rotation):
    with theme():
        figure, (axes,) = new_axes(height=2.0, title="")
        axes.set_axis_off()
        axes.text(0.5, 0.5, "HIIH", ha="center", va="center", rotation=rotation)
    drawn = draw_figure(figure)
    (box,), _ = boxes(drawn.svg)
    dark = np.argwhere(pixels(figure).sum(axis=2) < 384) * 72 / 150
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    assert (left, right) == pytest.approx((box.left, box.right), abs=1.5)
    assert (top, bottom) == pytest.approx((box.top, box.bottom), abs=1.5)


def test_what_is_clipped_is_clipped_in_both_files():
    with theme():
        figure, (axes,) = new_axes(height=2.0, title="")
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_position((0.25, 0.25, 0.5, 0.5))
        axes.plot([-9, 9], [0.5, 0.5], color="#000000", linewidth=4)
        axes.text(1.5, 0.5, "beyond", color="#ff0000", clip_on=True)
    drawn = draw_figure(figure)
    assert drawn.svg.count(b'clip-path="url(#') == 2
    box = axes.get_window_extent()
    shown = pixels(figure).sum(axis=2) < 384
    scale = 150 / figure.dpi
    assert shown[:, int(box.x0 * scale) + 5].any()
    assert not shown[:, int(box.x1 * scale) + 3 :].any()
