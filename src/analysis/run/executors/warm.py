"""The warm process: it has imported everything, and forks a child for each notebook.

It starts no thread, reads no data, and runs nothing but imports before it forks; children inherit
its memory page by page. It ends when the runner's end of its socket closes, for whatever reason,
and takes its children along.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import pkgutil
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from analysis.run.executors.hiding import hidden_modules
from analysis.run.tasks import Task

ROOMS = (
    "analysis.derive",
    "analysis.estimate",
    "analysis.outcomes",
    "analysis.claims",
    "analysis.display",
    "analysis.report",
)
"""Packages of the suite that notebooks draw on, with what they draw on themselves."""

LIBRARIES = (
    "analysis.run.study",
    "analysis.run.executors.cell_engine",
    "analysis.run.executors.child",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "nbformat",
    "papermill",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.stats",
    "tableone",
)

WHILE_RUNNING = (
    "IPython.core.logger",
    "bdb",
    "encodings.unicode_escape",
    "encodings.utf_8_sig",
    "pandas.core.arrays.arrow.extension_types",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
)
"""What libraries import at the first cell, table or file."""

SLOW_AND_IDLE = ("rfc3986_validator", "rfc3987_syntax")
"""They build grammars when imported, for up to a second; only checks of links in JSON schemas want
them."""


def main(descriptor: int) -> None:
    """Serve the runner at the other end of a socket until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's business
    gc.disable()
    with hidden_modules(*SLOW_AND_IDLE):
        warm_up()
    gc.collect()
    gc.freeze()
    with Connection(descriptor) as runner:
        runner.send(("ready",))
        WarmProcess(runner).serve()


def warm_up() -> None:
    """Import what notebooks use, and make the kernel that each child takes over."""
    import logging

    from analysis.run.executors.cells import make_kernel

    logging.getLogger("papermill").addHandler(logging.NullHandler())
    shell = make_kernel().shell  # first: libraries ask at their import whether there is one
    for room in ROOMS:
        import_all(room)
    for library in (*LIBRARIES, *WHILE_RUNNING):
        importlib.import_module(library)

    from papermill.engines import papermill_engines

    from analysis.run.executors.engine import ENGINE_NAME, ForkedEngine
    from analysis.wording.texts import load_texts

    papermill_engines.register(ENGINE_NAME, ForkedEngine)
    load_texts()
    draw_something()
    write_a_notebook()
    show_an_error(shell)


def import_all(package: str) -> None:
    """Import a package with all its modules."""
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        importlib.import_module(module.name)


def draw_something() -> None:
    """Draw figures with text and throw them away: theme and fonts are found once for all.

    One is drawn as the suite draws, and one as a notebook shows a figure of its own.
    """
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from analysis.display.figures.canvas import new_axes, png_bytes, svg_bytes, themed

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title="warm", xlabel="$x^2$")
    axes.plot([0, 1], label="line")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    drawn, _ = themed(new_axes)(height=1.0, title="warm")
    svg_bytes(drawn)
    png_bytes(drawn)


def write_a_notebook() -> None:
    """Put an empty notebook into text: the checks of its form are compiled the first time."""
    import nbformat

    nbformat.writes(nbformat.v4.new_notebook())


def show_an_error(shell: Any) -> None:
    """Format a traceback and throw it away: Python looks through all modules the first time."""
    try:
        raise ValueError("warm")
    except ValueError:
        shell.InteractiveTB.structured_traceback(*sys.exc_info())


def count_threads() -> int:
    """Return the threads of this process, also those that Python does not know of."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@dataclass(frozen=True, kw_only=True)
class Child:
    """A notebook under way."""

    number: int
    told: int
    begun: float


class WarmProcess:
    """Forks children on request and tells the runner how each ended."""

    def __init__(self, runner: Connection) -> None:
        self._runner = runner
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._selector.register(self._runner, selectors.EVENT_READ)

    def serve(self) -> None:
        """Work until the runner is gone; leave no child behind."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._rope.fileno(), warn_on_full_buffer=False)
        try:
            while True:
                self._serve_once()
        except (EOFError, OSError):  # the runner ended
            pass
        finally:
            self._end_children()

    def _serve_once(self) -> None:
        for key, _ in self._selector.select():
            if key.fileobj is self._bell:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
            else:
                self._begin(*self._runner.recv())
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._tell(self._children.pop(pid), os.waitstatus_to_exitcode(status))

    def _begin(self, number: int, task: Task, folder: Path) -> None:
        if count_threads() != 1:
            raise RuntimeError("something started a thread; its locks would hang in a fork.")
        told, tell = os.pipe()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or no further process allowed
            os.close(told)
            os.close(tell)
            self._runner.send(("done", number, 0.0, f"no process could be started: {error}."))
            return
        if pid == 0:
            self._forget(told)
            from analysis.run.executors.child import run_child

            run_child(task, folder, tell, parent=parent)
        os.close(tell)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # the child does it too; whoever comes first
        self._children[pid] = Child(number=number, told=told, begun=time.perf_counter())

    def _forget(self, told: int) -> None:
        """In a child: close what is the warm process's own."""
        for held in (told, *(child.told for child in self._children.values())):
            os.close(held)
        self._selector.close()
        self._runner.close()
        self._bell.close()
        self._rope.close()

    def _tell(self, child: Child, code: int) -> None:
        os.set_blocking(child.told, False)
        told = b""
        with contextlib.suppress(BlockingIOError):
            told = os.read(child.told, 1 << 16)
        os.close(child.told)
        seconds = time.perf_counter() - child.begun
        answer: tuple[Any, ...] = ("died", child.number, code, seconds)
        if told:
            answer = ("done", child.number, *pickle.loads(told))
        self._runner.send(answer)

    def _end_children(self) -> None:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
