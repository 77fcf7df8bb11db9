"""Relief spans: from the end of the series to loss of response, between two visits.

Visits are snapshots: relief was there at the last good rating and gone at the first bad one, so the
loss lies in (good_until, first_bad]. A booster is kept beside it; what it means is decided later
(`apply_booster_strategy`), because the answer depends on it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.derive.ratings import Bools, Floats, Ratings, lay_out_ratings
from analysis.derive.response import ROUNDING
from analysis.settings import BoosterStrategy, Clock, LossRule

NEAR_BASELINE_POINTS = 1.0
NEAR_BASELINE_SHARE = 0.8

SPAN_DAYS = (
    "booster_days",
    "first_bad_days",
    "good_until_days",
    "good_before_booster_days",
    "last_rating_days",
)


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
    threshold_pct, rule, clock
        As `derive_spans`, which takes ratings laid out once for many readings.

    Returns
    -------
    DataFrame
        As `derive_spans`.
    """
    ratings = lay_out_ratings(change, subjects)
    return derive_spans(ratings, threshold_pct=threshold_pct, rule=rule, clock=clock)


def derive_spans(
    ratings: Ratings,
    *,
    threshold_pct: float,
    rule: LossRule = "once",
    clock: Clock = "end_of_series",
) -> pd.DataFrame:
    """Return the relief span of everyone who responded.

    Parameters
    ----------
    ratings : Ratings
        `analysis.derive.ratings.lay_out_ratings`.
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
    good = ratings.reduction_pct >= threshold_pct - ROUNDING
    shown_day = _first_shown(ratings, good, clock)
    counted = ratings.day >= ratings.spread(shown_day)  # of responders, from the one that showed it
    start = _clock_start(ratings, shown_day, clock)
    time = np.maximum(ratings.day - ratings.spread(start), 0.0)
    first_bad = _or(ratings.least(time, counted & _is_bad(ratings, good, rule)), np.inf)
    before = counted & (time < ratings.spread(first_bad))
    if rule == "confirmed":  # a rating without relief that nothing confirms shows no relief either
        before &= good
    # The first rating of each patient showed relief; only a bad one on its own day can hide that.
    shown = ratings.least(time, counted)
    good_until = _or(ratings.most(time, before), shown)
    booster = _or(np.maximum(ratings.first_booster_day - start, 0.0), np.inf)
    early = before & (time <= ratings.spread(booster))
    last = np.where(np.isinf(first_bad), good_until, ratings.most(time, counted))
    columns = {
        "last_rating_days": last,
        "n_ratings": ratings.total(counted),
        "first_bad_days": first_bad,
        "good_until_days": good_until,
        "booster_days": booster,
        "good_before_booster_days": _or(ratings.most(time, early), shown),
    }
    responded = ~np.isnan(shown_day)
    kept = {name: numbers[responded] for name, numbers in columns.items()}
    return pd.DataFrame(kept, index=ratings.patient_ids[responded])


def _first_shown(ratings: Ratings, good: Bools, clock: Clock) -> Floats:
    """Return the day on which each patient first showed relief, NaN where it was not shown.

    Relief first shown after a booster is the booster's, not the series': such patients are no
    responders here, as in the responder rates.
    """
    relieved = good if clock == "first_response" else good & ratings.is_end
    booster = ratings.spread(_or(ratings.first_booster_day, np.inf))
    return ratings.least(ratings.day, relieved & (ratings.day <= booster))


def _clock_start(ratings: Ratings, shown_day: Floats, clock: Clock) -> Floats:
    if clock == "end_of_series":
        return ratings.end_of_series_day
    if clock == "start":
        return ratings.end_of_series_day * 0.0
    return shown_day


def _is_bad(ratings: Ratings, good: Bools, rule: LossRule) -> Bools:
    if rule == "near_baseline":
        limit = np.minimum(
            ratings.baseline_score - NEAR_BASELINE_POINTS,
            ratings.baseline_score * NEAR_BASELINE_SHARE,
        )
        # At a low baseline or threshold a rating may be both near baseline and relief: relief.
        return (ratings.score >= limit - ROUNDING) & ~good
    if rule == "once":
        return ~good
    later_good = np.append(good[1:], True)
    return ~good & ~(later_good | ratings.is_last)


def _or(numbers: Floats, other: Floats | float) -> Floats:
    """Return the numbers, another one where there is none."""
    return np.where(np.isnan(numbers), other, numbers)


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
    return pd.DataFrame(ends_under(spans, strategy=strategy), index=spans.index)


def ends_under(spans: pd.DataFrame, *, strategy: BoosterStrategy) -> dict[str, np.ndarray]:
    """Return the columns of `apply_booster_strategy` as arrays."""
    booster, first_bad, good_until, good_before, last_rating = (
        spans[name].to_numpy(dtype=float) for name in SPAN_DAYS
    )
    boosted = booster < first_bad
    if strategy == "ignored":
        boosted[:] = False
    lost = np.isfinite(first_bad) & ~boosted
    booster_ends = boosted & (strategy == "loss")
    left = np.where(boosted, good_before, good_until)
    time = np.where(lost, first_bad, np.where(boosted, left, last_rating))
    return {
        "left_days": left,
        "right_days": np.where(booster_ends, booster, np.where(lost, first_bad, np.inf)),
        "time_days": np.where(booster_ends, booster, time),
        "is_event": lost | booster_ends,
        "cause": np.select([lost, boosted], ["loss", "booster"], default="censored"),
    }
