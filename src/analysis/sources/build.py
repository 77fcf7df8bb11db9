"""Apply one table rule of a mapping: from text records to a typed table, every record accounted for.

Records read = used + excluded by a named reason; what is neither is a problem and stops the load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.contract.problems import Problem
from analysis.contract.tables import Table
from analysis.errors import MappingError, suggest
from analysis.sources.columns import Workbench, build_column
from analysis.sources.intake import NO_SCORE, REPEATED_PATIENT, Intake, keep_records
from analysis.sources.mapping import MISSING_WORDS, ColumnRule, TableRule

if TYPE_CHECKING:
    from analysis.sources.files import RawTable
    from analysis.sources.mapping import Format, WideColumn


def build_table(
    table: Table,
    rule: TableRule,
    raw: RawTable,
    *,
    style: Format,
    conditions: Iterable[str] = (),
    scales: Iterable[str] = (),
    exclude: Collection[str] = (),
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

    Returns
    -------
    frame : DataFrame
        Columns of the contract that the file has, plus ``source_file`` and ``source_line``.
    intake : Intake
    problems : list of Problem
    """
    _check_columns_exist(table, rule, raw)
    missing = frozenset(style.missing) | {""} if style.missing else frozenset(MISSING_WORDS)
    text, lines, gone = keep_records(raw, rule, missing, style)
    per_record = max(1, len(rule.wide))
    gone = Counter({reason: n * per_record for reason, n in gone.items()})
    frames, problems = [], []
    columns: list[WideColumn | None] = [*rule.wide] or [None]
    for wide in columns:
        bench = Workbench(
            table=table.name,
            file=raw.path.name,
            style=style,
            words={"condition": tuple(conditions), "scale": tuple(scales)},
            missing=missing,
            lines=lines,
            leave_out_unreadable="unreadable_value" in exclude,
        )
        typed = _build_columns(bench, table, rule, text, wide)
        frames.append(_put_aside(bench, typed, table, rule, gone))
        problems += bench.problems
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    intake = Intake(
        table=table.name,
        file=raw.path.name,
        n_lines=raw.n_lines,
        n_header=raw.n_header,
        n_blank=raw.n_blank,
        n_continued=raw.n_continued,
        n_records=len(raw.frame),
        per_record=per_record,
        n_used=len(frame),
        excluded=dict(gone),
        columns_not_read=_not_read(table, rule, raw),
    )
    return frame, intake, problems


def _check_columns_exist(table: Table, rule: TableRule, raw: RawTable) -> None:
    have = list(raw.frame.columns)
    wide = [w.column for w in rule.wide] + [w.assessed_on for w in rule.wide if w.assessed_on]
    wanted = [name for r in rule.columns.values() for name in r.sources()]
    for name in [*wanted, *wide, *rule.where]:
        if name not in have:
            raise MappingError(
                f"{table.name}: {raw.path.name} has no column '{name}'.{suggest(name, have)} "
                f"It has: {', '.join(have[:30])}."
            )


def _not_read(table: Table, rule: TableRule, raw: RawTable) -> tuple[str, ...]:
    used = {name for r in rule.columns.values() for name in r.sources()} | set(rule.where)
    used |= {w.column for w in rule.wide} | {w.assessed_on for w in rule.wide if w.assessed_on}
    used |= set(table.names) - set(rule.columns)
    return tuple(name for name in raw.frame.columns if name not in used)


def _build_columns(
    bench: Workbench, table: Table, rule: TableRule, text: pd.DataFrame, wide: WideColumn | None
) -> pd.DataFrame:
    rules = _rules_in_force(table, rule, text, wide)
    out = {
        column.name: build_column(bench, column, rules[column.name], text)
        for column in table.columns
        if column.name in rules
    }
    frame = pd.DataFrame(out, index=text.index)
    frame["source_file"] = pd.Series(bench.file, index=frame.index, dtype="str")
    frame["source_line"] = bench.lines
    return frame


def _rules_in_force(
    table: Table, rule: TableRule, text: pd.DataFrame, wide: WideColumn | None
) -> dict[str, ColumnRule]:
    """Add to the mapping's own rules the columns that already have the contract's names."""
    same = {name: ColumnRule(from_=name) for name in table.names if name in text.columns}
    rules = {**same, **rule.columns}
    if wide is None:
        return rules
    rules["score"] = rule.columns.get("score", ColumnRule()).model_copy(
        update={"from_": wide.column}
    )
    for name in ("visit", "recall", "scale"):
        if getattr(wide, name) is not None:
            rules[name] = ColumnRule(constant=getattr(wide, name))
    if wide.study_day is not None:
        rules["study_day"] = ColumnRule(constant=repr(wide.study_day))
    if wide.assessed_on is not None:
        rules["assessed_on"] = ColumnRule(from_=wide.assessed_on)
    return rules


def _put_aside(
    bench: Workbench, frame: pd.DataFrame, table: Table, rule: TableRule, gone: Counter[str]
) -> pd.DataFrame:
    """Exclude, by name: unreadable rows when asked, ratings never made, repeats of a patient."""
    frame = _leave_out(frame, bench.unreadable, "unreadable value", gone)
    if table.name == "pain_scores" and "score" in frame:
        frame = _leave_out(frame, frame["score"].isna().to_numpy(), NO_SCORE, gone)
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
