"""Who is counted: patients of a condition, split by subtype, protocol, arm or site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.visits import SCHEDULE
from analysis.errors import SettingsError, suggest
from analysis.outcomes.names import ARM, GROUPINGS
from analysis.wording.texts import say

ALL = "all"
NOT_RECORDED = "not recorded"
"""Group of those whose subtype, protocol, arm or site is blank: groups add up to the whole."""

SCORES = ("score", "baseline_score", "change_score", "reduction_pct")
"""What a visit tells of a patient, as numbers."""


@dataclass(frozen=True)
class Group:
    """Some of a condition's patients: eligible ones, by id, under the name of their group."""

    condition: str
    group_by: str
    group: str
    patient_ids: pd.Index

    @property
    def every_visit(self) -> bool:
        """Whether results are wanted at all visits: the whole, and arms, which stand for it."""
        return self.group_by in (ALL, ARM)

    @property
    def keys(self) -> dict[str, str]:
        """Return the result-row keys of this group."""
        return {"condition": self.condition, "group_by": self.group_by, "group": self.group}


def check_condition(datasets: Datasets, condition: str) -> None:
    """Raise SettingsError for a condition that is no code of the suite or of the export."""
    known = [ALL, *datasets.conditions.labels]
    if condition not in known:
        raise SettingsError(
            f"there is no condition '{condition}'.{suggest(condition, known)} "
            f"Known: {', '.join(known)}."
        )


def patients_of(datasets: Datasets, condition: str) -> pd.DataFrame:
    """Return the subjects of a condition, all of them for ``all``."""
    check_condition(datasets, condition)
    subjects = datasets.subjects
    return subjects if condition == ALL else subjects[subjects["condition"] == condition]


def whole_group(datasets: Datasets, condition: str) -> Group:
    """Return all eligible patients of a condition as one group."""
    subjects = patients_of(datasets, condition)
    return Group(condition, ALL, ALL, subjects.index[subjects["eligible"]])


def groups_of(datasets: Datasets, condition: str) -> Iterator[Group]:
    """Yield the whole condition, then every subgroup that has at least one eligible patient.

    A column that is empty, or the same for everyone, makes no subgroups; patients for whom it is
    blank are a group of their own. Arms are named even where a condition has only one, so that a
    claim about a drug is never judged on the patients of another.
    """
    yield whole_group(datasets, condition)
    subjects = patients_of(datasets, condition)
    eligible = subjects[subjects["eligible"]]
    for column in GROUPINGS:
        if column not in eligible or (column == "subtype" and condition == ALL):
            continue
        names = eligible[column].astype("str").fillna(NOT_RECORDED)
        least = 1 if column == ARM and eligible[column].notna().any() else 2
        if names.nunique() < least:
            continue
        for name in sorted(names.unique(), key=lambda text: (text == NOT_RECORDED, text)):
            yield Group(condition, column, name, eligible.index[names == name])


def arms_of(datasets: Datasets, group: Group) -> tuple[str, ...]:
    """Return the arms among a group's patients; none where the export has no arms."""
    if ARM not in datasets.subjects:
        return ()
    arms = datasets.subjects[ARM].reindex(group.patient_ids).astype("str")
    return () if arms.isna().all() else tuple(sorted(arms.fillna(NOT_RECORDED).unique()))


def warn_of_arms(datasets: Datasets, group: Group) -> tuple[str, ...]:
    """Return the sentence that goes with a number of patients given different treatments."""
    arms = arms_of(datasets, group)
    if len(arms) < 2:
        return ()
    told = say("outcomes.told.arms_joiner").join(arms)
    return (say("outcomes.told.arms_together", arms=told),)


class Visits:
    """What was seen of everyone at each visit: looked up once, however many groups ask.

    Parameters
    ----------
    datasets : Datasets
        Not to be changed while this is in use.
    """

    def __init__(self, datasets: Datasets) -> None:
        visits = datasets.visits
        self._subjects = datasets.subjects
        self._place = self._subjects.index.get_indexer(visits["patient_id"])
        self._visit = visits["visit"].to_numpy(dtype=object)
        self._scores = {name: visits[name].to_numpy(dtype=float) for name in SCORES}
        self._boosted = visits["boosted"].to_numpy(dtype=bool, na_value=False)
        self._everyone: dict[str, pd.DataFrame] = {}

    def at(self, group: Group, visit: str) -> pd.DataFrame:
        """Return what `at_visit` returns."""
        if visit not in self._everyone:
            self._everyone[visit] = self._everyone_at(visit)
        return self._everyone[visit].reindex(group.patient_ids)

    def _everyone_at(self, visit: str) -> pd.DataFrame:
        rows = np.flatnonzero((self._visit == visit) & (self._place >= 0))
        place, n = self._place[rows], len(self._subjects)
        made: dict[str, np.ndarray] = {name: np.full(n, np.nan) for name in SCORES}
        for name, known in self._scores.items():
            made[name][place] = known[rows]
        made["is_rated"] = ~np.isnan(made["reduction_pct"])
        made["boosted"] = np.zeros(n, dtype=bool)
        made["boosted"][place] = self._boosted[rows]
        made["boosted_unrated"] = ~made["is_rated"] & _boosted_before(self._subjects, visit)
        return pd.DataFrame(made, index=self._subjects.index)


def at_visit(datasets: Datasets, group: Group, visit: str) -> pd.DataFrame:
    """Return one row per patient of the group, missing where the visit was not rated.

    Returns
    -------
    DataFrame
        Indexed by patient_id: score, baseline_score, change_score, reduction_pct, is_rated (the
        outcome is known), boosted (a booster before the rating), boosted_unrated (no known
        outcome, and a booster before the visit was due: whatever a rating had shown, the response
        to the series had ended).
    """
    return Visits(datasets).at(group, visit)


def _boosted_before(subjects: pd.DataFrame, visit: str) -> np.ndarray:
    """Return who had a booster before the day a visit of the schedule is due."""
    due = {planned.name: planned.target_day for planned in SCHEDULE}.get(visit)
    if due is None:
        return np.zeros(len(subjects), dtype=bool)
    booster = subjects["first_booster_day"] - subjects["end_of_series_day"]
    return booster.to_numpy(dtype=float, na_value=np.nan) < due
