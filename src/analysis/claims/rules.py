"""Rules of advertising and of trial reporting, and which of them touch a claim."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from analysis.claims.claim import Claim
from analysis.claims.readings import KINDS
from analysis.errors import LedgerError
from analysis.places import data_folder

EVERY = "every"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    rule_id, body, document, year, url : str
        Which rule, whose, where it stands; the year is empty where the source gives none.
    rule, asks : str
        What it says, and what it asks of a sentence or of this suite.
    applies_to : tuple of str
        Kinds of claims, ids of claims, or ``every``; empty for rules on methods only.
    verified : bool
        Whether its text was seen; what was not is never relied on.
    """

    rule_id: str
    body: str
    document: str
    year: str
    url: str
    rule: str
    asks: str
    applies_to: tuple[str, ...]
    verified: bool


COLUMNS = [field.name for field in fields(Rule)]


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules.

    Parameters
    ----------
    path : Path, optional
        CSV file in UTF-8; the suite's own when not given.

    Raises
    ------
    LedgerError
        No such file, a missing column, a repeated id, an unknown kind, or ``verified`` that is
        neither yes nor no.
    """
    path = path or data_folder() / "claims" / "rules.csv"
    if not path.is_file():
        raise LedgerError(f"there are no rules at {path}.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if lacking:
            raise LedgerError(f"{path.name} lacks the columns {', '.join(lacking)}.")
        rules = tuple(_rule(row) for row in reader)
    ids = [rule.rule_id for rule in rules]
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise LedgerError(f"rule {repeated[0]}, rule_id: it stands more than once in {path.name}.")
    return rules


def _rule(row: dict[str, str]) -> Rule:
    if row["verified"] not in ("yes", "no"):
        raise LedgerError(
            f"rule {row['rule_id']}, verified: '{row['verified']}' is neither yes nor no."
        )
    applies = tuple(row["applies_to"].split())
    for one in applies:
        if one not in (*KINDS, EVERY) and not (one[:1] == "C" and one[1:].isdigit()):
            raise LedgerError(
                f"rule {row['rule_id']}, applies_to: '{one}' is no kind of claim, no id of one, "
                f"and not '{EVERY}'."
            )
    return Rule(
        **{name: row[name] for name in COLUMNS if name not in ("applies_to", "verified")},
        applies_to=applies,
        verified=row["verified"] == "yes",
    )


def rules_of(claim: Claim, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that touch a claim: by its id, its kind, or because they touch every one."""
    names = {claim.claim_id, claim.kind, EVERY}
    return tuple(rule for rule in rules if names & set(rule.applies_to))
