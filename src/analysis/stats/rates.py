"""Shares of patients with score (Wilson) and exact (Clopper-Pearson) intervals.

Both come from `statsmodels.stats.proportion.proportion_confint` and are pinned to R. Conventions:
the interval holds the share, begins at exactly 0 when nobody has the event and ends at exactly 1
when everybody has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.proportion import proportion_confint

from analysis.results import Estimate, no_patients
from analysis.stats.checks import as_count, as_counts, as_flags, check_choice, check_level
from analysis.stats.sequences import share_sequence_limits

Limits = tuple[NDArray[np.float64], NDArray[np.float64]]

MissingRule = Literal["nonresponse", "excluded", "response"]
"""What an unknown outcome counts as: not responding (all starters), left out (observed), or
responding (the best bound)."""


def wilson_limits(n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Return Wilson score limits of many shares, without continuity correction.

    Parameters
    ----------
    n_events, n : array of int, same shape
        Events among patients; NaN limits where ``n`` is 0.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    low, high : ndarray in [0, 1]

    References
    ----------
    Wilson (1927), J Am Stat Assoc 22:209. By hand: 0 of 10 gives 0 to z**2 / (10 + z**2).
    """
    return _limits(n_events, n, level, "wilson")


def exact_limits(n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Return the exact limits of Clopper and Pearson; parameters and returns as `wilson_limits`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404. By hand: 0 of n ends at 1 - (alpha/2)**(1/n).
    """
    return _limits(n_events, n, level, "beta")


def _limits(n_events: ArrayLike, n: ArrayLike, level: float, method: str) -> Limits:
    check_level(level)
    k, m = as_counts(n_events, n)
    share = np.divide(k, m, out=np.full(m.shape, np.nan), where=m > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody at all: NaN
        low, high = proportion_confint(k, m, alpha=1 - level, method=method)
    low = np.where(k == 0, 0.0, np.minimum(low, share))
    high = np.where(k == m, 1.0, np.maximum(high, share))
    return np.where(m > 0, low, np.nan), np.where(m > 0, high, np.nan)


def estimate_share(n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95) -> Estimate:
    """Estimate a share with its Wilson interval.

    Parameters
    ----------
    n_events, n : int
        Patients with the event among ``n`` patients.
    n_missing : int
        Patients whose value is unknown, reported with the result.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Estimate
        Share in [0, 1]; status ``no patients`` when ``n`` is 0.

    Raises
    ------
    EstimationError
        Impossible counts, or a level outside (0, 1).
    """
    return _estimate(n_events, n, n_missing, level, "wilson")


def estimate_share_exact(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share with its Clopper-Pearson interval; otherwise as `estimate_share`."""
    return _estimate(n_events, n, n_missing, level, "clopper_pearson")


GROUP = ["condition", "group_by", "group"]

COUNTED = [
    "n_patients", "n_known", "n_events", "boosted", "boosted_unrated", "n_arms", "n_not_due",
]  # fmt: skip

_LIMITS = {
    "wilson": wilson_limits,
    "clopper_pearson": exact_limits,
    "beta_binomial_sequence": share_sequence_limits,
}


def _estimate(n_events: int, n: int, n_missing: int, level: float, method: str) -> Estimate:
    n_events, n = as_count("n_events", n_events), as_count("n", n)
    n_missing = as_count("n_missing", n_missing)
    low, high = _LIMITS[method](n_events, n, level=level)
    if n == 0:
        return no_patients(unit="share", method=method, n_missing=n_missing)
    return Estimate(
        value=n_events / n, low=float(low), high=float(high), level=level,
        n=n, n_missing=n_missing, n_events=n_events, unit="share", method=method,
    )  # fmt: skip


def count_responders(is_responder: pd.Series, *, missing: MissingRule) -> tuple[int, int, int]:
    """Count responders under a missing rule.

    Parameters
    ----------
    is_responder : Series of nullable boolean, shape (n_patients,)
        One value a patient; missing where the outcome is unknown.
    missing : {"nonresponse", "excluded", "response"}
        What an unknown outcome counts as.

    Returns
    -------
    n_events, n, n_missing : int
        Numerator, denominator, and how many are unknown (inside ``n`` unless excluded).

    Raises
    ------
    EstimationError
        Anything but true, false, 0, 1 and missing values ("no" is not false), or another rule.
    """
    check_choice("missing", missing, get_args(MissingRule))
    flags = as_flags("is_responder", is_responder)
    known, unknown = int(flags.sum()), int(flags.isna().sum())
    if missing == "excluded":
        return known, len(flags) - unknown, unknown
    return known + (unknown if missing == "response" else 0), len(flags), unknown


def estimate_responder_share(
    is_responder: pd.Series, *, missing: MissingRule = "nonresponse", level: float = 0.95
) -> Estimate:
    """Estimate the share of patients who respond, with a Wilson interval.

    Parameters
    ----------
    is_responder : Series of nullable boolean, shape (n_patients,)
        One value a patient; missing where there is no rating.
    missing : {"nonresponse", "excluded", "response"}
        What an unknown outcome counts as.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Estimate
        Share in [0, 1]. ``not estimable`` when there are patients but not one was rated: counting
        all of them as failures would make a finding of an empty file, and as successes another.
        ``no patients`` when there are none.

    Raises
    ------
    EstimationError
        A level outside (0, 1), or as `count_responders`.

    References
    ----------
    ICH E9(R1), 2019, on missing data and the estimand.
    """
    return _responders(is_responder, missing, level, "wilson")


def estimate_responder_share_exact(
    is_responder: pd.Series, *, missing: MissingRule = "nonresponse", level: float = 0.95
) -> Estimate:
    """As `estimate_responder_share`, with a Clopper-Pearson interval."""
    return _responders(is_responder, missing, level, "clopper_pearson")


def _responders(
    is_responder: pd.Series, missing: MissingRule, level: float, method: str
) -> Estimate:
    n_events, n, unknown = count_responders(is_responder, missing=missing)
    estimate = _estimate(n_events, n, unknown, level, method)
    if not unknown or n > unknown or (missing == "excluded" and n):
        return estimate
    nobody: dict[str, Any] = {"unit": "share", "method": method, "status": "not estimable"}
    return Estimate(value=None, n=n, n_missing=unknown, notes=("nobody_seen",), **nobody)


def estimate_shares(
    counts: pd.DataFrame,
    *,
    missing: MissingRule = "nonresponse",
    level: float = 0.95,
    method: Literal["wilson", "clopper_pearson", "beta_binomial_sequence"] = "wilson",
) -> pd.DataFrame:
    """Estimate the shares of many groups at once, as rows of the results frame.

    Parameters
    ----------
    counts : DataFrame
        One row a group: n_patients, n_known (of whom the outcome is known), n_events; any other
        columns are carried along.
    missing, level
        As `estimate_responder_share`, which does the same for one group.
    method : {"wilson", "clopper_pearson", "beta_binomial_sequence"}
        Interval, or limits that hold at all looks together.

    Returns
    -------
    DataFrame
        The other columns of ``counts``, and value, low, high, level, n, n_events, n_missing, unit,
        method, status, notes.
    """
    check_choice("missing", missing, get_args(MissingRule))
    check_choice("method", method, _LIMITS)
    as_counts(counts["n_known"], counts["n_patients"])
    as_counts(counts["n_events"], counts["n_known"])
    unknown = counts["n_patients"] - counts["n_known"]
    n = counts["n_known"] if missing == "excluded" else counts["n_patients"]
    events = counts["n_events"] + (unknown if missing == "response" else 0)
    nobody_seen = (counts["n_patients"] > 0) & (counts["n_known"] == 0)
    there = (n > 0) & ~nobody_seen
    low, high = _LIMITS[method](events.where(there, 0), n.where(there, 0), level=level)
    return counts.drop(columns=["n_patients", "n_known", "n_events"]).assign(
        value=(events / n).where(there),
        low=low,
        high=high,
        level=there.map({True: level, False: np.nan}),
        n=n,
        n_events=events.astype("Int64").where(there),
        n_missing=unknown,
        unit="share",
        method=method,
        status=np.select([nobody_seen, ~there], ["not estimable", "no patients"], "estimated"),
        notes=np.where(nobody_seen, "nobody_seen", ""),
    )


def count_groups(
    frame: pd.DataFrame,
    members: Mapping[tuple[str, str, str], NDArray[np.intp]],
    groups: pd.DataFrame,
    flag: str,
) -> pd.DataFrame:
    """Count each group's patients at each visit, of whom the flag is known, and who has it.

    Parameters
    ----------
    frame : DataFrame
        A row for each patient and visit: AVISIT, the flag as a nullable boolean, DUEFL, boosted
        and boosted_unrated as boolean, ARM. Who is not due is counted apart.
    members : mapping of group to ndarray of int
        Where in the frame the rows of each group are.
    groups : DataFrame
        condition, group_by, group and AVISIT of all to count, also of those with nobody.
    flag : str

    Returns
    -------
    DataFrame
        Keys (AVISIT as visit), n_patients, n_known, n_events, boosted, boosted_unrated, n_arms,
        n_not_due: what `estimate_shares` takes.
    """
    visit, visits = pd.factorize(frame["AVISIT"])
    arm, arms = pd.factorize(frame["ARM"])
    is_due = frame["DUEFL"].to_numpy(dtype=bool)
    flags = {
        "n_patients": np.ones(len(frame), dtype=bool),
        "n_known": frame[flag].notna().to_numpy(),
        "n_events": frame[flag].fillna(False).to_numpy(dtype=bool),
        "boosted": frame["boosted"].to_numpy(dtype=bool),
        "boosted_unrated": frame["boosted_unrated"].to_numpy(dtype=bool),
    }
    n, wanted = len(visits), {}
    for key in dict.fromkeys(groups[GROUP].itertuples(index=False, name=None)):
        rows = members.get(key, np.zeros(0, dtype=np.intp))
        due, waiting = rows[is_due[rows]], rows[~is_due[rows]]
        named = due[arm[due] >= 0]
        there = np.bincount(visit[named] * len(arms) + arm[named], minlength=n * len(arms))
        wanted[key] = {
            **{name: np.bincount(visit[due[has[due]]], minlength=n) for name, has in flags.items()},
            "n_arms": (there.reshape(n, len(arms)) > 0).sum(axis=1),
            "n_not_due": np.bincount(visit[waiting], minlength=n),
        }
    place = {name: at for at, name in enumerate(visits)}
    counts = [
        {name: many[place[at]] if at in place else 0 for name, many in wanted[a, b, c].items()}
        for a, b, c, at in groups[[*GROUP, "AVISIT"]].itertuples(index=False, name=None)
    ]
    keys = groups.reset_index(drop=True).rename(columns={"AVISIT": "visit"})
    return pd.concat([keys, pd.DataFrame(counts, columns=COUNTED, dtype=int)], axis=1)


def estimate_group_shares(counts: pd.DataFrame, *, level: float = 0.95, **how: Any) -> pd.DataFrame:
    """Estimate the shares of `count_groups`, with notes on boosters and on arms counted together.

    Parameters
    ----------
    counts : DataFrame
        Who is in ``boosted`` is said not to count.
    level, **how
        As `estimate_shares`.
    """
    rows = estimate_shares(counts, level=level, **how)
    boosted = (rows["status"] == "estimated") & (rows["boosted"] > 0)
    notes = rows["notes"].mask(boosted, "boosted_count_not(" + rows["boosted"].astype("str") + ")")
    notes = notes.mask(rows["n_arms"] > 1, (notes + ";arms_together").str.strip(";"))
    return rows.drop(columns=["boosted", "boosted_unrated", "n_arms"]).assign(notes=notes)


def bound_shares(counts: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate shares whose interval holds whatever was true of those not known.

    The value is the share among those known, ``n`` counts all, and the interval reaches from the
    lower limit when nobody unknown has it to the upper limit when everybody has. For days on which
    no visit is planned: a patient not rated then is neither a responder nor none.

    Parameters and columns as `estimate_shares`.
    """
    rows = estimate_shares(counts, missing="nonresponse", level=level, method="wilson")
    best = estimate_shares(counts, missing="response", level=level, method="wilson")
    value = (counts["n_events"] / counts["n_known"]).where(rows["status"] == "estimated")
    return rows.assign(value=value, high=best["high"], method="bounds")
