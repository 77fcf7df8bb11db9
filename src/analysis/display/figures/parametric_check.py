"""Fitted curves laid over what the visits determine: does the model pass through the boxes?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.inputs import IntervalCurveToDraw
from analysis.display.figures.interval_relief import (
    FOLLOWED_WEEKS,
    between_text,
    draw_regions,
    last_look,
    set_relief_axes,
    write_followed,
    write_legend,
)
from analysis.display.figures.labels import listed
from analysis.display.figures.relief import READ_AT_WEEKS
from analysis.display.palette import INK
from analysis.wording.numbers import count_text, share_text
from analysis.wording.texts import say
from analysis.wording.words import plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DASHES: tuple[tuple[float, tuple[float, ...]] | str, ...] = ((0, (6, 2)), (0, (6, 2, 1.5, 2)), "-")
"""Models differ by their line, all in ink, so that colour stays with what was seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelCurveToDraw:
    """One fitted relief curve as plain arrays.

    Parameters
    ----------
    label : str
        Name of the model ("Weibull").
    times : array of float, shape (k,)
        Rising weeks from the end of the series.
    survival : array of float in [0, 1], shape (k,)
        Share still relieved at each, drawn as a smooth line.

    Raises
    ------
    ValueError
        The arrays differ in length.
    """

    label: str
    times: ArrayLike
    survival: ArrayLike

    def __post_init__(self) -> None:
        if np.size(self.times) != np.size(self.survival):
            raise ValueError(f"arrays of model '{self.label}' differ in length")

    def share_at(self, week: float) -> float | None:
        """Return the share at a week, straight between the two nearest; None outside the times."""
        times = np.ravel(np.asarray(self.times, dtype=float))
        if not times.size or not times[0] <= week <= times[-1]:
            return None
        return float(np.interp(week, times, np.ravel(np.asarray(self.survival, dtype=float))))


@themed
def draw_parametric_check(
    curve: IntervalCurveToDraw,
    models: Sequence[ModelCurveToDraw],
    *,
    at_risk_weeks: Sequence[float] = FOLLOWED_WEEKS,
    title: str = "",
) -> Figure:
    """Draw fitted curves over the curve that assumes no shape.

    Parameters
    ----------
    curve : IntervalCurveToDraw
        Without any assumption on its shape; boxes where no visit tells.
    models : sequence of ModelCurveToDraw
        At most three can be told apart; further ones repeat the lines.
    at_risk_weeks : sequence of float
        Ticks; the number followed stands under those the curve has one for.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    title = title or say("figures.shapes.title")
    figure, (axes, under) = new_axes(height=4.3, title=title, rows=(3.9, 0.42))
    under.set_axis_off()
    if not np.size(curve.mass):
        say_nothing_to_draw(axes, say("figures.shapes.none_drawn"))
        return figure
    set_relief_axes(axes, ticks=at_risk_weeks, last=last_look(curve))
    draw_regions(axes, curve)
    for place, model in enumerate(models):
        axes.plot(np.ravel(model.times), np.ravel(model.survival), color=INK, linewidth=1.2,
                  linestyle=DASHES[place % len(DASHES)], label=_name(model),
                  zorder=3)  # fmt: skip
    write_legend(axes, curves=[curve])
    write_followed(under, axes, [curve], weeks=at_risk_weeks)
    return figure


def describe_parametric_check(
    curve: IntervalCurveToDraw,
    models: Sequence[ModelCurveToDraw],
    *,
    read_at_weeks: Sequence[float] = READ_AT_WEEKS,
) -> str:
    """Return the alt text of `draw_parametric_check`: seen and fitted shares week by week."""
    if not np.size(curve.mass):
        return say("figures.shapes.none")
    whose = plain_text(curve.label)
    said = [say("figures.shapes.alt", curve=whose, n=count_text(curve.n))]
    for week in read_at_weeks:
        shares = [(plain_text(model.label), model.share_at(week)) for model in models]
        fitted = [
            say("figures.shapes.fitted", model=name, share=share_text(share))
            for name, share in shares
            if share is not None
        ]
        told = listed([between_text(curve, week), *fitted])
        said.append(say("figures.shapes.at_week", week=f"{week:g}", shares=told))
    return " ".join(said)


def _name(model: ModelCurveToDraw) -> str:
    name = drawable(model.label, longest=30)
    return name[:1].upper() + name[1:]
