"""The headline: losses between visits, by hand, for odd clinics, and against what is planted."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from relief_studies import WEEK, four, responder
from studies import PLANTED, SETTINGS, big_demo, clinic, patient, study

from analysis.outcomes.interval_relief import tabulate_definitions, tabulate_interval_relief
from analysis.outcomes.losses import CONVENTIONS
from analysis.outcomes.relief import tabulate_kaplan_meier
from analysis.outcomes.relief_rows import tabulate_relief
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.selection import groups_of, whole_group

METHOD = (
    "interval-censored (Turnbull) curve; guarded bootstrap interval over patients, which holds "
    "wherever between two visits relief ended"
)
PLANNED_METHOD = (
    "interval-censored (Turnbull) curve read at the planned visits, a straight line between them; "
    "limits: the planned visits at which the guarded bootstrap interval of the share is past it"
)
PROMPTED = (
    "Boosters brought patients in between planned visits, sooner when relief was lost: numbers "
    "between the planned visits lean on those looks, and their interval may be too narrow."
)
NO_RELIEF = "Nobody was seen to have relief that could be timed."
NOT_FOLLOWED = "Nobody was rated after the end of the series."
NOT_AT_END = "Nobody was rated at the end of the series, so relief cannot be timed from it."

FITTED = 1e-7
"""Shares of a fitted curve: its Kuhn-Tucker gap allows an error of this order."""


def row(
    datasets, measure="relief_duration", visit="", *, definition="booster_as_loss",
    population="responders", settings=SETTINGS,
):  # fmt: skip
    made = tabulate_interval_relief(datasets, settings, "crps")
    return find_row(made, measure=measure, visit=visit, definition=definition,
                    group_by="all", population=population)  # fmt: skip


# by hand


@pytest.mark.parametrize(
    ("week", "share"),
    [(2, 0.875), (4, 0.75), (8, 0.5), (12, 0.25), (26, 0.25)],
)
def test_shares_by_hand(week, share):
    """One quarter lies in each of (0, 4], (4, 8], (8, 12]; one patient is never seen to lose it."""
    found = row(study(four()), "relieved_share", f"week_{week}")
    assert found.value == pytest.approx(share, abs=FITTED)
    assert found.low <= found.value <= found.high


def test_median_and_quartiles_by_hand():
    """Half are lost at 8 weeks sharp, the end of a region and the start of the next: 8."""
    found = row(study(four()))
    assert found.value == pytest.approx(8.0, abs=1e-6)
    assert (found.n, found.n_events, found.threshold_pct) == (4, 3, 30.0)
    assert (found.method, found.level) == (METHOD, 0.95)
    assert found.low <= 4 and (found.high is None or found.high >= 12)
    first = row(study(four()), "relief_quartile", "lost_25")
    assert first.value == pytest.approx(4.0, abs=1e-6)


def test_mean_by_hand():
    """Even spread up to week 26: (2 + 6 + 10 + 26) / 4."""
    assert row(study(four()), "relief_mean", "week_26").value == pytest.approx(11.0, abs=1e-5)


def test_all_starters_have_the_others_at_0():
    """Four of eight respond: one half of every share, and half of them have lost it at once."""
    datasets = study([*four(), *(patient(f"n{i}", 8, 8) for i in range(4))])
    for week, share in ((4, 0.375), (8, 0.25), (12, 0.125)):
        found = row(datasets, "relieved_share", f"week_{week}", population="all_starters")
        assert (found.n, found.value) == (8, pytest.approx(share, abs=FITTED))
    assert row(datasets, population="all_starters").low == 0
    assert any(
        "4 who did not respond, or were not rated, have 0 weeks" in text
        for text in row(datasets, population="all_starters").warnings
    )


def test_strategies_by_hand():
    """Good at 4, booster in week 5, bad at 8: (4, 5], unknown after 4, (4, 8]; all are prompted."""
    one = [responder(name, booster_on=WEEK[5], w4=4, w8=8) for name in "ab"]
    datasets = study([*one, responder("c", w4=4, w8=4, w12=4)])
    found = {
        strategy: row(datasets, "relieved_share", "week_8", definition=f"booster_{strategy}").value
        for strategy in ("as_loss", "as_censoring", "ignored")
    }
    assert found == {
        "as_loss": pytest.approx(1 / 3, abs=FITTED),
        "as_censoring": 1.0,
        "ignored": pytest.approx(1 / 3, abs=FITTED),
    }
    median = row(datasets)
    assert median.method == PLANNED_METHOD
    # From 1 at week 4 to 1/3 at week 8: one half three quarters of the way.
    assert median.value == pytest.approx(7.0, abs=1e-6)
    assert PROMPTED in row(datasets, "relief_mean", "week_26").warnings


def test_without_boosters_strategies_do_not_differ():
    medians = {
        (found.value, found.low, found.high)
        for name in ("booster_as_loss", "booster_as_censoring", "booster_ignored")
        for found in [row(study(four()), definition=name)]
    }
    assert len(medians) == 1


def test_the_headline_stands_in_the_table_of_definitions_unchanged():
    datasets = study(four())
    table = {r.definition: r for r in tabulate_definitions(datasets, SETTINGS, "crps")}
    assert len(table) == 9
    own, head = table["once.end_of_series"], row(datasets)
    assert (own.value, own.low, own.high) == (head.value, head.low, head.high)
    # The series took ten days: from its start everything is that much later.
    assert table["once.start"].value == pytest.approx(head.value + 10 / 7, abs=1e-6)


def test_departures_stand_beside_every_number():
    own = SETTINGS.model_copy(update={"loss_rule": "confirmed", "relief_clock": "start"})
    found = row(study(four(), own), settings=own)
    assert {CONVENTIONS["confirmed"], CONVENTIONS["start"]} <= set(found.warnings)


# odd clinics


@pytest.mark.parametrize("later", [{}, {WEEK[12]: 2}], ids=["never again", "in week 12"])
def test_nobody_rated_at_the_end(later):
    """Relief at the end is not known of anyone; to say that nobody had it would be invented."""
    datasets = study([patient("a", 8, later=later), patient("b", 8, later=later)])
    found = row(datasets)
    assert (found.value, found.n, found.warnings) == (None, 0, (NOT_AT_END,))
    for week in (4, 12):
        everyone = row(datasets, "relieved_share", f"week_{week}", population="all_starters")
        assert (everyone.value, everyone.n, everyone.status) == (None, 2, "not estimable")
        assert everyone.warnings == (NOT_AT_END,)


def test_from_first_response_no_rating_at_the_end_is_needed():
    own = SETTINGS.model_copy(update={"relief_clock": "first_response"})
    datasets = study([patient("a", 8, later={WEEK[4]: 2, WEEK[8]: 8}), patient("b", 8)], own)
    assert row(datasets, settings=own).n == 1
    assert row(datasets, population="all_starters", settings=own).n == 2


def test_nobody_responded():
    datasets = study([patient("a", 8, 8), patient("b", 8, 7)])
    found = row(datasets)
    assert (found.value, found.status, found.warnings) == (None, "no patients", (NO_RELIEF,))
    everyone = row(datasets, "relieved_share", "week_4", population="all_starters")
    assert (everyone.value, everyone.n) == (0.0, 2)
    assert row(datasets, population="all_starters").value == 0.0


def test_only_end_ratings():
    found = row(study([responder("a"), responder("b")]))
    assert (found.value, found.status, found.warnings) == (None, "not estimable", (NOT_FOLLOWED,))


def test_nobody_lost_it():
    found = row(study([responder("a", w4=4), responder("b", w4=4, w8=4)]))
    assert (found.value, found.high, found.status, found.n) == (None, None, "not reached", 2)


def test_everyone_lost_it_between_the_same_visits():
    """All in (0, 4]: the share at week 2 may be anything, and there is no interval."""
    datasets = study([responder(f"p{i}", w4=8) for i in range(12)])
    share = row(datasets, "relieved_share", "week_2")
    assert (share.value, share.low, share.status) == (None, None, "not estimable")
    assert "not known" in share.warnings[0]
    found = row(datasets)
    assert (found.value, found.low, found.high) == (pytest.approx(2.0), None, None)
    assert any("only after 0 and by 4" in text for text in found.warnings)


def test_a_booster_on_the_day_of_the_end_rating():
    found = row(study([responder("a", booster_on=WEEK[0])]))
    assert (found.value, found.n, found.n_events) == (0.0, 1, 1)


def test_arms_each_have_their_rows_and_together_a_warning():
    people = [responder(f"a{i}", w4=4, w8=8, arm="drug") for i in range(3)]
    people += [responder(f"b{i}", w4=8, arm="placebo") for i in range(3)]
    made = tabulate_interval_relief(study(people), SETTINGS, "crps")
    arms = find_rows(made, measure="relief_duration", group_by="arm", population="responders")
    assert {r.group for r in arms} == {"drug", "placebo"}
    assert len(arms) == 6  # each under three strategies
    pooled = find_rows(made, measure="relief_duration", group_by="all")
    assert all(any("Different treatments" in w for w in r.warnings) for r in pooled)
    assert not any(any("Different treatments" in w for w in r.warnings) for r in arms)


def test_another_threshold_is_another_row():
    """A claim about 30 % must not be judged by spans counted at 50 %."""
    own = SETTINGS.model_copy(update={"responder_threshold_pct": 50.0})
    made = tabulate_interval_relief(study(clinic(), own), own, "crps")
    assert {r.threshold_pct for r in made} == {50.0}


@pytest.mark.parametrize("condition", ["crps", "all", "fbss"])
@pytest.mark.parametrize("with_infusions", [True, False])
def test_exports_without_protocol_or_subtype(condition, with_infusions):
    """Without infusions day 0 is the end of treatment: the rating on day 3 shows relief."""
    people = [patient(f"p{i}", 8, later={3: 4, 28: 4 if i % 2 else 8}) for i in range(6)]
    for one in people:
        del one["patient"]["subtype"]
        one["infusions"] = one["infusions"][:1]
    made = tabulate_relief(study(people, with_infusions=with_infusions), SETTINGS, condition)
    assert len({r.result_id for r in made}) == len(made)
    n = find_row(made, measure="relief_duration", definition="booster_as_loss",
                 population="responders", group_by="all").n  # fmt: skip
    assert n == (0 if condition == "fbss" else 6)


# chance


def test_intervals_are_the_same_whatever_else_is_made():
    datasets = study(clinic() + four())
    alone = tabulate_interval_relief(datasets, SETTINGS, "crps")
    tabulate_interval_relief(datasets, SETTINGS, "all")
    again = tabulate_interval_relief(study((clinic() + four())[::-1]), SETTINGS, "crps")
    assert {r.result_id: (r.low, r.high) for r in again} == {
        r.result_id: (r.low, r.high) for r in alone
    }
    other = SETTINGS.model_copy(update={"seed": 1})
    changed = tabulate_interval_relief(datasets, other, "crps")
    assert [r.low for r in changed] != [r.low for r in alone]


# any clinic


SCORES = st.sampled_from([None, 2.0, 4.0, 6.0, 8.0])


@given(
    drawn=st.lists(
        st.tuples(SCORES, SCORES, SCORES, SCORES, st.sampled_from([None, 0, 3, 30, 60])),
        min_size=1,
        max_size=7,
    ),
    rule=st.sampled_from(["once", "confirmed", "near_baseline"]),
    clock=st.sampled_from(["end_of_series", "first_response", "start"]),
)
@hypothesis_settings(max_examples=12, deadline=None)
def test_any_clinic(drawn, rule, clock):
    own = SETTINGS.model_copy(update={"loss_rule": rule, "relief_clock": clock})
    people = [
        patient(
            f"p{i}", 8, end,
            later={WEEK[w]: score for w, score in ((4, w4), (8, w8), (12, w12)) if score},
            booster_on=None if booster is None else WEEK[0] + booster,
        )
        for i, (end, w4, w8, w12, booster) in enumerate(drawn)
    ]  # fmt: skip
    datasets = study(people, own)
    made = tabulate_relief(datasets, own, "crps")
    assert len({r.result_id for r in made}) == len(made)
    for r in made:
        numbers = [end for end in (r.low, r.value, r.high) if end is not None]
        assert all(math.isfinite(x) for x in numbers), r.result_id
        assert numbers == sorted(numbers), r.result_id
        assert (r.value is None) == (r.status != "estimated")
        assert r.status in ("estimated", "not reached") or r.warnings, r.result_id
        assert r.unit != "share" or r.value is None or 0 <= r.value <= 1
    keys = {"measure": "relieved_share", "definition": "booster_as_loss", "group_by": "all"}
    for week in ("week_4", "week_8", "week_12"):
        some = find_row(made, visit=week, population="responders", **keys)
        everyone = find_row(made, visit=week, population="all_starters", **keys)
        assert everyone.n == len(whole_group(datasets, "crps").patient_ids)
        if some.value is not None and everyone.value is not None:
            assert everyone.value <= some.value + FITTED
    for population in ("responders", "all_starters"):
        shares = [
            found.value
            for week in (2, 4, 8, 12, 26)
            for found in [find_row(made, visit=f"week_{week}", population=population, **keys)]
            if found.value is not None
        ]
        assert shares == sorted(shares, reverse=True)


def test_groups_hold_each_patient_once():
    datasets = study(clinic() + four())
    for group in groups_of(datasets, "crps"):
        assert group.patient_ids.is_unique


# what is planted

SHARE_TOLERANCE = 0.065
"""Shares at planned visits, of 700 to 2,900 responders. With visit days as scattered as in the demo
a curve of 1,000 errs by 0.023 at week 4 (120 simulated sets); the largest error seen is 0.061."""

MEDIAN_TOLERANCE_WEEKS = 0.75
"""A line between visits four weeks apart, of shares each known within 0.02 to 0.05."""

LATE_WEEKS = {
    "crps": 1.6, "fibromyalgia": 2.1, "neuropathic": 1.0, "central": 1.6, "headache": 2.7,
    "fbss": 2.1,
}  # fmt: skip
"""Weeks by which the Kaplan-Meier median with boosters censored is above the planted one."""

LATE_TOLERANCE_WEEKS = 0.4
"""Medians of dated visits move in steps of a day or a few."""


@pytest.fixture(scope="module")
def planted_rows():
    datasets, truth = big_demo()
    made = {
        c: (*tabulate_interval_relief(datasets, SETTINGS, c),
            *tabulate_kaplan_meier(datasets, SETTINGS, c))
        for c in PLANTED
    }  # fmt: skip
    return made, truth


@pytest.mark.slow
@pytest.mark.parametrize("condition", PLANTED)
@pytest.mark.parametrize(
    ("definition", "planted"),
    [
        # Relief of the series alone: what would be had nobody been boosted.
        ("booster_as_censoring", lambda truth: truth["still_relieved_share"]),
        # Relief ends at a booster: simulated from the same plan.
        ("booster_as_loss", lambda truth: truth["simulated"]["relieved_without_booster_share"]),
    ],
)
def test_the_curve_recovers_the_planted_shares(planted_rows, condition, definition, planted):
    made, truth = planted_rows
    keys = {"definition": definition, "group_by": "all", "population": "responders"}
    for visit in ("week_4", "week_8", "week_12"):
        found = find_row(made[condition], measure="relieved_share", visit=visit, **keys)
        assert found.value == pytest.approx(planted(truth[condition])[visit], abs=SHARE_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("condition", PLANTED)
def test_the_median_recovers_what_is_planted_and_kaplan_meier_is_late(planted_rows, condition):
    made, truth = planted_rows
    planted = truth[condition]["relief_median_weeks"]
    keys = {"definition": "booster_as_censoring", "group_by": "all", "population": "responders"}
    found = find_row(made[condition], measure="relief_duration", **keys)
    assert found.value == pytest.approx(planted, abs=MEDIAN_TOLERANCE_WEEKS)
    assert found.low <= planted <= found.high
    late = find_row(made[condition], measure="km_relief_duration", **keys)
    assert late.value - planted == pytest.approx(LATE_WEEKS[condition], abs=LATE_TOLERANCE_WEEKS)
    assert late.low > planted  # its interval does not say so
