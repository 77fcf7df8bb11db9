"""Speed of the duration estimators, as medians and ratios of one run.

Run ``python benchmarks/bench_durations.py``. With LIFELINES_PYTHON naming an interpreter that has
lifelines, its times stand beside ours; lifelines is no dependency.
"""

from __future__ import annotations

import os
import subprocess

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight
from timing import clock

from analysis.stats.aft import WEIBULL, fit_aft
from analysis.stats.npmle import estimate_npmle
from analysis.stats.npmle_bootstrap import bootstrap_relief
from analysis.stats.survival import estimate_cumulative_incidence, estimate_kaplan_meier

GOAL_NPMLE_SECONDS = 0.1  # five times the 0.02 s of icenReg
GOAL_GRID_SECONDS = 1.0
GOAL_BOOTSTRAP_SECONDS = 0.1
GOAL_DATED_BOOTSTRAP_SECONDS = 1.0
GRID = np.array([2.0, 4.0, 8.0, 12.0, 26.0])

OTHER = """
import sys, time
import numpy as np
from statistics import median
from lifelines import KaplanMeierFitter
data = np.load(sys.argv[1])
def clock(work, repeats):
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter(); work(); seconds.append(time.perf_counter() - begin)
    return median(seconds)
print(clock(lambda: KaplanMeierFitter().fit(data["time"], data["event"]), 5))
few = slice(0, int(sys.argv[2]))
print(clock(lambda: KaplanMeierFitter().fit_interval_censoring(
    data["left"][few], data["right"][few]), 1))
"""
FEW = 500  # distinct intervals given to lifelines, which needs minutes for 10,000


def visits(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals on the visit grid, 30% of visits missed."""
    true = 12 * rng.weibull(1.2, n)
    attends = rng.random((n, GRID.size)) > 0.3
    is_lost = true[:, None] <= GRID
    left = np.where(attends & ~is_lost, GRID, 0.0).max(axis=1)
    return left, np.where(attends & is_lost, GRID, np.inf).min(axis=1)


def looks(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals between looks at any time: nearly all distinct."""
    true = 10 * rng.weibull(1.3, n)
    times = np.cumsum(rng.exponential(4, (n, 8)), axis=1)
    edges = np.column_stack((np.zeros(n), times, np.full(n, np.inf)))
    place = (times < true[:, None]).sum(axis=1)
    rows = np.arange(n)
    return edges[rows, place], edges[rows, place + 1]


def dated_visits(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals between visits on any day, in weeks."""
    left, right = looks(rng, n)
    return np.floor(7 * left) / 7, np.ceil(7 * right) / 7


def report(name: str, seconds: float, other: float, against: str) -> None:
    """Print one line."""
    print(f"{name:48s} {seconds:9.4f} s   {seconds / other:8.4f} x {against} ({other:.4f} s)")


def main() -> None:
    """Time everything and print a line each."""
    rng = np.random.default_rng(1)
    n = 1_000_000
    event = rng.random(n) < 0.6
    status = event.astype(np.float64)
    times = {
        "distinct times": rng.exponential(10, n),
        "whole days": rng.integers(1, 400, n).astype(np.float64),
    }
    for name, time_ in times.items():
        ours = clock(lambda time_=time_: estimate_kaplan_meier(time_, event))
        theirs = clock(lambda time_=time_: SurvfuncRight(time_, status))
        report(f"Kaplan-Meier, 1,000,000 rows, {name}", ours, theirs, "SurvfuncRight")
    left, right = looks(rng, 10_000)
    distinct = len(np.unique(np.column_stack((left, right)), axis=0))
    ours = clock(lambda: estimate_npmle(left, right))
    report(f"NPMLE, {distinct:,} distinct intervals", ours, GOAL_NPMLE_SECONDS, "goal")
    grid = visits(rng, n)
    report("NPMLE, 1,000,000 rows on a visit grid", clock(lambda: estimate_npmle(*grid)),
           GOAL_GRID_SECONDS, "goal")  # fmt: skip
    curve = estimate_npmle(*visits(rng, 500))
    seconds = clock(
        lambda: bootstrap_relief(curve, rng=rng, times=(4, 8, 12, 26), tau=26, replicates=1000)
    )
    report("Bootstrap, 1,000 resamples of 500 patients", seconds, GOAL_BOOTSTRAP_SECONDS, "goal")
    dated = estimate_npmle(*dated_visits(np.random.default_rng(2), 300))
    seconds = clock(
        lambda: bootstrap_relief(dated, rng=rng, times=(4, 8, 12, 26), tau=12, replicates=1000)
    )
    distinct = len(dated.intervals.counts)
    report(f"Bootstrap, 1,000 of 300 patients, {distinct} intervals", seconds,
           GOAL_DATED_BOOTSTRAP_SECONDS, "goal")  # fmt: skip
    cause = rng.integers(0, 4, n)
    seconds = clock(lambda: estimate_cumulative_incidence(times["whole days"], cause))
    print(f"{'Aalen-Johansen, 1,000,000 rows, 3 causes':48s} {seconds:9.4f} s")
    seconds = clock(lambda: fit_aft(WEIBULL, left, right))
    print(f"{'Weibull, 10,000 intervals':48s} {seconds:9.4f} s")
    compare_with_lifelines(times["distinct times"], event, left, right)


def compare_with_lifelines(
    time_: np.ndarray, event: np.ndarray, left: np.ndarray, right: np.ndarray
) -> None:
    """Print ratios to lifelines, or that it is not there."""
    interpreter = os.environ.get("LIFELINES_PYTHON")
    if not interpreter:
        print("lifelines: not compared; set LIFELINES_PYTHON to an interpreter that has it.")
        return
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        np.savez(path, time=time_, event=event, left=left, right=right)
        done = subprocess.run(
            [interpreter, "-W", "ignore", "-c", OTHER, str(path), str(FEW)],
            capture_output=True, text=True, check=False, timeout=1800,
        )  # fmt: skip
    if done.returncode:
        print(f"lifelines: failed: {done.stderr.strip().splitlines()[-1:]}")
        return
    plain, interval = (float(line) for line in done.stdout.split()[-2:])
    ours = clock(lambda: estimate_kaplan_meier(time_, event))
    report("Kaplan-Meier, 1,000,000 rows", ours, plain, "lifelines")
    few = slice(0, FEW)
    ours = clock(lambda: estimate_npmle(left[few], right[few]))
    report(f"NPMLE, {FEW} distinct intervals", ours, interval, "lifelines")


if __name__ == "__main__":
    main()
