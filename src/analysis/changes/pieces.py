"""The pieces a recomputation is made of: one function of the suite on one condition's patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analysis.changes.reading import watched
from analysis.claims.ledger import load_ledger
from analysis.claims.whole import testimonials_of
from analysis.derive.datasets import Datasets
from analysis.outcomes.boosters import tabulate_boosters
from analysis.outcomes.flow import tabulate_flow
from analysis.outcomes.interval_relief import tabulate_definitions
from analysis.outcomes.losses import COMPETING
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.relief_rows import MAKERS as RELIEF_MAKERS
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import ALL
from analysis.outcomes.statements import MAKERS as STATEMENT_MAKERS
from analysis.outcomes.testimonials import tabulate_testimonials
from analysis.run.kept_tables import only_condition
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

Maker = Callable[[Datasets, AnalysisSettings, str], tuple[ResultRow, ...]]


def _tabulate_quoted(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return the rows on the testimonials that the ledger quotes about a condition."""
    told = [one for one in testimonials_of(load_ledger()) if one.condition == condition]
    return tuple(tabulate_testimonials(datasets, settings, told))


MAKERS: tuple[Maker, ...] = (
    tabulate_flow,
    tabulate_responders,
    tabulate_reductions,
    *RELIEF_MAKERS,
    *STATEMENT_MAKERS,
    _tabulate_quoted,
)
"""Every function whose rows can be split; of two rows of one name the later one counts."""

SLOW_MAKERS = (tabulate_definitions, tabulate_boosters)
"""Half of the time for three measures that no headline rests on; made when everything is asked."""


BOOTSTRAPPED = frozenset(
    [
        "relief_duration",
        "relief_duration_by_definition",
        "relief_duration_even_spread",
        "relief_mean",
        "relief_quartile",
        "relieved_share",
        "series_relief",
        "typical_reduction",
        ("percent_reduction", "mean_of_patients_bca"),
        ("percent_reduction", "median_of_patients"),
        ("percent_reduction", "ratio_of_means"),
    ]
)
"""Measures, or one definition of a measure, whose limits rest on a bootstrap."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What is read of a recomputed row; a limit is None where it was not made as in the run."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, order=True)
class Piece:
    """One function (by its place in `MAKERS`) on one condition."""

    condition: str
    maker: int


@dataclass(frozen=True, kw_only=True)
class MadePiece:
    """What a piece came to, and the parts of datasets and settings that it was read from."""

    points: dict[str, Point]
    reads: frozenset[str]


def pieces_of(conditions: tuple[str, ...], *, everything: bool) -> Iterator[Piece]:
    """Yield the pieces of a recomputation; without everything, the slow ones are left out."""
    for code in conditions:
        for number, maker in enumerate(MAKERS):
            if everything or maker not in SLOW_MAKERS:
                yield Piece(code, number)


def own_datasets(datasets: Datasets, condition: str) -> Datasets:
    """Return the datasets of one condition alone, or all of them where that is not the same."""
    return (None if condition == ALL else only_condition(datasets, condition)) or datasets


def make_piece(
    piece: Piece, own: Datasets, settings: AnalysisSettings, *, everything: bool
) -> MadePiece:
    """Compute one piece.

    Parameters
    ----------
    piece : Piece
    own : Datasets
        From `own_datasets`.
    settings : AnalysisSettings
    everything : bool
        Whether limits that rest on a bootstrap are wanted, too.
    """
    rows, reads = watched(
        lambda seen, told: tuple(MAKERS[piece.maker](seen, told, piece.condition)), own, settings
    )
    return MadePiece(points={row.result_id: _point(row, everything) for row in rows}, reads=reads)


def _point(row: ResultRow, everything: bool) -> Point:
    low, high = (None, None) if by_chance(row) and not everything else (row.low, row.high)
    return Point(value=row.value, low=low, high=high)


def by_chance(row: ResultRow) -> bool:
    """Return whether the limits of a row just made rest on a bootstrap."""
    if row.definition == COMPETING:  # the headline itself where no booster came first
        return row.method != say("outcomes.method.competing_median")
    return row.measure in BOOTSTRAPPED or (row.measure, row.definition) in BOOTSTRAPPED
