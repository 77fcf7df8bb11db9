"""Intervals that stay valid however often one looks: confidence sequences for shares and means.

A 95% interval is made for one look. Who looks again every month, and stops or speaks up when the
interval suits, errs far more often. A confidence sequence holds at all looks together: with a
chance of at least its level it never excludes the truth, at any number of patients. The price is
width. Patients count in the order in which they were enrolled, each once the visit's window has
closed; to skip those who do badly breaks every promise here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import elementwise
from scipy.special import betaln, xlog1py, xlogy

from analysis.errors import EstimationError
from analysis.results import Estimate, no_patients, note
from analysis.stats.checks import (
    Floats,
    as_array,
    as_count,
    as_counts,
    as_number,
    as_numbers,
    check_level,
)

PRIOR = 1.0
"""Both parameters of the mixing Beta: every share alike, so that no claim is favored, and the limit
of none is a formula (`share_sequence_limits`)."""

TIGHTEST_AT = 100
"""Patients at which the sequence of a mean is narrowest: the size of a clinic's usual export."""

FIRST_LOOK = 20
"""Patients below which the asymptotic sequence has no limits: its variance is not yet known."""

MOST_BET = 0.5
"""Largest weight of one patient in the empirical Bernstein sequence, as in the paper."""


def share_sequence_limits(
    n_events: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return limits of many shares that hold at all looks together.

    Parameters
    ----------
    n_events, n : array of int, same shape
        Events among the patients so far; NaN limits where ``n`` is 0.
    level : float in (0, 1)
        Chance that the limits never exclude the true share.

    Returns
    -------
    low, high : ndarray in [0, 1]

    Notes
    -----
    The beta-binomial mixture: the chance of the data under shares drawn from a Beta distribution,
    over their chance under a share p, is a martingale if p is true, and passes 1 / alpha at any
    time with a chance of at most alpha (Ville). The limits hold the p at which it has not passed
    now, and depend on the counts alone.

    References
    ----------
    Robbins (1970), Ann Math Stat 41:1397; Ville (1939). By hand, 0 of n ends at
    1 - (alpha / (n + 1))**(1 / n).
    """
    check_level(level)
    k, m = as_counts(n_events, n)
    some = m > 0
    k, m = np.where(some, k, 0.0), np.where(some, m, 1.0)
    mixed = betaln(PRIOR + k, PRIOR + m - k) - betaln(PRIOR, PRIOR) + np.log(1 - level)

    def beyond(share: Floats, k: Floats, m: Floats, mixed: Floats) -> Floats:
        return np.asarray(mixed - xlogy(k, share) - xlog1py(m - k, -share))

    tiny = np.finfo(np.float64).tiny
    inside = np.clip(k / m, 1e-12, 1 - 1e-12)
    low = elementwise.find_root(beyond, (np.full(k.shape, tiny), inside), args=(k, m, mixed)).x
    top = np.full(k.shape, 1 - 1e-16)
    high = elementwise.find_root(beyond, (inside, top), args=(k, m, mixed)).x
    low, high = np.where(k == 0, 0.0, low), np.where(k == m, 1.0, high)
    return np.where(some, low, np.nan), np.where(some, high, np.nan)


def estimate_share_sequence(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share with limits that stay valid however often one looks.

    Parameters
    ----------
    n_events, n : int
        Patients with the event among the ``n`` enrolled first whose visit window has closed.
    n_missing : int
        Of these, patients whose value is unknown, reported with the result.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Share in [0, 1]; limits as `share_sequence_limits`; ``no patients`` when ``n`` is 0.

    Raises
    ------
    EstimationError
        Impossible counts, or a level outside (0, 1).
    """
    n_events, n = as_count("n_events", n_events), as_count("n", n)
    n_missing = as_count("n_missing", n_missing)
    low, high = share_sequence_limits([n_events], [n], level=level)
    method = "beta_binomial_sequence"
    if n == 0:
        return no_patients(unit="share", method=method, n_missing=n_missing)
    return Estimate(
        value=n_events / n, low=float(low[0]), high=float(high[0]), level=level, n=n,
        n_missing=n_missing, n_events=n_events, unit="share", method=method,
    )  # fmt: skip


def _clinics(values: ArrayLike) -> Floats:
    """Return numbers with patients along the last axis."""
    array = as_array("values", values)
    if not array.ndim:
        raise EstimationError(f"values must be a list of patients, not the one number {array:g}.")
    return array


def mean_sequence_limits(
    values: ArrayLike, *, level: float = 0.95, tightest_at: int = TIGHTEST_AT
) -> tuple[Floats, Floats]:
    """Return limits of a mean after every patient that hold at all looks from the 20th on.

    Parameters
    ----------
    values : array_like of float, shape (..., n)
        Patients along the last axis, in order of enrolment; other axes are other clinics.
    level : float in (0, 1)
    tightest_at : int
        Patients at which the limits are narrowest.

    Returns
    -------
    low, high : ndarray, shape (..., n)
        NaN before `FIRST_LOOK` patients and while all values are equal.

    Notes
    -----
    Asymptotic, with a normal mixture: mean +- s sqrt(2 (n r + 1) / (n**2 r) log(sqrt(n r + 1) /
    alpha)), r from ``tightest_at``. Chosen for the number that is judged because a percent
    reduction has no lower bound: `bounded_mean_sequence_limits` needs one. It asks of the data what
    Student's t asks, so a long tail breaks both.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), Ann Stat 52:2613, theorem 2.2 and the
    choice of rho in its appendix.
    """
    check_level(level)
    values = _clinics(values)
    alpha, places = 1 - level, np.arange(1, values.shape[-1] + 1, dtype=float)
    mean = np.cumsum(values, axis=-1) / places
    # Around the first value, so that a large common part does not eat the digits.
    around = values - values[..., :1]
    first, second = (np.cumsum(around**power, axis=-1) for power in (1, 2))
    spread = np.sqrt(np.maximum(second - first**2 / places, 0.0) / np.maximum(places - 1, 1.0))
    r = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha)) + 1) / as_count(
        "tightest_at", tightest_at, least=1
    )
    grown = places * r + 1
    half = spread * np.sqrt(2 * grown / (places**2 * r) * np.log(np.sqrt(grown) / alpha))
    half = np.where((places >= FIRST_LOOK) & (spread > 0), half, np.nan)
    return mean - half, mean + half


def estimate_mean_sequence(
    values: ArrayLike,
    *,
    unit: str = "percent",
    level: float = 0.95,
    tightest_at: int = TIGHTEST_AT,
) -> Estimate:
    """Estimate a mean with limits that stay valid however often one looks.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        In order of enrolment; missing values leave the denominator and are counted.
    unit, level, tightest_at
        As `mean_sequence_limits`.

    Returns
    -------
    Estimate
        Without limits before `FIRST_LOOK` patients, or when all values are equal.

    Raises
    ------
    EstimationError
        A value is no number or infinite; the level is outside (0, 1).
    """
    known, made = _in_order(values, level, unit=unit, method="asymptotic_sequence")
    if not known.size:
        return _nobody(made)
    low, high = (ends[-1] for ends in mean_sequence_limits(known, level=level,
                                                           tightest_at=tightest_at))  # fmt: skip
    value = float(known.mean())
    if known.size < FIRST_LOOK:
        return Estimate(value=value, notes=(note("early_look", FIRST_LOOK),), **made)
    if np.isnan(low):
        return Estimate(value=value, notes=("no_spread",), **made)
    return Estimate(value=value, low=float(low), high=float(high), level=level, **made)


def estimate_mean_sequences(
    reductions: pd.Series, enrolled: ArrayLike, *, level: float = 0.95
) -> dict[str, Estimate]:
    """Estimate a mean reduction in order of enrolment, by two rules for the missing.

    Parameters
    ----------
    reductions : Series of float, shape (n,)
        Percent reduction of everyone who started and is due; missing where it is not known.
    enrolled : array_like of float, shape (n,)
        Place of each patient in the order of enrolment; those without one come last.
    level : float in (0, 1)

    Returns
    -------
    dict
        ``observed``, without the missing, and ``all_starters``, with the missing unchanged; where
        nobody is known both have no value.
    """
    order = np.argsort(np.asarray(enrolled, dtype=float), kind="stable")
    values = reductions.to_numpy(dtype=float)[order]
    missing = np.isnan(values)
    unchanged = values if missing.all() else np.where(missing, 0.0, values)
    return {
        population: replace(estimate_mean_sequence(own, level=level), n_missing=int(missing.sum()))
        for population, own in (("observed", values), ("all_starters", unchanged))
    }


def bounded_mean_sequence_limits(
    values: ArrayLike, *, lowest: float, highest: float, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return limits of a bounded mean after every patient, valid at all looks and any number.

    Parameters
    ----------
    values : array_like of float in [lowest, highest], shape (..., n)
        As `mean_sequence_limits`.
    lowest, highest : float
        Bounds no patient can pass: -150 and 100 percent for scores of 0 to 10 from a baseline of at
        least 4.
    level : float in (0, 1)

    Returns
    -------
    low, high : ndarray, shape (..., n)
        Within the bounds.

    Notes
    -----
    Predictable plug-in empirical Bernstein: assumes the bounds and nothing of the shape, and is
    wider for it. Its center weights patients by what was known before them, so it depends on their
    order and need not be their mean.

    References
    ----------
    Waudby-Smith and Ramdas (2024), J R Stat Soc B 86:1, theorem 2.
    """
    check_level(level)
    values = _clinics(values)
    lowest, highest = as_number("lowest", lowest), as_number("highest", highest)
    if not lowest < highest:
        raise EstimationError(f"lowest must be below highest, not {lowest} and {highest}.")
    if values.size and not (lowest <= values.min() and values.max() <= highest):
        raise EstimationError(
            f"values reach from {values.min():g} to {values.max():g}; the bounds are {lowest:g} "
            f"and {highest:g}."
        )
    reach = np.log(2 / (1 - level))
    x = (values - lowest) / (highest - lowest)
    places = np.arange(1, x.shape[-1] + 1, dtype=float)
    mean = (0.5 + np.cumsum(x, axis=-1)) / (places + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2, axis=-1)) / (places + 1)
    before = np.concatenate((np.full((*x.shape[:-1], 1), 0.5), mean[..., :-1]), axis=-1)
    known = np.concatenate((np.full((*x.shape[:-1], 1), 0.25), variance[..., :-1]), axis=-1)
    bet = np.minimum(np.sqrt(2 * reach / (known * places * np.log1p(places))), MOST_BET)
    cost = np.cumsum((x - before) ** 2 * (-np.log1p(-bet) - bet), axis=-1)
    total = np.cumsum(bet, axis=-1)
    center, half = np.cumsum(bet * x, axis=-1) / total, (reach + cost) / total
    width = highest - lowest
    return (
        lowest + width * np.clip(center - half, 0.0, 1.0),
        lowest + width * np.clip(center + half, 0.0, 1.0),
    )


def estimate_bounded_mean_sequence(
    values: ArrayLike,
    *,
    lowest: float,
    highest: float,
    unit: str = "percent",
    level: float = 0.95,
) -> Estimate:
    """Estimate a bounded mean with the limits of `bounded_mean_sequence_limits`.

    Parameters
    ----------
    values, unit, level
        As `estimate_mean_sequence`.
    lowest, highest : float
        Bounds no patient can pass.

    Returns
    -------
    Estimate
        The mean; where it lies outside its limits, which have another center, they are stretched.

    Raises
    ------
    EstimationError
        As `estimate_mean_sequence`; a value passes a bound.
    """
    known, made = _in_order(values, level, unit=unit, method="bernstein_sequence")
    if not known.size:
        return _nobody(made)
    low, high = (
        float(ends[-1])
        for ends in bounded_mean_sequence_limits(known, lowest=lowest, highest=highest, level=level)
    )
    value = float(known.mean())
    return Estimate(value=value, low=min(low, value), high=max(high, value), level=level, **made)


def _in_order(values: Any, level: float, **made: str) -> tuple[Floats, dict[str, Any]]:
    check_level(level)
    numbers = as_numbers("values", values, missing=True)
    known = numbers[~np.isnan(numbers)]
    return known, {"n": known.size, "n_missing": numbers.size - known.size, **made}


def _nobody(made: dict[str, Any]) -> Estimate:
    if not made["n_missing"]:
        return no_patients(unit=made["unit"], method=made["method"])
    return Estimate(value=None, status="not estimable", notes=("nothing_known",), **made)
