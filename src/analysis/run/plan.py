"""The plan of a run as a graph: which notebook runs on which condition, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.errors import InputError, SettingsError, suggest
from analysis.run.tasks import Task

ALL = "all"

WHOLE_EXPORT = ("10_data_quality",)
PER_CONDITION = ("20_responders", "30_pain_reduction", "40_relief_duration")
CLAIMS, SUMMARY = FROM_RESULTS = ("70_claims", "80_director_summary")

USUAL_SECONDS = {
    "10_data_quality": (1.0, 0.0005),
    "20_responders": (2.0, 0.0005),
    "30_pain_reduction": (2.0, 0.0005),
    "40_relief_duration": (4.0, 0.008),
    "70_claims": (3.0, 0.002),
    "80_director_summary": (1.0, 0.0),
}
"""Seconds a notebook takes, and more per patient: a guess until a run has been timed."""

UNKNOWN_SECONDS = (2.0, 0.001)
STEADY_PATIENTS = 200
"""Part of a notebook's time that does not depend on patients, told in patients."""


def make_plan(
    conditions: Sequence[str],
    *,
    datasets: Callable[[str], Path],
    work: Callable[[str], Path],
) -> tuple[Task, ...]:
    """Return the tasks of a run, those first that others wait for.

    Parameters
    ----------
    conditions : sequence of str
        Condition codes; ``all`` (every patient) is added where it is not among them.
    datasets : callable
        Gives the folder of prepared datasets of a condition.
    work : callable
        Gives the folder a task writes to, by the task's name; what it reads of other tasks lies in
        ``inputs`` below that.
    """
    first = [_task(each, ALL, datasets, work) for each in WHOLE_EXPORT]
    measured = [
        _task(each, code, datasets, work, condition=code)
        for code in dict.fromkeys([ALL, *conditions])
        for each in PER_CONDITION
    ]
    made = [*first, *measured]
    for notebook in FROM_RESULTS:
        # The claims need every notebook before them, the summary needs the claims (and reads all).
        needs = [made[-1].name] if notebook == SUMMARY else [task.name for task in made]
        task = _task(notebook, ALL, datasets, work)
        reads = {"results_from": str(inputs_of(work(task.name)))}
        made.append(replace(task, needs=tuple(needs), parameters={**task.parameters, **reads}))
    return tuple(made)


def _task(
    notebook: str,
    code: str,
    datasets: Callable[[str], Path],
    work: Callable[[str], Path],
    **more: Any,
) -> Task:
    made = Task(notebook=notebook, condition=code, parameters={})
    places = {"datasets": str(datasets(code)), "results_dir": str(work(made.name))}
    return replace(made, parameters={**places, **more})


def inputs_of(folder: Path) -> Path:
    """Return where a task finds the results of those it needs."""
    return folder / "inputs"


def everything_before(task: Task, tasks: Sequence[Task]) -> tuple[str, ...]:
    """Return the names of all tasks that had to end before this one, near and far, in plan order.

    Raises
    ------
    SettingsError
        The plan names a task that it does not have.
    """
    by_name = {each.name: each for each in tasks}
    found: set[str] = set()
    open_ = list(task.needs)
    while open_:
        name = open_.pop()
        if name not in by_name:
            raise SettingsError(f"the plan has no task '{name}', which {task.name} needs.")
        if name not in found:
            found.add(name)
            open_ += by_name[name].needs
    return tuple(name for name in by_name if name in found)


def choose_conditions(
    wanted: Sequence[str], *, labels: Mapping[str, str], there: Sequence[str]
) -> tuple[str, ...]:
    """Return the conditions to run, in the order of the labels: those asked for, else all there.

    Raises
    ------
    SettingsError
        Unknown condition, or none in the export.
    InputError
        A condition asked for has no patient in the export.
    """
    known = [ALL, *labels]
    for code in wanted:
        if code not in known:
            raise SettingsError(
                f"there is no condition '{code}'.{suggest(code, known)} Known: {', '.join(known)}."
            )
        if code not in (*there, ALL):
            raise InputError(
                f"the export has no patient with condition '{code}'; it has {', '.join(there)}."
            )
    chosen = tuple(code for code in known if code in (wanted or there))
    if not chosen:
        raise SettingsError("the export has no patient with a known condition.")
    return chosen


def with_expected_seconds(
    tasks: Sequence[Task], *, patients: Mapping[str, int], durations: Mapping[str, Any]
) -> tuple[Task, ...]:
    """Return the tasks with the time each is expected to take, so that the longest begin first.

    Parameters
    ----------
    tasks : sequence of Task
    patients : mapping
        Patients by condition code.
    durations : mapping
        By task name ``[seconds, patients]`` of an earlier run; anything else counts as unknown.
    """
    count = {**patients, ALL: sum(patients.values())}
    return tuple(
        replace(task, expected_seconds=_expected(task, count.get(task.condition, 0), durations))
        for task in tasks
    )


def _expected(task: Task, n: int, durations: Mapping[str, Any]) -> float:
    try:
        seconds, then = map(float, durations[task.name])
        return seconds * (n + STEADY_PATIENTS) / (then + STEADY_PATIENTS)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        steady, each = USUAL_SECONDS.get(task.notebook, UNKNOWN_SECONDS)
        return steady + each * n
