"""Treatment series: day 0, end of the initial series, and what counts as a booster.

A series is a run of infusions without a gap over ``series_gap_days``. The first one is the initial
series; every infusion after it is retreatment (a booster), also one marked as maintenance inside
the gap. A patient who stops before the sixth infusion stays in.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = np.timedelta64(1, "D")


def derive_series(infusions: pd.DataFrame, *, gap_days: int) -> pd.DataFrame:
    """Number the series of every patient.

    Parameters
    ----------
    infusions : DataFrame
        Table of the contract: patient_id, infused_at or study_day, and where there are any phase,
        protocol and series.
    gap_days : int
        A gap of more days than this starts a new series.

    Returns
    -------
    DataFrame
        One row an infusion, sorted: patient_id, day (days since the patient's first infusion),
        at (date and time, NaT when the export has study days), series_number (1 = initial),
        is_booster, protocol.
    """
    frame = infusions.copy()
    dated = "infused_at" in frame and frame["infused_at"].notna().all()
    frame["at"] = frame["infused_at"] if "infused_at" in frame else pd.NaT
    order = "at" if dated else "study_day"
    frame = frame.sort_values(["patient_id", order], kind="stable").reset_index(drop=True)
    by_patient = frame.groupby("patient_id", sort=False)
    if dated:
        dates = frame["at"].dt.normalize()
        frame["day"] = (dates - dates.groupby(frame["patient_id"]).transform("min")) / DAY
    else:
        frame["day"] = frame["study_day"] - by_patient["study_day"].transform("min")
    gap = frame["day"] - frame["day"].groupby(frame["patient_id"]).shift()
    starts = gap > gap_days
    if "phase" in frame:
        phase = frame["phase"].fillna("initial")
        before = phase.groupby(frame["patient_id"]).shift()
        starts |= (phase == "maintenance") & (before == "initial")
    frame["series_number"] = 1 + starts.groupby(frame["patient_id"]).cumsum().astype(int)
    frame["is_booster"] = frame["series_number"] > 1
    if "protocol" not in frame:
        frame["protocol"] = pd.Series(pd.NA, index=frame.index, dtype="str")
    columns = ["patient_id", "at", "day", "series_number", "is_booster", "protocol"]
    return frame[columns + [c for c in ("study_day", "minutes") if c in frame]]


def derive_treatment(series: pd.DataFrame) -> pd.DataFrame:
    """Return one row a treated patient.

    Returns
    -------
    DataFrame
        Indexed by patient_id: first_infusion_at, day0_study_day, end_of_series_day (days since day
        0), n_infusions (of the initial series), protocol (of its first infusion),
        first_booster_day (days since day 0, NaN when there was none), n_boosters.
    """
    initial = series[~series["is_booster"]]
    boosters = series[series["is_booster"]]
    first = initial.groupby("patient_id", sort=False)
    out = pd.DataFrame(
        {
            "first_infusion_at": first["at"].first(),
            "end_of_series_day": first["day"].max(),
            "n_infusions": first.size(),
            "protocol": first["protocol"].first(),
        }
    )
    if "study_day" in series:
        out["day0_study_day"] = first["study_day"].first()
    out["first_booster_day"] = boosters.groupby("patient_id")["day"].min().reindex(out.index)
    out["n_boosters"] = (
        boosters.groupby("patient_id").size().reindex(out.index).fillna(0).astype(int)
    )
    return out
