"""The claims page: every statement of the ledger, grouped by how it can be answered."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.report.inputs import ReportInputs
from analysis.report.verdicts import VerdictView, in_groups, view_of
from analysis.wording.numbers import count_text
from analysis.wording.texts import load_texts, say
from analysis.wording.words import plain_text


@dataclass(frozen=True, kw_only=True)
class LedgerGroup:
    """Claims answered in one way, with their heading."""

    title: str
    claims: tuple[VerdictView, ...]


def ledger_groups(inputs: ReportInputs) -> list[LedgerGroup]:
    """Return every judged claim, those answered from the records first."""
    titles = load_texts()
    return [
        LedgerGroup(
            title=say(
                "claims.group",
                title=titles.get(f"claims.groups.{answer}") or plain_text(answer),
                n=count_text(len(group)),
            ),
            claims=tuple(view_of(inputs, judgement, drawn=False) for judgement in group),
        )
        for answer, group in in_groups(inputs.judgements)
    ]
