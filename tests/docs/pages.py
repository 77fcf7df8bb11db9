"""What pages of the documentation print in blocks: commands, files and outputs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from analysis.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEN_MINUTES = (ROOT / "docs" / "your-export-in-ten-minutes.md").read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of every block of a page."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def links(page: str) -> list[str]:
    """Return the files that a page links to."""
    return sorted(set(re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page)))


README_COMMANDS = [
    line.split("#")[0].strip()
    for language, block in blocks(README)
    if language != "python"
    for line in block.splitlines()
    if line.strip()
]
OWN = [command for command in README_COMMANDS if command.startswith("reliefcheck ")]
ON_RUNS = [command for command in OWN if "reports/" in command]
"""Commands that look at finished runs, in the order of the page."""

TEN_MINUTES_COMMANDS = [
    line for kind, text in blocks(TEN_MINUTES) if kind == "sh" for line in text.splitlines()
]


def block(language: str, at: int = 0) -> str:
    """Return a block of the page on one's own export."""
    return [text for kind, text in blocks(TEN_MINUTES) if kind == language][at]


def call(command: str, **stand_ins: str) -> str:
    """Run a command as a page prints it, some words replaced; return what it prints."""
    words = [stand_ins.get(word, word) for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, f"{command}: {result.output}"
    return result.output


def settle() -> None:
    """Put the page's line in the place of the one the draft leaves open."""
    mapping = Path("clinic.yaml")
    lines = mapping.read_text(encoding="utf-8").splitlines(keepends=True)
    (settled,) = block("yaml", 1).splitlines(keepends=True)
    word = settled.split(":")[0]
    assert sum(line.startswith(word) for line in lines) == 1
    changed = [settled if line.startswith(word) else line for line in lines]
    mapping.write_text("".join(changed), encoding="utf-8")
