"""Figures: the same bytes twice, alt text with the numbers, odd input drawn or said."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from test_report_inputs import LABELS, judgements, other_rows, responder_rows, share

from analysis.display import figures
from analysis.display.figures.canvas import svg_bytes
from analysis.display.figures.slim import slim_svg
from analysis.outcomes.rows import find_rows

BAND = figures.CitedBand(low=0.7, high=0.85)
CURVE = figures.CurveToDraw(
    label="CRPS",
    condition="crps",
    times=[2.0, 6.0, 13.0],
    survival=[0.9, 0.5, 0.25],
    low=[0.8, 0.4, 0.15],
    high=[0.95, 0.6, 0.35],
    at_risk_weeks=[0, 4, 8],
    at_risk=[40, 36, 20],
    median_text="6 weeks",
)
ROWS = [*responder_rows("crps"), *other_rows("crps")]
RATES = find_rows(ROWS, measure="responder_share", group_by="all")
CUMULATIVE = find_rows(ROWS, measure="cumulative_responder_share")
SCORES = find_rows(ROWS, measure="score_mean")
REDUCTIONS = find_rows(ROWS, measure="percent_reduction")

GROUPS = [
    share(60, 120, condition="crps", threshold_pct=30.0),
    share(40, 60, condition="crps", threshold_pct=30.0, group_by="subtype", group="type_1"),
    share(20, 60, condition="crps", threshold_pct=30.0, group_by="subtype", group="type_2"),
    share(3, 8, condition="crps", threshold_pct=30.0, group_by="protocol", group="high_dose"),
    share(0, 0, condition="crps", threshold_pct=30.0, group_by="protocol", group="standard"),
]

DRAWN = {
    "rates": lambda: figures.draw_responder_rates(RATES, labels=LABELS, cited=BAND),
    "reductions": lambda: figures.draw_reduction_definitions(REDUCTIONS, labels=LABELS),
    "subgroups": lambda: figures.draw_subgroups(GROUPS, labels=LABELS),
    "waterfall": lambda: figures.draw_waterfall([50.0, 30.0, -20.0, math.nan]),
    "cumulative": lambda: figures.draw_cumulative_responders(CUMULATIVE, labels=LABELS),
    "trajectories": lambda: figures.draw_trajectories(SCORES, labels=LABELS),
    "verdicts": lambda: figures.draw_verdict_strip(judgements(ROWS), labels=LABELS),
}
EMPTY = {
    "rates": lambda: figures.draw_responder_rates([], labels=LABELS),
    "reductions": lambda: figures.draw_reduction_definitions([], labels=LABELS),
    "subgroups": lambda: figures.draw_subgroups([], labels=LABELS),
    "waterfall": lambda: figures.draw_waterfall([]),
    "cumulative": lambda: figures.draw_cumulative_responders([], labels=LABELS),
    "trajectories": lambda: figures.draw_trajectories([], labels=LABELS),
    "verdicts": lambda: figures.draw_verdict_strip([], labels=LABELS),
}


def texts(figure) -> str:
    """Every text of a figure's SVG."""
    return " ".join(ElementTree.fromstring(svg_bytes(figure)).itertext())


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_the_same_bytes_twice(name, tmp_path):
    before = dict(mpl.rcParams)
    first = figures.save_figure(DRAWN[name](), tmp_path / "one", name)
    second = figures.save_figure(DRAWN[name](), tmp_path / "two", name)
    assert [path.suffix for path in first] == [".svg", ".png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        f"{name}.png",
        f"{name}.svg",
    ]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", EMPTY)
def test_a_figure_of_nothing_says_so(name):
    assert "There " in texts(EMPTY[name]())


def test_a_forest_names_groupings_counts_and_whether_groups_overlap():
    drawn = texts(DRAWN["subgroups"]())
    for said in ("Subtype", "Protocol", "Type I, ≥ 30 %", "40 of 60 (67 %)", "no patients"):
        assert said in drawn
    assert "3 of 8" in drawn
    assert "3 of 8 (" not in drawn
    told = figures.describe_subgroups(GROUPS, labels=LABELS)
    assert told.startswith("Responders by subgroup. Not all intervals of the subgroups overlap.")
    assert "Type II, at least 30 %: 20 of 60 (33 %), 95 % interval 25 % to 41 %" in told
    near = [GROUPS[1], share(38, 60, condition="crps", threshold_pct=30.0, group_by="subtype",
                             group="type_2")]  # fmt: skip
    assert "All intervals of the subgroups overlap" in figures.describe_subgroups(
        near, labels=LABELS
    )
    assert "no rows" in figures.describe_subgroups([], labels=LABELS)


def test_a_slim_drawing_keeps_its_texts_and_shapes():
    before = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     viewBox="0 0 10.25 5" version="1.1"><metadata>m</metadata><defs><style>*{}</style>
     <path id="m" d="M 0 0 L 1.23456 -0.00001"/></defs><g id="figure_1"><g id="axes_1">
     <use xlink:href="#m" x="1.26" style="fill: #1d2733; stroke: none; color: red"/>
     <text style="font-size: 9px; font-family: x" transform="rotate(-0 1 2)">a &amp; b</text>
     <text transform="rotate(-90 1.111 2)">up</text></g></g></svg>"""
    after = slim_svg(before, fonts="'F', sans-serif")
    assert after == (
        '<svg viewBox="0 0 10.25 5" font-family="\'F\', sans-serif" stroke-linejoin="round" '
        'stroke-linecap="butt" xmlns="http://www.w3.org/2000/svg"><defs><path id="m" '
        'd="M0 0L1.2 0"/></defs><use x="1.3" fill="#1d2733" stroke="none" href="#m"/>'
        '<text font-size="9">a &amp; b</text><text transform="rotate(-90 1.1 2)">up</text></svg>'
    )


def test_svg_names_no_date_no_maker_and_loads_nothing():
    svg = svg_bytes(DRAWN["rates"]()).decode()
    assert "dc:date" not in svg
    assert "atplotlib v" not in svg
    links = [
        value
        for element in ElementTree.fromstring(svg).iter()
        for key, value in element.attrib.items()
        if key.endswith("href")
    ]
    assert all(link.startswith("#") for link in links)


def test_rates_print_n_and_the_band():
    drawn = texts(DRAWN["rates"]())
    assert "91 of 140 (65 %)" in drawn
    assert "cited 70 % to 85 %" in drawn


def test_rates_are_described_with_their_place_against_the_band():
    rows = [
        share(60, 100, condition="crps", threshold_pct=30.0, half=0.05),
        share(78, 100, condition="crps", threshold_pct=30.0, half=0.05, population="observed"),
        share(70, 100, condition="crps", threshold_pct=30.0, half=0.05, population="worst_case"),
        share(95, 100, condition="crps", threshold_pct=30.0, half=0.05, population="best_case"),
    ]
    told = figures.describe_responder_rates(rows, labels=LABELS, cited=BAND)
    assert told == (
        "Responder rates, Complex regional pain syndrome. "
        "all who started: 60 of 100 (60 %), 95 % interval 55 % to 65 %; "
        "wholly below the cited 70 % to 85 %. "
        "only those seen: 78 of 100 (78 %), 95 % interval 73 % to 83 %; "
        "inside the cited 70 % to 85 %. "
        "worst case: 70 of 100 (70 %), 95 % interval 65 % to 75 %; "
        "overlaps the cited 70 % to 85 %. "
        "best case: 95 of 100 (95 %), 95 % interval 90 % to 100 %; "
        "wholly above the cited 70 % to 85 %."
    )


def test_bands_of_several_conditions_stay_with_their_rows():
    rows = [
        share(1, 20, condition="crps"),
        share(5, 20, condition="fibromyalgia"),
        share(0, 0, condition="central"),
    ]
    drawn = texts(figures.draw_responder_rates(rows, labels=LABELS, cited={"crps": BAND}))
    assert drawn.count("cited 70 % to 85 %") == 1
    assert "no patients" in drawn
    told = figures.describe_responder_rates(rows, labels=LABELS, cited={"crps": BAND})
    assert told.count("cited") == 1


def test_waterfall_counts_thresholds_exactly_and_the_unseen():
    # (6.0 - 4.2) / 6.0 is 29.999999999999996 in binary: a fall of 30 %.
    change = [100 * (6.0 - 4.2) / 6.0, 50.0, 10.0, 0.0, -5.0, -140.0, *[math.nan] * 4]
    assert figures.describe_waterfall(change, who="CRPS") == (
        "Waterfall of CRPS: of 10 patients, 2 of 10 (20 %) fell by 30 % or more; 1 of 10 (10 %) "
        "fell by 50 % or more; 2 had more pain than at baseline; 1 of them more than doubled and "
        "their bars are cut; 4 were not seen."
    )
    assert "4 not seen" in texts(figures.draw_waterfall(change))


@pytest.mark.parametrize(
    "change", [[math.nan] * 3, [55.0], [-500.0], list(np.linspace(-100, 100, 21_658))]
)
def test_waterfall_of_odd_sizes_stays_small(change):
    assert len(svg_bytes(figures.draw_waterfall(change))) < 100_000


def test_cumulative_curve_is_read_at_the_thresholds():
    rows = [
        share(
            k,
            100,
            condition="crps",
            threshold_pct=t,
            half=0.1,
            measure="cumulative_responder_share",
        )
        for t, k in ((0.0, 80), (30.0, 60), (50.0, 40))
    ]
    assert figures.describe_cumulative_responders(rows, labels=LABELS) == (
        "Cumulative responder curve, Complex regional pain syndrome. at least 30 %: "
        "60 of 100 (60 %), 95 % interval 50 % to 70 %. at least 50 %: "
        "40 of 100 (40 %), 95 % interval 30 % to 50 %."
    )


def test_trajectories_print_n_under_each_visit():
    drawn = texts(DRAWN["trajectories"]())
    assert "Patients seen" in drawn
    assert drawn.count("120") == len(SCORES)
    told = figures.describe_trajectories(SCORES, labels=LABELS)
    assert "baseline: 7.2, 95 % interval 6.8 to 7.6, n = 120" in told


def test_visits_without_a_week_are_drawn_in_the_order_given():
    rows = [r for r in SCORES if r.visit in ("baseline", "end")]
    from dataclasses import replace

    rows = [*rows, replace(rows[0], visit="half_year")]
    assert "half year" in texts(figures.draw_trajectories(rows, labels=LABELS))


@pytest.mark.parametrize(
    ("week", "expected"),
    [(0, 1.0), (1.9, 1.0), (2, 0.9), (6, 0.5), (12, 0.5), (13, 0.25), (14, None)],
)
def test_a_relief_curve_is_read_as_steps(week, expected):
    assert CURVE.share_at(week) == expected


def test_a_curve_of_unequal_arrays_is_refused():
    with pytest.raises(ValueError, match="differ in length"):
        figures.CurveToDraw(label="x", times=[1.0, 2.0], survival=[1.0])


def test_verdicts_are_drawn_by_word_and_shape_and_described():
    drawn = texts(DRAWN["verdicts"]())
    for said in ("◆ Undecided", "▼ Falls short", "× Not testable", "● Meets", "to not reached"):
        assert said in drawn
    told = figures.describe_verdict_strip(judgements(ROWS), labels=LABELS)
    assert (
        "Fibromyalgia: cited 40-60 %, ours 34.1 % (28.6 % to 39.6 %), n = 101: falls short" in told
    )
    assert "ours no patients: not testable" in told


HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()",
    "$\\frac{1$",
    "a\u202eb",
    "🙂 日本",
    "n" * 10_000,
    "",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_drawn_harmlessly(name):
    rows = [
        share(20, 40, condition="crps", group_by="site", group=name),
        share(10, 40, condition=name, group_by="site", group="other"),
    ]
    svg = svg_bytes(
        figures.draw_responder_rates(rows, labels={"crps": name}, title=name, cited=BAND)
    )
    assert not [e for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("script")]
    assert len(svg) < 60_000


def test_a_shown_figure_carries_its_alt_text():
    shown = figures.show_figure(DRAWN["waterfall"](), 'of "4" <patients>')
    html = shown._repr_html_()
    assert 'alt="of &quot;4&quot; &lt;patients&gt;"' in html
    assert "data:image/svg+xml;base64," in html
    assert shown._repr_mimebundle_()["text/plain"] == 'of "4" <patients>'
