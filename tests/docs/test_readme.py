"""The README stays true: its commands run, its files exist, its library lines work.

Its commands on finished runs: test_installed.py.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from pages import ON_RUNS, OWN, README, README_COMMANDS, ROOT, blocks, call, links
from tests.run.exports import write_export
from tests.unit.releases import clinic

from analysis.cli import main


def test_first_screen_names_the_two_commands():
    assert {"make report", "make test"} <= set(README_COMMANDS)
    assert README.index("make report") < README.index("## A door for each reader")


@pytest.mark.parametrize("target", ["report", "test", "lab", "check", "fix", "bench"])
def test_make_knows_what_to_do(target):
    done = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {"report": "reliefcheck run", "test": "pytest", "lab": "jupyter lab --ip=127.0.0.1"}
    assert wanted.get(target, "") in done.stdout


def test_make_report_installs_the_runtime_only():
    done = subprocess.run(
        ["make", "-n", "-B", "report"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "requirements.lock" in done.stdout
    assert "requirements-dev.lock" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in OWN if " run " not in c and c not in ON_RUNS])
def test_reliefcheck_commands_run(command, tmp_path, monkeypatch):
    export = write_export(tmp_path / "export")
    mapping = tmp_path / "own.yaml"
    mapping.write_text("name: README\n", encoding="utf-8")
    stand_ins = {
        "exports/june": str(export),
        "june.yaml": str(mapping),
        "new.yaml": str(tmp_path / "new.yaml"),
        "/tmp/clinic": str(tmp_path / "clinic"),
        "5000": "60",
        "page.html": str(tmp_path / "page.html"),
        "mine": str(tmp_path / "mine"),
        "a-release": str(clinic(tmp_path / "a", "A", 75, 135)),
        "b-release": str(clinic(tmp_path / "b", "B", 33, 63)),
        "pooled": str(tmp_path / "pooled"),
        "marked.docx": str(tmp_path / "marked.docx"),
    }
    said = "70-85% of CRPS patients respond" if " draft " in command else "Open on weekdays"
    (tmp_path / "page.html").write_text(f"<p>{said}.</p>", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    call(command + " --no-run" * command.startswith("reliefcheck lint"), **stand_ins)


def test_every_reliefcheck_command_is_in_the_readme():
    assert set(main.commands) <= {command.split()[1] for command in OWN}


@pytest.mark.slow
def test_library_lines_work():
    (code,) = [block for language, block in blocks(README) if language == "python"]
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("link", links(README))
def test_links_point_at_files(link):
    assert (ROOT / link).exists()


def test_every_folder_of_the_library_is_named():
    package = ROOT / "src" / "analysis"
    folders = {p.name for p in package.iterdir() if (p / "__init__.py").exists()}
    assert {name for name in folders if f"`{name}`" not in README} == set()


def test_modules_that_the_architecture_names_exist():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "analysis"
    for name in re.findall(r"`((?:\w+/)?\w+\.py)`", text):
        assert (package / name).exists() or (ROOT / name).exists(), name
    for module, function in re.findall(r"`(\w+\.\w+)\.(\w+)`", text):
        source = package / f"{module.replace('.', '/')}.py"
        assert source.exists(), module
        assert f"def {function}" in source.read_text(encoding="utf-8"), f"{module}.{function}"


def test_continuous_integration_calls_make_test():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^make test$", text, re.MULTILINE)
