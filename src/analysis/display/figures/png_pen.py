"""The raster pen: matplotlib's own painter, and a quick PNG."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from matplotlib.backends._backend_agg import RendererAgg  # type: ignore[attr-defined]
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, TransformedPath
from numpy.typing import NDArray

from analysis.display.figures.text_width import POINTS_PER_INCH, text_outline

PNG_DPI = 150
LEVEL = 3
"""Of compression, up to 9. Flat figures gain a tenth from more, for twice the time."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOR = 2
_BITS = 8
_METRE_INCHES = 0.0254

Floats = NDArray[np.float64]
Context = Any
"""matplotlib's GraphicsContextBase, of which the type stubs tell less than it gives."""


class PngPen:
    """Paints at 150 pixels an inch what is given in points."""

    def __init__(self, width: float, height: float) -> None:
        """Begin an empty picture of a width and height in points."""
        self._scale = PNG_DPI / POINTS_PER_INCH
        self._points_high = height
        self._agg = RendererAgg(int(width * self._scale), int(height * self._scale), PNG_DPI)

    def draw_path(self, gc: Context, path: Path, matrix: Floats, face: Any) -> None:
        """Paint a path; ``matrix`` takes its vertices to points."""
        clip = self._clip_in_pixels(gc)
        self._agg.draw_path(gc, path, self._in_pixels(matrix), face)
        self._put_back(gc, clip)

    def draw_markers(
        self, gc: Context, shape: Path, matrix: Floats, places: Floats, face: Any
    ) -> None:
        """Paint a shape at places, both in points."""
        clip = self._clip_in_pixels(gc)
        there = Path(places * self._scale)
        self._agg.draw_markers(gc, shape, self._in_pixels(matrix), there, Affine2D(), face)
        self._put_back(gc, clip)

    def draw_text(
        self,
        gc: Context,
        at: tuple[float, float],
        text: str,
        *,
        size_points: float,
        bold: bool,
        angle: float,
    ) -> None:
        """Paint a line of text from the left end of its baseline, in points from the top."""
        vertices, codes = text_outline(text, bold=bold)
        if not len(vertices):
            return
        turn = np.deg2rad(angle)
        across, up = size_points * np.cos(turn), size_points * np.sin(turn)
        x, y = at[0], self._points_high - at[1]
        matrix = np.array([[across, -up, x], [up, across, y], [0, 0, 1]])
        width = gc.get_linewidth()
        gc.set_linewidth(0)
        self.draw_path(gc, Path(vertices, codes), matrix, gc.get_rgb())
        gc.set_linewidth(width)

    def png(self) -> bytes:
        """Return the picture as PNG, the same bytes for the same picture."""
        return encode_png(np.asarray(self._agg)[..., :3], dpi=PNG_DPI)

    def _in_pixels(self, matrix: Floats) -> Floats:
        scaled = matrix * self._scale
        scaled[2] = matrix[2]
        return scaled

    def _clip_in_pixels(self, gc: Context) -> tuple[Any, Any]:
        rectangle, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        if rectangle is not None:
            gc.set_clip_rectangle(Bbox(rectangle.get_points() * self._scale))
        if path is not None:
            larger = Affine2D(self._in_pixels(transform.get_matrix()))
            gc.set_clip_path(TransformedPath(path, larger))
            return rectangle, TransformedPath(path, transform)
        return rectangle, None

    @staticmethod
    def _put_back(gc: Context, clip: tuple[Any, Any]) -> None:
        rectangle, path = clip
        gc.set_clip_rectangle(rectangle)
        gc.set_clip_path(path)


def encode_png(rgb: NDArray[np.uint8], *, dpi: int) -> bytes:
    """Return pixels as PNG.

    Parameters
    ----------
    rgb : array of uint8, shape (height, width, 3)
    dpi : int
        Told in the file.

    Notes
    -----
    Rows are left unfiltered: figures are flat, and filters make flat colours longer.
    """
    height, width, _ = rgb.shape
    rows = rgb.reshape(height, -1)
    raw = np.zeros((height, rows.shape[1] + 1), dtype=np.uint8)
    raw[:, 1:] = rows
    metre = round(dpi / _METRE_INCHES)
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, _BITS, _TRUE_COLOR, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", metre, metre, 1)),
            _chunk(b"IDAT", zlib.compress(raw.tobytes(), LEVEL)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
