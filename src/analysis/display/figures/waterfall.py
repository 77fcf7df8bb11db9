"""Waterfall: every patient one bar, best to worst; those not seen stand as a counted block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.display.figures.canvas import new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import listed_long
from analysis.display.figures.ticks import put_ticks
from analysis.display.palette import INK, MUTED, PAPER, RULE, condition_color
from analysis.wording.numbers import count_text, fraction_text, quantity_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 400
"""More patients than this share bars (each the patient in its middle), to keep the file small."""

MOST_OUTLINED_BARS = 120
LEAST_ROOM = 0.6
"""Where the seen are less than this part of the width, labels stand at the right edge instead."""

LOWEST_PCT = -100.0
"""Deeper bars are cut here and counted in words; a single low baseline would flatten the rest."""

TIE = 1e-9
"""Percent points within which a reduction counts as on its threshold: (10 - 7) / 10 is 30 %."""


@themed
def draw_waterfall(
    reduction_pct: ArrayLike,
    *,
    condition: str = "all",
    thresholds_pct: Sequence[float] = (30.0, 50.0),
    title: str = "",
) -> Figure:
    """Draw patients' percent reductions as bars sorted from best to worst.

    Parameters
    ----------
    reduction_pct : array of float, shape (n_patients,)
        Percent; positive is less pain, negative is more, NaN is not seen (drawn as a block).
    condition : str
        Condition code, for the colour.
    thresholds_pct : sequence of float
        Lines to draw, each labelled with the number of patients who reach it.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    seen, n_missing = _sorted(reduction_pct)
    figure, (axes,) = new_axes(height=3.5, title=title or say("figures.waterfall.title"))
    if seen.size + n_missing == 0:
        say_nothing_to_draw(axes, say("figures.no_patients"))
        return figure
    _draw_bars(axes, seen, color=condition_color(condition), thresholds_pct=thresholds_pct)
    gap = 0.012 * (seen.size + n_missing)
    right = seen.size + (n_missing + gap if n_missing else 0)
    if n_missing:
        _draw_missing(axes, start=seen.size + gap, end=right, n=n_missing, n_all=right)
    for threshold in thresholds_pct:
        _draw_threshold(axes, seen, threshold, right=right, n=seen.size + n_missing)
    axes.axhline(0, color=INK, linewidth=0.9)
    lowest = float(seen.min()) if seen.size else 0.0
    axes.set_ylim(max(LOWEST_PCT, 20 * np.floor(min(lowest, -1) / 20)) - 4, 106)
    axes.set_xlim(0, right)
    axes.yaxis.set_major_formatter(lambda y, _: quantity_text(y, unit="percent").replace(".0", ""))
    put_ticks(axes.xaxis, [])
    axes.set_ylabel(say("figures.pain_reduction"))
    axes.set_xlabel(say("figures.waterfall.x", n=count_text(seen.size)))
    axes.spines["bottom"].set_visible(False)
    return figure


def describe_waterfall(
    reduction_pct: ArrayLike,
    *,
    thresholds_pct: Sequence[float] = (30.0, 50.0),
    who: str = "",
) -> str:
    """Return the alt text of `draw_waterfall`: how many reached each line, were worse, not seen."""
    seen, n_missing = _sorted(reduction_pct)
    n = seen.size + n_missing
    if n == 0:
        return say("figures.waterfall.none_of" if who else "figures.waterfall.none", who=who)
    parts = [
        say(
            "figures.waterfall.fell",
            patients=fraction_text(_count_at_least(seen, pct), n),
            threshold=_percent(pct),
        )
        for pct in thresholds_pct
    ]
    parts.append(say("figures.waterfall.worse", n=count_text(int((seen < -TIE).sum()))))
    if (deep := int((seen < LOWEST_PCT).sum())) > 0:
        parts.append(say("figures.waterfall.cut", n=count_text(deep)))
    parts.append(say("figures.waterfall.were_not_seen", n=count_text(n_missing)))
    name = "figures.waterfall.alt_of" if who else "figures.waterfall.alt"
    return say(name, who=who, n=count_text(n), parts=listed_long(parts))


def _percent(threshold: float) -> str:
    return say("numbers.percent", number=f"{threshold:g}")


def _sorted(reduction_pct: ArrayLike) -> tuple[NDArray[np.float64], int]:
    values = np.asarray(reduction_pct, dtype=float).ravel()
    seen = np.sort(values[np.isfinite(values)])[::-1]
    return seen, int(values.size - seen.size)


def _count_at_least(seen: NDArray[np.float64], threshold_pct: float) -> int:
    return int((seen >= threshold_pct - TIE).sum())


def _draw_bars(
    axes: Axes, seen: NDArray[np.float64], *, color: str, thresholds_pct: Sequence[float]
) -> None:
    if not seen.size:
        return
    n_bars = min(MOST_BARS, seen.size)
    edges = np.linspace(0, seen.size, n_bars + 1)
    middle = seen[np.floor((edges[:-1] + edges[1:]) / 2).astype(int)].clip(LOWEST_PCT, 100)
    shade = np.searchsorted(np.sort(thresholds_pct), middle + TIE, side="right")
    shade = np.where(middle < 0, -1, shade)
    for level in np.unique(shade):
        strength = 1.0 if level < 0 else 0.35 + 0.65 * level / max(1, len(thresholds_pct))
        here = shade == level
        bars = np.flatnonzero(here)
        axes.stairs(
            middle[bars],
            edges[bars[0] : bars[-1] + 2],
            fill=True,
            color=MUTED if level < 0 else color,
            alpha=strength,
            linewidth=0,
        )
    if n_bars <= MOST_OUTLINED_BARS:
        axes.vlines(edges[1:-1], np.minimum(middle, 0)[1:], np.maximum(middle, 0)[:-1],
                    color=PAPER, linewidth=0.7)  # fmt: skip


def _draw_missing(axes: Axes, *, start: float, end: float, n: int, n_all: float) -> None:
    axes.axvspan(start, end, facecolor=RULE, edgecolor=MUTED, hatch="////", linewidth=0, alpha=0.6)
    narrow = (end - start) / n_all < 0.2
    # Above the lines of the thresholds, whose labels may reach into a wide block.
    height = 50 if narrow else 80
    axes.text(
        (start + end) / 2,
        height,
        say("figures.waterfall.not_seen", n=count_text(n)),
        ha="center",
        va="center",
        rotation=90 if narrow else 0,
        fontsize=9,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 2.5},
    )


def _draw_threshold(
    axes: Axes, seen: NDArray[np.float64], threshold: float, *, right: float, n: int
) -> None:
    axes.plot([0, right], [threshold, threshold], color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    reached = fraction_text(_count_at_least(seen, threshold), n)
    room = seen.size >= LEAST_ROOM * right
    axes.annotate(
        say("figures.waterfall.reached", threshold=_percent(threshold), patients=reached),
        (seen.size if room else right, threshold),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        fontsize=9.5,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1, "alpha": 0.85},
    )
