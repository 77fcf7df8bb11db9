"""Ends of relief as arrays: what each booster strategy and the non-responders make of them."""

from __future__ import annotations

import pytest
from relief_studies import WEEK, responder
from studies import SETTINGS, clinic, patient, study

from analysis.outcomes.losses import conventions_of, losses_of, spans_of, spans_under, week_name
from analysis.outcomes.selection import whole_group

INF = float("inf")


def losses(people, strategy="loss", settings=SETTINGS):
    datasets = study(people, settings)
    return losses_of(spans_of(datasets, whole_group(datasets, "crps")), strategy)


@pytest.mark.parametrize(
    ("strategy", "left", "right", "time", "cause"),
    [
        ("loss", 4, 5, 5, "booster"),
        ("censoring", 4, INF, 4, "booster"),
        ("ignored", 4, 8, 8, "loss"),
    ],
)
def test_a_booster_in_week_5(strategy, left, right, time, cause):
    got = losses([responder("a", booster_on=WEEK[5], w4=4, w8=8)], strategy)
    assert (got.left[0], got.right[0], got.time[0], got.cause[0]) == (left, right, time, cause)
    assert (got.n, got.followed, got.last_look) == (1, True, 4 if right == INF else right)


def test_boosters_before_a_loss_was_found_prompt_looks():
    late = responder("a", booster_on=WEEK[5], w4=8)
    assert not losses([late]).prompted
    assert losses([responder("a", booster_on=WEEK[5], w4=4)]).prompted
    assert losses([responder("a", booster_on=WEEK[4], w4=8)]).prompted  # rated because boosted
    assert not losses([responder("a", w4=8)]).prompted


def test_everyone_eligible_is_counted_once_among_all_starters():
    """The clinic: ten eligible, four of whom responded; six have no relief to lose."""
    datasets = study(clinic())
    group = whole_group(datasets, "crps")
    own = losses_of(spans_of(datasets, group), "loss")
    assert (own.n, len(group.patient_ids), group.patient_ids.is_unique) == (4, 10, True)
    everyone = own.with_nonresponders(6)
    assert everyone.n == len(everyone.patient_ids) == 10
    assert (everyone.right == 0).sum() == everyone.is_event.sum() == 6


def test_nobody_followed_and_nobody_at_all():
    assert not losses([responder("a")]).followed
    assert not losses([patient("a", 8, 8)]).followed
    assert losses([patient("a", 8, 8)]).with_nonresponders(1).followed
    assert losses([patient("a", 8, 8)]).last_look == 0


def test_a_booster_on_the_day_of_the_end_is_an_end():
    got = losses([responder("a", booster_on=WEEK[0])])
    assert (got.left[0], got.right[0], got.followed) == (0, 0, True)


@pytest.mark.parametrize(
    ("clock", "n"), [("end_of_series", 1), ("first_response", 2), ("start", 1)]
)
def test_spans_under_another_clock(clock, n):
    datasets = study([responder("a", w4=8), patient("b", 8, 8, later={WEEK[4]: 4})])
    group = whole_group(datasets, "crps")
    assert len(spans_under(datasets, group, SETTINGS, rule="once", clock=clock)) == n


def test_departures_have_a_sentence_each():
    assert conventions_of(SETTINGS) == ()
    own = SETTINGS.model_copy(update={"loss_rule": "confirmed", "relief_clock": "start"})
    assert len(conventions_of(own)) == 2


def test_weeks_by_name():
    assert [week_name(week) for week in (2.0, 8.7, 26.0)] == ["week_2", "week_8.7", "week_26"]
