"""Fitted shapes: only with enough losses, never past the last look, and a sentence otherwise."""

from __future__ import annotations

import pytest
from relief_studies import WEEK, responder
from studies import SETTINGS, patient, study

from analysis.outcomes.losses import losses_of, spans_of
from analysis.outcomes.parametric_relief import (
    fit_shapes,
    tabulate_parametric,
)
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.selection import whole_group

NO_RELIEF = "Nobody was seen to have relief that could be timed."
NOT_FOLLOWED = "Nobody was rated after the end of the series."
BETWEEN_PATIENTS = "A difference between patients, who were not allocated by chance."


def lost(n: int, week: str, name: str, **columns):
    """Patients whose loss was found at a week, good at every earlier visit."""
    weeks = ["w4", "w8", "w12", "w26"]
    good = dict.fromkeys(weeks[: weeks.index(week)], 4)
    return [responder(f"{name}{i}", **good, **{week: 8}, **columns) for i in range(n)]


def spread_out():
    return [*lost(8, "w4", "a"), *lost(8, "w8", "b"), *lost(6, "w12", "c"), *lost(4, "w26", "d")]


def rows(people, settings=SETTINGS):
    return tabulate_parametric(study(people, settings), settings, "crps")


def test_medians_lie_where_half_are_lost():
    """8 of 26 by week 4 and 16 by week 8: half between the two, whatever the shape."""
    for found in find_rows(rows(spread_out()), measure="parametric_median"):
        assert 4 < found.value < 8
        assert found.low < found.value < found.high
        assert (found.n, found.n_events) == (26, 26)


def test_conditional_share_is_near_the_counted_one():
    """Of 18 relieved at week 4, 4 are at week 12: 22 %; a smooth shape comes within a tenth."""
    for found in find_rows(rows(spread_out()), measure="conditional_share"):
        assert found.value == pytest.approx(4 / 18, abs=0.1)
        assert found.visit == "week_12_given_week_4"


@pytest.mark.parametrize(
    ("people", "status", "said"),
    [
        ([patient("a", 8, 8)], "no patients", NO_RELIEF),
        ([responder("a"), responder("b")], "not estimable", NOT_FOLLOWED),
        (lost(9, "w4", "a") + lost(3, "w8", "b")[:0], "not estimable", "9 were seen to lose"),
        ([responder(f"k{i}", w4=4) for i in range(12)], "not estimable", "0 were seen to lose"),
        (lost(12, "w4", "a"), "not estimable", "The likelihood has no maximum"),
    ],
    ids=["nobody", "not followed", "few losses", "nobody lost", "all alike"],
)
def test_no_fit_has_a_sentence(people, status, said):
    made = rows(people)
    assert len(made) == 4  # median and conditional share of two shapes; no ratios
    assert {(r.value, r.status) for r in made} == {(None, status)}
    assert all(said in r.warnings[0] for r in made)


def test_a_median_past_the_last_look_is_not_told():
    """12 of 60 lost by week 4 and nobody looked at later than 8: half would be extrapolated."""
    kept = [responder(f"k{i}", w4=4, w8=4) for i in range(48)]
    made = rows([*lost(8, "w4", "a"), *lost(4, "w8", "b"), *kept])
    for found in find_rows(made, measure="parametric_median"):
        assert (found.value, found.high, found.status) == (None, None, "not reached")
        assert "after the last look (week 8)" in found.warnings[-1]
    for found in find_rows(made, measure="conditional_share"):
        assert (found.value, found.status) == (None, "not estimable")


def test_a_booster_on_the_first_day_does_not_stop_the_fit():
    people = [*spread_out(), responder("z", booster_on=WEEK[0], w4=8)]
    assert find_row(rows(people), measure="parametric_median", definition="weibull").value > 0


# time ratios


def varied(n: int, **columns):
    people = [*lost(n, "w4", "a"), *lost(n, "w8", "b"), *lost(n, "w12", "c")]
    for place, one in enumerate(people):
        one["ratings"][0] = 7.0 + place % 3  # baselines 7, 8, 9; the ratings still show relief
        one["ratings"][WEEK[0]] = 3.0
        for day in [d for d in one["ratings"] if d > WEEK[0] and one["ratings"][d] == 4]:
            one["ratings"][day] = 3.0
        for day in [d for d in one["ratings"] if d > WEEK[0] and one["ratings"][d] == 8]:
            one["ratings"][day] = 9.0
    return people


@pytest.mark.parametrize(("n", "there"), [(6, False), (7, True)])
def test_ratios_need_ten_losses_a_coefficient(n, there):
    """One covariate and the level: 20 losses; 18 are too few and 21 enough."""
    found = find_rows(rows(varied(n)), measure="time_ratio")
    assert [r.definition for r in found] == (
        ["weibull.baseline_point", "lognormal.baseline_point"] if there else []
    )
    assert all(BETWEEN_PATIENTS in r.warnings and r.low <= r.value <= r.high for r in found)


def test_a_baseline_that_makes_no_difference_has_a_ratio_of_1():
    """Every baseline occurs equally often at every week (9 patients a week, three of each)."""
    for found in find_rows(rows(varied(9)), measure="time_ratio"):
        assert found.value == pytest.approx(1.0, abs=1e-6)


def test_fits_are_those_of_the_picture():
    datasets = study(spread_out())
    losses = losses_of(spans_of(datasets, whole_group(datasets, "crps")), "loss")
    fits = fit_shapes(losses, level=0.95)
    told = tabulate_parametric(datasets, SETTINGS, "crps")
    for name, fitted in fits.items():
        found = find_row(told, measure="parametric_median", definition=name)
        assert found.value == fitted.fit.median().value
