"""Shares with bounds: whatever was true of those not known lies inside."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import SETTINGS, patient, study

from analysis.outcomes.selection import whole_group
from analysis.outcomes.shares import bounded_row, eligible_groups, share_row, treated_groups

DATASETS = study([patient("a", 8, 4), patient("low", 2, 1), patient("b", 8, 4, treated=False)])
GROUP = whole_group(DATASETS, "crps")
FLAGS = st.lists(st.sampled_from([True, False, None]), max_size=40)
KEYS = {"measure": "m", "definition": "d"}


def bounded(values):
    flags = pd.Series(values, dtype="boolean")
    return bounded_row(DATASETS, SETTINGS, GROUP, flags, **KEYS)


@given(FLAGS, st.booleans())
def test_any_completion_lies_inside_the_bounds(values, unknown):
    row = bounded(values)
    if row.value is None:
        return
    filled = [unknown if value is None else value for value in values]
    whole = share_row(DATASETS, SETTINGS, GROUP, pd.Series(filled, dtype="boolean"), **KEYS)
    assert row.low <= whole.low <= whole.value <= whole.high <= row.high
    assert row.n == len(values)
    assert row.n_missing == values.count(None)


@given(FLAGS)
def test_nothing_missing_is_the_plain_interval(values):
    known = [bool(value) for value in values]
    row = bounded(known)
    plain = share_row(DATASETS, SETTINGS, GROUP, pd.Series(known, dtype="boolean"), **KEYS)
    assert (row.value, row.low, row.high, row.n) == (plain.value, plain.low, plain.high, plain.n)


def test_nobody_and_nobody_known():
    assert bounded([]).status == "no patients"
    unknown = bounded([None, None])
    assert (unknown.status, unknown.value, unknown.n_missing) == ("not estimable", None, 2)
    assert unknown.warnings


def test_no_column_says_what_is_lacking():
    row = share_row(DATASETS, SETTINGS, GROUP, None, lacking="Never asked.", **KEYS)
    assert (row.value, row.warnings) == (None, ("Never asked.",))


def test_treated_are_more_than_those_with_high_pain():
    treated = next(iter(treated_groups(DATASETS, "crps"))).patient_ids
    eligible = next(iter(eligible_groups(DATASETS, "crps"))).patient_ids
    assert (list(treated), list(eligible)) == (["a", "low"], ["a"])


def test_no_such_condition():
    from analysis.errors import SettingsError

    with pytest.raises(SettingsError):
        list(treated_groups(DATASETS, "knee"))
