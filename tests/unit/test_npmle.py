"""The interval-censored curve: by hand, odd cases, properties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EstimationError
from analysis.stats.npmle import TOLERANCE, estimate_npmle
from analysis.stats.survival import estimate_kaplan_meier

INF = float("inf")
ROUNDING = 1e-9  # a fit stops with a Kuhn-Tucker gap of 1e-11
UNIQUE = 1e-6  # curves of equal maxima after different paths


@st.composite
def intervals(draw):
    size = draw(st.integers(1, 25))
    rows = []
    for _ in range(size):
        left = draw(st.integers(0, 10))
        right = draw(st.one_of(st.just(INF), st.integers(left, 12)))
        rows.append((float(left), float(right)))
    return np.array(rows)


def test_two_regions_by_hand():
    # (0,2] once, (2,4] twice, (0,4] once: masses 1/3 and 2/3 by symmetry of the shared row
    curve = estimate_npmle([0, 2, 2, 0], [2, 4, 4, 4])
    assert list(curve.left) == [0, 2]
    assert curve.mass == pytest.approx([1 / 3, 2 / 3], abs=ROUNDING)
    assert curve.log_likelihood == pytest.approx(np.log(1 / 3) + 2 * np.log(2 / 3), abs=ROUNDING)


def test_half_open_ends():
    # (2,4] and (4,8] do not meet; an exact 4 belongs to the first; censored at 4 comes after it
    assert list(estimate_npmle([2, 4], [4, 8]).right) == [4, 8]
    assert list(estimate_npmle([2, 4], [4, 4]).left) == [4]
    late = estimate_npmle([4, 4], [4, INF])
    assert list(late.mass) == pytest.approx([0.5, 0.5], abs=ROUNDING)


def test_loss_at_time_zero_needs_an_open_left_end():
    assert estimate_npmle([0, -INF], [0, 2]).mass == pytest.approx([1.0], abs=ROUNDING)
    assert len(estimate_npmle([0, 0], [0, 2]).mass) == 2


def test_undetermined_region_is_shown_as_such():
    curve = estimate_npmle([0, 4, 4, 8], [4, 8, 8, INF], time_unit="weeks")
    assert curve.bounds(6) == pytest.approx((0.25, 0.75), abs=ROUNDING)
    assert curve.at(6).value == pytest.approx(0.5, abs=ROUNDING)
    assert curve.at(6).notes == ("npmle_no_visit(6,0.25,0.75)",)
    assert curve.at(8).notes == ()
    median = curve.median
    assert median.value == pytest.approx(6.0, abs=1e-6)
    assert median.notes == ("placed_within(4,8)",)
    late = curve.at(9)
    assert (late.value, late.status) == (None, "not estimable")


def test_restricted_mean_and_its_bounds():
    # a quarter in (0,4], half in (4,8], a quarter beyond 8; horizon 8
    curve = estimate_npmle([0, 4, 4, 8], [4, 8, 8, INF])
    assert curve.restricted_mean(8).notes == ("npmle_between_visits(4,7)",)
    assert curve.restricted_mean(8).value == pytest.approx(5.5, abs=ROUNDING)
    assert curve.restricted_mean(9).status == "not estimable"
    # horizon 6 cuts (4,8]: half of it seen, mean 5 there, else 6
    assert curve.restricted_mean(6).value == pytest.approx(0.5 + 2.75 + 1.5, abs=ROUNDING)


def test_nobody_loses_relief():
    curve = estimate_npmle([3, 5], [INF, INF])
    assert curve.median.status == "not reached"
    assert curve.at(5).value == 1.0
    assert curve.at(6).status == "not estimable"


def test_one_patient_and_never_looked_at():
    assert estimate_npmle([2], [4]).median.value == pytest.approx(3.0, abs=ROUNDING)
    silent = estimate_npmle([0, 2], [INF, 4])
    assert (silent.n, silent.n_lost, silent.n_uninformative) == (2, 1, 1)
    assert silent.notes == ("npmle_silent(1)",)
    assert estimate_npmle([0], [INF]).median.status == "not reached"


def test_median_rule_at_exactly_one_half():
    # as Kaplan-Meier: midpoint of 2 and 3; and the time itself when the curve rests there
    assert estimate_npmle([1, 2, 3, 4], [1, 2, 3, 4]).median.value == pytest.approx(2.5)
    assert estimate_npmle([1, 2, 3, 4], [1, 2, INF, INF]).median.value == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("left", "right", "options", "words"),
    [
        ([], [], {}, "no rows"),
        ([1, 5], [2, 4], {}, "right is below left in row 1"),
        ([-1], [2], {}, "left is negative in row 0"),
        ([1], [2, 3], {}, "right has 2 rows where 1"),
        ([1, np.nan], [2, 3], {}, "left is missing in row 1"),
        ([1], [np.nan], {}, "right is missing in row 0"),
        ([INF], [INF], {}, "left is infinite in row 0"),
        ([1], [2], {"weights": [0]}, "every weight is 0"),
    ],
)
def test_bad_input_is_named(left, right, options, words):
    with pytest.raises(EstimationError, match=words):
        estimate_npmle(left, right, **options)


@pytest.mark.parametrize("time", [-1.0, float("nan")])
def test_bad_time_is_named(time):
    curve = estimate_npmle([1], [2])
    with pytest.raises(EstimationError, match="at least 0"):
        curve.at(time)
    with pytest.raises(EstimationError, match="lost_share"):
        curve.quantile(time)


@pytest.mark.slow
@given(intervals())
def test_it_is_a_maximum_and_a_curve(rows):
    curve = estimate_npmle(rows[:, 0], rows[:, 1])
    assert curve.kt_gap <= TOLERANCE
    assert curve.mass.sum() == pytest.approx(1.0, abs=ROUNDING)
    assert np.all(curve.mass > 0)
    assert np.all(curve.left <= curve.right)
    bounds = [curve.bounds(time) for time in np.arange(0, 13, 0.5)]
    for one in bounds:
        assert 0 <= one.low <= one.high <= 1
    for earlier, later in pairwise(bounds):
        assert later.low <= earlier.low + ROUNDING
        assert later.high <= earlier.high + ROUNDING


@pytest.mark.slow
@given(intervals())
def test_no_other_masses_are_more_likely(rows):
    """The gradient, worked out directly from the definition, is at most n on every region."""
    curve = estimate_npmle(rows[:, 0], rows[:, 1])
    inside = (rows[:, :1] <= curve.left) & (curve.right <= rows[:, 1:])
    inside &= (rows[:, :1] < curve.right) | (rows[:, :1] == rows[:, 1:])
    chance = inside @ curve.mass
    assert np.log(chance).sum() == pytest.approx(curve.log_likelihood, abs=1e-7)
    points = np.unique(np.concatenate((rows[:, 1][np.isfinite(rows[:, 1])], [99.0])))
    exact = rows[:, :1] == rows[:, 1:]
    holds = ((rows[:, :1] < points) | exact) & (points <= rows[:, 1:]) & (points >= rows[:, :1])
    assert (holds / chance[:, None]).sum(axis=0).max() <= len(rows) * (1 + 1e-8)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=25))
def test_equals_kaplan_meier_without_intervals(rows):
    time = np.array([row[0] for row in rows], float)
    event = np.array([row[1] for row in rows])
    plain = estimate_kaplan_meier(time, event)
    curve = estimate_npmle(time, np.where(event, time, INF))
    for at in range(int(time.max()) + 1):
        assert curve.bounds(at).high == pytest.approx(plain.at(at).value, abs=UNIQUE)
    if plain.median.value is None:
        assert curve.median.value is None
    else:
        assert curve.median.value == pytest.approx(plain.median.value, abs=UNIQUE)


@pytest.mark.slow
@given(intervals(), st.randoms())
def test_weights_repeat_and_order_does_not_matter(rows, random):
    counts = np.array([random.randint(0, 3) for _ in rows])
    counts[0] = 1
    order = np.array(random.sample(range(len(rows)), len(rows)))
    weighted = estimate_npmle(rows[order, 0], rows[order, 1], weights=counts[order])
    repeated = estimate_npmle(np.repeat(rows[:, 0], counts), np.repeat(rows[:, 1], counts))
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-7)
    assert weighted.n == repeated.n
