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

from analysis.errors import EstimationError
from analysis.results import make_results
from analysis.stats.rates import (
    bound_shares,
    count_responders,
    estimate_responder_share,
    estimate_responder_share_exact,
    estimate_share,
    estimate_share_exact,
    estimate_shares,
    exact_limits,
    wilson_limits,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "proportions_r.json").read_text(encoding="utf-8")
)
CLOSED_FORM = 1e-12  # Wilson: the same few operations in another order
ITERATED = 1e-9  # exact: both sides find a beta quantile by iteration, R to about 1e-10
Z95 = 1.959963984540054  # normal quantile of 0.975, any table

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
flags = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=60)
both = pytest.mark.parametrize("estimate", [estimate_share, estimate_share_exact])


def series(values: list[bool | None]) -> pd.Series:
    return pd.Series(values, dtype="boolean")


def test_the_pins_are_all_here():
    assert len(PINS["cases"]) == 51
    assert PINS["software"].startswith("R version")


@pytest.mark.parametrize("case", PINS["cases"], ids=lambda case: case["id"])
def test_intervals_match_r(case: dict[str, Any]):
    got = estimate_share(case["n_events"], case["n"], level=case["level"])
    assert (got.low, got.high) == pytest.approx(case["wilson"], abs=CLOSED_FORM)
    got = estimate_share_exact(case["n_events"], case["n"], level=case["level"])
    assert (got.low, got.high) == pytest.approx(case["exact"], abs=ITERATED)


def test_limits_of_many_shares_are_those_of_each():
    k, n = np.array([0, 3, 10, 0]), np.array([10, 10, 10, 0])
    for limits, estimate in ((wilson_limits, estimate_share), (exact_limits, estimate_share_exact)):
        low, high = limits(k, n)
        for place in range(3):
            one = estimate(k[place], n[place])
            assert (low[place], high[place]) == (one.low, one.high)
        assert np.isnan([low[3], high[3]]).all()


@pytest.mark.parametrize("n", [1, 10, 21_658])
def test_none_and_all_by_hand(n: int):
    none, all_ = estimate_share(0, n), estimate_share(n, n)
    assert (none.value, none.low, all_.value, all_.high) == (0.0, 0.0, 1.0, 1.0)
    assert none.high == pytest.approx(Z95**2 / (n + Z95**2), abs=CLOSED_FORM)
    assert all_.low == pytest.approx(n / (n + Z95**2), abs=CLOSED_FORM)
    assert estimate_share_exact(0, n).high == pytest.approx(1 - 0.025 ** (1 / n), abs=ITERATED)
    assert estimate_share_exact(n, n).low == pytest.approx(0.025 ** (1 / n), abs=ITERATED)


@both
@given(count=counts, level=st.sampled_from([0.8, 0.95, 0.999]))
@pytest.mark.slow
def test_interval_is_a_share_and_holds_the_estimate(estimate, count, level):
    got = estimate(*count, level=level)
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert got.low < got.high


@both
@given(count=counts)
@pytest.mark.slow
def test_more_patients_at_the_same_share_are_narrower(estimate, count):
    k, n = count
    few, many = estimate(k, n), estimate(4 * k, 4 * n)
    assert many.high - many.low < few.high - few.low


@both
@given(count=counts)
@pytest.mark.slow
def test_counting_the_others_mirrors(estimate, count):
    k, n = count
    got, other = estimate(k, n), estimate(n - k, n)
    assert (got.low, got.high) == pytest.approx((1 - other.high, 1 - other.low), abs=ITERATED)


@given(count=counts)
def test_exact_is_wider_on_the_side_where_wilson_is_bold(count):
    """Clopper-Pearson never covers less than its level, so it holds more than 95% of Wilson."""
    k, n = count
    wilson, exact = estimate_share(k, n), estimate_share_exact(k, n)
    assert exact.high - exact.low > 0.95 * (wilson.high - wilson.low)


@both
@pytest.mark.parametrize("count", [(3, 2), (-1, 5), (0, -1), (1.5, 3)])
def test_counts_that_cannot_be_are_refused(estimate, count):
    with pytest.raises(EstimationError, match=r"cannot be|must be a whole number"):
        estimate(*count)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level: float):
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_share(1, 2, level=level)
    with pytest.raises(EstimationError, match="confidence level"):
        estimate_responder_share(series([None]), missing="excluded", level=level)


def test_numpy_counts_are_counts():
    assert estimate_share(np.int64(2), np.int32(4)).value == 0.5


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
    assert got.notes == ("nobody_seen",)


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
    got = estimate_responder_share_exact(ten, missing="excluded")
    assert (got.low, got.high) == pytest.approx((0.06673951, 0.65245285), abs=5e-9)  # any table
    assert got.method == "clopper_pearson"


# many groups at once

GROUPS = [[True] * 3 + [False] * 4 + [None] * 3, [None, None], [], [True], [False] * 9]


@pytest.mark.parametrize("rule", ["nonresponse", "excluded", "response"])
@pytest.mark.parametrize(
    ("method", "estimate"),
    [("wilson", estimate_responder_share), ("clopper_pearson", estimate_responder_share_exact)],
)
def test_shares_of_many_groups_are_those_of_each(rule, method, estimate):
    counts = pd.DataFrame(
        {
            "group": list("abcde"),
            "n_patients": [len(one) for one in GROUPS],
            "n_known": [sum(flag is not None for flag in one) for one in GROUPS],
            "n_events": [sum(flag is True for flag in one) for one in GROUPS],
        }
    )
    got = make_results(
        estimate_shares(counts, missing=rule, method=method), measure="responder_share"
    )
    want = make_results(
        (estimate(series(one), missing=rule).row(group=name)
         for name, one in zip("abcde", GROUPS, strict=True)),
        measure="responder_share",
    )  # fmt: skip
    pd.testing.assert_frame_equal(got, want)


def test_bounds_reach_from_the_worst_to_the_best_case():
    counts = pd.DataFrame({"n_patients": [10], "n_known": [7], "n_events": [3]})
    got = bound_shares(counts).iloc[0]
    assert (got.value, got.n, got.n_missing, got.method) == (3 / 7, 10, 3, "bounds")
    assert (got.low, got.high) == (estimate_share(3, 10).low, estimate_share(6, 10).high)
