"""The run folder: made beside its place under another name, and moved there when complete."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from analysis.errors import SettingsError

LATEST = "latest"


def choose_run_folder(out: Path | None, *, reports: Path, name: str, now: datetime) -> Path:
    """Return where the report of a run will lie; nothing is ever overwritten.

    Parameters
    ----------
    out : Path or None
        Folder asked for; must not exist or be empty.
    reports : Path
        Folder of all runs, used when ``out`` is None.
    name : str
        Name of the export, made safe for a folder name.
    now : datetime
        Time of the run, part of the folder's name.

    Raises
    ------
    SettingsError
        The folder is a file, holds something already, or cannot be written to.
    """
    if out is None:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
        stem = f"{slug}-{now:%Y%m%d-%H%M%S}"
        taken = [stem, *(f"{stem}-{i}" for i in range(2, 100))]
        out = next(reports / each for each in taken if not (reports / each).exists())
    if out.is_file():
        raise SettingsError(f"{out} is a file; give a folder for the report with --out.")
    if out.is_dir() and any(out.iterdir()):
        raise SettingsError(
            f"{out} already holds something; a report never overwrites. Give another --out."
        )
    parent = out.parent
    with contextlib.suppress(OSError):
        parent.mkdir(parents=True, exist_ok=True)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise SettingsError(f"{parent} cannot be written to; give another --out.")
    return out


@contextmanager
def folder_when_complete(target: Path) -> Iterator[Path]:
    """Yield a hidden folder to work in; it becomes ``target`` only if the block ends well."""
    work = target.parent / f".{target.name}.part-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
        if target.is_dir():
            target.rmdir()  # empty, as checked
        work.replace(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def point_latest(target: Path) -> None:
    """Point ``latest`` beside the run folder to it; a convenience, so failing is no error."""
    link = target.parent / LATEST
    part = target.parent / f".{LATEST}-{os.getpid()}"
    with contextlib.suppress(OSError):
        if link.is_symlink() or not link.exists():
            part.symlink_to(target.name)
            part.replace(link)
