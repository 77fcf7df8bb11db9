"""Execute one notebook by papermill and say in a sentence how it ended."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from analysis.places import home
from analysis.run.tasks import Outcome, Task

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "ARROW_IO_THREADS",
)
"""Notebooks run side by side; threads inside each would only get in each other's way."""

ENVIRONMENT = {
    **dict.fromkeys(THREAD_COUNTS, "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow starts it when imported
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of each kernel's debugger
}
"""Environment of every process that executes notebooks; to be set before anything is imported."""

LONGEST_ERROR = 600
"""Characters of an error's sentence; the executed notebook has the whole."""


def output_path(task: Task, folder: Path) -> Path:
    """Return where the executed notebook of a task is written."""
    return folder / f"{task.name}.ipynb"


def execute_task(task: Task, folder: Path, **engine: Any) -> Outcome:
    """Execute one notebook; never raises for what happens inside it.

    Parameters
    ----------
    task : Task
    folder : Path
        Where the executed notebook is written; made when it is not there.
    **engine
        Passed on to papermill: which engine, and its options.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    begun = time.perf_counter()
    error = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        papermill.execute_notebook(
            str(task.path),
            str(output_path(task, folder)),
            parameters=task.parameters,
            cwd=str(home()),
            kernel_name="python3",
            progress_bar=False,
            **engine,
        )
    except PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}"
    except Exception as failure:  # the kernel did not start, the disk is full, ...
        error = f"{type(failure).__name__}: {failure}"
    return Outcome(task=task, seconds=time.perf_counter() - begun, error=error[:LONGEST_ERROR])


def prepare_environment() -> None:
    """Set the environment of a process that executes notebooks."""
    os.environ.update(ENVIRONMENT)
