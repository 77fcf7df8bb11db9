"""The papermill engine that executes cells in the process that calls it.

Everything around the cells (parameters, outputs, timings, error marks) is papermill's and
nbclient's own code; only the kernel at the other end is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillException

from analysis.files import write_whole
from analysis.run.executors.engine import ENGINE_NAME


class CellEngine(Engine):
    """Executes one notebook in this process, which the runner has forked for it alone."""

    _used: ClassVar[bool] = False

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        execution_timeout: int | None = None,
        start_timeout: int = 60,
        input_path: str = "",
        **options: Any,
    ) -> None:
        """Execute all cells; papermill calls this.

        Raises
        ------
        PapermillException
            A second notebook in one process, whose names would meet those of the first; or a time
            limit, which takes a kernel that can be interrupted.
        """
        if cls._used:
            raise PapermillException(f"{ENGINE_NAME} executes one notebook per process.")
        if execution_timeout:
            raise PapermillException(f"{ENGINE_NAME} knows no time limit per cell.")
        cls._used = True

        from papermill.clientwrap import PapermillNotebookClient
        from papermill.log import logger

        from analysis.run.executors.cells import CellClient, make_kernel

        with saved_once_a_cell(nb_man) as save:
            kernel = CellClient(make_kernel(), before=save)
            client = PapermillNotebookClient(
                nb_man, km=kernel, kernel_name=kernel_name, log=logger, **options
            )
            client.kc = kernel
            client.execute()


@contextmanager
def saved_once_a_cell(nb_man: NotebookExecutionManager) -> Iterator[Callable[[], None]]:
    """Take papermill's savings away, and give what saves.

    papermill checks, sorts and writes the whole notebook before and after each cell, text or code,
    which takes a quarter of a notebook's time. Before each cell that is executed is enough, as it
    is in memory: there alone a process can die. At the end papermill writes its own form.
    """
    save, path = nb_man.save, nb_man.output_path or ""
    nb_man.save = lambda **_: None
    try:
        is_file = path and path != "-" and "://" not in path
        yield (lambda: save_as_it_is(nb_man.nb, Path(path))) if is_file else save
    finally:
        del nb_man.save


def save_as_it_is(notebook: Mapping[str, Any], path: Path) -> None:
    """Write a notebook in a form that can be read and no more."""
    write_whole(path, json.dumps(notebook, ensure_ascii=False))
