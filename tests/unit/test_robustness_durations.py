"""The grid of readings of a duration: each cell is the row of that reading run alone."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pytest
from relief_studies import WEEK, four, responder
from studies import claim, duration_claim, patient, study

from analysis.claims.claim import Claim
from analysis.claims.judge import judge_claim
from analysis.claims.robustness import RobustnessResult, judge_readings, what_is_common
from analysis.claims.robustness.duration_readings import (
    AT_VISIT,
    BETWEEN,
    DurationReading,
    duration_headline_of,
    duration_readings_of,
)
from analysis.claims.robustness.durations import GRID_REPLICATES
from analysis.claims.specifications import CHOICE_NAMES
from analysis.claims.verdicts import judge_interval
from analysis.outcomes.competing import median_when_competing, tabulate_competing
from analysis.outcomes.interval_relief import tabulate_interval_relief
from analysis.outcomes.losses import losses_of, spans_of
from analysis.outcomes.relief import tabulate_kaplan_meier
from analysis.outcomes.rows import ResultRow, find_row
from analysis.outcomes.selection import whole_group
from analysis.settings import AnalysisSettings

SETTINGS = AnalysisSettings(bootstrap_replicates=200)
SAME = 1e-9  # weeks or share; the same sums


def kept_claim(**changed) -> Claim:
    """A claim that relief is typically kept to week 12."""
    kept = {
        "measure": "kept_relief", "visit": "week_12", "cited_low": None, "cited_high": None,
        "unit": "share", "frequency": "typical",
    }  # fmt: skip
    return duration_claim(**{**kept, **changed})


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


@lru_cache(maxsize=8)
def judged(kind: str) -> RobustnessResult:
    made = {"median": duration_claim, "kept": kept_claim}[kind]()
    return judge_readings(made, study(people(), SETTINGS), SETTINGS)


def under(one: DurationReading, *, replicates: int) -> AnalysisSettings:
    """The settings that make a reading the run's own."""
    return SETTINGS.model_copy(
        update={
            "responder_threshold_pct": one.threshold_pct,
            "loss_rule": one.loss_rule,
            "relief_clock": one.clock,
            "booster_strategy": "loss" if one.booster == "competing" else one.booster,
            "minimum_baseline_score": one.minimum_baseline_score,
            "bootstrap_replicates": replicates,
        }
    )


def row_alone(one: DurationReading, *, replicates: int) -> ResultRow | None:
    """Derive everything again under a reading's settings, and take its row."""
    settings = under(one, replicates=replicates)
    datasets = study(people(), settings)
    if one.booster == "competing":
        rows, name = tabulate_competing(datasets, settings, "crps"), "relief_duration"
    elif one.estimator == BETWEEN:
        rows = tabulate_interval_relief(datasets, settings, "crps")
        name = "relief_duration" if one.week is None else "relieved_share"
    else:
        rows = tabulate_kaplan_meier(datasets, settings, "crps")
        name = "km_relief_duration" if one.week is None else "km_relieved_share"
    definitions = {"loss": "as_loss", "censoring": "as_censoring"}
    return find_row(
        rows,
        measure=name,
        definition=f"booster_{definitions.get(one.booster, one.booster)}",
        population=one.population,
        visit="" if one.week is None else f"week_{one.week:g}",
        group_by="all",
    )


def numbers(result: RobustnessResult, place: int) -> tuple[float, float, float]:
    return result.value[place], result.low[place], result.high[place]


def of(row: ResultRow) -> tuple[float, float, float]:
    return tuple(np.nan if end is None else end for end in (row.value, row.low, row.high))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["median", "kept"])
def test_each_cell_is_the_row_of_that_reading_alone(kind):
    """Every thirteenth reading, through settings, derivation and rows of the notebooks."""
    result = judged(kind)
    compared = set()
    for place, one in list(enumerate(result.specifications))[::13]:
        whole = one.population == "all_starters"
        if whole and (one.estimator == AT_VISIT or one.booster == "competing"):
            continue  # no row of a run holds these; see the next tests
        row = row_alone(one, replicates=GRID_REPLICATES)
        assert numbers(result, place) == pytest.approx(of(row), abs=SAME, nan_ok=True), one
        assert (result.n[place], result.n_events[place]) == (row.n, row.n_events or 0)
        compared.add((one.loss_rule, one.clock, one.booster, one.estimator))
    assert len(compared) > 12


def test_the_headline_is_the_number_of_the_verdict():
    datasets = study(people(), SETTINGS)
    for made, kind in ((duration_claim(), "median"), (kept_claim(), "kept")):
        result = judged(kind)
        rows = tabulate_interval_relief(datasets, SETTINGS, "crps")
        verdict = judge_claim(made, rows, analysis_visit="end")
        lead = result.headline
        assert result.verdicts[lead] == verdict.verdict
        told = (verdict.value, verdict.low, verdict.high)
        told = tuple(np.nan if end is None else end for end in told)
        assert numbers(result, lead) == pytest.approx(told, abs=SAME, nan_ok=True)


def test_verdicts_are_those_of_the_intervals():
    result = judged("median")
    for place, said in enumerate(result.verdicts):
        _, low, high = (None if np.isnan(end) else end for end in numbers(result, place))
        assert said in (judge_interval(low, high, floor=2.0), "not testable")
    assert len(set(result.verdicts)) > 1


def test_competing_among_all_starters_adds_the_others_at_zero():
    datasets = study(people(), SETTINGS)
    result = judged("median")
    group = whole_group(datasets, "crps")
    losses = losses_of(spans_of(datasets, group), "loss")
    wanted = median_when_competing(
        losses.with_nonresponders(len(group.patient_ids) - losses.n), level=0.95
    )
    lead = result.specifications[result.headline]
    other = replace(lead, booster="competing", population="all_starters")
    place = result.specifications.index(other)
    assert numbers(result, place) == pytest.approx(of(wanted), abs=SAME, nan_ok=True)
    assert result.n[place] == len(group.patient_ids)


def test_kaplan_meier_among_all_starters_by_hand():
    """Four responders losing at 4, 8, 12 or never, four without relief: half at 0, then 3/8."""
    others = [patient(f"n{i}", 8, later={WEEK[0]: 8}) for i in range(4)]
    result = judge_readings(kept_claim(), study([*four(), *others], SETTINGS), SETTINGS)
    lead = result.specifications[result.headline]
    shares = {}
    for population in ("responders", "all_starters"):
        one = replace(lead, estimator=AT_VISIT, population=population, week=12.0)
        shares[population] = result.value[result.specifications.index(one)]
    assert shares == pytest.approx({"responders": 1 / 4, "all_starters": 1 / 8})


# which readings


def test_the_grid_of_a_median_by_count():
    """2 thresholds x 2 populations x (9 rules and clocks x 7 + 3 baselines x 2 of one booster)."""
    readings = duration_readings_of(duration_claim(), SETTINGS)
    assert len(readings) == 2 * 2 * (9 * 7 + 3 * 2) == len(set(readings))
    assert duration_headline_of(duration_claim(), SETTINGS) in readings


def test_without_infusions_there_are_no_boosters_to_read():
    readings = duration_readings_of(duration_claim(), SETTINGS, with_infusions=False)
    assert {one.booster for one in readings} == {"loss"}


def test_settings_and_claim_join_the_usual_choices():
    own = SETTINGS.model_copy(
        update={"minimum_baseline_score": 2.0, "loss_rule": "confirmed", "relief_clock": "start"}
    )
    made = duration_claim(threshold_pct=40.0, definition="booster_ignored")
    headline = duration_headline_of(made, own)
    readings = duration_readings_of(made, own)
    assert headline in readings and headline.booster == "ignored"
    assert {one.threshold_pct for one in readings} == {30.0, 40.0, 50.0}
    others = {one.loss_rule for one in readings if one.minimum_baseline_score != 2.0}
    assert others == {"confirmed"}


def test_a_share_needs_a_week():
    assert duration_readings_of(kept_claim(visit="end"), SETTINGS) == ()
    result = judge_readings(kept_claim(visit="end"), study(four(), SETTINGS), SETTINGS)
    assert result.headline is None and "No grid" in result.sentence
    with pytest.raises(ValueError, match="no readings of duration"):
        duration_headline_of(claim(), SETTINGS)


def test_words_of_every_choice():
    readings = duration_readings_of(duration_claim(), SETTINGS)
    assert all(set(one.choices) == set(CHOICE_NAMES) for one in readings)
    assert set(DurationReading.choice_names) == set(CHOICE_NAMES)
    table = judged("median").table()
    assert list(table.columns[:9]) == [each.name for each in fields(DurationReading)]
    assert table["is_headline"].sum() == 1
    by_choice = judged("median").by_choice()
    assert {"Timed from", "Lost when", "Boosters"} <= set(by_choice["dimension"])


def test_a_choice_left_by_the_others_is_no_reason():
    """Other baselines stand beside one loss rule only, so "baseline 4" explains no other rule."""
    readings = duration_readings_of(duration_claim(), SETTINGS)
    confirmed = [one for one in readings if one.loss_rule == "confirmed"]
    assert what_is_common(confirmed, readings) == "all of them: lost when a next rating confirms"


# odd clinics


def test_a_median_not_reached_is_an_answer():
    """Nobody loses relief: not reached, no value, and no verdict but undecided."""
    keep = [responder(f"k{i}", w4=4, w8=4, w12=4, w26=4) for i in range(6)]
    result = judge_readings(duration_claim(), study(keep, SETTINGS), SETTINGS)
    lead = result.headline
    assert np.isnan(result.value[lead]) and result.verdicts[lead] == "undecided"
    assert result.counts["not testable"] == 0


def test_nobody_responds():
    none = [patient(f"n{i}", 8, later={WEEK[0]: 8, WEEK[4]: 8}) for i in range(5)]
    result = judge_readings(duration_claim(), study(none, SETTINGS), SETTINGS)
    said = dict(zip(result.specifications, result.verdicts, strict=True))
    assert {v for one, v in said.items() if one.population == "responders"} == {"not testable"}
    everyone = [p for p, one in enumerate(said) if one.population == "all_starters"]
    assert set(result.n[everyone]) == {5} and set(result.value[everyone]) == {0.0}


def test_nobody_rated_at_the_end_is_not_testable():
    unrated = [patient(f"n{i}", 8) for i in range(5)]
    result = judge_readings(duration_claim(), study(unrated, SETTINGS), SETTINGS)
    assert set(result.verdicts) == {"not testable"}


def test_one_patient_and_no_patient():
    result = judge_readings(duration_claim(), study([responder("a", w4=8)], SETTINGS), SETTINGS)
    assert set(result.verdicts) <= {"undecided", "falls short", "meets", "not testable"}
    assert result.n[result.headline] == 1
    nobody = judge_readings(
        duration_claim(condition="fbss"), study([responder("a", w4=8)], SETTINGS), SETTINGS
    )
    assert set(nobody.verdicts) == {"not testable"} and set(nobody.n) == {0}


def test_arms_are_not_pooled():
    both = [responder(f"{arm}{i}", w4=8, arm=arm) for arm in ("drug", "placebo") for i in range(3)]
    result = judge_readings(duration_claim(), study(both, SETTINGS), SETTINGS)
    assert result.headline is None and "must not be pooled" in result.sentence


def test_benches_of_other_settings_or_data_are_refused():
    datasets, benches = study(four(), SETTINGS), {}
    judge_readings(kept_claim(), datasets, SETTINGS, benches=benches)
    assert len(benches) == 1
    other = SETTINGS.model_copy(update={"seed": SETTINGS.seed + 1})
    for given in ((datasets, other), (study(four(), SETTINGS), SETTINGS)):
        with pytest.raises(ValueError, match="other"):
            judge_readings(kept_claim(), *given, benches=benches)


def test_claims_that_share_a_bench_have_the_numbers_of_each_alone():
    datasets, benches = study(people(), SETTINGS), {}
    for kind, made in (("median", duration_claim()), ("kept", kept_claim())):
        shared = judge_readings(made, datasets, SETTINGS, benches=benches)
        for name in ("value", "low", "high", "n", "n_events"):
            np.testing.assert_array_equal(getattr(shared, name), getattr(judged(kind), name))
        assert shared.verdicts == judged(kind).verdicts
