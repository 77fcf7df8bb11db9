"""A fitted accelerated failure time model, and what can be read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from analysis.errors import EstimationError
from analysis.estimate.durations.aft_likelihood import Shape
from analysis.estimate.durations.inputs import Floats, check_positive
from analysis.results import Estimate
from analysis.wording.texts import say
from analysis.wording.words import DEFINITIONS, word

FARTHEST = 700.0
"""Largest exponent: beyond it a double overflows, and a limit says nothing any more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AftFit:
    """A fitted accelerated failure time model: log time = x coefficients + scale * error.

    Parameters
    ----------
    names : tuple of str
        "intercept", then the covariates.
    coefficients, std_errors : ndarray of float, shape (p,)
        On the log-time scale; exp of one is a ratio of times.
    log_scale, log_scale_std_error : float
        Log of the scale. The Weibull's shape is 1 / scale.
    covariance : ndarray of float, shape (p + 1, p + 1)
        Of the coefficients, then the log scale.
    log_likelihood : float
        Of the times themselves (exact times enter with their density).
    n, n_lost : int
        Patients (rounded sum of weights) and those with a finite right end.
    iterations : int
    level : float in (0, 1)
    time_unit : str
    shape : Shape
        Standard distribution of the error.
    """

    names: tuple[str, ...]
    coefficients: Floats
    std_errors: Floats
    log_scale: float
    log_scale_std_error: float
    covariance: Floats
    log_likelihood: float
    n: int
    n_lost: int
    iterations: int
    level: float
    time_unit: str
    shape: Shape

    @property
    def distribution(self) -> str:
        """Name of the distribution of the times."""
        return self.shape.name

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
            Share in [0, 1]; delta-method interval on the scale of the standardised log time.

        Raises
        ------
        EstimationError
            ``time`` is not above 0, or ``x`` has the wrong length.
        """
        check_positive("time", time)
        row = self._row(x)
        z = (float(np.log(time)) - float(row @ self.coefficients)) / self.scale
        slope = np.append(-row / self.scale, -z)
        half = self._half(slope)
        shares = np.exp(self.shape.log_survival(np.array([z, z + half, z - half])))
        return self._estimate(shares, "share", "estimates.aft.share")

    def quantile(self, lost_share: float, x: ArrayLike | None = None) -> Estimate:
        """Return the time by which a share of such patients has lost relief.

        Parameters
        ----------
        lost_share : float in (0, 1)
        x : array_like of float, shape (p - 1,), optional

        Returns
        -------
        Estimate
            In the time unit; delta-method interval on the log scale.

        Raises
        ------
        EstimationError
            ``lost_share`` is outside (0, 1), or ``x`` has the wrong length.
        """
        if not 0 < lost_share < 1:
            raise EstimationError(f"lost_share must lie between 0 and 1, not {lost_share}.")
        row, point = self._row(x), self.shape.quantile(lost_share)
        log_time = float(row @ self.coefficients) + self.scale * point
        half = self._half(np.append(row, self.scale * point))
        times = np.exp(np.minimum(log_time + np.array([0.0, -half, half]), FARTHEST))
        return self._estimate(times, self.time_unit, "estimates.aft.time")

    def median(self, x: ArrayLike | None = None) -> Estimate:
        """Return `quantile` for one half."""
        return self.quantile(0.5, x)

    def conditional_survival(
        self, time: float, *, given: float, x: ArrayLike | None = None
    ) -> Estimate:
        """Return the chance of relief at ``time`` for a patient still relieved at ``given``.

        Parameters
        ----------
        time, given : float
            ``given`` above 0, ``time`` above ``given``.
        x : array_like of float, shape (p - 1,), optional

        Returns
        -------
        Estimate
            Share in [0, 1]; delta-method interval on the log(-log) scale.

        Raises
        ------
        EstimationError
            The times are out of order or not above 0, or ``x`` has the wrong length.
        """
        check_positive("given", given)
        check_positive("time - given", time - given)
        row = self._row(x)
        logs, slopes = zip(*(self._log_survival(row, one) for one in (time, given)), strict=True)
        fall = logs[1] - logs[0]  # minus the log of the chance, above 0
        half = self._half((slopes[1] - slopes[0]) / fall)
        chances = np.exp(-fall * np.exp(np.minimum([0.0, half, -half], FARTHEST)))
        return self._estimate(chances, "share", "estimates.aft.chance")

    def time_ratio(self, name: str) -> Estimate:
        """Return how many times longer relief lasts per unit of a covariate.

        Parameters
        ----------
        name : str
            One of ``names`` except the intercept.

        Returns
        -------
        Estimate
            Ratio above 0; Wald interval on the log scale.

        Raises
        ------
        EstimationError
            No such covariate.
        """
        if name not in self.names[1:]:
            raise EstimationError(f"covariate {name!r} is unknown; known are {self.names[1:]}.")
        place = self.names.index(name)
        half = self._half(np.eye(len(self.names) + 1)[place])
        ratios = np.exp(
            np.minimum(self.coefficients[place] + np.array([0.0, -half, half]), FARTHEST)
        )
        return self._estimate(ratios, "ratio", "estimates.aft.ratio")

    def _row(self, x: ArrayLike | None) -> Floats:
        given = np.empty(0) if x is None else np.atleast_1d(np.asarray(x, dtype=np.float64))
        if given.shape != (len(self.names) - 1,) or not np.isfinite(given).all():
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

    def _estimate(self, numbers: Floats, unit: str, told: str) -> Estimate:
        value, low, high = (float(number) for number in numbers)
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=self.level,
            n=self.n,
            n_events=self.n_lost,
            unit=unit,
            method=say(told, distribution=word(DEFINITIONS, self.shape.code)),
        )
