"""Make a release of a run: rows first, and everything else from the released rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import load_ledger
from analysis.claims.provenance import Provenance
from analysis.contract.codes import load_conditions
from analysis.errors import InputError, SettingsError
from analysis.outcomes.rows import (
    Check,
    FigureNote,
    NotebookResults,
    ResultRow,
    row_from_record,
)
from analysis.release.figures import NOTEBOOK, draw_figures
from analysis.release.files import by_notebook, copy_notebooks, frame_of_records, write_schemas
from analysis.release.rows import WITHHELD, ReleasedRows, release_rows
from analysis.release.verdicts import release_judgements
from analysis.report.assemble import NOTEBOOKS
from analysis.report.forms import write_forms
from analysis.report.html import report_context
from analysis.report.inputs import NotebookLink, ReportInputs
from analysis.report.signoff import SOURCE, holding, signoff_view
from analysis.report.spreadsheets import write_csv
from analysis.report.store import (
    FIGURES,
    frame_of_judgements,
    load_judgements,
    write_json,
    write_judgements,
)
from analysis.settings import make_settings
from analysis.wording.texts import say
from analysis.wording.words import visit_week

GRADE = "release"
KEPT_OF_RUN = ("synthetic", "conditions", "settings", "seed", "versions")
"""What run.json of a release keeps; file names, hashes, maker and times of day stay behind."""

DATES = ("first_date", "last_date")
"""Facts of the data that are dates; of a release, years."""


def make_release(
    run_folder: Path,
    out: Path | None = None,
    *,
    name: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a release of a run.

    Parameters
    ----------
    run_folder : Path
        Finished run of grade ``internal``.
    out : Path, optional
        Folder to write; must not exist. By default ``<run>-release`` beside the run.
    name : str
        What the data are called in the release.
    tell : callable
        Given a sentence on each form that could not be made here (PDF needs system libraries).

    Returns
    -------
    Path
        The folder: index.html, report.pdf, summary.pdf, results.csv, .json and .xlsx, claims.csv
        and .json, figures drawn again, the notebooks without outputs, and run.json. Names of those
        who signed the run are in it only where their signature holds.

    Raises
    ------
    InputError
        The folder holds no finished run, or one that is itself a release.
    SettingsError
        The folder to write is there already.
    RunError
        Should no safe choice of numbers to withhold exist.
    """
    run_folder = run_folder.resolve()
    out = (out or run_folder.with_name(f"{run_folder.name}-release")).absolute()
    if out.exists():
        raise SettingsError(f"{out.name} is there already; name another folder with --out.")
    run, results = _load(run_folder)
    judgements = load_judgements(run_folder)
    rows = [row for result in results for row in result.rows]
    released = release_rows(rows, claimed={each.result_id for each in judgements if each.result_id})
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=".release-") as work:
        signed = holding(run_folder)
        _write(Path(work), run, results, released, judgements, name=name, signed=signed, tell=tell)
        shutil.move(work, out)
        Path(work).mkdir()  # the context wants to remove it
    out.chmod(0o755)
    return out


def _write(
    work: Path,
    run: Mapping[str, Any],
    results: Sequence[NotebookResults],
    released: ReleasedRows,
    internal: Sequence[Judgement],
    *,
    name: str,
    signed: Sequence[Mapping[str, str]],
    tell: Callable[[str], None],
) -> None:
    settings = make_settings(dict(run.get("settings") or {}), where="run.json")
    ledger = load_ledger()
    labels = _labels(run)
    facts = _facts(results)
    name = name or say("release_words.data_name")  # an export's own may be a folder or a person
    judgements = release_judgements(
        internal,
        released.rows,
        ledger,
        settings,
        provenance=_provenance(run, facts, released, name),
    )
    about = release_run(run, released, judgements) | ({SOURCE: list(signed)} if signed else {})
    records = [each.record() for each in released.rows]
    write_json(work / "run.json", about)
    write_json(work / "results.json", by_notebook(records))
    write_csv(frame_of_records(records), work / "results.csv")
    write_judgements(work, judgements)
    write_schemas(work)
    write_csv(frame_of_judgements(judgements), work / "claims.csv")
    page_rows = [each.for_page() for each in released.printed]
    notes = draw_figures(
        page_rows,
        judgements,
        claims=ledger,
        labels=labels,
        visit=settings.analysis_visit,
        folder=work / FIGURES,
    )
    links = copy_notebooks(work / NOTEBOOKS)
    loaded = ReportInputs(
        title=say("page.title"),
        export_name=name,
        synthetic=bool(run.get("synthetic")),
        run=about,
        results=tuple(_for_page(results, page_rows, notes, _told(facts))),
        judgements=judgements,
        conditions=labels,
        notebooks=tuple(NotebookLink(path.stem, "", f"{NOTEBOOKS}/{path.name}") for path in links),
        figures=work / FIGURES,
        signature=signoff_view(work),
    )
    for note in write_forms(work, loaded, report_context(loaded)):
        tell(note)


def release_run(
    run: Mapping[str, Any], released: ReleasedRows, judgements: Sequence[Judgement]
) -> dict[str, Any]:
    """Return run.json of a release, with how much is withheld."""
    kept = {key: run[key] for key in KEPT_OF_RUN if key in run}
    return {
        "grade": GRADE,
        **kept,
        "started": str(run.get("started", ""))[:10],
        "withheld": {
            "rows": len(released.rows),
            "rows_withheld": released.n_withheld,
            "rows_left_out": released.n_left_out,
            "claims": len(judgements),
            "claims_withheld": sum(each.status == WITHHELD for each in judgements),
            "smallest_printed_count": 11,
        },
    }


def _provenance(
    run: Mapping[str, Any], facts: Mapping[str, Any], released: ReleasedRows, name: str
) -> Provenance:
    """Return what sentences say of the source: the release's own name for it, and years."""
    visits = [each.row.visit for each in released.printed
              if each.row.measure == "completeness_share"]  # fmt: skip
    return Provenance(
        name=name,
        synthetic=bool(run.get("synthetic")),
        first_date=str(facts.get("first_date", "")),
        last_date=str(facts.get("last_date", "")),
        last_visit=max(visits, key=lambda visit: visit_week(visit) or 0.0, default=""),
    )


def _for_page(
    results: Sequence[NotebookResults],
    rows: Sequence[ResultRow],
    notes: Sequence[FigureNote],
    facts: dict[str, Any],
) -> list[NotebookResults]:
    """Return what the page reads: the figures drawn anew, then what is left of the notebooks."""
    own = NotebookResults(notebook=NOTEBOOK, condition="all", figures=tuple(notes), facts=facts)
    made = [own]
    for result in results:
        kept = tuple(
            row for row in rows
            if row.notebook == result.notebook
            and (row.condition == result.condition or result.condition == "all")
        )  # fmt: skip
        taken = {id(row) for each in made for row in each.rows}
        kept = tuple(row for row in kept if id(row) not in taken)
        checks = tuple(_bare(check) for check in result.checks)
        made.append(replace(result, rows=kept, checks=checks, sentences=(), figures=(), facts={}))
    return made


def _facts(results: Sequence[NotebookResults]) -> dict[str, Any]:
    """Return the few facts a release keeps: whether patients exist, and the years of the data."""
    found: dict[str, Any] = {}
    for result in results:
        for key in ("synthetic", "recall", *DATES):
            value = result.facts.get(key)
            if value is not None:
                found.setdefault(key, value[:4] if key in DATES else value)
    return found


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as the page prints them: a year alone is called so."""
    years = {key: say("release_words.year", year=facts[key]) for key in DATES if key in facts}
    return {**facts, **years}


def _bare(check: Check) -> Check:
    told = say("release_words.check")
    return replace(check, n=None, sentence=told)  # type: ignore[arg-type]


def _labels(run: Mapping[str, Any]) -> dict[str, str]:
    known = load_conditions().labels
    return {code: known.get(code, code) for code in run.get("conditions") or known}


def _load(folder: Path) -> tuple[dict[str, Any], list[NotebookResults]]:
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        if run.get("grade") == GRADE:
            raise InputError(f"{folder.name} is a release already; name the internal run.")
        return run, [_results(record) for record in content]
    except OSError:
        raise InputError(
            f"{folder.name} holds no results.json and run.json of a finished run; make one with "
            "`reliefcheck run`."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder.name}: results.json or run.json is broken ({error}).") from None


def _results(record: Mapping[str, Any]) -> NotebookResults:
    return NotebookResults(
        notebook=record["notebook"],
        condition=record["condition"],
        rows=tuple(row_from_record(each) for each in record["rows"]),
        checks=tuple(Check(**each) for each in record["checks"]),
        facts=record["facts"],
    )
