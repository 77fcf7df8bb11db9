"""Profile an export: its files and sheets, and what the columns of each look like.

Nothing is decided here and no text of a patient leaves this module except masked: a profile says
that a column holds dates from 2024 to 2026 in day-first order, and the draft of a mapping
(`analysis.intake.draft`) is made from that.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress, zip_longest
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from analysis.errors import InputError
from analysis.intake.codes import words_for
from analysis.intake.fhir import NDJSON
from analysis.intake.header_words import header_identifier
from analysis.intake.identifiers import (
    find_identifiers,
    identified_by,
    identifying_values,
    names_nobody,
)
from analysis.intake.mapping import MISSING_WORDS
from analysis.intake.read import (
    EXCEL_ENDINGS,
    SAMPLE_LINES,
    TYPED_ENDINGS,
    FileFormat,
    RawTable,
    cell_text,
    choose_separator,
    decode,
    load_raw_table,
    sheet_names,
    split_line,
    split_lines,
    what_else,
)
from analysis.intake.redcap import Project, find_project
from analysis.intake.text import shape
from analysis.intake.values import (
    DateOrder,
    Refusal,
    choose_date_order,
    parse_number,
    readings,
)

ENDINGS = (".csv", ".tsv", ".txt", NDJSON, *EXCEL_ENDINGS, *TYPED_ENDINGS)

Kind = Literal["empty", "number", "date", "word", "text"]

MOSTLY = 0.7
"""Share of values that must be numbers or dates for a column to be one of them; the rest are the
"not asked" and "n/a" that a mapping lists."""

MOST_WORDS = 30
"""Different texts of a column of words; with more, and nearly all different, it is free text."""

MOST_LOOKED_AT = 5_000
"""Different texts of a column that are tried as numbers and dates, the most frequent first. What
the draft takes from them is checked on all values when the export is loaded with it."""

MOST_TITLE_LINES = 8
"""Lines above a header that are looked through for it."""

FOOTER = re.compile(
    r"(?i)(?:grand )?(?:mean|totals?(?: rows)?|sum|average|count|median|std|sd|n|mittelwert|summe"
    r"|gesamt|moyenne|media|suma)(?:\s*[:=].*)?"
)
"""Texts in the place of an id that mark a line of totals."""


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """One column: its name, the header above it, how much is recorded, and what it looks like.

    ``texts`` are the distinct values that are recorded, most frequent first, and ``odd`` those
    that do not fit the kind. ``low`` and ``high`` are the ends of numbers. ``identifier`` is the
    kind of identifier it holds, empty for none. Dates may be a spreadsheet's serial numbers.
    ``meanings`` are the words that codes stand for, where the export has a dictionary, ``field`` is
    the field's name there, where the header is its label, and ``days`` are study days of events.
    """

    name: str
    label: str = ""
    kind: Kind
    n_rows: int
    n_filled: int
    texts: tuple[str, ...]
    odd: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    decimal_comma: bool = False
    serial_dates: bool = False
    identifier: str = ""
    meanings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    days: Mapping[str, float] = dataclasses.field(default_factory=dict)
    field: str = ""

    def said(self, text: str) -> str:
        """Return what a value says: the word its code stands for, or itself."""
        return self.meanings.get(text, text)

    @property
    def share_filled(self) -> float:
        """Share of the records in which something is recorded."""
        return self.n_filled / self.n_rows if self.n_rows else 0.0

    @property
    def words(self) -> str:
        """The header as plain lower-case words, with that of the line above it."""
        name = "" if re.fullmatch(r"column_\d+", self.name) else self.name
        return plain_words(f"{self.label} {re.sub(r' [(][0-9]+[)]$', '', name)}")

    def describe(self) -> str:
        """Return kind, range and share filled in words; a text is shown with its letters masked."""
        if self.identifier:
            return f"{self.identifier}, not shown"
        shown = {"number": "numbers", "date": "dates", "word": "words", "text": "texts"}
        parts = [shown.get(self.kind, "nothing recorded")]
        if self.kind == "number" and self.low is not None:
            parts.append(f"{self.low:g} to {self.high:g}")
        elif self.texts:
            parts[0] += f" as {mask(self.texts[0])}"
        gaps = "" if self.share_filled == 1 else f"; {self.share_filled:.0%} filled"
        return ", ".join(parts) + gaps


@dataclass(frozen=True, kw_only=True)
class FileProfile:
    """One file, or one sheet of a workbook, as it must be read, and its columns.

    ``file`` is named from the export's folder on. ``two_headers`` says that names of visits stand
    in a line above the header; ``not_rows`` are, by column, texts of lines that are no records
    (a survey's second header, a footer). ``part`` names the form whose rows these are, where the
    rows of several forms stand in a file, and ``only`` is the filter for them.
    """

    file: str
    sheet: str | None
    form: FileFormat
    two_headers: bool
    not_rows: dict[str, tuple[str, ...]]
    columns: tuple[ColumnProfile, ...]
    frame: pd.DataFrame
    project: Project | None = None
    part: str = ""
    only: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The file's name for people, with its sheet or form."""
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        return self.file + sheet + (f", form {self.part}" if self.part else "")

    @property
    def decimal(self) -> str:
        """The decimal mark of its numbers; of a file with both, a column says its own."""
        numbers = [column for column in self.columns if column.kind == "number"]
        points = any("." in text for c in numbers if not c.decimal_comma for text in c.texts)
        return "," if any(c.decimal_comma for c in numbers) and not points else "."

    @cached_property
    def dates(self) -> tuple[DateOrder | Refusal | None, str]:
        """Order of the day and month of its dates, and the date that settles it.

        None where no date has to be read in an order; a Refusal where no date settles it or the
        columns contradict.
        """
        dated = [c for c in self.columns if c.kind == "date"]
        if dated and all(c.serial_dates for c in dated):
            return "excel_serial", "they are a spreadsheet's numbers of days"
        texts = [text for c in dated for text in c.texts[:MOST_LOOKED_AT] if _SLASHED.match(text)]
        slashed = {text: read for text in texts if (read := readings(text, PIVOT))}
        if not slashed:
            return None, ""
        order = choose_date_order(slashed, pivot_year=PIVOT)
        if isinstance(order, Refusal):
            return order, ""
        settling = (text for text, read in slashed.items() if {*read} == {order})
        return order, next(settling, "every date reads alike")

    @property
    def short_year(self) -> str:
        """A date whose year has two digits; empty where all have four."""
        texts = (text for c in self.columns if c.kind == "date" for text in c.texts)
        return next((t for t in texts if readings(t, PIVOT) and not readings(t, None)), "")

    def column(self, name: str) -> ColumnProfile:
        """Return a column by its name; KeyError when there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, ColumnProfile]:
        return {column.name: column for column in self.columns}


DATE_WORDS = words_for("date")
"""Words of a header that say that a column holds dates."""

SERIALS = 32_000, 60_000
"""Serial numbers of the days from 1987 to 2064 in a spreadsheet; 1904's calendar lies within."""

_SLASHED = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})(?!\d)")

PIVOT = 1930
"""First of the hundred years that two digits stand for in a draft: births and treatments alike."""


def plain_words(text: str) -> str:
    """Return a header as words: lower case, without accents, a blank at each change of kind."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def mask(text: str) -> str:
    """Return a text with its letters as x and its digits as 9; its form is all that is shown."""
    masked = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))
    return masked if len(masked) <= 24 else masked[:21] + "..."


def list_columns(profiles: Iterable[FileProfile]) -> str:
    """Return the files with their columns, for people; a name that identifies by its form."""
    lines = []
    for profile in profiles:
        shown = [shape(c.name) if identified_by(c.name) else c.name for c in profile.columns[:30]]
        more = len(profile.columns) - len(shown)
        extra = f" and {more} more" if more > 0 else ""
        lines.append(f"  {profile.shown}: {', '.join(shown)}{extra}")
    return "\n".join(lines)


def find_files(path: Path) -> list[Path]:
    """Return the tables of an export: the file itself, or those in the folder, by name."""
    if path.is_file():
        if path.suffix.lower() in (".zip", ".gz", ".xls"):
            raise InputError(f"{what_else(path)}.")
        return [path]
    return sorted(
        f for f in path.iterdir() if f.suffix.lower() in ENDINGS and f.name[0] not in "~."
    )


def profile_export(path: Path) -> list[FileProfile]:
    """Return a profile of every file and sheet of an export.

    Raises
    ------
    InputError
        There is no file to read, or one cannot be read as a table in any way that is tried.
    """
    if not path.exists():
        raise InputError(f"there is no export at {path}. Give a folder or a file.")
    profiles: list[FileProfile] = []
    files = find_files(path)
    project, lists = find_project(files)
    for file in (file for file in files if file not in lists):
        shown = file.name
        sheets: list[str | None] = [None]
        if file.suffix.lower() in EXCEL_ENDINGS:
            titles = sheet_names(file, shown)
            sheets = [None] if len(titles) == 1 else list(titles)
        for sheet in sheets:
            try:
                profiles += _profile_file(file, shown, sheet, project)
            except InputError as error:
                other = file.suffix.lower() == NDJSON  # a kind of resource that is not read
                if not other and (sheet is None or "is empty" not in str(error)):
                    raise
    if not profiles:
        others = (
            [what_else(f) for f in sorted(path.iterdir()) if f.is_file()] if path.is_dir() else []
        )
        there = f" {'; '.join(others[:3])}." if others else ""
        raise InputError(
            f"{path} holds no table: a folder with CSV, TSV, TXT, XLSX, XLSM or Parquet files is "
            f"expected, or one such file.{there}"
        )
    return profiles


def _profile_file(
    path: Path, shown: str, sheet: str | None, project: Project | None
) -> Iterator[FileProfile]:
    raw, form = _read(path, shown, sheet)
    if project is not None:
        project.check(raw)
    raw, form, labels = _below_the_header(path, shown, raw, form)
    two_headers = bool(labels)
    frame, labels, not_rows = _records(raw, labels)
    if project is not None and project.missing:
        frame = frame.mask(frame.isin(project.missing), "")
    for part, only, rows in _forms(frame):
        columns = [
            profile_column(str(name), rows.iloc[:, at], label=labels.get(str(name), ""))
            for at, name in enumerate(rows.columns)
        ]
        if project is not None:
            columns = [_described(column, project) for column in columns]
        yield FileProfile(
            file=shown,
            sheet=sheet,
            form=form,
            two_headers=two_headers,
            not_rows=not_rows,
            columns=tuple(columns),
            frame=rows,
            project=project,
            part=part,
            only=only,
        )


def _forms(
    frame: pd.DataFrame,
) -> Iterator[tuple[str, dict[str, dict[str, Any]], pd.DataFrame]]:
    """Yield records form by form, where forms are repeated: each has its own columns.

    With each form's name and filter. REDCap writes a row for each repetition of a form, with
    nothing in the columns of all others.
    """
    names = [name for name in frame if "repeat instrument" in plain_words(str(name))]
    if len(names) != 1:
        yield "", {}, frame
        return
    texts = frame[names[0]]
    for text in dict.fromkeys(["", *texts.unique()]):
        rows = frame[texts == text].reset_index(drop=True)
        filled = (rows != "").any()
        own = [n for n in rows if filled[n] and not plain_words(str(n)).startswith(_OF_REPEATS)]
        if len(rows):
            only = {names[0]: {"is": [text]} if text else {"recorded": False}}
            yield text, only, rows[own]


_OF_REPEATS = ("redcap repeat", "repeat ins")


def _described(column: ColumnProfile, project: Project) -> ColumnProfile:
    events = {text: event for text in column.texts if (event := project.event(text)) is not None}
    if events and len(events) == len(column.texts):
        return replace(
            column,
            meanings={text: event.name for text, event in events.items()},
            days={text: e.day for text, e in events.items() if e.day is not None},
        )
    own = project.describe(column.name)
    if own is None:
        return column
    numbered = sum(said.startswith(text) for text, said in own.choices.items())
    coded = bool(column.texts) and set(column.texts) <= {*own.choices}
    coded = coded and numbered <= len(own.choices) / 2
    flag = "a field of the dictionary that identifies" if own.identifies else ""
    free = "free text" if own.free and column.kind != "empty" else ""
    return replace(
        column,
        label=own.label,
        field=own.name,
        kind="word" if coded else column.kind,
        meanings=own.choices if set(column.texts) & {*own.choices} else {},
        identifier=column.identifier or flag or free,
    )


def _read(path: Path, shown: str, sheet: str | None) -> tuple[RawTable, FileFormat]:
    """Read a file in the first way that gives a table: as it is, in cp1252, with line breaks in
    quotes, below lines that are no header. The error is that of the plain way.
    """
    first: InputError | None = None
    begins_well = False
    for skip in range(MOST_TITLE_LINES + 1):
        if begins_well:  # what is wrong stands far below: no other header would mend it
            break
        for encoding, breaks in (("auto", False), ("auto", True), ("cp1252", False)):
            form = FileFormat(
                encoding=encoding, sheet=sheet, skip_lines=skip, quoted_line_breaks=breaks
            )
            try:
                raw = load_raw_table(path, form, name=shown)
            except InputError as error:
                first = first or (None if skip else error)
                if not skip:
                    begins_well |= _line_of(error) > SAMPLE_LINES
                continue
            if len(raw.header) > 1 and (not skip or is_header_like(list(raw.header))):
                return raw, form
    if first is not None:
        raise first
    form = FileFormat(sheet=sheet)
    return load_raw_table(path, form, name=shown), form


def _line_of(error: InputError) -> int:
    """Return the line that an error of the reader names, 0 for none."""
    found = re.search(r", line (\d+)", str(error))
    return int(found[1]) if found else 0


def _below_the_header(
    path: Path, shown: str, raw: RawTable, form: FileFormat
) -> tuple[RawTable, FileFormat, dict[str, str]]:
    """Skip titles above the header, and read the lower of two header lines as the header.

    The upper of two lines names visits, each over the columns up to the next name: they come back
    by column.
    """
    for _ in range(MOST_TITLE_LINES):
        if all(raw.header) or not len(raw.frame):
            break
        row = [str(text) for text in raw.frame.iloc[0]]
        if sum(map(bool, row)) < 2 or not is_header_like(row):
            break
        lower = replace(form, skip_lines=int(raw.lines[0]) - 1)
        try:
            raw, form = load_raw_table(path, lower, name=shown), lower
        except InputError:
            break
    above = _line(path, form) if form.skip_lines else []
    if sum(map(bool, above)) < 2 or not is_header_like(above):
        return raw, form, {}
    labels, last = {}, ""
    for name, text in zip_longest(raw.frame.columns, above[: len(raw.header)], fillvalue=""):
        last = text or last
        labels[str(name)] = last
    return raw, form, labels


def _line(path: Path, form: FileFormat) -> list[str]:
    if path.suffix.lower() in EXCEL_ENDINGS:
        import openpyxl

        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True)
            sheet = book[str(form.sheet)] if form.sheet else book.worksheets[0]
            sheet.reset_dimensions()
            at = form.skip_lines
            cells = next(sheet.iter_rows(min_row=at, max_row=at, values_only=True), ())
        return [cell_text(cell).strip() for cell in cells]
    if path.suffix.lower() in TYPED_ENDINGS:
        return []
    lines = split_lines(decode(path.read_bytes(), form.encoding, path.name))
    separator = choose_separator(lines[form.skip_lines :], form.separator, path.name)
    return [cell.strip() for cell in split_line(lines[form.skip_lines - 1], separator)]


def is_header_like(row: list[str]) -> bool:
    """Whether every text of a line is a word: neither a number nor a date."""
    return all(
        isinstance(parse_number(text), Refusal) and not readings(text, PIVOT)
        for text in row
        if text
    )


def _records(
    raw: RawTable, labels: dict[str, str]
) -> tuple[pd.DataFrame, dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the records without further headers and footers, and the texts that mark these."""
    frame, not_rows = raw.frame.astype(object), {}
    head = frame.head(2)
    import_line = head.apply(lambda row: row.str.contains('"ImportId"', regex=False)).any(axis=1)
    if import_line.any():  # Qualtrics writes the question's text and an id below the names
        at = int(import_line.to_numpy().argmax())
        labels = {str(name): str(frame.iloc[0][name]) for name in frame.columns} if at else labels
        # Any column that says the same on every such line would do; these are never records' own.
        marked = next((n for n in frame.columns if re.search("(?i)recorded|start", str(n))), None)
        marked = marked or frame.columns[0]
        not_rows[str(marked)] = tuple(str(text) for text in frame[marked].iloc[: at + 1])
        frame = frame.iloc[at + 1 :]
    for name in frame.columns[:2]:
        footers = [text for text in frame[name].tail(5).unique() if text and FOOTER.fullmatch(text)]
        if footers:
            not_rows[str(name)] = (*not_rows.get(str(name), ()), *footers)
            frame = frame[~frame[name].isin(footers)]
    blank = frame.isin(MISSING_WORDS).all(axis=1)
    return frame[~blank].reset_index(drop=True), labels, not_rows


def profile_column(name: str, values: pd.Series, *, label: str = "") -> ColumnProfile:
    """Return what a column of text values looks like; missing words count as nothing."""
    found = {str(text): n for text, n in values.value_counts().items() if text not in MISSING_WORDS}
    every, n_filled = tuple(found), sum(found.values())
    texts = every[:MOST_LOOKED_AT]
    counts = [found[text] for text in texts]
    read = {mark: [parse_number(t, decimal=mark) for t in texts] for mark in (".", ",")}
    comma = _count(counts, read[","]) > _count(counts, read["."])
    numbers = read["," if comma else "."]
    undated = [text for text in texts if not readings(text, PIVOT)]
    kind: Kind = "text"
    odd: list[str] = []
    low = high = None
    serial = False
    if not n_filled:
        kind = "empty"
    elif sum(counts) - sum(found[text] for text in undated) >= MOSTLY * sum(counts):
        kind, odd = "date", undated
    elif (ends := _ends_of_numbers(texts, counts, numbers)) is not None:
        low, high = ends
        odd = [t for t, n in zip(texts, numbers, strict=True) if isinstance(n, Refusal)]
        dated = DATE_WORDS.search(plain_words(f"{label} {name}"))
        serial = bool(dated and SERIALS[0] <= low <= high <= SERIALS[1])
        kind = "date" if serial else "number"
    elif len(every) <= MOST_WORDS or len(every) <= n_filled / 3:
        kind = "word"
    return ColumnProfile(
        name=name,
        label=label,
        kind=kind,
        n_rows=len(values),
        n_filled=n_filled,
        texts=every,
        odd=tuple(odd),
        low=low,
        high=high,
        decimal_comma=comma,
        serial_dates=serial,
        identifier=_identifier(name, label, texts, kind),
    )


_ALMOST = re.compile(
    r"[<>~\u2264\u2265]?\s*(\d{1,3}(?:[.,]\d+)?)\s*"
    r"(?:(?:/|-|\u2013|to|of|out of)\s*\d.*|[(=:,+].*|)"
)


def _count(counts: list[int], numbers: list[float | Refusal]) -> int:
    return sum(compress(counts, (not isinstance(number, Refusal) for number in numbers)))


def _ends_of_numbers(
    texts: tuple[str, ...], counts: list[int], numbers: list[float | Refusal]
) -> tuple[float, float] | None:
    """Return the ends of a column of numbers, also of what people write around one: 7/10, 4-5, ~7,
    7 (worst 9); None for another column.
    """
    known = [number for number in numbers if not isinstance(number, Refusal)]
    if _count(counts, numbers) >= MOSTLY * sum(counts):
        return min(known), max(known)
    found = [_ALMOST.fullmatch(text) for text in texts]
    fits = [bool(f) or not isinstance(n, Refusal) for f, n in zip(found, numbers, strict=True)]
    if sum(compress(counts, fits)) < MOSTLY * sum(counts) or not any(found):
        return None
    first = [float(f[1].replace(",", ".")) for f in found if f]
    return min(first), max(first)


_LOOKS_LIKE_NAME = re.compile(r"[^\W\d_]\w*['-]?\w*\.?,? (?:[^\W\d_]\.? )?[^\W\d_][\w'-]+")


def _identifier(name: str, label: str, texts: tuple[str, ...], kind: Kind) -> str:
    """Return the kind of identifier a column holds, by its header, the one above, or its values."""
    for header in (name, label):
        if found := header_identifier(header):
            return "" if names_nobody(found, texts) and texts else found
        if inside := identified_by(header):
            return inside
    if found_in := find_identifiers("\n".join(texts)):
        return found_in[0].kind
    named = re.search(r"\b(?:patient|client|pat|patientin|paciente)\b", plain_words(name))
    if kind == "text" and named and all(_LOOKS_LIKE_NAME.fullmatch(text) for text in texts):
        return "name"
    found_names = identifying_values(texts, header=name) if kind in ("word", "text") else None
    return found_names[0] if found_names else ""
