"""Releases of one share, typed here."""

from __future__ import annotations

from pathlib import Path

from analysis.report.release import ABOUT, Release
from analysis.results import make_results
from analysis.settings import AnalysisSettings
from analysis.stats.rates import wilson_limits


def clinic(folder: Path, name: str, n_events: int | None, n: int, **settings: object) -> Path:
    """A release that gives one share, or withholds it."""
    folder.mkdir(parents=True)
    chosen = AnalysisSettings().model_dump() | settings
    about = Release(
        name=name, synthetic=True, conditions={"crps": "Complex regional pain syndrome"},
        settings=chosen, from_patients=None, n_left_out=0, withheld=(), ledger={}, made_with={},
    )  # fmt: skip
    (folder / ABOUT).write_text(about.text, encoding="utf-8")
    row = {"condition": "crps", "group_by": "all", "group": "all", "definition":
           "percent_reduction", "threshold_pct": 30.0, "population": "all_starters", "visit": "end",
           "measure": "responder_share", "unit": "share", "method": "wilson", "n": n}  # fmt: skip
    if n_events is None:
        row |= {"status": "withheld"}
    else:
        low, high = wilson_limits(n_events, n)
        row |= {"n_events": n_events, "value": n_events / n, "low": float(low),
                "high": float(high), "level": 0.95}  # fmt: skip
    make_results([row]).assign(result_id="r").to_parquet(folder / "results.parquet", index=False)
    return folder
