"""Figures on how long relief lasts. Each takes a tidy frame and draws it (see `figures`).

Frames; times are weeks on the clock, after the end of the series unless said otherwise
------
regions
    The interval-censored curve: left, right, mass (``IntervalCurve``'s arrays of these names): the
    share ``mass`` lost relief in (left, right], or after the last look where right is infinite. A
    column ``condition`` makes a curve for each. Taken by `plot_relief_curve` and `plot_shapes`.
curve
    week, share, low, high: ``SurvivalCurve.frame``. Taken by `plot_relief_curve` beside regions.
shapes
    shape (code of the definition: weibull, lognormal), week, share. Taken by `plot_shapes`.
incidence
    week and a column of shares for each cause: ``CumulativeIncidence.frame``. Taken by
    `plot_incidence`.
adtte
    One row a responder, days after the end of the series: LDY (last rating with relief), BADDY
    (first without), BOOSTDY (first booster); infinite or missing where there was none. Rows of
    PARAMCD RELIGN, one rule and clock. Taken by `plot_swimmer`.
counts
    week, mean, low, high: events per patient so far. Taken by `plot_boosters`.
results
    Rows of the results frame. Taken by `plot_strategies` and `plot_series`.
seen
    A mapping of week to the number seen with relief then or later, for the row under a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.labels import CLOCKS, DEFINITIONS, condition_word, visit_week, visit_word, word
from analysis.numbers import interval_text, level_text, number_text, quantity_text, share_text
from analysis.report import theme
from analysis.report.figures import (
    DASHED,
    NO_LABELS,
    beside,
    draw_estimate,
    group_word,
    name_rows,
    new_axes,
    nothing_to_draw,
    rows_from,
    unit_ticks,
    with_n,
    wrapped,
    write_counts,
)
from analysis.report.theme import BAND_EDGE, INK, MUTED, PAPER, RULE, SMALL, condition_color
from analysis.results import Row
from analysis.settings import DAYS_PER_WEEK

CITED_WEEKS = (2.0, 8.7)
"""The least that "weeks" and "months" mean: two weeks, and two months of 30.44 days."""

LAST_WEEK = 26.0
TICK_WEEKS = (0, 4, 8, 12, 26)

NOBODY: Mapping[float, int] = MappingProxyType({})
AFTER_SERIES = "Weeks after the end of the series"

BETWEEN = "A loss is only known to lie between the last visit with relief and the first without."
BOOSTER = "A booster is an infusion after the series, given to keep or renew relief; here"
"""Sentences of captions."""


def weeks_after(clock: str) -> str:
    """Return the name of an axis of weeks: from when the clock runs."""
    return f"Weeks after {CLOCKS[clock]}"


def draw_weeks(ax: Axes, weeks: Sequence[float], *, at: str = "bottom") -> None:
    """Draw the weeks a claim speaks of as lines, labeled at their lower or upper end."""
    height, lift = {"bottom": (0, 4), "top": (1, -3)}[at]
    for week in weeks:
        ax.axvline(week, color=BAND_EDGE, linewidth=1, linestyle=DASHED, zorder=1)
        ax.annotate(
            quantity_text(week, unit="weeks"), (week, height), xytext=(3, lift), va=at,
            xycoords=("data", "axes fraction"), textcoords="offset points", zorder=5,
            fontsize=SMALL, color=BAND_EDGE,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )  # fmt: skip


def _set_weeks(ax: Axes, seen: Mapping[float, int], last: float = 0.0) -> None:
    """Mark the planned visits, of which ``seen`` has the numbers, and the last week drawn."""
    weeks = sorted(seen) or list(TICK_WEEKS)
    weeks += [round(last)] if last > weeks[-1] + 3 else []
    ax.set_xticks(weeks, [f"{week:.3g}" for week in weeks])


def _relief_axes(
    ax: Axes, last: float, seen: Mapping[float, int], clock: str, name: str = "Share still relieved"
) -> None:
    """Set weeks and shares as axes of a relief curve."""
    last = max(LAST_WEEK, last, *seen)
    ax.set_xlim(-0.6, last + 0.6)
    ax.set_ylim(0, 1.02)  # room for the line at 100%
    _set_weeks(ax, seen, last)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    unit_ticks(ax.yaxis, "share")
    ax.grid(axis="y")
    ax.set_xlabel(weeks_after(clock))
    ax.set_ylabel(name)


def _legend_above(ax: Axes, handles: Sequence[Line2D | Patch], ncols: int = 1) -> None:
    names = [str(handle.get_label()) for handle in handles]
    ax.legend(handles, names, loc="lower left", bbox_to_anchor=(-0.03, 1.0), ncols=ncols,
              borderaxespad=0.2, handlelength=1.8, columnspacing=1.1, handletextpad=0.6,
              fontsize=SMALL)  # fmt: skip


# The share still relieved


def plot_relief_curve(
    regions: pd.DataFrame,
    *,
    shares: pd.DataFrame | None = None,
    kaplan_meier: pd.DataFrame | None = None,
    seen: Mapping[float, int] = NOBODY,
    condition: str = "all",
    median: str = "",
    labels: Mapping[str, str] = NO_LABELS,
    cited_weeks: Sequence[float] = CITED_WEEKS,
    clock: str = "end_of_series",
    ax: Axes | None = None,
) -> Axes:
    """Draw the share still relieved: what visits determine, and boxes where they do not.

    Parameters
    ----------
    regions : DataFrame
        Frame *regions*.
    shares : DataFrame, optional
        Results rows (relieved_share at ``week_...``) whose intervals are drawn as bars.
    kaplan_meier : DataFrame, optional
        Frame *curve*: the same patients, each loss dated at the visit that found it, dashed.
    seen : mapping of week to int
        Patients seen with relief at the week or later, written beneath.
    condition : str
        Condition code, for the color, where ``regions`` has no column of that name.
    median : str
        The median as printed elsewhere, for the legend.
    labels : mapping of str to str
        Condition labels by code.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labeled lines.
    clock : str
        From when relief is timed (`analysis.labels.CLOCKS`).
    """
    ax = ax or new_axes(3.8 if seen else 3.5, theme.NARROW_INCHES)
    if regions.empty:
        return nothing_to_draw(ax, "There is no relief curve to draw.")
    curves = _curves(regions, condition)
    finite = regions[["left", "right"]].to_numpy(dtype=float)
    _relief_axes(ax, float(finite[np.isfinite(finite)].max()), seen, clock)
    draw_weeks(ax, cited_weeks)
    handles: list[Line2D | Patch] = []
    for code, own in curves.items():
        color = condition_color(code)
        draw_regions(ax, own, color)
        name = "Known from visits"
        name = wrapped(condition_word(code, labels), 40) if len(curves) > 1 else name
        name = f"{name}, median {median}" if median and len(curves) == 1 else name
        handles.append(Line2D([], [], color=color, label=name))
    color = condition_color(next(iter(curves)))
    handles.append(_box_handle(color if len(curves) == 1 else MUTED))
    if kaplan_meier is not None:
        ax.step(kaplan_meier["week"], kaplan_meier["share"], where="post", color=INK,
                linewidth=1.1, linestyle=DASHED, zorder=2.5)  # fmt: skip
        handles.append(Line2D([], [], color=INK, linewidth=1.1, linestyle=DASHED,
                              label="Kaplan-Meier: loss at the visit"))  # fmt: skip
    if shares is not None:
        handles += _draw_share_bars(ax, rows_from(shares), color)
    _legend_above(ax, handles)
    if seen:
        write_counts(ax, {"Seen with relief, then or later": seen})
    return ax


def _curves(regions: pd.DataFrame, condition: str) -> dict[str, pd.DataFrame]:
    if "condition" not in regions:
        return {condition: regions}
    return {str(code): own for code, own in regions.groupby("condition", sort=False)}


def _box_handle(color: str) -> Patch:
    return Patch(color=color, alpha=0.22, linewidth=0, label="Between visits: anywhere in the box")


def draw_regions(ax: Axes, regions: pd.DataFrame, color: str) -> None:
    """Draw one interval-censored curve: solid where known, a box and a dotted line where not."""
    level, week = 1.0, 0.0
    style: dict[str, Any] = {"color": color, "solid_capstyle": "butt", "zorder": 3}
    for left, right, mass in regions[["left", "right", "mass"]].itertuples(index=False):
        ax.plot([week, left], [level, level], **style)
        if np.isinf(right):
            return
        after = level - mass if level - mass > 1e-9 else 0.0
        if right > left:
            ax.fill_between([left, right], after, level, color=color, alpha=0.22, linewidth=0)
            ax.plot([left, right], [level, after], linestyle=":", **style)
        else:
            ax.plot([left, left], [level, after], **style)
        level, week = after, right
    ax.plot([week, ax.get_xlim()[1]], [level, level], **style)


def _draw_share_bars(ax: Axes, shares: Sequence[Row], color: str) -> list[Line2D]:
    """Draw the intervals of shares at their weeks; return what the legend shows."""
    drawn = [row for row in shares if row.low is not None and row.high is not None]
    for row in drawn:
        ends = np.array([row.low, row.high], dtype=float)
        week = visit_week(row.visit) or 0.0
        ax.plot([week, week], ends, color=color, linewidth=1.3, marker="_",
                markersize=7, zorder=4)  # fmt: skip
    label = level_text(drawn[0].level) if drawn else ""
    handle = Line2D([], [], color=color, linewidth=0, marker="|", markersize=11, label=label)
    return [handle] if drawn else []


def plot_shapes(
    regions: pd.DataFrame,
    shapes: pd.DataFrame,
    *,
    seen: Mapping[float, int] = NOBODY,
    condition: str = "all",
    median: str = "",
    clock: str = "end_of_series",
    ax: Axes | None = None,
) -> Axes:
    """Draw fitted shapes over the curve that assumes none: do they pass through the boxes?

    Parameters
    ----------
    regions, shapes : DataFrame
        Frames of these names.
    seen, condition, median, clock
        As `plot_relief_curve`.
    """
    ax = plot_relief_curve(regions, seen=seen, condition=condition, cited_weeks=(),
                           clock=clock, ax=ax)  # fmt: skip
    if regions.empty:
        return ax
    name = f"Known from visits, median {median}" if median else "Known from visits"
    color = condition_color(condition)
    handles: list[Line2D | Patch] = [Line2D([], [], color=color, label=name), _box_handle(color)]
    dashes = ((0, (6, 2)), (0, (6, 2, 1.5, 2)), "-")
    fitted = [] if shapes.empty else shapes.groupby("shape", sort=False)
    for place, (shape, own) in enumerate(fitted):
        label = word(DEFINITIONS, str(shape))
        handles += ax.plot(own["week"], own["share"], color=INK, linewidth=1.2, zorder=3.5,
                           linestyle=dashes[place % 3],
                           label=label[:1].upper() + label[1:])  # fmt: skip
    _legend_above(ax, handles)
    return ax


# Medians side by side

STRATEGIES = ("booster_as_loss", "booster_competing", "booster_as_censoring", "booster_ignored")


def plot_series(
    results: pd.DataFrame,
    *,
    cited_weeks: Sequence[float] = CITED_WEEKS,
    ax: Axes | None = None,
) -> Axes:
    """Draw the median duration of relief by number of the series: does it shorten?

    Parameters
    ----------
    results : DataFrame
        Rows (series_relief) of ``group_by`` series, in weeks.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labeled lines.
    """
    rows = rows_from(results)
    ax = ax or new_axes(1.1 + 0.5 * max(1, len(rows)))
    return _plot_medians(ax, rows, [group_word(row) for row in rows], cited_weeks)


def _plot_medians(
    ax: Axes,
    rows: Sequence[Row],
    names: Sequence[str],
    cited_weeks: Sequence[float],
    clock: str = "end_of_series",
) -> Axes:
    """Draw medians with intervals in weeks, numbers at the right; an open end is an arrow."""
    if not rows:
        return nothing_to_draw(ax, "There is no duration of relief to draw.")
    ends = [end for row in rows for end in (row.low, row.value, row.high) if end is not None]
    ax.set_xlim(0, max([*ends, *cited_weeks, LAST_WEEK / 2]) * 1.12)
    ax.set_ylim(len(rows) - 0.5, -0.9)
    draw_weeks(ax, cited_weeks, at="top")
    for y, row in enumerate(rows):
        draw_estimate(ax, row, y)
        both = row.low is not None or row.high is not None
        known = row.value is not None
        beside(ax, y, with_n(row), up=7 if both else 0, color=INK if known else MUTED,
               weight="bold" if known else "normal")  # fmt: skip
        if both:
            beside(ax, y, interval_text(row), up=-7, color=MUTED)
    name_rows(ax, range(len(rows)), [name[:1].upper() + name[1:] for name in names], width=22)
    ax.set_xlabel(f"Median duration of relief, weeks after {CLOCKS[clock]}")
    return ax


def plot_strategies(
    results: pd.DataFrame,
    *,
    cited_weeks: Sequence[float] = CITED_WEEKS,
    clock: str = "end_of_series",
) -> Figure:
    """Draw duration of relief under the readings of a booster: medians, and shares by week.

    Parameters
    ----------
    results : DataFrame
        Rows relief_duration (weeks) and relieved_share (at ``week_...``) of one condition, one
        population and threshold, by ``definition``.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labeled lines.
    clock : str
        As `plot_relief_curve`.
    """
    place = {code: turn for turn, code in enumerate(STRATEGIES)}
    rows = sorted(rows_from(results), key=lambda row: place.get(_booster(row), len(place)))
    medians = [row for row in rows if row.measure == "relief_duration"]
    weeks: dict[str, list[Row]] = {}
    for row in rows:
        if row.measure == "relieved_share":
            weeks.setdefault(row.visit, []).append(row)
    order = [code for code in STRATEGIES if any(_booster(r) == code for v in weeks.values()
                                                for r in v)]  # fmt: skip
    sizes = [0.8 + 0.48 * max(1, len(medians)), 0.75 + 0.38 * max(1, len(order))]
    figure = plt.figure(figsize=(theme.WIDTH_INCHES, sum(sizes)), layout="constrained")
    grid = figure.add_gridspec(2, max(1, len(weeks)), height_ratios=sizes)
    names = [word(DEFINITIONS, _booster(row)) for row in medians]
    _plot_medians(figure.add_subplot(grid[0, :]), medians, names, cited_weeks, clock)
    for column, week in enumerate(sorted(weeks, key=lambda name: visit_week(name) or 0.0)):
        ax = figure.add_subplot(grid[1, column])
        _plot_week(ax, week, weeks[week], order, named=not column)
        if column == len(weeks) // 2:
            ax.set_xlabel("Share still relieved, %", x=0.0 if len(weeks) % 2 == 0 else 0.5)
    return figure


def _booster(row: Row) -> str:
    """Return the reading of a booster; the code may also have a rule of loss and a clock."""
    return row.definition.partition(".")[0]


def _plot_week(
    ax: Axes, visit: str, rows: Sequence[Row], order: Sequence[str], *, named: bool
) -> None:
    """Draw the shares still relieved at one week as a small panel."""
    ax.set_title(visit_word(visit).capitalize(), fontsize=SMALL, pad=4, loc="center")
    ax.set_xlim(-0.06, 1.06)
    for row in rows:
        y = order.index(_booster(row))
        draw_estimate(ax, row, y, size=4.5)
        text = share_text(row.value) if row.value is not None else row.status
        x = 0.5 if row.value is None else float(np.clip(row.value, 0.2, 0.8))
        ax.annotate(wrapped(text, 10), (x, y), xytext=(0, 5), textcoords="offset points",
                    ha="center", fontsize=9, color=MUTED if row.value is None else INK)  # fmt: skip
    ax.set_ylim(len(order) - 0.5, -0.8)
    names = [word(DEFINITIONS, code) for code in order] if named else []
    name_rows(ax, range(len(names)), [name[:1].upper() + name[1:] for name in names], width=22)
    ax.set_xticks([0, 1], ["0", "100"], fontsize=9)
    ax.set_xticks([0.5], minor=True)


# What ended relief

CAUSES: Mapping[object, str] = MappingProxyType({1: "lost relief", 2: "booster first"})
LOOKS: tuple[dict[str, Any], ...] = (
    {"facecolor": RULE, "hatch": "////"},
    {"facecolor": PAPER, "hatch": "\\\\\\\\"},
    {"facecolor": RULE, "hatch": "xxx"},
    {"facecolor": PAPER, "hatch": "---"},
)
"""Causes differ by pattern, so that the one color of the figure is relief."""

LEAST_APART = 0.15
"""Labels of two areas at the right end stand at least this part of the height apart."""


def plot_incidence(
    incidence: pd.DataFrame,
    *,
    causes: Mapping[object, str] = CAUSES,
    seen: Mapping[float, int] = NOBODY,
    condition: str = "all",
    clock: str = "end_of_series",
    ax: Axes | None = None,
) -> Axes:
    """Draw the shares still relieved and ended by each cause as areas that fill the height.

    Parameters
    ----------
    incidence : DataFrame
        Frame of this name: week, and a column of shares in [0, 1] for each cause.
    causes : mapping of column to str
        Names of the causes for people; a column not in it names itself.
    seen, condition, clock
        As `plot_relief_curve`.
    """
    ax = ax or new_axes(3.9 if seen else 3.5, theme.NARROW_INCHES)
    if incidence.empty:
        return nothing_to_draw(ax, "There is nobody whose relief could be followed.")
    last = max(LAST_WEEK, *seen) if seen else LAST_WEEK
    _relief_axes(ax, last, seen, clock, name="Share of responders")
    shown = incidence[incidence["week"] <= last]
    columns = [name for name in incidence.columns if name != "week"]
    ended = shown[columns].to_numpy(dtype=float)
    free = np.clip(1 - ended.sum(axis=1, keepdims=True), 0, 1)
    free[free < 1e-9] = 0.0  # 1 - 0.7 - 0.2 - 0.1 is not 0 in binary, and would print "<1%"
    layers = np.hstack([free, ended])
    end = last if len(shown) < len(incidence) else float(shown["week"].iloc[-1])
    weeks = np.append(shown["week"].to_numpy(dtype=float), end + 0.4)  # the last step has a width
    tops = np.cumsum(np.vstack([layers, layers[-1]]), axis=1)
    looks: list[dict[str, Any]] = [{"facecolor": condition_color(condition)}, *LOOKS]
    for place in range(layers.shape[1]):
        bottom = tops[:, place - 1] if place else np.zeros(weeks.size)
        ax.fill_between(weeks, bottom, tops[:, place], step="post", edgecolor=MUTED, linewidth=0,
                        **looks[place % len(looks)])  # fmt: skip
        ax.step(weeks, tops[:, place], where="post", color=INK, linewidth=0.8)
    names = ["still relieved", *(causes.get(name, str(name)) for name in columns)]
    ax.text(1.04, 1.04, f"At week {end:.3g}", transform=ax.transAxes, va="bottom", fontsize=SMALL,
            color=MUTED)  # fmt: skip
    middles = tops[-1] - layers[-1] / 2
    leader = {"arrowstyle": "-", "color": MUTED, "lw": 0.8, "shrinkB": 0}
    for place, height in enumerate(_apart(middles)):
        share = float(layers[-1, place])
        ax.annotate(
            f"{wrapped(names[place], 16).capitalize()}\n{share_text(share)}",
            (end + 0.4, middles[place]), xytext=(1.04, height),
            textcoords=("axes fraction", "data"), va="center", fontsize=SMALL,
            annotation_clip=False,
            fontweight="normal" if place else "bold",
            color=INK if place else condition_color(condition),
            arrowprops=leader if share else None,
        )  # fmt: skip
    if seen:
        write_counts(ax, {"Seen with relief, then or later": seen})
    return ax


def _apart(heights: np.ndarray) -> np.ndarray:
    """Return rising heights moved apart, from the top down where there is no more room."""
    moved = heights.copy()
    for place in range(1, moved.size):
        moved[place] = max(moved[place], moved[place - 1] + LEAST_APART)
    ceiling = 0.95
    for place in reversed(range(moved.size)):
        moved[place] = min(moved[place], ceiling)
        ceiling = moved[place] - LEAST_APART
    return moved


MOST_SPANS = 30
"""More bars cannot be read, and many exact courses would make patients recognizable."""


def plot_swimmer(
    adtte: pd.DataFrame,
    *,
    condition: str = "all",
    cited_weeks: Sequence[float] = CITED_WEEKS,
    clock: str = "end_of_series",
    ax: Axes | None = None,
) -> Axes:
    """Draw some patients' relief as bars, the longest at the top, numbered, without any id.

    Parameters
    ----------
    adtte : DataFrame
        At most 30 rows of the frame of this name, already chosen.
    condition : str
        Condition code, for the color.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labeled lines.
    clock : str
        As `plot_relief_curve`.

    Raises
    ------
    ValueError
        More than 30 rows.
    """
    if len(adtte) > MOST_SPANS:
        raise ValueError(f"{len(adtte)} spans are too many; at most {MOST_SPANS} can be drawn")
    ax = ax or new_axes(1.5 + 0.19 * max(3, len(adtte)))
    if adtte.empty:
        return nothing_to_draw(ax, "There are no patients to draw.")
    days = adtte[["LDY", "BADDY", "BOOSTDY"]].astype(float).replace(np.inf, np.nan)
    weeks = (days / DAYS_PER_WEEK).set_axis(["good", "bad", "booster"], axis=1)
    weeks["own"] = weeks[["good", "booster"]].min(axis=1)
    weeks = weeks.sort_values(["own", "good", "bad", "booster"], ascending=False, ignore_index=True)
    color, y = condition_color(condition), np.arange(1, len(weeks) + 1)
    good, bad, booster, own = (weeks[name].to_numpy() for name in weeks)
    ax.set_xlim(-0.4, max(LAST_WEEK, float(np.nanmax(weeks.to_numpy()))) + 1.2)
    ax.set_ylim(max(3, len(weeks)) + 1.7, 0.3)
    draw_weeks(ax, cited_weeks)
    thick = 0.62
    ax.barh(y, own, height=thick, color=color, linewidth=0, zorder=2)
    later, lost, kept = own < good, ~np.isnan(bad), np.isnan(bad)
    ax.barh(y[later], (good - own)[later], left=own[later], height=thick, color=color, alpha=0.4,
            linewidth=0, zorder=2)  # fmt: skip
    ax.barh(y[lost], (bad - good)[lost], left=good[lost], height=thick, facecolor=PAPER,
            edgecolor=color, hatch="/////", linewidth=0.8, zorder=2)  # fmt: skip
    ax.plot(bad, y, "X", color=INK, markersize=6, markeredgecolor=PAPER, markeredgewidth=0.6,
            zorder=6)  # fmt: skip
    ax.plot(good[kept] + 0.45, y[kept], ">", color=color, markersize=6, zorder=3)
    ax.plot(booster, y, "^", color=PAPER, markeredgecolor=INK, markersize=7, zorder=5)
    name_rows(ax, y.tolist(), [str(number) for number in y])
    ax.grid(visible=False)
    _set_weeks(ax, NOBODY, float(np.nanmax(weeks.to_numpy())))
    ax.set_xlabel(weeks_after(clock))
    ax.set_ylabel("Patient")
    shown: list[tuple[bool, Patch | Line2D]] = [
        (True, Patch(color=color, linewidth=0, label="Relief seen")),
        (later.any(), Patch(color=color, alpha=0.4, linewidth=0, label="Seen after a booster")),
        (lost.any(), Patch(facecolor=PAPER, edgecolor=color, hatch="/////", linewidth=0.8,
                           label="Lost somewhere in here")),
        (lost.any(), Line2D([], [], color=INK, marker="X", linestyle="", markersize=6,
                            label="First rating without relief")),
        (not np.isnan(booster).all(), Line2D([], [], color=PAPER, marker="^", linestyle="",
                                             markersize=6.5, markeredgecolor=INK,
                                             label="First booster")),
        (kept.any(), Line2D([], [], color=color, marker=">", linestyle="", markersize=6,
                            label="Still relieved at the last look")),
    ]  # fmt: skip
    _legend_above(ax, [handle for is_drawn, handle in shown if is_drawn], ncols=3)
    return ax


def plot_boosters(
    counts: pd.DataFrame,
    *,
    at_risk: Mapping[float, int] = NOBODY,
    condition: str = "all",
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean number of boosters per patient so far, with its interval.

    Parameters
    ----------
    counts : DataFrame
        Frame of this name. A mean before the first event is 0; the last row is the last look.
    at_risk : mapping of week to int
        Patients seen or treated at the week or later, written beneath.
    condition : str
        As `plot_relief_curve`.
    """
    ax = ax or new_axes(3.6 if at_risk else 3.2, theme.NARROW_INCHES)
    if counts.empty:
        return nothing_to_draw(ax, "There is nobody who could have had a booster.")
    color = condition_color(condition)
    shown = counts[counts["week"] <= max(LAST_WEEK, *at_risk, LAST_WEEK)]
    week, mean, low, high = (
        np.append(0.0, shown[name].to_numpy(dtype=float))
        for name in ("week", "mean", "low", "high")
    )
    ax.fill_between(week, low, high, step="post", color=color, alpha=0.16, linewidth=0)
    ax.step(week, mean, where="post", color=color)
    ax.annotate(f"{number_text(mean[-1], decimals=2)} by week {week[-1]:.3g}",
                (week[-1], mean[-1]), xytext=(4, 6), textcoords="offset points", ha="right",
                color=color, fontweight="bold", fontsize=10)  # fmt: skip
    ax.set_xlim(-0.6, max(LAST_WEEK, float(week[-1])) + 0.6)
    ax.set_ylim(0, max(0.1, float(np.nanmax(high, initial=mean[-1]))) * 1.08)
    _set_weeks(ax, at_risk)
    ax.grid(axis="y")
    ax.set_xlabel(AFTER_SERIES)
    ax.set_ylabel("Boosters per patient so far, mean")
    if at_risk:
        write_counts(ax, {"Still followed": at_risk})
    return ax
