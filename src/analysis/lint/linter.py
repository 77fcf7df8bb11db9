"""Lint files of copy: read, cut into statements, match, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.claims.ledger import load_ledger
from analysis.lint.catalogue import Listed, listed_claims
from analysis.lint.document import Document
from analysis.lint.extract import load_document
from analysis.lint.finding import Finding
from analysis.lint.findings import find_all
from analysis.lint.match import Matcher
from analysis.lint.statements import Statement, split_statements
from analysis.lint.verdicts import NO_RUN, RunVerdicts, load_run

DONE, TO_MEND = 0, 1
"""Exit codes; 2 is that of every InputError."""


@dataclass(frozen=True, kw_only=True)
class Linted:
    """One file with its statements and what is said of them."""

    document: Document
    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class LintResult:
    """All files with what they were compared with.

    Parameters
    ----------
    files : tuple of Linted
    run : RunVerdicts
        `NO_RUN` when no run was asked.
    n_claims : int
        Claims of the ledger.
    """

    files: tuple[Linted, ...]
    run: RunVerdicts
    n_claims: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all files, in order."""
        return tuple(finding for one in self.files for finding in one.findings)

    @property
    def to_mend(self) -> tuple[Finding, ...]:
        """Findings that ask for a change."""
        return tuple(finding for finding in self.findings if finding.to_mend)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not read, file by file."""
        return tuple(
            f"{one.document.name}: {w}" for one in self.files for w in one.document.warnings
        )

    @property
    def exit_code(self) -> int:
        """0 when there is nothing to mend, 1 otherwise; unread parts count as to mend."""
        return TO_MEND if self.to_mend or self.warnings else DONE


def lint_document(document: Document, *, matcher: Matcher, run: RunVerdicts = NO_RUN) -> Linted:
    """Return the findings on one document."""
    statements = split_statements(document)
    findings = find_all(statements, matcher=matcher, run=run)
    return Linted(document=document, statements=statements, findings=findings)


def lint_documents(
    documents: Sequence[Document], *, claims: Sequence[Listed], run: RunVerdicts = NO_RUN
) -> LintResult:
    """Return the findings on documents.

    Parameters
    ----------
    documents : sequence of Document
        As `analysis.lint.extract.load_document` reads them.
    claims : sequence of Listed
        Rows to match to; `analysis.lint.catalogue.listed_claims` makes them of a ledger.
    run : RunVerdicts
        Verdicts; without them every listed statement is "not judged".
    """
    matcher = Matcher(claims)
    linted = tuple(lint_document(document, matcher=matcher, run=run) for document in documents)
    return LintResult(files=linted, run=run, n_claims=len(claims))


def lint_files(
    paths: Sequence[Path],
    *,
    ledger: Path | None = None,
    run_folder: Path | None = None,
    export: Path | None = None,
    encoding: str = "",
) -> LintResult:
    """Read files and lint them.

    Parameters
    ----------
    paths : sequence of Path
        Files of copy.
    ledger : Path, optional
        Ledger of claims; the suite's own when not given.
    run_folder : Path, optional
        Folder of a run; None judges nothing.
    export : Path, optional
        Export of that run, to see whether its files have changed since.
    encoding : str
        Encoding of text files; found out when empty.

    Raises
    ------
    InputError, LedgerError
        A file, the ledger or the run cannot be read; all files are read before anything is said.
    """
    claims = listed_claims(load_ledger(ledger))
    run = NO_RUN if run_folder is None else load_run(run_folder, export=export)
    documents = [load_document(path, encoding=encoding) for path in paths]
    return lint_documents(documents, claims=claims, run=run)
