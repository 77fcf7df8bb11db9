"""Notebooks 20 to 32 on typed clinics, counted by hand, and where something is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cells import counted, ids, one, run_cells
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import END, SETTINGS, WEEK_4, clinic, patient, study

from analysis.adam.study import NOT_RECORDED, Study, narrow
from analysis.results import Row, find, rows_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return responders(study(clinic()))


def responders(own: Study, condition: str = "crps") -> pd.DataFrame:
    return run_cells("20_responders", narrow(own, condition), condition=condition)


def every_patient(own: Study) -> pd.DataFrame:
    return run_cells("25_every_patient", narrow(own, "crps"), condition="crps")


@pytest.fixture(scope="module")
def spread() -> pd.DataFrame:
    return every_patient(study(clinic()))


def row(rows, **keys) -> Row:
    base = {
        "measure": "responder_share", "definition": "percent_reduction", "threshold_pct": 30.0,
        "population": "all_starters", "visit": "end", "group": "all",
    }  # fmt: skip
    return one(rows, **{**base, **keys})


def counts(rows, **keys):
    return counted(row(rows, **keys))


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        ("all_starters", (4, 10, 2)),  # one, two, three, five
        ("observed", (4, 8, 2)),  # without eight and nine
        ("best_case", (6, 10, 2)),  # with eight and nine
    ],
)
def test_30_percent_by_hand(rows, population, expected):
    assert counts(rows, population=population) == expected


def test_50_percent_by_hand(rows):
    assert counts(rows, threshold_pct=50.0) == (1, 10, 2)  # one


def test_two_points_by_hand(rows):
    keys = {"definition": "two_points", "threshold_pct": None}
    assert counts(rows, **keys) == (2, 10, 2)  # one by 4, two by 3; three by 1.8 only
    assert counts(rows, **keys, population="observed") == (2, 8, 2)


def test_worsening_by_hand(spread):
    keys = {"measure": "worsening_share", "definition": "percent_increase"}
    keys["population"] = "observed"
    assert counts(spread, **keys) == (1, 8, 2)  # six; ten is not worse, booster or not
    assert "boosted" not in row(spread, **keys).notes


def test_completeness_by_hand(spread):
    keys = {"measure": "completeness_share", "definition": "", "threshold_pct": None}
    assert counts(spread, **keys)[:2] == (9, 10)  # nine was seen, though without a baseline
    assert "seen_without_change(1)" in row(spread, **keys).notes.split(";")
    assert counts(spread, **keys, visit="week_4")[:2] == (1, 10)
    assert row(spread, **keys, visit="week_4").notes == ""


def test_a_booster_before_the_visit_is_no_response_and_is_told(rows):
    for population in ("all_starters", "observed", "best_case"):
        found = row(rows, population=population)
        assert "boosted_count_not(1)" in found.notes.split(";")


def test_a_booster_before_a_visit_not_rated_is_no_response_in_the_best_case(rows):
    """At week 4 only one was rated; ten had a booster long before, the other eight may respond."""
    assert counts(rows, visit="week_4", population="best_case") == (9, 10, 8)
    assert counts(rows, visit="week_4", population="all_starters") == (1, 10, 9)
    assert counts(rows, visit="week_4", population="observed") == (1, 1, 9)


def test_cumulative_curve_by_hand(spread):
    """Falls 50, 30, 30, 30, 20, 0, one rise, and 75 after a booster, which is none."""
    found = rows_of(find(spread, measure="cumulative_responder_share", population="observed"))
    assert {r.threshold_pct: r.n_events for r in found} == {
        0.0: 6, 10.0: 5, 20.0: 5, 30.0: 4, 40.0: 1, 50.0: 1,
        60.0: 0, 70.0: 0, 80.0: 0, 90.0: 0, 100.0: 0,
    }  # fmt: skip
    assert {r.n for r in found} == {8}


def test_subgroups_by_hand(rows):
    keys = {"group_by": "subtype"}
    assert counts(rows, **keys, group="type_1") == (4, 5, 0)
    assert counts(rows, **keys, group="type_2") == (0, 4, 2)
    assert counts(rows, **keys, group=NOT_RECORDED) == (0, 1, 0)


def test_exact_stands_beside_wilson(rows):
    wilson, exact = row(rows), row(rows, definition="percent_reduction_exact")
    assert (exact.value, exact.n) == (wilson.value, wilson.n)
    assert (exact.low, exact.high) == pytest.approx((0.1215523, 0.7376219), abs=5e-8)  # 4 of 10


def test_every_number_exists_once(rows, spread):
    every = ids(pd.concat([rows, spread]))
    assert len(set(every)) == len(every)


def test_a_threshold_of_the_settings_is_added_to_the_two_always_shown():
    own = SETTINGS.model_copy(update={"responder_threshold_pct": 20.0})
    made = responders(study(clinic(), own))
    found = rows_of(find(made, measure="responder_share", definition="percent_reduction",
                         visit="end", population="all_starters", group_by="all"))  # fmt: skip
    assert {r.threshold_pct: r.n_events for r in found} == {20.0: 5, 30.0: 4, 50.0: 1}


# what cannot be answered is not 0%


def test_nobody_rated_at_the_visit_is_not_estimable():
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    made = responders(study(clinic(), late))
    found = rows_of(find(made, measure="responder_share", visit="week_26"))
    assert {r.population for r in found} == {"all_starters", "observed", "best_case", "imputed"}
    for r in found:
        assert (r.value, r.low, r.high, r.status) == (None, None, None, "not estimable")
        assert r.notes.split(";")[0] == "nobody_seen"
    seen = every_patient(study(clinic(), late))
    done = one(seen, measure="completeness_share", visit="week_26")
    assert (done.n_events, done.n) == (0, 10)  # that nobody was rated is known


def test_a_condition_without_patients_says_so():
    made = responders(study(clinic()), "fbss")
    assert len(made)
    assert {(r.value, r.n, r.status) for r in rows_of(made)} == {(None, 0, "no patients")}


def test_one_patient():
    made = responders(study([patient("only", 8, 4)]))
    found = row(made)
    assert (found.n_events, found.n, found.value, found.high) == (1, 1, 1.0, 1.0)
    assert found.low < 0.25


def test_all_baselines_missing_is_not_estimable():
    made = responders(study([patient("a", None, 3), patient("b", None, 5)]))
    assert set(find(made, measure="responder_share")["status"]) == {"not estimable"}


def test_visits_that_occur_and_the_analysis_visit():
    assert study(clinic()).visits == ("end", "week_4")
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    assert study(clinic(), late).visits == ("end", "week_4", "week_26")


# any clinic

ratings = st.one_of(st.none(), st.integers(0, 10))
people = st.lists(
    st.tuples(ratings, ratings, ratings, st.one_of(st.none(), st.integers(END - 1, WEEK_4))),
    min_size=1,
    max_size=8,
)


@given(drawn=people)
@hypothesis_settings(max_examples=5)
def test_any_clinic(drawn):
    """Bounds enclose, populations add up, subgroups add up, numbers exist once."""
    typed = [
        patient(f"p{i}", base, end, later={} if late is None else {WEEK_4: late},
                booster_on=booster, subtype=("type_1", "type_2", None)[i % 3])
        for i, (base, end, late, booster) in enumerate(drawn)
    ]  # fmt: skip
    if all(not one["ratings"] for one in typed):
        return
    made = responders(study(typed))
    assert len(set(ids(made))) == len(made)
    for visit in set(made["visit"]):
        three = {
            population: row(made, visit=visit, population=population)
            for population in ("all_starters", "observed", "best_case")
        }
        if any(r.status != "estimated" for r in three.values()):
            continue
        worst, best, seen = three["all_starters"], three["best_case"], three["observed"]
        assert worst.value <= best.value
        assert seen.n + seen.n_missing == worst.n == best.n
        assert seen.n_events == worst.n_events
    keys = {"measure": "responder_share", "definition": "percent_reduction", "threshold_pct": 30.0}
    parts = rows_of(find(made, **keys, population="all_starters", group_by="subtype"))
    if parts:
        assert sum(r.n for r in parts) == row(made).n
        assert sum(r.n_events or 0 for r in parts) == (row(made).n_events or 0)


def test_better_ratings_never_lower_the_rate():
    base = [patient(f"p{i}", 10, score) for i, score in enumerate([9, 8, 7, 6, 5])]
    better = [patient(f"p{i}", 10, score - 1) for i, score in enumerate([9, 8, 7, 6, 5])]
    values = [row(responders(study(p))).value for p in (base, better)]
    assert np.diff(values)[0] == pytest.approx(0.2)  # one more patient of five reaches 30%


def test_rows_of_several_arms_say_so_and_rows_of_one_do_not(rows):
    own = study([patient("a", 8, 4, arm="drug"), patient("b", 8, 8, arm="placebo")])
    for each in rows_of(find(responders(own), measure="responder_share")):
        together = "arms_together" in each.notes
        assert together == (each.group_by == "all"), each.result_id
    assert not rows["notes"].str.contains("arms_together").any()


def test_arms_are_counted_at_every_visit():
    people = [
        patient("a", 8, 4, later={WEEK_4: 4}, arm="drug"),
        patient("b", 8, 8, later={WEEK_4: 8}, arm="placebo"),
    ]
    made = find(responders(study(people)), measure="responder_share", group_by="arm")
    assert set(made["visit"]) == {"end", "week_4"}


def test_low_pain_by_hand(rows):
    """Ends: 4, 7, 4.2, 4, 2.8, 8, 9, unrated, 3 (no baseline), 2 after a booster."""
    made = rows
    found = one(made, measure="low_pain_share", definition="at_most_3", population="all_starters",
                visit="end")  # fmt: skip
    assert counted(found) == (2, 10, 1)  # five and nine; after a booster is no low pain
    assert "boosted_count_not(1)" in found.notes
    seen = {"measure": "low_pain_share", "population": "observed", "visit": "end"}
    assert counted(one(made, definition="at_most_3", **seen)) == (2, 9, 1)
    assert counted(one(made, definition="at_most_1", **seen)) == (0, 9, 1)
    best = one(made, measure="low_pain_share", definition="at_most_1", population="best_case",
               visit="end")  # fmt: skip
    assert counted(best) == (1, 10, 1)
    imputed = one(made, measure="low_pain_share", definition="at_most_3", population="imputed",
                  visit="end")  # fmt: skip
    assert 2 / 10 <= imputed.value <= 3 / 10 and imputed.n == 10


def test_limits_for_looking_again_stand_beside_the_interval(rows):
    """Of 10, 4 respond: the mixture's limits solve its own equation, checked at both ends."""
    made = rows
    what = {"measure": "responder_share", "threshold_pct": 30.0, "visit": "end"}
    what["population"] = "all_starters"
    once, again = (one(made, definition=f"percent_reduction{end}", **what)
                   for end in ("", "_sequence"))  # fmt: skip
    assert (again.value, again.n_events, again.n) == (once.value, 4, 10)
    assert again.low < once.low < once.high < again.high
    for share in (again.low, again.high):  # B(5, 7) / B(1, 1) = 1 / 2310 is 20 times as likely
        assert share**4 * (1 - share) ** 6 == pytest.approx(0.05 / 2310, rel=1e-6)
    assert set(find(made, definition="percent_reduction_sequence")["group_by"]) == {"all"}


# percent reductions


def reductions(own: Study, condition: str = "crps") -> pd.DataFrame:
    return run_cells("30_pain_reduction", narrow(own, condition), condition=condition)


@pytest.fixture(scope="module")
def fallen() -> pd.DataFrame:
    return reductions(study(clinic()))


def by_visit(own: Study) -> pd.DataFrame:
    return run_cells("32_pain_by_visit", narrow(own, "crps"), condition="crps")


@pytest.fixture(scope="module")
def course() -> pd.DataFrame:
    return by_visit(study(clinic()))


def fall(fallen, **keys) -> Row:
    base = {"measure": "percent_reduction", "population": "observed", "visit": "end"}
    return one(fallen, **{**base, **keys})


@pytest.mark.parametrize(
    ("definition", "by_hand"),
    [
        # own: 50, 30, 30, 20, 30, a rise of a third, 0, 75
        ("mean_of_patients", (50 + 30 + 30 + 20 + 30 - 100 / 3 + 0 + 75) / 8),
        ("mean_of_patients_bca", (50 + 30 + 30 + 20 + 30 - 100 / 3 + 0 + 75) / 8),
        ("median_of_patients", 30.0),
        ("ratio_of_means", 100 * (56 - 41) / 56),  # sums 56 before and 41 after
    ],
)
def test_definitions_by_hand(fallen, definition, by_hand):
    found = fall(fallen, definition=definition)
    assert found.value == pytest.approx(by_hand, abs=1e-9)
    assert (found.n, found.n_missing) == (8, 2)
    assert found.low < found.value < found.high


def test_all_starters_count_the_missing_as_unchanged(fallen):
    found = fall(fallen, definition="mean_of_patients", population="all_starters")
    assert found.value == pytest.approx((50 + 30 + 30 + 20 + 30 - 100 / 3 + 0 + 75) / 10)
    assert (found.n, found.n_missing) == (10, 2)
    assert "unrated_as_none(2)" in found.notes.split(";")


def test_a_rating_after_a_booster_stays_in_and_is_counted(fallen):
    found = fall(fallen, definition="mean_of_patients")
    assert "boosted_rated(1)" in found.notes.split(";")


def test_mean_scores_by_hand(course):
    everyone = {"definition": "", "measure": "score_mean"}
    before = one(course, visit="baseline", **everyone)
    assert (before.value, before.n, before.n_missing) == (pytest.approx(63 / 9), 9, 1)
    after = one(course, visit="end", **everyone)
    assert (after.value, after.n) == (pytest.approx((41 + 3) / 9), 9)  # nine has no baseline
    change = one(course, measure="change_mean", definition="", visit="end")
    assert (change.value, change.n) == (pytest.approx(15 / 8), 8)


def test_means_by_visit_are_apart_for_boosters():
    """At week 4 two without a booster have 7 and 8; one is at 2 after a booster: 5.7 in all."""
    people = [
        patient("a", 8, 4, later={WEEK_4: 7}), patient("b", 8, 5, later={WEEK_4: 8}),
        patient("c", 8, 4, later={WEEK_4: 2}, booster_on=WEEK_4 - 7), patient("d", 8, 4),
    ]  # fmt: skip
    made = by_visit(study(people))
    found = {name: one(made, measure="score_mean", visit="week_4", definition=name)
             for name in ("", "no_booster", "after_booster")}  # fmt: skip
    counted = {name: (each.value, each.n, each.n_missing) for name, each in found.items()}
    assert counted == {
        "": (pytest.approx(17 / 3), 3, 1), "no_booster": (7.5, 2, 1), "after_booster": (2.0, 1, 0),
    }  # fmt: skip
    fall = one(made, measure="change_mean", visit="week_4", definition="no_booster")
    assert fall.value == pytest.approx(0.5)
    before = one(made, measure="score_mean", visit="baseline", definition="no_booster")
    assert (before.value, before.n) == (8.0, 4)
    alone = by_visit(study(people[:2]))
    assert set(find(alone, measure="score_mean").definition) == {""}


def test_spread_by_hand(course):
    """Scores 4, 7, 4.2, 4, 2.8, 8, 9, 3, 2; falls 4, 3, 1.8, 1, 1.2, -2, 0, 6."""
    what = {"definition": "", "visit": "end", "population": "observed"}
    scores = one(course, measure="score_sd", **what)
    assert scores.value == pytest.approx(np.std([4, 7, 4.2, 4, 2.8, 8, 9, 3, 2], ddof=1))
    assert (scores.n, scores.n_missing, scores.low) == (9, 1, None)
    falls = one(course, measure="change_sd", **what)
    assert falls.value == pytest.approx(np.std([4, 3, 1.8, 1, 1.2, -2, 0, 6], ddof=1))


def test_scores_stand_by_arm_and_the_pooled_ones_say_so():
    drug = [patient("a", 8, 4, arm="drug"), patient("b", 6, 5, arm="drug")]
    sham = [patient("c", 8, 8, arm="sham"), patient("d", 7, 6, arm="sham")]
    made = by_visit(study([*drug, *sham]))
    by_arm = {"group_by": "arm", "definition": "", "visit": "end"}
    values = {
        (measure, arm): one(made, measure=measure, group=arm, **by_arm).value
        for measure in ("score_mean", "change_mean") for arm in ("drug", "sham")
    }  # fmt: skip
    assert values == {
        ("score_mean", "drug"): 4.5, ("change_mean", "drug"): 2.5,
        ("score_mean", "sham"): 7.0, ("change_mean", "sham"): 0.5,
    }  # fmt: skip
    pooled = one(made, measure="change_mean", definition="", visit="end")
    assert (pooled.value, pooled.notes) == (1.5, "arms_together")


def test_the_model_stands_beside_the_means(course):
    """Week 4, with one patient, is left out; at the end the fall of 8 is the mean fall, 15 / 8."""
    model = one(course, measure="change_mmrm", visit="end")
    assert (model.value, model.unit, model.n) == (pytest.approx(15 / 8), "score", 8)
    assert (model.method, model.notes) == ("ancova", "simpler_one_visit")
    late = one(course, measure="change_mmrm", visit="week_4")
    assert (late.status, late.notes) == ("not estimable", "model_few_at_visit")
    percent = one(course, definition="mmrm_of_mean_baseline", visit="end")
    assert percent.value == pytest.approx(100 * model.value / 7)  # 56 / 8


def test_limits_of_the_mean_for_looking_again(fallen):
    """Below 20 patients there are none yet."""
    found = fall(fallen, definition="mean_of_patients_sequence")
    assert (found.value, found.low) == (pytest.approx(201.6666666 / 8), None)
    assert "early_look(20)" in found.notes.split(";")
    people = [patient(f"p{n:02d}", 8, 4 if n % 2 else 8) for n in range(20)]
    enough = fall(reductions(study(people)), definition="mean_of_patients_sequence")
    once = fall(reductions(study(people)), definition="mean_of_patients")
    assert enough.low < once.low < once.high < enough.high


def test_reductions_of_subgroups_by_hand(fallen):
    found = fall(fallen, definition="mean_of_patients", group_by="subtype", group="type_1")
    assert (found.value, found.n) == (pytest.approx((50 + 30 + 30 + 20 + 30) / 5), 5)


def test_every_reduction_exists_once(fallen, course):
    every = ids(pd.concat([fallen, course]))
    assert len(set(every)) == len(every)


def test_nobody_rated_is_not_estimable_in_every_population():
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    own = study(clinic(), late)
    made = rows_of(find(pd.concat([reductions(own), by_visit(own)]), visit="week_26",
                        measure="percent_reduction", group_by="all"))  # fmt: skip
    assert {r.population for r in made} == {"observed", "all_starters", "imputed", "modeled"}
    assert {(r.value, r.status) for r in made} == {(None, "not estimable")}


def test_no_patients_and_one_patient():
    none = reductions(study(clinic()), "fbss")
    assert {(r.value, r.status) for r in rows_of(none)} == {(None, "no patients")}
    only = fall(reductions(study([patient("only", 8, 4)])), definition="mean_of_patients")
    assert (only.value, only.low, only.high, only.n) == (50.0, None, None, 1)
    assert only.notes == "one_patient"


def test_the_same_seed_gives_the_same_rows(fallen):
    pd.testing.assert_frame_equal(reductions(study(clinic())), fallen)
    other = SETTINGS.model_copy(update={"seed": 7})
    moved = fall(reductions(study(clinic(), other)), definition="ratio_of_means")
    assert moved.value == fall(fallen, definition="ratio_of_means").value
    assert moved.low != fall(fallen, definition="ratio_of_means").low
