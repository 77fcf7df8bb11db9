"""Read typed cells (Excel, Parquet) as the text a CSV of the same sheet would hold."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

from analysis.errors import InputError

EXCEL_ENDINGS = (".xlsx", ".xlsm")
PARQUET_ENDINGS = (".parquet", ".pq")


def read_excel(path: Path, wanted: str | int | None, name: str) -> list[list[str]]:
    """Return the rows of one sheet as text, row 1 first, without empty rows at the end.

    Parameters
    ----------
    path : Path
    wanted : str, int or None
        Sheet by name or by number from 1; None takes the only one.
    name : str
        File, for the error.

    Raises
    ------
    InputError
        No workbook, no such sheet, an empty sheet, or a formula whose result was never stored.
    """
    title, rows = _sheet(path, wanted, name, results=True)
    if _has_formulas(path):
        _, formulas = _sheet(path, wanted, name, results=False)
        _refuse_unsaved_results(rows, formulas, f"{name}, sheet '{title}'")
    texts = [[cell_text(cell) for cell in row] for row in rows]
    while texts and not any(text.strip() for text in texts[-1]):
        texts.pop()
    if not texts:
        raise InputError(f"{name}: the sheet '{title}' is empty; a header row is expected.")
    return texts


def _sheet(
    path: Path, wanted: str | int | None, name: str, *, results: bool
) -> tuple[str, list[tuple[Any, ...]]]:
    """Return a sheet's title and cells: results of formulas, or the formulas themselves."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and print settings it skips
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=results)
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            sheet = sheets[_choose_sheet(list(sheets), wanted, name)]
            sheet.reset_dimensions()  # some programs write a wrong size; rows would be lost
            rows = list(sheet.iter_rows(values_only=True))
            book.close()
        except InputError:
            raise
        except Exception as error:  # openpyxl raises many kinds for a broken workbook
            raise InputError(f"{name} is no readable Excel workbook: {_plain(error)}.") from None
    return sheet.title, rows


def _choose_sheet(names: list[str], wanted: str | int | None, name: str) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if str(wanted) in names:
        return str(wanted)
    if str(wanted).isdecimal() and 1 <= int(str(wanted)) <= len(names):
        return names[int(str(wanted)) - 1]
    told = f" ('{wanted}' is none of them)" if wanted is not None else ""
    raise InputError(
        f"{name} has the sheets {', '.join(names)}{told}; name the one to read with `sheet:` in "
        "the mapping."
    )


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as book:
        sheets = [item for item in book.namelist() if item.startswith("xl/worksheets/")]
        return any(b"<f>" in (text := book.read(item)) or b"<f " in text for item in sheets)


def _refuse_unsaved_results(
    rows: list[tuple[Any, ...]], formulas: list[tuple[Any, ...]], place: str
) -> None:
    """A workbook written by a program holds formulas without results: they would read as empty."""
    for at, (row, written) in enumerate(zip(rows, formulas, strict=True), start=1):
        for column, (result, cell) in enumerate(zip(row, written, strict=False), start=1):
            if result is None and isinstance(cell, str) and cell.startswith("="):
                raise InputError(
                    f"{place}, row {at}, column {column}: the formula {cell[:40]} has no stored "
                    "result. Open the workbook in Excel and save it, or export the sheet as CSV."
                )


def sheet_names(path: Path, name: str) -> list[str]:
    """Return the sheets of a workbook; InputError when it is none."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True)
            names = [sheet.title for sheet in book.worksheets]
            book.close()
        except Exception as error:  # as above
            raise InputError(f"{name} is no readable Excel workbook: {_plain(error)}.") from None
    return names


def read_parquet(path: Path, name: str) -> list[list[str]]:
    """Return the column names and then the records of a Parquet file, as text.

    Raises
    ------
    InputError
        No Parquet file, or a column of bytes that are no text.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
        columns = [[cell_text(value) for value in column.to_pylist()] for column in table.columns]
    except UnicodeDecodeError:
        raise InputError(f"{name}: a column holds bytes that are no text; leave it out.") from None
    except Exception as error:  # pyarrow raises several kinds for a broken file
        raise InputError(f"{name} is no readable Parquet file: {_plain(error)}.") from None
    return [list(table.column_names), *(list(row) for row in zip(*columns, strict=True))]


def _plain(error: Exception) -> str:
    """Return what a library complains of as part of a sentence."""
    return " ".join(str(error).split()).rstrip(".")


def cell_text(value: Any) -> str:
    """Return a typed cell as text: 6.0 is ``6``, a date is ISO, nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else (str(int(value)) if value.is_integer() else repr(value))
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ") if hasattr(value, "utctimetuple") else value.isoformat()
    return str(value)
