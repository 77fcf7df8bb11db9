"""Treatment series: day 0, end of the initial series, and what counts as a booster.

A series is a run of infusions without a gap over ``series_gap_days``. The first one is the initial
series; every infusion after it is retreatment (a booster), also one marked as maintenance inside
the gap. A patient who stops before the sixth infusion stays in. Maintenance before any initial
infusion belongs to a series the export does not hold: it is series 0, and no start.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import InputError

DAY = np.timedelta64(1, "D")


def derive_series(infusions: pd.DataFrame, *, gap_days: int) -> pd.DataFrame:
    """Number the series of every patient.

    Parameters
    ----------
    infusions : DataFrame
        Table of the contract: patient_id, infused_at or study_day, and where there are any phase
        and protocol.
    gap_days : int
        A gap of more days than this starts a new series.

    Returns
    -------
    DataFrame
        One row an infusion, sorted: patient_id, day (days since the first infusion of the initial
        series), at (date and time, NaT when the export has study days), series_number (1 =
        initial, 0 = maintenance before it), is_booster, protocol.

    Raises
    ------
    InputError
        A patient has some infusions with dates and some with study days only.
    """
    frame = _on_one_clock(infusions)
    patient = frame["patient_id"]
    phase = frame["phase"].fillna("initial") if "phase" in frame else "initial"
    maintenance = pd.Series(phase == "maintenance", index=frame.index)
    begun = (~maintenance).groupby(patient).cummax()
    begun_before = begun.groupby(patient).shift(fill_value=False)
    was_initial = (~maintenance).groupby(patient).shift(fill_value=False)
    gap = frame["clock"].groupby(patient).diff()
    starts = begun_before & ((gap > gap_days) | (maintenance & was_initial))
    frame["series_number"] = np.where(begun, 1 + starts.groupby(patient).cumsum(), 0).astype(int)
    frame["is_booster"] = frame["series_number"] != 1
    start = frame["clock"].where(begun).groupby(patient).transform("min")
    start = start.fillna(frame["clock"].groupby(patient).transform("min"))
    frame["day"] = frame["clock"] - start
    if "protocol" not in frame:
        frame["protocol"] = pd.Series(pd.NA, index=frame.index, dtype="str")
    columns = ["patient_id", "at", "day", "series_number", "is_booster", "protocol"]
    return frame[columns + [c for c in ("study_day", "minutes") if c in frame]]


def _on_one_clock(infusions: pd.DataFrame) -> pd.DataFrame:
    """Sort infusions by patient and time; ``clock`` is whole days by date, else the study day."""
    frame = infusions.reset_index(drop=True)
    empty = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    frame["at"] = frame.get("infused_at", empty)
    days = frame.get("study_day", pd.Series(np.nan, index=frame.index))
    dated = frame["at"].notna().groupby(frame["patient_id"]).transform("all")
    numbered = days.notna().groupby(frame["patient_id"]).transform("all")
    mixed = frame.loc[~dated & ~numbered, "patient_id"].unique()
    if len(mixed):
        raise InputError(
            f"infusions: {len(mixed)} patients (first: {mixed[0]}) have infusions with a date "
            "beside infusions with only a study day, so their order is unknown. Give all infusions "
            "of a patient a date, or all of them a study day."
        )
    since = (frame["at"] - pd.Timestamp("1970-01-01")) / DAY
    frame["clock"] = np.floor(since).where(dated, days)
    order = since.where(dated, days)
    return frame.iloc[
        pd.DataFrame({"patient": frame["patient_id"], "order": order})
        .sort_values(["patient", "order"], kind="stable")
        .index
    ].reset_index(drop=True)


def derive_treatment(series: pd.DataFrame) -> pd.DataFrame:
    """Return one row a treated patient.

    Parameters
    ----------
    series : DataFrame
        `derive_series`.

    Returns
    -------
    DataFrame
        Indexed by patient_id: first_infusion_at, end_of_series_day (days since day 0),
        n_infusions (of the initial series), protocol (of its first infusion), day0_study_day
        (where the export has study days), first_booster_day (days since day 0, NaN when there was
        none), n_boosters. Patients without an initial infusion are absent.
    """
    initial = series[series["series_number"] == 1]
    boosters = series[series["series_number"] > 1]
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
