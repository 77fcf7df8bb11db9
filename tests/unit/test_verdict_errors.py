"""Error rates of the verdict: exact sums against the verdict's own code, simulation, and theory."""

from __future__ import annotations

from functools import cache
from math import comb
from pathlib import Path

import numpy as np
import pytest

from analysis.claims.verdicts import judge_interval
from analysis.estimate.proportions import estimate_share_wilson
from analysis.simulate import verdict_errors as errors
from analysis.simulate.verdict_chances import (
    Setting,
    decisive_counts,
    leaving_shares,
    verdict_chances,
)

EXACT = 1e-12  # sums of binomial terms in another order
SIMULATED = 4000
ALLOWED_Z = 4.0  # standard errors of the simulation; passed by chance once in 16,000
PAGE = Path(__file__).parents[2] / "docs" / "simulations" / "verdict-errors.md"
WHOLE = Setting(rule="observed", leaving="nobody", dropout=0.0)
SETTINGS = list(errors.settings_in_play())


@pytest.mark.parametrize("truth", [0.3, 0.6, 0.85])
def test_with_nothing_missing_by_brute_force(truth):
    said = dict.fromkeys(("meets", "falls short", "undecided"), 0.0)
    for k in range(21):
        got = estimate_share_wilson(k, 20)
        chance = comb(20, k) * truth**k * (1 - truth) ** (20 - k)
        said[judge_interval(got.low, got.high, floor=0.6)] += chance
    got = verdict_chances(20, true_share=truth, floor=0.6, setting=WHOLE)
    assert (got.meets, got.falls_short, got.undecided) == pytest.approx(
        tuple(said.values()), abs=EXACT
    )


@pytest.mark.parametrize("n", [1, 7, 20, 50])
def test_decisive_counts_are_those_of_the_verdict(n):
    meets_from, short_to = decisive_counts(n, 0.7)
    for m in range(1, n + 1):
        said = []
        for k in range(m + 1):
            got = estimate_share_wilson(k, m)
            said.append(judge_interval(got.low, got.high, floor=0.7))
        assert meets_from[m] == (said.index("meets") if "meets" in said else m + 1)
        assert short_to[m] == said.count("falls short") - 1


@cache
def judged(n_events: int, n: int, floor: float) -> tuple[str, float]:
    got = estimate_share_wilson(n_events, n)
    return judge_interval(got.low, got.high, floor=floor), got.value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.words)
def test_patients_drawn_one_by_one_give_the_same(setting):
    """Draw who responds and who leaves, and judge with the estimator of the notebooks."""
    rng = np.random.default_rng(8)
    truth, n, floor = 0.68, 20, 0.6
    gone = leaving_shares(truth, setting)
    said = dict.fromkeys(("meets", "falls short", "undecided", "not testable"), 0)
    values = []
    for _ in range(SIMULATED):
        responds = rng.random(n) < truth
        stays = rng.random(n) >= np.where(responds, *gone)
        seen, counted = int((responds & stays).sum()), int(stays.sum())
        if not counted:
            said["not testable"] += 1
            continue
        of = n if setting.rule == "not responding" else counted
        verdict, value = judged(seen, of, floor)
        said[verdict] += 1
        values.append(value)
    want = verdict_chances(n, true_share=truth, floor=floor, setting=setting)
    wanted = (want.meets, want.falls_short, want.undecided, want.not_testable)
    assert sum(wanted) == pytest.approx(1, abs=EXACT)
    for count, chance in zip(said.values(), wanted, strict=True):
        error = (SIMULATED * max(chance * (1 - chance), 1e-4)) ** 0.5
        assert abs(count - SIMULATED * chance) < ALLOWED_Z * error
    spread = np.std(values) / len(values) ** 0.5
    assert abs(np.mean(values) - want.expected_share) < ALLOWED_Z * spread


def test_shares_of_all_leave_as_told():
    """Responders 0.7: d_r (0.7 + 2 x 0.3) = 0.3, so 3/13 of responders and 6/13 of the others."""
    setting = Setting(rule="observed", leaving="non-responders more", dropout=0.3)
    assert leaving_shares(0.7, setting) == pytest.approx((3 / 13, 6 / 13))
    with pytest.raises(ValueError, match="cannot leave"):
        leaving_shares(0.1, Setting(rule="observed", leaving="non-responders more",
                                           dropout=0.99))  # fmt: skip


@pytest.mark.parametrize("floor", errors.FLOORS)
@pytest.mark.parametrize("n", errors.SIZES)
def test_nothing_missing_and_two_points_off_the_floor_errs_in_less_than_2_5_percent(n, floor):
    low = verdict_chances(n, true_share=floor - 0.02, floor=floor, setting=WHOLE)
    high = verdict_chances(n, true_share=floor + 0.02, floor=floor, setting=WHOLE)
    assert low.meets < errors.PROMISED and high.falls_short < errors.PROMISED


@pytest.mark.parametrize("floor", errors.FLOORS)
@pytest.mark.parametrize("n", errors.SIZES)
def test_the_exact_interval_never_errs_more_than_promised(n, floor):
    got = verdict_chances(n, true_share=floor, floor=floor, setting=WHOLE, interval="exact")
    assert got.meets <= errors.PROMISED and got.falls_short <= errors.PROMISED


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.words)
def test_the_worst_truth_is_the_floor(setting):
    """The page looks only there for the worst case."""
    truths = np.linspace(0.3, 0.9, 61)
    got = [verdict_chances(50, true_share=t, floor=0.6, setting=setting) for t in truths]
    assert np.all(np.diff([one.meets for one in got]) >= -EXACT)
    assert np.all(np.diff([one.falls_short for one in got]) <= EXACT)


def test_observed_cases_mislead_when_non_responders_leave():
    setting = Setting(rule="observed", leaving="non-responders more", dropout=0.3)
    got = [verdict_chances(n, true_share=0.65, floor=0.7, setting=setting) for n in errors.SIZES]
    assert got[-1].meets > got[1].meets > errors.PROMISED


def test_counting_the_missing_as_not_responding_never_flatters():
    for setting in SETTINGS:
        if setting.rule == "not responding":
            got = verdict_chances(100, true_share=0.7, floor=0.7, setting=setting)
            assert got.meets < errors.PROMISED and got.expected_share < 0.7


def test_the_page_holds_what_the_command_writes_on_rates():
    assert PAGE.read_text(encoding="utf-8").startswith(errors.rate_part())


def test_a_rate_knows_no_unchanged_patients():
    setting = Setting(rule="unchanged", leaving="nobody", dropout=0.0)
    with pytest.raises(ValueError, match="not responding"):
        verdict_chances(20, true_share=0.7, floor=0.6, setting=setting)
