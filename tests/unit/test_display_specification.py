"""The specification strip: drawn, described, the same bytes twice, odd grids said in words."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from studies import SETTINGS, claim, clinic, mean_claim, study

from analysis.claims.robustness import RobustnessResult, judge_readings
from analysis.claims.specifications import headline_of
from analysis.display.figures import describe_specifications, draw_specifications
from analysis.display.figures.canvas import svg_bytes
from analysis.display.figures.specification import DIMENSIONS, _outline, _thinned
from analysis.display.specification_exhibit import show_specifications


def texts(figure) -> str:
    return " ".join(ElementTree.fromstring(svg_bytes(figure)).itertext())


def made(k: int, **changed) -> RobustnessResult:
    """k readings by least baseline, shares rising from 0.50 to 0.90 in steps."""
    head = headline_of(claim(), SETTINGS)
    value = np.linspace(0.5, 0.9, k)
    low, high = value - 0.1, value + 0.05
    verdict = np.select([low >= 0.7, high < 0.7], ["meets", "falls short"], "undecided")
    told = {
        "claim_id": "T1", "condition": "crps", "unit": "share", "floor": 0.7, "ceiling": 0.85,
        "level": 0.95, "headline": 0, "value": value, "low": low, "high": high,
        "specifications": tuple(replace(head, minimum_baseline_score=4 + i / k) for i in range(k)),
        "n": np.full(k, 40), "n_missing": np.zeros(k, dtype=int),
        "n_events": np.zeros(k, dtype=int), "verdicts": tuple(verdict.tolist()),
    }  # fmt: skip
    return RobustnessResult(**{**told, **changed})


RESULTS = {
    "rates": lambda: judge_readings(claim(), study(clinic()), SETTINGS),
    "means": lambda: judge_readings(mean_claim(), study(clinic()), SETTINGS),
    "few": lambda: made(5),
    "one": lambda: made(1),
    "ceiling": lambda: made(4, floor=None, ceiling=0.85),
    "no interval": lambda: made(3, low=np.full(3, np.nan), high=np.full(3, np.nan)),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_strip_is_the_same_bytes_twice_and_names_what_it_shows(name):
    result = RESULTS[name]()
    one, two = (svg_bytes(draw_specifications(result)) for _ in range(2))
    assert one == two
    told = texts(draw_specifications(result))
    for word in ("Meets", "Undecided", "Falls short", "fixed in advance", "cited"):
        assert word in told


def test_every_choice_that_varies_has_a_row_and_no_other():
    told = texts(draw_specifications(RESULTS["rates"]()))
    assert "not rated = responding" in told and "Wilson interval" in told
    head = headline_of(claim(), SETTINGS)
    few = made(2, specifications=(head, replace(head, visit="week_4")))
    told = texts(draw_specifications(few))
    assert "week 4" in told and "Wilson interval" not in told


def test_the_alt_text_has_range_counts_and_headline():
    told = describe_specifications(made(5), who="CRPS")
    assert "CRPS" in told and "from 50 % to 90 %; cited 70 % to 85 %" in told
    assert "Falls short in 2 of 5 readings" in told
    assert "Its estimate is 50 %, 95 % interval 40 % to 55 %, n = 40." in told


def test_readings_without_a_number_are_counted_and_not_drawn():
    value = np.array([0.5, np.nan, 0.9])
    result = made(3, value=value, verdicts=("falls short", "not testable", "meets"))
    assert "1 readings have no number" in describe_specifications(result)
    assert "2 readings, from the lowest" in texts(draw_specifications(result))


def test_nothing_to_draw_is_said():
    rated = claim(measure="completeness_share", definition="", threshold_pct=None)
    result = judge_readings(rated, study(clinic()), SETTINGS)
    assert "no readings" in texts(draw_specifications(result))
    assert "No grid" in describe_specifications(result)
    unseen = made(2, value=np.full(2, np.nan), verdicts=("not testable",) * 2)
    assert "no readings" in texts(draw_specifications(unseen))


def test_thinning_keeps_the_rare_whole_and_the_last():
    rare = np.zeros(5000, dtype=bool)
    rare[[3, 77, 4000]] = True
    assert (_thinned(rare) == rare).all()
    many = _thinned(np.ones(5000, dtype=bool))
    assert many.sum() <= 600 and many[-1]


def test_all_dimensions_have_words():
    assert set(DIMENSIONS) == set(headline_of(claim(), SETTINGS).choices)


LARGEST_SVG = 60_000
"""Bytes. Four strips stand on one page."""


@pytest.mark.parametrize("k", [2640, 600])
def test_a_strip_of_thousands_stays_small(k):
    """Every verdict thick with lines, every choice in columns that change height."""
    head = headline_of(claim(), SETTINGS)
    rng = np.random.default_rng(7)
    some = tuple(
        replace(head, minimum_baseline_score=float(rng.integers(0, 4)),
                missing=str(rng.choice(["observed", "best", "last_value", "not_responding"])),
                visit=str(rng.choice(["end", "week_4", "week_8", "week_12", "week_26"])))
        for _ in range(k)
    )  # fmt: skip
    base = np.linspace(0.3, 0.9, k)
    low, high = base - rng.uniform(0.02, 0.1, k), base + rng.uniform(0.02, 0.1, k)
    verdict = np.select([low >= 0.7, high < 0.7], ["meets", "falls short"], "undecided")
    result = made(k, specifications=some, value=base, low=low, high=high,
                  verdicts=tuple(verdict.tolist()))  # fmt: skip
    assert len(svg_bytes(draw_specifications(result))) < LARGEST_SVG


def test_an_outline_by_hand():
    """Heights 0.5, 0.5, 1 and a rare choice, rounded up to a tenth: three columns, one foot."""
    x, y = _outline(np.array([0, 1, 2, 3, 4]), np.array([0.5, 0.5, 1.0, 0.01]), foot=1.0)
    assert x.tolist() == [0, 0, 2, 2, 3, 3, 4, 4]
    assert y.tolist() == pytest.approx(
        [1, 1 - 0.39, 1 - 0.39, 1 - 0.78, 1 - 0.78, 1 - 0.078, 1 - 0.078, 1]
    )


def test_the_exhibit_is_named_after_its_claim():
    exhibit = show_specifications(made(5), labels={"crps": "Complex regional pain syndrome"})
    assert exhibit.name == "readings_T1"
    assert exhibit.title == "T1 under every defensible reading, Complex regional pain syndrome"
    assert "Falls short in 2 of 5 readings" in exhibit.alt
