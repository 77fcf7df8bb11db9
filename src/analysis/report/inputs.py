"""What the report is made from: results, claims and run.json, as a run folder holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from analysis.claims.judgement import Judgement
from analysis.claims.records import FILE as CLAIMS
from analysis.claims.records import read_claims
from analysis.errors import SettingsError
from analysis.intake.tables import load_conditions
from analysis.report.tables import MadeBy
from analysis.results import Row, read_extras, read_results, rows_of
from analysis.settings import AnalysisSettings, make_settings

RESULTS, NOTEBOOKS = "results", "notebooks"
"""Folders of a run folder: what the notebooks handed on, and the executed notebooks."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run folder holds before its report is made."""

    folder: Path
    about: Mapping[str, Any]
    frame: pd.DataFrame
    rows: tuple[Row, ...]
    extras: tuple[Mapping[str, Any], ...]
    claims: tuple[Judgement, ...]
    labels: Mapping[str, str]

    @cached_property
    def settings(self) -> AnalysisSettings:
        """The settings in force; defaults where run.json does not say, or not rightly."""
        kept = {}
        for name, value in (self.about.get("settings") or {}).items():
            with suppress(SettingsError):
                make_settings({name: value})
                kept[name] = value
        return AnalysisSettings(**kept)

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """Rows by ``result_id``."""
        return {row.result_id: row for row in self.rows}

    def fact(self, name: str) -> Any:
        """Return the first fact of that name, None when no notebook states it."""
        return next((e["facts"][name] for e in self.extras if e["facts"].get(name)), None)


def read_run(folder: Path) -> Run:
    """Return what the notebooks, the claims and run.json of a run folder hold.

    ``run.json`` may hold ``export``, ``synthetic``, ``started``, ``run_id``, ``settings``,
    ``conditions`` (labels by code), ``inputs``, ``versions`` and ``git_commit``.
    """
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    results = folder / RESULTS
    frame = read_results(results)
    extras = tuple(read_extras(results))
    given = about.get("conditions")
    labels = load_conditions().labels | (given if isinstance(given, dict) else {})
    return Run(
        folder=folder, about=about, frame=frame, rows=tuple(rows_of(frame)), extras=extras,
        claims=read_claims(results) if (results / CLAIMS).is_file() else (), labels=labels,
    )  # fmt: skip


def find_cells(run: Run) -> dict[str, MadeBy]:
    """Return by ``result_id`` which cell of which executed notebook made a row."""
    found: dict[str, MadeBy] = {}
    for extra in run.extras:
        stem = f"{extra['notebook']}.{extra['condition']}"
        notebook = run.folder / NOTEBOOKS / f"{stem}.ipynb"
        if not notebook.is_file():
            continue
        cells = json.loads(notebook.read_text(encoding="utf-8")).get("cells", [])
        ids = {cell.get("execution_count"): cell.get("id") for cell in cells}
        rows = rows_of(pd.read_parquet(run.folder / RESULTS / f"{stem}.parquet"))
        for n, number in extra.get("cells", ()):
            fragment = f"#cell-id={ids[number]}" if ids.get(number) else ""
            href = quote(f"{NOTEBOOKS}/{stem}.html{fragment}", safe="/#=")
            made_by = MadeBy(f"{extra['notebook']}, cell {number}", href)
            found |= {row.result_id: made_by for row in rows[:n]}
            rows = rows[n:]
    return found
