"""Analysis datasets, made once per run and kept: of the whole export, and of each condition alone.

A notebook on one condition is given that condition's patients and nobody else, so that its results
can depend on nothing else, and a new export of another condition leaves them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.run.cache_keys import (
    Suite,
    digest_inputs,
    digest_of,
    digest_tree,
    prepared_key,
)
from analysis.run.cache_store import Cache

if TYPE_CHECKING:
    from analysis.derive.datasets import Datasets
    from analysis.settings import AnalysisSettings
    from analysis.sources.export import Export

ALL = "all"
FACTS = "facts.json"
KIND = "prepared"


@dataclass(frozen=True)
class Prepared:
    """Prepared datasets in a folder, and what a run has to know of them.

    ``facts`` holds name, synthetic, labels (conditions in force), patients (number by condition
    code, those that occur), settings, inputs (files with SHA-256) and shared (conditions that are
    given the whole export). ``covered`` tells whether every file that was read is in the digest of
    the inputs, so that a run of the same digest is the same run.
    """

    folder: Path
    facts: Mapping[str, Any]
    covered: bool

    def datasets_of(self, condition: str) -> Path:
        """Return the folder of the datasets that a notebook on the condition is given."""
        alone = condition != ALL and condition not in self.facts["shared"]
        return self.folder / "datasets" / (condition if alone else ALL)

    @property
    def tables(self) -> Path:
        """Folder of the export's own tables."""
        return self.folder / "tables"

    @cached_property
    def _digests(self) -> dict[str, str]:
        root = self.folder / "datasets"
        return {each.name: digest_of(digest_tree(each)) for each in sorted(root.iterdir())}

    def digest_of(self, condition: str) -> str:
        """Return the SHA-256 of everything that a notebook on the condition can see of patients."""
        return self._digests[self.datasets_of(condition).name]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What datasets are prepared from; ``digest`` None when it cannot be told by bytes."""

    export: Path
    mapping: Path | None
    settings: Mapping[str, Any]
    digest: str | None
    outputs: tuple[Path, ...]

    def covers(self, files: Mapping[Path, str]) -> bool:
        """Return whether the digest is of all files that were read, as they are now."""
        whole = self.export.resolve()
        told = self.mapping.resolve() if self.mapping else None
        inside = all(
            each.resolve() == told or each.resolve().is_relative_to(whole) for each in files
        )
        now = digest_inputs(self.export, self.mapping, outputs=self.outputs)
        return inside and self.digest is not None and now == self.digest


def find_prepared(inputs: Inputs, *, suite: Suite, cache: Cache) -> Prepared | None:
    """Return prepared datasets that an earlier run kept, every file checked; None when none."""
    if inputs.digest is None:
        return None
    entry = cache.find_whole(KIND, _key(inputs, inputs.digest, suite))
    if entry is None:
        return None
    facts = json.loads((entry.folder / FACTS).read_text(encoding="utf-8"))
    return Prepared(entry.folder, facts, covered=True)


def prepare(inputs: Inputs, folder: Path, *, suite: Suite, cache: Cache) -> Prepared:
    """Return the prepared datasets of an export: kept ones, else made in ``folder``.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong.
    """
    found = find_prepared(inputs, suite=suite, cache=cache)
    if found is not None:
        return found
    facts, files = _prepare(inputs, folder)
    return Prepared(folder, facts, inputs.covers(files))


def keep_prepared(made: Prepared, inputs: Inputs, *, suite: Suite, cache: Cache) -> None:
    """Keep datasets that were made now, once the run they are for is known to be possible."""
    is_kept = cache.root is not None and made.folder.is_relative_to(cache.root)
    if inputs.digest is not None and made.covered and not is_kept and suite.is_unchanged():
        key = _key(inputs, inputs.digest, suite)
        cache.put(KIND, key, made.folder, {"name": made.facts["name"]})


def _key(inputs: Inputs, digest: str, suite: Suite) -> str:
    return prepared_key(inputs=digest, settings=inputs.settings, suite=suite)


def _prepare(inputs: Inputs, folder: Path) -> tuple[dict[str, Any], dict[Path, str]]:
    from analysis.derive.datasets import derive_datasets
    from analysis.run.kept_tables import write_tables
    from analysis.run.study import check_visit
    from analysis.settings import make_settings
    from analysis.sources.export import load_export

    export = load_export(inputs.export, inputs.mapping)
    make_settings(export.settings, where="the mapping's settings")
    settings = make_settings({**export.settings, **inputs.settings})
    datasets = derive_datasets(export, settings)
    check_visit(datasets, settings.analysis_visit)
    write_tables(export, folder / "tables")
    shared = _write_datasets(datasets, settings, folder / "datasets")
    facts = _facts(export, datasets, settings, shared)
    (folder / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return facts, dict(export.files)


def _facts(
    export: Export, datasets: Datasets, settings: AnalysisSettings, shared: list[str]
) -> dict[str, Any]:
    from analysis.run.kept_tables import name_files

    counts = datasets.subjects["condition"].value_counts()
    return {
        "name": datasets.name,
        "synthetic": datasets.synthetic,
        "labels": datasets.conditions.labels,
        "patients": {code: int(counts[code]) for code in datasets.condition_codes},
        "settings": settings.model_dump(),
        "inputs": name_files(export.files),
        "shared": shared,
    }


def _write_datasets(datasets: Datasets, settings: AnalysisSettings, folder: Path) -> list[str]:
    """Write the datasets of all and of each condition; return who is given those of all."""
    from analysis.derive.datasets import write_datasets
    from analysis.run.kept_tables import only_condition
    from analysis.run.study import SETTINGS_FILE

    shared = []
    for code in (ALL, *datasets.condition_codes):
        own = datasets if code == ALL else only_condition(datasets, code)
        if own is None:
            shared.append(code)
            continue
        write_datasets(own, folder / code)
        text = json.dumps(settings.model_dump(), indent=1)
        (folder / code / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return shared
