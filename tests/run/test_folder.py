"""A report folder appears whole or not at all, and never over another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from analysis.errors import SettingsError
from analysis.run.folder import choose_run_folder, folder_when_complete, point_latest

NOW = datetime(2026, 3, 28, 9, 5, 7)


def choose(out: Path | None, reports: Path, name: str = "Demo clinic (synthetic)") -> Path:
    return choose_run_folder(out, reports=reports, name=name, now=NOW)


def test_name_is_made_of_export_and_time(tmp_path):
    assert choose(None, tmp_path).name == "demo-clinic-synthetic-20260328-090507"


def test_hostile_export_name_stays_a_plain_folder_name(tmp_path):
    chosen = choose(None, tmp_path, "../../etc/<script>" + "x" * 500)
    assert chosen.parent == tmp_path
    assert len(chosen.name) < 80


def test_same_second_gets_another_name(tmp_path):
    first = choose(None, tmp_path)
    first.mkdir()
    assert choose(None, tmp_path).name == first.name + "-2"


def test_existing_report_is_never_overwritten(tmp_path):
    (tmp_path / "index.html").write_text("old")
    with pytest.raises(SettingsError, match="never overwrites"):
        choose(tmp_path, tmp_path)


def test_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SettingsError, match="is a file"):
        choose(tmp_path / "out", tmp_path)


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        choose(tmp_path / "file" / "out", tmp_path)


def test_folder_appears_when_the_work_is_done(tmp_path):
    target = tmp_path / "run"
    with folder_when_complete(target) as work:
        (work / "index.html").write_text("whole")
        assert not target.exists()
    assert (target / "index.html").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_nothing_is_left_when_the_work_fails(tmp_path):
    with pytest.raises(RuntimeError), folder_when_complete(tmp_path / "run") as work:
        (work / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


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
