"""Colours told apart by every eye, on white and on dark; nothing global left changed."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from analysis.display import palette
from analysis.wording import words

CONTRAST_OF_GRAPHICS = 3.0  # WCAG 2.2, 1.4.11
CONTRAST_OF_TEXT = 4.5  # WCAG 2.2, 1.4.3
APART = 0.07  # distance in OKLab; about three times a just noticeable difference (0.02)

# Machado, Oliveira and Fernandes (2009), table 1, severity 1.0: linear RGB as seen.
SEEN_AS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "full color vision": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}


def linear(color: str) -> np.ndarray:
    part = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light = [float(linear(color) @ [0.2126, 0.7152, 0.0722]) + 0.05 for color in (one, other)]
    return max(light) / min(light)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson (2020), bottosson.github.io/posts/oklab."""
    cone = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    ) @ rgb.clip(0, 1)
    return np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    ) @ np.cbrt(cone)


@pytest.mark.parametrize("eye", SEEN_AS)
def test_condition_colors_stay_apart_for_every_eye(eye):
    matrix = np.array(SEEN_AS[eye])
    seen = {code: oklab(matrix @ linear(c)) for code, c in palette.CONDITION_COLORS.items()}
    close = [(a, b) for a, b in combinations(seen, 2) if np.linalg.norm(seen[a] - seen[b]) < APART]
    assert close == []


def test_condition_colors_stand_out_on_both_pages():
    for color in (*palette.CONDITION_COLORS.values(), *palette.FURTHER_COLORS):
        assert contrast(color, palette.PAPER) >= CONTRAST_OF_GRAPHICS
        dark = palette.dark_color(color)
        assert contrast(dark, palette.dark_color(palette.PAPER)) >= CONTRAST_OF_GRAPHICS


def test_verdicts_and_text_are_readable_on_both_pages():
    for color in (*palette.VERDICT_COLORS.values(), palette.INK, palette.MUTED):
        assert contrast(color, palette.PAPER) >= CONTRAST_OF_TEXT
        dark = palette.dark_color(color)
        assert contrast(dark, palette.dark_color(palette.PAPER)) >= CONTRAST_OF_TEXT


def test_each_verdict_and_condition_has_a_shape_of_its_own():
    assert len(set(palette.VERDICT_SYMBOLS.values())) == len(words.VERDICTS)
    assert set(palette.VERDICT_SYMBOLS) == set(palette.VERDICT_COLORS) == set(words.VERDICTS)
    alone = {code: mark for code, mark in palette.CONDITION_MARKERS.items() if code != "all"}
    assert len(set(alone.values())) == len(alone)


def test_a_condition_not_known_keeps_its_further_color():
    assert palette.condition_color("knee") == palette.condition_color("knee")
    assert palette.condition_color("knee") in palette.FURTHER_COLORS
    assert palette.condition_marker("<script>") in palette.FURTHER_MARKERS


def test_the_theme_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    with palette.theme():
        assert mpl.rcParams["svg.hashsalt"] == palette.HASH_SALT
    assert dict(mpl.rcParams) == before


def test_words_agree_with_the_table_of_conditions():
    table = Path(__file__).parents[2] / "data" / "conditions.csv"
    with table.open(encoding="utf-8") as lines:
        subtypes = {row["subtype"]: row["subtype_label"] for row in csv.DictReader(lines)}
    subtypes.pop("")
    assert {code: words.GROUPS[code] for code in subtypes} == subtypes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a b"),
        ("  two \n lines ", "two lines"),
        ("x" * 80, "x" * 59 + "…"),
        ("<b>", "<b>"),
        ("\x00\x1b[31m", "[31m"),
        ("🙂", "🙂"),
        ("", ""),
    ],
)
def test_plain_text_shows_no_control_or_direction_signs(text, shown):
    assert words.plain_text(text) == shown


@pytest.mark.parametrize(
    ("visit", "week"),
    [
        ("week_12", 12.0),
        ("end", 0.0),
        ("baseline", None),
        ("week_x", None),
        ("week_\u00b2", None),
        ("", None),
    ],
)
def test_weeks_of_visits(visit, week):
    assert words.visit_week(visit) == week
