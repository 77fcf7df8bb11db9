"""Shares of small groups moved toward the share of all: beta-binomial empirical Bayes.

A share of 7 patients is mostly chance. How much groups differ beyond chance is estimated from all
of them by marginal likelihood, and each group moves the further the fewer patients it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import betaln

from analysis.results import Estimate, no_patients
from analysis.stats.checks import Floats, as_counts, as_numbers, check_same_length

LEAST_GROUPS = 3
"""Of two groups, shrinking toward their own mean gains nothing (Stein 1956)."""

LEAST_LOG, MOST_LOG = np.log(1e-2), np.log(1e6)
"""Range of the log of the prior's patients. At the top the groups are one; at the bottom each
stands for itself."""

GRID = 80
"""Places at which the likelihood is evaluated before its maximum is closed in on."""

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
        Weight of all groups together, in patients: a group of as many moves half of the way. None
        where the groups differ by no more than chance, and each takes the share of all.
    shares : tuple of Estimate
        One for each group as given; without an interval, as those of this method are too narrow
        when its two numbers are themselves estimated from few groups.
    """

    centre: float | None
    prior_patients: float | None
    shares: tuple[Estimate, ...]


def shrink_shares(n_events: ArrayLike, n: ArrayLike) -> ShrunkShares:
    """Shrink shares of groups toward the share of all.

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
        Impossible counts.

    Notes
    -----
    Shares are drawn from Beta(centre * prior, (1 - centre) * prior); both numbers maximize the
    product of the beta-binomial probabilities. The shrunk share is the posterior mean,
    ``(events + centre * prior) / (n + prior)``.

    References
    ----------
    Griffin and Krutchkoff (1971), Biometrika 58:599; Casella (1985), Am Stat 39:83.
    """
    k, m = as_numbers("n_events", n_events), as_numbers("n", n)
    check_same_length(m.size, n_events=k.size)
    k, m = as_counts(k, m)
    some = m > 0
    if some.sum() < LEAST_GROUPS:
        shares = tuple(_shrunk(None, 0, int(size)) for size in m)
        return ShrunkShares(centre=None, prior_patients=None, shares=shares)
    centre, prior = _fit(k[some], m[some])
    values = np.full(k.shape, centre) if prior is None else (k + centre * prior) / (m + prior)
    shares = tuple(
        _shrunk(float(value), int(events), int(size))
        for value, events, size in zip(values, k, m, strict=True)
    )
    return ShrunkShares(centre=centre, prior_patients=prior, shares=shares)


def log_marginal(centre: float, prior: float, n_events: ArrayLike, n: ArrayLike) -> float:
    """Return the beta-binomial log-likelihood of groups, but for the binomial coefficients.

    ``centre`` lies in (0, 1); ``prior`` is above 0, in patients.
    """
    k, m = np.asarray(n_events, dtype=float), np.asarray(n, dtype=float)
    a, b = centre * prior, (1 - centre) * prior
    return float(np.sum(betaln(k + a, m - k + b) - betaln(a, b)))


def _fit(k: Floats, m: Floats) -> tuple[float, float | None]:
    """Return centre and prior patients of greatest likelihood; no prior where groups are alike."""
    share = float(k.sum() / m.sum())
    if share in (0.0, 1.0):
        return share, None
    alike = float(np.sum(k * np.log(share) + (m - k) * np.log1p(-share)))

    def best_centre(log_prior: float) -> tuple[float, float]:
        found = minimize_scalar(
            lambda centre: -log_marginal(centre, float(np.exp(log_prior)), k, m),
            bounds=(1e-9, 1 - 1e-9),
            method="bounded",
            options={"xatol": 1e-12},
        )
        return float(found.x), -float(found.fun)

    places = np.linspace(LEAST_LOG, MOST_LOG, GRID)
    top = int(np.argmax([best_centre(place)[1] for place in places]))
    near = minimize_scalar(
        lambda place: -best_centre(place)[1],
        bounds=(places[max(top - 1, 0)], places[min(top + 1, GRID - 1)]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    centre, height = best_centre(float(near.x))
    if height - alike <= AS_GOOD:
        return share, None
    return centre, float(np.exp(near.x))


def _shrunk(value: float | None, n_events: int, n: int) -> Estimate:
    if n == 0:
        return no_patients(unit="share", method="shrunk")
    if value is None:
        return Estimate(
            value=None, n=n, unit="share", method="shrunk", status="not estimable",
            notes=("few_groups",),
        )  # fmt: skip
    return Estimate(value=value, n=n, n_events=n_events, unit="share", method="shrunk")
