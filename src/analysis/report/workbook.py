"""results.xlsx: every number, every claim and every check, one sheet each, safe to open.

Texts are written as texts: no cell of an export's can run as a formula or become a link. The file
is the same, byte for byte, from the same results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.claims.judgement import Judgement
from analysis.files import whole_file
from analysis.outcomes.rows import Check, ResultRow
from analysis.wording import words

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

NAME = "results.xlsx"
LONGEST_CELL = 32_000
"""A spreadsheet's cell ends at 32,767 signs."""

WIDEST = 60
_BORN = datetime(2000, 1, 1)
"""Date of making, always the same: it is no date a reader should read anything into."""

CLAIM_COLUMNS = (
    "claim_id",
    "condition",
    "wording",
    "cited_text",
    "answer",
    "verdict",
    "verdict_adjusted",
    "value",
    "low",
    "high",
    "level",
    "unit",
    "n",
    "n_missing",
    "reading",
    "sentence",
    "may_say",
    "reason",
    "further_patients",
    "p_holm",
    "result_id",
    "source",
)


def write_workbook(
    path: Path,
    *,
    about: Sequence[tuple[str, str]],
    rows: Sequence[ResultRow],
    judgements: Sequence[Judgement],
    checks: Sequence[Check],
    labels: Mapping[str, str],
) -> Path:
    """Write the workbook, whole or not at all.

    Parameters
    ----------
    path : Path
    about : sequence of (str, str)
        What the first sheet says: name of the data, whether they are synthetic, settings.
    rows, judgements, checks
        A line each on the sheets Results, Claims and Data quality. Shares stay shares (0 to 1) and
        percents percents; the column ``unit`` says which.
    labels : mapping of str to str
        Condition labels by code.

    Returns
    -------
    Path
    """
    import xlsxwriter

    sheets = {
        "About": (["what", "value"], [list(pair) for pair in about]),
        "Claims": (list(CLAIM_COLUMNS), _claim_lines(judgements, labels)),
        "Results": (_row_columns(), _row_lines(rows, labels)),
        "Data quality": (_check_columns(), [_values(check) for check in checks]),
    }
    how = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with whole_file(path) as part, xlsxwriter.Workbook(str(part), how) as book:
        book.set_properties({"title": "Reliefcheck results", "created": _BORN})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for name, (columns, lines) in sheets.items():
            _write_sheet(book, name, columns, lines, head)
    return path


def _claim_lines(judgements: Sequence[Judgement], labels: Mapping[str, str]) -> list[list[Any]]:
    lines = []
    for judgement in judgements:
        line = {name: getattr(judgement, name) for name in CLAIM_COLUMNS}
        lines.append(list((line | _labelled(judgement.condition, labels)).values()))
    return lines


def _row_columns() -> list[str]:
    return [each.name for each in fields(ResultRow)] + ["result_id"]


def _row_lines(rows: Sequence[ResultRow], labels: Mapping[str, str]) -> list[list[Any]]:
    lines = []
    for row in rows:
        line = asdict(row) | {"warnings": "; ".join(row.warnings), "result_id": row.result_id}
        lines.append(list((line | _labelled(row.condition, labels)).values()))
    return lines


def _labelled(code: str, labels: Mapping[str, str]) -> dict[str, str]:
    return {"condition": words.condition_word(code, labels)}


def _check_columns() -> list[str]:
    return [each.name for each in fields(Check)]


def _values(check: Check) -> list[Any]:
    return list(asdict(check).values())


def _write_sheet(
    book: Workbook, name: str, columns: Sequence[str], lines: Sequence[Sequence[Any]], head: Format
) -> None:
    sheet = book.add_worksheet(name)
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.replace("_", " "), head)
    for down, line in enumerate(lines, start=1):
        for at, cell in enumerate(line):
            _write_cell(sheet, down, at, cell)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(lines), 1), len(columns) - 1)
    for at, column in enumerate(columns):
        longest = max([len(column), *(len(str(line[at])) for line in lines)])
        sheet.set_column(at, at, min(longest + 2, WIDEST))


def _write_cell(sheet: Any, down: int, at: int, cell: object) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(down, at, cell)
    elif isinstance(cell, (int, float)):
        sheet.write_number(down, at, cell)
    else:
        sheet.write_string(down, at, _plain(str(cell)))


def _plain(text: str) -> str:
    """Return a text without signs that XML cannot hold, cut to what a cell holds."""
    kept = "".join(sign for sign in text if sign in "\t\n" or sign >= " ")
    return kept.encode("utf-8", "replace").decode("utf-8")[:LONGEST_CELL]
