"""Figures on the duration of relief: the numbers said, the same bytes twice, odd cases drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from analysis.display import figures, relief_exhibits
from analysis.display.figures.canvas import png_bytes, svg_bytes
from analysis.estimate.durations import (
    bootstrap_relief,
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
    estimate_mean_count,
    estimate_npmle,
    fit_weibull,
)
from analysis.outcomes.rows import ResultRow

LABELS = {"crps": "CRPS"}
WEEKS = (0, 4, 8, 12, 26)
CURVE = figures.IntervalCurveToDraw(
    label="CRPS",
    condition="crps",
    left=[2.0, 8.0, 12.0],
    right=[4.0, 8.0, math.inf],
    mass=[0.25, 0.35, 0.4],
    n=40,
    at_risk_weeks=WEEKS,
    at_risk=[40, 28, 15, 6, 0],
    intervals=[(4.0, 0.6, 0.86), (8.0, 0.25, 0.55), (26.0, None, None)],
    level=0.95,
    median_text="8 weeks",
)
KM = figures.CurveToDraw(label="CRPS", times=[4.0, 8.0], survival=[0.75, 0.4])
WEIBULL = figures.ModelCurveToDraw(label="Weibull", times=[1.0, 5.0, 9.0], survival=[0.9, 0.7, 0.3])
CAUSES = ["lost relief", "booster first"]
TIMES, SHARES = [2.0, 5.0, 9.0], [[0.1, 0.0], [0.3, 0.05], [0.5, 0.2]]
SPANS = [
    figures.SpanToDraw(good_until_weeks=4.0, first_bad_weeks=8.0, last_rating_weeks=12.0),
    figures.SpanToDraw(good_until_weeks=26.0, last_rating_weeks=26.0, booster_weeks=9.0),
    figures.SpanToDraw(good_until_weeks=12.0, last_rating_weeks=12.0),
]


def row(value, low=None, high=None, *, status="estimated", **keys) -> ResultRow:
    base = {
        "measure": "relief_duration",
        "definition": "booster_as_loss",
        "condition": "crps",
        "population": "responders",
        "level": None if low is None else 0.95,
        "n": 88,
        "unit": "weeks",
        "method": "made up",
    }
    return ResultRow(**{**base, "value": value, "low": low, "high": high, "status": status, **keys})


ROWS = [
    row(None, 14.0, status="not reached", definition="booster_ignored"),
    row(11.2, 8.8, definition="booster_as_censoring"),
    row(7.4, 5.1, 9.3),
    row(9.4, 7.8, 12.0, definition="booster_competing"),
    row(0.78, 0.7, 0.86, measure="relieved_share", unit="share", visit="week_4"),
    row(0.5, 0.42, 0.58, measure="relieved_share", unit="share", visit="week_8.7"),
]
SERIES = [
    row(
        None, 6.0, status="not reached", measure="series_relief", group_by="series", group="10", n=9
    ),
    row(8.1, 5.0, 14.0, measure="series_relief", group_by="series", group="2", n=31),
    row(9.4, 7.8, 11.0, measure="series_relief", group_by="series", group="1"),
]
DRAWN = {
    "interval_relief": lambda: figures.draw_interval_relief([CURVE], kaplan_meier=[KM]),
    "incidence": lambda: figures.draw_incidence(
        TIMES, SHARES, causes=CAUSES, at_risk_weeks=[0, 4], at_risk=[40, 33]
    ),
    "swimmer": lambda: figures.draw_swimmer(SPANS, condition="crps"),
    "strategies": lambda: figures.draw_strategies(ROWS, labels=LABELS),
    "parametric_check": lambda: figures.draw_parametric_check(CURVE, [WEIBULL]),
    "boosters": lambda: figures.draw_boosters(
        [3.0, 6.0], [0.1, 0.4], low=[0.05, 0.2], high=[0.2, 0.8], n=40, last_week=26
    ),
    "series": lambda: figures.draw_series(SERIES, labels=LABELS),
}


def texts(figure) -> str:
    """Every text of a figure's SVG."""
    return " ".join(ElementTree.fromstring(svg_bytes(figure)).itertext())


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_the_same_bytes_twice(name):
    first, second = DRAWN[name](), DRAWN[name]()
    assert svg_bytes(first) == svg_bytes(second)
    assert png_bytes(first) == png_bytes(second)


@pytest.mark.parametrize("name", DRAWN)
def test_a_dark_page_changes_every_color_of_a_figure(name):
    svg = svg_bytes(DRAWN[name]()).decode()
    styles = svg[svg.index("<style>@media") : svg.index("}}</style>")]
    used = {
        element.get(part, "")
        for element in ElementTree.fromstring(svg).iter()
        for part in ("fill", "stroke")
    }
    used = {color for color in used if color.startswith("#")}
    assert used
    assert [color for color in used if f'="{color}"' not in styles] == []


EMPTY = {
    "interval_relief": lambda: figures.draw_interval_relief([]),
    "incidence": lambda: figures.draw_incidence([], [], causes=CAUSES),
    "swimmer": lambda: figures.draw_swimmer([]),
    "strategies": lambda: figures.draw_strategies([], labels=LABELS),
    "parametric_check": lambda: figures.draw_parametric_check(
        replace(CURVE, left=[], right=[], mass=[]), [WEIBULL]
    ),
    "boosters": lambda: figures.draw_boosters([], [], n=0, last_week=0),
    "series": lambda: figures.draw_series(ROWS, labels=LABELS),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_figure_of_nobody_says_so(name):
    assert "There " in texts(EMPTY[name]())


def test_relief_is_described_with_bounds_where_no_visit_tells():
    assert figures.describe_interval_relief([CURVE], read_at_weeks=(1, 3, 4, 8, 26)) == (
        "Relief curve, losses between visits. CRPS: 40 patients, median 8 weeks, "
        "at week 1 100 % still relieved, at week 3 between 75 % and 100 % still relieved, "
        "at week 4 75 % still relieved (95 % interval 60 % to 86 %), "
        "at week 8 40 % still relieved (95 % interval 25 % to 55 %), "
        "at week 26 not known (after the last look)."
    )
    drawn = texts(DRAWN["interval_relief"]())
    for said in ("2 weeks", "8.7 weeks", "Still followed", "28", "95 % interval", "Kaplan-Meier"):
        assert said in drawn


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        (0, (1.0, 1.0)),
        (2, (1.0, 1.0)),
        (2.1, (0.75, 1.0)),
        (4, (0.75, 0.75)),
        (7.9, (0.75, 0.75)),
        (8, (0.4, 0.4)),
        (12, (0.4, 0.4)),
        (12.1, None),
    ],
)
def test_a_curve_is_read_between_its_regions(week, expected):
    assert CURVE.between(week) == (expected and pytest.approx(expected))


def test_bounds_agree_with_the_estimator():
    curve = estimate_npmle(
        [0, 2, 4, 4, 8, 12], [4, 4, 8, 12, math.inf, math.inf], time_unit="weeks"
    )
    shown = relief_exhibits.interval_curve_to_draw(curve, label="x", condition="crps")
    for week in (0, 1, 2, 3, 4, 6, 8):
        bounds = curve.bounds(week)
        assert shown.between(week) == pytest.approx((bounds.low, bounds.high))


@pytest.mark.parametrize(
    "wrong",
    [
        {"left": [2.0]},
        {"at_risk": [1]},
        {"right": [1.0, 8.0, math.inf]},
        {"left": [2.0, 3.0, 12.0]},
        {"mass": [0.25, 0.35, 0.1]},
        {"mass": [-0.25, 0.85, 0.4]},
    ],
)
def test_arrays_that_make_no_curve_are_refused(wrong):
    with pytest.raises(ValueError, match="curve 'CRPS'"):
        replace(CURVE, **wrong)


def one(left, right, n) -> figures.IntervalCurveToDraw:
    return figures.IntervalCurveToDraw(label="x", left=[left], right=[right], mass=[1.0], n=n)


ODD = {
    "nobody lost": lambda: figures.draw_interval_relief([one(26.0, math.inf, 40)]),
    "nobody looked at again": lambda: figures.draw_interval_relief([one(0.0, math.inf, 40)]),
    "everyone lost": lambda: figures.draw_interval_relief([one(0.0, 4.0, 40)]),
    "lost at one time": lambda: figures.draw_interval_relief([one(4.0, 4.0, 1)]),
    "three curves": lambda: figures.draw_interval_relief([CURVE, one(2.0, 4.0, 1), CURVE]),
    "nothing ended relief": lambda: figures.draw_incidence([26.0], [[0.0, 0.0]], causes=CAUSES),
    "one cause for all": lambda: figures.draw_incidence([4.0], [[1.0]], causes=["lost relief"]),
    "many causes": lambda: figures.draw_incidence([4.0], [[0.01] * 6], causes=list("abcdef")),
    "followed for years": lambda: figures.draw_incidence([400.0], [[0.5]], causes=["lost"]),
    "one span": lambda: figures.draw_swimmer(SPANS[:1]),
    "a span of no length": lambda: figures.draw_swimmer(
        [figures.SpanToDraw(good_until_weeks=0.0, last_rating_weeks=0.0, booster_weeks=0.0)]
    ),
    "no patients": lambda: figures.draw_strategies(
        [row(None, status="no patients", n=0), row(None, status="not reached", n=1)], labels=LABELS
    ),
    "shares only": lambda: figures.draw_strategies(ROWS[4:], labels=LABELS),
    "share not estimable": lambda: figures.draw_strategies(
        [replace(ROWS[4], value=None, low=None, high=None, status="not estimable")], labels=LABELS
    ),
    "no booster": lambda: figures.draw_boosters([], [], low=[], high=[], n=4, last_week=12),
    "no limits": lambda: figures.draw_boosters(
        [2.0], [1.0], low=[math.nan], high=[math.nan], n=1, last_week=2
    ),
    "no model": lambda: figures.draw_parametric_check(CURVE, []),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_cases_are_drawn_without_a_warning(name):
    figure = ODD[name]()
    assert b"NaN" not in svg_bytes(figure)
    assert " nan" not in texts(figure)
    assert png_bytes(figure)


def test_incidence_is_described_and_named_at_its_end():
    told = figures.describe_incidence(TIMES, SHARES, causes=CAUSES, n=40, read_at_weeks=(0, 5, 12))
    assert told == (
        "What ended relief, 40 patients. "
        "At week 0: still relieved 100 %, lost relief 0 %, booster first 0 %. "
        "At week 5: still relieved 65 %, lost relief 30 %, booster first 5 %. "
        "At week 12: nobody was followed that long."
    )
    drawn = texts(DRAWN["incidence"]())
    for said in ("At week 9", "Still relieved 30 %", "Lost relief 50 %", "Booster first 20 %"):
        assert said in " ".join(drawn.split())
    assert "33" in drawn


def test_nobody_left_relieved_is_said_as_none():
    shares = [[0.7, 0.2, 0.1 - 1e-16]]
    told = figures.describe_incidence([4.0], shares, causes=["a", "b", "c"], read_at_weeks=(4,))
    assert "still relieved 0 %" in told


def test_incidence_is_cut_at_the_last_week_shown():
    figure = figures.draw_incidence([5.0, 26.5], [[0.2], [0.9]], causes=["lost relief"])
    drawn = " ".join(texts(figure).split())
    assert "At week 26 " in drawn
    assert "Still relieved 80 %" in drawn


def test_incidence_needs_a_name_for_each_cause():
    with pytest.raises(ValueError, match="2 columns of incidence, 1 names"):
        figures.draw_incidence(TIMES, SHARES, causes=["lost relief"])


def test_swimmer_shows_no_order_but_length():
    assert svg_bytes(figures.draw_swimmer(SPANS)) == svg_bytes(figures.draw_swimmer(SPANS[::-1]))
    assert figures.describe_swimmer(SPANS) == (
        "Relief of 3 patients, one bar each. Relief before any booster was seen to last "
        "between 4 weeks and 12 weeks. Lost between two visits: 1. "
        "Still relieved at the last look: 2, of them 1 with a booster. With a booster in all: 1."
    )


def test_swimmer_refuses_more_than_can_be_read():
    with pytest.raises(ValueError, match="31 spans"):
        figures.draw_swimmer(SPANS[:1] * 31)


@pytest.mark.parametrize(
    "weeks",
    [
        {"good_until_weeks": math.nan, "last_rating_weeks": 4.0},
        {"good_until_weeks": -1.0, "last_rating_weeks": 4.0},
        {"good_until_weeks": 5.0, "last_rating_weeks": 4.0},
        {"good_until_weeks": 5.0, "first_bad_weeks": 4.0, "last_rating_weeks": 6.0},
        {"good_until_weeks": 5.0, "first_bad_weeks": 8.0, "last_rating_weeks": 6.0},
        {"good_until_weeks": 5.0, "first_bad_weeks": math.inf, "last_rating_weeks": 6.0},
    ],
)
def test_spans_out_of_order_are_refused(weeks):
    with pytest.raises(ValueError, match="weeks of a span"):
        figures.SpanToDraw(**weeks)


def test_strategies_are_described_from_strictest_to_mildest():
    assert figures.describe_strategies(ROWS, labels=LABELS) == (
        "Median duration of relief. "
        "a booster ends relief: 7.4 weeks, 95 % interval 5.1 to 9.3 weeks, n = 88. "
        "a booster counts apart from loss: 9.4 weeks, 95 % interval 7.8 to 12 weeks, n = 88. "
        "follow-up ends at a booster: 11.2 weeks, 95 % interval 8.8 weeks to not reached, n = 88. "
        "boosters ignored: not reached, 95 % interval 14 weeks to not reached, n = 88. "
        "Still relieved at week 4. a booster ends relief: 78 %, 95 % interval 70 % to 86 %. "
        "Still relieved at week 8.7. a booster ends relief: 50 %, 95 % interval 42 % to 58 %."
    )
    drawn = " ".join(texts(DRAWN["strategies"]()).split())
    for said in ("2 weeks", "8.7 weeks", "not reached, n = 88", "Week 8.7", "78 %"):
        assert said in drawn


def test_rows_of_one_strategy_are_told_apart():
    other = replace(ROWS[2], threshold_pct=50.0)
    drawn = texts(figures.draw_strategies([replace(ROWS[2], threshold_pct=30.0), other], labels={}))
    assert "At least 30 %" in drawn.replace("\xa0", " ")


def test_a_share_of_another_threshold_keeps_a_line_of_its_own():
    both = [replace(ROWS[4], threshold_pct=30.0), replace(ROWS[4], threshold_pct=50.0, value=0.71)]
    drawn = texts(figures.draw_strategies(both, labels={}))
    assert "78 %" in drawn
    assert "71 %" in drawn


def test_models_are_read_beside_what_was_seen():
    told = figures.describe_parametric_check(CURVE, [WEIBULL], read_at_weeks=(3, 26))
    assert told == (
        "Fitted relief curves over what the visits determine. CRPS, 40 patients. "
        "At week 3: between 75 % and 100 % still relieved, Weibull 80 %. "
        "At week 26: not known (after the last look)."
    )
    with pytest.raises(ValueError, match="model 'x'"):
        figures.ModelCurveToDraw(label="x", times=[1.0], survival=[])


def test_boosters_are_described_with_their_interval():
    told = figures.describe_boosters(
        [3.0, 6.0],
        [0.1, 0.4],
        low=[0.05, 0.2],
        high=[0.2, 0.8],
        n=40,
        last_week=12,
        level=0.95,
        read_at_weeks=(2, 3, 8, 26),
    )
    assert told == (
        "Mean number of boosters per patient, 40 patients: by week 2 0.00, "
        "by week 3 0.10 (95 % interval 0.05 to 0.20), by week 8 0.40 (95 % interval 0.20 to 0.80), "
        "at week 26 nobody was followed that long."
    )
    with pytest.raises(ValueError, match="1 times"):
        figures.draw_boosters([1.0], [], n=1, last_week=1)


def test_series_stand_in_the_order_of_their_number():
    assert figures.describe_series(SERIES, labels=LABELS) == (
        "Median duration of relief by series. "
        "Series 1: 9.4 weeks, 95 % interval 7.8 to 11 weeks, n = 88. "
        "Series 2: 8.1 weeks, 95 % interval 5 to 14 weeks, n = 31. "
        "Series 10: not reached, 95 % interval 6 weeks to not reached, n = 9."
    )


def test_exhibits_take_what_the_estimators_return():
    left, right = [0, 2, 4, 4, 8, 12] * 8, [4, 4, 8, 12, math.inf, math.inf] * 8
    curve = estimate_npmle(left, right, time_unit="weeks")
    median = curve.quantile(0.5)
    shown = relief_exhibits.interval_curve_to_draw(
        curve, label="CRPS", condition="crps", at_risk=[48, 24, 12, 8, 0], median=median
    )
    fit = relief_exhibits.model_to_draw(
        fit_weibull(left, right, time_unit="weeks"), weeks=[1.0, 4.0, 8.0]
    )
    ended = estimate_cumulative_incidence([2, 4, 6, 8] * 5, [1, 2, 1, 0] * 5, time_unit="weeks")
    told = {
        exhibit.name: exhibit
        for exhibit in (
            relief_exhibits.show_interval_relief(
                [shown, None], title="t", kaplan_meier=[KM, None], definition="booster_as_loss"
            ),
            relief_exhibits.show_parametric_check(
                shown, [fit, None], condition="crps", labels=LABELS
            ),
            relief_exhibits.show_incidence(ended, condition="crps", labels=LABELS),
            relief_exhibits.show_strategies(ROWS + SERIES, condition="crps", labels=LABELS),
            relief_exhibits.show_series(ROWS + SERIES, condition="crps", labels=LABELS),
            relief_exhibits.show_swimmer(SPANS, condition="crps", labels=LABELS, n_all=88),
        )
    }
    assert "48 patients" in told["interval_relief"].alt
    assert "Dashed" in told["interval_relief"].caption
    assert "weibull" in told["parametric_check"].alt.lower()
    assert "lost relief 50 %" in told["incidence"].alt
    assert "booster first 25 %" in told["incidence"].alt
    assert told["strategies"].alt.count("n = 88") == 4
    assert told["series"].alt.startswith("Median duration of relief by series. Series 1: 9.4 weeks")
    assert told["swimmer"].caption.startswith("3 of 88 responders.")
    for name in ("interval_relief", "incidence", "swimmer", "strategies", "parametric_check"):
        assert "between two visits" in told[name].caption
    for name in ("interval_relief", "incidence", "swimmer", "strategies", "series"):
        assert "A booster is an infusion" in told[name].caption


def test_intervals_of_the_bootstrap_are_drawn_with_their_level():
    curve = estimate_npmle([0, 2, 4, 8] * 10, [4, 4, 8, math.inf] * 10, time_unit="weeks")
    boot = bootstrap_relief(
        curve, rng=np.random.default_rng(3), times=[4.0], replicates=100, level=0.9
    )
    shown = relief_exhibits.interval_curve_to_draw(
        curve, label="x", condition="crps", shares={4.0: boot.guarded.survival[0]}
    )
    assert "90 % interval" in figures.describe_interval_relief([shown])


def test_exhibits_of_nobody_say_so():
    keys = {"condition": "crps", "labels": LABELS}
    assert relief_exhibits.interval_curve_to_draw(None, label="x", condition="crps") is None
    assert relief_exhibits.model_to_draw(None, weeks=[1.0]) is None
    for exhibit in (
        relief_exhibits.show_interval_relief([None], title="t"),
        relief_exhibits.show_incidence(None, **keys),
        relief_exhibits.show_boosters(None, **keys),
        relief_exhibits.show_parametric_check(None, [None], **keys),
        relief_exhibits.show_swimmer([], **keys),
        relief_exhibits.show_strategies([], **keys),
        relief_exhibits.show_series([], **keys),
    ):
        assert "there " in exhibit.alt


def test_spans_of_a_frame_are_weeks_without_ids():
    frame = pd.DataFrame(
        {
            "good_until_days": [28.0, 56.0],
            "first_bad_days": [56.0, math.inf],
            "booster_days": [math.inf, 35.0],
            "good_before_booster_days": [28.0, 28.0],
            "last_rating_days": [84.0, 56.0],
        },
        index=pd.Index(["p1", "p2"], name="patient_id"),
    )
    assert relief_exhibits.spans_to_draw(frame) == [
        figures.SpanToDraw(good_until_weeks=4.0, first_bad_weeks=8.0, last_rating_weeks=12.0),
        figures.SpanToDraw(
            good_until_weeks=8.0,
            booster_weeks=5.0,
            good_before_booster_weeks=4.0,
            last_rating_weeks=8.0,
        ),
    ]


@pytest.mark.parametrize(
    ("booster", "before", "own"), [(None, None, 8.0), (5.0, None, 5.0), (5.0, 4.0, 4.0)]
)
def test_relief_after_a_booster_is_not_the_series_own(booster, before, own):
    span = figures.SpanToDraw(
        good_until_weeks=8.0,
        booster_weeks=booster,
        good_before_booster_weeks=before,
        last_rating_weeks=8.0,
    )
    assert span.own_weeks == own
    assert ("Seen after a booster" in texts(figures.draw_swimmer([span]))) == (own < 8.0)


def test_kaplan_meier_goes_in_as_the_other_figures_take_it():
    known = estimate_kaplan_meier([4, 8, 12], [1, 1, 0], time_unit="weeks")
    beside = figures.CurveToDraw(label="x", times=known.times, survival=known.survival)
    assert "Kaplan-Meier" in texts(figures.draw_interval_relief([CURVE], kaplan_meier=[beside]))


def test_boosters_of_the_estimator_are_shown():
    count = estimate_mean_count(
        ["a", "b", "b"], [3, 3, 6], patients=list("abcd"), end=[12] * 4, time_unit="weeks"
    )
    shown = relief_exhibits.show_boosters(
        count, condition="crps", labels=LABELS, at_risk=[4, 4, 4, 4, 0]
    )
    # By hand: 2 of 4 patients by week 3, a third booster by week 6.
    assert "4 patients: by week 4 0.50 (95 % interval" in shown.alt
    assert "by week 8 0.75" in shown.alt
    assert "at week 26 nobody was followed that long" in shown.alt
    assert "0.75 by week 12" in texts(shown.figure)
