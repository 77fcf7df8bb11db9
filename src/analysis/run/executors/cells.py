"""A kernel without sockets and threads: it executes cells in this very process.

It is ipykernel's own kernel and shell, so that displays, results, errors, magics and figures come
out as always; only the messages are kept in queues instead of being sent.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from queue import Empty
from types import SimpleNamespace
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.displayhook import ZMQDisplayHook
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError
from traitlets import Type
from traitlets.config import Config

from analysis.run.executors.hiding import hidden_modules
from analysis.run.executors.streams import CellStreams

Message = dict[str, Any]


class QueueSession(Session):
    """Puts messages into queues, in the form in which the other end would read them."""

    def send(  # type: ignore[override]
        self,
        stream: deque[Message],
        msg_or_type: Message | str,
        content: Message | None = None,
        parent: Message | None = None,
        ident: object = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: Message | None = None,
        metadata: Message | None = None,
    ) -> Message:
        """Append a message to a queue; its content goes through JSON as on the wire."""
        message = msg_or_type
        if isinstance(message, str):
            message = self.msg(message, content, parent, header, metadata)
        for part in ("content", "metadata"):
            message[part] = self.unpack(self.pack(message[part]))
        message["buffers"] = buffers or []
        stream.append(message)
        return message


class CellCompiler(XCachingCompiler):
    """Tells `inspect` that a cell's file is no module's.

    It would find that out by itself, by a search through all modules for each frame of each
    traceback; with everything imported, an endless recursion would take minutes to show.
    """

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return the file name of a cell's code."""
        name = str(super().get_code_name(raw_code, transformed_code, number))
        inspect.modulesbyfile[name] = "no module"
        return name


class CellKernel(IPythonKernel):
    """ipykernel's kernel, asked by a call instead of a message."""

    compiler_class = Type(CellCompiler)
    shell_queue: deque[Message]
    queue_session: QueueSession

    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits behind a cell."""

    async def execute(self, code: str, *, store_history: bool, stop_on_error: bool) -> str:
        """Execute code; its messages lie in the queues afterwards. Returns the request's id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        request = self.queue_session.msg("execute_request", content)
        self.set_parent([], request, channel="shell")
        self._publish_status("busy", "shell")
        await self.execute_request(self.shell_queue, [], request)
        return str(request["header"]["msg_id"])


def silent_log() -> logging.Logger:
    """Return a log for the kernel that never shows among a notebook's own messages."""
    log = logging.getLogger(f"{__name__}.kernel")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log


def make_kernel() -> CellKernel:
    """Return this process's kernel, made when first asked for; it starts no thread.

    Its profile's start-up files and settings are left out: a report must not depend on who runs
    it. The history of cells is kept in memory, as nbclient asks of any kernel.
    """
    if CellKernel.initialized():
        return CellKernel.instance()
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    session = QueueSession(key=b"")
    queue: deque[Message] = deque()
    with hidden_modules("debugpy"):  # cells are not stepped through
        kernel = CellKernel.instance(
            config=config, session=session, iopub_socket=queue, log=silent_log()
        )
    kernel.shell_queue, kernel.queue_session = deque(), session
    kernel.shell_channel_thread = SimpleNamespace(parent_thread=None)
    kernel._execute_sleep = 0.0
    app = IPKernelApp.instance()  # never started; magics and libraries ask it for the kernel
    app.kernel, app.shell = kernel, kernel.shell
    app.init_extensions()  # %store
    hook: Any = ZMQDisplayHook(session, queue)
    hook.get_execution_count = lambda: kernel.execution_count
    sys.displayhook = hook
    return kernel


class Channel:
    """The reading end of a queue, as nbclient expects it."""

    def __init__(self, queue: deque[Message]) -> None:
        self._queue = queue

    async def get_msg(self, timeout: float | None = None) -> Message:
        """Return the oldest message; all there will ever be are there."""
        if not self._queue:
            raise Empty
        return self._queue.popleft()


class CellClient:
    """What nbclient drives in place of a kernel client, and its manager.

    Parameters
    ----------
    kernel : CellKernel
    before : callable
        Called before each cell that is executed.
    """

    has_kernel = True
    allow_stdin = False

    def __init__(self, kernel: CellKernel, *, before: Callable[[], object] = int) -> None:
        self._kernel = kernel
        self._before = before
        self._streams = CellStreams(self._publish)
        self.shell_channel = Channel(kernel.shell_queue)
        self.iopub_channel = Channel(kernel.iopub_socket)

    async def execute(
        self, code: str, store_history: bool = True, stop_on_error: bool = True
    ) -> str:
        """Execute a cell to its end."""
        kernel = self._kernel
        shell: Any = kernel.shell
        if shell.exit_now:
            raise DeadKernelError("Kernel died")
        self._before()
        with self._streams.cell():
            asked = await kernel.execute(
                code, store_history=store_history, stop_on_error=stop_on_error
            )
        kernel._publish_status("idle", "shell")
        return asked

    def kernel_info(self) -> str:
        """Queue what the language is."""
        request = self._kernel.queue_session.msg("kernel_info_request")
        content = {"language_info": self._kernel.language_info}
        queue = self._kernel.shell_queue
        self._kernel.queue_session.send(queue, "kernel_info_reply", content, request)
        return str(request["header"]["msg_id"])

    def is_alive(self) -> bool:
        """As alive as this process."""
        return True

    def _publish(self, name: str, text: str) -> None:
        kernel = self._kernel
        whole = text.encode("utf-8", "backslashreplace").decode()  # none is lost
        content = {"name": name, "text": whole}
        kernel.queue_session.send(
            kernel.iopub_socket, "stream", content, kernel.get_parent("shell")
        )
