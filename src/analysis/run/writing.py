"""Write what a run leaves: the report, the kept tables, and run.json that lists every file."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.run.cache_keys import Suite, digest_of, run_key
from analysis.run.cache_prepared import Prepared
from analysis.run.provenance import RUN_FILE, describe_run, for_report, hash_outputs
from analysis.run.schedule_desk import SCRATCH
from analysis.run.tasks import Outcome

if TYPE_CHECKING:
    from analysis.report.assemble import ExecutedNotebook

DATA = "data"
"""Folder of a run with the tables of the export: patient-level, not to be handed on."""


def write_run(
    work: Path,
    *,
    prepared: Prepared,
    conditions: Sequence[str],
    outcomes: Sequence[Outcome],
    asked: Mapping[str, Any],
    suite: Suite,
    started: datetime,
    begun: float,
) -> tuple[str, ...]:
    """Write everything of a run that no notebook writes.

    Parameters
    ----------
    work : Path
        Folder with what the notebooks wrote.
    prepared, conditions, outcomes, asked, suite
        What was run, with which settings given, and how it ended.
    started : datetime
    begun : float
        Of `time.perf_counter`, when the run began.

    Returns
    -------
    tuple of str
        Sentences for the user on what could not be made; empty when all was.
    """
    from analysis.report.assemble import ReportContent, assemble_report
    from analysis.report.store import write_json
    from analysis.run.crate import write_crate

    inputs = digest_of(prepared.facts["inputs"])
    run_id = run_key(inputs=inputs, settings=asked, conditions=conditions, suite=suite)[:12]
    about = describe_run(
        run_id=run_id, prepared=prepared, conditions=conditions, outcomes=outcomes, suite=suite,
        started=started, seconds=0.0,
    )  # fmt: skip
    content = ReportContent(
        export_name=prepared.facts["name"],
        synthetic=prepared.facts["synthetic"],
        conditions=prepared.facts["labels"],
        run=for_report(about),
        notebooks=tuple(map(executed, outcomes)),
    )
    notes = assemble_report(work, content).notes
    shutil.copytree(prepared.tables, work / DATA)
    (work / DATA).chmod(0o700)
    shutil.rmtree(work / SCRATCH)
    about |= {"seconds": round(time.perf_counter() - begun, 1), "outputs": hash_outputs(work)}
    write_json(work / RUN_FILE, about)
    # What describes the whole run, run.json included, is written here; nothing comes after it.
    write_crate(work, about)
    return notes


def executed(outcome: Outcome) -> ExecutedNotebook:
    """Return what the report needs to know of a notebook that has run."""
    from analysis.report.assemble import ExecutedNotebook

    task = outcome.task
    return ExecutedNotebook(notebook=task.notebook, condition=task.condition, error=outcome.error)
