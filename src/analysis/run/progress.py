"""What a person, a log or a program sees while notebooks run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from analysis.run.tasks import Listener, Outcome, Task

LONGEST_LIST = 3
"""Running notebooks named on a terminal's line; of more only the number is told."""


@contextmanager
def show_progress(*, quiet: bool = False, as_json: bool = False) -> Iterator[Listener]:
    """Yield a listener: a bar on a terminal, plain lines in a log, JSON lines for a program."""
    if as_json:
        yield json_lines
    elif quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with _bar() as listener:
            yield listener
    else:
        yield _plain_lines()


@dataclass
class Clock:
    """How far a run is, and how long it will take: by what was expected of each notebook."""

    waiting: dict[str, float] = field(default_factory=dict)
    expected_done: float = 0.0
    n_done: int = 0
    begun: float = field(default_factory=time.monotonic)

    def hear(self, what: str, task: Task, outcome: Outcome | None) -> None:
        """Take note of an event."""
        if what == "waiting":
            self.waiting[task.name] = task.expected_seconds
        elif outcome is not None:
            expected = self.waiting.pop(task.name, 0.0)
            self.n_done += 1
            self.expected_done += expected if what == "finished" else 0.0

    @property
    def left_seconds(self) -> float | None:
        """Seconds left at the speed so far; None until a notebook has run."""
        if not self.expected_done:
            return None
        passed = time.monotonic() - self.begun
        return passed / self.expected_done * sum(self.waiting.values())


def tell_left(seconds: float | None) -> str:
    """Return "about 40 s left" in words a person reads; empty when it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left"


def event(what: str, task: Task | None, outcome: Outcome | None, total: int) -> dict[str, object]:
    """Return an event as plain values, for one line of JSON."""
    told: dict[str, object] = {"event": what}
    if task is None:
        return told | {"total": total}
    told |= {"task": task.name, "notebook": task.notebook, "condition": task.condition}
    if outcome is not None:
        told |= {"seconds": round(outcome.seconds, 3), "error": outcome.error}
    return told


def json_lines(what: str, task: Task | None, outcome: Outcome | None, total: int) -> None:
    """Print an event as a line of JSON on standard output; that a task waits is not said."""
    if what != "waiting":
        print_json(event(what, task, outcome, total))


def print_json(content: object) -> None:
    """Print one line of JSON at once, for whoever reads along."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    running: list[str] = []
    clock = Clock()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("reading the export", total=None, left="")

        def listen(what: str, task: Task | None, outcome: Outcome | None, total: int) -> None:
            if task is None:
                said = "writing the report" if what == "writing" else "starting"
                progress.update(bar, total=total, description=said, left="")
                return
            clock.hear(what, task, outcome)
            if what == "started":
                running.append(task.name)
            elif task.name in running:
                running.remove(task.name)
            if outcome is not None and outcome.failed:
                progress.console.print(f"failed {task.name}: {outcome.error}", markup=False)
            left = tell_left(clock.left_seconds)
            progress.update(bar, completed=clock.n_done, description=_names(running), left=left)

        yield listen


def _names(running: list[str]) -> str:
    more = len(running) - LONGEST_LIST
    named = ", ".join(running[:LONGEST_LIST])
    return f"{named} and {more} more" if more > 0 else named or "looking at what is there"


def _plain_lines() -> Listener:
    clock = Clock()

    def listen(what: str, task: Task | None, outcome: Outcome | None, total: int) -> None:
        if task is None:
            return
        clock.hear(what, task, outcome)
        if outcome is None:
            return
        how = {"reused": "reused", "skipped": "NOT RUN"}.get(what, f"{outcome.seconds:.1f} s")
        how = f"FAILED after {how}" if outcome.failed and what == "finished" else how
        parts = [f"[{clock.n_done}/{total}] {task.name} {how}", tell_left(clock.left_seconds)]
        print(", ".join(part for part in parts if part), file=sys.stderr, flush=True)
        if outcome.failed:
            print(f"    {outcome.error}", file=sys.stderr, flush=True)

    return listen
