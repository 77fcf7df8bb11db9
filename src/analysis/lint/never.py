"""Phrases that no result can make good ("cure", "risk-free"), a table with rule and reason.

They are found without a ledger or a run. What is allowed beside them ("approved as an anesthetic",
"not a cure") stands in the same row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from analysis.claims.ledger import read_rows
from analysis.claims.rules import load_rules
from analysis.errors import LedgerError
from analysis.lint.quantities import flat_text
from analysis.settings import data_folder

LOOK_AROUND = 120  # letters around a phrase in which its legitimate forms are looked for
COLUMNS = ("phrase_id", "pattern", "rule_id", "why", "legitimate", "example")


@dataclass(frozen=True, kw_only=True)
class NeverSaid:
    """A row of data/claims/never_said.csv."""

    phrase_id: str
    pattern: re.Pattern[str]  # of flat text
    rule_id: str  # in data/claims/rules.csv, which names document and address
    why: str
    legitimate: re.Pattern[str] | None  # sets free the phrases it overlaps
    example: str


@lru_cache(maxsize=1)
def load_never_said() -> tuple[NeverSaid, ...]:
    """Read the table.

    LedgerError for a missing column, a rule that is not in data/claims/rules.csv, a pattern that is
    none, or an example that its own pattern does not find.
    """
    path = data_folder() / "claims" / "never_said.csv"
    if not path.is_file():
        raise LedgerError(f"there is no table of phrases at {path}.")
    rules = {rule.rule_id for rule in load_rules()}
    found = []
    for row in read_rows(path, COLUMNS, what="phrase"):
        name = f"phrase {row['phrase_id']}"
        if row["rule_id"] not in rules:
            raise LedgerError(f"{name}, rule_id: there is no rule '{row['rule_id']}' in rules.csv.")
        try:
            pattern = re.compile(row["pattern"])
            legitimate = re.compile(row["legitimate"]) if row["legitimate"] else None
        except re.error as error:
            raise LedgerError(f"{name}: it is no regular expression ({error}).") from None
        if not pattern.search(flat_text(row["example"])):
            raise LedgerError(f"{name}, pattern: it does not find its example.")
        found.append(
            NeverSaid(
                phrase_id=row["phrase_id"], pattern=pattern, rule_id=row["rule_id"],
                why=row["why"], legitimate=legitimate, example=row["example"],
            )
        )  # fmt: skip
    return tuple(found)


def find_never_said(text: str) -> Iterator[tuple[NeverSaid, int, int]]:
    """Yield phrases of a sentence that must never be said, with start and end."""
    flat = flat_text(text)
    for row in load_never_said():
        for match in row.pattern.finditer(flat):
            start, end = match.span()
            begin = max(0, start - LOOK_AROUND)
            around = flat[begin : end + LOOK_AROUND]
            free = row.legitimate.finditer(around) if row.legitimate else ()
            if not any(m.start() + begin < end and start < m.end() + begin for m in free):
                yield row, start, end
