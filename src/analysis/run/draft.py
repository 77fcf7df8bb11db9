"""What `reliefcheck map` does: drafts a mapping, asks what is unsure, writes it, and tries it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import wrap

from analysis.adam.study import Study
from analysis.errors import InputError, ReliefcheckError
from analysis.files import write_file
from analysis.intake.draft import KEY_FILE, Draft, Question, draft_mapping
from analysis.intake.draft_adam import draft_adam
from analysis.intake.draft_coded import draft_coded
from analysis.intake.load import check_exists
from analysis.intake.profile import profile_export
from analysis.run.check import describe_study, open_export, study_of

COLUMN_WIDTHS = (22, 24, 26, 24, 26)
"""Characters of the columns of the table; what is longer goes on in the next line."""


def write_draft(path: Path, out: Path, ask: Callable[[Question], str] | None) -> tuple[str, bool]:
    """Draft a mapping for an export, write it, check the export with it, and say what came out.

    Parameters
    ----------
    path, out : Path
        The export, and the mapping to write; it must not exist yet.
    ask : callable or None
        Asked about what is unsure; None leaves TODOs.

    Returns
    -------
    text : str
        Columns and what was understood of them, open points, and what the check says.
    accepted : bool
        Whether the check accepts the export with this mapping.
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
    draft.todo.append(
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
