"""Load an export: find its files, apply the mapping, check the contract, account for every record."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.contract.codes import Conditions, load_conditions
from analysis.contract.problems import Problem, refuse
from analysis.contract.rules import check_tables
from analysis.contract.tables import SCALES, TABLES
from analysis.errors import InputError, MappingError
from analysis.sources.build import build_table
from analysis.sources.files import EXCEL_ENDINGS, FileFormat, load_raw_table, sheet_names
from analysis.sources.intake import Intake
from analysis.sources.mapping import Format, Mapping, TableRule, load_mapping

FILE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")
OWN_MAPPING = "mapping.yaml"


@dataclass(frozen=True, kw_only=True)
class Export:
    """An export as the tables of the contract, with its account.

    Parameters
    ----------
    name : str
        What the export calls itself, for the head of the report.
    synthetic : bool
        Whether the patients are made up; every page then says so.
    tables : dict of DataFrame
        patients, pain_scores and, where there are any, infusions. Scores are on 0 to 10.
    intake : tuple of Intake
        What became of every line of every file.
    conditions : Conditions
        Condition codes in force, those of the mapping included.
    settings : dict
        Analysis settings the mapping fixes for this export.
    files : dict of Path to str
        Every file read with its SHA-256.
    """

    name: str
    synthetic: bool
    source: str
    tables: dict[str, pd.DataFrame]
    intake: tuple[Intake, ...]
    conditions: Conditions
    settings: dict[str, Any]
    files: dict[Path, str]


def load_export(path: Path, mapping_path: Path | None = None) -> Export:
    """Load an export folder, workbook or file, through a mapping where one is given.

    Parameters
    ----------
    path : Path
        A folder of files named after the tables (patients.csv, pain_scores.csv, infusions.csv),
        a workbook with sheets of those names, or anything a mapping describes.
    mapping_path : Path, optional
        Mapping file; when absent, ``mapping.yaml`` in the folder, else the contract's own names.

    Returns
    -------
    Export

    Raises
    ------
    InputError
        What cannot be read, with file and line.
    MappingError
        A wrong mapping, with its line.
    ContractError
        What breaks the contract, with table, column, rule, number of rows and first lines.
    """
    if not path.exists():
        raise InputError(
            f"there is no export at {path}. Give a folder with patients and pain_scores, or a file."
        )
    own = path / OWN_MAPPING
    told = mapping_path or (own if path.is_dir() and own.is_file() else None)
    mapping = load_mapping(told) if told else Mapping()
    conditions = load_conditions().extended(mapping.conditions)
    rules = _rules_with_files(path, mapping)
    tables, intake, problems, files = _build_all(path, rules, mapping, conditions)
    refuse(problems)
    checked = check_tables(
        tables,
        conditions=conditions,
        scales={**SCALES, **mapping.scales},
        exclude=mapping.exclude,
    )
    refuse(checked.problems)
    if told:
        files = {told: sha256_of(told), **files}
    export = Export(
        name=mapping.name or path.resolve().name,
        synthetic=mapping.synthetic,
        source=mapping.source or "",
        tables=_on_one_scale(checked.tables, {**SCALES, **mapping.scales}),
        intake=tuple(_add_excluded(intake, checked.excluded)),
        conditions=conditions,
        settings=dict(mapping.settings),
        files=files,
    )
    _check_reconciled(export)
    return export


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rules_with_files(path: Path, mapping: Mapping) -> list[tuple[str, TableRule, Path]]:
    """Pair every table rule with its file; without rules, files named after the tables."""
    found: list[tuple[str, TableRule, Path]] = []
    folder = path if path.is_dir() else path.parent
    for name, rules in mapping.tables.items():
        for rule in rules:
            files = _files_of(rule, name, path, folder)
            found += [(name, rule, file) for file in files]
    named = {name for name, _, _ in found}
    for name in TABLES:
        if name not in named:
            found += [(name, rule, file) for rule, file in _file_of_table(name, path, mapping)]
    if not found:
        what = "folder" if path.is_dir() else "file"
        raise InputError(
            f"{path}: nothing in this {what} is named after a table ({', '.join(TABLES)}). Rename "
            "the files, or describe them in a mapping file and give it with --mapping "
            "(docs/mapping.md)."
        )
    return found


def _files_of(rule: TableRule, name: str, path: Path, folder: Path) -> list[Path]:
    if rule.file is None:
        if path.is_file():
            return [path]
        files = [file for _, file in _file_of_table(name, path, Mapping())]
        if not files:
            raise MappingError(f"{name}: the mapping names no `file`, and none is called {name}.")
        return files
    if any(char in rule.file for char in "*?["):
        files = sorted(folder.glob(rule.file))
        if not files:
            raise MappingError(f"{name}: no file in {folder} fits '{rule.file}'.")
        return files
    return [folder / rule.file]


def _file_of_table(name: str, path: Path, mapping: Mapping) -> list[tuple[TableRule, Path]]:
    if path.is_file():
        if path.suffix.lower() in EXCEL_ENDINGS and not mapping.tables:
            return [(TableRule(sheet=name), path)] if name in sheet_names(path) else []
        return [(TableRule(), path)] if path.stem == name else []
    files = [
        path / f"{name}{ending}" for ending in FILE_ENDINGS if (path / f"{name}{ending}").exists()
    ]
    if len(files) > 1:
        raise InputError(
            f"{path}: both {files[0].name} and {files[1].name} could be {name}; keep one, or name "
            "it in a mapping."
        )
    return [(TableRule(), file) for file in files]


def _build_all(
    path: Path, rules: list[tuple[str, TableRule, Path]], mapping: Mapping, conditions: Conditions
) -> tuple[dict[str, pd.DataFrame], list[Intake], list[Problem], dict[Path, str]]:
    parts: dict[str, list[pd.DataFrame]] = {}
    intake: list[Intake] = []
    problems: list[Problem] = []
    files: dict[Path, str] = {}
    for name, rule, file in rules:
        style = _style(rule, mapping.format)
        raw = load_raw_table(file, _file_format(style))
        files[file] = sha256_of(file)
        frame, account, wrong = build_table(
            TABLES[name],
            rule,
            raw,
            style=style,
            conditions=conditions.labels,
            scales=(*SCALES, *mapping.scales),
            exclude=mapping.exclude,
        )
        parts.setdefault(name, []).append(frame)
        intake.append(account)
        problems += wrong
    tables = {
        name: pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        for name, frames in parts.items()
    }
    return tables, intake, problems, files


def _style(rule: TableRule, shared: Format) -> Format:
    """Return the formats in force: the table's own where given, else those for all files."""
    own = {name: getattr(rule, name) for name in Format.model_fields}
    return shared.model_copy(update={k: v for k, v in own.items() if v is not None})


def _file_format(style: Format) -> FileFormat:
    return FileFormat(
        encoding=style.encoding or "auto",
        separator=style.separator or "auto",
        sheet=style.sheet,
        skip_lines=style.skip_lines or 0,
        quoted_line_breaks=bool(style.quoted_line_breaks),
    )


def _on_one_scale(
    tables: dict[str, pd.DataFrame], scales: dict[str, tuple[float, float]]
) -> dict[str, pd.DataFrame]:
    """Bring every score to 0 (no pain) to 10; the name of its own scale stays beside it."""
    scores = tables["pain_scores"].copy()
    if "scale" not in scores:
        scores["scale"] = "nrs_0_10"
    scores["scale"] = scores["scale"].fillna("nrs_0_10")
    start = scores["scale"].map({name: ends[0] for name, ends in scales.items()})
    end = scores["scale"].map({name: ends[1] for name, ends in scales.items()})
    scores["score"] = (scores["score"] - start) * 10.0 / (end - start)
    if "recall" not in scores:
        scores["recall"] = "not_stated"
    scores["recall"] = scores["recall"].fillna("not_stated")
    return {**tables, "pain_scores": scores}


def _add_excluded(
    intake: list[Intake], excluded: dict[tuple[str, str], Counter[str]]
) -> list[Intake]:
    """Book rows the rules put aside with the file they came from."""
    booked: list[Intake] = []
    for account in intake:
        more = excluded.pop((account.table, account.file), Counter())
        booked.append(
            replace(
                account,
                n_used=account.n_used - sum(more.values()),
                excluded={**account.excluded, **more},
            )
        )
    return booked


def _check_reconciled(export: Export) -> None:
    for account in export.intake:
        if not account.reconciles:
            raise InputError(
                f"{account.file}: {account.n_lines} lines, {account.n_records} records and "
                f"{account.n_used} used with {account.excluded} excluded do not add up. This is a "
                "fault of the reader; please report it with the file's first lines."
            )
