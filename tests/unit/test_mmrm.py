"""The mixed model: by hand where all were seen, its derivatives, bad input, and what must not move.

Against R: tests/reference/test_mmrm_pins.py.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind, ttest_rel

from analysis.errors import EstimationError
from analysis.stats.mmrm import MmrmError, build_design, fit_mmrm, fit_mmrm_or_simpler
from analysis.stats.mmrm_likelihood import Structure, covariance_at

ROUNDING = 1e-8  # closed forms and the same optimum from another start: relative
SLOPE_STEP, SLOPE = 1e-5, 1e-6  # central differences: error of the order of the step squared
STRUCTURES = get_args(Structure)
FOUR = [f"week {week}" for week in (0, 4, 8, 12)]


def clinic(n=60, visits=4, *, missing=0.2, seed=3):
    """Return scores with missing visits, and covariates: baseline and two arms."""
    rng = np.random.default_rng(seed)
    base, arm = rng.normal(6.8, 1.4, n), np.arange(n) % 2
    steps = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    y = 0.6 * base[:, None] - arm[:, None] * np.linspace(2, 1, visits)
    y += rng.multivariate_normal(np.zeros(visits), 3 * 0.6**steps, n)
    y[:, 1:][rng.random((n, visits - 1)) < missing] = np.nan
    names = FOUR if visits == 4 else [f"visit {one}" for one in range(visits)]
    scores = pd.DataFrame(y, columns=names)
    design = build_design(
        scores.index, baseline=pd.Series(base), group=pd.Series(np.where(arm, "b", "a"))
    )
    return scores, design


def ones(scores):
    return pd.DataFrame({"intercept": 1.0}, index=scores.index)


# By hand: all were seen


def test_complete_scores_give_means_and_sample_covariance():
    scores, _ = clinic(25, missing=0)
    fit = fit_mmrm(scores, ones(scores))
    assert fit.coefficients.to_numpy() == pytest.approx(scores.mean().to_numpy(), rel=ROUNDING)
    assert fit.sigma.to_numpy() == pytest.approx(scores.cov().to_numpy(), rel=ROUNDING)
    covariance = fit.coefficient_covariance.to_numpy()
    assert covariance == pytest.approx(scores.cov().to_numpy() / 25, rel=ROUNDING)
    means = fit.marginal_means()
    for row in means.itertuples():
        plain = ttest_1samp(scores[row.visit], 0)
        assert (row.df, row.p) == pytest.approx((24, plain.pvalue), rel=ROUNDING)
        wanted = plain.confidence_interval()
        assert (row.low, row.high) == pytest.approx((wanted.low, wanted.high), rel=ROUNDING)


def test_complete_scores_give_the_paired_and_the_two_sample_t():
    scores, _ = clinic(24, missing=0)
    fit = fit_mmrm(scores, ones(scores))
    weights = pd.Series({("week 12", "intercept"): 1.0, ("week 0", "intercept"): -1.0})
    got, plain = fit.contrast(weights), ttest_rel(scores["week 12"], scores["week 0"])
    assert (got.df, got.p) == pytest.approx((23, plain.pvalue), rel=ROUNDING)
    arm = pd.Series(np.where(np.arange(24) % 2, "b", "a"))
    design = build_design(scores.index, group=arm)
    fit = fit_mmrm(scores, design.covariates)
    by_visit = fit.marginal_means(design.profiles.diff().iloc[1:])
    plain = ttest_ind(scores[arm == "b"], scores[arm == "a"])
    assert by_visit.p.to_numpy() == pytest.approx(plain.pvalue, rel=ROUNDING)
    assert by_visit.df.to_numpy() == pytest.approx(22, rel=ROUNDING)


def test_four_patients_two_visits_worked_out():
    """Scores (1, 3), (2, 2), (3, 7), (6, 4): means 3 and 4, variances 14/3, cross 4/3."""
    scores = pd.DataFrame({"week 4": [1.0, 2, 3, 6], "week 8": [3.0, 2, 7, 4]})
    fit = fit_mmrm(scores, ones(scores))
    assert fit.coefficients.tolist() == pytest.approx([3, 4], rel=ROUNDING)
    assert fit.sigma.to_numpy() == pytest.approx(np.array([[14, 4], [4, 14]]) / 3, rel=ROUNDING)
    # det S = (196 - 16) / 9 = 20; 4 log det S + log det(4 S^-1) + 3 x 2 + (8 - 2) log 2 pi
    deviance = 4 * np.log(20) + np.log(16 / 20) + 6 + 6 * np.log(2 * np.pi)
    assert fit.log_likelihood == pytest.approx(-deviance / 2, rel=ROUNDING)


def test_one_visit_is_an_analysis_of_covariance():
    scores, design = clinic(30, missing=0)
    plain = sm.OLS(scores["week 12"], design.covariates).fit()
    fit = fit_mmrm(scores[["week 12"]], design.covariates, structure="independent")
    assert fit.coefficients.to_numpy() == pytest.approx(plain.params.to_numpy(), rel=ROUNDING)
    assert fit.coefficient_covariance.to_numpy() == pytest.approx(plain.cov_params().to_numpy())
    got = fit.contrast([0, 0, 1])
    assert (got.df, got.p) == pytest.approx((27, plain.pvalues["group: b"]), rel=1e-6)
    assert fit.analysis == "ancova"


def test_independent_visits_are_separate_analyses_of_covariance():
    scores, design = clinic(40)
    fit = fit_mmrm(scores, design.covariates, structure="independent")
    for visit in scores:
        here = scores[visit].notna()
        plain = sm.OLS(scores.loc[here, visit], design.covariates[here]).fit()
        wanted = plain.params.to_numpy()
        assert fit.coefficients[visit].to_numpy() == pytest.approx(wanted, rel=1e-7)
        assert fit.sigma.loc[visit, visit] == pytest.approx(plain.scale, rel=1e-7)


@pytest.mark.parametrize("common", [(), ("baseline",), ("intercept", "baseline", "group: b")])
def test_coefficients_by_full_matrices(common):
    """Generalised least squares patient by patient, at the covariance found."""
    scores, design = clinic()
    fit = fit_mmrm(scores, design.covariates, common=common)
    inner, right = 0.0, 0.0
    for y, x in zip(scores.to_numpy(), design.covariates.to_dict("records"), strict=True):
        seen = ~np.isnan(y)
        rows = [
            [x[name] * (at in ("all", visit)) for at, name in fit.coefficients.index]
            for visit in scores.columns[seen]
        ]
        weighted = np.linalg.solve(fit.sigma.to_numpy()[np.ix_(seen, seen)], np.array(rows)).T
        inner, right = inner + weighted @ rows, right + weighted @ y[seen]
    assert fit.coefficients.to_numpy() == pytest.approx(np.linalg.solve(inner, right), rel=1e-7)
    wanted = np.linalg.inv(inner)
    assert fit.coefficient_covariance.to_numpy() == pytest.approx(wanted, rel=1e-6, abs=1e-9)


# Derivatives


@pytest.mark.parametrize("common", [(), ("baseline",)])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_gradient_and_hessian_by_differences(structure, common):
    scores, design = clinic()
    fit = fit_mmrm(scores, design.covariates, structure=structure, common=common)
    away = fit.parameters + 0.2 * np.sin(np.arange(len(fit.parameters)))

    def point(theta):
        return fit._model.evaluate(covariance_at(structure, theta, fit.scale))

    found, gradient, hessian = point(away), [], []
    for step in SLOPE_STEP * np.eye(len(away)):
        ahead, behind = point(away + step), point(away - step)
        gradient.append((ahead.deviance - behind.deviance) / (2 * SLOPE_STEP))
        hessian.append((ahead.gradient - behind.gradient) / (2 * SLOPE_STEP))
    assert found.gradient == pytest.approx(np.array(gradient), rel=SLOPE, abs=SLOPE * 100)
    assert found.hessian == pytest.approx(np.array(hessian), rel=SLOPE, abs=SLOPE * 100)


def test_many_patterns_are_summed_in_blocks(monkeypatch):
    scores, design = clinic(80)
    whole = fit_mmrm(scores, design.covariates)
    monkeypatch.setattr("analysis.stats.mmrm_likelihood.NUMBERS_AT_ONCE", 200)
    parts = fit_mmrm(scores, design.covariates)
    assert parts.parameter_covariance == pytest.approx(whole.parameter_covariance, rel=ROUNDING)


# What must not move


@pytest.mark.slow
@hypothesis_settings(max_examples=15)
@given(seed=st.integers(0, 10**6), structure=st.sampled_from(STRUCTURES))
def test_the_order_of_patients_does_not_matter(seed, structure):
    scores, design = clinic(50, seed=seed % 7)
    order = np.random.default_rng(seed).permutation(50)
    one = fit_mmrm(scores, design.covariates, structure=structure)
    other = fit_mmrm(scores.iloc[order], design.covariates.iloc[order], structure=structure)
    pd.testing.assert_frame_equal(one.marginal_means(), other.marginal_means(), rtol=1e-7)


@pytest.mark.slow
@hypothesis_settings(max_examples=15)
@given(
    shift=st.floats(-1e4, 1e4), log_scale=st.floats(-6, 6), x_shift=st.floats(-1e5, 1e5),
    structure=st.sampled_from(STRUCTURES),
)  # fmt: skip
def test_other_units_change_units_only(shift, log_scale, x_shift, structure):
    scores, design = clinic(50)
    scale = 10**log_scale
    assume(abs(x_shift) < 1e8 * scale)  # beyond, rounding takes the baseline for the intercept
    one = fit_mmrm(scores, design.covariates, structure=structure)
    x = design.covariates.assign(baseline=scale * design.covariates.baseline + x_shift)
    other = fit_mmrm(scale * (scores + shift), x, structure=structure)
    means, moved = one.marginal_means(), other.marginal_means()
    loss = 1e-6 * (1 + abs(x_shift / scale) / 10 + abs(shift))
    assert moved.estimate.to_numpy() / scale - shift == pytest.approx(
        means.estimate.to_numpy(), abs=1e-2 * loss
    )
    assert moved.se.to_numpy() / scale == pytest.approx(means.se.to_numpy(), rel=1e-5)
    assert moved.df.to_numpy() == pytest.approx(means.df.to_numpy(), rel=1e-4)


def test_everybody_twice_has_the_same_means_and_the_known_covariance():
    scores, design = clinic(30, missing=0)
    one = fit_mmrm(scores, design.covariates)
    twice = [pd.concat([frame, frame], ignore_index=True) for frame in (scores, design.covariates)]
    two = fit_mmrm(*twice)
    assert two.coefficients.to_numpy() == pytest.approx(one.coefficients.to_numpy(), rel=1e-7)
    wanted = one.sigma.to_numpy() * 2 * (30 - 3) / (60 - 3)
    assert two.sigma.to_numpy() == pytest.approx(wanted, rel=1e-7)


def test_patients_without_a_score_change_nothing():
    scores, design = clinic(40)
    more = pd.concat([scores, scores.iloc[:5] * np.nan], ignore_index=True)
    x = pd.concat([design.covariates, design.covariates.iloc[:5] + 1], ignore_index=True)
    one, other = fit_mmrm(scores, design.covariates), fit_mmrm(more, x)
    pd.testing.assert_frame_equal(one.marginal_means(), other.marginal_means())
    assert other.n_patients == 40


@pytest.mark.slow
def test_more_visits_than_fit_into_one_number():
    """A chain of 70 visits of 90 patients, each visit missed by some: 90 patterns."""
    rng = np.random.default_rng(5)
    y = np.cumsum(rng.normal(size=(90, 70)), axis=1) / 8 + rng.normal(size=(90, 1))
    y[np.arange(90), rng.integers(0, 70, 90)] = np.nan
    scores = pd.DataFrame(y)
    fit = fit_mmrm(scores, ones(scores), structure="ar1")
    assert fit.n_scores == 90 * 69 and 0.5 < fit.sigma.iloc[0, 1] / fit.sigma.iloc[0, 0] < 1


# Bad input


def reason(scores, covariates, **options):
    with pytest.raises(MmrmError) as caught:
        fit_mmrm(scores, covariates, **options)
    return caught.value.reason


@pytest.mark.slow
def test_each_reason_for_no_fit():
    scores, design = clinic()
    x = design.covariates
    assert reason(scores * np.nan, x) == "nobody_seen"
    assert reason(scores[[]], x) == "nobody_seen"
    assert reason(scores[["week 8"]], x) == "one_visit"
    assert reason(scores.assign(**{"week 8": np.nan}), x) == "nobody_at_visit"
    assert reason(scores * 0 + 5, x) == "no_spread"
    assert reason(scores.assign(**{"week 8": 7.0}), x) == "no_spread"
    assert reason(scores, x.assign(again=2 * x.baseline + 3)) == "rank_deficient"
    assert reason(scores, x.assign(none=0.0)) == "rank_deficient"
    assert reason(scores.iloc[:2].fillna(5.0), x.iloc[:2]) == "rank_deficient"
    only_a = scores.assign(**{"week 8": scores["week 8"].where(x["group: b"] == 0)})
    assert reason(only_a, x) == "rank_deficient"
    halves = scores.copy()
    halves.loc[:29, "week 8"] = np.nan
    halves.loc[30:, "week 12"] = np.nan
    assert reason(halves, x) == "too_few_pairs"
    apart = scores.where(np.arange(60)[:, None] % 4 == np.arange(4))
    assert reason(apart, ones(apart), structure="ar1") == "too_few_pairs"
    assert reason(scores.iloc[:4].fillna(5.0), ones(scores.iloc[:4])) == "singular_covariance"
    same = scores.assign(**{"week 12": scores["week 8"]})
    assert reason(same, x) == "singular_covariance"


def test_errors_name_what_is_wrong():
    scores, design = clinic()
    x = design.covariates
    only_a = scores.assign(**{"week 8": scores["week 8"].where(x["group: b"] == 0)})
    with pytest.raises(MmrmError, match="'group: b' at week 8"):
        fit_mmrm(only_a, x)
    with pytest.raises(MmrmError, match="'again' is 0 or a combination"):
        fit_mmrm(scores, x.assign(again=2 * x.baseline))
    for wrong, words in (
        ((scores, x.iloc[:9]), "60 patients have scores and 9"),
        ((scores, x.assign(baseline=np.nan)), "60 patients lack a covariate"),
        ((scores.assign(a=np.inf), x), "infinite"),
        ((scores.assign(a="x"), x), "numbers"),
        ((None, x), "found NoneType"),
        ((scores.to_numpy(), x), "found ndarray"),
    ):
        with pytest.raises(EstimationError, match=words):
            fit_mmrm(*wrong)
    with pytest.raises(EstimationError, match="no structure"):
        fit_mmrm(scores, x, structure="toeplitz")
    with pytest.raises(EstimationError, match="'sex' is no column"):
        fit_mmrm(scores, x, common=["sex"])


def test_wrong_contrasts_are_refused():
    scores, design = clinic()
    fit = fit_mmrm(scores, design.covariates)
    for weights, words in (
        ([1, 2], "2 weights were given for 12"),
        (np.zeros(12), "not all 0"),
        (pd.Series({("week 9", "intercept"): 1.0}), "no coefficient"),
    ):
        with pytest.raises(EstimationError, match=words):
            fit.contrast(weights)
    with pytest.raises(EstimationError, match="level"):
        fit.contrast(np.ones(12), level=95)
    with pytest.raises(EstimationError, match="the model has"):
        fit.marginal_means(design.profiles.drop(columns="baseline"))


# The next simpler analysis


def test_the_richest_model_is_taken_where_it_can_be():
    scores, design = clinic()
    fit = fit_mmrm_or_simpler(scores, design.covariates)
    assert (fit.analysis, fit.failed) == ("mmrm_unstructured", ())


@pytest.mark.slow
def test_simpler_analyses_are_named_with_their_reasons():
    scores, design = clinic()
    x = design.covariates
    one = fit_mmrm_or_simpler(scores[["week 8"]], x)
    assert (one.analysis, one.failed) == ("ancova", (("mmrm_unstructured", "one_visit"),))
    empty = fit_mmrm_or_simpler(scores.assign(**{"week 8": np.nan, "week 12": 3.0}), x)
    assert empty.analysis == "mmrm_unstructured"
    assert empty.failed == (("week 8", "nobody_at_visit"), ("week 12", "no_spread"))
    assert list(empty.visits) == ["week 0", "week 4"]
    few = fit_mmrm_or_simpler(scores.iloc[:4].fillna(5.0), ones(scores.iloc[:4]))
    assert few.analysis == "mmrm_heterogeneous_cs"
    assert few.failed == (("mmrm_unstructured", "singular_covariance"),)
    apart = scores.where(np.arange(60)[:, None] % 4 == np.arange(4))
    alone = fit_mmrm_or_simpler(apart, ones(apart))
    assert alone.analysis == "ancova_by_visit"
    assert {why for _, why in alone.failed} == {"too_few_pairs"} and len(alone.failed) == 3


def test_where_nothing_can_be_fitted_the_reason_is_raised():
    scores, design = clinic()
    x = design.covariates
    for hopeless, why in (
        ((scores * np.nan, x), "nobody_seen"),
        ((scores * 0 + 5, x), "no_spread"),
        ((scores, x.assign(again=x.baseline)), "rank_deficient"),
    ):
        with pytest.raises(MmrmError) as caught:
            fit_mmrm_or_simpler(*hopeless)
        assert caught.value.reason == why


# Covariates


def test_design_by_hand():
    index = pd.Index(["p1", "p2", "p3"])
    design = build_design(
        index, baseline=pd.Series([4.0, 6, 8], index), group=pd.Series(["b", "a", "b"], index)
    )
    assert design.covariates.to_dict("list") == {
        "intercept": [1, 1, 1], "baseline": [4, 6, 8], "group: b": [1, 0, 1],
    }  # fmt: skip
    assert design.profiles.T.to_dict("list") == {"a": [1, 6, 0], "b": [1, 6, 1]}


def test_one_arm_and_an_equal_baseline_have_no_column():
    index = pd.RangeIndex(3)
    design = build_design(index, baseline=pd.Series(5.0, index), group=pd.Series("a", index))
    assert list(design.covariates) == ["intercept"] and list(design.profiles.index) == ["a"]
    with pytest.raises(EstimationError, match="1 of 3 patients have no baseline"):
        build_design(index, baseline=pd.Series([1.0, np.nan, 2.0]))
    with pytest.raises(EstimationError, match="no patients"):
        build_design(pd.Index([]))
