"""The words people read for the codes of the suite, and names made safe to show.

Results, datasets and claims carry codes only; a table, a figure and a sentence take the words from
here when they are printed. No code is ever worked out from words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from analysis.settings import DAYS_PER_MONTH, DAYS_PER_WEEK

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LONGEST_NAME = 60
"""Names from an export are cut here where they are shown; a site name of 10,000 letters exists."""


VERDICTS: dict[str, str] = {
    "meets": "Meets",
    "falls short": "Falls short",
    "undecided": "Undecided",
    "not testable": "Not testable",
    "unfalsifiable": "Unfalsifiable",
    "withheld": "Withheld",
}
"""Verdicts of a claim; ``withheld`` stands in a release alone."""


def verdicts_word(verdict: str, count: int) -> str:
    """Return a verdict as it stands behind how many have it: "1 falls short", "2 fall short"."""
    name = VERDICTS[verdict].lower()
    return name if count == 1 else {"meets": "meet", "falls short": "fall short"}.get(name, name)


MEASURES: dict[str, str] = {
    "published": "Published, pooled",
    "fall_seen": "Fall in pain seen, points",
    "expected_fall": "Fall expected from regression to the mean, points",
    "usual_pain_explaining": "Usual pain at which regression to the mean explains the fall",
    "patients": "Patients",
    "completeness_share": "Seen at the visit",
    "responder_share": "Responders",
    "worsening_share": "Worsened (pain up by 30% or more)",
    "cumulative_responder_share": "Reduction of at least this much",
    "percent_reduction": "Percent pain reduction",
    "score_mean": "Mean pain score",
    "change_mean": "Mean change of the score",
    "score_sd": "Standard deviation of the score",
    "change_sd": "Standard deviation of the change",
    "change_mmrm": "Mean fall of the score, modeled over all visits (MMRM)",
    "low_pain_share": "Low pain",
    "responder_difference": "Difference of responders",
    "responder_ratio": "Ratio of responders",
    "reduction_difference": "Difference of mean percent reduction",
    "change_difference": "Difference of the mean fall of the score (MMRM)",
    "relief_difference": "Difference of relief, losses between visits (log-rank p)",
    "characteristic_share": "Before treatment",
    "characteristic": "Before treatment",
    "relief_duration": "Median duration of relief",
    "relieved_share": "Still relieved",
    "seen_relieved": "Seen with relief, then or later",
    "not_seen_again": "Not looked at again by then",
    "relief_duration_even_spread": "Median, if losses fall evenly between visits",
    "relief_quartile": "Duration of relief",
    "relief_mean": "Mean weeks of relief, counted up to the last planned visit",
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
    "exact_relief_duration": "Median duration of relief, ends dated exactly",
    "exact_relief_quartile": "Duration of relief, ends dated exactly",
    "exact_relieved_share": "Still relieved, ends dated exactly",
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
    "asked_share": "Asked about adverse effects",
    "effect_share": "Patients with the effect",
    "effect_infusion_share": "Infusions with the effect",
    "unaffected_share": "Patients without the effect",
    "highest_grade_share": "Patients by their highest grade",
    "mild_share": "Mild (grade 1) at its worst",
    "resolved_share": "Effects resolved after the infusion",
    "event_rate": "Events per 100 patient-years",
    "pressure_share": "Blood pressure at an infusion",
    "oxygen_share": "Oxygen saturation at an infusion",
    "discharge_share": "Discharged after the infusion",
    "dose_share": "Highest standard dose",
    "measured_share": "Measured at every infusion",
    "exposure": "Exposure and vital signs",
    "opioid_reduction_share": "Opioid dose lower, of users at entry",
    "opioid_stopped_share": "No opioid any more, of users at entry",
    "opioid_started_share": "Opioid begun, of those with none at entry",
    "opioid_more_share": "Opioid dose higher, of users at entry",
    "opioid_change": "Change of the opioid dose, of users at entry",
    "responder_opioid_share": "Responders whose opioid dose is known",
    "recorded_share": "Scored at the visit",
    "improved_share": "Better by the minimal important change",
    "worsened_share": "Worse by the minimal important change",
    "questionnaire_change": "Mean change for the better",
    "further_change": "Mean change for the better since the end of the series",
    "protocol_difference": "Responders with the high dose less those with standard",
    "dose_slope": "Further percent reduction, adjusted",
    "dose_trend": "Change of the dose from one booster to the next",
    "interval_trend": "Change of the days between boosters from one to the next",
    "care_difference": "Responders with other care less those without",
    "pgic_agreement": "Agreement of response with PGIC (kappa)",
    "adjusted_share": "Responders, adjusted to the conditions of all",
    "shrunk_share": "Responders, adjusted and moved toward the share of all",
    "control_limits": "Share of all, with the limits of chance",
    "share_trend": "Change per year, adjusted",
    "share_change": "Change since the quarter before",
    "testimonial_share": "Comparable patients who did as well",
    "typical_response_share": "Responders among comparable patients",
    "typical_reduction": "Median reduction of comparable patients",
}
"""What a result measures."""

CHARACTERISTICS: dict[str, str] = {
    "sex": "Sex",
    "subtype": "Subtype",
    "protocol": "Protocol of the initial series",
    "arm": "Arm",
    "site": "Site",
    "age_years": "Age at the start",
    "pain_years": "Time with pain",
    "baseline_score": "Baseline pain",
    "prior_treatments_failed": "Treatments that failed before",
    "n_infusions": "Infusions of the initial series",
}
"""Characteristics of patients before treatment."""

STATISTICS: dict[str, str] = {
    "median": "median",
    "quartile_1": "lower quartile",
    "quartile_3": "upper quartile",
    "mean": "mean",
    "standard_deviation": "standard deviation",
}
"""Statistics of a characteristic."""

DEFINITIONS: dict[str, str] = {
    "in_file": "in the file",
    "started": "started treatment",
    "never_treated": "without an infusion on record",
    "baseline_zero": "with a baseline of 0: nothing to reduce",
    "baseline_below_minimum": "with a baseline below the minimum",
    "eligible": "counted as starters",
    "no_baseline_rating": "of these without a baseline rating",
    "not_due": "of these not yet due at the visit",
    "not_rated": "of these not seen at the visit",
    "observed": "seen at the visit",
    "mean_of_patients_worse_1": "mean of patients' own reductions, the missing worse by a point",
    "mean_of_patients_worse_2": "mean of patients' own reductions, the missing worse by two points",
    "mean_of_patients_judged": "mean of patients' own reductions, limits it is judged on",
    "percent_reduction": "percent reduction",
    "percent_reduction_exact": "percent reduction, exact interval",
    "percent_reduction_sequence": "percent reduction, limits for looking again and again",
    "percent_reduction_score": "percent reduction, score interval",
    "percent_reduction_shrunk": "percent reduction, shrunk toward all conditions",
    "percent_increase": "percent increase",
    "two_points": "2 points or more",
    "mean_of_patients": "mean of patients' own reductions",
    "mean_of_patients_bca": "the same mean, bootstrap interval",
    "median_of_patients": "median of patients' own reductions",
    "mean_of_patients_sequence": "the same mean, limits for looking again and again",
    "ratio_of_means": "reduction of the mean score",
    "mmrm_of_mean_baseline": "modeled fall (MMRM), percent of the mean baseline",
    "mmrm": "mixed model of all visits",
    "at_most_3": "pain of 3 or less",
    "at_most_1": "pain of 1 or less",
    "booster_as_loss": "a booster ends relief",
    "booster_as_censoring": "follow-up ends at a booster",
    "booster_ignored": "boosters ignored",
    "booster_competing": "a booster counts apart from loss",
    "exact_end": "end of relief or next analgesic, as recorded",
    "no_booster": "no booster before",
    "after_booster": "after a booster",
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
    "at_80_pct_of_baseline": "at 80% of baseline or more",
    "uncontrolled_hypertension": "uncontrolled hypertension",
    "heart_condition": "heart condition",
    "active_psychosis": "active psychosis",
    "pregnant_or_breastfeeding": "pregnant or breastfeeding",
    "active_substance_abuse": "active substance abuse",
    "patients": "patients",
    "infusions": "infusions",
    "any_effect": "any effect",
    **{f"grade_{grade}": f"grade {grade}" for grade in range(6)},
    "grade_2_or_more": "grade 2 or more",
    "grade_3_or_more": "grade 3 or more",
    "serious": "serious",
    "hospital_transfer": "transfer to hospital",
    "stopped_infusion": "infusion stopped for it",
    "next_day": "an effect on the next days (1 to 6)",
    "next_day_grade_2": "an effect of grade 2 or more on the next days",
    "later": "an effect from day 7 on",
    "nausea_or_dizziness": "nausea or dizziness",
    "fatigue_or_headache": "fatigue or headache",
    "hangover": "fatigue, headache, drowsiness, dizziness or nausea the next days",
    "breathing": "low oxygen, slowed breathing, airway",
    "urinary": "urinary effects from day 7 on",
    "organ_damage": "damage to liver or bladder",
    "liver": "liver enzymes or injury",
    "dependence": "craving or misuse",
    "dissociation": "dissociation",
    "perceptual_change": "changes in perception",
    "drowsiness": "drowsiness or sedation",
    "nausea": "nausea",
    "dizziness": "dizziness",
    "fatigue": "fatigue",
    "headache": "headache",
    "hypertension": "blood pressure raised",
    "peak_180_110": "peak at or above 180/110 mmHg",
    "rise_40_25": "rise of 40/25 mmHg or more",
    "slight_rise": "always below 180/110 mmHg and a rise of 40/25 mmHg",
    "below_90": "below 90%",
    "within_15_to_30_minutes": "after 15 to 30 minutes",
    "within_30_minutes": "within 30 minutes",
    "below_1_mg_per_kg": "below 1 mg/kg",
    "pressure_and_oxygen": "peak pressure and lowest oxygen",
    "15_minutes": "by 15 minutes",
    "30_minutes": "by 30 minutes",
    "60_minutes": "by 60 minutes",
    "240_minutes": "by 240 minutes",
    "dose": "mean dose of a patient, mg/kg",
    "cumulative_dose": "dose so far, mg/kg",
    "systolic_rise": "systolic rise, mmHg",
    "diastolic_rise": "diastolic rise, mmHg",
    "lowest_oxygen": "lowest oxygen saturation, %",
    "discharge_minutes": "minutes to discharge",
    "cdc_2022": "MME, CDC 2022",
    "cdc_2016": "MME, CDC 2016",
    "cdc_2022_pain_no_worse": "MME, CDC 2022, without more pain",
    "cdc_2016_pain_no_worse": "MME, CDC 2016, without more pain",
    "cdc_2022_mean": "MME, CDC 2022, mean",
    "cdc_2016_mean": "MME, CDC 2016, mean",
    "cdc_2022_median": "MME, CDC 2022, median",
    "cdc_2016_median": "MME, CDC 2016, median",
    "increase_ignored": "a higher opioid dose ignored",
    "increase_ends_response": "a higher opioid dose ends the response",
    "pain": "pain",
    "pain_interference": "pain interference",
    "function": "physical function",
    "sleep": "sleep",
    "mood": "mood",
    "global": "global impression (PGIC)",
    "quality_of_life": "quality of life",
    "opioids": "opioids",
    "unadjusted": "unadjusted",
    "standardized": "standardized over baseline, age, sex, site",
    "per_0.1_mg_per_kg": "with 0.1 mg/kg more",
    "per_infusion": "with one more infusion of the series",
    "per_week_between_boosters": "with one week more between boosters",
    "physical_therapy": "physical therapy",
    "psychology": "psychological treatment",
    "other_medication": "other pain medication",
    "three_months": "at the first infusion",
    "at_least_one": "at least one",
    "baseline_7_and_one_failed": "baseline 7 or more, one failed treatment",
}
"""Which of several definitions of a measure."""

POPULATIONS: dict[str, str] = {
    "all_starters": "all who started; missing = not responding",
    "imputed": "all who started; missing imputed",
    "observed": "only those seen",
    "worst_case": "worst case for those not seen",
    "best_case": "best case for those not seen",
    "modeled": "all seen once or more; missing at random",
    "responders": "responders",
    "responders_early": "responders; not seen again = lost right after last seen",
    "responders_late": "responders; each loss at the visit that showed it",
    "recorded": "those whose relief was timed",
    "treated": "all who were treated",
    "asked": "of those asked about it",
    "reported": "all who were treated, as far as reported",
    "effects": "effects with a time of resolution",
    "effects_worst": "effects; not seen to resolve = lasting",
    "effects_best": "effects; not seen to last = resolved",
    "given_six": "those given six infusions",
    "boosted": "those given boosters",
    "high_dose": "those given the high dose",
    "bounds": "all, whatever was true of those not known",
}
"""Who is counted, and what a missing rating means."""

POPULATIONS_SHORT: dict[str, str] = {
    "all_starters": "all who started",
    "imputed": "missing imputed",
    "observed": "only those seen",
    "worst_case": "worst case",
    "best_case": "best case",
    "modeled": "seen at least once",
    "responders": "responders",
    "responders_early": "earliest losses",
    "responders_late": "latest losses",
    "recorded": "relief timed",
    "treated": "treated",
    "asked": "asked",
    "reported": "reported",
    "effects": "effects",
    "effects_worst": "worst case",
    "effects_best": "best case",
    "given_six": "given six",
    "boosted": "boosted",
    "high_dose": "high dose",
    "bounds": "all, with bounds",
}
"""The same where space is short."""

VISITS: dict[str, str] = {
    "baseline": "baseline",
    "end": "end of series",
    "lost_25": "a quarter has lost it",
    "lost_75": "three quarters have lost it",
    "week_12_given_week_4": "week 12, given week 4",
    "days_1_to_14": "days 1 to 14",
    "days_21_to_28": "days 21 to 28",
}
"""Visits that are not a week."""

GROUPINGS: dict[str, str] = {
    "all": "all",
    "subtype": "Subtype",
    "protocol": "Protocol",
    "arm": "Arm",
    "arm_pair": "Arms",
    "protocol_pair": "Protocols",
    "site": "Site",
    "quarter": "Quarter of the first infusion",
    "quarter_pair": "Quarters",
    "series": "Series",
    "gap": "Booster",
    "characteristic": "Part",
}
"""Columns results are split by."""

GROUPS: dict[str, str] = {
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
    "not recorded": "not recorded",
}
"""Values of those columns that the suite knows."""

CLOCKS: dict[str, str] = {
    "end_of_series": "the end of the series",
    "first_response": "the first rating with relief",
    "start": "the first infusion",
}
"""From when relief is timed."""

READING_DIMENSIONS: dict[str, str] = {
    "outcome": "What counts",
    "visit": "When",
    "clock": "Timed from",
    "loss_rule": "Lost when",
    "patients": "Who",
    "population": "Who",
    "minimum_baseline": "Minimum baseline",
    "booster": "Boosters",
    "interval": "Interval",
    "estimator": "Losses",
    "grade": "Grade",
    "window": "Days",
    "solicited": "Which",
    "mild": "Mild",
    "limit": "Limit",
    "infusions": "Of a patient",
    "factors": "MME factors",
    "amount": "How much less",
    "pain": "Pain then",
}
"""What readings of a claim differ in; columns of `analysis.claims.multiverse.Multiverse`."""

READING_CHOICES: dict[str, dict[str, str]] = {
    "outcome": {
        "two_points": "2 points or more",
        "mean_of_patients": "mean of patients' own percent",
        "median_of_patients": "median of patients' own percent",
        "ratio_of_means": "fall of the mean score",
    },
    "clock": {
        "end_of_series": "timed from the end of the series",
        "first_response": "timed from the first response",
        "start": "timed from the first infusion",
    },
    "loss_rule": {
        "once": "lost at one rating below",
        "confirmed": "lost when a next rating confirms",
        "near_baseline": "lost when back near baseline",
    },
    "patients": {
        "all_starters": "all who started",
        "completed_series": "6 infusions or more",
        "rated_once": "rated at least once",
    },
    "population": {
        "responders": "responders only",
        "all_starters": "all who started, others 0 weeks",
    },
    "booster": {
        "ends_response": "a booster ends response",
        "ignored": "boosters ignored",
        "loss": "a booster ends relief",
        "censoring": "nothing known after a booster",
        "competing": "boosters compete with loss",
    },
    "interval": {
        "wilson": "Wilson interval",
        "exact": "exact interval",
        "t": "Student interval",
        "normal": "normal interval",
        "order_statistics": "order-statistics interval",
        "fieller": "Fieller interval",
        "delta": "delta-method interval",
    },
    "grade": {"grade_1": "any grade", "grade_2": "grade 2 or more", "grade_3": "grade 3 or more"},
    "window": {
        "any": "at any time",
        "infusion": "to the day after an infusion",
        "next_day": "on days 1 to 6",
        "later": "from day 7 on",
    },
    "solicited": {
        "solicited_or_not": "solicited or volunteered",
        "solicited_only": "solicited only",
    },
    "mild": {"up_to_1": "grade 1", "up_to_2": "up to grade 2"},
    "limit": {
        "pressure 180/110, rise 40/25": "below 180/110, rise below 40/25 mmHg",
        "pressure 180/110, rise 20/10": "below 180/110, rise below 20/10 mmHg",
        "pressure 160/100, rise 40/25": "below 160/100, rise below 40/25 mmHg",
        "pressure 160/100, rise 20/10": "below 160/100, rise below 20/10 mmHg",
        "oxygen 90": "below 90%",
        "oxygen 88": "below 88%",
        "oxygen 85": "below 85%",
        "discharge 15 to 30": "15 to 30 minutes",
        "discharge 10 to 35": "10 to 35 minutes",
        "discharge up to 30": "up to 30 minutes",
        "dose 1": "below 1 mg/kg",
        "dose 2": "below 2 mg/kg",
    },
    "infusions": {"worst": "every infusion", "median": "median infusion"},
    "factors": {"cdc_2022": "CDC 2022 factors", "cdc_2016": "CDC 2016 factors"},
    "amount": {"30": "30% less", "50": "50% less"},
    "pain": {"no_worse": "without more pain", "any": "whatever the pain"},
    "estimator": {
        "between_visits": "losses lie between visits",
        "at_visit": "losses dated at the visit",
    },
}
"""Choices of a reading in words; a threshold, a visit and a baseline are worded from their number
(`analysis.claims.multiverse.choice_word`)."""

CHECK_STATES: dict[str, str] = {
    "pass": "Pass",
    "pass with findings": "Pass with findings",
    "fail": "Fail",
    "not applicable": "Not applicable",
}
"""Answers of a check of the data."""

POSITIONS: dict[str, str] = {
    "below": "below the cited band",
    "across the floor": "across the cited floor",
    "inside": "inside the cited band",
    "across the ceiling": "across the cited ceiling",
    "above": "above the cited band",
    "wider": "wider than the cited band on both sides",
}
"""Where an interval lies against a cited range."""

ROLES: dict[str, str] = {
    "other recall": "other recall",
    "patient never treated": "patient never treated",
    "before the baseline window": "before the baseline window",
    "during the series": "during the series",
    "between or after the visit windows": "between or after the visit windows",
    "another rating stands for the visit": "another rating stands for the visit",
}
"""What a rating is used for, where it is not a visit."""

EXCLUSIONS: dict[str, str] = {
    "blank row": "blank row",
    "header line repeated": "header line repeated",
    "unreadable value": "unreadable value",
    "no score recorded": "no score recorded",
    "no infusion recorded": "no infusion recorded",
    "no effect recorded": "no effect recorded, and none asked about",
    "no dose recorded": "no dose recorded",
    "no name of the event": "no name of the event",
    "unknown infusion": "unknown infusion",
    "resolved before it began": "resolved before it began",
    "dose without drug": "dose without drug",
    "repeated dose": "repeated dose",
    "no end of relief recorded": "no end of relief recorded",
    "further row of the same patient": "further row of the same patient",
    "no patient id": "no patient id",
    "no date and no study day": "no date and no study day",
    "no scale named": "no scale named",
    "duplicate patient": "duplicate patient",
    "repeated infusion": "repeated infusion",
    "score outside scale": "score outside scale",
    "unknown condition": "unknown condition",
    "unknown patient": "unknown patient",
    "value out of range": "value out of range",
}
"""Why a record of the export is not used."""

METHODS: dict[str, str] = {
    "count": "count",
    "tableone": "tableone (Pollard 2018, JAMIA Open 1:26), patients counted as starters",
    "on_record": "count of those on record, hence a lower bound",
    "seen": "count of patients by the last rating that showed relief",
    "wilson": "Wilson score interval",
    "clopper_pearson": "exact interval (Clopper-Pearson)",
    "rule_of_three": "nobody has it: one-sided exact upper limit (rule of three)",
    "wilson_effective": "Wilson score interval at the effective sample size of infusions that are "
    "alike within a patient",
    "poisson_exact": "exact Poisson interval (Garwood)",
    "kaplan_meier_clustered": "Kaplan-Meier; log-log interval, events of a patient together",
    "at_least": "at least so many: lower Wilson limit; the upper counts everybody not known as "
    "having it",
    "order_statistics": "median with distribution-free interval (order statistics)",
    "standardized": (
        "difference of shares, standardized by logistic regression (g-formula); interval from the "
        "estimating equations"
    ),
    "least_squares": "least squares, robust (HC3) interval",
    "mixed_trend": (
        "mixed model with an intercept for each patient (REML), slope within patients, normal "
        "interval"
    ),
    "binomial_limits": (
        "share of all; exact binomial limits about it for as many patients (99.8%), wider where "
        "groups differ by more than chance"
    ),
    "adjusted": (
        "share of the group, plus the share of all, less what its conditions lead one to expect"
    ),
    "cohens_kappa": "Cohen's kappa with its asymptotic interval (Fleiss, Cohen and Everitt 1969)",
    "bounds": "Wilson score intervals of the worst and the best case for those not known",
    "t": "mean with Student t interval",
    "mean_bca": "mean with BCa bootstrap interval",
    "median_bca": "median with BCa bootstrap interval",
    "ratio_bca": "ratio of means with BCa bootstrap interval",
    "shrunk": "share shrunk toward that of all groups (beta-binomial, empirical Bayes)",
    "kaplan_meier": "Kaplan-Meier, loss dated at the visit that found it; log-log interval",
    "kaplan_meier_exact": "Kaplan-Meier of times as recorded; log-log interval",
    "kaplan_meier_mean": (
        "Kaplan-Meier restricted mean, Greenwood-type standard error, normal interval"
    ),
    "npmle": (
        "interval-censored (Turnbull) curve; guarded bootstrap interval over patients (at most "
        "1,000 resamples), which holds wherever between two visits relief ended"
    ),
    "npmle_curve": (
        "Turnbull NPMLE for (left, right] intervals; inside an undetermined region its "
        "loss is spread evenly"
    ),
    "npmle_planned": (
        "interval-censored (Turnbull) curve read at the planned visits, a straight line "
        "between them; limits: the planned visits at which the guarded bootstrap interval "
        "of the share is past it"
    ),
    "npmle_series": (
        "interval-censored (Turnbull) curve read at the planned visits, a straight "
        "line between them; limits: the visits at which the guarded bootstrap interval of "
        "the share (at most 500 resamples) is past one half; the next series ends relief"
    ),
    "aalen_johansen": "Aalen-Johansen, loss dated at the visit that found it; log-log interval",
    "competing_median": (
        "time at which half have lost relief, boosters competing (Aalen-Johansen, loss "
        "dated midway between visits; limits from dating every loss at the earliest and "
        "at the latest it can be)"
    ),
    "mean_cumulative_count": "mean cumulative count (Nelson-Aalen type), robust standard error",
    "beta_binomial_sequence": (
        "confidence sequence (beta-binomial mixture): holds at all looks together"
    ),
    "asymptotic_sequence": (
        "confidence sequence (normal mixture, asymptotic): holds at all looks together from the "
        "20th patient on"
    ),
    "bernstein_sequence": (
        "confidence sequence (empirical Bernstein, bounded values): holds at all looks together"
    ),
    "reml_hartung_knapp": "random effects (REML), Hartung-Knapp limits with a floor",
    "binomial_normal": "binomial-normal model of the logits of shares, limits from t with k - 1",
    "pooled_exact": "all patients together, exact (Clopper-Pearson) limits",
    "pearson": "Pearson's correlation, Fisher's limits",
    "regression_to_the_mean": "expected from regression to the mean (Mee and Chua; Ostermann)",
    "standard_deviation": "standard deviation (n \N{MINUS SIGN} 1)",
    "mmrm_unstructured": "mixed model of all visits (MMRM), unstructured covariance, REML, "
    "Satterthwaite interval",
    "mmrm_heterogeneous_cs": "mixed model of all visits (MMRM), heterogeneous compound symmetry, "
    "REML, Satterthwaite interval",
    "mmrm_ar1": "mixed model of all visits (MMRM), first-order autoregressive covariance, REML, "
    "Satterthwaite interval",
    "ancova_by_visit": "analysis of covariance at each visit",
    "ancova": "analysis of covariance",
    "welch": "difference of means, Welch's interval",
    "newcombe_imputed": (
        "difference of shares, missing outcomes imputed; Newcombe's interval from the limits of "
        "the two pooled shares"
    ),
    "newcombe": "difference of shares, Newcombe's hybrid score interval",
    "miettinen_nurminen": "difference of shares, score interval (Miettinen and Nurminen)",
    "miettinen_nurminen_ratio": "ratio of shares, score interval (Miettinen and Nurminen)",
    "log_rank_interval": (
        "log-rank test for losses between visits (Sun's scores, permutation variance)"
    ),
    "log_rank": "log-rank test; loss dated at the visit",
    "log_rank_stratified": "log-rank test, stratified by condition; loss dated at the visit",
    "aft_weibull": "Weibull accelerated failure time, interval-censored; delta-method interval",
    "aft_lognormal": (
        "log-normal accelerated failure time, interval-censored; delta-method interval"
    ),
    "series_ratio": (
        "Weibull accelerated failure time, interval-censored, the next series ends "
        "relief; of patients with more than one series; t interval of the log ratio, "
        "leaving out groups of patients"
    ),
    "likelihood": (
        "mean; the outer limits of its own interval and of the nonparametric likelihood of all "
        "distributions on the scale, which minds tails that nobody was seen in"
    ),
    "multiple_imputation": (
        "missing outcomes imputed at random from a mixed model of all visits, pooled over the "
        "imputed data sets (shares in Wilson's form, means by Rubin's rules)"
    ),
    "none": "not computed",
}
"""How a number was made."""

WHICH_LIMITS = (
    "Read the limits for one look where the day of the analysis was fixed in advance, those for "
    "looking again where it is run again on a growing export and acted on as soon as a limit suits."
)
"""Which of an interval and a confidence sequence to read (docs/decisions/0048)."""

POINTS = "0 to 10"
"""The scale that scores are brought to, where their own has a known end."""

OPEN_SCALE = "open_scale"
"""The note of scores on a scale without a known end."""

NOTES: dict[str, str] = {
    "after_last_look": (
        "That is after the last look (week {0}): a number would be the shape's alone."
    ),
    "few_comparable": "Fewer than {0} comparable patients: too few to call a result typical.",
    "few_losses": "{0} were seen to lose relief; a fitted shape asks for at least {1}.",
    "imputed": "{0} without a rating are imputed, as if missing at random.",
    "not_imputed": "The scores bear no model to impute the missing ones from.",
    "no_points": (
        "The scale of the scores has no known end, so a number of points of 10 says nothing on it."
    ),
    "open_scale": (
        "Scores are on {0}, from {1} (no pain) up, and where it ends is not known: they are in its "
        "own points."
    ),
    "own_scale": "Scores on {0}, from {1} (no pain) to {2}, are brought to 0 to 10.",
    "no_end": "The fit leaves this number open: its limits are without end.",
    "timed_of": (
        "{0} of {1} who started have a recorded end of relief, or were seen with it still lasting; "
        "of the others nothing is assumed. Timed from the last infusion of the series that has one."
    ),
    "no_infusions": "The export has no infusions.",
    "no_infusions_to_count": "The export has no infusions, so boosters cannot be counted.",
    "no_maximum": (
        "The likelihood has no maximum: one time, or one covariate, fits every patient."
    ),
    "no_maximum_early": (
        "Nobody was seen with relief after the clock began: how early it ended is open, so no "
        "shape can be fitted."
    ),
    "no_maximum_endless": (
        "The best fit spreads the ends of relief without end, from at once to never: no shape of "
        "this kind fits."
    ),
    "no_maximum_one_look": (
        "Everybody was looked at but once, at one time: one share cannot tell the two numbers of a "
        "shape."
    ),
    "no_minutes": "The length of no session is recorded.",
    "no_relief": "Nobody was seen to have relief that could be timed.",
    "nobody_started": "No patient started.",
    "not_at_end": "Nobody was rated at the end of the series, so relief cannot be timed from it.",
    "not_followed": "Nobody was rated after the end of the series.",
    "not_known": "Of not one patient is it known.",
    "not_rated_days": "Nobody was rated on days {0} to {1}.",
    "not_rated_twice": "Nobody was rated after two different infusions of the series.",
    "not_recorded": "Not recorded: no treated patient has a value of `{0}`.",
    "one_series": "Relief was shown after fewer than two numbers of series: nothing to compare.",
    "silent_week": (
        "All losses lie between two visits around week {0}: the share there is not known."
    ),
    "unstable_fit": "The fit hangs on a few patients, so there is no interval.",
    "unrated_after_booster": "Nobody with relief was rated after a booster.",
    "few_to_compare": "{0} in the smaller group; at least {1} are asked for.",
    "no_overlap": (
        "The groups do not overlap: only {0}% of the patients have a counterpart in the other, "
        "so nothing is compared."
    ),
    "model_separated": "The model has no maximum: a covariate tells who responds.",
    "never_changed": "No patient's own value ever changed.",
    "trend_not_fitted": "The mixed model could not be fitted.",
    "stopped_early": (
        "Who stops early often stops because nothing helped: it is not what one more would do."
    ),
    "sooner_if_lost": (
        "Who loses relief comes sooner: a short interval can be the result and not the reason."
    ),
    "dose_told": "Too few patients, or all of one dose, or covariates that tell the dose.",
    "arms_together": "Patients of different arms are counted together in this number.",
    "allocation_randomized": (
        "Patients were randomized to arms; a protocol that is no arm was not given at random."
    ),
    "allocation_not_randomized": (
        "Patients were not randomized: a difference may be one between patients."
    ),
    "allocation_unknown": (
        "The export does not say whether patients were randomized: a difference may be one "
        "between patients."
    ),
    "limits_widened": (
        "The limits are {0} times as wide as those of chance alone, by how far the shares scatter."
    ),
    "long_run": (
        "{0} in a row lie on one side of the share of all, where chance explains up to {1}."
    ),
    "between_patients": "A difference between patients, who were not allocated by chance.",
    "seen_without_change": "{0} of those seen have no baseline: how far pain fell is not known.",
    "boosted_count_not": "{0} had a booster before this visit and count as not responding.",
    "boosted_rated": "{0} were rated after a booster; their rating is in it.",
    "came_back": (
        "Later numbers hold only patients who came back for more, so the numbers are not "
        "compared like groups."
    ),
    "dated_at_visit": "Loss is dated at the visit that found it, so shares lost are low before it.",
    "not_allocated": "Nobody is allocated to these groups: a difference is one between patients.",
    "others_one": "{0} who did not respond, or had no rating, has 0 weeks of relief.",
    "others_many": "{0} who did not respond, or had no rating, have 0 weeks of relief.",
    "prompted": (
        "Boosters brought patients in between planned visits, sooner when relief was "
        "lost: numbers between the planned visits lean on those looks, and their interval "
        "may be too narrow."
    ),
    "runs_late": "Loss is dated at the visit that found it, so the number is late (too high).",
    "seen_to": (
        "Everyone is followed to the last rating or infusion; who left is not counted after."
    ),
    "unrated_as_none": "{0} without a score at this visit count as no reduction.",
    "rule_confirmed": "Relief counts as lost only when the next rating confirms it.",
    "rule_near_baseline": "Relief counts as lost only when pain is back near baseline.",
    "clock_first_response": "Timed from the first rating with relief, of everyone who had one.",
    "clock_start": "Timed from the first infusion, so the weeks of the series are in it.",
    "nobody_seen": "Nobody was rated at this visit.",
    "infusions_of_patients": "Infusions of {0} patients; those of a patient are alike.",
    "not_assessed": "Not assessed: nobody is on record as asked about it.",
    "asked_by_effect_only": (
        "Not assessed: only those who reported an effect are on record as asked then, so there is "
        "no denominator."
    ),
    "at_least_reported": (
        "As far as reported: who was not asked may have had it too, so it is at least so many."
    ),
    "at_most_unaffected": (
        "As far as reported: who was not asked may have had one too, so it is at most so many."
    ),
    "effects_not_timed": "No effect has a time at which it resolved, or had not.",
    "model_nobody_seen": "No patient with a baseline was rated at a visit that is due.",
    "model_nobody_at_visit": "Nobody with a baseline was rated at this visit.",
    "model_few_at_visit": (
        "Too few were rated at this visit, or nobody of an arm: the model leaves it out."
    ),
    "model_no_spread": (
        "The scores at this visit are all the same beside baseline and arm, or there are as few "
        "patients as numbers to estimate."
    ),
    "model_rank_deficient": "Patients are too few, or too alike, to tell baseline and arm apart.",
    "model_arms_not_told_apart": (
        "The arms cannot be told apart in the model, which is fitted without them."
    ),
    "model_no_interval": "The model leaves no degrees of freedom for an interval.",
    "simpler_one_visit": "One visit was rated, so nothing is repeated.",
    "simpler_too_few_pairs": (
        "{0} covariance not fitted: fewer than two patients were seen at both of two visits."
    ),
    "simpler_singular_covariance": (
        "{0} covariance not fitted: it is singular, too little is known of it."
    ),
    "simpler_not_converged": "{0} covariance not fitted: the fit did not converge.",
    "simpler_no_spread": "{0} covariance not fitted: scores have no spread.",
    "one_patient": "One patient: there is no interval.",
    "one_value": "One patient has no spread to measure.",
    "no_spread": "Every value, or every resample, gives the same number: there is no interval.",
    "nothing_known": "Not one patient has a known value: nobody was rated.",
    "early_look": "Fewer than {0} patients: too few for limits that hold at all looks.",
    "empty_group": "One of the groups has nobody with a known value: there is nothing to compare.",
    "one_in_group": "One of the groups has one patient: there is no interval.",
    "no_events": "Nobody in either group has the event: there is no ratio.",
    "no_events_second": "Nobody in the second group has the event: a ratio has no value, only a "
    "lower limit.",
    "few_groups": "Fewer than three groups have patients: how much groups differ is not known.",
    "none_lost": "Nobody has lost relief by then: exact (Clopper-Pearson) limit of {0} patients.",
    "all_lost": (
        "Everybody followed has lost relief: exact (Clopper-Pearson) limit of {0} patients; who "
        "was not followed so long counts as relieved."
    ),
    "late": "No patient was followed to week {0}; the longest follow-up is week {1}.",
    "nobody_lost": "Nobody lost relief: there is nothing to compare.",
    "one_group": "Losses were seen only while one group was followed: nothing to compare.",
    "fractional_weights": (
        "Weights are not integers: the standard errors treat them as counts of patients."
    ),
    "npmle_late_share": (
        "Nobody was looked at so late as {0}; the share there may lie between {1} and {2}."
    ),
    "npmle_late_mean": "Nobody was looked at so late as {0}; the mean may lie between {1} and {2}.",
    "npmle_no_visit": (
        "No visit separates the losses around {0}: the share may lie between {1} and {2}."
    ),
    "npmle_between_visits": "Losses lie between visits: the mean may lie between {0} and {1}.",
    "npmle_not_reached": "Not reached.",
    "npmle_not_reached_by": "Not reached: later than {0}.",
    "npmle_silent": "{0} never looked at after time 0 say nothing about the curve.",
    "npmle_unfinished": "The fit is not finished: Kuhn-Tucker gap {0}.",
    "placed_within": (
        "The data place it only after week {0} and by week {1}; the value within is a convention."
    ),
    "placed_from": "The data place it only from week {0} on; the value within is a convention.",
    "resamples": "{0} resamples of patients.",
    "exact_bound": (
        "Nobody, or everybody, has lost relief by then: exact (Clopper-Pearson) limit of {0} "
        "patients."
    ),
    "exact_times": (
        "Every resample gives the same curve: limits are visits at which the exact "
        "(Clopper-Pearson) limits of the share of {0} patients are past it."
    ),
    "same_everywhere": "Every resample gives the same number: no interval.",
    "incidence_none_or_all": (
        "Nobody, or everybody, had this event by then: exact (Clopper-Pearson) limit of {0} "
        "patients; who was not followed so long counts as had it, or not, whichever is worse."
    ),
    "count_no_interval": "No event yet, or the same in everybody: no interval.",
}
"""What a reader must know of a number, with places for the numbers of the note."""


_NOTE = re.compile(r"(?P<code>[a-z0-9_]+)(?:\((?P<args>[^()]*)\))?")


def note_text(note: str) -> str:
    """Return the sentence of a note such as ``boosted_count_not(3)``; KeyError if unknown."""
    found = _NOTE.fullmatch(note)
    if found is None:
        raise KeyError(f"'{note}' is not a note: a code, then numbers in parentheses")
    args = found["args"].split(",") if found["args"] else []
    return NOTES[found["code"]].format(*args)


def notes_text(notes: str) -> str:
    """Return the sentences of all notes of a result, which are joined by semicolons."""
    return " ".join(note_text(note) for note in notes.split(";") if note)


def scale_word(notes: str) -> str:
    """Return the scale of a score by its notes: "0 to 10", or its own where it has no known end."""
    for each in notes.split(";"):
        found = _NOTE.fullmatch(each)
        if found and found["code"] == OPEN_SCALE:
            name, low = found["args"].split(",")
            return f"{name}, {low} and up"
    return POINTS


def clock_word(notes: str) -> str:
    """Return from when a result is timed: "the end of the series", or what its notes say."""
    named = [note.removeprefix("clock_") for note in notes.split(";") if note[:6] == "clock_"]
    return CLOCKS[named[0] if named else "end_of_series"]


def word(table: Mapping[str, str], code: str) -> str:
    """Return the word for a code; an unknown code becomes itself with spaces, cut and cleaned."""
    if code in table:
        return table[code]
    return plain_text(code.replace("_", " ")) if code else ""


def condition_word(code: str, labels: Mapping[str, str]) -> str:
    """Return a condition's label; ``all`` is all conditions, an unknown code is itself."""
    if code == "all":
        return "All conditions"
    label = plain_text(labels.get(code, ""))
    return label or plain_text(code.replace("_", " ")) or "(no name)"


def definition_word(code: str) -> str:
    """Return the word of a definition, or of a characteristic's statistic: ``age_years_mean``.

    Duration of relief by another rule or clock than claims are read with has both in its code.
    """
    booster, _, rule = code.partition(".")
    if booster.startswith("booster_") and rule in DEFINITIONS:
        return f"{word(DEFINITIONS, booster)}; {DEFINITIONS[rule]}"
    for name, text in CHARACTERISTICS.items():
        if code == name:
            return text
        statistic = code.removeprefix(f"{name}_")
        if statistic in STATISTICS:
            return f"{text.lower()}, {STATISTICS[statistic]}"
    return word(DEFINITIONS, code)


def visit_word(visit: str) -> str:
    """Return a visit in words: ``week_12`` is "week 12", ``end`` is "end of series"."""
    if visit in VISITS or not visit_week(visit):
        return word(VISITS, visit)
    return visit.replace("_", " ")


def visit_week(visit: str) -> float | None:
    """Return the week of a visit after the end of series: ``week_12`` is 12, ``end`` 0; or None.

    A month has 30.44 days: ``month_3`` is week 13.05.
    """
    if visit == "end":
        return 0.0
    unit, _, number = visit.partition("_")
    if unit not in ("week", "month") or not _NUMBER.fullmatch(number):
        return None
    # As `analysis.settings.plan_visits` does it, so that the two are the same number.
    return float(number) * DAYS_PER_MONTH / DAYS_PER_WEEK if unit == "month" else float(number)


_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def plain_text(text: str, *, longest: int = LONGEST_NAME) -> str:
    """Return text safe to show in a line: no control or direction characters, spaces joined, cut.

    Notes
    -----
    Direction overrides (Unicode category Cf) can make a line read as what it is not. Markup is not
    touched here: templates escape it.
    """
    kept = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text[: 4 * longest])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + ELLIPSIS


_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
