"""Shares of small groups moved towards the share of the whole: beta-binomial empirical Bayes.

A share of 7 patients is mostly chance. How much groups differ beyond chance is estimated from all
of them by marginal likelihood, and each group moves the further the fewer patients it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betaln

from analysis.errors import EstimationError
from analysis.results import Estimate, no_patients
from analysis.wording.texts import say

LEAST_GROUPS = 3
"""Of two groups, shrinking towards their own mean gains nothing (Stein 1956)."""

LEAST_LOG, MOST_LOG = np.log(1e-2), np.log(1e6)
"""Range of the log of the prior's patients. At the top the groups are one; at the bottom each
stands for itself."""

GRID = 80
"""Places at which the likelihood is looked at before its top is closed in on."""

AS_GOOD = 1e-4
"""Log-likelihood. No spread between groups is preferred to one that gains no more than this."""


@dataclass(frozen=True, kw_only=True)
class ShrunkShares:
    """Shares of groups after shrinkage.

    Parameters
    ----------
    centre : float or None
        Mean of the groups' true shares, in [0, 1]; None where it cannot be estimated.
    prior_patients : float or None
        Weight of the whole, in patients: a group of as many moves half of the way. None where the
        groups differ by no more than chance, and each takes the share of the whole.
    shares : tuple of Estimate
        One for each group as given; without an interval, as those of this method are too narrow
        when its two numbers are themselves estimated from few groups.
    """

    centre: float | None
    prior_patients: float | None
    shares: tuple[Estimate, ...]


def shrink_shares(n_events: ArrayLike, n: ArrayLike) -> ShrunkShares:
    """Shrink shares of groups towards the whole.

    Parameters
    ----------
    n_events, n : array of int, shape (n_groups,)
        Events among the patients of each group. A group without patients takes no part.

    Returns
    -------
    ShrunkShares
        ``no patients`` for an empty group, ``not estimable`` where fewer than three have patients.

    Raises
    ------
    EstimationError
        Counts that cannot be.

    Notes
    -----
    Shares are drawn from Beta(centre * prior, (1 - centre) * prior); both numbers maximise the
    product of the beta-binomial probabilities. The shrunk share is the posterior mean,
    ``(events + centre * prior) / (n + prior)``.

    References
    ----------
    Griffin and Krutchkoff (1971), Biometrika 58:599; Casella (1985), Am Stat 39:83.
    """
    k, m = np.asarray(n_events, dtype=float), np.asarray(n, dtype=float)
    if k.shape != m.shape or k.ndim != 1 or not np.all((k >= 0) & (k <= m) & (k % 1 == 0)):
        raise EstimationError("events of groups must be whole numbers from 0 to their patients.")
    some = m > 0
    if some.sum() < LEAST_GROUPS:
        return ShrunkShares(
            centre=None, prior_patients=None, shares=tuple(_alone(int(size)) for size in m)
        )
    centre, prior = _fit(k[some], m[some])
    values = np.full(k.shape, centre) if prior is None else (k + centre * prior) / (m + prior)
    shares = tuple(
        _shrunk(float(value), int(events), int(size))
        for value, events, size in zip(values, k, m, strict=True)
    )
    return ShrunkShares(centre=centre, prior_patients=prior, shares=shares)


def log_marginal(centre: float, prior: float, n_events: ArrayLike, n: ArrayLike) -> float:
    """Return the beta-binomial log-likelihood of groups, but for the binomial coefficients.

    Parameters
    ----------
    centre : float in (0, 1)
    prior : float above 0
        Patients.
    n_events, n : array of int, shape (n_groups,)
    """
    k, m = np.asarray(n_events, dtype=float), np.asarray(n, dtype=float)
    a, b = centre * prior, (1 - centre) * prior
    return float(np.sum(betaln(k + a, m - k + b) - betaln(a, b)))


def _fit(k: NDArray[np.float64], m: NDArray[np.float64]) -> tuple[float, float | None]:
    """Return centre and prior patients of greatest likelihood; no prior where groups are alike."""
    whole = float(k.sum() / m.sum())
    if whole in (0.0, 1.0):
        return whole, None
    with np.errstate(divide="ignore"):
        alike = float(np.sum(k * np.log(whole) + (m - k) * np.log1p(-whole)))

    def best_centre(log_prior: float) -> tuple[float, float]:
        found = minimize_scalar(
            lambda centre: -log_marginal(centre, float(np.exp(log_prior)), k, m),
            bounds=(1e-9, 1 - 1e-9),
            method="bounded",
            options={"xatol": 1e-12},
        )
        return float(found.x), -float(found.fun)

    places = np.linspace(LEAST_LOG, MOST_LOG, GRID)
    heights = [best_centre(place)[1] for place in places]
    top = int(np.argmax(heights))
    bounds = places[max(top - 1, 0)], places[min(top + 1, GRID - 1)]
    near = minimize_scalar(
        lambda place: -best_centre(place)[1], bounds=bounds, method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    centre, height = best_centre(float(near.x))
    if height - alike <= AS_GOOD:
        return whole, None
    return centre, float(np.exp(near.x))


def _shrunk(value: float, n_events: int, n: int) -> Estimate:
    method = say("estimates.shrunk.method")
    if n == 0:
        return no_patients(unit="share", method=method)
    return Estimate(
        value=value,
        n=n,
        n_events=n_events,
        unit="share",
        method=method,
        warnings=(say("estimates.shrunk.label"),),
    )


def _alone(n: int) -> Estimate:
    method = say("estimates.shrunk.method")
    if n == 0:
        return no_patients(unit="share", method=method)
    return Estimate(
        value=None,
        n=n,
        unit="share",
        method=method,
        status="not estimable",
        warnings=(say("estimates.shrunk.few_groups"),),
    )
