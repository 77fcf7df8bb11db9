"""Duration rows: by hand, odd clinics, and how late Kaplan-Meier at visits runs."""

from __future__ import annotations

import pytest
from studies import LAST_INFUSION, PLANTED, SETTINGS, big_demo, clinic, patient, study

from analysis.outcomes.relief import (
    NO_LIMITS,
    NOT_FOLLOWED,
    RUNS_LATE,
    main_curve,
    relief_curve,
    tabulate_relief,
)
from analysis.outcomes.rows import find_row, find_rows

WEEK = {n: LAST_INFUSION + 7 * n for n in (0, 4, 8, 12, 26)}


def responder(name: str, **later: float):
    """Pain 8 to 4 on the last day of the series, then ratings by week: w4=8 is a loss at week 4."""
    ratings = {WEEK[0]: 4.0} | {WEEK[int(key[1:])]: score for key, score in later.items()}
    return patient(name, 8, later=ratings)


def four():
    """Losses found at weeks 4, 8 and 12, each good at the visit before; one good until 26."""
    return study(
        [
            responder("a", w4=8),
            responder("b", w4=4, w8=8),
            responder("c", w4=4, w8=4, w12=8),
            responder("d", w4=4, w8=4, w12=4, w26=4),
        ]
    )


def row(datasets, measure="relief_duration", visit="", definition="booster_as_loss"):
    made = tabulate_relief(datasets, SETTINGS, "crps")
    return find_row(made, measure=measure, visit=visit, definition=definition, group_by="all")


def test_median_by_hand():
    """3/4 at week 4, 2/4 at 8: exactly half, so the midpoint of 8 and 12, as R prints it."""
    found = row(four())
    assert (found.value, found.n, found.n_events) == (pytest.approx(10.0), 4, 3)
    assert found.threshold_pct == 30.0
    assert RUNS_LATE in found.warnings


@pytest.mark.parametrize(("week", "late"), [(4, 0.75), (8, 0.5), (12, 0.25), (26, 0.25)])
def test_shares_by_hand(week, late):
    found = row(four(), "relieved_share", f"week_{week}")
    assert found.value == pytest.approx(late)
    assert found.low <= found.value <= found.high


def test_the_interval_reaches_to_the_earliest_dating():
    """Everyone is lost between days 0 and 28: half is lost at any time from then to then."""
    lost = [responder(f"p{i}", w4=8) for i in range(30)]
    kept = [responder(f"k{i}", w4=4, w8=4) for i in range(4)]
    found = row(study(lost + kept))
    assert (found.value, found.low) == (pytest.approx(4.0), 0.0)
    assert row(study(lost + kept), "relieved_share", "week_4").low < 0.05


def test_a_share_allows_for_a_loss_right_after_the_last_good_visit():
    """Good at week 4, bad at week 8: at week 4 the late dating says all, the early one few."""
    lost = [responder(f"p{i}", w4=4, w8=8) for i in range(30)]
    kept = [responder(f"k{i}", w4=4, w8=4) for i in range(4)]
    found = row(study(lost + kept), "relieved_share", "week_4")
    assert (found.value, found.high, found.level) == (1.0, 1.0, 0.95)
    assert found.low < 4 / 34
    assert not any("no interval" in text for text in found.warnings)


def test_all_lost_on_one_day_has_no_interval():
    found = row(study([responder(f"p{i}", w4=8) for i in range(5)]))
    assert (found.value, found.low, found.high) == (pytest.approx(4.0), None, None)
    assert NO_LIMITS in found.warnings


def test_numbers_at_risk_by_hand():
    at = [row(four(), "at_risk", f"week_{week}").value for week in (0, 4, 8, 12, 26)]
    assert at == [4, 4, 3, 2, 1]


def test_nobody_lost_is_not_reached():
    found = row(study([responder("a", w4=4), responder("b", w4=4, w8=4)]))
    assert (found.value, found.status, found.n) == (None, "not reached", 2)


def test_nobody_followed_is_not_estimable():
    found = row(study([responder("a"), responder("b")]))
    assert (found.value, found.status, found.warnings) == (None, "not estimable", (NOT_FOLLOWED,))
    share = row(study([responder("a")]), "relieved_share", "week_4")
    assert (share.value, share.status) == (None, "not estimable")


def test_nobody_responded():
    datasets = study([patient("a", 8, 8), patient("b", 8, 7)])
    made = tabulate_relief(datasets, SETTINGS, "crps")
    assert {(r.value, r.status) for r in made} == {(None, "no patients")}
    assert main_curve(datasets, SETTINGS, "crps") is None
    assert relief_curve(datasets.relief, strategy="loss", level=0.95) is None


def test_boosters_end_relief_censor_it_or_are_ignored():
    """Good at week 4, booster in week 5, bad at week 8: lost at 5, unknown after 5, lost at 8."""

    def one(name):
        return patient(name, 8, later={WEEK[0]: 4, WEEK[4]: 4, WEEK[8]: 8}, booster_on=WEEK[0] + 35)

    datasets = study([one("a"), one("b"), responder("c", w4=4, w8=4, w12=4)])
    by = {r.definition: (r.value, r.n_events)
          for r in find_rows(tabulate_relief(datasets, SETTINGS, "crps"),
                             measure="relief_duration", group_by="all")}  # fmt: skip
    assert by == {
        "booster_as_loss": (pytest.approx(5.0), 2),
        "booster_as_censoring": (None, 0),
        "booster_ignored": (pytest.approx(8.0), 2),
    }


def test_another_threshold_is_another_row():
    """A claim about 30 % must not be judged by spans counted at 50 %."""
    own = SETTINGS.model_copy(update={"responder_threshold_pct": 50.0})
    made = tabulate_relief(study(clinic(), own), own, "crps")
    assert {r.threshold_pct for r in made} == {50.0}


def test_every_number_exists_once_and_intervals_hold_their_value():
    made = tabulate_relief(four(), SETTINGS, "crps")
    assert len({r.result_id for r in made}) == len(made)
    for r in made:
        ends = [end for end in (r.low, r.value, r.high) if end is not None]
        assert ends == sorted(ends), r.result_id


# how late Kaplan-Meier at visits runs

LATE_WEEKS = {
    "crps": 1.3, "fibromyalgia": 2.0, "neuropathic": 0.6, "central": 1.3, "headache": 2.6,
    "fbss": 1.1,
}  # fmt: skip
"""Weeks by which the median with losses dated at the visit is above the planted one, of 20,000
patients: up to half a visit interval. An honest interval must reach down to the planted median."""

LATE_TOLERANCE_WEEKS = 0.4
"""Medians of dated visits move in steps of a day or a few."""


@pytest.mark.slow
@pytest.mark.parametrize("condition", PLANTED)
def test_kaplan_meier_at_visits_runs_late_and_its_interval_says_so(condition):
    datasets, truth = big_demo()
    made = tabulate_relief(datasets, SETTINGS, condition)
    keys = {"definition": "booster_as_loss", "group_by": "all"}
    median = find_row(made, measure="relief_duration", **keys)
    planted = truth[condition]["relief_median_weeks"]
    assert median.value - planted == pytest.approx(LATE_WEEKS[condition], abs=LATE_TOLERANCE_WEEKS)
    assert median.low < planted < median.value
    for visit, share in truth[condition]["simulated"]["relieved_without_booster_share"].items():
        found = find_row(made, measure="relieved_share", visit=visit, **keys)
        assert found.low <= share < found.value, visit
