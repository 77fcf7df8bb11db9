"""A run for every combination of some settings, in one folder with a page over them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from analysis.claims.judgement import Judgement
from analysis.derive.datasets import derive_datasets
from analysis.errors import ReliefcheckError, RunError
from analysis.places import home
from analysis.report.store import load_judgements
from analysis.run import executors
from analysis.run.executors import check_engine, default_engine
from analysis.run.folder import LATEST, check_out, publish, run_folder_names, workplace
from analysis.run.grid_cells import Cell, make_cells
from analysis.run.grid_index import write_index
from analysis.run.plan import choose_conditions
from analysis.run.session import RunRequest, RunResult, run_study
from analysis.run.shared_workers import SharedWorkers
from analysis.run.study import check_visit
from analysis.run.tasks import Executor, Listener
from analysis.settings import make_settings
from analysis.sources.export import Export, load_export


@dataclass(frozen=True, kw_only=True)
class CellResult:
    """How one run of a grid ended.

    Parameters
    ----------
    cell : Cell
    claims : tuple of Judgement
        Verdicts on the headline claims; empty when the run did not get that far.
    failed : tuple of str
        Notebooks that stopped before their end, with the error.
    error : str
        Why there is no report at all; empty when there is one.
    """

    cell: Cell
    claims: tuple[Judgement, ...] = ()
    failed: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class GridResult:
    """Where the page over a grid lies, and how each run ended."""

    folder: Path
    page: Path
    cells: tuple[CellResult, ...]

    @property
    def failed(self) -> tuple[CellResult, ...]:
        """Runs without a report, or with a notebook missing."""
        return tuple(each for each in self.cells if each.error or each.failed)


Watch = Callable[[Cell, int, int], AbstractContextManager[Listener]]
"""Gives who is told of a run: called with its cell, its number from 1, and how many there are."""


def run_grid(
    request: RunRequest,
    grid: Mapping[str, Sequence[Any]],
    *,
    watch: Watch | None = None,
    open_executor: Callable[[], Executor] | None = None,
) -> GridResult:
    """Run every combination of settings, one after the other, and write a page over them.

    ``latest`` beside the folder stays as it is: it names the newest single report.

    Parameters
    ----------
    request : RunRequest
        What each run shares; ``out`` is the folder of the whole grid, and ``settings`` give way
        to those of the grid. All runs share the workers and the cache.
    grid : mapping of str to sequence
        Setting names, each with the values to take.
    watch : callable, optional
        Gives who is told of each run in turn.
    open_executor : callable, optional
        Gives who executes the notebooks; by default the engine of the request.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong; nothing has run and no folder is left behind.
    RunError
        Not one of the runs gave a report.
    """
    cells = make_cells(grid, shared=request.settings or {})
    export = _check(request, cells)
    if request.out is not None:
        check_out(request.out)
        parent, places = request.out.parent, iter([request.out])
    else:
        parent = home() / "reports"
        places = run_folder_names(parent, name=f"{export.name} grid", now=datetime.now())
    with workplace(parent, "grid") as work:
        with SharedWorkers(open_executor or _engine_of(request)) as workers:
            results = tuple(
                _run_cell(request, cell, work, workers, (watch or _silent)(cell, n, len(cells)))
                for n, cell in enumerate(cells, start=1)
            )
        if all(each.error for each in results):
            raise RunError(f"no run of the grid gave a report; the first says: {results[0].error}")
        write_index(
            work,
            results,
            export_name=export.name,
            synthetic=export.synthetic,
            labels=export.conditions.labels,
        )
        folder = publish(work, places)
    return GridResult(folder=folder, page=folder / "index.html", cells=results)


def _silent(*_: object) -> AbstractContextManager[Listener]:
    return nullcontext(lambda *_: None)


def _engine_of(request: RunRequest) -> Callable[[], Executor]:
    engine = check_engine(request.engine) if request.engine else default_engine()
    return partial(executors.open_executor, engine, workers=request.workers)


def _run_cell(
    request: RunRequest,
    cell: Cell,
    work: Path,
    workers: SharedWorkers,
    watching: AbstractContextManager[Listener],
) -> CellResult:
    """Run one cell; whatever happens in it, the others go on, unless there are no workers."""
    own = replace(request, out=work / cell.name, settings=cell.settings)
    try:
        with watching as listener:
            result = run_study(own, listener=listener, open_executor=lambda: workers)
    except Exception as error:
        if workers.refused:
            raise
        workers.renew()
        told = str(error) if isinstance(error, ReliefcheckError) else f"{_name(error)}: {error}"
        return CellResult(cell=cell, error=told)
    finally:
        with suppress(OSError):  # each run points `latest` at itself; here it misleads
            (work / LATEST).unlink()
    return CellResult(cell=cell, claims=load_judgements(result.folder), failed=_failures(result))


def _name(error: Exception) -> str:
    return type(error).__name__


def _failures(result: RunResult) -> tuple[str, ...]:
    return tuple(f"{outcome.task.name}: {outcome.error}" for outcome in result.failed)


def _check(request: RunRequest, cells: Sequence[Cell]) -> Export:
    """Read the export once, so that what is wrong with it, or with a choice, is said first."""
    export = load_export(request.export, request.mapping)
    visits: set[str] = set()
    for cell in cells:
        merged = make_settings({**export.settings, **cell.settings})
        visits.add(merged.analysis_visit)
    base = make_settings({**export.settings, **cells[0].settings})
    try:
        datasets = derive_datasets(export, base)
    except ReliefcheckError:
        return export  # this combination fails; others may not, and each is told in its row
    labels, there = export.conditions.labels, datasets.condition_codes
    choose_conditions(request.conditions, labels=labels, there=there)
    for visit in sorted(visits):
        check_visit(datasets, visit)
    return export
