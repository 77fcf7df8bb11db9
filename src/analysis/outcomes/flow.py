"""Flow of patients and records: counts that reconcile from the file to the analysis."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import patients_of
from analysis.settings import AnalysisSettings

STEPS: tuple[tuple[str, str], ...] = (
    ("in_file", "in the file"),
    ("never_treated", "no infusion on record"),
    ("baseline_zero", "baseline pain 0: nothing to reduce"),
    ("baseline_below_minimum", "baseline pain below the minimum"),
    ("eligible", "counted as starters"),
    ("no_baseline_rating", "of these: no baseline rating (outcome unknown)"),
    ("not_rated", "of these: not rated at the analysis visit (outcome unknown)"),
    ("observed", "rated at the analysis visit"),
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
            method="count",
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
                "reasons": "; ".join(f"{why}: {n}" for why, n in account.excluded.items()),
                "reconciles": account.reconciles,
            }
            for account in datasets.intake
        ]
    )


def tabulate_roles(datasets: Datasets) -> pd.DataFrame:
    """Return what became of every rating: role, ratings as read, and patients."""
    ratings = datasets.ratings
    by_role = ratings.groupby("role", sort=False)
    frame = pd.DataFrame(
        {"ratings": by_role["n_same_day"].sum(), "patients": by_role["patient_id"].nunique()}
    )
    return frame.sort_values("ratings", ascending=False).reset_index()


def describe_flow(
    datasets: Datasets, settings: AnalysisSettings, condition: str = "all"
) -> pd.DataFrame:
    """Return the flow of patients in words: step, patients."""
    counts = count_flow(datasets, settings, condition)
    return pd.DataFrame([{"Step": words, "Patients": f"{counts[step]:,}"} for step, words in STEPS])


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
