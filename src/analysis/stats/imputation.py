"""Multiple imputation of missing scores from a mixed model, and pooling of what is made of them.

Proper: every draw has its own covariance and coefficients, then missing scores from their normal
distribution given the scores of the same patient that were seen.

Draws are not cut off at 0 and 10. A mean of draws that were pulled back to the bounds is biased (at
0 always upward), and its variance too small. A response asks only whether a score lies beyond a
limit inside the scale, which pulling back does not change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from analysis.errors import EstimationError
from analysis.stats.checks import (
    Floats,
    as_array,
    as_count,
    as_numbers,
    check_level,
    check_same_length,
    refuse,
)
from analysis.stats.mmrm import MmrmError, MmrmFit

DRAWS = 50
"""Imputations by default. The Monte-Carlo error of a pooled estimate is then at most a tenth of
its standard error where half of the information is missing (von Hippel 2020, Sociol Methods Res
49:699, asks for 50 there)."""


@dataclass(frozen=True, eq=False)
class Imputations:
    """Scores with their missing cells drawn several times.

    Parameters
    ----------
    scores : DataFrame, shape (n, m)
        As given; NaN where missing.
    rows, columns : ndarray of int, shape (cells,)
        Places of the imputed cells.
    values : ndarray, shape (draws, cells)
        Their draws.
    """

    scores: pd.DataFrame
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats

    def at_visit(self, visit: object, *, step: float = 0.0) -> Floats:
        """Return all draws of one visit, shape (draws, n); NaN where nothing was to be imputed.

        With ``step`` draws are rounded to multiples of it, for a response where all scores are:
        of whole numbers none lies between 4.5 and 4.9, so a draw of 4.7 is a 5 and no response at
        a limit of 4.9. Not for means.
        """
        place = self.scores.columns.get_loc(visit)
        mine = self.columns == place
        filled = np.tile(self.scores.iloc[:, place].to_numpy(dtype=float), (len(self.values), 1))
        drawn = self.values[:, mine]
        filled[:, self.rows[mine]] = np.round(drawn / step) * step if step else drawn
        return filled

    def completed(self) -> Iterator[Floats]:
        """Yield each completed table, shape (n, m)."""
        for values in self.values:
            filled = self.scores.to_numpy(dtype=float, copy=True)
            filled[self.rows, self.columns] = values
            yield filled


def impute_scores(
    fit: MmrmFit,
    scores: pd.DataFrame,
    covariates: pd.DataFrame,
    *,
    rng: np.random.Generator,
    due: pd.DataFrame | None = None,
    draws: int = DRAWS,
) -> Imputations:
    """Draw missing scores given what was seen of the same patient.

    Parameters
    ----------
    fit : MmrmFit
        Model of the scores; it may come from other patients of the same kind.
    scores : DataFrame of float, shape (n, m)
        Visits of the fit; NaN where missing.
    covariates : DataFrame of float, shape (n, p)
        Covariates of the fit, none missing.
    rng : numpy.random.Generator
        Source of chance.
    due : DataFrame of bool, shape (n, m)
        Cells to impute where missing: the visit's window has closed and imputing it is wanted (not
        after a booster, where response is composite). Others stay missing. By default all are due.
    draws : int
        Imputations, at least 2.

    Returns
    -------
    Imputations
        Seen scores are never changed.

    Raises
    ------
    EstimationError
        Rows or visits do not match, a covariate is missing, draws are fewer than 2, or
        (`MmrmError`) a covariance cannot be drawn.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 5. Carpenter and Kenward
    (2013), chapter 3.
    """
    if draws < 2:
        raise EstimationError(f"{draws} draws: two at least are needed to see how they differ.")
    if not scores.columns.equals(fit.visits):
        raise EstimationError(
            f"the scores have the visits {list(scores.columns)}; the model has {list(fit.visits)}."
        )
    if len(scores) != len(covariates) or (due is not None and due.shape != scores.shape):
        raise EstimationError("scores, covariates and due cells must have the same patients.")
    y = scores.to_numpy(dtype=float)
    x = covariates[fit.covariates].to_numpy(dtype=float)
    if not np.isfinite(x).all():
        raise EstimationError("a covariate is missing; leave the patient out and count them.")
    seen = ~np.isnan(y)
    wanted = ~seen if due is None else ~seen & due.to_numpy(dtype=bool)
    rows, columns = np.nonzero(wanted)
    place = np.zeros(y.shape, dtype=np.int64)
    place[rows, columns] = np.arange(rows.size)
    values = np.empty((draws, rows.size))
    slopes, sigmas = fit.draw(rng, draws)
    some = np.flatnonzero(wanted.any(axis=1))
    kinds, inverse = np.unique(np.hstack([seen, wanted])[some], axis=0, return_inverse=True)
    for one, kind in enumerate(kinds):
        at = some[inverse == one]
        known, asked = np.split(kind, 2)
        try:
            pull, spread = conditional_normal(sigmas, known, asked)
            root = np.linalg.cholesky(spread)
        except np.linalg.LinAlgError as error:
            raise MmrmError(
                "a drawn covariance leaves nothing of a visit once the others are known. Take a "
                "structure with fewer parameters.", "singular_covariance",
            ) from error  # fmt: skip
        noise = rng.standard_normal((draws, at.size, int(asked.sum())))
        # (draws, patients, visits); mean of the asked, then what the known say of them
        drawn = x[at] @ slopes[:, asked].swapaxes(1, 2)
        off = y[np.ix_(at, known)] - x[at] @ slopes[:, known].swapaxes(1, 2)
        drawn += off @ pull.swapaxes(1, 2) + noise @ root.swapaxes(1, 2)
        values[:, place[np.ix_(at, asked)]] = drawn
    return Imputations(scores, rows, columns, values)


def conditional_normal(
    sigma: Floats, known: NDArray[np.bool_], asked: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the regression of some visits on others, and the covariance left.

    Parameters
    ----------
    sigma : ndarray, shape (..., m, m)
        Covariances between visits.
    known, asked : ndarray of bool, shape (m,)
        Visits conditioned on (may be none), and visits wanted; no visit is both.

    Returns
    -------
    pull : ndarray, shape (..., asked, known)
        Points that each asked visit moves for a point that a known one is off its mean.
    spread : ndarray, shape (..., asked, asked)
    """
    one, other = np.flatnonzero(known), np.flatnonzero(asked)
    between = sigma[..., one[:, None], other]
    solved = np.linalg.solve(sigma[..., one[:, None], one], between)
    pull = np.asarray(solved.swapaxes(-1, -2), dtype=np.float64)
    return pull, sigma[..., other[:, None], other] - pull @ between


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """An estimate pooled over imputations.

    Parameters
    ----------
    value, low, high, level
        Mean of the estimates, and its interval.
    df : float
        Degrees of freedom of the interval; infinite where the imputations agree.
    within, between : float
        Mean variance of the estimates, and their variance over the imputations.
    """

    value: float
    low: float
    high: float
    level: float
    df: float
    within: float
    between: float


def pool_means(
    estimates: ArrayLike, variances: ArrayLike, *, df_complete: float, level: float = 0.95
) -> Pooled:
    """Pool estimates by Rubin's rules with the degrees of freedom of Barnard and Rubin.

    Parameters
    ----------
    estimates, variances : array, shape (draws,)
        Estimate of each completed table with its squared standard error.
    df_complete : float
        Degrees of freedom with nothing missing: n - 1 for a mean; infinity for large samples.
    level : float in (0, 1)
        Two-sided confidence level.

    Raises
    ------
    EstimationError
        Fewer than 2 imputations, a number that is not finite, or a negative variance.

    References
    ----------
    Rubin (1987), page 76; Barnard and Rubin (1999), Biometrika 86:948.
    """
    q, u = _draws("estimates", estimates, level), as_numbers("variances", variances)
    check_same_length(q.size, variances=u.size)
    refuse(u < 0, "a variance is negative", u)
    if not isinstance(df_complete, Real) or not df_complete > 0:
        raise EstimationError(f"df_complete must be a number above 0, not {df_complete!r}.")
    within, between, extra = _spread(q, u)
    total = within + extra
    lost = extra / total if total > 0 else 0.0
    rubin = (q.size - 1) / lost**2 if lost > 0 else np.inf
    left = 1 - lost
    if np.isinf(df_complete):
        df = rubin
    else:
        observed = (df_complete + 1) / (df_complete + 3) * df_complete * left
        df = 1 / (1 / rubin + 1 / observed) if observed > 0 else 0.0
    half = float(stdtrit(df, (1 + level) / 2)) * total**0.5 if df > 0 else np.inf
    value = float(q.mean())
    return Pooled(
        value=value, low=value - half, high=value + half, level=level, df=df, within=within,
        between=between,
    )  # fmt: skip


def pool_sample_means(values: ArrayLike, *, level: float = 0.95) -> Pooled:
    """Pool the means of completed samples (`pool_means`).

    Parameters
    ----------
    values : array of float, shape (draws, n)
        Completed samples of at least two patients, a row each.
    level : float in (0, 1)

    Raises
    ------
    EstimationError
        Fewer than 2 draws or 2 patients, or an entry that is no finite number.
    """
    samples = as_array("values", values)
    if samples.ndim != 2 or samples.shape[1] < 2:
        raise EstimationError(
            "values must be a table with a row a draw and a column a patient, two patients at "
            f"least; its shape is {samples.shape}."
        )
    n = samples.shape[1]
    return pool_means(
        samples.mean(axis=1), samples.var(axis=1, ddof=1) / n, df_complete=n - 1, level=level
    )


def pool_shares(shares: ArrayLike, n: int, *, level: float = 0.95) -> Pooled:
    """Pool shares of patients in Wilson's form.

    Parameters
    ----------
    shares : array in [0, 1], shape (draws,)
        Share of each completed table.
    n : int
        Patients of a completed table.
    level : float in (0, 1)
        Two-sided confidence level.

    Returns
    -------
    Pooled
        Where all imputations agree, Wilson's interval exactly: 11 of 11 gives 74% to 100%.

    Raises
    ------
    EstimationError
        Fewer than 2 imputations, a share outside [0, 1], or no patients.

    Notes
    -----
    With r the relative increase of the variance, the limits are the p at which
    (mean share - p)**2 = t**2 (1 + r) p (1 - p) / n, with Rubin's degrees of freedom
    (draws - 1) (1 + 1 / r)**2.

    References
    ----------
    Lott and Reiter (2020), Am Stat 74:109.
    """
    q, n = _draws("shares", shares, level), as_count("n", n, least=1)
    refuse((q < 0) | (q > 1), "a share is not between 0 and 1", q)
    within, between, extra = _spread(q, q * (1 - q) / n)
    value = float(q.mean())
    if extra and not within:  # one patient, or all of each table alike: nothing is known
        return Pooled(
            value=value, low=0.0, high=1.0, level=level, df=q.size - 1.0, within=0.0,
            between=between,
        )  # fmt: skip
    more = extra / within if extra else 0.0
    df = (q.size - 1) * (1 + 1 / more) ** 2 if more else np.inf
    wide = float(stdtrit(df, (1 + level) / 2)) ** 2 * (1 + more) / n
    middle = (value + wide / 2) / (1 + wide)
    half = (wide * value * (1 - value) + wide**2 / 4) ** 0.5 / (1 + wide)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Pooled(
        value=value, low=0.0 if value == 0 else low, high=1.0 if value == 1 else high, level=level,
        df=df, within=within, between=between,
    )  # fmt: skip


def _draws(name: str, values: ArrayLike, level: float) -> Floats:
    check_level(level)
    q = as_numbers(name, values)
    if q.size < 2:
        raise EstimationError(f"pooling needs {name} of two imputations at least, not {q.size}.")
    return q


def _spread(q: Floats, u: Floats) -> tuple[float, float, float]:
    """Return variance within, between, and what missing data add to the first."""
    between = float(q.var(ddof=1)) if np.ptp(q) > 0 else 0.0
    return float(u.mean()), between, (1 + 1 / q.size) * between
