"""The combinations of a grid: what was typed becomes checked values, and each a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from analysis.errors import SettingsError
from analysis.settings import AnalysisSettings, check_setting, make_settings

MOST_CELLS = 1000
"""A grid larger than this is a slip of the keyboard more often than a wish."""

LONGEST_NAME = 120
"""Letters of a folder's name; a longer one becomes a number."""

EXAMPLE = "--grid responder_threshold_pct=30,50"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One combination: the values that vary, all settings given, and the folder's name."""

    name: str
    values: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def is_default(self) -> bool:
        """Whether every setting that varies has the suite's default here."""
        fields = AnalysisSettings.model_fields
        return all(value == fields[name].default for name, value in self.values.items())


def parse_grid(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return a grid from the command line's ``name=value,value`` texts.

    Raises
    ------
    SettingsError
        No ``=``, an unknown setting, a value of the wrong type or out of range, nothing after a
        comma, or the same setting or value twice.
    """
    grid: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise SettingsError(f"--grid {text}: name=value,value is expected, as in {EXAMPLE}.")
        if name in grid:
            raise SettingsError(f"--grid names {name} twice; give all its values in one.")
        grid[name] = _parse_values(name, values)
    return grid


def _parse_values(name: str, text: str) -> tuple[Any, ...]:
    words = [word.strip() for word in text.split(",")]
    where = f"--grid {name}={text}"
    if "" in words:
        raise SettingsError(f"{where}: a value is missing before, after or between the commas.")
    values = tuple(_value(name, word, where) for word in words)
    if len(set(values)) < len(values):
        raise SettingsError(f"{where}: a value stands twice.")
    return values


def _value(name: str, word: str, where: str) -> Any:
    """Return a word as the setting's type; what is no number is refused by the setting itself."""
    field = AnalysisSettings.model_fields.get(name)
    value: Any = word
    for kind in (int, float):
        if field is not None and field.annotation is kind:
            try:
                value = kind(word)
            except ValueError:
                value = word
    check_setting(name, value, where=where)
    return value


def make_cells(grid: Mapping[str, Sequence[Any]], *, shared: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return every combination of a grid, the last setting varying fastest.

    Parameters
    ----------
    grid : mapping of str to sequence
        Setting names, each with its values.
    shared : mapping
        Settings given for all combinations; those of the grid win.

    Raises
    ------
    SettingsError
        An empty grid, more than `MOST_CELLS` combinations, or a value a setting does not take.
    """
    count = 1
    for each in grid.values():
        count *= len(each)
    if not grid or not count:
        raise SettingsError(f"the grid has no values; give some, as in {EXAMPLE}.")
    if count > MOST_CELLS:
        raise SettingsError(f"the grid has {count:,} combinations; at most {MOST_CELLS:,} are run.")
    chosen = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    names = [_name(values) for values in chosen]
    if len(set(names)) < len(names) or max(map(len, names)) > LONGEST_NAME:
        names = [f"run-{number:04d}" for number in range(1, count + 1)]
    for values in chosen:
        make_settings({**shared, **values}, where="the grid")
    return tuple(
        Cell(name=name, values=values, settings={**shared, **values})
        for name, values in zip(names, chosen, strict=True)
    )


def _name(values: Mapping[str, Any]) -> str:
    """Return a folder's name, such as ``responder_threshold_pct-50.analysis_visit-week_4``."""
    return ".".join(f"{name}-{_slug(value)}" for name, value in values.items())


def _slug(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip(".-") or "none"
