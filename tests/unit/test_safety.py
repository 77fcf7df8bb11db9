"""Shares of infusions, rates and times to resolution: by hand, against R, and their properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.stats.rates import estimate_share
from analysis.stats.safety import (
    estimate_clustered_share,
    estimate_rare_share,
    estimate_rate,
    resolution_curve,
    resolved_by,
    rule_of_three,
)

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "safety_r.json").read_text(encoding="utf-8")
)
CLOSED_FORM = 1e-8  # sums in another order, and R's 15 printed digits


@pytest.mark.parametrize("case", PINS["rates"])
def test_rate_and_exact_poisson_limits_are_r_s(case):
    found = estimate_rate(case["n_events"], case["exposure"], n=20)
    assert found.value == pytest.approx(case["value"], rel=CLOSED_FORM)
    assert [found.low, found.high] == pytest.approx(case["interval"], rel=CLOSED_FORM)


def test_rate_without_exposure_is_no_number():
    assert estimate_rate(0, 0.0, n=0).status == "no patients"


def test_nobody_has_the_event_and_the_rule_of_three():
    for n, most in zip(PINS["none_of"], PINS["at_most"], strict=True):
        assert rule_of_three(n) == pytest.approx(most, rel=CLOSED_FORM)
        assert estimate_rare_share(0, n).high == pytest.approx(most, rel=CLOSED_FORM)
    assert rule_of_three(300) == pytest.approx(3 / 300, rel=0.01)
    assert estimate_rare_share(3, 40) == estimate_share(3, 40)


def test_resolution_curve_and_its_limits_are_r_s():
    curve = resolution_curve(PINS["minutes"], PINS["resolved"], PINS["patients"])
    for at, *numbers in zip(*(PINS[k] for k in ("times", "share", "low", "high")), strict=True):
        found = resolved_by(curve, at, n=14)
        assert [found.value, found.low, found.high] == pytest.approx(numbers, abs=CLOSED_FORM)


def test_resolution_by_hand():
    """4 effects: over after 10 and 20 minutes, one seen to 15, one to 30: 1/4, then 1/4 + 3/8."""
    curve = resolution_curve([10, 15, 20, 30], [1, 0, 1, 0], list("abcd"))
    assert [resolved_by(curve, t, n=4).value for t in (5, 10, 15, 30)] == [0, 0.25, 0.25, 0.625]
    late = resolved_by(curve, 60, n=4)
    assert (late.value, late.status) == (None, "not estimable")
    over = resolution_curve([10, 0], [1, 1], list("ab"))
    assert resolved_by(over, 60, n=2).value == 1
    assert resolved_by(over, 0, n=2).value == 0.5
    none = resolution_curve([10, 20], [0, 0], list("ab"))
    assert resolved_by(none, 15, n=2).value == 0


def test_clustered_share_by_hand():
    """Two patients of three infusions, 3 and 0 with it: variance 2/1 * (1.5**2 * 2) / 36 = 1/4."""
    flags, who = pd.Series([1, 1, 1, 0, 0, 0], dtype="boolean"), pd.Series(list("aaabbb"))
    found = estimate_clustered_share(flags, who)
    # design effect (1/4) / (1/4 / 6) = 6, so the effective size is 1: Wilson by its formula
    z2 = 3.841458820694124
    half = np.sqrt(z2) / (1 + z2) * np.sqrt(0.25 + z2 / 4)
    assert (found.value, found.n, found.n_events) == (0.5, 6, 3)
    assert [found.low, found.high] == pytest.approx([0.5 - half, 0.5 + half])


def test_clustered_share_where_nobody_has_it_counts_patients():
    found = estimate_clustered_share(pd.Series([False] * 60), pd.Series(list("abcdef") * 10))
    assert found.high == pytest.approx(rule_of_three(6))
    assert estimate_clustered_share(pd.Series([], dtype=bool), pd.Series([])).status == (
        "no patients"
    )


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=60))
def test_limits_hold_the_share_and_are_never_narrower_than_of_independent_infusions(rows):
    who, flags = (pd.Series(list(each)) for each in zip(*rows, strict=True))
    found = estimate_clustered_share(flags, who)
    assert 0 <= found.low <= found.value <= found.high <= 1
    if 0 < flags.sum() < len(flags):
        plain = estimate_share(int(flags.sum()), len(flags))
        assert found.high - found.low >= plain.high - plain.low - 1e-12


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 240), st.booleans(), st.integers(0, 5)), min_size=1))
def test_resolution_curve_rises(rows):
    curve = resolution_curve(*zip(*rows, strict=True))
    assert curve["minutes"].is_monotonic_increasing and curve["share"].is_monotonic_increasing
    assert curve["share"].between(-1e-12, 1 + 1e-12).all()
    assert not (curve["low"] > curve["share"] + 1e-9).any()
