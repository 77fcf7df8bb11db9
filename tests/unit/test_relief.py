"""Relief spans and what boosters make of them, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from analysis.derive.relief import apply_booster_strategy, derive_relief

INF = float("inf")
NAMES = {0: "end", 2: "end", 28: "week_4", 56: "week_8", 84: "week_12"}


def spans(
    ratings: dict[str, list[tuple[float, float]]],
    boosters: dict[str, float] | None = None,
    end: float = 10.0,
    baseline: float = 10.0,
    **definitions: str,
) -> pd.DataFrame:
    """Spans of patients given as (day after the end, percent reduction)."""
    rows = [
        {
            "patient_id": who,
            "role": NAMES.get(int(day), "between or after the visit windows"),
            "day": day + end,
            "day_after": day,
            "score": baseline * (1 - pct / 100),
            "baseline_score": baseline,
            "reduction_pct": pct,
        }
        for who, own in ratings.items()
        for day, pct in own
    ]
    columns = ["patient_id", "role", "day", "day_after", "score", "baseline_score", "reduction_pct"]
    subjects = pd.DataFrame(
        {"end_of_series_day": end, "first_booster_day": np.nan}, index=list(ratings)
    )
    for who, day in (boosters or {}).items():
        subjects.loc[who, "first_booster_day"] = day + end
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.astype({name: float for name in columns if name not in ("patient_id", "role")})
    return derive_relief(frame, subjects, threshold_pct=30, **definitions)


def told(frame: pd.DataFrame, who: str, strategy: str) -> tuple[float, float, float, bool, str]:
    row = apply_booster_strategy(frame, strategy=strategy).loc[who]
    return (row.left_days, row.right_days, row.time_days, bool(row.is_event), row.cause)


def test_relief_lies_between_the_last_good_and_the_first_bad_rating():
    got = spans({"A": [(0, 50), (28, 40), (56, 10), (84, 60)]})
    assert told(got, "A", "loss") == (28, 56, 56, True, "loss")


def test_relief_not_lost_is_followed_to_the_last_rating():
    got = spans({"A": [(0, 50), (28, 40), (90, 30)]})
    assert told(got, "A", "loss") == (90, INF, 90, False, "censored")


def test_nobody_who_did_not_respond_at_the_end_is_here():
    got = spans({"A": [(0, 29), (28, 90)], "B": [(28, 90)], "C": [(0, 30)]})
    assert got.index.tolist() == ["C"]
    assert told(got, "C", "loss") == (0, INF, 0, False, "censored")


def test_a_booster_while_relieved():
    got = spans({"A": [(0, 50), (28, 40), (84, 50)]}, {"A": 60})
    # Between day 28 and the booster nobody looked.
    assert told(got, "A", "loss") == (28, 60, 60, True, "booster")
    assert told(got, "A", "censoring") == (28, INF, 28, False, "booster")
    assert told(got, "A", "ignored") == (84, INF, 84, False, "censored")


def test_a_booster_after_relief_was_lost_changes_nothing():
    got = spans({"A": [(0, 50), (28, 10), (56, 50)]}, {"A": 40})
    for strategy in ("loss", "censoring", "ignored"):
        assert told(got, "A", strategy) == (0, 28, 28, True, "loss")


def test_a_bad_rating_on_the_day_of_the_booster_was_before_it():
    got = spans({"A": [(0, 50), (28, 10)]}, {"A": 28})
    assert told(got, "A", "loss") == (0, 28, 28, True, "loss")


def test_relief_first_seen_after_a_booster_is_not_the_series_own():
    assert spans({"A": [(2, 50), (28, 50)]}, {"A": 1}).empty


def test_exactly_thirty_percent_is_relief():
    got = spans({"A": [(0, 100 * (7.0 - 4.9) / 7.0), (28, 30.0)]})
    assert told(got, "A", "loss")[0] == 28


def test_a_rating_without_a_percentage_shows_nothing():
    got = spans({"A": [(0, 50), (28, float("nan")), (56, 40)]})
    assert told(got, "A", "loss") == (56, INF, 56, False, "censored")


@pytest.mark.parametrize("strategy", ["loss", "censoring", "ignored"])
def test_nobody(strategy):
    got = spans({})
    assert got.empty
    assert apply_booster_strategy(got, strategy=strategy).empty


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
    assert told(got, "A", "loss")[:2] == span


def test_a_last_rating_without_relief_confirms_nothing_and_shows_none():
    got = spans({"A": [(0, 50), (28, 40), (56, 10)]}, rule="confirmed")
    assert told(got, "A", "loss") == (28, INF, 28, False, "censored")


@pytest.mark.parametrize(("pct", "lost"), [(25, False), (20, True), (10, True)])
def test_near_baseline_is_eighty_percent_or_one_point(pct, lost):
    """At baseline 10, 80 % is 8: a fall by a quarter is neither relief nor near baseline."""
    got = spans({"A": [(0, 50), (28, pct)]}, rule="near_baseline")
    assert told(got, "A", "loss")[3] is lost


def test_near_a_low_baseline_one_point_decides():
    """At baseline 4, within 1 point is 3 or more: a quarter less, and already near baseline."""
    got = spans({"A": [(0, 50), (28, 25)]}, rule="near_baseline", baseline=4.0)
    assert told(got, "A", "loss")[:2] == (0, 28)


def test_relief_is_never_near_baseline_too():
    """At baseline 2 half the pain is both 50 % relief and within a point of baseline."""
    got = spans({"A": [(0, 50), (28, 50)]}, rule="near_baseline", baseline=2.0)
    assert told(got, "A", "loss") == (28, INF, 28, False, "censored")


# clocks


@pytest.mark.parametrize(
    ("clock", "span"),
    [("end_of_series", (28, 56)), ("start", (38, 66)), ("first_response", (26, 54))],
)
def test_clocks(clock, span):
    """The series ends on day 10; relief is first shown two days later."""
    got = spans({"A": [(2, 50), (28, 40), (56, 10)]}, clock=clock)
    assert told(got, "A", "loss")[:2] == span


def test_from_first_response_everyone_with_relief_at_any_time_counts():
    ratings = {"A": [(0, 10), (28, 50), (56, 10)], "B": [(0, 10), (28, 20)]}
    got = spans(ratings, clock="first_response")
    assert got.index.tolist() == ["A"]
    assert told(got, "A", "loss")[:2] == (0, 28)
    assert spans(ratings).empty


def test_a_booster_is_on_the_clock_too():
    got = spans({"A": [(0, 10), (28, 50), (56, 50)]}, {"A": 40}, clock="first_response")
    assert told(got, "A", "loss") == (0, 12, 12, True, "booster")


def test_a_booster_on_the_day_of_the_first_relief_leaves_none():
    got = spans({"A": [(0, 50)]}, {"A": 0})
    assert told(got, "A", "loss") == (0, 0, 0, True, "booster")
    assert told(got, "A", "censoring") == (0, INF, 0, False, "booster")


def test_a_visit_named_end_before_the_last_infusion_is_day_0():
    got = spans({"A": [(0, 50), (28, 10)]}, end=10.0)
    early = spans({"A": [(0, 50), (28, 10)]}, end=0.0)
    assert told(got, "A", "loss") == told(early, "A", "loss")
    frame = pd.DataFrame(
        [("A", "end", 7.0, -3.0, 5.0, 10.0, 50.0), ("A", "week_4", 38.0, 28.0, 9.0, 10.0, 10.0)],
        columns=["patient_id", "role", "day", "day_after", "score", "baseline_score",
                 "reduction_pct"],
    )  # fmt: skip
    subjects = pd.DataFrame({"end_of_series_day": 10.0, "first_booster_day": np.nan}, index=["A"])
    got = derive_relief(frame, subjects, threshold_pct=30)
    assert told(got, "A", "loss")[:2] == (0, 28)


def test_relief_and_none_on_one_day_is_a_loss_on_that_day():
    got = spans({"A": [(2, 50), (2, 10), (28, 50)]})
    assert told(got, "A", "loss") == (2, 2, 2, True, "loss")


DAYS = st.lists(st.integers(1, 200), max_size=6, unique=True).map(sorted)


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
    left, right, time, event, cause = told(got, "A", strategy)
    assert 0 <= left < right or (booster == 0 and left == right == 0)
    assert cause == "censored" or event or strategy == "censoring"
    assert event == np.isfinite(right)
    assert time == (right if event else left)
