"""Runs killed at random points, and runs on a full disk: whole reports or none, and it goes on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.run.cache_runs import is_whole
from analysis.run.folder import LOCK
from analysis.run.lock import is_held
from tests.run.exports import PATIENTS, write_export
from tests.run.fakes import make_home

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

ROUNDS, KILLS = 10, 5
"""Fifty kills; after each five the same run is let finish and compared."""

ABOUT_THE_RUN = ("run.json", "ro-crate-metadata.json")
"""Files that say when, by whom and how long; with the times in executed notebooks they differ."""

ROOT = Path(__file__).parents[2]
ONE_CONDITION = PATIENTS.replace("A6,neuropathic,diabetic\n", "A6,crps,type_2\n")


class Server:
    """Starts runs as processes to be killed."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "RELIEFCHECK_HOME": str(home), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.run.kill_server"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, **asked: object) -> int:
        """Start a run, or wait for one; return its number, or how it ended."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({k: str(v) for k, v in asked.items()}) + "\n")
        self.process.stdin.flush()
        return int(self._answer())

    def run(self, **asked: object) -> int:
        return self.ask(wait=self.ask(**asked))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return make_home(tmp_path_factory.mktemp("suite") / "home")


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    return write_export(tmp_path_factory.mktemp("export") / "e", patients=ONE_CONDITION)


@pytest.fixture(scope="module")
def server(home):
    made = Server(home)
    yield made
    made.process.communicate()


@pytest.fixture(autouse=True)
def no_reports(home):
    yield
    shutil.rmtree(home / "reports", ignore_errors=True)


def reports_of(home: Path) -> list[Path]:
    folder = home / "reports"
    if not folder.is_dir():
        return []
    return [p for p in folder.iterdir() if p.name[0] != "." and p.is_dir() and not p.is_symlink()]


def check_whole(report: Path) -> None:
    assert is_whole(report, json.loads((report / "run.json").read_text())), report
    listed = json.loads((report / "run.json").read_text())["outputs"]
    there = {p.relative_to(report).as_posix() for p in report.rglob("*") if p.is_file()}
    assert there == {*listed, *ABOUT_THE_RUN}


def check_reports(home: Path) -> None:
    """Every report there is whole, and `latest` names one of them."""
    found = reports_of(home)
    for report in found:
        check_whole(report)
    latest = home / "reports" / "latest"
    if latest.is_symlink():
        assert latest.resolve() in [report.resolve() for report in found]


def content_of(report: Path) -> dict[str, bytes]:
    """Return what must be the same in two runs of the same inputs."""
    return {
        path.relative_to(report).as_posix(): path.read_bytes()
        for path in sorted(report.rglob("*"))
        if path.is_file() and path.name not in ABOUT_THE_RUN and path.suffix != ".ipynb"
    }


def wait_for_children_to_end(home: Path) -> None:
    """Wait for what a killed runner started: it may write on for a moment, and then is left alone.

    A minute is a thousand times what it takes; on a machine that stands still it may be seconds.
    """
    give_up = time.monotonic() + 60
    while any(is_held(path / LOCK) for path in (home / "reports").glob(".*")):
        assert time.monotonic() < give_up, "a child outlives its killed runner"
        time.sleep(0.02)


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def test_killed_at_any_moment(home, export, server, tmp_path):
    chance = random.Random(20260101)
    asked = {"export": export, "cache": tmp_path / "cache"}

    def start_again() -> None:
        for folder in (tmp_path / "cache", home / "reports"):
            shutil.rmtree(folder, ignore_errors=True)

    assert server.run(**asked) == 0  # the first one is slow: it waits for the server's imports
    start_again()
    begun = time.monotonic()
    assert server.run(**asked) == 0
    usual_seconds = time.monotonic() - begun
    undisturbed = content_of(reports_of(home)[0])
    expected = {"index.html", "results.json", "claims.json", "data/patients.parquet"}
    assert expected <= set(undisturbed)
    for _ in range(ROUNDS):
        start_again()
        n_killed = 0
        while n_killed < KILLS:
            pid = server.ask(**asked)
            time.sleep(chance.uniform(0.0, usual_seconds))
            whom = chance.choice([os.kill, os.killpg])  # the runner alone, or its children too
            with contextlib.suppress(ProcessLookupError):
                whom(pid, signal.SIGKILL)
            n_killed += server.ask(wait=pid) == -signal.SIGKILL
            check_reports(home)
            if reports_of(home):  # it was done before it could be killed: from the start again
                start_again()
                usual_seconds *= 0.9  # the machine was busier when it was timed
        wait_for_children_to_end(home)
        assert server.run(**asked) == 0
        check_reports(home)
        assert len(reports_of(home)) == 1
        assert differing(content_of(reports_of(home)[0]), undisturbed) == []
        hidden = {p.name for p in (home / "reports").iterdir() if p.name[0] == "."}
        assert hidden == set(), "leftovers of killed runs"
        assert not [p for p in (tmp_path / "cache").iterdir() if p.name.startswith(".entry")]


@pytest.mark.parametrize("limit", [1_000, 20_000])
def test_full_disk_is_told_in_a_sentence(export, server, tmp_path, limit):
    """At the first size the datasets do not fit, at the second the report does not."""
    (tmp_path / "out").mkdir()
    places = {"cache": tmp_path / "c", "out": tmp_path / "out" / "r", "told": tmp_path / "told"}
    assert server.run(export=export, limit=limit, **places) == 1
    assert list((tmp_path / "out").iterdir()) == []
    told = (tmp_path / "told").read_text()
    assert told.startswith("1 the run could not be finished: ")
    assert "\n" not in told


def test_two_runs_at_once_share_a_cache(home, export, server, tmp_path):
    asked = {"export": export, "cache": tmp_path / "cache"}
    both = [server.ask(**asked), server.ask(**asked)]
    assert [server.ask(wait=pid) for pid in both] == [0, 0]
    check_reports(home)
    first, *others = map(content_of, reports_of(home))
    assert [differing(first, other) for other in others] == [[]] * len(others)
