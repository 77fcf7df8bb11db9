"""What has not changed is not computed again: results kept under a key made of all that went in.

A changed byte of the export, a setting, the notebook, the package, its data or an installed library
gives another key. Nothing heavy is imported here, so that an unchanged run ends at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from secrets import token_bytes, token_hex
from typing import Any

from platformdirs import user_state_path

from analysis.errors import SettingsError, sentence_of
from analysis.files import read_plain, sha256_of, write_file
from analysis.run.folder import check_writable, reports_folder
from analysis.settings import data_folder

RUN_FILE = "run.json"
LEDGER = "ledger.csv"
"""File of a run folder with the claims that were judged."""

LISTED = "files.json"
"""File of a kept folder that lists its files with their SHA-256."""

PLACES = ("datasets", "results_dir", "ledger")
"""Parameters that say where; what lies there is in the key by its bytes."""

KEY_BYTES = 32

KEEP_DAYS = 60
"""What nobody used for this long is removed: it holds patients' data."""

CACHE_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# Finished notebooks of reliefcheck, with results of patients. Never hand this folder on; it can be
# deleted at any time, and is made again.
"""


def digest_of(content: Any) -> str:
    """Return the SHA-256 of plain values, whatever the order of their keys."""
    text = json.dumps(content, sort_keys=True, allow_nan=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_files(root: Path, *, without: Iterable[str] = ()) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by its path from there.

    Raises
    ------
    OSError
        Something there cannot be read, or is no file (a pipe would never end).
    """
    passed_over, found, seen = set(without), {}, set()
    for at, folders, names in os.walk(root, followlinks=True, onerror=_raise):
        if (place := os.path.realpath(at)) in seen:
            raise OSError(f"{at} is a link to a folder that is there already")
        seen.add(place)
        folders[:] = sorted(each for each in folders if each not in passed_over)
        for path in (Path(at, name) for name in sorted(names)):
            if not path.is_file():
                raise OSError(f"{path} is no file")
            found[path.relative_to(root).as_posix()] = sha256_of(path)
    return found


def _raise(error: OSError) -> None:
    raise error


def digest_code() -> str:
    """Return the SHA-256 of the package and its data; the demo export is an input like any."""
    package = digest_files(Path(__file__).parents[1], without=["__pycache__", "suite"])
    return digest_of([package, digest_files(data_folder(), without=["demo"])])


def digest_libraries() -> str:
    """Return the SHA-256 of Python, the kind of machine, and every installed distribution."""
    folders = {Path(each) for each in sys.path if Path(each).is_dir()}
    names = {path.name for folder in folders for path in folder.glob("*.*-info")}
    return digest_of([sys.version, platform.system(), platform.machine(), sorted(names)])


def digest_export(export: Path, mapping: Path | None, *, outputs: Iterable[Path]) -> str | None:
    """Return the SHA-256 of an export with its mapping, by every file in it, read or not.

    None when that cannot be said: a file is unreadable, or the export holds one of the folders
    that are written to.
    """
    root = export.resolve()
    if any(each.resolve().is_relative_to(root) for each in outputs):
        return None
    try:
        files = digest_files(root) if root.is_dir() else {root.name: sha256_of(root)}
        mapped = {mapping.name: sha256_of(mapping)} if mapping else {}
    except (OSError, ValueError):
        return None
    return digest_of([root.name, root.is_dir(), files, mapped])


def run_key(*, inputs: str, asked: Mapping[str, Any], notebooks: Iterable[Path], suite: str) -> str:
    """Return the key of a run: what it reads, what was asked for, notebooks and suite.

    SOURCE_DATE_EPOCH is part of it, since a report shows it where it is set.
    """
    date = os.environ.get("SOURCE_DATE_EPOCH", "")
    return digest_of([inputs, dict(asked), [_digest(path) for path in notebooks], suite, date])


def task_key(
    notebook: Path, parameters: Mapping[str, Any], *, inputs: str, suite: str, needs: Iterable[str]
) -> str:
    """Return the key of one notebook's results; ``needs`` are the keys of those it reads."""
    given = {name: value for name, value in parameters.items() if name not in PLACES}
    return digest_of([_digest(notebook), given, inputs, suite, list(needs)])


def _digest(notebook: Path) -> list[str]:
    return [notebook.name, sha256_of(notebook)]


@dataclass
class Cache:
    """Kept results; with ``root`` None nothing is kept and nothing is found.

    An entry appears complete or not at all, so two runs may share a cache. It is sealed with a key
    that lies elsewhere (`seal_key`): what anybody else put there is not taken. ``notes`` collects
    sentences for the user on what was damaged or could not be kept.
    """

    root: Path | None
    secret: bytes = field(default_factory=lambda: token_bytes(KEY_BYTES), repr=False)
    notes: list[str] = field(default_factory=list)

    def has(self, key: str) -> bool:
        """Return whether something is kept under a key; its files have not been looked at."""
        return self.root is not None and (self.root / key / LISTED).is_file()

    def take(self, key: str, target: Path) -> bool:
        """Copy what is kept under a key, each file checked; False, and nothing left, otherwise."""
        if self.root is None or not self.has(key):
            return False
        folder = self.root / key
        try:
            copy_checked(folder, target, self._open_sealed(folder / LISTED, key))
            os.utime(folder / LISTED)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            shutil.rmtree(target, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
            self.notes.append(f"Kept results were damaged and are made again: {error}.")
            return False
        return True

    def keep(self, key: str, source: Path) -> None:
        """Keep the files of a folder; a failure (a full disk) is noted, and the run goes on."""
        if self.root is None or self.has(key):
            return
        part = self.root / f".{key}.part-{token_hex(4)}"
        try:
            self._make_root(self.root)
            shutil.copytree(source, part)
            files = digest_files(part)
            write_file(part / LISTED, self._sealed(key, files))
            part.rename(self.root / key)
        except OSError as error:
            if not self.has(key):  # else another run has kept the same meanwhile
                self.notes.append(f"Results could not be kept for the next run: {error}.")
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def find_run(self, key: str) -> Path | None:
        """Return the folder of an earlier run of the same key, all of its files still as written.

        None also where that run, or a file of it, is gone.
        """
        if self.root is None:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = self._open_sealed(self.root / f"{key}.json", key)
            folder = Path(kept["folder"])
            if sha256_of(folder / RUN_FILE) == kept["run_sha256"] and is_as_written(folder):
                return folder
        return None

    def keep_run(self, key: str, folder: Path) -> None:
        """Remember where the finished run of a key lies."""
        if self.root is not None and self.root.is_dir():
            kept = {"folder": str(folder), "run_sha256": sha256_of(folder / RUN_FILE)}
            with suppress(OSError):
                write_file(self.root / f"{key}.json", self._sealed(key, kept))

    def _sealed(self, key: str, content: Mapping[str, str]) -> str:
        return json.dumps({"content": content, "seal": self._seal(key, content)}, indent=1)

    def _open_sealed(self, path: Path, key: str) -> dict[str, str]:
        """Return what was kept under a key; ValueError unless it was sealed by this user."""
        found = json.loads(read_plain(path))
        if not hmac.compare_digest(found["seal"], self._seal(key, found["content"])):
            raise ValueError("its seal is not this user's")
        return dict(found["content"])

    def _seal(self, key: str, content: Mapping[str, str]) -> str:
        return hmac.new(self.secret, digest_of([key, content]).encode(), "sha256").hexdigest()

    def tidy(self) -> None:
        """Remove what nobody used for a long time."""
        if self.root is None or not self.root.is_dir():
            return
        oldest = time.time() - KEEP_DAYS * 86_400
        with suppress(OSError):
            for path in self.root.iterdir():
                listed = path / LISTED
                used = (listed if listed.is_file() else path).stat().st_mtime
                if used < oldest and path.name != "CACHEDIR.TAG":
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    @staticmethod
    def _make_root(root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (root / "CACHEDIR.TAG").exists():
            (root / "CACHEDIR.TAG").write_text(CACHE_TAG, encoding="utf-8")


def copy_checked(source: Path, target: Path, files: Mapping[str, str]) -> None:
    """Copy files by their names below a folder, each with its SHA-256.

    Raises
    ------
    ValueError
        A name leads out of the folder, or a file is not the one that was listed.
    """
    for name, digest in files.items():
        inside = PurePosixPath(name)
        if inside.is_absolute() or not {".."}.isdisjoint(inside.parts) or "\\" in name:
            raise ValueError("a file of it would lie elsewhere")
        content = read_plain(source / name)
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{name} is not what was kept")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


def is_as_written(folder: Path) -> bool:
    """Return whether every file that run.json lists still has its SHA-256."""
    about = json.loads(read_plain(folder / RUN_FILE))
    outputs: dict[str, str] = about["outputs"]
    return all(sha256_of(folder / name) == digest for name, digest in outputs.items())


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
    try:
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is a file; give a folder with --cache, or --no-cache.")
        check_writable(folder, "--cache, or --no-cache")
        why = why_not_own(folder) if folder.is_dir() else ""
    except OSError as error:
        raise SettingsError(f"--cache cannot be used: {sentence_of(error)}") from None
    if why:
        raise SettingsError(
            f"{folder} {why}, so what is kept there could be anybody's. Give another --cache, or "
            "--no-cache."
        )
    cache = Cache(folder.absolute())
    try:
        cache.secret = seal_key()
    except OSError as error:
        cache.notes.append(
            "Nothing of earlier runs is reused, because the key that seals it cannot be kept: "
            f"{sentence_of(error)}"
        )
    return cache


def why_not_own(path: Path) -> str:
    """Return why a folder or file may hold what others wrote; empty when only this user can."""
    found = path.stat()
    if not hasattr(os, "geteuid"):  # Windows, where a user's folders are his own
        return ""
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    return "can be written to by others" if found.st_mode & 0o022 else ""


def seal_key() -> bytes:
    """Return the key by which this user knows his kept results; made when there is none.

    It lies with the user's own settings and not in the cache, so that whoever can write there
    cannot make an entry that is taken for his.

    Raises
    ------
    OSError
        It can be neither read nor written, or could be another's.
    """
    path = user_state_path("reliefcheck", appauthor=False) / "seal.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, token_bytes(KEY_BYTES))
    if why := why_not_own(path):
        raise OSError(f"{path} {why}")
    key = read_plain(path)
    if len(key) != KEY_BYTES:
        raise OSError(f"{path} is damaged; delete it")
    return key
