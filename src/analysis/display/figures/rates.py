"""Points with intervals against a cited band: responder rates, and percent reduction thrice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.inputs import CitedBand
from analysis.display.figures.labels import (
    is_told_with_n,
    row_labels,
    row_sentence,
    stated,
    threshold_mark,
    with_n,
)
from analysis.display.figures.ticks import name_ticks
from analysis.display.palette import (
    BAND,
    BAND_EDGE,
    INK,
    MUTED,
    PAPER,
    condition_color,
    condition_marker,
)
from analysis.wording.numbers import estimate_text, quantity_text
from analysis.wording.texts import say
from analysis.wording.words import condition_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

Cited = CitedBand | Mapping[str, CitedBand] | None
"""One band for every row, or one for each condition code."""

SUBSTANTIAL_PCT = 50.0
"""Points at this threshold are drawn hollow, those below it filled."""

ROOM_FOR_LABEL = 0.6
LINE = 0.45
"""Heights in rows: above a block for the band's label, and of a further line of a row's name."""


def draw_responder_rates(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    cited: Cited = None,
    title: str = "",
) -> Figure:
    """Draw shares with intervals, one line per row, each condition's cited band behind them.

    Parameters
    ----------
    rows : sequence of ResultRow
        Unit ``share``; drawn from top to bottom as given. A row without a value shows its status.
    labels : mapping of str to str
        Condition labels by code.
    cited : CitedBand, mapping of condition code to CitedBand, or None
        In shares.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    return _draw_points(
        rows,
        labels=labels,
        cited=cited,
        title=title or say("figures.rates.title"),
        axis=say("figures.share_of_patients"),
    )


def describe_responder_rates(
    rows: Sequence[ResultRow], *, labels: Mapping[str, str], cited: Cited = None
) -> str:
    """Return the alt text of `draw_responder_rates`: every number drawn, and its place."""
    return _describe_points(rows, labels=labels, cited=cited, what=say("figures.rates.what"))


def draw_reduction_definitions(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    cited: Cited = None,
    title: str = "",
) -> Figure:
    """Draw percent reductions with intervals, one line per definition, against the cited band.

    Parameters as in `draw_responder_rates`, in ``percent`` (0 to 100; worse pain is negative).
    """
    return _draw_points(
        rows,
        labels=labels,
        cited=cited,
        title=title or say("figures.reductions.title"),
        axis=say("figures.pain_reduction"),
    )


def describe_reduction_definitions(
    rows: Sequence[ResultRow], *, labels: Mapping[str, str], cited: Cited = None
) -> str:
    """Return the alt text of `draw_reduction_definitions`."""
    what = say("figures.reductions.what")
    return _describe_points(rows, labels=labels, cited=cited, what=what)


@themed
def _draw_points(
    rows: Sequence[ResultRow], *, labels: Mapping[str, str], cited: Cited, title: str, axis: str
) -> Figure:
    names = row_labels(rows, labels, threshold=threshold_mark)
    names = [drawable(name, longest=72, width=34) for name in names]
    heights, blocks = _lay_out(rows, names, cited)
    bottom = (heights[-1] + LINE * names[-1].count("\n") / 2 if heights else 0) + 0.7
    figure, (axes,) = new_axes(height=0.95 + 0.31 * bottom, title=title)
    if not rows:
        say_nothing_to_draw(axes, say("figures.no_rows"))
        return figure
    unit = rows[0].unit
    for top, end, band in blocks:
        _draw_band(axes, top=top, bottom=end, band=band)
    for row, y in zip(rows, heights, strict=True):
        _draw_point(axes, row, y)
    name_ticks(axes.yaxis, heights, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(bottom, -0.7)
    axes.set_xlim(*_limits(rows, unit))
    axes.xaxis.set_major_formatter(lambda x, _: quantity_text(x, unit=unit).replace(".0", ""))
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel(axis)
    axes.spines["left"].set_visible(False)
    return figure


def _lay_out(
    rows: Sequence[ResultRow], names: Sequence[str], cited: Cited
) -> tuple[list[float], list[tuple[float, float, CitedBand]]]:
    """Place rows from the top, with room above a block for its band's label; tell each band's span.

    A block is a run of rows with one band: a condition where each has its own, else all rows.
    """
    heights: list[float] = []
    blocks: list[tuple[float, float, CitedBand]] = []
    y, last, before = -1.0, None, 0
    for row, name in zip(rows, names, strict=True):
        band = _band_of(row, cited)
        block = (row.condition if isinstance(cited, Mapping) else "", band)
        begins = block != last
        more = name.count("\n")
        y += 1.0 + ROOM_FOR_LABEL * (begins and band is not None) + LINE * (before + more) / 2
        if begins and band:
            blocks.append((y - 0.5, y + 0.5, band))
        elif band:
            blocks[-1] = (blocks[-1][0], y + 0.5, band)
        heights.append(y)
        last, before = block, more
    return heights, blocks


def _band_of(row: ResultRow, cited: Cited) -> CitedBand | None:
    return cited.get(row.condition) if isinstance(cited, Mapping) else cited


def _draw_band(axes: Axes, *, top: float, bottom: float, band: CitedBand) -> None:
    full = 1.0 if band.unit == "share" else 100.0
    low = band.low if band.low is not None else 0.0
    high = band.high if band.high is not None else full
    axes.fill_betweenx([top, bottom], low, high, color=BAND, linewidth=0, zorder=0.5)
    for edge in (band.low, band.high):
        if edge is not None:
            axes.plot([edge, edge], [top, bottom], color=BAND_EDGE, linewidth=1, zorder=0.6)
    centre = (low + high) / 2
    axes.text(centre, top - 0.08, drawable(band.text), color=BAND_EDGE, fontsize=9.5,
              ha="center", va="bottom")  # fmt: skip


def _draw_point(axes: Axes, row: ResultRow, y: float) -> None:
    beside: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": 8.5,
    }
    if row.value is None:
        axes.text(1.02, y, with_n(estimate_text(row), row.n), color=MUTED, **beside)
        return
    color = condition_color(row.condition)
    hollow = row.threshold_pct is not None and row.threshold_pct >= SUBSTANTIAL_PCT
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, solid_capstyle="butt", zorder=2)
    axes.plot(row.value, y, condition_marker(row.condition), markersize=6.5, zorder=3,
              markerfacecolor=PAPER if hollow else color, markeredgecolor=color,
              markeredgewidth=1.5, clip_on=False)  # fmt: skip
    text = estimate_text(row)
    told = text if is_told_with_n(row) else with_n(text, row.n)
    axes.text(1.02, y, told, color=INK, **beside)


def _limits(rows: Sequence[ResultRow], unit: str) -> tuple[float, float]:
    full = 1.0 if unit == "share" else 100.0
    ends = [end for row in rows for end in (row.low, row.value) if end is not None]
    lowest = min([0.0, *ends])
    # A patient can be far worse; the axis follows to the next ten below and no further than -100 %.
    return max(-full, -(-lowest // (full / 10)) * -(full / 10) if lowest else 0.0), full


def _describe_points(
    rows: Sequence[ResultRow], *, labels: Mapping[str, str], cited: Cited, what: str
) -> str:
    if not rows:
        return say("figures.points.none", what=what)
    conditions = {row.condition for row in rows}
    names = row_labels(rows, labels)
    sentences = []
    for row, name in zip(rows, names, strict=True):
        band = _band_of(row, cited)
        told = row_sentence(row, name)
        if band and row.value is not None:
            told = say("figures.points.placed", row=told, place=_place(row, band))
        sentences.append(told)
    if len(conditions) > 1:
        return say("figures.points.alt", what=what, rows=stated(sentences))
    whose = condition_word(rows[0].condition, labels)
    return say("figures.points.alt_of", what=what, condition=whose, rows=stated(sentences))


def _place(row: ResultRow, band: CitedBand) -> str:
    """Say where the interval lies against the band; an open or absent end decides nothing."""
    if row.low is None or row.high is None:
        return band.text
    if band.low is not None and row.high < band.low:
        return say("figures.points.below", band=band.text)
    if band.high is not None and row.low > band.high:
        return say("figures.points.above", band=band.text)
    above_floor = band.low is None or row.low >= band.low
    below_ceiling = band.high is None or row.high <= band.high
    if above_floor and below_ceiling:
        return say("figures.points.inside", band=band.text)
    return say("figures.points.overlaps", band=band.text)
