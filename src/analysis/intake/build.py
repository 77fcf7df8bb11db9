"""Apply one table rule of a mapping: text records to a typed table, every record accounted for.

Records read = used + excluded by a named reason; what is neither is a problem and stops the load.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import SequenceMatcher
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import MappingError, suggest
from analysis.intake.codes import instrument_of, load_instruments, total_of_items
from analysis.intake.identifiers import pseudonym
from analysis.intake.mapping import (
    AS_IS,
    UNITS_IN_DAYS,
    ColumnRule,
    Condition,
    Format,
    TableRule,
    WideColumn,
    columns_read,
)
from analysis.intake.read import RawTable
from analysis.intake.rules import EXAMPLES, Problem, out_of_range
from analysis.intake.tables import DEFAULT_SCALE, SCALES, VISIT_NAME, Column, Ends, Table
from analysis.intake.text import name_key
from analysis.intake.values import (
    SPREADSHEET_ERROR,
    SPREADSHEET_ERRORS,
    DateForm,
    Parser,
    Refusal,
    choose_date_order,
    is_serial,
    order_evidence,
    parse_date,
    parse_flag,
    parse_integer,
    parse_number,
    parse_score,
)

UNREADABLE = "unreadable value"

FILE_COLUMN = "(file)"
"""A column every file has for a mapping: its own name without the ending."""

LINE_COLUMN = "(line)"
"""A column every file has for a mapping: the line (row of the sheet) of each record."""

NEARLY_COLUMN, SHORTEST_SLIP = 0.88, 5
"""How alike a header must be to a column's name to be taken for a slip ("recal"), and the letters
both need: of four, one letter makes another word (side, site)."""

OFFSET = "{}_offset"
"""Column beside one of times: minutes from UTC, missing where the file names no offset."""

COLUMNS_SHOWN = 30
"""Columns of a file that an error lists."""

LONGEST_WORD = 60
"""Characters of a word that a remedy repeats."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What became of every line of a file.

    ``n_records`` times ``per_record`` (rating columns of a wide table, else 1) equals ``n_used``
    plus all of ``excluded``; ``n_lines`` equals header, blank, continued and record lines.
    ``blanked`` counts, by column, unreadable values and values out of range that are read as
    missing. ``notes`` say how the file was understood, ``findings`` what somebody should look at.
    The last line of a text file is open when nothing ends it: it may have been cut.
    """

    table: str
    file: str
    n_lines: int
    n_header: int
    n_blank: int
    n_continued: int
    n_records: int
    per_record: int
    n_used: int
    excluded: dict[str, int] = field(default_factory=dict)
    blanked: dict[str, int] = field(default_factory=dict)
    columns_not_read: tuple[str, ...] = ()
    last_line_open: bool = False
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: RawTable, **more: Any) -> Intake:
        """Return the account of a file as it was read, with what became of its records."""
        more["columns_not_read"] = (*more.get("columns_not_read", ()), *raw.unread)
        return cls(
            file=raw.name, n_lines=raw.n_lines, n_header=raw.n_header, n_blank=raw.n_blank,
            n_continued=raw.n_continued, n_records=len(raw.frame), **more,
        )  # fmt: skip

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> Intake:
        """Return the account that was written as JSON, which has no tuples."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in item.items()
        }
        return cls(**fields)

    @property
    def reconciles(self) -> bool:
        """Whether every line and every record is accounted for."""
        lines = self.n_header + self.n_blank + self.n_continued + self.n_records
        records = self.n_used + sum(self.excluded.values())
        return lines == self.n_lines and self.n_records * self.per_record == records


@dataclass
class Context:
    """What making columns needs to know, and what it finds out.

    A text that is no value, or out of range, is one of ``problems``. When ``exclude`` asks to go on
    without them, the lines of unreadable ones in columns of ``needed`` are in ``unreadable``, and
    all others are missing values, counted in ``blanked``. ``ends`` are those of the scale of the
    scores, None where there are several or one is not known; ``offsets`` the minutes from UTC of
    the times last read.
    """

    table: str
    file: str
    style: Format
    words: dict[str, tuple[str, ...]]
    missing: frozenset[str]
    exclude: Collection[str] = ()
    needed: frozenset[str] = frozenset()
    key: bytes = b""
    counts_1904: bool = False
    ends: tuple[float, float] | None = None
    offsets: pd.Series | None = None
    notes: dict[str, None] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[int] = field(default_factory=set)
    blanked: Counter[str] = field(default_factory=Counter)

    def refuse(
        self,
        column: str,
        refusal: Refusal,
        lines: Sequence[int],
        examples: Sequence[str],
        *,
        name: str = "",
    ) -> None:
        """Note lines with a text that is no value; ``name`` is the column of the contract."""
        if refusal.code in self.exclude:
            if name in self.needed and refusal.code == "unreadable_value":
                self.unreadable.update(lines)
            else:
                self.blanked[name] += len(lines)
            return
        self.problems.append(
            Problem(
                table=self.table,
                column=column,
                code=refusal.code,
                file=self.file,
                expected=refusal.expected,
                remedy=refusal.remedy,
                lines=lines,
                examples=examples,
            )
        )


def build_table(
    table: Table,
    rule: TableRule,
    raw: RawTable,
    *,
    style: Format,
    conditions: Iterable[str] = (),
    scales: Mapping[str, Ends] = SCALES,
    exclude: Collection[str] = (),
    key: bytes = b"",
) -> tuple[pd.DataFrame, Intake, list[Problem]]:
    """Return the typed table a rule makes of a file, its account, and what is wrong with it.

    ``style`` has the formats in force for this file, None for the default; ``conditions`` and
    ``scales`` are the codes allowed. Rows with a problem whose code is in ``exclude`` are left out
    by name. ``key`` is that of the hashes of ids, where the mapping asks for them.

    The table has the columns of the contract that the file has, texts as categoricals, plus
    ``source_file`` and ``source_line``. MappingError where the rule names a column that the file
    does not have, or has twice.
    """
    _check_columns_exist(table, rule, raw)
    merged = _merged_cells(table, rule, raw)
    raw = raw.without(rule.drop) if rule.drop else raw
    _refuse_near_columns(table, rule, raw)
    context = Context(
        table=table.name,
        file=raw.name,
        style=style,
        words={"condition": tuple(conditions), "scale": tuple(scales)},
        missing=style.missing_texts,
        exclude=exclude,
        needed=table.needed,
        key=key,
        counts_1904=raw.sheet.counts_1904,
        problems=merged,
        findings=list(raw.sheet.notes),
    )
    per_record = max(1, len(rule.wide))
    excluded = Counter[str]()
    text = _keep_records(raw, rule, context, excluded)
    excluded = Counter({reason: n * per_record for reason, n in excluded.items()})
    columns: list[WideColumn | None] = [*rule.wide] or [None]
    frames = []
    for wide in [] if context.problems else columns:
        context.unreadable.clear()  # a rating that cannot be read leaves the others of its line
        frame = _build_columns(context, table, rule, text, wide, scales)
        frames.append(_keep_values(context, frame, table, rule, excluded))
    built = stack(frames) if frames else pd.DataFrame()
    elsewhere = {name for name, own in rule.columns.items() if own.given_sources()}
    used = {*_columns_named(rule), *(set(table.names) - elsewhere)}
    account = Intake.of(
        raw,
        table=table.name,
        per_record=per_record,
        n_used=len(built),
        excluded=dict(excluded),
        blanked=dict(context.blanked),
        columns_not_read=tuple(name for name in raw.frame.columns if name not in used),
        notes=tuple(context.notes),
        findings=tuple(context.findings),
    )
    return built, account, context.problems


def _merged_cells(table: Table, rule: TableRule, raw: RawTable) -> list[Problem]:
    if not raw.sheet.merged:
        return []
    from openpyxl.utils import range_boundaries  # here: it takes long to import

    read = {*_columns_named(rule), *table.names} - set(rule.fill_down or [])
    lines: dict[str, list[int]] = {}
    for cells in raw.sheet.merged:
        low_column, first, high_column, last = range_boundaries(cells)
        below = raw.lines[(raw.lines >= first) & (raw.lines <= last)].tolist()
        for name in raw.frame.columns[low_column - 1 : high_column]:
            if name in read and len(below) > 1:
                lines.setdefault(str(name), []).extend(below[1:])
    return [
        Problem(
            table=table.name,
            column=name,
            code="merged_cells",
            file=raw.name,
            expected="a value of its own, and not one merged with the cell above,",
            remedy=f"Say `fill_down: [{name}]` next to `file` in the mapping: each of these rows "
            "then has the value of the first row of its merged cell, and nothing is lost. Or "
            "unmerge the cells and fill them in.",
            lines=sorted(below),
        )
        for name, below in lines.items()
    ]


def _check_columns_exist(table: Table, rule: TableRule, raw: RawTable) -> None:
    have = list(raw.frame.columns)
    for name in set(raw.repeated) & set(table.names) - set(rule.columns):
        raise MappingError(
            f"{table.name}: the header of {raw.name} names '{name}' more than once. Keep one, or "
            f"choose in a mapping: `{name}: {name} (1)`."
        )
    for name in rule.given:
        if name in have:
            raise MappingError(
                f"{table.name}: `given` adds '{name}', which {raw.name} already has; use another "
                "name."
            )
    for name in _columns_named(rule):
        if name not in have and name not in rule.given and name not in (FILE_COLUMN, LINE_COLUMN):
            short = [n if len(n) <= 60 else n[:57] + "..." for n in have[:COLUMNS_SHOWN]]
            more = len(have) - COLUMNS_SHOWN
            raise MappingError(
                f"{table.name}: {raw.name} has no column '{name}'.{suggest(name, have)} It has: "
                f"{', '.join(short)}{f' and {more} more' if more > 0 else ''}."
            )


def _refuse_near_columns(table: Table, rule: TableRule, raw: RawTable) -> None:
    """A column called Recall would be passed over, and worst and average pain mixed.

    Where a mapping says what is read, only a slip for what a row cannot do without is refused: an
    ADaM file has its own VISIT and SEX, and who wrote the mapping need not want them.
    """
    have = [str(name) for name in raw.frame.columns]
    given = {*have, *rule.columns, *rule.given}
    for wide in rule.wide:
        given |= {table.wide, *wide.model_dump(exclude_none=True)}
    alternatives = {name for names in table.one_of if given & {*names} for name in names}
    asked = table.needed - alternatives if rule.columns else frozenset(table.names)
    wanted = {name_key(name): name for name in table.names if name in asked - given}
    read = {*table.names, *_columns_named(rule)}
    for name in (name for name in have if name not in read):
        key = name_key(name)
        meant = next((own for near, own in wanted.items() if _is_slip(key, near)), None)
        if meant is not None:
            raise MappingError(
                f"{table.name}: {raw.name} has no column '{meant}', but '{name}', which is not "
                f"read. Rename it to '{meant}', or say `{meant}: {name}` under `columns` in the "
                "mapping; if it is something else, list it under `drop`."
            )


def _is_slip(key: str, name: str) -> bool:
    """Return whether a header is a column's name but for one letter, or but for marks."""
    joined, plain_name = key.replace("_", ""), name.replace("_", "")
    if joined == plain_name:
        return True
    # "score2" and "sites" are names of their own.
    if min(len(joined), len(plain_name)) < SHORTEST_SLIP or joined.startswith(plain_name):
        return False
    if joined[0] != plain_name[0]:  # nobody mistypes the first letter: AVISIT is no visit
        return False
    return SequenceMatcher(None, joined, plain_name).ratio() >= NEARLY_COLUMN


def _columns_named(rule: TableRule) -> list[str]:
    return [*columns_read(rule), *(rule.drop or [])]


def stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several frames, one below the other; categoricals stay categorical."""
    if len(frames) == 1:
        return frames[0]
    stacked = pd.concat(frames, ignore_index=True)
    texts = {n for f in frames for n in f.select_dtypes("category")}
    return stacked.astype(dict.fromkeys(texts, "category"))


# Records that count


def leave_out(
    frame: pd.DataFrame, bad: pd.Series | np.ndarray, reason: str, excluded: Counter[str]
) -> pd.DataFrame:
    """Return the records that are not bad; those that are count under a reason."""
    if bad.any():
        excluded[reason] += int(bad.sum())
        frame = frame[~bad]
    return frame


def _keep_records(
    raw: RawTable, rule: TableRule, context: Context, excluded: Counter[str]
) -> pd.DataFrame:
    """Return the records that count, by line, with the ``given`` texts as further columns."""
    frame = raw.frame.set_axis(raw.lines)
    if raw.n_footer:
        footer = frame.index.isin(raw.lines[-raw.n_footer :])
        filled = (frame != "").sum(axis=1)
        if len(full := filled[footer & (filled >= filled[~footer].median())]):
            context.findings.append(
                f"{len(full)} lines left out as a footer (first: line {full.index[0]}) are as full "
                "as records of patients: is `footer_lines` right?"
            )
        frame = leave_out(frame, footer, "footer line", excluded)
    blank = _all_columns(len(frame), (frame[name].isin(context.missing) for name in frame.columns))
    frame = leave_out(frame, blank, "blank row", excluded)
    headers = zip(frame.columns, raw.header, strict=True)
    again = _all_columns(len(frame), (frame[name] == header for name, header in headers))
    frame = leave_out(frame, again, "header line repeated", excluded)
    constants = {**rule.given, FILE_COLUMN: PurePath(raw.name).stem}
    frame = frame.assign(**{name: _constant(text, len(frame)) for name, text in constants.items()})
    if LINE_COLUMN in _columns_named(rule):
        frame[LINE_COLUMN] = frame.index.astype("str").astype("category")
    for name in rule.fill_down or []:
        empty = frame[name] == ""
        frame[name] = frame[name].astype(object).mask(empty).ffill().fillna("").astype("category")
        n = int(empty.sum())
        context.notes[f"{name}: {n} empty cells have the value of a row above"] = None
    for name, condition in rule.where.items():
        if condition.limits:
            texts = frame[name]
            bad = np.isnan(_measures(texts, condition, context)) & ~texts.isin(context.missing)
            if "unreadable_value" in context.exclude:
                frame = leave_out(frame, bad, UNREADABLE, excluded)
            elif bad.any():
                refusal = Refusal(
                    f"a {'date' if condition.has_dates else 'number'} for the filter with limits",
                    "Correct it, list the text under `missing`, or name the file's "
                    f"`{'dates' if condition.has_dates else 'decimal'}`.",
                )
                examples = texts[bad].head(EXAMPLES).tolist()
                context.refuse(name, refusal, texts.index[bad].tolist(), examples)
                break
        fails = ~holds(frame[name], condition, context)
        frame = leave_out(frame, fails, f"filter: {name} {condition.in_words()}", excluded)
    return frame


def _all_columns(n: int, columns: Iterable[pd.Series]) -> np.ndarray:
    """Return which of n rows have all columns true; most often the first one says that none has."""
    hold = np.ones(n, dtype=bool)
    for column in columns:
        hold &= column.to_numpy(dtype=bool)
        if not hold.any():
            break
    return hold


def _constant(text: str, n: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), pd.Index([text], dtype=object))


def holds(texts: pd.Series, condition: Condition, context: Context) -> np.ndarray:
    """Return of which texts of a column a filter of the mapping holds."""
    holds = np.ones(len(texts), dtype=bool)
    if condition.is_ is not None:
        holds &= texts.isin(condition.is_)
    if condition.not_ is not None:
        holds &= ~texts.isin(condition.not_)
    if condition.recorded is not None:
        holds &= texts.isin(context.missing) != condition.recorded
    if condition.limits:
        measures = _measures(texts, condition, context)
        holds &= (measures >= condition.limits[0]) & (measures <= condition.limits[1])
    return holds


def _measures(texts: pd.Series, condition: Condition, context: Context) -> np.ndarray:
    """Return a column as a filter compares it: numbers, or ordinals of days; NaN for neither."""
    codes, distinct = distinct_texts(texts)
    if condition.has_dates:
        day = _date_parser(context, ColumnRule(), [t for t in distinct if t not in context.missing])
        read = [d if isinstance(d := day(text), Refusal) else d.toordinal() for text in distinct]
    else:
        read = [parse_number(text, decimal=context.style.decimal or ".") for text in distinct]
    return np.array([np.nan if isinstance(n, Refusal) else n for n in read], dtype=float)[codes]


def _keep_values(
    context: Context, frame: pd.DataFrame, table: Table, rule: TableRule, excluded: Counter[str]
) -> pd.DataFrame:
    """Exclude, by name: unreadable rows when asked, values never made, repeats of a patient."""
    if context.unreadable:
        unreadable = frame["source_line"].isin(context.unreadable)
        frame = leave_out(frame, unreadable, UNREADABLE, excluded)
    says = (table.wide,) if rule.wide else table.says
    said = [name for name in says if name in frame]
    if said:
        frame = leave_out(frame, frame[said].isna().all(axis=1), table.silent, excluded)
    if rule.one_row_per_patient and "patient_id" in frame:
        again = frame.duplicated(subset=frame.columns.difference(["source_file", "source_line"]))
        frame = leave_out(frame, again, "further row of the same patient", excluded)
    return frame.reset_index(drop=True)


# Columns


def _both(ends: Ends) -> tuple[float, float] | None:
    none, worst = ends
    return None if worst is None else (none, worst)


def _build_columns(
    context: Context,
    table: Table,
    rule: TableRule,
    text: pd.DataFrame,
    wide: WideColumn | None,
    scales: Mapping[str, Ends],
) -> pd.DataFrame:
    same = {name: ColumnRule(from_=name) for name in table.names if name in text.columns}
    rules = same | rule.columns
    context.ends = _both(scales[DEFAULT_SCALE]) if "scale" in table.names else None
    if wide is not None:
        rules |= _rules_of_wide(table.wide, rule, wide)
    out: dict[str, pd.Series] = {}
    # The scale first: what 8/10 is depends on it.
    columns = sorted(table.columns, key=lambda column: column.name != "scale")
    for column in (column for column in columns if column.name in rules):
        own = rules[column.name]
        if not own.given_sources():
            if column.name not in text.columns:
                raise MappingError(
                    f"{table.name}: the rule for {column.name} names no column (`from`, "
                    "`constant`, `join`, `first_of`, `mean_of` or `items_of`), and the file has "
                    f"none called {column.name}."
                )
            own = own.model_copy(update={"from_": column.name})
        if own.items_of:
            out[column.name] = _total(context, column, own, rules["instrument"].constant, text)
        else:
            out[column.name] = build_column(context, column, own, text)
        if column.kind == "datetime" and context.offsets is not None:
            out[OFFSET.format(column.name)] = context.offsets
        if column.name == "scale":
            found = out["scale"].dropna().unique()
            context.ends = _both(scales[found[0]]) if len(found) == 1 else None
    own_order = [name for name in (*table.names, *out) if name in out]
    frame = pd.DataFrame({name: out[name] for name in own_order}, index=text.index)
    frame["source_file"] = _constant(context.file, len(frame))
    frame["source_line"] = text.index
    return frame


def _rules_of_wide(into: str, rule: TableRule, wide: WideColumn) -> dict[str, ColumnRule]:
    named = ("visit", "recall", "scale", "phase", "term", "instrument")
    constants = {name: getattr(wide, name) for name in named}
    constants["study_day"] = None if wide.day is None else repr(wide.day)
    rules = {name: ColumnRule(constant=c) for name, c in constants.items() if c is not None}
    own = rule.columns.get(into, ColumnRule())
    rules[into] = own.model_copy(update={"from_": wide.column})
    if wide.assessed_on is not None:
        own = rule.columns.get("assessed_on", ColumnRule())
        update = {"from_": wide.assessed_on, "constant": None, "first_of": None}
        rules["assessed_on"] = own.model_copy(update=update)
    return rules


def build_column(
    context: Context, column: Column, rule: ColumnRule, text: pd.DataFrame
) -> pd.Series:
    """Return one typed column from texts indexed by line; missing where the file has nothing.

    A text that is no value is refused to ``context``; it never silently becomes a missing value.
    MappingError for a constant that is no value of the column, or joined ids that would be alike.
    """
    if rule.mean_of:
        rules = [rule.model_copy(update={"mean_of": None, "from_": name}) for name in rule.mean_of]
        parts = [build_column(context, column, own, text) for own in rules]
        return pd.concat(parts, axis=1).mean(axis=1)
    missing = context.missing - column.always_said
    missing = missing if rule.missing is None else frozenset(rule.missing) | {""}
    # Each distinct text is understood once.
    codes, distinct = distinct_texts(_texts_of(context, column, rule, text, missing))
    parse = _parser(context, column, rule, [t for t in distinct if t not in missing])
    values = [None if t in missing else parse(t) for t in distinct]
    values = [v if isinstance(v, Refusal) else out_of_range(column, v) or v for v in values]
    if rule.written_as:
        _refuse_ids_made_alike(context, column, rule, distinct, values)
    if rule.hash:
        values = [None if t is None else pseudonym(t, context.key) for t in values]
    refused: dict[Refusal, list[int]] = {}
    for at, value in enumerate(values):
        if isinstance(value, Refusal):
            refused.setdefault(value, []).append(at)
            values[at] = None
    for refusal, which in refused.items():
        if rule.constant is not None:
            raise MappingError(
                f"{context.table}.{column.name}: the constant {rule.constant!r} is not "
                f"{refusal.expected}. Correct it in the mapping."
            )
        rows = np.flatnonzero(np.isin(codes, which))
        source = (rule.sources() or [column.name])[0]
        shown = column.name if source == column.name else f"{column.name} ('{source}')"
        examples = [str(distinct[codes[row]]) for row in rows[:EXAMPLES]]
        context.refuse(shown, refusal, text.index[rows].tolist(), examples, name=column.name)
    if column.kind in ("date", "datetime"):
        context.offsets = None
        if any(value is not None and value.tzinfo for value in values):
            minutes = np.array([_offset_of(value) for value in values])
            context.offsets = pd.Series(minutes[codes], index=text.index)
            values = [value and value.replace(tzinfo=None) for value in values]
    return pd.Series(_typed(column, values, codes), index=text.index)


def _total(
    context: Context, column: Column, rule: ColumnRule, name: str | None, text: pd.DataFrame
) -> pd.Series:
    """Return the total score of an instrument's items; missing where too few are answered."""
    own = load_instruments()[instrument_of(name or "")]
    low, high = own.item_ends
    item = replace(column, low=low, high=high)
    bare = rule.model_copy(update={"items_of": None})
    rules = [bare.model_copy(update={"from_": each}) for each in rule.items_of or []]
    parts = pd.concat([build_column(context, item, each, text) for each in rules], axis=1)
    total = pd.Series(total_of_items(parts.to_numpy(dtype=float), own), index=text.index)
    answered = parts.notna().sum(axis=1)
    for n, what in (
        (int((total.notna() & (answered < own.n_items)).sum()),
         f"have a total from fewer than all {own.n_items} items"),
        (int((total.isna() & (answered > 0)).sum()),
         f"have fewer than {own.least_items} of {own.n_items} items answered, and no total"),
    ):  # fmt: skip
        if n:
            context.notes[f"{own.name}: {n} records {what}"] = None
    return total


def distinct_texts(texts: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return each row's place among the distinct texts of a column, and these in order of rows."""
    column = pd.Categorical(texts)
    codes, used = pd.factorize(column.codes)
    return codes, column.categories[used].tolist()


def _offset_of(value: datetime | None) -> float:
    offset = value.utcoffset() if value is not None else None
    return np.nan if offset is None else offset.total_seconds() / 60


def _refuse_ids_made_alike(
    context: Context, column: Column, rule: ColumnRule, texts: Sequence[str], values: list[Any]
) -> None:
    """Two texts that ``written_as`` makes one id could be two people."""
    first: dict[Any, str] = {}
    for text, value in zip(texts, values, strict=True):
        if value is not None and not isinstance(value, Refusal) and value in first:
            raise MappingError(
                f"{context.table}.{column.name}: `written_as: {rule.written_as}` makes "
                f"{first[value]!r} and {text!r} the same id, and they could be two people. Write "
                "them alike in the export if they are one."
            )
        first[value] = text


def _typed(column: Column, values: list[Any], codes: np.ndarray) -> Any:
    """Return the column that has at each row the value of its code; texts as a categorical."""
    if column.kind in ("number", "integer"):
        return np.array([np.nan if v is None else v for v in values], dtype="float64")[codes]
    if column.kind in ("date", "datetime"):
        return np.array(values, dtype="datetime64[s]")[codes]
    if column.kind == "flag":
        return pd.array(values, dtype="boolean").take(codes)
    known = dict.fromkeys(value for value in values if value is not None)
    places = {value: place for place, value in enumerate(known)}
    own = np.array([places.get(value, -1) for value in values], dtype=np.int32)
    return pd.Categorical.from_codes(own[codes], pd.Index(list(places), dtype="str"))


def _texts_of(
    context: Context, column: Column, rule: ColumnRule, text: pd.DataFrame, missing: frozenset[str]
) -> pd.Series:
    if rule.constant is not None:
        return pd.Series(_constant(rule.constant, len(text)), index=text.index)
    if rule.first_of:
        first = text[rule.first_of[0]].astype(object)
        for name in rule.first_of[1:]:
            first = first.where(~first.isin(missing), text[name].astype(object))
        return first
    if not rule.join:
        return text[rule.from_]
    parts = text[rule.join].astype(object)
    between = "-" if rule.with_ is None else rule.with_
    joined = parts.iloc[:, 0].str.cat(parts.iloc[:, 1:], sep=between)
    distinct = parts.drop_duplicates()
    if joined.nunique() < len(distinct):
        again = joined[distinct.index]
        raise MappingError(
            f"{context.table}.{column.name}: joining {', '.join(rule.join)} with '{between}' "
            f"gives {again[again.duplicated()].iloc[0]!r} for two different records. Choose "
            "another text with `with:`."
        )
    return joined.where(~parts.isin(missing).any(axis=1), "")


def _parser(context: Context, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    plain = _plain_parser(context, column, rule, texts)
    words = rule.values or {}

    def through_words(text: str) -> Any:
        if text in words:
            return plain(words[text]) if words[text] != "" else None
        if text in SPREADSHEET_ERRORS:
            return SPREADSHEET_ERROR
        if rule.values is None or rule.other == AS_IS:
            return plain(text)
        if rule.other is not None:
            return plain(rule.other) if rule.other else None
        return Refusal(
            f"one of {', '.join(map(repr, list(words)[:8]))}",
            "Add the word under `values` in the mapping, or give `other:` for all further words.",
        )

    return through_words


def _plain_parser(context: Context, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    if column.kind in ("number", "integer"):
        return _number_parser(context, column, rule, texts)
    if column.kind in ("date", "datetime"):
        return _date_parser(context, rule, texts)
    if column.kind == "flag":
        return parse_flag
    if column.kind == "word":
        return _visit_name
    if column.kind == "id":
        return _id_parser(rule)
    allowed = context.words.get(column.name, column.values) if column.kind == "category" else ()
    return _word_parser(allowed) if allowed else lambda t: t


def _number_parser(context: Context, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    decimal = rule.decimal or context.style.decimal or "."
    if rule.take == "year":
        dates = _date_parser(context, rule, texts)
        return lambda t: d if isinstance(d := dates(t), Refusal) else d.year
    if rule.strip is not None:
        bare = _number_parser(context, column, rule.model_copy(update={"strip": None}), texts)
        unit = rule.strip
        return lambda t: bare(t.replace(unit, "").strip() or t)
    factor = UNITS_IN_DAYS.get(rule.unit or "", 1.0) if rule.times is None else rule.times
    shift = rule.add or 0.0
    read: Callable[..., Any] = parse_integer if column.kind == "integer" else parse_number
    if column.name == "score":
        read = partial(parse_score, ends=context.ends, inexact=rule.inexact)
    if factor == 1.0 and shift == 0.0:
        return lambda t: read(t, decimal=decimal)

    def scaled(text: str) -> float | Refusal:
        number = (read if column.name == "score" else parse_number)(text, decimal=decimal)
        return number if isinstance(number, Refusal) else number * factor + shift

    return scaled


def _date_parser(context: Context, rule: ColumnRule, texts: list[str]) -> Parser:
    style = context.style
    order = rule.dates or style.dates or "auto"
    if rule.values is not None:
        texts = [rule.values.get(t, t) for t in texts]
    pivot = rule.pivot_year or style.pivot_year
    chosen = choose_date_order(texts, pivot_year=pivot) if order == "auto" else order
    form = DateForm(
        order="iso" if isinstance(chosen, Refusal) else chosen,
        pivot_year=pivot,
        partial=rule.partial_dates or style.partial_dates,
        utc_offset=rule.utc_offset or style.utc_offset,
    )
    if form.order == "excel_serial" and context.counts_1904:
        form = replace(form, order="excel_serial_1904")
        context.notes["numbers are dates counted from 1904, as the workbook says"] = None
    if order == "auto" and not isinstance(chosen, Refusal):
        only, _ = order_evidence(texts, pivot_year=pivot)
        for name, text in only.items():
            how = f"dates are read {name.replace('_', ' ')}: '{text}' fits no other order"
            context.notes[f"{', '.join(rule.sources())}: {how}" if rule.sources() else how] = None
    if order.startswith("excel_serial"):  # beside numbers, texts are dates in an order of their own
        others = [t for t in texts if not is_serial(t)]
        written = _date_parser(context, rule.model_copy(update={"dates": "auto"}), others)
        return lambda t: parse_date(t, form) if is_serial(t) else written(t)
    if not isinstance(chosen, Refusal):
        return lambda t: parse_date(t, form)
    # What is plain in any order (ISO, a named month) is read; the rest has one reason.
    return lambda t: chosen if isinstance(d := parse_date(t, form), Refusal) else d


_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d{2,}", re.IGNORECASE)


def _id_parser(rule: ColumnRule) -> Parser:
    """Return the function that reads an id: as it stands, or a number as ``written_as`` says."""
    start, zeros, end = re.split("(0+)", rule.written_as or "0")
    written = re.compile(re.escape(start) + rf"\d{{{len(zeros)},}}" + re.escape(end))

    def understand(text: str) -> str | Refusal:
        if _SHORTENED.fullmatch(text):
            return Refusal(
                "an id in full",
                "A spreadsheet has shortened it, and several people can have the same short form: "
                "the digits are lost in this file, and no setting brings them back. Make the "
                "column text (or a number without decimals) where the export is made, and export "
                "it again.",
            )
        if rule.written_as is None or written.fullmatch(text):
            return text
        number = parse_integer(text)
        if isinstance(number, Refusal) or number < 0:
            return Refusal(f"a whole number, or an id such as {rule.written_as}")
        return f"{start}{number:0{len(zeros)}d}{end}"

    return understand


def _word_parser(allowed: tuple[str, ...]) -> Parser:
    def understand(text: str) -> Any:
        word = _spelled(text)
        if text in allowed or word in allowed:
            return text if text in allowed else word
        near = suggest(word, allowed).strip()
        shown = repr(text) if len(text) <= LONGEST_WORD else "(the word)"
        return Refusal(
            f"one of {', '.join(allowed)}",
            f"{near} Map the word with `values: {{{shown}: ...}}` in the mapping.".strip(),
        )

    return understand


def _visit_name(text: str) -> str:
    """Return a visit in the suite's spelling: "Week 04" is week_4; other names stay as they are."""
    word = _spelled(text)
    if not VISIT_NAME.fullmatch(word):
        return text
    unit, _, number = word.partition("_")
    return f"{unit}_{float(number):g}" if number else unit


def _spelled(text: str) -> str:
    """Return a word in the suite's spelling: "High Dose" is high_dose."""
    return "_".join(text.lower().replace("-", " ").split())
