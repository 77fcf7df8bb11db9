"""Loads pinned outside numbers and the small data sets they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def pins(name: str) -> list[dict[str, Any]]:
    """Return the cases of one file of pins."""
    cases: list[dict[str, Any]] = json.loads((HERE / name).read_text(encoding="utf-8"))["cases"]
    return cases


def columns(name: str, data: str) -> dict[str, np.ndarray]:
    """Return the columns of one data set; null becomes NaN and "inf" infinity."""
    table = json.loads((HERE / name).read_text(encoding="utf-8"))[data]
    return {key: array(values) for key, values in table.items()}


def array(values: list[Any]) -> np.ndarray:
    """Return numbers as floats (null is NaN, "inf" infinity), and words as they are."""
    if any(isinstance(value, str) and value != "inf" for value in values):
        return np.array(values, dtype=object)
    return np.array([np.nan if value is None else float(value) for value in values])
