"""Figures on relief: what is drawn from curves, spans and results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from figure_texts import svg_of, texts_of, themed  # noqa: F401

from analysis.labels import visit_week
from analysis.report import theme
from analysis.report.relief_figures import (
    LEAST_APART,
    plot_boosters,
    plot_incidence,
    plot_relief_curve,
    plot_series,
    plot_shapes,
    plot_strategies,
    plot_swimmer,
)
from analysis.results import make_results
from analysis.stats.survival import estimate_cumulative_incidence, estimate_kaplan_meier

REGIONS = pd.DataFrame({"left": [1.0, 4, 12], "right": [3.0, 4, np.inf], "mass": [0.3, 0.5, 0.2]})
AT_RISK = {0: 40, 4: 28, 8: 8, 12: 8, 26: 0}
SHAPES = pd.DataFrame(
    {"shape": ["weibull"] * 2 + ["lognormal"] * 2, "week": [0, 26] * 2, "share": [1, 0.1, 1, 0.2]}
)
TIME = [1.0, 2, 2, 4, 8, 13, 20, 26, 30, 5]
CAUSE = [1, 1, 2, 1, 0, 2, 1, 0, 0, 0]
INCIDENCE = estimate_cumulative_incidence(TIME, CAUSE, causes=(1, 2)).frame
SPANS = pd.DataFrame(
    {
        "LDY": [28.0, 84, 0, 56],
        "BADDY": [56.0, np.inf, 28, np.inf],
        "BOOSTDY": [np.inf, np.inf, 35, 42],
        "USUBJID": ["anna-1", "bert-2", "carl-3", "dora-4"],
    }
)
COUNTS = pd.DataFrame(
    {
        "week": [4.0, 9, 20],
        "mean": [0.1, 0.3, 0.5],
        "low": [0.05, 0.2, 0.3],
        "high": [0.2, 0.5, 0.8],
    }
)


def row(measure: str, **keys) -> dict:
    return {
        "measure": measure, "condition": "crps", "population": "responders", "value": 6.5,
        "low": 4.0, "high": 12.0, "level": 0.95, "n": 74, "unit": "weeks", "method": "npmle",
        **keys,
    }  # fmt: skip


STRATEGIES = make_results(
    [
        row("relief_duration", definition="booster_ignored", value=6.8),
        row("relief_duration", definition="booster_as_loss"),
        row("relief_duration", definition="booster_competing", value=None, high=None,
            status="not reached"),
        *(
            row("relieved_share", definition=name, visit=f"week_{week}", unit="share", value=share,
                low=share - 0.1, high=share + 0.1)
            for name in ("booster_as_loss", "booster_ignored")
            for week, share in ((2, 0.88), (8.7, 0.41))
        ),
    ]
)  # fmt: skip
SERIES = make_results(
    row("series_relief", group_by="series", group=str(number), high=high)
    for number, high in ((1, 12.0), (2, None))
)
SHARES = make_results(
    row("relieved_share", visit=f"week_{week}", unit="share", value=0.5, low=0.4, high=high)
    for week, high in ((4, 0.6), (8, None))
)

FIGURES = {
    "relief": lambda: plot_relief_curve(
        REGIONS, shares=SHARES, kaplan_meier=estimate_kaplan_meier(TIME, [1] * 10).frame,
        seen=AT_RISK, condition="crps", median="4 weeks",
    ),
    "shapes": lambda: plot_shapes(REGIONS, SHAPES, seen=AT_RISK, condition="crps"),
    "incidence": lambda: plot_incidence(INCIDENCE, seen=AT_RISK, condition="crps"),
    "swimmer": lambda: plot_swimmer(SPANS, condition="crps"),
    "boosters": lambda: plot_boosters(COUNTS, at_risk=AT_RISK, condition="crps"),
    "strategies": lambda: plot_strategies(STRATEGIES),
    "series": lambda: plot_series(SERIES),
}  # fmt: skip
NOTHING = {
    "relief": lambda: plot_relief_curve(REGIONS[:0]),
    "shapes": lambda: plot_shapes(REGIONS[:0], SHAPES[:0]),
    "incidence": lambda: plot_incidence(INCIDENCE[:0]),
    "swimmer": lambda: plot_swimmer(SPANS[:0]),
    "boosters": lambda: plot_boosters(COUNTS[:0]),
    "strategies": lambda: plot_strategies(STRATEGIES[:0]),
    "series": lambda: plot_series(SERIES[:0]),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.slow
def test_a_figure_is_the_same_bytes_twice(name):
    assert svg_of(FIGURES[name]()) == svg_of(FIGURES[name]())


@pytest.mark.parametrize("name", NOTHING)
def test_a_figure_of_nobody_says_so(name):
    (told,) = [text for text in texts_of(NOTHING[name]()) if text]
    assert told.startswith("There is no") or told.startswith("There are no")


@pytest.mark.parametrize("name", ["relief", "incidence", "boosters", "shapes"])
def test_the_number_followed_stands_under_the_weeks(name):
    shown = texts_of(FIGURES[name]())
    at = shown.index("Still followed" if name == "boosters" else "Seen with relief, then or later")
    assert shown[at + 1 : at + 6] == ["40", "28", "8", "8", "0"]


@pytest.mark.parametrize(
    ("clock", "after"),
    [("end_of_series", "the end of the series"), ("first_response", "the first rating with relief"),
     ("start", "the first infusion")],
)  # fmt: skip
def test_axes_name_the_clock(clock, after):
    curve = plot_relief_curve(REGIONS, clock=clock)
    others = [plot_shapes(REGIONS, SHAPES, clock=clock), plot_incidence(INCIDENCE, clock=clock)]
    for ax in (curve, *others):
        assert ax.get_xlabel() == f"Weeks after {after}"


def test_relief_is_a_line_where_known_and_a_box_where_not():
    ax = plot_relief_curve(REGIONS, condition="crps", cited_weeks=())
    (box,) = [one.get_paths()[0].get_extents() for one in ax.collections]
    assert (box.x0, box.x1, box.y0, box.y1) == (1, 3, 0.7, 1)
    lines = [line.get_xydata().tolist() for line in ax.lines]
    assert lines == [
        [[0, 1], [1, 1]],
        [[1, 1], [3, 0.7]],  # dotted: somewhere in the box
        [[3, 0.7], [4, 0.7]],
        [[4, 0.7], [4, pytest.approx(0.2)]],
        [[4, pytest.approx(0.2)], [12, pytest.approx(0.2)]],  # the last look
    ]
    assert ax.lines[1].get_linestyle() == ":"


def test_relief_that_everybody_loses_stays_at_none():
    ends = pd.DataFrame({"left": [1.0, 2.0], "right": [2.0, 3.0], "mass": [0.7, 0.3]})
    ax = plot_relief_curve(ends, cited_weeks=())
    assert ax.lines[-1].get_xydata().tolist() == [[3, 0], [ax.get_xlim()[1], 0]]


def test_axes_follow_the_schedule():
    """Months 1, 6 and 12 are weeks 4.35, 26.1 and 52.2; the axis reaches the last."""
    months = {0.0: 9, visit_week("month_1"): 8, visit_week("month_6"): 4, visit_week("month_12"): 1}
    ax = plot_relief_curve(REGIONS, seen=months)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "4.35", "26.1", "52.2"]
    assert ax.get_xlim()[1] > 52
    shares = STRATEGIES[STRATEGIES["measure"] == "relieved_share"].assign(visit="month_3")
    assert "Month 3" in texts_of(plot_strategies(shares))


@pytest.mark.slow
def test_relief_shows_kaplan_meier_intervals_and_cited_weeks():
    shown = texts_of(FIGURES["relief"]())
    assert {"Known from visits, median 4 weeks", "Between visits: anywhere in the box",
            "Kaplan-Meier: loss at the visit", "95% CI", "2 weeks",
            "8.7 weeks"} <= set(shown)  # fmt: skip


def test_curves_of_several_conditions_have_their_names_and_colors():
    both = pd.concat([REGIONS.assign(condition="crps"), REGIONS.assign(condition="fbss")])
    ax = plot_relief_curve(both, labels={"crps": "Complex", "fbss": "Back"}, cited_weeks=())
    assert {"Complex", "Back"} <= set(texts_of(ax))
    colors = {line.get_color() for line in ax.lines}
    assert colors == {theme.condition_color("crps"), theme.condition_color("fbss")}


def test_fitted_shapes_are_named_and_told_apart_by_their_line():
    ax = FIGURES["shapes"]()
    assert {"Weibull", "Log-normal"} <= set(texts_of(ax))
    fitted = [line for line in ax.lines if line.get_label() in ("Weibull", "Log-normal")]
    assert len({line.get_linestyle() for line in fitted}) <= 2
    assert {line.get_color() for line in fitted} == {theme.INK}


def test_medians_stand_with_n_and_interval_from_strictest_to_mildest():
    figure = FIGURES["strategies"]()
    shown = texts_of(figure)
    order = ["6.5 weeks, n = 74", "not reached", "6.8 weeks, n = 74"]
    assert [text for text in shown if text in order] == order
    assert "4 to 12 weeks" in shown and "4 weeks to not reached" in shown
    assert [ax.get_title(loc="center") for ax in figure.axes[1:]] == ["Week 2", "Week 8.7"]
    assert shown.count("88%") == shown.count("41%") == 2


def test_series_stand_in_the_order_of_their_number():
    ax = FIGURES["series"]()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Series 1", "Series 2"]
    arrows = [one.arrow_patch for one in ax.texts if one.arrow_patch is not None]
    assert len(arrows) == 1  # the open upper limit of the second


def test_incidence_fills_the_height_and_names_each_cause_with_its_share():
    ax = FIGURES["incidence"]()
    shown = texts_of(ax)
    assert {"Still relieved", "Lost relief", "Booster first", "At week 26"} <= set(shown)
    last = INCIDENCE[INCIDENCE["week"] <= 26].iloc[-1]
    for name, share in (("Lost relief", last[1]), ("Booster first", last[2])):
        assert shown[shown.index(name) + 1] == f"{100 * share:.0f}%"
    tops = ax.collections[-1].get_paths()[0].get_extents()
    assert tops.y1 == pytest.approx(1.0)


def test_incidence_of_everybody_leaves_none_relieved():
    frame = pd.DataFrame(
        {"week": [0.0, 3.0], "lost": [0, 0.7], "moved": [0, 0.2], "other": [0, 0.1]}
    )
    shown = texts_of(plot_incidence(frame))
    assert shown[shown.index("Still relieved") + 1] == "0%"
    assert {"Lost", "Moved", "Other", "At week 3"} <= set(shown)


def test_labels_of_thin_areas_keep_apart():
    frame = pd.DataFrame({"week": [0.0, 3.0], "a": [0, 0.97], "b": [0, 0.01], "c": [0, 0.01]})
    ax = plot_incidence(frame)
    heights = [one.xyann[1] for one in ax.texts if "\n" in one.get_text()]
    assert np.diff(heights).min() >= LEAST_APART - 1e-9


@pytest.mark.slow
def test_the_swimmer_shows_length_and_kind_but_no_patient():
    ax = FIGURES["swimmer"]()
    shown = texts_of(ax)
    assert not any(name in svg_of(ax) for name in SPANS["USUBJID"])
    assert {
        "Relief seen", "Seen after a booster", "Lost somewhere in here", "First booster",
        "First rating without relief", "Still relieved at the last look",
    } <= set(shown)  # fmt: skip
    relief = ax.containers[0]
    # the fourth was relieved to week 8, but from week 6 on a booster may have kept it up
    assert [bar.get_width() for bar in relief] == [12, 6, 4, 0]
    assert plot_order(SPANS) == plot_order(SPANS[::-1])


def plot_order(spans: pd.DataFrame) -> list[float]:
    return [bar.get_width() for bar in plot_swimmer(spans).containers[0]]


def test_the_swimmer_explains_only_what_is_drawn():
    shown = texts_of(plot_swimmer(SPANS[1:2]))
    assert "Relief seen" in shown and "First booster" not in shown


def test_the_swimmer_refuses_more_than_can_be_read():
    with pytest.raises(ValueError, match="31 spans are too many"):
        plot_swimmer(pd.concat([SPANS[:1]] * 31))


def test_boosters_are_named_at_their_end():
    ax = FIGURES["boosters"]()
    assert "0.50 by week 20" in texts_of(ax)
    assert ax.lines[0].get_xydata()[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plot_relief_curve(pd.DataFrame({"left": [5.0], "right": [np.inf], "mass": [1.0]})),
        lambda: plot_relief_curve(pd.DataFrame({"left": [0.0], "right": [80.0], "mass": [1.0]})),
        lambda: plot_incidence(INCIDENCE[:1]),
        lambda: plot_boosters(COUNTS.assign(mean=0.0, low=np.nan, high=np.nan)),
        lambda: plot_swimmer(SPANS.assign(BADDY=np.nan, BOOSTDY=np.nan)),
        lambda: plot_series(SERIES.assign(value=np.nan, low=np.nan, high=np.nan,
                                          status="not estimable")),
        lambda: plot_strategies(STRATEGIES[STRATEGIES["measure"] == "relief_duration"]),
    ],
)  # fmt: skip
def test_odd_cases_are_drawn_without_a_warning(draw):
    assert texts_of(draw())
