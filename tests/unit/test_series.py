"""Series, day 0, end of series and boosters, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.derive.series import derive_series, derive_treatment
from analysis.errors import InputError

GAP_DAYS = 28


def infusions(*rows: tuple[object, ...], columns=("patient_id", "infused_at")) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    if "infused_at" in frame:
        frame["infused_at"] = pd.to_datetime(frame["infused_at"], format="ISO8601").astype(
            "datetime64[s]"
        )
    return frame


def series(*rows, columns=("patient_id", "infused_at")) -> pd.DataFrame:
    return derive_series(infusions(*rows, columns=columns), gap_days=GAP_DAYS)


def test_a_gap_of_more_than_28_days_starts_a_new_series():
    got = series(("A", "2026-03-01"), ("A", "2026-03-29"), ("A", "2026-04-27"), ("A", "2026-04-28"))
    assert got["day"].tolist() == [0, 28, 57, 58]
    assert got["series_number"].tolist() == [1, 1, 2, 2]
    assert got["is_booster"].tolist() == [False, False, True, True]


def test_order_in_the_file_does_not_matter():
    got = series(("B", "2026-03-05"), ("A", "2026-03-03"), ("B", "2026-03-01"), ("A", "2026-03-01"))
    assert got["patient_id"].tolist() == ["A", "A", "B", "B"]
    assert got["day"].tolist() == [0, 2, 0, 4]


def test_two_infusions_of_one_day_by_their_clock():
    got = series(("A", "2026-03-01 16:00"), ("A", "2026-03-01 08:00"), ("A", "2026-03-02 01:00"))
    assert got["at"].dt.hour.tolist() == [8, 16, 1]
    assert got["day"].tolist() == [0, 0, 1]


def test_maintenance_inside_the_gap_is_a_booster_and_what_follows_too():
    got = series(
        ("A", 0, "initial"),
        ("A", 3, "initial"),
        ("A", 10, "maintenance"),
        ("A", 12, "initial"),
        ("B", 0, None),
        ("B", 5, "maintenance"),
        ("B", 9, "maintenance"),
        columns=("patient_id", "study_day", "phase"),
    )
    assert got["series_number"].tolist() == [1, 1, 2, 2, 1, 2, 2]
    treated = derive_treatment(got)
    assert treated["end_of_series_day"].tolist() == [3, 0]
    assert treated["first_booster_day"].tolist() == [10, 5]
    assert treated["n_boosters"].tolist() == [2, 2]


def test_maintenance_of_a_series_the_export_does_not_hold_is_no_start():
    got = series(
        ("A", 0, "maintenance"),
        ("A", 90, "maintenance"),
        ("B", 0, "maintenance"),
        ("B", 60, "initial"),
        ("B", 63, "initial"),
        columns=("patient_id", "study_day", "phase"),
    )
    assert got["series_number"].tolist() == [0, 0, 0, 1, 1]
    assert got["is_booster"].tolist() == [True, True, True, False, False]
    treated = derive_treatment(got)
    assert treated.index.tolist() == ["B"]
    assert treated.loc["B", "n_infusions"] == 2
    assert treated.loc["B", "end_of_series_day"] == 3
    assert treated.loc["B", "day0_study_day"] == 60
    assert pd.isna(treated.loc["B", "first_booster_day"])


def test_one_infusion_ends_its_series_on_day_0():
    treated = derive_treatment(series(("A", "2026-03-01")))
    assert treated.loc["A", "end_of_series_day"] == 0
    assert treated.loc["A", "n_infusions"] == 1
    assert pd.isna(treated.loc["A", "first_booster_day"])


def test_study_days_count_from_the_first_infusion():
    got = series(("A", 5), ("A", 8), columns=("patient_id", "study_day"))
    assert got["day"].tolist() == [0, 3]
    assert got["at"].isna().all()
    assert derive_treatment(got).loc["A", "day0_study_day"] == 5


def test_each_patient_keeps_a_clock_of_their_own():
    columns = ("patient_id", "infused_at", "study_day")
    got = series(("A", "2026-03-01", None), ("B", None, 4.0), ("B", None, 7.0), columns=columns)
    assert got["day"].tolist() == [0, 0, 3]


def test_two_clocks_in_one_patient_are_refused():
    columns = ("patient_id", "infused_at", "study_day")
    with pytest.raises(InputError, match=r"1 patients \(first: A\)"):
        series(("A", "2026-03-01", None), ("A", None, 4.0), columns=columns)


def test_the_protocol_is_that_of_the_first_infusion():
    got = series(
        ("A", 0, "standard"), ("A", 3, "high_dose"), columns=("patient_id", "study_day", "protocol")
    )
    assert derive_treatment(got).loc["A", "protocol"] == "standard"
