"""Figures on adverse effects. Each takes a frame and draws it on the axes given, or on its own."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.labels import GROUPS, definition_word, word
from analysis.numbers import count_text
from analysis.report.figures import (
    DASHED,
    name_rows,
    new_axes,
    nothing_to_draw,
    unit_ticks,
    write_counts,
)
from analysis.report.theme import BAND_EDGE, CONDITION_COLORS, INK, MUTED, NARROW_INCHES

COLORS = (INK, CONDITION_COLORS["crps"], CONDITION_COLORS["neuropathic"],
          CONDITION_COLORS["central"], CONDITION_COLORS["fbss"])  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v")
"""Looks of the groups of a figure, in their order."""

CITED_MINUTES = 30.0
TICK_MINUTES = (0, 15, 30, 60, 90, 120)


def plot_effects(rows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw shares of effects with their intervals, a line an effect and a mark a group.

    ``rows`` are of the results frame; those without a value are named as not assessed.
    """
    effects = rows.groupby("definition")["value"].max().sort_values(na_position="first").index
    groups = rows["group"].unique()
    ax = ax or new_axes(1.6 + 0.42 * max(len(effects), 2), NARROW_INCHES)
    if rows.empty:
        return nothing_to_draw(ax, "Nobody is on record as asked about effects.")
    for place, group in enumerate(groups):
        own = rows[rows["group"] == group].set_index("definition").reindex(effects)
        y = [height + 0.17 * ((len(groups) - 1) / 2 - place) for height in range(len(effects))]
        color, n = COLORS[place % len(COLORS)], own["n"].max()
        name = f"{word(GROUPS, group)} (n = {count_text(n)} patients)"
        ax.hlines(y, own["low"], own["high"], color=color, linewidth=1.6)
        ax.plot(own["value"], y, MARKERS[place % len(MARKERS)], color=color, markersize=5,
                label=name)  # fmt: skip
    for height, effect in enumerate(effects):
        if rows.loc[rows["definition"] == effect, "value"].isna().all():
            ax.annotate("not assessed", (0.01, height), color=MUTED, va="center",
                        xycoords=ax.get_yaxis_transform())  # fmt: skip
    name_rows(
        ax,
        range(len(effects)),
        [definition_word(effect).capitalize() for effect in effects],
        width=24,
    )
    ax.set_xlim(0, max(0.1, min(1.0, 1.05 * rows["high"].max())))
    ax.set_ylim(-0.6, len(effects) - 0.4)
    unit_ticks(ax.xaxis, "share")
    ax.set_xlabel("Share of the patients asked")
    ax.figure.legend(loc="outside lower left", ncols=1, frameon=False)
    return ax


def plot_resolution(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of effects resolved by each minute after the infusion.

    ``curve`` is that of `analysis.stats.safety.resolution_curve`.
    """
    ax = ax or new_axes(3.7, NARROW_INCHES)
    if curve.empty:
        return nothing_to_draw(ax, "No effect has a time at which it resolved.")
    ax.fill_between(curve["minutes"], curve["low"], curve["high"], step="post", color=COLORS[1],
                    alpha=0.2, linewidth=0)  # fmt: skip
    ax.step(curve["minutes"], curve["share"], where="post", color=COLORS[1])
    ax.axvline(CITED_MINUTES, color=BAND_EDGE, linestyle=DASHED, linewidth=1)
    ax.set_xlim(0, TICK_MINUTES[-1])
    ax.set_ylim(0, 1.02)
    ax.set_xticks(TICK_MINUTES)
    ax.set(xlabel="Minutes after the end of the infusion", ylabel="Share of effects resolved")
    unit_ticks(ax.yaxis, "share")
    later = {at: curve.loc[curve["minutes"] >= at, "n_at_risk"] for at in TICK_MINUTES}
    counts: dict[float, int] = {
        at: int(left.iloc[0]) if len(left) else 0 for at, left in later.items()
    }
    write_counts(ax, {"Effects not yet resolved, and followed": counts})
    return ax
