"""Match a statement to listed claims: by exact words, by the same words, by what it says.

Deterministic: the same copy and ledger give the same match, and each match says why. A number that
differs never matches; it is reported beside the claim it differs from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from analysis.lint.catalogue import ALL, Listed
from analysis.lint.marks import Mark, find_marks
from analysis.lint.quantities import Quantity
from analysis.lint.statements import Statement
from analysis.lint.terms import (
    ALTERING,
    MEASURE_OF_LEDGER,
    OTHER_OUTCOME,
    PAIN_OUTCOME,
    conditions_in,
    measure_in,
    plain_words,
    tokens_of,
)

How = Literal[
    "exact words", "same words", "same meaning", "condition left out", "number differs", "none"
]
LISTED: tuple[How, ...] = ("exact words", "same words", "same meaning")
"""Ways by which a statement counts as listed; the others only name the nearest claim."""

LEAST_WORDS = 4
"""A claim of fewer words and no number ("Diabetic neuropathy") must be the whole statement."""

LEAST_ALIKE = 0.5
"""Least share of words in common (Dice) for the same meaning, numbers and condition being equal."""

SCORES: dict[How, float] = {"exact words": 1.0, "same words": 0.95}


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a statement and a listed claim belong together.

    Parameters
    ----------
    listed : Listed
    how : str
        ``exact words``, ``same words`` or ``same meaning`` (listed); ``condition left out`` or
        ``number differs`` (not listed: the claim is the nearest one).
    score : float
        1 for exact words; 0.95 for the same words; else 0.5 for equal numbers, 0.2 for an equal
        condition and up to 0.3 for words in common.
    why : str
        What was equal, in words.
    start, end : int
        Part of the statement it covers.
    """

    listed: Listed
    how: How
    score: float
    why: str
    start: int
    end: int


@dataclass(frozen=True)
class _Row:
    """A listed claim with what matching needs of it."""

    listed: Listed

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        return find_marks(self.listed.wording)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for token, _, _ in tokens_of(self.listed.wording, self.marks))

    @cached_property
    def text(self) -> str:
        return f" {' '.join(self.tokens)} "

    @cached_property
    def figures(self) -> frozenset[tuple[float | None, float | None, str]]:
        return frozenset(mark.quantity.figure for mark in self.marks if mark.quantity)

    @cached_property
    def conditions(self) -> frozenset[str]:
        named = conditions_in(self.listed.wording)
        return named | (frozenset() if self.listed.condition == ALL else {self.listed.condition})

    @cached_property
    def words(self) -> frozenset[str]:
        return plain_words(self.listed.wording) - _condition_words(self.listed.wording)

    @cached_property
    def measure(self) -> str:
        told = MEASURE_OF_LEDGER.get(self.listed.measure, "")
        return told or measure_in(self.listed.wording, self.marks)

    @cached_property
    def other_outcome(self) -> frozenset[str]:
        return frozenset(OTHER_OUTCOME.findall(self.listed.wording.lower()))

    @cached_property
    def altering(self) -> frozenset[str]:
        return frozenset(ALTERING.findall(self.listed.wording.lower()))


class Matcher:
    """Matches statements to a fixed list of claims.

    Parameters
    ----------
    claims : sequence of Listed
    """

    def __init__(self, claims: Sequence[Listed]) -> None:
        self._rows = [_Row(claim) for claim in claims if claim.wording.strip()]

    def match(self, statement: Statement) -> tuple[Match, ...]:
        """Return the claims a statement makes; else at most one that it comes near to.

        Two rows with the same wording both match: one sentence may make two claims.
        """
        tokens = tokens_of(statement.text, statement.marks)
        worded = self._by_words(statement, tokens)
        if worded:
            return worded
        if not any(mark.quantity for mark in statement.marks):
            return ()
        meant = [m for row in self._rows if (m := _by_meaning(statement, row)) is not None]
        best = sorted(meant, key=_best_first)[:1]
        return tuple(best)

    def _by_words(
        self, statement: Statement, tokens: list[tuple[str, int, int]]
    ) -> tuple[Match, ...]:
        text = f" {' '.join(token for token, _, _ in tokens)} "
        found = [
            made
            for row in self._rows
            if row.tokens and row.text in text
            if (made := _worded(statement, tokens, row)) is not None
        ]
        return tuple(match for match in found if not _inside_another(match, found))


def _best_first(match: Match) -> tuple[int, float, str]:
    order: tuple[How, ...] = ("same meaning", "condition left out", "number differs")
    return order.index(match.how), -match.score, match.listed.claim_id


def _inside_another(match: Match, others: Sequence[Match]) -> bool:
    span = match.end - match.start
    return any(
        other.start <= match.start and match.end <= other.end and other.end - other.start > span
        for other in others
    )


def _worded(statement: Statement, tokens: list[tuple[str, int, int]], row: _Row) -> Match | None:
    """Return the match of a claim whose words stand in the statement, unless the rest alters it."""
    size = len(row.tokens)
    whole = len(tokens) == size
    if not whole and size < LEAST_WORDS and not row.figures:
        return None
    names = [token for token, _, _ in tokens]
    at = next(i for i in range(len(names) - size + 1) if tuple(names[i : i + size]) == row.tokens)
    start, end = tokens[at][1], tokens[at + size - 1][2]
    rest = f"{statement.text[:start]} {statement.text[end:]}"
    if ALTERING.search(rest.lower()) or conditions_in(rest) - row.conditions:
        return None
    exact = row.listed.wording in statement.text
    how: How = "exact words" if exact else "same words"
    part = "the statement" if whole else "part of it"
    why = f"{part} has {'exactly the words' if exact else 'the words'} of {row.listed.claim_id}"
    return Match(listed=row.listed, how=how, score=SCORES[how], why=why, start=start, end=end)


def _by_meaning(statement: Statement, row: _Row) -> Match | None:
    """Return a match by number, condition and measure, or the nearest claim it differs from."""
    figures = [mark.quantity for mark in statement.marks if mark.quantity]
    measure = measure_in(statement.text, statement.marks)
    if not row.figures or not measure or measure != row.measure:
        return None
    if frozenset(OTHER_OUTCOME.findall(statement.text.lower())) != row.other_outcome:
        return None
    named = conditions_in(statement.text) or conditions_in(statement.heading)
    if len(named) > 1:
        return None
    same_condition = named == row.conditions
    left_out = not named and bool(row.conditions)
    words = plain_words(statement.text) - _condition_words(statement.text)
    alike = _dice(words, row.words)
    same_number = {figure.figure for figure in figures} == row.figures
    if same_number and (same_condition or left_out) and alike >= LEAST_ALIKE:
        if _altering(statement) != row.altering:
            return None
        return _meant(statement, row, alike, left_out=left_out)
    speaks_of_pain = bool(words & PAIN_OUTCOME) or words <= {"patient"}
    if same_condition and not same_number and speaks_of_pain and _same_unit(figures, row):
        return _differs(statement, row, alike)
    return None


def _meant(statement: Statement, row: _Row, alike: float, *, left_out: bool) -> Match:
    common = f"{round(100 * alike)} % of words in common"
    whom = "no condition named" if left_out else "same condition"
    return Match(
        listed=row.listed,
        how="condition left out" if left_out else "same meaning",
        score=round(0.5 + (0.0 if left_out else 0.2) + 0.3 * alike, 3),
        why=f"same number and measure as {row.listed.claim_id}, {whom}, {common}",
        start=0,
        end=len(statement.text),
    )


def _differs(statement: Statement, row: _Row, alike: float) -> Match:
    return Match(
        listed=row.listed,
        how="number differs",
        score=round(0.2 + 0.3 * alike, 3),
        why=f"same condition and measure as {row.listed.claim_id}, but another number",
        start=0,
        end=len(statement.text),
    )


def _altering(statement: Statement) -> frozenset[str]:
    return frozenset(ALTERING.findall(statement.text.lower()))


def _same_unit(figures: Sequence[Quantity], row: _Row) -> bool:
    units = {unit for _, _, unit in row.figures}
    return any(figure.unit in units for figure in figures)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


_CONDITION_WORDS = frozenset({
    "crp", "fibromyalgia", "neuropathic", "neuropathy", "complex", "regional", "syndrome",
    "migraine", "headache", "fbss", "central", "failed", "back", "surgery",
})  # fmt: skip


def _condition_words(text: str) -> frozenset[str]:
    """The words that only name the condition, which is compared apart."""
    return _CONDITION_WORDS if conditions_in(text) else frozenset()
