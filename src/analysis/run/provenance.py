"""What made a run: inputs with their SHA-256, settings, versions, seed, commit, who and when."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from analysis.errors import SettingsError
from analysis.files import sha256_of
from analysis.places import data_folder, home
from analysis.run.cache_keys import Suite
from analysis.run.cache_prepared import Prepared
from analysis.run.tasks import Outcome

RUN_FILE = "run.json"
OF_THE_MOMENT = ("started", "seconds", "agent", "notebooks", "git_commit")
"""What run.json says and the report does not: it differs between runs of the same inputs."""

AGENT = "RELIEFCHECK_AGENT"
"""Environment variable that names who ran it; the machine's user is not told."""

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
    run_id: str,
    prepared: Prepared,
    conditions: Sequence[str],
    outcomes: Sequence[Outcome],
    suite: Suite,
    started: datetime,
    seconds: float,
) -> dict[str, Any]:
    """Return the content of run.json, but for the outputs.

    Files are told by name, not by path: a report is handed on, the maker's folders are not.
    """
    facts = prepared.facts
    return {
        "run_id": run_id,
        "export": facts["name"],
        "synthetic": facts["synthetic"],
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "agent": os.environ.get(AGENT, ""),
        "conditions": list(conditions),
        "settings": dict(facts["settings"]),
        "seed": facts["settings"]["seed"],
        "inputs": dict(facts["inputs"]),
        "ledger": {
            path.name: sha256_of(path) for path in sorted((data_folder() / "claims").glob("*"))
        },
        "code_sha256": suite.code,
        "notebooks": [_of_notebook(outcome, suite) for outcome in _by_name(outcomes)],
        "versions": {"python": platform.python_version(), **_versions()},
        "git_commit": git_commit(),
    }


def _by_name(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: outcome.task.name)


def _of_notebook(outcome: Outcome, suite: Suite) -> dict[str, Any]:
    return {
        "notebook": outcome.task.notebook,
        "condition": outcome.task.condition,
        "seconds": round(outcome.seconds, 1),
        "reused": outcome.reused,
        "error": outcome.error,
        "sha256": suite.notebooks.get(outcome.task.notebook, ""),
    }


def for_report(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the report may print of run.json: the same for the same inputs.

    The clock is in run.json alone, unless SOURCE_DATE_EPOCH fixes it.
    """
    told = {name: value for name, value in about.items() if name not in OF_THE_MOMENT}
    return told | ({"started": about["started"]} if os.environ.get("SOURCE_DATE_EPOCH") else {})


def now() -> datetime:
    """Return the time of the run: SOURCE_DATE_EPOCH where it is set, else the clock.

    Raises
    ------
    SettingsError
        SOURCE_DATE_EPOCH is no number of seconds.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not told:
        return datetime.now().astimezone()
    try:
        return datetime.fromtimestamp(int(told), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"SOURCE_DATE_EPOCH is '{told}'; it must be a number of seconds since 1970."
        ) from None


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
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head + ("+changes" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=home(), capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def hash_outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a run folder but run.json itself."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / RUN_FILE and not path.name.startswith(".lock")
    }
