"""Who the patients are: counts that add up, medians by hand, odd exports."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from studies import patient, study

from analysis.errors import SettingsError
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.table_one import characteristics, tabulate_characteristics

FOUR = [
    patient("a", 8, 4, sex="female", age_years=30.0, prior_treatments_failed=2, site="=cmd()"),
    patient("b", 6, 4, sex="female", age_years=40.0, prior_treatments_failed=None, site="<b>"),
    patient("c", 5, 4, sex="male", age_years=50.0, prior_treatments_failed=4, site="<b>"),
    patient("d", 7, 4, sex=None, age_years=80.0, prior_treatments_failed=6, site="<b>"),
    patient("low", 2, 1, sex="male", age_years=99.0, site="<b>"),  # baseline below the minimum
]


def value(rows, definition: str) -> float | None:
    row = find_row(rows, measure="characteristic", definition=definition)
    return None if row is None else row.value


def test_counts_of_a_category_add_up_and_the_blank_is_told():
    rows = find_rows(tabulate_characteristics(study(FOUR), "crps"), definition="sex")
    assert [(row.group, row.n_events, row.n, row.n_missing) for row in rows] == [
        ("female", 2, 4, 1),
        ("male", 1, 4, 1),
        ("not recorded", 1, 4, 1),
    ]
    assert [row.value for row in rows] == [0.5, 0.25, 0.25]
    assert len({row.result_id for row in rows}) == 3


def test_numbers_are_those_worked_by_hand():
    rows = tabulate_characteristics(study(FOUR), "crps")
    # 30, 40, 50, 80: quartiles between neighbors; deviations 400 + 100 + 0 + 900 over 3
    assert value(rows, "age_years_median") == 45.0
    assert value(rows, "age_years_quartile_1") == 37.5
    assert value(rows, "age_years_quartile_3") == 57.5
    assert value(rows, "age_years_mean") == 50.0
    assert value(rows, "age_years_standard_deviation") == pytest.approx(21.602, abs=5e-4)
    assert value(rows, "baseline_score_median") == 6.5
    failed = find_row(rows, definition="prior_treatments_failed_mean")
    assert failed is not None
    assert (failed.value, failed.n, failed.n_missing) == (4.0, 3, 1)


def test_names_of_an_export_stay_what_they_are():
    rows = find_rows(tabulate_characteristics(study(FOUR), "crps"), definition="site")
    assert {row.group: row.n_events for row in rows} == {"<b>": 3, "=cmd()": 1}


def test_what_the_export_does_not_record_makes_no_row():
    rows = tabulate_characteristics(study([patient("a", 8, 4), patient("b", 6, 4)]), "crps")
    assert {row.definition.rpartition("_")[0] for row in rows if row.unit == "years"} == set()
    assert {row.definition for row in rows if row.unit == "share"} <= {"protocol"}


def test_one_patient_has_no_deviation():
    rows = tabulate_characteristics(study([patient("a", 8, 4, age_years=30.0)]), "crps")
    spread = find_row(rows, definition="age_years_standard_deviation")
    assert spread is not None
    assert (spread.value, spread.status, spread.n) == (None, "not estimable", 1)
    assert value(rows, "age_years_median") == 30.0


def test_nobody_makes_nothing():
    assert tabulate_characteristics(study([patient("a", 2, 1)]), "crps") == ()
    with pytest.raises(SettingsError):
        tabulate_characteristics(study(FOUR), "gout")


def test_age_and_time_with_pain_are_taken_at_the_first_infusion():
    datasets = study(FOUR)
    subjects = datasets.subjects.drop(columns="age_years").assign(
        birth_year=1980.0,
        first_infusion_at=pd.Timestamp("2024-03-01"),
        pain_since=[pd.Timestamp(day) for day in ("2022-03-01", "2024-03-02", "2023-03-02",
                                                  "2024-03-01", "2020-01-01")],
    )  # fmt: skip
    found = characteristics(replace(datasets, subjects=subjects), "crps")
    assert set(found["age_years"]) == {44.0}
    # 731 days over 365.25; pain that began after treatment is no time with pain; 365 days; none
    assert [round(x, 3) for x in found["pain_years"].dropna()] == [2.001, 0.999, 0.0]
