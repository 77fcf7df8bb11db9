"""Rows of two runs set beside each other, and the parts their changes are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose

from analysis.changes.game import CODE, Game
from analysis.changes.pieces import Point
from analysis.changes.shapley import SUM_TOLERANCE, Coalition, split_exactly
from analysis.outcomes.rows import ResultRow
from analysis.wording.texts import say

QUANTITIES = ("value", "low", "high")


@dataclass(frozen=True, kw_only=True)
class MovedRow:
    """A result that both runs have and that is not the same in both.

    Parameters
    ----------
    before, after : ResultRow
    parts : mapping of str to mapping of str to float
        By quantity (value, low, high) that could be split: each factor's part, in the unit of the
        row; they sum to the change within `analysis.changes.shapley.SUM_TOLERANCE`.
    why_not : str
        Why the value is not split; empty when it is, or did not change.
    """

    before: ResultRow
    after: ResultRow
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    why_not: str = ""

    @property
    def result_id(self) -> str:
        """Name of the row in both runs."""
        return self.before.result_id

    @property
    def change(self) -> float | None:
        """Change of the value; None where a run has no value."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def value_moved(self) -> bool:
        """Whether the value moved by more than rounding, came to be, or is no more."""
        return not _same(self.before.value, self.after.value)

    @property
    def weight(self) -> tuple[int, float]:
        """What the biggest movers are sorted by: whole groups first, then change by uncertainty.

        The change of the value over the width of the interval in run A: how far it moved in
        terms of what was thought possible. Rows without an interval come last.
        """
        row = self.before if self.before.low is not None else self.after
        rank = 2 if row.group_by == "all" else 1
        if row.low is None or row.high is None or row.high <= row.low or self.change is None:
            return 0, abs(self.change or 0.0)
        return rank, abs(self.change) / (row.high - row.low)


def has_moved(a: ResultRow, b: ResultRow) -> bool:
    """Return whether value, interval, status or patients differ by more than rounding."""
    numbers = all(_same(getattr(a, name), getattr(b, name)) for name in QUANTITIES)
    return not (numbers and a.status == b.status and (a.n, a.n_missing) == (b.n, b.n_missing))


def split_row(a: ResultRow, b: ResultRow, game: Game | None, *, everything: bool) -> MovedRow:
    """Return a row that moved with its change split, or with the reason why it cannot be.

    Parameters
    ----------
    a, b : ResultRow
        The row as run A and run B wrote it.
    game : Game or None
        Mixtures of the two runs; None where a run keeps no data.
    everything : bool
        Whether the game made all rows.

    Notes
    -----
    What a run wrote and what the present code makes of its data and settings differ by the code:
    that difference of run B minus that of run A is the part of the code. The other parts split
    the change between the two recomputations.
    """
    if game is None:
        why = say("diff.why_not.no_data") if _needs_split(a, b) else ""
        return MovedRow(before=a, after=b, why_not=why)
    told = {chosen: points.get(a.result_id) for chosen, points in game.points.items()}
    if not any(told.values()):
        why = say("diff.why_not.not_known" if everything else "diff.why_not.not_made")
        return MovedRow(before=a, after=b, why_not=why if _needs_split(a, b) else "")
    parts = {name: _split(a, b, told, game.factors, name) for name in QUANTITIES}
    kept = {name: split for name, split in parts.items() if split is not None}
    lacking = _needs_split(a, b) and "value" not in kept
    why = say("diff.why_not.no_number") if lacking else ""
    return MovedRow(before=a, after=b, parts=kept, why_not=why)


def _split(
    a: ResultRow,
    b: ResultRow,
    told: Mapping[Coalition, Point | None],
    factors: tuple[str, ...],
    name: str,
) -> dict[str, float] | None:
    first, last = getattr(a, name), getattr(b, name)
    found = {chosen: getattr(point, name, None) for chosen, point in told.items()}
    numbers = {chosen: float(number) for chosen, number in found.items() if number is not None}
    if first is None or last is None or len(numbers) < len(found):
        return None
    parts = split_exactly(numbers.__getitem__, factors)
    code_of_a, code_of_b = first - numbers[frozenset()], last - numbers[frozenset(factors)]
    return parts | {CODE: code_of_b - code_of_a}


def _needs_split(a: ResultRow, b: ResultRow) -> bool:
    return not _same(a.value, b.value)


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return isclose(a, b, rel_tol=SUM_TOLERANCE, abs_tol=SUM_TOLERANCE)
