"""The rows copy is matched to: what the linter needs of a ledger's claim, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One listed claim.

    Parameters
    ----------
    claim_id, wording, section : str
        As in the ledger.
    condition : str
        Condition code, or ``all``.
    measure, population, reading, cited_text, unit : str
        As in the ledger; empty where a claim has no reading.
    cited_low, cited_high : float or None
        In ``unit``.
    kind : str
        Kind of claim (``testimonial``, ``safety``, ...) where the ledger tells one.
    """

    claim_id: str
    wording: str
    section: str = ""
    condition: str = ALL
    measure: str = ""
    population: str = ""
    reading: str = ""
    cited_text: str = ""
    cited_low: float | None = None
    cited_high: float | None = None
    unit: str = ""
    kind: str = ""


def listed_claims(claims: Iterable[Any]) -> tuple[Listed, ...]:
    """Return the rows of a ledger as the linter reads them.

    Parameters
    ----------
    claims : iterable of Claim
        Anything with ``claim_id`` and ``wording``; of the other fields those that it has.
    """
    names = [item.name for item in fields(Listed)]
    return tuple(
        Listed(**{name: getattr(claim, name) for name in names if _has(claim, name)})
        for claim in claims
    )


def _has(claim: Any, name: str) -> bool:
    return getattr(claim, name, None) is not None
