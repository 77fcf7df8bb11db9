"""What runs on a worker: fetch the datasets once, execute a notebook, send back what it wrote."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
import threading
import uuid
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from platform import python_version
from typing import Any

from analysis.errors import RunError
from analysis.places import notebook_folder
from analysis.run.cache_keys import fingerprint_suite
from analysis.run.cluster_store import SharedPlace, pack, unpack
from analysis.run.executors import default_engine, open_executor
from analysis.run.tasks import Executor, Task

NOTEBOOK = "executed.ipynb"
RESULTS = "results_dir/"


@dataclass(frozen=True)
class Parcel:
    """Bytes on their way: themselves, or the SHA-256 under which the shared place has them."""

    data: bytes | None = None
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A notebook to execute elsewhere.

    Parameters
    ----------
    run : str
        Name of the run; a worker keeps what it fetched under it.
    shared : str
        Address of the shared place; empty when parcels hold the bytes.
    task : Task
        Its parameters name places of the machine that sends it.
    folder : str
        Where that machine will put the executed notebook.
    notebooks : str
        Where that machine has the notebooks.
    suite : str
        What the sender's code is; a worker with another refuses.
    datasets : str
        SHA-256 of the packed datasets; empty when the notebook takes none.
    read : Parcel or None
        Results of other notebooks, packed.
    """

    run: str
    shared: str
    task: Task
    folder: str
    notebooks: str
    suite: str
    datasets: str = ""
    read: Parcel | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job ended: its error in a sentence, seconds, and all it wrote, packed."""

    seconds: float
    error: str
    written: Parcel


@dataclass
class Station:
    """What a worker process keeps for a run: a scratch folder and a local executor."""

    folder: Path
    executor: Executor
    lock: threading.Lock = field(default_factory=threading.Lock)


_stations: dict[str, Station] = {}
_lock = threading.Lock()


def describe_suite() -> dict[str, str]:
    """Return what must be the same here and there for results to be the same.

    Returns
    -------
    dict of str to str
        ``suite`` (SHA-256 of code, data and notebooks), ``python``, and the version of every
        library the package requires.
    """
    suite = fingerprint_suite()
    digests = json.dumps([suite.code, dict(suite.notebooks)])
    return {"suite": digests, "python": python_version(), **_versions()}


def _versions() -> dict[str, str]:
    found = {}
    for line in requires("reliefcheck") or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name is None or "extra ==" in line:
            continue
        with contextlib.suppress(PackageNotFoundError):
            found[name[0]] = version(name[0])
    return found


def introduce(run: str, shared: str, probe: str) -> dict[str, str]:
    """Answer on a worker: what it is made of; RunError when the shared place is out of reach."""
    if shared:
        SharedPlace(shared, run=run).get(probe)
    return describe_suite()


def differences(here: dict[str, str], there: dict[str, str]) -> str:
    """Return in words how two machines differ, by what each says of itself; empty when not."""
    told = []
    for name in sorted({*here, *there}):
        own, other = here.get(name, "none"), there.get(name, "none")
        if own != other:
            code = name == "suite"
            told.append("its code, notebooks or data" if code else f"{name} {other}, here {own}")
    return "; ".join(told)


def hold(data: bytes) -> bytes:
    """Return bytes as they are: a task whose result any worker can make again."""
    return data


def execute_job(job: Job, datasets: bytes | None) -> Ended:
    """Execute a notebook on this worker.

    Parameters
    ----------
    job : Job
    datasets : bytes or None
        The prepared datasets, packed; None when they lie in the shared place, or are not needed.

    Raises
    ------
    RunError
        This worker's code is not the sender's, or the shared place fails.
    """
    if describe_suite()["suite"] != job.suite:
        raise RunError("a worker joined that has another version of reliefcheck.")
    place = SharedPlace(job.shared, run=job.run) if job.shared else None
    station = _station(job.run)
    own = station.folder / f"job-{uuid.uuid4().hex}"
    out, results = own / "notebooks", own / "results"
    parameters = dict(job.task.parameters)
    here: dict[str, Path] = {"results_dir": results}
    if job.datasets:
        parcel = Parcel(data=datasets, digest=job.datasets)
        here["datasets"] = _datasets(station, parcel, place)
    try:
        results.mkdir(parents=True)
        if job.read is not None:
            here["results_from"] = own / "read"
            unpack(_open(job.read, place), here["results_from"])
        parameters |= {name: str(path) for name, path in here.items() if name in parameters}
        task = replace(job.task, parameters=parameters)
        outcome = station.executor.submit(task, out).result()
        paths = {str(path): job.task.parameters[name] for name, path in here.items()
                 if name in job.task.parameters}  # fmt: skip
        paths |= {str(out): job.folder, str(notebook_folder()): job.notebooks}
        written = _pack_written(out / f"{task.name}.ipynb", results, paths)
        parcel = Parcel(digest=place.put(written)) if place else Parcel(data=written)
        return Ended(seconds=outcome.seconds, error=outcome.error, written=parcel)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _open(parcel: Parcel, place: SharedPlace | None) -> bytes:
    if parcel.data is not None:
        return parcel.data
    if place is None:
        raise RunError("results were sent through a shared place, and none is named.")
    return place.get(parcel.digest)


def _datasets(station: Station, parcel: Parcel, place: SharedPlace | None) -> Path:
    """Return the folder of prepared datasets; fetched when this process has not got them."""
    folder = station.folder / f"datasets-{parcel.digest[:16]}"
    with station.lock:
        if not folder.is_dir():
            part = station.folder / f"part-{uuid.uuid4().hex}"
            unpack(_open(parcel, place), part)
            part.rename(folder)
    return folder


def _pack_written(notebook: Path, results: Path, paths: dict[str, str]) -> bytes:
    """Pack a notebook's results and its executed form, which names the sender's places."""
    files = [(p, RESULTS + p.relative_to(results).as_posix())
             for p in results.rglob("*") if p.is_file()]  # fmt: skip
    if notebook.is_file():
        text = notebook.read_text(encoding="utf-8")
        for here, there in sorted(paths.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(json.dumps(here)[1:-1], json.dumps(there)[1:-1])
        notebook.write_text(text, encoding="utf-8")
        files.append((notebook, NOTEBOOK))
    return pack(files)


def _station(run: str) -> Station:
    """Return what this process keeps for a run, made at its first job."""
    with _lock:
        if run not in _stations:
            folder = Path(tempfile.mkdtemp(prefix="reliefcheck-", dir=_scratch()))
            executor = open_executor(default_engine(), workers=_places())
            executor.__enter__()
            _stations[run] = Station(folder=folder, executor=executor)
        return _stations[run]


def _worker() -> Any:
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:  # no worker: called directly, as a test does
        return None


def _scratch() -> str | None:
    """Return the worker's own folder, which Dask removes with the worker; None outside of one."""
    worker = _worker()
    return str(worker.local_directory) if worker else None


def _places() -> int:
    worker = _worker()
    return max(1, worker.state.nthreads) if worker else 1


def leave(run: str) -> None:
    """Stop what a worker still executes for a run and remove what it fetched."""
    with _lock:
        station = _stations.pop(run, None)
    if station is not None:
        station.executor.__exit__(None, None, None)
        shutil.rmtree(station.folder, ignore_errors=True)
