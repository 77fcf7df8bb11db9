"""Drawings as commands of PDF: plain parts letter for letter, all others left to WeasyPrint."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

import pytest

from analysis.report.pdf_strokes import SVG, Stroke, clips_of, hex_color, outline, short, stroke_of
from analysis.report.pdf_words import Face, Words, words_of


def drawing(parts: str) -> Tree.Element:
    return Tree.fromstring(f'<svg xmlns="{SVG}" viewBox="0 0 100 100">{parts}</svg>')


def part(text: str) -> Tree.Element:
    return drawing(text)[0]


def stroke(text: str, **given: str) -> Stroke | None:
    return stroke_of(part(text), given, {"c": "1 2 3 4 re\nW n"})


def test_a_path_goes_over_coordinate_by_coordinate():
    path = '<path d="M10 -5.25L.5 7 C1,2 3 4 5 6z"/>'
    assert outline(part(path)) == "10 -5.25 m\n.5 7  l\n1 2 3 4 5 6 c\nh"


@pytest.mark.parametrize(
    "path",
    ["", "M", "M1", "M1 2 3 4", "M1 2h5", "M1 2l3 4", "M1 2Q1 2 3 4", "M1e2 2",
     "M1 2A1 1 0 0 0 1 1", "M1-2", "M1 2L nan 3", "M1 2px", "M1 2 Q0 0) Tj (x"],
)  # fmt: skip
def test_a_path_of_another_kind_is_left_alone(path):
    assert outline(part(f'<path d="{path}"/>')) is None
    assert stroke(f'<path d="{path}" fill="#000000"/>') is None


def test_area_and_line_are_painted_in_their_colors():
    got = stroke('<path d="M0 0L1 1" fill="#ff0000" stroke="#000033" stroke-width="1.5"/>')
    # ff is 1; 33 is 51 of 255, a fifth.
    assert got == Stroke("q\n1 0 0 rg\n0 0 0.2 RG 1.5 w\n0 0 m\n1 1 l\nB\nQ")


@pytest.mark.parametrize(
    ("paint", "command"),
    [('fill="none" stroke="#000000"', "S"), ('fill="#000000"', "f"),
     ('fill="#000000" stroke="#000000" stroke-width="0"', "f"), ("", "f")],
)  # fmt: skip
def test_what_is_painted_follows_the_style(paint, command):
    assert stroke(f'<path d="M0 0L1 1" {paint}/>').commands.split("\n")[-2] == command


def test_what_shows_nothing_writes_nothing():
    assert stroke('<path d="M0 0L1 1" fill="none"/>') == Stroke("")


def test_ends_corners_dashes_and_clip_are_told_where_they_are_not_the_usual_ones():
    got = stroke(
        '<path d="M0 0L1 1" fill="none" stroke="#000000" stroke-linecap="round" '
        'stroke-linejoin="bevel" stroke-dasharray="4,3" stroke-dashoffset="1" '
        'clip-path="url(#c)"/>'
    )
    assert got.commands == (
        "q\n1 2 3 4 re\nW n\n0 0 0 RG 1 w\n1 J\n2 j\n[4 3] 1 d\n0 0 m\n1 1 l\nS\nQ"
    )


def test_veils_are_told_beside_and_multiplied():
    got = stroke('<path d="M0 0L1 1" fill="#000000" opacity="0.5" fill-opacity="0.4"/>')
    assert (got.fill_share, got.stroke_share) == (pytest.approx(0.2), pytest.approx(0.5))
    both = '<path d="M0 0L1 1" fill="#000000" stroke="#000000" opacity="0.5"/>'
    assert stroke(both) is None  # where they overlap, one veil looks otherwise than two


@pytest.mark.parametrize(
    "strange",
    [
        'fill="url(#p)"',
        'fill="red"',
        'fill="#abc"',
        'stroke="currentColor"',
        'transform="scale(2)"',
        'clip-path="url(#none)"',
        'style="fill:red"',
        'mask="url(#m)"',
        'opacity="50%"',
        'stroke="#000000" stroke-linejoin="arcs"',
        'stroke="#000000" stroke-width="1mm"',
        'stroke="#000000" stroke-dasharray="5%"',
        'stroke="#000000" stroke-dasharray="1 -2"',
        'stroke="#000000" stroke-dasharray="0 0"',
    ],
)
def test_what_is_not_understood_is_left_to_the_library(strange):
    assert stroke(f'<path d="M0 0L1 1" {strange}/>') is None


def test_rectangles_take_over_what_they_do_not_say():
    assert stroke('<rect x="1" y="2" width="3" height="4"/>', fill="#ffffff") == Stroke(
        "q\n1 1 1 rg\n1 2 3 4 re\nf\nQ"
    )
    assert stroke('<rect width="3" height="-4"/>') is None
    assert stroke('<rect width="50%" height="4"/>') is None
    assert stroke("<circle r='3'/>") is None


def test_clips_of_one_plain_shape_are_known():
    root = drawing(
        '<defs><clipPath id="a"><rect x="1" y="2" width="3" height="4"/></clipPath>'
        '<clipPath id="two"><rect width="3" height="4"/><rect width="3" height="4"/></clipPath>'
        '<clipPath id="t" transform="scale(2)"><rect width="3" height="4"/></clipPath>'
        '<clipPath id="u"><rect width="3" height="4" transform="scale(2)"/></clipPath>'
        '<clipPath id="e"></clipPath></defs>'
    )
    assert clips_of(root) == {"a": "1 2 3 4 re\nW n"}


def test_numbers_and_colors_are_short_and_have_no_exponent():
    assert [short(number) for number in (1.0, -0.5, -1e-17, 1 / 3)] == ["1", "-0.5", "0", "0.3333"]
    assert (hex_color("#0066ff"), hex_color("none"), hex_color("blue")) == ("0 0.4 1", "", None)


def test_a_text_is_one_line_with_its_face_and_place():
    got = words_of(
        part(
            '<text x="3" y="4.5" font-size="10" fill="#ffffff" text-anchor="end">'
            " a  b\u00a0%\n</text>"
        ),
        {"font-family": "Sans"},
    )
    assert got == Words("a b\u00a0%", Face("Sans", 10.0, 400), "1 1 1", 3.0, 4.5, 1.0, "")


@pytest.mark.parametrize(
    "text",
    [
        "<text font-size='9'/>",
        "<text font-size='9'>a<tspan>b</tspan></text>",
        "<text>no size</text>",
        "<text font-size='1em'>a</text>",
        "<text font-size='9' dx='1'>a</text>",
        "<text font-size='9' x='1 2'>ab</text>",
        "<text font-size='9' fill='red'>a</text>",
        "<text font-size='9' fill='none'>a</text>",
        "<text font-size='9' text-anchor='inherit'>a</text>",
        "<text font-size='9' style='x'>a</text>",
        "<text font-size='9' font-weight='lighter'>a</text>",
    ],
)
def test_a_text_that_is_more_than_a_line_is_left_to_the_library(text):
    assert words_of(part(text), {}) is None


def test_outlined_letters_are_left_to_the_library():
    assert words_of(part("<text font-size='9'>a</text>"), {"stroke": "#000000"}) is None
