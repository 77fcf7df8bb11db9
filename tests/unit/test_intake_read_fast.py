"""The fast reader reads what the strict one reads, or declines: rows, lines and refusals."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.same_read import same_read

from analysis.errors import InputError
from analysis.intake import read_fast
from analysis.intake.read import FileFormat, load_raw_table, load_regular, load_text

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", ROOT.parent / "shared"))
TEXTS = [f for e in ("csv", "tsv", "txt") for f in sorted(ROOT.glob(f"[td]*/**/*.{e}"))]
CASES = [f for e in ("csv", "tsv", "txt") for f in sorted((SHARED / "cases").rglob(f"*.{e}"))]
REAL = [f for e in ("csv", "tsv", "txt") for f in sorted((SHARED / "real").rglob(f"*.{e}"))]


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_text_files_of_the_project(path):
    same_read(path, FileFormat(), path.name)


@pytest.mark.skipif(not CASES, reason="no shared cases here")
def test_text_files_of_the_cases():
    taken = [same_read(path, FileFormat(), path.name) for path in CASES]
    assert sum(table is not None for table in taken) >= len(CASES) / 2


@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="no real exports here")
def test_text_files_of_real_exports():
    taken = [same_read(path, FileFormat(), path.name) for path in REAL]
    assert sum(table is not None for table in taken) >= len(REAL) / 2


def test_the_demo_is_read_fast():
    for name in ("patients", "pain_scores", "infusions"):
        path = ROOT / "data/demo" / f"{name}.csv"
        assert load_regular(path, FileFormat(), path.name) is not None


@pytest.mark.parametrize(
    ("content", "form"),
    [("id,site\n1,a\n\n2,b", {}), ("id;site\r\n1;5,3\r\n", {}), ("id\tsite\r1\tb\r", {}),
     ('"id","site"\n"1","a ""b"", c"\n"",""\n', {}), ("\ufeffid,site\n 1 ,\u00a0x\n", {}),
     ("sep=;\nid;site\n1;a\n", {}), ("Title\n\nid,site\n1,a\n", {"skip_lines": 2}),
     ("a,,b\nx,y,x\n1,2,3\n", {"header_lines": 2}), ("id,site\nunits,-\n1,a\n",
     {"skip_after_header": 1}), ("id,site\n1,a\nTotal,1\n", {"footer_lines": 1}),
     ("id,site\n1,Z\u00fcrich\n".encode("latin-1"), {"encoding": "latin-1"}),
     ("id,site\n1,5\u20ac\n".encode("cp1252"), {"encoding": "cp1252"})],
)  # fmt: skip
def test_these_are_regular(tmp_path, content, form):
    path = tmp_path / "p.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert same_read(path, FileFormat(**form), "p.csv") is not None


@pytest.mark.parametrize(
    "content",
    [b'id,site\n1,"a\n2,b\n3,"c"\n4,d\n', b'id,site\n1,"a"b\n', b'id,site\n1,"a" \n2,b\n',
     b"id,site\n1,a,b\n", b"id,site\n1\n", b"id,site\n1,a\0\n", b"id,site\n1,\xe9\n",
     b'id,site\n1,"a\n2,b"\n3,c\n', b'id,site\n1,5"\n2,"b"\n', b"id\n1\n2\n", b"id,site\n",
     b"id,site\n1,a\n   \n", b"id,site\n1,a,,\n", b"id,site\n\xef\xbb\xbf1,a\n",
     "id,site\n1,a\n".encode("utf-16"), b"id site\n1 a\n2 b\n", b"PK\x03\x04,a\n1,2\n"],
)  # fmt: skip
def test_these_are_left_to_the_strict_reader(tmp_path, content):
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    assert load_regular(path, FileFormat(), "p.csv") is None


FIELDS = st.text(st.sampled_from("ab1 .\"'\u00e9\ufeff\x0b\x1c\u2028;\t,"), max_size=5)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])
SEPARATOR = st.sampled_from([",", ";", "\t", "|"])


@st.composite
def regular_files(draw) -> bytes:
    """Lines with as many fields each, some quoted as they should be, and empty lines."""
    separator, width, end = draw(SEPARATOR), draw(st.integers(2, 4)), draw(ENDS)
    plain = FIELDS.filter(lambda t: not set(t) & {'"', separator})
    quoted = FIELDS.map(lambda t: '"' + t.replace('"', '""') + '"')
    rows = draw(st.lists(st.lists(plain | quoted, min_size=width, max_size=width), max_size=12))
    header = [f"h{n}" for n in range(width)]
    text = end.join(separator.join(row) for row in [header, ["x"] * width, *rows])
    return (text + end * draw(st.booleans())).encode()


@st.composite
def messy_files(draw) -> bytes:
    """Anything: ragged rows, stray quotes, quoted line ends, every mark in any place."""
    marks = [",", ",", ";", "\t", '"', '"', "\n", "\n", "\r\n", "\r", " ", "a", "1", "\u00e9", "\0",
             "\ufeff", "\x0c", "\u2028"]  # fmt: skip
    body = "".join(draw(st.lists(st.sampled_from(marks), max_size=60)))
    start = draw(st.sampled_from(["", "\ufeff", "id,b\n", "id;b;c\n", '"id","b"\r\n', "sep=;\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16"]))
    text = (start + body).encode(encoding)
    return text if draw(st.booleans()) else text.replace("\u00e9".encode(), b"\xe9")


FORMS = st.builds(
    FileFormat,
    encoding=st.sampled_from(["auto", "auto", "utf-8", "latin-1", "cp1252", "ascii", "utf-16"]),
    separator=st.sampled_from(["auto", "auto", "comma", ";", "aligned"]),
    skip_lines=st.sampled_from([0, 0, 0, 1, 3]),
    header_lines=st.sampled_from([1, 1, 2]),
    skip_after_header=st.sampled_from([0, 0, 1]),
    footer_lines=st.sampled_from([0, 0, 2]),
    quoted_line_breaks=st.booleans(),
)
QUICK = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small_blocks(monkeypatch):
    """Make blocks so small that files of tests have several."""
    monkeypatch.setattr(read_fast, "BLOCK_BYTES", 24)


@pytest.mark.slow
@QUICK
@given(content=regular_files())
def test_regular_files_are_read_fast_and_alike(tmp_path, small_blocks, content):
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    table = same_read(path, FileFormat(), "p.csv")
    # A mark before the text that pyarrow would take off leaves the file to the strict reader, and
    # so does a separator that fits other lines better.
    if b"\xef\xbb\xbf" not in content and table is None:
        strict = load_text(path, FileFormat(), "p.csv")
        assert len(strict.header) < 2 or b" " in content or b"\x0b" in content


@pytest.mark.slow
@QUICK
@given(content=messy_files(), form=FORMS)
def test_messy_files_are_read_alike_or_left(tmp_path, small_blocks, content, form):
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    same_read(path, form, "p.csv")


@pytest.mark.slow
@QUICK
@given(st.data())
def test_a_regular_file_that_is_damaged(tmp_path, small_blocks, data):
    """One byte taken out, put in or changed: a stray quote, a lost line end, a cut file."""
    content = data.draw(regular_files())
    at = data.draw(st.integers(0, len(content)))
    byte = data.draw(st.sampled_from([b"", b'"', b"\n", b"\r", b",", b" ", b"\xe9", b"\0"]))
    more = data.draw(st.integers(0, 3))
    path = tmp_path / "p.csv"
    path.write_bytes(content[:at] + byte + content[at + more :])
    same_read(path, FileFormat(), "p.csv")


def test_a_stray_quote_in_a_long_file_is_named(tmp_path):
    """pandas and DuckDB lose rows without an error here."""
    rows = [f"P{n},{n % 11},fine" for n in range(3000)]
    rows[1499] = 'P1499,4,"fine'
    path = tmp_path / "p.csv"
    path.write_text("id,score,note\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputError, match=r"p\.csv, line 1501: a quote is not closed"):
        load_raw_table(path)


def test_texts_are_one_category_each_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,site\n b,x\na ,x\nb,x\n")
    table = same_read(path, FileFormat(), "p.csv")
    assert table is not None
    assert list(table.frame["id"].cat.categories) == ["b", "a"]
    assert isinstance(table.frame["id"].dtype, pd.CategoricalDtype)
    assert table.lines.dtype == np.int64
