"""Files of SPSS, Stata and SAS, and transport files of version 5, as text records.

A coded answer is read as its label where every answer of its column has one, as the person who
typed it saw it. A score of which only the ends are labeled (0 "no pain", 10 "worst") stays a
number. What the file declares missing is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError

READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
"""Function of pyreadstat by file ending."""

STAT_ENDINGS = tuple(READERS)

VERSION_8 = b"LIBV8"
"""In the first record of a transport file of version 8."""

ALMOST_ZERO = 1e-60
"""SAS writes some zeros as 5.4e-79; no clinical number is smaller than this."""


def read_stat_file(path: Path, name: str) -> tuple[list[str], list[pd.Series]]:
    """Return names and columns of a file of SPSS, Stata or SAS: numbers, dates, texts and labels.

    InputError where the file is broken or encrypted, is a transport file of version 8, or two codes
    of a column have one label.
    """
    import pyreadstat  # slow to load, and few exports need it

    ending = path.suffix.lower()
    if ending == ".xpt":
        with path.open("rb") as file:
            if VERSION_8 in file.read(80):
                raise InputError(
                    f"{name} is a transport file of version 8, which is not read; save it as "
                    "version 5 (PROC COPY with the XPORT engine), or as CSV."
                )
    try:
        frame, meta = getattr(pyreadstat, READERS[ending])(path)
    except Exception as error:  # pyreadstat has several kinds for a broken file
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{name} cannot be read as a {ending} file: {reason}. Open it in the program that "
            "wrote it and save it again, or as CSV."
        ) from None
    labels: Mapping[str, Mapping[Any, str]] = meta.variable_value_labels or {}
    columns = []
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_float_dtype(values):
            values = values.mask(values.abs() < ALMOST_ZERO, 0.0)
        columns.append(_with_labels(values, labels.get(column, {}), name))
    return [str(column) for column in frame.columns], columns


def _with_labels(values: pd.Series, labels: Mapping[Any, str], name: str) -> pd.Series:
    """Return labels in place of codes where every code that occurs has one."""
    there = [code for code in values.dropna().unique() if code != ""]
    if not there or not labels or not all(code in labels for code in there):
        return values
    words = {code: " ".join(str(labels[code]).split()) for code in there}
    if all(_begins_with(word, code) for code, word in words.items()):
        return values  # "7 - severe" says no more than 7
    seen: dict[str, Any] = {}
    for code, word in words.items():
        if word in seen:
            raise InputError(
                f"{name}, column {values.name}: the codes {_shown(seen[word])} and {_shown(code)} "
                f"have one label ('{word}'), so that answers cannot be told apart. Give them "
                "labels of their own, or save the file as CSV with codes."
            )
        seen[word] = code
    return values.map(words)


def _begins_with(word: str, code: Any) -> bool:
    shown = _shown(code)
    return word.startswith(shown) and not word[len(shown) : len(shown) + 1].isdigit()


def _shown(code: Any) -> str:
    whole = isinstance(code, (float, np.floating)) and float(code).is_integer()
    return str(int(code)) if whole else str(code)
