"""Responder rates by condition and visit of an export of any size: `reliefcheck rates`.

The patients are derived part by part, by the derivation of every run; only counts are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.adam.study import RATINGS_A_PART, Study, derive_in_parts
from analysis.intake.load import Export, load_export
from analysis.labels import condition_word, visit_word
from analysis.numbers import count_text, share_text
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings, make_settings
from analysis.stats.rates import estimate_shares

KEYS = ["condition", "visit", "threshold_pct"]


def count_part(study: Study) -> pd.DataFrame:
    """Count the patients of a study by condition, visit and threshold, and who responds.

    Indexed by `KEYS`: n_patients (of the full analysis set, and due), n_known (of whom the response
    is known), n_events (responders) and n_not_due.
    """
    started = study.adpain[study.adpain["FASFL"]]
    due = started[started["DUEFL"]]
    parts = []
    for pct in THRESHOLDS_PCT:
        by_visit = due.groupby(["COND", "AVISIT"])[f"CRIT{pct:g}FL"]
        counts = by_visit.agg(n_patients="size", n_known="count", n_events="sum")
        waiting = started.groupby(["COND", "AVISIT"])["DUEFL"].agg(lambda due: (~due).sum())
        counts = counts.astype("Int64").reindex(waiting.index).fillna(0).assign(n_not_due=waiting)
        parts.append(counts.assign(threshold_pct=pct).reset_index())
    named = pd.concat(parts).rename(columns={"COND": "condition", "AVISIT": "visit"})
    return named.set_index(KEYS).astype(int)


def estimate_rates(
    export: Export,
    settings: AnalysisSettings,
    *,
    ratings_a_part: int = RATINGS_A_PART,
    workers: int = 1,
) -> pd.DataFrame:
    """Return responder rates by condition and visit, for all together and each condition.

    A row for each condition, visit with a known outcome, threshold (30 and 50%) and population:
    ``all_starters`` (who is due and not rated counts as not responding) and ``observed``; columns
    of the results frame, as notebook 20 has them.
    """
    parts = derive_in_parts(
        export, settings, count_part, ratings_a_part=ratings_a_part, workers=workers
    )
    counts = pd.concat(parts).groupby(level=KEYS).sum()
    all_of = counts.groupby(level=KEYS[1:]).sum()
    every = pd.concat([all_of.assign(condition="all").set_index("condition", append=True)
                       .reorder_levels(KEYS), counts])  # fmt: skip
    frame = every[every.groupby(level="visit")["n_known"].transform("sum") > 0].reset_index()
    orders = {
        "condition": ["all", *export.conditions.labels],
        "visit": list(dict.fromkeys([*(v.name for v in settings.schedule), *frame["visit"]])),
    }
    frame = frame.sort_values(
        KEYS, key=lambda c: c.map(orders[c.name].index) if c.name in orders else c, kind="stable"
    )
    level = settings.confidence_level
    lower = estimate_shares(frame, missing="nonresponse", level=level)
    seen = estimate_shares(frame, missing="excluded", level=level)
    found = pd.concat(
        [lower.assign(population="all_starters"), seen.assign(population="observed")],
        ignore_index=True,
    )
    columns = [*KEYS, "population", "value", "low", "high", "level", "n", "n_events", "n_missing",
               "n_not_due", "status"]  # fmt: skip
    return found[columns]


def describe_rates(
    path: Path, mapping: Path | None, given: dict[str, Any], *, workers: int, out: Path | None
) -> str:
    """Return the rates of an export as text, and write them as CSV where ``out`` says.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What makes the export unusable, a sentence each.
    """
    export = load_export(path, mapping, categorical=True)
    settings = make_settings({**export.settings, **given}, where="the settings")
    rates = estimate_rates(export, settings, workers=workers)
    if out is not None:
        rates.to_csv(out, index=False)
    n = {name: count_text(len(frame)) for name, frame in export.tables.items()}
    made_up = " SYNTHETIC DATA: these patients do not exist." if export.synthetic else ""
    head = f"{export.name}: {n['patients']} patients, {n['pain_scores']} ratings.{made_up}"
    return "\n\n".join([head, *_tables(rates, export), _NOTE])


_NOTE = (
    "Of those who started and whose visit is due: with at least so much less pain, a patient not "
    "rated counting as not responding (a lower bound), and of those rated only (which flatters "
    "when the disappointed stay away). Brackets: confidence interval (Wilson). No claim is judged "
    "here; `reliefcheck run` does."
)


def _tables(rates: pd.DataFrame, export: Export) -> Iterable[str]:
    labels = export.conditions.labels
    for condition, own in rates.groupby("condition", sort=False):
        wide = own.set_index(["visit", "threshold_pct", "population"])
        rows = []
        for visit in own["visit"].unique():
            first = wide.loc[(visit, THRESHOLDS_PCT[0], "all_starters")]
            shown = {
                f"{pct:g}% less pain, {word}": _share(wide.loc[(visit, pct, population)])
                for pct in THRESHOLDS_PCT
                for population, word in (("all_starters", "all"), ("observed", "rated"))
            }
            due, missing = int(first["n"]), int(first["n_missing"])
            rows.append({"Visit": visit_word(str(visit)), "Due": count_text(due),
                         "Not rated": count_text(missing),
                         "Not due": count_text(int(first["n_not_due"])), **shown})  # fmt: skip
        yield (
            f"{condition_word(str(condition), labels)}\n"
            f"{pd.DataFrame(rows).to_string(index=False, justify='left')}"
        )


def _share(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return str(row["status"])
    low, high = (share_text(row[end], decimals=1) for end in ("low", "high"))
    return f"{share_text(row['value'], decimals=1)} ({low} to {high})"
