"""Shares of patients with score (Wilson) and exact (Clopper-Pearson) intervals.

Pinned to R in tests/reference, and bit for bit those of scipy.stats.binomtest, of which each call
costs milliseconds: a condition has some two hundred shares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from numbers import Integral
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import betainc, ndtri

from analysis.errors import EstimationError
from analysis.results import Estimate, no_patients
from analysis.wording.texts import say

WILSON, EXACT = "estimates.shares.wilson", "estimates.shares.exact"
"""Names of the texts of the two methods."""


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
    return _estimate(n_events, n, n_missing, level, _wilson_limits, WILSON)


def estimate_share_exact(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share with the exact interval of Clopper and Pearson.

    Parameters, returns and errors as `estimate_share_wilson`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404. By hand: 0 of n ends at 1 - (alpha/2)**(1/n).
    """
    return _estimate(n_events, n, n_missing, level, _exact_limits, EXACT)


def _estimate(
    n_events: int,
    n: int,
    n_missing: int,
    level: float,
    limits: Limits,
    label: str,
) -> Estimate:
    _check_level(level)
    whole = isinstance(n_events, Integral) and isinstance(n, Integral)
    if not whole or not 0 <= n_events <= n:
        raise EstimationError(f"{n_events} events among {n} patients cannot be.")
    if n == 0:
        return no_patients(unit="share", method=say(label), n_missing=n_missing)
    low, high = limits(int(n_events), int(n), level)
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
        method=say(label),
    )


Limits = Callable[[int, int, float], tuple[float, float]]
"""Takes events, patients (at least 1) and the level; returns the limits."""


def _wilson_limits(n_events: int, n: int, level: float) -> tuple[float, float]:
    """Return the shares whose score test just does not reject (Newcombe 1998, method 3)."""
    z, share = _normal_quantile(level), n_events / n
    size = 2 * (n + z**2)
    middle = (2 * n * share + z**2) / size
    half = z / size * sqrt(4 * n * share * (1 - share) + z**2)
    return (middle - half if n_events else 0.0), (middle + half if n_events < n else 1.0)


@lru_cache(maxsize=64)
def _normal_quantile(level: float) -> float:
    return float(ndtri(0.5 + 0.5 * level))


@lru_cache(maxsize=4096)
def _exact_limits(n_events: int, n: int, level: float) -> tuple[float, float]:
    """Return the shares at which as many events or more, or as few or fewer, are just too rare."""
    from scipy.optimize import brentq  # here: slow imports, and most notebooks need neither
    from scipy.stats import binom

    tail, low, high = (1 - level) / 2, 0.0, 1.0
    if n_events > 0:  # P(X >= k) is the incomplete beta function I_p(k, n - k + 1)
        low = brentq(lambda p: betainc(n_events, n - n_events + 1, p) - tail, 0, 1)
    if n_events < n:  # the same function at 1 - p would lose the last digits of p
        high = brentq(lambda p: binom.cdf(n_events, n, p) - tail, 0, 1)
    return float(low), float(high)


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
    return count_under(*_counts(is_responder), missing=missing)


def _counts(is_responder: pd.Series) -> tuple[int, int, int]:
    """Return how many respond, are unknown, and are there."""
    known = is_responder.to_numpy(dtype=bool, na_value=False)
    unknown = is_responder.isna().to_numpy()
    return int(np.count_nonzero(known)), int(np.count_nonzero(unknown)), len(is_responder)


def count_under(
    n_events: int, n_unknown: int, n_patients: int, *, missing: MissingRule
) -> tuple[int, int, int]:
    """Return numerator, denominator and unknown as `count_responders` does, from counts.

    Parameters
    ----------
    n_events, n_unknown, n_patients : int
        Patients who are known to respond, of whom it is not known, and all of them.
    missing : {"nonresponse", "excluded", "response"}
        What an unknown outcome counts as.
    """
    if missing == "excluded":
        return n_events, n_patients - n_unknown, n_unknown
    return n_events + (n_unknown if missing == "response" else 0), n_patients, n_unknown


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
    counts = _counts(is_responder)
    return estimate_counted_share(*counts, missing=missing, level=level, exact=exact)


def estimate_counted_share(
    n_events: int,
    n_unknown: int,
    n_patients: int,
    *,
    missing: MissingRule,
    level: float = 0.95,
    exact: bool = False,
) -> Estimate:
    """Estimate the share of patients who respond, as `estimate_responder_share`, from counts.

    Parameters
    ----------
    n_events, n_unknown, n_patients : int
        As `count_under`.
    missing, level, exact
        As `estimate_responder_share`; so are the result, the errors and the source.
    """
    _check_level(level)
    events, n, unknown = count_under(n_events, n_unknown, n_patients, missing=missing)
    label = EXACT if exact else WILSON
    if n_patients and unknown == n_patients:
        return Estimate(
            value=None,
            n=n,
            n_missing=unknown,
            unit="share",
            method=say(label),
            status="not estimable",
            warnings=(say("estimates.shares.nobody_seen"),),
        )
    estimate = estimate_share_exact if exact else estimate_share_wilson
    return estimate(events, n, n_missing=unknown, level=level)
