"""Executes notebooks in forked children; this is the runner's end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from analysis.run.executors.deaths import record_death, tell_death
from analysis.run.executors.execute import ENVIRONMENT, output_path
from analysis.run.tasks import Executor, Outcome, Task

STOPPED = "the run was stopped before the notebook's end."
PATIENCE_SECONDS = 10.0
"""How long the warm process may take to end its children before it is ended itself."""

START = (
    "import sys; sys.path[:] = [each for each in sys.path if each]; "  # nothing from this folder
    "from analysis.run.executors.warm import main; main(int(sys.argv[1]))"
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A notebook that was submitted."""

    task: Task
    folder: Path
    future: Future[Outcome] = field(default_factory=Future)

    def settle(self, *, error: str, seconds: float = 0.0) -> None:
        """Give the future its outcome."""
        self.future.set_result(Outcome(task=self.task, seconds=seconds, error=error))


class ForkingExecutor:
    """Executes notebooks in children of a warm process, `workers` at a time."""

    def __init__(self, *, workers: int) -> None:
        self._workers = workers
        self._lock = threading.RLock()
        self._waiting: deque[Job] = deque()
        self._running: dict[int, Job] = {}
        self._number = 0
        self._closing = False
        self._broken = ""

    def __enter__(self) -> Executor:
        """Start the warm process; it imports while the caller prepares its data."""
        self._warm = Warm()
        self._reader = threading.Thread(target=self._listen, name="notebooks", daemon=True)
        self._reader.start()
        return self

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a notebook, or let it wait for a free worker."""
        job = Job(task=task, folder=folder)
        with self._lock:
            closed = self._closing
            if not closed:
                self._waiting.append(job)
                self._begin_more()
        if closed:
            job.settle(error=self._broken or STOPPED)
        return job.future

    def _begin_more(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            job = self._waiting.popleft()
            if job.future.set_running_or_notify_cancel():
                self._number += 1
                self._running[self._number] = job
                self._warm.send((self._number, job.task, job.folder))

    def _listen(self) -> None:
        while True:
            answer = self._warm.receive()
            if answer is not None:
                if answer[0] != "ready":
                    self._finish(*answer)
            elif not self._replace_warm():
                return

    def _finish(self, how: str, number: int, *rest: Any) -> None:
        with self._lock:
            job = self._running.pop(number)
            self._begin_more()
        if how == "done":
            seconds, error = rest
        else:
            code, seconds = rest
            error = record_death(output_path(job.task, job.folder), tell_death(code))
        job.settle(error=error, seconds=seconds)

    def _replace_warm(self) -> bool:
        """Settle what died with the warm process; return whether there is a new one."""
        told = self._warm.tell_end()
        with self._lock:
            lost, self._running = list(self._running.values()), {}
            again = self._warm.was_ready and not self._closing
            if not again:
                lost += [job for job in self._waiting if job.future.set_running_or_notify_cancel()]
                self._waiting.clear()
                self._broken, self._closing = told or "", True
            else:
                self._warm = Warm()
                self._begin_more()
        for job in lost:
            job.settle(error=STOPPED if told is None else told)
        return again

    def __exit__(self, *problem: object) -> None:
        """Stop what runs and drop what waits; no process is left."""
        with self._lock:
            self._closing = True
            waiting = list(self._waiting)
            self._waiting.clear()
        for job in waiting:
            job.future.cancel()
        self._warm.stop()
        self._reader.join()


class Warm:
    """The warm process as the runner sees it."""

    def __init__(self) -> None:
        self.was_ready = False
        self._stopping = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
            )
        self._connection = Connection(os.dup(self._socket.fileno()))

    def send(self, request: tuple[Any, ...]) -> None:
        """Ask for a notebook; a process that is gone is noticed by whoever receives."""
        with contextlib.suppress(OSError):
            self._connection.send(request)

    def receive(self) -> tuple[Any, ...] | None:
        """Return the next answer; None when there will be none."""
        try:
            answer: tuple[Any, ...] = self._connection.recv()
        except (EOFError, OSError):
            return None
        self.was_ready = True
        return answer

    def stop(self) -> None:
        """Have the process end its children and itself."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def tell_end(self) -> str | None:
        """Wait for the process and say why it ended; None when it was told to."""
        code = self._process.wait()
        self._connection.close()
        self._socket.close()
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        self._errors.close()
        if self._stopping:
            return None
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the process that starts notebooks ended with {how}{f': {last}' if last else ''}."
