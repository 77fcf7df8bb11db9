"""Read a regular text table fast and in parallel, or decline: `analysis.intake.read` then decides.

Regular is what can be proven by looking at the bytes: every line is a record with as many fields as
the header or is empty, and every quote opens or closes a field, or is doubled inside one. pyarrow
is lenient with quotes, so they are checked here before it reads. A file that is not regular is
not refused: the csv module reads it and names the line at fault, if there is one.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

BLOCK_BYTES = 1 << 25
"""Bytes checked and parsed at a time: enough for all cores, little beside the table they become."""

SINGLE_BYTE = frozenset({"ascii", "iso8859-1", "iso8859-15", "cp1252", "mac-roman"})
"""Encodings, by their name in `codecs`, in which a line end or a separator is always itself."""

_NEWLINE, _QUOTE = 10, 34


class Records(NamedTuple):
    """Columns of stripped text, as categoricals, and where the records stand.

    ``lines`` count from 1 at the first line read; ``n_lines`` is the number of lines read, and
    those that are no record are empty.
    """

    columns: list[pd.Categorical]
    lines: np.ndarray
    n_lines: int


def can_decode(encoding: str) -> bool:
    """Return whether files in an encoding can be cut at line ends before they are decoded."""
    try:
        return codecs.lookup(encoding).name in {"utf-8", *SINGLE_BYTE}
    except LookupError:
        return False


def read_records(
    path: Path, *, encoding: str, separator: str, width: int, skip: int, longest: int
) -> Records | None:
    """Return the records of a regular text table, or None where a stricter reader must decide.

    The encoding is one that `can_decode`, the separator an ASCII character; ``width`` fields (at
    least 2) make a record, ``skip`` lines stand before the first, and no line has more bytes than
    ``longest``.
    """
    names = [f"c{place}" for place in range(width)]
    text = pa.dictionary(pa.int32(), pa.string())
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, text))
    parts: list[pa.Table] = []
    lines: list[np.ndarray] = []
    n_lines = 0
    for block in _blocks(path):
        if encoding not in ("utf-8", "ascii") or not block.isascii():
            try:
                block = block.decode(encoding).encode()
            except UnicodeError:
                return None
        if block.startswith(codecs.BOM_UTF8):
            if n_lines:  # within a file it is text, but pyarrow drops it
                return None
            block = block.removeprefix(codecs.BOM_UTF8)
        ends = _regular_line_ends(block, separator, longest)
        if ends is None:
            return None
        if n_lines < skip:
            if skip > n_lines + len(ends):
                return None
            start = int(ends[skip - n_lines - 1]) + 1
            block, ends = block[start:], ends[skip - n_lines :] - start
            n_lines = skip
            if block.startswith(codecs.BOM_UTF8):
                return None
        filled = np.diff(ends, prepend=-1) > 1
        if filled.any():
            try:
                part = csv.read_csv(
                    pa.BufferReader(block),
                    read_options=csv.ReadOptions(column_names=names),
                    parse_options=csv.ParseOptions(
                        delimiter=separator, quote_char='"' if b'"' in block else False
                    ),
                    convert_options=convert,
                )
            except pa.ArrowInvalid:
                return None
            if len(part) != filled.sum():
                return None
            parts.append(part)
        lines.append(np.flatnonzero(filled) + n_lines + 1)
        n_lines += len(ends)
    if not parts:
        return None
    table = pa.concat_tables(parts).unify_dictionaries()
    return Records(
        columns=[categorical(column) for column in table.columns],
        lines=np.concatenate(lines),
        n_lines=n_lines,
    )


def categorical(column: pa.ChunkedArray) -> pd.Categorical:
    """Return a dictionary column with unified dictionaries as a categorical of stripped texts."""
    texts = column.chunk(0).dictionary.to_pylist()
    codes = np.concatenate([np.asarray(chunk.indices) for chunk in column.chunks])
    return as_texts(codes, texts)


def as_texts(codes: np.ndarray, texts: list[str]) -> pd.Categorical:
    """Return the texts at ``codes``, stripped; each is a category once, in the order given."""
    stripped = [text.strip() for text in texts]
    places = {text: place for place, text in enumerate(dict.fromkeys(stripped))}
    if len(places) < len(texts):
        codes = np.array([places[text] for text in stripped], dtype=np.int64)[codes]
    return pd.Categorical.from_codes(codes, pd.Index(list(places), dtype=object))


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of complete lines, every line end as LF."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(BLOCK_BYTES):
            cut = piece.rfind(b"\n") + 1
            if cut == 0 and len(rest) > BLOCK_BYTES:  # one endless line, or lines that end in CR
                piece += file.read()
                cut = 0
            if cut:
                yield _with_newlines(rest + piece[:cut])
                rest = piece[cut:]
            else:
                rest += piece
    if rest:
        block = _with_newlines(rest)
        yield block if block.endswith(b"\n") else block + b"\n"


def _with_newlines(block: bytes) -> bytes:
    if b"\r" not in block:
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _regular_line_ends(block: bytes, separator: str, longest: int) -> np.ndarray | None:
    """Return the places of the line ends, None if the block is not regular or a line too long."""
    if b"\0" in block:
        return None
    characters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE)
    if int(np.diff(ends, prepend=-1).max()) > longest:
        return None
    if b'"' in block:
        quotes = np.flatnonzero(characters == _QUOTE)
        if (np.searchsorted(quotes, ends) % 2).any():  # within a quoted value
            return None
        around = np.zeros(256, dtype=bool)
        around[[ord(separator), _NEWLINE, _QUOTE]] = True  # a quote beside a quote is doubled
        before = np.where(quotes[::2] > 0, characters[quotes[::2] - 1], _NEWLINE)
        if not around[before].all() or not around[characters[quotes[1::2] + 1]].all():
            return None
    return ends
