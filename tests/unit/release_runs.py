"""A small finished run, typed by hand, to make releases from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

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
    (folder / "claims.json").write_text("[]", encoding="utf-8")
    run = {"export": "exports of jane", "synthetic": True, "started": "2026-11-22T14:04:41",
           "conditions": ["crps"], "settings": {}, "inputs": {"jane.csv": "00"}, "made_by": "jane",
           "versions": {"python": "3.11.7"}}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    (data / "patients.csv").write_text("patient_id,site\nP-00417,x\nP-00418,y\n", encoding="utf-8")
    return folder
