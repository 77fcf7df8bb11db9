"""The ledger on paper: a row for each claim that was judged, a line for each that was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.report.ledger_page import LedgerGroup
from analysis.report.verdicts import VerdictView
from analysis.wording.texts import say

JUDGED = frozenset(["meets", "falls short", "undecided"])
"""Verdicts that rest on a figure of the records."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Claims that were not judged, with the verdict they share and the sentence that says why."""

    verdict: str
    word: str
    sentence: str
    claims: tuple[VerdictView, ...]


@dataclass(frozen=True, kw_only=True)
class PaperGroup:
    """Claims answered in one way: those judged, then the others by what is said of them."""

    title: str
    judged: tuple[VerdictView, ...]
    told: tuple[Told, ...]


def paper_groups(groups: Sequence[LedgerGroup]) -> list[PaperGroup]:
    """Return the groups of the claims page as paper prints them, every claim once."""
    return [_paper_group(group) for group in groups]


def _paper_group(group: LedgerGroup) -> PaperGroup:
    told: dict[tuple[str, str, str], list[VerdictView]] = {}
    for each in group.claims:
        if each.verdict not in JUDGED:
            told.setdefault((each.verdict, each.word, each.opening or each.more), []).append(each)
    return PaperGroup(
        title=group.title,
        judged=tuple(each for each in group.claims if each.verdict in JUDGED),
        told=tuple(
            Told(verdict=verdict, word=word, sentence=sentence, claims=tuple(claims))
            for (verdict, word, sentence), claims in told.items()
        ),
    )


def told_of(view: VerdictView) -> str:
    """Return what is said of a judged claim beside its figure, in one paragraph.

    The verdict among all claims is told only where it is another one.
    """
    moved = [
        f"{name}: {text}"
        for name, text in view.further
        if name != say("first.adjusted") or f" {view.word.lower()}" not in text
    ]
    more = [view.more] if view.more not in view.sentence else []
    return " ".join(text for text in (view.sentence, *more, view.robustness, *moved) if text)


def one_source(groups: Sequence[LedgerGroup]) -> str:
    """Return where every claim was printed; empty where they come from several places."""
    found = {each.source for group in groups for each in group.claims}
    return found.pop() if len(found) == 1 else ""
