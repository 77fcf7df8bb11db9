"""Write the drawn patients down as a clinic would: three tables of the contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analysis.intake.demo_draw import (
    FLAGS,
    LINES,
    NEVER,
    SITES,
    Baseline,
    Boosters,
    People,
    Visits,
    draw_baseline,
    draw_boosters,
    draw_people,
    draw_scores,
    draw_visits,
    is_relieved,
)
from analysis.intake.demo_plan import CONDITIONS, RULES

SCREENED_SHARE, RATES_WORST_SHARE, RATED_DURING_SHARE = 0.25, 0.3, 0.6
"""Shares rated at enrolment (too early for a baseline), for worst pain too, during the series."""

DURING_INFUSION = 3
"""Place of the infusion at which pain is rated during the series (the fourth)."""

RECALLS = ("average", "worst")
AVERAGE, WORST = 0, 1
UNRECORDED_SHARE = 0.03
"""Share of blanks in the columns a clinic forgets now and then."""


def draw_block(
    rng: np.random.Generator, n_patients: int, *, first_number: int
) -> dict[str, pa.Table]:
    """Draw patients numbered from ``first_number`` with all their records: tables by name."""
    people = draw_people(rng, n_patients)
    baseline = draw_baseline(rng, people)
    boosters = draw_boosters(rng, people)
    visits = draw_visits(rng, people, boosters)
    ids = pa.array([f"SYN-{first_number + number:06d}" for number in range(n_patients)])
    return {
        "patients": _tabulate_patients(rng, ids, people),
        "pain_scores": _tabulate_scores(rng, ids, people, baseline, boosters, visits),
        "infusions": _tabulate_infusions(rng, ids, people, boosters, visits),
    }


def _pick(values: tuple[str | None, ...], places: np.ndarray) -> pa.Array:
    """Return words by place."""
    return pa.array(values, type=pa.string()).take(pa.array(places))


def _with_blanks(rng: np.random.Generator, values: np.ndarray) -> pa.Array:
    """Return values with a few left blank at random."""
    return pa.array(values, mask=rng.random(values.size) < UNRECORDED_SHARE)


def _tabulate_patients(rng: np.random.Generator, ids: pa.Array, people: People) -> pa.Table:
    """Tabulate one row per patient."""
    began = people.day_zero - np.rint(people.pain_years * 365.25).astype(int)
    birth_year = people.day_zero.astype("datetime64[Y]").astype(int) + 1970 - people.age_years
    columns = {
        "patient_id": ids,
        "site": _pick(SITES, people.site),
        "condition": _pick(tuple(plan.condition for plan in CONDITIONS), people.condition),
        "subtype": _pick(tuple(line[1] for line in LINES), people.line),
        "icd10": _pick(tuple(line[2] for line in LINES), people.line),
        "sex": _pick(("male", "female"), people.is_female.astype(int)),
        "birth_year": pa.array(birth_year),
        "pain_since": _with_blanks(rng, began.astype("datetime64[D]")),
        "prior_treatments_failed": _with_blanks(rng, people.n_failed),
    }
    for place, (name, _) in enumerate(FLAGS):
        columns[name] = pa.array(people.flags[:, place])
    columns["enrolled_on"] = pa.array(people.day_zero - people.enrolled_before_days)
    return pa.table(columns)


def _tabulate_scores(
    rng: np.random.Generator,
    ids: pa.Array,
    people: People,
    baseline: Baseline,
    boosters: Boosters,
    visits: Visits,
) -> pa.Table:
    """Tabulate one row per rating, by patient and date, up to the day of the export."""
    # After the series: the visits, then the days of the boosters. A booster on the day of a kept
    # visit adds no second rating of that day.
    came = boosters.day <= np.minimum(visits.left_on, NEVER - 1)[:, None]
    on_visit = (boosters.day[:, :, None] == visits.day[:, None, :]) & visits.kept[:, None, :]
    rated = came & ~on_visit.any(axis=2) & (rng.random(came.shape) < RULES.booster_rated_share)
    days = np.column_stack([visits.day, boosters.day])
    kept, relieved = np.column_stack([visits.kept, rated]), is_relieved(boosters, days)

    after = draw_scores(rng, baseline, relieved)
    during = draw_scores(rng, baseline, relieved[:, :1])[:, 0]
    early = draw_scores(rng, baseline, np.zeros((during.size, 1), dtype=bool))[:, 0]
    half_way = np.rint((baseline.total / baseline.count + during) / 2).astype(int)
    unit = baseline.top // 10
    harsher = unit * rng.integers(1, 3, unit.size)
    rates_worst = rng.random(unit.size) < RATES_WORST_SHARE
    screened = rng.random(unit.size) < SCREENED_SHARE
    rated_during = rng.random(unit.size) < RATED_DURING_SHARE
    fourth = people.infusion_day[:, DURING_INFUSION]
    given = np.arange(baseline.scores.shape[1]) < baseline.count[:, None]
    last = people.last_day
    # One block of columns each: day since day 0, score, whether rated, recall.
    blocks = [
        (-people.enrolled_before_days, early, screened, AVERAGE),
        (baseline.days, baseline.scores, given, AVERAGE),
        (fourth, half_way, (people.n_infusions > DURING_INFUSION + 1) & rated_during, AVERAGE),
        (days + last[:, None], after, kept, AVERAGE),
        (baseline.days[:, 0], baseline.scores[:, 0] + harsher, rates_worst, WORST),
        (days[:, 0] + last, after[:, 0] + harsher, rates_worst & kept[:, 0], WORST),
    ]
    day = np.column_stack([block[0] for block in blocks])
    score = np.minimum(np.column_stack([block[1] for block in blocks]), baseline.top[:, None])
    keep = np.column_stack([block[2] for block in blocks])
    widths = [1 if block[0].ndim == 1 else block[0].shape[1] for block in blocks]
    recall = np.repeat([block[3] for block in blocks], widths)

    dates = people.day_zero[:, None] + day
    patient, place = np.nonzero(keep & (dates <= np.datetime64(RULES.exported_on)))
    order = np.lexsort((place, day[patient, place], patient))
    patient, place = patient[order], place[order]
    return pa.table(
        {
            "patient_id": ids.take(pa.array(patient)),
            "assessed_on": pa.array(dates[patient, place].astype("datetime64[D]")),
            "score": pa.array(score[patient, place]),
            "scale": _pick(("nrs_0_10", "vas_0_100"), people.on_vas[patient].astype(int)),
            "recall": _pick(RECALLS, recall[place]),
        }
    )


def _tabulate_infusions(
    rng: np.random.Generator, ids: pa.Array, people: People, boosters: Boosters, visits: Visits
) -> pa.Table:
    """Tabulate one row per infusion, by patient and date."""
    n_initial = people.infusion_day.shape[1]
    day = np.column_stack([people.infusion_day, boosters.day + people.last_day[:, None]])
    given = np.column_stack(
        [
            np.arange(n_initial) < people.n_infusions[:, None],
            boosters.day <= np.minimum(visits.left_on, NEVER - 1)[:, None],
        ]
    )
    dates = people.day_zero[:, None] + day
    patient, place = np.nonzero(given & (dates <= np.datetime64(RULES.exported_on)))
    is_booster = place >= n_initial
    high = people.is_high_dose[patient] & ~is_booster
    step = np.minimum(place, n_initial - 1)
    columns = {
        "patient_id": ids.take(pa.array(patient)),
        "infused_at": pa.array(dates[patient, place].astype("datetime64[D]")),
        "series": pa.array(np.where(is_booster, place - n_initial + 2, 1)),
        "phase": _pick(("initial", "maintenance"), is_booster.astype(int)),
        "protocol": _pick(("standard", "high_dose"), high.astype(int)),
    }
    personal = rng.normal(0, 1, people.condition.size)
    columns.update(_draw_session(rng, high=high, step=step, personal=personal[patient]))
    return pa.table(columns)


def _draw_session(
    rng: np.random.Generator, *, high: np.ndarray, step: np.ndarray, personal: np.ndarray
) -> dict[str, pa.Array]:
    """Draw dose, length and vital signs of infusions."""
    size = high.size
    dose = np.where(high, 1.6 + 0.15 * step, 0.5 + 0.03 * step) + 0.05 * np.rint(personal)
    minutes = np.where(high, 240, rng.choice([45, 50, 55, 60], size=size, p=[0.3, 0.2, 0.1, 0.4]))
    sbp = np.clip(np.rint(126 + 11 * personal + rng.normal(0, 6, size)), 92, 178).astype(int)
    dbp = np.clip(np.rint(77 + 6 * personal + rng.normal(0, 5, size)), 52, 108).astype(int)
    rise = np.maximum(rng.normal(np.where(high, 21, 13), 8), 0)
    lowest = np.clip(np.rint(rng.normal(np.where(high, 94.5, 96.5), 1.4)), 86, 100)
    rest = np.rint(rng.gamma(9, np.where(high, 8, 3.2)) / 5) * 5
    return {
        "dose_mg_per_kg": pa.array(np.round(dose, 2)),
        "minutes": pa.array(minutes),
        "sbp_before": pa.array(sbp),
        "dbp_before": pa.array(dbp),
        "sbp_peak": pa.array(sbp + np.rint(rise).astype(int)),
        "dbp_peak": pa.array(dbp + np.rint(0.6 * rise).astype(int)),
        "spo2_lowest": _with_blanks(rng, lowest.astype(int)),
        "discharge_minutes": _with_blanks(rng, np.maximum(rest, 10).astype(int)),
    }
