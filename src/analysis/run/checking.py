"""What `reliefcheck check` says: an export as the suite understood it, in plain text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.derive.datasets import Datasets, derive_datasets
from analysis.outcomes.flow import describe_flow, tabulate_intake, tabulate_roles
from analysis.outcomes.quality import check_quality
from analysis.settings import AnalysisSettings, make_settings
from analysis.sources.export import Export, load_export


def describe_export(path: Path, mapping: Path | None) -> str:
    """Return what was understood of an export, as text for a terminal or a mail.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What makes the export unusable, a sentence each.
    """
    export = load_export(path, mapping)
    settings = make_settings(export.settings, where="the mapping's settings")
    datasets = derive_datasets(export, settings)
    parts = [
        _head(export, datasets, settings),
        _titled("Lines and records", _intake(datasets)),
        _titled("Columns that were not read", _not_read(datasets)),
        _titled("Patients by condition and subtype", _conditions(datasets)),
        _titled("What each rating is used for", _text(tabulate_roles(datasets))),
        _titled("Patients from the file to the analysis", _text(describe_flow(datasets, settings))),
        _titled("Checks", _checks(datasets, settings)),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(export: Export, datasets: Datasets, settings: AnalysisSettings) -> str:
    tables = ", ".join(f"{name} ({len(frame):,} rows)" for name, frame in export.tables.items())
    visits = ", ".join(datasets.visit_order) or "none"
    own = ", ".join(f"{name}: {value}" for name, value in export.settings.items()) or "none"
    lines = [
        f"{export.name}{' (SYNTHETIC: these patients do not exist)' if export.synthetic else ''}",
        f"Tables: {tables}",
        f"Ratings analyzed: recall '{datasets.recall}'; visits with ratings: {visits}; response is "
        f"judged at '{settings.analysis_visit}'",
        f"Settings of the mapping: {own}",
    ]
    return "\n".join(lines)


def _titled(title: str, body: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{body}" if body else ""


def _text(frame: pd.DataFrame) -> str:
    return frame.to_string(index=False, justify="left")


def _intake(datasets: Datasets) -> str:
    frame = tabulate_intake(datasets)
    shown = frame[["table", "file", "lines", "records", "per_record", "used", "excluded"]]
    reasons = [
        f"{row.table} ({row.file}) excluded: {row.reasons}"
        for row in frame.itertuples()
        if row.reasons
    ]
    return "\n".join([_text(shown), *reasons])


def _not_read(datasets: Datasets) -> str:
    """Tell columns that no table of a file reads: where a wanted one hides, it is here."""
    by_file: dict[str, set[str]] = {}
    for account in datasets.intake:
        unread = set(account.columns_not_read)
        by_file[account.file] = by_file.get(account.file, unread) & unread
    return "\n".join(f"{f}: {', '.join(sorted(names))}" for f, names in by_file.items() if names)


def _conditions(datasets: Datasets) -> str:
    subjects = datasets.subjects.assign(subtype=datasets.subjects["subtype"].fillna("-"))
    counts = subjects.groupby(["condition", "subtype"], sort=True).size()
    return _text(counts.rename("patients").reset_index())


def _checks(datasets: Datasets, settings: AnalysisSettings) -> str:
    checks = check_quality(datasets, settings)
    return "\n".join(f"[{check.state}] {check.name}: {check.sentence}" for check in checks)
