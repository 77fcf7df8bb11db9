"""Mixed model for repeated measures (MMRM): pain by visit with a covariance between the visits.

REML, Satterthwaite degrees of freedom. Patients who were seen at the same visits share one set of
cross-products, so an iteration costs the same for fifty patients and for fifty thousand. Missing
scores are taken as missing at random given the scores and covariates of the same patient.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log, pi
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.special import stdtr, stdtrit

from analysis.errors import EstimationError
from analysis.stats.mmrm_likelihood import (
    NUMBERS_AT_ONCE,
    SCALED,
    PatternSums,
    Point,
    Structure,
    covariance_at,
    covariances_at,
    start_parameters,
    sum_by_pattern,
)

Floats = NDArray[np.float64]

Reason = Literal[
    "nobody_seen", "one_visit", "nobody_at_visit", "rank_deficient", "no_spread", "too_few_pairs",
    "singular_covariance", "not_converged",
]  # fmt: skip
"""Why there is no fit."""

SIMPLER: tuple[Structure, ...] = ("unstructured", "heterogeneous_cs", "ar1", "independent")
"""Order in which `fit_mmrm_or_simpler` tries the structures."""

DEPENDENT = 1e-10
"""A column is a combination of others if less than this part of its length is left beside them; a
score has no spread if its residuals are below this part of it. Rounding leaves about 1e-15."""

SINGULAR = 1e-8
"""Smallest eigenvalue of a correlation matrix that still is one: below, two visits are the same."""

CONVERGED, DONE, NEWTON_STEPS = 1e-6, 1e-16, 6
"""Deviance that one more Newton step could gain: at most, from where on none is made, and how many
are made after the trust region. 1e-6 is a thousandth of a standard error."""


OUTSIDE = 1e9
"""Deviance by score where there is none, above any other."""


class MmrmError(EstimationError):
    """A model that cannot be fitted; ``reason`` says why as a code, ``visits`` where."""

    def __init__(self, message: str, reason: Reason, visits: Sequence[Hashable] = ()):
        super().__init__(message)
        self.reason = reason
        self.visits = tuple(visits)


# What is returned


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A linear combination of coefficients, in points of the score."""

    estimate: float
    se: float
    df: float
    low: float
    high: float
    level: float
    p: float


@dataclass(frozen=True, kw_only=True, eq=False)
class MmrmFit:
    """A fitted model.

    Parameters
    ----------
    structure : str
        Covariance structure.
    coefficients : Series, index (visit, covariate)
        Points of the score; the visit is ``"all"`` for a covariate with one coefficient.
    coefficient_covariance : DataFrame
        Their model-based covariance, without a small-sample correction (as SAS and R mmrm with
        Satterthwaite, and nlme).
    sigma : DataFrame, shape (m, m)
        Covariance between the visits of a patient.
    log_likelihood : float
        Restricted, with its constants, as in SAS and nlme (no term for the size of X'X).
    n_patients, n_scores : int
        Patients with a score, and their scores.
    parameters, scale, parameter_covariance : ndarray, shapes (k,), (m,) and (k, k)
        Unconstrained parameters of Sigma, each visit in units of ``scale`` (Cholesky factor by
        rows, its diagonal as logarithms; or log standard deviations, then the logit of the place
        of rho in (-1 / (m - 1), 1), or its artanh), and twice the inverse Hessian of the deviance.
    failed : tuple of (analysis or visit, reason)
        What `fit_mmrm_or_simpler` tried before.
    """

    structure: Structure
    visits: pd.Index
    covariates: pd.Index
    coefficients: pd.Series
    coefficient_covariance: pd.DataFrame
    sigma: pd.DataFrame
    log_likelihood: float
    n_patients: int
    n_scores: int
    parameters: Floats
    scale: Floats
    parameter_covariance: Floats
    covariate_means: pd.Series
    failed: tuple[tuple[str, str], ...] = ()
    _model: PatternSums = field(repr=False)
    _point: Point = field(repr=False)
    _basis: Floats = field(repr=False)  # coefficients = start + basis @ those of the model
    _shift: Floats = field(repr=False)
    _spell: Floats = field(repr=False)  # (m * p, q) from coefficients to visit and covariate

    @property
    def analysis(self) -> str:
        """Code of the analysis: ``mmrm_unstructured`` ... ``ancova_by_visit``, ``ancova``."""
        if self.structure != "independent":
            return f"mmrm_{self.structure}"
        return "ancova" if len(self.visits) == 1 else "ancova_by_visit"

    def contrast(self, weights: ArrayLike | pd.Series, *, level: float = 0.95) -> Contrast:
        """Estimate a linear combination of coefficients.

        Parameters
        ----------
        weights : array, shape (q,), or Series with index (visit, covariate)
            A weight for each coefficient; those a Series does not name are 0.
        level : float in (0, 1)
            Two-sided confidence level.

        Raises
        ------
        EstimationError
            A coefficient is not of the model, the number of weights is wrong, all are 0, or the
            level is outside (0, 1).

        Notes
        -----
        Satterthwaite: with v the variance of the estimate and g its gradient in the covariance
        parameters, df = 2 v**2 / (g' C g), C the covariance of the parameters. The p-value is
        two-sided, against 0.

        References
        ----------
        Giesbrecht and Burns (1985), Biometrics 41:477. One visit: residual degrees of freedom.
        """
        if isinstance(weights, pd.Series):
            unknown = weights.index.difference(self.coefficients.index)
            if len(unknown):
                raise EstimationError(f"the model has no coefficient {unknown[0]}.")
            weights = weights.reindex(self.coefficients.index, fill_value=0.0)
        row = np.asarray(weights, dtype=float)
        if row.shape != self.coefficients.shape:
            raise EstimationError(
                f"{row.size} weights were given for {self.coefficients.size} coefficients."
            )
        if not np.isfinite(row).all() or not row.any():
            raise EstimationError("the weights of a contrast are finite and not all 0.")
        estimate, se, df, low, high, p = (float(one[0]) for one in self._tests(row[None], level))
        return Contrast(estimate=estimate, se=se, df=df, low=low, high=high, level=level, p=p)

    def marginal_means(
        self, profiles: pd.DataFrame | None = None, *, level: float = 0.95
    ) -> pd.DataFrame:
        """Return the mean at each visit of patients with given covariates.

        Parameters
        ----------
        profiles : DataFrame, shape (k, p)
            Covariate values of k kinds of patients, columns as in the fit (`Design.profiles`); by
            default one row, the mean of all patients with a score. The difference of two profiles
            is a profile as well: its means are the differences between the two.
        level : float in (0, 1)
            Two-sided confidence level.

        Returns
        -------
        DataFrame
            Columns profile, visit, estimate, se, df, low, high, p (against 0); k times m rows.
        """
        if profiles is None:
            profiles = pd.DataFrame([self.covariate_means], index=["all"])
        missing = self.covariates.symmetric_difference(profiles.columns)
        if len(missing):
            raise EstimationError(
                f"profiles have the columns {list(profiles.columns)}; the model has "
                f"{list(self.covariates)}."
            )
        values = profiles[self.covariates].to_numpy(dtype=float)
        m, p = len(self.visits), len(self.covariates)
        rows = np.einsum("kp,apq->kaq", values, self._spell.reshape(m, p, -1)).reshape(
            len(values) * m, -1
        )
        names = pd.MultiIndex.from_product(
            [profiles.index, self.visits], names=["profile", "visit"]
        )
        columns = ("estimate", "se", "df", "low", "high", "p")
        found = dict(zip(columns, self._tests(rows, level), strict=True))
        return names.to_frame(index=False).assign(**found)

    def _tests(self, rows: Floats, level: float) -> tuple[Floats, ...]:
        """Return estimate, standard error, df, limits and p of each row of weights."""
        if not 0 < level < 1:
            raise EstimationError(f"the confidence level is {level}; it lies between 0 and 1.")
        estimate = rows @ self.coefficients.to_numpy()
        reach = rows @ self._basis @ self._point.spread
        variance = np.einsum("rq,rq->r", reach, rows @ self._basis)
        gradient = np.einsum("rq,kqs,rs->rk", reach, self._point.information, reach, optimize=True)
        moved = np.einsum("rk,kl,rl->r", gradient, self.parameter_covariance, gradient)
        with np.errstate(divide="ignore", invalid="ignore"):
            df = 2 * variance**2 / moved
            se = np.sqrt(variance)
            half = stdtrit(df, (1 + level) / 2) * se
            p = 2 * stdtr(df, -np.abs(estimate / se))
        return estimate, se, df, estimate - half, estimate + half, p

    @cached_property
    def _slopes(self) -> Floats:
        """Coefficients by visit and covariate, shape (m, p)."""
        flat = self._spell @ self.coefficients.to_numpy()
        return flat.reshape(len(self.visits), len(self.covariates))

    def predict(self, covariates: pd.DataFrame) -> Floats:
        """Return the mean score of patients at every visit, shape (n, m)."""
        return _numbers(covariates[self.covariates]) @ self._slopes.T

    def draw(self, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
        """Draw coefficients and covariances from their approximate posterior.

        Covariance parameters are normal around the estimate on their unconstrained scale; given
        them the coefficients are exactly normal (flat prior).

        Returns
        -------
        slopes : ndarray, shape (draws, m, p)
            Coefficients by visit and covariate.
        sigmas : ndarray, shape (draws, m, m)

        Raises
        ------
        MmrmError
            Most draws are singular: too little is known of the covariance.
        """
        m, p = len(self.visits), len(self.covariates)
        try:
            root = np.linalg.cholesky(self.parameter_covariance)
        except np.linalg.LinAlgError as error:
            raise MmrmError(
                f"the {self.structure} covariance cannot be drawn: the likelihood is flat around "
                f"its maximum. Take a structure with fewer parameters.", "singular_covariance",
            ) from error  # fmt: skip
        slopes, sigmas = np.empty((draws, m, p)), np.empty((draws, m, m))
        k, q = self._basis.shape[1], len(root)
        together = max(1, NUMBERS_AT_ONCE // (len(self._model.n) * m * m))
        done, tries = 0, 0
        while done < draws:
            some, before = slice(done, min(done + together, draws)), rng.bit_generator.state
            noise = rng.standard_normal((some.stop - done, q + k))
            try:
                with np.errstate(over="ignore", invalid="ignore"):
                    thetas = self.parameters + noise[:, :q] @ root.T
                    sigmas[some] = covariances_at(self.structure, thetas, self.scale)
                    best, spread, _ = self._model.project(self._model.weights(sigmas[some])[0])
                    drawn = best + (np.linalg.cholesky(spread) @ noise[:, q:, None])[:, :, 0]
                if not np.isfinite(drawn).all():
                    raise np.linalg.LinAlgError("infinite")
            except np.linalg.LinAlgError as error:
                rng.bit_generator.state = before
                if together > 1:  # find which of them it was
                    together = 1
                    continue
                rng.standard_normal(q)  # it has no coefficients
                tries += 1
                if tries > 2 * draws:
                    raise MmrmError(
                        f"the {self.structure} covariance is known so badly that most draws of it "
                        f"are singular; take a structure with fewer parameters.",
                        "singular_covariance",
                    ) from error
                continue
            spelled = (self._shift + drawn @ self._basis.T) @ self._spell.T
            slopes[some] = spelled.reshape(-1, m, p)
            done = some.stop
        return slopes, sigmas


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates of patients (n, p), and of the typical patient of each group (k, p)."""

    covariates: pd.DataFrame
    profiles: pd.DataFrame


def build_design(
    patients: pd.Index, *, baseline: pd.Series | None = None, group: pd.Series | None = None
) -> Design:
    """Return the usual covariates: an intercept, the baseline score, and the group.

    Parameters
    ----------
    patients : Index, shape (n,)
        Patients of the scores, in their order.
    baseline : Series of float, index of patients
        Baseline score, none missing.
    group : Series, index of patients
        Arm or condition; the first in sorted order is the reference.

    Returns
    -------
    Design
        Groups have a row of profiles each, at the mean baseline of all patients; without groups
        the row is named ``all``. A group that all patients share, and a baseline that all share,
        say nothing and have no column.

    Raises
    ------
    EstimationError
        There are no patients, or a baseline or group is missing.
    """
    if not isinstance(patients, pd.Index):
        raise EstimationError(f"patients must be the index of the scores, not {patients!r}.")
    if not len(patients):
        raise EstimationError("there are no patients, so there is nothing to model.")
    columns = {"intercept": pd.Series(1.0, index=patients)}
    for name, values in (("baseline", baseline), ("group", group)):
        if values is not None and values.reindex(patients).isna().any():
            n = int(values.reindex(patients).isna().sum())
            raise EstimationError(
                f"{n} of {len(patients)} patients have no {name}; leave them out of the model and "
                f"count them."
            )
    if baseline is not None and len(baseline.reindex(patients).unique()) > 1:
        columns["baseline"] = baseline.reindex(patients).astype(float)
    levels = [] if group is None else sorted(group.reindex(patients).unique())
    dummies = {f"group: {one}": one for one in levels[1:]}
    for name, one in dummies.items():
        columns[name] = (group.reindex(patients) == one).astype(float)  # type: ignore[union-attr]
    covariates = pd.DataFrame(columns)
    profiles = pd.DataFrame([covariates.mean()] * max(len(levels), 1), index=levels or ["all"])
    for name, one in dummies.items():
        profiles[name] = (profiles.index == one).astype(float)
    return Design(covariates, profiles)


def fit_mmrm(
    scores: pd.DataFrame,
    covariates: pd.DataFrame,
    *,
    structure: Structure = "unstructured",
    common: Sequence[str] = (),
) -> MmrmFit:
    """Fit a mixed model for repeated measures by REML.

    Parameters
    ----------
    scores : DataFrame of float, shape (n_patients, m)
        A column a visit, in order of time; NaN where a score is missing. Patients without a score
        say nothing and are left out.
    covariates : DataFrame of float, shape (n_patients, p)
        Same rows; an intercept is a column of ones (`build_design`). Every covariate has a
        coefficient for each visit, none missing.
    structure : Structure
        Covariance between visits.
    common : sequence of str
        Covariates with one coefficient for all visits instead.

    Returns
    -------
    MmrmFit

    Raises
    ------
    MmrmError
        No patient was seen, there is one visit (fit ``independent``: an analysis of covariance), a
        visit nobody was seen at, covariates that cannot be told apart, scores without spread, two
        visits no two patients had both of (unstructured), or a covariance that is singular or has
        no maximum; ``reason`` is the code.
    EstimationError
        Rows do not match, a value is infinite or not a number, or a covariate is missing.

    Notes
    -----
    The deviance is minimised over unconstrained parameters with its exact gradient and Hessian
    (trust region, then Newton steps). Covariates are orthogonalised and scores centred on their
    least-squares fit first, so neither a shift nor another unit changes the fit.

    References
    ----------
    Mallinckrodt et al. (2008), Drug Inf J 42:303. Lindstrom and Bates (1988), JASA 83:1014. Pinned
    to R nlme::gls and emmeans in tests/reference.
    """
    if structure not in (known := ("unstructured", *SCALED)):
        raise EstimationError(f"'{structure}' is no structure; there are {', '.join(known)}.")
    y, x = _numbers(scores), _numbers(covariates)
    if len(scores) != len(covariates):
        raise EstimationError(
            f"{len(scores)} patients have scores and {len(covariates)} covariates; the rows must "
            f"be the same patients."
        )
    unknown = [name for name in common if name not in covariates.columns]
    if unknown:
        raise EstimationError(f"'{unknown[0]}' is no column of the covariates.")
    if np.isnan(x).any():
        n = int(np.isnan(x).any(axis=1).sum())
        raise EstimationError(f"{n} patients lack a covariate; leave them out and count them.")
    visits = scores.columns
    seen = ~np.isnan(y)
    some = seen.any(axis=1)
    if not some.all():
        y, x, seen = y[some], x[some], seen[some]
    _check_visits(visits, seen, structure)
    turn, x = _orthogonal(x, covariates.columns)

    m, p = len(visits), x.shape[1]
    names, spell = _coefficients(visits, covariates.columns, common)
    expand, unscale = np.linalg.qr(np.kron(np.eye(m), turn) @ spell)
    model, at = _summarise(y, x, seen, expand)
    start = _least_squares(model, names, unscale)
    model, y = _centre(model, y, x, seen, at, (expand @ start).reshape(m, p))
    sd, corr = _residual_spread(model)
    size = np.sqrt(np.nanmean(np.where(seen, y**2, np.nan), axis=0))
    scale = max(np.nanmax(np.abs(scores.to_numpy(dtype=float))), np.finfo(float).tiny)
    flat = visits[size <= DEPENDENT * scale]
    if len(flat):
        raise MmrmError(
            f"the scores at {_listed(flat)} have no spread beside what the covariates explain "
            f"(all the same, or as few patients as coefficients); leave the visit out.",
            "no_spread", flat,
        )  # fmt: skip

    unit = np.full(m, sd.mean()) if structure == "ar1" else sd
    theta, point = _maximise(model, structure, sd, unit, corr)
    basis = solve_triangular(unscale, np.eye(len(names)))
    shift = basis @ start
    spread = basis @ point.spread @ basis.T
    n_scores = int(seen.sum())
    logs = 2 * np.log(np.abs(np.diag(unscale))).sum()
    constant = (n_scores - len(names)) * log(2 * pi)
    return MmrmFit(
        structure=structure,
        visits=visits,
        covariates=covariates.columns,
        coefficients=pd.Series(shift + basis @ point.coefficients, index=names),
        coefficient_covariance=pd.DataFrame(spread, index=names, columns=names),
        sigma=pd.DataFrame(
            covariance_at(structure, theta, unit).sigma, index=visits, columns=visits
        ),
        log_likelihood=-float(point.deviance + logs + constant) / 2,
        n_patients=len(y),
        n_scores=n_scores,
        parameters=theta,
        scale=unit,
        parameter_covariance=cho_solve(cho_factor(point.hessian / 2), np.eye(len(theta))),
        covariate_means=covariates[some].mean(),
        _model=model,
        _point=point,
        _basis=basis,
        _shift=shift,
        _spell=spell,
    )


def fit_mmrm_or_simpler(
    scores: pd.DataFrame,
    covariates: pd.DataFrame,
    *,
    common: Sequence[str] = (),
    structures: Sequence[Structure] = SIMPLER,
) -> MmrmFit:
    """Fit the richest model the scores allow; parameters as `fit_mmrm`.

    Visits nobody was seen at, or with equal scores, are left out; then the ``structures``
    are tried in order, to an analysis of covariance at each visit. With one visit that is an
    analysis of covariance.

    Returns
    -------
    MmrmFit
        ``analysis`` names what was used, ``failed`` what was not and why.

    Raises
    ------
    MmrmError
        Nothing can be fitted: nobody was seen, all scores are equal, or the covariates cannot be
        told apart.
    """
    failed: list[tuple[str, str]] = []
    structures = list(structures)
    while True:
        try:
            fit = fit_mmrm(scores, covariates, structure=structures[0], common=common)
        except MmrmError as error:
            if error.visits and len(error.visits) < scores.shape[1]:
                failed += [(str(visit), error.reason) for visit in error.visits]
                scores = scores.drop(columns=list(error.visits))
            elif error.reason == "one_visit":
                failed.append((f"mmrm_{structures[0]}", error.reason))
                structures = ["independent"]
            elif error.reason in ("nobody_seen", "rank_deficient") or len(structures) == 1:
                raise
            else:
                failed.append((f"mmrm_{structures.pop(0)}", error.reason))
        else:
            return replace(fit, failed=tuple(failed))


# Steps of the fit


def _numbers(frame: pd.DataFrame) -> Floats:
    if not isinstance(frame, pd.DataFrame):
        raise EstimationError(
            f"scores and covariates are data frames, a row a patient; found {type(frame).__name__}."
        )
    try:
        values = frame.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise EstimationError(f"scores and covariates are numbers: {error}.") from error
    if np.isinf(values).any():
        raise EstimationError("a score or covariate is infinite.")
    return values


def _listed(visits: Sequence[Hashable]) -> str:
    return ", ".join(str(visit) for visit in visits)


def _check_visits(visits: pd.Index, seen: NDArray[np.bool_], structure: Structure) -> None:
    if not len(visits) or not seen.any():
        raise MmrmError("no patient has a score at any visit.", "nobody_seen")
    empty = visits[~seen.any(axis=0)]
    if len(empty):
        raise MmrmError(
            f"nobody was seen at {_listed(empty)}; leave the visit out.", "nobody_at_visit", empty
        )
    if structure == "independent":
        return
    if len(visits) == 1:
        raise MmrmError(
            f"{visits[0]} is the only visit: nothing is repeated. An analysis of covariance "
            f"(structure 'independent') is the same without a covariance between visits.",
            "one_visit",
        )
    together = seen.T.astype(float) @ seen
    few = np.argwhere(np.triu(together < 2, 1))
    if structure == "unstructured" and len(few):
        one, other = few[0]
        raise MmrmError(
            f"{int(together[one, other])} patients were seen at both {visits[one]} and "
            f"{visits[other]}; their covariance needs two at least. Take a structure with fewer "
            f"parameters.", "too_few_pairs",
        )  # fmt: skip
    if (together - np.diag(np.diag(together))).max() < 2:
        raise MmrmError(
            "no two patients were seen at the same two visits: nothing is known of the covariance "
            "between visits. Take the structure 'independent'.", "too_few_pairs",
        )  # fmt: skip


def _orthogonal(x: Floats, names: pd.Index) -> tuple[Floats, Floats]:
    """Return R and Q of covariates with x = Q R and Q'Q = n I."""
    if len(x) < len(names):
        raise MmrmError(f"{len(x)} patients cannot bear {len(names)} covariates.", "rank_deficient")
    q, r = np.linalg.qr(x)
    length = np.linalg.norm(x, axis=0)
    dependent = np.abs(np.diag(r)) <= DEPENDENT * length
    if dependent.any():
        raise MmrmError(
            f"the covariate '{names[int(dependent.argmax())]}' is 0 or a combination of those "
            f"before it; leave it out.", "rank_deficient",
        )  # fmt: skip
    root = len(x) ** 0.5
    return r / root, q * root


def _coefficients(
    visits: pd.Index, covariates: pd.Index, common: Sequence[str]
) -> tuple[pd.MultiIndex, Floats]:
    """Return names of coefficients, and the matrix that spells them out by visit and covariate."""
    m, p = len(visits), len(covariates)
    shared = covariates.isin(common)
    names = [("all", name) for name in covariates[shared]]
    columns = [np.tile(np.eye(p)[one], m) for one in np.flatnonzero(shared)]
    for visit in range(m):
        for one in np.flatnonzero(~shared):
            names.append((visits[visit], covariates[one]))
            columns.append(np.eye(m * p)[visit * p + one])
    return pd.MultiIndex.from_tuples(names, names=["visit", "covariate"]), np.array(columns).T


Blocks = list[NDArray[np.int64]]


def _summarise(
    y: Floats, x: Floats, seen: NDArray[np.bool_], expand: Floats
) -> tuple[PatternSums, Blocks]:
    """Return the cross-products, and the rows of each pattern."""
    words = np.packbits(seen, axis=1)
    code = words @ (256 ** np.arange(words.shape[1], dtype=object)) if words.shape[1] > 7 else (
        words.astype(np.int64) @ (256 ** np.arange(words.shape[1], dtype=np.int64))
    )  # fmt: skip
    _, inverse, counts = np.unique(code, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1])
    patterns = np.array([seen[at[0]] for at in rows])
    xx = np.array([x[at].T @ x[at] for at in rows])
    xy, yy = _cross(y, x, patterns, rows)
    return PatternSums(patterns, counts.astype(float), xx, xy, yy, expand), rows


def _cross(
    y: Floats, x: Floats, patterns: NDArray[np.bool_], rows: Blocks
) -> tuple[Floats, Floats]:
    m, p = y.shape[1], x.shape[1]
    xy, yy = np.zeros((len(rows), p, m)), np.zeros((len(rows), m, m))
    for one, (pattern, at) in enumerate(zip(patterns, rows, strict=True)):
        part = y[np.ix_(at, pattern)]
        xy[one][:, pattern] = x[at].T @ part
        yy[one][np.ix_(pattern, pattern)] = part.T @ part
    return xy, yy


def _least_squares(model: PatternSums, names: pd.MultiIndex, unscale: Floats) -> Floats:
    """Return ordinary least squares in the basis of the model."""
    m = model.seen.shape[1]
    both = model.seen[:, :, None] & model.seen[:, None, :]
    alone = np.eye(m) * both
    inner = model.expand.T @ sum_by_pattern(alone, model.xx) @ model.expand
    size, axes = np.linalg.eigh(inner)
    if size[0] <= DEPENDENT * size[-1]:
        lost = np.abs(solve_triangular(unscale, axes[:, 0])) * np.linalg.norm(unscale, axis=0)
        visit, covariate = names[int(lost.argmax())]
        raise MmrmError(
            f"the coefficient of '{covariate}' at {visit} cannot be estimated: the patients seen "
            f"there do not differ in it beside the other covariates. Leave out the covariate or "
            f"the visit, or give it one coefficient for all visits.", "rank_deficient",
        )  # fmt: skip
    right = model.expand.T @ (alone @ model.xy.swapaxes(1, 2)).sum(axis=0).ravel()
    return axes @ ((axes.T @ right) / size)


def _centre(
    model: PatternSums, y: Floats, x: Floats, seen: NDArray[np.bool_], rows: Blocks, slope: Floats
) -> tuple[PatternSums, Floats]:
    """Return the model of the residuals: the same likelihood without cancellation."""
    y = y - x @ slope.T
    xy, yy = _cross(y, x, model.seen, rows)
    return replace(model, xy=xy, yy=yy), y


def _residual_spread(model: PatternSums) -> tuple[Floats, Floats]:
    """Return standard deviations and correlations of residuals over the patients with both."""
    both = model.seen[:, :, None] & model.seen[:, None, :]
    n = np.maximum((model.n[:, None, None] * both).sum(axis=0), 1)
    cross = model.yy.sum(axis=0) / n
    sd = np.sqrt(np.maximum(np.diag(cross), np.finfo(float).tiny))
    corr = np.clip(cross / np.outer(sd, sd), -0.95, 0.95)
    np.fill_diagonal(corr, 1.0)
    return sd, corr


def _maximise(
    model: PatternSums, structure: Structure, sd: Floats, scale: Floats, corr: Floats
) -> tuple[Floats, Point]:
    """Return the REML estimate; raise where there is none."""
    n = float(model.n @ model.seen.sum(axis=1))
    last: dict[bytes, Point | None] = {}

    def point(theta: Floats) -> Point | None:
        """Return the likelihood, None where the covariance is not positive definite."""
        key = theta.tobytes()
        if key not in last:
            last.clear()
            try:
                found = model.evaluate(covariance_at(structure, theta, scale))
            except np.linalg.LinAlgError:
                last[key] = None
            else:
                last[key] = found if np.isfinite(found.hessian).all() else None
        return last[key]

    # Outside, the search asks for slopes as well before it turns back.
    def value(theta: Floats) -> float:
        found = point(theta)
        return found.deviance / n if found else OUTSIDE

    def gradient(theta: Floats) -> Floats:
        found = point(theta)
        return found.gradient / n if found else np.zeros_like(theta)

    def hessian(theta: Floats) -> Floats:
        found = point(theta)
        return found.hessian / n if found else np.eye(len(theta))

    def stop_where_singular(theta: Floats) -> None:
        if not _smallest_root(structure, theta, scale) > SINGULAR:
            raise StopIteration

    with np.errstate(all="ignore"):
        theta = minimize(
            value, start_parameters(structure, sd / scale, corr), jac=gradient, hess=hessian,
            method="trust-exact", options={"gtol": 1e-6, "maxiter": 300},
            callback=stop_where_singular,
        ).x  # fmt: skip
        gain, smallest = np.inf, 0.0
        for _ in range(NEWTON_STEPS):
            best = point(theta)
            if best is None:
                break
            smallest = _smallest_root(structure, theta, scale)
            try:
                step = cho_solve(cho_factor(best.hessian), best.gradient)
            except np.linalg.LinAlgError:  # no maximum here
                gain = np.inf
                break
            gain = float(step @ best.gradient)
            if not DONE < gain < 1:
                break
            theta = theta - step
    if not smallest > SINGULAR:
        raise MmrmError(
            f"the {structure} covariance between visits is singular at its maximum: one visit is "
            f"a combination of others. Too few patients for the visits, or equal scores.",
            "singular_covariance",
        )
    if best is None or not gain < CONVERGED:
        raise MmrmError(
            f"the likelihood of the {structure} covariance has no maximum that could be found.",
            "not_converged",
        )
    return theta, best


def _smallest_root(structure: Structure, theta: Floats, scale: Floats) -> float:
    """Return the smallest eigenvalue of the correlation between the visits."""
    sigma = covariance_at(structure, theta, scale).sigma
    sd = np.sqrt(np.diag(sigma))
    return float(np.linalg.eigvalsh(sigma / np.outer(sd, sd))[0])
