"""Refuse what names a person: columns with identifiers, unless the mapping drops or hashes them.

The patients' names, addresses and numbers are needed by nobody here, so they are not let in: not
even in a column that nothing reads, because the file that holds them is then kept with the results.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.contract.identifiers import find_identifiers, header_identifier
from analysis.contract.problems import Problem
from analysis.contract.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from analysis.sources.files import RawTable
    from analysis.sources.find import Source

_YEAR = re.compile(r"\d{4}(?:\.0)?")
_HASH_OR_DROP = (
    "Take the column out of the export; or list it under `drop` in the mapping, and it is not "
    "read; or, where it tells patients apart, give `hash: true` beside it (docs/mapping.md)."
)


def find_identifying(
    raw: RawTable, *, readers: Sequence[Source], missing: frozenset[str]
) -> list[Problem]:
    """Return the columns of a file that hold identifiers, a problem each.

    Parameters
    ----------
    raw : RawTable
        Records of the file as text.
    readers : sequence of Source
        Every rule that reads this file. A column is seen to when one of them drops it, hashes it
        or takes only its year, and none lets more of it through.
    missing : frozenset of str
        Texts that stand for nothing.
    """
    problems = []
    for name in raw.frame.columns:
        ways = {way for source in readers if (way := _way(name, source))}
        if ways != {"hidden"}:
            problem = _problem(raw, name, readers[0].table, missing)
            problems += [problem] if problem else []
    return problems


def _way(name: str, source: Source) -> str:
    """Return what a rule does with a column: hide it, show it, or nothing."""
    rule = source.rule
    if name in (rule.drop or []):
        return "hidden"
    uses = [own for own in rule.columns.values() if name in own.sources()]
    as_it_is = name in TABLES[source.table].names and name not in rule.columns
    elsewhere = name in rule.where or any(name in (w.column, w.assessed_on) for w in rule.wide)
    if as_it_is or elsewhere or not all(own.hash or own.take == "year" for own in uses):
        return "shown"
    return "hidden" if uses else ""


def _problem(raw: RawTable, name: str, table: str, missing: frozenset[str]) -> Problem | None:
    """Return what is wrong with one column. Values are never repeated in an error."""
    texts = raw.frame[name]
    distinct = [text for text in texts.unique() if text not in missing]
    if in_header := find_identifiers(str(name)):
        kind = f"no {in_header[0].kind} in the header"
        return _told(raw, table, f"column {list(raw.frame.columns).index(name) + 1}", kind, [])
    kind = _kind_of_header(str(name), distinct)
    if kind and distinct:
        rows = ~texts.isin([*missing, ""])
        return _told(raw, table, name, f"no {kind}", raw.lines[rows.to_numpy()].tolist())
    found = _first_in_values(distinct)
    if found is None:
        return None
    value, kind = found
    return _told(raw, table, name, f"no {kind}", raw.lines[_where(texts, value)].tolist())


def _told(raw: RawTable, table: str, column: str, expected: str, lines: list[int]) -> Problem:
    return Problem(
        table=table,
        column=column,
        code="identifier",
        file=raw.name,
        expected=f"{expected} (what names a person)",
        remedy=_HASH_OR_DROP,
        lines=lines,
    )


def _kind_of_header(name: str, distinct: list[str]) -> str:
    kind = header_identifier(name)
    if kind == "date of birth" and all(_YEAR.fullmatch(text) for text in distinct):
        return ""  # a year of birth is what the contract asks for
    return kind


def _first_in_values(distinct: list[str]) -> tuple[str, str] | None:
    """Return the first value that holds an identifier, and its kind in the plural."""
    # One pass over all of them; only a column with a hit is looked at value by value.
    if not find_identifiers("\n".join(distinct)):
        return None
    for text in distinct:
        if found := find_identifiers(text):
            return text, found[0].kind
    return None


def _where(texts: pd.Series, value: str) -> list[bool]:
    return (texts == value).to_list()
