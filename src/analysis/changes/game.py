"""The game of the factors: what is mixed with what, and every number in every mixture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from analysis.changes.factors import DATA_FACTORS, ExportChanges, compare_exports, mix_exports
from analysis.changes.inputs import RunData
from analysis.changes.pieces import Point
from analysis.changes.recompute import Progress, recompute
from analysis.changes.shapley import Coalition, coalitions
from analysis.derive.datasets import Datasets, derive_datasets
from analysis.errors import ReliefcheckError
from analysis.settings import AnalysisSettings

SETTINGS, CODE = "settings", "code"
DATA, DATA_AND_SETTINGS = "data", "data_and_settings"
CHANCE_SETTINGS = ("seed", "bootstrap_replicates")
"""Settings that no point value depends on."""


@dataclass(frozen=True, kw_only=True)
class Game:
    """Every number of every mixture of two runs.

    Parameters
    ----------
    changes : ExportChanges
        The two exports, row by row.
    factors : tuple of str
        What differs, as far as it can be told apart.
    points : mapping of frozenset to mapping of str to Point
        By the factors that are as in run B: recomputed numbers by result id.
    why_together : str
        Why factors had to be taken together; empty when they did not.
    """

    changes: ExportChanges
    factors: tuple[str, ...]
    points: Mapping[Coalition, Mapping[str, Point]]
    why_together: str = ""

    @property
    def before(self) -> Mapping[str, Point]:
        """Run A made again by this version."""
        return self.points[frozenset()]

    @property
    def after(self) -> Mapping[str, Point]:
        """Run B made again by this version."""
        return self.points[frozenset(self.factors)]


def play(
    a: RunData,
    b: RunData,
    conditions: Iterable[str],
    *,
    everything: bool,
    workers: int,
    wanted: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Game:
    """Recompute every mixture of two runs that keep their data.

    Parameters
    ----------
    a, b : RunData
        Both with their export.
    conditions : iterable of str
        Whose rows are wanted.
    everything, workers, wanted, progress
        As `analysis.changes.recompute.recompute`.

    Raises
    ------
    ReliefcheckError
        Not even a run itself can be derived by this version.
    """
    assert a.export is not None and b.export is not None
    changes = compare_exports(a.export, b.export)
    fine = factors_between(changes, a.settings, b.settings, everything=everything)
    why, groups, mixtures = _first_that_derives(changes, a, b, fine)
    made = recompute(
        list(mixtures.values()),
        conditions,
        everything=everything,
        workers=workers,
        wanted=wanted,
        progress=progress,
    )
    return Game(
        changes=changes,
        factors=groups,
        points=dict(zip(mixtures, made, strict=True)),
        why_together=why,
    )


def factors_between(
    changes: ExportChanges, a: AnalysisSettings, b: AnalysisSettings, *, everything: bool
) -> tuple[str, ...]:
    """Return what differs between two runs, code apart: an unchanged factor changes nothing."""
    names = differing_settings(a, b)
    if not everything:
        names = [name for name in names if name not in CHANCE_SETTINGS]
    return (*changes.factors, *([SETTINGS] if names else []))


def differing_settings(a: AnalysisSettings, b: AnalysisSettings) -> list[str]:
    """Return the names of the settings that two runs do not share."""
    there, here = a.model_dump(), b.model_dump()
    return [name for name in there if there[name] != here[name]]


Mixtures = dict[Coalition, tuple[Datasets, AnalysisSettings]]


def _first_that_derives(
    changes: ExportChanges, a: RunData, b: RunData, fine: tuple[str, ...]
) -> tuple[str, tuple[str, ...], Mixtures]:
    """Derive all mixtures; where one is no valid export, take factors together and say why."""
    data = tuple(factor for factor in fine if factor in DATA_FACTORS)
    coarser: list[dict[str, tuple[str, ...]]] = [
        {factor: (factor,) for factor in fine},
        {DATA: data, **{f: (f,) for f in fine if f == SETTINGS}},
        {DATA_AND_SETTINGS: fine},
    ]
    why = ""
    for groups in coarser:
        try:
            return why, tuple(groups), _derive(changes, a, b, groups)
        except ReliefcheckError as error:
            why = why or str(error)
            last = error
    raise last


def _derive(
    changes: ExportChanges, a: RunData, b: RunData, groups: Mapping[str, tuple[str, ...]]
) -> Mixtures:
    made: Mixtures = {}
    for chosen in coalitions(tuple(groups)):
        applied = {factor for group in chosen for factor in groups[group]}
        whole = len(chosen) == len(groups) and bool(groups)
        settings = b.settings if whole or SETTINGS in applied else a.settings
        made[chosen] = derive_datasets(mix_exports(changes, applied), settings), settings
    return made
