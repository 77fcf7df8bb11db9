"""Duration of relief and what boosters make of it, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from exports import derive, load
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import LAST_INFUSION, WEEK, clinic, patient, responder, study

from analysis.adam.adsl import count_infusions
from analysis.adam.adtte import (
    apply_booster_strategy,
    derive_adtte,
    derive_boosters,
    derive_due_day,
    derive_followed_to,
    derive_series_relief,
    derive_spans,
    lay_out_ratings,
)
from analysis.settings import AnalysisSettings

INF = float("inf")
COLUMNS = ["USUBJID", "ROLE", "ADY", "AVAL", "BASE", "PCHG", "ATM", "ASERIES", "NLEFT"]
NAMES = {0: "end", 2: "end", 28: "week_4", 56: "week_8", 84: "week_12"}


def spans(
    ratings: dict[str, list[tuple[float, ...]]],
    boosters: dict[str, float] | None = None,
    end: float = 10.0,
    baseline: float = 10.0,
    **definitions: str,
) -> pd.DataFrame:
    """Spans of patients given as (day after the end, percent reduction, and time of day)."""
    given = boosters or {}
    rows = [
        {
            "USUBJID": who,
            "ROLE": NAMES.get(int(day), "between or after the visit windows"),
            "ADY": day + end,
            "AVAL": baseline * (1 - pct / 100),
            "BASE": baseline,
            "PCHG": -pct,
            "ATM": clock[0] if clock else np.nan,
            "ASERIES": 1 + (day > given.get(who, np.inf)),
            "NLEFT": 0,
        }
        for who, own in ratings.items()
        for day, pct, *clock in own
    ]
    adsl = pd.DataFrame(
        [(who, end, given[who] + end if who in given else np.nan) for who in ratings],
        columns=["USUBJID", "EOSDY", "BOOSTDY"],
    )
    frame = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:], float))
    return derive_spans(lay_out_ratings(frame, adsl), threshold_pct=30, **definitions)


def ends(frame: pd.DataFrame, who: str, strategy: str) -> tuple[float, float, float, bool, str]:
    row = apply_booster_strategy(frame, strategy).loc[who]
    return (row.LDY, row.RDY, row.AVAL, bool(row.CNSR == 0), row.EVNTDESC)


def test_relief_lies_between_the_last_good_and_the_first_bad_rating():
    got = spans({"A": [(0, 50), (28, 40), (56, 10), (84, 60)]})
    assert ends(got, "A", "loss") == (28, 56, 56, True, "loss")


def test_relief_not_lost_is_followed_to_the_last_rating():
    got = spans({"A": [(0, 50), (28, 40), (90, 30)]})
    assert ends(got, "A", "loss") == (90, INF, 90, False, "censored")


def test_nobody_who_did_not_respond_at_the_end_is_here():
    got = spans({"A": [(0, 29), (28, 90)], "B": [(28, 90)], "C": [(0, 30)]})
    assert got.index.tolist() == ["C"]
    assert ends(got, "C", "loss") == (0, INF, 0, False, "censored")


def test_a_booster_while_relieved():
    got = spans({"A": [(0, 50), (28, 40), (84, 50)]}, {"A": 60})
    # Between day 28 and the booster nobody looked.
    assert ends(got, "A", "loss") == (28, 60, 60, True, "booster")
    assert ends(got, "A", "censoring") == (28, INF, 28, False, "booster")
    assert ends(got, "A", "ignored") == (84, INF, 84, False, "censored")


def test_a_booster_after_relief_was_lost_changes_nothing():
    got = spans({"A": [(0, 50), (28, 10), (56, 50)]}, {"A": 40})
    for strategy in ("loss", "censoring", "ignored"):
        assert ends(got, "A", strategy) == (0, 28, 28, True, "loss")


def test_a_bad_rating_on_the_day_of_the_booster_was_before_it():
    got = spans({"A": [(0, 50), (28, 10)]}, {"A": 28})
    assert ends(got, "A", "loss") == (0, 28, 28, True, "loss")


def test_relief_first_seen_after_a_booster_is_not_the_series_own():
    assert spans({"A": [(2, 50), (28, 50)]}, {"A": 1}).empty


def test_exactly_thirty_percent_is_relief():
    got = spans({"A": [(0, 100 * (7.0 - 4.9) / 7.0), (28, 30.0)]})
    assert ends(got, "A", "loss")[0] == 28


def test_a_rating_without_a_percentage_shows_nothing():
    got = spans({"A": [(0, 50), (28, float("nan")), (56, 40)]})
    assert ends(got, "A", "loss") == (56, INF, 56, False, "censored")


@pytest.mark.parametrize("strategy", ["loss", "censoring", "ignored"])
def test_nobody(strategy):
    got = spans({})
    assert got.empty
    assert apply_booster_strategy(got, strategy).empty


# rules of loss

COURSE = [(0, 50), (28, 10), (56, 40), (84, 20), (110, 0)]
"""Relief, none, relief, none, none; at baseline 10 the scores are 5, 9, 6, 8 and 10."""


@pytest.mark.parametrize(
    ("rule", "span"),
    [
        ("once", (0, 28)),
        ("confirmed", (56, 84)),  # day 28 is not confirmed by day 56; day 84 is by day 110
        ("near_baseline", (0, 28)),  # 9 is within 1 point of 10
    ],
)
def test_rules_of_loss(rule, span):
    got = spans({"A": COURSE}, rule=rule)
    assert ends(got, "A", "loss")[:2] == span


def test_a_last_rating_without_relief_confirms_nothing_and_shows_none():
    got = spans({"A": [(0, 50), (28, 40), (56, 10)]}, rule="confirmed")
    assert ends(got, "A", "loss") == (28, INF, 28, False, "censored")


@pytest.mark.parametrize(("pct", "lost"), [(25, False), (20, True), (10, True)])
def test_near_baseline_is_eighty_percent_or_one_point(pct, lost):
    """At baseline 10, 80% is 8: a fall by a quarter is neither relief nor near baseline."""
    got = spans({"A": [(0, 50), (28, pct)]}, rule="near_baseline")
    assert ends(got, "A", "loss")[3] is lost


def test_near_a_low_baseline_one_point_decides():
    """At baseline 4, within 1 point is 3 or more: a quarter less, and already near baseline."""
    got = spans({"A": [(0, 50), (28, 25)]}, rule="near_baseline", baseline=4.0)
    assert ends(got, "A", "loss")[:2] == (0, 28)


def test_relief_is_never_near_baseline_too():
    """At baseline 2 half the pain is both 50% relief and within a point of baseline."""
    got = spans({"A": [(0, 50), (28, 50)]}, rule="near_baseline", baseline=2.0)
    assert ends(got, "A", "loss") == (28, INF, 28, False, "censored")


# clocks


def test_the_readings_asked_for_are_those_of_all():
    own = study(clinic())
    got = derive_adtte(
        own.adsl, own.ratings, threshold_pct=30.0, visits=own.settings.schedule,
        readings=[("once", "end_of_series")],
    )  # fmt: skip
    every = own.adtte[(own.adtte["RULE"] == "once") & (own.adtte["CLOCK"] == "end_of_series")]
    codes = ["RULE", "CLOCK"]
    got, every = got.drop(columns=codes), every.drop(columns=codes).reset_index(drop=True)
    pd.testing.assert_frame_equal(got.astype(every.dtypes), every)  # texts are kept as categories


@pytest.mark.parametrize(
    ("clock", "span"),
    [("end_of_series", (28, 56)), ("start", (38, 66)), ("first_response", (26, 54))],
)
def test_clocks(clock, span):
    """The series ends on day 10; relief is first shown two days later."""
    got = spans({"A": [(2, 50), (28, 40), (56, 10)]}, clock=clock)
    assert ends(got, "A", "loss")[:2] == span


def test_from_first_response_everyone_with_relief_at_any_time_counts():
    ratings = {"A": [(0, 10), (28, 50), (56, 10)], "B": [(0, 10), (28, 20)]}
    got = spans(ratings, clock="first_response")
    assert got.index.tolist() == ["A"]
    assert ends(got, "A", "loss")[:2] == (0, 28)
    assert spans(ratings).empty


def test_a_booster_is_on_the_clock_too():
    got = spans({"A": [(0, 10), (28, 50), (56, 50)]}, {"A": 40}, clock="first_response")
    assert ends(got, "A", "loss") == (0, 12, 12, True, "booster")


def test_a_booster_on_the_day_of_the_first_relief_leaves_none():
    got = spans({"A": [(0, 50)]}, {"A": 0})
    assert ends(got, "A", "loss") == (0, 0, 0, True, "booster")
    assert ends(got, "A", "censoring") == (0, INF, 0, False, "booster")


def test_the_clock_starts_at_the_end_whenever_that_was():
    got = spans({"A": [(0, 50), (28, 10)]}, end=10.0)
    early = spans({"A": [(0, 50), (28, 10)]}, end=0.0)
    assert ends(got, "A", "loss") == ends(early, "A", "loss") == (0, 28, 28, True, "loss")


def test_relief_and_none_on_one_day_is_a_loss_on_that_day():
    got = spans({"A": [(2, 50), (2, 10), (28, 50)]})
    assert ends(got, "A", "loss") == (2, 2, 2, True, "loss")


def test_a_rating_of_an_earlier_hour_is_no_loss_of_the_relief_shown_later_that_day():
    morning, noon = 0.35, 0.5
    got = spans({"A": [(2, 10, morning), (2, 50, noon), (28, 50)]})
    assert ends(got, "A", "loss") == (28, INF, 28, False, "censored")
    got = spans({"A": [(2, 10, noon), (2, 50, morning), (28, 50)]})
    assert ends(got, "A", "loss") == (2, 2, 2, True, "loss")
    first = spans({"A": [(2, 10, morning), (2, 50, noon), (28, 50)]}, clock="first_response")
    assert ends(first, "A", "loss")[:2] == (26, INF)


DAYS = st.lists(st.integers(1, 200), max_size=6, unique=True).map(sorted)


@pytest.mark.slow
@given(
    days=DAYS,
    pcts=st.lists(st.sampled_from([-20.0, 0.0, 29.0, 30.0, 60.0]), min_size=6, max_size=6),
    booster=st.one_of(st.none(), st.integers(0, 220)),
    strategy=st.sampled_from(["loss", "censoring", "ignored"]),
    rule=st.sampled_from(["once", "confirmed", "near_baseline"]),
    clock=st.sampled_from(["end_of_series", "first_response"]),
)
@hypothesis_settings(deadline=None)
def test_spans_are_in_order(days, pcts, booster, strategy, rule, clock):
    """left < right, an event has an end, and a patient is followed no longer than was looked."""
    own = [(0.0, 50.0), *zip(map(float, days), pcts, strict=False)]
    known = {} if booster is None else {"A": float(booster)}
    got = spans({"A": own}, known, rule=rule, clock=clock)
    assert not got.drop(columns=["first_bad_days", "booster_days"]).isna().any(axis=None)
    left, right, time, event, cause = ends(got, "A", strategy)
    assert 0 <= left < right or (booster == 0 and left == right == 0)
    assert cause == "censored" or event or strategy == "censoring"
    assert event == np.isfinite(right)
    assert time == (right if event else left)


# ratings as arrays

NAN = float("nan")


def ratings_of(*rows: tuple[str, str, float, float]):
    """Ratings of (patient, role, day, reduction); A ends the series on day 10, B on none known."""
    filled = [
        (who, role, day, 10 - pct / 10, 10.0, -pct, NAN, 1 + (who == "B" and day > 40), 0)
        for who, role, day, pct in rows
    ]
    ratings = pd.DataFrame(filled, columns=COLUMNS)
    numbers = dict.fromkeys(COLUMNS[2:], float)
    ratings = ratings.astype({"USUBJID": "str", "ROLE": "str", **numbers})
    adsl = pd.DataFrame({"USUBJID": ["A", "B"], "EOSDY": [10.0, NAN], "BOOSTDY": [NAN, 40.0]})
    return ratings, adsl


SOME = (("B", "x", 5, 20), ("A", "week_4", 38, 40), ("A", "end", 10, 50), ("A", "x", 20, NAN))


def test_ratings_stand_by_patient_and_day_and_unknown_reductions_are_left_out():
    laid = lay_out_ratings(*ratings_of(*SOME))
    assert list(laid.patients) == ["A", "B"]
    assert laid.firsts.tolist() == [0, 2] and laid.counts.tolist() == [2, 1]
    assert laid.day.tolist() == [10, 38, 5]
    assert laid.pchg.tolist() == [-50, -40, -20]
    assert laid.is_end.tolist() == [True, False, False]
    assert laid.is_last.tolist() == [False, True, True]
    assert laid.end_of_series_day[0] == 10 and np.isnan(laid.end_of_series_day[1])
    assert laid.first_booster_day[1] == 40 and np.isnan(laid.first_booster_day[0])


def test_of_two_ratings_of_one_day_the_first_written_stays_first():
    laid = lay_out_ratings(*ratings_of(("A", "x", 12, 60), ("A", "x", 12, 10), ("A", "x", 11, 30)))
    assert laid.pchg.tolist() == [-30, -60, -10]


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
    assert not len(laid.patients)
    got = derive_spans(laid, threshold_pct=30)
    assert got.empty and got.index.name == "USUBJID"
    assert {"good_until_days", "first_bad_days", "n_ratings"} <= set(got)


def test_one_layout_serves_every_reading():
    laid = lay_out_ratings(*ratings_of(*SOME, ("A", "week_8", 66, 0), ("A", "week_12", 94, 45)))
    first = derive_spans(laid, threshold_pct=30, rule="confirmed", clock="start")
    once = derive_spans(laid, threshold_pct=30)
    assert once.loc["A", ["good_until_days", "first_bad_days"]].tolist() == [28, 56]
    assert first.loc["A", "good_until_days"] == 94 and np.isinf(first.loc["A", "first_bad_days"])


def test_who_has_no_known_end_of_series_has_no_days():
    laid = lay_out_ratings(*ratings_of(("B", "end", 5, 50), ("B", "x", 9, 0)))
    got = derive_spans(laid, threshold_pct=30)
    assert np.isnan(got.loc["B", "good_until_days"])
    assert got.loc["B", "n_ratings"] == 2


# the dataset


def dated(tmp_path, scores: str, given: str = "", **settings):
    """The relief of an export of dates, by patient."""
    ids = sorted({line.split(",")[0] for line in scores.splitlines()})
    files = {
        "patients.csv": "patient_id,condition,enrolled_on\n"
        + "".join(f"{who},crps,2024-01-01\n" for who in ids),
        "pain_scores.csv": "patient_id,assessed_on,score,visit\n" + scores,
    }
    if given:
        files["infusions.csv"] = "patient_id,infused_at\n" + given
    own = derive(load(tmp_path, files), **settings)
    rows = own.adtte.query("PARAMCD == 'RELLOSS' and RULE == 'once' and CLOCK == 'end_of_series'")
    return own, rows.set_index("USUBJID")


@pytest.mark.slow
def test_named_visits_twenty_minutes_apart(tmp_path):
    """T was rated before and after on the last day; R has a `baseline` 400 days later."""
    own, relief = dated(
        tmp_path,
        "R,2024-01-01 09:00,8,baseline\nR,2024-01-31 09:00,4,end\n"
        "R,2024-04-01 09:00,4,follow_up\nR,2025-02-04 09:00,2,baseline\n"
        "T,2024-01-01 09:00,8,baseline\nT,2024-01-31 09:20,4,end\n"
        "T,2024-01-31 09:00,8,middle\nT,2024-04-01 09:00,4,follow_up\n",
    )
    assert own.adsl["BASE"].tolist() == [8.0, 8.0]
    end = own.adpain.query("AVISIT == 'end'")
    assert end["PCHG"].tolist() == [-50.0, -50.0] and end["CRIT30FL"].all()
    assert relief["EVNTDESC"].tolist() == ["censored", "censored"]
    assert relief["LDY"].tolist() == [370, 61]


SERIES = "A,2024-01-01 09:00\nA,2024-01-08 09:00\n"


@pytest.mark.slow
def test_a_rating_before_the_last_infusion_of_its_day_is_not_the_end(tmp_path):
    """08:30 before an infusion at 09:00; the rating three days later is the end: 62.5%."""
    own, _ = dated(
        tmp_path,
        "A,2024-01-01 08:30,8,\nA,2024-01-08 08:30,7,\nA,2024-01-11 12:00,3,\n",
        SERIES,
    )
    assert own.adpain.query("AVISIT == 'end'")["PCHG"].tolist() == [-62.5]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hour", "left", "right", "cause"),
    [("08:00", 0, 57, "loss"), ("15:00", 0, 57, "booster")],
)
def test_a_bad_rating_of_the_day_of_a_booster(tmp_path, hour, left, right, cause):
    """Before it, it found the loss; after it, it says nothing on the series."""
    own, relief = dated(
        tmp_path,
        f"A,2024-01-01 08:00,8,\nA,2024-01-08 12:00,4,\nA,2024-03-05 {hour},8,\n",
        SERIES + "A,2024-03-05 10:00\n",
    )
    got = relief.loc["A"]
    assert (left, right, cause) == (got.LDY, got.RDY, got.EVNTDESC)
    week_8 = own.adpain.query("AVISIT == 'week_8'")
    assert week_8["BOOSTFL"].tolist() == [cause == "booster"]


def adtte(people, paramcd="RELLOSS", rule="once", clock="end_of_series") -> pd.DataFrame:
    own = study(people).adtte
    own = own.query("PARAMCD == @paramcd and RULE == @rule and CLOCK == @clock")
    return own.set_index("USUBJID")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("paramcd", "left", "right", "time", "cause"),
    [
        ("RELLOSS", 4, 5, 5, "booster"),
        ("RELCENS", 4, INF, 4, "booster"),
        ("RELIGN", 4, 8, 8, "loss"),
    ],
)
def test_a_booster_in_week_5(paramcd, left, right, time, cause):
    got = adtte([responder("a", booster_on=WEEK[5], w4=4, w8=8)], paramcd).loc["a"]
    assert (7 * left, 7 * right, 7 * time) == (got.LDY, got.RDY, got.AVAL)
    assert (cause, int(right == INF), 35, 56) == (got.EVNTDESC, got.CNSR, got.BOOSTDY, got.BADDY)


@pytest.mark.slow
def test_one_row_a_responder_parameter_rule_and_clock():
    own = study(clinic()).adtte
    assert not own.duplicated(["USUBJID", "PARAMCD", "RULE", "CLOCK"]).any()
    assert len(own) == 4 * 3 * 3 * 3  # one, two, three and five respond, of ten starters
    assert (own.query("CLOCK == 'start'")["STARTDY"] == 0).all()
    assert (own.query("CLOCK == 'end_of_series'")["STARTDY"] == LAST_INFUSION).all()


@pytest.mark.slow
def test_a_booster_on_the_day_of_the_end_is_an_end():
    got = adtte([responder("a", booster_on=WEEK[0])]).loc["a"]
    assert (got.LDY, got.RDY, got.CNSR) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clock", "n"), [("end_of_series", 1), ("first_response", 2), ("start", 1)]
)
def test_responders_under_another_clock(clock, n):
    people = [responder("a", w4=8), patient("b", 8, 8, later={WEEK[4]: 4})]
    assert len(adtte(people, clock=clock)) == n


# series by series


def after(*ratings: tuple[str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(ratings, columns=["USUBJID", "ADY", "PCHG"])
    frame = frame.astype({"ADY": float, "PCHG": float}).assign(POSTFL=True, ATM=np.nan)
    return frame.assign(PCHG=-frame["PCHG"])


def series(*infusions: tuple[str, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(infusions, columns=["USUBJID", "ADY", "SERIES"])
    return frame.astype({"ADY": float}).assign(ADTM=pd.NaT)


TWO = series(("A", 0, 1), ("A", 10, 1), ("A", 60, 2))
"""Two infusions ending on day 10, and a booster on day 60."""


def told(ratings: pd.DataFrame, given: pd.DataFrame = TWO) -> list[tuple]:
    treatment = pd.DataFrame(
        {"DAY0": 0.0, "EOSDY": 10.0, "TRTSDT": pd.NaT, "TRTEDT": pd.NaT}, ["A"]
    )
    placed = ratings.join(count_infusions(ratings, given, treatment))
    got = derive_series_relief(placed, given, threshold_pct=30.0)
    return list(got.itertuples(index=False, name=None))


def test_each_series_has_its_own_span():
    """Lost between 18 and 46 days after the first; after the booster not seen to be lost."""
    ratings = after(("A", 12, 50), ("A", 28, 40), ("A", 56, 10), ("A", 65, 50), ("A", 90, 40))
    assert told(ratings) == [("A", 1, 18, 46), ("A", 2, 30, INF)]


def test_the_next_series_ends_relief_that_was_not_lost():
    assert told(after(("A", 12, 50), ("A", 40, 50))) == [("A", 1, 30, 50)]


def test_relief_must_be_shown_first_and_within_two_weeks():
    assert told(after(("A", 25, 50))) == []
    assert told(after(("A", 12, 10), ("A", 14, 50))) == []
    assert told(after(("A", 24, 50))) == [("A", 1, 14, 50)]


def test_a_rating_on_the_day_of_the_booster_was_before_it():
    assert told(after(("A", 12, 50), ("A", 60, 10))) == [("A", 1, 2, 50)]
    assert told(after(("A", 60, 50))) == []


def test_a_rating_on_the_last_day_of_several_infusions_was_after_them():
    assert told(after(("A", 10, 50), ("A", 38, 10))) == [("A", 1, 0, 28)]
    assert told(after(("A", 0, 50), ("A", 28, 10)), series(("A", 0, 1))) == []


def test_maintenance_before_the_initial_series_is_no_series_of_the_export():
    given = series(("A", -40, 0), ("A", 0, 1), ("A", 10, 1))
    assert told(after(("A", -35, 50), ("A", 12, 50)), given) == [("A", 1, 2, INF)]
    adsl = pd.DataFrame({"USUBJID": ["A"], "EOSDY": [10.0]})
    assert derive_boosters(given, adsl).empty


def test_relief_and_none_on_one_day():
    assert told(after(("A", 12, 50), ("A", 12, 10))) == [("A", 1, 2, 2)]


def test_no_infusions():
    given = series()
    assert told(after(("A", 12, 50)), given) == []
    adsl = pd.DataFrame({"USUBJID": ["A"], "EOSDY": [10.0]})
    assert derive_boosters(given, adsl).empty
    followed = derive_followed_to(given, after(("A", 12, 50)), adsl)
    assert followed.to_dict() == {"A": 2.0}


def test_boosters_are_series_after_the_first_by_their_first_day():
    given = series(("A", 0, 1), ("A", 10, 1), ("A", 60, 2), ("A", 61, 2), ("A", 100, 3),
                   ("B", 0, 1), ("B", 45, 2))  # fmt: skip
    adsl = pd.DataFrame({"USUBJID": ["A", "B"], "EOSDY": [10.0, 0.0]})
    got = derive_boosters(given, adsl)
    assert list(got.itertuples(index=False, name=None)) == [
        ("A", 1, 50),
        ("A", 2, 90),
        ("B", 1, 45),
    ]


def test_followed_to_the_last_rating_or_infusion():
    """A to the rating on day 90, B to the booster on day 45, C unseen after, D never treated."""
    given = series(("A", 0, 1), ("A", 10, 1), ("B", 0, 1), ("B", 45, 2), ("C", 0, 1), ("C", 9, 1))
    adsl = pd.DataFrame({"USUBJID": [*"ABCD"], "EOSDY": [10.0, 0.0, 9.0, np.nan]})
    got = derive_followed_to(given, after(("A", 90, 0), ("B", 20, 0)), adsl)
    assert got.to_dict() == {"A": 80.0, "B": 45.0, "C": 0.0}


@pytest.mark.parametrize(
    ("days_to_cut", "due"), [(3, 0.0), (8, 0.0), (42, 18.0), (300, 134.0), (None, 134.0)]
)
def test_who_is_followed_for_as_long_as_planned(days_to_cut, due):
    """Windows close on days 7, 42, 70, 133 and 231; that of week 4 begins on 18, of 26 on 134."""
    end = pd.Timestamp("2025-03-01 10:00")
    cut = pd.NaT if days_to_cut is None else end.normalize() + pd.Timedelta(days=days_to_cut)
    adsl = pd.DataFrame({"USUBJID": ["a"], "TRTEDT": [end], "DCUTDT": [cut]})
    assert derive_due_day(adsl, AnalysisSettings().schedule)["a"] == due
