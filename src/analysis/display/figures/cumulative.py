"""Cumulative responder curve: the share of patients at or above every possible threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import (
    listed,
    row_labels,
    row_sentence,
    stated,
    threshold_word,
    with_n,
)
from analysis.display.palette import INK, condition_color, condition_marker
from analysis.wording.numbers import MINUS, share_text
from analysis.wording.texts import say
from analysis.wording.words import condition_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
MOST_CONDITIONS_WITH_BANDS = 2
"""Above this many curves their interval bands would cover each other."""


@themed
def draw_cumulative_responders(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    thresholds_pct: Sequence[float] = (30.0, 50.0),
    title: str = "",
) -> Figure:
    """Draw the share of patients whose pain fell by at least x percent, for every x in the rows.

    Parameters
    ----------
    rows : sequence of ResultRow
        Unit ``share`` with ``threshold_pct``; rows that differ in condition, group, population or
        definition are separate curves. Rows without a value or a threshold are left out.
    labels : mapping of str to str
        Condition labels by code.
    thresholds_pct : sequence of float
        Where vertical lines are drawn.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    curves = _curves(rows)
    figure, (axes,) = new_axes(height=3.7, title=title or say("figures.cumulative.title"))
    if not curves:
        say_nothing_to_draw(axes, say("figures.cumulative.none_drawn"))
        return figure
    names = row_labels([curve[0] for curve in curves], labels)
    dashes = _dashes(curves)
    for curve, name, dash in zip(curves, names, dashes, strict=True):
        _draw_curve(axes, curve, name, dash, band=len(curves) <= MOST_CONDITIONS_WITH_BANDS)
    for threshold in thresholds_pct:
        axes.axvline(threshold, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(_percent(threshold), (threshold, 1), xycoords=("data", "axes fraction"),
                      xytext=(3, -9), textcoords="offset points", fontsize=9.5)  # fmt: skip
    axes.set_ylim(0, 1.0)
    axes.set_xlim(min(c[0].threshold_pct or 0 for c in curves), 100)
    axes.yaxis.set_major_formatter(lambda y, _: share_text(y))
    axes.xaxis.set_major_formatter(lambda x, _: _percent(x))
    axes.set_xlabel(say("figures.cumulative.x"))
    axes.set_ylabel(say("figures.share_of_patients"))
    axes.grid(axis="y")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.96))
    return figure


def describe_cumulative_responders(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    thresholds_pct: Sequence[float] = (30.0, 50.0),
) -> str:
    """Return the alt text of `draw_cumulative_responders`: the curves read at the thresholds."""
    curves = _curves(rows)
    if not curves:
        return say("figures.cumulative.none")
    names = row_labels([curve[0] for curve in curves], labels)
    names = names if len(curves) > 1 else [""]
    conditions = {curve[0].condition for curve in curves}
    parts = [
        row_sentence(row, listed(p for p in (name, threshold_word(row.threshold_pct)) if p))
        for curve, name in zip(curves, names, strict=True)
        for row in curve
        if row.threshold_pct in thresholds_pct
    ]
    if len(conditions) > 1:
        return say("figures.cumulative.alt", rows=stated(parts))
    whose = condition_word(conditions.pop(), labels)
    return say("figures.cumulative.alt_of", condition=whose, rows=stated(parts))


def _percent(number: float) -> str:
    return say("numbers.percent", number=f"{number:g}".replace("-", MINUS))


def _curves(rows: Sequence[ResultRow]) -> list[list[ResultRow]]:
    by_key: dict[tuple[str, ...], list[ResultRow]] = {}
    for row in rows:
        if row.value is not None and row.threshold_pct is not None:
            key = (row.condition, row.group_by, row.group, row.population, row.definition)
            by_key.setdefault(key, []).append(row)
    return [sorted(found, key=lambda row: row.threshold_pct or 0) for found in by_key.values()]


def _dashes(curves: Sequence[Sequence[ResultRow]]) -> list[object]:
    """Curves of one condition share its colour and differ in their line."""
    seen: dict[str, int] = {}
    made: list[object] = []
    for curve in curves:
        turn = seen.get(curve[0].condition, 0)
        seen[curve[0].condition] = turn + 1
        made.append(DASHES[turn % len(DASHES)])
    return made


def _draw_curve(
    axes: Axes, curve: Sequence[ResultRow], name: str, dash: Any, *, band: bool
) -> None:
    color = condition_color(curve[0].condition)
    x = np.array([row.threshold_pct for row in curve], dtype=float)
    y = np.array([row.value for row in curve], dtype=float)
    if band and all(row.low is not None and row.high is not None for row in curve):
        low, high = ([getattr(row, end) for row in curve] for end in ("low", "high"))
        axes.fill_between(x, low, high, color=color, alpha=0.14,
                          linewidth=0)  # fmt: skip
    label = with_n(drawable(name), curve[0].n)
    axes.plot(x, y, color=color, linestyle=dash, label=label,
              marker=condition_marker(curve[0].condition), markersize=3.5)  # fmt: skip
