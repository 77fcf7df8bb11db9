"""The findings on copy for people and machines: text, JSON, SARIF 2.1.0, a marked-up page.

`run_lint` is what ``reliefcheck lint`` does.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from importlib.metadata import version
from itertools import count, groupby
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from analysis.adam.study import find_path
from analysis.claims.approvals import (
    Approval,
    approvals_file,
    approve,
    bases_of,
    hash_words,
    read_approvals,
    state_of,
)
from analysis.claims.ledger import Claim, load_ledger
from analysis.errors import InputError
from analysis.files import write_file
from analysis.labels import plain_text
from analysis.lint.findings import (
    NO_RUN,
    STATUSES,
    Finding,
    LintResult,
    Run,
    lint_documents,
    load_run,
    touching_rules,
)
from analysis.lint.redline import check_ending, render_page, write_redline
from analysis.lint.text import Document, Place, load_document
from analysis.numbers import date_text

SYNTHETIC = "Synthetic data: these patients do not exist."
NO_CLEARANCE = (
    "What is borne out by patients without a control group is not shown to be caused by the "
    "treatment. This is not legal advice and clears nothing for print."
)
LONGEST_QUOTE = 300  # letters of a statement on the terminal
LONGEST_SHOWN = 4000  # and on the page: copy without a full stop is one statement


def summary_sentence(result: LintResult) -> str:
    """Return how many statements have which status: "3 contradicted, 1 undecided"."""
    counts = Counter(finding.status for finding in result.findings)
    parts = [f"{counts[status]} {status}" for status in STATUSES if counts[status]]
    return ", ".join(parts) or "no statement that can be checked"


def run_sentence(result: LintResult) -> str:
    """Return what the copy was compared with."""
    listed = f"Compared with {result.n_claims} claims of the ledger"
    if not result.run.name:
        return f"{listed} and with no run, so nothing is judged."
    return (
        f"{listed} and the run of {date_text(result.run.started) or 'unknown time'} on "
        f"{result.run.export}."
    )


def render_text(result: LintResult) -> str:
    """Return the result as plain lines: place, status, statement, reason, what lacks, rules."""
    lines: list[str] = []
    for one in result.files:
        lines.append(one.document.name)
        lines += [f"  ! {warning}" for warning in one.document.warnings]
        for finding in one.findings:
            claim = f" [{finding.claim_id}]" if finding.claim_id else ""
            sign = {"error": "x", "warning": "!", "note": "-", "none": " "}[finding.level]
            text = plain_text(finding.statement.text, longest=LONGEST_QUOTE)
            lines += [
                f"  {sign} {finding.statement.first}: {', '.join(finding.statuses)}{claim}",
                f'      "{text}"',
                f"      {plain_text(finding.message, longest=2000)}",
            ]
            lines += [f"      rules: {', '.join(finding.rules)}"] if finding.rules else []
        lines.append("")
    lines += [SYNTHETIC] if result.run.synthetic else []
    lines += [f"{run_sentence(result)} {NO_CLEARANCE}", ""]
    n, summary = len(result.findings), summary_sentence(result)
    lines.append(f"{result.n_to_fix} to fix of {n} findings: {summary}.")
    return "\n".join(lines) + "\n"


def render_json(result: LintResult) -> str:
    """Return the result as JSON that lint.schema.json describes (version 1)."""
    run = result.run
    content = {
        "format": "reliefcheck-lint",
        "version": 1,
        "tool": {"name": "reliefcheck", "version": version("reliefcheck")},
        "run": {
            "asked": bool(run.name),
            "name": run.name,
            "export": run.export,
            "started": run.started,
            "synthetic": run.synthetic,
            "stale_because": run.outdated,
        },
        "claims": result.n_claims,
        "to_mend": result.n_to_fix,
        "exit_code": result.exit_code,
        "note": NO_CLEARANCE,
        "files": [
            {
                "name": one.document.name,
                "form": one.document.form,
                "statements": len(one.statements),
                "warnings": one.document.warnings,
                "findings": [_record(finding) for finding in one.findings],
            }
            for one in result.files
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(finding: Finding) -> dict[str, Any]:
    statement, match = finding.statement, finding.match

    def place(where: Place) -> dict[str, int]:
        return {name: number for name, number in asdict(where).items() if number is not None}

    names = ("how", "score", "why", "beyond")
    near = match and {"claim_id": match.listed.claim_id} | {n: getattr(match, n) for n in names}
    return {
        "text": statement.text,
        "start": place(statement.first),
        "end": place(statement.last),
        "heading": statement.heading,
        "testimonial": statement.is_testimonial,
        "status": finding.status,
        "statuses": finding.statuses,
        "level": finding.level,
        "to_mend": finding.to_fix,
        "claim_id": finding.claim_id or None,
        "match": near,
        "verdict": finding.verdict or None,
        "firmness": finding.firmness or None,
        "message": finding.message,
        "lacks": finding.lacks,
        "rules": finding.rules,
        "marks": [
            {"kind": cue.kind, "text": cue.text, "at": cue.start, "direction": cue.direction}
            | dict(zip(("low", "high", "unit"), cue.quantity or (None,) * 3, strict=True))
            for cue in finding.cues
        ],
    }


SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(result: LintResult) -> str:
    """Return the result as SARIF 2.1.0, which code-review pages and editors show at the line.

    Statements that are borne out are of kind "pass"; lines and columns are those of text files,
    pages and paragraphs go by name.
    """
    meanings: dict[str, tuple[str, str]] = {str(status): both for status, both in STATUSES.items()}
    meanings["unread"] = ("warning", "part of the file was not read, or reads otherwise than shown")
    rules = [
        {
            "id": _slug(status),
            "shortDescription": {"text": "not read" if status == "unread" else status},
            "fullDescription": {"text": meaning},
            "defaultConfiguration": {"level": level},
        }
        for status, (level, meaning) in meanings.items()
    ]
    ids = [rule["id"] for rule in rules]
    results = []
    for one in result.files:
        file = {"artifactLocation": {"uri": _uri(one.document.name)}}
        for warning in one.document.warnings:
            results.append(
                {"ruleId": "unread", "ruleIndex": ids.index("unread"), "level": "warning",
                 "message": {"text": warning}, "locations": [{"physicalLocation": file}]}
            )  # fmt: skip
        for finding in one.findings:
            claim = f" [{finding.claim_id}]" if finding.claim_id else ""
            text = f"{', '.join(finding.statuses)}{claim}: {finding.message}"
            # The fingerprint stays the same when lines above move.
            key = "\x1f".join((finding.statement.text, finding.claim_id, finding.status))
            fingerprint = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
            results.append(
                {
                    "ruleId": _slug(finding.status),
                    "ruleIndex": ids.index(_slug(finding.status)),
                    "kind": "pass" if finding.level == "none" else "fail",
                    "level": finding.level,
                    "message": {"text": text},
                    "locations": [_location(finding, file)],
                    "partialFingerprints": {"statement/v1": fingerprint},
                    "properties": {"rules": finding.rules, "lacks": finding.lacks},
                }
            )
    tool = {"name": "reliefcheck lint", "semanticVersion": version("reliefcheck"), "rules": rules}
    run = {
        "tool": {"driver": tool},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(one.document.name)}} for one in result.files],
        "results": results,
        "properties": {"synthetic": result.run.synthetic, "run": result.run.name},
    }
    content = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _location(finding: Finding, file: dict[str, Any]) -> dict[str, Any]:
    first, last = finding.statement.first, finding.statement.last
    if first.page is not None or first.line is None or last.line is None:
        named = [{"fullyQualifiedName": str(first)}]
        return {"physicalLocation": file, "logicalLocations": named}
    region = {"startLine": first.line, "startColumn": first.column,
              "endLine": last.line, "endColumn": last.column + 1}  # fmt: skip
    return {"physicalLocation": {**file, "region": region}}


def _slug(status: str) -> str:
    return status.replace(" ", "-")


def _uri(name: str) -> str:
    """Return a file's name as a URI reference; an absolute path becomes a file URI."""
    path = PurePath(name)
    text = quote(path.as_posix(), errors="replace")
    return f"file://{text}" if path.is_absolute() else text


def render_html(result: LintResult) -> str:
    """Return the copy as a marked-up page, every statement where it stands with what is said of it.

    One file without script or network; everything from the copy is escaped.
    """
    numbers = count(1)
    files = []
    for one in result.files:
        notes: dict[int, list[tuple[int, Finding]]] = {}
        for finding in one.findings:
            notes.setdefault(id(finding.statement), []).append((next(numbers), finding))
        blocks = [
            (
                one.document.blocks[index].kind,
                [
                    (plain_text(each.text, longest=LONGEST_SHOWN), notes.get(id(each), []))
                    for each in statements
                ],
            )
            for index, statements in groupby(one.statements, key=lambda each: each.block)
        ]
        files.append((one, blocks))
    cited = {rule_id for finding in result.findings for rule_id in finding.rules}
    return render_page(
        "lint.html.j2",
        files=files,
        result=result,
        summary=summary_sentence(result),
        compared=run_sentence(result),
        clearance=NO_CLEARANCE,
        synthetic=SYNTHETIC if result.run.synthetic else "",
        statuses=STATUSES,
        slug=_slug,
        rules=[rule for rule in touching_rules() if rule.rule_id in cited],
    )


RENDERERS: dict[str, Callable[[LintResult], str]] = {
    "text": render_text,
    "json": render_json,
    "sarif": render_sarif,
    "html": render_html,
}


def words_of(document: Document) -> list[str]:
    """Return the words of a page that an approval of it is of."""
    return [block.text for block in document.blocks]


def apply_approvals(
    run: Run,
    documents: Sequence[Document],
    *,
    file: Path,
    claims: Sequence[Claim],
) -> tuple[Run, list[Document]]:
    """Return the run with the approvals of its claims, and pages that say where theirs ended."""
    approvals, broken = read_approvals(file)
    today = date.today()
    named = {claim_id for one in approvals for claim_id in one.claims}
    bases = bases_of([one for one in claims if one.claim_id in named], run.verdicts.values())
    states = {
        one.target: (one, state_of(one, bases, run=run.name, today=today))
        for one in approvals if one.kind == "claim"
    }  # fmt: skip
    pages = {one.target: one for one in approvals if one.kind == "page"}
    told = []
    for document in documents:
        warnings = [*document.warnings, *broken]
        if approval := pages.get(PurePath(document.name).name):
            words = hash_words(words_of(document))
            found = state_of(approval, bases, run=run.name, today=today, page_sha256=words)
            if found.state == "void":
                warnings.append(f"stale: approved by {approval.by}, but {found.why}.")
        told.append(replace(document, warnings=tuple(warnings)))
    return replace(run, approvals=states), told


def approve_page(
    page: Path,
    *,
    run_folder: Path,
    ledger: Path | None,
    file: Path | None,
    encoding: str = "",
    **by: Any,
) -> tuple[Approval, int]:
    """Approve a page with the claims the linter finds on it; return it and how much is to fix.

    ``by`` are name, role, until and today of `analysis.claims.approvals.approve`.
    """
    document = load_document(page, encoding=encoding)
    claims = load_ledger(ledger, run=run_folder)
    result = lint_documents([document], claims=claims, run=load_run(run_folder))
    made = {finding.claim_id for finding in result.findings}
    approval = approve(
        file or approvals_file(run_folder), run=run_folder, target=page.name,
        claims=[one for one in claims if one.claim_id in made], page=words_of(document), **by,
    )  # fmt: skip
    return approval, result.n_to_fix


def run_lint(
    files: Sequence[Path],
    *,
    ledger: Path | None = None,
    run_folder: Path | None = None,
    judge: bool = True,
    export: Path | None = None,
    form: str = "text",
    out: Path | None = None,
    redline: Path | None = None,
    approvals: Path | None = None,
    encoding: str = "",
) -> tuple[str, int]:
    """Lint files and return what to print and the exit code: what ``reliefcheck lint`` does.

    Parameters
    ----------
    files : sequence of Path
        At least one; all are read before anything is said.
    ledger, run_folder : Path, optional
        The suite's own ledger and the newest run (``reports/latest``) when not given.
    judge : bool
        False looks at no run: every listed statement is "not judged".
    export : Path, optional
        Export of that run, to see whether its files have changed since.
    form : {"text", "json", "sarif", "html"}
    out, redline : Path, optional
        File to write instead of returning the text; Word file or web page with marks besides.
    approvals : Path, optional
        File of approvals; that beside the runs when not given.

    Returns
    -------
    tuple of (str, int)
        0: nothing to fix. 1: something is. (2 is that of the errors, InputError and LedgerError.)
    """
    if not files:
        raise InputError("name at least one file of copy.")
    if export is not None and not judge:
        raise InputError("an export is compared with a run; leave out --no-run or --export.")
    run, folder = NO_RUN, run_folder or find_path("reports/latest")
    if judge:
        run = load_run(folder, export=export)
    if redline is not None:
        check_ending(redline)
    claims = load_ledger(ledger, run=folder if judge else None)
    documents = [load_document(path, encoding=encoding) for path in files]
    if judge:
        run, documents = apply_approvals(
            run, documents, file=approvals or approvals_file(folder), claims=claims
        )
    result = lint_documents(documents, claims=claims, run=run)
    if redline is not None:
        notices = [SYNTHETIC] if run.synthetic else []
        write_redline(result, redline, notices=[*notices, run_sentence(result), NO_CLEARANCE])
    # Lone surrogates of a broken file cannot be written; they become question marks.
    text = RENDERERS[form](result).encode("utf-8", "replace").decode("utf-8")
    if out is None:
        return text, result.exit_code
    try:
        write_file(out, text)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}).") from None
    return f"{result.n_to_fix} to fix: {out}\n", result.exit_code
