"""Regression to the mean: by hand, planted, and against its own limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.errors import EstimationError
from analysis.stats.natural_course import (
    compare_with_regression,
    estimate_reliability,
    estimate_unselected,
    expect_regression,
)


def clinic(rng, n, *, usual=5.0, sd=1.8, reliability=0.7, entry=6.0, effect=0.0):
    """Patients let in from `entry` on whose scores only vary around their own mean."""
    own = rng.normal(usual, sd * reliability**0.5, 20 * n)
    noise = sd * (1 - reliability) ** 0.5
    before, after = own + rng.normal(0, noise, own.size), own + rng.normal(0, noise, own.size)
    kept = np.flatnonzero(before >= entry)[:n]
    return before[kept], after[kept] - effect


def test_expected_fall_by_hand():
    # (1 - 0.7) * (8 - 5) and (1 - 0.7) * (4 - 5)
    assert expect_regression([8, 4], reliability=0.7, usual=5) == pytest.approx([0.9, -0.3])
    assert not expect_regression([8, 4], reliability=1, usual=5).any()


def test_expected_fall_is_that_of_the_truncated_normal():
    # Davis (1976), Am J Epidemiol 104:493: (1 - r) * sd * phi(z) / (1 - Phi(z)).
    rng = np.random.default_rng(7)
    before, after = clinic(rng, 20_000)
    z = (6 - 5) / 1.8
    formula = 0.3 * 1.8 * stats.norm.pdf(z) / stats.norm.sf(z)
    # Three standard errors of means of 20,000: 3 * 1.4 / sqrt(20,000) = 0.03.
    assert expect_regression(before, reliability=0.7, usual=5).mean() == pytest.approx(
        formula, abs=0.03
    )
    assert (before - after).mean() == pytest.approx(formula, abs=0.03)


@pytest.mark.parametrize("effect", [0.0, 1.5])
@pytest.mark.slow
def test_a_planted_regression_is_recovered(effect):
    rng = np.random.default_rng(11)
    covered, found = [], []
    for _ in range(400):
        beyond = compare_with_regression(*clinic(rng, 150, effect=effect), usual=[5.0])
        covered.append(beyond.low[0] <= effect <= beyond.high[0])
        found.append(beyond.fall[0])
    # Binomial limits of 400 at 95%: 93 to 97.5% within 2.5 standard errors.
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(found) == pytest.approx(effect, abs=0.05)  # 3 * 0.33 / sqrt(400)


def test_the_place_where_nothing_is_left_has_the_limits_of_the_line():
    before, after = clinic(np.random.default_rng(3), 200)
    place = compare_with_regression(before, after, usual=[5.0]).explained_at
    at = compare_with_regression(before, after, usual=[place.value, place.low, place.high])
    assert at.fall[0] == pytest.approx(0, abs=1e-9)
    ends = [min(abs(low), abs(high)) for low, high in zip(at.low[1:], at.high[1:], strict=True)]
    assert ends == pytest.approx([0, 0], abs=1e-9)
    assert place.low < place.value < place.high


def test_scores_that_follow_nothing_leave_the_place_without_limits():
    beyond = compare_with_regression([4, 5, 6, 7, 8], [3, 5, 5, 7, 6.5], usual=[4, 5])
    assert beyond.explained_at.low is None
    assert compare_with_regression([4, 5, 6, 7], [3, 4, 5, 6], usual=[4]).explained_at is None


def test_reliability_is_pearson_with_fisher():
    # R 4.2.2: cor.test(c(5, 6, 7, 8, 4, 6), c(5, 7, 6, 8, 5, 5))
    found = estimate_reliability([5, 6, 7, 8, 4, 6], [5, 7, 6, 8, 5, 5])
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.782623792124926, -0.0793127629401389, 0.9749489858998394), abs=1e-9
    )


def test_mean_before_selection_is_found_from_the_selected():
    before, _ = clinic(np.random.default_rng(5), 20_000)
    mean, sd = estimate_unselected(before, entry=6)
    assert mean == pytest.approx(5, abs=0.2) and sd == pytest.approx(1.8, abs=0.1)  # 3 errors


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: estimate_reliability([1, 2, 3], [1, 2, 3]), "there are 3"),
        (lambda: estimate_reliability([5] * 5, [1, 2, 3, 4, 5]), "alike"),
        (lambda: expect_regression([5], reliability=1.2, usual=4), "between 0 and 1"),
        (lambda: estimate_unselected([5, 6, 7], entry=6), "below the limit of entry in row 0"),
        (lambda: estimate_unselected([6, 6, 7], entry=6), "three different"),
        (lambda: compare_with_regression([5] * 6, [1, 2, 3, 4, 5, 6], usual=[4]), "differ"),
        (lambda: compare_with_regression([5, 6], [1, 2], usual=[4]), "there are 2"),
        (lambda: compare_with_regression([4, 5, 6, None], [3, 4, 5, 6], usual=[4]), "missing"),
    ],
)
def test_what_cannot_be_answered_is_said(call, words):
    with pytest.raises(EstimationError, match=words):
        call()
