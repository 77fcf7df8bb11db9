"""Relief spans: from the end of the series to loss of response, between two visits.

Visits are snapshots: relief was there at the last good rating and gone at the first bad one, so the
loss lies in (good_until, first_bad]. A booster is kept beside it; what it means is decided later
(`apply_booster_strategy`), because the answer depends on it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.derive.lookup import look_up
from analysis.derive.response import ROUNDING
from analysis.derive.visits import END
from analysis.settings import BoosterStrategy, Clock, LossRule

NEAR_BASELINE_POINTS = 1.0
NEAR_BASELINE_SHARE = 0.8


def derive_relief(
    change: pd.DataFrame,
    subjects: pd.DataFrame,
    *,
    threshold_pct: float,
    rule: LossRule = "once",
    clock: Clock = "end_of_series",
) -> pd.DataFrame:
    """Return the relief span of everyone who responded.

    Parameters
    ----------
    change : DataFrame
        Ratings after day 0 (`analysis.derive.pain.derive_change`).
    subjects : DataFrame
        Indexed by patient_id: end_of_series_day, first_booster_day.
    threshold_pct : float
        Least percent reduction that counts as relief.
    rule : {"once", "confirmed", "near_baseline"}
        When relief counts as lost. With ``confirmed`` a last rating without relief stays
        unconfirmed: the patient was last known to be relieved at the rating before.
    clock : {"end_of_series", "first_response", "start"}
        From when days are counted. ``first_response`` takes everyone with relief at any rating
        after day 0; the others take those with relief at the end of the series.

    Returns
    -------
    DataFrame
        Indexed by patient_id; days on the clock: good_until_days (last rating before the first bad
        one), first_bad_days (infinite when none was bad), last_rating_days, booster_days (infinite
        when there was none), good_before_booster_days, n_ratings. Relief that comes back after a
        loss does not count again. Days before the clock begins (an ``end`` visit that an export
        names itself may come before the last infusion) are 0.
    """
    frame = _ratings_of_responders(change, subjects, threshold_pct, clock)
    begins = look_up(frame["patient_id"], _clock_start(frame, subjects, clock))
    frame["time"] = (frame["day"] - begins).clip(lower=0.0)
    frame["bad"] = _is_bad(frame, rule)
    by_patient = frame.groupby("patient_id", sort=False)
    out = pd.DataFrame({"last_rating_days": by_patient["time"].max()})
    out["n_ratings"] = by_patient.size()
    bad = frame[frame["bad"]].groupby("patient_id")["time"].min()
    out["first_bad_days"] = bad.reindex(out.index).fillna(np.inf)
    before = frame["time"] < look_up(frame["patient_id"], out["first_bad_days"])
    if rule == "confirmed":  # a rating without relief that nothing confirms shows no relief either
        before &= frame["good"]
    # The first rating of each patient showed relief; only a bad one on its own day can hide that.
    shown = by_patient["time"].min()
    good_until = frame[before].groupby("patient_id")["time"].max()
    out["good_until_days"] = good_until.reindex(out.index).fillna(shown)
    open_end = np.isinf(out["first_bad_days"])
    out["last_rating_days"] = out["last_rating_days"].where(~open_end, out["good_until_days"])
    start = _clock_start(frame, subjects, clock).reindex(out.index)
    booster = subjects["first_booster_day"].reindex(out.index) - start
    out["booster_days"] = booster.clip(lower=0.0).fillna(np.inf)
    early = before & (frame["time"] <= look_up(frame["patient_id"], out["booster_days"]))
    good_before = frame[early].groupby("patient_id")["time"].max()
    out["good_before_booster_days"] = good_before.reindex(out.index).fillna(shown)
    return out.rename_axis("patient_id")


def _ratings_of_responders(
    change: pd.DataFrame, subjects: pd.DataFrame, threshold_pct: float, clock: Clock
) -> pd.DataFrame:
    """Return responders' ratings from the one that showed relief on, in order.

    Relief first shown after a booster is the booster's, not the series': such patients are no
    responders here, as in the responder rates.
    """
    frame = change[change["reduction_pct"].notna()].copy()
    frame["good"] = frame["reduction_pct"] >= threshold_pct - ROUNDING
    relieved = (
        frame["good"] if clock == "first_response" else frame["good"] & (frame["role"] == END)
    )
    booster = look_up(frame["patient_id"], subjects["first_booster_day"]).fillna(np.inf)
    shown = frame[relieved & (frame["day"] <= booster)].groupby("patient_id")["day"].min()
    frame = frame[frame["patient_id"].isin(shown.index)]
    frame = frame[frame["day"] >= look_up(frame["patient_id"], shown)]
    return frame.sort_values(["patient_id", "day"], kind="stable")


def _clock_start(frame: pd.DataFrame, subjects: pd.DataFrame, clock: Clock) -> pd.Series:
    if clock == "end_of_series":
        return subjects["end_of_series_day"]
    if clock == "start":
        return subjects["end_of_series_day"] * 0.0
    return frame.groupby("patient_id")["day"].min()


def _is_bad(frame: pd.DataFrame, rule: LossRule) -> pd.Series:
    if rule == "near_baseline":
        limit = np.minimum(
            frame["baseline_score"] - NEAR_BASELINE_POINTS,
            frame["baseline_score"] * NEAR_BASELINE_SHARE,
        )
        # At a low baseline or threshold a rating may be both near baseline and relief: relief.
        return (frame["score"] >= limit - ROUNDING) & ~frame["good"]
    if rule == "once":
        return ~frame["good"]
    later_good = frame["good"].astype("boolean").groupby(frame["patient_id"]).shift(-1)
    return ~frame["good"] & ~later_good.fillna(True).astype(bool)


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
        Same index: left_days, right_days (the end of relief lies in (left, right]; right infinite
        when not seen), time_days and is_event (for Kaplan-Meier with the visit as the time of
        loss), cause (``loss``, ``booster``, ``censored``).

    Notes
    -----
    A booster is dated, yet under ``loss`` the end of relief lies in (last good rating, booster]:
    boosters are given because relief wanes, and nobody looked between. Under ``censoring`` the
    patient was last known to be relieved at the last good rating, not at the booster.
    """
    boosted = spans["booster_days"] < spans["first_bad_days"]
    if strategy == "ignored":
        boosted &= False
    lost = np.isfinite(spans["first_bad_days"]) & ~boosted
    booster_ends = boosted if strategy == "loss" else boosted & False
    left = spans["good_until_days"].where(~boosted, spans["good_before_booster_days"])
    right = spans["first_bad_days"].where(lost, np.inf)
    right = right.where(~booster_ends, spans["booster_days"])
    seen_to = spans["last_rating_days"].where(~boosted, left)
    time = spans["first_bad_days"].where(lost, seen_to)
    cause = np.select([lost, boosted], ["loss", "booster"], default="censored")
    return pd.DataFrame(
        {
            "left_days": left,
            "right_days": right,
            "time_days": time.where(~booster_ends, spans["booster_days"]),
            "is_event": lost | booster_ends,
            "cause": cause,
        },
        index=spans.index,
    )
