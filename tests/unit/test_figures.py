"""Figures of rates, reductions and verdicts: what is drawn from a frame."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_texts import height_of, svg_of, texts_of, themed  # noqa: F401

from analysis.claims.multiverse import Multiverse
from analysis.report import figures, theme
from analysis.report.figures import (
    plot_cumulative,
    plot_forest,
    plot_rates,
    plot_reductions,
    plot_specifications,
    plot_trajectories,
    plot_verdicts,
    plot_waterfall,
)
from analysis.results import COLUMNS, make_results

LABELS = {"crps": "Complex regional pain syndrome", "fibromyalgia": "Fibromyalgia"}


def share(n_events: int, n: int, **keys) -> dict:
    value = n_events / n
    return {
        "measure": "responder_share", "condition": "crps", "population": "all_starters",
        "threshold_pct": 30.0, "value": value, "low": max(0.0, value - 0.1),
        "high": min(1.0, value + 0.1), "level": 0.95, "n": n, "n_events": n_events,
        "unit": "share", "method": "wilson", **keys,
    }  # fmt: skip


def results(*rows: dict) -> pd.DataFrame:
    return make_results(rows)


RATES = results(
    share(28, 50), share(28, 44, population="observed"), share(12, 50, threshold_pct=50.0)
)
SCORES = results(*(
    {"measure": "score_mean", "condition": "crps", "visit": visit, "value": value, "unit": "score",
     "low": value - 0.5, "high": value + 0.5, "n": n, "method": "t"}
    for visit, value, n in (("week_26", 5.8, 31), ("baseline", 7.4, 50), ("end", 4.9, 44))
))  # fmt: skip
ADPAIN = pd.DataFrame(
    {
        "PCHG": [-100.0, -50, -100 * (10 - 7) / 10, -29.9, 0, 12, -60, np.nan, np.nan],
        "BOOSTFL": [False] * 6 + [True, False, True],
    }
)


def judgement(**keys) -> dict:
    return {
        "condition": "crps", "cited_low": 0.7, "cited_high": 0.85, "cited_text": "70-85%",
        "value": 0.54, "low": 0.46, "high": 0.62, "n": 137, "unit": "share",
        "verdict": "falls short", "status": "estimated", "firmness": "firm", "imputed": None,
        "judged_low": keys.get("low", 0.46), "judged_high": keys.get("high", 0.62), **keys,
    }  # fmt: skip


JUDGEMENTS = pd.DataFrame(
    [
        judgement(),
        judgement(condition="fibromyalgia", value=None, low=None, high=None, n=0, unit="percent",
                  cited_low=40.0, cited_high=60.0, verdict="not testable", status="no patients",
                  firmness=""),
        judgement(condition="all", value=6.4, low=4.0, high=None, n=291, unit="weeks",
                  cited_low=2.0, cited_high=None, cited_text="weeks to months", verdict="meets"),
    ]
)  # fmt: skip


def multiverse(k: int = 12) -> Multiverse:
    value = np.linspace(0.2, 0.9, k)
    readings = pd.DataFrame(
        {
            "outcome": ["30", "50", "two_points"] * (k // 3),
            "visit": ["end"] * k,
            "interval": ["wilson"] * (k // 2) + ["exact"] * (k // 2),
            "value": value,
            "low": value - 0.1,
            "high": value + 0.1,
            "n": 50,
            "verdict": np.select([value > 0.8, value < 0.6], ["meets", "falls short"], "undecided"),
            "is_headline": np.arange(k) == 2,
        }
    )
    return Multiverse(claim_id="C1", condition="crps", unit="share", floor=0.7, ceiling=0.85,
                      level=0.95, readings=readings)  # fmt: skip


FIGURES = {
    "rates": lambda: plot_rates(RATES, cited={"crps": (0.7, 0.85)}, labels=LABELS),
    "reductions": lambda: plot_reductions(RATES.assign(unit="percent")),
    "forest": lambda: plot_forest(RATES, labels=LABELS),
    "waterfall": lambda: plot_waterfall(ADPAIN, condition="crps"),
    "cumulative": lambda: plot_cumulative(RATES, labels=LABELS),
    "trajectories": lambda: plot_trajectories(SCORES, labels=LABELS),
    "verdicts": lambda: plot_verdicts(JUDGEMENTS, labels=LABELS),
    "specifications": lambda: plot_specifications(multiverse()),
}
NOTHING = {
    "rates": lambda: plot_rates(RATES[:0]),
    "reductions": lambda: plot_reductions(RATES[:0]),
    "forest": lambda: plot_forest(RATES[:0]),
    "waterfall": lambda: plot_waterfall(ADPAIN[:0]),
    "cumulative": lambda: plot_cumulative(RATES[:0]),
    "trajectories": lambda: plot_trajectories(SCORES[:0]),
    "verdicts": lambda: plot_verdicts(JUDGEMENTS[:0]),
    "specifications": lambda: plot_specifications(
        Multiverse(claim_id="C1", condition="crps", unit="share", floor=0.7, ceiling=None,
                   level=0.95)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.slow
def test_a_figure_is_the_same_bytes_twice(name):
    assert svg_of(FIGURES[name]()) == svg_of(FIGURES[name]())


@pytest.mark.parametrize("name", NOTHING)
def test_a_figure_of_nothing_says_so(name):
    (told,) = [text for text in texts_of(NOTHING[name]()) if text]
    assert told.startswith("There are no")


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_rates(RATES, ax=ax),
        lambda ax: plot_forest(RATES, ax=ax),
        lambda ax: plot_waterfall(ADPAIN, ax=ax),
        lambda ax: plot_cumulative(RATES, ax=ax),
        lambda ax: plot_trajectories(SCORES, ax=ax),
    ],
)
def test_axes_given_are_drawn_into_and_returned(draw):
    _, axes = plt.subplots(1, 2)
    assert draw(axes[1]) is axes[1]
    assert not axes[0].has_data()


def test_rates_show_denominators_and_the_cited_band():
    shown = texts_of(FIGURES["rates"]())
    assert {"28 of 50 (56%)", "28 of 44 (64%)", "12 of 50 (24%)"} <= set(shown)
    assert "cited 70% to 85%" in shown
    assert "≥ 30%, all who started".replace(" 30%", "\xa030%") in shown


def test_rows_are_named_by_what_tells_them_apart():
    both = results(share(5, 20), share(4, 20, condition="fibromyalgia"))
    assert {"Complex regional pain syndrome", "Fibromyalgia"} <= set(
        texts_of(plot_rates(both, labels=LABELS))
    )
    one = results(share(5, 20))
    assert "Complex regional pain syndrome" in texts_of(plot_rates(one, labels=LABELS))


def test_bands_of_several_conditions_stay_with_their_rows():
    rows = results(share(5, 20), share(4, 20, condition="fibromyalgia"))
    ax = plot_rates(rows, cited={"fibromyalgia": (0.4, None)}, labels=LABELS)
    heights = [height_of(ax, word) for word in ("5 of 20", "cited at least 40%", "4 of 20")]
    assert heights == sorted(heights, reverse=True)
    band = ax.collections[0].get_paths()[0].get_extents()
    assert (band.x0, band.x1) == (0.4, 1.0)


def test_a_row_without_a_value_shows_its_status():
    row = share(0, 8) | {"value": None, "low": None, "high": None, "status": "not estimable"}
    assert "not estimable" in texts_of(plot_rates(results(row)))


def test_a_frame_of_an_analyst_needs_no_more_than_its_numbers():
    frame = pd.DataFrame({"condition": ["crps"], "value": [0.5], "low": [0.4], "high": [0.6],
                          "n": [40]})  # fmt: skip
    assert "50%" in texts_of(plot_rates(frame))
    assert list(figures.rows_from(frame)[0]._fields) == COLUMNS


def test_reductions_show_n_and_reach_below_zero():
    row = share(1, 2) | {"unit": "percent", "value": -4.0, "low": -12.0, "high": 4.0, "n": 31,
                         "definition": "median_of_patients", "n_events": None}  # fmt: skip
    ax = plot_reductions(results(row))
    assert "−4.0%, n = 31" in texts_of(ax)
    assert ax.get_xlim()[0] < -12.0


def test_an_open_upper_limit_is_an_arrow_to_the_edge():
    row = share(1, 2) | {"unit": "weeks", "value": 9.0, "low": 4.0, "high": None, "n_events": 3}
    ax = plot_rates(results(row))
    (arrow,) = [one for one in ax.texts if one.arrow_patch is not None]
    assert arrow.xy[0] == ax.get_xlim()[1]


def test_a_forest_has_headings_and_a_line_at_all_patients():
    rows = results(
        share(5, 20, group_by="site", group="Harbour"),
        share(8, 30),
        share(3, 10, group_by="subtype", group="type_1"),
    )
    ax = plot_forest(rows, labels=LABELS)
    order = ["8 of 30", "Site", "5 of 20", "Subtype", "3 of 10"]
    heights = [height_of(ax, word) for word in order]
    assert heights == sorted(heights, reverse=True)
    assert ax.lines[-1].get_xdata()[0] == 8 / 30
    assert "Type I" in texts_of(ax)


def test_the_waterfall_leaves_nobody_out():
    """A fall of (10 - 7) / 10 is 30%; who was boosted or not seen reaches nothing."""
    shown = texts_of(FIGURES["waterfall"]())
    assert {"30% or more: 3 of 9", "50% or more: 2 of 9"} <= set(shown)
    assert {"2 not seen", "1 after a booster"} <= set(shown)
    assert "6 patients seen before any booster, best to worst" in shown


@pytest.mark.parametrize("change", [[np.nan] * 4, [-250.0, 400.0], [-10.0], [0.0] * 3000])
def test_a_waterfall_of_odd_patients_stays_small(change):
    ax = plot_waterfall(pd.DataFrame({"PCHG": change}))
    assert len(svg_of(ax)) < 60_000
    assert ax.get_ylim()[0] >= -104


def test_the_cumulative_curve_tells_the_two_populations_apart():
    rows = results(*(
        share(50 - pct // 2, 50 - gone, threshold_pct=float(pct), population=population)
        for population, gone in (("all_starters", 0), ("observed", 0))
        for pct in (50, 0, 30)
    ))  # fmt: skip
    ax = plot_cumulative(rows, labels=LABELS)
    assert {"all who started, n = 50", "only those seen, n = 50"} <= set(texts_of(ax))
    curves = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert [list(line.get_xdata()) for line in curves] == [[0, 30, 50]] * 2
    assert curves[0].get_linestyle() == "-" and curves[1].get_linestyle() == "--"


def test_trajectories_show_n_under_each_visit_in_the_order_of_weeks():
    ax = FIGURES["trajectories"]()
    shown = texts_of(ax)
    assert [text for text in shown if text in ("50", "44", "31")] == ["50", "44", "31"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["before", "end", "26"]


def test_patients_after_a_booster_are_drawn_apart():
    later = SCORES[:1].assign(definition="after_booster", value=7.0, low=6.0, high=8.0, n=9)
    ax = plot_trajectories(pd.concat([SCORES, later]), labels=LABELS)
    assert "Patients seen: after a booster" in texts_of(ax)
    marked = [line for line in ax.lines if line.get_marker() != "None"]
    assert [line.get_markerfacecolor() for line in marked] == [
        theme.condition_color("crps"), theme.PAPER,
    ]  # fmt: skip


def test_visits_without_a_week_are_drawn_in_the_order_given():
    ax = plot_trajectories(SCORES.assign(visit=["late", "first", "second"]))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["late", "first", "second"]


def test_verdicts_are_drawn_by_word_shape_and_number():
    figure = FIGURES["verdicts"]()
    shown = texts_of(figure)
    assert {"▼ Falls short, firm", "× Not testable", "● Meets, firm"} <= set(shown)
    assert {"54% (46% to 62%)", "n = 137", "no patients", "cited 70-85%"} <= set(shown)
    assert "6.4 weeks (4 weeks to not reached)" in shown
    percent, weeks = figure.axes
    assert (percent.get_xlim(), weeks.get_xlim()) == ((0, 100), (0, 26))


def test_specifications_have_a_row_for_each_choice_that_varies():
    figure = plot_specifications(multiverse())
    shown = texts_of(figure)
    assert {"at least 30% less pain", "2 points or more", "exact interval"} <= set(shown)
    assert "end of series" not in shown  # the same in every reading
    assert {"fixed in advance", "cited 70% to 85%"} <= set(shown)
    assert "12 readings, from the lowest estimate to the highest" in shown
    assert [text for text in shown if text.isdigit()] == ["2", "3", "7"]  # one for each verdict


@pytest.mark.parametrize("k", [3, 300, 6000])
@pytest.mark.slow
def test_a_figure_of_thousands_of_readings_stays_small(k):
    assert len(svg_of(plot_specifications(multiverse(2 * k)))) < 130_000


def test_readings_without_a_number_are_left_out():
    own = multiverse()
    own.readings.loc[[3, 5], ["value", "low", "high"]] = np.nan
    assert "10 readings, from the lowest estimate to the highest" in texts_of(
        plot_specifications(own)
    )


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "Clinic $A$ & $B", "x" * 300, "\u202eab", "", "né\x00e"]
)
@pytest.mark.slow
def test_hostile_names_are_drawn_harmlessly(name):
    rows = results(share(5, 20), share(3, 9, group_by="site", group=name))
    ax = plot_forest(rows, labels={"crps": name})
    shown = "\n".join(texts_of(ax))
    assert "\u202e" not in shown and "\x00" not in shown and "\\$" not in shown
    assert len(max(texts_of(ax), key=len)) <= 80
    plot_trajectories(pd.concat([SCORES, SCORES.assign(condition="b")]), labels={"b": name})
    svg_of(plt.gcf())
