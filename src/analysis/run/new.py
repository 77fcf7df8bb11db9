"""What `reliefcheck new` lays out: data/new with an example mapping, notebooks, and settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis.errors import SettingsError
from analysis.run.folder import check_writable
from analysis.run.plan import find_notebooks, notebook_folder
from analysis.settings import AnalysisSettings, data_folder


def lay_out(folder: Path) -> str:
    """Make a folder for an analyst's own work, and return what was made and what to do next.

    Raises
    ------
    SettingsError
        The folder already holds something, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} already holds something; give the name of a new folder.")
    check_writable(folder.parent, "folder")
    (folder / "notebooks").mkdir(parents=True)
    for path in find_notebooks(notebook_folder()):
        shutil.copyfile(path, folder / "notebooks" / path.name)
    for path in (data_folder() / "new").iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "settings.yaml").write_text(_settings(), encoding="utf-8")
    return (
        f"{folder} holds notebooks, mapping.yaml and settings.yaml; {folder / 'README.md'} says "
        "how to go on."
    )


def _settings() -> str:
    lines = ["# Every setting with its default; take away the # of those you change."]
    for name, field in AnalysisSettings.model_fields.items():
        default = f'"{field.default}"' if field.default == "" else field.default
        prefix = "" if name == "responder_threshold_pct" else "# "
        lines.append(f"{prefix}{name}: {default}   # {field.description}")
    return "\n".join(lines) + "\n"
