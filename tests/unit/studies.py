"""Small typed studies, run through the suite's own derivation, for tests that count by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from analysis.claims.ledger import Claim
from analysis.contract.codes import load_conditions
from analysis.derive.datasets import Datasets, derive_datasets
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings
from analysis.sources.demo import write_demo
from analysis.sources.export import Export, load_export

SETTINGS = AnalysisSettings(bootstrap_replicates=200)

LAST_INFUSION = 10
"""Study day of the second and last infusion of everyone in these studies."""

END = LAST_INFUSION + 3
WEEK_4 = LAST_INFUSION + 28


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


def study(
    patients: Sequence[Mapping[str, Any]],
    settings: AnalysisSettings = SETTINGS,
    *,
    with_infusions: bool = True,
) -> Datasets:
    """Derive the analysis datasets of typed patients."""
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
            for day, phase in one["infusions"]
        ],
        columns=["patient_id", "study_day", "phase"],
    )
    tables = {"patients": people, "pain_scores": ratings}
    if with_infusions:
        tables["infusions"] = infusions
    export = Export(
        name="typed study", synthetic=True, source="", tables=tables, intake=(),
        conditions=load_conditions(), settings={}, files={},
    )  # fmt: skip
    return derive_datasets(export, settings)


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


def share_row(n_events: int, n: int, **keys: Any) -> ResultRow:
    """A share with a Wilson interval, as the claim on CRPS asks for it."""
    from analysis.estimate.proportions import estimate_share_wilson
    from analysis.outcomes.rows import row_from_estimate

    base = {
        "measure": "responder_share", "definition": "percent_reduction", "condition": "crps",
        "population": "all_starters", "visit": "end", "threshold_pct": 30.0,
    }  # fmt: skip
    return row_from_estimate(estimate_share_wilson(n_events, n), **{**base, **keys})


def number_row(
    value: float | None, low: float | None, high: float | None, **keys: Any
) -> ResultRow:
    """A mean percent reduction with a typed interval."""
    base: dict[str, Any] = {
        "measure": "percent_reduction", "definition": "mean_of_patients", "condition": "crps",
        "population": "observed", "visit": "end", "n": 40, "level": 0.95, "unit": "percent",
        "method": "typed",
    }  # fmt: skip
    return ResultRow(value=value, low=low, high=high, **{**base, **keys})


def duration_row(
    value: float | None, low: float | None, high: float | None, **keys: Any
) -> ResultRow:
    """A median duration of relief with a typed interval."""
    base: dict[str, Any] = {
        "measure": "relief_duration", "definition": "booster_as_loss", "population": "responders",
        "visit": "", "threshold_pct": 30.0, "unit": "weeks",
        "status": "estimated" if value is not None else "not reached",
    }  # fmt: skip
    return number_row(value, low, high, **{**base, **keys})


CLAIM: dict[str, Any] = {
    "claim_id": "T1", "section": "", "wording": "70-85% of CRPS patients respond",
    "source": "typed", "printed_on": "", "condition": "crps", "measure": "responder_share",
    "definition": "percent_reduction", "threshold_pct": 30.0, "visit": "",
    "population": "all_starters", "cited_low": 0.7, "cited_high": 0.85, "unit": "share",
    "cited_text": "70-85 %", "reading": "of all who start",
}  # fmt: skip


def claim(**changed: Any) -> Claim:
    """The claim on CRPS responders, with fields changed."""
    return Claim(**{**CLAIM, **changed})


def mean_claim(**changed: Any) -> Claim:
    """A claim on the mean percent reduction."""
    mean = {
        "measure": "percent_reduction", "definition": "mean_of_patients", "threshold_pct": None,
        "population": "observed", "cited_low": 40.0, "cited_high": 60.0, "unit": "percent",
    }  # fmt: skip
    return claim(**{**mean, **changed})


def duration_claim(**changed: Any) -> Claim:
    """A claim on the median duration of relief."""
    duration = {
        "measure": "relief_duration", "definition": "booster_as_loss", "population": "responders",
        "cited_low": 2.0, "cited_high": None, "unit": "weeks",
    }  # fmt: skip
    return claim(**{**duration, **changed})


@lru_cache(maxsize=1)
def big_demo() -> tuple[Datasets, dict[str, Any]]:
    """20,000 synthetic patients, written, read and derived as an export is, with their truth.

    The seed is drawn, not picked; it is not the one of the bundled export.
    """
    with TemporaryDirectory() as folder:
        export = write_demo(Path(folder) / "demo", n_patients=20_000, seed=424_242)
        truth = json.loads((export / "truth.json").read_text(encoding="utf-8"))
        return derive_datasets(load_export(export), SETTINGS), truth["conditions"]


PLANTED = ("crps", "fibromyalgia", "neuropathic", "central", "headache", "fbss")
ALLOWED_Z = 4.0
"""Standard errors allowed between an estimate and the planted truth: chance passes 1 in 16,000."""
