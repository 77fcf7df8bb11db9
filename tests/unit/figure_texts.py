"""What a figure shows, read from its SVG as a reader would see it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.report.theme import use_theme


@pytest.fixture(autouse=True)
def themed() -> Iterator[None]:
    """Draw in the theme of the suite; leave no figure and no setting behind."""
    before = dict(plt.rcParams)
    use_theme()
    yield
    plt.close("all")
    plt.rcParams.update(before)


def svg_of(drawn: Axes | Figure) -> str:
    """Return a figure as the report keeps it."""
    figure = drawn if isinstance(drawn, Figure) else drawn.figure
    kept = StringIO()
    with plt.rc_context({"svg.hashsalt": "reliefcheck"}):
        figure.savefig(kept, format="svg", metadata={"Date": None, "Creator": None})
    return kept.getvalue()


def texts_of(drawn: Axes | Figure) -> list[str]:
    """Return every text of a figure, in the order drawn; lines of one text are texts."""
    root = ElementTree.fromstring(svg_of(drawn))
    return ["".join(one.itertext()).strip() for one in root.iter() if one.tag.endswith("}text")]


def height_of(drawn: Axes, text: str) -> float:
    """Return how far up the first text that holds these words stands, in pixels."""
    drawn.figure.canvas.draw()
    found = [*drawn.texts, *drawn.get_yticklabels()]
    return next(one.get_window_extent().y0 for one in found if text in one.get_text())
