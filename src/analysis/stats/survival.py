"""Times to loss of relief, right-censored: Kaplan-Meier, log-rank and cumulative incidence.

The visit that found a loss is taken as its time; `analysis.stats.npmle` makes no such assumption.
Curves and tests are those of `statsmodels.duration.survfunc` under the conventions of R's survival
package, to which they are pinned: nearly equal times are one, limits are on the log(-log) scale,
and a median rests midway where the curve rests on one half. Standard errors are our own where the
library's differ from R's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import chi2, norm
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from analysis.errors import EstimationError
from analysis.results import Estimate, Status, note
from analysis.stats.checks import (
    Bools,
    Floats,
    Ints,
    as_count,
    as_numbers,
    as_weights,
    check_level,
    check_positive,
    check_same_length,
    check_share,
    check_time,
    refuse,
)
from analysis.stats.rates import exact_limits
from analysis.stats.times import NEAR_TIE, as_times, merge_near_ties, tie_width

ROUNDING = 1e-12
"""Shares nearer than this to 0 or 1 are 0 or 1: far below one patient's weight."""


def log_log_limits(survival: Floats, relative: Floats, *, level: float) -> tuple[Floats, Floats]:
    """Return limits on the log(-log) scale from a share and its standard error over the share.

    NaN where the share is 0 or 1 but for rounding, as in R: log(-log) has no value there.
    """
    inside = (survival > ROUNDING) & (survival < 1 - ROUNDING)
    log_share = np.log(np.where(inside, survival, 0.5))
    half = norm.ppf((1 + level) / 2) * relative / -log_share
    low, high = np.exp(log_share * np.exp(half)), np.exp(log_share * np.exp(-half))
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def first_at_or_below(times: Floats, heights: Floats, target: float) -> float | None:
    """Return R's crossing time of a falling curve: midpoint where it rests on the target."""
    below = np.flatnonzero(heights < target + NEAR_TIE)  # never so for an undefined limit (NaN)
    if not below.size:
        return None
    first = below[0]
    if abs(heights[first] - target) < NEAR_TIE:
        lower = np.flatnonzero(heights < heights[first])
        if lower.size:
            return float(times[first] + times[lower[0]]) / 2
    return float(times[first])


def _as_events(name: str, values: ArrayLike) -> Bools:
    """Return events as true or false from booleans or 0 and 1; anything else is an error."""
    numbers = as_numbers(name, values)
    refuse(~np.isin(numbers, (0.0, 1.0)), f"{name} is neither 0 nor 1", numbers)
    return numbers == 1.0


def _weight_before(values: Floats, weights: Floats, at: Floats) -> Floats:
    """Return the sum of the weights of values below each of ``at``."""
    order = np.argsort(values)
    summed = np.append(0.0, np.cumsum(weights[order]))
    return np.asarray(summed[np.searchsorted(values[order], at, side="left")])


# Kaplan-Meier


@dataclass(frozen=True, kw_only=True, eq=False)
class SurvivalCurve:
    """Share of patients who keep their relief, by time.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Distinct times of loss, rising, in ``time_unit``.
    survival, low, high : ndarray of float in [0, 1], shape (k,)
        Share still relieved just after each time (before the first it is 1), and its pointwise
        log-log limits; NaN (undefined) where the share is 0.
    std_error : ndarray of float, shape (k,)
        Greenwood's standard error of ``survival``; NaN where the curve is 0.
    n_at_risk, n_events : ndarray of float, shape (k,)
        Followed just before, and lost at, each time; sums of weights if weighted.
    followed_times, n_followed : ndarray of float, shape (m,)
        Distinct times of loss or censoring, and the patients followed just before each.
    n : int
        Patients: rows, or the rounded sum of weights.
    level : float in (0, 1)
        Confidence level of every interval.
    time_unit : str
        Unit of ``times``.
    notes : tuple of str
        Notes that go with every number read off the curve.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    std_error: Floats
    n_at_risk: Floats
    n_events: Floats
    followed_times: Floats
    n_followed: Floats
    n: int
    level: float
    time_unit: str
    notes: tuple[str, ...] = ()

    @property
    def n_lost(self) -> int:
        """Patients whose loss was seen (rounded sum of weights)."""
        return round(float(self.n_events.sum()))

    @property
    def last_time(self) -> float:
        """Longest follow-up, in ``time_unit``."""
        return float(self.followed_times[-1])

    @property
    def frame(self) -> pd.DataFrame:
        """The curve as figures take it, from time 0 to the last look: week, share, low, high."""
        ends = {"week": [0.0, *self.times, self.last_time]}
        for name, values in (("share", self.survival), ("low", self.low), ("high", self.high)):
            ends[name] = [1.0, *values, values[-1] if values.size else 1.0]
        return pd.DataFrame(ends)

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
            lost relief by then. Exact limits where the curve is 0 or 1 (log-log has none): of the
            patients still followed where nobody has lost relief; of all where everybody followed
            has, those not followed so long counting as relieved.

        Raises
        ------
        EstimationError
            ``time`` is negative or not a number.

        References
        ----------
        R ``summary(survfit(..., conf.type = "log-log"), times = t)``.
        """
        check_time("time", time)
        if late := self._late(time):
            return self._estimate("share", None, why=late)
        row = _row_at(self.times, time)
        if row < 0:
            n = int(self.at_risk([time])[0])
            low = float(exact_limits(n, n, level=self.level)[0])
            return self._estimate("share", 1.0, low, 1.0, why=note("none_lost", n))
        if self.survival[row] == 0:
            unseen = max(self.n - round(float(self.n_events[: row + 1].sum())), 0)
            high = float(exact_limits(unseen, self.n, level=self.level)[1])
            return self._estimate("share", 0.0, 0.0, high, why=note("all_lost", self.n))
        share, low, high = (float(each[row]) for each in (self.survival, self.low, self.high))
        return self._estimate("share", share, low, high)

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
        prints for a ``survfit``; statsmodels takes the next fall, and R's own ``quantile`` goes
        half-way to the last time where none follows.

        Interval: Brookmeyer and Crowley (1982), Biometrics 38:29, on the log-log scale.
        """
        check_share("lost_share", lost_share)
        value, low, high = (
            first_at_or_below(self.times, heights, 1 - lost_share)
            for heights in (self.survival, self.low, self.high)
        )
        return self._estimate(self.time_unit, value, low, high, status="not reached")

    @property
    def median(self) -> Estimate:
        """Time by which half of the patients have lost relief."""
        return self.quantile(0.5)

    def at_risk(self, times: ArrayLike) -> Floats:
        """Return the number still followed just before each time (for the row under a figure).

        With delayed entry it is the number at the next distinct time; 0 after the last one.
        """
        asked = as_numbers("times", times) - tie_width(self.followed_times)
        return np.append(self.n_followed, 0.0)[np.searchsorted(self.followed_times, asked)]

    def restricted_mean(self, tau: float) -> Estimate:
        """Return the mean time with relief up to ``tau``, the area under the curve.

        Parameters
        ----------
        tau : float above 0
            Horizon in the time unit.

        Returns
        -------
        Estimate
            "not estimable" when nobody was followed to ``tau`` and the curve is not yet 0; no
            interval when nobody lost relief before it. Limits are kept within [0, tau].

        Raises
        ------
        EstimationError
            ``tau`` is not above 0.
        """
        check_positive("tau", tau)
        made = partial(self._estimate, self.time_unit, method="kaplan_meier_mean")
        if late := self._late(tau):
            return made(None, why=late)
        mean, error = float(self._areas(tau).sum()), self.restricted_mean_error(tau)
        if not error:
            return made(mean, why="none_lost")
        half = float(norm.ppf((1 + self.level) / 2)) * error
        return made(mean, max(0.0, mean - half), min(tau, mean + half))

    def restricted_mean_error(self, tau: float) -> float:
        """Return the standard error of `restricted_mean`, 0 when nobody lost relief before.

        Notes
        -----
        As R ``print(survfit, rmean = tau)`` and survRM2: the root of the sum over event times of
        (area to the right)**2 * d / (n (n - d)), nothing where n = d; Klein and Moeschberger
        (2003), Survival Analysis, section 4.5.
        """
        to_right = np.cumsum(self._areas(tau)[::-1])[::-1][1:]
        terms = _greenwood(self.n_at_risk, self.n_events)[self.times < tau]
        return float(np.sqrt((to_right**2 * terms).sum()))

    def _areas(self, tau: float) -> Floats:
        """Return the areas under the curve up to, between and after the losses before ``tau``."""
        used = self.times < tau
        edges = np.concatenate(([0.0], self.times[used], [tau]))
        return np.diff(edges) * np.concatenate(([1.0], self.survival[used]))

    def _late(self, time: float) -> str:
        """Return the note that nobody was followed so long, or an empty string."""
        all_lost = self.survival.size and self.survival[-1] == 0
        if all_lost or time <= self.last_time + tie_width(self.followed_times):
            return ""
        return note("late", f"{time:g}", f"{self.last_time:g}")

    def _estimate(
        self,
        unit: str,
        value: float | None,
        low: float | None = None,
        high: float | None = None,
        *,
        status: Status = "not estimable",
        why: str = "",
        method: str = "kaplan_meier",
    ) -> Estimate:
        """Return a number read off the curve; ``status`` is that of no number."""
        has_level = low is not None or status == "not reached"
        return Estimate(
            value=value, low=low, high=high, level=self.level if has_level else None, n=self.n,
            n_events=self.n_lost, unit=unit, method=method,
            status=status if value is None else "estimated",
            notes=(*self.notes, why) if why else self.notes,
        )  # fmt: skip


def _row_at(times: Floats, time: float) -> int:
    """Return the position of the last time at or before ``time``; -1 before the first."""
    return int(np.searchsorted(times, time + tie_width(times), side="right")) - 1


def _greenwood(at_risk: Floats, events: Floats) -> Floats:
    """Return Greenwood's terms d / (n (n - d)), 0 where everybody at risk has the event."""
    product = at_risk * (at_risk - events)
    return np.divide(events, product, out=np.zeros(events.shape), where=product > 0)


def estimate_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "weeks",
) -> SurvivalCurve:
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
    SurvivalCurve
        With ``at``, ``quantile``, ``median``, ``at_risk`` and ``restricted_mean``.

    Raises
    ------
    EstimationError
        No row; lengths differ; a time is missing, negative or infinite; an event is neither 0 nor
        1; an entry is not below its time; ``level`` is outside (0, 1). Missing is never dropped.

    Notes
    -----
    The curve is `statsmodels.duration.survfunc.SurvfuncRight`. A patient censored at a time is at
    risk for a loss at the same time; times closer than 1.5e-8 (or that fraction of the mean
    distinct time) are one. Greenwood standard error also with weights (statsmodels' is Tsiatis');
    interval on the log(-log) scale (R's own default is log), which never leaves [0, 1] and covers
    better in small groups. Nobody lost: the curve is 1 and the median "not reached".

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53:457. Borgan and Liestol (1990), Scand J Stat 17:35,
    on the log-log interval. R ``survfit(Surv(time, event) ~ 1, conf.type = "log-log")``.
    """
    times, events = as_times("time", time), _as_events("event", event)
    check_same_length(times.size, event=events.size)
    sizes = as_weights(weights, n=times.size)
    check_level(level)
    if not times.size:
        raise EstimationError("time has no rows; a curve needs at least one patient.")
    entries = np.full(times.size, -np.inf) if entry is None else as_times("entry", entry)
    check_same_length(times.size, entry=entries.size)
    refuse(entries >= times, "entry is not below its time", entries)
    held = sizes > 0
    times, events, sizes, entries = times[held], events[held], sizes[held], entries[held]
    times, entries = np.split(merge_near_ties(np.concatenate((times, entries))), 2)

    curve = SurvfuncRight(times, events.astype(int), entry=entries, freq_weights=sizes)
    at_risk, lost = curve.n_risk.astype(float), curve.n_events.astype(float)
    # Once everybody at risk is lost the curve stays at 0, whoever enters later.
    over = np.maximum.accumulate(at_risk - lost <= 0)
    survival = np.where(over, 0.0, curve.surv_prob)
    relative = np.sqrt(np.cumsum(_greenwood(at_risk, lost)))
    low, high = log_log_limits(survival, relative, level=level)
    followed = np.unique(times)
    watched = _weight_before(entries, sizes, followed) - _weight_before(times, sizes, followed)
    is_counted = bool((sizes == np.round(sizes)).all())
    return SurvivalCurve(
        times=curve.surv_times,
        survival=survival,
        low=low,
        high=high,
        std_error=np.where(over, np.nan, survival * relative),
        n_at_risk=at_risk,
        n_events=lost,
        followed_times=followed,
        n_followed=watched,
        n=round(float(sizes.sum())),
        level=level,
        time_unit=time_unit,
        notes=() if is_counted else ("fractional_weights",),
    )


# Log-rank test


@dataclass(frozen=True, kw_only=True)
class LogRank:
    """Comparison of relief between groups.

    Parameters
    ----------
    statistic : float or None
        Chi-square; None when no comparison is possible (see ``notes``).
    df : int
        Degrees of freedom: groups that were followed when relief was lost, less one.
    p_value : float in [0, 1] or None
    notes : tuple of str
        Why there is no statistic; empty when there is one.
    """

    statistic: float | None
    df: int
    p_value: float | None
    notes: tuple[str, ...] = ()


def compare_log_rank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None
) -> LogRank:
    """Test whether groups keep their relief equally long.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time of loss or of the last look, at least 0, any one unit.
    event : array_like of bool or 0/1, shape (n,)
        True when relief was lost at ``time``.
    group : array_like, shape (n,)
        Label of the patient's group; at least two distinct ones.
    strata : array_like, shape (n,), optional
        Label of the stratum; groups are compared within strata and the comparisons summed.

    Returns
    -------
    LogRank
        Without a statistic (and with a note) when nobody lost relief, or the groups were never
        followed together when somebody did.

    Raises
    ------
    EstimationError
        No row, unequal lengths, fewer than two groups, a missing label, or a time or event that
        `estimate_kaplan_meier` refuses too.

    Notes
    -----
    `statsmodels.duration.survfunc.survdiff`: hypergeometric variance, ties included. Patients who
    were censored before the first loss of their stratum say nothing and are left out, so that a
    group of nobody else costs no degree of freedom. The test says whether curves differ, not by
    how much; a single-arm comparison is no proof of cause.

    References
    ----------
    Mantel (1966), Cancer Chemother Rep 50:163. R ``survdiff(Surv(time, event) ~ group +
    strata(stratum))``.
    """
    times, events = as_times("time", time), _as_events("event", event)
    check_same_length(times.size, event=events.size)
    if not times.size:
        raise EstimationError("time has no rows; a comparison needs at least two patients.")
    groups, labels = group_codes("group", group, n=times.size)
    layers, _ = group_codes(
        "strata", np.zeros(times.size) if strata is None else strata, n=times.size
    )
    if len(labels) < 2:
        raise EstimationError(f"group has only the label {labels[0]!r}; a test compares two.")
    if not events.any():
        return LogRank(statistic=None, df=0, p_value=None, notes=("nobody_lost",))
    times = merge_near_ties(times)
    held = _compared(times, events, layers)
    # Groups can be compared when strata link all of them, each stratum linking its own groups.
    _, groups = np.unique(groups[held], return_inverse=True)
    _, layers = np.unique(layers[held], return_inverse=True)
    df = int(groups.max(initial=0))
    nodes = df + 1 + int(layers.max(initial=0)) + 1
    links = coo_array((np.ones(groups.size), (groups, df + 1 + layers)), shape=(nodes, nodes))
    if df == 0 or connected_components(links, directed=False)[0] > 1:
        return LogRank(statistic=None, df=df, p_value=None, notes=("one_group",))
    statistic = float(survdiff(times[held], events[held].astype(int), groups, strata=layers)[0])
    return LogRank(statistic=statistic, df=df, p_value=float(chi2.sf(statistic, df)))


def group_codes(name: str, values: ArrayLike, *, n: int) -> tuple[Ints, tuple[object, ...]]:
    """Return each label's rank and the sorted labels; a missing label is an error."""
    try:
        codes, labels = pd.factorize(pd.Series(values), sort=True)
    except TypeError:
        raise EstimationError(f"{name} must be a list of labels, not of lists.") from None
    check_same_length(n, **{name: codes.size})
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise EstimationError(f"{name} is missing in row {row}, counted from 0.")
    return codes.astype(np.int64), tuple(labels)


def _compared(times: Floats, events: Bools, layers: Ints) -> Bools:
    """Return who is followed at a loss of the own stratum that did not take everybody followed."""
    held = np.zeros(times.size, dtype=np.bool_)
    for layer in np.unique(layers[events]):
        own = layers == layer
        first = times[own & events].min()
        followed = own & (times >= first)
        if not (events & (times == first))[followed].all():
            held |= followed
    return held


# Competing events


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
    n_events : ndarray of float, shape (k, n_causes)
    n_followed : ndarray of float, shape (k,)
        Patients followed just before each time.
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
    n_events: Floats
    n_followed: Floats
    n: int
    level: float
    time_unit: str

    @property
    def frame(self) -> pd.DataFrame:
        """The shares as `analysis.report.relief_figures.plot_incidence` takes them.

        One row a time from 0 on: week, then the share ended by each cause under its code.
        """
        shares = np.vstack([np.zeros(len(self.causes)), self.incidence])
        frame = pd.DataFrame(shares, columns=list(self.causes))
        frame.insert(0, "week", [0.0, *self.times])
        return frame

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
            Where the share is 0 or 1 the limits are exact, whoever was not followed so long
            counting as had it for the upper one.

        Raises
        ------
        EstimationError
            ``time`` is negative, or the cause is unknown.
        """
        check_time("time", time)
        if cause not in self.causes:
            raise EstimationError(f"cause {cause} is unknown; known are {self.causes}.")
        column = self.causes.index(cause)
        row, last = _row_at(self.times, time), float(self.times[-1])
        value: float | None = float(self.incidence[row, column]) if row >= 0 else 0.0
        low = high = None
        notes: tuple[str, ...] = ()
        if time > last + tie_width(self.times) and self.free[-1] > 0:
            value, notes = None, (note("late", f"{time:g}", f"{last:g}"),)
        elif row < 0 or np.isnan(self.low[row, column]):
            seen = self.n_events[: row + 1]
            place = int(np.searchsorted(self.times, time - tie_width(self.times)))
            followed = float(np.append(self.n_followed, 0.0)[place])
            followed -= float(self.n_events[place : row + 1].sum())  # events at ``time`` itself
            unknown = max(self.n - round(float(seen.sum()) + followed), 0)
            had = round(float(seen[:, column].sum()))
            low = float(exact_limits(had, self.n, level=self.level)[0])
            high = float(exact_limits(had + unknown, self.n, level=self.level)[1])
            notes = (note("incidence_none_or_all", self.n),)
        else:
            low, high = float(self.low[row, column]), float(self.high[row, column])
        return Estimate(
            value=value, low=low, high=high, level=None if low is None else self.level, n=self.n,
            n_events=round(float(self.n_events[:, column].sum())), unit="share",
            method="aalen_johansen", notes=notes,
            status="estimated" if value is not None else "not estimable",
        )  # fmt: skip

    def at_times(self, times: Iterable[float], cause: int) -> tuple[Estimate, ...]:
        """Return `at` for each of several times."""
        return tuple(self.at(float(time), cause) for time in times)


def estimate_cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    causes: Sequence[int] | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    time_unit: str = "weeks",
) -> CumulativeIncidence:
    """Estimate the share of patients whose relief each cause has ended by each time.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time of the first event or of the last look, at least 0.
    cause : array_like of int, shape (n,)
        0 for no event yet (censored); any whole number above 0 for the event that came first.
    causes : sequence of int above 0, optional
        Causes to report, seen or not; all that occur by default. 0 is no cause: it says censored.
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
    not. The shares are those of statsmodels' ``CumIncidenceRight``, whose standard error is
    another one (and undefined once everybody has an event): ours is the infinitesimal jackknife of
    R's ``survfit(Surv(time, factor(cause)) ~ 1)``; cmprsk's ``cuminc`` uses Aalen's
    counting-process variance, which is slightly larger in small groups. Ties and near-ties as in
    `estimate_kaplan_meier`.

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
    asked = seen if causes is None else {as_count("a code in causes", c, least=1) for c in causes}
    known = tuple(sorted(asked))
    refuse(~np.isin(codes, (0, *known)), f"cause is not among {known}", codes)
    times, codes, sizes = times[sizes > 0], codes[sizes > 0], sizes[sizes > 0]

    distinct, rows = np.unique(merge_near_ties(times), return_inverse=True)
    leaving: Floats = np.bincount(rows, sizes, minlength=distinct.size).astype(float)
    events = np.zeros((distinct.size, len(known)))
    for column, one in enumerate(known):
        events[:, column] = np.bincount(rows, sizes * (codes == one), minlength=distinct.size)
    any_event = events.sum(axis=1)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    free = np.cumprod(1 - any_event / at_risk)
    before = np.concatenate(([1.0], free[:-1]))
    incidence = np.cumsum(before[:, None] * events / at_risk[:, None], axis=0)
    incidence = np.clip(incidence, 0.0, 1.0)  # a sum may be above 1 by its last digit
    std_error = np.zeros(incidence.shape)
    for column in range(len(known)):
        std_error[:, column] = _jackknife_error(
            incidence[:, column], events[:, column], before, at_risk, any_event, leaving
        )
    relative = np.divide(std_error, incidence, out=np.zeros(incidence.shape), where=incidence > 0)
    low, high = log_log_limits(incidence, relative, level=level)
    return CumulativeIncidence(
        times=distinct,
        causes=known,
        incidence=incidence,
        std_error=std_error,
        low=low,
        high=high,
        free=free,
        free_std_error=_jackknife_error(1 - free, any_event, before, at_risk, any_event, leaving),
        n_events=events,
        n_followed=at_risk,
        n=round(float(at_risk[0])),
        level=level,
        time_unit=time_unit,
    )


def _jackknife_error(
    share: Floats, own: Floats, before: Floats, at_risk: Floats, events: Floats, leaving: Floats
) -> Floats:
    """Return the root of the summed squared influence of every patient on one incidence.

    A patient's influence on the incidence at t is a - share(t) b, where a and b stop growing at
    the patient's own time; so three running sums over the patients who have left, and one term
    for those who have not, give all times at once.
    """
    left, censored = at_risk - events, leaving - events
    weight = np.divide(1.0, left, out=np.zeros(left.shape), where=left > 0)  # nobody left: none
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
