"""What the published rows of a release tell: small counts in them, and small counts behind them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from analysis.errors import InputError, RunError
from analysis.outcomes.rows import ResultRow, row_from_record
from analysis.release.attack import Attacker
from analysis.release.cells import count_table
from analysis.release.relations import CountTable, is_small

COUNTS = ("n", "n_missing", "n_events", "n_could", "n_to_meet", "tipping_n_missing")
NEAR = 1e-6
"""A share times its denominator this near to a whole number is that number of patients."""


class Finding(NamedTuple):
    """Something that must not leave: the file, the place in it, and what it is."""

    file: str
    place: str
    what: str

    @property
    def sentence(self) -> str:
        """As one line for people."""
        return (
            f"{self.file}, {self.place}: {self.what}" if self.place else f"{self.file}: {self.what}"
        )


def load_rows(folder: Path) -> list[ResultRow]:
    """Return the rows of a release or of a run.

    Raises
    ------
    InputError
        No results.json, or one that is broken.
    """
    try:
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        return [row_from_record(row) for each in content for row in each["rows"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{folder.name} holds no results.json that can be read ({error})."
        ) from None


def find_small_cells(file: str, place: str, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Return the small counts that one record states, or that its share times n gives."""
    numbers = {key: _number(record.get(key)) for key in (*COUNTS, "value")}
    for key in COUNTS:
        count = numbers[key]
        if count is not None and is_small(_whole(count)):
            yield Finding(file, place, f"{key} is {_whole(count)}, a count of 1 to 10")
    value, n = numbers["value"], numbers["n"]
    if value is not None and record.get("unit") == "count" and is_small(_whole(value)):
        yield Finding(file, place, f"the count is {_whole(value)}")
    if value is not None and n and record.get("unit") == "share" and record.get("n_events") in (
        None, "",
    ):  # fmt: skip
        return
    if value is not None and n and record.get("unit") == "share":
        events = _whole(value * n)
        if events is not None and (is_small(events) or is_small(_whole(n - value * n))):
            yield Finding(file, place, "share times n is a count of 1 to 10, or all but so many")


def find_in_table(path: Path, file: str) -> Iterator[Finding]:
    """Return the small cells of results.json, claims.json or their CSV."""
    text = path.read_text(encoding="utf-8", errors="replace")
    records: list[Mapping[str, Any]]
    if path.suffix == ".csv":
        records = list(csv.DictReader(text.splitlines()))
    else:
        try:
            content = json.loads(text)
        except ValueError:
            yield Finding(file, "", "cannot be read as JSON")
            return
        records = [row for each in content for row in each.get("rows", [each])]
    for number, record in enumerate(records, start=1):
        name = record.get("result_id") or record.get("claim_id") or ""
        yield from find_small_cells(file, f"row {number} {name}".strip(), record)
        tipping = record.get("tipping")
        if isinstance(tipping, Mapping):
            yield from find_small_cells(file, f"row {number} {name}, tipping", tipping)


def find_in_sheets(path: Path, file: str) -> Iterator[Finding]:
    """Return the small cells of a workbook's sheets, by the headings in their first row."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        lines = sheet.iter_rows(values_only=True)
        heads = [str(each or "").strip().replace(" ", "_") for each in next(lines, ())]
        for number, line in enumerate(lines, start=2):
            record = dict(zip(heads, line, strict=False))
            yield from find_small_cells(file, f"{sheet.title} row {number}", record)
    book.close()


def find_recovered(
    rows: Sequence[ResultRow], *, file: str, internal: Sequence[ResultRow] = ()
) -> list[Finding]:
    """Return the counts of 1 to 10 that can be worked out from the printed ones.

    Parameters
    ----------
    rows : sequence of ResultRow
        Of a release; withheld counts are None.
    file : str
    internal : sequence of ResultRow
        Of the run it was made from, where that is at hand: then every truly small count must
        leave 1 and 10 possible. Without it, those are found that are certain to be small.
    """
    if internal:
        truth = count_table(internal)
        known = count_table(rows).counts
        printed = [name for name, count in known.items()
                   if count is not None and name in truth.counts]  # fmt: skip
        attacker = Attacker(truth, printed)
        ranges = {name: attacker.range_of(name) for name in truth.small}
        return _tell({name: reach for name, reach in ranges.items() if not reach.hides}, file)
    found = _attack(count_table(rows), file)
    # A reader may take it that the groups hold everybody; where that cannot be, it is not so.
    with suppress(RunError):
        found += _attack(count_table(rows, groups_fill=True), file)
    return list(dict.fromkeys(found))


def _attack(table: CountTable, file: str) -> list[Finding]:
    printed = [name for name, count in table.counts.items() if count is not None]
    hidden = [name for name, count in table.counts.items() if count is None]
    own = [Finding(file, name, f"is {table.counts[name]}, by a difference of printed counts")
           for name in table.small if name.startswith("rest of ")]  # fmt: skip
    return own + _tell(Attacker(table, printed).told(hidden), file)


def _tell(found: Mapping[str, Any], file: str) -> list[Finding]:
    return [
        Finding(file, name, f"can be worked out to lie between {reach.low} and {reach.high}")
        for name, reach in sorted(found.items())
    ]


def find_differences(
    rows: Sequence[ResultRow], other: Sequence[ResultRow], *, name: str
) -> list[Finding]:
    """Return what two releases together tell: small differences, and counts worked out from both.

    Parameters
    ----------
    rows, other : sequence of ResultRow
        Of the two releases.
    name : str
        The other release, for the findings.
    """
    file = f"results.json against {name}"
    own, theirs = count_table(rows), count_table(other)
    found = [
        Finding(file, cell, f"differs by {abs(own.counts[cell] - theirs.counts[cell])}")  # type: ignore[operator]
        for cell in sorted(own.counts.keys() & theirs.counts.keys())
        if _differ_little(own, theirs, cell)
    ]
    both = count_table([*rows, *other])
    if found or both.clashing:
        return found  # other patients: the two cannot be put together as one table
    alone = {each.place for each in find_recovered(rows, file=file)}
    together = find_recovered([*rows, *other], file=file)
    return [each for each in together if each.place not in alone]


def _differ_little(own: CountTable, theirs: CountTable, cell: str) -> bool:
    a, b = own.counts[cell], theirs.counts[cell]
    return a is not None and b is not None and is_small(abs(a - b))


def _number(value: Any) -> float | None:
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(number: float) -> int | None:
    return round(number) if abs(number - round(number)) < NEAR else None
