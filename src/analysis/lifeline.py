"""Processes that end with the one that started them, even when that one is killed outright."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""``man 2 prctl``: the signal this process gets when its parent dies."""


def die_with_parent(told_by: signal.Signals, *, parent: int) -> None:
    """Have the kernel send this process a signal when its parent is gone (Linux; else nothing).

    The parent, to Linux, is the thread that started this process.

    Parameters
    ----------
    told_by : Signals
        The signal.
    parent : int
        Process number of the parent, taken there before this process was started: asked here, it
        would be another's if the parent was killed in between, and this process would live on.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(told_by), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), told_by)
