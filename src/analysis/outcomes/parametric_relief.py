"""Weibull and log-normal relief times beside the curve that assumes no shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.errors import EstimationError
from analysis.estimate.durations import AftFit, fit_lognormal, fit_weibull
from analysis.outcomes.losses import (
    DAYS_PER_WEEK,
    RESPONDERS,
    Losses,
)
from analysis.outcomes.relief_bench import GroupBench, ReliefBench, bench_of
from analysis.outcomes.responders import warned
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import ALL, Group
from analysis.results import Estimate
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

Fitter = Callable[..., AftFit]
FITTERS: dict[str, Fitter] = {"weibull": fit_weibull, "lognormal": fit_lognormal}
GIVEN_WEEK, THEN_WEEK = 4.0, 12.0

LEAST_PER_COVARIATE = 10
"""Losses wanted for each coefficient: with fewer, time ratios are noise with a decimal point."""

LEAST_LOSSES = 10
"""Losses wanted for a shape without covariates: with fewer, the shape would be the assumption's."""

FIRST_DAY_WEEKS = 1 / DAYS_PER_WEEK
"""A shape has no chance of an end at time 0: relief that ended on the day the clock began (a
booster on the day of the rating) is taken to have ended within that day."""


@dataclass(frozen=True)
class Fitted:
    """A fit, or the sentence why there is none."""

    fit: AftFit | None
    why: str = ""


def fit_shapes(losses: Losses, *, level: float) -> dict[str, Fitted]:
    """Fit every shape without covariates, by name."""
    return {name: _fit(fitter, losses, level) for name, fitter in FITTERS.items()}


def tabulate_parametric(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return parametric medians, conditional shares and time ratios as result rows.

    Returns
    -------
    tuple of ResultRow
        parametric_median (definition weibull, lognormal); conditional_share (still relieved at
        week 12 of those relieved at week 4); time_ratio (definition ``weibull.<covariate>``, from
        one fit with all covariates; above 1 means longer relief; only with at least 10 losses for
        each coefficient). Among responders, under the booster strategy of the settings. No number
        lies after the last look at anybody.
    """
    own = bench_of(datasets, settings, condition, bench).whole
    losses = own.losses(settings.booster_strategy)
    keys = {"population": RESPONDERS, **own.group.keys}
    rows = []
    visit = f"week_{THEN_WEEK:g}_given_week_{GIVEN_WEEK:g}"
    for name, fitted in shapes_on(own).items():
        median, share = _median(fitted, losses), _conditional_share(fitted, losses)
        for estimate, more in (
            (median, {"measure": "parametric_median"}),
            (share, {"measure": "conditional_share", "visit": visit}),
        ):
            rows.append(row_from_estimate(estimate, definition=name, **more, **keys))
    rows += _time_ratios(datasets, losses, own.group, settings)
    return tuple(warned(rows, own.told))


def shapes_on(own: GroupBench) -> dict[str, Fitted]:
    """Return the shapes of a group under the booster strategy of the settings, fitted once."""
    losses, level = own.losses(own.settings.booster_strategy), own.settings.confidence_level
    return own.once("shapes", lambda: fit_shapes(losses, level=level))


def _median(fitted: Fitted, losses: Losses) -> Estimate:
    """Return the median; not reached where only the shape, and no patient, says when it comes."""
    if fitted.fit is None:
        return _no_number("weeks", losses.n, fitted.why)
    median = _read(fitted.fit.median, "weeks", losses.n)
    if median.value is None:
        return median
    last = losses.last_look
    high = None if (median.high or 0.0) > last else median.high
    if median.value <= last:
        return replace(median, high=high)
    low = None if (median.low or 0.0) > last else median.low
    return replace(
        median,
        value=None,
        low=low,
        high=None,
        status="not reached",
        warnings=(*median.warnings, _beyond(last)),
    )


def _beyond(last: float) -> str:
    return say("outcomes.why.after_last_look", last=f"{last:.3g}")


def _conditional_share(fitted: Fitted, losses: Losses) -> Estimate:
    if fitted.fit is None:
        return _no_number("share", losses.n, fitted.why)
    if losses.last_look < THEN_WEEK:
        return _no_number("share", losses.n, _beyond(losses.last_look))
    fit = fitted.fit
    return _read(lambda: fit.conditional_survival(THEN_WEEK, given=GIVEN_WEEK), "share", losses.n)


def _read(number: Callable[[], Estimate], unit: str, n: int) -> Estimate:
    """Return a number of a fit; none where its limits run beyond what a computer can hold."""
    try:
        with np.errstate(all="ignore"):
            return number()
    except ValueError:  # Estimate refuses limits that are infinite or no number
        return _no_number(unit, n, say("outcomes.why.no_end"))


def _no_number(unit: str, n: int, why: str) -> Estimate:
    return Estimate(
        value=None,
        n=n,
        unit=unit,
        method=say("outcomes.method.parametric"),
        status="not estimable" if n else "no patients",
        warnings=(why,),
    )


def _fit(fitter: Fitter, losses: Losses, level: float, **covariates: object) -> Fitted:
    n_lost = int(np.isfinite(losses.right).sum())
    if not losses.n:
        return Fitted(None, say("outcomes.why.no_relief"))
    if not losses.followed:
        return Fitted(None, say("outcomes.why.not_followed"))
    if n_lost < LEAST_LOSSES:
        return Fitted(None, say("outcomes.why.few_losses", n=n_lost, least=LEAST_LOSSES))
    right = np.where(losses.right > 0, losses.right, FIRST_DAY_WEEKS)
    try:
        return Fitted(fitter(losses.left, right, level=level, time_unit="weeks", **covariates))
    except EstimationError as error:
        told = str(error)
        return Fitted(None, f"{told[:1].upper()}{told[1:]}")


def _time_ratios(
    datasets: Datasets, losses: Losses, group: Group, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    design = covariates_of(datasets, losses.patient_ids, group.condition)
    complete = design.notna().all(axis=1).to_numpy()
    design = design[complete]
    design = design.loc[:, design.max() > design.min()]
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
            ratio = _read(partial(fitted.fit.time_ratio, name), "ratio", kept.n)
            told = (*ratio.warnings, say("outcomes.told.between_patients"))
            yield row_from_estimate(
                replace(ratio, warnings=told),
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
        baseline_point; protocol_high_dose (0/1, missing where not recorded); for all conditions
        one column a condition but the most frequent, ``condition_<code>``.
    """
    subjects = datasets.subjects.loc[patient_ids]
    baseline = subjects["baseline_score"].astype(float)
    design = pd.DataFrame({"baseline_point": baseline - baseline.mean()})
    protocol = subjects["protocol"].astype("str")
    if protocol.notna().any():
        design["protocol_high_dose"] = (
            (protocol == "high_dose").astype(float).where(protocol.notna())
        )
    if condition == ALL:
        counts = subjects["condition"].value_counts()
        for code in sorted(counts.index[1:]):
            design[f"condition_{code}"] = (subjects["condition"] == code).astype(float)
    return design
