"""Where the settings of a run depart from what a claim's reading says."""

from __future__ import annotations

from analysis.claims.ledger import Claim
from analysis.claims.readings import ALL_MEASURES
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say
from analysis.wording.words import visit_word

RULES = {"confirmed": "departures.confirmed", "near_baseline": "departures.near_baseline"}
CLOCKS = {"first_response": "departures.first_response", "start": "departures.start"}
DEFINITIONS = {
    "series_gap_days": "departures.series_gap_days",
    "baseline_window_days": "departures.baseline_window_days",
}
"""Texts for values and settings that depart, by their names."""


def tell_departures(claim: Claim, settings: AnalysisSettings) -> str:
    """Return a sentence on each setting that departs from a claim's reading; empty when none does.

    Parameters
    ----------
    claim : Claim
        Its reading was fixed with the suite's own definitions.
    settings : AnalysisSettings
        Settings of the run.
    """
    default = AnalysisSettings()
    told = []
    if claim.measure == "relief_duration":
        if settings.loss_rule != default.loss_rule:
            told.append(say(RULES[settings.loss_rule]))
        if settings.relief_clock != default.relief_clock:
            told.append(say(CLOCKS[settings.relief_clock]))
    elif _at_visit(claim) and settings.analysis_visit != default.analysis_visit:
        told.append(say("departures.visit", visit=visit_word(settings.analysis_visit)))
    for name, text in DEFINITIONS.items():
        if getattr(settings, name) != getattr(default, name):
            told.append(say(text, days=getattr(settings, name)))
    if settings.minimum_baseline_score != default.minimum_baseline_score:
        score = f"{settings.minimum_baseline_score:g}"
        told.append(say("departures.minimum_baseline", score=score))
    if not told:
        return ""
    return say("departures.told", departures=say("telling.between").join(told))


def _at_visit(claim: Claim) -> bool:
    """Return whether a claim is judged at the visit of the run."""
    measure = ALL_MEASURES.get(claim.measure)
    return not claim.visit and measure is not None and measure.at_visit
