"""Counts beneath a figure, aligned with its axis: patients at risk, patients seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.display.figures.canvas import drawable
from analysis.display.palette import INK, condition_color
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_counts_under(
    under: Axes,
    axes: Axes,
    counts: Sequence[tuple[Mapping[float, int], str]],
    names: Sequence[str],
    *,
    what: str,
) -> None:
    """Write rows of counts under an axis: per row its name, then its counts where they belong.

    Parameters
    ----------
    under, axes : matplotlib Axes
        Where to write, and the axes whose x positions count.
    counts : sequence of (mapping of x to count, condition code)
    names : sequence of str
        One per row; a single row needs none.
    what : str
        What is counted, said once per row.
    """
    under.set_axis_off()
    under.set_xlim(axes.get_xlim())
    under.set_ylim(len(counts), 0)
    for place, ((numbers, condition), name) in enumerate(zip(counts, names, strict=True)):
        whose = drawable(name, longest=56)
        head = what if len(counts) == 1 else say("figures.counted", what=what, name=whose)
        color = INK if len(counts) == 1 else condition_color(condition)
        under.text(0, place + 0.22, head, transform=under.get_yaxis_transform(), fontsize=9.5,
                   va="center", color=color, in_layout=False)  # fmt: skip
        for x, count in numbers.items():
            under.text(x, place + 0.66, count_text(count), ha="center", va="center", fontsize=9.5)
