"""What a reader can work out: the range that printed counts leave to every count not printed.

The attacker knows every printed count, every relation between counts, and that patients come in
whole numbers from zero up. A small count is safe when 1 and 10, and so everything between that a
reader could be after, both remain possible.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array
from scipy.sparse.csgraph import connected_components

from analysis.errors import RunError
from analysis.release.relations import LARGEST_SMALL, CountTable


@dataclass(frozen=True, kw_only=True)
class Range:
    """Least and largest count that are possible; ``high`` None where nothing bounds it."""

    low: int
    high: int | None

    @property
    def hides(self) -> bool:
        """Whether the whole of 1 to 10 remains possible."""
        return self.low <= 1 and (self.high is None or self.high >= LARGEST_SMALL)

    @property
    def tells_small(self) -> bool:
        """Whether it is certain that some, but no more than ten, are counted, and more is known."""
        small = self.low >= 1 and self.high is not None and self.high <= LARGEST_SMALL
        return small and (self.low > 1 or self.high != LARGEST_SMALL)


class Attacker:
    """Works out what the printed counts of a table leave possible.

    Parameters
    ----------
    table : CountTable
        Relations; counts are read only where they are printed.
    printed : collection of str
        Names of the printed cells.
    """

    def __init__(self, table: CountTable, printed: Collection[str]) -> None:
        self.printed = {name: count_of(table, name) for name in printed}
        hidden = [name for name in table.counts if name not in self.printed]
        self.place = {name: index for index, name in enumerate(hidden)}
        self.matrix, self.right = self._equations(table)
        # Printed counts cut the table into parts that tell nothing of each other.
        linked = abs(self.matrix).T @ abs(self.matrix)
        self.part = connected_components(linked, directed=False)[1] if hidden else np.zeros(0)
        self.seen: dict[int, tuple[float, float]] = {}

    def _equations(self, table: CountTable) -> tuple[csc_array, np.ndarray]:
        rows, columns, values, right = [], [], [], []
        for index, each in enumerate(table.sums):
            known = 0
            for name, sign in [(each.total, 1), *((part, -1) for part in each.parts)]:
                if name in self.printed:
                    known += sign * self.printed[name]
                else:
                    rows.append(index)
                    columns.append(self.place[name])
                    values.append(sign)
            right.append(-known)
        shape = (len(table.sums), len(self.place))
        return csc_array((values, (rows, columns)), shape=shape), np.array(right, dtype=float)

    def range_of(self, name: str) -> Range:
        """Return the range of whole numbers that a cell can have.

        Raises
        ------
        RunError
            No table agrees with what is printed.
        """
        if name in self.printed:
            return Range(low=self.printed[name], high=self.printed[name])
        low, high = self._end(name, sign=1), self._end(name, sign=-1)
        return Range(low=low or 0, high=high)

    def _end(self, name: str, *, sign: int) -> int | None:
        """Return the least (or, for -1, largest) whole number; None where there is no end."""
        start = self.place[name]
        cells = np.flatnonzero(self.part == self.part[start])
        equations = self.matrix[:, cells]
        used = np.unique(equations.indices)
        goal = np.where(cells == start, float(sign), 0.0)
        found = milp(
            goal,
            constraints=LinearConstraint(
                equations.tocsr()[used, :], self.right[used], self.right[used]
            ) if used.size else None,
            integrality=np.ones(len(cells)),
            bounds=Bounds(0, np.inf),
        )  # fmt: skip
        if found.status == 2 and sign > 0:
            raise RunError("The printed counts contradict each other; no release can be checked.")
        if found.x is None:
            return None
        for cell, count in zip(cells.tolist(), np.rint(found.x).tolist(), strict=True):
            low, high = self.seen.get(cell, (count, count))
            self.seen[cell] = (min(low, count), max(high, count))
        return round(float(found.x[cells == start][0]))

    def told(self, names: Collection[str]) -> dict[str, Range]:
        """Return those cells of which it is certain that they are small, with what is left open.

        Every solution shows what is possible for all cells of its part, so few need asking.
        """
        open_cells = {name for name in names if name in self.place}
        found: dict[str, Range] = {}
        while open_cells:
            name = min(open_cells)
            reach = self.range_of(name)
            if reach.tells_small:
                found[name] = reach
            open_cells.discard(name)
            open_cells -= {cell for cell in open_cells if self._harmless(cell)}
        return found

    def _harmless(self, name: str) -> bool:
        """Whether a table seen so far has nobody, or more than ten, in a cell."""
        seen = self.seen.get(self.place[name])
        return seen is not None and (seen[0] == 0 or seen[1] > LARGEST_SMALL)


def count_of(table: CountTable, name: str) -> int:
    """Return the count of a cell that is known."""
    count = table.counts[name]
    if count is None:
        raise ValueError(f"the count of '{name}' is not known")
    return count
