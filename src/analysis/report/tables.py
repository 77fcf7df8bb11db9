"""Tables made from result rows: numbers as text, each cell with the row its number comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2s
from typing import Any, NamedTuple

import pandas as pd

from analysis.labels import (
    GROUPINGS,
    GROUPS,
    MEASURES,
    METHODS,
    POINTS,
    POPULATIONS,
    POPULATIONS_SHORT,
    condition_word,
    definition_word,
    notes_text,
    plain_text,
    scale_word,
    visit_word,
    word,
)
from analysis.numbers import (
    NO_NUMBER,
    count_text,
    estimate_text,
    interval_text,
    level_text,
    number_text,
)
from analysis.report.drawings import interval_bar
from analysis.results import Row, rows_of

Band = tuple[float | None, float | None]
Words = Callable[[Row], str]

NO_BAND: Band = (None, None)
LONGEST_NOTE = 1500
"""Letters of a note under a table; the list of every number has the rest."""

BY_TIME = ("quarter",)
"""Groupings that are no subgroups: they have a table and a figure of their own."""

SUBGROUPS = ("subtype", "protocol", "arm", "site")

_COLUMNS = {"name": "check", "n": "rows", "sentence": "what was found"}
"""Headings of registered tables whose columns are named for programs."""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second line under it, the fragment of the row it shows, footnotes."""

    text: str
    small: str = ""
    row: str = ""
    bar: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Heading:
    """A column's heading; numeric columns are set to the right."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table to print; the first cell of a line heads it.

    ``marked`` are the places of lines to set off, those a claim is judged on. ``note`` is about
    all of it, ``footnotes`` (letter and text) about the cells that bear the letter.
    """

    caption: str
    headings: tuple[Heading, ...]
    lines: tuple[tuple[Cell, ...], ...]
    note: str = ""
    marked: tuple[int, ...] = ()
    footnotes: tuple[tuple[str, str], ...] = ()


class MadeBy(NamedTuple):
    """The cell of an executed notebook that made a row, and its address."""

    name: str
    href: str


@dataclass(frozen=True)
class Group:
    """Rows of one measure made by one method in one cell, with what must be read with them."""

    measure: str
    about: str
    made_by: MadeBy
    lines: tuple[tuple[str, Row], ...]


def anchor(row: Row) -> str:
    """Return the fragment under which a row stands in the list of every number.

    A hash of its name: the page has thousands of them, and names are long.
    """
    name = row.result_id.encode("utf-8", "replace")
    return f"r-{blake2s(name, digest_size=6).hexdigest()}"


def cell_of(row: Row, *, with_interval: bool = False) -> Cell:
    """Return a row's number as a cell, the interval on a line of its own where it is asked for."""
    interval = interval_text(row) if with_interval and row.value is not None else NO_NUMBER
    return Cell(estimate_text(row), "" if interval == NO_NUMBER else interval, anchor(row))


def threshold_word(threshold_pct: float | None) -> str:
    """Return "at least 30%", or nothing where there is no threshold."""
    if threshold_pct is None:
        return ""
    return f"at least {number_text(threshold_pct, decimals=int(threshold_pct % 1 != 0))}%"


def response_word(row: Row) -> str:
    """Return what counts as response: "at least 30%", or the definition without a threshold."""
    threshold = threshold_word(row.threshold_pct)
    if threshold and row.definition in ("", "percent_reduction"):
        return threshold
    return ", ".join(text for text in (definition_word(row.definition), threshold) if text)


def group_word(row: Row) -> str:
    """Return the group of a row in words; nothing for all patients of a condition."""
    return "" if row.group_by == "all" else word(GROUPS, row.group) or "(not stated)"


def measure_word(row: Row) -> str:
    """Return what is measured, a score with its scale."""
    name = word(MEASURES, row.measure)
    return f"{name} ({scale_word(row.notes)})" if row.unit == "score" else name


def population_word(row: Row) -> str:
    """Return who is counted, in few words."""
    return word(POPULATIONS_SHORT, row.population)


def pick(rows: Iterable[Row], **keys: Any) -> list[Row]:
    """Return the rows whose fields equal the keys; a tuple means any of its values."""
    kept = list(rows)
    for name, want in keys.items():
        among = want if isinstance(want, tuple) else (want,)
        kept = [row for row in kept if getattr(row, name) in among]
    return kept


def readable(results: pd.DataFrame, *, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return results in words, as the report prints them, for the last line of a notebook cell.

    A line a row, in their order; columns in which all rows say the same are left out, but for the
    numbers. ``why`` says of a row without a number why there is none; absent where every row has
    one. ``labels`` are those of conditions by code.
    """
    words: dict[str, Words] = {
        "condition": lambda row: condition_word(row.condition, labels or {}),
        "group": group_word,
        "measure": measure_word,
        "definition": lambda row: definition_word(row.definition),
        "threshold": lambda row: threshold_word(row.threshold_pct),
        "counted": lambda row: word(POPULATIONS, row.population),
        "visit": lambda row: visit_word(row.visit),
    }
    numbers: dict[str, Words] = {
        "estimate": estimate_text,
        "interval": interval_text,
        "n": lambda row: count_text(row.n),
        "missing": lambda row: count_text(row.n_missing),
    }
    rows = rows_of(results)
    frame = pd.DataFrame(
        {name: [text(row) for row in rows] for name, text in (words | numbers).items()}, dtype=str
    )
    alike = [name for name in words if len(rows) > 1 and len(set(frame[name])) == 1]
    reasons = ["" if row.value is not None else notes_text(row.notes) for row in rows]
    if any(reasons):
        frame["why"] = reasons
    return frame.drop(columns=alike)


# --- two forms of table -------------------------------------------------------------------------


def not_due_words(rows: Sequence[Row]) -> str:
    """Return how many patients are not due yet at each visit, and so not in the numbers."""
    waiting = {row.visit: row.n_not_due for row in rows if row.n_not_due}
    if not waiting:
        return ""
    at = ", ".join(f"{count_text(n)} at {visit_word(visit)}" for visit, n in waiting.items())
    return f"Not due yet at the data cut, and not counted: {at}."


LETTERS = "abcdefghijklmnopqrstuvwxyz"

MISSING_COUNTS = {
    ("all_starters", "share"): "as no",
    ("all_starters", "percent"): "as unchanged",
    ("best_case", "share"): "as yes",
    ("imputed", "share"): "estimated",
    ("imputed", "percent"): "estimated",
}
"""What a missing outcome counts as, by population and unit; elsewhere it is left out."""

_AS_ZERO = re.compile(r"\bothers_(?:one|many)\((\d+)\)")


def missing_text(row: Row) -> str:
    """Return how many are not known and what they count as: "14, as no", "63, as 0 weeks"."""
    if found := _AS_ZERO.search(row.notes):
        return f"{count_text(int(found[1]))}, as 0 weeks"
    if not row.n_missing:
        return count_text(0)
    counts = MISSING_COUNTS.get((row.population, row.unit))
    counts = "left out" if counts is None and row.population == "observed" else counts
    return f"{count_text(row.n_missing)}, {counts}" if counts else count_text(row.n_missing)


def _said_of(row: Row) -> Iterator[str]:
    """Give what must be read with a row: the rule for the missing, its method, its notes."""
    shares = ("responder_share", "low_pain_share")
    if row.measure in shares and row.population == "all_starters":
        yield "All who started: a missing patient counts as not responding, a lower bound."
    if row.method != "count":
        text = METHODS[row.method]
        yield f"{text[:1].upper()}{text[1:]}."
    yield from (notes_text(each) for each in row.notes.split(";") if each)


def footnotes_of(rows: Sequence[Row]) -> tuple[str, tuple[tuple[str, str], ...], dict[str, str]]:
    """Return what is true of all rows, what of some under a letter, and each row's letters.

    The letters are by ``result_id``: "a", "a,c".
    """
    of: dict[str, list[str]] = {}
    for row in rows:
        for text in dict.fromkeys(_said_of(row)):
            of.setdefault(text, []).append(row.result_id)
    n = len({row.result_id for row in rows})
    common = [text for text, ids in of.items() if len(ids) == n]
    some = {text: ids for text, ids in of.items() if len(ids) < n}
    letters = dict(zip(some, LETTERS, strict=False))
    common += [text for text in some if text not in letters]
    marks: dict[str, list[str]] = {}
    for text, letter in letters.items():
        for name in some[text]:
            marks.setdefault(name, []).append(letter)
    return (
        plain_text(" ".join(common), longest=LONGEST_NOTE),
        tuple((letter, plain_text(text, longest=LONGEST_NOTE)) for text, letter in letters.items()),
        {name: ",".join(found) for name, found in marks.items()},
    )


def estimates_table(
    rows: Sequence[Row],
    *,
    caption: str,
    heads: Sequence[tuple[str, Words]],
    band: Callable[[Row], Band] = lambda row: NO_BAND,
    judged: frozenset[str] = frozenset(),
    further: Sequence[tuple[str, Words]] = (),
) -> Table | None:
    """Return a line a row: leading columns, estimate, interval, patients, missing, a drawing.

    None without rows. Who is not due yet has a column where there is anybody. ``heads`` are the
    headings of leading columns and ``further`` of further intervals, each with the text of a row;
    those empty throughout leave. ``band`` gives the cited band to draw behind a row's interval, and
    ``judged`` names the rows a claim is judged on.
    """
    if not rows:
        return None
    kept = [head for head in heads if any(head[1](row) for row in rows)] or list(heads[:1])
    second = [(title, text) for title, text in further if any(map(text, rows))]
    waits = any(row.n_not_due for row in rows)
    bars = [
        ""
        if r.unit == "score" and scale_word(r.notes) != POINTS
        else interval_bar(r.value, r.low, r.high, unit=r.unit, band=band(r))
        for r in rows
    ]
    headings = [Heading(title) for title, _ in kept]
    headings += [
        Heading(title, numeric=True)
        for title in ("Estimate", "Interval", *(title for title, _ in second), "Patients",
                      "Not known", *["Not due yet"] * waits)
    ]  # fmt: skip
    if any(bars):
        banded = any(band(row) != NO_BAND for row in rows)
        headings.append(Heading("Interval and cited band" if banded else "Interval drawn"))
    note, footnotes, marks = footnotes_of(rows)
    lines = []
    for row, bar in zip(rows, bars, strict=True):
        line = [Cell(text(row) or NO_NUMBER) for _, text in kept]
        mark = marks.get(row.result_id, "")
        line += [replace(cell_of(row), mark=mark), Cell(interval_text(row))]
        line += [Cell(text(row) or NO_NUMBER) for _, text in second]
        line += [Cell(count_text(row.n)), Cell(missing_text(row))]
        line += [Cell(count_text(row.n_not_due))] * waits
        lines.append((*line, Cell("", bar=bar)) if any(bars) else tuple(line))
    marked = tuple(place for place, row in enumerate(rows) if row.result_id in judged)
    return Table(caption, tuple(headings), tuple(lines), note, marked, footnotes)


def crossed_table(
    rows: Sequence[Row],
    *,
    caption: str,
    down: tuple[str, Words],
    across: Words,
    with_interval: bool = True,
    note: str | None = None,
) -> Table | None:
    """Return rows with one thing down the side and another across the top; None without rows."""
    if not rows:
        return None
    title, side = down
    tops = list(dict.fromkeys(map(across, rows)))
    common, footnotes, marks = footnotes_of(rows) if note is None else (note, (), {})
    cells: dict[str, dict[str, Cell]] = {}
    for row in rows:
        found = cells.setdefault(side(row) or "all", {})
        cell = cell_of(row, with_interval=with_interval)
        found.setdefault(across(row), replace(cell, mark=marks.get(row.result_id, "")))
    return Table(
        caption,
        (Heading(title), *(Heading(top, numeric=True) for top in tops)),
        tuple(
            (Cell(name), *(found.get(top, Cell(NO_NUMBER)) for top in tops))
            for name, found in cells.items()
        ),
        f"{common} {not_due_words(rows)}".strip(),
        footnotes=footnotes,
    )


def plain_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table a notebook registered, as it is."""
    rows = [list(line) for line in rows]
    numeric = [
        any(map(_is_number, column)) and all(each is None or _is_number(each) for each in column)
        for column in zip(*rows, strict=True)
    ] or [False] * len(columns)
    names = [_COLUMNS.get(str(name), plain_text(str(name).replace("_", " "))) for name in columns]
    return Table(
        plain_text(title, longest=200),
        tuple(Heading(name[:1].upper() + name[1:], is_number)
              for name, is_number in zip(names, numeric, strict=True)),
        tuple(tuple(_plain_cell(value) for value in line) for line in rows),
        "" if rows else "None.",
    )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain_cell(value: object) -> Cell:
    if value is None:
        return Cell(NO_NUMBER)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell(number_text(value, decimals=0 if float(value).is_integer() else 2))
    return Cell(plain_text(str(value), longest=800) or NO_NUMBER)


def listed_rows(rows: Sequence[Row], printed: Collection[str]) -> list[Row]:
    """Return the rows a section lists one by one: those the page prints under their `anchor`.

    A measure the page prints nowhere is listed for all patients together, or for its groups where
    they are all there is. The results files have the rest.
    """
    named = [anchor(row) in printed for row in rows]
    shown = {row.measure for row, is_named in zip(rows, named, strict=True) if is_named}
    together = {row.measure for row in rows if row.group_by not in SUBGROUPS}
    return [
        row
        for row, is_named in zip(rows, named, strict=True)
        if is_named
        or (
            row.measure not in shown and not (row.group_by in SUBGROUPS and row.measure in together)
        )
    ]


def group_rows(rows: Iterable[Row], cells: Mapping[str, MadeBy]) -> list[Group]:
    """Return rows in groups of one measure, method, notes and cell; measures stay together.

    ``cells`` are by ``result_id``; of a row that is not in it only the notebook is named.
    """
    groups: dict[str, dict[tuple[str, str, MadeBy], list[Row]]] = {}
    for row in rows:
        made_by = cells.get(row.result_id) or MadeBy(row.notebook, "")
        key = (row.method, row.notes, made_by)
        groups.setdefault(row.measure, {}).setdefault(key, []).append(row)
    made = []
    for found in groups.values():
        for (method, notes, made_by), members in found.items():
            levels = dict.fromkeys(level_text(r.level) for r in members if r.level is not None)
            about = f"{', '.join([METHODS[method], *levels])}. {notes_text(notes)}".strip()
            name = measure_word(members[0])
            lines = tuple((_what(row) or name, row) for row in members)
            made.append(Group(name, plain_text(about, longest=900), made_by, lines))
    return made


def _what(row: Row) -> str:
    """Return what a row is of, its measure apart: definition, group, population, visit."""
    group = f"{word(GROUPINGS, row.group_by)}: {group_word(row)}" if row.group_by != "all" else ""
    parts = (response_word(row), group, population_word(row), visit_word(row.visit))
    return ", ".join(part for part in parts if part)
