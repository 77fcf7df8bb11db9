"""The tables of the contract as values: columns with kind, unit, range and meaning; code lists.

Readers, checks, error messages and the demo generator all read the one list of data/contract.csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from analysis.settings import data_rows

Kind = Literal["id", "text", "category", "word", "integer", "number", "date", "datetime", "flag"]

Ends = tuple[float, float | None]
"""Ends of a pain scale, no pain first; None where the worst pain has no known number."""

SCALES: dict[str, Ends] = {"nrs_0_10": (0.0, 10.0), "vas_0_100": (0.0, 100.0)}
"""Pain scales by name, with their ends. Scores are compared on 0 to 10 after reading; those of a
scale without a known end are counted from its end of no pain."""

DEFAULT_SCALE = "nrs_0_10"
"""The scale of scores where the export names none."""

RECALLS = ("now", "average", "worst", "least", "not_stated")
"""What a rating looks back on (IMMPACT). Ratings of different recall are never mixed."""

VISIT_NAME = re.compile(r"baseline|end|(week|month)_[0-9]+(\.[0-9]+)?")
"""Names of analysis visits. An export may name its ratings so, in any spelling ("Week 4")."""


@dataclass(frozen=True)
class Column:
    """One column: what it holds, in which unit (``meaning``, for people), and what it may hold.

    Of the kinds, ``id`` and ``text`` are strings, ``category`` is one of ``values`` (empty: any),
    ``word`` one of ``values`` in the suite's spelling or anything else as it is, ``flag`` true or
    false. ``low`` and ``high`` are the inclusive range of a number, or of a date's year. A table
    is refused without a ``required`` column. Texts of ``always_said`` are values here, though they
    stand for nothing elsewhere: "None" under side effects is an answer.
    """

    name: str
    kind: Kind
    meaning: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False
    always_said: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: its columns, and which of them stand in for each other.

    A row without any of the columns ``says`` says nothing, and is left out under the name
    ``silent``. One without a value in a column of ``may_be_unknown`` is kept: a dose nobody can
    read must not make the dose of its day smaller, nor an event without a date their number.
    ``wide`` is the column that each of several columns of a file may fill, and ``wide_says`` what
    may be said of one of these.
    """

    name: str
    required: bool = False
    one_of: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    says: tuple[str, ...] = ()
    silent: str = ""
    may_be_unknown: frozenset[str] = frozenset()
    wide: str = ""
    wide_says: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def needed(self) -> frozenset[str]:
        """Columns without which a row says nothing: who, when, and what a score is a score of."""
        named = {column.name for column in self.columns if column.required}
        return frozenset(named.union(*self.one_of, ("scale", "recall"))) - self.may_be_unknown

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def _read_tables() -> dict[str, Table]:
    """Return the tables of data/tables.csv with their columns of data/contract.csv."""
    columns: dict[str, list[Column]] = {}
    for row in data_rows("contract.csv"):
        column = Column(
            name=row["column"],
            kind=row["kind"],  # type: ignore[arg-type]
            meaning=row["meaning"],
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            values=tuple(row["values"].split()),
            required=row["required"] == "yes",
            always_said=frozenset(row["always_said"].split()),
        )
        columns.setdefault(row["table"], []).append(column)
    return {
        row["table"]: Table(
            name=row["table"],
            required=row["required"] == "yes",
            one_of=tuple(tuple(names.split()) for names in row["one_of"].split("|")),
            columns=tuple(columns[row["table"]]),
            says=tuple(row["says"].split()),
            silent=row["silent"],
            may_be_unknown=frozenset(row["may_be_unknown"].split()),
            wide=row["wide"],
            wide_says=tuple(row["wide_says"].split()),
        )
        for row in data_rows("tables.csv")
    }


TABLES = _read_tables()
"""Every table the suite reads, by name."""

FIRST_YEAR = int(TABLES["pain_scores"].column("assessed_on").low or 0)
"""Dates of treatment before this year are typing errors or sentinels such as 1900-01-01."""

TIMES: tuple[tuple[str, str], ...] = (
    ("infusions", "infused_at"),
    ("pain_scores", "assessed_on"),
    ("relief_ends", "infused_at"),
    ("relief_ends", "ended_at"),
    ("adverse_events", "infused_at"),
    ("adverse_events", "occurred_on"),
    ("opioid_use", "assessed_on"),
    ("questionnaires", "assessed_on"),
)
"""Table and column of each time at which the clinic saw a patient."""

ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
"""One ICD-10-CM code without its point: a letter, a digit, one to five further characters."""


@dataclass(frozen=True)
class Conditions:
    """Known conditions: labels, subtypes, and ICD-10-CM prefixes, longest first."""

    labels: dict[str, str]
    subtype_labels: dict[tuple[str, str], str]
    icd10: tuple[tuple[str, str, str], ...]

    def subtypes(self, condition: str) -> tuple[str, ...]:
        """Return the subtype codes of a condition, in the order of the list."""
        return tuple(sub for cond, sub in self.subtype_labels if cond == condition)

    def label(self, condition: str, subtype: str = "") -> str:
        """Return the label people read; the code itself when there is none."""
        if subtype:
            return self.subtype_labels.get((condition, subtype), subtype.replace("_", " "))
        return self.labels.get(condition, condition.replace("_", " "))

    def from_icd10(self, code: str) -> tuple[str, str] | None:
        """Return (condition, subtype) of the longest prefix that fits.

        None when none does, and for a text that is not one code ("G90.5; M79.7"): which of two
        diagnoses is the patient's pain condition is not for a program to pick.
        """
        plain = code.upper().replace(".", "").strip()
        if not ICD10.fullmatch(plain):
            return None
        fitting = ((cond, sub) for prefix, cond, sub in self.icd10 if plain.startswith(prefix))
        return next(fitting, None)

    def extended(self, more: dict[str, str]) -> Conditions:
        """Return the list with further conditions of an export (code -> label)."""
        return Conditions({**self.labels, **more}, self.subtype_labels, self.icd10)


@lru_cache(maxsize=1)
def load_conditions() -> Conditions:
    """Read data/conditions.csv."""
    rows = data_rows("conditions.csv")
    prefixes = [
        (code.replace(".", ""), row["condition"], row["subtype"])
        for row in rows
        for code in row["icd10"].split()
    ]
    return Conditions(
        {row["condition"]: row["condition_label"] for row in rows},
        {(r["condition"], r["subtype"]): r["subtype_label"] for r in rows if r["subtype"]},
        tuple(sorted(prefixes, key=lambda prefix: -len(prefix[0]))),
    )
