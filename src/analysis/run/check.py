"""What `reliefcheck check` says: an export as the suite understood it, in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from analysis.adam.checks import check_quality, count_flow, tabulate_intake, tabulate_roles
from analysis.adam.study import Study, derive_study
from analysis.intake.load import Export, load_export
from analysis.labels import DEFINITIONS, word
from analysis.numbers import count_text
from analysis.settings import make_settings


def describe_export(path: Path, mapping: Path | None, also: Iterable[Path] = ()) -> str:
    """Return what was understood of an export, as text for a terminal or a mail.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What makes the export unusable, a sentence each.
    """
    return describe_study(*open_export(path, mapping, also))


def open_export(
    path: Path, mapping: Path | None, also: Iterable[Path] = ()
) -> tuple[Export, Study]:
    """Return an export and its datasets, under the settings of its mapping.

    ADTTE is there only for ends of relief on record, which a check counts.
    """
    export = load_export(path, mapping, also=also)
    return export, study_of(export)


def study_of(export: Export) -> Study:
    """Return the datasets of an export under the settings of its mapping."""
    settings = make_settings(export.settings, where="the mapping's settings")
    return derive_study(export, settings, durations="relief_ends" in export.tables)


def describe_study(export: Export, study: Study) -> str:
    """Return what was understood of an export that is open."""
    parts = [_head(export, study)]
    for title, body in _sections(export, study):
        if body:
            parts.append(f"{title}\n{'-' * len(title)}\n{body}")
    return "\n\n".join(parts)


def _head(export: Export, study: Study) -> str:
    tables = ", ".join(f"{name} ({len(frame):,} rows)" for name, frame in export.tables.items())
    own = ", ".join(f"{name}: {value}" for name, value in export.settings.items()) or "none"
    made_up = " (SYNTHETIC: these patients do not exist)" if export.synthetic else ""
    return "\n".join(
        [
            f"{export.name}{made_up}",
            f"Tables: {tables}",
            f"Ratings analyzed: recall '{study.recall}'; visits with ratings: "
            f"{', '.join(study.visits) or 'none'}; response is judged at "
            f"'{study.settings.analysis_visit}'",
            f"Settings of the mapping: {own}",
        ]
    )


def _sections(export: Export, study: Study) -> Iterator[tuple[str, str]]:
    intake = tabulate_intake(study)
    excluded = [
        f"{row.table} ({row.file}) excluded: {row.reasons}"
        for row in intake.itertuples()
        if row.reasons
    ]
    columns = ["table", "file", "lines", "records", "per_record", "used", "excluded"]
    yield "Lines and records", "\n".join([_text(intake[columns]), *excluded])
    yield "Files that were not read", "\n".join(export.not_read)
    yield "Columns that were not read", _columns_not_read(study)
    subtypes = study.adsl["SUBTYP"].fillna("-")
    counts = study.adsl.groupby(
        [study.adsl["COND"].rename("condition"), subtypes.rename("subtype")]
    )
    yield (
        "Patients by condition and subtype",
        _text(counts.size().rename("patients").reset_index()),
    )
    yield "What each rating is used for", _text(tabulate_roles(study))
    steps = count_flow(study).loc["all"]
    flow = pd.DataFrame(
        {
            "Step": [word(DEFINITIONS, str(step)) for step in steps.index],
            "Patients": [count_text(n) for n in steps],
        }
    )
    yield "Patients from the file to the analysis", _text(flow)
    checks = check_quality(study)
    lines = [f"[{check.state}] {check.name}: {check.sentence}" for check in checks.itertuples()]
    yield "Checks", "\n".join(lines)


def _text(frame: pd.DataFrame) -> str:
    return frame.to_string(index=False, justify="left")


def _columns_not_read(study: Study) -> str:
    """Name the columns that no table of a file reads: where a wanted one hides, it is here."""
    by_file: dict[str, set[str]] = {}
    for account in study.intake:
        unread = set(account.columns_not_read)
        by_file[account.file] = by_file.get(account.file, unread) & unread
    return "\n".join(f"{f}: {', '.join(sorted(names))}" for f, names in by_file.items() if names)
