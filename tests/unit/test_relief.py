"""How long relief lasts: by hand, for odd clinics, in words, and against what is planted."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from relief_studies import relief_groups, relief_results, responder_rows
from studies import SETTINGS, WEEK, clinic, four, patient, responder, study

from analysis.adam.adtte import derive_adtte
from analysis.numbers import estimate_text
from analysis.results import KEYS, Row, find, find_one, make_results, rows_of
from analysis.settings import AnalysisSettings
from analysis.stats import relief
from analysis.stats.relief import (
    Losses,
    bound_durations,
    choose,
    claimed_rows,
    competing_rows,
    definition_of,
    definition_rows,
    describe_relief,
    earliest_losses,
    losses_of,
    make_group,
    median_when_competing,
    relief_rows,
    sample_spans,
)
from analysis.stats.relief_models import fit_shape, log_rank_rows, shape_curves, shape_rows

INF = float("inf")
FITTED = 1e-7
"""Shares of a fitted curve: its Kuhn-Tucker gap allows an error of this order."""

SUMMED = 1e-12
"""Shares of Kaplan-Meier: a product of quotients of counts."""

WHOLE = ("crps", "all", "all")


def settings_with(**changed) -> AnalysisSettings:
    return SETTINGS.model_copy(update=changed)


MADE: dict[tuple, pd.DataFrame] = {}


def table(make, people, settings=SETTINGS) -> pd.DataFrame:
    """What one function of the module makes of typed patients; the same ones are derived once."""
    key = make, repr(people), settings
    if key not in MADE:
        group, own = relief_groups(study(people, settings))[WHOLE]
        MADE[key] = make_results(make(own, group))
    return MADE[key]


def row(
    people, measure="relief_duration", visit="", *, definition="", population="responders",
    settings=SETTINGS,
) -> Row:  # fmt: skip
    made = table(relief_rows, people, settings)
    definition = definition or definition_of(settings)
    keys = {"measure": measure, "visit": visit, "definition": definition}
    found = find_one(made, population=population, **keys)
    assert found is not None
    return found


def losses(people, strategy="loss", settings=SETTINGS):
    made = study(people, settings)
    return losses_of(choose(made.adtte, settings, strategy=strategy))


# ends of relief as arrays


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


@pytest.mark.slow
def test_boosters_before_a_loss_was_found_prompt_looks():
    late = responder("a", booster_on=WEEK[5], w4=8)
    assert not losses([late]).prompted
    assert losses([responder("a", booster_on=WEEK[5], w4=4)]).prompted
    assert losses([responder("a", booster_on=WEEK[4], w4=8)]).prompted  # rated because boosted
    assert not losses([responder("a", w4=8)]).prompted


def test_everyone_eligible_is_counted_once_among_all_starters():
    """The clinic: ten eligible, four of whom responded; six have no relief to lose."""
    made = study(clinic())
    own = losses_of(choose(made.adtte, SETTINGS))
    assert (own.n, int(made.adsl["FASFL"].sum())) == (4, 10)
    everyone = own.with_nonresponders(6)
    assert everyone.n == 10
    assert (everyone.right == 0).sum() == everyone.is_event.sum() == 6


def exact_competing_median(times, causes):
    """Aalen-Johansen in whole fractions, read as R reads a median; None where it is not reached."""
    free, incidence, steps = Fraction(1), Fraction(0), []
    for time in sorted(set(times)):
        at_risk = sum(t >= time for t in times)
        here = [c for t, c in zip(times, causes, strict=True) if t == time]
        incidence += free * Fraction(here.count("loss"), at_risk)
        free *= 1 - Fraction(len(here) - here.count("censored"), at_risk)
        steps.append((time, incidence))
    reached = [(time, share) for time, share in steps if share >= Fraction(1, 2)]
    if not reached:
        return None
    later = [time for time, share in reached if share > Fraction(1, 2)]
    rests = reached[0][1] == Fraction(1, 2) and later
    return (reached[0][0] + later[0]) / 2 if rests else reached[0][0]


@pytest.mark.slow
def test_a_median_beside_boosters_by_whole_fractions():
    """Incidences that are one half but for the last binary digit, and those resting on it."""
    rng = np.random.default_rng(6)
    rested = 0
    for _ in range(400):
        n = int(rng.integers(2, 25))
        times = rng.integers(1, 12, n).astype(float)
        causes = rng.choice(["loss", "loss", "loss", "booster", "censored"], n)
        is_event = causes != "censored"
        ends = Losses(times, np.where(is_event, times, INF), times, is_event, causes)
        wanted = exact_competing_median(times.tolist(), causes.tolist())
        assert median_when_competing(ends, level=0.95).value == wanted
        rested += wanted is not None and wanted % 1 == 0.5
    assert rested > 3


@pytest.mark.slow
def test_nobody_followed_and_nobody_at_all():
    assert not losses([responder("a")]).followed
    assert not losses([patient("a", 8, 8)]).followed
    assert losses([patient("a", 8, 8)]).with_nonresponders(1).followed
    assert losses([patient("a", 8, 8)]).last_look == 0


@pytest.mark.slow
def test_a_booster_on_the_day_of_the_end_is_an_end():
    got = losses([responder("a", booster_on=WEEK[0])])
    assert (got.left[0], got.right[0], got.followed) == (0, 0, True)


@pytest.mark.slow
def test_departures_have_a_note_each():
    own = settings_with(loss_rule="confirmed", relief_clock="start")
    found = row(four(), settings=own)
    assert {"rule_confirmed", "clock_start"} <= set(found.notes.split(";"))
    assert row(four()).notes == "placed_within(4,8)"


@pytest.mark.slow
def test_relief_is_read_at_the_visits_of_the_schedule_and_at_the_weeks_of_claims():
    """Losses found a day after months 1, 2 and 3, and none: at month 6 one of four is relieved."""
    people = [
        patient(str(lost), 8, later={WEEK[0]: 4} | {
            11 + round(30.44 * month): 8 if month >= lost else 4 for month in (1, 2, 3, 6)
        })
        for lost in (1, 2, 3, 9)
    ]  # fmt: skip
    own = settings_with(visits="1m, 2m, 3m, 6m")
    made = relief_results(study(people, own))
    shares = find(made, measure="relieved_share", definition="booster_as_loss", condition="crps",
                  population="responders", group_by="all")  # fmt: skip
    assert shares["visit"].tolist() == [
        "week_2", "month_1", "week_8", "month_2", "week_8.7", "week_12", "month_3", "month_6",
    ]  # fmt: skip
    counts = find(made, measure="km_relieved_share", definition="booster_as_loss",
                  condition="crps", group_by="all").set_index("visit")["value"]  # fmt: skip
    got = counts[["week_2", "month_1", "month_6"]].tolist()
    assert got == pytest.approx([1.0, 1.0, 0.25], abs=SUMMED)
    (mean,) = find(made, measure="relief_mean", definition="booster_as_loss", condition="crps",
                   population="responders", group_by="all")["visit"]  # fmt: skip
    assert mean == "month_6"
    boosters = find(made, measure="booster_count", condition="crps")["visit"]
    assert "month_6" in set(boosters)


# losses between visits, by hand


@pytest.mark.parametrize(
    ("week", "share"),
    [(2, 0.875), (4, 0.75), (8, 0.5), (12, 0.25), (26, 0.25)],
)
def test_shares_by_hand(week, share):
    """One quarter lies in each of (0, 4], (4, 8], (8, 12]; one patient is never seen to lose it."""
    found = row(four(), "relieved_share", f"week_{week}")
    assert found.value == pytest.approx(share, abs=FITTED)
    assert found.low <= found.value <= found.high


def test_median_and_quartiles_by_hand():
    """Half are lost at 8 weeks sharp, the end of a region and the start of the next: 8."""
    found = row(four())
    assert found.value == pytest.approx(8.0, abs=1e-6)
    assert (found.n, found.n_events, found.threshold_pct) == (4, 3, 30.0)
    assert (found.method, found.level) == ("npmle", 0.95)
    assert found.low <= 4 and (found.high is None or found.high >= 12)
    first = row(four(), "relief_quartile", "lost_25")
    assert first.value == pytest.approx(4.0, abs=1e-6)


def test_mean_by_hand():
    """Even spread up to week 26: (2 + 6 + 10 + 26) / 4."""
    assert row(four(), "relief_mean", "week_26").value == pytest.approx(11.0, abs=1e-5)


@pytest.mark.slow
def test_all_starters_have_the_others_at_0():
    """Four of eight respond: one half of every share, and half of them have lost it at once."""
    people = [*four(), *(patient(f"n{i}", 8, 8) for i in range(4))]
    for week, share in ((4, 0.375), (8, 0.25), (12, 0.125)):
        found = row(people, "relieved_share", f"week_{week}", population="all_starters")
        assert (found.n, found.value) == (8, pytest.approx(share, abs=FITTED))
    everyone = row(people, population="all_starters")
    assert everyone.low == 0
    assert "others_many(4)" in everyone.notes


@pytest.mark.slow
def test_strategies_by_hand():
    """Good at 4, booster in week 5, bad at 8: (4, 5], unknown after 4, (4, 8]; all are prompted."""
    people = [responder(name, booster_on=WEEK[5], w4=4, w8=8) for name in "ab"]
    people.append(responder("c", w4=4, w8=4, w12=4))
    found = {
        strategy: row(people, "relieved_share", "week_8", definition=f"booster_{strategy}").value
        for strategy in ("as_loss", "as_censoring", "ignored")
    }
    assert found == {
        "as_loss": pytest.approx(1 / 3, abs=FITTED),
        "as_censoring": 1.0,
        "ignored": pytest.approx(1 / 3, abs=FITTED),
    }
    median = row(people)
    assert median.method == "npmle_planned"
    # From 1 at week 4 to 1/3 at week 8: one half three quarters of the way.
    assert median.value == pytest.approx(7.0, abs=1e-6)
    assert "prompted" in row(people, "relief_mean", "week_26").notes


@pytest.mark.slow
def test_without_boosters_strategies_do_not_differ(monkeypatch):
    drawn = []

    def draw(curve, **how):
        drawn.append(how["replicates"])
        return bootstrap(curve, **how)

    bootstrap = relief.bootstrap_relief
    monkeypatch.setattr(relief, "bootstrap_relief", draw)
    people = [responder(f"own{i}", w4=8) for i in range(3)] + four()
    made = find(table(relief_rows, people), measure="relief_duration", population="responders")
    assert len(made) == 3
    assert len(made.drop_duplicates(["value", "low", "high"])) == 1
    assert len(drawn) == 1  # everybody responded: all starters are the same patients


def test_the_headline_stands_in_the_table_of_definitions_unchanged():
    found = {each.definition: each for each in rows_of(table(definition_rows, four()))}
    assert len(found) == 9
    own, head = found["once.end_of_series"], row(four())
    assert (own.value, own.low, own.high) == (head.value, head.low, head.high)
    # The series took ten days: from its start everything is that much later.
    assert found["once.start"].value == pytest.approx(head.value + 10 / 7, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "most", "asked", "made"),
    [(0, 1000, 2000, 1000), (1000, 1000, 2000, 1000), (2000, 1000, 2000, 500),
     (200_000, 1000, 2000, 400), (200_000, 400, 2000, 400), (5, 1000, 200, 200)],
)  # fmt: skip
def test_many_responders_need_fewer_resamples_for_the_same_weeks(n, most, asked, made):
    settings = AnalysisSettings(bootstrap_replicates=asked)
    assert relief.count_resamples(n, settings, most=most) == made


# the earliest and the latest losses there could be


def last_window(people, settings=SETTINGS) -> float:
    """First day of the window of week 26, in weeks: half-way from week 12 and a day on."""
    spans = choose(study(people, settings).adtte, settings)
    return spans["DUEDY"].iloc[0] / 7


@pytest.mark.slow
def test_who_left_with_relief_lost_it_right_after_the_last_visit():
    """Of four, only the one seen in week 26 was followed to the end; week 19 is half-way to it."""
    people = [responder("a", w4=4), responder("b", w4=4, w8=8), responder("c", w4=4, w26=4),
              responder("d")]  # fmt: skip
    assert last_window(people) == pytest.approx(19 + 1 / 7)
    got = earliest_losses(losses(people), np.full(4, last_window(people)))
    assert list(got.left) == [4, 4, 26, 0]
    assert list(got.right) == [pytest.approx(4 + 1 / 7), 8, INF, pytest.approx(1 / 7)]
    assert list(got.is_event) == [True, True, False, True]
    assert list(got.cause) == ["loss", "loss", "censored", "loss"]


def bounds(people) -> list[Row]:
    return [row(people, population=f"responders_{each}") for each in ("early", "late")]


@pytest.mark.slow
def test_medians_at_the_bounds_by_hand():
    """Ten lost in (4, 8], thirty left after week 4. Early: thirty of forty just after 4.

    Late: of the ten who stayed, all had lost it by 8; with nobody left above it, no interval.
    """
    people = [responder(f"a{i}", w4=4, w8=8) for i in range(10)]
    people += [responder(f"b{i}", w4=4) for i in range(30)]
    early, late = bounds(people)
    assert early.value == pytest.approx(4.1, abs=0.1) and early.n_events == 40
    assert 4 <= early.low <= early.high <= 8
    assert (late.value, late.low, late.high) == (8, None, None)
    everyone = [responder(f"c{i}", w4=4, w8=4, w12=4, w26=4) for i in range(5)] + four()
    early, late = bounds(everyone)
    head = row(everyone)
    assert (early.value, early.low, early.high) == (head.value, head.low, head.high)
    found = row(everyone, "km_relief_duration")
    assert (late.value, late.low, late.high) == (found.value, found.low, found.high)
    assert late.n == head.n == 9


@pytest.mark.slow
def test_bounds_enclose_the_headline():
    people = four() * 9 + [responder("x", w4=4), responder("y", w8=4), responder("z", w12=8)]
    people = [{**one, "patient": {**one["patient"], "patient_id": f"p{i}"}}
              for i, one in enumerate(people)]  # fmt: skip
    early, late = bounds(people)
    head = row(people)
    assert early.low <= head.low and early.value <= head.value <= late.value
    assert late.high is None or late.high >= head.high


@pytest.mark.slow
def test_nobody_followed_has_no_bounds():
    made = table(relief_rows, [responder("a"), responder("b")])
    assert find(made, population=("responders_early", "responders_late")).empty
    many = losses([responder(str(i), w4=8) for i in range(4)])
    got = bound_durations(many, np.full(4, 26.0), SETTINGS, clock="end_of_series")
    assert {name: each.value for name, each in got.items()} == {
        "responders_early": pytest.approx(2.0), "responders_late": 4.0,
    }  # fmt: skip


# odd clinics


@pytest.mark.slow
@pytest.mark.parametrize("later", [{}, {WEEK[12]: 2}], ids=["never again", "in week 12"])
def test_nobody_rated_at_the_end(later):
    """Relief at the end is not known of anyone; to say that nobody had it would be invented."""
    people = [patient("a", 8, later=later), patient("b", 8, later=later)]
    found = row(people)
    assert (found.value, found.n, found.notes) == (None, 0, "not_at_end")
    for week in (4, 12):
        everyone = row(people, "relieved_share", f"week_{week}", population="all_starters")
        assert (everyone.value, everyone.n, everyone.status) == (None, 2, "not estimable")
        assert everyone.notes == "not_at_end"


@pytest.mark.slow
def test_from_first_response_no_rating_at_the_end_is_needed():
    own = settings_with(relief_clock="first_response")
    people = [patient("a", 8, later={WEEK[4]: 2, WEEK[8]: 8}), patient("b", 8)]
    assert row(people, settings=own).n == 1
    assert row(people, population="all_starters", settings=own).n == 2


@pytest.mark.slow
def test_nobody_responded():
    people = [patient("a", 8, 8), patient("b", 8, 7)]
    found = row(people)
    assert (found.value, found.status, found.notes) == (None, "no patients", "no_relief")
    everyone = row(people, "relieved_share", "week_4", population="all_starters")
    assert (everyone.value, everyone.n) == (0.0, 2)
    assert row(people, population="all_starters").value == 0.0
    for measure, visit in (("km_relief_duration", ""), ("seen_relieved", "week_0")):
        dated = row(people, measure, visit)
        assert (dated.value, dated.status, dated.notes) == (None, "no patients", "no_relief")


@pytest.mark.slow
def test_only_end_ratings():
    people = [responder("a"), responder("b")]
    for measure in ("relief_duration", "km_relief_duration"):
        found = row(people, measure)
        assert (found.value, found.status, found.notes) == (None, "not estimable", "not_followed")
    share = row([responder("a")], "km_relieved_share", "week_4")
    assert (share.value, share.status) == (None, "not estimable")
    assert row([responder("a")], "seen_relieved", "week_0").value == 1


@pytest.mark.parametrize("measure", ["relief_duration", "km_relief_duration"])
@pytest.mark.slow
def test_nobody_lost_it(measure):
    found = row([responder("a", w4=4), responder("b", w4=4, w8=4)], measure)
    assert (found.value, found.high, found.status, found.n) == (None, None, "not reached", 2)
    assert "runs_late" not in found.notes


@pytest.mark.slow
def test_everyone_lost_it_between_the_same_visits():
    """All of 12 in (0, 4]: the share at week 2 may be anything; the median lies within surely."""
    people = [responder(f"p{i}", w4=8) for i in range(12)]
    share = row(people, "relieved_share", "week_2")
    assert (share.value, share.low, share.status) == (None, None, "not estimable")
    assert share.notes == "silent_week(2)"
    found = row(people)
    assert (found.value, found.low, found.high) == (pytest.approx(2.0), 0.0, 4.0)
    assert "placed_within(0,4)" in found.notes and "exact_times(12)" in found.notes


@pytest.mark.slow
def test_none_of_20_relieved_at_a_week_is_decided_by_an_exact_bound():
    """All lost by week 4: at week 12 the share is 0 to 1 - 0.025 ** (1 / 20) = 16.8%, by hand."""
    share = row([responder(f"p{i}", w4=8) for i in range(20)], "relieved_share", "week_12")
    assert (share.value, share.low, share.high) == (0.0, 0.0, pytest.approx(1 - 0.025**0.05))
    assert share.notes == "exact_bound(20)"


def test_a_booster_on_the_day_of_the_end_rating():
    for measure in ("relief_duration", "km_relief_duration"):
        found = row([responder("a", booster_on=WEEK[0])], measure)
        assert (found.value, found.n, found.n_events) == (0.0, 1, 1)


@pytest.mark.slow
def test_arms_each_have_their_rows_and_together_a_note():
    people = [responder(f"a{i}", w4=4, w8=8, arm="drug") for i in range(3)]
    people += [responder(f"b{i}", w4=8, arm="placebo") for i in range(3)]
    made = relief_results(study(people))
    own = find(made, measure="relief_duration", condition="crps")
    arms = find(own, group_by="arm", population="responders")
    assert arms["group"].value_counts().to_dict() == {"drug": 4, "placebo": 4}  # four readings
    assert find(own, group_by="all")["notes"].str.contains("arms_together").all()
    assert not arms["notes"].str.contains("arms_together").any()


@pytest.mark.slow
def test_another_threshold_is_another_row():
    """A claim about 30% must not be judged by spans counted at 50%."""
    made = table(relief_rows, clinic(), settings_with(responder_threshold_pct=50.0))
    assert set(made["threshold_pct"]) == {50.0}


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["crps", "all", "fbss"])
@pytest.mark.parametrize("with_infusions", [True, False])
def test_exports_without_protocol_or_subtype(condition, with_infusions):
    """Without infusions day 0 is the end of treatment: the rating on day 3 shows relief."""
    people = [patient(f"p{i}", 8, later={3: 4, 28: 4 if i % 2 else 8}) for i in range(6)]
    for one in people:
        del one["patient"]["subtype"]
        one["infusions"] = one["infusions"][:1]
    made = relief_results(study(people, condition=condition, with_infusions=with_infusions))
    found = find_one(made, measure="relief_duration", definition="booster_as_loss",
                     population="responders", group_by="all", condition=condition)  # fmt: skip
    assert found.n == (0 if condition == "fbss" else 6)


# chance


@pytest.mark.slow
def test_intervals_are_the_same_whatever_else_is_made():
    people = clinic() + four()
    alone = table(relief_rows, people)
    pooled = relief_results(study(people[::-1]))
    again = find(pooled, condition="crps", group_by="all", measure=set(alone["measure"]))
    again = again[again["definition"] != "booster_competing"]
    keys = ["measure", "definition", "population", "visit"]
    for name in ("value", "low", "high"):
        one, other = (frame.set_index(keys)[name].sort_index() for frame in (alone, again))
        pd.testing.assert_series_equal(one, other)
    assert not table(relief_rows, people, settings_with(seed=1))["low"].equals(alone["low"])


# any clinic


SCORES = st.sampled_from([None, 2.0, 4.0, 6.0, 8.0])


@pytest.mark.slow
@given(
    drawn=st.lists(
        st.tuples(SCORES, SCORES, SCORES, SCORES, st.sampled_from([None, 0, 3, 30, 60])),
        min_size=1,
        max_size=7,
    ),
    rule=st.sampled_from(["once", "confirmed", "near_baseline"]),
    clock=st.sampled_from(["end_of_series", "first_response", "start"]),
)
@hypothesis_settings(max_examples=8)
def test_any_clinic(drawn, rule, clock):
    people = [
        patient(
            f"p{i}", 8, end,
            later={WEEK[w]: score for w, score in ((4, w4), (8, w8), (12, w12)) if score},
            booster_on=None if booster is None else WEEK[0] + booster,
        )
        for i, (end, w4, w8, w12, booster) in enumerate(drawn)
    ]  # fmt: skip
    made = study(people, settings_with(loss_rule=rule, relief_clock=clock), condition="crps")
    results = relief_results(made)
    own = definition_of(made.settings)
    assert describe_relief(results, condition="crps", definition=own, label="CRPS").endswith(".")
    for r in rows_of(results):
        numbers = [end for end in (r.low, r.value, r.high) if end is not None]
        assert all(math.isfinite(x) for x in numbers), r.result_id
        assert numbers == sorted(numbers), r.result_id
        assert (r.value is None) == (r.status != "estimated")
        assert r.status in ("estimated", "not reached") or r.notes, r.result_id
        assert r.unit != "share" or r.value is None or 0 <= r.value <= 1
    keys = {"measure": "relieved_share", "definition": own, "group_by": "all"}
    for week in ("week_4", "week_8", "week_12"):
        some = find_one(results, visit=week, population="responders", **keys)
        everyone = find_one(results, visit=week, population="all_starters", **keys)
        assert everyone.n == made.adsl["FASFL"].sum()
        if some.value is not None and everyone.value is not None:
            assert everyone.value <= some.value + FITTED
    for population in ("responders", "all_starters"):
        visits = [f"week_{week}" for week in (2, 4, 8, 12, 26)]
        shares = find(results, visit=visits, population=population, **keys)["value"].dropna()
        assert shares.is_monotonic_decreasing


# Kaplan-Meier


def test_kaplan_meier_median_by_hand():
    """3/4 at week 4, 2/4 at 8: exactly half, so the midpoint of 8 and 12, as R prints it."""
    found = row(four(), "km_relief_duration")
    assert (found.value, found.n, found.n_events) == (pytest.approx(10.0), 4, 3)
    assert found.threshold_pct == 30.0
    assert found.notes == "runs_late"


@pytest.mark.parametrize(("week", "share"), [(2, 1), (4, 0.75), (8, 0.5), (12, 0.25), (26, 0.25)])
def test_kaplan_meier_shares_by_hand(week, share):
    found = row(four(), "km_relieved_share", f"week_{week}")
    assert found.value == pytest.approx(share)
    assert found.low is None or found.low <= found.value <= found.high


def test_seen_with_relief_by_hand():
    """Good at the visit before each loss: only d is still seen with relief at weeks 12 and 26."""
    at = [row(four(), "seen_relieved", f"week_{week}").value for week in (0, 4, 8, 12, 26)]
    assert at == [4, 3, 2, 1, 1]


@pytest.mark.slow
def test_a_patient_who_is_not_looked_at_again_is_not_seen_and_not_lost():
    """Week 12: a is rated with relief a week early, b after it, c lost it at 11 weeks, d at 26 and
    was not looked at between, e was never looked at again; f was lost two weeks after a last good
    rating within the window."""
    people = [
        responder("a", w11=2), responder("b", w13=2), responder("c", w11=8),
        responder("d", w26=8), responder("e"), responder("f", w11=2, w13=8),
    ]  # fmt: skip
    seen, unseen = (row(people, name, "week_12") for name in ("seen_relieved", "not_seen_again"))
    assert (seen.value, seen.n) == (3, 6)
    assert (unseen.value, unseen.n) == (1, 6)
    share = row(people, "relieved_share", "week_12")
    assert share.n_events == 3


@pytest.mark.slow
def test_events_of_a_share_are_what_it_counts():
    """Twelve who kept relief to week 12 and four who lost it by week 8, everyone looked at."""
    people = [responder(f"k{i}", w4=2, w8=2, w12=2) for i in range(12)]
    people += [responder(f"l{i}", w4=2, w8=8, w12=8) for i in range(4)]
    for measure in ("relieved_share", "km_relieved_share"):
        kept = row(people, measure, "week_12")
        assert (kept.value, kept.n_events, kept.n) == (0.75, 12, 16)
        assert estimate_text(kept) == "12 of 16 (75%)"
    ended = find(table(competing_rows, people), measure="cumulative_incidence", definition="loss")
    lost = find_one(ended, visit="week_12")
    assert (lost.value, lost.n_events) == (0.25, 4)
    assert find_one(ended, visit="week_4").n_events == 0
    starters = [*people, *(patient(f"n{i}", 8, 8) for i in range(4))]
    kept = row(starters, "relieved_share", "week_12", population="all_starters")
    assert (kept.value, kept.n_events, kept.n) == (pytest.approx(0.6), 12, 20)


@pytest.mark.slow
@pytest.mark.parametrize("own", [{"loss_rule": "confirmed"}, {"relief_clock": "first_response"},
                                 {"responder_threshold_pct": 60.0}])  # fmt: skip
def test_claims_keep_their_reading_whatever_the_settings(own):
    """Once back to 6 of 8 (25% less) in week 8, then 2 again: lost, if once is enough."""
    people = [responder(f"p{i}", w4=2, w8=6, w12=2) for i in range(12)]
    default = row(people, "relieved_share", "week_12", population="all_starters")
    settings = settings_with(**own)
    made = study(people, settings)
    spans = derive_adtte(made.adsl, made.ratings, threshold_pct=30.0, visits=settings.schedule)
    group = make_group(("crps", "all", "all"), made.adsl, set(made.adsl["USUBJID"]),
                       settings.model_copy(update={"responder_threshold_pct": 30.0}))  # fmt: skip
    results = pd.concat([relief_results(made), make_results(claimed_rows(spans, group))])
    assert not results.duplicated(KEYS).any()
    keys = {"definition": "booster_as_loss", "threshold_pct": 30.0, "condition": "crps"}
    found = find_one(results, measure="relieved_share", visit="week_12", population="all_starters",
                     **keys)  # fmt: skip
    assert (found.value, found.n_events) == (default.value, default.n_events) == (0.0, 0)


@pytest.mark.slow
def test_boosters_end_relief_censor_it_or_are_ignored():
    """Good at week 4, booster in week 5, bad at week 8: lost at 5, last seen at 4, lost at 8."""
    people = [responder(name, booster_on=WEEK[5], w4=4, w8=8) for name in "ab"]
    made = table(relief_rows, [*people, responder("c", w4=4, w8=4, w12=4)])
    by = {r.definition: (r.value, r.n_events)
          for r in rows_of(find(made, measure="km_relief_duration"))}  # fmt: skip
    assert by == {
        "booster_as_loss": (pytest.approx(5.0), 2),
        "booster_as_censoring": (None, 0),
        "booster_ignored": (pytest.approx(8.0), 2),
    }


# competing boosters


def five():
    """Losses found at weeks 4, 8 and 12, a booster in week 5, one good until week 26."""
    return [*four(), responder("e", booster_on=WEEK[5], w4=4, w8=4)]


def competing(people) -> tuple[pd.DataFrame, Row]:
    made = table(competing_rows, people)
    median = find_one(made, measure="relief_duration")
    assert median is not None
    return made, median


@pytest.mark.parametrize(
    ("week", "loss", "booster"),
    [(2, 0, 0), (4, 0.2, 0), (8, 0.4, 0.2), (8.7, 0.4, 0.2), (12, 0.6, 0.2), (26, 0.6, 0.2)],
)
def test_incidences_by_hand(week, loss, booster):
    """Nobody is censored before week 26, so shares are counts of five."""
    made, _ = competing(five())
    for cause, share in (("loss", loss), ("booster", booster)):
        found = find_one(made, measure="cumulative_incidence", definition=cause,
                         visit=f"week_{week:g}")  # fmt: skip
        assert (found.value, found.n) == (pytest.approx(share), 5)


def test_competing_median_by_hand():
    """The third loss of five passes one half: it lies between weeks 8 and 12, midway at 10."""
    _, found = competing(five())
    assert (found.value, found.n, found.n_events) == (pytest.approx(10.0), 5, 3)
    assert found.method == "competing_median"
    assert found.low <= 8 and found.high is None


@pytest.mark.slow
def test_many_boosted_first_never_reach_one_half():
    people = [responder(f"b{i}", booster_on=WEEK[3], w4=4) for i in range(6)]
    _, found = competing([*people, *four()])
    assert (found.value, found.status, found.n_events) == (None, "not reached", 3)
    made, found = competing([responder("a", booster_on=WEEK[0])])
    assert found.status == "not reached"
    assert find_one(made, definition="booster", visit="week_2").value == 1.0


def test_without_boosters_it_is_the_headline_itself():
    _, own = competing(four())
    head = row(four())
    assert (own.value, own.low, own.high, own.method) == (head.value, head.low, head.high, "npmle")


@pytest.mark.parametrize(
    ("people", "status", "why"),
    [
        ([patient("a", 8, 8)], "no patients", "no_relief"),
        ([responder("a"), responder("b")], "not estimable", "not_followed"),
    ],
)
def test_nobody_competes(people, status, why):
    made, _ = competing(people)
    assert len(made) == 13  # six weeks of two causes, and the median
    assert {(r.value, r.status, r.notes) for r in rows_of(made)} == {(None, status, why)}


# log-rank tests


def two_arms(early="standard", late="high_dose"):
    """Two lose it at week 4 in one group, two at week 8 in the other."""
    return [
        responder("a", w4=8, arm=early), responder("b", w4=8, arm=early),
        responder("c", w4=4, w8=8, arm=late), responder("d", w4=4, w8=8, arm=late),
    ]  # fmt: skip


def log_ranks(people, condition="crps") -> dict[str, Row]:
    group, own = relief_groups(study(people))[condition, "all", "all"]
    rows = log_rank_rows(choose(own, SETTINGS), group)
    return {r.definition: r for r in rows_of(make_results(rows))} if len(rows) else {}


@pytest.mark.slow
def test_log_rank_by_hand():
    """At week 4 two of four are lost: 1 expected in either group, with variance 1/3.

    At week 8 only one group is left and adds nothing. (2 - 1)^2 / (1/3) = 3, and a chi-square of 3
    with one degree of freedom has p = 0.0833 (tables).
    """
    (found,) = log_ranks(two_arms()).values()
    assert (found.definition, found.n, found.n_events, found.unit) == ("by_arm", 4, 4, "p")
    assert found.value == pytest.approx(0.0833, abs=5e-5)
    assert found.notes == "allocation_unknown"


@pytest.mark.slow
def test_conditions_are_compared_and_stratified_by():
    people = two_arms()
    people += [responder(f"f{i}", w4=4, w8=8, arm="standard", condition="fbss") for i in range(2)]
    made = log_ranks(people, "all")
    assert set(made) == {"by_arm", "by_condition"}
    assert made["by_arm"].method == "log_rank_stratified"
    assert made["by_condition"].notes == "not_allocated"
    # The second condition has one arm only and adds nothing to the comparison within strata.
    assert made["by_arm"].value == pytest.approx(0.0833, abs=5e-5)


@pytest.mark.slow
def test_blank_groups_are_left_out_and_counted():
    (found,) = log_ranks([*two_arms(), responder("x", w4=8, arm=None)]).values()
    assert (found.n, found.n_missing) == (4, 1)


@pytest.mark.slow
def test_nobody_lost_is_no_comparison():
    people = [responder("a", w4=4, arm="x"), responder("b", w4=4, arm="y")]
    (found,) = log_ranks(people).values()
    assert (found.value, found.status, found.notes) == (
        None, "not estimable", "nobody_lost;allocation_unknown",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("people", [[patient("a", 8, 8, arm="x")], [responder("a", arm="x")]])
def test_one_group_is_no_comparison(people):
    assert log_ranks(people) == {}


# fitted shapes


def lost(n: int, week: str, name: str, **columns):
    """Patients whose loss was found at a week, good at every earlier visit."""
    weeks = ["w4", "w8", "w12", "w26"]
    good = dict.fromkeys(weeks[: weeks.index(week)], 4)
    return [responder(f"{name}{i}", **good, **{week: 8}, **columns) for i in range(n)]


def spread_out():
    return [*lost(8, "w4", "a"), *lost(8, "w8", "b"), *lost(6, "w12", "c"), *lost(4, "w26", "d")]


def shapes(people) -> pd.DataFrame:
    made = study(people)
    group, own = relief_groups(made)[WHOLE]
    return make_results(shape_rows(responder_rows(made, own), group))


@pytest.mark.slow
def test_fitted_numbers_are_near_the_counted_ones():
    """8 of 26 by week 4 and 16 by week 8: half between the two, whatever the shape.

    Of 18 relieved at week 4, 4 are at week 12: 22%; a smooth shape comes within a tenth.
    """
    made = shapes(spread_out())
    for found in rows_of(find(made, measure="parametric_median")):
        assert 4 < found.value < 8
        assert found.low < found.value < found.high
        assert (found.n, found.n_events) == (26, 26)
        fit = fit_shape(found.definition, losses(spread_out()), level=0.95)
        assert found.value == fit.median().value
    for found in rows_of(find(made, measure="conditional_share")):
        assert found.value == pytest.approx(4 / 18, abs=0.1)
        assert found.visit == "week_12_given_week_4"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "status", "said"),
    [
        ([patient("a", 8, 8)], "no patients", "no_relief"),
        ([responder("a"), responder("b")], "not estimable", "not_followed"),
        (lost(9, "w4", "a"), "not estimable", "few_losses(9,10)"),
        ([responder(f"k{i}", w4=4) for i in range(12)], "not estimable", "few_losses(0,10)"),
        (lost(12, "w4", "a"), "not estimable", "no_maximum_early"),
        (
            [*lost(12, "w4", "a"), *(responder(f"k{i}", w4=4) for i in range(8))],
            "not estimable",
            "no_maximum_one_look",
        ),
    ],
    ids=["nobody", "not followed", "few losses", "nobody lost", "all alike", "one follow-up"],
)
def test_no_fit_has_a_note(people, status, said):
    made = shapes(people)
    assert len(made) == 4  # median and conditional share of two shapes; no ratios
    assert {(r.value, r.status, r.notes) for r in rows_of(made)} == {(None, status, said)}
    assert shape_curves(losses(people), horizon_weeks=26.0, level=0.95).empty


@pytest.mark.slow
def test_a_median_past_the_last_look_is_not_reported():
    """12 of 60 lost by week 4 and nobody looked at later than 8: half would be extrapolated."""
    kept = [responder(f"k{i}", w4=4, w8=4) for i in range(48)]
    people = [*lost(8, "w4", "a"), *lost(4, "w8", "b"), *kept]
    made = shapes(people)
    for found in rows_of(find(made, measure="parametric_median")):
        assert (found.value, found.high, found.status) == (None, None, "not reached")
        assert found.notes == "after_last_look(8)"
    for found in rows_of(find(made, measure="conditional_share")):
        assert (found.value, found.status) == (None, "not estimable")
    drawn = shape_curves(losses(people), horizon_weeks=26.0, level=0.95)
    assert drawn.groupby("shape")["week"].max().to_dict() == {"weibull": 8.0, "lognormal": 8.0}


@pytest.mark.slow
def test_a_booster_on_the_first_day_does_not_stop_the_fit():
    made = shapes([*spread_out(), responder("z", booster_on=WEEK[0], w8=8)])
    assert find_one(made, measure="parametric_median", definition="weibull").value > 0


def varied(n: int):
    """Baselines 7, 8, 9 in turn; the ratings still show relief, or its loss."""
    people = [*lost(n, "w4", "a"), *lost(n, "w8", "b"), *lost(n, "w12", "c")]
    for place, one in enumerate(people):
        later = {day: {4: 3.0, 8: 9.0}[score] for day, score in one["ratings"].items() if day}
        one["ratings"] = later | {0: 7.0 + place % 3}
    return people


@pytest.mark.slow
@pytest.mark.parametrize(("n", "there"), [(6, False), (7, True)])
def test_ratios_need_ten_losses_a_coefficient(n, there):
    """One covariate and the level: 20 losses; 18 are too few and 21 enough."""
    found = rows_of(find(shapes(varied(n)), measure="time_ratio"))
    assert [r.definition for r in found] == (
        ["weibull.baseline_point", "lognormal.baseline_point"] if there else []
    )
    assert all(
        ("allocation_unknown" if "protocol" in r.definition else "not_allocated") in r.notes
        and r.low <= r.value <= r.high
        for r in found
    )


@pytest.mark.slow
def test_a_baseline_that_makes_no_difference_has_a_ratio_of_1():
    """Every baseline occurs equally often at every week (9 patients a week, three of each)."""
    for found in rows_of(find(shapes(varied(9)), measure="time_ratio")):
        assert found.value == pytest.approx(1.0, abs=1e-6)


# single patients


@pytest.mark.slow
def test_few_spans_are_not_shown():
    """A few out of few could be recognized."""
    assert sample_spans(choose(study(four()).adtte, SETTINGS)).empty
    weeks = (4, 8, 12, 26)
    people = [responder(f"p{i}", **{f"w{w}": 4 for w in weeks[: i % 4]}) for i in range(36)]
    shown = sample_spans(choose(study(people).adtte, SETTINGS))
    assert len(shown) == 20
    assert shown["LDY"].is_monotonic_increasing


# in words


def typed(measure: str, value, low, high, **keys) -> dict:
    base = {
        "measure": measure, "definition": "booster_as_loss", "population": "responders",
        "condition": "crps", "threshold_pct": 30.0, "level": 0.95, "unit": "weeks",
        "method": "npmle", "n": 74,
        "status": "estimated" if value is not None else "not reached",
    }  # fmt: skip
    return {**base, "value": value, "low": low, "high": high, **keys}


def head(value=6.6, low=4.0, high=12.0, **keys) -> dict:
    return typed("relief_duration", value, low, high, **{"n_events": 65, **keys})


def followed(n: int, unseen: int = 0) -> list[dict]:
    count = {"visit": "week_12", "unit": "count"}
    return [typed("seen_relieved", n, None, None, **count),
            typed("not_seen_again", unseen, None, None, **count)]  # fmt: skip


def share(value, low, high, **keys) -> dict:
    given = {"visit": "week_12", "unit": "share", "population": "all_starters", "n": 137, **keys}
    status = "estimated" if value is not None else "not estimable"
    return typed("relieved_share", value, low, high, status=status, **given)


def say(*rows: dict, definition="booster_as_loss") -> str:
    results = make_results(rows or pd.DataFrame(columns=["measure", "n", "unit", "method"]))
    return describe_relief(results, condition="crps", definition=definition, label="CRPS")


def test_in_full():
    assert say(head(), *followed(17, 8), share(0.09, 0.04, 0.17)) == (
        "CRPS: of 74 patients with relief at the end of the series, half had lost it after 6.6 "
        "weeks (95% CI 4 to 12 weeks; losses lie between two visits, a booster counts as "
        "its end). 65 of 74 (88%) were seen to lose it or to have a booster; 17 of 74 (23%) were "
        "seen with relief at week 12 or later, and 8 had not been looked at again by then. Of all "
        "137 who started, 9% had relief at the end of the series and kept it to week 12 (95% "
        "CI 4% to 17%)."
    )


def test_nobody_followed_so_long_is_no_loss():
    said = say(head(None, None, None, n=36, n_events=0), *(each | {"n": 36} for each in
                                                          followed(0, 36)))  # fmt: skip
    assert (
        "0 of 36 (0%) were seen to lose it or to have a booster; none was seen with relief at "
        "week 12 or later: 36 had not been looked at again by then, which is no loss."
    ) in said


def test_another_clock_is_named_with_the_week():
    notes = {"notes": "clock_first_response"}
    rows = (head(**notes), *(each | notes for each in followed(9)), share(0.2, 0.1, 0.3, **notes))
    said = say(*rows)
    assert "seen with relief at week 12 after the first rating with relief or later" in said
    assert "20% had relief and kept it to week 12 after the first rating with relief" in said


@pytest.mark.slow
def test_who_began_later_is_not_called_without_relief():
    """One had relief at the end and lost it; three had none then and have it at week 12."""
    people = [patient("a", 8, 2, later={WEEK[4]: 8, WEEK[12]: 8})]
    people += [patient(name, 8, 7, later={WEEK[4]: 7, WEEK[12]: 1}) for name in "bcd"]
    said = describe_relief(relief_results(study(people)), condition="crps",
                           definition="booster_as_loss", label="CRPS")  # fmt: skip
    assert "none had relief at week 12" not in said
    assert (
        "Of all 4 who started, none had relief at the end of the series and kept it to week 12"
    ) in said


@pytest.mark.slow
def test_nobody_is_followed_with_relief_after_a_loss_was_found():
    """The end, then one look a day before week 12, without relief."""
    people = [patient(name, 8, later={WEEK[0]: 2, WEEK[12] - 1: 8}) for name in "abcd"]
    said = describe_relief(relief_results(study(people)), condition="crps",
                           definition="booster_as_loss", label="CRPS")  # fmt: skip
    assert (
        "4 of 4 were seen to lose it or to have a booster; none was seen with relief at week 12 or "
        "later."
    ) in said


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("booster_as_censoring", "nothing counts as known after a booster"),
        ("booster_ignored", "boosters are ignored"),
        ("booster_ignored.once.first_response", "boosters are ignored"),
    ],
)
def test_the_strategy_is_named(definition, said):
    assert said in say(head(definition=definition), definition=definition)


def test_no_row():
    assert say() == "How long relief lasts was not computed for these patients."


def test_nobody_responded_in_words():
    said = say(
        head(None, None, None, n=0, n_events=None, status="no patients"), share(0, None, None)
    )
    assert said == (
        "CRPS: nobody had relief at the end of the series, so none can be timed. Of all 137 who "
        "started, none had relief at the end of the series and kept it to week 12 (there is no "
        "interval)."
    )


@pytest.mark.slow
def test_nobody_rated_at_the_end_is_not_nobody_relieved():
    """The choir cohort has no visit at the end: what became of relief is not known, not 0."""
    results = relief_results(study([patient("a", 8, later={WEEK[12]: 2})]))
    assert describe_relief(
        results, condition="crps", definition="booster_as_loss", label="CRPS"
    ) == (
        "CRPS: nobody was rated at the end of the series, so relief cannot be timed from it. Of "
        "the 1 patient who started, it is not known how many kept relief to week 12."
    )


def test_nobody_rated_again():
    said = say(head(None, None, None, status="not estimable", n_events=None), *followed(0))
    assert said == (
        "CRPS: of 74 patients with relief at the end of the series, nobody was rated again; how "
        "long it lasts is not known."
    )


def test_not_reached():
    said = say(head(None, 6.0, None, n_events=20))
    assert (
        "the time by which half had lost it was not reached while they were followed; its 95% "
        "CI begins at 6 weeks (a booster counts as its end)."
    ) in said
    assert "begins" not in say(head(None, 0.0, None))
    assert "begins" not in say(head(None, None, None))


def test_no_interval_says_where_the_data_place_it():
    said = say(head(2.0, None, None, notes="placed_within(0,4)"))
    assert "(there is no interval: the data place it only after 0 and by 4 weeks;" in said
    assert "(there is no interval;" in say(head(2.0, None, None))


def test_one_patient():
    said = say(head(2.0, None, None, n=1, n_events=1), share(0.0, None, None, n=1))
    assert "of 1 patient with relief" in said
    assert "Of the 1 patient who started, none had relief at the end of the series and kept" in said


def test_a_share_of_starters_that_is_not_known():
    said = say(head(), share(None, None, None))
    assert "Of all 137 who started, it is not known how many kept relief to week 12." in said


def test_the_level_is_that_of_the_row():
    assert "90% CI 4 to 12 weeks" in say(head(level=0.9))


def test_departures_and_pooled_treatments_are_said():
    said = say(head(notes="rule_confirmed;runs_late;arms_together"))
    assert said.endswith(
        "Relief counts as lost only when the next rating confirms it. Patients of different arms "
        "are counted together in this number."
    )
    assert "late" not in said
    other = say(head(notes="clock_first_response"))
    assert "with relief at any rating" in other
    assert "at the end of the series" not in other


CLINICS = {
    "nobody responded": [patient("a", 8, 8)],
    "nobody rated": [patient("a", 8)],
    "one": [responder("a", w4=8)],
    "one kept": [responder("a", w4=4)],
    "not followed": [responder("a"), patient("b", 8, 8)],
    "all at one visit": [responder(f"p{i}", w4=8) for i in range(12)],
    "all censored": [responder(f"p{i}", w4=4, w8=4) for i in range(12)],
    "booster on the last day": [responder("a", booster_on=WEEK[0])],
    "booster before relief": [patient("a", 8, 2, booster_on=WEEK[0] + 1)],
    "arms": [responder("a", w4=8, arm="x"), responder("b", w4=4, arm="y")],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "condition"), [*((name, "all") for name in CLINICS), ("one", "fbss")]
)
def test_every_clinic_has_sentences(name, condition):
    results = relief_results(study(CLINICS[name], condition=condition))
    for code in set(results["condition"]):
        said = describe_relief(results, condition=code, definition="booster_as_loss", label="CRPS")
        assert said.endswith(".")
        assert not re.search(r"None|nan|inf\b|—|  |\(\)", said), said
