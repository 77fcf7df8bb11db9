"""Colors that every eye can tell apart, on white and on dark; figures that come out whole."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import combinations
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
import typst
from figure_texts import themed  # noqa: F401

from analysis.labels import VERDICTS
from analysis.report import theme
from analysis.results import Results

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
    seen = {code: oklab(matrix @ linear(c)) for code, c in theme.CONDITION_COLORS.items()}
    close = [(a, b) for a, b in combinations(seen, 2) if np.linalg.norm(seen[a] - seen[b]) < APART]
    assert close == []


def test_condition_colors_stand_out_on_both_pages():
    for color in (*theme.CONDITION_COLORS.values(), *theme.FURTHER_COLORS):
        assert contrast(color, theme.PAPER) >= CONTRAST_OF_GRAPHICS
        dark = theme.dark_color(color)
        assert contrast(dark, theme.dark_color(theme.PAPER)) >= CONTRAST_OF_GRAPHICS


def test_verdicts_and_text_are_readable_on_both_pages():
    for color in (*theme.VERDICT_COLORS.values(), theme.INK, theme.MUTED):
        assert contrast(color, theme.PAPER) >= CONTRAST_OF_TEXT
        dark = theme.dark_color(color)
        assert contrast(dark, theme.dark_color(theme.PAPER)) >= CONTRAST_OF_TEXT


def test_each_verdict_and_condition_has_a_shape_of_its_own():
    assert len(set(theme.VERDICT_SYMBOLS.values())) == len(VERDICTS)
    assert set(theme.VERDICT_SYMBOLS) == set(theme.VERDICT_COLORS) == set(VERDICTS)
    alone = {code: mark for code, mark in theme.CONDITION_MARKERS.items() if code != "all"}
    assert len(set(alone.values())) == len(alone)


def test_a_condition_not_known_keeps_its_further_color():
    assert theme.condition_color("knee") == theme.condition_color("knee")
    assert theme.condition_color("knee") in theme.FURTHER_COLORS
    assert theme.condition_marker("<script>") in theme.FURTHER_MARKERS


def texts(svg: str) -> str:
    """Every text of an SVG file, a line each; spans of a formula are joined."""
    found = [e for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]
    return "\n".join(re.sub(r"\n *", "", "".join(one.itertext())) for one in found)


SCORES = pd.DataFrame(
    {
        "visit": ["end", "week 4"] * 6,
        "pain": [4, 5, 3, 6, 7, 2, 4, 4, 5, 8, 3, 1],
        "arm": ["one", "one", "two"] * 4,
        "site": list("aabbccaabbcc"),
    }
)


def catplot():
    grid = sns.catplot(SCORES, x="visit", y="pain", hue="arm", col="site", height=2)
    return grid.figure, ["week 4", "arm", "one", "two", "site = c"]


def clustermap():
    wide = SCORES.pivot_table(index="site", columns="visit", values="pain")
    return sns.clustermap(wide, figsize=(4, 4)).figure, ["site", "visit", "week 4"]


def imshow():
    figure, ax = plt.subplots()
    figure.colorbar(ax.imshow(np.arange(12).reshape(3, 4)), label="how much")
    return figure, ["how much", "10"]


def mathtext():
    figure, ax = plt.subplots()
    ax.set_title(r"fall $\frac{b - a}{b} \geq 30$ percent")
    return figure, ["fall", "percent"]


def panels():
    figure, axes = plt.subplots(1, 2)
    sns.lineplot(SCORES, x="visit", y="pain", hue="arm", ax=axes[0])
    sns.move_legend(axes[0], "upper left", bbox_to_anchor=(2.6, 1), title="beyond the axes")
    axes[1].text(1.3, 0.5, "far to the right", transform=axes[1].transAxes)
    axes[1].hist(SCORES["pain"], hatch="//")
    return figure, ["beyond the axes", "far to the right"]


@pytest.mark.parametrize("draw", [catplot, clustermap, imshow, mathtext, panels])
@pytest.mark.slow
def test_any_figure_of_an_analyst_comes_out_whole(draw, tmp_path):
    """All it draws is there and inside the picture, and typst can set it."""
    figure, expected = draw()
    results = Results(tmp_path, "99_own")
    results.figure(figure, "own", title="Mine", alt="A figure of my own.")
    svg = (tmp_path / "figures" / "99_own.all.own.svg").read_text(encoding="utf-8")
    shown = texts(svg)
    assert [text for text in expected if text not in shown] == []
    root = ElementTree.fromstring(svg)
    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    figure.canvas.draw()
    box = figure.get_tightbbox().padded(0.05)
    assert (width, height) == pytest.approx((72 * box.width, 72 * box.height), abs=3)
    (tmp_path / "own.typ").write_text('#image("figures/99_own.all.own.svg", alt: "own")')
    pdf = typst.compile(tmp_path / "own.typ", font_paths=[str(theme.FONT_FOLDER)])
    assert pdf.startswith(b"%PDF")


def test_a_figure_is_the_same_bytes_twice_and_names_no_date(tmp_path):
    files = []
    for turn in ("one", "two"):
        figure, ax = plt.subplots()
        ax.bar([1, 2], [3, 4], hatch="//")
        results = Results(tmp_path / turn, "99_own")
        results.figure(figure, "own", title="Mine", alt="Two bars.")
        files.append((tmp_path / turn / "figures" / "99_own.all.own.svg").read_bytes())
    assert files[0] == files[1]
    assert b"<dc:date>" not in files[0] and b"Matplotlib v" not in files[0]


def test_texts_are_texts_in_the_font_that_comes_with_the_suite():
    figure, ax = plt.subplots()
    ax.set_xlabel("Pain reduction \N{GREATER-THAN OR EQUAL TO} 30%")
    kept = BytesIO()
    figure.savefig(kept, format="svg")
    svg = kept.getvalue().decode()
    assert "Pain reduction \N{GREATER-THAN OR EQUAL TO} 30%" in texts(svg)
    assert theme.FONT in svg
    assert {path.suffix for path in theme.FONT_FOLDER.iterdir()} >= {".ttf", ".woff2"}
