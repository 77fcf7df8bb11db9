"""Studies pooled: effects by REML with Hartung-Knapp limits, shares by a binomial-normal model.

Effects (mean differences, log ratios) go through PyMetaAnalysis. Shares of single arms have a model
of their own here, since Python has none that works on the counts: the logit of each study's true
share is normal around a mean, and the events are binomial given it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import cast

import numpy as np
from meta_analyze import MetaAnalysisResult, meta_analysis
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logit, xlog1py, xlogy
from statsmodels.tools.numdiff import approx_hess3

from analysis.errors import EstimationError
from analysis.stats.checks import (
    Floats,
    as_count,
    as_counts,
    as_number,
    as_numbers,
    check_choice,
    check_level,
    check_positive,
    check_same_length,
    check_share,
    refuse,
)

LEAST_PREDICTED = 3
"""Studies below which a prediction interval has no degrees of freedom (t with k - 2)."""

POINTS = 7
"""Quadrature points of the share model, as lme4's `glmer` has them by way of metafor."""

NEWTON_STEPS = 200
"""More steps than the guarded search of a study's mode ever needs (bisection alone needs 60)."""

WIDEST = 10.0
"""A standard deviation of logits beyond this says shares of 0 and 1 alone: no maximum is near."""

NO_SPREAD = 1e-5
"""A standard deviation of logits below this is the boundary, 0."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """What studies say together.

    Parameters
    ----------
    k : int
        Studies.
    value, low, high : float
        Pooled number with its interval: in the unit of the effects; a share in [0, 1].
    level : float
        Confidence level of all intervals.
    se : float or None
        Standard error, on the logit scale for shares; None of exact limits.
    tau2, tau2_low, tau2_high : float or None
        Variance between studies (of logits for shares), with Q-profile limits for effects where
        that set is not empty.
    i2 : float or None
        Share of the variation that is between studies, in [0, 1]; None for shares.
    predicted_low, predicted_high : float or None
        Interval for the true number of one further study, from three studies on.
    weights : tuple of float
        Of each study, adding to 1; equal to its part of the pooled effect. Empty for shares,
        whose pooled number is no weighted mean.
    method : str
        Code: ``reml_hartung_knapp``, ``binomial_normal``, ``pooled_exact``.
    """

    k: int
    value: float
    low: float
    high: float
    level: float
    se: float | None = None
    tau2: float | None = None
    tau2_low: float | None = None
    tau2_high: float | None = None
    i2: float | None = None
    predicted_low: float | None = None
    predicted_high: float | None = None
    weights: tuple[float, ...] = ()
    method: str


def pool_effects(
    effects: ArrayLike,
    errors: ArrayLike,
    *,
    level: float = 0.95,
    tau2_method: str = "REML",
    floor: bool = True,
) -> Pooled:
    """Pool effects of studies with their standard errors, random effects.

    Parameters
    ----------
    effects, errors : array, shape (k,)
        Effect of each study and its standard error, above 0; ratios as logarithms. Two studies at
        least; neither may be missing.
    tau2_method : {'REML', 'PM', 'DL'}
        Estimator of the variance between studies.
    floor : bool
        Whether limits are never narrower than the ordinary random-effects ones.

    Returns
    -------
    Pooled
        Limits by Hartung and Knapp (t with k - 1), prediction interval with k - 2 degrees of
        freedom, Q-profile limits of tau squared.

    Raises
    ------
    EstimationError
        Fewer than two studies; missing numbers; a standard error that is not above 0.

    References
    ----------
    Knapp and Hartung (2003), Stat Med 22:2693; Jackson et al. (2017), Stat Med 36:3923 (the floor);
    Viechtbauer (2007), Stat Med 26:37; Higgins, Thompson and Spiegelhalter (2009), JRSS A 172:137.
    """
    values, se = as_numbers("effects", effects), as_numbers("errors", errors)
    check_same_length(values.size, errors=se.size)
    check_level(level)
    check_choice("tau2_method", tau2_method, ("REML", "PM", "DL"))
    _check_studies(values.size)
    refuse(se <= 0, "a standard error is not above 0", se)
    fit = cast(
        MetaAnalysisResult,
        meta_analysis(
            effect=values,
            standard_error=se,
            tau2_method=tau2_method,
            ci_method="hartung_knapp_adhoc" if floor else "hartung_knapp",
            confidence_level=level,
        ),
    )
    between = fit.tau2_confidence_interval(confidence_level=level)
    none = between.is_empty
    predicted = fit.prediction_interval or (None, None)
    weights = fit.study_results["normalized_weight"].to_numpy()
    return Pooled(
        k=values.size,
        value=float(fit.estimate),
        low=float(fit.ci_low),
        high=float(fit.ci_high),
        level=level,
        se=float(fit.standard_error),
        tau2=float(cast(float, fit.tau2)),
        tau2_low=None if none else float(between.ci_low),
        tau2_high=None if none or not np.isfinite(between.ci_high) else float(between.ci_high),
        i2=float(fit.i2),
        predicted_low=predicted[0],
        predicted_high=predicted[1],
        weights=tuple(float(weight) for weight in weights),
        method="reml_hartung_knapp" if tau2_method == "REML" else f"{tau2_method.lower()}_knapp",
    )


def log_ratios(
    n_events: ArrayLike, n: ArrayLike, control_events: ArrayLike, control_n: ArrayLike
) -> tuple[Floats, Floats]:
    """Return log ratios of shares, treated over control, with their standard errors.

    Parameters
    ----------
    n_events, n, control_events, control_n : array of int, shape (k,)
        Half a patient is added to each cell of a study in which one is empty.

    Returns
    -------
    ratios, errors : array of float, shape (k,)
    """
    events, patients = as_counts(n_events, n)
    others, of = as_counts(control_events, control_n)
    empty = (events == 0) | (others == 0) | (events == patients) | (others == of)
    a, b = events + 0.5 * empty, patients - events + 0.5 * empty
    c, d = others + 0.5 * empty, of - others + 0.5 * empty
    errors = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    return np.log(a / (a + b)) - np.log(c / (c + d)), errors


def pool_shares(
    n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95, points: int = POINTS
) -> Pooled:
    """Pool shares of single arms from their counts.

    Parameters
    ----------
    n_events, n : array of int, shape (k,)
        Events among the patients of each study, at least one patient each; two studies at least.
    points : int
        Points of the adaptive Gauss-Hermite quadrature.

    Returns
    -------
    Pooled
        The share of the typical study (median over studies), limits from t with k - 1 on the logit
        scale, prediction interval from t with k - 2. Where nobody, or everybody, had the event in
        all studies, the model has no maximum: exact limits of all patients together, method
        ``pooled_exact``.

    Raises
    ------
    EstimationError
        Fewer than two studies; missing or impossible counts; a study without patients.

    Notes
    -----
    The likelihood of metafor's ``rma.glmm(measure="PLO")``. Where studies contradict each other so
    wholly that it has no maximum (none of 5 and all of 5), the share of all patients stands with
    limits of 0 and 1. Each study's mode is sought from its
    own logit and kept between that and the mean: from 0, Newton's steps run away in large studies.

    References
    ----------
    Stijnen, Hamza and Ozdemir (2010), Stat Med 29:3046; Pinheiro and Bates (1995), JCGS 4:12.
    """
    events, patients = as_counts(n_events, n)
    check_level(level)
    as_count("points", points, least=1)
    _check_studies(events.size)
    refuse(np.isnan(events + patients), "a count is missing", events)
    refuse(patients < 1, "a study has no patients", patients)
    k, total, everybody = events.size, events.sum(), patients.sum()
    if total in (0, everybody):
        exact = stats.binomtest(int(total), int(everybody)).proportion_ci(level, method="exact")
        return Pooled(
            k=k,
            value=float(total / everybody),
            low=float(exact.low),
            high=float(exact.high),
            level=level,
            method="pooled_exact",
        )

    def loss(at: Floats) -> float:
        return -_share_likelihood(events, patients, mean=at[0], spread=abs(at[1]), points=points)

    start = logit(total / everybody)
    own = logit((events + 0.5) / (patients + 1))
    tries = [
        minimize(loss, [start, spread], method="BFGS", jac="3-point", options={"gtol": 1e-7})
        for spread in (0.1, max(float(np.std(own)), 0.2))
    ]
    mean, spread = min(tries, key=lambda one: float(one.fun)).x
    spread = abs(spread)
    if spread < NO_SPREAD or loss(np.array([start, 0.0])) <= loss(np.array([mean, spread])):
        mean, spread = start, 0.0
    curvature = approx_hess3(np.array([mean, spread]), loss)
    if spread > WIDEST or np.linalg.eigvalsh(curvature)[0] <= 0:
        wide = (0.0, 1.0) if k >= LEAST_PREDICTED else (None, None)
        return Pooled(
            k=k,
            value=float(total / everybody),
            low=0.0,
            high=1.0,
            level=level,
            predicted_low=wide[0],
            predicted_high=wide[1],
            method="binomial_normal",
        )
    se = sqrt(np.linalg.inv(curvature)[0, 0])
    quantile = stats.t.ppf(0.5 + level / 2, k - 1)
    reach = (
        stats.t.ppf(0.5 + level / 2, k - 2) * sqrt(se**2 + spread**2)
        if k >= LEAST_PREDICTED
        else None
    )
    return Pooled(
        k=k,
        value=float(expit(mean)),
        low=float(expit(mean - quantile * se)),
        high=float(expit(mean + quantile * se)),
        level=level,
        se=se,
        tau2=float(spread**2),
        predicted_low=None if reach is None else float(expit(mean - reach)),
        predicted_high=None if reach is None else float(expit(mean + reach)),
        method="binomial_normal",
    )


def _share_likelihood(
    events: Floats, patients: Floats, *, mean: float, spread: float, points: int
) -> float:
    """Return the log-likelihood of the counts, without the binomial coefficients."""
    if spread < NO_SPREAD:
        share = expit(mean)
        return float(np.sum(xlogy(events, share) + xlog1py(patients - events, -share)))
    peak = _modes(events, patients, mean=mean, spread=spread)
    width = 1 / np.sqrt(patients * expit(peak) * expit(-peak) + spread**-2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    at = peak[:, None] + width[:, None] * nodes
    heights = (
        events[:, None] * at
        - patients[:, None] * np.logaddexp(0, at)
        - ((at - mean) / spread) ** 2 / 2
        + nodes**2 / 2
    )
    top = heights.max(axis=1, keepdims=True)
    sums = np.log(np.exp(heights - top) @ weights) + top[:, 0]
    return float(np.sum(sums + np.log(width / spread) - np.log(2 * np.pi) / 2))


def _modes(events: Floats, patients: Floats, *, mean: float, spread: float) -> Floats:
    """Return the most likely logit of each study, given the distribution of logits."""
    # The slope falls with the logit, and has a change of sign between these two places.
    with np.errstate(divide="ignore"):
        own = logit(events / patients)
    far = spread**2 * np.maximum(patients, 1.0)
    low = np.maximum(np.minimum(own, mean), mean - far)
    high = np.minimum(np.maximum(own, mean), mean + far)
    at = np.clip(np.where(np.isfinite(own), own, mean), low, high)
    for _ in range(NEWTON_STEPS):
        share = expit(at)
        slope = events - patients * share - (at - mean) / spread**2
        low, high = np.where(slope > 0, at, low), np.where(slope < 0, at, high)
        step = at + slope / (patients * share * (1 - share) + spread**-2)
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        if np.all(np.abs(step - at) <= 1e-12 * (1 + np.abs(at))):
            break
        at = step
    return at


def implied_share(difference: float, sd: float, control_share: float) -> float:
    """Return the share of responders that a mean difference would imply, given the control's.

    Parameters
    ----------
    difference : float
        Mean outcome of treated less control, negative for less pain, in points.
    sd : float
        Standard deviation of the outcome in a group, above 0, in points.
    control_share : float
        Responders of the control group, strictly between 0 and 1.

    Notes
    -----
    Outcomes are taken as normal with one spread, so that both shares are cut at the same place. An
    assumption for sensitivity analyses: no claim is judged on it.

    References
    ----------
    Furukawa et al. (2005), Int Clin Psychopharmacol 20:49; da Costa et al. (2012), Int J Epidemiol
    41:1445 (among the conversions that agree with observed shares).
    """
    check_share("control_share", control_share)
    check_positive("sd", sd)
    shift = -as_number("difference", difference) / sd
    return float(stats.norm.cdf(stats.norm.ppf(control_share) + shift))


def _check_studies(k: int) -> None:
    if k < 2:
        raise EstimationError(f"pooling needs at least two studies; there are {k}.")
