"""What a result depends on, as SHA-256: a changed byte anywhere gives another key.

Nothing heavy is imported here: an unchanged rerun is told before pandas is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.files import sha256_of
from analysis.places import data_folder, home, notebook_folder
from analysis.run.tasks import Task
from analysis.wording.texts import load_texts

FORMAT = 1
"""Of keys and entries; another number makes every earlier entry unknown."""

OWN_MAPPING = "mapping.yaml"
PLACES = ("datasets", "results_dir", "results_from")
"""Parameters that say where, not what; what lies there is in the key by its bytes."""

NOT_CODE = frozenset({"__pycache__", "_home"})
NOT_DATA = frozenset({"demo"})
"""The demo export is an input like any other, and is hashed as one."""


def digest_of(content: Any) -> str:
    """Return the SHA-256 of plain values, whatever the order of their keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def digest_tree(root: Path, *, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by its path from there.

    Parameters
    ----------
    root : Path
    without : frozenset of str
        Names of folders that are passed over.

    Raises
    ------
    OSError
        A file that cannot be read, or is none (a pipe would never end).
    """
    found = {}
    for path in _files_below(root, without):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(f"{path} is no file")
        found[path.relative_to(root).as_posix()] = sha256_of(path)
    return found


def _files_below(root: Path, without: frozenset[str]) -> Iterator[Path]:
    for at, folders, names in os.walk(root, followlinks=True, onerror=_raise):
        folders[:] = sorted(each for each in folders if each not in without)
        yield from (Path(at, name) for name in sorted(names))


def _raise(error: OSError) -> None:
    raise error


@dataclass(frozen=True)
class Suite:
    """The suite as it is now: its code and data, its notebooks, and what lies around them.

    ``around`` stands for the libraries and for the texts of the language in force; ``stamp`` tells
    quickly that no file of the code was written to since.
    """

    code: str
    notebooks: Mapping[str, str]
    around: str
    stamp: str = ""

    def is_unchanged(self) -> bool:
        """Return whether the code is still what it was: results of mixed code are not kept."""
        return _stamp_code() == self.stamp or digest_code() == self.code


def fingerprint_suite() -> Suite:
    """Return what of the suite every result depends on."""
    stamp = _stamp_code()
    notebooks = {path.stem: sha256_of(path) for path in sorted(notebook_folder().glob("*.ipynb"))}
    around = digest_of([library_versions(), dict(load_texts())])
    return Suite(code=digest_code(), notebooks=notebooks, around=around, stamp=stamp)


def digest_code() -> str:
    """Return the SHA-256 of everything the package is made of, and of its data."""
    return digest_of([digest_tree(root, without=without) for root, without in code_roots()])


def _stamp_code() -> str:
    """Return size and time of writing of every file of the code, as one word."""
    seen = [
        (str(path), found.st_size, found.st_mtime_ns, found.st_ino)
        for root, without in code_roots()
        for path in _files_below(root, without)
        for found in [path.stat()]
    ]
    return digest_of(seen)


def code_roots() -> tuple[tuple[Path, frozenset[str]], ...]:
    """Return the folders of code, templates and data, each with what is not looked at."""
    return ((Path(__file__).parents[1], NOT_CODE), (data_folder(), NOT_DATA))


@lru_cache(maxsize=1)
def library_versions() -> tuple[str, ...]:
    """Return Python, the machine's kind, and every installed distribution with its version."""
    installed = {
        path.name
        for folder in map(Path, sys.path)
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.endswith((".dist-info", ".egg-info"))
    }
    return (sys.version, platform.system(), platform.machine(), *sorted(installed))


def digest_inputs(export: Path, mapping: Path | None, *, outputs: Sequence[Path]) -> str | None:
    """Return the SHA-256 of an export and its mapping; None when they cannot be told by bytes.

    Parameters
    ----------
    export : Path
        Folder or file; of a folder every file below counts, read or not.
    mapping : Path or None
    outputs : sequence of Path
        Folders the suite itself writes to; an export that holds one of them never stays the same.
    """
    whole = export.resolve()
    if any(each.resolve().is_relative_to(whole) for each in outputs):
        return None
    try:
        files = digest_tree(whole) if whole.is_dir() else {whole.name: sha256_of(whole)}
        told = {mapping.name: sha256_of(mapping)} if mapping else {}
    except (OSError, ValueError):
        return None
    return digest_of([whole.name, whole.is_dir(), files, told])


def task_key(task: Task, *, suite: Suite, data: str, read: Mapping[str, str]) -> str:
    """Return the key of a notebook's results.

    Parameters
    ----------
    task : Task
    suite : Suite
    data : str
        SHA-256 of the prepared datasets the notebook can see.
    read : mapping
        Files of other notebooks it reads, with their SHA-256.
    """
    given = {name: value for name, value in task.parameters.items() if name not in PLACES}
    notebook = suite.notebooks[task.notebook]
    return digest_of(
        [FORMAT, task.name, notebook, suite.code, suite.around, data, given, dict(read)]
    )


def run_key(
    *, inputs: str, settings: Mapping[str, Any], conditions: Sequence[str], suite: Suite
) -> str:
    """Return the key of a whole run: everything that went in."""
    date = os.environ.get("SOURCE_DATE_EPOCH", "")  # the report shows it
    asked = [inputs, dict(settings), sorted(set(conditions)), date]
    return digest_of([FORMAT, asked, suite.code, dict(suite.notebooks), suite.around])


def prepared_key(*, inputs: str, settings: Mapping[str, Any], suite: Suite) -> str:
    """Return the key of prepared datasets."""
    return digest_of([FORMAT, "prepared", inputs, dict(settings), suite.code, suite.around])


def reports_folder() -> Path:
    """Return where runs are kept when no other place is asked for."""
    return home() / "reports"
