"""Weibull and log-normal relief times with covariates, for losses between visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.aft_fit import check_rows, maximise
from analysis.estimate.durations.aft_likelihood import Gumbel, Normal, Shape
from analysis.estimate.durations.aft_result import AftFit
from analysis.estimate.durations.inputs import check_level


def fit_weibull(
    left: ArrayLike,
    right: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "time units",
) -> AftFit:
    """Fit Weibull relief times to (last good visit, first bad visit].

    Parameters
    ----------
    left, right : array_like of float, shape (n,)
        As for `estimate_npmle`: equal for an exact time, infinite right for still relieved.
        A left end of 0 means lost at or before ``right``; ``right`` must be above 0.
    covariates : array_like of float, shape (n,) or (n, k), optional
        Without an intercept, which is always added.
    names : sequence of str, optional
        Names of the covariates; x1, x2, ... by default.
    weights : array_like of float, shape (n,), optional
        Patients each row stands for.
    level : float in (0, 1)
    time_unit : str

    Returns
    -------
    AftFit
        With ``survival``, ``quantile``, ``median``, ``conditional_survival``, ``time_ratio``.

    Raises
    ------
    EstimationError
        Anything `estimate_npmle` refuses; a loss at time 0; nobody lost; a covariate missing,
        constant or redundant; a likelihood without a maximum (separation, scale going to 0).

    Notes
    -----
    Patients never looked at after time 0 say nothing and do not count in ``n``. Standard errors
    from the observed information. Equals R ``survreg(Surv(left, right, type = "interval2") ~ x,
    dist = "weibull")``, which wants a missing value for a left end of 0.

    References
    ----------
    Kalbfleisch and Prentice (2002), ch. 3. Burridge (1981), J R Stat Soc B 43:41.
    """
    return _fit(Gumbel(), left, right, covariates, names, weights, level, time_unit)


def fit_lognormal(
    left: ArrayLike,
    right: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "time units",
) -> AftFit:
    """Fit log-normal relief times; everything else as in `fit_weibull`.

    Parameters
    ----------
    left, right, covariates, names, weights, level, time_unit
        As for `fit_weibull`: times at least 0 in any one unit, none missing.

    Returns
    -------
    AftFit

    Raises
    ------
    EstimationError
        As `fit_weibull`.

    References
    ----------
    R ``survreg(..., dist = "lognormal")``.
    """
    return _fit(Normal(), left, right, covariates, names, weights, level, time_unit)


def _fit(
    shape: Shape,
    left: ArrayLike,
    right: ArrayLike,
    covariates: ArrayLike | None,
    names: Sequence[str] | None,
    weights: ArrayLike | None,
    level: float,
    time_unit: str,
) -> AftFit:
    check_level(level)
    rows = check_rows(left, right, covariates, weights)
    width = rows.design.shape[1]
    labels = tuple(names) if names is not None else tuple(f"x{i}" for i in range(1, width))
    if len(labels) != width - 1:
        raise EstimationError(f"names has {len(labels)} entries for {width - 1} covariates.")
    position, value, hessian, steps = maximise(rows, shape)
    u = position[-1]
    coefficients = position[:-1] / u
    turn = np.eye(width + 1) / u  # derivative of (coefficients, log scale) by (c, u)
    turn[:-1, -1], turn[-1, -1] = -coefficients / u, -1 / u
    covariance = turn @ np.linalg.inv(-hessian) @ turn.T
    errors = np.sqrt(np.diag(covariance))
    return AftFit(
        names=("intercept", *labels),
        coefficients=coefficients,
        std_errors=errors[:-1],
        log_scale=-float(np.log(u)),
        log_scale_std_error=float(errors[-1]),
        covariance=covariance,
        log_likelihood=value,
        n=round(float(rows.sizes.sum())),
        n_lost=round(float(rows.sizes[np.isfinite(rows.log_right)].sum())),
        iterations=steps,
        level=level,
        time_unit=time_unit,
        shape=shape,
    )
