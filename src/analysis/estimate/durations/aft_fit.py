"""Newton's method for accelerated failure times, and the errors that name why it cannot work."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.aft_likelihood import AftRows, Shape, log_likelihood
from analysis.estimate.durations.inputs import Floats, as_numbers, check_same_length, refuse
from analysis.estimate.durations.intervals import check_intervals

STEP_TOLERANCE = 1e-16
"""Newton decrement (twice the log-likelihood still to gain) at which a fit is finished.

Estimates are then within 1e-8 standard errors of the maximum.
"""

GOOD_ENOUGH = 1e-10
"""Decrement accepted when rounding stops it from falling further: 1e-5 standard errors."""

ROUNDING = 1e-13
"""Part of a log-likelihood that is rounding, and no reason to shorten a step this near the end."""

PERFECT = 1e-6
"""A log-likelihood nearer to 0 than this per patient, without exact times, fits every interval."""

MOST_STEPS = 200
"""Newton steps before a fit is given up; ordinary data need fewer than 20."""

HALVINGS = 40
"""Halvings of one Newton step."""

TOO_GOOD = (
    "the likelihood has no maximum: one time (or one line) fits every patient, so the scale goes"
    " to 0."
)

RIDGE = 1e-13
"""Added to the scaled curvature of a Newton step."""

RUNAWAY = 1e4
"""A standardised coefficient or a 1/scale beyond this means that no maximum exists."""


def check_rows(
    left: ArrayLike,
    right: ArrayLike,
    covariates: ArrayLike | None,
    weights: ArrayLike | None,
) -> AftRows:
    """Return checked rows with an intercept in front; EstimationError names what is wrong."""
    lefts, rights, sizes = check_intervals(left, right, weights)
    refuse(rights <= 0, "right is 0, where the log of a time has no value,", rights)
    design = _design(covariates, lefts.size)
    counts = np.ones(lefts.size) if sizes is None else sizes
    lefts = np.maximum(lefts, 0.0)
    held = (counts > 0) & ~((lefts == 0) & np.isinf(rights))
    if not (held & np.isfinite(rights)).any():
        raise EstimationError("nobody lost relief: a distribution of the times cannot be fitted.")
    with np.errstate(divide="ignore"):  # the log of a left end at 0 is minus infinity, as meant
        logs = np.log(lefts[held]), np.log(rights[held])
    rows = AftRows(logs[0], logs[1], design[held], counts[held])
    _check_rank(rows.design)
    return rows


def _design(covariates: ArrayLike | None, n: int) -> Floats:
    """Return the covariates behind a column of ones."""
    if covariates is None:
        return np.ones((n, 1))
    table = np.asarray(covariates, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2:
        raise EstimationError(f"covariates must be a table; its shape is {table.shape}.")
    check_same_length(n, covariates=table.shape[0])
    for column in range(table.shape[1]):
        as_numbers(f"covariates column {column}", table[:, column])
    return np.column_stack((np.ones(n), table))


def _check_rank(design: Floats) -> None:
    """Raise EstimationError naming the first column that repeats those before it."""
    size = np.abs(design).max(axis=0)
    scaled = design / np.where(size > 0, size, 1.0)
    for column in range(1, design.shape[1]):
        if np.linalg.matrix_rank(scaled[:, : column + 1]) <= column:
            raise EstimationError(
                f"covariates column {column - 1} is constant or a combination of the columns "
                "before it; leave it out."
            )


def maximise(rows: AftRows, shape: Shape) -> tuple[Floats, float, Floats, int]:
    """Return (c, u) at the maximum, the log-likelihood, its Hessian and the steps taken.

    Raises
    ------
    EstimationError
        The likelihood has no maximum: a covariate separates the patients, or all intervals share
        a point, so that the scale goes to 0.
    """
    position = _start(rows)
    value, gradient, hessian = log_likelihood(rows, shape, position)
    before, step = np.inf, 0
    while step < MOST_STEPS:
        step += 1
        move = newton_move(gradient, hessian)
        decrement = float(gradient @ move)
        is_near = decrement < GOOD_ENOUGH
        if decrement < STEP_TOLERANCE or (is_near and decrement > before / 4):
            break
        least = float(value - ROUNDING * abs(value) if is_near else value)
        found = _rise(rows, shape, position, move, least)
        if found is None:
            break
        position, (value, gradient, hessian), before = *found, decrement
        check_not_runaway(rows, position, hessian)
    if not decrement < GOOD_ENOUGH:
        raise EstimationError(f"the fit did not settle in {step} steps.")
    check_not_runaway(rows, position, hessian)
    check_not_perfect(rows, float(value))
    return position, float(value), hessian, step


def _rise(
    rows: AftRows, shape: Shape, position: Floats, move: Floats, least: float
) -> tuple[Floats, tuple[Floats, Floats, Floats]] | None:
    """Return the end of a step, halved until the likelihood is not below its least; or None."""
    for halvings in range(HALVINGS):
        tried = position + move / 2**halvings
        with np.errstate(all="ignore"):  # a step too far overflows; it is refused just below
            found = log_likelihood(rows, shape, tried) if tried[-1] > 0 else None
        if found and all(np.isfinite(part).all() for part in found) and found[0] >= least:
            return tried, found
    return None


def _start(rows: AftRows) -> Floats:
    """Return a start: everybody alike, around the middle of the known ends."""
    ends = np.concatenate([side[np.isfinite(side)] for side in (rows.log_left, rows.log_right)])
    spread = max(float(ends.std()), 0.5)
    position = np.zeros(rows.design.shape[1] + 1)
    position[0], position[-1] = float(ends.mean()) / spread, 1 / spread
    return position


def newton_move(gradient: Floats, hessian: Floats) -> Floats:
    """Return the uphill step; a nearly flat direction gets a small ridge, never a huge leap."""
    size = np.sqrt(np.maximum(np.diag(-hessian), np.finfo(np.float64).tiny))
    scaled = -hessian / np.outer(size, size)
    scaled[np.diag_indices_from(scaled)] += RIDGE
    return np.linalg.lstsq(scaled, gradient / size, rcond=None)[0] / size


def check_not_runaway(rows: AftRows, position: Floats, hessian: Floats) -> None:
    """Raise EstimationError where the coefficients have gone off to where no maximum is."""
    size = np.abs(rows.design).max(axis=0)
    away = np.abs(position[:-1]) * np.where(size > 0, size, 1.0)
    curved = np.diag(-hessian)
    flat = curved[1:-1] < 1e-8 * float(rows.sizes.sum()) * size[1:] ** 2
    if position[-1] > RUNAWAY or away[0] > RUNAWAY:
        raise EstimationError(TOO_GOOD)
    if (away[1:] > RUNAWAY).any() or flat.any():
        column = int(np.argmax(np.where(flat, np.inf, away[1:])))
        raise EstimationError(
            f"the likelihood has no maximum: covariates column {column} separates the patients "
            "who lost relief from those who did not."
        )


def check_not_perfect(rows: AftRows, value: float) -> None:
    """Raise EstimationError where every interval is fitted and the scale goes to 0."""
    if not rows.is_exact.any() and value > -PERFECT * float(rows.sizes.sum()):
        raise EstimationError(TOO_GOOD)
