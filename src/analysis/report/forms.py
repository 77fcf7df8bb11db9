"""The report in all its forms: page, two PDFs, workbook, and the schema results.json fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.errors import InputError
from analysis.report.html import write_report
from analysis.report.inputs import ReportInputs
from analysis.report.methods import settings_lines
from analysis.report.pdf import REPORT, SUMMARY, MissingLibrary, write_summary_pdf
from analysis.report.pdf_aside import report_pdf_aside
from analysis.report.signoff import hash_results
from analysis.report.workbook import NAME as WORKBOOK
from analysis.report.workbook import write_workbook
from analysis.wording.texts import say
from analysis.wording.words import plain_text

SCHEMA = "results.schema.json"
RELEASE = "release"


def write_forms(work: Path, loaded: ReportInputs, context: Mapping[str, Any]) -> tuple[str, ...]:
    """Write index.html, both PDFs, results.xlsx and results.schema.json into a run folder.

    Parameters
    ----------
    work : Path
        Existing folder.
    loaded : ReportInputs
        What the report is made from.
    context : mapping
        Of `analysis.report.html.report_context` for the same inputs.

    Returns
    -------
    tuple of str
        A sentence for each form that could not be made, and how to get it; empty when all are
        there. Only libraries of the system that draw text may be missing.
    """
    signed = {**context, "results_sha256": results_hash(work)}
    try:
        with report_pdf_aside(work / REPORT, signed):
            write_summary_pdf(work / SUMMARY, signed)  # first: it knows soon what is missing
            _write_others(work, loaded, context, coming=(REPORT,))
    except MissingLibrary as missing:
        _write_others(work, loaded, context)
        return (say("forms.no_pdf", missing=missing, how=say("forms.get_libraries")),)
    return ()


def _write_others(
    work: Path, loaded: ReportInputs, context: Mapping[str, Any], *, coming: Sequence[str] = ()
) -> None:
    """Write every form but the PDFs; the page leads to those that are there or ``coming``."""
    write_results_workbook(work, loaded)
    if loaded.run.get("grade") != RELEASE:
        (work / SCHEMA).write_text(schema_text(), encoding="utf-8")
    write_report(work, loaded=loaded, context=context, coming=coming)


def results_hash(work: Path) -> str:
    """Return the hash that a signature would bind, for paper; empty where no results lie."""
    try:
        return hash_results(work)
    except InputError:
        return ""


def write_results_workbook(work: Path, loaded: ReportInputs) -> Path:
    """Write results.xlsx, its first sheet on the data, the run and its settings; return it."""
    return write_workbook(
        work / WORKBOOK,
        about=list(_about(loaded)),
        rows=loaded.rows,
        judgements=loaded.judgements,
        checks=loaded.checks,
        labels=loaded.conditions,
    )


def schema_text() -> str:
    """Return the JSON Schema (draft 2020-12) that results.json of a run fits."""
    return Path(__file__).with_name(SCHEMA).read_text(encoding="utf-8")


def _about(loaded: ReportInputs) -> Iterator[tuple[str, str]]:
    """Give what the workbook's first sheet says of the data, the run and its settings."""
    yield say("facts.data"), plain_text(loaded.export_name, longest=120)
    if loaded.synthetic:
        yield say("page.about"), say("page.synthetic")
    if loaded.run.get("run_id"):
        yield say("facts.run"), plain_text(str(loaded.run["run_id"]))
    yield from ((plain_text(name), str(value)) for name, value in settings_lines(loaded))
