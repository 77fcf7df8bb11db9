"""Two runs compared: every row that moved with its split, and every verdict that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.changes.flips import Flip, find_flips
from analysis.changes.game import CODE, SETTINGS, Game, differing_settings, play
from analysis.changes.inputs import RunData
from analysis.changes.moved import MovedRow, has_moved, split_row
from analysis.changes.recompute import Progress
from analysis.changes.telling import FACTORS, MEANINGS, sizeable, tell_count
from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import count_text
from analysis.wording.texts import say


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One thing that differs between two runs: its name, how much of it, and what it means."""

    name: str
    told: str
    extent: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """What changed from run A to run B.

    Parameters
    ----------
    before, after : str
        Names of the run folders.
    synthetic : bool
        Whether the patients of either run are made up.
    factors : tuple of Factor
        What differs.
    moved : tuple of MovedRow
        Rows of both runs that are not the same: those that verdicts rest on, then the others, the
        biggest movers first.
    only_before, only_after : tuple of ResultRow
        Rows of one run only.
    n_same : int
        Rows that did not move.
    flips : tuple of Flip
    notes : tuple of str
        What a reader must know besides, a sentence each.
    labels : mapping of str to str
        Condition labels by code.
    n_mixtures : int
        Recomputations behind the splits; 0 where nothing could be split.
    """

    before: str
    after: str
    synthetic: bool
    factors: tuple[Factor, ...]
    moved: tuple[MovedRow, ...]
    only_before: tuple[ResultRow, ...]
    only_after: tuple[ResultRow, ...]
    n_same: int
    flips: tuple[Flip, ...]
    notes: tuple[str, ...]
    labels: Mapping[str, str]
    n_mixtures: int = 0


def compare_runs(
    a: RunData,
    b: RunData,
    *,
    everything: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> RunComparison:
    """Compare two runs.

    Parameters
    ----------
    a, b : RunData
        The earlier and the later run. Without data in both nothing is split.
    everything : bool
        Also split the measures that take long and the limits that rest on a bootstrap.
    workers : int, at least 1
        Processes for the recomputations.
    progress : callable, optional
        Told how many pieces of the recomputations are done, and how many there are.

    Returns
    -------
    RunComparison
        Comparing B with A gives the same parts with the other sign, new patients for patients
        gone.

    Raises
    ------
    ReliefcheckError
        This version of the suite cannot derive the data of a run.
    """
    shared = [name for name in b.rows if name in a.rows]
    changed = [name for name in shared if has_moved(a.rows[name], b.rows[name])]
    codes = tuple(dict.fromkeys(b.rows[name].condition for name in changed))
    game = None
    if changed and a.export is not None and b.export is not None:
        game = play(
            a,
            b,
            codes,
            everything=everything,
            workers=workers,
            wanted=set(changed),
            progress=progress,
        )
    rows = [split_row(a.rows[n], b.rows[n], game, everything=everything) for n in changed]
    settings = differing_settings(a.settings, b.settings)
    return RunComparison(
        before=a.name,
        after=b.name,
        synthetic=a.synthetic or b.synthetic,
        factors=tuple(_factors(a, b, game, rows)),
        moved=tuple(_by_size(rows, {str(one["result_id"]) for one in b.verdicts.values()})),
        only_before=tuple(row for name, row in a.rows.items() if name not in b.rows),
        only_after=tuple(row for name, row in b.rows.items() if name not in a.rows),
        n_same=len(shared) - len(changed),
        flips=find_flips(
            a.verdicts, b.verdicts, {row.result_id: row for row in rows}, settings=tuple(settings)
        ),
        notes=tuple(_notes(a, b, game)),
        labels={**load_conditions().labels, **_labels(a), **_labels(b)},
        n_mixtures=len(game.points) if game else 0,
    )


def _by_size(rows: list[MovedRow], judged: set[str]) -> list[MovedRow]:
    """Return rows with those that verdicts rest on first, then the biggest movers."""
    return sorted(rows, key=lambda row: (row.result_id in judged, *row.weight), reverse=True)


def _labels(run: RunData) -> Mapping[str, str]:
    return run.export.conditions.labels if run.export else {}


def _factors(a: RunData, b: RunData, game: Game | None, rows: list[MovedRow]) -> Iterator[Factor]:
    """Yield what differs; the data are told apart even where they had to be mixed together."""
    settings = differing_settings(a.settings, b.settings)
    for name in game.changes.factors if game else ():
        assert game is not None
        yield _factor(name, tell_count(game.changes.count(name)))
    if settings:
        pairs = [
            say("diff.setting", name=s, before=getattr(a.settings, s), after=getattr(b.settings, s))
            for s in settings
        ]
        yield _factor(SETTINGS, say("diff.joiner").join(pairs))
    moved = sum(CODE in sizeable(row.parts.get("value", {})) for row in rows)
    if moved:
        n = count_text(moved)
        yield _factor(CODE, say("diff.code_extent", n=n, versions=_versions(a, b)))


def _factor(name: str, extent: str) -> Factor:
    return Factor(name=name, told=FACTORS[name], extent=extent, meaning=MEANINGS[name])


def _versions(a: RunData, b: RunData) -> str:
    """Tell which versions and revisions differ between two runs."""
    there, here = (dict(run.about.get("versions", {})) for run in (a, b))
    for versions, run in ((there, a), (here, b)):
        versions[say("methods.revision")] = str(run.about.get("git_commit", ""))[:12]
    none = say("diff.no_version")
    told = [
        say("diff.version", name=name, before=there.get(name, none), after=here.get(name, none))
        for name in {**there, **here}
        if there.get(name) != here.get(name)
    ]
    return say("diff.joiner").join(told) or say("diff.same_versions")


def _notes(a: RunData, b: RunData, game: Game | None) -> Iterator[str]:
    for run in (a, b):
        if run.export is None:
            yield say("diff.notes.no_data", run=run.name)
    if a.about.get("ledger") != b.about.get("ledger"):
        yield say("diff.notes.other_ledger")
    lost, new = ([c for c in x.verdicts if c not in y.verdicts] for x, y in ((a, b), (b, a)))
    for claims, where in ((lost, a.name), (new, b.name)):
        if claims:
            yield say("diff.notes.only_judged", run=where, claims=say("diff.joiner").join(claims))
    if game is None:
        return
    if not game.changes.n_shared:
        yield say("diff.notes.no_shared_ids")
    if game.why_together:
        yield say("diff.notes.together", why=game.why_together)
