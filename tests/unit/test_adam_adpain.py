"""Ratings on the patient's own clock: roles, visits, baseline, change and response."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import END, WEEK_4, clinic, patient, study

from analysis.adam.adpain import (
    BEFORE_BASELINE,
    BETWEEN,
    DURING,
    NOT_CLOSEST,
    NOT_TREATED,
    OTHER_RECALL,
    assign_visits,
    choose_ratings,
    choose_recall,
    derive_baseline,
    derive_change,
    order_visits,
    place_ratings,
    reaches,
)
from analysis.errors import InputError
from analysis.settings import SCHEDULE

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
    treatment = pd.DataFrame({"DAY0": [0.0], "EOSDY": [end]}, index=["A"])
    treatment["TRTSDT"] = pd.Series([start], index=["A"]).astype("datetime64[s]")
    return place_ratings(scores, treatment, recall="average", baseline_window_days=WINDOW_DAYS)


def roles(*rows, **more) -> list[str]:
    return place(*rows, **more)["ROLE"].tolist()


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
    assert got["ROLE"].tolist() == ["baseline", DURING]
    assert got["AVAL"].tolist() == [7.5, 3.0]


def test_an_infusion_without_a_clock_leaves_the_day_to_baseline():
    got = roles(
        ("A", "2026-03-01 12:00", 3),
        columns=("patient_id", "assessed_on", "score"),
        start=pd.Timestamp("2026-03-01"),
    )
    assert got == ["baseline"]


def test_several_ratings_of_one_day_are_averaged_and_counted():
    got = place(("A", -1, 8), ("A", -1, 6), ("A", 1, 5), end=0)
    assert got["AVAL"].tolist() == [7.0, 5.0]
    assert got["NSAME"].tolist() == [2, 1]


def test_the_same_visit_twice_with_two_scores():
    columns = ("patient_id", "study_day", "score", "visit")
    got = place(("A", 28, 3, "week_4"), ("A", 28, 5, "week_4"), columns=columns)
    assert got["AVAL"].tolist() == [4.0]
    got = place(("A", 27, 3, "week_4"), ("A", 30, 5, "week_4"), columns=columns)
    assert got["ROLE"].tolist() == ["week_4", NOT_CLOSEST]


def test_ratings_of_another_recall_are_never_mixed_in():
    columns = ("patient_id", "study_day", "score", "recall")
    got = place(("A", 0, 8, "average"), ("A", 0, 10, "worst"), columns=columns)
    assert got["ROLE"].tolist() == ["baseline", OTHER_RECALL]


def test_visits_the_export_names_win_over_their_days():
    columns = ("patient_id", "study_day", "score", "visit")
    got = place(
        ("A", 3, 8, "baseline"),
        ("A", 3, 4, "discharge"),
        ("A", 28, 3, None),
        ("A", -3, 9, "screening"),
        columns=columns,
    )
    assert got["ROLE"].tolist() == ["baseline", "discharge", "week_4", BEFORE_BASELINE]


def test_a_date_against_a_study_day_is_refused():
    with pytest.raises(InputError, match="1 ratings have a date while"):
        place(("A", "2026-03-01", 8), columns=("patient_id", "assessed_on", "score"))


def test_no_rating_counts():
    got = place(("Z", 0, 8))
    assert got["ROLE"].tolist() == [NOT_TREATED]
    assert got["AVISIT"].isna().all()


def baseline(*scores: float, minimum=4.0) -> pd.Series:
    ratings = pd.DataFrame({"USUBJID": "A", "ROLE": "baseline", "AVAL": scores})
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
    assert got["BASE"] == pytest.approx(mean)
    assert got["NBASE"] == len(scores)
    assert got["BASESTAT"] == status


def test_patients_without_a_baseline_are_absent():
    ratings = pd.DataFrame({"USUBJID": ["A"], "ROLE": ["end"], "AVAL": [5.0]})
    assert derive_baseline(ratings, minimum_score=4).empty


def test_change_and_percent_change():
    ratings = pd.DataFrame(
        {
            "USUBJID": ["A", "A", "B", "C", "D"],
            "ROLE": ["baseline", "end", "end", "end", "end"],
            "AVISIT": ["baseline", "end", "end", "end", "end"],
            "AVAL": [8.0, 6.0, 10.0, 2.0, 3.0],
        }
    )
    known = pd.DataFrame({"BASE": [8.0, 5.0, 0.0]}, index=["A", "B", "C"])
    got = derive_change(ratings, known)
    assert got["POSTFL"].tolist() == [False, True, True, True, True]
    assert np.isnan(got["BASE"][0])  # of ratings after day 0 only
    after = got[got["POSTFL"]]
    assert after["CHG"].tolist()[:3] == [-2.0, 5.0, 2.0]
    assert after["PCHG"].tolist()[:2] == [-25.0, 100.0]
    assert np.isnan(after["PCHG"].tolist()[2])  # baseline 0: no percent, never infinite
    assert np.isnan(after["CHG"].tolist()[3])  # no baseline: unknown


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["worst"], "auto", "worst"),
        (["worst", "average", "worst"], "auto", "average"),
        (["worst", "average"], "worst", "worst"),
        (["not_stated"], "auto", "not_stated"),
    ],
)
def test_the_recall_analyzed(there, wanted, chosen):
    assert choose_recall(pd.Series(there), wanted) == chosen


def test_a_recall_that_is_not_there_or_not_plain():
    with pytest.raises(InputError, match="no rating has the recall 'least'; the export has worst"):
        choose_recall(pd.Series(["worst"]), "least")
    with pytest.raises(InputError, match="several recalls"):
        choose_recall(pd.Series(["worst", "now"]), "auto")


# visits


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
    frame = pd.DataFrame(rows, columns=["USUBJID", "AVISIT", "ADYEOS"])
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
    frame = pd.DataFrame({"USUBJID": [], "AVISIT": [], "ADYEOS": []})
    assert choose_ratings(frame).tolist() == []
    assert order_visits(frame) == ()


def test_the_order_of_visits():
    frame = pd.DataFrame({"AVISIT": ["week_8", "end", "week_4"], "ADYEOS": [1.0, 2.0, 3.0]})
    assert order_visits(frame) == ("end", "week_4", "week_8")
    named = pd.DataFrame({"AVISIT": ["end", "week_3", None], "ADYEOS": [0.0, -21.0, 5.0]})
    assert order_visits(named) == ("week_3", "end")


# response


def flags(series: pd.Series) -> list[bool | None]:
    return [None if pd.isna(flag) else bool(flag) for flag in series]


def test_unknown_is_not_no():
    got = reaches(pd.Series([-50.0, -29.9, None, 10.0]), 30)
    assert flags(got) == [True, False, None, False]
    assert str(got.dtype) == "boolean"
    assert len(reaches(pd.Series([], dtype=float), 30)) == 0


@pytest.mark.parametrize(
    ("before", "after"), [(7.0, 4.9), (6.0, 4.2), (9.0, 6.3), (4.0, 2.8), (10.0, 7.0), (5.0, 3.5)]
)
def test_exactly_thirty_percent_responds(before, after):
    """Binary arithmetic makes some of these 29.999999999999996."""
    assert flags(reaches(pd.Series([100 * (after - before) / before]), 30)) == [True]


def test_just_under_does_not_and_points_are_no_percent():
    assert flags(reaches(pd.Series([-29.99]), 30)) == [False]
    assert flags(reaches(pd.Series([-2.0, 6.3 - 8.3, -1.99, None]), 2)) == [True, True, False, None]


def at(visit: str, people=None) -> pd.DataFrame:
    adpain = study(people or clinic()).adpain
    return adpain[adpain["AVISIT"] == visit].set_index("USUBJID")


def test_a_row_for_each_patient_and_visit_also_missed_ones():
    adpain = study(clinic()).adpain
    assert len(adpain) == 13 * 2
    assert not adpain.duplicated(["USUBJID", "AVISIT"]).any()
    assert adpain.groupby("AVISIT", sort=False)["AVISITN"].first().to_dict() == {
        "end": 0.0, "week_4": 4.0,
    }  # fmt: skip


def test_flags_of_a_clinic_by_hand():
    """Ten had a booster before the rating of the end, so has no response; unknown stays missing."""
    end = at("end")
    fas = end[end["FASFL"]]
    assert fas.index[fas["CRIT30FL"].fillna(False)].tolist() == ["one", "two", "three", "five"]
    assert fas.index[fas["CRIT50FL"].fillna(False)].tolist() == ["one"]
    assert fas.index[fas["CRIT2PFL"].fillna(False)].tolist() == ["one", "two"]
    assert fas.index[fas["WORSEFL"].fillna(False)].tolist() == ["six"]
    assert fas.index[~fas["RATEDFL"]].tolist() == fas.index[fas["CRIT30FL"].isna()].tolist() == [
        "eight", "nine",
    ]  # fmt: skip
    assert fas.index[fas["BOOSTFL"]].tolist() == ["ten"]
    assert (fas.loc["nine", "AVAL"], fas.loc["one", "CHG"]) == (3.0, -4.0)


def test_a_booster_before_a_visit_that_was_missed():
    later = at("week_4")
    assert later.index[later["RATEDFL"]].tolist() == ["one"]
    assert later.index[later["BOOSTFL"]].tolist() == ["ten"]
    assert not at("end", [patient("a", 8, 4, booster_on=END)])["BOOSTFL"].any()  # rated before it
    assert at("week_4", [patient("a", 8, 4, later={WEEK_4: 4}, booster_on=WEEK_4 - 1)])[
        "BOOSTFL"
    ].all()


def test_the_threshold_of_the_settings_has_a_flag():
    own = study(clinic()).settings.model_copy(update={"responder_threshold_pct": 20.0})
    adpain = study(clinic(), own).adpain.query("AVISIT == 'end' and FASFL")
    assert adpain["CRITFL"].sum() == 5
    assert adpain["CRIT30FL"].sum() == 4
