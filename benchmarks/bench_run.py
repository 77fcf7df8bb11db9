"""Seconds of the main job and its parts, and of the command line's start, in one run.

Whole runs take a minute, so one is timed; everything else is the median of several. Ratios hold
when the machine's speed drifts; single seconds do not.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def median_seconds(job: Callable[[], object], *, times: int = 5) -> float:
    """Return the median of several runs after one that does not count."""
    job()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        job()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def command(*words: str) -> Callable[[], object]:
    """Return a job that runs a command as a process of its own."""
    return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)


def tell(what: str, seconds: float, note: str = "") -> None:
    print(f"{what:<52} {seconds:8.3f} s  {note}", flush=True)


def bench_start() -> None:
    bare = median_seconds(command("-c", "pass"), times=11)
    help_ = median_seconds(command("-m", "analysis.cli", "--help"), times=11)
    tell("python -c pass", bare)
    tell("reliefcheck --help", help_, f"{help_ - bare:+.3f} s over the interpreter's own start")


def bench_parts() -> None:
    from analysis.derive.datasets import derive_datasets
    from analysis.outcomes.interval_relief import tabulate_interval_relief
    from analysis.outcomes.pain import tabulate_reductions
    from analysis.outcomes.responders import tabulate_responders
    from analysis.places import data_folder
    from analysis.settings import make_settings
    from analysis.sources.export import load_export

    demo = data_folder() / "demo"
    export = load_export(demo)
    settings = make_settings(export.settings)
    datasets = derive_datasets(export, settings)
    tell("read and check the demo export", median_seconds(lambda: load_export(demo)))
    tell("derive its datasets", median_seconds(lambda: derive_datasets(export, settings)))
    for make in (tabulate_responders, tabulate_reductions, tabulate_interval_relief):
        seconds = median_seconds(lambda m=make: m(datasets, settings, "all"))
        tell(f"{make.__name__}, all conditions", seconds)


def bench_run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        words = ("-m", "analysis.cli", "run", "--quiet", "--out", str(Path(folder) / "report"))
        begun = time.perf_counter()
        command(*words)()
        tell("full demo run (every notebook, report)", time.perf_counter() - begun, "one run")


if __name__ == "__main__":
    bench_start()
    bench_parts()
    bench_run()
