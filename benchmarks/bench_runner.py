"""The engines side by side: the suite's notebooks that measure, on the demo export, two at a time.

Engines take turns within a round, so that a machine that slows down slows both. Ratios of one run
hold on other machines; single seconds do not.

    python benchmarks/bench_runner.py            three rounds
    python benchmarks/bench_runner.py --quick    one
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.run.data import prepare
from analysis.run.execute import ENGINES, LocalExecutor
from analysis.run.plan import JUDGES, find_notebooks, make_plan, notebook_folder, number_of
from analysis.settings import data_folder

WORKERS = 2


def run_engine(engine: str, data: Path) -> None:
    """Run every notebook that measures; the first failure ends it."""
    from analysis.adam.study import load_study

    study = load_study(data)
    paths = [path for path in find_notebooks(notebook_folder()) if number_of(path) < JUDGES]
    tasks = make_plan(
        paths, (), settings=study.settings.model_dump(), datasets=data,
        present=tuple(study.conditions),
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as out,
        LocalExecutor(engine=engine, workers=WORKERS) as executor,
    ):
        sent = [executor.submit(task, Path(out)) for task in reversed(tasks)]
        errors = [outcome.error for outcome in (each.result() for each in sent) if outcome.error]
    if errors:
        sys.exit("\n".join(errors))


def main(*, rounds: int) -> None:
    """Time both engines, each from its interpreter's start to its end."""
    taken: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        prepare(data_folder() / "demo", None, {}, data)
        for _ in range(rounds):
            for engine, seconds in taken.items():
                begun = time.perf_counter()
                subprocess.run([sys.executable, __file__, engine, str(data)], check=True)
                seconds.append(time.perf_counter() - begun)
    for engine, seconds in taken.items():
        print(f"{engine:<12} {statistics.median(seconds):8.2f} s  ({rounds} rounds)")
    ratios = [a / b for a, b in zip(taken["papermill"], taken["warm"], strict=True)]
    print(f"stock kernels take {statistics.median(ratios):.2f} times as long as warm processes")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run_engine(sys.argv[1], Path(sys.argv[2]))
    else:
        main(rounds=1 if "--quick" in sys.argv else 3)
