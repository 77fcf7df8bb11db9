"""The release of a run, made right after it, in a folder beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from analysis.run.session_request import RunResult

NOT_MADE = "No release was made, because notebooks failed: see the report, then run again."


def release_beside(result: RunResult) -> RunResult:
    """Make the release of a run in the folder ``<run>-release`` beside it.

    Parameters
    ----------
    result : RunResult
        Of a finished run; with a failed notebook nothing is made, and a note says so.

    Returns
    -------
    RunResult
        With ``release``, the folder; one made earlier of the same unchanged run stands.

    Raises
    ------
    SettingsError
        Something else has the folder's name.
    RunError
        No safe choice of numbers to withhold exists.
    """
    if result.failed:
        return replace(result, notes=(*result.notes, NOT_MADE))
    from analysis.release.make import make_release

    # A link such as `latest` would give the release the link's name.
    folder = result.folder.resolve()
    beside = folder.with_name(f"{folder.name}-release")
    if result.unchanged and _is_release(beside):
        return replace(result, release=beside)
    notes: list[str] = []
    made = make_release(folder, beside, tell=notes.append)
    told = tuple(note for note in notes if note not in result.notes)
    return replace(result, release=made, notes=(*result.notes, *told))


def _is_release(folder: Path) -> bool:
    try:
        content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("grade") == "release"
