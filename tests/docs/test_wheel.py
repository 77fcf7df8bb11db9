"""Installed is as good as cloned: the built wheel makes a report from an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.run.exports import write_export

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", *words, "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    return next(folder.glob("reliefcheck-*.whl"))


def test_the_wheel_holds_notebooks_data_and_templates(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"analysis/suite/notebooks/{path.name}" in names
    for wanted in ("data/claims/ledger.csv", "data/conditions.csv", "data/demo/patients.csv",
                   "docs/simulations/verdict-errors.csv"):  # fmt: skip
        assert f"analysis/suite/{wanted}" in names
    templates = ROOT / "src" / "analysis" / "report" / "templates"
    for path in templates.rglob("*.*"):
        assert f"analysis/report/templates/{path.relative_to(templates).as_posix()}" in names


def test_the_wheel_finds_the_demo_and_makes_a_report_from_an_empty_folder(wheel, tmp_path):
    """In an environment that sees the packages of this one, but not the checkout."""
    place, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    words = ["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", place]
    subprocess.run([sys.executable, "-m", "pip", *map(str, words), str(wheel)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(place)}
    code = "import analysis; print(analysis.__file__)"
    run = {"cwd": empty, "env": environment, "capture_output": True, "text": True}
    found = subprocess.run([sys.executable, "-c", code], check=True, **run).stdout.strip()
    assert Path(found).is_relative_to(place)
    words = [sys.executable, "-m", "analysis", "run", "--no-cache"]
    done = subprocess.run([*words, "--plan"], check=True, **run)
    assert "Demo" in done.stdout, "the bundled export is found"
    export = write_export(tmp_path / "export")
    words += [str(export), "--condition", "crps", "--set", "bootstrap_replicates=200", "--quiet"]
    done = subprocess.run([*words, "--out", "report"], check=False, **run)
    assert done.returncode == 0, done.stderr + done.stdout
    assert (empty / "report" / "index.html").is_file()
    done = subprocess.run([sys.executable, "-m", "analysis", "new", "mine"], check=False, **run)
    assert done.returncode == 0, done.stderr
    assert (empty / "mine" / "notebooks" / "20_responders.ipynb").is_file()
    shutil.rmtree(place)
