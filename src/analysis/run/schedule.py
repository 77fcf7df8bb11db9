"""Run a plan: what is ready begins, the longest first; what fails stops only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from analysis.errors import RunError
from analysis.run.tasks import Executor, Listener, Outcome, Task


class Desk(Protocol):
    """Where tasks are laid out before they run and put away when they have."""

    def reuse(self, task: Task) -> Outcome | None:
        """Return the outcome of an earlier run with the same inputs, its files put in place."""

    def lay_out(self, task: Task) -> Path:
        """Put what a task reads in place; return the folder of its executed notebook."""

    def put_away(self, outcome: Outcome) -> Outcome:
        """Put what a task wrote in place, and keep it."""


@dataclass
class Board:
    """Which tasks wait, run and have ended."""

    tasks: Sequence[Task]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: dict[Future[Outcome], Task] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether every task has ended."""
        return len(self.outcomes) == len(self.tasks)

    def ready(self) -> list[Task]:
        """Return the tasks that can begin now, the longest first."""
        begun = {task.name for task in self.running.values()} | set(self.outcomes)
        free = [
            task
            for task in self.tasks
            if task.name not in begun and all(name in self.outcomes for name in task.needs)
        ]
        return sorted(free, key=lambda task: -task.expected_seconds)

    def why_not(self, task: Task) -> str:
        """Return why a task cannot run: nothing that it reads is there. Empty when it can."""
        failed = [name for name in task.needs if self.outcomes[name].failed]
        if not failed or len(failed) < len(task.needs):
            return ""
        told = ", ".join(failed[:3]) + (f" and {len(failed) - 3} more" if len(failed) > 3 else "")
        return f"not run, because what it reads is missing: {told} failed"


def run_tasks(
    tasks: Sequence[Task],
    *,
    desk: Desk,
    open_executor: Callable[[], Executor],
    workers: int,
    tell: Listener,
) -> tuple[Outcome, ...]:
    """Run every task of a plan, or reuse what is known of it.

    Parameters
    ----------
    tasks : sequence of Task
        A task begins when those it needs have ended, well or not; it is skipped when all of them
        failed.
    desk : Desk
    open_executor : callable
        Called when the first task has to run; an unchanged plan starts no process.
    workers : int
        Notebooks at a time, at least 1.
    tell : callable
        Told what happens.

    Returns
    -------
    tuple of Outcome
        In the order of the plan.

    Raises
    ------
    SettingsError
        A parameter that a notebook does not declare; nothing has run then.
    RunError
        Tasks that wait for each other.
    """
    tell("planned", None, None, len(tasks))
    for task in tasks:
        tell("waiting", task, None, len(tasks))
    board = Board(tasks)
    with ExitStack() as stack:
        executor: Executor | None = None
        while not board.is_done:
            ready = board.ready()
            if not ready and not board.running:
                raise RunError("the plan goes in a circle: every task left waits for another.")
            for task in ready:
                if _settled_at_once(task, board, desk, tell) or len(board.running) >= workers:
                    continue
                if executor is None:
                    _check(tasks)
                    executor = stack.enter_context(open_executor())
                tell("started", task, None, len(tasks))
                board.running[_begin(executor, task, desk.lay_out(task))] = task
            _collect(board, desk, tell)
    return tuple(board.outcomes[task.name] for task in tasks)


def _check(tasks: Sequence[Task]) -> None:
    from analysis.run.parameters import check_parameters

    for task in tasks:
        check_parameters(task.path, task.parameters)


def _begin(executor: Executor, task: Task, folder: Path) -> Future[Outcome]:
    try:
        return executor.submit(task, folder)
    except RuntimeError as error:  # whoever executes has gone: told of each notebook it leaves
        failed: Future[Outcome] = Future()
        failed.set_exception(error)
        return failed


def _settled_at_once(task: Task, board: Board, desk: Desk, tell: Listener) -> bool:
    """Return whether a task needs no run: nothing is there for it, or an earlier run had it."""
    why = board.why_not(task)
    outcome = Outcome(task=task, seconds=0.0, error=why) if why else desk.reuse(task)
    if outcome is None:
        return False
    board.outcomes[task.name] = outcome
    tell("skipped" if why else "reused", task, outcome, len(board.tasks))
    return True


def _collect(board: Board, desk: Desk, tell: Listener) -> None:
    """Wait for a task to end, and put away all that have."""
    if not board.running:
        return
    done, _ = wait(board.running, return_when=FIRST_COMPLETED)
    for future in done:
        task = board.running.pop(future)
        outcome = desk.put_away(_outcome_of(future, task))
        board.outcomes[task.name] = outcome
        tell("finished", task, outcome, len(board.tasks))


def _outcome_of(future: Future[Outcome], task: Task) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # a worker that died: the notebook is told as failed, not the run
        return Outcome(task=task, seconds=0.0, error=f"the worker stopped: {error}")
