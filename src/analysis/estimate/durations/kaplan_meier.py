"""Kaplan-Meier: the visit is taken as the time of loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import EstimationError
from analysis.estimate.durations.curve import ReliefCurve
from analysis.estimate.durations.inputs import (
    Floats,
    as_events,
    as_times,
    as_weights,
    check_level,
    check_same_length,
    count_at_risk,
    merge_near_ties,
    refuse,
)
from analysis.estimate.durations.limits import hazard_variance
from analysis.wording.texts import say


def estimate_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "time units",
) -> ReliefCurve:
    """Estimate the share still relieved by time (product-limit estimate).

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time of loss or of the last look, at least 0, in ``time_unit``.
    event : array_like of bool or 0/1, shape (n,)
        True when relief was lost at ``time``, false when still relieved then (censored).
    weights : array_like of float, shape (n,), optional
        Patients each row stands for, at least 0. A row of weight 2 equals the row twice.
    entry : array_like of float, shape (n,), optional
        Time from which the patient was watched (delayed entry), below ``time``; at risk in
        (entry, time].
    level : float in (0, 1)
        Two-sided confidence level.
    time_unit : str
        Unit of the times, carried to the results.

    Returns
    -------
    ReliefCurve
        With ``at``, ``quantile``, ``median``, ``at_risk`` and ``restricted_mean``.

    Raises
    ------
    EstimationError
        No row; lengths differ; a time is missing, negative or infinite; an event is neither 0 nor
        1; an entry is not below its time; ``level`` is outside (0, 1). Missing is never dropped.

    Notes
    -----
    Conventions are those of R's survival: a patient censored at a time is at risk for a loss at
    the same time; times closer than 1.5e-8 (or that fraction of the mean distinct time) are one;
    Greenwood standard error; interval on the log(-log) scale (R's own default is log), which
    never leaves [0, 1] and covers better in small groups. Nobody lost: the curve is 1 and the
    median "not reached". Fractional weights are accepted, with a warning in the result.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53:457. Borgan and Liestol (1990), Scand J Stat 17:35,
    on the log-log interval. R ``survfit(Surv(time, event) ~ 1, conf.type = "log-log")``.
    """
    times = as_times("time", time)
    events = as_events("event", event)
    check_same_length(times.size, event=events.size)
    sizes = as_weights(weights, n=times.size)
    check_level(level)
    if not times.size:
        raise EstimationError("time has no rows; a curve needs at least one patient.")
    entries = None if entry is None else _check_entry(entry, times)
    if sizes is not None and not sizes.all():
        held = sizes > 0
        times, events, sizes = times[held], events[held], sizes[held]
        entries = None if entries is None else entries[held]
    return _curve(times, events, sizes, entries, level=level, time_unit=time_unit)


def _check_entry(entry: ArrayLike, times: Floats) -> Floats:
    entries = as_times("entry", entry)
    check_same_length(times.size, entry=entries.size)
    refuse(entries >= times, "entry is not below its time", entries)
    return entries


def _curve(
    times: Floats,
    events: np.ndarray,
    sizes: Floats | None,
    entries: Floats | None,
    *,
    level: float,
    time_unit: str,
) -> ReliefCurve:
    """Return the curve of checked arrays."""
    if entries is not None:
        times, entries = merge_near_ties(times, entries)
    table = count_at_risk(times, events, weights=sizes, entry=entries)
    survival = np.cumprod(1 - table.events / table.at_risk)
    relative = np.sqrt(np.cumsum(hazard_variance(table.at_risk, table.events)))
    std_error = np.where(survival > 0, survival * relative, np.nan)
    total = float(times.size) if sizes is None else float(sizes.sum())
    whole = sizes is None or bool((sizes == np.round(sizes)).all())
    return ReliefCurve(
        times=table.times,
        survival=survival,
        std_error=std_error,
        n_at_risk=table.at_risk,
        n_events=table.events,
        n_censored=table.censored,
        n=round(total),
        level=level,
        time_unit=time_unit,
        warnings=() if whole else (say("estimates.fractional"),),
    )
