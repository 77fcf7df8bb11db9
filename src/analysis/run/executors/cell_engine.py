"""The papermill engine that executes cells in the process that calls it.

Everything around the cells (parameters, outputs, timings, error marks) is papermill's and
nbclient's own code; only the kernel at the other end is replaced.
"""

from __future__ import annotations

from typing import Any, ClassVar

from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillException

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

        kernel = CellClient(make_kernel())
        client = PapermillNotebookClient(
            nb_man, km=kernel, kernel_name=kernel_name, log=logger, **options
        )
        client.kc = kernel
        client.execute()
