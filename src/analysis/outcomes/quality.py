"""Questions put to the data, each answered in one of four states, never as one percentage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.pain import NOT_TREATED, OTHER_RECALL
from analysis.outcomes.rows import Check, CheckState
from analysis.outcomes.table_one import ages_at_start
from analysis.settings import AnalysisSettings
from analysis.sources.ages import OLDEST_AGE_YEARS
from analysis.wording import words
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

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


def _check(code: str, table: str, state: CheckState, n: int, sentence: str) -> Check:
    name = say(f"quality_checks.names.{code}")
    return Check(name=name, table=table, state=state, n=n, sentence=sentence)


def _found(n: int) -> CheckState:
    return "pass with findings" if n else "pass"


def _records_reconcile(datasets: Datasets, settings: AnalysisSettings) -> Check:
    wrong = [account.file for account in datasets.intake if not account.reconciles]
    # A file that feeds several tables is read once for each, but its lines are there once.
    n = sum({account.file: account.n_lines for account in datasets.intake}.values())
    if wrong:
        files = say("quality_checks.told.names_joiner").join(wrong)
        told = say("quality_checks.told.lines_lost", files=files)
        return _check("records_reconcile", "all", "fail", len(wrong), told)
    told = say("quality_checks.told.lines_kept", n=count_text(n))
    return _check("records_reconcile", "all", "pass", n, told)


def _rows_excluded(datasets: Datasets, settings: AnalysisSettings) -> Check:
    reasons: Counter[tuple[str, str]] = Counter()
    for account in datasets.intake:
        for why, n in account.excluded.items():
            reasons[account.table, why] += n
    if not reasons:
        told = say("quality_checks.told.none_excluded")
        return _check("records_excluded", "all", "pass", 0, told)
    each = [
        say(
            "quality_checks.told.excluded_reason",
            table=table,
            why=words.EXCLUSIONS.get(why, why),
            n=count_text(n),
        )
        for (table, why), n in reasons.items()
    ]
    joined = say("quality_checks.told.reasons_joiner").join(each)
    told = say("quality_checks.told.excluded", reasons=joined)
    return _check("records_excluded", "all", "pass with findings", sum(reasons.values()), told)


def _patients_treated(datasets: Datasets, settings: AnalysisSettings) -> Check:
    if datasets.series.empty:
        told = say("quality_checks.told.no_infusions_all_start")
        return _check("patients_treated", "infusions", "not applicable", 0, told)
    n = int((~datasets.subjects["started"]).sum())
    told = say("quality_checks.told.never_treated", n=count_text(n))
    return _check("patients_treated", "infusions", _found(n), n, told)


def _baseline_there(datasets: Datasets, settings: AnalysisSettings) -> Check:
    counts = datasets.subjects.loc[datasets.subjects["started"], "baseline_status"].value_counts()
    none = int(counts.get("no baseline rating", 0))
    zero = int(counts.get("zero", 0))
    low = int(counts.get("below minimum", 0))
    started = int(datasets.subjects["started"].sum())
    if started and none == started:
        told = say("quality_checks.told.no_baseline")
        return _check("baseline", "pain_scores", "fail", none, told)
    told = say(
        "quality_checks.told.baselines",
        none=count_text(none),
        zero=count_text(zero),
        low=count_text(low),
        least=f"{settings.minimum_baseline_score:g}",
    )
    n = none + zero + low
    return _check("baseline", "pain_scores", _found(n), n, told)


def _visit_rated(datasets: Datasets, settings: AnalysisSettings) -> Check:
    eligible = datasets.subjects.index[datasets.subjects["eligible"]]
    visit = settings.analysis_visit
    rated = datasets.visits.loc[datasets.visits["visit"] == visit, "patient_id"]
    missing = int((~eligible.isin(rated)).sum())
    if len(eligible) and missing == len(eligible):
        there = say("quality_checks.told.names_joiner").join(datasets.visit_order)
        visits = there or say("quality_checks.told.no_visits")
        told = say("quality_checks.told.nobody_rated", visit=visit, visits=visits)
        return _check("analysis_visit", "pain_scores", "fail", missing, told)
    share = missing / len(eligible) if len(eligible) else 0.0
    state: CheckState = "pass with findings" if share > MANY_MISSING_SHARE else "pass"
    n, of = count_text(missing), count_text(len(eligible))
    told = say("quality_checks.told.not_rated", n=n, of=of, visit=visit)
    return _check("analysis_visit", "pain_scores", state, missing, told)


def _same_day_ratings(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ratings = datasets.ratings
    n = int(ratings.loc[ratings["n_same_day"] > 1, "n_same_day"].sum())
    told = say("quality_checks.told.same_day", n=count_text(n))
    return _check("same_day", "pain_scores", _found(n), n, told)


def _recall(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ratings = datasets.ratings
    n = int(ratings.loc[ratings["role"] == OTHER_RECALL, "n_same_day"].sum())
    told = say("quality_checks.told.other_recall", recall=datasets.recall, n=count_text(n))
    return _check("recall", "pain_scores", _found(n), n, told)


def _scales(datasets: Datasets, settings: AnalysisSettings) -> Check:
    tens = datasets.ratings.groupby("patient_id")["score"].max()
    n = int((tens <= 1.0).sum())
    told = say("quality_checks.told.scale_used")
    if n:
        told = say("quality_checks.told.scale_suspect", n=count_text(n))
    state: CheckState = "pass with findings" if n > len(tens) / 2 else "pass"
    return _check("scale", "pain_scores", state, n, told)


def _follow_up_after_start(datasets: Datasets, settings: AnalysisSettings) -> Check:
    """Dates read in the wrong order put follow-ups before day 0: most patients then have none."""
    ratings = datasets.ratings[datasets.ratings["role"] != NOT_TREATED]
    if ratings.empty:
        told = say("quality_checks.told.no_rating")
        return _check("follow_up", "pain_scores", "not applicable", 0, told)
    last = ratings.groupby("patient_id")["day"].max()
    n = int((last < 0).sum())
    share = n / len(last)
    state: CheckState = "fail" if share > 0.5 else "pass with findings" if n else "pass"
    most = "rated_before_most" if state == "fail" else "rated_before_only"
    told = say(f"quality_checks.told.{most}", n=count_text(n))
    return _check("follow_up", "pain_scores", state, n, told)


def _series_length(datasets: Datasets, settings: AnalysisSettings) -> Check:
    if datasets.series.empty:
        told = say("quality_checks.told.no_infusions")
        return _check("series", "infusions", "not applicable", 0, told)
    started = datasets.subjects[datasets.subjects["started"]]
    standard = started[started["protocol"].fillna("standard") == "standard"]
    n = int((standard["n_infusions"] < 6).sum())
    of = count_text(len(standard))
    told = say("quality_checks.told.short_series", n=count_text(n), of=of)
    return _check("series", "infusions", _found(n), n, told)


def _icd_agrees(datasets: Datasets, settings: AnalysisSettings) -> Check:
    subjects = datasets.subjects
    if "icd10" not in subjects or subjects["icd10"].isna().all():
        told = say("quality_checks.told.no_icd10")
        return _check("icd10", "patients", "not applicable", 0, told)
    codes = subjects["icd10"].dropna()
    of_code = {code: (datasets.conditions.from_icd10(code) or ("",))[0] for code in codes.unique()}
    derived = codes.map(of_code).to_numpy(dtype=object)
    stated = subjects.loc[codes.index, "condition"].to_numpy(dtype=object)
    differs = int(np.sum((derived != stated) & (derived != "")))
    told = say("quality_checks.told.icd10_differs", n=count_text(differs))
    return _check("icd10", "patients", _found(differs), differs, told)


def _ages_grouped(datasets: Datasets, settings: AnalysisSettings) -> Check:
    ages = ages_at_start(datasets.subjects)
    if ages.isna().all():
        told = say("quality_checks.told.no_ages")
        return _check("ages", "patients", "not applicable", 0, told)
    n = int((ages >= OLDEST_AGE_YEARS).sum())
    told = say("quality_checks.told.old_ages", n=count_text(n))
    return _check("ages", "patients", _found(n), n, told)


def frame_of_checks(checks: tuple[Check, ...]) -> pd.DataFrame:
    """Return checks as a frame, one row a question."""
    return pd.DataFrame([check.__dict__ for check in checks])
