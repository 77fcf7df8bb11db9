"""Execute notebooks through papermill, several at a time, each in a kernel of its own.

A notebook that fails ends as a record with its error in a sentence; the others go on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

from analysis.places import home
from analysis.run.parameters import check_parameters
from analysis.run.tasks import Listener, Outcome, Task

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Kernels run side by side; threads inside each would only get in each other's way."""

LONGEST_ERROR = 600


def execute_plan(
    tasks: Sequence[Task], folder: Path, *, workers: int, listener: Listener | None = None
) -> tuple[Outcome, ...]:
    """Execute all tasks, stage by stage.

    Parameters
    ----------
    tasks : sequence of Task
    folder : Path
        Where executed notebooks are written, one ``<task>.ipynb`` each.
    workers : int
        Notebooks at a time, at least 1.
    listener : callable, optional
        Told what starts and what has finished.

    Returns
    -------
    tuple of Outcome
        In the order in which tasks finished.

    Raises
    ------
    SettingsError
        A parameter that a notebook does not declare; nothing has run then.
    """
    for task in tasks:
        check_parameters(task.path, task.parameters)
    tell = listener or (lambda *_: None)
    total = len(tasks)
    tell("planned", None, None, total)
    outcomes: list[Outcome] = []
    context = get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        for stage in sorted({task.stage for task in tasks}):
            own = [task for task in tasks if task.stage == stage]
            outcomes += _run_stage(own, folder, pool, workers, tell, total)
    return tuple(outcomes)


def _run_stage(
    tasks: Sequence[Task],
    folder: Path,
    pool: ProcessPoolExecutor,
    workers: int,
    tell: Listener,
    total: int,
) -> Iterator[Outcome]:
    waiting = list(tasks)
    running: dict[Future[Outcome], Task] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            task = waiting.pop(0)
            tell("started", task, None, total)
            running[pool.submit(execute_task, task, folder)] = task
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            outcome = _outcome_of(future, task)
            tell("finished", task, outcome, total)
            yield outcome


def _outcome_of(future: Future[Outcome], task: Task) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # a worker that died: the notebook is told as failed, not the run
        return Outcome(task=task, seconds=0.0, error=f"the worker stopped: {error}")


def execute_task(task: Task, folder: Path) -> Outcome:
    """Execute one notebook; never raises for what happens inside it."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from analysis.run.kernels import QuietKernelManager

    os.environ.update(ONE_THREAD)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    error = ""
    try:
        papermill.execute_notebook(
            str(task.path),
            str(folder / f"{task.name}.ipynb"),
            parameters=task.parameters,
            cwd=str(home()),
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=QuietKernelManager,
        )
    except PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}"[:LONGEST_ERROR]
    except Exception as failure:  # the kernel did not start, the disk is full, ...
        error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]
    return Outcome(task=task, seconds=time.perf_counter() - begun, error=error)
