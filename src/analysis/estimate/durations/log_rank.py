"""Log-rank test between groups, also within strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from analysis.errors import EstimationError
from analysis.estimate.durations.inputs import (
    Bools,
    Floats,
    Ints,
    as_events,
    as_times,
    check_same_length,
    merge_near_ties,
)
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True, eq=False)
class LogRank:
    """Comparison of relief curves.

    Parameters
    ----------
    statistic : float or None
        Chi-square; None when no comparison is possible (see ``reason``).
    df : int
        Degrees of freedom: groups with an expected loss, less one.
    p_value : float in [0, 1] or None
    groups : tuple
        Labels of the groups in sorted order; the arrays below follow it.
    n : ndarray of int, shape (k,)
        Patients of each group.
    observed, expected : ndarray of float, shape (k,)
        Losses seen, and expected if all groups had the same curve (summed over strata).
    variance : ndarray of float, shape (k, k)
        Covariance of observed minus expected.
    reason : str
        Why there is no statistic; empty when there is one.
    """

    statistic: float | None
    df: int
    p_value: float | None
    groups: tuple[object, ...]
    n: Ints
    observed: Floats
    expected: Floats
    variance: Floats
    reason: str = ""


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
        Without a statistic (and with a reason) when nobody lost relief, or only one group was
        ever at risk when somebody did.

    Raises
    ------
    EstimationError
        No row, unequal lengths, fewer than two groups, a missing label, or a time or event that
        `estimate_kaplan_meier` refuses too.

    Notes
    -----
    Variance is hypergeometric, ties included. Near-equal times are one, as in Kaplan-Meier. The
    test says whether curves differ, not by how much; a single-arm comparison is no proof of cause.

    References
    ----------
    Mantel (1966), Cancer Chemother Rep 50:163. R ``survdiff(Surv(time, event) ~ group +
    strata(stratum))``.
    """
    times, events = as_times("time", time), as_events("event", event)
    check_same_length(times.size, event=events.size)
    if not times.size:
        raise EstimationError("time has no rows; a comparison needs at least two patients.")
    codes, labels = _codes("group", group, n=times.size)
    layers, _ = (
        (np.zeros(times.size, dtype=np.int64), ())
        if strata is None
        else _codes("strata", strata, n=times.size)
    )
    if len(labels) < 2:
        raise EstimationError(f"group has only the label {labels[0]!r}; a test compares two.")
    (times,) = merge_near_ties(times)
    expected = np.zeros(len(labels))
    variance = np.zeros((len(labels), len(labels)))
    for layer in range(int(layers.max()) + 1):
        held = layers == layer
        one_expected, one_variance = _one_stratum(times[held], events[held], codes[held], labels)
        expected += one_expected
        variance += one_variance
    observed = np.bincount(codes[events], minlength=len(labels)).astype(np.float64)
    sizes = np.bincount(codes, minlength=len(labels))
    return _judge(labels, sizes, observed, expected, variance)


def _codes(name: str, values: ArrayLike, *, n: int) -> tuple[Ints, tuple[object, ...]]:
    """Return each label's rank and the sorted labels; a missing label is an error."""
    codes, labels = pd.factorize(pd.Series(values), sort=True)
    check_same_length(n, **{name: codes.size})
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise EstimationError(f"{name} is missing in row {row}, counted from 0.")
    return codes.astype(np.int64), tuple(labels)


def _one_stratum(
    times: Floats, events: Bools, codes: Ints, labels: tuple[object, ...]
) -> tuple[Floats, Floats]:
    """Return expected losses by group and their covariance, summed over one stratum's times."""
    distinct, where = np.unique(times, return_inverse=True)
    counts = np.zeros((distinct.size, len(labels)))
    np.add.at(counts, (where, codes), 1.0)
    at_risk = np.cumsum(counts[::-1], axis=0)[::-1]
    lost = np.bincount(where[events], minlength=distinct.size).astype(np.float64)
    at_risk, lost = at_risk[lost > 0], lost[lost > 0]
    total = at_risk.sum(axis=1)
    shares = at_risk / total[:, None]
    spread = lost * (total - lost) / np.maximum(total - 1, 1.0)
    variance = np.diag(spread @ shares) - (shares * spread[:, None]).T @ shares
    return lost @ shares, variance


def _judge(
    labels: tuple[object, ...], sizes: Ints, observed: Floats, expected: Floats, variance: Floats
) -> LogRank:
    """Return the chi-square of observed against expected over the groups that were at risk."""
    used = np.flatnonzero(expected > 0)
    df = max(used.size - 1, 0)
    reason, statistic, p_value = "", None, None
    if not used.size:
        reason = say("estimates.log_rank.nobody_lost")
    elif df == 0 or np.linalg.matrix_rank(variance[np.ix_(used[1:], used[1:])]) < df:
        reason = say("estimates.log_rank.one_group")
    else:
        difference = (observed - expected)[used[1:]]
        solved = np.linalg.solve(variance[np.ix_(used[1:], used[1:])], difference)
        statistic = float(difference @ solved)
        p_value = float(chdtrc(df, statistic))
    return LogRank(
        statistic=statistic,
        df=df,
        p_value=p_value,
        groups=labels,
        n=sizes,
        observed=observed,
        expected=expected,
        variance=variance,
        reason=reason,
    )
