"""Percent reduction in three definitions, and mean scores by visit."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.estimate.reductions import (
    estimate_mean,
    estimate_mean_bca,
    estimate_median_bca,
    estimate_ratio_of_means,
)
from analysis.outcomes.responders import visits_in_play
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, at_visit, groups_of, whole_group
from analysis.settings import AnalysisSettings


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
        ratio_of_means; population observed, and all_starters with a missing reduction counted as
        none), score_mean and change_mean by visit. Ratings after a booster are the patient's own
        state and stay in.
    """
    rows: list[ResultRow] = []
    for group in groups_of(datasets, condition):
        whole = group.group_by == "all"
        visits = visits_in_play(datasets, settings) if whole else (settings.analysis_visit,)
        for visit in visits:
            rows += _reductions(at_visit(datasets, group, visit), group, visit, settings)
    whole_condition = whole_group(datasets, condition)
    rows += _scores(datasets, whole_condition, settings)
    return tuple(rows)


def _reductions(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    keys = {"measure": "percent_reduction", "visit": visit, **group.keys}
    own = seen["reduction_pct"]
    rng = generator(settings, group, visit)
    n_draws, level = settings.bootstrap_replicates, settings.confidence_level
    estimates = {
        ("mean_of_patients", "observed"): estimate_mean(own, level=level),
        ("mean_of_patients_bca", "observed"): estimate_mean_bca(
            own, rng=rng, replicates=n_draws, level=level
        ),
        ("median_of_patients", "observed"): estimate_median_bca(
            own, rng=rng, replicates=n_draws, level=level
        ),
        ("ratio_of_means", "observed"): estimate_ratio_of_means(
            seen["baseline_score"], seen["score"], rng=rng, replicates=n_draws, level=level
        ),
    }
    if own.notna().any():
        as_none = own.fillna(0.0)
        estimate = estimate_mean(as_none, level=level)
        estimates["mean_of_patients", "all_starters"] = estimate
    for (definition, population), estimate in estimates.items():
        row = row_from_estimate(estimate, definition=definition, population=population, **keys)
        if population == "all_starters":
            told = f"{int(own.isna().sum())} without a score at this visit count as no reduction."
            row = row_from_estimate(
                estimate,
                definition=definition,
                population=population,
                **keys | {"warnings": (*row.warnings, told), "n_missing": int(own.isna().sum())},
            )
        yield row


def _scores(datasets: Datasets, group: Group, settings: AnalysisSettings) -> Iterable[ResultRow]:
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
        seen = at_visit(datasets, group, visit)
        for measure, column in (("score_mean", "score"), ("change_mean", "change_score")):
            yield row_from_estimate(
                estimate_mean(seen[column], unit="score", level=level),
                measure=measure,
                population="observed",
                visit=visit,
                **group.keys,
            )


def generator(settings: AnalysisSettings, group: Group, *more: str) -> np.random.Generator:
    """Return a generator of its own for each result, so that no result depends on another."""
    name = "|".join([group.condition, group.group_by, group.group, *more])
    return np.random.default_rng([settings.seed, crc32(name.encode())])
