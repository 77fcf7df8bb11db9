"""Relief after each series and booster, and how boosters follow one another.

The claim "no tolerance" is about repetition: does the third booster hold as long as the first?
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.derive.lookup import look_up
from analysis.derive.response import ROUNDING

SHOWN_WITHIN_DAYS = 14.0
"""Relief of a series is shown by a rating within two weeks of its last infusion."""


def derive_series_relief(
    change: pd.DataFrame, series: pd.DataFrame, *, threshold_pct: float
) -> pd.DataFrame:
    """Return the span of relief after each series of each patient.

    Parameters
    ----------
    change : DataFrame
        Ratings after day 0: patient_id, day, reduction_pct.
    series : DataFrame
        One row an infusion: patient_id, day, series_number.
    threshold_pct : float
        Least percent reduction that counts as relief.

    Returns
    -------
    DataFrame
        One row a patient and series after which a rating within 14 days showed relief:
        patient_id, series_number, left_days, right_days (relief ended in (left, right] after the
        last infusion of the series, the next series counting as its end; infinite when not seen
        to end). A rating on the day of the next series was made before it; one on the day of the
        last infusion of several was made after it. Maintenance before the initial series is left
        out: what it followed is not in the export.
    """
    columns = ["patient_id", "series_number", "left_days", "right_days"]
    if series.empty or "series_number" not in series:
        return pd.DataFrame(columns=columns)
    known = series[series["series_number"] >= 1]
    ends = known.groupby(["patient_id", "series_number"])["day"].agg(["min", "max"]).reset_index()
    ends["next_start"] = ends.groupby("patient_id")["min"].shift(-1).fillna(np.inf)
    rated = change.loc[change["reduction_pct"].notna(), ["patient_id", "day", "reduction_pct"]]
    pairs = rated.merge(ends, on="patient_id")
    same_day = (pairs["day"] == pairs["max"]) & (pairs["max"] > pairs["min"])
    inside = ((pairs["day"] > pairs["max"]) | same_day) & (pairs["day"] <= pairs["next_start"])
    pairs = pairs[inside].assign(time=lambda f: f["day"] - f["max"])
    pairs["good"] = pairs["reduction_pct"] >= threshold_pct - ROUNDING
    keys = ["patient_id", "series_number"]
    first = pairs.sort_values("time", kind="stable").drop_duplicates(keys)
    shown = first[first["good"] & (first["time"] <= SHOWN_WITHIN_DAYS)].set_index(keys)
    pairs = pairs.set_index(keys)
    pairs = pairs[pairs.index.isin(shown.index)]
    bad = pairs.loc[~pairs["good"], "time"].groupby(level=keys).min()
    out = pd.DataFrame(index=shown.index)
    first_bad = bad.reindex(out.index).fillna(np.inf)
    before = pairs["time"] < first_bad.reindex(pairs.index)
    left = pairs.loc[before, "time"].groupby(level=keys).max()
    out["left_days"] = left.reindex(out.index).fillna(shown["time"])  # good and bad on one day
    retreated = (shown["next_start"] - shown["max"]).reindex(out.index)
    out["right_days"] = np.minimum(first_bad, retreated)
    return out.reset_index()[columns]


def derive_boosters(series: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return the start of every booster in days since the end of the initial series.

    Returns
    -------
    DataFrame
        patient_id, number (1 = first booster), day_after. Maintenance before the initial series
        is no booster of it.
    """
    if series.empty or "is_booster" not in series:
        return pd.DataFrame(columns=["patient_id", "number", "day_after"])
    boosters = series[series["is_booster"] & (series["series_number"] > 1)]
    starts = boosters.groupby(["patient_id", "series_number"], sort=True)["day"].min().reset_index()
    starts["number"] = starts.groupby("patient_id").cumcount() + 1
    end = look_up(starts["patient_id"], subjects["end_of_series_day"])
    starts["day_after"] = starts["day"] - end
    return starts[["patient_id", "number", "day_after"]]


def derive_followed_to(
    series: pd.DataFrame, change: pd.DataFrame, subjects: pd.DataFrame
) -> pd.Series:
    """Return the last day each starter was seen (rating or infusion), since the end of the series.

    Returns
    -------
    Series of float
        Indexed by patient_id; 0 for who was never seen again; who never started is absent.
    """
    last_infusion = series.astype({"day": float}).groupby("patient_id")["day"].max()
    last_rating = change.groupby("patient_id")["day"].max()
    both = pd.concat([last_infusion, last_rating], axis=1).max(axis=1)
    end = subjects["end_of_series_day"].dropna()
    return (both.reindex(end.index).fillna(end) - end).clip(lower=0.0)
