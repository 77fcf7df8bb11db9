"""Boosters: how many, how far apart, and relief series by series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from relief_studies import booster_table, relief_groups
from studies import SETTINGS, WEEK, patient, responder, study

from analysis.adam.adtte import derive_boosters, derive_followed_to
from analysis.errors import EstimationError
from analysis.results import Row, find, find_one, make_results, rows_of
from analysis.stats.recurrent import booster_count, estimate_mean_count, estimate_trend, gap_times
from analysis.stats.relief import Group

pytestmark = pytest.mark.slow

ROUNDING = 1e-12
SUMS = 1e-9  # variances gathered by differences of running sums

# the estimators


def test_mean_count_by_hand():
    # four watched: two events, then one; the fourth leaves at 4; three watched: one event
    found = estimate_mean_count(
        ["a", "a", "b", "d"], [2, 5, 3, 2], patients=["a", "b", "c", "d"], end=[9, 7, 4, 8]
    )
    assert found.mean == pytest.approx([0.5, 0.75, 0.75 + 1 / 3], abs=ROUNDING)
    assert found.std_error[0] == pytest.approx(0.25, abs=ROUNDING)  # a share of 2 in 4
    assert found.at(1).value == 0.0
    assert found.at(9).value == pytest.approx(0.75 + 1 / 3)
    assert found.at(10).status == "not estimable"


def test_mean_count_error_against_its_definition():
    rng = np.random.default_rng(2)
    end = rng.integers(3, 15, 25).astype(float)
    who = np.repeat(np.arange(25), rng.integers(0, 4, 25))
    when = np.ceil(rng.random(who.size) * end[who])
    found = estimate_mean_count(who, when, patients=np.arange(25), end=end)
    squares = np.zeros(found.times.size)
    for one in range(25):
        watched = (end[one] >= found.times) / found.n_at_risk
        own = np.array([np.sum(when[who == one] == time) for time in found.times])
        squares += np.cumsum(watched * (own - found.n_events / found.n_at_risk)) ** 2
    assert found.std_error == pytest.approx(np.sqrt(squares), abs=SUMS)


def test_mean_count_without_events():
    found = estimate_mean_count([], [], patients=["a"], end=[5])
    assert (found.at(4).value, found.at(4).low) == (0.0, None)
    assert found.at(6).status == "not estimable"


def test_gap_times():
    gaps = gap_times(["b", "a", "a"], [3, 5, 2], patients=["a", "b", "c"], end=[9, 7, 4])
    assert list(gaps.patient) == [0, 0, 0, 1, 1, 2]
    assert list(gaps.number) == [1, 2, 3, 1, 2, 1]
    assert list(gaps.gap) == [2, 3, 4, 3, 4, 4]
    assert list(gaps.event) == [True, True, False, True, False, False]


@pytest.mark.parametrize(
    ("who", "when", "patients", "end", "words"),
    [
        (["x"], [1], ["a"], [5], "not among patients: 'x'"),
        (["a"], [6], ["a"], [5], "after the patient's end in row 0"),
        (["a"], [1], ["a", "a"], [5, 5], "'a' more than once"),
        (["a", "a"], [1], ["a"], [5], "event_patient has 2 rows"),
        ([], [], [], [], "at least one patient"),
        (["a"], [-1], ["a"], [5], "event_time is negative"),
    ],
)
def test_bad_events_are_named(who, when, patients, end, words):
    with pytest.raises(EstimationError, match=words):
        estimate_mean_count(who, when, patients=patients, end=end)


# boosters of typed patients


def several(name: str, *weeks: int, until: int = 26):
    """A responder with boosters in the given weeks, rated in the last week of follow-up."""
    one = responder(name, **{f"w{until}": 4})
    one["infusions"] += [(WEEK[week], "maintenance") for week in weeks]
    return one


def rows(people, condition="crps", **how) -> pd.DataFrame:
    made = study(people, condition=condition, **how)
    return make_results(booster_table(made, relief_groups(made)[condition, "all", "all"][0]))


def count(made: pd.DataFrame, week: float) -> Row:
    found = find_one(made, measure="booster_count", visit=f"week_{week:g}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("week", "mean"), [(2, 0), (4, 0), (8, 0.5), (8.7, 0.5), (12, 0.75), (26, 1.25)]
)
def test_counts_by_hand(week, mean):
    """Four followed to week 26; boosters in weeks 5, 11, 20, in week 6, and in week 15: 5 / 4."""
    people = [several("a", 5, 11, 20), several("b", 6), several("c", 15), several("d")]
    made = rows(people)
    assert (count(made, week).value, count(made, week).n) == (pytest.approx(mean), 4)
    assert count(made, week).unit == "per starter"


def test_who_left_is_no_longer_counted_among():
    """One of two is followed to week 8 only: the booster in week 10 is one of one, not of two."""
    made = rows([several("a", 10), several("b", until=8)])
    assert count(made, 8).value == 0
    assert count(made, 12).value == 1


def test_nonresponders_are_starters_too():
    made = rows([several("a", 5), patient("n", 8, 8, later={WEEK[26]: 8})])
    assert (count(made, 12).value, count(made, 12).n) == (0.5, 2)


def test_nobody_boosted_is_none_and_no_infusions_is_unknown():
    made = rows([several("a"), several("b")])
    assert {(r.measure, r.value, r.status) for r in rows_of(made)} == {
        ("booster_count", 0.0, "estimated")
    }
    made = rows([several("a", 5)], with_infusions=False)
    assert {(r.value, r.status, r.notes) for r in rows_of(made)} == {
        (None, "not estimable", "no_infusions_to_count")
    }
    assert set(rows([several("a", 5)], condition="fbss")["status"]) == {"no patients"}


def test_maintenance_before_the_start_is_no_booster():
    early = several("a", 5)
    early["infusions"].insert(0, (-60, "maintenance"))
    assert count(rows([early, several("b")]), 26).value == 0.5


def test_gaps_by_hand():
    """First boosters in weeks 4 to 8 of five patients: the median first gap is 6 weeks.

    Second ones five weeks after the first in all five, who are seen to the end: 5 weeks.
    """
    made = rows([several(f"p{i}", 4 + i, 9 + i) for i in range(5)])
    first, second = rows_of(find(made, measure="booster_gap", group=["1", "2"]))
    assert (first.value, first.n) == (pytest.approx(6.0), 5)
    assert second.value == pytest.approx(5.0)
    assert (first.notes, second.notes) == ("seen_to", "seen_to;came_back")


def test_four_patients_have_no_gap_and_no_series_median():
    made = rows([several(f"p{i}", 5) for i in range(4)])
    assert set(made["measure"]) == {"booster_count", "series_time_ratio"}


def test_the_curve_for_the_figure_ends_with_the_planned_visits():
    """Past week 26 only who comes for a booster is seen."""
    late = several("a", 5)
    late["infusions"].append((WEEK[26] + 30, "maintenance"))
    made = study([late, several("b")])
    boosters = derive_boosters(made.infusions, made.adsl)
    followed = derive_followed_to(made.infusions, made.ratings, made.adsl)
    found = booster_count(boosters, followed, level=0.95).up_to(26.0)
    assert (found.mean.tolist(), found.last_time) == ([0.5], 26.0)
    assert found.frame["week"].tolist() == [5.0, 26.0]
    assert booster_count(boosters, followed.head(0), level=0.95) is None


# series by series

GROUP = Group(
    condition="crps", group_by="all", group="all", settings=SETTINGS, n_starters=40, is_rated=True,
)  # fmt: skip
FITTED = 1e-9  # estimates are within 1e-8 standard errors of the maximum


def spans(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["USUBJID", "SERIES", "LDY", "RDY"])


def repeated(factor: float) -> pd.DataFrame:
    """Forty patients with two series each, the second ``factor`` times as long to the day."""
    longs = np.linspace(10, 90, 40)
    first = [(f"p{i}", 1, days - 5, days + 5) for i, days in enumerate(longs)]
    second = [(f"p{i}", 2, (d - 5) * factor, (d + 5) * factor) for i, d in enumerate(longs)]
    return spans(*first, *second)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_ratio_is_the_planted_factor(factor):
    found = estimate_trend(repeated(factor), GROUP)
    assert found.value == pytest.approx(factor, rel=1e-6)
    assert (found.n, found.level, found.status) == (80, 0.95, "estimated")
    assert found.low <= factor * (1 + FITTED)  # all ratios are alike: the interval has no width
    assert found.high >= factor * (1 - FITTED)


def test_the_interval_knows_that_series_of_a_patient_hang_together():
    """Each patient's two series are alike here: the ratio hardly varies when patients are left out.

    Taken as independent, eighty spans from 10 to 90 days would leave it open by a fifth.
    """
    found = estimate_trend(repeated(1.0), GROUP)
    assert found.high / found.low < 1.001


def test_the_ratio_is_the_same_again():
    wild = repeated(1.0).assign(RDY=lambda f: f["RDY"] + np.arange(len(f)) % 7 * 3.0)
    first, again = (estimate_trend(wild, GROUP) for _ in range(2))
    assert (first.low, first.high) == (again.low, again.high)


def test_no_ratio_has_a_sentence():
    few = estimate_trend(repeated(1.0).iloc[[0, 1, 40, 41]], GROUP)
    assert (few.value, few.status) == (None, "not estimable")
    assert few.notes == ("few_losses(4,30)",)
    one = estimate_trend(repeated(1.0).iloc[:40], GROUP)
    assert one.notes == ("one_series",)
    assert estimate_trend(spans(), GROUP).status == "not estimable"
