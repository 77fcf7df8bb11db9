"""Read a file into records of text, each with its line number, and account for every line.

Everything arrives as text, also from Excel and Parquet, so that values are understood in one place
(`analysis.sources.values`). The csv module of the standard library is used because it keeps the
line number of every record and never drops one: lines in the file = header + records + blank lines,
or an error names the line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SEPARATORS = (",", ";", "\t", "|")
EXCEL_ENDINGS = (".xlsx", ".xlsm")
PARQUET_ENDINGS = (".parquet", ".pq")
TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".dat", "")

FIELD_LIMIT = 1_000_000
"""Longest field, characters: far above any note, far below a file swallowed by a stray quote."""

_SIGNATURES = {b"PK\x03\x04": "an Excel or zip file", b"%PDF": "a PDF", b"PAR1": "a Parquet file"}


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Records of a file as text.

    Parameters
    ----------
    path : Path
        The file read.
    frame : DataFrame of str, shape (n_records, n_columns)
        Every value as stripped text; empty where the file has nothing.
    lines : ndarray of int, shape (n_records,)
        Line in the file (row of the sheet) on which each record begins.
    n_lines, n_header, n_blank, n_continued : int
        Lines in the file, lines up to and with the header, lines with nothing on them, and lines
        that continue a quoted value of the record before.
    """

    path: Path
    frame: pd.DataFrame
    lines: np.ndarray
    n_lines: int
    n_header: int
    n_blank: int
    n_continued: int = 0

    def __post_init__(self) -> None:
        told = self.n_header + self.n_blank + self.n_continued + len(self.frame)
        if told != self.n_lines:
            raise InputError(
                f"{self.path.name}: the file has {self.n_lines} lines, but {self.n_header} header, "
                f"{self.n_blank} blank and {len(self.frame)} record lines were read. A stray quote "
                'is the usual cause; look for an unpaired " and remove it.'
            )


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """How a file is written. ``auto`` lets the file itself decide."""

    encoding: str = "auto"
    separator: str = "auto"
    sheet: str | int | None = None
    skip_lines: int = 0
    quoted_line_breaks: bool = False


def load_raw_table(path: Path, form: FileFormat | None = None) -> RawTable:
    """Read a CSV, Excel or Parquet file into text records with line numbers.

    Parameters
    ----------
    path : Path
        The file; its ending tells the form.
    form : FileFormat
        Encoding, separator, sheet and lines to skip before the header.

    Raises
    ------
    InputError
        No such file, a directory, empty, binary, undecodable, no header, a repeated column name,
        a record with too few or too many fields, or a quote that is never closed.
    """
    form = form or FileFormat()
    check_is_file(path)
    ending = path.suffix.lower()
    if ending in EXCEL_ENDINGS:
        return _from_cells(path, _excel_rows(path, form), form)
    if ending in PARQUET_ENDINGS:
        return _from_cells(path, _parquet_rows(path), form)
    if ending == ".xls":
        raise InputError(f"{path.name}: the old .xls form is not read; save it as .xlsx or CSV.")
    return _from_text(path, form)


def check_is_file(path: Path) -> None:
    """Raise InputError unless ``path`` is a file with something in it."""
    if path.is_dir():
        raise InputError(f"{path} is a directory where a file is expected.")
    if not path.exists():
        nearby = sorted(p.name for p in path.parent.glob("*") if p.is_file())[:6]
        there = f" The folder holds: {', '.join(nearby)}." if nearby else ""
        raise InputError(f"there is no file {path}.{there}")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty: a header line and records are expected.")


def _from_text(path: Path, form: FileFormat) -> RawTable:
    text = _decode(path, form.encoding)
    lines = _split_lines(text)
    separator = _choose_separator(lines[form.skip_lines :], form.separator, path)
    if not form.quoted_line_breaks:
        _refuse_swallowed_lines(lines, separator, path)
    rows = _csv_rows(lines, separator, path, form)
    return _assemble(
        path,
        rows,
        n_lines=len(lines),
        skip=form.skip_lines,
        continued=form.quoted_line_breaks,
    )


def _split_lines(text: str) -> list[str]:
    """Split at LF, CRLF or a bare CR only; str.splitlines would also cut at form feeds."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def _decode(path: Path, encoding: str) -> str:
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and encoding == "auto":
        return data.decode("utf-16")
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise InputError(f"{path.name} is {what}, not text; give it its proper ending.")
    if b"\x00" in data[:65536]:
        raise InputError(f"{path.name} is a binary file; CSV, Excel or Parquet is expected.")
    try:
        return data.decode("utf-8-sig" if encoding == "auto" else encoding)
    except LookupError:
        raise InputError(f"{path.name}: there is no encoding '{encoding}'; try latin-1.") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path.name}, line {line}: byte 0x{data[error.start]:02x} is not {error.encoding}. "
            "Name the file's encoding in the mapping, most often `encoding: cp1252` or `latin-1`."
        ) from None


def _choose_separator(lines: list[str], wanted: str, path: Path) -> str:
    if wanted != "auto":
        return {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(wanted, wanted)
    header = next((line for line in lines if line.strip()), "")
    if not header:
        raise InputError(f"{path.name} holds only blank lines: a header line is expected.")
    return max(SEPARATORS, key=header.count)


def _refuse_swallowed_lines(lines: list[str], separator: str, path: Path) -> None:
    """Refuse a quote that runs over the end of a line: the usual way rows vanish unseen."""
    for number, line in enumerate(lines, start=1):
        if '"' in line and not _closes_its_quotes(line, separator):
            raise InputError(
                f"{path.name}, line {number}: a quote is not closed where it should be, so other "
                'values or lines would be swallowed. Remove the stray " from that line; if notes '
                "really run over several lines, say `quoted_line_breaks: true` in the mapping."
            )


def _closes_its_quotes(line: str, separator: str) -> bool:
    try:
        next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return False
    return True


def _csv_rows(
    lines: list[str], separator: str, path: Path, form: FileFormat
) -> Iterator[tuple[int, list[str]]]:
    """Yield every record with the line it begins on; refuse one that swallowed whole records."""
    csv.field_size_limit(FIELD_LIMIT)
    kept = lines[form.skip_lines :]
    reader = csv.reader((line + "\n" for line in kept), delimiter=separator, strict=True)
    begins = 0
    try:
        for row in reader:
            if reader.line_num - begins > 1:
                _refuse_swallowed_records(kept[begins + 1 : reader.line_num], row, separator, path)
            yield begins + 1 + form.skip_lines, row
            begins = reader.line_num
    except (csv.Error, TypeError) as error:
        raise InputError(
            f"{path.name}, near line {begins + 1 + form.skip_lines}: not readable as a table "
            f"({error}). A quote that is never closed is the usual cause."
        ) from None


def _refuse_swallowed_records(
    continued: list[str], row: list[str], separator: str, path: Path
) -> None:
    for line in continued:
        if line.count(separator) >= len(row) - 1 > 0:
            raise InputError(
                f"{path.name}: a quoted value has swallowed what looks like a whole record "
                f"({line[:60]!r}). Close the quote on the line before it."
            )


def _from_cells(path: Path, rows: list[list[str]], form: FileFormat) -> RawTable:
    numbered = ((at, row) for at, row in enumerate(rows, start=1) if at > form.skip_lines)
    return _assemble(path, numbered, n_lines=len(rows), skip=form.skip_lines)


def _assemble(
    path: Path,
    rows: Iterator[tuple[int, list[str]]],
    *,
    n_lines: int,
    skip: int,
    continued: bool = False,
) -> RawTable:
    import numpy as np
    import pandas as pd

    header, header_line, n_blank_before = _read_header(rows, path)
    records: list[list[str]] = []
    starts: list[int] = []
    n_blank = n_blank_before
    width = len(header)
    for at, row in rows:
        if len(row) == width and (width > 1 or row[0].strip()):
            records.append(row)
            starts.append(at)
        elif not row or (len(row) == 1 and not row[0].strip()):
            n_blank += 1
        else:
            raise InputError(
                f"{path.name}, line {at}: {len(row)} fields where the header (line {header_line}) "
                f"has {width}. A separator or quote inside a value is the usual cause; quote that "
                "value, or name the right `separator` in the mapping."
            )
    columns = list(zip(*records, strict=True)) if records else [()] * width
    frame = pd.DataFrame(
        {name: _strip(values) for name, values in zip(header, columns, strict=True)}, dtype=object
    )
    return RawTable(
        path=path,
        frame=frame,
        lines=np.asarray(starts, dtype=np.int64),
        n_lines=n_lines,
        n_header=skip + 1,
        n_blank=n_blank,
        n_continued=sum(cell.count("\n") for row in records for cell in row) if continued else 0,
    )


def _strip(values: tuple[str, ...]) -> list[str]:
    return [value.strip() for value in values]


def _read_header(rows: Iterator[tuple[int, list[str]]], path: Path) -> tuple[list[str], int, int]:
    n_blank = 0
    for at, row in rows:
        if not any(cell.strip() for cell in row):
            n_blank += 1
            continue
        names = [cell.strip() or f"column_{i}" for i, cell in enumerate(row, start=1)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InputError(
                f"{path.name}, line {at}: the header names {repeated} more than once; every column "
                "needs a name of its own."
            )
        return names, at, n_blank
    raise InputError(f"{path.name} has no header line.")


def _excel_rows(path: Path, form: FileFormat) -> list[list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises many kinds for a broken workbook
        raise InputError(f"{path.name} cannot be read as an Excel workbook: {error}.") from None
    sheet = _choose_sheet(book, form.sheet, path)
    rows = [[_cell_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    book.close()
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise InputError(f"{path.name}: the sheet '{sheet.title}' is empty.")
    return rows


def _choose_sheet(book: Any, wanted: str | int | None, path: Path) -> Any:
    names = book.sheetnames
    if wanted is None and len(names) == 1:
        return book[names[0]]
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return book[names[wanted - 1]]
    if wanted in names:
        return book[wanted]
    raise InputError(
        f"{path.name} has the sheets {names}; name the one to read with `sheet:` in the mapping"
        + (f" ('{wanted}' is none of them)." if wanted is not None else ".")
    )


def _parquet_rows(path: Path) -> list[list[str]]:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except Exception as error:  # pyarrow raises several kinds for a broken file
        raise InputError(f"{path.name} cannot be read as Parquet: {error}.") from None
    columns = [[_cell_text(value) for value in column.to_pylist()] for column in table.columns]
    records = [list(row) for row in zip(*columns, strict=True)]
    return [list(table.column_names), *records]


def _cell_text(value: Any) -> str:
    """Return a typed cell as the text a CSV of the same sheet would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else (str(int(value)) if value.is_integer() else repr(value))
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat()
    return str(value)


def sheet_names(path: Path) -> list[str]:
    """Return the sheets of a workbook; InputError when it is none."""
    import openpyxl

    check_is_file(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except Exception as error:  # as above
        raise InputError(f"{path.name} cannot be read as an Excel workbook: {error}.") from None
    names = list(book.sheetnames)
    book.close()
    return names
