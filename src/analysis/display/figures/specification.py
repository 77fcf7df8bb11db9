"""The specification strip: every defensible reading side by side, and the choices under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.ticks import name_ticks, put_ticks
from analysis.display.palette import (
    BAND,
    BAND_EDGE,
    INK,
    MUTED,
    PAPER,
    VERDICT_MARKERS,
    verdict_color,
    verdict_symbol,
)
from analysis.wording import words
from analysis.wording.numbers import (
    band_text,
    count_text,
    level_text,
    quantity_text,
)
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.claims.robustness import RobustnessResult

MOST_COLUMNS = 72
"""More readings than this share columns under the curve; a column's height is then a share."""

STEPS = 10
"""A column's height is rounded up to so many steps: finer ones no eye tells apart, and each makes
the file longer. A choice that few readings make stays visible."""

MOST_LINES = 300
"""More intervals than the page has room for are thinned evenly, but never those of a rarer
verdict."""

MOST_POINTS = 60
"""Up to so many readings each estimate is a point of its verdict's shape, beyond it one line."""

ROW_INCHES = 0.165
CURVE_INCHES = 2.3
GAP = 0.55
"""Rows left free between two dimensions."""

FULL_HEIGHT = 0.78
AXIS_TITLES = {"share": "figures.share_of_patients", "weeks": "figures.specifications.y_weeks"}
SHOWN_VERDICTS = ("meets", "undecided", "falls short")
DIMENSIONS = ("counts", "visit", "missing", "population", "baseline", "booster", "interval")


@themed
def draw_specifications(result: RobustnessResult, *, title: str = "") -> Figure:
    """Draw every reading's estimate and interval from lowest to highest, its choices beneath.

    Parameters
    ----------
    result : RobustnessResult
        Readings without a value are left out of the drawing and counted in words.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
        Above, intervals coloured by verdict, the cited floor and ceiling as lines, the reading
        fixed in advance marked. Beneath, a row for each verdict (so that its place, too, tells it)
        and for each choice; many readings share a column, and the mark's height is the share of
        them that make the choice.
    """
    order = _order(result)
    title = title or say("figures.specifications.title")
    if not len(order):
        figure, (axes,) = new_axes(height=1.6, title=title)
        say_nothing_to_draw(axes, say("figures.specifications.none_drawn"))
        return figure
    rows = _rows(result, order)
    bottom = rows[-1][0] + 1
    under = ROW_INCHES * bottom
    figure, (curve, matrix) = new_axes(
        height=0.6 + CURVE_INCHES + under, title=title, rows=(CURVE_INCHES, under)
    )
    _draw_curve(curve, result, order)
    _draw_matrix(matrix, rows, bottom, len(order))
    _mark_headline(curve, matrix, result, order, rows)
    return figure


def describe_specifications(result: RobustnessResult, *, who: str = "") -> str:
    """Return the alt text of `draw_specifications`: range, counts, headline.

    Parameters
    ----------
    result : RobustnessResult
    who : str
        Whose readings, for people.
    """
    name = "figures.specifications.alt_of" if who else "figures.specifications.alt"
    told = [say(name, who=who)]
    order = _order(result)
    if not len(order):
        return " ".join([*told, say("figures.specifications.none"), result.reason]).strip()
    low, high = (
        quantity_text(float(end), unit=result.unit)
        for end in (result.value[order[0]], result.value[order[-1]])
    )
    told.append(say("figures.specifications.range", low=low, high=high, cited=_cited(result)))
    told.append(result.sentence)
    place = result.headline
    if place is not None and not np.isnan(result.value[place]):
        told.append(say("figures.specifications.own", estimate=_number(result, place)))
    if absent := len(result.value) - len(order):
        told.append(say("figures.specifications.absent", n=count_text(absent)))
    return " ".join(told)


def _order(result: RobustnessResult) -> NDArray[np.int64]:
    """Return the readings with a value, lowest estimate first."""
    known = np.flatnonzero(~np.isnan(result.value))
    ends = np.nan_to_num(result.low[known], nan=-np.inf)
    return np.asarray(known[np.lexsort((ends, result.value[known]))], dtype=np.int64)


def _cited(result: RobustnessResult) -> str:
    return band_text(result.floor, result.ceiling, unit=result.unit)


def _number(result: RobustnessResult, place: int) -> str:
    cited = (result.floor, result.ceiling)
    value = quantity_text(float(result.value[place]), unit=result.unit, apart_from=cited)
    told = {"value": value, "n": count_text(result.n[place])}
    if np.isnan(result.low[place]) or np.isnan(result.high[place]):
        return say("figures.specifications.own_estimate", **told)
    low, high = (
        quantity_text(float(end[place]), unit=result.unit, apart_from=cited)
        for end in (result.low, result.high)
    )
    told |= {"level": level_text(result.level), "interval": say("numbers.span", low=low, high=high)}
    return say("figures.specifications.own_interval", **told)


def _rows(
    result: RobustnessResult, order: NDArray[np.int64]
) -> list[tuple[float, str, str, NDArray[np.bool_], str]]:
    """Return height, name, colour, who makes the choice (as drawn) and what stands beside."""
    rows = []
    verdicts = np.array(result.verdicts)[order]
    y = 0.0
    for verdict in SHOWN_VERDICTS:
        is_it = verdicts == verdict
        name = f"{verdict_symbol(verdict)} {words.word(words.VERDICTS, verdict)}"
        beside = count_text(int(is_it.sum()))
        rows.append((y, name, verdict_color(verdict), is_it, beside))
        y += 1
    choices = [result.specifications[place].choices for place in order]
    for dimension in DIMENSIONS:
        made = np.array([one[dimension] for one in choices])
        names = list(dict.fromkeys(one.choices[dimension] for one in result.specifications))
        if len(names) < 2:
            continue
        y += GAP
        for name in names:
            rows.append((y, name, INK, made == name, ""))
            y += 1
    return rows


def _draw_curve(axes: Axes, result: RobustnessResult, order: NDArray[np.int64]) -> None:
    k = len(order)
    _draw_cited(axes, result, k)
    verdicts = np.array(result.verdicts)[order]
    value, low, high = (part[order] for part in (result.value, result.low, result.high))
    places = np.arange(k) + 0.5
    for verdict in dict.fromkeys(result.verdicts):
        is_it = _thinned(verdicts == verdict)
        x = np.repeat(places[is_it], 3)
        y = np.column_stack([low[is_it], high[is_it], np.full(is_it.sum(), np.nan)]).ravel()
        axes.plot(x, y, color=verdict_color(verdict), zorder=2, solid_capstyle="butt",
                  linewidth=max(0.9, min(2.2, 190.0 / k)))  # fmt: skip
        if k <= MOST_POINTS:
            axes.plot(places[is_it], value[is_it], VERDICT_MARKERS[verdict], markersize=4,
                      color=verdict_color(verdict), zorder=3)  # fmt: skip
    if k > MOST_POINTS:
        some = _thinned(np.ones(k, dtype=bool))
        for color, width in ((PAPER, 2.6), (INK, 1.2)):
            axes.plot(places[some], value[some], color=color, linewidth=width, zorder=3)
    axes.set_xlim(0, k)
    put_ticks(axes.xaxis, [])
    axes.yaxis.set_major_formatter(
        lambda y, _: quantity_text(y, unit=result.unit).replace(".0", "")
    )
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel(say(AXIS_TITLES.get(result.unit, "figures.pain_reduction")))


def _thinned(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return at most `MOST_LINES` of those chosen, evenly spaced, the last one among them."""
    found = np.flatnonzero(chosen)
    step = max(1, -(-len(found) // MOST_LINES))
    kept = np.zeros(chosen.shape, dtype=bool)
    kept[found[::-1][::step]] = True
    return kept


def _draw_cited(axes: Axes, result: RobustnessResult, k: int) -> None:
    floor, ceiling = result.floor, result.ceiling
    if floor is not None and ceiling is not None:
        axes.fill_between([0, k], floor, ceiling, color=BAND, linewidth=0, zorder=0.5)
    for edge in (floor, ceiling):
        if edge is not None:
            axes.plot([0, k], [edge, edge], color=BAND_EDGE, linewidth=1.1, zorder=1)
    edge = floor if floor is not None else ceiling
    assert edge is not None
    told = say("figures.cited", cited=_cited(result))
    axes.annotate(told, (0, edge), xytext=(4, 3), color=BAND_EDGE,
                  textcoords="offset points", fontsize=8.5, va="bottom", zorder=4)  # fmt: skip


def _draw_matrix(
    axes: Axes,
    rows: list[tuple[float, str, str, NDArray[np.bool_], str]],
    bottom: float,
    k: int,
) -> None:
    edges = np.unique(np.linspace(0, k, min(k, MOST_COLUMNS) + 1).round().astype(int))
    for y, _, color, chosen, beside in rows:
        shares = np.add.reduceat(chosen.astype(float), edges[:-1]) / np.diff(edges)
        if shares.any():
            outline = _outline(edges, shares, foot=y + 0.5 * FULL_HEIGHT)
            axes.fill(*outline, color=color, linewidth=0)
        style: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 8}
        axes.text(1.012, y, beside, va="center", color=color, **style)
    axes.set_xlim(0, k)
    axes.set_ylim(bottom - 0.4, -0.7)
    names = [drawable(name, longest=34) for _, name, *_ in rows]
    colors = [color for _, _, color, *_ in rows]
    name_ticks(axes.yaxis, [y for y, *_ in rows], names, size=8, colors=colors)
    axes.tick_params(axis="y", length=0)
    put_ticks(axes.xaxis, [])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    told = say("figures.specifications.x", n=count_text(k))
    axes.set_xlabel(told, color=MUTED, fontsize=8.5)


def _outline(
    edges: NDArray[np.int64], shares: NDArray[np.float64], *, foot: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return columns as one outline on a common foot; columns of one height are one."""
    heights = np.ceil(shares * STEPS - 1e-9) / STEPS
    first = np.flatnonzero(np.append(True, np.diff(heights) != 0))
    last = np.append(first[1:], len(heights))
    x = np.column_stack([edges[first], edges[last]]).ravel()
    y = foot - FULL_HEIGHT * np.repeat(heights[first], 2)
    return np.concatenate([x[:1], x, x[-1:]]), np.concatenate([[foot], y, [foot]])


def _mark_headline(
    curve: Axes,
    matrix: Axes,
    result: RobustnessResult,
    order: NDArray[np.int64],
    rows: list[tuple[float, str, str, NDArray[np.bool_], str]],
) -> None:
    """Mark the reading fixed in advance: a line through both parts, and a ring on each choice."""
    found = np.flatnonzero(order == result.headline)
    if not len(found):
        return
    place = int(found[0])
    x = place + 0.5
    for axes in (curve, matrix):
        axes.axvline(x, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=3.5)
    verdict = result.verdicts[int(order[place])]
    ring: dict[str, Any] = {"color": PAPER, "markeredgecolor": INK, "markeredgewidth": 1.3}
    curve.plot(x, result.value[order[place]], VERDICT_MARKERS[verdict], markersize=7.5, zorder=5,
               **ring)  # fmt: skip
    for y, _, _, chosen, _ in rows:
        if chosen[place]:
            matrix.plot(x, y, "o", markersize=4.6, zorder=5, clip_on=False, **ring)
    right = place > 0.6 * len(order)
    told = say("figures.specifications.fixed")
    curve.annotate(told, (x, 1.0), xycoords=("data", "axes fraction"),
                   xytext=(-4 if right else 4, 2), textcoords="offset points", fontsize=8.5,
                   ha="right" if right else "left", va="bottom")  # fmt: skip
