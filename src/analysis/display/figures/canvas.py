"""New figures under the theme, text that a font can draw, and files without date or chance."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from analysis.display.figures.slim import slim_svg
from analysis.display.figures.text_width import POINTS_PER_INCH
from analysis.display.palette import (
    FALLBACK,
    FONT,
    INK,
    MUTED,
    dark_color,
    every_color,
    register_fonts,
    theme,
)
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 6.2
FORMULA_POINTS = 13
TITLE_LINE_INCHES = 0.21
"""Height that a further line of the title adds, so that it takes none from the axes."""
FONT_STACK = f"'{FONT}', system-ui, 'Segoe UI', Roboto, Arial, '{FALLBACK}', sans-serif"
"""The suite's font, which the page brings along; a file on its own takes the reader's."""

P = ParamSpec("P")
R = TypeVar("R")


def themed(draw: Callable[P, R]) -> Callable[P, R]:
    """Return the function run under the suite's theme."""

    @wraps(draw)
    def under_theme(*args: P.args, **kwargs: P.kwargs) -> R:
        with theme():
            return draw(*args, **kwargs)

    return under_theme


def new_axes(
    *, height: float, title: str, rows: Sequence[float] = (1,)
) -> tuple[Figure, list[Axes]]:
    """Return a figure of the suite's width with axes stacked in the given height ratios.

    ``height`` in inches is that with a title of one line; each further line adds its own.
    """
    from matplotlib.figure import Figure

    told = drawable(title, longest=120, width=64)
    figure = Figure(figsize=(WIDTH_INCHES, height + TITLE_LINE_INCHES * told.count("\n")))
    made = figure.subplots(len(rows), 1, squeeze=False, height_ratios=list(rows))
    axes: list[Axes] = list(made[:, 0])
    if title:
        figure.suptitle(told, x=0.012, ha="left",
                        fontsize=12, fontweight="bold")  # fmt: skip
    return figure, axes


def say_nothing_to_draw(axes: Axes, sentence: str) -> None:
    """Put a sentence in place of a figure that has nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, ha="center", va="center", color=MUTED, transform=axes.transAxes)


def drawable(text: str, *, longest: int = 48, width: int = 0) -> str:
    """Return text the figure font can draw: cleaned, cut, unknown signs replaced, lines wrapped."""
    known = _known_characters()
    shown = "".join(c if ord(c) in known else "\ufffd" for c in plain_text(text, longest=longest))
    if not width:
        return shown
    # "≥ 30 %" stays on one line: no-break spaces are no place for `wrap` to break.
    return "\n".join(wrap(shown.replace("≥ ", "≥\xa0").replace(" %", "\xa0%"), width))


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as its two files."""

    svg: bytes
    png: bytes


def draw_figure(figure: Figure) -> DrawnFigure:
    """Draw a figure that `new_axes` made, once for both of its files.

    Parameters
    ----------
    figure : matplotlib Figure
        Its axes are put in their places; nothing else about it changes.

    Returns
    -------
    DrawnFigure
        SVG with fixed ids, no date, and colours that follow a dark page; and PNG without the name
        of the software that made it. The same figure gives the same bytes.
    """
    from analysis.display.figures.layout import arrange
    from analysis.display.figures.pens import TwoPens, paint

    usual = figure.dpi
    with theme():
        figure.set_dpi(POINTS_PER_INCH)
        try:
            pens = TwoPens(*(side * POINTS_PER_INCH for side in figure.get_size_inches()))
            arrange(figure, pens)
            paint(figure, pens)
        finally:
            figure.set_dpi(usual)
    svg = pens.svg.svg(fonts=FONT_STACK, style=dark_style())
    return DrawnFigure(svg=svg.encode(), png=pens.png.png())


def save_figure(
    figure: Figure, folder: Path, stem: str, *, drawn: DrawnFigure | None = None
) -> tuple[Path, Path]:
    """Write a figure as SVG and PNG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib Figure
    folder : Path
        Made when absent.
    stem : str
        File name without its ending.
    drawn : DrawnFigure, optional
        The figure as `draw_figure` gave it, where it was drawn already.

    Returns
    -------
    tuple of Path
        The SVG and the PNG. Each appears whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{stem}.svg", folder / f"{stem}.png"
    files = drawn or draw_figure(figure)
    for path, content in zip(paths, (files.svg, files.png), strict=True):
        _write_whole(path, content)
    return paths


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG."""
    return draw_figure(figure).svg


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG."""
    return draw_figure(figure).png


def formula_svg(tex: str) -> bytes:
    """Return a formula as SVG with drawn letters; ValueError where matplotlib cannot read it."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    buffer = BytesIO()
    with theme(), matplotlib.rc_context({"svg.fonttype": "path", "text.parse_math": True}):
        size = FontProperties(size=FORMULA_POINTS)
        math_to_image(f"${tex}$", buffer, prop=size, format="svg", color=INK)
    head, found, rest = slim_svg(buffer.getvalue().decode(), fonts=FONT_STACK).partition(">")
    return f"{head}{found}{dark_style()}{rest}".encode()


_SIZE = 'style="width:100%;max-width:44rem"'


@dataclass(frozen=True)
class ShownFigure:
    """A figure as a notebook shows it: an image with its alt text."""

    drawn: DrawnFigure
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.alt}

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.drawn.svg).decode("ascii")
        source = f"data:image/svg+xml;base64,{data}"
        return f'<img src="{source}" alt="{escape(self.alt, quote=True)}" {_SIZE}>'


def show_figure(figure: Figure, alt: str) -> ShownFigure:
    """Return a figure for the last line of a notebook cell, with the alt text of ``describe_``."""
    return ShownFigure(drawn=draw_figure(figure), alt=alt)


@lru_cache(maxsize=1)
def dark_style() -> str:
    """Return the style element by which a figure on its own follows a dark page."""
    return f"<style>@media (prefers-color-scheme:dark){{{dark_rules()}}}</style>"


def dark_rules(scope: str = "") -> str:
    """Return the rules that turn each colour of a figure into its dark one, below ``scope``."""
    return "".join(
        f'{scope}[{part}="{color}"]{{{part}:{dark_color(color)}}}'
        for color in every_color()
        for part in ("fill", "stroke")
    )


@lru_cache(maxsize=1)
def _known_characters() -> frozenset[int]:
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    register_fonts()
    fonts = [FT2Font(findfont(name)) for name in (FONT, FALLBACK)]
    return frozenset().union(*(font.get_charmap() for font in fonts))


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside the target and move, so that a stopped run leaves no half file."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
        part.write(content)
    whole = Path(part.name)
    whole.chmod(0o644)
    whole.replace(path)
