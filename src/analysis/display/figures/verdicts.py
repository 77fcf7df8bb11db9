"""The verdicts at a glance: cited band and our estimate of every headline claim on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import listed, stated
from analysis.display.figures.ticks import name_ticks
from analysis.display.palette import (
    BAND,
    BAND_EDGE,
    INK,
    MUTED,
    VERDICT_MARKERS,
    verdict_color,
    verdict_symbol,
)
from analysis.wording import words
from analysis.wording.numbers import (
    band_text,
    count_text,
    estimate_text,
    interval_text,
    number_text,
)
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.claims.judgement import Judgement

SPAN = {"percent": 100.0, "weeks": 26.0}
"""Length of each axis; shares are drawn on the percent axis."""


@themed
def draw_verdict_strip(
    judgements: Sequence[Judgement],
    *,
    labels: Mapping[str, str],
    title: str = "",
) -> Figure:
    """Draw each claim as a row: cited band, our estimate with interval, verdict by word and shape.

    Parameters
    ----------
    judgements : sequence of Judgement
        Shares and percents stand on one axis from 0 to 100 %, weeks on a second one below.
    labels : mapping of str to str
        Condition labels by code.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    panels = [(axis, [j for j in judgements if _axis_of(j) == axis]) for axis in SPAN]
    panels = [(axis, found) for axis, found in panels if found]
    sizes = [0.55 + 0.62 * len(found) for _, found in panels] or [1.0]
    title = title or say("figures.verdicts.title")
    figure, all_axes = new_axes(height=0.5 + sum(sizes), title=title, rows=sizes)
    if not panels:
        say_nothing_to_draw(all_axes[0], say("figures.verdicts.none_drawn"))
    for axes, (axis, found) in zip(all_axes, panels, strict=False):
        _draw_panel(axes, axis, found, labels)
    return figure


def describe_verdict_strip(judgements: Sequence[Judgement], *, labels: Mapping[str, str]) -> str:
    """Return the alt text of `draw_verdict_strip`: each claim, cited, ours, verdict."""
    if not judgements:
        return say("figures.verdicts.none")
    parts = []
    for judgement in judgements:
        told = say(
            "figures.verdicts.claim",
            condition=words.condition_word(judgement.condition, labels),
            cited=_cited(judgement),
            ours=listed(_ours(judgement)),
            verdict=words.word(words.VERDICTS, judgement.verdict).lower(),
        )
        parts.append(told)
    return say("figures.verdicts.alt", claims=stated(parts))


def _axis_of(judgement: Judgement) -> str:
    return "weeks" if judgement.unit in ("weeks", "days") else "percent"


def _scale(judgement: Judgement) -> float:
    return {"share": 100.0, "days": 1 / 7}.get(judgement.unit, 1.0)


def _marks(judgement: Judgement) -> tuple[float | None, float | None]:
    return judgement.cited_low, judgement.cited_high


def _ours(judgement: Judgement) -> list[str]:
    """Our number with its interval, then n; only the status where there is no number."""
    marks = _marks(judgement)
    ours = estimate_text(judgement, apart_from=marks)
    if judgement.value is None:
        return [ours]
    interval = interval_text(judgement, apart_from=marks)
    return [
        say("figures.verdicts.ours", value=ours, interval=interval),
        say("figures.n", n=count_text(judgement.n)),
    ]


def _cited(judgement: Judgement) -> str:
    return words.plain_text(judgement.cited_text) or band_text(
        judgement.cited_low, judgement.cited_high, unit=judgement.unit
    )


def _draw_panel(
    axes: Axes, axis: str, found: Sequence[Judgement], labels: Mapping[str, str]
) -> None:
    ends = [j.value * _scale(j) for j in found if j.value is not None]
    ends += [j.high * _scale(j) for j in found if j.high is not None]
    right = SPAN[axis] if axis == "percent" else max([SPAN[axis], *ends])
    axes.set_xlim(min([0.0, *(j.low * _scale(j) for j in found if j.low is not None)]), right)
    for y, judgement in enumerate(found):
        _draw_row(axes, judgement, y, right=right)
    names = [
        (words.condition_word(j.condition, labels), say("figures.cited", cited=_cited(j)))
        for j in found
    ]
    shown = ["\n".join(drawable(line, longest=34) for line in name) for name in names]
    name_ticks(axes.yaxis, range(len(found)), shown, size=9.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(found) - 0.4, -0.6)
    is_percent = axis == "percent"
    axes.xaxis.set_major_formatter(lambda x, _: _tick(x) if is_percent else number_text(x))
    axes.set_xlabel("" if is_percent else say("figures.verdicts.weeks"))
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _tick(percent: float) -> str:
    return say("numbers.percent", number=number_text(percent))


def _draw_row(axes: Axes, judgement: Judgement, y: int, *, right: float) -> None:
    scale, color = _scale(judgement), verdict_color(judgement.verdict)
    if judgement.cited_low is not None or judgement.cited_high is not None:
        low = (judgement.cited_low or 0.0) * scale
        high = right if judgement.cited_high is None else judgement.cited_high * scale
        axes.fill_betweenx([y - 0.34, y + 0.34], low, high, color=BAND, linewidth=0, zorder=0.5)
        for edge in _marks(judgement):
            if edge is not None:
                axes.plot([edge * scale] * 2, [y - 0.34, y + 0.34], color=BAND_EDGE, linewidth=1)
    if judgement.value is not None:
        if judgement.low is not None:
            high = right if judgement.high is None else judgement.high * scale
            axes.plot([judgement.low * scale, high], [y, y], color=color, linewidth=2.2)
        axes.plot(judgement.value * scale, y, VERDICT_MARKERS[judgement.verdict], color=color,
                  markersize=7, clip_on=False)  # fmt: skip
    verdict = words.word(words.VERDICTS, judgement.verdict)
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 8.5}
    axes.text(1.02, y - 0.14, f"{verdict_symbol(judgement.verdict)} {verdict}", color=color,
              va="bottom", weight="bold", **beside)  # fmt: skip
    known = judgement.value is not None
    axes.text(1.02, y - 0.08, "\n".join(_ours(judgement)), color=INK if known else MUTED,
              va="top", **beside)  # fmt: skip
