"""Tiny exports, typed here, for tests of the command line and of whole runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

PATIENTS = """\
patient_id,condition,subtype
A1,crps,type_1
A2,crps,type_1
A3,crps,type_2
A4,crps,type_2
A5,crps,type_1
A6,neuropathic,diabetic
"""

# Day 0 is 2 March 2026 and the series ends on 14 March for everyone but A6, who has one infusion.
INFUSION_DAYS = ("02", "04", "06", "09", "11", "14")
INFUSIONS = "patient_id,infused_at\n" + "".join(
    f"{who},2026-03-{day}\n"
    for who in ("A1", "A2", "A3", "A4", "A5", "A6")
    for day in (INFUSION_DAYS if who != "A6" else ("02",))
)

# Baseline 8 for all. At the end (16 March): A1 4 (50%), A2 5 (37.5%), A3 6 (25%), A4 missing,
# A5 10 (worse); A6 2. Week 4 (11 April): A1 4, A2 8.
PAIN_SCORES = """\
patient_id,assessed_on,score
A1,2026-03-01,8
A2,2026-03-01,8
A3,2026-03-01,8
A4,2026-03-01,8
A5,2026-03-01,8
A6,2026-03-01,8
A1,2026-03-16,4
A2,2026-03-16,5
A3,2026-03-16,6
A5,2026-03-16,10
A6,2026-03-04,2
A1,2026-04-11,4
A2,2026-04-11,8
"""


def write_export(folder: Path, **files: str) -> Path:
    """Write the tiny export, with any of patients, pain_scores, infusions replaced."""
    content = {"patients": PATIENTS, "pain_scores": PAIN_SCORES, "infusions": INFUSIONS, **files}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in content.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "=cmd|' /C calc'!A0",
    '"><img src=x onerror=alert(1)>',
    "Sehr" + "lang" * 2499,
    "North\N{RIGHT-TO-LEFT OVERRIDE}cinilc\N{POP DIRECTIONAL FORMATTING}",
    "\N{FACE WITH TEARS OF JOY}\N{SYRINGE}\N{VARIATION SELECTOR-16}",
    "{{ 7*7 }}{% raw %}${7*7}",
    "x'; import os; os.system('false') #",
)
"""Markup, formulas, direction overrides, templates, emoji, 10,000 letters, code."""


def write_hostile_export(folder: Path, *, longest: int | None = None) -> Path:
    """Write an export in which sites, subtypes, arms, ids and the name are attacks.

    ``longest`` cuts them, for transport files.
    """
    names = [name[:longest] for name in NAMES]
    tables = {
        "patients": [["patient_id", "condition", "subtype", "site", "arm"]],
        "infusions": [["patient_id", "infused_at"]],
        "pain_scores": [["patient_id", "assessed_on", "score"]],
    }
    for at, name in enumerate(names * 4):
        who = f"{name[:40]}{at}"
        tables["patients"] += [[who, "crps", name, names[(at + 1) % len(names)], names[at % 2]]]
        tables["infusions"] += [[who, f"2026-03-{day:02d}"] for day in (2, 4, 6, 9, 11, 14)]
        tables["pain_scores"] += [[who, "2026-03-01", "8"], [who, "2026-03-16", str(at % 9)]]
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "mapping.yaml").write_text(
        json.dumps({"name": NAMES[2] + NAMES[1], "source": f"javascript:alert(1) {SCRIPT}",
                        "settings": {"bootstrap_replicates": 200, "claim_arm": SCRIPT}}),
        encoding="utf-8",
    )  # fmt: skip
    return folder
