"""Weibull and log-normal times: by hand, odd cases, derivatives, properties."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from analysis.errors import EstimationError, NoMaximumError
from analysis.labels import note_text
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


ONE_LOOK = [0.0] * 10 + [12.0] * 10, [12.0] * 10 + [INF] * 10


@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (*ONE_LOOK, "no_maximum_one_look"),  # 10 of 20 lost by week 12, nothing else known
        ([0] * 30 + [38.9] * 10, [38.9] * 30 + [INF] * 10, "no_maximum_one_look"),
        ([0, 0, 0], [4, 8, 12], "no_maximum_early"),  # nobody seen with relief
        ([0] * 5 + [12] * 5, [2] * 5 + [INF] * 5, "no_maximum_endless"),  # at once, or never
        ([2, 3, 1], [4, 5, 6], "no_maximum"),  # 3.5 fits all
        ([3, 3, 2], [3, 3, 4], "no_maximum"),
        ([4, 4 - 1e-15], [4, 4], "no_maximum"),
    ],
    ids=["B2", "B", "early", "at once or never", "one time", "one exact time", "one narrow time"],
)
def test_a_fit_that_does_not_exist_is_never_numbers(fit, left, right, reason):
    with pytest.raises(NoMaximumError, match=r"no (one )?maximum") as found:
        fit(left, right)
    assert found.value.reason == reason
    assert note_text(reason)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [WEIBULL, LOGNORMAL], ids=["weibull", "lognormal"])
def test_a_fit_is_returned_exactly_where_the_likelihood_falls_on_every_side(shape):
    """Small random data; half a unit out in 100 directions the likelihood is below that of the fit.

    Where none is returned, some direction or a larger scale is at least as good as all near.
    """
    rng = np.random.default_rng(44)
    grid = np.array([0, 2, 4, 8, 12, 26, INF])
    angles = rng.normal(size=(100, 2))
    fitted = refused = 0
    for _ in range(90):
        start = rng.integers(0, 6, rng.integers(2, 9))
        left, right = grid[start], grid[np.minimum(start + rng.integers(1, 3, start.size), 6)]
        if not np.isfinite(right).any():
            continue
        rows = check_rows(left, right, None, None)

        def height(position, rows=rows):
            with np.errstate(all="ignore"):
                return log_likelihood(rows, shape, position)[0] if position[1] > 0 else -INF

        try:
            fit = fit_aft(shape, left, right)
        except NoMaximumError:
            refused += 1
            near = max(height(np.array([c, u])) for c in (-1, 0, 1, 3) for u in (0.3, 1, 3))
            far = [
                height(np.array([u * m + c, u]))
                for u in (1e-7, 30.0, 300.0)
                for m in np.log([1e-9, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 20.0, 26.0])
                for c in np.linspace(-3, 3, 13)
            ]
            assert np.nanmax(far) >= near - 1e-9
            continue
        fitted += 1
        best = np.array([fit.coefficients[0], 1.0]) / fit.scale
        around = [height(best + 0.5 * step / np.linalg.norm(step)) for step in angles]
        assert max(around) < fit.log_likelihood
        assert np.isfinite(fit.std_errors).all() and (fit.std_errors > 0).all()
    assert fitted > 50 and refused > 10


@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
@pytest.mark.parametrize("width", [1e-17, 1e-14, 1e-9, 1e-6, 1e-5])
def test_a_narrow_interval_is_an_exact_time(fit, width):
    """One of 41 rows is known to 1e-17 weeks: the fit is that with the time itself."""
    left, right, _ = clinic(40)
    narrow = fit(np.append(left, 0.05), np.append(right, 0.05 + width))
    exact = fit(np.append(left, 0.05), np.append(right, 0.05))
    assert narrow.coefficients == pytest.approx(exact.coefficients, abs=max(SETTLED, width))
    assert narrow.std_errors == pytest.approx(exact.std_errors, rel=max(SETTLED, 10 * width))


@pytest.mark.parametrize("fit", [fit_weibull, fit_lognormal])
def test_where_a_covariate_begins_and_its_unit_do_not_matter(fit):
    """A date as covariate: 45,000 days since 1900. The ratio a day stays; times can be seconds."""
    left, right, group = clinic(200)
    plain = fit(left, right, covariates=group)
    moved = fit(left * 604_800, right * 604_800, covariates=group + 45_000)
    assert moved.coefficients[1] == pytest.approx(plain.coefficients[1], rel=1e-5)
    assert moved.std_errors[1:] == pytest.approx(plain.std_errors[1:], rel=1e-5)
    got = moved.median([45_001]), plain.median([1])
    assert got[0].value == pytest.approx(604_800 * got[1].value, rel=1e-5)
    assert got[0].low == pytest.approx(604_800 * got[1].low, rel=1e-4)


def test_times_that_hardly_differ_have_a_fit():
    """Logs of a spread of 1e-6, by hand: mean and standard deviation of exact log-normal times."""
    logs = 2 + 1e-6 * np.array([-1.0, 0.0, 1.0])
    fit = fit_lognormal(np.exp(logs), np.exp(logs))
    assert fit.scale == pytest.approx(1e-6 * np.sqrt(2 / 3), rel=1e-6)


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
