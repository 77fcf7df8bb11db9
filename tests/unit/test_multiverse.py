"""The grid of readings: each cell is the reading run alone, by hand, and of the planted demo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from math import comb, isnan

import numpy as np
import pandas as pd
import pytest
from judged import claim, duration_claim
from judged import mean_claim as mean_of_rated
from studies import END, SETTINGS, WEEK, WEEK_4, clinic, four, patient, responder, study

from analysis.adam.adpain import reaches
from analysis.adam.study import Study, derive_study
from analysis.claims.intervals import Limits, judge_interval, limits_to_judge
from analysis.claims.judge import judge_claims
from analysis.claims.ledger import Claim
from analysis.claims.multiverse import (
    GRID_REPLICATES,
    Multiverse,
    Shared,
    choice_word,
    find_starters,
    judge_readings,
    list_readings,
    what_is_common,
)
from analysis.intake.load import load_export
from analysis.labels import READING_DIMENSIONS
from analysis.results import Estimate, find_one, make_results
from analysis.settings import TWO_POINTS, AnalysisSettings, data_folder, make_settings
from analysis.stats.imputed_visits import (
    ImputedVisits,
    impute_visits,
    imputed_mean,
    imputed_share,
    judged_mean,
)
from analysis.stats.rates import (
    estimate_responder_share,
    estimate_responder_share_exact,
    estimate_share,
)
from analysis.stats.reductions import (
    estimate_mean,
    estimate_median_bca,
    estimate_ratio_of_means,
    mean_limits,
    median_limits,
    ratio_limits,
)
from analysis.stats.relief import (
    Group,
    choose,
    competing_rows,
    losses_of,
    median_when_competing,
    relief_rows,
)

SAME = 1e-9  # share, percent or weeks: the same formula with sums in another order
NEAR_BOOTSTRAP_PCT = 1.5  # percent points: 400 patients, 2,000 resamples, skew of pain scores
ALONE = 47  # readings run alone; a prime, so that the step meets every choice
VISITS = ("end", "week_4", "week_8", "week_12", "week_26")
RELIEF = AnalysisSettings(bootstrap_replicates=200)


@lru_cache(maxsize=4)
def demo(minimum: float = 4.0) -> Study:
    export = load_export(data_folder() / "demo")
    return derive_study(
        export, make_settings({**export.settings, "minimum_baseline_score": minimum})
    )


@lru_cache(maxsize=8)
def drawn_of(make: Callable[..., Study], *about: float, booster: str) -> ImputedVisits:
    """Visits of a study, imputed once for all tests."""
    return impute_visits(make(*about), booster=booster)


@lru_cache(maxsize=1)
def curves_of_demo() -> Shared:
    """What claims on the demo share; below, that it changes no number."""
    return Shared(demo())


@lru_cache(maxsize=4)
def demo_readings(make: Callable[..., Claim], visit: str = "") -> Multiverse:
    return judge_readings(make(visit=visit), demo(), shared=curves_of_demo())


def mean_claim(**changed: object) -> Claim:
    """A claim on the mean percent reduction of all who started."""
    return mean_of_rated(**{"population": "all_starters", **changed})


def under(one: Study, **changed: object) -> Study:
    """The same datasets with other settings of the judging."""
    return replace(one, settings=one.settings.model_copy(update=changed))


def cell(result: Multiverse, **choices: object) -> pd.Series:
    """Return the one reading with the headline's choices but for those given."""
    wanted = {**result.headline[result.choices], **choices}
    same = [result.readings[name] == choice for name, choice in wanted.items()]
    (found,) = np.flatnonzero(np.logical_and.reduce(same))
    return result.readings.iloc[found]


def numbers(one: object) -> tuple[float, float, float]:
    """Value and interval of a reading, an estimate or a judgement, NaN where there is none."""
    ends = (one.value, one.low, one.high)
    return tuple(np.nan if end is None else end for end in ends)


# Limits


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


# The grid of shares and means against each reading alone


def typed() -> Study:
    """The typed clinic with boosters before and after ratings, missed visits and few infusions."""
    more = [
        patient("fourteen", 7, 2, later={WEEK_4: 6}, booster_on=WEEK_4 + 3),
        patient("fifteen", 8, booster_on=END - 2),
        patient("sixteen", 6, None, later={5: 3.0}),
        patient("seventeen", 5, 1, later={WEEK_4: 2}, booster_on=WEEK_4 - 2),
        patient("eighteen", 3.5, 2),
    ]
    return study([*clinic(), *more])


def due_starters(own: Study, one: pd.Series) -> pd.DataFrame:
    """The rows of ADPAIN that a reading counts: started, with the baseline asked for, and due."""
    people = own.adsl[own.adsl["SAFFL"] & ~own.adsl["BASESTAT"].eq("zero").fillna(False)]
    people = people[people["COND"].eq("crps")]
    people = people[~(people["BASE"] < one.minimum_baseline - 1e-9)]
    if one.patients == "completed_series":
        people = people[people["NINFUS"] >= 6]
    if one.patients == "rated_once":
        after = own.ratings[own.ratings["POSTFL"]].dropna(subset=["PCHG"])
        people = people[people["USUBJID"].isin(after["USUBJID"])]
    at = own.adpain[own.adpain["AVISIT"].eq(one.visit) & own.adpain["DUEFL"]]
    columns = ["USUBJID", "AVAL", "CHG", "PCHG", "RATEDFL", "BOOSTFL"]
    seen = people[["USUBJID", "BASE"]].merge(at[columns], on="USUBJID")
    if one.booster == "ends_response":
        seen.loc[seen["BOOSTFL"] & seen["RATEDFL"], ["CHG", "PCHG"]] = 0.0
    else:
        seen["BOOSTFL"] = False
    return seen


def judged_means(
    drawn: ImputedVisits, falls: pd.Series, who: pd.Series, visit: str, least: float
) -> list[Estimate]:
    """Means of those rated, with the missing unchanged, and imputed; each with judged limits."""
    unchanged = falls.fillna(0.0)
    means = [
        (falls.dropna(), estimate_mean(falls)),
        (unchanged, estimate_mean(unchanged)),
        (pd.Series(drawn.reductions(who, visit).mean(axis=0)),
         imputed_mean(drawn, who, visit, n_missing=int(falls.isna().sum()))),
    ]  # fmt: skip
    return [judged_mean(values, mean, minimum_baseline=least) for values, mean in means]


def alone(own: Study, drawn: ImputedVisits, one: pd.Series) -> tuple[float, float, float, int, int]:
    """Value, judged limits, n and events of one reading the long way, as the notebooks do it.

    Written apart from the grid on purpose; the two share the datasets and the draws.
    """
    seen = due_starters(own, one)
    n_missing = int((~seen["RATEDFL"]).sum())
    nothing = (np.nan, np.nan, np.nan, len(seen), 0)
    if n_missing == len(seen):
        return nothing
    who = seen["USUBJID"]
    if one.outcome == "mean_of_patients":
        falls, n_events = -seen["PCHG"], 0
        value, worst, imputed = judged_means(drawn, falls, who, one.visit, one.minimum_baseline)
        more = n_missing / len(seen) * (100 - value.value)
        best = tuple(end + more for end in numbers(value)[1:])
    else:
        points = one.outcome == "two_points"
        least = None if points else float(one.outcome)
        flags = reaches(seen["CHG"] if points else seen["PCHG"], TWO_POINTS if points else least)
        open_ = flags.mask(seen["BOOSTFL"] & ~seen["RATEDFL"], False)
        estimate = (estimate_responder_share_exact if one.interval == "exact"
                    else estimate_responder_share)  # fmt: skip
        value, worst = (estimate(flags, missing=rule) for rule in ("excluded", "nonresponse"))
        imputed = imputed_share(drawn, who, one.visit, threshold_pct=least, n_missing=n_missing)
        best, n_events = numbers(estimate(open_, missing="response"))[1:], worst.n_events
    if n_missing and imputed.value is not None:
        value = imputed
    likely = numbers(imputed if n_missing else value)[1:]
    least, most = numbers(worst)[1:]
    if one.outcome == "mean_of_patients":  # the missing may be worse than unchanged
        least = np.fmin(least, likely[0])
    low, high = limits_to_judge(Limits(least, most), Limits(*likely), Limits(*best), has_floor=True)
    return value.value, float(low), float(high), len(seen), n_events


@pytest.mark.slow
@pytest.mark.parametrize("make", [typed, demo])
@pytest.mark.parametrize("one", [claim(), mean_claim()], ids=lambda one: one.measure)
def test_every_cell_is_the_reading_run_alone(make, one):
    own = make()
    drawn = {rule: drawn_of(make, booster=rule) for rule in ("ends_response", "ignored")}
    readings = judge_readings(one, own).readings
    asked = readings[(readings["interval"] == "t") | (one.measure == "responder_share")]
    for _, got in asked.iloc[:: max(1, len(asked) // ALONE)].iterrows():
        *wanted, n, n_events = alone(own, drawn[got.booster], got)
        assert numbers(got) == pytest.approx(tuple(wanted), abs=SAME, nan_ok=True), got
        assert (got.n, got.n_events) == (n, n_events)
        said = "not testable"
        if not np.isnan(wanted[0]):
            low, high = (None if np.isnan(end) else end for end in wanted[1:])
            said = judge_interval(low, high, floor=one.cited_low)
        assert got.verdict == said
    assert len(asked) >= ALONE


@pytest.mark.slow
@pytest.mark.parametrize("minimum", [0.0, 5.0])
def test_shares_are_those_of_a_study_derived_under_each_baseline(minimum):
    """ADPAIN of an export derived anew, and its response flags, as the notebooks take them."""
    fas = demo(minimum).adpain.query("FASFL and DUEFL and COND == 'crps'")
    drawn = drawn_of(demo, minimum, booster="ends_response")
    result = demo_readings(claim)
    flags = {"30": ("CRIT30FL", 30.0), "50": ("CRIT50FL", 50.0), "two_points": ("CRIT2PFL", None)}
    for visit in VISITS:
        own = fas[fas["AVISIT"] == visit]
        n_missing = int((~own["RATEDFL"]).sum())
        for outcome, (flag, pct) in flags.items():
            worst = estimate_responder_share(own[flag], missing="nonresponse")
            imputed = imputed_share(drawn, own["USUBJID"], visit, threshold_pct=pct,
                                    n_missing=n_missing)  # fmt: skip
            got = cell(result, minimum_baseline=minimum, outcome=outcome, visit=visit)
            wanted = imputed.value, worst.low, max(worst.high, imputed.high)
            assert numbers(got) == pytest.approx(wanted, abs=SAME)
            assert (got.n, got.n_missing, got.n_events) == (len(own), n_missing, worst.n_events)


@pytest.mark.slow
def test_medians_and_ratios_are_those_of_the_estimators():
    fas = demo().adpain.query("FASFL and DUEFL and COND == 'crps'")
    result = demo_readings(mean_claim)
    rng = np.random.default_rng(1)
    for visit in ("end", "week_12"):
        own = fas[fas["AVISIT"] == visit]
        median = estimate_median_bca(-own["PCHG"], rng=rng)
        ratio = estimate_ratio_of_means(own["BASE"], own["AVAL"], rng=rng)
        for outcome, interval, wanted in (
            ("median_of_patients", "order_statistics", median),
            ("ratio_of_means", "fieller", ratio),
        ):
            got = cell(result, outcome=outcome, interval=interval, visit=visit)
            assert got.value == pytest.approx(wanted.value, abs=SAME)
            assert (got.n, got.n_missing) == (wanted.n, wanted.n_missing)


@pytest.mark.slow
@pytest.mark.parametrize("visit", ["end", "week_12"])
@pytest.mark.parametrize("make", [claim, mean_claim])
def test_the_headline_cell_is_the_judgement(make, visit):
    one = make(visit=visit)
    own = demo().adpain.query("FASFL and DUEFL and COND == 'crps' and AVISIT == @visit")
    falls, n_missing = -own["PCHG"], int((~own["RATEDFL"]).sum())
    open_ = own["CRIT30FL"].mask(own["BOOSTFL"] & ~own["RATEDFL"], False)
    drawn = {rule: drawn_of(demo, booster=rule) for rule in ("ends_response", "ignored")}
    who, drawn_means = own["USUBJID"], drawn["ignored"]
    kinds = ("observed", "all_starters", "imputed")
    judged_rows = judged_means(drawn_means, falls, who, visit, SETTINGS.minimum_baseline_score)
    made = {
        ("responder_share", "percent_reduction"): {
            "all_starters": estimate_responder_share(own["CRIT30FL"], missing="nonresponse"),
            "best_case": estimate_responder_share(open_, missing="response"),
            "imputed": imputed_share(drawn["ends_response"], who, visit, threshold_pct=30.0,
                                     n_missing=n_missing),
        },
        ("percent_reduction", "mean_of_patients"): {
            "all_starters": replace(estimate_mean(falls.fillna(0.0)), n_missing=n_missing),
            "observed": estimate_mean(falls),
            "imputed": imputed_mean(drawn_means, who, visit, n_missing=n_missing),
        },
        ("percent_reduction", "mean_of_patients_judged"): dict(
            zip(kinds, judged_rows, strict=True)
        ),
    }  # fmt: skip
    rows = [
        estimate.row(
            measure=measure, definition=definition, population=population, condition="crps",
            visit=visit, threshold_pct=30.0 if measure == "responder_share" else None,
        )
        for (measure, definition), populations in made.items()
        for population, estimate in populations.items()
    ]  # fmt: skip
    (judged,) = judge_claims([one], make_results(rows))
    got = demo_readings(make, visit).headline
    assert judged.missing is not None and judged.n_missing == got.n_missing > 0
    assert got.value == pytest.approx(judged.missing.imputed, abs=SAME)
    assert (got.low, got.high) == pytest.approx(judged.judged_limits, abs=SAME)
    assert (got.verdict, got.n) == (judged.verdict, judged.n)


# Shares and means by hand


@pytest.mark.slow
def test_boosters_and_the_missing_by_hand():
    """Five patients at week 4, all from 8: 4 rated at 2; 5 rated at 2 after a booster; 6 not rated,
    at the end 2; 7 not rated, at the end 2, then a booster; 8 never rated after day 0."""
    own = study(
        [
            patient("4", 8, 2, later={WEEK_4: 2}),
            patient("5", 8, 2, later={WEEK_4: 2}, booster_on=WEEK_4 - 3),
            patient("6", 8, 2),
            patient("7", 8, 2, booster_on=WEEK_4 - 3),
            patient("8", 8),
        ]
    )
    result = judge_readings(claim(visit="week_4"), own)

    def counts(**choices):
        got = cell(result, **choices)
        return got.n_events, got.n, got.n_missing

    assert counts() == (1, 5, 3)
    assert counts(booster="ignored") == (2, 5, 3)
    assert counts(patients="rated_once") == (1, 4, 2)
    # Two ratings bear no model of five visits: the number is of those rated, and the best case is
    # the upper limit: 6 and 8 could respond, and 7 only where its booster is ignored.
    for booster, seen, best in (("ends_response", 1 / 2, 3), ("ignored", 1.0, 5)):
        got = cell(result, booster=booster)
        assert got.value == seen
        assert got.high == pytest.approx(estimate_share(best, 5).high, abs=SAME)
        assert got.low == pytest.approx(estimate_share(got.n_events, 5).low, abs=SAME)


@pytest.mark.slow
def test_minimum_baseline_and_completers_by_hand():
    """Baselines 3, 3.5, 4, 5 and none; all but the last respond; nobody had six infusions."""
    people = [patient(str(base), base, base / 2) for base in (3, 3.5, 4, 5)]
    result = judge_readings(claim(), study([*people, patient("none", None, 2)]))
    for least, n in ((0.0, 5), (3.0, 5), (4.0, 3), (5.0, 2)):
        got = cell(result, minimum_baseline=least)
        assert (got.n, got.n_events) == (n, n - 1)
    nobody = cell(result, patients="completed_series")
    assert (nobody.verdict, nobody.n) == ("not testable", 0)


@pytest.mark.slow
def test_starters_hold_every_baseline_but_zero():
    """Of the typed clinic eleven (baseline 0) and thirteen (never treated) are no starters."""
    own = study(clinic())
    starters, group, refusal = find_starters(own, claim())
    everyone = {one["patient"]["patient_id"] for one in clinic()}
    assert set(starters["USUBJID"]) == everyone - {"eleven", "thirteen"}
    assert (group, refusal) == (("all", "all"), "")
    part, group, _ = find_starters(own, claim(measure="success", group="subtype=type_2"))
    assert set(part["USUBJID"]) == {"six", "seven", "eight", "nine"}
    assert group == ("subtype", "type_2")


# Odd data


@pytest.mark.slow
def test_nobody_rated_is_not_testable_in_any_reading_of_that_visit():
    own = study([patient("one", 8), patient("two", 7), patient("three", 8, 2)])
    result = judge_readings(claim(visit="week_12"), own)
    assert set(result.readings["verdict"]) == {"not testable"}
    assert result.readings["value"].isna().all()
    assert result.sentence.startswith("Not testable in all")


@pytest.mark.slow
@pytest.mark.parametrize("make", [claim, mean_claim, duration_claim])
def test_a_condition_without_patients(make):
    result = judge_readings(make(condition="fbss"), study(clinic()))
    assert set(result.readings["verdict"]) == {"not testable"} and set(result.readings["n"]) == {0}


@pytest.mark.slow
def test_one_patient_and_no_spread_are_undecided_not_decided():
    one = judge_readings(mean_claim(visit="end"), study([patient("one", 8, 2)]))
    same = judge_readings(mean_claim(visit="end"), study([patient(str(i), 8, 2) for i in range(9)]))
    for result in (one, same):
        assert set(result.readings["verdict"]) <= {"undecided", "not testable"}
    assert same.headline.value == pytest.approx(75.0)


@pytest.mark.slow
def test_arms_are_never_pooled():
    people = [patient(str(i), 8, 2 if i % 2 else 8, arm="drug" if i % 2 else "placebo")
              for i in range(20)]  # fmt: skip
    own = study(people)
    for one in (claim(), duration_claim()):
        pooled = judge_readings(one, own)
        assert pooled.headline is None and "must not be pooled" in pooled.sentence
    of_drug = judge_readings(claim(), under(own, claim_arm="drug")).headline
    assert (of_drug.n, of_drug.n_events) == (10, 10)
    none = judge_readings(claim(), under(own, claim_arm="other"))
    assert none.headline is None and "'other'" in none.reason


@pytest.mark.slow
def test_a_claim_without_a_grid_says_so():
    """How many were rated: no reading of that is open."""
    one = claim(measure="completeness_share", definition="", threshold_pct=None)
    result = judge_readings(one, demo())
    assert result.headline is None and "No grid" in result.sentence
    assert sum(result.counts.values()) == 0
    assert list_readings(one, SETTINGS, visits=VISITS).empty


@pytest.mark.parametrize("one", [claim(population="observed"), mean_of_rated()])
def test_a_claim_on_those_rated_has_no_grid_of_all_who_started(one):
    """Its verdict counts nobody missing, so no reading of the grid could be its headline."""
    assert list_readings(one, SETTINGS, visits=VISITS).empty


# Which readings there are


def test_counts_by_hand():
    """Rates: 30%, 50% or two points x 5 visits x 3 populations x 4 baselines x 2 boosters x
    2 intervals. Means: 5 kinds with their intervals for the outcomes. Medians of duration:
    2 thresholds x 2 populations x (9 rules and clocks x 7 + 3 baselines x 2 of one booster)."""
    assert len(list_readings(claim(), SETTINGS, visits=VISITS)) == 3 * 5 * 3 * 4 * 2 * 2 == 720
    assert len(list_readings(mean_claim(), SETTINGS, visits=VISITS)) == 5 * 5 * 3 * 4 * 2 == 600
    assert len(list_readings(duration_claim(), SETTINGS)) == 2 * 2 * (9 * 7 + 3 * 2)


@pytest.mark.parametrize("one", [claim(), mean_claim(), duration_claim()])
def test_every_reading_stands_once_and_the_headline_among_them(one):
    readings = list_readings(one, SETTINGS, visits=VISITS)
    assert not readings.duplicated().any() and readings["is_headline"].sum() == 1
    for name in readings.columns.drop("is_headline"):
        assert READING_DIMENSIONS[name] and all(choice_word(name, c) for c in readings[name])


def test_what_is_the_same_by_construction_or_named_by_the_words_is_not_varied():
    assert "missing" not in list_readings(claim(), SETTINGS)  # the verdict rule, in each
    readings = list_readings(claim(visit="week_12"), SETTINGS, visits=VISITS)
    assert set(readings["visit"]) == {"week_12"}


def test_what_a_run_sets_joins_the_usual_choices():
    own = AnalysisSettings(minimum_baseline_score=4.5, analysis_visit="week_6")
    readings = list_readings(claim(threshold_pct=40.0), own, visits=VISITS)
    assert set(readings["minimum_baseline"]) == {0, 3, 4, 4.5, 5}
    assert set(readings.query("is_headline")["visit"]) == {"end"}  # whatever visit the run is about
    assert set(readings["outcome"]) == {"two_points", "30", "40", "50"}
    own = AnalysisSettings(minimum_baseline_score=2.0, loss_rule="confirmed", relief_clock="start")
    made = duration_claim(threshold_pct=40.0, definition="booster_ignored")
    readings = list_readings(made, own)
    assert readings[readings["is_headline"]]["booster"].item() == "ignored"
    assert set(readings["outcome"]) == {"30", "40", "50"}
    others = readings[readings["minimum_baseline"] != 2.0]
    assert set(others["loss_rule"]) == {"confirmed"}


def test_without_infusions_nobody_completed_a_series_and_there_are_no_boosters():
    readings = list_readings(claim(), SETTINGS, visits=VISITS, with_infusions=False)
    assert set(readings["patients"]) == {"all_starters", "rated_once"}
    readings = list_readings(duration_claim(), SETTINGS, with_infusions=False)
    assert set(readings["booster"]) == {"loss"}


# Verdicts and words


def made(said: dict[tuple[str, str], str]) -> Multiverse:
    """Readings by patients and visit, the first of them the headline."""
    head = list_readings(claim(), SETTINGS).query("is_headline").iloc[0]
    rows = [
        {**head, "patients": who, "visit": visit, "verdict": verdict, "is_headline": not place}
        for place, ((who, visit), verdict) in enumerate(said.items())
    ]
    return Multiverse(
        claim_id="T1", condition="crps", unit="share", floor=0.7, ceiling=None, level=0.95,
        readings=pd.DataFrame(rows),
    )  # fmt: skip


def test_the_sentence_names_what_the_rarer_have_in_common():
    every, visits = ("all_starters", "completed_series", "rated_once"), ("end", "week_4", "week_8")
    said = dict.fromkeys([(who, visit) for who in every for visit in visits], "falls short")
    said["completed_series", "end"] = "meets"
    words = {who: choice_word("patients", who) for who in every}
    assert made(said).sentence == (
        f"Falls short in 8 of 9 readings; meets in 1: end of series, {words['completed_series']}. "
        "The reading fixed in advance: falls short."
    )
    said["completed_series", "week_4"] = "meets"
    assert f"meets in 2, all of them: {words['completed_series']}. " in made(said).sentence
    said["rated_once", "week_4"] = "meets"
    sentence = made(said).sentence
    assert f"meets in 3, none of them: week 8, {words['all_starters']}. " in sentence


def test_the_sentence_when_all_agree_and_when_none_meets():
    two = [("all_starters", "end"), ("all_starters", "week_4")]
    alike = made(dict.fromkeys(two, "meets")).sentence
    assert alike == "Meets in all 2 readings. The reading fixed in advance: meets."
    none = made({two[0]: "falls short", two[1]: "undecided"}).sentence
    assert "; meets in none. " in none


def test_a_choice_left_by_the_others_is_no_reason():
    """Other baselines come with one loss rule only, so "baseline 4" explains no other rule."""
    readings = list_readings(duration_claim(), SETTINGS).drop(columns="is_headline")
    confirmed = readings[readings["loss_rule"] == "confirmed"]
    shared = ", all of them: lost when a next rating confirms"
    assert what_is_common(confirmed, readings) == shared


@pytest.mark.slow
def test_counts_agree():
    result = demo_readings(claim)
    readings = result.readings
    assert Counter(readings["verdict"]) == Counter({k: n for k, n in result.counts.items() if n})
    assert result.n_agreeing == result.counts[result.headline.verdict]
    assert (result.summary.n, result.summary.n_agreeing) == (len(readings), result.n_agreeing)
    with pytest.raises(ValueError, match="headline"):
        replace(result, readings=readings.assign(is_headline=False))


# The planted truths of the demo (data/demo/truth.json: all starters, 30%, at the end)


@pytest.mark.slow
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
    found = judge_readings(one, demo(), shared=curves_of_demo())
    assert found.headline.verdict == verdict


@pytest.mark.slow
def test_a_planted_false_claim_is_met_in_no_reading_and_a_true_one_in_most_at_the_end():
    assert demo_readings(claim).counts["meets"] == 0
    one = claim(cited_low=0.3, cited_high=None, visit="end")
    true = judge_readings(one, demo(), shared=curves_of_demo())
    assert true.counts["meets"] > 0.6 * len(true.readings)  # 50% less pain is another matter
    assert true.headline.verdict == "meets"


# Durations


def kept_claim(**changed: object) -> Claim:
    """A claim that relief is typically kept to week 12."""
    kept = {
        "measure": "kept_relief", "visit": "week_12", "cited_low": None, "cited_high": None,
        "unit": "share", "frequency": "typical",
    }  # fmt: skip
    return duration_claim(**{**kept, **changed})


CLAIMS = {"median": duration_claim, "kept": kept_claim}


def people() -> list[dict]:
    """Losses in every gap, boosters before and after them, low baselines, one bad day, others."""
    out = []
    for place in range(4):
        out += [
            responder(f"a{place}", w4=8),
            responder(f"b{place}", w4=4, w8=8, w12=8),
            responder(f"c{place}", w4=4, w8=7, w12=4, w26=8),
            responder(f"d{place}", w4=4, w8=4, w12=8, booster_on=WEEK[10]),
            responder(f"e{place}", w4=5, w8=4, w12=5, w26=4),
            responder(f"f{place}", w4=4, booster_on=WEEK[6], w8=3),
            patient(f"g{place}", 3.5, later={WEEK[0]: 1, WEEK[4]: 1, WEEK[8]: 3.5}),
            patient(f"h{place}", 4.5, later={WEEK[0]: 2, WEEK[4]: 4.5}),
            patient(f"i{place}", 8, later={WEEK[0]: 7, WEEK[4]: 3, WEEK[8]: 8}),
            patient(f"j{place}", 8),
        ]
    return [*out, patient("k", None, later={WEEK[0]: 5}), patient("l", 8, treated=False)]


@lru_cache(maxsize=4)
def judged(kind: str) -> Multiverse:
    return judge_readings(CLAIMS[kind](), study(people(), RELIEF))


def results_under(one: pd.Series, *, replicates: int) -> pd.DataFrame:
    """Derive everything again under a reading's settings, and make its rows as the notebook."""
    own = study(
        people(),
        RELIEF.model_copy(
            update={
                "responder_threshold_pct": float(one.outcome),
                "loss_rule": one.loss_rule,
                "relief_clock": one.clock,
                "booster_strategy": "loss" if one.booster == "competing" else one.booster,
                "minimum_baseline_score": one.minimum_baseline,
                "bootstrap_replicates": max(replicates, 200),
            }
        ),
    )
    fas = own.adsl[own.adsl["FASFL"]]
    rated = own.ratings["POSTFL"] & own.ratings["PCHG"].notna()
    if one.clock != "first_response":
        rated &= own.ratings["ROLE"] == "end"
    group = Group(
        condition="crps",
        group_by="all",
        group="all",
        settings=own.settings.model_copy(update={"bootstrap_replicates": replicates}),
        n_starters=len(fas),
        is_rated=bool(fas["USUBJID"].isin(own.ratings.loc[rated, "USUBJID"]).any()),
    )
    make = competing_rows if one.booster == "competing" else relief_rows
    return make_results(make(own.adtte, group))


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLAIMS)
def test_each_cell_of_a_duration_is_the_row_of_that_reading_alone(kind):
    """Every thirteenth reading, through settings, derivation and rows of the notebooks."""
    compared = set()
    week = {"median": None, "kept": 12.0}[kind]
    for _, one in judged(kind).readings.iloc[::13].iterrows():
        everyone = one.population == "all_starters"
        if everyone and (one.estimator == "at_visit" or one.booster == "competing"):
            continue  # no row of a run holds these; see the next tests
        name = "relief_duration" if week is None else "relieved_share"
        departs = (one.loss_rule, one.clock) != ("once", "end_of_series")
        departure = f".{one.loss_rule}.{one.clock}" if departs else ""
        strategy = {"loss": "as_loss", "censoring": "as_censoring"}.get(one.booster, one.booster)
        found = find_one(
            results_under(one, replicates=GRID_REPLICATES),
            measure=f"km_{name}" if one.estimator == "at_visit" else name,
            definition=f"booster_{strategy}{departure}",
            population=one.population,
            visit="" if week is None else "week_12",
        )
        assert numbers(one) == pytest.approx(numbers(found), abs=SAME, nan_ok=True), one
        assert (one.n, one.n_events) == (found.n, found.n_events or 0)
        compared.add((one.loss_rule, one.clock, one.booster, one.estimator))
    assert len(compared) > 12


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLAIMS)
def test_the_headline_is_the_number_of_the_verdict(kind):
    lead = judged(kind).headline
    results = results_under(lead, replicates=RELIEF.bootstrap_replicates)
    (verdict,) = judge_claims([CLAIMS[kind]()], results)
    assert lead.verdict == verdict.verdict
    assert numbers(lead) == pytest.approx(numbers(verdict), abs=SAME, nan_ok=True)


@pytest.mark.slow
def test_verdicts_are_those_of_the_intervals():
    readings = judged("median").readings
    for _, one in readings.iterrows():
        low, high = (None if np.isnan(end) else end for end in (one.low, one.high))
        assert one.verdict in (judge_interval(low, high, floor=2.0), "not testable")
    assert len(set(readings["verdict"])) > 1


@pytest.mark.slow
def test_competing_among_all_starters_adds_the_others_at_zero():
    own = study(people(), RELIEF)
    n_starters = int(own.adsl["FASFL"].sum())
    losses = losses_of(choose(own.adtte, RELIEF, strategy="loss"))
    wanted = median_when_competing(losses.with_nonresponders(n_starters - losses.n), level=0.95)
    got = cell(judged("median"), booster="competing", population="all_starters")
    assert numbers(got) == pytest.approx(numbers(wanted), abs=SAME, nan_ok=True)
    assert got.n == n_starters


@pytest.mark.slow
def test_kaplan_meier_among_all_starters_by_hand():
    """Four responders losing at 4, 8, 12 or never, four without relief: half at 0, then 3/8."""
    others = [patient(f"n{i}", 8, later={WEEK[0]: 8}) for i in range(4)]
    result = judge_readings(kept_claim(), study([*four(), *others], RELIEF))
    shares = {
        population: cell(result, estimator="at_visit", population=population).value
        for population in ("responders", "all_starters")
    }
    assert shares == pytest.approx({"responders": 1 / 4, "all_starters": 1 / 8})


@pytest.mark.slow
def test_a_share_needs_a_week_at_which_relief_is_read():
    for visit in ("end", "week_6"):
        assert list_readings(kept_claim(visit=visit), RELIEF).empty
    result = judge_readings(kept_claim(visit="end"), study(four(), RELIEF))
    assert result.headline is None and "No grid" in result.sentence


@pytest.mark.slow
def test_a_median_not_reached_is_an_answer():
    """Nobody loses relief: not reached, no value; an exact limit decides from 6 patients on.

    All of 6 relieved at week 26: the share there begins at 0.025 ** (1 / 6) = 54%, of 5 at 48%.
    """
    for n, verdict in ((6, "meets"), (5, "undecided")):
        keep = [responder(f"k{i}", w4=4, w8=4, w12=4, w26=4) for i in range(n)]
        result = judge_readings(duration_claim(), study(keep, RELIEF))
        assert np.isnan(result.headline.value) and result.headline.verdict == verdict
        assert result.counts["not testable"] == 0


@pytest.mark.slow
def test_nobody_responds():
    none = [patient(f"n{i}", 8, later={WEEK[0]: 8, WEEK[4]: 8}) for i in range(5)]
    readings = judge_readings(duration_claim(), study(none, RELIEF)).readings
    of_responders = readings["population"] == "responders"
    assert set(readings.loc[of_responders, "verdict"]) == {"not testable"}
    everyone = readings[~of_responders]
    assert set(everyone["n"]) == {5} and set(everyone["value"]) == {0.0}


@pytest.mark.slow
def test_nobody_rated_at_the_end_is_not_testable():
    unrated = [patient(f"n{i}", 8) for i in range(5)]
    result = judge_readings(duration_claim(), study(unrated, RELIEF))
    assert set(result.readings["verdict"]) == {"not testable"}


@pytest.mark.slow
def test_one_patient():
    result = judge_readings(duration_claim(), study([responder("a", w4=8)], RELIEF))
    assert result.headline.n == 1


@pytest.mark.slow
def test_claims_that_share_curves_have_the_numbers_of_each_alone():
    own = study(people(), RELIEF)
    shared = Shared(own)
    for kind, make in CLAIMS.items():
        got = judge_readings(make(), own, shared=shared)
        pd.testing.assert_frame_equal(got.readings, judged(kind).readings)
