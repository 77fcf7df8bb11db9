"""Earlier runs of the same export: what a report may say of before."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.claims.judgement import headlines_of
from analysis.claims.records import read_claims
from analysis.errors import ReliefcheckError
from analysis.run.reuse import RUN_FILE

MOST = 12
"""Earlier runs that are kept in run.json: a quarter of weekly ones."""


def find_predecessors(parent: Path, *, export: str, started: str) -> list[dict[str, Any]]:
    """Return the runs that lie beside a new one and are of an export of the same name.

    Oldest first, the newest `MOST` of those that began before it (ISO 8601): ``started``,
    ``run_id``, ``n`` (patients counted), and ``verdicts``: verdict, value and reading (hash) by
    claim of page one. A folder that cannot be read is no run.
    """
    found, began = [], datetime.fromisoformat(started)
    for path in sorted(parent.glob(f"*/{RUN_FILE}")) if parent.is_dir() else []:
        if path.parent.is_symlink() or path.parent.name.startswith("."):
            continue
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            if about["export"] == export and datetime.fromisoformat(about["started"]) < began:
                found.append(_record(path.parent, about))
        except (OSError, ValueError, KeyError, TypeError, ReliefcheckError):
            continue
    return sorted(found, key=lambda one: one["started"])[-MOST:]


def _record(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    wanted = [("measure", "==", "patients"), ("definition", "==", "eligible"),
              ("condition", "==", "all"), ("group_by", "==", "all")]  # fmt: skip
    counted = pd.read_parquet(folder / "results.parquet", columns=["value"], filters=wanted)
    return {
        "started": str(about["started"]),
        "run_id": str(about.get("run_id", "")),
        "n": float(counted["value"].iloc[0]) if len(counted) else None,
        "verdicts": {
            one.claim_id: {"verdict": one.verdict, "value": one.value,
                           "reading": one.reading_sha}
            for one in headlines_of(read_claims(folder))
        },
    }  # fmt: skip
