"""The result as SARIF 2.1.0, which code-review pages and editors show beside the line."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from analysis import __version__
from analysis.lint.document import Document
from analysis.lint.finding import STATUS_MEANING, Finding, Status
from analysis.lint.linter import Linted, LintResult

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
DEFAULT_LEVELS: dict[Status, str] = {
    "stale": "error", "contradicted": "error", "unlisted": "error",
    "wider than its data": "warning", "undecided": "warning", "unfalsifiable": "warning",
    "not testable": "note", "not judged": "note", "borne out": "none",
}  # fmt: skip
UNREAD = "unread"


def render_sarif(result: LintResult) -> str:
    """Return the result as SARIF 2.1.0; statements that are borne out are of kind "pass"."""
    ids = [_rule_id(status) for status in STATUS_MEANING]
    results = [
        made
        for one in result.files
        for made in (
            *(_unread(one, warning, len(ids)) for warning in one.document.warnings),
            *(_result(one.document, finding, ids) for finding in one.findings),
        )
    ]
    run = {
        "tool": {"driver": {
            "name": "reliefcheck lint",
            "semanticVersion": __version__,
            "rules": [*(_rule(status) for status in STATUS_MEANING), _unread_rule()],
        }},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(one.document.name)}} for one in result.files],
        "results": results,
        "properties": {"synthetic": result.run.synthetic, "run": result.run.name},
    }  # fmt: skip
    content = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _rule_id(status: str) -> str:
    return status.replace(" ", "-")


def _rule(status: Status) -> dict[str, Any]:
    return {
        "id": _rule_id(status),
        "shortDescription": {"text": status},
        "fullDescription": {"text": STATUS_MEANING[status]},
        "defaultConfiguration": {"level": DEFAULT_LEVELS[status]},
    }


def _unread_rule() -> dict[str, Any]:
    return {
        "id": UNREAD,
        "shortDescription": {"text": "not read"},
        "fullDescription": {"text": "part of the file was not read, or reads otherwise than shown"},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(document: Document, finding: Finding, ids: list[str]) -> dict[str, Any]:
    rule = _rule_id(finding.status)
    claim = f" [{finding.claim_id}]" if finding.claim_id else ""
    return {
        "ruleId": rule,
        "ruleIndex": ids.index(rule),
        "kind": "pass" if finding.level == "none" else "fail",
        "level": finding.level,
        "message": {"text": f"{', '.join(finding.statuses)}{claim}: {finding.message}"},
        "locations": [_location(document, finding)],
        "partialFingerprints": {"statement/v1": _fingerprint(finding)},
        "properties": {"rules": list(finding.rules), "lacks": list(finding.lacks)},
    }


def _unread(one: Linted, warning: str, index: int) -> dict[str, Any]:
    return {
        "ruleId": UNREAD,
        "ruleIndex": index,
        "level": "warning",
        "message": {"text": warning},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(one.document.name)}}}],
    }


def _location(document: Document, finding: Finding) -> dict[str, Any]:
    """Return a region for text files; pages and paragraphs have no lines and go by name."""
    first, last = finding.statement.first, finding.statement.last
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(document.name)}}
    located: dict[str, Any] = {"physicalLocation": physical}
    if first.page is None and first.line is not None:
        physical["region"] = {
            "startLine": first.line,
            "startColumn": first.column,
            "endLine": last.line,
            "endColumn": last.column + 1,
        }
    else:
        located["logicalLocations"] = [{"fullyQualifiedName": str(first)}]
    return located


def _fingerprint(finding: Finding) -> str:
    """Stays the same when lines above move."""
    key = "\x1f".join((finding.statement.text, finding.claim_id, finding.status))
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


def _uri(name: str) -> str:
    """Return a file's name as a URI reference; an absolute path becomes a file URI."""
    path = PurePath(name)
    text = quote(path.as_posix(), errors="replace")
    return f"file://{text}" if path.is_absolute() else text
