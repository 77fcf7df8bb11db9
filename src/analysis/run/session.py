"""One run from an export to a report: prepare, execute, collect, write, move into place."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.errors import InputError, SettingsError
from analysis.outcomes.selection import check_condition
from analysis.places import home
from analysis.report.assemble import ExecutedNotebook, ReportContent, assemble_report
from analysis.report.store import write_json
from analysis.run.engine import execute_plan
from analysis.run.folder import choose_run_folder, folder_when_complete, point_latest
from analysis.run.plan import ALL, make_plan
from analysis.run.provenance import describe_run
from analysis.run.study import Study, prepare_study
from analysis.run.tasks import Listener, Outcome

RUN_FILE = "run.json"
NOTEBOOKS = "notebooks"


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What the user asked for."""

    export: Path
    mapping: Path | None = None
    conditions: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    out: Path | None = None
    workers: int = 2


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Where the report lies and how the notebooks ended."""

    folder: Path
    page: Path
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Notebooks that stopped before their end."""
        return tuple(outcome for outcome in self.outcomes if outcome.failed)


def run_study(request: RunRequest, *, listener: Listener | None = None) -> RunResult:
    """Run all notebooks on an export and write the report.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong; no report folder is left behind.
    """
    started, begun = datetime.now(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="reliefcheck-") as scratch:
        datasets = Path(scratch) / "datasets"
        study, files = prepare_study(
            request.export, request.mapping, datasets, request.settings or {}
        )
        conditions = choose_conditions(study, request.conditions)
        target = choose_run_folder(
            request.out, reports=home() / "reports", name=study.datasets.name, now=started
        )
        with folder_when_complete(target) as work:
            tasks = make_plan(conditions, datasets=datasets, results=work)
            outcomes = execute_plan(
                tasks, work / NOTEBOOKS, workers=request.workers, listener=listener
            )
            about = describe_run(
                export_name=study.datasets.name,
                synthetic=study.datasets.synthetic,
                settings=study.settings,
                files=files,
                conditions=conditions,
                outcomes=outcomes,
                started=started,
                seconds=time.perf_counter() - begun,
            )
            write_json(work / RUN_FILE, about)
            content = ReportContent(
                export_name=study.datasets.name,
                synthetic=study.datasets.synthetic,
                conditions=study.labels,
                run=about,
                notebooks=tuple(map(executed, outcomes)),
            )
            assemble_report(work, content)
    point_latest(target)
    return RunResult(
        folder=target,
        page=target / "index.html",
        outcomes=outcomes,
        seconds=time.perf_counter() - begun,
    )


def choose_conditions(study: Study, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the conditions to run: those asked for, else all that have patients.

    Raises
    ------
    SettingsError
        Unknown condition.
    InputError
        A condition asked for has no patient in the export.
    """
    there = study.datasets.condition_codes
    for code in wanted:
        check_condition(study.datasets, code)
        if code not in (*there, ALL):
            raise InputError(
                f"the export has no patient with condition '{code}'; it has {', '.join(there)}."
            )
    chosen = tuple(wanted) or there
    if not chosen:
        raise SettingsError("the export has no patient with a known condition.")
    return chosen


def executed(outcome: Outcome) -> ExecutedNotebook:
    """Return what the report needs to know of a notebook that has run."""
    task = outcome.task
    return ExecutedNotebook(notebook=task.notebook, condition=task.condition, error=outcome.error)
