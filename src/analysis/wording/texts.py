"""The texts of the report, from one file a language: ``say("first.title")``.

The environment variable ``RELIEFCHECK_LANGUAGE`` chooses the file: a name such as ``en_us``, which
stands for the file of that name beside this module, or the path of a ``.toml`` file. A text that
file lacks is told in US English.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from analysis.errors import SettingsError, suggest

LANGUAGE = "en_us"
"""Texts of the report where no other language is asked for; all of them are in its file."""

CHOICE = "RELIEFCHECK_LANGUAGE"
"""Environment variable with the name of a language or the path of its file."""


def load_texts(language: str | None = None) -> Mapping[str, Any]:
    """Return the texts of a language by their dotted names: strings, or lists of strings.

    Parameters
    ----------
    language : str, optional
        Name of a file beside this module or path of a ``.toml`` file; without it what
        ``RELIEFCHECK_LANGUAGE`` says, or else US English.

    Raises
    ------
    SettingsError
        There is no such file, or it holds a text of an unknown name or with other places than
        the English one: a translation that leaves out ``{n}`` would leave out the number.
    """
    return _load(language or language_in_force())


def language_in_force() -> str:
    """Return the name or path that ``RELIEFCHECK_LANGUAGE`` gives, else US English."""
    return os.environ.get(CHOICE) or LANGUAGE


@lru_cache(maxsize=8)
def _load(language: str) -> Mapping[str, Any]:
    if language == LANGUAGE:
        return MappingProxyType(_read(Path(__file__).with_name(f"{LANGUAGE}.toml")))
    plain = language.replace("_", "").isalnum()
    path = Path(__file__).with_name(f"{language}.toml") if plain else Path(language)
    if path.suffix != ".toml" or not path.is_file():
        raise SettingsError(f"There are no texts in the language '{language}' ({CHOICE}): neither "
                            "a language of the suite nor a .toml file.")  # fmt: skip
    own, english = _read(path), _load(LANGUAGE)
    for name, text in own.items():
        if name not in english:
            near = suggest(name, english)
            raise SettingsError(f"{path.name}: there is no text '{name}' to replace.{near}")
        if _shape(text) != _shape(english[name]):
            raise SettingsError(f"{path.name}: '{name}' needs {_told(english[name])}.")
    return MappingProxyType({**english, **own})


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
    except ValueError as error:
        raise SettingsError(f"{path.name} is no file of texts ({error}).") from None


def _shape(text: Any) -> Any:
    """Return what a text must share with its translation: its places, or those of its parts."""
    if isinstance(text, str):
        try:
            return {place for _, place, _, _ in Formatter().parse(text) if place is not None}
        except ValueError:
            return None
    return tuple(_shape(part) for part in text) if isinstance(text, list) else None


def _told(text: Any) -> str:
    """Return what a translation must hold, in words."""
    if isinstance(text, list):
        return f"a list of {len(text)} texts with the places of the English ones"
    places = ", ".join(f"{{{place}}}" for place in sorted(_shape(text)))
    return f"one text with the places {places}" if places else "one text without places in braces"


def say(name: str, /, **values: object) -> str:
    """Return a text by its dotted name with its places filled; KeyError names what is missing."""
    text = load_texts()[name]
    if not isinstance(text, str):
        raise KeyError(f"{name} is a list of texts")
    return text.format(**values)


def say_all(name: str) -> tuple[str, ...]:
    """Return a list of texts by its dotted name."""
    return tuple(load_texts()[name])


def say_pairs(name: str) -> tuple[tuple[str, str, str], ...]:
    """Return what a table of the file holds: key, word and text of each of its parts."""
    flat = load_texts()
    keys = dict.fromkeys(
        key.removeprefix(f"{name}.").split(".")[0] for key in flat if key.startswith(f"{name}.")
    )
    return tuple((key, flat[f"{name}.{key}.word"], flat[f"{name}.{key}.text"]) for key in keys)


def _flat(found: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []
    for key, value in found.items():
        name = f"{before}{key}"
        made += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return made
