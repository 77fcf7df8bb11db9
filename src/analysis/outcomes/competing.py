"""A booster as a competing event: relief ends by loss or by a booster, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import (
    CumulativeIncidence,
    compare_log_rank,
    estimate_cumulative_incidence,
)
from analysis.outcomes.losses import (
    COMPETING,
    READ_WEEKS,
    RESPONDERS,
    Losses,
    losses_of,
    spans_of,
    week_name,
)
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import ALL, Group, groups_of, whole_group
from analysis.results import Estimate
from analysis.settings import AnalysisSettings

CAUSES = {"loss": 1, "booster": 2}
HALF = 0.5
MEDIAN_METHOD = (
    "time at which half have lost relief, boosters competing (Aalen-Johansen, loss dated at the "
    "visit that found it; limits where the interval of the incidence passes one half)"
)


def incidence_of(losses: Losses, *, level: float) -> CumulativeIncidence | None:
    """Return the cumulative incidence of loss and of boosters; None when nobody was followed."""
    if not losses.followed:
        return None
    codes = np.select([losses.cause == name for name in CAUSES], list(CAUSES.values()), default=0)
    return estimate_cumulative_incidence(
        losses.time, codes, causes=list(CAUSES.values()), level=level, time_unit="weeks"
    )


def tabulate_competing(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return cumulative incidences and the median under competing boosters as result rows.

    Returns
    -------
    tuple of ResultRow
        cumulative_incidence (definition ``loss`` or ``booster``) at weeks 2 to 26, and
        relief_duration with definition ``booster_competing``; among responders.
    """
    rows: list[ResultRow] = []
    for group in groups_of(datasets, condition):
        if group.group_by not in ("all", "arm"):
            continue
        losses = losses_of(spans_of(datasets, group), "censoring")
        dated = losses_of(spans_of(datasets, group), "loss")
        both = replace(losses, time=dated.time, cause=dated.cause)
        incidence = incidence_of(both, level=settings.confidence_level)
        if incidence is not None:
            rows += _rows(incidence, group, settings)
    return tuple(rows)


def _rows(
    incidence: CumulativeIncidence, group: Group, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    keys = {
        "population": RESPONDERS,
        "threshold_pct": settings.responder_threshold_pct,
        **group.keys,
    }
    for name, code in CAUSES.items():
        for week, share in zip(READ_WEEKS, incidence.at_times(READ_WEEKS, code), strict=True):
            yield row_from_estimate(
                share,
                measure="cumulative_incidence",
                definition=name,
                visit=week_name(week),
                **keys,
            )
    yield row_from_estimate(
        median_when_competing(incidence), measure="relief_duration", definition=COMPETING, **keys
    )


def median_when_competing(incidence: CumulativeIncidence) -> Estimate:
    """Return the time by which half have lost relief, those boosted first never counting as lost.

    Returns
    -------
    Estimate
        Weeks; ``not reached`` when the incidence of loss stays below one half, which it must when
        many are boosted first.
    """
    column = list(incidence.causes).index(CAUSES["loss"])
    value = _first_at(incidence.times, incidence.incidence[:, column])
    low = _first_at(incidence.times, incidence.high[:, column])
    return Estimate(
        value=value,
        low=low,
        high=_first_at(incidence.times, incidence.low[:, column]),
        level=incidence.level,
        n=incidence.n,
        unit="weeks",
        method=MEDIAN_METHOD,
        status="estimated" if value is not None else "not reached",
    )


def _first_at(times: np.ndarray, share: np.ndarray) -> float | None:
    reached = np.flatnonzero(share >= HALF)  # an undefined limit (NaN) is not reached
    return float(times[reached[0]]) if len(reached) else None


def tabulate_comparisons(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return log-rank tests between arms, protocols, subtypes and, for ``all``, conditions.

    Returns
    -------
    tuple of ResultRow
        log_rank (value: the p-value; ``definition`` names what is compared, ``by_<column>``, and
        for all conditions together also stratified by condition). For looking: subgroups were not
        allocated by chance.
    """
    spans = spans_of(datasets, whole_group(datasets, condition))
    losses = losses_of(spans, settings.booster_strategy)
    subjects = datasets.subjects.loc[losses.patient_ids]
    rows = []
    for column in ("arm", "protocol", "subtype", "condition"):
        if column not in subjects or (column == "subtype" and condition == ALL):
            continue
        known = subjects[column].notna().to_numpy()
        if subjects.loc[known, column].nunique() < 2:
            continue
        strata = subjects["condition"] if condition == ALL and column != "condition" else None
        rows.append(_log_rank_row(losses, subjects[column], known, strata, condition))
    return tuple(rows)


def _log_rank_row(
    losses: Losses, names: object, known: np.ndarray, strata: object, condition: str
) -> ResultRow:
    column = names.name  # type: ignore[attr-defined]
    test = compare_log_rank(
        losses.time[known],
        losses.is_event[known],
        np.asarray(names)[known],
        strata=None if strata is None else np.asarray(strata)[known],
    )
    how = "" if strata is None else ", stratified by condition"
    return ResultRow(
        measure="log_rank",
        definition=f"by_{column}",
        condition=condition,
        population=RESPONDERS,
        value=test.p_value,
        n=int(known.sum()),
        unit="p",
        method=f"log-rank test between {len(test.groups)} groups{how}; loss dated at the visit",
        status="estimated" if test.p_value is not None else "not estimable",
        warnings=(test.reason,) if test.p_value is None else (),
    )
