"""Who was treated, counted by hand; a blank is not known, never "no"."""

from __future__ import annotations

import pandas as pd
import pytest
from studies import SETTINGS, patient, study

from analysis.outcomes.eligibility import FLAGS, tabulate_eligibility
from analysis.outcomes.rows import find_row


def row_of(people, measure, definition, condition="crps"):
    rows = tabulate_eligibility(study(people), SETTINGS, condition)
    found = find_row(rows, measure=measure, definition=definition, group_by="all")
    assert found is not None
    return found


def counted(row):
    return row.n_events, row.n, row.n_missing


def test_flags_among_all_treated_not_only_those_with_high_pain():
    people = [
        patient("yes", 8, 4, heart_condition=True),
        patient("no", 8, 4, heart_condition=False),
        patient("blank", 8, 4, heart_condition=None),
        patient("low pain", 2, 1, heart_condition=True),  # no responder analysis, but treated
        patient("never treated", 8, 4, treated=False, heart_condition=True),
    ]
    assert counted(row_of(people, "flag_share", "heart_condition")) == (2, 3, 1)


@pytest.mark.parametrize("flag", FLAGS)
def test_a_column_that_is_not_there_was_not_recorded(flag):
    row = row_of([patient("a", 8, 4)], "flag_share", flag)
    assert (row.value, row.status) == (None, "not estimable")
    assert row.warnings == (f"Not recorded: no treated patient has a value of `{flag}`.",)


def test_a_column_of_blanks_was_not_recorded_either():
    row = row_of([patient("a", 8, 4, active_psychosis=None)], "flag_share", "active_psychosis")
    assert (row.value, row.n_missing) == (None, 1)


def test_failed_treatments():
    people = [patient(f"p{n}", 8, 4, prior_treatments_failed=n) for n in (0, 1, 5)]
    people.append(patient("blank", 8, 4, prior_treatments_failed=None))
    assert counted(row_of(people, "failed_treatments_share", "at_least_one")) == (2, 3, 1)


def test_three_calendar_months_of_pain():
    """Day 0 is 15 May: pain since 15 February is three months, since 16 February is not."""
    people = [patient(name, 8, 4) for name in ("on the day", "a day short", "unknown")]
    datasets = study(people)
    datasets.subjects["first_infusion_at"] = pd.Timestamp("2024-05-15")
    datasets.subjects["pain_since"] = pd.to_datetime(["2024-02-15", "2024-02-16", None])
    rows = tabulate_eligibility(datasets, SETTINGS, "crps")
    row = find_row(rows, measure="pain_duration_share", group_by="all")
    assert counted(row) == (1, 2, 1)


def test_severe_and_refractory_of_the_high_dose():
    people = [
        patient("both", 8, 4, prior_treatments_failed=2),
        patient("at 7", 7, 4, prior_treatments_failed=1),
        patient("not severe", 6, 4, prior_treatments_failed=3),
        patient("none failed", 9, 4, prior_treatments_failed=0),
        patient("not known", 9, 4, prior_treatments_failed=None),
        patient("not severe, not known", 5, 4, prior_treatments_failed=None),
        patient("standard", 9, 4, prior_treatments_failed=3),
    ]
    datasets = study(people)
    names = datasets.subjects.index
    datasets.subjects["protocol"] = ["standard" if n == "standard" else "high_dose" for n in names]
    rows = tabulate_eligibility(datasets, SETTINGS, "crps")
    row = find_row(rows, measure="severe_refractory_share", group_by="all")
    # "not severe, not known" is a no whatever had failed; only "not known" stays open
    assert counted(row) == (2, 5, 1)


def test_nobody_and_one():
    assert row_of([patient("a", 8, 4)], "flag_share", FLAGS[0], "fibromyalgia").status == (
        "no patients"
    )
    one = row_of([patient("a", 8, 4, heart_condition=False)], "flag_share", "heart_condition")
    assert counted(one) == (0, 1, 0)
    assert one.high == pytest.approx(0.7935, abs=5e-5)  # Wilson, 0 of 1: z2 / (1 + z2)
