"""Run folders made in a moment, without notebooks: what a comparison and a check read of a run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.claims.judge import judge_claims
from analysis.claims.ledger import headline_claims, load_ledger
from analysis.claims.whole import testimonials_of
from analysis.derive.datasets import derive_datasets
from analysis.outcomes.everything import tabulate_everything
from analysis.outcomes.rows import ResultRow, frame_of_rows
from analysis.outcomes.statements import tabulate_statements
from analysis.report.spreadsheets import write_csv
from analysis.report.store import frame_of_judgements, write_json
from analysis.run.kept_tables import name_files, write_tables
from analysis.settings import make_settings
from analysis.sources.export import Export

STARTED = "2026-03-01T10:00:00"


def make_run(
    folder: Path,
    export: Export,
    *,
    settings: dict[str, Any] | None = None,
    keep_data: bool = True,
    conditions: tuple[str, ...] = (),
) -> Path:
    """Write run.json, results and claims of an export, made by the suite's own functions."""
    merged = make_settings({"bootstrap_replicates": 200, **export.settings, **(settings or {})})
    datasets = derive_datasets(export, merged)
    codes = conditions or (*datasets.condition_codes, "all")
    rows = tabulate_everything(datasets, merged, codes)
    told = [one for one in testimonials_of(load_ledger()) if one.condition in codes]
    more = tabulate_statements(datasets, merged, codes, testimonials=told)
    claims = judge_claims(
        headline_claims(load_ledger()), rows, analysis_visit=merged.analysis_visit, settings=merged
    )
    return write_run(
        folder,
        export,
        settings=merged.model_dump(),
        rows=list({row.result_id: row for row in (*rows, *more)}.values()),
        claims=list(claims),
        facts={},
        keep_data=keep_data,
    )


def write_run(
    folder: Path,
    export: Export,
    *,
    settings: dict[str, Any],
    rows: list[ResultRow],
    claims: list[Any],
    facts: dict[str, Any],
    keep_data: bool = True,
) -> Path:
    """Write a run folder of given rows and claims."""
    folder.mkdir(parents=True)
    about = {
        "export": export.name,
        "synthetic": export.synthetic,
        "started": STARTED,
        "seconds": 2.5,
        "conditions": sorted({row.condition for row in rows} - {"all"}),
        "settings": settings,
        "seed": settings["seed"],
        "inputs": name_files(export.files),
        "ledger": {},
        "notebooks": [
            {"notebook": "70_claims", "condition": "all", "seconds": 1.0, "error": "",
             "sha256": "0" * 64},
        ],
        "versions": {"python": "3.11.7", "pandas": "3.1.1"},
        "git_commit": "unknown",
    }  # fmt: skip
    records = [asdict(row) | {"result_id": row.result_id} for row in rows]
    content = [
        {"notebook": "70_claims", "condition": "all", "rows": records, "checks": [],
         "sentences": [], "figures": [], "facts": facts},
    ]  # fmt: skip
    write_json(folder / "run.json", about)
    write_json(folder / "results.json", content)
    write_json(folder / "claims.json", [asdict(claim) for claim in claims])
    write_csv(frame_of_rows(rows), folder / "results.csv")
    write_csv(frame_of_judgements(claims), folder / "claims.csv")
    (folder / "index.html").write_text("<body>\n<p>report</p>\n</body>\n", encoding="utf-8")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "70_claims.all.ipynb").write_text(json.dumps({"cells": []}))
    if keep_data:
        write_tables(export, folder / "data")
    return folder
