"""Forest plot: the share of responders in each subgroup beside that of the whole condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import (
    group_word,
    listed,
    row_sentence,
    stated,
    threshold_mark,
    threshold_word,
)
from analysis.display.figures.ticks import name_ticks
from analysis.display.palette import INK, MUTED, PAPER, condition_color, condition_marker
from analysis.wording import words
from analysis.wording.numbers import estimate_text, quantity_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

ALL = "all"
HOLLOW_FROM_PCT = 50.0
"""Points at this threshold are drawn hollow, those below it filled."""

LINE, HEADING = 1.0, 0.9
"""Heights in rows of a point and of the name of a grouping."""


@themed
def draw_subgroups(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    title: str = "",
) -> Figure:
    """Draw shares with intervals, the whole condition first, each grouping under its name.

    Parameters
    ----------
    rows : sequence of ResultRow
        Unit ``share``. Rows of ``group_by`` "all" come first; a dashed line goes through the first
        of them. Others in the order given, rows of one grouping together.
    labels : mapping of str to str
        Condition labels by code.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    places, headings = _lay_out(rows)
    bottom = (places[-1] if places else 0.0) + 0.7
    title = title or say("figures.subgroups.title")
    figure, (axes,) = new_axes(height=0.95 + 0.27 * bottom, title=title)
    if not rows:
        say_nothing_to_draw(axes, say("figures.no_rows"))
        return figure
    whole = next((row.value for row in rows if row.group_by == ALL), None)
    if whole is not None:
        axes.axvline(whole, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for row, y in zip(rows, places, strict=True):
        _draw_point(axes, row, y)
    for y, text in headings:
        axes.text(-0.02, y, drawable(text), transform=axes.get_yaxis_transform(), ha="right",
                  va="center", color=MUTED, fontsize=9.5)  # fmt: skip
    names = [drawable(_name(row, labels), longest=60) for row in rows]
    name_ticks(axes.yaxis, places, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(bottom, -0.7)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda x, _: quantity_text(x, unit="share"))
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel(say("figures.share_of_patients"))
    axes.spines["left"].set_visible(False)
    return figure


def describe_subgroups(rows: Sequence[ResultRow], *, labels: Mapping[str, str]) -> str:
    """Return the alt text of `draw_subgroups`: how far the groups lie apart, then every number."""
    if not rows:
        return say("figures.subgroups.none")
    told = [stated(row_sentence(row, _full(row, labels)) for row in rows)]
    parts = [row for row in rows if row.group_by != ALL and row.value is not None]
    overlap = _all_overlap(parts)
    if len(parts) > 1 and overlap is not None:
        name = "figures.subgroups.overlap" if overlap else "figures.subgroups.no_overlap"
        told.insert(0, say(name))
    return say("figures.subgroups.alt", rows=" ".join(told))


def _all_overlap(rows: Sequence[ResultRow]) -> bool | None:
    """Whether one value lies in the intervals of all groups, at each threshold on its own."""
    ends = [(row.threshold_pct, row.low, row.high) for row in rows]
    if not ends or any(low is None or high is None for _, low, high in ends):
        return None
    return all(
        max(low or 0.0 for pct, low, _ in ends if pct == threshold)
        <= min(high or 0.0 for pct, _, high in ends if pct == threshold)
        for threshold in {pct for pct, _, _ in ends}
    )


def _name(row: ResultRow, labels: Mapping[str, str]) -> str:
    told = (_who(row, labels), threshold_mark(row.threshold_pct))
    return listed(part for part in told if part)


def _full(row: ResultRow, labels: Mapping[str, str]) -> str:
    told = (_who(row, labels), threshold_word(row.threshold_pct))
    return listed(part for part in told if part)


def _who(row: ResultRow, labels: Mapping[str, str]) -> str:
    return group_word(row) or words.condition_word(row.condition, labels)


def _lay_out(rows: Sequence[ResultRow]) -> tuple[list[float], list[tuple[float, str]]]:
    """Place rows from the top; groupings get a line for their name above them."""
    places: list[float] = []
    headings: list[tuple[float, str]] = []
    y = -LINE
    for name, part in _groupings(rows):
        if name != ALL:
            y += HEADING + LINE / 3
            headings.append((y, words.word(words.GROUPINGS, name)))
        for _ in part:
            y += LINE
            places.append(y)
    return places, headings


def _groupings(rows: Sequence[ResultRow]) -> Iterator[tuple[str, list[ResultRow]]]:
    for name, part in groupby(rows, key=lambda row: row.group_by):
        yield name, list(part)


def _draw_point(axes: Axes, row: ResultRow, y: float) -> None:
    color = condition_color(row.condition)
    axes.text(1.02, y, estimate_text(row), transform=axes.get_yaxis_transform(), va="center",
              fontsize=9.5, color=INK if row.value is not None else MUTED)  # fmt: skip
    if row.value is None:
        return
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, solid_capstyle="butt", zorder=2)
    hollow = row.threshold_pct is not None and row.threshold_pct >= HOLLOW_FROM_PCT
    axes.plot(row.value, y, condition_marker(row.condition), markersize=6, zorder=3,
              markerfacecolor=PAPER if hollow else color, markeredgecolor=color,
              markeredgewidth=1.5, clip_on=False)  # fmt: skip
