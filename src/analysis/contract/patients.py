"""Rules of the patients table: one row a patient, each with a known condition."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.contract.checker import Checker
from analysis.contract.codes import Conditions
from analysis.contract.tables import TABLES

_ONE_ROW = (
    "Keep one row a patient; if the rows are alike say `one_row_per_patient: true`, and if ids are "
    "unique only within a site say `patient_id: {join: [site, id]}` in the mapping."
)
_KNOWN = (
    "Map the words with `condition: {from: ..., values: {...}}`, or declare a further condition "
    "under `conditions` in the mapping."
)


def check_patients(check: Checker) -> None:
    """Refuse repeated ids and unknown conditions; fill in conditions from ICD-10-CM codes."""
    table = TABLES["patients"]
    bad = check.tables["patients"]["patient_id"].duplicated(keep="first").to_numpy()
    check.rows(table, "patient_id", "duplicate_patient", bad, "an id not used before", _ONE_ROW)
    frame = with_conditions(check.tables["patients"], check.conditions)
    check.tables["patients"] = frame
    known = frame["condition"].isin(list(check.conditions.labels)).to_numpy()
    by_code = "icd10" in frame and frame.loc[~known, "condition"].isna().all()
    codes = ", ".join(check.conditions.labels)
    check.rows(
        table,
        "icd10" if by_code else "condition",
        "unknown_condition",
        ~known,
        f"an ICD-10-CM code of data/conditions.csv (for {codes})"
        if by_code
        else f"a condition of data/conditions.csv ({codes})",
        _KNOWN,
    )


def with_conditions(frame: pd.DataFrame, conditions: Conditions) -> pd.DataFrame:
    """Fill in condition and subtype from ICD-10-CM where the export does not give them.

    Parameters
    ----------
    frame : DataFrame
        Patients; icd10, condition and subtype may be there or not.
    conditions : Conditions

    Returns
    -------
    DataFrame
        With condition and subtype. A subtype is taken from the code only where the condition is
        the code's; a condition the export gives is never overruled.
    """
    frame = frame.copy()
    for name in ("condition", "subtype"):
        if name not in frame:
            frame[name] = pd.Series(pd.NA, index=frame.index, dtype="str")
    if "icd10" not in frame:
        return frame
    found = {code: conditions.from_icd10(code) for code in frame["icd10"].dropna().unique()}
    pick: dict[str, Callable[[str], str | None]] = {
        "condition": lambda code: (found.get(code) or (None, None))[0],
        "subtype": lambda code: (found.get(code) or (None, ""))[1] or None,
    }
    derived = {name: frame["icd10"].map(pick[name], na_action="ignore") for name in pick}
    frame["condition"] = frame["condition"].fillna(derived["condition"].astype("str"))
    same = frame["condition"] == derived["condition"]
    frame["subtype"] = frame["subtype"].fillna(derived["subtype"].where(same).astype("str"))
    return frame
