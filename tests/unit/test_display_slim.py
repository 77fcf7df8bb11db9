"""Slim drawings look alike: scales are no coordinates, and text keeps its width in any font."""

from __future__ import annotations

import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.display.figures.canvas import formula_svg, new_axes, svg_bytes
from analysis.display.figures.slim import slim_svg
from analysis.display.figures.text_width import text_width
from analysis.display.palette import theme

HINTING = 0.03
"""matplotlib's pixels fit letters to the pixel grid, which makes a line up to 3 % wider."""

LABEL = "≥ 30 %, all who started"

HALF_A_POINT = 0.5
"""FreeType rounds widths at each size; half a point is no letter's width."""


def test_a_small_scale_does_not_become_nothing():
    text = '<svg xmlns="http://www.w3.org/2000/svg"><g transform="translate(1.23456 2) scale(0.015625)"><path d="M1.26 2"/></g></svg>'  # noqa: E501
    told = slim_svg(text, fonts="x")
    assert "translate(1.2 2) scale(0.015625)" in told
    assert 'd="M1.3 2"' in told


def test_formulas_can_be_seen():
    assert "scale(0)" not in formula_svg(r"\frac{a}{b}").decode()


def test_a_label_is_told_its_width():
    with theme():
        figure, (axes,) = new_axes(height=1.5, title="")
        axes.barh([LABEL], [1])
    told = svg_bytes(figure).decode()
    (found,) = re.findall(rf'textLength="([\d.]+)"[^>]*>{re.escape(LABEL)}', told)
    renderer = FigureCanvasAgg(figure).get_renderer()
    drawn = axes.get_yticklabels()[0].get_window_extent(renderer).width * 72 / figure.dpi
    assert float(found) == pytest.approx(drawn, rel=HINTING)


def test_bold_is_wider_and_unknown_signs_have_no_width():
    plain = text_width(LABEL, size_points=10, bold=False)
    bold = text_width(LABEL, size_points=10, bold=True)
    assert plain and bold and bold > plain
    assert text_width("\u4e2d\u6587 names", size_points=10, bold=False) is None


def test_twice_the_size_is_twice_the_width():
    once, twice = (text_width(LABEL, size_points=size, bold=False) for size in (10, 20))
    assert once and twice == pytest.approx(2 * once, abs=HALF_A_POINT)
