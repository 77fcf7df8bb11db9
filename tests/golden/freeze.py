"""Freeze the numbers and verdicts of a run: ``python tests/golden/freeze.py RUN_FOLDER NAME``.

For a release that moves numbers on purpose; CHANGELOG.md says which, and why.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from analysis.claims.records import read_claims
from analysis.results import KEYS

HERE = Path(__file__).parent
NUMBERS = ["value", "low", "high", "level", "n", "n_events", "n_missing", "n_not_due"]
VERDICT = [
    "verdict", "firmness", "undecided", "reach", "position", "status", "answer",
    "verdict_adjusted", "result_id", "sayable", "reading_sha",
]  # fmt: skip
CLAIM_NUMBERS = [
    "value", "low", "high", "n", "n_missing", "n_not_due", "further_patients",
    "further_patients_if_cited", "p_holm",
]  # fmt: skip
PARTS = {
    "robustness": ["n", "n_agreeing"],
    "tipping": ["n_missing", "n_could", "n_to_meet", "delta_to_meet_pct"],
    "missing": ["imputed", "imputed_low", "imputed_high", "n_to_find", "n_to_respond"],
}
"""Nested parts of a judgement, and which of their numbers are frozen."""


def results_of(run: Path) -> pd.DataFrame:
    """Return the numbers of a run under their keys."""
    frame = pd.read_parquet(run / "results.parquet")
    return frame[[*KEYS, *NUMBERS, "unit", "status"]].sort_values(KEYS, ignore_index=True)


def claims_of(run: Path) -> pd.DataFrame:
    """Return the verdicts of a run, one row a claim, with the numbers they rest on."""
    rows = []
    for each in read_claims(run):
        row = {"claim_id": each.claim_id, "lacks": ";".join(lack.check for lack in each.lacks)}
        row |= {name: getattr(each, name) for name in (*VERDICT, *CLAIM_NUMBERS)}
        row["limits"] = ";".join(f"{one.name}={one.verdict}" for one in each.limits)
        for part, names in PARTS.items():
            found = getattr(each, part)
            row |= {f"{part}_{name}": found and getattr(found, name) for name in names}
        rows.append(row)
    return pd.DataFrame(rows).set_index("claim_id")


if __name__ == "__main__":
    folder, name = Path(sys.argv[1]), sys.argv[2]
    results_of(folder).to_parquet(HERE / f"{name}.results.parquet", index=False)
    claims_of(folder).to_parquet(HERE / f"{name}.claims.parquet")
