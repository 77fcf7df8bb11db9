"""Seconds from finished notebooks to the forms of the report, each form for itself.

Run ``python benchmarks/bench_report.py RUN``, RUN being the folder of a finished run, by default
reports/latest. It works on a copy, and prints the median of three of both the clock and the time of
the processor, which a busy machine does not change.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from analysis.report.inputs import NOTEBOOKS, read_run
from analysis.report.notebooks import write_notebook_page
from analysis.report.page import build_page, write_html, write_report, write_results_files
from analysis.report.pdf import write_pdfs

REPEATS = 3
GOAL_BYTES = {"index.html": 3_500_000, "report.pdf": 3_000_000}


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return seconds by the clock and of the processor, the median of some runs."""
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter(), time.process_time()
        call()
        found.append((time.perf_counter() - started[0], time.process_time() - started[1]))
    return median(each[0] for each in found), median(each[1] for each in found)


def write_again(folder: Path) -> None:
    """Write a report from its notebooks on, their pages too."""
    for page in (folder / NOTEBOOKS).glob("*.html"):
        page.unlink()
    write_report(folder)


def main(source: Path) -> None:
    """Print a line for each form, then the sizes of the two largest files."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(shutil.copytree(source, Path(work) / "run"))
        notebooks = sorted((folder / NOTEBOOKS).glob("*.ipynb"))
        run = read_run(folder)
        page = build_page(run)
        jobs: dict[str, Callable[[], object]] = {
            "page model": lambda: build_page(read_run(folder)),
            "index.html": lambda: write_html(page, folder),
            "both PDFs": lambda: write_pdfs(page, folder),
            "results files": lambda: write_results_files(run.frame, folder),
            "notebook pages": lambda: [write_notebook_page(path) for path in notebooks],
            "all of it": lambda: write_again(folder),
        }
        for name, call in jobs.items():
            clock, processor = timed(call)
            print(f"{name:15} {clock:6.2f} s   processor {processor:6.2f} s")
        for name, most in GOAL_BYTES.items():
            size = (folder / name).stat().st_size
            print(f"{name:15} {size:,} bytes{'' if size <= most else f', above {most:,}'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/latest").resolve())
