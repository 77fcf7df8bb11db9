"""Releases of several clinics pooled: one notebook run, and its page."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from analysis.errors import RunError
from analysis.files import private_files
from analysis.report.clinics import pool_clinics, read_clinics
from analysis.report.notebooks import write_notebook_page
from analysis.report.office import write_csv
from analysis.run.execute import LocalExecutor, default_engine, executed_path, name_places
from analysis.run.folder import check_out, publish, workplace
from analysis.run.plan import Task, notebook_folder

NOTEBOOK = "95_clinics.ipynb"
PAGE, TABLE = "clinics.html", "clinics.csv"


def write_pool(releases: Sequence[Path], out: Path) -> Path:
    """Run the notebook on several releases; return the new folder with its page and table.

    Raises
    ------
    InputError
        As `analysis.report.clinics.read_clinics`.
    RunError
        The notebook failed.
    """
    check_out(out)
    folders = [each.resolve() for each in releases]
    lines = pool_clinics(read_clinics(folders))  # what is wrong with them is said at once
    task = Task(
        path=notebook_folder() / NOTEBOOK, parameters={"releases": ";".join(map(str, folders))}
    )
    with private_files(), workplace(out.parent, out.name) as work:
        scratch = work / "scratch"
        with LocalExecutor(engine=default_engine(), workers=1) as executor:
            outcome = executor.submit(task, scratch).result()
        if outcome.error:
            raise RunError(f"{NOTEBOOK} failed: {outcome.error}")
        made = executed_path(task, scratch)
        name_places(made, {folder: folder.name for folder in (*folders, scratch)})
        write_notebook_page(made, report="").replace(work / PAGE)
        made.replace(work / NOTEBOOK)
        shutil.rmtree(scratch)
        write_csv(lines, work / TABLE)
        return publish(work, iter([out.absolute()]))
