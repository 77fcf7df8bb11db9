"""A settings file for a whole run: YAML, one ``name: value`` a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.errors import SettingsError
from analysis.settings import make_settings
from analysis.sources.mapping import load_yaml


def load_settings_file(path: Path) -> dict[str, Any]:
    """Return the settings of a file, checked.

    Raises
    ------
    MappingError
        No such file, or not YAML (the line is named).
    SettingsError
        Not ``name: value`` lines, an unknown setting, a wrong type or a value out of range.
    """
    content, _ = load_yaml(path)
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} holds no settings: `name: value` lines are expected.")
    make_settings(content, where=path.name)
    return content
