"""The tables of an export as a run keeps them, and the datasets of one condition alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.contract.codes import load_conditions
from analysis.errors import InputError
from analysis.sources.export import Export
from analysis.sources.intake import Intake

if TYPE_CHECKING:
    from analysis.derive.datasets import Datasets

ABOUT = "export.json"
BY_PATIENT = ("ratings", "visits", "change", "series")
FRAMES = ("subjects", "relief", *BY_PATIENT)
SOURCE_COLUMNS = ["source_file", "source_line"]
"""Where a row stood in its file: moved by every row before it, and of no use to a notebook."""

README = """# Patient-level data: not to be handed on

These are the tables of the export as this run read them, one row a patient, a rating or an
infusion. They are here so that the run can be computed again and compared with another. The report
does not need them: delete this folder before the report leaves the clinic.
"""


def write_tables(export: Export, folder: Path) -> None:
    """Write the checked tables of an export as Parquet, with what else datasets are derived from.

    Files of the export are told by name, not by path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in export.tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
    about = {
        "name": export.name,
        "synthetic": export.synthetic,
        "source": export.source,
        "tables": {name: _dates(frame) for name, frame in export.tables.items()},
        "intake": [asdict(account) for account in export.intake],
        "conditions": export.conditions.labels,
        "settings": export.settings,
        "files": name_files(export.files),
    }
    text = json.dumps(about, indent=1, ensure_ascii=False)
    (folder / ABOUT).write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(README, encoding="utf-8")


def _dates(frame: pd.DataFrame) -> dict[str, str]:
    """Return the type of every date column: Parquet knows no seconds, and gives milliseconds."""
    return {
        str(name): str(kind) for name, kind in frame.dtypes.items() if str(kind)[:8] == "datetime"
    }


def name_files(files: Mapping[Path, str]) -> dict[str, str]:
    """Return files by name; where two have one name, by as many folders as tell them apart."""
    paths = list(files)
    deepest = max((len(path.parts) for path in paths), default=1)
    for depth in range(1, deepest + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, files.values(), strict=True)) if paths else {}


def load_tables(folder: Path) -> Export:
    """Return the export that a run kept: `derive_datasets` makes the run's datasets from it.

    Parameters
    ----------
    folder : Path
        ``data/`` of a run folder.

    Raises
    ------
    InputError
        The folder holds no tables of a run, or a file of them is damaged.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        tables = {
            name: pd.read_parquet(folder / f"{name}.parquet").astype(dates)
            for name, dates in about["tables"].items()
        }
        accounts = [
            Intake(**{**item, "columns_not_read": tuple(item["columns_not_read"])})
            for item in about["intake"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder} does not hold the tables of a run ({error}). A run keeps them under data/, "
            "unless somebody removed them before handing it on."
        ) from None
    return Export(
        name=about["name"],
        synthetic=about["synthetic"],
        source=about["source"],
        tables=tables,
        intake=tuple(accounts),
        conditions=load_conditions().extended(about["conditions"]),
        settings=about["settings"],
        files={Path(name): digest for name, digest in about["files"].items()},
    )


def only_condition(datasets: Datasets, condition: str) -> Datasets | None:
    """Return the datasets of one condition's patients; None where that could change a result.

    Rows are counted from 0 again and lose their place in the source file, which other patients'
    rows would move. What is told of the whole export stays: its name, the recall analysed and the
    order of visits; the account of the files goes. A frame that is empty for this condition but
    not for the export could be read as "the export has none of it": then the whole must be given.
    """
    people = datasets.subjects.index[datasets.subjects["condition"] == condition]
    own = {
        "subjects": datasets.subjects[datasets.subjects.index.isin(people)],
        "relief": datasets.relief[datasets.relief.index.isin(people)],
    }
    for name in BY_PATIENT:
        frame: pd.DataFrame = getattr(datasets, name)
        kept = frame[frame["patient_id"].isin(people)].drop(columns=SOURCE_COLUMNS, errors="ignore")
        own[name] = kept.reset_index(drop=True)
    if any(own[name].empty and not getattr(datasets, name).empty for name in FRAMES):
        return None
    return replace(datasets, intake=(), **own)
