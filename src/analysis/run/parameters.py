"""Strict notebook parameters: papermill only warns about an unknown name, and takes any type.

An unknown name would run the default and print a number nobody asked for; so names are checked
against the notebook's parameters cell, and values (type and range) against the notebook's settings
object before anything runs. A notebook the suite does not know is checked by its annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.errors import SettingsError, suggest
from analysis.run.notebook_settings import NOTEBOOKS, make_notebook_settings

TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
}


@lru_cache(maxsize=64)
def declared_parameters(notebook: Path) -> dict[str, str]:
    """Return the parameters a notebook declares, name to type in words.

    Raises
    ------
    SettingsError
        The notebook has no parameters cell, or one of its parameters has no known type.
    """
    import papermill

    inspected = papermill.inspect_notebook(str(notebook))
    declared = {name: str(found["inferred_type_name"]) for name, found in inspected.items()}
    odd = sorted(name for name, kind in declared.items() if kind not in TYPES)
    if odd or not declared:
        raise SettingsError(
            f"{notebook.name}: the parameters cell must give every name one of the types "
            f"{', '.join(TYPES)}; it does not for {odd or 'any'}."
        )
    return declared


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Raise SettingsError unless the notebook declares every name and takes every value.

    Parameters
    ----------
    notebook : Path
    parameters : mapping
        Names and values that a run would set.
    """
    declared = declared_parameters(notebook)
    for name, value in parameters.items():
        if name not in declared:
            raise SettingsError(
                f"{notebook.name} has no parameter '{name}'.{suggest(name, declared)} "
                f"It has: {', '.join(declared)}."
            )
        _check_type(notebook, name, value, declared[name])
    if notebook.stem in NOTEBOOKS:
        make_notebook_settings(notebook.stem, dict(parameters))


def _check_type(notebook: Path, name: str, value: Any, declared: str) -> None:
    wanted = TYPES[declared]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise SettingsError(f"{notebook.name}: {name} is {value!r}, which is no {declared}.")
