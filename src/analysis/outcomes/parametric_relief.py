"""Weibull and log-normal relief times beside the curve that assumes no shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.errors import EstimationError
from analysis.estimate.durations import AftFit, fit_lognormal, fit_weibull
from analysis.outcomes.losses import RESPONDERS, Losses, losses_of, spans_of
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import ALL, Group, whole_group
from analysis.results import Estimate
from analysis.settings import AnalysisSettings

Fitter = Callable[..., AftFit]
FITTERS: dict[str, Fitter] = {"weibull": fit_weibull, "lognormal": fit_lognormal}
GIVEN_WEEK, THEN_WEEK = 4.0, 12.0

LEAST_PER_COVARIATE = 10
"""Losses wanted for each coefficient: with fewer, time ratios are noise with a decimal point."""


@dataclass(frozen=True)
class Fitted:
    """A fit, or the sentence why there is none."""

    fit: AftFit | None
    why: str = ""


def fit_shapes(losses: Losses, *, level: float) -> dict[str, Fitted]:
    """Fit every shape without covariates, by name."""
    return {name: _fit(fitter, losses, level) for name, fitter in FITTERS.items()}


def tabulate_parametric(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return parametric medians, conditional shares and time ratios as result rows.

    Returns
    -------
    tuple of ResultRow
        parametric_median (definition weibull, lognormal); conditional_share (still relieved at
        week 12 of those relieved at week 4); time_ratio (definition ``weibull.<covariate>``, from
        one fit with all covariates; above 1 means longer relief). Among responders, under the
        booster strategy of the settings.
    """
    group = whole_group(datasets, condition)
    losses = losses_of(spans_of(datasets, group), settings.booster_strategy)
    keys = {"population": RESPONDERS, **group.keys}
    rows = []
    for name, fitted in fit_shapes(losses, level=settings.confidence_level).items():
        median = _median(fitted, losses.n)
        rows.append(row_from_estimate(median, measure="parametric_median", definition=name, **keys))
        if fitted.fit is not None:
            share = fitted.fit.conditional_survival(THEN_WEEK, given=GIVEN_WEEK)
            rows.append(
                row_from_estimate(
                    share,
                    measure="conditional_share",
                    definition=name,
                    visit=f"week_{THEN_WEEK:g}_given_week_{GIVEN_WEEK:g}",
                    **keys,
                )
            )
    rows += _time_ratios(datasets, losses, group, settings)
    return tuple(rows)


def _median(fitted: Fitted, n: int) -> Estimate:
    if fitted.fit is not None:
        return fitted.fit.median()
    return Estimate(
        value=None,
        n=n,
        unit="weeks",
        method="accelerated failure time, interval-censored",
        status="not estimable" if n else "no patients",
        warnings=(fitted.why,) if fitted.why else (),
    )


def _fit(fitter: Fitter, losses: Losses, level: float, **covariates: object) -> Fitted:
    if not losses.followed:
        return Fitted(None, "Nobody was rated after the end of the series.")
    try:
        fit = fitter(losses.left, losses.right, level=level, time_unit="weeks", **covariates)
        return Fitted(fit)
    except EstimationError as error:
        return Fitted(None, str(error))


def _time_ratios(
    datasets: Datasets, losses: Losses, group: Group, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    design = covariates_of(datasets, losses.patient_ids, group.condition)
    complete = design.notna().all(axis=1).to_numpy()
    design = design[complete]
    design = design.loc[:, design.nunique() > 1]
    n_lost = int((np.isfinite(losses.right) & complete).sum())
    if design.empty or n_lost < LEAST_PER_COVARIATE * (design.shape[1] + 1):
        return
    names = list(design.columns)
    kept = Losses(
        losses.left[complete],
        losses.right[complete],
        losses.time[complete],
        losses.is_event[complete],
        losses.cause[complete],
        losses.patient_ids[complete],
    )
    for shape, fitter in FITTERS.items():
        fitted = _fit(
            fitter, kept, settings.confidence_level, covariates=design.to_numpy(), names=names
        )
        if fitted.fit is None:
            continue
        for name in names:
            yield row_from_estimate(
                fitted.fit.time_ratio(name),
                measure="time_ratio",
                definition=f"{shape}.{name}",
                population=RESPONDERS,
                **group.keys,
            )


def covariates_of(datasets: Datasets, patient_ids: pd.Index, condition: str) -> pd.DataFrame:
    """Return the covariates of relief: baseline (a point above the mean), protocol, condition.

    Returns
    -------
    DataFrame of float
        baseline_point; protocol_high_dose (0/1); for all conditions one column a condition but
        the most frequent, ``condition_<code>``.
    """
    subjects = datasets.subjects.loc[patient_ids]
    baseline = subjects["baseline_score"].astype(float)
    design = pd.DataFrame({"baseline_point": baseline - baseline.mean()})
    protocol = subjects["protocol"].astype("str")
    if protocol.notna().any():
        design["protocol_high_dose"] = (protocol == "high_dose").astype(float)
    if condition == ALL:
        counts = subjects["condition"].value_counts()
        for code in sorted(counts.index[1:]):
            design[f"condition_{code}"] = (subjects["condition"] == code).astype(float)
    return design
