"""Relief after the first, second, third ... series: does it shorten with repetition?

Series of one patient hang together, so the ratio's interval leaves out patients, not series.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.derive.datasets import Datasets
from analysis.derive.lookup import is_among
from analysis.derive.series_relief import derive_series_relief
from analysis.errors import EstimationError
from analysis.estimate.durations import (
    bootstrap_relief,
    estimate_npmle,
    fit_weibull,
    refit_weibull,
)
from analysis.outcomes.chance import generator
from analysis.outcomes.losses import DAYS_PER_WEEK, RESPONDERS, series_of
from analysis.outcomes.parametric_relief import FIRST_DAY_WEEKS, LEAST_PER_COVARIATE
from analysis.outcomes.planned import PLANNED_WEEKS, quantile_at_planned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group
from analysis.results import Estimate
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

MOST_NUMBERS = 5
"""Series and gaps are told up to the fifth; later ones are few."""

LEAST_SPANS = 5
"""A median of fewer spans is not told: it would be those few patients."""

LEAST_LOSSES = 3 * LEAST_PER_COVARIATE
"""Ends of relief wanted for the ratio: ten for each of level, slope and shape."""

SERIES_REPLICATES = 500
"""Resamples for the interval of a median."""

JACKKNIFE_GROUPS = 40
"""Groups of patients left out in turn: their number, less one, is the degrees of freedom."""


def tabulate_series(
    datasets: Datasets, settings: AnalysisSettings, group: Group
) -> tuple[ResultRow, ...]:
    """Return relief by number of the series, and whether it shortens, as result rows.

    Parameters
    ----------
    datasets, settings
        As `analysis.outcomes.responders.tabulate_responders`.
    group : Group
        Patients counted.

    Returns
    -------
    tuple of ResultRow
        series_relief (median weeks of relief after a series, where at least five showed relief;
        group_by ``series``), series_time_ratio (relief per further series of those who came for
        more than one: below 1 is shortening; ``not estimable`` with fewer than 30 ends of relief).
    """
    own = datasets.change[is_among(datasets.change["patient_id"], group.patient_ids)]
    series = series_of(datasets, group)
    spans = derive_series_relief(own, series, threshold_pct=settings.responder_threshold_pct)
    ratio = row_from_estimate(
        estimate_trend(_of_returners(spans, series), settings, group),
        measure="series_time_ratio",
        population=RESPONDERS,
        **group.keys,
    )
    return (*_medians(spans, settings, group), ratio)


def _of_returners(spans: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Keep the spans of patients with more than one series.

    Who never came back has a first series only, which no booster ended: with them in, relief seems
    to shorten where none does (docs/decisions/0021-repetition.md).
    """
    last = series.groupby("patient_id")["series_number"].max()
    return spans[spans["patient_id"].isin(last.index[last > 1])]


def _medians(spans: pd.DataFrame, settings: AnalysisSettings, group: Group) -> Iterable[ResultRow]:
    for number in range(1, MOST_NUMBERS + 1):
        part = spans[spans["series_number"] == number]
        if len(part) < LEAST_SPANS:
            continue
        yield row_from_estimate(
            _median(part, settings, group, str(number)),
            measure="series_relief",
            condition=group.condition,
            group_by="series",
            group=str(number),
            population=RESPONDERS,
        )


def _median(part: pd.DataFrame, settings: AnalysisSettings, group: Group, number: str) -> Estimate:
    left, right = _weeks(part)
    method = say("outcomes.method.series_median")
    if not ((left > 0) | np.isfinite(right)).any():
        return _no_number(len(part), "weeks", say("outcomes.why.not_followed"), method)
    made = bootstrap_relief(
        estimate_npmle(left, right, time_unit="weeks"),
        rng=generator(settings, group, "series", number),
        times=PLANNED_WEEKS,
        lost_shares=(0.5,),
        replicates=min(settings.bootstrap_replicates, SERIES_REPLICATES),
        level=settings.confidence_level,
    )
    shares = dict(zip(PLANNED_WEEKS, made.guarded.survival, strict=True))
    median = quantile_at_planned(
        made.guarded.quantiles[0], shares, lost_share=0.5, level=settings.confidence_level
    )
    more = () if number == "1" else (say("outcomes.told.came_back"),)
    return replace(median, method=method, warnings=more)


def _weeks(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    left = part["left_days"].to_numpy(dtype=float) / DAYS_PER_WEEK
    return left, part["right_days"].to_numpy(dtype=float) / DAYS_PER_WEEK


def _no_number(n: int, unit: str, why: str, method: str) -> Estimate:
    return Estimate(
        value=None, n=n, unit=unit, method=method, status="not estimable", warnings=(why,)
    )


def estimate_trend(spans: pd.DataFrame, settings: AnalysisSettings, group: Group) -> Estimate:
    """Return the ratio of relief times per further series.

    Parameters
    ----------
    spans : DataFrame
        `analysis.derive.series_relief.derive_series_relief`.
    settings, group
        For the level, the seed and the name of the result.

    Returns
    -------
    Estimate
        Ratio above 0, below 1 for shortening; ``n`` counts series, not patients. The interval is
        from the ratios without each of 40 groups of patients in turn.

    References
    ----------
    Shao and Tu (1995), The Jackknife and Bootstrap, section 5.2, on leaving out groups.
    """
    n_lost = int(np.isfinite(spans["right_days"].astype(float)).sum())
    method = say("outcomes.method.series_ratio")
    if spans["series_number"].nunique() < 2:
        return _no_number(len(spans), "ratio", say("outcomes.why.one_series"), method)
    if n_lost < LEAST_LOSSES:
        why = say("outcomes.why.few_losses", n=n_lost, least=LEAST_LOSSES)
        return _no_number(len(spans), "ratio", why, method)
    patients = pd.factorize(spans["patient_id"])[0]
    try:
        ratio = _fit_ratio(spans)
    except EstimationError as error:
        why = say("outcomes.why.no_ratio", why=str(error))
        return _no_number(len(spans), "ratio", why, method)
    assert ratio.value is not None
    spread = _spread(spans, patients, generator(settings, group, "series_ratio"))
    if spread is None:
        told = (say("outcomes.why.unstable_fit"),)
        return replace(ratio, low=None, high=None, level=None, warnings=told)
    std_error, n_groups = spread
    half = float(stdtrit(n_groups - 1, (1 + settings.confidence_level) / 2)) * std_error
    return replace(
        ratio,
        low=float(ratio.value * np.exp(-half)),
        high=float(ratio.value * np.exp(half)),
        level=settings.confidence_level,
        method=method,
    )


def _fit_ratio(spans: pd.DataFrame) -> Estimate:
    """Fit the ratio on distinct spans, each standing for as many as it occurs."""
    (left, right, number), place = _distinct(spans)
    fit = fit_weibull(
        left,
        right,
        covariates=number,
        names=["further_series"],
        weights=np.bincount(place),
        time_unit="weeks",
    )
    return fit.time_ratio("further_series")


def _distinct(spans: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct ends (weeks) and numbers of series, in rows, and the place of spans."""
    columns = ["left_days", "right_days", "series_number"]
    table = spans[columns].to_numpy(dtype=float)
    rows, place = np.unique(table, axis=0, return_inverse=True)
    left, right, number = rows[:, 0] / DAYS_PER_WEEK, rows[:, 1] / DAYS_PER_WEEK, rows[:, 2]
    return np.stack((left, np.where(right > 0, right, FIRST_DAY_WEEKS), number)), place.ravel()


def _spread(
    spans: pd.DataFrame, patients: np.ndarray, rng: np.random.Generator
) -> tuple[float, int] | None:
    """Return the standard error of the log ratio from leaving groups of patients out; and groups.

    None where a fit without one of the groups does not exist.
    """
    n_patients = int(patients.max()) + 1
    n_groups = min(JACKKNIFE_GROUPS, n_patients)
    group = rng.permutation(np.arange(n_patients) % n_groups)[patients]
    (left, right, number), place = _distinct(spans)
    own = np.bincount(group * left.size + place, minlength=n_groups * left.size)
    own = own.reshape(n_groups, left.size)
    try:
        logs = refit_weibull(left, right, covariates=number, weights=own.sum(axis=0) - own)[:, 1]
    except EstimationError:
        return None
    return float(np.sqrt((n_groups - 1) * logs.var())), n_groups
