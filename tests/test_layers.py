"""Imports point one way, along the way of the data, and use public names only."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "analysis"
ORDER = [
    "errors", "files", "settings", "labels", "results", "numbers", "intake", "adam", "stats",
    "claims", "simulate", "lint", "report", "run", "cli", "__main__",
]  # fmt: skip
"""A module imports from its own folder and from those before it."""

BARRED = {"stats": {"intake", "adam"}}
"""Estimators take arrays and frames: they know nothing of exports and patients."""

ON_DATASETS = {
    "stats/arms.py", "stats/imputed_records.py", "stats/imputed_visits.py", "stats/visit_models.py",
}  # fmt: skip
"""These take analysis datasets, and the definition of response is that of the datasets."""

PLOTTING = {"matplotlib", "seaborn"}
FILES = {"open", "read_csv", "read_parquet", "to_csv", "to_parquet", "write_text", "read_text"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def folder_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """What the rules here look at: imports, assignments, attributes and calls."""
    wanted = (ast.Import, ast.ImportFrom, ast.Assign, ast.Attribute, ast.Call)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, wanted)]


@cache
def imports_of(path: Path, *, head: bool = False) -> list[tuple[str, str]]:
    """Every module a file imports, with the name taken from it, wherever the import stands.

    With ``head`` only those that load with the module.
    """
    found = []
    for node in nodes_of(path):
        if head and getattr(node, "col_offset", 0):
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, alias.name) for alias in node.names]
    return found


def imported_into(path: Path, *, own: bool = True) -> set[str]:
    """The names under which a file knows what it imports."""
    return {
        alias.asname or alias.name.split(".")[0]
        for node in nodes_of(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and (own or not (getattr(node, "module", None) or "").startswith("analysis"))
        for alias in node.names
    }


def test_every_folder_has_a_place_in_the_order():
    assert {folder_of(path) for path in MODULES} - {"__init__"} <= set(ORDER)


def test_imports_point_up_the_list_only():
    for path in MODULES:
        folder = folder_of(path)
        if folder == "__init__":
            continue
        barred = {"intake"} if name_of(path) in ON_DATASETS else BARRED.get(folder, set())
        allowed = set(ORDER[: ORDER.index(folder) + 1]) - barred
        inside = [name for name, _ in imports_of(path) if name.startswith("analysis.")]
        reached = {name.split(".")[1] for name in inside}
        assert reached <= allowed, f"{name_of(path)} imports from {sorted(reached - allowed)}"


def test_no_two_modules_import_each_other():
    """Follow the imports at the head of each module; one inside a function loads later."""
    names = {f"analysis.{name_of(p)[:-3].replace('/', '.')}".removesuffix(".__init__"): p
             for p in MODULES}  # fmt: skip
    edges = {}
    for name, path in names.items():
        reached = imports_of(path, head=True)
        edges[name] = {m for m, _ in reached} | {f"{m}.{one}" for m, one in reached}
        edges[name] = {m for m in edges[name] if m in names and m != name}
    done: set[str] = set()

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way, name])
        if name not in done:
            for further in sorted(edges[name]):
                follow(further, (*way, name))
            done.add(name)

    for name in names:
        follow(name, ())


@pytest.mark.parametrize("folder", sorted({folder_of(path) for path in MODULES}))
def test_no_private_name_of_another_package(folder):
    """Neither an import nor a chain of attributes that starts at another package is private."""
    own_modules = [path for path in MODULES if folder_of(path) == folder]
    assert [found for path in own_modules for found in private_names(path)] == []


def private_names(path: Path) -> list[str]:
    outside = imported_into(path, own=False)
    private = [
        f"{module}.{name}"
        for module, name in imports_of(path)
        if any(_is_private(part) for part in (*module.split("."), name))
    ]
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            root = node.value
            while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                root = root.func if isinstance(root, ast.Call) else root.value
            own = isinstance(root, ast.Name) and (
                root.id in ("self", "cls") or root.id not in outside
            )
            if not own:
                private.append(ast.unparse(node))
    return private


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def test_nothing_of_another_package_is_replaced():
    """No assignment to an attribute of an imported name: no patching."""
    patched = []
    for path in MODULES:
        imported = imported_into(path)
        for node in nodes_of(path):
            for target in node.targets if isinstance(node, ast.Assign) else []:
                if isinstance(target, ast.Attribute):
                    root = target.value
                    while isinstance(root, ast.Attribute):
                        root = root.value
                    if isinstance(root, ast.Name) and root.id in imported:
                        patched.append(f"{name_of(path)}: {ast.unparse(target)}")
    assert not patched


def test_statistics_do_not_draw():
    for path in MODULES:
        if folder_of(path) in ("stats", "adam", "claims"):
            roots = {name.split(".")[0] for name, _ in imports_of(path)}
            assert not roots & PLOTTING, name_of(path)


def test_estimators_read_and_write_no_files_and_do_not_round():
    for path in MODULES:
        calls = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in nodes_of(path)
            if isinstance(node, ast.Call)
        }
        assert folder_of(path) != "stats" or not calls & FILES, name_of(path)


def test_nothing_posix_only_is_needed_to_import(monkeypatch):
    """Windows has no fcntl, pwd, grp or resource; the library must load without them."""
    heads = {name.split(".")[0] for path in MODULES for name, _ in imports_of(path, head=True)}
    assert not heads & {"fcntl", "pwd", "grp", "resource", "termios", "ctypes"}
    assert sys.version_info >= (3, 11)
