"""Error rates of the verdict on a mean: theory, clinics drawn one by one, and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from analysis.claims.verdicts import judge_interval
from analysis.estimate.reductions import estimate_mean
from analysis.simulate import verdict_errors as errors
from analysis.simulate import verdict_mean_tables as tables
from analysis.simulate.verdict_chances import Setting
from analysis.simulate.verdict_means import (
    NORMAL_SPREAD_PCT,
    chances_of,
    draw_clinics,
    draw_normal,
    populations,
    skewness,
)

CLINICS = 20_000
ALLOWED_Z = 4.0  # standard errors of the simulation; passed by chance once in 16,000
PAGE = Path(__file__).parents[2] / "docs" / "simulations" / "verdict-errors.md"
ALL_OR_NOTHING = populations()["all or nothing"]
USUAL = populations()[tables.TYPICAL]


def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def within(found: float, wanted: float, n: int = CLINICS) -> bool:
    return abs(found - wanted) < ALLOWED_Z * (max(wanted * (1 - wanted), 1e-4) / n) ** 0.5


def leaving(how: str, dropout: float) -> Setting:
    return Setting(rule="observed", leaving=how, dropout=dropout)


@pytest.mark.parametrize("n", [5, 20, 200])
def test_normal_values_on_the_floor_err_in_2_5_percent_each_way(n):
    drawn = draw_normal(rng(), n, true_mean_pct=40.0, clinics=CLINICS)["observed"]
    got = chances_of(drawn, floor_pct=40.0)
    assert within(got.meets, 0.025) and within(got.falls_short, 0.025)
    assert got.not_testable == 0


def test_power_for_normal_values_is_that_of_the_noncentral_t():
    """The chance that t passes its quantile where the mean is 10 points above the floor."""
    n = 50
    reach, shift = student.ppf(0.975, n - 1), 10 / NORMAL_SPREAD_PCT * n**0.5
    drawn = draw_normal(rng(), n, true_mean_pct=50.0, clinics=CLINICS)["observed"]
    assert within(chances_of(drawn, floor_pct=40.0).meets, float(nct.sf(reach, n - 1, shift)))


@pytest.mark.parametrize("name", populations())
@pytest.mark.parametrize("truth", [10.0, 40.0, 60.0])
def test_populations_have_the_mean_they_are_asked_for(name, truth):
    population = populations()[name]
    shares = population.shares(truth)
    assert shares.sum() == pytest.approx(1) and shares.min() >= 0
    assert shares @ population.percent == pytest.approx(truth)
    assert population.percent.max() == 100


def test_a_mean_no_mixture_has_is_refused():
    with pytest.raises(ValueError, match="outside 3 to 71"):
        USUAL.shares(90.0)


def test_skewness_by_hand():
    """Of 100 or 0 with share 0.4: (1 - 2 x 0.4) / sqrt(0.4 x 0.6) = 0.408; symmetric: 0."""
    assert skewness(ALL_OR_NOTHING, 40.0) == pytest.approx(0.2 / 0.24**0.5)
    assert skewness(ALL_OR_NOTHING, 50.0) == pytest.approx(0.0, abs=1e-12)
    assert skewness(populations()["scores, any baseline above 0"], 40.0) < -1


def test_two_patients_of_all_or_nothing_by_hand():
    """Equal ones (1/2) have no interval; one of each: 50 -+ 12.7 x 50 decides nothing either."""
    setting = leaving("nobody", 0.0)
    drawn = draw_clinics(ALL_OR_NOTHING, rng(), 2, true_mean_pct=50.0, clinics=CLINICS,
                         setting=setting)  # fmt: skip
    mean, spread, n = drawn["observed"]
    assert within(float(np.isnan(spread).mean()), 0.5)
    assert set(mean) == {0.0, 50.0, 100.0} and set(n) == {2.0}
    assert np.nanmax(spread) == pytest.approx(100 / 2**0.5)
    assert chances_of((mean, spread, n), floor_pct=40.0).undecided == 1


@pytest.mark.parametrize("how", ["at random", "non-responders more"])
def test_patients_drawn_one_by_one_give_the_same(how):
    """Draw values and who leaves, and judge with the estimator of the notebooks."""
    n, truth, floor, few, dropout = 20, 46.0, 40.0, 400, 0.3
    draws, said, means = rng(), {"observed": [], "unchanged": []}, []
    shares = USUAL.shares(truth)
    responding = float(shares[USUAL.percent >= 30].sum())
    # 0.3 leave: l of responders, 2 l of the others, l (r + 2 (1 - r)) = 0.3
    low = dropout / (2 - responding) if how == "non-responders more" else dropout
    for _ in range(few):
        values = draws.choice(USUAL.percent, size=n, p=shares)
        twice = (how == "non-responders more") & (values < 30)
        values = pd.Series(np.where(draws.random(n) < low * (1 + twice), np.nan, values))
        for rule, own in (("observed", values), ("unchanged", values.fillna(0.0))):
            got = estimate_mean(own)
            said[rule].append(judge_interval(got.low, got.high, floor=floor))
        means.append(values.mean())
    drawn = draw_clinics(USUAL, rng(), n, true_mean_pct=truth, clinics=CLINICS,
                         setting=leaving(how, dropout))  # fmt: skip
    for rule, words in said.items():
        want = chances_of(drawn[rule], floor_pct=floor)
        assert within(words.count("meets") / few, want.meets, few)
        assert within(words.count("falls short") / few, want.falls_short, few)
    off = np.mean(means) - chances_of(drawn["observed"], floor_pct=floor).expected_pct
    assert abs(off) < ALLOWED_Z * np.std(means) / few**0.5


def test_everyone_may_leave():
    drawn = draw_clinics(USUAL, rng(), 1, true_mean_pct=40.0, clinics=CLINICS,
                         setting=leaving("at random", 0.5))  # fmt: skip
    for samples in drawn.values():
        got = chances_of(samples, floor_pct=40.0)
        assert within(got.not_testable, 0.5)
        assert got.not_testable + got.undecided == pytest.approx(1)


def test_counting_the_missing_as_unchanged_pulls_the_mean_to_zero():
    """At random: 0.7 x 40 = 28."""
    drawn = draw_clinics(USUAL, rng(), 200, true_mean_pct=40.0, clinics=CLINICS,
                         setting=leaving("at random", 0.3))  # fmt: skip
    assert chances_of(drawn["unchanged"], floor_pct=40.0).expected_pct == pytest.approx(28, abs=0.2)
    assert chances_of(drawn["observed"], floor_pct=40.0).expected_pct == pytest.approx(40, abs=0.2)


def test_a_long_tail_below_makes_few_patients_flatter():
    skewed = populations()["scores, any baseline above 0"]
    drawn = draw_clinics(skewed, rng(), 20, true_mean_pct=40.0, clinics=CLINICS,
                         setting=leaving("nobody", 0.0))  # fmt: skip
    got = chances_of(drawn["observed"], floor_pct=40.0)
    assert got.meets > 0.03 > 0.02 > got.falls_short


@pytest.mark.slow
def test_a_small_page_has_every_table():
    told = []
    text = tables.mean_part(clinics=50, seed=1, say=told.append)
    assert text.count("\n## ") == 11 and len(told) == 9
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all("nan" not in row for row in rows)
    # 40 % true: one row for each kind of patients
    assert len([row for row in rows if "%, on the floor" in row]) == len(tables.names())
    # two ways of leaving, two rules: in the table of the distortion and at three truths
    assert len([row for row in rows if row.startswith("| 30 % leave")]) == 4 * 4


def test_a_cell_does_not_hang_on_the_others():
    one, two = (tables.MeanTables(clinics=50, seed=1) for _ in range(2))
    two.complete("all or nothing", 0.0, 50)
    assert one.complete("all or nothing", 0.0, 20) == two.complete("all or nothing", 0.0, 20)
    other = tables.MeanTables(clinics=50, seed=2)
    assert one.complete("all or nothing", 0.0, 20) != other.complete("all or nothing", 0.0, 20)


def test_the_page_holds_what_the_command_writes_on_means():
    """Every cell has a generator of its own, so a row made again stands in the page."""
    again = tables.MeanTables(clinics=errors.CLINICS, seed=errors.SEED)
    cells = [again.complete("all or nothing", 0.0, n) for n in tables.SIZES]
    told = " | ".join(f"{100 * one.meets:.2f} / {100 * one.falls_short:.2f}" for one in cells)
    assert f"| all or nothing | {told} |" in PAGE.read_text(encoding="utf-8")


def test_the_page_names_where_it_breaks():
    page = PAGE.read_text(encoding="utf-8")
    named = [line for line in page.splitlines() if line.startswith("- **") and "clinics (n" in line]
    told = "\n".join(named)
    for part in ("any baseline above 0 (skewness", "non-responders twice as often; left out"):
        assert part in told
    assert "Normal values" not in told
