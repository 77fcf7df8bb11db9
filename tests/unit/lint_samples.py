"""Claims and documents for the tests of the linter, made by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import Claim
from analysis.claims.records import write_claims
from analysis.lint.findings import NO_RUN, Finding, LintResult, Run, lint_documents
from analysis.lint.text import Document, read_text

SHARED = Path(__file__).parents[3] / "shared"
DATA = Path(__file__).parents[1] / "data" / "lint"

BLANK = dict.fromkeys(
    ("section", "measure", "population", "reading", "cited_text", "unit", "visit"), ""
) | {"threshold_pct": None}


def claim(claim_id: str, wording: str, **fields: object) -> Claim:
    """A row of a ledger as far as copy is matched to it."""
    cited = {"condition": "all", "cited_low": None, "cited_high": None}
    return Claim.model_construct(claim_id=claim_id, wording=wording, **(BLANK | cited | fields))


CRPS = claim("C043", "70-85% of CRPS patients experience significant pain reduction",
    condition="crps", measure="responder_share", population="all_starters", reading="r",
    cited_low=0.70, cited_high=0.85, unit="share",
)  # fmt: skip
FIBRO = claim("C044", "Fibromyalgia patients report 40-60% pain decrease on average",
    condition="fibromyalgia", measure="percent_reduction", population="observed", reading="r",
    cited_low=40.0, cited_high=60.0, unit="percent",
)  # fmt: skip
NERVE = claim("C045", "Neuropathic pain responds in 60-75% of cases",
    condition="neuropathic", measure="responder_share", population="all_starters", reading="r",
    cited_low=0.60, cited_high=0.75, unit="share",
)  # fmt: skip
SUCCESS = claim("C161", "85% success rate")
ORGANS = claim("C132", "No organ damage at therapeutic doses")
SOME = claim("C072", "Some patients feel pain relief during infusion")
SHORT = claim("C006", "Diabetic neuropathy", condition="neuropathic")
CLAIMS = (CRPS, FIBRO, NERVE, SUCCESS, ORGANS, SOME, SHORT)


def verdict(claim: Claim, said: str, low: float | None, high: float | None) -> Judgement:
    return Judgement(
        claim_id=claim.claim_id, verdict=said, wording=claim.wording, reading=claim.reading,
        condition=claim.condition, cited_low=claim.cited_low, cited_high=claim.cited_high,
        unit=claim.unit, low=low, high=high, n=137, sentence=f"Seen: {said}.", source="a page",
        cited_text="",
    )  # fmt: skip


def run_of(*verdicts: Judgement, **about: object) -> Run:
    by_id = {one.claim_id: one for one in verdicts}
    settings = {"conditions": ("crps", "fibromyalgia", "neuropathic"), **about}
    return Run(name="run", export="clinic", started="2026-01-02", verdicts=by_id, **settings)  # type: ignore[arg-type]


FULL_RUN = run_of(
    verdict(CRPS, "falls short", 0.46, 0.62), verdict(FIBRO, "meets", 41.0, 47.0),
    verdict(NERVE, "undecided", 0.52, 0.68), verdict(SUCCESS, "falls short", 0.4, 0.5),
    verdict(ORGANS, "not testable", None, None), verdict(SOME, "not testable", None, None),
    verdict(SHORT, "not testable", None, None),
)  # fmt: skip


def plain(text: str) -> Document:
    return read_text(text, form="txt", name="copy.txt")


def lint(text: str, claims: tuple[Claim, ...] = CLAIMS, run: Run = NO_RUN) -> LintResult:
    return lint_documents([plain(text)], claims=claims, run=run)


def one(text: str, **how: object) -> Finding:
    found = lint(text, **how).findings  # type: ignore[arg-type]
    assert len(found) == 1, [(f.statement.text, f.statuses) for f in found]
    return found[0]


CONDITIONS = {"any": "all", "CRPS": "crps", "FBSS": "fbss", "migraine": "headache",
              "cluster_headache": "headache"}  # fmt: skip


def inventory() -> list[dict[str, str]]:
    """The 161 statements of the page; skips, visibly, where that folder is absent."""
    path = SHARED / "evidence" / "claims_inventory.csv"
    if not path.is_file() or not (SHARED / "page.txt").is_file():
        pytest.skip("../shared with the page and its inventory is not here")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed_inventory() -> tuple[Claim, ...]:
    return tuple(
        claim(claim_id=row["claim_id"], wording=row["wording"], section=row["section"],
            condition=CONDITIONS.get(row["condition"], row["condition"]), kind=row["kind"],
        )
        for row in inventory()
    )  # fmt: skip


def write_run(folder: Path, *, started: str = "2026-01-02T10:00:00", **about: object) -> Path:
    """A run folder as the suite writes it, with the verdict on C043 alone."""
    folder.mkdir(parents=True)
    write_claims(folder, [FULL_RUN.verdicts["C043"]])
    content = {"export": "clinic", "started": started, "synthetic": True, "conditions": ["crps"]}
    (folder / "run.json").write_text(json.dumps(content | about))
    return folder
