"""Responder rows of a typed clinic, counted by hand, and of clinics where something is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import ALLOWED_Z, END, PLANTED, SETTINGS, WEEK_4, big_demo, clinic, patient, study

from analysis.outcomes.responders import tabulate_responders, visits_in_play
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.selection import NOT_RECORDED


@pytest.fixture(scope="module")
def rows():
    return tabulate_responders(study(clinic()), SETTINGS, "crps")


def row(rows, **keys):
    base = {
        "measure": "responder_share", "definition": "percent_reduction", "threshold_pct": 30.0,
        "population": "all_starters", "visit": "end", "group_by": "all", "group": "all",
    }  # fmt: skip
    return find_row(rows, **{**base, **keys})


def counts(rows, **keys):
    found = row(rows, **keys)
    return found.n_events, found.n, found.n_missing


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        ("all_starters", (4, 10, 2)),  # one, two, three, five
        ("worst_case", (4, 10, 2)),
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


def test_worsening_by_hand(rows):
    keys = {"measure": "worsening_share", "definition": "percent_increase"}
    keys["population"] = "observed"
    assert counts(rows, **keys) == (1, 8, 2)  # six; ten is not worse, booster or not
    assert not any("booster" in text for text in row(rows, **keys).warnings)


def test_completeness_by_hand(rows):
    keys = {"measure": "completeness_share", "definition": "", "threshold_pct": None}
    assert counts(rows, **keys)[:2] == (8, 10)
    assert counts(rows, **keys, visit="week_4")[:2] == (1, 10)


def test_a_booster_before_the_visit_is_no_response_and_is_told(rows):
    for population in ("all_starters", "observed", "best_case"):
        found = row(rows, population=population)
        told = "1 had a booster before this visit and count as not responding."
        assert told in found.warnings


def test_a_booster_before_a_visit_not_rated_is_no_response_in_the_best_case(rows):
    """At week 4 only one was rated; ten had a booster long before, the other eight may respond."""
    assert counts(rows, visit="week_4", population="best_case") == (9, 10, 8)
    assert counts(rows, visit="week_4", population="all_starters") == (1, 10, 9)
    assert counts(rows, visit="week_4", population="observed") == (1, 1, 9)


def test_cumulative_curve_by_hand(rows):
    """Falls 50, 30, 30, 30, 20, 0, one rise, and 75 after a booster, which is none."""
    found = find_rows(rows, measure="cumulative_responder_share", population="observed")
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


def test_every_number_exists_once(rows):
    assert len({r.result_id for r in rows}) == len(rows)


def test_a_threshold_of_the_settings_is_added_to_the_two_always_shown():
    own = SETTINGS.model_copy(update={"responder_threshold_pct": 20.0})
    made = tabulate_responders(study(clinic(), own), own, "crps")
    found = find_rows(made, measure="responder_share", definition="percent_reduction", visit="end",
                      population="all_starters", group_by="all")  # fmt: skip
    assert {r.threshold_pct: r.n_events for r in found} == {20.0: 5, 30.0: 4, 50.0: 1}


# what cannot be answered is not 0 %


def test_nobody_rated_at_the_visit_is_not_estimable():
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    made = tabulate_responders(study(clinic(), late), late, "crps")
    found = find_rows(made, measure="responder_share", visit="week_26")
    assert found
    for r in found:
        assert (r.value, r.low, r.high, r.status) == (None, None, None, "not estimable")
        assert r.warnings[0] == "Nobody was rated at this visit."
    done = find_row(made, measure="completeness_share", visit="week_26")
    assert (done.n_events, done.n) == (0, 10)  # that nobody was rated is known


def test_a_condition_without_patients_says_so():
    made = tabulate_responders(study(clinic()), SETTINGS, "fbss")
    assert made
    assert {(r.value, r.n, r.status) for r in made} == {(None, 0, "no patients")}


def test_one_patient():
    made = tabulate_responders(study([patient("only", 8, 4)]), SETTINGS, "crps")
    found = row(made)
    assert (found.n_events, found.n, found.value, found.high) == (1, 1, 1.0, 1.0)
    assert found.low < 0.25


def test_all_baselines_missing_is_not_estimable():
    datasets = study([patient("a", None, 3), patient("b", None, 5)])
    made = tabulate_responders(datasets, SETTINGS, "crps")
    assert {r.status for r in find_rows(made, measure="responder_share")} == {"not estimable"}


def test_visits_that_occur_and_the_analysis_visit():
    datasets = study(clinic())
    assert visits_in_play(datasets, SETTINGS) == ("end", "week_4")
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    assert visits_in_play(datasets, late) == ("end", "week_4", "week_26")


# any clinic

ratings = st.one_of(st.none(), st.integers(0, 10))
people = st.lists(
    st.tuples(ratings, ratings, ratings, st.one_of(st.none(), st.integers(END - 1, WEEK_4))),
    min_size=1,
    max_size=8,
)


@given(drawn=people)
@hypothesis_settings(max_examples=25, deadline=None)
def test_any_clinic(drawn):
    """Bounds enclose, populations add up, subgroups add up, numbers exist once."""
    typed = [
        patient(f"p{i}", base, end, later={} if late is None else {WEEK_4: late},
                booster_on=booster, subtype=("type_1", "type_2", None)[i % 3])
        for i, (base, end, late, booster) in enumerate(drawn)
    ]  # fmt: skip
    if all(not one["ratings"] for one in typed):
        return
    made = tabulate_responders(study(typed), SETTINGS, "crps")
    assert len({r.result_id for r in made}) == len(made)
    for visit in {r.visit for r in made}:
        four = {
            population: row(made, visit=visit, population=population)
            for population in ("all_starters", "observed", "worst_case", "best_case")
        }
        if any(r.status != "estimated" for r in four.values()):
            continue
        worst, best, seen = four["worst_case"], four["best_case"], four["observed"]
        assert worst.value == four["all_starters"].value <= best.value
        assert seen.n + seen.n_missing == worst.n == best.n
        assert seen.n_events == worst.n_events
    keys = {"measure": "responder_share", "definition": "percent_reduction", "threshold_pct": 30.0}
    parts = find_rows(made, **keys, population="all_starters", group_by="subtype")
    if parts:
        assert sum(r.n for r in parts) == row(made).n
        assert sum(r.n_events or 0 for r in parts) == (row(made).n_events or 0)


def test_better_ratings_never_lower_the_rate():
    base = [patient(f"p{i}", 10, score) for i, score in enumerate([9, 8, 7, 6, 5])]
    better = [patient(f"p{i}", 10, score - 1) for i, score in enumerate([9, 8, 7, 6, 5])]
    values = [row(tabulate_responders(study(p), SETTINGS, "crps")).value for p in (base, better)]
    assert np.diff(values)[0] == pytest.approx(0.2)  # one more patient of five reaches 30 %


@pytest.mark.slow
@pytest.mark.parametrize("condition", PLANTED)
def test_planted_responder_shares_are_found_again(condition):
    """The whole way: files written, read, derived, counted."""
    datasets, truth = big_demo()
    made = tabulate_responders(datasets, SETTINGS, condition)
    expected = {
        "all_starters": truth[condition]["expected_all_starters_share"],
        "observed": truth[condition]["expected_rated_share"],
    }
    for population, share in expected.items():
        found = row(made, population=population)
        allowed = ALLOWED_Z * np.sqrt(share * (1 - share) / found.n)
        assert found.value == pytest.approx(share, abs=allowed), population
        assert allowed < 0.05  # enough patients for the test to mean something
    worst, best = row(made, population="worst_case"), row(made, population="best_case")
    assert worst.value < truth[condition]["responder_30_share"] < best.value
