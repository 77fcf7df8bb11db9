"""Tables on paper: fewer cells that say the same.

Each cell of a table costs paper as much as a line of text, and a reader's eye as well. What every
line repeats is said once above the table; two columns that name every pair of two things become
a side and a top; lines that only divide one group stand in one cell. No number is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.report.paper import without_drawings
from analysis.report.tables import Heading, TableView
from analysis.wording.numbers import NO_NUMBER
from analysis.wording.texts import say

Cell = str | Markup
Line = tuple[Cell, ...]

MOST_ACROSS = 4
"""Columns of numbers with an interval each that stand side by side on a page."""

LONGEST_PART = 30
"""Letters of a group's name that still stands in one line with its number."""


@dataclass(frozen=True, kw_only=True)
class PaperTable(TableView):
    """A table as paper prints it.

    ``said`` holds true of every line; ``cells`` are places, line and column, to set off.
    """

    said: tuple[str, ...] = ()
    cells: frozenset[tuple[int, int]] = frozenset()


def for_paper(view: TableView) -> PaperTable:
    """Return a table in as few cells as say all it says."""
    view = _joined(without_drawings(view))
    return _crossed(view) or _said_once(view)


def _said_once(view: TableView) -> PaperTable:
    """Return a table of estimates without the columns that are the same in every line."""
    columns = list(zip(*view.lines, strict=True))
    alike = [
        place
        for place, heading in enumerate(view.headings)
        if place and len(view.lines) > 1 and _is_beside(heading) and len(set(columns[place])) == 1
    ]
    if say("rows.estimate") not in [heading.text for heading in view.headings]:
        alike = []
    kept = [place for place in range(len(view.headings)) if place not in alike]
    return PaperTable(
        caption=view.caption,
        headings=tuple(view.headings[place] for place in kept),
        lines=tuple(tuple(line[place] for place in kept) for line in view.lines),
        note=view.note,
        marked=view.marked,
        said=tuple(_said(view.headings[place], columns[place][0]) for place in alike),
    )


def _is_beside(heading: Heading) -> bool:
    """Return whether a column tells of whom an estimate is, and not the estimate."""
    counts = (say("rows.patients"), say("rows.missing"))
    return not heading.numeric or heading.text in counts


def _said(heading: Heading, cell: Cell) -> str:
    return f"{heading.text}: {cell}."


def _crossed(view: TableView) -> PaperTable | None:
    """Return estimates with the first column across the top; None where they are no full grid."""
    numbers = tuple(heading.text for heading in view.headings[2:4])
    kinds = [heading.numeric for heading in view.headings]
    if numbers != (say("rows.estimate"), say("rows.interval")) or any(kinds[:2]):
        return None
    tops, sides = (list(dict.fromkeys(line[place] for line in view.lines)) for place in (0, 1))
    at = {(line[1], line[0]): place for place, line in enumerate(view.lines)}
    if not (1 < len(tops) <= MOST_ACROSS and len(sides) > 1):
        return None
    if not len(at) == len(view.lines) == len(tops) * len(sides):
        return None
    rows = [[view.lines[at[side, top]] for top in tops] for side in sides]
    further = range(4, len(view.headings))
    once = [place for place in further if len({line[place] for line in view.lines}) == 1]
    beside = [
        place
        for place in further
        if place not in once and all(len({line[place] for line in row}) == 1 for row in rows)
    ]
    within = [place for place in further if place not in once and place not in beside]
    return PaperTable(
        caption=view.caption,
        headings=(
            view.headings[1],
            *(Heading(text=str(top), numeric=True) for top in tops),
            *(view.headings[place] for place in beside),
        ),
        lines=tuple(
            (
                side,
                *(_cell(line, view.headings, within) for line in row),
                *(row[0][place] for place in beside),
            )
            for side, row in zip(sides, rows, strict=True)
        ),
        note=view.note,
        said=tuple(_said(view.headings[place], view.lines[0][place]) for place in once),
        cells=frozenset(
            (down, across)
            for down, side in enumerate(sides)
            for across, top in enumerate(tops, start=1)
            if at[side, top] in view.marked
        ),
    )


def _cell(line: Line, headings: Sequence[Heading], within: Sequence[int]) -> Cell:
    """Return estimate, interval and what else is only its own, each on a line of the cell."""
    own = [line[3]] if line[3] != NO_NUMBER else []
    for place in within:
        if line[place] != NO_NUMBER:
            own.append(Markup("{} {}").format(headings[place].text.lower(), line[place]))
    if not own:
        return line[2]
    return Markup("{}<br><small>{}</small>").format(line[2], Markup("<br>").join(own))


def _joined(view: TableView) -> TableView:
    """Return a table with the parts of a group in one line, where each has one number only."""
    if view.marked or len(view.headings) < 2:
        return view
    groups: list[list[Line]] = []
    for line in view.lines:
        name = _group(line)
        if name and groups and _group(groups[-1][0]) == name:
            groups[-1].append(line)
        else:
            groups.append([line])
    lines = tuple(map(_one_line, groups))
    return TableView(caption=view.caption, headings=view.headings, lines=lines, note=view.note)


def _group(line: Line) -> str:
    """Return the group that a line is a part of; empty where it stands for itself."""
    name, colon, part = str(line[0]).partition(": ")
    is_part = colon and len(part) <= LONGEST_PART and not isinstance(line[0], Markup)
    return name if is_part and all(cell == NO_NUMBER for cell in line[2:]) else ""


def _one_line(lines: list[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    name = _group(lines[0])
    parts = [
        Markup("{}: {}").format(str(line[0]).removeprefix(f"{name}: "), line[1]) for line in lines
    ]
    return (name, Markup("<br>").join(parts), *lines[0][2:])
