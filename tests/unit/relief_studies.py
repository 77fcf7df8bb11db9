"""Typed studies on the duration of relief: weeks after the end of the series, by name."""

from __future__ import annotations

from typing import Any

from studies import LAST_INFUSION, patient

WEEK = {week: LAST_INFUSION + 7 * week for week in range(27)}
"""Study day of each week after the last infusion."""


def responder(name: str, *, booster_on: int | None = None, **later: Any) -> dict[str, Any]:
    """Pain 8 to 4 on the last day of the series, then ratings by week: w4=8 is a loss at week 4.

    Other keywords are columns of the patient.
    """
    weeks = {key: later.pop(key) for key in list(later) if key[0] == "w" and key[1:].isdigit()}
    ratings = {WEEK[0]: 4.0} | {WEEK[int(key[1:])]: score for key, score in weeks.items()}
    return patient(name, 8, later=ratings, booster_on=booster_on, **later)


def four() -> list[dict[str, Any]]:
    """Losses found at weeks 4, 8 and 12, each good at the visit before; one good until 26."""
    return [
        responder("a", w4=8),
        responder("b", w4=4, w8=8),
        responder("c", w4=4, w8=4, w12=8),
        responder("d", w4=4, w8=4, w12=4, w26=4),
    ]
