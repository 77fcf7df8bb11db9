"""Figures of published evidence. Each takes a frame of `analysis.claims.evidence` and draws it."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.labels import condition_word, words_in
from analysis.numbers import count_text
from analysis.report.figures import draw_band, name_rows, new_axes, nothing_to_draw, unit_ticks
from analysis.report.theme import BAND, BAND_EDGE, INK, MUTED, RULE, WIDTH_INCHES
from analysis.stats.natural_course import TRIALS_HIGH, TRIALS_LOW, Course

WINDOW_WORDS = {"day": "0-1 day", "weeks": "2 days to\n3 weeks", "months": "4 to 12\nweeks",
                "later": "later", "": "no time\nprinted"}  # fmt: skip

KIND_LOOK: Mapping[str, tuple[str, str, str]] = {
    "randomized": ("s", INK, "filled"),
    "uncontrolled": ("o", INK, "hollow"),
    "pooled": ("D", INK, "filled"),
    "predicted": ("|", INK, "filled"),
    "pool": ("D", MUTED, "hollow"),
    "benchmark": ("X", MUTED, "filled"),
    "clinic": ("P", BAND_EDGE, "filled"),
    "release": ("o", INK, "filled"),
}
"""Marker, color and fill of a line of a forest plot."""

KIND_WORDS = words_in("evidence.lines")


def plot_published(
    lines: pd.DataFrame,
    *,
    cited: tuple[float | None, float | None] = (None, None),
    xlabel: str = "Share of patients",
    ax: Axes | None = None,
) -> Axes:
    """Draw a forest plot: studies by design, what they give together, and what it is held against.

    ``lines`` are those of `analysis.claims.evidence.forest_frame`, with rows of kind ``clinic``
    added where the export's own number is to be shown below. The cited range is drawn as a band.
    """
    ax = ax or new_axes(1.4 + 0.32 * max(len(lines), 2))
    if lines.empty:
        return nothing_to_draw(ax, "No published result answers this claim.")
    unit = lines["unit"].iloc[0]
    places = np.arange(len(lines))
    if unit == "share":
        ax.set_xlim(0, 1)
    ax.set_ylim(len(lines) - 0.3, -0.8)
    if cited != (None, None):
        draw_band(ax, *cited, top=-0.8, bottom=len(lines) - 0.3, unit=unit)
    seen: set[str] = set()
    for place, line in zip(places, lines.itertuples(), strict=True):
        marker, color, fill = KIND_LOOK[line.kind]
        if not pd.isna(line.low):
            style = ":" if line.kind == "predicted" else "-"
            ax.plot([line.low, line.high], [place, place], color=color, linestyle=style, zorder=2)
        face = color if fill == "filled" else "white"
        name = KIND_WORDS[line.kind] if line.kind not in seen else None
        ax.plot([line.value], [place], marker, color=color, markerfacecolor=face, zorder=3,
                label=name, linestyle="none")  # fmt: skip
        seen.add(line.kind)
    n = ["" if pd.isna(n) else f" (n = {count_text(n)})" for n in lines["n"]]
    name_rows(ax, list(places), [f"{a}{b}" for a, b in zip(lines["label"], n, strict=True)])
    unit_ticks(ax.xaxis, unit)
    ax.set_xlabel(xlabel)
    ax.figure.legend(loc="outside lower left", ncols=3, frameon=False)
    return ax


def plot_thresholds(shares: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw shares by threshold (`analysis.claims.evidence.thresholds_frame`), a line an arm."""
    ax = ax or new_axes(3.4)
    if shares.empty:
        return nothing_to_draw(ax, "No study gives shares by two thresholds.")
    for name, own in shares.groupby("label", sort=False):
        color = INK if own["arm"].iloc[0] == "ketamine" else MUTED
        ax.plot(own["threshold"], own["value"], "o-", color=color, linewidth=1.2)
        last = own.iloc[-1]
        ax.annotate(str(name), (last["threshold"], last["value"]), xytext=(6, -7), fontsize=9,
                    textcoords="offset points", va="center", color=color)  # fmt: skip
    ax.set_ylim(0, 1)
    ax.set_xlim(shares["threshold"].min() - 4, shares["threshold"].max() + 34)
    ax.set_xticks(sorted(shares["threshold"].unique()))
    unit_ticks(ax.xaxis, "percent")
    unit_ticks(ax.yaxis, "share")
    ax.set_xlabel("Least relief that counts as a response")
    return ax


def plot_evidence_map(results: pd.DataFrame) -> Figure:
    """Draw how many studies there are of each condition, design and time; empty cells are drawn.

    ``results`` are those of `analysis.claims.evidence.load_evidence`.
    """
    own = results[(results["role"] == "primary") & (results["duplicate_of"] == "")]
    designs = [
        name for name in ("randomized", "uncontrolled") if (own["design_class"] == name).any()
    ]
    conditions = sorted(set(own["condition"]))
    windows = list(WINDOW_WORDS)
    figure, axes = plt.subplots(
        1, max(len(designs), 1), figsize=(WIDTH_INCHES + 1, 1.2 + 0.36 * max(len(conditions), 2)),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax, design in zip(axes[0], designs, strict=False):
        part = own[own["design_class"] == design]
        counts = part.pivot_table(
            index="condition", columns="window", values="study", aggfunc="nunique", fill_value=0
        ).reindex(index=conditions, columns=windows, fill_value=0)
        counts.index = [condition_word(code, {}) for code in counts.index]
        counts.columns = [WINDOW_WORDS[code] for code in counts.columns]
        sns.heatmap(
            counts, ax=ax, cmap=sns.light_palette(INK, as_cmap=True), vmin=0, vmax=12, cbar=False,
            annot=True, fmt="d", linewidths=1.2, linecolor=MUTED, annot_kws={"fontsize": 9},
        )  # fmt: skip
        ax.set_title(design.capitalize())
        ax.set_xlabel("")
        ax.set_ylabel("")
        ax.tick_params(axis="x", rotation=0, labelsize=8)
    return figure


def plot_arithmetic(checks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many published numbers pass each check of their own arithmetic, and which do not.

    ``checks`` are those of `analysis.claims.evidence.audit_results`.
    """
    kinds = {"grim": "whole number of patients", "events": "events give the percentage",
             "inside": "interval holds the estimate", "error": "error gives the interval",
             "p": "p goes with the interval", "sign": "sign of a fall"}  # fmt: skip
    kinds = {code: name for code, name in kinds.items() if (checks["check"] == code).any()}
    ax = ax or new_axes(1.0 + 0.42 * len(kinds))
    for place, (code, _) in enumerate(reversed(kinds.items())):
        own = checks[checks["check"] == code]
        passes = own["passes"]
        ax.barh(place, passes.sum(), color=RULE, edgecolor=MUTED)
        ax.barh(
            place, (~passes).sum(), left=passes.sum(), color=BAND, edgecolor=BAND_EDGE, hatch="//"
        )
        names = ", ".join(own["result_id"][~passes])
        ax.text(len(own) + 0.6, place, f"{(~passes).sum()} fail" if names else "all pass",
                va="center", color=INK, fontsize=9)  # fmt: skip
    ax.set_yticks(range(len(kinds)), list(reversed(kinds.values())))
    ax.set_xlabel("Results checked (hatched: fail)")
    ax.margins(x=0.15)
    return ax


def plot_regression(course: Course, *, ax: Axes | None = None) -> Axes:
    """Draw the fall that regression to the mean would give, by the usual pain of the patients."""
    ax = ax or new_axes(3.0)
    usual = np.linspace(max(course.before - 5, 0), course.before, 50)
    words = {"trials_low": f"correlation {TRIALS_LOW} (trials, least)",
             "trials_high": f"correlation {TRIALS_HIGH} (trials, largest)",
             "own": f"correlation {course.own or 0:.2f} (this export)"}  # fmt: skip
    styles = {"trials_low": ":", "trials_high": "--", "own": "-"}
    for code, correlation in course.correlations.items():
        falls = [course.expected(correlation, at) for at in usual]
        ax.plot(usual, falls, color=INK, linestyle=styles[code], label=words[code])
    fall = course.fall
    if fall.low is not None and fall.high is not None:
        ax.axhspan(fall.low, fall.high, color=BAND, zorder=0)
    ax.axhline(fall.value or 0.0, color=BAND_EDGE, label="fall seen, with its interval")
    ax.set_xlabel(f"Usual pain of these patients, if it were (baseline {course.before:.1f})")
    ax.set_ylabel("Fall in points")
    ax.set_ylim(0, max(fall.high or fall.value or 0.0, 1) * 1.15)
    ax.figure.legend(loc="outside lower left", ncols=2, frameon=False)
    return ax
