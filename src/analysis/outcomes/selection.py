"""Who is counted: patients of a condition, split by subtype, protocol, arm or site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.errors import SettingsError, suggest

ALL = "all"
GROUPINGS = ("subtype", "protocol", "arm", "site")


@dataclass(frozen=True)
class Group:
    """Some of a condition's patients: eligible ones, by id, under the name of their group."""

    condition: str
    group_by: str
    group: str
    patient_ids: pd.Index

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

    A column that is empty, or the same for everyone, makes no subgroups.
    """
    yield whole_group(datasets, condition)
    subjects = patients_of(datasets, condition)
    eligible = subjects[subjects["eligible"]]
    for column in GROUPINGS:
        if column not in eligible or eligible[column].nunique() < 2:
            continue
        if column == "subtype" and condition == ALL:
            continue
        for name, part in eligible.groupby(column, sort=True):
            yield Group(condition, column, str(name), part.index)


def at_visit(datasets: Datasets, group: Group, visit: str) -> pd.DataFrame:
    """Return one row per patient of the group, missing where the visit was not rated.

    Returns
    -------
    DataFrame
        Indexed by patient_id: score, baseline_score, change_score, reduction_pct, boosted,
        is_rated.
    """
    visits = datasets.visits
    rated = visits[visits["visit"] == visit].set_index("patient_id")
    columns = ["score", "baseline_score", "change_score", "reduction_pct"]
    frame = rated[columns].reindex(group.patient_ids)
    frame["is_rated"] = frame["reduction_pct"].notna()
    frame["boosted"] = rated["boosted"].reindex(group.patient_ids).fillna(False).astype(bool)
    return frame
