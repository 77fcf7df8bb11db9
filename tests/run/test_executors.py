"""Choosing an engine; what becomes of processes when a run ends, is stopped, or is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import psutil
import pytest

from analysis.errors import SettingsError
from analysis.run.executors import check_engine, choose, default_engine, open_executor
from analysis.run.executors.deaths import record_death, tell_death
from analysis.run.executors.hiding import hidden_modules
from tests.run.executed import read, task_of, write_notebook

SLEEPING = "import pathlib, os, time\npathlib.Path(str(days)).write_text(str(os.getpid()))"
FOREVER = "time.sleep(600)"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with a few notebooks."""
    write_notebook(tmp_path, "ok", "print(days)")
    write_notebook(tmp_path, "bad", "1 / 0")
    write_notebook(tmp_path, "dead", "import os", "os._exit(3)")
    write_notebook(tmp_path, "sleeping", SLEEPING, FOREVER)
    write_notebook(
        tmp_path,
        "parquet",
        "import pandas as pd, numpy as np",
        "frame = pd.DataFrame({'a': np.arange(20000), 'b': ['x'] * 20000})",
        "frame.to_parquet(f'{days}.parquet')",
        "read = pd.read_parquet(f'{days}.parquet')\nm = read[['a']].to_numpy().astype(float)",
        "int(read['a'].sum()), float((m.T @ m)[0, 0]) > 0",
    )
    monkeypatch.setenv("RELIEFCHECK_HOME", str(tmp_path))
    return tmp_path


def wait_for(true: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def pid_in(path: Path) -> int:
    wait_for(lambda: path.exists() and path.read_text())
    return int(path.read_text())


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_known_engines():
    assert check_engine("papermill") == "papermill"
    assert check_engine(default_engine()) == default_engine()


def test_unknown_engine_is_named_with_a_suggestion():
    with pytest.raises(SettingsError, match=r"no engine 'papermil'\. Did you mean 'papermill'\?"):
        check_engine("papermil")


def test_forking_is_refused_where_it_is_unsafe(monkeypatch):
    monkeypatch.setattr(choose.sys, "platform", "darwin")
    assert default_engine() == "papermill"
    with pytest.raises(SettingsError, match="needs Linux"):
        check_engine("forked")


def test_at_least_one_worker():
    with pytest.raises(SettingsError, match="workers is 0"):
        open_executor("forked", workers=0)


@pytest.mark.slow
def test_papermill_engine(home):
    with open_executor("papermill", workers=2) as executor:
        futures = [executor.submit(task_of(n, days=3), home / "out") for n in ("ok", "bad", "dead")]
        errors = [future.result(timeout=120).error for future in futures]
    assert errors == ["", "ZeroDivisionError: division by zero", "DeadKernelError: Kernel died"]
    assert read(home / "out" / "ok.all.ipynb").cells[2].outputs[0].text == "3\n"


def test_fifty_notebooks_read_parquet_and_multiply(home):
    """Forked children must not wait for threads that were not forked with them."""
    with open_executor("forked", workers=4) as executor:
        futures = [executor.submit(task_of("parquet", days=i), home / str(i)) for i in range(50)]
        assert [future.result(timeout=120).error for future in futures] == [""] * 50
    page = read(home / "49" / "parquet.all.ipynb")
    assert page.cells[-1].outputs[0]["data"]["text/plain"] == "(199990000, True)"


def test_unwritable_folder_is_an_error_of_its_notebook(home):
    (home / "file").write_text("no folder")
    with open_executor("forked", workers=1) as executor:
        outcome = executor.submit(task_of("ok", days=1), home / "file").result(timeout=60)
        assert outcome.error.startswith("FileExistsError")
        assert executor.submit(task_of("ok", days=1), home / "out").result(timeout=60).error == ""


def test_leaving_stops_what_runs_and_drops_what_waits(home):
    before = set(psutil.Process().children(recursive=True))
    with open_executor("forked", workers=1) as executor:
        running = executor.submit(task_of("sleeping", days=1), home / "out")
        waiting = executor.submit(task_of("ok", days=2), home / "out")
        pid = pid_in(home / "1")
        begun = time.monotonic()
    assert time.monotonic() - begun < 60  # not the ten minutes it sleeps
    assert running.result().error == "the run was stopped before the notebook's end."
    with pytest.raises(CancelledError):
        waiting.result()
    assert is_gone(pid)
    assert set(psutil.Process().children(recursive=True)) == before, "no zombie either"


def test_warm_process_that_is_killed_is_replaced(home):
    with open_executor("forked", workers=1) as executor:
        running = executor.submit(task_of("sleeping", days=1), home / "out")
        waiting = executor.submit(task_of("ok", days=2), home / "out")
        pid = pid_in(home / "1")
        os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
        assert running.result(timeout=60).error == (
            "the process that starts notebooks ended with signal 9."
        )
        assert waiting.result(timeout=60).error == ""
        wait_for(lambda: is_gone(pid))


def test_warm_process_that_cannot_start_is_told(home, monkeypatch):
    (home / "broken").mkdir()
    (home / "broken" / "papermill.py").write_text("raise ImportError('planted')")
    monkeypatch.setenv("PYTHONPATH", str(home / "broken"))
    with open_executor("forked", workers=1) as executor:
        outcome = executor.submit(task_of("ok", days=2), home / "out").result(timeout=60)
    assert outcome.error.endswith("ended with exit code 1: ImportError: planted.")


RUNNER = """
import sys
from pathlib import Path
from analysis.run.executors import open_executor
from analysis.run.tasks import Task
if __name__ == "__main__":
    with open_executor(sys.argv[1], workers=1) as executor:
        task = Task(notebook="sleeping", condition="all", parameters={"days": 1})
        executor.submit(task, Path(sys.argv[2])).result()
"""


def start_runner(home: Path, engine: str) -> subprocess.Popen[bytes]:
    script = home / "runner.py"
    script.write_text(RUNNER)
    return subprocess.Popen(
        [sys.executable, str(script), engine, str(home / "out")],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.parametrize("engine", ["forked", pytest.param("papermill", marks=pytest.mark.slow)])
def test_runner_that_is_killed_takes_all_with_it(home, engine):
    with start_runner(home, engine) as runner:
        pid_in(home / "1")
        below = psutil.Process(runner.pid).children(recursive=True)
        assert len(below) >= 2
        runner.kill()
        wait_for(lambda: all(is_gone(process.pid) for process in below))


def test_interrupt_stops_all_without_noise(home):
    with start_runner(home, "forked") as runner:
        pid_in(home / "1")
        below = psutil.Process(runner.pid).children(recursive=True)
        os.killpg(runner.pid, signal.SIGINT)  # what Ctrl-C does
        _, told = runner.communicate(timeout=60)
        wait_for(lambda: all(is_gone(process.pid) for process in below))
    assert told.decode().count("Traceback") == 1, "only the script's own"
    assert told.decode().strip().endswith("KeyboardInterrupt")


def test_deaths_in_words():
    assert tell_death(0) == "the notebook's process ended itself with exit code 0"
    assert tell_death(-9) == "the notebook's process was killed by signal 9 (out of memory?)"
    assert tell_death(-15) == "the notebook's process was killed by signal 15 (terminated)"


@pytest.mark.parametrize("content", [None, "", "{"])
def test_death_before_anything_was_saved(tmp_path, content):
    page = tmp_path / "page.ipynb"
    if content is not None:
        page.write_text(content)
    assert record_death(page, "it died") == "it died."


def test_hidden_modules_come_back():
    with hidden_modules("wave", "os"), pytest.raises(ImportError):
        import wave  # noqa: F401
    import wave as found

    assert found.__name__ == "wave"
    assert os.getpid()
