"""Input of every estimator: what is no number, no flag and no choice is a named error."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis.errors import EstimationError
from analysis.stats.aft import LOGNORMAL, WEIBULL, fit_aft, refit_weibull
from analysis.stats.checks import as_count, as_flags, as_numbers, check_choice
from analysis.stats.comparisons import compare_interval_log_rank, compare_means
from analysis.stats.imputation import pool_means, pool_sample_means, pool_shares
from analysis.stats.mmrm import build_design
from analysis.stats.npmle import estimate_npmle
from analysis.stats.npmle_bootstrap import bootstrap_relief
from analysis.stats.rates import (
    count_responders,
    estimate_responder_share,
    estimate_responder_share_exact,
    estimate_share,
    estimate_share_exact,
    estimate_shares,
    exact_limits,
    wilson_limits,
)
from analysis.stats.recurrent import estimate_mean_count, gap_times
from analysis.stats.reductions import (
    bca_interval,
    estimate_mean,
    estimate_mean_bca,
    estimate_median_bca,
    estimate_ratio_of_means,
    estimate_spread,
    judged_mean_limits,
    outer_limits,
    weighted_mean,
)
from analysis.stats.seeds import seeded
from analysis.stats.sequences import (
    bounded_mean_sequence_limits,
    estimate_mean_sequence,
    mean_sequence_limits,
    share_sequence_limits,
)
from analysis.stats.shrinkage import shrink_shares
from analysis.stats.survival import (
    compare_log_rank,
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


DATES = pd.to_datetime(["2024-01-01", "2024-03-01", "2024-05-01"])
BAD_ARRAYS = {
    "None": None,
    "a word": "four",
    "a number": 4.0,
    "words": ["no", "no", "yes"],
    "numbers as text": ["1", "2", "3"],
    "dates": pd.Series(DATES),
    "an array of dates": DATES.to_numpy(),
    "durations": pd.Series(DATES - DATES[0]),
    "a dictionary": {"a": 1},
    "lists": [[1, 2], [3], [4]],
    "complex numbers": [1j, 2j, 3j],
}
THREE, FLAGS = [1.0, 2.0, 3.0], [True, False, True]
ARRAYS = {
    "responder share": lambda x: estimate_responder_share(x),
    "responder share, exact": lambda x: estimate_responder_share_exact(x),
    "responder counts": lambda x: count_responders(x, missing="excluded"),
    "mean": lambda x: estimate_mean(x),
    "mean, BCa": lambda x: estimate_mean_bca(x, rng=rng()),
    "median, BCa": lambda x: estimate_median_bca(x, rng=rng()),
    "ratio, before": lambda x: estimate_ratio_of_means(x, THREE, rng=rng()),
    "ratio, after": lambda x: estimate_ratio_of_means(THREE, x, rng=rng()),
    "Kaplan-Meier, time": lambda x: estimate_kaplan_meier(x, FLAGS),
    "Kaplan-Meier, event": lambda x: estimate_kaplan_meier(THREE, x),
    "log-rank, time": lambda x: compare_log_rank(x, FLAGS, ["a", "b", "b"]),
    "log-rank, event": lambda x: compare_log_rank(THREE, x, ["a", "b", "b"]),
    "incidence, time": lambda x: estimate_cumulative_incidence(x, [1, 0, 2]),
    "incidence, cause": lambda x: estimate_cumulative_incidence(THREE, x),
    "Turnbull, left": lambda x: estimate_npmle(x, [4.0, 5.0, 6.0]),
    "Turnbull, right": lambda x: estimate_npmle(THREE, x),
    "fitted times, left": lambda x: fit_aft(WEIBULL, x, [4.0, 5.0, 6.0]),
    "fitted times, covariates": lambda x: fit_aft(LOGNORMAL, THREE, THREE, covariates=x),
    "refits, weights": lambda x: refit_weibull(THREE, THREE, weights=x, covariates=[0, 1, 1]),
    "mean count, time": lambda x: estimate_mean_count([1, 1, 2], x, patients=[1, 2], end=[9, 9]),
    "mean count, end": lambda x: estimate_mean_count([1], [2.0], patients=[1, 2, 3], end=x),
    "gaps, time": lambda x: gap_times([1, 1, 2], x, patients=[1, 2], end=[9, 9]),
    "shrinkage": lambda x: shrink_shares(x, [5, 5, 5]),
    "judged mean": lambda x: judged_mean_limits(x, worst_pct=-150),
    "outer limits": lambda x: outer_limits(x, 1, 2, minimum_baseline=4),
    "spread": lambda x: estimate_spread(x),
    "means of arms": lambda x: compare_means(x, THREE),
    "mean sequence": lambda x: estimate_mean_sequence(x),
    "pooled estimates": lambda x: pool_means(x, THREE, df_complete=9),
    "pooled variances": lambda x: pool_means(THREE, x, df_complete=9),
    "pooled samples": lambda x: pool_sample_means(x),
    "pooled shares": lambda x: pool_shares(x, 9),
    "interval log-rank": lambda x: compare_interval_log_rank(x, [4, 5, 6], ["a", "b", "b"]),
    "seed": lambda x: seeded(1, "x", x),
    "bounded sequences": lambda x: bounded_mean_sequence_limits(x, lowest=-150, highest=100),
}  # fmt: skip


@pytest.mark.parametrize("estimate", ARRAYS.values(), ids=ARRAYS)
def test_what_is_no_array_of_numbers_is_a_named_error(estimate):
    for bad in BAD_ARRAYS.values():
        if bad is None and estimate is ARRAYS["fitted times, covariates"]:
            continue  # no covariates, which is legal
        with pytest.raises(EstimationError):
            pytest.fail(f"{bad!r} gives {estimate(bad)}")


SCALARS = {
    "level of a share": lambda x: estimate_share(1, 2, level=x),
    "level of limits": lambda x: wilson_limits([1], [2], level=x),
    "level of exact limits": lambda x: exact_limits([1], [2], level=x),
    "level of a mean": lambda x: estimate_mean(THREE, level=x),
    "level of a curve": lambda x: estimate_kaplan_meier(THREE, FLAGS, level=x),
    "level of an incidence": lambda x: estimate_cumulative_incidence(THREE, [1, 0, 2], level=x),
    "level of a fit": lambda x: fit_aft(WEIBULL, THREE, THREE, level=x),
    "events": lambda x: estimate_share(x, 2),
    "patients": lambda x: estimate_share_exact(1, x),
    "replicates": lambda x: estimate_mean_bca(THREE, rng=rng(), replicates=x),
    "replicates of relief": lambda x: bootstrap_relief(
        estimate_npmle(THREE, THREE), rng=rng(), replicates=x
    ),
    "generator": lambda x: estimate_mean_bca(THREE, rng=x),
    "generator of relief": lambda x: bootstrap_relief(estimate_npmle(THREE, THREE), rng=x),
    "a time of a curve": lambda x: estimate_kaplan_meier(THREE, FLAGS).at(x),
    "a share lost": lambda x: estimate_npmle(THREE, THREE).quantile(x),
    "missing rule": lambda x: count_responders(FLAGS, missing=x),
    "worst reduction": lambda x: judged_mean_limits(THREE, worst_pct=[x]),
    "end of a mean": lambda x: outer_limits(THREE, [x], 2, minimum_baseline=4),
    "minimum baseline": lambda x: outer_limits(THREE, 1, 2, minimum_baseline=[x]),
    "degrees of freedom": lambda x: pool_means(THREE, THREE, df_complete=x),
    "patients of a table": lambda x: pool_shares([0.5, 0.6], x),
    "bound of a sequence": lambda x: bounded_mean_sequence_limits(THREE, lowest=x, highest=-2),
    "what a seed is of": lambda x: seeded(1, [x], THREE),
    "patients of a model": lambda x: build_design(x),
}


@pytest.mark.parametrize("estimate", SCALARS.values(), ids=SCALARS)
def test_what_is_no_number_or_choice_is_a_named_error(estimate):
    for bad in (None, "0.95", [0.95], float("nan"), -1):
        with pytest.raises(EstimationError):
            pytest.fail(f"{bad!r} gives {estimate(bad)}")


@pytest.mark.parametrize("bad", [["a", "b"], [[1, 2], [3]], [DATES], [{}], {"a": 1}, "a"])
def test_what_is_no_table_of_numbers_is_a_named_error(bad):
    for limits in (share_sequence_limits, wilson_limits, exact_limits):
        for counts in ((bad, [5, 5]), ([0, 0], bad)):
            with pytest.raises(EstimationError):
                limits(*counts)
    with pytest.raises(EstimationError):
        mean_sequence_limits(bad)
    assert wilson_limits([[0, 1]], [[5, 5]])[0].shape == (1, 2)


@pytest.mark.parametrize("bad", [None, "a", [["a"], ["b"], ["b", "b"]], ["a", None, "b"], ["a"]])
def test_what_is_no_label_of_an_arm_is_a_named_error(bad):
    for compare in (compare_log_rank, compare_interval_log_rank):
        with pytest.raises(EstimationError, match="group"):
            compare(THREE, [4, 5, 6] if compare is compare_interval_log_rank else FLAGS, bad)


def test_a_rule_that_is_a_column_is_a_named_error():
    with pytest.raises(EstimationError, match="missing is"):
        count_responders(FLAGS, missing=pd.Series(["failing", "excluded"]))


def test_no_is_not_yes():
    with pytest.raises(EstimationError, match=r"is_responder must hold true, false .*'no'"):
        estimate_responder_share(pd.Series(["no", "no"]))
    assert estimate_responder_share([0, 0, 1, None]).n_events == 1
    assert estimate_responder_share(pd.Series([True, None], dtype="boolean")).n_missing == 1
    with pytest.raises(EstimationError, match="neither 0 nor 1 in row 1"):
        estimate_responder_share([1, 2])


def test_a_mistyped_rule_offers_the_right_one():
    with pytest.raises(EstimationError, match=r"missing is 'nonresponce'.*mean 'nonresponse'"):
        estimate_responder_share([True], missing="nonresponce")
    counts = pd.DataFrame({"n_patients": [4], "n_known": [3], "n_events": [1]})
    with pytest.raises(EstimationError, match="missing is 'typo'"):
        estimate_shares(counts, missing="typo")
    with pytest.raises(EstimationError, match="4 events among 3 patients"):
        estimate_shares(counts.assign(n_events=4))


def test_a_date_is_no_time_since_the_start():
    with pytest.raises(EstimationError, match="time must hold numbers, not dates"):
        estimate_kaplan_meier(pd.Series(DATES), FLAGS)


def test_code_0_is_no_cause():
    with pytest.raises(
        EstimationError, match="a code in causes must be a whole number from 1 on, not 0"
    ):
        estimate_cumulative_incidence(THREE, [1, 0, 2], causes=[0, 1, 2])


def test_two_resamples_make_no_interval():
    values = np.array([[1.0], [2.0], [4.0]])
    with pytest.raises(EstimationError, match="replicates must be at least 100, not 2"):
        bca_interval(values, weighted_mean, level=0.95, replicates=2, rng=rng())


def test_numbers_of_any_kind_are_taken():
    assert as_numbers("x", [Decimal("1.5"), Decimal(2)]).tolist() == [1.5, 2.0]
    assert as_numbers("x", pd.Series([1, 2], dtype="Int64")).tolist() == [1.0, 2.0]
    assert np.isnan(as_numbers("x", [None, pd.NA], missing=True)).all()
    assert as_numbers("x", [[1, 2], [3, 4]], columns=1).shape == (2, 2)
    assert as_flags("x", [1, 0, None]).isna().tolist() == [False, False, True]
    assert as_count("x", np.int64(3)) == 3
    with pytest.raises(EstimationError, match="x column 1 is missing in row 1"):
        as_numbers("x", [[1, 2], [3, None]], columns=1)
    check_choice("x", "a", ["a", "b"])
