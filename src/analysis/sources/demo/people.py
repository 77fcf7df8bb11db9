"""Draw who comes to the demo clinic, and the infusions of their initial series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.sources.demo.truth import CONDITIONS, RULES, split_patients

SITES = ("Harbour Clinic", "Northgate Clinic", "Lakeside Clinic")
SITE_SHARES = (0.5, 1 - 0.5 - RULES.vas_site_share, RULES.vas_site_share)
VAS_SITE = 2
"""Place of the site that rates on the 0 to 100 scale."""

STANDARD_INFUSIONS, HIGH_DOSE_INFUSIONS = 6, 5
THRICE_WEEKLY = (0, 2, 4, 7, 9, 11)
TWICE_WEEKLY = (0, 3, 7, 10, 14, 17)
DAILY = (0, 1, 2, 3, 4, 4)
"""Days of the infusions counted from the first; the last place of DAILY is never used."""

POSTPONED_SHARE = 0.02
"""Share of infusions put off by a week, with all that follow: gaps stay far below 28 days."""

SEVERE_SCORE, SEVERE_FAILED = 7.0, 4
HIGH_DOSE_SHARE = 0.7
"""CRPS with this pain and this many failed treatments gets the high dose with this share."""

FLAGS = (
    ("uncontrolled_hypertension", 0.03),
    ("heart_condition", 0.02),
    ("active_psychosis", 0.003),
    ("pregnant_or_breastfeeding", 0.012),
    ("active_substance_abuse", 0.015),
)
"""Contraindications with their share; pregnancy only among women below 50."""

LINES = tuple(
    (place, subtype.code, code, subtype.weight / len(subtype.icd10))
    for place, plan in enumerate(CONDITIONS)
    for subtype in plan.subtypes
    for code in subtype.icd10
)
"""Every (condition, subtype, ICD-10-CM code) with its share within the condition."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Patients as arrays of shape (n_patients,), unless another shape is given.

    ``condition`` and ``line`` are places in ``CONDITIONS`` and ``LINES``; ``pain_score`` is the
    usual pain (0 to 10) before treatment; ``infusion_day`` (n_patients, 6) counts from day 0 and
    ``n_infusions`` says how many of them were given; ``last_day`` is the last one given.
    """

    condition: np.ndarray
    line: np.ndarray
    site: np.ndarray
    is_female: np.ndarray
    age_years: np.ndarray
    pain_years: np.ndarray
    n_failed: np.ndarray
    flags: np.ndarray
    day_zero: np.ndarray
    enrolled_before_days: np.ndarray
    on_vas: np.ndarray
    pain_score: np.ndarray
    responds: np.ndarray
    is_high_dose: np.ndarray
    infusion_day: np.ndarray
    n_infusions: np.ndarray
    last_day: np.ndarray


def per_condition(name: str) -> np.ndarray:
    """Return one planted number of every condition, in the order of ``CONDITIONS``."""
    return np.array([getattr(plan, name) for plan in CONDITIONS], dtype=float)


def draw_people(
    rng: np.random.Generator, n_patients: int, *, condition: np.ndarray | None = None
) -> People:
    """Draw patients with their initial series, in the order of their first infusion.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all draws.
    n_patients : int
        How many.
    condition : ndarray of int, shape (n_patients,), optional
        Places in ``CONDITIONS``; by default the planted proportions, shuffled.
    """
    if condition is None:
        condition = rng.permutation(
            np.repeat(np.arange(len(CONDITIONS)), split_patients(n_patients))
        )
    site = rng.choice(len(SITES), size=n_patients, p=SITE_SHARES)
    is_female = rng.random(n_patients) < per_condition("female_share")[condition]
    age = np.clip(np.rint(rng.normal(per_condition("age_mean_years")[condition], 12)), 19, 84)
    pain_score = _draw_pain(rng, condition)
    n_failed = 2 + rng.poisson(2.2, n_patients)
    responds = rng.random(n_patients) < per_condition("responder_share")[condition]
    severe = (pain_score >= SEVERE_SCORE) & (n_failed >= SEVERE_FAILED)
    is_crps = condition == [plan.condition for plan in CONDITIONS].index("crps")
    is_high_dose = is_crps & severe & (rng.random(n_patients) < HIGH_DOSE_SHARE)
    start, infusion_day = _draw_schedule(rng, is_high_dose)
    n_infusions = _draw_n_infusions(rng, responds, is_high_dose)
    return People(
        condition=condition,
        line=_draw_lines(rng, condition),
        site=site,
        is_female=is_female,
        age_years=age.astype(int),
        pain_years=np.minimum(0.3 + rng.lognormal(1.4, 0.8, n_patients), age - 12),
        n_failed=n_failed,
        flags=_draw_flags(rng, is_female, age),
        day_zero=start,
        enrolled_before_days=rng.integers(15, 46, n_patients),
        on_vas=(site == VAS_SITE) | (rng.random(n_patients) < RULES.vas_elsewhere_share),
        pain_score=pain_score,
        responds=responds,
        is_high_dose=is_high_dose,
        infusion_day=infusion_day,
        n_infusions=n_infusions,
        last_day=np.take_along_axis(infusion_day, n_infusions[:, None] - 1, axis=1)[:, 0],
    )


def _draw_pain(rng: np.random.Generator, condition: np.ndarray) -> np.ndarray:
    """Draw usual pain: mostly 4.5 to 10, a few low, very few none at all."""
    kind = rng.random(condition.size)
    usual = np.clip(rng.normal(per_condition("pain_mean_score")[condition], 1.2), 4.5, 9.8)
    low = rng.uniform(1.0, 3.4, condition.size)
    is_zero = kind < RULES.zero_baseline_share
    is_low = kind < RULES.zero_baseline_share + RULES.low_baseline_share
    return np.where(is_zero, 0.0, np.where(is_low, low, usual))


def _draw_lines(rng: np.random.Generator, condition: np.ndarray) -> np.ndarray:
    """Draw subtype and ICD-10-CM code within each condition."""
    line = np.zeros(condition.size, dtype=int)
    for place in range(len(CONDITIONS)):
        own = [number for number, entry in enumerate(LINES) if entry[0] == place]
        shares = np.array([LINES[number][3] for number in own])
        mine = condition == place
        line[mine] = rng.choice(own, size=int(mine.sum()), p=shares / shares.sum())
    return line


def _draw_flags(rng: np.random.Generator, is_female: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Draw contraindication flags, shape (n_patients, n_flags)."""
    flags = rng.random((age.size, len(FLAGS))) < np.array([share for _, share in FLAGS])
    pregnancy = [name for name, _ in FLAGS].index("pregnant_or_breastfeeding")
    flags[:, pregnancy] &= is_female & (age < 50)
    return flags


def _draw_schedule(
    rng: np.random.Generator, is_high_dose: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw first days (weekdays, ascending) and days of the planned infusions after them."""
    n_patients = is_high_dose.size
    n_weeks = (RULES.last_week - RULES.first_week).days // 7 + 1
    monday = np.datetime64(RULES.first_week) + 7 * np.sort(rng.integers(0, n_weeks, n_patients))
    twice = (rng.random(n_patients) < 0.5) & ~is_high_dose
    starts_tuesday = twice & (rng.random(n_patients) < 0.5)
    days = np.where(twice[:, None], TWICE_WEEKLY, THRICE_WEEKLY)
    days = np.where(is_high_dose[:, None], DAILY, days)
    put_off = rng.random(days.shape) < POSTPONED_SHARE
    put_off[:, 0] = False
    weeks_late = np.minimum(np.cumsum(put_off, axis=1), 1)
    return monday + starts_tuesday, days + 7 * weeks_late


def _draw_n_infusions(
    rng: np.random.Generator, responds: np.ndarray, is_high_dose: np.ndarray
) -> np.ndarray:
    """Draw how many infusions were given; who does not respond stops early more often."""
    planned = np.where(is_high_dose, HIGH_DOSE_INFUSIONS, STANDARD_INFUSIONS)
    share = np.where(responds, RULES.stop_early_responder_share, RULES.stop_early_other_share)
    stops = rng.random(responds.size) < share
    return np.where(stops, rng.integers(1, planned), planned)
