"""Kaplan-Meier and log-rank: cases by hand, odd cases, properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EstimationError
from analysis.estimate.durations import compare_log_rank, estimate_kaplan_meier

ROUNDING = 1e-12  # a handful of products
ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


def split(rows):
    return np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])


def test_by_hand():
    # at risk 5, 4 (one lost), 3 (censored), 2 (lost), 1 (censored): 1, 4/5, then 4/5 * 1/2
    curve = estimate_kaplan_meier([1, 2, 3, 4, 5], [1, 0, 0, 1, 0], time_unit="weeks")
    assert curve.survival == pytest.approx([0.8, 0.8, 0.8, 0.4, 0.4], abs=ROUNDING)
    assert list(curve.n_at_risk) == [5, 4, 3, 2, 1]
    assert curve.std_error[0] == pytest.approx(np.sqrt(0.8 * 0.2 / 5), abs=ROUNDING)
    assert (curve.median.value, curve.median.unit) == (4.0, "weeks")
    assert list(curve.at_risk([0, 1, 1.5, 5, 6])) == [5, 5, 4, 1, 0]
    # area 1 to week 1, 0.8 to week 4, 0.4 to week 5
    assert curve.restricted_mean(5).estimate.value == pytest.approx(1 + 2.4 + 0.4, abs=ROUNDING)


def test_censored_at_the_time_of_a_loss_is_still_at_risk():
    assert estimate_kaplan_meier([2, 2], [1, 0]).survival[0] == 0.5


@pytest.mark.parametrize(
    ("event", "median"),
    [([1, 1, 1, 1], 2.5), ([1, 1, 0, 0], 2.0), ([1, 0, 0, 0], None)],
    ids=["midpoint", "rests to the end", "not reached"],
)
def test_median_conventions(event, median):
    # R prints 2.5, 2 and NA for these
    found = estimate_kaplan_meier([1, 2, 3, 4], event).median
    assert found.value == median
    assert found.status == ("not reached" if median is None else "estimated")


def test_nearly_equal_times_are_one():
    curve = estimate_kaplan_meier([0.1 + 0.2, 0.3, 1.0], [1, 1, 1])
    assert list(curve.n_events) == [2, 1]
    assert curve.at(0.3).value == pytest.approx(1 / 3, abs=ROUNDING)


def test_nobody_loses_relief():
    curve = estimate_kaplan_meier([4, 8], [0, 0])
    assert curve.median.status == "not reached"
    share = curve.at(6)
    assert (share.value, share.low, share.high) == (1.0, None, None)
    assert share.warnings
    mean = curve.restricted_mean(8)
    assert (mean.estimate.value, mean.estimate.low, mean.std_error) == (8.0, None, 0.0)


def test_everybody_loses_relief_at_once():
    curve = estimate_kaplan_meier([2, 2, 2], [1, 1, 1])
    assert curve.at(2).value == 0.0
    assert curve.at(99).value == 0.0
    assert curve.median.value == 2.0
    assert curve.restricted_mean(10).estimate.value == 2.0


def test_one_patient():
    assert estimate_kaplan_meier([3], [1]).median.value == 3.0
    assert estimate_kaplan_meier([3], [0]).median.status == "not reached"


def test_after_the_longest_follow_up_there_is_no_estimate():
    curve = estimate_kaplan_meier([1, 5], [1, 0])
    assert curve.at(5).value == 0.5
    late = curve.at(6)
    assert (late.value, late.status) == (None, "not estimable")
    assert "5" in late.warnings[0]
    assert curve.restricted_mean(6).estimate.status == "not estimable"


def test_series_and_minus_zero():
    curve = estimate_kaplan_meier(pd.Series([-0.0, 0.0, 2.0]), pd.Series([True, False, True]))
    assert list(curve.times) == [0.0, 2.0]


@pytest.mark.parametrize(
    ("time", "event", "options", "words"),
    [
        ([], [], {}, "no rows"),
        ([1, 2], [1], {}, "event has 1 rows where 2"),
        ([1, -2], [1, 1], {}, "negative in row 1"),
        ([1, np.nan], [1, 1], {}, "missing in row 1"),
        ([np.inf, 1], [0, 1], {}, "infinite in row 0"),
        ([1, 2], [0, 2], {}, "neither 0 nor 1 in row 1"),
        ([1, 2], [0, 1], {"weights": [0, 0]}, "every weight is 0"),
        ([1, 2], [0, 1], {"weights": [1, -1]}, "weights is negative in row 1"),
        ([1, 2], [0, 1], {"entry": [0, 2]}, "entry is not below its time in row 1"),
        ([1, 2], [0, 1], {"level": 95}, "level must lie between 0 and 1"),
        (["a", "b"], [0, 1], {}, "must hold numbers"),
        ([[1, 2]], [0, 1], {}, "one-dimensional"),
    ],
)
def test_bad_input_is_named(time, event, options, words):
    with pytest.raises(EstimationError, match=words):
        estimate_kaplan_meier(time, event, **options)


def test_missing_event_in_a_nullable_series_is_named():
    with pytest.raises(EstimationError, match="event is missing in row 1"):
        estimate_kaplan_meier([1, 2], pd.Series([True, None], dtype="boolean"))


def test_fractional_weights_are_said():
    assert estimate_kaplan_meier([1, 2], [1, 0], weights=[0.5, 1]).median.warnings


@given(ROWS)
@settings(deadline=None)
def test_curve_is_a_survival_curve(rows):
    time, event = split(rows)
    curve = estimate_kaplan_meier(time, event)
    assert np.all(np.diff(curve.survival) <= 0)
    assert np.all((curve.survival >= 0) & (curve.survival <= 1))
    assert curve.n_events.sum() + curve.n_censored.sum() == len(rows)
    for at in range(13):
        share = curve.at(at)
        if share.low is not None:
            assert share.low <= share.value <= share.high


@given(ROWS, st.randoms())
@settings(deadline=None)
def test_weights_repeat_and_order_does_not_matter(rows, random):
    time, event = split(rows)
    counts = np.array([random.randint(0, 3) for _ in rows])
    counts[0] = 1
    order = np.array(random.sample(range(len(rows)), len(rows)))
    weighted = estimate_kaplan_meier(time[order], event[order], weights=counts[order])
    repeated = estimate_kaplan_meier(np.repeat(time, counts), np.repeat(event, counts))
    assert weighted.survival == pytest.approx(repeated.survival, abs=ROUNDING)
    assert weighted.std_error == pytest.approx(repeated.std_error, abs=ROUNDING, nan_ok=True)
    assert weighted.median == repeated.median


def test_log_rank_by_hand():
    # week 1: 1 of 2 lost in each of two groups of one: expected 1/2 each, variance 1/4
    got = compare_log_rank([1, 2], [1, 0], ["a", "b"])
    assert list(got.observed) == [1, 0]
    assert got.expected == pytest.approx([0.5, 0.5], abs=ROUNDING)
    assert got.statistic == pytest.approx(1.0, abs=ROUNDING)
    assert got.p_value == pytest.approx(0.3173105078629141, abs=ROUNDING)  # chi-square, 1 df


def test_log_rank_swapped_labels_change_nothing():
    rng = np.random.default_rng(1)
    time, event, group = rng.exponential(5, 60), rng.random(60) < 0.7, rng.integers(0, 3, 60)
    one, two = compare_log_rank(time, event, group), compare_log_rank(time, event, 2 - group)
    assert one.statistic == pytest.approx(two.statistic, rel=1e-9)
    assert one.df == 2


def test_log_rank_within_one_stratum_is_the_plain_one():
    time, event, group = [1, 2, 3, 4], [1, 1, 0, 1], [0, 1, 0, 1]
    plain = compare_log_rank(time, event, group)
    layered = compare_log_rank(time, event, group, strata=["all"] * 4)
    assert layered.statistic == plain.statistic


def test_log_rank_without_a_comparison_says_why():
    nobody = compare_log_rank([1, 2], [0, 0], [0, 1])
    assert (nobody.statistic, nobody.p_value) == (None, None)
    assert "Nobody" in nobody.reason
    alone = compare_log_rank([1, 5, 6], [0, 1, 1], [0, 1, 1])
    assert alone.statistic is None
    assert "one group" in alone.reason


@pytest.mark.parametrize(
    ("group", "words"),
    [(["a", "a"], "only the label"), (["a", None], "missing in row 1"), (["a"], "has 1 rows")],
)
def test_log_rank_bad_groups_are_named(group, words):
    with pytest.raises(EstimationError, match=words):
        compare_log_rank([1, 2], [1, 1], group)
