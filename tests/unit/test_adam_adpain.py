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
    NOT_CHOSEN,
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
from analysis.adam.adsl import derive_infusions, derive_treatment
from analysis.errors import InputError
from analysis.settings import AnalysisSettings

SCHEDULE = AnalysisSettings().schedule

WINDOW_DAYS = 14


def place(
    *rows: tuple[object, ...],
    columns=("patient_id", "study_day", "score"),
    end=0.0,
    start=None,
    schedule=SCHEDULE,
    visit_score="closest",
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
    treatment["TRTEDT"] = treatment["TRTSDT"] + pd.to_timedelta(treatment["EOSDY"], unit="D")
    return place_ratings(
        scores,
        treatment,
        derive_infusions(None, gap_days=28),
        recall="average",
        baseline_window_days=WINDOW_DAYS,
        schedule=schedule,
        visit_score=visit_score,
    )


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
        NOT_CHOSEN,
        BETWEEN,
        NOT_CHOSEN,
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
    assert got["ROLE"].tolist() == ["week_4", NOT_CHOSEN]


def test_ratings_of_another_recall_are_never_mixed_in():
    columns = ("patient_id", "study_day", "score", "recall")
    got = place(("A", 0, 8, "average"), ("A", 0, 10, "worst"), columns=columns)
    assert got["ROLE"].tolist() == ["baseline", OTHER_RECALL]


NAMED = ("patient_id", "study_day", "score", "visit")


def test_the_date_decides_what_a_planned_visit_s_name_says():
    """`week_12` on day 35 is week 4; a `baseline` on day 3 and an `end` on day 10 are none."""
    got = place(
        ("A", 0, 8, "baseline"),
        ("A", 3, 7, "baseline"),
        ("A", 10, 5, "end"),
        ("A", 35, 4, "week_12"),
        ("A", 400, 2, "baseline"),
        columns=NAMED,
    )
    assert got["ROLE"].tolist() == ["baseline", "end", BETWEEN, "week_4", BETWEEN]
    assert got["VISIT"].tolist() == ["baseline", "baseline", "end", "week_12", "baseline"]


def test_a_baseline_by_name_only_is_too_early():
    got = place(("A", -20, 5, "baseline"), ("A", -14, 8, "baseline"), columns=NAMED)
    assert got["ROLE"].tolist() == [BEFORE_BASELINE, "baseline"]


def test_visits_of_the_export_s_own_are_kept_as_named():
    got = place(
        ("A", 3, 4, "discharge"), ("A", 28, 3, None), ("A", -3, 9, "screening"), columns=NAMED
    )
    assert got["ROLE"].tolist() == ["discharge", "week_4", BEFORE_BASELINE]


def test_a_name_is_planned_when_the_schedule_has_it():
    """Day 35 lies in no window of 3 and 6 months, and is called week 12: there it is one's own."""
    months = AnalysisSettings(visits="3m, 6m").schedule
    got = place(("A", 35, 4, "week_12"), ("A", 35, 4, "month_3"), columns=NAMED, schedule=months)
    assert got["ROLE"].tolist() == ["week_12", BETWEEN]


# a visit's score

DAY_OF = {70: 9, 71: 2, 80: 4, 83: 6, 90: 3}
"""Ratings around week 12, whose window is days 71 to 133: mean 3.75, closest 6, last 3, worst 6."""


@pytest.mark.parametrize(
    ("visit_score", "score", "day", "n"),
    [
        ("closest", 6, 83, 1),
        ("last", 3, 90, 1),
        ("worst", 6, 83, 1),
        ("mean", 3.75, 90, 4),
        ("week_mean", 5, 83, 2),  # days 78 to 84
    ],
)
def test_the_score_of_a_visit(visit_score, score, day, n):
    got = place(*(("A", d, s) for d, s in DAY_OF.items()), visit_score=visit_score)
    (row,) = got[got["ROLE"] == "week_12"].itertuples()
    assert [score, day, n] == [row.AVAL, row.ADY, row.NSAME]
    assert got["NSAME"].sum() == len(DAY_OF)


def test_a_diary_becomes_weeks():
    """Days 1 to 7 are the end, with the day of the last infusion; 78 to 84 are week 12."""
    days = [*range(-7, 1), *range(3, 88)]
    scores = {day: 8 if day <= 2 else 4 if day <= 9 else 7 for day in days}
    scores |= dict(zip(range(80, 87), (1, 2, 3, 4, 5, 6, 7), strict=True))
    got = place(*(("A", d, s) for d, s in scores.items()), end=2.0, visit_score="week_mean")
    chosen = got[got["ROLE"] == got["AVISIT"]].set_index("AVISIT")
    assert chosen.loc["end", ["AVAL", "ADYEOS", "NSAME"]].tolist() == [4, 7, 7]
    assert chosen.loc["week_12", ["AVAL", "ADYEOS", "NSAME"]].tolist() == [4, 84, 7]
    assert (got["ROLE"] == "baseline").sum() == 8  # a baseline is a mean already


def test_the_worst_of_two_visits_alike_is_the_closest():
    got = place(("A", 70, 1), ("A", 84, 5), ("A", 100, 5), visit_score="worst")
    assert got.set_index("ADY")["ROLE"].to_dict() == {
        70: "week_8", 84: "week_12", 100: NOT_CHOSEN,
    }  # fmt: skip


# clocks: ratings of the day of an infusion


def around(*infusions: object, ratings: dict[object, float], maintenance=()) -> pd.DataFrame:
    """Ratings by time, of a patient with infusions at these times; times are dates or days."""
    dated = isinstance(infusions[0], str)
    column = {"infused_at": "assessed_on"} if dated else {"study_day": "study_day"}
    ((given, rated),) = column.items()
    read = (
        (lambda t: pd.to_datetime(pd.Series(t), format="ISO8601").astype("datetime64[s]"))
        if (dated)
        else pd.Series
    )
    times = [*infusions, *maintenance]
    table = pd.DataFrame({"patient_id": "A", given: read(times).to_numpy()})
    table["phase"] = ["initial"] * len(infusions) + ["maintenance"] * len(maintenance)
    series = derive_infusions(table, gap_days=28)
    scores = pd.DataFrame({"patient_id": "A", rated: read(list(ratings)).to_numpy()})
    scores = scores.assign(score=list(ratings.values()), recall="average")
    treatment = derive_treatment(series, day0_study_day=0.0)
    return place_ratings(
        scores, treatment, series, recall="average", baseline_window_days=WINDOW_DAYS,
        schedule=SCHEDULE,
    )  # fmt: skip


MORNING, NOON, EVENING = " 08:30", " 09:00", " 20:00"
FIRST, LAST, LATER = "2026-03-02", "2026-03-12", "2026-05-20"


@pytest.mark.parametrize(
    ("infusion", "rating", "series", "role"),
    [
        (FIRST + NOON, FIRST + MORNING, 0, "baseline"),
        (FIRST + NOON, FIRST + EVENING, 1, DURING),
        (FIRST + NOON, FIRST, 0, "baseline"),  # without a time of day: before, as is usual
        (FIRST, FIRST + EVENING, 0, "baseline"),
        (LAST + NOON, LAST + MORNING, 1, DURING),
        (LAST + NOON, LAST + EVENING, 1, "end"),
        (LAST + NOON, LAST, 1, "end"),  # without a time of day: the last one is over
        (LAST, LAST + MORNING, 1, "end"),
        (LATER + NOON, LATER + MORNING, 1, "week_8"),
        (LATER + NOON, LATER + EVENING, 2, "week_8"),
        (LATER + NOON, LATER, 1, "week_8"),
        (LATER, LATER + EVENING, 1, "week_8"),
    ],
)
def test_one_rule_for_the_clocks_of_first_last_and_later_infusions(infusion, rating, series, role):
    times = [infusion if infusion.startswith(day) else day + NOON for day in (FIRST, LAST)]
    booster = infusion if infusion.startswith(LATER) else LATER + NOON
    got = around(*times, ratings={rating: 5.0}, maintenance=[booster])
    assert got[["ASERIES", "ROLE"]].iloc[0].tolist() == [series, role]


@pytest.mark.parametrize(
    ("rating", "series", "left"),
    [
        (0, 0, 0), (0.3, 0, 0), (0.4, 1, 1), (10, 1, 0), (10.3, 1, 1), (10.4, 1, 0), (60, 1, 0),
        (60.3, 1, 0), (60.4, 2, 0), (-3, 0, 0), (5, 1, 1), (80, 2, 0),
    ],
)  # fmt: skip
def test_the_same_rule_where_times_are_parts_of_study_days(rating, series, left):
    got = around(0.375, 10.375, ratings={rating: 5.0}, maintenance=[60.375])
    assert got[["ASERIES", "NLEFT"]].iloc[0].tolist() == [series, left]


def test_two_ratings_of_a_day_are_averaged_whatever_clock_they_are_on():
    """2 at 8:00 and 6 at 20:00 are 4, as dates and as study days 2.33 and 2.83."""
    dated = around("2026-03-02", ratings={"2026-03-04 08:00": 2.0, "2026-03-04 20:00": 6.0})
    numbered = around(0.0, ratings={2.3333: 2.0, 2.8333: 6.0})
    for got in (dated, numbered):
        assert got[["AVAL", "NSAME", "ROLE"]].to_numpy().tolist() == [[4.0, 2, "end"]]


def test_ratings_before_and_after_an_infusion_of_a_day_are_not_averaged():
    got = around(FIRST + NOON, LAST + NOON, ratings={LAST + MORNING: 7.0, LAST + EVENING: 3.0})
    assert got[["AVAL", "ROLE"]].to_numpy().tolist() == [[7.0, DURING], [3.0, "end"]]


def test_ratings_of_those_never_treated_are_all_counted():
    got = place(("Z", 0, 8), ("Z", 3, 4))
    assert got["NSAME"].tolist() == [1, 1]


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
    got = assign_visits(pd.Series([day], dtype=float), SCHEDULE).tolist()[0]
    assert (None if pd.isna(got) else got) == visit


@given(st.floats(17.001, 231, allow_nan=False))
def test_no_day_falls_between_two_windows(day):
    assert assign_visits(pd.Series([day]), SCHEDULE).notna().all()


@given(st.floats(-50, 400, allow_nan=False))
def test_a_day_has_one_visit_and_later_days_never_an_earlier_one(day):
    names = [visit.name for visit in SCHEDULE]
    got = assign_visits(pd.Series([day, day + 1.0]), SCHEDULE).dropna().tolist()
    places = [names.index(name) for name in got]
    assert places == sorted(places)


def chosen(*rows: tuple[str, str | None, float]) -> list[bool]:
    frame = pd.DataFrame(rows, columns=["USUBJID", "AVISIT", "ADYEOS"])
    frame = frame.assign(VISIT=pd.NA, ATM=np.nan, AVAL=5.0)
    return choose_ratings(frame, SCHEDULE).tolist()


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
    columns = ["USUBJID", "VISIT", "AVISIT", "ADYEOS", "ATM", "AVAL"]
    frame = pd.DataFrame({name: pd.Series([], dtype=float) for name in columns})
    assert choose_ratings(frame, SCHEDULE).tolist() == []
    assert order_visits(frame, SCHEDULE) == ()


def test_the_order_of_visits():
    frame = pd.DataFrame({"AVISIT": ["week_8", "end", "week_4"], "ADYEOS": [1.0, 2.0, 3.0]})
    assert order_visits(frame, SCHEDULE) == ("end", "week_4", "week_8")
    named = pd.DataFrame({"AVISIT": ["end", "week_3", None], "ADYEOS": [0.0, -21.0, 5.0]})
    assert order_visits(named, SCHEDULE) == ("week_3", "end")


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


@pytest.mark.slow
def test_a_row_for_each_patient_and_visit_also_missed_ones():
    adpain = study(clinic()).adpain
    assert len(adpain) == 13 * 2
    assert not adpain.duplicated(["USUBJID", "AVISIT"]).any()
    assert adpain.groupby("AVISIT", sort=False)["AVISITN"].first().to_dict() == {
        "end": 0.0, "week_4": 4.0,
    }  # fmt: skip


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_booster_before_a_visit_that_was_missed():
    later = at("week_4")
    assert later.index[later["RATEDFL"]].tolist() == ["one"]
    assert later.index[later["BOOSTFL"]].tolist() == ["ten"]
    assert not at("end", [patient("a", 8, 4, booster_on=END)])["BOOSTFL"].any()  # rated before it
    assert at("week_4", [patient("a", 8, 4, later={WEEK_4: 4}, booster_on=WEEK_4 - 1)])[
        "BOOSTFL"
    ].all()


@pytest.mark.slow
def test_the_threshold_of_the_settings_has_a_flag():
    own = study(clinic()).settings.model_copy(update={"responder_threshold_pct": 20.0})
    adpain = study(clinic(), own).adpain.query("AVISIT == 'end' and FASFL")
    assert adpain["CRITFL"].sum() == 5
    assert adpain["CRIT30FL"].sum() == 4
