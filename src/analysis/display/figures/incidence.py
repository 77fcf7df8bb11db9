"""What ended relief: still relieved, lost, a booster first, other causes, stacked week by week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import listed, stated
from analysis.display.figures.relief import LAST_WEEK, READ_AT_WEEKS
from analysis.display.figures.ticks import QUARTERS, put_ticks
from analysis.display.figures.under import write_counts_under
from analysis.display.palette import INK, MUTED, PAPER, RULE, condition_color
from analysis.wording.numbers import count_text, share_text
from analysis.wording.texts import say
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLLOWED_WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0)

LOOKS: tuple[dict[str, Any], ...] = (
    {"facecolor": RULE, "hatch": "////"},
    {"facecolor": PAPER, "hatch": "..."},
    {"facecolor": RULE, "hatch": "xxx"},
    {"facecolor": PAPER, "hatch": "---"},
)
"""Causes differ by pattern, so that the one colour of the figure is relief."""

SHARE_TIE = 1e-9
TAIL_WEEKS = 0.4
"""How much further the last level is drawn, so that its step can be seen."""

LEADER = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.8, "shrinkA": 2, "shrinkB": 0}
LEAST_APART = 0.15
"""Labels of two lines at the right end stand at least this part of the height apart."""


@themed
def draw_incidence(
    times: ArrayLike,
    incidence: ArrayLike,
    *,
    causes: Sequence[str],
    condition: str = "all",
    at_risk_weeks: ArrayLike = (),
    at_risk: ArrayLike = (),
    title: str = "",
) -> Figure:
    """Draw the shares still relieved and ended by each cause as areas that fill the height.

    Parameters
    ----------
    times : array of float, shape (k,)
        Rising weeks from the end of the series; before the first nobody's relief has ended.
    incidence : array of float in [0, 1], shape (k, n_causes)
        Share ended by each cause at or before each time; a row sums to at most 1.
    causes : sequence of str, length n_causes
        Names for people, as they stand at the right end ("lost relief", "booster first").
    condition : str
        Condition code, for the colour of the share still relieved.
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
    weeks, layers = _layers(times, incidence, causes)
    title = title or say("figures.incidence.title")
    figure, (axes, under) = new_axes(height=3.9, title=title, rows=(3.5, 0.42))
    under.set_axis_off()
    if not weeks.size:
        say_nothing_to_draw(axes, say("figures.incidence.none_drawn"))
        return figure
    last = _set_axes(axes, at_risk_weeks)
    weeks, layers = _cut(weeks, layers, last=last)
    tops = np.cumsum(layers, axis=1)
    for place, look in enumerate(_looks(layers.shape[1], condition)):
        bottom = tops[:, place - 1] if place else np.zeros(weeks.size)
        axes.fill_between(weeks, bottom, tops[:, place], step="post", edgecolor=MUTED,
                          linewidth=0, **look)  # fmt: skip
        axes.plot(weeks, tops[:, place], drawstyle="steps-post", color=INK, linewidth=0.8)
    _write_ends(axes, causes, layers[-1], weeks[-1], condition)
    counts = dict(zip(np.ravel(at_risk_weeks).tolist(), np.ravel(at_risk).tolist(), strict=True))
    if counts:
        what = say("figures.still_followed")
        write_counts_under(under, axes, [(counts, condition)], [""], what=what)
    return figure


def describe_incidence(
    times: ArrayLike,
    incidence: ArrayLike,
    *,
    causes: Sequence[str],
    n: int = 0,
    read_at_weeks: Sequence[float] = READ_AT_WEEKS,
) -> str:
    """Return the alt text of `draw_incidence`: n, and all shares at the weeks asked for."""
    weeks, layers = _layers(times, incidence, causes)
    if not weeks.size:
        return say("figures.incidence.none")
    names = [say("figures.incidence.relieved"), *(plain_text(cause) for cause in causes)]
    said = []
    for week in read_at_weeks:
        if week > weeks[-1]:
            said.append(say("figures.incidence.nobody", week=f"{week:g}"))
            continue
        shares = layers[int(np.searchsorted(weeks, week, side="right")) - 1]
        each = (
            say("figures.incidence.share", name=name, share=share_text(share))
            for name, share in zip(names, shares, strict=True)
        )
        said.append(say("figures.incidence.at_week", week=f"{week:g}", shares=listed(each)))
    name = "figures.incidence.alt_of" if n else "figures.incidence.alt"
    return say(name, n=count_text(n), weeks=stated(said))


def _layers(
    times: ArrayLike, incidence: ArrayLike, causes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weeks from 0 on, and shares still relieved and ended by each cause, (k + 1, c + 1)."""
    weeks = np.asarray(times, dtype=float).ravel()
    ended = np.asarray(incidence, dtype=float).reshape(weeks.size, -1) if weeks.size else None
    if ended is None:
        return weeks, np.zeros((0, len(causes) + 1))
    if ended.shape[1] != len(causes):
        raise ValueError(f"{ended.shape[1]} columns of incidence, {len(causes)} names of causes")
    ended = np.vstack([np.zeros(len(causes)), ended])
    free = np.clip(1 - ended.sum(axis=1, keepdims=True), 0, 1)
    free[free < SHARE_TIE] = 0.0  # 1 - 0.7 - 0.2 - 0.1 is not 0 in binary, and would print "<1 %"
    return np.concatenate([[0.0], weeks]), np.hstack([free, ended])


def _cut(
    weeks: NDArray[np.float64], layers: NDArray[np.float64], *, last: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut at a week, and draw the last level a little further so that its step has a width."""
    inside = weeks <= last
    shown, levels = weeks[inside], layers[inside]
    end = shown[-1] if inside.all() else last
    return np.concatenate([shown, [end + TAIL_WEEKS]]), np.vstack([levels, levels[-1]])


def _looks(n_layers: int, condition: str) -> list[dict[str, Any]]:
    relieved = {"facecolor": condition_color(condition)}
    return [relieved, *(LOOKS[place % len(LOOKS)] for place in range(n_layers - 1))]


def _set_axes(axes: Axes, at_risk_weeks: ArrayLike) -> float:
    """Set the axes and return the last week they show."""
    ticks = np.ravel(at_risk_weeks).astype(float).tolist() or list(FOLLOWED_WEEKS)
    last = max(LAST_WEEK, *ticks)
    axes.set_xlim(-0.6, last + 0.6)
    put_ticks(axes.xaxis, ticks)
    axes.set_ylim(0, 1)
    put_ticks(axes.yaxis, QUARTERS)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.yaxis.set_major_formatter(lambda y, _: share_text(y))
    axes.set_xlabel(say("figures.weeks_after"))
    axes.set_ylabel(say("figures.incidence.y"))
    return last


def _write_ends(
    axes: Axes, causes: Sequence[str], shares: NDArray[np.float64], edge: float, condition: str
) -> None:
    """Name each layer at the right end, with its share; labels keep a distance and a line."""
    end = say("figures.incidence.end", week=f"{edge - TAIL_WEEKS:.3g}")
    axes.text(1.04, 1.04, end, transform=axes.transAxes,
              va="bottom", fontsize=9.5, color=MUTED)  # fmt: skip
    tops = np.cumsum(shares)
    middles = tops - shares / 2
    names = [say("figures.incidence.relieved"), *causes]
    for place, (name, share, middle, height) in enumerate(
        zip(names, shares, middles, _apart(middles), strict=True)
    ):
        text = f"{drawable(name, longest=24)}\n{share_text(float(share))}"
        relieved = place == 0
        axes.annotate(
            text[0].upper() + text[1:],
            (edge, float(middle)),
            xytext=(1.04, float(height)),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=9.5,
            fontweight="bold" if relieved else "normal",
            color=condition_color(condition) if relieved else INK,
            annotation_clip=False,
            arrowprops=LEADER if share > 0 else None,
        )


def _apart(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rising heights moved apart, from the top down where there is no more room."""
    moved = heights.copy()
    for place in range(1, moved.size):
        moved[place] = max(moved[place], moved[place - 1] + LEAST_APART)
    ceiling = 0.95
    for place in range(moved.size - 1, -1, -1):
        moved[place] = min(moved[place], ceiling)
        ceiling = moved[place] - LEAST_APART
    return moved
