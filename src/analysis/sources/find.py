"""Find the files of an export: those a mapping names, and those named after the tables."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from analysis.contract.tables import TABLES
from analysis.errors import InputError, MappingError
from analysis.sources.cells import EXCEL_ENDINGS, PARQUET_ENDINGS, sheet_names
from analysis.sources.files import check_is_file
from analysis.sources.mapping import Mapping, TableRule

FILE_ENDINGS = (".csv", ".tsv", ".txt", ".xls", *EXCEL_ENDINGS, *PARQUET_ENDINGS)

NEARLY = 0.85
"""How alike a file's name must be to a table's to be taken for a slip ("infusion.csv")."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file that is read into one table, by one rule of the mapping."""

    table: str
    rule: TableRule
    path: Path
    shown: str


def find_sources(path: Path, mapping: Mapping) -> list[Source]:
    """Pair every table rule with its files; tables without rules with the files of their name.

    Raises
    ------
    InputError
        Nothing in the export is named after a table, two files could be one, or a file's name is
        nearly a table's.
    MappingError
        A file or pattern of the mapping fits nothing.
    """
    folder = path if path.is_dir() else path.parent
    found: list[tuple[str, TableRule, Path]] = []
    for name, rules in mapping.tables.items():
        for rule in rules:
            found += [(name, own, file) for own, file in _files_of(rule, name, path, folder)]
    for name in TABLES:
        if name not in mapping.tables:
            found += [(name, rule, file) for rule, file in _files_named(name, path)]
    if not found:
        what = "folder" if path.is_dir() else "file"
        raise InputError(
            f"{path}: nothing in this {what} is named after a table ({', '.join(TABLES)}). Rename "
            "the files, or describe them in a mapping file and give it with --mapping "
            "(docs/mapping.md)."
        )
    if path.is_dir():
        _refuse_near_names(path, {file.resolve() for _, _, file in found}, {n for n, _, _ in found})
    return [
        Source(table=name, rule=rule, path=file, shown=_shown(file, folder))
        for table in TABLES
        for name, rule, file in found
        if name == table
    ]


def _shown(file: Path, folder: Path) -> str:
    """Return how errors and accounts name a file: from the export's folder on."""
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _files_of(rule: TableRule, name: str, path: Path, folder: Path) -> list[tuple[TableRule, Path]]:
    if rule.file is not None:
        files = [file for told in rule.file for file in _files_fitting(told, name, folder)]
        again = next((file for file in files if files.count(file) > 1), None)
        if again is not None:
            raise MappingError(f"{name}: `file` names {again.name} twice; its rows would be too.")
        return [(rule, file) for file in files]
    if path.is_file():
        return [(_with_sheet(rule, name, path), path)]
    named = _files_named(name, path)
    if not named:
        raise MappingError(f"{name}: the mapping names no `file`, and none is called {name}.")
    return [(rule, file) for _, file in named]


def _files_fitting(told: str, name: str, folder: Path) -> list[Path]:
    """Return the file of that name, or all that fit a pattern such as ``site_*/scores.csv``."""
    named = folder / told
    if named.exists() or not any(char in told for char in "*?["):
        return [named]
    try:
        files = sorted(file for file in folder.glob(told) if file.is_file())
    except (NotImplementedError, ValueError):
        raise MappingError(
            f"{name}: the pattern '{told}' must start from the export's folder, as '*.csv' does."
        ) from None
    if not files:
        raise MappingError(f"{name}: no file in {folder} fits '{told}'.")
    return files


def _with_sheet(rule: TableRule, name: str, path: Path) -> TableRule:
    """Choose the sheet named after the table where the rule names none."""
    if rule.sheet is None and _is_workbook(path) and name in _sheets(path):
        return rule.model_copy(update={"sheet": name})
    return rule


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in EXCEL_ENDINGS


def _sheets(path: Path) -> list[str]:
    check_is_file(path)
    return sheet_names(path, path.name)


def _files_named(name: str, path: Path) -> list[tuple[TableRule, Path]]:
    """Return the file or sheet named after a table, in capitals or not."""
    if path.is_file():
        if _is_workbook(path):
            return [(TableRule(sheet=name), path)] if name in _sheets(path) else []
        return [(TableRule(), path)] if path.stem.lower() == name else []
    files = [file for file in _tabular(path) if file.stem.lower() == name]
    if len(files) > 1:
        raise InputError(
            f"{path}: both {files[0].name} and {files[1].name} could be {name}; keep one, or name "
            "it in a mapping."
        )
    return [(TableRule(), file) for file in files]


def _tabular(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in FILE_ENDINGS)


def _refuse_near_names(folder: Path, read: set[Path], tables: set[str]) -> None:
    """A file called infusion.csv would be passed over, and every patient counted as untreated."""
    for file in _tabular(folder):
        if file.resolve() in read:
            continue
        for name in set(TABLES) - tables:
            if SequenceMatcher(None, file.stem.lower(), name).ratio() >= NEARLY:
                raise InputError(
                    f"{file.name} is not read, but its name is nearly {name}. Rename it to "
                    f"{name}{file.suffix}, or name it under `tables` in a mapping; move it away if "
                    "it does not belong to the export."
                )
