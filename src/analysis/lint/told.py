"""The result for a terminal, as JSON, and as ClaimReview."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from analysis import __version__
from analysis.claims.claimreview import make_review, render_reviews
from analysis.lint.document import Place
from analysis.lint.finding import STATUS_MEANING, Finding
from analysis.lint.linter import LintResult
from analysis.wording.words import plain_text

SYNTHETIC = "Synthetic data: these patients do not exist."
NO_CLEARANCE = (
    "What is borne out by patients without a control group is not shown to be caused by the "
    "treatment. This is not legal advice and clears nothing for print."
)

LONGEST_QUOTE = 300
"""Letters of a statement that a line shows; a page without a full stop is one statement."""


def summary_sentence(result: LintResult) -> str:
    """Return how many statements have which status: "3 contradicted, 1 undecided"."""
    counts = Counter(finding.status for finding in result.findings)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUS_MEANING if counts[status])
    return told or "no statement that can be checked"


def render_text(result: LintResult) -> str:
    """Return the result as plain lines: place, status, statement, reason, what lacks, rules."""
    lines: list[str] = []
    for one in result.files:
        lines.append(one.document.name)
        lines += [f"  ! {warning}" for warning in one.document.warnings]
        for finding in one.findings:
            lines += _finding_lines(finding)
        lines.append("")
    if result.run.synthetic:
        lines.append(SYNTHETIC)
    lines += [f"{run_sentence(result)} {NO_CLEARANCE}", ""]
    n_mend = len(result.to_mend)
    lines.append(
        f"{n_mend} to mend of {len(result.findings)} findings: {summary_sentence(result)}."
    )
    return "\n".join(lines) + "\n"


def _finding_lines(finding: Finding) -> list[str]:
    claim = f" [{finding.claim_id}]" if finding.claim_id else ""
    mark = {"error": "x", "warning": "!", "note": "-", "none": " "}[finding.level]
    quote = plain_text(finding.statement.text, longest=LONGEST_QUOTE)
    lines = [
        f"  {mark} {finding.statement.first}: {', '.join(finding.statuses)}{claim}",
        f'      "{quote}"',
        f"      {plain_text(finding.message, longest=2000)}",
    ]
    return lines + ([f"      rules: {', '.join(finding.rules)}"] if finding.rules else [])


def run_sentence(result: LintResult) -> str:
    """Return what the copy was compared with."""
    listed = f"Compared with {result.n_claims} claims of the ledger"
    if not result.run.asked:
        return f"{listed}; no run was asked, so nothing is judged."
    return f"{listed} and the run of {result.run.started or 'unknown time'} on {result.run.export}."


def render_json(result: LintResult) -> str:
    """Return the result as JSON that lint.schema.json describes."""
    content = {
        "format": "reliefcheck-lint",
        "version": 1,
        "tool": {"name": "reliefcheck", "version": __version__},
        "run": {
            "asked": result.run.asked,
            "name": result.run.name,
            "export": result.run.export,
            "started": result.run.started,
            "synthetic": result.run.synthetic,
            "stale_because": list(result.run.old),
        },
        "claims": result.n_claims,
        "to_mend": len(result.to_mend),
        "exit_code": result.exit_code,
        "note": NO_CLEARANCE,
        "files": [
            {
                "name": one.document.name,
                "form": one.document.form,
                "statements": len(one.statements),
                "warnings": list(one.document.warnings),
                "findings": [finding_record(finding) for finding in one.findings],
            }
            for one in result.files
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values for JSON."""
    statement, match = finding.statement, finding.match
    near = None
    if match is not None:
        near = {"claim_id": match.listed.claim_id, "how": match.how, "score": match.score,
                "why": match.why}  # fmt: skip
    return {
        "text": statement.text,
        "start": _place(statement.first),
        "end": _place(statement.last),
        "heading": statement.heading,
        "testimonial": statement.is_testimonial,
        "status": finding.status,
        "statuses": list(finding.statuses),
        "level": finding.level,
        "to_mend": finding.to_mend,
        "claim_id": finding.claim_id or None,
        "match": near,
        "verdict": finding.verdict or None,
        "message": finding.message,
        "lacks": list(finding.lacks),
        "rules": list(finding.rules),
        "marks": [
            {
                "kind": mark.kind,
                "text": mark.text,
                "at": mark.start,
                "low": mark.quantity.low if mark.quantity else None,
                "high": mark.quantity.high if mark.quantity else None,
                "unit": mark.quantity.unit if mark.quantity else None,
            }
            for mark in finding.marks
        ],
    }


def _place(place: Place) -> dict[str, int]:
    return {name: number for name, number in asdict(place).items() if number is not None}


def render_claimreview(result: LintResult) -> str:
    """Return the judged statements as schema.org ClaimReview (JSON-LD).

    Only listed statements with a verdict that holds are there. The rating has no value, best or
    worst, since "undecided" lies on no scale: its name is the verdict in words.
    """
    reviews = [
        _review(finding, result)
        for finding in result.findings
        if finding.claim_id and finding.verdict and "stale" not in finding.statuses
    ]
    return render_reviews(reviews)


def _review(finding: Finding, result: LintResult) -> dict[str, Any]:
    return make_review(
        claim_id=finding.claim_id,
        words=finding.statement.text,
        verdict=finding.verdict,
        body=finding.message,
        appears_in=finding.statement.document,
        synthetic=result.run.synthetic,
        published=result.run.started,
    )
