"""Counts of patients and how they add up: the ground on which a small count is protected.

A reader who sees some of the counts can work out others, because groups add up to their total, a
numerator lies inside its denominator, and a threshold inside the one below it. All of that is
written down here as sums of cells; who lies inside a total but in none of its parts is a cell of
its own (the rest), since a difference of two printed numbers is as good as a printed one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LARGEST_SMALL = 10
"""Counts of 1 to 10 are small: US federal practice (CMS) prints no cell below 11."""


def is_small(count: int | None) -> bool:
    """Return whether a count is one that must not be known: 1 to 10. Nobody is no person."""
    return count is not None and 1 <= count <= LARGEST_SMALL


@dataclass(frozen=True, kw_only=True)
class Sum:
    """One total and the parts that add up to it exactly."""

    total: str
    parts: tuple[str, ...]


@dataclass
class CountTable:
    """Counts of patients by name, what they add up to, and which contradict themselves.

    Parameters
    ----------
    counts : dict of str to int or None
        Count of every cell, the rests among them; None for one that is not known, as when the
        table is made of rows already released.
    sums : list of Sum
        Every relation a reader may know.
    clashing : set of str
        Cells that two rows state differently, or that do not lie inside what they should: they
        are not what their name says, and nothing that rests on them may be printed.
    """

    counts: dict[str, int | None] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    clashing: set[str] = field(default_factory=set)

    def state(self, name: str, count: int | None) -> None:
        """Enter a count; one stated differently before is marked as clashing."""
        before = self.counts.get(name)
        if before is None:
            self.counts[name] = count
        elif count is not None and before != count:
            self.clashing.add(name)

    def add_inside(self, total: str, parts: Iterable[str], *, exactly: bool = False) -> None:
        """Enter that disjoint parts lie in a total; the others in it become a cell of their own.

        Parts that fill their total, by definition or in fact, are taken to be known to fill it.
        """
        parts = tuple(parts)
        known = tuple(part for part in parts if part in self.counts)
        if total not in self.counts or not known:
            return
        rest = _minus(self.counts[total], [self.counts[part] for part in known])
        if rest is not None and rest < 0:
            self.clashing.update(known)
            return
        if rest == 0 or (exactly and rest is None and len(known) == len(parts)):
            self.sums.append(Sum(total=total, parts=known))
            return
        name = f"rest of {total} without {' + '.join(known)}"
        self.counts[name] = rest
        self.sums.append(Sum(total=total, parts=(*known, name)))

    @property
    def small(self) -> list[str]:
        """Cells whose true count is small, largest first: they are hardest to hide."""
        found = [(name, count) for name, count in self.counts.items() if is_small(count)]
        return [name for name, count in sorted(found, key=lambda each: (-(each[1] or 0), each[0]))]


def _minus(total: int | None, parts: list[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return None if total is None or len(known) < len(parts) else total - sum(known)


def cell_name(kind: str, condition: str, group_by: str = "all", group: str = "all") -> str:
    """Return the name of a cell: what is counted, in which condition and group."""
    return f"{kind}|{condition}|{group_by}|{group}"


def add_groups(table: CountTable, *, fill: bool = False) -> None:
    """Enter that groups lie in their condition, and conditions in all patients, for every kind.

    Where the groups hold everybody in the file, or every starter, they do so of every kind; with
    ``fill`` that is taken for granted of counts that are not known, as a reader would.
    """
    places: dict[str, list[tuple[str, str, str]]] = {}
    for name in list(table.counts):
        if not name.startswith("rest of "):
            kind, condition, group_by, group = name.split("|", 3)
            places.setdefault(kind, []).append((condition, group_by, group))
    whole = {
        split for kind in ("in file", "starters") for split in _splits(kind, places.get(kind, []))
        if _fills(table, *split[1:])
    }  # fmt: skip
    filled = {split[0] for split in whole}
    for kind, found in places.items():
        for split, total, parts in _splits(kind, found):
            table.add_inside(total, parts, exactly=fill or split in filled)


def _fills(table: CountTable, total: str, parts: tuple[str, ...]) -> bool:
    counts = [table.counts[part] for part in parts]
    return table.counts.get(total) is not None and _minus(table.counts[total], counts) == 0


def _splits(
    kind: str, places: list[tuple[str, str, str]]
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return how a kind splits: name of the split, total, and parts."""
    splits = []
    for condition, group_by in sorted({(c, by) for c, by, _ in places if by != "all"}):
        groups = sorted(g for c, by, g in places if (c, by) == (condition, group_by))
        parts = tuple(cell_name(kind, condition, group_by, group) for group in groups)
        splits.append((f"{condition} by {group_by}", cell_name(kind, condition), parts))
    for group_by, group in sorted({(by, g) for _, by, g in places}):
        # A subtype belongs to one condition; sites, arms and protocols cut across them.
        conditions = sorted(c for c, by, g in places if (by, g) == (group_by, group) and c != "all")
        parts = tuple(cell_name(kind, condition, group_by, group) for condition in conditions)
        total = cell_name(kind, "all", group_by, group)
        splits.append((f"{group_by} {group} by condition", total, parts))
    return splits
