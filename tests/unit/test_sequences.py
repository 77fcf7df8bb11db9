"""Confidence sequences: by hand, by another root search, over time, and never narrower."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import betabinom, binom

from analysis.errors import EstimationError
from analysis.stats.rates import wilson_limits
from analysis.stats.reductions import mean_limits
from analysis.stats.sequences import (
    FIRST_LOOK,
    bounded_mean_sequence_limits,
    estimate_bounded_mean_sequence,
    estimate_mean_sequence,
    estimate_share_sequence,
    mean_sequence_limits,
    share_sequence_limits,
)

ROOT = 1e-9
counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_none_of_n_by_hand():
    """The uniform mixture gives 0 of n the chance 1 / (n + 1): (1 - p)**n is alpha / (n + 1)."""
    low, high = share_sequence_limits([0, 0, 10], [10, 1, 10])
    assert low.tolist() == pytest.approx([0, 0, (0.05 / 11) ** 0.1], abs=ROOT)
    assert high.tolist() == pytest.approx([1 - (0.05 / 11) ** 0.1, 0.975, 1], abs=ROOT)


@pytest.mark.parametrize(("k", "n"), [(3, 10), (74, 137), (1, 400), (27, 30)])
def test_limits_are_where_the_mixture_is_20_times_as_likely(k, n):
    """Another search, over the probabilities themselves: log of beta-binomial over binomial."""

    def ratio(share):
        return betabinom.logpmf(k, n, 1, 1) - binom.logpmf(k, n, share) - np.log(20)

    wanted = brentq(ratio, 1e-9, k / n, xtol=1e-13), brentq(ratio, k / n, 1 - 1e-9, xtol=1e-13)
    got = estimate_share_sequence(k, n)
    assert (got.low, got.high) == pytest.approx(wanted, abs=ROOT)
    assert (got.value, got.method) == (k / n, "beta_binomial_sequence")


@pytest.mark.slow
@given(counts)
@settings(max_examples=40, deadline=None)
def test_a_share_turns_with_its_event_and_is_wider_than_one_look(count):
    k, n = count
    low, high = (float(end[0]) for end in share_sequence_limits([k], [n]))
    turned = share_sequence_limits([n - k], [n])
    assert (low, high) == pytest.approx((1 - turned[1][0], 1 - turned[0][0]), abs=1e-8)
    assert 0 <= low <= k / n <= high <= 1
    once = wilson_limits(k, n)
    assert high - low > once[1] - once[0] or n < 5
    surer = share_sequence_limits([k], [n], level=0.99)
    assert surer[0][0] <= low + ROOT and high <= surer[1][0] + ROOT


@pytest.mark.parametrize("true", [0.1, 0.5, 0.75])
@pytest.mark.slow
def test_a_share_is_hardly_ever_excluded_at_any_of_300_looks(true):
    """2,000 clinics looked at after every patient; Wilson's interval errs in many of them."""
    rng = np.random.default_rng(21)
    n = np.arange(1, 301)
    events = (rng.random((2000, 300)) < true).cumsum(axis=1)
    grid = share_sequence_limits(*np.broadcast_arrays(np.arange(301)[:, None].clip(max=n), n))
    low, high = (end[events, n - 1] for end in grid)
    erred = ((low > true) | (true > high)).any(axis=1).mean()
    assert erred < 0.05
    once = wilson_limits(events, n)
    assert ((once[0] > true) | (true > once[1])).any(axis=1).mean() > 0.2


def test_mean_limits_by_hand():
    """200 values, half of them 0 and half 100: mean 50, s = 100 * sqrt(50 / 199).

    r = (5.9915 + log(5.9915) + 1) / 100 = 0.087818; n r + 1 = 18.5637; the root of
    2 * 18.5637 / (200**2 * 0.087818) * log(4.30856 / 0.05) is 0.217019.
    """
    got = estimate_mean_sequence([0.0, 100.0] * 100)
    half = 100 * np.sqrt(50 / 199) * 0.2170
    assert (got.low, got.high) == pytest.approx((50 - half, 50 + half), abs=0.02)
    assert (got.n, got.method) == (200, "asymptotic_sequence")


def percent(rng, size):
    """Percent reductions of whole scores: 60% go from 7 to about 2, the rest hardly change."""
    after = np.where(rng.random(size) < 0.6, rng.integers(0, 5, size), rng.integers(5, 9, size))
    return 100 * (1 - after / 7.0)


TRUE_MEAN = 100 * (1 - (0.6 * 2 + 0.4 * 6.5) / 7)


@pytest.mark.slow
def test_a_mean_is_hardly_ever_excluded_at_any_look():
    values = percent(np.random.default_rng(22), (2000, 300))

    def erred(low, high):
        out = (low > TRUE_MEAN) | (high < TRUE_MEAN)
        return out[:, FIRST_LOOK - 1 :].any(axis=1).mean()

    assert erred(*mean_sequence_limits(values)) < 0.05
    assert erred(*bounded_mean_sequence_limits(values, lowest=-150, highest=100)) < 0.05
    n = np.arange(1, 301)
    mean = values.cumsum(axis=1) / n
    spread = np.sqrt(((values**2).cumsum(axis=1) - n * mean**2) / np.maximum(n - 1, 1))
    assert erred(*mean_limits(mean, spread, np.broadcast_to(n, mean.shape))) > 0.15


def test_the_bounded_sequence_by_hand():
    """Two patients, 1 and 0 on [0, 1], level 0.95: log 40 = 3.6889.

    Both weights are capped at 1/2: sqrt(2 * 3.6889 / (0.25 * log 2)) = 6.5 and more. Cost 1/4 of
    (-log(1/2) - 1/2) = 0.19315 for the first (0.5 off), (0 - 0.75)**2 = 0.5625 of it for the
    second. Center 1/2; half (3.6889 + 0.19315 * 0.8125) / 1 is more than all: 0 to 1.
    """
    low, high = bounded_mean_sequence_limits(np.array([1.0, 0.0]), lowest=0, highest=1)
    assert (low[-1], high[-1]) == (0.0, 1.0)
    many = np.ones(200)
    low, _ = bounded_mean_sequence_limits(many, lowest=0, highest=1)
    # All ones, weights b of at most 1/2: the mean before the i-th is (i - 1/2) / i, 1 / (2 i) off.
    places = np.arange(1, 201)
    before = np.append(0.5, (0.5 + places[:-1]) / (places[:-1] + 1))
    now = (0.5 + places) / (places + 1)
    known = np.append(0.25, ((0.25 + np.cumsum((1 - now) ** 2)) / (places + 1))[:-1])
    bets = np.minimum(np.sqrt(2 * np.log(40) / (known * places * np.log(1 + places))), 0.5)
    cost = np.sum((1 - before) ** 2 * (-np.log(1 - bets) - bets))
    assert low[-1] == pytest.approx(1 - (np.log(40) + cost) / bets.sum(), abs=ROOT)


def test_units_and_place_do_not_matter():
    values = percent(np.random.default_rng(23), 120)
    plain, moved = estimate_mean_sequence(values), estimate_mean_sequence(values * 3 + 1e6)
    assert moved.low == pytest.approx(plain.low * 3 + 1e6, rel=1e-9)
    bounded = estimate_bounded_mean_sequence(values, lowest=-150, highest=100)
    other = estimate_bounded_mean_sequence(values / 100, lowest=-1.5, highest=1)
    assert other.high == pytest.approx(bounded.high / 100)
    assert bounded.high - bounded.low > plain.high - plain.low


def test_odd_cases_have_an_answer():
    assert estimate_share_sequence(0, 0).status == "no patients"
    assert estimate_mean_sequence([]).status == "no patients"
    assert estimate_mean_sequence([None, None]).notes == ("nothing_known",)
    early = estimate_mean_sequence([1.0, 2.0])
    assert (early.value, early.low, early.notes) == (1.5, None, ("early_look(20)",))
    assert estimate_mean_sequence([5.0] * 30).notes == ("no_spread",)
    one = estimate_bounded_mean_sequence([100.0], lowest=-150, highest=100)
    assert (one.low, one.high) == (-150.0, 100.0)
    with pytest.raises(EstimationError, match=r"from -900 to 50; the bounds are -150 and 100"):
        estimate_bounded_mean_sequence([50.0, -900.0], lowest=-150, highest=100)
    for bad in ((3, 2), (-1, 2), ("1", 2), (1, None)):
        with pytest.raises(EstimationError):
            estimate_share_sequence(*bad)
    with pytest.raises(EstimationError, match="level"):
        estimate_share_sequence(1, 2, level=1.0)
