"""Weibull and log-normal times: by hand, odd cases, derivatives, properties."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from analysis.errors import EstimationError
from analysis.stats.aft import (
    LOGNORMAL,
    WEIBULL,
    check_rows,
    fit_aft,
    log_likelihood,
    refit_weibull,
)

fit_weibull, fit_lognormal = partial(fit_aft, WEIBULL), partial(fit_aft, LOGNORMAL)
INF = float("inf")
SLOPES = 2e-6  # central differences with steps of 1e-5
SETTLED = 1e-6  # estimates are within 1e-8 standard errors of the maximum


def clinic(n=300, seed=8):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    true = np.exp(2 + 0.5 * group) * rng.weibull(1.5, n)
    grid = np.array([0, 2, 4, 8, 12, 26, INF])
    place = np.searchsorted(grid, true)
    left, right = grid[place - 1], grid[place]
    known = rng.random(n) < 0.2
    return np.where(known, true, left), np.where(known, true, right), group


def test_lognormal_of_exact_times_by_hand():
    # mean and standard deviation (divisor n) of the logs: 1, 2, 3
    fit = fit_lognormal(np.exp([1, 2, 3]), np.exp([1, 2, 3]), time_unit="weeks")
    assert fit.coefficients[0] == pytest.approx(2.0, abs=SETTLED)
    assert fit.scale == pytest.approx(np.sqrt(2 / 3), abs=SETTLED)
    assert fit.std_errors[0] == pytest.approx(np.sqrt(2 / 3 / 3), abs=SETTLED)
    assert fit.std_errors[-1] == pytest.approx(np.sqrt(1 / 6), abs=SETTLED)
    assert fit.median().value == pytest.approx(np.exp(2), rel=SETTLED)
    assert fit.median().unit == "weeks"


def test_two_groups_of_visits_by_hand():
    # lost by 4: 1 of 4; by 8: 2 of 4. Two free numbers fit both shares: log(-log S) is a line
    fit = fit_weibull([0, 4, 8, 8], [4, 8, INF, INF])
    assert fit.survival(4).value == pytest.approx(0.75, abs=SETTLED)
    assert fit.survival(8).value == pytest.approx(0.5, abs=SETTLED)
    assert fit.median().value == pytest.approx(8.0, rel=SETTLED)
    chance = fit.conditional_survival(8, given=4)
    assert chance.value == pytest.approx(0.5 / 0.75, abs=SETTLED)
    assert chance.low < chance.value < chance.high <= 1


def test_a_covariate_moves_the_time():
    left, right, group = clinic()
    fit = fit_weibull(left, right, covariates=group, names=["protocol"])
    ratio = fit.time_ratio("protocol")
    assert ratio.low < np.exp(0.5) < ratio.high  # the number the data were made with
    assert ratio.value == pytest.approx(fit.median([1]).value / fit.median([0]).value, rel=SETTLED)
    share = fit.survival(12, [1])
    assert share.low < share.value < share.high
    assert fit.shape.name == "Weibull"


@pytest.mark.parametrize("shape", [WEIBULL, LOGNORMAL], ids=["weibull", "lognormal"])
def test_derivatives_against_differences(shape):
    left, right, group = clinic(60)
    rows = check_rows(left, right, group, np.arange(60) % 3 + 1)
    position = np.array([2.3, 0.4, 1.2])
    _, gradient, hessian = log_likelihood(rows, shape, position)
    for index, step in enumerate(np.eye(3) * 1e-5):
        above = log_likelihood(rows, shape, position + step)
        below = log_likelihood(rows, shape, position - step)
        assert gradient[index] == pytest.approx((above[0] - below[0]) / 2e-5, rel=SLOPES, abs=1e-4)
        assert hessian[index] == pytest.approx((above[1] - below[1]) / 2e-5, rel=SLOPES, abs=1e-4)


@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
def test_weights_repeat_units_scale_and_order_does_not_matter(fit):
    left, right, group = clinic(80)
    counts = np.arange(80) % 3
    weighted = fit(left, right, covariates=group, weights=counts)
    again = np.repeat(np.arange(80), counts)[::-1]
    repeated = fit(left[again] * 7, right[again] * 7, covariates=group[again])
    assert repeated.median([1]).value == pytest.approx(7 * weighted.median([1]).value, rel=SETTLED)
    assert repeated.std_errors == pytest.approx(weighted.std_errors, rel=SETTLED)
    assert repeated.n == weighted.n == counts.sum()


def test_far_apart_times_settle():
    fit = fit_lognormal([1e-6, 1, 1e6, 1e6], [1e-3, 1e3, INF, 1e7])
    assert np.isfinite(fit.log_likelihood)
    assert fit.survival(1.0).estimated


def test_never_looked_at_does_not_count():
    with_silent = fit_weibull([0, 0, 4, 8, 8], [INF, 4, 8, INF, INF])
    without = fit_weibull([0, 4, 8, 8], [4, 8, INF, INF])
    assert with_silent.n == without.n == 4
    assert with_silent.log_scale == pytest.approx(without.log_scale, abs=SETTLED)


@pytest.mark.parametrize(
    ("left", "right", "options", "words"),
    [
        ([1, 2], [INF, INF], {}, "nobody lost relief"),
        ([2, 2, 2], [4, 4, 4], {}, "no maximum"),
        ([3, 3], [3, 3], {}, "no maximum"),
        ([0, 1], [0, 2], {}, "right is 0"),
        ([5], [4], {}, "right is below left"),
        ([], [], {}, "no rows"),
        ([1, 2], [2, 4], {"covariates": [1, 1]}, "column 0 is constant"),
        ([1, 2], [2, 4], {"covariates": [1, np.nan]}, "column 0 is missing in row 1"),
        ([1, 2], [2, 4], {"covariates": [[1], [2], [3]]}, "covariates has 3 rows"),
        ([1, 2, 5], [2, 4, INF], {"level": 1.0}, "level"),
        ([1, 2, 5], [2, 4, INF], {"names": ["a"]}, "names has 1 entries for 0"),
    ],
)
@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
def test_what_cannot_be_fitted_is_named(fit, left, right, options, words):
    with pytest.raises(EstimationError, match=words):
        fit(left, right, **options)


@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
def test_separation_is_named(fit):
    left, right = [1, 2, 3, 8, 8, 8], [1, 2, 3, INF, INF, INF]
    with pytest.raises(EstimationError, match="column 0 separates"):
        fit(left, right, covariates=[0, 0, 0, 1, 1, 1])


def test_bad_questions_are_named():
    fit = fit_weibull([0, 4, 8, 8], [4, 8, INF, INF])
    for ask in (
        lambda: fit.survival(0),
        lambda: fit.survival(4, [1]),
        lambda: fit.quantile(1.0),
        lambda: fit.conditional_survival(4, given=8),
        lambda: fit.time_ratio("dose"),
    ):
        with pytest.raises(EstimationError):
            ask()


# many weightings of the same rows


def left_out(n, groups):
    """Weights of 1, and 0 for one group of rows in turn."""
    return (np.arange(n) % groups != np.arange(groups)[:, None]).astype(float)


def test_refits_are_fits_of_the_rows_left():
    left, right, group = clinic(120)
    weights = left_out(120, 10)
    found = refit_weibull(left, right, weights=weights, covariates=group)
    assert found.shape == (10, 2)
    for one, weight in zip(found, weights, strict=True):
        held = weight > 0
        alone = fit_weibull(left[held], right[held], covariates=group[held])
        assert one == pytest.approx(alone.coefficients, abs=SETTLED)


def test_refits_far_from_their_sum_settle():
    # half the rows lose relief in days, half in years: the sum is no start for either
    left, right, group = clinic(80)
    far = np.where(np.arange(80) < 40, 1.0, 1000.0)
    weights = np.stack((far == 1.0, far == 1000.0)).astype(float)
    near, late = refit_weibull(left * far, right * far, weights=weights, covariates=group)
    alone = fit_weibull(left[40:], right[40:], covariates=group[40:])
    assert late - [np.log(1000), 0] == pytest.approx(alone.coefficients, abs=SETTLED)
    alone = fit_weibull(left[:40], right[:40], covariates=group[:40])
    assert near == pytest.approx(alone.coefficients, abs=SETTLED)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([[1, 1, 1, 1, 1, 0]], "column 0 is constant"),
        ([[1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]], "nobody lost relief"),
        ([[1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 1]], "no maximum"),
        ([1, 1, 1, 1, 1, 1], "must be a table"),
        ([[1, 1, 1, 1, 1]], "weights"),
    ],
)
def test_what_cannot_be_refitted_is_named(weights, words):
    left, right = [1, 2, 4, 6, 8, 8], [2, 4, 8, 8, INF, INF]
    with pytest.raises(EstimationError, match=words):
        refit_weibull(left, right, weights=weights, covariates=[0, 0, 0, 0, 0, 1])
