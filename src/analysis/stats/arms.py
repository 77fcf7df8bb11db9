"""Two arms of a condition compared, by the same rule for the missing on both sides.

Differences are the first arm's number less the second's, in points of percent; positive favors the
first. Whether one is an effect depends on how patients came into the arms (decision 0047).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.results import Estimate, note
from analysis.stats.checks import Floats, as_flags
from analysis.stats.comparisons import (
    compare_interval_log_rank,
    compare_means,
    compare_shares,
    compare_shares_ratio,
    compare_shares_score,
)
from analysis.stats.imputation import pool_means
from analysis.stats.reductions import SAME

MOST_ARMS = 6
"""Arms of which every pair is compared where none is named: 15 pairs. A column with more names
(sites, doses) would give tables that nobody reads."""

Found = dict[tuple[str, str, str], Estimate]
"""Estimates by measure, definition and population."""


def pair_arms(arms: pd.Series, claim_arm: str = "") -> list[tuple[str, str]]:
    """Return the pairs of arms to compare.

    Parameters
    ----------
    arms : Series
        Arm of each patient; blank ones are of no arm.
    claim_arm : str
        Arm that every other one is compared with. Without it, or where nobody is in it, every pair
        in sorted order, of at most `MOST_ARMS` arms.
    """
    names = sorted(arms.dropna().unique())
    if claim_arm in names:
        return [(claim_arm, other) for other in names if other != claim_arm]
    return list(combinations(names, 2)) if len(names) <= MOST_ARMS else []


def compare_responders(
    first: pd.Series,
    second: pd.Series,
    imputed: tuple[Estimate, Estimate],
    *,
    level: float = 0.95,
) -> Found:
    """Estimate difference and ratio of the responder shares of two arms.

    Parameters
    ----------
    first, second : Series of nullable boolean, shape (n1,), (n2,)
        Whether each starter who is due responds; missing where it is not known.
    imputed : tuple of Estimate
        Share of each arm with the missing imputed (`analysis.stats.imputed_visits.imputed_share`).
    level : float in (0, 1)

    Returns
    -------
    dict
        ``responder_difference`` (Newcombe; ``_score`` Miettinen-Nurminen) and ``responder_ratio``
        of all starters and of those observed; the difference with the missing imputed. Nothing is
        estimated where nobody of an arm is known: they all would count as not responding.
    """
    flags = [as_flags(name, own) for name, own in (("first", first), ("second", second))]
    known = [int(own.notna().sum()) for own in flags]
    found: Found = {}
    for population, sizes in (("all_starters", [len(own) for own in flags]), ("observed", known)):
        counts = (int(flags[0].sum()), sizes[0], int(flags[1].sum()), sizes[1])
        for measure, definition, compare in (
            ("responder_difference", "percent_reduction", compare_shares),
            ("responder_difference", "percent_reduction_score", compare_shares_score),
            ("responder_ratio", "percent_reduction", compare_shares_ratio),
        ):
            made = compare(*counts, level=level)
            made = replace(
                made, n_events=None, n_missing=len(flags[0]) + len(flags[1]) - sum(known)
            )
            if not all(known) and made.n:
                made = replace(made, value=None, low=None, high=None, level=None,
                               status="not estimable", notes=("empty_group",))  # fmt: skip
            found[measure, definition, population] = (
                in_points(made) if measure == "responder_difference" else made
            )
    found["responder_difference", "percent_reduction", "imputed"] = in_points(
        compare_imputed_shares(*imputed)
    )
    return found


def compare_imputed_shares(first: Estimate, second: Estimate) -> Estimate:
    """Return the difference of two imputed shares by Newcombe's squares of their own limits.

    With nothing missing that is Newcombe's interval (`compare_shares`), because the limits of a
    pooled share then are Wilson's.

    References
    ----------
    Newcombe (1998), Stat Med 17:873; Lott and Reiter (2020), Am Stat 74:109; for limits of any
    kind Zou and Donner (2008), Stat Med 27:1693.
    """
    n, n_missing = first.n + second.n, first.n_missing + second.n_missing
    made = Estimate(
        value=None, n=n, n_missing=n_missing, unit="share", method="newcombe_imputed",
        status="not estimable" if n else "no patients",
    )  # fmt: skip
    numbers = [(one.value, one.low, one.high) for one in (first, second)]
    if any(None in one for one in numbers):
        empty = not first.n or not second.n
        return replace(made, notes=("empty_group" if empty else "not_imputed",))
    (p1, low1, high1), (p2, low2, high2) = np.array(numbers, dtype=float)
    return replace(
        made, value=p1 - p2, low=p1 - p2 - float(np.hypot(p1 - low1, high2 - p2)),
        high=p1 - p2 + float(np.hypot(high1 - p1, p2 - low2)), level=first.level,
        status="estimated", notes=(note("imputed", n_missing),) if n_missing else (),
    )  # fmt: skip


def compare_reductions(
    first: pd.Series,
    second: pd.Series,
    imputed: tuple[Floats, Floats],
    *,
    level: float = 0.95,
) -> Found:
    """Estimate the difference of the mean percent reductions of two arms.

    Parameters
    ----------
    first, second : Series of float, shape (n1,), (n2,)
        Percent reduction of each starter who is due; missing where it is not known.
    imputed : tuple of ndarray, shapes (draws, n1), (draws, n2)
        The same in completed data sets (`analysis.stats.imputed_visits.ImputedVisits.reductions`).
    level : float in (0, 1)

    Returns
    -------
    dict
        ``reduction_difference`` of those observed (Welch), of all starters with the missing
        unchanged on both sides (Welch), and with the missing imputed (Rubin).
    """
    pair = [own.astype(float) for own in (first, second)]
    n_missing = sum(int(own.isna().sum()) for own in pair)
    seen = compare_means(*pair, level=level)
    unchanged = seen
    if n_missing and all(own.notna().any() for own in pair):
        unchanged = compare_means(*(own.fillna(0.0) for own in pair), level=level)
        notes = (*unchanged.notes, note("unrated_as_none", n_missing))
        unchanged = replace(unchanged, n_missing=n_missing, notes=notes)
    completed = seen if not n_missing else _compare_imputed_means(*imputed, n_missing, level=level)
    return {
        ("reduction_difference", "mean_of_patients", population): in_points(one)
        for population, one in (
            ("observed", seen), ("all_starters", unchanged), ("imputed", completed)
        )
    }  # fmt: skip


def _compare_imputed_means(
    first: Floats, second: Floats, n_missing: int, *, level: float
) -> Estimate:
    """Return the difference of means of completed data sets, shapes (draws, n1) and (draws, n2)."""
    sizes = np.array([first.shape[1], second.shape[1]])
    made = Estimate(
        value=None, n=int(sizes.sum()), n_missing=n_missing, unit="percent",
        method="multiple_imputation", status="not estimable",
    )  # fmt: skip
    if not sizes.all():
        return replace(made, notes=("empty_group",))
    if np.isnan(first).any() or np.isnan(second).any():
        return replace(made, notes=("not_imputed",))
    differences = first.mean(axis=1) - second.mean(axis=1)
    made = replace(made, status="estimated", value=float(differences.mean()))
    if sizes.min() < 2 or (np.ptp(first) <= SAME and np.ptp(second) <= SAME):
        why = "one_in_group" if sizes.min() < 2 else "no_spread"
        return replace(made, notes=(why,))
    squares = np.array([each.var(axis=1, ddof=1) for each in (first, second)]) / sizes[:, None]
    mean = squares.mean(axis=1)
    df = float(mean.sum() ** 2 / (mean**2 / (sizes - 1)).sum())  # Welch's
    pooled = pool_means(differences, squares.sum(axis=0), df_complete=df, level=level)
    notes = (note("imputed", n_missing),)
    return replace(made, low=pooled.low, high=pooled.high, level=level, notes=notes)


def compare_relief(first: pd.DataFrame, second: pd.DataFrame) -> Estimate:
    """Test whether responders of two arms keep relief equally long, losses lying between visits.

    Parameters
    ----------
    first, second : DataFrame
        Rows of ADTTE of each arm's responders under one reading: LDY, RDY.

    Returns
    -------
    Estimate
        The p-value. Responders are chosen by what came after allocation, so that even after
        randomization their difference is no effect.
    """
    both = pd.concat([first, second])
    lost = int(np.isfinite(both["RDY"].to_numpy(dtype=float)).sum())
    made = Estimate(
        value=None, n=len(both), n_events=lost, unit="p", method="log_rank_interval",
        status="not estimable" if len(both) else "no patients", notes=("empty_group",),
    )  # fmt: skip
    if not len(first) or not len(second):
        return made
    arms = np.repeat([0, 1], [len(first), len(second)])
    left, right = (both[name].to_numpy(dtype=float) for name in ("LDY", "RDY"))
    test = compare_interval_log_rank(left, right, arms)
    if test.p_value is None:
        return replace(made, notes=test.notes)
    return replace(made, value=test.p_value, status="estimated", notes=test.notes)


def in_points(found: Estimate) -> Estimate:
    """Return a difference of shares or of percents in percentage points."""
    factor = 100.0 if found.unit == "share" else 1.0
    ends: Mapping[str, float | None] = {
        name: None if number is None else factor * number
        for name, number in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return Estimate(**{**vars(found), **ends, "unit": "points"})
