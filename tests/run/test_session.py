"""Whole runs: what a run folder holds, failures, killed runs that go on, and hostile names."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import InputError, LedgerError, RunError, SettingsError
from analysis.run.session import RunRequest, run_study
from analysis.settings import data_folder
from tests.run.conftest import N_NOTEBOOKS
from tests.run.exports import NAMES, write_hostile_export
from tests.run.small import make_notebooks, write_notebook, write_small_report

pytestmark = pytest.mark.slow

HAS_WARM = pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")


# --- what a run leaves --------------------------------------------------------------------------


def test_run_folder_is_complete_and_nothing_is_beside_it(world):
    run = world.run("made/report", cache=None).folder
    assert {path.name for path in run.iterdir()} == {
        "README.md", "claims.json", "data", "index.html", "ledger.csv", "notebooks", "results",
        "results.csv", "results.json", "results.parquet", "run.json",
    }  # fmt: skip
    assert {path.name for path in (run / "data").iterdir()} >= {"adsl.parquet", "adtte.parquet"}
    assert (run / "data").stat().st_mode & 0o077 == 0
    assert "not to be handed on" in (run / "data" / "README.md").read_text()
    overdue = pd.read_csv(run / "data" / "overdue.csv")
    assert overdue.columns.tolist() == ["USUBJID", "AVISIT", "DUEDT"]
    assert {path.name for path in run.parent.iterdir()} == {"report", "latest"}


def test_the_ledger_of_a_run_is_kept_and_named_and_part_of_what_is_reused(world):
    rows = (data_folder() / "claims" / "ledger.csv").read_text().splitlines(keepends=True)
    ours = world.folder / "ours.csv"
    ours.write_text("".join(rows[:3]))
    judging = world.notebooks / "70_claims.ipynb"
    plain = judging.read_text()
    with pytest.raises(SettingsError, match=r"70_claims\.ipynb has no parameter 'ledger'"):
        world.run("first", ledger=ours)
    judging.write_text(plain.replace("export: str =", 'ledger: str = \\"\\"\\nexport: str =', 1))
    run = world.run("first", ledger=ours)
    about = json.loads((run.folder / "run.json").read_text())["claims"]
    assert (run.folder / "ledger.csv").read_bytes() == ours.read_bytes()
    assert about["ledger"] == "ours.csv"
    assert about["sha256"] == hashlib.sha256(ours.read_bytes()).hexdigest()
    assert about["statements"].startswith("2 statements of Klarity")
    assert world.run("again", ledger=ours).unchanged
    assert not world.run("own").unchanged
    ours.write_text(
        "".join([rows[0], rows[43]]).replace('"Of all CRPS', '"To confirm: Of all CRPS')
    )
    assert world.run("drafted", ledger=ours).notes[-1].startswith("ours.csv: 1 reading is proposed")
    ours.write_text("".join(rows[:3]).replace("all,,", "nowhere,,", 1))
    with pytest.raises(LedgerError, match=r"ours.csv, row 2: claim C001, condition: 'nowhere'"):
        world.run("wrong", ledger=ours)
    with pytest.raises(InputError, match="no ledger of claims"):
        world.run("none", ledger=world.folder / "none.csv")


def test_numbers_counted_by_hand(world):
    """Five CRPS patients start: 50%, 37.5%, 25%, not rated, worse; the neuropathic one 75%."""
    results = pd.read_csv(world.run("r").folder / "results.csv")
    shares = results[(results["measure"] == "responder_share") & (results["group_by"] == "all")]
    found = dict(
        zip(shares["condition"], zip(shares["value"], shares["n"], strict=True), strict=True)
    )
    assert found == {"all": (0.5, 6), "crps": (0.4, 5), "neuropathic": (1.0, 1)}


def test_a_setting_reaches_the_notebook_that_declares_it(world):
    results = pd.read_csv(
        world.run("r", settings={"responder_threshold_pct": 50.0}).folder / "results.csv"
    )
    assert set(results["threshold_pct"].dropna()) == {50.0}


def test_run_json_says_what_went_in_and_lists_every_file(world):
    run = world.run("r").folder
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((world.export / "patients.csv").read_bytes()).hexdigest()
    assert about["inputs"]["patients.csv"] == digest
    assert about["settings"]["analysis_visit"] == "end"
    assert list(about["conditions"]) == ["crps", "neuropathic"]
    assert about["versions"]["pandas"]
    assert about["git_commit"]
    assert str(world.export) not in json.dumps(about)
    for name, sha256 in about["outputs"].items():
        assert hashlib.sha256((run / name).read_bytes()).hexdigest() == sha256
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert names - set(about["outputs"]) == {"run.json"}


def test_a_run_knows_those_before_it_of_the_same_export(world, monkeypatch):
    told = []
    for place, seconds in enumerate((1_780_000_000, 1_780_600_000, 1_780_700_000)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))
        settings = {"responder_threshold_pct": 30.0 + place}
        run = world.run(f"r{place}", settings=settings).folder
        told.append(json.loads((run / "run.json").read_text())["predecessors"])
    assert [len(each) for each in told] == [0, 1, 2]
    assert [each["started"] for each in told[2]] == sorted(each["started"] for each in told[2])
    claims = json.loads((run / "claims.json").read_text())
    headline = {each["claim_id"]: each["verdict"] for each in claims if each["headline"]}
    found = {name: each["verdict"] for name, each in told[2][-1]["verdicts"].items()}
    assert found.keys() == headline.keys()


def test_an_executed_notebook_names_the_places_beside_it(world):
    """Not the hidden folder it was made in; from the run folder it can be run again."""
    run = world.run("r").folder
    for path in (run / "notebooks").iterdir():
        text = path.read_text(encoding="utf-8")
        assert ".part-" not in text
        assert str(world.folder / "r") not in text
        if path.suffix == ".ipynb":
            assert '"datasets": "../data"' in text
            assert '"results_dir": "../results"' in text


def test_a_relative_out_from_another_folder(world, monkeypatch):
    (world.folder / "elsewhere").mkdir()
    monkeypatch.chdir(world.folder / "elsewhere")
    asked = RunRequest(
        export=Path("../export"), notebooks=Path("../notebooks"), out=Path("a/b"), cache=None
    )
    done = run_study(asked, open_executor=lambda: world.executor)
    assert done.page.samefile(world.folder / "elsewhere" / "a" / "b" / "index.html")


def test_without_out_the_report_lies_below_the_working_folder(world):
    first, second = world.run(cache=None).folder, world.run(cache=None).folder
    assert first.parent == second.parent == Path.cwd() / "reports"
    assert (Path.cwd() / "reports" / "latest").resolve() == second
    assert re.fullmatch(r"export-\d{8}-\d{6}(-2)?", second.name)


def test_one_condition_runs_the_notebooks_that_take_one_on_it(world):
    world.run("r", conditions=("crps",))
    assert world.executor.executed == [
        "20_responders.crps", "30_pain_reduction.crps", "70_claims.all", "80_director_summary.all",
    ]  # fmt: skip


# --- failures -----------------------------------------------------------------------------------


def test_a_failed_notebook_leaves_no_folder_and_the_others_are_kept(world):
    broken = write_notebook(world.notebooks, "25_broken", "raise RuntimeError('planted')")
    with pytest.raises(RunError) as caught:
        world.run("r")
    said = str(caught.value)
    assert "no report was written" in said
    assert "25_broken.all failed: cell 1: RuntimeError: planted" in said
    assert not (world.folder / "r").exists()
    assert "70_claims.all" not in world.executor.executed, "it would judge half of the results"
    failed = world.cache / "failed" / "25_broken.all.ipynb"
    assert str(failed.parent) in said
    assert failed.is_file()
    broken.unlink()
    world.run("r")
    assert world.executor.executed == ["70_claims.all", "80_director_summary.all"]


def test_a_failure_of_the_pdfs_leaves_everything_else_in_place(world, monkeypatch):
    def without_pdf(folder: Path, **how: object) -> None:
        write_small_report(folder)
        raise RunError(f"report.pdf could not be made. Everything else is in {folder}.")

    monkeypatch.setattr("analysis.report.page.write_report", without_pdf)
    done = world.run("r")
    assert done.problems == (
        f"report.pdf could not be made. Everything else is in {world.folder / 'r'}.",
    )
    assert (world.folder / "r" / "index.html").is_file()
    assert (world.folder / "r" / "results.csv").is_file()
    assert not world.run("again").unchanged, "it is tried again"


def test_a_full_disk_is_a_sentence_and_leaves_no_folder(world, monkeypatch):
    def full(folder: Path, **how: object) -> None:
        raise OSError(28, "No space left on device", str(folder / "index.html"))

    monkeypatch.setattr("analysis.report.page.write_report", full)
    with pytest.raises(RunError, match=r"No space left on device \(index.html\)"):
        world.run("r")
    assert not (world.folder / "r").exists()
    assert len(world.kept()) == N_NOTEBOOKS


# --- killed -------------------------------------------------------------------------------------

WAIT = """\
from pathlib import Path
with open({log!r}, "a") as log:
    log.write(Path(results_dir).parent.name + "\\n")
if Path(results_dir).parent.name.startswith("{where}") and Path({gate!r}).exists():
    open({gate!r}, "w").close()
    import threading
    threading.Event().wait()
"""
"""What every notebook begins with: a line in a log; one of them says so and waits for ever."""


@HAS_WARM
def test_a_killed_run_goes_on_where_it_was(world):
    """Killed while a notebook runs, which is known by its own word and not by a clock."""
    log, gate, report = (world.folder / name for name in ("log", "gate", "report"))
    os.mkfifo(gate)
    before = WAIT.format(log=str(log), gate=str(gate), where="70_")
    make_notebooks(world.notebooks, before=before)
    words = [sys.executable, "-m", "analysis", "run", str(world.export), "--notebooks",
             str(world.notebooks), "--out", str(report), "--cache", str(world.cache),
             "--workers", "1"]  # fmt: skip
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        with gate.open():  # until the notebook opens its end
            pass
        process.send_signal(signal.SIGKILL)
    assert not report.exists()
    gate.unlink()
    first = log.read_text().split()
    world.run("report")
    assert [*first[:-1], *world.executor.executed] == [
        "20_responders.all", "30_pain_reduction.all", "70_claims.all", "80_director_summary.all",
    ], "what had ended did not run again, and what was cut short did"  # fmt: skip
    assert (report / "index.html").is_file()
    left = {path.name for path in world.folder.iterdir()}
    assert left == {"cache", "export", "here", "latest", "log", "notebooks", "report"}


# --- hostile names ------------------------------------------------------------------------------


def test_hostile_names_reach_the_results_as_text_and_no_file_s_name(world):
    export = write_hostile_export(world.folder / "hostile")
    run = world.run("r", export=export, conditions=("crps",)).folder
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["group"].removeprefix("'") for row in rows} >= set(NAMES)
    formulas = [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@", "\t")]
    assert formulas == []
    names = [path.name for path in run.rglob("*")]
    assert [name for name in names if not re.fullmatch(r"[\w.-]{1,80}", name)] == []
    for name in ("results.json", "run.json", "claims.json"):
        json.loads((run / name).read_text(encoding="utf-8"))
