"""The words people read for the codes of the suite. Another language is another file like this."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LONGEST_NAME = 60
"""Names from an export are cut here where they are shown; a site name of 10,000 letters exists."""

VERDICTS = {
    "meets": "Meets",
    "falls short": "Falls short",
    "undecided": "Undecided",
    "not testable": "Not testable",
}
MEASURES = {
    "patients": "Patients",
    "completeness_share": "Seen at the visit",
    "responder_share": "Responders",
    "worsening_share": "Worsened (pain up by 30 % or more)",
    "cumulative_responder_share": "Reduction of at least this much",
    "percent_reduction": "Percent pain reduction",
    "score_mean": "Mean pain score",
    "change_mean": "Mean change of the score",
    "relief_duration": "Median duration of relief",
    "relieved_share": "Still relieved",
    "at_risk": "Followed",
}
DEFINITIONS = {
    "in_file": "in the file",
    "started": "started treatment",
    "never_treated": "without an infusion on record",
    "baseline_zero": "with a baseline of 0: nothing to reduce",
    "baseline_below_minimum": "with a baseline below the minimum",
    "eligible": "counted as starters",
    "no_baseline_rating": "of these without a baseline rating",
    "not_rated": "of these not seen at the visit",
    "observed": "seen at the visit",
    "percent_reduction": "percent reduction",
    "percent_reduction_exact": "percent reduction, exact interval",
    "percent_increase": "percent increase",
    "two_points": "2 points or more",
    "mean_of_patients": "mean of patients' own reductions",
    "mean_of_patients_bca": "the same mean, bootstrap interval",
    "median_of_patients": "median of patients' own reductions",
    "ratio_of_means": "reduction of the mean score",
    "booster_as_loss": "a booster ends relief",
    "booster_as_censoring": "follow-up ends at a booster",
    "booster_ignored": "boosters ignored",
}
POPULATIONS = {
    "all_starters": "all who started; missing = not responding",
    "observed": "only those seen",
    "worst_case": "worst case for those not seen",
    "best_case": "best case for those not seen",
    "responders": "responders",
}
POPULATIONS_SHORT = {
    "all_starters": "all who started",
    "observed": "only those seen",
    "worst_case": "worst case",
    "best_case": "best case",
    "responders": "responders",
}
VISITS = {"baseline": "baseline", "end": "end of series"}
GROUPINGS = {
    "all": "all",
    "subtype": "Subtype",
    "protocol": "Protocol",
    "arm": "Arm",
    "site": "Site",
}
GROUPS = {
    "all": "all",
    "standard": "Standard",
    "high_dose": "High dose",
    "type_1": "Type I",
    "type_2": "Type II",
    "diabetic": "Diabetic neuropathy",
    "post_herpetic": "Post-herpetic neuralgia",
    "peripheral": "Peripheral neuropathy",
    "nerve_injury": "Nerve injury",
    "post_stroke": "Post-stroke pain",
    "spinal_cord_injury": "Spinal cord injury pain",
    "multiple_sclerosis": "Multiple sclerosis pain",
    "migraine": "Migraine",
    "chronic_daily": "Chronic daily headache",
    "cluster": "Cluster headache",
    "female": "Female",
    "male": "Male",
}
CHECK_STATES = {
    "pass": "Pass",
    "pass with findings": "Pass with findings",
    "fail": "Fail",
    "not applicable": "Not applicable",
}
POSITIONS = {
    "below": "below the cited band",
    "across the floor": "across the cited floor",
    "inside": "inside the cited band",
    "across the ceiling": "across the cited ceiling",
    "above": "above the cited band",
    "wider": "wider than the cited band on both sides",
}
STATUSES = {
    "estimated": "estimated",
    "not reached": "not reached",
    "not estimable": "not estimable",
    "no patients": "no patients",
}
UNITS = {
    "share": "percent of patients",
    "percent": "percent",
    "score": "score, 0 to 10",
    "weeks": "weeks",
    "days": "days",
    "count": "count",
}
ALL_CONDITIONS = "All conditions"


def word(table: Mapping[str, str], code: str) -> str:
    """Return the word for a code; an unknown code becomes itself with spaces, cut and cleaned."""
    if code in table:
        return table[code]
    return plain_text(code.replace("_", " ")) if code else ""


def condition_word(code: str, labels: Mapping[str, str]) -> str:
    """Return a condition's label; ``all`` is "All conditions", an unknown code is itself."""
    if code == "all":
        return ALL_CONDITIONS
    return plain_text(labels.get(code, "")) or plain_text(code.replace("_", " ")) or "(no name)"


def visit_word(visit: str) -> str:
    """Return a visit in words: ``week_12`` is "week 12", ``end`` is "end of series"."""
    return word(VISITS, visit)


def visit_week(visit: str) -> float | None:
    """Return the week of a visit after the end of series: ``week_12`` is 12, ``end`` 0; or None."""
    if visit == "end":
        return 0.0
    head, _, number = visit.partition("_")
    return float(number) if head == "week" and number.isascii() and number.isdigit() else None


def plain_text(text: str, *, longest: int = LONGEST_NAME) -> str:
    """Return text safe to show in a line: no control or direction characters, spaces joined, cut.

    Parameters
    ----------
    text : str
        Anything, also from an export.
    longest : int
        Most characters kept; what is cut is shown by an ellipsis.

    Notes
    -----
    Direction overrides (Unicode category Cf) can make a line read as what it is not. Markup is not
    touched here: templates escape it.
    """
    kept = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text[: 4 * longest])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + ELLIPSIS


_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
