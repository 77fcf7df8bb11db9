"""Installed is as good as cloned: the built wheel makes a report from an empty folder.

The export has an attack for every name in it; the commands that the README gives for finished runs
look at its report.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from justhtml import JustHTML
from pages import ON_RUNS, ROOT, call
from tests.run.exports import write_hostile_export

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*PIP, *words], check=True)
    return next(folder.glob("reliefcheck-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Callable[..., str]:
    """Return what calls the wheel's own command in an empty folder, and returns what it prints.

    In an environment that sees the packages of this one, but not the checkout.
    """
    place, empty = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("empty")
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(place), str(wheel)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(place)}

    def run(*words: str, start: tuple[str, ...] = ("-m", "analysis")) -> str:
        done = subprocess.run([sys.executable, *start, *words], cwd=empty, env=environment,
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    found = run(start=("-c", "import analysis; print(analysis.__file__)")).strip()
    assert Path(found).is_relative_to(place)
    return run


@pytest.fixture(scope="module")
def report(installed, tmp_path_factory) -> Path:
    """Return the run folder of the suite's own notebooks on hostile names."""
    folder = tmp_path_factory.mktemp("clinic")
    export, out = write_hostile_export(folder / "export", longest=60), folder / "reports" / "first"
    quick = ["--set", "bootstrap_replicates=200", "--no-cache", "--quiet"]
    words = ["--condition", "crps", "--out", str(out), *quick]
    installed("run", str(export), *words)
    return out


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


def test_the_wheel_finds_the_demo_and_lays_out_a_folder(installed, tmp_path):
    assert "Demo" in installed("run", "--no-cache", "--plan")
    installed("new", str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "notebooks" / "20_responders.ipynb").is_file()


def test_a_report_of_hostile_names_runs_nothing(report):
    assert (report / "report.pdf").read_bytes().startswith(b"%PDF")
    for path in [report / "index.html", *sorted((report / "notebooks").glob("*.html"))]:
        text = path.read_text(encoding="utf-8")
        page = JustHTML(text, strict=True, sanitize=False)
        assert not [each for each in page.query("script") if "alert(" in each.to_text()], path.name
        for each in page.query("*"):
            for name, value in each.attrs.items():
                assert name[:2] != "on", (path.name, each.name, name)
                assert name != "src" or str(value).startswith("data:image/"), (path.name, value)
                assert not str(value).lower().lstrip().startswith("javascript:"), path.name
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text, path.name


def test_commands_on_finished_runs_work_one_after_the_other(report, tmp_path):
    """A small run, a copy of it a month later, and every command the README gives for them."""
    may, june = (Path(shutil.copytree(report, tmp_path / name)) for name in ("may", "june"))
    stand_ins = {
        "reports/may": str(may),
        "reports/june": str(june),
        "reports/june-release": str(tmp_path / "june-release"),
        "sas": str(tmp_path / "sas"),
        "forms": str(tmp_path / "forms"),
        "2027-01-31": f"{date.today() + timedelta(days=60)}",
    }
    assert {command.split()[1] for command in ON_RUNS} >= {"diff", "verify", "sign"}
    for command in ON_RUNS:
        call(command, **stand_ins)
