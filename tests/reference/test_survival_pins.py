"""Kaplan-Meier, log-rank and cumulative incidence against R; see durations.README.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pins import array, cases, data, numbers, pins, weights

from analysis.stats.comparisons import compare_interval_log_rank, log_rank_scores
from analysis.stats.survival import (
    compare_log_rank,
    estimate_cumulative_incidence,
    estimate_kaplan_meier,
)

FITTED = 1e-4  # Turnbull's masses of 228 patients, stopped at a gap of 1e-11
CLOSED_FORM = 1e-8  # sums and products in another order: rounding only


def test_all_pins_are_here() -> None:
    counts = {"kaplan_meier": 7, "log_rank": 6, "competing": 3}
    assert {key: len(pins(f"durations_{key}.json")) for key in counts} == counts


@cases("durations_kaplan_meier.json")
def test_kaplan_meier(case: dict[str, Any]) -> None:
    table = data(case)
    event = table["event"] if "event" in table else table["cause"] > 0
    entry = table[case["entry"]] if case["entry"] else None
    curve = estimate_kaplan_meier(table["time"], event, weights=weights(case, table), entry=entry)
    shares = np.array([numbers(one) for one in curve.at_times(case["times"])])
    for column, key in enumerate(("survival", "low", "high")):
        assert shares[:, column] == pytest.approx(array(case[key]), abs=CLOSED_FORM, nan_ok=True)
    assert curve.at_risk(case["times"]) == pytest.approx(case["n_at_risk"], abs=CLOSED_FORM)
    place = np.searchsorted(curve.times, case["times"], side="right") - 1
    expected = array(case["std_error"])
    got = np.where(place >= 0, curve.std_error[place], 0.0)
    assert got == pytest.approx(expected, abs=CLOSED_FORM, nan_ok=True)
    for lost, key in ((0.25, "lower_quartile"), (0.5, "median"), (0.75, "upper_quartile")):
        assert numbers(curve.quantile(lost)) == pytest.approx(array(case[key]), nan_ok=True)
    mean = curve.restricted_mean(case["tau"])
    assert mean.value == pytest.approx(case["rmst"], abs=CLOSED_FORM)
    assert curve.restricted_mean_error(case["tau"]) == pytest.approx(
        case["rmst_se"], abs=CLOSED_FORM
    )


@cases("durations_log_rank.json")
def test_log_rank(case: dict[str, Any]) -> None:
    table = data(case)
    if "age" in table:
        table["age65"] = table["age"] >= 65
    strata = table[case["strata"]] if case["strata"] else None
    got = compare_log_rank(table["time"], table["event"], table[case["group"]], strata=strata)
    assert got.statistic == pytest.approx(case["statistic"], rel=CLOSED_FORM)
    assert got.p_value == pytest.approx(case["p_value"], rel=CLOSED_FORM)
    assert got.df == case["df"]


@cases("durations_log_rank.json")
def test_interval_scores_of_right_censored_times(case: dict[str, Any]) -> None:
    """Group sums are R's observed minus expected; the permutation variance is near R's."""
    table = data(case)
    if "age" in table:
        table["age65"] = table["age"] >= 65
    strata = table[case["strata"]] if case["strata"] else np.zeros(len(table["time"]))
    event = table["event"].astype(bool)
    right = np.where(event, table["time"], np.inf)
    labels, groups = np.unique(table[case["group"]], return_inverse=True)
    sums = np.zeros(labels.size)
    for one in np.unique(strata):
        own = strata == one
        scores = log_rank_scores(table["time"][own], right[own])
        sums += np.bincount(groups[own], scores, minlength=labels.size)
    wanted = np.subtract(case["observed"], case["expected"])
    assert sums == pytest.approx(wanted, abs=FITTED)
    got = compare_interval_log_rank(table["time"], right, table[case["group"]], strata=strata)
    assert got.df == case["df"]
    assert got.statistic == pytest.approx(case["statistic"], rel=0.25)


@cases("durations_competing.json")
def test_cumulative_incidence(case: dict[str, Any]) -> None:
    table = data(case)
    got = estimate_cumulative_incidence(table["time"], table["cause"], weights=weights(case, table))
    place = np.searchsorted(got.times, case["times"], side="right") - 1
    assert got.free[place] == pytest.approx(case["free"], abs=CLOSED_FORM)
    assert got.free_std_error[place] == pytest.approx(case["free_std_error"], abs=CLOSED_FORM)
    for column, cause in enumerate(got.causes):
        shares = np.array([numbers(one) for one in got.at_times(case["times"], cause)])
        for index, key in enumerate(("incidence", "low", "high")):
            expected = array(case[key][column])
            assert shares[:, index] == pytest.approx(expected, abs=CLOSED_FORM, nan_ok=True)
        error = got.std_error[place, column]
        assert error == pytest.approx(case["std_error"][column], abs=CLOSED_FORM)
        assert shares[:, 0] == pytest.approx(case["cmprsk"][column], abs=CLOSED_FORM)


def test_cmprsk_variance_is_another_one() -> None:
    case = next(one for one in pins("durations_competing.json") if one["id"] == "visits")
    ours, theirs = np.array(case["std_error"][0]), np.sqrt(case["cmprsk_var"][0])
    assert (theirs != pytest.approx(ours, rel=1e-4)) and theirs == pytest.approx(ours, rel=0.05)
