"""A report built once from made-up results, and a browser to read it with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from test_report_inputs import LABELS, draw_all, make_inputs

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import load_ledger
from analysis.display.tables import show, tabulate_rows
from analysis.report.assemble import (
    ExecutedNotebook,
    ReportContent,
    assemble_report,
    result_record,
)
from analysis.report.store import write_json, write_judgements

NOTEBOOK = "20_responders"


def ledger_judgements(given: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """Add a judgement of every statement of the ledger to the given headline claims."""
    plain = {"cited_low": None, "cited_high": None, "cited_text": "", "reading": "Read so."}
    more = tuple(
        Judgement(
            claim_id=claim.claim_id,
            wording=claim.wording,
            source=claim.source,
            condition=claim.condition,
            verdict="unfalsifiable" if claim.answer == "unfalsifiable" else "not testable",
            answer=claim.answer,
            headline=False,
            sentence=claim.reason,
            **plain,
        )
        for claim in load_ledger()
    )
    return (*given, *more)


def write_notebook(folder: Path, rows: list) -> None:
    """Write an executed notebook whose third cell shows the rows and whose second made them."""
    folder.mkdir()
    shown = show(tabulate_rows(rows, labels=LABELS), "Responders")
    table = new_output("display_data", data={"text/html": shown._repr_html_()})
    cells = [
        new_markdown_cell("# Responders"),
        new_code_cell("rows = tabulate_responders(study)"),
        new_code_cell("show(tabulate_rows(rows))", outputs=[table]),
        new_code_cell("write_results(results_dir, rows=rows)"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / f"{NOTEBOOK}.crps.ipynb")


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Path:
    """Return the page of a report assembled as a run assembles it."""
    work = tmp_path_factory.mktemp("run")
    inputs = make_inputs()
    crps = [row for row in inputs.rows if row.condition == "crps"]
    notes = tuple(draw_all(work / "figures", crps, "crps"))
    for result in inputs.results:
        figures = notes if result.condition == "crps" else ()
        record = result_record(replace(result, figures=figures))
        write_json(work / "results" / f"{result.notebook}.{result.condition}.json", record)
    write_judgements(work, ledger_judgements(inputs.judgements))
    main = [row for row in crps if row.measure == "responder_share" and row.group_by == "all"]
    write_notebook(work / "notebooks", main)
    return assemble_report(
        work,
        ReportContent(
            export_name="Demo export",
            synthetic=True,
            conditions=LABELS,
            run=inputs.run,
            notebooks=(ExecutedNotebook(notebook=NOTEBOOK, condition="crps"),),
        ),
    ).page


@pytest.fixture
def open_page(browser, report) -> Iterator[Callable[..., Any]]:
    """Return what opens the report; a complaint of the console or a request outside fails."""
    contexts, complaints = [], []

    def opened(**how: Any) -> Any:
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url)
                if not asked.url.startswith(("file:", "data:")) else 0)  # fmt: skip
        page.goto(report.as_uri())
        # Letters that come late move what was already scrolled to.
        page.evaluate("document.fonts.ready.then(() => 0)")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
