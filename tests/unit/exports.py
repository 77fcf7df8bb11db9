"""Small exports typed in tests, written to a folder and loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from analysis.adam.study import Study, derive_study
from analysis.intake.load import Export, load_export
from analysis.settings import make_settings

PATIENTS = "patient_id,condition\nA,crps\nB,fibromyalgia\n"
SCORES = "patient_id,study_day,score\nA,0,8\nA,3,4\nB,0,6\nB,3,6\n"

Content = str | bytes | Callable[[Path], object] | None


def write_export(folder: Path, files: dict[str, Content] | None = None) -> Path:
    """Write patients.csv and pain_scores.csv of two patients, and what ``files`` adds.

    A value of None leaves a file out; a function is called with the path and writes it itself.
    """
    contents: dict[str, Content] = {"patients.csv": PATIENTS, "pain_scores.csv": SCORES}
    for name, content in {**contents, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        elif content is not None:
            path.write_bytes(as_bytes(content))
    return folder


def as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8")


def load(
    folder: Path, files: dict[str, Content] | None = None, mapping: str | bytes | None = None
) -> Export:
    """Write an export and its mapping, and load it."""
    write_export(folder, files)
    if mapping is None:
        return load_export(folder)
    path = folder / "map.yaml"
    path.write_bytes(as_bytes(mapping))
    return load_export(folder, path)


def used(export: Export, table: str) -> tuple[int, dict[str, int]]:
    """Return how many rows of a table were used and what was excluded, over all its files."""
    accounts = [account for account in export.intake if account.table == table]
    assert all(account.reconciles for account in accounts)
    gone = sum((Counter(account.excluded) for account in accounts), Counter())
    return sum(account.n_used for account in accounts), dict(gone)


def derive(export: Export, **settings: object) -> Study:
    """Derive the analysis datasets of an export under its own settings and those given."""
    return derive_study(export, make_settings({**export.settings, **settings}))
