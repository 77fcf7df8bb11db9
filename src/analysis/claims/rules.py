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

from analysis.claims.judgement import Judgement, Lack
from analysis.claims.ledger import KINDS, Claim, is_own_row, read_rows
from analysis.errors import LedgerError
from analysis.settings import data_folder

EVERY = "every"

# What a sentence is about, read from its claim or its words

BENEFIT = re.compile(
    r"\b(?:relie\w+|respon[ds]\w*|success\w*|effective|improv\w+|better|reduc\w+|decreas\w+|"
    r"less pain|works?|worked|heal\w*|treat(?:s|ed)?|cur(?:e|es|ed)|helps?|helped|benefit\w*|"
    r"proven|restor\w+|pain-free|live again|my life back|prevents?|allevia\w+|last(?:s|ing)?|"
    r"sustained)\b"
)
HARM = re.compile(
    r"\b(?:side effects?|adverse|nausea|dizz\w+|dissociat\w+|fatigue|headache|hangover|drows\w+|"
    r"blood pressure|risks?|complications?|addict\w*|respiratory|organ damage|safe\w*|"
    r"lingering|tolerance|not (?:be )?suitable|psychosis|pregnan\w+|cannot drive|perception)\b"
)
MECHANISM = re.compile(
    r"\b(?:nmda|receptors?|glutamate|neuroinflamm\w+|inflammat\w+|cytokines?|neuroplastic\w+|"
    r"neural|neurotransmitters?|sensitization|neurological|immune|pain signals?|root causes?|"
    r"pathways?|mechanisms?|pain processing|nervous system)\b"
)
LASTING = re.compile(
    r"\b(?:last\w*|sustain\w+|long(?:er)?[ -](?:term|lasting)|ongoing|permanent\w*|weeks|"
    r"months|recurrence|continued)\b"
)
SOFT = re.compile(r"\b(?:promising|preliminary|initial (?:results|studies|data)|pilot)\b")
CREDENTIAL = re.compile(r"\bboard[ -]certified\b")
EXPECTATION = re.compile(
    r"\b(?:guarante\w+|cure[sd]?|proven|always|never|permanent\w*|deserve|my life back|"
    r"live again|pain-free)\b|\b100\s?% (?:success|relief|effective|of (?:our )?patients)"
)
CAUSAL = re.compile(
    r"\b(?:reduc(?:e|es|ed|ing)|lower(?:s|ed|ing)|decreas(?:e|es|ed|ing)|reliev(?:e|es|ed|ing)|"
    r"eas(?:e|es|ed|ing)|allevia\w+|improv(?:e|es|ed|ing)|prevent(?:s|ed|ing)?|caus(?:e[sd]|ing)|"
    r"cur(?:e|es|ed|ing)|heal(?:s|ed|ing)?|help(?:s|ed|ing)?|works?|worked|restor(?:e|es|ed|ing)|"
    r"effective(?:ness)?|led to|leads? to|results? in|resulted in|due to|thanks to|because of|"
    r"brings?|brought|provid(?:e|es|ed)|deliver(?:s|ed)?|stop(?:s|ped) (?:the )?pain|"
    r"responds? to|responded to|gave|gives)\b"
)
"""Verbs and links that make the treatment the reason. "Pain was lower by" makes nothing so."""

CHANGE = re.compile(
    r"\bpain\b.*\b(?:fell|falls?|drop\w*|declin\w+|lower|went)\b"
    r"|\b(?:fell|falls?|drop\w*|declin\w+|lower)\b.*\bpain\b"
)
"""A change of pain stated without a word of benefit."""

FIRST_PERSON = re.compile(r"\b(?:i|i've|i'm|my|me)\b")
AVERAGE = re.compile(r"\b(?:on average|average|mean|median)\b")
COUNTED = re.compile(r"%|\bpercent\b|\bper cent\b|\bpatients?\b|\bpeople\b|\bcases\b|\bpain\b")


_ALWAYS = frozenset({"expectation", "numbers"})
_FIGURES = frozenset({"patients", "denominator", "interval", "missing", "source", "date"})
_OUTCOME = _ALWAYS | _FIGURES | {"time", "control", "cause", "risk", "off_label"}
NEEDS_OF: dict[str, frozenset[str]] = {
    "outcome": _OUTCOME,
    "rate": _OUTCOME | {"thresholds", "boosters"},
    "mean": _OUTCOME | {"mean_kind", "boosters"},
    "duration": _OUTCOME | {"boosters", "follow_up"},
    "testimonial": _OUTCOME | {"typical", "comparable"},
    "comparison": _OUTCOME,
    "practice": _ALWAYS | _FIGURES,
    "safety": _ALWAYS | _FIGURES | {"time", "asked"},
    "mechanism": _ALWAYS | {"studies"},
    "credential": _ALWAYS | {"board"},
    "other": _ALWAYS,
}
"""The checks that a sentence on each subject is put to."""

_MEASURES: dict[str, tuple[str, ...]] = {
    "rate": ("responder_share", "implied_response", "success", "relieved_patients",
             "opioid_reduction_share", "improved_share"),
    "mean": ("percent_reduction",),
    "duration": ("relief_duration", "kept_relief", "series_time_ratio"),
    "outcome": ("infusion_slope", "early_response", "recurrence_share", "further_change",
                "care_difference"),
    "testimonial": ("testimonial",),
    "practice": (
        "completeness_share", "session_minutes_share", "series_share", "booster_gap_share",
        "booster_any_share", "flag_share", "pain_duration_share", "failed_treatments_share",
        "severe_refractory_share", "discharge_share", "dose_share", "measured_share",
    ),
    "safety": (
        "effect_share", "unaffected_share", "mild_share", "resolved_share", "pressure_share",
        "oxygen_share",
    ),
}  # fmt: skip

OF_MEASURE = {measure: subject for subject, several in _MEASURES.items() for measure in several}
"""Subject of a claim by its measure."""

OF_KIND: dict[str, str] = {
    "efficacy_rate": "rate",
    "efficacy_mean": "mean",
    "duration": "duration",
    "testimonial": "testimonial",
    "safety": "safety",
    "mechanism": "mechanism",
    "comparison": "comparison",
}
"""Subject of a claim without a measure, by its kind; for the others the words say it."""


def subject_of(flat: str, *, kind: str = "", measure: str = "") -> str:
    """Return what a sentence is about: a key of ``NEEDS_OF``.

    ``flat`` is as `flat_words` makes it, and is read only where kind and measure of the claim do
    not say.
    """
    if kind == "testimonial":
        return "testimonial"
    if measure in OF_MEASURE:
        return OF_MEASURE[measure]
    if kind in OF_KIND:
        return OF_KIND[kind]
    if CREDENTIAL.search(flat):
        return "credential"
    if FIRST_PERSON.search(flat):
        return "testimonial"
    if not (BENEFIT.search(flat) or CHANGE.search(flat)):
        return "safety" if HARM.search(flat) else "mechanism" if MECHANISM.search(flat) else "other"
    if MECHANISM.search(flat) and not COUNTED.search(flat):
        return "mechanism"
    if AVERAGE.search(flat):
        return "mean"
    if LASTING.search(flat):
        return "duration"
    return "rate" if COUNTED.search(flat) else "outcome"


# What a sentence must say


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing a sentence must say, or must not."""

    lacks: str  # what is lacking, in words
    said_by: tuple[re.Pattern[str], ...] = ()  # all must be found
    spoilt_by: re.Pattern[str] | None = None  # must not be found outside quoted names


def _says(lacks: str, *patterns: str) -> Check:
    return Check(lacks=lacks, said_by=tuple(re.compile(pattern) for pattern in patterns))


_NUMBER = r"\d[\d,]{0,14}"

CHECKS: dict[str, Check] = {
    "patients": _says(
        "how many patients (n)",
        rf"\bn\s?=\s?\d|\bof (?:the )?{_NUMBER}\b|"
        rf"\b{_NUMBER}\s+(?:\w+ )?(?:patients?|people|series)\b",
    ),
    "denominator": _says(
        "of whom: of all who started, or of those seen (denominator)",
        r"\bwho (?:started|had|began|were)\b|\brated (?:at|on|after)\b|\ball starters\b|"
        r"\btreated\b|"
        r"\bgiven (?:six|boosters|standard|high|the)\b|\bwith at least \d|\bfollowed to\b|"
        r"\bpatients? with relief\b",
    ),
    "time": _says(
        "when: at which visit or after how many weeks",
        r"\b(?:at|after|by|within|over|until|for|during)\s+(?:\w+[ -]){0,4}?(?:weeks?|months?|"
        r"days?|hours?|minutes?|years?|series|infusions?|treatment|follow-up|boosters?)\b"
        r"|\b(?:weeks?|days?) \d|\bend of (?:the )?\w+|\bnext day\b|\bper (?:treatment )?series\b",
    ),
    "interval": _says(
        "how sure: an interval with its level",
        r"\b\d{2}(?:\.\d+)?\s?% (?:(?:confidence |credible )?intervals?|ci)\b|\bno interval\b",
    ),
    "missing": _says(
        "what became of those not seen",
        r"\b(?:no|without a) rating\b|"
        r"\bnot (?:rated|recorded|on record|seen|known|followed)\b|\b(?:all|whoever) w(?:ere|as) "
        r"(?:not )?(?:rated|seen)\b|\bon record for all\b|\bdrop(?:ped )?-?outs?\b|\bmissing\b|"
        r"\blost to follow-up\b|\bno longer (?:rated|followed)\b|\bknown of all\b",
    ),
    "control": _says(
        "that there was or was not a control group",
        r"\b(?:no|without (?:a )?) ?control group\b|\bplacebo\b|\buncontrolled\b|\brandomi[sz]ed\b|"
        r"\bcontrol group\b|\bsham\b|\bfor comparison, in the arm\b",
    ),
    "cause": Check(lacks="words that leave the cause open", spoilt_by=CAUSAL),
    "expectation": Check(lacks="words that promise no outcome to everyone", spoilt_by=EXPECTATION),
    "numbers": Check(lacks="numbers in place of soft words such as promising", spoilt_by=SOFT),
    "thresholds": _says(
        "the share at both usual thresholds, 30% and 50% less pain",
        r"\b30\s?% less pain\b",
        r"\b50\s?% less pain\b",
    ),
    "mean_kind": _says(
        "which average: mean, median, or fall of the mean score",
        r"\bmean of\b|\bmedian of\b|\bat the median\b|\bmean pain score\b",
    ),
    "boosters": _says("what a booster counts as", r"\bboosters?\b"),
    "follow_up": _says(
        "how long patients were followed",
        r"\bratings go to\b|\bfollowed (?:up )?(?:to|until|for)\b|\bfollow-up (?:of|to|until)\b",
    ),
    "source": _says("where the figures come from", r"\bsource:|\brecords of\b|\baccording to\b"),
    "date": _says("of which years", r"\b(?:19|20)\d\d\b|\bno dates\b"),
    "risk": _says("the risks", r"\brisks?\b|\bside effects?\b|\badverse (?:events?|reactions?)\b"),
    "off_label": _says(
        "that ketamine is approved as an anesthetic and not for pain",
        r"\boff-label\b|\bnot approved for\b",
    ),
    "typical": _says(
        "the typical result of such patients",
        r"(?<!not )\btypical(?:ly)? (?:of|result|patients?)\b",
    ),
    "comparable": _says(
        "who is compared: the same condition and a similar baseline",
        r"\bsame condition\b|\bcomparable patients\b|\bsimilar baseline\b",
    ),
    "asked": _says(
        "how side effects were asked for", r"\basked\b|\bchecklist\b|\bscreened\b|\bsolicited\b"
    ),
    "studies": _says(
        "which studies in people it rests on",
        r"\bstud(?:y|ies) in (?:people|humans|patients)\b|"
        r"\b(?:human|clinical) (?:trials?|studies)\b|\brandomi[sz]ed\b",
    ),
    "board": _says("which board certified", r"\bamerican board\b|\babms\b|\bboard of\b"),
}
"""Every check by name; the rule table names those that rest on a rule."""


def check_sentence(
    text: str, rules: Mapping[str, tuple[str, ...]], *, kind: str = "", measure: str = ""
) -> tuple[Lack, ...]:
    """Return what a sentence lacks of what the rules ask of its kind.

    Parameters
    ----------
    text : str
        One statement, generated or written by a person.
    rules : mapping of str to tuple of str
        Ids of the rules behind each check (`rules_of_checks`). A check that no rule asks for is
        not made.
    kind, measure : str
        Of the claim it belongs to; read from its words where they are empty.

    Returns
    -------
    tuple of Lack
        In the order of `CHECKS`; empty where nothing checkable is lacking, which is no clearance.
    """
    flat = flat_words(text)
    unquoted = _NAMES.sub(" ", flat)
    needed = NEEDS_OF[subject_of(unquoted, kind=kind, measure=measure)]
    return tuple(
        Lack(check=name, lacks=check.lacks, rule_ids=rules[name])
        for name, check in CHECKS.items()
        if name in needed and rules.get(name) and not _fulfils(check, flat, unquoted)
    )


def _fulfils(check: Check, flat: str, unquoted: str) -> bool:
    if check.spoilt_by is not None and check.spoilt_by.search(unquoted):
        return False
    return all(pattern.search(flat) for pattern in check.said_by)


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
