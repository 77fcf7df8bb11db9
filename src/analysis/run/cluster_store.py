"""What goes between machines: folders packed as bytes, kept by their SHA-256 in a shared place."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.errors import RunError
from analysis.files import write_whole
from analysis.sources.remote import open_place, without_secrets

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Date of every packed file, so that the same files are the same bytes."""

PREFIX = "reliefcheck-run-"


def pack(files: Iterable[tuple[Path, str]]) -> bytes:
    """Return files as one archive: pairs of the file and its name inside, in any order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in sorted(files, key=lambda pair: pair[1]):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def pack_folder(folder: Path) -> bytes:
    """Return every file below a folder as one archive."""
    return pack((p, p.relative_to(folder).as_posix()) for p in folder.rglob("*") if p.is_file())


def unpack(data: bytes, folder: Path) -> list[Path]:
    """Write an archive's files below a folder, each whole or not at all; return their places.

    Raises
    ------
    RunError
        A name that leads out of the folder; nothing is written then.
    """
    made = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            inside = PurePosixPath(name)
            if inside.is_absolute() or ".." in inside.parts:
                raise RunError(f"a worker sent a file named '{name}'; it was not written.")
        for name in archive.namelist():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            made.append(write_whole(target, archive.read(name)))
    return made


class SharedPlace:
    """A folder or object store that the client and every worker reach, for one run.

    Parameters
    ----------
    url : str
        A path, or any address that fsspec opens.
    run : str
        Name of the run; all it keeps lies in one folder of that name.
    """

    def __init__(self, url: str, *, run: str) -> None:
        self._shown = without_secrets(url)
        self._files, root = open_place(url)
        self._root = f"{root.rstrip('/')}/{PREFIX}{run}"

    def put(self, data: bytes) -> str:
        """Keep bytes; return their SHA-256, by which `get` finds them.

        Raises
        ------
        RunError
            The place cannot be written to.
        """
        digest = hashlib.sha256(data).hexdigest()
        part = f"{self._root}/{digest}.part-{uuid.uuid4().hex}"
        try:
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(part, data)
            self._files.mv(part, f"{self._root}/{digest}")
        except Exception as error:  # each protocol's package has errors of its own
            raise RunError(f"{self._shown} cannot be written to ({_why(error)}).") from None
        return digest

    def get(self, digest: str) -> bytes:
        """Return what was kept under a SHA-256.

        Raises
        ------
        RunError
            It is not there, or is not what was kept.
        """
        try:
            data: bytes = self._files.cat_file(f"{self._root}/{digest}")
        except Exception as error:
            raise RunError(f"{self._shown} cannot be read ({_why(error)}).") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise RunError(f"{self._shown} holds something else than what was put there.")
        return data

    def remove(self) -> None:
        """Remove everything the run kept; it holds patients' data."""
        if self._files.exists(self._root):
            self._files.rm(self._root, recursive=True)


def _why(error: Any) -> str:
    return without_secrets(f"{type(error).__name__}: {error}")[:200]
