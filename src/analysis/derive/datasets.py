"""The analysis datasets of an export: subjects, ratings, visits and relief spans.

They follow CDISC ADaM in spirit: subjects is ADSL, visits is a BDS, relief is ADTTE.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.codes import Conditions, load_conditions
from analysis.derive.lookup import look_up
from analysis.derive.pain import (
    choose_recall,
    days_since_start,
    derive_baseline,
    derive_change,
    place_ratings,
)
from analysis.derive.relief import derive_relief
from analysis.derive.series import derive_series, derive_treatment
from analysis.derive.visits import END, order_visits
from analysis.errors import InputError, SettingsError
from analysis.settings import AnalysisSettings
from analysis.sources.export import Export
from analysis.sources.intake import Intake


@dataclass(frozen=True, kw_only=True)
class Datasets:
    """Everything the estimators and tables are made from.

    Parameters
    ----------
    subjects : DataFrame
        One row a patient, indexed by patient_id: condition, subtype, arm, site, sex, protocol,
        started, eligible, population_reason, end_of_series_day, n_infusions, first_booster_day,
        baseline_score, n_baseline_ratings, baseline_status.
    ratings : DataFrame
        One row a rating with its role.
    visits : DataFrame
        One row a patient and analysis visit that was rated: score, change_score, reduction_pct,
        boosted (a booster came before it).
    change : DataFrame
        One row a rating after day 0, with change and percent reduction from baseline.
    relief : DataFrame
        One row a responder: `analysis.derive.relief.derive_relief`.
    series : DataFrame
        One row an infusion with its series number; empty when the export has none.
    visit_order : tuple of str
        Visits that occur, in order.
    """

    name: str
    synthetic: bool
    source: str
    recall: str
    subjects: pd.DataFrame
    ratings: pd.DataFrame
    visits: pd.DataFrame
    change: pd.DataFrame
    relief: pd.DataFrame
    series: pd.DataFrame
    visit_order: tuple[str, ...]
    intake: tuple[Intake, ...]
    conditions: Conditions

    @property
    def condition_codes(self) -> tuple[str, ...]:
        """Conditions with at least one patient, in the order of data/conditions.csv."""
        there = set(self.subjects["condition"])
        return tuple(code for code in self.conditions.labels if code in there)


def derive_datasets(export: Export, settings: AnalysisSettings) -> Datasets:
    """Derive the analysis datasets of an export.

    Parameters
    ----------
    export : Export
        Checked tables.
    settings : AnalysisSettings
        Definitions in force.

    Raises
    ------
    InputError
        No day 0 can be found, a rating cannot be put on its patient's clock, or no rating has the
        recall to analyse.
    """
    patients = export.tables["patients"].set_index("patient_id")
    scores = export.tables["pain_scores"]
    series = _series(export, settings)
    treatment = (
        _with_infusions(series, settings)
        if series is not None
        else _without_infusions(patients, scores, settings)
    )
    recall = choose_recall(scores["recall"], settings.recall)
    ratings = place_ratings(
        scores, treatment, recall=recall, baseline_window_days=settings.baseline_window_days
    )
    baseline = derive_baseline(ratings, minimum_score=settings.minimum_baseline_score)
    subjects = _subjects(patients, treatment, baseline)
    change = derive_change(ratings, baseline)
    visits = _visits(change, subjects)
    eligible = change[change["patient_id"].isin(subjects.index[subjects["eligible"]])]
    relief = derive_relief(
        eligible,
        subjects,
        threshold_pct=settings.responder_threshold_pct,
        rule=settings.loss_rule,
        clock=settings.relief_clock,
    )
    return Datasets(
        name=export.name,
        synthetic=export.synthetic,
        source=export.source,
        recall=recall,
        subjects=subjects,
        ratings=ratings,
        visits=visits,
        change=change,
        relief=relief,
        series=series if series is not None else pd.DataFrame({"patient_id": [], "day": []}),
        visit_order=order_visits(visits),
        intake=export.intake,
        conditions=export.conditions,
    )


def _series(export: Export, settings: AnalysisSettings) -> pd.DataFrame | None:
    infusions = export.tables.get("infusions")
    if infusions is None or infusions.empty:
        return None
    return derive_series(infusions, gap_days=settings.series_gap_days)


def _with_infusions(series: pd.DataFrame, settings: AnalysisSettings) -> pd.DataFrame:
    """Return the treatment of every patient treated; a study day of day 0 where none is known."""
    out = derive_treatment(series)
    known = out.get("day0_study_day", np.nan)
    return out.assign(day0_study_day=pd.Series(known, index=out.index, dtype=float)).fillna(
        {"day0_study_day": settings.day0_study_day}
    )


def _without_infusions(
    patients: pd.DataFrame, scores: pd.DataFrame, settings: AnalysisSettings
) -> pd.DataFrame:
    """Give every patient the study day or the date of entry as day 0."""
    out = pd.DataFrame(index=patients.index)
    dated = "study_day" not in scores or scores["study_day"].isna().any()
    if dated and ("enrolled_on" not in patients or patients["enrolled_on"].isna().any()):
        raise InputError(
            "no day 0 can be found: the export has dates but no infusions table, and not every "
            "patient has `enrolled_on`. Add infusions, or `study_day` to pain_scores, or "
            "`enrolled_on` to patients (in the export or the mapping)."
        )
    if dated:
        out["first_infusion_at"] = patients["enrolled_on"]
    out["day0_study_day"] = settings.day0_study_day
    out["end_of_series_day"] = _end_of_treatment(scores, out, settings)
    out["n_infusions"] = 0
    out["protocol"] = pd.Series(pd.NA, index=out.index, dtype="str")
    out["first_booster_day"] = np.nan
    out["n_boosters"] = 0
    return out


def _end_of_treatment(
    scores: pd.DataFrame, treatment: pd.DataFrame, settings: AnalysisSettings
) -> pd.Series:
    """Return the day treatment ends: of the rating the export itself calls ``end``, if any."""
    start, last = settings.day0_study_day, settings.end_of_series_study_day
    if last != 0 and last < start:
        raise SettingsError(
            f"end_of_series_study_day is {last:g}, before day 0 (day0_study_day is {start:g}); "
            "treatment ends on day 0 or after it."
        )
    day = max(last - start, 0.0)
    end = pd.Series(day, index=treatment.index, dtype=float)
    if day != 0 or "visit" not in scores:
        return end
    days, _ = days_since_start(scores, treatment)
    own = days[scores["visit"] == END].groupby(scores["patient_id"]).max()
    return end if own.empty else own.reindex(treatment.index).fillna(own.median())


def _subjects(
    patients: pd.DataFrame, treatment: pd.DataFrame, baseline: pd.DataFrame
) -> pd.DataFrame:
    frame = patients.drop(columns=["source_file", "source_line"], errors="ignore")
    frame = frame.join(treatment).join(baseline)
    frame["started"] = frame.index.isin(treatment.index)
    frame["baseline_status"] = frame["baseline_status"].fillna("no baseline rating")
    frame["n_baseline_ratings"] = frame["n_baseline_ratings"].fillna(0).astype(int)
    reason = frame["baseline_status"].where(
        frame["baseline_status"].isin(["zero", "below minimum"]), ""
    )
    frame["population_reason"] = reason.where(frame["started"], "never treated")
    frame["eligible"] = frame["population_reason"] == ""
    return frame


def _visits(change: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Keep the one rating of each patient and visit, and whether a booster came before it."""
    chosen = change[change["role"] == change["visit"]]
    booster = look_up(chosen["patient_id"], subjects["first_booster_day"])
    frame = chosen.assign(boosted=chosen["day"] > booster)
    columns = ["patient_id", "visit", "day", "day_after", "score", "baseline_score"]
    return frame[[*columns, "change_score", "reduction_pct", "boosted"]].reset_index(drop=True)


_FRAMES = ("subjects", "ratings", "visits", "change", "relief", "series")


def write_datasets(datasets: Datasets, folder: Path) -> None:
    """Write the datasets as Parquet with a small JSON beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FRAMES:
        getattr(datasets, name).to_parquet(folder / f"{name}.parquet")
    about = {
        "name": datasets.name,
        "synthetic": datasets.synthetic,
        "source": datasets.source,
        "recall": datasets.recall,
        "visit_order": list(datasets.visit_order),
        "conditions": datasets.conditions.labels,
        "intake": [account.__dict__ for account in datasets.intake],
    }
    (folder / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def load_datasets(folder: Path) -> Datasets:
    """Read what `write_datasets` wrote; InputError when it is not there."""
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in _FRAMES}
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no analysis datasets: {error.filename} is missing."
        ) from None
    accounts = [
        Intake(**{**item, "columns_not_read": tuple(item["columns_not_read"])})
        for item in about["intake"]
    ]
    return Datasets(
        name=about["name"],
        synthetic=about["synthetic"],
        source=about["source"],
        recall=about["recall"],
        visit_order=tuple(about["visit_order"]),
        intake=tuple(accounts),
        conditions=load_conditions().extended(about["conditions"]),
        **frames,
    )
