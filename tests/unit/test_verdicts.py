"""The verdict at its borders: equal to the floor, open ends, ceilings, positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.claims.judgement import VERDICT_MEANING
from analysis.claims.verdicts import judge_interval, place_interval
from analysis.estimate.proportions import estimate_share_wilson

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.70, 0.80, "meets"),  # the lower end on the floor is at the floor
        (0.71, 0.80, "meets"),
        (0.69, 0.80, "undecided"),
        (0.60, 0.70, "undecided"),  # the upper end on the floor does not lie below it
        (0.60, 0.6999, "falls short"),
        (0.70, 0.70, "meets"),
        (0.70, None, "meets"),  # no upper end: not reached
        (0.60, None, "undecided"),
        (None, 0.60, "falls short"),
        (None, 0.80, "undecided"),
        (None, None, "undecided"),
    ],
)
def test_against_a_floor(low, high, verdict):
    assert judge_interval(low, high, floor=0.70, ceiling=0.85) == verdict
    assert judge_interval(low, high, floor=0.70) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.10, "meets"),
        (0.01, 0.11, "undecided"),
        (0.10, 0.20, "undecided"),
        (0.11, 0.20, "falls short"),
        (0.11, None, "falls short"),
        (0.05, None, "undecided"),
        (None, 0.05, "meets"),
        (None, None, "undecided"),
    ],
)
def test_against_a_ceiling_only(low, high, verdict):
    assert judge_interval(low, high, floor=None, ceiling=0.10) == verdict


def test_a_claim_needs_a_mark():
    with pytest.raises(ValueError, match="floor or a ceiling"):
        judge_interval(0.1, 0.2, floor=None)


@pytest.mark.parametrize(
    ("low", "high", "position"),
    [
        (0.5, 0.69, "below"),
        (0.5, 0.70, "across the floor"),
        (0.5, 0.85, "across the floor"),
        (0.5, 0.86, "wider"),
        (0.5, None, "wider"),
        (None, 0.8, "across the floor"),
        (0.70, 0.85, "inside"),
        (0.75, 0.80, "inside"),
        (0.75, 0.86, "across the ceiling"),
        (0.85, 0.90, "across the ceiling"),
        (0.86, 0.90, "above"),
        (0.86, None, "above"),
        (None, None, ""),
    ],
)
def test_positions(low, high, position):
    assert place_interval(low, high, floor=0.70, ceiling=0.85) == position


def test_no_range_no_position():
    assert place_interval(0.1, 0.2, floor=0.1, ceiling=None) == ""
    assert place_interval(0.1, 0.2, floor=None, ceiling=0.1) == ""


@given(a=shares, b=shares, floor=shares)
def test_verdict_and_position_never_contradict(a, b, floor):
    low, high = min(a, b), max(a, b)
    verdict = judge_interval(low, high, floor=floor, ceiling=1.0)
    position = place_interval(low, high, floor=floor, ceiling=1.0)
    assert (position == "below") == (verdict == "falls short")
    assert (position == "inside") == (verdict == "meets")
    assert verdict in VERDICT_MEANING


@given(a=shares, b=shares, c=shares, d=shares, floor=shares)
def test_a_wider_interval_never_decides_more(a, b, c, d, floor):
    outer_low, inner_low, inner_high, outer_high = sorted((a, b, c, d))
    outer = judge_interval(outer_low, outer_high, floor=floor)
    if outer != "undecided":
        assert judge_interval(inner_low, inner_high, floor=floor) == outer


def wrong_shares(n: int, floor: float) -> tuple[float, float]:
    """Exact shares of samples of n that are given each decided verdict, truth on the floor."""
    said = {"meets": 0.0, "falls short": 0.0, "undecided": 0.0}
    for k in range(n + 1):
        got = estimate_share_wilson(k, n)
        said[judge_interval(got.low, got.high, floor=floor)] += float(binom.pmf(k, n, floor))
    return said["meets"], said["falls short"]


@pytest.mark.parametrize("floor", [0.6, 0.7])
def test_wrong_verdicts_are_as_rare_as_the_decision_note_says(floor):
    """docs/decisions/0009: about 2.5 % each way, at most 3.4 % and 4.4 % of samples."""
    at = [wrong_shares(n, floor) for n in (20, 21, 25, 30, 37, 50, 75, 100, 148, 200)]
    meets, short = zip(*at, strict=True)
    assert max(meets) <= 0.0345
    assert max(short) <= 0.0445
    assert 0.015 < sum(meets) / len(meets) < 0.030
    assert 0.015 < sum(short) / len(short) < 0.035
