"""What a person, a log or a program sees while notebooks run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from analysis.errors import shown
from analysis.run.execute import Listener, Outcome
from analysis.run.plan import Task

LONGEST_LIST = 3
"""Running notebooks named on a terminal's line; of more, only the number is given."""


@contextmanager
def show_progress(*, quiet: bool = False, as_json: bool = False) -> Iterator[Listener]:
    """Yield a listener: a bar on a terminal, plain lines in a log, JSON lines for a program."""
    if as_json:
        yield _json_lines
    elif quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with _bar() as listener:
            yield listener
    else:
        yield _plain_lines()


def print_json(content: object) -> None:
    """Print one line of JSON at once."""
    print(shown(json.dumps(content, ensure_ascii=False)), flush=True)


def _json_lines(what: str, task: Task, outcome: Outcome | None, total: int) -> None:
    line: dict[str, object] = {"event": what, "task": task.name, "total": total}
    if outcome is not None:
        line |= {"seconds": round(outcome.seconds, 3), "error": outcome.error}
    print_json(line)


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    running: list[str] = []
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("reading the export", total=None)

        def listen(what: str, task: Task, outcome: Outcome | None, total: int) -> None:
            if outcome is None:
                running.append(task.name)
            elif task.name in running:
                running.remove(task.name)
            if outcome is not None and outcome.error:
                progress.console.print(f"failed: {task.name}: {shown(outcome.error)}", markup=False)
            more = len(running) - LONGEST_LIST
            names = ", ".join(running[:LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")
            progress.update(
                bar,
                total=total,
                advance=outcome is not None,
                description=names or "writing the report",
            )

        yield listen


def _plain_lines() -> Listener:
    ended = 0

    def listen(what: str, task: Task, outcome: Outcome | None, total: int) -> None:
        nonlocal ended
        if outcome is None:
            return
        ended += 1
        how = "reused" if outcome.reused else f"{outcome.seconds:.1f} s"
        line = f"[{ended}/{total}] {task.name} " + (f"FAILED after {how}" if outcome.error else how)
        print(line, file=sys.stderr, flush=True)

    return listen
