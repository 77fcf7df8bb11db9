"""Kernels that talk over sockets in the file system: no port is opened on the machine."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class QuietKernelManager(AsyncKernelManager):
    """A kernel manager on IPC sockets in a private folder, which only this user can reach.

    The stock manager listens on TCP ports of the machine, where whoever shares it could read
    patients' results as they pass. Each kernel gets a folder of its own: the default name is the
    same for all kernels started from one folder, and two at a time would talk to each other.
    Windows has no such sockets and keeps TCP on loopback.
    """

    @default("transport")
    def _transport(self) -> str:
        return "tcp" if sys.platform == "win32" else "ipc"

    @default("ip")
    def _ip(self) -> str:
        if self.transport != "ipc":
            return "127.0.0.1"
        return str(Path(tempfile.mkdtemp(prefix="reliefcheck-kernel-")) / "k")

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets and their folder."""
        super().cleanup_ipc_files()
        if self.transport == "ipc":
            shutil.rmtree(Path(self.ip).parent, ignore_errors=True)
