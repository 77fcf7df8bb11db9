"""A finished run as the comparison reads it: its rows, verdicts, settings, and the data it used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import InputError
from analysis.outcomes.rows import ResultRow, row_from_record
from analysis.run.kept_tables import ABOUT, load_tables, name_files
from analysis.settings import AnalysisSettings, make_settings
from analysis.sources.export import Export, load_export

DATA = "data"
"""Folder of a run folder that keeps the tables of the export it was made from."""

CLAIMS_NOTEBOOK = "70_claims"


@dataclass(frozen=True, kw_only=True)
class RunData:
    """A finished run.

    Parameters
    ----------
    name : str
        Name of the run folder.
    about : mapping
        Content of run.json.
    settings : AnalysisSettings
        Under which it was made.
    rows : mapping of str to ResultRow
        By result id.
    verdicts : mapping of str to dict
        Judgement records by claim id, of the whole ledger where the run has them.
    export : Export or None
        What it was made from; None where neither the run nor the user gives it.
    """

    name: str
    about: Mapping[str, Any]
    settings: AnalysisSettings
    rows: Mapping[str, ResultRow]
    verdicts: Mapping[str, Mapping[str, Any]]
    export: Export | None

    @property
    def synthetic(self) -> bool:
        """Whether its patients are made up."""
        return bool(self.about.get("synthetic"))


def load_run_data(
    folder: Path, *, export: Path | None = None, mapping: Path | None = None
) -> RunData:
    """Read a run folder.

    Parameters
    ----------
    folder : Path
        As `reliefcheck run` leaves it.
    export, mapping : Path, optional
        The run's export, for runs that keep no data (released ones).

    Raises
    ------
    InputError
        No run folder, a file that is damaged, or an export that is not the run's own.
    """
    about = read_json(folder, "run.json")
    results = read_json(folder, "results.json")
    try:
        rows = [row_from_record(record) for one in results for record in one["rows"]]
        verdicts = _verdicts(results, folder)
        settings = make_settings(about["settings"], where=f"{folder.name}/run.json")
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder.name} was not left by `reliefcheck run` ({error}).") from None
    return RunData(
        name=folder.resolve().name,
        about=about,
        settings=settings,
        rows={row.result_id: row for row in rows},
        verdicts=verdicts,
        export=_given(export, mapping, about) if export else load_kept_tables(folder),
    )


def read_json(folder: Path, name: str) -> Any:
    """Return the content of a JSON file of a run folder; InputError says what is wrong with it."""
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except OSError:
        raise InputError(
            f"{folder} is no finished run: {name} cannot be read. Give a folder that "
            "`reliefcheck run` wrote, such as reports/latest."
        ) from None
    except ValueError as error:
        raise InputError(f"{folder.name}/{name} is damaged ({error}).") from None


def load_kept_tables(folder: Path) -> Export | None:
    """Return the export whose tables a run keeps; None when it keeps none.

    Raises
    ------
    InputError
        Tables were kept, but are damaged.
    """
    kept = folder / DATA
    return load_tables(kept) if (kept / ABOUT).is_file() else None


def _given(path: Path, mapping: Path | None, about: Mapping[str, Any]) -> Export:
    export = load_export(path, mapping)
    recorded = about.get("inputs", {})
    found = name_files(export.files)
    other = sorted(name for name in recorded if name in found and found[name] != recorded[name])
    if other or not set(found) & set(recorded):
        told = ", ".join(other) or "no file of that name"
        raise InputError(f"{path} is not the export of this run: {told} (by SHA-256) differs.")
    return export


def _verdicts(results: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """Return the judgements of the whole ledger, or of the headline claims where that is all."""
    told = [one["facts"] for one in results if one["notebook"] == CLAIMS_NOTEBOOK]
    ledger = [record for facts in told for record in facts.get("ledger", ())]
    if not ledger and (folder / "claims.json").exists():
        ledger = read_json(folder, "claims.json")
    return {record["claim_id"]: record for record in ledger}
