"""Restricted likelihood of scores by visit, summed up by the set of visits a patient was seen at.

With the cross-products of covariates and scores of each dropout pattern, deviance, gradient and
Hessian cost the same for fifty patients and for fifty thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]

Structure = Literal[
    "unstructured", "heterogeneous_cs", "heterogeneous_ar1", "ar1", "independent"
]  # fmt: skip
"""Covariance between visits. ``ar1`` has one variance for all visits, ``heterogeneous_*`` one for
each; AR(1) counts visits, not weeks; ``independent`` is an analysis of covariance at each visit."""

NUMBERS_AT_ONCE = 4_000_000
"""Numbers held together for a block of dropout patterns: 32 MB."""


# Covariance structures, each a function of unconstrained parameters with exact derivatives


@dataclass(frozen=True)
class Covariance:
    """Sigma at some parameters."""

    sigma: Floats  # (m, m)
    first: Floats  # (k, m, m), derivative in each parameter
    second: Callable[[Floats], Floats]  # symmetric G -> (k, k), trace(G d2 Sigma)


@cache
def _lower(m: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return rows and columns of the lower triangle, and which of them lie on the diagonal."""
    row, column = np.tril_indices(m)
    return row, column, row == column


def _factor(theta: Floats, m: int) -> Floats:
    """Return lower Cholesky factors of parameters of shape (..., k): by rows, logs on diagonals."""
    row, column, on_diagonal = _lower(m)
    lower = np.zeros((*theta.shape[:-1], m, m))
    lower[..., row, column] = np.where(on_diagonal, np.exp(theta), theta)
    return lower


def _log_cholesky(theta: Floats, m: int) -> Covariance:
    """Lower Cholesky factor by rows, logarithms on its diagonal."""
    row, column, on_diagonal = _lower(m)
    lower = _factor(theta, m)
    step = np.where(on_diagonal, lower[row, column], 1.0)
    change = np.zeros((row.size, m, m))
    change[np.arange(row.size), row] = step[:, None] * lower[:, column].T
    same = (column[:, None] == column) * np.outer(step, step)

    def second(g: Floats) -> Floats:
        curve = 2 * same * g[np.ix_(row, row)]
        curve[on_diagonal, on_diagonal] += 2 * (step * (g @ lower)[row, column])[on_diagonal]
        return curve

    return Covariance(lower @ lower.T, change + change.swapaxes(1, 2), second)


def _scaled_correlation(theta: Floats, m: int, shape: str, one_variance: bool) -> Covariance:
    """Logarithms of the standard deviations, then the transformed correlation."""
    owner = np.ones((1, m)) if one_variance else np.eye(m)
    scale = np.exp(owner.T @ theta[: len(owner)])
    corr, slope, curve = _CORRELATIONS[shape](theta[len(owner) :], m)
    size = np.outer(scale, scale)
    sigma = size * corr
    share = owner[:, :, None] + owner[:, None, :]  # d log(s_a s_b) / d log-sd
    first = np.concatenate([sigma * share, size * slope])
    flat = share.reshape(len(owner), -1)

    def second(g: Floats) -> Floats:
        top = (flat * (g * sigma).ravel()) @ flat.T
        side = flat @ (g * size * slope).reshape(len(slope), m * m).T
        bottom = (g * size * curve).sum(axis=(1, 2))
        return np.block([[top, side], [side.T, np.diag(bottom)]])

    return Covariance(sigma, first, second)


def _exchangeable(psi: Floats, m: int) -> tuple[Floats, Floats, Floats]:
    """Return the matrix with one correlation above -1 / (m - 1), and two derivatives."""
    low, part = -1 / (m - 1), expit(psi[0])
    off = 1 - np.eye(m)
    slope = (1 - low) * part * (1 - part)
    rho = low + (1 - low) * part
    return np.eye(m) + rho * off, (slope * off)[None], (slope * (1 - 2 * part) * off)[None]


def _autoregressive(psi: Floats, m: int) -> tuple[Floats, Floats, Floats]:
    """Return the matrix of powers of one correlation by steps between visits."""
    rho = np.tanh(psi[0])
    steps = np.abs(np.subtract.outer(np.arange(m), np.arange(m))).astype(float)
    by_rho = steps * rho ** np.maximum(steps - 1, 0)
    twice = steps * (steps - 1) * rho ** np.maximum(steps - 2, 0)
    slope = 1 - rho**2
    return (
        rho**steps,
        (slope * by_rho)[None],
        (slope**2 * twice - 2 * rho * slope * by_rho)[None],
    )


def _uncorrelated(psi: Floats, m: int) -> tuple[Floats, Floats, Floats]:
    return np.eye(m), np.zeros((0, m, m)), np.zeros((0, m, m))


_CORRELATIONS = {"cs": _exchangeable, "ar1": _autoregressive, "none": _uncorrelated}
SCALED = {
    "heterogeneous_cs": ("cs", False), "heterogeneous_ar1": ("ar1", False), "ar1": ("ar1", True),
    "independent": ("none", False),
}  # fmt: skip


def covariance_at(structure: Structure, theta: Floats, scale: Floats) -> Covariance:
    """Return the covariance of scores whose visits are measured in units of ``scale``."""
    m, size = scale.size, np.outer(scale, scale)
    if structure == "unstructured":
        unit = _log_cholesky(theta, m)
    else:
        unit = _scaled_correlation(theta, m, *SCALED[structure])
    return Covariance(unit.sigma * size, unit.first * size, lambda g: unit.second(g * size))


def covariances_at(structure: Structure, thetas: Floats, scale: Floats) -> Floats:
    """Return the covariances at many parameters (draws, k), shape (draws, m, m)."""
    if structure == "unstructured":
        lower = _factor(thetas, scale.size)
        return lower @ lower.swapaxes(1, 2) * np.outer(scale, scale)
    return np.array([covariance_at(structure, theta, scale).sigma for theta in thetas])


def start_parameters(structure: Structure, sd: Floats, corr: Floats) -> Floats:
    """Return parameters near standard deviations and correlations of the residuals."""
    m = sd.size
    if structure == "unstructured":
        root, axes = np.linalg.eigh(0.9 * corr + 0.1 * np.eye(m))
        near = (axes * np.maximum(root, 0.05)) @ axes.T
        lower = np.linalg.cholesky(near * np.outer(sd, sd))
        lower[np.diag_indices(m)] = np.log(np.diag(lower))
        return lower[np.tril_indices(m)]
    shape, one_variance = SCALED[structure]
    scale = [np.log(sd).mean()] if one_variance else np.log(sd)
    if shape == "none":
        return np.array(scale)
    pairs = corr[np.triu_indices(m, 1)] if shape == "cs" else np.diag(corr, 1)
    rho = float(np.clip(pairs.mean(), -0.3 / (m - 1), 0.9))
    low = -1 / (m - 1)
    psi = logit((rho - low) / (1 - low)) if shape == "cs" else np.arctanh(rho)
    return np.append(scale, psi)


# The restricted likelihood of scores summed up by dropout pattern


@dataclass(frozen=True, eq=False)
class Point:
    """The restricted likelihood at some parameters, coefficients at their best."""

    deviance: float  # without constants
    coefficients: Floats  # (q,) in the basis of `PatternSums.expand`
    spread: Floats  # (q, q) covariance of the coefficients
    gradient: Floats  # (k,) of the deviance
    hessian: Floats  # (k, k)
    information: Floats  # (k, q, q): minus the derivative of the inverse of ``spread``


@dataclass(frozen=True, eq=False)
class PatternSums:
    """Cross-products of covariates and scores, by the set of visits a patient was seen at."""

    seen: NDArray[np.bool_]  # (patterns, m)
    n: Floats  # (patterns,) patients
    xx: Floats  # (patterns, p, p)
    xy: Floats  # (patterns, p, m), 0 at visits not seen
    yy: Floats  # (patterns, m, m)
    expand: Floats  # (m * p, q) from coefficients to those by visit and covariate

    def weights(self, sigma: Floats) -> tuple[Floats, Floats]:
        """Return inverses of the seen part of Sigma, 0 elsewhere, and the sum of log|Sigma|.

        Of one Sigma (m, m) or of several (..., m, m), as all that follows.
        """
        both = self.seen[:, :, None] & self.seen[:, None, :]
        filled = np.where(both, sigma[..., None, :, :], np.eye(sigma.shape[-1]))
        return np.linalg.inv(filled) * both, _log_determinant(filled) @ self.n

    def project(self, w: Floats) -> tuple[Floats, Floats, Floats]:
        """Return GLS coefficients, their covariance, and log|X'WX|."""
        expand = self.expand
        inner = expand.T @ sum_by_pattern(w, self.xx) @ expand
        right = (w @ self.xy.swapaxes(1, 2)).sum(axis=-3).reshape(*w.shape[:-3], -1) @ expand
        logs = _log_determinant(inner)  # raises where there is none
        spread = np.linalg.inv(inner)
        best = np.linalg.solve(inner, right[..., None])[..., 0]
        return best, (spread + spread.swapaxes(-1, -2)) / 2, logs

    def evaluate(self, at: Covariance) -> Point:
        """Return deviance, gradient and Hessian, all exact (Lindstrom and Bates 1988)."""
        (_, p, m), k = self.xy.shape, len(at.first)
        w, logs = self.weights(at.sigma)
        coefficients, spread, logs_x = self.project(w)
        slope = (self.expand @ coefficients).reshape(m, p)
        crossed = slope @ self.xy
        left = self.yy - crossed - crossed.swapaxes(1, 2) + slope @ self.xx @ slope.T
        left *= self.seen[:, :, None] & self.seen[:, None, :]
        wide = (self.expand @ spread @ self.expand.T).reshape(m, p, m, p).transpose(1, 3, 0, 2)
        hat = (self.xx.reshape(-1, p * p) @ wide.reshape(p * p, m * m)).reshape(-1, m, m)
        deviance = float(logs + logs_x + (w * left).sum())

        pulled, own = w @ (left + hat) @ w, self.n[:, None, None] * w
        g = (own - pulled).sum(axis=0)
        g = (g + g.T) / 2
        traces, information, force = self._sandwiches(w, 2 * pulled - own, at.first, slope)
        root = np.linalg.cholesky(spread)
        turned = (root.T @ information @ root).reshape(k, -1)
        forced = force @ root
        hessian = traces - turned @ turned.T - 2 * forced @ forced.T + at.second(g)
        flat = at.first.reshape(k, m * m)
        return Point(
            deviance, coefficients, spread, flat @ g.ravel(), (hessian + hessian.T) / 2, information
        )

    def _sandwiches(
        self, w: Floats, q: Floats, first: Floats, slope: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return trace(S_k W S_l Q), X'W S_k W X and X'W S_k W r for the parameters k and l.

        Each is summed over the patterns; r are the residuals.
        """
        (patterns, p, m), k = self.xy.shape, len(first)
        traces = np.zeros((k, k))
        inner, outer = np.zeros((k, m * p, m * p)), np.zeros((k, m, p))
        off = (self.xy - self.xx @ slope.T) * self.seen[:, None, :]
        size = max(1, NUMBERS_AT_ONCE // (k * m * m))
        for begin in range(0, patterns, size):
            some = slice(begin, begin + size)
            right = first[:, None] @ w[some]  # (k, patterns, m, m)
            left = q[some] @ first[:, None]
            traces += right.reshape(k, -1) @ left.reshape(k, -1).T
            between = w[some] @ right
            inner += sum_by_pattern(between, self.xx[some])
            outer += (between @ off[some].swapaxes(1, 2)).sum(axis=1)
        return traces, self.expand.T @ inner @ self.expand, outer.reshape(k, m * p) @ self.expand


def sum_by_pattern(w: Floats, xx: Floats) -> Floats:
    """Return the sum over patterns of the Kronecker products of (..., m, m) and (p, p)."""
    patterns, m, p = len(xx), w.shape[-1], xx.shape[-1]
    flat = w.reshape(-1, patterns, m * m).swapaxes(1, 2)
    total = (flat @ xx.reshape(patterns, p * p)).reshape(-1, m, m, p, p).swapaxes(2, 3)
    return total.reshape(*w.shape[:-3], m * p, m * p)


def _log_determinant(matrices: Floats) -> Floats:
    """Return log|M|; LinAlgError where one is not positive definite."""
    root = np.linalg.cholesky(matrices)
    return 2 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
