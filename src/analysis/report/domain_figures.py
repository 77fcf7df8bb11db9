"""The domains of an outcome in one figure: completeness, who is better, who is worse."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from analysis.labels import DEFINITIONS, word
from analysis.numbers import estimate_text
from analysis.report.figures import (
    NO_LABELS,
    name_rows,
    new_axes,
    nothing_to_draw,
    rows_from,
    unit_ticks,
)
from analysis.report.theme import MUTED, NARROW_INCHES, condition_color, condition_marker
from analysis.results import Row

ORDER = ("pain", "pain_interference", "function", "sleep", "mood", "opioids", "global",
         "quality_of_life")  # fmt: skip
"""Domains from top to bottom; others follow."""

MEASURES = ("recorded_share", "improved_share", "worsened_share")


def plot_domains(
    results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS, ax: Axes | None = None
) -> Axes:
    """Draw a line a domain: how many were scored, the share better and the share worse of them.

    ``results`` are of one condition and visit: recorded_share, improved_share and worsened_share,
    the domain as definition. ``labels`` are not used; they are as of the other figures.
    """
    rows = [row for row in rows_from(results) if row.value is not None]
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.definition, {})[row.measure] = row
    last = len(ORDER)
    names = sorted(found, key=lambda name: ORDER.index(name) if name in ORDER else last)
    ax = new_axes(1.0 + 0.43 * max(len(names), 2), NARROW_INCHES) if ax is None else ax
    if not names:
        return nothing_to_draw(ax, "Nothing was recorded at this visit.")
    told = []
    for y, name in enumerate(names):
        recorded, better, worse = (found[name].get(measure) for measure in MEASURES)
        who = "not counted" if recorded is None else estimate_text(recorded)
        title = word(DEFINITIONS, name)
        told.append(f"{title[:1].upper()}{title[1:]}\nrecorded {who}")
        for each, up, color, marker in (
            (
                better,
                -0.13,
                condition_color(rows[0].condition),
                condition_marker(rows[0].condition),
            ),
            (worse, 0.13, MUTED, "v"),
        ):
            if each is not None and each.value is not None:
                ax.plot([each.low or 0.0, each.high or 0.0], [y + up] * 2, color=color)
                ax.plot(each.value, y + up, marker, color=color, markersize=6.5)
    ax.plot([], [], condition_marker(rows[0].condition), color=condition_color(rows[0].condition),
            label="better")  # fmt: skip
    ax.plot([], [], "v", color=MUTED, label="worse")
    ax.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.5, -0.5), xlabel="Share of those scored")
    unit_ticks(ax.xaxis, "share")
    name_rows(ax, range(len(names)), told, width=26)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return ax
