"""The engines side by side: the suite's notebooks on the demo export, two at a time.

Every contender runs the same plan in a process of its own, from its interpreter's start to its end,
and contenders take turns within a round, so that a machine that slows down slows all of them.
Ratios of one run hold on other machines; single seconds do not. Processor seconds stand beside, for
a machine that has other things to do: half of them is the least time two free cores can take.

    python benchmarks/bench_runner.py            the whole plan, five rounds (long)
    python benchmarks/bench_runner.py --quick    one condition, one round
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from analysis.places import data_folder, home
from analysis.run.cache_keys import fingerprint_suite
from analysis.run.cache_prepared import Inputs, Prepared, prepare
from analysis.run.cache_store import open_cache
from analysis.run.executors import open_executor
from analysis.run.executors.execute import ENVIRONMENT
from analysis.run.plan import ALL, FROM_RESULTS, PER_CONDITION, WHOLE_EXPORT
from analysis.run.tasks import Task

WORKERS = 2
GRID = (30.0, 40.0, 50.0, 60.0)
"""Thresholds of response, a plan each, for the run of many notebooks."""


def make_stages(prepared: Prepared, results: Path, conditions: Sequence[str]) -> list[list[Task]]:
    """Return the plan's tasks; those of a stage need the stages before."""

    def task(name: str, code: str = ALL, **more: str) -> Task:
        given = {"datasets": str(prepared.datasets_of(code)), "results_dir": str(results)}
        return Task(notebook=name, condition=code, parameters=given | more)

    each = [task(n, code, condition=code) for n in reversed(PER_CONDITION) for code in conditions]
    whole = [task(name) for name in WHOLE_EXPORT]
    last = [[task(name, results_from=str(results))] for name in FROM_RESULTS]
    return [each + whole, *last]


def run_engine(engine: str, plans: list[Path]) -> None:
    """Run plans by one of the suite's engines, side by side as far as they go."""
    with open_executor(engine, workers=WORKERS) as executor:  # type: ignore[arg-type]
        for stages in zip(*(read_plan(plan) for plan in plans), strict=True):
            futures = [
                executor.submit(task, plan.parent / "out")
                for plan, tasks in zip(plans, stages, strict=True)
                for task in tasks
            ]
            for future in futures:
                if error := future.result().error:
                    sys.exit(f"{future.result().task.name}: {error}")


def run_shell(plans: list[Path]) -> None:
    """Run plans by papermill from the shell, two at a time."""

    def one(task: Task, out: Path) -> None:
        out.mkdir(exist_ok=True)
        words = [str(task.path), str(out / f"{task.name}.ipynb"), "--cwd", str(home())]
        for name, value in task.parameters.items():
            words += ["-r", name, value]
        papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3"]
        subprocess.run([*papermill, *words], check=True, capture_output=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        for stages in zip(*(read_plan(plan) for plan in plans), strict=True):
            pairs = [(t, p.parent / "out") for p, s in zip(plans, stages, strict=True) for t in s]
            list(pool.map(lambda pair: one(*pair), pairs))


def run_plain(plans: list[Path]) -> None:
    """Run the code of the plans' notebooks in a loop in this process: the least there is to do.

    What a cell shows is made into HTML or a picture as in a notebook, and thrown away.
    """
    import IPython.display
    import matplotlib

    matplotlib.use("Agg")
    IPython.display.display = show
    for plan in plans:
        for stage in read_plan(plan):
            for task in stage:
                run_cells(task)


def run_cells(task: Task) -> None:
    """Execute a notebook's code cells in one namespace, its output unseen."""
    from contextlib import redirect_stdout

    import matplotlib.pyplot as plt

    names: dict[str, Any] = {"__name__": "__main__", "display": show}
    cells = json.loads(task.path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            with redirect_stdout(io.StringIO()):
                exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", []):
                names.update(task.parameters)
            for number in plt.get_fignums():
                show(plt.figure(number))
            plt.close("all")


def show(*things: Any, **_: Any) -> None:
    """Make what a notebook would show."""
    for thing in things:
        if hasattr(thing, "savefig"):
            thing.savefig(io.BytesIO(), format="png", bbox_inches="tight")
        elif hasattr(thing, "_repr_html_"):
            thing._repr_html_()
        else:
            repr(thing)


CONTENDERS: dict[str, Callable[[list[Path]], None]] = {
    "forked": lambda plans: run_engine("forked", plans),
    "plain": run_plain,
    "shell": run_shell,
    "papermill": lambda plans: run_engine("papermill", plans),
}


def read_plan(plan: Path) -> list[list[Task]]:
    """Return the stages of a plan that was written for a contender."""
    written = json.loads(plan.read_text(encoding="utf-8"))
    return [[Task(**task) for task in stage] for stage in written]


def write_plan(folder: Path, prepared: Prepared, conditions: Sequence[str]) -> Path:
    """Write a plan whose results go to a folder of their own."""
    folder.mkdir(parents=True)
    stages = make_stages(prepared, folder / "results", conditions)
    plan = folder / "plan.json"
    fields = ("notebook", "condition", "parameters")
    written = [[{name: getattr(t, name) for name in fields} for t in s] for s in stages]
    plan.write_text(json.dumps(written), encoding="utf-8")
    return plan


def prepare_demo(folder: Path, threshold: float) -> Prepared:
    """Prepare the datasets of the demo export as a run does, once for all contenders."""
    folder.mkdir()
    given = Inputs(
        export=data_folder() / "demo",
        mapping=None,
        settings={"responder_threshold_pct": threshold},
        digest=None,
        outputs=(),
    )
    return prepare(given, folder, suite=fingerprint_suite(), cache=open_cache(None))


def time_contender(name: str, plans: Iterable[Path]) -> tuple[float, float]:
    """Return wall and processor seconds of a contender in a process of its own."""
    words = [sys.executable, __file__, "--contender", name, *map(str, plans)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run(words, check=True, env={**os.environ, **ENVIRONMENT})
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(
    names: Sequence[str], prepared: Sequence[Prepared], conditions: Sequence[str], rounds: int
) -> None:
    """Print medians of each contender, and ratios to the forked engine."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    count = 0
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                plans = [
                    write_plan(Path(folder) / str(i), each, conditions)
                    for i, each in enumerate(prepared)
                ]
                count = sum(len(stage) for plan in plans for stage in read_plan(plan))
                taken[name].append(time_contender(name, plans))
    print(f"\n{count} notebooks, {WORKERS} workers, median of {rounds}", flush=True)
    ours = taken["forked"]
    for name, pairs in taken.items():
        wall, busy = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(a[0] / b[0] for a, b in zip(ours, pairs, strict=True))
        lean = statistics.median(a[1] / b[1] for a, b in zip(ours, pairs, strict=True))
        told = f"forked/{name}: wall {ratio:.2f}, processor {lean:.2f}"
        print(f"{name:<10} {wall:8.1f} s  processor {busy:8.1f} s  {told}", flush=True)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one condition, one round")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("plans", nargs="*", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contender:
        CONTENDERS[given.contender](given.plans)
        return
    from bench_runner_costs import bench_costs

    rounds = 1 if given.quick else given.rounds
    with tempfile.TemporaryDirectory() as folder:
        prepared = [
            prepare_demo(Path(folder) / f"{threshold:.0f}", threshold)
            for threshold in (GRID[:1] if given.quick else GRID)
        ]
        codes = [ALL, *prepared[0].facts["patients"]]
        bench_costs(rounds=1 if given.quick else max(given.rounds, 5))
        conditions = ["fbss"] if given.quick else codes
        compare(["forked", "plain", "shell"], prepared[:1], conditions, rounds)
        if not given.quick:
            compare(["forked", "plain"], prepared, conditions, rounds)


if __name__ == "__main__":
    main()
