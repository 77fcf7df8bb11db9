"""What is planted in 20,000 synthetic patients is found again: files written, read, derived."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from relief_studies import booster_table, relief_groups
from studies import ALLOWED_Z, SETTINGS

from analysis.adam.study import Study, derive_study
from analysis.intake.demo import write_demo
from analysis.intake.load import load_export
from analysis.results import find, find_one, make_results
from analysis.stats.rates import estimate_responder_share
from analysis.stats.reductions import estimate_mean
from analysis.stats.relief import relief_rows

pytestmark = pytest.mark.slow

PLANTED = ("crps", "fibromyalgia", "neuropathic", "central", "headache", "fbss")

every_condition = pytest.mark.parametrize("condition", PLANTED)


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> tuple[Study, dict[str, Any]]:
    """The pain of 20,000 patients as a study, and the truth of each condition.

    The seed is drawn, not picked; it is not the one of the bundled export.
    """
    folder = tmp_path_factory.mktemp("planted") / "demo"
    export = write_demo(folder, n_patients=20_000, seed=424_242)
    for name in ("adverse_events", "opioid_use", "questionnaires"):
        (export / f"{name}.csv").unlink()
    truth = json.loads((export / "truth.json").read_text(encoding="utf-8"))
    return derive_study(load_export(export), SETTINGS), truth["conditions"]


# responders and reductions


@pytest.fixture(scope="module")
def at_end(big) -> dict[str, pd.DataFrame]:
    """Those due at the end of the series, by condition, as notebooks 20 and 30 count them."""
    due = big[0].adpain.query("FASFL and DUEFL and AVISIT == 'end'")
    return dict(list(due.groupby("COND")))


@every_condition
def test_planted_responder_shares_are_found_again(big, at_end, condition):
    truth = big[1][condition]
    expected = {
        "nonresponse": truth["expected_all_starters_share"],
        "excluded": truth["expected_rated_share"],
    }
    made = {
        missing: estimate_responder_share(at_end[condition]["CRIT30FL"], missing=missing)
        for missing in (*expected, "response")
    }
    for missing, share in expected.items():
        found = made[missing]
        allowed = ALLOWED_Z * np.sqrt(share * (1 - share) / found.n)
        assert found.value == pytest.approx(share, abs=allowed), missing
        assert allowed < 0.05  # enough patients for the test to mean something
    assert made["nonresponse"].value < truth["responder_30_share"] < made["response"].value


RESPONDERS_ABOVE_OTHERS_PCT = 47.0
"""Planted: responders fall by 30 + 70 x 1.3 / (1.3 + 2.7) = 53% on average, others by 6%."""

ROUNDED_PCT = 0.25
"""Whole scores move both means by a few percent, and so the shift below by this much at most."""


@every_condition
def test_planted_mean_reductions_are_found_again(big, at_end, condition):
    """Those rated are better off than all who started, by as much as responders are over-seen."""
    true = big[1][condition]
    over_seen = true["expected_rated_share"] - true["responder_30_share"]
    expected = true["simulated"]["reduction_mean_pct"] + over_seen * RESPONDERS_ABOVE_OTHERS_PCT
    found = estimate_mean(-at_end[condition]["PCHG"])
    error = (found.high - found.low) / (2 * 1.96)
    assert found.value == pytest.approx(expected, abs=ALLOWED_Z * error + ROUNDED_PCT)
    assert error < 1.0


# relief

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
def groups(big) -> dict:
    return relief_groups(big[0])


@pytest.fixture(scope="module")
def relieved(groups) -> dict[str, pd.DataFrame]:
    """Rows on the relief of each condition."""
    pairs = {condition: groups[condition, "all", "all"] for condition in PLANTED}
    return {name: make_results(relief_rows(own, group)) for name, (group, own) in pairs.items()}


@every_condition
def test_the_curve_recovers_the_planted_shares(big, relieved, condition):
    made, truth = relieved[condition], big[1][condition]
    wanted = {
        # Relief of the series alone: what would be had nobody been boosted.
        "booster_as_censoring": truth["still_relieved_share"],
        # Relief ends at a booster: simulated from the same plan.
        "booster_as_loss": truth["simulated"]["relieved_without_booster_share"],
    }
    for definition, shares in wanted.items():
        for visit in ("week_4", "week_8", "week_12"):
            found = find_one(made, measure="relieved_share", visit=visit, definition=definition,
                             population="responders")  # fmt: skip
            assert found.value == pytest.approx(shares[visit], abs=SHARE_TOLERANCE)


@every_condition
def test_the_median_recovers_what_is_planted_and_kaplan_meier_is_late(big, relieved, condition):
    made, true = relieved[condition], big[1][condition]["relief_median_weeks"]
    keys = {"definition": "booster_as_censoring", "population": "responders"}
    found = find_one(made, measure="relief_duration", **keys)
    assert found.value == pytest.approx(true, abs=MEDIAN_TOLERANCE_WEEKS)
    assert found.low <= true <= found.high
    late = find_one(made, measure="km_relief_duration", **keys)
    assert late.value - true == pytest.approx(LATE_WEEKS[condition], abs=LATE_TOLERANCE_WEEKS)
    assert late.low > true  # its interval does not say so


# boosters

COUNT_TOLERANCE = 1e-9
"""Two ways of adding the same fractions."""


def simple_count(made: Study, condition: str, week: float) -> float:
    """Boosters of each day over the patients seen on that day or later, summed day by day."""
    own = made.adsl[made.adsl["FASFL"] & (made.adsl["COND"] == condition)].set_index("USUBJID")
    end = own["EOSDY"]
    given = made.infusions[made.infusions["USUBJID"].isin(own.index)]
    rated = made.ratings[made.ratings["USUBJID"].isin(own.index) & made.ratings["POSTFL"]]
    seen = pd.concat([given[["USUBJID", "ADY"]], rated[["USUBJID", "ADY"]]])
    last = seen.groupby("USUBJID")["ADY"].max().reindex(own.index) - end
    boosters = given[given["SERIES"] > 1]
    starts = boosters.groupby(["USUBJID", "SERIES"])["ADY"].min().reset_index()
    days = starts["ADY"].to_numpy() - end.loc[starts["USUBJID"]].to_numpy()
    return sum(
        (days == day).sum() / (last >= day).sum() for day in np.unique(days) if day <= 7 * week
    )


@pytest.mark.parametrize("condition", ["crps", "headache"])
def test_boosters_match_a_simple_count(big, groups, condition):
    demo, _ = big
    made = make_results(booster_table(demo, groups[condition, "all", "all"][0]))
    for week in ("week_8", "week_12", "week_26"):
        found = find_one(made, measure="booster_count", visit=week)
        assert found.value == pytest.approx(
            simple_count(demo, condition, float(week.removeprefix("week_"))), abs=COUNT_TOLERANCE
        )


def test_no_tolerance_is_planted_and_found(big, groups):
    """Every booster gives relief from the same distribution: the ratio's interval holds 1.

    All patients together, 20,000; the interval is a few percent wide.
    """
    made = make_results(booster_table(big[0], groups["all", "all", "all"][0]))
    ratio = find_one(made, measure="series_time_ratio")
    assert ratio.low <= 1.0 <= ratio.high
    assert ratio.high / ratio.low < 1.15
    assert len(find(made, measure="series_relief")) >= 3
