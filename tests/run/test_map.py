"""`reliefcheck map` on the command line: table, exit codes, questions; first contact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.cli import main
from analysis.intake.load import load_export
from tests.unit.draft_exports import MAKERS, write_text


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.slow
def test_a_list_is_drafted_checked_and_shown(tmp_path):
    path, out = MAKERS["excel_list"](tmp_path / "list"), tmp_path / "clinic.yaml"
    result = call("map", path, "--out", out, "--yes")
    assert result.exit_code == 0, result.output
    head, *rows = result.output.splitlines()
    assert head.split("  ")[0] == "column"
    assert "understood as" in head and "problem" in head and "remedy" in head
    assert any(row.startswith("Name ") and "not read: name" in row for row in rows)
    assert "TODO 1." in result.output and "1 point is open" in result.output
    assert "patients (4 rows), pain_scores (8 rows)" in result.output
    assert not any(name in result.output for name in ("Weber", "Ochs", "Diaz", "Eck"))
    assert len(load_export(path, out).tables["patients"]) == 4


@pytest.mark.slow
def test_a_draft_that_the_check_refuses_is_written_and_says_what_to_settle(tmp_path):
    path, out = MAKERS["ambiguous_dates"](tmp_path / "list"), tmp_path / "clinic.yaml"
    result = call("map", path, "--out", out, "--yes")
    assert result.exit_code == 1
    assert "no date of the column settles it" in result.output
    text = out.read_text(encoding="utf-8")
    assert "# dates: day_first" in text and "TODO day_first or month_first" in text
    out.write_text(text.replace("# dates:", "dates:"), encoding="utf-8")
    assert call("check", path, "--mapping", out).exit_code == 0


@pytest.mark.slow
def test_nobody_rated_at_the_end_is_a_todo(tmp_path):
    path, out = MAKERS["wide_visits"](tmp_path / "wide"), tmp_path / "clinic.yaml"
    result = call("map", path, "--out", out, "--yes")
    assert result.exit_code == 0
    assert load_export(path, out).settings == {"analysis_visit": "week_4"}
    assert "response is judged at week_4 for now" in result.output


@pytest.mark.slow
def test_questions_are_asked_on_a_terminal(tmp_path):
    pty = pytest.importorskip("pty")  # Windows has none
    path, out = MAKERS["excel_list"](tmp_path / "list"), tmp_path / "clinic.yaml"
    own, theirs = pty.openpty()
    words = [sys.executable, "-m", "analysis", "map", str(path), "--out", str(out)]
    os.write(own, b"no such condition\nneuropathic\n")
    done = subprocess.run(words, stdin=theirs, capture_output=True, text=True, check=False)
    os.close(own)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "which condition is 'Low back pain'" in done.stderr
    assert load_export(path, out).tables["patients"]["condition"].iloc[3] == "neuropathic"
    assert "TODO" not in done.stdout


@pytest.mark.slow
def test_a_key_is_made_for_hashes_and_kept(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "a.csv": "MRN,Diagnosis\n88120001,CRPS\n88120002,CRPS\n",
            "b.csv": "MRN,Day,Pain\n88120001,0,8\n88120002,0,6\n88120001,3,4\n",
        },
    )
    assert call("map", path, "--out", tmp_path / "1.yaml", "--yes").exit_code == 0
    key = tmp_path / "clinic.key"
    first = key.read_bytes()
    assert len(first) >= 32
    assert key.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert call("map", path, "--out", tmp_path / "2.yaml", "--yes").exit_code == 0
    assert key.read_bytes() == first


@pytest.mark.parametrize("command", ["check", "run"])
def test_first_contact_lists_the_columns_and_names_the_command(command, tmp_path):
    path = MAKERS["semicolons"](tmp_path / "export")
    result = call(command, path)
    assert result.exit_code == 2
    assert "liste.csv: PatNr, Diagnose, Geschlecht, Schmerz vorher" in result.output
    assert f"reliefcheck map {path}" in result.output


def test_a_column_that_looks_like_a_missing_one_is_named(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "patients.csv": "patient_id,ICD-10\nA,G90.5\n",
            "pain_scores.csv": "patient_id,study_day,score\nA,0,7\nA,7,3\n",
        },
    )
    result = call("check", path)
    assert result.exit_code == 2
    assert "`icd10: ICD-10`" in result.output
    assert "there is no column condition or icd10. Add it" not in result.output


@pytest.mark.slow
def test_an_unread_column_that_looks_like_codes_is_not_called_absent(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "patients.csv": "patient_id,condition,Diagnosis (ICD),Alter\nA,crps,G90.5,50\n",
            "pain_scores.csv": "patient_id,study_day,score\nA,0,7\nA,7,3\n",
        },
    )
    result = call("check", path)
    assert result.exit_code == 0
    assert "the column 'Diagnosis (ICD)' of patients.csv looks like icd10" in result.output
    assert "the column 'Alter' of patients.csv looks like age_years" in result.output
    assert "The export has no ICD-10 codes" not in result.output


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no table"),
        ({"a.csv": ""}, "is empty"),
        ({"a.csv": "x,y\n1,2,3\n"}, "3 fields where the header"),
        ({"a.xlsx": "no workbook"}, "no readable Excel workbook"),
        ({"a.xlsx": "\xd0\xcf\x11\xe0\xa1"}, "take the password away"),
        ({"a.xls": "\xd0\xcf\x11\xe0\xa1"}, "save it as .xlsx or CSV"),
        ({"a.zip": "PK\x03\x04"}, "a.zip is an archive: unpack it"),
        ({"a.pdf": "%PDF-1.4", "b.json": "{}"}, "a.pdf is a PDF: export it as CSV"),
        ({"a.csv": "a,b\nx,y\n"}, "no column looks like pain scores"),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_written(files, words, tmp_path):
    path = write_text(tmp_path / "x", files, encoding="latin-1")
    out = tmp_path / "clinic.yaml"
    result = call("map", path, "--out", out, "--yes")
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
    assert not out.exists()
    if words != "no column looks like pain scores":  # `check` says the same of it
        checked = call("check", path)
        assert checked.exit_code == 2
        assert words in checked.output


def test_a_mapping_that_is_there_is_not_overwritten(tmp_path):
    path, out = MAKERS["excel_list"](tmp_path / "list"), tmp_path / "clinic.yaml"
    out.write_text("name: mine\n", encoding="utf-8")
    result = call("map", path, "--out", out, "--yes")
    assert result.exit_code == 2
    assert out.read_text(encoding="utf-8") == "name: mine\n"
