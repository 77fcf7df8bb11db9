"""Draw what becomes of the patients: relief and its loss, boosters, visits, scores as recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.sources.demo.people import People
from analysis.sources.demo.truth import (
    CONDITIONS,
    DAYS_PER_WEEK,
    FOLLOW_UP_WEEKS,
    RESPONSE_TENTHS,
    RULES,
    relief_scale_weeks,
)

NEVER = 100_000
"""A day no follow-up reaches."""

HORIZON_DAYS = 205
"""No visit and no booster lies later than this after the end of the series."""

MAX_BOOSTERS = HORIZON_DAYS // RULES.booster_gap_days
VISIT_DAYS = tuple(DAYS_PER_WEEK * week for week in FOLLOW_UP_WEEKS)
EARLIEST, LATEST = (18, 44, 71, 140), (41, 69, 120, HORIZON_DAYS)
"""Visits of weeks 4, 8, 12 and 26 stay between these days, but for the few that are very late."""

VERY_LATE_SHARE = 0.02
DAYS_BETWEEN_VISITS = 3


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Baseline ratings as recorded: sum, count and top of the scale, shape (n_patients,).

    ``scores`` and ``days`` (n_patients, 3) count from day 0; only the first ``count`` are given.
    """

    scores: np.ndarray
    days: np.ndarray
    total: np.ndarray
    count: np.ndarray
    top: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Boosters:
    """Booster days after the end of series (n, n_boosters), ascending; and until when relief lasts.

    ``until`` (n, n_boosters + 1) holds the end of relief of the initial series, then that after
    each booster, in days after the end of series; -1 for who never responded.
    """

    day: np.ndarray
    until: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Visits at the end and in weeks 4, 8, 12, 26, and when the patient left for good.

    ``day`` (n, 5) counts from the end of series; ``kept`` (n, 5) says which ratings exist;
    ``left_on`` (n,) is the day of leaving, ``NEVER`` or later for who stays.
    """

    day: np.ndarray
    kept: np.ndarray
    left_on: np.ndarray


def draw_baseline(rng: np.random.Generator, people: People) -> Baseline:
    """Draw one to three ratings of average pain in the 14 days up to day 0, as recorded."""
    n_patients = people.condition.size
    top = np.where(people.on_vas, 100, 10)
    level = people.pain_score[:, None] + rng.normal(0, 0.5, (n_patients, 3))
    lowest = (people.pain_score > 0).astype(int)[:, None]
    scores = np.clip(np.rint(level * top[:, None] / 10), lowest, top[:, None]).astype(int)
    scores[people.pain_score == 0] = 0
    count = rng.choice([1, 2, 3], size=n_patients, p=[0.35, 0.35, 0.3])
    first = np.where(rng.random(n_patients) < 0.6, 0, -rng.integers(1, 4, n_patients))
    steps = rng.integers(1, 6, (n_patients, 2))
    days = np.column_stack([first, first - steps[:, 0], first - steps.sum(axis=1)])
    total = np.where(np.arange(3) < count[:, None], scores, 0).sum(axis=1)
    return Baseline(scores=scores, days=days, total=total, count=count, top=top)


def draw_relief_days(rng: np.random.Generator, condition: np.ndarray) -> np.ndarray:
    """Draw how long relief lasts, in days from the treatment that gave it."""
    scale = np.array([relief_scale_weeks(plan) for plan in CONDITIONS])[condition]
    weeks = RULES.relief_floor_weeks + scale * rng.weibull(RULES.relief_shape, condition.size)
    return np.asarray(DAYS_PER_WEEK * weeks)


def draw_boosters(
    rng: np.random.Generator, people: People, *, n_boosters: int = MAX_BOOSTERS
) -> Boosters:
    """Draw boosters one after the other: likelier once relief is lost, on weekdays only."""
    n_patients = people.condition.size
    until = np.full((n_patients, n_boosters + 1), -1.0)
    until[:, 0] = np.where(people.responds, draw_relief_days(rng, people.condition), -1.0)
    day = np.full((n_patients, n_boosters), NEVER)
    takes = people.responds & (rng.random(n_patients) < RULES.takes_boosters_share)
    ends_on = people.day_zero + people.last_day
    last = np.zeros(n_patients, dtype=int)
    for number in range(n_boosters):
        wait = _draw_wait_days(rng, until[:, number] - last)
        due = _next_weekday(ends_on, last + np.ceil(wait).astype(int))
        last = np.where(takes & (due <= HORIZON_DAYS), due, NEVER)
        day[:, number] = last
        renewed = last + draw_relief_days(rng, people.condition)
        until[:, number + 1] = np.where(
            last < NEVER, np.maximum(until[:, number], renewed), until[:, number]
        )
    return Boosters(day=day, until=until)


def _draw_wait_days(rng: np.random.Generator, relief_left_days: np.ndarray) -> np.ndarray:
    """Draw the wait for the next booster: a gap, then one hazard in relief, a higher one after."""
    slow, fast = RULES.booster_hazard_relieved_per_day, RULES.booster_hazard_lost_per_day
    slow_days = np.maximum(relief_left_days - RULES.booster_gap_days, 0)
    drawn = rng.exponential(size=relief_left_days.size)
    within = drawn < slow * slow_days
    wait = np.where(within, drawn / slow, slow_days + (drawn - slow * slow_days) / fast)
    return np.asarray(RULES.booster_gap_days + wait)


def _next_weekday(origin: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Move days after ``origin`` that fall on a weekend to the Monday after."""
    weekday = (origin.astype("datetime64[D]").astype(int) + days + 3) % 7  # 1970-01-01: Thursday
    return np.asarray(days + np.where(weekday >= 5, 7 - weekday, 0))


def is_relieved(boosters: Boosters, days: np.ndarray) -> np.ndarray:
    """Return who is in relief on given days after the end of series, shape of ``days`` (n, k).

    On the day of a booster the state before it counts: pain is rated before the infusion.
    """
    n_before = (boosters.day[:, None, :] < days[:, :, None]).sum(axis=2)
    return np.asarray(days < np.take_along_axis(boosters.until, n_before, axis=1))


def draw_visits(rng: np.random.Generator, people: People, boosters: Boosters) -> Visits:
    """Draw visit days, which were missed, and who left for good (likelier when not in relief)."""
    n_patients, n_weeks = people.condition.size, len(VISIT_DAYS)
    at_end = np.where(
        people.n_infusions > 1, rng.integers(0, 8, n_patients), rng.integers(1, 8, n_patients)
    )
    usual = np.rint(np.array(VISIT_DAYS) + rng.normal(1, 3.5, (n_patients, n_weeks)))
    very_late = rng.random((n_patients, n_weeks)) < VERY_LATE_SHARE
    days = np.clip(usual, EARLIEST, LATEST) + very_late * rng.integers(8, 21, usual.shape)
    days = np.minimum(days, HORIZON_DAYS)
    day = np.column_stack([at_end, days]).astype(int)
    for place in range(1, n_weeks + 1):
        day[:, place] = np.maximum(day[:, place], day[:, place - 1] + DAYS_BETWEEN_VISITS)
    stays = _draw_stays(rng, people, is_relieved(boosters, day))
    missed_share = np.full((n_patients, n_weeks + 1), RULES.visit_missed_share)
    missed_share[:, 0] = np.array([plan.end_missed_share for plan in CONDITIONS])[people.condition]
    kept = stays & (rng.random(day.shape) >= missed_share)
    before = np.column_stack([np.zeros(n_patients), day[:, :-1]])
    left_days = np.where(stays, NEVER, before + rng.random((n_patients, 1)) * (day - before))
    return Visits(day=day, kept=kept, left_on=left_days.min(axis=1))


def _draw_stays(rng: np.random.Generator, people: People, relieved: np.ndarray) -> np.ndarray:
    """Draw who is still with the clinic at each visit, given the state at the visit before."""
    planned = people.infusion_day.shape[1] - people.is_high_dose
    stopped = people.n_infusions < planned
    leave = np.empty(relieved.shape)
    leave[:, 0] = stopped * RULES.stopper_leaves_share
    leave[:, 1:] = np.where(relieved[:, :-1], RULES.leave_relieved_share, RULES.leave_other_share)
    return np.asarray(np.cumprod(rng.random(leave.shape) >= leave, axis=1).astype(bool))


def draw_scores(rng: np.random.Generator, baseline: Baseline, relieved: np.ndarray) -> np.ndarray:
    """Draw recorded scores that show the state exactly: down by 30 % if, and only if, relieved.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    baseline : Baseline
        Recorded baselines of the patients.
    relieved : ndarray of bool, shape (n_patients, n_ratings)
        State at each rating.

    Returns
    -------
    ndarray of int, shape of ``relieved``
        Scores on the patient's own scale. The threshold is worked out in whole numbers,
        ``10 * count * score <= 7 * total``, so no rounding of fractions can shift a patient.
    """
    n_patients = relieved.shape[0]
    depth = 0.3 + 0.7 * rng.beta(*RULES.depth_beta, (n_patients, 1))
    drift = rng.normal(RULES.drift_mean_share, RULES.drift_sd_share, (n_patients, 1))
    noise = rng.normal(0, 0.05, relieved.shape)
    mean = (baseline.total / baseline.count)[:, None]
    top = baseline.top[:, None]
    highest_good = ((10 - RESPONSE_TENTHS) * baseline.total // (10 * baseline.count))[:, None]
    good = np.rint(mean * (1 - np.clip(depth + noise, 0.3, 1.0)))
    bad = np.rint(mean * (1 - np.clip(drift + noise, -0.5, 0.3)))
    scores = np.where(relieved, np.minimum(good, highest_good), np.clip(bad, highest_good + 1, top))
    return scores.astype(int)
