"""What a function reads of datasets and settings: two inputs alike in that give one result.

Which parts of its datasets a function looks at is not declared anywhere, so it is watched while
the function works. A part is a field: one frame, the order of visits, one setting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.settings import AnalysisSettings

Made = TypeVar("Made")

PARTS = frozenset(field.name for field in fields(Datasets))
SETTINGS = frozenset(AnalysisSettings.model_fields)

_seen: set[str] = set()
"""Parts read since `watched` began; one thread works at a time in a process."""


class _WatchedDatasets(Datasets):
    """Datasets that take note of every field read."""

    def __getattribute__(self, name: str) -> Any:
        if name in PARTS:
            _seen.add(name)
        elif name == "__dict__":
            _seen.update(PARTS)
        return super().__getattribute__(name)


class _WatchedSettings(AnalysisSettings):
    """Settings that take note of every one read; copied, compared or written, all are read."""

    def __getattribute__(self, name: str) -> Any:
        if name in SETTINGS:
            _seen.add(name)
        elif name in ("__dict__", "__pydantic_fields_set__") or name.startswith("model_"):
            _seen.update(SETTINGS)
        return super().__getattribute__(name)

    def __eq__(self, other: object) -> bool:
        return self._plain() == (other._plain() if isinstance(other, _WatchedSettings) else other)

    def __hash__(self) -> int:
        return hash(self._plain())

    def _plain(self) -> AnalysisSettings:
        return AnalysisSettings.model_construct(**self.model_dump())


def watched(
    make: Callable[[Datasets, AnalysisSettings], Made],
    datasets: Datasets,
    settings: AnalysisSettings,
) -> tuple[Made, frozenset[str]]:
    """Return what a function makes, and the names of the parts it read to make it.

    Parameters
    ----------
    make : callable
        Gives the same for the same datasets and settings, keeps nothing from call to call, and
        reads all it needs before it returns.
    datasets, settings
        What it is given; both in a form that takes note of what is read.
    """
    _seen.clear()
    own = Datasets.__new__(_WatchedDatasets)
    vars(own).update(vars(datasets))
    told = _WatchedSettings.model_construct(**settings.model_dump())
    _seen.clear()
    made = make(own, told)
    return made, frozenset(_seen)


@dataclass(frozen=True, kw_only=True)
class Names:
    """The content of every part of datasets and settings, by name of the part, as a short name."""

    by_part: Mapping[str, str]

    @classmethod
    def of(cls, datasets: Datasets, settings: AnalysisSettings) -> Names:
        """Return the names of all parts: equal ones have equal content."""
        named = {part: _name_of(getattr(datasets, part)) for part in sorted(PARTS)}
        told = {name: repr(value) for name, value in settings.model_dump().items()}
        return cls(by_part={**named, **told})

    def of_parts(self, parts: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the names of some parts, in a fixed order."""
        return tuple((part, self.by_part[part]) for part in sorted(parts))


def _name_of(part: Any) -> str:
    made = hashlib.sha256()
    if isinstance(part, pd.DataFrame):
        kinds = [f"{name}:{kind}" for name, kind in part.dtypes.items()]
        made.update("\t".join(kinds).encode())
        made.update(pd.util.hash_pandas_object(part).to_numpy().tobytes())
    else:
        made.update(repr(part).encode())
    return made.hexdigest()
