"""Percent reduction: R's t interval, three definitions by hand, BCa intervals, odd samples."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import bootstrap

from analysis.errors import EstimationError
from analysis.stats.reductions import (
    acceleration,
    bca_interval,
    estimate_mean,
    estimate_mean_bca,
    estimate_median_bca,
    estimate_ratio_of_means,
    judged_mean_limits,
    likelihood_limits,
    weighted_mean,
    weighted_median,
    weighted_ratio_reduction,
    worst_reduction_pct,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "reductions_t.json").read_text(encoding="utf-8")
)
CLOSED_FORM = 1e-8  # R's and scipy's t quantile agree to about 1e-10, times a spread of some tens
THREE_TENTHS = [100 * (b - a) / b for b, a in ((6, 4.2), (8, 5.6), (4, 2.8), (10, 7))]
"""The same share four times; as binary numbers they differ in the last digit."""

reals = st.lists(st.floats(-50, 100, allow_nan=False), min_size=2, max_size=30)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def floats(values: list[float | None]) -> pd.Series:
    return pd.Series(values, dtype=float)


def every_estimate(values: list[float | None]):
    """The four estimators on patients of baseline 10 whose reductions are these."""
    own = floats(values)
    before = pd.Series(10.0, index=own.index)
    return {
        "t": estimate_mean(own),
        "mean": estimate_mean_bca(own, rng=rng(), replicates=300),
        "median": estimate_median_bca(own, rng=rng(), replicates=300),
        "ratio": estimate_ratio_of_means(before, 10 - own / 10, rng=rng(), replicates=300),
    }


@pytest.mark.parametrize("case", PINS["cases"], ids=lambda case: case["id"])
def test_mean_and_interval_match_r(case: dict[str, Any]):
    got = estimate_mean(floats(case["values"]), level=case["level"])
    assert got.value == pytest.approx(case["mean"], abs=CLOSED_FORM)
    assert (got.low, got.high) == pytest.approx(case["interval"], abs=CLOSED_FORM)


def test_three_definitions_are_three_numbers_by_hand():
    """Baselines 10, 8, 4 fall to 5, 6, 4: own falls 50, 25, 0; means 22 / 3 to 15 / 3."""
    before, after = floats([10, 8, 4]), floats([5, 6, 4])
    own = 100 * (before - after) / before
    assert estimate_mean(own).value == pytest.approx(25.0)
    assert estimate_median_bca(own, rng=rng()).value == pytest.approx(25.0)
    got = estimate_ratio_of_means(before, after, rng=rng())
    assert got.value == pytest.approx(100 * 7 / 22)


def test_missing_values_leave_the_denominator_and_are_counted():
    for name, got in every_estimate([50, None, 10, None, 30]).items():
        assert (got.n, got.n_missing, got.value) == (3, 2, pytest.approx(30.0)), name
    pair = estimate_ratio_of_means(floats([8, None, 5]), floats([4, 2, None]), rng=rng())
    assert (pair.value, pair.n, pair.n_missing) == (50.0, 1, 2)


@pytest.mark.parametrize("name", ["t", "mean", "median", "ratio"])
def test_odd_samples(name):
    nobody = every_estimate([])[name]
    assert (nobody.value, nobody.status, nobody.n) == (None, "no patients", 0)
    unseen = every_estimate([None, None])[name]
    assert (unseen.value, unseen.status, unseen.n_missing) == (None, "not estimable", 2)
    assert unseen.notes == ("nothing_known",)
    one = every_estimate([40.0])[name]
    assert (one.value, one.low, one.level, one.n) == (pytest.approx(40.0), None, None, 1)
    assert one.notes == ("one_patient",)
    equal = every_estimate([30.0] * 5)[name]
    assert (equal.low, equal.high, equal.notes) == (None, None, ("no_spread",))


def test_equal_but_for_the_last_binary_digit_is_equal():
    """Patients whose pain fell by 30% each must not make an interval of width 1e-15."""
    assert len(set(THREE_TENTHS)) > 1
    for n in (1, 2, 5, 11):
        got = estimate_mean(floats(THREE_TENTHS * n))
        assert (got.low, got.high, got.notes) == (None, None, ("no_spread",))
    assert estimate_mean_bca(floats(THREE_TENTHS * 3), rng=rng()).low is None


@given(values=reals, shift=st.integers(-20, 20), scale=st.sampled_from([0.5, 2.0, 8.0]))
def test_shift_and_scale_of_the_mean(values, shift, scale):
    got = estimate_mean(floats(values))
    moved = estimate_mean(shift + scale * floats(values))
    assert moved.value == pytest.approx(shift + scale * got.value, abs=1e-9)
    if got.low is not None and moved.low is not None:
        assert moved.low == pytest.approx(shift + scale * got.low, abs=1e-7)
        assert moved.high - moved.low == pytest.approx(scale * (got.high - got.low), abs=1e-7)


@given(values=reals)
def test_turning_the_sign_turns_the_interval(values):
    got, turned = estimate_mean(floats(values)), estimate_mean(-floats(values))
    assert turned.value == pytest.approx(-got.value, abs=1e-9)
    if got.low is not None:
        assert (turned.low, turned.high) == pytest.approx((-got.high, -got.low), abs=1e-9)


@given(values=st.lists(st.integers(-30, 100), min_size=3, max_size=15))
@settings(max_examples=30, deadline=None)
def test_more_patients_of_the_same_kind_are_narrower(values):
    few, many = estimate_mean(floats(values)), estimate_mean(floats(values * 4))
    assert (few.low is None) == (many.low is None)
    if few.low is not None:
        assert many.high - many.low < few.high - few.low


@given(values=st.lists(st.integers(-30, 100), min_size=1, max_size=15))
@settings(max_examples=30, deadline=None)
def test_bootstrapped_intervals_hold_their_estimate(values):
    for got in every_estimate(list(values)).values():
        assert got.low is None or got.low <= got.value <= got.high


def test_a_wider_level_is_wider():
    typed = floats([0, 10, 20, 60, 90])
    widths = [estimate_mean(typed, level=level) for level in (0.5, 0.8, 0.95, 0.99)]
    assert np.all(np.diff([got.high - got.low for got in widths]) > 0)


def test_the_same_seed_gives_the_same_interval():
    typed = floats([0, 10, 20, 60, 90, 95])
    runs = {estimate_mean_bca(typed, rng=rng(seed)).high for seed in (1, 1, 2)}
    assert len(runs) == 2


def test_infinite_values_and_zero_baselines_are_refused():
    with pytest.raises(EstimationError, match="infinite"):
        estimate_mean(floats([10, float("inf")]))
    for before in ([0.0, 5.0], [0.0, 0.0]):
        with pytest.raises(EstimationError, match="baseline is 0"):
            estimate_ratio_of_means(floats(before), floats([1.0, 1.0]), rng=rng())


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_outside_0_to_1_is_refused(level: float):
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_mean(floats([1, 2]), level=level)
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_median_bca(floats([1, 2]), rng=rng(), level=level)


# BCa intervals: an independent implementation in R, scipy's, and what must not matter

BCA_PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "reductions_bca.json").read_text(encoding="utf-8")
)
STATISTICS = {"mean": weighted_mean, "median": weighted_median, "ratio": weighted_ratio_reduction}
ALLOWED_Z = 4.0
"""Monte-Carlo standard errors allowed between two runs: passed by chance once in 16,000."""

scores = st.lists(st.integers(-30, 100), min_size=2, max_size=25)


def column(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def ends(rows: np.ndarray, statistic=weighted_mean, *, replicates: int = 400, seed: int = 1):
    return bca_interval(rows, statistic, level=0.95, replicates=replicates, rng=rng(seed))


@pytest.mark.parametrize("case", BCA_PINS["cases"], ids=lambda case: case["id"])
def test_matches_the_definition_written_out_in_r(case: dict[str, Any]):
    """R draws and leaves out patients one by one; its pins are means of 20 runs as long as ours."""
    pair = [case["before_or_values"], *([case["after"]] if case["after"] else [])]
    rows = np.array(pair, dtype=float).T
    statistic = STATISTICS[case["statistic"]]
    assert statistic(rows, np.ones((1, len(rows))))[0] == pytest.approx(case["value"], abs=1e-12)
    got = bca_interval(rows, statistic, level=0.95, replicates=BCA_PINS["draws"], rng=rng())
    for end, pinned, error in zip(got, case["interval"], case["se_of_one_batch"], strict=True):
        allowed = ALLOWED_Z * error * sqrt(1 + 1 / BCA_PINS["batches"])
        assert end == pytest.approx(pinned, abs=allowed + 1e-9)  # error is 0 for an end on a tie


def test_pins_are_narrow_enough_to_tell_methods_apart():
    """A tolerance that the plain percentile interval also passes would show nothing."""
    case = next(case for case in BCA_PINS["cases"] if case["id"] == "mean of skew")
    values = np.array(case["before_or_values"])
    drawn = rng().choice(values, (10_000, len(values))).mean(axis=1)
    off = np.abs(np.quantile(drawn, [0.025, 0.975]) - case["interval"])
    assert (off > ALLOWED_Z * np.array(case["se_of_one_batch"])).all()


@pytest.mark.parametrize(("name", "python"), [("mean", np.mean), ("median", np.median)])
@pytest.mark.slow
def test_matches_scipy(name, python):
    """scipy.stats.bootstrap on values without ties; both are random, so within their scatter."""
    values = np.round(rng(5).gamma(2.0, 12.0, 60), 4)
    theirs = [
        bootstrap((values,), python, method="BCa", n_resamples=9_999, rng=rng(seed))
        for seed in range(8)
    ]
    ci = np.array([list(one.confidence_interval) for one in theirs])
    got = ends(column(list(values)), STATISTICS[name], replicates=9_999)
    allowed = ALLOWED_Z * ci.std(axis=0, ddof=1) * sqrt(1 + 1 / 8)
    assert (np.abs(np.array(got) - ci.mean(axis=0)) <= allowed + 1e-9).all()
    assert (allowed < 2.0).all()


@given(values=scores, seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_order_of_patients_does_not_matter(values, seed):
    turned = list(np.random.default_rng(seed).permutation(values))
    assert ends(column(values)) == ends(column(turned))


@given(values=scores)
@settings(max_examples=40, deadline=None)
def test_collapsing_equal_patients_changes_no_statistic(values):
    rows = column(values)
    distinct, n = np.unique(rows, axis=0, return_counts=True)
    for statistic, python in ((weighted_mean, np.mean), (weighted_median, np.median)):
        got = statistic(distinct, n[None, :].astype(float))[0]
        assert got == pytest.approx(python(values), abs=1e-12)


@given(values=st.lists(st.integers(1, 4), min_size=2, max_size=8))
@settings(max_examples=40, deadline=None)
def test_leaving_out_by_kind_is_leaving_out_one_by_one(values):
    distinct, n = np.unique(column(values), axis=0, return_counts=True)
    left = np.array([np.mean(values[:i] + values[i + 1 :]) for i in range(len(values))])
    pull = left.mean() - left
    spread = (pull**2).sum()
    by_hand = 0.0 if spread < 1e-20 else (pull**3).sum() / (6 * spread**1.5)
    got = acceleration(distinct, n, weighted_mean)
    assert got == pytest.approx(by_hand, abs=1e-9) or spread < 1e-20


@given(values=scores, shift=st.integers(-50, 50), scale=st.sampled_from([0.5, 2.0, 4.0]))
@settings(max_examples=40, deadline=None)
def test_shift_and_scale_carry_over(values, shift, scale):
    got = ends(column(values))
    moved = ends(shift + scale * column(values))
    if got is None:
        assert moved is None
    else:
        assert moved == pytest.approx([shift + scale * end for end in got], abs=1e-6)


@given(values=scores)
@settings(max_examples=40, deadline=None)
def test_interval_stays_within_the_values(values):
    got = ends(column(values), weighted_median)
    if got is not None:
        assert min(values) <= got[0] <= got[1] <= max(values)


def test_batches_do_not_change_the_result(monkeypatch):
    rows = column(list(range(30)))
    whole = ends(rows)
    monkeypatch.setattr("analysis.stats.reductions.CELLS_AT_ONCE", 100)
    assert ends(rows) == whole


def test_ties_are_ties_whatever_the_last_binary_digit():
    """Half of all samples of two patients give the mean itself: the interval stays symmetric.

    Sums in another order differ in the last digit; an exact comparison would then count all ties as
    above the mean and shift both ends.
    """

    def rounded_otherwise(rows, weights):
        return weighted_mean(rows, weights) + (1e-14 if len(weights) > 1 else 0.0)

    low, high = ends(column([1.0, 2.0]), rounded_otherwise, replicates=4_000)
    assert (low, high) == pytest.approx((1.0, 2.0), abs=1e-9)


def test_no_spread_has_no_interval():
    assert ends(column([30.0])) is None
    assert ends(column([100 / 3] * 7)) is None
    assert ends(column([30] * 19 + [90]), weighted_median, replicates=100) is None


def test_a_statistic_that_does_not_exist_for_a_sample_is_refused():
    rows = np.array([[0.0, 0.0], [5.0, 1.0]])
    with pytest.raises(EstimationError, match="every resample"):
        ends(rows, weighted_ratio_reduction)


def test_an_end_beyond_infinity_is_the_outermost_sample():
    """One huge value among equals and a level near 1: the formula's denominator passes 0."""
    rows = column([0.0] * 400 + [1e6])
    low, high = bca_interval(rows, weighted_mean, level=1 - 1e-9, replicates=300, rng=rng())
    assert low == 0.0
    assert high <= 1e6


def test_weighted_median_by_hand():
    rows = column([10, 20, 30])
    weights = np.array([[1, 1, 1], [1, 1, 0], [3, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 5]], float)
    assert weighted_median(rows, weights).tolist() == [20, 15, 10, 25, 20, 30]


def test_ratio_by_hand():
    rows = np.array([[8.0, 4.0], [2.0, 2.0]])
    got = weighted_ratio_reduction(rows, np.array([[1.0, 1.0], [1.0, 3.0]]))
    assert got == pytest.approx([40.0, 100 * 4 / 14])


# The interval by which a mean is judged

HALF_CHI2_95, HALF_CHI2_975 = 1.920729, 2.511943  # R: qchisq(c(0.95, 0.975), 1) / 2
LIMIT = 1e-6  # percent: six decimals of the quantiles above, times the length of the scale


def test_worst_reductions_by_hand():
    """From 4 to 10 is a rise by 150% of 4; from 1 by 900%; below 1 counts as 1."""
    assert [worst_reduction_pct(b) for b in (8.0, 4.0, 2.0, 1.0, 0.0)] == [-25, -150, -400, -900,
                                                                            -900]  # fmt: skip


@pytest.mark.parametrize("n", [2, 20, 500])
def test_equal_patients_may_have_an_unseen_one_at_the_end(n):
    """All weight but exp(-chi2 / 2 n) on the end nobody was at."""
    low, high = likelihood_limits(np.array([40.0]), np.array([[n]]), worst_pct=-150.0)
    assert low[0] == pytest.approx(40 - 190 * (1 - np.exp(-HALF_CHI2_975 / n)), abs=LIMIT * 190)
    assert high[0] == pytest.approx(40 + 60 * (1 - np.exp(-HALF_CHI2_95 / n)), abs=LIMIT * 60)


def test_all_or_nothing_is_the_likelihood_of_a_share():
    """9 of 30 at 100%, the others at 0, the worst there is: a binomial likelihood ratio."""
    low, high = likelihood_limits(np.array([0.0, 100.0]), np.array([[21, 9]]), worst_pct=0.0)
    for end, lost in ((low[0], HALF_CHI2_975), (high[0], HALF_CHI2_95)):
        p = end / 100
        assert 9 * np.log(0.3 / p) + 21 * np.log(0.7 / (1 - p)) == pytest.approx(lost, abs=1e-5)
    assert low[0] < 30 < high[0]


@pytest.mark.parametrize("worst", [-60.0, -150.0, -900.0])
@pytest.mark.parametrize("seed", range(4))
def test_limits_lose_as_much_likelihood_as_they_may(worst, seed):
    """Against the tilt found by scipy: max of sum log(1 + tilt (x - mean)), tilt to the scale."""
    values = np.clip(rng(seed).normal(40, 45, 12).round(), worst, 100)
    distinct, counts = np.unique(values, return_counts=True)
    low, high = likelihood_limits(distinct, counts[None, :], worst_pct=worst)
    for mean, bound, lost in (
        (low[0], 1 / (low[0] - worst), HALF_CHI2_975), (high[0], 1 / (high[0] - 100), HALF_CHI2_95)
    ):  # fmt: skip
        found = minimize_scalar(
            lambda part: -np.log1p(part * bound * (values - mean)).sum(),  # noqa: B023
            bounds=(0, 1 - 1e-9), method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        assert -found.fun == pytest.approx(lost, abs=1e-4)


def test_the_judged_interval_is_never_inside_students_and_minds_the_scale():
    values = [30.0, 50, 60, 40, 70, 20, 55, 45, 65, 35]
    student = estimate_mean(floats(values))
    near, far = (judged_mean_limits(values, worst_pct=worst) for worst in (-150.0, -900.0))
    assert far[0] < near[0] < student.low and near[1] >= student.high
    many = judged_mean_limits(values * 200, worst_pct=-150.0)
    wide = estimate_mean(floats(values * 200))
    assert many[0] == pytest.approx(wide.low, abs=0.15)  # 2.24 for 1.96 standard errors, 0.35 each
    assert judged_mean_limits([*values, None], worst_pct=-150.0) == near


def test_a_value_below_the_scale_takes_the_place_of_its_end():
    values = [40.0] * 20 + [-300.0]
    assert judged_mean_limits(values, worst_pct=-150) == judged_mean_limits(values, worst_pct=-300)


def test_odd_samples_have_no_judged_interval():
    for values in ([], [50.0], [50.0, None], [50.0] * 9, THREE_TENTHS):
        assert np.isnan(judged_mean_limits(values, worst_pct=-150)).all()
    assert np.isfinite(judged_mean_limits([-150.0] * 50 + [100.0], worst_pct=-150)).all()
    with pytest.raises(EstimationError, match="a reduction is 120%"):
        judged_mean_limits([120.0, 1.0], worst_pct=-150)
    with pytest.raises(EstimationError, match="level"):
        judged_mean_limits([1.0, 2.0], worst_pct=-150, level=1.5)
    with pytest.raises(EstimationError, match="infinite"):
        judged_mean_limits([1.0, -np.inf], worst_pct=-150)
