"""Relief curves for losses known only to lie between visits, with what no visit saw shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.inputs import CurveToDraw
from analysis.display.figures.relief import CITED_WEEKS, LAST_WEEK, READ_AT_WEEKS
from analysis.display.figures.strategies import draw_cited_weeks
from analysis.display.figures.ticks import QUARTERS, put_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import INK, MUTED, condition_color
from analysis.wording.numbers import count_text, level_text, share_text
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLLOWED_WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0)
MOST_WITH_INTERVALS = 2
"""Above this many curves error bars would cover each other."""

MASS_TIE, SHARE_TIE = 1e-6, 1e-9
"""How far masses may sum from 1 (a fit stops nearer to its maximum), and a share lie from 0."""

NOT_KNOWN = "\\\\\\\\"
"""Pattern of what lies after the last look: not even a box bounds it from below."""

LONGEST_OF_TWO = 38
"""Letters in a legend of two columns; with a longer name it has one."""

APART_WEEKS = 0.22
"""Error bars of two curves at one week are moved apart by this much."""


class Region(NamedTuple):
    """Weeks without a visit, and the shares still relieved before and after them."""

    left: float
    right: float
    before: float
    after: float


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalCurveToDraw:
    """One relief curve for interval-censored losses, as plain arrays.

    Parameters
    ----------
    label : str
        What the curve is of, for people.
    condition : str
        Condition code, for the colour.
    left, right : array of float, shape (m,)
        Weeks; losses lie in (left, right], or at the time itself where they are equal. ``right``
        is infinite for losses after the last look.
    mass : array of float in [0, 1], shape (m,)
        Share of patients whose loss lies in each region; sums to 1.
    n : int
        Patients.
    at_risk_weeks : array of float, shape (k,)
        Weeks under which the number followed stands.
    at_risk : array of int, shape (k,)
        Patients still followed and relieved at these weeks.
    intervals : sequence of (week, low, high)
        Pointwise limits of the share at some weeks; one without limits (None) is not drawn.
    level : float in (0, 1) or None
        Confidence level of ``intervals``.
    median_text : str
        The median as printed elsewhere ("9.4 weeks", "not reached"); empty when not to be said.

    Raises
    ------
    ValueError
        Arrays of one axis differ in length, or the regions are no curve: out of order, one
        ending before it begins, or masses that are negative or do not sum to 1.
    """

    label: str
    condition: str = "all"
    left: ArrayLike
    right: ArrayLike
    mass: ArrayLike
    n: int = 0
    at_risk_weeks: ArrayLike = field(default=())
    at_risk: ArrayLike = field(default=())
    intervals: Sequence[tuple[float, float | None, float | None]] = ()
    level: float | None = None
    median_text: str = ""

    def __post_init__(self) -> None:
        left, right, mass = (np.asarray(a, dtype=float) for a in (self.left, self.right, self.mass))
        same = left.shape == right.shape == mass.shape
        if not same or np.size(self.at_risk) != np.size(self.at_risk_weeks):
            raise ValueError(f"arrays of curve '{self.label}' differ in length")
        ordered = np.all(left <= right) and np.all(left[1:] >= right[:-1])
        whole = not mass.size or (mass.min() >= 0 and abs(mass.sum() - 1) <= MASS_TIE)
        if not (ordered and whole):
            raise ValueError(f"the regions of curve '{self.label}' do not make a curve")

    @property
    def regions(self) -> list[Region]:
        """The regions from first to last with the shares before and after each."""
        left, right, mass = (np.asarray(a, dtype=float) for a in (self.left, self.right, self.mass))
        after = np.clip(1 - np.cumsum(mass), 0, 1)
        after[after < SHARE_TIE] = 0.0
        before = np.concatenate([[1.0], after])[:-1] if mass.size else after
        return [Region(*map(float, four)) for four in zip(left, right, before, after, strict=True)]

    def between(self, week: float) -> tuple[float, float] | None:
        """Return the lowest and highest share just after a week; None after the last look."""
        low = high = 1.0
        for region in self.regions:
            if np.isinf(region.right) and week > region.left:
                return None
            if region.left < week or region.right <= week:
                low = region.after
            if region.right <= week:
                high = region.after
        return (low, high) if np.size(self.mass) else None


@themed
def draw_interval_relief(
    curves: Sequence[IntervalCurveToDraw],
    *,
    at_risk_weeks: Sequence[float] = FOLLOWED_WEEKS,
    kaplan_meier: Sequence[CurveToDraw] = (),
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "How long relief lasts",
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

    Returns
    -------
    matplotlib Figure
    """
    drawn = [curve for curve in curves if np.size(curve.mass)]
    rows = 0.42 * max(1, len(drawn))
    figure, (axes, under) = new_axes(height=3.9 + rows, title=title, rows=(3.9, rows))
    under.set_axis_off()
    if not drawn:
        say_nothing_to_draw(axes, "There is no relief curve to draw.")
        return figure
    set_relief_axes(axes, ticks=at_risk_weeks, last=max(map(last_look, drawn)))
    draw_cited_weeks(axes, cited_weeks)
    for turn, curve in enumerate(drawn):
        draw_regions(axes, curve)
        if len(drawn) <= MOST_WITH_INTERVALS:
            _draw_intervals(axes, curve, apart=APART_WEEKS * (2 * turn - len(drawn) + 1))
    for known in kaplan_meier:
        axes.plot(*known.steps("survival"), drawstyle="steps-post", color=INK, linewidth=0.9,
                  linestyle=(0, (5, 3)), label="Kaplan-Meier: loss at the visit",
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
        return "Relief curve: there is none to draw."
    return " ".join(["Relief curve, losses between visits.", *told])


def describe_regions(curve: IntervalCurveToDraw, weeks: Sequence[float]) -> str:
    """Return one curve in words: n, median, and at each week its share or bounds and interval."""
    parts = [f"{count_text(curve.n)} patients"] if curve.n else []
    if curve.median_text:
        parts.append(f"median {curve.median_text}")
    limits = {week: (low, high) for week, low, high in curve.intervals}
    for week in weeks:
        said = f"at week {week:g} {between_text(curve, week)}"
        low, high = limits.get(week, (None, None))
        if low is not None and high is not None:
            said += f" ({level_text(curve.level)} {share_text(low)} to {share_text(high)})"
        parts.append(said)
    return f"{plain_text(curve.label)}: {', '.join(parts)}."


def between_text(curve: IntervalCurveToDraw, week: float) -> str:
    """Return "78 % still relieved", "between 40 % and 60 % still relieved" or "not known"."""
    bounds = curve.between(week)
    if bounds is None:
        return "not known (after the last look)"
    low, high = (share_text(end) for end in bounds)
    return f"{low if low == high else f'between {low} and {high}'} still relieved"


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
    axes.set_xlabel("Weeks after the end of the series")
    axes.set_ylabel("Share still relieved")
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
        name = "Known from visits" if one else drawable(curve.label, longest=34)
        said = f"median {curve.median_text}" if curve.median_text else ""
        handles.insert(0, Line2D([], [], color=color))
        names.insert(0, ", ".join(part for part in (name, drawable(said)) if part))
    shade = condition_color(curves[0].condition) if one else MUTED
    regions = [region for curve in curves for region in curve.regions]
    if any(region.left < region.right < np.inf for region in regions):
        handles.insert(len(curves), Patch(color=shade, alpha=0.22, linewidth=0))
        names.insert(len(curves), "Between visits: anywhere in the box")
    if any(np.isinf(region.right) for region in regions):
        handles.append(Patch(facecolor="none", edgecolor=shade, alpha=0.6, hatch=NOT_KNOWN,
                             linewidth=0))  # fmt: skip
        names.append("After the last look: not known")
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
        write_counts_under(under, axes, counts, [c.label for c in curves], what="Still followed")


def _draw_intervals(axes: Axes, curve: IntervalCurveToDraw, *, apart: float) -> None:
    color = condition_color(curve.condition)
    label = level_text(curve.level).capitalize()
    for week, low, high in curve.intervals:
        if low is None or high is None:
            continue
        axes.errorbar(week + apart, (low + high) / 2, yerr=(high - low) / 2, fmt="none", capsize=3,
                      color=color, elinewidth=1.4, label=label, zorder=4)  # fmt: skip
