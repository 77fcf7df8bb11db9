"""report.pdf made in a process of its own while the other forms are written.

Laying out its pages takes longer than all else together, and nothing waits for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from analysis.lifeline import die_with_parent
from analysis.report.pdf import write_report_pdf


@contextmanager
def report_pdf_aside(path: Path, context: Mapping[str, Any]) -> Iterator[None]:
    """Make report.pdf while the body of the block does something else; it is there at its end.

    Where no process can be forked safely, and where the one that was did not bring the file, it is
    made after the body, so that what stands in its way is told as ever.

    Parameters
    ----------
    path, context
        As for `analysis.report.pdf.write_report_pdf`, whose errors come from the end of the block.
    """
    maker = _begin(path, context) if _can_fork() else None
    try:
        yield
    except BaseException:
        if maker is not None:
            maker.kill()
            maker.join()
        raise
    if maker is not None:
        maker.join()
    if maker is None or maker.exitcode != 0:
        write_report_pdf(path, context)


def _can_fork() -> bool:
    """Return whether a fork gains time, and no other thread holds a lock that it would copy."""
    known = hasattr(os, "sched_getaffinity") and "fork" in get_all_start_methods()
    return known and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _begin(path: Path, context: Mapping[str, Any]) -> BaseProcess | None:
    maker = get_context("fork").Process(
        target=_make, args=(path, context, os.getpid()), daemon=True
    )
    try:
        with warnings.catch_warnings():
            # Newer Pythons warn of threads they did not start: those of NumPy and Arrow mind forks.
            warnings.simplefilter("ignore", DeprecationWarning)
            maker.start()
    except OSError:  # no memory, or no further process allowed
        return None
    return maker


def _make(path: Path, context: Mapping[str, Any], parent: int) -> None:
    status = 1
    with contextlib.suppress(BaseException):
        die_with_parent(signal.SIGKILL, parent=parent)
        write_report_pdf(path, context)
        status = 0
    os._exit(status)
