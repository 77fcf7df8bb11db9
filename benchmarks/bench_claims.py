"""Seconds of the grid of readings over 10,000 patients, of a duration's grid over the bundled demo,
and of the linter on a copy that holds every statement of the ledger.

Run ``python benchmarks/bench_claims.py``; medians of one run on one core.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from timing import clock

from analysis.adam.study import derive_study, open_study
from analysis.claims.ledger import load_ledger
from analysis.claims.multiverse import judge_readings
from analysis.intake.demo import write_demo
from analysis.intake.load import load_export
from analysis.lint.findings import lint_documents
from analysis.lint.text import load_document
from analysis.settings import AnalysisSettings

PATIENTS = 10_300  # of whom a little over 10,000 started with a pain to reduce
GOAL_SECONDS_PER_1000 = 2.0
GOAL_SECONDS_DURATION = 10.0
GOAL_SECONDS_LINT = 2.0


def report(name: str, size: str, seconds: float, of_goal: float, goal: float) -> None:
    """Print one line."""
    said = "within" if of_goal < goal else "OVER"
    print(f"{name:<18} {size:<32} {seconds:7.3f} s ({of_goal:.3f}: {said} {goal:g} s)")


def main() -> None:
    """Time each and print a line."""
    with tempfile.TemporaryDirectory() as folder:
        export = write_demo(Path(folder) / "demo", n_patients=PATIENTS, seed=11)
        study = derive_study(load_export(export), AnalysisSettings())
    ledger = load_ledger()
    for measure in ("responder_share", "percent_reduction"):
        claim = next(one for one in ledger if one.measure == measure)
        claim = claim.model_copy(update={"condition": "all"})
        k = len(judge_readings(claim, study).readings)
        seconds = clock(partial(judge_readings, claim, study), 5, warm_up=True)
        size = f"{len(study.adsl):,} patients, {k:,} readings"
        report(measure, size, seconds, 1000 * seconds / k, GOAL_SECONDS_PER_1000)
    demo = open_study(export="data/demo")
    claim = next(one for one in ledger if one.measure == "relief_duration")
    begin = time.perf_counter()  # once: fits of the same losses are kept
    k = len(judge_readings(claim, demo).readings)
    seconds = time.perf_counter() - begin
    size = f"{len(demo.adsl):,} patients, {k:,} readings"
    report(claim.measure, size, seconds, seconds, GOAL_SECONDS_DURATION)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text("".join(f"- {claim.wording}\n" for claim in ledger), encoding="utf-8")
        seconds = clock(
            lambda: lint_documents([load_document(page)], claims=ledger), 5, warm_up=True
        )
    report("lint", f"{len(ledger)} statements", seconds, seconds, GOAL_SECONDS_LINT)


if __name__ == "__main__":
    main()
