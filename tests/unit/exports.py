"""Small exports typed in tests, written to a folder and loaded."""

from __future__ import annotations

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
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            path.write_bytes(content.encode("utf-8"))
    return folder


def load(
    folder: Path, files: dict[str, Content] | None = None, mapping: str | bytes | None = None
) -> Export:
    """Write an export with a mapping beside it, and load it."""
    write_export(folder, files)
    if mapping is None:
        return load_export(folder)
    path = folder / "map.yaml"
    path.write_bytes(mapping if isinstance(mapping, bytes) else mapping.encode("utf-8"))
    return load_export(folder, path)


def used(export: Export, table: str) -> tuple[int, dict[str, int]]:
    """Return how many rows of a table were used and what was excluded, over all its files."""
    accounts = [account for account in export.intake if account.table == table]
    assert all(account.reconciles for account in accounts)
    gone: dict[str, int] = {}
    for account in accounts:
        for reason, n in account.excluded.items():
            gone[reason] = gone.get(reason, 0) + n
    return sum(account.n_used for account in accounts), gone


def derive(export: Export, **settings: object) -> Study:
    """Derive the analysis datasets of an export under its own settings and those given."""
    return derive_study(export, make_settings({**export.settings, **settings}))
