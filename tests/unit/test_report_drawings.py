"""Drawings inside the page: nothing that runs, loads, or clashes with another figure."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import seaborn as sns

from analysis.labels import CHECK_STATES, VERDICTS
from analysis.report.drawings import inline_figure, interval_bar, shapes, share_styles
from analysis.report.theme import use_theme

HOSTILE = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 10 5" onload="alert(1)"><script>alert(1)</script><style>*{display:none}</style>
 <foreignObject><b xmlns="http://www.w3.org/1999/xhtml">x</b></foreignObject>
 <image href="http://x/y.png"/><a xlink:href="javascript:alert(1)"><text>kept out</text></a>
 <defs><path id="m" d="M0 0"/><clipPath id="c"><rect width="1" height="1"/></clipPath></defs>
 <use xlink:href="#m" onclick="x"/><use href="http://x#m"/>
 <path d="M0 0L1 1" clip-path="url(#c)" fill="url(http://x)" style="background:url(http://x)"/>
 <text x="1">a &lt; b</text></svg>"""


def drawn(folder: Path, stem: str, text: str = HOSTILE) -> str:
    (folder / f"{stem}.svg").write_text(text)
    return inline_figure(folder / f"{stem}.svg", alt='says "it" & more')


def test_what_runs_or_loads_is_left_out(tmp_path):
    svg = drawn(tmp_path, "a")
    for part in (
        "script",
        "alert",
        "http:",
        "display",
        "foreign",
        "onload",
        "onclick",
        "<a",
        "kept",
    ):
        assert part not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert 'aria-label="says &quot;it&quot; &amp; more"' in svg
    assert "a &lt; b" in svg
    assert 'width="10"' in svg


def test_names_within_a_figure_are_its_own(tmp_path):
    one, two = (set(re.findall(r' id="([^"]+)"', drawn(tmp_path, name))) for name in "ab")
    assert len(one) == len(two) == 2
    assert not one & two
    found = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawn(tmp_path, "a"))
    assert {first or second for first, second in found} == one


@pytest.mark.parametrize(
    "text", ["<svg", "", "<svg xmlns='http://www.w3.org/2000/svg' viewBox='1'/>"]
)
def test_what_is_no_drawing_is_not_shown(text, tmp_path):
    assert drawn(tmp_path, "broken", text) == ""
    assert inline_figure(tmp_path / "none.svg", alt="") == ""


def test_colors_of_the_theme_turn_over_on_a_dark_page_and_others_stay(tmp_path):
    svg = drawn(
        tmp_path, "a", HOSTILE.replace('fill="url(http://x)"', 'fill="#1d2733" stroke="#12ab34"')
    )
    assert "fill:var(--1d2733)" in svg
    assert "stroke:#12ab34" in svg


def made_by_an_analyst() -> dict[str, plt.Figure]:
    use_theme()
    rng = np.random.default_rng(1)
    tips = {"score": rng.normal(5, 1, 60), "visit": ["a", "b", "c"] * 20, "arm": ["x", "y"] * 30}
    image, axes = plt.subplots(1, 2)
    axes[0].imshow(rng.random((5, 5)))
    axes[1].set_title(r"$\alpha^2$", parse_math=True)
    return {
        "catplot": sns.catplot(tips, x="visit", y="score", hue="arm", kind="strip").figure,
        "clustermap": sns.clustermap(rng.random((6, 6))).figure,
        "imshow": image,
    }


@pytest.mark.slow
def test_any_figure_of_an_analyst_comes_out_complete(tmp_path):
    for name, fig in made_by_an_analyst().items():
        path = tmp_path / f"{name}.svg"
        fig.savefig(path, format="svg")
        source, svg = path.read_text(encoding="utf-8"), inline_figure(path, alt=name)
        for tag in ("path", "text", "image", "use"):
            assert svg.count(f"<{tag} ") == source.count(f"<{tag} "), (name, tag)
        assert "<image" in svg or name == "catplot"
        assert "arm" in svg or name != "catplot"  # its legend
        plt.close(fig)


def test_each_verdict_and_each_state_of_a_check_has_a_shape_of_its_own():
    made = shapes()
    for codes in (VERDICTS, CHECK_STATES):
        outlines = {re.search(r"<(circle|path) [^>]*>", made[code])[0] for code in codes}
        assert len(outlines) == len(codes)


def test_a_small_interval_needs_a_value_and_a_known_axis():
    assert interval_bar(None, None, None, unit="share") == ""
    assert interval_bar(1.0, 0.5, 2.0, unit="ratio") == ""
    assert 'class="band"' in interval_bar(0.5, 0.4, 0.6, unit="share", band=(0.7, None))


def test_styles_of_drawings_stand_once_in_the_head():
    drawn = '<svg class="fig"><path style="fill:red" /><path style="fill:red" /></svg>'
    page = f'<html><head></head><p style="x">{drawn}</p></html>'
    assert share_styles(page) == (
        '<html><head><style>.g0{fill:red}</style></head><p style="x">'
        '<svg class="fig"><path class="g0" /><path class="g0" /></svg></p></html>'
    )
    assert share_styles("<head></head>no drawing") == "<head></head>no drawing"
