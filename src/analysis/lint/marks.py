"""What makes a sentence checkable: its numbers, frequency words, absolutes; and its hedges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from analysis.lint.flat import flat_text
from analysis.lint.not_claims import blank_not_claims
from analysis.lint.quantities import Quantity, find_quantities

MarkKind = Literal[
    "percentage", "range", "duration", "count", "score", "frequency", "hedge", "absolute"
]
NUMBERS = ("percentage", "range", "duration", "count", "score")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One such word or number.

    Parameters
    ----------
    kind : str
        ``hedge`` marks the frequency words that nothing can contradict: some, can, may.
    start, end : int
        Place in the text.
    text : str
        As printed.
    quantity : Quantity or None
        The number, for kinds that have one; a vague duration ("weeks to months") has none.
    """

    kind: MarkKind
    start: int
    end: int
    text: str
    quantity: Quantity | None = None


_WORDS: tuple[tuple[MarkKind, re.Pattern[str]], ...] = (
    ("duration", re.compile(
        r"\b(?:lasts? |lasting )?(?:minutes|hours|days|weeks|months) to "
        r"(?:hours|days|weeks|months|years)\b"
        r"|\b(?:several|many|a few|few|for|over|within|lasts?|lasting) (?:seconds|minutes|hours|"
        r"days|weeks|months|years)\b|\b(?:long|longer)[ -](?:lasting|term)\b|\blasting\b|\blasts?"
        r"\b(?! name)|\bsustained\b|\btemporary\b|\bimmediate(?:ly)?\b|\binstant(?:ly)?\b"
        r"|\bovernight\b")),
    ("absolute", re.compile(
        r"\bproven?\b(?! to be wrong)|\bproves\b|(?<!not )\balways\b|\bnever\b|\bguarante\w+"
        r"|\bcur(?:e|es|ed|ative)\b|\bno(?!\.| (?:longer|one'?s|matter|later|problem))\b(?!-)"
        r"|\bnone\b|\bnothing\b|(?<!not )\ball(?! about\b)\b|\bevery(?:one|body|thing|time)?\b"
        r"|\bonly\b|\bentirely\b|\bcompletely\b|\btotally\b|\b100\s?%|\bpermanent(?:ly)?\b"
        r"|\b(?:pain|risk|drug|side-effect|symptom|opioid)[ -]free\b|\brisk-?less\b"
        r"|\bprevents?\b|\beliminat(?:e|es|ed|ing)\b|\bensur(?:e|es|ed|ing)\b|\brestor(?:e|es|ed)\b"
        r"|\bnot (?:addictive|habit[ -]forming|harmful|dangerous|painful)\b|\bnon-addictive\b"
        r"|\bwithout (?:\w+ )?(?:pain|side effects?|risks?|addiction|opioids)\b"
        r"|\bimpossible\b|\bunlike any\b|\bdefinitely\b|\bcertainly\b|\bwithout exception\b")),
    ("frequency", re.compile(
        r"\boften\b|\brare(?:ly)?\b|\bmost(?:ly)?\b|\btypical(?:ly)?\b|\busual(?:ly)?\b"
        r"|\b(?:un)?common(?:ly)?\b|\bfrequent(?:ly)?\b|\bsometimes\b|\boccasional(?:ly)?\b"
        r"|\bgenerally\b|\bnormally\b|\bmany\b|(?<!a )\bfew\b|\bmajority\b|\bminority\b"
        r"|\bnearly all\b|\balmost (?:all|always)\b|\bseldom\b|\bhardly\b|\bon average\b"
        r"|\blikely\b|\bmore often\b|\bminimal\b")),
    ("hedge", re.compile(
        r"\bsome(?! (?:one|where)\b)\b|\bcan\b(?! ?not\b|')|\bmay\b|\bmight\b|\bcould\b"
        r"|\bpossibl[ey]\b|\bpotential(?:ly)?\b|\bothers\b|\bresults (?:may )?vary\b")),
)  # fmt: skip


def find_marks(text: str) -> tuple[Mark, ...]:
    """Return all marks of a text in order.

    Parameters
    ----------
    text : str
        A block or statement, as extracted.

    Returns
    -------
    tuple of Mark
        Numbers never overlap; a word mark may stand inside a number ("100 %" is both).
    """
    flat = blank_not_claims(flat_text(text))
    quantities = find_quantities(flat)
    marks = [
        Mark(kind=q.kind, start=q.start, end=q.end, text=text[q.start : q.end], quantity=q)
        for q in quantities
    ]
    taken = {place for mark in marks for place in range(mark.start, mark.end)}
    words: set[int] = set()
    for kind, pattern in _WORDS:
        for match in pattern.finditer(flat):
            inside = set(range(match.start(), match.end()))
            if inside & words or (kind != "absolute" and inside & taken):
                continue
            words |= inside
            marks.append(
                Mark(
                    kind=kind,
                    start=match.start(),
                    end=match.end(),
                    text=text[match.start() : match.end()],
                )
            )
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.end)))


def has_number(marks: tuple[Mark, ...]) -> bool:
    """Return whether any mark is a number (a vague duration is none)."""
    return any(mark.quantity is not None for mark in marks)
