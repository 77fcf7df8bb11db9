"""Every notebook runs alone: in its own folder as in JupyterLab, and by plain papermill."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from analysis.places import home, notebook_folder
from analysis.run.kernels import QuietKernelManager
from tests.run.exports import write_export

NOTEBOOKS = sorted(notebook_folder().glob("*.ipynb"))

pytestmark = pytest.mark.slow


def execute(path: Path, out: Path, **parameters: object) -> nbformat.NotebookNode:
    """Execute as JupyterLab does: the working folder is the notebook's own."""
    return papermill.execute_notebook(
        str(path),
        str(out),
        parameters=parameters,
        cwd=str(notebook_folder()),
        kernel_name="python3",
        progress_bar=False,
        kernel_manager_class=QuietKernelManager,
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_alone_and_writes_results(path, tmp_path):
    export = write_export(tmp_path / "export")
    parameters: dict[str, object] = {"export": str(export), "results_dir": str(tmp_path / "r")}
    if "condition" in papermill.inspect_notebook(str(path)):
        parameters["condition"] = "crps"
    done = execute(path, tmp_path / "out.ipynb", **parameters)
    written = list((tmp_path / "r" / "results").glob(f"{path.stem}.*.json"))
    assert len(written) == 1
    content = json.loads(written[0].read_text(encoding="utf-8"))
    assert content["notebook"] == path.stem
    errors = [
        output
        for cell in done.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert not errors, "a warning went unread"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_condition_without_patients_is_a_sentence(path, tmp_path):
    if "condition" not in papermill.inspect_notebook(str(path)):
        pytest.skip("has no condition")
    export = write_export(tmp_path / "export")
    execute(
        path,
        tmp_path / "out.ipynb",
        export=str(export),
        results_dir=str(tmp_path / "r"),
        condition="fibromyalgia",
    )
    content = json.loads(next((tmp_path / "r" / "results").glob("*.json")).read_text())
    told = {row["status"] for row in content["rows"] if row["unit"] != "count"}
    assert told <= {"no patients", "not estimable"}


def test_plain_papermill_on_the_demo(tmp_path):
    """The command of the README."""
    words = [str(notebook_folder() / "20_responders.ipynb"), str(tmp_path / "out.ipynb")]
    more = ["-p", "condition", "crps", "-p", "results_dir", str(tmp_path / "r")]
    subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", *words, *more],
        cwd=home(),
        check=True,
        capture_output=True,
    )
    content = json.loads((tmp_path / "r" / "results" / "20_responders.crps.json").read_text())
    row = next(
        row
        for row in content["rows"]
        if row["result_id"] == "crps.responder_share.percent_reduction.ge30.all_starters.end"
    )
    # The demo is seeded: 74 of 137, counted independently in data/demo/README.md's own way.
    assert (row["n_events"], row["n"]) == (74, 137)
