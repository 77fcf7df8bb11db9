"""Mean pain by visit with intervals, and the number of patients under every point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import (
    listed_long,
    row_labels,
    row_sentence,
    stated,
    with_n,
)
from analysis.display.figures.ticks import name_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import condition_color, condition_marker
from analysis.wording.numbers import number_text
from analysis.wording.texts import say
from analysis.wording.words import condition_word, visit_week, visit_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

WEEK_OF_BASELINE = -3.0
"""Where baseline stands on the axis: the standard series takes two to three weeks."""

TICKS = {"baseline": "figures.trajectories.baseline", "end": "figures.trajectories.end"}
"""Visits whose names under the axis are shorter than elsewhere."""

APART_WEEKS = 0.35
"""Points of several groups at one visit are moved apart by this much."""


@themed
def draw_trajectories(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    title: str = "",
) -> Figure:
    """Draw mean scores by visit with intervals; n of each point beneath.

    Parameters
    ----------
    rows : sequence of ResultRow
        Unit ``score``; rows that differ in condition, group or definition are separate lines,
        and those that differ in population too where a visit has several. A visit without
        a value is left out.
    labels : mapping of str to str
        Condition labels by code.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    lines = _lines(rows)
    title = title or say("figures.trajectories.title")
    figure, (axes, under) = new_axes(
        height=3.3 + 0.42 * max(1, len(lines)), title=title, rows=(3.3, 0.42 * max(1, len(lines)))
    )
    under.set_axis_off()
    if not lines:
        say_nothing_to_draw(axes, say("figures.trajectories.none_drawn"))
        return figure
    places = _places(rows)
    names = row_labels([line[0] for line in lines], labels)
    for turn, (line, name) in enumerate(zip(lines, names, strict=True)):
        apart = APART_WEEKS * (turn - (len(lines) - 1) / 2)
        _draw_line(axes, line, places, apart=apart, name=name)
    name_ticks(axes.xaxis, list(places.values()), [_tick(visit) for visit in places])
    axes.set_ylim(0, 10)
    axes.set_ylabel(say("figures.trajectories.y"))
    axes.grid(axis="y")
    if len(lines) > 1:
        axes.legend(loc="upper right", ncols=2 if len(lines) > 3 else 1)
    counts = [({places[r.visit]: r.n for r in line}, line[0].condition) for line in lines]
    write_counts_under(under, axes, counts, names, what=say("figures.trajectories.seen"))
    return figure


def describe_trajectories(rows: Sequence[ResultRow], *, labels: Mapping[str, str]) -> str:
    """Return the alt text of `draw_trajectories`: every mean with its interval and n."""
    lines = _lines(rows)
    if not lines:
        return say("figures.trajectories.none")
    names = row_labels([line[0] for line in lines], labels)
    if len(lines) == 1:
        names = [condition_word(lines[0][0].condition, labels)]
    parts = []
    for line, name in zip(lines, names, strict=True):
        points = listed_long(
            with_n(row_sentence(row, visit_word(row.visit)), row.n) for row in line
        )
        parts.append(say("figures.trajectories.line", name=name, points=points))
    return say("figures.trajectories.alt", lines=stated(parts))


def _lines(rows: Sequence[ResultRow]) -> list[list[ResultRow]]:
    order = _places(rows)
    lines = _by_key(rows, with_population=False)
    if any(len({row.visit for row in line}) < len(line) for line in lines):
        lines = _by_key(rows, with_population=True)
    return [sorted(line, key=lambda row: order[row.visit]) for line in lines]


def _by_key(rows: Sequence[ResultRow], *, with_population: bool) -> list[list[ResultRow]]:
    """Sort rows into lines; baseline is of all who started, later visits of those seen."""
    by_key: dict[tuple[str, ...], list[ResultRow]] = {}
    for row in rows:
        if row.value is not None and row.visit:
            population = row.population if with_population else ""
            key = (row.condition, row.group_by, row.group, row.definition, population)
            by_key.setdefault(key, []).append(row)
    return list(by_key.values())


def _places(rows: Sequence[ResultRow]) -> dict[str, float]:
    """Place visits by their week; where one has no week, evenly in the order given."""
    visits = list(dict.fromkeys(row.visit for row in rows if row.visit))
    weeks = {v: WEEK_OF_BASELINE if v == "baseline" else visit_week(v) for v in visits}
    known = {visit: week for visit, week in weeks.items() if week is not None}
    if len(known) < len(visits) or len(set(known.values())) < len(visits):
        return {visit: 4.0 * place for place, visit in enumerate(visits)}
    return dict(sorted(known.items(), key=lambda item: item[1]))


def _tick(visit: str) -> str:
    if visit in TICKS:
        return say(TICKS[visit])
    week = visit_week(visit)
    return number_text(week) if week is not None else drawable(visit_word(visit), longest=12)


def _draw_line(
    axes: Axes, line: Sequence[ResultRow], places: Mapping[str, float], *, apart: float, name: str
) -> None:
    color, marker = condition_color(line[0].condition), condition_marker(line[0].condition)
    x = [places[row.visit] + apart for row in line]
    for place, row in zip(x, line, strict=True):
        if row.low is not None and row.high is not None:
            axes.plot([place, place], [row.low, row.high], color=color, linewidth=1.4, zorder=2)
    y = np.array([row.value for row in line], dtype=float)
    axes.plot(x, y, color=color, marker=marker, markersize=5.5, linewidth=1.4,
              label=drawable(name, longest=34), zorder=3)  # fmt: skip
