"""A settings file for a whole run: YAML, one ``name: value`` a line.

Besides settings it may say which conditions to run (``conditions``) and which settings to vary
(``grid``). docs/settings.md has an example and every name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from analysis.errors import MappingError, SettingsError, suggest
from analysis.settings import AnalysisSettings, check_setting, make_settings
from analysis.sources.yaml_text import line_of, load_yaml

CONDITIONS, GRID = "conditions", "grid"


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """What a settings file asks for.

    Parameters
    ----------
    settings : mapping
        Checked setting names and values.
    conditions : tuple of str
        Condition codes; empty runs every condition with patients.
    grid : mapping of str to tuple
        Checked values of each setting to vary; empty for a single run.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def load_run_file(path: Path) -> RunFile:
    """Return what a settings file asks for, checked.

    Raises
    ------
    SettingsError
        No such file, not YAML, an unknown setting, a wrong type or a value out of range; the
        line is named.
    """
    try:
        content, node = load_yaml(path)
    except MappingError as error:
        raise SettingsError(str(error)) from None
    if not isinstance(content, dict) or not content:
        raise SettingsError(f"{path.name} holds no settings: `name: value` lines are expected.")
    settings = {k: v for k, v in content.items() if k not in (CONDITIONS, GRID)}
    for name, value in settings.items():
        _check(name, value, _place(path, node, (name,)))
    make_settings(settings, where=path.name)
    return RunFile(
        settings=settings,
        conditions=_conditions(content.get(CONDITIONS, []), _place(path, node, (CONDITIONS,))),
        grid=_grid(content.get(GRID, {}), path, node, settings),
    )


def _place(path: Path, node: yaml.Node | None, loc: tuple[Any, ...]) -> str:
    return f"{path.name}, line {line_of(node, loc)}"


def _check(name: Any, value: Any, place: str) -> None:
    known = (*AnalysisSettings.model_fields, CONDITIONS, GRID)
    if name not in known:
        raise SettingsError(
            f"{place}: there is no setting '{name}'.{suggest(str(name), known)} "
            f"Known: {', '.join(sorted(known))}."
        )
    if value is None:
        raise SettingsError(f"{place}: {name} has nothing after it; give a value.")
    check_setting(name, value, where=place)


def _conditions(given: Any, place: str) -> tuple[str, ...]:
    codes = [given] if isinstance(given, str) else given
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise SettingsError(f"{place}: conditions is {given!r}; a list such as [crps] is expected.")
    if len(set(codes)) < len(codes):
        raise SettingsError(f"{place}: conditions names one twice.")
    return tuple(codes)


def _grid(
    given: Any, path: Path, node: yaml.Node | None, settings: Mapping[str, Any]
) -> dict[str, tuple[Any, ...]]:
    if not isinstance(given, dict):
        place = _place(path, node, (GRID,))
        raise SettingsError(
            f"{place}: grid wants lines such as `responder_threshold_pct: [30, 50]`."
        )
    made: dict[str, tuple[Any, ...]] = {}
    for name, values in given.items():
        place = _place(path, node, (GRID, name))
        if not isinstance(values, list) or not values:
            raise SettingsError(f"{place}: {name} is {values!r}; a list of values is expected.")
        if name in settings:
            raise SettingsError(f"{place}: {name} is also set above; keep it in one place.")
        if name in (CONDITIONS, GRID):
            raise SettingsError(f"{place}: {name} is no setting that can vary.")
        for value in values:
            _check(name, value, place)
        if len(set(values)) < len(values):
            raise SettingsError(f"{place}: {name} has a value twice.")
        made[str(name)] = tuple(values)
    return made
