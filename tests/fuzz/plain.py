"""A plain reading of an export's files, by other means than the suite's, and its comparison.

Text by the csv module, workbooks by openpyxl as a whole, Parquet by pyarrow. It knows nothing of
mappings, and takes a file as the person who made it would.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import unicodedata
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq

from analysis.intake.load import Export

NOTHING = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"}
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
WHAT_A_ROW_SAYS = {"pain_scores": "score", "infusions": "infused_at"}
"""Column without which a record of a table says nothing, and may be left out."""

OWN = {"source_file", "source_line", "source_no"}
"""Columns that the suite adds; what a file has under such a name is not read."""

Records = dict[int, dict[str, str]]


def read_plainly(path: Path, table: str, encoding: str = "") -> Records:
    """Return what is below a file's header, by line; each record by lower-case header."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, data_only=True)
        titles = {name.strip(): name for name in book.sheetnames}
        titles |= {name: name for name in book.sheetnames}
        sheet = book[titles.get(table, book.sheetnames[0])]
        rows = [(at, [_plain(cell) for cell in row]) for at, row in
                enumerate(sheet.iter_rows(values_only=True), 1)]  # fmt: skip
    elif path.suffix == ".parquet":
        data = pq.read_table(path)
        values = zip(*(column.to_pylist() for column in data.columns), strict=True)
        rows = [(1, data.column_names)]
        rows += [(at, [_plain(cell) for cell in row]) for at, row in enumerate(values, 2)]
    else:
        rows = _text_rows(path.read_bytes(), encoding)
    filled = [(at, row) for at, row in rows if any(cell.strip() for cell in row)]
    head, header = filled[0] if filled else (0, [])
    spelled = [" ".join(name.split()) for name in header]
    names = [name if name.lower() in spelled else name.lower() for name in spelled]
    return {at: dict(zip(names, (cell.strip() for cell in row), strict=False))
            for at, row in rows if at > head}  # fmt: skip


def _text_rows(data: bytes, encoding: str) -> list[tuple[int, list[str]]]:
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    text = data.decode(encoding or marked or "utf-8").removeprefix("\ufeff")
    lines = list(io.StringIO(text, newline=""))
    skip = 1 if lines and re.fullmatch(r'"?sep=."?[,;\t|]*\s*', lines[0]) else 0
    if skip:
        separators = lines[0].strip('"')[4]
    else:
        head = next((line for line in lines if line.strip()), "")
        widths = {mark: len(next(csv.reader([head], delimiter=mark), [])) for mark in ",;\t|"}
        separators = "".join(mark for mark, n in widths.items() if n == max(widths.values()))
    csv.field_size_limit(10_000_000)
    best: list[tuple[int, list[str]]] = []
    most = -1
    for separator in separators:  # a header may hold as many of another
        reader = csv.reader(lines[skip:], delimiter=separator, skipinitialspace=True)
        rows, begins = [], skip + 1
        for row in reader:
            rows.append((begins, row))
            begins = skip + reader.line_num + 1
        width = next((len(row) for _, row in rows if any(map(str.strip, row))), 1)
        even = sum(len(row) == width > 1 for _, row in rows)
        best, most = (rows, even) if even > most else (best, most)
    if not most:  # columns set apart by blanks
        wide = next((line for line in lines if line.strip()), "").strip().count("  ")
        blanks = r"\s{2,}" if wide else r"\s+"
        best = [(at, re.split(blanks, line.strip())) for at, line in enumerate(lines, 1)]
    return best


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, bytes):
        return cell.decode()
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def differences(export: Export, folder: Path, encoding: str = "") -> list[str]:
    """Return what an accepted export has otherwise than the plain reading of its files."""
    found: list[str] = []
    for account in export.intake:
        records = read_plainly(folder / account.file, account.table, encoding)
        n_filled = sum(any(record.values()) for record in records.values())
        if not n_filled <= account.n_records <= len(records):
            found.append(f"{account.file}: {n_filled} records, {account.n_records} read")
        if account.n_used + sum(account.excluded.values()) != account.n_records:
            found.append(f"{account.file}: {account} does not add up")
        frame = export.tables[account.table]
        own = frame[frame["source_file"] == account.file]
        found += [f"{account.table}, {why}" for why in _in_table(own, records, account.table)]
    return found


def _in_table(frame: pd.DataFrame, records: Records, table: str) -> list[str]:
    found = []
    lines = frame["source_line"].tolist()
    if len(set(lines)) < len(lines):
        found.append("a line is read twice")
    for line in sorted(set(records) - set(lines)):
        said = records[line].get(WHAT_A_ROW_SAYS.get(table, ""))
        again = all(" ".join(v.split()).lower() == k for k, v in records[line].items())
        nothing = not any(records[line].values()) or again or said in NOTHING
        if not nothing:
            found.append(f"line {line} is lost: {records[line]}")
    for row in frame.to_dict("records"):
        record = records.get(row["source_line"])
        if record is None:
            found.append(f"line {row['source_line']} is no record")
            continue
        if "patient_id" not in record:
            found.append(f"line {row['source_line']}: no patient_id in {list(record)}")
        for name, text in record.items():
            if name in row and name not in OWN and not _agree(name, text, row):
                found.append(f"line {row['source_line']}: {name} {text!r} is read as {row[name]!r}")
    return found


def _agree(name: str, text: str, row: dict[Any, Any]) -> bool:
    value = row[name]
    if pd.isna(value):
        return text in NOTHING
    if isinstance(value, float | int) and not isinstance(value, bool):
        if name == "score" and row.get("scale", "nrs_0_10").endswith("100"):
            value *= 10
        wanted = float(re.sub(r"\s*(?:/|of)\s*10$", "", text.replace("\u2212", "-")))
        return math.isclose(value, wanted, abs_tol=1e-9)
    if isinstance(value, datetime):
        return pd.Timestamp(value) in {pd.Timestamp(day) for day in dates_of(text)}
    said, plain = (" ".join(str(each).split()) for each in (value, text))
    if name == "patient_id" or name == "site":
        return said == plain or _is_shown_as_percent(said, plain)
    return said.lower() == re.sub(r"[\s-]+", "_", plain.lower()) or _word(name, plain) == said


def _is_shown_as_percent(said: str, plain: str) -> bool:
    """Whether a number of a workbook is read as its cell shows it: 0.7 as 70%."""
    numbers = [re.fullmatch(r"-?\d+(?:\.\d+)?", text) for text in (said.removesuffix("%"), plain)]
    if not (said.endswith("%") and all(numbers)):
        return False
    return math.isclose(float(said[:-1]), 100 * float(plain), rel_tol=1e-6)


def _word(name: str, text: str) -> str:
    return {"f": "female", "m": "male"}.get(text.lower(), "") if name == "sex" else ""


DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d%b%Y", "%b %d, %Y", "%B %d, %Y",
    "%b %d %Y", "%B %d %Y", "%d. %B %Y", "%d. %b %Y",
)  # fmt: skip
CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")


def dates_of(text: str) -> set[datetime]:
    """Return every date that a text may be, without its offset from UTC and parts of a second."""
    text = "".join(str(unicodedata.decimal(c, c)) for c in text)  # digits of any script
    text = " ".join(text.split())
    bare = re.sub(r"\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", "", text) if ":" in text else text
    found = set()
    for day, between, clock in product(DAYS, (" ", "T", ":"), CLOCKS):
        try:
            read = datetime.strptime(bare, f"{day}{between}{clock}" if clock else day)
        except ValueError:
            continue
        found.add(read.replace(microsecond=0))
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        found.add(datetime(1899, 12, 30) + timedelta(seconds=round(float(text) * 86_400)))
    return found
