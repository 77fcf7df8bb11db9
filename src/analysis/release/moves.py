"""Other tables a reader must think possible: one count moved, the others moved as little as can be.

Each is a certificate: with the cells that differ withheld, that table is as possible as the true
one, so the moved count cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, hstack

from analysis.errors import RunError
from analysis.release.relations import CountTable

HOPS = (2, 3, 4, 1000)
"""How far from the moved count others may move: near ones first, since the question is small then;
the last takes in every cell."""

CHEAP = 1e-3
"""Cost of moving a withheld cell: almost nothing, so that no more move than need to."""

WHOLE = 1e-6
"""A solver's number this near to a whole one is that whole number."""


class Moves:
    """Finds the cheapest other table for one count at a time.

    Parameters
    ----------
    table : CountTable
        With every count known.

    Raises
    ------
    ValueError
        A count is not known, or counts do not add up.
    """

    def __init__(self, table: CountTable) -> None:
        self.names = list(table.counts)
        self.place = {name: index for index, name in enumerate(self.names)}
        if unknown := [name for name, count in table.counts.items() if count is None]:
            raise ValueError(f"counts are not known: {unknown[:3]}")
        self.truth = np.array([table.counts[name] for name in self.names], dtype=float)
        self.members = [
            [self.place[name] for name in (each.total, *each.parts)] for each in table.sums
        ]
        self.sums_of: dict[int, list[int]] = {}
        for index, members in enumerate(self.members):
            for member in members:
                self.sums_of.setdefault(member, []).append(index)
        rows = [index for index, members in enumerate(self.members) for _ in members]
        signs = [1.0 if k == 0 else -1.0 for members in self.members for k in range(len(members))]
        columns = [member for members in self.members for member in members]
        shape = (len(self.members), len(self.names))
        self.matrix = csc_array((signs, (rows, columns)), shape=shape)
        if np.any(self.matrix @ self.truth):
            raise ValueError("counts do not add up as the relations say")

    def cheapest(self, name: str, *, to: int, cost: Mapping[str, float]) -> dict[str, int]:
        """Return the cheapest table in which a cell is at least (or at most) ``to``.

        Parameters
        ----------
        name : str
            The cell to move; up where its true count is below ``to``, otherwise down.
        to : int
            Count it shall reach or pass.
        cost : mapping of str to float
            What moving a cell by one patient costs; cells not in it move for almost nothing.

        Returns
        -------
        dict of str to int
            Cells that differ from the truth, with their count; empty where nothing must move.

        Raises
        ------
        RunError
            No other table exists.
        """
        start = self.place[name]
        if self.truth[start] == to:
            return {}
        for hops in HOPS:
            near = self._near(start, hops)
            moved = self._solve(near, start, to, cost)
            if moved is not None:
                return moved
        raise RunError(f"No other table hides the count '{name}'; nothing can be released.")

    def _near(self, start: int, hops: int) -> list[int]:
        seen, front = {start}, {start}
        for _ in range(hops):
            reached = {
                m for cell in front for i in self.sums_of.get(cell, ()) for m in self.members[i]
            }
            front = reached - seen
            if not front:
                break
            seen |= front
        return sorted(seen)

    def _solve(
        self, near: list[int], start: int, to: int, cost: Mapping[str, float]
    ) -> dict[str, int] | None:
        """Solve with only the near cells free: up and down moves, each with its price."""
        k, truth = len(near), self.truth[near]
        part = self.matrix[:, near]
        part = part.tocsr()[np.unique(part.indices), :].tocsc()
        price = np.array([cost.get(self.names[i], CHEAP) for i in near])
        low, high = np.zeros(2 * k), np.concatenate([np.full(k, np.inf), truth])
        at, distance = near.index(start), to - self.truth[start]
        forward, back = (at, k + at) if distance > 0 else (k + at, at)
        low[forward], high[back] = abs(distance), 0.0  # or it would go there and back again
        found = _solve_whole(
            hstack([part, -part], format="csc"),
            np.concatenate([price, price]),
            low,
            high,
        )
        if found is None:
            return None
        moved = found[:k] - found[k:]
        if np.any(part @ moved) or np.any(truth + moved < 0):
            return None
        return {
            self.names[i]: round(t + m) for i, t, m in zip(near, truth, moved, strict=True) if m
        }


def _solve_whole(
    matrix: csc_array,
    price: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray | None:
    """Return the cheapest whole numbers within limits that the matrix takes to zero; None if none.

    Tables of counts mostly have whole corners, so plain linear programming comes first.
    """
    balance = LinearConstraint(matrix, 0.0, 0.0)
    for whole in (0, 1):
        found = milp(
            price,
            constraints=balance,
            bounds=Bounds(low, high),
            integrality=np.full(len(price), whole),
            options={"mip_rel_gap": 0.05} if whole else {},
        )
        if found.x is None:
            return None
        rounded = np.rint(found.x)
        if np.all(np.abs(found.x - rounded) < WHOLE):
            return rounded
    return None
