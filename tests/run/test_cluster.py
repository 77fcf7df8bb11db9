"""Notebooks on a real Dask scheduler and workers, as processes on loopback; one is killed.

Nothing here waits for a clock: a notebook says through a pipe that it runs, and goes on when told.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import nbformat
import pytest

from analysis.errors import RunError, SettingsError
from analysis.run import cluster
from analysis.run.cluster import ClusterExecutor, check_scheduler, execute_packed, pack
from analysis.run.execute import executed_path
from analysis.run.plan import Task
from tests.run.small import write_notebook

pytest.importorskip("distributed")

COUNT = """\
from pathlib import Path
lines = len(Path(datasets, "patients.txt").read_text().split())
Path(results_dir).mkdir(exist_ok=True)
Path(results_dir, "count.txt").write_text(str(lines))
print(datasets)
"""
SUM = """\
from pathlib import Path
found = [int(path.read_text()) for path in Path(results_dir).glob("count*.txt")]
Path(results_dir, "sum.txt").write_text(str(sum(found)))
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """Small notebooks and the datasets of three patients."""
    for name, code in {"20_count": COUNT, "70_sum": SUM, "30_fail": "1 / 0"}.items():
        write_notebook(tmp_path, name, code)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "patients.txt").write_text("A1\nA2\nA3\n", encoding="utf-8")
    return tmp_path


def task(project: Path, name: str) -> Task:
    return Task(path=project / f"{name}.ipynb", parameters={"datasets": str(project / "data")})


DRAINS: dict[int, Thread] = {}
"""Who reads what a process goes on to say: a full pipe would stop it."""


def dask(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dask", *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@contextmanager
def killed_after(*processes: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            DRAINS.pop(process.pid).join()


def said(process: subprocess.Popen[str], words: str) -> str:
    """Return the rest of the line in which a process says something; it ends if it never does."""
    assert process.stderr
    for line in process.stderr:
        if words in line:
            DRAINS[process.pid] = Thread(target=process.communicate, daemon=True)
            DRAINS[process.pid].start()
            return line.partition(words)[2].strip()
    raise AssertionError(f"it ended without saying {words!r}")


def scheduler() -> tuple[subprocess.Popen[str], str]:
    process = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    return process, said(process, "Scheduler at:")


def worker(address: str, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir()
    words = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    process = dask("worker", address, "--host", "127.0.0.1", *words)
    said(process, "Registered to:")
    return process


@pytest.mark.slow
def test_a_cluster_on_this_machine(project):
    """Results and executed notebooks come back as if they had been made here."""
    out = project / "out"
    with ClusterExecutor("local", workers=1) as executor:
        first = executor.submit(task(project, "20_count"), out).result()
        failing = executor.submit(task(project, "30_fail"), project / "other").result()
        last = executor.submit(task(project, "70_sum"), out).result()
    assert (first.error, last.error) == ("", "")
    assert failing.error == "cell 3: ZeroDivisionError: division by zero"
    assert (out / "results" / "count.txt").read_text() == "3"
    assert (out / "results" / "sum.txt").read_text() == "3"
    executed = executed_path(task(project, "20_count"), out)
    nbformat.validate(nbformat.read(executed, 4))
    text = executed.read_text(encoding="utf-8")
    assert '"datasets": "../data"' in text
    assert "reliefcheck-" not in text, "the worker's scratch folder is named nowhere"


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_a_dead_scheduler_is_a_sentence(project, tmp_path):
    for pipe in ("runs", "go"):
        os.mkfifo(project / pipe)
    tell = f"with open({str(project / 'runs')!r}, 'w') as runs:\n    runs.write('x')\n"
    wait = f"open({str(project / 'go')!r}).close()\n"  # until the test opens the other end
    write_notebook(project, "20_count", tell + wait + COUNT)
    write_notebook(project, "21_never", tell + "import threading; threading.Event().wait()")
    head, address = scheduler()
    with killed_after(head), ClusterExecutor(address, workers=1) as executor:
        with killed_after(worker(address, tmp_path / "one")):
            future = executor.submit(task(project, "20_count"), project / "out")
            assert (project / "runs").read_text() == "x"  # when the notebook runs
        with killed_after(worker(address, tmp_path / "two")):
            assert (project / "runs").read_text() == "x"
            go = os.open(project / "go", os.O_RDWR)  # stays open: whoever waits goes on
            assert future.result().error == ""
            os.close(go)
            assert (project / "out" / "results" / "count.txt").read_text() == "3"
            last = executor.submit(task(project, "21_never"), project / "more")
            assert (project / "runs").read_text() == "x"
            head.kill()
            assert "its scheduler stopped" in last.result().error


def test_a_worker_with_other_code_or_libraries_is_refused_by_name(project):
    sender = {**cluster.describe_machine(), "code": "other", "numpy": "0.1"}
    with pytest.raises(RunError, match=r"a worker differs .*: code \w+, there other; numpy .*0\.1"):
        execute_packed(
            task(project, "20_count"), b"", pack(str(project / "data")), pack(""), sender
        )


def test_no_scheduler_and_something_else_that_listens(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        for listens in (False, True):
            if listens:
                mute.listen()
            with pytest.raises(RunError, match=f"no Dask scheduler answers at {address}"):
                ClusterExecutor(address, workers=1).__enter__()


@pytest.mark.parametrize(
    "address", ["host", "tcp:/host:1", "http://host:80", "tcp://host", "tcp://host:70000", ""]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SettingsError, match="no address of a scheduler"):
        check_scheduler(address)


def test_without_dask_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"pip install 'reliefcheck\[cluster\]'"):
        check_scheduler("local")
