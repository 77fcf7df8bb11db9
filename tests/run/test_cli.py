"""The command line: help that teaches, and bad input told in a sentence with exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.cli import COMMANDS, main
from tests.run.exports import PAIN_SCORES, PATIENTS, write_export
from tests.run.fakes import Here, make_home, write_notebook


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refuse(result: Result, *parts: str) -> None:
    """Exit code 2, no traceback, and one line that holds every part."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.output


def test_help_names_every_command_with_an_example():
    result = call("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"reliefcheck {name}" in result.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 8


def test_help_imports_nothing_heavy():
    """Start-up stays fast because pandas and friends wait for a command that needs them."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from analysis.cli import main\n"
        "CliRunner().invoke(main, ['--help'])\n"
        "print(sorted({'pandas', 'numpy', 'scipy', 'matplotlib', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_says_what_it_understood(tmp_path):
    result = call("check", write_export(tmp_path / "e"))
    assert result.exit_code == 0, result.output
    for part in ("crps", "neuropathic", "week_4", "[pass] records reconcile", "in the file"):
        assert part in result.output


def test_demo_writes_an_export_marked_synthetic(tmp_path):
    result = call("demo", tmp_path / "d", "--patients", "30")
    assert result.exit_code == 0, result.output
    assert "Synthetic" in result.output
    assert "synthetic: true" in (tmp_path / "d" / "mapping.yaml").read_text()


BAD_EXPORTS = {
    "score of 11": (
        {"pain_scores": PAIN_SCORES.replace("A1,2026-03-16,4", "A1,2026-03-16,11")},
        ("pain_scores.csv", "line 8", "11", "0 to 10"),
    ),
    "date that is no date": (
        {"pain_scores": PAIN_SCORES.replace("A1,2026-03-16,4", "A1,2026-02-30,4")},
        ("pain_scores.csv", "line 8", "2026-02-30"),
    ),
    "duplicate patient": (
        {"patients": PATIENTS + "A1,crps,type_1\n"},
        ("patients.csv", "line 8", "A1"),
    ),
    "unknown patient": (
        {"pain_scores": PAIN_SCORES + "Z9,2026-03-16,4\n"},
        ("pain_scores.csv", "line 15", "Z9", "unknown_patient"),
    ),
    "missing column": (
        {"pain_scores": PAIN_SCORES.replace("score", "pain")},
        ("pain_scores", "score", "mapping"),
    ),
    "empty file": ({"pain_scores": ""}, ("pain_scores.csv", "empty")),
    "binary file": ({"pain_scores": "\x00\x01\x02"}, ("pain_scores.csv", "binary")),
    "stray quote": (
        {"pain_scores": PAIN_SCORES.replace("A2,2026-03-16,5", 'A2,"2026-03-16,5')},
        ("pain_scores.csv", "line 9", "quote"),
    ),
}


@pytest.mark.parametrize("case", BAD_EXPORTS)
@pytest.mark.parametrize("command", ["check", "run"])
def test_bad_export_is_told_in_a_sentence(tmp_path, case, command):
    files, parts = BAD_EXPORTS[case]
    export = write_export(tmp_path / "e", **files)
    extra = ("--out", tmp_path / "report", "--cache", tmp_path / "cache", "--quiet")
    refuse(call(command, export, *(extra if command == "run" else ())), *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["e"], "something is left"


def test_missing_table(tmp_path):
    export = write_export(tmp_path / "e")
    (export / "pain_scores.csv").unlink()
    refuse(call("check", export), "pain_scores", "mapping")


def test_directory_where_a_file_is_expected(tmp_path):
    export = write_export(tmp_path / "e")
    (export / "pain_scores.csv").unlink()
    (export / "pain_scores.csv").mkdir()
    refuse(call("check", export), "pain_scores.csv", "directory")


def test_no_such_export(tmp_path):
    refuse(call("run", tmp_path / "nowhere"), "nowhere")


def test_unreadable_mapping(tmp_path):
    bad = tmp_path / "map.yaml"
    bad.write_text("tables: [\n", encoding="utf-8")
    refuse(call("check", write_export(tmp_path / "e"), "--mapping", bad), "map.yaml", "line")


def test_unknown_condition_gets_the_nearest_name(tmp_path):
    export = write_export(tmp_path / "e")
    words = ("--condition", "cprs", "--out", tmp_path / "r", "--cache", tmp_path / "c", "--quiet")
    refuse(call("run", export, *words), "cprs", "Did you mean 'crps'")
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_condition_with_no_patients(tmp_path):
    export = write_export(tmp_path / "e")
    words = ("--condition", "fibromyalgia", "--out", tmp_path / "r", "--no-cache", "--quiet")
    refuse(call("run", export, *words), "no patient with condition 'fibromyalgia'", "crps")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("responder_treshold_pct: 50", ("responder_treshold_pct", "responder_threshold_pct")),
        ("responder_threshold_pct: fifty", ("responder_threshold_pct", "fifty")),
        ("analysis_visit: week_44", ("week_44", "Did you mean 'week_4'")),
        ("responder_threshold_pct: 500", ("responder_threshold_pct", "500")),
        ("just words", ("settings.yaml", "name: value")),
    ],
)
def test_bad_settings_file(tmp_path, line, parts):
    path = tmp_path / "settings.yaml"
    path.write_text(line + "\n", encoding="utf-8")
    export = write_export(tmp_path / "e")
    refuse(call("run", export, "--settings", path, "--out", tmp_path / "r", "--quiet"), *parts)
    assert not (tmp_path / "r").exists()


def test_report_is_never_overwritten(tmp_path):
    export = write_export(tmp_path / "e")
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "index.html").write_text("signed")
    refuse(call("run", export, "--out", tmp_path / "r", "--quiet"), "never overwrites")
    assert (tmp_path / "r" / "index.html").read_text() == "signed"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--engine", "forkd"), ("there is no engine 'forkd'", "Did you mean 'forked'")),
        (("--workers", "0"), ("--workers", "0")),
        (("--workers", "two"), ("--workers", "two")),
        (("--cache", "file"), ("file is a file", "--no-cache")),
        (("--cache", "file/below"), ("cannot be written to", "--cache")),
        (("--cache", "c", "--no-cache"), ("exclude each other",)),
        (("--out", "file"), ("file is a file", "--out")),
        (("--out", "file/below"), ("cannot be written to", "--out")),
        (("--out", "s3://bucket/june"), ("s3://bucket/june", "a folder of this machine")),
        (("--plan", "--condition", "cprs"), ("Did you mean 'crps'",)),
    ],
)
def test_a_bad_choice_is_told_in_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, words, parts):
    write_export(tmp_path / "e")
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    more = () if "--cache" in words else ("--no-cache",)
    refuse(call("run", "e", *words, *more), *parts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e", "file"]


def test_a_date_that_is_no_number_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    words = ("--no-cache", "--out", tmp_path / "r")
    refuse(call("run", write_export(tmp_path / "e"), *words), "SOURCE_DATE_EPOCH", "yesterday")


@pytest.fixture
def cheap(tmp_path, monkeypatch) -> Here:
    """Cheap notebooks, executed here."""
    monkeypatch.setenv("RELIEFCHECK_HOME", str(make_home(tmp_path / "home")))
    executor = Here()
    monkeypatch.setattr("analysis.run.session._executor_of", lambda request: lambda: executor)
    return executor


def test_plan_is_printed_and_nothing_runs(tmp_path, cheap):
    result = call("run", write_export(tmp_path / "e"), "--plan", "--workers", "2")
    assert result.exit_code == 0, result.output
    assert "12 notebooks: 0 reused, 12 to run, 2 at a time" in result.output
    assert cheap.executed == []
    assert not (tmp_path / "home" / "reports").exists()


def test_json_is_a_line_per_event_and_nothing_else(tmp_path, cheap):
    write_export(tmp_path / "e")
    words = ("run", tmp_path / "e", "--json", "--cache", tmp_path / "c")
    for reused, out in ((0, "r1"), (12, "r2")):
        done = call(*words, "--out", tmp_path / out)
        assert done.exit_code == 0, done.output
        told = [json.loads(line) for line in done.stdout.splitlines()]
        last = told[-1]
        assert (last["event"], last["failed"], len(last["reused"])) == ("done", {}, reused)
        assert Path(last["page"]) == tmp_path / out / "index.html"
        assert last["seconds"] >= 0
        finished = [each["task"] for each in told if each["event"] == "finished"]
        assert len(finished) == 12 - reused
    assert Path(last["folder"], "run.json").is_file()


def test_plain_lines_tell_what_is_done_and_what_is_left(tmp_path, cheap):
    write_export(tmp_path / "e")
    result = call("run", tmp_path / "e", "--no-cache", "--out", tmp_path / "r")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("[1/12] ")
    assert "s left" in lines[0]
    assert "12 notebooks" in lines[-1]
    assert result.stdout.splitlines() == [f"Report: {tmp_path / 'r' / 'index.html'}"]


def test_a_failed_notebook_is_told_and_the_exit_code_is_1(tmp_path, cheap):
    """The claims are judged on the others; the summary reads them."""
    write_notebook(tmp_path / "home", "30_pain_reduction", "raise RuntimeError('planted')\n")
    words = ("--condition", "crps", "--no-cache", "--out", tmp_path / "r")
    result = call("run", write_export(tmp_path / "e"), *words, "--quiet")
    assert result.exit_code == 1
    assert "failed: 30_pain_reduction.crps: RuntimeError: planted" in result.stderr
    assert sorted(set(cheap.executed)) == sorted(cheap.executed)
    assert "80_director_summary.all" in cheap.executed
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert "planted" in page
    assert "notebooks/30_pain_reduction.crps.html" in page


def test_what_failed_is_not_kept_and_runs_again(tmp_path, cheap):
    write_notebook(tmp_path / "home", "70_claims", "raise RuntimeError('planted')\n")
    words = ("run", write_export(tmp_path / "e"), "--cache", tmp_path / "c", "--quiet")
    first = call(*words, "--out", tmp_path / "r1")
    assert first.exit_code == 1
    assert "80_director_summary.all: not run, because what it reads is missing" in first.stderr
    cheap.executed.clear()
    assert call(*words, "--out", tmp_path / "r2").exit_code == 1
    assert cheap.executed == ["70_claims.all"]
