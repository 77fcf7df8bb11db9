"""Ticks put on an axis, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def name_ticks(
    axis: Axis,
    places: Sequence[float],
    names: Sequence[str],
    *,
    size: float | None = None,
    colors: Sequence[str] = (),
) -> None:
    """Put named ticks at places of an axis, whose limits are set elsewhere.

    Parameters
    ----------
    axis : matplotlib Axis
    places : sequence of float
    names : sequence of str
        One per place; a line break begins a further line.
    size : float, optional
        Points, where not as the theme says.
    colors : sequence of str
        One per place, or none for that of the theme.
    """
    from analysis.display.figures.marks import Names

    put_ticks(axis, places)
    axis.set_major_formatter(Names(names, size=size, colors=colors))


def put_ticks(axis: Axis, places: Sequence[float]) -> None:
    """Put ticks at places of an axis, whose limits are set elsewhere."""
    from matplotlib.ticker import FixedLocator

    axis.set_major_locator(FixedLocator(list(places)))
