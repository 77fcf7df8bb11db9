"""Files that appear complete or not at all, and the checksum they are known by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from secrets import token_hex


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside a file to write to; it becomes the file when nothing has failed."""
    part = path.with_name(f".{path.name[:80]}.part-{os.getpid()}-{token_hex(4)}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_file(path: Path, content: bytes | str) -> Path:
    """Write a file completely or not at all, and return its path.

    Text becomes UTF-8; lone surrogates of a broken export, which cannot be written, become
    question marks.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    with replacing(path) as part:
        part.write_bytes(data)
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
