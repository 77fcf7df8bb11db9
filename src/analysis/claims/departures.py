"""Where the settings of a run depart from what a claim's reading says."""

from __future__ import annotations

from analysis.claims.ledger import Claim
from analysis.claims.readings import ALL_MEASURES
from analysis.settings import AnalysisSettings
from analysis.wording.words import visit_word

RULES = {
    "confirmed": "loss counts only when the next rating confirms it",
    "near_baseline": "loss counts only when pain is back near baseline",
}
DEFINITIONS = {
    "series_gap_days": "a series ends at a gap of more than {} days",
    "baseline_window_days": "the baseline is of the {} days up to day 0",
}
CLOCKS = {"first_response": "first response", "start": "the first infusion"}


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
            told.append(RULES[settings.loss_rule])
        if settings.relief_clock != default.relief_clock:
            told.append(f"relief is timed from {CLOCKS[settings.relief_clock]}")
    elif _at_visit(claim) and settings.analysis_visit != default.analysis_visit:
        told.append(f"response is judged at {visit_word(settings.analysis_visit)}")
    for name, words in DEFINITIONS.items():
        if getattr(settings, name) != getattr(default, name):
            told.append(words.format(getattr(settings, name)))
    if settings.minimum_baseline_score != default.minimum_baseline_score:
        told.append(f"the least baseline pain is {settings.minimum_baseline_score:g}")
    if not told:
        return ""
    return f"This run departs from the reading: {'; '.join(told)}."


def _at_visit(claim: Claim) -> bool:
    """Return whether a claim is judged at the visit of the run."""
    measure = ALL_MEASURES.get(claim.measure)
    return not claim.visit and measure is not None and measure.at_visit
