"""Notebooks on a Dask cluster: an existing scheduler, or one on this machine for the run.

The plan stays on the machine that asked for it. A worker gets a notebook with the datasets and
results it reads, and gives back what it wrote; nothing is written where the report is made until a
notebook has ended, so a worker that dies leaves no trace there.
"""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import zipfile
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from analysis.errors import RunError, SettingsError
from analysis.files import private_files
from analysis.run.execute import Outcome, execute_notebook
from analysis.run.folder import scratch
from analysis.run.plan import Task
from analysis.run.reuse import LEDGER, digest_code
from analysis.run.session import installed_versions

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:]+\]|[^:/\s\[\]]+):(\d{1,5})")
LOCAL = "local"

ANSWER_SECONDS = 8
"""How long a scheduler may take to answer."""

RETRIES = 3
"""How often a notebook is begun again after the worker it was on has died."""


def check_scheduler(scheduler: str) -> None:
    """Refuse what is no address of a scheduler, or any at all where Dask is not installed."""
    if find_spec("distributed") is None:
        raise RunError(
            "Dask is not installed; install it with: pip install 'reliefcheck[cluster]'."
        )
    found = ADDRESS.fullmatch(scheduler)
    if scheduler != LOCAL and not (found and 0 < int(found[3]) < 65536):
        raise SettingsError(
            f"'{scheduler}' is no address of a scheduler; tcp://host:port, tls://host:port or "
            "'local' is expected."
        )


class ClusterExecutor:
    """Runs notebooks on the workers of a Dask cluster.

    ``scheduler`` is the address of one, or ``local`` for one on this machine, of so many workers,
    that ends with the run.
    """

    def __init__(self, scheduler: str, *, workers: int) -> None:
        check_scheduler(scheduler)
        self._scheduler, self._workers = scheduler, workers
        self._stack = ExitStack()
        self._sent: list[Any] = []
        self._datasets: dict[str, Any] = {}

    def __enter__(self) -> ClusterExecutor:
        """Connect; RunError when no scheduler answers."""
        from distributed import Client, LocalCluster
        from distributed.security import Security

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors come as outcomes
        address, security = self._scheduler, None
        if address == LOCAL:
            # Whoever else is on the machine could make an open scheduler run anything.
            security = Security.temporary()
            work = self._stack.enter_context(scratch())
            cluster = LocalCluster(
                n_workers=self._workers, threads_per_worker=1, host="127.0.0.1",
                protocol="tls://", security=security, dashboard_address=None,
                local_directory=str(work), silence_logs=logging.CRITICAL,
            )  # fmt: skip
            address = self._stack.enter_context(cluster).scheduler_address
        try:
            _wait_for_answer(address)
            self._client = Client(
                address, security=security, timeout=ANSWER_SECONDS, set_as_default=False
            )
        except (OSError, ValueError):
            raise RunError(
                f"no Dask scheduler answers at {address} within {ANSWER_SECONDS} s."
            ) from None
        self._stack.callback(self._client.close, timeout=5)
        return self

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Send a notebook to whichever worker is free."""
        promise: Future[Outcome] = Future()
        sent = self._client.submit(
            execute_packed,
            task,
            task.path.read_bytes(),
            self._send_datasets(task.parameters.get("datasets", "")),
            pack(str(folder / "results")),
            describe_machine(),
            pure=False,
            retries=RETRIES,
        )
        self._sent.append(sent)
        sent.add_done_callback(lambda done: promise.set_result(self._receive(done, task, folder)))
        return promise

    def _send_datasets(self, folder: str) -> Any:
        """Return what a worker gets the datasets from; each folder is sent once."""
        if folder not in self._datasets:
            self._datasets[folder] = self._client.submit(bytes, pack(folder), pure=False)
        return self._datasets[folder]

    def _receive(self, done: Any, task: Task, folder: Path) -> Outcome:
        try:
            seconds, error, written = done.result()
            unpack(written, folder)
        except Exception as failure:
            return Outcome(task=task, error=_why(failure))
        return Outcome(task=task, seconds=seconds, error=error)

    def __exit__(self, *problem: object) -> None:
        """Drop what still runs and close the connection."""
        self._client.cancel(self._sent, force=True)
        self._stack.close()


def _wait_for_answer(address: str) -> None:
    """Raise OSError unless something speaks at an address; for a mute server Dask waits forever.

    A scheduler speaks first. With TLS the caller does, so there it is only seen whether one is
    there.
    """
    found = ADDRESS.fullmatch(address)
    if found is None:
        return
    place = found[2].strip("[]"), int(found[3])
    with socket.create_connection(place, timeout=ANSWER_SECONDS) as line:
        if found[1] == "tcp" and not line.recv(1):
            raise OSError(f"nobody speaks at {address}")


def warn_of_open(scheduler: str) -> str:
    """Return what to say before records go to a scheduler in the clear; empty when they do not."""
    if not scheduler.startswith("tcp://"):
        return ""
    return (
        f"{scheduler} is not encrypted and asks nobody who he is: the analysis datasets, notebooks "
        "and results travel in the clear, and whoever reaches the scheduler can run code on its "
        "workers. Use tls:// unless the network is yours alone (docs/elsewhere.md)."
    )


def execute_packed(
    task: Task, notebook: bytes, datasets: bytes, results: bytes, sender: dict[str, str]
) -> tuple[float, str, bytes]:
    """Execute a notebook on a worker; return its seconds, its error, and the files it wrote.

    Raises
    ------
    RunError
        This worker's code or libraries are not the sender's, so results could differ.
    """
    own = describe_machine()
    wrong = [
        f"{name} {own[name]}, there {sender[name]}" for name in own if own[name] != sender[name]
    ]
    if wrong:
        raise RunError(f"a worker differs from the machine that asked: {'; '.join(wrong)}.")
    with private_files(), scratch() as folder:
        root = folder.resolve()
        path = root / task.path.name
        path.write_bytes(notebook)
        data, out = root / "data", root / "out"
        unpack(datasets, data)
        unpack(results, out / "results")
        places = {"datasets": data, "ledger": data / LEDGER}
        here = {name: str(path) for name, path in places.items() if task.parameters.get(name)}
        moved = replace(task, path=path, parameters={**task.parameters, **here})
        outcome = execute_notebook(moved, out, engine="papermill", scratch=root)
        names = {str(out): "..", str(root): ".."}
        for executed in out.rglob("*.ipynb"):
            text = executed.read_text(encoding="utf-8")
            for place, name in names.items():
                text = text.replace(json.dumps(place)[1:-1], name)
            executed.write_text(text, encoding="utf-8")
        return outcome.seconds, outcome.error, pack(str(out))


def describe_machine() -> dict[str, str]:
    """Return what must be the same here and there for results to be the same."""
    return {"code": digest_code()[:12], **installed_versions()}


def pack(folder: str) -> bytes:
    """Return the files below a folder as the bytes of a zip file; none for an empty name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(folder).rglob("*")) if folder else ():
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Write the files of `pack` below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def _why(error: Exception) -> str:
    if type(error).__name__ == "KilledWorker":
        return f"the worker died, {RETRIES + 1} times; the notebook may need more memory."
    if type(error).__name__ in ("CancelledError", "FutureCancelledError"):
        return "the cluster dropped the notebook: its scheduler stopped or was restarted."
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
