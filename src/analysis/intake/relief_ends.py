"""Ends of relief that the export dates exactly: how long after which infusion each one was."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
LAST_MOMENT = pd.Timedelta(seconds=86399)

TOLERATED_DAYS = 1.0
"""A length and two dates of one relief may differ by a day, as dates without a time of day do."""


def moment(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return times in UTC where they name their offset, else as they are."""
    offset = frame.get(f"{name}_offset", pd.Series(0.0, index=frame.index)).fillna(0.0)
    return frame[name] - pd.to_timedelta(offset, unit="min")


def time_relief(relief: pd.DataFrame, infusions: pd.DataFrame | None) -> pd.DataFrame:
    """Return when each relief began and how many days it lasted.

    Parameters
    ----------
    relief : DataFrame
        relief_ends of the contract.
    infusions : DataFrame or None
        infusions of the contract.

    Returns
    -------
    DataFrame
        Index of ``relief``: BEGAN (the infusion named, else the patient's last one by then; NaT
        where neither is dated), DATED (days from it to ``ended_at``) and DAYS (``relief_days``,
        else DATED). Where the infusion or the end has no time of day, whole days are counted.
    """
    none = pd.Series(pd.NaT, index=relief.index, dtype="datetime64[s]")
    ended = moment(relief, "ended_at") if "ended_at" in relief else none
    began = moment(relief, "infused_at") if "infused_at" in relief else none
    if infusions is not None and "infused_at" in infusions:
        given = infusions[["patient_id"]].assign(infused_at=moment(infusions, "infused_at"))
        given = given.astype({"patient_id": "str", "infused_at": "datetime64[s]"})
        given = given.dropna().sort_values("infused_at")
        # An end without a time of day may be at any hour of it.
        by = ended.mask(ended == ended.dt.normalize(), ended + LAST_MOMENT).astype("datetime64[s]")
        ids = relief["patient_id"].astype("str")
        asked = pd.DataFrame({"patient_id": ids, "by": by, "row": relief.index})
        asked = asked.dropna(subset=["by", "patient_id"]).sort_values("by")
        last = pd.merge_asof(asked, given, left_on="by", right_on="infused_at", by="patient_id")
        began = began.fillna(last.set_index("row")["infused_at"].reindex(relief.index))
    timed = (began != began.dt.normalize()) & (ended != ended.dt.normalize())
    whole = ended.dt.normalize() - began.dt.normalize()
    dated = (ended - began).where(timed, whole) / DAY
    days = relief["relief_days"].astype(float) if "relief_days" in relief else dated * np.nan
    return pd.DataFrame({"BEGAN": began, "DATED": dated, "DAYS": days.fillna(dated)})
