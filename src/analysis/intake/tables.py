"""The tables of the contract as values: columns with kind, unit, range and meaning; code lists.

Readers, checks, error messages, the demo generator and the documentation all read this one list.
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

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Dates of treatment outside these years are typing errors or sentinels such as 1900-01-01."""


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
    """

    name: str
    required: bool = False
    one_of: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    says: tuple[str, ...] = ()
    silent: str = ""
    may_be_unknown: frozenset[str] = frozenset()

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


PATIENT_ID = Column("patient_id", "id", "patient, unique", required=True)
STUDY_DAY = Column("study_day", "number", "days since day 0", -36500, 36500)

AE_ASSESSED = Column("ae_assessed", "flag", "asked about adverse events")

PATIENTS = Table(
    name="patients",
    required=True,
    one_of=(("condition", "icd10"),),
    columns=(
        PATIENT_ID,
        Column("site", "text", "clinic or center"),
        Column("condition", "category", "condition code of data/conditions.csv"),
        Column("subtype", "category", "subtype code of data/conditions.csv"),
        Column("icd10", "text", "ICD-10-CM code of the pain condition"),
        Column("sex", "category", "sex", values=("female", "male", "other")),
        Column("birth_year", "integer", "year of birth", 1900, LAST_YEAR),
        Column("age_years", "number", "age at the start, years", 0, 120),
        Column("pain_since", "date", "when the pain began", 1900, LAST_YEAR),
        Column("arm", "text", "treatment arm, where there is more than one"),
        Column(
            "prior_treatments_failed", "integer", "treatments that failed before, count", 0, 100
        ),
        Column("uncontrolled_hypertension", "flag", "uncontrolled hypertension"),
        Column("heart_condition", "flag", "heart condition"),
        Column("active_psychosis", "flag", "active psychosis"),
        Column("pregnant_or_breastfeeding", "flag", "pregnant or breastfeeding"),
        Column("active_substance_abuse", "flag", "active substance abuse"),
        Column("physical_therapy", "flag", "has physical therapy besides"),
        Column("psychology", "flag", "has psychological treatment besides"),
        Column("other_medication", "flag", "has other pain medication besides"),
        AE_ASSESSED,
        Column("enrolled_on", "date", "date of entry", FIRST_YEAR, LAST_YEAR),
    ),
)

PAIN_SCORES = Table(
    name="pain_scores",
    required=True,
    one_of=(("assessed_on", "study_day", "visit"),),
    columns=(
        PATIENT_ID,
        Column("assessed_on", "datetime", "when it was rated", FIRST_YEAR, LAST_YEAR),
        STUDY_DAY,
        Column("score", "number", "pain, in the unit of its scale", required=True),
        Column("scale", "category", "pain scale", values=tuple(SCALES)),
        Column("recall", "category", "what it looks back on", values=RECALLS),
        Column("visit", "word", "analysis visit, where the export names it"),
    ),
    says=("score",),
    silent="no score recorded",
)

INFUSIONS = Table(
    name="infusions",
    one_of=(("infused_at", "study_day"),),
    columns=(
        PATIENT_ID,
        Column("infused_at", "datetime", "when it began", FIRST_YEAR, LAST_YEAR),
        STUDY_DAY,
        Column("series", "integer", "number of the series", 1, 1000),
        Column("phase", "category", "initial series or booster", values=("initial", "maintenance")),
        Column("protocol", "category", "standard or high dose", values=("standard", "high_dose")),
        Column("dose_mg_per_kg", "number", "ketamine, mg/kg", 0, 50),
        Column("minutes", "number", "length, minutes", 0, 14400),
        Column("sbp_before", "number", "systolic before, mmHg", 40, 300),
        Column("dbp_before", "number", "diastolic before, mmHg", 20, 200),
        Column("sbp_peak", "number", "systolic peak, mmHg", 40, 300),
        Column("dbp_peak", "number", "diastolic peak, mmHg", 20, 200),
        Column("spo2_lowest", "number", "lowest SpO2, percent", 30, 100),
        Column("discharge_minutes", "number", "minutes from the end to discharge", 0, 10000),
        AE_ASSESSED,
    ),
    silent="no infusion recorded",
)

ADVERSE_EVENTS = Table(
    name="adverse_events",
    one_of=(("infused_at", "occurred_on", "study_day"),),
    columns=(
        PATIENT_ID,
        Column("infused_at", "datetime", "infusion it belongs to", FIRST_YEAR, LAST_YEAR),
        Column("occurred_on", "datetime", "when it began", FIRST_YEAR, LAST_YEAR),
        STUDY_DAY,
        Column("term", "text", "what it was, or 'none reported'", required=True,
               always_said=frozenset({"None"})),
        Column("occurred", "flag", "whether it did: no for an effect asked about in vain"),
        Column("solicited", "flag", "asked about by name, not volunteered"),
        Column("grade", "integer", "CTCAE grade, 1 (mild) to 5 (death)", 1, 5),
        Column(
            "minutes_to_resolution", "number",
            "minutes from the end of the infusion, else from its start, to its end", 0, 5_256_000,
        ),
        Column("resolved", "flag", "whether it had resolved when last seen"),
        Column("resolved_on", "datetime", "when it had resolved", FIRST_YEAR, LAST_YEAR),
        Column("serious", "flag", "serious (ICH E2A)"),
        Column("hospital_transfer", "flag", "led to a transfer to hospital"),
        Column("stopped_infusion", "flag", "the infusion was stopped for it"),
        Column("preferred_term", "text", "the export's own coded term (MedDRA)"),
        Column("body_system", "text", "the export's own class (MedDRA system organ class)"),
    ),
    says=("term", "occurred", "grade", "minutes_to_resolution", "resolved", "preferred_term"),
    silent="no effect recorded",
    may_be_unknown=frozenset({"infused_at", "occurred_on", "study_day"}),
)  # fmt: skip

OPIOID_USE = Table(
    name="opioid_use",
    one_of=(("assessed_on", "study_day", "visit"), ("daily_dose", "mme_per_day")),
    columns=(
        PATIENT_ID,
        Column("assessed_on", "datetime", "day of the dose", FIRST_YEAR, LAST_YEAR),
        STUDY_DAY,
        Column("visit", "word", "analysis visit, where the export names it"),
        Column("drug", "text", "opioid, as in data/codes/opioids.csv, or 'none'",
               always_said=frozenset({"None"})),
        Column("daily_dose", "number", "dose in its unit; 0 for no opioid", 0, 100_000),
        Column("unit", "category", "unit of the dose", values=("mg", "mcg", "mcg_per_hour")),
        Column(
            "route", "category", "route",
            values=("oral", "transdermal", "buccal", "sublingual", "nasal", "rectal", "parenteral"),
        ),
        Column("mme_per_day", "number", "morphine milligram equivalents a day", 0, 100_000),
        Column("basis", "category", "whose dose", values=("prescribed", "taken")),
    ),
    says=("drug", "daily_dose", "mme_per_day"),
    silent="no dose recorded",
    may_be_unknown=frozenset({"daily_dose", "mme_per_day"}),
)  # fmt: skip

QUESTIONNAIRES = Table(
    name="questionnaires",
    one_of=(("assessed_on", "study_day", "visit"),),
    columns=(
        PATIENT_ID,
        Column("assessed_on", "datetime", "when it was filled in", FIRST_YEAR, LAST_YEAR),
        STUDY_DAY,
        Column("visit", "word", "analysis visit, where the export names it"),
        Column("instrument", "text", "code of data/codes/instruments.csv, or another name",
               required=True),
        Column("score", "number", "total, in the instrument's own unit", required=True),
    ),
    says=("score",),
    silent="no score recorded",
)  # fmt: skip

RELIEF_ENDS = Table(
    name="relief_ends",
    one_of=(("ended_at", "relief_days"),),
    columns=(
        PATIENT_ID,
        Column("infused_at", "datetime", "infusion it followed", FIRST_YEAR, LAST_YEAR),
        Column("ended_at", "datetime", "relief gone, or next analgesic", FIRST_YEAR, LAST_YEAR),
        Column("relief_days", "number", "how long relief lasted, days", 0, 3650),
        Column("still_relieved", "flag", "relief still lasted then"),
    ),
    says=("ended_at", "relief_days"),
    silent="no end of relief recorded",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        PATIENTS,
        PAIN_SCORES,
        INFUSIONS,
        RELIEF_ENDS,
        ADVERSE_EVENTS,
        OPIOID_USE,
        QUESTIONNAIRES,
    )
}
"""Every table the suite reads, by name."""

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
