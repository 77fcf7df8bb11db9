"""Papermill as it comes: a kernel per notebook, driven from a worker process of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue

from analysis.lifeline import die_with_parent
from analysis.run.executors.execute import execute_task, prepare_environment
from analysis.run.tasks import Executor, Outcome, Task


class StockExecutor:
    """Executes notebooks in kernels, `workers` at a time.

    Each place among the workers is a process pool of one, so that a worker that dies takes no
    other notebook with it; its place is filled again.
    """

    def __init__(self, *, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="notebook")
        self._places: SimpleQueue[_Place] = SimpleQueue()
        self._all = [_Place() for _ in range(workers)]
        for place in self._all:
            self._places.put(place)

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a notebook, or let it wait for a free worker."""
        return self._threads.submit(self._execute, task, folder)

    def _execute(self, task: Task, folder: Path) -> Outcome:
        place = self._places.get()
        try:
            return place.execute(task, folder)
        except (BrokenProcessPool, SystemExit):
            place.renew()
            return Outcome(task=task, seconds=0.0, error="the notebook's process was stopped.")
        finally:
            self._places.put(place)

    def __enter__(self) -> Executor:
        """Workers start with the first notebooks."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop what runs, with its kernels, and drop what waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for place in self._all:
            place.stop()
        self._threads.shutdown(wait=True)


class _Place:
    """One worker process, started when first needed."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self._pool = ProcessPoolExecutor(
            1,
            mp_context=get_context("spawn"),
            initializer=_begin_worker,
            initargs=(os.getpid(),),
        )

    def execute(self, task: Task, folder: Path) -> Outcome:
        return self._pool.submit(_execute_in_kernel, task, folder).result()

    def stop(self) -> None:
        for process in list((self._pool._processes or {}).values()):
            process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker(runner: int) -> None:
    """Ctrl-C is the runner's business; being told to stop ends the kernel too."""
    prepare_environment()
    logging.getLogger("papermill").addHandler(logging.NullHandler())  # errors come as outcomes
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end(*_: object) -> None:
        # Told to stop, the worker ends its kernel first. With the runner dead it must not go back
        # to the pool's loop, which would wait for ever; the kernel sees that its parent is gone.
        if os.getppid() != runner:
            os._exit(1)
        sys.exit(1)

    signal.signal(signal.SIGTERM, end)
    die_with_parent(signal.SIGTERM, parent=runner)


def _execute_in_kernel(task: Task, folder: Path) -> Outcome:
    from analysis.run.kernels import QuietKernelManager

    return execute_task(task, folder, kernel_manager_class=QuietKernelManager)
