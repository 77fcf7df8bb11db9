"""Analysis visits: which rating stands for which visit after the end of the series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.tables import VISITS

DAY_DUST = 1e-6
"""Days. Weeks and months turned into days carry binary dust; no visit is timed this finely."""


@dataclass(frozen=True)
class Visit:
    """An analysis visit; days are counted from the end of the initial series."""

    name: str
    target_day: float
    first_day: float
    last_day: float


BASELINE, END, WEEK_4, WEEK_8, WEEK_12, WEEK_26 = VISITS

SCHEDULE: tuple[Visit, ...] = (
    Visit(END, 0, 0, 7),
    Visit(WEEK_4, 28, 18, 42),
    Visit(WEEK_8, 56, 43, 70),
    Visit(WEEK_12, 84, 71, 133),
    Visit(WEEK_26, 182, 134, 231),
)
"""Windows reach half-way to the neighbour (docs/decisions/0004): 17.5, 42, 70, 133 days; the last
is as wide after its target as before it. Days 8 to 17 belong to no visit: the end of the series is
judged within a week of the last infusion or not at all."""


def assign_visits(days: pd.Series, *, schedule: tuple[Visit, ...] = SCHEDULE) -> pd.Series:
    """Return the name of the visit whose window holds each day, missing where none does.

    Parameters
    ----------
    days : Series of float
        Days since the end of the initial series. A part of a day counts as the day begun (42.5
        is day 43), so that no day falls between two windows.
    schedule : tuple of Visit
        Windows, which must not overlap.
    """
    names = np.full(len(days), None, dtype=object)
    values = np.ceil(days.to_numpy(dtype=float) - DAY_DUST)
    for visit in schedule:
        names[(values >= visit.first_day) & (values <= visit.last_day)] = visit.name
    return pd.Series(names, index=days.index, dtype="str")


def choose_ratings(ratings: pd.DataFrame, *, schedule: tuple[Visit, ...] = SCHEDULE) -> pd.Series:
    """Mark the one rating that stands for each patient and visit.

    Parameters
    ----------
    ratings : DataFrame
        patient_id, visit, day_after (days since the end of the series).

    Returns
    -------
    Series of bool
        True for the rating closest to the visit's target day; the later one wins a tie. Visits
        without a window (named by the export) keep their last rating.
    """
    targets = {visit.name: visit.target_day for visit in schedule}
    target = np.array([targets.get(name, np.nan) for name in ratings["visit"]], dtype=float)
    distance = (ratings["day_after"] - target).abs().fillna(0.0)
    order = pd.DataFrame(
        {
            "patient_id": ratings["patient_id"],
            "visit": ratings["visit"],
            "distance": distance,
            "later": -ratings["day_after"],
        }
    ).sort_values(["patient_id", "visit", "distance", "later"], kind="stable")
    chosen = order[order["visit"].notna()].drop_duplicates(["patient_id", "visit"]).index
    return pd.Series(ratings.index.isin(chosen), index=ratings.index)


def order_visits(named: pd.DataFrame) -> tuple[str, ...]:
    """Return the visits that occur, in order: of the schedule, or of their days when an export
    names visits of its own (``end`` is then where its ratings fall).

    Parameters
    ----------
    named : DataFrame
        visit, day_after of the chosen ratings.
    """
    known = {visit.name: visit.target_day for visit in SCHEDULE}
    found = named.dropna(subset=["visit"]).groupby("visit")["day_after"].median()
    days = {str(name): float(day) for name, day in found.items()}
    order = known if set(days) <= set(known) else days
    return tuple(sorted(days, key=lambda name: (order[name], name)))
