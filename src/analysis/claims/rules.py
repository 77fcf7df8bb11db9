"""Rules of advertising and of trial reporting: which touch a claim, which a sentence can break."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from analysis.claims.checks import CHECKS
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
    touches : tuple of str
        Subjects of copy it touches (`analysis.lint.rules`); empty for none that words show.
    checks : tuple of str
        Checks of a sentence that rest on it (`analysis.claims.checks`); empty where words cannot
        show whether it is kept.
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
    touches: tuple[str, ...]
    checks: tuple[str, ...]
    verified: bool

    @property
    def about(self) -> str:
        """What it says, as a page prints it."""
        return self.rule


COLUMNS = [field.name for field in fields(Rule)]
_LISTS = ("applies_to", "touches", "checks")


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules.

    Parameters
    ----------
    path : Path, optional
        CSV file in UTF-8; the suite's own when not given.

    Raises
    ------
    LedgerError
        No such file, a missing column, a repeated id, an unknown kind or check, or ``verified``
        that is neither yes nor no.
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
    unknown = [one for one in row["checks"].split() if one not in CHECKS]
    if unknown:
        raise LedgerError(
            f"rule {row['rule_id']}, checks: '{unknown[0]}' is none of {', '.join(CHECKS)}."
        )
    texts = {name: row[name] for name in COLUMNS if name not in (*_LISTS, "verified")}
    lists = {name: tuple(row[name].split()) for name in _LISTS}
    return Rule(**texts, **lists, verified=row["verified"] == "yes")  # type: ignore[arg-type]


def rules_of(claim: Claim, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that touch a claim: by its id, its kind, or because they touch every one."""
    names = {claim.claim_id, claim.kind, EVERY}
    return tuple(rule for rule in rules if names & set(rule.applies_to))


def rules_of_checks(rules: Sequence[Rule]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the rules behind every check; what was not seen is not relied on.

    Returns
    -------
    dict of str to tuple of str
        By name of the check, in the order of the table.
    """
    return {
        name: tuple(rule.rule_id for rule in rules if rule.verified and name in rule.checks)
        for name in CHECKS
    }
