"""A run on a real Dask scheduler and workers, as processes on loopback; one is killed mid-run.

The notebooks are small ones of this test's own: they read the prepared datasets, write results,
and the last reads what the others wrote.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest

from analysis.errors import RunError, SettingsError
from analysis.places import data_folder
from analysis.run import cluster as cluster_module
from analysis.run import cluster_connect
from analysis.run.cluster import open_cluster
from analysis.run.cluster_worker import differences
from analysis.run.tasks import Outcome, Task

PARAMETERS = """\
datasets: str = ""
results_dir: str = ""
results_from: str = ""
condition: str = "all"
seconds: float = 0.0
"""
COUNT = """\
import json, time
from pathlib import Path
started = Path(datasets, "patients.txt").read_text()
time.sleep(seconds)
out = Path(results_dir, "results")
out.mkdir(parents=True, exist_ok=True)
(out / f"count.{condition}.json").write_text(json.dumps({"lines": len(started.split())}))
print(condition, datasets)
"""
SUM = """\
import json
from pathlib import Path
found = [json.loads(p.read_text())["lines"] for p in Path(results_from, "results").glob("*.json")]
Path(results_dir, "claims.json").write_text(json.dumps({"sum": sum(found), "n": len(found)}))
"""
FAIL = "raise RuntimeError('planted failure')"


def write_notebook(folder: Path, name: str, code: str) -> None:
    first = nbformat.v4.new_code_cell(PARAMETERS, id="a", metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code, id="b")])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[Path]:
    """A project folder with three small notebooks, for this process and the workers it starts."""
    home = tmp_path_factory.mktemp("home")
    (home / "notebooks").mkdir()
    (home / "data").symlink_to(data_folder())
    for name, code in {"count": COUNT, "sum": SUM, "fail": FAIL}.items():
        write_notebook(home / "notebooks", name, code)
    (home / "datasets").mkdir()
    (home / "datasets" / "patients.txt").write_text("A1\nA2\nA3\n", encoding="utf-8")
    before = os.environ.get("RELIEFCHECK_HOME")
    os.environ["RELIEFCHECK_HOME"] = str(home)
    yield home
    os.environ.pop("RELIEFCHECK_HOME")
    if before is not None:
        os.environ["RELIEFCHECK_HOME"] = before


def make_task(project: Path, out: Path, name: str, condition: str = "all", **more: float) -> Task:
    places = {"datasets": str(project / "datasets"), "results_dir": str(out)}
    if name == "sum":
        places["results_from"] = str(out)
    parameters = {**places, "condition": condition, **more}
    return Task(notebook=name, condition=condition, parameters=parameters)


def dask(*words: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def started(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(what, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the address of a scheduler of its own process, and that process."""
    file = folder / "scheduler.json"
    words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    process = dask("scheduler", *words, "--scheduler-file", str(file))
    with started(process):
        address = wait_for(lambda: file.is_file() and json.loads(file.read_text())["address"])
        yield address, process


def worker(address: str, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    words = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    return dask("worker", address, "--host", "127.0.0.1", *words, **environment)


def check_whole(out: Path, outcomes: list[Outcome]) -> None:
    """Everything the notebooks write is there, typed in here from the three patients."""
    assert [outcome.error for outcome in outcomes] == [""] * len(outcomes)
    for condition in ("a", "b", "c"):
        told = json.loads((out / "results" / f"count.{condition}.json").read_text())
        assert told == {"lines": 3}
        executed = (out / "notebooks" / f"count.{condition}.ipynb").read_text(encoding="utf-8")
        nbformat.validate(nbformat.reads(executed, 4))
        assert str(out) in executed, "it names the places of the machine that asked"
        assert "job-" not in executed
    assert json.loads((out / "claims.json").read_text()) == {"sum": 9, "n": 3}
    left = [path.name for path in out.rglob("*") if "part" in path.name or path.suffix == ".zip"]
    assert left == []


@pytest.mark.slow
def test_workers_through_a_shared_place_and_one_is_killed(project, tmp_path):
    """The scratch of a dead worker is the machine's; what it worked on is done again elsewhere."""
    shared, out = tmp_path / "shared", tmp_path / "out"
    with scheduler(tmp_path) as (address, _):
        scratch = {name: tmp_path / name for name in ("one", "two")}
        workers = {name: worker(address, folder) for name, folder in scratch.items()}
        with started(*workers.values()):
            with open_cluster(address, workers=1, shared=str(shared)) as executor:
                tasks = [make_task(project, out, "count", c, seconds=2.0) for c in ("a", "b", "c")]
                futures = [executor.submit(task, out / "notebooks") for task in tasks]
                busy = wait_for(lambda: [n for n, at in scratch.items() if [*at.rglob("job-*")]])
                assert shared.is_dir()
                time.sleep(0.5)
                assert not any(future.done() for future in futures)
                os.kill(workers[busy[0]].pid, signal.SIGKILL)
                outcomes = [future.result(timeout=60) for future in futures]
                last = executor.submit(make_task(project, out, "sum"), out / "notebooks")
                outcomes.append(last.result(timeout=60))
                failing = executor.submit(make_task(project, out, "fail"), out / "notebooks")
                told = failing.result(timeout=60)
            check_whole(out, outcomes)
            assert told.error == "RuntimeError: planted failure"
            page = nbformat.read(out / "notebooks" / "fail.all.ipynb", 4)
            assert any(o.output_type == "error" for c in page.cells for o in c.get("outputs", []))
            assert list(shared.iterdir()) == [], "patients' data must not stay behind"
            alive = next(name for name in scratch if name != busy[0])
            assert not list(scratch[alive].rglob("reliefcheck-*"))


@pytest.mark.slow
def test_a_cluster_on_this_machine_leaves_nothing(project, tmp_path):
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    out = tmp_path / "out"
    with open_cluster("local", workers=1) as executor:
        tasks = [make_task(project, out, "count", c) for c in ("a", "b", "c")]
        futures = [executor.submit(task, out / "notebooks") for task in tasks]
        outcomes = [future.result(timeout=60) for future in futures]
        last = executor.submit(make_task(project, out, "sum"), out / "notebooks")
        outcomes.append(last.result(timeout=60))
        unfinished = executor.submit(
            make_task(project, out, "count", "d", seconds=60.0), out / "notebooks"
        )
    check_whole(out, outcomes)
    assert unfinished.result(timeout=1).error == "the run was stopped."
    assert not (out / "notebooks" / "count.d.ipynb").exists()

    def left() -> list[list[str]]:
        return [
            words
            for child in psutil.Process().children(recursive=True)
            if child.pid not in before and (words := command_of(child))
        ]

    wait_for(lambda: not left(), 20)


def command_of(process: psutil.Process) -> list[str]:
    """Return what a process runs; empty for one that is gone, and for Python's own tracker."""
    try:
        words = process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.NoSuchProcess:
        return []
    return [] if any("resource_tracker" in word for word in words) else words


@pytest.mark.slow
def test_a_worker_with_other_notebooks_is_refused_and_a_dead_scheduler_is_told(project, tmp_path):
    other = tmp_path / "other"
    (other / "notebooks").mkdir(parents=True)
    (other / "data").symlink_to(data_folder())
    write_notebook(other / "notebooks", "count", "print('something else')")
    with scheduler(tmp_path) as (address, process):
        strange = worker(address, tmp_path / "strange", RELIEFCHECK_HOME=str(other))
        with started(strange), pytest.raises(RunError, match="its code, notebooks or data"):
            open_cluster(address, workers=1).__enter__()
        with started(worker(address, tmp_path / "same")):
            wait_for(lambda: (tmp_path / "same").exists())
            time.sleep(1)
            shared = str(tmp_path / "shared")
            with open_cluster(address, workers=1, shared=shared) as executor:
                task = make_task(project, tmp_path / "out", "count", seconds=60.0)
                future = executor.submit(task, tmp_path / "out" / "notebooks")
                os.killpg(process.pid, signal.SIGKILL)
                error = future.result(timeout=cluster_module.NO_WORKER_SECONDS + 30).error
            assert "scheduler" in error or "gone" in error
    assert not list((tmp_path / "shared").iterdir())


@pytest.fixture
def short_wait(monkeypatch) -> None:
    monkeypatch.setattr(cluster_connect, "ANSWER_SECONDS", 1)


def test_a_scheduler_that_does_not_answer(short_wait):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RunError, match=f"no Dask scheduler answers at tcp://127.0.0.1:{port}"):
        open_cluster(f"tcp://127.0.0.1:{port}", workers=1).__enter__()


def test_something_else_that_listens(short_wait):
    """A server that takes the call and says nothing must not hold the run."""
    threads = threading.active_count()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = time.monotonic()
        with pytest.raises(RunError, match="no Dask scheduler answers"):
            open_cluster(f"tcp://127.0.0.1:{mute.getsockname()[1]}", workers=1).__enter__()
        assert time.monotonic() - began < 60  # it ends: the call would never be answered
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    "address", ["host", "tcp:/host:1", "http://host:80", "tcp://host", "tcp://host:70000", ""]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SettingsError, match="no address of a scheduler"):
        open_cluster(address, workers=1)


def test_without_dask_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(cluster_module, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"pip install 'reliefcheck\[cluster\]'"):
        open_cluster("local", workers=1)


def test_versions_that_differ_are_named():
    here = {"suite": "a", "python": "3.11.9", "numpy": "2.4.0", "scipy": "1.17.0"}
    there = {"suite": "b", "python": "3.11.9", "numpy": "2.3.0"}
    told = differences(here, there)
    assert told == ("numpy 2.3.0, here 2.4.0; scipy none, here 1.17.0; its code, notebooks or data")
    assert differences(here, dict(here)) == ""
