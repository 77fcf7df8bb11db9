"""Intervals of the interval-censored curve: against Greenwood, odd cases, order of limits."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import EstimationError
from analysis.estimate.durations import bootstrap_relief, estimate_kaplan_meier, estimate_npmle

INF = float("inf")


def clinic(n, seed):
    rng = np.random.default_rng(seed)
    grid = np.array([2, 4, 8, 12, 26.0])
    true = 12 * rng.weibull(1.2, n)
    seen = rng.random((n, 5)) > 0.3
    good = seen & (grid < true[:, None])
    bad = seen & (grid >= true[:, None])
    return np.where(good, grid, 0).max(axis=1), np.where(bad, grid, INF).min(axis=1)


def test_bootstrap_intervals_hold_the_point_and_each_other():
    curve = estimate_npmle(*clinic(120, 3), time_unit="weeks")
    found = bootstrap_relief(curve, rng=np.random.default_rng(5), times=(4, 6, 12), tau=26)
    for wide, narrow in zip(
        (*found.guarded.survival, *found.guarded.quantiles),
        (*found.even_spread.survival, *found.even_spread.quantiles),
        strict=True,
    ):
        assert wide.value == narrow.value
        assert wide.low <= narrow.low <= wide.value <= narrow.high <= wide.high
    mean, other = found.guarded.restricted_mean, found.even_spread.restricted_mean
    assert mean.std_error == other.std_error > 0
    assert mean.estimate.low < other.estimate.low < mean.estimate.value < mean.estimate.high


def test_bootstrap_standard_error_is_near_greenwood():
    """On exact times the curve is Kaplan-Meier, whose standard error has a formula."""
    rng = np.random.default_rng(11)
    time = np.ceil(rng.exponential(6, 200))
    event = rng.random(200) < 0.8
    plain = estimate_kaplan_meier(time, event)
    curve = estimate_npmle(time, np.where(event, time, INF))
    found = bootstrap_relief(curve, rng=rng, times=(4,), tau=12, replicates=2000)
    low, high = found.even_spread.survival[0].low, found.even_spread.survival[0].high
    assert (low, high) == pytest.approx((plain.at(4).low, plain.at(4).high), abs=0.01)
    expected = plain.restricted_mean(12).std_error
    assert found.guarded.restricted_mean.std_error == pytest.approx(expected, rel=0.08)


def test_nobody_loses_relief():
    curve = estimate_npmle([3, 5], [INF, INF])
    found = bootstrap_relief(curve, rng=np.random.default_rng(1), times=(4,), tau=5)
    assert found.guarded.quantiles[1].low is None  # no lower limit out of nothing
    assert found.guarded.survival[0].low is None
    assert found.guarded.restricted_mean.estimate.low is None


def test_same_state_same_intervals():
    curve = estimate_npmle(*clinic(80, 4))
    found = [
        bootstrap_relief(curve, rng=np.random.default_rng(7), times=(4,), tau=12) for _ in range(2)
    ]
    assert found[0] == found[1]
    other = bootstrap_relief(curve, rng=np.random.default_rng(8), times=(4,), tau=12)
    assert other.even_spread.survival != found[0].even_spread.survival


def test_bootstrap_upper_limit_not_reached():
    left, right = [2, 2, 4, 12, 12, 26, 26, 26], [4, 4, 8, 26, 26, INF, INF, INF]
    found = bootstrap_relief(
        estimate_npmle(left, right), rng=np.random.default_rng(2), lost_shares=(0.5,)
    )
    assert found.guarded.quantiles[0].high is None


def test_bootstrap_refuses_few_replicates():
    with pytest.raises(EstimationError, match="at least 100"):
        bootstrap_relief(estimate_npmle([1], [2]), rng=np.random.default_rng(1), replicates=10)
