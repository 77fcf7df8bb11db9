"""Readings of a claim: each once, the headline among them, no choice the words have settled."""

from __future__ import annotations

from itertools import pairwise

import pytest
from studies import SETTINGS, claim, duration_claim, mean_claim

from analysis.claims.specifications import (
    CHOICE_NAMES,
    has_readings,
    headline_of,
    specifications_of,
)
from analysis.settings import AnalysisSettings

VISITS = ("end", "week_4", "week_8", "week_12", "week_26")


def test_counts_by_hand():
    """Rates: 3 thresholds x 2 intervals x 5 visits x 4 baselines x 2 boosters = 240, times
    4 missing rules x 3 populations less the one that is another. Means: 5 kinds x 5 x 4 x 2 = 200,
    times 3 x 3 less one."""
    assert len(specifications_of(claim(), SETTINGS, visits=VISITS)) == 240 * 11
    assert len(specifications_of(mean_claim(), SETTINGS, visits=VISITS)) == 200 * 8


@pytest.mark.parametrize("one", [claim(), mean_claim(), claim(population="observed")])
def test_every_reading_stands_once_and_the_headline_among_them(one):
    readings = specifications_of(one, SETTINGS, visits=VISITS)
    assert len(set(readings)) == len(readings)
    assert readings.count(headline_of(one, SETTINGS)) == 1


def test_a_visit_the_words_name_is_not_varied():
    readings = specifications_of(claim(visit="week_12"), SETTINGS, visits=VISITS)
    assert {one.visit for one in readings} == {"week_12"}


def test_what_a_run_sets_joins_the_usual_choices():
    own = AnalysisSettings(minimum_baseline_score=4.5, analysis_visit="week_6")
    readings = specifications_of(claim(threshold_pct=40.0), own, visits=VISITS)
    assert {one.minimum_baseline_score for one in readings} == {0, 3, 4, 4.5, 5}
    assert "week_6" in {one.visit for one in readings}
    assert {one.threshold_pct for one in readings} == {None, 30, 40, 50}
    assert headline_of(claim(threshold_pct=40.0), own) in readings


def test_without_infusions_nobody_completed_a_series():
    readings = specifications_of(claim(), SETTINGS, visits=VISITS, with_infusions=False)
    assert {one.population for one in readings} == {"all_starters", "rated_once"}


def test_a_claim_without_a_grid_has_no_readings():
    assert not has_readings(duration_claim())
    assert specifications_of(duration_claim(), SETTINGS, visits=VISITS) == ()
    with pytest.raises(ValueError, match="no grid"):
        headline_of(duration_claim(), SETTINGS)


def test_every_choice_has_words_and_neighbours_differ():
    readings = specifications_of(claim(), SETTINGS, visits=VISITS)
    assert set(readings[0].choices) == set(CHOICE_NAMES)
    assert all(all(one.choices.values()) for one in readings)
    assert all(one.choices != other.choices for one, other in pairwise(readings))
