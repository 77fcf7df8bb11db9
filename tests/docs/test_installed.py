"""Installed is as good as cloned: the built wheel makes a report from an empty folder.

The report is that of the page "Your export in ten minutes", by its own commands; the commands that
the README gives for finished runs look at it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pages import ON_RUNS, ROOT, TEN_MINUTES_COMMANDS, block, call, settle

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
    """Return the run folder of the page's last command."""
    folder = tmp_path_factory.mktemp("clinic")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("list.csv").write_text(block("csv"), encoding="utf-8")
        call(TEN_MINUTES_COMMANDS[0])
        settle()
    words = shlex.split(TEN_MINUTES_COMMANDS[3])[1:]
    places = [str(folder / word) if "." in word or "/" in word else word for word in words]
    installed(*places, "--no-cache", "--quiet")
    return folder / "reports" / "first"


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


def test_the_last_command_of_the_page_makes_the_report(report):
    assert (report / "index.html").is_file()
    assert (report / "report.pdf").read_bytes().startswith(b"%PDF")


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
