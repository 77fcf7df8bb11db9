"""Whether a run's inputs are those it names, and whether its results come out again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from math import isclose
from pathlib import Path
from typing import Any

from analysis.claims.ledger import load_ledger
from analysis.claims.whole import testimonials_of
from analysis.derive.datasets import derive_datasets
from analysis.outcomes.everything import tabulate_everything
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.statements import tabulate_statements
from analysis.run.finding import Finding, fails, fits
from analysis.run.kept_tables import load_tables, name_files
from analysis.settings import make_settings
from analysis.sources.export import load_export

DATA = "data"
LARGEST_DUST = 1e-9
"""Numbers this much apart, as a share, are the same: sums in another order on another machine."""
NAMED = 5


def check_inputs(
    about: Mapping[str, Any], export: Path, mapping: Path | None = None
) -> Iterator[Finding]:
    """Check that an export is the one that a run read.

    Parameters
    ----------
    about : mapping
        Content of run.json.
    export, mapping : Path
        Where the export lies now.

    Raises
    ------
    InputError, MappingError, ContractError
        It cannot be read as an export.
    """
    recorded = dict(about.get("inputs", {}))
    found = name_files(load_export(export, mapping).files)
    bad = [fails(f"{name} was read by the run and is not in {export.name}.")
           for name in recorded if name not in found]  # fmt: skip
    bad += [fails(f"{name} of {export.name} was not read by the run.")
            for name in found if name not in recorded]  # fmt: skip
    bad += [
        fails(f"{name} is not the file that the run read: its SHA-256 is another.")
        for name, digest in recorded.items()
        if name in found and found[name] != digest
    ]
    yield from bad
    if not bad:
        yield fits(f"All {len(recorded)} files of {export.name} are those that the run read.")


def check_recomputed(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Make the results again from the tables a run keeps, and compare every number.

    Raises
    ------
    InputError
        The run keeps no tables, or they are damaged.
    """
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    stored = {row["result_id"]: row for part in content for row in part["rows"]}
    codes = dict.fromkeys(row["condition"] for row in stored.values())
    made = {row.result_id: row for row in make_rows(folder, about, codes)}
    bad = []
    for names, what in (
        (set(stored) - set(made), "are in the run and are not made by this version"),
        (set(made) - set(stored), "are made by this version and are not in the run"),
        ({n for n in set(made) & set(stored) if not _same(made[n], stored[n])},
         "come out otherwise from the run's own data and settings"),
    ):  # fmt: skip
        if names:
            listed = ", ".join(sorted(names)[:NAMED]) + (" ..." if len(names) > NAMED else "")
            bad.append(fails(f"{len(names):,} results {what}: {listed}"))
    yield from bad
    if not bad:
        yield fits(f"All {len(made):,} results come out the same from the run's own data.")


def make_rows(
    folder: Path, about: Mapping[str, Any], conditions: Iterable[str]
) -> tuple[ResultRow, ...]:
    """Return every result row that the present code makes of a run's tables and settings."""
    codes = tuple(conditions)
    settings = make_settings(about["settings"], where="run.json")
    datasets = derive_datasets(load_tables(folder / DATA), settings)
    rows = tabulate_everything(datasets, settings, codes)
    told = [one for one in testimonials_of(load_ledger()) if one.condition in codes]
    return (*rows, *tabulate_statements(datasets, settings, codes, testimonials=told))


def _same(made: ResultRow, stored: Mapping[str, Any]) -> bool:
    if (made.n, made.status) != (stored["n"], stored["status"]):
        return False
    return all(_near(getattr(made, name), stored[name]) for name in ("value", "low", "high"))


def _near(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return isclose(a, b, rel_tol=LARGEST_DUST, abs_tol=LARGEST_DUST)
