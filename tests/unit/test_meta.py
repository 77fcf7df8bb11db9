"""Pooling: against metafor, by hand, and properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from analysis.errors import EstimationError
from analysis.stats.meta import implied_share, log_ratios, pool_effects, pool_shares

PINS = json.loads(
    (Path(__file__).parents[1] / "reference" / "meta_metafor.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", PINS["effects"], ids=lambda c: f"{c['data']}-{c['method']}")
def test_effects_are_those_of_metafor(case):
    errors = np.sqrt(case["variances"])
    plain = pool_effects(case["effects"], errors, tau2_method=case["method"], floor=False)
    floored = pool_effects(case["effects"], errors, tau2_method=case["method"])
    for name in ("value", "se", "low", "high", "tau2", "tau2_low", "tau2_high", "i2"):
        # Both stop where a step changes nothing in the tenth digit.
        assert getattr(plain, name) == pytest.approx(case[name], rel=1e-7, abs=1e-9), name
    assert (floored.low, floored.high) == pytest.approx(
        (case["floor_low"], case["floor_high"]), rel=1e-7, abs=1e-9
    )
    assert sum(plain.weights) == pytest.approx(1, abs=1e-12)
    assert np.dot(plain.weights, case["effects"]) == pytest.approx(plain.value, abs=1e-12)


@pytest.mark.parametrize("case", PINS["shares"], ids=lambda c: c["data"])
@pytest.mark.slow
def test_shares_are_those_of_metafor(case):
    pooled = pool_shares(case["events"], case["n"])
    # The optimizer of glmer stops within 1e-5 of the maximum, and takes the curvature there by
    # differences: 1e-4 of the standard error.
    assert logit(pooled.value) == pytest.approx(case["logit"], abs=1e-5)
    assert pooled.tau2 == pytest.approx(case["tau2"], abs=2e-5)
    assert pooled.se == pytest.approx(case["se"], rel=1e-4)
    assert logit([pooled.low, pooled.high]) == pytest.approx([case["low"], case["high"]], abs=2e-4)


def test_two_equal_studies_by_hand():
    pooled = pool_effects([2.0, 2.0], [1.0, 1.0])
    # tau squared 0; standard error sqrt(1/2), floored; t with 1 degree of freedom: 12.7062.
    assert (pooled.value, pooled.tau2) == (2.0, 0.0)
    assert pooled.high - 2 == pytest.approx(12.7062 * 0.5**0.5, rel=1e-5)
    assert pooled.predicted_low is None


def test_studies_alike_pool_as_one_share():
    pooled = pool_shares([5, 10, 4, 8], [10, 20, 8, 16])
    assert pooled.value == pytest.approx(0.5) and pooled.tau2 == 0
    assert pooled.se == pytest.approx(2 / 54**0.5, rel=1e-6)  # sqrt(1 / (54 * 0.5 * 0.5))


@pytest.mark.parametrize(("events", "high"), [([0, 0], 0.2849142), ([5, 6], 1.0)])
def test_none_and_all_have_exact_limits(events, high):
    pooled = pool_shares(events, [5, 6])
    assert pooled.method == "pooled_exact" and pooled.value == sum(events) / 11
    assert pooled.high == pytest.approx(high, abs=1e-7)  # 1 - 0.025 ** (1 / 11)
    assert pooled.se is None and pooled.tau2 is None


def test_very_large_studies_do_not_run_away():
    pooled = pool_shares([500_000, 510_000, 300_000], [10**6, 10**6, 10**6])
    logits = logit([0.5, 0.51, 0.3])
    assert logit(pooled.value) == pytest.approx(logits.mean(), abs=1e-4)
    assert pooled.tau2 == pytest.approx(logits.var(), rel=1e-3)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
)
@settings(max_examples=12)
def test_shares_keep_their_order_their_mirror_and_their_limits(pairs, shuffler):
    pairs = [(min(k, n), n) for k, n in pairs]
    events, n = map(np.array, zip(*pairs, strict=True))
    pooled = pool_shares(events, n)
    assert 0 <= pooled.low <= pooled.value <= pooled.high <= 1
    shuffled = pairs.copy()
    shuffler.shuffle(shuffled)
    again = pool_shares(*zip(*shuffled, strict=True))
    mirror = pool_shares(n - events, n)
    assert again.value == pytest.approx(pooled.value, abs=2e-5)  # the optimizer's own tolerance
    assert 1 - mirror.value == pytest.approx(pooled.value, abs=2e-5)


def test_a_mean_difference_implies_a_share():
    # Phi(Phi^-1(0.308) + 1.2 / 2.4): 0.4985
    assert implied_share(-1.2, 2.4, 0.308) == pytest.approx(0.49938, abs=1e-4)
    assert implied_share(0, 2, 0.3) == pytest.approx(0.3)
    assert implied_share(1, 2, 0.3) < 0.3 < implied_share(-1, 2, 0.3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pool_effects([1.0], [1.0]), "at least two studies; there are 1"),
        (lambda: pool_effects([1.0, 2.0], [1.0, 0.0]), "not above 0 in row 1"),
        (lambda: pool_effects([1.0, np.nan], [1.0, 1.0]), "missing in row 1"),
        (lambda: pool_effects([1, 2], [1, 1], tau2_method="MLE"), "REML, PM, DL"),
        (lambda: pool_shares([1, 0], [3, 0]), "no patients in row 1"),
        (lambda: pool_shares([3, 2], [2, 3]), "3 events among 2 patients"),
        (lambda: pool_shares([1, None], [2, 3]), "missing in row 1"),
        (lambda: implied_share(-1, 0, 0.3), "above 0"),
        (lambda: implied_share(-1, 1, 30), "between 0 and 1"),
    ],
)
def test_impossible_studies_are_named(call, words):
    with pytest.raises(EstimationError, match=words):
        call()


@pytest.mark.parametrize("studies", [[(0, 2), (2, 2)], [(0, 5), (5, 5), (0, 4)]])
@pytest.mark.slow
def test_studies_that_contradict_each_other_wholly_tell_nothing(studies):
    pooled = pool_shares(*zip(*studies, strict=True))
    assert (pooled.low, pooled.high, pooled.se, pooled.tau2) == (0, 1, None, None)


def test_log_ratios_by_hand():
    ratios, errors = log_ratios([60, 5], [100, 10], [30, 0], [100, 10])
    # log(0.6 / 0.3), sqrt(1/60 - 1/100 + 1/30 - 1/100); with halves: 5.5 of 11 against 0.5 of 11.
    assert ratios == pytest.approx([0.693147, 2.397895], abs=1e-6)
    assert errors == pytest.approx([0.03**0.5, (1 / 5.5 - 1 / 11 + 2 - 1 / 11) ** 0.5])
