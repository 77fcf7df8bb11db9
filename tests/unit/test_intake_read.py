"""Files become text with line numbers: every line accounted for, what would lose one refused."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.intake.read import FIELD_LIMIT, FileFormat, cell_text, load_raw_table, sheet_names

P = "id,site\n1,a\n2,b\n"


def raw(folder: Path, content: str | bytes, name: str = "p.csv", **form):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return load_raw_table(path, FileFormat(**form))


def refusal(folder: Path, content: str | bytes, name: str = "p.csv", **form) -> str:
    with pytest.raises(InputError) as refused:
        raw(folder, content, name, **form)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [P, P.replace("\n", "\r"), P.replace("\n", "\r\n"), "id,site\r1,a\r\n2,b",
     P.replace(",", ";"), P.replace(",", "\t"), P.replace(",", "|"), "\ufeff" + P,
     'id,"site"\n1, "a"\n"2",b\n', "id,site,\n1,a,\n2,b,\n", "id,site\n1,a,,\n2,b,\n",
     "id,site,,\n1,a\n2,b\n", P.encode("utf-16"), P.encode("utf-32"),
     " id , site \n 1 , a\n2\u00a0,b\n"],
)  # fmt: skip
def test_the_same_two_records_in_every_form(tmp_path, content):
    table = raw(tmp_path, content)
    assert table.frame["id"].tolist() == ["1", "2"]
    assert table.frame["site"].tolist() == ["a", "b"]
    assert table.lines.tolist() == [2, 3]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "mac-roman"])
def test_an_encoding_named_by_the_mapping(tmp_path, encoding):
    table = raw(tmp_path, "id,site\n1,Zürich\n".encode(encoding), encoding=encoding)
    assert table.frame["site"].tolist() == ["Zürich"]


def test_blank_lines_are_counted_and_lines_keep_their_number(tmp_path):
    table = raw(tmp_path, "\n \nid,site\n\n1,a\n   \n,,,\n2,b\n\n")
    assert table.lines.tolist() == [5, 8]
    assert (table.n_lines, table.n_header, table.n_blank) == (9, 1, 6)
    # Whether empty fields are a blank record depends on the words for missing: not decided here.
    assert raw(tmp_path, "id,site\n,\n1,a\n").lines.tolist() == [2, 3]


def test_lines_before_the_header_may_hold_anything(tmp_path):
    table = raw(tmp_path, 'Export of "3 March, all sites\nby me\n' + P, skip_lines=2)
    assert table.frame["id"].tolist() == ["1", "2"]
    assert (table.n_header, table.lines[0]) == (3, 4)


def test_commas_in_a_column_name_and_quotes_in_a_value_are_text(tmp_path):
    table = raw(tmp_path, "id;pain, now, worst;site\n1;7,5;a\n2;6,5;b\n")
    assert list(table.frame.columns) == ["id", "pain, now, worst", "site"]
    table = raw(tmp_path, 'id,site\n1,5" pipe\n2,b\n')
    assert table.frame["site"].tolist() == ['5" pipe', "b"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('id,site\n1,"a\n2,b\n', 2),
        ('id,site\n1,a\n2,"b\n3,c"\n', 3),
        ('id,site\n1,"a"b\n2,b\n', 2),
        ('id,site\r1,a\r2,"b\r3,c"\r', 3),
    ],
)
def test_a_stray_quote_is_refused_by_its_line(tmp_path, content, line):
    message = refusal(tmp_path, content)
    assert f"p.csv, line {line}: a quote is not closed" in message
    assert "quoted_line_breaks" in message


def test_notes_over_several_lines_are_read_when_allowed(tmp_path):
    table = raw(tmp_path, 'id,"the\nsite"\n1,"a\n\nb"\n2,b\n', quoted_line_breaks=True)
    assert list(table.frame.columns) == ["id", "the site"]
    assert table.frame["the site"].tolist() == ["a\n\nb", "b"]
    assert table.lines.tolist() == [3, 6]
    assert (table.n_lines, table.n_header, table.n_continued) == (6, 2, 2)


def test_a_quote_that_swallows_records_or_never_closes_is_refused_even_then(tmp_path):
    message = refusal(tmp_path, 'id,site\n1,"a\n2,b\n3,c"\n', quoted_line_breaks=True)
    assert "line 3" in message and "2,b" not in message and "line 2" in message
    assert "line 2" in refusal(tmp_path, 'id,site\n1,"a\nb\n', quoted_line_breaks=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        ("\n \n\n", "only blank lines"),
        (bytes(range(256)), "binary file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary file"),
        (b"PK\x03\x04abc", "an Excel or zip file"),
        (b"\xd0\xcf\x11\xe0abc", "an old Excel file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8babc", "a gzip archive"),
        ("\n<HTML><table>", "a web page"),
        ("id,site\n1,a\x00b\n", "line 2: a NUL character"),
        (P.encode("utf-16-le"), "utf-16-le"),
        ("id,site\n1,Zürich\n".encode("latin-1"), "line 2: byte 0xfc is not utf-8"),
        ("id,site\r1,Zürich\r".encode("latin-1"), "line 2: byte 0xfc is not utf-8"),
        (P.encode("utf-16")[:-1], "line 3: byte 0x0a is not utf-16"),
        ("id,site\n1\n", "line 2: 1 field where the header (line 1) has 2"),
        ("id,site\n1,a,x\n", "line 2: 3 fields where the header (line 1) has 2"),
        ("Export, of today\nid,site,c\n1,a,b\n", "`skip_lines`"),
        (f"id,site\n1,{'x' * (FIELD_LIMIT + 1)}\n", "line 2: not readable"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content, words):
    message = refusal(tmp_path, content)
    assert words in message
    assert message.startswith("p.csv")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"encoding": "utf-9"}, "no encoding 'utf-9'"),
        ({"encoding": "base64"}, "no encoding 'base64'"),
        ({"separator": "::"}, "'::' is not one character"),
        ({"separator": '"'}, "is not one character"),
        ({"skip_lines": 3}, "`skip_lines` is 3"),
    ],
)
def test_a_format_that_cannot_be(tmp_path, form, words):
    assert words in refusal(tmp_path, P, **form)


def test_a_directory_a_missing_file_and_an_old_workbook(tmp_path):
    (tmp_path / "d.csv").mkdir()
    (tmp_path / "near.csv").write_text(P)
    with pytest.raises(InputError, match="is a directory"):
        load_raw_table(tmp_path / "d.csv")
    with pytest.raises(InputError, match=r"there is no file .*none\.csv.*near\.csv"):
        load_raw_table(tmp_path / "none.csv")
    assert ".xls form" in refusal(tmp_path, b"abc", "old.xls")


def test_names_used_twice_are_numbered_and_empty_ones_are_placed(tmp_path):
    table = raw(tmp_path, "id,note,,note\n1,a,b,c\n")
    assert list(table.frame.columns) == ["id", "note (1)", "column_3", "note (2)"]
    assert table.repeated == ("note",)


def test_long_names_emoji_and_marks_are_only_text(tmp_path):
    long = "n" * 10_000
    table = raw(tmp_path, f"id,site\n🙂,a\x0cb\x85c\u2028d\n{long},\u200fx\n")
    assert table.frame["id"].tolist() == ["🙂", long]
    assert table.frame["site"].tolist() == ["a\x0cb\x85c\u2028d", "\u200fx"]


VALUES = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters='"\r\n\x00'), max_size=12
).map(str.strip)
RECORDS = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width), max_size=8)
)


@pytest.mark.slow
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=RECORDS,
    ending=st.sampled_from(["\n", "\r", "\r\n"]),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    last=st.booleans(),
)
def test_any_text_comes_back_as_it_was_with_its_line(
    tmp_path, records, ending, separator, encoding, last
):
    width = len(records[0]) if records else 2
    header = [f"column {letter}" for letter in "abcde"[:width]]  # none that chance makes again
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(
        [header, *records]
    )
    text = out.getvalue() if last else out.getvalue().removesuffix(ending)
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    table = load_raw_table(path)
    assert list(table.frame.columns) == header
    assert table.frame.to_numpy().tolist() == records
    assert table.lines.tolist() == list(range(2, len(records) + 2))
    assert table.n_lines == len(records) + 1


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from('a1,;"\n\r \t'), max_size=40), breaks=st.booleans())
def test_lines_reconcile_or_the_file_is_refused(tmp_path, text, breaks):
    """Whatever the quotes and line ends do: no line is lost silently."""
    path = tmp_path / "t.csv"
    path.write_bytes(("h,k\n" + text).encode())
    try:
        table = load_raw_table(path, FileFormat(quoted_line_breaks=breaks))
    except InputError:
        return
    lines = ("h,k\n" + text).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    accounted = table.n_header + table.n_blank + table.n_continued + len(table.frame)
    assert accounted == table.n_lines == len(lines.split("\n"))


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
    [(None, ""), (6, "6"), (6.0, "6"), (6.5, "6.5"), (float("nan"), ""), (True, "true"),
     (False, "false"), ("001", "001"), (dt.datetime(2026, 3, 28), "2026-03-28"),
     (dt.date(2026, 3, 28), "2026-03-28"), (dt.time(10, 30), "10:30:00"),
     (dt.timedelta(hours=3), "3:00:00"), (Decimal("6.50"), "6.50"), (b"abc", "abc"),
     ("#DIV/0!", "#DIV/0!")],
)  # fmt: skip
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
    right = workbook(tmp_path / "w.xlsx", data=[["id", "score"], [1, 8], [2, 6]])
    wrong = tmp_path / "p.xlsx"
    with zipfile.ZipFile(right) as old, zipfile.ZipFile(wrong, "w") as new:
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


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path):
    with (tmp_path / "p.csv").open("wb") as file:
        file.write(b"id,")
        file.truncate(2_000_000_000)  # sparse: takes no room on the disk
    with pytest.raises(InputError, match=r"p.csv, line 1: no end of the line in the first 1,000,0"):
        load_raw_table(tmp_path / "p.csv")


def test_what_is_no_workbook(tmp_path):
    (tmp_path / "p.xlsx").write_text("id,site\n1,a\n")
    with pytest.raises(
        InputError, match=r"no readable Excel workbook \(File is not a zip file\). p.xlsx is a "
    ):
        load_raw_table(tmp_path / "p.xlsx")
    (tmp_path / "cut.xlsx").write_bytes(b"PK\x03\x04" + bytes(300))
    with pytest.raises(InputError, match=r"cut\.xlsx is damaged or cut off: save it"):
        load_raw_table(tmp_path / "cut.xlsx")
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
        "at": ["2026-03-28", "2026-03-29 10:30:00"],
    }


def test_what_is_no_parquet(tmp_path):
    (tmp_path / "p.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"p\.parquet is no readable Parquet file"):
        load_raw_table(tmp_path / "p.parquet")
    pd.DataFrame({"id": [b"\xff"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="bytes that are no text"):
        load_raw_table(tmp_path / "b.parquet")
