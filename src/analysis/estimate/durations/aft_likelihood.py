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

from analysis.estimate.durations.inputs import Bools, Floats, Ints

LOG_ROOT_2PI = 0.5 * float(np.log(2 * np.pi))


class Shape(Protocol):
    """Standard distribution of the error on the log-time scale."""

    name: str
    code: str

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
    code = "weibull"

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
    code = "lognormal"

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
    """Checked rows: log times (minus infinity for a left end at 0), design and weights.

    ``sizes`` has shape (n,), or (replicates, n) for several weightings of the same rows.
    """

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
    def kinds(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Numbers of the rows: exact, with a left end, with a right end, with both, still open."""
        both, is_open = self.has_left & self.has_right, self.has_left & ~self.has_right
        held = self.is_exact, self.has_left, self.has_right, both, is_open
        exact, left, right, inside, still = (np.flatnonzero(one) for one in held)
        return exact, left, right, inside, still

    @cached_property
    def ends(self) -> tuple[Floats, Floats]:
        """Both ends, 0 in place of those that are not there."""
        sides = self.log_left, self.log_right
        left, right = (np.where(np.isfinite(side), side, 0.0) for side in sides)
        return left, right

    @cached_property
    def along(self) -> tuple[Floats, Floats]:
        """Derivatives of both z by the position, shape (n, p + 1) each."""
        left, right = (np.column_stack((-self.design, end)) for end in self.ends)
        return left, right

    @cached_property
    def across(self) -> tuple[Floats, Floats, Floats]:
        """Products of two derivatives: left, both, right; shape (n, (p + 1)**2) each."""
        pairs = ((0, 0), (0, 1), (1, 1))
        n = self.log_left.size
        left, both, right = (
            (self.along[one][:, :, None] * self.along[other][:, None, :]).reshape(n, -1)
            for one, other in pairs
        )
        return left, both + _turned(both, self.design.shape[1] + 1), right

    @cached_property
    def exact_size(self) -> Floats:
        """Sum of the weights of exact times, one for each weighting."""
        return np.asarray(self.sizes[..., self.is_exact].sum(axis=-1))


def _turned(products: Floats, width: int) -> Floats:
    """Return products with the two factors exchanged."""
    return products.reshape(-1, width, width).transpose(0, 2, 1).reshape(products.shape)


def log_likelihood(rows: AftRows, shape: Shape, position: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the log-likelihood, its gradient and its Hessian in (c, u).

    ``position`` has shape (p + 1,), or (replicates, p + 1) for as many weightings; results have
    one number, p + 1 of them, and a table of (p + 1, p + 1), for each. The density of an exact time
    is that of the time itself, not of its log, as in R's survreg.
    """
    u = position[..., -1:]
    offset = position[..., :-1] @ rows.design.T
    exact, with_left, with_right, inside, still = rows.kinds
    value = np.zeros(offset.shape)
    pull = np.zeros((2, *offset.shape))  # derivative by the z of each end
    bend = np.zeros((3, *offset.shape))  # second derivatives: left, both, right
    log_left, log_right = rows.ends
    z_left, z_right = u * log_left - offset, u * log_right - offset
    z = z_left[..., exact]
    value[..., exact] = shape.log_density(z) + np.log(u) - log_left[exact]
    pull[0][..., exact] = shape.log_density_slope(z)
    bend[0][..., exact] = shape.log_density_bend(z)
    start = np.where(rows.has_left, z_left, -np.inf)
    value[..., still] = shape.log_survival(z_left[..., still])
    value[..., with_right] = shape.log_between(start[..., with_right], z_right[..., with_right])
    for side, ends, held in ((0, z_left, with_left), (1, z_right, with_right)):
        z, sign = ends[..., held], (-1, 1)[side]
        height = np.exp(shape.log_density(z) - value[..., held])
        pull[side][..., held] = sign * height
        bend[2 * side][..., held] = sign * height * shape.log_density_slope(z) - height**2
    bend[1][..., inside] = -pull[0][..., inside] * pull[1][..., inside]
    return _assemble(rows, position[..., -1], value, pull, bend)


def _assemble(
    rows: AftRows, u: Floats, value: Floats, pull: Floats, bend: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return value, gradient and Hessian from the derivatives by the z of each end."""
    pull *= rows.sizes
    bend *= rows.sizes
    gradient = pull[0] @ rows.along[0] + pull[1] @ rows.along[1]
    hessian = sum(part @ across for part, across in zip(bend, rows.across, strict=True))
    hessian = np.reshape(hessian, (*gradient.shape, gradient.shape[-1]))
    gradient[..., -1] += rows.exact_size / u
    hessian[..., -1, -1] -= rows.exact_size / u**2
    return (rows.sizes * value).sum(axis=-1), gradient, hessian
