"""Boosters competing with loss, and log-rank tests: by hand and for nobody."""

from __future__ import annotations

import pytest
from relief_studies import WEEK, four, responder
from studies import SETTINGS, patient, study

from analysis.outcomes.comparisons import tabulate_comparisons
from analysis.outcomes.competing import tabulate_competing
from analysis.outcomes.interval_relief import tabulate_interval_relief
from analysis.outcomes.rows import find_row, find_rows

NOT_BY_CHANCE = "These patients were not allocated by chance: a difference is one between patients."
MEDIAN_METHOD = (
    "time at which half have lost relief, boosters competing (Aalen-Johansen, loss dated midway "
    "between visits; limits from dating every loss at the earliest and at the latest it can be)"
)
METHOD = (
    "interval-censored (Turnbull) curve; guarded bootstrap interval over patients, which holds "
    "wherever between two visits relief ended"
)
NO_RELIEF = "Nobody was seen to have relief that could be timed."
NOT_FOLLOWED = "Nobody was rated after the end of the series."


def five():
    """Losses found at weeks 4, 8 and 12, a booster in week 5, one good until week 26."""
    return study([*four(), responder("e", booster_on=WEEK[5], w4=4, w8=4)])


def rows(datasets, condition="crps"):
    return tabulate_competing(datasets, SETTINGS, condition)


def median(made):
    return find_row(made, measure="relief_duration", group_by="all")


@pytest.mark.parametrize(
    ("week", "loss", "booster"),
    [(2, 0, 0), (4, 0.2, 0), (8, 0.4, 0.2), (8.7, 0.4, 0.2), (12, 0.6, 0.2), (26, 0.6, 0.2)],
)
def test_incidences_by_hand(week, loss, booster):
    """Nobody is censored before week 26, so shares are counts of five."""
    made = rows(five())
    for cause, share in (("loss", loss), ("booster", booster)):
        found = find_row(made, measure="cumulative_incidence", definition=cause,
                         visit=f"week_{week:g}", group_by="all")  # fmt: skip
        assert (found.value, found.n) == (pytest.approx(share), 5)


def test_median_by_hand():
    """The third loss of five passes one half: it lies between weeks 8 and 12, midway at 10."""
    found = median(rows(five()))
    assert (found.value, found.n, found.n_events) == (pytest.approx(10.0), 5, 3)
    assert found.method == MEDIAN_METHOD
    assert found.low <= 8 and found.high is None


def test_many_boosted_first_never_reach_one_half():
    people = [responder(f"b{i}", booster_on=WEEK[3], w4=4) for i in range(6)]
    found = median(rows(study([*people, *four()])))
    assert (found.value, found.status, found.n_events) == (None, "not reached", 3)


def test_without_boosters_it_is_the_headline_itself():
    datasets = study(four())
    head = find_row(
        tabulate_interval_relief(datasets, SETTINGS, "crps"),
        measure="relief_duration", definition="booster_as_loss", population="responders",
        group_by="all",
    )  # fmt: skip
    own = median(rows(datasets))
    assert (own.value, own.low, own.high, own.method) == (head.value, head.low, head.high, METHOD)


@pytest.mark.parametrize(
    ("people", "status", "why"),
    [
        ([patient("a", 8, 8)], "no patients", NO_RELIEF),
        ([responder("a"), responder("b")], "not estimable", NOT_FOLLOWED),
    ],
)
def test_nobody(people, status, why):
    made = rows(study(people))
    assert len(made) == 13  # six weeks of two causes, and the median
    assert {(r.value, r.status, r.warnings) for r in made} == {(None, status, (why,))}


def test_a_booster_on_the_day_of_the_end():
    made = rows(study([responder("a", booster_on=WEEK[0])]))
    found = find_row(made, measure="cumulative_incidence", definition="booster", visit="week_2")
    assert found.value == 1.0
    assert median(made).status == "not reached"


# log-rank


def two_protocols(early="standard", late="high_dose"):
    """Two lose it at week 4 in one group, two at week 8 in the other."""
    return [
        responder("a", w4=8, arm=early), responder("b", w4=8, arm=early),
        responder("c", w4=4, w8=8, arm=late), responder("d", w4=4, w8=8, arm=late),
    ]  # fmt: skip


def test_log_rank_by_hand():
    """At week 4 two of four are lost: 1 expected in either group, with variance 1/3.

    At week 8 only one group is left and adds nothing. (2 - 1)^2 / (1/3) = 3, and a chi-square of 3
    with one degree of freedom has p = 0.0833 (tables).
    """
    made = tabulate_comparisons(study(two_protocols()), SETTINGS, "crps")
    (found,) = made
    assert (found.definition, found.n, found.n_events, found.unit) == ("by_arm", 4, 4, "p")
    assert found.value == pytest.approx(0.0833, abs=5e-5)
    assert NOT_BY_CHANCE not in found.warnings  # arms may well have been


def test_conditions_are_compared_and_stratified_by():
    people = two_protocols()
    people += [responder(f"f{i}", w4=4, w8=8, arm="standard", condition="fbss") for i in range(2)]
    made = {r.definition: r for r in tabulate_comparisons(study(people), SETTINGS, "all")}
    assert set(made) == {"by_arm", "by_condition"}
    assert "stratified by condition" in made["by_arm"].method
    assert NOT_BY_CHANCE in made["by_condition"].warnings
    # The second condition has one arm only and adds nothing to the comparison within strata.
    assert made["by_arm"].value == pytest.approx(0.0833, abs=5e-5)


def test_blank_groups_are_left_out_and_counted():
    people = [*two_protocols(), responder("x", w4=8, arm=None)]
    (found,) = tabulate_comparisons(study(people), SETTINGS, "crps")
    assert (found.n, found.n_missing) == (4, 1)


def test_nobody_lost_is_no_comparison():
    people = [responder("a", w4=4, arm="x"), responder("b", w4=4, arm="y")]
    (found,) = tabulate_comparisons(study(people), SETTINGS, "crps")
    assert (found.value, found.status) == (None, "not estimable")
    assert "nothing to compare" in found.warnings[0]


@pytest.mark.parametrize("people", [[patient("a", 8, 8, arm="x")], [responder("a", arm="x")]])
def test_one_group_is_no_comparison(people):
    assert tabulate_comparisons(study(people), SETTINGS, "crps") == ()


def test_result_ids_are_unique_over_arms():
    made = rows(study([*two_protocols(), responder("e", booster_on=WEEK[5], arm="standard", w4=4)]))
    assert len({r.result_id for r in made}) == len(made)
    assert {r.group for r in find_rows(made, group_by="arm")} == {"standard", "high_dose"}
