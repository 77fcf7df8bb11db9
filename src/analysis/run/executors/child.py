"""What a forked child does: become a process of its own, execute one notebook, tell, end."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import pickle
import signal
import weakref
from pathlib import Path
from typing import NoReturn

from ipykernel.kernelapp import IPKernelApp

from analysis.lifeline import die_with_parent
from analysis.run.executors.engine import ENGINE_NAME
from analysis.run.executors.execute import LONGEST_ERROR, execute_task
from analysis.run.tasks import Task

KILL_ME_FIRST = "500"
"""Of 1000: when memory runs out, Linux ends a notebook rather than the processes around it."""


def run_child(task: Task, folder: Path, tell: int, *, parent: int) -> NoReturn:
    """Execute a task in this forked process, write how it ended to a pipe, and end.

    Parameters
    ----------
    task : Task
    folder : Path
    tell : int
        Descriptor of the pipe; gets a pickled pair of seconds and error. A process that dies
        has written nothing.
    parent : int
        Process number of the one this process was forked from.
    """
    status = 1
    try:
        _stand_alone(parent)
        ended = execute_task(task, folder, engine_name=ENGINE_NAME)
        os.write(tell, pickle.dumps((ended.seconds, ended.error)))
        status = 0
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        os.write(tell, pickle.dumps((0.0, told)))
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        os._exit(status)


def _stand_alone(parent: int) -> None:
    """Cut what ties this process to the one it was forked from."""
    die_with_parent(signal.SIGKILL, parent=parent)
    os.setpgid(0, 0)  # programs that a notebook starts end with it, and Ctrl-C is not for it
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(KILL_ME_FIRST)
    _forget_exit_functions()
    _draw_new_random_numbers()
    IPKernelApp.instance().init_path()  # a notebook imports from its working folder
    gc.enable()


def _forget_exit_functions() -> None:
    """What the parent would clean up at its end is not this process's to clean up."""
    atexit._clear()
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    atexit.register(weakref.finalize._exitfunc)  # type: ignore[attr-defined]


def _draw_new_random_numbers() -> None:
    """Unseeded draws must differ between notebooks, as between kernels; Python sees to its own."""
    import numpy

    numpy.random.seed()  # noqa: NPY002 - the global generator is what notebooks would share
