"""Restricted likelihood of scores by visit, summed up by the set of visits a patient was seen at.

With the cross-products of covariates and scores of each dropout pattern, deviance, gradient and
Hessian cost the same for fifty patients and for fifty thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
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


def _log_cholesky(theta: Floats, m: int) -> Covariance:
    """Lower Cholesky factor by rows, logarithms on its diagonal."""
    row, column = np.tril_indices(m)
    on_diagonal = row == column
    step = np.where(on_diagonal, np.exp(np.where(on_diagonal, theta, 0.0)), 1.0)
    lower = np.zeros((m, m))
    lower[row, column] = np.where(on_diagonal, step, theta)
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

    def weights(self, sigma: Floats) -> tuple[Floats, float]:
        """Return inverses of the seen part of Sigma, 0 elsewhere, and the sum of log|Sigma|."""
        both = self.seen[:, :, None] & self.seen[:, None, :]
        filled = np.where(both, sigma, np.eye(len(sigma)))
        root = np.linalg.cholesky(filled)
        logs = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return np.linalg.inv(filled) * both, float(self.n @ logs)

    def project(self, w: Floats) -> tuple[Floats, Floats, float]:
        """Return GLS coefficients, their covariance, and log|X'WX|."""
        (_, p, m), expand = self.xy.shape, self.expand
        inner = sum_by_pattern(w, self.xx).reshape(m * p, m * p)
        inverse = cho_factor(expand.T @ inner @ expand, lower=True)
        right = expand.T @ (w @ self.xy.swapaxes(1, 2)).sum(axis=0).ravel()
        spread = cho_solve(inverse, np.eye(len(right)))
        logs = 2 * float(np.log(np.diag(inverse[0])).sum())
        return cho_solve(inverse, right), (spread + spread.T) / 2, logs

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
        deviance = logs + logs_x + float((w * left).sum())

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
            for one in range(k):
                inner[one] += sum_by_pattern(between[one], self.xx[some]).reshape(m * p, m * p)
            outer += (between @ off[some].swapaxes(1, 2)).sum(axis=1)
        return traces, self.expand.T @ inner @ self.expand, outer.reshape(k, m * p) @ self.expand


def sum_by_pattern(w: Floats, xx: Floats) -> Floats:
    """Return the sum over patterns of the Kronecker products of (m, m) and (p, p)."""
    m, p = w.shape[-1], xx.shape[-1]
    total = w.reshape(-1, m * m).T @ xx.reshape(-1, p * p)
    return total.reshape(m, m, p, p).transpose(0, 2, 1, 3)
