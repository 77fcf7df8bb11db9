"""Groups nobody was put in by chance, compared: regression standardization, slopes, trends.

A difference standardized over baseline, age, sex and site is still one between patients. Where the
groups do not overlap there is nothing to compare, and no number is made.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, ndtri
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from analysis.results import Estimate, note
from analysis.stats.checks import Floats, as_flags, check_level

LEAST_GROUP = 10
"""Patients of a group below which nothing is compared."""

OVERLAP = 0.05
"""Estimated probability to be in either group below which a patient has no counterpart."""

LOG_RATIOS = (-16.0, 16.0)
"""Between which the logarithm of a ratio of variances is sought; 0 itself is tried as well."""

LEAST_OVERLAP = 0.9
"""Share of the patients who must have counterparts (after Crump et al. 2009, Biometrika 96:187)."""


def make_covariates(people: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return covariates as numbers: words as indicators, numbers as they are, missing as a mean.

    Parameters
    ----------
    people : DataFrame, shape (n_patients, ...)
    names : list of str
        Columns; of one that is the same for everyone, or unknown of everyone, nothing is made. A
        missing word is a level of its own; a missing number has an indicator.
    """
    made: dict[str, pd.Series] = {}
    for name in names:
        own = people[name]
        if pd.api.types.is_numeric_dtype(own) and not pd.api.types.is_bool_dtype(own):
            if _varies(own):
                made[name] = own.astype(float).fillna(own.mean()) - own.mean()
            own = own.isna() if own.notna().any() else own.isna() & False
        words = own.astype("str").fillna("not recorded")
        for level in sorted(words.unique())[1:]:
            made[f"{name}={level}"] = (words == level).astype(float)
    return pd.DataFrame(made, index=people.index, dtype=float)


def _varies(values: pd.Series) -> bool:
    return bool(values.min() < values.max())


def _fit(y: Floats, x: Floats) -> Floats | None:
    """Return the coefficients of a logistic regression, None where it has none."""
    if np.linalg.matrix_rank(x) < x.shape[1] or not 0 < y.sum() < len(y):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = sm.GLM(y, x, family=sm.families.Binomial()).fit(maxiter=50)
        except (PerfectSeparationWarning, np.linalg.LinAlgError, ValueError):
            return None
    found = np.asarray(fit.params, dtype=float)
    return found if fit.converged and np.abs(found).max() < 15 else None


def overlap_share(exposed: ArrayLike, covariates: pd.DataFrame) -> float:
    """Return the share of patients who could have been in either group, by a logistic model.

    0 where a covariate tells the groups apart fully.
    """
    is_in = np.asarray(exposed, dtype=float)
    x = sm.add_constant(covariates.to_numpy(dtype=float), has_constant="add")
    found = _fit(is_in, x)
    if found is None:
        return 0.0
    chance = expit(x @ found)
    return float(((chance >= OVERLAP) & (chance <= 1 - OVERLAP)).mean())


def standardized_difference(
    has_event: pd.Series, exposed: pd.Series, covariates: pd.DataFrame, *, level: float = 0.95
) -> Estimate:
    """Estimate how many percentage points more would have the event if all were exposed than none.

    Parameters
    ----------
    has_event : Series of nullable boolean, shape (n_patients,)
        Who has a missing one is left out and counted.
    exposed : Series of bool, shape (n_patients,)
    covariates : DataFrame of float, shape (n_patients, p)
        `make_covariates`; without columns the plain difference of two shares.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Unit ``points``. ``not estimable`` where a group has fewer than 10 patients, the groups do
        not overlap, or the model cannot be fitted.

    Notes
    -----
    Logistic regression of the event on exposure and covariates, predictions with everybody exposed
    and nobody, and their difference averaged over the patients. The variance is that of the
    estimating equations of both steps, as in R's stdReg.

    References
    ----------
    Sjolander (2016), Eur J Epidemiol 31:563. Petersen et al. (2012), Stat Methods Med Res 21:31,
    on positivity.
    """
    check_level(level)
    flags = as_flags("has_event", has_event)
    known = flags.notna().to_numpy()
    about: dict[str, Any] = {"n": int(known.sum()), "n_missing": int((~known).sum()),
                             "unit": "points", "method": "standardized"}  # fmt: skip
    y = flags[known].to_numpy(dtype=float)
    is_in = exposed.to_numpy(dtype=float)[known]
    own = covariates[known]
    own = own.loc[:, [name for name in own if _varies(own[name])]]
    smaller = int(min(is_in.sum(), len(is_in) - is_in.sum()))

    def refused(*notes: str) -> Estimate:
        return Estimate(value=None, status="not estimable", notes=notes, **about)

    if smaller < LEAST_GROUP:
        return refused(note("few_to_compare", smaller, LEAST_GROUP))
    if own.shape[1]:
        share = overlap_share(is_in, own)
        if share < LEAST_OVERLAP:
            return refused(note("no_overlap", round(100 * share)))
    x = np.column_stack([np.ones(len(y)), is_in, own.to_numpy(dtype=float)])
    found = _fit(y, x)
    if found is None:
        return refused("model_separated")
    everyone, nobody = x.copy(), x.copy()
    everyone[:, 1], nobody[:, 1] = 1.0, 0.0
    p, p1, p0 = (expit(each @ found) for each in (x, everyone, nobody))
    value = float((p1 - p0).mean())
    slope = ((p1 * (1 - p1))[:, None] * everyone - (p0 * (1 - p0))[:, None] * nobody).mean(axis=0)
    bread = (x * (p * (1 - p))[:, None]).T @ x / len(y)
    parts = p1 - p0 - value + (x * (y - p)[:, None]) @ np.linalg.solve(bread, slope)
    half = float(ndtri((1 + level) / 2) * parts.std() / len(y) ** 0.5)
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Estimate(value=100 * value, low=100 * low, high=100 * high, level=level, **about)


def adjusted_slope(
    outcome: pd.Series, dose: pd.Series, covariates: pd.DataFrame, *, unit: str,
    level: float = 0.95,
) -> Estimate:  # fmt: skip
    """Estimate the change of an outcome for one unit more of a dose, by least squares.

    Covariates are those of `standardized_difference`; the interval is robust (HC3). ``not
    estimable`` for fewer than 10 patients, or a dose that is the same for everyone, or that the
    covariates tell.
    """
    known = (outcome.notna() & dose.notna()).to_numpy()
    own = covariates[known]
    own = own.loc[:, [name for name in own if _varies(own[name])]]
    x = np.column_stack([np.ones(int(known.sum())), dose[known].astype(float), own])
    about: dict[str, Any] = {"n": int(known.sum()), "n_missing": int((~known).sum()),
                             "unit": unit, "method": "least_squares"}  # fmt: skip
    few = len(x) < LEAST_GROUP + x.shape[1]
    if few or dose[known].nunique() < 2 or np.linalg.matrix_rank(x) < x.shape[1]:
        return Estimate(value=None, status="not estimable", notes=("dose_told",), **about)
    fit = sm.OLS(outcome[known].to_numpy(dtype=float), x).fit(cov_type="HC3")
    low, high = fit.conf_int(1 - level)[1]
    return Estimate(value=float(fit.params[1]), low=float(low), high=float(high), level=level,
                    **about)  # fmt: skip


def trend_in_patients(
    values: pd.Series, number: pd.Series, patient: pd.Series, *, unit: str, level: float = 0.95
) -> Estimate:
    """Estimate the change of a value from one infusion to the next of the same patient.

    A mixed model with an intercept for each patient (REML): is more drug, or a shorter interval,
    needed over time? The mean number of a patient's infusions is a covariate, so that the slope is
    within patients: who comes often has more infusions, and intervals seen later are short ones.

    Parameters
    ----------
    values, number : Series of float, shape (n_infusions,)
        Dose or interval, and the number of the infusion; rows with a missing value are left out.
    patient : Series of str, shape (n_infusions,)
    unit : str
        Of the value; the result is per further infusion.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        ``n`` counts patients, ``n_events`` infusions. 0 without an interval where no patient's
        value ever changes; ``not estimable`` where fewer than ten patients have two.

    References
    ----------
    Mundlak (1978), Econometrica 46:69.
    """
    check_level(level)
    frame = pd.DataFrame({"y": values, "x": number, "who": patient}).dropna()
    of_patient = frame.groupby("who")
    several = int(of_patient["x"].nunique().gt(1).sum())
    about: dict[str, Any] = {"n": int(frame["who"].nunique()), "n_events": len(frame),
                             "unit": unit, "method": "mixed_trend"}  # fmt: skip
    if several < LEAST_GROUP:
        few = note("few_to_compare", several, LEAST_GROUP)
        return Estimate(value=None, status="not estimable", notes=(few,), **about)
    if of_patient["y"].nunique().max() < 2:
        return Estimate(value=0.0, notes=("never_changed",), **about)
    mean = of_patient["x"].transform("mean")
    columns = [np.ones(len(frame)), mean] if mean.min() < mean.max() else [np.ones(len(frame))]
    x = np.column_stack([frame["x"], *columns]).astype(float)
    value, error = _reml_slope(frame["y"].to_numpy(dtype=float), x, pd.factorize(frame["who"])[0])
    half = float(ndtri((1 + level) / 2)) * error
    if not np.isfinite([value, half]).all():
        return Estimate(value=None, status="not estimable", notes=("trend_not_fitted",), **about)
    return Estimate(value=value, low=value - half, high=value + half, level=level, **about)


def _reml_slope(y: Floats, x: Floats, who: NDArray[np.intp]) -> tuple[float, float]:
    """Return the first coefficient and its standard error, with an intercept for each patient.

    The restricted likelihood is profiled over the ratio of the variance between patients to that
    within, the one number to search for.
    """
    sizes = np.bincount(who)

    def fit(ratio: float) -> tuple[float, Floats, Floats]:
        # Each value less a share of its patient's mean: then all are independent and alike.
        share = (1 - 1 / np.sqrt(1 + sizes * ratio))[who]
        z = np.column_stack([y, x])
        means = np.column_stack([np.bincount(who, column) / sizes for column in z.T])
        z = z - share[:, None] * means[who]
        inverse = np.linalg.inv(z[:, 1:].T @ z[:, 1:])
        found = inverse @ z[:, 1:].T @ z[:, 0]
        spread = np.sum((z[:, 0] - z[:, 1:] @ found) ** 2) / (len(y) - x.shape[1])
        loss = ((len(y) - x.shape[1]) * np.log(spread) + np.log1p(sizes * ratio).sum()
                - np.linalg.slogdet(inverse)[1])  # fmt: skip
        return float(loss), found, spread * inverse

    best = minimize_scalar(lambda log: fit(np.exp(log))[0], bounds=LOG_RATIOS, method="bounded")
    _, found, covariance = min(fit(np.exp(best.x)), fit(0.0), key=lambda each: each[0])
    return float(found[0]), float(np.sqrt(covariance[0, 0]))
