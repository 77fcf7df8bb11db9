"""Log-likelihood of interval-censored accelerated failure times, with exact derivatives.

With u = 1 / scale and c = coefficients / scale, every standardised time is z = u log(t) - x c, and
the log-likelihood is concave in (c, u) for the Weibull and the log-normal (Burridge 1981), so
Newton steps with halving find the one maximum wherever they start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import log_ndtr, ndtri

from analysis.estimate.durations.inputs import Bools, Floats

LOG_ROOT_2PI = 0.5 * float(np.log(2 * np.pi))


class Shape(Protocol):
    """Standard distribution of the error on the log-time scale."""

    name: str

    def log_density(self, z: Floats) -> Floats:
        """Return the log of the density."""
        ...

    def log_density_slope(self, z: Floats) -> Floats:
        """Return the first derivative of the log of the density."""
        ...

    def log_density_bend(self, z: Floats) -> Floats:
        """Return the second derivative of the log of the density."""
        ...

    def log_survival(self, z: Floats) -> Floats:
        """Return the log of the share above z."""
        ...

    def log_between(self, low: Floats, high: Floats) -> Floats:
        """Return the log of the share between two points; low may be minus infinity."""
        ...

    def quantile(self, lost_share: float) -> float:
        """Return the point that a share of the distribution lies below."""
        ...


class Gumbel:
    """Least extreme value: log of a Weibull time."""

    name = "Weibull"

    def log_density(self, z: Floats) -> Floats:
        """Return the log of the density."""
        return z - np.exp(z)

    def log_density_slope(self, z: Floats) -> Floats:
        """Return the first derivative of the log of the density."""
        return 1 - np.exp(z)

    def log_density_bend(self, z: Floats) -> Floats:
        """Return the second derivative of the log of the density."""
        return -np.exp(z)

    def log_survival(self, z: Floats) -> Floats:
        """Return the log of the share above z."""
        return -np.exp(z)

    def log_between(self, low: Floats, high: Floats) -> Floats:
        """Return the log of the share between two points."""
        start, end = np.exp(low), np.exp(high)
        return -start + np.log(-np.expm1(start - end))

    def quantile(self, lost_share: float) -> float:
        """Return the point that a share of the distribution lies below."""
        return float(np.log(-np.log1p(-lost_share)))


class Normal:
    """Standard normal: log of a log-normal time."""

    name = "log-normal"

    def log_density(self, z: Floats) -> Floats:
        """Return the log of the density."""
        return -0.5 * z**2 - LOG_ROOT_2PI

    def log_density_slope(self, z: Floats) -> Floats:
        """Return the first derivative of the log of the density."""
        return -z

    def log_density_bend(self, z: Floats) -> Floats:
        """Return the second derivative of the log of the density."""
        return np.full_like(z, -1.0)

    def log_survival(self, z: Floats) -> Floats:
        """Return the log of the share above z."""
        return log_ndtr(-z)

    def log_between(self, low: Floats, high: Floats) -> Floats:
        """Return the log of the share between two points, worked in the nearer tail."""
        mirrored = low + high > 0
        start, end = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        above = log_ndtr(end)
        return above + np.log(-np.expm1(log_ndtr(start) - above))

    def quantile(self, lost_share: float) -> float:
        """Return the point that a share of the distribution lies below."""
        return float(ndtri(lost_share))


@dataclass(frozen=True, eq=False)
class AftRows:
    """Checked rows: log times (minus infinity for a left end at 0), design and weights."""

    log_left: Floats
    log_right: Floats
    design: Floats
    sizes: Floats

    @cached_property
    def is_exact(self) -> Bools:
        """Rows with an exact time."""
        return self.log_left == self.log_right

    @cached_property
    def has_left(self) -> Bools:
        """Rows that are not exact and known to last past a time above 0."""
        return np.isfinite(self.log_left) & ~self.is_exact

    @cached_property
    def has_right(self) -> Bools:
        """Rows that are not exact and known to have ended by a time."""
        return np.isfinite(self.log_right) & ~self.is_exact

    @cached_property
    def ends(self) -> tuple[Floats, Floats]:
        """Both ends, 0 in place of those that are not there."""
        sides = self.log_left, self.log_right
        left, right = (np.where(np.isfinite(side), side, 0.0) for side in sides)
        return left, right

    @cached_property
    def along(self) -> tuple[Floats, Floats]:
        """Derivatives of both z by the position."""
        left, right = (np.column_stack((-self.design, end)) for end in self.ends)
        return left, right

    @cached_property
    def exact_size(self) -> float:
        """Sum of the weights of exact times."""
        return float(self.sizes[self.is_exact].sum())


def log_likelihood(rows: AftRows, shape: Shape, position: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, its gradient and its Hessian in (c, u).

    The density of an exact time is that of the time itself, not of its log, as in R's survreg.
    """
    u = position[-1]
    offset = rows.design @ position[:-1]
    exact, has_left, has_right = rows.is_exact, rows.has_left, rows.has_right
    value = np.zeros(offset.size)
    pull = np.zeros((2, offset.size))  # derivative by the z of each end
    bend = np.zeros((3, offset.size))  # second derivatives: left, both, right
    log_left, log_right = rows.ends
    z_left, z_right = u * log_left - offset, u * log_right - offset
    z = z_left[exact]
    value[exact] = shape.log_density(z) + np.log(u) - log_left[exact]
    pull[0, exact], bend[0, exact] = shape.log_density_slope(z), shape.log_density_bend(z)
    start = np.where(has_left, z_left, -np.inf)
    open_end = ~exact & ~has_right
    value[open_end & has_left] = shape.log_survival(z_left[open_end & has_left])
    value[has_right] = shape.log_between(start[has_right], z_right[has_right])
    for side, z, held in ((0, z_left, has_left), (1, z_right, has_right)):
        height = np.zeros(offset.size)
        height[held] = np.exp(shape.log_density(z[held]) - value[held])
        pull[side] += height if side else -height
        slope = np.zeros(offset.size)
        slope[held] = height[held] * shape.log_density_slope(z[held])
        bend[2 * side, held] = (slope if side else -slope)[held] - height[held] ** 2
    inside = has_left & has_right
    bend[1, inside] = -pull[0, inside] * pull[1, inside]
    return _assemble(rows, u, value, pull, bend)


def _assemble(
    rows: AftRows, u: float, value: Floats, pull: Floats, bend: Floats
) -> tuple[float, Floats, Floats]:
    """Return value, gradient and Hessian from the derivatives by the z of each end."""
    pull, bend = pull * rows.sizes, bend * rows.sizes
    along, exact_size = rows.along, rows.exact_size
    gradient = along[0].T @ pull[0] + along[1].T @ pull[1]
    cross = along[0].T @ (bend[1][:, None] * along[1])
    hessian = cross + cross.T
    hessian += along[0].T @ (bend[0][:, None] * along[0])
    hessian += along[1].T @ (bend[2][:, None] * along[1])
    gradient[-1] += exact_size / u
    hessian[-1, -1] -= exact_size / u**2
    return float(rows.sizes @ value), gradient, hessian
