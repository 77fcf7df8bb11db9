"""Table 1 on the page: who the patients of a condition are, before treatment."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.tables import Heading, TableView, linked, note_of
from analysis.wording import words
from analysis.wording.numbers import NO_NUMBER, count_text, estimate_text, without_unit
from analysis.wording.texts import load_texts, say

Line = tuple[str | Markup, ...]

SHARE, NUMBER = "characteristic_share", "characteristic"
"""Measures of `analysis.outcomes.table_one`."""

MEDIAN = "_median"


def who_they_are(rows: Sequence[ResultRow]) -> TableView | None:
    """Return the characteristics of the starters; None where no row tells them."""
    shares = find_rows(rows, measure=SHARE)
    numbers = find_rows(rows, measure=NUMBER)
    told = [*shares, *numbers]
    if not told:
        return None
    n = max([*(row.n for row in shares), *(row.n + row.n_missing for row in numbers)])
    names = [row.definition.removesuffix(MEDIAN) for row in numbers
             if row.definition.endswith(MEDIAN)]  # fmt: skip
    lines = [_number_line(numbers, name) for name in names]
    lines += [_share_line(row) for row in shares]
    return TableView(
        caption=say("table.who_caption", n=count_text(n)),
        headings=(
            Heading(text=say("table.characteristic")),
            Heading(text=say("table.value"), numeric=True),
            Heading(text=say("table.mean"), numeric=True),
            Heading(text=say("table.not_known"), numeric=True),
        ),
        lines=tuple(line for line in lines if line),
        note=note_of(told),
    )


def _share_line(row: ResultRow) -> Line:
    what = words.word(words.CHARACTERISTICS, row.definition)
    name = f"{what}: {words.word(words.GROUPS, row.group)}"
    return name, linked(row, estimate_text(row)), NO_NUMBER, NO_NUMBER


def _number_line(rows: Sequence[ResultRow], name: str) -> Line:
    """Return one characteristic; an empty line where the export does not have it."""
    ends = ("median", "quartile_1", "quartile_3", "mean", "standard_deviation")
    found = {end: next(iter(find_rows(rows, definition=f"{name}_{end}")), None) for end in ends}
    if any(row is None for row in found.values()):
        return ()
    told = {end: linked(row, _short(row, end)) for end, row in found.items() if row}
    main = found["median"]
    assert main is not None
    return (
        words.word(words.CHARACTERISTICS, name),
        Markup(load_texts()["table.quartiles"]).format(
            median=told["median"], low=told["quartile_1"], high=told["quartile_3"]
        ),
        Markup(load_texts()["table.spread"]).format(
            mean=told["mean"], sd=told["standard_deviation"]
        ),
        count_text(main.n_missing),
    )


def _short(row: ResultRow, end: str) -> str:
    """Return a number; its unit stands once in a line, beside the median and the mean."""
    text = estimate_text(row)
    return text if end in ("median", "mean") else without_unit(text, row.unit)
