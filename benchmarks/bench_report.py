"""Seconds from finished notebooks to the forms of the report: page, two PDFs, workbook.

Run ``python benchmarks/bench_report.py RUN``, RUN being the folder of a finished run, by default
reports/latest. Medians of three, each form alone and then all together as a run makes them; files
go to a temporary folder. On a machine at work seconds tell little, so each form is also given as a
ratio to a fixed loop of Python timed between.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import Check, FigureNote, NotebookResults, Sentence, row_from_record
from analysis.report.forms import write_forms, write_results_workbook
from analysis.report.html import report_context, write_report
from analysis.report.inputs import NotebookLink, ReportInputs
from analysis.report.pdf import REPORT, SUMMARY, write_report_pdf, write_summary_pdf
from analysis.report.store import FIGURES, load_judgements
from analysis.wording.texts import say

REPEATS = 3
GOAL_SECONDS = 10.0
GOAL_BYTES = {"index.html": 5_000_000, REPORT: 3_000_000}
LOOP = 5_000_000
ALL = "all together"
"""As a run makes them: report.pdf in a process of its own."""


def load_inputs(run: Path) -> ReportInputs:
    """Return what the report of a finished run was made from, but for links into notebooks."""
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    content = json.loads((run / "results.json").read_text(encoding="utf-8"))
    return ReportInputs(
        title=say("page.title"),
        export_name=about["export"],
        synthetic=about["synthetic"],
        run=about,
        results=tuple(map(_results, content)),
        judgements=load_judgements(run),
        conditions=load_conditions().labels,
        notebooks=tuple(
            NotebookLink(each["notebook"], each["condition"], "", each["error"])
            for each in about["notebooks"]
        ),
        figures=run / FIGURES,
    )


def _results(record: dict) -> NotebookResults:
    return NotebookResults(
        notebook=record["notebook"],
        condition=record["condition"],
        rows=tuple(map(row_from_record, record["rows"])),
        checks=tuple(Check(**each) for each in record["checks"]),
        sentences=tuple(Sentence(**each) for each in record["sentences"]),
        figures=tuple(FigureNote(**each) for each in record["figures"]),
        facts=record["facts"],
    )


def loop() -> None:
    """Count: the measure of how fast this machine is just now."""
    total = 0
    for number in range(LOOP):
        total += number


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Time each form and print a line each, then the page and both PDFs together."""
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "reports/latest").resolve()
    inputs = load_inputs(run)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken: dict[str, list[float]] = {}
        for _ in range(REPEATS):
            context = report_context(inputs)
            makers: dict[str, Callable[[], object]] = {
                "loop": loop,
                "context": partial(report_context, inputs),
                SUMMARY: partial(write_summary_pdf, folder / SUMMARY, context),
                REPORT: partial(write_report_pdf, folder / REPORT, context),
                "results.xlsx": partial(write_results_workbook, folder, inputs),
                "index.html": partial(write_report, folder, loaded=inputs, context=context),
                ALL: partial(write_forms, folder, inputs, context),
            }
            for form, make in makers.items():
                taken.setdefault(form, []).append(seconds(make))
        usual = {form: median(found) for form, found in taken.items()}
        for form, one in usual.items():
            size = (folder / form).stat().st_size if (folder / form).exists() else 0
            limit = GOAL_BYTES.get(form)
            told = "" if limit is None else " within" if size < limit else " OVER"
            shown = f"{size / 1e6:5.2f} MB{told}" if size else ""
            print(f"{form:<14} {one:7.2f} s  {one / usual['loop']:6.1f} loops  {shown}")
    whole = usual["context"] + usual[ALL]
    told = "within" if whole < GOAL_SECONDS else "OVER"
    print(f"page, PDFs and workbook after the notebooks {whole:.2f} s ({told} {GOAL_SECONDS:g} s)")


if __name__ == "__main__":
    main()
