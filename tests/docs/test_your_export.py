"""The page "Your export in ten minutes" is true: its file, its commands, and what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.intake.load import load_export

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-export-in-ten-minutes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def block(language: str, at: int = 0) -> str:
    return [text for kind, text in BLOCKS if kind == language][at]


COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the page's list, in which its first command has run."""
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(block("csv"), encoding="utf-8")
    result = CliRunner().invoke(main, shlex.split(COMMANDS[0])[1:])
    assert result.exit_code == 0, result.output
    return result.output


def settle() -> None:
    mapping = Path("clinic.yaml")
    lines = mapping.read_text(encoding="utf-8").splitlines(keepends=True)
    (settled,) = block("yaml", 1).splitlines(keepends=True)
    word = settled.split(":")[0]
    assert sum(line.startswith(word) for line in lines) == 1
    changed = [settled if line.startswith(word) else line for line in lines]
    mapping.write_text("".join(changed), encoding="utf-8")


def test_the_draft_prints_the_table_of_the_page(folder):
    assert folder.startswith(block("text"))
    assert "1 point is open" in folder
    mapping = Path("clinic.yaml").read_text(encoding="utf-8")
    for line in block("yaml").splitlines():
        assert line in mapping


def test_the_settled_mapping_gives_what_the_list_has(folder):
    settle()
    for command in COMMANDS[1:3]:
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
    tables = load_export("list.csv", "clinic.yaml").tables
    patients, scores = tables["patients"], tables["pain_scores"]
    assert patients["condition"].tolist() == ["crps", "fibromyalgia", "neuropathic", "neuropathic"]
    by_patient = scores.groupby("patient_id")["score"].apply(list)
    assert by_patient.to_dict() == {"1": [8, 3, 4], "2": [7, 6], "3": [9, 4, 5], "4": [6, 5, 6]}


@pytest.mark.slow
def test_the_last_command_makes_the_report(folder):
    settle()
    result = CliRunner().invoke(main, [*shlex.split(COMMANDS[3])[1:], "--no-cache", "--quiet"])
    assert result.exit_code == 0, result.output
    assert Path("reports/first/index.html").exists()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", PAGE))))
def test_links_point_at_files(link):
    assert (ROOT / "docs" / link).exists()
