"""Which counts are withheld: the small ones, and those from which one could be worked out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from analysis.release.moves import Moves
from analysis.release.relations import LARGEST_SMALL, CountTable, is_small


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """What is withheld: because it is small, and because it would tell a small one."""

    small: frozenset[str]
    further: frozenset[str]

    @property
    def withheld(self) -> frozenset[str]:
        """All of it."""
        return self.small | self.further


def choose_withheld(
    table: CountTable, visible: Collection[str], *, cost: Mapping[str, float]
) -> Suppression:
    """Choose what to withhold so that no count of 1 to 10 can be worked out.

    Parameters
    ----------
    table : CountTable
        Every count with all that is known of how they add up.
    visible : collection of str
        Cells that rows would print.
    cost : mapping of str to float
        What is lost with a cell, per patient it would move; cells readers need most cost most.

    Returns
    -------
    Suppression

    Raises
    ------
    RunError
        Should no choice exist; nothing is released then.

    Notes
    -----
    A small count is safe when a reader who knows every printed count and every relation must still
    think both 1 and 10 possible for it. For each in turn the cheapest other table is found in which
    it is 10, and one in which it is 1, in whole patients (`Moves`); what differs there and would be
    printed is withheld. Withholding more later takes no table away, so every count stays proven.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4: secondary suppression, the
    incremental attacker method; Fischetti & Salazar (2001), Manag Sci 47:1008.
    """
    shown = set(visible)
    small = {name for name in shown if is_small(table.counts[name])} | (table.clashing & shown)
    further: set[str] = set()
    moves = Moves(table)
    price = {name: cost.get(name, 1.0) for name in shown - small}
    for to in (LARGEST_SMALL, 1):
        todo = [name for name in table.small if table.counts[name] != to]
        while todo:
            moved = moves.cheapest(todo[0], to=to, cost=price)
            todo = [name for name in todo if not _passes(moved.get(name), to)]
            for cell in moved.keys() & price.keys():
                further.add(cell)
                del price[cell]
    return Suppression(small=frozenset(small), further=frozenset(further))


def _passes(count: int | None, to: int) -> bool:
    """Return whether a cell that was moved got there; None is one that was not moved."""
    if count is None:
        return False
    return count >= to if to == LARGEST_SMALL else count <= to
