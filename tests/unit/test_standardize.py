"""Standardized differences by hand and against R, refusals without overlap, trends in patients."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.stats.standardize import (
    adjusted_slope,
    make_covariates,
    overlap_share,
    standardized_difference,
    trend_in_patients,
)

R = json.loads((Path(__file__).parents[1] / "reference" / "standardize_r.json").read_text())
"""Base R's glm and predict, nlme's lme: tests/reference/standardize_make.R."""

Z975 = 1.959963984540054
SAME = 1e-6
"""Both fits stop at a relative change of the deviance near 1e-8."""


def flags(*counts: int) -> pd.Series:
    """True and false as many times as given, in turn."""
    each = [state for state, n in zip((True, False) * 2, counts, strict=True) for _ in range(n)]
    return pd.Series(each, dtype="boolean")


def test_two_by_two_by_hand():
    """18 of 30 exposed and 16 of 40 others: 20 points, Wald's interval."""
    y = flags(18, 12, 16, 24)
    exposed = pd.Series([True] * 30 + [False] * 40)
    found = standardized_difference(y, exposed, pd.DataFrame(index=y.index))
    assert found.value == pytest.approx(20.0)
    error = (0.6 * 0.4 / 30 + 0.4 * 0.6 / 40) ** 0.5
    assert found.low == pytest.approx(100 * (0.2 - Z975 * error), abs=SAME)
    assert (found.n, found.unit) == (70, "points")


def test_as_r():
    i = np.arange(120)
    z = (i * 7) % 5 - 2
    a = (i * 11 + 3 * z) % 7 < 3
    y = (i * 13 + 4 * a + 2 * z) % 10 < 4 + a
    found = standardized_difference(
        pd.Series(y, dtype="boolean"), pd.Series(a), pd.DataFrame({"z": z.astype(float)})
    )
    assert found.value == pytest.approx(100 * R["difference"], abs=SAME)
    assert found.high - found.low == pytest.approx(200 * Z975 * R["se"], abs=1e-4)


def test_confounding_by_site_is_taken_away():
    """No difference within either site; the plain one is all between sites."""
    parts = [(24, 6, 8, 2), (2, 8, 6, 24)]  # site A responds in 80%, B in 20%
    y = pd.concat([flags(*part) for part in parts], ignore_index=True)
    exposed = pd.Series([True] * 30 + [False] * 10 + [True] * 10 + [False] * 30)
    people = pd.DataFrame({"SITEID": ["A"] * 40 + ["B"] * 40})
    plain = standardized_difference(y, exposed, pd.DataFrame(index=y.index))
    assert plain.value == pytest.approx(100 * (26 / 40 - 14 / 40))
    alike = standardized_difference(y, exposed, make_covariates(people, ["SITEID"]))
    assert alike.value == pytest.approx(0.0, abs=SAME)


def test_groups_that_do_not_overlap_are_refused():
    y = flags(20, 20, 20, 20)
    exposed = pd.Series([True] * 40 + [False] * 40)
    apart = make_covariates(pd.DataFrame({"SITEID": ["A"] * 40 + ["B"] * 40}), ["SITEID"])
    found = standardized_difference(y, exposed, apart)
    assert (found.status, found.notes) == ("not estimable", ("no_overlap(0)",))
    assert overlap_share(exposed, apart) == 0.0
    few = standardized_difference(y[:45], exposed[:45], apart[:45])
    assert few.notes == ("few_to_compare(5,10)",)


def test_missing_covariates_have_a_level_of_their_own():
    people = pd.DataFrame({"AGE": [40.0, None, 60.0], "SEX": ["f", None, "f"], "X": ["a"] * 3})
    made = make_covariates(people, ["AGE", "SEX", "X"])
    assert made.columns.tolist() == ["AGE", "AGE=True", "SEX=not recorded"]
    assert made.notna().all(axis=None) and made["AGE"].tolist() == [-10.0, 0.0, 10.0]


def test_a_slope_by_hand_and_one_that_the_site_tells():
    dose = pd.Series(np.tile([1.0, 2.0, 3.0], 10))
    found = adjusted_slope(10 + 5 * dose, dose, pd.DataFrame(index=dose.index), unit="points")
    assert found.value == pytest.approx(5.0)
    told = adjusted_slope(dose, dose, pd.DataFrame({"s": dose * 2}), unit="points")
    assert told.status == "not estimable"


def test_a_trend_as_nlme_has_it():
    who = np.repeat(np.arange(1, 16), np.tile([2, 3, 4], 5))
    k = np.concatenate([np.arange(1, n + 1) for n in np.tile([2, 3, 4], 5)])
    at = np.arange(1, len(k) + 1)
    dose = 0.5 + 0.02 * (who % 4) + 0.01 * k + 0.03 * ((at * 5) % 3)
    found = trend_in_patients(*map(pd.Series, (dose, k, who.astype(str))), unit="mg/kg")
    assert found.value == pytest.approx(R["slope"], abs=1e-7)
    assert found.high - found.low == pytest.approx(2 * Z975 * R["slope_se"], rel=1e-5)


def test_intervals_of_who_comes_often_are_no_trend():
    """Steady patients, some quick: seen for a year, the quick have more and shorter intervals."""
    steps = [(gap, n) for gap in (20, 25, 30, 40, 60, 90) * 4 for n in range(1, 365 // gap)]
    who = pd.Series([str(i) for i, gap in enumerate((20, 25, 30, 40, 60, 90) * 4)
                     for _ in range(1, 365 // gap)])  # fmt: skip
    noise = np.tile([1.0, -1.0], len(steps))[: len(steps)]
    gaps = pd.Series([float(gap) for gap, _ in steps]) + noise
    found = trend_in_patients(gaps, pd.Series([float(n) for _, n in steps]), who, unit="days each")
    assert found.low < 0 < found.high and abs(found.value) < 0.2
    still = trend_in_patients(gaps - noise, pd.Series([float(n) for _, n in steps]), who, unit="d")
    assert (still.value, still.notes) == (0.0, ("never_changed",))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=4, max_size=4))
def test_a_difference_turns_its_sign_with_the_groups(counts):
    y = flags(*(count + 9 for count in counts))
    n = counts[0] + counts[1] + 18
    exposed = pd.Series(np.arange(len(y)) < n)
    bare = pd.DataFrame(index=y.index)
    one, other = (standardized_difference(y, each, bare) for each in (exposed, ~exposed))
    assert one.value == pytest.approx(-other.value, abs=SAME)
    assert one.low == pytest.approx(-other.high, abs=SAME)
