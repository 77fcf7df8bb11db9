"""results.xlsx and CSV: everything in it, nothing in it runs, the same bytes twice."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from report_runs import CHECKS, judged, share

from analysis.claims.records import claims_frame
from analysis.report.office import CLAIM_COLUMNS, HEADERS, write_csv, write_workbook
from analysis.report.tables import plain_table
from analysis.results import make_results

HOSTILE = "=cmd|' /C calc'!A0"
ROWS = make_results([share(5, 20, group_by="site", group=HOSTILE, low=None,
                           notes="boosted_count_not(3);arms_together")])  # fmt: skip
CLAIMS = (replace(judged()[0], wording=HOSTILE, source="https://clinic.example/page"),)


def write(path: Path, *, results=ROWS, claims=CLAIMS, checks=CHECKS) -> openpyxl.Workbook:
    quality = plain_table("Checks of the data", list(checks), checks.to_numpy().tolist())
    write_workbook(
        path, summary=[("Condition", "Our patients"), (HOSTILE, "54%")],
        about=[("Data", HOSTILE)], results=results, claims=claims_frame(claims),
        quality=[quality], labels={"crps": "CRPS"},
    )  # fmt: skip
    return openpyxl.load_workbook(path)


def line(book: openpyxl.Workbook, sheet: str) -> dict[str, object]:
    names, first, *_ = book[sheet].iter_rows(values_only=True)
    codes = {title: code for code, title in HEADERS.items()}
    names = [codes.get(name) or name.lower().replace(" ", "_") for name in names]
    return dict(zip(names, first, strict=True))


def test_numbers_are_numbers_missing_ones_empty_and_codes_words(tmp_path):
    found = line(write(tmp_path / "r.xlsx"), "Results")
    assert (found["value"], found["low"], found["n"]) == (0.25, None, 20)
    assert (found["condition"], found["method"]) == ("CRPS", "Wilson score interval")
    assert found["notes"].startswith("3 had a booster before this visit")


def test_a_share_is_shown_in_percent_and_kept_in_full(tmp_path):
    sheet = write(tmp_path / "r.xlsx")["Results"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, heads.index("Value") + 1)
    assert (cell.value, cell.number_format) == (0.25, "0.0%")
    assert "Patients (n)" in heads


def test_a_score_has_its_scale_beside_its_unit(tmp_path):
    of_crps = {"measure": "score_mean", "condition": "crps", "unit": "score", "method": "t"}
    rows = make_results([of_crps | {"value": 58.0, "n": 9, "notes": "open_scale(diary,0)"}])
    found = line(write(tmp_path / "r.xlsx", results=rows), "Results")
    assert found["unit"] == "score (diary, 0 and up)"


def test_claims_and_checks_have_sheets_of_their_own(tmp_path):
    book = write(tmp_path / "r.xlsx")
    assert book.sheetnames == ["Summary", "About", "Claims", "Results", "Checks of the data"]
    found = line(book, "Claims")
    assert list(found) == CLAIM_COLUMNS
    assert (found["claim_id"], found["verdict"], found["value"]) == ("C1", "undecided", 0.65)


def test_nothing_from_the_export_runs_as_a_formula_or_links(tmp_path):
    book = write(tmp_path / "r.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}, "openpyxl calls a formula 'f'"
    assert not any(cell.hyperlink for cell in cells)
    assert line(book, "Results")["group"] == HOSTILE


def test_characters_that_xml_cannot_hold_are_left_out(tmp_path):
    rows = make_results([share(5, 20, group_by="site", group="\x00\x1b@fine")])
    assert line(write(tmp_path / "r.xlsx", results=rows), "Results")["group"] == "@fine"


def test_the_same_results_give_the_same_bytes(tmp_path):
    write(tmp_path / "a.xlsx")
    write(tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_empty_run_gives_sheets_with_headers(tmp_path):
    book = write(tmp_path / "r.xlsx", results=ROWS.head(0), claims=(), checks=CHECKS.head(0))
    assert len(book.sheetnames) == 5
    assert all(sheet.max_row >= 1 for sheet in book)


def cells_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_begins_like_a_formula_stays_text(tmp_path, start):
    frame = pd.DataFrame({"site": [f"{start}cmd|' /C calc'!A0"]})
    (_, (cell,)) = cells_of(write_csv(frame, tmp_path / "a.csv"))
    assert cell == f"'{start}cmd|' /C calc'!A0"


def test_numbers_stay_numbers_and_missing_ones_empty(tmp_path):
    frame = pd.DataFrame({"value": [-0.25, np.nan], "low": pd.Series([-1.5, None], dtype=object),
                          "status": ["estimated", "no"]})  # fmt: skip
    written = cells_of(write_csv(frame, tmp_path / "a.csv"))
    assert written == [["value", "low", "status"], ["-0.25", "-1.5", "estimated"], ["", "", "no"]]
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
