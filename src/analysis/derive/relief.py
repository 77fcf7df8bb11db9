"""Relief spans: from the end of the series to loss of response, between two visits.

Visits are snapshots: relief was there at the last good rating and gone at the first bad one, so the
loss lies in (good_until, first_bad]. A booster is kept beside it; what it means is decided later
(`apply_booster_strategy`), because the answer depends on it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analysis.derive.lookup import look_up
from analysis.derive.response import ROUNDING
from analysis.derive.visits import END

BoosterStrategy = Literal["loss", "censoring", "ignored"]


def derive_relief(
    change: pd.DataFrame, subjects: pd.DataFrame, *, threshold_pct: float
) -> pd.DataFrame:
    """Return the relief span of everyone who responded at the end of the series.

    Parameters
    ----------
    change : DataFrame
        Ratings after day 0 (`analysis.derive.pain.derive_change`).
    subjects : DataFrame
        Indexed by patient_id: end_of_series_day, first_booster_day.
    threshold_pct : float
        Least percent reduction that counts as relief.

    Returns
    -------
    DataFrame
        Indexed by patient_id; days since the end of the series: good_until_days (last rating
        before the first bad one), first_bad_days (infinite when none was bad), last_rating_days,
        booster_days (infinite when there was none), good_before_booster_days, n_ratings. Relief
        that comes back after a bad rating does not count again.
    """
    good = change["reduction_pct"] >= threshold_pct - ROUNDING
    frame = change.assign(good=good)[change["reduction_pct"].notna()]
    responders = frame.loc[(frame["role"] == END) & frame["good"], "patient_id"]
    frame = frame[frame["patient_id"].isin(responders) & (frame["day_after"] >= 0)]
    start = frame[frame["role"] == END].set_index("patient_id")["day_after"]
    frame = frame[frame["day_after"] >= look_up(frame["patient_id"], start)]
    by_patient = frame.groupby("patient_id", sort=False)
    bad = frame[~frame["good"]].groupby("patient_id")["day_after"].min()
    out = pd.DataFrame({"last_rating_days": by_patient["day_after"].max()})
    out["n_ratings"] = by_patient.size()
    out["first_bad_days"] = bad.reindex(out.index).fillna(np.inf)
    before_bad = frame["day_after"] < look_up(frame["patient_id"], out["first_bad_days"])
    out["good_until_days"] = frame[before_bad].groupby("patient_id")["day_after"].max()
    treated = subjects.loc[out.index]
    booster = (treated["first_booster_day"] - treated["end_of_series_day"]).fillna(np.inf)
    out["booster_days"] = booster
    early = before_bad & (frame["day_after"] <= look_up(frame["patient_id"], booster))
    out["good_before_booster_days"] = frame[early].groupby("patient_id")["day_after"].max()
    return out.rename_axis("patient_id")


def apply_booster_strategy(spans: pd.DataFrame, *, strategy: BoosterStrategy) -> pd.DataFrame:
    """Return time and event of each span under one reading of boosters.

    Parameters
    ----------
    spans : DataFrame
        `derive_relief`.
    strategy : {"loss", "censoring", "ignored"}
        ``loss``: relief ends at a booster (the default reading of "per series"). ``censoring``:
        what comes after a booster is not known. ``ignored``: relief goes on under boosters.

    Returns
    -------
    DataFrame
        Same index: left_days, right_days (loss lies in (left, right]; equal when known exactly;
        right infinite when not seen), time_days and is_event (for Kaplan-Meier with the visit as
        the time of loss), cause (``loss``, ``booster``, ``censored``).
    """
    boosted = spans["booster_days"] < spans["first_bad_days"]
    if strategy == "ignored":
        boosted &= False
    lost = np.isfinite(spans["first_bad_days"]) & ~boosted
    booster_ends = boosted if strategy == "loss" else boosted & False
    seen_to = spans["last_rating_days"].where(~boosted, spans["booster_days"])
    left = spans["good_until_days"].where(~boosted, spans["good_before_booster_days"])
    left = left.where(~booster_ends, spans["booster_days"])
    right = spans["first_bad_days"].where(lost, np.inf)
    right = right.where(~booster_ends, spans["booster_days"])
    time = spans["first_bad_days"].where(lost, seen_to)
    cause = np.select([lost, boosted], ["loss", "booster"], default="censored")
    return pd.DataFrame(
        {
            "left_days": left.fillna(0.0),
            "right_days": right,
            "time_days": time,
            "is_event": lost | booster_ends,
            "cause": cause,
        },
        index=spans.index,
    )
