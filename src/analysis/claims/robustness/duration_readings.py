"""The defensible readings of a claim on how long relief lasts, written down as a list.

Loss rules, clocks, boosters, thresholds, populations and least baselines are settings or printed
rows of the suite; nothing is read here that it could not also be set to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product
from typing import ClassVar, get_args

from analysis.claims.ledger import Claim
from analysis.claims.specifications import MINIMUM_BASELINES, number_choice
from analysis.outcomes.losses import ALL_STARTERS, DEFINITIONS, RESPONDERS
from analysis.outcomes.responders import THRESHOLDS_PCT
from analysis.settings import AnalysisSettings, BoosterStrategy, Clock, LossRule
from analysis.wording.texts import language_in_force, say
from analysis.wording.words import Words, visit_week

DURATION_MEASURES = ("relief_duration", "kept_relief")
"""A median in weeks, and a share still relieved at a week."""

COMPETING = "competing"
BETWEEN, AT_VISIT = "between_visits", "at_visit"


@dataclass(frozen=True, kw_only=True)
class DurationReading:
    """One defensible reading of a claim on the duration of relief.

    Parameters
    ----------
    measure : {"relief_duration", "kept_relief"}
    week : float or None
        Week at which the share is read; None for a median.
    threshold_pct : float
        Least percent reduction that counts as relief.
    loss_rule : {"once", "confirmed", "near_baseline"}
    clock : {"end_of_series", "first_response", "start"}
    booster : {"loss", "censoring", "ignored", "competing"}
        Of a median only, ``competing``: who is boosted first never counts as lost.
    population : {"responders", "all_starters"}
        Who did not respond has 0 weeks among all starters.
    minimum_baseline_score : float
        Least baseline, score 0 to 10; 0 means any above 0.
    estimator : {"between_visits", "at_visit"}
        Interval-censored curve with guarded bootstrap interval, or Kaplan-Meier with every loss
        dated at the visit that found it and log-log interval. With ``competing`` always the
        former: losses dated at the earliest and the latest they can be.
    """

    choice_names: ClassVar[Mapping[str, str]] = Words("dimensions", within="robustness")
    """Titles of the dimensions; the keys are their places, the same for every claim."""

    measure: str
    week: float | None
    threshold_pct: float
    loss_rule: LossRule
    clock: Clock
    booster: str
    population: str
    minimum_baseline_score: float
    estimator: str

    @cached_property
    def codes(self) -> dict[str, str | float]:
        """Each choice by the keys of `choice_names`, in the order shown; not to be changed."""
        return {
            "counts": self.threshold_pct,
            "visit": self.clock,
            "missing": self.loss_rule,
            "population": self.population,
            "baseline": self.minimum_baseline_score,
            "booster": self.booster,
            "interval": self.estimator,
        }

    @cached_property
    def choices(self) -> dict[str, str]:
        """Each choice in words; not to be changed."""
        language = language_in_force()
        return {name: _choice(name, code, language) for name, code in self.codes.items()}


@lru_cache(maxsize=1024)
def _choice(dimension: str, code: str | float, language: str) -> str:
    """Return a choice in words, kept because hundreds of readings make the same few."""
    if isinstance(code, str):
        return say(f"robustness.choices.{code}")
    return number_choice(dimension, code)


def has_duration_readings(claim: Claim) -> bool:
    """Return whether a claim is on a median duration, or on a share kept to a named week."""
    if claim.measure not in DURATION_MEASURES or claim.threshold_pct is None:
        return False
    return claim.measure == "relief_duration" or bool(visit_week(claim.visit))


def duration_headline_of(claim: Claim, settings: AnalysisSettings) -> DurationReading:
    """Return the reading the verdict rests on, fixed in the ledger and the settings.

    Parameters
    ----------
    claim : Claim
        One for which `has_duration_readings` holds.
    settings : AnalysisSettings
        For the loss rule, the clock and the least baseline.

    Raises
    ------
    ValueError
        The claim has no readings of duration.
    """
    if not has_duration_readings(claim):
        raise ValueError(f"{claim.measure} has no readings of duration")
    assert claim.threshold_pct is not None
    strategies = {definition: strategy for strategy, definition in DEFINITIONS.items()}
    return DurationReading(
        measure=claim.measure,
        week=visit_week(claim.visit) if claim.measure == "kept_relief" else None,
        threshold_pct=claim.threshold_pct,
        loss_rule=settings.loss_rule,
        clock=settings.relief_clock,
        booster=strategies[claim.definition],
        population=claim.population,
        minimum_baseline_score=settings.minimum_baseline_score,
        estimator=BETWEEN,
    )


def duration_readings_of(
    claim: Claim, settings: AnalysisSettings, *, with_infusions: bool = True
) -> tuple[DurationReading, ...]:
    """Return every defensible reading of a claim on duration, the headline among them.

    Parameters
    ----------
    claim : Claim
    settings : AnalysisSettings
        Their loss rule, clock and least baseline are the headline's.
    with_infusions : bool
        Without infusions there are no boosters to read in one way or another.

    Returns
    -------
    tuple of DurationReading
        Each once; none where the claim has no readings of duration.

    Notes
    -----
    Least baselines other than that of the settings are crossed with thresholds, populations and
    estimators, under the loss rule and clock of the settings and the boosters of the claim: they
    change who is in by a few, and each would cost as many resamplings as all the rest.
    """
    if not has_duration_readings(claim):
        return ()
    headline = duration_headline_of(claim, settings)
    least = sorted({*MINIMUM_BASELINES, headline.minimum_baseline_score})
    boosters = list(get_args(BoosterStrategy)) if with_infusions else [headline.booster]
    kinds = list(product(boosters, (BETWEEN, AT_VISIT)))
    if with_infusions and claim.measure == "relief_duration":
        kinds.append((COMPETING, BETWEEN))
    return tuple(
        replace(
            headline,
            threshold_pct=pct,
            loss_rule=rule,
            clock=clock,
            population=population,
            minimum_baseline_score=minimum,
            booster=booster,
            estimator=estimator,
        )
        for pct in sorted({*THRESHOLDS_PCT, headline.threshold_pct})
        for rule, clock, minimum in _rules(headline, least)
        for population in (RESPONDERS, ALL_STARTERS)
        for booster, estimator in kinds
        if booster == headline.booster or minimum == headline.minimum_baseline_score
    )


def _rules(
    headline: DurationReading, least: list[float]
) -> Iterator[tuple[LossRule, Clock, float]]:
    """Yield every loss rule and clock at the headline's baseline, and its own at the others."""
    for rule, clock in product(get_args(LossRule), get_args(Clock)):
        own = (rule, clock) == (headline.loss_rule, headline.clock)
        for minimum in least if own else [headline.minimum_baseline_score]:
            yield rule, clock, minimum
