"""Patients as columns: who is counted, and what is known of each at every visit.

Everything a reading can ask of a patient is laid out once, so that thousands of readings are sums
over these columns and no reading goes back to the ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.claims.specifications import FULL_SERIES, POPULATIONS
from analysis.derive.datasets import Datasets
from analysis.derive.pain import SCORE_DUST
from analysis.derive.visits import SCHEDULE
from analysis.outcomes.selection import (
    ALL,
    NOT_RECORDED,
    Group,
    at_visit,
    check_condition,
    patients_of,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of each patient at one visit under one booster rule.

    Parameters
    ----------
    reduction_pct, change_score, score : ndarray of float, shape (n_patients,)
        At the visit; NaN where not rated. Where a booster ends the response, a score after one
        counts as the baseline score: no reduction.
    carried_pct, carried_change, carried_score : ndarray of float
        The same of the last rating after day 0 up to the day the visit is due; the baseline score
        where there is none, or where a booster had ended the response.
    is_rated : ndarray of bool
    cannot_respond : ndarray of bool
        Not rated, and a booster before the visit was due had ended the response.
    """

    reduction_pct: Floats
    change_score: Floats
    score: Floats
    carried_pct: Floats
    carried_change: Floats
    carried_score: Floats
    is_rated: Flags
    cannot_respond: Flags


@dataclass(frozen=True, eq=False)
class PatientColumns:
    """All starters of a condition, as columns.

    Parameters
    ----------
    baseline_score : ndarray of float, shape (n_patients,)
    members : dict of (population, minimum baseline) to ndarray of bool
        Who is counted.
    seen : dict of (visit, booster rule) to Seen
    """

    baseline_score: Floats
    members: dict[tuple[str, float], Flags]
    seen: dict[tuple[str, str], Seen]


def starters_of(
    datasets: Datasets, condition: str, *, group_by: str = ALL, group: str = ALL
) -> Group:
    """Return everyone who started and has a pain to reduce, whatever the least baseline asked.

    Parameters
    ----------
    datasets : Datasets
    condition : str
        Condition code, or ``all``.
    group_by, group : str
        Only this part: an arm, a subtype ... Everyone is right only where there are no arms.

    Raises
    ------
    SettingsError
        No such condition.
    """
    check_condition(datasets, condition)
    subjects = patients_of(datasets, condition)
    kept = subjects["started"] & (subjects["baseline_status"] != "zero")
    if group_by != ALL:
        kept &= subjects[group_by].astype("str").fillna(NOT_RECORDED) == group
    return Group(condition, group_by, group, subjects.index[kept])


def lay_out_patients(
    datasets: Datasets, group: Group, *, visits: Sequence[str], minimums: Sequence[float]
) -> PatientColumns:
    """Lay out a group's patients for every visit, booster rule, population and least baseline.

    Parameters
    ----------
    datasets : Datasets
    group : Group
        `starters_of`.
    visits : sequence of str
        Analysis visits asked for.
    minimums : sequence of float
        Least baselines, score 0 to 10.
    """
    subjects = datasets.subjects.reindex(group.patient_ids)
    baseline = subjects["baseline_score"].to_numpy(dtype=float)
    ratings = _place_ratings(datasets, subjects.index)
    everyone = np.ones(len(subjects), dtype=bool)
    rated_once = ~everyone
    rated_once[ratings.patient[~np.isnan(ratings.reduction_pct)]] = True
    who = {
        "all_starters": everyone,
        "completed_series": subjects["n_infusions"].to_numpy(dtype=float) >= FULL_SERIES,
        "rated_once": rated_once,
    }
    # Who has no baseline rating is a starter whatever baseline is asked for, as in the headline.
    least = {minimum: ~(baseline < minimum - SCORE_DUST) for minimum in minimums}
    seen: dict[tuple[str, str], Seen] = {}
    for visit in visits:
        frame = at_visit(datasets, group, visit)
        last = _last_scores(ratings, baseline, _due_day(datasets, visit))
        seen[visit, "ignored"] = _seen(frame, last, baseline, ends=False)
        seen[visit, "ends_response"] = _seen(frame, last, baseline, ends=True)
    members = {(name, m): who[name] & least[m] for name in POPULATIONS for m in minimums}
    return PatientColumns(baseline, members, seen)


def _due_day(datasets: Datasets, visit: str) -> float:
    """Return the day a visit is due: its target, or the middle day of a visit the export names."""
    for planned in SCHEDULE:
        if planned.name == visit:
            return planned.target_day
    days = datasets.visits.loc[datasets.visits["visit"] == visit, "day_after"]
    return float(days.median()) if len(days) else float("nan")


@dataclass(frozen=True, eq=False)
class _Ratings:
    """Ratings after day 0 of the patients laid out, in the order of their days."""

    patient: NDArray[np.intp]
    day_after: Floats
    score: Floats
    reduction_pct: Floats


def _place_ratings(datasets: Datasets, patient_ids: pd.Index) -> _Ratings:
    change = datasets.change
    patient = patient_ids.get_indexer(pd.Index(change["patient_id"]))
    order = np.argsort(change["day"].to_numpy(dtype=float), kind="stable")
    order = order[patient[order] >= 0]
    numbers = [
        change[name].to_numpy(dtype=float)[order]
        for name in ("day_after", "score", "reduction_pct")
    ]
    return _Ratings(patient[order], *numbers)


def _last_scores(ratings: _Ratings, baseline: Floats, due: float) -> Floats:
    """Return each patient's last score after day 0 up to a day; baseline where there is none."""
    before = ratings.day_after <= due
    last = baseline.copy()
    last[ratings.patient[before]] = ratings.score[
        before
    ]  # of a patient's scores the last one stays
    return last


def _seen(frame: pd.DataFrame, last: Floats, baseline: Floats, *, ends: bool) -> Seen:
    rated = frame["is_rated"].to_numpy(dtype=bool)
    boosted = frame["boosted"].to_numpy(dtype=bool) & rated & ends
    stopped = frame["boosted_unrated"].to_numpy(dtype=bool) & ends
    carried = np.where(stopped, baseline, last)
    fall = baseline - carried
    return Seen(
        reduction_pct=np.where(boosted, 0.0, frame["reduction_pct"].to_numpy(dtype=float)),
        change_score=np.where(boosted, 0.0, frame["change_score"].to_numpy(dtype=float)),
        score=np.where(boosted, baseline, frame["score"].to_numpy(dtype=float)),
        carried_pct=100.0 * fall / baseline,
        carried_change=fall,
        carried_score=carried,
        is_rated=rated,
        cannot_respond=stopped,
    )
