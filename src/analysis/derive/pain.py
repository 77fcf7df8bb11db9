"""Ratings on the patient's own clock: baseline, visits, change and percent reduction.

Every rating of the file gets a role, so that the data-quality notebook can say what became of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.derive.lookup import look_up
from analysis.derive.visits import BASELINE, assign_visits, choose_ratings
from analysis.errors import InputError

OTHER_RECALL = "other recall"
NOT_TREATED = "patient never treated"
BEFORE_BASELINE = "before the baseline window"
DURING = "during the series"
BETWEEN = "between or after the visit windows"
NOT_CLOSEST = "another rating is closer to the visit"

SCORE_DUST = 1e-9
"""Score. A mean of ratings carries binary dust; no score is recorded this finely."""


def choose_recall(recalls: pd.Series, wanted: str) -> str:
    """Return the recall to analyse: the one wanted, or the only one there, or ``average``.

    Raises
    ------
    InputError
        The wanted recall is not in the export, or several are and none is ``average``.
    """
    there = recalls.value_counts()
    names = [str(name) for name in there.index]
    if wanted != "auto":
        if wanted in names:
            return wanted
        raise InputError(f"no rating has the recall '{wanted}'; the export has {', '.join(names)}.")
    if len(names) == 1:
        return names[0]
    if "average" in names:
        return "average"
    raise InputError(
        f"the ratings have several recalls ({', '.join(names)}) and none is 'average'; choose one "
        "with the setting `recall`."
    )


def place_ratings(
    scores: pd.DataFrame, treatment: pd.DataFrame, *, recall: str, baseline_window_days: int
) -> pd.DataFrame:
    """Put every rating on its patient's clock and give it a role.

    Parameters
    ----------
    scores : DataFrame
        pain_scores of the contract, on 0 to 10.
    treatment : DataFrame
        Indexed by patient_id: first_infusion_at, day0_study_day, end_of_series_day.
    recall : str
        The recall analysed; ratings of another one keep a role of that name.
    baseline_window_days : int
        Ratings on day -window .. 0 are baseline; one rated after the first infusion began (both
        with a time of day) is not.

    Returns
    -------
    DataFrame
        One row a rating: patient_id, day (since day 0), day_after (since the end of the series),
        score, recall, visit (named by the export, or missing), role, n_same_day.

    Raises
    ------
    InputError
        A treated patient's rating cannot be put on the clock: it has a date where day 0 has only
        a study day.
    """
    frame = scores[["patient_id", "score", "recall"]].copy()
    frame["day"], late = days_since_start(scores, treatment)
    _refuse_unplaced(scores, frame["day"].isna() & scores["patient_id"].isin(treatment.index))
    end = look_up(scores["patient_id"], treatment["end_of_series_day"])
    frame["day_after"] = frame["day"] - end
    named = scores["visit"] if "visit" in scores else pd.Series(pd.NA, index=scores.index)
    frame["visit"] = named.astype("str")
    frame = _one_rating_a_day(frame.assign(after_infusion=late))
    frame["role"] = _roles(frame, recall, baseline_window_days)
    counts = frame["role"].isna()
    frame.loc[counts & frame["visit"].isna(), "visit"] = assign_visits(
        frame.loc[counts & frame["visit"].isna(), "day_after"]
    )
    chosen = choose_ratings(frame[counts]).reindex(frame.index, fill_value=False)
    frame.loc[chosen, "role"] = frame["visit"]
    left = frame["role"].isna()
    frame.loc[left & frame["visit"].notna(), "role"] = NOT_CLOSEST
    frame.loc[left & frame["visit"].isna(), "role"] = BETWEEN
    return frame.drop(columns="after_infusion")


def days_since_start(scores: pd.DataFrame, treatment: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return days since day 0, and whether a rating comes after the first infusion began.

    Parameters
    ----------
    scores : DataFrame
        pain_scores; the study day counts where there is one, else the date.
    treatment : DataFrame
        Indexed by patient_id: day0_study_day, and first_infusion_at where day 0 has a date.

    Returns
    -------
    days : Series of float
        Missing for patients never treated, and where day 0 is on the other clock.
    late : Series of bool
        True only where both have a time of day.
    """
    days = pd.Series(np.nan, index=scores.index)
    late = pd.Series(False, index=scores.index)
    if "study_day" in scores:
        days = scores["study_day"] - look_up(scores["patient_id"], treatment["day0_study_day"])
    if "assessed_on" in scores and "first_infusion_at" in treatment:
        at = scores["assessed_on"]
        begun = look_up(scores["patient_id"], treatment["first_infusion_at"])
        days = days.fillna((at.dt.normalize() - begun.dt.normalize()) / np.timedelta64(1, "D"))
        clocks = (at != at.dt.normalize()) & (begun != begun.dt.normalize())
        late = clocks & (at > begun)
    return days, late


def _refuse_unplaced(scores: pd.DataFrame, bad: pd.Series) -> None:
    if not bad.any():
        return
    first, where = scores[bad].iloc[0], ""
    if "source_file" in scores:
        where = f" (first: {first['source_file']}, line {first['source_line']})"
    raise InputError(
        f"pain_scores: {int(bad.sum())} ratings{where} have a "
        "date while the patient's day 0 is known only as a study day, so the time between them is "
        "unknown. Give both a date, or both a study day."
    )


def _one_rating_a_day(frame: pd.DataFrame) -> pd.DataFrame:
    """Average ratings of the same patient, day, recall and visit; count how many stood there."""
    keys = ["patient_id", "day", "recall", "visit", "after_infusion"]
    if not frame.duplicated(keys).any():
        return frame.assign(n_same_day=1)
    grouped = frame.groupby(keys, sort=False, dropna=False)
    return grouped.agg(
        score=("score", "mean"), day_after=("day_after", "first"), n_same_day=("score", "size")
    ).reset_index()


def _roles(frame: pd.DataFrame, recall: str, window: int) -> pd.Series:
    """Return the role of each rating that is settled before visits are chosen."""
    role = pd.Series(pd.NA, index=frame.index, dtype="str")
    day, after = frame["day"], frame["day_after"]
    named = frame["visit"].notna()
    early = day.le(0) & ~frame["after_infusion"]
    role[~named & early & day.ge(-window)] = BASELINE
    role[~named & day.lt(-window)] = BEFORE_BASELINE
    role[~named & ~early & after.lt(0)] = DURING
    role[named & day.lt(0)] = BEFORE_BASELINE  # "screening": named, but neither baseline nor after
    role[frame["visit"] == BASELINE] = BASELINE
    role[day.isna()] = NOT_TREATED
    role[frame["recall"] != recall] = OTHER_RECALL
    return role


def derive_baseline(ratings: pd.DataFrame, *, minimum_score: float) -> pd.DataFrame:
    """Return each patient's baseline: the mean of the baseline ratings.

    Returns
    -------
    DataFrame
        Indexed by patient_id: baseline_score, n_baseline_ratings, baseline_status: ``ok``,
        ``zero`` (nothing to reduce: no percent reduction exists) or ``below minimum``. Patients
        without a baseline rating are absent.
    """
    own = ratings[ratings["role"] == BASELINE].groupby("patient_id", sort=False)["score"]
    frame = pd.DataFrame({"baseline_score": own.mean(), "n_baseline_ratings": own.size()})
    status = pd.Series("ok", index=frame.index, dtype="str")
    status[frame["baseline_score"] < minimum_score - SCORE_DUST] = "below minimum"
    status[frame["baseline_score"] == 0] = "zero"
    return frame.assign(baseline_status=status)


def derive_change(ratings: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return ratings after day 0 with change and percent reduction from baseline.

    Returns
    -------
    DataFrame
        patient_id, role, visit, day, day_after, score, baseline_score, change_score (baseline
        minus score: positive is better), reduction_pct (missing where the baseline is 0 or not
        known; negative when pain rose).
    """
    settled = [BASELINE, BEFORE_BASELINE, OTHER_RECALL, NOT_TREATED]
    frame = ratings[~ratings["role"].isin(settled)].copy()
    frame["baseline_score"] = look_up(frame["patient_id"], baseline["baseline_score"])
    frame["change_score"] = frame["baseline_score"] - frame["score"]
    nonzero = frame["baseline_score"].where(frame["baseline_score"] > 0)
    frame["reduction_pct"] = 100.0 * frame["change_score"] / nonzero
    return frame
