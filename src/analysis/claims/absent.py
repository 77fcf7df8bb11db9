"""Claims on a condition that the export does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.claims.claim import Claim
from analysis.contract.codes import load_conditions
from analysis.wording.texts import say
from analysis.wording.words import plain_text

ALL = "all"


def absent_conditions(claims: Sequence[Claim], present: Iterable[str]) -> frozenset[str]:
    """Return the conditions that claims are on and the export has no patient of.

    Parameters
    ----------
    claims : sequence of Claim
    present : iterable of str
        Condition codes with at least one patient.
    """
    return frozenset(claim.condition for claim in claims) - {ALL, *present}


def no_patients_text(claim: Claim) -> str:
    """Return the sentence for a claim on a condition without patients."""
    label = load_conditions().labels.get(claim.condition, claim.condition)
    return say("judge.absent", condition=plain_text(label).lower())
