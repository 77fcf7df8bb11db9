"""Table 1: who the patients are before treatment, counted and summarised by tableone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import NOT_RECORDED, whole_group
from analysis.wording.texts import say

if TYPE_CHECKING:
    from tableone import TableOne

CATEGORIES = ("sex", "subtype", "protocol", "arm", "site")
NUMBERS = {
    "age_years": "years",
    "pain_years": "years",
    "baseline_score": "score",
    "prior_treatments_failed": "number",
    "n_infusions": "number",
}
"""Characteristics with their unit, in the order to print."""

STATISTICS = {"median": "median", "q25": "quartile_1", "q75": "quartile_3", "mean": "mean",
              "std": "standard_deviation"}  # fmt: skip
"""What tableone calls a statistic, and the end of the definition of its row."""

SHARE, NUMBER = "characteristic_share", "characteristic"
GROUP_BY = "characteristic"
DAYS_A_YEAR = 365.25


def tabulate_characteristics(datasets: Datasets, condition: str) -> tuple[ResultRow, ...]:
    """Return who the starters of a condition are, as result rows.

    Parameters
    ----------
    datasets : Datasets
    condition : str
        Condition code, or ``all``.

    Returns
    -------
    tuple of ResultRow
        ``characteristic_share`` for each level of a category (definition: its column, group: the
        level; "not recorded" is a level, so that the counts add up to all), and ``characteristic``
        for numbers (definition: ``<column>_<statistic>``, the known ones; ``n_missing`` the rest).
        A column the export does not have makes no row; with no starters there are none.

    Raises
    ------
    SettingsError
        Unknown condition.
    """
    known = characteristics(datasets, condition)
    if known.empty:
        return ()
    made = _table_one(known)
    return (*_shares(known, made, condition), *_numbers(known, made, condition))


def characteristics(datasets: Datasets, condition: str) -> pd.DataFrame:
    """Return the characteristics of the starters, one row a patient; only columns with a value."""
    subjects = datasets.subjects.loc[whole_group(datasets, condition).patient_ids]
    at_start = _start_of(subjects)
    made = {
        "age_years": ages_at_start(subjects),
        "pain_years": (at_start - _date(subjects, "pain_since")).dt.days / DAYS_A_YEAR,
    }
    made |= {name: _number(subjects, name) for name in NUMBERS if name not in made}
    made["pain_years"] = made["pain_years"].where(made["pain_years"] >= 0)
    frame = pd.DataFrame(
        {name: subjects[name].astype("str") for name in CATEGORIES if name in subjects} | made,
        index=subjects.index,
    )
    if condition == "all":  # a subtype means something within its condition only
        frame = frame.drop(columns="subtype", errors="ignore")
    return frame.dropna(axis="columns", how="all")


def ages_at_start(subjects: pd.DataFrame) -> pd.Series:
    """Return the age of each patient at the start, years; 90 stands for 90 and more.

    As stated, else the year of the start less the birth year; missing where neither is known.
    """
    by_year = _start_of(subjects).dt.year - _number(subjects, "birth_year")
    return _number(subjects, "age_years").fillna(by_year)


def _start_of(subjects: pd.DataFrame) -> pd.Series:
    return _date(subjects, "first_infusion_at").fillna(_date(subjects, "enrolled_on"))


def _table_one(known: pd.DataFrame) -> TableOne:
    """Return tableone's table; what pandas deprecates in that library is no news to an analyst."""
    from tableone import TableOne

    categories = [name for name in CATEGORIES if name in known]
    numbers = [name for name in NUMBERS if name in known]
    filled = known.assign(**known[categories].fillna(NOT_RECORDED))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        return TableOne(
            filled, columns=categories + numbers, categorical=categories, continuous=numbers
        )


def _date(subjects: pd.DataFrame, name: str) -> pd.Series:
    empty = pd.Series(pd.NaT, index=subjects.index, dtype="datetime64[s]")
    return pd.to_datetime(subjects[name]) if name in subjects else empty


def _number(subjects: pd.DataFrame, name: str) -> pd.Series:
    empty = pd.Series(float("nan"), index=subjects.index)
    return subjects[name].astype(float) if name in subjects else empty


def _shares(known: pd.DataFrame, made: TableOne, condition: str) -> Iterator[ResultRow]:
    names = [name for name in CATEGORIES if name in known]
    if not names:
        return
    counted = made.cat_describe["freq"]["Overall"]
    for name in names:
        levels = {str(level): int(n) for level, n in counted.loc[name].items()}
        for level, n in sorted(levels.items(), key=lambda each: (each[0] == NOT_RECORDED, each)):
            yield ResultRow(
                measure=SHARE,
                definition=name,
                condition=condition,
                group_by=GROUP_BY,
                group=level,
                value=n / len(known),
                n=len(known),
                n_events=n,
                n_missing=levels.get(NOT_RECORDED, 0),
                unit="share",
                method=say("outcomes.method.table_one"),
            )


def _numbers(known: pd.DataFrame, made: TableOne, condition: str) -> Iterator[ResultRow]:
    names = [name for name in NUMBERS if name in known]
    if not names:
        return
    told = made.cont_describe
    for name in names:
        n = int(known[name].notna().sum())
        for statistic, ending in STATISTICS.items():
            value = float(told.loc[name, (statistic, "Overall")])
            # tableone calls the deviation of one patient 0, and that of none no number.
            is_known = value == value and (statistic != "std" or n > 1)
            yield ResultRow(
                measure=NUMBER,
                definition=f"{name}_{ending}",
                condition=condition,
                value=value if is_known else None,
                n=n,
                n_missing=len(known) - n,
                unit=NUMBERS[name],
                method=say("outcomes.method.table_one"),
                status="estimated" if is_known else "not estimable",
            )
