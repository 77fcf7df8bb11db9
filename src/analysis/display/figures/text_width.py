"""How wide a text of a figure is in the suite's font.

A drawing shown as an image, or opened alone, cannot use the font that a page brings along. Told
how wide each text must be, whoever draws it with another font fits it in: nothing runs over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.display.palette import FONT_FOLDER

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

POINTS_PER_INCH = 72
_FRACTIONS = 64
"""FreeType tells widths in 64ths of a point."""


@lru_cache(maxsize=4096)
def text_width(text: str, *, size_points: float, bold: bool) -> float | None:
    """Return the width of a text in points, None where the suite's font lacks one of its signs."""
    from matplotlib.ft2font import LoadFlags

    font = _font(bold)
    if not all(ord(sign) in _signs(bold) for sign in text):
        return None
    font.set_size(size_points, POINTS_PER_INCH)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    width, _ = font.get_width_height()
    return width / _FRACTIONS


@lru_cache(maxsize=2)
def _font(bold: bool) -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(FONT_FOLDER / f"ReliefcheckSans-{'Bold' if bold else 'Regular'}.ttf")


@lru_cache(maxsize=2)
def _signs(bold: bool) -> frozenset[int]:
    return frozenset(_font(bold).get_charmap())
