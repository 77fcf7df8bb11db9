"""Ratings on the patient's own clock: roles, baseline, change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.derive.pain import (
    BEFORE_BASELINE,
    BETWEEN,
    DURING,
    NOT_CLOSEST,
    NOT_TREATED,
    OTHER_RECALL,
    choose_recall,
    derive_baseline,
    derive_change,
    place_ratings,
)
from analysis.errors import InputError

WINDOW_DAYS = 14


def place(
    *rows: tuple[object, ...], columns=("patient_id", "study_day", "score"), end=0.0, start=None
) -> pd.DataFrame:
    """Place ratings of patient A, whose series ends on day ``end``; others were never treated."""
    scores = pd.DataFrame(rows, columns=list(columns))
    if "assessed_on" in scores:
        when = pd.to_datetime(scores["assessed_on"], format="ISO8601")
        scores["assessed_on"] = when.astype("datetime64[s]")
    if "recall" not in scores:
        scores["recall"] = "average"
    treatment = pd.DataFrame({"day0_study_day": [0.0], "end_of_series_day": [end]}, index=["A"])
    if start is not None:
        treatment["first_infusion_at"] = pd.Series([start], index=["A"]).astype("datetime64[s]")
    return place_ratings(scores, treatment, recall="average", baseline_window_days=WINDOW_DAYS)


def roles(*rows, **more) -> list[str]:
    return place(*rows, **more)["role"].tolist()


def test_every_rating_has_a_role():
    got = roles(
        ("A", -15, 5),
        ("A", -14, 5),
        ("A", 0, 5),
        ("A", 5, 5),
        ("A", 14, 5),
        ("A", 20, 5),
        ("A", 22, 5),
        ("A", 40, 5),
        ("A", 41, 5),
        ("A", 400, 5),
        ("Z", 0, 5),
        end=14,
    )
    assert got == [
        BEFORE_BASELINE,
        "baseline",
        "baseline",
        DURING,
        "end",
        NOT_CLOSEST,
        BETWEEN,
        NOT_CLOSEST,
        "week_4",
        BETWEEN,
        NOT_TREATED,
    ]


def test_one_infusion_a_rating_on_its_day_is_baseline_and_not_the_end():
    """Day 0 is the end of the series too; a rating without a clock is taken as before it."""
    assert roles(("A", 0, 8), ("A", 2, 4)) == ["baseline", "end"]


def test_a_rating_after_the_first_infusion_began_is_not_baseline():
    got = place(
        ("A", "2026-03-01 08:00", 8),
        ("A", "2026-03-01 12:00", 3),
        ("A", "2026-03-01", 7),
        columns=("patient_id", "assessed_on", "score"),
        start=pd.Timestamp("2026-03-01 10:00"),
        end=5.0,
    )
    assert got["role"].tolist() == ["baseline", DURING]
    assert got["score"].tolist() == [7.5, 3.0]


def test_an_infusion_without_a_clock_leaves_the_day_to_baseline():
    got = roles(
        ("A", "2026-03-01 12:00", 3),
        columns=("patient_id", "assessed_on", "score"),
        start=pd.Timestamp("2026-03-01"),
    )
    assert got == ["baseline"]


def test_several_ratings_of_one_day_are_averaged_and_counted():
    got = place(("A", -1, 8), ("A", -1, 6), ("A", 1, 5), end=0)
    assert got["score"].tolist() == [7.0, 5.0]
    assert got["n_same_day"].tolist() == [2, 1]


def test_the_same_visit_twice_with_two_scores():
    columns = ("patient_id", "study_day", "score", "visit")
    got = place(("A", 28, 3, "week_4"), ("A", 28, 5, "week_4"), columns=columns)
    assert got["score"].tolist() == [4.0]
    got = place(("A", 27, 3, "week_4"), ("A", 30, 5, "week_4"), columns=columns)
    assert got["role"].tolist() == ["week_4", NOT_CLOSEST]


def test_ratings_of_another_recall_are_never_mixed_in():
    columns = ("patient_id", "study_day", "score", "recall")
    got = place(("A", 0, 8, "average"), ("A", 0, 10, "worst"), columns=columns)
    assert got["role"].tolist() == ["baseline", OTHER_RECALL]


def test_visits_the_export_names_win_over_their_days():
    columns = ("patient_id", "study_day", "score", "visit")
    got = place(
        ("A", 3, 8, "baseline"),
        ("A", 3, 4, "discharge"),
        ("A", 28, 3, None),
        ("A", -3, 9, "screening"),
        columns=columns,
    )
    assert got["role"].tolist() == ["baseline", "discharge", "week_4", BEFORE_BASELINE]


def test_a_date_against_a_study_day_is_refused():
    with pytest.raises(InputError, match="1 ratings have a date while"):
        place(("A", "2026-03-01", 8), columns=("patient_id", "assessed_on", "score"))


def test_no_rating_counts():
    got = place(("Z", 0, 8))
    assert got["role"].tolist() == [NOT_TREATED]
    assert got["visit"].isna().all()


def baseline(*scores: float, minimum=4.0) -> pd.Series:
    ratings = pd.DataFrame({"patient_id": "A", "role": "baseline", "score": scores})
    return derive_baseline(ratings, minimum_score=minimum).loc["A"]


@pytest.mark.parametrize(
    ("scores", "minimum", "mean", "status"),
    [
        ((8.0, 6.0), 4.0, 7.0, "ok"),
        ((4.3, 3.9, 3.8), 4.0, 4.0, "ok"),  # 12 / 3, with the dust of binary fractions
        ((3.9,), 4.0, 3.9, "below minimum"),
        ((0.0,), 4.0, 0.0, "zero"),
        ((0.0,), 0.0, 0.0, "zero"),
        ((0.5,), 0.0, 0.5, "ok"),
    ],
)
def test_baseline_and_its_status(scores, minimum, mean, status):
    got = baseline(*scores, minimum=minimum)
    assert got["baseline_score"] == pytest.approx(mean)
    assert got["n_baseline_ratings"] == len(scores)
    assert got["baseline_status"] == status


def test_patients_without_a_baseline_are_absent():
    ratings = pd.DataFrame({"patient_id": ["A"], "role": ["end"], "score": [5.0]})
    assert derive_baseline(ratings, minimum_score=4).empty


def test_change_and_percent_reduction():
    ratings = pd.DataFrame(
        {
            "patient_id": ["A", "A", "B", "C", "D"],
            "role": ["baseline", "end", "end", "end", "end"],
            "visit": ["baseline", "end", "end", "end", "end"],
            "score": [8.0, 6.0, 10.0, 2.0, 3.0],
        }
    )
    known = pd.DataFrame({"baseline_score": [8.0, 5.0, 0.0]}, index=["A", "B", "C"])
    got = derive_change(ratings, known)
    assert got["patient_id"].tolist() == ["A", "B", "C", "D"]
    assert got["change_score"].tolist()[:3] == [2.0, -5.0, -2.0]
    assert got["reduction_pct"].tolist()[:2] == [25.0, -100.0]
    assert np.isnan(got["reduction_pct"].tolist()[2])  # baseline 0: no percent, never infinite
    assert np.isnan(got["change_score"].tolist()[3])  # no baseline: unknown


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["worst"], "auto", "worst"),
        (["worst", "average", "worst"], "auto", "average"),
        (["worst", "average"], "worst", "worst"),
        (["not_stated"], "auto", "not_stated"),
    ],
)
def test_the_recall_analysed(there, wanted, chosen):
    assert choose_recall(pd.Series(there), wanted) == chosen


def test_a_recall_that_is_not_there_or_not_plain():
    with pytest.raises(InputError, match="no rating has the recall 'least'; the export has worst"):
        choose_recall(pd.Series(["worst"]), "least")
    with pytest.raises(InputError, match="several recalls"):
        choose_recall(pd.Series(["worst", "now"]), "auto")
