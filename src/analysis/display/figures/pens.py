"""One drawing, two files: a renderer that hands each line and text to a vector and a raster pen.

matplotlib works out where everything goes once for every file it writes; here it does so once for
both. Positions are in points from the lower left corner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase

from analysis.display.figures.marks import draw_marks, read_marks
from analysis.display.figures.png_pen import PngPen
from analysis.display.figures.svg_pen import SvgPen
from analysis.display.figures.text_width import (
    LineMetrics,
    TextSize,
    is_bold,
    line_metrics,
    text_size,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.text import Text
    from matplotlib.transforms import Transform


ALIGNED = {"left": 0.0, "center": 0.5, "right": 1.0}
"""Part of a text's width that lies before the point at which it is aligned."""


class TwoPens(RendererBase):
    """Draws into an SVG and a PNG at once, and measures text in the suite's font."""

    def __init__(self, width: float, height: float) -> None:
        """Begin an empty drawing of a width and height in points."""
        super().__init__()
        self.width, self.height = width, height
        self.svg = SvgPen(width, height)
        self.png = PngPen(width, height)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return width and height in points."""
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        """Return what it is given: the unit of the drawing is the point."""
        return points

    def flipy(self) -> bool:
        """Return that texts are placed from the top."""
        return True

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: bool | str
    ) -> TextSize:
        """Return the size of a line of text."""
        return text_size(s, size_points=prop.get_size_in_points(), bold=is_bold(prop))

    def _get_font_height_metrics(self, prop: FontProperties) -> LineMetrics:
        """Return what a line takes; matplotlib, which asks where it can, else reads the file."""
        return line_metrics(size_points=prop.get_size_in_points(), bold=is_bold(prop))

    def draw_path(
        self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None
    ) -> None:
        """Draw a path with both pens."""
        matrix = transform.get_matrix()
        self.svg.draw_path(gc, path, matrix, rgbFace)
        self.png.draw_path(gc, path, matrix, rgbFace)

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw a shape at every place of a path with both pens."""
        vertices = np.asarray(path.vertices)
        if len(vertices):
            shape, places = marker_trans.get_matrix(), trans.transform(vertices)
            self.svg.draw_markers(gc, marker_path, shape, places, rgbFace)
            self.png.draw_markers(gc, marker_path, shape, places, rgbFace)

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Text | None = None,
    ) -> None:
        """Write a line of text, as it stands, with both pens; ``y`` counts from the top."""
        align, anchor = "left", (x, y)
        if mtext is not None and angle == 0:
            # Held where it is aligned, its end or middle stays in place in another font, too.
            align = mtext.get_horizontalalignment()
            place = mtext.get_unitless_position()
            anchor = (float(mtext.get_transform().transform(place)[0]), y)
        size, bold = prop.get_size_in_points(), is_bold(prop)
        self.svg.draw_text(gc, anchor, s, size_points=size, bold=bold, angle=angle, align=align)
        self.png.draw_text(gc, (x, y), s, size_points=size, bold=bold, angle=angle)

    def write(
        self, text: str, at: tuple[float, float], *, align: str, size_points: float, color: str
    ) -> None:
        """Write a level line of text, aligned at a point of its baseline from the lower left."""
        gc = self.new_gc()
        gc.set_foreground(color)
        size: dict[str, Any] = {"size_points": size_points, "bold": False}
        x, y = at[0], self.height - at[1]
        left = x - ALIGNED[align] * text_size(text, **size).width
        self.svg.draw_text(gc, (x, y), text, **size, angle=0, align=align)
        self.png.draw_text(gc, (left, y), text, **size, angle=0)


def paint(figure: Figure, pens: TwoPens) -> None:
    """Draw a figure whose axes stand where they should: each axes from back to front."""
    figure.patch.draw(pens)
    for axes in figure.axes:
        _paint_axes(axes, pens)
    for text in figure.texts:
        text.draw(pens)


def _paint_axes(axes: Axes, pens: TwoPens) -> None:
    own = {axes.patch, *axes.spines.values(), axes.xaxis, axes.yaxis}
    artists = [each for each in axes.get_children() if axes.axison or each not in own]
    for artist in sorted(artists, key=lambda each: each.get_zorder()):
        if not artist.get_visible():
            continue
        if artist in (axes.xaxis, axes.yaxis):
            draw_marks(read_marks(artist), axes, pens)
            artist.label.draw(pens)
        else:
            artist.draw(pens)
