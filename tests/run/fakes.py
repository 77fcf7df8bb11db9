"""A small suite of cheap notebooks, and who executes them without a kernel."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from zlib import crc32

from analysis.files import write_whole
from analysis.lifeline import die_with_parent
from analysis.places import data_folder
from analysis.report import forms, pdf_aside
from analysis.run.plan import FROM_RESULTS, PER_CONDITION, WHOLE_EXPORT
from analysis.run.tasks import Outcome, Task

_MEASURE = """\
from analysis.outcomes.rows import Sentence
from analysis.report.store import write_results
from analysis.run.study import open_study
study = open_study(export="", datasets=datasets, condition=condition)
text = f"{len(study.subjects)} patients, {study.datasets.ratings['score'].sum():g} in all."
write_results(results_dir, notebook=NOTEBOOK, condition=condition, facts={"told": text})
"""
_CLAIMS = """\
from analysis.report.store import load_results, write_judgements, write_results
told = [result.facts.get("told", "") for result in load_results(results_from)]
write_judgements(results_dir, [])
write_results(results_dir, notebook=NOTEBOOK, condition="all", facts={"told": " ".join(told)})
"""
_SUMMARY = """\
from analysis.report.store import load_judgements, load_results, write_results
told = f"{len(load_judgements(results_from))} verdicts, {len(load_results(results_from))} files"
write_results(results_dir, notebook=NOTEBOOK, condition="all", facts={"told": told})
"""
_PARAMETERS = """\
export: str = ""  # export folder
datasets: str = ""  # prepared datasets
condition: str = "all"  # a code
results_from: str = ""  # results of the others
results_dir: str = ""  # where to write
"""


def make_home(folder: Path) -> Path:
    """Make a project folder with the suite's claims and conditions, and cheap notebooks."""
    (folder / "data").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    conditions = (data_folder() / "conditions.csv").read_bytes()
    (folder / "data" / "conditions.csv").write_bytes(conditions)
    for name in (*WHOLE_EXPORT, *PER_CONDITION):
        write_notebook(folder, name, _MEASURE)
    for name, source in zip(FROM_RESULTS, (_CLAIMS, _SUMMARY), strict=True):
        write_notebook(folder, name, source)
    return folder


def write_notebook(home: Path, name: str, source: str) -> None:
    cells = [_cell(_PARAMETERS, tags=["parameters"]), _cell(f"NOTEBOOK = {name!r}\n{source}")]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    notebook = {"cells": cells, **about}
    path = home / "notebooks" / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _cell(source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"c{crc32(source.encode())}",
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def execute(task: Task, folder: Path) -> Outcome:
    """Execute a notebook's code here; its executed form has the parameters and the time in it."""
    begun = time.perf_counter()
    notebook = json.loads(task.path.read_text(encoding="utf-8"))
    given = "\n".join(f"{name} = {value!r}" for name, value in task.parameters.items())
    tagged = ("parameters" in cell["metadata"].get("tags", ()) for cell in notebook["cells"])
    after = list(tagged).index(True) + 1
    notebook["cells"].insert(after, _cell(given, tags=["injected-parameters"]))
    notebook["metadata"]["papermill"] = {"parameters": task.parameters, "start_time": time.time()}
    error = ""
    try:
        space: dict[str, Any] = {}
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), space)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    (folder / f"{task.name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return Outcome(task=task, seconds=time.perf_counter() - begun, error=error)


PAPER = b"%PDF-1.7 stands in for what nobody looks at here\n" * 200


def quick_paper(patch: Callable[[object, str, object], object] = setattr) -> None:
    """Write a stand-in for both PDFs of a report, which take longer than all the rest of a run.

    Parameters
    ----------
    patch : callable
        ``monkeypatch.setattr`` where it is to end with the test.
    """

    def write(path: Path, context: Mapping[str, Any]) -> Path:
        return write_whole(path, PAPER)

    patch(pdf_aside, "write_report_pdf", write)
    patch(forms, "write_summary_pdf", write)


class Here:
    """Executes in this process, one after the other, and remembers what it executed."""

    def __init__(self) -> None:
        self.executed: list[str] = []

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        self.executed.append(task.name)
        done: Future[Outcome] = Future()
        done.set_result(execute(task, folder))
        return done

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *problem: object) -> None:
        """Nothing was opened."""


class InChildren(Here):
    """Executes each notebook in a forked child, which a test may kill."""

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            die_with_parent(signal.SIGKILL, parent=parent)  # as a notebook's process does
            outcome = execute(task, folder)
            (folder / "seconds").write_text(str(outcome.seconds))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        told = folder / "seconds"
        seconds = float(told.read_text()) if told.exists() else 0.0
        told.unlink(missing_ok=True)
        error = "the notebook's process was stopped" if status else ""
        done: Future[Outcome] = Future()
        done.set_result(Outcome(task=task, seconds=seconds, error=error))
        return done
