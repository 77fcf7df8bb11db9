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
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing a sentence must say, or must not.

    Parameters
    ----------
    said_by : tuple of Pattern
        Patterns that must all be found.
    spoilt_by : Pattern or None
        A pattern that must not be found outside quoted names.
    """

    said_by: tuple[re.Pattern[str], ...] = ()
    spoilt_by: re.Pattern[str] | None = None


def _says(*patterns: str) -> Check:
    return Check(said_by=tuple(re.compile(pattern) for pattern in patterns))


def _spares(pattern: re.Pattern[str]) -> Check:
    return Check(spoilt_by=pattern)


NUMBER = r"\d[\d,]{0,14}"

CHECKS: dict[str, Check] = {
    "patients": _says(
        rf"\bn\s?=\s?\d|\bof (?:the )?{NUMBER}\b|"
        rf"\b{NUMBER}\s+(?:\w+ )?(?:patients?|people|series)\b",
    ),
    "denominator": _says(
        r"\bwho (?:started|had|began|were)\b|\brated (?:at|on|after)\b|\ball starters\b|"
        r"\btreated\b|"
        r"\bgiven (?:six|boosters|standard|high|the)\b|\bwith at least \d|\bfollowed to\b|"
        r"\bpatients? with relief\b",
    ),
    "time": _says(
        r"\b(?:at|after|by|within|over|until|for|during)\s+(?:\w+[ -]){0,4}?(?:weeks?|months?|"
        r"days?|hours?|minutes?|years?|series|infusions?|treatment|follow-up|boosters?)\b"
        r"|\b(?:weeks?|days?) \d|\bend of (?:the )?\w+|\bnext day\b|\bper (?:treatment )?series\b",
    ),
    "interval": _says(
        r"\b\d{2}(?:\.\d+)?\s?% (?:confidence |credible )?intervals?\b|\bno interval\b"
    ),
    "missing": _says(
        r"\bnot (?:rated|recorded|on record|seen|known|followed)\b|\b(?:all|whoever) w(?:ere|as) "
        r"(?:not )?(?:rated|seen)\b|\bon record for all\b|\bdrop(?:ped )?-?outs?\b|\bmissing\b|"
        r"\blost to follow-up\b|\bno longer (?:rated|followed)\b|\bknown of all\b",
    ),
    "control": _says(
        r"\b(?:no|without (?:a )?) ?control group\b|\bplacebo\b|\buncontrolled\b|\brandomi[sz]ed\b|"
        r"\bcontrol group\b|\bsham\b|\bfor comparison, in the arm\b",
    ),
    "cause": _spares(CAUSAL),
    "expectation": _spares(EXPECTATION),
    "numbers": _spares(SOFT),
    "thresholds": _says(
        r"\b30\s?% less pain\b",
        r"\b50\s?% less pain\b",
    ),
    "mean_kind": _says(r"\bmean of\b|\bmedian of\b|\bat the median\b|\bmean pain score\b"),
    "boosters": _says(r"\bboosters?\b"),
    "follow_up": _says(
        r"\bratings go to\b|\bfollowed (?:up )?(?:to|until|for)\b|\bfollow-up (?:of|to|until)\b"
    ),
    "source": _says(r"\bsource:|\brecords of\b|\baccording to\b"),
    "date": _says(r"\b(?:19|20)\d\d\b|\bno dates\b"),
    "risk": _says(r"\brisks?\b|\bside effects?\b|\badverse (?:events?|reactions?)\b"),
    "off_label": _says(r"\boff-label\b|\bnot approved for\b"),
    "typical": _says(r"(?<!not )\btypical(?:ly)? (?:of|result|patients?)\b"),
    "comparable": _says(r"\bsame condition\b|\bcomparable patients\b|\bsimilar baseline\b"),
    "asked": _says(r"\basked\b|\bchecklist\b|\bscreened\b|\bsolicited\b"),
    "studies": _says(
        r"\bstud(?:y|ies) in (?:people|humans|patients)\b|"
        r"\b(?:human|clinical) (?:trials?|studies)\b|\brandomi[sz]ed\b",
    ),
    "board": _says(r"\bamerican board\b|\babms\b|\bboard of\b"),
}  # fmt: skip
"""Every check by name, which is also that of its text; the rule table names those that rest on a
rule."""


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
        Lack(check=name, lacks=say(f"claim_checks.{name}"), rule_ids=rules[name])
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
