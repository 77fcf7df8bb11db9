"""Whether a run folder is what the run left: each thing that can go wrong, told by name."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.report.signoff import sign_run
from analysis.run.crate import write_crate
from analysis.run.provenance import hash_outputs
from analysis.run.verify import verify_run
from analysis.sources.export import load_export
from tests.run.exports import write_export
from tests.run.run_folders import make_run


def sign(folder: Path) -> Path:
    """Write outputs into run.json and the crate after it, as the end of a run does."""
    about = json.loads((folder / "run.json").read_text())
    about.pop("outputs", None)
    outputs = {n: d for n, d in hash_outputs(folder).items() if n != "ro-crate-metadata.json"}
    (folder / "run.json").write_text(json.dumps({**about, "outputs": outputs}))
    write_crate(folder, json.loads((folder / "run.json").read_text()))
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("verify")
    export = load_export(write_export(top / "export"))
    return sign(make_run(top / "run", export, conditions=("crps",)))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def faults(folder: Path) -> list[str]:
    return [f.sentence for f in verify_run(folder) if f.state == "does not fit"]


def verify(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["verify", *map(str, words)])
    return done.exit_code, done.output


def test_an_untouched_run_fits(run):
    code, said = verify(run)
    assert code == 0
    assert "Everything fits." in said
    assert faults(run) == []


def test_versions_that_changed_are_told_and_are_no_fault(run):
    told = [f.sentence for f in verify_run(run) if f.state == "told"]
    about = json.loads((run / "run.json").read_text())
    about["versions"] = {"pandas": "0.0.1", "no-such-package": "1"}
    (run / "run.json").write_text(json.dumps(about))
    sign(run)
    (other,) = [f.sentence for f in verify_run(run) if f.state == "told"]
    assert "pandas 0.0.1 then" in other
    assert "no-such-package 1 then, not installed now" in other
    assert other not in told


def test_a_changed_a_missing_and_an_extra_file_are_named(run):
    page = run / "index.html"
    page.write_text(page.read_text().replace("r", "s", 1))
    (run / "claims.csv").unlink()
    (run / "figures").mkdir()
    (run / "figures" / "new.svg").write_text("<svg/>")
    found = " ".join(faults(run))
    assert "index.html was changed" in found
    assert "claims.csv is missing" in found
    assert "figures/new.svg was not written by the run" in found
    assert verify(run)[0] == 1


@pytest.mark.parametrize("name", ["results.json", "results.csv", "claims.json", "run.json"])
def test_one_changed_byte_is_found(run, name):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content.replace(b"0", b"1", 1))
    assert any(name in sentence for sentence in faults(run))


def test_a_forger_who_mends_the_hashes_is_found_by_the_other_files(run):
    """A responder share raised in results.json alone, with every SHA-256 made to fit."""
    text = (run / "results.json").read_text()
    content = json.loads(text)
    row = next(r for r in content[0]["rows"] if r["measure"] == "responder_share" and r["value"])
    row["value"] = 0.99
    (run / "results.json").write_text(json.dumps(content))
    sign(run)
    (sentence,) = [s for s in faults(run) if "results.csv and results.json" in s]
    assert row["result_id"] in sentence


def test_a_claim_with_another_number_than_its_result_is_found(run):
    claims = json.loads((run / "claims.json").read_text())
    claim = next(c for c in claims if c["result_id"] and c["value"] is not None)
    claim["value"] += 0.1
    (run / "claims.json").write_text(json.dumps(claims))
    sign(run)
    assert any(claim["claim_id"] in sentence for sentence in faults(run))


def test_a_claim_on_no_result_of_the_run_is_found(run):
    claims = json.loads((run / "claims.json").read_text())
    claims[0]["result_id"] = "crps.made_up"
    (run / "claims.json").write_text(json.dumps(claims))
    sign(run)
    assert any("crps.made_up, which is no result" in sentence for sentence in faults(run))


def test_a_result_left_out_of_the_table_is_found(run):
    lines = (run / "results.csv").read_text().splitlines(keepends=True)
    (run / "results.csv").write_text("".join(lines[:-1]))
    sign(run)
    assert any("1 results are in results.json and not in results.csv" in s for s in faults(run))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"outputs": {}}'])
def test_a_damaged_run_file_is_an_answer_not_a_traceback(run, content):
    (run / "run.json").write_text(content)
    code, said = verify(run)
    assert code in (1, 2)
    assert "Traceback" not in said
    assert "run.json" in said


@pytest.mark.parametrize("name", ["results.json", "claims.json", "ro-crate-metadata.json"])
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


def test_the_inputs_are_checked_against_the_export(run, tmp_path):
    export = write_export(tmp_path / "export")
    assert verify(run, "--export", export)[0] == 0
    scores = export / "pain_scores.csv"
    scores.write_text(scores.read_text() + "A4,2026-03-16,3\n")
    code, said = verify(run, "--export", export)
    assert code == 1
    assert "pain_scores.csv is not the file that the run read" in said
    assert "patients.csv is not" not in said


def test_results_come_out_again_from_the_data_of_the_run(run):
    code, said = verify(run, "--recompute")
    assert code == 0
    assert "come out the same" in said


def test_a_recomputation_finds_what_hashes_cannot(run):
    """Both results files raised alike, hashes mended: only the data say otherwise."""
    content = json.loads((run / "results.json").read_text())
    row = next(r for r in content[0]["rows"] if r["measure"] == "score_mean" and r["value"])
    old, row["value"] = row["value"], 1.25
    (run / "results.json").write_text(json.dumps(content))
    table = (run / "results.csv").read_text().splitlines(keepends=True)
    changed = [x.replace(f",{old!r},", ",1.25,", 1) if x.startswith(row["result_id"] + ",") else x
               for x in table]  # fmt: skip
    assert changed != table
    (run / "results.csv").write_text("".join(changed))
    sign(run)
    assert verify(run)[0] == 0
    code, said = verify(run, "--recompute")
    assert code == 1
    assert "1 results come out otherwise" in said
    assert row["result_id"] in said


def test_a_recomputation_without_data_says_so(run):
    shutil.rmtree(run / "data")
    code, said = verify(run, "--recompute")
    assert code == 2
    assert "data" in said


def test_a_sign_off_holds_until_a_result_changes(run):
    sign_run(run, name="Dr. Example", role="director", on=date(2026, 3, 2))
    assert "Dr. Example" in (run / "index.html").read_text()
    assert faults(run) == []
    assert any("Dr. Example (director, 2026-03-02) holds" in f.sentence for f in verify_run(run))
    content = json.loads((run / "results.json").read_text())
    content[0]["rows"][0]["n"] += 1
    (run / "results.json").write_text(json.dumps(content))
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
