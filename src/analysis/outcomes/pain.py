"""Percent reduction in three definitions, and mean scores by visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.estimate.reductions import (
    estimate_mean,
    estimate_mean_bca,
    estimate_median_bca,
    estimate_ratio_of_means,
)
from analysis.outcomes.chance import generator
from analysis.outcomes.responders import visits_in_play, warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import (
    Group,
    Visits,
    groups_of,
    warn_of_arms,
    whole_group,
)
from analysis.results import Estimate
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say


def tabulate_reductions(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return percent reductions and mean scores of a condition as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        percent_reduction (mean_of_patients with t, mean_of_patients_bca, median_of_patients,
        ratio_of_means; population observed, and the first also for all_starters with a missing
        reduction counted as none), score_mean and change_mean by visit. Ratings after a booster
        are the patient's own state and stay in; how many is told in the row's warnings.

    Raises
    ------
    SettingsError
        No such condition.
    """
    rows: list[ResultRow] = []
    visits, seen = visits_in_play(datasets, settings), Visits(datasets)
    for group in groups_of(datasets, condition):
        mixed = warn_of_arms(datasets, group)
        for visit in visits if group.every_visit else (settings.analysis_visit,):
            rows += warned(_reductions(seen.at(group, visit), group, visit, settings), mixed)
    whole = whole_group(datasets, condition)
    scores = _scores(datasets, seen, whole, settings)
    rows += warned(scores, warn_of_arms(datasets, whole))
    return tuple(rows)


def _reductions(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    keys = {"measure": "percent_reduction", "visit": visit, **group.keys}
    n_boosted = int((seen["boosted"] & seen["is_rated"]).sum())
    told = (say("outcomes.told.boosted_rated", n=n_boosted),) if n_boosted else ()
    for definition, estimate in _observed(seen, group, visit, settings).items():
        row = row_from_estimate(estimate, definition=definition, population="observed", **keys)
        yield replace(row, warnings=(*row.warnings, *told))
    yield row_from_estimate(
        _all_starters(seen["reduction_pct"], level=settings.confidence_level),
        definition="mean_of_patients",
        population="all_starters",
        **keys,
    )


def _observed(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> dict[str, Estimate]:
    """Return each definition of the percent reduction of those rated."""
    own, level = seen["reduction_pct"], settings.confidence_level
    draws = settings.bootstrap_replicates

    def rng(definition: str) -> np.random.Generator:
        return generator(settings, group, visit, definition)

    return {
        "mean_of_patients": estimate_mean(own, level=level),
        "mean_of_patients_bca": estimate_mean_bca(
            own, rng=rng("mean"), replicates=draws, level=level
        ),
        "median_of_patients": estimate_median_bca(
            own, rng=rng("median"), replicates=draws, level=level
        ),
        "ratio_of_means": estimate_ratio_of_means(
            seen["baseline_score"],
            seen["score"],
            rng=rng("ratio"),
            replicates=draws,
            level=level,
        ),
    }


def _all_starters(own: pd.Series, *, level: float) -> Estimate:
    """Return the mean with a missing reduction counted as none; nobody rated stays no answer."""
    if not own.notna().any():
        return estimate_mean(own, level=level)
    unknown = int(own.isna().sum())
    estimate = estimate_mean(own.fillna(0.0), level=level)
    told = say("outcomes.told.unrated_as_none", n=unknown)
    warnings = (*estimate.warnings, told) if unknown else estimate.warnings
    return replace(estimate, n_missing=unknown, warnings=warnings)


def _scores(
    datasets: Datasets, visits: Visits, group: Group, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    level = settings.confidence_level
    baseline = datasets.subjects["baseline_score"].reindex(group.patient_ids)
    yield row_from_estimate(
        estimate_mean(baseline, unit="score", level=level),
        measure="score_mean",
        population="all_starters",
        visit="baseline",
        **group.keys,
    )
    for visit in visits_in_play(datasets, settings):
        seen = visits.at(group, visit)
        for measure, column in (("score_mean", "score"), ("change_mean", "change_score")):
            yield row_from_estimate(
                estimate_mean(seen[column], unit="score", level=level),
                measure=measure,
                population="observed",
                visit=visit,
                **group.keys,
            )
