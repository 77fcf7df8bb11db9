"""Numbers made coarse for release: means to a decimal, limits outward, curves in steps of patients.

A share with its counts needs no rounding: it says no more than numerator and denominator, and
both are printed only where neither they nor their difference is small (`.suppress`).
What follows is for numbers that are no fraction of two printed counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor

from analysis.outcomes.rows import ResultRow, find_rows
from analysis.release.relations import LARGEST_SMALL
from analysis.wording.words import visit_week

SMALLEST_STEP = LARGEST_SMALL + 1
"""Patients who must have lost relief between two printed points of a curve, or none."""

SMALLEST_CURVE_N = 5 * SMALLEST_STEP
"""Patients of a curve: below 55, a week or a rounded percent is worth too few of them."""

DECIMALS = {"percent": 1, "score": 1, "weeks": 0, "years": 0, "number": 1}
"""Decimals of a released number that is no share: what a reader uses, far from what tells one."""

SMALLEST_N = {
    "mean": SMALLEST_STEP,
    "standard_deviation": SMALLEST_STEP,
    "median": 2 * SMALLEST_STEP,
    "quartile_1": 4 * SMALLEST_STEP,
    "quartile_3": 4 * SMALLEST_STEP,
}
"""Patients behind a number of table 1: eleven or more lie on each side of a median or quartile."""

SHARE_LIMIT_STEP = 0.05
"""Limits of a curve's share go outward to the next of these; a limit depends on who left when."""


def round_numbers(row: ResultRow) -> ResultRow:
    """Return a row of a mean, a median or a duration with value rounded and limits outward."""
    scale = 10 ** DECIMALS.get(row.unit, 0)
    return replace(
        row,
        value=None if row.value is None else _half_up(row.value * scale) / scale,
        low=None if row.low is None else _down(row.low, scale),
        high=None if row.high is None else _up(row.high, scale),
    )


def split_statistic(definition: str) -> tuple[str, str]:
    """Return characteristic and statistic of a number of table 1: "age_years", "median"."""
    ending = next((each for each in SMALLEST_N if definition.endswith(f"_{each}")), "")
    return definition.removesuffix(f"_{ending}"), ending


def round_characteristic(row: ResultRow) -> ResultRow | None:
    """Return a number of table 1 rounded; None where too few patients stand behind it."""
    least = SMALLEST_N.get(split_statistic(row.definition)[1])
    return round_numbers(row) if least is not None and row.n >= least else None


def round_curve_point(row: ResultRow) -> ResultRow:
    """Return a point of a curve in whole percent, limits outward to 5 percent, without events."""
    step = 1 / SHARE_LIMIT_STEP
    return replace(
        row,
        value=None if row.value is None else _half_up(row.value * 100) / 100,
        low=None if row.low is None else max(0.0, _down(row.low, step)),
        high=None if row.high is None else min(1.0, _up(row.high, step)),
        n_events=None,
    )


def points_to_print(rows: Sequence[ResultRow], at_risk: Sequence[ResultRow]) -> list[ResultRow]:
    """Return the points of one curve that may be printed: every step is eleven patients or none.

    Parameters
    ----------
    rows : sequence of ResultRow
        ``relieved_share`` of one condition and definition.
    at_risk : sequence of ResultRow
        Patients still followed at the same weeks; a point without is not printed.

    Returns
    -------
    list of ResultRow
        A part of ``rows`` by week; others are merged into the step to the next point.

    Notes
    -----
    Between two points with shares S1 > S2 and r patients followed to the second, at least
    r (1 - S2 / S1) have lost relief: each loss takes off at most one part in r. The point is
    printed when that is eleven or more, and eleven or more are still followed.
    """
    followed = {row.visit: row.value for row in at_risk if row.value is not None}
    printed: list[ResultRow] = []
    last = 1.0
    for row in sorted(rows, key=lambda each: visit_week(each.visit) or 0.0):
        still = followed.get(row.visit)
        if row.value is None or still is None or still < SMALLEST_STEP or last <= 0:
            continue
        lost = still * (1 - row.value / last)
        if row.n >= SMALLEST_CURVE_N and (lost >= SMALLEST_STEP or row.value == last):
            printed.append(row)
            last = row.value
    return printed


def curve_rows_to_print(rows: Sequence[ResultRow]) -> set[str]:
    """Return the ids of the curve points of a run that may be printed, whole conditions only."""
    kept: set[str] = set()
    keys = {"definition": "booster_as_loss", "population": "responders", "group_by": "all"}
    points = find_rows(rows, measure="relieved_share", **keys)
    followed = find_rows(rows, measure="at_risk", **keys)
    for condition in dict.fromkeys(row.condition for row in points):
        own = find_rows(points, condition=condition)
        kept |= {
            row.result_id for row in points_to_print(own, find_rows(followed, condition=condition))
        }
    return kept


def _half_up(number: float) -> int:
    return floor(round(number, 9) + 0.5)


def _down(number: float, scale: float) -> float:
    return round(floor(round(number * scale, 9)) / scale, 9)


def _up(number: float, scale: float) -> float:
    return round(ceil(round(number * scale, 9)) / scale, 9)
