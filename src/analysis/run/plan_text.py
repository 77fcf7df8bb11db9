"""The plan of a run as text that a person can read or paste: what would run, what is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from analysis.run.cache_runs import find_finished
from analysis.run.plan import everything_before
from analysis.run.schedule_desk import KIND, TaskDesk
from analysis.run.session import (
    RunRequest,
    Session,
    errors_in_a_sentence,
    lay_out_run,
    open_session,
)
from analysis.run.tasks import Task

REUSED, RUNS = "reused", "runs"


def plan_study(request: RunRequest) -> str:
    """Return what a run would do, as text; no notebook runs and nothing is kept.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong.
    """
    with errors_in_a_sentence():
        session = open_session(request)
        found = find_finished(session.cache, session.key) if session.key else None
        with tempfile.TemporaryDirectory(prefix="reliefcheck-plan-") as scratch:
            return _plan(session, Path(scratch), finished=found.folder.name if found else "")


def _plan(session: Session, scratch: Path, *, finished: str) -> str:
    prepared, tasks, conditions = lay_out_run(session, scratch, cache=session.cache.read_only())
    desk = TaskDesk(scratch, tasks, prepared, session.suite, session.cache.read_only())
    states = _states(tasks, desk)
    patients = prepared.facts["patients"]
    read = "reused" if prepared.folder.is_relative_to(session.cache.root or "/-") else "made"
    lines = [
        f"{prepared.facts['name']}: {sum(patients.values()):,} patients",
        f"{'all':<14} {sum(patients.values()):>6} patients  datasets {read}",
    ]
    lines += [f"{code:<14} {patients[code]:>6} patients" for code in conditions if code in patients]
    lines += ["", *_table(tasks, states), "", _sum(tasks, states, session)]
    if finished:
        lines.append(f"Nothing has changed since {finished}: its report would be given again.")
    return "\n".join([*lines, *session.cache.notes])


def _states(tasks: Sequence[Task], desk: TaskDesk) -> dict[str, str]:
    """Return of every task whether it would be reused; one that reads a task that runs may run."""
    states: dict[str, str] = {}
    for task in tasks:
        before = everything_before(task, tasks)
        entry = None
        if all(states[name] == REUSED for name in before):
            entry = desk.cache.find_whole(KIND, desk.key(task))
        if entry is not None:
            desk.note_written(task, entry.files)
        states[task.name] = REUSED if entry is not None else RUNS
    return states


def _table(tasks: Sequence[Task], states: dict[str, str]) -> list[str]:
    rows = [("notebook", "condition", "about", "cache", "after")]
    ordered = sorted(tasks, key=lambda task: (len(everything_before(task, tasks)), -_seconds(task)))
    for task in ordered:
        after = ", ".join(task.needs) if len(task.needs) < 2 else f"all {len(task.needs)} above"
        about = f"{_seconds(task):.0f} s" if states[task.name] == RUNS else "-"
        rows.append((task.notebook, task.condition, about, states[task.name], after or "datasets"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip


def _seconds(task: Task) -> float:
    return task.expected_seconds


def _sum(tasks: Sequence[Task], states: dict[str, str], session: Session) -> str:
    to_run = [task for task in tasks if states[task.name] == RUNS]
    seconds = sum(map(_seconds, to_run)) / session.request.workers
    return (
        f"{len(tasks)} notebooks: {len(tasks) - len(to_run)} reused, {len(to_run)} to run, "
        f"{session.request.workers} at a time, about {max(seconds, 1.0):.0f} s."
        if to_run
        else f"{len(tasks)} notebooks, all reused."
    )
