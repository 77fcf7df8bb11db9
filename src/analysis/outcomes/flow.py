"""Flow of patients and records: counts that reconcile from the file to the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import patients_of
from analysis.settings import AnalysisSettings
from analysis.wording import words
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

STEPS = (
    "in_file",
    "never_treated",
    "baseline_zero",
    "baseline_below_minimum",
    "eligible",
    "no_baseline_rating",
    "not_rated",
    "observed",
)


def count_flow(datasets: Datasets, settings: AnalysisSettings, condition: str) -> dict[str, int]:
    """Count the patients of a condition at each step.

    Returns
    -------
    dict
        Step (of ``STEPS``) to count. in_file = never_treated + baseline_zero +
        baseline_below_minimum + eligible; eligible = no_baseline_rating + not_rated + observed.
    """
    subjects = patients_of(datasets, condition)
    reason = subjects["population_reason"]
    eligible = subjects[subjects["eligible"]]
    has_baseline = eligible["baseline_status"] == "ok"
    visits = datasets.visits
    rated = visits.loc[visits["visit"] == settings.analysis_visit, "patient_id"]
    is_rated = eligible.index.isin(rated)
    return {
        "in_file": len(subjects),
        "never_treated": int((reason == "never treated").sum()),
        "baseline_zero": int((reason == "zero").sum()),
        "baseline_below_minimum": int((reason == "below minimum").sum()),
        "eligible": len(eligible),
        "no_baseline_rating": int((~has_baseline).sum()),
        "not_rated": int((has_baseline & ~is_rated).sum()),
        "observed": int((has_baseline & is_rated).sum()),
    }


def tabulate_flow(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return the flow of patients as result rows (measure ``patients``, unit count)."""
    counts = count_flow(datasets, settings, condition)
    return tuple(
        ResultRow(
            measure="patients",
            definition=step,
            condition=condition,
            value=float(n),
            n=counts["in_file"],
            unit="count",
            method=say("outcomes.method.count"),
            visit=settings.analysis_visit if step in ("not_rated", "observed") else "",
        )
        for step, n in counts.items()
    )


def tabulate_intake(datasets: Datasets) -> pd.DataFrame:
    """Return the account of every file: lines, records, used, excluded by name.

    Returns
    -------
    DataFrame
        table, file, lines, records, ratings_per_record, used, excluded (in words), reconciles.
    """
    return pd.DataFrame(
        [
            {
                "table": account.table,
                "file": account.file,
                "lines": account.n_lines,
                "header": account.n_header,
                "blank": account.n_blank,
                "continued": account.n_continued,
                "records": account.n_records,
                "per_record": account.per_record,
                "used": account.n_used,
                "excluded": sum(account.excluded.values()),
                "reasons": _reasons(account.excluded),
                "reconciles": account.reconciles,
            }
            for account in datasets.intake
        ]
    )


def _reasons(excluded: Mapping[str, int]) -> str:
    told = [
        say("flow.reason", why=words.EXCLUSIONS.get(why, why), n=n) for why, n in excluded.items()
    ]
    return say("flow.reasons_joiner").join(told)


def tabulate_roles(datasets: Datasets) -> pd.DataFrame:
    """Return what became of every rating: role, ratings as read, and patients."""
    ratings = datasets.ratings
    by_role = ratings.groupby("role", sort=False)
    frame = pd.DataFrame(
        {"ratings": by_role["n_same_day"].sum(), "patients": by_role["patient_id"].nunique()}
    )
    frame = frame.sort_values("ratings", ascending=False).reset_index()
    return frame.assign(role=[words.ROLES.get(role, role) for role in frame["role"]])


def describe_flow(
    datasets: Datasets, settings: AnalysisSettings, condition: str = "all"
) -> pd.DataFrame:
    """Return the flow of patients in words: step, patients."""
    counts = count_flow(datasets, settings, condition)
    step_head, patients_head = say("flow.step"), say("flow.patients")
    told = [
        {step_head: say(f"flow.steps.{step}"), patients_head: count_text(counts[step])}
        for step in STEPS
    ]
    return pd.DataFrame(told)


def export_facts(datasets: Datasets) -> dict[str, object]:
    """Return facts of an export for the report: name, dates, and the account of every file."""
    dates = _dates(datasets)
    return {
        "export_name": datasets.name,
        "synthetic": datasets.synthetic,
        "source": datasets.source,
        "recall": datasets.recall,
        "first_date": dates[0],
        "last_date": dates[1],
        "intake": [asdict(account) for account in datasets.intake],
    }


def _dates(datasets: Datasets) -> tuple[str | None, str | None]:
    """Return the dates of the first and the last infusion, where the export has dates."""
    if "at" not in datasets.series or datasets.series["at"].isna().all():
        return None, None
    at = datasets.series["at"]
    return at.min().date().isoformat(), at.max().date().isoformat()
