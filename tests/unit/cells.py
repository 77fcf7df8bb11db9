"""The cells of a notebook run in this process, and the numbers they make of a typed study."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from analysis.adam.study import Study, write_study
from analysis.results import Row, find_one, read_results, rows_of
from analysis.settings import suite_folder

FIGURES = ("keep_each(", "results.figure(", "plot_")
"""What cells that only draw hold; imports do too."""


def run_code(
    notebook: str, *, skip: tuple[str, ...] = (), own_figure: bool = False, **parameters: Any
) -> dict[str, Any]:
    """Run a notebook's code cells in this process, parameters after their cell; return its names.

    Cells that hold one of the words of ``skip`` are left out. ``own_figure`` uncomments the last
    cell but one. What was printed is among the names.
    """
    path = suite_folder() / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    if own_figure:
        sources[-2] = "\n".join(line.removeprefix("# ") for line in sources[-2].splitlines())
    names: dict[str, Any] = {"__name__": notebook}
    printed = StringIO()
    with mpl.rc_context(), redirect_stdout(printed):
        mpl.use("agg")
        for place, source in enumerate(sources):
            if place > 1 and any(word in source for word in skip):
                continue
            exec(compile(source, f"{notebook}, cell {place}", "exec"), names)
            names |= parameters if place == 0 else {}
        plt.close("all")
    return names | {"printed": printed.getvalue()}


def run_cells(notebook: str, study: Study, *, condition: str = "all") -> pd.DataFrame:
    """Results that a notebook's cells make of a study, without drawing."""
    with TemporaryDirectory() as folder:
        write_study(study, Path(folder) / "datasets")
        about = {"datasets": f"{folder}/datasets", "results_dir": f"{folder}/results"}
        run_code(notebook, skip=FIGURES, condition=condition, **about)
        return read_results(Path(folder) / "results")


def one(results: pd.DataFrame, **keys: Any) -> Row:
    """The one row of all patients under these keys."""
    found = find_one(results, **{"group_by": "all", "condition": "crps", **keys})
    assert found is not None, keys
    return found


def counted(row: Row) -> tuple[int | None, int, int]:
    """Numerator, denominator and unknown of a row."""
    return row.n_events, row.n, row.n_missing


def ids(results: pd.DataFrame) -> list[str]:
    """Names of all rows."""
    return [row.result_id for row in rows_of(results)]
