"""Shares and their intervals: R, by hand, and properties that hold for every count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analysis.errors import EstimationError
from analysis.estimate.proportions import (
    count_responders,
    estimate_counted_share,
    estimate_responder_share,
    estimate_share_exact,
    estimate_share_wilson,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "proportions_r.json").read_text(encoding="utf-8")
)
CLOSED_FORM = 1e-12  # Wilson: the same few operations in another order
ITERATED = 1e-9  # exact: both sides find a beta quantile by iteration, R to about 1e-10
NOBODY_SEEN = "Nobody was rated at this visit."
Z95 = 1.959963984540054  # normal quantile of 0.975, any table

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
flags = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=60)
both = pytest.mark.parametrize("estimate", [estimate_share_wilson, estimate_share_exact])


def series(values: list[bool | None]) -> pd.Series:
    return pd.Series(values, dtype="boolean")


def test_the_pins_are_all_here():
    assert len(PINS["cases"]) == 51
    assert PINS["software"].startswith("R version")


@pytest.mark.parametrize("case", PINS["cases"], ids=lambda case: case["id"])
def test_intervals_match_r(case: dict[str, Any]):
    got = estimate_share_wilson(case["n_events"], case["n"], level=case["level"])
    assert (got.low, got.high) == pytest.approx(case["wilson"], abs=CLOSED_FORM)
    got = estimate_share_exact(case["n_events"], case["n"], level=case["level"])
    assert (got.low, got.high) == pytest.approx(case["exact"], abs=ITERATED)


@given(count=counts, level=st.sampled_from([0.8, 0.95, 0.999]))
def test_intervals_are_those_of_scipy_to_the_last_bit(count, level):
    test = binomtest(*count)
    for method, estimate in (("wilson", estimate_share_wilson), ("exact", estimate_share_exact)):
        want = test.proportion_ci(confidence_level=level, method=method)
        got, share = estimate(*count, level=level), count[0] / count[1]
        assert (got.low, got.high) == (min(want.low, share), max(want.high, share))


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("missing", "n_events", "n"), [("nonresponse", 3, 10), ("excluded", 3, 8), ("response", 5, 10)]
)
def test_counts_by_hand(missing, n_events, n, exact):
    """Three of ten patients respond, and of two it is not known."""
    got = estimate_counted_share(3, 2, 10, missing=missing, exact=exact)
    assert (got.n_events, got.n, got.n_missing, got.value) == (n_events, n, 2, n_events / n)


def test_counts_of_nobody_and_of_nobody_seen():
    assert estimate_counted_share(0, 0, 0, missing="excluded").status == "no patients"
    got = estimate_counted_share(0, 4, 4, missing="response")
    assert (got.status, got.n, got.n_missing, got.warnings) == (
        "not estimable", 4, 4, (NOBODY_SEEN,),
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 10, 21_658])
def test_none_and_all_by_hand(n: int):
    none, all_ = estimate_share_wilson(0, n), estimate_share_wilson(n, n)
    assert (none.value, none.low, all_.value, all_.high) == (0.0, 0.0, 1.0, 1.0)
    assert none.high == pytest.approx(Z95**2 / (n + Z95**2), abs=CLOSED_FORM)
    assert all_.low == pytest.approx(n / (n + Z95**2), abs=CLOSED_FORM)
    assert estimate_share_exact(0, n).high == pytest.approx(1 - 0.025 ** (1 / n), abs=ITERATED)
    assert estimate_share_exact(n, n).low == pytest.approx(0.025 ** (1 / n), abs=ITERATED)


@both
@given(count=counts, level=st.sampled_from([0.8, 0.95, 0.999]))
def test_interval_is_a_share_and_holds_the_estimate(estimate, count, level):
    got = estimate(*count, level=level)
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert got.low < got.high


@both
@given(count=counts)
def test_more_patients_at_the_same_share_are_narrower(estimate, count):
    k, n = count
    few, many = estimate(k, n), estimate(4 * k, 4 * n)
    assert many.high - many.low < few.high - few.low


@both
@given(count=counts)
def test_counting_the_others_mirrors(estimate, count):
    k, n = count
    got, other = estimate(k, n), estimate(n - k, n)
    assert (got.low, got.high) == pytest.approx((1 - other.high, 1 - other.low), abs=ITERATED)


@given(count=counts)
def test_exact_is_wider_on_the_side_where_wilson_is_bold(count):
    """Clopper-Pearson never covers less than its level, so it holds more than 95 % of Wilson."""
    k, n = count
    wilson, exact = estimate_share_wilson(k, n), estimate_share_exact(k, n)
    assert exact.high - exact.low > 0.95 * (wilson.high - wilson.low)


@both
@pytest.mark.parametrize("count", [(3, 2), (-1, 5), (0, -1), (1.5, 3)])
def test_counts_that_cannot_be_are_refused(estimate, count):
    with pytest.raises(EstimationError, match="cannot be"):
        estimate(*count)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level: float):
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_share_wilson(1, 2, level=level)
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_responder_share(series([None]), missing="excluded", level=level)


def test_numpy_counts_are_counts():
    assert estimate_share_wilson(np.int64(2), np.int32(4)).value == 0.5


# what a missing outcome counts as


def test_missing_rules_by_hand():
    ten = series([True] * 3 + [False] * 4 + [None] * 3)
    assert count_responders(ten, missing="nonresponse") == (3, 10, 3)
    assert count_responders(ten, missing="excluded") == (3, 7, 3)
    assert count_responders(ten, missing="response") == (6, 10, 3)


@given(values=flags)
def test_missing_rules_are_in_order(values):
    """All starters is the worst case; observed lies between it and the best."""
    worst, observed, best = (
        estimate_responder_share(series(values), missing=rule)
        for rule in ("nonresponse", "excluded", "response")
    )
    if all(value is None for value in values):
        assert {worst.status, observed.status, best.status} == {"not estimable"}
        return
    assert worst.value <= observed.value <= best.value
    assert worst.n == best.n == observed.n + observed.n_missing == len(values)


@given(values=flags)
def test_missing_means_failure_says_the_same_as_failures_typed_in(values):
    if all(value is None for value in values):
        return
    typed = [bool(value) for value in values]
    got = estimate_responder_share(series(values), missing="nonresponse")
    assert got.value == estimate_responder_share(series(typed), missing="excluded").value


@pytest.mark.parametrize("rule", ["nonresponse", "excluded", "response"])
def test_nobody_seen_is_no_finding(rule):
    got = estimate_responder_share(series([None, None]), missing=rule)
    assert (got.value, got.low, got.status, got.n_missing) == (None, None, "not estimable", 2)
    assert got.n == (0 if rule == "excluded" else 2)
    assert got.warnings == (NOBODY_SEEN,)


@pytest.mark.parametrize("rule", ["nonresponse", "excluded", "response"])
def test_no_patients(rule):
    got = estimate_responder_share(series([]), missing=rule)
    assert (got.value, got.status, got.n) == (None, "no patients", 0)


def test_one_patient_has_a_wide_interval():
    got = estimate_responder_share(series([True]), missing="excluded")
    assert (got.value, got.n) == (1.0, 1)
    assert got.low == pytest.approx(1 / (1 + Z95**2), abs=CLOSED_FORM)


def test_exact_is_exact():
    ten = series([True] * 3 + [False] * 7)
    got = estimate_responder_share(ten, missing="excluded", exact=True)
    assert (got.low, got.high) == pytest.approx((0.06673951, 0.65245285), abs=5e-9)  # any table
    assert "Clopper" in got.method
