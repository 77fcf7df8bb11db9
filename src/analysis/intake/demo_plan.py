"""The demo clinic: how its patients are drawn from what is planted (data/demo_plan.toml).

The order of the draws is part of the recipe: another order makes another export.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from math import exp, log
from types import SimpleNamespace

import numpy as np

from analysis.settings import DAYS_PER_WEEK, data_folder

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


PLAN = tomllib.loads((data_folder() / "demo_plan.toml").read_text(encoding="utf-8"))
"""What is planted: data/demo_plan.toml, with what each figure means."""

RULES = SimpleNamespace(**PLAN["rules"])


class ConditionPlan(SimpleNamespace):
    """What is planted for one condition."""

    @property
    def relief_scale_weeks(self) -> float:
        """Weibull scale, in weeks beyond the floor, that gives the planted median."""
        beyond_floor = self.relief_median_weeks - RULES.relief_floor_weeks
        return float(beyond_floor / log(2) ** (1 / RULES.relief_shape))

    def still_relieved_share(self, weeks: float) -> float:
        """Return the true share of responders whose relief lasts beyond ``weeks``, boosters apart.

        Exact: a Weibull time that starts after a floor of one week, so that the visit at the end
        of the series (0 to 7 days) always comes before the loss.
        """
        beyond = max(weeks - RULES.relief_floor_weeks, 0.0)
        return exp(-((beyond / self.relief_scale_weeks) ** RULES.relief_shape))

    def expected_observed_shares(self) -> tuple[float, float]:
        """Return the exact expected responder shares of all starters and of those rated at the end.

        Among all starters a missing rating counts as no response, so this share is below the true
        one; among the rated it is above, because nonresponders stop and leave more often.
        """
        attends = 1 - self.end_missed_share
        responders = attends * (1 - RULES.stop_early_responder_share * RULES.stopper_leaves_share)
        others = attends * (1 - RULES.stop_early_other_share * RULES.stopper_leaves_share)
        good = self.responder_share * responders
        return good, good / (good + (1 - self.responder_share) * others)


CONDITIONS = tuple(ConditionPlan(**own) for own in PLAN["conditions"])


def per_condition(name: str) -> np.ndarray:
    """Return one planted number of every condition, in the order of ``CONDITIONS``."""
    return np.array([getattr(plan, name) for plan in CONDITIONS], dtype=float)


def split_patients(n_patients: int) -> np.ndarray:
    """Split patients over ``CONDITIONS`` by weight, largest remainders first; the sum is kept."""
    weights = np.array([plan.weight for plan in CONDITIONS])
    scaled = weights * n_patients
    counts = scaled // weights.sum()
    order = np.argsort(-(scaled % weights.sum()), kind="stable")
    counts[order[: n_patients - counts.sum()]] += 1
    return counts


# Patients and their initial series

SITES = ("Harbour Clinic", "Northgate Clinic", "Lakeside Clinic")
SITE_SHARES = (0.5, 1 - 0.5 - RULES.vas_site_share, RULES.vas_site_share)
VAS_SITE = 2
"""Place in ``SITES`` of the site that rates on the 0 to 100 scale."""

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

FLAGS: dict[str, float] = PLAN["flags"]
"""Contraindications with their share."""

DIAGNOSES = tuple(
    (place, subtype or None, code, weight / len(codes.split()))
    for place, plan in enumerate(CONDITIONS)
    for subtype, weight, codes in plan.subtypes
    for code in codes.split()
)
"""Every (condition, subtype, ICD-10-CM code) with its share within the condition."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Patients as arrays of shape (n_patients,), unless another shape is given.

    ``condition`` and ``diagnosis`` are places in ``CONDITIONS`` and ``DIAGNOSES``; ``pain_score``
    is the usual pain (0 to 10) before treatment; ``infusion_day`` (n_patients, 6) counts from day
    0, ``n_infusions`` says how many of them were given, ``last_day`` is the last one given.
    """

    condition: np.ndarray
    diagnosis: np.ndarray
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


def draw_people(
    rng: np.random.Generator, n_patients: int, *, condition: np.ndarray | None = None
) -> People:
    """Draw patients with their initial series, in the order of their first infusion.

    ``condition`` (n_patients,) holds places in ``CONDITIONS``; by default the planted shares.
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
    day_zero, infusion_day = _draw_schedule(rng, is_high_dose)
    planned = np.where(is_high_dose, HIGH_DOSE_INFUSIONS, STANDARD_INFUSIONS)
    stop_share = np.where(responds, RULES.stop_early_responder_share, RULES.stop_early_other_share)
    stops = rng.random(n_patients) < stop_share
    n_infusions = np.where(stops, rng.integers(1, planned), planned)
    diagnosis = np.zeros(n_patients, dtype=int)
    for place in range(len(CONDITIONS)):
        own = [number for number, entry in enumerate(DIAGNOSES) if entry[0] == place]
        shares = np.array([DIAGNOSES[number][3] for number in own])
        mine = condition == place
        diagnosis[mine] = rng.choice(own, size=int(mine.sum()), p=shares / shares.sum())
    pain_years = np.minimum(0.3 + rng.lognormal(1.4, 0.8, n_patients), age - 12)
    flags = rng.random((n_patients, len(FLAGS))) < np.array(list(FLAGS.values()))
    flags[:, list(FLAGS).index("pregnant_or_breastfeeding")] &= is_female & (age < 50)
    return People(
        condition=condition,
        diagnosis=diagnosis,
        site=site,
        is_female=is_female,
        age_years=age.astype(int),
        pain_years=pain_years,
        n_failed=n_failed,
        flags=flags,
        day_zero=day_zero,
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
    is_low = kind < RULES.zero_baseline_share + RULES.low_baseline_share
    return np.where(kind < RULES.zero_baseline_share, 0.0, np.where(is_low, low, usual))


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
    return monday + starts_tuesday, days + 7 * np.minimum(np.cumsum(put_off, axis=1), 1)


# Relief, boosters, visits and scores

NEVER = 100_000
"""A day no follow-up reaches."""

HORIZON_DAYS = 205
"""No visit and no booster lies later than this after the end of the series."""

MAX_BOOSTERS = HORIZON_DAYS // RULES.booster_gap_days
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
    ``left_on`` (n,) is the day of leaving, ``NEVER`` or later for those who stay.
    """

    day: np.ndarray
    kept: np.ndarray
    left_on: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Patients of one block with ids (n_patients,), baseline, boosters and visits."""

    ids: np.ndarray
    people: People
    baseline: Baseline
    boosters: Boosters
    visits: Visits

    @property
    def came(self) -> np.ndarray:
        """Which boosters were given: none after a patient left."""
        return self.boosters.day <= np.minimum(self.visits.left_on, NEVER - 1)[:, None]

    @property
    def ended_on(self) -> np.ndarray:
        """Last day of the initial series."""
        return self.people.day_zero + self.people.last_day


def draw_patients(rng: np.random.Generator, n_patients: int, *, first_number: int) -> Drawn:
    """Draw patients numbered from ``first_number``."""
    people = draw_people(rng, n_patients)
    baseline = draw_baseline(rng, people)
    boosters = draw_boosters(rng, people)
    visits = draw_visits(rng, people, boosters)
    ids = np.array([f"SYN-{first_number + number:06d}" for number in range(n_patients)])
    return Drawn(ids=ids, people=people, baseline=baseline, boosters=boosters, visits=visits)


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
    scale = per_condition("relief_scale_weeks")[condition]
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
    n_patients, n_weeks = people.condition.size, len(FOLLOW_UP_WEEKS)
    at_end = np.where(
        people.n_infusions > 1, rng.integers(0, 8, n_patients), rng.integers(1, 8, n_patients)
    )
    planned = DAYS_PER_WEEK * np.array(FOLLOW_UP_WEEKS)
    usual = np.rint(planned + rng.normal(1, 3.5, (n_patients, n_weeks)))
    very_late = rng.random((n_patients, n_weeks)) < VERY_LATE_SHARE
    days = np.clip(usual, EARLIEST, LATEST) + very_late * rng.integers(8, 21, usual.shape)
    days = np.minimum(days, HORIZON_DAYS)
    day = np.column_stack([at_end, days]).astype(int)
    for place in range(1, n_weeks + 1):
        day[:, place] = np.maximum(day[:, place], day[:, place - 1] + DAYS_BETWEEN_VISITS)
    # Who is still with the clinic at each visit depends on relief at the visit before.
    relieved = is_relieved(boosters, day)
    stopped = people.n_infusions < people.infusion_day.shape[1] - people.is_high_dose
    leave = np.empty(day.shape)
    leave[:, 0] = stopped * RULES.stopper_leaves_share
    leave[:, 1:] = np.where(relieved[:, :-1], RULES.leave_relieved_share, RULES.leave_other_share)
    stays = np.cumprod(rng.random(leave.shape) >= leave, axis=1).astype(bool)
    missed_share = np.full((n_patients, n_weeks + 1), RULES.visit_missed_share)
    missed_share[:, 0] = per_condition("end_missed_share")[people.condition]
    kept = stays & (rng.random(day.shape) >= missed_share)
    before = np.column_stack([np.zeros(n_patients), day[:, :-1]])
    left_days = np.where(stays, NEVER, before + rng.random((n_patients, 1)) * (day - before))
    return Visits(day=day, kept=kept, left_on=left_days.min(axis=1))


def draw_scores(rng: np.random.Generator, baseline: Baseline, relieved: np.ndarray) -> np.ndarray:
    """Draw recorded scores that show the state exactly: down by 30% if, and only if, relieved.

    ``relieved`` (n_patients, n_ratings) is the state at each rating; the scores have its shape
    and are on the patient's own scale. The threshold is worked out in integers,
    ``10 * count * score <= 7 * total``, so no rounding of fractions can shift a patient.
    """
    n_patients = relieved.shape[0]
    a, b = RULES.depth_beta
    depth = 0.3 + 0.7 * rng.beta(a, b, (n_patients, 1))
    drift = rng.normal(RULES.drift_mean_share, RULES.drift_sd_share, (n_patients, 1))
    noise = rng.normal(0, 0.05, relieved.shape)
    mean = (baseline.total / baseline.count)[:, None]
    top = baseline.top[:, None]
    highest_good = ((10 - RESPONSE_TENTHS) * baseline.total // (10 * baseline.count))[:, None]
    good = np.rint(mean * (1 - np.clip(depth + noise, 0.3, 1.0)))
    bad = np.rint(mean * (1 - np.clip(drift + noise, -0.5, 0.3)))
    scores = np.where(relieved, np.minimum(good, highest_good), np.clip(bad, highest_good + 1, top))
    return scores.astype(int)
