"""Read a text file into lines and rows: encoding, separator, quotes, every line numbered.

The csv module of the standard library is used because it keeps the line number of every record and
never drops one; what it would bend without a word (a quote that swallows lines) is refused here.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analysis.errors import InputError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_WORDS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "space": " ",
}
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


def decode(data: bytes, encoding: str, name: str) -> str:
    """Return the text of a file's bytes, without a byte order mark.

    Parameters
    ----------
    data : bytes
    encoding : str
        A codec's name, or ``auto``: UTF-8 unless a byte order mark says UTF-16 or UTF-32.
    name : str
        File, for the error.

    Raises
    ------
    InputError
        Not text, not in that encoding (the line is named), or no such encoding.
    """
    if encoding == "auto":
        _refuse_other_forms(data, name)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except LookupError:
        raise InputError(f"{name}: there is no encoding '{encoding}'; try cp1252.") from None
    except UnicodeError as error:
        raise InputError(_tell_undecodable(data, encoding, name, error)) from None
    if "\x00" in text:
        line = len(split_lines(text[: text.index("\x00")] + "x"))
        raise InputError(
            f"{name}, line {line}: a NUL character stands where text is expected, so this is a "
            "binary file or UTF-16. Export it as CSV, or say `encoding: utf-16-le` in the mapping."
        )
    return text.removeprefix("\ufeff")


def _refuse_other_forms(data: bytes, name: str) -> None:
    head = data[:16].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature) or head.startswith(signature):
            raise InputError(
                f"{name} is {what}, not text: give it its proper ending, or export it as CSV."
            )


def _tell_undecodable(data: bytes, encoding: str, name: str, error: UnicodeError) -> str:
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

    Notes
    -----
    The header alone can mislead (a comma inside a name of a semicolon file). The separator under
    which most of the first lines have as many fields as the header wins; then the one with most
    fields.
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
    return max(SEPARATORS, key=lambda separator: _fit(sample, separator))


def _fit(sample: list[str], separator: str) -> tuple[float, int]:
    widths = [_n_fields(line, separator) for line in sample]
    header = widths[0]
    if header < 2:
        return 0.0, 0
    return sum(width == header for width in widths) / len(widths), header


def _n_fields(line: str, separator: str) -> int:
    """Return the number of fields of a line, 0 when its quotes do not fit the separator."""
    if '"' not in line:
        return line.count(separator) + 1
    try:
        return len(next(_reader([line], separator)))
    except csv.Error:
        return 0


def refuse_swallowed_lines(lines: list[str], separator: str, name: str, *, first: int) -> None:
    """Refuse a quote that runs over the end of a line: the usual way rows vanish unseen.

    Parameters
    ----------
    lines : list of str
    separator, name : str
    first : int
        Line number of ``lines[0]``.
    """
    csv.field_size_limit(FIELD_LIMIT)
    for number, line in enumerate(lines, start=first):
        if '"' in line and len(line) <= FIELD_LIMIT and not _n_fields(line, separator):
            raise InputError(
                f"{name}, line {number}: a quote is not closed where it should be, so other "
                'values or lines would be swallowed. Remove the stray " from that line; if notes '
                "really run over several lines, say `quoted_line_breaks: true` in the mapping."
            )


def read_rows(lines: list[str], separator: str, name: str, *, first: int) -> Iterator[Row]:
    """Yield every record; refuse one that swallowed whole records.

    Parameters
    ----------
    lines : list of str
    separator, name : str
    first : int
        Line number of ``lines[0]``.

    Raises
    ------
    InputError
        Quotes that do not pair, a field longer than a million characters, a swallowed record.
    """
    csv.field_size_limit(FIELD_LIMIT)
    reader = _reader((line + "\n" for line in lines), separator)
    begins = 0
    try:
        for row in reader:
            taken = reader.line_num - begins
            if taken > 1:
                inside = lines[begins + 1 : reader.line_num]
                _refuse_swallowed_records(inside, len(row), separator, name, first + begins)
            yield first + begins, taken, row
            begins = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"{name}, line {first + begins}: not readable as a table ({error}). A quote that is "
            "never closed is the usual cause; remove it."
        ) from None


def _refuse_swallowed_records(
    inside: list[str], n_fields: int, separator: str, name: str, line: int
) -> None:
    for at, text in enumerate(inside, start=line + 1):
        if text.count(separator) >= n_fields - 1 > 0:
            raise InputError(
                f"{name}, line {at}: a value quoted from line {line} on has swallowed what looks "
                f"like a whole record ({text[:60]!r}). Close the quote on line {line}; if it is a "
                "note after all, take the separators out of it."
            )


def _reader(lines: Iterable[str], separator: str) -> CsvReader:
    """Return a strict reader; blanks after a separator are no part of a value."""
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != " ")
