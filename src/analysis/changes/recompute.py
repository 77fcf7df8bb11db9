"""Result rows of mixtures of two runs, made by the suite's own functions, each thing once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import pandas as pd

from analysis.claims.ledger import load_ledger
from analysis.claims.whole import testimonials_of
from analysis.derive.datasets import Datasets
from analysis.outcomes.boosters import tabulate_boosters
from analysis.outcomes.flow import tabulate_flow
from analysis.outcomes.interval_relief import tabulate_definitions
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.relief_rows import MAKERS as RELIEF_MAKERS
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import ALL
from analysis.outcomes.statements import tabulate_statements
from analysis.run.kept_tables import FRAMES, only_condition
from analysis.settings import AnalysisSettings

SLOW_MAKERS = (tabulate_definitions, tabulate_boosters)
"""Half of the time for three measures that no headline rests on; made when everything is asked."""

FEWEST_REPLICATES = 100
"""Bootstrap samples where only point values are read: the least the estimators take. Points do not
depend on the number of samples."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What is read of a recomputed row; a limit is None where it was not made as in the run."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One condition of one mixture."""

    datasets: Datasets
    settings: AnalysisSettings
    condition: str
    everything: bool

    @property
    def name(self) -> str:
        """Name of all that goes in: two jobs of one name have one result."""
        parts = [self.condition, json.dumps(self.settings.model_dump()), str(self.everything)]
        parts += [self.datasets.recall, *self.datasets.visit_order]
        made = hashlib.sha256("\n".join(parts).encode())
        for frame in (getattr(self.datasets, name) for name in FRAMES):
            made.update("\t".join(map(str, frame.columns)).encode())
            made.update(pd.util.hash_pandas_object(frame).to_numpy().tobytes())
        return made.hexdigest()


def recompute(
    mixtures: Sequence[tuple[Datasets, AnalysisSettings]],
    conditions: Iterable[str],
    *,
    everything: bool = False,
    workers: int = 1,
) -> tuple[dict[str, Point], ...]:
    """Return the numbers of each mixture by result id.

    Parameters
    ----------
    mixtures : sequence of (Datasets, AnalysisSettings)
        Datasets derived under the settings.
    conditions : iterable of str
        Condition codes, ``all`` among them where it is wanted.
    everything : bool
        Also the slow measures, and all limits with the number of bootstrap samples that the
        settings name. Else limits that rest on a bootstrap are None.
    workers : int, at least 1
        Processes; 1 works in this one.

    Returns
    -------
    tuple of dict
        One dict a mixture, in order. Conditions that two mixtures share unchanged are made once.
    """
    codes = tuple(conditions)
    jobs = [
        [_job(datasets, settings, code, everything) for code in codes]
        for datasets, settings in mixtures
    ]
    once = {job.name: job for own in jobs for job in own}
    made = _make_all(once, workers)
    return tuple({k: v for job in own for k, v in made[job.name].items()} for own in jobs)


def _job(datasets: Datasets, settings: AnalysisSettings, code: str, everything: bool) -> _Job:
    if not everything:
        settings = settings.model_copy(update={"bootstrap_replicates": FEWEST_REPLICATES})
    own = (None if code == ALL else only_condition(datasets, code)) or datasets
    return _Job(datasets=own, settings=settings, condition=code, everything=everything)


def _make_all(jobs: Mapping[str, _Job], workers: int) -> dict[str, dict[str, Point]]:
    """Make the rows of every job; the largest come first, so that no process waits long."""
    ordered = sorted(jobs, key=lambda name: -len(jobs[name].datasets.change))
    workers = min(workers, len(ordered))
    if workers <= 1:
        return {name: _make(jobs[name]) for name in ordered}
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(ordered, pool.map(_make, map(jobs.get, ordered)), strict=True))


def _make(job: _Job) -> dict[str, Point]:
    rows: list[ResultRow] = []
    makers = [tabulate_flow, tabulate_responders, tabulate_reductions, *RELIEF_MAKERS]
    for maker in makers:
        if job.everything or maker not in SLOW_MAKERS:
            rows += maker(job.datasets, job.settings, job.condition)
    told = [one for one in testimonials_of(load_ledger()) if one.condition == job.condition]
    rows += tabulate_statements(job.datasets, job.settings, (job.condition,), testimonials=told)
    return {row.result_id: _point(row, job.everything) for row in rows}


def _point(row: ResultRow, everything: bool) -> Point:
    by_chance = "ootstrap" in row.method and not everything
    low, high = (None, None) if by_chance else (row.low, row.high)
    return Point(value=row.value, low=low, high=high)
