"""One set of workers for several runs: opened when the first notebook has to run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from analysis.run.tasks import Executor, Outcome, Task


class SharedWorkers:
    """An executor that stays open from run to run; entering and leaving it within one is free.

    Parameters
    ----------
    open_executor : callable
        Gives the executor behind it.

    Attributes
    ----------
    refused : bool
        Whether the executor behind it could not be opened; no later run would have more luck.
    """

    def __init__(self, open_executor: Callable[[], Executor]) -> None:
        self._open, self._depth = open_executor, 0
        self._executor: Executor | None = None
        self.refused = False

    def __enter__(self) -> SharedWorkers:
        """Count who uses the workers; the first one is whoever shares them."""
        self._depth += 1
        return self

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a notebook; the executor behind is opened at the first."""
        return self._opened().submit(task, folder)

    def _opened(self) -> Executor:
        if self._executor is None:
            try:
                executor = self._open()
                executor.__enter__()
            except BaseException:
                self.refused = True
                raise
            self._executor = executor
        return self._executor

    def renew(self) -> None:
        """Close the executor; the next notebook opens another."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.__exit__(None, None, None)

    def __exit__(self, *problem: object) -> None:
        """Close the executor when the last user leaves."""
        self._depth -= 1
        if not self._depth:
            self.renew()
