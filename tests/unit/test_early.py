"""Response by the page's calendar, infusion by infusion, and further counts of success."""

from __future__ import annotations

import pytest
from studies import END, LAST_INFUSION, SETTINGS, patient, study

from analysis.outcomes.early import tabulate_early
from analysis.outcomes.rows import find_row


def row_of(people, measure, definition, condition="crps"):
    rows = tabulate_early(study(people), SETTINGS, condition)
    found = find_row(rows, measure=measure, definition=definition, group_by="all")
    assert found is not None
    return found


def counted(row):
    return row.n_events, row.n, row.n_missing


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
    # Wilson: 1 of 4 begins at 4.56 %, 2 of 4 ends at 85.0 %
    assert (row.low, row.high) == pytest.approx((0.0456, 0.8500), abs=5e-5)
    assert row.population == "bounds"


def test_nobody_rated_then():
    row = row_of([patient("a", 8, 4)], "early_response_share", "days_21_to_28")
    assert (row.value, row.low, row.high, row.status) == (None, None, None, "not estimable")
    assert "days 21 to 28" in row.warnings[0]


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


def test_no_slope_without_ratings_in_the_series():
    row = row_of([patient("a", 8, 4)], "infusion_slope", "mean_of_patients")
    assert (row.value, row.status) == (None, "not estimable")
    assert "two different infusions" in row.warnings[0]


def test_any_relief_and_patients_on_record():
    people = [
        patient("a bit", 10, 9.9),
        patient("30 %", 10, 7),
        patient("same", 10, 10),
        patient("worse", 8, 9),
        patient("not rated", 10),
        patient("boosted", 10, 1, booster_on=END - 1),
    ]
    assert counted(row_of(people, "success_share", "any_relief")) == (2, 6, 1)
    record = row_of(people, "relieved_patients", "percent_reduction")
    assert (record.value, record.low, record.high, record.n) == (1.0, 1.0, None, 6)
    assert record.n_missing == 1


def test_nobody():
    rows = tabulate_early(study([patient("a", 8, 4)]), SETTINGS, "fibromyalgia")
    assert {row.value for row in rows if row.unit != "count"} == {None}
    assert [row.value for row in rows if row.unit == "count"] == [0.0]
