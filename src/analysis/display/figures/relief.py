"""Relief curves: the share still relieved, week by week, with the number still followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.inputs import CurveToDraw
from analysis.display.figures.ticks import QUARTERS, put_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import BAND_EDGE, condition_color
from analysis.wording.numbers import count_text, quantity_text, share_text
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CITED_WEEKS = (2.0, 8.7)
"""The least that "weeks" and "months" mean: two weeks, and two months of 30.44 days."""

READ_AT_WEEKS = (4.0, 8.0, 12.0, 26.0)
LAST_WEEK = 26.0
MOST_BANDS = 2


@themed
def draw_relief_curves(
    curves: Sequence[CurveToDraw],
    *,
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "How long relief lasts",
) -> Figure:
    """Draw relief curves as steps with interval bands, numbers at risk beneath.

    Parameters
    ----------
    curves : sequence of CurveToDraw
        Weeks from the end of the series. Bands are drawn for at most two curves.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labelled lines.
    title : str

    Returns
    -------
    matplotlib Figure
    """
    rows = 0.42 * max(1, len(curves))
    figure, (axes, under) = new_axes(height=3.5 + rows, title=title, rows=(3.5, rows))
    under.set_axis_off()
    if not any(np.size(curve.times) for curve in curves):
        say_nothing_to_draw(axes, "There is no relief curve to draw.")
        return figure
    _set_axes(axes, curves)
    for curve in curves:
        _draw_steps(axes, curve, band=len(curves) <= MOST_BANDS)
    for week in cited_weeks:
        axes.axvline(week, color=BAND_EDGE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(f"{quantity_text(week, unit='weeks')}", (week, 0), xytext=(3, 4),
                      textcoords="offset points", fontsize=9.5, color=BAND_EDGE)  # fmt: skip
    if len(curves) > 1:
        axes.legend(loc="upper right")
    counts = [(dict(zip(np.asarray(c.at_risk_weeks, dtype=float).tolist(),
                        np.asarray(c.at_risk).astype(int).tolist(), strict=True)), c.condition)
              for c in curves]  # fmt: skip
    write_counts_under(under, axes, counts, [c.label for c in curves], what="Still followed")
    return figure


def describe_relief_curves(
    curves: Sequence[CurveToDraw], *, read_at_weeks: Sequence[float] = READ_AT_WEEKS
) -> str:
    """Return the alt text of `draw_relief_curves`: n, median, and shares at the weeks asked for."""
    if not any(np.size(curve.times) for curve in curves):
        return "Relief curve: there is none to draw."
    return " ".join(["Relief curve.", *(_describe_curve(c, read_at_weeks) for c in curves)])


def _describe_curve(curve: CurveToDraw, weeks: Sequence[float]) -> str:
    parts = [f"{count_text(curve.n)} patients"] if curve.n else []
    if curve.median_text:
        parts.append(f"median {curve.median_text}")
    for week in weeks:
        share = curve.share_at(week)
        said = "not followed that long" if share is None else f"{share_text(share)} still relieved"
        parts.append(f"{said} at week {week:g}")
    return f"{plain_text(curve.label)}: {', '.join(parts)}."


def _set_axes(axes: Axes, curves: Sequence[CurveToDraw]) -> None:
    ticks = sorted({float(w) for c in curves for w in np.asarray(c.at_risk_weeks, dtype=float)})
    ticks = ticks or [0.0, 4.0, 8.0, 12.0, 26.0]
    axes.set_xlim(-0.6, max(LAST_WEEK, ticks[-1]) + 0.6)
    put_ticks(axes.xaxis, ticks)
    axes.set_ylim(0, 1.02)
    put_ticks(axes.yaxis, QUARTERS)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.yaxis.set_major_formatter(lambda y, _: share_text(y))
    axes.set_xlabel("Weeks after the end of the series")
    axes.set_ylabel("Share still relieved")
    axes.grid(axis="y")


def _draw_steps(axes: Axes, curve: CurveToDraw, *, band: bool) -> None:
    color = condition_color(curve.condition)
    x, y = curve.steps("survival")
    if band and np.size(curve.low) and np.size(curve.high):
        low, high = curve.steps("low")[1], curve.steps("high")[1]
        axes.fill_between(x, low, high, step="post", color=color, alpha=0.16, linewidth=0)
    label = drawable(curve.label, longest=40)
    label += f", n = {count_text(curve.n)}" if curve.n else ""
    axes.plot(x, y, drawstyle="steps-post", color=color, label=label, solid_joinstyle="miter")
