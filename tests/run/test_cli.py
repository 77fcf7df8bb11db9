"""The command line: help that teaches, and bad input told in a sentence with exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.cli import COMMANDS, main
from tests.run.exports import PAIN_SCORES, PATIENTS, write_export


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
    extra = ("--out", tmp_path / "report", "--quiet") if command == "run" else ()
    refuse(call(command, export, *extra), *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["e"], "a half-written report is left"


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
    result = call("run", export, "--condition", "cprs", "--out", tmp_path / "r", "--quiet")
    refuse(result, "cprs", "Did you mean 'crps'")


def test_condition_with_no_patients(tmp_path):
    export = write_export(tmp_path / "e")
    result = call("run", export, "--condition", "fibromyalgia", "--out", tmp_path / "r", "--quiet")
    refuse(result, "no patient with condition 'fibromyalgia'", "crps")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("responder_treshold_pct: 50", ("responder_treshold_pct", "responder_threshold_pct")),
        ("responder_threshold_pct: fifty", ("responder_threshold_pct", "fifty")),
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
