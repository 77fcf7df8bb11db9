"""Boosters: how many, how far apart, and relief series by series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from relief_studies import WEEK, responder
from studies import SETTINGS, big_demo, patient, study

from analysis.outcomes.boosters import mean_count_of, tabulate_boosters
from analysis.outcomes.rows import find_row, find_rows
from analysis.outcomes.selection import Group
from analysis.outcomes.series_relief import estimate_trend

NO_INFUSIONS = "The export has no infusions, so boosters cannot be counted."
ONE_NUMBER = "Relief was shown after fewer than two numbers of series: nothing to compare."
GROUP = Group("crps", "all", "all", pd.Index([]))


def several(name: str, *weeks: int, until: int = 26):
    """A responder with boosters in the given weeks, rated in the last week of follow-up."""
    one = responder(name, **{f"w{until}": 4})
    one["infusions"] += [(WEEK[week], "maintenance") for week in weeks]
    return one


def rows(people, settings=SETTINGS, condition="crps", **how):
    return tabulate_boosters(study(people, settings, **how), settings, condition)


def count(made, week):
    return find_row(made, measure="booster_count", visit=f"week_{week:g}")


@pytest.mark.parametrize(
    ("week", "mean"), [(2, 0), (4, 0), (8, 0.5), (8.7, 0.5), (12, 0.75), (26, 1.25)]
)
def test_counts_by_hand(week, mean):
    """Four followed to week 26; boosters in weeks 5, 11, 20, in week 6, and in week 15: 5 / 4."""
    people = [several("a", 5, 11, 20), several("b", 6), several("c", 15), several("d")]
    made = rows(people)
    assert (count(made, week).value, count(made, week).n) == (pytest.approx(mean), 4)
    assert count(made, week).unit == "per starter"


def test_who_left_is_no_longer_counted_among():
    """One of two is followed to week 8 only: the booster in week 10 is one of one, not of two."""
    made = rows([several("a", 10), several("b", until=8)])
    assert count(made, 8).value == 0
    assert count(made, 12).value == 1


def test_nonresponders_are_starters_too():
    made = rows([several("a", 5), patient("n", 8, 8, later={WEEK[26]: 8})])
    assert (count(made, 12).value, count(made, 12).n) == (0.5, 2)


def test_nobody_boosted_is_none_and_no_infusions_is_unknown():
    made = rows([several("a"), several("b")])
    assert {(r.measure, r.value, r.status) for r in made} == {("booster_count", 0.0, "estimated")}
    made = rows([several("a", 5)], with_infusions=False)
    assert {(r.value, r.status, r.warnings) for r in made} == {
        (None, "not estimable", (NO_INFUSIONS,))
    }
    assert {r.status for r in rows([several("a", 5)], condition="fbss")} == {"no patients"}


def test_maintenance_before_the_start_is_no_booster():
    early = several("a", 5)
    early["infusions"].insert(0, (-60, "maintenance"))
    assert count(rows([early, several("b")]), 26).value == 0.5


def test_gaps_by_hand():
    """First boosters in weeks 4 to 8 of five patients: the median first gap is 6 weeks.

    Second ones five weeks after the first in all five, who are seen to the end: 5 weeks.
    """
    made = rows([several(f"p{i}", 4 + i, 9 + i) for i in range(5)])
    first, second = (find_row(made, measure="booster_gap", group=number) for number in ("1", "2"))
    assert (first.value, first.n) == (pytest.approx(6.0), 5)
    assert second.value == pytest.approx(5.0)
    assert not any("came back" in text for text in first.warnings)
    assert any("came back" in text for text in second.warnings)


def test_four_patients_have_no_gap_and_no_series_median():
    made = rows([several(f"p{i}", 5) for i in range(4)])
    assert {r.measure for r in made} == {"booster_count", "series_time_ratio"}


def test_the_curve_for_the_figure_ends_with_the_planned_visits():
    """Past week 26 only who comes for a booster is seen."""
    late = several("a", 5)
    late["infusions"].append((WEEK[26] + 30, "maintenance"))
    datasets = study([late, several("b")])
    made = mean_count_of(datasets, SETTINGS, "crps")
    assert (made.mean.tolist(), made.last_time) == ([0.5], 26.0)
    assert mean_count_of(study([several("a")]), SETTINGS, "crps") is None


# series by series

FITTED = 1e-9  # estimates are within 1e-8 standard errors of the maximum


def spans(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "series_number", "left_days", "right_days"])


def repeated(factor: float) -> pd.DataFrame:
    """Forty patients with two series each, the second ``factor`` times as long to the day."""
    longs = np.linspace(10, 90, 40)
    first = [(f"p{i}", 1, days - 5, days + 5) for i, days in enumerate(longs)]
    second = [(f"p{i}", 2, (d - 5) * factor, (d + 5) * factor) for i, d in enumerate(longs)]
    return spans(*first, *second)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_ratio_is_the_planted_factor(factor):
    found = estimate_trend(repeated(factor), SETTINGS, GROUP)
    assert found.value == pytest.approx(factor, rel=1e-6)
    assert (found.n, found.level, found.status) == (80, 0.95, "estimated")
    assert found.low <= factor * (1 + FITTED)  # all ratios are alike: the interval has no width
    assert found.high >= factor * (1 - FITTED)


def test_the_interval_knows_that_series_of_a_patient_hang_together():
    """Each patient's two series are alike here: the ratio hardly varies when patients are left out.

    Taken as independent, eighty spans from 10 to 90 days would leave it open by a fifth.
    """
    found = estimate_trend(repeated(1.0), SETTINGS, GROUP)
    assert found.high / found.low < 1.001


def test_the_ratio_is_the_same_again():
    wild = repeated(1.0).assign(right_days=lambda f: f["right_days"] + np.arange(len(f)) % 7 * 3.0)
    first, again = (estimate_trend(wild, SETTINGS, GROUP) for _ in range(2))
    assert (first.low, first.high) == (again.low, again.high)


def test_no_ratio_has_a_sentence():
    few = estimate_trend(repeated(1.0).iloc[[0, 1, 40, 41]], SETTINGS, GROUP)
    assert (few.value, few.status) == (None, "not estimable")
    assert "4 were seen to lose relief" in few.warnings[0]
    one = estimate_trend(repeated(1.0).iloc[:40], SETTINGS, GROUP)
    assert one.warnings == (ONE_NUMBER,)
    assert estimate_trend(spans(), SETTINGS, GROUP).status == "not estimable"


# what is planted

COUNT_TOLERANCE = 1e-9
"""Two ways of adding the same fractions."""


def simple_count(datasets, condition: str, week: float) -> float:
    """Boosters of each day over the patients seen on that day or later, summed day by day."""
    subjects = datasets.subjects
    own = subjects[subjects["eligible"] & (subjects["condition"] == condition)]
    end = own["end_of_series_day"]
    given = datasets.series[datasets.series["patient_id"].isin(own.index)]
    rated = datasets.change[datasets.change["patient_id"].isin(own.index)]
    seen = pd.concat([given[["patient_id", "day"]], rated[["patient_id", "day"]]])
    last = seen.groupby("patient_id")["day"].max().reindex(own.index) - end
    boosters = given[given["series_number"] > 1]
    starts = boosters.groupby(["patient_id", "series_number"])["day"].min().reset_index()
    days = starts["day"].to_numpy() - end.loc[starts["patient_id"]].to_numpy()
    return sum(
        (days == day).sum() / (last >= day).sum() for day in np.unique(days) if day <= 7 * week
    )


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["crps", "headache"])
def test_counts_of_20_000_match_a_simple_count(condition):
    datasets, _ = big_demo()
    made = tabulate_boosters(datasets, SETTINGS, condition)
    for week in (8.0, 12.0, 26.0):
        assert count(made, week).value == pytest.approx(
            simple_count(datasets, condition, week), abs=COUNT_TOLERANCE
        )


@pytest.mark.slow
def test_no_tolerance_is_planted_and_found():
    """Every booster gives relief from the same distribution: the ratio's interval holds 1.

    All patients together, 20,000; the interval is a few percent wide.
    """
    datasets, _ = big_demo()
    made = tabulate_boosters(datasets, SETTINGS, "all")
    ratio = find_row(made, measure="series_time_ratio")
    assert ratio.low <= 1.0 <= ratio.high
    assert ratio.high / ratio.low < 1.15
    assert len(find_rows(made, measure="series_relief")) >= 3
