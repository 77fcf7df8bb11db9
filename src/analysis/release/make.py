"""Make a release of a run: rows first, and everything else from the released rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import load_ledger
from analysis.claims.records import SCHEMA
from analysis.contract.codes import load_conditions
from analysis.errors import InputError, SettingsError
from analysis.outcomes.rows import (
    Check,
    FigureNote,
    NotebookResults,
    ResultRow,
    Sentence,
    row_from_record,
)
from analysis.places import notebook_folder
from analysis.release.figures import NOTEBOOK, draw_figures
from analysis.release.rows import ReleasedRow, ReleasedRows, release_rows
from analysis.release.verdicts import release_judgements
from analysis.report.assemble import TITLE
from analysis.report.html import write_report
from analysis.report.inputs import ReportInputs
from analysis.report.spreadsheets import write_csv
from analysis.report.store import (
    FIGURES,
    frame_of_judgements,
    load_judgements,
    write_json,
    write_judgements,
)
from analysis.settings import make_settings

GRADE = "release"
DEFAULT_NAME = "Outcome export of one clinic"
"""Name of the data where the maker gives none: that of an export may be a folder or a person."""

KEPT_OF_RUN = ("synthetic", "conditions", "settings", "seed", "versions")
"""What run.json of a release keeps; file names, hashes, maker and times of day stay behind."""

NUMBERS_WITHHELD = "Numbers of this check are left out of a release."


def make_release(run_folder: Path, out: Path | None = None, *, name: str = "") -> Path:
    """Write a release of a run.

    Parameters
    ----------
    run_folder : Path
        Finished run of grade ``internal``.
    out : Path, optional
        Folder to write; must not exist. By default ``<run>-release`` beside the run.
    name : str
        What the data are called in the release.

    Returns
    -------
    Path
        The folder: index.html, results.csv and .json, claims.csv and .json, figures drawn again,
        the notebooks without outputs, and run.json.

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
        _write(Path(work), run, results, released, judgements, name=name)
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
) -> None:
    settings = make_settings(dict(run.get("settings") or {}), where="run.json")
    ledger = load_ledger()
    labels = _labels(run)
    judgements = release_judgements(internal, released.rows, ledger, settings)
    about = release_run(run, released)
    records = [each.record() for each in released.rows]
    write_json(work / "run.json", about)
    write_json(work / "results.json", _by_notebook(records))
    write_csv(_frame(records), work / "results.csv")
    write_judgements(work, judgements)
    _allow_withheld(work / SCHEMA)
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
    _copy_notebooks(work / "notebooks")
    loaded = ReportInputs(
        title=TITLE,
        export_name=name or DEFAULT_NAME,
        synthetic=bool(run.get("synthetic")),
        run=about,
        results=tuple(_for_page(results, page_rows, notes, released)),
        judgements=judgements,
        conditions=labels,
        figures=work / FIGURES,
    )
    write_report(work, loaded=loaded)


def release_run(run: Mapping[str, Any], released: ReleasedRows) -> dict[str, Any]:
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
            "smallest_printed_count": 11,
        },
    }


def release_sentences(released: ReleasedRows) -> tuple[Sentence, ...]:
    """Return what the page says of the release: what is withheld, and how much."""
    told = (
        "This is a release, made to be handed on. Counts of 1 to 10 patients are withheld, and "
        "with them every number from which one could be worked out: "
        f"{released.n_withheld:,} of {len(released.rows):,} results are withheld, and "
        f"{released.n_left_out:,} more of kinds that are never released are left out. Pictures of "
        "single patients and outputs of notebooks are not in it. Dates are given as years."
    )
    return (Sentence(name="release", condition="all", text=told),)


def _for_page(
    results: Sequence[NotebookResults],
    rows: Sequence[ResultRow],
    notes: Sequence[FigureNote],
    released: ReleasedRows,
) -> list[NotebookResults]:
    """Return what the page reads: the release itself first, then the notebooks' remaining parts."""
    own = NotebookResults(
        notebook=NOTEBOOK,
        condition="all",
        sentences=release_sentences(released),
        figures=tuple(notes),
        facts=_facts(results),
    )
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
        for key in ("synthetic", "recall", "first_date", "last_date"):
            value = result.facts.get(key)
            if value is not None:
                found.setdefault(key, f"year {value[:4]}" if key.endswith("_date") else value)
    return found


def _bare(check: Check) -> Check:
    return replace(check, n=0, sentence=NUMBERS_WITHHELD)


def _labels(run: Mapping[str, Any]) -> dict[str, str]:
    known = load_conditions().labels
    return {code: known.get(code, code) for code in run.get("conditions") or known}


def _allow_withheld(path: Path) -> None:
    """Write the schema of claims.json as a release fills it: how many are not known may be null."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for each in (content.get("items", content), *content.get("$defs", {}).values()):
        count = each.get("properties", {}).get("n_missing")
        if count:
            count["type"] = ["integer", "null"]
    write_json(path, content)


def _by_notebook(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for record in records:
        entry = made.setdefault(
            record["notebook"], {"notebook": record["notebook"], "condition": "all", "rows": []}
        )
        entry["rows"].append(dict(record))
    return list(made.values())


def _frame(records: Sequence[Mapping[str, Any]]) -> Any:
    import pandas as pd

    columns = ["result_id", *(key for key in (records[0] if records else {}) if key != "result_id")]
    frame = pd.DataFrame([dict(record) for record in records], columns=columns)
    if "warnings" in frame:
        frame["warnings"] = [" ".join(each) for each in frame["warnings"]]
    for count in ("n", "n_missing", "n_events"):
        if count in frame:
            frame[count] = frame[count].astype("Int64")
    return frame


def _copy_notebooks(folder: Path) -> None:
    """Write the suite's own notebooks, without outputs and without a run's parameters."""
    folder.mkdir()
    for path in sorted(notebook_folder().glob("*.ipynb")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        content["metadata"] = {
            key: value for key, value in content["metadata"].items() if key == "kernelspec"
        }
        write_json(folder / path.name, content)


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


def printed_rows(rows: Sequence[ReleasedRow]) -> list[ResultRow]:
    """Return the rows of a release that have their number."""
    return [each.for_page() for each in rows if each.printed]
