"""How the cost of a run grows with the patients: seconds of the processor of each stage.

Each stage runs in a process of its own, one after the other, so that neither another stage nor what
else the machine does counts as its time; two idle cores take about half the sum.

    python benchmarks/bench_scale.py                          600 and 2,000 patients
    python benchmarks/bench_scale.py 600 6000 20000 --write   these, and docs/performance.md
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from analysis.run.execute import ENVIRONMENT, PRELOAD, execute_notebook

os.environ.update(ENVIRONMENT)  # before numpy is loaded: as many threads as in a run, one

from analysis.intake.demo import write_demo
from analysis.run.data import prepare
from analysis.run.plan import Task, find_notebooks, make_plan, notebook_folder

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
TITLE = "## How the cost grows with the patients"
HEAD = f"""{TITLE}

Seconds of the processor for each stage of a run on demo exports, by
`python benchmarks/bench_scale.py {{sizes}} --write` on {{day}} ({{machine}}, Python {{python}}).
Two idle cores take about half the sum: notebooks run side by side. Notebook 40 runs once per
condition and once for all of them. Memory is the most that one process held.

"""


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Return processor seconds and peak megabytes of work in a fork, its children's too."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:  # a fork must not go on as its parent
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    if status:
        sys.exit("a stage failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def run_task(task: Task, folder: Path) -> None:
    """Run a notebook; its error ends the process."""
    with tempfile.TemporaryDirectory() as scratch:
        done = execute_notebook(task, folder, engine="warm", scratch=Path(scratch))
    if done.error:
        raise RuntimeError(done.error)


def measure_size(n: int) -> dict[str, tuple[float, float]]:
    """Return seconds and megabytes by stage for an export of so many patients."""
    from analysis.adam.study import load_study
    from analysis.report.page import write_report

    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder, export = Path(scratch) / "run", write_demo(Path(scratch) / "demo", n_patients=n)
        found["read and derive"] = measure(lambda: prepare(export, None, {}, folder / "data"))
        study = load_study(folder / "data")
        tasks = make_plan(
            find_notebooks(notebook_folder()), (), settings=study.settings.model_dump(),
            datasets=folder / "data", present=tuple(study.conditions),
        )  # fmt: skip
        for task in tasks:
            seconds, peak = measure(lambda task=task: run_task(task, folder))
            before = found.get(task.path.stem, (0.0, 0.0))
            found[task.path.stem] = before[0] + seconds, max(before[1], peak)
            print(f"{n:>8,} {task.name:<32} {seconds:7.1f} s {peak:7,.0f} MB", flush=True)
        about = {"export": "demo", "synthetic": True, "conditions": study.conditions}
        (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
        found["page, PDF, workbook"] = measure(lambda: write_report(folder))
    return found


def table(sizes: dict[int, dict[str, tuple[float, float]]]) -> str:
    """Return the table in Markdown, stages down and sizes across."""
    lines = ["| stage | " + " | ".join(f"{n:,} patients" for n in sizes) + " |"]
    lines.append("|---|" + "---:|" * len(sizes))
    for stage in next(iter(sizes.values())):
        cells = (f"{found[stage][0]:.1f} s" for found in sizes.values())
        lines.append(f"| {stage} | " + " | ".join(cells) + " |")
    sums = (sum(seconds for seconds, _ in found.values()) for found in sizes.values())
    lines.append("| **all** | " + " | ".join(f"**{each:.1f} s**" for each in sums) + " |")
    peaks = (max(peak for _, peak in found.values()) for found in sizes.values())
    lines.append("| memory | " + " | ".join(f"{each:,.0f} MB" for each in peaks) + " |")
    most = (max(found, key=lambda stage: found[stage][0]) for found in sizes.values())
    lines.append("| dominated by | " + " | ".join(most) + " |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> None:
    """Measure the sizes asked for; print the table and, where asked for, write it."""
    for module in PRELOAD:
        importlib.import_module(module)
    asked = [int(word) for word in words if word.isdigit()] or [600, 2000]
    made = table({n: measure_size(n) for n in asked})
    print(made)
    if "--write" in words:
        head = HEAD.format(
            sizes=" ".join(map(str, asked)), day=f"{datetime.now(UTC):%B %-d, %Y}",
            machine=platform.machine(), python=platform.python_version(),
        )  # fmt: skip
        before, _, after = DOCUMENT.read_text(encoding="utf-8").partition(TITLE)
        _, mark, rest = after.partition("\n## ")  # what follows this table stays
        DOCUMENT.write_text(before + head + made + (mark and mark + rest), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
