"""Code lists: conditions and subtypes, ICD-10-CM, LOINC."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

from analysis.places import data_folder

LOINC_PAIN_NRS = "72514-3"
"""Pain severity, 0-10 verbal numeric rating: matched by code, never by display text."""


ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
"""One ICD-10-CM code without its point: a letter, a digit, one to five further characters."""


@dataclass(frozen=True)
class Conditions:
    """Known conditions: labels, subtypes, and ICD-10-CM prefixes."""

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
        for prefix, condition, subtype in self.icd10:
            if plain.startswith(prefix):
                return condition, subtype
        return None

    def extended(self, more: dict[str, str]) -> Conditions:
        """Return the list with further conditions of an export (code -> label)."""
        return Conditions({**self.labels, **more}, self.subtype_labels, self.icd10)


@lru_cache(maxsize=1)
def load_conditions() -> Conditions:
    """Read data/conditions.csv."""
    labels: dict[str, str] = {}
    subtypes: dict[tuple[str, str], str] = {}
    prefixes: list[tuple[str, str, str]] = []
    path = data_folder() / "conditions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["condition"]] = row["condition_label"]
            if row["subtype"]:
                subtypes[row["condition"], row["subtype"]] = row["subtype_label"]
            for code in row["icd10"].split():
                prefixes.append((code.replace(".", ""), row["condition"], row["subtype"]))
    longest_first = sorted(prefixes, key=lambda item: -len(item[0]))
    return Conditions(labels, subtypes, tuple(longest_first))
