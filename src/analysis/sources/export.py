"""Load an export: find files, apply the mapping, check the contract, account for every record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.contract.codes import Conditions, load_conditions
from analysis.contract.problems import Problem, refuse
from analysis.contract.rules import DEFAULT_SCALE, check_tables
from analysis.contract.tables import SCALES, TABLES
from analysis.errors import ContractError, InputError, MappingError
from analysis.files import sha256_of
from analysis.sources.ages import group_ages
from analysis.sources.build import build_table
from analysis.sources.files import FileFormat, RawTable, load_raw_table
from analysis.sources.find import Source, find_sources
from analysis.sources.identifiers import find_identifying
from analysis.sources.intake import Intake
from analysis.sources.mapping import MISSING_WORDS, Format, Mapping, TableRule, load_mapping
from analysis.sources.pseudonyms import load_key

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
    source : str
        Where the data were published, if the mapping says so.
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
    check_exists(path)
    own = path / OWN_MAPPING
    told = mapping_path or (own if path.is_dir() and own.exists() else None)
    mapping = load_mapping(told) if told else Mapping()
    conditions = load_conditions().extended(mapping.conditions)
    scales = {**SCALES, **mapping.scales}
    try:
        key_file, key = _key_of(told, mapping)
        read = _read_all(find_sources(path, mapping), mapping, conditions, key)
    except MappingError as error:
        raise MappingError(f"{told.name}: {error}" if told else str(error)) from None
    refuse(read.problems)
    _refuse_empty(read)
    checked = check_tables(
        read.tables(), conditions=conditions, scales=scales, exclude=mapping.exclude
    )
    refuse(checked.problems)
    export = Export(
        name=mapping.name or path.resolve().name,
        synthetic=mapping.synthetic,
        source=mapping.source or "",
        tables=group_ages(_on_one_scale(checked.tables, scales)),
        intake=_with_excluded(read.intake, checked.excluded),
        conditions=conditions,
        settings=dict(mapping.settings),
        files={each: sha256_of(each) for each in (told, key_file) if each} | read.files,
    )
    _check_reconciled(export)
    return export


def check_exists(path: Path) -> None:
    """Raise InputError unless there is something at the export's path."""
    try:
        there = path.exists()
    except OSError as error:
        raise InputError(f"{str(path)[:200]} cannot be read: {error.strerror}.") from None
    if not there:
        raise InputError(
            f"there is no export at {path}. Give a folder with patients and pain_scores, or a file."
        )


@dataclass
class _Read:
    """What reading the files gave: parts of tables, accounts, problems and checksums."""

    parts: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    intake: list[Intake] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: dict[Path, str] = field(default_factory=dict)
    _raw: dict[tuple[Path, FileFormat], RawTable] = field(default_factory=dict)

    def raw(self, source: Source, form: FileFormat) -> RawTable:
        """Return a file's records; a file that several rules read is read once."""
        if (source.path, form) not in self._raw:
            self._raw[source.path, form] = load_raw_table(source.path, form, name=source.shown)
            self.files[source.path] = sha256_of(source.path)
        return self._raw[source.path, form]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the export, its sources one under the other."""
        return {
            name: pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
            for name, frames in self.parts.items()
        }


def _read_all(sources: list[Source], mapping: Mapping, conditions: Conditions, key: bytes) -> _Read:
    read = _Read()
    readers = _readers(sources, mapping)
    for number, source in enumerate(sources):
        style = _style(source.rule, mapping.format)
        form = _file_format(style)
        raw = read.raw(source, form)
        if together := readers.pop((source.path, form), None):
            read.problems += find_identifying(
                raw,
                readers=together,
                missing=frozenset(style.missing or MISSING_WORDS) | {""},
            )
        frame, account, wrong = build_table(
            TABLES[source.table],
            source.rule,
            raw,
            style=style,
            conditions=conditions.labels,
            scales=(*SCALES, *mapping.scales),
            exclude=mapping.exclude,
            key=key,
        )
        read.parts.setdefault(source.table, []).append(frame.assign(source_no=number))
        read.intake.append(account)
        read.problems += wrong
    return read


def _key_of(told: Path | None, mapping: Mapping) -> tuple[Path | None, bytes]:
    return load_key(told, mapping.hash_key) if told and mapping.hash_key else (None, b"")


def _readers(
    sources: list[Source], mapping: Mapping
) -> dict[tuple[Path, FileFormat], list[Source]]:
    """Return every rule that reads a file: a column is hidden only if none of them shows it."""
    found: dict[tuple[Path, FileFormat], list[Source]] = {}
    for source in sources:
        form = _file_format(_style(source.rule, mapping.format))
        found.setdefault((source.path, form), []).append(source)
    return found


def _refuse_empty(read: _Read) -> None:
    """Refuse a table none of whose records is left, and say where they went."""
    told = []
    for name, frames in read.parts.items():
        if any(len(frame) for frame in frames):
            continue
        accounts = [account for account in read.intake if account.table == name]
        reasons: Counter[str] = Counter()
        for account in accounts:
            reasons.update(account.excluded)
        n = sum(account.n_records * account.per_record for account in accounts)
        gone = "; ".join(f"{why}: {k}" for why, k in reasons.items()) or "only a header"
        optional = "" if TABLES[name].required else f", or leave {name} out if there were none"
        told.append(
            f"{name} ({', '.join(account.file for account in accounts)}): nothing is left of {n} "
            f"records ({gone}). Check the file and the filters{optional}."
        )
    if told:
        raise ContractError("\n".join(told))


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
        scores["scale"] = DEFAULT_SCALE
    scores["scale"] = scores["scale"].fillna(DEFAULT_SCALE)
    start = scores["scale"].map({name: ends[0] for name, ends in scales.items()})
    end = scores["scale"].map({name: ends[1] for name, ends in scales.items()})
    scores["score"] = (scores["score"] - start) * 10.0 / (end - start)
    if "recall" not in scores:
        scores["recall"] = "not_stated"
    scores["recall"] = scores["recall"].fillna("not_stated")
    tables = {**tables, "pain_scores": scores}
    return {name: frame.drop(columns="source_no") for name, frame in tables.items()}


def _with_excluded(intake: list[Intake], excluded: dict[int, Counter[str]]) -> tuple[Intake, ...]:
    """Book rows the rules put aside with the source they came from."""
    booked: list[Intake] = []
    for number, account in enumerate(intake):
        more = excluded.get(number, Counter())
        reasons = dict(Counter(account.excluded) + more)
        n_used = account.n_used - sum(more.values())
        booked.append(replace(account, n_used=n_used, excluded=reasons))
    return tuple(booked)


def _check_reconciled(export: Export) -> None:
    for account in export.intake:
        if not account.reconciles:
            raise InputError(
                f"{account.file}: {account.n_lines} lines, {account.n_records} records and "
                f"{account.n_used} used with {account.excluded} excluded do not add up. This is a "
                "fault of the reader; please report it with the file's first lines."
            )
