"""The fixed texts of the report, from one file a language: ``say("first.title")``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LANGUAGE = "en_us"
"""Texts of the report; another language is another file like ``en_us.toml``."""


@lru_cache(maxsize=4)
def load_texts(language: str = LANGUAGE) -> Mapping[str, Any]:
    """Return the texts of a language by their dotted names: strings, or lists of strings.

    Raises
    ------
    FileNotFoundError
        There is no file of that language.
    """
    path = Path(__file__).with_name(f"{language}.toml")
    return MappingProxyType(dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")))))


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
