"""A finding: what is said of a statement, which statuses there are, and how grave each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.lint.flat import flat_text
from analysis.lint.marks import Mark, has_number
from analysis.lint.match import LISTED, Match
from analysis.lint.rules import HARM
from analysis.lint.statements import Statement

Status = Literal[
    "stale", "contradicted", "unlisted", "wider than its data", "undecided", "unfalsifiable",
    "not testable", "not judged", "borne out",
]  # fmt: skip
Level = Literal["error", "warning", "note", "none"]

STATUS_MEANING: dict[Status, str] = {
    "stale": "the verdict is older than the ledger, the data or the newest run; run again",
    "contradicted": "the whole interval of the data lies on the wrong side of the cited figure",
    "unlisted": "it can be checked, but no row of the ledger says it",
    "wider than its data": "it speaks of more patients than the claim or the data are about",
    "undecided": "the interval of the data reaches both sides of the cited figure",
    "unfalsifiable": "worded so that no number could contradict it (some, can, may)",
    "not testable": "the data hold nothing that could answer it",
    "not judged": "listed; no run was asked",
    "borne out": "the whole interval of the data lies on the right side of the cited figure",
}
"""Every status, the gravest first: the first that holds is the main one."""

STATUS_OF_VERDICT: dict[str, Status] = {
    "meets": "borne out",
    "falls short": "contradicted",
    "undecided": "undecided",
    "not testable": "not testable",
    "unfalsifiable": "unfalsifiable",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is said of a statement, or of one of the claims it makes.

    Parameters
    ----------
    statement : Statement
    statuses : tuple of str
        The main one first.
    level : {"error", "warning", "note", "none"}
        ``error`` and ``warning`` are to mend.
    match : Match or None
        The listed claim, or the nearest one.
    verdict : str
        Verdict word of the run, empty without one.
    message : str
        The finding in plain sentences.
    rules, lacks : tuple of str
        Ids of rules that touch it, and what the sentence does not say.
    marks : tuple of Mark
        The words and numbers it is about.
    """

    statement: Statement
    statuses: tuple[Status, ...]
    level: Level
    match: Match | None
    verdict: str
    message: str
    rules: tuple[str, ...]
    lacks: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def status(self) -> Status:
        """The main status."""
        return self.statuses[0]

    @property
    def to_mend(self) -> bool:
        """Whether someone should change the copy, the ledger or the run."""
        return self.level in ("error", "warning")

    @property
    def claim_id(self) -> str:
        """Id of the claim it is listed as; empty when it is not listed."""
        return self.match.listed.claim_id if self.match and self.match.how in LISTED else ""


def level_of(
    statement: Statement,
    status: Status,
    marks: Sequence[Mark],
    lacks: Sequence[str],
    *,
    listed: bool,
) -> Level:
    """Return how grave it is; a hedged warning of harm is no fault, a hedged benefit is."""
    firm = has_number(tuple(marks)) or any(mark.kind == "absolute" for mark in marks)
    if status in ("stale", "contradicted"):
        return "error"
    if status == "unlisted":
        return "error" if firm else "warning"
    if status == "wider than its data":
        return "warning" if listed else "error"
    if status == "undecided":
        return "warning"
    if status == "unfalsifiable":
        warns = HARM.search(flat_text(statement.text)) and not statement.is_testimonial
        return "note" if warns else "warning"
    if status == "not testable":
        return "warning" if firm else "note"
    if status == "not judged":
        return "note"
    return "warning" if lacks else "none"
