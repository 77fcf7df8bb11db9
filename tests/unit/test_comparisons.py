"""Two groups: printed examples, R, an independent search, permutations counted out, properties."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.errors import EstimationError
from analysis.stats.comparisons import (
    compare_interval_log_rank,
    compare_means,
    compare_shares,
    compare_shares_ratio,
    compare_shares_score,
    log_rank_scores,
)
from analysis.stats.npmle import estimate_npmle
from analysis.stats.survival import compare_log_rank

R = json.loads(
    (Path(__file__).parents[1] / "reference" / "comparisons_r.json").read_text(encoding="utf-8")
)
PRINTED = 5.1e-5  # half a unit of the fourth decimal, the last one the paper prints
BY_SEARCH = 2e-6  # R's optimize finds the likeliest shares to about 1e-8, the score less well
ROUNDED = 1e-9
INF = float("inf")

NEWCOMBE_1998 = [  # Table II: counts, method 10 (hybrid score), Miettinen-Nurminen
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]  # fmt: skip


def ends(estimate):
    return estimate.low, estimate.high


@pytest.mark.parametrize(("counts", "hybrid", "score"), NEWCOMBE_1998)
def test_differences_printed_by_newcombe(counts, hybrid, score):
    assert ends(compare_shares(*counts)) == pytest.approx(hybrid, abs=PRINTED)
    assert ends(compare_shares_score(*counts)) == pytest.approx(score, abs=PRINTED)


def test_the_pins_are_all_here():
    assert len(R["cases"]) == 8
    assert R["software"].startswith("R version")


@pytest.mark.parametrize("case", R["cases"], ids=lambda case: str(case["counts"]))
def test_shares_match_r(case):
    counts = case["counts"]
    assert ends(compare_shares(*counts)) == pytest.approx(case["newcombe"], abs=ROUNDED)
    assert ends(compare_shares_score(*counts)) == pytest.approx(case["difference"], abs=BY_SEARCH)
    assert ends(compare_shares_ratio(*counts)) == pytest.approx(case["ratio"], rel=10 * BY_SEARCH)


def test_welch_matches_r():
    first, second = [35.5, 12, 60, 44.25, 80, -10, 51, None], [20, 15.5, 33, 41, 8, 12]
    got = compare_means(first, second)
    assert got.value == pytest.approx(R["welch"]["value"], abs=ROUNDED)
    assert ends(got) == pytest.approx(R["welch"]["interval"], abs=ROUNDED)
    assert (got.n, got.n_missing, got.method) == (13, 1, "welch")


def test_ratio_matches_statsmodels_where_that_works():
    """Its score interval is the same; on pairs with none or all it fails."""
    for counts in ((56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 2, 29), (41, 120, 74, 137)):
        theirs = confint_proportions_2indep(*counts, method="score", compare="ratio")
        assert ends(compare_shares_ratio(*counts)) == pytest.approx(theirs, rel=1e-6)


pairs = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
DIFFERENCES = [compare_shares, compare_shares_score]


@pytest.mark.parametrize("compare", DIFFERENCES)
@given(first=pairs, second=pairs)
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_a_difference_stays_in_bounds_and_turns_with_its_groups(compare, first, second):
    got, turned = compare(*first, *second), compare(*second, *first)
    assert -1 <= got.low <= got.value <= got.high <= 1
    assert got.low < got.high
    assert (got.low, got.high) == pytest.approx((-turned.high, -turned.low), abs=1e-7)
    more = compare(*(4 * each for each in (*first, *second)))
    assert more.high - more.low < got.high - got.low + 1e-9
    wider = compare(*first, *second, level=0.99)
    assert wider.low <= got.low + 1e-9 and got.high <= wider.high + 1e-9


@given(first=pairs, second=pairs)
@settings(max_examples=60, deadline=None)
def test_a_ratio_turns_to_its_inverse(first, second):
    got, turned = compare_shares_ratio(*first, *second), compare_shares_ratio(*second, *first)
    if not first[0] + second[0]:
        assert (got.value, got.low, got.notes) == (None, None, ("no_events",))
    elif not second[0]:
        assert (got.value, got.high, got.status) == (None, None, "not estimable")
        assert got.low > 0
        assert turned.value == turned.low == 0
        assert turned.high == pytest.approx(1 / got.low, rel=1e-6)
    elif first[0]:
        assert got.low < got.value < got.high or got.low == got.value or got.value == got.high
        assert ends(got) == pytest.approx((1 / turned.high, 1 / turned.low), rel=1e-6)


@given(first=pairs, second=pairs)
@settings(max_examples=100, deadline=None)
def test_difference_and_ratio_of_the_score_test_agree_on_no_difference(first, second):
    """At 0 and at 1 both tests are one: the interval of one holds it exactly if the other does."""
    if first[0] and second[0]:
        difference, ratio = (
            compare_shares_score(*first, *second),
            compare_shares_ratio(*first, *second),
        )
        for side, zero, one in (
            (difference.low, 0, ratio.low), (-difference.high, 0, -ratio.high)
        ):  # fmt: skip
            one = one - 1 if one > 0 else one + 1
            if abs(side) > 1e-7:
                assert (side > zero) == (one > 0)


@pytest.mark.slow
def test_coverage_of_differences_counted_out():
    """Every outcome of 15 and 20 patients: on average over truths near 95%, never far below."""
    truths = [(0.2, 0.2), (0.5, 0.3), (0.7, 0.4), (0.9, 0.6)]
    k1, k2 = np.arange(16), np.arange(21)
    for compare in DIFFERENCES:
        made = [[ends(compare(int(a), 15, int(b), 20)) for b in k2] for a in k1]
        low, high = (np.array([[pair[side] for pair in row] for row in made]) for side in (0, 1))
        held = []
        for p1, p2 in truths:
            weight = np.outer(binom.pmf(k1, 15, p1), binom.pmf(k2, 20, p2))
            held.append(float((weight * ((low <= p1 - p2) & (p1 - p2 <= high))).sum()))
        assert min(held) > 0.93
        assert np.mean(held) == pytest.approx(0.955, abs=0.015)


def test_odd_groups():
    for compare in (*DIFFERENCES, compare_shares_ratio):
        assert compare(0, 0, 0, 0).status == "no patients"
        assert compare(0, 0, 3, 5).notes == ("empty_group",)
        for bad in ((3, 2, 1, 2), (-1, 2, 1, 2), (1, 2, 1.5, 2), (1, 2, None, 2)):
            with pytest.raises(EstimationError):
                compare(*bad)
    assert compare_means([], []).status == "no patients"
    assert compare_means([None], [1.0, 2.0]).notes == ("empty_group",)
    assert compare_means([1.0], [1.0, 2.0]).notes == ("one_in_group",)
    assert compare_means([1.0, 1.0], [2.0, 2.0]).notes == ("no_spread",)


# losses between two visits


def test_scores_by_hand():
    """Visits at 4 and 8; lost by 4: 2 of 4, by 8: 1 of the 2 left.

    Kept: 1, 1/2, 1/4. Hazards: 1/2, then 1/2 more. Scores: lost by 4, (1/2 * 1/2 - 0) / (1/2)
    = 1/2; between 4 and 8, (1/4 * 1 - 1/2 * 1/2) / (1/4) = 0; after 8, -1 * 1/4 / (1/4) = -1.
    """
    got = log_rank_scores([0, 0, 4, 8], [4, 4, 8, INF])
    assert got == pytest.approx([0.5, 0.5, 0.0, -1.0], abs=ROUNDED)


def test_scores_of_right_censored_times_are_event_less_hazard():
    """1, 2+, 3, 3, 5+: hazards 1/5, 1/5 + 2/3."""
    got = log_rank_scores([1, 2, 3, 3, 5], [1, INF, 3, 3, INF])
    late = 1 / 5 + 2 / 3
    assert got == pytest.approx([4 / 5, -1 / 5, 1 - late, 1 - late, -late], abs=1e-9)


def random_intervals(rng, n):
    grid = np.array([0, 2, 4, 8, 12, 26, INF])
    start = rng.integers(0, 6, n)
    return grid[start], grid[np.minimum(start + rng.integers(1, 3, n), 6)]


def test_the_variance_is_that_of_all_ways_to_deal():
    left, right = random_intervals(np.random.default_rng(5), 9)
    scores = log_rank_scores(left, right)
    dealt = np.array([scores[list(own)].sum() for own in combinations(range(9), 4)])
    group = np.repeat([0, 1], [4, 5])
    got = compare_interval_log_rank(left, right, group)
    assert got.df == 1
    assert got.statistic == pytest.approx(scores[:4].sum() ** 2 / dealt.var(), rel=1e-9)


def test_three_groups_against_the_textbook_form():
    """(n - 1) times the sum of U**2 / n_g over the sum of squared scores."""
    rng = np.random.default_rng(6)
    left, right = random_intervals(rng, 60)
    group = rng.integers(0, 3, 60)
    scores = log_rank_scores(left, right)
    sums = np.bincount(group, scores) ** 2 / np.bincount(group)
    got = compare_interval_log_rank(left, right, group)
    assert got.statistic == pytest.approx(59 * sums.sum() / (scores @ scores), rel=1e-9)
    assert got.df == 2


def test_scores_sum_to_0_order_and_units_do_not_matter():
    rng = np.random.default_rng(7)
    left, right = random_intervals(rng, 80)
    group = rng.choice(["a", "b"], 80)
    scores = log_rank_scores(left, right)
    assert scores.sum() == pytest.approx(0, abs=1e-8)
    order = rng.permutation(80)
    again = compare_interval_log_rank(left[order] * 7, right[order] * 7, group[order])
    assert again.statistic == pytest.approx(
        compare_interval_log_rank(left, right, group).statistic, rel=1e-8
    )
    kept = estimate_npmle(left, right)
    earliest = (left == 0) & (right == right[left == 0].min())
    assert kept.n == 80 and scores[earliest].min() == pytest.approx(scores.max())


def test_strata_add_up_and_a_difference_is_found():
    rng = np.random.default_rng(8)
    n = 400
    group, stratum = rng.integers(0, 2, n), rng.integers(0, 2, n)
    true = np.exp(1.5 + 0.6 * group + 1.5 * stratum) * rng.weibull(1.3, n)
    grid = np.array([0, 2, 4, 8, 12, 26, INF])
    place = np.searchsorted(grid, true)
    left, right = grid[place - 1], grid[place]
    assert compare_interval_log_rank(left, right, group, strata=stratum).p_value < 1e-4
    sums = variance = 0.0
    for own in (stratum == 0, stratum == 1):
        scores, first = log_rank_scores(left[own], right[own]), group[own] == 0
        sums += scores[first].sum()
        size, m = own.sum(), first.sum()
        variance += scores @ scores / (size - 1) * m * (size - m) / size
    got = compare_interval_log_rank(left, right, group, strata=stratum)
    assert got.statistic == pytest.approx(sums**2 / variance, rel=1e-9)
    dated = compare_log_rank(np.where(np.isinf(right), left, right), np.isfinite(right), group)
    plain = compare_interval_log_rank(left, right, group)
    assert plain.statistic == pytest.approx(dated.statistic, rel=0.1)  # same visits: nearly one


@pytest.mark.slow
def test_false_alarms_come_at_their_level():
    rng = np.random.default_rng(9)
    p_values = []
    for _ in range(400):
        left, right = random_intervals(rng, 40)
        p_values.append(compare_interval_log_rank(left, right, rng.integers(0, 2, 40)).p_value)
    share = np.mean(np.array(p_values) < 0.05)
    assert abs(share - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / 400)


def test_nothing_to_compare_is_said():
    nobody = compare_interval_log_rank([1, 2], [INF, INF], ["a", "b"])
    assert (nobody.statistic, nobody.notes) == (None, ("nobody_lost",))
    alike = compare_interval_log_rank([0, 0], [4, 4], ["a", "b"])
    assert (alike.statistic, alike.notes) == (None, ("one_group",))
    with pytest.raises(EstimationError, match="only the label 'a'"):
        compare_interval_log_rank([0, 0], [4, 4], ["a", "a"])
    with pytest.raises(EstimationError, match="group is missing in row 1"):
        compare_interval_log_rank([0, 0], [4, 4], ["a", None])
