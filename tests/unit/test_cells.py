"""Typed cells become the text a CSV of the same sheet would hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.sources.cells import cell_text, sheet_names
from analysis.sources.files import FileFormat, load_raw_table


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (6, "6"),
        (6.0, "6"),
        (6.5, "6.5"),
        (float("nan"), ""),
        (True, "true"),
        (False, "false"),
        ("001", "001"),
        (dt.datetime(2026, 3, 28), "2026-03-28 00:00:00"),
        (dt.date(2026, 3, 28), "2026-03-28"),
        (dt.time(10, 30), "10:30:00"),
        (dt.timedelta(hours=3), "3:00:00"),
        (Decimal("6.50"), "6.50"),
        (b"abc", "abc"),
        ("#DIV/0!", "#DIV/0!"),
    ],
)
def test_cell_text(value, text):
    assert cell_text(value) == text


def test_a_sheet_with_blank_rows_inside_and_after(tmp_path):
    rows = [["id", "score"], [1, 8.0], [None, None], ["02", 4.5], [None, None], [None, None]]
    table = load_raw_table(workbook(tmp_path / "p.xlsx", data=rows))
    assert table.frame["id"].tolist()[:1] + table.frame["id"].tolist()[-1:] == ["1", "02"]
    assert table.lines.tolist()[-1] == 4
    assert table.n_lines == 4
    assert table.n_blank + len(table.frame) == 3


def test_a_wrong_size_in_the_sheet_loses_no_rows(tmp_path):
    """Some programs write A1 as the size of every sheet; a reader that believes it sees one row."""
    import zipfile

    whole = workbook(tmp_path / "w.xlsx", data=[["id", "score"], [1, 8], [2, 6]])
    wrong = tmp_path / "p.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(wrong, "w") as new:
        for item in old.namelist():
            content = old.read(item)
            new.writestr(item, content.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"'))
    assert load_raw_table(wrong).frame["id"].tolist() == ["1", "2"]


def test_a_formula_that_was_never_calculated_is_refused(tmp_path):
    path = workbook(tmp_path / "p.xlsx", data=[["id", "score"], [1, "=3+4"]])
    with pytest.raises(InputError, match=r"sheet 'data', row 2, column 2: the formula =3\+4"):
        load_raw_table(path)


def test_the_sheet_is_chosen_by_name_or_number(tmp_path):
    path = workbook(tmp_path / "p.xlsx", one=[["a"], [1]], two=[["b"], [2]])
    assert list(load_raw_table(path, FileFormat(sheet="two")).frame) == ["b"]
    assert list(load_raw_table(path, FileFormat(sheet="1")).frame) == ["a"]
    assert sheet_names(path, "p.xlsx") == ["one", "two"]
    with pytest.raises(InputError, match="has the sheets one, two; name the one"):
        load_raw_table(path)
    with pytest.raises(InputError, match="'three' is none of them"):
        load_raw_table(path, FileFormat(sheet="three"))


def test_lines_before_the_header_of_a_sheet(tmp_path):
    path = workbook(tmp_path / "p.xlsx", data=[["Export"], [], ["id", "site"], [1, "a"]])
    table = load_raw_table(path, FileFormat(skip_lines=2))
    assert (table.n_header, table.lines.tolist()) == (3, [4])


def test_what_is_no_workbook(tmp_path):
    (tmp_path / "p.xlsx").write_text("id,site\n1,a\n")
    with pytest.raises(InputError, match="no readable Excel workbook: File is not a zip file"):
        load_raw_table(tmp_path / "p.xlsx")
    with pytest.raises(InputError, match="no readable Excel workbook"):
        sheet_names(tmp_path / "p.xlsx", "p.xlsx")
    with pytest.raises(InputError, match="the sheet 'data' is empty"):
        load_raw_table(workbook(tmp_path / "e.xlsx", data=[]))


def test_parquet_keeps_ids_text_and_dates_dates(tmp_path):
    frame = pd.DataFrame(
        {
            "id": [1.0, 2.0],
            "code": ["001", None],
            "at": [dt.datetime(2026, 3, 28), dt.datetime(2026, 3, 29, 10, 30)],
        }
    )
    frame.to_parquet(tmp_path / "site=A.parquet")
    table = load_raw_table(tmp_path / "site=A.parquet").frame
    assert table.to_dict("list") == {
        "id": ["1", "2"],
        "code": ["001", ""],
        "at": ["2026-03-28 00:00:00", "2026-03-29 10:30:00"],
    }


def test_what_is_no_parquet(tmp_path):
    (tmp_path / "p.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"p\.parquet is no readable Parquet file"):
        load_raw_table(tmp_path / "p.parquet")
    pd.DataFrame({"id": [b"\xff"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="bytes that are no text"):
        load_raw_table(tmp_path / "b.parquet")
