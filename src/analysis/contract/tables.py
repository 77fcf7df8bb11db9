"""The tables of the contract as values: every column with its kind, unit, range and meaning.

Readers, checks, error messages, the demo generator and the documentation all read this one list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "text", "category", "word", "integer", "number", "date", "datetime", "flag"]

SCALES: dict[str, tuple[float, float]] = {"nrs_0_10": (0.0, 10.0), "vas_0_100": (0.0, 100.0)}
"""Pain scales by name, with their ends. Scores are compared on 0 to 10 after reading."""

RECALLS = ("now", "average", "worst", "least", "not_stated")
"""What a rating looks back on (IMMPACT). Ratings of different recall are never mixed."""

VISITS = ("baseline", "end", "week_4", "week_8", "week_12", "week_26")
"""Analysis visits of the suite. An export may name its ratings so, in any writing ("Week 4")."""

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Dates of treatment outside these years are typing errors or sentinels such as 1900-01-01."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: what it holds, in which unit, and what it may hold.

    Parameters
    ----------
    name : str
        Name in the suite; a mapping renames an export's own.
    kind : str
        ``id`` and ``text`` are strings, ``category`` one of ``values``, ``word`` one of ``values``
        in the suite's spelling or anything else as it is, ``flag`` true or false.
    meaning : str
        One phrase for people, unit included.
    required : bool
        Whether the table is refused without it.
    low, high : float or None
        Inclusive range of a number, or of a date's year.
    values : tuple of str
        Allowed words of a category; empty means any.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: what a row is, its columns, its key, and which columns stand in for each other."""

    name: str
    row_is: str
    columns: tuple[Column, ...]
    required: bool = False
    key: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


PATIENT_ID = Column(name="patient_id", kind="id", meaning="patient, unique", required=True)
STUDY_DAY = Column(
    name="study_day", kind="number", meaning="days since day 0", low=-36500, high=36500
)

PATIENTS = Table(
    name="patients",
    row_is="a patient",
    required=True,
    key=("patient_id",),
    one_of=(("condition", "icd10"),),
    columns=(
        PATIENT_ID,
        Column(name="site", kind="text", meaning="clinic or center"),
        Column(name="condition", kind="category", meaning="condition code of data/conditions.csv"),
        Column(name="subtype", kind="category", meaning="subtype code of data/conditions.csv"),
        Column(name="icd10", kind="text", meaning="ICD-10-CM code of the pain condition"),
        Column(name="sex", kind="category", meaning="sex", values=("female", "male", "other")),
        Column(
            name="birth_year", kind="integer", meaning="year of birth", low=1900, high=LAST_YEAR
        ),
        Column(name="age_years", kind="number", meaning="age at the start, years", low=0, high=120),
        Column(
            name="pain_since", kind="date", meaning="when the pain began", low=1900, high=LAST_YEAR
        ),
        Column(name="arm", kind="text", meaning="treatment arm, where there is more than one"),
        Column(
            name="prior_treatments_failed",
            kind="integer",
            meaning="treatments that failed before, count",
            low=0,
            high=100,
        ),
        Column(name="uncontrolled_hypertension", kind="flag", meaning="uncontrolled hypertension"),
        Column(name="heart_condition", kind="flag", meaning="heart condition"),
        Column(name="active_psychosis", kind="flag", meaning="active psychosis"),
        Column(name="pregnant_or_breastfeeding", kind="flag", meaning="pregnant or breastfeeding"),
        Column(name="active_substance_abuse", kind="flag", meaning="active substance abuse"),
        Column(
            name="enrolled_on", kind="date", meaning="date of entry", low=FIRST_YEAR, high=LAST_YEAR
        ),
    ),
)

PAIN_SCORES = Table(
    name="pain_scores",
    row_is="one pain rating",
    required=True,
    one_of=(("assessed_on", "study_day"),),
    columns=(
        PATIENT_ID,
        Column(
            name="assessed_on",
            kind="datetime",
            meaning="when it was rated",
            low=FIRST_YEAR,
            high=LAST_YEAR,
        ),
        STUDY_DAY,
        Column(
            name="score", kind="number", meaning="pain, in the unit of its scale", required=True
        ),
        Column(name="scale", kind="category", meaning="pain scale", values=tuple(SCALES)),
        Column(name="recall", kind="category", meaning="what it looks back on", values=RECALLS),
        Column(
            name="visit",
            kind="word",
            meaning="analysis visit, where the export names it",
            values=VISITS,
        ),
    ),
)

INFUSIONS = Table(
    name="infusions",
    row_is="one infusion",
    one_of=(("infused_at", "study_day"),),
    columns=(
        PATIENT_ID,
        Column(
            name="infused_at",
            kind="datetime",
            meaning="when it began",
            low=FIRST_YEAR,
            high=LAST_YEAR,
        ),
        STUDY_DAY,
        Column(name="series", kind="integer", meaning="number of the series", low=1, high=1000),
        Column(
            name="phase",
            kind="category",
            meaning="initial series or booster",
            values=("initial", "maintenance"),
        ),
        Column(
            name="protocol",
            kind="category",
            meaning="standard or high dose",
            values=("standard", "high_dose"),
        ),
        Column(name="dose_mg_per_kg", kind="number", meaning="ketamine, mg/kg", low=0, high=50),
        Column(name="minutes", kind="number", meaning="length, minutes", low=0, high=14400),
        Column(name="sbp_before", kind="number", meaning="systolic before, mmHg", low=40, high=300),
        Column(
            name="dbp_before", kind="number", meaning="diastolic before, mmHg", low=20, high=200
        ),
        Column(name="sbp_peak", kind="number", meaning="systolic peak, mmHg", low=40, high=300),
        Column(name="dbp_peak", kind="number", meaning="diastolic peak, mmHg", low=20, high=200),
        Column(name="spo2_lowest", kind="number", meaning="lowest SpO2, percent", low=30, high=100),
        Column(
            name="discharge_minutes",
            kind="number",
            meaning="minutes from the end to discharge",
            low=0,
            high=10000,
        ),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in (PATIENTS, PAIN_SCORES, INFUSIONS)}
"""Every table the suite reads, by name."""

LATER_TABLES = ("adverse_events", "opioid_use", "questionnaires")
"""Tables of the design that the suite does not read yet; claims on them are not testable."""
