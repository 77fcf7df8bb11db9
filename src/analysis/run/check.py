"""What `reliefcheck check` and `reliefcheck map` say of an export, in plain text.

`check` says what was understood of it; `map` drafts a mapping, asks what is unsure, writes it, and
tries it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import wrap

import pandas as pd

from analysis.adam.checks import check_quality, count_flow, tabulate_intake, tabulate_roles
from analysis.adam.study import Study, derive_study
from analysis.errors import InputError, ReliefcheckError
from analysis.files import write_file
from analysis.intake.draft import KEY_FILE, Draft, Question, draft_mapping
from analysis.intake.draft_adam import draft_adam
from analysis.intake.draft_coded import draft_coded
from analysis.intake.load import Export, check_exists, load_export
from analysis.intake.profile import profile_export
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


# Drafting a mapping

COLUMN_WIDTHS = (22, 24, 26, 24, 26)
"""Characters of the columns of the table; what is longer goes on in the next line."""


def write_draft(path: Path, out: Path, ask: Callable[[Question], str] | None) -> tuple[str, bool]:
    """Draft a mapping for an export, write it to ``out``, and check the export with it.

    ``ask`` is asked about what is unsure; None leaves TODOs. Returned are columns and what was
    understood of them, open points, and what the check says; and whether it accepts the export.
    """
    if out.exists():
        raise InputError(f"{out} is already there; name another file with --out, or remove it.")
    check_exists(path)
    name = path.stem if path.is_file() else path.resolve().name
    draft = draft_coded(path, name=name) or draft_adam(path, name=name)
    if draft is None:
        draft = draft_mapping(profile_export(path), name=name, ask=ask)
    if draft.needs_key:
        _make_key(out.parent / KEY_FILE)
    head = (
        f"# Drafted by `reliefcheck map {path.name}`. Each line says how sure it is; what is TODO\n"
        "# is for you to settle. docs/mapping.md has the language.\n"
    )
    write_file(out, head + draft.text())
    try:
        export, study = open_export(path, out)
        if visit := _first_visit(study):
            _judge_at(draft, visit)
            write_file(out, head + draft.text())
            export = replace(export, settings={**export.settings, "analysis_visit": visit})
            study = study_of(export)
        checked, accepted = describe_study(export, study), True
    except ReliefcheckError as error:
        checked, accepted = f"The check refuses it:\n{error}", False
    n = len(draft.todo)
    open_points = "\n".join(f"TODO {at}. {text}" for at, text in enumerate(draft.todo, 1))
    if accepted:
        open_n = f"; {n} {'point is' if n == 1 else 'points are'} open." if n else "."
        verdict = f"The mapping is {out}: the check accepts the export with it{open_n}"
    else:
        again = f"reliefcheck check {path} --mapping {out}"
        verdict = f"The mapping is {out}: settle what the check says, then run `{again}`."
    parts = [table_text(draft), open_points, checked, verdict]
    return "\n\n".join(part for part in parts if part), accepted


def _first_visit(study: Study) -> str:
    """Return the first visit with ratings where nobody was rated at the one to be judged."""
    rated = set(study.adpain.loc[study.adpain["AVAL"].notna(), "AVISIT"])
    if study.settings.analysis_visit in rated:
        return ""
    return next((visit for visit in study.visits if visit in rated), "")


def _judge_at(draft: Draft, visit: str) -> None:
    """Judge response at a visit that was rated, as a point to be settled."""
    line = f"settings: {{analysis_visit: {visit}}}"
    draft.lines.insert(1, (line, "TODO nobody was rated at the end of the series"))
    draft.open(
        f"nobody was rated at the end of the series; response is judged at {visit} for now "
        "(`analysis_visit` under `settings`)."
    )


def _make_key(path: Path) -> None:
    """Write a key for the hashes of ids, readable by its owner only; one that is there stays."""
    if path.exists():
        return
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def table_text(draft: Draft) -> str:
    """Return the table: column, what it holds (texts masked), understood as, problem, remedy."""
    lines = [_row(("column", "holds", "understood as", "problem", "remedy"))]
    file = None
    for row in draft.understood:
        if row.file != file:
            file = row.file
            lines.append(f"-- {file}")
        meaning = row.meaning if row.confidence == "sure" else f"{row.meaning} ({row.confidence})"
        lines.append(_row((row.column, row.holds, meaning, row.problem, row.remedy)))
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    """Return a row of the table, over several lines where a cell is long."""
    parts = [wrap(cell, width) or [""] for cell, width in zip(cells, COLUMN_WIDTHS, strict=True)]
    height = max(map(len, parts))
    lines = [
        "  ".join(
            (part[at] if at < len(part) else "").ljust(width)
            for part, width in zip(parts, COLUMN_WIDTHS, strict=True)
        ).rstrip()
        for at in range(height)
    ]
    return "\n".join(lines)
