"""Rules of the contract across columns, rows and tables.

`check_tables` gathers everything that is wrong before it refuses, so that one look mends a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.codes import Conditions
from analysis.contract.problems import Problem
from analysis.contract.tables import SCALES, TABLES, Column, Table

SENTINELS = tuple(
    np.datetime64(day)
    for day in ("1899-12-30", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31", "0001-01-01")
)
"""Dates that systems write for "unknown"; none is a day of treatment."""


@dataclass
class CheckedTables:
    """Tables after the rules: what stays, what was put aside by name, and what is wrong."""

    tables: dict[str, pd.DataFrame]
    excluded: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check_tables(
    tables: dict[str, pd.DataFrame],
    *,
    conditions: Conditions,
    scales: dict[str, tuple[float, float]] | None = None,
    exclude: Collection[str] = (),
) -> CheckedTables:
    """Check typed tables against the contract.

    Parameters
    ----------
    tables : dict of DataFrame
        Typed tables with ``source_file`` and ``source_line``.
    conditions : Conditions
        Known condition codes and their ICD-10-CM prefixes.
    scales : dict, optional
        Pain scales by name with their two ends; the contract's own when not given.
    exclude : collection of str
        Codes of rules whose rows are put aside by name instead of being a problem.

    Returns
    -------
    CheckedTables
        Condition and subtype are filled in from ICD-10 codes where the export gives only those.
    """
    work = CheckedTables(dict(tables))
    check = _Checker(work, frozenset(exclude), conditions, scales or SCALES)
    for table in TABLES.values():
        if table.required and table.name not in work.tables:
            check.tell(table, "", "missing_table", f"the export has no {table.name}", _GIVE_TABLE)
    if work.problems:
        return work
    for name in list(work.tables):
        check.columns(TABLES[name])
    if work.problems:
        return work
    for name in list(work.tables):
        check.values(TABLES[name])
    check.patients()
    for name in [n for n in work.tables if n != "patients"]:
        check.belongs_to_a_patient(TABLES[name])
    check.scores()
    check.infusions()
    return work


_GIVE_TABLE = (
    "Add a file of that name, or name the file that holds it under `tables` in a mapping "
    "(docs/mapping.md)."
)
_EXCLUDE = "Correct the export, or list `{code}` under `exclude` in the mapping to leave them out."


class _Checker:
    """The rules, sharing the tables they work on."""

    def __init__(
        self,
        work: CheckedTables,
        exclude: frozenset[str],
        conditions: Conditions,
        scales: dict[str, tuple[float, float]],
    ) -> None:
        self.work, self.exclude = work, exclude
        self.conditions, self.scales = conditions, scales

    def tell(self, table: Table, column: str, code: str, expected: str, remedy: str) -> None:
        """Note a problem of a whole table."""
        frame = self.work.tables.get(table.name)
        named = frame is not None and len(frame) > 0
        file = str(frame["source_file"].iloc[0]) if named and frame is not None else "no file"
        self.work.problems.append(
            Problem(
                table=table.name,
                column=column,
                code=code,
                file=file,
                expected=expected,
                remedy=remedy,
            )
        )

    def rows(
        self,
        table: Table,
        column: str,
        code: str,
        bad: np.ndarray,
        expected: str,
        remedy: str = _EXCLUDE,
        *,
        reason: str = "",
    ) -> None:
        """Note the rows that break a rule, or put them aside when the mapping says so."""
        if not bad.any():
            return
        frame = self.work.tables[table.name]
        if code in self.exclude:
            name = reason or code.replace("_", " ")
            for file, n in frame.loc[bad, "source_file"].value_counts().items():
                self.work.excluded.setdefault((table.name, str(file)), Counter())[name] += int(n)
            self.work.tables[table.name] = frame[~bad].reset_index(drop=True)
            return
        wrong = frame[bad]
        for file, part in wrong.groupby("source_file", sort=False):
            shown = part[column] if column in part else pd.Series([""] * len(part))
            self.work.problems.append(
                Problem(
                    table=table.name,
                    column=column,
                    code=code,
                    file=str(file),
                    expected=expected,
                    remedy=remedy.format(code=code),
                    lines=part["source_line"].tolist(),
                    examples=[_example(value) for value in shown.head(10)],
                )
            )

    def columns(self, table: Table) -> None:
        """Rows there, required columns there, and one of each set of alternatives."""
        frame = self.work.tables[table.name]
        if frame.empty and table.required:
            self.tell(
                table, "", "no_rows", "no row is left to read", "Check the file and the filters."
            )
            return
        needed = [(c.name,) for c in table.columns if c.required] + list(table.one_of)
        for names in needed:
            if not any(name in frame for name in names):
                self.tell(
                    table,
                    "",
                    "missing_column",
                    f"there is no column {' or '.join(names)}",
                    f"Add it to the file, or name the column that holds it in a mapping under "
                    f"`tables: {{{table.name}: {{columns: ...}}}}` (docs/mapping.md).",
                )

    def values(self, table: Table) -> None:
        """Ids there, times there, numbers and dates inside their range."""
        frame = self.work.tables[table.name]
        missing_id = frame["patient_id"].isna().to_numpy()
        self.rows(
            table, "patient_id", "missing_id", missing_id, "a patient id", reason="no patient id"
        )
        for column in table.columns:
            if column.name in self.work.tables[table.name]:
                self._range(table, column)
        for names in (n for n in table.one_of if "study_day" in n):
            frame = self.work.tables[table.name]
            have = [name for name in names if name in frame]
            bad = frame[have].isna().all(axis=1).to_numpy()
            self.rows(table, have[0], "unreadable_value", bad, f"a value of {' or '.join(names)}")

    def _range(self, table: Table, column: Column) -> None:
        if column.low is None or column.high is None:
            return
        values = self.work.tables[table.name][column.name]
        if column.kind in ("date", "datetime"):
            years = values.dt.year.to_numpy()
            bad = (years < column.low) | (years > column.high) | values.isin(SENTINELS).to_numpy()
            expected = f"a date from {column.low:.0f} to {column.high:.0f} that is no placeholder"
            remedy = (
                "If it stands for 'unknown', list its text under `missing` in the mapping; "
                "otherwise correct it."
            )
        else:
            numbers = values.to_numpy(dtype=float)
            bad = (numbers < column.low) | (numbers > column.high)
            expected = f"{column.meaning}, {column.low:g} to {column.high:g},"
            remedy = _EXCLUDE
        self.rows(table, column.name, "value_out_of_range", bad, expected, remedy)

    def patients(self) -> None:
        """One row a patient, each with a known condition."""
        table = TABLES["patients"]
        frame = self.work.tables["patients"]
        bad = frame["patient_id"].duplicated(keep="first").to_numpy()
        remedy = (
            "Keep one row a patient; if the rows are alike say `one_row_per_patient: true`, and if "
            "ids are unique only within a site say `patient_id: {join: [site, id]}` in the mapping."
        )
        self.rows(table, "patient_id", "duplicate_patient", bad, "an id not used before", remedy)
        self.work.tables["patients"] = self._with_conditions(self.work.tables["patients"])
        frame = self.work.tables["patients"]
        known = frame["condition"].isin(list(self.conditions.labels)).to_numpy()
        shown = "icd10" if "icd10" in frame and frame.loc[~known, "condition"].isna().all() else ""
        self.rows(
            table,
            shown or "condition",
            "unknown_condition",
            ~known,
            f"a condition of data/conditions.csv ({', '.join(self.conditions.labels)})",
            "Map the words with `condition: {from: ..., values: {...}}`, or declare a further "
            "condition under `conditions` in the mapping.",
        )

    def _with_conditions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Fill in condition and subtype from ICD-10-CM where the export does not give them."""
        frame = frame.copy()
        for name in ("condition", "subtype"):
            if name not in frame:
                frame[name] = pd.Series(pd.NA, index=frame.index, dtype="str")
        if "icd10" not in frame:
            return frame
        found = {
            code: self.conditions.from_icd10(code) for code in frame["icd10"].dropna().unique()
        }
        pick: dict[str, Callable[[str], str | None]] = {
            "condition": lambda code: (found.get(code) or (None, None))[0],
            "subtype": lambda code: (found.get(code) or (None, ""))[1] or None,
        }
        derived = {name: frame["icd10"].map(pick[name], na_action="ignore") for name in pick}
        frame["condition"] = frame["condition"].fillna(derived["condition"].astype("str"))
        same = frame["condition"] == derived["condition"]
        frame["subtype"] = frame["subtype"].fillna(derived["subtype"].where(same).astype("str"))
        return frame

    def belongs_to_a_patient(self, table: Table) -> None:
        """Every rating and infusion is of a patient the export lists."""
        known = self.work.tables["patients"]["patient_id"]
        ids = self.work.tables[table.name]["patient_id"]
        bad = ~ids.isin(known).to_numpy()
        remedy = (
            "Add the patient to the patients table, correct the id, or list `unknown_patient` "
            "under `exclude` in the mapping to leave these rows out."
        )
        self.rows(
            table, "patient_id", "unknown_patient", bad, "the id of a patient in patients", remedy
        )

    def scores(self) -> None:
        """Every score lies on its scale; a scale not given is 0 to 10."""
        table = TABLES["pain_scores"]
        for name, (start, end) in self.scales.items():
            frame = self.work.tables["pain_scores"]
            scale = frame["scale"] if "scale" in frame else pd.Series(pd.NA, index=frame.index)
            on_it = (scale.fillna("nrs_0_10") == name).to_numpy(dtype=bool)
            low, high = min(start, end), max(start, end)
            score = frame["score"].to_numpy(dtype=float)
            bad = on_it & ((score < low) | (score > high))
            remedy = (
                "If the scores are on 0 to 100, say `scale: {constant: vas_0_100}` in the mapping; "
                "if they are typing errors correct them, or list `score_outside_scale` under "
                "`exclude`."
            )
            self.rows(
                table,
                "score",
                "score_outside_scale",
                bad,
                f"a score from {low:g} to {high:g} (scale {name})",
                remedy,
            )

    def infusions(self) -> None:
        """The same infusion is not in the file twice."""
        if "infusions" not in self.work.tables:
            return
        frame = self.work.tables["infusions"]
        at = [name for name in ("patient_id", "infused_at", "study_day") if name in frame]
        bad = frame.duplicated(subset=at).to_numpy()
        self.rows(
            TABLES["infusions"], at[1], "repeated_infusion", bad, "an infusion not listed before"
        )


def _example(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
