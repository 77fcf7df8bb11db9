"""Questions put to the data, each answered in one of four states, never as one percentage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.pain import NOT_TREATED, OTHER_RECALL
from analysis.outcomes.rows import Check, CheckState
from analysis.outcomes.table_one import ages_at_start
from analysis.settings import AnalysisSettings
from analysis.sources.ages import OLDEST_AGE_YEARS

MANY_MISSING_SHARE = 0.2
"""More than a fifth unseen can move a responder rate by more than its interval is wide at n = 100;
it is then a finding, not a footnote."""


def check_quality(datasets: Datasets, settings: AnalysisSettings) -> tuple[Check, ...]:
    """Answer every question on the quality of the data.

    Returns
    -------
    tuple of Check
        States: ``pass``, ``pass with findings`` (something a reader must know), ``fail`` (the
        question's results must not be used), ``not applicable`` (the export cannot answer).
    """
    checks: list[Callable[[Datasets, AnalysisSettings], Check]] = [
        _records_reconcile,
        _rows_excluded,
        _patients_treated,
        _baseline_there,
        _visit_rated,
        _same_day_ratings,
        _recall,
        _scales,
        _follow_up_after_start,
        _series_length,
        _icd_agrees,
        _ages_grouped,
    ]
    return tuple(check(datasets, settings) for check in checks)


def _check(name: str, table: str, state: CheckState, n: int, sentence: str) -> Check:
    return Check(name=name, table=table, state=state, n=n, sentence=sentence)


def _records_reconcile(datasets: Datasets, settings: AnalysisSettings) -> Check:
    wrong = [account.file for account in datasets.intake if not account.reconciles]
    # A file that feeds several tables is read once for each, but its lines are there once.
    n = sum({account.file: account.n_lines for account in datasets.intake}.values())
    if wrong:
        return _check(
            "records reconcile", "all", "fail", len(wrong), f"Lines are lost in {', '.join(wrong)}."
        )
    return _check(
        "records reconcile",
        "all",
        "pass",
        n,
        f"All {n:,} lines read are header, blank, used, or excluded by a named reason.",
    )


def _rows_excluded(datasets: Datasets, settings: AnalysisSettings) -> Check:
    reasons: dict[str, int] = {}
    for account in datasets.intake:
        for why, n in account.excluded.items():
            reasons[f"{account.table}: {why}"] = reasons.get(f"{account.table}: {why}", 0) + n
    if not reasons:
        return _check("records excluded", "all", "pass", 0, "No record was excluded.")
    told = "; ".join(f"{why} ({n:,})" for why, n in reasons.items())
    return _check(
        "records excluded", "all", "pass with findings", sum(reasons.values()), f"Excluded: {told}."
    )


def _patients_treated(datasets: Datasets, settings: AnalysisSettings) -> Check:
    if datasets.series.empty:
        return _check(
            "patients treated",
            "infusions",
            "not applicable",
            0,
            "The export has no infusions; every patient counts as a starter.",
        )
    n = int((~datasets.subjects["started"]).sum())
    state: CheckState = "pass with findings" if n else "pass"
    return _check(
        "patients treated", "infusions", state, n, f"{n:,} patients have no infusion on record."
    )


def _baseline_there(datasets: Datasets, settings: AnalysisSettings) -> Check:
    counts = datasets.subjects.loc[datasets.subjects["started"], "baseline_status"].value_counts()
    none = int(counts.get("no baseline rating", 0))
    zero = int(counts.get("zero", 0))
    low = int(counts.get("below minimum", 0))
    started = int(datasets.subjects["started"].sum())
    if started and none == started:
        return _check(
            "baseline",
            "pain_scores",
            "fail",
            none,
            "Nobody has a baseline rating: nothing to compare with.",
        )
    told = (
        f"{none:,} starters have no baseline rating; {zero:,} have a baseline of 0 (no percent "
        f"reduction exists) and {low:,} one below the minimum of "
        f"{settings.minimum_baseline_score:g}."
    )
    state: CheckState = "pass with findings" if none or zero or low else "pass"
    return _check("baseline", "pain_scores", state, none + zero + low, told)


def _visit_rated(datasets: Datasets, settings: AnalysisSettings) -> Check:
    eligible = datasets.subjects.index[datasets.subjects["eligible"]]
    visit = settings.analysis_visit
    rated = datasets.visits.loc[datasets.visits["visit"] == visit, "patient_id"]
    missing = int((~eligible.isin(rated)).sum())
    if len(eligible) and missing == len(eligible):
        there = ", ".join(datasets.visit_order) or "none"
        return _check(
            "analysis visit",
            "pain_scores",
            "fail",
            missing,
            f"Nobody was rated at '{visit}'; visits with ratings: {there}. Set `analysis_visit`.",
        )
    share = missing / len(eligible) if len(eligible) else 0.0
    state: CheckState = "pass with findings" if share > MANY_MISSING_SHARE else "pass"
    told = f"{missing:,} of {len(eligible):,} starters were not rated at '{visit}'."
    return _check("analysis visit", "pain_scores", state, missing, told)


def _same_day_ratings(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ratings = datasets.ratings
    n = int(ratings.loc[ratings["n_same_day"] > 1, "n_same_day"].sum())
    told = f"{n:,} ratings share patient, day and recall with another; each such day is averaged."
    return _check(
        "ratings of one day", "pain_scores", "pass with findings" if n else "pass", n, told
    )


def _recall(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ratings = datasets.ratings
    n = int(ratings.loc[ratings["role"] == OTHER_RECALL, "n_same_day"].sum())
    told = f"Ratings of '{datasets.recall}' pain are analyzed; {n:,} of another recall are not."
    return _check("recall", "pain_scores", "pass with findings" if n else "pass", n, told)


def _scales(datasets: Datasets, settings: AnalysisSettings) -> Check:
    tens = datasets.ratings.groupby("patient_id")["score"].max()
    n = int((tens <= 1.0).sum())
    told = f"{n:,} patients never rate above 1 on 0 to 10: check that their scale is not 0 to 1."
    state: CheckState = "pass with findings" if n > len(tens) / 2 else "pass"
    return _check("scale", "pain_scores", state, n, told if n else "Scores use their scale.")


def _follow_up_after_start(datasets: Datasets, settings: AnalysisSettings) -> Check:
    """Dates read in the wrong order put follow-ups before day 0: most patients then have none."""
    ratings = datasets.ratings[datasets.ratings["role"] != NOT_TREATED]
    if ratings.empty:
        return _check("follow-up after start", "pain_scores", "not applicable", 0, "No rating.")
    last = ratings.groupby("patient_id")["day"].max()
    n = int((last < 0).sum())
    share = n / len(last)
    state: CheckState = "fail" if share > 0.5 else "pass with findings" if n else "pass"
    told = f"{n:,} patients have ratings before day 0 only."
    if state == "fail":
        told += " Day and month may be exchanged, or day 0 is wrong."
    return _check("follow-up after start", "pain_scores", state, n, told)


def _series_length(datasets: Datasets, settings: AnalysisSettings) -> Check:
    if datasets.series.empty:
        return _check("series", "infusions", "not applicable", 0, "The export has no infusions.")
    started = datasets.subjects[datasets.subjects["started"]]
    standard = started[started["protocol"].fillna("standard") == "standard"]
    n = int((standard["n_infusions"] < 6).sum())
    told = (
        f"{n:,} of {len(standard):,} starters on the standard protocol, or on one not stated, had "
        "fewer than 6 infusions; they stay in."
    )
    return _check("series", "infusions", "pass with findings" if n else "pass", n, told)


def _icd_agrees(datasets: Datasets, settings: AnalysisSettings) -> Check:
    subjects = datasets.subjects
    if "icd10" not in subjects or subjects["icd10"].isna().all():
        return _check(
            "ICD-10-CM", "patients", "not applicable", 0, "The export has no ICD-10 codes."
        )
    codes = subjects["icd10"].dropna()
    of_code = {code: (datasets.conditions.from_icd10(code) or ("",))[0] for code in codes.unique()}
    derived = codes.map(of_code).to_numpy(dtype=object)
    stated = subjects.loc[codes.index, "condition"].to_numpy(dtype=object)
    differs = int(np.sum((derived != stated) & (derived != "")))
    told = f"{differs:,} patients have an ICD-10 code of another condition than the one stated."
    state: CheckState = "pass with findings" if differs else "pass"
    return _check("ICD-10-CM", "patients", state, differs, told)


def _ages_grouped(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ages = ages_at_start(datasets.subjects)
    if ages.isna().all():
        return _check("ages", "patients", "not applicable", 0, "The export tells no ages.")
    n = int((ages >= OLDEST_AGE_YEARS).sum())
    told = f"{n:,} patients are 90 or older and count as 90, so that no age names a patient."
    return _check("ages", "patients", "pass with findings" if n else "pass", n, told)


def frame_of_checks(checks: tuple[Check, ...]) -> pd.DataFrame:
    """Return checks as a frame, one row a question."""
    return pd.DataFrame([check.__dict__ for check in checks])
