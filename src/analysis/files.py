"""Files that appear whole or not at all, and the checksum they are known by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from itertools import count
from pathlib import Path

_numbers = count()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write to; it becomes the file when nothing has failed.

    Its name carries the process, by which a later run knows what a killed one left behind.

    Parameters
    ----------
    path : Path
        Its folder is there; the file may be, and stays as it is until the new one is whole.

    Yields
    ------
    Path
    """
    part = path.with_name(f".{path.name[:80]}.part-{os.getpid()}-{next(_numbers)}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file whole or not at all, and return its path.

    Parameters
    ----------
    path : Path
    content : bytes or str
        Text becomes UTF-8; lone surrogates of a broken export, which cannot be written, become
        question marks.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    with whole_file(path) as part:
        part.write_bytes(data)
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
