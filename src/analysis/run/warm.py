"""A papermill engine without a kernel: cells run by IPython in a process that has imported all.

A kernel takes seconds to start and import what every notebook needs. Here a server process
(`multiprocessing`'s forkserver) imports it once, and a fork of it runs one notebook and ends.
Outputs are those of a kernel: text, results, displays, inline figures, errors.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode, validate
from nbformat.v4 import new_notebook, new_output
from papermill.engines import Engine, NotebookExecutionManager
from traitlets import Type
from traitlets.config import Config

ENGINE_NAME = "reliefcheck-warm"


class CellOutputs:
    """The outputs of one cell in the order they came, as the notebook format has them."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.displays: dict[str, list[Any]] = {}
        self.clear_before_next = False

    def begin(self) -> list[Any]:
        """Start the list of another cell."""
        self.items, self.clear_before_next = [], False
        return self.items

    def add(self, kind: str, **content: Any) -> Any:
        """Add an output; text joins text of the same stream before it."""
        if self.clear_before_next:
            self.items.clear()
            self.clear_before_next = False
        last = self.items[-1] if self.items else {}
        if kind == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
            return last
        self.items.append(new_output(kind, **content))
        return self.items[-1]


class CellStream(io.TextIOBase):
    """Stands for stdout or stderr while a cell runs."""

    encoding = "utf-8"

    def __init__(self, name: str, outputs: CellOutputs) -> None:
        self.name, self.outputs = name, outputs

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Add text to the cell's outputs; lone surrogates, which no file takes, are escaped."""
        if text:
            plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
            self.outputs.add("stream", name=self.name, text=plain)
        return len(text)


class CellDisplay(DisplayPublisher):
    """Takes what `display` and inline figures publish."""

    shell: Any

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: str | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        """Add a display, or change those of the same id."""
        outputs: CellOutputs = self.shell.outputs
        display_id = (transient or {}).get("display_id", "")
        if update:
            for shown in outputs.displays.get(display_id, []):
                shown.update(data=data, metadata=metadata or {})
            return
        shown = outputs.add("display_data", data=data, metadata=metadata or {})
        if display_id:
            outputs.displays.setdefault(display_id, []).append(shown)

    def clear_output(self, wait: bool = False) -> None:
        """Drop what the cell has shown, now or before its next output."""
        if wait:
            self.shell.outputs.clear_before_next = True
        else:
            self.shell.outputs.items.clear()


class CellResult(DisplayHook):
    """Takes the value of a cell's last expression."""

    shell: Any

    def write_output_prompt(self) -> None:
        """Write no ``Out[1]:``; the number is part of the output."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        """Add the value in every form it has."""
        self.shell.outputs.add(
            "execute_result",
            data=format_dict,
            metadata=md_dict or {},
            execution_count=self.prompt_count,
        )

    def finish_displayhook(self) -> None:
        """Write no end of line."""


class CellShell(InteractiveShell):
    """IPython's shell with the outputs of the cell kept instead of printed."""

    displayhook_class = Type(CellResult)
    display_pub_class = Type(CellDisplay)

    def __init__(self, **options: Any) -> None:
        self.outputs = CellOutputs()
        self.traceback: list[str] = []
        super().__init__(**options)

    def enable_gui(self, gui: str | None = None) -> None:
        """Nothing is shown in a window."""

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **options: Any) -> None:
        """Keep the traceback of the cell for its error output."""
        caught: Any = exc_tuple or sys.exc_info()
        kind, value, where = caught
        self.traceback = self.InteractiveTB.structured_traceback(kind, value, where, tb_offset=1)

    def showsyntaxerror(self, *args: Any, **options: Any) -> None:
        """Keep the message of a cell that is no Python."""
        kind: Any = sys.exc_info()[0]
        frames: Any = []  # a cell that is no Python has none
        self.traceback = self.SyntaxTB.structured_traceback(kind, sys.exc_info()[1], frames)

    def run(self, cell: NotebookNode) -> bool:
        """Run a code cell, its outputs put into it; return whether it went well."""
        cell.outputs = self.outputs.begin()
        self.traceback = []
        with (
            redirect_stdout(CellStream("stdout", self.outputs)),
            redirect_stderr(CellStream("stderr", self.outputs)),
        ):
            done = self.run_cell(cell.source, store_history=True)
        cell.execution_count = done.execution_count
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            self.outputs.add(
                "error",
                ename=type(error).__name__,
                evalue=str(error),
                traceback=self.traceback or [f"{type(error).__name__}: {error}"],
            )
        return done.success


class WarmEngine(Engine):
    """Runs one notebook in this process, which should end after it."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        ipython_dir: str,
        **options: Any,
    ) -> None:
        """Run the cells in order until one fails; papermill reads the failure from the outputs."""
        shell = CellShell.instance(ipython_dir=ipython_dir, config=CONFIG)
        shell.enable_matplotlib("inline")
        path, nb_man.output_path = nb_man.output_path, None
        for index, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            nb_man.cell_start(cell, index)
            if path:  # papermill would check all of it against its schema at every cell
                Path(path).write_text(json.dumps(nb_man.nb), encoding="utf-8")
            well = shell.run(cell) or "raises-exception" in cell.metadata.get("tags", [])
            if not well:
                nb_man.cell_exception(cell, index)
            nb_man.cell_complete(cell, index)
            if not well:
                break
        nb_man.output_path = path


validate(new_notebook())  # the schema is compiled once, not by every notebook's process

CONFIG = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"})
"""Nothing of the user's own IPython is read, and nothing is written to it."""
