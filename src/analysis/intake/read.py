"""Read a file into records of text, each with its line number, and account for every line.

Everything arrives as text, also from Excel and Parquet, so that values are understood in one place
(`analysis.intake.values`). Lines in the file = header + records + blank and continued lines, or an
error names the line. The csv module is used because it keeps the line number of every record and
never drops one; what it would bend silently (a quote that swallows lines) is refused here.
"""

from __future__ import annotations

import codecs
import csv
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analysis.errors import InputError

EXCEL_ENDINGS = (".xlsx", ".xlsm")
PARQUET_ENDINGS = (".parquet", ".pq")

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_WORDS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "
}  # fmt: skip
SAMPLE_LINES = 50
"""Lines that vote on the separator: enough to outvote a comma inside a column name."""

FIELD_LIMIT = 1_000_000
"""Longest field, characters: far above any note, far below a file swallowed by a stray quote."""

_SIGNATURES = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file or one with a password",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip archive",
    b"<html": "a web page",
    b"<!doctype": "a web page",
    b"<table": "a web page",
    b"<?xml": "an XML file",
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Row = tuple[int, int, list[str]]
"""Line a record begins on, lines it takes, its fields."""


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """How a file is written. ``auto`` lets the file itself decide."""

    encoding: str = "auto"
    separator: str = "auto"
    sheet: str | int | None = None
    skip_lines: int = 0
    quoted_line_breaks: bool = False


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Records of a file as text.

    ``frame`` has every value as stripped text, empty where the file has nothing, and ``lines`` the
    line in the file (row of the sheet) on which each record begins. The ``n_lines`` are lines up
    to and with the header, lines with nothing on them, lines that continue a quoted value, and
    records. ``header`` is as written; in the frame an unnamed column is called "column_4", and a
    name used twice "name (1)", "name (2)".
    """

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    n_lines: int
    n_header: int
    n_blank: int
    n_continued: int = 0
    header: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        accounted = self.n_header + self.n_blank + self.n_continued + len(self.frame)
        if accounted != self.n_lines:
            raise InputError(
                f"{self.name}: the file has {self.n_lines} lines, but {self.n_header} header, "
                f"{self.n_blank} blank and {len(self.frame)} record lines were read. A stray quote "
                'is the usual cause; look for an unpaired " and remove it.'
            )

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names the header uses more than once."""
        return tuple(name for name, n in Counter(self.header).items() if n > 1 and name)

    def without(self, names: Collection[str]) -> RawTable:
        """Return the table without some of its columns."""
        keep = [name not in names for name in self.frame.columns]
        header = tuple(name for name, kept in zip(self.header, keep, strict=True) if kept)
        return replace(self, frame=self.frame.loc[:, keep], header=header)


def load_raw_table(
    path: Path, form: FileFormat | None = None, *, name: str | None = None
) -> RawTable:
    """Read a CSV, Excel or Parquet file (by its ending) into text records with line numbers.

    InputError for no such file, a directory, an empty, binary or undecodable file, no header, a
    record with too few or too many fields, or a quote that is never closed. It calls the file
    ``name``, its own name by default.
    """
    form = form or FileFormat()
    name = name or path.name
    check_is_file(path)
    ending = path.suffix.lower()
    if ending == ".xls":
        raise InputError(f"{name}: the old .xls form is not read; save it as .xlsx or CSV.")
    if ending in (*EXCEL_ENDINGS, *PARQUET_ENDINGS):
        excel = ending in EXCEL_ENDINGS
        cells = read_excel(path, form.sheet, name) if excel else read_parquet(path, name)
        numbered = ((at, 1, row) for at, row in enumerate(cells, start=1) if at > form.skip_lines)
        return _assemble(name, numbered, n_lines=len(cells), skip=form.skip_lines)
    lines = split_lines(decode(path.read_bytes(), form.encoding, name))
    kept, first = lines[form.skip_lines :], form.skip_lines + 1
    if not kept:
        raise InputError(
            f"{name} has {len(lines)} lines and `skip_lines` is {form.skip_lines}: no header line "
            "is left. Count the lines before the header again."
        )
    separator = choose_separator(kept, form.separator, name)
    if not form.quoted_line_breaks:
        _refuse_open_quotes(kept, separator, name, first=first)
    rows = _read_rows(kept, separator, name, first=first)
    return _assemble(name, rows, n_lines=len(lines), skip=form.skip_lines)


def check_is_file(path: Path) -> None:
    """Raise InputError unless ``path`` is a readable file with something in it."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory where a file is expected.")
        if not path.exists():
            nearby = sorted(p.name for p in path.parent.glob("*") if p.is_file())[:6]
            there = f" The folder holds: {', '.join(nearby)}." if nearby else ""
            raise InputError(f"there is no file {path}.{there}")
        if path.stat().st_size == 0:
            raise InputError(f"{path.name} is empty: a header line and records are expected.")
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def decode(data: bytes, encoding: str, name: str) -> str:
    """Return the text of a file's bytes, without a byte order mark.

    ``auto`` is UTF-8 unless a byte order mark says UTF-16 or UTF-32. InputError when it is not
    text, not in that encoding (the line is named), or there is no such encoding.
    """
    if encoding == "auto":
        head = data[:16].removeprefix(codecs.BOM_UTF8).lstrip().lower()
        for signature, what in _SIGNATURES.items():
            if data.startswith(signature) or head.startswith(signature):
                raise InputError(
                    f"{name} is {what}, not text: give it its proper ending, or export it as CSV."
                )
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except LookupError:
        raise InputError(f"{name}: there is no encoding '{encoding}'; try cp1252.") from None
    except UnicodeError as error:
        raise InputError(_undecodable(data, encoding, name, error)) from None
    if "\x00" in text:
        line = len(split_lines(text[: text.index("\x00")] + "x"))
        raise InputError(
            f"{name}, line {line}: a NUL character stands where text is expected, so this is a "
            "binary file or UTF-16. Export it as CSV, or say `encoding: utf-16-le` in the mapping."
        )
    return text.removeprefix("\ufeff")


def _undecodable(data: bytes, encoding: str, name: str, error: UnicodeError) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return f"{name} is not {encoding} text ({error}). Name its encoding in the mapping."
    if encoding == "utf-8" and b"\x00" in data[:65536]:
        return f"{name} is a binary file: CSV, Excel or Parquet is expected."
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    before = data[: error.start].decode(encoding if wide else "latin-1", errors="ignore")
    return (
        f"{name}, line {len(split_lines(before + 'x'))}: byte 0x{data[error.start]:02x} is not "
        f"{error.encoding}. Name the file's encoding in the mapping, most often "
        "`encoding: cp1252` or `encoding: latin-1`."
    )


def split_lines(text: str) -> list[str]:
    """Split at LF, CRLF or a bare CR only; str.splitlines would also cut at form feeds."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def choose_separator(lines: list[str], wanted: str, name: str) -> str:
    """Return the separator: the one wanted, or the one that fits the first lines best.

    That is the one under which most of these lines have as many fields as the header (the header
    alone can mislead: a comma inside a name of a semicolon file); then the one with most fields.
    """
    if wanted != "auto":
        character = SEPARATOR_WORDS.get(wanted, wanted)
        if len(character) != 1 or character in '"\r\n':
            raise InputError(
                f"{name}: the separator {wanted!r} is not one character; write a character or one "
                f"of {', '.join(SEPARATOR_WORDS)}."
            )
        return character
    sample = [line for line in lines[: SAMPLE_LINES * 2] if line.strip()][:SAMPLE_LINES]
    if not sample:
        if not any(line.strip() for line in lines):
            raise InputError(f"{name} holds only blank lines: a header line is expected.")
        return SEPARATORS[0]

    def fit(separator: str) -> tuple[float, int]:
        widths = [_n_fields(line, separator) for line in sample]
        if widths[0] < 2:
            return 0.0, 0
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    return max(SEPARATORS, key=fit)


def _csv_rows(lines: Iterable[str], separator: str) -> Any:
    """Return a strict csv reader; blanks after a separator are no part of a value."""
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != " ")


def _n_fields(line: str, separator: str) -> int:
    """Return the number of fields of a line, 0 when its quotes do not fit the separator."""
    if '"' not in line:
        return line.count(separator) + 1
    try:
        return len(next(_csv_rows([line], separator)))
    except csv.Error:
        return 0


def _refuse_open_quotes(lines: list[str], separator: str, name: str, *, first: int) -> None:
    """Refuse a quote that runs over the end of a line: the usual way rows vanish unnoticed."""
    for number, line in enumerate(lines, start=first):
        if '"' in line and len(line) <= FIELD_LIMIT and not _n_fields(line, separator):
            raise InputError(
                f"{name}, line {number}: a quote is not closed where it should be, so other "
                'values or lines would be swallowed. Remove the stray " from that line; if notes '
                "really run over several lines, say `quoted_line_breaks: true` in the mapping."
            )


def _read_rows(lines: list[str], separator: str, name: str, *, first: int) -> Iterator[Row]:
    """Yield every record; refuse one that swallowed others. ``first`` is the line of lines[0]."""
    reader = _csv_rows((line + "\n" for line in lines), separator)
    begins = 0
    try:
        for row in reader:
            for at, text in enumerate(lines[begins + 1 : reader.line_num], start=1):
                if text.count(separator) >= len(row) - 1 > 0:
                    raise InputError(
                        f"{name}, line {first + begins + at}: a value quoted from line "
                        f"{first + begins} on has swallowed what looks like a complete record. "
                        f"Close the quote on line {first + begins}; if it is a note after all, "
                        "take the separators out of it."
                    )
            yield first + begins, reader.line_num - begins, row
            begins = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"{name}, line {first + begins}: not readable as a table ({error}). A quote that is "
            "never closed is the usual cause; remove it."
        ) from None


def _assemble(name: str, rows: Iterator[Row], *, n_lines: int, skip: int) -> RawTable:
    header, at_header, n_header, n_blank = _read_header(rows, name)
    columns: list[list[str]] = [[] for _ in header]
    starts: list[int] = []
    n_continued = 0
    for at, taken, row in rows:
        fitted = _fit_to_header(row, header, f"{name}, line {at}", at_header)
        if fitted is None:
            n_blank += taken
            continue
        for column, value in zip(columns, fitted, strict=True):
            column.append(value.strip())
        starts.append(at)
        n_continued += taken - 1
    return RawTable(
        name=name,
        frame=pd.DataFrame(dict(zip(_column_names(header), columns, strict=True)), dtype=object),
        lines=np.asarray(starts, dtype=np.int64),
        n_lines=n_lines,
        n_header=skip + n_header,
        n_blank=n_blank,
        n_continued=n_continued,
        header=tuple(header),
    )


def _read_header(rows: Iterator[Row], name: str) -> tuple[list[str], int, int, int]:
    """Return the names, the header's line, its number of lines, and the blank lines before it."""
    n_blank = 0
    for at, taken, row in rows:
        if any(cell.strip() for cell in row):
            return [" ".join(cell.split()) for cell in row], at, taken, n_blank
        n_blank += taken
    raise InputError(f"{name} has no header line.")


def _fit_to_header(
    row: list[str], header: list[str], place: str, at_header: int
) -> list[str] | None:
    """Return a record with one field a column, None for a line with nothing on it.

    Separators at the end of records alone, or of the header alone, add and take nothing.
    """
    width = len(header)
    if len(row) == width and (width > 1 or row[0].strip()):
        return row
    if not any(field.strip() for field in row):
        return None
    if len(row) > width and not any(field.strip() for field in row[width:]):
        return row[:width]
    if len(row) < width and not any(header[len(row) :]):
        return row + [""] * (width - len(row))
    fields = "field" if len(row) == 1 else "fields"
    raise InputError(
        f"{place}: {len(row)} {fields} where the header (line {at_header}) has {width}. A "
        "separator or quote inside a value is the usual cause: quote that value, or name the right "
        "`separator` in the mapping; lines before the header are skipped with `skip_lines`."
    )


def _column_names(header: list[str]) -> list[str]:
    """Name every column: an unnamed one by its place, repeated ones by their number."""
    counts, seen = Counter(header), Counter[str]()
    names: dict[str, None] = {}
    for place, name in enumerate(header, start=1):
        seen[name] += 1
        own = f"{name} ({seen[name]})" if name and counts[name] > 1 else name or f"column_{place}"
        while own in names:
            own += "'"
        names[own] = None
    return list(names)


def read_excel(path: Path, wanted: str | int | None, name: str) -> list[list[str]]:
    """Return the rows of one sheet as text, row 1 first, without empty rows at the end.

    The sheet is wanted by name or by number from 1; None takes the only one. InputError for no
    workbook, no such sheet, an empty one, or a formula whose result was never stored.
    """
    title, rows = _sheet(path, wanted, name, results=True)
    if _has_formulas(path):
        # A workbook written by a program holds formulas without results: they would read as empty.
        _, formulas = _sheet(path, wanted, name, results=False)
        for at, (row, written) in enumerate(zip(rows, formulas, strict=True), start=1):
            for column, (result, cell) in enumerate(zip(row, written, strict=False), start=1):
                if result is None and isinstance(cell, str) and cell.startswith("="):
                    raise InputError(
                        f"{name}, sheet '{title}', row {at}, column {column}: the formula "
                        f"{cell[:40]} has no stored result. Open the workbook in Excel and save "
                        "it, or export the sheet as CSV."
                    )
    texts = [[cell_text(cell) for cell in row] for row in rows]
    while texts and not any(text.strip() for text in texts[-1]):
        texts.pop()
    if not texts:
        raise InputError(f"{name}: the sheet '{title}' is empty; a header row is expected.")
    return texts


@contextmanager
def _workbook(path: Path, name: str, *, results: bool = True) -> Iterator[Any]:
    """Open a workbook: results of formulas, or the formulas themselves."""
    import openpyxl  # takes longer to import than most files take to read

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and print settings it skips
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=results)
            yield book
            book.close()
        except InputError:
            raise
        except Exception as error:  # openpyxl raises many kinds for a broken workbook
            raise InputError(f"{name} is no readable Excel workbook: {_reason(error)}.") from None


def _sheet(
    path: Path, wanted: str | int | None, name: str, *, results: bool
) -> tuple[str, list[tuple[Any, ...]]]:
    """Return the title and cells of the sheet wanted by name or number, or of the only one."""
    with _workbook(path, name, results=results) as book:
        titles = [sheet.title for sheet in book.worksheets]
        if wanted is None and len(titles) == 1:
            at = 0
        elif str(wanted) in titles:
            at = titles.index(str(wanted))
        elif str(wanted).isdecimal() and 1 <= int(str(wanted)) <= len(titles):
            at = int(str(wanted)) - 1
        else:
            unknown = f" ('{wanted}' is none of them)" if wanted is not None else ""
            raise InputError(
                f"{name} has the sheets {', '.join(titles)}{unknown}; name the one to read with "
                "`sheet:` in the mapping."
            )
        sheet = book.worksheets[at]
        sheet.reset_dimensions()  # some programs write a wrong size; rows would be lost
        return sheet.title, list(sheet.iter_rows(values_only=True))


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as book:
        sheets = [item for item in book.namelist() if item.startswith("xl/worksheets/")]
        return any(b"<f>" in (text := book.read(item)) or b"<f " in text for item in sheets)


def sheet_names(path: Path, name: str) -> list[str]:
    """Return the sheets of a workbook; InputError when it is none."""
    with _workbook(path, name) as book:
        return [sheet.title for sheet in book.worksheets]


def read_parquet(path: Path, name: str) -> list[list[str]]:
    """Return the column names and then the records of a Parquet file, as text."""
    try:
        table = pq.ParquetFile(path).read()
        columns = [[cell_text(value) for value in column.to_pylist()] for column in table.columns]
    except UnicodeDecodeError:
        raise InputError(f"{name}: a column holds bytes that are no text; leave it out.") from None
    except Exception as error:  # pyarrow raises several kinds for a broken file
        raise InputError(f"{name} is no readable Parquet file: {_reason(error)}.") from None
    return [list(table.column_names), *(list(row) for row in zip(*columns, strict=True))]


def _reason(error: Exception) -> str:
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
