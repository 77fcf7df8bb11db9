"""Notebooks 10 to 45 run alone, in this process; by papermill in a kernel one of them here.

All of them run in kernels of the warm engine in tests/golden, and in stock kernels in tests/run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from analysis.adam.study import open_study, write_study
from analysis.results import find_one, read_extras, read_results, rows_of
from analysis.run.execute import LocalExecutor
from analysis.run.plan import Task
from analysis.run.reuse import digest_files
from analysis.settings import suite_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code

FOLDER = suite_folder() / "notebooks"
NOTEBOOKS = (
    "10_data_quality", "15_patients_and_treatment", "20_responders", "25_every_patient",
    "30_pain_reduction", "32_pain_by_visit", "45_boosters",
)  # fmt: skip
TINY = {
    "patients.csv": "patient_id,condition,subtype,sex\n"
    "A,crps,type_1,female\nB,crps,type_2,male\nC,crps,type_1,\nD,crps,type_2,male\n",
    "pain_scores.csv": "patient_id,study_day,score\n"
    "A,0,8\nA,12,4\nA,38,4\nB,0,6\nB,12,6\nC,0,7\nD,0,9\nD,12,3\nD,38,8\n",
    "infusions.csv": "patient_id,study_day,minutes\n"
    "A,0,50\nA,10,50\nB,0,50\nB,10,50\nC,0,50\nD,0,50\nD,10,240\n",
}

every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


# as committed


@every_notebook
def test_form(name):
    """Parameters and outputs: tests/run/test_plan.py and tests/docs/test_project.py."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
    nbformat.validate(notebook)
    first, second = notebook.cells[:2]
    assert first.source.startswith("# ") and "**The question:**" in first.source
    assert second.metadata.get("tags") == ["parameters"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code[-1] == "results.write()"
    assert max(len(line) for source in code for line in source.splitlines()) <= 100


# executed


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    for name, text in TINY.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_study(open_study(export=str(folder)), folder / "data")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:vert. bool was deprecated")  # seaborn's own use of matplotlib
@every_notebook
def test_runs_alone_with_a_figure_of_one_s_own_and_answers_in_words(name, tiny, tmp_path):
    """The last cell but one is a figure to uncomment; results go where the analyst is."""
    done = run_code(name, own_figure=True, export=str(tiny), results_dir=str(tmp_path / "r"))
    assert "4 patients" in done["printed"]
    results, (extras,) = read_results(tmp_path / "r"), read_extras(tmp_path / "r")
    assert set(results["notebook"]) == {extras["notebook"]} == {name}
    assert set(results["condition"]) == {"all", "crps"}
    assert "own" in [figure["name"] for figure in extras["figures"]]
    for figure in extras["figures"]:
        assert (tmp_path / "r" / "figures" / f"{figure['figure']}.svg").is_file()
        assert figure["title"] and figure["alt"].endswith(".") and "nan" not in figure["alt"]
    expected = {
        "10_data_quality": ({"measure": "patients", "definition": "observed"}, 3.0),
        "15_patients_and_treatment": ({"definition": "standard_45_to_60"}, 3 / 4),
        "20_responders": (
            {"measure": "responder_share", "definition": "percent_reduction", "threshold_pct": 30.0,
             "population": "all_starters", "visit": "end"}, 2 / 4,
        ),
        "25_every_patient": ({"measure": "completeness_share", "visit": "end"}, 3 / 4),
        "30_pain_reduction": (
            {"definition": "mean_of_patients", "population": "observed", "visit": "end"},
            (50 + 0 + 100 * 6 / 9) / 3,
        ),
        "32_pain_by_visit": (
            {"measure": "score_mean", "definition": "", "visit": "end"}, (4 + 6 + 3) / 3,
        ),
        "45_boosters": ({"measure": "booster_count", "visit": "week_4"}, 0.0),
    }  # fmt: skip
    keys, value = expected[name]
    row = find_one(results, condition="crps", group_by="all", **keys)
    assert row is not None and row.value == pytest.approx(value)


@pytest.mark.slow
@every_notebook
def test_a_condition_without_patients_is_a_sentence(name, tiny, tmp_path):
    run_code(name, datasets=str(tiny / "data"), condition="fbss", results_dir=str(tmp_path))
    rows = rows_of(read_results(tmp_path))
    assert rows and {row.condition for row in rows} == {"fbss"}
    assert {row.status for row in rows if row.unit != "count"} <= {"no patients"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")
def test_plain_papermill_from_another_folder_leaves_what_the_warm_engine_does(tmp_path):
    """The command of the README; results go where the analyst is."""
    path = FOLDER / "20_responders.ipynb"
    words = [str(path), "out.ipynb", "-p", "condition", "crps"]
    subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", *words],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    task = Task(path=path, condition="crps", parameters={"condition": "crps"})
    with LocalExecutor(engine="warm", workers=1) as executor:
        assert executor.submit(task, tmp_path / "warm").result().error == ""
    stock = tmp_path / "reports" / "notebooks"
    left = digest_files(stock)
    assert len(left) > 3
    assert digest_files(tmp_path / "warm" / "results") == left, "figures and words byte for byte"
    row = find_one(
        read_results(stock), measure="responder_share",
        definition="percent_reduction", threshold_pct=30.0, population="all_starters", visit="end",
        group_by="all", condition="crps",
    )  # fmt: skip
    # The demo is seeded: 74 of 137, counted independently in data/demo/README.md's own way.
    assert row is not None and (row.n_events, row.n) == (74, 137)


@pytest.mark.slow
def test_prepared_datasets_and_one_condition_give_the_same_rows(tiny, tmp_path):
    """The runner derives once; a condition run alone is the same as among all."""
    for folder, parameters in {
        "all": {"export": str(tiny)},
        "one": {"datasets": str(tiny / "data"), "condition": "crps"},
    }.items():
        run_code("30_pain_reduction", results_dir=str(tmp_path / folder), **parameters)
    everything, alone = (read_results(tmp_path / folder) for folder in ("all", "one"))
    everything = everything[everything["condition"] == "crps"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, everything)
    assert list((tmp_path / "one" / "figures").iterdir())
