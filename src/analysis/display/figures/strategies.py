"""How long relief lasts under each reading of a booster, side by side, with the shares by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from analysis.display.figures.canvas import drawable, new_axes, say_nothing_to_draw, themed
from analysis.display.figures.labels import row_labels, row_sentence, stated, with_n
from analysis.display.figures.relief import CITED_WEEKS, LAST_WEEK
from analysis.display.figures.ticks import name_ticks
from analysis.display.palette import BAND_EDGE, INK, MUTED, PAPER, condition_color, condition_marker
from analysis.wording import words
from analysis.wording.numbers import (
    count_text,
    estimate_text,
    interval_text,
    level_text,
    quantity_text,
    share_text,
)
from analysis.wording.texts import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.outcomes.rows import ResultRow

STRATEGIES = ("booster_as_loss", "booster_competing", "booster_as_censoring", "booster_ignored")
"""From the strictest reading to the mildest; others follow in the order given."""

MOST_WEEKS = 6
"""More small panels side by side could not be read."""

WHITE = {"facecolor": PAPER, "edgecolor": "none", "pad": 1, "alpha": 0.85}
ROW, PANEL_ROW = 0.46, 0.34
"""Height of a row in inches, and of one of the small panels."""

HEAD_ROOM = 0.4
"""Rows above the first, where the cited weeks are named."""


@themed
def draw_strategies(
    rows: Sequence[ResultRow],
    *,
    labels: Mapping[str, str],
    cited_weeks: Sequence[float] = CITED_WEEKS,
    title: str = "",
) -> Figure:
    """Draw medians with intervals, one line per booster strategy; shares by week beneath.

    Parameters
    ----------
    rows : sequence of ResultRow
        ``relief_duration`` (weeks) for the medians and ``relieved_share`` (visit ``week_<number>``)
        for the small panels, at most six weeks; other measures are left out. Either may be absent.
    labels : mapping of str to str
        Condition labels by code.
    cited_weeks : sequence of float
        Weeks the claim speaks of, as labelled lines.
    title : str
        Empty: the figure's own.

    Returns
    -------
    matplotlib Figure
    """
    medians, weeks = _medians(rows), _shares_by_week(rows)
    most = max([len(medians), *(len(found) for found in weeks.values())], default=0)
    tall = [0.75 + ROW * (n + HEAD_ROOM) for n in (len(medians),) if n]
    tall += [0.75 + ROW * most] if weeks else []
    rows_of = [ROW * (len(medians) + HEAD_ROOM)] if medians else []
    rows_of += [PANEL_ROW * most] if weeks else []
    title = title or say("figures.strategies.title")
    figure, stacked = new_axes(height=0.35 + sum(tall or [1.6]), title=title, rows=rows_of or [1])
    if not tall:
        say_nothing_to_draw(stacked[0], say("figures.strategies.none_drawn"))
        return figure
    if medians:
        draw_medians(stacked[0], medians, strategy_names(medians, labels), cited_weeks=cited_weeks)
    if weeks:
        _draw_panels(figure, stacked[-1], weeks, labels)
    return figure


def describe_strategies(rows: Sequence[ResultRow], *, labels: Mapping[str, str]) -> str:
    """Return the alt text of `draw_strategies`: every number drawn, by strategy."""
    medians, weeks = _medians(rows), _shares_by_week(rows)
    if not medians and not weeks:
        return say("figures.strategies.none")
    parts = []
    if medians:
        told = median_sentences(medians, labels)
        parts.append(say("figures.strategies.medians", medians=told))
    for week, found in weeks.items():
        named = zip(found, strategy_names(found, labels), strict=True)
        said = stated(row_sentence(row, name) for row, name in named)
        parts.append(say("figures.strategies.at_week", week=f"{week:g}", shares=said))
    return " ".join(parts)


def strategy_names(rows: Sequence[ResultRow], labels: Mapping[str, str]) -> list[str]:
    """Return what each row takes a booster for; more where that does not tell rows apart."""
    names = [words.word(words.DEFINITIONS, row.definition) for row in rows]
    return names if len(set(names)) == len(names) else row_labels(rows, labels)


def median_sentences(
    rows: Sequence[ResultRow], labels: Mapping[str, str], names: Sequence[str] = ()
) -> str:
    """Return "name: 9.4 weeks, 95 % interval 7.8 to 11 weeks, n = 88." for every row."""
    names = names or strategy_names(rows, labels)
    return " ".join(_median_sentence(*each) for each in zip(rows, names, strict=True))


def _median_sentence(row: ResultRow, name: str) -> str:
    told = {"row": row_sentence(row, name), "n": count_text(row.n)}
    if row.value is not None or row.low is None:
        return say("figures.strategies.median", **told)
    level, interval = level_text(row.level), interval_text(row)
    return say("figures.strategies.median_from", **told, level=level, interval=interval)


def draw_medians(
    axes: Axes, rows: Sequence[ResultRow], names: Sequence[str], *, cited_weeks: Sequence[float]
) -> None:
    """Draw one line per median: point and interval, or an arrow with "not reached".

    An upper limit that is not reached, and a median that is not, run to the right edge as arrows.
    """
    ends = [end for row in rows for end in (row.low, row.value, row.high) if end is not None]
    right = max([*ends, *cited_weeks, LAST_WEEK / 2]) * 1.12
    axes.set_xlim(0, right)
    axes.set_ylim(len(rows) - 0.45, -0.5 - HEAD_ROOM)
    draw_cited_weeks(axes, cited_weeks, at="top")
    for place, row in enumerate(rows):
        _draw_median(axes, row, place, right=right)
    _name_rows(axes, names)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.set_xlabel(say("figures.strategies.x"))
    axes.grid(axis="x")


def draw_cited_weeks(
    axes: Axes, weeks: Sequence[float], *, at: Literal["bottom", "top"] = "bottom"
) -> None:
    """Draw the weeks a claim speaks of as lines, named at their lower or upper end."""
    height, lift = {"bottom": (0, 4), "top": (1, -3)}[at]
    for week in weeks:
        axes.axvline(week, color=BAND_EDGE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(quantity_text(week, unit="weeks"), (week, height), xytext=(3, lift), va=at,
                      xycoords=("data", "axes fraction"), textcoords="offset points", zorder=5,
                      fontsize=9.5, color=BAND_EDGE, bbox=WHITE)  # fmt: skip


def _medians(rows: Sequence[ResultRow]) -> list[ResultRow]:
    return _ordered([row for row in rows if row.measure == "relief_duration"])


def _shares_by_week(rows: Sequence[ResultRow]) -> dict[float, list[ResultRow]]:
    by_week: dict[float, list[ResultRow]] = {}
    for row in rows:
        week = _week(row.visit)
        if row.measure == "relieved_share" and week is not None:
            by_week.setdefault(week, []).append(row)
    return {week: _ordered(by_week[week]) for week in sorted(by_week)[:MOST_WEEKS]}


def _week(visit: str) -> float | None:
    """Read ``week_8.7`` too, which is no visit of the schedule."""
    head, _, number = visit.partition("_")
    whole = number.replace(".", "", 1)
    return float(number) if head == "week" and whole.isascii() and whole.isdigit() else None


def _ordered(rows: Sequence[ResultRow]) -> list[ResultRow]:
    place = {code: k for k, code in enumerate(STRATEGIES)}
    return sorted(rows, key=lambda row: place.get(row.definition, len(place)))


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    shown = [drawable(name[:1].upper() + name[1:], longest=60, width=20) for name in names]
    name_ticks(axes.yaxis, range(len(names)), shown)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_axisbelow(True)


def _draw_median(axes: Axes, row: ResultRow, y: int, *, right: float) -> None:
    color = condition_color(row.condition)
    from_week = row.low if row.low is not None else row.value
    if row.status == "not reached" and from_week is None:
        from_week = 0.88 * right
    if from_week is not None and row.high is None and (row.low is not None or row.value is None):
        _draw_arrow(axes, from_week, right, y, color)
    elif row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, solid_capstyle="butt")
    if row.value is not None:
        axes.plot(row.value, y, condition_marker(row.condition), color=color, markersize=6.5)
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 8.5}
    known = row.value is not None
    two = row.low is not None or row.high is not None
    axes.text(1.02, y - (0.04 if two else 0), with_n(estimate_text(row), row.n),
              color=INK if known else MUTED, va="bottom" if two else "center", weight="bold",
              **beside)  # fmt: skip
    if two:
        axes.text(1.02, y + 0.04, interval_text(row), color=MUTED, va="top", **beside)


def _draw_arrow(axes: Axes, start: float, end: float, y: int, color: str) -> None:
    axes.annotate("", (end, y), xytext=(start, y), annotation_clip=False,
                  arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.8, "shrinkA": 0,
                              "shrinkB": 0})  # fmt: skip


def _draw_panels(
    figure: Figure,
    whole: Axes,
    weeks: Mapping[float, Sequence[ResultRow]],
    labels: Mapping[str, str],
) -> None:
    """Put one small panel per week side by side in the place of an axes."""
    place = whole.get_subplotspec()
    assert place is not None
    whole.remove()
    inner = place.subgridspec(1, len(weeks))
    rows_of = max(weeks.values(), key=len)
    order = [(row.definition, row.population, row.threshold_pct) for row in rows_of]
    for column, (week, rows) in enumerate(weeks.items()):
        axes = figure.add_subplot(inner[0, column])
        axes.set_title(say("figures.strategies.panel", week=f"{week:g}"), fontsize=9, pad=4,
                       loc="center")  # fmt: skip
        for row in rows:
            key = (row.definition, row.population, row.threshold_pct)
            _draw_share(axes, row, order.index(key) if key in order else len(order))
        axes.set_xlim(-0.04, 1.04)
        axes.set_ylim(len(order) - 0.45, -0.75)
        name_ticks(axes.xaxis, [0, 0.5, 1], ["0", "50", "100"], size=9)
        axes.grid(axis="x")
        _name_rows(axes, strategy_names(rows_of, labels) if column == 0 else [])
        if column == len(weeks) // 2:
            axes.set_xlabel(say("figures.strategies.panel_x"))


def _draw_share(axes: Axes, row: ResultRow, y: int) -> None:
    if row.value is None:
        text = estimate_text(row).replace(" ", "\n")
        axes.text(0.5, y, text, ha="center", va="center", fontsize=8.5, color=MUTED)
        return
    color = condition_color(row.condition)
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, linewidth=1.4, solid_capstyle="butt")
    axes.plot(row.value, y, condition_marker(row.condition), color=color, markersize=4.5,
              clip_on=False)  # fmt: skip
    axes.annotate(share_text(row.value), (min(0.86, max(0.14, row.value)), y), xytext=(0, 5),
                  textcoords="offset points", ha="center", fontsize=9)  # fmt: skip
