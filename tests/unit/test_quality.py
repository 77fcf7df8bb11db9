"""Questions on the quality of data: each state of each answer, on typed clinics."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exports import derive, load
from studies import END, SETTINGS, clinic, patient, study

from analysis.outcomes.quality import check_quality, frame_of_checks
from analysis.sources.intake import Intake


def answer(datasets, name, settings=SETTINGS):
    return next(check for check in check_quality(datasets, settings) if check.name == name)


def account(**changed) -> Intake:
    base = {"table": "patients", "file": "patients.csv", "n_lines": 14, "n_header": 1, "n_blank": 0,
            "n_continued": 0, "n_records": 13, "per_record": 1, "n_used": 13}  # fmt: skip
    return Intake(**{**base, **changed})


@pytest.fixture(scope="module")
def typed():
    return study(clinic())


def test_every_question_has_one_answer_with_a_sentence(typed):
    checks = check_quality(typed, SETTINGS)
    assert len({check.name for check in checks}) == len(checks) == 12
    assert all(check.sentence.endswith(".") for check in checks)
    frame = frame_of_checks(checks)
    assert set(frame["state"]) <= {"pass", "pass with findings", "fail", "not applicable"}


def test_lines_of_a_file_read_for_two_tables_count_once(typed):
    twice = (account(), account(table="pain_scores"), account(file="more.csv", n_lines=14))
    got = answer(replace(typed, intake=twice), "records reconcile")
    assert (got.state, got.n) == ("pass", 28)


def test_a_lost_line_fails_and_names_the_file(typed):
    got = answer(replace(typed, intake=(account(n_used=12),)), "records reconcile")
    assert (got.state, got.n) == ("fail", 1)
    assert "patients.csv" in got.sentence


def test_excluded_records_are_named(typed):
    told = (account(n_used=11, excluded={"blank row": 1, "filter on arm": 1}),)
    got = answer(replace(typed, intake=told), "records excluded")
    assert (got.state, got.n) == ("pass with findings", 2)
    assert "blank row (1)" in got.sentence
    assert answer(typed, "records excluded").state == "pass"


def test_never_treated(typed):
    assert answer(typed, "patients treated").n == 1
    assert answer(study([patient("a", 8, 4)]), "patients treated").state == "pass"


def test_without_infusions_it_is_not_applicable():
    datasets = study([patient("a", 8, 4)], with_infusions=False)
    assert answer(datasets, "patients treated").state == "not applicable"
    assert answer(datasets, "series").state == "not applicable"


def test_baseline_by_hand(typed):
    got = answer(typed, "baseline")
    assert (got.state, got.n) == ("pass with findings", 3)  # nine, eleven, twelve
    assert answer(study([patient("a", 8, 4)]), "baseline").state == "pass"
    none = study([patient("a", None, 4), patient("b", None, 3)])
    assert answer(none, "baseline").state == "fail"


def test_visit_by_hand(typed):
    got = answer(typed, "analysis visit")
    assert (got.state, got.n) == ("pass", 1)  # eight; nine was rated, without a baseline
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    got = answer(typed, "analysis visit", late)
    assert (got.state, got.n) == ("fail", 10)
    assert "end, week_4" in got.sentence
    half = study([patient("a", 8, 4), patient("b", 8)])
    assert answer(half, "analysis visit").state == "pass with findings"


def test_short_series_are_counted_and_stay(typed):
    got = answer(typed, "series")
    assert (got.state, got.n) == ("pass with findings", 12)  # two infusions each
    assert "stay in" in got.sentence


def test_a_scale_of_0_to_1_is_suspected():
    unit = study([patient("a", 0.8, 0.4), patient("b", 0.9, 0.1), patient("c", 8, 4)])
    assert answer(unit, "scale").state == "pass with findings"
    assert answer(study(clinic()), "scale").state == "pass"


def test_ratings_before_the_start_only_suggest_exchanged_dates():
    before = [patient(f"p{i}", 8, later={-5: 7}) for i in range(3)]
    for one in before:
        one["ratings"].pop(0)
    assert answer(study(before), "follow-up after start").state == "fail"
    assert answer(study(clinic()), "follow-up after start").state == "pass"


def test_icd_of_another_condition_is_counted():
    codes = [patient("a", 8, 4, icd10="G90.511"), patient("b", 8, 4, icd10="M79.7")]
    got = answer(study(codes), "ICD-10-CM")
    assert (got.state, got.n) == ("pass with findings", 1)
    assert answer(study([patient("a", 8, 4)]), "ICD-10-CM").state == "not applicable"


def test_two_ratings_of_a_day_are_averaged_and_told():
    import pandas as pd

    datasets = study([patient("a", 8, 4)])
    twice = pd.concat([datasets.ratings] * 2).assign(n_same_day=[1, 2, 1, 1])
    got = answer(replace(datasets, ratings=twice), "ratings of one day")
    assert (got.state, got.n) == ("pass with findings", 2)
    assert END in datasets.ratings["day"].tolist()


def test_ages_over_89_are_told(tmp_path):
    table = "patient_id,condition,age_years\nA,crps,95\nB,fibromyalgia,40\n"
    got = answer(derive(load(tmp_path, {"patients.csv": table})), "ages")
    assert (got.state, got.n) == ("pass with findings", 1)


def test_an_export_without_ages_has_no_answer_on_them(typed):
    assert answer(typed, "ages").state == "not applicable"
