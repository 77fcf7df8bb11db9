"""What is planted in the demo clinic: every number the generator draws from, as values.

The figures are chosen for teaching, not taken from any clinic: some cited claims are plainly
false of these patients, one is too close to call, and one is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp, log

import numpy as np

DEMO_PATIENTS = 600
DEMO_SEED = 20260102
"""Size and seed of the export bundled in data/demo.

The seed is picked, and data/demo/README.md says so: the first from 20260101 on with the responder
share of every condition within one standard error of the expected one, so that the bundled export
shows what is planted and not a lucky draw. Studies of error rates must use seeds of their own.
"""

RESPONSE_TENTHS = 3
"""A response is a reduction of at least 3 tenths of the baseline; an integer to stay exact."""

FOLLOW_UP_WEEKS = (4, 8, 12, 26)
"""Visits this clinic plans after the one at the end of the series. Part of the recipe: the export
stays the same when the suite judges other weeks."""


@dataclass(frozen=True)
class Subtype:
    """One subtype: its code (None when not given), its weight and its ICD-10-CM codes."""

    code: str | None
    weight: float
    icd10: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConditionPlan:
    """What is planted for one condition.

    Parameters
    ----------
    condition : str
        Code of data/conditions.csv.
    weight : int
        Patients in an export of 600; other sizes keep the proportions.
    responder_share : float in (0, 1)
        True share with a reduction of at least 30 % at the end of the series.
    relief_median_weeks : float above 1
        True median time from end of series to loss of relief, among responders.
    end_missed_share : float in [0, 1)
        Share of end-of-series ratings missed at random.
    female_share, age_mean_years, pain_mean_score : float
        Share of women, mean age, mean usual pain (0 to 10) before treatment.
    subtypes : tuple of Subtype
        Subtypes with weights.
    """

    condition: str
    weight: int
    responder_share: float
    relief_median_weeks: float
    end_missed_share: float = 0.06
    female_share: float
    age_mean_years: float
    pain_mean_score: float
    subtypes: tuple[Subtype, ...]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is planted alike for all conditions. Shares are 0 to 1, times as the name says."""

    relief_shape: float = 1.3
    relief_floor_weeks: float = 1.0
    depth_beta: tuple[float, float] = (1.3, 2.7)
    drift_mean_share: float = 0.06
    drift_sd_share: float = 0.10
    stop_early_responder_share: float = 0.05
    stop_early_other_share: float = 0.20
    stopper_leaves_share: float = 0.30
    visit_missed_share: float = 0.15
    leave_relieved_share: float = 0.03
    leave_other_share: float = 0.12
    takes_boosters_share: float = 0.65
    booster_gap_days: int = 30
    booster_hazard_relieved_per_day: float = 1 / 150
    booster_hazard_lost_per_day: float = 1 / 30
    booster_rated_share: float = 0.85
    booster_tolerance: str = "none: every booster gives relief from the same distribution"
    low_baseline_share: float = 0.02
    zero_baseline_share: float = 0.005
    vas_site_share: float = 0.15
    vas_elsewhere_share: float = 0.03
    first_week: date = date(2022, 1, 3)
    last_week: date = date(2025, 4, 28)
    exported_on: date = date(2025, 6, 30)


RULES = Rules()

CONDITIONS: tuple[ConditionPlan, ...] = (
    ConditionPlan(
        condition="crps", weight=140, responder_share=0.55, relief_median_weeks=7.0,
        female_share=0.72, age_mean_years=46, pain_mean_score=7.3,
        subtypes=(
            Subtype("type_1", 0.7, ("G90.511", "G90.512", "G90.521", "G90.522")),
            Subtype("type_2", 0.3, ("G56.41", "G56.42", "G57.71", "G57.72")),
        ),
    ),
    ConditionPlan(
        condition="fibromyalgia", weight=130, responder_share=0.46, relief_median_weeks=6.0,
        female_share=0.85, age_mean_years=48, pain_mean_score=6.8,
        subtypes=(Subtype(None, 1.0, ("M79.7",)),),
    ),
    ConditionPlan(
        condition="neuropathic", weight=150, responder_share=0.62, relief_median_weeks=8.0,
        end_missed_share=0.02, female_share=0.48, age_mean_years=59, pain_mean_score=6.9,
        subtypes=(
            Subtype("diabetic", 0.35, ("E11.42", "E11.40", "E10.42")),
            Subtype("post_herpetic", 0.2, ("B02.29", "B02.22", "B02.23")),
            Subtype("peripheral", 0.25, ("G62.9", "G60.3", "G62.0")),
            Subtype("nerve_injury", 0.2, ("M79.2", "G57.92", "S44.01XS")),
        ),
    ),
    ConditionPlan(
        condition="central", weight=60, responder_share=0.40, relief_median_weeks=7.0,
        female_share=0.48, age_mean_years=57, pain_mean_score=7.0,
        subtypes=(
            Subtype("post_stroke", 0.35, ("I69.398", "I69.198")),
            Subtype("spinal_cord_injury", 0.3, ("S24.109S", "S14.109S")),
            Subtype("multiple_sclerosis", 0.25, ("G35",)),
            Subtype(None, 0.1, ("G89.0",)),
        ),
    ),
    ConditionPlan(
        condition="headache", weight=70, responder_share=0.35, relief_median_weeks=5.0,
        female_share=0.7, age_mean_years=42, pain_mean_score=6.9,
        subtypes=(
            Subtype("migraine", 0.55, ("G43.709", "G43.711", "G43.719")),
            Subtype("chronic_daily", 0.25, ("G44.221", "G44.52")),
            Subtype("cluster", 0.2, ("G44.021", "G44.029")),
        ),
    ),
    ConditionPlan(
        condition="fbss", weight=50, responder_share=0.65, relief_median_weeks=7.5,
        female_share=0.5, age_mean_years=56, pain_mean_score=7.2,
        subtypes=(Subtype(None, 1.0, ("M96.1",)),),
    ),
)  # fmt: skip


def relief_scale_weeks(plan: ConditionPlan) -> float:
    """Return the Weibull scale, in weeks beyond the floor, that gives the planted median."""
    beyond_floor = plan.relief_median_weeks - RULES.relief_floor_weeks
    return float(beyond_floor / log(2) ** (1 / RULES.relief_shape))


def still_relieved_share(plan: ConditionPlan, weeks: float) -> float:
    """Return the true share of responders whose relief lasts beyond ``weeks``, boosters apart.

    Exact: a Weibull time that starts after a floor of one week, so that the visit at the end of
    the series (0 to 7 days) always comes before the loss.
    """
    beyond = max(weeks - RULES.relief_floor_weeks, 0.0)
    return exp(-((beyond / relief_scale_weeks(plan)) ** RULES.relief_shape))


def expected_observed_shares(plan: ConditionPlan) -> tuple[float, float]:
    """Return the exact expected responder shares of all starters and of those rated at the end.

    Among all starters a missing rating counts as no response, so this share is below the true
    one; among the rated it is above, because those who do not respond stop and leave more often.
    """
    attends = 1 - plan.end_missed_share
    responders = attends * (1 - RULES.stop_early_responder_share * RULES.stopper_leaves_share)
    others = attends * (1 - RULES.stop_early_other_share * RULES.stopper_leaves_share)
    good = plan.responder_share * responders
    return good, good / (good + (1 - plan.responder_share) * others)


def split_patients(n_patients: int) -> np.ndarray:
    """Split a number of patients over the conditions by weight, largest remainders first.

    Returns
    -------
    ndarray of int, shape (n_conditions,)
        Patients of each condition of ``CONDITIONS``, in its order; they add up to the number.
    """
    weights = np.array([plan.weight for plan in CONDITIONS])
    scaled = weights * n_patients
    counts = scaled // weights.sum()
    order = np.argsort(-(scaled % weights.sum()), kind="stable")
    counts[order[: n_patients - counts.sum()]] += 1
    return counts
