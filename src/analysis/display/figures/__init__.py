"""Figures: every ``draw_`` returns a matplotlib figure, every ``describe_`` its alt text."""

from analysis.display.figures.canvas import ShownFigure, save_figure, show_figure
from analysis.display.figures.cumulative import (
    describe_cumulative_responders,
    draw_cumulative_responders,
)
from analysis.display.figures.inputs import CitedBand, CurveToDraw
from analysis.display.figures.rates import (
    describe_reduction_definitions,
    describe_responder_rates,
    draw_reduction_definitions,
    draw_responder_rates,
)
from analysis.display.figures.relief import describe_relief_curves, draw_relief_curves
from analysis.display.figures.trajectories import describe_trajectories, draw_trajectories
from analysis.display.figures.verdicts import describe_verdict_strip, draw_verdict_strip
from analysis.display.figures.waterfall import describe_waterfall, draw_waterfall

__all__ = [
    "CitedBand",
    "CurveToDraw",
    "ShownFigure",
    "describe_cumulative_responders",
    "describe_reduction_definitions",
    "describe_relief_curves",
    "describe_responder_rates",
    "describe_trajectories",
    "describe_verdict_strip",
    "describe_waterfall",
    "draw_cumulative_responders",
    "draw_reduction_definitions",
    "draw_relief_curves",
    "draw_responder_rates",
    "draw_trajectories",
    "draw_verdict_strip",
    "draw_waterfall",
    "save_figure",
    "show_figure",
]
