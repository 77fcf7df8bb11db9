"""The copy as a marked-up page: every statement where it stands, with what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.display import palette
from analysis.lint.finding import STATUS_MEANING, Finding, Status
from analysis.lint.linter import Linted, LintResult
from analysis.lint.rules import load_rules
from analysis.lint.statements import Statement
from analysis.lint.told import NO_CLEARANCE, SYNTHETIC, run_sentence, summary_sentence
from analysis.wording.words import plain_text

LONGEST_SHOWN = 4000
"""Letters of a statement on the page."""

_COLOR_OF: dict[Status, str] = {
    "borne out": "meets", "contradicted": "falls short", "stale": "falls short",
    "unlisted": "falls short", "undecided": "undecided", "wider than its data": "undecided",
    "unfalsifiable": "undecided", "not testable": "not testable", "not judged": "not testable",
}  # fmt: skip
SYMBOLS: dict[Status, str] = {
    "borne out": "\N{BLACK CIRCLE}", "contradicted": "\N{BLACK DOWN-POINTING TRIANGLE}",
    "stale": "\N{WHITE CIRCLE}", "unlisted": "?", "undecided": "\N{BLACK DIAMOND}",
    "wider than its data": "\N{LEFT RIGHT ARROW}", "unfalsifiable": "\N{ALMOST EQUAL TO}",
    "not testable": "\N{MULTIPLICATION SIGN}", "not judged": "\N{EN DASH}",
}  # fmt: skip
"""A sign a status, so that colour is never the only difference."""


@dataclass(frozen=True)
class _Part:
    """A statement on the page with its numbered findings."""

    statement: Statement
    text: str
    notes: tuple[tuple[int, Finding], ...]


def render_html(result: LintResult) -> str:
    """Return one self-contained page: no script, no network, everything from the copy escaped."""
    made = Environment(
        loader=PackageLoader("analysis.lint"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    number = 0
    files = []
    for one in result.files:
        files.append((one, _blocks(one, number)))
        number += len(one.findings)
    cited = {rule_id for finding in result.findings for rule_id in finding.rules}
    return made.get_template("lint.html.j2").render(
        files=files,
        result=result,
        n_mend=len(result.to_mend),
        summary=summary_sentence(result),
        compared=run_sentence(result),
        clearance=NO_CLEARANCE,
        synthetic=SYNTHETIC if result.run.synthetic else "",
        meanings=STATUS_MEANING,
        symbols=SYMBOLS,
        colors={status: palette.VERDICT_COLORS[code] for status, code in _COLOR_OF.items()},
        slug=lambda status: status.replace(" ", "-"),
        rules=[rule for rule in load_rules() if rule.rule_id in cited],
    )


def _blocks(one: Linted, number: int) -> list[tuple[str, list[_Part]]]:
    """Return the blocks of a document, each with its kind and its statements."""
    notes: dict[int, list[tuple[int, Finding]]] = {}
    for finding in one.findings:
        number += 1
        notes.setdefault(id(finding.statement), []).append((number, finding))
    return [
        (one.document.blocks[index].kind, list(_parts(list(group), notes)))
        for index, group in groupby(one.statements, key=lambda statement: statement.block)
    ]


def _parts(
    statements: list[Statement], notes: dict[int, list[tuple[int, Finding]]]
) -> Iterator[_Part]:
    for statement in statements:
        text = plain_text(statement.text, longest=LONGEST_SHOWN)
        yield _Part(statement, text, tuple(notes.get(id(statement), ())))
