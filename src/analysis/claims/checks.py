"""What a sentence of copy must say: one check a fact, each resting on rules of the rule table.

A check reads words, so it finds what is left out and no untruth: whether the numbers are right is
the verdict's affair. It is no legal advice, and a sentence that lacks nothing here is not cleared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.claims.judgement import Lack
from analysis.claims.subjects import CAUSAL, EXPECTATION, SOFT, needs_of


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing a sentence must say, or must not.

    Parameters
    ----------
    lacks : str
        What is lacking, in words.
    said_by : tuple of Pattern
        Patterns that must all be found.
    spoilt_by : Pattern or None
        A pattern that must not be found outside quoted names.
    """

    lacks: str
    said_by: tuple[re.Pattern[str], ...] = ()
    spoilt_by: re.Pattern[str] | None = None


def _says(lacks: str, *patterns: str) -> Check:
    return Check(lacks=lacks, said_by=tuple(re.compile(pattern) for pattern in patterns))


def _spares(lacks: str, pattern: re.Pattern[str]) -> Check:
    return Check(lacks=lacks, spoilt_by=pattern)


NUMBER = r"\d[\d,]{0,14}"

CHECKS: dict[str, Check] = {
    "patients": _says(
        "how many patients (n)",
        rf"\bn\s?=\s?\d|\bof (?:the )?{NUMBER}\b|"
        rf"\b{NUMBER}\s+(?:\w+ )?(?:patients?|people|series)\b",
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
        r"\b\d{2}(?:\.\d+)?\s?% (?:confidence |credible )?intervals?\b|\bno interval\b",
    ),
    "missing": _says(
        "what became of those not seen",
        r"\bnot (?:rated|recorded|on record|seen|known|followed)\b|\b(?:all|whoever) w(?:ere|as) "
        r"(?:not )?(?:rated|seen)\b|\bon record for all\b|\bdrop(?:ped )?-?outs?\b|\bmissing\b|"
        r"\blost to follow-up\b|\bno longer (?:rated|followed)\b|\bknown of all\b",
    ),
    "control": _says(
        "that there was or was not a control group",
        r"\b(?:no|without (?:a )?) ?control group\b|\bplacebo\b|\buncontrolled\b|\brandomi[sz]ed\b|"
        r"\bcontrol group\b|\bsham\b|\bfor comparison, in the arm\b",
    ),
    "cause": _spares("words that leave the cause open", CAUSAL),
    "expectation": _spares("words that promise no outcome to everyone", EXPECTATION),
    "numbers": _spares("numbers in place of soft words such as promising", SOFT),
    "thresholds": _says(
        "the share at both usual thresholds, 30 % and 50 % less pain",
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
}  # fmt: skip
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
        Ids of the rules behind each check: `analysis.claims.rules.rules_of_checks`. A check that
        no rule asks for is not made.
    kind, measure : str
        Of the claim it belongs to; read from its words where they are empty.

    Returns
    -------
    tuple of Lack
        In the order of `CHECKS`; empty where nothing checkable is lacking, which is no clearance.
    """
    flat = flat_words(text)
    unquoted = _NAMES.sub(" ", flat)
    needed = needs_of(unquoted, kind=kind, measure=measure)
    return tuple(
        Lack(check=name, lacks=check.lacks, rule_ids=rules[name])
        for name, check in CHECKS.items()
        if name in needed and rules.get(name) and not _fulfils(check, flat, unquoted)
    )


def _fulfils(check: Check, flat: str, unquoted: str) -> bool:
    if check.spoilt_by is not None and check.spoilt_by.search(unquoted):
        return False
    return all(pattern.search(flat) for pattern in check.said_by)


_NAMES = re.compile(r"\b(?:source: records of|in the arm) (?:\"[^\"]*\"|'[^']*')")
"""Names of clinics and arms are no words of the sentence: "Pain-Free Clinic" promises nothing."""

_SAME = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u2018\u2019", "'")
    | dict.fromkeys("\u201c\u201d\u201e", '"')
)


def flat_words(text: str) -> str:
    """Return text in small letters with plain dashes, quotes and single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_SAME).lower().split())
