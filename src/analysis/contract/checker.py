"""Tables under check: what breaks a rule is told, or put aside by name when the mapping says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.codes import Conditions
from analysis.contract.problems import Problem
from analysis.contract.tables import Table

EXAMPLES = 10

GIVE_TABLE = (
    "Add a file of that name, or name the file that holds it under `tables` in a mapping "
    "(docs/mapping.md)."
)
EXCLUDE = "Correct the export, or list `{code}` under `exclude` in the mapping to leave them out."


@dataclass
class Checker:
    """Tables on their way through the rules.

    Parameters
    ----------
    tables : dict of DataFrame
        Typed tables with ``source_file``, ``source_line`` and ``source_no`` (which rule of the
        mapping read them); rows put aside leave them.
    exclude : frozenset of str
        Codes of rules whose rows are put aside instead of being a problem.
    excluded : dict
        By ``source_no``: how many rows were put aside, by name.
    """

    tables: dict[str, pd.DataFrame]
    conditions: Conditions
    scales: dict[str, tuple[float, float]]
    exclude: Collection[str] = ()
    excluded: dict[int, Counter[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, table: Table, code: str, expected: str, remedy: str) -> None:
        """Note a problem of a whole table."""
        frame = self.tables.get(table.name)
        known = frame is not None and len(frame) > 0
        file = str(frame["source_file"].iloc[0]) if known and frame is not None else ""
        self.problems.append(
            Problem(
                table=table.name, column="", code=code, file=file, expected=expected, remedy=remedy
            )
        )

    def rows(
        self,
        table: Table,
        column: str,
        code: str,
        bad: np.ndarray,
        expected: str,
        remedy: str = EXCLUDE,
        *,
        reason: str = "",
    ) -> None:
        """Note the rows that break a rule, or put them aside when the mapping says so.

        Parameters
        ----------
        table, column, code
            Where, and the rule's name.
        bad : ndarray of bool, shape (n_rows,)
        expected, remedy : str
            What should be there, and what to do.
        reason : str
            Name under which rows are put aside; the code in words when empty.
        """
        if not bad.any():
            return
        frame = self.tables[table.name]
        if code in self.exclude:
            name = reason or code.replace("_", " ")
            for source, n in frame.loc[bad, "source_no"].value_counts().items():
                self.excluded.setdefault(int(str(source)), Counter())[name] += int(n)
            self.tables[table.name] = frame[~bad].reset_index(drop=True)
            return
        for file, part in frame[bad].groupby("source_file", sort=False):
            self.problems.append(
                Problem(
                    table=table.name,
                    column=column,
                    code=code,
                    file=str(file),
                    expected=expected,
                    remedy=remedy.replace("{code}", code),
                    lines=part["source_line"].tolist(),
                    examples=_examples(part, column),
                )
            )


def _examples(part: pd.DataFrame, column: str) -> list[str]:
    if column not in part:
        return [""] * len(part)
    return [_example(value) for value in part[column].head(EXAMPLES)]


def _example(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
