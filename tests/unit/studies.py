"""Small typed studies, run through the suite's own derivation, for tests that count by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.adam.study import FRAMES, Study, derive_study, narrow
from analysis.intake.load import Export
from analysis.intake.tables import load_conditions
from analysis.settings import AnalysisSettings

SETTINGS = AnalysisSettings(bootstrap_replicates=200)

LAST_INFUSION = 10
"""Study day of the second and last infusion of everyone in these studies."""

END = LAST_INFUSION + 3
WEEK_4 = LAST_INFUSION + 28
WEEK = {week: LAST_INFUSION + 7 * week for week in range(27)}
"""Study day of each week after the last infusion."""


def patient(
    name: str,
    baseline: float | None = None,
    end: float | None = None,
    *,
    later: Mapping[int, float] | None = None,
    booster_on: int | None = None,
    treated: bool = True,
    **columns: Any,
) -> dict[str, Any]:
    """One patient: baseline on day 0, rating at the end on day 13, further ratings by study day."""
    ratings = {} if later is None else dict(later)
    if baseline is not None:
        ratings[0] = baseline
    if end is not None:
        ratings[END] = end
    days = [0, LAST_INFUSION] if treated else []
    phases = ["initial"] * len(days)
    if booster_on is not None:
        days.append(booster_on)
        phases.append("maintenance")
    return {
        "patient": {"patient_id": name, "condition": "crps", "subtype": None, **columns},
        "ratings": ratings,
        "infusions": list(zip(days, phases, strict=True)),
    }


def responder(name: str, *, booster_on: int | None = None, **later: Any) -> dict[str, Any]:
    """Pain 8 to 4 on the last day of the series, then ratings by week: w4=8 is a loss at week 4.

    Other keywords are columns of the patient.
    """
    weeks = {key: later.pop(key) for key in list(later) if key[0] == "w" and key[1:].isdigit()}
    ratings = {WEEK[0]: 4.0} | {WEEK[int(key[1:])]: score for key, score in weeks.items()}
    return patient(name, 8, later=ratings, booster_on=booster_on, **later)


def four() -> list[dict[str, Any]]:
    """Losses found at weeks 4, 8 and 12, each good at the visit before; one good until 26."""
    return [
        responder("a", w4=8),
        responder("b", w4=4, w8=8),
        responder("c", w4=4, w8=4, w12=8),
        responder("d", w4=4, w8=4, w12=4, w26=4),
    ]


def tables_of(
    patients: Sequence[Mapping[str, Any]], *, with_infusions: bool = True
) -> dict[str, pd.DataFrame]:
    """Tables of the contract for typed patients."""
    people = pd.DataFrame([one["patient"] for one in patients])
    people["patient_id"] = people["patient_id"].astype("str")
    ratings = pd.DataFrame(
        [
            (one["patient"]["patient_id"], float(day), float(score), "average")
            for one in patients
            for day, score in sorted(one["ratings"].items())
        ],
        columns=["patient_id", "study_day", "score", "recall"],
    )
    infusions = pd.DataFrame(
        [
            (one["patient"]["patient_id"], float(day), phase)
            for one in patients
            for day, phase, *_ in one["infusions"]
        ],
        columns=["patient_id", "study_day", "phase"],
    )
    tables = {"patients": people, "pain_scores": ratings}
    return {**tables, "infusions": infusions} if with_infusions else tables


def export_of(tables: dict[str, pd.DataFrame], **more: Any) -> Export:
    """An export that holds these tables."""
    given = {
        "name": "typed study", "synthetic": True, "source": "", "intake": (), "settings": {},
        "conditions": load_conditions(), "files": {},
    }  # fmt: skip
    return Export(**{**given, **more}, tables=tables)


DERIVED: dict[str, Study] = {}


def study(
    patients: Sequence[Mapping[str, Any]],
    settings: AnalysisSettings = SETTINGS,
    *,
    condition: str = "all",
    with_infusions: bool = True,
) -> Study:
    """Derive the analysis datasets of typed patients; the same ones are derived once."""
    key = repr((patients, settings, with_infusions))
    if key not in DERIVED:
        tables = tables_of(patients, with_infusions=with_infusions)
        DERIVED[key] = derive_study(export_of(tables), settings)
    made = DERIVED[key]
    own = {name: getattr(made, name).copy() for name in FRAMES}
    return narrow(replace(made, **own), condition)


def clinic() -> list[dict[str, Any]]:
    """Thirteen typed patients, ten of whom count as starters; the counts in the tests are by hand.

    Baseline to end, fall in percent: one 8 to 4 (50), two 10 to 7 (30), three 6 to 4.2 (30),
    four 5 to 4 (20), five 4 to 2.8 (30), six 6 to 8 (rose by a third), seven 9 to 9 (0), eight
    never rated again, nine without baseline, ten 8 to 2 (75) after a booster. Eleven has a
    baseline of 0, twelve of 3, thirteen was never treated. Only one was rated at week 4.
    """
    first, second = {"subtype": "type_1"}, {"subtype": "type_2"}
    return [
        patient("one", 8, 4, later={WEEK_4: 4}, **first),
        patient("two", 10, 7, **first),
        patient("three", 6, 4.2, **first),
        patient("four", 5, 4, **first),
        patient("five", 4, 2.8, **first),
        patient("six", 6, 8, **second),
        patient("seven", 9, 9, **second),
        patient("eight", 7, **second),
        patient("nine", None, 3, **second),
        patient("ten", 8, 2, booster_on=END - 1),
        patient("eleven", 0, 0, **first),
        patient("twelve", 3, 1, **first),
        patient("thirteen", 8, 1, treated=False, **first),
    ]


ALLOWED_Z = 4.0
"""Standard errors allowed between an estimate and the planted truth: chance passes 1 in 16,000."""
