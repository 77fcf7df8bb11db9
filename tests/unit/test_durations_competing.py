"""Competing events and events that come again: by hand, odd cases, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EstimationError
from analysis.estimate.durations import (
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
    estimate_mean_count,
    gap_times,
)

ROUNDING = 1e-12  # a handful of sums and products
SUMS = 1e-9  # variances gathered by differences of running sums
ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30)


def test_by_hand():
    # 4 at risk: cause 1 takes 1/4; 3 left: cause 2 takes 3/4 * 1/3; censored; cause 1 the rest
    found = estimate_cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1], time_unit="weeks")
    assert found.causes == (1, 2)
    assert found.incidence[:, 0] == pytest.approx([0.25, 0.25, 0.25, 0.75], abs=ROUNDING)
    assert found.incidence[:, 1] == pytest.approx([0, 0.25, 0.25, 0.25], abs=ROUNDING)
    assert found.at(1, 1).value == 0.25
    assert found.at(0.5, 1).low is None
    assert found.at(99, 2).value == pytest.approx(0.25)  # nobody is left to have an event


@given(ROWS)
@settings(deadline=None)
def test_incidences_and_the_free_share_sum_to_one(rows):
    time, cause = np.array(rows, float).T
    found = estimate_cumulative_incidence(time, cause)
    assert found.incidence.sum(axis=1) + found.free == pytest.approx(1.0, abs=1e-9)
    assert np.all(np.diff(found.incidence, axis=0) >= 0)
    for one in found.causes:
        for share in found.at_times(range(int(time.max()) + 1), one):
            assert share.low is None or share.low <= share.value <= share.high


@given(ROWS)
@settings(deadline=None)
def test_any_event_is_kaplan_meier(rows):
    """The free share's error is Greenwood's, reached by another road (influence, not hazards)."""
    time, cause = np.array(rows, float).T
    found = estimate_cumulative_incidence(time, cause)
    plain = estimate_kaplan_meier(time, cause > 0)
    assert found.free == pytest.approx(plain.survival, abs=ROUNDING)
    alive = plain.survival > 0
    assert found.free_std_error[alive] ** 2 == pytest.approx(plain.std_error[alive] ** 2, abs=SUMS)


def test_error_without_censoring_is_that_of_a_share():
    # 10 patients, 3 with cause 1 by week 2: the root of 0.3 * 0.7 / 10
    found = estimate_cumulative_incidence([1, 1, 2, 2, 2, 3, 3, 3, 3, 3], [1, 1, 1, 2, 2] + [2] * 5)
    assert found.std_error[1, 0] == pytest.approx(np.sqrt(0.3 * 0.7 / 10), abs=ROUNDING)


def test_no_event_at_all_and_an_unseen_cause():
    found = estimate_cumulative_incidence([3, 4], [0, 0])
    assert found.causes == ()
    assert list(found.free) == [1, 1]
    named = estimate_cumulative_incidence([3, 4], [0, 2], causes=(1, 2))
    assert named.at(4, 1).value == 0.0
    assert named.at(4, 1).low is None
    with pytest.raises(EstimationError, match="cause 1 is unknown"):
        found.at(3, 1)
    assert found.at_times([], 1) == ()


def test_after_the_longest_follow_up():
    found = estimate_cumulative_incidence([1, 5], [1, 0])
    assert found.at(6, 1).status == "not estimable"


@pytest.mark.parametrize(
    ("time", "cause", "options", "words"),
    [
        ([], [], {}, "no rows"),
        ([1, 2], [1], {}, "cause has 1 rows"),
        ([1, 2], [0, 1.5], {}, "not a whole number from 0 in row 1"),
        ([1, 2], [0, -1], {}, "not a whole number from 0 in row 1"),
        ([1, -2], [0, 1], {}, "time is negative in row 1"),
        ([1, 2], [3, 1], {"causes": (1, 2)}, "cause is not among"),
        ([1, 2], [np.nan, 1], {}, "cause is missing in row 0"),
    ],
)
def test_bad_input_is_named(time, cause, options, words):
    with pytest.raises(EstimationError, match=words):
        estimate_cumulative_incidence(time, cause, **options)


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
    for patient in range(25):
        watched = (end[patient] >= found.times) / found.n_at_risk
        own = np.array([np.sum(when[who == patient] == time) for time in found.times])
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
