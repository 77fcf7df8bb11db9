"""Shares with a reason instead of a number where nothing was recorded, and shares with bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.estimate.proportions import count_responders, estimate_responder_share
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import ALL, ARM, NOT_RECORDED, Group, patients_of, warn_of_arms
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say


def treated_groups(datasets: Datasets, condition: str) -> Iterator[Group]:
    """Yield all treated patients of a condition, then those of each arm where arms are named.

    Treated means at least one infusion, or a place in an export without infusions. Unlike the
    starters of responder analyses nobody leaves for a low baseline: whom a clinic treats, and how,
    is asked of everyone it treats.
    """
    subjects = patients_of(datasets, condition)
    yield from _with_arms(subjects[subjects["started"]], condition)


def eligible_groups(datasets: Datasets, condition: str) -> Iterator[Group]:
    """Yield the starters of a condition that responder analyses count, then those of each arm."""
    subjects = patients_of(datasets, condition)
    yield from _with_arms(subjects[subjects["eligible"]], condition)


def _with_arms(subjects: pd.DataFrame, condition: str) -> Iterator[Group]:
    yield Group(condition, ALL, ALL, subjects.index)
    if ARM not in subjects or subjects[ARM].isna().all():
        return
    names = subjects[ARM].astype("str").fillna(NOT_RECORDED)
    for name in sorted(names.unique()):
        yield Group(condition, ARM, name, subjects.index[names == name])


def share_row(
    datasets: Datasets,
    settings: AnalysisSettings,
    group: Group,
    flags: pd.Series | None,
    *,
    lacking: str = "",
    **keys: object,
) -> ResultRow:
    """Return the share of patients with something, among those of whom it is known.

    Parameters
    ----------
    datasets : Datasets
    settings : AnalysisSettings
    group : Group
        Whose share; its keys go on the row.
    flags : Series of nullable boolean, or None
        One value a patient, missing where not known; None where the export has no such column.
    lacking : str
        Sentence told where nothing is known; one that says no more than that where not given.
    **keys
        measure, definition, population ...

    Returns
    -------
    ResultRow
        Wilson interval; ``not estimable`` with ``lacking`` where nothing is known, ``no patients``
        where there are none to ask about.
    """
    if flags is None:
        flags = pd.Series(pd.NA, index=group.patient_ids, dtype="boolean")
    estimate = estimate_responder_share(flags, missing="excluded", level=settings.confidence_level)
    if estimate.status == "not estimable":
        estimate = replace(estimate, warnings=(lacking or say("outcomes.why.not_known"),))
    return _row(datasets, group, estimate, keys)


def bounded_row(
    datasets: Datasets,
    settings: AnalysisSettings,
    group: Group,
    flags: pd.Series,
    *,
    lacking: str = "",
    **keys: object,
) -> ResultRow:
    """Return a share whose interval holds whatever was true of those not known.

    The value is the share among those known, ``n`` counts all, and the interval reaches from the
    lower end when nobody unknown has it to the upper end when everybody has. For days on which no
    visit is planned: a patient not rated then is neither a responder nor none.

    Parameters, returns and statuses as `share_row`.
    """
    known, n, unknown = count_responders(flags, missing="excluded")
    level, method = settings.confidence_level, say("outcomes.method.bounds")
    if not len(flags):
        estimate = no_patients(unit="share", method=method)
    elif not n:
        estimate = Estimate(
            value=None, n=unknown, n_missing=unknown, unit="share", method=method,
            status="not estimable", warnings=(lacking or say("outcomes.why.not_known"),),
        )  # fmt: skip
    else:
        worst = estimate_responder_share(flags, missing="nonresponse", level=level)
        best = estimate_responder_share(flags, missing="response", level=level)
        estimate = Estimate(
            value=known / n, low=worst.low, high=best.high, level=level, n=len(flags),
            n_missing=unknown, n_events=known, unit="share", method=method,
        )  # fmt: skip
    return _row(datasets, group, estimate, {**keys, "population": "bounds"})


def _row(
    datasets: Datasets, group: Group, estimate: Estimate, keys: dict[str, object]
) -> ResultRow:
    row = row_from_estimate(estimate, **group.keys, **keys)
    return replace(row, warnings=(*row.warnings, *warn_of_arms(datasets, group)))
