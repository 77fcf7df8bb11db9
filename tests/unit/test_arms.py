"""Two arms compared: counts by hand, printed intervals, the same rule for the missing on both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind
from studies import WEEK, patient, study

from analysis.claims.arm_sentences import describe_difference
from analysis.results import Estimate
from analysis.stats.arms import (
    compare_imputed_shares,
    compare_reductions,
    compare_relief,
    compare_responders,
    pair_arms,
)
from analysis.stats.rates import estimate_share
from analysis.stats.visit_models import as_percent, model_visits

SHARE = ("responder_difference", "percent_reduction")


def flags(yes: int, no: int, unknown: int = 0) -> pd.Series:
    return pd.Series([True] * yes + [False] * no + [None] * unknown, dtype="boolean")


def shares(*counts: tuple[int, int]) -> tuple[Estimate, ...]:
    return tuple(estimate_share(k, n) for k, n in counts)


def test_pairs():
    arms = pd.Series(["sham", "drug", None, "low", "drug"])
    assert pair_arms(arms, "low") == [("low", "drug"), ("low", "sham")]
    every = [("drug", "low"), ("drug", "sham"), ("low", "sham")]
    assert pair_arms(arms) == pair_arms(arms, "nobody's") == every
    assert pair_arms(pd.Series(["drug", None])) == pair_arms(pd.Series([], dtype=object)) == []
    assert pair_arms(pd.Series(list("abcdefg"))) == []
    assert len(pair_arms(pd.Series(list("abcdefg")), "a")) == 6


def test_printed_interval_in_points():
    """Newcombe (1998), table II, column a: 56 of 70 against 48 of 80, 0.0524 to 0.3339."""
    made = compare_responders(flags(56, 14), flags(48, 32), shares((56, 70), (48, 80)))
    found = made[*SHARE, "all_starters"]
    assert (found.value, found.unit) == (pytest.approx(20.0), "points")
    assert (found.low, found.high) == pytest.approx((5.24, 33.39), abs=0.005)
    assert made[*SHARE, "observed"] == found
    imputed = made[*SHARE, "imputed"]  # nothing is missing
    assert (imputed.low, imputed.high) == pytest.approx((found.low, found.high), abs=1e-9)
    ratio = made["responder_ratio", "percent_reduction", "all_starters"]
    assert ratio.value == pytest.approx((56 / 70) / (48 / 80))


def test_both_sides_have_the_rule_for_the_missing():
    """First arm 6 of 12 with 2 unknown, second 3 of 12 with 4 unknown."""
    made = compare_responders(flags(6, 4, 2), flags(3, 5, 4), shares((6, 12), (3, 12)))
    failing, seen = made[*SHARE, "all_starters"], made[*SHARE, "observed"]
    assert (failing.value, failing.n, failing.n_missing) == (pytest.approx(25.0), 24, 6)
    assert seen.value == pytest.approx(100 * (6 / 10 - 3 / 8))
    assert (seen.n, seen.n_missing, seen.n_events) == (18, 6, None)


def test_an_arm_of_whom_nobody_is_known_is_no_arm_of_failures():
    made = compare_responders(flags(3, 1), flags(0, 0, 4), shares((3, 4), (0, 4)))
    for key, found in made.items():
        if key[2] != "imputed":
            assert (found.value, found.low, found.status) == (None, None, "not estimable"), key
            assert found.notes == ("empty_group",)


def test_imputed_limits_are_squared_and_added():
    first = Estimate(value=0.6, low=0.4, high=0.75, level=0.95, n=20, n_missing=3, unit="share",
                     method="multiple_imputation")  # fmt: skip
    second = Estimate(value=0.3, low=0.18, high=0.5, level=0.95, n=30, unit="share",
                      method="multiple_imputation")  # fmt: skip
    found = compare_imputed_shares(first, second)
    assert found.value == pytest.approx(0.3)
    assert found.low == pytest.approx(0.3 - (0.2**2 + 0.2**2) ** 0.5)
    assert found.high == pytest.approx(0.3 + (0.15**2 + 0.12**2) ** 0.5)
    assert (found.n, found.n_missing, found.notes) == (50, 3, ("imputed(3)",))


def test_means_by_three_rules():
    first, second = pd.Series([50.0, 30.0, 40.0, None]), pd.Series([10.0, 20.0, 0.0, 10.0])
    draws = np.tile([50.0, 30.0, 40.0, 0.0], (50, 1))
    draws[:, 3] = np.resize([20.0, 40.0], 50)  # mean 30
    made = compare_reductions(first, second, (draws, np.tile(second, (50, 1))))
    what = ("reduction_difference", "mean_of_patients")
    assert made[*what, "observed"].value == pytest.approx(40 - 10)
    unchanged = made[*what, "all_starters"]
    assert unchanged.value == pytest.approx(30 - 10)
    assert (unchanged.n, unchanged.n_missing) == (8, 1)
    imputed = made[*what, "imputed"]
    assert imputed.value == pytest.approx((50 + 30 + 40 + 30) / 4 - 10)
    welch = ttest_ind([50, 30, 40, 30], second, equal_var=False).confidence_interval()
    assert imputed.low < welch.low < welch.high < imputed.high  # imputing adds what is not known


def test_nothing_missing_is_welch_by_every_rule():
    first, second = pd.Series([50.0, 30.0, 40.0]), pd.Series([10.0, 20.0])
    one, other, third = compare_reductions(first, second, (np.zeros((2, 3)),) * 2).values()
    assert one == other == third
    assert one.method == "welch" and one.unit == "points"


def spans(*pairs: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["LDY", "RDY"])


def test_relief():
    early, late = spans(*[(0, 28)] * 6), spans(*[(28, np.inf)] * 6)
    found = compare_relief(early, late)
    # All of 12 lost by day 28 or not: scores are two values, so the test is that of a 2 x 2 table,
    # chi-square 11 with the variance of permutations (N - 1 = 11 times phi squared = 1).
    assert found.value == pytest.approx(0.000911, abs=1e-6)
    assert (found.n, found.n_events, found.unit) == (12, 6, "p")
    assert compare_relief(early, spans()).notes == ("empty_group",)
    assert compare_relief(late, late).value is None


# The mixed model


def two_arms(**more):
    """Baselines 6 and 8 in both arms; drug falls by 4 (3 or 5), placebo by 1 (0 or 2)."""
    falls = {"drug": (3, 5, 5, 3), "placebo": (0, 2, 2, 0)}
    return [
        patient(f"{arm}{place}", base, base - fall, arm=arm, **more)
        for arm, own in falls.items()
        for place, (base, fall) in enumerate(zip((6, 6, 8, 8), own, strict=True))
    ]


def modeled(people, **how):
    own = study(people, **how)
    return model_visits(own.adpain[own.adpain["FASFL"] & own.adpain["DUEFL"]], own.visits)


@pytest.mark.slow
def test_one_visit_is_an_analysis_of_covariance_by_hand():
    """Balanced, and no slope on the baseline: the means themselves; 5 df, variance 8 / 5."""
    model = modeled(two_arms())
    assert (model.method, model.baseline) == ("ancova", 7.0)
    assert model.notes("end") == ("simpler_one_visit",)
    drug, placebo = (model.changes(arm)["end"] for arm in ("drug", "placebo"))
    assert (drug.value, placebo.value) == pytest.approx((4.0, 1.0))
    assert (drug.n, drug.n_missing, drug.unit) == (4, 0, "score")
    found = model.differences("drug", "placebo")["end"]
    half = 2.5705818 * (8 / 5 * (1 / 4 + 1 / 4)) ** 0.5  # t of 5 df
    assert (found.value, found.low, found.high) == pytest.approx((3, 3 - half, 3 + half), abs=1e-6)
    assert model.changes()["end"].value == pytest.approx(2.5)
    percent = as_percent(drug, model.baseline)
    assert (percent.value, percent.unit) == (pytest.approx(100 * 4 / 7), "percent")
    assert percent.low == pytest.approx(100 * drug.low / 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([patient("a", 8, 4)], "model_no_spread"),
        ([patient(name, 8, 4) for name in "abcd"], "model_no_spread"),  # a constant score
        ([patient(name, 8) for name in "abcd"], "model_nobody_seen"),
        ([patient(name, None, 3) for name in "abcd"], "model_nobody_seen"),
    ],
)
def test_what_cannot_be_fitted_has_its_reason(people, reason):
    model = modeled(people)
    found = model.changes()["end"]
    assert (found.value, found.status, found.notes) == (None, "not estimable", (reason,))
    assert as_percent(found, model.baseline).value is None


@pytest.mark.slow
def test_nobody_is_no_patients():
    nobody = study(two_arms()).adpain.iloc[:0]
    found = model_visits(nobody, ("end",)).changes()["end"]
    assert (found.status, found.n) == ("no patients", 0)


@pytest.mark.slow
def test_arms_that_are_one_by_what_is_seen_are_modeled_together():
    people = [*two_arms(), *(patient(f"sham{n}", 7, arm="sham") for n in range(3))]
    model = modeled(people)
    assert model.arms == ["drug", "placebo", "sham"]
    assert model.differences("drug", "placebo")["end"].value == pytest.approx(3.0)
    assert model.differences("drug", "sham")["end"].value is None
    assert model.changes("sham")["end"].notes == ("model_nobody_seen",)


@pytest.mark.slow
def test_a_visit_that_one_arm_was_seen_at_is_left_out():
    people = [*two_arms(), *(patient(f"late{n}", 6 + n % 3, 3, arm="drug", later={WEEK[4]: 2 + n})
                             for n in range(5))]  # fmt: skip
    model = modeled(people)
    found = model.differences("drug", "placebo")
    assert found["end"].value > 0
    assert (found["week_4"].value, found["week_4"].notes) == (None, ("model_few_at_visit",))


@pytest.mark.slow
def test_a_simpler_model_says_what_was_not_fitted():
    people = [
        patient(f"p{n}", base, end, later={WEEK[4]: end})  # week 4 repeats the end: singular
        for n, (base, end) in enumerate([(6, 2), (7, 4), (8, 3), (9, 7), (6, 5), (8, 8)])
    ]
    model = modeled(people)
    assert model.method != "mmrm_unstructured"
    assert model.notes("end")[0] == "simpler_singular_covariance(Unstructured)"


# Words


def test_a_difference_is_an_effect_only_after_randomization():
    pair = shares((56, 70), (48, 80))
    found = compare_responders(flags(56, 14), flags(48, 32), pair)[*SHARE, "all_starters"]
    texts = {
        allocation: describe_difference(found, ("drug", "sham"), pair, threshold_pct=30.0,
                                        allocation=allocation)
        for allocation in ("randomized", "not_randomized", "unknown")
    }  # fmt: skip
    for text in texts.values():
        assert "56 of 70 (80%) of those due in drug and 48 of 80 (60%) in sham" in text
        size = "The difference, drug less sham, is 20.0 points (95% CI 5.2 points to 33.4"
        assert size in text
        assert "holds 0" not in text
    assert texts["randomized"].endswith("the effect of allocation to drug rather than sham.")
    for allocation in ("not_randomized", "unknown"):
        assert "effect" not in texts[allocation]
        assert "difference between patients" in texts[allocation]
