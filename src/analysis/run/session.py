"""One run from an export to a report: prepare, execute, collect, write, move into place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import RunError
from analysis.run import plan
from analysis.run.cache_keys import reports_folder
from analysis.run.cache_prepared import Prepared, keep_prepared, prepare
from analysis.run.cache_runs import Finished, copy_finished, find_finished, keep_finished
from analysis.run.cache_store import Cache
from analysis.run.folder import point_latest, publish, run_folder_names, workplace
from analysis.run.schedule import run_tasks
from analysis.run.schedule_desk import SCRATCH, TaskDesk, task_folder
from analysis.run.session_release import release_beside
from analysis.run.session_request import (
    RunRequest,
    RunResult,
    Session,
    engine_of,
    open_session,
)
from analysis.run.tasks import Executor, Listener, Outcome, Task
from analysis.run.writing import write_run

if TYPE_CHECKING:
    from analysis.run.study import Study

__all__ = ["RunRequest", "RunResult", "Session", "open_session", "run_study"]

DURATIONS = "durations.json"
"""What is remembered in the cache of how long notebooks took; a guess, never a result."""


def run_study(
    request: RunRequest,
    *,
    listener: Listener | None = None,
    open_executor: Callable[[], Executor] | None = None,
) -> RunResult:
    """Run all notebooks on an export and write the report.

    Parameters
    ----------
    request : RunRequest
    listener : callable, optional
        Told what happens, see `analysis.run.tasks.Listener`.
    open_executor : callable, optional
        Gives who executes the notebooks; by default the engine of the request.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong; no report folder is left behind.
    RunError
        The report cannot be written (a full disk); no report folder is left behind.
    """
    with errors_in_a_sentence():
        session = open_session(request)
        found = find_finished(session.cache, session.key) if session.key else None
        if found is not None:
            result = _unchanged(session, found)
        else:
            result = _run(session, listener or _silent, open_executor or _executor_of(request))
        return release_beside(result) if request.release else result


def _silent(*_: object) -> None:
    """Listen to nothing."""


def _run(session: Session, tell: Listener, open_executor: Callable[[], Executor]) -> RunResult:
    out = session.request.out
    parent = out.parent if out else reports_folder()
    with workplace(parent, out.name if out else "run") as work:
        prepared, tasks, conditions = lay_out_run(session, work, cache=session.cache)
        desk = TaskDesk(work, tasks, prepared, session.suite, session.cache)
        outcomes = run_tasks(
            tasks, desk=desk, open_executor=open_executor, workers=session.request.workers,
            tell=tell,
        )  # fmt: skip
        tell("writing", None, None, len(tasks))
        missing = write_run(
            work, prepared=prepared, conditions=conditions, outcomes=outcomes,
            asked=session.request.settings or {}, suite=session.suite, started=session.started,
            begun=session.begun,
        )  # fmt: skip
        places = (
            [out] if out
            else run_folder_names(parent, name=prepared.facts["name"], now=session.started)
        )  # fmt: skip
        target = publish(work, places)
    point_latest(target)
    if not missing:
        _remember(session, target, prepared, outcomes)
    return RunResult(
        folder=target,
        page=target / "index.html",
        outcomes=outcomes,
        seconds=session.seconds,
        notes=(*session.cache.notes, *missing),
    )


def lay_out_run(
    session: Session, work: Path, *, cache: Cache
) -> tuple[Prepared, tuple[Task, ...], tuple[str, ...]]:
    """Return the prepared datasets, the tasks of the plan, and the conditions, for a work folder.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong.
    """
    folder = work / SCRATCH / "prepared"
    folder.mkdir(parents=True)
    prepared = prepare(session.inputs, folder, suite=session.suite, cache=cache)
    facts = prepared.facts
    conditions = plan.choose_conditions(
        session.request.conditions, labels=facts["labels"], there=list(facts["patients"])
    )
    keep_prepared(prepared, session.inputs, suite=session.suite, cache=cache)
    tasks = plan.with_expected_seconds(
        plan.make_plan(
            conditions, datasets=prepared.datasets_of, work=lambda name: task_folder(work, name)
        ),
        patients=facts["patients"],
        durations=session.cache.read_note(DURATIONS),
    )
    return prepared, tasks, conditions


def _remember(
    session: Session, target: Path, prepared: Prepared, outcomes: Sequence[Outcome]
) -> None:
    """Keep for the next run where this one lies and how long its notebooks took."""
    cache, patients = session.cache, prepared.facts["patients"]
    count = {**patients, plan.ALL: sum(patients.values())}
    timed = {
        each.task.name: [round(each.seconds, 3), count.get(each.task.condition, 0)]
        for each in outcomes
        if not each.failed and not each.reused
    }
    if timed:
        cache.write_note(DURATIONS, cache.read_note(DURATIONS) | timed)
    sound = prepared.covered and session.suite.is_unchanged()
    if session.key and sound and not any(each.failed for each in outcomes):
        keep_finished(cache, session.key, target)
    cache.tidy()


def _unchanged(session: Session, found: Finished) -> RunResult:
    """Return an earlier run's report, copied to the folder asked for if there is one."""
    target, out = found.folder, session.request.out
    if out is not None and out.absolute() != target:
        with workplace(out.parent, out.name) as work:
            copy_finished(found, work)
            target = publish(work, [out])
    point_latest(target)
    outcomes = tuple(
        Outcome(
            task=Task(notebook=each["notebook"], condition=each["condition"], parameters={}),
            seconds=each["seconds"],
            reused=True,
        )
        for each in found.about["notebooks"]
    )
    told = f"Nothing changed since {found.about['started'][:16].replace('T', ' ')}"
    return RunResult(
        folder=target,
        page=target / "index.html",
        outcomes=outcomes,
        seconds=session.seconds,
        notes=(*session.cache.notes, f"{told}: all {len(outcomes)} notebooks are reused."),
        unchanged=True,
    )


def _executor_of(request: RunRequest) -> Callable[[], Executor]:
    def open_it() -> Executor:
        from analysis.run.executors import check_engine, open_executor

        return open_executor(check_engine(engine_of(request)), workers=request.workers)

    return open_it


@contextmanager
def errors_in_a_sentence() -> Iterator[None]:
    """Turn what the operating system refuses (a full disk) into an error of the suite's.

    Raises
    ------
    RunError
        With the system's reason and the file's name.
    """
    try:
        yield
    except OSError as error:
        where = f" ({Path(str(error.filename)).name})" if error.filename else ""
        why = error.strerror or str(error) or type(error).__name__
        raise RunError(
            f"the run could not be finished: {why}{where}. Finished notebooks are kept in the "
            "cache; nothing else was written."
        ) from error


def choose_conditions(study: Study, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the conditions of a study to run, see `analysis.run.plan.choose_conditions`."""
    datasets = study.datasets
    return plan.choose_conditions(
        wanted, labels=datasets.conditions.labels, there=datasets.condition_codes
    )
