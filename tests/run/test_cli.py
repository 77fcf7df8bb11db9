"""The command line: help that teaches, and bad input refused in a sentence with exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis import cli
from analysis.cli import main
from analysis.intake.mapping import load_mapping
from analysis.run import session
from analysis.run.plan import find_notebooks, load_settings_file, notebook_folder
from tests.run.conftest import N_NOTEBOOKS, World
from tests.run.exports import PAIN_SCORES, PATIENTS, write_export
from tests.run.small import class_of, write_notebook, write_small_report


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refuse(result: Result, *parts: str) -> None:
    """Exit code 2, no traceback, and a sentence that holds every part."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.output


def test_help_names_every_command_with_an_example():
    result = call("--help")
    assert result.exit_code == 0
    for name in main.commands:
        assert f"reliefcheck {name}" in result.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 8
    assert f"reliefcheck {name}" in result.output, "an example"


def test_help_imports_nothing_heavy():
    """Start-up stays fast because pandas and friends wait for a command that needs them."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from analysis.cli import main\n"
        "CliRunner().invoke(main, ['--help'])\n"
        "print(sorted({'pandas', 'numpy', 'nbformat', 'rich', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_check_says_what_it_understood(tmp_path):
    result = call("check", write_export(tmp_path / "e"))
    assert result.exit_code == 0, result.output
    for part in ("crps", "neuropathic", "week_4", "[pass] records reconcile", "in the file"):
        assert part in result.output


@pytest.mark.slow
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
def test_bad_export_is_refused_in_a_sentence(tmp_path, case, command):
    files, parts = BAD_EXPORTS[case]
    export = write_export(tmp_path / "e", **files)
    extra = ("--out", tmp_path / "report", "--cache", tmp_path / "cache", "--quiet")
    refuse(call(command, export, *(extra if command == "run" else ())), *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["e"], "something is left"


UNREADABLE = {
    "NUL": (PATIENTS.replace("A3,crps", "A3\x00,crps").encode(), ("line 4", "NUL")),
    "lone surrogate": (PATIENTS.encode().replace(b"A3,", b"A3\xed\xa0\x80,"), ("line 4", "0xed")),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_bytes_that_are_no_text_are_refused_in_a_sentence(tmp_path, case):
    content, parts = UNREADABLE[case]
    export = write_export(tmp_path / "export")
    (export / "patients.csv").write_bytes(content)
    refuse(call("run", export, "--out", tmp_path / "report"), "patients.csv", *parts)
    assert not (tmp_path / "report").exists()


def test_missing_tables_and_files(tmp_path):
    export = write_export(tmp_path / "e")
    (export / "pain_scores.csv").unlink()
    refuse(call("check", export), "pain_scores", "mapping")
    (export / "pain_scores.csv").mkdir()
    refuse(call("check", export), "pain_scores.csv", "directory")
    refuse(call("run", tmp_path / "nowhere"), "nowhere")
    (tmp_path / "map.yaml").write_text("tables: [\n", encoding="utf-8")
    refuse(call("check", export, "--mapping", tmp_path / "map.yaml"), "map.yaml", "line")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("cprs", ("cprs", "Did you mean 'crps'")),
        ("fibromyalgia", ("no patient with condition 'fibromyalgia'", "crps")),
    ],
)
def test_a_wrong_condition_leaves_nothing(tmp_path, condition, parts):
    export = write_export(tmp_path / "e")
    words = ("--condition", condition, "--out", tmp_path / "r", "--cache", tmp_path / "c")
    refuse(call("run", export, *words, "--quiet"), *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


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
        (("--engine", "wram"), ("there is no engine 'wram'", "Did you mean 'warm'")),
        (("--workers", "0"), ("--workers", "0")),
        (("--workers", "two"), ("--workers", "two")),
        (("--cache", "file"), ("file is a file", "--no-cache")),
        (("--cache", "file/below"), ("cannot be written to", "--cache")),
        (("--cache", "c", "--no-cache"), ("exclude each other",)),
        (("--out", "file"), ("file is a file", "--out")),
        (("--out", "file/below"), ("cannot be written to", "--out")),
        (("--out", "s3://bucket/june"), ("s3://bucket/june", "a folder of this machine")),
        (("--plan", "--condition", "cprs"), ("Did you mean 'crps'",)),
        (("--set", "seeed=3"), ("Did you mean 'seed'",)),
        (("--notebooks", "e"), ("holds no notebooks",)),
        (("--engine", "warm", "--scheduler", "local"), ("of no use",)),
        (("--scheduler", "host"), ("no address of a scheduler",)),
    ],
)
def test_a_bad_choice_is_refused_and_leaves_nothing(tmp_path, monkeypatch, words, parts):
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


# --- runs of cheap notebooks --------------------------------------------------------------------


@pytest.fixture
def cheap(world, monkeypatch) -> World:
    """Cheap notebooks, executed in this process."""
    monkeypatch.setattr(session, "LocalExecutor", class_of(world.executor))
    return world


def words(world: World, *more: str | Path) -> list[str | Path]:
    return ["run", world.export, "--notebooks", world.notebooks, *more]


@pytest.mark.slow
def test_plan_is_printed_and_nothing_runs(cheap):
    result = call(*words(cheap, "--plan", "--workers", "2"))
    assert result.exit_code == 0, result.output
    assert "4 notebooks: 0 reused, 4 to run, 2 at a time" in result.output
    assert cheap.executor.executed == []
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.slow
def test_json_is_a_line_per_event_and_nothing_else(cheap):
    for reused, out in ((0, "r1"), (N_NOTEBOOKS, "r2")):
        done = call(*words(cheap, "--json", "--cache", cheap.cache, "--out", cheap.folder / out))
        assert done.exit_code == 0, done.output
        events = [json.loads(line) for line in done.stdout.splitlines()]
        last = events[-1]
        assert (last["event"], len(last["reused"])) == ("done", reused)
        assert Path(last["page"]) == cheap.folder / out / "index.html"
        finished = [each["task"] for each in events if each["event"] == "finished"]
        assert len(finished) == N_NOTEBOOKS - reused


@pytest.mark.slow
def test_plain_lines_say_what_is_done(cheap):
    out = cheap.folder / "r"
    result = call(*words(cheap, "--no-cache", "--out", out, "--set", "seed=3"))
    lines = result.stderr.splitlines()
    assert lines[0].startswith("[1/4] ")
    assert lines[-1].startswith("4 notebooks, ")
    assert result.stdout.splitlines() == [f"Report: {out / 'index.html'}"]
    assert json.loads((out / "run.json").read_text())["settings"]["seed"] == 3


@pytest.mark.slow
def test_what_is_set_on_the_command_line_wins_over_the_file(cheap):
    path = cheap.folder / "settings.yaml"
    path.write_text("seed: 1\nminimum_baseline_score: 5\nconditions: [crps]\n")
    out = cheap.folder / "r"
    more = ("--settings", path, "--set", "seed=2", "--out", out, "--quiet")
    assert call(*words(cheap, *more)).exit_code == 0
    about = json.loads((out / "run.json").read_text())
    assert (about["settings"]["seed"], about["settings"]["minimum_baseline_score"]) == (2, 5.0)
    assert list(about["conditions"]) == ["crps"]


@pytest.mark.slow
def test_a_failed_notebook_is_named_and_the_exit_code_is_1(cheap):
    write_notebook(cheap.notebooks, "30_pain_reduction", "raise RuntimeError('planted')")
    result = call(*words(cheap, "--no-cache", "--out", cheap.folder / "r", "--quiet"))
    assert result.exit_code == 1
    assert "30_pain_reduction.all failed: cell 1: RuntimeError: planted" in result.stderr
    assert "Traceback" not in result.output
    assert not (cheap.folder / "r").exists()


@pytest.mark.slow
def test_a_failed_pdf_is_said_and_the_exit_code_is_1(cheap, monkeypatch):
    def without_pdf(folder: Path, **how: object) -> None:
        write_small_report(folder)
        raise session.RunError("report.pdf could not be made.")

    monkeypatch.setattr("analysis.report.page.write_report", without_pdf)
    result = call(*words(cheap, "--no-cache", "--out", cheap.folder / "r", "--quiet"))
    assert result.exit_code == 1
    assert "reliefcheck: report.pdf could not be made." in result.stderr
    assert f"Report: {cheap.folder / 'r' / 'index.html'}" in result.stdout
    assert (cheap.folder / "r" / "results.csv").is_file()


def test_without_an_export_the_demo_is_run(monkeypatch):
    with cli._local_export(None) as export:
        assert (export / "truth.json").is_file()


def test_an_export_at_an_address_is_copied_and_gone_afterward(tmp_path):
    write_export(tmp_path / "e")
    with cli._local_export((tmp_path / "e").as_uri()) as export:
        assert (export / "patients.csv").read_text() == PATIENTS
    assert not export.exists()
    refuse(call("run", "s4://bucket/june"), "s4")


# --- notebooks of one's own ---------------------------------------------------------------------


def test_new_lays_out_what_a_run_takes(tmp_path):
    folder = tmp_path / "mine"
    result = call("new", folder)
    assert result.exit_code == 0, result.output
    stems = [path.name for path in find_notebooks(folder / "notebooks")]
    assert stems == [path.name for path in find_notebooks(notebook_folder())]
    assert load_mapping(folder / "mapping.yaml").name == "My clinic"
    settings, conditions = load_settings_file(folder / "settings.yaml")
    assert (settings, conditions) == ({"responder_threshold_pct": 30.0}, ())
    assert "reliefcheck run" in (folder / "README.md").read_text()
    refuse(call("new", folder), "already holds something")


def test_notebooks_are_listed_with_question_and_parameters():
    result = call("notebooks", "20_responders")
    assert result.exit_code == 0, result.output
    assert "what share of patients" in result.output
    assert "responder_threshold_pct" in result.output
    (record,) = json.loads(call("notebooks", "20_responders", "--json").output)
    assert {"name": "condition", "type": "str", "default": "all"}.items() <= next(
        each for each in record["parameters"] if each["name"] == "condition"
    ).items()
    refuse(call("notebooks", "20_responder"), "Did you mean '20_responders'")


def test_claims_are_listed_and_explained():
    assert "C043" in call("claims", "--condition", "crps").output
    assert "C043" in call("claims", "show", "C043").output
    refuse(call("claims", "--format", "json"), "--run")
    refuse(call("claims", "show", "C999"), "C999")
