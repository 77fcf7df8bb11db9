"""A file without a line of names is refused, and its first record is never repeated."""

from __future__ import annotations

import openpyxl
import pytest
from click.testing import CliRunner
from tests.unit.exports import load

from analysis.cli import main
from analysis.errors import InputError
from analysis.intake.read import is_record

HEADLESS = [
    [["P01", "crps", "female", "1960"], ["P02", "crps", "male", "1971"]],
    [["P01", "2026-03-01", "8"], ["P01", "2026-04-01", "4"]],
    [["Weber Anna", "12.03.1961", "8", "3"], ["Miller Henry", "14.05.1970", "7", "2"]],
    [["Weber Anna", "8"], ["Smith John", "7"]],
    [["left arm worst since the fall", "8", "3"], ["lives with two cats", "7", "2"]],
    [["4711", "crps", "8"], ["4712", "crps", "7"]],
    [["Weber Anna", "12.03.1961", "8"]],
    [["7-Mar-15", "8", "5"], ["9-Mar-15", "6", "5"]],
]
WITH_NAMES = [
    [["patient_id", "condition", "score"], ["P01", "crps", "8"]],
    [["ID", "1", "2", "3"], ["P1", "8", "7"], ["P2", "5", "5"]],
    [["ID", "14", "7", "1"], ["P1", "8", "7", "6"]],
    [["Patient", "2026-03-01", "2026-04-01"], ["A", "8", "7"]],
    [["V1", "V2", "V3"], ["P1", "crps", "8"]],
    [["arm", "site"], ["ketamine", "north"], ["arm", "site"]],
    [["T0", "T4", "T8"], ["8", "7", "6"]],
    [["0", "4", "8", "12"], ["8", "7", "6", "5"]],
    [["name", "note"], ["Anna", "better"]],
    [["id", "comment"], ["P1", ""]],
    [["question", "answer"]],
    [["Q1", "Q2"], ["A1", "A3"], ["A2", ""]],
    [["c0", "c1"], ["", "a0"]],
]


def below(rows):
    columns = list(zip(*[row for row in rows[1:] if row != rows[0]], strict=False))
    return columns or [()] * len(rows[0])


@pytest.mark.parametrize("rows", HEADLESS, ids=lambda rows: rows[0][0])
def test_a_record_in_place_of_the_header_is_known(rows):
    assert is_record(rows[0], [list(filter(None, column)) for column in below(rows)])


@pytest.mark.parametrize("rows", WITH_NAMES, ids=lambda rows: rows[0][0])
def test_a_line_of_names_is_none(rows):
    padded = [row + [""] * (len(rows[0]) - len(row)) for row in rows]
    assert not is_record(rows[0], [list(filter(None, column)) for column in below(padded)])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("command", ["check", "map"])
def test_no_command_repeats_the_first_record(tmp_path, command, form):
    rows = HEADLESS[2]
    if form == "csv":
        (tmp_path / "list.csv").write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / "list.xlsx")
    said = CliRunner().invoke(main, [command, str(tmp_path / f"list.{form}")])
    assert said.exit_code == 2
    assert "line 1" in said.output and "Write a line above it" in said.output
    assert not any(cell in said.output for row in rows for cell in row if len(cell) > 1)


def test_a_person_named_in_a_header_is_not_listed(tmp_path):
    table = "Day,Weber Anna,Smith John\n1,8,7\n2,4,6\n"
    (tmp_path / "list.csv").write_text(table, encoding="utf-8")
    said = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert said.exit_code == 2 and "Aaaaa Aaaa" in said.output and "Weber" not in said.output


def test_a_file_of_a_table_is_refused_by_its_place(tmp_path):
    with pytest.raises(InputError, match=r"patients\.csv, line 1: the first line is a record"):
        load(tmp_path, {"patients.csv": "P01,crps\nP02,crps\n"})
