"""Boosters and further series: mean number per patient by week, and relief by series number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import group_word, listed
from analysis.display.figures.relief import CITED_WEEKS, LAST_WEEK, READ_AT_WEEKS
from analysis.display.figures.strategies import (
    HEAD_ROOM,
    ROW,
    draw_medians,
    median_sentences,
    strategy_names,
)
from analysis.display.figures.ticks import put_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import condition_color
from analysis.wording.numbers import count_text, level_text, number_text
from analysis.wording.texts import say
from analysis.wording.words import condition_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

SERIES_RELIEF = "series_relief"
FOLLOWED_WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0)
LEAST_TOP = 1.0
"""The axis reaches one booster per patient at least, so that few look few."""

Floats = NDArray[np.float64]


@themed
def draw_boosters(
    times: ArrayLike,
    mean: ArrayLike,
    *,
    low: ArrayLike = (),
    high: ArrayLike = (),
    n: int,
    last_week: float,
    condition: str = "all",
    at_risk_weeks: ArrayLike = (),
    at_risk: ArrayLike = (),
    title: str = "",
) -> Figure:
    """Draw the mean number of boosters per patient so far, with its interval.

    Parameters
    ----------
    times : array of float, shape (k,)
        Rising weeks of boosters from the end of the series; empty when nobody had one.
    mean, low, high : array of float at least 0, shape (k,)
        Mean number up to each time and its pointwise limits; NaN where undefined.
    n : int
        Patients.
    last_week : float
        Longest follow-up.
    condition : str
        Condition code, for the colour.
    at_risk_weeks, at_risk : array, shape (m,)
        Numbers still followed, and the weeks under which they stand.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        Arrays that differ in length.
    """
    x, y = _steps(times, mean, last_week)
    title = title or say("figures.boosters.title")
    figure, (axes, under) = new_axes(height=3.6, title=title, rows=(3.2, 0.42))
    under.set_axis_off()
    if not n:
        say_nothing_to_draw(axes, say("figures.boosters.none_drawn"))
        return figure
    color = condition_color(condition)
    top = LEAST_TOP
    if np.size(low) and np.size(high):
        floor, ceiling = (_steps(times, end, last_week)[1] for end in (low, high))
        axes.fill_between(x, floor, ceiling, step="post", color=color, alpha=0.16, linewidth=0)
        top = max(top, float(np.nanmax(ceiling)))
    axes.plot(x, y, drawstyle="steps-post", color=color)
    ticks = np.ravel(at_risk_weeks).astype(float).tolist() or list(FOLLOWED_WEEKS)
    axes.set_xlim(-0.6, max(LAST_WEEK, last_week, *ticks) + 0.6)
    put_ticks(axes.xaxis, ticks)
    axes.set_ylim(0, 1.06 * max(top, float(y.max())))
    axes.xaxis.set_major_formatter(lambda week, _: f"{week:g}")
    axes.set_xlabel(say("figures.weeks_after"))
    axes.set_ylabel(say("figures.boosters.y"))
    axes.grid(axis="y")
    end = say("figures.boosters.end", mean=_mean(y[-1]), week=f"{x[-1]:.3g}")
    axes.annotate(end, (x[-1], y[-1]), xytext=(-4, 6), textcoords="offset points", ha="right",
                  color=color, fontweight="bold")  # fmt: skip
    counts = dict(zip(np.ravel(at_risk_weeks).tolist(), np.ravel(at_risk).tolist(), strict=True))
    if counts:
        what = say("figures.still_followed")
        write_counts_under(under, axes, [(counts, condition)], [""], what=what)
    return figure


def describe_boosters(
    times: ArrayLike,
    mean: ArrayLike,
    *,
    low: ArrayLike = (),
    high: ArrayLike = (),
    n: int,
    last_week: float,
    level: float | None = None,
    read_at_weeks: Sequence[float] = READ_AT_WEEKS,
) -> str:
    """Return the alt text of `draw_boosters`: the mean with its interval at the weeks asked for."""
    if not n:
        return say("figures.boosters.none")
    _, y = _steps(times, mean, last_week)
    limits = [np.ravel(np.asarray(end, dtype=float)) for end in (low, high)]
    said = []
    for week in read_at_weeks:
        if week > last_week:
            said.append(say("figures.boosters.nobody", week=f"{week:g}"))
            continue
        row = int(np.searchsorted(np.ravel(np.asarray(times, dtype=float)), week, side="right"))
        by_week = {"week": f"{week:g}", "mean": _mean(y[row])}
        ends = [float(end[row - 1]) for end in limits if row and end.size]
        if len(ends) < 2 or not np.isfinite(ends).all():
            said.append(say("figures.boosters.by_week", **by_week))
            continue
        interval = say("numbers.span", low=_mean(ends[0]), high=_mean(ends[1]))
        told = {**by_week, "level": level_text(level), "interval": interval}
        said.append(say("figures.boosters.by_week_interval", **told))
    return say("figures.boosters.alt", n=count_text(n), weeks=listed(said))


def _mean(number: float) -> str:
    return number_text(float(number), decimals=2)


@themed
def draw_series(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "",
) -> Figure:
    """Draw the median duration of relief with its interval by number of the series.

    Parameters
    ----------
    rows : sequence of ResultRow
        ``series_relief`` with ``group_by`` "series" and the number as ``group``; rows that
        differ in definition too are named by it. Others are left out.
    labels : mapping of str to str
        Condition labels by code.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labelled lines.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    chosen = _series_rows(rows)
    height = 1.1 + ROW * (max(2, len(chosen)) + HEAD_ROOM)
    figure, (axes,) = new_axes(height=height, title=title or say("figures.series.title"))
    if not chosen:
        say_nothing_to_draw(axes, say("figures.series.none_drawn"))
        return figure
    names = [drawable(name) for name in _series_names(chosen, labels)]
    draw_medians(axes, chosen, names, cited_weeks=cited_weeks)
    return figure


def describe_series(rows: Sequence[ResultRow], *, labels: Mapping[str, str]) -> str:
    """Return the alt text of `draw_series`: every median with its interval and n."""
    chosen = _series_rows(rows)
    if not chosen:
        return say("figures.series.none")
    names = _series_names(chosen, labels)
    return say("figures.series.alt", medians=median_sentences(chosen, labels, names))


def _steps(times: ArrayLike, values: ArrayLike, last_week: float) -> tuple[Floats, Floats]:
    """Return a count from (0, 0) on, held up to the last week followed."""
    x, y = (np.ravel(np.asarray(a, dtype=float)) for a in (times, values))
    if x.size != y.size:
        raise ValueError(f"{x.size} times do not go with {y.size} numbers")
    end = max(last_week, float(x[-1]) if x.size else 0.0)
    held = y[-1] if y.size else 0.0
    return np.concatenate([[0.0], x, [end]]), np.concatenate([[0.0], y, [held]])


def _series_rows(rows: Sequence[ResultRow]) -> list[ResultRow]:
    chosen = [r for r in rows if r.measure == SERIES_RELIEF]
    return sorted(chosen, key=lambda row: (not row.group.isdecimal(), row.group.zfill(4)))


def _series_names(rows: Sequence[ResultRow], labels: Mapping[str, str]) -> list[str]:
    several = len({row.definition for row in rows}) > 1
    mixed = len({row.condition for row in rows}) > 1
    names = []
    for row in rows:
        parts = [say("figures.series.name", number=group_word(row))]
        parts += [condition_word(row.condition, labels)] if mixed else []
        parts += strategy_names([row], labels) if several else []
        names.append(listed(parts))
    return names
