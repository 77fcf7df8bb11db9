"""Published error rates and coverage: against theory, patients drawn one by one, and the pages."""

from __future__ import annotations

from functools import cache, partial
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from analysis import simulate
from analysis.claims.intervals import judge_interval
from analysis.simulate import (
    COMPLETE,
    COURSE_COVERED,
    FLOORS,
    NORMAL_SPREAD_PCT,
    PROMISED,
    RATE_SETTINGS,
    SIZES,
    TYPICAL,
    VISITS,
    Setting,
    course_truth,
    decisive_counts,
    draw_clinics,
    draw_courses,
    draw_normal,
    even_weeks,
    judge_clinics,
    leave_in_pain,
    leaving_shares,
    mean_chances,
    mean_looks,
    missing_coverage,
    populations,
    rate_blocks,
    rate_chances,
    relief_coverage,
    renew_page,
    scenarios,
    share_looks,
    visit_intervals,
    weibull_weeks,
)
from analysis.stats.rates import estimate_share
from analysis.stats.reductions import estimate_mean

EXACT = 1e-12  # sums of binomial terms in another order
SIMULATED, CLINICS = 4000, 20_000
ALLOWED_Z = 4.0  # standard errors of the simulation; passed by chance once in 16,000
PAGES = Path(__file__).parents[2] / "docs" / "simulations"
ALL_OR_NOTHING = populations()["all or nothing"]
USUAL = populations()[TYPICAL]


def rng(seed: int = 8) -> np.random.Generator:
    return np.random.default_rng(seed)


def within(found: float, wanted: float, n: int = CLINICS) -> bool:
    return abs(found - wanted) < ALLOWED_Z * (max(wanted * (1 - wanted), 1e-4) / n) ** 0.5


# Rates


@cache
def judged(n_events: int, n: int, floor: float) -> tuple[str, float]:
    got = estimate_share(n_events, n)
    return judge_interval(got.low, got.high, floor=floor), got.value


@pytest.mark.parametrize("truth", [0.3, 0.6, 0.85])
def test_with_nothing_missing_by_brute_force(truth):
    said = dict.fromkeys(("meets", "falls short", "undecided"), 0.0)
    for k in range(21):
        said[judged(k, 20, 0.6)[0]] += comb(20, k) * truth**k * (1 - truth) ** (20 - k)
    got = rate_chances(20, true_share=truth, floor=0.6, setting=COMPLETE)
    wanted = pytest.approx(tuple(said.values()), abs=EXACT)
    assert (got.meets, got.falls_short, got.undecided) == wanted


@pytest.mark.parametrize("n", [1, 7, 20, 50])
def test_decisive_counts_are_those_of_the_verdict(n):
    meets_from, short_to = decisive_counts(n, 0.7)
    for m in range(1, n + 1):
        said = [judged(k, m, 0.7)[0] for k in range(m + 1)]
        assert meets_from[m] == (said.index("meets") if "meets" in said else m + 1)
        assert short_to[m] == said.count("falls short") - 1


@pytest.mark.parametrize("setting", RATE_SETTINGS, ids=lambda one: one.words)
def test_patients_drawn_one_by_one_give_the_same_rates(setting):
    """Draw who responds and who leaves, and judge with the estimator of the notebooks."""
    draws, truth, n, floor = rng(), 0.68, 20, 0.6
    gone = leaving_shares(truth, setting)
    said = dict.fromkeys(("meets", "falls short", "undecided", "not testable"), 0)
    values = []
    for _ in range(SIMULATED):
        responds = draws.random(n) < truth
        stays = draws.random(n) >= np.where(responds, *gone)
        seen, counted = int((responds & stays).sum()), int(stays.sum())
        if not counted:
            said["not testable"] += 1
            continue
        of = n if setting.rule == "not responding" else counted
        verdict, value = judged(seen, of, floor)
        said[verdict] += 1
        values.append(value)
    want = rate_chances(n, true_share=truth, floor=floor, setting=setting)
    wanted = (want.meets, want.falls_short, want.undecided, want.not_testable)
    assert sum(wanted) == pytest.approx(1, abs=EXACT)
    for count, chance in zip(said.values(), wanted, strict=True):
        assert within(count / SIMULATED, chance, SIMULATED)
    assert abs(np.mean(values) - want.expected) < ALLOWED_Z * np.std(values) / len(values) ** 0.5


def test_shares_of_all_leave_as_stated():
    """Responders 0.7: d_r (0.7 + 2 x 0.3) = 0.3, so 3/13 of responders and 6/13 of the others."""
    setting = Setting(leaving="non-responders more", dropout=0.3)
    assert leaving_shares(0.7, setting) == pytest.approx((3 / 13, 6 / 13))
    with pytest.raises(ValueError, match="cannot leave"):
        leaving_shares(0.1, Setting(leaving="non-responders more", dropout=0.99))


@pytest.mark.parametrize("floor", FLOORS)
@pytest.mark.parametrize("n", SIZES)
def test_nothing_missing_errs_as_promised(n, floor):
    """Two points off the floor in less than 2.5 %; the exact interval nowhere in more."""
    off = partial(rate_chances, n, floor=floor, setting=COMPLETE)
    assert off(true_share=floor - 0.02).meets < PROMISED
    assert off(true_share=floor + 0.02).falls_short < PROMISED
    exact = off(true_share=floor, interval="exact")
    assert exact.meets <= PROMISED and exact.falls_short <= PROMISED


@pytest.mark.parametrize("setting", RATE_SETTINGS, ids=lambda one: one.words)
def test_the_worst_truth_is_the_floor(setting):
    """The page looks only there for the worst case."""
    truths = np.linspace(0.3, 0.9, 61)
    got = [rate_chances(50, true_share=t, floor=0.6, setting=setting) for t in truths]
    assert np.all(np.diff([one.meets for one in got]) >= -EXACT)
    assert np.all(np.diff([one.falls_short for one in got]) <= EXACT)


def test_observed_cases_mislead_when_non_responders_leave_and_counting_them_never_flatters():
    setting = Setting(rule="observed", leaving="non-responders more", dropout=0.3)
    got = [rate_chances(n, true_share=0.65, floor=0.7, setting=setting) for n in SIZES]
    assert got[-1].meets > got[1].meets > PROMISED
    for setting in RATE_SETTINGS:
        if setting.rule == "not responding":
            counted = rate_chances(100, true_share=0.7, floor=0.7, setting=setting)
            assert counted.meets < PROMISED and counted.expected < 0.7
    with pytest.raises(ValueError, match="not responding"):
        rate_chances(20, true_share=0.7, floor=0.6, setting=Setting(rule="unchanged"))


# Means


def leaving(how: str, dropout: float) -> Setting:
    return Setting(rule="observed", leaving=how, dropout=dropout)


@pytest.mark.parametrize("n", [5, 20, 200])
def test_normal_values_on_the_floor_err_in_2_5_percent_each_way(n):
    got = judge_clinics(draw_normal(rng(), n, true_mean_pct=40.0, clinics=CLINICS)["observed"])
    assert within(got.meets, 0.025) and within(got.falls_short, 0.025)
    assert got.not_testable == 0


def test_power_for_normal_values_is_that_of_the_noncentral_t():
    """The chance that t passes its quantile where the mean is 10 points above the floor."""
    n = 50
    reach, shift = student.ppf(0.975, n - 1), 10 / NORMAL_SPREAD_PCT * n**0.5
    drawn = draw_normal(rng(), n, true_mean_pct=50.0, clinics=CLINICS)["observed"]
    assert within(judge_clinics(drawn).meets, float(nct.sf(reach, n - 1, shift)))


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
    assert ALL_OR_NOTHING.skewness(40.0) == pytest.approx(0.2 / 0.24**0.5)
    assert ALL_OR_NOTHING.skewness(50.0) == pytest.approx(0.0, abs=1e-12)
    assert populations()["scores, any baseline above 0"].skewness(40.0) < -1


def test_two_patients_of_all_or_nothing_by_hand():
    """Equal ones (1/2) have no interval; one of each: 50 -+ 12.7 x 50 decides nothing either."""
    drawn = draw_clinics(ALL_OR_NOTHING, rng(), 2, true_mean_pct=50.0, clinics=CLINICS,
                         setting=COMPLETE)  # fmt: skip
    mean, spread, n = drawn["observed"]
    assert within(float(np.isnan(spread).mean()), 0.5)
    assert set(mean) == {0.0, 50.0, 100.0} and set(n) == {2.0}
    assert np.nanmax(spread) == pytest.approx(100 / 2**0.5)
    assert judge_clinics((mean, spread, n)).undecided == 1


@pytest.mark.parametrize("how", ["at random", "non-responders more"])
def test_patients_drawn_one_by_one_give_the_same_means(how):
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
        want = judge_clinics(drawn[rule])
        assert within(words.count("meets") / few, want.meets, few)
        assert within(words.count("falls short") / few, want.falls_short, few)
    off = np.mean(means) - judge_clinics(drawn["observed"]).expected
    assert abs(off) < ALLOWED_Z * np.std(means) / few**0.5


def test_everyone_may_leave():
    drawn = draw_clinics(USUAL, rng(), 1, true_mean_pct=40.0, clinics=CLINICS,
                         setting=leaving("at random", 0.5))  # fmt: skip
    for samples in drawn.values():
        got = judge_clinics(samples)
        assert within(got.not_testable, 0.5)
        assert got.not_testable + got.undecided == pytest.approx(1)


def test_counting_the_missing_as_unchanged_pulls_the_mean_to_zero():
    """At random: 0.7 x 40 = 28."""
    drawn = draw_clinics(USUAL, rng(), 200, true_mean_pct=40.0, clinics=CLINICS,
                         setting=leaving("at random", 0.3))  # fmt: skip
    assert judge_clinics(drawn["unchanged"]).expected == pytest.approx(28, abs=0.2)
    assert judge_clinics(drawn["observed"]).expected == pytest.approx(40, abs=0.2)


def test_a_long_tail_below_makes_few_patients_flatter():
    skewed = populations()["scores, any baseline above 0"]
    drawn = draw_clinics(skewed, rng(), 20, true_mean_pct=40.0, clinics=CLINICS, setting=COMPLETE)
    got = judge_clinics(drawn["observed"])
    assert got.meets > 0.03 > 0.02 > got.falls_short


def test_a_cell_does_not_depend_on_the_others():
    cell = partial(mean_chances, offset=0.0, population="all or nothing", clinics=50)
    first = cell(20, seed=1)
    cell(50, seed=1)
    mean_chances.cache_clear()
    assert cell(20, seed=1) == first != cell(20, seed=2)


# Relief

SAMPLED = 0.05  # four standard errors of a mean of 400,000 draws with spread below 8


@pytest.mark.parametrize("index", [0, 1])
def test_true_numbers_against_draws(index):
    truth = scenarios()[index]
    weeks = truth.draw(rng(3), 400_000)
    assert np.median(weeks) == pytest.approx(truth.median, abs=SAMPLED)
    assert np.minimum(weeks, 26).mean() == pytest.approx(truth.mean, abs=SAMPLED)
    assert (weeks > 4).mean() == pytest.approx(truth.shares[0], abs=0.003)


def test_both_truths_agree_at_the_visits():
    draws = rng(4)
    one, two = weibull_weeks(draws, 400_000), even_weeks(draws, 400_000)
    for week in VISITS:
        assert (one > week).mean() == pytest.approx((two > week).mean(), abs=0.004)


@pytest.mark.parametrize("unseen", [False, True])
def test_visits_bracket_the_truth(unseen):
    draws = rng(5)
    true = weibull_weeks(draws, 2000)
    left, right = visit_intervals(draws, true, unseen=unseen)
    assert np.all((left < true) & (true <= right))
    assert set(np.unique(left)) <= {0.0, *VISITS}


def test_unseen_leaving_hides_losses():
    draws = rng(6)
    true = weibull_weeks(draws, 4000)
    seen = [np.isfinite(visit_intervals(draws, true, unseen=one)[1]).mean() for one in (0, 1)]
    assert seen[0] > seen[1] + 0.05


def test_guarded_intervals_hold_the_truth_more_often_than_not():
    held = relief_coverage(scenarios()[1], 50, datasets=10, seed=1)
    assert np.mean(held["median, guarded"]) >= 0.8
    assert set(held["RMST, guarded"]) <= {True, False}


# Leaving in pain


def test_those_in_more_pain_leave_as_often_as_stated():
    baseline, scores = draw_courses(rng(7), 200_000)
    assert set(np.unique(scores)) == set(range(11)) and baseline.min() == 4
    left = leave_in_pain(rng(7), scores, 0.3)
    gone = np.isnan(left)
    assert np.array_equal(left[~gone], scores[~gone]) and not gone[:, 0].any()
    assert not (gone[:, :-1] & ~gone[:, 1:]).any()  # for good
    # the chance at the first step is in proportion to the score: 1 - 0.7**(1/3) on average
    first = gone[:, 1]
    assert first.mean() == pytest.approx(1 - 0.7 ** (1 / 3), abs=0.004)
    double = [first[scores[:, 0] == score].mean() for score in (3, 6)]
    assert double[1] / double[0] == pytest.approx(2, rel=0.06)


def test_imputation_takes_away_the_bias_that_leaving_in_pain_makes():
    held = missing_coverage(300, dropout=0.3, datasets=12, seed=1)
    assert set(held) == set(COURSE_COVERED)
    off = {name: abs(np.mean([value for _, value in rows])) for name, rows in held.items()}
    assert off["mean, MMRM"] < 0.15 < off["mean, seen only"]
    assert off["share, imputed"] < 0.02 < off["share, seen only"]
    by_baseline, share = course_truth()
    assert 0 < share < 1 and np.all(np.diff(by_baseline[4:]) > 0)


# The pages


def test_the_page_holds_what_the_command_writes_on_rates(tmp_path):
    page = PAGES / "verdict-errors.md"
    copy = tmp_path / "page.md"
    copy.write_text(page.read_text("utf-8"), "utf-8")
    renew_page(copy, rate_blocks())
    assert copy.read_text("utf-8") == page.read_text("utf-8")
    with pytest.raises(ValueError, match="'no such' has 0 places"):
        renew_page(copy, {"no such": ""})


def test_the_page_holds_what_the_command_writes_on_means():
    """Every cell has a generator of its own, so a row made again stands in the page."""
    cells = [mean_chances(n, offset=0.0, population="all or nothing")["observed"] for n in SIZES]
    shown = " | ".join(f"{100 * one.meets:.2f} / {100 * one.falls_short:.2f}" for one in cells)
    assert f"| all or nothing | {shown} |" in (PAGES / "verdict-errors.md").read_text("utf-8")


@pytest.mark.slow
def test_the_command_renews_every_number_of_the_pages(tmp_path, monkeypatch):
    """Few clinics and data sets: every block has its place, and nothing is left as it was."""
    for page in PAGES.glob("*.md"):
        (tmp_path / page.name).write_text(page.read_text("utf-8"), "utf-8")
    monkeypatch.setattr("analysis.simulate.RELIEF_SIZES", (30,))
    monkeypatch.setattr("analysis.simulate.COURSE_SIZES", (30,))
    monkeypatch.setattr(
        "sys.argv", ["simulate", "--clinics", "50", "--datasets", "4", "--pages", str(tmp_path)]
    )
    simulate.main()
    errors, relief, missing = (
        " ".join((tmp_path / name).read_text("utf-8").split())
        for name in ("verdict-errors.md", "relief-coverage.md", "missing-at-random.md")
    )
    assert "50 clinics are drawn" in errors and "nan" not in errors
    # two ways of leaving, two rules: in the table of the distortion and at three truths
    means = errors[errors.index("## The verdict on a mean") :]
    assert means.count("| 30 % leave") == 4 * 4
    assert "one standard Monte-Carlo error is 10.9 points" in relief
    looking = (tmp_path / "looking-again.md").read_text("utf-8")
    assert "50 clinics in each row" in looking and looking.count("sequence |") == 10
    assert "4 data sets in each row" in missing and missing.count("| 30 |") == 2 * 2
    assert relief.count("| 30 |") == 3 and "left out for want of an interval" in relief


def test_looking_again_misleads_and_a_sequence_does_not():
    """2,000 clinics at up to 49 looks: far above 5 % for the interval, below it for a sequence."""
    for erred in (
        share_looks(0.6, last=500, clinics=2_000, seed=5),
        mean_looks("all or nothing", last=500, clinics=2_000, seed=5),
    ):
        ever = {name: flags.any(axis=1).mean() for name, flags in erred.items()}
        once = next(iter(erred.values()))[:, -1].mean()
        assert once == pytest.approx(0.05, abs=0.016)
        assert next(iter(ever.values())) > 0.2
        assert ever["sequence"] < 0.05 and ever.get("bounded sequence", 0.0) < 0.05


def test_the_page_names_where_it_breaks():
    page = (PAGES / "verdict-errors.md").read_text("utf-8")
    named = [line for line in page.splitlines() if line.startswith("- **") and "clinics (n" in line]
    for part in ("any baseline above 0 (skewness", "non-responders twice as often; left out"):
        assert any(part in line for line in named)
    assert not any("Normal values" in line for line in named)
