"""One accelerated failure time model fitted to many weightings of the same rows, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.aft_fit import (
    RIDGE,
    STEP_TOLERANCE,
    check_not_perfect,
    check_not_runaway,
    check_rows,
    maximise,
)
from analysis.estimate.durations.aft_likelihood import AftRows, Gumbel, Shape, log_likelihood
from analysis.estimate.durations.inputs import Bools, Floats

JOINT_STEPS = 12
"""Newton steps for all weightings together; near the common maximum four or five are enough."""


def refit_weibull(
    left: ArrayLike, right: ArrayLike, *, weights: ArrayLike, covariates: ArrayLike
) -> Floats:
    """Fit Weibull relief times once for each weighting of the same rows.

    Parameters
    ----------
    left, right, covariates
        As for `fit_weibull`: times at least 0 in any one unit, none missing.
    weights : array_like of float, shape (replicates, n)
        A weighting in each row, as for `fit_weibull`; leaving patients out is a weight of 0.

    Returns
    -------
    ndarray of float, shape (replicates, k + 1)
        Intercept and coefficients on the log-time scale, as those of `fit_weibull`.

    Raises
    ------
    EstimationError
        Anything `fit_weibull` refuses, of any of the weightings or of their sum; ``weights`` is no
        table.

    Notes
    -----
    Newton steps for all weightings at once, from the maximum of their sum. The likelihood is
    concave, so where they settle is the maximum; a weighting for which they do not settle is fitted
    on its own, as `fit_weibull` does.

    References
    ----------
    Burridge (1981), J R Stat Soc B 43:41, for concavity.
    """
    table = np.asarray(weights, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise EstimationError(f"weights must be a table; its shape is {table.shape}.")
    shape = Gumbel()
    whole = check_rows(left, right, covariates, table.sum(axis=0))
    each = [check_rows(left, right, covariates, one) for one in table]
    start = maximise(whole, shape)[0]
    held = _held(left, right, table.sum(axis=0))
    rows = AftRows(whole.log_left, whole.log_right, whole.design, table[:, held])
    position, value, hessian, is_settled = _settle(rows, shape, start)
    for number, own in enumerate(each):
        if is_settled[number]:
            check_not_runaway(own, position[number], hessian[number])
            check_not_perfect(own, float(value[number]))
        else:
            position[number] = maximise(own, shape)[0]
    return position[:, :-1] / position[:, -1:]


def _held(left: ArrayLike, right: ArrayLike, weights: Floats) -> Bools:
    """Return which rows `check_rows` keeps: those that weigh something and say something."""
    lefts, rights = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return (weights > 0) & ~((lefts <= 0) & np.isinf(rights))


def _settle(rows: AftRows, shape: Shape, start: Floats) -> tuple[Floats, Floats, Floats, Bools]:
    """Return positions, log-likelihoods, Hessians and which of them are at their maximum."""
    position = np.repeat(start[None, :], rows.sizes.shape[0], axis=0)
    with np.errstate(all="ignore"):  # what overflows does not settle
        for _ in range(JOINT_STEPS):
            value, gradient, hessian = log_likelihood(rows, shape, position)
            move = _moves(gradient, hessian)
            is_settled = (gradient * move).sum(axis=1) < STEP_TOLERANCE
            if is_settled.all():
                break
            position = np.where(is_settled[:, None], position, position + move)
    return position, value, hessian, is_settled & (position[:, -1] > 0)


def _moves(gradient: Floats, hessian: Floats) -> Floats:
    """Return the Newton step of each; not a number where there is none."""
    size = np.sqrt(-np.diagonal(hessian, axis1=1, axis2=2))
    scaled = -hessian / (size[:, :, None] * size[:, None, :])
    is_known = np.isfinite(scaled).all(axis=(1, 2))
    scaled = np.where(is_known[:, None, None], scaled, 0.0) + np.eye(size.shape[1]) * RIDGE
    move = np.linalg.solve(scaled, (gradient / size)[:, :, None])[:, :, 0] / size
    return np.where(is_known[:, None], move, np.nan)
