"""Ages over 89 are grouped: so few patients are that old that the age alone can name one.

The rule is that of the HIPAA Safe Harbor method, 45 CFR 164.514(b)(2)(i)(C).
"""

from __future__ import annotations

import pandas as pd

OLDEST_AGE_YEARS = 90
"""Stands for 90 and more."""


def group_ages(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables with ages of 90 and more, and birth years that tell them, set to 90.

    Parameters
    ----------
    tables : dict of DataFrame
        Tables of the contract. A birth year is held against the patient's first date in any of
        them; where an export has no dates, no age can be worked out and the year stays.
    """
    patients = tables["patients"]
    grouped = {}
    if "age_years" in patients:
        grouped["age_years"] = patients["age_years"].clip(upper=OLDEST_AGE_YEARS)
    dates = _first_dates(tables)
    if "birth_year" in patients and dates is not None:
        first = patients["patient_id"].map(dates).dt.year
        born = patients["birth_year"]
        grouped["birth_year"] = born.mask(born < first - OLDEST_AGE_YEARS, first - OLDEST_AGE_YEARS)
    return {**tables, "patients": patients.assign(**grouped)} if grouped else tables


def _first_dates(tables: dict[str, pd.DataFrame]) -> pd.Series | None:
    """Return each patient's first date on record, None where the export has no dates at all."""
    dated = [
        tables[table][["patient_id", column]].set_axis(["patient_id", "on"], axis=1)
        for table, column in (
            ("patients", "enrolled_on"),
            ("pain_scores", "assessed_on"),
            ("infusions", "infused_at"),
        )
        if table in tables and column in tables[table]
    ]
    if not dated:
        return None
    return pd.concat(dated, ignore_index=True).groupby("patient_id")["on"].min()
