"""What `reliefcheck new` lays out: notebooks to change, an example mapping, and settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis.errors import SettingsError
from analysis.run.folder import check_writable
from analysis.run.plan import find_notebooks, notebook_folder
from analysis.settings import AnalysisSettings

MAPPING = """\
# Describes an export in the suite's words; docs/mapping.md has every field. Replace the names on
# the right by those of your files, and delete what you do not have.
name: My clinic
format:
  separator: ","
  dates: iso                   # 2026-03-02; or day_first, month_first
  missing: ["", "NA"]          # besides these, nothing counts as missing
tables:
  patients:
    file: patients.csv
    columns:
      patient_id: Patient
      condition: {from: Diagnosis, values: {CRPS: crps, Fibro: fibromyalgia}}
  infusions:
    file: infusions.csv
    columns:
      patient_id: Patient
      infused_at: Infusion date
  pain_scores:
    file: scores.csv
    columns:
      patient_id: Patient
      assessed_on: Rating date
      score: Pain
"""

README = """\
# An analysis of your own

- `mapping.yaml` describes your export. Try it with
  `reliefcheck check EXPORT --mapping mapping.yaml` until it says what you expect; the export itself
  is never edited.
- `settings.yaml` holds the definitions you choose, before you see results.
- `notebooks/` are the suite's notebooks, yours to change. Each ends with a cell for a figure of
  your own. A new notebook takes part in a run by its number: below 70 it measures, 70 to 79 it
  judges claims, 80 to 89 it sums up.

Run everything and write the report (into `reports/`):

    reliefcheck run EXPORT --mapping mapping.yaml --settings settings.yaml --notebooks notebooks

Run one notebook, on the demo export or on yours:

    papermill notebooks/20_responders.ipynb out.ipynb -p condition crps
    papermill notebooks/20_responders.ipynb out.ipynb -p export EXPORT -p mapping mapping.yaml
"""


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
    for name, text in (
        ("mapping.yaml", MAPPING),
        ("settings.yaml", _settings()),
        ("README.md", README),
    ):
        (folder / name).write_text(text, encoding="utf-8")
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
