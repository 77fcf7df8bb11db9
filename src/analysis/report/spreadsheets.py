"""Tables for spreadsheets: CSV in which no cell of the export's can run as a formula."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.files import whole_file

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet reads a cell that begins so as a formula; an apostrophe before it keeps it text."""


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame as CSV, whole or not at all; missing cells are empty.

    Parameters
    ----------
    frame : DataFrame
        Numbers stay numbers; a text that begins like a formula gets an apostrophe before it.
    path : Path

    Returns
    -------
    Path
    """
    safe = frame.copy()
    for name in safe.columns[[kind not in "biufc" for kind in (t.kind for t in safe.dtypes)]]:
        safe[name] = [_harmless(cell) for cell in safe[name]]
    with whole_file(path) as part:
        safe.to_csv(part, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return path


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell
