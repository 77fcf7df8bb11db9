"""The ledger: claims as rows, each with the reading fixed before data are seen.

Every statement of the page has a row, also those no data can test. A new claim is a new row of
data/claims/ledger.csv and needs no code; docs/claims.md says how.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import MISSING, fields
from math import isfinite
from pathlib import Path

from analysis.claims.claim import Claim, headline_claims, listed
from analysis.contract.codes import Conditions, load_conditions
from analysis.errors import LedgerError
from analysis.places import data_folder

__all__ = ["ALL", "COLUMNS", "REQUIRED", "Claim", "headline_claims", "load_ledger"]

ALL = "all"

COLUMNS = [field.name for field in fields(Claim)]
"""Columns of a ledger file; others are notes for people and not read."""

REQUIRED = [field.name for field in fields(Claim) if field.default is MISSING]
"""Columns that every ledger file has; the others are taken as empty where they are absent."""


def load_ledger(
    path: Path | None = None, *, more_conditions: Collection[str] = ()
) -> tuple[Claim, ...]:
    """Read a ledger of claims.

    Parameters
    ----------
    path : Path, optional
        CSV file in UTF-8; the suite's own ledger when not given.
    more_conditions : collection of str
        Condition codes a mapping adds to those of data/conditions.csv.

    Returns
    -------
    tuple of Claim
        In the order of the file.

    Raises
    ------
    LedgerError
        No such file, not a table, a missing column, a repeated id, an unknown condition, or a field
        that breaks a rule; the claim, the field and the rule are named.
    """
    path = path or data_folder() / "claims" / "ledger.csv"
    claims = tuple(_claim(row) for row in _records(path))
    if not claims:
        raise LedgerError(f"{path.name} holds no claims: a claim is a row below the column names.")
    ids = [claim.claim_id for claim in claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise LedgerError(
            f"claim {repeated[0]}, claim_id: it stands more than once in {path.name}; each claim "
            f"needs an id of its own (repeated: {', '.join(repeated)})."
        )
    conditions = load_conditions()
    for claim in claims:
        _check_codes(claim, conditions, more_conditions)
    return claims


def _check_codes(claim: Claim, conditions: Conditions, more: Collection[str]) -> None:
    """Refuse a condition or subtype that is in no table of codes."""
    known = [ALL, *conditions.labels, *more]
    if claim.condition not in known:
        claim.refuse("condition", f"'{claim.condition}' is none of {listed(known)}", known)
    if claim.group_keys.get("group_by") == "subtype" and claim.condition in conditions.labels:
        subtypes = conditions.subtypes(claim.condition)
        if claim.group_keys["group"] not in subtypes:
            told = listed(subtypes) or "no subtype"
            claim.refuse("group", f"'{claim.group}' is no subtype of {claim.condition} ({told})")


def _records(path: Path) -> list[dict[str, str]]:
    """Return the records of a ledger file, each with all its columns and no other."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger of claims at {path}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval=None)
            names = reader.fieldnames or []
            if not names:
                raise LedgerError(f"{path.name} is empty; a ledger begins with the column names.")
            lacking = [name for name in REQUIRED if name not in names]
            if lacking:
                raise LedgerError(f"{path.name} lacks the columns {', '.join(lacking)}.")
            return [_whole(row, f"{path.name}, line {reader.line_num}") for row in reader]
    except UnicodeDecodeError:
        raise LedgerError(f"{path.name} is not a UTF-8 text file; save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise LedgerError(f"{path.name} cannot be read as CSV: {error}.") from None


def _whole(row: dict[str, str], where: str) -> dict[str, str]:
    """Refuse a record with lost or gained fields: a comma or quotation mark out of place."""
    name = f"{where}, claim {row['claim_id'] or 'without an id'}"
    if None in row:
        raise LedgerError(f"{name}: more fields than columns; put text with a comma in quotes.")
    if None in row.values():
        raise LedgerError(f"{name}: fewer fields than columns; is a quotation mark missing?")
    for field, text in row.items():
        if "\n" in text or "\r" in text:
            raise LedgerError(f"{name}, {field}: a line break; is a quotation mark missing?")
    return row


def _claim(row: dict[str, str]) -> Claim:
    given = {
        name: (_number(row, name) if name in _NUMBERS else row[name].strip())
        for name in COLUMNS
        if name in row
    }
    # An empty answer is the usual one, so that a short ledger of figures needs no further column.
    given["answer"] = given.get("answer") or "computed"
    return Claim(**given)  # type: ignore[arg-type]


_NUMBERS = ("threshold_pct", "cited_low", "cited_high", "baseline_score")


def _number(row: dict[str, str], name: str) -> float | None:
    text = row[name].strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise LedgerError(f"claim {row['claim_id']}, {name}: '{text}' is not a number.")
    return number
