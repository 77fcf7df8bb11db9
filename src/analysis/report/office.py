"""Results for spreadsheets: results.xlsx and CSV files in which no cell can run as a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from analysis.files import replacing
from analysis.labels import METHODS, condition_word, notes_text, plain_text, scale_word, words_in
from analysis.report.tables import Table

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet reads a cell that begins so as a formula; an apostrophe before it keeps it text."""

LONGEST_CELL = 32_000
"""A spreadsheet's cell ends at 32,767 characters."""

LONGEST_SHEET = 31
WIDEST = 60

CLAIM_COLUMNS = [
    "claim_id", "condition", "wording", "cited_text", "answer", "verdict", "firmness", "limits",
    "post_hoc", "verdict_adjusted", "value", "low", "high", "level", "unit", "n", "n_missing",
    "n_not_due", "imputed", "imputed_low", "imputed_high", "reading", "reading_date",
    "reading_sha", "sentence", "may_say", "reason", "further_patients", "p_holm", "result_id",
    "source",
]  # fmt: skip


MEASURED = ("value", "low", "high", "imputed", "imputed_low", "imputed_high", "sequence_low",
            "sequence_high")  # fmt: skip
"""Columns whose numbers are in the unit of their line."""

NUMBER_FORMATS = {"": "#,##0.###", "share": "0.0%", "percent": '0.0"%"', "weeks": "0.0",
                  "count": "#,##0", "score": "0.0", "ratio": "0.00"}  # fmt: skip
"""How a number is shown by unit; the cell keeps all of its digits."""

HEADERS = words_in("columns")
"""Headings of columns named for programs."""


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame as CSV; missing cells are empty, text that begins like a formula is quoted."""
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [
                f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
                for cell in safe[name]
            ]
    with replacing(path) as part:
        safe.to_csv(part, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return path


def write_workbook(
    path: Path,
    *,
    summary: Sequence[Sequence[str]] = (),
    about: Sequence[tuple[str, str]],
    results: pd.DataFrame,
    claims: pd.DataFrame,
    quality: Sequence[Table],
    labels: Mapping[str, str],
) -> Path:
    """Write the workbook: page one, about the run, claims, results, data quality.

    ``summary`` are the lines of page one, its headings first. Shares stay shares (0 to 1) and
    percents percents; ``unit`` says which. Conditions, methods and notes are written in words, and
    tables on the data have a sheet each.

    Notes
    -----
    Text is written as text: nothing from an export can run as a formula or become a link. The date
    of creation is fixed, so that the same results give the same bytes.
    """
    in_words = results.assign(
        condition=[condition_word(code, labels) for code in results["condition"]],
        method=results["method"].map(METHODS),
        notes=results["notes"].map(notes_text),
        unit=[
            f"score ({scale_word(notes)})" if unit == "score" else unit
            for unit, notes in zip(results["unit"], results["notes"], strict=True)
        ],
    )
    claims = claims.assign(condition=[condition_word(code, labels) for code in claims["condition"]])
    lead = {"Summary": pd.DataFrame(summary[1:], columns=summary[0])} if summary else {}
    sheets = lead | {
        "About": pd.DataFrame(about, columns=["what", "value"]),
        "Claims": claims[CLAIM_COLUMNS],
        "Results": in_words,
    }
    for table in quality:
        lines = [[cell.text for cell in line] for line in table.lines]
        columns = [heading.text for heading in table.headings]
        sheets[_sheet_name(table.caption, sheets)] = pd.DataFrame(lines, columns=columns)
    how = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with replacing(path) as part, xlsxwriter.Workbook(str(part), how) as book:
        book.set_properties({"title": "Reliefcheck results", "created": datetime(2000, 1, 1)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {unit: book.add_format({"num_format": form, "valign": "top"})
                   for unit, form in NUMBER_FORMATS.items()}  # fmt: skip
        for name, frame in sheets.items():
            _write_sheet(book, name, frame, head, formats)
    return path


def _sheet_name(caption: str, taken: Mapping[str, Any]) -> str:
    plain = "".join(sign for sign in caption if sign not in "[]:*?/\\'")[:LONGEST_SHEET].strip()
    return plain if plain and plain not in taken else f"Data {len(taken) + 1}"


def _write_sheet(
    book: xlsxwriter.Workbook, name: str, frame: pd.DataFrame, head: Any, formats: Mapping[str, Any]
) -> None:
    sheet = book.add_worksheet(name)
    plain = frame.astype(object).where(frame.notna(), None)
    units = [str(unit) for unit in plain["unit"]] if "unit" in plain else [""] * len(plain)
    for at, column in enumerate(frame.columns):
        title = HEADERS.get(column) or plain_text(str(column).replace("_", " ").capitalize())
        cells = plain[column].tolist()
        sheet.write_string(0, at, title, head)
        longest = max([len(title), *(len(str(cell)) for cell in cells)])
        sheet.set_column(at, at, min(longest + 2, WIDEST))
        for down, cell in enumerate(cells, start=1):
            if isinstance(cell, bool):
                sheet.write_boolean(down, at, cell)
            elif isinstance(cell, (int, float)):
                unit = units[down - 1] if column in MEASURED else ""
                sheet.write_number(
                    down, at, cell, formats.get(unit.partition(" (")[0], formats[""])
                )
            elif cell is not None:
                sheet.write_string(down, at, _writable(str(cell)))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(frame), 1), max(len(frame.columns) - 1, 0))


_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f]")


@lru_cache(maxsize=4096)
def _writable(text: str) -> str:
    """Return text without characters that XML cannot hold, cut to what a cell holds."""
    return _UNWRITABLE.sub("", text).encode("utf-8", "replace").decode("utf-8")[:LONGEST_CELL]
