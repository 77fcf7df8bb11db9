"""Load an export: find files, apply the mapping, check the contract, account for every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from difflib import SequenceMatcher
from functools import partial
from itertools import takewhile
from math import inf
from os import SEEK_END, sep
from os.path import realpath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import ContractError, InputError, MappingError, suggest
from analysis.files import open_plain, sha256_of
from analysis.intake.build import OFFSET, Intake, build_table, stack
from analysis.intake.codes import drug_of, effect_of, instrument_of
from analysis.intake.fhir import NDJSON
from analysis.intake.identifiers import (
    find_identifying,
    identifying_values,
    load_key,
    refuse_identifying_files,
    refuse_identifying_texts,
)
from analysis.intake.mapping import Format, Mapping, TableRule, load_mapping, refuse_outside
from analysis.intake.profile import ENDINGS, is_header_like, list_columns, profile_export
from analysis.intake.read import (
    EXCEL_ENDINGS,
    PACKED,
    TYPED_ENDINGS,
    FileFormat,
    RawTable,
    check_is_file,
    load_raw_table,
    sheet_names,
)
from analysis.intake.recognize import unread_like
from analysis.intake.rules import EXAMPLES, Problem, check_tables, refuse
from analysis.intake.second_files import account_of_map, load_map, with_diagnoses, with_vitals
from analysis.intake.tables import (
    DEFAULT_SCALE,
    SCALES,
    TABLES,
    TIMES,
    Conditions,
    Ends,
    load_conditions,
)
from analysis.intake.text import shape

OWN_MAPPING = "mapping.yaml"
FILE_ENDINGS = (".xls", *ENDINGS)

NEARLY = 0.85
"""How alike a file's name must be to a table's to be taken for a slip ("infusion.csv")."""

OLDEST_AGE_YEARS = 90
"""Stands for 90 and more: so few patients are that old that the age alone can name one (HIPAA
Safe Harbor, 45 CFR 164.514(b)(2)(i)(C))."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """An export as the tables of the contract, with its account.

    ``tables`` are those of the contract that there are; pain scores are on 0 to 10, or from no pain
    up where their scale has no known end (``scales``: the ends of those in use). ``intake`` says
    what became of every line of every file. ``source`` is where the data were published,
    ``conditions`` includes those of the mapping, ``settings`` are the analysis settings the mapping
    fixes, ``files`` every file read with its SHA-256; ``not_read`` are the other files of the
    folder.
    """

    name: str
    synthetic: bool
    source: str
    tables: dict[str, pd.DataFrame]
    intake: tuple[Intake, ...]
    conditions: Conditions
    settings: dict[str, Any]
    files: dict[Path, str]
    scales: dict[str, Ends] = field(default_factory=SCALES.copy)
    not_read: tuple[str, ...] = ()


def load_export(
    path: str | Path,
    mapping: str | Path | None = None,
    *,
    also: Iterable[Path] = (),
    categorical: bool = False,
) -> Export:
    """Load an export folder, workbook or file, through a mapping where one is given.

    Parameters
    ----------
    path : str or Path
        A folder of files named after the tables (patients.csv, pain_scores.csv, infusions.csv),
        a workbook with sheets of those names, or anything a mapping describes.
    mapping : str or Path, optional
        Mapping file; when absent, ``mapping.yaml`` in the folder, else the contract's own names.
    also : iterable of Path
        Files and folders outside the export that its mapping and links may lead to; by default
        none, and only a key may lie beside the mapping.
    categorical : bool
        Leave columns of texts categorical: a tenth of the memory, for exports of many millions.

    Raises
    ------
    InputError
        What cannot be read, with file and line.
    MappingError
        A wrong mapping, with its line.
    ContractError
        What breaks the contract, with table, column, rule, number of rows and first lines.
    """
    path = Path(path)
    check_exists(path)
    own = path / OWN_MAPPING
    also = (path, *also) if path.is_dir() else (path.parent, path, *also)
    file = Path(mapping) if mapping else (own if path.is_dir() and own.exists() else None)
    if file == own:
        refuse_outside(own, also, what=f"{OWN_MAPPING} is a link")
    rules = load_mapping(file) if file else Mapping()
    conditions = load_conditions().extended(rules.conditions)
    scales = rules.all_scales
    checksums: dict[Path, str] = {file: sha256_of(file)} if file else {}
    try:
        refuse_identifying_texts(rules)
        key = b""
        if file and rules.hash_key:
            key_file, key = load_key(file, rules.hash_key, also)
            checksums[key_file] = sha256_of(key_file)
        sources = find_sources(path, rules, also)
        refuse_identifying_files(source.shown for source in sources)
        parts, intake, problems, raws = _read_all(sources, rules, key, also)
    except MappingError as error:
        raise MappingError(f"{file.name}: {error}" if file else str(error)) from None
    hint = partial(_with_hint, files=raws.values())
    refuse(list(map(hint, problems)))
    _refuse_empty(parts, intake)
    tables = {name: stack(frames) for name, frames in parts.items()}
    checked = check_tables(tables, conditions=conditions, scales=scales, exclude=rules.exclude)
    refuse([_with_lookalikes(hint(problem), intake, path) for problem in checked.problems])
    checked.tables, note, problems = on_one_clock(checked.tables)
    refuse(problems)
    of_scores = find_in_scores(checked.tables["pain_scores"], scales)
    for name, found in {"pain_scores": of_scores, **find_in_records(checked.tables)}.items():
        at = next(at for at, account in enumerate(intake) if account.table == name)
        notes = (*intake[at].notes, *(note if name == "pain_scores" else ()))
        findings = (*intake[at].findings, *found)
        intake[at] = replace(intake[at], notes=notes, findings=findings)
    for number, more in checked.excluded.items():
        account = intake[number]
        intake[number] = replace(
            account,
            n_used=account.n_used - sum(more.values()),
            excluded=dict(Counter(account.excluded) + more),
        )
    for account in intake:
        if not account.reconciles:
            raise InputError(
                f"{account.file}: {account.n_lines} lines, {account.n_records} records and "
                f"{account.n_used} used with {account.excluded} excluded do not add up. This is a "
                "fault of the reader; please report it with the file's first lines."
            )
    tables = group_ages(_on_one_scale(checked.tables, scales))
    used = tables["pain_scores"]["scale"].unique()
    return Export(
        name=rules.name or path.resolve().name,
        synthetic=rules.synthetic,
        source=rules.source or "",
        scales={name: scales[name] for name in used},
        tables=tables if categorical else {name: as_text(own) for name, own in tables.items()},
        intake=tuple(intake),
        conditions=conditions,
        settings=dict(rules.settings),
        files=checksums | {path: sha256_of(path) for path, _ in raws},
        not_read=(
            *(_not_read(path, {*checksums, *(f for f, _ in raws)}) if path.is_dir() else ()),
            *_sheets_not_read(raws),
        ),
    )


def _not_read(folder: Path, read: Collection[Path]) -> tuple[str, ...]:
    known = {realpath(file) for file in read}
    names = []
    for path in sorted(folder.iterdir()):
        own = realpath(path)
        inside = path.is_dir() and any(file.startswith(own + sep) for file in known)
        if not (own in known or inside or path.name.startswith(".") or path.name == OWN_MAPPING):
            named = identifying_values([path.stem]) is not None
            names.append("(a name of a person)" if named else path.name + "/" * path.is_dir())
    return tuple(names)


def _sheets_not_read(read: Iterable[tuple[Path, FileFormat]]) -> Iterator[str]:
    """Yield the other sheets of workbooks of which some were read by their name."""
    used: dict[Path, set[str | int | None]] = {}
    for path, form in read:
        if path.suffix.lower() in EXCEL_ENDINGS:
            used.setdefault(path, set()).add(form.sheet)
    for path, own in used.items():
        for at, title in enumerate(sheet_names(path, path.name) if None not in own else [], 1):
            if own.isdisjoint({at, title}):
                named = identifying_values([title]) is not None
                yield f"{path.name}: sheet {'(a name of a person)' if named else repr(title)}"


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its categorical columns as text."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("category"), "str"))


def check_exists(path: Path) -> None:
    """Raise InputError unless there is a folder or a plain file at the export's path."""
    try:
        if not path.is_dir():
            open_plain(path).close()
    except FileNotFoundError:
        raise InputError(
            f"there is no export at {path}. Give a folder with patients and pain_scores, or a file."
        ) from None
    except OSError as error:
        raise InputError(f"{str(path)[:200]} cannot be read: {error.strerror}.") from None


# Files


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file that is read into one table, by one rule of the mapping."""

    table: str
    rule: TableRule
    path: Path
    shown: str


def find_sources(path: Path, mapping: Mapping, also: Iterable[Path]) -> list[Source]:
    """Pair every table rule with its files; tables without rules with the files of their name.

    InputError when nothing is named after a table, two files could be one, or a file's name is
    nearly a table's; MappingError when a file or pattern of the mapping fits nothing, or leads
    anywhere but into ``also``.
    """
    folder = path if path.is_dir() else path.parent
    found: dict[str, list[tuple[TableRule, Path]]] = {}
    for name in TABLES:
        rules = mapping.tables.get(name)
        if rules is None:
            found[name] = _files_named(name, path)
        else:
            found[name] = [
                pair for rule in rules for pair in _files_of(rule, name, path, folder, also)
            ]
    if not any(found.values()):
        what = "folder" if path.is_dir() else "file"
        raise InputError(
            f"{path}: nothing in this {what} is named after a table ({', '.join(TABLES)}). "
            f"It has the columns\n{list_columns(profile_export(path))}\n"
            f"`reliefcheck map {path}` drafts a mapping for it; give that with --mapping. Or "
            "rename the files (docs/mapping.md)."
        )
    if path.is_dir():
        _refuse_near_names(path, found)
    for name, pairs in found.items():
        for _, file in pairs:
            refuse_outside(file, also, what=f"{name}: {file.name} is a link")
    return [
        # Errors and accounts name a file from the export's folder on.
        Source(
            table=name,
            rule=rule,
            path=file,
            shown=file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name,
        )
        for name, pairs in found.items()
        for rule, file in pairs
    ]


def _with_lookalikes(problem: Problem, intake: list[Intake], path: Path) -> Problem:
    """Name the unread columns that look like one that is missing, before it is called absent."""
    if problem.code != "missing_column":
        return problem
    missing = [name for name in TABLES[problem.table].names if name in problem.expected.split()]
    like = [
        f"'{found[0]}' looks like it: write `{name}: {found[0]}` under `tables: "
        f"{{{problem.table}: {{columns: ...}}}}` in a mapping"
        for name in missing
        if (found := unread_like(intake, problem.table, name))
    ]
    hint = "; or ".join(like) or problem.remedy.rstrip(".")
    remedy = f"{hint}. `reliefcheck map {path}` drafts a mapping."
    return replace(problem, remedy=remedy)


def _files_of(
    rule: TableRule, name: str, path: Path, folder: Path, also: Iterable[Path]
) -> list[tuple[TableRule, Path]]:
    if rule.file is not None:
        for pattern in rule.file:
            fixed = takewhile(lambda part: not set("*?[") & set(part), Path(pattern).parts)
            refuse_outside(folder.joinpath(*fixed), also, what=f"{name}: `file` names {pattern}")
        files = [file for pattern in rule.file for file in _files_fitting(pattern, name, folder)]
        again = next((file for file in files if files.count(file) > 1), None)
        if again is not None:
            raise MappingError(f"{name}: `file` names {again.name} twice; its rows would be too.")
        return [(rule, file) for file in files]
    if path.is_file():
        if rule.sheet is None and name in _sheets(path):
            rule = rule.model_copy(update={"sheet": name})
        return [(rule, path)]
    named = _files_named(name, path)
    if not named:
        raise MappingError(f"{name}: the mapping names no `file`, and none is called {name}.")
    return [(rule, file) for _, file in named]


def _files_fitting(pattern: str, name: str, folder: Path) -> list[Path]:
    """Return the file of that name, or all that fit a pattern such as ``site_*/scores.csv``."""
    named = folder / pattern
    if named.exists() or not any(char in pattern for char in "*?["):
        return [named]
    try:
        files = sorted(file for file in folder.glob(pattern) if file.is_file())
    except (NotImplementedError, ValueError):
        raise MappingError(
            f"{name}: the pattern '{pattern}' must start from the export's folder, as '*.csv' does."
        ) from None
    if not files:
        raise MappingError(f"{name}: no file in {folder} fits '{pattern}'.")
    return files


def _sheets(path: Path) -> list[str]:
    if path.suffix.lower() not in EXCEL_ENDINGS:
        return []
    check_is_file(path)
    return sheet_names(path, path.name)


def _files_named(name: str, path: Path) -> list[tuple[TableRule, Path]]:
    """Return the file or sheet named after a table, in capitals or not."""
    if path.is_file():
        if path.suffix.lower() in EXCEL_ENDINGS:
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


def _refuse_near_names(folder: Path, found: dict[str, list[tuple[TableRule, Path]]]) -> None:
    """A file called infusion.csv would be passed over, and every patient counted as untreated."""
    read = {realpath(file) for pairs in found.values() for _, file in pairs}
    for file in (file for file in _tabular(folder) if realpath(file) not in read):
        for name in (name for name, pairs in found.items() if not pairs):
            if SequenceMatcher(None, file.stem.lower(), name).ratio() >= NEARLY:
                raise InputError(
                    f"{file.name} is not read, but its name is nearly {name}. Rename it to "
                    f"{name}{file.suffix}, or name it under `tables` in a mapping; move it away if "
                    "it does not belong to the export."
                )


# Reading


Raws = dict[tuple[Path, FileFormat], RawTable]


def _read_all(
    sources: list[Source], mapping: Mapping, key: bytes, also: Iterable[Path]
) -> tuple[dict[str, list[pd.DataFrame]], list[Intake], list[Problem], Raws]:
    parts: dict[str, list[pd.DataFrame]] = {}
    intake: list[Intake] = []
    second: list[Intake] = []
    problems: list[Problem] = []
    raws: Raws = {}
    identifying: set[tuple[Path, FileFormat]] = set()
    styles = [_style(source.rule, mapping.format) for source in sources]
    places = [(s.path, _file_format(style)) for s, style in zip(sources, styles, strict=True)]
    conditions = load_conditions().extended(mapping.conditions)

    def read(
        place: tuple[Path, FileFormat], name: str, readers: Iterable[Source], style: Format
    ) -> RawTable | None:
        """Return a file, which is read once; None where it holds identifiers."""
        if place not in raws:
            raws[place] = load_raw_table(*place, name=name)
            rules = [(source.table, source.rule) for source in readers]
            found = find_identifying(raws[place], readers=rules, missing=style.missing_texts)
            identifying.update({place} if found else ())
            problems.extend(found)
        return None if place in identifying else raws[place]

    def second_file(file: str, form: Format, source: Source) -> RawTable | None:
        """Return another file that a rule reads."""
        own = _style(form, mapping.format)
        place = source.path.parent / file, _file_format(own)
        refuse_outside(place[0], also, what=f"{source.table}: `file` names {file}")
        return read(place, file, [source], own)

    def own_map(file: str | None, source: Source, columns: int = 2) -> dict[str, tuple[str, ...]]:
        """Return a clinic's own map of codes, empty where the rule names none."""
        if file is None or (raw := second_file(file, Format(), source)) is None:
            return {}
        if all(account.file != file for account in second):
            second.append(account_of_map(raw, source.table))
        return load_map(raw, columns=columns)

    for number, (source, style, place) in enumerate(zip(sources, styles, places, strict=True)):
        # A column is hidden only if none of the rules that read the file shows it.
        readers = [s for s, p in zip(sources, places, strict=True) if p == place]
        raw, rule = read(place, source.shown, readers, style), source.rule
        if raw is None:
            continue  # what else is wrong with it would be said with its values
        if more := rule.more_columns:
            other = second_file(more.file, more, source)
            if other is None:
                continue
            raw, account = _with_columns(raw, other, source)
            second.append(account)
        if either := rule.diagnoses or rule.vitals:
            folder = source.path.parent
            files = [f.relative_to(folder).as_posix() for pattern in either.file
                     for f in _files_fitting(pattern, source.table, folder)]  # fmt: skip
            others = [second_file(file, either, source) for file in files]
            known = [other for other in others if other is not None]
            if len(known) < len(others):
                continue
            own = _style(either, mapping.format)
            if diagnoses := rule.diagnoses:
                codes = own_map(diagnoses.map, source, columns=3)
                raw, accounts = with_diagnoses(
                    raw, known, diagnoses, style=own, conditions=conditions, own_map=codes
                )
                second += accounts
            if vitals := rule.vitals:
                raw, accounts = with_vitals(raw, known, vitals, style=own)
                second += accounts
        columns = dict(rule.columns)
        for name, column in columns.items():
            if column.values_from:
                words = {code: own[0] for code, own in own_map(column.values_from, source).items()}
                given = {**words, **(column.values or {})}
                columns[name] = column.model_copy(update={"values": given})
        rule = rule.model_copy(update={"columns": columns})
        frame, account, wrong = build_table(
            TABLES[source.table],
            rule,
            raw,
            style=style,
            conditions=(*load_conditions().labels, *mapping.conditions),
            scales=mapping.all_scales,
            exclude=mapping.exclude,
            key=key,
        )
        parts.setdefault(source.table, []).append(frame.assign(source_no=np.int32(number)))
        intake.append(replace(account, last_line_open=_last_line_is_open(source.path)))
        problems += wrong
    return parts, intake + second, problems, raws


def _last_line_is_open(path: Path) -> bool:
    """Return whether a text file ends within a line, as one cut while copied does."""
    if path.suffix.lower() in (NDJSON, PACKED, *EXCEL_ENDINGS, *TYPED_ENDINGS):
        return False
    with path.open("rb") as file:
        file.seek(-min(4, path.stat().st_size), SEEK_END)
        # UTF-16 and UTF-32 have zero bytes around a line end.
        return not file.read().strip(b"\0").endswith((b"\n", b"\r"))


def _with_columns(raw: RawTable, more: RawTable, source: Source) -> tuple[RawTable, Intake]:
    """Return a file with the columns of a second one, and the second one's account.

    MappingError where the second file names a record twice, has a column of the first one, or lacks
    the one that the two are joined by.
    """
    rule = source.rule.more_columns
    assert rule is not None
    mine, theirs = next(iter(rule.by.items()))
    for file, name in ((raw, mine), (more, theirs)):
        if name not in file.frame:
            raise MappingError(
                f"{source.table}: {file.name} has no column '{name}' to join by."
                f"{suggest(name, file.frame.columns)}"
            )
    keys = more.frame[theirs].astype(object)
    if len(again := keys[keys.duplicated() & (keys != "")]):
        raise MappingError(
            f"{source.table}: {more.name}, line {more.lines[again.index[0]]}: '{again.iloc[0]}' "
            "stands there twice, so which row belongs to the record is unknown. A second file has "
            "one row a record."
        )
    further = more.frame.drop(columns=theirs).astype(object)
    if both := [name for name in further if name in raw.frame]:
        raise MappingError(
            f"{source.table}: both {raw.name} and {more.name} have the column '{both[0]}'. Rename "
            "it in one of them."
        )
    joined = (
        further.set_axis(keys)[keys.to_numpy() != ""]
        .reindex(raw.frame[mine].astype(object))
        .fillna("")
    )
    used = keys.isin(raw.frame[mine]) & (keys != "")
    unknown = {f"no such record in {raw.name}": int((~used).sum())}
    account = Intake.of(
        more,
        table=source.table,
        per_record=1,
        n_used=int(used.sum()),
        excluded={why: n for why, n in unknown.items() if n},
        notes=(f"its columns are joined to {raw.name} by {theirs}",),
    )
    frame = raw.frame.assign(**{name: pd.Categorical(joined[name]) for name in joined})
    return replace(raw, frame=frame, header=(*raw.header, *further.columns)), account


MOST_FOOTER_LINES = 3
"""As many last lines may be a footer, or first ones part of the header, for a message to ask."""


def _with_hint(problem: Problem, files: Iterable[RawTable]) -> Problem:
    """Return a problem of the first or last lines of a file with what these may be."""
    bad = sorted(set(problem.lines))
    raw = next((file for file in files if file.name == problem.file), None)
    if raw is None or not bad or problem.code not in ("unreadable_value", "missing_id"):
        return problem
    k, n = len(bad), len(raw.lines)
    if k > MOST_FOOTER_LINES or 2 * k >= n:
        return problem
    hint = ""
    if bad == raw.lines[-k:].tolist():
        hint = f" If that is a footer (a total, a mean, a note), say `footer_lines: {k}`."
    elif bad == raw.lines[:k].tolist() and not any(
        _is_record(raw.frame.iloc[at].tolist(), raw.frame.iloc[k].tolist()) for at in range(k)
    ):
        hint = (
            f" If that still belongs to the header, say `skip_after_header: {k}`, or "
            f"`header_lines: {k + 1}` to join the names."
        )
    return replace(problem, remedy=problem.remedy + hint)


def _is_record(row: list[str], other: list[str]) -> bool:
    """Return whether a line holds numbers, dates or ids as another does: it is no second header."""
    if not is_header_like(row):
        return True
    shapes = [(shape(a), shape(b)) for a, b in zip(row, other, strict=True)]
    return any(own == theirs and "9" in own for own, theirs in shapes)


def _style(rule: Format, shared: Format) -> Format:
    own = {name: getattr(rule, name) for name in Format.model_fields}
    return shared.model_copy(update={n: value for n, value in own.items() if value is not None})


def _file_format(style: Format) -> FileFormat:
    given = {own.name: getattr(style, own.name) for own in fields(FileFormat)}
    return FileFormat(**{name: value for name, value in given.items() if value is not None})


def _refuse_empty(parts: dict[str, list[pd.DataFrame]], intake: list[Intake]) -> None:
    """Refuse a table none of whose records is left, and say where they went."""
    sentences = []
    for name in (name for name, frames in parts.items() if not any(map(len, frames))):
        accounts = [account for account in intake if account.table == name]
        reasons = sum((Counter(account.excluded) for account in accounts), Counter())
        n = sum(account.n_records * account.per_record for account in accounts)
        gone = "; ".join(f"{why}: {k}" for why, k in reasons.items()) or "only a header"
        optional = "" if TABLES[name].required else f", or leave {name} out if there were none"
        sentences.append(
            f"{name} ({', '.join(account.file for account in accounts)}): nothing is left of {n} "
            f"records ({gone}). Check the file and the filters{optional}."
        )
    if sentences:
        raise ContractError("\n".join(sentences))


# Values made alike


CLOCKED = (*TIMES, ("adverse_events", "resolved_on"))
"""Table and column of each time that is put on the clinic's clock; the first that has offsets other
than 0 sets it."""


def on_one_clock(
    tables: dict[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], list[str], list[Problem]]:
    """Put times that name their offset from UTC on the clinic's clock; say what was done and wrong.

    The clock is that of the first column of `CLOCKED` with offsets other than 0 (the infusions,
    else the ratings): times of other columns get the offset of the patient's time nearest to them,
    so that the day is the clinic's day and the order is the true one. A date without a time of day
    stays. A problem is that some times have an offset and others none: their order is unknown.
    """
    offsets = [OFFSET.format(column) for _, column in CLOCKED]
    if not any(name in frame for frame in tables.values() for name in offsets):
        return tables, [], []
    frames: dict[tuple[str, str], pd.DataFrame] = {}
    for name, column in CLOCKED:
        if name in tables and column in tables[name]:
            frame = tables[name].rename(columns={column: "at", OFFSET.format(column): "offset"})
            frame["offset"] = frame.get("offset", np.nan)
            frame["patient_id"] = frame["patient_id"].astype("str")
            timed = frame["at"].notna() & (frame["at"] != frame["at"].dt.normalize())
            frames[name, column] = frame[timed | frame["offset"].notna()]
    bare = {place: frame[frame["offset"].isna()] for place, frame in frames.items()}
    own = [place for place, frame in frames.items() if frame["offset"].fillna(0).ne(0).any()]
    tables = {name: frame.drop(columns=offsets, errors="ignore") for name, frame in tables.items()}
    if not any(frame["offset"].notna().any() for frame in frames.values()):
        return tables, [], []
    problems = [
        Problem(
            table=name,
            column=column,
            code="mixed_offsets",
            file=str(file),
            expected="a time with its offset from UTC, as other times of the export have one,",
            remedy="Say under `format` in the mapping which offset these are in (`utc_offset: "
            '"-05:00"`), or, where all times are the clinic\'s own whatever is written behind '
            "them, `utc_offset: as_written`.",
            lines=rows["source_line"].tolist(),
            examples=rows["at"].astype(str).head(EXAMPLES).tolist(),
        )
        for (name, column), frame in bare.items()
        for file, rows in frame.groupby("source_file", sort=False)
    ]
    if problems or not own:
        return tables, [] if problems else ["times are in UTC; so are the days"], problems
    clock = frames[own[0]].assign(utc=lambda f: f["at"] - pd.to_timedelta(f["offset"], unit="min"))
    for place in (place for place in frames if place != own[0]):
        name, column = place
        utc = frames[place]["at"] - pd.to_timedelta(frames[place]["offset"], unit="min")
        theirs = frames[place][["patient_id"]].assign(utc=utc, row=frames[place].index)
        theirs, clock = theirs.sort_values("utc"), clock.sort_values("utc")
        near = clock[["utc", "patient_id", "offset"]]
        found = pd.merge_asof(theirs, near, on="utc", by="patient_id", direction="nearest")
        anyone = pd.merge_asof(theirs, near[["utc", "offset"]], on="utc", direction="nearest")
        offset = found["offset"].fillna(anyone["offset"])
        local = (found["utc"] + pd.to_timedelta(offset, unit="min")).set_axis(found["row"])
        at = tables[name][column].copy()
        at.loc[local.index] = local.astype(at.dtype)
        tables[name] = tables[name].assign(**{column: at})
    note = f"times are on the clock of {'.'.join(own[0])}: all name their offset from UTC"
    return tables, [note], []


CODES = (66, 77, 88, 95, 96, 97, 98, 99)
"""Numbers that questionnaires of two digits use for "refused", "not asked" or "unknown"."""

FEWEST_CODES, CODES_SHARE = 3, 0.02
"""A code is suspected from three ratings on that are more than one in fifty, where scores just
below and above it are rarer: pain is not rated 99 more often than 98 and 100 together."""


def _highest(ends: Ends) -> float:
    none, worst = ends
    return inf if worst is None else max(none, worst)


def find_in_scores(scores: pd.DataFrame, scales: dict[str, Ends]) -> list[str]:
    """Return what somebody should look at: scores that look like codes, ratings without a time."""
    named = _filled(scores, "scale", DEFAULT_SCALE)
    found = []
    for scale in (name for name in named.cat.categories if _highest(scales[name]) >= max(CODES)):
        own = scores.loc[named == scale, "score"]
        counts = own.value_counts()
        for code in CODES:
            n = int(counts.get(code, 0))
            near = int(counts.get(code - 1, 0) + counts.get(code + 1, 0))
            if n >= FEWEST_CODES and n > CODES_SHARE * len(own) and n > near:
                found.append(
                    f"{n} of {len(own)} scores are {code} on {scale}, more than {code - 1} and "
                    f"{code + 1} together: if {code} stands for 'not recorded', list it under "
                    f"`missing` ({n} ratings would then be none)"
                )
    times = [name for name in ("assessed_on", "study_day") if name in scores]
    if n := int(scores[times].isna().all(axis=1).sum()):
        found.append(
            f"{n} ratings have neither date nor study day: the schedule of visits says when they "
            "were, by the visit they are named after"
        )
    return found


def find_in_records(tables: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Return, by table, what the code lists do not have, and what follows from that.

    Names of drugs and instruments are listed; what patients reported is free text, and is counted.
    """
    found: dict[str, list[str]] = {}
    if "adverse_events" in tables:
        events = tables["adverse_events"]
        times = [name for name in ("infused_at", "occurred_on", "study_day") if name in events]
        if n := int(events[times].isna().all(axis=1).sum()):
            found["adverse_events"] = [
                f"{n} rows have neither an infusion nor a date: they count for their patients, and "
                "for no infusion and no day"
            ]
    for table, column, known, file, meaning in (
        ("adverse_events", "term", effect_of, "ae_terms", "shown as written, in no group"),
        ("opioid_use", "drug", drug_of, "opioids", "of unknown strength, and so is the "
         "dose of a day with one, unless `mme_per_day` is given; a misspelled name is mapped "
         "under `values`"),
        ("questionnaires", "instrument", instrument_of, "instruments", "shown as recorded, without "
         "a direction and a minimal change; a row there gives them"),
    ):  # fmt: skip
        if table not in tables or column not in tables[table]:
            continue
        counts = tables[table][column].astype("str").value_counts()
        unknown = counts[[not known(str(name)) for name in counts.index]]
        if len(unknown):
            names = ", ".join(f"{name} ({n})" for name, n in unknown.head(EXAMPLES).items())
            named = "" if column == "term" else f": {names}{', ...' * (len(unknown) > EXAMPLES)}"
            found.setdefault(table, []).append(
                f"{len(unknown)} names of {column}s ({unknown.sum()} rows) are not in "
                f"data/codes/{file}.csv{named}; they are {meaning}"
            )
    return found


def _on_one_scale(
    tables: dict[str, pd.DataFrame], scales: dict[str, Ends]
) -> dict[str, pd.DataFrame]:
    """Bring every score to 0 (no pain) to 10; the name of its own scale is kept.

    On a scale without a known end it is counted from no pain, in the scale's own points.
    """
    scores = tables["pain_scores"].copy()
    for name, default in (("scale", DEFAULT_SCALE), ("recall", "not_stated")):
        scores[name] = _filled(scores, name, default)
    own = [scales[name] for name in scores["scale"].cat.categories]
    start, end = np.array(own, dtype=float).T[:, scores["scale"].cat.codes]
    above = scores["score"] - start
    scores["score"] = (above * 10.0 / (end - start)).where(~np.isnan(end), above)
    tables = {**tables, "pain_scores": scores}
    return {name: frame.drop(columns="source_no") for name, frame in tables.items()}


def _filled(frame: pd.DataFrame, name: str, default: str) -> pd.Series:
    """Return a column of words with a default where there is none, also for the whole column."""
    if name not in frame:
        codes = np.zeros(len(frame), dtype=np.int8)
        return pd.Series(pd.Categorical.from_codes(codes, [default]), index=frame.index)
    column = frame[name].astype("category").cat.remove_unused_categories()
    if not column.isna().any():
        return column
    return column.cat.set_categories(column.cat.categories.union([default], sort=False)).fillna(
        default
    )


def group_ages(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables with ages of 90 and more, and birth years that give them away, set to 90.

    A birth year is compared with the patient's first date in any of the tables; where an export
    has no dates, no age can be worked out and the year stays.
    """
    patients = tables["patients"].copy()
    if "age_years" in patients:
        patients["age_years"] = patients["age_years"].clip(upper=OLDEST_AGE_YEARS)
    dated = [
        tables[table].groupby("patient_id", observed=True)[column].min()
        for table, column in (("patients", "enrolled_on"), *TIMES)
        if table in tables and column in tables[table]
    ]
    if "birth_year" in patients and dated:
        by_id = pd.concat([own.set_axis(own.index.astype("str")) for own in dated])
        first = patients["patient_id"].astype("str").map(by_id.groupby(level=0).min()).dt.year
        oldest, born = first - OLDEST_AGE_YEARS, patients["birth_year"]
        patients["birth_year"] = born.mask(born < oldest, oldest)
    return {**tables, "patients": patients}
