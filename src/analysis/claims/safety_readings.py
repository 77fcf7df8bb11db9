"""Claims on effects, vital signs and dose under other readings: grade, days, limit, infusions."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from analysis.adam.adsl import find_places
from analysis.adam.safety import (
    AS_FIXED,
    QUESTIONS,
    VitalReading,
    flag_effects,
    flag_mild,
    read_vital_signs,
    timed_effects,
)
from analysis.adam.study import Study
from analysis.claims.ledger import Claim
from analysis.labels import READING_DIMENSIONS
from analysis.stats.safety import complement_rows, effect_rows, estimate_rare_share, resolution_rows

EFFECT_MEASURES = ("effect_share", "unaffected_share")
GRADES, WINDOWS = (1, 2, 3), ("infusion", "next_day", "any")
READ_OTHERWISE = (*EFFECT_MEASURES, "resolved_share", "mild_share", "pressure_share",
                  "oxygen_share", "discharge_share", "dose_share")  # fmt: skip
"""Measures of claims whose other readings are here."""

LIMITS: dict[str, dict[str, VitalReading]] = {
    "pressure_share": {
        "180/110, rise 40/25": AS_FIXED,
        "180/110, rise 20/10": replace(AS_FIXED, rise=(20.0, 10.0)),
        "160/100, rise 40/25": replace(AS_FIXED, peak=(160.0, 100.0)),
        "160/100, rise 20/10": VitalReading(peak=(160.0, 100.0), rise=(20.0, 10.0)),
    },
    "oxygen_share": {
        "90": AS_FIXED,
        "88": replace(AS_FIXED, oxygen=88.0),
        "85": replace(AS_FIXED, oxygen=85.0),
    },
    "discharge_share": {
        "15 to 30": AS_FIXED,
        "10 to 35": replace(AS_FIXED, rest=(10.0, 35.0)),
        "up to 30": replace(AS_FIXED, rest=(0.0, 30.0)),
    },
    "dose_share": {"1": AS_FIXED, "2": replace(AS_FIXED, dose=2.0)},
}
"""Limits a reading may have, by their codes. Pressure: 160/100 mmHg is stage 2 hypertension, 20/10
mmHg a stage of it. Oxygen: Medicare pays for oxygen at home from 88%; below 85% is severe.
Minutes: rounded to five at either end, or no least. Dose: below 2 mg/kg, the average induction dose
of the label."""

OF_PATIENT = ("worst", "median")
EVERYBODY = {"condition": "all", "group_by": "all", "group": "all"}


def safety_readings(claim: Claim, study: Study, *, arm: str = "") -> pd.DataFrame:
    """Return the number of a claim on safety under every reading; empty for other measures.

    Only patients of the ``arm`` count; all treated where it is empty.

    One row a reading: its choices (columns of `analysis.labels.READING_DIMENSIONS`), value, low,
    high, n, n_missing, n_events, is_headline. Grades from that of the claim on; where its words
    name days, only those.
    """
    treated = study.adsl[study.adsl["SAFFL"]]
    ids = pd.Index(treated["USUBJID"][(treated["ARM"] == arm) | (arm == "")])
    if ids.empty:
        return pd.DataFrame()
    everybody = pd.DataFrame({**EVERYBODY, "USUBJID": ids})
    level, rows = study.settings.confidence_level, []
    if claim.measure in EFFECT_MEASURES:
        asked = QUESTIONS[claim.definition]
        days = [asked.window] if asked.window != "any" else list(WINDOWS)
        answers: dict[str, pd.DataFrame] = {}
        made_by: list[dict[str, object]] = []
        for grade, window, solicited in product(GRADES, days, (False, True)):
            if grade < asked.grade:
                continue
            question = replace(asked, grade=grade, window=window, solicited_only=solicited)
            answers[f"{len(answers)}"] = flag_effects(study, question)
            own = (grade, window, solicited) == (asked.grade, asked.window, False)
            made_by.append(_choices(grade, window, solicited, own))
        made = effect_rows(everybody, answers, level=level)
        made = made[made["population"] == claim.population]
        if claim.measure == "unaffected_share":
            made = complement_rows(made)
        rows = [one | how for one, how in zip(made.to_dict("records"), made_by, strict=True)]
    elif claim.measure == "resolved_share":
        minutes = float(claim.definition.partition("_")[0])
        for grade, solicited in product(GRADES, (False, True)):
            timed = timed_effects(study, grade=grade, solicited_only=solicited)
            made = resolution_rows(everybody, timed, [minutes], level=level)
            if made.empty:
                continue
            seen, worst, best = (
                made[made["population"] == name].iloc[0].to_dict()
                for name in ("effects", "effects_worst", "effects_best")
            )
            seen |= {"low": worst["low"], "high": best["high"]}  # as the verdict is given
            rows.append(seen | _choices(grade, "infusion", solicited, (grade, solicited) == (1, 0)))
    elif claim.measure == "mild_share":
        question = QUESTIONS[claim.definition]
        for mildest, window, solicited in product((1, 2), ("infusion", "any"), (False, True)):
            asked = replace(question, window=window, solicited_only=solicited)
            flags = flag_mild(study, asked, mildest=mildest)
            own = (mildest, window, solicited) == (1, question.window, False)
            counted = _count(flags[find_places(flags.index, ids) >= 0], level=level)
            rows.append(
                counted | _choices(0, window, solicited, own) | {"mild": f"up_to_{mildest}"}
            )
    elif claim.measure in LIMITS:
        fixed = OF_PATIENT[claim.measure == "discharge_share"]
        how = ("worst",) if claim.measure == "oxygen_share" else OF_PATIENT  # once is too often
        for (name, limit), of_patient in product(LIMITS[claim.measure].items(), how):
            reading = replace(limit, of_patient=of_patient)
            flags = read_vital_signs(study, reading)[claim.measure, claim.definition]
            own = (limit, of_patient) == (AS_FIXED, fixed)
            counted = _count(flags[find_places(flags.index, ids) >= 0], level=level)
            choices = {
                "limit": f"{claim.measure.partition('_')[0]} {name}",
                "infusions": of_patient,
            }
            rows.append(counted | choices | {"is_headline": own})
    if not any(row["is_headline"] for row in rows):
        return pd.DataFrame()
    frame = pd.DataFrame(rows)
    chosen = [name for name in READING_DIMENSIONS if name in frame and name != "population"]
    names = [*chosen, "value", "low", "high", "n", "n_missing", "n_events"]
    frame["n_events"] = pd.to_numeric(frame["n_events"]).fillna(0)
    numbers = dict.fromkeys(("value", "low", "high"), float)
    return frame[[*names, "is_headline"]].astype(numbers).astype({"n_events": np.int64})


def _count(flags: pd.Series, *, level: float) -> dict[str, object]:
    """Return the share who say yes, counted as notebook 55 does."""
    n, unknown = int(flags.count()), int(flags.isna().sum())
    return estimate_rare_share(int(flags.sum()), n, n_missing=unknown, level=level).row()


def _choices(grade: int, window: str, solicited: bool, leads: bool) -> dict[str, object]:
    asked = "solicited_only" if solicited else "solicited_or_not"
    made = {"window": window, "solicited": asked, "is_headline": leads}
    return made | ({"grade": f"grade_{grade}"} if grade else {})
