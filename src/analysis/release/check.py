"""The check of a release before it leaves: every file, every row, every word, and differences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.errors import InputError
from analysis.outcomes.rows import ResultRow
from analysis.release.check_rows import (
    Finding,
    find_differences,
    find_in_sheets,
    find_in_table,
    find_recovered,
    load_rows,
)
from analysis.release.check_text import find_in_words, read_pieces
from analysis.report.signoff import signoff_view

SCHEMAS = ("claims.schema.json", "results.schema.json")
TABLES = ("results.json", "results.csv", "claims.json", "claims.csv")
EXPECTED = frozenset(
    [*TABLES, *SCHEMAS, "index.html", "run.json", "signoff.json", "results.xlsx", "report.pdf",
     "summary.pdf", "ro-crate-metadata.json"]
)  # fmt: skip
"""Files a release may hold beside figures and notebooks; any other one is a finding."""

OF_PATIENTS = ("waterfall", "swimmer", "incidence", "interval_relief", "parametric_check",
               "boosters", "spaghetti")  # fmt: skip
"""Words in the names of figures that are drawn from single patients."""

GRADE = "release"

STANDARD_FILES = frozenset(
    ["mapping.yaml", *(f"{table}.csv" for table in ("patients", "pain_scores", "infusions"))]
)
"""Names of input files that the suite itself asks for; they tell nothing of a clinic."""


def check_release(
    folder: Path, *, against: Sequence[Path] = (), internal: Path | None = None
) -> list[Finding]:
    """Return everything in a release that must not leave; empty when it may.

    Parameters
    ----------
    folder : Path
        The release.
    against : sequence of Path
        Earlier releases of the same clinic: together they must not tell more.
    internal : Path, optional
        The run it was made from. Then subject ids are looked for, and every truly small count is
        attacked; without it only what is certain from the release itself is found.

    Raises
    ------
    InputError
        A folder that is no run or release at all.
    """
    if not (folder / "results.json").is_file():
        raise InputError(f"{folder.name} holds no results.json; name the folder of a release.")
    subjects = subject_ids(internal) if internal else set()
    made_by = names_of_maker(internal) if internal else set()
    signers = names_of_signers(folder)
    found = list(_of_grade(folder))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found += _of_file(path, path.relative_to(folder).as_posix(), subjects, made_by, signers)
    truth = load_rows(internal) if internal else []
    try:
        rows = load_rows(folder)
    except InputError as error:
        return [*found, Finding("results.json", "", str(error))]
    found += _of_rows(rows, truth)
    for other in against:
        found += find_differences(rows, load_rows(other), name=other.name)
    return list(dict.fromkeys(found))


def _of_rows(rows: Sequence[ResultRow], truth: Sequence[ResultRow]) -> list[Finding]:
    return find_recovered(rows, file="results.json", internal=truth)


def _of_grade(folder: Path) -> Iterator[Finding]:
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield Finding("run.json", "", "is not there or cannot be read")
        return
    if not isinstance(run, dict) or run.get("grade") != GRADE:
        yield Finding("run.json", "", "does not say that this is a release; make one first")


def _of_file(
    path: Path, file: str, subjects: set[str], made_by: set[str], signers: set[str]
) -> Iterator[Finding]:
    top = file.split("/")[0]
    if top == "data":
        yield Finding(file, "", "is a table of patients; a release holds no data folder")
        return
    if top not in ("figures", "notebooks") and file not in EXPECTED:
        yield Finding(file, "", "is no file of a release")
    if top == "figures" and any(word in path.name for word in OF_PATIENTS):
        yield Finding(file, "", "is a picture of single patients")
    if top == "notebooks" and path.suffix != ".ipynb":
        yield Finding(file, "", "is the page of an executed notebook")
    if path.suffix == ".png":
        return
    if file in TABLES:
        yield from find_in_table(path, file)
    if path.suffix == ".ipynb":
        yield from _outputs(path, file)
    try:
        pieces = read_pieces(path)
    except ValueError as error:
        yield Finding(file, "", str(error))
        return
    if path.suffix == ".xlsx":
        yield from find_in_sheets(path, file)
    code = path.suffix == ".ipynb" or file in SCHEMAS
    made_by = set() if code else made_by
    yield from find_in_words(
        file, pieces, subjects=subjects, code=code, made_by=made_by, signers=signers
    )


def _outputs(path: Path, file: str) -> Iterator[Finding]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        yield Finding(file, "", "cannot be read as a notebook")
        return
    for number, cell in enumerate(cells, start=1):
        if cell.get("outputs"):
            yield Finding(file, f"cell {number}", "holds the output of an executed cell")
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            yield Finding(file, f"cell {number}", "holds the parameters of a run")


def subject_ids(run_folder: Path) -> set[str]:
    """Return the patient ids in the data folder of an internal run; empty where it has none."""
    import pandas as pd

    found: set[str] = set()
    for path in sorted((run_folder / "data").rglob("*")):
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        elif path.suffix == ".csv":
            frame = pd.read_csv(path, dtype=str)
        else:
            continue
        if "patient_id" in frame:
            found |= {str(each) for each in frame["patient_id"].dropna().unique()}
    return {each for each in found if len(each) > 2}


def names_of_maker(run_folder: Path) -> set[str]:
    """Return what the run's own files name and a release must not: its inputs, and who made it."""
    try:
        run = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    told = [Path(str(name)).name for name in run.get("inputs") or {}]
    told += [str(run.get(key) or "") for key in ("agent", "made_by")]
    return {name for name in told if len(name) > 3} - STANDARD_FILES


def names_of_signers(folder: Path) -> set[str]:
    """Return the names that a release may print because their owners signed."""
    try:
        signed = signoff_view(folder) or {}
    except InputError:
        return set()
    return {each["name"] for part in ("signatures", "source") for each in signed.get(part, ())}
