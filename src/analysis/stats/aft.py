"""Weibull and log-normal relief times with covariates, for losses between visits.

With u = 1 / scale and c = coefficients / scale, every standardized time is z = u log(t) - x c, and
the log-likelihood is concave in (c, u) for both shapes (Burridge 1981), so Newton steps with
halving find the one maximum wherever they start; where there is none, an error names the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from scipy.special import log_ndtr, ndtri

from analysis.errors import EstimationError, NoMaximumError
from analysis.results import Estimate
from analysis.stats.checks import (
    Bools,
    Floats,
    as_numbers,
    check_level,
    check_positive,
    check_same_length,
    check_share,
    refuse,
)
from analysis.stats.npmle import check_intervals

FARTHEST = 700.0
"""Largest exponent: beyond it a double overflows, and a limit says nothing any more."""

NARROW = 1e-4
"""Width of an interval on the log scale below which its chance is density times width: the error is
a billionth, while the difference of two nearly equal shares would lose all digits."""

SAME_VALUE = 1e-9
"""A covariate that varies by less than this part of its size is constant but for rounding."""

# The two shapes: distributions of the error on the log-time scale


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Standard distribution of the error on the log-time scale, as functions of z.

    ``slope`` and ``bend`` are the first two derivatives of the log density; ``log_between`` is the
    log of the share between two points, of which the lower may be minus infinity.
    """

    name: str
    code: str
    log_density: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    bend: Callable[[Floats], Floats]
    log_survival: Callable[[Floats], Floats]
    log_between: Callable[[Floats, Floats], Floats]
    quantile: Callable[[float], float]


def _weibull_between(low: Floats, high: Floats) -> Floats:
    start, end = np.exp(low), np.exp(high)
    return -start + np.log(-np.expm1(start - end))


def _normal_between(low: Floats, high: Floats) -> Floats:
    """Return the log of the share between two points, worked in the nearer tail."""
    mirrored = low + high > 0
    start, end = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    above = log_ndtr(end)
    return above + np.log(-np.expm1(log_ndtr(start) - above))


WEIBULL = Shape(
    name="Weibull",
    code="weibull",
    log_density=lambda z: z - np.exp(z),
    slope=lambda z: 1 - np.exp(z),
    bend=lambda z: -np.exp(z),
    log_survival=lambda z: -np.exp(z),
    log_between=_weibull_between,
    quantile=lambda share: float(np.log(-np.log1p(-share))),
)

LOGNORMAL = Shape(
    name="log-normal",
    code="lognormal",
    log_density=lambda z: -0.5 * z**2 - 0.5 * np.log(2 * np.pi),
    slope=lambda z: -z,
    bend=lambda z: np.full_like(z, -1.0),
    log_survival=lambda z: log_ndtr(-z),
    log_between=_normal_between,
    quantile=lambda share: float(ndtri(share)),
)


# Fitting


def fit_aft(
    shape: Shape,
    left: ArrayLike,
    right: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "time units",
) -> AftFit:
    """Fit relief times of a shape to (last good visit, first bad visit].

    Parameters
    ----------
    shape : Shape
        `WEIBULL` or `LOGNORMAL`.
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
        constant or redundant.
    NoMaximumError
        A likelihood without one maximum: one follow-up time, separation, a scale going to 0 or to
        infinity. Its ``reason`` is a note for the results.

    Notes
    -----
    Patients never looked at after time 0 say nothing and do not count in ``n``. Standard errors
    from the observed information. Equals R ``survreg(Surv(left, right, type = "interval2") ~ x,
    dist = "weibull")`` (or "lognormal"), which wants a missing value for a left end of 0.

    References
    ----------
    Kalbfleisch and Prentice (2002), ch. 3. Burridge (1981), J R Stat Soc B 43:41.
    """
    check_level(level)
    rows = check_rows(left, right, covariates, weights)
    width = rows.design.shape[1]
    labels = tuple(names) if names is not None else tuple(f"x{i}" for i in range(1, width))
    if len(labels) != width - 1:
        raise EstimationError(f"names has {len(labels)} entries for {width - 1} covariates.")
    position, value, covariance = maximize(rows, shape)
    u = position[-1]
    coefficients = position[:-1] / u
    turn = np.eye(width + 1) / u  # derivative of (coefficients, log scale) by (c, u)
    turn[:-1, -1], turn[-1, -1] = -coefficients / u, -1 / u
    return AftFit(
        names=("intercept", *labels),
        coefficients=coefficients,
        log_scale=-float(np.log(u)),
        covariance=turn @ covariance @ turn.T,
        log_likelihood=value,
        n=round(float(rows.sizes.sum())),
        n_lost=round(float(rows.sizes[np.isfinite(rows.log_right)].sum())),
        level=level,
        time_unit=time_unit,
        shape=shape,
    )


def refit_weibull(
    left: ArrayLike, right: ArrayLike, *, weights: ArrayLike, covariates: ArrayLike
) -> Floats:
    """Fit Weibull relief times once for each weighting of the same rows.

    Parameters
    ----------
    left, right, covariates
        As for `fit_aft`.
    weights : array_like of float, shape (replicates, n)
        A weighting in each row; leaving patients out is a weight of 0.

    Returns
    -------
    ndarray of float, shape (replicates, k + 1)
        Intercept and coefficients on the log-time scale, as those of `fit_aft`.

    Raises
    ------
    EstimationError
        Anything `fit_aft` refuses, of any of the weightings or of their sum; ``weights`` is no
        table.

    Notes
    -----
    Each fit starts at the maximum of the sum of all weightings, near which it usually ends.
    """
    table = as_numbers("weights", weights, columns=1)
    if np.ndim(weights) != 2 or not table.size:
        raise EstimationError(f"weights must be a table; its shape is {np.shape(weights)}.")
    together = check_rows(left, right, covariates, table.sum(axis=0))
    each = [check_rows(left, right, covariates, one) for one in table]
    start = maximize(together, WEIBULL)[0]
    position = np.stack([maximize(rows, WEIBULL, start=start)[0] for rows in each])
    return position[:, :-1] / position[:, -1:]


# The likelihood of checked rows, with exact derivatives


@dataclass(frozen=True, eq=False)
class AftRows:
    """Checked rows: log times (minus infinity for a left end at 0), design and weights.

    The design begins with a column of ones.
    """

    log_left: Floats
    log_right: Floats
    design: Floats
    sizes: Floats

    @cached_property
    def is_point(self) -> Bools:
        """Rows with an exact time, or an interval so narrow that its density is level."""
        has_both = np.isfinite(self.log_left) & np.isfinite(self.log_right)
        return has_both & (self.log_right - self.log_left < NARROW)

    @cached_property
    def point_size(self) -> Floats:
        """Log of what the density on the log scale is multiplied with, shape (points,).

        The width of the interval; of an exact time 1 over the time: the density of the time itself.
        """
        width = self.log_right[self.is_point] - self.log_left[self.is_point]
        exact = width == 0
        return np.where(exact, -self.log_left[self.is_point], np.log(np.where(exact, 1.0, width)))

    @cached_property
    def has_left(self) -> Bools:
        """Rows that are no points and known to last past a time above 0."""
        return np.isfinite(self.log_left) & ~self.is_point

    @cached_property
    def has_right(self) -> Bools:
        """Rows that are no points and known to have ended by a time."""
        return np.isfinite(self.log_right) & ~self.is_point

    @cached_property
    def along(self) -> tuple[Floats, Floats]:
        """Derivatives of the z of each end by the position, shape (n, p + 1); 0 for no end.

        Both ends of a point are its middle.
        """
        ends = [np.where(np.isfinite(log), log, 0.0) for log in (self.log_left, self.log_right)]
        ends = [np.where(self.is_point, (ends[0] + ends[1]) / 2, end) for end in ends]
        left, right = (np.column_stack((-self.design, end)) for end in ends)
        return left, right


def check_rows(
    left: ArrayLike,
    right: ArrayLike,
    covariates: ArrayLike | None,
    weights: ArrayLike | None,
) -> AftRows:
    """Return checked rows with an intercept in front; EstimationError names what is wrong."""
    lefts, rights, counts = check_intervals(left, right, weights)
    refuse(rights <= 0, "right is 0, where the log of a time has no value,", rights)
    design = np.ones((lefts.size, 1))
    if covariates is not None:
        table = as_numbers("covariates", covariates, columns=1)
        check_same_length(lefts.size, covariates=table.shape[0])
        design = np.column_stack((design, table))
    lefts = np.maximum(lefts, 0.0)
    held = (counts > 0) & ~((lefts == 0) & np.isinf(rights))
    if not (held & np.isfinite(rights)).any():
        raise EstimationError("nobody lost relief: a distribution of the times cannot be fitted.")
    with np.errstate(divide="ignore"):  # the log of a left end at 0 is minus infinity, as meant
        logs = np.log(lefts[held]), np.log(rights[held])
    rows = AftRows(logs[0], logs[1], design[held], counts[held])
    centred, size = rows.design - rows.design.mean(axis=0), np.abs(rows.design).max(axis=0)
    for column in range(1, size.size):
        own = centred[:, 1 : column + 1]
        spread = np.abs(own).max(axis=0)
        flat = spread <= SAME_VALUE * size[1 : column + 1]
        if flat.any() or np.linalg.matrix_rank(own / spread) < column:
            raise EstimationError(
                f"covariates column {column - 1} is constant or a combination of the columns "
                "before it; leave it out."
            )
    return rows


def log_likelihood(rows: AftRows, shape: Shape, position: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, its gradient and its Hessian at a position (c, u).

    The density of an exact time is that of the time itself, not of its log, as in R's survreg.
    """
    u, n = position[-1], rows.sizes.size
    z_left, z_right = (along @ position for along in rows.along)
    point, has_left, has_right = rows.is_point, rows.has_left, rows.has_right
    value = np.zeros(n)
    pull = np.zeros((2, n))  # derivatives by the z of each end
    bend = np.zeros((3, n))  # second derivatives: left, both, right
    z = z_left[point]
    value[point] = shape.log_density(z) + np.log(u) + rows.point_size
    pull[0, point], bend[0, point] = shape.slope(z), shape.bend(z)
    is_open = has_left & ~has_right
    value[is_open] = shape.log_survival(z_left[is_open])
    start = np.where(has_left, z_left, -np.inf)
    value[has_right] = shape.log_between(start[has_right], z_right[has_right])
    for side, ends, held in ((0, z_left, has_left), (1, z_right, has_right)):
        z, sign = ends[held], (-1, 1)[side]
        height = np.exp(shape.log_density(z) - value[held])
        pull[side, held] = sign * height
        bend[2 * side, held] = sign * height * shape.slope(z) - height**2
    bend[1] = np.where(point, 0.0, -pull[0] * pull[1])
    pull, bend = pull * rows.sizes, bend * rows.sizes
    left, right = rows.along
    gradient = pull[0] @ left + pull[1] @ right
    across = left.T @ (bend[1][:, None] * right)
    hessian = left.T @ (bend[0][:, None] * left) + across + across.T
    hessian += right.T @ (bend[2][:, None] * right)
    point_size = float(rows.sizes[point].sum())
    gradient[-1] += point_size / u
    hessian[-1, -1] -= point_size / u**2
    return float((rows.sizes * value).sum()), gradient, hessian


# Newton's method, and why it cannot work

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

MOST_STEPS, HALVINGS = 200, 40
"""Newton steps before a fit is given up (ordinary data need fewer than 20); halvings of one."""

RIDGE = 1e-13
"""Added to the scaled curvature: a nearly flat direction never makes a huge leap."""

RUNAWAY = 1e4
"""A standardized coefficient or a 1/scale beyond this means that no maximum exists."""

LEAST_SPREAD = 1e-6
"""A 1/scale below this, in units of the spread of the times: the fit spreads them without end."""

SURE = 1e-6
"""Least gain of a direction of length 1 that counts as one; HiGHS is right to 1e-10."""

SINGULAR = 1e-12
"""Least eigenvalue of the curvature, scaled to ones on its diagonal, that can be inverted."""

TOO_GOOD = (
    "the likelihood has no maximum: one time (or one line) fits every patient, so the scale goes"
    " to 0."
)


def maximize(
    rows: AftRows, shape: Shape, *, start: Floats | None = None
) -> tuple[Floats, float, Floats]:
    """Return (c, u) at the maximum, the log-likelihood and the covariance of (c, u).

    Times and covariates are centred and scaled for the work, so that neither their unit nor where
    they start from matters.

    Raises
    ------
    NoMaximumError
        The likelihood has no maximum, or more than one (`_refuse_without_maximum`).
    EstimationError
        The steps did not settle.
    """
    worked, back = _standardize(rows)
    _refuse_without_maximum(worked)
    position = _start(worked) if start is None else np.linalg.solve(back, start)
    if not position[-1] > 0:
        position = _start(worked)
    value, gradient, hessian = log_likelihood(worked, shape, position)
    before = decrement = np.inf
    for _ in range(MOST_STEPS):
        move = _newton_move(gradient, hessian)
        decrement = float(gradient @ move)
        is_near = decrement < GOOD_ENOUGH
        if decrement < STEP_TOLERANCE or (is_near and decrement > before / 4):
            break
        least = value - ROUNDING * abs(value) if is_near else value
        found = _rise(worked, shape, position, move, least)
        if found is None:
            break
        position, (value, gradient, hessian), before = *found, decrement
        _check_not_runaway(worked, position)
    if not decrement < GOOD_ENOUGH:
        raise EstimationError("the fit did not settle.")
    _check_not_runaway(worked, position)
    if not worked.is_point.any() and value > -PERFECT * float(worked.sizes.sum()):
        raise NoMaximumError(TOO_GOOD, reason="no_maximum")
    size = np.sqrt(np.maximum(np.diag(-hessian), np.finfo(np.float64).tiny))
    curvature = -hessian / np.outer(size, size)
    if not np.linalg.eigvalsh(curvature)[0] > SINGULAR:
        raise NoMaximumError(
            "the likelihood is level around its maximum: these data cannot tell the numbers of "
            "the fit apart.",
            reason="no_maximum_one_look",
        )
    covariance = back @ (np.linalg.inv(curvature) / np.outer(size, size)) @ back.T
    position = back @ position
    return position, log_likelihood(rows, shape, position)[0], covariance


def _standardize(rows: AftRows) -> tuple[AftRows, Floats]:
    """Return rows with centred and scaled times and covariates, and the matrix back to (c, u)."""
    logs = np.concatenate([side[np.isfinite(side)] for side in (rows.log_left, rows.log_right)])
    middle, spread = float(logs.mean()), float(logs.std())
    spread = spread if spread > 0 else 1.0
    shift, scale = rows.design.mean(axis=0), rows.design.std(axis=0)
    shift[0], scale[0] = 0.0, 1.0
    worked = AftRows(
        (rows.log_left - middle) / spread,
        (rows.log_right - middle) / spread,
        (rows.design - shift) / scale,
        rows.sizes,
    )
    back = np.diag(np.append(1 / scale, 1 / spread))
    back[0, 1:-1] = -shift[1:] / scale[1:]
    back[0, -1] = middle / spread
    return worked, back


def _refuse_without_maximum(rows: AftRows) -> None:
    """Raise NoMaximumError where no finite (c, u) is the one best.

    The log-likelihood is concave, so it has one maximum at most, and none exactly where it falls
    in no patient along some direction (Rockafellar 1970, Convex Analysis, section 27). A direction
    helps a patient whose right end moves up and left end down on the z scale; an exact time must
    stay. Whether there is one is a linear program.
    """
    if not (rows.has_left | rows.is_point).any():
        raise NoMaximumError(
            "the likelihood has no maximum: nobody was seen with relief, so the times can be as "
            "short as one likes.",
            reason="no_maximum_early",
        )
    left, right = rows.along
    ends = np.unique(np.vstack((right[rows.has_right], -left[rows.has_left])), axis=0)
    points = np.unique(left[rows.is_point], axis=0)
    width = rows.design.shape[1] + 1
    gain = ends.sum(axis=0) / max(len(ends), 1)
    found = linprog(
        -(gain + np.eye(width)[-1]),
        A_ub=-ends if len(ends) else None,
        b_ub=np.zeros(len(ends)) if len(ends) else None,
        A_eq=points if len(points) else None,
        b_eq=np.zeros(len(points)) if len(points) else None,
        bounds=[(-1, 1)] * (width - 1) + [(0, 1)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0 or -found.fun < SURE:  # a cone of nothing, or a program that failed
        return
    way = found.x
    if way[-1] < SURE:
        raise _separated(int(np.argmax(np.abs(way[1:-1]))))
    if gain @ way < SURE and not len(points):
        raise NoMaximumError(
            "the likelihood has no one maximum: everybody was looked at once, at one time, and one "
            "share cannot tell level and spread apart.",
            reason="no_maximum_one_look",
        )
    raise NoMaximumError(TOO_GOOD, reason="no_maximum")


def _separated(column: int) -> NoMaximumError:
    return NoMaximumError(
        f"the likelihood has no maximum: covariates column {column} separates the patients who "
        "lost relief from those who did not.",
        reason="no_maximum",
    )


def _start(rows: AftRows) -> Floats:
    """Return a start: everybody alike, around the middle of the known ends."""
    ends = np.concatenate([side[np.isfinite(side)] for side in (rows.log_left, rows.log_right)])
    spread = max(float(ends.std()), 0.5)
    position = np.zeros(rows.design.shape[1] + 1)
    position[0], position[-1] = float(ends.mean()) / spread, 1 / spread
    return position


def _newton_move(gradient: Floats, hessian: Floats) -> Floats:
    """Return the uphill step."""
    size = np.sqrt(np.maximum(np.diag(-hessian), np.finfo(np.float64).tiny))
    scaled = -hessian / np.outer(size, size)
    scaled[np.diag_indices_from(scaled)] += RIDGE
    return np.linalg.lstsq(scaled, gradient / size, rcond=None)[0] / size


def _rise(
    rows: AftRows, shape: Shape, position: Floats, move: Floats, least: float
) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
    """Return the end of a step, halved until the likelihood is not below its least; or None."""
    for halvings in range(HALVINGS):
        tried = position + move / 2**halvings
        with np.errstate(all="ignore"):  # a step too far overflows; it is refused just below
            found = log_likelihood(rows, shape, tried) if tried[-1] > 0 else None
        if found and all(np.isfinite(part).all() for part in found) and found[0] >= least:
            return tried, found
    return None


def _check_not_runaway(rows: AftRows, position: Floats) -> None:
    """Raise NoMaximumError where the numbers have gone off to where no maximum is."""
    if position[-1] > RUNAWAY or abs(position[0]) > RUNAWAY:
        raise NoMaximumError(TOO_GOOD, reason="no_maximum")
    if position[-1] < LEAST_SPREAD and not rows.is_point.any():
        raise NoMaximumError(
            "the likelihood has no maximum: the best fit spreads the times without end.",
            reason="no_maximum_endless",
        )
    away = np.abs(position[1:-1])
    if (away > RUNAWAY).any():
        raise _separated(int(np.argmax(away)))


# What can be read off a fit


@dataclass(frozen=True, kw_only=True, eq=False)
class AftFit:
    """A fitted accelerated failure time model: log time = x coefficients + scale * error.

    Parameters
    ----------
    names : tuple of str
        "intercept", then the covariates.
    coefficients : ndarray of float, shape (p,)
        On the log-time scale; exp of one is a ratio of times.
    log_scale : float
        Log of the scale. The Weibull's shape is 1 / scale.
    covariance : ndarray of float, shape (p + 1, p + 1)
        Of the coefficients, then the log scale.
    log_likelihood : float
        Of the times themselves (exact times enter with their density).
    n, n_lost : int
        Patients (rounded sum of weights) and those with a finite right end.
    level : float in (0, 1)
    time_unit : str
    shape : Shape
        Standard distribution of the error.
    """

    names: tuple[str, ...]
    coefficients: Floats
    log_scale: float
    covariance: Floats
    log_likelihood: float
    n: int
    n_lost: int
    level: float
    time_unit: str
    shape: Shape

    @property
    def std_errors(self) -> Floats:
        """Standard errors of the coefficients, then of the log scale, shape (p + 1,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def scale(self) -> float:
        """Scale of the error on the log-time scale."""
        return float(np.exp(self.log_scale))

    def survival(self, time: float, x: ArrayLike | None = None) -> Estimate:
        """Return the share still relieved at ``time`` for a patient with covariates ``x``.

        Parameters
        ----------
        time : float above 0
        x : array_like of float, shape (p - 1,), optional
            Covariates in the order of ``names``, without the intercept.

        Returns
        -------
        Estimate
            Share in [0, 1]; delta-method interval on the scale of the standardized log time.

        Raises
        ------
        EstimationError
            ``time`` is not above 0, or ``x`` has the wrong length.
        """
        check_positive("time", time)
        row = self._row(x)
        z = (float(np.log(time)) - float(row @ self.coefficients)) / self.scale
        half = self._half(np.append(-row / self.scale, -z))
        shares = np.exp(self.shape.log_survival(np.array([z, z + half, z - half])))
        return self._estimate(shares, "share")

    def quantile(self, lost_share: float, x: ArrayLike | None = None) -> Estimate:
        """Return the time by which a share in (0, 1) of such patients has lost relief.

        Delta-method interval on the log scale; EstimationError as `survival`.
        """
        check_share("lost_share", lost_share)
        row, point = self._row(x), self.shape.quantile(lost_share)
        log_time = float(row @ self.coefficients) + self.scale * point
        half = self._half(np.append(row, self.scale * point))
        return self._estimate(_ratios(log_time, half), self.time_unit)

    def median(self, x: ArrayLike | None = None) -> Estimate:
        """Return `quantile` for one half."""
        return self.quantile(0.5, x)

    def conditional_survival(
        self, time: float, *, given: float, x: ArrayLike | None = None
    ) -> Estimate:
        """Return the chance of relief at ``time`` for a patient still relieved at ``given``.

        ``given`` is above 0 and ``time`` above it. Delta-method interval on the log(-log) scale;
        EstimationError as `survival`.
        """
        check_positive("given", given)
        check_positive("time - given", time - given)
        row = self._row(x)
        logs, slopes = zip(*(self._log_survival(row, one) for one in (time, given)), strict=True)
        fall = logs[1] - logs[0]  # minus the log of the chance, above 0
        half = self._half((slopes[1] - slopes[0]) / fall)
        chances = np.exp(-fall * np.exp(np.minimum([0.0, half, -half], FARTHEST)))
        return self._estimate(chances, "share")

    def time_ratio(self, name: str) -> Estimate:
        """Return how many times longer relief lasts per unit of a covariate, by name.

        Ratio above 0; Wald interval on the log scale. EstimationError for an unknown covariate.
        """
        if name not in self.names[1:]:
            raise EstimationError(f"covariate {name!r} is unknown; known are {self.names[1:]}.")
        place = self.names.index(name)
        half = self._half(np.eye(len(self.names) + 1)[place])
        return self._estimate(_ratios(self.coefficients[place], half), "ratio")

    def _row(self, x: ArrayLike | None) -> Floats:
        given = np.empty(0) if x is None else as_numbers("x", x)
        if given.size != len(self.names) - 1:
            raise EstimationError(f"x must hold one finite number for each of {self.names[1:]}.")
        return np.concatenate(([1.0], given))

    def _log_survival(self, row: Floats, time: float) -> tuple[float, Floats]:
        """Return the log of the share at a time and its slope by coefficients and log scale."""
        z = np.array([(np.log(time) - row @ self.coefficients) / self.scale])
        log_share = self.shape.log_survival(z)
        hazard = np.exp(self.shape.log_density(z) - log_share)
        return float(log_share[0]), -hazard * np.append(-row / self.scale, -z)

    def _half(self, slope: Floats) -> float:
        """Return half the width of an interval for a number with this slope."""
        variance = float(slope @ self.covariance @ slope)
        return float(ndtri((1 + self.level) / 2)) * float(np.sqrt(max(variance, 0.0)))

    def _estimate(self, numbers: Floats, unit: str) -> Estimate:
        value, low, high = (float(number) for number in numbers)
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=self.level,
            n=self.n,
            n_events=self.n_lost,
            unit=unit,
            method=f"aft_{self.shape.code}",
        )


def _ratios(log: float, half: float) -> Floats:
    """Return the exponential of a number and of its limits."""
    return np.exp(np.minimum(log + np.array([0.0, -half, half]), FARTHEST))
