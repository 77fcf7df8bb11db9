"""CSV files that are safe to open: nothing in a cell runs."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

from analysis.report.spreadsheets import write_csv


def cells(path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_begins_like_a_formula_is_kept_as_text(tmp_path, start):
    frame = pd.DataFrame({"site": [f"{start}cmd|' /C calc'!A0"]})
    (_, (cell,)) = cells(write_csv(frame, tmp_path / "a.csv"))
    assert cell == f"'{start}cmd|' /C calc'!A0"


def test_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"value": [-0.25, np.nan], "n": [3, 4], "status": ["estimated", "no"]})
    written = cells(write_csv(frame, tmp_path / "a.csv"))
    assert written == [["value", "n", "status"], ["-0.25", "3", "estimated"], ["", "4", "no"]]


def test_negative_number_among_missing_ones_is_no_text(tmp_path):
    """Rows may hold None beside numbers in a column of objects."""
    frame = pd.DataFrame({"low": pd.Series([-1.5, None], dtype=object)})
    assert cells(write_csv(frame, tmp_path / "a.csv")) == [["low"], ["-1.5"], [""]]


def test_nothing_is_left_beside_the_file(tmp_path):
    write_csv(pd.DataFrame({"a": ["x"]}), tmp_path / "a.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
