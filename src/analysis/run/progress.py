"""What a person sees while notebooks run: a bar with what runs and how long is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from analysis.run.tasks import Listener, Outcome, Task


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Listener]:
    """Yield a listener that draws a bar on a terminal and prints plain lines anywhere else."""
    if quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with _bar() as listener:
            yield listener
    else:
        yield _plain_lines()


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    running: list[str] = []
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("reading the export", total=None)

        def listen(what: str, task: Task | None, outcome: Outcome | None, total: int) -> None:
            if task is None:
                progress.update(bar, total=total, description="starting")
                return
            if what == "started":
                running.append(task.name)
            else:
                running.remove(task.name)
                progress.advance(bar)
                if outcome is not None and outcome.failed:
                    progress.console.print(f"[red]failed[/red] {task.name}: {outcome.error}")
            progress.update(bar, description=", ".join(running) or "writing the report")

        yield listen


def _plain_lines() -> Listener:
    begun = time.monotonic()
    done = 0

    def listen(what: str, task: Task | None, outcome: Outcome | None, total: int) -> None:
        nonlocal done
        if task is None or outcome is None:
            return
        done += 1
        passed = time.monotonic() - begun
        left = passed / done * (total - done)
        word = "FAILED " if outcome.failed else ""
        told = f"[{done}/{total}] {word}{task.name} {outcome.seconds:.1f} s"
        print(f"{told}, about {left:.0f} s left", file=sys.stderr, flush=True)
        if outcome.failed:
            print(f"    {outcome.error}", file=sys.stderr, flush=True)

    return listen
