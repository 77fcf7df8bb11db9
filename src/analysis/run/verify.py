"""Whether a run folder is what the run left: files, inputs, versions, and that its parts agree."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from analysis.errors import InputError
from analysis.files import sha256_of
from analysis.report.html import PAGE
from analysis.report.signoff import SIGNOFF
from analysis.run.crate import CRATE_FILE, files_of
from analysis.run.finding import Finding, fails, fits
from analysis.run.verify_signoff import check_sign_offs, is_page_with_sign_off

RUN_FILE = "run.json"
MADE_LATER = (RUN_FILE, SIGNOFF)
"""Files of a run folder that run.json cannot list."""

CSV_APOSTROPHE = "'"
"""Put before texts that a spreadsheet would take for a formula (`analysis.report.spreadsheets`)."""


def verify_run(folder: Path) -> tuple[Finding, ...]:
    """Check a run folder against what it says of itself.

    Parameters
    ----------
    folder : Path
        As `reliefcheck run` left it, or a copy.

    Returns
    -------
    tuple of Finding
        On outputs (missing, changed, extra, file by file), on run.json by the crate, on whether
        results.csv, results.json and claims.json agree, on versions, and on a sign-off.

    Raises
    ------
    InputError
        No run folder: run.json is missing or no JSON.
    """
    about = load_run_file(folder)
    return (
        *check_outputs(folder, about),
        *_check_crate(folder),
        *check_agreement(folder),
        *_check_versions(about),
        *check_sign_offs(folder),
    )


def load_run_file(folder: Path) -> dict[str, Any]:
    """Return run.json; InputError when the folder is no run folder."""
    try:
        about = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except OSError:
        raise InputError(f"{folder} is no run folder: it has no {RUN_FILE} to read.") from None
    except ValueError as error:
        raise InputError(f"{folder}: {RUN_FILE} is damaged ({error}).") from None
    if not isinstance(about, dict):
        raise InputError(f"{folder}: {RUN_FILE} is not what a run writes.")
    return about


def check_outputs(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell which files are missing, changed or extra, one finding each."""
    recorded: Mapping[str, str] = about.get("outputs") or {}
    if not recorded:
        yield fails(f"{RUN_FILE} does not list what the run wrote; nothing can be compared.")
        return
    found = {name: path for name, path in files_of(folder).items() if name not in MADE_LATER}
    bad = [fails(f"{name} is missing.") for name in recorded if name not in found]
    bad += [
        fails(f"{name} was changed after the run: its SHA-256 is not the recorded one.")
        for name, digest in recorded.items()
        if name in found
        and sha256_of(found[name]) != digest
        and not (name == PAGE and is_page_with_sign_off(folder, digest))
    ]
    bad += [fails(f"{name} was not written by the run.") for name in found if name not in recorded]
    yield from bad
    if not bad:
        yield fits(f"All {len(recorded):,} files are as the run wrote them (SHA-256).")


def _check_crate(folder: Path) -> Iterator[Finding]:
    """Check run.json by the crate, which was written after it."""
    path = folder / CRATE_FILE
    if not path.is_file():
        yield fails(f"{CRATE_FILE} is missing, so nothing vouches for {RUN_FILE} itself.")
        return
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))["@graph"]
        told = {entity["@id"]: entity.get("sha256") for entity in graph}
    except (ValueError, KeyError, TypeError) as error:
        yield fails(f"{CRATE_FILE} is damaged ({error}).")
        return
    if told.get(RUN_FILE) == sha256_of(folder / RUN_FILE):
        yield fits(f"{RUN_FILE} is the one that {CRATE_FILE} tells of.")
    else:
        yield fails(f"{RUN_FILE} is not the one that {CRATE_FILE} tells of.")


def check_agreement(folder: Path) -> Iterator[Finding]:
    """Check that results.csv, results.json and claims.json say the same."""
    try:
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        rows = {row["result_id"]: row for part in content for row in part["rows"]}
        claims = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
        with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
            flat = {_plain(record["result_id"]): record for record in csv.DictReader(file)}
        bad = [*_compare_flat(rows, flat), *_compare_claims(rows, claims)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield fails(f"Results and claims cannot be set beside each other ({error}).")
        return
    yield from bad
    if not bad:
        yield fits(
            f"results.csv, results.json and claims.json agree ({len(rows):,} results, "
            f"{len(claims):,} claims)."
        )


def _compare_flat(
    rows: Mapping[str, Mapping[str, Any]], flat: Mapping[str, Mapping[str, str]]
) -> Iterator[Finding]:
    for names, where, other in (
        (set(rows) - set(flat), "results.json", "results.csv"),
        (set(flat) - set(rows), "results.csv", "results.json"),
    ):
        if names:
            yield fails(f"{len(names)} results are in {where} and not in {other}: {_some(names)}.")
    odd = {
        name
        for name in set(rows) & set(flat)
        if any(_number(flat[name][key]) != rows[name][key] for key in ("value", "low", "high", "n"))
    }
    if odd:
        yield fails(
            f"{len(odd)} results differ between results.csv and results.json: {_some(odd)}."
        )


def _compare_claims(
    rows: Mapping[str, Mapping[str, Any]], claims: list[Mapping[str, Any]]
) -> Iterator[Finding]:
    for claim in claims:
        name = claim["result_id"]
        if not name:
            continue
        if name not in rows:
            yield fails(f"{claim['claim_id']} rests on {name}, which is no result of the run.")
        elif claim["value"] != rows[name]["value"]:
            yield fails(f"{claim['claim_id']} and its result {name} have different numbers.")


def _check_versions(about: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell which versions in force are not those of the run: a recomputation may then differ."""
    other = [
        f"{name} {told} then, {_version(name)} now"
        for name, told in about.get("versions", {}).items()
        if _version(name) != told
    ]
    if other:
        yield Finding(
            state="told", sentence=f"Versions are not those of the run: {'; '.join(other)}."
        )
    elif about.get("versions"):
        yield fits("Versions in force are those of the run.")


def _version(name: str) -> str:
    if name == "python":
        return python_version()
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _plain(cell: str) -> str:
    return cell.removeprefix(CSV_APOSTROPHE)


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _some(names: set[str], *, most: int = 3) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
