"""The account of a file: which records are kept, which are put aside, and under what name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.sources.values import Refusal, parse_number

if TYPE_CHECKING:
    from analysis.sources.files import RawTable
    from analysis.sources.mapping import Condition, Format, TableRule

BLANK_ROW = "blank row"
NO_SCORE = "no score recorded"
REPEATED_PATIENT = "further row of the same patient"


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


def keep_records(
    raw: RawTable, rule: TableRule, missing: frozenset[str], style: Format
) -> tuple[pd.DataFrame, np.ndarray, Counter[str]]:
    """Return the records that count, their lines, and how many were put aside by which name."""
    gone: Counter[str] = Counter()
    blank = raw.frame.isin(missing).all(axis=1).to_numpy()
    if blank.any():
        gone[BLANK_ROW] += int(blank.sum())
    keep = ~blank
    for name, condition in rule.where.items():
        holds = _holds(raw.frame[name], condition, missing, style)
        fails = keep & ~holds
        if fails.any():
            gone[f"filter on {name}"] += int(fails.sum())
        keep &= holds
    return raw.frame[keep].reset_index(drop=True), raw.lines[keep], gone


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
    if condition.min is not None or condition.max is not None:
        numbers = _numbers(texts, style)
        low = -np.inf if condition.min is None else condition.min
        high = np.inf if condition.max is None else condition.max
        holds &= (numbers >= low) & (numbers <= high)
    return holds


def _numbers(texts: pd.Series, style: Format) -> np.ndarray:
    """Return a column as numbers for a filter; what is no number fails every limit."""
    codes, distinct = pd.factorize(texts)
    read = [parse_number(text, decimal=style.decimal or ".") for text in distinct]
    numbers = [np.nan if isinstance(number, Refusal) else number for number in read]
    return np.array(numbers, dtype=float)[codes]
