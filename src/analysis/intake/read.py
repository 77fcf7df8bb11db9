"""Read a file into records of text, each with its line number, and account for every line.

Everything arrives as text, also from Excel and Parquet, so that values are understood in one place
(`analysis.intake.values`). Lines in the file = header + records + blank and continued lines, or an
error names the line. A text file whose lines are plainly records is read in parallel
(`analysis.intake.read_fast`). Any other goes through the csv module, which keeps the line number of
every record and never drops one; what it would bend silently (a quote that swallows lines) is
refused here.
"""

from __future__ import annotations

import codecs
import csv
import posixpath
import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from gzip import BadGzipFile, GzipFile
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import InputError
from analysis.files import open_plain
from analysis.intake.codes import GIVEN_NAMES
from analysis.intake.fhir import NDJSON, read_resources
from analysis.intake.read_fast import as_texts, can_decode, read_records
from analysis.intake.stat_files import STAT_ENDINGS, read_stat_file
from analysis.intake.text import shape, words_of

EXCEL_ENDINGS = (".xlsx", ".xlsm")
PARQUET_ENDINGS = (".parquet", ".pq")
PACKED = ".gz"
PACKABLE = (".csv", ".tsv", ".txt", NDJSON)
"""Endings of text files that are read as they lie, gzipped."""

TYPED_ENDINGS = (*PARQUET_ENDINGS, *STAT_ENDINGS)
"""Files of one table whose columns have types and whose values are no text."""

SEPARATORS = (",", ";", "\t", "|")
ALIGNED = (r"\s{2,}", r"\s+")
"""Columns aligned by blanks: at least two between them where names hold one, else any number."""
SEPARATOR_WORDS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ",
}  # fmt: skip
SAMPLE_LINES = 50
"""Lines that vote on the separator: enough to outvote a comma inside a column name."""

FIELD_LIMIT = 1_000_000
"""Longest field, characters: far above any note, far below a file swallowed by a stray quote."""

HEAD_BYTES = 1_000_000
"""Bytes in which the header and the lines that vote on the separator are looked for."""

INFLATED, SMALL_FILE = 100, 20_000_000
"""How many times its size a packed file may grow, where it becomes larger than a small one. Sheets
of real records grow five- to thirtyfold; a hundredfold is where Apache POI stops, too
(`ZipSecureFile`, MIN_INFLATE_RATIO 0.01)."""

ROWS, COLUMNS, CELLS = 1_048_576, 16_384, 30_000_000
"""Rows and columns of a sheet (Excel's own limits), and the most cells, blank ones between others
included, that are read of one."""

RECORDS_LOOKED_AT = 30
"""First records that say whether the line above them is one, too."""

RECORDS_A_BYTE = 8
"""Most records of a large Parquet file for a byte of it: records that differ take a bit each."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t|]*')
"""First line by which a file names its separator to spreadsheet programs."""

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
    header_lines: int = 1
    skip_after_header: int = 0
    footer_lines: int = 0
    quoted_line_breaks: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet of a workbook as text, and what its cells alone do not show.

    ``merged`` are ranges such as A2:A3, whose value stands in the first cell only. ``counts_1904``
    says that the workbook counts days from 1904. ``notes`` name what is hidden.
    """

    rows: list[list[str]]
    merged: tuple[str, ...] = ()
    counts_1904: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Records of a file as text.

    ``frame`` has every value as stripped text, empty where the file has nothing, in categorical
    columns: each distinct text once, in the order of the file. ``lines`` has the
    line in the file (row of the sheet) on which each record begins. The ``n_lines`` are lines up
    to and with the header, lines with nothing on them, lines that continue a quoted value, and
    records. ``header`` is as written; in the frame an unnamed column is called "column_4", and a
    name used twice "name (1)", "name (2)". The last ``n_footer`` records are a footer, as the
    mapping says. ``sheet`` has what a workbook knows of itself, ``unread`` names the elements of
    resources that are not read.
    """

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    n_lines: int
    n_header: int
    n_blank: int
    n_continued: int = 0
    header: tuple[str, ...] = ()
    n_footer: int = 0
    sheet: Sheet = field(default_factory=lambda: Sheet(rows=[]))
    unread: tuple[str, ...] = ()

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
    """Read a file (by its ending) into text records with line numbers.

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
    if ending == PACKED:
        with _unpacked(path, name) as plain:
            return load_raw_table(plain, form, name=name)
    if ending == NDJSON:
        return _as_resources(path, name)
    if ending in TYPED_ENDINGS:
        return _as_table(*read_typed(path, name), form, name)
    if ending in EXCEL_ENDINGS:
        sheet = read_excel(path, form.sheet, name)
        # A program that writes a sheet may leave out the blank cells at a row's end.
        header = list(filter(None, sheet.rows[form.skip_lines :]))[: form.header_lines]
        width = max(map(len, header), default=0)
        cells = [row + [""] * (width - len(row)) for row in sheet.rows]
        numbered = ((at, 1, row) for at, row in enumerate(cells, start=1) if at > form.skip_lines)
        table = _assemble(name, numbered, form, n_lines=len(cells), skip=form.skip_lines)
        _refuse_missing_header(table)
        return replace(table, sheet=replace(sheet, rows=[]))
    _refuse_endless_line(path, name)
    table = load_regular(path, form, name) or load_text(path, form, name)
    _refuse_missing_header(table)
    return table


def _refuse_missing_header(table: RawTable) -> None:
    """Raise InputError where the line read as a header is a record; it is not repeated."""
    first = table.frame.head(RECORDS_LOOKED_AT)
    if (first.iloc[:, 0] == table.header[0]).any():
        first = first[[tuple(row) != table.header for row in first.to_numpy()]]
    columns = (list(filter(None, first.iloc[:, at])) for at in range(len(table.header)))
    if is_record(table.header, columns):
        raise InputError(
            f"{table.name}, line {table.n_header}: the first line is a record like those below "
            "it, and no line of names. Write a line above it that names every column: "
            "patient_id,condition, ... (docs/mapping.md)."
        )


# A header that is a record: its cells would be named in messages as if they were columns, and the
# first patient lost.

_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d+)?")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?|\d{1,2}[- ]?[^\W\d_]{3,9}\.?[- ]?\d{2,4}"
)


def _kind(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return "number"
    return "date" if _DATE.fullmatch(text) else "word"


def is_record(header: Sequence[str], columns: Iterable[Sequence[str]]) -> bool:
    """Return whether a header is of one kind with the first values below each of its cells.

    Cells that say so: a date above dates, an id above ids of its series, a word or a person's name
    that is among the values too, numbers above numbers that do not rise from left to right (visits
    do). A word above numbers, dates or ids says that it is a header; then nothing counts.
    """
    numbers, says = list[float](), False
    for cell, values in zip(header, columns, strict=True):
        if not cell:
            continue
        kind, kinds = _kind(cell), {_kind(value) for value in values}
        if kind == "word":
            if kinds and (kinds <= {"number", "date"} or _is_above_ids(cell, values)):
                return False
            says |= (
                cell in values or _is_of_a_series(cell, values) or _has_given_names(cell, values)
            )
        elif kinds <= {kind}:
            says |= kind == "date"
            numbers += [float(cell.replace(",", "."))] if kind == "number" else []
    return says or any(left >= right for left, right in pairwise(numbers))


def _forms(values: Sequence[str]) -> set[str]:
    return {form for form in map(shape, values) if "9" in form and "a" in form.lower()}


def _is_of_a_series(cell: str, values: Sequence[str]) -> bool:
    """Return whether a cell differs from a value in its digits alone: P1 above P2, not Q1."""
    return _DIGIT.search(cell) is not None and _DIGIT.sub("9", cell) in {
        _DIGIT.sub("9", value) for value in values
    }


def _is_above_ids(cell: str, values: Sequence[str]) -> bool:
    return shape(cell) not in _forms(values) and all("9" in shape(value) for value in values)


def _has_given_names(cell: str, values: Sequence[str]) -> bool:
    texts = [cell, *values] if values else [cell, cell]
    return sum(not GIVEN_NAMES.isdisjoint(words_of(text)) for text in texts) > 1 and (
        not GIVEN_NAMES.isdisjoint(words_of(cell))
    )


@contextmanager
def _unpacked(path: Path, name: str) -> Iterator[Path]:
    """Give a gzipped text file as it is unpacked, for as long as it is read; nobody else may."""
    inner = Path(path.stem)
    if inner.suffix.lower() not in PACKABLE:
        raise InputError(f"{what_else(path)}.")
    size, inflated = path.stat().st_size, 0
    with TemporaryDirectory() as folder:
        plain = Path(folder) / inner.name
        try:
            with (
                open_plain(path) as packed,
                GzipFile(fileobj=packed) as file,
                plain.open("wb") as out,
            ):
                while piece := file.read(HEAD_BYTES):
                    inflated += len(piece)
                    _refuse_inflated(name, size, inflated)
                    out.write(piece)
        except (BadGzipFile, EOFError, zlib.error):
            raise InputError(
                f"{name} is no whole gzip file: it was cut or damaged. Copy or export it again."
            ) from None
        yield plain


def _refuse_inflated(name: str, size: int, inflated: int) -> None:
    if inflated > max(SMALL_FILE, INFLATED * size):
        raise InputError(
            f"{name}: its {size:,} bytes hold {inflated:,} bytes packed, more than "
            f"{INFLATED} times as many: no export of records is like that, and it could fill the "
            "memory of this machine. Export it again, as CSV."
        )


def _refuse_endless_line(path: Path, name: str) -> None:
    """Raise InputError where the first line does not end: no table, and more than memory holds."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) == HEAD_BYTES and not (b"\n" in head or b"\r" in head):
        raise InputError(
            f"{name}, line 1: no end of the line in the first {HEAD_BYTES:,} bytes, so this is no "
            "table with a record a line. Export it as CSV, with a line for each record."
        )


def _as_table(
    names: list[str], columns: list[pd.Categorical], form: FileFormat, name: str
) -> RawTable:
    header = [" ".join(column.split()) for column in names]
    lines_set = (form.skip_lines, form.header_lines, form.skip_after_header, form.footer_lines)
    if len(header) < 2 or not any(header) or lines_set != (0, 1, 0, 0):
        rows = [names, *map(list, zip(*columns, strict=True))]
        numbered = ((at, 1, row) for at, row in enumerate(rows, start=1) if at > form.skip_lines)
        return _assemble(name, numbered, form, n_lines=len(rows), skip=form.skip_lines)
    return RawTable(
        name=name,
        frame=pd.DataFrame(dict(zip(_column_names(header), columns, strict=True))),
        lines=np.arange(2, len(columns[0]) + 2),
        n_lines=1 + len(columns[0]),
        n_header=1,
        n_blank=0,
        header=tuple(header),
    )


def _as_resources(path: Path, name: str) -> RawTable:
    """Return a file of FHIR resources as a table without a header line."""
    table, lines, n_lines, unread = read_resources(path, name)
    columns = dict(zip(table.column_names, map(_cells, table.columns), strict=True))
    return RawTable(
        name=name,
        frame=pd.DataFrame(columns),
        lines=lines,
        n_lines=n_lines,
        n_header=0,
        n_blank=n_lines - len(lines),
        header=tuple(columns),
        unread=unread,
    )


def load_regular(path: Path, form: FileFormat, name: str) -> RawTable | None:
    """Read a text file whose lines are records, in parallel; None where it may be otherwise."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        complete = not file.read(1)
    if not complete:
        head = head[: head.rfind(b"\n") + 1]
    encoding = "utf-8" if form.encoding == "auto" else form.encoding
    if not can_decode(encoding):
        return None
    try:
        kept, skip, separator = _begin(split_lines(decode(head, form.encoding, name)), form, name)
        if not complete and len(kept) <= 2 * SAMPLE_LINES:
            return None
        rows = _read_rows(kept, separator, name, first=skip + 1)
        header, _, n_header, n_blank = _read_header(rows, name, form)
    except InputError:
        return None  # said by `load_text`, which knows the line
    if len(header) < 2 or len(separator) > 1 or separator == " " or not separator.isascii():
        return None
    before = skip + n_header + n_blank
    records = read_records(
        path,
        encoding=encoding,
        separator=separator,
        width=len(header),
        skip=before,
        longest=FIELD_LIMIT,
    )
    if records is None:
        return None
    frame = pd.DataFrame(dict(zip(_column_names(header), records.columns, strict=True)))
    n_footer = 0
    if form.footer_lines:
        n_footer = min(form.footer_lines, int((frame != "").any(axis=1).sum()))
    return RawTable(
        name=name,
        frame=frame,
        lines=records.lines,
        n_lines=records.n_lines,
        n_header=skip + n_header,
        n_blank=n_blank + records.n_lines - before - len(records.lines),
        header=tuple(header),
        n_footer=n_footer,
    )


def load_text(path: Path, form: FileFormat, name: str) -> RawTable:
    """Read any text file record by record, and name the line of what cannot be read."""
    lines = split_lines(decode(path.read_bytes(), form.encoding, name))
    kept, skip, separator = _begin(lines, form, name)
    if len(separator) == 1 and not form.quoted_line_breaks:
        _refuse_open_quotes(kept, separator, name, first=skip + 1)
    rows = _read_rows(kept, separator, name, first=skip + 1)
    return _assemble(name, rows, form, n_lines=len(lines), skip=skip)


def _begin(lines: list[str], form: FileFormat, name: str) -> tuple[list[str], int, str]:
    skip = form.skip_lines
    wanted = form.separator
    if lines and not skip and (named := _SEPARATOR_LINE.fullmatch(lines[0])):
        skip, wanted = 1, named[1] if form.separator == "auto" else form.separator
    kept = lines[skip:]
    if not kept and not form.skip_lines:
        raise InputError(f"{name} has no header line.")
    if not kept:
        raise InputError(
            f"{name} has {len(lines)} lines and `skip_lines` is {form.skip_lines}: no header line "
            "is left. Count the lines before the header again."
        )
    return kept, skip, choose_separator(kept, wanted, name)


def check_is_file(path: Path) -> None:
    """Raise InputError unless ``path`` is a readable file with something in it."""
    try:
        with open_plain(path) as file:
            if not file.read(1):
                raise InputError(f"{path.name} is empty: a header line and records are expected.")
    except FileNotFoundError:
        nearby = sorted(p.name for p in path.parent.glob("*") if p.is_file())[:6]
        there = f" The folder holds: {', '.join(nearby)}." if nearby else ""
        raise InputError(f"there is no file {path}.{there}") from None
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
    Where none fits, it may be one of `ALIGNED`, under which half of the lines must be alike.
    """
    if wanted not in ("auto", "aligned"):
        character = SEPARATOR_WORDS.get(wanted, wanted)
        if len(character) != 1 or character in '"\r\n':
            raise InputError(
                f"{name}: the separator {wanted!r} is not one character; write a character or one "
                f"of {', '.join([*SEPARATOR_WORDS, 'aligned'])}."
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

    best = max(SEPARATORS, key=fit)
    if wanted == "auto" and fit(best)[1]:
        return best
    for blanks in ALIGNED:
        first, *rest = (len(re.split(blanks, line.strip())) for line in sample)
        if first > 1 and 2 * sum(width == first for width in rest) >= len(rest):
            return blanks
    return ALIGNED[1] if wanted == "aligned" else best


def _csv_rows(lines: Iterable[str], separator: str) -> Any:
    """Return a strict csv reader; blanks after a separator are no part of a value."""
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != " ")


def split_line(line: str, separator: str) -> list[str]:
    """Return the cells of one line, whatever its quotes."""
    if len(separator) > 1:
        return re.split(separator, line.strip())
    return next(csv.reader([line], delimiter=separator), [])


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
    if len(separator) > 1:
        for at, line in enumerate(lines, start=first):
            yield at, 1, re.split(separator, line.strip())
        return
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


def _assemble(
    name: str, rows: Iterator[Row], form: FileFormat, *, n_lines: int, skip: int
) -> RawTable:
    header, at_header, n_header, n_blank = _read_header(rows, name, form)
    footer: set[int] = set()
    if form.footer_lines:
        rest = list(rows)
        filled = [at for at, _, row in rest if any(cell.strip() for cell in row)]
        footer, rows = set(filled[-form.footer_lines :]), iter(rest)
    columns: list[list[str]] = [[] for _ in header]
    starts: list[int] = []
    n_continued = 0
    for at, taken, row in rows:
        if at in footer:
            fitted: list[str] | None = (row + [""] * len(header))[: len(header)]
        else:
            fitted = _fit_to_header(row, header, f"{name}, line {at}", at, at_header)
        if fitted is None:
            n_blank += taken
            continue
        for column, value in zip(columns, fitted, strict=True):
            column.append(value)
        starts.append(at)
        n_continued += taken - 1
    return RawTable(
        name=name,
        frame=pd.DataFrame(dict(zip(_column_names(header), map(_texts, columns), strict=True))),
        lines=np.asarray(starts, dtype=np.int64),
        n_lines=n_lines,
        n_header=skip + n_header,
        n_blank=n_blank,
        n_continued=n_continued,
        header=tuple(header),
        n_footer=len(footer),
    )


def _texts(values: list[str]) -> pd.Categorical:
    return as_texts(*pd.factorize(np.array(values, dtype=object)))


def _read_header(
    rows: Iterator[Row], name: str, form: FileFormat
) -> tuple[list[str], int, int, int]:
    """Return the names, the header's line, its number of lines, and the blank lines before it.

    Of several header lines the names are joined; in all but the last an empty cell continues the
    name to its left, as a merged cell does. Lines skipped after the header count with it.
    """
    n_blank = n_header = at_header = 0
    levels: list[list[str]] = []
    for at, taken, row in rows:
        if not levels and not any(cell.strip() for cell in row):
            n_blank += taken
            continue
        at_header = at_header or at
        n_header += taken
        if len(levels) < form.header_lines:
            levels.append([" ".join(cell.split()) for cell in row])
            missing = form.skip_after_header
        else:
            missing -= 1
        if len(levels) == form.header_lines and not missing:
            width = max(map(len, levels))
            padded = [level + [""] * (width - len(level)) for level in levels]
            for level in padded[:-1]:
                for place in range(1, width):
                    level[place] = level[place] or level[place - 1]
            names = [" ".join(filter(None, parts)) for parts in zip(*padded, strict=True)]
            return names, at_header, n_header, n_blank
    raise InputError(f"{name} has no header line." if not levels else f"{name} ends in its header.")


def _fit_to_header(
    row: list[str], header: list[str], place: str, at: int, at_header: int
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
    if width == 1:
        remedy = f"If line {at} is the header, say `skip_lines: {at - 1}` in the mapping."
    elif len(row) == 1:
        remedy = (
            "If it is one of the last lines, a total or a note, say in the mapping how many "
            "lines they are: `footer_lines: 1`; lines before the header are skipped with "
            "`skip_lines`."
        )
    else:
        remedy = (
            "A separator or quote inside a value is the usual cause: quote that value, or name "
            "the right `separator` in the mapping (`aligned` for columns set apart by blanks); "
            "lines before the header are skipped with `skip_lines`, a footer with `footer_lines`."
        )
    raise InputError(
        f"{place}: {len(row)} {fields} where the header (line {at_header}) has {width}. {remedy}"
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


def read_excel(path: Path, wanted: str | int | None, name: str) -> Sheet:
    """Return one sheet, row 1 first, without blank cells and rows at the end.

    The sheet is wanted by name or by number from 1; None takes the only one. A number shown as
    percent keeps its sign: 0.7 is "70%". InputError for no workbook, no such sheet, an empty one,
    a formula whose result was never stored, or rows and cells that stand twice.
    """
    with _workbook(path, name) as book:
        titles = [sheet.title for sheet in book.worksheets]
        sheet = book.worksheets[_place_of(wanted, titles, name)]
        title, notes = sheet.title, []
        if sheet.sheet_state != "visible":
            notes.append(f"the sheet '{title}' is hidden; it is read")
        hidden = [own.title for own in book.worksheets if own.sheet_state != "visible"]
        if others := [own for own in hidden if own != title]:
            notes.append(f"hidden sheets: {', '.join(others)}")
        merged, more = _inspect_sheet(path, title, name)
        sheet.reset_dimensions()  # some programs write a wrong size; rows would be lost
        texts = [
            ["" if cell.value is None else _shown(cell) for cell in row]
            for row in sheet.iter_rows()
        ]
        counts_1904 = book.epoch == CALENDAR_MAC_1904
    for row in texts:
        while row and not row[-1].strip():
            row.pop()
    while texts and not texts[-1]:
        texts.pop()
    if not texts:
        raise InputError(f"{name}: the sheet '{title}' is empty; a header row is expected.")
    return Sheet(rows=texts, merged=merged, counts_1904=counts_1904, notes=(*notes, *more))


def _shown(cell: Any) -> str:
    """Return a cell's value as text, of a percentage as it is shown."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = _LITERAL.sub("", cell.number_format or "")
        if "%" in shown:
            return f"{cell_text(float(f'{value * 100:.12g}'))}%"
    return cell_text(value)


_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Parts of a number format that are only printed: a sign in them scales nothing."""

CALENDAR_MAC_1904 = datetime(1904, 1, 1)


def _inspect_sheet(path: Path, title: str, name: str) -> tuple[tuple[str, ...], list[str]]:
    """Return merged ranges and what is hidden; refuse what a reader would pass over in silence.

    A workbook written by a program can hold formulas without results, which read as empty cells,
    and rows or cells out of order, of which a reader keeps the last.
    """

    def refuse(at: str, why: str) -> NoReturn:
        raise InputError(f"{name}, sheet '{title}', {at}: {why}")

    merged, hidden_rows, notes = [], [], []
    row = column = n_cells = 0
    rows: ElementTree.Element | None = None
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, title)
        with book.open(part) as file:
            for event, element in ElementTree.iterparse(file, events=("start", "end")):
                tag = element.tag.rpartition("}")[2]
                if event == "start" and tag == "row":
                    last, row, column = row, int(element.get("r") or row + 1), 0
                    if row <= last:
                        refuse(
                            f"row {row}",
                            f"it follows row {last}, so one of two rows would be lost. Open the "
                            "workbook in Excel and save it, or export the sheet as CSV.",
                        )
                    if row > ROWS:
                        refuse(f"row {row}", f"a sheet has at most {ROWS:,} rows.")
                    if element.get("hidden") in ("1", "true"):
                        hidden_rows.append(row)
                elif event == "start" and tag == "sheetData":
                    rows = element
                elif event == "end" and tag == "c":
                    last, column = column, _column_of(element.get("r"), row, column)
                    if column <= last:
                        refuse(
                            f"row {row}",
                            f"the cell {element.get('r')} stands twice or out of order, so a value "
                            "would be lost. Open the workbook in Excel and save it.",
                        )
                    if column > COLUMNS:
                        refuse(f"row {row}", f"a sheet has at most {COLUMNS:,} columns.")
                    _refuse_uncalculated(element, f"row {row}, column {column}", refuse)
                elif event == "end" and tag == "row":
                    if (n_cells := n_cells + column) > CELLS:
                        refuse(
                            f"row {row}",
                            f"more than {CELLS:,} cells, blank ones between others included; "
                            "export it as CSV.",
                        )
                    (element if rows is None else rows).clear()
                elif event == "end" and tag == "mergeCell":
                    merged.append(element.get("ref", ""))
                elif event == "end" and tag == "col" and element.get("hidden") in ("1", "true"):
                    notes.append(f"hidden columns {element.get('min')} to {element.get('max')}")
    if hidden_rows:
        shown = ", ".join(map(str, hidden_rows[:5])) + (", ..." if len(hidden_rows) > 5 else "")
        notes.append(f"{len(hidden_rows)} hidden rows ({shown})")
    notes = [f"the sheet '{title}' has {note}; they are read" for note in notes]
    return tuple(merged), notes


def _column_of(reference: str | None, row: int, before: int) -> int:
    found = re.fullmatch(r"([A-Z]{1,3})(\d+)", reference or "")
    if found is None:
        return before + 1
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number if int(found[2]) == row else 0


def _refuse_uncalculated(
    cell: ElementTree.Element, at: str, refuse: Callable[[str, str], NoReturn]
) -> None:
    parts = {child.tag.rpartition("}")[2]: child for child in cell}
    if "f" not in parts or "is" in parts:
        return
    result = parts.get("v")
    if result is None or not (result.text or cell.get("t") == "str"):
        refuse(
            at,
            f"the formula {'=' + (parts['f'].text or '')[:40]} has no stored result. Open the "
            "workbook in Excel and save it, or export the sheet as CSV.",
        )


def _part_of(book: zipfile.ZipFile, title: str) -> str:
    main = next(t for kind, t in _targets(book, "").values() if kind.endswith("/officeDocument"))
    targets = _targets(book, main)
    for sheet in ElementTree.fromstring(book.read(main)).iter():
        if sheet.tag.endswith("}sheet") and sheet.get("name") == title:
            own = next(v for k, v in sheet.attrib.items() if k.endswith("relationships}id"))
            return targets[own][1]
    raise KeyError(title)


def _targets(book: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the kind and place of the files a part of a workbook refers to, by their id."""
    folder, _, file = part.rpartition("/")
    text = book.read(posixpath.join(folder, "_rels", f"{file}.rels"))
    return {
        link.get("Id", ""): (
            link.get("Type", ""),
            posixpath.normpath(posixpath.join("/", folder, link.get("Target", ""))).lstrip("/"),
        )
        for link in ElementTree.fromstring(text)
    }


def what_else(path: Path) -> str:
    """Return what a file is that is not read as a table, and what to do with it."""
    with path.open("rb") as file:
        head = file.read(64).lower()
    kind = next((k for mark, k in _SIGNATURES.items() if head.startswith(mark.lower())), "")
    if path.suffix.lower() in (".zip", ".gz", ".7z", ".rar", ".tar"):
        return f"{path.name} is an archive: unpack it"
    if "zip" in kind and path.suffix.lower() in EXCEL_ENDINGS:
        return f"{path.name} is damaged or cut off: save it again in Excel, or take another copy"
    if "password" in kind:
        return f"{path.name} is {kind}: open it, take the password away, save it as .xlsx or CSV"
    if not kind and path.suffix.lower() in EXCEL_ENDINGS:
        return f"{path.name} is a workbook by name only: export the data as CSV or .xlsx"
    return f"{path.name} is {kind or 'not one'}: export it as CSV or .xlsx"


@contextmanager
def _workbook(path: Path, name: str) -> Iterator[Any]:
    import openpyxl  # takes longer to import than most files take to read

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and print settings it skips
        try:
            _refuse_packed(path, name)
            with path.open("rb") as file:  # closed here even if openpyxl stops half-way
                yield openpyxl.load_workbook(file, read_only=True, data_only=True)
        except InputError:
            raise
        except Exception as error:  # openpyxl raises many kinds for a broken workbook
            raise InputError(
                f"{name} is no readable Excel workbook ({_reason(error)}). {what_else(path)}."
            ) from None


def _refuse_packed(path: Path, name: str) -> None:
    """Raise InputError for a workbook that inflates to far more than it is."""
    with zipfile.ZipFile(path) as book:
        parts = book.infolist()
    _refuse_inflated(name, path.stat().st_size, sum(part.file_size for part in parts))
    # Sheets and shared texts are read piece by piece, all others at once.
    whole = [p for p in parts if not p.filename.startswith(("xl/worksheets/", "xl/sharedStrings"))]
    for part in (part for part in whole if part.filename.endswith((".xml", ".rels"))):
        if part.file_size > SMALL_FILE:
            raise InputError(
                f"{name}: {part.filename} in it has {part.file_size:,} bytes, more than "
                f"{SMALL_FILE:,}. Save the sheet alone as .xlsx, or export it as CSV."
            )


def _place_of(wanted: str | int | None, titles: list[str], name: str) -> int:
    """Return the place of the sheet wanted by name or number, or of the only one."""
    if wanted is None and len(titles) == 1:
        return 0
    if str(wanted) in titles:
        return titles.index(str(wanted))
    if str(wanted).isdecimal() and 1 <= int(str(wanted)) <= len(titles):
        return int(str(wanted)) - 1
    unknown = f" ('{wanted}' is none of them)" if wanted is not None else ""
    raise InputError(
        f"{name} has the sheets {', '.join(titles)}{unknown}; name the one to read with "
        "`sheet:` in the mapping."
    )


def sheet_names(path: Path, name: str) -> list[str]:
    """Return the sheets of a workbook; InputError when it is none."""
    with _workbook(path, name) as book:
        return [sheet.title for sheet in book.worksheets]


def read_typed(path: Path, name: str) -> tuple[list[str], list[pd.Categorical]]:
    """Return the column names of a Parquet, SPSS, Stata or SAS file, and its columns as text."""
    if path.suffix.lower() in PARQUET_ENDINGS:
        return read_parquet(path, name)
    names, columns = read_stat_file(path, name)
    return names, [
        _texts(["" if pd.isna(value) else cell_text(value) for value in column])
        for column in columns
    ]


def read_parquet(path: Path, name: str) -> tuple[list[str], list[pd.Categorical]]:
    """Return the column names of a Parquet file and its columns as text, each value once.

    InputError for none, a damaged one, bytes that are no text, or one that would fill memory.
    """
    try:
        file = pq.ParquetFile(path)
        about, size = file.metadata, path.stat().st_size
        groups = [about.row_group(at) for at in range(about.num_row_groups)]
        _refuse_inflated(name, size, sum(group.total_byte_size for group in groups))
        if about.num_rows > max(1_000_000, RECORDS_A_BYTE * size):
            raise InputError(
                f"{name}: {about.num_rows:,} records in {size:,} bytes: with less than a bit for "
                "each they are all the same, and could fill the memory of this machine."
            )
        texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        table = pq.ParquetFile(path, read_dictionary=texts).read()
        return list(table.column_names), list(map(_cells, table.columns))
    except InputError:
        raise
    except UnicodeDecodeError:
        raise InputError(f"{name}: a column holds bytes that are no text; leave it out.") from None
    except Exception as error:  # pyarrow raises several kinds for a broken file
        raise InputError(f"{name} is no readable Parquet file: {_reason(error)}.") from None


def _cells(column: pa.ChunkedArray) -> pd.Categorical:
    if not pa.types.is_dictionary(column.type):
        try:
            column = column.dictionary_encode()
        except pa.ArrowNotImplementedError:  # lists and records
            return _texts([cell_text(value) for value in column.to_pylist()])
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return _texts([])
    values = [cell_text(value) for value in column.chunk(0).dictionary.to_pylist()]
    nothing = [""] * bool(column.null_count)
    codes = [np.asarray(chunk.indices.fill_null(len(values))) for chunk in column.chunks]
    return as_texts(np.concatenate(codes), [*values, *nothing])


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def cell_text(value: Any) -> str:
    """Return a typed cell as text: 6.0 is ``6``, a date is ISO, nothing is empty.

    Midnight is no time of day, so that a date can be joined with the time in another column.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else (str(int(value)) if value.is_integer() else repr(value))
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "utctimetuple") and value.tzinfo is None and value.time() == time():
        return value.date().isoformat()
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ") if hasattr(value, "utctimetuple") else value.isoformat()
    return str(value)
