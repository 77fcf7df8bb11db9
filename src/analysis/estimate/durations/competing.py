"""Aalen-Johansen: which of several events ends the relief first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.inputs import (
    Floats,
    as_numbers,
    as_times,
    as_weights,
    check_level,
    check_same_length,
    count_at_risk,
    merge_near_ties,
    refuse,
    tie_width,
)
from analysis.estimate.durations.limits import log_log_limits
from analysis.results import Estimate, Status
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True, eq=False)
class CumulativeIncidence:
    """Share of patients whose relief was ended by each cause, by time.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Distinct times of an event or censoring, rising, in ``time_unit``.
    causes : tuple of int
        Codes of the causes, rising; columns of the arrays below follow it.
    incidence, std_error : ndarray of float, shape (k, n_causes)
        Share ended by each cause at or before each time, and its standard error.
    low, high : ndarray of float, shape (k, n_causes)
        Pointwise log-log limits; NaN (undefined) where the incidence is 0 or 1.
    free, free_std_error : ndarray of float, shape (k,)
        Share without any event. ``free`` and the incidences sum to 1.
    n_at_risk : ndarray of float, shape (k,)
    n_events : ndarray of float, shape (k, n_causes)
    n : int
        Patients (rounded sum of weights).
    level : float in (0, 1)
    time_unit : str
    """

    times: Floats
    causes: tuple[int, ...]
    incidence: Floats
    std_error: Floats
    low: Floats
    high: Floats
    free: Floats
    free_std_error: Floats
    n_at_risk: Floats
    n_events: Floats
    n: int
    level: float
    time_unit: str

    @property
    def last_time(self) -> float:
        """Longest follow-up, in ``time_unit``."""
        return float(self.times[-1])

    def at(self, time: float, cause: int) -> Estimate:
        """Return the share ended by one cause at or before ``time``, with its interval.

        Parameters
        ----------
        time : float, at least 0
        cause : int
            One of ``causes``.

        Returns
        -------
        Estimate
            Share in [0, 1]; "not estimable" after the longest follow-up unless nobody was left.
            No interval where the share is 0 or 1.

        Raises
        ------
        EstimationError
            ``time`` is negative, or the cause is unknown.
        """
        if not time >= 0:
            raise EstimationError(f"time must be at least 0, not {time}.")
        if cause not in self.causes:
            raise EstimationError(f"cause {cause} is unknown; known are {self.causes}.")
        column = self.causes.index(cause)
        width = tie_width(self.times)
        if time > self.last_time + width and self.free[-1] > 0:
            last = f"{self.last_time:g}"
            why = say("estimates.incidence.late", time=f"{time:g}", last=last)
            return self._share(None, None, None, column, why, "not estimable")
        row = int(np.searchsorted(self.times, time + width, side="right")) - 1
        value = float(self.incidence[row, column]) if row >= 0 else 0.0
        if row < 0 or np.isnan(self.low[row, column]):
            why = say("estimates.incidence.none_or_all")
            return self._share(value, None, None, column, why)
        low, high = float(self.low[row, column]), float(self.high[row, column])
        return self._share(value, low, high, column)

    def at_times(self, times: Iterable[float], cause: int) -> tuple[Estimate, ...]:
        """Return `at` for each of several times."""
        return tuple(self.at(float(time), cause) for time in times)

    def _share(
        self,
        value: float | None,
        low: float | None,
        high: float | None,
        column: int,
        why: str = "",
        status: Status = "estimated",
    ) -> Estimate:
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=None if low is None else self.level,
            n=self.n,
            n_events=round(float(self.n_events[:, column].sum())),
            unit="share",
            method=say("estimates.incidence.method"),
            status=status,
            warnings=(why,) if why else (),
        )


def estimate_cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    causes: Sequence[int] | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "time units",
) -> CumulativeIncidence:
    """Estimate the share of patients whose relief each cause has ended by each time.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time of the first event or of the last look, at least 0.
    cause : array_like of int, shape (n,)
        0 for no event yet (censored); any whole number above 0 for the event that came first.
    causes : sequence of int, optional
        Causes to report, seen or not; all that occur by default.
    weights : array_like of float, shape (n,), optional
        Patients each row stands for. A row of weight 2 equals the row twice.
    level : float in (0, 1)
    time_unit : str

    Returns
    -------
    CumulativeIncidence

    Raises
    ------
    EstimationError
        No row; lengths differ; a time is missing or negative; a cause is missing, negative, not
        whole, or not in ``causes``. Missing is never dropped.

    Notes
    -----
    One minus Kaplan-Meier with the other causes censored overstates each incidence; this does
    not. The standard error is the infinitesimal jackknife of R's ``survfit(Surv(time,
    factor(cause)) ~ 1)``; cmprsk's ``cuminc`` uses Aalen's counting-process variance, which is
    slightly larger in small groups. Ties and near-ties as in `estimate_kaplan_meier`.

    References
    ----------
    Aalen and Johansen (1978), Scand J Stat 5:141. Putter, Fiocco and Geskus (2007), Stat Med
    26:2389.
    """
    times, codes = as_times("time", time), as_numbers("cause", cause)
    check_same_length(times.size, cause=codes.size)
    sizes = as_weights(weights, n=times.size)
    check_level(level)
    if not times.size:
        raise EstimationError("time has no rows; an incidence needs at least one patient.")
    refuse((codes < 0) | (codes != np.round(codes)), "cause is not a whole number from 0", codes)
    seen = {int(code) for code in np.unique(codes) if code > 0}
    known = tuple(sorted(seen if causes is None else set(causes)))
    refuse(~np.isin(codes, (0, *known)), f"cause is not among {known}", codes)
    if sizes is not None and not sizes.all():
        times, codes, sizes = times[sizes > 0], codes[sizes > 0], sizes[sizes > 0]
    return _incidence(times, codes, known, sizes, level=level, time_unit=time_unit)


def _incidence(
    times: Floats,
    codes: Floats,
    causes: tuple[int, ...],
    sizes: Floats | None,
    *,
    level: float,
    time_unit: str,
) -> CumulativeIncidence:
    (times,) = merge_near_ties(times)
    table = count_at_risk(times, codes > 0, weights=sizes)
    at_risk = table.at_risk
    free = np.cumprod(1 - table.events / at_risk)
    before = np.concatenate(([1.0], free[:-1]))
    events = np.zeros((at_risk.size, len(causes)))
    for column, one in enumerate(causes):
        events[:, column] = count_at_risk(times, codes == one, weights=sizes).events
    incidence = np.cumsum(before[:, None] * events / at_risk[:, None], axis=0)
    error = [
        _jackknife_error(share, own, before, at_risk, table.events, table.censored)
        for share, own in ((1 - free, table.events), *zip(incidence.T, events.T, strict=True))
    ]
    std_error = np.stack(error[1:], axis=1) if causes else incidence
    share = np.clip(incidence, 0.0, 1.0)
    relative = np.divide(std_error, share, out=np.zeros_like(share), where=share > 0)
    low, high = log_log_limits(share, relative, level=level)
    return CumulativeIncidence(
        times=table.times,
        causes=causes,
        incidence=incidence,
        std_error=std_error,
        low=low,
        high=high,
        free=free,
        free_std_error=error[0],
        n_at_risk=at_risk,
        n_events=events,
        n=round(float(at_risk[0])),
        level=level,
        time_unit=time_unit,
    )


def _jackknife_error(
    share: Floats, own: Floats, before: Floats, at_risk: Floats, events: Floats, censored: Floats
) -> Floats:
    """Return the root of the summed squared influence of every patient on one incidence.

    A patient's influence on the incidence at t is a - share(t) b, where a and b stop growing at
    the patient's own time; so three running sums over the patients who have left, and one term
    for those who have not, give all times at once.
    """
    left = at_risk - events
    weight = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)  # nobody left: no effect
    drift_b = np.cumsum(events / at_risk * weight)
    drift_a = np.cumsum(before * own / at_risk**2 + share * events / at_risk * weight)
    own_a = before / at_risk + share * weight - drift_a
    other_a = share * weight - drift_a
    event_b = weight - drift_b
    groups = (
        (own, own_a, event_b),
        (events - own, other_a, event_b),
        (censored, -drift_a, -drift_b),
    )
    aa = np.cumsum(sum(count * a * a for count, a, _ in groups))
    ab = np.cumsum(sum(count * a * b for count, a, b in groups))
    bb = np.cumsum(sum(count * b * b for count, _, b in groups))
    staying = left - censored
    squares = aa - 2 * share * ab + share**2 * bb + staying * (drift_a - share * drift_b) ** 2
    return np.sqrt(np.maximum(squares, 0.0))
