"""The defensible readings of a claim: every choice its words leave open, written down as a list.

Readings that are the same by construction are listed once, so that no choice is counted twice:
"baseline carried forward" is "not responding" for a responder rate, and of those rated at a visit
everyone was rated at least once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import ClassVar

from analysis.claims.ledger import Claim
from analysis.outcomes.responders import THRESHOLDS_PCT
from analysis.settings import AnalysisSettings
from analysis.wording.texts import language_in_force, say
from analysis.wording.words import Words, visit_word

RATE_MEASURES = ("responder_share", "success", "implied_response")
"""Measures of a claim that a responder share answers."""

MINIMUM_BASELINES = (0.0, 3.0, 4.0, 5.0)
"""Score. Trials of chronic pain ask for 3, 4 or 5 of 10; 0 asks only that there be pain."""

FULL_SERIES = 6
"""Infusions of a completed series: the protocol the claims describe."""

RATE_MISSING = ("not_responding", "observed", "best", "last_value")
MEAN_MISSING = ("baseline_value", "observed", "last_value")
"""For means, everyone without a rating free of pain is a bound and no reading: see tipping."""

POPULATIONS = ("all_starters", "completed_series", "rated_once")
BOOSTERS = ("ends_response", "ignored")

RATE_INTERVALS = ("wilson", "exact")
MEAN_INTERVALS = {
    "mean_of_patients": ("t", "normal"),
    "median_of_patients": ("order_statistics",),
    "ratio_of_means": ("fieller", "delta"),
}
"""The bootstrap intervals of the headline tables have no place in a grid of thousands; these need
no resampling and agree with them in all but small samples."""

CHOICE_NAMES = Words("dimensions", within="readings")
"""Titles of the dimensions of the grid."""


@dataclass(frozen=True, kw_only=True)
class Specification:
    """One defensible reading of a claim.

    Parameters
    ----------
    measure : {"responder_share", "percent_reduction"}
    definition : str
        ``percent_reduction`` or ``two_points`` for rates; the three definitions for means.
    threshold_pct : float or None
        Least percent reduction, where the definition has one.
    visit : str
        Analysis visit.
    missing : str
        What those without a rating at the visit count as: ``not_responding``, ``observed`` (left
        out), ``best`` (responding), ``last_value`` (their last rating after day 0; baseline where
        there is none), ``baseline_value`` (unchanged).
    population : {"all_starters", "completed_series", "rated_once"}
        Who started; of them, who had the whole series; or who was rated at least once after day 0.
    minimum_baseline_score : float
        Least baseline, score 0 to 10; 0 means any above 0.
    booster : {"ends_response", "ignored"}
        A booster before the visit is the end of the response (the score counts as the baseline
        one), or nothing.
    interval : str
        How the 95 % interval is made.
    """

    choice_names: ClassVar[Mapping[str, str]] = CHOICE_NAMES

    measure: str
    definition: str
    threshold_pct: float | None
    visit: str
    missing: str
    population: str
    minimum_baseline_score: float
    booster: str
    interval: str

    @cached_property
    def codes(self) -> dict[str, str | float]:
        """Each choice by the names of `CHOICE_NAMES`, in the order shown; not to be changed."""
        return {
            "counts": self.definition if self.threshold_pct is None else self.threshold_pct,
            "visit": self.visit,
            "missing": self.missing,
            "population": self.population,
            "baseline": self.minimum_baseline_score,
            "booster": self.booster,
            "interval": self.interval,
        }

    @cached_property
    def choices(self) -> dict[str, str]:
        """Each choice in words; not to be changed."""
        language = language_in_force()
        return {name: _choice(name, code, language) for name, code in self.codes.items()}


@lru_cache(maxsize=1024)
def _choice(dimension: str, code: str | float, language: str) -> str:
    """Return a choice in words, kept because thousands of readings make the same few."""
    if dimension == "visit":
        return visit_word(str(code))
    if isinstance(code, str):
        return say(f"readings.choices.{code}", n=FULL_SERIES)
    return number_choice(dimension, code)


def number_choice(dimension: str, number: float) -> str:
    """Return a least reduction (``counts``, percent) or a least baseline (score) in words."""
    if dimension == "counts":
        return say("readings.at_least", percent=say("numbers.percent", number=f"{number:g}"))
    return say("readings.baseline", score=f"{number:g}") if number else say("readings.any_baseline")


def headline_of(claim: Claim, settings: AnalysisSettings) -> Specification:
    """Return the reading a claim's verdict rests on, fixed in the ledger and the settings.

    Parameters
    ----------
    claim : Claim
        On a responder share or a percent reduction.
    settings : AnalysisSettings
        For the analysis visit and the least baseline.

    Raises
    ------
    ValueError
        The measure has no grid of readings.
    """
    if not has_readings(claim):
        raise ValueError(f"{claim.measure} has no grid of readings")
    is_rate = claim.measure in RATE_MEASURES
    counted = "not_responding" if is_rate else "baseline_value"
    return Specification(
        measure=RATE_MEASURES[0] if is_rate else claim.measure,
        definition=claim.definition,
        threshold_pct=claim.threshold_pct,
        visit=claim.visit or settings.analysis_visit,
        missing="observed" if claim.population == "observed" else counted,
        population="all_starters",
        minimum_baseline_score=settings.minimum_baseline_score,
        booster="ends_response" if is_rate else "ignored",
        interval=RATE_INTERVALS[0] if is_rate else MEAN_INTERVALS[claim.definition][0],
    )


def has_readings(claim: Claim) -> bool:
    """Return whether a claim's measure and definition have a grid of readings."""
    return claim.measure in RATE_MEASURES or (
        claim.measure == "percent_reduction" and claim.definition in MEAN_INTERVALS
    )


def specifications_of(
    claim: Claim,
    settings: AnalysisSettings,
    *,
    visits: Sequence[str],
    with_infusions: bool = True,
) -> tuple[Specification, ...]:
    """Return every defensible reading of a claim, the headline among them.

    Parameters
    ----------
    claim : Claim
        Where its words name a visit, only that visit is defensible.
    settings : AnalysisSettings
        Their visit, threshold and least baseline join the usual ones.
    visits : sequence of str
        Analysis visits of the export.
    with_infusions : bool
        Without infusions nobody is known to have completed a series.

    Returns
    -------
    tuple of Specification
        Each once; none where the measure has no grid.

    References
    ----------
    Steegen et al. (2016), Perspect Psychol Sci 11:702; Simonsohn et al. (2020), Nat Hum Behav
    4:1208.
    """
    if not has_readings(claim):
        return ()
    headline = headline_of(claim, settings)
    when = (claim.visit,) if claim.visit else tuple(dict.fromkeys([*visits, headline.visit]))
    who = [name for name in POPULATIONS if with_infusions or name != "completed_series"]
    least = sorted({*MINIMUM_BASELINES, headline.minimum_baseline_score})
    is_rate = claim.measure in RATE_MEASURES
    kinds = list(_rate_kinds(headline) if is_rate else _mean_kinds())
    rules = RATE_MISSING if is_rate else MEAN_MISSING
    return tuple(
        Specification(
            measure=headline.measure,
            definition=definition,
            threshold_pct=pct,
            visit=visit,
            missing=missing,
            population=population,
            minimum_baseline_score=minimum,
            booster=booster,
            interval=interval,
        )
        for (definition, pct, interval), visit, missing, population, minimum, booster in product(
            kinds, when, rules, who, least, BOOSTERS
        )
        if (population, missing) != ("rated_once", "observed")  # the same as of all who started
    )


def _rate_kinds(headline: Specification) -> Iterator[tuple[str, float | None, str]]:
    known = {*THRESHOLDS_PCT, headline.threshold_pct} - {None}
    whats: list[tuple[str, float | None]] = [
        ("percent_reduction", pct) for pct in sorted(pct for pct in known if pct is not None)
    ]
    for definition, pct in [*whats, ("two_points", None)]:
        for interval in RATE_INTERVALS:
            yield definition, pct, interval


def _mean_kinds() -> Iterator[tuple[str, float | None, str]]:
    for definition, intervals in MEAN_INTERVALS.items():
        for interval in intervals:
            yield definition, None, interval
