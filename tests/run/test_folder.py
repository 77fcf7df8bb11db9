"""A report folder appears whole or not at all, and never over another."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from analysis.errors import RunError, SettingsError
from analysis.run.folder import (
    check_out,
    clean_leftovers,
    point_latest,
    publish,
    run_folder_names,
    workplace,
)
from analysis.run.lock import hold

NOW = datetime(2026, 3, 28, 9, 5, 7)


def first_name(reports: Path, name: str = "Demo clinic (synthetic)") -> Path:
    return next(run_folder_names(reports, name=name, now=NOW))


def test_name_is_made_of_export_and_time(tmp_path):
    assert first_name(tmp_path).name == "demo-clinic-synthetic-20260328-090507"


def test_hostile_export_name_stays_a_plain_folder_name(tmp_path):
    chosen = first_name(tmp_path, "../../etc/<script>" + "x" * 500)
    assert chosen.parent == tmp_path
    assert len(chosen.name) < 80


def test_existing_report_is_never_overwritten(tmp_path):
    (tmp_path / "index.html").write_text("old")
    with pytest.raises(SettingsError, match="never overwrites"):
        check_out(tmp_path)


def test_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SettingsError, match="is a file"):
        check_out(tmp_path / "out")


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        check_out(tmp_path / "file" / "out")


def test_folder_appears_when_the_work_is_done(tmp_path):
    target = tmp_path / "run"
    with workplace(tmp_path, "run") as work:
        (work / "index.html").write_text("whole")
        assert not target.exists()
        assert publish(work, [target]) == target
    assert [path.name for path in target.iterdir()] == ["index.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_nothing_is_left_when_the_work_fails(tmp_path):
    """Also no folder that was made for it."""
    with pytest.raises(RuntimeError), workplace(tmp_path / "a" / "b", "run") as work:
        (work / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_runs_of_the_same_second_get_two_names(tmp_path):
    places = list(islice(run_folder_names(tmp_path, name="demo", now=NOW), 3))
    made = []
    for content in ("first", "second"):
        with workplace(tmp_path, "run") as work:
            (work / "index.html").write_text(content)
            made.append(publish(work, places))
    assert [path.name for path in made] == [places[0].name, places[0].name + "-2"]
    assert (made[0] / "index.html").read_text() == "first"


def test_a_folder_filled_meanwhile_stays_as_it_is(tmp_path):
    target = tmp_path / "run"
    with pytest.raises(RunError, match="another run"), workplace(tmp_path, "run") as work:
        (work / "index.html").write_text("late")
        target.mkdir()
        (target / "index.html").write_text("early")
        publish(work, [target])
    assert (target / "index.html").read_text() == "early"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_a_dead_run_left_is_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f".run.part-{dead.pid}", f".run.part-{dead.pid}-3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("half")
    (tmp_path / f".latest-{dead.pid}-1").symlink_to("nowhere")
    kept = [f".run.part-{os.getpid()}", ".hidden", "report", ".part-x"]
    for name in kept:
        (tmp_path / name).mkdir()
    clean_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


@pytest.mark.skipif(os.name != "posix", reason="the number of the process tells elsewhere")
def test_work_that_a_child_of_a_dead_run_still_holds_is_left_alone(tmp_path):
    """Its number is gone, but a notebook's process it started still has the lock."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    work = tmp_path / f".run.part-{dead.pid}"
    work.mkdir()
    with hold(work / ".lock"):
        clean_leftovers(tmp_path)
        assert work.is_dir()
    clean_leftovers(tmp_path)
    assert not work.exists()


def test_latest_points_to_the_newest(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        point_latest(tmp_path / name)
    assert (tmp_path / "latest").resolve() == (tmp_path / "b").resolve()


def test_latest_never_replaces_a_real_folder(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "a").mkdir()
    point_latest(tmp_path / "a")
    assert not (tmp_path / "latest").is_symlink()
