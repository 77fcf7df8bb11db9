"""Seconds of the grid of readings over 10,000 patients, against running each reading alone; and
of the grid of a duration over the bundled demo.

Run ``python benchmarks/bench_claims.py``; medians of one run on one core. Reading alone is timed on
a part of the readings, spread over all of them, and scaled up. The numbers of both are compared.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

from analysis.claims.ledger import load_ledger
from analysis.claims.robustness import RobustnessResult, judge_readings
from analysis.claims.robustness.alone import estimate_reading
from analysis.claims.robustness.patients import starters_of
from analysis.claims.specifications import Specification
from analysis.derive.datasets import Datasets, derive_datasets
from analysis.lint.catalogue import listed_claims
from analysis.lint.extract import load_document
from analysis.lint.linter import lint_documents
from analysis.outcomes.selection import Group
from analysis.places import data_folder
from analysis.settings import AnalysisSettings
from analysis.sources.demo import write_demo
from analysis.sources.export import load_export

PATIENTS = 10_300  # of whom a little over 10,000 started with a pain to reduce
REPEATS = 7
GOAL_SECONDS_PER_1000 = 2.0
GOAL_SECONDS_DURATION = 10.0
GOAL_SECONDS_LINT = 2.0
ALONE = 24
SAME = 1e-9  # share or percent; sums in another order


def clock(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median seconds of several calls after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


def _can_run_alone(reading: Specification) -> bool:
    return reading.measure == "responder_share" or reading.interval == "t"


def _run_alone(
    datasets: Datasets, starters: Group, result: RobustnessResult, places: list[int]
) -> None:
    """Run some readings alone and hold their numbers against those of the grid."""
    for place in places:
        got = estimate_reading(datasets, starters, result.specifications[place])
        grid = (result.value[place], result.low[place], result.high[place])
        assert got.n == result.n[place]
        assert all(
            abs(alone - together) < SAME
            for alone, together in zip((got.value, got.low, got.high), grid, strict=True)
        )


def main() -> None:
    """Time both claims of the headline kinds and print one line each."""
    settings = AnalysisSettings()
    with tempfile.TemporaryDirectory() as folder:
        export = write_demo(Path(folder) / "demo", n_patients=PATIENTS, seed=11)
        datasets = derive_datasets(load_export(export), settings)
    claims = [replace(one, condition="all") for one in load_ledger()]
    for measure in ("responder_share", "percent_reduction"):
        claim = next(one for one in claims if one.measure == measure)
        result = judge_readings(claim, datasets, settings)
        k = len(result.specifications)
        grid = clock(partial(judge_readings, claim, datasets, settings))
        per_1000 = 1000 * grid / k
        told = "within" if per_1000 < GOAL_SECONDS_PER_1000 else "OVER"
        some = [place for place in range(k) if _can_run_alone(result.specifications[place])]
        some = some[:: max(1, len(some) // ALONE)]
        starters = starters_of(datasets, "all")
        alone = clock(partial(_run_alone, datasets, starters, result, some), repeats=3)
        ratio = alone / len(some) * k / grid
        print(
            f"{measure:<18} {int(result.n.max()):>6} patients {k:>5} readings {grid:7.3f} s "
            f"({per_1000:.3f} s for 1,000: {told} {GOAL_SECONDS_PER_1000:g} s); "
            f"each alone would take {ratio:,.0f} times as long"
        )
    _time_duration(settings)
    _time_lint()


def _time_duration(settings: AnalysisSettings) -> None:
    """Time the grid of the claim on the median duration over the bundled demo, three times."""
    datasets = derive_datasets(load_export(data_folder() / "demo"), settings)
    claim = next(one for one in load_ledger() if one.measure == "relief_duration")
    result = judge_readings(claim, datasets, settings)
    assert result.headline is not None
    seconds = clock(partial(judge_readings, claim, datasets, settings), repeats=3)
    told = "within" if seconds < GOAL_SECONDS_DURATION else "OVER"
    print(
        f"{claim.measure:<18} {len(datasets.subjects):>6} patients "
        f"{len(result.specifications):>5} readings {seconds:7.3f} s "
        f"({told} {GOAL_SECONDS_DURATION:g} s); {int(result.n[result.headline])} responders"
    )


def _time_lint() -> None:
    """Time the linter on a copy that holds every statement of the ledger."""
    ledger = load_ledger()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text("".join(f"- {claim.wording}\n" for claim in ledger), encoding="utf-8")
        claims = listed_claims(ledger)
        seconds = clock(lambda: lint_documents([load_document(page)], claims=claims))
    told = "within" if seconds < GOAL_SECONDS_LINT else "OVER"
    print(f"lint               {len(ledger):>6} statements {seconds:7.3f} s "
          f"({told} {GOAL_SECONDS_LINT:g} s)")  # fmt: skip


if __name__ == "__main__":
    main()
