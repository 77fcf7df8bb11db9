"""Loads pinned outside numbers and the small data sets they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.results import Estimate

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


def data(case: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the columns of a case about durations, restricted to its rows."""
    table = columns("durations_data.json", case["data"])
    for key, value in (case.get("where") or {}).items():
        held = table[key] == value
        table = {name: values[held] for name, values in table.items()}
    return table


def weights(case: dict[str, Any], table: dict[str, np.ndarray]) -> np.ndarray | None:
    return table[case["weights"]] if case["weights"] else None


def numbers(estimate: Estimate) -> list[float]:
    """Return value and limits, NaN for none; R has no limits at 0 and 1, where ours are exact."""
    is_exact = any(each.startswith(("none_lost", "all_lost", "incid")) for each in estimate.notes)
    found = (estimate.value, *((None, None) if is_exact else (estimate.low, estimate.high)))
    return [np.nan if one is None else one for one in found]


def cases(name: str) -> Any:
    return pytest.mark.parametrize("case", pins(name), ids=lambda case: case["id"])
