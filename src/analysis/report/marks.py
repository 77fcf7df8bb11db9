"""Small drawings inside the page: a band with an interval, and the shape of a verdict.

They are drawn by hand as SVG because they take the page's own colours, in light and in dark: the
style sheet names them by class, and the attributes beside it hold where no style sheet reaches.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from analysis.claims.judgement import Judgement
from analysis.display.palette import BAND, BAND_EDGE, FONT, INK, MUTED, RULE, verdict_color
from analysis.wording.numbers import number_text, quantity_text, time_text
from analysis.wording.texts import say

WIDTH, MARGIN = 400.0, 16.0
NO_FILL = 'fill="none"'
_FILL = {"band": f'fill="{BAND}"'}
_STROKE = {
    "edge": f'{NO_FILL} stroke="{BAND_EDGE}" stroke-width="1.5"',
    "rule": f'{NO_FILL} stroke="{RULE}"',
    "whisker": f'{NO_FILL} stroke-width="3"',
}
SHARE_END, PERCENT_END, WEEKS_END = 1.0, 100.0, 26.0
AXIS_END = {"share": SHARE_END, "percent": PERCENT_END, "weeks": WEEKS_END, "score": 10.0,
            "days": 182.0}  # fmt: skip

_SHAPES = {
    "meets": '<circle cx="8" cy="8" r="6"/>',
    "falls short": '<path d="M1.5 3h13L8 14.5z"/>',
    "undecided": '<path d="M8 1l7 7-7 7-7-7z"/>',
    "not testable": '<path d="M3 3l10 10M13 3L3 13" fill="none" stroke="currentColor"'
    ' stroke-width="2.6"/>',
    "unfalsifiable": '<path d="M2.5 2.5h11v11h-11z" fill="none" stroke="currentColor"'
    ' stroke-width="2.2"/>',
    "withheld": '<path d="M1 5h14v6H1z"/>',
    "pass": '<path d="M2 8.5l4 4 8-9" fill="none" stroke="currentColor" stroke-width="2.6"/>',
    "pass with findings": '<path d="M8 1l7 7-7 7-7-7z" fill="none" stroke="currentColor"'
    ' stroke-width="2.2"/>',
    "fail": '<path d="M1.5 3h13L8 14.5z"/>',
    "not applicable": '<path d="M2 8h12" fill="none" stroke="currentColor" stroke-width="2.6"/>',
}

_LIKE = {"pass": "meets", "pass with findings": "undecided", "fail": "falls short"}
"""The verdict whose color a state of a check has."""


def shape(word: str) -> Markup:
    """Return the shape that stands beside a verdict or the state of a check."""
    drawn = _SHAPES.get(word, _SHAPES["not applicable"])
    color = verdict_color(_LIKE.get(word, word))
    drawn = drawn.replace('stroke="currentColor"', f'stroke="{color}"')
    return Markup(
        f'<svg class="shape" viewBox="0 0 16 16" width="14" height="14" fill="{color}" '
        f'aria-hidden="true" focusable="false">{drawn}</svg>'
    )


def verdict_strip(judgement: Judgement, *, says: str) -> Markup:
    """Return the cited band and our interval on an axis; ``says`` is the text for listeners."""
    unit = judgement.unit
    end = _axis_end(judgement)
    color = verdict_color(judgement.verdict)
    parts = [_axis(unit, end)]
    if judgement.cited_low is not None or judgement.cited_high is not None:
        low, high = judgement.cited_low or 0.0, judgement.cited_high
        parts.append(_box("band", low, end if high is None else high, end, y=6, height=32))
        edges = [edge for edge in (judgement.cited_low, high) if edge is not None]
        parts += [_line("edge", edge, end, 6, 38) for edge in edges]
    if judgement.value is not None:
        parts.append(_interval(judgement, end, color))
    return Markup(
        f'<svg class="strip" viewBox="0 0 {WIDTH:g} 66" font-family="{FONT}" role="img" '
        f'aria-label="{escape(says)}">'
        f"{''.join(parts)}</svg>"
    )


def interval_bar(
    value: float | None, low: float | None, high: float | None, *, unit: str,
    band: tuple[float | None, float | None] = (None, None),
) -> Markup:  # fmt: skip
    """Return a small interval for a table cell; the numbers stand beside it, so it is silent."""
    end = AXIS_END.get(unit)
    if value is None or end is None:
        return Markup("")
    parts = []
    if band != (None, None):
        top = end if band[1] is None else band[1]
        parts.append(_box("band", band[0] or 0.0, top, end, y=1, height=16))
    parts.append(f'<path class="rule" {_STROKE["rule"]} d="M{MARGIN:g} 17.5H{WIDTH - MARGIN:g}"/>')
    if low is not None and high is not None:
        parts.append(f'<path class="whisker" {_STROKE["whisker"]} stroke="{INK}" '
                     f'd="M{_x(low, end):.0f} 9H{_x(high, end):.0f}"/>')  # fmt: skip
    parts.append(f'<ellipse fill="{INK}" cx="{_x(value, end):.0f}" cy="9" rx="9" ry="4.5"/>')
    return Markup(
        f'<svg class="mini" viewBox="0 0 {WIDTH:g} 18" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _axis_end(judgement: Judgement) -> float:
    fixed = AXIS_END.get(judgement.unit, 1.0)
    if judgement.unit in ("share", "percent"):
        return fixed
    ends = (judgement.value, judgement.high, judgement.cited_low, judgement.cited_high)
    return max(fixed, *(end * 1.05 for end in ends if end is not None), 0.0)


def _x(value: float, end: float) -> float:
    """Place a value on the axis; what lies outside stands at its end."""
    return MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, value / end))


def _axis(unit: str, end: float) -> str:
    marks = [end * part / 4 for part in range(5)]
    if unit == "weeks":
        marks = [week for week in (0.0, 4.0, 8.0, 12.0, 26.0, 52.0) if week <= end]
    rule = f'class="rule" {_STROKE["rule"]}'
    parts = [f'<path {rule} d="M{MARGIN:g} 42H{WIDTH - MARGIN:g}"/>']
    for mark in marks:
        said = _mark_text(mark, unit)
        anchor = "end" if mark == end else "start" if mark == 0 else "middle"
        x = _x(mark, end) + {"end": MARGIN, "start": -MARGIN}.get(anchor, 0.0)
        parts.append(f'<path {rule} d="M{_x(mark, end):.1f} 4V46"/>')
        parts.append(f'<text x="{x:.1f}" y="60" text-anchor="{anchor}" font-size="13" '
                     f'fill="{MUTED}">{escape(said)}</text>')  # fmt: skip
    return "".join(parts)


def _mark_text(mark: float, unit: str) -> str:
    """Return a number of the axis; of weeks, only the last planned visit names the unit."""
    if unit == "weeks":
        return time_text(number_text(mark), unit=unit) if mark == WEEKS_END else number_text(mark)
    if unit == "percent":
        return say("numbers.percent", number=number_text(mark))
    return quantity_text(mark, unit=unit)


def _interval(judgement: Judgement, end: float, color: str) -> str:
    value = judgement.value or 0.0
    low = value if judgement.low is None else judgement.low
    open_end = judgement.low is not None and judgement.high is None
    high = end if open_end else value if judgement.high is None else judgement.high
    x = _x(value, end)
    arrow = f'<path d="M{_x(end, end) - 2:.1f} 17l9 6-9 6z"/>' if open_end else ""
    line = f'class="whisker" {_STROKE["whisker"]} stroke="{color}"'
    return (
        f'<g class="ours" fill="{color}" stroke="none">'
        f'<path {line} d="M{_x(low, end):.1f} 23H{_x(high, end):.1f}'
        f'M{_x(low, end):.1f} 17v12{"" if open_end else f"M{_x(high, end):.1f} 17v12"}"/>{arrow}'
        f'<circle cx="{x:.1f}" cy="23" r="6"/></g>'
    )


def _box(name: str, low: float, high: float, end: float, *, y: int, height: int) -> str:
    left, right = _x(low, end), _x(high, end)
    width = max(0.0, right - left)
    return (
        f'<rect class="{name}" {_FILL[name]} x="{left:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{height}"/>'
    )


def _line(name: str, at: float, end: float, top: int, bottom: int) -> str:
    return f'<path class="{name}" {_STROKE[name]} d="M{_x(at, end):.1f} {top}V{bottom}"/>'
