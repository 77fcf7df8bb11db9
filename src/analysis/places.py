"""Where the suite's own files lie: the checkout's data/ and notebooks/, or the installed copy."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """Return the project folder: RELIEFCHECK_HOME, the checkout, or the package's own copy."""
    told = os.environ.get("RELIEFCHECK_HOME")
    if told:
        return Path(told)
    checkout = _PACKAGE.parent.parent
    return checkout if (checkout / "notebooks").is_dir() else _PACKAGE / "_home"


def data_folder() -> Path:
    """Return the folder of conditions, claims and the demo export."""
    return home() / "data"


def notebook_folder() -> Path:
    """Return the folder of the notebooks."""
    return home() / "notebooks"


def find_path(text: str) -> Path:
    """Return a path given by a user or a notebook: from the working folder, else from home.

    A notebook runs in its own folder in JupyterLab and in the project's folder under papermill;
    ``data/demo`` must mean the same in both.
    """
    path = Path(text).expanduser()
    if path.is_absolute() or path.exists():
        return path
    at_home = home() / path
    return at_home if at_home.exists() else path


def out_path(text: str) -> Path:
    """Return where a notebook writes: absolute as given, else from the project folder."""
    path = Path(text).expanduser()
    return path if path.is_absolute() else home() / path
