"""Where the axes of a figure stand: stacked in one column, edges shared, labels inside the canvas.

matplotlib's general engine solves any grid, and takes longer than the drawing. The suite's figures
are rows beneath each other, a row being one axes or several side by side: what sticks out of each
is measured, and the rest is shared out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from matplotlib.axis import XAxis

from analysis.display.figures.marks import Overhang, read_marks
from analysis.display.figures.text_width import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import BboxBase

    from analysis.display.figures.pens import TwoPens

PAD = 3.0
"""Points kept free around the canvas and on each side of a gap between axes."""

ROUNDS = 5
SETTLED = 1.0
"""Points. Where no edge moved further, no label did by more than a fiftieth of that: texts beside
an axes stand at 1.02 of its width."""

LEAST_SIZE = 12.0
"""Points an axes keeps however wide its labels are."""


@dataclass(frozen=True)
class Row:
    """Axes side by side, and their share of the height."""

    axes: tuple[Axes, ...]
    ratio: float


def arrange(figure: Figure, pens: TwoPens) -> None:
    """Place the axes of a figure that `new_axes` made, at 72 dots an inch.

    Parameters
    ----------
    figure : matplotlib Figure
        Its title, if any, stays at the top.
    pens : TwoPens
        Measure texts.

    Notes
    -----
    Rows share their left edge, and those of as many axes their right one, too. Ticks and labels
    depend on the room they are given, so that rounds go on until nothing moves; figures settle in
    two or three.
    """
    rows = _rows(figure)
    if not rows:
        return
    width, height = (side * POINTS_PER_INCH for side in figure.get_size_inches())
    top = height - _title_height(figure, pens, height)
    _begin(rows, top / height)
    for _ in range(ROUNDS):
        measured = [[_overhang(axes, pens) for axes in row.axes] for row in rows]
        if _place(rows, measured, width=width, top=top, height=height) <= SETTLED:
            break
    for row in rows:
        for axes in row.axes:
            if axes.axison:
                _place_labels(axes, pens, width=width)


def _rows(figure: Figure) -> list[Row]:
    """Return the rows from the top; axes that stand in no grid are left where they are."""
    found: dict[int, list[Axes]] = {}
    ratios: dict[int, Any] = {}
    for axes in figure.axes:
        if (place := axes.get_subplotspec()) is not None:
            whole = place.get_topmost_subplotspec()
            found.setdefault(whole.rowspan.start, []).append(axes)
            ratios[whole.rowspan.start] = whole.get_gridspec().get_height_ratios()
    return [Row(tuple(axes), float(ratios[row][row])) for row, axes in found.items()]


def _begin(rows: Sequence[Row], top: float) -> None:
    """Give every row the whole width first: a figure drawn again is the same, and none narrower
    than it must be, since a text that begins inside sticks out less of wide axes.
    """
    tall = top / len(rows)
    for turn, row in enumerate(rows):
        wide = 1 / len(row.axes)
        for column, axes in enumerate(row.axes):
            axes.set_position((column * wide, top - (turn + 1) * tall, wide, tall))


def _title_height(figure: Figure, pens: TwoPens, height: float) -> float:
    """Put the title below the upper edge, and return the height it takes with its distance."""
    told = figure.get_suptitle()
    if not told:
        return 0.0
    title = next(text for text in figure.texts if text.get_text() == told)
    title.set_position((title.get_position()[0], 1 - PAD / height))
    box = title.get_window_extent(pens)
    if (room := pens.width - PAD - box.x0) < box.width:
        title.set_fontsize(title.get_fontsize() * room / box.width)
        box = title.get_window_extent(pens)
    return float(box.height) + 2 * PAD


def _overhang(axes: Axes, pens: TwoPens) -> Overhang:
    """Return what sticks out: marks and labels of both axes, titles, texts, the legend."""
    box = axes.get_window_extent(pens)
    out = Overhang()
    if axes.axison:
        for axis, edge in ((axes.xaxis, box.width), (axes.yaxis, box.height)):
            out |= _with_label(axis, read_marks(axis).overhang(edge), pens)
    for text in _texts(axes):
        if hasattr(text, "update_positions"):
            text.update_positions(pens)
        out |= _outside(box, text.get_window_extent(pens))
    if (legend := axes.get_legend()) is not None:
        # Narrower axes would not make it narrower: it only needs room above or below.
        beyond = _outside(box, legend.get_window_extent(pens))
        out |= Overhang(top=beyond.top, bottom=beyond.bottom)
    return out


def _texts(axes: Axes) -> list[Text]:
    found = [*axes.texts, axes.title]
    return [t for t in found if t.get_visible() and t.get_in_layout() and t.get_text()]


def _outside(inner: BboxBase, outer: BboxBase) -> Overhang:
    return Overhang(inner.x0 - outer.x0, outer.x1 - inner.x1, outer.y1 - inner.y1,
                    inner.y0 - outer.y0)  # fmt: skip


def _with_label(axis: Axis, marks: Overhang, pens: TwoPens) -> Overhang:
    """Return what sticks out once the label stands beyond the marks; its length does not count."""
    if not axis.label.get_text() or not axis.label.get_visible():
        return marks
    box = axis.label.get_window_extent(pens)
    if isinstance(axis, XAxis):
        return marks | Overhang(bottom=marks.bottom + axis.labelpad + box.height)
    return marks | Overhang(left=marks.left + axis.labelpad + box.width)


def _place_labels(axes: Axes, pens: TwoPens, *, width: float) -> None:
    """Put the labels of the axes beyond the marks, in the middle as far as the canvas has room."""
    box = axes.get_window_extent(pens)
    under, beside = (read_marks(axis).depth for axis in (axes.xaxis, axes.yaxis))
    half = axes.xaxis.label.get_window_extent(pens).width / 2
    middle = (box.x0 + box.x1) / 2
    middle = max(min(middle, width - PAD - half), PAD + half)
    axes.xaxis.set_label_coords((middle - box.x0) / box.width,
                                -(under + axes.xaxis.labelpad) / box.height)  # fmt: skip
    axes.yaxis.set_label_coords(-(beside + axes.yaxis.labelpad) / box.width, 0.5)


def _place(
    rows: Sequence[Row],
    measured: Sequence[Sequence[Overhang]],
    *,
    width: float,
    top: float,
    height: float,
) -> float:
    """Give each axes its place, and return by how much the edge that moved most did, in points."""
    left = PAD + max(each[0].left for each in measured)
    ends = {len(each): 0.0 for each in measured}
    for each in measured:
        ends[len(each)] = max(ends[len(each)], each[-1].right)
    above = [PAD + max(one.top for one in each) for each in measured]
    below = [PAD + max(one.bottom for one in each) for each in measured]
    free = max(top - sum(above) - sum(below), LEAST_SIZE * len(rows))
    part = free / sum(row.ratio for row in rows)
    moved, edge = 0.0, top
    for row, each, over, under in zip(rows, measured, above, below, strict=True):
        tall = part * row.ratio
        bottom = edge - over - tall
        edge = bottom - under
        for axes, (x, wide) in zip(
            row.axes, _columns(each, left, width - PAD - ends[len(each)]), strict=True
        ):
            box = (x / width, bottom / height, wide / width, tall / height)
            before = axes.get_position(original=True).bounds
            apart = zip(box, before, (width, height) * 2, strict=True)
            moved = max(moved, *(abs(new - old) * size for new, old, size in apart))
            axes.set_position(box)
    return moved


def _columns(each: Sequence[Overhang], left: float, right: float) -> list[tuple[float, float]]:
    """Return left edge and width of axes side by side, all of one width."""
    gaps = [one.right + after.left + 2 * PAD for one, after in pairwise(each)]
    wide = max((right - left - sum(gaps)) / len(each), LEAST_SIZE)
    edges = [left]
    for gap in gaps:
        edges.append(edges[-1] + wide + gap)
    return [(edge, wide) for edge in edges]
