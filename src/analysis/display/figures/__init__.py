"""Figures: every ``draw_`` returns a matplotlib figure, every ``describe_`` its alt text."""

from analysis.display.figures.boosters import (
    describe_boosters,
    describe_series,
    draw_boosters,
    draw_series,
)
from analysis.display.figures.canvas import ShownFigure, save_figure, show_figure
from analysis.display.figures.cumulative import (
    describe_cumulative_responders,
    draw_cumulative_responders,
)
from analysis.display.figures.forest import describe_subgroups, draw_subgroups
from analysis.display.figures.incidence import describe_incidence, draw_incidence
from analysis.display.figures.inputs import CitedBand, CurveToDraw, IntervalCurveToDraw
from analysis.display.figures.interval_relief import (
    describe_interval_relief,
    draw_interval_relief,
)
from analysis.display.figures.parametric_check import (
    ModelCurveToDraw,
    describe_parametric_check,
    draw_parametric_check,
)
from analysis.display.figures.rates import (
    describe_reduction_definitions,
    describe_responder_rates,
    draw_reduction_definitions,
    draw_responder_rates,
)
from analysis.display.figures.specification import (
    describe_specifications,
    draw_specifications,
)
from analysis.display.figures.strategies import describe_strategies, draw_strategies
from analysis.display.figures.swimmer import SpanToDraw, describe_swimmer, draw_swimmer
from analysis.display.figures.trajectories import describe_trajectories, draw_trajectories
from analysis.display.figures.verdicts import describe_verdict_strip, draw_verdict_strip
from analysis.display.figures.waterfall import describe_waterfall, draw_waterfall

__all__ = [
    "CitedBand",
    "CurveToDraw",
    "IntervalCurveToDraw",
    "ModelCurveToDraw",
    "ShownFigure",
    "SpanToDraw",
    "describe_boosters",
    "describe_cumulative_responders",
    "describe_incidence",
    "describe_interval_relief",
    "describe_parametric_check",
    "describe_reduction_definitions",
    "describe_responder_rates",
    "describe_series",
    "describe_specifications",
    "describe_strategies",
    "describe_subgroups",
    "describe_swimmer",
    "describe_trajectories",
    "describe_verdict_strip",
    "describe_waterfall",
    "draw_boosters",
    "draw_cumulative_responders",
    "draw_incidence",
    "draw_interval_relief",
    "draw_parametric_check",
    "draw_reduction_definitions",
    "draw_responder_rates",
    "draw_series",
    "draw_specifications",
    "draw_strategies",
    "draw_subgroups",
    "draw_swimmer",
    "draw_trajectories",
    "draw_verdict_strip",
    "draw_waterfall",
    "save_figure",
    "show_figure",
]
