"""Tables of the page: headings, cells of text and small drawings, made from result rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.display.figures.labels import threshold_word
from analysis.outcomes.rows import ResultRow
from analysis.report.marks import interval_bar
from analysis.wording import words
from analysis.wording.numbers import NO_NUMBER, count_text, estimate_text, interval_text
from analysis.wording.texts import say

Band = tuple[float | None, float | None]
NO_BAND: Band = (None, None)

LONGEST_NOTE = 1500
"""Letters of a note under a table; the rest stands in the list of every number."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column's heading; ``numeric`` columns are set to the right."""

    text: str
    numeric: bool = False


@dataclass(frozen=True, kw_only=True)
class TableView:
    """A table to print. The first cell of each line heads it.

    ``marked`` are numbers of lines to set off: the ones a claim is judged on.
    """

    caption: str
    headings: tuple[Heading, ...]
    lines: tuple[tuple[str | Markup, ...], ...]
    note: str = ""
    marked: frozenset[int] = frozenset()


LONGEST_ID = 200
"""Letters of a fragment; a group may be named by 10,000."""


def row_anchor(row: ResultRow) -> str:
    """Return the fragment under which a row stands in the list of every number."""
    return f"r-{row.result_id[:LONGEST_ID]}"


def linked(row: ResultRow, text: str) -> Markup:
    """Return a number as a link to its result row."""
    return Markup('<a class="n" href="#{}">{}</a>').format(row_anchor(row), text)


def note_of(rows: Sequence[ResultRow]) -> str:
    """Return the methods and warnings of rows, each sentence once."""
    methods = list(dict.fromkeys(row.method for row in rows if row.method))
    warnings = list(dict.fromkeys(text for row in rows for text in row.warnings))
    said = [say("table.all_starters")] if any(map(_counts_missing, rows)) else []
    said += [say("table.method", methods="; ".join(methods))] if methods else []
    return words.plain_text(" ".join([*said, *warnings]), longest=LONGEST_NOTE)


def _counts_missing(row: ResultRow) -> bool:
    return row.measure == "responder_share" and row.population == "all_starters"


def estimates_table(
    rows: Sequence[ResultRow],
    *,
    caption: str,
    heads: Sequence[tuple[str, Callable[[ResultRow], str]]],
    band: Callable[[ResultRow], Band] = lambda row: NO_BAND,
    is_marked: Callable[[ResultRow], bool] = lambda row: False,
    beside: tuple[str, Callable[[ResultRow], str]] | None = None,
) -> TableView | None:
    """Return rows as a table: the given leading columns, then estimate, interval, n, a drawing.

    ``heads`` are headings, each with the text of a row; columns empty throughout are left out.
    ``beside`` is a further interval column. None when there are no rows.
    """
    if not rows:
        return None
    kept = [(title, tell) for title, tell in heads if any(tell(row) for row in rows)]
    kept = kept or list(heads[:1])
    drawn = any(interval_bar(r.value, r.low, r.high, unit=r.unit) for r in rows)
    beside = beside if beside and any(beside[1](row) for row in rows) else None
    further = [beside[0]] if beside else []
    numbers = [say("rows.estimate"), say("rows.interval"), *further,
               say("rows.patients"), say("rows.missing")]  # fmt: skip
    headings = [Heading(text=title) for title, _ in kept]
    headings += [Heading(text=title, numeric=True) for title in numbers]
    if drawn:
        banded = any(band(row) != NO_BAND for row in rows)
        headings.append(Heading(text=say("heads.drawn_band" if banded else "heads.drawn")))
    lines = []
    for row in rows:
        line: list[str | Markup] = [tell(row) or NO_NUMBER for _, tell in kept]
        line += [linked(row, estimate_text(row)), interval_text(row)]
        line += [beside[1](row) or NO_NUMBER] if beside else []
        line += [count_text(row.n), count_text(row.n_missing)]
        if drawn:
            line.append(interval_bar(row.value, row.low, row.high, unit=row.unit, band=band(row)))
        lines.append(tuple(line))
    return TableView(
        caption=caption,
        headings=tuple(headings),
        lines=tuple(lines),
        note=note_of(rows),
        marked=frozenset(place for place, row in enumerate(rows) if is_marked(row)),
    )


def crossed_table(
    rows: Sequence[ResultRow],
    *,
    caption: str,
    down: tuple[str, Callable[[ResultRow], str]],
    across: Callable[[ResultRow], str],
    show: Callable[[ResultRow], str | Markup] | None = None,
    with_note: bool = True,
) -> TableView | None:
    """Return rows with one thing down the side and another across the top; None without rows."""
    if not rows:
        return None
    title, side = down
    tops = list(dict.fromkeys(across(row) for row in rows))
    cells: dict[str, dict[str, str | Markup]] = {}
    for row in rows:
        cells.setdefault(side(row) or say("heads.all"), {}).setdefault(
            across(row), (show or plain_link)(row)
        )
    headings = [Heading(text=title), *(Heading(text=top, numeric=True) for top in tops)]
    lines = tuple(
        (name, *(found.get(top, NO_NUMBER) for top in tops)) for name, found in cells.items()
    )
    return TableView(
        caption=caption,
        headings=tuple(headings),
        lines=lines,
        note=note_of(rows) if with_note else "",
    )


def plain_link(row: ResultRow) -> Markup:
    """Return a row's number as a link to the row."""
    return linked(row, estimate_text(row))


def with_interval(row: ResultRow) -> Markup:
    """Return estimate and interval in one cell, the interval on a line of its own."""
    if row.value is None or (row.low is None and row.high is None):
        return plain_link(row)
    lines = Markup("{}<br><small>{}</small>")
    return lines.format(plain_link(row), interval_text(row))


def response_word(row: ResultRow) -> str:
    """Return what counts as response: "at least 30 %", or the definition without a threshold."""
    by_share = row.definition in ("", "percent_reduction") and row.threshold_pct is not None
    if by_share:
        return threshold_word(row.threshold_pct)
    told = (words.word(words.DEFINITIONS, row.definition), threshold_word(row.threshold_pct))
    return ", ".join(text for text in told if text)
