"""Kaplan-Meier rows beside the headline: by hand, and what they say of nobody."""

from __future__ import annotations

import pytest
from relief_studies import WEEK, four, responder
from studies import SETTINGS, patient, study

from analysis.outcomes.relief import tabulate_kaplan_meier
from analysis.outcomes.rows import find_row, find_rows

NO_RELIEF = "Nobody was seen to have relief that could be timed."
NOT_FOLLOWED = "Nobody was rated after the end of the series."
RUNS_LATE = "Loss is dated at the visit that found it, so the number is late (too high)."


def row(datasets, measure="km_relief_duration", visit="", definition="booster_as_loss"):
    made = tabulate_kaplan_meier(datasets, SETTINGS, "crps")
    return find_row(made, measure=measure, visit=visit, definition=definition, group_by="all")


def test_median_by_hand():
    """3/4 at week 4, 2/4 at 8: exactly half, so the midpoint of 8 and 12, as R prints it."""
    found = row(study(four()))
    assert (found.value, found.n, found.n_events) == (pytest.approx(10.0), 4, 3)
    assert found.threshold_pct == 30.0
    assert RUNS_LATE in found.warnings


@pytest.mark.parametrize(("week", "share"), [(2, 1), (4, 0.75), (8, 0.5), (12, 0.25), (26, 0.25)])
def test_shares_by_hand(week, share):
    found = row(study(four()), "km_relieved_share", f"week_{week}")
    assert found.value == pytest.approx(share)
    assert found.low is None or found.low <= found.value <= found.high


def test_numbers_at_risk_by_hand():
    at = [row(study(four()), "at_risk", f"week_{week}").value for week in (0, 4, 8, 12, 26)]
    assert at == [4, 4, 3, 2, 1]


def test_nobody_lost_is_not_reached():
    found = row(study([responder("a", w4=4), responder("b", w4=4, w8=4)]))
    assert (found.value, found.status, found.n) == (None, "not reached", 2)
    assert RUNS_LATE not in found.warnings


def test_nobody_followed_is_not_estimable():
    found = row(study([responder("a"), responder("b")]))
    assert (found.value, found.status, found.warnings) == (None, "not estimable", (NOT_FOLLOWED,))
    share = row(study([responder("a")]), "km_relieved_share", "week_4")
    assert (share.value, share.status) == (None, "not estimable")
    assert row(study([responder("a")]), "at_risk", "week_0").value == 1


def test_nobody_responded():
    made = tabulate_kaplan_meier(study([patient("a", 8, 8), patient("b", 8, 7)]), SETTINGS, "crps")
    assert {(r.value, r.status, r.warnings) for r in made} == {(None, "no patients", (NO_RELIEF,))}


def test_a_booster_on_the_day_of_the_end_is_a_loss_at_0():
    found = row(study([responder("a", booster_on=WEEK[0])]))
    assert (found.value, found.n_events) == (0.0, 1)


def test_boosters_end_relief_censor_it_or_are_ignored():
    """Good at week 4, booster in week 5, bad at week 8: lost at 5, last seen at 4, lost at 8."""
    people = [responder(name, booster_on=WEEK[5], w4=4, w8=8) for name in "ab"]
    datasets = study([*people, responder("c", w4=4, w8=4, w12=4)])
    made = tabulate_kaplan_meier(datasets, SETTINGS, "crps")
    by = {
        r.definition: (r.value, r.n_events)
        for r in find_rows(made, measure="km_relief_duration", group_by="all")
    }
    assert by == {
        "booster_as_loss": (pytest.approx(5.0), 2),
        "booster_as_censoring": (None, 0),
        "booster_ignored": (pytest.approx(8.0), 2),
    }


def test_every_number_exists_once_and_intervals_hold_their_value():
    made = tabulate_kaplan_meier(study(four()), SETTINGS, "crps")
    assert len({r.result_id for r in made}) == len(made)
    for r in made:
        ends = [end for end in (r.low, r.value, r.high) if end is not None]
        assert ends == sorted(ends), r.result_id
