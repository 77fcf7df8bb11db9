"""The copy as a redline, for whoever changes it: what to change first, then the copy with marks.

A Word file has real tracked changes, so that each can be accepted or rejected, and the reason as a
comment; a web page shows the same with struck and inserted text. The sentence that is suggested is
what the run says may be said of that claim; where there is none, the words are struck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import count, groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.claims.judgement import Judgement
from analysis.errors import InputError
from analysis.files import write_file
from analysis.labels import plain_text
from analysis.lint.findings import STATUSES, Finding, LintResult, Run
from analysis.lint.match import LISTED
from analysis.numbers import band_text, estimate_text, interval_text, level_text

AUTHOR = "reliefcheck"
ENDINGS = (".docx", ".html", ".htm")
LONGEST = 4000  # letters of a statement
_LEVELS = ("error", "warning")
_LEAVE_OUT = "Leave it out."
_LIST_IT = "List it (`reliefcheck claims draft`) to have it judged, or leave it out."


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing to change."""

    number: int  # by severity, from 1
    finding: Finding
    file: str
    reason: str  # in one plain sentence
    suggestion: str  # what to print instead; empty where nothing is known to hold
    advice: str  # what to do where nothing is suggested

    @property
    def lead(self) -> str:
        """What stands before the suggestion, or before the advice."""
        return "Instead:" if self.suggestion else "To do:"

    @property
    def words(self) -> str:
        """The words of the copy, of a very long statement the beginning."""
        return plain_text(self.finding.statement.text, longest=LONGEST)


def find_changes(result: LintResult) -> tuple[Change, ...]:
    """Return what is to change in all files, the gravest first."""
    order = list(STATUSES)
    found = [
        (one.document.name, finding)
        for one in result.files for finding in one.findings if finding.to_fix
    ]  # fmt: skip
    found.sort(key=lambda each: (_LEVELS.index(each[1].level), order.index(each[1].status)))
    return tuple(
        Change(
            number=number, finding=finding, file=file, reason=explain(finding, result.run),
            suggestion=(said := suggest_for(finding, result.run)),
            advice="" if said else _LIST_IT if finding.status == "unlisted" else _LEAVE_OUT,
        )
        for number, (file, finding) in enumerate(found, start=1)
    )  # fmt: skip


def _judged(finding: Finding, run: Run) -> Judgement | None:
    return run.verdicts.get(finding.match.listed.claim_id) if finding.match else None


def suggest_for(finding: Finding, run: Run) -> str:
    """Return the sentence that may be said in place of a statement; empty where there is none."""
    judged = _judged(finding, run)
    if judged is None or not judged.sayable or "stale" in finding.statuses:
        return ""
    return judged.may_say


def explain(finding: Finding, run: Run) -> str:
    """Return in one plain sentence why a statement is to change."""
    judged, status = _judged(finding, run), finding.status
    if status in ("must not be said", "stale"):
        first, stop, _ = finding.message.partition(". ")
        return f"{first}." if stop else first
    ours = ""
    if judged is not None and judged.value is not None:
        marks = (judged.cited_low, judged.cited_high)  # ours is kept apart from what is cited
        ours = estimate_text(judged, apart_from=marks)
        if judged.low is not None or judged.high is not None:
            ours += f" ({level_text(judged.level)} {interval_text(judged, apart_from=marks)})"
    cited = "" if judged is None else band_text(judged.cited_low, judged.cited_high,
                                                unit=judged.unit)  # fmt: skip
    lacks = ", ".join(finding.lacks)
    if status == "contradicted" and ours:
        listed = finding.match is not None and finding.match.how in LISTED
        says = cited if listed else "another number"
        return f"Our number is {ours}; the copy says {says}."
    if status == "undecided" and ours:
        return f"Our number, {ours}, could lie on either side of the {cited} that the copy says."
    if status == "unlisted":
        near = f"; the nearest is {finding.match.listed.claim_id}" if finding.match else ""
        return f"Nobody has checked these words: no row of the ledger says them{near}."
    return {
        "contradicted": "Our patients contradict it.",
        "undecided": "Our patients leave it open.",
        "wider than its data": "It speaks of more patients than the claim or the data are about.",
        "unfalsifiable": "No result could contradict these words, so none can bear them out.",
        "not testable": "The records hold nothing that could answer it.",
        "borne out": f"It holds, but it does not say {lacks}.",
    }.get(status, STATUSES[status][1])


def blocks_of(
    result: LintResult, changes: Sequence[Change]
) -> Iterator[tuple[str, str, list[tuple[str, list[Change]]]]]:
    """Yield file, kind of block, and each statement of it with what is to change there."""
    by_statement: dict[int, list[Change]] = {}
    for change in changes:
        by_statement.setdefault(id(change.finding.statement), []).append(change)
    for one in result.files:
        for index, statements in groupby(one.statements, key=lambda each: each.block):
            parts = [
                (plain_text(each.text, longest=LONGEST), by_statement.get(id(each), []))
                for each in statements
            ]
            yield one.document.name, one.document.blocks[index].kind, parts


def write_redline(result: LintResult, path: Path, *, notices: Sequence[str]) -> Path:
    """Write the redline as a Word file or a web page, by the ending of the name (.docx, .html).

    The ``notices`` stand at the top: synthetic data, what the copy was compared with. InputError
    for another ending, or where it cannot be written.
    """
    check_ending(path)
    changes = find_changes(result)
    note = next((one.say_note for one in result.run.verdicts.values() if one.say_note), "")
    suggested = any(change.suggestion for change in changes)
    more = [f"To be printed with each suggested sentence: {note}"] if note and suggested else []
    made = _docx if path.suffix.lower() == ".docx" else _html
    try:
        return write_file(path, made(result, changes, [*notices], more))
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}).") from None


def check_ending(path: Path) -> None:
    """Refuse a name that ends in neither .docx nor .html."""
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"--redline {path}: a name that ends in .docx or .html is expected.")


def title_of(result: LintResult) -> str:
    """Return what a redline is called."""
    names = ", ".join(Path(one.document.name).name for one in result.files)
    n = result.n_to_fix
    return f"{names}: {n} to change" if n else f"{names}: nothing to change"


def render_page(template: str, **content: Any) -> str:
    """Return a page of the linter; everything from the copy is escaped."""
    made = Environment(
        loader=PackageLoader("analysis.lint"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return made.get_template(template).render(**content)


def _html(
    result: LintResult, changes: Sequence[Change], notices: Sequence[str], more: Sequence[str]
) -> str:
    return render_page(
        "redline.html.j2",
        title=title_of(result), changes=changes, notices=notices, more=more,
        blocks=list(blocks_of(result, changes)), several=len(result.files) > 1,
    )  # fmt: skip


def _docx(
    result: LintResult, changes: Sequence[Change], notices: Sequence[str], more: Sequence[str]
) -> bytes:
    import docx
    from docx.shared import RGBColor

    made = docx.Document()
    made.core_properties.author = made.core_properties.last_modified_by = AUTHOR
    made.core_properties.title = title_of(result)
    made.add_heading(title_of(result), 0)
    for text in notices:
        made.add_paragraph(text)
    if changes:
        made.add_heading("What to change, the gravest first", 1)
    for change in changes:
        line = made.add_paragraph(style="List Number")
        line.add_run(f"{change.finding.status}. ").bold = True
        line.add_run(f"“{change.words}” ").italic = True
        line.add_run(change.reason)
        instead = made.add_paragraph(style="List Continue")
        lead = instead.add_run(f"{change.lead} ")
        lead.bold = True
        lead.font.color.rgb = RGBColor(0x0B, 0x6E, 0x4F)
        instead.add_run(change.suggestion or change.advice)
    for text in more:
        made.add_paragraph(text)
    made.add_heading("The copy with marks", 1)
    name, ids = "", count(1)
    for file, kind, parts in blocks_of(result, changes):
        if len(result.files) > 1 and file != name:
            made.add_heading(Path(file).name, 2)
            name = file
        style = "List Bullet" if kind == "bullet" else "Heading 3" if kind == "heading" else None
        paragraph = made.add_paragraph(style=style)
        for words, marked in parts:
            if not marked:
                paragraph.add_run(f"{words} ")
                continue
            made_of = made.element.body.xpath("w:p")[-1]
            for tracked in _tracked(words, marked[0].suggestion, ids):
                made_of.append(tracked)
            runs = [paragraph.add_run(" ".join(f"[{each.number}]" for each in marked) + " ")]
            for each in marked:
                said = each.suggestion or each.advice
                made.add_comment(
                    runs, text=f"{each.number}. {each.reason} {each.lead} {said}", author=AUTHOR,
                    initials="rc",
                )  # fmt: skip
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def _tracked(struck: str, inserted: str, ids: Iterator[int]) -> Iterator[Any]:
    """Yield a deletion and, where something is suggested, an insertion that Word tracks."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for tag, kind, text in (("w:del", "w:delText", struck), ("w:ins", "w:t", inserted)):
        if not text:
            continue
        change, run, words = (OxmlElement(name) for name in (tag, "w:r", kind))
        change.set(qn("w:id"), str(next(ids)))
        change.set(qn("w:author"), AUTHOR)
        change.set(qn("w:date"), now)
        words.set(qn("xml:space"), "preserve")
        words.text = f"{text} "
        run.append(words)
        change.append(run)
        yield change
