"""The project's own promises: one list of requirements, no host or path, clean notebooks."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^([A-Za-z0-9_.-]+)\s*([<>=!~].*)?$")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(requirement: str) -> tuple[str, str]:
    found = REQUIREMENT.match(requirement)
    assert found, requirement
    return normal(found[1]), (found[2] or "").strip()


@pytest.fixture(scope="module")
def declared() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(map(parse, project["dependencies"] + project["optional-dependencies"]["dev"]))


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {normal(m[1]): m[2] for m in re.finditer(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)}


def test_conda_list_equals_pyproject(declared):
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    from_pip = next(item["pip"] for item in conda if isinstance(item, dict))
    named = [item for item in [*conda, *from_pip] if isinstance(item, str)]
    listed = dict(parse(item) for item in named if not item.startswith("-e"))
    assert listed.pop("python") == ">=3.11"
    listed.pop("pip")
    assert listed == declared


def test_lock_holds_every_requirement_within_its_range(declared, locked):
    missing = set(declared) - set(locked)
    assert not missing
    from packaging.specifiers import SpecifierSet

    wrong = {n: locked[n] for n, spec in declared.items() if locked[n] not in SpecifierSet(spec)}
    assert not wrong


def test_lock_has_a_hash_for_every_package():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


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
    told = []
    for path in tracked():
        if path.resolve() == own or path.suffix in {".png", ".parquet", ".xlsx"}:
            continue
        found = FORBIDDEN[what].search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            told.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert not told


def test_repository_stays_small():
    total = sum(path.stat().st_size for path in tracked())
    assert total < 6_000_000, f"{total:,} bytes are tracked"


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`?make ([a-z-]+)`?", readme))
    assert {"report", "test"} <= named
    assert named <= targets
