"""The verdicts of a finished run, for people at a terminal and for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.claims.claimreview import review_judgements
from analysis.claims.judgement import Judgement
from analysis.claims.records import frame_of_judgements, record_of
from analysis.errors import InputError, suggest
from analysis.report.spreadsheets import write_csv
from analysis.report.store import CLAIMS, load_judgements
from analysis.wording.words import plain_text

RUN = "run.json"


def judgements_of(folder: Path) -> tuple[Judgement, ...]:
    """Return the judgements of a run.

    Raises
    ------
    InputError
        No such folder, or none in it.
    """
    found = load_judgements(folder)
    if not found:
        shown = plain_text(str(folder), longest=200)
        raise InputError(
            f"{shown} holds no verdicts ({CLAIMS}); make them with `reliefcheck run`, or name "
            "another folder with --run."
        )
    return found


def judgement_on(folder: Path, claim_id: str) -> Judgement:
    """Return what a run says of one claim; parameters and errors as `judgements_of`.

    Raises
    ------
    InputError
        The run has no verdict on this claim: the ledger is newer than it.
    """
    found = judgements_of(folder)
    wanted = claim_id.strip().upper()
    one = next((each for each in found if each.claim_id.upper() == wanted), None)
    if one is None:
        ids = [each.claim_id for each in found]
        raise InputError(
            f"this run has no verdict on '{claim_id}'.{suggest(wanted, ids)} "
            "If the ledger is newer than the run, run again."
        )
    return one


def render_judgements(
    judgements: Sequence[Judgement], *, run_folder: Path | None, form: str
) -> str:
    """Return judgements as text for a program.

    Parameters
    ----------
    judgements : sequence of Judgement
    run_folder : Path or None
        Of the run they are of.
    form : {"json", "csv", "claimreview"}

    Raises
    ------
    InputError
        No run: a ledger alone has no verdicts.
    """
    if run_folder is None:
        raise InputError(
            f"--format {form} gives the verdicts of a run; name its folder with --run."
        )
    if form == "csv":
        return _csv(judgements)
    if form == "claimreview":
        about = _about(run_folder)
        return review_judgements(
            judgements,
            synthetic=bool(about.get("synthetic", False)),
            published=str(about.get("started", "")),
        )
    records = [record_of(one) for one in judgements]
    return json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _csv(judgements: Sequence[Judgement]) -> str:
    """Return the table as the run folder holds it, safe to open in a spreadsheet."""
    with TemporaryDirectory() as folder:
        path = write_csv(frame_of_judgements(judgements), Path(folder) / "claims.csv")
        return path.read_text(encoding="utf-8")


def _about(folder: Path) -> dict[str, Any]:
    """Return what run.json says; without it nothing may be published as real patients."""
    try:
        content = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or "synthetic" not in content:
        raise InputError(
            f"{plain_text(str(folder), longest=200)} has no {RUN} of a run, so it is not known "
            "whether its patients are real."
        )
    return content
