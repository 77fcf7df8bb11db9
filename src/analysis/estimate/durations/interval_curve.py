"""The interval-censored relief curve as a frozen result, undetermined regions kept as such."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from analysis.errors import EstimationError
from analysis.estimate.durations import readings
from analysis.estimate.durations.inputs import Floats, check_positive
from analysis.estimate.durations.intervals import Intervals
from analysis.estimate.durations.restricted import RestrictedMean
from analysis.results import Estimate, Status
from analysis.wording.texts import say


@dataclass(frozen=True)
class Bounds:
    """The lowest and highest number the data allow, all between equally likely; no interval.

    ``high`` is None where nothing limits it.
    """

    low: float
    high: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalCurve:
    """Share of patients who keep their relief when losses are only known to lie between visits.

    Parameters
    ----------
    left, right : ndarray of float, shape (m,)
        Maximal intersections: losses lie in (left, right], or at the time itself where they are
        equal. The curve is undetermined inside a region of positive length. ``right`` is
        infinite for losses after the last look.
    mass : ndarray of float in [0, 1], shape (m,)
        Share of patients whose loss lies in each region; sums to 1.
    n : int
        Patients (rounded sum of weights).
    n_uninformative : int
        Patients of ``n`` never looked at after time 0: they say nothing about the curve.
    kt_gap : float
        How far the Kuhn-Tucker conditions are from holding, as a share; 0 is the exact maximum.
    log_likelihood : float
    iterations : int
    time_unit : str
    warnings : tuple of str
        Sentences that go with every number read off the curve.
    intervals, all_masses
        The distinct intervals behind it and the mass of each of their regions, also of those
        without any: for `bootstrap_relief`.
    """

    left: Floats
    right: Floats
    mass: Floats
    n: int
    n_uninformative: int
    kt_gap: float
    log_likelihood: float
    iterations: int
    time_unit: str
    intervals: Intervals
    all_masses: Floats
    warnings: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """What was done, in words."""
        return say("estimates.interval_curve.method")

    @property
    def last_time(self) -> float:
        """Time up to which the curve is known: the start of the region without an end."""
        return float(self.left[-1] if np.isinf(self.right[-1]) else self.right[-1])

    @property
    def n_lost(self) -> int:
        """Patients whose loss some visit has shown (rounded sum of weights)."""
        return round(float(self.intervals.counts[np.isfinite(self.intervals.right)].sum()))

    def bounds(self, time: float) -> Bounds:
        """Return the lowest and highest share still relieved just after ``time``.

        Parameters
        ----------
        time : float, at least 0

        Returns
        -------
        Bounds
            Shares in [0, 1]; equal outside undetermined regions.

        Raises
        ------
        EstimationError
            ``time`` is negative or not a number.
        """
        if not time >= 0:
            raise EstimationError(f"time must be at least 0, not {time}.")
        low, high = readings.survival_bounds(self.mass, self.left, self.right, time)
        return Bounds(float(low), float(high))

    def at(self, time: float) -> Estimate:
        """Return the share still relieved just after ``time``, without an interval.

        Parameters
        ----------
        time : float, at least 0

        Returns
        -------
        Estimate
            Share in [0, 1]. Inside a region with an end the value lies on the straight line
            between its ends, and a warning gives the bounds. "not estimable" inside the region
            without an end. `bootstrap_relief` gives intervals.

        Raises
        ------
        EstimationError
            ``time`` is negative or not a number.
        """
        bounds = self.bounds(time)
        assert bounds.high is not None
        value = float(readings.survival_share(self.mass, self.left, self.right, time))
        if bounds.high - bounds.low <= readings.SHARE_TIE:
            return self._number(value, "share")
        span = {"time": f"{time:g}", "low": f"{bounds.low:.3g}", "high": f"{bounds.high:.3g}"}
        if np.isinf(self.right[-1]) and time > self.left[-1]:
            why = say("estimates.interval_curve.late_share", **span)
            return self._number(None, "share", warning=why)
        why = say("estimates.interval_curve.no_visit", **span)
        return self._number(value, "share", warning=why)

    def at_times(self, times: Iterable[float]) -> tuple[Estimate, ...]:
        """Return `at` for each of several times."""
        return tuple(self.at(float(time)) for time in times)

    def quantile_region(self, lost_share: float) -> Bounds:
        """Return the earliest and latest time at which this share may have lost relief.

        Parameters
        ----------
        lost_share : float in (0, 1)
            0.5 for the median.

        Returns
        -------
        Bounds
            ``high`` is None when the share may never be reached.

        Raises
        ------
        EstimationError
            ``lost_share`` is outside (0, 1).
        """
        low, high, _ = self._quantile(lost_share)
        return Bounds(low, high if np.isfinite(high) else None)

    def quantile(self, lost_share: float) -> Estimate:
        """Return the time by which a share of patients has lost relief, without an interval.

        Parameters
        ----------
        lost_share : float in (0, 1)
            0.5 for the median.

        Returns
        -------
        Estimate
            In the time unit, on the straight line through the region it falls into (a warning
            names the region). "not reached" when it falls into the region without an end.

        Raises
        ------
        EstimationError
            ``lost_share`` is outside (0, 1).

        Notes
        -----
        When exactly that share is lost at the end of a region, the midpoint between it and the
        start of the next region, or that end itself when the next has no end. For exact and
        right-censored times this is the Kaplan-Meier median as R prints it.
        """
        low, high, point = self._quantile(lost_share)
        if not np.isfinite(point):
            why = _not_reached(low)
            return self._number(None, self.time_unit, status="not reached", warning=why)
        if low == high:
            return self._number(point, self.time_unit)
        return self._number(point, self.time_unit, warning=_placed(low, high))

    @property
    def median(self) -> Estimate:
        """Time by which half of the patients have lost relief."""
        return self.quantile(0.5)

    def restricted_mean_bounds(self, tau: float) -> Bounds:
        """Return the lowest and highest mean time with relief up to ``tau`` the data allow.

        Parameters
        ----------
        tau : float above 0

        Returns
        -------
        Bounds
            In the time unit: every loss at the start, or at the end, of its region.

        Raises
        ------
        EstimationError
            ``tau`` is not above 0.
        """
        check_positive("tau", tau)
        low, high, _ = readings.mean_weights(self.left, self.right, tau)
        return Bounds(float(self.mass @ low), float(self.mass @ high))

    def restricted_mean(self, tau: float) -> RestrictedMean:
        """Return the mean time with relief up to ``tau``, without a standard error.

        Parameters
        ----------
        tau : float above 0

        Returns
        -------
        RestrictedMean
            Losses are spread evenly over their region. "not estimable" when the region without an
            end starts before ``tau``.

        Raises
        ------
        EstimationError
            ``tau`` is not above 0.
        """
        bounds = self.restricted_mean_bounds(tau)
        assert bounds.high is not None
        span = {"low": f"{bounds.low:.4g}", "high": f"{bounds.high:.4g}"}
        if np.isinf(self.right[-1]) and self.left[-1] < tau:
            why = say("estimates.interval_curve.late_mean", time=f"{tau:g}", **span)
            number = self._number(None, self.time_unit, warning=why)
        else:
            value = float(self.mass @ readings.mean_weights(self.left, self.right, tau)[2])
            is_exact = bounds.high - bounds.low <= readings.SHARE_TIE * tau
            why = "" if is_exact else say("estimates.interval_curve.between_visits", **span)
            number = self._number(value, self.time_unit, warning=why)
        return RestrictedMean(estimate=number, std_error=None, tau=tau)

    def _quantile(self, lost_share: float) -> tuple[float, float, float]:
        if not 0 < lost_share < 1:
            raise EstimationError(f"lost_share must lie between 0 and 1, not {lost_share}.")
        mass = self.mass[None, :]
        regions = self.left, self.right
        low, high, point = readings.quantiles(mass, np.cumsum(mass, axis=1), *regions, lost_share)
        return float(low[0]), float(high[0]), float(point[0])

    def _number(
        self,
        value: float | None,
        unit: str,
        *,
        status: Status = "not estimable",
        warning: str = "",
    ) -> Estimate:
        number = Estimate(
            value=value,
            n=self.n,
            n_events=self.n_lost,
            unit=unit,
            method=self.method,
            status=status if value is None else "estimated",
            warnings=self.warnings,
        )
        return replace(number, warnings=(*self.warnings, warning)) if warning else number


def _not_reached(low: float) -> str:
    """Return that a share is not reached, and after when it would be."""
    if low > 0:
        return say("estimates.interval_curve.not_reached_by", low=f"{low:g}")
    return say("estimates.interval_curve.not_reached")


def _placed(low: float, high: float) -> str:
    """Return between which times the data place a number."""
    if np.isfinite(high):
        where = say("estimates.interval_curve.where_within", low=f"{low:g}", high=f"{high:g}")
    else:
        where = say("estimates.interval_curve.where_from", low=f"{low:g}")
    return say("estimates.interval_curve.placed", where=where)
