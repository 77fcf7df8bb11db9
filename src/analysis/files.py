"""Files: read where they are plain ones, written completely or not at all, known by checksum."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from secrets import token_hex

KINDS = {
    stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip
_SYSTEM = {place.stat().st_dev for place in map(Path, ("/proc", "/sys")) if place.is_mount()}
"""File systems whose files are the kernel's: they look plain, and may wait or never end."""

NOT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_plain(path: Path) -> BufferedReader:
    """Open a file from outside to read; OSError for whatever is no plain file.

    A pipe would be waited for, and a device may never end. A name that no file can have (a NUL, a
    lone surrogate) is an OSError too.
    """
    try:
        _refuse_other(path.stat(), path)
        held = os.open(path, os.O_RDONLY | NOT_WAITING)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have that name", str(path)) from None
    try:
        _refuse_other(os.fstat(held), path)  # it may have been exchanged meanwhile
    except OSError:
        os.close(held)
        raise
    return os.fdopen(held, "rb")


def read_plain(path: Path) -> bytes:
    """Return the bytes of a file from outside; OSError for whatever is no plain file."""
    with open_plain(path) as file:
        return file.read()


def _refuse_other(found: os.stat_result, path: Path) -> None:
    of_the_system = found.st_dev in _SYSTEM
    if of_the_system or not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "part of the running system")
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside a file to write to; it becomes the file when nothing has failed.

    Who may read a file that was there before may read the new one.
    """
    part = path.with_name(f".{path.name[:80]}.part-{os.getpid()}-{token_hex(4)}")
    try:
        yield part
        with suppress(OSError):
            part.chmod(stat.S_IMODE(path.stat().st_mode))
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
    """Return the SHA-256 of a plain file's bytes, as hex."""
    with open_plain(path) as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def private_files(*, group: bool = False) -> Iterator[None]:
    """Let nobody but this user read what is written meanwhile; with ``group`` his group too."""
    before = os.umask(0o027 if group else 0o077)
    try:
        yield
    finally:
        os.umask(before)
