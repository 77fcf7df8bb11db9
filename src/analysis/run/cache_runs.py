"""A whole run that is already there: nothing has changed, and its report is as it was written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.files import sha256_of
from analysis.run.cache_store import Cache

KIND = "runs"
RUN_FILE = "run.json"
LISTED_NOWHERE = (RUN_FILE, "ro-crate-metadata.json")
"""Files a run leaves that run.json does not list."""


@dataclass(frozen=True)
class Finished:
    """A finished run whose files are all as it wrote them."""

    folder: Path
    about: Mapping[str, Any]


def find_finished(cache: Cache, key: str) -> Finished | None:
    """Return the finished run of a key; None when there is none, or a file of it was changed."""
    entry = cache.find(KIND, key)
    if entry is None:
        return None
    folder = Path(entry.about["folder"])
    try:
        if sha256_of(folder / RUN_FILE) != entry.about["run_sha256"]:
            return None
        about = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Finished(folder, about) if is_whole(folder, about) else None


def copy_finished(found: Finished, work: Path) -> None:
    """Copy what the run left into a folder; not what somebody added since, such as a signature."""
    for name in (*found.about["outputs"], *LISTED_NOWHERE):
        if (found.folder / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found.folder / name, work / name)


def is_whole(folder: Path, about: Mapping[str, Any]) -> bool:
    """Return whether every file that run.json lists is there with the SHA-256 it gives."""
    try:
        return all(sha256_of(folder / name) == sha for name, sha in about["outputs"].items())
    except OSError:
        return False


def keep_finished(cache: Cache, key: str, folder: Path) -> None:
    """Remember where the run of a key lies; an earlier one of the same key gives way."""
    about = {"folder": str(folder.absolute()), "run_sha256": sha256_of(folder / RUN_FILE)}
    cache.replace(KIND, key, about)
