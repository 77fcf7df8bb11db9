"""Checks of the data and the flow of patients: each answer on typed clinics, by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from exports import derive, load
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import SETTINGS, clinic, patient, study

from analysis.adam.checks import (
    check_quality,
    count_flow,
    describe_export,
    tabulate_intake,
    tabulate_roles,
)
from analysis.adam.study import narrow, open_study
from analysis.intake.build import Intake
from analysis.labels import CHECK_STATES
from analysis.settings import data_folder


def answer(own, name):
    checks = check_quality(own)
    return next(each for each in checks.itertuples() if each.name == name)


def account(**changed) -> Intake:
    base = {"table": "patients", "file": "patients.csv", "n_lines": 14, "n_header": 1, "n_blank": 0,
            "n_continued": 0, "n_records": 13, "per_record": 1, "n_used": 13}  # fmt: skip
    return Intake(**{**base, **changed})


@pytest.fixture(scope="module")
def typed():
    return study(clinic())


@pytest.mark.slow
def test_every_question_has_one_answer_with_a_sentence(typed):
    checks = check_quality(typed)
    assert checks["name"].is_unique and len(checks) == 20
    assert checks["sentence"].str.endswith(".").all()
    assert set(checks["state"]) <= set(CHECK_STATES)


@pytest.mark.slow
def test_events_nobody_was_asked_about_are_not_assessed(typed):
    got = answer(typed, "adverse events")
    assert got.state == "not applicable" and "not the same as none" in got.sentence
    study = open_study(export=str(data_folder() / "demo"))
    got = answer(study, "adverse events")
    assert got.state == "pass with findings" and got.n == 44
    assert got.sentence.startswith("556 of 600 treated patients were asked about them. Of 3,492")


def test_lines_of_a_file_read_for_two_tables_count_once(typed):
    twice = (account(), account(table="pain_scores"), account(file="more.csv", n_lines=14))
    got = answer(replace(typed, intake=twice), "records reconcile")
    assert (got.state, got.n) == ("pass", 28)


def test_a_lost_line_fails_and_names_the_file(typed):
    got = answer(replace(typed, intake=(account(n_used=12),)), "records reconcile")
    assert (got.state, got.n) == ("fail", 1)
    assert "patients.csv" in got.sentence


def test_excluded_records_are_named(typed):
    excluded = (account(n_used=11, excluded={"blank row": 1, "filter on arm": 1}),)
    got = answer(replace(typed, intake=excluded), "records excluded")
    assert (got.state, got.n) == ("pass with findings", 2)
    assert "blank row (1)" in got.sentence
    assert answer(typed, "records excluded").state == "pass"


@pytest.mark.slow
def test_never_treated(typed):
    assert answer(typed, "patients treated").n == 1
    assert answer(study([patient("a", 8, 4)]), "patients treated").state == "pass"


@pytest.mark.slow
def test_without_infusions_it_is_not_applicable():
    own = study([patient("a", 8, 4)], with_infusions=False)
    assert answer(own, "patients treated").state == "not applicable"
    assert answer(own, "series").state == "not applicable"


@pytest.mark.slow
def test_baseline_by_hand(typed):
    got = answer(typed, "baseline")
    assert (got.state, got.n) == ("pass with findings", 3)  # nine, eleven, twelve
    assert answer(study([patient("a", 8, 4)]), "baseline").state == "pass"
    none = study([patient("a", None, 4), patient("b", None, 3)])
    assert answer(none, "baseline").state == "fail"


@pytest.mark.slow
def test_visit_by_hand(typed):
    got = answer(typed, "analysis visit")
    assert (got.state, got.n) == ("pass", 1)  # eight; nine was rated, without a baseline
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    got = answer(study(clinic(), late), "analysis visit")
    assert (got.state, got.n) == ("fail", 10)
    assert "end, week_4" in got.sentence
    half = study([patient("a", 8, 4), patient("b", 8)])
    assert answer(half, "analysis visit").state == "pass with findings"


def test_short_series_are_counted_and_stay(typed):
    got = answer(typed, "series")
    assert (got.state, got.n) == ("pass with findings", 12)  # two infusions each
    assert "stay in" in got.sentence


@pytest.mark.slow
def test_a_scale_of_0_to_1_is_suspected():
    unit = study([patient("a", 0.8, 0.4), patient("b", 0.9, 0.1), patient("c", 8, 4)])
    assert answer(unit, "scale").state == "pass with findings"
    assert answer(study(clinic()), "scale").state == "pass"


@pytest.mark.slow
def test_ratings_before_the_start_only_suggest_exchanged_dates():
    before = [patient(f"p{i}", 8, later={-5: 7}) for i in range(3)]
    for one in before:
        one["ratings"].pop(0)
    assert answer(study(before), "follow-up after start").state == "fail"
    assert answer(study(clinic()), "follow-up after start").state == "pass"


@pytest.mark.slow
def test_icd_of_another_condition_is_counted():
    codes = [patient("a", 8, 4, icd10="G90.511"), patient("b", 8, 4, icd10="M79.7")]
    got = answer(study(codes), "ICD-10-CM")
    assert (got.state, got.n) == ("pass with findings", 1)
    assert answer(study([patient("a", 8, 4)]), "ICD-10-CM").state == "not applicable"


@pytest.mark.slow
def test_two_ratings_of_a_day_are_averaged_and_counted():
    own = study([patient("a", 8, 4)])
    twice = pd.concat([own.ratings] * 2).assign(NSAME=[1, 2, 1, 1])
    got = answer(replace(own, ratings=twice), "ratings of one day")
    assert (got.state, got.n) == ("pass with findings", 2)


@pytest.mark.slow
def test_ages_over_89_are_counted(tmp_path):
    table = "patient_id,condition,age_years\nA,crps,95\nB,fibromyalgia,40\n"
    got = answer(derive(load(tmp_path, {"patients.csv": table})), "ages")
    assert (got.state, got.n) == ("pass with findings", 1)


@pytest.mark.slow
def test_a_name_against_its_date_is_counted_by_name(tmp_path):
    scores = "patient_id,study_day,score,visit\nA,0,8,baseline\nA,35,4,week_12\nA,84,4,Week 12\n"
    scores += "A,3,4,discharge\nB,0,8,baseline\nB,400,2,baseline\nB,3,2,end\n"
    got = answer(
        derive(load(tmp_path, {"pain_scores.csv": scores}), end_of_series_study_day=1.0),
        "visit names",
    )
    assert (got.state, got.n) == ("pass with findings", 2)
    assert "('baseline': 1; 'week_12': 1); the date decides" in got.sentence
    assert answer(study(clinic()), "visit names").state == "not applicable"


def test_values_read_as_missing_are_counted_by_column(typed):
    got = answer(replace(typed, intake=(account(table="infusions", blanked={"minutes": 2}),)),
                 "values out of range")  # fmt: skip
    assert (got.state, got.n) == ("pass with findings", 2)
    assert "infusions.minutes (2)" in got.sentence
    assert answer(typed, "values out of range").state == "pass"


@pytest.mark.slow
def test_the_data_cut_is_said(tmp_path, typed):
    assert answer(typed, "data cut").state == "not applicable"
    dated = "patient_id,assessed_on,score\nA,2026-03-01,8\nA,2026-03-12,4\nB,2026-03-02,6\n"
    people = "patient_id,condition,enrolled_on\nA,crps,2026-03-01\nB,crps,2026-03-02\n"
    export = load(tmp_path, {"pain_scores.csv": dated, "patients.csv": people})
    got = answer(derive(export, end_of_series_study_day=4.0), "data cut")
    assert (got.state, got.n) == ("pass with findings", 1)  # the window of B closes on 13 March
    assert "2026-03-12, the last date in the export. At 'end' 1 of 2 starters" in got.sentence
    set_to = answer(derive(export, data_cut="2026-03-10"), "data cut")
    assert "2026-03-10, as set." in set_to.sentence and "1 ratings are later" in set_to.sentence


@pytest.mark.slow
def test_a_dose_out_of_range_leaves_patient_and_infusion(tmp_path):
    files = {
        "infusions.csv": "patient_id,study_day,dose_mg_per_kg\nA,0,0.5\nB,0,74\n",
    }
    own = derive(load(tmp_path, files, mapping="exclude: [value_out_of_range]\n"))
    assert own.adsl[["NINFUS", "SAFFL"]].to_numpy().tolist() == [[1, True], [1, True]]
    got = answer(own, "values out of range")
    assert (got.state, got.n) == ("pass with findings", 1)
    assert "infusions.dose_mg_per_kg (1)" in got.sentence


def test_an_export_without_ages_has_no_answer_on_them(typed):
    assert answer(typed, "ages").state == "not applicable"


# the flow of patients


def flow(own, condition="crps") -> dict[str, int]:
    return count_flow(own).loc[condition].to_dict()


@pytest.mark.slow
def test_flow_by_hand():
    assert flow(study(clinic())) == flow(study(clinic()), "all") == {
        "in_file": 13, "never_treated": 1, "baseline_zero": 1, "baseline_below_minimum": 1,
        "eligible": 10, "not_due": 0, "no_baseline_rating": 1, "not_rated": 1, "observed": 8,
    }  # fmt: skip


@pytest.mark.slow
def test_a_condition_without_patients_is_all_zero():
    assert set(flow(narrow(study(clinic()), "fbss"), "fbss").values()) == {0}


@pytest.mark.slow
def test_no_minimum_leaves_only_a_baseline_of_zero_out():
    own = SETTINGS.model_copy(update={"minimum_baseline_score": 0.0})
    got = flow(study(clinic(), own))
    assert (got["baseline_below_minimum"], got["baseline_zero"], got["eligible"]) == (0, 1, 11)


@pytest.mark.slow
def test_roles_count_every_rating():
    roles = tabulate_roles(study(clinic())).set_index("role")["ratings"]
    assert roles.sum() == sum(len(each["ratings"]) for each in clinic())
    assert roles["baseline"] == 11  # all but nine, who has none, and thirteen, never treated
    assert roles["end"] == 11  # all but eight and thirteen


def test_the_account_of_files(typed):
    assert tabulate_intake(typed).empty
    own = replace(typed, intake=(account(n_used=11, excluded={"blank row": 2}),))
    (row,) = tabulate_intake(own).itertuples()
    assert (row.lines, row.records, row.used, row.excluded) == (14, 13, 11, 2)
    assert (row.reasons, row.reconciles) == ("blank row: 2", True)


@pytest.mark.slow
def test_facts_of_an_export(typed, tmp_path):
    assert describe_export(typed)["last_date"] is None
    infusions = "patient_id,infused_at\nA,2026-03-02\nA,2026-03-09\n"
    scores = "patient_id,assessed_on,score\nA,2026-03-10,8\n"
    files = {"infusions.csv": infusions, "pain_scores.csv": scores}
    facts = describe_export(derive(load(tmp_path, files)))
    dates = (facts["first_date"], facts["last_date"], facts["data_cut"])
    assert dates == ("2026-03-02", "2026-03-09", "2026-03-10")


scores = st.one_of(st.none(), st.integers(0, 10))


@pytest.mark.slow
@given(drawn=st.lists(st.tuples(scores, scores, st.booleans()), min_size=1, max_size=12))
@hypothesis_settings(max_examples=12)
def test_any_flow_adds_up(drawn):
    typed = [patient(f"p{i}", b, e, treated=t) for i, (b, e, t) in enumerate(drawn)]
    if not any(each["ratings"] for each in typed) or not any(treated for *_, treated in drawn):
        return
    own = study(typed)
    got = flow(own)
    lost = got["never_treated"] + got["baseline_zero"] + got["baseline_below_minimum"]
    assert got["in_file"] == len(drawn) == lost + got["eligible"]
    assert (
        got["eligible"]
        == got["not_due"] + got["no_baseline_rating"] + got["not_rated"] + got["observed"]
    )
    end = own.adpain.query("AVISIT == 'end' and FASFL")
    assert (len(end), end["RATEDFL"].sum()) == (got["eligible"], got["observed"])
