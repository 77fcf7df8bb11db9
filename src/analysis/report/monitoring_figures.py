"""Sites and quarters against the limits of chance: funnel and control chart, completeness first."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.labels import plain_text
from analysis.report.figures import DASHED, unit_ticks
from analysis.report.theme import BAND, BAND_EDGE, INK, MUTED, PAPER, WIDTH_INCHES, condition_color
from analysis.results import find
from analysis.stats.monitoring import is_outside

PANELS = {
    "Seen at the visit": ("completeness_share", "all_starters"),
    "Responders, all who started; missing = not": ("adjusted_share", "all_starters"),
    "Responders, only those seen": ("adjusted_share", "observed"),
}
"""Panels from top to bottom: title, and the measure and population of their marks."""

MOST_NAMED = 6
"""Up to so many sites are all named; of more only those outside the limits."""

LONGEST = 24


def plot_quarters(rows: pd.DataFrame) -> Figure:
    """Draw shares by quarter, in the order of time, with the limits of chance (p-chart).

    ``rows`` are of one condition and of ``group_by`` quarter: completeness_share, adjusted_share
    and control_limits.
    """
    figure, panels = _new_panels(rows)
    names = sorted(rows["group"].unique())
    for ax, marks, limits in panels:
        places = [names.index(name) for name in marks["group"]]
        around = limits.set_index("group").loc[marks["group"]]
        ax.fill_between(places, around["low"], around["high"], step="mid", color=BAND, linewidth=0)
        ax.plot(places, marks["value"], color=MUTED, linewidth=1)
        _draw_marks(ax, places, marks, around)
        ax.set_xlim(-0.5, len(names) - 0.5)
    first = [at for at, name in enumerate(names) if name.endswith("Q1") or at == 0]
    panels[-1][0].set_xticks(first, [names[at] for at in first])
    panels[-1][0].set_xlabel("Quarter of the first infusion")
    return figure


def plot_sites(rows: pd.DataFrame) -> Figure:
    """Draw shares of sites by their number of patients, with the limits of chance (funnel).

    ``rows`` are of one condition and of ``group_by`` site: as `plot_quarters`, and shrunk_share,
    which is drawn hollow.
    """
    figure, panels = _new_panels(rows)
    for ax, marks, limits in panels:
        places = marks["n"].astype(float)
        around = limits.set_index("group").loc[marks["group"]]
        line = limits.sort_values("n")
        ax.fill_between(line["n"].astype(float), line["low"], line["high"], color=BAND, linewidth=0)
        population = marks["population"].iloc[0]
        if marks["measure"].iloc[0] == "adjusted_share":
            near = find(rows, measure="shrunk_share", population=population)
            ax.plot(near["n"].astype(float), near["value"], "o", markerfacecolor=PAPER,
                    markeredgecolor=MUTED, markersize=6)  # fmt: skip
        outside = _draw_marks(ax, places, marks, around)
        for name, n, share, out in zip(
            marks["group"], places, marks["value"], outside, strict=True
        ):
            if out or len(marks) <= MOST_NAMED:
                text = plain_text(name, longest=LONGEST).replace("$", r"\$")
                ax.annotate(text, (n, share), xytext=(0, 7), textcoords="offset points",
                            ha="center", fontsize=9)  # fmt: skip
    sizes = pd.concat([marks["n"] for _, marks, _ in panels]).astype(float)
    room = 0.14 * (sizes.max() - sizes.min()) or 1.0
    panels[-1][0].set_xlim(max(0.0, sizes.min() - room), sizes.max() + room)
    panels[-1][0].xaxis.set_major_locator(MaxNLocator(6, integer=True))
    panels[-1][0].set_xlabel("Patients of the site")
    return figure


def _new_panels(rows: pd.DataFrame) -> tuple[Figure, list[tuple[Axes, pd.DataFrame, pd.DataFrame]]]:
    """Return a figure with a panel for each share there is, its marks, and their limits."""
    found = []
    for title, (measure, population) in PANELS.items():
        marks = find(rows, measure=measure, population=population, status="estimated")
        definition = "observed" if measure == "completeness_share" else "percent_reduction"
        limits = find(rows, measure="control_limits", definition=definition, population=population)
        marks = marks[marks["group"].isin(limits["group"])].sort_values("group")
        if len(marks):
            found.append((title, marks, limits))
    size = (WIDTH_INCHES, 0.7 + 1.5 * max(1, len(found)))
    figure, axes = plt.subplots(max(1, len(found)), squeeze=False, figsize=size,
                                sharex=True, layout="constrained")  # fmt: skip
    panels = []
    for ax, (title, marks, limits) in zip(axes[:, 0], found, strict=False):
        ax.axhline(limits["value"].iloc[0], color=BAND_EDGE, linewidth=1, linestyle=DASHED)
        ax.set_title(title, fontsize=10, pad=5)
        ends = pd.concat([marks["value"], limits["low"], limits["high"]])
        ax.set_ylim(max(-0.02, ends.min() - 0.08), min(1.04, ends.max() + 0.1))
        ax.yaxis.set_major_locator(MaxNLocator(3))
        unit_ticks(ax.yaxis, "share")
        panels.append((ax, marks, limits))
    return figure, panels


def _draw_marks(ax: Axes, places: object, marks: pd.DataFrame, around: pd.DataFrame) -> np.ndarray:
    """Draw a mark a group, an X where it is outside its limits; return which are outside."""
    share, x = marks["value"].to_numpy(dtype=float), np.asarray(places, dtype=float)
    outside = is_outside(share, around["low"], around["high"])
    color = condition_color(marks["condition"].iloc[0])
    ax.plot(x[~outside], share[~outside], "o", color=color, markersize=5)
    ax.plot(x[outside], share[outside], "X", color=INK, markersize=9)
    return outside
