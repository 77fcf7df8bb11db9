"""Two groups compared: difference of means, difference and ratio of shares, time to loss of relief.

Differences are the first group minus the second; whether one is an effect depends on how patients
were put into the groups, which no number here knows. The score intervals for shares are our own:
statsmodels' root finding fails on many pairs of counts, among them those with none or all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import chi2, ttest_ind

from analysis.errors import EstimationError
from analysis.results import Estimate, Status, no_patients
from analysis.stats.checks import (
    Floats,
    as_count,
    as_numbers,
    check_level,
)
from analysis.stats.npmle import check_intervals, estimate_npmle
from analysis.stats.rates import wilson_limits
from analysis.stats.reductions import SAME
from analysis.stats.survival import LogRank, group_codes
from analysis.stats.times import merge_near_ties

ROOT = 1e-12
"""Distance at which a limit is found: far below any digit that is printed."""

MOST_RATIO = 1e12
"""A ratio of shares beyond this has no upper limit that says anything."""


def compare_means(
    first: ArrayLike, second: ArrayLike, *, unit: str = "percent", level: float = 0.95
) -> Estimate:
    """Estimate the difference of two means with Welch's interval, without equal spreads.

    Parameters
    ----------
    first, second : array_like of float, shape (n1,), (n2,)
        Values of each group; missing ones leave the group and are counted together.
    unit : str
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Mean of the first less that of the second; ``n`` counts both. Without an interval where a
        group has one patient, or neither has any spread.

    Raises
    ------
    EstimationError
        A value is no number or infinite, or the level is outside (0, 1).

    References
    ----------
    Welch (1947), Biometrika 34:28; as R's t.test.
    """
    check_level(level)
    groups = [as_numbers(name, values, missing=True)
              for name, values in (("first", first), ("second", second))]  # fmt: skip
    known = [values[~np.isnan(values)] for values in groups]
    n = sum(values.size for values in known)
    made: dict[str, Any] = {
        "n": n, "n_missing": sum(values.size for values in groups) - n, "unit": unit,
        "method": "welch",
    }  # fmt: skip
    if any(values.size == 0 for values in known):
        return _nothing("empty_group", **made)
    value = float(known[0].mean() - known[1].mean())
    if any(values.size == 1 for values in known):
        return Estimate(value=value, notes=("one_in_group",), **made)
    if all(np.ptp(values) <= SAME for values in known):
        return Estimate(value=value, notes=("no_spread",), **made)
    with warnings.catch_warnings():  # scipy warns where one group has no spread, which is no harm
        warnings.simplefilter("ignore", RuntimeWarning)
        ends = ttest_ind(*known, equal_var=False).confidence_interval(level)
    return Estimate(value=value, low=float(ends.low), high=float(ends.high), level=level, **made)


def compare_shares(
    n_events_1: int, n_1: int, n_events_2: int, n_2: int, *, level: float = 0.95
) -> Estimate:
    """Estimate the difference of two shares with Newcombe's hybrid score interval.

    Parameters
    ----------
    n_events_1, n_1, n_events_2, n_2 : int
        Events among the patients of each group.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Share of the first less that of the second, in [-1, 1]; ``n`` and ``n_events`` count both.

    Raises
    ------
    EstimationError
        Impossible counts, or a level outside (0, 1).

    Notes
    -----
    Square and add the distances of each share to its Wilson limits: method 10 of the paper, no
    continuity correction. Never leaves [-1, 1] and needs no iteration; `compare_shares_score` is
    the interval that belongs to the score test.

    References
    ----------
    Newcombe (1998), Stat Med 17:873. Printed there: 56 of 70 against 48 of 80, 0.0524 to 0.3339.
    """
    k, n = _pairs(n_events_1, n_1, n_events_2, n_2)
    made = _counts(k, n, unit="share", method="newcombe")
    low, high = wilson_limits(k, n, level=level)
    if not n.all():
        return _nothing("empty_group", **made)
    share = k / n
    value = float(share[0] - share[1])
    down = float(np.hypot(share[0] - low[0], high[1] - share[1]))
    up = float(np.hypot(high[0] - share[0], share[1] - low[1]))
    return Estimate(value=value, low=value - down, high=value + up, level=level, **made)


def compare_shares_score(
    n_events_1: int, n_1: int, n_events_2: int, n_2: int, *, level: float = 0.95
) -> Estimate:
    """Estimate the difference of two shares with the score interval of Miettinen and Nurminen.

    Parameters, returns and errors as `compare_shares`.

    Notes
    -----
    The differences that the score test does not reject, its variance at the likeliest shares with
    that difference (the closed form of the paper) and multiplied by N / (N - 1).

    References
    ----------
    Miettinen and Nurminen (1985), Stat Med 4:213.
    """
    k, n = _pairs(n_events_1, n_1, n_events_2, n_2)
    made = _counts(k, n, unit="share", method="miettinen_nurminen")
    check_level(level)
    if not n.all():
        return _nothing("empty_group", **made)
    share = k / n
    value = float(share[0] - share[1])

    def score(difference: float) -> float:
        p2 = _likeliest_second(difference, k, n)
        p1 = min(max(p2 + difference, 0.0), 1.0)
        variance = (p1 * (1 - p1) / n[0] + p2 * (1 - p2) / n[1]) * n.sum() / (n.sum() - 1)
        return _standardized(value - difference, float(variance))

    low, high = _where_rejected(score, value, (-1.0, 1.0), level)
    return Estimate(value=value, low=low, high=high, level=level, **made)


def compare_shares_ratio(
    n_events_1: int, n_1: int, n_events_2: int, n_2: int, *, level: float = 0.95
) -> Estimate:
    """Estimate the ratio of two shares with the score interval of Miettinen and Nurminen.

    Parameters and errors as `compare_shares`.

    Returns
    -------
    Estimate
        Share of the first over that of the second. Where nobody of the second has an event there is
        no ratio, only a lower limit; where nobody at all has, nothing.

    References
    ----------
    Miettinen and Nurminen (1985), Stat Med 4:213.
    """
    k, n = _pairs(n_events_1, n_1, n_events_2, n_2)
    made = _counts(k, n, unit="ratio", method="miettinen_nurminen_ratio")
    check_level(level)
    if not n.all():
        return _nothing("empty_group", **made)
    if not k.any():
        return _nothing("no_events", **made)
    share = k / n

    def score(log_ratio: float) -> float:
        ratio = float(np.exp(log_ratio))
        a, b = n.sum() * ratio, n[0] * ratio + k[0] + n[1] + k[1] * ratio
        # The smaller root of a x**2 - b x + k = 0, written so that nothing cancels.
        p2 = float(2 * k.sum() / (b + np.sqrt(max(b**2 - 4 * a * k.sum(), 0.0))))
        p1 = min(ratio * p2, 1.0)
        variance = (
            (p1 * (1 - p1) / n[0] + ratio**2 * p2 * (1 - p2) / n[1]) * n.sum() / (n.sum() - 1)
        )
        return _standardized(float(share[0] - ratio * share[1]), float(variance))

    edge = float(np.log(MOST_RATIO))
    middle = float(np.log(share[0] / share[1])) if k.all() else (-edge if k[1] else edge)
    low, high = (float(np.exp(end)) for end in _where_rejected(score, middle, (-edge, edge), level))
    low = low if k[0] else 0.0
    if not k[1]:
        return Estimate(
            value=None, low=low, level=level, status="not estimable", notes=("no_events_second",),
            **made,
        )  # fmt: skip
    value = float(share[0] / share[1])
    return Estimate(value=value, low=min(low, value), high=max(high, value), level=level, **made)


def _pairs(*counts: int) -> tuple[Floats, Floats]:
    names = ("n_events_1", "n_1", "n_events_2", "n_2")
    checked = [as_count(name, value) for name, value in zip(names, counts, strict=True)]
    for events, patients in (checked[:2], checked[2:]):
        if events > patients:
            raise EstimationError(f"{events} events among {patients} patients cannot be.")
    return np.array(checked[::2], dtype=float), np.array(checked[1::2], dtype=float)


def _counts(k: Floats, n: Floats, **more: str) -> dict[str, Any]:
    return {"n": int(n.sum()), "n_events": int(k.sum()), **more}


def _nothing(why: str, **made: Any) -> Estimate:
    if not made["n"] and not made.get("n_missing"):
        return no_patients(unit=made["unit"], method=made["method"], notes=(why,))
    status: Status = "not estimable"
    return Estimate(value=None, status=status, notes=(why,), **made)


def _likeliest_second(difference: float, k: Floats, n: Floats) -> float:
    """Return the second share of greatest likelihood with this difference (the paper's cubic)."""
    total, events = n.sum(), k.sum()
    l2 = (n[0] + 2 * n[1]) * difference - total - events
    l1 = (n[1] * difference - total - 2 * k[1]) * difference + events
    l0 = k[1] * difference * (1 - difference)
    q = l2**3 / (3 * total) ** 3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = np.copysign(np.sqrt(max(l2**2 / (3 * total) ** 2 - l1 / (3 * total), 0.0)), q)
    angle = (np.pi + np.arccos(np.clip(q / p**3 if p else 0.0, -1.0, 1.0))) / 3
    share = 2 * p * np.cos(angle) - l2 / (3 * total)
    return float(np.clip(share, max(0.0, -difference), min(1.0, 1.0 - difference)))


def _standardized(distance: float, variance: float) -> float:
    """Return a distance in standard errors; without any, 0 at no distance and else endless."""
    if variance > 0:
        return distance / variance**0.5
    return 0.0 if abs(distance) < ROOT else float(np.copysign(np.inf, distance))


def _where_rejected(
    score: Callable[[float], float], value: float, ends: tuple[float, float], level: float
) -> tuple[float, float]:
    """Return where a falling score passes z and -z on the two sides of the estimate."""
    reach = float(ndtri((1 + level) / 2))
    limits = []
    for end, target in zip(ends, (reach, -reach), strict=True):

        def beyond(at: float, target: float = target) -> float:
            return float(np.clip(score(at), -1e6, 1e6)) - target

        if abs(value - end) < ROOT or beyond(end) * target <= 0:
            limits.append(end)
        else:
            limits.append(float(brentq(beyond, min(value, end), max(value, end), xtol=ROOT)))
    return min(limits[0], value), max(limits[1], value)


# Times to loss of relief that lie between two visits


def log_rank_scores(left: ArrayLike, right: ArrayLike) -> Floats:
    """Return each patient's log-rank score for losses that lie between two visits.

    Parameters
    ----------
    left, right : array_like of float, shape (n,)
        As for `estimate_npmle`.

    Returns
    -------
    ndarray of float, shape (n,)
        Sums to 0; positive for early losses. For exact and right-censored times it is event minus
        Nelson-Aalen hazard, so that a group's sum is observed minus expected of the log-rank test.

    Notes
    -----
    With Turnbull's curve S of all patients together and the hazard H that sums its falls over the
    share before each: ``(S(r) H(r) - S(l) H(l)) / (S(l) - S(r))``.

    References
    ----------
    Sun (1996), Stat Med 15:1387; Fay and Shaw (2010), J Stat Softw 36(2), section 3.
    """
    lefts, rights, _ = check_intervals(left, right, None)
    merged = merge_near_ties(np.concatenate((lefts, rights)))
    lefts, rights = np.split(merged, 2)
    curve = estimate_npmle(lefts, rights)
    pairs = np.column_stack((lefts, rights))
    which = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()  # in the order of `Intervals`
    kept = np.append(1.0, np.clip(1 - np.cumsum(curve.all_masses), 0.0, 1.0))
    kept[-1] = 0.0
    falls = np.divide(-np.diff(kept), kept[:-1], out=np.zeros(kept.size - 1), where=kept[:-1] > 0)
    product = kept * np.append(0.0, np.cumsum(falls))
    first, last = curve.intervals.first, curve.intervals.last
    scores = (product[last] - product[first]) / (kept[first] - kept[last])
    return np.asarray(scores[which])


def compare_interval_log_rank(
    left: ArrayLike, right: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None
) -> LogRank:
    """Test whether groups keep their relief equally long, losses lying between two visits.

    Parameters
    ----------
    left, right : array_like of float, shape (n,)
        As for `estimate_npmle`.
    group, strata : array_like, shape (n,)
        As for `compare_log_rank`.

    Returns
    -------
    LogRank
        Without a statistic (and with a note) when nobody lost relief, or no stratum has patients of
        two groups with different scores.

    Raises
    ------
    EstimationError
        As `estimate_npmle`; fewer than two groups; a missing label.

    Notes
    -----
    A permutation test: group sums of `log_rank_scores` against their variance over all ways to deal
    the patients' intervals to the groups, by its chi-square limit. It asks that groups were looked
    at on like days: where one is looked at more often, its losses are found sooner. For
    right-censored times the numerator is that of the log-rank test and the variance
    is that of permutations, not the hypergeometric one.

    References
    ----------
    Sun (1996), Stat Med 15:1387; Fay and Shaw (2010), J Stat Softw 36(2).
    """
    lefts, rights, _ = check_intervals(left, right, None)
    n = lefts.size
    groups, labels = group_codes("group", group, n=n)
    layers, _ = group_codes("strata", np.zeros(n) if strata is None else strata, n=n)
    if len(labels) < 2:
        raise EstimationError(f"group has only the label {labels[0]!r}; a test compares two.")
    if not np.isfinite(rights).any():
        return LogRank(statistic=None, df=0, p_value=None, notes=("nobody_lost",))
    sums, variance = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for layer in np.unique(layers):
        own = layers == layer
        size = int(own.sum())
        if size < 2:
            continue
        scores = log_rank_scores(lefts[own], rights[own])
        scores = scores - scores.mean()  # 0 but for the fit's error
        counts = np.bincount(groups[own], minlength=len(labels)).astype(float)
        sums += np.bincount(groups[own], scores, minlength=len(labels))
        dealt = np.diag(counts) - np.outer(counts, counts) / size
        variance += dealt * float(scores @ scores) / (size - 1)
    df = int(np.linalg.matrix_rank(variance, tol=1e-9)) if variance.any() else 0
    if not df:
        return LogRank(statistic=None, df=0, p_value=None, notes=("one_group",))
    statistic = float(sums @ np.linalg.pinv(variance, rcond=1e-9, hermitian=True) @ sums)
    return LogRank(statistic=statistic, df=df, p_value=float(chi2.sf(statistic, df)))
