"""Execute the notebooks of a run on a Dask cluster: an existing scheduler, or one on this machine.

The plan stays on the machine that asked for it. A worker gets the prepared datasets once, then
a notebook at a time, and gives back what the notebook wrote; nothing is written where the report
is made until a notebook has ended, so a worker that dies leaves no trace in it.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
import uuid
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from analysis.errors import RunError, SettingsError
from analysis.places import notebook_folder
from analysis.run.cluster_connect import connected, local_cluster, no_warnings, quiet
from analysis.run.cluster_store import SharedPlace, pack, pack_folder, unpack
from analysis.run.cluster_worker import (
    NOTEBOOK,
    RESULTS,
    Ended,
    Job,
    Parcel,
    describe_suite,
    differences,
    execute_job,
    hold,
    introduce,
    leave,
)
from analysis.run.tasks import Executor, Outcome, Task
from analysis.sources.remote import is_remote

LOCAL = "local"
NOT_READ = ("figures", "notebooks")
"""Folders of a run folder that no notebook reads."""

ADDRESS = re.compile(r"^(tcp|tls)://(\[[0-9A-Fa-f:]+\]|[^:/\s\[\]]+):(\d{1,5})$")

NO_WORKER_SECONDS = 30.0
"""How long a run waits, once all workers are gone, for one to come back."""

RETRIES = 3
"""How often a notebook is begun again after the worker it was on has died."""

INSTALL = "Dask is not installed; install it with: pip install 'reliefcheck[cluster]'."


def open_cluster(scheduler: str, *, workers: int, shared: str = "") -> Executor:
    """Return an executor on a Dask cluster, to be used in a ``with`` statement.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler (``tcp://host:port`` or ``tls://host:port``), or ``local``
        for one on this machine, which ends with the run.
    workers : int
        Worker processes of a ``local`` cluster, at least 1; another has its own.
    shared : str
        Path or address (``s3://...``) that this machine and every worker reach. Datasets and
        outputs go through it; without it, through the scheduler's connections.

    Returns
    -------
    Executor

    Raises
    ------
    SettingsError
        The address is none.
    RunError
        Dask is not installed. On entering: no scheduler or no worker answers, a worker has
        another version of the suite or of a library, or does not reach the shared place.
    """
    if find_spec("distributed") is None:
        raise RunError(INSTALL)
    found = ADDRESS.match(scheduler)
    if scheduler != LOCAL and not (found and 0 < int(found[3]) < 65536):
        raise SettingsError(
            f"'{scheduler}' is no address of a scheduler; tcp://host:port, tls://host:port or "
            "'local' is expected."
        )
    if shared and not is_remote(shared):
        shared = str(Path(shared).expanduser().absolute())  # workers have folders of their own
    return ClusterExecutor(scheduler, workers=workers, shared=shared)


class ClusterExecutor:
    """Executes notebooks on the workers of a Dask cluster."""

    def __init__(self, scheduler: str, *, workers: int, shared: str = "") -> None:
        self._scheduler, self._workers = scheduler, workers
        self._run = uuid.uuid4().hex[:16]
        self._url = shared
        self._shared = SharedPlace(shared, run=self._run) if shared else None
        self._open: dict[str, tuple[Any, Task, Future[Outcome]]] = {}
        self._datasets: dict[Any, tuple[str, Any]] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Executor:
        """Connect, and refuse workers on which results could differ."""
        with ExitStack() as stack:
            stack.enter_context(quiet())
            address = self._scheduler
            if address == LOCAL:
                address = stack.enter_context(local_cluster(self._workers))
            self._client = stack.enter_context(connected(address))
            if self._shared is not None:
                stack.callback(self._shared.remove)
            self._suite = describe_suite()
            stack.callback(self._leave)
            self._check_workers()
            watch = threading.Thread(target=self._watch, name="cluster", daemon=True)
            watch.start()
            stack.callback(watch.join)
            stack.callback(self._ending.set)
            self._stack = stack.pop_all()
        return self

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Send a notebook to whichever worker is free."""
        promise: Future[Outcome] = Future()
        promise.set_running_or_notify_cancel()
        digest, data = self._datasets_for(task)
        job = Job(
            run=self._run,
            shared=self._url,
            task=task,
            folder=str(folder),
            notebooks=str(notebook_folder()),
            suite=self._suite["suite"],
            datasets=digest,
            read=self._results_for(task),
        )
        with no_warnings():
            sent = self._client.submit(execute_job, job, data, pure=False, retries=RETRIES)
        with self._lock:
            self._open[sent.key] = (sent, task, promise)
        sent.add_done_callback(lambda done: self._settle(done, folder))
        return promise

    def __exit__(self, *problem: object) -> None:
        """Stop what still runs, and leave nothing on the workers and in the shared place."""
        self._ending.set()
        with self._lock:
            left, self._open = list(self._open.values()), {}
        with suppress(Exception):
            self._client.cancel([sent for sent, _, _ in left], force=True)
        for _, task, promise in left:
            _give(promise, Outcome(task=task, seconds=0.0, error="the run was stopped."))
        self._stack.close()

    def _check_workers(self) -> None:
        """Have every worker say what it is made of, and open what lies in the shared place."""
        probe = self._shared.put(b"reliefcheck") if self._shared else ""
        answers = self._client.run(introduce, self._run, self._url, probe, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, RunError):
                raise RunError(f"worker {worker}: {answer}")
            if isinstance(answer, BaseException):
                raise RunError(
                    f"worker {worker} cannot run reliefcheck ({type(answer).__name__}: {answer}); "
                    "install the same version there."
                )
            wrong = differences(self._suite, answer)
            if wrong:
                raise RunError(
                    f"worker {worker} differs from this machine, and results could differ too: "
                    f"{wrong}. Install the same there."
                )

    def _datasets_for(self, task: Task) -> tuple[str, Any]:
        """Return the SHA-256 of a task's datasets, and what a worker gets them from.

        Each folder is packed and sent once. What is sent is the result of a task of its own, so
        that the scheduler makes it again when the workers that held it are gone.
        """
        path = task.parameters.get("datasets")
        if not path:
            return "", None
        folder = Path(path)
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        state = tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)
        with self._lock:
            if state not in self._datasets:
                data = pack_folder(folder)
                digest = hashlib.sha256(data).hexdigest()
                sent = None
                if self._shared:
                    self._shared.put(data)
                else:
                    with no_warnings():
                        sent = self._client.submit(hold, data, pure=False, retries=RETRIES)
                self._datasets[state] = digest, sent
            return self._datasets[state]

    def _results_for(self, task: Task) -> Parcel | None:
        """Pack what other notebooks have written so far, for a notebook that reads it."""
        path = task.parameters.get("results_from")
        if not path:
            return None
        folder = Path(path)
        files = [
            (file, file.relative_to(folder))
            for file in folder.rglob("*")
            if file.is_file() and file.suffix != ".ipynb"
        ]
        data = pack((f, name.as_posix()) for f, name in files if name.parts[0] not in NOT_READ)
        return Parcel(digest=self._shared.put(data)) if self._shared else Parcel(data=data)

    def _settle(self, done: Any, folder: Path) -> None:
        """Write what a notebook gave back to where it belongs, then tell its outcome."""
        with self._lock:
            found = self._open.pop(done.key, None)
        if found is None:
            return  # given up meanwhile
        _, task, promise = found
        try:
            ended: Ended = done.result()
            self._receive(ended.written, task, folder)
            outcome = Outcome(task=task, seconds=ended.seconds, error=ended.error)
        except Exception as error:
            outcome = Outcome(task=task, seconds=0.0, error=_why(error))
        _give(promise, outcome)

    def _receive(self, parcel: Parcel, task: Task, folder: Path) -> None:
        if parcel.data is not None:
            data = parcel.data
        elif self._shared is not None:
            data = self._shared.get(parcel.digest)
        else:
            raise RunError("the worker sent nothing.")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{task.name}.part-", dir=folder) as part:
            files = unpack(data, Path(part))
            notebook = Path(part) / NOTEBOOK
            for file in files:
                if file != notebook:
                    inside = file.relative_to(Path(part) / RESULTS)
                    target = Path(task.parameters["results_dir"]) / inside
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
            if notebook in files:
                notebook.replace(folder / f"{task.name}.ipynb")

    def _watch(self) -> None:
        """End the run's open notebooks when the scheduler, or every worker, stays away."""
        away = 0.0
        while not self._ending.wait(1.0):
            reason = ""
            try:
                if self._client.status not in ("running", "connecting"):
                    reason = "the scheduler is gone."
                away = 0.0 if self._client.nthreads() else away + 1.0
            except Exception:
                away += 1.0
            if away >= NO_WORKER_SECONDS:
                reason = "every worker of the cluster is gone."
            if reason:
                self._fail(reason)

    def _fail(self, reason: str) -> None:
        with self._lock:
            left, self._open = list(self._open.values()), {}
        for _, task, promise in left:
            _give(promise, Outcome(task=task, seconds=0.0, error=reason))

    def _leave(self) -> None:
        with suppress(Exception):
            self._client.run(leave, self._run, on_error="ignore")


def _give(promise: Future[Outcome], outcome: Outcome) -> None:
    if not promise.done():
        promise.set_result(outcome)


def _why(error: Exception) -> str:
    if type(error).__name__ == "KilledWorker":
        return f"the worker stopped, {RETRIES + 1} times; the notebook may need more memory."
    if type(error).__name__ in ("CancelledError", "FutureCancelledError"):
        return "the cluster dropped the notebook: its scheduler stopped or was started anew."
    return f"{type(error).__name__}: {error}"[:600]
