"""Verdicts beyond the headline: typed rows in, verdict and sentence out, numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from studies import SETTINGS, claim, clinic, duration_row, patient, share_row, study
from test_ledger_whole import bare, flag, kept, share, told

from analysis.claims.absent import absent_conditions
from analysis.claims.frequency import (
    CIOMS_CLASSES,
    FREQUENCIES,
    Frequency,
    at_most_when_none_seen,
    cioms_class,
)
from analysis.claims.judge import judge_claim, judge_claims
from analysis.claims.judgement import VERDICT_MEANING
from analysis.claims.kinds import is_special
from analysis.claims.ledger import load_ledger
from analysis.claims.whole import judge_ledger
from analysis.claims.whole import testimonials_of as outcomes_told
from analysis.outcomes.everything import tabulate_everything
from analysis.outcomes.rows import ResultRow

MOSTLY_UNKNOWN = (
    "It is known of fewer than half of the patients, and those need not be like the others."
)
NOT_ALL = (
    "The export may not hold everyone who was ever treated, so fewer on record contradict nothing."
)
TOO_FEW_RATED = "Too few were followed or rated then to decide it, whatever was true of the others."

TOO_FEW = "Fewer than 10 comparable patients: no typical result can be told."

OWN = {one.claim_id: one for one in load_ledger()}


def judge(asked, *rows, arm=""):
    return judge_claim(asked, rows, analysis_visit="end", arm=arm)


def row(measure, definition, n_events, n, **keys):
    base = {"measure": measure, "definition": definition, "condition": "all", "visit": "",
            "threshold_pct": None, "population": "treated"}  # fmt: skip
    return share_row(n_events, n, **{**base, **keys})


# words of frequency


def test_cioms_classes_at_their_edges():
    """CIOMS: from 1 in 10, 1 in 100, 1 in 1,000 and 1 in 10,000."""
    assert [cioms_class(share) for share in (1.0, 0.1, 0.0999, 0.01, 0.00999, 0.001)] == [
        "very common", "very common", "common", "common", "uncommon", "uncommon",
    ]  # fmt: skip
    assert [cioms_class(share) for share in (0.00099, 0.0001, 0.00009, 0.0)] == [
        "rare", "rare", "very rare", "very rare",
    ]  # fmt: skip
    assert len(CIOMS_CLASSES) == 5
    with pytest.raises(ValueError, match="no share"):
        cioms_class(1.1)


def test_rule_of_three():
    """Hanley and Lippman-Hand (1983): 0 of 100 is compatible with 3 %; one patient with 95 %."""
    assert at_most_when_none_seen(1) == pytest.approx(0.95)
    assert at_most_when_none_seen(100) == pytest.approx(0.0295, abs=5e-5)
    assert at_most_when_none_seen(1000) == pytest.approx(3 / 1000, rel=0.01)
    with pytest.raises(ValueError, match="nobody was asked"):
        at_most_when_none_seen(0)


def test_a_word_needs_a_floor_or_a_ceiling():
    with pytest.raises(ValueError, match="floor or a ceiling"):
        Frequency(word="x", told="x")
    assert all(one.told and one.source for one in FREQUENCIES.values())


# shares against a word


@pytest.mark.parametrize(
    ("n_events", "verdict"), [(30, "falls short"), (50, "undecided"), (70, "meets")]
)
def test_often_is_at_least_half(n_events, verdict):
    # Wilson of 100: 30 gives 22 to 40 %, 50 gives 40 to 60 %, 70 gives 60 to 78 %
    got = judge(share(), share_row(n_events, 100))
    assert (got.verdict, got.cited_low, got.cited_high) == (verdict, 0.5, None)
    assert '"often" is read as at least half' in got.sentence
    assert got.further_patients is None  # decided, or on the mark itself


def test_more_than_half_is_not_met_on_the_half():
    on_it = replace(share_row(60, 100), low=0.5)
    assert judge(share(frequency="most"), on_it).verdict == "undecided"
    assert judge(share(frequency="often"), on_it).verdict == "meets"


def test_a_part_of_the_condition_answers_for_itself():
    asked = share(group="subtype=type_1")
    whole, part = share_row(90, 100), share_row(20, 100, group_by="subtype", group="type_1")
    got = judge(asked, whole, part)
    assert (got.value, got.verdict) == (0.2, "falls short")
    assert "(Type I)" in got.sentence
    assert judge(asked, whole).verdict == "not testable"


def test_a_part_is_not_split_by_arms():
    arms = [share_row(9, 10, group_by="arm", group=name) for name in ("drug", "placebo")]
    part = share_row(20, 100, group_by="subtype", group="type_1")
    got = judge(share(group="subtype=type_1"), part, *arms, arm="drug")
    assert got.verdict == "not testable"
    assert "different treatments" in got.reason
    assert judge(share(), part, *arms).verdict == "not testable"  # arms, and none is named
    assert judge(share(), part, *arms, arm="drug").value == 0.9


def test_two_answers_are_an_error_not_a_choice():
    with pytest.raises(ValueError, match="exist once"):
        judge(share(), share_row(1, 10), share_row(2, 10))


def test_what_is_mostly_unknown_decides_nothing():
    """100 of 100 inside the range, but of 101 more the length was never written down."""
    asked = OWN["C050"]
    known = row("session_minutes_share", "standard_45_to_60", 100, 100, n_missing=100)
    assert judge(asked, known).verdict == "meets"
    got = judge(asked, replace(known, n_missing=101))
    assert (got.verdict, got.reason) == ("undecided", MOSTLY_UNKNOWN)
    assert got.further_patients is None


# absolutes


def test_one_case_contradicts_an_absolute():
    got = judge(flag(condition="all"), row("flag_share", "active_psychosis", 1, 600))
    assert (got.verdict, got.cited_high) == ("falls short", 0.0)
    assert "There is one." in got.sentence


def test_none_seen_is_no_proof_of_none():
    got = judge(flag(condition="all"), row("flag_share", "active_psychosis", 0, 100))
    assert got.verdict == "undecided"
    assert "were the true share 3.0 % (the rule of three)" in got.sentence
    assert "falls short" not in got.sentence


def test_not_recorded_is_never_none():
    unasked = row("flag_share", "active_psychosis", 0, 0)
    unasked = replace(unasked, status="not estimable", n_missing=600,
                      warnings=("Not recorded: no treated patient has a value.",))  # fmt: skip
    got = judge(flag(condition="all"), unasked)
    assert (got.verdict, got.value) == ("not testable", None)
    assert "Not recorded" in got.sentence


def test_one_case_contradicts_even_where_most_is_unknown():
    got = judge(flag(condition="all"), row("flag_share", "active_psychosis", 1, 5, n_missing=90))
    assert got.verdict == "falls short"


# counts, slopes, ratios, kept relief, bounds


def number(measure, value, low, high, **keys):
    base = {"measure": measure, "condition": "all", "n": 40, "unit": "score", "method": "typed",
            "level": 0.95, "population": "observed"}  # fmt: skip
    return ResultRow(value=value, low=low, high=high, **{**base, **keys})


@pytest.mark.parametrize(("count", "verdict"), [(200, "meets"), (199, "undecided")])
def test_hundreds_are_two_hundred_and_fewer_on_record_contradict_nothing(count, verdict):
    on_record = number("relieved_patients", float(count), float(count), None, n=400, unit="count",
                       definition="percent_reduction", threshold_pct=30.0, visit="end",
                       population="all_starters", level=None)  # fmt: skip
    got = judge(OWN["C156"], on_record)
    assert got.verdict == verdict
    assert (got.reason == NOT_ALL) == (verdict == "undecided")
    assert f"{count} patients" in got.sentence


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.9, "meets"), (0.0, 0.9, "undecided"), (-0.9, -0.1, "falls short")],
)
def test_cumulative_is_more_than_nothing(low, high, verdict):
    slope = number("infusion_slope", (low + high) / 2, low, high, definition="mean_of_patients")
    got = judge(OWN["C081"], slope)
    assert got.verdict == verdict
    assert ("higher by" in got.sentence) == (high < 0)


def test_tolerance_is_a_ratio_below_one():
    ratio = number("series_time_ratio", 0.8, 0.7, 0.9, unit="ratio", population="responders")
    got = judge(OWN["C098"], ratio)
    assert got.verdict == "falls short"
    assert "0.80 times as long" in got.sentence
    assert judge(OWN["C098"], replace(ratio, low=0.7, high=1.2)).verdict == "undecided"


def test_kept_relief_at_its_own_visit():
    half = share_row(60, 100, measure="relieved_share", definition="booster_as_loss",
                     visit="week_12")  # fmt: skip
    got = judge(kept(), half)
    assert (got.value, got.verdict) == (0.6, "meets")
    assert "week 12" in got.sentence
    assert judge(kept(), replace(half, visit="week_8")).verdict == "not testable"


def test_bounds_decide_only_whatever_was_true_of_the_unknown():
    wide = replace(
        share_row(77, 134, measure="early_response_share", definition="days_21_to_28", visit="",
                  population="bounds", condition="all"),
        n=586, n_missing=452, low=0.11, high=0.92,
    )  # fmt: skip
    got = judge(OWN["C082"], wide)
    assert (got.verdict, got.reason, got.further_patients) == ("undecided", TOO_FEW_RATED, None)
    assert "77 of 134 (57 %)" in got.sentence
    assert "452 of whom it is not known" in got.sentence


# success, testimonials


def test_success_is_judged_on_30_percent_of_all_and_told_every_other_way():
    rows = [
        share_row(291, 586, condition="all"),
        share_row(158, 586, condition="all", threshold_pct=50.0),
        share_row(297, 586, condition="all", threshold_pct=None, definition="two_points"),
        share_row(291, 545, condition="all", population="observed"),
        row("success_share", "any_relief", 444, 586, population="all_starters", visit="end"),
        row("series_share", "completed_six", 492, 561),
    ]
    got = judge(OWN["C161"], *rows)
    assert (got.verdict, got.value, got.cited_low) == ("falls short", 291 / 586, 0.85)
    for part in ("158 of 586", "297 of 586", "291 of 545", "444 of 586", "492 of 561"):
        assert part in got.sentence
    assert "At or above 85 % lies: six infusions given (standard protocol)." in got.sentence
    few = judge(OWN["C161"], rows[0], rows[1])
    assert "None of these reaches 85 %." in few.sentence


def rows_of_a_testimonial(n_events, n):
    base = {"definition": "T1", "visit": "end"}
    return [
        share_row(n_events, n, measure="testimonial_share", threshold_pct=66.0, **base),
        share_row(24, n, measure="typical_response_share", **base),
        share_row(10, n, measure="typical_response_share", threshold_pct=50.0, **base),
        number("typical_reduction", 31.0, 20.0, 40.0, unit="percent", condition="crps", **base),
    ]


def test_a_testimonial_stands_beside_what_is_typical():
    got = judge(told(), *rows_of_a_testimonial(3, 53))
    assert got.verdict == "falls short"
    for part in (
        "who began within one point of 9, 3 (6 %) did as well or better",
        "94 % of them did less well",
        "What such patients can generally expect: 45 % had at least 30 % less pain",
        "half of those rated had a reduction of 31.0 % or more",
    ):
        assert part in got.sentence
    assert "may vary" not in got.sentence


def test_too_few_comparable_patients_is_an_answer():
    alone = ResultRow(measure="testimonial_share", definition="T1", condition="crps", value=None,
                      population="all_starters", visit="end", n=0, unit="share", method="none",
                      status="not estimable", warnings=(TOO_FEW,))  # fmt: skip
    got = judge(told(), alone)
    assert (got.verdict, got.n) == ("not testable", 0)
    assert TOO_FEW in got.sentence


def test_testimonials_of_the_ledger():
    nine, eighty = outcomes_told(OWN.values())
    assert (nine.name, nine.condition, nine.baseline_score) == ("C091", "crps", 9.0)
    assert (eighty.name, eighty.subtype, eighty.fall_pct) == ("C096", "diabetic", 80.0)


# no answer


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        ("no_records", "not testable", "no such records (adverse_events). nobody could know"),
        ("evidence_only", "not testable", "only published studies could answer it"),
        ("opinion", "not testable", "an opinion, an appeal or a term of service"),
        ("definition", "not testable", "a definition"),
        ("unfalsifiable", "unfalsifiable", "it cannot be false, and so it is not passed either"),
    ],
)
def test_no_answer_says_why(answer, verdict, said):
    got = judge(bare(answer))
    assert got.verdict == verdict
    assert said in got.sentence
    assert got.reason
    assert (got.value, got.n, got.result_id) == (None, 0, "")
    assert verdict in VERDICT_MEANING


def test_unfalsifiable_is_never_passed_however_good_the_number_beside_it():
    asked = share(answer="unfalsifiable", frequency="", reason="can")
    got = judge(asked, share_row(100, 100))
    assert (got.verdict, got.value) == ("unfalsifiable", 1.0)
    assert "Beside it: Of 100 patients" in got.sentence
    assert judge(asked).value is None  # and without a number it is the same verdict
    assert judge(asked).verdict == "unfalsifiable"


def test_arms_do_not_hide_that_no_records_exist():
    arms = [share_row(9, 10, group_by="arm", group=n, condition="all") for n in ("a", "b")]
    assert "adverse_events" in judge(bare("no_records"), *arms).sentence


def test_duration_beside_a_comparison():
    got = judge(OWN["C112"], duration_row(5.9, 4.9, 7.3, condition="all"))
    assert (got.verdict, got.value) == ("not testable", 5.9)
    assert "5.9 weeks" in got.sentence


def test_headline_claims_keep_their_own_way():
    assert [one.claim_id for one in OWN.values() if not is_special(one)] == [
        "C043", "C044", "C045", "C046",
    ]  # fmt: skip
    assert not is_special(claim())


# the whole ledger


@pytest.fixture(scope="module")
def judged():
    datasets = study(clinic())
    conditions = ["crps", "all"]
    rows = tabulate_everything(datasets, SETTINGS, conditions)
    return rows, judge_ledger(list(OWN.values()), rows, datasets, SETTINGS, conditions=conditions)


def test_every_statement_is_judged_in_order(judged):
    _, ledger = judged
    assert [one.claim_id for one in ledger.judgements] == list(OWN)
    assert all(one.sentence and one.verdict in VERDICT_MEANING for one in ledger.judgements)
    assert all(one.reason for one in ledger.judgements if one.verdict == "not testable")


def test_the_headline_is_the_same_with_and_without_the_rest(judged):
    rows, ledger = judged
    four = [one for one in OWN.values() if one.headline]
    absent = absent_conditions(four, ["crps"])
    alone = judge_claims(four, rows, analysis_visit="end", settings=SETTINGS, absent=absent)
    whole = [one for one in ledger.judgements if OWN[one.claim_id].headline]
    names = ("claim_id", "verdict", "position", "value", "low", "high", "n", "n_missing", "reason",
             "sentence", "result_id", "further_patients", "further_patients_if_cited")  # fmt: skip
    core = [[getattr(one, name) for name in names] for one in whole]
    assert [[getattr(one, name) for name in names] for one in alone] == core


def test_by_hand_on_the_typed_clinic(judged):
    """Twelve were treated (thirteen is not), all with two infusions: none was given six."""
    got = {one.claim_id: one for one in judged[1].judgements}
    assert (got["C052"].verdict, got["C052"].value, got["C052"].n) == ("falls short", 0.0, 12)
    assert (got["C161"].value, got["C161"].n) == (0.4, 10)
    assert (got["C156"].value, got["C156"].verdict) == (4.0, "undecided")
    assert got["C148"].verdict == "not testable"  # no such column
    assert "active_psychosis" in got["C148"].sentence
    assert got["C091"].verdict == "not testable"  # four comparable patients
    assert TOO_FEW in got["C091"].sentence


def test_an_arm_is_judged_for_itself():
    people = [patient(f"d{i}", 9, 3, arm="drug") for i in range(12)]
    people += [patient(f"p{i}", 9, 9, arm="placebo") for i in range(12)]
    datasets, asked = study(people), [OWN["C091"]]
    drug = SETTINGS.model_copy(update={"claim_arm": "drug"})
    none = judge_ledger(asked, (), datasets, SETTINGS, conditions=["crps"]).judgements[0]
    assert none.verdict == "not testable"
    assert "drug, placebo" in none.reason
    of_drug = judge_ledger(asked, (), datasets, drug, conditions=["crps"]).judgements[0]
    assert (of_drug.value, of_drug.n) == (1.0, 12)
    assert "in the arm 'drug'" in of_drug.sentence


def test_no_sentence_names_a_cause(judged):
    """A single arm proves and causes nothing; sentences of results keep to what was seen."""
    computed = [one for one in judged[1].judgements if one.value is not None]
    assert len(computed) == 10
    for one in computed:
        for word in ("caused", "thanks to", "due to ketamine", "works because", "proves"):
            assert word not in one.sentence, one.claim_id
