"""Percent reduction: R's t interval, three definitions by hand, odd samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EstimationError
from analysis.estimate.reductions import (
    estimate_mean,
    estimate_mean_bca,
    estimate_median_bca,
    estimate_ratio_of_means,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "reductions_t.json").read_text(encoding="utf-8")
)
CLOSED_FORM = 1e-8  # R's and scipy's t quantile agree to about 1e-10, times a spread of some tens
ONE_PATIENT = "One patient: there is no interval."
NO_SPREAD = "Every value, or every resample, gives the same number: there is no interval."
NOTHING_KNOWN = "Not one patient has a known value: nobody was rated."
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
    assert unseen.warnings == (NOTHING_KNOWN,)
    one = every_estimate([40.0])[name]
    assert (one.value, one.low, one.level, one.n) == (pytest.approx(40.0), None, None, 1)
    assert one.warnings == (ONE_PATIENT,)
    equal = every_estimate([30.0] * 5)[name]
    assert (equal.low, equal.high, equal.warnings) == (None, None, (NO_SPREAD,))


def test_equal_but_for_the_last_binary_digit_is_equal():
    """Patients whose pain fell by 30 % each must not make an interval of width 1e-15."""
    assert len(set(THREE_TENTHS)) > 1
    for n in (1, 2, 5, 11):
        got = estimate_mean(floats(THREE_TENTHS * n))
        assert (got.low, got.high, got.warnings) == (None, None, (NO_SPREAD,))
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
