"""A report folder appears complete or not at all, and never over another."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from analysis.errors import RunError, SettingsError
from analysis.run.folder import (
    check_out,
    point_latest,
    publish,
    remove_leftovers,
    run_folder_names,
    workplace,
)

NOW = datetime(2026, 3, 28, 9, 5, 7)


def first_name(reports: Path, name: str = "Demo clinic (synthetic)") -> Path:
    return next(run_folder_names(reports, name=name, now=NOW))


def test_name_is_made_of_export_and_time(tmp_path):
    assert first_name(tmp_path).name == "demo-clinic-synthetic-20260328-090507"


def test_hostile_export_name_stays_a_plain_folder_name(tmp_path):
    chosen = first_name(tmp_path, "../../etc/<script>" + "x" * 500)
    assert chosen.parent == tmp_path
    assert len(chosen.name) < 80


def test_what_cannot_take_a_report_is_refused(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "index.html").write_text("old")
    (tmp_path / "file").write_text("a file")
    for out, why in (("full", "never overwrites"), ("file", "is a file"), ("file/out", "written")):
        with pytest.raises(SettingsError, match=why):
            check_out(tmp_path / out)


def test_folder_appears_when_the_work_is_done(tmp_path):
    target = tmp_path / "run"
    with workplace(tmp_path, "run") as work:
        (work / "index.html").write_text("complete")
        assert not target.exists()
        assert publish(work, iter([target])) == target
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
            made.append(publish(work, iter(places)))
    assert [path.name for path in made] == [places[0].name, places[0].name + "-2"]
    assert (made[0] / "index.html").read_text() == "first"


def test_a_folder_filled_meanwhile_stays_as_it_is(tmp_path):
    target = tmp_path / "run"
    with pytest.raises(RunError, match="another run"), workplace(tmp_path, "run") as work:
        (work / "index.html").write_text("late")
        target.mkdir()
        (target / "index.html").write_text("early")
        publish(work, iter([target]))
    assert (target / "index.html").read_text() == "early"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.skipif(os.name != "posix", reason="locks that end with their process need POSIX")
def test_what_a_dead_run_left_is_removed_and_work_in_progress_stays(tmp_path):
    dead = tmp_path / ".run.part-1-0badcafe"
    dead.mkdir()
    (dead / ".lock").write_text("")  # nobody holds it
    for name in (".hidden", "report", ".part-x", ".run.part-2-0badcafe"):
        (tmp_path / name).mkdir()
    with workplace(tmp_path, "run") as work:
        assert not dead.exists()
        remove_leftovers(tmp_path)
        assert work.is_dir()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".hidden", "report", ".part-x", ".run.part-2-0badcafe"}


def test_latest_points_to_the_newest_and_never_replaces_a_real_folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        point_latest(tmp_path / name)
    assert (tmp_path / "latest").resolve() == (tmp_path / "b").resolve()
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").mkdir()
    point_latest(tmp_path / "a")
    assert not (tmp_path / "latest").is_symlink()
