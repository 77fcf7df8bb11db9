"""What a run is made of: tasks, how each ended, and whoever executes them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from analysis.places import notebook_folder


@dataclass(frozen=True, kw_only=True)
class Task:
    """One notebook on one condition.

    ``needs`` names the tasks whose results it reads; it begins when they have ended.
    ``expected_seconds`` is a guess that decides which of several begins first.
    """

    notebook: str
    condition: str
    parameters: dict[str, Any]
    needs: tuple[str, ...] = ()
    expected_seconds: float = 0.0

    @property
    def name(self) -> str:
        """Name of the task and of its files."""
        return f"{self.notebook}.{self.condition}"

    @property
    def path(self) -> Path:
        """The notebook's file."""
        return notebook_folder() / f"{self.notebook}.ipynb"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a task ended: seconds it took, and the error in a sentence (empty when it went well).

    ``reused`` tells that nothing ran: an earlier run had the same inputs.
    """

    task: Task
    seconds: float
    error: str = ""
    reused: bool = False

    @property
    def failed(self) -> bool:
        """Whether the notebook stopped before its end."""
        return bool(self.error)


Listener = Callable[[str, Task | None, Outcome | None, int], None]
"""Called with what happens, the task (None where it is about the run), its outcome (when it ended),
and the number of tasks in all:

``planned`` once; then ``waiting`` for every task; ``started`` and ``finished``, or ``reused``, or
``skipped`` (what it needs failed) for each of them; ``writing`` when the report begins."""


class Executor(Protocol):
    """Executes notebooks; a context manager whose end leaves no process and no socket behind."""

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a notebook; its executed form goes to ``folder/<task name>.ipynb``.

        The future's result is an outcome also when the notebook fails or its process dies.
        """

    def __enter__(self) -> Executor:
        """Make ready."""

    def __exit__(self, *problem: object) -> None:
        """Stop what still runs and clean up."""
