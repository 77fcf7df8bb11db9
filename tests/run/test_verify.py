"""Whether a run folder is what the run left: each thing that can go wrong, named."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.report.page import write_results_files
from analysis.report.signoff import sign_run
from analysis.run import compare
from analysis.run.session import hash_outputs
from analysis.run.verify import check_recomputed, verify_run
from tests.run.conftest import World, make_world
from tests.run.exports import PAIN_SCORES, write_export
from tests.run.small import Here, write_small_report

SHARE = "crps.responder_share.percent_reduction.ge30.all_starters.end"
CLAIM = {"claim_id": "C043", "result_id": SHARE, "value": 0.4}


def report_with_a_claim(folder: Path, **how: object) -> None:
    write_small_report(folder)
    (folder / "claims.json").write_text(json.dumps([CLAIM]))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> World:
    world = make_world(tmp_path_factory.mktemp("verify"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.page.write_report", report_with_a_claim)
        patch.chdir(world.folder)
        world.run("run", cache=None)
    return world


@pytest.fixture
def run(finished: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished.folder / "run", tmp_path / "run"))


def mend(folder: Path) -> None:
    """Make every SHA-256 fit again, as a forger would."""
    about = json.loads((folder / "run.json").read_text())
    about["outputs"] = hash_outputs(folder)
    (folder / "run.json").write_text(json.dumps(about))


def faults(folder: Path) -> list[str]:
    return [each.sentence for each in verify_run(folder) if each.state == "NO"]


def verify(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["verify", *map(str, words)])
    return done.exit_code, done.output


def raise_share(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(value=frame["value"].mask(frame["result_id"] == SHARE, 0.99))


@pytest.mark.slow
def test_an_untouched_run_fits(run):
    code, said = verify(run)
    assert code == 0
    assert "Everything fits." in said


@pytest.mark.slow
def test_versions_that_changed_are_said_and_are_no_fault(run):
    about = json.loads((run / "run.json").read_text())
    about["versions"] = {"pandas": "0.0.1", "no-such-package": "1"}
    (run / "run.json").write_text(json.dumps(about))
    (note,) = [each.sentence for each in verify_run(run) if each.state == "note"]
    assert "pandas 0.0.1 then" in note
    assert "no-such-package 1 then, not installed now" in note
    assert faults(run) == []


def test_a_changed_a_missing_and_an_extra_file_are_named(run):
    (run / "index.html").write_text("<body>other</body>")
    (run / "results.csv").unlink()
    (run / "results" / "figures").mkdir(exist_ok=True)
    (run / "results" / "figures" / "new.svg").write_text("<svg/>")
    found = " ".join(faults(run))
    assert "index.html was changed" in found
    assert "results.csv is missing" in found
    assert "results/figures/new.svg was not written by the run" in found
    assert verify(run)[0] == 1


@pytest.mark.parametrize("name", ["results.json", "results.csv", "claims.json", "index.html"])
def test_one_changed_byte_is_found(run, name):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    assert any(name in sentence for sentence in faults(run))


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_forger_who_mends_the_hashes_is_found_by_the_other_files(run, tmp_path, form):
    """A responder share raised in one form of the results, with every SHA-256 made to fit."""
    frame = raise_share(pd.read_parquet(run / "results.parquet")).drop(columns="result_id")
    (tmp_path / "other").mkdir()
    write_results_files(frame, tmp_path / "other")
    shutil.copyfile(tmp_path / "other" / f"results.{form}", run / f"results.{form}")
    mend(run)
    (sentence,) = faults(run)
    assert sentence == f"results.parquet and results.{form}: 1 results differ: {SHARE}."


def test_a_result_left_out_of_the_table_is_found(run):
    lines = (run / "results.csv").read_text().splitlines(keepends=True)
    (run / "results.csv").write_text("".join(lines[:-1]))
    mend(run)
    assert any("1 results are in one and not in the other" in sentence for sentence in faults(run))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"value": 0.5}, "have different numbers"), ({"result_id": "crps.made_up"}, "is no result")],
)
def test_a_claim_that_its_result_does_not_bear_out_is_found(run, change, said):
    (run / "claims.json").write_text(json.dumps([{**CLAIM, **change}]))
    mend(run)
    assert any("C043" in sentence and said in sentence for sentence in faults(run))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"outputs": {}}'])
def test_a_damaged_run_file_is_an_answer_not_a_traceback(run, content):
    (run / "run.json").write_text(content)
    code, said = verify(run)
    assert code in (1, 2)
    assert "Traceback" not in said
    assert "run.json" in said


@pytest.mark.parametrize("name", ["results.json", "claims.json", "results.parquet"])
@pytest.mark.parametrize("content", ["", "[1]", "null"])
def test_damaged_parts_are_faults(run, name, content):
    (run / name).write_text(content)
    code, said = verify(run)
    assert code == 1
    assert name in said


def test_no_run_folder(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        code, said = verify(path)
        assert code == 2
        assert "no run folder" in said


def test_the_inputs_are_checked_against_the_export(run, finished, tmp_path):
    assert verify(run, "--export", finished.export)[0] == 0
    export = write_export(tmp_path / "export", pain_scores=PAIN_SCORES + "A4,2026-03-16,3\n")
    code, said = verify(run, "--export", export)
    assert code == 1
    assert "pain_scores.csv is not the file that the run read" in said
    assert "patients.csv is not" not in said


@pytest.mark.slow
def test_a_recomputation_finds_what_hashes_cannot(run, finished, monkeypatch):
    """All forms of the results raised alike, hashes mended: only the data say otherwise."""
    monkeypatch.setattr(compare, "LocalExecutor", lambda **_: Here())
    (fits,) = check_recomputed(run, notebooks=finished.notebooks)
    assert fits.state == "ok"
    frame = raise_share(pd.read_parquet(run / "results.parquet")).drop(columns="result_id")
    write_results_files(frame, run)
    (run / "claims.json").write_text(json.dumps([{**CLAIM, "value": 0.99}]))
    mend(run)
    assert faults(run) == []
    (wrong,) = check_recomputed(run, notebooks=finished.notebooks)
    assert wrong.sentence == f"the run and now: 1 results differ: {SHARE}."


def test_a_recomputation_without_data_says_so(run):
    shutil.rmtree(run / "data")
    code, said = verify(run, "--recompute")
    assert code == 2
    assert "keeps no data" in said


def test_a_sign_off_holds_until_a_result_changes(run):
    sign_run(run, name="Dr. Example", role="director", on=date(2026, 3, 2))
    assert "Dr. Example" in (run / "index.html").read_text()
    assert faults(run) == []
    assert any("Dr. Example (director, 2026-03-02) holds" in f.sentence for f in verify_run(run))
    (run / "results.json").write_text((run / "results.json").read_text().replace("0.4", "0.5"))
    assert any("is void" in sentence for sentence in faults(run))


def test_nothing_hides_in_the_place_of_a_sign_off(run):
    sign_run(run, name="Dr. Example", role="director", on=date(2026, 3, 2))
    page = run / "index.html"
    page.write_text(page.read_text().replace("Dr. Example", "Dr. Example: all claims hold"))
    assert any("index.html was changed" in sentence for sentence in faults(run))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"signatures": []}'])
def test_a_sign_off_that_says_nothing_vouches_for_nothing(run, content):
    (run / "signoff.json").write_text(content)
    assert any("signoff.json" in sentence for sentence in faults(run))
