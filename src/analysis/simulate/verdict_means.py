"""How often each verdict on a mean percent reduction is said, by simulating clinics.

Pain is a whole number from 0 to 10, so a patient is one of few pairs of scores before and after. A
clinic is then a draw of how many patients make each pair, and thousands are drawn at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from analysis.claims.robustness.judge import judge_arrays
from analysis.claims.robustness.limits import mean_limits
from analysis.simulate.verdict_chances import Rule, Setting, leaving_shares

Floats = NDArray[np.float64]
Samples = tuple[Floats, Floats, Floats]
"""Mean, sample standard deviation and patients counted, of every clinic."""

USUAL_BASELINE, BASELINE_SPREAD = 6.8, 1.4
LOW_SHARE = 0.08
"""Of the patients of a clinic that asks for no least baseline, with 1, 2 or 3 of 10."""

RELIEVED_LEFT, UNRELIEVED_LEFT = 0.28, 0.97
"""Part of the baseline pain that is left, on average, where treatment helps and where not."""

SCORE_SPREAD = 1.5
"""Points: how far scores after the series scatter around that."""

NORMAL_SPREAD_PCT = 35.0
RESPONSE_PCT = 30.0
FLAT = 1e-9
"""Percent. Patients who differ by less are equal: there is no interval."""


@dataclass(frozen=True, eq=False)
class Population:
    """Patients whose percent reductions take few values, in two kinds: relieved, and not.

    Parameters
    ----------
    name : str
    percent : ndarray of float, shape (k,)
        Percent reduction; at most 100.
    relieved, unrelieved : ndarray of float, shape (k,)
        Share of each value among the two kinds; each sums to 1.
    """

    name: str
    percent: Floats
    relieved: Floats
    unrelieved: Floats

    def shares(self, true_mean_pct: float) -> Floats:
        """Return the share of each value where the mean of all patients is this.

        Raises
        ------
        ValueError
            No mixture of the two kinds has that mean.
        """
        low, high = float(self.unrelieved @ self.percent), float(self.relieved @ self.percent)
        part = (true_mean_pct - low) / (high - low)
        if not 0 <= part <= 1:
            raise ValueError(f"a mean of {true_mean_pct:g} % is outside {low:.0f} to {high:.0f} %")
        return part * self.relieved + (1 - part) * self.unrelieved


@dataclass(frozen=True, kw_only=True)
class MeanChances:
    """How often each verdict is said, in [0, 1], over clinics; and the mean of their means.

    Parameters
    ----------
    meets, falls_short, undecided, not_testable : float
    expected_pct : float
        Mean of what the rule estimates, over the clinics in which somebody was rated.
    """

    meets: float
    falls_short: float
    undecided: float
    not_testable: float
    expected_pct: float


@lru_cache(maxsize=1)
def populations() -> dict[str, Population]:
    """Return the three populations of patients by name."""
    usual = np.arange(4.0, 11.0)
    weight = np.exp(-0.5 * ((usual - USUAL_BASELINE) / BASELINE_SPREAD) ** 2)
    weight /= weight.sum()
    some = np.concatenate(([1.0, 2.0, 3.0], usual))
    low = np.concatenate((np.full(3, LOW_SHARE / 3), (1 - LOW_SHARE) * weight))
    found = (
        _scored("scores, baseline 4 or more", usual, weight),
        _scored("scores, any baseline above 0", some, low),
        Population("all or nothing", np.array([0.0, 100.0]), np.eye(2)[1], np.eye(2)[0]),
    )
    return {one.name: one for one in found}


def _scored(name: str, baseline: Floats, weight: Floats) -> Population:
    """Return patients with these baseline scores, whole scores after, 0 to 10."""
    after = np.arange(11.0)
    percent = 100.0 * (1 - after / baseline[:, None])
    relieved, unrelieved = (
        (weight[:, None] * _scores_after(part * baseline)).ravel()
        for part in (RELIEVED_LEFT, UNRELIEVED_LEFT)
    )
    return Population(name, percent.ravel(), relieved, unrelieved)


def _scores_after(centre: Floats) -> Floats:
    """Return the shares of the scores 0 to 10: normal pain, rounded, the ends taking the tails."""
    edges = np.concatenate(([-np.inf], np.arange(10) + 0.5, [np.inf]))
    return np.diff(ndtr((edges - centre[:, None]) / SCORE_SPREAD), axis=1)


def draw_normal(
    rng: np.random.Generator, n: int, *, true_mean_pct: float, clinics: int
) -> dict[Rule, Samples]:
    """Return samples of normal values: what Student's interval was made for."""
    mean = rng.normal(true_mean_pct, NORMAL_SPREAD_PCT / n**0.5, clinics)
    spread = NORMAL_SPREAD_PCT * np.sqrt(rng.chisquare(n - 1, clinics) / (n - 1))
    return {"observed": (mean, spread, np.full(clinics, float(n)))}


def draw_clinics(
    population: Population,
    rng: np.random.Generator,
    n: int,
    *,
    true_mean_pct: float,
    clinics: int,
    setting: Setting,
) -> dict[Rule, Samples]:
    """Draw clinics, some of whose patients leave before they are rated.

    Parameters
    ----------
    population : Population
    rng : numpy.random.Generator
    n : int
        Patients who start, in each.
    true_mean_pct : float
        Mean percent reduction of all who start, were all of them rated.
    clinics : int
    setting : Setting
        Who leaves; its rule is not used. A responder has a reduction of at least 30 %.

    Returns
    -------
    dict of rule to Samples
        ``observed`` (those rated) and ``unchanged`` (all, those who left with a reduction of 0);
        NaN means where nobody was rated.
    """
    shares, percent = population.shares(true_mean_pct), population.percent
    responds = percent >= RESPONSE_PCT
    gone = leaving_shares(float(shares[responds].sum()), setting)
    stay = shares * (1 - np.where(responds, *gone))
    counts = rng.multinomial(n, [*stay, max(1 - stay.sum(), 0.0)], size=clinics)[:, :-1]
    rated = counts.sum(axis=1).astype(float)
    sums, squares = counts @ percent, counts @ percent**2
    return {
        "observed": _samples(sums, squares, rated, rated),
        "unchanged": _samples(sums, squares, np.full(clinics, float(n)), rated),
    }


def _samples(sums: Floats, squares: Floats, n: Floats, rated: Floats) -> Samples:
    known = rated > 0
    mean = np.where(known, sums / np.where(known, n, 1.0), np.nan)
    around = np.maximum(squares - n * np.nan_to_num(mean) ** 2, 0.0)
    spread = np.sqrt(around / np.maximum(n - 1, 1.0))
    return mean, np.where(spread > FLAT, spread, np.nan), n


def chances_of(samples: Samples, *, floor_pct: float) -> MeanChances:
    """Judge every clinic by its 95 % Student interval, and count.

    Parameters
    ----------
    samples : Samples
    floor_pct : float
        Cited floor.
    """
    mean, spread, n = samples
    said = judge_arrays(mean, *mean_limits(mean, spread, n), floor=floor_pct)
    part = {verdict: said.count(verdict) / len(said) for verdict in set(said)}
    return MeanChances(
        meets=part.get("meets", 0.0),
        falls_short=part.get("falls short", 0.0),
        undecided=part.get("undecided", 0.0),
        not_testable=part.get("not testable", 0.0),
        expected_pct=float(np.nanmean(mean)) if np.isfinite(mean).any() else float("nan"),
    )


def skewness(population: Population, true_mean_pct: float) -> float:
    """Return the skewness of a population: below 0 the few lie far below the mean."""
    shares = population.shares(true_mean_pct)
    off = population.percent - true_mean_pct
    return float(shares @ off**3 / (shares @ off**2) ** 1.5)
