"""Letters of the suite's font: how wide a text of a figure is, how high, and its outline.

A drawing shown as an image, or opened alone, cannot use the font that a page brings along. Told
how wide each text must be, whoever draws it with another font fits it in: nothing runs over.

A text is its letters side by side, some pairs closer than their widths say. FreeType takes long to
read a letter, so that each letter and each pair is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.display.palette import FALLBACK, FONT_FOLDER

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties
    from matplotlib.ft2font import FT2Font

POINTS_PER_INCH = 72
BOLD_FROM = 600
"""Weight from which the bolder of the suite's two fonts is nearer."""

_FRACTIONS = 64
_LINEAR_FRACTIONS = 65536
"""FreeType tells sizes in 64ths of a point, and widths, unrounded, in 65536ths."""

_READ_AT_POINTS = 100
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class TextSize(NamedTuple):
    """Points: width, height of the ink, and how much of that lies below the baseline."""

    width: float
    height: float
    descent: float


class LineMetrics(NamedTuple):
    """Points above and below the baseline that a line takes, and the gap between two lines."""

    ascent: float
    descent: float
    gap: float


@dataclass(frozen=True, eq=False)
class Letter:
    """One sign at a size of 1: its width, where its ink ends, its outline."""

    width: float
    right: float
    top: float
    bottom: float
    vertices: NDArray[np.float64]
    codes: NDArray[np.uint8]


def text_width(text: str, *, size_points: float, bold: bool) -> float | None:
    """Return the width of a text in points, None where the suite's font lacks one of its signs."""
    if not _signs(bold).issuperset(map(ord, text)):
        return None
    return text_size(text, size_points=size_points, bold=bold).width


@lru_cache(maxsize=4096)
def text_size(text: str, *, size_points: float, bold: bool) -> TextSize:
    """Return the size of a line of text; signs the suite's font lacks come from the fallback."""
    letters = [letter(sign, bold=bold) for sign in text]
    if not letters:
        return TextSize(0.0, 0.0, 0.0)
    width = _begins(text, bold=bold)[-1] + max(letters[-1].width, letters[-1].right)
    top, bottom = max(each.top for each in letters), min(each.bottom for each in letters)
    return TextSize(width * size_points, (top - bottom) * size_points, -bottom * size_points)


@lru_cache(maxsize=1024)
def text_outline(text: str, *, bold: bool) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the vertices, shape (k, 2), and path codes of a line of text at a size of 1."""
    vertices, codes = [np.zeros((0, 2))], [np.zeros(0, dtype=np.uint8)]
    for sign, at in zip(text, _begins(text, bold=bold), strict=True):
        drawn = letter(sign, bold=bold)
        vertices.append(drawn.vertices + np.array([at, 0.0]))
        codes.append(drawn.codes)
    return np.concatenate(vertices), np.concatenate(codes)


def _begins(text: str, *, bold: bool) -> list[float]:
    """Return where each letter begins, at a size of 1."""
    steps = (
        letter(one, bold=bold).width + _closer(one, after, bold=bold)
        for one, after in pairwise(text)
    )
    return list(accumulate(steps, initial=0.0))[: len(text)]


@lru_cache(maxsize=8192)
def _closer(one: str, after: str, *, bold: bool) -> float:
    """Return by how much a letter is moved after another; negative is closer."""
    from matplotlib.ft2font import LoadFlags

    if not _signs(bold).issuperset(map(ord, one + after)):
        return 0.0
    font, widths = _font(bold), []
    font.set_size(_READ_AT_POINTS, POINTS_PER_INCH)
    for text in (one + after, after):
        font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
        widths.append(font.get_width_height()[0] / _FRACTIONS / _READ_AT_POINTS)
    return widths[0] - widths[1] - letter(one, bold=bold).width


@lru_cache(maxsize=2048)
def letter(sign: str, *, bold: bool) -> Letter:
    """Return one sign, from the fallback font where the suite's has none."""
    from matplotlib.ft2font import LoadFlags

    font = _font(bold)
    if ord(sign) not in _signs(bold):
        font = _fallback(bold)
        sign = sign if ord(sign) in _fallback_signs(bold) else _UNKNOWN
    font.set_size(_READ_AT_POINTS, POINTS_PER_INCH)
    read = font.load_char(ord(sign), flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    size = _READ_AT_POINTS * _FRACTIONS
    _, bottom, right, top = read.bbox
    return Letter(
        width=read.linearHoriAdvance / _LINEAR_FRACTIONS / _READ_AT_POINTS,
        right=right / size,
        top=top / size,
        bottom=bottom / size,
        vertices=np.asarray(vertices) / _READ_AT_POINTS,
        codes=np.asarray(codes),
    )


@lru_cache(maxsize=64)
def line_metrics(*, size_points: float, bold: bool) -> LineMetrics:
    """Return what a line takes, as the font says."""
    told, head = _font(bold).get_sfnt_table("OS/2"), _font(bold).get_sfnt_table("head")
    assert told is not None and head is not None  # every TrueType font has both
    scale = size_points / head["unitsPerEm"]
    return LineMetrics(
        told["sTypoAscender"] * scale, -told["sTypoDescender"] * scale, told["sTypoLineGap"] * scale
    )


def is_bold(font: FontProperties) -> bool:
    """Return whether a text is written with the bold one of the suite's two fonts."""
    from matplotlib.font_manager import weight_dict

    weight = font.get_weight()
    return (weight_dict[weight] if isinstance(weight, str) else weight) >= BOLD_FROM


@lru_cache(maxsize=2)
def _font(bold: bool) -> FT2Font:
    return _open(FONT_FOLDER / f"ReliefcheckSans-{'Bold' if bold else 'Regular'}.ttf")


@lru_cache(maxsize=2)
def _fallback(bold: bool) -> FT2Font:
    from matplotlib.font_manager import FontProperties, findfont

    weight = "bold" if bold else "normal"
    return _open(Path(findfont(FontProperties(family=[FALLBACK], weight=weight))))


def _open(path: Path) -> FT2Font:
    """Open a font from memory; FreeType goes back to the file for every letter."""
    from matplotlib.ft2font import FT2Font

    return FT2Font(BytesIO(path.read_bytes()))


@lru_cache(maxsize=2)
def _signs(bold: bool) -> frozenset[int]:
    return frozenset(_font(bold).get_charmap())


@lru_cache(maxsize=2)
def _fallback_signs(bold: bool) -> frozenset[int]:
    return frozenset(_fallback(bold).get_charmap())
