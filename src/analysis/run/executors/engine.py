"""What papermill finds under the entry point: an engine that loads when it is first used.

papermill imports the engines of all packages while it is itself half imported; so this module
must need nothing of papermill's.
"""

from __future__ import annotations

from typing import Any

ENGINE_NAME = "reliefcheck-forked"


class ForkedEngine:
    """Hands what papermill asks of an engine on to the one that executes cells."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook in this process."""
        from analysis.run.executors.cell_engine import CellEngine

        return CellEngine.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the name of a notebook's kernel."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language of a notebook."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
