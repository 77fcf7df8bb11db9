"""Whether a release holds what its rows say, and nothing else.

A release follows from its rows (`analysis.report.release`), so every file is made again and must be
the same to the last byte: whatever is added anywhere (a comment, an attribute, a property, an
attachment, a file) is a difference, and none needs to be known beforehand.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd

from analysis.claims.ledger import load_ledger
from analysis.numbers import count_text
from analysis.report.release import (
    ABOUT,
    FILES,
    MAKERS,
    Release,
    ledger_hashes,
    make_release,
    read_release,
    write_folder,
)
from analysis.report.rounding import WIDTH, check_rows
from analysis.results import KEYS

MOST_SHOWN = 5
"""Rows named of those that are wrong in the same way."""

AROUND = 30
"""Letters shown before and after the first difference of a text file."""


_VERSION = re.compile(r"[0-9]+(\.[0-9a-z+]+){0,5}")


class Finding(NamedTuple):
    """A file, the place in it, and what is wrong there."""

    file: str
    sentence: str


def check_release(
    folder: Path, *, run: Path | None = None, against: Path | None = None
) -> list[Finding]:
    """Return everything by which a folder differs from the release that its rows make.

    The rows are made again from the ``run`` it was made of, and must be the same. Rows that have
    moved since the release ``against`` which it is held, although few patients have come, are
    findings.

    Raises
    ------
    InputError
        The folder, or the earlier one, is no release that can be read; or as `make_release`.
    """
    release, frame = read_release(folder)
    findings = [*_check_files(folder), *_check_about(release), *_check_rules(release, frame)]
    if not findings:
        findings += _check_content(folder, release, frame)
    if run is not None:
        findings += _check_run(release, frame, run)
    if against is not None:
        findings += _check_against(frame, read_release(against)[1])
    return findings


def _check_files(folder: Path) -> Iterator[Finding]:
    found = {path.name: path for path in folder.iterdir()}
    for name in sorted(found.keys() - set(FILES)):
        yield Finding(name, "is no file of a release: remove it.")
    for name in FILES:
        if name not in found:
            yield Finding(name, "is missing.")
        elif found[name].is_symlink() or not found[name].is_file():
            yield Finding(name, "is a link or a folder, not a file.")


def _check_about(release: Release) -> Iterator[Finding]:
    """Look for words that no release says of itself."""
    if release.ledger != ledger_hashes():
        yield Finding(ABOUT, "names another ledger of claims than that of this version.")
    if unknown := set(release.withheld) - {claim.claim_id for claim in load_ledger()}:
        yield Finding(ABOUT, f"withholds {len(unknown)} claims that are not in the ledger.")
    named = release.made_with
    if set(named) != set(MAKERS) or not all(map(_VERSION.fullmatch, named.values())):
        yield Finding(ABOUT, "does not name the versions that wrote it, or names something else.")


def _check_rules(release: Release, frame: pd.DataFrame) -> Iterator[Finding]:
    """Look for rows that the rounding could not have made."""
    wrong = check_rows(frame, weeks=release.weeks, from_patients=release.from_patients)
    for what, rows in wrong.items():
        for row in rows.head(MOST_SHOWN).itertuples():
            yield Finding("results.parquet", f"holds {what}: {_name_of(row)}.")
        if len(rows) > MOST_SHOWN:
            more = count_text(len(rows) - MOST_SHOWN)
            yield Finding("results.parquet", f"holds {what} in {more} more rows.")


def _name_of(row: object) -> str:
    keys = (getattr(row, name) for name in KEYS)
    return ", ".join(str(key) for key in keys if str(key) not in ("", "nan", "all"))


def _check_content(folder: Path, release: Release, frame: pd.DataFrame) -> Iterator[Finding]:
    """Make the release again and compare every byte."""
    with TemporaryDirectory(prefix="reliefcheck-check-") as name:
        again = Path(name)
        write_folder(release, frame, again)
        different = [
            file for file in FILES if (folder / file).read_bytes() != (again / file).read_bytes()
        ]
        for file in different:
            yield Finding(file, _difference(folder / file, again / file))
    now = {package: version(package) for package in MAKERS}
    other = [
        f"{package} {release.made_with.get(package, 'of no version')} (here {now[package]})"
        for package in MAKERS
        if release.made_with.get(package) != now[package]
    ]
    if different and other:
        yield Finding(ABOUT, f"it was made with {', '.join(other)}: check it with these versions.")


def _difference(path: Path, made: Path) -> str:
    """Say where a file begins to differ from what the rows make, without what it holds there."""
    if path.suffix == ".xlsx":
        parts = [_members(path), _members(made)]
        names = sorted(
            name for name in parts[0].keys() | parts[1].keys()
            if parts[0].get(name) != parts[1].get(name)
        )  # fmt: skip
        return f"is not what the rows make; parts that differ: {', '.join(names) or 'its frame'}."
    ours, theirs = made.read_bytes(), path.read_bytes()
    at = next(
        (at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
        min(len(ours), len(theirs)),
    )
    if path.suffix in (".pdf", ".parquet"):
        return f"is not what the rows make, from byte {count_text(at)} on."
    line = ours[:at].count(b"\n") + 1
    before = ours[max(0, at - AROUND) : at].decode("utf-8", "replace")
    shown = re.sub(r"\s+", " ", before)
    return f"is not what the rows make, from line {count_text(line)} on, after “{shown}”."


def _members(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as book:
            return {each.filename: book.read(each) for each in book.infolist()}
    except (zipfile.BadZipFile, OSError):
        return {}


def _check_run(release: Release, frame: pd.DataFrame, run: Path) -> Iterator[Finding]:
    """Compare with the release that the run makes now."""
    made, rows = make_release(run, name=release.name, from_patients=release.from_patients)
    if replace(made, made_with={}) != replace(release, made_with={}):
        yield Finding(ABOUT, "does not say what a release of this run says.")
    if not rows.equals(frame):
        pairs = rows.merge(frame, how="outer", indicator=True)
        moved = pairs[pairs["_merge"] != "both"]
        first = _name_of(next(moved.itertuples())) if len(moved) else "their order"
        yield Finding(
            "results.parquet", f"does not hold the rows that this run makes; first: {first}."
        )


def _check_against(frame: pd.DataFrame, earlier: pd.DataFrame) -> Iterator[Finding]:
    """Look for rows that moved although their patients are, up to one step, the same.

    One who knows which patients have come between two releases takes one from the other. A count
    that has moved by one step differs by 1 to 11 patients; where so few have come, what changed is
    theirs.
    """
    both = frame.merge(earlier, on=KEYS, suffixes=("", "_before"))
    few = (both["n"] - both["n_before"]).abs() <= WIDTH
    moved = pd.Series(False, both.index)
    for name in ("value", "low", "high", "n", "n_events", "n_missing", "n_not_due", "status"):
        now, before = both[name], both[f"{name}_before"]
        same = (now == before).fillna(False).astype(bool) | (now.isna() & before.isna())
        moved |= ~same
    told = both[moved & few & (both["n"] > 0)]
    for row in told.head(MOST_SHOWN).itertuples():
        yield Finding(
            "results.parquet",
            f"differs from the earlier release by few patients: {_name_of(row)}. Wait until at "
            f"least {2 * WIDTH} more have come.",
        )
    if len(told) > MOST_SHOWN:
        more = count_text(len(told) - MOST_SHOWN)
        yield Finding("results.parquet", f"so do {more} more of its {count_text(len(frame))} rows.")
