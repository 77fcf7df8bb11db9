"""Cost of an export by its number of ratings: `check`, and `rates` from a CSV and from a Parquet.

Run ``python benchmarks/bench_intake.py``; ``--ratings 30000000`` asks for more than the default.
Printed are seconds, CPU seconds and the peak memory of all processes together, and the ratio to
DuckDB's bare query, which reads the same files and counts responders at the visits without
checking anything. The patients are made up.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from analysis.settings import AnalysisSettings

RATINGS_A_PATIENT, PATIENTS_AT_ONCE = 30, 20_000
MOST_CHECKED = 3_000_000
"""`check` derives all patients at once, durations too: larger exports are for `rates`."""


class Cost(NamedTuple):
    """Seconds by the clock and of all cores, and the greatest memory in gigabytes."""

    seconds: float
    cpu: float
    memory: float


def write_export(folder: Path, n_ratings: int, form: str) -> Path:
    """Write patients, six infusions each, and a diary of 30 ratings each, some at a time."""
    folder.mkdir()
    random, n = np.random.default_rng(20261130), n_ratings // RATINGS_A_PATIENT
    with ExitStack() as files:
        writers: dict[str, pyarrow.csv.CSVWriter | pyarrow.parquet.ParquetWriter] = {}
        for first in range(0, n, PATIENTS_AT_ONCE):
            for name, table in make_tables(random, first, min(n, first + PATIENTS_AT_ONCE)).items():
                if name not in writers:
                    path = folder / f"{name}.{form}"
                    kind = {"csv": pyarrow.csv.CSVWriter, "parquet": pyarrow.parquet.ParquetWriter}
                    writers[name] = files.enter_context(kind[form](path, table.schema))
                writers[name].write_table(table)
    return folder


def make_tables(random: np.random.Generator, first: int, last: int) -> dict[str, pa.Table]:
    """Return the tables of some patients, by their numbers."""
    n = last - first
    ids = np.char.add("P", np.char.zfill(np.arange(first, last).astype(str), 8))
    codes = np.array(["crps", "fibromyalgia", "neuropathic", "headache"])
    start = np.datetime64("2020-01-06") + random.integers(0, 1200, n)
    infused = start[:, None] + np.array([0, 2, 4, 7, 9, 11])
    days = np.r_[np.arange(-7, 0), 12, 13, 15, np.linspace(18, 210, 20).astype(int)]
    level = np.where(days < 0, 1.0, random.normal(0.6, 0.3, n)[:, None])
    pain = random.normal(7, 1, n)[:, None] * level + random.normal(0, 0.7, (n, len(days)))
    columns = {
        "patients": {"patient_id": ids, "condition": codes[random.integers(0, len(codes), n)]},
        "infusions": {"patient_id": np.repeat(ids, 6), "infused_at": infused.ravel()},
        "pain_scores": {
            "patient_id": np.repeat(ids, len(days)),
            "assessed_on": (start[:, None] + days).ravel(),
            "score": np.clip(np.rint(pain), 0, 10).astype(np.int8).ravel(),
            "recall": np.full(n * len(days), "average"),
        },
    }
    return {
        name: pa.table({column: pa.array(values) for column, values in own.items()})
        for name, own in columns.items()
    }


def measure(*command: str) -> Cost:
    """Run a command and return its cost, that of its own processes included."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before, begin, peak = used(), time.perf_counter(), 0
    process = psutil.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(one.memory_info().rss for one in family))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - begin, used() - before, peak / 1e9)


def run_bare_query(folder: str, form: str) -> None:
    """Let DuckDB count responders of 30% by condition and visit."""
    windows = ", ".join(
        f"('{v.name}', {v.first_day}, {v.last_day}, {v.target_day})"
        for v in AnalysisSettings().schedule
    )
    query = f"""
        with treated as (select patient_id, min(infused_at) as first, max(infused_at) as last
                         from '{folder}/infusions.{form}' group by all),
        rated as (select r.patient_id, r.score, r.assessed_on - t.first as day,
                         r.assessed_on - t.last as after
                  from '{folder}/pain_scores.{form}' r join treated t using (patient_id)),
        based as (select patient_id, avg(score) as base from rated
                  where day between -14 and 0 group by all having avg(score) >= 4),
        visit(name, low, high, target) as (values {windows}),
        seen as (select r.patient_id, v.name,
                        arg_min(r.score, abs(r.after - v.target)) as score
                 from rated r join visit v on r.after between v.low and v.high group by all)
        select p.condition, s.name, count(*), avg((b.base - s.score >= 0.3 * b.base)::int)
        from seen s join based b using (patient_id)
        join '{folder}/patients.{form}' p using (patient_id) group by all
    """
    duckdb.sql(query).fetchall()


def report(n: int, name: str, cost: Cost, bare: Cost | None = None) -> None:
    """Print one line."""
    ratio = f"{cost.cpu / bare.cpu:8.1f} x" if bare else ""
    print(
        f"{n:>12,}  {name:<16}{cost.seconds:8.1f} s {cost.cpu:8.1f} s CPU "
        f"{cost.memory:6.2f} GB {1e6 * cost.cpu / n:7.1f} us a rating{ratio}",
        flush=True,
    )


def main() -> None:
    """Measure and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        run_bare_query(*given.bare)
        return
    for n in given.ratings:
        for form in ("csv", "parquet"):
            with tempfile.TemporaryDirectory() as scratch:
                folder = write_export(Path(scratch) / "registry", n, form)
                command = ["-m", "analysis", "rates", str(folder), "--workers", str(given.workers)]
                bare = measure(__file__, "--bare", str(folder), form)
                report(n, f"DuckDB, {form}", bare)
                report(n, f"rates, {form}", measure(*command), bare)
                if form == "csv" and n <= MOST_CHECKED:
                    report(n, "check, csv", measure("-m", "analysis", "check", str(folder)))


if __name__ == "__main__":
    main()
