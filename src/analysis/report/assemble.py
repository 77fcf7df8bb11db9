"""From what the notebooks left to everything a reader gets: results, claims, pages, report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.outcomes.rows import NotebookResults, frame_of_rows
from analysis.report.forms import write_forms
from analysis.report.html import PAGE, report_context
from analysis.report.inputs import NotebookLink, ReportInputs
from analysis.report.notebook_pages import write_notebook_page
from analysis.report.spreadsheets import write_csv
from analysis.report.store import (
    FIGURES,
    frame_of_judgements,
    load_judgements,
    load_results,
    rows_of,
    write_json,
)
from analysis.report.trace import CellLink, load_cells, trace_rows
from analysis.wording.texts import say

NOTEBOOKS = "notebooks"
"""Folder of executed notebooks in a run folder, one ``<notebook>.<condition>.ipynb`` each."""


@dataclass(frozen=True, kw_only=True)
class ExecutedNotebook:
    """A notebook that has run, and its error in a sentence (empty when it went well)."""

    notebook: str
    condition: str
    error: str = ""

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.notebook}.{self.condition}"


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """What a report tells beyond what the notebooks wrote.

    Parameters
    ----------
    export_name : str
    synthetic : bool
        True when the patients do not exist.
    conditions : mapping of str to str
        Labels by code, in the order to print.
    run : mapping
        Content of run.json.
    notebooks : tuple of ExecutedNotebook
    """

    export_name: str
    synthetic: bool
    conditions: Mapping[str, str]
    run: Mapping[str, Any]
    notebooks: tuple[ExecutedNotebook, ...]


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """The page of a report, and sentences on forms of it that could not be made."""

    page: Path
    notes: tuple[str, ...] = ()


def assemble_report(work: Path, content: ReportContent) -> Assembled:
    """Write results, claims, notebook pages and the report in all its forms into a run folder."""
    results = load_results(work)
    judgements = load_judgements(work)
    write_csv(frame_of_rows(rows_of(results)), work / "results.csv")
    write_csv(frame_of_judgements(judgements), work / "claims.csv")
    ordered = sorted(content.notebooks, key=lambda each: each.name)
    links = tuple(_write_page(work / NOTEBOOKS, each) for each in ordered)
    cells = trace_results(work, results, links)
    shutil.rmtree(work / "results", ignore_errors=True)
    write_json(work / "results.json", [result_record(result) for result in results])
    loaded = ReportInputs(
        title=say("page.title"),
        export_name=content.export_name,
        synthetic=content.synthetic,
        run=content.run,
        results=results,
        judgements=judgements,
        conditions=content.conditions,
        notebooks=links,
        figures=work / FIGURES,
        cells=cells,
    )
    notes = write_forms(work, loaded, report_context(loaded))
    return Assembled(page=work / PAGE, notes=notes)


def _write_page(folder: Path, each: ExecutedNotebook) -> NotebookLink:
    ipynb = folder / f"{each.name}.ipynb"
    if not ipynb.exists():
        return NotebookLink(each.notebook, each.condition, "", each.error)
    page = write_notebook_page(ipynb, ipynb.with_suffix(".html"))
    return NotebookLink(each.notebook, each.condition, f"{NOTEBOOKS}/{page.name}", each.error)


def trace_results(
    work: Path, results: Sequence[NotebookResults], links: Sequence[NotebookLink]
) -> dict[str, CellLink]:
    """Return where each row can be seen in the executed notebooks, by ``result_id``."""
    pages = {(link.name, link.condition): link.href for link in links if link.href}
    found: dict[str, CellLink] = {}
    for result in results:
        page = pages.get((result.notebook, result.condition))
        if page:
            cells = load_cells((work / page).with_suffix(".ipynb"))
            found |= trace_rows(cells, result.rows, page=page)
    return found


def result_record(result: NotebookResults) -> dict[str, Any]:
    """Return a notebook's results as plain values for JSON."""
    record = asdict(result)
    for row, made in zip(record["rows"], result.rows, strict=True):
        row["result_id"] = made.result_id
    return record
