"""Judging a claim: the right row, the right patients, and a reason whenever there is no answer."""

from __future__ import annotations

import pytest
from studies import (
    SETTINGS,
    claim,
    clinic,
    duration_claim,
    duration_row,
    mean_claim,
    number_row,
    patient,
    share_row,
    study,
)

from analysis.claims.judge import judge_claim, judge_claims
from analysis.claims.ledger import load_ledger
from analysis.outcomes.everything import tabulate_everything

NO_REALISTIC_NUMBER = "No realistic number of further patients would decide it at the value seen."


def judge(asked, *rows, arm=""):
    return judge_claim(asked, rows, analysis_visit="end", arm=arm)


@pytest.mark.parametrize(
    ("n_events", "verdict", "position"),
    [
        (50, "falls short", "below"),
        (70, "undecided", "across the floor"),
        (79, "meets", "across the ceiling"),
        (98, "meets", "above"),
    ],
)
def test_verdict_of_a_share_of_100(n_events, verdict, position):
    got = judge(claim(), share_row(n_events, 100))
    assert (got.verdict, got.position) == (verdict, position)
    assert (got.value, got.n, got.level) == (n_events / 100, 100, 0.95)
    assert (got.further_patients is None) or verdict == "undecided"


def test_numbers_travel_with_the_judgement_unchanged():
    row = share_row(50, 100, n_missing=4)
    got = judge(claim(), row)
    for name in ("value", "low", "high", "level", "n", "n_missing", "status", "result_id"):
        assert getattr(got, name) == getattr(row, name), name


def test_the_row_is_that_of_the_reading_and_no_other():
    """Another threshold, population, visit, definition or condition must never answer."""
    wrong = [
        share_row(99, 100, threshold_pct=50.0),
        share_row(99, 100, population="observed"),
        share_row(99, 100, visit="week_4"),
        share_row(99, 100, definition="percent_reduction_exact"),
        share_row(99, 100, condition="fibromyalgia"),
        share_row(99, 100, group_by="subtype", group="type_1"),
    ]
    assert judge(claim(), *wrong).verdict == "not testable"
    assert judge(claim(), *wrong, share_row(50, 100)).value == 0.5


def test_a_claim_with_its_own_visit_is_judged_there():
    rows = [share_row(50, 100), share_row(90, 100, visit="week_12")]
    assert judge(claim(visit="week_12"), *rows).value == 0.9
    assert judge(claim(), *rows).value == 0.5


def test_two_answers_are_an_error_not_a_choice():
    with pytest.raises(ValueError, match="exist once"):
        judge(claim(), share_row(50, 100), share_row(60, 100))


# no answer


def test_no_row_says_what_is_lacking():
    got = judge(claim(threshold_pct=40.0))
    assert (got.verdict, got.n, got.result_id) == ("not testable", 0, "")
    assert "at least 40 %" in got.reason
    assert "set `responder_threshold_pct` to 40" in got.reason
    assert "`responder_threshold_pct`" not in judge(claim()).reason


def test_a_duration_at_another_threshold_is_no_answer():
    """A run at 50 % holds spans of 50 % responders; the reading says 30 %."""
    row = duration_row(9, 8, 10, threshold_pct=50.0)
    assert judge(duration_claim(), row).verdict == "not testable"
    assert judge(duration_claim(threshold_pct=50.0), row).verdict == "meets"


def test_no_patients_and_nobody_rated():
    empty = share_row(0, 0)
    assert judge(claim(), empty).verdict == "not testable"
    unseen = number_row(
        None, None, None, status="not estimable", n=0, n_missing=12,
        warnings=("Not one patient has a known value: nobody was rated.",),
    )  # fmt: skip
    got = judge(mean_claim(), unseen)
    assert (got.verdict, got.n_missing, got.value) == ("not testable", 12, None)
    assert "nobody was rated" in got.reason


def test_one_patient_without_interval_is_undecided_for_that_reason():
    row = number_row(50.0, None, None, n=1, level=None,
                     warnings=("One patient: there is no interval.",))  # fmt: skip
    got = judge(mean_claim(), row)
    assert (got.verdict, got.position, got.further_patients) == ("undecided", "", None)
    assert got.reason == "One patient: there is no interval."


def test_durations_not_reached():
    meets = judge(duration_claim(), duration_row(None, 6.0, None))
    assert (meets.verdict, meets.status) == ("meets", "not reached")
    open_ = judge(duration_claim(cited_low=8.0), duration_row(None, 6.0, None))
    assert (open_.verdict, open_.further_patients) == ("undecided", None)
    assert "longer follow-up" in open_.reason
    no_end = judge(duration_claim(cited_low=8.0), duration_row(7.0, 6.0, None))
    assert "longer follow-up" in no_end.reason


# patients needed


def test_needed_at_the_value_seen_and_in_the_middle_of_the_cited_range():
    got = judge(claim(cited_low=0.6, cited_high=0.75), share_row(96, 148))
    assert got.verdict == "undecided"
    assert 0 < got.further_patients_if_cited < got.further_patients


def test_on_the_floor_only_the_middle_of_the_range_gives_a_number():
    got = judge(claim(cited_low=0.6, cited_high=0.75), share_row(89, 148))
    assert got.further_patients is None
    assert got.reason == NO_REALISTIC_NUMBER
    assert 390 <= got.further_patients_if_cited <= 430  # by hand in test_power


def test_without_a_ceiling_there_is_no_middle():
    got = judge(claim(cited_high=None), share_row(66, 100))
    assert got.verdict == "undecided"
    assert got.further_patients is not None
    assert got.further_patients_if_cited is None


def test_means_too():
    got = judge(mean_claim(), number_row(38.0, 33.0, 43.0))
    assert got.verdict == "undecided"
    assert got.further_patients > got.further_patients_if_cited > 0


def test_a_decided_claim_needs_nobody():
    got = judge(claim(), share_row(50, 100))
    assert (got.further_patients, got.further_patients_if_cited, got.reason) == (None, None, "")


def test_a_ceiling_only():
    rare = claim(cited_low=None, cited_high=0.10)
    assert judge(rare, share_row(2, 100)).verdict == "meets"
    assert judge(rare, share_row(30, 100)).verdict == "falls short"
    open_ = judge(rare, share_row(7, 100))
    assert (open_.verdict, open_.position) == ("undecided", "")
    assert open_.further_patients > 0


# arms


DRUG = share_row(80, 100, group_by="arm", group="drug")
PLACEBO = share_row(30, 100, group_by="arm", group="placebo")
POOLED = share_row(110, 200)


def test_arms_are_never_pooled():
    got = judge(claim(), POOLED, DRUG, PLACEBO)
    assert (got.verdict, got.value) == ("not testable", None)
    assert "drug, placebo" in got.reason
    assert "`claim_arm`" in got.reason


@pytest.mark.parametrize(("arm", "value"), [("drug", 0.8), ("placebo", 0.3)])
def test_the_named_arm_answers(arm, value):
    got = judge(claim(), POOLED, DRUG, PLACEBO, arm=arm)
    assert got.value == value
    assert f"in the arm '{arm}'" in got.sentence


def test_an_arm_that_is_not_there_answers_nothing():
    got = judge(claim(), POOLED, DRUG, PLACEBO, arm="ketamine")
    assert got.verdict == "not testable"
    assert "'ketamine'" in got.reason
    assert judge(claim(), share_row(30, 100), arm="ketamine").verdict == "not testable"


def test_a_condition_of_placebo_patients_never_answers_for_the_drug():
    rows = [share_row(30, 100), PLACEBO]
    assert judge(claim(), *rows, arm="drug").verdict == "not testable"
    assert judge(claim(), *rows).value == 0.3  # one arm: nothing to pool


def test_arms_from_records_to_verdict():
    people = [patient(f"d{i}", 8, 4, arm="drug") for i in range(12)]
    people += [patient(f"p{i}", 8, 8, arm="placebo") for i in range(12)]
    rows = tabulate_everything(study(people), SETTINGS, ["crps"])
    assert judge(claim(), *rows).verdict == "not testable"
    assert judge(claim(), *rows, arm="drug").value == 1.0
    assert judge(claim(), *rows, arm="placebo").value == 0.0
    late = duration_claim(visit="")
    assert judge(late, *rows, arm="placebo").verdict == "not testable"  # nobody responded


# the whole ledger


def test_the_whole_ledger_on_a_typed_clinic():
    rows = tabulate_everything(study(clinic()), SETTINGS, ["crps", "fibromyalgia", "all"])
    got = {j.claim_id: j for j in judge_claims(load_ledger(), rows, analysis_visit="end")}
    assert list(got) == [one.claim_id for one in load_ledger()]
    # 4 of 10: Wilson 17 % to 69 %, wholly below the floor of 70 %
    assert (got["C043"].value, got["C043"].n, got["C043"].verdict) == (0.4, 10, "falls short")
    assert got["C044"].verdict == "not testable"  # no fibromyalgia patient
    assert got["C045"].verdict == "not testable"  # neuropathic was not run
    assert got["C045"].result_id == ""


def test_no_rows_at_all():
    got = judge_claims(load_ledger(), [], analysis_visit="end")
    assert {j.verdict for j in got} == {"not testable", "unfalsifiable"}
    assert all(j.reason and j.sentence for j in got)
