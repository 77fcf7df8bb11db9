"""Who was treated: contraindications, how long pain had lasted, and what had failed before."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.outcomes.names import FLAGS
from analysis.outcomes.protocol import high_dose_of
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import Group
from analysis.outcomes.shares import share_row, treated_groups
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

CHRONIC_MONTHS = 3
"""Pain of three months and more is chronic (ICD-11, MG30)."""

SEVERE_SCORE = 7.0
"""Pain of 7 or more of 10 at baseline is severe."""


def tabulate_eligibility(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return who was treated in a condition as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        flag_share (each contraindication), pain_duration_share (three months or more at the first
        infusion), failed_treatments_share (at least one before) and severe_refractory_share (of
        high-dose patients: baseline 7 or more and at least one failed treatment), of all treated
        and of each arm.

    Raises
    ------
    SettingsError
        No such condition.

    Notes
    -----
    A blank is not known and leaves the denominator, never "no"; a column the export does not have
    gives ``not estimable`` and says that it was not recorded.

    References
    ----------
    Treede et al. (2019), PAIN 160:19, on three months; Serlin et al. (1995), PAIN 61:277, on
    severe pain from 7 of 10.
    """
    rows: list[ResultRow] = []
    for group in treated_groups(datasets, condition):
        rows += _shares(datasets, settings, group)
    return tuple(rows)


def _shares(datasets: Datasets, settings: AnalysisSettings, group: Group) -> Iterator[ResultRow]:
    people = datasets.subjects.reindex(group.patient_ids)
    for flag in FLAGS:
        known = people[flag].astype("boolean") if flag in people else None
        yield share_row(
            datasets, settings, group, known, lacking=_not_recorded(flag),
            measure="flag_share", definition=flag, population="treated",
        )  # fmt: skip
    yield share_row(
        datasets, settings, group, _chronic(people), lacking=_not_recorded("pain_since"),
        measure="pain_duration_share", definition="three_months", population="treated",
    )  # fmt: skip
    yield share_row(
        datasets, settings, group, _failed_before(people),
        lacking=_not_recorded("prior_treatments_failed"),
        measure="failed_treatments_share", definition="at_least_one", population="treated",
    )  # fmt: skip
    high = high_dose_of(datasets, group)
    yield share_row(
        datasets, settings, Group(group.condition, group.group_by, group.group, high),
        _severe_and_refractory(people.reindex(high)),
        lacking=_not_recorded("prior_treatments_failed"),
        measure="severe_refractory_share", definition="baseline_7_and_one_failed",
        population="high_dose",
    )  # fmt: skip


def _not_recorded(column: str) -> str:
    return say("outcomes.why.not_recorded", column=column)


def _chronic(people: pd.DataFrame) -> pd.Series | None:
    """Tell in whom pain had lasted three calendar months at the first infusion (or at entry)."""
    if "pain_since" not in people:
        return None
    start = pd.Series(pd.NaT, index=people.index, dtype="datetime64[s]")
    for column in ("first_infusion_at", "enrolled_on"):
        if column in people:
            start = start.fillna(people[column])
    known = people["pain_since"].notna() & start.notna()
    lasted = people["pain_since"] + pd.DateOffset(months=CHRONIC_MONTHS) <= start.dt.normalize()
    return lasted.astype("boolean").mask(~known)


def _failed_before(people: pd.DataFrame) -> pd.Series | None:
    if "prior_treatments_failed" not in people:
        return None
    failed = people["prior_treatments_failed"]
    return (failed >= 1).astype("boolean").mask(failed.isna())


def _severe_and_refractory(people: pd.DataFrame) -> pd.Series | None:
    failed = _failed_before(people)
    if failed is None:
        return None
    severe = (people["baseline_score"] >= SEVERE_SCORE).astype("boolean")
    # Kleene: one "no" settles it, also where the other is not known.
    return severe.mask(people["baseline_score"].isna()) & failed
