"""Every notebook of the suite comes out of both engines the same, cell by cell."""

from __future__ import annotations

import shutil
from pathlib import Path

import papermill
import pytest

from analysis.places import notebook_folder
from analysis.run.cache_keys import fingerprint_suite
from analysis.run.cache_prepared import Inputs, prepare
from analysis.run.cache_store import open_cache
from analysis.run.executors import ENGINES, open_executor
from analysis.run.tasks import Outcome, Task
from tests.run.executed import read, timeless
from tests.run.exports import write_export

pytestmark = pytest.mark.slow

NOTEBOOKS = tuple(path.stem for path in sorted(notebook_folder().glob("*.ipynb")))
READING_RESULTS = ("70_claims", "80_director_summary")
FIRST = tuple(name for name in NOTEBOOKS if name not in READING_RESULTS)
STAGES = (FIRST, *((name,) for name in READING_RESULTS))


def task_of(name: str, datasets: Path, results: Path) -> Task:
    declared = papermill.inspect_notebook(str(notebook_folder() / f"{name}.ipynb"))
    given = {
        "datasets": str(datasets),
        "results_dir": str(results),
        "results_from": str(results),
        "condition": "crps",
    }
    parameters = {key: value for key, value in given.items() if key in declared}
    return Task(notebook=name, condition="crps", parameters=parameters)


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> tuple[Path, dict[str, dict[str, Outcome]]]:
    """All notebooks by both engines, in the same folders one after the other."""
    home = tmp_path_factory.mktemp("engines")
    export = write_export(home / "export")
    given = Inputs(export=export, mapping=None, settings={}, digest=None, outputs=())
    prepared = prepare(given, home, suite=fingerprint_suite(), cache=open_cache(None))
    datasets = prepared.datasets_of("crps")
    ended: dict[str, dict[str, Outcome]] = {}
    for engine in ENGINES:
        with open_executor(engine, workers=2) as executor:
            for stage in STAGES:
                for future in [
                    executor.submit(task_of(name, datasets, home / "work"), home / engine)
                    for name in stage
                ]:
                    ended.setdefault(engine, {})[future.result().task.notebook] = future.result()
        shutil.move(home / "work", home / f"{engine}-results")
    return home, ended


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_same_notebook(executed, name):
    home, ended = executed
    assert [ended[engine][name].error for engine in ENGINES] == ["", ""]
    pages = [timeless(read(home / engine / f"{name}.crps.ipynb")) for engine in ENGINES]
    for forked, stock in zip(pages[0]["cells"], pages[1]["cells"], strict=True):
        assert forked == stock
    assert pages[0] == pages[1]


def test_same_results_byte_by_byte(executed):
    home, _ = executed
    written = []
    for engine in ENGINES:
        folder = home / f"{engine}-results"
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        written.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert written[0].keys() == written[1].keys()
    assert len(written[0]) >= len(NOTEBOOKS)
    assert [name for name in written[0] if written[0][name] != written[1][name]] == []
