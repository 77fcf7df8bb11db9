"""Notebook 15 on typed patients: who was treated and how, counted by hand.

A share nobody recorded is no zero; a blank is not known, never "no".
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from cells import counted, ids, one, run_cells
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import END, LAST_INFUSION, SETTINGS, export_of, patient, study, tables_of

from analysis.adam.adsl import FLAGS
from analysis.adam.study import Study, derive_study, narrow
from analysis.labels import notes_text
from analysis.results import find, rows_of
from analysis.stats.rates import bound_shares, estimate_share, estimate_shares

pytestmark = pytest.mark.slow

NOTEBOOK = "15_patients_and_treatment"


def table(people) -> pd.DataFrame:
    return run_cells(NOTEBOOK, people if isinstance(people, Study) else study(people))


def row_of(people, measure, definition, **keys):
    """The row of typed patients, of a study or of its table."""
    rows = people if isinstance(people, pd.DataFrame) else table(people)
    return one(rows, measure=measure, definition=definition, **keys)


SERIES = [0, 3, 6, 9, 12, 15]


def treated(name, days, *, minutes=50.0, boosters=(), ratings=(), protocol="standard", **columns):
    """One patient: days of the initial series and of boosters, and ratings as (day, score)."""
    return {
        "patient": {"patient_id": name, "condition": "crps", "subtype": None, **columns},
        "infusions": [(d, "initial", m, protocol) for d, m in _timed(days, minutes)]
        + [(d, "maintenance", 50.0, protocol) for d in boosters],
        "ratings": dict([(0, 8.0), *ratings]),
    }


def _timed(days, minutes):
    several = minutes if isinstance(minutes, (list, tuple)) else [minutes] * len(days)
    return zip(days, several, strict=True)


def given_to(people, *, without=()) -> Study:
    """Derive a study of people whose infusions have a length and a protocol."""
    infusions = pd.DataFrame(
        [(p["patient"]["patient_id"], float(d), phase, m, protocol)
         for p in people for d, phase, m, protocol in p["infusions"]],
        columns=["patient_id", "study_day", "phase", "minutes", "protocol"],
    )  # fmt: skip
    tables = tables_of(people, with_infusions=False)
    if "infusions" not in without:
        tables["infusions"] = infusions.drop(columns=[c for c in without if c in infusions])
    return derive_study(export_of(tables), SETTINGS)


def test_length_of_sessions_is_each_patients_median():
    people = [
        treated("at 45", SERIES[:2], minutes=45.0),
        treated("at 60", SERIES[:2], minutes=60.0),
        treated("44", SERIES[:2], minutes=44.0),
        treated("61", SERIES[:2], minutes=61.0),
        treated("one long", SERIES[:3], minutes=[50.0, 50.0, 240.0]),  # median 50
        treated("blank", SERIES[:2], minutes=[None, None]),
        treated("high", SERIES[:2], minutes=240.0, protocol="high_dose"),
    ]
    rows = table(given_to(people))
    row = row_of(rows, "session_minutes_share", "standard_45_to_60")
    assert counted(row) == (3, 5, 1)
    high = row_of(rows, "session_minutes_share", "high_dose_4_hours")
    assert counted(high) == (1, 1, 0)


def test_four_hours_to_the_nearest_half_hour():
    """One patient of 224 minutes, two of 225, four of 255, eight of 256: those in the middle."""
    people = [
        treated(f"{minutes} {i}", [0], minutes=float(minutes), protocol="high_dose")
        for minutes, n in ((224, 1), (225, 2), (255, 4), (256, 8))
        for i in range(n)
    ]
    row = row_of(given_to(people), "session_minutes_share", "high_dose_4_hours")
    assert counted(row) == (6, 15, 0)


def test_six_infusions_within_21_days():
    people = [
        treated("day 21", [0, 3, 6, 9, 12, 21]),
        treated("day 22", [0, 3, 6, 9, 12, 22]),
        treated("five", [0, 3, 6, 9, 12]),
        treated("seven", [0, 2, 4, 6, 8, 10, 40]),  # a gap of 30 days: the seventh is a booster
        treated("high", [0, 1], protocol="high_dose"),
    ]
    rows = table(given_to(people))
    assert counted(row_of(rows, "series_share", "six_within_21_days")) == (2, 4, 0)
    assert counted(row_of(rows, "series_share", "completed_six")) == (3, 4, 0)
    assert counted(row_of(rows, "series_share", "sixth_by_day_21")) == (2, 3, 0)


def test_boosters_apart():
    last = SERIES[-1]
    people = [
        treated("28 days", SERIES, boosters=[last + 28]),
        treated("92 days", SERIES, boosters=[last + 92]),
        treated("27 days", SERIES, boosters=[last + 27]),
        treated("93 days", SERIES, boosters=[last + 93]),
        treated("median 30", SERIES, boosters=[last + 30, last + 60, last + 260]),
        treated("none", SERIES),
    ]
    rows = table(given_to(people))
    row = row_of(rows, "booster_gap_share", "monthly_to_quarterly")
    assert counted(row) == (3, 5, 0)
    # a twelfth of the year, 30.4 days, leaves out both 28 and 30, and 91.3 leaves out 92
    assert counted(row_of(rows, "booster_gap_share", "mean_month_to_quarter"))[0] == 0


def test_a_booster_by_week_26_with_those_who_left_as_bounds():
    last = SERIES[-1]
    people = [
        treated("by then", SERIES, boosters=[last + 182]),
        treated("later", SERIES, boosters=[last + 183]),
        treated("seen", SERIES, ratings=[(last + 182, 5.0)]),
        treated("left", SERIES, ratings=[(last + 100, 5.0)]),
    ]
    row = row_of(given_to(people), "booster_any_share", "by_week_26", population="bounds")
    assert counted(row) == (1, 4, 1)
    assert row.value == pytest.approx(1 / 3)
    # Wilson: 1 of 4 begins at 4.56%, 2 of 4 ends at 85.0% (R: binom.confint, "wilson")
    assert (row.low, row.high) == pytest.approx((0.0456, 0.8500), abs=5e-5)


def test_pain_back_after_a_booster():
    last = SERIES[-1]
    relief = (last + 3, 4.0)  # 8 to 4
    people = [
        treated("back", SERIES, boosters=[last + 30], ratings=[relief, (last + 40, 6.4)]),
        treated("not back", SERIES, boosters=[last + 30], ratings=[relief, (last + 40, 6.3)]),
        treated("before it", SERIES, boosters=[last + 30], ratings=[relief, (last + 30, 8.0)]),
        treated("no relief", SERIES, boosters=[last + 30], ratings=[(last + 3, 7), (last + 40, 8)]),
    ]
    row = row_of(given_to(people), "recurrence_share", "at_80_pct_of_baseline")
    assert counted(row) == (1, 2, 0)


# nothing recorded


def test_no_column_is_no_zero():
    people = [treated("a", SERIES), treated("b", SERIES)]
    row = row_of(
        given_to(people, without=["minutes"]), "session_minutes_share", "standard_45_to_60"
    )
    assert (row.value, row.status, row.n) == (None, "not estimable", 0)
    assert "length of no session" in notes_text(row.notes)


def test_no_infusions_at_all():
    rows = table(given_to([treated("a", SERIES, enrolled_on=None)], without=["infusions"]))
    for measure, definition in (
        ("session_minutes_share", "standard_45_to_60"),
        ("series_share", "six_within_21_days"),
        ("booster_any_share", "by_week_26"),
    ):
        row = row_of(rows, measure, definition)
        assert row.value is None, measure
        assert "no infusions" in notes_text(row.notes)


def test_no_patient_of_the_condition():
    own = narrow(given_to([treated("a", SERIES)]), "fibromyalgia")
    rows = run_cells(NOTEBOOK, own, condition="fibromyalgia")
    counts = rows["unit"] == "count"
    assert len(rows) > 20 and (rows["n"] == 0).all()
    assert rows[~counts]["value"].isna().all() and (rows[counts]["value"] == 0).all()


def test_arms_are_told_apart():
    people = [treated("a", SERIES, arm="drug"), treated("b", SERIES[:2], arm="placebo")]
    rows = table(given_to(people))
    whole = row_of(rows, "series_share", "completed_six")
    assert "different arms" in notes_text(whole.notes)
    drug = row_of(rows, "series_share", "completed_six", group_by="arm", group="drug")
    assert counted(drug) == (1, 1, 0)
    assert len(set(ids(rows))) == len(rows)


# who was treated


def test_flags_among_all_treated_not_only_those_with_high_pain():
    people = [
        patient("yes", 8, 4, heart_condition=True),
        patient("no", 8, 4, heart_condition=False),
        patient("blank", 8, 4, heart_condition=None),
        patient("low pain", 2, 1, heart_condition=True),  # no responder analysis, but treated
        patient("never treated", 8, 4, treated=False, heart_condition=True),
    ]
    assert counted(row_of(people, "flag_share", "heart_condition")) == (2, 3, 1)


@pytest.fixture(scope="module")
def plain() -> pd.DataFrame:
    """One patient with a baseline and a rating at the end, and nothing else."""
    return table([patient("a", 8, 4)])


def test_a_column_that_is_not_there_was_not_recorded(plain):
    for flag in FLAGS.values():
        row = row_of(plain, "flag_share", flag)
        assert (row.value, row.status) == (None, "not estimable")
        assert row.notes == f"not_recorded({flag})"


def test_a_column_of_blanks_was_not_recorded_either():
    row = row_of([patient("a", 8, 4, active_psychosis=None)], "flag_share", "active_psychosis")
    assert (row.value, row.n_missing) == (None, 1)


def test_failed_treatments():
    people = [patient(f"p{n}", 8, 4, prior_treatments_failed=n) for n in (0, 1, 5)]
    people.append(patient("blank", 8, 4, prior_treatments_failed=None))
    assert counted(row_of(people, "failed_treatments_share", "at_least_one")) == (2, 3, 1)


def test_three_calendar_months_of_pain():
    """Day 0 is 15 May: pain since 15 February is three months, since 16 February is not."""
    own = study([patient(name, 8, 4) for name in ("on the day", "a day short", "unknown")])
    since = pd.Series(["2024-02-15", "2024-02-16", None], dtype="datetime64[s]")
    adsl = own.adsl.assign(TRTSDT=pd.Timestamp("2024-05-15"), PAINSDT=since)
    row = row_of(replace(own, adsl=adsl), "pain_duration_share", "three_months")
    assert counted(row) == (1, 2, 1)


def test_severe_and_refractory_of_the_high_dose():
    people = [
        patient("both", 8, 4, prior_treatments_failed=2),
        patient("at 7", 7, 4, prior_treatments_failed=1),
        patient("not severe", 6, 4, prior_treatments_failed=3),
        patient("none failed", 9, 4, prior_treatments_failed=0),
        patient("not known", 9, 4, prior_treatments_failed=None),
        patient("not severe, not known", 5, 4, prior_treatments_failed=None),
        patient("standard", 9, 4, prior_treatments_failed=3),
    ]
    own = study(people)
    standard = own.adsl["USUBJID"] == "standard"
    adsl = own.adsl.assign(PROTOCOL=standard.map({True: "standard", False: "high_dose"}))
    row = row_of(replace(own, adsl=adsl), "severe_refractory_share", "baseline_7_and_one_failed")
    # "not severe, not known" is a no whatever had failed; only "not known" stays open
    assert counted(row) == (2, 5, 1)


def test_one_patient():
    row = row_of([patient("a", 8, 4, heart_condition=False)], "flag_share", "heart_condition")
    assert counted(row) == (0, 1, 0)
    assert row.high == pytest.approx(0.7935, abs=5e-5)  # Wilson, 0 of 1: z2 / (1 + z2)


# the first weeks


def test_by_day_14_any_rating_of_those_rated():
    people = [
        patient("day 5", 10, 10, later={5: 7}),
        patient("day 14", 10, later={14: 7}),
        patient("day 15", 10, later={15: 1}),  # too late: not rated in time
        patient("no fall", 10, 10, later={5: 8}),
        patient("never", 10),
    ]
    assert counted(row_of(people, "early_response_share", "by_day_14")) == (2, 3, 2)


def test_days_21_to_28_take_the_last_rating_and_bound_the_rest():
    people = [
        patient("yes", 10, 5, later={21: 9, 28: 6}),
        patient("no", 10, 5, later={22: 5, 27: 9}),
        patient("not then", 10, 5, later={20: 1, 29: 1}),
        patient("boosted", 10, 5, later={25: 1}, booster_on=24),
    ]
    row = row_of(people, "early_response_share", "days_21_to_28")
    assert counted(row) == (1, 4, 1)
    assert row.value == pytest.approx(1 / 3)
    # Wilson: 1 of 4 begins at 4.56%, 2 of 4 ends at 85.0%
    assert (row.low, row.high) == pytest.approx((0.0456, 0.8500), abs=5e-5)
    assert row.population == "bounds"


def test_nobody_rated_then(plain):
    row = row_of(plain, "early_response_share", "days_21_to_28")
    assert (row.value, row.low, row.high, row.status) == (None, None, None, "not estimable")
    assert "days 21 to 28" in notes_text(row.notes)


def test_slope_by_infusion_leaves_the_baseline_out():
    """Infusions on days 0 and 10. After one: 9 and 7 (mean 8). After both, on day 10: 5."""
    people = [
        patient("a", 10, 5, later={3: 9, 6: 7, LAST_INFUSION: 5}),  # 8 to 5: 3 per infusion
        patient("b", 10, 5, later={3: 6, LAST_INFUSION: 7}),  # 6 to 7: worse by 1
        patient("only one infusion seen", 10, 5, later={3: 6, 6: 5}),
        patient("only the end", 10, 5),
    ]
    row = row_of(people, "infusion_slope", "mean_of_patients")
    assert row.value == pytest.approx(1.0)
    assert (row.n, row.n_missing, row.unit) == (2, 2, "score")
    # by hand: mean of 3 and -1, standard error 2, t(1) = 12.706
    assert row.low == pytest.approx(1 - 2 * 12.7062, abs=1e-3)


def test_no_slope_without_ratings_in_the_series(plain):
    row = row_of(plain, "infusion_slope", "mean_of_patients")
    assert (row.value, row.status) == (None, "not estimable")
    assert "two different infusions" in notes_text(row.notes)


def test_any_relief_and_patients_on_record():
    people = [
        patient("a bit", 10, 9.9),
        patient("30%", 10, 7),
        patient("same", 10, 10),
        patient("worse", 8, 9),
        patient("not rated", 10),
        patient("boosted", 10, 1, booster_on=END - 1),
    ]
    rows = table(people)
    assert counted(row_of(rows, "success_share", "any_relief")) == (2, 6, 1)
    record = row_of(rows, "relieved_patients", "percent_reduction")
    assert (record.value, record.low, record.high, record.n) == (1.0, 1.0, None, 6)
    assert record.n_missing == 1


# table one

FOUR = [
    patient("a", 8, 4, sex="female", age_years=30.0, prior_treatments_failed=2, site="=cmd()"),
    patient("b", 6, 4, sex="female", age_years=40.0, prior_treatments_failed=None, site="<b>"),
    patient("c", 5, 4, sex="male", age_years=50.0, prior_treatments_failed=4, site="<b>"),
    patient("d", 7, 4, sex=None, age_years=80.0, prior_treatments_failed=6, site="<b>"),
    patient("low", 2, 1, sex="male", age_years=99.0, site="<b>"),  # baseline below the minimum
]


def characteristics(people) -> pd.DataFrame:
    named = ["characteristic", "characteristic_share"]
    return find(table(people), measure=named, condition="crps")


@pytest.fixture(scope="module")
def of_four() -> pd.DataFrame:
    return characteristics(FOUR)


def value(rows: pd.DataFrame, definition: str) -> float | None:
    return one(rows, measure="characteristic", definition=definition).value


def test_counts_of_a_category_add_up_and_the_blank_is_counted(of_four):
    rows = rows_of(find(of_four, definition="sex").sort_values("group"))
    assert [(row.group, row.n_events, row.n, row.n_missing) for row in rows] == [
        ("female", 2, 4, 1),
        ("male", 1, 4, 1),
        ("not recorded", 1, 4, 1),
    ]
    assert [row.value for row in rows] == [0.5, 0.25, 0.25]
    assert len({row.result_id for row in rows}) == 3


def test_numbers_are_those_worked_by_hand(of_four):
    rows = of_four
    # 30, 40, 50, 80: quartiles between neighbors; deviations 400 + 100 + 0 + 900 over 3
    assert value(rows, "age_years_median") == 45.0
    assert value(rows, "age_years_quartile_1") == 37.5
    assert value(rows, "age_years_quartile_3") == 57.5
    assert value(rows, "age_years_mean") == 50.0
    assert value(rows, "age_years_standard_deviation") == pytest.approx(21.602, abs=5e-4)
    assert value(rows, "baseline_score_median") == 6.5
    failed = one(rows, definition="prior_treatments_failed_mean")
    assert (failed.value, failed.n, failed.n_missing) == (4.0, 3, 1)


def test_names_of_an_export_stay_what_they_are(of_four):
    rows = rows_of(find(of_four, definition="site"))
    assert {row.group: row.n_events for row in rows} == {"<b>": 3, "=cmd()": 1}


def test_what_the_export_does_not_record_makes_no_row():
    rows = rows_of(characteristics([patient("a", 8, 4), patient("b", 6, 4)]))
    assert {row.definition.rpartition("_")[0] for row in rows if row.unit == "years"} == set()
    assert {row.definition for row in rows if row.unit == "share"} <= {"protocol"}


def test_one_patient_has_no_deviation():
    rows = characteristics([patient("a", 8, 4, age_years=30.0)])
    spread = one(rows, definition="age_years_standard_deviation")
    assert (spread.value, spread.status, spread.n) == (None, "not estimable", 1)
    assert value(rows, "age_years_median") == 30.0


def test_nobody_makes_nothing():
    assert characteristics([patient("a", 2, 1)]).empty


# shares with bounds

FLAG_LISTS = st.lists(st.sampled_from([True, False, None]), max_size=40)


def counts(values) -> pd.DataFrame:
    flags = pd.Series(values, dtype="boolean")
    return pd.DataFrame(
        {"n_patients": [len(flags)], "n_known": [flags.count()], "n_events": [int(flags.sum())]}
    )


@hypothesis_settings(max_examples=40)
@given(FLAG_LISTS, st.booleans())
def test_any_completion_lies_inside_the_bounds(values, unknown):
    row = bound_shares(counts(values)).iloc[0]
    if pd.isna(row.value):
        return
    filled = [unknown if value is None else value for value in values]
    whole = estimate_share(sum(filled), len(filled))
    assert row.low <= whole.low <= whole.value <= whole.high <= row.high
    assert (row.n, row.n_missing) == (len(values), values.count(None))


@hypothesis_settings(max_examples=40)
@given(FLAG_LISTS)
def test_nothing_missing_is_the_plain_interval(values):
    known = counts([bool(value) for value in values])
    columns = ["value", "low", "high", "n", "status"]
    pd.testing.assert_frame_equal(bound_shares(known)[columns], estimate_shares(known)[columns])


def test_nobody_and_nobody_known():
    assert bound_shares(counts([])).status.tolist() == ["no patients"]
    (row,) = bound_shares(counts([None, None])).itertuples()
    assert (row.status, row.n_missing) == ("not estimable", 2) and pd.isna(row.value)
