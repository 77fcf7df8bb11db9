"""Locks that end with their process, so that what a killed run left can be told from work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; there the process number alone tells
    fcntl = None  # type: ignore[assignment]


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs.

    The operating system frees the lock when the last process that has it ends, however it ends:
    a notebook's process that outlives a killed runner keeps it until it is gone too.
    """
    if fcntl is None:
        yield
        return
    held = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock; False where there is no such file."""
    if fcntl is None:
        return False
    try:
        tried = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(tried, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(tried)
    return False


def is_gone(pid: int) -> bool:
    """Return whether no process of this machine has the number; False where that cannot be told."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
