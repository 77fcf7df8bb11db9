"""The run folder: made beside its place under a hidden name, and moved there when complete."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from analysis.errors import RunError, SettingsError, sentence_of

try:
    import fcntl
except ImportError:  # Windows: what a killed run leaves there stays until someone deletes it
    fcntl = None  # type: ignore[assignment]

LATEST = "latest"
LOCK = ".lock"
PART = re.compile(r"\..+\.part-\d+-[0-9a-f]{8}")


def reports_folder() -> Path:
    """Return where runs and kept results lie when no other place is asked for."""
    return Path("reports").absolute()


def check_out(out: Path) -> None:
    """Raise SettingsError unless a report can be put there: nothing is ever overwritten."""
    try:
        if out.exists() and not out.is_dir():
            raise SettingsError(f"{out} is a file; give a folder for the report with --out.")
        if out.is_dir() and any(out.iterdir()):
            raise SettingsError(
                f"{out} already holds something; a report never overwrites. Give another --out."
            )
    except OSError as error:
        raise SettingsError(f"--out cannot be used: {sentence_of(error)}") from None
    check_writable(out.parent, "--out")


def check_writable(folder: Path, option: str) -> None:
    """Raise SettingsError unless the folder, or the nearest one above it, can be written to."""
    with suppress(OSError):
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        if nearest.is_dir() and os.access(nearest, os.W_OK):
            return
    raise SettingsError(f"{folder} cannot be written to; give another {option}.")


def run_folder_names(reports: Path, *, name: str, now: datetime) -> Iterator[Path]:
    """Yield places for the report of an export, the best first: name, date, and a number."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
    stem = f"{plain}-{now:%Y%m%d-%H%M%S}"
    yield reports / stem
    yield from (reports / f"{stem}-{number}" for number in range(2, 1000))


@contextmanager
def scratch(name: str = "reliefcheck") -> Iterator[Path]:
    """Yield a folder that only this user can read, for what nobody keeps."""
    with workplace(Path(gettempdir()), name, mode=0o700) as work:
        yield work


@contextmanager
def workplace(parent: Path, name: str, *, mode: int = 0o777) -> Iterator[Path]:
    """Yield a hidden folder to make a run folder in; removed unless `publish` moved it away.

    What killed runs left in ``parent`` is removed first.
    """
    made = [each for each in (parent, *parent.absolute().parents) if not each.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(parent)
    work = (parent / f".{name[:80]}.part-{os.getpid()}-{token_hex(4)}").absolute()
    work.mkdir(mode)
    try:
        with _locked(work / LOCK):
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        for each in made:
            with suppress(OSError):
                each.rmdir()  # only where still empty: the run left nothing in it


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends."""
    held = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def remove_leftovers(parent: Path) -> None:
    """Remove the work folders whose run has ended; never one that may still be worked in."""
    for path in parent.iterdir():
        if PART.fullmatch(path.name) and path.is_dir() and _is_abandoned(path / LOCK):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(lock: Path) -> bool:
    if fcntl is None:
        return False
    try:
        tried = os.open(lock, os.O_RDWR)
    except OSError:
        return False  # just made, or being removed
    try:
        fcntl.flock(tried, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(tried)
    return True


def publish(work: Path, places: Iterator[Path]) -> Path:
    """Move a complete run folder to the first place that is free; return the place.

    Raises
    ------
    RunError
        Every place has been taken meanwhile.
    """
    (work / LOCK).unlink(missing_ok=True)
    place = work
    for place in places:
        if place.is_dir() and not place.is_symlink():
            with suppress(OSError):
                place.rmdir()  # an empty folder may be given; a full one stays
        if place.is_symlink() or place.exists():
            continue
        work.rename(place)
        return place
    raise RunError(
        f"{place} was made by another run meanwhile, and a report never overwrites; run again "
        "with another --out."
    )


def point_latest(target: Path) -> None:
    """Point ``latest`` beside the run folder to it; a convenience, so failing is no error."""
    link = target.parent / LATEST
    part = target.parent / f".{LATEST}-{token_hex(4)}"
    with suppress(OSError):
        if link.is_symlink() or not link.exists():
            part.symlink_to(target.name)
            part.replace(link)
