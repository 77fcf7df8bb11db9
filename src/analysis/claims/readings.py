"""What a claim can be judged by: every measure with its unit, definitions and populations.

The first three stand for the headline figures; the others are shares, counts and slopes that
`analysis.outcomes.statements` makes, or headline rows asked in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.outcomes.names import FLAGS
from analysis.wording.words import Words


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure a claim may name.

    Parameters
    ----------
    unit : str
    definitions, populations : tuple of str
        Allowed words; an empty tuple means the field stays empty.
    row : str
        Measure of the result row that answers, where it has another name.
    at_visit : bool
        Whether the row belongs to an analysis visit; the run's own where the claim names none.
    threshold : bool
        Whether the claim gives a least reduction.
    """

    unit: str
    definitions: tuple[str, ...] = ()
    populations: tuple[str, ...] = ()
    row: str = ""
    at_visit: bool = False
    threshold: bool = False


_BOOSTERS = ("booster_as_loss", "booster_as_censoring", "booster_ignored")
_TREATED = ("treated",)
_BOOSTED = ("boosted",)

HEADLINE: dict[str, Measure] = {
    "responder_share": Measure(
        unit="share",
        definitions=("percent_reduction", "two_points"),
        populations=("all_starters", "observed"),
        at_visit=True,
        threshold=True,
    ),
    "percent_reduction": Measure(
        unit="percent",
        definitions=("mean_of_patients", "median_of_patients", "ratio_of_means"),
        populations=("observed", "all_starters"),
        at_visit=True,
    ),
    "relief_duration": Measure(
        unit="weeks", definitions=_BOOSTERS, populations=("responders",), threshold=True
    ),
}
"""Measures of a cited number, with the suite's full sentence, power and readings."""

FURTHER: dict[str, Measure] = {
    "implied_response": Measure(
        unit="share",
        definitions=("percent_reduction", "two_points"),
        populations=("all_starters", "observed"),
        row="responder_share",
        at_visit=True,
        threshold=True,
    ),
    "success": Measure(
        unit="share",
        definitions=("percent_reduction",),
        populations=("all_starters",),
        row="responder_share",
        at_visit=True,
        threshold=True,
    ),
    "kept_relief": Measure(
        unit="share",
        definitions=_BOOSTERS,
        populations=("responders", "all_starters"),
        row="relieved_share",
        at_visit=True,
        threshold=True,
    ),
    "completeness_share": Measure(unit="share", populations=("all_starters",), at_visit=True),
    "early_response": Measure(
        unit="share",
        definitions=("by_day_14", "days_21_to_28"),
        populations=("observed", "bounds"),
        row="early_response_share",
        threshold=True,
    ),
    "infusion_slope": Measure(
        unit="score", definitions=("mean_of_patients",), populations=("observed",)
    ),
    "series_time_ratio": Measure(unit="ratio", populations=("responders",)),
    "relieved_patients": Measure(
        unit="count",
        definitions=("percent_reduction",),
        populations=("all_starters",),
        at_visit=True,
        threshold=True,
    ),
    "session_minutes_share": Measure(
        unit="share",
        definitions=("standard_45_to_60", "high_dose_4_hours"),
        populations=_TREATED,
    ),
    "series_share": Measure(
        unit="share",
        definitions=("completed_six", "six_within_21_days", "sixth_by_day_21"),
        populations=("treated", "given_six"),
    ),
    "booster_gap_share": Measure(
        unit="share",
        definitions=("monthly_to_quarterly", "mean_month_to_quarter"),
        populations=_BOOSTED,
    ),
    "booster_any_share": Measure(
        unit="share", definitions=("by_week_26",), populations=("bounds",)
    ),
    "recurrence_share": Measure(
        unit="share", definitions=("at_80_pct_of_baseline",), populations=_BOOSTED
    ),
    "flag_share": Measure(unit="share", definitions=FLAGS, populations=_TREATED),
    "pain_duration_share": Measure(
        unit="share", definitions=("three_months",), populations=_TREATED
    ),
    "failed_treatments_share": Measure(
        unit="share", definitions=("at_least_one",), populations=_TREATED
    ),
    "severe_refractory_share": Measure(
        unit="share", definitions=("baseline_7_and_one_failed",), populations=("high_dose",)
    ),
    "testimonial": Measure(
        unit="share",
        populations=("all_starters",),
        row="testimonial_share",
        at_visit=True,
        threshold=True,
    ),
}
"""Measures judged in `analysis.claims.kinds`."""

ALL_MEASURES: dict[str, Measure] = HEADLINE | FURTHER

CITED_RANGE: dict[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "percent": (-100.0, 100.0),
    "weeks": (0.0, 520.0),
    "score": (-10.0, 10.0),
    "ratio": (0.0, 100.0),
    "count": (0.0, 1e7),
}
"""Least and largest figure that can be cited in a unit: a share of 70 is a percentage typed in the
wrong unit, and would make every clinic fall short."""

KINDS = (
    "headline",
    "efficacy_rate",
    "efficacy_mean",
    "duration",
    "protocol",
    "safety",
    "mechanism",
    "comparison",
    "cost",
    "testimonial",
)
"""What a statement is about."""

ANSWERS = Words("answers", within="readings")
"""How a claim is answered; it decides which fields must be filled."""

NEEDS = (
    "adverse_events",
    "opioid_use",
    "questionnaires",
    "infusions.dose_mg_per_kg",
    "infusions.sedation",
    "infusions.sbp_peak",
    "infusions.spo2_lowest",
    "infusions.discharge_minutes",
    "infusions.monitoring",
    "infusions.setting",
    "patients.care_team",
    "co_treatments",
    "assessments",
    "laboratory",
    "billing",
    "testimonial_records",
)
"""Tables or columns that a claim asks for and the suite does not read."""
