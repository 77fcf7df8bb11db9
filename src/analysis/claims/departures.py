"""Where the settings of a run depart from what a claim's reading says."""

from __future__ import annotations

from analysis.claims.ledger import Claim
from analysis.settings import AnalysisSettings
from analysis.wording.words import visit_word

RULES = {
    "confirmed": "loss counts only when the next rating confirms it",
    "near_baseline": "loss counts only when pain is back near baseline",
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
    elif not claim.visit and settings.analysis_visit != default.analysis_visit:
        told.append(f"response is judged at {visit_word(settings.analysis_visit)}")
    if settings.minimum_baseline_score != default.minimum_baseline_score:
        told.append(f"the least baseline pain is {settings.minimum_baseline_score:g}")
    if not told:
        return ""
    return f"This run departs from the reading: {'; '.join(told)}."
