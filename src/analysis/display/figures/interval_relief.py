"""Relief curves for losses known only to lie between visits, with what no visit saw shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.inputs import CurveToDraw, IntervalCurveToDraw
from analysis.display.figures.labels import listed
from analysis.display.figures.relief import CITED_WEEKS, LAST_WEEK, READ_AT_WEEKS
from analysis.display.figures.strategies import draw_cited_weeks
from analysis.display.figures.ticks import QUARTERS, put_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import INK, MUTED, condition_color
from analysis.wording.numbers import count_text, level_text, share_text
from analysis.wording.texts import say
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLLOWED_WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0)
MOST_WITH_INTERVALS = 2
"""Above this many curves error bars would cover each other."""

NOT_KNOWN = "\\\\\\\\"
"""Pattern of what lies after the last look: not even a box bounds it from below."""

LONGEST_OF_TWO = 38
"""Letters in a legend of two columns; with a longer name it has one."""

APART_WEEKS = 0.22
"""Error bars of two curves at one week are moved apart by this much."""


@themed
def draw_interval_relief(
    curves: Sequence[IntervalCurveToDraw],
    *,
    at_risk_weeks: Sequence[float] = FOLLOWED_WEEKS,
    kaplan_meier: Sequence[CurveToDraw] = (),
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "",
) -> Figure:
    """Draw relief curves as lines where visits determine them and shaded boxes where they do not.

    Parameters
    ----------
    curves : sequence of IntervalCurveToDraw
        Weeks from the end of the series. Error bars are drawn for at most two curves.
    at_risk_weeks : sequence of float
        Ticks of the axis; a curve's number followed stands under those it has one for.
    kaplan_meier : sequence of CurveToDraw
        Curves with the loss dated at the visit that found it, thin and dashed, for comparison.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labelled lines.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    drawn = [curve for curve in curves if np.size(curve.mass)]
    rows = 0.42 * max(1, len(drawn))
    title = title or say("figures.relief.title")
    figure, (axes, under) = new_axes(height=3.9 + rows, title=title, rows=(3.9, rows))
    under.set_axis_off()
    if not drawn:
        say_nothing_to_draw(axes, say("figures.relief.none_drawn"))
        return figure
    set_relief_axes(axes, ticks=at_risk_weeks, last=max(map(last_look, drawn)))
    draw_cited_weeks(axes, cited_weeks)
    for turn, curve in enumerate(drawn):
        draw_regions(axes, curve)
        if len(drawn) <= MOST_WITH_INTERVALS:
            _draw_intervals(axes, curve, apart=APART_WEEKS * (2 * turn - len(drawn) + 1))
    for known in kaplan_meier:
        axes.plot(*known.steps("survival"), drawstyle="steps-post", color=INK, linewidth=0.9,
                  linestyle=(0, (5, 3)), label=say("figures.relief.kaplan_meier"),
                  zorder=1.5)  # fmt: skip
    write_legend(axes, curves=drawn)
    write_followed(under, axes, drawn, weeks=at_risk_weeks)
    return figure


def describe_interval_relief(
    curves: Sequence[IntervalCurveToDraw], *, read_at_weeks: Sequence[float] = READ_AT_WEEKS
) -> str:
    """Return the alt text of `draw_interval_relief`: n, median, and shares or their bounds."""
    told = [describe_regions(curve, read_at_weeks) for curve in curves if np.size(curve.mass)]
    if not told:
        return say("figures.relief.none")
    return " ".join([say("figures.relief.alt"), *told])


def describe_regions(curve: IntervalCurveToDraw, weeks: Sequence[float]) -> str:
    """Return one curve in words: n, median, and at each week its share or bounds and interval."""
    parts = [say("figures.patients", n=count_text(curve.n))] if curve.n else []
    if curve.median_text:
        parts.append(say("figures.relief.median", median=curve.median_text))
    limits = {week: (low, high) for week, low, high in curve.intervals}
    for week in weeks:
        at_week = {"week": f"{week:g}", "share": between_text(curve, week)}
        low, high = limits.get(week, (None, None))
        if low is None or high is None:
            parts.append(say("figures.relief.at_week", **at_week))
            continue
        interval = say("numbers.span", low=share_text(low), high=share_text(high))
        told = {**at_week, "level": level_text(curve.level), "interval": interval}
        parts.append(say("figures.relief.at_week_interval", **told))
    return say("figures.relief.curve", curve=plain_text(curve.label), parts=listed(parts))


def between_text(curve: IntervalCurveToDraw, week: float) -> str:
    """Return "78 % still relieved", "between 40 % and 60 % still relieved" or "not known"."""
    bounds = curve.between(week)
    if bounds is None:
        return say("figures.relief.not_known")
    low, high = (share_text(end) for end in bounds)
    if low == high:
        return say("figures.relief.share", share=low)
    return say("figures.relief.bounds", low=low, high=high)


def last_look(curve: IntervalCurveToDraw) -> float:
    """Return the last week at which a region begins or ends."""
    return max(end for r in curve.regions for end in (r.left, r.right) if np.isfinite(end))


def set_relief_axes(axes: Axes, *, ticks: Sequence[float], last: float) -> None:
    """Set the axes of a relief curve: weeks across, the share still relieved up."""
    axes.set_xlim(-0.6, max(LAST_WEEK, last, *ticks) + 0.6)
    put_ticks(axes.xaxis, ticks)
    axes.set_ylim(0, 1.02)
    put_ticks(axes.yaxis, QUARTERS)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.yaxis.set_major_formatter(lambda y, _: share_text(y))
    axes.set_xlabel(say("figures.weeks_after"))
    axes.set_ylabel(say("figures.share_relieved"))
    axes.grid(axis="y")


def draw_regions(axes: Axes, curve: IntervalCurveToDraw) -> None:
    """Draw a curve: solid where determined, a box with a dotted diagonal where no visit tells."""
    color = condition_color(curve.condition)
    edge = axes.get_xlim()[1]
    known_from, share = 0.0, 1.0
    for left, right, before, after in curve.regions:
        axes.plot([known_from, left], [before, before], color=color, solid_capstyle="butt")
        if np.isinf(right):
            axes.fill_between([left, edge], after, before, facecolor="none", edgecolor=color,
                              alpha=0.6, hatch=NOT_KNOWN, linewidth=0)  # fmt: skip
            return
        if right > left:
            axes.fill_between([left, right], after, before, color=color, alpha=0.22, linewidth=0)
        style = (0, (1, 1.4)) if right > left else "-"
        axes.plot([left, right], [before, after], color=color, linestyle=style,
                  linewidth=1.2 if right > left else None)  # fmt: skip
        known_from, share = right, after
    axes.plot([known_from, edge], [share, share], color=color, solid_capstyle="butt")


def write_legend(axes: Axes, *, curves: Sequence[IntervalCurveToDraw]) -> None:
    """Write what each mark means above the axes, where no curve can lie."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    handles, names = list(marks.values()), list(marks)
    one = len(curves) == 1
    for curve in reversed(curves):
        color = condition_color(curve.condition)
        name = say("figures.relief.known") if one else drawable(curve.label, longest=34)
        median = curve.median_text
        said = say("figures.relief.median", median=median) if median else ""
        handles.insert(0, Line2D([], [], color=color))
        names.insert(0, listed(part for part in (name, drawable(said)) if part))
    shade = condition_color(curves[0].condition) if one else MUTED
    regions = [region for curve in curves for region in curve.regions]
    if any(region.left < region.right < np.inf for region in regions):
        handles.insert(len(curves), Patch(color=shade, alpha=0.22, linewidth=0))
        names.insert(len(curves), say("figures.relief.between_visits"))
    if any(np.isinf(region.right) for region in regions):
        handles.append(Patch(facecolor="none", edgecolor=shade, alpha=0.6, hatch=NOT_KNOWN,
                             linewidth=0))  # fmt: skip
        names.append(say("figures.relief.after_last"))
    columns = 2 if max(map(len, names)) <= LONGEST_OF_TWO else 1
    axes.legend(handles, names, loc="lower left", bbox_to_anchor=(0, 1.01), ncols=columns,
                fontsize=9.5, borderaxespad=0, handlelength=1.8, columnspacing=1.4)  # fmt: skip


def write_followed(
    under: Axes, axes: Axes, curves: Sequence[IntervalCurveToDraw], *, weeks: Sequence[float]
) -> None:
    """Write the number still followed beneath the weeks asked for."""
    counts = []
    for curve in curves:
        known = zip(np.ravel(curve.at_risk_weeks), np.ravel(curve.at_risk), strict=True)
        shown = {float(week): int(n) for week, n in known if week in weeks}
        counts.append((shown, curve.condition))
    if any(shown for shown, _ in counts):
        what = say("figures.still_followed")
        write_counts_under(under, axes, counts, [c.label for c in curves], what=what)


def _draw_intervals(axes: Axes, curve: IntervalCurveToDraw, *, apart: float) -> None:
    color = condition_color(curve.condition)
    level = level_text(curve.level)
    label = level[:1].upper() + level[1:]
    for week, low, high in curve.intervals:
        if low is None or high is None:
            continue
        axes.errorbar(week + apart, (low + high) / 2, yerr=(high - low) / 2, fmt="none", capsize=3,
                      color=color, elinewidth=1.4, label=label, zorder=4)  # fmt: skip
