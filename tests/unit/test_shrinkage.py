"""Shrunk shares: against R, an independent likelihood, and by hand at the borders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from analysis.errors import EstimationError
from analysis.stats.shrinkage import log_marginal, shrink_shares

# R 4.2.2: f <- function(p) { m <- plogis(p[1]); s <- exp(p[2])
#   -sum(lbeta(k + m*s, n - k + (1-m)*s) - lbeta(m*s, (1-m)*s)) }; optim by Nelder-Mead, then BFGS
EVENTS = [74, 60, 89, 22, 20, 26]
PATIENTS = [137, 129, 148, 57, 69, 46]
R_CENTRE, R_PRIOR, R_HEIGHT = 0.47831670, 28.82352212, -401.51127366
R_SHARES = [0.52939879, 0.46752709, 0.58129581, 0.41698093, 0.34538495, 0.53174150]
PRINTED = 5e-8  # eight decimals, and two optimisers on a flat top
PRIOR = 1e-5  # patients: the likelihood is flat in this direction


def test_shares_match_r():
    got = shrink_shares(EVENTS, PATIENTS)
    assert got.centre == pytest.approx(R_CENTRE, abs=PRINTED)
    assert got.prior_patients == pytest.approx(R_PRIOR, abs=PRIOR)
    assert [one.value for one in got.shares] == pytest.approx(R_SHARES, abs=PRINTED)
    assert log_marginal(R_CENTRE, R_PRIOR, EVENTS, PATIENTS) == pytest.approx(R_HEIGHT, abs=1e-7)


def test_nothing_on_a_grid_is_more_likely():
    """scipy's own beta-binomial, over centres and priors around and far from the answer."""
    got = shrink_shares(EVENTS, PATIENTS)

    def height(centre: float, prior: float) -> float:
        a, b = centre * prior, (1 - centre) * prior
        return float(betabinom.logpmf(EVENTS, PATIENTS, a, b).sum())

    top = height(got.centre, got.prior_patients)
    for centre in np.linspace(0.3, 0.65, 36):
        for prior in np.geomspace(1, 1000, 40):
            assert height(centre, prior) <= top + 1e-9


def test_groups_that_differ_by_no_more_than_chance_take_the_share_of_the_whole():
    got = shrink_shares([5, 10, 15], [10, 20, 30])
    assert (got.centre, got.prior_patients) == (0.5, None)
    assert [one.value for one in got.shares] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("events", "share"), [([0, 0, 0], 0.0), ([4, 5, 6], 1.0)])
def test_all_or_none(events, share):
    got = shrink_shares(events, [4, 5, 6])
    assert [one.value for one in got.shares] == [share] * 3


def test_groups_that_are_opposites_stay_where_they_are():
    got = shrink_shares([0, 500, 0, 500], [500, 500, 500, 500])
    assert [one.value for one in got.shares] == pytest.approx([0, 1, 0, 1], abs=1e-3)


def test_the_smaller_of_two_equal_shares_moves_further():
    got = shrink_shares([2, 200, 30, 70, 55], [10, 1000, 100, 100, 100])
    small, large = (one.value for one in got.shares[:2])
    assert 0.2 < large < small < got.centre


def test_too_few_groups_and_empty_ones():
    got = shrink_shares([3, 0, 4], [10, 0, 9])
    assert [one.status for one in got.shares] == ["not estimable", "no patients", "not estimable"]
    got = shrink_shares([3, 0, 4, 8], [10, 0, 9, 9])
    statuses = [one.status for one in got.shares]
    assert statuses == ["estimated", "no patients", "estimated", "estimated"]
    assert shrink_shares([], []).shares == ()


def test_every_shrunk_share_is_labelled_and_has_no_interval():
    for one in shrink_shares(EVENTS, PATIENTS).shares:
        assert one.method == "shrunk"
        assert (one.low, one.high, one.level) == (None, None, None)


@pytest.mark.parametrize(("k", "n"), [([3], [2]), ([-1], [2]), ([0.5], [2]), ([1, 1], [2])])
def test_counts_that_cannot_be(k, n):
    with pytest.raises(EstimationError):
        shrink_shares(k, n)


@pytest.mark.slow
@given(
    st.lists(
        st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=3,
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_a_shrunk_share_lies_between_its_own_and_the_centre(groups):
    events, patients = zip(*groups, strict=True)
    got = shrink_shares(events, patients)
    for (k, n), one in zip(groups, got.shares, strict=True):
        low, high = sorted([k / n, got.centre])
        assert low - 1e-9 <= one.value <= high + 1e-9
