"""What a cell prints, in Python or below it, as the stream messages a kernel would send."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TOLD_AFTER_SECONDS = 0.2
"""Text waits this long for more before it is sent, as in ipykernel's own streams."""


class CellStream(io.TextIOBase):
    """Takes the place of ``sys.stdout`` or ``sys.stderr`` while a cell runs.

    What libraries in C and other programs write to the file descriptor is caught in a file in
    memory, which never blocks them and needs no thread, and is told in its place.

    Parameters
    ----------
    name : str
        ``stdout`` or ``stderr``.
    descriptor : int
        1 or 2.
    publish : callable
        Told the name and the text.
    """

    def __init__(self, name: str, descriptor: int, publish: Callable[[str, str], None]) -> None:
        self.name = name
        self._descriptor = descriptor
        self._publish = publish
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._since = 0.0
        self._process = os.getpid()
        self._outside = os.dup(descriptor)
        self._caught = os.memfd_create(f"cell-{name}")
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.neighbour: CellStream | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What ipykernel's streams say."""
        return "UTF-8"

    def fileno(self) -> int:
        """Return the descriptor outside the notebook, as ipykernel's streams do."""
        return self._outside

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Keep text until it is told."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._process:  # a process the notebook forked: it comes back by the file
            os.write(self._descriptor, text.encode("utf-8", "backslashreplace"))
            return len(text)
        with self._lock:
            if self.neighbour is not None:
                self.neighbour.tell_if_due()
            self.tell_if_due()
            self._catch_up()
            self._keep(text)
        return len(text)

    def flush(self) -> None:
        """Tell what waits."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._catch_up()
            text, self._waiting = "".join(self._waiting), []
            if text:
                self._publish(self.name, text)

    def tell_if_due(self) -> None:
        """Tell text that has waited long enough."""
        if self._waiting and time.monotonic() - self._since > TOLD_AFTER_SECONDS:
            self.flush()

    def open_cell(self) -> None:
        """Catch the descriptor; what came between cells belongs to none."""
        self._read = os.fstat(self._caught).st_size
        os.dup2(self._caught, self._descriptor)

    def close_cell(self) -> None:
        """Tell the rest and let the descriptor go."""
        self.flush()
        os.dup2(self._outside, self._descriptor)

    def _keep(self, text: str) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(text)

    def _catch_up(self) -> None:
        size = os.fstat(self._caught).st_size
        if size > self._read:
            raw = os.pread(self._caught, size - self._read, self._read)
            self._read += len(raw)
            self._keep(self._decoder.decode(raw))


class CellStreams:
    """Both streams of a notebook's process.

    Parameters
    ----------
    publish : callable
        Told the stream's name and the text.
    """

    def __init__(self, publish: Callable[[str, str], None]) -> None:
        self.stdout = CellStream("stdout", 1, publish)
        self.stderr = CellStream("stderr", 2, publish)
        self.stdout.neighbour, self.stderr.neighbour = self.stderr, self.stdout

    @contextmanager
    def cell(self) -> Iterator[None]:
        """Catch what a cell prints, for as long as it runs."""
        outside = sys.stdout, sys.stderr
        for stream in outside:
            stream.flush()
        for own in (self.stdout, self.stderr):
            own.open_cell()
        sys.stdout, sys.stderr = self.stdout, self.stderr
        try:
            yield
        finally:
            for file in (sys.__stdout__, sys.__stderr__):
                if file is not None:
                    file.flush()
            for own in (self.stdout, self.stderr):
                own.close_cell()
            sys.stdout, sys.stderr = outside
