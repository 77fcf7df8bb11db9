"""A few patients' relief as bars: seen to last, then the gap in which it ended, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from analysis.display.figures.canvas import new_axes, say_nothing_to_draw, themed
from analysis.display.figures.relief import CITED_WEEKS, LAST_WEEK
from analysis.display.figures.strategies import draw_cited_weeks
from analysis.display.figures.ticks import name_ticks, put_ticks
from analysis.display.palette import INK, MUTED, PAPER, condition_color
from analysis.wording.numbers import count_text, quantity_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SPANS = 30
"""More bars cannot be read, and many exact courses would make patients recognisable."""

TICKS = (0.0, 4.0, 8.0, 12.0, 26.0)
THICK = 0.62
LEAST_ROWS = 3


@dataclass(frozen=True, kw_only=True)
class SpanToDraw:
    """One patient's relief in weeks from the end of the series; no name, no id.

    Parameters
    ----------
    good_until_weeks : float, at least 0
        Last rating that still found relief before any that did not.
    first_bad_weeks : float or None
        First rating without relief; None when there was none.
    booster_weeks : float or None
        First booster; None when there was none.
    good_before_booster_weeks : float or None
        Last rating with relief that was not after the booster: from there on the bar is paler,
        since later relief may be the booster's. None takes the booster itself.
    last_rating_weeks : float
        Last rating of all, at least ``good_until_weeks``.

    Raises
    ------
    ValueError
        A number is missing, infinite or negative, or they are out of order.
    """

    good_until_weeks: float
    first_bad_weeks: float | None = None
    booster_weeks: float | None = None
    good_before_booster_weeks: float | None = None
    last_rating_weeks: float

    def __post_init__(self) -> None:
        given = (self.good_until_weeks, self.first_bad_weeks, self.booster_weeks,
                 self.good_before_booster_weeks, self.last_rating_weeks)  # fmt: skip
        if any(week is not None and not (isfinite(week) and week >= 0) for week in given):
            raise ValueError(f"weeks of a span must be finite and at least 0, not {given}")
        least_last = self.good_until_weeks if self.first_bad_weeks is None else self.first_bad_weeks
        if least_last < self.good_until_weeks or self.last_rating_weeks < least_last:
            raise ValueError(f"weeks of a span are out of order: {given}")

    @property
    def own_weeks(self) -> float:
        """Last week of relief that no booster can have kept up."""
        ends = (self.good_until_weeks, self.booster_weeks, self.good_before_booster_weeks)
        return min(end for end in ends if end is not None)

    @property
    def end_weeks(self) -> float:
        """Last week at which anything is drawn."""
        return max(self.last_rating_weeks, self.booster_weeks or 0.0)


@themed
def draw_swimmer(
    spans: Sequence[SpanToDraw],
    *,
    condition: str = "all",
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "",
) -> Figure:
    """Draw patients' spans as bars, the longest before any booster at the top, labelled 1 to k.

    Parameters
    ----------
    spans : sequence of SpanToDraw
        At most 30, already chosen; the order given does not matter.
    condition : str
        Condition code, for the colour.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labelled lines.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        More than 30 spans.
    """
    if len(spans) > MOST_SPANS:
        raise ValueError(f"{len(spans)} spans are too many; at most {MOST_SPANS} can be drawn")
    title = title or say("figures.swimmer.title")
    figure, (axes,) = new_axes(height=1.75 + 0.19 * max(LEAST_ROWS, len(spans)), title=title)
    if not spans:
        say_nothing_to_draw(axes, say("figures.no_patients"))
        return figure
    color = condition_color(condition)
    ordered = _sorted(spans)
    axes.set_xlim(-0.4, max(LAST_WEEK, *(span.end_weeks for span in ordered)) + 1.0)
    axes.set_ylim(max(LEAST_ROWS, len(ordered)) + 1.7, 0.3)
    draw_cited_weeks(axes, cited_weeks)
    for place, span in enumerate(ordered, start=1):
        _draw_span(axes, span, place, color)
    numbers = range(1, len(ordered) + 1)
    name_ticks(axes.yaxis, numbers, [str(k) for k in numbers], size=9)
    put_ticks(axes.xaxis, TICKS)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(say("figures.weeks_after"))
    axes.set_ylabel(say("figures.swimmer.y"))
    axes.spines["left"].set_visible(False)
    _write_legend(axes, ordered, color)
    return figure


def describe_swimmer(spans: Sequence[SpanToDraw]) -> str:
    """Return the alt text of `draw_swimmer`: how many are of each kind, shortest and longest."""
    if not spans:
        return say("figures.swimmer.none")
    kept = _sorted(spans)
    lost = sum(span.first_bad_weeks is not None for span in kept)
    boosted = [span for span in kept if span.booster_weeks is not None]
    under = sum(span.first_bad_weeks is None for span in boosted)
    return say(
        "figures.swimmer.alt_one" if len(kept) == 1 else "figures.swimmer.alt_many",
        n=count_text(len(kept)),
        shortest=quantity_text(kept[-1].own_weeks, unit="weeks"),
        longest=quantity_text(kept[0].own_weeks, unit="weeks"),
        lost=count_text(lost),
        kept=count_text(len(kept) - lost),
        under=count_text(under),
        boosted=count_text(len(boosted)),
    )


def _sorted(spans: Sequence[SpanToDraw]) -> list[SpanToDraw]:
    """Longest relief before any booster first; ties by the rest: the order given never shows."""
    never = float("inf")
    return sorted(spans, key=lambda span: (
        span.own_weeks, span.good_until_weeks, span.first_bad_weeks or never,
        span.last_rating_weeks, span.booster_weeks or never), reverse=True)  # fmt: skip


def _draw_span(axes: Axes, span: SpanToDraw, y: float, color: str) -> None:
    end, booster, bad = span.good_until_weeks, span.booster_weeks, span.first_bad_weeks
    own = span.own_weeks
    axes.plot([0, span.end_weeks], [y, y], color=MUTED, linewidth=0.8, zorder=1.5)
    axes.barh(y, own, height=THICK, color=color, linewidth=0, zorder=2)
    if own < end:
        later: dict[str, Any] = {"left": own, "height": THICK, "linewidth": 0, "zorder": 2}
        axes.barh(y, end - own, facecolor=PAPER, **later)
        axes.barh(y, end - own, color=color, alpha=0.4, **later)
    if bad is not None:
        axes.barh(y, bad - end, left=end, height=THICK, facecolor=PAPER, edgecolor=color,
                  hatch="/////", linewidth=0.8, zorder=2)  # fmt: skip
        axes.plot(bad, y, "X", color=INK, markersize=6, markeredgecolor=PAPER,
                  markeredgewidth=0.6, zorder=6)  # fmt: skip
    else:
        axes.annotate("", (end, y), xytext=(13, 0), textcoords="offset points", zorder=3,
                      arrowprops={"arrowstyle": "<|-", "color": color, "linewidth": 1.6,
                                  "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    if booster is not None:
        axes.plot(booster, y, "^", color=PAPER, markeredgecolor=INK, markersize=7.5,
                  markeredgewidth=1.1, zorder=5)  # fmt: skip


def _write_legend(axes: Axes, spans: Sequence[SpanToDraw], color: str) -> None:
    """Explain only the marks that are drawn, above the axes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    boosted = [span for span in spans if span.booster_weeks is not None]
    lost = any(span.first_bad_weeks is not None for span in spans)
    shown: list[tuple[bool, Patch | Line2D, str]] = [
        (True, Patch(color=color, linewidth=0), "figures.swimmer.relief"),
        (any(span.good_until_weeks > span.own_weeks for span in spans),
         Patch(color=color, alpha=0.4, linewidth=0), "figures.swimmer.after_booster"),
        (lost, Patch(facecolor=PAPER, edgecolor=color, hatch="/////", linewidth=0.8),
         "figures.swimmer.lost"),
        (lost, Line2D([], [], color=INK, marker="X", linestyle="", markersize=6),
         "figures.swimmer.first_without"),
        (bool(boosted), Line2D([], [], color=PAPER, marker="^", linestyle="", markersize=6.5,
                               markeredgecolor=INK), "figures.swimmer.booster"),
        (any(span.first_bad_weeks is None for span in spans),
         Line2D([], [], color=color, marker=">", markersize=5), "figures.swimmer.kept"),
    ]  # fmt: skip
    kept = [(handle, say(name)) for is_drawn, handle, name in shown if is_drawn]
    axes.legend(*zip(*kept, strict=True), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3,
                fontsize=9.5, borderaxespad=0, handlelength=1.6, columnspacing=1.2)  # fmt: skip
