"""A small finished run, typed by hand, to make releases from."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement, Readings, Tipping
from analysis.claims.ledger import load_ledger
from analysis.claims.records import record_of
from analysis.outcomes.rows import ResultRow

PLACE = {"group_by": "all", "group": "all", "condition": "crps"}


def share(events: int, n: int, **keys: object) -> ResultRow:
    made = {
        **PLACE, "measure": "responder_share", "definition": "percent_reduction",
        "population": "all_starters", "visit": "end", "threshold_pct": 30.0, "unit": "share",
        "method": "Wilson score interval", "value": events / n, "low": max(0.0, events / n - 0.1),
        "high": min(1.0, events / n + 0.1), "level": 0.95, "n": n, "n_events": events,
        "notebook": "20_responders",
    }  # fmt: skip
    return ResultRow(**{**made, **keys})  # type: ignore[arg-type]


def number(value: float, n: int, **keys: object) -> ResultRow:
    made = {
        **PLACE, "measure": "percent_reduction", "definition": "mean_of_patients",
        "population": "observed", "visit": "end", "unit": "percent", "method": "mean",
        "value": value, "low": value - 4.03, "high": value + 4.03, "level": 0.95, "n": n,
        "notebook": "30_pain_reduction",
    }  # fmt: skip
    return ResultRow(**{**made, **keys})  # type: ignore[arg-type]


def flow(definition: str, count: int, in_file: int, **keys: object) -> ResultRow:
    made = {
        **PLACE, "measure": "patients", "definition": definition, "unit": "count",
        "method": "count", "value": float(count), "n": in_file, "notebook": "10_data_quality",
    }  # fmt: skip
    return ResultRow(**{**made, **keys})  # type: ignore[arg-type]


ROWS = [
    flow("in_file", 140, 140),
    flow("eligible", 137, 140),
    flow("baseline_below_minimum", 3, 140),
    share(74, 137, n_missing=14, warnings=("9 had a booster.",)),
    share(35, 137, n_missing=14, threshold_pct=50.0),
    share(74, 123, n_missing=14, population="observed"),
    share(50, 93, n_missing=8, group_by="subtype", group="type_1"),
    share(24, 44, n_missing=6, group_by="subtype", group="type_2"),
    share(4, 9, n_missing=0, group_by="site", group="Small Clinic"),
    share(70, 128, n_missing=14, group_by="site", group="Harbour Clinic"),
    number(34.0664, 123, n_missing=14),
    number(30.5851, 137, n_missing=14, population="all_starters"),
    share(5, 5, measure="log_rank", unit="p", n_events=None, notebook="40_relief_duration"),
]


def level(column: str, name: str, count: int, n: int, **keys: object) -> ResultRow:
    """A line of table 1."""
    told = {"measure": "characteristic_share", "definition": column, "population": "", "visit": "",
            "threshold_pct": None, "group_by": "characteristic", "group": name, "low": None,
            "high": None, "level": None, "notebook": "20_responders"}  # fmt: skip
    return share(count, n, **{**told, **keys})


def statistic(definition: str, value: float, n: int, **keys: object) -> ResultRow:
    """A number of table 1."""
    told = {"measure": "characteristic", "definition": definition, "population": "", "visit": "",
            "low": None, "high": None, "level": None, "unit": "years"}  # fmt: skip
    return number(value, n, **{**told, **keys})


CLAIMED = [
    *ROWS,
    share(74, 137, n_missing=14, population="worst_case"),
    share(88, 137, n_missing=14, population="best_case"),
    level("sex", "female", 98, 137),
    level("sex", "male", 34, 137),
    level("sex", "not recorded", 5, 137, n_missing=5),
    statistic("age_years_median", 47.6, 137),
    statistic("age_years_quartile_1", 40.4, 137),
    statistic("age_years_quartile_3", 55.2, 137),
    statistic("age_years_mean", 47.04, 137),
    statistic("age_years_standard_deviation", 11.96, 137),
    number(41.5, 9, condition="fibromyalgia", n_missing=2),
]
"""Rows with those that two headline claims rest on: one of 137 patients, one of nine."""


def judged(rows: list[ResultRow]) -> list[Judgement]:
    """The headline claims judged on these rows, and one of each other kind.

    Readings and a tipping point are typed for one of them.
    """
    found = judge_claims(load_ledger(), rows, analysis_visit="end")
    claims = {claim.claim_id: claim for claim in load_ledger()}
    made = []
    for one in found:
        claim = claims[one.claim_id]
        if claim.headline != "yes" and one.claim_id not in ("C001", "C006", "C161"):
            continue
        headline = claim.headline == "yes"
        told = replace(one, answer=claim.answer, headline=headline, may_say="9 of 137 patients.")
        if one.claim_id == "C043":
            verdicts = {"meets": 1, "falls short": 8, "undecided": 0, "not testable": 0}
            tip = "14 of 137 were not rated; to stop falling short 12 would."
            told = replace(
                told,
                robustness=Readings(n=9, n_agreeing=8, verdicts=verdicts, sentence="8 of 9."),
                tipping=Tipping(n_missing=14, n_could=14, n_to_meet=None, sentence=tip),
            )
        made.append(told)
    return made


def write_run(folder: Path, rows: list[ResultRow] | None = None) -> Path:
    """Write a finished internal run of these rows."""
    folder.mkdir(parents=True)
    by_notebook: dict[str, list[ResultRow]] = {}
    for row in ROWS if rows is None else rows:
        by_notebook.setdefault(row.notebook, []).append(row)
    content = [
        {
            "notebook": notebook,
            "condition": "all",
            "rows": [asdict(row) | {"result_id": row.result_id} for row in own],
            "checks": [
                {"name": "baseline", "table": "pain_scores", "state": "pass with findings",
                 "n": 3, "sentence": "3 starters have a baseline below 4."}
            ],
            "sentences": [],
            "figures": [],
            "facts": {"first_date": "2022-01-03", "export_name": "exports of jane"},
        }
        for notebook, own in by_notebook.items()
    ]  # fmt: skip
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    judgements = judged(rows) if rows is not None else []
    claims = json.dumps([record_of(one) for one in judgements])
    (folder / "claims.json").write_text(claims, encoding="utf-8")
    run = {"export": "exports of jane", "synthetic": True, "started": "2026-11-22T14:04:41",
           "conditions": ["crps"], "settings": {}, "inputs": {"jane.csv": "00"}, "made_by": "jane",
           "versions": {"python": "3.11.7"}}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    (data / "patients.csv").write_text("patient_id,site\nP-00417,x\nP-00418,y\n", encoding="utf-8")
    return folder
