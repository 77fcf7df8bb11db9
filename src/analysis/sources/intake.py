"""The account of a file: which records are kept, which are put aside, and under what name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.contract.problems import Problem
from analysis.sources.values import Refusal, parse_number

if TYPE_CHECKING:
    from analysis.sources.files import RawTable
    from analysis.sources.mapping import Condition, Format, TableRule

BLANK_ROW = "blank row"
REPEATED_HEADER = "header line repeated"
UNREADABLE = "unreadable value"
NO_SCORE = "no score recorded"
NO_INFUSION = "no infusion recorded"
REPEATED_PATIENT = "further row of the same patient"

FILE_COLUMN = "(file)"
"""A column every file has for a mapping: its own name without the ending."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What became of every line of a file.

    ``n_records`` times ``per_record`` (rating columns of a wide table, else 1) equals ``n_used``
    plus all of ``excluded``; ``n_lines`` equals header, blank, continued and record lines.
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
    columns_not_read: tuple[str, ...] = ()

    @property
    def reconciles(self) -> bool:
        """Whether every line and every record is accounted for."""
        lines = self.n_header + self.n_blank + self.n_continued + self.n_records
        told = self.n_used + sum(self.excluded.values())
        return lines == self.n_lines and self.n_records * self.per_record == told


@dataclass
class Kept:
    """Records that count, their lines, how many were put aside by which name, and problems."""

    frame: pd.DataFrame
    lines: np.ndarray
    gone: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def put_aside(self, bad: np.ndarray, reason: str) -> None:
        """Leave out the records marked in ``bad``, under a name."""
        if bad.any():
            self.gone[reason] += int(bad.sum())
            self.frame, self.lines = self.frame[~bad], self.lines[~bad]


def keep_records(
    raw: RawTable,
    rule: TableRule,
    *,
    table: str,
    missing: frozenset[str],
    style: Format,
    leave_out_unreadable: bool = False,
) -> Kept:
    """Return the records that count: not blank, no repeated header, through every filter.

    Parameters
    ----------
    raw : RawTable
    rule : TableRule
        Its ``given`` texts are added as columns, its ``where`` filters are applied in order.
    table : str
        Table of the contract, for problems.
    missing : frozenset of str
        Texts that stand for nothing.
    style : Format
        Decimal mark of the file.
    leave_out_unreadable : bool
        Whether a text that is no number, under a filter with limits, is put aside by name; it is a
        problem otherwise.
    """
    kept = Kept(raw.frame, raw.lines)
    kept.put_aside(kept.frame.isin(missing).all(axis=1).to_numpy(), BLANK_ROW)
    kept.put_aside(_repeats_header(kept.frame, raw.header), REPEATED_HEADER)
    kept.frame = kept.frame.assign(**rule.given, **{FILE_COLUMN: PurePath(raw.name).stem})
    for name, condition in rule.where.items():
        bad = _no_number(kept.frame[name], condition, missing, style)
        if leave_out_unreadable:
            kept.put_aside(bad, UNREADABLE)
        elif bad.any():
            kept.problems.append(_unfiltered(raw, table, name, kept, bad))
            return kept
        holds = _holds(kept.frame[name], condition, missing, style)
        kept.put_aside(~holds, f"filter: {name} {condition.in_words()}")
    kept.frame = kept.frame.reset_index(drop=True)
    return kept


def _repeats_header(frame: pd.DataFrame, header: tuple[str, ...]) -> np.ndarray:
    """Mark records that are the header again, as files pasted together have."""
    again = np.ones(len(frame), dtype=bool)
    for column, name in zip(frame.columns, header, strict=True):
        again &= (frame[column] == name).to_numpy(dtype=bool)
        if not again.any():
            break
    return again


def _holds(
    texts: pd.Series, condition: Condition, missing: frozenset[str], style: Format
) -> np.ndarray:
    holds = np.ones(len(texts), dtype=bool)
    if condition.is_ is not None:
        holds &= texts.isin(condition.is_).to_numpy()
    if condition.not_ is not None:
        holds &= ~texts.isin(condition.not_).to_numpy()
    if condition.recorded is not None:
        holds &= texts.isin(missing).to_numpy() != condition.recorded
    if condition.has_limits:
        numbers = _numbers(texts, style)
        low = -np.inf if condition.min is None else condition.min
        high = np.inf if condition.max is None else condition.max
        holds &= (numbers >= low) & (numbers <= high)
    return holds


def _no_number(
    texts: pd.Series, condition: Condition, missing: frozenset[str], style: Format
) -> np.ndarray:
    if not condition.has_limits:
        return np.zeros(len(texts), dtype=bool)
    return np.isnan(_numbers(texts, style)) & ~texts.isin(missing).to_numpy()


def _numbers(texts: pd.Series, style: Format) -> np.ndarray:
    """Return a column as numbers for a filter; what is no number is NaN."""
    codes, distinct = pd.factorize(texts)
    read = [parse_number(text, decimal=style.decimal or ".") for text in distinct]
    numbers = [np.nan if isinstance(number, Refusal) else number for number in read]
    return np.array(numbers, dtype=float)[codes]


def _unfiltered(raw: RawTable, table: str, name: str, kept: Kept, bad: np.ndarray) -> Problem:
    return Problem(
        table=table,
        column=name,
        code="unreadable_value",
        file=raw.name,
        expected="a number for the filter with limits",
        remedy="Correct it, list the text under `missing`, or name the file's `decimal`.",
        lines=kept.lines[bad].tolist(),
        examples=kept.frame.loc[bad, name].head(10).tolist(),
    )
