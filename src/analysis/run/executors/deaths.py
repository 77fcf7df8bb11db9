"""A notebook whose process died: say so in a sentence, and in what there is of its page."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

ENAME = "ProcessDied"


def tell_death(code: int) -> str:
    """Return how a process ended, as half a sentence.

    Parameters
    ----------
    code : int
        Exit code; negative for a signal.
    """
    if code >= 0:
        return f"the notebook's process ended itself with exit code {code}"
    guess = " (out of memory?)" if -code == signal.SIGKILL else ""
    name = signal.strsignal(-code) or "unknown"
    what = f"signal {-code}{guess or f' ({name.lower()})'}"
    return f"the notebook's process was killed by {what}"


def record_death(page: Path, told: str) -> str:
    """Mark the gap in an executed notebook that was cut short.

    Parameters
    ----------
    page : Path
        The notebook as last saved; it may be missing.
    told : str
        How the process ended.

    Returns
    -------
    str
        The sentence, with the cell where it happened if that is known.
    """
    import nbformat
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors

    try:
        notebook = nbformat.read(page, as_version=4)
    except (OSError, ValueError, json.JSONDecodeError):
        return f"{told}."
    running = [c for c in notebook.cells if _marks(c).get("status") == "running"]
    if not running:
        return f"{told}."
    cell = running[0]
    counts = [c.get("execution_count") or 0 for c in notebook.cells]
    cell.execution_count = max(counts, default=0) + 1
    sentence = f"{told} while running cell {cell.execution_count}."
    cell.outputs = [
        nbformat.v4.new_output("error", ename=ENAME, evalue=sentence, traceback=[sentence])
    ]
    cell.metadata.papermill.update(status="failed", exception=True)
    notebook.metadata.papermill["exception"] = True
    with contextlib.suppress(PapermillExecutionError):
        raise_for_execution_errors(notebook, str(page))  # writes papermill's banner and the file
    return sentence


def _marks(cell: object) -> dict[str, object]:
    return dict(cell.metadata.get("papermill", {})) if cell.cell_type == "code" else {}  # type: ignore[attr-defined]
