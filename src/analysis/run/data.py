"""What a run prepares from an export: analysis datasets for its notebooks, tables to keep."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analysis.adam.checks import list_overdue
from analysis.adam.study import Study, derive_into, load_study
from analysis.errors import InputError
from analysis.files import read_plain, write_file
from analysis.intake.build import Intake
from analysis.intake.load import Export, load_export
from analysis.intake.tables import load_conditions
from analysis.settings import make_settings

TABLES, ABOUT, OVERDUE = "tables", "export.json", "overdue.csv"

README = """# Patient-level data: not to be handed on

The analysis datasets of this run (adsl, adpain, adtte, ratings, infusions; adae, asked, adqs, adop
and what these are made of) and, in `tables/`, the tables of the export as the run read them. They
are here so that the run can be computed again and compared with another. `overdue.csv` names the
patients whose visits are due and have no rating: whom to call. The report does not need them:
delete this folder before the report leaves the clinic.
"""


def prepare(
    export: Path,
    mapping: Path | None,
    settings: Mapping[str, Any],
    folder: Path,
    also: Iterable[Path] = (),
) -> tuple[Export, Study]:
    """Load an export, derive its datasets, and write both to a folder.

    Settings that were given win over those of the mapping, and these over the suite's defaults. The
    export that is returned has no tables any more: they are in the folder.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong.
    """
    loaded = load_export(export, mapping, also=also)
    make_settings(loaded.settings, where="the mapping's settings")
    folder.mkdir(parents=True)
    write_tables(loaded, folder / TABLES)
    study = derive_into(folder, loaded, make_settings({**loaded.settings, **settings}))
    own = load_study(folder)  # so that what it reads is let go
    list_overdue(own).to_csv(folder / OVERDUE, index=False)
    write_file(folder / "README.md", README)
    _give_back()
    return loaded, study


def _give_back() -> None:
    """Give the system memory that is no longer used: of a large export glibc keeps most of it."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def write_tables(export: Export, folder: Path) -> None:
    """Write the checked tables of an export as Parquet, and what else datasets are derived from."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in export.tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
    # The type of every date column: Parquet knows no seconds, and gives milliseconds.
    dates = {
        name: frame.select_dtypes("datetime").dtypes.astype(str).to_dict()
        for name, frame in export.tables.items()
    }
    about = {
        "name": export.name,
        "synthetic": export.synthetic,
        "source": export.source,
        "tables": dates,
        "intake": [asdict(account) for account in export.intake],
        "conditions": export.conditions.labels,
        "settings": export.settings,
        "scales": export.scales,
        "files": name_files(export.files),
    }
    write_file(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False) + "\n")


def name_files(files: Mapping[Path, str]) -> dict[str, str]:
    """Return files by name; where two have one name, by as many folders as separate them."""
    paths = list(files)
    deepest = max((len(path.parts) for path in paths), default=1)
    for depth in range(1, deepest + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, files.values(), strict=True)) if paths else {}


def load_tables(folder: Path) -> Export:
    """Return the export that a run kept in its ``data/tables``.

    Raises
    ------
    InputError
        There are no tables of a run, or a file of them is damaged.
    """
    try:
        about = json.loads(read_plain(folder / ABOUT))
        tables = {
            name: pd.read_parquet(folder / f"{name}.parquet").astype(dates)
            for name, dates in about["tables"].items()
        }
        accounts = [Intake.from_json(item) for item in about["intake"]]
        return Export(
            name=about["name"],
            synthetic=about["synthetic"],
            source=about["source"],
            tables=tables,
            intake=tuple(accounts),
            conditions=load_conditions().extended(about["conditions"]),
            settings=about["settings"],
            scales={name: (low, high) for name, (low, high) in about["scales"].items()},
            files={Path(name): digest for name, digest in about["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder} does not hold the tables of a run ({error}). A run keeps them under data/, "
            "unless somebody removed them before handing it on."
        ) from None
