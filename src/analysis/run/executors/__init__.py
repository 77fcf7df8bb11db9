"""Who executes notebooks: a forked child of a warm process each, or papermill's own kernels."""

from analysis.run.executors.choose import (
    ENGINES,
    Engine,
    check_engine,
    default_engine,
    open_executor,
)

__all__ = ["ENGINES", "Engine", "check_engine", "default_engine", "open_executor"]
