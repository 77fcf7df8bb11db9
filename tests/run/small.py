"""A small suite of cheap notebooks, so that tests of the runner do not wait for statistics."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.run.execute import Outcome, executed_path
from analysis.run.plan import Task

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

PARAMETERS = """\
export: str = "data/demo"  # export folder
datasets: str = ""  # prepared datasets
results_dir: str = "reports/notebooks"  # where to write
"""
CONDITION = 'condition: str = "all"  # a code, or all\n'
THRESHOLD = "responder_threshold_pct: float = 30.0  # percent\n"

COUNT = """\
import pandas as pd
from analysis.adam.study import open_study
from analysis.results import Results
study = open_study(export=export, datasets=datasets, condition=condition)
counts = study.groups().groupby(["condition", "group_by", "group"]).size()
rows = counts.rename("n").reset_index().assign(value=lambda frame: frame["n"].astype(float))
"""
PATIENTS = """\
results = Results(results_dir, "20_responders", condition)
results.add(rows, measure="patients", definition="eligible", unit="count", method="count")
results.write()
"""
SCORES = """\
flags = study.stack_groups(study.adpain[study.adpain.AVISIT == "end"])
flags["hit"] = (flags.PCHG <= -responder_threshold_pct).astype(float)
means = flags.groupby(["condition", "group_by", "group"]).hit.agg(["mean", "size"]).reset_index()
means = means.rename(columns={"mean": "value", "size": "n"})
results = Results(results_dir, "30_pain_reduction", condition)
results.add(means, measure="responder_share", definition="percent_reduction", visit="end",
            population="all_starters", threshold_pct=responder_threshold_pct, unit="share",
            method="count")
results.write()
"""
CLAIMS = """\
from analysis.claims.records import write_claims
from analysis.results import Results, read_results
found = read_results(results_dir)
write_claims(results_dir, [])
results = Results(results_dir, "70_claims")
results.facts["rows"] = len(found)
results.write()
"""
SUMMARY = """\
from analysis.claims.records import read_claims
from analysis.results import Results
results = Results(results_dir, "80_director_summary")
results.sentence(f"{len(read_claims(results_dir))} claims.", name="summary")
results.write()
"""


def write_notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook: a question, a parameters cell, then each source."""
    first = new_markdown_cell(f"# {name}\n\n**The question:** how many?")
    tagged = new_code_cell(parameters, metadata={"tags": ["parameters"]})
    parts = [first, tagged, *(new_code_cell(cell) for cell in cells)]
    for number, part in enumerate(parts):
        part["id"] = f"cell-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=parts, metadata={"kernelspec": KERNEL}), path)
    return path


def make_notebooks(folder: Path, *, before: str = "pass") -> Path:
    """Write four notebooks: two that measure, one that judges and one that sums up.

    ``before`` runs first in every one of them.
    """
    measure = PARAMETERS + CONDITION
    write_notebook(folder, "20_responders", before, COUNT, PATIENTS, parameters=measure)
    write_notebook(folder, "30_pain_reduction", before, COUNT, SCORES,
                   parameters=measure + THRESHOLD)  # fmt: skip
    write_notebook(folder, "70_claims", before, CLAIMS, parameters=measure)
    write_notebook(folder, "80_director_summary", before, SUMMARY, parameters=measure)
    return folder


def write_small_report(folder: Path, **how: object) -> None:
    """Write the files of a report that other parts of the runner read; stands for the report."""
    from analysis.report.page import write_results_files
    from analysis.results import read_results

    write_results_files(read_results(folder / "results"), folder)
    shutil.copyfile(folder / "results" / "claims.json", folder / "claims.json")
    (folder / "index.html").write_text("<body><!--signoff--><!--/signoff--></body>")


class Here:
    """Executes notebooks in this process, one after the other, and remembers which."""

    def __init__(self, **_: object) -> None:
        self.executed: list[str] = []

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        self.executed.append(task.name)
        done: Future[Outcome] = Future()
        done.set_result(Outcome(task=task, seconds=0.1, error=self._execute(task, folder)))
        return done

    def _execute(self, task: Task, folder: Path) -> str:
        notebook = nbformat.read(task.path, as_version=4)
        values = {**task.parameters, "results_dir": str(folder / "results")}
        space: dict[str, object] = {}
        error = ""
        for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
            try:
                exec(cell.source, space)
            except Exception as failure:
                error = f"cell {number}: {type(failure).__name__}: {failure}"
                break
            if "parameters" in cell.metadata.get("tags", ()):
                space |= values
        path = executed_path(task, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook.metadata["papermill"] = {"parameters": values}
        nbformat.write(notebook, path)
        return error

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *problem: object) -> None:
        """Nothing was opened."""


def class_of(executor: Here) -> type:
    """Return a class that makes this executor, whatever it is asked for."""
    return type("Local", (), {"__new__": lambda cls, **_: executor})
