"""The interval-censored curve, fitted shapes and mean counts against R; see durations.README.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pins import cases, data, numbers, pins, weights

from analysis.stats.aft import LOGNORMAL, WEIBULL, fit_aft
from analysis.stats.npmle import estimate_npmle
from analysis.stats.recurrent import estimate_mean_count

CLOSED_FORM = 1e-8  # sums and products in another order: rounding only
ITERATED = 1e-6  # both sides stop near a maximum, R's the farther off (steps of 1e-13)
LOOSE = 1e-3  # R as released stops at steps of 5e-5; the farthest seen was 5.5e-4
SHAPES = {"weibull": WEIBULL, "lognormal": LOGNORMAL}


def test_all_pins_are_here() -> None:
    counts = {"npmle": 5, "parametric": 10, "recurrent": 1}
    assert {key: len(pins(f"durations_{key}.json")) for key in counts} == counts


@cases("durations_npmle.json")
def test_interval_censored_curve(case: dict[str, Any]) -> None:
    table = data(case)
    curve = estimate_npmle(table["left"], table["right"], weights=weights(case, table))
    bounds = [curve.bounds(time) for time in case["times"]]
    fixed = [at for at, one in enumerate(bounds) if one.high - one.low < CLOSED_FORM]
    assert len(fixed) >= len(bounds) // 2  # otherwise this would compare next to nothing
    got = [bounds[at].low for at in fixed]
    assert got == pytest.approx([case["survival"][at] for at in fixed], abs=ITERATED)
    assert got == pytest.approx([case["usual"][at] for at in fixed], abs=LOOSE)
    assert curve.log_likelihood == pytest.approx(case["log_likelihood"], abs=ITERATED)
    assert curve.log_likelihood >= case["log_likelihood"] - CLOSED_FORM


@cases("durations_parametric.json")
def test_accelerated_failure_time(case: dict[str, Any]) -> None:
    table = data(case)
    left, right = table.get("left"), table.get("right")
    if left is None:
        left, right = table["time"], np.where(table["event"] == 1, table["time"], np.inf)
    design = [table[name] for name in case["covariates"]]
    got = fit_aft(
        SHAPES[case["distribution"]],
        left,
        right,
        covariates=np.column_stack(design) if design else None,
        weights=weights(case, table),
    )
    assert got.coefficients == pytest.approx(case["coefficients"], abs=ITERATED)
    assert got.log_scale == pytest.approx(case["log_scale"], abs=ITERATED)
    assert got.covariance == pytest.approx(np.array(case["covariance"]), abs=ITERATED)
    assert got.log_likelihood == pytest.approx(case["log_likelihood"], abs=ITERATED)
    for index, lost in enumerate((0.25, 0.5)):
        centre, error = case["log_quantiles"][index], case["log_quantile_errors"][index]
        half = 1.959963984540054 * error
        expected = np.exp([centre, centre - half, centre + half])
        found = numbers(got.quantile(lost, case["at"] or None))
        assert found == pytest.approx(expected, rel=ITERATED)


@cases("durations_recurrent.json")
def test_mean_count(case: dict[str, Any]) -> None:
    table = data(case)
    is_event = table["event"] == 1
    patients = np.unique(table["id"])
    end = [table["stop"][table["id"] == one].max() for one in patients]
    got = estimate_mean_count(
        table["id"][is_event], table["stop"][is_event], patients=patients, end=end
    )
    place = np.searchsorted(got.times, case["times"], side="right") - 1
    assert got.mean[place] == pytest.approx(case["mean"], abs=CLOSED_FORM)
    assert got.std_error[place] == pytest.approx(case["std_error"], abs=CLOSED_FORM)
