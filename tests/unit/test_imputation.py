"""Multiple imputation: conditional normals by hand, what is drawn and what is not, and pooling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EstimationError
from analysis.stats.imputation import (
    conditional_normal,
    impute_scores,
    pool_means,
    pool_shares,
)
from analysis.stats.mmrm import build_design, fit_mmrm
from analysis.stats.rates import wilson_limits

EXACT = 1e-12
PRINTED = 5.1e-8  # half a unit of the seventh decimal, the last one printed
SURE = 4.5  # standard errors of a simulation; passed by chance once in 150,000


def rng(seed=11):
    return np.random.default_rng(seed)


def clinic(n=80, *, seed=2):
    """Return scores at three visits, later ones missing for some, and covariates."""
    draws = rng(seed)
    base = draws.normal(6.8, 1.4, n)
    y = 0.6 * base[:, None] + draws.multivariate_normal(
        np.zeros(3), np.full((3, 3), 2) + np.eye(3), n
    )
    y[:, 1:][draws.random((n, 2)) < 0.25] = np.nan
    scores = pd.DataFrame(y, columns=["end", "week 4", "week 12"])
    return scores, build_design(scores.index, baseline=pd.Series(base)).covariates


# Conditional means


def test_conditional_normal_by_hand():
    """Variances 4, 9, 1; covariances 3 (first two), 1 (first, last), 0.6 (last two)."""
    sigma = np.array([[4.0, 3.0, 1.0], [3.0, 9.0, 0.6], [1.0, 0.6, 1.0]])
    known = np.array([True, False, False])
    pull, spread = conditional_normal(sigma, known, ~known)
    assert pull.ravel() == pytest.approx([3 / 4, 1 / 4], abs=EXACT)
    wanted = np.array([[9 - 9 / 4, 0.6 - 3 / 4], [0.6 - 3 / 4, 1 - 1 / 4]])
    assert spread == pytest.approx(wanted, abs=EXACT)
    pull, spread = conditional_normal(sigma, ~known & False, ~known)
    assert pull.shape == (2, 0) and spread == pytest.approx(sigma[1:, 1:], abs=EXACT)


def test_draws_have_the_conditional_mean_and_variance():
    """With parameters held still, draws of one patient are the normal worked out above."""
    scores, x = clinic(400)
    fit = fit_mmrm(scores, x)
    still = fit.coefficients.to_numpy().reshape(3, 2), fit.sigma.to_numpy()

    class Still:
        visits, covariates = fit.visits, fit.covariates

        def draw(self, source, draws):
            return tuple(np.tile(one, (draws, 1, 1)) for one in still)

    asked = pd.DataFrame([[5.0, np.nan, np.nan], [np.nan, 3.0, np.nan]], columns=scores.columns)
    covariates = pd.DataFrame({"intercept": 1.0, "baseline": [6.0, 7.0]})
    got = impute_scores(Still(), asked, covariates, rng=rng(), draws=40_000)
    slopes, sigma = still
    mean = covariates.to_numpy() @ slopes.T
    for row, column, given_at in ((0, 1, 0), (0, 2, 0), (1, 0, 1), (1, 2, 1)):
        pull = sigma[column, given_at] / sigma[given_at, given_at]
        wanted = mean[row, column] + pull * (asked.iloc[row, given_at] - mean[row, given_at])
        variance = sigma[column, column] - pull * sigma[column, given_at]
        drawn = got.at_visit(scores.columns[column])[:, row]
        error = (variance / drawn.size) ** 0.5
        assert abs(drawn.mean() - wanted) < SURE * error
        assert abs(drawn.var() / variance - 1) < SURE * (2 / drawn.size) ** 0.5


@pytest.mark.slow
def test_parameters_are_drawn_too():
    """Coefficients scatter around the estimate with their covariance, given Sigma."""
    scores, x = clinic(400)
    fit = fit_mmrm(scores, x)
    slopes, sigmas = fit.draw(rng(), 3000)
    flat = slopes.reshape(3000, -1)
    error = np.sqrt(np.diag(fit.coefficient_covariance))
    assert np.all(np.abs(flat.mean(axis=0) - fit.coefficients) < SURE * error / 3000**0.5)
    assert flat.std(axis=0) == pytest.approx(error, rel=0.1)
    assert sigmas[:, 0, 0].std() == pytest.approx(fit.sigma.iloc[0, 0] * (2 / 398) ** 0.5, rel=0.1)


# What is imputed


def test_only_due_and_missing_cells_are_drawn():
    scores, x = clinic()
    due = pd.DataFrame(True, index=scores.index, columns=scores.columns)
    due.loc[40:, "week 12"] = False
    got = impute_scores(fit_mmrm(scores, x), scores, x, rng=rng(), due=due, draws=3)
    for filled in got.completed():
        assert np.array_equal(np.isnan(filled), (scores.isna() & ~due).to_numpy())
        seen = scores.notna().to_numpy()
        assert np.array_equal(filled[seen], scores.to_numpy()[seen])
    late = got.at_visit("week 12")
    assert np.isnan(late[:, 40:]).sum() == 3 * scores.loc[40:, "week 12"].isna().sum()
    assert all(
        np.array_equal(a[:, 2], b, equal_nan=True)
        for a, b in zip(got.completed(), late, strict=True)
    )


def test_a_patient_never_seen_is_drawn_from_the_covariates():
    scores, x = clinic()
    fit = fit_mmrm(scores, x)
    nobody = pd.DataFrame(np.nan, index=range(500), columns=scores.columns)
    like = pd.DataFrame({"intercept": 1.0, "baseline": np.full(500, 8.0)})
    got = impute_scores(fit, nobody, like, rng=rng())
    mean = fit.predict(like.iloc[:1])[0]
    assert got.at_visit("end").mean() == pytest.approx(mean[0], abs=1)
    assert not np.isnan(np.array(list(got.completed()))).any()


def test_draws_are_rounded_for_a_response_on_whole_numbers():
    scores, x = clinic()
    got = impute_scores(fit_mmrm(scores, x), scores, x, rng=rng(), draws=4)
    raw, whole = got.at_visit("week 12"), got.at_visit("week 12", step=1)
    drawn = scores["week 12"].isna().to_numpy()
    assert np.array_equal(whole[:, ~drawn], raw[:, ~drawn])
    assert np.array_equal(whole[:, drawn], np.floor(raw[:, drawn] + 0.5))


def test_the_same_generator_gives_the_same_draws():
    scores, x = clinic()
    fit = fit_mmrm(scores, x)
    one, same, other = (impute_scores(fit, scores, x, rng=rng(seed)).values for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_nothing_missing_is_nothing_drawn():
    scores, x = clinic()
    full = scores.fillna(5.0)
    got = impute_scores(fit_mmrm(scores, x), full, x, rng=rng())
    assert got.values.shape == (50, 0)
    assert all(np.array_equal(filled, full) for filled in got.completed())


def test_pulling_draws_back_to_the_scale_would_bias_the_mean():
    """A normal of mean 1 and variance 4, cut at 0, has mean 1.4 (by hand: 1 + 2 L(1/2))."""
    draws = rng().normal(1, 2, 400_000)
    loss = 0.19780  # unit normal loss at 1/2, from any table
    assert np.clip(draws, 0, None).mean() - 1 == pytest.approx(2 * loss, abs=0.01)
    assert (np.clip(draws, 0, 10) <= 3).mean() == (draws <= 3).mean()


def test_what_cannot_be_imputed_is_refused():
    scores, x = clinic()
    fit = fit_mmrm(scores, x)
    for wrong, words in (
        ({"draws": 1}, "two at least"),
        ({"due": scores.notna().iloc[:5]}, "same patients"),
    ):
        with pytest.raises(EstimationError, match=words):
            impute_scores(fit, scores, x, rng=rng(), **wrong)
    with pytest.raises(EstimationError, match="the model has"):
        impute_scores(fit, scores[["end"]], x, rng=rng())
    with pytest.raises(EstimationError, match="covariate is missing"):
        impute_scores(fit, scores, x.assign(baseline=np.nan), rng=rng())


# Pooling


def test_rubin_and_barnard_rubin_by_hand():
    """Estimates 1, 2, 3 with variance 1: T = 1 + 4/3; lost 4/7; Rubin df 2 x 49/16 = 6.125.

    Of 10 - 1 = 9: 10/12 x 9 x 3/7 = 45/14 are observed; 1 / (1/6.125 + 14/45) = 2.108.
    """
    got = pool_means([1, 2, 3], [1, 1, 1], df_complete=9)
    assert (got.value, got.within, got.between) == pytest.approx((2, 1, 1), abs=EXACT)
    assert got.df == pytest.approx(1 / (16 / 98 + 14 / 45), abs=EXACT)
    half = 4.098107 * (7 / 3) ** 0.5  # R: qt(0.975, 2.108031)
    assert got.high - 2 == pytest.approx(half, rel=1e-6)
    large = pool_means([1, 2, 3], [1, 1, 1], df_complete=np.inf)
    assert large.df == pytest.approx(6.125, abs=EXACT)


def test_agreeing_imputations_leave_the_complete_interval():
    """Barnard and Rubin's df with nothing lost is (nu + 1) / (nu + 3) nu, a little below nu."""
    got = pool_means([4.0, 4.0], [0.25, 0.25], df_complete=9)
    assert (got.between, got.df) == (0, pytest.approx(10 / 12 * 9, abs=EXACT))
    assert pool_means([4.0, 4.0], [0.25, 0.25], df_complete=np.inf).df == np.inf


# MIWilson 1.0.1 (R, of Lott and Reiter's method) prints these; its "0.95" takes the 95th percentile
# of t, which is the two-sided level 0.90.
@pytest.mark.parametrize(
    ("n", "df", "interval"),
    [
        (10, 6161.29288265307, (0.07684304, 0.47892199)),
        (200, 27.7539107780612, (0.1645113, 0.2798191)),
    ],
)
def test_shares_against_printed_output(n, df, interval):
    got = pool_shares([0.2, 0.23, 0.22], n, level=0.90)
    assert got.df == pytest.approx(df, rel=1e-12)
    assert (got.low, got.high) == pytest.approx(interval, abs=PRINTED)


def test_limits_of_shares_solve_their_equation():
    got = pool_shares([0.5, 0.6, 0.7, 0.6], 40)
    extra = 1.25 * got.between / got.within
    assert got.df == pytest.approx(3 * (1 + 1 / extra) ** 2)
    t2 = [(got.value - p) ** 2 * 40 / ((1 + extra) * p * (1 - p)) for p in (got.low, got.high)]
    assert t2[0] == pytest.approx(t2[1], rel=1e-9)


@given(n=st.integers(1, 300), part=st.floats(0, 1), draws=st.integers(2, 60))
def test_agreeing_shares_are_wilson(n, part, draws):
    k = round(part * n)
    got = pool_shares([k / n] * draws, n)
    wanted = wilson_limits(k, n)
    assert (got.low, got.high) == pytest.approx((float(wanted[0]), float(wanted[1])), abs=EXACT)


def test_eleven_of_eleven_is_not_certain():
    """Wilson by hand: 11 / (11 + z**2) = 0.7412."""
    got = pool_shares([1.0] * 50, 11)
    assert (got.low, got.high) == (pytest.approx(0.74117, abs=1e-5), 1.0)


@given(shares=st.lists(st.integers(0, 20), min_size=2, max_size=20))
def test_swapped_labels_swap_the_interval(shares):
    q = np.array(shares) / 20
    one, other = pool_shares(q, 20), pool_shares(1 - q, 20)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)
    assert 0 <= one.low <= one.value <= one.high <= 1


def test_more_disagreement_is_a_wider_interval():
    wide = [pool_shares([0.6 - gap, 0.6 + gap] * 25, 50) for gap in (0, 0.02, 0.1)]
    assert wide[0].low > wide[1].low > wide[2].low and wide[0].high < wide[1].high < wide[2].high


def test_nothing_known_is_the_whole_range():
    got = pool_shares([0.0, 1.0], 1)
    assert (got.low, got.high) == (0, 1)


@pytest.mark.parametrize("wrong", [[0.5], [0.5, np.nan], [[0.5], [0.6]], [0.5, 1.2], []])
def test_shares_that_cannot_be_pooled(wrong):
    with pytest.raises(EstimationError):
        pool_shares(wrong, 10)


def test_means_that_cannot_be_pooled():
    for q, u, df in (([1, 2], [1], 9), ([1, 2], [1, -1], 9), ([1, 2], [1, 1], 0)):
        with pytest.raises(EstimationError):
            pool_means(q, u, df_complete=df)
    with pytest.raises(EstimationError, match="level"):
        pool_means([1, 2], [1, 1], df_complete=9, level=95)
