"""Whole runs on a tiny export: every notebook, the report, provenance, and a failing notebook."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.places import notebook_folder
from analysis.run.plan import FROM_RESULTS, PER_CONDITION, WHOLE_EXPORT
from tests.run.exports import write_export

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    return write_export(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def run(export, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out") / "report"
    words = ["run", str(export), "--condition", "crps", "--out", str(out), "--no-cache", "--quiet"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert str(out / "index.html") in result.output
    return out


@pytest.fixture(scope="module")
def results(run) -> pd.DataFrame:
    return pd.read_csv(run / "results.csv", keep_default_na=False)


def pick(results: pd.DataFrame, **keys: object) -> pd.Series:
    found = results
    for name, want in keys.items():
        found = found[found[name].astype(str) == str(want)]
    assert len(found) == 1, f"{len(found)} rows for {keys}"
    return found.iloc[0]


def test_every_notebook_of_the_project_is_in_the_plan():
    planned = {*WHOLE_EXPORT, *PER_CONDITION, *FROM_RESULTS}
    assert planned == {path.stem for path in notebook_folder().glob("*.ipynb")}


def test_run_folder_is_complete(run):
    names = {path.name for path in run.iterdir()}
    assert {
        "index.html",
        "results.csv",
        "results.json",
        "claims.json",
        "claims.csv",
        "data",
        "run.json",
    } <= names
    assert (run / "notebooks" / "20_responders.crps.ipynb").is_file()
    assert (run / "notebooks" / "20_responders.crps.html").is_file()
    assert [p for p in run.parent.iterdir() if p.name not in ("report", "latest")] == []


def test_numbers_counted_by_hand(results):
    """Five CRPS patients start: 50 %, 37.5 %, 25 %, not rated, worse."""
    keys = {
        "condition": "crps",
        "measure": "responder_share",
        "definition": "percent_reduction",
        "group_by": "all",
        "visit": "end",
    }
    at_30 = pick(results, **keys, threshold_pct=30.0, population="all_starters")
    assert (int(float(at_30["n_events"])), int(at_30["n"]), int(at_30["n_missing"])) == (2, 5, 1)
    at_50 = pick(results, **keys, threshold_pct=50.0, population="all_starters")
    assert (int(float(at_50["n_events"])), int(at_50["n"])) == (1, 5)
    seen = pick(results, **keys, threshold_pct=30.0, population="observed")
    assert (int(float(seen["n_events"])), int(seen["n"])) == (2, 4)


def test_mean_reduction_counted_by_hand(results):
    """(50 + 37.5 + 25 - 25) / 4 = 21.875; ratio of means 100 (8 - 6.25) / 8 = 21.875 as well."""
    keys = {"condition": "crps", "measure": "percent_reduction", "group_by": "all", "visit": "end"}
    for definition in ("mean_of_patients", "ratio_of_means"):
        row = pick(results, **keys, definition=definition, population="observed")
        assert float(row["value"]) == pytest.approx(21.875)


def test_a_number_exists_once(results):
    assert results["result_id"].is_unique


def test_json_says_what_the_csv_says(run, results):
    loaded = json.loads((run / "results.json").read_text(encoding="utf-8"))
    rows = {row["result_id"]: row for notebook in loaded for row in notebook["rows"]}
    assert set(rows) == set(results["result_id"])
    for record in results.itertuples():
        told = rows[record.result_id]["value"]
        assert (record.value == "") == (told is None)
        assert told is None or float(record.value) == pytest.approx(told)


def test_provenance(run, export):
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((export / "patients.csv").read_bytes()).hexdigest()
    assert about["inputs"]["patients.csv"] == digest
    assert about["settings"]["analysis_visit"] == "end"
    assert about["versions"]["pandas"]
    assert about["git_commit"]
    assert str(export) not in json.dumps(about)


def test_run_lists_every_file_with_its_sha256(run):
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for name, digest in about["outputs"].items():
        assert hashlib.sha256((run / name).read_bytes()).hexdigest() == digest
    there = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert there - set(about["outputs"]) <= {"run.json", "ro-crate-metadata.json"}


def test_no_folder_of_this_machine_is_told(run, export):
    """A report is handed on; the maker's folders are not."""
    places = [str(run), str(export), str(notebook_folder().parent), str(Path.home() / "x")[:-2]]
    for path in run.rglob("*"):
        if path.suffix in {".html", ".json", ".csv", ".ipynb", ".svg"}:
            text = path.read_text(encoding="utf-8")
            assert not [place for place in places if f"{place}/" in text], path


def test_the_clock_is_in_run_json_alone(run):
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert about["run_id"]
    assert about["seconds"] > 0
    page = (run / "index.html").read_text(encoding="utf-8")
    assert about["started"] not in page
    assert "Report made" not in page


def test_claims_are_judged(run):
    verdicts = {c["claim_id"]: c["verdict"] for c in json.loads((run / "claims.json").read_text())}
    assert verdicts["C043"] in ("undecided", "falls short")
    assert verdicts["C044"] == "not testable", "the export has no fibromyalgia"


def test_report_shows_verdicts_before_conditions(run):
    page = (run / "index.html").read_text(encoding="utf-8")
    assert page.index("70-85% of CRPS patients") < page.index('id="quality"')
    assert 'src="http' not in page


def test_executed_notebooks_hold_no_patient(run):
    """Ids of patients never reach a page that is handed on."""
    for path in [*run.glob("*.html"), *run.glob("*.json"), *run.glob("notebooks/*")]:
        text = path.read_text(encoding="utf-8")
        assert "A1," not in text
        assert '"A1"' not in text


def test_failed_notebook_is_a_gap_told_in_the_report(export, tmp_path, monkeypatch):
    """One notebook breaks: the others run, the exit code is 1, the report says what is missing."""
    home = tmp_path / "home"
    (home / "notebooks").mkdir(parents=True)
    (home / "data").symlink_to(notebook_folder().parent / "data")
    for path in notebook_folder().glob("*.ipynb"):
        notebook = nbformat.read(path, 4)
        if path.stem == "30_pain_reduction":
            notebook.cells[3].source = "raise RuntimeError('planted failure')"
        nbformat.write(notebook, home / "notebooks" / path.name)
    monkeypatch.setenv("RELIEFCHECK_HOME", str(home))
    out = tmp_path / "report"
    words = ["run", str(export), "--condition", "crps", "--out", str(out), "--no-cache", "--quiet"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1, result.output
    assert "planted failure" in result.output
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "planted failure" in page
    assert (out / "notebooks" / "20_responders.crps.html").is_file()
