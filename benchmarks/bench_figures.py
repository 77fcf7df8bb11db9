"""Processor seconds of a figure's two files: the suite's single drawing beside matplotlib's two.

Both contenders draw the same made-up figures, one of each kind of data, in turns: the suite's own
layout, pens and PNG (`draw_figure`), and matplotlib's constrained layout with a drawing for SVG and
one for PNG, its SVG then made slim. The ratio holds on other machines; milliseconds do not.

    python benchmarks/bench_figures.py           five rounds
    python benchmarks/bench_figures.py --quick   one round
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from analysis.display import figures
from analysis.display.figures.canvas import FONT_STACK, draw_figure
from analysis.display.figures.png_pen import PNG_DPI
from analysis.display.figures.slim import slim_svg
from analysis.display.palette import theme
from analysis.outcomes.rows import ResultRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROUNDS = 5
GOAL_MS, GOAL_RATIO = 80.0, 0.25
SEED = 20
LABELS = {"crps": "Complex regional pain syndrome", "fibromyalgia": "Fibromyalgia"}


def make_rates() -> Figure:
    """Two conditions at two thresholds."""
    rows = [
        ResultRow(measure="responder_share", definition="percent_reduction", condition=code,
                  threshold_pct=pct, value=share, low=share - 0.08, high=share + 0.08, level=0.95,
                  n=137, unit="share", method="made up")
        for code in LABELS for pct, share in ((30.0, 0.54), (50.0, 0.26))
    ]  # fmt: skip
    band = figures.CitedBand(low=0.7, high=0.85)
    return figures.draw_responder_rates(rows, labels=LABELS, cited={"crps": band})


def make_waterfall() -> Figure:
    """Six hundred patients, a tenth of them not seen."""
    change = np.random.default_rng(SEED).normal(30, 30, 600)
    change[:60] = np.nan
    return figures.draw_waterfall(change)


def make_relief() -> Figure:
    """One curve of forty steps with its band."""
    weeks = np.linspace(0.5, 25.5, 40)
    alive = np.linspace(0.98, 0.05, 40)
    curve = figures.IntervalCurveToDraw(
        label="CRPS", condition="crps", left=weeks - 0.3, right=weeks, mass=np.full(40, 1 / 40),
        n=74, at_risk_weeks=[0, 4, 8, 12, 26], at_risk=[74, 63, 34, 17, 1],
        intervals=list(zip(weeks, alive * 0.8, alive**0.8, strict=True)), level=0.95,
    )  # fmt: skip
    return figures.draw_interval_relief([curve])


def make_incidence() -> Figure:
    """Two causes over forty weeks of their own."""
    weeks = np.linspace(0.5, 25.5, 40)
    shares = np.column_stack([np.linspace(0, 0.7, 40), np.linspace(0, 0.2, 40)])
    return figures.draw_incidence(
        weeks, shares, causes=["lost relief", "booster first"], condition="crps",
        at_risk_weeks=[0, 4, 8, 12, 26], at_risk=[74, 63, 34, 17, 1],
    )  # fmt: skip


def make_swimmer() -> Figure:
    """Twenty patients."""
    spans = [
        figures.SpanToDraw(good_until_weeks=week, first_bad_weeks=week + 2 if week % 2 else None,
                           booster_weeks=week + 1 if week % 3 else None, last_rating_weeks=26.0)
        for week in map(float, range(20))
    ]  # fmt: skip
    return figures.draw_swimmer(spans, condition="crps")


KINDS: dict[str, Callable[[], Figure]] = {
    "rates": make_rates,
    "waterfall": make_waterfall,
    "relief": make_relief,
    "incidence": make_incidence,
    "swimmer": make_swimmer,
}


def draw_by_matplotlib(figure: Figure) -> tuple[str, bytes]:
    """Return SVG and PNG as matplotlib lays out and draws them."""
    svg, png = io.BytesIO(), io.BytesIO()
    with theme():
        figure.set_layout_engine("constrained")
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return slim_svg(svg.getvalue().decode(), fonts=FONT_STACK), png.getvalue()


CONTENDERS: dict[str, Callable[[Figure], object]] = {
    "suite": draw_figure,
    "matplotlib": draw_by_matplotlib,
}


def milliseconds(work: Callable[[Figure], object], figure: Figure) -> float:
    """Return the processor milliseconds of one drawing."""
    begin = time.process_time()
    work(figure)
    return 1000 * (time.process_time() - begin)


def main() -> None:
    """Measure in turns after a round that fills the caches; print a line for each kind."""
    rounds = 1 if "--quick" in sys.argv else ROUNDS
    taken: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for kind, make in KINDS.items():
            for name, work in CONTENDERS.items():
                spent = milliseconds(work, make())
                if turn:
                    taken.setdefault((kind, name), []).append(spent)
    means = dict.fromkeys(CONTENDERS, 0.0)
    for kind in KINDS:
        usual = {name: statistics.median(taken[kind, name]) for name in CONTENDERS}
        told = ", ".join(f"{name} {one:6.1f} ms" for name, one in usual.items())
        print(f"{kind:<10} {told}, ratio {usual['suite'] / usual['matplotlib']:.2f}")
        means = {name: means[name] + usual[name] / len(KINDS) for name in CONTENDERS}
    ratio = means["suite"] / means["matplotlib"]
    told = "within" if means["suite"] < GOAL_MS and ratio < GOAL_RATIO else "OVER"
    print(f"mean       {means['suite']:.1f} ms a figure, ratio {ratio:.2f} "
          f"({told} {GOAL_MS:g} ms and {GOAL_RATIO:g})")  # fmt: skip


if __name__ == "__main__":
    main()
