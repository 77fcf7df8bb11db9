"""Rules of advertising and trial reporting, and what a sentence of copy lacks by them.

A check reads words, so it finds what is left out and no untruth: whether the numbers are right is
for the verdict. It is no legal advice, and a sentence that lacks nothing here is not cleared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from analysis.claims.judgement import Judgement, Lack
from analysis.claims.ledger import ALL_MEASURES, KINDS, Claim, is_own_row, read_rows
from analysis.errors import LedgerError
from analysis.intake.codes import read_patterns
from analysis.settings import data_folder, data_rows

EVERY = "every"

# What a sentence is about, read from its claim or its words

_WORDS = {
    (kind, name): re.compile(pattern)
    for kind, name, pattern in read_patterns("claims/check_words.csv")[1]
}
BENEFIT, HARM, MECHANISM, LASTING, CREDENTIAL, _CHANGE, _FIRST_PERSON, _AVERAGE, _COUNTED = (
    _WORDS["topic", name]
    for name in ("benefit", "harm", "mechanism", "lasting", "credential", "change",
                 "first_person", "average", "counted")
)  # fmt: skip
"""Words in which a sentence speaks of a benefit, a harm ...; a change of pain is one without a word
of benefit."""

SOFT = _WORDS["spoils", "numbers"]

OF_KIND: dict[str, str] = {
    "efficacy_rate": "rate",
    "efficacy_mean": "mean",
    **{kind: kind for kind in ("duration", "testimonial", "safety", "mechanism", "comparison")},
}
"""Subject of a claim without a measure, by its kind; for the others the words say it."""


def subject_of(flat: str, *, kind: str = "", measure: str = "") -> str:
    """Return what a sentence is about: a word under ``subjects`` of data/claims/checks.csv.

    ``flat`` is as `flat_words` makes it, and is read only where kind and measure of the claim do
    not say.
    """
    if kind == "testimonial":
        return "testimonial"
    if measure in ALL_MEASURES:
        return ALL_MEASURES[measure].subject
    if kind in OF_KIND:
        return OF_KIND[kind]
    if CREDENTIAL.search(flat):
        return "credential"
    if _FIRST_PERSON.search(flat):
        return "testimonial"
    if not (BENEFIT.search(flat) or _CHANGE.search(flat)):
        return "safety" if HARM.search(flat) else "mechanism" if MECHANISM.search(flat) else "other"
    if MECHANISM.search(flat) and not _COUNTED.search(flat):
        return "mechanism"
    if _AVERAGE.search(flat):
        return "mean"
    if LASTING.search(flat):
        return "duration"
    return "rate" if _COUNTED.search(flat) else "outcome"


# What a sentence must say


class Check(NamedTuple):
    """One thing a sentence must say, or must not: a row of data/claims/checks.csv."""

    lacks: str  # what is lacking, in words
    subjects: frozenset[str]  # that must say it, or "every"
    says: re.Pattern[str] | None  # must be found
    spoils: re.Pattern[str] | None  # must not be found outside quoted names


CHECKS = {
    row["check"]: Check(
        row["lacks"], frozenset(row["subjects"].split()),
        *(_WORDS.get((kind, row["check"])) for kind in ("says", "spoils")),
    )
    for row in data_rows("claims/checks.csv")
}  # fmt: skip
"""Every check by name; the rule table names those that rest on a rule."""


def check_sentence(
    text: str, rules: Mapping[str, tuple[str, ...]], *, kind: str = "", measure: str = ""
) -> tuple[Lack, ...]:
    """Return what a sentence lacks of what the rules ask of its kind.

    A check that no rule asks for (`rules_of_checks`) is not made. Kind and measure are those of the
    claim it belongs to; read from its words where they are empty. What lacks is in the order of
    `CHECKS`; an empty answer is no clearance.
    """
    flat = flat_words(text)
    unquoted = _NAMES.sub(" ", flat)
    subjects = {EVERY, subject_of(unquoted, kind=kind, measure=measure)}
    return tuple(
        Lack(check=name, lacks=check.lacks, rule_ids=rules[name])
        for name, check in CHECKS.items()
        if subjects & check.subjects and rules.get(name) and not _fulfils(check, flat, unquoted)
    )


def _fulfils(check: Check, flat: str, unquoted: str) -> bool:
    if check.spoils is not None and check.spoils.search(unquoted):
        return False
    return check.says is None or bool(check.says.search(flat))


_NAMES = re.compile(r"\b(?:source: records of|arm) (?:\"[^\"]*\"|'[^']*')")
"""Names of clinics and arms are no words of the sentence: "Pain-Free Clinic" promises nothing."""

_SAME = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u2018\u2019", "'")
    | dict.fromkeys("\u201c\u201d\u201e", '"')
)


def flat_words(text: str) -> str:
    """Return text in small letters with plain dashes, quotes and single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_SAME).lower().split())


# The table of rules


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, a row of data/claims/rules.csv."""

    rule_id: str
    body: str
    document: str
    year: str  # empty where the source gives none
    url: str
    rule: str  # what it says
    asks: str  # what it asks of a sentence or of this suite
    applies_to: tuple[str, ...]  # kinds or ids of claims, or "every"; none for rules on methods
    touches: tuple[str, ...]  # subjects of copy it touches (analysis.lint)
    checks: tuple[str, ...]  # CHECKS that rest on it; none where words cannot show it is kept
    verified: bool  # whether its text was seen; what was not is never relied on
    form: str  # rule (law, regulation, an authority's guidance, a code) or paper


RULE_TITLES = {
    "rule": "Rules that touch it (no legal advice)",
    "paper": "Papers and guidelines it is read by",
}
"""Forms of a rule, and what a list of each is called."""

COLUMNS = [field.name for field in fields(Rule)]
_LISTS = ("applies_to", "touches", "checks")


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules: a CSV file in UTF-8, the suite's own where none is given.

    Raises
    ------
    LedgerError
        No such file, a missing column, a repeated id, an unknown kind or check, or ``verified``
        that is neither yes nor no.
    """
    path = path or data_folder() / "claims" / "rules.csv"
    if not path.is_file():
        raise LedgerError(f"there are no rules at {path}.")
    return tuple(_rule(row) for row in read_rows(path, COLUMNS, what="rule"))


def _rule(row: dict[str, str]) -> Rule:
    name = f"rule {row['rule_id']}"
    if row["verified"] not in ("yes", "no"):
        raise LedgerError(f"{name}, verified: '{row['verified']}' is neither yes nor no.")
    if row["form"] not in RULE_TITLES:
        raise LedgerError(f"{name}, form: '{row['form']}' is none of {', '.join(RULE_TITLES)}.")
    for one in row["applies_to"].split():
        if one not in (*KINDS, EVERY) and not (one[:1] == "C" and one[1:].isdigit()):
            raise LedgerError(
                f"{name}, applies_to: '{one}' is no kind of claim, no id of one, and not '{EVERY}'."
            )
    for one in row["checks"].split():
        if one not in CHECKS:
            raise LedgerError(f"{name}, checks: '{one}' is none of {', '.join(CHECKS)}.")
    texts = {name: row[name] for name in COLUMNS if name not in (*_LISTS, "verified")}
    lists = {name: tuple(row[name].split()) for name in _LISTS}
    return Rule(**texts, **lists, verified=row["verified"] == "yes")  # type: ignore[arg-type]


def rules_of(claim: Claim | Judgement, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that touch a claim: by its id, its kind, or because they touch every one."""
    names = {claim.claim_id if is_own_row(claim) else "", claim.kind, EVERY}
    return tuple(rule for rule in rules if names & set(rule.applies_to))


def asked_by_rules(
    claim: Claim | Judgement, rules: Sequence[Rule], lacks: Sequence[Lack]
) -> dict[Rule, tuple[str, ...]]:
    """Return the few rules that touch the words of a claim, each with what they lack by it.

    Those that name the claim, those that ask for what its words do not say, and those made for
    claims of its kind alone; not every rule for claims like it. ``lacks`` is as `check_sentence`
    returns it.
    """
    asked: dict[str, list[str]] = {}
    own = {rule.rule_id for rule in rules_of(claim, rules)}
    for lack in lacks:
        # Of rules that ask for it, those for claims like this; else the first there is.
        for rule_id in [each for each in lack.rule_ids if each in own] or lack.rule_ids[:1]:
            asked.setdefault(rule_id, []).append(lack.lacks)
    found = {}
    for rule in rules:
        named = is_own_row(claim) and claim.claim_id in rule.applies_to
        own_kind = rule.applies_to == (claim.kind,) and not rule.checks
        if rule.rule_id in asked or named or own_kind:
            found[rule] = tuple(asked.get(rule.rule_id, ()))
    return found


def rules_of_checks(rules: Sequence[Rule]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the rules behind every check; what was not seen is not relied on."""
    return {
        name: tuple(rule.rule_id for rule in rules if rule.verified and name in rule.checks)
        for name in CHECKS
    }
