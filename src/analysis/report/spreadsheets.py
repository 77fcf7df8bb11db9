"""Tables for spreadsheets: CSV in which no cell of the export's can run as a formula."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

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
    part = path.with_suffix(f".part-{os.getpid()}")
    safe.to_csv(part, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    part.replace(path)
    return path


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell
