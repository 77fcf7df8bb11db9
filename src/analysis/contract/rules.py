"""Rules of the contract across columns, rows and tables.

`check_tables` gathers everything that is wrong before it refuses, so that one look mends a file.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from analysis.contract.checker import EXCLUDE, GIVE_TABLE, Checker
from analysis.contract.codes import Conditions
from analysis.contract.patients import check_patients
from analysis.contract.tables import SCALES, TABLES, Column, Table

SENTINELS = tuple(
    np.datetime64(day)
    for day in ("1899-12-30", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31", "0001-01-01")
)
"""Dates that systems write for "unknown"; none is a day of treatment."""

DEFAULT_SCALE = "nrs_0_10"
"""The scale of scores where the export names none."""


def check_tables(
    tables: dict[str, pd.DataFrame],
    *,
    conditions: Conditions,
    scales: dict[str, tuple[float, float]] | None = None,
    exclude: Collection[str] = (),
) -> Checker:
    """Check typed tables against the contract.

    Parameters
    ----------
    tables : dict of DataFrame
        Typed tables with ``source_file``, ``source_line`` and ``source_no``.
    conditions : Conditions
        Known condition codes and their ICD-10-CM prefixes.
    scales : dict, optional
        Pain scales by name with their two ends; the contract's own when not given.
    exclude : collection of str
        Codes of rules whose rows are put aside by name instead of being a problem.

    Returns
    -------
    Checker
        With tables, problems, and rows put aside. Condition and subtype are filled in from ICD-10
        codes where the export gives only those.
    """
    check = Checker(
        tables=dict(tables), conditions=conditions, scales=scales or SCALES, exclude=exclude
    )
    for table in TABLES.values():
        if table.required and table.name not in check.tables:
            check.tell(table, "missing_table", f"the export has no {table.name}", GIVE_TABLE)
    for step in (_check_columns, _check_values):
        for name in list(check.tables) if not check.problems else []:
            step(check, TABLES[name])
    if check.problems:
        return check
    check_patients(check)
    for name in [n for n in check.tables if n != "patients"]:
        _check_belongs_to_a_patient(check, TABLES[name])
    _check_scores(check)
    _check_infusions(check)
    return check


def _check_columns(check: Checker, table: Table) -> None:
    """Rows there, required columns there, and one of each set of alternatives."""
    if check.tables[table.name].empty:
        optional = "" if table.required else f", or leave {table.name} out if there were none"
        check.tell(
            table,
            "no_rows",
            f"no row of {table.name} is left to read",
            f"Check the file and the filters{optional}.",
        )
        return
    needed = [(c.name,) for c in table.columns if c.required] + list(table.one_of)
    for names in needed:
        if not any(name in check.tables[table.name] for name in names):
            check.tell(
                table,
                "missing_column",
                f"there is no column {' or '.join(names)}",
                "Add it to the file, or name the column that holds it in a mapping under "
                f"`tables: {{{table.name}: {{columns: ...}}}}` (docs/mapping.md).",
            )


def _check_values(check: Checker, table: Table) -> None:
    """Ids there, times there, numbers and dates inside their range."""
    missing_id = check.tables[table.name]["patient_id"].isna().to_numpy()
    check.rows(
        table, "patient_id", "missing_id", missing_id, "a patient id", reason="no patient id"
    )
    for column in table.columns:
        if column.name in check.tables[table.name]:
            _check_range(check, table, column)
    for names in (n for n in table.one_of if "study_day" in n):
        frame = check.tables[table.name]
        have = [name for name in names if name in frame]
        bad = frame[have].isna().all(axis=1).to_numpy()
        check.rows(
            table,
            have[0],
            "unreadable_value",
            bad,
            f"a value of {' or '.join(names)}",
            reason="no date and no study day",
        )


def _check_range(check: Checker, table: Table, column: Column) -> None:
    if column.low is None or column.high is None:
        return
    values = check.tables[table.name][column.name]
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
        remedy = EXCLUDE
    check.rows(table, column.name, "value_out_of_range", bad, expected, remedy)


def _check_belongs_to_a_patient(check: Checker, table: Table) -> None:
    """Every rating and infusion is of a patient the export lists."""
    known = check.tables["patients"]["patient_id"]
    ids = check.tables[table.name]["patient_id"]
    bad = ~ids.isin(known).to_numpy()
    remedy = (
        "Add the patient to the patients table, correct the id, or list `unknown_patient` "
        "under `exclude` in the mapping to leave these rows out."
    )
    if bad.any() and _bare(ids[bad]).isin(_bare(known)).any():
        remedy = (
            "Some differ from a listed id only in leading zeros, blanks or capitals: ids are text, "
            "and 001 is not 1. Write them alike in both tables. " + remedy
        )
    check.rows(
        table, "patient_id", "unknown_patient", bad, "the id of a patient in patients", remedy
    )


def _bare(ids: pd.Series) -> pd.Series:
    """Return ids without what programs lose or add on the way: zeros, blanks, capitals."""
    return ids.str.replace(r"\s", "", regex=True).str.lower().str.lstrip("0")


def _check_scores(check: Checker) -> None:
    """Every score lies on its scale; where no scale is named, all are 0 to 10."""
    table = TABLES["pain_scores"]
    _check_scales_named(check, table)
    for name, (start, end) in check.scales.items():
        frame = check.tables["pain_scores"]
        scale = frame["scale"] if "scale" in frame else pd.Series(pd.NA, index=frame.index)
        on_it = (scale.fillna(DEFAULT_SCALE) == name).to_numpy(dtype=bool)
        low, high = min(start, end), max(start, end)
        score = frame["score"].to_numpy(dtype=float)
        remedy = (
            "If the scores are on 0 to 100, say `scale: {constant: vas_0_100}` in the mapping; if "
            "the number stands for 'not recorded', list it under `missing`; if they are typing "
            "errors correct them, or list `score_outside_scale` under `exclude`."
        )
        check.rows(
            table,
            "score",
            "score_outside_scale",
            on_it & ((score < low) | (score > high)),
            f"a score from {low:g} to {high:g} (scale {name})",
            remedy,
        )


def _check_scales_named(check: Checker, table: Table) -> None:
    """A file that names other scales names one on every row: 7 could be 7 of 10 or 7 of 100."""
    frame = check.tables["pain_scores"]
    if "scale" not in frame or set(frame["scale"].dropna()) <= {DEFAULT_SCALE}:
        return
    check.rows(
        table,
        "scale",
        "unreadable_value",
        frame["scale"].isna().to_numpy(),
        "a scale",
        "Other rows name one, so these cannot be taken for 0 to 10: name it, or leave them out "
        "with `where: {<column of the scale>: {recorded: true}}` in the mapping.",
        reason="no scale named",
    )


def _check_infusions(check: Checker) -> None:
    """The same infusion is not in the file twice."""
    if "infusions" not in check.tables:
        return
    frame = check.tables["infusions"]
    at = [name for name in ("patient_id", "infused_at", "study_day") if name in frame]
    bad = frame.duplicated(subset=at).to_numpy()
    check.rows(
        TABLES["infusions"], at[1], "repeated_infusion", bad, "an infusion not listed before"
    )
