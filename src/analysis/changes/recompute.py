"""Result rows of mixtures of two runs, made by the suite's own functions, each thing once.

A mixture is cut into pieces (one function on one condition). A piece made for one mixture stands
for every other one that is the same in all that the piece read, which is watched, not guessed.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any

from analysis.changes.pieces import (
    MadePiece,
    Piece,
    Point,
    make_piece,
    own_datasets,
    pieces_of,
)
from analysis.changes.reading import Names
from analysis.derive.datasets import Datasets
from analysis.settings import AnalysisSettings

Mixture = tuple[Datasets, AnalysisSettings]
Progress = Callable[[int, int], None]
"""Told after each step: how many pieces are done, and how many there are."""

FEWEST_REPLICATES = 100
"""Bootstrap samples where only point values are read: the least the estimators take. Points do not
depend on the number of samples."""


def recompute(
    mixtures: Sequence[Mixture],
    conditions: Iterable[str],
    *,
    everything: bool = False,
    workers: int = 1,
    wanted: Collection[str] | None = None,
    progress: Progress | None = None,
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
    wanted : collection of str, optional
        Result ids that matter: pieces that make none of them for the first or the last mixture
        are left out of the others. All of them by default.
    progress : callable, optional

    Returns
    -------
    tuple of dict
        One dict a mixture, in order.
    """
    held = tuple((datasets, _asked(settings, everything)) for datasets, settings in mixtures)
    codes = tuple(conditions)
    with _hands(held, workers) as do:
        names = dict(do([partial(_name, at, code) for code in codes for at in range(len(held))]))
        pieces = list(pieces_of(codes, everything=everything))
        board = _Board(pieces=pieces, n_mixtures=len(held), names=names)
        while waves := board.next_wave(wanted):
            tasks = [partial(_make, at, own, everything) for at, own in waves]
            for at, made in do(tasks):
                board.take(at, made)
                if progress:
                    progress(board.n_done, len(pieces) * len(held))
    if progress:
        progress(len(pieces) * len(held), len(pieces) * len(held))
    return tuple(board.points_of(at) for at in range(len(held)))


def _asked(settings: AnalysisSettings, everything: bool) -> AnalysisSettings:
    fewer = {} if everything else {"bootstrap_replicates": FEWEST_REPLICATES}
    return settings.model_copy(update=fewer)


@dataclass(kw_only=True)
class _Board:
    """Which pieces of which mixtures are known, and which are to be made next."""

    pieces: list[Piece]
    n_mixtures: int
    names: Mapping[tuple[int, str], Names]
    made: dict[Piece, dict[int, MadePiece]] = field(default_factory=lambda: defaultdict(dict))
    dropped: set[Piece] = field(default_factory=set)

    @property
    def n_done(self) -> int:
        """Pieces that need no more work, over all mixtures."""
        known = sum(len(made) for piece, made in self.made.items() if piece not in self.dropped)
        return known + self.n_mixtures * len(self.dropped)

    def next_wave(self, wanted: Collection[str] | None) -> list[tuple[int, tuple[Piece, ...]]]:
        """Return what is to be made now: pieces of one condition by mixture, `all` patients first.

        First the two ends, which tell what is read; then one mixture of each kind that
        differs in it; again, where one of those read more than was known.
        """
        tasks: dict[tuple[str, int], list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            for at in self._next_of(piece, wanted):
                tasks[piece.condition, at].append(piece)
        largest = sorted(tasks.items(), key=lambda task: -len(task[1]))
        return [(at, tuple(own)) for (_, at), own in largest]

    def _next_of(self, piece: Piece, wanted: Collection[str] | None) -> list[int]:
        made = self.made[piece]
        if not made:
            return sorted({0, self.n_mixtures - 1})
        if wanted is not None and not any(
            name in wanted for m in made.values() for name in m.points
        ):
            self.dropped.add(piece)
        if piece in self.dropped:
            return []
        reads = frozenset().union(*(each.reads for each in made.values()))
        kinds: dict[Any, int] = {}
        for at in range(self.n_mixtures):
            if at not in made:
                kinds.setdefault(self._name(piece, at, reads), at)
        return list(kinds.values())

    def take(self, at: int, made: Mapping[Piece, MadePiece]) -> None:
        """Note what pieces of a mixture came to, for it and for all that are the same in it."""
        for piece, own in made.items():
            name = self._name(piece, at, own.reads)
            for other in range(self.n_mixtures):
                if self._name(piece, other, own.reads) == name:
                    self.made[piece].setdefault(other, own)

    def _name(self, piece: Piece, at: int, parts: Collection[str]) -> Any:
        return self.names[at, piece.condition].of_parts(parts)

    def points_of(self, at: int) -> dict[str, Point]:
        """Return the numbers of a mixture."""
        there = (self.made[piece].get(at) for piece in self.pieces)
        return {name: point for own in there if own for name, point in own.points.items()}


_held: tuple[Mixture, ...] = ()
"""The mixtures, in every process that works on them."""


def _hold(mixtures: tuple[Mixture, ...]) -> None:
    global _held
    _held = mixtures


def _name(at: int, code: str) -> tuple[tuple[int, str], Names]:
    datasets, settings = _held[at]
    return (at, code), Names.of(own_datasets(datasets, code), settings)


def _make(
    at: int, pieces: tuple[Piece, ...], everything: bool
) -> tuple[int, dict[Piece, MadePiece]]:
    datasets, settings = _held[at]
    own = own_datasets(datasets, pieces[0].condition)
    return at, {piece: make_piece(piece, own, settings, everything=everything) for piece in pieces}


Do = Callable[[Sequence[Callable[[], Any]]], Iterator[Any]]


@contextmanager
def _hands(held: tuple[Mixture, ...], workers: int) -> Iterator[Do]:
    """Yield what does tasks and gives their results as they come: this process, or some more.

    On Linux they are forked: imports and mixtures are there at once.
    """
    if workers <= 1:
        _hold(held)
        try:
            yield lambda tasks: (task() for task in tasks)
        finally:
            _hold(())
        return
    start = get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(
        workers, mp_context=start, initializer=_hold, initargs=(held,)
    ) as pool:
        yield lambda tasks: (one.result() for one in as_completed(map(pool.submit, tasks)))
