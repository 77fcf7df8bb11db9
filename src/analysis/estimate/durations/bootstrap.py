"""Intervals for the interval-censored curve, by resampling patients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from analysis.errors import EstimationError
from analysis.estimate.durations import readings
from analysis.estimate.durations.inputs import Floats, check_level
from analysis.estimate.durations.interval_curve import IntervalCurve
from analysis.estimate.durations.replicates import resample_masses
from analysis.estimate.durations.restricted import RestrictedMean
from analysis.results import Estimate
from analysis.wording.texts import say

NEAR_NOTHING = 1e-9
"""A standard deviation below this is rounding, not spread."""


@dataclass(frozen=True, kw_only=True)
class ReliefIntervals:
    """Numbers of one curve with their intervals.

    Parameters
    ----------
    survival : tuple of Estimate
        Share still relieved at each time asked for.
    quantiles : tuple of Estimate
        Time by which each share asked for has lost relief.
    restricted_mean : RestrictedMean or None
        Mean time up to the horizon, with the standard deviation of its resamples as standard
        error; None when no horizon was asked for.
    """

    survival: tuple[Estimate, ...]
    quantiles: tuple[Estimate, ...]
    restricted_mean: RestrictedMean | None


@dataclass(frozen=True, kw_only=True)
class ReliefBootstrap:
    """The same points with two kinds of interval.

    Parameters
    ----------
    guarded : ReliefIntervals
        Hold whatever happened between visits: from the lowest curve the data allow to the
        highest. Wider than their level where visits are far apart. To be printed first.
    even_spread : ReliefIntervals
        Hold if losses are spread evenly between visits; too narrow, and RMST too long, when they
        come early in a long gap.
    replicates : int
        Resamples used.
    """

    guarded: ReliefIntervals
    even_spread: ReliefIntervals
    replicates: int


def bootstrap_relief(
    curve: IntervalCurve,
    *,
    rng: np.random.Generator,
    times: Iterable[float] = (),
    lost_shares: Sequence[float] = (0.25, 0.5, 0.75),
    tau: float | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    masses: Floats | None = None,
) -> ReliefBootstrap:
    """Give the curve's shares, quantiles and restricted mean their intervals.

    Parameters
    ----------
    curve : IntervalCurve
        From `estimate_npmle`.
    rng : numpy.random.Generator
        Source of the resamples; the same state gives the same intervals.
    times : iterable of float, at least 0
        Times for the share still relieved, in the curve's unit.
    lost_shares : sequence of float in (0, 1)
        0.5 asks for the median.
    tau : float above 0, optional
        Horizon of the restricted mean.
    replicates : int, at least 100
        Resamples of patients, drawn with replacement (weights count as whole patients).
    level : float in (0, 1)
    masses : ndarray of float, shape (replicates, m), optional
        Resamples of this very curve drawn before by `resample_masses`; drawn here where not given.

    Returns
    -------
    ReliefBootstrap
        Points are those of ``curve``. An upper limit of a quantile is None (not reached) when
        more than (1 - level) / 2 of the resamples do not reach it. No interval where every
        resample gives the same number, as when nobody, or everybody, has lost relief.

    Raises
    ------
    EstimationError
        Fewer than 100 replicates; a time, share, horizon or level out of range; masses of
        another curve.

    Notes
    -----
    Shares: log-log interval with the bootstrap standard deviation, which covers better in small
    groups than percentiles. Quantiles and restricted mean: percentiles. The guarded interval takes
    its lower limit from resamples of the lowest number the data allow and its upper limit from
    resamples of the highest, so it covers the true number even inside an undetermined region,
    at the price of more than its level. Measured coverage: docs/simulations/relief-coverage.md.
    Resamples are fitted on the regions of the whole data; regions a resample does not tell apart
    share their mass much as in the whole data.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13. Davison and Hinkley
    (1997), Bootstrap Methods, section 3.5, on censored data.
    """
    if replicates < 100:
        raise EstimationError(f"replicates must be at least 100, not {replicates}.")
    check_level(level)
    asked = tuple(float(time) for time in times)
    points = curve.at_times(asked), [curve.quantile(share) for share in lost_shares]
    mean = None if tau is None else curve.restricted_mean(tau)
    if masses is None:
        masses = resample_masses(
            curve.intervals, start=curve.all_masses, replicates=replicates, rng=rng
        )
    if masses.shape != (replicates, curve.all_masses.size):
        raise EstimationError(f"masses of shape {masses.shape} are not resamples of this curve.")
    resampled = _Resampled(curve, masses, level)
    kinds = {
        is_guarded: ReliefIntervals(
            survival=tuple(
                resampled.share(point, time, is_guarded=is_guarded)
                for point, time in zip(points[0], asked, strict=True)
            ),
            quantiles=tuple(
                resampled.quantile(point, share, is_guarded=is_guarded)
                for point, share in zip(points[1], lost_shares, strict=True)
            ),
            restricted_mean=mean and resampled.mean(mean, is_guarded=is_guarded),
        )
        for is_guarded in (True, False)
    }
    return ReliefBootstrap(guarded=kinds[True], even_spread=kinds[False], replicates=replicates)


@dataclass(frozen=True, eq=False)
class _Resampled:
    """Masses of the resamples, and how limits are made of them."""

    curve: IntervalCurve
    masses: Floats
    level: float
    found: dict[float, tuple[Floats, Floats, Floats]] = field(default_factory=dict)

    @cached_property
    def lost(self) -> Floats:
        """Share lost by the end of each region."""
        return np.cumsum(self.masses, axis=1)

    @cached_property
    def widest(self) -> float:
        """Widest range of one region's mass over the resamples."""
        return float(np.ptp(self.masses, axis=0).max())

    def times(self, lost_share: float) -> tuple[Floats, Floats, Floats]:
        """Return the earliest, latest and conventional quantile of each resample, read once."""
        if lost_share not in self.found:
            regions = self.curve.intervals.region_left, self.curve.intervals.region_right
            read = readings.quantiles(self.masses, self.lost, *regions, lost_share)
            self.found[lost_share] = read
        return self.found[lost_share]

    def share(self, point: Estimate, time: float, *, is_guarded: bool) -> Estimate:
        """Return a share with its log-log limits."""
        if not point.estimated:
            return point
        regions = self.curve.intervals.region_left, self.curve.intervals.region_right
        curves = (
            readings.survival_bounds(self.masses, *regions, time)
            if is_guarded
            else (readings.survival_share(self.masses, *regions, time),) * 2
        )
        whole = (
            readings.survival_bounds(self.curve.all_masses, *regions, time)
            if is_guarded
            else (readings.survival_share(self.curve.all_masses, *regions, time),) * 2
        )
        if max(float(curves[0].std()), float(curves[1].std())) < NEAR_NOTHING:
            return self._without(point)
        low = self._log_log(float(whole[0]), curves[0], side=1)
        high = self._log_log(float(whole[1]), curves[1], side=-1)
        return self._with(point, low, high, "estimates.resampled.log_log")

    def quantile(self, point: Estimate, lost_share: float, *, is_guarded: bool) -> Estimate:
        """Return a quantile with its percentile limits; None where they are not reached."""
        if self.widest < NEAR_NOTHING:
            return self._without(point)
        earliest, latest, even = self.times(lost_share)
        low = self._percentile(earliest if is_guarded else even, (1 - self.level) / 2)
        high = self._percentile(latest if is_guarded else even, (1 + self.level) / 2)
        if low == high:
            return self._without(point)
        return self._with(point, low, high, "estimates.resampled.percentiles")

    def mean(self, point: RestrictedMean, *, is_guarded: bool) -> RestrictedMean:
        """Return a restricted mean with percentile limits and a standard error."""
        if not point.estimate.estimated:
            return point
        regions = self.curve.intervals.region_left, self.curve.intervals.region_right
        least, most, even = (
            self.masses @ weights for weights in readings.mean_weights(*regions, point.tau)
        )
        std_error = float(even.std(ddof=1))
        if std_error < NEAR_NOTHING:
            return replace(point, estimate=self._without(point.estimate))
        low = self._percentile(least if is_guarded else even, (1 - self.level) / 2)
        high = self._percentile(most if is_guarded else even, (1 + self.level) / 2)
        number = self._with(point.estimate, low, high, "estimates.resampled.percentiles")
        return replace(point, estimate=number, std_error=std_error)

    def _log_log(self, share: float, resampled: Floats, *, side: int) -> float:
        """Return the lower (side 1) or upper (side -1) log-log limit of a share."""
        if share < readings.SHARE_TIE or share > 1 - readings.SHARE_TIE:
            return 0.0 if side == 1 else 1.0
        half = float(ndtri((1 + self.level) / 2)) * float(resampled.std(ddof=1))
        return float(share ** np.exp(side * half / (share * -np.log(share))))

    def _percentile(self, resampled: Floats, part: float) -> float | None:
        """Return an order statistic of the resamples; None when it is infinite."""
        found = float(np.quantile(resampled, part, method="inverted_cdf"))
        return found if np.isfinite(found) else None

    def _with(self, point: Estimate, low: float | None, high: float | None, told: str) -> Estimate:
        method = say(told, method=point.method, n=self.masses.shape[0])
        return replace(point, low=low, high=high, level=self.level, method=method)

    def _without(self, point: Estimate) -> Estimate:
        return replace(
            point, warnings=(*point.warnings, say("estimates.resampled.same_everywhere"))
        )
