"""BCa intervals: an independent implementation in R, scipy's, and what must not matter."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from analysis.errors import EstimationError
from analysis.estimate import bootstrap as module
from analysis.estimate.bootstrap import (
    bca_interval,
    weighted_mean,
    weighted_median,
    weighted_ratio_reduction,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "reductions_bca.json").read_text(encoding="utf-8")
)
STATISTICS = {"mean": weighted_mean, "median": weighted_median, "ratio": weighted_ratio_reduction}
ALLOWED_Z = 4.0
"""Monte-Carlo standard errors allowed between two runs: passed by chance once in 16,000."""

scores = st.lists(st.integers(-30, 100), min_size=2, max_size=25)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def column(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def ends(rows: np.ndarray, statistic=weighted_mean, *, replicates: int = 400, seed: int = 1):
    return bca_interval(rows, statistic, level=0.95, replicates=replicates, rng=rng(seed))


@pytest.mark.parametrize("case", PINS["cases"], ids=lambda case: case["id"])
def test_matches_the_definition_written_out_in_r(case: dict[str, Any]):
    """R draws and leaves out patients one by one; its pins are means of 20 runs as long as ours."""
    pair = [case["before_or_values"], *([case["after"]] if case["after"] else [])]
    rows = np.array(pair, dtype=float).T
    statistic = STATISTICS[case["statistic"]]
    assert statistic(rows, np.ones((1, len(rows))))[0] == pytest.approx(case["value"], abs=1e-12)
    got = bca_interval(rows, statistic, level=0.95, replicates=PINS["draws"], rng=rng())
    for end, pinned, error in zip(got, case["interval"], case["se_of_one_batch"], strict=True):
        allowed = ALLOWED_Z * error * sqrt(1 + 1 / PINS["batches"])
        assert end == pytest.approx(pinned, abs=allowed + 1e-9)  # error is 0 for an end on a tie


def test_pins_are_narrow_enough_to_tell_methods_apart():
    """A tolerance that the plain percentile interval also passes would show nothing."""
    case = next(case for case in PINS["cases"] if case["id"] == "mean of skew")
    values = np.array(case["before_or_values"])
    drawn = rng().choice(values, (10_000, len(values))).mean(axis=1)
    off = np.abs(np.quantile(drawn, [0.025, 0.975]) - case["interval"])
    assert (off > ALLOWED_Z * np.array(case["se_of_one_batch"])).all()


@pytest.mark.parametrize(("name", "python"), [("mean", np.mean), ("median", np.median)])
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
    got = module._acceleration(distinct, n, weighted_mean)
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
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 100)
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
    assert ends(column([30, 30, 30, 30, 30, 30, 30, 90]), weighted_median, replicates=20) is None


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
