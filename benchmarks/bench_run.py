"""Seconds of the main job, of its reuse, and of the command line's start, in one run.

A cold run takes long, so one is timed; the rest is the median of several. Single seconds depend on
the machine and on what else it does; `bench_runner.py` has the ratio of the engines.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median


def seconds(*words: str, folder: Path | None = None, times: int = 1) -> float:
    """Return the median seconds that Python takes with some words, from its start to its end."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=folder)
        taken.append(time.perf_counter() - begun)
    return median(taken)


def show(what: str, taken: float) -> None:
    """Print one line."""
    print(f"{what:<48} {taken:8.3f} s", flush=True)


def bench_start() -> None:
    """Compare the start of the command with that of the interpreter, taking turns."""
    more = [seconds("-m", "analysis", "--help") - seconds("-c", "pass") for _ in range(11)]
    show("reliefcheck --help, over `python -c pass`", median(more))


def bench_run() -> None:
    """Run the demo cold, again without a change, and again with its report damaged."""
    words = ("-m", "analysis", "run", "--quiet")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        show("demo run, cold, with page and PDF", seconds(*words, folder=folder))
        show("the same again, unchanged", seconds(*words, folder=folder, times=5))
        (folder / "reports" / "latest" / "index.html").unlink()
        show("notebooks reused, the report made again", seconds(*words, folder=folder))
        show("verify", seconds("-m", "analysis", "verify", str(folder / "reports" / "latest")))


if __name__ == "__main__":
    bench_start()
    bench_run()
