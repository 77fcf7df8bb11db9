"""The project's own promises: one list of packages, no host or path, clean notebooks."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^([A-Za-z0-9_.-]+)\s*([<>=!~].*)?$")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA_FORGE = {
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",  # without the Qt that a notebook does not need
    "nbconvert": "nbconvert-core",  # without pandoc
    "seaborn": "seaborn-base",  # statsmodels is named on its own
}
"""Packages that conda-forge calls otherwise; all others have the same name there (looked up)."""

FROM_PIP = {"typst", "pymetaanalysis"}
"""Packages conda-forge does not have: its own `typst` is the command-line program."""

USED_BY_NAME = {
    "jupyterlab": "make lab",
    "cryptography": "Dask makes the certificates of a local cluster with it",
    "ipykernel": "the kernel stock papermill starts",
    "openpyxl": "pandas reads workbooks with it",
    "pyarrow": "pandas reads and writes Parquet with it",
    "editables": "hatchling installs the checkout with it",
    "hatchling": "the build back end",
    "mypy": "make check",
    "ruff": "make check",
    "nbstripout": "pre-commit",
    "pre-commit": "pre-commit",
    "pytest-xdist": "make test",
}
"""Packages that are not imported, and what uses them."""

IMPORT_NAMES = {
    "python-docx": "docx",
    "python-pptx": "pptx",
    "jupyter-client": "jupyter_client",
    "ruamel.yaml": "ruamel",
    "ipython": "IPython",
    "pymetaanalysis": "meta_analyze",
    "axe-playwright-python": "axe_playwright_python",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(requirement: str) -> tuple[str, str]:
    found = REQUIREMENT.match(requirement)
    assert found, requirement
    return found[1], (found[2] or "").strip()


RUNTIME = dict(map(parse, PROJECT["project"]["dependencies"]))
CLUSTER = dict(map(parse, PROJECT["project"]["optional-dependencies"]["cluster"]))
BUILD, DEV = (dict(map(parse, PROJECT["dependency-groups"][name])) for name in ("build", "dev"))


def locked(name: str) -> list[tuple[str, str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.finditer(r"^([\w.-]+)(?:\[.+\])?==([\w.]+)", text, re.MULTILINE)
    return [(normal(m[1]), m[2]) for m in found]


def pins(name: str) -> list[str]:
    """Each package with the Pythons or systems it is for; one version may not fit all."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.finditer(r"^([\w.-]+)(?:\[.+\])?==[\w.]+ *(;[^\\\n]*)?", text, re.MULTILINE)
    return [f"{normal(m[1])} {(m[2] or '').strip()}" for m in found]


def test_each_package_is_declared_once():
    everywhere = [normal(name) for each in (RUNTIME, CLUSTER, BUILD, DEV) for name in each]
    assert len(everywhere) == len(set(everywhere))


def test_conda_list_is_the_runtime_under_the_names_of_conda_forge():
    named = [item for item in CONDA["dependencies"] if isinstance(item, str)]
    (from_pip,) = (item["pip"] for item in CONDA["dependencies"] if isinstance(item, dict))
    listed = dict(map(parse, named))
    assert listed.pop("python") == PROJECT["project"]["requires-python"]
    listed.pop("pip")
    listed.pop("hatchling")  # so that pip can install the checkout without a download
    expected = {CONDA_FORGE.get(n, n): v for n, v in RUNTIME.items() if n not in FROM_PIP}
    assert listed == expected
    assert dict(map(parse, from_pip[:-1])) == {name: RUNTIME[name] for name in FROM_PIP}
    assert from_pip[-1] == "-e ."
    assert len(named) == len(set(named)) <= 35


@pytest.mark.slow
def test_pip_takes_the_pip_part_of_the_conda_list(tmp_path):
    (from_pip,) = (item["pip"] for item in CONDA["dependencies"] if isinstance(item, dict))
    listed = tmp_path / "pip.txt"
    listed.write_text("\n".join(from_pip) + "\n", encoding="utf-8")
    words = ["install", "--dry-run", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, "--disable-pip-version-check", "-r", str(listed)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_locks_hold_every_requirement_once_and_within_its_range():
    runtime, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    named = pins("requirements.lock") + pins("requirements-dev.lock")
    assert len(named) == len(set(named))
    wanted = {normal(n): v for each in (RUNTIME, BUILD) for n, v in each.items()}
    for versions, needs in ((dict(runtime), wanted), (dict(runtime + dev), DEV | CLUSTER)):
        wrong = {n: v for n, v in needs.items()
                 if versions.get(normal(n), "0") not in SpecifierSet(v)}  # fmt: skip
        assert not wrong
    tools = {"pytest", "hypothesis", "mypy", "ruff", "playwright"}
    assert not tools & {name for name, _ in runtime}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_a_hash_for_every_package(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def imported_in(*folders: str) -> set[str]:
    found: set[str] = set()
    sources = [p.read_text(encoding="utf-8") for f in folders for p in (ROOT / f).rglob("*.py")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources += ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found


@pytest.mark.slow
def test_every_package_is_imported_somewhere():
    used = imported_in("src")
    unused = [n for n in (*RUNTIME, *CLUSTER)
              if IMPORT_NAMES.get(n, n) not in used and n not in USED_BY_NAME]  # fmt: skip
    assert not unused
    tested = imported_in("tests", "benchmarks") | used
    unused = [n for n in (*BUILD, *DEV)
              if IMPORT_NAMES.get(n, n) not in tested and n not in USED_BY_NAME]  # fmt: skip
    assert not unused


@pytest.mark.slow
def test_everything_imported_is_declared():
    names = {IMPORT_NAMES.get(n, n).replace("-", "_") for n in (*RUNTIME, *CLUSTER)}
    used = {name for name in imported_in("src") if name not in sys.stdlib_module_names}
    assert used - names - {"analysis"} == set()


def test_the_packages_the_users_named_are_in_the_notebooks():
    cells = [
        "".join(cell["source"])
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    for package in ("pandas", "scipy", "statsmodels", "seaborn"):
        assert any(re.search(rf"^(from|import) {package}", c, re.MULTILINE) for c in cells), package


def tracked() -> list[Path]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


FORBIDDEN = {
    "an index host": re.compile(r"pypi\.org|pythonhosted|--index-url https|anaconda\.org/"),
    "a path of some machine": re.compile(r"/(?:home|Users|root|work)/[a-z]"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    own = Path(__file__).resolve()
    named = []
    for path in tracked():
        if path.resolve() == own or path.suffix in {".png", ".parquet", ".xlsx"}:
            continue
        found = FORBIDDEN[what].search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            named.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert not named


def test_repository_stays_small():
    total = sum(path.stat().st_size for path in tracked())
    assert total < 8_000_000, f"{total:,} bytes are tracked"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_committed_without_outputs_and_readable(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    lines = [line for cell in code for line in cell["source"] if line.strip()]
    assert len(lines) <= 150, f"{len(lines)} lines of code"
    assert "your own figure" in "".join("".join(c["source"]) for c in content["cells"]).lower()


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_scores_name_their_scale_in_every_notebook_that_adds_numbers(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    counts_only = ("10_data_quality", "60_published_evidence")
    if "open_study(" in code and "results.add(" in code and path.stem not in counts_only:
        assert "scale_notes=study.scale_notes" in code


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`?make ([a-z-]+)`?", readme))
    assert {"report", "test"} <= named
    assert named <= targets
