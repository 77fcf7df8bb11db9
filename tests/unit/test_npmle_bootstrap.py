"""Resamples of the interval-censored curve and the intervals made of them.

Fits of resamples: by hand, against fits of the same rows one at a time, Kuhn-Tucker. Intervals:
against Greenwood, odd cases, order of limits.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.errors import EstimationError
from analysis.stats import npmle, npmle_bootstrap
from analysis.stats.npmle import (
    SHARE_TIE,
    Curves,
    Pairs,
    estimate_npmle,
    minorant_step,
    newton_step,
    self_consistent_step,
    survival_bounds,
)
from analysis.stats.npmle_bootstrap import TOLERANCE, bootstrap_relief, resample_masses
from analysis.stats.rates import exact_limits
from analysis.stats.survival import estimate_kaplan_meier

INF = float("inf")
TIMES = (2.0, 4.0, 6.0, 8.7, 12.0)
AGREE = SHARE_TIE  # two finished fits; the farthest seen was 7e-10, a limit's own noise is 2e-3
ROUNDING = 1e-12  # sums of a few dozen shares
GRID = np.array([2.0, 4.0, 8.0, 12.0, 26.0])


class Recorder:
    """A source of resamples that remembers what it drew."""

    def __init__(self, seed):
        self.source = np.random.default_rng(seed)

    def multinomial(self, *sizes, **options):
        self.drawn = self.source.multinomial(*sizes, **options)
        return self.drawn


class Given:
    """A source of resamples that returns the counts it was given."""

    def __init__(self, counts):
        self.counts = np.array(counts)

    def multinomial(self, *_, **__):
        return self.counts


def grid_visits(n, rng):
    """Losses seen at planned visits, three in ten missed."""
    true = 12 * rng.weibull(1.2, n)
    seen = rng.random((n, GRID.size)) > 0.3
    is_lost = true[:, None] <= GRID
    left = np.where(seen & ~is_lost, GRID, 0).max(axis=1)
    return left, np.where(seen & is_lost, GRID, INF).min(axis=1)


def dated_visits(n, rng):
    """Losses seen at visits on any day, in weeks: nearly every interval its own."""
    true = 10 * rng.weibull(1.3, n)
    visits = np.ceil(7 * np.cumsum(rng.exponential(4, (n, 8)), axis=1)) / 7
    edges = np.column_stack((np.zeros(n), visits, np.full(n, INF)))
    place = (visits < true[:, None]).sum(axis=1)
    return edges[np.arange(n), place], edges[np.arange(n), place + 1]


def fitted(left, right, *, count, seed):
    """Return the curve of the rows, its replicates and what each of them drew."""
    curve, source = estimate_npmle(left, right), Recorder(seed)
    masses = resample_masses(curve.intervals, start=curve.all_masses, replicates=count, rng=source)
    return curve, masses, source.drawn


def kuhn_tucker_gaps(curve, masses, drawn):
    """Return how far above 1 each replicate's gradient is, worked out from the definition."""
    known = curve.intervals
    region = np.arange(known.n_regions)
    covers = (known.first[:, None] <= region) & (region < known.last[:, None])
    gaps = []
    for one, counts in zip(masses, drawn, strict=True):
        held = counts > 0
        pull = counts[held] / counts.sum() / (covers[held] @ one)
        gaps.append((pull @ covers[held]).max() - 1)
    return np.array(gaps)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("design", [grid_visits, dated_visits])
def test_a_replicate_is_the_curve_of_its_own_rows(design, seed):
    """Fitted one at a time, on its own regions, from even masses and to a tighter gap."""
    rows = design(120, np.random.default_rng(seed))
    curve, masses, drawn = fitted(*rows, count=25, seed=seed)
    known = curve.intervals
    for one, counts in zip(masses, drawn, strict=True):
        held = counts > 0
        own = estimate_npmle(known.left[held], known.right[held], weights=counts[held])
        for time in TIMES:
            low, high = survival_bounds(one, known.region_left, known.region_right, time)
            allowed = own.bounds(time)
            assert allowed.low - AGREE <= low <= high <= allowed.high + AGREE


@pytest.mark.parametrize("seed", range(4))
def test_a_replicate_of_exact_times_is_kaplan_meier(seed):
    rng = np.random.default_rng(seed)
    time, event = np.ceil(rng.exponential(20, 60)), rng.random(60) < 0.8
    curve, masses, drawn = fitted(time, np.where(event, time, INF), count=50, seed=seed)
    known = curve.intervals
    is_event = np.isfinite(known.right)
    for one, counts in zip(masses, drawn, strict=True):
        held = counts > 0
        plain = estimate_kaplan_meier(known.left[held], is_event[held], weights=counts[held])
        for at in (5, 10, 20):
            high = survival_bounds(one, known.region_left, known.region_right, at)[1]
            assert high == pytest.approx(plain.at(at).value, abs=AGREE)


def test_every_replicate_by_hand():
    # a in (0,2], b in (2,4], c in (0,4]: the first region holds a / (a + b) whatever c is; when
    # only c is drawn it holds 0.9 of the whole data's third and 0.1 of an even half
    curve, masses, drawn = fitted([0, 2, 2, 0], [2, 4, 4, 4], count=300, seed=1)
    place = {(0.0, 2.0): "a", (2.0, 4.0): "b", (0.0, 4.0): "c"}
    names = [place[pair] for pair in zip(curve.intervals.left, curve.intervals.right, strict=True)]
    a, b = (drawn[:, names.index(name)] for name in "ab")
    told = a + b > 0
    expected = np.where(told, a / np.where(told, a + b, 1), 0.9 / 3 + 0.1 / 2)
    assert (~told).any()
    assert (a == b)[told].any()
    assert masses[:, 0] == pytest.approx(expected, abs=AGREE)


def test_silent_boundary_keeps_the_proportions_of_the_whole():
    # whole: half in (0,2], a quarter each in (2,4] and (4,8]; the resample has 2 in (0,2] and
    # 2 in (2,8], which cannot tell the last two apart
    curve = estimate_npmle([0, 0, 0, 0, 2, 4, 2], [2, 2, 2, 2, 4, 8, 8])
    pairs = list(zip(curve.intervals.left, curve.intervals.right, strict=True))
    counts = [[2 if pair in ((0, 2), (2, 8)) else 0 for pair in pairs]]
    masses = resample_masses(
        curve.intervals, start=np.array([0.2, 0.2, 0.6]), replicates=1, rng=Given(counts)
    )
    # start 0.2 : 0.6, opened to 0.18 + 1/30 : 0.54 + 1/30
    assert masses[0] == pytest.approx([0.5, 0.5 * 64 / 236, 0.5 * 172 / 236], abs=AGREE)


@pytest.mark.parametrize(("left", "right"), [([2], [4]), ([3, 5], [INF, INF])])
def test_one_region(left, right):
    _, masses, _ = fitted(left, right, count=3, seed=1)
    assert masses.tolist() == [[1.0], [1.0], [1.0]]


def test_company_does_not_matter(monkeypatch):
    """Resamples fitted alone are those fitted side by side."""
    rows = dated_visits(60, np.random.default_rng(2))
    _, together, _ = fitted(*rows, count=40, seed=3)
    monkeypatch.setattr(npmle_bootstrap, "MOST_TOGETHER", 1)
    _, alone, _ = fitted(*rows, count=40, seed=3)
    assert alone == pytest.approx(together, abs=AGREE)
    monkeypatch.setattr(npmle_bootstrap, "MOST_TOGETHER", 7)  # columns change hands part of the way
    _, some, _ = fitted(*rows, count=40, seed=3)
    assert some == pytest.approx(together, abs=AGREE)


def close_looks(n, rng):
    """Losses on any of 120 days, each seen within days: mass on nearly every day."""
    lost = rng.integers(1, 120, n)
    return np.maximum(lost - rng.integers(1, 10, n), 0.0), lost + rng.integers(0, 10, n) + 0.0


@pytest.mark.parametrize(
    ("looks", "n", "count"), [(dated_visits, 200, 60), (close_looks, 12_000, 10)]
)
def test_few_rounds_are_enough(looks, n, count, monkeypatch):
    """Newton steps settle what minorant and self-consistency steps take 30 to 50 rounds for."""
    monkeypatch.setattr(npmle, "MOST_ROUNDS", 10)
    rows = looks(n, np.random.default_rng(5))
    curve, masses, drawn = fitted(*rows, count=count, seed=6)
    assert kuhn_tucker_gaps(curve, masses, drawn).max() <= TOLERANCE + ROUNDING


def test_intervals_over_the_same_regions_count_as_one():
    # nobody is lost after 8, so a last look at 8, 9 and 10 says the same
    apart = [0, 2, 4, 8, 9, 10], [2, 4, 8, INF, INF, INF]
    curve, masses, drawn = fitted(*apart, count=40, seed=4)
    late = np.isin(curve.intervals.left, (8, 9, 10))
    assert curve.n_lost == 3
    assert masses[:, -1] == pytest.approx(drawn[:, late].sum(axis=1) / 6, abs=AGREE)


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_step_too_far_is_shortened_and_never_falls(direction):
    """Each column's likelihood, worked out from the definition, before and after."""
    curve, _, drawn = fitted(*grid_visits(60, np.random.default_rng(3)), count=30, seed=2)
    pairs = Pairs.of(curve.intervals)
    shares = pairs.alike @ (drawn / 60).T
    even = np.linspace(0, 1, curve.intervals.n_regions + 1)
    curves = Curves.of(pairs, shares, np.repeat(even[:, None], 30, axis=1))
    for step in (minorant_step, self_consistent_step, newton_step, newton_step, newton_step):
        moved = step(curves)
        assert (moved.log_likelihood >= curves.log_likelihood - ROUNDING).all()
        assert moved.masses.min() >= 0
        curves = moved
    wild = np.where(direction > 0, even**8, 1 - (1 - even) ** 8)
    start = Curves.of(pairs, shares, np.repeat(wild[:, None], 30, axis=1))
    for step in (minorant_step, newton_step):
        assert (step(start).log_likelihood >= start.log_likelihood - ROUNDING).all()


def test_an_unfinished_fit_still_hands_back_a_curve(monkeypatch):
    monkeypatch.setattr(npmle, "MOST_ROUNDS", 1)
    _, masses, _ = fitted(*dated_visits(60, np.random.default_rng(2)), count=5, seed=3)
    assert masses.sum(axis=1) == pytest.approx(np.ones(5), abs=ROUNDING)
    assert masses.min() >= 0


@st.composite
def intervals(draw):
    rows = []
    for _ in range(draw(st.integers(1, 20))):
        left = draw(st.integers(0, 10))
        rows.append((float(left), draw(st.one_of(st.just(INF), st.integers(left, 12)))))
    return np.array(rows, dtype=float)


@given(intervals(), st.integers(0, 1000))
@settings(max_examples=30)
def test_every_replicate_is_a_maximum(rows, seed):
    """The gradient, worked out from the definition, is at most 1 on every region."""
    curve, masses, drawn = fitted(rows[:, 0], rows[:, 1], count=20, seed=seed)
    assert masses.min() >= 0
    assert masses.sum(axis=1) == pytest.approx(np.ones(20), abs=ROUNDING)
    assert kuhn_tucker_gaps(curve, masses, drawn).max() <= TOLERANCE + ROUNDING


# intervals


def test_bootstrap_intervals_hold_the_point_and_each_other():
    curve = estimate_npmle(*grid_visits(120, np.random.default_rng(3)), time_unit="weeks")
    found = bootstrap_relief(curve, rng=np.random.default_rng(5), times=(4, 6, 12), tau=26)
    for wide, narrow in zip(
        (*found.guarded.survival, *found.guarded.quantiles),
        (*found.even_spread.survival, *found.even_spread.quantiles),
        strict=True,
    ):
        assert wide.value == narrow.value
        assert wide.low <= narrow.low <= wide.value <= narrow.high <= wide.high
    assert found.guarded.mean_std_error == found.even_spread.mean_std_error > 0
    mean, other = found.guarded.restricted_mean, found.even_spread.restricted_mean
    assert mean.low < other.low < mean.value < mean.high


def test_bootstrap_standard_error_is_near_greenwood():
    """On exact times the curve is Kaplan-Meier, whose standard error has a formula."""
    rng = np.random.default_rng(11)
    time = np.ceil(rng.exponential(6, 200))
    event = rng.random(200) < 0.8
    plain = estimate_kaplan_meier(time, event)
    curve = estimate_npmle(time, np.where(event, time, INF))
    found = bootstrap_relief(curve, rng=rng, times=(4,), tau=12, replicates=2000)
    low, high = found.even_spread.survival[0].low, found.even_spread.survival[0].high
    assert (low, high) == pytest.approx((plain.at(4).low, plain.at(4).high), abs=0.01)
    expected = plain.restricted_mean(12)  # its interval is 1.96 standard errors to either side
    error = (expected.high - expected.low) / 2 / 1.959964
    assert found.guarded.mean_std_error == pytest.approx(error, rel=0.08)


def test_nobody_loses_relief():
    curve = estimate_npmle([3, 5], [INF, INF])
    found = bootstrap_relief(curve, rng=np.random.default_rng(1), times=(4,), tau=5)
    share = found.guarded.survival[0]
    assert (share.low, share.high) == (pytest.approx(0.025), 1.0)  # one patient known at 4
    assert share.notes == ("exact_bound(1)",)
    median = found.guarded.quantiles[1]
    assert (median.status, median.low, median.high) == ("not reached", 0.0, None)
    assert found.guarded.restricted_mean.low is None


def test_nobody_of_20_loses_relief_and_all_of_20_do():
    """By hand: 20 of 20 begin at 0.025 ** (1 / 20) = 83.2%; 0 of 20 end at 16.8%.

    Of 6 known at 8 the share begins at 54.1%, above one half; of 5, at 47.8%.
    """
    rng, end = np.random.default_rng(1), 0.025 ** (1 / 20)
    kept = estimate_npmle([4] * 14 + [8] * 6, [INF] * 20)
    found = bootstrap_relief(kept, rng=rng, times=(2, 4, 8))
    assert [share.low for share in found.guarded.survival] == pytest.approx(
        [end, end, 0.025 ** (1 / 6)]
    )
    assert found.guarded.quantiles[1].low == 8
    fewer = bootstrap_relief(estimate_npmle([4] * 15 + [8] * 5, [INF] * 20), rng=rng)
    assert fewer.guarded.quantiles[1].low == 4
    lost = estimate_npmle([0] * 20, [1] * 20)
    found = bootstrap_relief(lost, rng=rng, times=(1, 4))
    for share in found.guarded.survival:
        assert (share.value, share.low, share.high) == (0.0, 0.0, pytest.approx(1 - end))
        assert share.notes == ("exact_bound(20)",)
    median = found.guarded.quantiles[1]
    assert (median.low, median.high) == (0.0, 1.0)
    assert median.notes[-1] == "exact_times(20)"
    few = bootstrap_relief(estimate_npmle([0] * 5, [1] * 5), rng=rng)
    assert few.guarded.quantiles[1].high is None  # 5 of 5 may be chance: up to 52%


def test_patients_not_looked_at_so_late_widen_the_limit_of_none():
    """12 lost by 4, 3 relieved at 2 and not seen again: as many as 3 of 15 may still be."""
    curve = estimate_npmle([0] * 12 + [2] * 3, [4] * 12 + [INF] * 3)
    low, high = curve.exact_limits(4, level=0.95)[0]
    assert (low, high) == pytest.approx((0.0, float(exact_limits(3, 15)[1])))


@pytest.mark.parametrize("true", [0.0, 0.02, 0.05, 0.1])
def test_exact_limits_of_none_hold_at_least_their_level(true):
    """Counted out: 20 patients, a share ``true`` of whom is still relieved at 4, all seen."""
    chance = 0.0
    for kept in range(21):
        left, right = [0] * (20 - kept) + [4] * kept, [4] * (20 - kept) + [INF] * kept
        low, high = estimate_npmle(left, right).exact_limits(4, level=0.95)[0]
        chance += float(binom.pmf(kept, 20, true)) * (low <= true <= high)
    assert chance >= 0.95


def test_same_state_same_intervals():
    curve = estimate_npmle(*grid_visits(80, np.random.default_rng(4)))
    found = [
        bootstrap_relief(curve, rng=np.random.default_rng(7), times=(4,), tau=12) for _ in range(2)
    ]
    assert found[0] == found[1]
    other = bootstrap_relief(curve, rng=np.random.default_rng(8), times=(4,), tau=12)
    assert other.even_spread.survival != found[0].even_spread.survival


def test_bootstrap_upper_limit_not_reached():
    left, right = [2, 2, 4, 12, 12, 26, 26, 26], [4, 4, 8, 26, 26, INF, INF, INF]
    found = bootstrap_relief(
        estimate_npmle(left, right), rng=np.random.default_rng(2), lost_shares=(0.5,)
    )
    assert found.guarded.quantiles[0].high is None


def test_bootstrap_refuses_few_replicates():
    with pytest.raises(EstimationError, match="at least 100"):
        bootstrap_relief(estimate_npmle([1], [2]), rng=np.random.default_rng(1), replicates=10)
