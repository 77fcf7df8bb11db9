"""What pain would have done anyway: regression to the mean.

People come when pain is at its worst, and a rule of entry ("at least 4") keeps the high readings of
a score that varies by itself. The next reading is lower on average without any treatment. How much
lower depends on the reliability of the score and on the usual pain of these patients, and neither
is known exactly: each answer here is for stated values, and the reader gets a range.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import minimize
from scipy.stats import pearsonr

from analysis.errors import EstimationError
from analysis.results import Estimate
from analysis.stats.checks import (
    Floats,
    as_number,
    as_numbers,
    check_level,
    check_same_length,
    refuse,
)
from analysis.stats.reductions import estimate_mean

FEWEST_PAIRS = 4
"""Pairs below which Fisher's interval of a correlation does not exist (it divides by n - 3)."""

LEVEL_SLOPE = 1e-9
"""Points per point. A slope below this is rounding."""


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """How the fall compares with regression to the mean, for any usual pain of the patients.

    Parameters
    ----------
    usual : array, shape (m,)
        Assumed means of the patients' pain over a long time, in points.
    fall, low, high : array, shape (m,)
        Fall beyond regression to each of these means, in points, with its interval.
    explained_at : Estimate or None
        The usual pain at which regression to the mean alone gives the fall that was seen. Without
        limits where it could be any; None where the fall is the same at each score before.
    """

    usual: Floats
    fall: Floats
    low: Floats
    high: Floats
    explained_at: Estimate | None


def estimate_reliability(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the correlation of two ratings of the same patients, neither chosen for its height.

    Parameters
    ----------
    first, second : array, shape (n,)
        Ratings some days apart, before treatment, none missing. At least four pairs.

    Returns
    -------
    Estimate
        Pearson's correlation, with Fisher's limits.

    Raises
    ------
    EstimationError
        Too few pairs, or a column in which all are alike.
    """
    before, after = as_numbers("first", first), as_numbers("second", second)
    check_same_length(before.size, second=after.size)
    check_level(level)
    if before.size < FEWEST_PAIRS:
        raise EstimationError(f"a reliability needs at least four pairs; there are {before.size}.")
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        raise EstimationError("all ratings are alike; their reliability cannot be estimated.")
    found = pearsonr(before, after)
    limits = found.confidence_interval(level)
    return Estimate(
        value=float(found.statistic), low=float(limits.low), high=float(limits.high), level=level,
        n=before.size, unit="ratio", method="pearson",
    )  # fmt: skip


def expect_regression(baseline: ArrayLike, *, reliability: float, usual: float) -> Floats:
    """Return the fall that regression to the mean alone would give each patient.

    Parameters
    ----------
    baseline : array, shape (n,)
        Scores before treatment, in points.
    reliability : float in [0, 1]
        Correlation of two ratings of a patient, as far apart as baseline and follow-up.
    usual : float
        Mean of such patients' pain over a long time, in points.

    Returns
    -------
    array, shape (n,)
        ``(1 - reliability) * (baseline - usual)``: below 0, a rise, for who came in with less.

    References
    ----------
    Barnett, van der Pols and Dobson (2005), Int J Epidemiol 34:215.
    """
    scores = as_numbers("baseline", baseline)
    if not 0 <= as_number("reliability", reliability) <= 1:
        raise EstimationError(f"reliability must lie between 0 and 1, not {reliability}.")
    return np.asarray((1 - reliability) * (scores - as_number("usual", usual)))


def estimate_unselected(baseline: ArrayLike, *, entry: float) -> tuple[float, float]:
    """Return mean and standard deviation of scores before those under a limit were left out.

    Parameters
    ----------
    baseline : array, shape (n,)
        Scores of who was let in, all at or above ``entry``.
    entry : float
        Lowest score that was let in, in points.

    Returns
    -------
    mean, sd : float
        Of a normal distribution, cut off at ``entry``, that fits best.

    Raises
    ------
    EstimationError
        Scores below the limit, fewer than three different ones, or scores that look like the tail
        of no normal distribution (they fall off from the limit too slowly).

    References
    ----------
    Cohen (1949), Ann Math Stat 20:557.
    """
    scores = as_numbers("baseline", baseline)
    limit = as_number("entry", entry)
    refuse(scores < limit, "a baseline is below the limit of entry", scores)
    if np.unique(scores).size < 3:
        raise EstimationError("scores before selection need at least three different ones.")

    def loss(at: Floats) -> float:
        sd = np.exp(at[1])
        return -float(
            np.sum(stats.norm.logpdf(scores, at[0], sd))
            - scores.size * stats.norm.logsf(limit, at[0], sd)
        )

    start = [scores.mean(), np.log(scores.std())]
    fit = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10,
                                                               "maxiter": 4000})  # fmt: skip
    mean, sd = float(fit.x[0]), float(np.exp(fit.x[1]))
    if not fit.success or limit - mean > 5 * sd:
        raise EstimationError(
            "the scores fall off from the limit of entry like the tail of no normal distribution; "
            "the mean before selection cannot be told from them."
        )
    return mean, sd


def compare_with_regression(
    before: ArrayLike, after: ArrayLike, *, usual: ArrayLike, level: float = 0.95
) -> Beyond:
    """Compare a fall in pain with what regression to the mean alone would give.

    Parameters
    ----------
    before, after : array, shape (n,)
        Scores of the same patients, none missing, in points. At least four patients whose scores
        before differ.
    usual : array, shape (m,)
        Values that the patients' mean pain over a long time may have.

    Returns
    -------
    Beyond

    Raises
    ------
    EstimationError
        Too few patients, or all with the same score before.

    Notes
    -----
    After is regressed on before. For patients at their usual pain nothing regresses, so what the
    line is below ``usual`` there is the fall beyond regression, if the fall is the same for all.
    It is zero where the line meets the diagonal; limits of that place are Fieller's. Without a
    control group, other causes than treatment are in it: the natural course, expectation.

    References
    ----------
    Mee and Chua (1991), Am Stat 45:39; Ostermann, Willich and Luedtke (2008), BMC Med Res Methodol
    8:52 (a range for the unknown mean).
    """
    x, y = as_numbers("before", before), as_numbers("after", after)
    check_same_length(x.size, after=y.size)
    at = np.atleast_1d(as_numbers("usual", usual))
    check_level(level)
    if x.size < FEWEST_PAIRS or np.ptp(x) == 0:
        raise EstimationError(
            "regression to the mean needs at least four patients whose scores before differ; "
            f"there are {x.size}."
        )
    # The line's distance below the diagonal: mean and slope, which are uncorrelated.
    centre = x.mean()
    fit = sm.OLS(x - y, sm.add_constant(x - centre)).fit()
    (fall, slope), errors = fit.params, np.sqrt(np.diag(fit.cov_params()))
    quantile = float(stats.t.ppf(0.5 + level / 2, fit.df_resid))
    beyond = fall + slope * (at - centre)
    reach = quantile * np.sqrt(errors[0] ** 2 + ((at - centre) * errors[1]) ** 2)
    return Beyond(
        usual=at, fall=beyond, low=beyond - reach, high=beyond + reach,
        explained_at=_crossing(fall, slope, errors, quantile, centre, level, x.size),
    )  # fmt: skip


def _crossing(
    fall: float, slope: float, errors: Floats, quantile: float, centre: float, level: float, n: int
) -> Estimate | None:
    """Return where ``fall + slope * (place - centre)`` is 0, with Fieller's limits."""
    steep = slope**2 - (quantile * errors[1]) ** 2
    if abs(slope) < LEVEL_SLOPE:
        return None
    value = centre - fall / slope
    about: dict[str, Any] = {"n": n, "unit": "score", "method": "regression_to_the_mean"}
    if steep <= 0:
        return Estimate(value=float(value), **about)
    middle = -fall * slope / steep
    square = (fall * slope) ** 2 - steep * (fall**2 - (quantile * errors[0]) ** 2)
    half = sqrt(max(square, 0.0)) / steep
    low, high = float(centre + middle - half), float(centre + middle + half)
    return Estimate(value=float(value), low=low, high=high, level=level, **about)


TRIALS_LOW, TRIALS_HIGH = 0.19, 0.44
"""Least and largest correlation of scores at baseline and at the end in control arms of trials of
chronic pain (Kamerman and Vollert 2022, Pain 163:e748: the range they model)."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """A fall in pain beside what regression to the mean would give.

    Parameters
    ----------
    before : float
        Mean score before, in points.
    fall : Estimate
        Mean fall of those with both scores, in points.
    correlation : Estimate or None
        Of two ratings before treatment; None with too few pairs.
    own : float or None
        The same for a baseline that is a mean of several ratings (Spearman and Brown).
    usual : float or None
        Mean of the scores before those under the least score were left out, where it can be told.
    explained_at : Estimate or None
        Usual pain at which regression to the mean gives all of the fall.
    """

    before: float
    fall: Estimate
    correlation: Estimate | None
    own: float | None
    usual: float | None
    explained_at: Estimate | None

    @property
    def correlations(self) -> dict[str, float]:
        """The correlations that the range is made of, by code."""
        known = {"trials_low": TRIALS_LOW, "trials_high": TRIALS_HIGH}
        return known if self.own is None else known | {"own": self.own}

    def expected(self, correlation: float, usual: float) -> float:
        """Return the mean fall that regression alone would give, in points."""
        return float(expect_regression([self.before], reliability=correlation, usual=usual)[0])

    def rows(self) -> list[dict[str, Any]]:
        """Return the numbers for `analysis.results.Results.add`, without the condition."""
        rows = [self.fall.row(measure="fall_seen")]
        usual = {"point_below": self.before - 1} | (
            {} if self.usual is None else {"before_selection": self.usual}
        )
        for where, at in usual.items():
            for code, correlation in self.correlations.items():
                found = Estimate(
                    value=self.expected(correlation, at), n=self.fall.n, unit="score",
                    method="regression_to_the_mean",
                )  # fmt: skip
                rows.append(found.row(measure="expected_fall", definition=where, population=code))
        if self.explained_at is not None:
            rows.append(self.explained_at.row(measure="usual_pain_explaining"))
        return rows


def describe_course(
    before: ArrayLike,
    after: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    ratings: float,
    entry: float,
    level: float = 0.95,
) -> Course:
    """Put a fall in pain beside what regression to the mean would give.

    Parameters
    ----------
    before, after : array, shape (n,)
        Baseline and score at the visit of the same patients, in points; four at least.
    first, second : array, shape (m,)
        Two ratings before treatment of those who have two.
    ratings : float
        How many ratings a baseline is the mean of, usually; at least 1.
    entry : float
        Least baseline that was let in.

    Raises
    ------
    EstimationError
        Fewer than four patients, or all with the same score before.
    """
    x, y = as_numbers("before", before), as_numbers("after", after)
    beyond = compare_with_regression(x, y, usual=[x.mean()], level=level)
    try:
        correlation = estimate_reliability(first, second, level=level)
    except EstimationError:
        correlation = None
    own = None
    if correlation is not None:
        r = min(max(correlation.value or 0.0, 0.0), 1.0)
        own = ratings * r / (1 + (ratings - 1) * r)
    try:
        usual = estimate_unselected(x, entry=entry)[0]
    except EstimationError:
        usual = None
    return Course(
        before=float(x.mean()), fall=estimate_mean(pd.Series(x - y), unit="score", level=level),
        correlation=correlation, own=own, usual=usual, explained_at=beyond.explained_at,
    )  # fmt: skip
