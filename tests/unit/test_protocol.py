"""What was done, counted by hand on typed patients; a share nobody recorded is no zero."""

from __future__ import annotations

import pandas as pd
import pytest
from studies import SETTINGS

from analysis.contract.codes import load_conditions
from analysis.derive.datasets import Datasets, derive_datasets
from analysis.outcomes.protocol import tabulate_protocol
from analysis.outcomes.rows import find_row
from analysis.sources.export import Export

SERIES = [0, 3, 6, 9, 12, 15]


def treated(name, days, *, minutes=50.0, boosters=(), ratings=(), protocol="standard", **columns):
    """One patient: days of the initial series and of boosters, and ratings as (day, score)."""
    return {
        "patient": {"patient_id": name, "condition": "crps", "subtype": None, **columns},
        "infusions": [(d, "initial", m, protocol) for d, m in _timed(days, minutes)]
        + [(d, "maintenance", 50.0, protocol) for d in boosters],
        "ratings": [(0, 8.0), *ratings],
    }


def _timed(days, minutes):
    several = minutes if isinstance(minutes, (list, tuple)) else [minutes] * len(days)
    return zip(days, several, strict=True)


def derive(people, *, without=()) -> Datasets:
    infusions = pd.DataFrame(
        [(p["patient"]["patient_id"], float(d), phase, m, protocol)
         for p in people for d, phase, m, protocol in p["infusions"]],
        columns=["patient_id", "study_day", "phase", "minutes", "protocol"],
    )  # fmt: skip
    scores = pd.DataFrame(
        [(p["patient"]["patient_id"], float(d), s, "average")
         for p in people for d, s in p["ratings"]],
        columns=["patient_id", "study_day", "score", "recall"],
    )  # fmt: skip
    patients = pd.DataFrame([p["patient"] for p in people])
    patients["patient_id"] = patients["patient_id"].astype("str")
    tables = {"patients": patients, "pain_scores": scores}
    if "infusions" not in without:
        tables["infusions"] = infusions.drop(columns=[c for c in without if c in infusions])
    export = Export(
        name="typed", synthetic=True, source="", tables=tables, intake=(),
        conditions=load_conditions(), settings={}, files={},
    )  # fmt: skip
    return derive_datasets(export, SETTINGS)


def row_of(people, measure, definition, *, without=(), **keys):
    rows = tabulate_protocol(derive(people, without=without), SETTINGS, "crps")
    found = find_row(rows, measure=measure, definition=definition,
                     **{"group_by": "all", **keys})  # fmt: skip
    assert found is not None
    return found


def counted(row):
    return row.n_events, row.n, row.n_missing


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
    row = row_of(people, "session_minutes_share", "standard_45_to_60")
    assert counted(row) == (3, 5, 1)
    high = row_of(people, "session_minutes_share", "high_dose_4_hours")
    assert counted(high) == (1, 1, 0)


@pytest.mark.parametrize(("minutes", "inside"), [(224, 0), (225, 1), (255, 1), (256, 0)])
def test_four_hours_to_the_nearest_half_hour(minutes, inside):
    people = [treated("a", [0], minutes=float(minutes), protocol="high_dose")]
    assert counted(row_of(people, "session_minutes_share", "high_dose_4_hours"))[0] == inside


def test_six_infusions_within_21_days():
    people = [
        treated("day 21", [0, 3, 6, 9, 12, 21]),
        treated("day 22", [0, 3, 6, 9, 12, 22]),
        treated("five", [0, 3, 6, 9, 12]),
        treated("seven", [0, 2, 4, 6, 8, 10, 40]),  # a gap of 30 days: the seventh is a booster
        treated("high", [0, 1], protocol="high_dose"),
    ]
    assert counted(row_of(people, "series_share", "six_within_21_days")) == (2, 4, 0)
    assert counted(row_of(people, "series_share", "completed_six")) == (3, 4, 0)
    assert counted(row_of(people, "series_share", "sixth_by_day_21")) == (2, 3, 0)


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
    row = row_of(people, "booster_gap_share", "monthly_to_quarterly")
    assert counted(row) == (3, 5, 0)
    # a twelfth of the year, 30.4 days, leaves out both 28 and 30, and 91.3 leaves out 92
    assert counted(row_of(people, "booster_gap_share", "mean_month_to_quarter"))[0] == 0


def test_a_booster_by_week_26_with_those_who_left_as_bounds():
    last = SERIES[-1]
    people = [
        treated("by then", SERIES, boosters=[last + 182]),
        treated("later", SERIES, boosters=[last + 183]),
        treated("seen", SERIES, ratings=[(last + 182, 5.0)]),
        treated("left", SERIES, ratings=[(last + 100, 5.0)]),
    ]
    row = row_of(people, "booster_any_share", "by_week_26", population="bounds")
    assert counted(row) == (1, 4, 1)
    assert row.value == pytest.approx(1 / 3)
    # Wilson: 1 of 4 begins at 4.56 %, 2 of 4 ends at 85.0 % (R: binom.confint, "wilson")
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
    row = row_of(people, "recurrence_share", "at_80_pct_of_baseline")
    assert counted(row) == (1, 2, 0)


# nothing recorded


def test_no_column_is_no_zero():
    people = [treated("a", SERIES), treated("b", SERIES)]
    row = row_of(people, "session_minutes_share", "standard_45_to_60", without=["minutes"])
    assert (row.value, row.status, row.n) == (None, "not estimable", 0)
    assert "length of no session" in row.warnings[0]


def test_no_infusions_at_all():
    people = [treated("a", SERIES, enrolled_on=None)]
    for measure, definition in (
        ("session_minutes_share", "standard_45_to_60"),
        ("series_share", "six_within_21_days"),
        ("booster_any_share", "by_week_26"),
    ):
        row = row_of(people, measure, definition, without=["infusions"])
        assert row.value is None, measure
        assert "no infusions" in row.warnings[0]


def test_no_patient_of_the_condition():
    rows = tabulate_protocol(derive([treated("a", SERIES)]), SETTINGS, "fibromyalgia")
    assert rows
    assert all(row.value is None and row.n == 0 for row in rows)


def test_arms_are_told_apart():
    people = [treated("a", SERIES, arm="drug"), treated("b", SERIES[:2], arm="placebo")]
    whole = row_of(people, "series_share", "completed_six")
    assert "Different treatments" in whole.warnings[-1]
    drug = row_of(people, "series_share", "completed_six", group_by="arm", group="drug")
    assert counted(drug) == (1, 1, 0)


def test_a_result_exists_once():
    rows = tabulate_protocol(derive([treated("a", SERIES, arm="drug")]), SETTINGS, "crps")
    assert len({row.result_id for row in rows}) == len(rows)
