"""Whether a run folder is what the run left: files, inputs, versions, and that its parts agree."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.adam.study import derive_study
from analysis.errors import InputError, sentence_of
from analysis.files import read_plain, sha256_of
from analysis.intake.load import load_export
from analysis.report.signoff import SIGNED, SIGNOFF, read_signoffs, show_signoff
from analysis.run.compare import QUANTITIES, are_same, by_id, load_run, recompute
from analysis.run.data import name_files
from analysis.run.folder import scratch
from analysis.run.plan import notebook_folder
from analysis.run.reuse import RUN_FILE, digest_files
from analysis.run.session import installed_versions

PAGE = "index.html"
NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing looked at and what was found; a ``note`` is no fault of the run folder."""

    state: Literal["ok", "NO", "note"]
    sentence: str


def verify_run(folder: Path) -> tuple[Finding, ...]:
    """Check a run folder against what it says of itself.

    Findings are on outputs (missing, changed, extra, file by file), on whether results and claims
    agree, on versions, and on a sign-off.

    Raises
    ------
    InputError
        No run folder: run.json is missing or damaged.
    """
    about = load_run_file(folder)
    return (
        *_check_outputs(folder, about),
        *_check_agreement(folder),
        *_check_versions(about),
        *_check_sign_offs(folder),
    )


def load_run_file(folder: Path) -> dict[str, Any]:
    """Return run.json; InputError when the folder is no run folder."""
    try:
        about = json.loads(read_plain(folder / RUN_FILE))
    except OSError:
        raise InputError(f"{folder} is no run folder: it has no {RUN_FILE} to read.") from None
    except ValueError as error:
        raise InputError(f"{folder}: {RUN_FILE} is damaged ({error}).") from None
    if not isinstance(about, dict):
        raise InputError(f"{folder}: {RUN_FILE} is not what a run writes.")
    return about


def _check_outputs(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Say which files are missing, changed or extra, one finding each."""
    recorded: Mapping[str, str] = about.get("outputs") or {}
    if not recorded:
        yield Finding("NO", f"{RUN_FILE} does not list what the run wrote.")
        return
    try:
        found = digest_files(folder)
    except OSError as error:
        yield Finding("NO", f"The files of the run cannot be read: {sentence_of(error)}")
        return
    for name in (RUN_FILE, SIGNOFF):  # run.json cannot list itself, nor what comes later
        found.pop(name, None)
    if found.get(PAGE) != recorded.get(PAGE) and _is_signed_page(folder, recorded.get(PAGE, "")):
        found[PAGE] = recorded[PAGE]
    bad = [f"{name} is missing." for name in recorded if name not in found]
    bad += [
        f"{name} was changed after the run: its SHA-256 is not the recorded one."
        for name, digest in recorded.items()
        if found.get(name, digest) != digest
    ]
    bad += [f"{name} was not written by the run." for name in found if name not in recorded]
    yield from (Finding("NO", sentence) for sentence in bad)
    if not bad:
        yield Finding("ok", f"All {len(recorded):,} files are as the run wrote them (SHA-256).")


def _is_signed_page(folder: Path, recorded: str) -> bool:
    """Return whether the page is the run's with its sign-offs shown, and nothing else.

    The sign-off is taken off a copy, which must then be the run's page, and put on again, which
    must give the page as it is. So nothing can hide in the place of a sign-off.
    """
    try:
        with scratch() as copy:
            shutil.copyfile(folder / PAGE, copy / PAGE)
            show_signoff(copy)  # without signoff.json beside it: takes the sign-off away
            if sha256_of(copy / PAGE) != recorded:
                return False
            for name in (SIGNOFF, *SIGNED):
                shutil.copyfile(folder / name, copy / name)
            show_signoff(copy)
            return (copy / PAGE).read_bytes() == (folder / PAGE).read_bytes()
    except (OSError, InputError, ValueError, AttributeError):
        return False


def _check_agreement(folder: Path) -> Iterator[Finding]:
    """Check that the forms of the results agree, and that each claim rests on one of them."""
    try:
        results = pd.read_parquet(folder / "results.parquet").set_index("result_id")
        forms = {
            "results.json": pd.read_json(folder / "results.json", precise_float=True),
            "results.csv": pd.read_csv(folder / "results.csv"),
        }
        claims = json.loads(read_plain(folder / "claims.json"))
        bad = []
        for name, frame in forms.items():
            # Text that a spreadsheet would run as a formula has an apostrophe in the CSV.
            ids = frame["result_id"].astype("str").str.removeprefix("'")
            bad += _compare(results, frame.set_axis(ids), f"results.parquet and {name}")
        for claim in claims:
            name = claim["result_id"]
            if name and name not in results.index:
                bad.append(f"{claim['claim_id']} rests on {name}, which is no result of the run.")
            elif name and not are_same(results["value"][[name]], pd.Series([claim["value"]])):
                bad.append(f"{claim['claim_id']} and its result {name} have different numbers.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Finding("NO", f"Results and claims cannot be compared ({error}).")
        return
    yield from (Finding("NO", sentence) for sentence in bad)
    if not bad:
        yield Finding(
            "ok", f"Results and claims agree ({len(results):,} results, {len(claims):,} claims)."
        )


def _compare(a: pd.DataFrame, b: pd.DataFrame, what: str) -> list[str]:
    """Return in sentences where two result frames, by id, differ in a number."""
    told = []
    only = a.index.symmetric_difference(b.index)
    if len(only):
        told.append(
            f"{what}: {len(only):,} results are in one and not in the other: {_some(only)}."
        )
    both = a.index.intersection(b.index)
    same = np.all([are_same(a.loc[both, q], b.loc[both, q]) for q in (*QUANTITIES, "n")], axis=0)
    if not same.all():
        told.append(f"{what}: {(~same).sum():,} results differ: {_some(both[~same])}.")
    return told


def _some(names: pd.Index) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(map(str, names))[:NAMED]) + more


def _check_versions(about: Mapping[str, Any]) -> Iterator[Finding]:
    """Say which versions in force are not those of the run: numbers could then differ."""
    now, then = installed_versions(), about.get("versions", {})
    other = [
        f"{name} {version} then, {now.get(name, 'not installed')} now"
        for name, version in then.items()
        if now.get(name, "not installed") != version
    ]
    if other:
        yield Finding("note", f"Versions are not those of the run: {'; '.join(other)}.")
    elif then:
        yield Finding("ok", "Versions in force are those of the run.")


def _check_sign_offs(folder: Path) -> Iterator[Finding]:
    """Say of each sign-off whether it holds; nothing where nobody has signed."""
    try:
        signed = read_signoffs(folder)
    except (InputError, AttributeError) as error:
        yield Finding("NO", f"{SIGNOFF} is damaged ({error}).")
        return
    if (folder / SIGNOFF).is_file() and not signed:
        yield Finding("NO", f"{SIGNOFF} holds no signature.")
    for each in signed:
        who = f"The sign-off by {each.name} ({each.role}, {each.date})"
        if each.is_void:
            yield Finding("NO", f"{who} is void: results or verdicts changed after it.")
        else:
            yield Finding("ok", f"{who} holds: results and verdicts are those that were signed.")


def check_inputs(
    folder: Path, export: Path, mapping: Path | None = None, also: Iterable[Path] = ()
) -> Iterator[Finding]:
    """Check that an export, as it lies there now, is the one that a run read."""
    recorded = load_run_file(folder).get("inputs", {})
    found = name_files(load_export(export, mapping, also=also).files)
    bad = [f"{name} was read by the run and is not in {export.name}."
           for name in recorded if name not in found]  # fmt: skip
    bad += [f"{name} of {export.name} was not read by the run."
            for name in found if name not in recorded]  # fmt: skip
    bad += [
        f"{name} is not the file that the run read: its SHA-256 is another."
        for name, digest in recorded.items()
        if found.get(name, digest) != digest
    ]
    yield from (Finding("NO", sentence) for sentence in bad)
    if not bad:
        yield Finding("ok", f"All {len(recorded)} files of {export.name} are those of the run.")


def check_recomputed(folder: Path, *, notebooks: Path | None = None) -> Iterator[Finding]:
    """Make the results again from the data a run keeps, and compare every number.

    Raises
    ------
    InputError
        The run keeps no data, or they are damaged.
    """
    run = load_run(folder)
    if run.export is None:
        raise InputError(f"{folder} keeps no data, so its results cannot be made again.")
    study = derive_study(run.export, run.settings)
    (made,) = recompute(
        [study], run.about, made_by=set(run.results["notebook"]),
        notebooks=notebooks or notebook_folder(), ledger=run.ledger,
    )  # fmt: skip
    of_notebooks = run.results["notebook"].isin(made["notebook"].unique())
    bad = _compare(by_id(run.results[of_notebooks].reset_index(drop=True)), made, "the run and now")
    yield from (Finding("NO", sentence) for sentence in bad)
    if not bad:
        yield Finding("ok", f"All {len(made):,} results come out the same from the run's own data.")
