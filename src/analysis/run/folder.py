"""The run folder: made beside its place under another name, and moved there when complete."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from analysis.errors import RunError, SettingsError
from analysis.run.lock import hold, is_gone, is_held

LATEST = "latest"
LOCK = ".lock"
_PART = re.compile(r"^\.(?:.+\.part|latest)-(\d+)(?:-\d+)?$")
_numbers = count(1)


def check_out(out: Path) -> None:
    """Raise SettingsError unless a report can be put there: nothing is ever overwritten."""
    if out.is_file():
        raise SettingsError(f"{out} is a file; give a folder for the report with --out.")
    if out.is_dir() and any(out.iterdir()):
        raise SettingsError(
            f"{out} already holds something; a report never overwrites. Give another --out."
        )
    check_writable(out.parent, "--out")


def check_writable(folder: Path, option: str) -> None:
    """Raise SettingsError unless the folder, or the nearest one above it, can be written to."""
    with contextlib.suppress(OSError):
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        if there.is_dir() and os.access(there, os.W_OK):
            return
    raise SettingsError(f"{folder} cannot be written to; give another {option}.")


def run_folder_names(reports: Path, *, name: str, now: datetime) -> Iterator[Path]:
    """Yield places for a run's report, the best first.

    Parameters
    ----------
    reports : Path
        Folder of all runs.
    name : str
        Name of the export, made safe for a folder name.
    now : datetime
        Time of the run, part of the folder's name.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
    stem = f"{slug}-{now:%Y%m%d-%H%M%S}"
    yield reports / stem
    yield from (reports / f"{stem}-{i}" for i in range(2, 1000))


@contextmanager
def workplace(parent: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder to make a run folder in; removed unless `publish` moved it away.

    What runs that were killed left in ``parent`` is removed first.
    """
    made = [each for each in (parent, *parent.absolute().parents) if not each.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    clean_leftovers(parent)
    work = parent / f".{name[:80]}.part-{os.getpid()}-{next(_numbers)}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        with hold(work / LOCK):
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        for each in made:
            with contextlib.suppress(OSError):
                each.rmdir()  # only where still empty: the run left nothing in it


def clean_leftovers(parent: Path) -> None:
    """Remove what runs left whose process is gone; never what may still be worked on."""
    for path in parent.iterdir():
        found = _PART.match(path.name)
        if not found or not is_gone(int(found[1])) or is_held(path / LOCK):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def publish(work: Path, places: Iterable[Path]) -> Path:
    """Move a complete run folder to the first place that is free; return the place.

    Everything is on the disk before the name appears, so that a name never stands for less.

    Raises
    ------
    RunError
        Every place has been taken meanwhile.
    """
    (work / LOCK).unlink(missing_ok=True)
    sync_tree(work)
    tried = Path()
    for place in places:
        tried = place
        if _moved(work, place):
            _sync(place.parent)
            return place
    raise RunError(
        f"{tried} was made by another run meanwhile, and a report never overwrites; run again "
        "with another --out."
    )


def _moved(work: Path, place: Path) -> bool:
    if place.is_symlink() or place.exists():
        try:
            place.rmdir()  # an empty folder may be given; a full one stays
        except OSError:
            return False
    try:
        work.rename(place)
    except OSError:
        if place.exists():
            return False
        raise
    return True


def sync_tree(folder: Path) -> None:
    """Have every file and folder below written to the disk."""
    for at, _, names in os.walk(folder):
        for name in names:
            _sync(Path(at, name))
        _sync(Path(at))


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return  # only POSIX opens folders
    opened = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def point_latest(target: Path) -> None:
    """Point ``latest`` beside the run folder to it; a convenience, so failing is no error."""
    link = target.parent / LATEST
    part = target.parent / f".{LATEST}-{os.getpid()}-{next(_numbers)}"
    with contextlib.suppress(OSError):
        if link.is_symlink() or not link.exists():
            part.symlink_to(target.name)
            part.replace(link)
