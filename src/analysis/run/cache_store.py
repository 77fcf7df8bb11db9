"""The cache: what finished tasks wrote, by the key of what went in, each file with its SHA-256.

An entry appears whole or not at all, so that two runs may share a cache. An entry that is damaged
is dropped with a sentence and made again; it is never used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from analysis.errors import SettingsError
from analysis.files import sha256_of
from analysis.run.cache_keys import digest_of, digest_tree, reports_folder
from analysis.run.folder import check_writable, clean_leftovers, sync_tree

ENTRY = "entry.json"
KEEP_DAYS = 60
"""An entry nobody used for this long goes; it holds patients' data."""

TAG = """Signature: 8a477f597d28d172789f06886806bc55
# Results of finished notebooks and prepared patient-level data of reliefcheck, made again when
# they are missing. Never hand this folder on; it can be deleted at any time.
"""
_numbers = count(1)


@dataclass(frozen=True)
class Entry:
    """Something kept: its folder, files with their SHA-256, and what is said about them."""

    folder: Path
    files: Mapping[str, str]
    about: Mapping[str, Any]


@dataclass
class Cache:
    """Kept results; with ``root`` None nothing is kept and nothing is found.

    ``notes`` collects sentences for the user: what was damaged, what could not be kept.
    """

    root: Path | None
    notes: list[str] = field(default_factory=list)
    is_writable: bool = True

    def read_only(self) -> Cache:
        """Return the same cache, for looking only; it shares the notes."""
        return replace(self, is_writable=False)

    def find(self, kind: str, key: str) -> Entry | None:
        """Return what is kept under a key, its list of files checked; None when there is none."""
        folder = self._place(kind, key)
        if folder is None or not folder.exists():
            return None
        try:
            told = json.loads((folder / ENTRY).read_text(encoding="utf-8"))
            sealed = told.pop("sha256")
            if sealed != digest_of(told) or told["key"] != key:
                raise ValueError("its list of files was changed")
            entry = Entry(folder, told["files"], told["about"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._drop(kind, folder, error)
            return None
        if self.is_writable:
            with contextlib.suppress(OSError):
                os.utime(folder / ENTRY)
        return entry

    def take(self, entry: Entry, target: Path) -> bool:
        """Copy an entry's files, each checked on its way; False (and nothing left) when damaged."""
        for name, digest in entry.files.items():
            try:
                content = (entry.folder / name).read_bytes()
                if hashlib.sha256(content).hexdigest() != digest:
                    raise ValueError(f"{name} is not what was kept")
            except (OSError, ValueError) as error:
                shutil.rmtree(target, ignore_errors=True)
                self._drop(entry.folder.parent.parent.name, entry.folder, error)
                return False
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return True

    def find_whole(self, kind: str, key: str) -> Entry | None:
        """Return an entry all of whose files have been read and checked where they lie."""
        entry = self.find(kind, key)
        if entry is None:
            return None
        try:
            for name, digest in entry.files.items():
                if sha256_of(entry.folder / name) != digest:
                    raise ValueError(f"{name} is not what was kept")
        except (OSError, ValueError) as error:
            self._drop(kind, entry.folder, error)
            return None
        return entry

    def put(self, kind: str, key: str, source: Path | None, about: Mapping[str, Any]) -> None:
        """Keep the files of a folder; failing (a full disk) is noted, and the run goes on."""
        place = self._place(kind, key)
        if self.root is None or place is None or not self.is_writable:
            return
        part = self.root / f".entry.part-{os.getpid()}-{next(_numbers)}"
        try:
            _make_private(self.root)
            if source is None:
                part.mkdir(mode=0o700)
            else:
                shutil.copytree(source, part)
            files = digest_tree(part)
            told = {"key": key, "files": files, "about": dict(about)}
            sealed = json.dumps(told | {"sha256": digest_of(told)}, indent=1)
            (part / ENTRY).write_text(sealed, encoding="utf-8")
            sync_tree(part)
            self._move(part, place)
        except OSError as error:
            self._note(f"Results could not be kept for the next run: {_why(error)}.")
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def replace(self, kind: str, key: str, about: Mapping[str, Any]) -> None:
        """Keep something said, without files, in place of what was said before."""
        place = self._place(kind, key)
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
            self.put(kind, key, None, about)

    def read_note(self, name: str) -> dict[str, Any]:
        """Return a small file of guesses (durations); empty when absent or unreadable."""
        with contextlib.suppress(OSError, ValueError):
            if self.root is not None:
                told = json.loads((self.root / name).read_text(encoding="utf-8"))
                return told if isinstance(told, dict) else {}
        return {}

    def write_note(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a small file of guesses whole, or not at all."""
        if self.root is None or not self.root.is_dir():
            return
        part = self.root / f".{name}.part-{os.getpid()}-{next(_numbers)}"
        with contextlib.suppress(OSError):
            part.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
            part.replace(self.root / name)
        part.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove leftovers of killed runs, and entries that nobody used for a long time."""
        if self.root is None or not self.root.is_dir():
            return
        with contextlib.suppress(OSError):
            clean_leftovers(self.root)
            oldest = time.time() - KEEP_DAYS * 86_400
            for entry in self.root.glob(f"*/??/*/{ENTRY}"):
                if entry.stat().st_mtime < oldest:
                    shutil.rmtree(entry.parent, ignore_errors=True)

    def _place(self, kind: str, key: str) -> Path | None:
        return None if self.root is None else self.root / kind / key[:2] / key

    def _move(self, part: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.rename(place)
        except OSError:
            if not place.exists():
                raise  # else another run has kept the same meanwhile

    def _drop(self, kind: str, folder: Path, error: Exception) -> None:
        self._note(f"A kept entry ({kind}) was damaged and is made again: {_why(error)}.")
        if not self.is_writable:
            return
        with contextlib.suppress(OSError):
            aside = folder.parent.parent.parent / f".entry.part-{os.getpid()}-{next(_numbers)}"
            folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True) if aside.is_dir() else aside.unlink()

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def default_cache() -> Path:
    """Return where results are kept when no other folder is asked for."""
    return reports_folder() / ".cache"


def open_cache(folder: Path | None) -> Cache:
    """Return the cache in a folder, made when something is kept; None keeps nothing.

    Raises
    ------
    SettingsError
        The folder is a file, or cannot be written to.
    """
    if folder is None:
        return Cache(None)
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file; give a folder with --cache, or --no-cache.")
    check_writable(folder, "--cache, or --no-cache")
    return Cache(folder.absolute())


def _make_private(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    tag = root / "CACHEDIR.TAG"
    if not tag.exists():
        tag.write_text(TAG, encoding="utf-8")


def _why(error: Exception) -> str:
    """Return an error in a few words: a cause of the operating system's without its number."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{Path(str(error.filename)).name}: " if error.filename else ""
        return f"{name}{error.strerror}"
    return str(error) or type(error).__name__
