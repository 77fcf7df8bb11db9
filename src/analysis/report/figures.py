"""Figures of rates, reductions and verdicts. Each takes a tidy frame and draws it.

Frames
------
results
    Rows of the results frame (`analysis.results`), such as `Results.add` returns: value, low, high,
    n, unit, and the keys that tell rows apart (condition, group_by, group, definition, population,
    visit, threshold_pct). Missing columns take the default of the results frame. Taken by
    `plot_rates`, `plot_reductions`, `plot_forest`, `plot_cumulative` and `plot_trajectories`.
adpain at a visit
    One row a patient: PCHG (negative is less pain, missing is not rated) and BOOSTFL. Taken by
    `plot_waterfall`.
judgements
    ``pd.DataFrame(judgements)`` of `analysis.claims.judgement.Judgement`: condition, cited_low,
    cited_high, cited_text, value, low, high, n, unit, verdict. Taken by `plot_verdicts`.

What every function does: ``ax=`` draws into axes of yours, else into a new figure; the axes are
returned (the figure where there are several panels). No title is drawn: a notebook has its
headings. An interval and a number of patients stand with every estimate; a cited figure is a
labeled band. Call `analysis.report.theme.use_theme` first. Figures on relief are in
`analysis.report.relief_figures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from analysis.labels import (
    DEFINITIONS,
    GROUPINGS,
    GROUPS,
    POINTS,
    POPULATIONS_SHORT,
    VERDICTS,
    condition_word,
    scale_word,
    visit_week,
    visit_word,
    word,
)
from analysis.numbers import (
    band_text,
    count_text,
    estimate_text,
    fraction_text,
    interval_text,
    number_text,
    quantity_text,
)
from analysis.report import theme
from analysis.report.tables import readable
from analysis.report.theme import (
    BAND,
    BAND_EDGE,
    INK,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    VERDICT_MARKERS,
    condition_color,
    condition_marker,
    verdict_color,
    verdict_symbol,
)
from analysis.results import COLUMNS, Results, Row, rows_of
from analysis.settings import THRESHOLDS_PCT

if TYPE_CHECKING:
    from analysis.claims.multiverse import Multiverse

NO_LABELS: Mapping[str, str] = MappingProxyType({})
NO_CITED: Mapping[str, tuple[float | None, float | None]] = MappingProxyType({})

HOLLOW_FROM_PCT = 50.0
"""Points at this threshold (substantial) are drawn hollow, those below it filled."""

TIE = 1e-9
"""Percent points within which a reduction counts as on its threshold: (10 - 7) / 10 is 30%."""

DASHED = (0, (4, 3))

NAME_WIDTH = 40
"""Letters of a line of a row's name."""


# What all figures share


def new_axes(height: float, width: float = theme.WIDTH_INCHES) -> Axes:
    """Return axes of a new figure, in inches; constrained layout fits its labels."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def rows_from(results: pd.DataFrame) -> list[Row]:
    """Return rows of a results frame in plain Python; columns it lacks take their default."""
    defaults = {"condition": "all", "group_by": "all", "group": "all", "unit": "share",
                "n_missing": 0, "n_not_due": 0, "n": 0}  # fmt: skip
    full = results.reindex(columns=COLUMNS).astype(object)
    for name, default in defaults.items():
        full[name] = full[name].where(full[name].notna(), default)
    for name in ("measure", "definition", "population", "visit", "method", "notes", "notebook"):
        full[name] = full[name].where(full[name].notna(), "")
    known = full["value"].notna()
    full["status"] = full["status"].where(
        full["status"].notna(), known.map({True: "estimated", False: "not estimable"})
    )
    return rows_of(full)


def row_names(rows: Sequence[Row], labels: Mapping[str, str]) -> list[str]:
    """Return what tells rows apart, in words; the condition where nothing does."""
    parts = [
        (
            condition_word(row.condition, labels) if row.group_by == "all" else group_word(row),
            "" if row.threshold_pct is None else f"≥\N{NO-BREAK SPACE}{row.threshold_pct:g}%",
            word(POPULATIONS_SHORT, row.population),
            word(DEFINITIONS, row.definition),
        )
        for row in rows
    ]
    differ = [len({part[place] for part in parts}) > 1 for place in range(4)]
    differ = differ if any(differ) else [True, False, False, False]
    return [
        ", ".join(text for text, told in zip(part, differ, strict=True) if text and told) or part[0]
        for part in parts
    ]


def group_word(row: Row) -> str:
    """Return the group of a row in words: "Type I", "Harbour Clinic", "Series 2"."""
    if row.group_by == "series":
        return f"{GROUPINGS['series']} {row.group}"
    return word(GROUPS, row.group)


def with_n(row: Row) -> str:
    """Return "12 of 45 (27%)", or a number with its n where the text has no denominator."""
    text = estimate_text(row)
    return text if row.unit == "share" or row.value is None else f"{text}, n = {count_text(row.n)}"


def nothing_to_draw(ax: Axes, text: str) -> Axes:
    """Write why there is nothing to draw in the middle of empty axes."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=ax.transAxes)
    return ax


def unit_ticks(axis: Axis, unit: str) -> None:
    """Write ticks in their unit: "20%" for a share of 0.2 or a percent of 20, else plain."""
    if unit in ("share", "percent"):
        axis.set_major_formatter(lambda at, _: quantity_text(at, unit=unit).replace(".0", ""))
    else:
        axis.set_major_formatter(lambda at, _: number_text(at, decimals=0 if at % 1 == 0 else 1))


def wrapped(name: str, width: int) -> str:
    """Return a name in lines of at most so many letters; a dollar sign in it begins no formula."""
    lines = (fill(line, width) for line in name.split("\n"))
    return "\n".join(lines).replace("$", r"\$")


def name_rows(
    ax: Axes, heights: Sequence[float], names: Iterable[str], *, width: int = NAME_WIDTH
) -> None:
    """Write names at the left of rows drawn at some heights, and take the axis line away."""
    ax.set_yticks(heights, [wrapped(name, width) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")


def beside(ax: Axes, y: float, text: str, *, up: float = 0.0, **style: Any) -> None:
    """Write text at the right of the axes at a height, moved up by some points."""
    style = {"color": INK, "va": "center", "fontsize": SMALL, **style}
    ax.annotate(text, (1.02, y), xycoords=ax.get_yaxis_transform(), xytext=(0, up),
                textcoords="offset points", annotation_clip=False, **style)  # fmt: skip


def draw_estimate(ax: Axes, row: Row, y: float, *, size: float = 6.5) -> None:
    """Draw a point with its interval on a line of a figure; an open upper limit is an arrow."""
    color = condition_color(row.condition)
    if row.low is not None and row.high is not None:
        ax.plot([row.low, row.high], [y, y], color=color, solid_capstyle="butt", zorder=2)
    elif row.low is not None:
        arrow = {"arrowstyle": "-|>", "color": color, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (ax.get_xlim()[1], y), xytext=(row.low, y), arrowprops=arrow)
    if row.value is not None:
        hollow = row.threshold_pct is not None and row.threshold_pct >= HOLLOW_FROM_PCT
        ax.plot(
            row.value, y, condition_marker(row.condition), markersize=size, zorder=3,
            markerfacecolor=PAPER if hollow else color, markeredgecolor=color,
            markeredgewidth=1.5, clip_on=False,
        )  # fmt: skip


def write_counts(
    ax: Axes, counts: Mapping[str, Mapping[float, int]], *, colors: Sequence[str] = (INK,)
) -> None:
    """Write rows of counts under an axis: a heading each, and the counts where they belong.

    Parameters
    ----------
    ax : Axes
        Its x axis is finished: ticks, labels and limits.
    counts : mapping of heading to mapping of x to count
    colors : sequence of str
        Colors of the headings, repeated as needed.
    """
    below = -32 if not ax.get_xlabel() else -46
    offset: dict[str, Any] = {
        "textcoords": "offset points",
        "va": "top",
        "fontsize": SMALL,
    }
    for place, (heading, numbers) in enumerate(counts.items()):
        y = below - 27 * place
        color = colors[place % len(colors)]
        ax.annotate(heading, (0, 0), xytext=(0, y), xycoords="axes fraction", color=color, **offset)
        for x, count in numbers.items():
            ax.annotate(
                count_text(count), (x, 0), xytext=(0, y - 12), ha="center",
                xycoords=("data", "axes fraction"), annotation_clip=False, **offset,
            )  # fmt: skip


def keep_each(
    results: Results,
    rows: pd.DataFrame,
    plot: Callable[..., Axes],
    name: str,
    *,
    title: str,
    caption: str = "",
    labels: Mapping[str, str] = NO_LABELS,
    **how: Any,
) -> None:
    """Draw the rows of each condition by itself, and keep the figures for the report.

    A cell shows the figure of the condition the notebook was run for.

    Parameters
    ----------
    results : Results
        Where the figures are kept, under ``name``.
    rows : DataFrame
        Rows of the results frame; they are also the text for who cannot see the figure.
    plot : callable
        Takes rows and ``labels``, and returns axes.
    title, caption : str
        As `Results.figure`; the condition is added to the title.
    **how
        Passed on to ``plot``.
    """
    for condition, own in rows.groupby("condition", sort=False):
        told = rows_of(own)
        several = len({row.visit for row in told}) > 1
        at = [f", {visit_word(row.visit)}" if several else "" for row in told]
        read = [
            f"{who}{visit}: {with_n(row)}, interval {interval_text(row)}"
            for row, who, visit in zip(told, row_names(told, labels), at, strict=True)
        ]
        figure = plot(own, labels=labels, **how).get_figure(root=True)
        assert figure is not None
        results.figure(
            figure, name, title=f"{title}: {condition_word(str(condition), labels)}",
            alt="; ".join(read) + ".", caption=caption, condition=str(condition),
        )  # fmt: skip


def keep_one(
    results: Results,
    drawn: Axes | Figure,
    name: str,
    condition: str,
    rows: pd.DataFrame,
    title: str,
    caption: str,
    *,
    labels: Mapping[str, str] = NO_LABELS,
) -> None:
    """Keep a condition's figure for the report, with rows of results as its text.

    Parameters are those of `keep_each`, which draws as well.
    """
    figure = drawn.get_figure(root=True)
    assert figure is not None
    title = f"{title}: {condition_word(condition, labels)}"
    text = "; ".join(readable(rows, labels=labels).agg(", ".join, axis=1))
    results.figure(
        figure, name, title=title, alt=f"{title}. {text or 'No numbers'}.", caption=caption,
        condition=condition,
    )  # fmt: skip


# Points with intervals


def plot_rates(
    results: pd.DataFrame,
    *,
    cited: Mapping[str, tuple[float | None, float | None]] = NO_CITED,
    labels: Mapping[str, str] = NO_LABELS,
    ax: Axes | None = None,
) -> Axes:
    """Draw shares with intervals, one line a row, each condition's cited band behind its rows.

    Parameters
    ----------
    results : DataFrame
        Shares; drawn from top to bottom as given. Filled at 30%, hollow at 50% less pain. A row
        without a value shows its status.
    cited : mapping of condition code to (low, high)
        Cited floor and ceiling in shares; None for an open end.
    labels : mapping of str to str
        Condition labels by code (``study.conditions``).
    """
    return _plot_estimates(rows_from(results), cited, labels, ax, name="Share of patients")


def plot_reductions(
    results: pd.DataFrame,
    *,
    cited: Mapping[str, tuple[float | None, float | None]] = NO_CITED,
    labels: Mapping[str, str] = NO_LABELS,
    ax: Axes | None = None,
) -> Axes:
    """Draw percent pain reductions with intervals, one line a definition; else as `plot_rates`."""
    return _plot_estimates(rows_from(results), cited, labels, ax, name="Pain reduction")


def plot_forest(
    results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS, ax: Axes | None = None
) -> Axes:
    """Draw shares of all patients and of their subgroups under headings (a forest plot).

    Parameters
    ----------
    results : DataFrame
        Shares; rows of one ``group_by`` stand together. A dashed line runs down from the first
        row of all patients.
    labels : mapping of str to str
        Condition labels by code.
    """
    rows = sorted(rows_from(results), key=lambda row: row.group_by != "all")
    order = list(dict.fromkeys(row.group_by for row in rows))
    rows.sort(key=lambda row: order.index(row.group_by))
    ax = _plot_estimates(rows, NO_CITED, labels, ax, name="Share of patients")
    if rows and rows[0].group_by == "all" and rows[0].value is not None:
        ax.axvline(rows[0].value, color=MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    return ax


def plot_differences(
    results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS, ax: Axes | None = None
) -> Axes:
    """Draw differences in percentage points with intervals, one line a row, and a line at none.

    Parameters
    ----------
    results : DataFrame
        Differences; rows of one group stand as given.
    labels : mapping of str to str
        Condition labels by code.
    """
    rows = rows_from(results)
    pairs = dict.fromkeys(group_word(row) for row in rows)
    name = "Difference in percentage points" + (f", {next(iter(pairs))}" if len(pairs) == 1 else "")
    ax = _plot_estimates(rows, NO_CITED, labels, ax, name=name.replace("$", r"\$"))
    if rows:
        ax.axvline(0.0, color=MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    return ax


def _plot_estimates(
    rows: Sequence[Row],
    cited: Mapping[str, tuple[float | None, float | None]],
    labels: Mapping[str, str],
    ax: Axes | None,
    *,
    name: str,
) -> Axes:
    names = row_names(rows, labels)
    n_lines = [wrapped(name, NAME_WIDTH).count("\n") + 1 for name in names]
    places, headings, bands = _place(rows, n_lines, cited)
    bottom = max(places, default=0) + 0.7
    ax = ax or new_axes(0.75 + 0.27 * (bottom + 0.7))
    if not rows:
        return nothing_to_draw(ax, "There are no rows to draw.")
    unit = rows[0].unit
    ends = [end for row in rows for end in (row.low, row.value, row.high) if end is not None]
    full = {"share": 1.0, "percent": 100.0}.get(unit, max(ends, default=1.0) * 1.05)
    ax.set_xlim(min(0.0, *(1.05 * end for end in ends)) if ends else 0.0, full)
    ax.set_ylim(bottom, -0.7)
    for top, end, (low, high) in bands:
        draw_band(ax, low, high, top=top, bottom=end, unit=unit)
    for row, y in zip(rows, places, strict=True):
        draw_estimate(ax, row, y)
        beside(ax, y, with_n(row), color=INK if row.value is not None else MUTED)
    for y, text in headings:
        ax.text(-0.012, y, text, transform=ax.get_yaxis_transform(), ha="right", va="center",
                color=MUTED, fontsize=10)  # fmt: skip
    name_rows(ax, places, names)
    unit_ticks(ax.xaxis, unit)
    ax.set_xlabel(name)
    return ax


def _place(
    rows: Sequence[Row],
    n_lines: Sequence[int],
    cited: Mapping[str, tuple[float | None, float | None]],
) -> tuple[list[float], list[tuple[float, str]], list[tuple[float, float, Any]]]:
    """Place rows from the top, with a line above a new grouping and above a band for its label.

    Returns
    -------
    places, headings, bands
        Heights of rows; heights and texts of headings; top, bottom and ends of bands.
    """
    places: list[float] = []
    headings: list[tuple[float, str]] = []
    bands: list[tuple[float, float, Any]] = []
    y = -0.5  # lower edge of the row before
    pairs = zip(rows, n_lines, strict=True)
    blocks = groupby(pairs, key=lambda pair: (pair[0].group_by, pair[0].condition))
    before = "all"
    for (group_by, condition), block in blocks:
        if group_by != before:
            y += 1.1
            headings.append((y - 0.5, wrapped(word(GROUPINGS, group_by), NAME_WIDTH)))
            before = group_by
        y += 0.75 if condition in cited else 0.0
        top = y
        for _, lines in block:
            height = 1.0 + 0.5 * (lines - 1)
            places.append(y + height / 2)
            y += height
        if condition in cited:
            bands.append((top, y, cited[condition]))
    return places, headings, bands


def draw_band(
    ax: Axes, low: float | None, high: float | None, *, top: float, bottom: float, unit: str
) -> None:
    """Draw a cited band between two heights, its edges as lines, its label above it."""
    left, right = ax.get_xlim()
    ends = (left if low is None else low, right if high is None else high)
    ax.fill_betweenx([top, bottom], *ends, color=BAND, linewidth=0, zorder=0.5)
    for edge in (low, high):
        if edge is not None:
            ax.plot([edge, edge], [top, bottom], color=BAND_EDGE, linewidth=1.2, zorder=1)
    at_right = sum(ends) / 2 > left + 0.7 * (right - left)
    x, ha = (ends[1], "right") if at_right else (ends[0], "left")
    ax.annotate(f"cited {band_text(low, high, unit=unit)}", (x, top), xytext=(0, 2), ha=ha,
                va="bottom", textcoords="offset points", color=BAND_EDGE,
                fontsize=SMALL)  # fmt: skip


# Patients one by one, and every threshold at once


def plot_waterfall(
    adpain: pd.DataFrame,
    *,
    condition: str = "all",
    thresholds_pct: Sequence[float] = THRESHOLDS_PCT,
    ax: Axes | None = None,
) -> Axes:
    """Draw each patient's pain reduction as a bar, best to worst; nobody is left out.

    Parameters
    ----------
    adpain : DataFrame
        One row a patient at one visit: PCHG and, where there is one, BOOSTFL. Patients not rated,
        and those rated after a booster, are blocks at the right with their number.
    condition : str
        Condition code, for the color.
    thresholds_pct : sequence of float
        Lines, each labeled with how many patients reach it out of all.
    """
    ax = ax or new_axes(3.0, theme.NARROW_INCHES)
    if adpain.empty:
        return nothing_to_draw(ax, "There are no patients to draw.")
    reduction = -adpain["PCHG"].to_numpy(dtype=float, na_value=np.nan)
    boosted = (
        adpain["BOOSTFL"].to_numpy(dtype=bool, na_value=False)
        if "BOOSTFL" in adpain
        else np.zeros(len(adpain), dtype=bool)
    )
    unrated = np.isnan(reduction)
    seen = np.sort(reduction[~unrated & ~boosted])[::-1]
    _draw_bars(ax, seen, condition_color(condition), sorted(thresholds_pct))
    right, gap = float(seen.size), 0.012 * len(adpain)
    blocks = {"not seen": unrated.sum(), "after a booster": (boosted & ~unrated).sum()}
    for name, count in reversed(blocks.items()):
        if count:
            _draw_block(ax, right + gap, right + gap + count, f"{count_text(count)} {name}")
            right += gap + count
    labels_end = seen.size if seen.size >= 0.6 * right else right
    for pct in thresholds_pct:
        ax.plot([0, right], [pct, pct], color=INK, linewidth=0.9, linestyle=DASHED)
        reached = fraction_text(int((seen >= pct - TIE).sum()), len(adpain))
        ax.annotate(
            f"{pct:g}% or more: {reached}", (labels_end, pct), xytext=(-4, 3), ha="right",
            textcoords="offset points", fontsize=SMALL, bbox=_paper(),
        )  # fmt: skip
    ax.axhline(0, color=INK, linewidth=0.9)
    lowest = max(-100.0, float(seen.min(initial=0.0)))
    ax.set_ylim(20 * np.floor(min(lowest, -1) / 20) - 4, 106)
    ax.set_xlim(0, right)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    unit_ticks(ax.yaxis, "percent")
    ax.set_ylabel("Pain reduction")
    before = " before any booster" if blocks["after a booster"] else ""
    ax.set_xlabel(f"{count_text(seen.size)} patients seen{before}, best to worst")
    return ax


def _draw_bars(ax: Axes, seen: np.ndarray, color: str, thresholds_pct: Sequence[float]) -> None:
    """Draw bars as steps, stronger from threshold to threshold; gray where pain rose.

    Of more than 400 patients the one in the middle of each bar is drawn, to keep the file small.
    """
    if not seen.size:
        return
    edges = np.linspace(0, seen.size, min(400, seen.size) + 1)
    heights = seen[((edges[:-1] + edges[1:]) / 2).astype(int)].clip(-100, 100)
    level = np.searchsorted(thresholds_pct, heights + TIE, side="right")
    level = np.where(heights < 0, -1, level)
    for each in np.unique(level):
        bars = np.flatnonzero(level == each)
        ax.stairs(
            heights[bars], edges[bars[0] : bars[-1] + 2], fill=True, linewidth=0,
            color=MUTED if each < 0 else color,
            alpha=1.0 if each < 0 else 0.35 + 0.65 * each / max(1, len(thresholds_pct)),
        )  # fmt: skip
    if seen.size <= 120:
        ax.vlines(edges[1:-1], np.minimum(heights[1:], 0), np.maximum(heights[:-1], 0), color=PAPER,
                  linewidth=0.6)  # fmt: skip


def _draw_block(ax: Axes, start: float, end: float, text: str) -> None:
    ax.axvspan(start, end, facecolor=RULE, edgecolor=MUTED, hatch="////", linewidth=0, alpha=0.6)
    narrow = (end - start) < 0.25 * end
    ax.text((start + end) / 2, 50 if narrow else 85, text, ha="center", va="center", fontsize=SMALL,
            rotation=90 if narrow else 0, bbox=_paper(pad=2.5))  # fmt: skip


def _paper(pad: float = 1.0) -> dict[str, Any]:
    return {"facecolor": PAPER, "edgecolor": "none", "pad": pad, "alpha": 0.85}


def plot_cumulative(
    results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS, ax: Axes | None = None
) -> Axes:
    """Draw the cumulative responder curve: the share reaching each percent reduction.

    Parameters
    ----------
    results : DataFrame
        Shares (cumulative_responder_share) with ``threshold_pct``; rows that differ in condition,
        group or population are lines of their own. All who started: solid; only those seen:
        dashed.
    labels : mapping of str to str
        Condition labels by code.
    """
    ax = ax or new_axes(3.0, theme.NARROW_INCHES)
    curves: dict[tuple[str, ...], list[Row]] = {}
    for row in rows_from(results):
        if row.value is not None and row.threshold_pct is not None:
            key = (row.condition, row.group_by, row.group, row.population)
            curves.setdefault(key, []).append(row)
    if not curves:
        return nothing_to_draw(ax, "There are no rates to draw.")
    for pct in THRESHOLDS_PCT:
        ax.axvline(pct, color=INK, linewidth=0.9, linestyle=DASHED, zorder=1)
        ax.annotate(f"{pct:g}%", (pct, 1), xytext=(3, -2), xycoords=("data", "axes fraction"),
                    textcoords="offset points", va="top", fontsize=SMALL)  # fmt: skip
    names = row_names([own[0]._replace(threshold_pct=None) for own in curves.values()], labels)
    for own, name in zip(curves.values(), names, strict=True):
        own.sort(key=lambda row: row.threshold_pct or 0.0)
        color, x = condition_color(own[0].condition), [row.threshold_pct or 0.0 for row in own]
        value, low, high = (
            np.array([getattr(row, end) for row in own], dtype=float)
            for end in ("value", "low", "high")
        )
        ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
        style = (0, (5, 2)) if own[0].population == "observed" else "-"
        ax.plot(x, value, color=color, linestyle=style, marker=condition_marker(own[0].condition),
                markersize=4, label=wrapped(f"{name}, n = {count_text(own[0].n)}", 36))  # fmt: skip
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 1)
    unit_ticks(ax.xaxis, "percent")
    unit_ticks(ax.yaxis, "share")
    ax.grid(axis="y")
    ax.set_xlabel("Pain reduction of at least")
    ax.set_ylabel("Share of patients")
    ax.legend(loc="upper right")
    return ax


# Pain over time

WEEK_OF_BASELINE = -3.0
"""Where baseline stands on the axis: the standard series takes two to three weeks."""

SHORT_NAME = 18
"""Letters up to which two names stand side by side above a narrow figure."""

AFTER_BOOSTER = "after_booster"
"""Definition of the mean score of patients who had a booster before the visit."""


def plot_trajectories(
    results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS, ax: Axes | None = None
) -> Axes:
    """Draw mean pain by visit with intervals, and the number of patients under each point.

    Parameters
    ----------
    results : DataFrame
        Scores (score_mean) by ``visit``; rows that differ in condition, group or definition are
        lines of their own. Definition ``after_booster`` (patients rated after a booster, whom a
        mean of everybody would hide) is dashed and hollow.
    labels : mapping of str to str
        Condition labels by code.
    """
    rows = [row for row in rows_from(results) if row.value is not None and row.visit]
    lines: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = (row.condition, row.group_by, row.group, row.definition)
        lines.setdefault(key, []).append(row)
    ax = ax or new_axes(2.5 + 0.4 * max(1, len(lines)), theme.NARROW_INCHES)
    if not lines:
        return nothing_to_draw(ax, "There are no scores to draw.")
    places = _visit_places([row.visit for row in rows])
    names = row_names([own[0]._replace(population="") for own in lines.values()], labels)
    counts, colors = {}, []
    for turn, (own, name) in enumerate(zip(lines.values(), names, strict=True)):
        own.sort(key=lambda row: places[row.visit])
        color, apart = condition_color(own[0].condition), 0.35 * (turn - (len(lines) - 1) / 2)
        x = np.array([places[row.visit] for row in own]) + apart
        for at, row in zip(x, own, strict=True):
            if row.low is not None and row.high is not None:
                ax.plot([at, at], [row.low, row.high], color=color, linewidth=1.4, zorder=2)
        boosted = own[0].definition == AFTER_BOOSTER
        ax.plot(
            x, np.array([row.value for row in own], dtype=float), color=color,
            marker=condition_marker(own[0].condition), markersize=5.5, linewidth=1.4, zorder=3,
            linestyle=DASHED if boosted else "-", markerfacecolor=PAPER if boosted else color,
            label=wrapped(name, 34),
        )  # fmt: skip
        heading = "Patients seen" if len(lines) == 1 else f"Patients seen: {wrapped(name, 44)}"
        counts[heading] = {places[row.visit]: row.n for row in own}
        colors.append(color if len(lines) > 1 else INK)
    ax.set_xticks(list(places.values()), [_visit_tick(visit) for visit in places])
    scale = scale_word(rows[0].notes)
    ax.set_ylim(0, 10 if scale == POINTS else None)
    ax.set_ylabel(f"Mean pain score ({scale})")
    ax.set_xlabel("Weeks after the end of the series")
    ax.grid(axis="y")
    if len(lines) > 1:
        ncols = 2 if all(len(name) <= SHORT_NAME for name in names) else 1
        ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=ncols, borderaxespad=0.2)
    write_counts(ax, counts, colors=colors)
    return ax


PANELS_ACROSS = 2


def plot_by_visit(results: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS) -> Figure:
    """Draw a share by visit in a small panel for each condition, with all of them in gray.

    Parameters
    ----------
    results : DataFrame
        Shares by ``visit``, one row a condition and visit; those of ``all`` are the gray line.
    labels : mapping of str to str
        Condition labels by code.
    """
    lines: dict[str, list[Row]] = {}
    for row in rows_from(results):
        if row.value is not None:
            lines.setdefault(row.condition, []).append(row)
    every = lines.pop("all", [])
    n_down = max(1, -(-len(lines) // PANELS_ACROSS))
    figure, axes = plt.subplots(
        n_down, PANELS_ACROSS, squeeze=False, sharex=True, sharey=True, layout="constrained",
        figsize=(theme.NARROW_INCHES, 0.6 + 1.45 * n_down),
    )  # fmt: skip
    places = _visit_places([row.visit for own in lines.values() for row in own])
    for ax, (code, own) in zip(axes.flat, lines.items(), strict=False):
        for rows, color in ((every, MUTED), (own, condition_color(code))):
            mine = color != MUTED
            at = [(places[row.visit], row) for row in rows if row.visit in places]
            ax.plot([x for x, _ in at], [row.value for _, row in at], color=color,
                    marker=condition_marker(code) if mine else "", markersize=4,
                    linewidth=1.6 if mine else 1, zorder=3 if mine else 2)  # fmt: skip
            for x, row in at if mine else ():
                if row.low is not None and row.high is not None:
                    ax.plot([x, x], [row.low, row.high], color=color, linewidth=1.2)
        ax.set_title(wrapped(condition_word(code, labels), 24), fontsize=SMALL,
                     color=condition_color(code), pad=4)  # fmt: skip
        ax.set_ylim(0, 1)
        ax.set_xticks(list(places.values()), [f"{visit_week(name) or 0:.3g}" for name in places])
        unit_ticks(ax.yaxis, "share")
        ax.grid(axis="y")
    for ax in axes.flat[len(lines) :]:
        ax.set_axis_off()
    figure.supxlabel("Weeks after the end of the series; gray: all conditions", fontsize=SMALL)
    return figure


def _visit_places(visits: Iterable[str]) -> dict[str, float]:
    """Place visits by their week; where one has no week, evenly in the order given."""
    names = list(dict.fromkeys(visits))
    weeks = [WEEK_OF_BASELINE if name == "baseline" else visit_week(name) for name in names]
    if None in weeks:
        return {name: 4.0 * place for place, name in enumerate(names)}
    known = {name: float(week or 0.0) for name, week in zip(names, weeks, strict=True)}
    return dict(sorted(known.items(), key=lambda item: item[1]))


def _visit_tick(visit: str) -> str:
    if visit == "baseline":
        return "before"
    week = visit_week(visit)
    return visit_word(visit).removesuffix(" of series") if not week else f"{week:.3g}"


# Claims

AXES = {"percent": (100.0, ""), "weeks": (26.0, "Weeks")}
"""Least length and name of each axis of the verdicts; shares are drawn on the percent axis."""


def plot_verdicts(judgements: pd.DataFrame, *, labels: Mapping[str, str] = NO_LABELS) -> Figure:
    """Draw each claim as a row: cited band, our interval, and the verdict by word, color and shape.

    Parameters
    ----------
    judgements : DataFrame
        Shares and percents stand on one axis from 0 to 100%, times on a second one below.
    labels : mapping of str to str
        Condition labels by code.
    """
    times = judgements["unit"].isin(["weeks", "days"])
    panels = [
        (unit, part)
        for unit, part in (("percent", judgements[~times]), ("weeks", judgements[times]))
        if len(part)
    ]
    sizes = [0.5 + 0.66 * len(part) for _, part in panels] or [1.0]
    figure, axes = plt.subplots(
        len(sizes), squeeze=False, figsize=(theme.WIDTH_INCHES, 0.15 + sum(sizes)),
        height_ratios=sizes, layout="constrained",
    )  # fmt: skip
    if not panels:
        nothing_to_draw(axes[0, 0], "There are no claims to draw.")
    for ax, (unit, part) in zip(axes[:, 0], panels, strict=False):
        _plot_verdicts(ax, unit, part, labels)
    return figure


def _plot_verdicts(
    ax: Axes, unit: str, judgements: pd.DataFrame, labels: Mapping[str, str]
) -> None:
    scale = judgements["unit"].map({"share": 100.0, "days": 1 / 7}).fillna(1.0)
    ends = ["value", "low", "high", "cited_low", "cited_high"]
    drawn = judgements[ends].astype(float)
    drawn["value"] = judgements["imputed"].astype(float).fillna(drawn["value"])
    drawn["low"] = judgements["judged_low"].astype(float)
    drawn["high"] = judgements["judged_high"].astype(float)
    drawn = drawn.mul(scale, axis=0)
    longest, name = AXES[unit]
    right = max(longest, float(np.nanmax(drawn.to_numpy(), initial=0.0)) * 1.05)
    ax.set_xlim(min(0.0, float(np.nanmin(drawn.to_numpy(), initial=0.0))), right)
    ax.set_ylim(len(judgements) - 0.45, -0.55)
    own = judgements.astype(object).where(judgements.notna(), None)
    for y, (one, at) in enumerate(
        zip(own.itertuples(index=False), drawn.itertuples(index=False), strict=True)
    ):
        color = verdict_color(one.verdict)
        if not (np.isnan(at.cited_low) and np.isnan(at.cited_high)):
            low = ax.get_xlim()[0] if np.isnan(at.cited_low) else at.cited_low
            high = right if np.isnan(at.cited_high) else at.cited_high
            ax.fill_betweenx([y - 0.34, y + 0.34], low, high, color=BAND, linewidth=0, zorder=0.5)
            for edge in (at.cited_low, at.cited_high):
                ax.plot([edge, edge], [y - 0.34, y + 0.34], color=BAND_EDGE, linewidth=1.2)
        if not np.isnan(at.low):
            high = right if np.isnan(at.high) else at.high
            ax.plot([at.low, high], [y, y], color=color, linewidth=2.4, zorder=2)
        if not np.isnan(at.value):
            ax.plot(at.value, y, VERDICT_MARKERS[one.verdict], color=color, markersize=8,
                    zorder=3, clip_on=False)  # fmt: skip
        verdict = f"{verdict_symbol(one.verdict)} {word(VERDICTS, one.verdict)}"
        verdict += f", {one.firmness}" if one.firmness else ""
        beside(ax, y, verdict, up=13, color=color, weight="bold")
        if one.value is not None:
            estimate = quantity_text(
                one.value, unit=one.unit, apart_from=(one.cited_low, one.cited_high)
            )
            interval = "" if one.low is None else f" ({interval_text(one)})"
            beside(ax, y, f"{estimate}{interval}")
        beside(ax, y, f"n = {count_text(one.n)}" if one.n else "no patients", up=-13, color=MUTED)
    name_rows(ax, range(len(own)), [
        f"{condition_word(one.condition, labels)}\ncited {one.cited_text}"
        for one in own.itertuples(index=False)
    ])  # fmt: skip
    unit_ticks(ax.xaxis, unit)
    ax.set_xlabel(name)


MOST_COLUMNS = 72
"""More readings than this share columns under the curve; a column's height is then a share."""

MOST_LINES = 300
"""More intervals of one verdict than this are thinned evenly."""


def plot_specifications(multiverse: Multiverse) -> Figure:
    """Draw every reading of a claim from lowest to highest estimate, its choices beneath.

    Parameters
    ----------
    multiverse : Multiverse
        `analysis.claims.multiverse.list_readings`. Readings without a value are left out.

    Returns
    -------
    Figure
        Above, intervals colored by verdict, the cited band, and the reading fixed in advance as a
        dotted line. Beneath, a row for each verdict (so that its place, too, tells it) and for
        each choice; many readings share a column, whose height is the share that make the choice.
    """
    every = multiverse.readings
    known = every[every["value"].notna()] if len(every) else every
    if known.empty:
        ax = nothing_to_draw(new_axes(1.4), "There are no readings with a number.")
        return cast("Figure", ax.figure)
    known = known.sort_values(["value", "low"], na_position="first", kind="stable")
    rows = _choice_rows(multiverse, known)
    under = 0.155 * (rows[-1][0] + 1)
    figure, (curve, matrix) = plt.subplots(
        2, figsize=(theme.WIDTH_INCHES, 2.6 + under), height_ratios=[2.1, under], sharex=True,
        layout="constrained",
    )  # fmt: skip
    _plot_curve(curve, multiverse, known)
    _plot_choices(matrix, rows, len(known))
    place = int(np.argmax(known["is_headline"]))
    if known["is_headline"].any():
        own = known.iloc[place]
        for ax in (curve, matrix):
            ax.axvline(place + 0.5, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=3.5)
        ring = {"color": PAPER, "markeredgecolor": INK, "markeredgewidth": 1.3, "zorder": 5}
        curve.plot(place + 0.5, own["value"], VERDICT_MARKERS[own["verdict"]], markersize=7.5,
                   **ring)  # fmt: skip
        for y, *_, chosen in rows:
            if chosen[place]:
                matrix.plot(place + 0.5, y, "o", markersize=4.6, clip_on=False, **ring)
        right = place > 0.6 * len(known)
        curve.annotate("fixed in advance", (place + 0.5, 1), xycoords=("data", "axes fraction"),
                       xytext=(-4 if right else 4, 2), textcoords="offset points", fontsize=9,
                       ha="right" if right else "left", va="bottom")  # fmt: skip
    return figure


def _plot_curve(ax: Axes, multiverse: Multiverse, known: pd.DataFrame) -> None:
    low, high, n = multiverse.floor, multiverse.ceiling, len(known)
    if low is not None and high is not None:
        ax.axhspan(low, high, color=BAND, linewidth=0, zorder=0.5)
    edges = [edge for edge in (low, high) if edge is not None]
    for edge in edges:
        ax.axhline(edge, color=BAND_EDGE, linewidth=1.1, zorder=1)
    if edges:
        text = f"cited {band_text(low, high, unit=multiverse.unit)}"
        ax.annotate(text, (0, edges[0]), xytext=(4, 3), color=BAND_EDGE, zorder=4,
                    textcoords="offset points", fontsize=9)  # fmt: skip
    places = np.arange(n) + 0.5
    for verdict in known["verdict"].unique():
        own = np.flatnonzero(known["verdict"] == verdict)
        own = own[:: -(-len(own) // MOST_LINES)]
        ends = known[["low", "high"]].to_numpy(dtype=float)[own]
        gaps = np.full(len(own), np.nan)  # one line with gaps: a path each would be a large file
        ax.plot(np.repeat(places[own], 3), np.column_stack([ends, gaps]).ravel(), zorder=2,
                color=verdict_color(verdict), solid_capstyle="butt",
                linewidth=np.clip(190.0 / n, 0.9, 2.2))  # fmt: skip
    some = np.unique(np.linspace(0, n - 1, min(n, MOST_LINES)).astype(int))
    for color, width in ((PAPER, 2.6), (INK, 1.2)):
        ax.plot(places[some], known["value"].to_numpy(dtype=float)[some], color=color,
                linewidth=width, zorder=3)  # fmt: skip
    ax.set_xlim(0, n)
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.spines["bottom"].set_visible(False)
    unit_ticks(ax.yaxis, multiverse.unit)
    ax.grid(axis="y")
    name = {"share": "Share of patients", "weeks": "Weeks of relief"}
    ax.set_ylabel(name.get(multiverse.unit, "Pain reduction"))


def _choice_rows(
    multiverse: Multiverse, known: pd.DataFrame
) -> list[tuple[float, str, str, str, np.ndarray]]:
    """Return height, name, color, count and who makes the choice, for each row of the matrix."""
    from analysis.claims.multiverse import choice_word  # here: statistics, which few figures need

    rows, y = [], 0.0
    for verdict in ("meets", "undecided", "falls short"):
        chosen = (known["verdict"] == verdict).to_numpy()
        name = f"{verdict_symbol(verdict)} {VERDICTS[verdict]}"
        rows.append((y, name, verdict_color(verdict), count_text(chosen.sum()), chosen))
        y += 1
    for column in multiverse.choices:
        choices = multiverse.readings[column].unique()
        if len(choices) > 1:
            y += 0.55
            for choice in choices:
                chosen = (known[column] == choice).to_numpy()
                rows.append((y, choice_word(column, choice), INK, "", chosen))
                y += 1
    return rows


def _plot_choices(
    ax: Axes, rows: Sequence[tuple[float, str, str, str, np.ndarray]], n: int
) -> None:
    edges = np.unique(np.linspace(0, n, min(n, MOST_COLUMNS) + 1).round().astype(int))
    for y, _, color, count, chosen in rows:
        shares = np.add.reduceat(chosen.astype(float), edges[:-1]) / np.diff(edges)
        # In tenths: finer steps no eye tells apart, and each makes the file longer.
        tops = y + 0.39 - 0.78 * np.ceil(10 * shares - TIE) / 10
        new = np.append(True, np.diff(tops) != 0)  # columns of one height are one
        if chosen.any():
            ax.stairs(tops[new], np.append(edges[:-1][new], n), baseline=y + 0.39, fill=True,
                      color=color, linewidth=0)  # fmt: skip
        beside(ax, y, count, color=color, fontsize=8.5)
    ax.set_ylim(rows[-1][0] + 0.6, -0.7)
    name_rows(ax, [row[0] for row in rows], [row[1] for row in rows])
    ax.grid(visible=False)
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set(color=row[2], fontsize=8.5)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_xlabel(f"{count_text(n)} readings, from the lowest estimate to the highest",
                  color=MUTED, fontsize=9)  # fmt: skip
