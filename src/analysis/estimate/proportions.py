"""Shares of patients with score (Wilson) and exact (Clopper-Pearson) intervals.

Both come from scipy.stats.binomtest; pinned to R in tests/reference.
"""

from __future__ import annotations

from functools import lru_cache
from numbers import Integral
from typing import Literal

import pandas as pd
from scipy.stats import binomtest

from analysis.errors import EstimationError
from analysis.results import Estimate, no_patients

WILSON = "Wilson score interval"
EXACT = "exact interval (Clopper-Pearson)"
NOBODY_SEEN = "Nobody was rated at this visit."


def estimate_share_wilson(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share with a Wilson score interval, without continuity correction.

    Parameters
    ----------
    n_events, n : int
        Patients with the event among ``n`` patients.
    n_missing : int
        Patients whose value is unknown, told beside the result.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Estimate
        Share in [0, 1]; status ``no patients`` when ``n`` is 0.

    Raises
    ------
    EstimationError
        Counts that cannot be, or a level outside (0, 1).

    References
    ----------
    Wilson (1927), J Am Stat Assoc 22:209. By hand: 0 of 10 gives 0 to z**2 / (10 + z**2).
    """
    return _estimate(n_events, n, n_missing, level, "wilson", WILSON)


def estimate_share_exact(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share with the exact interval of Clopper and Pearson.

    Parameters, returns and errors as `estimate_share_wilson`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404. By hand: 0 of n ends at 1 - (alpha/2)**(1/n).
    """
    return _estimate(n_events, n, n_missing, level, "exact", EXACT)


def _estimate(
    n_events: int,
    n: int,
    n_missing: int,
    level: float,
    method: Literal["wilson", "exact"],
    label: str,
) -> Estimate:
    _check_level(level)
    whole = isinstance(n_events, Integral) and isinstance(n, Integral)
    if not whole or not 0 <= n_events <= n:
        raise EstimationError(f"{n_events} events among {n} patients cannot be.")
    if n == 0:
        return no_patients(unit="share", method=label, n_missing=n_missing)
    low, high = _interval(int(n_events), int(n), level, method)
    # min and max: at 0 of n and n of n the formula may miss 0 or 1 by a rounding error.
    return Estimate(
        value=n_events / n,
        low=min(low, n_events / n),
        high=max(high, n_events / n),
        level=level,
        n=n,
        n_missing=n_missing,
        n_events=n_events,
        unit="share",
        method=label,
    )


@lru_cache(maxsize=4096)
def _interval(
    n_events: int, n: int, level: float, method: Literal["wilson", "exact"]
) -> tuple[float, float]:
    """Return the limits, which do not depend on the share tested: at its own no time is lost."""
    test = binomtest(n_events, n, p=n_events / n)
    interval = test.proportion_ci(confidence_level=level, method=method)
    return float(interval.low), float(interval.high)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise EstimationError(f"the confidence level is {level}; it lies between 0 and 1.")


MissingRule = Literal["nonresponse", "excluded", "response"]
"""What an unknown outcome counts as: not responding (all starters), left out (observed), or
responding (the best bound)."""


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
    """
    unknown = int(is_responder.isna().sum())
    known = int(is_responder.fillna(False).astype(bool).sum())
    if missing == "excluded":
        return known, len(is_responder) - unknown, unknown
    return known + (unknown if missing == "response" else 0), len(is_responder), unknown


def estimate_responder_share(
    is_responder: pd.Series, *, missing: MissingRule, level: float = 0.95, exact: bool = False
) -> Estimate:
    """Estimate the share of patients who respond.

    Parameters
    ----------
    is_responder : Series of nullable boolean, shape (n_patients,)
        One value a patient; missing where there is no score.
    missing : {"nonresponse", "excluded", "response"}
        What an unknown outcome counts as.
    level : float in (0, 1)
        Two-sided confidence level.
    exact : bool
        Clopper-Pearson instead of Wilson.

    Returns
    -------
    Estimate
        Share in [0, 1]. ``not estimable`` when patients there are but not one was seen: counting
        all of them as failures would make a finding of an empty file, and as successes another.
        ``no patients`` when there are none.

    Raises
    ------
    EstimationError
        A level outside (0, 1).

    References
    ----------
    ICH E9(R1), 2019, on missing data and the estimand; intervals as `estimate_share_wilson`.
    """
    _check_level(level)
    events, n, unknown = count_responders(is_responder, missing=missing)
    label = EXACT if exact else WILSON
    if len(is_responder) and unknown == len(is_responder):
        return Estimate(
            value=None,
            n=n,
            n_missing=unknown,
            unit="share",
            method=label,
            status="not estimable",
            warnings=(NOBODY_SEEN,),
        )
    estimate = estimate_share_exact if exact else estimate_share_wilson
    return estimate(events, n, n_missing=unknown, level=level)
