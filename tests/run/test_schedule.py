"""The order in which notebooks begin, and what a failed one stops."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from analysis.errors import RunError
from analysis.run import schedule
from analysis.run.schedule import run_tasks
from analysis.run.tasks import Outcome, Task


def task(name: str, *needs: str, seconds: float = 1.0) -> Task:
    return Task(
        notebook=name,
        condition="all",
        parameters={},
        needs=tuple(f"{each}.all" for each in needs),
        expected_seconds=seconds,
    )


class Desk:
    """Remembers; ``known`` tasks are reused."""

    def __init__(self, *known: str) -> None:
        self.known = known

    def reuse(self, task: Task) -> Outcome | None:
        return Outcome(task=task, seconds=0, reused=True) if task.notebook in self.known else None

    def lay_out(self, task: Task) -> Path:
        return Path()

    def put_away(self, outcome: Outcome) -> Outcome:
        return outcome


class Executor:
    """Ends every task at once; those in ``failing`` badly."""

    def __init__(self, *failing: str, closes_after: int = 99) -> None:
        self.failing, self.begun, self.closes_after = failing, list[str](), closes_after
        self.is_open = False

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        assert self.is_open
        if len(self.begun) >= self.closes_after:
            raise RuntimeError("the executor is closed.")
        self.begun.append(task.notebook)
        done: Future[Outcome] = Future()
        error = "broke" if task.notebook in self.failing else ""
        done.set_result(Outcome(task=task, seconds=1.0, error=error))
        return done

    def __enter__(self) -> Executor:
        self.is_open = True
        return self

    def __exit__(self, *problem: object) -> None:
        self.is_open = False


@pytest.fixture(autouse=True)
def unchecked(monkeypatch):
    """These tasks have no notebook whose parameters could be checked."""
    monkeypatch.setattr(schedule, "_check", lambda tasks: None)


def run(
    tasks: tuple[Task, ...],
    executor: Executor,
    *,
    desk: Desk | None = None,
    workers: int = 1,
    tell: Callable[..., None] = lambda *_: None,
) -> dict[str, Outcome]:
    outcomes = run_tasks(
        tasks, desk=desk or Desk(), open_executor=lambda: executor, workers=workers, tell=tell
    )
    return {outcome.task.notebook: outcome for outcome in outcomes}


GRAPH = (
    task("short", seconds=1),
    task("long", seconds=9),
    task("middle", seconds=5),
    task("claims", "short", "long", "middle", seconds=99),
    task("summary", "claims", seconds=99),
)


def test_the_longest_begins_first_and_nothing_before_what_it_needs():
    executor = Executor()
    outcomes = run(GRAPH, executor)
    assert executor.begun == ["long", "middle", "short", "claims", "summary"]
    assert list(outcomes) == ["short", "long", "middle", "claims", "summary"]
    assert not executor.is_open


def test_a_failed_notebook_stops_only_what_reads_nothing_else():
    executor = Executor("long")
    outcomes = run(GRAPH, executor, workers=2)
    assert "claims" in executor.begun
    assert [name for name, outcome in outcomes.items() if outcome.failed] == ["long"]


def test_what_reads_a_failed_notebook_alone_is_not_run_and_says_why():
    executor = Executor("claims")
    outcomes = run(GRAPH, executor)
    assert "summary" not in executor.begun
    assert outcomes["summary"].error == (
        "not run, because what it reads is missing: claims.all failed"
    )


def test_when_everything_fails_the_rest_is_not_run():
    outcomes = run(GRAPH, Executor("short", "long", "middle"))
    assert "short.all, long.all, middle.all failed" in outcomes["claims"].error
    assert "claims.all failed" in outcomes["summary"].error


def test_an_unchanged_plan_opens_no_executor():
    executor = Executor()
    desk = Desk(*(each.notebook for each in GRAPH))
    outcomes = run_tasks(GRAPH, desk=desk, open_executor=lambda: pytest.fail("opened"),
                         workers=1, tell=lambda *_: None)  # fmt: skip
    assert all(outcome.reused for outcome in outcomes)
    assert executor.begun == []


def test_every_event_is_told_once():
    told: list[tuple[str, str, int]] = []
    run(
        GRAPH,
        Executor("claims"),
        desk=Desk("short"),
        tell=lambda what, task, _, total: told.append((what, task.notebook if task else "", total)),
    )
    assert told[0] == ("planned", "", 5)
    assert ("reused", "short", 5) in told
    assert ("skipped", "summary", 5) in told
    assert len(told) == len(set(told)) == 1 + 5 + 1 + 2 * 3 + 1


def test_an_executor_that_closes_fails_its_notebooks_and_not_the_run():
    outcomes = run(GRAPH, Executor(closes_after=1))
    assert not outcomes["long"].failed
    assert "the executor is closed" in outcomes["short"].error


def test_a_plan_that_goes_in_a_circle():
    with pytest.raises(RunError, match="circle"):
        run((task("a", "b"), task("b", "a")), Executor())
