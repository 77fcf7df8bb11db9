"""The README stays true: its commands run, its files exist, its library lines work."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.run.exports import write_export

from analysis.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.split("#")[0].strip()
    for language, block in BLOCKS
    if language != "python"
    for line in block.splitlines()
    if line.strip()
]


def test_first_screen_names_the_two_commands():
    assert {"make report", "make test"} <= set(COMMANDS)
    assert README.index("make report") < README.index("## A door for each reader")


@pytest.mark.parametrize("target", ["report", "test", "lab", "check", "fix", "bench"])
def test_make_knows_what_to_do(target):
    done = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {"report": "reliefcheck run", "test": "pytest", "lab": "jupyter lab"}
    assert wanted.get(target, "") in done.stdout


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith("reliefcheck ") and " run " not in c]
)
def test_reliefcheck_commands_run(command, tmp_path):
    export = write_export(tmp_path / "export")
    mapping = tmp_path / "own.yaml"
    mapping.write_text("name: README\n", encoding="utf-8")
    stand_ins = {
        "exports/june": str(export),
        "june.yaml": str(mapping),
        "/tmp/clinic": str(tmp_path / "clinic"),
        "5000": "60",
        "page.html": str(tmp_path / "page.html"),
    }
    (tmp_path / "page.html").write_text("<p>Open on weekdays.</p>", encoding="utf-8")
    words = [stand_ins.get(word, word) for word in shlex.split(command)[1:]]
    if words[0] == "lint":
        words.append("--no-run")
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output


def test_every_reliefcheck_command_is_in_the_readme():
    told = {c.split()[1] for c in COMMANDS if c.startswith("reliefcheck ")}
    assert set(main.commands) <= told | {"run"}


def test_library_lines_work():
    (code,) = [block for language, block in BLOCKS if language == "python"]
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", README))))
def test_links_point_at_files(link):
    assert (ROOT / link).exists()


def test_every_room_is_told():
    rooms = {p.name for p in (ROOT / "src" / "analysis").iterdir() if (p / "__init__.py").exists()}
    assert {room for room in rooms if f"`{room}`" not in README} == set()


def test_make_report_is_the_main_job():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^report: \$\(READY\).*\n\t@\$\(BIN\)/reliefcheck run$", text, re.MULTILINE)


def test_continuous_integration_calls_make_test():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^make test$", text, re.MULTILINE)
