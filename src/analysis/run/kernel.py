"""The kernel of the engine ``papermill``: this interpreter's own, whatever else is installed."""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class OwnKernel(AsyncKernelManager):
    """Starts this interpreter: a kernelspec named python3 may be stale, or another's."""

    @default("kernel_spec_manager")
    def _own_specs(self) -> KernelSpecManager:
        return KernelSpecManager(parent=self, kernel_dirs=[])
