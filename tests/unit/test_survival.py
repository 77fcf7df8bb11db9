"""Kaplan-Meier, log-rank and competing events: by hand, odd cases, properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from analysis.errors import EstimationError
from analysis.stats.survival import (
    compare_log_rank,
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
)

ROUNDING = 1e-12  # a handful of products
SUMS = 1e-9  # variances gathered by differences of running sums
ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)
COMPETING = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30)


def split(rows):
    return np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])


def test_by_hand():
    # at risk 5, 4 (one lost), 3 (censored), 2 (lost), 1 (censored): 1, 4/5, then 4/5 * 1/2
    curve = estimate_kaplan_meier([1, 2, 3, 4, 5], [1, 0, 0, 1, 0], time_unit="weeks")
    assert list(curve.times) == [1, 4]
    assert curve.survival == pytest.approx([0.8, 0.4], abs=ROUNDING)
    assert list(curve.n_at_risk) == [5, 2]
    assert list(curve.n_followed) == [5, 4, 3, 2, 1]
    assert curve.std_error[0] == pytest.approx(np.sqrt(0.8 * 0.2 / 5), abs=ROUNDING)
    assert (curve.median.value, curve.median.unit) == (4.0, "weeks")
    assert list(curve.at_risk([0, 1, 1.5, 5, 6])) == [5, 5, 4, 1, 0]
    # area 1 to week 1, 0.8 to week 4, 0.4 to week 5
    assert curve.restricted_mean(5).value == pytest.approx(1 + 2.4 + 0.4, abs=ROUNDING)


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
    assert (share.value, share.low, share.high) == (1.0, pytest.approx(0.025), 1.0)
    assert share.notes == ("none_lost(1)",)  # one is followed so long: 0.025 ** (1 / 1)
    mean = curve.restricted_mean(8)
    assert (mean.value, mean.low, curve.restricted_mean_error(8)) == (8.0, None, 0.0)


def test_everybody_loses_relief_at_once():
    curve = estimate_kaplan_meier([2, 2, 2], [1, 1, 1])
    assert curve.at(2).value == 0.0
    assert curve.at(99).value == 0.0
    assert curve.median.value == 2.0
    assert curve.restricted_mean(10).value == 2.0


def test_one_patient():
    assert estimate_kaplan_meier([3], [1]).median.value == 3.0
    assert estimate_kaplan_meier([3], [0]).median.status == "not reached"


def test_after_the_longest_follow_up_there_is_no_estimate():
    curve = estimate_kaplan_meier([1, 5], [1, 0])
    assert curve.at(5).value == 0.5
    late = curve.at(6)
    assert (late.value, late.status) == (None, "not estimable")
    assert late.notes == ("late(6,5)",)
    assert curve.restricted_mean(6).status == "not estimable"


def test_series_and_minus_zero():
    curve = estimate_kaplan_meier(pd.Series([-0.0, 0.0, 2.0]), pd.Series([True, False, True]))
    assert list(curve.followed_times) == [0.0, 2.0]


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
    curve = estimate_kaplan_meier([1, 2], [1, 0], weights=[0.5, 1])
    assert curve.median.notes == ("fractional_weights",)


@pytest.mark.slow
@given(ROWS)
@settings(deadline=None)
def test_curve_is_a_survival_curve(rows):
    time, event = split(rows)
    curve = estimate_kaplan_meier(time, event)
    assert np.all(np.diff(curve.survival) <= 0)
    assert np.all((curve.survival >= 0) & (curve.survival <= 1))
    assert curve.n_events.sum() == event.sum()
    for at in range(13):
        share = curve.at(at)
        if share.low is not None:
            assert share.low <= share.value <= share.high


@pytest.mark.slow
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
    assert layered.statistic == pytest.approx(plain.statistic, rel=ROUNDING)


def test_log_rank_without_a_comparison_says_why():
    nobody = compare_log_rank([1, 2], [0, 0], [0, 1])
    assert (nobody.statistic, nobody.p_value) == (None, None)
    assert nobody.notes == ("nobody_lost",)
    alone = compare_log_rank([1, 5, 6], [0, 1, 1], [0, 1, 1])
    assert alone.statistic is None
    assert alone.notes == ("one_group",)


def test_groups_that_no_stratum_brings_together_are_not_compared():
    time, event = [1, 2, 3, 1, 2, 3], [1, 1, 0, 1, 0, 1]
    group, strata = ["a", "b", "b", "c", "d", "d"], [0, 0, 0, 1, 1, 1]
    assert compare_log_rank(time, event, group, strata=strata).notes == ("one_group",)
    linked = compare_log_rank(time, event, ["a", "b", "b", "b", "d", "d"], strata=strata)
    assert (linked.df, linked.notes) == (2, ())


def test_a_group_gone_before_the_first_loss_costs_no_degree_of_freedom():
    time, event, group = [1, 1, 2, 3, 4, 5], [0, 0, 1, 1, 0, 1], ["c", "c", "a", "b", "a", "b"]
    got = compare_log_rank(time, event, group)
    plain = compare_log_rank(time[2:], event[2:], group[2:])
    assert (got.df, got.p_value) == (1, plain.p_value)


@pytest.mark.parametrize(
    ("group", "words"),
    [(["a", "a"], "only the label"), (["a", None], "missing in row 1"), (["a"], "has 1 rows")],
)
def test_log_rank_bad_groups_are_named(group, words):
    with pytest.raises(EstimationError, match=words):
        compare_log_rank([1, 2], [1, 1], group)


# Competing events


def test_incidence_by_hand():
    # 4 at risk: cause 1 takes 1/4; 3 left: cause 2 takes 3/4 * 1/3; censored; cause 1 the rest
    found = estimate_cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1], time_unit="weeks")
    assert found.causes == (1, 2)
    assert found.incidence[:, 0] == pytest.approx([0.25, 0.25, 0.25, 0.75], abs=ROUNDING)
    assert found.incidence[:, 1] == pytest.approx([0, 0.25, 0.25, 0.25], abs=ROUNDING)
    assert found.at(1, 1).value == 0.25
    none = found.at(0.5, 1)  # 0 of 4, by hand 1 - 0.025 ** (1 / 4)
    assert (none.low, none.high) == (0.0, pytest.approx(1 - 0.025**0.25))
    assert found.at(99, 2).value == pytest.approx(0.25)  # nobody is left to have an event


@pytest.mark.slow
@given(COMPETING)
@example([(0, 0), (0, 0), (0, 1), (1, 1), (2, 1), (3, 1)])  # summed to a digit above 1
@settings(deadline=None)
def test_incidences_and_the_free_share_sum_to_one(rows):
    time, cause = np.array(rows, float).T
    found = estimate_cumulative_incidence(time, cause)
    assert found.incidence.sum(axis=1) + found.free == pytest.approx(1.0, abs=1e-9)
    assert np.all(np.diff(found.incidence, axis=0) >= 0)
    for one in found.causes:
        for share in found.at_times(range(int(time.max()) + 1), one):
            assert share.low is None or share.low <= share.value <= share.high


@given(COMPETING)
@settings(deadline=None)
def test_any_event_is_kaplan_meier(rows):
    """The free share's error is Greenwood's, reached by another road (influence, not hazards)."""
    time, cause = np.array(rows, float).T
    found = estimate_cumulative_incidence(time, cause)
    plain = estimate_kaplan_meier(time, cause > 0)
    rows = np.searchsorted(found.times, plain.times)
    assert found.free[rows] == pytest.approx(plain.survival, abs=ROUNDING)
    alive = plain.survival > 0
    error = found.free_std_error[rows]
    assert error[alive] ** 2 == pytest.approx(plain.std_error[alive] ** 2, abs=SUMS)


@given(COMPETING)
@settings(deadline=None)
def test_incidence_is_that_of_statsmodels(rows):
    time, cause = np.array(rows, float).T
    found = estimate_cumulative_incidence(time, cause, causes=(1, 2, 3))
    theirs = CumIncidenceRight(time, cause.astype(int), freq_weights=np.ones(time.size))
    for column, share in enumerate(theirs.cinc):
        assert found.incidence[:, column] == pytest.approx(share, abs=ROUNDING)


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
    # The one censored at 3 may have had cause 1 by 4: up to 1 of 2, 1 - 0.0126 by hand.
    assert named.at(4, 1).high == pytest.approx(np.sqrt(0.975))
    with pytest.raises(EstimationError, match="cause 1 is unknown"):
        found.at(3, 1)
    assert found.at_times([], 1) == ()


def test_incidence_after_the_longest_follow_up():
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
def test_bad_causes_are_named(time, cause, options, words):
    with pytest.raises(EstimationError, match=words):
        estimate_cumulative_incidence(time, cause, **options)
