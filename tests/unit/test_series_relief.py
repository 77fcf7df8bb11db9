"""Relief series by series, boosters and follow-up, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.derive.series_relief import (
    derive_boosters,
    derive_followed_to,
    derive_series_relief,
)

INF = float("inf")


def change(*ratings: tuple[str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(ratings, columns=["patient_id", "day", "reduction_pct"])
    return frame.astype({"day": float, "reduction_pct": float})


def series(*infusions: tuple[str, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(infusions, columns=["patient_id", "day", "series_number"])
    return frame.assign(is_booster=frame["series_number"] != 1).astype({"day": float})


TWO = series(("A", 0, 1), ("A", 10, 1), ("A", 60, 2))
"""Two infusions ending on day 10, and a booster on day 60."""


def told(ratings: pd.DataFrame, given: pd.DataFrame = TWO) -> list[tuple]:
    got = derive_series_relief(ratings, given, threshold_pct=30.0)
    return list(got.itertuples(index=False, name=None))


def test_each_series_has_its_own_span():
    """Lost between 18 and 46 days after the first; after the booster not seen to be lost."""
    ratings = change(("A", 12, 50), ("A", 28, 40), ("A", 56, 10), ("A", 65, 50), ("A", 90, 40))
    assert told(ratings) == [("A", 1, 18, 46), ("A", 2, 30, INF)]


def test_the_next_series_ends_relief_that_was_not_lost():
    assert told(change(("A", 12, 50), ("A", 40, 50))) == [("A", 1, 30, 50)]


def test_relief_must_be_shown_first_and_within_two_weeks():
    assert told(change(("A", 25, 50))) == []
    assert told(change(("A", 12, 10), ("A", 14, 50))) == []
    assert told(change(("A", 24, 50))) == [("A", 1, 14, 50)]


def test_a_rating_on_the_day_of_the_booster_was_before_it():
    assert told(change(("A", 12, 50), ("A", 60, 10))) == [("A", 1, 2, 50)]
    assert told(change(("A", 60, 50))) == []


def test_a_rating_on_the_last_day_of_several_infusions_was_after_them():
    assert told(change(("A", 10, 50), ("A", 38, 10))) == [("A", 1, 0, 28)]
    assert told(change(("A", 0, 50), ("A", 28, 10)), series(("A", 0, 1))) == []


def test_maintenance_before_the_initial_series_is_no_series_of_the_export():
    given = series(("A", -40, 0), ("A", 0, 1), ("A", 10, 1))
    assert told(change(("A", -35, 50), ("A", 12, 50)), given) == [("A", 1, 2, INF)]
    subjects = pd.DataFrame({"end_of_series_day": [10.0]}, index=["A"])
    assert derive_boosters(given, subjects).empty


def test_relief_and_none_on_one_day():
    assert told(change(("A", 12, 50), ("A", 12, 10))) == [("A", 1, 2, 2)]


@pytest.mark.parametrize("given", [series(), pd.DataFrame({"patient_id": [], "day": []})])
def test_no_infusions(given):
    assert told(change(("A", 12, 50)), given) == []
    subjects = pd.DataFrame({"end_of_series_day": [10.0]}, index=["A"])
    assert derive_boosters(given, subjects).empty
    followed = derive_followed_to(given, change(("A", 12, 50)), subjects)
    assert followed.to_dict() == {"A": 2.0}


def test_boosters_are_series_after_the_first_by_their_first_day():
    given = series(("A", 0, 1), ("A", 10, 1), ("A", 60, 2), ("A", 61, 2), ("A", 100, 3),
                   ("B", 0, 1), ("B", 45, 2))  # fmt: skip
    subjects = pd.DataFrame({"end_of_series_day": [10.0, 0.0]}, index=["A", "B"])
    got = derive_boosters(given, subjects)
    assert list(got.itertuples(index=False, name=None)) == [
        ("A", 1, 50),
        ("A", 2, 90),
        ("B", 1, 45),
    ]


def test_followed_to_the_last_rating_or_infusion():
    """A to the rating on day 90, B to the booster on day 45, C unseen after, D never treated."""
    given = series(("A", 0, 1), ("A", 10, 1), ("B", 0, 1), ("B", 45, 2), ("C", 0, 1), ("C", 9, 1))
    subjects = pd.DataFrame(
        {"end_of_series_day": [10.0, 0.0, 9.0, np.nan]}, index=["A", "B", "C", "D"]
    )
    got = derive_followed_to(given, change(("A", 90, 0), ("B", 20, 0)), subjects)
    assert got.to_dict() == {"A": 80.0, "B": 45.0, "C": 0.0}
