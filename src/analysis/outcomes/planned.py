"""Durations read at planned visits only, for series followed by boosters.

Who has lost relief comes for a booster sooner, and is rated on that day. Between two planned visits
the days of the looks then depend on the loss, and a curve that takes them as chance falls too
early. At the planned visits everybody is looked at; between them nothing is assumed but a fall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from analysis.derive.visits import SCHEDULE
from analysis.outcomes.losses import DAYS_PER_WEEK
from analysis.results import Estimate
from analysis.wording.texts import say

PLANNED_WEEKS = tuple(visit.target_day / DAYS_PER_WEEK for visit in SCHEDULE)
"""Weeks 0, 4, 8, 12 and 26 after the end of the series."""


def quantile_at_planned(
    quantile: Estimate, shares: Mapping[float, Estimate], *, lost_share: float, level: float
) -> Estimate:
    """Return the time by which a share has lost relief, from the shares at planned visits.

    Parameters
    ----------
    quantile : Estimate
        The same quantile of the whole curve, for n and events.
    shares : mapping of float to Estimate
        Share still relieved at each of `PLANNED_WEEKS`, with a guarded interval.
    lost_share : float in (0, 1)
        0.5 for the median.
    level : float in (0, 1)
        Level of the intervals.

    Returns
    -------
    Estimate
        Weeks, on the straight line between two planned visits; ``not reached`` when the share is
        above ``1 - lost_share`` at every planned visit it is known at. ``low``: the last planned
        visit up to which the whole interval of the share is above it, 0 where there is none;
        ``high``: the first at which it is wholly below, None where there is none.
    """
    kept = 1 - lost_share
    weeks = [week for week in PLANNED_WEEKS if shares[week].value is not None]
    value = _crossing(weeks, [shares[week].value or 0.0 for week in weeks], kept)
    low = _last_above(shares, weeks, kept)
    high = next((week for week in weeks if _end(shares[week], "high") < kept), None)
    return replace(
        quantile,
        value=value,
        low=low if value is None else min(low, value),
        high=high if value is None or high is None else max(high, value),
        level=level,
        method=say("outcomes.method.planned"),
        status="estimated" if value is not None else "not reached",
        warnings=(),
    )


def _crossing(weeks: list[float], heights: list[float], kept: float) -> float | None:
    """Return where the line through shares by week comes down to one; None where it does not."""
    below = [place for place, height in enumerate(heights) if height <= kept]
    if not below:
        return None
    after, before = below[0], below[0] - 1
    if not after:
        return weeks[0]
    part = (heights[before] - kept) / (heights[before] - heights[after])
    return weeks[before] + part * (weeks[after] - weeks[before])


def _last_above(shares: Mapping[float, Estimate], weeks: list[float], kept: float) -> float:
    last = 0.0
    for week in weeks[1:]:
        if _end(shares[week], "low") <= kept:
            break
        last = week
    return last


def _end(share: Estimate, name: str) -> float:
    """Return an end of a share's interval; without one, the end that excludes nothing."""
    end = getattr(share, name)
    if end is not None:
        return float(end)
    return -np.inf if name == "low" else np.inf
