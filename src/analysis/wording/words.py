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
    "unfalsifiable": "Unfalsifiable",
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
    "characteristic_share": "Before treatment",
    "characteristic": "Before treatment",
    "relief_duration": "Median duration of relief",
    "relieved_share": "Still relieved",
    "at_risk": "Followed",
    "relief_duration_even_spread": "Median, if losses fall evenly between visits",
    "relief_quartile": "Duration of relief",
    "relief_mean": "Mean weeks of relief, counted up to week 26",
    "relief_duration_by_definition": "Median duration of relief",
    "km_relief_duration": "Median, loss dated at the visit (Kaplan-Meier)",
    "km_relieved_share": "Still relieved, loss dated at the visit (Kaplan-Meier)",
    "cumulative_incidence": "Ended by then",
    "log_rank": "Difference of relief (log-rank p)",
    "parametric_median": "Median, fitted shape",
    "conditional_share": "Still relieved, of those relieved before",
    "time_ratio": "Ratio of relief times",
    "booster_count": "Boosters per starter",
    "booster_gap": "Median weeks to the next booster",
    "series_relief": "Median relief after the series",
    "series_time_ratio": "Ratio of relief times per further series",
    "early_response_share": "Response by the calendar",
    "infusion_slope": "Further fall of pain per infusion",
    "success_share": "Success by another definition",
    "relieved_patients": "Patients on record with relief",
    "session_minutes_share": "Sessions of the cited length",
    "series_share": "Infusions of the initial series",
    "booster_gap_share": "Boosters as far apart as cited",
    "booster_any_share": "Given a booster",
    "recurrence_share": "Pain back after a booster",
    "flag_share": "Treated with a reason not to",
    "pain_duration_share": "Pain for three months or more",
    "failed_treatments_share": "Other treatments failed before",
    "severe_refractory_share": "Severe and refractory",
    "testimonial_share": "Comparable patients who did as well",
    "typical_response_share": "Responders among comparable patients",
    "typical_reduction": "Median reduction of comparable patients",
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
    "percent_reduction_shrunk": "percent reduction, shrunk toward all conditions",
    "percent_increase": "percent increase",
    "two_points": "2 points or more",
    "mean_of_patients": "mean of patients' own reductions",
    "mean_of_patients_bca": "the same mean, bootstrap interval",
    "median_of_patients": "median of patients' own reductions",
    "ratio_of_means": "reduction of the mean score",
    "booster_as_loss": "a booster ends relief",
    "booster_as_censoring": "follow-up ends at a booster",
    "booster_ignored": "boosters ignored",
    "booster_competing": "a booster counts apart from loss",
    "loss": "by loss of relief",
    "booster": "by a booster",
    "weibull": "Weibull",
    "lognormal": "log-normal",
    "by_arm": "between arms",
    "by_protocol": "between protocols",
    "by_subtype": "between subtypes",
    "by_condition": "between conditions",
    "once.end_of_series": "lost once below; from end of series",
    "once.first_response": "lost once below; from first response",
    "once.start": "lost once below; from first infusion",
    "confirmed.end_of_series": "loss confirmed; from end of series",
    "confirmed.first_response": "loss confirmed; from first response",
    "confirmed.start": "loss confirmed; from first infusion",
    "near_baseline.end_of_series": "back near baseline; from end of series",
    "near_baseline.first_response": "back near baseline; from first response",
    "near_baseline.start": "back near baseline; from first infusion",
    "by_day_14": "at a rating of days 1 to 14",
    "days_21_to_28": "at the last rating of days 21 to 28",
    "any_relief": "any reduction",
    "standard_45_to_60": "standard: 45 to 60 minutes",
    "high_dose_4_hours": "high dose: 225 to 255 minutes",
    "completed_six": "six given",
    "six_within_21_days": "six within 21 days",
    "sixth_by_day_21": "the sixth within 21 days",
    "monthly_to_quarterly": "28 to 92 days",
    "mean_month_to_quarter": "30.4 to 91.3 days",
    "by_week_26": "by week 26",
    "at_80_pct_of_baseline": "at 80 % of baseline or more",
    "uncontrolled_hypertension": "uncontrolled hypertension",
    "heart_condition": "heart condition",
    "active_psychosis": "active psychosis",
    "pregnant_or_breastfeeding": "pregnant or breastfeeding",
    "active_substance_abuse": "active substance abuse",
    "three_months": "at the first infusion",
    "at_least_one": "at least one",
    "baseline_7_and_one_failed": "baseline 7 or more, one failed treatment",
}
CHARACTERISTICS = {
    "sex": "Sex",
    "subtype": "Subtype",
    "protocol": "Protocol of the initial series",
    "arm": "Arm",
    "site": "Site",
    "age_years": "Age at the start",
    "pain_years": "Time with pain",
    "baseline_score": "Baseline pain, 0 to 10",
    "prior_treatments_failed": "Treatments that failed before",
    "n_infusions": "Infusions of the initial series",
}
STATISTICS = {
    "median": "median",
    "quartile_1": "lower quartile",
    "quartile_3": "upper quartile",
    "mean": "mean",
    "standard_deviation": "standard deviation",
}
DEFINITIONS |= CHARACTERISTICS | {
    f"{name}_{end}": f"{told.lower()}, {ending}"
    for name, told in CHARACTERISTICS.items()
    for end, ending in STATISTICS.items()
}
POPULATIONS = {
    "all_starters": "all who started; missing = not responding",
    "observed": "only those seen",
    "worst_case": "worst case for those not seen",
    "best_case": "best case for those not seen",
    "responders": "responders",
    "treated": "all who were treated",
    "given_six": "those given six infusions",
    "boosted": "those given boosters",
    "high_dose": "those given the high dose",
    "bounds": "all, whatever was true of those not known",
}
POPULATIONS_SHORT = {
    "all_starters": "all who started",
    "observed": "only those seen",
    "worst_case": "worst case",
    "best_case": "best case",
    "responders": "responders",
    "treated": "treated",
    "given_six": "given six",
    "boosted": "boosted",
    "high_dose": "high dose",
    "bounds": "all, with bounds",
}
VISITS = {
    "baseline": "baseline",
    "end": "end of series",
    "lost_25": "a quarter has lost it",
    "lost_75": "three quarters have lost it",
    "week_12_given_week_4": "week 12, given week 4",
}
GROUPINGS = {
    "all": "all",
    "subtype": "Subtype",
    "protocol": "Protocol",
    "arm": "Arm",
    "site": "Site",
    "series": "Series",
    "gap": "Booster",
    "characteristic": "Part",
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
    "p": "p-value",
    "ratio": "ratio",
    "per starter": "number per starter",
    "years": "years",
    "number": "number",
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
    plain = number.isascii() and number.replace(".", "", 1).isdigit()
    return float(number) if head == "week" and plain else None


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
