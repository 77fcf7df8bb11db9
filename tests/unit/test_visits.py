"""Analysis visits: windows without gaps between them, and the one rating that stands for each."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.derive.visits import SCHEDULE, assign_visits, choose_ratings, order_visits


@pytest.mark.parametrize(
    ("day", "visit"),
    [
        (-0.5, "end"),  # only ratings from the end on are asked about; half a day is dust
        (0, "end"),
        (7, "end"),
        (7.5, None),
        (17, None),
        (17.5, "week_4"),  # half-way between end and week 4 is 14; the window starts at 18 begun
        (18, "week_4"),
        (42, "week_4"),  # half-way to week 8: the earlier visit keeps it
        (42.5, "week_8"),
        (43, "week_8"),
        (70, "week_8"),
        (70.5, "week_12"),
        (91.3125, "week_12"),  # three months
        (133, "week_12"),
        (133.2, "week_26"),
        (182.625, "week_26"),  # six months
        (231, "week_26"),
        (231.5, None),
        (float("nan"), None),
    ],
)
def test_the_window_of_a_day(day, visit):
    got = assign_visits(pd.Series([day], dtype=float)).tolist()[0]
    assert (None if pd.isna(got) else got) == visit


@given(st.floats(17.001, 231, allow_nan=False))
def test_no_day_falls_between_two_windows(day):
    assert assign_visits(pd.Series([day])).notna().all()


@given(st.floats(-50, 400, allow_nan=False))
def test_a_day_has_one_visit_and_later_days_never_an_earlier_one(day):
    names = [visit.name for visit in SCHEDULE]
    got = [v for v in assign_visits(pd.Series([day, day + 1.0])).tolist() if not pd.isna(v)]
    places = [names.index(name) for name in got]
    assert places == sorted(places)


def chosen(*rows: tuple[str, str | None, float]) -> list[bool]:
    frame = pd.DataFrame(rows, columns=["patient_id", "visit", "day_after"])
    return choose_ratings(frame).tolist()


def test_the_closest_rating_stands_for_the_visit():
    assert chosen(("A", "week_4", 20.0), ("A", "week_4", 27.0), ("A", "week_4", 35.0)) == [
        False,
        True,
        False,
    ]


def test_the_later_of_two_equally_close_wins():
    assert chosen(("A", "week_4", 26.0), ("A", "week_4", 30.0)) == [False, True]


def test_each_patient_and_visit_has_its_own():
    rows = [("A", "end", 0.0), ("B", "end", 2.0), ("A", "week_4", 28.0), ("A", None, 10.0)]
    assert chosen(*rows) == [True, True, True, False]


def test_visits_the_export_names_keep_their_last_rating():
    assert chosen(("A", "discharge", 1.0), ("A", "discharge", 3.0)) == [False, True]


def test_nobody_rated():
    frame = pd.DataFrame({"patient_id": [], "visit": [], "day_after": []})
    assert choose_ratings(frame).tolist() == []
    assert order_visits(frame) == ()


def test_the_order_of_visits():
    frame = pd.DataFrame({"visit": ["week_8", "end", "week_4"], "day_after": [1.0, 2.0, 3.0]})
    assert order_visits(frame) == ("end", "week_4", "week_8")
    named = pd.DataFrame({"visit": ["end", "week_3", None], "day_after": [0.0, -21.0, 5.0]})
    assert order_visits(named) == ("week_3", "end")
