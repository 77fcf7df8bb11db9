"""Percent pain reduction in its three definitions, which are three different numbers.

Mean of patients' own percent, median of them, and the fall of the mean score (ratio of means): one
published trial reads 28.7 by one and 33.9 by another, so all three are printed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.errors import EstimationError
from analysis.estimate.bootstrap import (
    WeightedStatistic,
    bca_interval,
    weighted_mean,
    weighted_median,
    weighted_ratio_reduction,
)
from analysis.results import Estimate, no_patients
from analysis.wording.texts import say

SAME = 1e-9
"""Percent or points. Values no farther apart than this are equal: a fall from 6 to 4 is the same
share as one from 9 to 6, but may differ in the last binary digit."""


def estimate_mean(values: pd.Series, *, unit: str = "percent", level: float = 0.95) -> Estimate:
    """Estimate a mean with a Student t interval.

    Parameters
    ----------
    values : Series of float, shape (n_patients,)
        One value a patient; missing values leave the denominator and are counted.
    unit : str
        Unit of the values.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Estimate
        Without an interval for one patient or when all values are equal: a sample without spread
        says nothing of the spread. ``not estimable`` when every value is missing, ``no patients``
        when there are none.

    Raises
    ------
    EstimationError
        A value is infinite, or the level is outside (0, 1).

    References
    ----------
    Student (1908), Biometrika 6:1; as R's t.test.
    """
    known, n_missing = _known(values, level)
    method = say("estimates.means.t_interval")
    if not len(known):
        return _nothing(n_missing, unit, method)
    value = float(known.mean())
    if float(known.max() - known.min()) <= SAME:
        return _bare(value, len(known), n_missing, unit, method)
    error = float(known.std(ddof=1)) / float(np.sqrt(len(known)))
    half = float(stdtrit(len(known) - 1, (1 + level) / 2)) * error
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        level=level,
        n=len(known),
        n_missing=n_missing,
        unit=unit,
        method=method,
    )


def estimate_mean_bca(
    values: pd.Series, *, rng: np.random.Generator, replicates: int = 2000, level: float = 0.95
) -> Estimate:
    """Estimate the mean of patients' percent reductions with a BCa bootstrap interval.

    Parameters
    ----------
    values : Series of float, shape (n_patients,)
        Percent reduction of each patient; missing values leave the denominator and are counted.
    rng, replicates, level
        As `analysis.estimate.bootstrap.bca_interval`.

    Returns
    -------
    Estimate
        Without an interval as `estimate_mean`. Where a very skew bootstrap puts the estimate
        outside its own interval, the interval is stretched to hold it.

    Raises
    ------
    EstimationError
        A value is infinite, or the level is outside (0, 1).

    References
    ----------
    Efron (1987), J Am Stat Assoc 82:171.
    """
    return _bootstrapped(values, weighted_mean, "estimates.means.mean_bca", rng, replicates, level)


def estimate_median_bca(
    values: pd.Series, *, rng: np.random.Generator, replicates: int = 2000, level: float = 0.95
) -> Estimate:
    """Estimate the median of patients' percent reductions with a BCa bootstrap interval.

    Parameters, returns, errors and source as `estimate_mean_bca`. The median of an even number of
    patients is the midpoint of the middle two.
    """
    return _bootstrapped(
        values, weighted_median, "estimates.means.median_bca", rng, replicates, level
    )


def estimate_ratio_of_means(
    before: pd.Series,
    after: pd.Series,
    *,
    rng: np.random.Generator,
    replicates: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """Estimate the percent fall of the mean score, patients resampled as pairs.

    Parameters
    ----------
    before, after : Series of float, same index
        Baseline (above 0) and later score of each patient, 0 to 10; a pair with a missing score is
        left out and counted.
    rng, replicates, level
        As `analysis.estimate.bootstrap.bca_interval`.

    Returns
    -------
    Estimate
        As `estimate_mean_bca`.

    Raises
    ------
    EstimationError
        A baseline is 0 or below: no percent reduction exists, and the three definitions must be of
        the same patients; leave the patient out and count them. Or as `estimate_mean_bca`.

    References
    ----------
    Fieller (1954), J R Stat Soc B 16:175, on ratios; interval as `estimate_mean_bca`.
    """
    if (before <= 0).any():
        raise EstimationError("a baseline is 0 or below: a percent fall from it does not exist.")
    pairs = pd.DataFrame({"before": before, "after": after})
    method = "estimates.means.ratio_bca"
    return _bootstrapped(pairs, weighted_ratio_reduction, method, rng, replicates, level)


def _bootstrapped(
    values: pd.Series | pd.DataFrame,
    statistic: WeightedStatistic,
    told: str,
    rng: np.random.Generator,
    replicates: int,
    level: float,
) -> Estimate:
    method = say(told, n=replicates)
    known, n_missing = _known(values, level)
    if not len(known):
        return _nothing(n_missing, "percent", method)
    rows = known.to_numpy(dtype=float).reshape(len(known), -1)
    value = float(statistic(rows, np.ones((1, len(rows))))[0])
    ends = bca_interval(rows, statistic, level=level, replicates=replicates, rng=rng)
    if ends is None:
        return _bare(value, len(known), n_missing, "percent", method)
    return Estimate(
        value=value,
        low=min(ends[0], value),
        high=max(ends[1], value),
        level=level,
        n=len(known),
        n_missing=n_missing,
        unit="percent",
        method=method,
    )


def _known(values: pd.Series | pd.DataFrame, level: float) -> tuple[pd.Series | pd.DataFrame, int]:
    if not 0 < level < 1:
        raise EstimationError(f"the confidence level is {level}; it lies between 0 and 1.")
    known = values.dropna()
    if np.isinf(known.to_numpy(dtype=float)).any():
        raise EstimationError("a value is infinite; a percent reduction from 0 must be missing.")
    return known, len(values) - len(known)


def _nothing(n_missing: int, unit: str, method: str) -> Estimate:
    """Return the result of nobody: no patients, or patients of whom nothing is known."""
    if not n_missing:
        return no_patients(unit=unit, method=method)
    return Estimate(
        value=None,
        n=0,
        n_missing=n_missing,
        unit=unit,
        method=method,
        status="not estimable",
        warnings=(say("estimates.means.nothing_known"),),
    )


def _bare(value: float, n: int, n_missing: int, unit: str, method: str) -> Estimate:
    why = "estimates.means.one_patient" if n == 1 else "estimates.means.no_spread"
    return Estimate(
        value=value,
        n=n,
        n_missing=n_missing,
        unit=unit,
        method=method,
        warnings=(say(why),),
    )
