"""Side effects, opioids and questionnaires of the demo clinic: what is planted, and the draws.

They have a random stream of their own, so that patients, ratings and infusions stay what they were.
As everywhere in the demo the figures are chosen for teaching: "rare" nausea is not rare, effects
do not all end within 30 minutes, and some patients were never asked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import norm

from analysis.intake.demo_plan import (
    CONDITIONS,
    FOLLOW_UP_WEEKS,
    RULES,
    Baseline,
    Boosters,
    People,
    Visits,
    is_relieved,
)

# What is planted


@dataclass(frozen=True, kw_only=True)
class EffectPlan:
    """An effect: its share of infusions asked about, of either protocol, and how it goes.

    ``grade_shares`` are those of grades 1, 2 and 3; ``median_minutes`` is the median time from the
    end of the infusion to resolution, lognormal with ``MINUTES_SPREAD``.
    """

    term: str
    standard_share: float
    high_dose_share: float
    grade_shares: tuple[float, float, float]
    median_minutes: float


MINUTES_SPREAD = 0.6
"""Standard deviation of the logarithm of minutes to resolution."""

EFFECTS = tuple(
    EffectPlan(
        term=term, standard_share=standard, high_dose_share=high, grade_shares=grades,
        median_minutes=minutes,
    )
    for term, standard, high, grades, minutes in (
        ("dissociation", 0.34, 0.60, (0.82, 0.16, 0.02), 18.0),
        ("changes in perception", 0.16, 0.30, (0.90, 0.10, 0.0), 15.0),
        ("drowsiness", 0.22, 0.55, (0.85, 0.15, 0.0), 30.0),
        ("dizziness", 0.11, 0.16, (0.80, 0.18, 0.02), 22.0),
        ("nausea", 0.08, 0.18, (0.60, 0.32, 0.08), 25.0),
        ("headache", 0.03, 0.05, (0.80, 0.20, 0.0), 90.0),
        ("anxiety", 0.02, 0.04, (0.60, 0.30, 0.10), 20.0),
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RecordRules:
    """What is planted of side effects, opioids and questionnaires; shares are 0 to 1."""

    asked_share: tuple[float, float, float] = (0.97, 0.90, 0.95)
    never_asked: str = "patients of the third site who began before 2023: it had no checklist"
    volunteered_share: float = 0.02
    fatigue_next_day_share: float = 0.06
    stops_at_grade_3_share: float = 0.5
    transfer_share: float = 0.0008
    pressure_limit_mmhg: tuple[int, int] = (180, 110)
    urinary_by_week_26_share: float = 0.02
    follow_up_asked_at: str = "weeks 12 and 26, first site only; the liver is never asked about"
    opioid_recorded_share: float = 0.85
    opioid_user_share: float = 0.40
    taper_relieved_shares: tuple[float, ...] = (0.15, 0.30, 0.20, 0.35)
    taper_other_shares: tuple[float, ...] = (0.02, 0.06, 0.10, 0.82)
    taper_to_share_of_dose: tuple[float, ...] = (0.0, 0.4, 0.6, 1.0)
    taper_from: str = "week 4 on; the dose at the end of the series is that of the baseline"
    questionnaires_share: tuple[float, float, float] = (0.92, 0.85, 0.0)
    no_questionnaires: str = "the third site has none"


RECORDS = RecordRules()


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """An instrument: baseline (normal), and change by relief (normal, the same spread)."""

    instrument: str
    baseline: tuple[float, float]
    change_relieved: float
    change_other: float
    change_sd: float
    limits: tuple[float, float]
    step: float
    important: float


SCALES_PLANNED = (
    ScalePlan(instrument="promis_pi", baseline=(66, 5), change_relieved=-7, change_other=-1,
              change_sd=4, limits=(38, 84), step=0.1, important=-3),
    ScalePlan(instrument="promis_pf", baseline=(36, 5), change_relieved=4.5, change_other=0.5,
              change_sd=3.5, limits=(14, 74), step=0.1, important=3),
    ScalePlan(instrument="promis_sd", baseline=(59, 6), change_relieved=-4, change_other=-1,
              change_sd=5, limits=(26, 84), step=0.1, important=-3),
    ScalePlan(instrument="phq9", baseline=(13, 3), change_relieved=-4, change_other=-1,
              change_sd=2.5, limits=(0, 27), step=1, important=-5),
)  # fmt: skip

PGIC_RELIEVED = (0.20, 0.45, 0.25, 0.10, 0.0, 0.0, 0.0)
PGIC_OTHER = (0.0, 0.05, 0.20, 0.50, 0.15, 0.07, 0.03)
"""Shares of the answers 1 (very much improved) to 7 (very much worse)."""

DRUGS = (
    # drug, unit, share, daily doses
    ("oxycodone", "mg", 0.34, (20, 40, 60)),
    ("hydrocodone", "mg", 0.22, (20, 40)),
    ("morphine", "mg", 0.14, (30, 60, 100)),
    ("tramadol", "mg", 0.14, (100, 200, 300)),
    ("fentanyl", "mcg_per_hour", 0.06, (25, 50)),
    ("methadone", "mg", 0.05, (15, 30)),
    ("buprenorphine", "mg", 0.05, (4, 8)),
)

WEEK_12, WEEK_26 = (1 + FOLLOW_UP_WEEKS.index(week) for week in (12, 26))
"""Places among the visits, of which the end is the first."""


# How they are drawn


def draw_records(
    rng: np.random.Generator,
    ids: pa.Array,
    people: People,
    baseline: Baseline,
    boosters: Boosters,
    visits: Visits,
    infusions: pd.DataFrame,
) -> dict[str, pa.Table]:
    """Draw adverse_events, opioid_use and questionnaires of patients whose infusions are given."""
    names = pd.Index(ids.to_pylist())
    kept = visits.kept & (
        (people.day_zero + people.last_day)[:, None] + visits.day
        <= np.datetime64(RULES.exported_on)
    )
    relieved = is_relieved(boosters, visits.day)
    dates = (people.day_zero + people.last_day)[:, None] + visits.day
    first = people.day_zero + baseline.days[:, 0]
    return {
        "adverse_events": _draw_events(rng, names, people, dates, kept, infusions),
        "opioid_use": _draw_opioids(rng, names, people, first, dates, kept),
        "questionnaires": _draw_forms(rng, names, people, first, dates, kept, relieved),
    }


def _draw_events(
    rng: np.random.Generator,
    names: pd.Index,
    people: People,
    dates: np.ndarray,
    kept: np.ndarray,
    infusions: pd.DataFrame,
) -> pa.Table:
    """Draw what each infusion and follow-up brought; ``none reported`` where asked in vain."""
    n = len(infusions)
    patient = names.get_indexer(infusions["patient_id"])
    site = people.site[patient]
    no_list = (site == 2) & (people.day_zero[patient] < np.datetime64("2023-01-01"))
    asked = ~no_list & (rng.random(n) < np.array(RECORDS.asked_share)[site])
    high = infusions["protocol"].eq("high_dose").to_numpy()
    volunteers = ~asked & (rng.random(n) < RECORDS.volunteered_share)
    parts = []
    for effect in EFFECTS:
        share = np.where(high, effect.high_dose_share, effect.standard_share)
        happens = rng.random(n) < share
        shown = happens & asked
        if effect.term == "nausea":
            shown |= volunteers
        grade = 1 + rng.choice(3, size=n, p=effect.grade_shares)
        minutes = np.rint(effect.median_minutes * np.exp(rng.normal(0, MINUTES_SPREAD, n)))
        stopped = (grade == 3) & (rng.random(n) < RECORDS.stops_at_grade_3_share)
        parts.append(_events(infusions, shown, effect.term, grade, minutes, asked, stopped=stopped))
    systolic, diastolic = RECORDS.pressure_limit_mmhg
    high_pressure = (infusions["sbp_peak"] >= systolic) | (infusions["dbp_peak"] >= diastolic)
    minutes = np.rint(20 * np.exp(rng.normal(0, MINUTES_SPREAD, n)))
    grade = np.full(n, 3)
    shown = high_pressure.to_numpy() & asked
    parts.append(_events(infusions, shown, "blood pressure raised", grade, minutes, asked))
    moved = rng.random(n) < RECORDS.transfer_share
    parts.append(
        _events(infusions, moved, "chest pain", grade, minutes + 60, asked, stopped=moved,
                serious=moved)
    )  # fmt: skip
    tired = asked & (rng.random(n) < RECORDS.fatigue_next_day_share)
    next_day = _events(infusions, tired, "fatigue", np.full(n, 1), minutes * np.nan, asked)
    next_day["occurred_on"] = next_day["infused_at"] + pd.Timedelta(days=1)
    parts.append(next_day.assign(resolved=None))
    something = np.zeros(n, dtype=bool)
    something[np.unique(np.concatenate([part.index for part in parts]))] = True
    none = _events(infusions, asked & ~something, "none reported", grade, minutes, asked)
    blank = {"grade": np.nan, "minutes_to_resolution": np.nan, "resolved": None, "solicited": None}
    parts.append(none.assign(**blank))
    table = pd.concat(parts)
    table["place"] = patient[table.index]
    table["order"] = table["infused_at"]
    table = pd.concat([table, _draw_follow_up(rng, names, people, dates, kept)])
    table = table[~(table["occurred_on"] > pd.Timestamp(RULES.exported_on))]
    table = table.sort_values(["place", "order"], kind="stable")
    return _as_arrow(table, ("patient_id", "infused_at", "occurred_on", "term", "solicited",
                             "grade", "minutes_to_resolution", "resolved", "serious",
                             "hospital_transfer", "stopped_infusion"))  # fmt: skip


def _events(
    infusions: pd.DataFrame,
    shown: np.ndarray,
    term: str,
    grade: np.ndarray,
    minutes: np.ndarray,
    asked: np.ndarray,
    *,
    stopped: np.ndarray | None = None,
    serious: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return events of the infusions marked: unresolved where they outlast a known discharge."""
    given = infusions.loc[shown, ["patient_id", "infused_at", "discharge_minutes"]]
    lasts = pd.Series(minutes[shown], index=given.index)
    open_ = lasts > given["discharge_minutes"]
    none = np.zeros(len(shown), dtype=bool)
    bad = (none if serious is None else serious)[shown]
    return pd.DataFrame(
        {
            "patient_id": given["patient_id"],
            "infused_at": given["infused_at"],
            "occurred_on": pd.Series(pd.NaT, index=given.index, dtype="datetime64[s]"),
            "term": term,
            "solicited": np.where(asked[shown], "yes", "no"),
            "grade": grade[shown].astype(float),
            "minutes_to_resolution": lasts.mask(open_),
            "resolved": np.where(open_, "no", "yes"),
            "serious": np.where(bad, "yes", ""),
            "hospital_transfer": np.where(bad, "yes", ""),
            "stopped_infusion": np.where((none if stopped is None else stopped)[shown], "yes", ""),
        }
    )


def _draw_follow_up(
    rng: np.random.Generator, names: pd.Index, people: People, dates: np.ndarray, kept: np.ndarray
) -> pd.DataFrame:
    """Return what the first site asked at weeks 12 and 26, and bladder trouble told elsewhere."""
    troubled = rng.random(len(names)) < RECORDS.urinary_by_week_26_share
    parts = []
    for place in (WEEK_12, WEEK_26):
        asks = kept[:, place] & (people.site == 0)
        tells = troubled & kept[:, place] & (place == WEEK_26)
        own = np.flatnonzero(asks | tells)
        urinary = tells[own]
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": names[own],
                    "occurred_on": dates[own, place].astype("datetime64[s]"),
                    "term": np.where(urinary, "urinary urgency", "none reported"),
                    "solicited": np.where(urinary, np.where(asks[own], "yes", "no"), ""),
                    "grade": np.where(urinary, 2.0, np.nan),
                    "resolved": np.where(urinary, "no", ""),
                    "place": own,
                }
            )
        )
    found = pd.concat(parts)
    return found.assign(order=found["occurred_on"])


def _draw_opioids(
    rng: np.random.Generator,
    names: pd.Index,
    people: People,
    first: np.ndarray,
    dates: np.ndarray,
    kept: np.ndarray,
) -> pa.Table:
    """Draw daily doses as taken, at the baseline and every visit; 0 for who takes none."""
    n = len(names)
    recorded = rng.random(n) < RECORDS.opioid_recorded_share
    user = rng.random(n) < RECORDS.opioid_user_share
    drug = rng.choice(len(DRUGS), size=n, p=[share for *_, share, _ in DRUGS])
    pick = rng.random(n)
    dose = np.array(
        [DRUGS[d][3][int(p * len(DRUGS[d][3]))] for d, p in zip(drug, pick, strict=True)]
    )
    step = np.where(
        people.responds,
        rng.choice(4, size=n, p=RECORDS.taper_relieved_shares),
        rng.choice(4, size=n, p=RECORDS.taper_other_shares),
    )
    share = np.array(RECORDS.taper_to_share_of_dose)[step]
    parts = []
    for place in range(-1, dates.shape[1]):
        there = recorded if place < 0 else recorded & kept[:, place]
        own = np.flatnonzero(there)
        later = share[own] if place > 0 else 1.0
        amount = np.where(user[own], dose[own] * later, 0.0)
        takes = amount > 0
        day = first[own] if place < 0 else dates[own, place]
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": names[own],
                    "assessed_on": day.astype("datetime64[s]"),
                    "drug": np.where(takes, np.array([d[0] for d in DRUGS])[drug[own]], ""),
                    "daily_dose": amount,
                    "unit": np.where(takes, np.array([d[1] for d in DRUGS])[drug[own]], ""),
                    "basis": "taken",
                    "place": own,
                }
            )
        )
    table = pd.concat(parts).sort_values(["place", "assessed_on"], kind="stable")
    return _as_arrow(table, ("patient_id", "assessed_on", "drug", "daily_dose", "unit", "basis"))


def _draw_forms(
    rng: np.random.Generator,
    names: pd.Index,
    people: People,
    first: np.ndarray,
    dates: np.ndarray,
    kept: np.ndarray,
    relieved: np.ndarray,
) -> pa.Table:
    """Draw scores at the baseline, the end and week 12, by who is in relief then."""
    n = len(names)
    given = rng.random(n) < np.array(RECORDS.questionnaires_share)[people.site]
    parts = []

    def add(who: np.ndarray, day: np.ndarray, instrument: str, score: np.ndarray) -> None:
        own = np.flatnonzero(who)
        part = {"patient_id": names[own], "assessed_on": day[own].astype("datetime64[s]"),
                "instrument": instrument, "score": score[own], "place": own}  # fmt: skip
        parts.append(pd.DataFrame(part))

    for plan in SCALES_PLANNED:
        unit = round(1 / plan.step)
        low, high = plan.limits
        base = np.clip(np.rint(rng.normal(*plan.baseline, n) * unit) / unit, low, high)
        add(given, first, plan.instrument, base)
        for place in (0, WEEK_12):
            mean = np.where(relieved[:, place], plan.change_relieved, plan.change_other)
            score = np.rint((base + rng.normal(mean, plan.change_sd)) * unit) / unit
            add(given & kept[:, place], dates[:, place], plan.instrument, np.clip(score, low, high))
    for place in (0, WEEK_12):
        answer = np.where(
            relieved[:, place],
            1 + rng.choice(7, size=n, p=PGIC_RELIEVED),
            1 + rng.choice(7, size=n, p=PGIC_OTHER),
        )
        add(given & kept[:, place], dates[:, place], "pgic", answer.astype(float))
    table = pd.concat(parts).sort_values(["place", "assessed_on"], kind="stable")
    return _as_arrow(table, ("patient_id", "assessed_on", "instrument", "score"))


def _as_arrow(table: pd.DataFrame, columns: tuple[str, ...]) -> pa.Table:
    """Return columns as the export writes them: days, whole numbers, one decimal."""
    out: dict[str, pa.Array] = {}
    for name in columns:
        values = table[name]
        if name in ("infused_at", "occurred_on", "assessed_on"):
            out[name] = pa.array(values.astype("datetime64[s]")).cast(pa.date32())
        elif name in ("grade", "minutes_to_resolution"):
            out[name] = pa.array(values.astype("Int64"))
        elif name in ("daily_dose", "score"):
            out[name] = pa.array(values.astype(float).round(1))
        else:
            said = values.notna() & values.ne("")
            out[name] = pa.array(values.astype(object).where(said, None), type=pa.string())
    return pa.table(out)


# The true figures


def describe_records() -> dict[str, Any]:
    """Return what is planted of side effects, opioids and questionnaires, for truth.json."""

    def resolved_share(effect: EffectPlan, minutes: float) -> float:
        # Minutes are whole: 30 stands for less than 30.5.
        return float(norm.cdf((log(minutes + 0.5) - log(effect.median_minutes)) / MINUTES_SPREAD))

    def important_share(plan: ScalePlan, mean: float) -> float:
        sign = 1 if plan.important > 0 else -1
        edge = abs(plan.important) - plan.step / 2
        return float(norm.sf((edge - sign * mean) / plan.change_sd))

    taper = {
        name: {
            "stopped_share": shares[0],
            "at_least_50_pct_less_share": sum(shares[:2]),
            "at_least_30_pct_less_share": sum(shares[:3]),
        }
        for name, shares in (
            ("responders", RECORDS.taper_relieved_shares),
            ("others", RECORDS.taper_other_shares),
        )
    }
    return {
        "rules": asdict(RECORDS),
        "effects": {
            effect.term: {
                **asdict(effect),
                "resolved_share": {f"{m}_minutes": resolved_share(effect, m) for m in (15, 30, 60)},
            }
            for effect in EFFECTS
        },
        "opioids_from_week_4": taper,
        "at_least_30_pct_less_share": {
            plan.condition: plan.responder_share * taper["responders"]["at_least_30_pct_less_share"]
            + (1 - plan.responder_share) * taper["others"]["at_least_30_pct_less_share"]
            for plan in CONDITIONS
        },
        "questionnaires": {
            plan.instrument: {
                **asdict(plan),
                "important_share_relieved": important_share(plan, plan.change_relieved),
                "important_share_other": important_share(plan, plan.change_other),
            }
            for plan in SCALES_PLANNED
        },
        "pgic_much_improved_share": {
            "relieved": sum(PGIC_RELIEVED[:2]),
            "other": sum(PGIC_OTHER[:2]),
        },
    }
