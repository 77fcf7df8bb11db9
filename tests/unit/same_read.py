"""Both readers of text files on one file: alike in everything, or the fast one declines."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.intake.read import FileFormat, RawTable, load_regular, load_text


def same_read(path: Path, form: FileFormat, name: str, fast=load_regular) -> RawTable | None:
    """Return what the fast reader makes of a file, and fail unless the strict one agrees."""
    table = fast(path, form, name)
    if table is not None:
        strict = load_text(path, form, name)
        pd.testing.assert_frame_equal(table.frame, strict.frame)
        np.testing.assert_array_equal(table.lines, strict.lines)
        for item in fields(RawTable):
            if item.name not in ("frame", "lines"):
                assert getattr(table, item.name) == getattr(strict, item.name), item.name
    return table
