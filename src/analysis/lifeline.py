"""Processes that end with the one that started them, even when that one is killed outright."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""``man 2 prctl``: the signal this process gets when its parent dies."""


def die_with_parent(told_by: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent is gone (Linux; else nothing).

    The parent, to Linux, is the thread that started this process.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(told_by), 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        os.kill(os.getpid(), told_by)
