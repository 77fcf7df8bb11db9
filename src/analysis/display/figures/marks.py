"""The marks of an axis, which are its grid, ticks and their names: measured and drawn.

matplotlib keeps five artists for every tick and lays each out several times; a figure spends more
on them than on everything else it shows. Here an axis is read as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib import rcParams
from matplotlib.axis import XAxis
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter
from matplotlib.transforms import IdentityTransform

from analysis.display.figures.text_width import line_metrics, text_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from analysis.display.figures.pens import TwoPens

SETTINGS = cast("Mapping[str, Any]", rcParams)
AT_EDGE = 1e-9
"""Share of an axis' length by which a tick may lie outside and still be drawn."""


@dataclass(frozen=True)
class Overhang:
    """Points by which something sticks out of its axes on each side."""

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0

    def __or__(self, other: Overhang) -> Overhang:
        """Return what sticks out further, side by side."""
        return Overhang(max(self.left, other.left), max(self.right, other.right),
                        max(self.top, other.top), max(self.bottom, other.bottom))  # fmt: skip


class Names(FixedFormatter):
    """Names of ticks, with a size and colours of their own where given."""

    def __init__(
        self, names: Sequence[str], *, size: float | None = None, colors: Sequence[str] = ()
    ) -> None:
        super().__init__(list(names))
        self.size, self.colors = size, tuple(colors)


@dataclass(frozen=True)
class Marks:
    """What stands along one axis.

    Parameters
    ----------
    is_x : bool
        Whether it is the lower edge, else the left one.
    places : tuple of float in [0, 1]
        Share of the edge's length.
    names : tuple of tuple of str
        Lines at each place.
    colors : tuple of str
        One per place.
    size, length, pad : float
        Points: of the letters, of a tick, and of the gap between them.
    has_grid : bool
    """

    is_x: bool
    places: tuple[float, ...]
    names: tuple[tuple[str, ...], ...]
    colors: tuple[str, ...]
    size: float
    length: float
    pad: float
    has_grid: bool

    @property
    def line(self) -> tuple[float, float]:
        """Points above and below the baseline of a line of a name."""
        metrics = line_metrics(size_points=self.size, bold=False)
        gap = metrics.gap / 2 if any(len(lines) > 1 for lines in self.names) else 0.0
        return metrics.ascent + gap, metrics.descent + gap

    def width_of(self, lines: Sequence[str]) -> float:
        """Return the width of the longest line in points."""
        return max(text_size(each, size_points=self.size, bold=False).width for each in lines)

    @property
    def depth(self) -> float:
        """Points from the edge to the end of ticks and names."""
        named = [lines for lines in self.names if any(lines)]
        if not named:
            return self.length if self.places else 0.0
        thick = len(max(named, key=len)) * sum(self.line) if self.is_x else max(
            map(self.width_of, named))  # fmt: skip
        return self.length + self.pad + thick

    def overhang(self, edge_points: float) -> Overhang:
        """Return what sticks out of axes whose edge is that long."""
        before = after = 0.0
        above, below = self.line
        for place, lines in zip(self.places, self.names, strict=True):
            at = place * edge_points
            if self.is_x:
                half = self.width_of(lines) / 2
                before, after = max(before, half - at), max(after, at + half - edge_points)
            else:
                tall = (len(lines) - 1) * (above + below) + above
                before = max(before, tall / 2 + below - at)
                after = max(after, at + tall / 2 - edge_points)
        if self.is_x:
            return Overhang(left=before, right=after, bottom=self.depth)
        return Overhang(left=self.depth, top=after, bottom=before)


def read_marks(axis: Axis) -> Marks:
    """Return the marks of an axis as it is now: limits, size and formatter decide them."""
    is_x = isinstance(axis, XAxis)
    told, theme = axis.get_tick_params(), "xtick." if is_x else "ytick."
    formatter = axis.get_major_formatter()
    locs = np.asarray(axis.get_majorticklocs(), dtype=float)
    names = formatter.format_ticks(locs.tolist()) if locs.size else []
    low, high = axis.get_transform().transform(
        axis.axes.get_xlim() if is_x else axis.axes.get_ylim()
    )
    shares = (axis.get_transform().transform(locs) - low) / (high - low)
    colors = getattr(formatter, "colors", ()) or [SETTINGS[f"{theme}labelcolor"]] * len(names)
    kept = [
        (float(share), tuple(name.split("\n")), color)
        for share, name, color in zip(shares, names, colors, strict=True)
        if -AT_EDGE <= share <= 1 + AT_EDGE
    ]
    return Marks(
        is_x=is_x,
        places=tuple(each[0] for each in kept),
        names=tuple(each[1] for each in kept),
        colors=tuple(each[2] for each in kept),
        size=getattr(formatter, "size", None) or SETTINGS[f"{theme}labelsize"],
        length=told.get("length", SETTINGS[f"{theme}major.size"]),
        pad=SETTINGS[f"{theme}major.pad"],
        has_grid=told["gridOn"],
    )


def draw_marks(marks: Marks, axes: Axes, pens: TwoPens) -> None:
    """Draw grid, then ticks, then names."""
    x, y, width, height = axes.bbox.bounds
    at = [p * (width if marks.is_x else height) for p in marks.places]
    if marks.has_grid:
        ends = (0.0, height) if marks.is_x else (0.0, width)
        _draw_lines(marks, at, ends, (x, y), pens, color=SETTINGS["grid.color"],
                    width=SETTINGS["grid.linewidth"])  # fmt: skip
    if marks.length:
        theme = "xtick" if marks.is_x else "ytick"
        _draw_lines(marks, at, (-marks.length, 0.0), (x, y), pens, color=SETTINGS[f"{theme}.color"],
                    width=SETTINGS[f"{theme}.major.width"])  # fmt: skip
    for place, lines, color in zip(at, marks.names, marks.colors, strict=True):
        if marks.is_x:
            _write(marks, lines, x + place, y - marks.length - marks.pad, pens, color)
        else:
            _write(marks, lines, x - marks.length - marks.pad, y + place, pens, color)


def _draw_lines(
    marks: Marks,
    at: Sequence[float],
    ends: tuple[float, float],
    origin: tuple[float, float],
    pens: TwoPens,
    *,
    color: str,
    width: float,
) -> None:
    if not at:
        return
    along = np.repeat(np.asarray(at), 2)
    across = np.tile(ends, len(at))
    vertices = np.column_stack([along, across] if marks.is_x else [across, along]) + origin
    gc = pens.new_gc()
    gc.set_foreground(color)
    gc.set_linewidth(width)
    codes = np.tile([Path.MOVETO, Path.LINETO], len(at))
    pens.draw_path(gc, Path(vertices, codes), IdentityTransform())


def _write(
    marks: Marks, lines: Sequence[str], x: float, y: float, pens: TwoPens, color: str
) -> None:
    """Write a name: below its place on the lower edge, left of it, about its middle, on the other.

    The middle is that between the first line's top and the last one's baseline.
    """
    above, below = marks.line
    if not marks.is_x:
        y += ((len(lines) - 1) * (above + below) + above) / 2
    for turn, line in enumerate(lines):
        baseline = y - above - turn * (above + below)
        align = "center" if marks.is_x else "right"
        pens.write(line, (x, baseline), align=align, size_points=marks.size, color=color)
