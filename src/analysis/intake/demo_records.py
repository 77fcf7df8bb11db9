"""Side effects, opioids and questionnaires of the demo clinic: what is planted, and the draws.

They have a random stream of their own, so that patients, ratings and infusions stay what they were.
As everywhere in the demo the figures are chosen for teaching: "rare" nausea is not rare, effects
do not all end within 30 minutes, and some patients were never asked.
"""

from __future__ import annotations

from math import log
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import norm

from analysis.intake.demo_plan import (
    CONDITIONS,
    FOLLOW_UP_WEEKS,
    PLAN,
    RULES,
    Drawn,
    People,
    is_relieved,
)

RECORDS = SimpleNamespace(**PLAN["records"])
EFFECTS = [SimpleNamespace(**own) for own in PLAN["effects"]]
SCALES_PLANNED = [SimpleNamespace(**own) for own in PLAN["scales"]]
DRUGS = [SimpleNamespace(**own) for own in PLAN["drugs"]]
PGIC: dict[str, list[float]] = PLAN["pgic"]

MINUTES_SPREAD = 0.6
"""Standard deviation of the logarithm of minutes to resolution."""

WEEK_12, WEEK_26 = (1 + FOLLOW_UP_WEEKS.index(week) for week in (12, 26))
"""Places among the visits, of which the end is the first."""


# How they are drawn


class Seen(NamedTuple):
    """Who could be asked when: ``first`` is the day of the baseline; at each visit its date,
    whether it was kept by the day of the export, and whether there was relief.
    """

    names: pd.Index
    people: People
    first: np.ndarray
    dates: np.ndarray
    kept: np.ndarray
    relieved: np.ndarray


def draw_records(
    rng: np.random.Generator, drawn: Drawn, infusions: pd.DataFrame
) -> dict[str, pa.Table]:
    """Draw adverse_events, opioid_use and questionnaires of patients whose infusions are given."""
    dates = drawn.ended_on[:, None] + drawn.visits.day
    seen = Seen(
        names=pd.Index(drawn.ids, dtype=object), people=drawn.people,
        first=drawn.people.day_zero + drawn.baseline.days[:, 0], dates=dates,
        kept=drawn.visits.kept & (dates <= np.datetime64(RULES.exported_on)),
        relieved=is_relieved(drawn.boosters, drawn.visits.day),
    )  # fmt: skip
    return {
        "adverse_events": _draw_events(rng, seen, infusions),
        "opioid_use": _draw_opioids(rng, seen),
        "questionnaires": _draw_forms(rng, seen),
    }


def _draw_events(rng: np.random.Generator, seen: Seen, infusions: pd.DataFrame) -> pa.Table:
    """Draw what each infusion and follow-up brought; ``none reported`` where asked in vain."""
    names, people = seen.names, seen.people
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
    table = pd.concat([table, _draw_follow_up(rng, seen)])
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


def _draw_follow_up(rng: np.random.Generator, seen: Seen) -> pd.DataFrame:
    """Return what the first site asked at weeks 12 and 26, and bladder trouble told elsewhere."""
    names, people, _, dates, kept, _ = seen
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


def _draw_opioids(rng: np.random.Generator, seen: Seen) -> pa.Table:
    """Draw daily doses as taken, at the baseline and every visit; 0 for who takes none."""
    names, people, first, dates, kept, _ = seen
    n = len(names)
    recorded = rng.random(n) < RECORDS.opioid_recorded_share
    user = rng.random(n) < RECORDS.opioid_user_share
    drug = rng.choice(len(DRUGS), size=n, p=[own.share for own in DRUGS])
    pick = rng.random(n)
    dose = np.array(
        [
            DRUGS[d].daily_doses[int(p * len(DRUGS[d].daily_doses))]
            for d, p in zip(drug, pick, strict=True)
        ]
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
                    "drug": np.where(takes, np.array([own.drug for own in DRUGS])[drug[own]], ""),
                    "daily_dose": amount,
                    "unit": np.where(takes, np.array([own.unit for own in DRUGS])[drug[own]], ""),
                    "basis": "taken",
                    "place": own,
                }
            )
        )
    table = pd.concat(parts).sort_values(["place", "assessed_on"], kind="stable")
    return _as_arrow(table, ("patient_id", "assessed_on", "drug", "daily_dose", "unit", "basis"))


def _draw_forms(rng: np.random.Generator, seen: Seen) -> pa.Table:
    """Draw scores at the baseline, the end and week 12, by who is in relief then."""
    names, people, first, dates, kept, relieved = seen
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
        (low, high), (mean, spread) = plan.limits, plan.baseline
        base = np.clip(np.rint(rng.normal(mean, spread, n) * unit) / unit, low, high)
        add(given, first, plan.instrument, base)
        for place in (0, WEEK_12):
            mean = np.where(relieved[:, place], plan.change_relieved, plan.change_other)
            score = np.rint((base + rng.normal(mean, plan.change_sd)) * unit) / unit
            add(given & kept[:, place], dates[:, place], plan.instrument, np.clip(score, low, high))
    for place in (0, WEEK_12):
        answer = np.where(
            relieved[:, place],
            1 + rng.choice(7, size=n, p=PGIC["relieved"]),
            1 + rng.choice(7, size=n, p=PGIC["other"]),
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

    def resolved_share(effect: SimpleNamespace, minutes: float) -> float:
        # Minutes are whole: 30 stands for less than 30.5.
        return float(norm.cdf((log(minutes + 0.5) - log(effect.median_minutes)) / MINUTES_SPREAD))

    def important_share(plan: SimpleNamespace, mean: float) -> float:
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
        "rules": vars(RECORDS),
        "effects": {
            effect.term: {
                **vars(effect),
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
                **vars(plan),
                "important_share_relieved": important_share(plan, plan.change_relieved),
                "important_share_other": important_share(plan, plan.change_other),
            }
            for plan in SCALES_PLANNED
        },
        "pgic_much_improved_share": {
            "relieved": sum(PGIC["relieved"][:2]),
            "other": sum(PGIC["other"][:2]),
        },
    }
