"""The Kaplan-Meier curve as a frozen result: read it at a time, or at a share lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from analysis.errors import EstimationError
from analysis.estimate.durations.inputs import (
    Floats,
    as_numbers,
    check_positive,
    tie_width,
)
from analysis.estimate.durations.limits import (
    first_at_or_below,
    hazard_variance,
    log_log_limits,
)
from analysis.estimate.durations.restricted import RestrictedMean
from analysis.results import Estimate, Status
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True, eq=False)
class ReliefCurve:
    """Share of patients who keep their relief, by time.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Distinct times of loss or censoring, rising, in ``time_unit``.
    survival : ndarray of float in [0, 1], shape (k,)
        Share still relieved just after each time. Before the first time it is 1.
    std_error : ndarray of float, shape (k,)
        Greenwood's standard error of ``survival``; NaN (undefined) where the curve is 0.
    n_at_risk, n_events, n_censored : ndarray of float, shape (k,)
        Followed just before, lost at, and censored at each time; sums of weights if weighted.
    n : int
        Patients: rows, or the rounded sum of weights.
    level : float in (0, 1)
        Confidence level of every interval.
    time_unit : str
        Unit of ``times``.
    warnings : tuple of str
        Sentences that go with every number read off the curve.
    """

    times: Floats
    survival: Floats
    std_error: Floats
    n_at_risk: Floats
    n_events: Floats
    n_censored: Floats
    n: int
    level: float
    time_unit: str
    warnings: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """What was done, in words."""
        return say("estimates.kaplan_meier.share")

    @cached_property
    def _limits(self) -> tuple[Floats, Floats]:
        relative = np.divide(
            self.std_error, self.survival, out=np.zeros_like(self.survival), where=self.survival > 0
        )
        return log_log_limits(self.survival, relative, level=self.level)

    @property
    def low(self) -> Floats:
        """Lower log-log limits, shape (k,); NaN (undefined) where the curve is 0 or 1."""
        return self._limits[0]

    @property
    def high(self) -> Floats:
        """Upper log-log limits, shape (k,); NaN (undefined) where the curve is 0 or 1."""
        return self._limits[1]

    @property
    def n_lost(self) -> int:
        """Patients whose loss was seen (rounded sum of weights)."""
        return round(float(self.n_events.sum()))

    @property
    def last_time(self) -> float:
        """Longest follow-up, in ``time_unit``."""
        return float(self.times[-1])

    def at(self, time: float) -> Estimate:
        """Return the share still relieved just after ``time``, with its log-log interval.

        Parameters
        ----------
        time : float, at least 0
            Time in the curve's unit.

        Returns
        -------
        Estimate
            Share in [0, 1]. "not estimable" after the longest follow-up, unless everybody had
            lost relief by then. No limits where the curve is 0 or 1 (log-log has none).

        Raises
        ------
        EstimationError
            ``time`` is negative or not a number.

        References
        ----------
        R ``summary(survfit(..., conf.type = "log-log"), times = t)``.
        """
        if not time >= 0:
            raise EstimationError(f"time must be at least 0, not {time}.")
        index = self._index(time)
        if why := self._unseen(time):
            return self._share(None, status="not estimable", warning=why)
        if index < 0 or self.survival[index] == 1.0:
            return self._share(1.0, warning=say("estimates.kaplan_meier.none_lost"))
        if self.survival[index] == 0.0:
            return self._share(0.0, warning=say("estimates.kaplan_meier.all_lost"))
        low, high = float(self.low[index]), float(self.high[index])
        return self._share(float(self.survival[index]), low=low, high=high)

    def at_times(self, times: Iterable[float]) -> tuple[Estimate, ...]:
        """Return `at` for each of several times."""
        return tuple(self.at(float(time)) for time in times)

    def quantile(self, lost_share: float) -> Estimate:
        """Return the time by which a share of patients has lost relief.

        Parameters
        ----------
        lost_share : float in (0, 1)
            0.5 for the median.

        Returns
        -------
        Estimate
            "not reached" when the curve stays above ``1 - lost_share``; each limit is None when
            its log-log curve does not come down so far.

        Raises
        ------
        EstimationError
            ``lost_share`` is outside (0, 1).

        Notes
        -----
        The first time at which the curve is at or below ``1 - lost_share``. When it equals it, the
        midpoint to the next fall, or that time itself when none follows. This is the median R
        prints for a ``survfit``; R's ``quantile`` goes half-way to the last time in that case.

        Interval: Brookmeyer and Crowley (1982), Biometrics 38:29, on the log-log scale.
        """
        if not 0 < lost_share < 1:
            raise EstimationError(f"lost_share must lie between 0 and 1, not {lost_share}.")
        value = first_at_or_below(self.times, self.survival, 1 - lost_share)
        return Estimate(
            value=value,
            low=first_at_or_below(self.times, self.low, 1 - lost_share),
            high=first_at_or_below(self.times, self.high, 1 - lost_share),
            level=self.level,
            n=self.n,
            n_events=self.n_lost,
            unit=self.time_unit,
            method=say("estimates.kaplan_meier.quantile"),
            status="not reached" if value is None else "estimated",
            warnings=self.warnings,
        )

    @property
    def median(self) -> Estimate:
        """Time by which half of the patients have lost relief."""
        return self.quantile(0.5)

    def at_risk(self, times: ArrayLike) -> Floats:
        """Return the number still followed just before each time (for the row under a figure).

        Parameters
        ----------
        times : array_like of float, shape (m,)
            In the time unit.

        Returns
        -------
        ndarray, shape (m,)
            Patients with a time at or after it; 0 after the longest follow-up. With delayed
            entry, the number at the next distinct time.

        Raises
        ------
        EstimationError
            A time is missing or infinite.
        """
        asked = as_numbers("times", times)
        index = np.searchsorted(self.times, asked - tie_width(self.times), side="left")
        return np.append(self.n_at_risk, 0.0)[index]

    def restricted_mean(self, tau: float) -> RestrictedMean:
        """Return the mean time with relief up to ``tau``, the area under the curve.

        Parameters
        ----------
        tau : float above 0
            Horizon in the time unit.

        Returns
        -------
        RestrictedMean
            "not estimable" when nobody was followed to ``tau`` and the curve is not yet 0; no
            interval when nobody lost relief before it. Limits are kept within [0, tau].

        Raises
        ------
        EstimationError
            ``tau`` is not above 0.

        Notes
        -----
        Standard error of R ``print(survfit, rmean = tau)`` and survRM2: the root of the sum over
        event times of (area to the right)**2 * d / (n (n - d)), nothing where n = d; Klein and
        Moeschberger (2003), Survival Analysis, section 4.5.
        """
        check_positive("tau", tau)
        if why := self._unseen(tau):
            missing = self._mean(None, None, tau, why)
            return RestrictedMean(estimate=missing, std_error=None, tau=tau)
        used = self.times < tau
        edges = np.concatenate(([0.0], self.times[used], [tau]))
        areas = np.diff(edges) * np.concatenate(([1.0], self.survival[used]))
        value = float(areas.sum())
        to_right = np.cumsum(areas[::-1])[::-1][1:]
        terms = hazard_variance(self.n_at_risk, self.n_events)[used]
        std_error = float(np.sqrt((to_right**2 * terms).sum()))
        return RestrictedMean(
            estimate=self._mean(value, std_error, tau, None), std_error=std_error, tau=tau
        )

    def _index(self, time: float) -> int:
        """Return the position of the last time at or before ``time``; -1 before the first."""
        return int(np.searchsorted(self.times, time + tie_width(self.times), side="right")) - 1

    def _unseen(self, time: float) -> str:
        """Return why the curve has no value at a time, or an empty string when it has one."""
        if self.survival[-1] == 0 or time <= self.last_time + tie_width(self.times):
            return ""
        last = f"{self.last_time:g}"
        return say("estimates.kaplan_meier.late", time=f"{time:g}", last=last)

    def _share(
        self,
        value: float | None,
        *,
        low: float | None = None,
        high: float | None = None,
        status: Status = "estimated",
        warning: str | None = None,
    ) -> Estimate:
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=self.level if low is not None else None,
            n=self.n,
            n_events=self.n_lost,
            unit="share",
            method=self.method,
            status=status,
            warnings=self.warnings + ((warning,) if warning else ()),
        )

    def _mean(
        self, value: float | None, std_error: float | None, tau: float, why: str | None
    ) -> Estimate:
        low = high = None
        if value is not None and std_error:
            half = float(ndtri((1 + self.level) / 2)) * std_error
            low, high = max(0.0, value - half), min(tau, value + half)
        elif value is not None:
            why = say("estimates.kaplan_meier.mean_without")
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=None if low is None else self.level,
            n=self.n,
            n_events=self.n_lost,
            unit=self.time_unit,
            method=say("estimates.kaplan_meier.mean"),
            status="not estimable" if value is None else "estimated",
            warnings=self.warnings + ((why,) if why else ()),
        )
