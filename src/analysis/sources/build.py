"""Apply one table rule of a mapping: text records to a typed table, every record accounted for.

Records read = used + excluded by a named reason; what is neither is a problem and stops the load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.contract.problems import Problem
from analysis.contract.tables import Table
from analysis.errors import MappingError, suggest
from analysis.sources.columns import Workbench, build_column
from analysis.sources.intake import (
    FILE_COLUMN,
    NO_INFUSION,
    NO_SCORE,
    REPEATED_PATIENT,
    UNREADABLE,
    Intake,
    Kept,
    keep_records,
)
from analysis.sources.mapping import MISSING_WORDS, ColumnRule, TableRule
from analysis.sources.mapping_checks import WIDE_INTO

if TYPE_CHECKING:
    from analysis.sources.files import RawTable
    from analysis.sources.mapping import Format, WideColumn

COLUMNS_SHOWN = 30
"""Columns of a file that an error lists."""


def build_table(
    table: Table,
    rule: TableRule,
    raw: RawTable,
    *,
    style: Format,
    conditions: Iterable[str] = (),
    scales: Iterable[str] = (),
    exclude: Collection[str] = (),
    key: bytes = b"",
) -> tuple[pd.DataFrame, Intake, list[Problem]]:
    """Return the typed table a rule makes of a file, its account, and what is wrong with it.

    Parameters
    ----------
    table : Table
        Table of the contract to build.
    rule : TableRule
        The mapping's rule for it.
    raw : RawTable
        Records of the file as text.
    style : Format
        Formats in force for this file (decimal, dates, missing words), None for the default.
    conditions, scales : iterable of str
        Condition codes and names of pain scales allowed.
    exclude : collection of str
        Codes of problems whose rows are put aside by name instead of stopping the load.
    key : bytes
        Key of the hashes of ids, where the mapping asks for them.

    Returns
    -------
    frame : DataFrame
        Columns of the contract that the file has, plus ``source_file`` and ``source_line``.
    intake : Intake
    problems : list of Problem

    Raises
    ------
    MappingError
        The rule names a column the file does not have, or one the file has twice.
    """
    _check_columns_exist(table, rule, raw)
    raw = raw.without(rule.drop) if rule.drop else raw
    missing = frozenset(style.missing) | {""} if style.missing else frozenset(MISSING_WORDS)
    leave_out = "unreadable_value" in exclude
    kept = keep_records(
        raw,
        rule,
        table=table.name,
        missing=missing,
        style=style,
        leave_out_unreadable=leave_out,
    )
    gone = Counter({reason: n * _per_record(rule) for reason, n in kept.gone.items()})
    bench = Workbench(
        table=table.name,
        file=raw.name,
        style=style,
        words={"condition": tuple(conditions), "scale": tuple(scales)},
        missing=missing,
        lines=kept.lines,
        leave_out_unreadable=leave_out,
        problems=kept.problems,
        key=key,
    )
    columns: list[WideColumn | None] = [*rule.wide] or [None]
    frames = []
    for wide in [] if kept.problems else columns:
        own = replace(bench)  # the same list of problems, its own marks of unreadable rows
        typed = _build_columns(own, table, rule, kept, wide)
        frames.append(_put_aside(own, typed, table, rule, gone))
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return frame, _account(table, rule, raw, len(frame), gone), bench.problems


def _per_record(rule: TableRule) -> int:
    return max(1, len(rule.wide))


def _account(
    table: Table, rule: TableRule, raw: RawTable, n_used: int, gone: Counter[str]
) -> Intake:
    return Intake(
        table=table.name,
        file=raw.name,
        n_lines=raw.n_lines,
        n_header=raw.n_header,
        n_blank=raw.n_blank,
        n_continued=raw.n_continued,
        n_records=len(raw.frame),
        per_record=_per_record(rule),
        n_used=n_used,
        excluded=dict(gone),
        columns_not_read=_not_read(table, rule, raw),
    )


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
    for name in _wanted(rule):
        if name not in have and name not in rule.given and name != FILE_COLUMN:
            raise MappingError(
                f"{table.name}: {raw.name} has no column '{name}'.{suggest(name, have)} "
                f"It has: {_listed(have)}."
            )


def _listed(names: list[str]) -> str:
    more = len(names) - COLUMNS_SHOWN
    short = [name if len(name) <= 60 else name[:57] + "..." for name in names[:COLUMNS_SHOWN]]
    return ", ".join(short) + (f" and {more} more" if more > 0 else "")


def _wanted(rule: TableRule) -> list[str]:
    """Return every column of the file the rule reads, in the order an analyst wrote them."""
    own = [name for r in rule.columns.values() for name in r.sources()]
    wide = [w.column for w in rule.wide] + [w.assessed_on for w in rule.wide if w.assessed_on]
    return [*own, *wide, *rule.where, *(rule.drop or [])]


def _not_read(table: Table, rule: TableRule, raw: RawTable) -> tuple[str, ...]:
    elsewhere = {name for name, own in rule.columns.items() if own.given_sources()}
    used = {*_wanted(rule), *(set(table.names) - elsewhere)}
    return tuple(name for name in raw.frame.columns if name not in used)


def _build_columns(
    bench: Workbench, table: Table, rule: TableRule, kept: Kept, wide: WideColumn | None
) -> pd.DataFrame:
    rules = _rules_in_force(table, rule, kept.frame, wide)
    out = {
        column.name: build_column(bench, column, rules[column.name], kept.frame)
        for column in table.columns
        if column.name in rules
    }
    frame = pd.DataFrame(out, index=kept.frame.index)
    frame["source_file"] = pd.Series(bench.file, index=frame.index, dtype="str")
    frame["source_line"] = bench.lines
    return frame


def _rules_in_force(
    table: Table, rule: TableRule, text: pd.DataFrame, wide: WideColumn | None
) -> dict[str, ColumnRule]:
    """Add to the mapping's own rules the columns that already have the contract's names."""
    same = {name: ColumnRule(from_=name) for name in table.names if name in text.columns}
    rules = same | rule.columns
    if wide is not None:
        rules |= _rules_of_wide(WIDE_INTO[table.name], rule, wide)
    for name, own in rules.items():
        if own.given_sources():
            continue
        if name not in text.columns:
            raise MappingError(
                f"{table.name}: the rule for {name} names no column (`from`, `constant`, `join`, "
                f"`first_of` or `mean_of`), and the file has none called {name}."
            )
        rules[name] = own.model_copy(update={"from_": name})
    return rules


def _rules_of_wide(into: str, rule: TableRule, wide: WideColumn) -> dict[str, ColumnRule]:
    """Return the column rules of one column of a wide table."""
    value = rule.columns.get(into, ColumnRule())
    rules = {into: value.model_copy(update={"from_": wide.column})}
    for name in ("visit", "recall", "scale", "phase"):
        if getattr(wide, name) is not None:
            rules[name] = ColumnRule(constant=getattr(wide, name))
    if wide.day is not None:
        rules["study_day"] = ColumnRule(constant=repr(wide.day))
    if wide.assessed_on is not None:
        own = rule.columns.get("assessed_on", ColumnRule())
        rules["assessed_on"] = own.model_copy(
            update={"from_": wide.assessed_on, "constant": None, "first_of": None}
        )
    return rules


def _put_aside(
    bench: Workbench, frame: pd.DataFrame, table: Table, rule: TableRule, gone: Counter[str]
) -> pd.DataFrame:
    """Exclude, by name: unreadable rows when asked, values never made, repeats of a patient."""
    frame = _leave_out(frame, bench.unreadable, UNREADABLE, gone)
    if table.name == "pain_scores" and "score" in frame:
        frame = _leave_out(frame, frame["score"].isna().to_numpy(), NO_SCORE, gone)
    if table.name == "infusions" and rule.wide:
        frame = _leave_out(frame, frame["infused_at"].isna().to_numpy(), NO_INFUSION, gone)
    if rule.one_row_per_patient and "patient_id" in frame:
        own = frame.columns.difference(["source_file", "source_line"]).tolist()
        again = frame.duplicated(subset=own).to_numpy()
        frame = _leave_out(frame, again, REPEATED_PATIENT, gone)
    return frame.reset_index(drop=True)


def _leave_out(
    frame: pd.DataFrame, bad: np.ndarray, reason: str, gone: Counter[str]
) -> pd.DataFrame:
    if not bad.any():
        return frame
    gone[reason] += int(bad.sum())
    return frame[~bad]
