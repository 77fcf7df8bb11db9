"""A study as a notebook opens it: the analysis datasets of an export under checked settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.derive.datasets import Datasets, derive_datasets, load_datasets
from analysis.derive.visits import SCHEDULE
from analysis.errors import InputError, SettingsError, suggest
from analysis.outcomes.selection import check_condition, patients_of
from analysis.places import find_path
from analysis.settings import AnalysisSettings, make_settings
from analysis.sources.export import load_export
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

SETTINGS_FILE = "settings.json"
"""Settings that travel with prepared datasets."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Datasets, the settings that made them, and the condition in question."""

    datasets: Datasets
    settings: AnalysisSettings
    condition: str

    @property
    def labels(self) -> dict[str, str]:
        """Condition labels by code."""
        return self.datasets.conditions.labels

    @property
    def subjects(self) -> pd.DataFrame:
        """Patients of the condition, counted or not."""
        return patients_of(self.datasets, self.condition)

    @property
    def banner(self) -> str:
        """One line that names the data and says when the patients do not exist."""
        told = "study.banner_synthetic" if self.datasets.synthetic else "study.banner"
        n = count_text(len(self.subjects))
        return say(told, name=self.datasets.name, n=n, condition=self.condition)


def open_study(
    *,
    export: str,
    mapping: str = "",
    datasets: str = "",
    condition: str = "all",
    settings: Mapping[str, Any] | None = None,
) -> Study:
    """Open a study for a notebook.

    Parameters
    ----------
    export, mapping : str
        Export and mapping file; an empty mapping means the export's own.
    datasets : str
        Folder of prepared datasets, as the runner gives it; they bring their settings along.
        Empty: load and derive now.
    condition : str
        Condition code, or ``all``.
    settings : mapping
        Values of the parameters cell. A mapping file may fix settings for its export; a value that
        is not the suite's default wins over them.

    Raises
    ------
    SettingsError
        Unknown condition, analysis visit or setting, wrong type or range.
    InputError
        The export cannot be read.
    """
    if datasets:
        folder = find_path(datasets)
        study = Study(
            datasets=load_datasets(folder),
            settings=load_prepared_settings(folder),
            condition=condition,
        )
    else:
        study = _derive(export, mapping, condition, dict(settings or {}))
        check_visit(study.datasets, study.settings.analysis_visit)
    check_condition(study.datasets, condition)
    return study


def _derive(export: str, mapping: str, condition: str, given: dict[str, Any]) -> Study:
    loaded = load_export(find_path(export), find_path(mapping) if mapping else None)
    chosen = make_settings(given, where="the parameters cell")
    own = {k: v for k, v in given.items() if v != AnalysisSettings.model_fields[k].default}
    merged = make_settings({**chosen.model_dump(), **loaded.settings, **own}, where="the mapping")
    return Study(datasets=derive_datasets(loaded, merged), settings=merged, condition=condition)


def check_visit(datasets: Datasets, visit: str) -> None:
    """Refuse an analysis visit that neither the suite nor the export knows.

    A visit of the suite without a rating is no error: the report says that nobody was seen then.

    Raises
    ------
    SettingsError
    """
    known = list(dict.fromkeys([*(each.name for each in SCHEDULE), *datasets.visit_order]))
    if visit not in known:
        raise SettingsError(
            f"analysis_visit is '{visit}', and no rating of the export is at such a visit."
            f"{suggest(visit, known)} Visits: {', '.join(known)}."
        )


def load_prepared_settings(folder: Path) -> AnalysisSettings:
    """Return the settings under which datasets were prepared; InputError when absent."""
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise InputError(f"{folder} holds no prepared datasets: {SETTINGS_FILE} is missing.")
    return make_settings(json.loads(path.read_text(encoding="utf-8")), where=path.name)
