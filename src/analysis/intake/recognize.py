"""Recognize columns, visits and diagnoses by the words people use for them.

Headers are read in English, German, French and Spanish. What is recognized here is proposed, with
a confidence, to whoever writes the mapping; nothing is loaded by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from analysis.intake.build import Intake
from analysis.intake.codes import HEADERS, read_patterns, words_for
from analysis.intake.profile import DATE_WORDS, ColumnProfile, plain_words
from analysis.intake.tables import TABLES, Conditions
from analysis.intake.values import parse_number
from analysis.settings import data_rows

Confidence = Literal["sure", "likely", "unsure"]


class Role(NamedTuple):
    """What a column seems to be: a column of the contract, how sure that is, and why."""

    field: str
    confidence: Confidence
    why: str


class When(NamedTuple):
    """When something was rated, by its name: the analysis visit, and the study day if it has one.

    ``visit`` is empty for a day that is no visit of the suite's.
    """

    visit: str
    day: float | None
    unit: str = "days"


SCORE, NO_SCORE, INFUSED = map(words_for, ("score", "no_score", "infused_at"))

_RATED = words_for("rated")
"""Words by which a date beside a treatment is that of a rating: "date after treatment"."""

START_OR_END = words_for("start_or_end")
"""A header that says no more than when something began or ended."""

RELIEF_LASTED, RELIEF_ENDED = words_for("relief_lasted"), words_for("relief_ended")
STILL_RELIEVED = words_for("still_relieved")
"""Headers of exactly dated relief: how long it lasted, when it ended, whether it still lasts."""

_BY_HEADER = tuple(
    (name, words_for(name) if words else re.compile(""), kinds.split())
    for name, (kinds, words) in HEADERS.items()
    if kinds not in ("", "recall", "unit")
)
"""Column of the contract, the words of its header, and the kinds of values it may hold, in the
order in which they are tried."""

MOST_ARMS = 6


def recognize(column: ColumnProfile, conditions: Conditions) -> Role | None:
    """Return what a column seems to be, None for nothing that the contract has.

    A date that nothing else is known of is ``assessed_on``, unsure unless its header is one of a
    rating's. Ids are found by comparing columns (`rank_id`), not here.
    """
    words = column.words
    exact = (column.field or column.name).strip().lower()
    if any(exact in table.names for table in TABLES.values()):
        return Role(exact, "sure", "the contract's own name")
    if column.kind == "empty":
        return None
    if "data access group" in words:
        return Role("site", "sure", "REDCap's data access group")
    for field, relief, kind in (
        ("relief_days", RELIEF_LASTED, "number"),
        ("ended_at", RELIEF_ENDED, "date"),
        ("still_relieved", STILL_RELIEVED, "word"),
    ):
        if column.kind == kind and relief.search(words):
            return Role(field, "likely", "by its header")
    if is_score(column):
        sure: Confidence = "sure" if SCORE.search(words) else "likely"
        return Role("score", sure, f"numbers from {column.low:g} to {column.high:g}")
    if column.kind in ("word", "text") and _share_of_codes(column, conditions) > 0.5:
        return Role("icd10", "sure", "its values are ICD-10 codes")
    for field, pattern, kinds in _BY_HEADER:
        if column.kind not in kinds or not pattern.search(words):
            continue
        if field == "arm" and len(column.texts) > MOST_ARMS:
            continue
        if field == "infused_at" and _RATED.search(words):
            continue
        if field == "assessed_on":
            known = DATE_WORDS.search(words) or re.search(r"\bvisit|\bassess|\bday\b", words)
            return Role(field, "likely" if known else "unsure", "a date")
        return Role(field, "likely", "by its header")
    if column.kind in ("word", "text") and column.texts:
        said = [column.said(text) for text in column.texts]
        known_texts = [t for t in said if condition_of(t, conditions)[0] is not None]
        if len(known_texts) > len(column.texts) / 2:
            return Role("condition", "likely", "its values are diagnoses")
    return None


def fields_of_header(header: str) -> set[str]:
    """Return the columns of the contract that a header looks like, whatever its values are."""
    words = plain_words(header)
    fields = {
        field
        for field, pattern, _ in _BY_HEADER
        if field != "assessed_on" and pattern.search(words)
    }
    if DATE_WORDS.search(words):
        fields.add("assessed_on")
    if SCORE.search(words) and not NO_SCORE.search(words):
        fields.add("score")
    if any(pattern.fullmatch(words) for _, pattern in _ID_RANKS):
        fields.add("patient_id")
    return fields


def unread_like(intake: Iterable[Intake], table: str, field: str) -> tuple[str, str] | None:
    """Return column and file of a column that no rule reads and that looks like one of a table."""
    accounts = list(intake)
    for account in accounts:
        for name in account.columns_not_read if account.table == table else ():
            same = [other for other in accounts if other.file == account.file]
            unread = all(name in other.columns_not_read for other in same)
            if unread and field in fields_of_header(name):
                return name, account.file
    return None


def is_score(column: ColumnProfile) -> bool:
    """Whether a column of numbers holds pain scores: by its header, or a visit as its header."""
    words = column.words
    if column.kind != "number" or column.low is None or NO_SCORE.search(words):
        return False
    if re.fullmatch(r"\d{8}", column.texts[0]):
        return False
    if SCORE.search(words):
        return True
    only_a_visit = visit_of(words) is not None and not _besides_a_visit(words)
    return only_a_visit and column.low >= -9 and (column.high or 0) <= 100


def _besides_a_visit(words: str) -> str:
    """Return what a header says besides the name of a visit: "bmi" of "baseline bmi"."""
    names = "|".join(_UNITS.values())
    fillers = "the|of|last|past|first|infusion|series"
    words = re.sub(rf"\b(?:{names}|{fillers}|\d+)\b", " ", words)
    return _FOLLOW_UP.sub(" ", _END.sub(" ", _BASELINE.sub(" ", words))).strip()


def _share_of_codes(column: ColumnProfile, conditions: Conditions) -> float:
    codes = [
        t
        for t in map(column.said, column.texts)
        if re.fullmatch(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?", t.upper())
    ]
    known = [t for t in codes if conditions.from_icd10(t) is not None]
    return len(codes) / len(column.texts) if column.texts and known else 0.0


_FOLLOW_UP, _BASELINE, _END = words_for("follow_up"), words_for("baseline"), words_for("end")
_UNITS = {name: words for name, (kind, words) in HEADERS.items() if kind == "unit"}


def visit_of(text: str) -> When | None:
    """Return when something was rated, by the name of its visit or column; None if that is no time.

    "Week 4", "W4", "4 wks", "month 3", "day 28", "before", "after the series": in four languages.
    """
    words = plain_words(text)
    # The week a score looks back on is no visit: "average of the last 7 days".
    words = re.sub(r"\b(?:last|past|previous|letzten?|over the)(?: \d+)? \w+", " ", words)
    words = re.sub(r"\b0 (?:to )?10{1,2}\b|\barm \d+\b", " ", words)
    words = re.sub(r"\b(\d{1,2}) 12$", r"\1 months", words)  # 3/12 and 6/52, as the British write
    words = re.sub(r"\b(\d{1,2}) 52$", r"\1 weeks", words)
    words = re.sub(r"\bt 0\b|\b(?:pain|vas|nrs|score|level) in$", "baseline", words)
    words = re.sub(r"\b(?:pain|vas|nrs|score|level) out$", "end", words)
    for unit, names in _UNITS.items():
        found = re.search(rf"\b(?:{names}) (\d{{1,3}})\b|\b(\d{{1,3}}) (?:{names})\b", words)
        if found:
            number = int(found[1] or found[2])
            if number == 0:
                return When("baseline", 0.0)
            visit = f"{unit[:-1]}_{number}" if unit in ("weeks", "months") else ""
            return When(visit, float(number), unit)
    if _BASELINE.search(words):
        return When("baseline", 0.0)
    if _END.search(words):
        return When("end", None)
    return When("", None) if _FOLLOW_UP.search(words) else None


_RECALLS = {name: words_for(name) for name, (kind, _) in HEADERS.items() if kind == "recall"}


def recall_of(text: str) -> str:
    """Return what a score looks back on by its header, empty where it does not say."""
    words = plain_words(text)
    return next((recall for recall, pattern in _RECALLS.items() if pattern.search(words)), "")


_ID_RANKS = [(int(r["rank"]), re.compile(r["words"])) for r in data_rows("codes/id_headers.csv")]
"""Headers of an id, and how sure each is."""

_NO_ID = words_for("no_id")


def may_be_id(column: ColumnProfile) -> bool:
    """Whether a column may hold ids at all, whatever its header."""
    if column.identifier not in ("", "record number") or column.kind in ("empty", "date"):
        return False
    numbers = map(parse_number, column.texts) if column.kind == "number" else ()
    return not any(isinstance(n, float) and not n.is_integer() for n in numbers)


def rank_id(column: ColumnProfile) -> int:
    """Return how much a column looks like the patient's id by its header; 0 for not at all."""
    names = {plain_words(column.name), plain_words(column.label)} - {""}
    if not may_be_id(column) or any(_NO_ID.search(name) for name in names):
        return 0
    fitting = (rank for rank, pattern in _ID_RANKS if any(map(pattern.fullmatch, names)))
    return next(fitting, 0)


_DIAGNOSES = [
    (re.compile(pattern), condition, subtype)
    for condition, subtype, pattern in read_patterns("codes/diagnoses.csv")[1]
]
"""Diagnoses as people write them, with condition and subtype, the most specific first."""


def condition_of(text: str, conditions: Conditions) -> tuple[str | None, str, str]:
    """Return (condition, subtype, why) of a diagnosis as people write it.

    By the contract's code or label, an ICD-10 code in the text, or its words; condition None where
    nothing is known, and where two conditions are named: which is the patient's is not to be
    guessed.
    """
    words = plain_words(text)
    for code, label in conditions.labels.items():
        if words in (plain_words(code), plain_words(label)):
            return code, "", "the contract's own word"
    codes = re.findall(r"(?<![A-Za-z0-9])[A-Za-z]\d[0-9A-Za-z](?:\.?[0-9A-Za-z]{1,4})?", text)
    by_code = {found for code in codes if (found := conditions.from_icd10(code)) is not None}
    if len({condition for condition, _ in by_code}) == 1:
        condition, subtype = sorted(by_code)[-1]
        return condition, subtype, "by its ICD-10 code"
    by_words = [(c, s) for pattern, c, s in _DIAGNOSES if pattern.search(words)]
    if len({condition for condition, _ in by_words}) == 1 and not by_code:
        return by_words[0][0], by_words[0][1], "by its words"
    return None, "", "two conditions" if by_words or by_code else "not known"
