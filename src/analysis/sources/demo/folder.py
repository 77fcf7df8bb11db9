"""The folder of a demo export: what it may hold, and the files that mark it as synthetic."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.errors import InputError
from analysis.sources.demo.complete import describe_truth
from analysis.sources.demo.truth import DEMO_PATIENTS, DEMO_SEED, RULES

TABLE_NAMES = ("patients", "pain_scores", "infusions")
DEMO_FILES = (*(f"{name}.csv" for name in TABLE_NAMES), "truth.json", "mapping.yaml", "README.md")
"""All that a demo folder holds; a folder with anything else in it is left alone."""

MAPPING = """\
# Invented patients: every page made from this export must say so.
name: Demo clinic (synthetic)
synthetic: true
"""

README = """\
# Demo clinic (synthetic)

The {n_patients} patients here are invented. No row describes a real person, and no figure says
anything about ketamine. Made by the suite with `reliefcheck demo` (seed {seed}); the same seed and
number of patients give the same files, byte for byte.

| file | one row is |
|---|---|
| patients.csv | a patient |
| pain_scores.csv | one pain rating |
| infusions.csv | one infusion |
| truth.json | the true figures, planted, that an analysis should find again |
| mapping.yaml | says that the export is synthetic |

Columns, units and scales are those of the contract. The clinic exported on {exported_on}: later
visits of the patients who came last are not there yet.{picked}
"""

PICKED = """

The seed of the bundled export was picked, not drawn: the first from 20260101 on that puts the
responder share of every condition within one standard error of what is expected. Other seeds
scatter as real samples do.
"""
"""Said only of the export with the default seed and size, where it is true."""


def check_target(target: Path) -> None:
    """Raise InputError unless the target is absent, empty or an older demo export."""
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder for the demo export.")
    found = sorted(path.name for path in target.iterdir()) if target.exists() else []
    foreign = [name for name in found if name not in DEMO_FILES]
    if foreign:
        raise InputError(
            f"{target} holds {foreign[0]!r}, which is no file of a demo export; "
            "name a new or empty folder."
        )
    if found and not _says_synthetic(target / "truth.json"):
        raise InputError(
            f"{target} holds {found[0]!r} but no truth.json that marks it as synthetic, so it may "
            "be a real export; name a new or empty folder."
        )


def _says_synthetic(path: Path) -> bool:
    """Whether a truth.json marks its folder as a demo export."""
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(truth, dict) and truth.get("synthetic") is True


def write_words(folder: Path, *, n_patients: int, seed: int, n_rows: dict[str, int]) -> None:
    """Write truth.json, mapping.yaml and README.md."""
    truth = describe_truth(n_patients=n_patients, seed=seed, n_rows=n_rows)
    is_bundled = (n_patients, seed) == (DEMO_PATIENTS, DEMO_SEED)
    readme = README.format(
        n_patients=f"{n_patients:,}",
        seed=seed,
        exported_on=RULES.exported_on.isoformat(),
        picked=PICKED.rstrip() if is_bundled else "",
    )
    words = {
        "truth.json": json.dumps(truth, indent=1, allow_nan=False) + "\n",
        "mapping.yaml": MAPPING,
        "README.md": readme,
    }
    for name, text in words.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
