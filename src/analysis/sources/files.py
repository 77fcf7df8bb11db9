"""Read a file into records of text, each with its line number, and account for every line.

Everything arrives as text, also from Excel and Parquet, so that values are understood in one place
(`analysis.sources.values`). Lines in the file = header + records + blank and continued lines, or an
error names the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputError
from analysis.sources.cells import EXCEL_ENDINGS, PARQUET_ENDINGS, read_excel, read_parquet
from analysis.sources.text import (
    Row,
    choose_separator,
    decode,
    read_rows,
    refuse_swallowed_lines,
    split_lines,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

CHUNK_RECORDS = 5_000
"""Records turned into columns at a time."""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Records of a file as text.

    Parameters
    ----------
    name : str
        The file, as errors and accounts name it.
    frame : DataFrame of str, shape (n_records, n_columns)
        Every value as stripped text; empty where the file has nothing.
    lines : ndarray of int, shape (n_records,)
        Line in the file (row of the sheet) on which each record begins.
    n_lines, n_header, n_blank, n_continued : int
        Lines in the file, lines up to and with the header, lines with nothing on them, and lines
        that continue a quoted value of the record before.
    header : tuple of str
        The header as written; an unnamed column is called "column_4" in the frame, and a name used
        twice "name (1)", "name (2)".
    """

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    n_lines: int
    n_header: int
    n_blank: int
    n_continued: int = 0
    header: tuple[str, ...] = ()

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names the header uses more than once."""
        return tuple(name for name, n in Counter(self.header).items() if n > 1 and name)

    def without(self, names: Collection[str]) -> RawTable:
        """Return the table without some of its columns."""
        keep = [name not in names for name in self.frame.columns]
        header = tuple(name for name, kept in zip(self.header, keep, strict=True) if kept)
        return replace(self, frame=self.frame.loc[:, keep], header=header)

    def __post_init__(self) -> None:
        told = self.n_header + self.n_blank + self.n_continued + len(self.frame)
        if told != self.n_lines:
            raise InputError(
                f"{self.name}: the file has {self.n_lines} lines, but {self.n_header} header, "
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


def load_raw_table(
    path: Path, form: FileFormat | None = None, *, name: str | None = None
) -> RawTable:
    """Read a CSV, Excel or Parquet file into text records with line numbers.

    Parameters
    ----------
    path : Path
        The file; its ending tells the form.
    form : FileFormat
        Encoding, separator, sheet and lines to skip before the header.
    name : str, optional
        What errors call the file; its own name when not given.

    Raises
    ------
    InputError
        No such file, a directory, empty, binary, undecodable, no header, a record with too few or
        too many fields, or a quote that is never closed.
    """
    form = form or FileFormat()
    name = name or path.name
    check_is_file(path)
    ending = path.suffix.lower()
    if ending in EXCEL_ENDINGS:
        return _from_cells(name, read_excel(path, form.sheet, name), form)
    if ending in PARQUET_ENDINGS:
        return _from_cells(name, read_parquet(path, name), form)
    if ending == ".xls":
        raise InputError(f"{name}: the old .xls form is not read; save it as .xlsx or CSV.")
    return _from_text(name, path, form)


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


def _from_text(name: str, path: Path, form: FileFormat) -> RawTable:
    lines = split_lines(decode(path.read_bytes(), form.encoding, name))
    kept, first = lines[form.skip_lines :], form.skip_lines + 1
    if not kept:
        raise InputError(
            f"{name} has {len(lines)} lines and `skip_lines` is {form.skip_lines}: no header line "
            "is left. Count the lines before the header again."
        )
    separator = choose_separator(kept, form.separator, name)
    if not form.quoted_line_breaks:
        refuse_swallowed_lines(kept, separator, name, first=first)
    rows = read_rows(kept, separator, name, first=first)
    return _assemble(name, rows, n_lines=len(lines), skip=form.skip_lines)


def _from_cells(name: str, rows: list[list[str]], form: FileFormat) -> RawTable:
    numbered = ((at, 1, row) for at, row in enumerate(rows, start=1) if at > form.skip_lines)
    return _assemble(name, numbered, n_lines=len(rows), skip=form.skip_lines)


def _assemble(name: str, rows: Iterator[Row], *, n_lines: int, skip: int) -> RawTable:
    import numpy as np
    import pandas as pd

    header, at_header, n_header, n_blank = _read_header(rows, name)
    columns = _Columns(len(header))
    starts: list[int] = []
    n_continued = 0
    for at, taken, row in rows:
        fitted = _fit_to_header(row, header, f"{name}, line {at}", at_header)
        if fitted is None:
            n_blank += taken
            continue
        columns.add(fitted)
        starts.append(at)
        n_continued += taken - 1
    named = dict(zip(_column_names(header), columns.finish(), strict=True))
    return RawTable(
        name=name,
        frame=pd.DataFrame(named, dtype=object),
        lines=np.asarray(starts, dtype=np.int64),
        n_lines=n_lines,
        n_header=skip + n_header,
        n_blank=n_blank,
        n_continued=n_continued,
        header=tuple(header),
    )


class _Columns:
    """Records turned into columns of stripped text, some thousand at a time.

    Half a million lists of fields kept to the end cost more than reading them.
    """

    def __init__(self, width: int) -> None:
        self.columns: list[list[str]] = [[] for _ in range(width)]
        self.waiting: list[list[str]] = []

    def add(self, record: list[str]) -> None:
        """Take one record."""
        self.waiting.append(record)
        if len(self.waiting) >= CHUNK_RECORDS:
            self.finish()

    def finish(self) -> list[list[str]]:
        """Return the columns of all records taken so far."""
        for column, values in zip(self.columns, zip(*self.waiting, strict=True), strict=False):
            column += [value.strip() for value in values]
        self.waiting.clear()
        return self.columns


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


def _read_header(rows: Iterator[Row], name: str) -> tuple[list[str], int, int, int]:
    """Return the names, the header's line, its number of lines, and the blank lines before it."""
    n_blank = 0
    for at, taken, row in rows:
        if any(cell.strip() for cell in row):
            return [" ".join(cell.split()) for cell in row], at, taken, n_blank
        n_blank += taken
    raise InputError(f"{name} has no header line.")


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
