"""The result rows of a release: the one place where numbers are withheld.

Everything else in a release (tables, figures, sentences, verdicts) is made from these rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from analysis.contract.identifiers import find_identifiers
from analysis.outcomes import table_one
from analysis.outcomes.rows import ResultRow
from analysis.release.cells import RowCells, cells_of, count_table
from analysis.release.coarse import (
    SMALLEST_CURVE_N,
    curve_rows_to_print,
    round_characteristic,
    round_curve_point,
    round_numbers,
)
from analysis.release.relations import LARGEST_SMALL
from analysis.release.suppress import Suppression, choose_withheld
from analysis.wording.texts import say

WITHHELD = "withheld"
"""Status of a row whose number is not released."""

CLAIM_COST, WHOLE_COST, END_COST = 500.0, 3.0, 3.0
"""How much more a number is worth to readers: behind a claim, of a whole condition, at the end of
the series. They steer which of two numbers is withheld, never whether one is safe."""


@dataclass(frozen=True, kw_only=True)
class ReleasedRow:
    """A row of a release.

    Parameters
    ----------
    row : ResultRow
        As printed; its numbers are meaningful only where ``hidden`` does not name them.
    hidden : tuple of str
        Fields that are withheld: ``value``, ``n``, ``n_missing``, ``n_events``.
    """

    row: ResultRow
    hidden: tuple[str, ...] = ()

    @property
    def printed(self) -> bool:
        """Whether the number itself is released; how many are not known may be withheld."""
        return "value" not in self.hidden

    @property
    def whole(self) -> bool:
        """Whether nothing of the row is withheld."""
        return not self.hidden

    def record(self) -> dict[str, Any]:
        """Return the row as plain values, None for every withheld one."""
        made = asdict(self.row) | {"warnings": list(self.row.warnings)}
        hidden = set(self.hidden) | ({"low", "high"} if "value" in self.hidden else set())
        if not self.printed:
            made["status"] = WITHHELD
        made |= dict.fromkeys(hidden)
        return made | {"result_id": self.row.result_id}

    def for_page(self) -> ResultRow:
        """Return a printed row for tables: a withheld count is None, which prints as a dash."""
        nothing: dict[str, Any] = dict.fromkeys(self.hidden)
        return replace(self.row, **nothing)

    def for_judging(self) -> ResultRow:
        """Return a printed row for verdicts, where a withheld count is 0 and said in words."""
        zero: dict[str, Any] = dict.fromkeys(self.hidden, 0)
        return replace(self.row, **zero)


@dataclass(frozen=True, kw_only=True)
class ReleasedRows:
    """All rows that a release tells of, and what was chosen to be withheld."""

    rows: tuple[ReleasedRow, ...]
    suppression: Suppression
    n_left_out: int

    @property
    def printed(self) -> list[ReleasedRow]:
        """Rows with their number."""
        return [row for row in self.rows if row.printed]

    @property
    def n_withheld(self) -> int:
        """Rows whose number is withheld."""
        return len(self.rows) - len(self.printed)


def release_rows(rows: Sequence[ResultRow], *, claimed: Collection[str] = ()) -> ReleasedRows:
    """Return the rows of a run as they are released.

    Parameters
    ----------
    rows : sequence of ResultRow
        Of the whole run, as computed.
    claimed : collection of str
        ``result_id`` of rows that a claim rests on: what is withheld spares them where it can.

    Returns
    -------
    ReleasedRows
        In the order of the run; rows of measures that are never released are left out.

    Raises
    ------
    RunError
        Should there be no safe choice.
    """
    named = _rename_groups(rows)
    told = [(row, cells) for row in named if (cells := cells_of(row)) is not None]
    cost: dict[str, float] = {}
    for row, cells in told:
        for name in filter(None, (cells.n, cells.events, cells.missing)):
            cost[name] = cost.get(name, 0.0) + _worth(row, claimed)
    chosen = choose_withheld(count_table(named), cost, cost=cost)
    points = curve_rows_to_print(named)
    made = tuple(_release(row, cells, chosen, points) for row, cells in told)
    return ReleasedRows(rows=made, suppression=chosen, n_left_out=len(rows) - len(made))


def _worth(row: ResultRow, claimed: Collection[str]) -> float:
    worth = CLAIM_COST if row.result_id in claimed else 1.0
    worth *= WHOLE_COST if row.group_by == "all" else 1.0
    return worth * (END_COST if row.visit in ("end", "") else 1.0)


def _release(
    row: ResultRow, cells: RowCells, chosen: Suppression, points: Collection[str]
) -> ReleasedRow:
    withheld = chosen.withheld
    fields = {"n": cells.n, "n_events": cells.events, "n_missing": cells.missing}
    hidden = [name for name, cell in fields.items() if cell in withheld]
    if cells.missing is None and row.n_missing:
        hidden.append("n_missing")  # no relation guards it, so it is told by nobody
    needed = {*cells.needed, *_also_needed(row, cells)}
    coarse = _coarse(row, points)
    if needed & withheld or coarse is None:
        why = "step" if coarse is None else "small" if needed & chosen.small else "further"
        # A withheld count row must not tell its number in another field.
        every = ("value", *hidden, *(("n_events",) if row.n_events is not None else ()))
        bare = replace(row, warnings=(say(f"release_words.{why}"),))
        return ReleasedRow(row=bare, hidden=tuple(dict.fromkeys(every)))
    remarks = _remarks(row)
    remarks += (say("release_words.not_known"),) if "n_missing" in hidden else ()
    return ReleasedRow(row=replace(coarse, warnings=remarks), hidden=tuple(hidden))


def _also_needed(row: ResultRow, cells: RowCells) -> set[str]:
    """Return further cells that a row's number tells: those not known, where they shape it.

    With those not rated counted as zero, a mean over all starters divided by the mean of those
    rated is the share rated. Bounds for those not known are computed from their count. A number of
    table 1 stands beside how many it leaves out, or not at all.
    """
    counted_as_zero = row.unit in ("percent", "score") and row.population == "all_starters"
    shaped = cells.missing and (counted_as_zero or row.population == "bounds")
    shaped = shaped or (cells.missing and row.measure == table_one.NUMBER)
    return {cells.missing} if shaped and cells.missing else set()


def _coarse(row: ResultRow, points: Collection[str]) -> ResultRow | None:
    """Return a row with its numbers as coarse as its kind asks; None for one not printed."""
    if row.measure == "relieved_share":
        return round_curve_point(row) if row.result_id in points else None
    if row.measure == table_one.NUMBER:
        return round_characteristic(row)
    if row.measure == "relief_duration":
        timed = row.group_by == "all" and row.n >= SMALLEST_CURVE_N
        return round_numbers(replace(row, n_events=None)) if timed else None
    if row.unit in ("percent", "score", "weeks"):
        return round_numbers(row) if row.n > LARGEST_SMALL else None
    return row


def _remarks(row: ResultRow) -> tuple[str, ...]:
    """Return the warnings that hold no digit; one with a count is replaced."""
    kept = tuple(text for text in row.warnings if not re.search(r"\d", text))
    return kept + ((say("release_words.remark"),) if len(kept) < len(row.warnings) else ())


def _rename_groups(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return rows in which a group whose name holds an identifier is called by a number."""
    names = sorted({row.group for row in rows if find_identifiers(row.group)})
    called = {name: say("release_words.group", n=n) for n, name in enumerate(names, start=1)}
    return [replace(row, group=called[row.group]) if row.group in called else row for row in rows]
