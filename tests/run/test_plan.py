"""The plan of a run: a graph of notebooks, in an order that wastes no worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.errors import InputError, SettingsError
from analysis.run.plan import (
    choose_conditions,
    everything_before,
    make_plan,
    with_expected_seconds,
)
from analysis.run.tasks import Task

LABELS = {"crps": "CRPS", "neuropathic": "Neuropathic pain", "headache": "Headache"}


def plan_of(*conditions: str) -> tuple[Task, ...]:
    return make_plan(
        conditions, datasets=lambda code: Path("d") / code, work=lambda name: Path("w") / name
    )


def test_plan_of_two_conditions():
    """One on the export, three on each of two conditions and of all, claims, summary."""
    tasks = plan_of("crps", "neuropathic")
    assert len(tasks) == 1 + 3 * 3 + 2
    assert len({task.name for task in tasks}) == len(tasks)
    claims, summary = tasks[-2:]
    assert claims.name == "70_claims.all"
    assert set(claims.needs) == {task.name for task in tasks[:-2]}
    assert summary.needs == ("70_claims.all",)
    assert set(everything_before(summary, tasks)) == {task.name for task in tasks[:-1]}
    assert all(task.needs == () for task in tasks[:-2])


def test_each_notebook_has_its_own_patients_and_its_own_folder():
    tasks = {task.name: task for task in plan_of("crps")}
    own = tasks["20_responders.crps"]
    assert own.parameters["datasets"] == str(Path("d/crps"))
    assert own.parameters["results_dir"] == str(Path("w/20_responders.crps"))
    assert own.parameters["condition"] == "crps"
    assert len({task.parameters["results_dir"] for task in tasks.values()}) == len(tasks)


def test_all_is_not_planned_twice():
    assert plan_of("all", "crps") == plan_of("crps")


def test_a_task_the_plan_does_not_have():
    task = Task(notebook="x", condition="all", parameters={}, needs=("gone.all",))
    with pytest.raises(SettingsError, match=r"no task 'gone\.all'"):
        everything_before(task, (task,))


def test_conditions_come_in_the_order_of_the_labels_and_once():
    there = ["neuropathic", "crps"]
    assert choose_conditions((), labels=LABELS, there=there) == ("crps", "neuropathic")
    wanted = ("neuropathic", "crps", "crps")
    assert choose_conditions(wanted, labels=LABELS, there=there) == ("crps", "neuropathic")


def test_conditions_that_cannot_be_run():
    with pytest.raises(SettingsError, match="Did you mean 'crps'"):
        choose_conditions(("cprs",), labels=LABELS, there=["crps"])
    with pytest.raises(InputError, match="no patient with condition 'headache'; it has crps"):
        choose_conditions(("headache",), labels=LABELS, there=["crps"])
    with pytest.raises(SettingsError, match="no patient with a known condition"):
        choose_conditions((), labels=LABELS, there=[])


def test_a_timed_notebook_is_expected_to_take_as_long_again():
    """Ten seconds with 100 patients; with 400, (400 + 200) / (100 + 200) times as long."""
    tasks = plan_of("crps")
    durations = {"20_responders.crps": [10.0, 100], "30_pain_reduction.crps": "no list"}
    for patients, seconds in ((100, 10.0), (400, 20.0)):
        timed = with_expected_seconds(tasks, patients={"crps": patients}, durations=durations)
        found = {task.name: task.expected_seconds for task in timed}
        assert found["20_responders.crps"] == pytest.approx(seconds)
        assert found["30_pain_reduction.crps"] > 0
