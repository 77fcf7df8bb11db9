"""Choose the engine that executes notebooks."""

from __future__ import annotations

import sys
from typing import Literal

from analysis.errors import SettingsError, suggest
from analysis.run.tasks import Executor

Engine = Literal["forked", "papermill"]

ENGINES: tuple[Engine, ...] = ("forked", "papermill")
"""``forked``: a child of a warm process per notebook. ``papermill``: a kernel per notebook."""


def default_engine() -> Engine:
    """Return the engine that is best on this machine.

    Forking is safe on Linux. macOS offers it, but its own libraries break in forked children;
    Windows has none.
    """
    return "forked" if sys.platform == "linux" else "papermill"


def check_engine(name: str) -> Engine:
    """Return the engine of that name.

    Raises
    ------
    SettingsError
        No engine has the name, or it does not work on this machine.
    """
    for engine in ENGINES:
        if engine == name:
            if engine == "forked" and default_engine() != "forked":
                raise SettingsError(
                    "the engine 'forked' needs Linux; 'papermill' gives the same results here."
                )
            return engine
    raise SettingsError(
        f"there is no engine '{name}'.{suggest(name, ENGINES)} Engines: {', '.join(ENGINES)}."
    )


def open_executor(engine: Engine, *, workers: int) -> Executor:
    """Return an executor, to be used in a ``with`` statement.

    Parameters
    ----------
    engine : str
        One of ``ENGINES``; see `default_engine`.
    workers : int
        Notebooks executed at a time, at least 1. Those submitted beyond wait their turn, in the
        order of submission.

    Returns
    -------
    Executor
        Its futures resolve to an `Outcome` also when a notebook fails or its process dies.

    Raises
    ------
    SettingsError
        Unknown engine, one that does not work here, or less than one worker.
    """
    chosen = check_engine(engine)
    if workers < 1:
        raise SettingsError(f"workers is {workers}; at least one is needed.")
    if chosen == "forked":
        from analysis.run.executors.forking import ForkingExecutor

        return ForkingExecutor(workers=workers)
    from analysis.run.executors.stock import StockExecutor

    return StockExecutor(workers=workers)
