"""Small exports and the ways in which they are spoiled: one kind and one seed, one case."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

TABLES: dict[str, list[list[str]]] = {
    "patients": [["patient_id", "condition", "site", "sex", "birth_year"]] + [
        [f"P{n:02}", ("crps", "fibromyalgia", "neuropathic")[n % 3],
         ("Zürich, Nord", 'the "old" clinic', "Mercy")[n % 3], ("female", "male")[n % 2],
         str(1950 + n)] for n in range(1, 10)],
    "pain_scores": [["patient_id", "assessed_on", "score"]] + [
        [f"P{n:02}", f"2026-{month}-{10 + n}", str((n * month_at) % 11) if n != 4 else ""]
        for month_at, month in enumerate(("03", "04", "05"), 2) for n in range(1, 10)],
    "infusions": [["patient_id", "infused_at", "dose_mg_per_kg"]] + [
        [f"P{n:02}", f"2026-03-{20 + day} 09:30", "0.5"] for day in (1, 3) for n in range(1, 10)],
}  # fmt: skip
MAPPING = """\
name: A clinic
format: {missing: ["", n/a]}
conditions: {other_pain: Other pain}
tables:
  patients:
    file: patients.csv
    columns: {patient_id: patient_id, condition: condition, birth_year: birth_year}
  pain_scores:
    file: pain_scores.csv
    columns:
      patient_id: patient_id
      assessed_on: {from: assessed_on, dates: iso}
      score: {from: score, times: 1}
    where: {score: {min: 0}}
  infusions:
    - file: infusions.csv
      columns: {patient_id: patient_id, infused_at: infused_at}
settings: {responder_threshold_pct: 30}
exclude: [missing_id]
"""
NASTY = (
    "\0", "\ufeff", "\r", "\n", "\x1a", "\x85", "\u2028", "\x0c", "\x1b[2J", '"', "'", ",", ";",
    "\t", "|", '""', '","', '"\n', "\\", "\u202e", "\u200b", "\xa0", "é", "\U0001f600", "%s", "{}",
    "#REF!", "=1+1", "\n\n\n", '\n"', "-", "0", "x" * 300,
)  # fmt: skip


@dataclass
class Case:
    """An export, its mapping if it has one, the paths it is asked for, and what was done to it."""

    folder: Path
    draw: random.Random
    mapping: Path | None = None
    encoding: str = ""
    reads_as_plain: bool = True
    done: list[str] = field(default_factory=list)
    export: Path | None = None

    @property
    def path(self) -> Path:
        return self.export or self.folder

    def file(self, *endings: str) -> Path:
        files = [f for f in sorted(self.folder.iterdir()) if f.suffix in (endings or (".csv",))]
        return self.draw.choice(files)

    def map(self, text: str) -> None:
        self.mapping = self.folder.parent / "map.yaml"
        self.mapping.write_bytes(text.encode("utf-8", "surrogatepass"))


def write_text(folder: Path) -> None:
    for name, rows in TABLES.items():
        (folder / f"{name}.csv").write_text(as_csv(rows), "utf-8", newline="")


def as_csv(
    rows: list[list[str]], separator: str = ",", end: str = "\n", every: bool = False
) -> str:
    def cell(text: str) -> str:
        if every or any(mark in text for mark in (separator, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    return "".join(separator.join(map(cell, row)) + end for row in rows)


def rows_of(case: Case) -> tuple[Path, list[list[str]]]:
    path = case.file()
    return path, [list(row) for row in TABLES[path.stem]]


# Text


def bytes_changed(case: Case) -> None:
    path = case.file()
    data = bytearray(path.read_bytes())
    for _ in range(case.draw.choice((1, 1, 2, 5, 50))):
        data[case.draw.randrange(len(data))] = case.draw.randrange(256)
    path.write_bytes(data)


def cut(case: Case) -> None:
    path = case.file()
    data = path.read_bytes()
    path.write_bytes(data[: case.draw.randrange(len(data))])


def something_inserted(case: Case) -> None:
    path = case.file()
    text = path.read_text("utf-8")
    for _ in range(case.draw.choice((1, 1, 1, 3))):
        at = case.draw.choice((0, len(text), *[case.draw.randrange(len(text))] * 6))
        text = text[:at] + case.draw.choice(NASTY) + text[at:]
    data = text.encode()
    if case.draw.random() < 0.1:  # half a character, as CESU-8 has them
        data = data.replace(b"P0", b"P\xed\xa0\x80", 1)
    path.write_bytes(data)


ENCODINGS = (
    "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "utf-8-sig", "cp1252",
    "latin-1", "iso8859-15", "cp437", "mac-roman", "cp500", "cp1140", "gb18030", "big5", "idna",
    "punycode", "rot13", "unicode_escape", "raw_unicode_escape", "hz", "iso2022_jp", "undefined",
    "base64", "zlib", "mbcs", "cp65001", "", "x" * 500, "utf-8\0", "../utf-8", "encodings.utf_8",
)  # fmt: skip


def another_encoding(case: Case) -> None:
    written, said = case.draw.choice(ENCODINGS[:18]), case.draw.choice(ENCODINGS)
    said = case.draw.choice((written, written, said, "auto"))
    for path in case.folder.iterdir():
        try:
            path.write_bytes(path.read_text("utf-8").encode(written, "replace"))
        except (LookupError, UnicodeError):
            continue
    case.done.append(f"written in {written}, said to be {said}")
    if said != "auto":
        case.map(f"format: {{encoding: {said!r}}}\n".replace("\\x00", "\0"))
        case.encoding = said


def other_separators(case: Case) -> None:
    path, rows = rows_of(case)
    mark = case.draw.choice((";", "\t", "|", "  ", " ", ":", "^", "\x1f", "~", "', '"))
    how = case.draw.randrange(6)
    text = as_csv(rows, mark if how < 3 else ",")
    lines = text.split("\n")
    if how == 3:
        at = case.draw.randrange(len(rows))
        lines[at] = lines[at].replace(",", mark)
    elif how == 4:
        at = case.draw.randrange(len(rows))
        lines[at] = lines[at] + case.draw.choice((",", ",,", ";", "\t"))
    elif how == 5:
        lines = [line + "," for line in lines[:-1]] + [""]
    elif how == 2:
        lines.insert(0, f"sep={case.draw.choice((mark, mark, ';', ','))}")
    path.write_text("\n".join(lines), "utf-8", newline="")


def other_quotes(case: Case) -> None:
    path, rows = rows_of(case)
    how = case.draw.randrange(5)
    if how == 0:
        text = as_csv(rows, every=True)
        at = case.draw.randrange(len(text))
        text = text if case.draw.random() < 0.3 else text[:at] + text[at + 1 :]
    elif how == 1:
        row = case.draw.choice(rows[1:])
        row[case.draw.randrange(len(row))] += case.draw.choice(("\n", "\r\n", '"', '"\n"', "\n,,"))
        text = as_csv(rows)
    else:
        text = as_csv(rows)
        for _ in range(how - 1):
            at = case.draw.randrange(len(text))
            text = text[:at] + case.draw.choice(('"', "'", "“", "''", '"""')) + text[at:]
    path.write_text(text, "utf-8", newline="")
    if case.draw.random() < 0.3:
        case.map("format: {quoted_line_breaks: true}\n")


def other_line_ends(case: Case) -> None:
    path, rows = rows_of(case)
    ends = case.draw.choice((("\r\n",), ("\r",), ("\n", "\r\n"), ("\n\r",), ("\n", "\r"), ("\n\n",),
                             ("\r\r\n",), ("\x0b",), ("\x0c\n",), ("\x1c\n",)))  # fmt: skip
    text = "".join(as_csv([row], end=case.draw.choice(ends)) for row in rows)
    path.write_text(case.draw.choice(("", "\n", " \n")) + text.rstrip("\r\n"), "utf-8", newline="")


def ragged_rows(case: Case) -> None:
    path, rows = rows_of(case)
    at = case.draw.randrange(1, len(rows))
    how = case.draw.randrange(8)
    if how == 0:
        del rows[at][case.draw.randrange(len(rows[at]))]
    elif how == 1:
        rows[at].insert(case.draw.randrange(len(rows[at])), case.draw.choice(NASTY))
    elif how == 2:
        rows.insert(at, case.draw.choice((rows[0], rows[at], [""] * len(rows[0]), [" "])))
    elif how == 3:
        rows.append(["Total", str(len(rows)), ""][: case.draw.randrange(1, 4)])
    elif how == 4:
        rows[:0] = [["Export of 30 November"], []][: case.draw.randrange(1, 3)]
    elif how == 5:
        rows = [rows[0]]
    elif how == 6:
        rows = [row[: case.draw.randrange(1, 4)] for row in rows]
    else:
        case.draw.shuffle(rows)
    path.write_text(as_csv(rows), "utf-8", newline="")


def _some(case: Case, column: str, change: Callable[[str], str]) -> None:
    """Change one, a few or all values of a column."""
    holds = [name for name, rows in TABLES.items() if column in rows[0]]
    name = case.draw.choice(holds)
    rows = [list(row) for row in TABLES[name]]
    at = rows[0].index(column)
    places = range(1, len(rows))
    for place in case.draw.choice(
        (places, case.draw.sample(places, 1), case.draw.sample(places, 3))
    ):
        rows[place][at] = change(rows[place][at])
    (case.folder / f"{name}.csv").write_bytes(as_csv(rows).encode("utf-8", "surrogatepass"))


FORMS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%Y%m%d",
    "%d/%m/%y",
         "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %I:%M %p",
         "%Y-%m-%dT%H:%M:%S+05:30", "%Y-%m", "%d%b%Y:%H:%M:%S", "%s", "%Y/%m/%d",
         "%G-W%V-%u")  # fmt: skip
NO_DATES = ("2026-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "-2026-03-01",
    "2026-03-10 24:00",
            "2026-03-10 23:59:60", "٢٠٢٦-٠٣-١٠", "2026-3-1", "2026-13-01", "45000", "1e5", "0",
            "today",
            "1899-12-31", "2026-03-10T00:00:00+99:99", "2026-03-10 09:00 CST", "10/03/2026 x",
            "nan",
            "2262-04-12", "1677-09-20", "99999", "2026–03–10", "2026-03-10\u200b", "NaT",
            "31/31/2026")  # fmt: skip


def other_dates(case: Case) -> None:
    form, odd = case.draw.choice(FORMS), case.draw.choice(NO_DATES)

    def write(text: str) -> str:
        return datetime.fromisoformat(text).strftime(form)

    column = case.draw.choice(("assessed_on", "infused_at"))
    _some(case, column, write if case.draw.random() < 0.6 else lambda _: odd)


IDS = ("", " ", "\xa0", "P01", "p01", "P1", "Р01", "Ｐ01", "P01\u200b", "P01 ", "P 01", "1E5",
    "0001", "1",
       "1.0", "nan", "None", "NULL", "=A1", "@SUM(1)", "x" * 500, "P\u030101", "A\tB",
       "\x1b[31m", "P01\x00",
       "\ud800", "123-45-6789", "Doe, John", "a@b.org", "-", "٠١", "true", "1e400", "P01\u202e",
       "é", "é")  # fmt: skip


def other_ids(case: Case) -> None:
    odd = case.draw.choice(IDS)
    if case.draw.random() < 0.3:
        _some(case, "patient_id", lambda text: text + odd)
    else:
        _some(case, "patient_id", lambda _: odd)


SCORES = ("8,5", "8/10", "8 of 10", "-1", "11", "1e400", "nan", "inf", "-inf", "1_000", "８",
    "٣", "0x1F",
          "8.0000000000001", "1,234", "½", "1e0", " 5 ", "5%", "=5", "'5", "TRUE", "--", "−3",
          "+4", ".5",
          "5.", "4-5", "<1", "~7", "7/11", "#DIV/0!", "n/a", "1e-300", "5\u200b", "5\xa0",
          "9" * 400,
          "1e99999999", "V", "5 5", "5;5", "0.1e1", "²")  # fmt: skip


def other_numbers(case: Case) -> None:
    odd = case.draw.choice(SCORES)
    _some(case, case.draw.choice(("score", "score", "dose_mg_per_kg", "birth_year")), lambda _: odd)


HEADERS = ("", " ", "patient_id", "score", "Patient ID", "PATIENT_ID", "patient-id",
    "patient_іd", "name",
           "date of birth", "x" * 5000, "a\nb", "\x1b]0;x\x07", "score (1)", "column_1",
           "(file)", "(line)",
           "\ufeffpatient_id", "patient_id\u200b", "1", "2026-03-01", "source_line", "source_file",
           "source_no", "scale", "visit", "recall", "\u202e", "é", "condition", "study_day",
           "c0")  # fmt: skip


def other_headers(case: Case) -> None:
    path, rows = rows_of(case)
    at = case.draw.randrange(len(rows[0]))
    how = case.draw.randrange(4)
    if how < 2:
        rows[0][at] = case.draw.choice(HEADERS)
    elif how == 2:
        new = case.draw.choice(HEADERS)
        value = case.draw.choice(("", "1", "x", "nrs_0_10", "vas_0_100", "now"))
        rows = [[*row, value if place else new] for place, row in enumerate(rows)]
    else:
        order = case.draw.sample(range(len(rows[0])), len(rows[0]))
        drop = case.draw.randrange(2)
        rows = [[row[place] for place in order[drop:]] for row in rows]
    path.write_text(as_csv(rows), "utf-8", newline="")


def very_large(case: Case) -> None:
    path, rows = rows_of(case)
    how = case.draw.randrange(5)
    if how == 0:  # columns
        rows = [row + ["1" if at else f"x{n}" for n in range(4000)] for at, row in enumerate(rows)]
    elif how == 1:  # a note
        rows = [[*row, ("note", "n" * 1_200_000)[at == 3]] for at, row in enumerate(rows)]
    elif how == 2:  # blank lines
        rows += [[]] * 300_000
    elif how == 3:  # one line
        rows = [[cell for row in rows for cell in row] * 3000]
    else:  # a file that is fine, broken at its end
        rows += rows[1:] * 30_000 + [case.draw.choice((["x"], ['"', ""], ["\0", "", ""]))]
    path.write_text(as_csv(rows), "utf-8", newline="")


def something_else_inside(case: Case) -> None:
    path = case.file()
    data = path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as book:
        book.writestr("patients.csv", data)
    json_lines = b'{"patient_id": "P01", "score": 5}\n' * 5
    content = case.draw.choice((
        gzip.compress(data), packed.getvalue(), b"%PDF-1.7\n", b"<html><table><tr><td>1</table>",
        json_lines, b"[" + json_lines.replace(b"}\n", b"},") + b"]", b"<?xml version='1.0'?><a/>",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"", b"\n", b"\0" * 900, b"\xef\xbb\xbf",
        b"PAR1", b"SQLite format 3\0", b"{\\rtf1 }", os.urandom(0) + bytes(range(256)) * 4,
        b"patient_id", b'"', b",,,\n,,,\n", b"\xff\xfe", b"BZh9", b"$FL2@(#) SPSS DATA FILE",
    ))  # fmt: skip
    ending = case.draw.choice((".csv", ".csv", ".txt", ".tsv", ".xlsx", ".parquet", ".ndjson",
        ".xls",
                               ".csv.gz", ".json", ".xlsm", ".pq"))  # fmt: skip
    path.unlink()
    path.with_suffix(ending).write_bytes(content)


# Workbooks


def write_book(case: Case) -> Path:
    """Write the tables as a workbook: with its texts shared, as Excel does, or in the cells."""
    for path in case.folder.iterdir():
        path.unlink()
    path = case.export = case.folder / "export.xlsx"
    rows = {name: [[_typed(text) for text in row] for row in own] for name, own in TABLES.items()}
    if case.draw.random() < 0.3:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, own in rows.items():
            sheet = book.create_sheet(name)
            for row in own:
                sheet.append(row)
        book.save(path)
        return path
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as written:
        for name, own in rows.items():
            sheet = written.add_worksheet(name)
            for at, row in enumerate(own):
                sheet.write_row(at, 0, row)
    return path


def _typed(text: str) -> object:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    return datetime.fromisoformat(text) if re.match(r"\d{4}-", text) else text or None


def book_bytes(case: Case) -> None:
    path = write_book(case)
    data = bytearray(path.read_bytes())
    how = case.draw.randrange(4)
    if how == 0:
        data = data[: case.draw.randrange(len(data))]
    elif how == 1:  # as encrypted, in each local header or in the directory
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            for found in re.finditer(re.escape(mark), bytes(data)):
                data[found.start() + at] |= 1
    else:
        for _ in range(case.draw.choice((1, 3, 30))):
            data[case.draw.randrange(len(data))] = case.draw.randrange(256)
    path.write_bytes(data)


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def _pack(path: Path, parts: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", how) as book:
        for name, data in parts.items():
            book.writestr(name, data)


SHEET_CHANGES: tuple[tuple[str, str], ...] = (
    (r'<row r="3"', '<row r="2"'), (r'<row r="4"', '<row r="99999999999"'),
    (r'<row r="5"', '<row r="x"'),
    (r'<row r="3"', '<row r="-3"'), (r'r="A3"', 'r="A2"'), (r'r="B3"', 'r="XFE3"'),
    (r'r="B3"', 'r="?"'),
    (r'r="B4"', ''), (r'<dimension ref="[^"]*"', '<dimension ref="A1:B2"'),
    (r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"'),
    (r'<dimension ref="[^"]*"', '<dimension ref="??"'),
    (r't="s"><v>\d+', 't="s"><v>99999'), (r't="s"><v>\d+', 't="s"><v>-1'),
    (r't="s"><v>\d+', 't="s"><v>x'),
    (r't="n"><v>[^<]*', 't="e"><v>#REF!'), (r't="n"><v>[^<]*', 't="b"><v>1'),
    (r't="n"><v>[^<]*', 't="d"><v>2026-03-10'),
    (r't="n"><v>[^<]*', 't="n"><v>1e300'), (r't="n"><v>[^<]*', 't="n"><v>NaN'),
    (r't="n"><v>[^<]*', 't="n"><v>'),
    (r't="n"><v>[^<]*', 't="z"><v>5'), (r't="n"><v>[^<]*', 't="n"><v>-5'),
    (r't="n"><v>[^<]*</v>', 't="n"><f>1+1</f><v></v>'),
    (r't="n"><v>[^<]*</v>', 't="n"><f>1+1</f><v>7</v>'),
    (r't="n"><v>[^<]*</v>', 't="inlineStr"><is><t>8</t></is>'),
    (r's="\d+"', 's="999"'), (r's="\d+"', 's="0"'), (r'<sheetData>',
    '<sheetData><row r="1"><c r="A1"/></row>'),
    (r'</sheetData>', '</sheetData><mergeCells count="1"><mergeCell ref="A2:A9"/></mergeCells>'),
    (r'</sheetData>', '</sheetData><mergeCells count="1"><mergeCell ref="??"/></mergeCells>'),
    (r'</sheetData>', ''), (r'<sheetData>', '<sheetData><!-- x -->'),
    (r'<row r="6"', '<row hidden="1" r="6"'),
    (r'<worksheet ', '<!DOCTYPE a [<!ENTITY b "5">]><worksheet '),
    (r'<v>[^<]*</v></c></row></sheetData>', '<v>&b;</v></c></row></sheetData>'),
    (r'^', '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "' + "&l;" * 99 + '"><!ENTITY n "&m;&m;">]>'),
)  # fmt: skip


def book_sheet(case: Case) -> None:
    path = write_book(case)
    parts = _parts(path)
    part = f"xl/worksheets/sheet{case.draw.randrange(1, 4)}.xml"
    text = parts[part].decode()
    old, new = case.draw.choice(SHEET_CHANGES)
    case.done.append(f"{part}: {old} to {new}")
    places = list(re.finditer(old, text))
    if places:
        at = case.draw.choice(places)
        text = text[: at.start()] + new + text[at.end() :]
    parts[part] = text.encode()
    _pack(path, parts)


def book_part(case: Case) -> None:
    path = write_book(case)
    parts = _parts(path)
    name = case.draw.choice(sorted(parts))
    data = parts[name]
    how = case.draw.randrange(7)
    case.done.append(f"{name}, {how}")
    if how == 0:
        del parts[name]
    elif how == 1:
        parts[name] = data[: case.draw.randrange(len(data))]
    elif how == 2:
        at = case.draw.randrange(len(data))
        parts[name] = data[:at] + bytes([case.draw.randrange(256)]) + data[at + 1 :]
    elif how == 3:
        parts[name] = case.draw.choice(
            (b"", b"<a/>", b"\0", data.decode().encode("utf-16"), data * 2)
        )
    elif how == 4:
        parts[f"../{name}"] = parts.pop(name)
    elif how == 5:  # an attribute's value, or what an element holds
        places = list(re.finditer(rb'="[^"]*"|>[^<]+<', data)) or [re.match(b"", data)]
        at = case.draw.choice(places)
        new = case.draw.choice(
            (b"", b"x", b"-1", b"99999999", b"1e9", b"&#0;", b"../x", b"http://x/")
        )
        parts[name] = data[: at.start() + 2] + new + data[at.end() - 1 :] if at.end() else data
    else:
        parts[name] = data.replace(b'="1"', b'="2"').replace(b"rId1", b"rId2")
    _pack(
        path, parts, case.draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    )


def book_cells(case: Case) -> None:
    path = write_book(case)
    book = openpyxl.load_workbook(path)
    sheet = case.draw.choice(book.worksheets)
    cell = sheet.cell(case.draw.randrange(1, 10), case.draw.randrange(1, 4))
    cell.value = case.draw.choice((
        None, "", " ", "=1+1", '="5"', True, 5, 0.1 + 0.2, -1, 1e15, date(2026, 3, 10), time(9),
            timedelta(days=3),
        datetime(2026, 3, 10, 9, 30), "#N/A", "5", "'5", "2026-03-10", "x" * 32_000, "a\nb",
        "P01", "_x0000_",
        datetime(1900, 1, 1), datetime(9999, 12, 31), "é", "=HYPERLINK(1)", Decimal("5.5"),
    ))  # fmt: skip
    cell.number_format = case.draw.choice(
        (
            "General",
            "General",
            "0%",
            "@",
            "yyyy-mm-dd",
            "d/m/yy",
            "[h]:mm",
            '0"%"',
            "0.00E+00",
            ";;;",
        )
    )
    if case.draw.random() < 0.2:
        sheet.title = case.draw.choice(("Sheet1", "PATIENTS", "pain scores", "patients ", "x" * 31))
    if case.draw.random() < 0.1:
        sheet.sheet_state = "veryHidden"
    if case.draw.random() < 0.1:
        book.epoch = datetime(1904, 1, 1)
    book.save(path)


def book_bomb(case: Case) -> None:
    path = write_book(case)
    parts = _parts(path)
    names = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")
    name = case.draw.choice([name for name in names if name in parts])
    kind = case.draw.randrange(4)
    case.done.append(f"{name}, {kind}")
    cells, strings = b'<c r="A3"><v>1</v></c>', b"<si><t>abc</t></si>"
    whole = name.endswith(("sheet1.xml", "sharedStrings.xml"))
    filler = (
        b" " * 100,
        strings if whole and "shared" in name else cells,
        b"<row></row>",
        b"<!-- x -->",
    )[kind]
    target = 60_000_000 if kind == 1 else case.draw.choice((300_000_000, 1_100_000_000))
    end = parts[name].rindex(b"</")
    end = parts[name].index(b"</sheetData>") if name.endswith("sheet1.xml") else end
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for other in (part for part in parts if part != name):
            book.writestr(other, parts[other])
        with book.open(name, "w", force_zip64=True) as out:
            out.write(parts[name][:end])
            block = filler * (1_000_000 // len(filler))
            for _ in range(target // len(block)):
                out.write(block)
            out.write(parts[name][end:])


# Parquet


def write_parquet(case: Case) -> dict[str, pa.Table]:
    tables = {}
    for name, rows in TABLES.items():
        columns = zip(*([_typed(text) for text in row] for row in rows[1:]), strict=True)
        tables[name] = pa.table(dict(zip(rows[0], map(list, columns), strict=True)))
        (case.folder / f"{name}.csv").unlink()
        pq.write_table(tables[name], case.folder / f"{name}.parquet")
    return tables


def parquet_bytes(case: Case) -> None:
    write_parquet(case)
    path = case.file(".parquet")
    data = bytearray(path.read_bytes())
    if case.draw.random() < 0.3:
        data = data[: case.draw.randrange(len(data))]
    else:
        for _ in range(case.draw.choice((1, 3, 30))):
            data[case.draw.randrange(len(data))] = case.draw.randrange(256)
    path.write_bytes(data)


def parquet_types(case: Case) -> None:
    tables = write_parquet(case)
    name = case.draw.choice(sorted(tables))
    table = tables[name]
    at = case.draw.randrange(table.num_columns)
    n = len(table)
    column = case.draw.choice((
        lambda: pa.array([Decimal("5.5")] * n), lambda: pa.array([[1, 2]] * n),
        lambda: pa.array([{"a": 1}] * n),
        lambda: pa.array([b"\xff\xfe"] * n), lambda: pa.array([b"5"] * n), lambda: pa.nulls(n),
        lambda: pa.array([float("nan")] * n), lambda: pa.array([float("inf")] * n),
        lambda: pa.array([2**63 + 1] * n, pa.uint64()),
        lambda: pa.array([time(9)] * n), lambda: pa.array([timedelta(1)] * n),
        lambda: pa.array([date(1, 1, 1)] * n),
        lambda: pa.array([10**15] * n, pa.timestamp("s")),
        lambda: pa.array([2**62] * n, pa.timestamp("ns")),
        lambda: pa.array([1_770_000_000] * n, pa.timestamp("s", "America/New_York")),
        lambda: pa.array([1_770_000_000] * n, pa.timestamp("us", "+05:30")),
        lambda: pa.array([True] * n),
        lambda: pa.array(["P01"] * n).dictionary_encode(),
        lambda: pa.array(["a"] * n, pa.large_string()),
        lambda: pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array([5.0] * n, pa.float32()),
        lambda: pa.array([0.1] * n, pa.float32()), lambda: pa.array(["a\0b"] * n),
        lambda: pa.array([-(10**9)] * n, pa.date32()),
        lambda: pa.array([1_770_000_000_000_000_001] * n, pa.timestamp("ns")),
    ))()  # fmt: skip
    how = case.draw.randrange(6)
    if how < 4:
        table = table.set_column(at, table.column_names[at], column)
    elif how == 4:
        table = table.append_column(
            case.draw.choice((table.column_names[at], "", "x" * 999, "\0", "note")), column
        )
    else:
        table = case.draw.choice((table.slice(0, 0), table.select([]), table.slice(0, 3)))
    case.done.append(str(column.type))
    pq.write_table(table, case.folder / f"{name}.parquet")


def parquet_bomb(case: Case) -> None:
    write_parquet(case)
    rows = case.draw.choice((3_000_000, 30_000_000))
    schema = pa.schema([(name, pa.string()) for name in TABLES["pain_scores"][0]])
    with pq.ParquetWriter(case.folder / "pain_scores.parquet", schema, compression="zstd") as out:
        block = pa.table(
            [pa.array(["x" * case.draw.choice((1, 90))] * 1_000_000)] * 3, schema=schema
        )
        for _ in range(rows // 1_000_000):
            out.write_table(block)


# Mappings

VALUES = (
    "!!bool maybe", "!!int x", "!!float x", "!!timestamp x", "!!binary '*'",
    "!!python/object/apply:os.system [x]",
    "!!python/name:os.system", "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!null x",
    "!!str 5", "!own x", "&a [*a]",
    "&a {b: *a}", "*nowhere", "<<: {a: 1}", "[", "{", "]", "}", '"', "'", "|", ">", "- - - a",
    "? a", "%YAML 9.9", "--- x",
    "...", "2026-99-99", "0o777", "0x", "1_000", "1:2:3", ".inf", ".nan", "-.inf", "1e999",
    "9" * 5000, "null", "~", "yes",
    "[]", "{}", "[[[[]]]]", "{a: {b: {c: d}}}", '"\\ud800"', '"\\x00"', '"\\U00110000"', "\x07",
    "\ufffe", "\u2028", "\t",
    "a: b: c", "'**/**/**/**'", "../../etc/passwd", "/dev/zero", "'[a-'", "x" * 5000, "é", "-1",
    "0", "10", "vas_0_100",
    "{from: nothing}", "{constant: 5}", "{first_of: [score, score]}",
    "{from: score, values: {5: 6}, other: as_is}",
    "{from: score, unit: weeks}", "{from: score, strip: x}", "!!merge x", "!!value x", "=",
    "!!seq x", "!!map x",
    "{join: [patient_id, score], with: '-'}", "{mean_of: [score]}",
    "{from: score, written_as: '000'}",
    "{from: score, times: 1e308}", "{from: score, add: .nan}", "[0, 0]", "[10, 0]",
    "{hash: true}", "[a, a]", "{1: 2, 01: 3}",
)  # fmt: skip


def mapping_values(case: Case) -> None:
    places = list(re.finditer(r"(?<=: )[^\n{\[]+?(?=[,}\n])", MAPPING))
    text = MAPPING
    for place in sorted(
        case.draw.sample(places, case.draw.choice((1, 1, 2))), key=lambda p: -p.start()
    ):
        text = text[: place.start()] + case.draw.choice(VALUES) + text[place.end() :]
    case.map(text)
    case.reads_as_plain = False


MORE = (
    "encoding: {}", "separator: {}", "decimal: {}", "dates: {}", "missing: {}",
    "pivot_year: {}", "partial_dates: {}",
    "utc_offset: {}", "skip_lines: {}", "header_lines: {}", "skip_after_header: {}",
    "footer_lines: {}", "sheet: {}",
    "quoted_line_breaks: {}", "more_columns: {}", "fill_down: {}", "given: {}", "wide: {}",
    "where: {}", "drop: {}",
    "one_row_per_patient: {}", "wide: [{{column: score, study_day: {}}}]",
    "more_columns: {{file: patients.csv, by: {}}}",
    "where: {{score: {{max: {}}}}}", "where: {{assessed_on: {{since: {}}}}}",
)  # fmt: skip
SMALL = ("0", "1", "2", "99999999999999999999", "-1", "x", "[]", "{}", "1.5", "'|'", "aligned",
    "','", "first", "patient_id",
         "[score]", "[patient_id]", "{score: 1}", "2026-03-01", "'+05:00'", "as_written",
         "true", "iso", "excel_serial", "1950")  # fmt: skip


def mapping_fields(case: Case) -> None:
    more = case.draw.choice(MORE).format(case.draw.choice((*SMALL, *SMALL, *VALUES)))
    case.map(
        MAPPING.replace("    file: pain_scores.csv\n", f"    file: pain_scores.csv\n    {more}\n")
    )
    case.done.append(more)
    case.reads_as_plain = False


def mapping_lines(case: Case) -> None:
    lines = MAPPING.splitlines()
    for _ in range(case.draw.choice((1, 1, 3))):
        at, other = case.draw.randrange(len(lines)), case.draw.randrange(len(lines))
        how = case.draw.randrange(6)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(at, lines[other])
        elif how == 2:
            lines[at] = " " * case.draw.randrange(5) + lines[at]
        elif how == 3:
            lines[at] = lines[at][case.draw.randrange(1, 4) :]
        elif how == 4:
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = "\t" + lines[at]
    case.map("\n".join(lines))
    case.reads_as_plain = False


def mapping_bytes(case: Case) -> None:
    case.map(MAPPING)
    data = bytearray(case.mapping.read_bytes())
    for _ in range(case.draw.choice((1, 1, 2, 8))):
        data[case.draw.randrange(len(data))] = case.draw.randrange(256)
    how = case.draw.randrange(12)
    if how == 0:
        data = data[: case.draw.randrange(len(data))]
    elif how == 1:
        data = bytearray(
            MAPPING.encode(case.draw.choice(("utf-16", "utf-8-sig", "utf-32", "cp500")))
        )
    case.mapping.write_bytes(data)
    case.reads_as_plain = False


def mapping_bombs(case: Case) -> None:
    n = case.draw.choice((9, 20, 26))
    aliases = "".join(
        f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9) if at else 'x'}]\n" for at in range(n)
    )
    inner = [", ".join(f"k{k}: *a{at - 1}" for k in range(9)) if at else "" for at in range(n)]
    maps = "".join(f"a{at}: &a{at} {{{text}}}\n" for at, text in enumerate(inner))
    inside = aliases.replace("a0:", "settings:\n  a0:").replace("\na", "\n  a")
    case.map(case.draw.choice((
        aliases, maps, inside, "[" * 500, "[" * 20_000, "{a: " * 3000, "- " * 9000,
            "a: " + "9" * 100_000,
        "".join(f"k{at}: {at}\n" for at in range(30_000)),
        "x: &a " + "y" * 100_000 + "\nz: [" + "*a, " * 20_000 + "]",
        "#" * 20_000_000, "a: '" + "x" * 15_000_000 + "'", "\n" * 9_000_000, "? " * 5000,
        MAPPING + aliases,
        "tables: {patients: [" + "{file: patients.csv}, " * 5000 + "]}", "&a " * 5000,
        "!!a " * 5000,
        "tables: {patients: {columns: {" + ", ".join(f"x{at}: y" for at in range(20_000)) + "}}}",
    )))  # fmt: skip
    case.reads_as_plain = False


# Files


def another_kind_of_file(case: Case) -> None:
    path = case.file()
    how = case.draw.randrange(14)
    text = path.read_bytes()
    place = path
    if how in (10, 11):
        case.map(MAPPING)
        place = case.mapping
    elif how == 12:
        place = case.folder / "more.csv"
        place.write_text("a,b\n1,2\n")
    elif how == 13:
        case.export = place
    place.unlink()
    kind = case.draw.randrange(9)
    outside = case.folder.parent / "outside.csv"
    outside.write_bytes(text)
    case.done.append(f"{place.name}: {kind}")
    if kind == 0:
        os.mkfifo(place)
    elif kind == 1:
        place.symlink_to(case.draw.choice(("/dev/zero", "/dev/null", "/dev/full", "/dev/random",
            "/dev/tty", "/proc/self/mem",
                                           "/proc/self/environ", "/dev/stdin", "/dev/fd/0",
                                           "/proc/kmsg")))  # fmt: skip
    elif kind == 2:
        place.symlink_to(place.name)
    elif kind == 3:
        place.symlink_to("nowhere.csv")
    elif kind == 4:
        place.symlink_to(outside)
    elif kind == 5:
        place.mkdir()
    elif kind == 6:
        place.symlink_to(case.folder)
    elif kind == 7:
        place.write_bytes(text)
        place.chmod(0)
    elif kind == 8:
        place.write_bytes(b"")


def other_names(case: Case) -> None:
    name = case.draw.choice(("x" * 300, "a\0b", "\ud800", "..", ".", "", "~", "nowhere", "a\nb",
        "*", "-", "%s", "é" * 130,
                             "\x1b[2J", "CON", " ", "http:", "s3:/x", "/dev/zero", "/dev/stdin",
                             "/proc/self/fd"))  # fmt: skip
    how = case.draw.randrange(5)
    place = Path(name) if name.startswith("/") else case.folder / name
    if how == 0:
        case.export = place
    elif how == 1:
        case.mapping = place
    elif how == 2:
        case.map(MAPPING.replace("pain_scores.csv", repr(name) if name.isprintable() else name))
        case.reads_as_plain = False
    elif how == 3:
        more = case.draw.choice((".DS_Store", "~$export.xlsx", "list.pdf", "Thumbs.db",
            "notes.docx", "a.csv.swp", "._a.csv",
                                 "a\nb.csv", "infusion.csv", "PATIENTS.CSV", "pain_scores.txt",
                                 "x.zip", "\x1b[2J.csv"))  # fmt: skip
        (case.folder / more).write_bytes(case.draw.choice((b"", b"x", b"a,b\n1,2\n", b"\0\1")))
        case.done.append(more)
    else:
        path = case.file()
        path.rename(path.with_name(case.draw.choice((path.name.upper(), path.stem,
            path.stem + ".xlsx", " " + path.name,
                                                     path.stem + ".CSV", path.stem + ".txt",
                                                         path.stem + ".parquet"))))  # fmt: skip
    case.done.append(f"{name[:9]!r}, {how}")


KINDS: dict[str, tuple[Callable[[Case], None], ...]] = {
    "bytes of text": (bytes_changed, cut, something_inserted),
    "encodings": (another_encoding,),
    "separators": (other_separators,),
    "quotes": (other_quotes,),
    "line ends": (other_line_ends,),
    "ragged rows": (ragged_rows,),
    "dates": (other_dates,),
    "ids": (other_ids,),
    "numbers": (other_numbers,),
    "headers": (other_headers,),
    "other content": (something_else_inside,),
    "workbooks: bytes of the zip": (book_bytes,),
    "workbooks: XML": (book_sheet, book_part),
    "workbooks: cells": (book_cells,),
    "Parquet": (parquet_bytes, parquet_types),
    "YAML": (mapping_values, mapping_fields, mapping_lines, mapping_bytes),
    "pipes, devices, links, folders": (another_kind_of_file,),
    "names": (other_names,),
}
LARGE: dict[str, tuple[Callable[[Case], None], ...]] = {
    "very large": (very_large,),
    "bombs": (book_bomb, parquet_bomb),
    "YAML: bombs": (mapping_bombs,),
}
"""Seconds of work or much memory: only for the long programme."""


def make_case(folder: Path, kind: str, seed: int) -> Case:
    """Write an export and spoil it; the same kind and seed are the same case."""
    folder.mkdir(parents=True)
    draw = random.Random(f"{kind} {seed}")
    case = Case(folder=folder, draw=draw)
    write_text(folder)
    spoil = draw.choice({**KINDS, **LARGE}[kind])
    case.done.append(spoil.__name__)
    spoil(case)
    return case
