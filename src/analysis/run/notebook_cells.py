"""The parameters cells of the notebooks: compared with the settings objects, and rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from analysis.errors import InputError
from analysis.files import write_whole
from analysis.places import notebook_folder
from analysis.run.notebook_settings import cell_text, settings_of

TAG = "parameters"
QUESTION = "**The question:**"


def notebook_path(notebook: str) -> Path:
    """Return the file of a notebook.

    Raises
    ------
    SettingsError
        The suite has no such notebook.
    InputError
        Its file is not there.
    """
    settings_of(notebook)
    path = notebook_folder() / f"{notebook}.ipynb"
    if not path.is_file():
        raise InputError(f"{path} is not there; the suite knows its settings, but not its text.")
    return path


def read_question(notebook: str) -> str:
    """Return the question a notebook opens with; empty where it states none."""
    for line in _source(_load(notebook_path(notebook))["cells"][0]).splitlines():
        if line.startswith(QUESTION):
            return line.removeprefix(QUESTION).strip()
    return ""


def check_cell(notebook: str) -> str:
    """Compare a notebook's parameters cell with its settings object.

    Returns
    -------
    str
        Empty when they agree; else one sentence with the first line that differs.
    """
    path = notebook_path(notebook)
    found = _source(_parameters_cell(_load(path), path)).splitlines()
    wanted = cell_text(settings_of(notebook)).splitlines()
    pairs = zip_longest(found, wanted)
    different = [(n, a, b) for n, (a, b) in enumerate(pairs, start=1) if a != b]
    if not different:
        return ""
    number, there, expected = different[0]
    more = f" ({len(different) - 1} more differ)" if len(different) > 1 else ""
    return (
        f"{path.name}: line {number} of the parameters cell is {_quoted(there)}, "
        f"expected {_quoted(expected)}{more}."
    )


def write_cell(notebook: str) -> bool:
    """Rewrite a notebook's parameters cell from its settings object; nothing else changes.

    Returns
    -------
    bool
        Whether the file was changed.
    """
    path = notebook_path(notebook)
    content = _load(path)
    cell, text = _parameters_cell(content, path), cell_text(settings_of(notebook))
    if _source(cell) == text:
        return False
    cell["source"] = text.splitlines(keepends=True)
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return True


def tell_differences(notebooks: Sequence[str]) -> list[str]:
    """Return a sentence for each notebook whose parameters cell differs."""
    return [told for told in map(check_cell, notebooks) if told]


def _load(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content["cells"][0]["cell_type"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise InputError(f"{path} is no notebook, or has no cells.") from None
    return content


def _parameters_cell(content: dict[str, Any], path: Path) -> dict[str, Any]:
    tagged = [c for c in content["cells"] if TAG in c.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise InputError(
            f"{path.name} has {len(tagged)} cells tagged '{TAG}'; exactly one is expected."
        )
    return tagged[0]


def _source(cell: dict[str, Any]) -> str:
    """Return a cell's text; the format keeps it as one string or as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _quoted(line: str | None) -> str:
    return "missing" if line is None else f"`{line}`"
