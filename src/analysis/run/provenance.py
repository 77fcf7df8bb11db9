"""What made a run: inputs with their SHA-256, settings, versions, seed, commit, time."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from analysis.places import home, notebook_folder
from analysis.run.tasks import Outcome
from analysis.settings import AnalysisSettings
from analysis.sources.export import sha256_of

PACKAGES = [
    "reliefcheck",
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "papermill",
    "jupyterlab",
    "pyarrow",
]


def describe_run(
    *,
    export_name: str,
    synthetic: bool,
    settings: AnalysisSettings,
    files: Mapping[Path, str],
    conditions: Sequence[str],
    outcomes: Sequence[Outcome],
    started: datetime,
    seconds: float,
) -> dict[str, Any]:
    """Return the content of run.json.

    Files are told by name, not by path: a report is handed on, the maker's folders are not.
    """
    return {
        "export": export_name,
        "synthetic": synthetic,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "conditions": list(conditions),
        "settings": settings.model_dump(),
        "seed": settings.seed,
        "inputs": {path.name: digest for path, digest in files.items()},
        "ledger": {
            path.name: sha256_of(path) for path in sorted((home() / "data/claims").glob("*.csv"))
        },
        "notebooks": [
            {
                "notebook": outcome.task.notebook,
                "condition": outcome.task.condition,
                "seconds": round(outcome.seconds, 1),
                "error": outcome.error,
                "sha256": sha256_of(notebook_folder() / f"{outcome.task.notebook}.ipynb"),
            }
            for outcome in sorted(outcomes, key=lambda o: o.task.name)
        ],
        "versions": {"python": platform.python_version(), **_versions()},
        "git_commit": git_commit(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def git_commit() -> str:
    """Return the commit of the checkout (with ``+changes`` when files differ), or ``unknown``."""
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+changes" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=home(), capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()
