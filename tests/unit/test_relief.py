"""Relief spans and what boosters make of them, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.derive.relief import apply_booster_strategy, derive_relief

INF = float("inf")
NAMES = {0: "end", 2: "end", 28: "week_4", 56: "week_8", 84: "week_12"}


def spans(
    ratings: dict[str, list[tuple[float, float]]],
    boosters: dict[str, float] | None = None,
    end: float = 10.0,
) -> pd.DataFrame:
    """Spans of patients given as (day after the end, percent reduction); baseline is 10."""
    rows = [
        {
            "patient_id": who,
            "role": NAMES.get(int(day), "between or after the visit windows"),
            "day": day + end,
            "day_after": day,
            "score": 10 - pct / 10,
            "baseline_score": 10.0,
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
    return derive_relief(frame, subjects, threshold_pct=30)


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


DAYS = st.lists(st.integers(1, 200), max_size=6, unique=True).map(sorted)


@given(
    days=DAYS,
    pcts=st.lists(st.sampled_from([-20.0, 0.0, 29.0, 30.0, 60.0]), min_size=6, max_size=6),
    booster=st.one_of(st.none(), st.integers(0, 220)),
    strategy=st.sampled_from(["loss", "censoring", "ignored"]),
)
def test_spans_are_in_order(days, pcts, booster, strategy):
    """left < right, an event has an end, and a patient is followed no longer than was looked."""
    own = [(0.0, 50.0), *zip(map(float, days), pcts, strict=False)]
    got = spans({"A": own}, {} if booster is None else {"A": float(booster)})
    left, right, time, event, cause = told(got, "A", strategy)
    assert 0 <= left < right or (booster == 0 and left == right == 0)
    assert cause == "censored" or event or strategy == "censoring"
    assert event == np.isfinite(right)
    assert time == (right if event else left)
