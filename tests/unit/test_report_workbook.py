"""results.xlsx: everything in it, nothing in it runs, the same bytes twice."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from analysis.claims.judgement import Judgement
from analysis.outcomes.rows import Check, ResultRow
from analysis.report.workbook import CLAIM_COLUMNS, write_workbook

HOSTILE = "=cmd|' /C calc'!A0"
ROW = ResultRow(
    measure="responder_share",
    condition="crps",
    group_by="site",
    group=HOSTILE,
    value=0.425,
    low=None,
    n=40,
    unit="share",
    method="Wilson",
    warnings=("small", "old"),
)
CLAIM = Judgement(
    claim_id="C043",
    wording="70-85 % respond",
    source="https://clinic.example/page",
    condition="crps",
    reading="as printed",
    cited_low=0.7,
    cited_high=0.85,
    cited_text="70-85 %",
    verdict="falls short",
    value=0.425,
    n=40,
)


def write(path: Path, **changes: object) -> openpyxl.Workbook:
    told = {
        "about": [("Data", HOSTILE)],
        "rows": [ROW],
        "judgements": [CLAIM],
        "checks": [Check(name="x", table="all", state="pass", n=1, sentence="\x00\ud800@fine")],
        "labels": {"crps": "CRPS"},
    }
    return openpyxl.load_workbook(write_workbook(path, **{**told, **changes}))


def line(book: openpyxl.Workbook, sheet: str, number: int = 2) -> dict[str, object]:
    names, *lines = book[sheet].iter_rows(values_only=True)
    return dict(zip(names, lines[number - 2], strict=True))


def test_numbers_are_numbers_and_missing_ones_are_empty(tmp_path):
    told = line(write(tmp_path / "r.xlsx"), "Results")
    assert (told["value"], told["low"], told["n"]) == (0.425, None, 40)
    assert (told["condition"], told["warnings"]) == ("CRPS", "small; old")
    assert told["result id"] == ROW.result_id


def test_claims_stand_on_a_sheet_of_their_own(tmp_path):
    told = line(write(tmp_path / "r.xlsx"), "Claims")
    assert len(told) == len(CLAIM_COLUMNS)
    assert (told["claim id"], told["verdict"], told["value"]) == ("C043", "falls short", 0.425)


def test_nothing_of_the_exports_runs_as_a_formula_or_links(tmp_path):
    book = write(tmp_path / "r.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}, "openpyxl calls a formula 'f'"
    assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)
    assert line(book, "Results")["group"] == HOSTILE


def test_signs_that_xml_cannot_hold_are_left_out(tmp_path):
    assert line(write(tmp_path / "r.xlsx"), "Data quality")["sentence"] == "?@fine"


def test_same_results_same_bytes(tmp_path):
    write(tmp_path / "a.xlsx")
    write(tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_empty_run_gives_sheets_with_headers(tmp_path):
    book = write(tmp_path / "r.xlsx", rows=[], judgements=[], checks=[])
    assert book.sheetnames == ["About", "Claims", "Results", "Data quality"]
    assert all(sheet.max_row >= 1 for sheet in book)


def test_a_part_is_never_left_beside(tmp_path):
    with pytest.raises(AttributeError):
        write(tmp_path / "r.xlsx", judgements=[None])
    write(tmp_path / "r.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["r.xlsx"]
