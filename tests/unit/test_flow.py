"""The flow of patients: every step adds up, for a typed clinic and for any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from studies import SETTINGS, clinic, patient, study

from analysis.outcomes.everything import tabulate_everything
from analysis.outcomes.flow import (
    STEPS,
    count_flow,
    describe_flow,
    tabulate_flow,
    tabulate_intake,
    tabulate_roles,
)
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import find_row


def test_flow_by_hand():
    assert count_flow(study(clinic()), SETTINGS, "crps") == {
        "in_file": 13, "never_treated": 1, "baseline_zero": 1, "baseline_below_minimum": 1,
        "eligible": 10, "no_baseline_rating": 1, "not_rated": 1, "observed": 8,
    }  # fmt: skip


def test_flow_as_rows_and_in_words():
    datasets = study(clinic())
    rows = tabulate_flow(datasets, SETTINGS, "crps")
    assert {r.definition: r.value for r in rows} == count_flow(datasets, SETTINGS, "crps")
    assert len({r.result_id for r in rows}) == len(rows) == len(STEPS)
    words = describe_flow(datasets, SETTINGS, "crps")
    assert words["Patients"].tolist() == ["13", "1", "1", "1", "10", "1", "1", "8"]


def test_a_condition_without_patients_is_all_zero():
    assert set(count_flow(study(clinic()), SETTINGS, "fbss").values()) == {0}


def test_no_minimum_leaves_only_a_baseline_of_zero_out():
    own = SETTINGS.model_copy(update={"minimum_baseline_score": 0.0})
    got = count_flow(study(clinic(), own), own, "crps")
    assert (got["baseline_below_minimum"], got["baseline_zero"], got["eligible"]) == (0, 1, 11)


def test_roles_count_every_rating():
    datasets = study(clinic())
    roles = tabulate_roles(datasets).set_index("role")["ratings"]
    typed = sum(len(one["ratings"]) for one in clinic())
    assert roles.sum() == typed
    assert roles["baseline"] == 11  # all but nine, who has none, and thirteen, never treated
    assert roles["end"] == 11  # all but eight and thirteen


def test_no_files_no_account():
    assert tabulate_intake(study(clinic())).empty


scores = st.one_of(st.none(), st.integers(0, 10))


@given(drawn=st.lists(st.tuples(scores, scores, st.booleans()), min_size=1, max_size=12))
@hypothesis_settings(max_examples=25, deadline=None)
def test_any_flow_adds_up(drawn):
    typed = [patient(f"p{i}", b, e, treated=t) for i, (b, e, t) in enumerate(drawn)]
    if not any(one["ratings"] for one in typed) or not any(treated for *_, treated in drawn):
        return
    datasets = study(typed)
    got = count_flow(datasets, SETTINGS, "crps")
    lost = got["never_treated"] + got["baseline_zero"] + got["baseline_below_minimum"]
    assert got["in_file"] == len(drawn) == lost + got["eligible"]
    outcome = got["no_baseline_rating"] + got["not_rated"] + got["observed"]
    assert got["eligible"] == outcome
    rows = tabulate_responders(datasets, SETTINGS, "crps")
    keys = {"measure": "responder_share", "definition": "two_points", "visit": "end"}
    for population, n in (("observed", "observed"), ("all_starters", "eligible")):
        assert find_row(rows, **keys, population=population).n == got[n]


@pytest.fixture(scope="module")
def everything():
    return tabulate_everything(study(clinic()), SETTINGS, ["crps", "fbss", "all"])


def test_a_number_exists_once_over_all_notebooks(everything):
    assert len({r.result_id for r in everything}) == len(everything)
    assert {r.condition for r in everything} == {"crps", "fbss", "all"}


def test_no_row_holds_a_number_that_is_none_and_no_number_that_is_not(everything):
    for r in everything:
        assert (r.value is None) == (r.status != "estimated"), r.result_id
        numbers = [x for x in (r.value, r.low, r.high) if x is not None]
        assert all(x == x and abs(x) != float("inf") for x in numbers)
        assert numbers == [] or r.low is None or r.high is None or r.low <= r.high
