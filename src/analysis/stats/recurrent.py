"""Events that come again: boosters per patient, the gaps between them, and relief series by series.

The estimators (`estimate_mean_count`, `gap_times`) know nothing of boosters; the rows at the end
say how many a starter has, how far apart they lie, and whether relief shortens with repetition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from analysis.errors import EstimationError, NoMaximumError
from analysis.results import Estimate, note
from analysis.settings import DAYS_PER_WEEK
from analysis.stats.aft import WEIBULL, fit_aft, refit_weibull
from analysis.stats.checks import (
    Bools,
    Floats,
    Ints,
    check_level,
    check_same_length,
    check_time,
    refuse,
)
from analysis.stats.npmle import estimate_npmle
from analysis.stats.npmle_bootstrap import bootstrap_relief
from analysis.stats.relief import (
    ALL_STARTERS,
    RESPONDERS,
    Group,
    no_number,
    quantile_at_planned,
    with_notes,
)
from analysis.stats.relief_models import FIRST_DAY_WEEKS, LEAST_PER_COVARIATE
from analysis.stats.seeds import seeded
from analysis.stats.survival import estimate_kaplan_meier
from analysis.stats.times import as_times, merge_near_ties, tie_width


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

    @property
    def frame(self) -> pd.DataFrame:
        """The curve as figures take it, to the last look: week, mean, low, high."""
        names = ("mean", "low", "high")
        ends = {name: [*getattr(self, name), *getattr(self, name)[-1:]] for name in names}
        week = [*self.times, *([self.last_time] if self.times.size else [])]
        return pd.DataFrame({"week": week, **ends})

    def at(self, time: float) -> Estimate:
        """Return the mean number of events per patient up to ``time``, at least 0.

        No interval while nobody has had an event; "not estimable" after the longest follow-up.
        EstimationError for a negative or missing time.
        """
        check_time("time", time)
        width = tie_width(self.times)
        row = int(np.searchsorted(self.times, time + width, side="right")) - 1
        number = Estimate(
            value=float(self.mean[row]) if row >= 0 else 0.0,
            n=self.n,
            n_events=round(float(self.n_events[: row + 1].sum())),
            unit="count",
            method="mean_cumulative_count",
        )
        if time > self.last_time + width:
            late = note("late", f"{time:g}", f"{self.last_time:g}")
            return replace(number, value=None, status="not estimable", notes=(late,))
        if row < 0 or not self.std_error[row] > 0:
            return replace(number, notes=(note("count_no_interval"),))
        low, high = float(self.low[row]), float(self.high[row])
        return replace(number, low=low, high=high, level=self.level)

    def up_to(self, time: float) -> MeanCount:
        """Return the same up to a time."""
        kept = self.times <= time
        names = ("times", "mean", "std_error", "low", "high", "n_at_risk", "n_events")
        parts = {name: getattr(self, name)[kept] for name in names}
        return replace(self, **parts, last_time=min(self.last_time, time))


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
    merged = merge_near_ties(np.concatenate((when, ends)))
    times, step = np.unique(merged[: when.size], return_inverse=True)
    stops = merged[when.size :]
    at_risk = ends.size - np.searchsorted(np.sort(stops), times, side="left").astype(float)
    events = np.bincount(step, minlength=times.size).astype(np.float64)
    mean = np.cumsum(events / at_risk)
    std_error = _robust_error(who, step, stops, times, at_risk, events)
    half = float(ndtri((1 + level) / 2)) * std_error / np.maximum(mean, np.finfo(float).tiny)
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


def gap_times(
    event_patient: ArrayLike, event_time: ArrayLike, *, patients: ArrayLike, end: ArrayLike
) -> GapTimes:
    """Return the gaps between each patient's successive events, the last one cut off.

    Parameters
    ----------
    event_patient, event_time, patients, end
        As for `estimate_mean_count`, which has the same errors.

    Returns
    -------
    GapTimes
        One row per event and one more per patient, in order of patient and time. Gap number k can
        go to `estimate_kaplan_meier`; later gaps hold only patients who had the earlier ones, so
        curves of different numbers are not compared like groups.
    """
    ends = as_times("end", end)
    who, when = _place_events(event_patient, event_time, patients, ends)
    rows = pd.DataFrame(
        {
            "patient": np.concatenate((who, np.arange(ends.size))),
            "time": np.concatenate((when, ends)),
            "is_end": np.repeat([False, True], (who.size, ends.size)),
        }
    ).sort_values(["patient", "time", "is_end"], kind="stable")
    by_patient = rows.groupby("patient")
    return GapTimes(
        patient=rows["patient"].to_numpy(),
        number=by_patient.cumcount().to_numpy() + 1,
        gap=(rows["time"] - by_patient["time"].shift(fill_value=0.0)).to_numpy(),
        event=~rows["is_end"].to_numpy(),
    )


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
        raise EstimationError(
            f"event_patient in row {row} is not among patients: {asked.iloc[row]!r}."
        )
    refuse(when > ends[who], "event_time is after the patient's end", when)
    return who.astype(np.int64), when


# Boosters, and whether relief shortens with repetition

MOST_NUMBERS = 5
"""Series and gaps are reported up to the fifth; later ones are few."""

LEAST_SPANS = 5
"""A median of fewer spans is not reported: it would be those few patients."""

LEAST_LOSSES = 3 * LEAST_PER_COVARIATE
"""Ends of relief wanted for the ratio: ten for each of level, slope and shape."""

SERIES_REPLICATES = 500
"""Resamples for the interval of a median."""

JACKKNIFE_GROUPS = 40
"""Groups of patients left out in turn: their number, less one, is the degrees of freedom."""


def booster_count(boosters: pd.DataFrame, followed: pd.Series, *, level: float) -> MeanCount | None:
    """Return the mean number of boosters per starter by week; None without a starter.

    ``boosters`` and ``followed`` are as in `booster_rows`.
    """
    if followed.empty:
        return None
    return estimate_mean_count(**_booster_times(boosters, followed), level=level, time_unit="weeks")


def booster_rows(
    boosters: pd.DataFrame, followed: pd.Series, group: Group, *, has_infusions: bool
) -> pd.DataFrame:
    """Return boosters per starter by week, and the gaps between them.

    Parameters
    ----------
    boosters : DataFrame
        `analysis.adam.adtte.derive_boosters` of the group.
    followed : Series of float
        `analysis.adam.adtte.derive_followed_to` of the group.
    group : Group
    has_infusions : bool
        Whether the export has infusions; without them boosters cannot be counted.

    Returns
    -------
    DataFrame
        booster_count (mean per starter); booster_gap (median weeks between one and the next, where
        at least five patients reached it), whose group_by is ``gap``.
    """
    level = group.settings.confidence_level
    count = booster_count(boosters, followed, level=level) if has_infusions else None
    numbers = {}
    for visit, week in group.settings.read_weeks.items():
        if count is not None:
            number = with_notes(replace(count.at(week), unit="per starter"), "seen_to")
        else:
            n, why = group.n_starters, "no_infusions_to_count"
            why = why if n else "nobody_started"
            number = no_number(n, "per starter", "mean_cumulative_count", why)
        numbers["booster_count", visit] = number
    rows = group.rows(numbers, *group.notes, population=ALL_STARTERS)
    gaps = gap_times(**_booster_times(boosters, followed))
    for nth in range(1, MOST_NUMBERS + 1 if len(boosters) else 1):
        own = gaps.number == nth
        if own.sum() < LEAST_SPANS or not gaps.event[own].any():
            continue
        curve = estimate_kaplan_meier(gaps.gap[own], gaps.event[own], level=level)
        more = ("seen_to", "came_back") if nth > 1 else ("seen_to",)
        median = with_notes(curve.median, *more, *group.notes)
        keys = {"group_by": "gap", "group": str(nth), "population": ALL_STARTERS}
        rows.append(group.row(median, "booster_gap", **keys))
    return pd.DataFrame(rows)


def _booster_times(boosters: pd.DataFrame, followed: pd.Series) -> dict[str, Any]:
    """Return the boosters as arguments of the estimators, in weeks."""
    return {
        "event_patient": boosters["USUBJID"].to_numpy(),
        "event_time": boosters["ADYEOS"].to_numpy(dtype=float) / DAYS_PER_WEEK,
        "patients": followed.index.to_numpy(),
        "end": followed.to_numpy(dtype=float) / DAYS_PER_WEEK,
    }


def series_rows(spans: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return relief by number of the series, and whether it shortens.

    Parameters
    ----------
    spans : DataFrame
        `analysis.adam.adtte.derive_series_relief` of the group, and RETURNED: whether the patient
        had more than one series. Who never came back has a first series only, which no booster
        ended: with them in, relief seems to shorten where none does
        (docs/decisions/0021-repetition.md).
    group : Group

    Returns
    -------
    DataFrame
        series_relief (median weeks of relief after a series, where at least five showed relief;
        group_by ``series``), series_time_ratio (relief per further series of those who came for
        more than one: below 1 is shortening; ``not estimable`` with fewer than 30 ends of relief).
    """
    rows = []
    for number in range(1, MOST_NUMBERS + 1):
        part = spans[spans["SERIES"] == number]
        if len(part) < LEAST_SPANS:
            continue
        median = _series_median(part, group, str(number))
        more = ("came_back",) if number > 1 and median.status != "not estimable" else ()
        keys = {"group_by": "series", "group": str(number), "population": RESPONDERS}
        rows.append(group.row(with_notes(median, *more, *group.notes), "series_relief", **keys))
    ratio = with_notes(estimate_trend(spans[spans["RETURNED"]], group), *group.notes)
    rows.append(group.row(ratio, "series_time_ratio", population=RESPONDERS))
    return pd.DataFrame(rows)


def _series_median(part: pd.DataFrame, group: Group, number: str) -> Estimate:
    left, right = (part[name].to_numpy(dtype=float) / DAYS_PER_WEEK for name in ("LDY", "RDY"))
    if not ((left > 0) | np.isfinite(right)).any():
        return no_number(len(part), "weeks", "npmle_series", "not_followed")
    level = group.settings.confidence_level
    made = bootstrap_relief(
        estimate_npmle(left, right, time_unit="weeks"),
        rng=seeded(group.settings.seed, "series", left, right),
        times=group.settings.planned_weeks,
        lost_shares=(0.5,),
        replicates=min(group.settings.bootstrap_replicates, SERIES_REPLICATES),
        level=level,
    ).guarded
    shares = dict(zip(group.settings.planned_weeks, made.survival, strict=True))
    median = quantile_at_planned(made.quantiles[0], shares, lost_share=0.5, level=level)
    return replace(median, method="npmle_series")


def estimate_trend(spans: pd.DataFrame, group: Group) -> Estimate:
    """Return the ratio of relief times per further series.

    Parameters
    ----------
    spans, group
        As `series_rows`; the spans of those with more than one series.

    Returns
    -------
    Estimate
        Ratio above 0, below 1 for shortening; ``n`` counts series, not patients. Series of one
        patient hang together, so the interval is from the ratios without each of 40 groups of
        patients in turn.

    References
    ----------
    Shao and Tu (1995), The Jackknife and Bootstrap, section 5.2, on leaving out groups.
    """
    n_lost = int(np.isfinite(spans["RDY"].astype(float)).sum())
    nothing = Estimate(
        value=None, n=len(spans), unit="ratio", method="series_ratio", status="not estimable"
    )
    if spans["SERIES"].nunique() < 2:
        return with_notes(nothing, "one_series")
    if n_lost < LEAST_LOSSES:
        return with_notes(nothing, note("few_losses", n_lost, LEAST_LOSSES))
    # Distinct spans, each standing for as many as it occurs.
    table = spans[["LDY", "RDY", "SERIES"]].to_numpy(dtype=float)
    rows, place = np.unique(table, axis=0, return_inverse=True)
    left, right = rows[:, 0] / DAYS_PER_WEEK, rows[:, 1] / DAYS_PER_WEEK
    ends, number = (left, np.where(right > 0, right, FIRST_DAY_WEEKS)), rows[:, 2]
    place = place.ravel()
    try:
        fit = fit_aft(
            WEIBULL, *ends, covariates=number, names=["series"], weights=np.bincount(place)
        )
    except NoMaximumError as error:
        return with_notes(nothing, error.reason)
    except EstimationError:
        return with_notes(nothing, "no_maximum")
    ratio = replace(fit.time_ratio("series"), method="series_ratio")
    patients = pd.factorize(spans["USUBJID"])[0]
    n_patients = int(patients.max()) + 1
    n_groups = min(JACKKNIFE_GROUPS, n_patients)
    draw = seeded(group.settings.seed, "series_ratio", *table.T)
    left_out = draw.permutation(np.arange(n_patients) % n_groups)[patients]
    own = np.bincount(left_out * number.size + place, minlength=n_groups * number.size)
    own = own.reshape(n_groups, number.size)
    try:
        logs = refit_weibull(*ends, covariates=number, weights=own.sum(axis=0) - own)[:, 1]
    except EstimationError:
        return replace(ratio, low=None, high=None, level=None, notes=("unstable_fit",))
    std_error, level = float(np.sqrt((n_groups - 1) * logs.var())), group.settings.confidence_level
    half = float(stdtrit(n_groups - 1, (1 + level) / 2)) * std_error
    low, high = (float((ratio.value or 0.0) * np.exp(side * half)) for side in (-1, 1))
    return replace(ratio, low=low, high=high, level=level)
