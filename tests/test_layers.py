"""Imports point one way, along the way of the data: sources to report, run and cli.

The order is the way of the data; a module may import from its own room and from those before it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "analysis"
ORDER = [
    "errors",
    "places",
    "files",
    "lifeline",
    "results",
    "settings",
    "wording",
    "contract",
    "sources",
    "derive",
    "estimate",
    "outcomes",
    "claims",
    "display",
    "lint",
    "report",
    "release",
    "simulate",
    "run",
    "changes",
    "cli",
]
PLOTTING = {"matplotlib", "seaborn"}
FILES = {"open", "read_csv", "read_parquet", "to_csv", "to_parquet", "write_text", "read_text"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[str]:
    """Every module a file imports, at the top, inside functions, or for type checking."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def test_every_room_has_a_place_in_the_order():
    assert {room_of(path) for path in MODULES} - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_up_the_list_only(path):
    room = room_of(path)
    if room == "__init__":
        return
    allowed = set(ORDER[: ORDER.index(room) + 1])
    inside = [name for name in imports_of(path) if name.startswith("analysis.")]
    reached = {name.split(".")[1] for name in inside}
    assert reached <= allowed, f"{room} imports from {sorted(reached - allowed)}, which come later"


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room_of(path) in ("estimate", "outcomes", "claims")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_statistics_do_not_draw(path):
    roots = {name.split(".")[0] for name in imports_of(path)}
    assert not roots & PLOTTING


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room_of(path) == "estimate"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_estimators_read_and_write_no_files_and_do_not_round(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not calls & FILES


def test_modules_stay_short():
    """A module that grows past one idea is split."""
    long = {
        str(path.relative_to(PACKAGE)): n
        for path in MODULES
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert not long
