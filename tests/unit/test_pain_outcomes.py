"""Percent reduction rows of a typed clinic, by hand."""

from __future__ import annotations

import pytest
from studies import ALLOWED_Z, PLANTED, SETTINGS, big_demo, clinic, patient, study

from analysis.outcomes.chance import generator
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.selection import whole_group


@pytest.fixture(scope="module")
def rows():
    return tabulate_reductions(study(clinic()), SETTINGS, "crps")


def row(rows, **keys):
    base = {"measure": "percent_reduction", "population": "observed", "visit": "end",
            "group_by": "all"}  # fmt: skip
    return find_row(rows, **{**base, **keys})


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
def test_definitions_by_hand(rows, definition, by_hand):
    found = row(rows, definition=definition)
    assert found.value == pytest.approx(by_hand, abs=1e-9)
    assert (found.n, found.n_missing) == (8, 2)
    assert found.low < found.value < found.high


def test_all_starters_count_the_missing_as_unchanged(rows):
    found = row(rows, definition="mean_of_patients", population="all_starters")
    assert found.value == pytest.approx((50 + 30 + 30 + 20 + 30 - 100 / 3 + 0 + 75) / 10)
    assert (found.n, found.n_missing) == (10, 2)
    assert "2 without a score at this visit count as no reduction." in found.warnings


def test_a_rating_after_a_booster_stays_in_and_is_told(rows):
    found = row(rows, definition="mean_of_patients")
    assert "1 were rated after a booster; their rating is in it." in found.warnings


def test_mean_scores_by_hand(rows):
    before = find_row(rows, measure="score_mean", visit="baseline")
    assert (before.value, before.n, before.n_missing) == (pytest.approx(63 / 9), 9, 1)
    after = find_row(rows, measure="score_mean", visit="end")
    assert (after.value, after.n) == (pytest.approx((41 + 3) / 9), 9)  # nine has no baseline
    change = find_row(rows, measure="change_mean", visit="end")
    assert (change.value, change.n) == (pytest.approx(15 / 8), 8)


def test_subgroups_by_hand(rows):
    found = row(rows, definition="mean_of_patients", group_by="subtype", group="type_1")
    assert (found.value, found.n) == (pytest.approx((50 + 30 + 30 + 20 + 30) / 5), 5)


def test_every_number_exists_once(rows):
    assert len({r.result_id for r in rows}) == len(rows)


def test_nobody_rated_is_not_estimable_in_every_population():
    late = SETTINGS.model_copy(update={"analysis_visit": "week_26"})
    made = find_rows(tabulate_reductions(study(clinic(), late), late, "crps"), visit="week_26",
                     measure="percent_reduction", group_by="all")  # fmt: skip
    assert {r.population for r in made} == {"observed", "all_starters"}
    assert {(r.value, r.status) for r in made} == {(None, "not estimable")}


def test_no_patients_and_one_patient():
    none = tabulate_reductions(study(clinic()), SETTINGS, "fbss")
    assert {(r.value, r.status) for r in none} == {(None, "no patients")}
    one = row(tabulate_reductions(study([patient("only", 8, 4)]), SETTINGS, "crps"),
              definition="mean_of_patients")  # fmt: skip
    assert (one.value, one.low, one.high, one.n) == (50.0, None, None, 1)
    assert one.warnings == ("One patient: there is no interval.",)


def test_each_result_has_chance_of_its_own():
    """A number must not move because another one was computed before it."""
    group = whole_group(study(clinic()), "crps")
    draws = {
        generator(SETTINGS, group, visit, definition).integers(1 << 60)
        for visit in ("end", "week_4")
        for definition in ("mean", "median", "ratio")
    }
    assert len(draws) == 6
    again = generator(SETTINGS, group, "end", "mean").integers(1 << 60)
    assert again in draws


def test_the_same_seed_gives_the_same_rows(rows):
    assert tabulate_reductions(study(clinic()), SETTINGS, "crps") == rows
    other = SETTINGS.model_copy(update={"seed": 7})
    moved = row(tabulate_reductions(study(clinic()), other, "crps"), definition="ratio_of_means")
    assert moved.value == row(rows, definition="ratio_of_means").value
    assert moved.low != row(rows, definition="ratio_of_means").low


RESPONDERS_ABOVE_OTHERS_PCT = 47.0
"""Planted: responders fall by 30 + 70 x 1.3 / (1.3 + 2.7) = 53 % on average, others by 6 %."""

ROUNDED_PCT = 0.25
"""Whole scores move both means by a few percent, and so the shift below by this much at most."""


@pytest.mark.slow
@pytest.mark.parametrize("condition", PLANTED)
def test_planted_mean_reductions_are_found_again(condition):
    """Those rated are better off than all who started, by as much as responders are over-seen."""
    datasets, truth = big_demo()
    planted = truth[condition]
    over_seen = planted["expected_rated_share"] - planted["responder_30_share"]
    expected = planted["simulated"]["reduction_mean_pct"] + over_seen * RESPONDERS_ABOVE_OTHERS_PCT
    made = tabulate_reductions(datasets, SETTINGS, condition)
    found = row(made, definition="mean_of_patients")
    error = (found.high - found.low) / (2 * 1.96)
    assert found.value == pytest.approx(expected, abs=ALLOWED_Z * error + ROUNDED_PCT)
    assert error < 1.0
