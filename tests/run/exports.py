"""Tiny exports, typed here, for tests of the command line and of whole runs."""

from __future__ import annotations

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
