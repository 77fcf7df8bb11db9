"""The grid of readings: the same as each reading alone, by hand, and of the planted demo."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from math import comb, isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import END, SETTINGS, WEEK_4, claim, clinic, mean_claim, patient, study

from analysis.claims.judge import judge_claim
from analysis.claims.robustness import RobustnessResult, judge_arrays, judge_readings
from analysis.claims.robustness.alone import estimate_reading
from analysis.claims.robustness.limits import (
    exact_limits,
    mean_limits,
    median_limits,
    ratio_limits,
    wilson_limits,
)
from analysis.claims.robustness.patients import starters_of
from analysis.claims.specifications import Specification, headline_of
from analysis.claims.verdicts import judge_interval
from analysis.derive.datasets import Datasets, derive_datasets
from analysis.estimate.proportions import estimate_share_exact, estimate_share_wilson
from analysis.estimate.reductions import estimate_mean, estimate_median_bca, estimate_ratio_of_means
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import find_row
from analysis.outcomes.selection import Group, at_visit
from analysis.places import data_folder
from analysis.settings import make_settings
from analysis.sources.export import load_export

SAME = 1e-9  # share or percent: the same formula with sums in another order
ROOT = 1e-9  # share: a root found by iteration against a quantile function
NEAR_BOOTSTRAP_PCT = 1.5  # percent points: 400 patients, 2,000 resamples, skew of pain scores
ALONE = 53  # readings run alone; a prime, so that the step meets every choice
GROUP_MEASURES = ("responder_share", "percent_reduction")


@lru_cache(maxsize=1)
def demo() -> Datasets:
    export = load_export(data_folder() / "demo")
    return derive_datasets(export, make_settings(export.settings))


def cell(result: RobustnessResult, **choices) -> int:
    """Return the place of the one reading with the headline's choices but for those given."""
    wanted = replace(result.specifications[result.headline], **choices)
    return result.specifications.index(wanted)


# Limits


@given(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
@settings(max_examples=150, deadline=None)
def test_limits_of_shares_are_those_of_the_estimators(counts, level):
    k, n = counts
    for limits, estimate, near in (
        (wilson_limits, estimate_share_wilson, SAME),
        (exact_limits, estimate_share_exact, ROOT),
    ):
        low, high = limits([k], [n], level=level)
        wanted = estimate(k, n, level=level)
        assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high), abs=near)


def test_limits_of_shares_by_hand():
    """Wilson, 0 of 10: up to z^2 / (10 + z^2). Exact, 0 of 10: up to 1 - 0.025^(1/10)."""
    z2 = 1.959963984540054**2
    assert wilson_limits([0, 10], [10, 10])[1][0] == pytest.approx(z2 / (10 + z2), abs=1e-12)
    assert wilson_limits([10], [10])[1][0] == 1.0
    assert exact_limits([0], [10])[1][0] == pytest.approx(1 - 0.025**0.1, abs=1e-12)
    assert np.isnan(wilson_limits([0], [0])).all()
    assert np.isnan(exact_limits([0], [0])).all()


def test_limits_of_means():
    values = pd.Series([10.0, 20.0, 60.0])
    wanted = estimate_mean(values)
    low, high = mean_limits([30.0], [values.std()], [3])
    assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high), abs=SAME)
    half = 1.959963984540054 * values.std() / 3**0.5
    low, high = mean_limits([30.0], [values.std()], [3], student=False)
    assert (low[0], high[0]) == pytest.approx((30 - half, 30 + half), abs=SAME)
    assert np.isnan(mean_limits([5.0, 5.0], [0.0, np.nan], [9, 1])).all()


@pytest.mark.parametrize("n", [5, 6, 8, 9, 10, 25, 60])
def test_limits_of_medians_hold_the_level_and_no_rank_further_in_does(n):
    """Coverage of the r-th smallest to the r-th largest: 1 - 2 P(fewer than r heads of n)."""
    tails = [2 * sum(comb(n, k) for k in range(r)) / 2**n for r in range(n // 2 + 1)]
    rank = max((r for r in range(1, len(tails)) if tails[r] <= 0.05), default=None)
    low, high = median_limits(np.arange(1.0, n + 1))
    if rank is None:
        assert isnan(low) and isnan(high)
    else:
        assert (low, high) == (rank, n + 1 - rank)


def test_limits_of_medians_of_ten_are_the_second_and_the_ninth():
    assert median_limits(np.arange(10.0)) == (1.0, 8.0)
    assert all(isnan(end) for end in median_limits(np.empty(0)))


def test_fieller_limits_solve_their_equation():
    """At both ends the mean of after - ratio * before is t standard errors from 0."""
    before, after = np.array([8.0, 6, 9, 5, 7]), np.array([5.0, 5, 6, 1, 6])
    t_4 = 2.7764451051977987
    for end in ratio_limits(before, after):
        rest = after - (1 - end / 100) * before
        assert abs(rest.mean()) / (rest.std(ddof=1) / 5**0.5) == pytest.approx(t_4, abs=1e-9)
    assert all(isnan(end) for end in ratio_limits(before[:1], after[:1]))


def test_limits_without_resampling_are_near_the_bootstrap_ones():
    rng = np.random.default_rng(5)
    before = rng.integers(4, 11, 400).astype(float)
    after = np.round(before * rng.uniform(0.2, 1.1, 400), 1)
    ratio = estimate_ratio_of_means(pd.Series(before), pd.Series(after), rng=rng)
    for fieller in (True, False):
        got = ratio_limits(before, after, fieller=fieller)
        assert got == pytest.approx((ratio.low, ratio.high), abs=NEAR_BOOTSTRAP_PCT)
    own = 100 * (before - after) / before
    median = estimate_median_bca(pd.Series(own), rng=rng)
    got = median_limits(np.sort(own))
    assert got == pytest.approx((median.low, median.high), abs=NEAR_BOOTSTRAP_PCT)


# The grid against each reading alone


def typed() -> Datasets:
    """The typed clinic with boosters before and after ratings, missed visits and few infusions."""
    more = [
        patient("fourteen", 7, 2, later={WEEK_4: 6}, booster_on=WEEK_4 + 3),
        patient("fifteen", 8, booster_on=END - 2),
        patient("sixteen", 6, None, later={5: 3.0}),
        patient("seventeen", 5, 1, later={WEEK_4: 2}, booster_on=WEEK_4 - 2),
        patient("eighteen", 3.5, 2),
    ]
    return study([*clinic(), *more])


@pytest.mark.parametrize("make", [typed, demo], ids=["typed", "demo"])
@pytest.mark.parametrize("one", [claim(), mean_claim()], ids=GROUP_MEASURES)
def test_every_cell_is_the_reading_run_alone(make, one):
    datasets = make()
    result = judge_readings(one, datasets, SETTINGS)
    starters = starters_of(datasets, "crps")
    asked = [
        (place, reading)
        for place, reading in enumerate(result.specifications)
        if one.measure == "responder_share" or reading.interval == "t"
    ]
    for place, reading in asked[:: max(1, len(asked) // ALONE)]:
        wanted = estimate_reading(datasets, starters, reading)
        got = (result.value[place], result.low[place], result.high[place])
        for number, other in zip(got, (wanted.value, wanted.low, wanted.high), strict=True):
            assert isnan(number) == (other is None), reading
            assert other is None or number == pytest.approx(other, abs=SAME), reading
        if wanted.value is not None:
            assert (result.n[place], result.n_events[place]) == (wanted.n, wanted.n_events or 0)
            said = judge_interval(wanted.low, wanted.high, floor=one.cited_low)
        else:
            said = "not testable"
        assert result.verdicts[place] == said
    assert len(asked) >= ALONE


@pytest.mark.parametrize("minimum", [0.0, 5.0])
def test_shares_are_those_of_the_result_rows(minimum):
    """Rows come from an export derived anew under each least baseline, by the notebooks' code."""
    export = load_export(data_folder() / "demo")
    own = make_settings({**export.settings, "minimum_baseline_score": minimum})
    datasets = derive_datasets(export, own)
    rows = tabulate_responders(datasets, own, "crps")
    result = judge_readings(claim(), demo(), SETTINGS)
    populations = {"not_responding": "all_starters", "observed": "observed", "best": "best_case"}
    seen = 0
    for place, one in enumerate(result.specifications):
        if (one.minimum_baseline_score, one.population) != (minimum, "all_starters"):
            continue
        if one.booster == "ignored" or one.missing not in populations or one.interval == "exact":
            continue
        row = find_row(
            rows, measure="responder_share", definition=one.definition, group_by="all",
            threshold_pct=one.threshold_pct, visit=one.visit, population=populations[one.missing],
        )  # fmt: skip
        got = (result.value[place], result.low[place], result.high[place])
        assert got == pytest.approx((row.value, row.low, row.high), abs=SAME)
        assert (result.n[place], result.n_events[place]) == (row.n, row.n_events)
        seen += 1
    assert seen == 3 * 5 * 3


def test_means_medians_and_ratios_are_those_of_the_result_rows():
    rows = tabulate_reductions(demo(), SETTINGS, "crps")
    result = judge_readings(mean_claim(), demo(), SETTINGS)
    for definition, interval in (
        ("mean_of_patients", "t"),
        ("median_of_patients", "order_statistics"),
        ("ratio_of_means", "fieller"),
    ):
        for visit in ("end", "week_12"):
            place = cell(result, definition=definition, interval=interval, visit=visit)
            row = find_row(
                rows, measure="percent_reduction", definition=definition, visit=visit,
                population="observed", group_by="all",
            )  # fmt: skip
            assert result.value[place] == pytest.approx(row.value, abs=SAME)
            assert (result.n[place], result.n_missing[place]) == (row.n, row.n_missing)


@pytest.mark.parametrize("one", [claim(), mean_claim(), claim(population="observed"),
                                 mean_claim(population="all_starters")])  # fmt: skip
def test_the_headline_cell_is_the_judgement(one):
    rows = [
        *tabulate_responders(demo(), SETTINGS, "crps"),
        *tabulate_reductions(demo(), SETTINGS, "crps"),
    ]
    judged = judge_claim(one, rows, analysis_visit="end")
    result = judge_readings(one, demo(), SETTINGS)
    place = result.headline
    got = (result.value[place], result.low[place], result.high[place])
    assert got == pytest.approx((judged.value, judged.low, judged.high), abs=SAME)
    assert result.verdicts[place] == judged.verdict
    assert result.n[place] == judged.n


# By hand


def test_missing_rules_and_boosters_by_hand():
    """Five patients at week 4, all from 8: 4 rated at 2; 5 rated at 2 after a booster; 6 not rated,
    at the end 2; 7 not rated, at the end 2, then a booster; 8 never rated after day 0."""
    datasets = study(
        [
            patient("4", 8, 2, later={WEEK_4: 2}),
            patient("5", 8, 2, later={WEEK_4: 2}, booster_on=WEEK_4 - 3),
            patient("6", 8, 2),
            patient("7", 8, 2, booster_on=WEEK_4 - 3),
            patient("8", 8),
        ]
    )
    result = judge_readings(claim(visit="week_4"), datasets, SETTINGS)

    def counts(**choices):
        place = cell(result, **choices)
        return int(result.n_events[place]), int(result.n[place]), int(result.n_missing[place])

    assert counts() == (1, 5, 3)
    assert counts(booster="ignored") == (2, 5, 3)
    assert counts(missing="observed") == (1, 2, 3)
    assert counts(missing="observed", booster="ignored") == (2, 2, 3)
    assert counts(missing="best") == (3, 5, 3)
    assert counts(missing="best", booster="ignored") == (5, 5, 3)
    assert counts(missing="last_value") == (2, 5, 3)
    assert counts(missing="last_value", booster="ignored") == (4, 5, 3)
    assert counts(population="rated_once") == (1, 4, 2)
    means = judge_readings(mean_claim(visit="week_4"), datasets, SETTINGS)
    place = cell(means, missing="last_value", booster="ends_response")
    assert means.value[place] == pytest.approx((75 + 0 + 75 + 0 + 0) / 5, abs=SAME)
    place = cell(means, missing="last_value", definition="ratio_of_means", interval="fieller")
    assert means.value[place] == pytest.approx(100 * (40 - 4 * 2 - 8) / 40, abs=SAME)


def test_baseline_carried_is_not_responding_so_it_is_no_reading_of_its_own():
    """BOCF gives a reduction of 0, which reaches no threshold of the grid."""
    missing = {one.missing for one in judge_readings(claim(), demo(), SETTINGS).specifications}
    assert "baseline_value" not in missing


def test_last_values_look_back_and_never_ahead():
    late = study([patient("one", 8, None, later={WEEK_4: 2}), patient("two", 8, 8)])
    result = judge_readings(claim(visit="end"), late, SETTINGS)
    assert result.n_events[cell(result, missing="last_value")] == 0


def test_minimum_baseline_and_completers_by_hand():
    """Baselines 3, 3.5, 4, 5 and none; all but the last respond; nobody had six infusions."""
    people = [patient(str(base), base, base / 2) for base in (3, 3.5, 4, 5)]
    result = judge_readings(claim(), study([*people, patient("none", None, 2)]), SETTINGS)
    for least, n in ((0.0, 5), (3.0, 5), (4.0, 3), (5.0, 2)):
        place = cell(result, minimum_baseline_score=least)
        assert (result.n[place], result.n_events[place]) == (n, n - 1)
    nobody = cell(result, population="completed_series")
    assert result.verdicts[nobody] == "not testable"
    assert result.n[nobody] == 0


# Odd data


def test_nobody_rated_is_not_testable_in_any_reading_of_that_visit():
    datasets = study([patient("one", 8), patient("two", 7), patient("three", 8, 2)])
    result = judge_readings(claim(visit="week_12"), datasets, SETTINGS)
    assert set(result.verdicts) == {"not testable"}
    assert np.isnan(result.value).all()
    assert result.sentence.startswith("Not testable in all")


@pytest.mark.parametrize("one", [claim(condition="fbss"), mean_claim(condition="fbss")])
def test_a_condition_without_patients(one):
    result = judge_readings(one, study(clinic()), SETTINGS)
    assert set(result.verdicts) == {"not testable"}


def test_one_patient_and_no_spread_are_undecided_not_decided():
    one = judge_readings(mean_claim(visit="end"), study([patient("one", 8, 2)]), SETTINGS)
    assert set(one.verdicts) <= {"undecided", "not testable"}
    same = judge_readings(
        mean_claim(visit="end"), study([patient(str(i), 8, 2) for i in range(9)]), SETTINGS
    )
    assert set(same.verdicts) <= {"undecided", "not testable"}
    assert same.value[same.headline] == pytest.approx(75.0)


def test_arms_are_never_pooled():
    people = [patient(str(i), 8, 2 if i % 2 else 8, arm="drug" if i % 2 else "placebo")
              for i in range(20)]  # fmt: skip
    datasets = study(people)
    pooled = judge_readings(claim(), datasets, SETTINGS)
    assert pooled.headline is None and "must not be pooled" in pooled.sentence
    own = judge_readings(claim(), datasets, SETTINGS.model_copy(update={"claim_arm": "drug"}))
    assert (own.n[own.headline], own.n_events[own.headline]) == (10, 10)
    none = judge_readings(claim(), datasets, SETTINGS.model_copy(update={"claim_arm": "other"}))
    assert none.headline is None and "'other'" in none.reason


def without_grid():
    """A claim on a share no reading of which is open: how many were rated."""
    return claim(measure="completeness_share", definition="", threshold_pct=None)


def test_a_claim_without_a_grid_says_so():
    result = judge_readings(without_grid(), demo(), SETTINGS)
    assert (len(result.verdicts), result.headline) == (0, None)
    assert "No grid" in result.sentence
    assert result.table().empty and result.by_choice().empty


# Verdicts and words


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20),
    st.sampled_from([(0.6, None), (0.6, 0.8), (None, 0.3), (0.0, None)]),
)
def test_verdicts_of_arrays_are_those_of_intervals(pairs, marks):
    low, high = (np.array(ends) for ends in zip(*(sorted(pair) for pair in pairs), strict=True))
    floor, ceiling = marks
    got = judge_arrays(low, low, high, floor=floor, ceiling=ceiling)
    wanted = [
        judge_interval(float(a), float(b), floor=floor, ceiling=ceiling)
        for a, b in zip(low, high, strict=True)
    ]
    assert list(got) == wanted


def test_a_strict_floor_is_not_met_on_it():
    on = np.array([0.5])
    assert judge_arrays(on, on, on + 0.1, floor=0.5) == ("meets",)
    assert judge_arrays(on, on, on + 0.1, floor=0.5, above=True) == ("undecided",)
    with pytest.raises(ValueError, match="floor or a ceiling"):
        judge_arrays(on, on, on, floor=None)


def made(verdicts: dict[Specification, str]) -> RobustnessResult:
    k = len(verdicts)
    return RobustnessResult(
        claim_id="T1", condition="crps", unit="share", floor=0.7, ceiling=None, level=0.95,
        specifications=tuple(verdicts), headline=0, value=np.full(k, 0.5), low=np.full(k, 0.4),
        high=np.full(k, 0.6), n=np.full(k, 9), n_missing=np.zeros(k, dtype=int),
        n_events=np.zeros(k, dtype=int), verdicts=tuple(verdicts.values()),
    )  # fmt: skip


def test_the_sentence_names_what_the_rarer_have_in_common():
    head = headline_of(claim(), SETTINGS)
    rules, visits = ("not_responding", "observed", "best"), ("end", "week_4", "week_8")
    every = [replace(head, missing=m, visit=v) for m in rules for v in visits]
    said = dict.fromkeys(every, "falls short")
    said[replace(head, missing="observed", visit="end")] = "meets"
    told = made(said).sentence
    assert told == (
        "Falls short in 8 of 9 readings; meets in 1, it is: end of series, only those rated. "
        "The reading fixed in advance: falls short."
    )
    said[replace(head, missing="observed", visit="week_4")] = "meets"
    assert "meets in 2, all of them: only those rated. " in made(said).sentence
    said[replace(head, missing="best", visit="week_4")] = "meets"
    told = made(said).sentence
    assert "meets in 3, none of them: week 8, not rated = not responding. " in told


def test_the_sentence_when_all_agree_and_when_none_meets():
    head = headline_of(claim(), SETTINGS)
    two = [head, replace(head, visit="week_4")]
    alike = made(dict.fromkeys(two, "meets")).sentence
    assert alike == "Meets in all 2 readings. The reading fixed in advance: meets."
    none = made({two[0]: "falls short", two[1]: "undecided"}).sentence
    assert "; meets in none. " in none


def test_counts_and_tables_agree():
    result = judge_readings(claim(), demo(), SETTINGS)
    table, by_choice = result.table(), result.by_choice()
    assert Counter(table["verdict"]) == Counter({k: n for k, n in result.counts.items() if n})
    assert table["is_headline"].sum() == 1
    assert len(result.of_verdict("undecided")) == result.counts["undecided"]
    assert result.n_agreeing == result.counts[result.verdicts[result.headline]]
    for _, part in by_choice.groupby("dimension"):
        assert part["readings"].sum() == len(table)
        assert part["falls short"].sum() == result.counts["falls short"]


def test_a_result_checks_itself():
    good = judge_readings(claim(), demo(), SETTINGS)
    with pytest.raises(ValueError, match="one number"):
        replace(good, value=good.value[:-1])
    with pytest.raises(ValueError, match="headline"):
        replace(good, headline=None)


def test_a_reading_the_notebooks_do_not_make_cannot_be_run_alone():
    datasets = demo()
    normal = replace(headline_of(mean_claim(), SETTINGS), interval="normal")
    with pytest.raises(ValueError, match="no estimator"):
        estimate_reading(datasets, starters_of(datasets, "crps"), normal)


# The planted truths of the demo (data/demo/truth.json: all starters, 30 %, at the end)


@pytest.mark.parametrize(
    ("condition", "floor", "verdict"),
    [
        ("crps", 0.70, "falls short"),  # planted 0.51 of all starters
        ("crps", 0.40, "meets"),
        ("neuropathic", 0.60, "undecided"),  # planted 0.60: on the floor
        ("headache", 0.50, "falls short"),  # planted 0.32
    ],
)
def test_planted_truths_are_recovered(condition, floor, verdict):
    one = claim(condition=condition, cited_low=floor, cited_high=None)
    result = judge_readings(one, demo(), SETTINGS)
    assert result.verdicts[result.headline] == verdict


def test_a_planted_false_claim_is_met_in_no_reading_and_a_true_one_in_most_at_the_end():
    false = judge_readings(claim(), demo(), SETTINGS)
    assert false.counts["meets"] == 0
    true = judge_readings(claim(cited_low=0.3, cited_high=None, visit="end"), demo(), SETTINGS)
    assert true.counts["meets"] > 0.6 * len(true.verdicts)  # 50 % less pain is another matter
    assert true.verdicts[true.headline] == "meets"


def test_group_of_starters_holds_every_baseline_but_zero():
    """Of the typed clinic eleven (baseline 0) and thirteen (never treated) are no starters."""
    datasets = study(clinic())
    group = starters_of(datasets, "crps")
    assert isinstance(group, Group)
    assert set(group.patient_ids) == {p["patient"]["patient_id"] for p in clinic()} - {
        "eleven", "thirteen"
    }  # fmt: skip
    part = starters_of(datasets, "crps", group_by="subtype", group="type_2")
    assert set(part.patient_ids) == {"six", "seven", "eight", "nine"}
    assert len(at_visit(datasets, part, "end")) == 4
