"""What a run was asked for, what goes into it, and what it gives back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.errors import SettingsError
from analysis.run.cache_keys import (
    Suite,
    digest_inputs,
    fingerprint_suite,
    reports_folder,
    run_key,
)
from analysis.run.cache_prepared import Inputs
from analysis.run.cache_store import Cache, default_cache, open_cache
from analysis.run.folder import check_out
from analysis.run.provenance import now
from analysis.run.tasks import Outcome


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What the user asked for.

    Parameters
    ----------
    export, mapping : Path
    conditions : tuple of str
        Condition codes; empty means all that have patients.
    settings : mapping
        Settings that win over those of the mapping.
    out : Path, optional
        Folder for the report; by default a new one under ``reports``.
    workers : int
        Notebooks at a time, at least 1.
    engine : str
        ``forked`` or ``papermill``; empty takes what is best on this machine.
    cache : Path or None
        Folder where results are kept; None reads and keeps nothing.
    release : bool
        Also make the release of the run, in a folder beside it.
    """

    export: Path
    mapping: Path | None = None
    conditions: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    out: Path | None = None
    workers: int = 2
    engine: str = ""
    cache: Path | None = field(default_factory=default_cache)
    release: bool = False


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Where the report lies and how the notebooks ended.

    ``notes`` are sentences for the user about what was reused or could not be; ``unchanged`` tells
    that an earlier run's report stands, because nothing that went in has changed. ``release`` is
    the folder of the release, where one was asked for and made.
    """

    folder: Path
    page: Path
    outcomes: tuple[Outcome, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    unchanged: bool = False
    release: Path | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Notebooks that stopped before their end, or could not begin."""
        return tuple(outcome for outcome in self.outcomes if outcome.failed)

    @property
    def reused(self) -> tuple[Outcome, ...]:
        """Notebooks that did not run, because an earlier run had the same inputs."""
        return tuple(outcome for outcome in self.outcomes if outcome.reused)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A request that has been looked at: what went in, what is kept, and when it began."""

    request: RunRequest
    suite: Suite
    cache: Cache
    inputs: Inputs
    started: datetime
    begun: float

    @property
    def key(self) -> str | None:
        """Key of the whole run; None when the export cannot be told by its bytes."""
        if self.inputs.digest is None:
            return None
        return run_key(
            inputs=self.inputs.digest,
            settings=self.inputs.settings,
            conditions=self.request.conditions,
            suite=self.suite,
        )

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.begun


def open_session(request: RunRequest) -> Session:
    """Check what was asked for and hash what goes in; nothing is written.

    Raises
    ------
    SettingsError
        Unknown engine, less than one worker, an output or cache folder that cannot be used.
    """
    begun = time.perf_counter()
    if request.workers < 1:
        raise SettingsError(f"workers is {request.workers}; at least one is needed.")
    engine_of(request)
    cache = open_cache(request.cache)
    if request.out is not None:
        check_out(request.out)
    outputs = tuple(
        each for each in (reports_folder(), cache.root, request.out) if each is not None
    )
    inputs = Inputs(
        export=request.export,
        mapping=request.mapping,
        settings=dict(request.settings or {}),
        digest=digest_inputs(request.export, request.mapping, outputs=outputs),
        outputs=outputs,
    )
    suite = fingerprint_suite()
    return Session(
        request=request, suite=suite, cache=cache, inputs=inputs, started=now(), begun=begun
    )


def engine_of(request: RunRequest) -> str:
    """Return the engine asked for, or the best here; SettingsError when there is none such."""
    from analysis.run.executors import check_engine, default_engine

    return check_engine(request.engine) if request.engine else default_engine()
