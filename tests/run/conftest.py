"""A world to run in: cheap notebooks, a tiny export, a cache, and who executes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from analysis.adam.study import Study, derive_study, write_study
from analysis.intake.load import Export
from analysis.run.session import RunRequest, RunResult, run_study
from analysis.settings import AnalysisSettings
from tests.run.exports import write_export
from tests.run.small import Here, make_notebooks, write_small_report

N_NOTEBOOKS = 4


@dataclass
class World:
    folder: Path
    executor: Here = field(default_factory=Here)

    @property
    def export(self) -> Path:
        return self.folder / "export"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    def request(self, out: str = "", **more: object) -> RunRequest:
        asked = {"export": self.export, "cache": self.cache, "notebooks": self.notebooks, **more}
        return RunRequest(**asked, out=self.folder / out if out else None)  # type: ignore[arg-type]

    def run(self, out: str = "", **more: object) -> RunResult:
        self.executor.executed.clear()
        return run_study(self.request(out, **more), open_executor=lambda: self.executor)

    def kept(self) -> list[Path]:
        return sorted(path.parent for path in self.cache.glob("*/files.json"))


def make_world(folder: Path) -> World:
    make_notebooks(folder / "notebooks")
    write_export(folder / "export")
    return World(folder)


DERIVED: dict[str, Study] = {}


def derive_once(folder: Path, export: Export, settings: AnalysisSettings) -> Study:
    """Derive the datasets of each tiny export once: what they hold is tested elsewhere."""
    tables = {name: frame.to_csv() for name, frame in export.tables.items()}
    key = repr((replace(export, tables={}), settings, tables))
    if key not in DERIVED:
        DERIVED[key] = derive_study(export, settings)
    write_study(DERIVED[key], folder)
    return DERIVED[key]


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """Work in an empty folder, with datasets and a report that take no time."""
    monkeypatch.setattr("analysis.run.data.derive_into", derive_once)
    monkeypatch.setattr("analysis.report.page.write_report", write_small_report)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return make_world(tmp_path)
