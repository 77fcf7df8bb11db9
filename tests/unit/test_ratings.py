"""Ratings as arrays: their order, what is left out, and the least and greatest of each patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.derive.lookup import is_among
from analysis.derive.ratings import lay_out_ratings
from analysis.derive.relief import derive_relief, derive_spans

NAN = float("nan")
COLUMNS = ["patient_id", "role", "day", "score", "baseline_score", "reduction_pct"]


def ratings_of(*rows: tuple[str, str, float, float]):
    """Ratings of (patient, role, day, reduction); A ends the series on day 10, B on none known."""
    filled = [(who, role, day, 10 - pct / 10, 10.0, pct) for who, role, day, pct in rows]
    change = pd.DataFrame(filled, columns=COLUMNS)
    numbers = dict.fromkeys(COLUMNS[2:], float)
    change = change.astype({"patient_id": "str", "role": "str", **numbers})
    subjects = pd.DataFrame(
        {"end_of_series_day": [10.0, NAN], "first_booster_day": [NAN, 40.0]},
        index=pd.Index(["A", "B"], name="patient_id"),
    )
    return change, subjects


SOME = (("B", "x", 5, 20), ("A", "week_4", 38, 40), ("A", "end", 10, 50), ("A", "x", 20, NAN))


def test_ratings_stand_by_patient_and_day_and_unknown_reductions_are_left_out():
    laid = lay_out_ratings(*ratings_of(*SOME))
    assert list(laid.patient_ids) == ["A", "B"]
    assert laid.firsts.tolist() == [0, 2] and laid.counts.tolist() == [2, 1]
    assert laid.day.tolist() == [10, 38, 5]
    assert laid.reduction_pct.tolist() == [50, 40, 20]
    assert laid.is_end.tolist() == [True, False, False]
    assert laid.is_last.tolist() == [False, True, True]
    assert laid.end_of_series_day[0] == 10 and np.isnan(laid.end_of_series_day[1])
    assert laid.first_booster_day[1] == 40 and np.isnan(laid.first_booster_day[0])


def test_of_two_ratings_of_one_day_the_first_written_stays_first():
    laid = lay_out_ratings(*ratings_of(("A", "x", 12, 60), ("A", "x", 12, 10), ("A", "x", 11, 30)))
    assert laid.reduction_pct.tolist() == [30, 60, 10]


def test_least_and_most_of_each_patient_are_nan_where_there_is_none():
    laid = lay_out_ratings(*ratings_of(*SOME))
    early = laid.day < 20
    assert laid.least(laid.day, early).tolist() == [10, 5]
    assert laid.most(laid.day, ~early)[0] == 38 and np.isnan(laid.most(laid.day, ~early)[1])
    assert laid.total(early).tolist() == [1, 1]
    assert laid.spread(np.array([1.0, 2.0])).tolist() == [1, 1, 2]


@pytest.mark.parametrize("rows", [(), (("A", "end", 10, NAN),)])
def test_without_a_known_reduction_there_is_nobody(rows):
    laid = lay_out_ratings(*ratings_of(*rows))
    assert not len(laid.patient_ids)
    spans = derive_spans(laid, threshold_pct=30)
    assert spans.empty and spans.index.name == "patient_id"
    assert {"good_until_days", "first_bad_days", "n_ratings"} <= set(spans)


def test_one_layout_serves_every_reading():
    change, subjects = ratings_of(*SOME, ("A", "week_8", 66, 0), ("A", "week_12", 94, 45))
    laid = lay_out_ratings(change, subjects)
    again = derive_relief(change, subjects, threshold_pct=30, rule="confirmed", clock="start")
    first = derive_spans(laid, threshold_pct=30, rule="confirmed", clock="start")
    pd.testing.assert_frame_equal(first, again)
    once = derive_spans(laid, threshold_pct=30)
    assert once.loc["A", ["good_until_days", "first_bad_days"]].tolist() == [28, 56]
    assert first.loc["A", "good_until_days"] == 94 and np.isinf(first.loc["A", "first_bad_days"])


def test_who_has_no_known_end_of_series_has_no_days():
    change, subjects = ratings_of(("B", "end", 5, 50), ("B", "x", 9, 0))
    spans = derive_relief(change, subjects, threshold_pct=30)
    assert np.isnan(spans.loc["B", "good_until_days"])
    assert spans.loc["B", "n_ratings"] == 2


def test_membership_is_told_row_by_row():
    rows = pd.Series(["b", "a", "b", "c", "a b"], dtype="str")
    assert is_among(rows, pd.Index(["b", "a"])).tolist() == [True, True, True, False, False]
    assert is_among(rows, pd.Index([], dtype="str")).tolist() == [False] * 5
    assert is_among(rows[:0], pd.Index(["a"])).tolist() == []
    assert is_among(pd.Index(["a"]), pd.Index(["a"])).tolist() == [True]
