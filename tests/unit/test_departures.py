"""A run under other definitions than a claim's reading says so, where it answers at all."""

from __future__ import annotations

import pytest
from studies import SETTINGS, claim, duration_claim, duration_row, mean_claim, share_row

from analysis.claims.departures import tell_departures
from analysis.claims.judge import judge_claims
from analysis.settings import AnalysisSettings


def tell(asked, **changed) -> str:
    return tell_departures(asked, AnalysisSettings(**changed))


def test_the_suites_own_settings_depart_from_nothing():
    for asked in (claim(), mean_claim(), duration_claim()):
        assert tell(asked) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"loss_rule": "confirmed"}, "loss counts only when the next rating confirms it"),
        ({"loss_rule": "near_baseline"}, "loss counts only when pain is back near baseline"),
        ({"relief_clock": "start"}, "relief is timed from the first infusion"),
        ({"relief_clock": "first_response"}, "relief is timed from first response"),
    ],
)
def test_definitions_of_duration_touch_durations_only(changed, said):
    assert tell(duration_claim(), **changed) == f"This run departs from the reading: {said}."
    assert tell(claim(), **changed) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"minimum_baseline_score": 5.5}, "the least baseline pain is 5.5"),
        ({"series_gap_days": 14}, "a series ends at a gap of more than 14 days"),
        ({"baseline_window_days": 7}, "the baseline is of the 7 days up to day 0"),
    ],
)
def test_definitions_of_everything_touch_everything(changed, said):
    for asked in (claim(), mean_claim(), duration_claim()):
        assert said in tell(asked, **changed)


def test_the_visit_touches_claims_that_name_none():
    assert "response is judged at week 12" in tell(claim(), analysis_visit="week_12")
    assert tell(claim(visit="week_4"), analysis_visit="week_12") == ""
    assert tell(duration_claim(), analysis_visit="week_12") == ""


def test_several_are_one_sentence():
    said = tell(duration_claim(), loss_rule="confirmed", relief_clock="start", series_gap_days=14)
    assert said.count("departs") == 1
    assert said.count(";") == 2


def test_seed_and_replicates_are_no_definitions():
    assert tell(duration_claim(), seed=1, bootstrap_replicates=500) == ""


def test_only_an_answer_departs():
    own = SETTINGS.model_copy(update={"loss_rule": "confirmed", "series_gap_days": 14})
    asked = [duration_claim(), claim()]
    rows = [duration_row(8, 6, 12), share_row(0, 0)]
    duration, share = judge_claims(asked, rows, analysis_visit="end", settings=own)
    assert "departs" in duration.sentence
    assert "departs" not in share.sentence  # no patient: there is nothing that could depart
