"""All exhibits on the relief of one condition, from its curves and rows, in the order to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.display.exhibits import READ_WEEKS, Exhibit, curve_to_draw
from analysis.display.relief_exhibits import (
    interval_curve_to_draw,
    model_to_draw,
    show_boosters,
    show_incidence,
    show_interval_relief,
    show_parametric_check,
    show_series,
    show_strategies,
    show_swimmer,
    spans_to_draw,
)
from analysis.outcomes.losses import RESPONDERS
from analysis.outcomes.rows import ResultRow, find_row, find_rows
from analysis.wording.texts import say
from analysis.wording.words import condition_word

if TYPE_CHECKING:
    from analysis.display.figures import IntervalCurveToDraw, ModelCurveToDraw
    from analysis.outcomes.relief_picture import ReliefPicture

BAR_WEEKS = (4.0, 8.0, 12.0, 26.0)
LAST_WEEK, MODEL_POINTS = 26.0, 104


def relief_exhibits(
    picture: ReliefPicture,
    rows: Sequence[ResultRow],
    *,
    condition: str,
    definition: str,
    labels: Mapping[str, str],
) -> dict[str, Exhibit]:
    """Return the exhibits: relief, strategies, incidence, swimmer, shapes, boosters, series.

    Parameters
    ----------
    picture : ReliefPicture
        Curves of the condition.
    rows : sequence of ResultRow
        Rows on its relief.
    condition, definition : str
        Condition code, and the code of the booster strategy of the settings.
    labels : mapping
        Condition labels by code.
    """
    at_risk = picture.still_followed(READ_WEEKS)
    more = _tell_planned(rows, definition)
    curve = _curve(picture, rows, condition, definition, labels, at_risk)
    kaplan_meier = curve_to_draw(
        picture.kaplan_meier, label=say("relief_exhibits.kaplan_meier"), condition=condition
    )
    whole = find_rows(rows, group_by="all", population=RESPONDERS)
    strategies = [r for r in whole if r.measure in ("relief_duration", "relieved_share")]
    return {
        "relief": _with_caption(
            show_interval_relief(
                [curve],
                title=say("relief_exhibits.relief", condition=condition_word(condition, labels)),
                kaplan_meier=[kaplan_meier],
                definition=definition,
            ),
            more,
        ),
        "strategies": show_strategies(strategies, condition=condition, labels=labels),
        "incidence": show_incidence(
            picture.incidence, at_risk=at_risk, condition=condition, labels=labels
        ),
        "swimmer": show_swimmer(
            spans_to_draw(picture.shown_spans),
            n_all=picture.losses.n,
            condition=condition,
            labels=labels,
        ),
        "shapes": _with_caption(
            show_parametric_check(
                curve,
                _models(picture),
                definition=definition,
                condition=condition,
                labels=labels,
            ),
            more,
        ),
        "boosters": show_boosters(
            picture.mean_count,
            at_risk=picture.starters_still_followed(READ_WEEKS),
            condition=condition,
            labels=labels,
        ),
        "series": show_series(
            find_rows(rows, measure="series_relief"), condition=condition, labels=labels
        ),
    }


def _tell_planned(rows: Sequence[ResultRow], definition: str) -> str:
    """Say why the median told is not where the drawn curve crosses one half, where it is not."""
    keys = {"definition": definition, "population": RESPONDERS, "group_by": "all"}
    median = find_row(rows, measure="relief_duration", **keys)
    if median is None or median.method != say("outcomes.method.planned"):
        return ""
    return say("relief_exhibits.planned")


def _with_caption(exhibit: Exhibit, more: str) -> Exhibit:
    return replace(exhibit, caption=f"{exhibit.caption} {more}".strip())


def _models(picture: ReliefPicture) -> list[ModelCurveToDraw | None]:
    """Return the fitted curves, read above week 0 and no later than the last look."""
    last = min(LAST_WEEK, picture.losses.last_look)
    weeks = np.linspace(last / MODEL_POINTS, last, MODEL_POINTS).tolist()
    with np.errstate(all="ignore"):  # limits that are not drawn may run out of range
        return [model_to_draw(fitted.fit, weeks=weeks) for fitted in picture.fits.values()]


def _curve(
    picture: ReliefPicture,
    rows: Sequence[ResultRow],
    condition: str,
    definition: str,
    labels: Mapping[str, str],
    at_risk: Sequence[int],
) -> IntervalCurveToDraw | None:
    keys = {"definition": definition, "population": RESPONDERS, "group_by": "all"}
    shares: dict[float, ResultRow] = {}
    for week in BAR_WEEKS:
        row = find_row(rows, measure="relieved_share", visit=f"week_{week:g}", **keys)
        if row is not None and row.value is not None:
            shares[week] = row
    median = find_row(rows, measure="relief_duration", **keys)
    return interval_curve_to_draw(
        picture.curve,
        label=condition_word(condition, labels),
        condition=condition,
        at_risk=at_risk,
        shares=shares,
        median=median,
    )
