"""What an engine costs beside the notebooks' own work: an empty notebook, a worker's memory.

Measured with notebooks that do next to nothing; `bench_runner` calls it, and it runs alone.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from analysis.run.executors import open_executor
from analysis.run.tasks import Executor, Task

AT_WORK = """
import time
from analysis.places import data_folder
from analysis.sources.export import load_export
from analysis.derive.datasets import derive_datasets
from analysis.settings import make_settings
from analysis.outcomes.responders import tabulate_responders
import matplotlib.pyplot as plt
loaded = load_export(data_folder() / "demo")
settings = make_settings(loaded.settings)
datasets = derive_datasets(loaded, settings)
rows = tabulate_responders(datasets, settings, "fbss")
fig, ax = plt.subplots()
ax.plot([1, 2])
plt.show()
"""
"""Work like that of a real notebook; then it waits to be measured."""

WAIT = """
import pathlib, time
pathlib.Path(ready).touch()
while pathlib.Path(ready).exists():
    time.sleep(0.02)
"""


def write_notebook(folder: Path, name: str, *sources: str) -> None:
    """Write a notebook with a parameter ``ready``."""
    first = new_code_cell('ready: str = ""  # file', metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [first, *map(new_code_cell, sources)]
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": kernel}),
        folder / "notebooks" / f"{name}.ipynb",
    )


def shared_once_mb(pid: int) -> float:
    """Return the proportional memory of a process: shared pages counted once over all."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return next(int(x.split()[1]) for x in text.splitlines() if x.startswith("Pss:")) / 1024


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(found for child in map(int, below) for found in tree(child))]


def time_empty(executor: Executor, folder: Path, *, times: int) -> float:
    """Return the median seconds from submission to outcome of a notebook that does nothing."""
    task = Task(notebook="empty", condition="all", parameters={})
    taken = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        assert not executor.submit(task, folder).result().error
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def measure_memory(folder: Path, *, workers: int) -> float:
    """Return the memory of all processes of the engine with that many notebooks at work, in MB."""
    with open_executor("forked", workers=workers) as executor:
        files = [folder / f"ready-{workers}-{i}" for i in range(workers)]
        futures = [
            executor.submit(
                Task(notebook="work", condition=path.name, parameters={"ready": str(path)}),
                folder / "out",
            )
            for path in files
        ]
        while not all(path.exists() for path in files):
            if any(future.done() for future in futures):
                sys.exit(str([future.result() for future in futures if future.done()]))
            time.sleep(0.05)
        own = os.getpid()
        total = sum(shared_once_mb(pid) for pid in tree(own) if pid != own)
        for path in files:
            path.unlink()
        for future in futures:
            future.result()
    return total


def bench_help(rounds: int) -> None:
    """Print what the command line's start costs over the interpreter's own."""
    more = []
    for _ in range(2 * rounds + 1):
        taken = []
        for words in (("-c", "pass"), ("-m", "analysis.cli", "--help")):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            taken.append(time.perf_counter() - begun)
        more.append(taken[1] - taken[0])
    print(f"reliefcheck --help over python -c pass: {statistics.median(more):.3f} s", flush=True)


def bench_costs(*, rounds: int = 5) -> None:
    """Print the cost of an empty notebook, of a further worker, and of ``--help``."""
    bench_help(rounds)
    before = os.environ.get("RELIEFCHECK_HOME")
    from analysis.places import home

    data = home() / "data"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(data)
        write_notebook(folder, "empty", "pass")
        write_notebook(folder, "work", AT_WORK, WAIT)
        os.environ["RELIEFCHECK_HOME"] = name
        with open_executor("forked", workers=1) as executor:
            seconds = time_empty(executor, folder / "out", times=2 * rounds + 1)
        print(f"empty notebook, forked engine: {seconds:.3f} s", flush=True)
        memory = [
            [measure_memory(folder, workers=workers) for workers in (1, 3)] for _ in range(rounds)
        ]
        if before is None:
            del os.environ["RELIEFCHECK_HOME"]
        else:
            os.environ["RELIEFCHECK_HOME"] = before
    further = statistics.median((three - one) / 2 for one, three in memory)
    alone = statistics.median(one for one, _ in memory)
    print(f"memory: one worker {alone:.0f} MB, each further one {further:.0f} MB", flush=True)


if __name__ == "__main__":
    bench_costs()
