"""Events that come again, such as boosters: mean number per patient, and the gaps between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from analysis.errors import EstimationError
from analysis.estimate.durations.inputs import (
    Bools,
    Floats,
    Ints,
    as_times,
    check_level,
    check_same_length,
    merge_near_ties,
    refuse,
    tie_width,
)
from analysis.results import Estimate
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanCount:
    """Mean number of events per patient, by time.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Distinct times of events, rising, in ``time_unit``.
    mean, std_error, low, high : ndarray of float, shape (k,)
        Mean number of events per patient up to each time, Lawless-Nadeau standard error, and
        pointwise limits on the log scale.
    n_at_risk, n_events : ndarray of float, shape (k,)
    n : int
        Patients.
    last_time : float
        Longest follow-up.
    level : float in (0, 1)
    time_unit : str
    """

    times: Floats
    mean: Floats
    std_error: Floats
    low: Floats
    high: Floats
    n_at_risk: Floats
    n_events: Floats
    n: int
    last_time: float
    level: float
    time_unit: str

    def at(self, time: float) -> Estimate:
        """Return the mean number of events per patient up to ``time``.

        Parameters
        ----------
        time : float, at least 0

        Returns
        -------
        Estimate
            Count, at least 0; no interval while nobody has had an event, or when the resampled
            spread is 0; "not estimable" after the longest follow-up.

        Raises
        ------
        EstimationError
            ``time`` is negative or not a number.
        """
        if not time >= 0:
            raise EstimationError(f"time must be at least 0, not {time}.")
        width = tie_width(self.times)
        row = int(np.searchsorted(self.times, time + width, side="right")) - 1
        seen = row >= 0 and self.std_error[row] > 0
        is_late = time > self.last_time + width
        value = None if is_late else float(self.mean[row]) if row >= 0 else 0.0
        why = (
            say("estimates.mean_count.late", time=f"{time:g}", last=f"{self.last_time:g}")
            if is_late
            else ""
            if seen
            else say("estimates.mean_count.no_interval")
        )
        return Estimate(
            value=value,
            low=float(self.low[row]) if seen and not is_late else None,
            high=float(self.high[row]) if seen and not is_late else None,
            level=self.level if seen and not is_late else None,
            n=self.n,
            n_events=round(float(self.n_events[: row + 1].sum())),
            unit="count",
            method=say("estimates.mean_count.method"),
            status="not estimable" if is_late else "estimated",
            warnings=(why,) if why else (),
        )

    def at_times(self, times: Iterable[float]) -> tuple[Estimate, ...]:
        """Return `at` for each of several times."""
        return tuple(self.at(float(time)) for time in times)


@dataclass(frozen=True, kw_only=True, eq=False)
class GapTimes:
    """Times between successive events of each patient.

    Parameters
    ----------
    patient : ndarray of int, shape (m,)
        Position of the patient in the arrays of patients given.
    number : ndarray of int, shape (m,)
        1 for the gap from time 0 to the first event, 2 to the second, ...
    gap : ndarray of float, shape (m,)
        Length, at least 0.
    event : ndarray of bool, shape (m,)
        False for the last gap, which the end of follow-up cuts off.
    """

    patient: Ints
    number: Ints
    gap: Floats
    event: Bools


def estimate_mean_count(
    event_patient: ArrayLike,
    event_time: ArrayLike,
    *,
    patients: ArrayLike,
    end: ArrayLike,
    level: float = 0.95,
    time_unit: str = "time units",
) -> MeanCount:
    """Estimate the mean number of events per patient by time.

    Parameters
    ----------
    event_patient : array_like, shape (m,)
        Patient of each event; every one must be among ``patients``.
    event_time : array_like of float, shape (m,)
        Time of each event, at least 0 and at most the patient's ``end``.
    patients : array_like, shape (n,)
        Label of every patient, also of those without events; no label twice.
    end : array_like of float, shape (n,)
        End of each patient's follow-up; watched from time 0 to it.
    level : float in (0, 1)
    time_unit : str

    Returns
    -------
    MeanCount

    Raises
    ------
    EstimationError
        No patient; lengths differ; a time missing or negative; a label unknown or repeated; an
        event after the end of follow-up.

    Notes
    -----
    Sum over times of events / patients watched. The standard error allows for events of one
    patient hanging together. End of follow-up must be unrelated to the events to come; leaving
    because of them is not corrected for.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37:158. R ``survfit(Surv(start, stop, event) ~ 1,
    id = patient)$cumhaz`` and ``std.chaz``.
    """
    check_level(level)
    ends = as_times("end", end)
    who, when = _place_events(event_patient, event_time, patients, ends)
    if not ends.size:
        raise EstimationError("patients has no rows; a mean needs at least one patient.")
    merged_when, merged_end = merge_near_ties(when, ends)
    times, step = np.unique(merged_when, return_inverse=True)
    at_risk = ends.size - np.searchsorted(np.sort(merged_end), times, side="left").astype(float)
    events = np.bincount(step, minlength=times.size).astype(np.float64)
    mean = np.cumsum(events / at_risk)
    std_error = _robust_error(who, step, merged_end, times, at_risk, events)
    half = float(ndtri((1 + level) / 2)) * np.divide(
        std_error, mean, out=np.zeros_like(mean), where=mean > 0
    )
    return MeanCount(
        times=times,
        mean=mean,
        std_error=std_error,
        low=mean * np.exp(-half),
        high=mean * np.exp(half),
        n_at_risk=at_risk,
        n_events=events,
        n=ends.size,
        last_time=float(ends.max()),
        level=level,
        time_unit=time_unit,
    )


def gap_times(
    event_patient: ArrayLike, event_time: ArrayLike, *, patients: ArrayLike, end: ArrayLike
) -> GapTimes:
    """Return the gaps between each patient's successive events, the last one cut off.

    Parameters
    ----------
    event_patient, event_time, patients, end
        As for `estimate_mean_count`.

    Returns
    -------
    GapTimes
        One row per event and one more per patient, in order of patient and time. Gap number k can
        go to `estimate_kaplan_meier`; later gaps hold only patients who had the earlier ones, so
        curves of different numbers are not compared like groups.

    Raises
    ------
    EstimationError
        As `estimate_mean_count`.
    """
    ends = as_times("end", end)
    who, when = _place_events(event_patient, event_time, patients, ends)
    patient = np.concatenate((who, np.arange(ends.size)))
    time = np.concatenate((when, ends))
    is_event = np.concatenate((np.ones(who.size, np.bool_), np.zeros(ends.size, np.bool_)))
    order = np.lexsort((~is_event, time, patient))
    patient, time, is_event = patient[order], time[order], is_event[order]
    is_first = np.append(True, patient[1:] != patient[:-1])[: patient.size]
    before = np.where(is_first, 0.0, np.append(0.0, time[:-1])[: time.size])
    started = np.flatnonzero(is_first)
    number = np.arange(patient.size) - np.repeat(started, np.diff(started, append=patient.size)) + 1
    return GapTimes(patient=patient, number=number, gap=time - before, event=is_event)


def _place_events(
    event_patient: ArrayLike, event_time: ArrayLike, patients: ArrayLike, ends: Floats
) -> tuple[Ints, Floats]:
    """Return each event's patient as a position, and its checked time."""
    labels = pd.Index(pd.Series(patients))
    check_same_length(labels.size, end=ends.size)
    if labels.has_duplicates:
        raise EstimationError(f"patients has {labels[labels.duplicated()][0]!r} more than once.")
    when = as_times("event_time", event_time)
    asked = pd.Series(event_patient)
    check_same_length(when.size, event_patient=asked.size)
    who = labels.get_indexer(asked)
    if (who < 0).any():
        row = int(np.argmax(who < 0))
        found = asked.iloc[row]
        raise EstimationError(f"event_patient in row {row} is not among patients: {found!r}.")
    refuse(when > ends[who], "event_time is after the patient's end", when)
    return who.astype(np.int64), when


def _robust_error(
    who: Ints, step: Ints, end: Floats, times: Floats, at_risk: Floats, events: Floats
) -> Floats:
    """Return the root of the summed squares of each patient's deviation from the mean.

    A patient's deviation at t is the sum of 1 / at risk over the own events less the mean's growth
    while watched. It changes only at own events and stops at the own end, so the sum of squares is
    followed through its changes.
    """
    growth = np.concatenate(([0.0], np.cumsum(events / at_risk**2)))
    stop = np.searchsorted(times, end, side="right")  # steps inside each patient's follow-up
    cuts = np.searchsorted(np.sort(stop), np.arange(1, times.size + 1))
    leavers = np.split(np.argsort(stop, kind="stable"), cuts)
    comers = np.split(who[np.argsort(step, kind="stable")], np.cumsum(events)[:-1].astype(np.int64))
    own = np.zeros(end.size)
    left = squares = sums = 0.0  # patients gone; those still watched
    watched = end.size
    variance = np.zeros(times.size)
    for place in range(times.size):
        gone = own[leavers[place]]
        left += float(((gone - growth[place]) ** 2).sum())
        squares -= float((gone**2).sum())
        sums -= float(gone.sum())
        watched -= gone.size
        gain = 1 / at_risk[place]
        for patient in comers[place]:  # one by one: a patient may have two events in one step
            squares += gain * (2 * own[patient] + gain)
            sums += gain
            own[patient] += gain
        now = growth[place + 1]
        variance[place] = left + squares - 2 * now * sums + watched * now**2
    return np.sqrt(np.maximum(variance, 0.0))
