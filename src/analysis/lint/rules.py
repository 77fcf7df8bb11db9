"""Which advertising and trial-reporting rules touch a statement, and what it still lacks.

The rules are rows of data/claims/rules.csv; each names the subjects it touches, read here from
words. Another rule is another row. A rule that touches a sentence is a reason to look, not a
breach, and nothing here is legal advice.
"""

from __future__ import annotations

import re
from functools import lru_cache

from analysis.claims.checks import CHECKS
from analysis.claims.rules import Rule
from analysis.claims.rules import load_rules as load_table
from analysis.claims.subjects import (
    BENEFIT,
    CREDENTIAL,
    HARM,
    LASTING,
    MECHANISM,
    SOFT,
)
from analysis.lint.catalogue import Listed
from analysis.lint.flat import flat_text
from analysis.lint.marks import has_number
from analysis.lint.statements import Statement
from analysis.lint.terms import MEASURE_OF_LEDGER, PEOPLE, measure_in


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """Return the rules of the rule table that can touch a sentence of copy."""
    return tuple(rule for rule in load_table() if rule.touches)


_SUBJECTS: dict[str, re.Pattern[str]] = {
    "benefit": BENEFIT,
    "safety": HARM,
    "mechanism": MECHANISM,
    "lasting": LASTING,
    "implied": re.compile(r"\b(?:can|that we|we)\s+(?:treat|help|relieve)\b"),
    "soft": SOFT,
    "approval": re.compile(r"\bfda\b|\bapproved\b|\boff-label\b"),
    "review": re.compile(r"\breviews?\b(?! of)|\bstars?\b|\brated\b|\btestimonials?\b"),
    "vary": re.compile(r"\b(?:results?|outcomes?) (?:may |can )?(?:vary|not typical|differ)"),
    "credential": CREDENTIAL,
    "respiratory": re.compile(r"\brespirat\w+|\bbreathing\b"),
    "organ": re.compile(r"\borgan\b|\bliver\b|\bbladder\b|\bkidneys?\b|\burin\w+"),
    "longterm": re.compile(r"\blong-term (?:use|safety)\b|\bused long-term\b"),
    "fasting": re.compile(r"\bno food\b|\bfasting\b|\bempty stomach\b|\bsnacks?\b"),
    "recovery": re.compile(
        r"\bnext day\b|\blingering\b|\bhangover\b|\brecovery area\b|\bafter infusion ends\b|"
        r"\bdriv(?:e|ing)\b|\bnormal activities\b"
    ),
    "addiction": re.compile(r"\baddict\w*|\bhabit-forming\b|\btolerance\b"),
    "significant": re.compile(
        r"\b(?:significant|meaningful|substantial|noticeabl[ey])\b(?! side)|\bsuccess rate\b"
    ),
    "function": re.compile(r"\bfunction\b|\bsleep\b|\bquality of life\b|\bactivity tolerance\b"),
    "candidates": re.compile(
        r"\b(?:candidates?|suitable|psychosis|pregnancy|substance abuse|heart conditions?)\b"
    ),
    "coverage": re.compile(r"\binsurance\b|\bcoverage\b|\breimburse\w+|\bauthorization\b"),
    "expectation": re.compile(
        r"\b(?:guarante\w+|cure[sd]?|proven|always|never|permanent\w*|deserve|my life back|"
        r"live again|pain-free|100\s?%)"
    ),
}
"""Words that show what a statement is about."""


def subjects_of(statement: Statement, *, lacking: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the subjects a statement touches.

    Parameters
    ----------
    statement : Statement
    lacking : tuple of str
        What it lacks, which is a subject of its own.
    """
    flat = flat_text(statement.text)
    found = {name for name, pattern in _SUBJECTS.items() if pattern.search(flat)}
    if statement.is_testimonial:
        found.add("testimonial")
    measure = measure_in(statement.text, statement.marks)
    if measure:
        found |= {measure}
    return frozenset(found | ({"lacking"} if lacking else set()))


def touching_rules(subjects: frozenset[str]) -> tuple[str, ...]:
    """Return the ids of the rules that touch any of the subjects, in the order of the table."""
    return tuple(rule.rule_id for rule in load_rules() if subjects & set(rule.touches))


_HAS_WHOM = re.compile(
    r"\b(?:of|in|among)\s+(?:\w+[ -]){0,5}?(?:patients|people|cases|participants|adults|women|men|"
    r"starters|those)\b|\bpatients? (?:report|experience|who)\b"
)
DENOMINATOR, TIME, NUMBER_OF_PATIENTS, CONTROL = (
    "of whom (denominator)",
    "when (time)",
    "how many patients (n)",
    "that there was or was not a control group",
)


def lacking_in(statement: Statement, listed: Listed | None = None) -> tuple[str, ...]:
    """Return what a statement about outcomes does not say: of whom, when, how many, control group.

    Empty for statements about anything else (how long a session is, who may come).
    """
    if not _tells_outcome(statement, listed):
        return ()
    flat = flat_text(statement.text)
    time_told = _says("time", flat) or any(m.kind == "duration" for m in statement.heading_marks)
    needed = (
        (DENOMINATOR, bool(_HAS_WHOM.search(flat))),
        (TIME, bool(time_told)),
        (NUMBER_OF_PATIENTS, _says("patients", flat)),
        (CONTROL, _says("control", flat)),
    )
    return tuple(name for name, told in needed if not told)


def _says(check: str, flat: str) -> bool:
    """Return whether a fact is said, by the checks of the claims room: one meaning, one place."""
    return all(pattern.search(flat) for pattern in CHECKS[check].said_by)


_OUTCOME_KINDS = {"efficacy_rate", "efficacy_mean", "duration"}
_NO_OUTCOME_KINDS = {"mechanism", "protocol", "cost", "testimonial"}


def _tells_outcome(statement: Statement, listed: Listed | None) -> bool:
    if statement.is_testimonial or statement.is_question:
        return False
    if listed is not None and (
        listed.measure in MEASURE_OF_LEDGER or listed.kind in _OUTCOME_KINDS
    ):
        return True
    if listed is not None and listed.kind in _NO_OUTCOME_KINDS:
        return False
    if measure_in(statement.text, statement.marks):
        return True
    counted = has_number(statement.marks) or any(
        mark.kind in ("frequency", "absolute") for mark in statement.marks
    )
    flat = flat_text(statement.text)
    return counted and bool(BENEFIT.search(flat) and (PEOPLE.search(flat) or "pain" in flat))
