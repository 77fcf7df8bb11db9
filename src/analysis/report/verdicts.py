"""The first page: each headline claim as a row, and how complete the data are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from analysis.claims.judgement import VERDICT_MEANING, Judgement
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.inputs import ALL, ReportInputs
from analysis.report.marks import verdict_strip
from analysis.wording import words
from analysis.wording.numbers import (
    band_text,
    count_text,
    estimate_text,
    interval_text,
    level_text,
)

HOW_TO_READ = (
    "The shaded band is the cited figure. The dot is our patients' figure, the line through it its "
    "interval: the range in which the true figure plausibly lies.",
    f"Meets: {VERDICT_MEANING['meets']}. Falls short: {VERDICT_MEANING['falls short']}. "
    f"Undecided: {VERDICT_MEANING['undecided']}. Not testable: {VERDICT_MEANING['not testable']}. "
    f"Unfalsifiable: {VERDICT_MEANING['unfalsifiable']}.",
    "These figures say how patients were after treatment compared with before. They cannot say "
    "that the treatment was the reason.",
)


@dataclass(frozen=True, kw_only=True)
class VerdictView:
    """One claim as the first page prints it."""

    claim_id: str
    wording: str
    source: str
    condition: str
    reading: str
    cited: str
    verdict: str
    word: str
    estimate: str
    interval: str
    patients: str
    completeness: str
    position: str
    more: str
    sentence: str
    strip: Markup
    result_id: str


def make_verdicts(inputs: ReportInputs) -> list[VerdictView]:
    """Return every judgement ready to print, in the given order."""
    return [_view(inputs, judgement) for judgement in inputs.judgements]


def tally(inputs: ReportInputs) -> list[tuple[str, str, int]]:
    """Return verdict, its word and how many claims have it, for verdicts that occur."""
    counts: Counter[str] = Counter(judgement.verdict for judgement in inputs.judgements)
    return [(code, word, counts[code]) for code, word in words.VERDICTS.items() if counts[code]]


def seen_text(inputs: ReportInputs, condition: str) -> str:
    """Return "seen at end of series: 120 of 140 (86 %)"; empty where no row says it."""
    visit = inputs.setting("analysis_visit")
    found = find_rows(inputs.rows, measure="completeness_share", condition=condition,
                      group_by=ALL, visit=visit)  # fmt: skip
    return f"{estimate_text(found[0])} seen at {words.visit_word(visit)}" if found else ""


def patients_text(inputs: ReportInputs) -> str:
    """Return "600 in the file, 580 counted as starters"; empty where no row says it."""
    told = []
    for step in ("in_file", "started", "eligible"):
        found = find_rows(inputs.rows, measure="patients", definition=step, condition=ALL,
                          group_by=ALL)  # fmt: skip
        told += [f"{estimate_text(row)} {words.word(words.DEFINITIONS, step)}" for row in found[:1]]
    return ", ".join(told)


def _view(inputs: ReportInputs, judgement: Judgement) -> VerdictView:
    marks = (judgement.cited_low, judgement.cited_high)
    measured: Judgement | ResultRow = _row_of(inputs, judgement) or judgement
    known = judgement.value is not None
    estimate = estimate_text(measured, apart_from=marks)
    interval = (
        f"{level_text(judgement.level)} {interval_text(judgement, apart_from=marks)}"
        if known and (judgement.low is not None or judgement.high is not None)
        else ""
    )
    cited = words.plain_text(judgement.cited_text) or band_text(*marks, unit=judgement.unit)
    says = f"Cited {cited}. Our patients: {estimate}{', ' if interval else ''}{interval}."
    return VerdictView(
        claim_id=judgement.claim_id,
        wording=words.plain_text(judgement.wording, longest=400),
        source=words.plain_text(judgement.source, longest=200),
        condition=words.condition_word(judgement.condition, inputs.conditions),
        reading=words.plain_text(judgement.reading, longest=600),
        cited=cited,
        verdict=judgement.verdict,
        word=words.word(words.VERDICTS, judgement.verdict),
        estimate=estimate,
        interval=interval,
        patients=_patients(judgement) if known else "",
        completeness=seen_text(inputs, judgement.condition) if known else "",
        position=words.word(words.POSITIONS, judgement.position) if known else "",
        more=_more(judgement),
        sentence=words.plain_text(judgement.sentence, longest=800),
        strip=verdict_strip(judgement, says=says),
        result_id=measured.result_id if isinstance(measured, ResultRow) else "",
    )


def _patients(judgement: Judgement) -> str:
    """Return n, and of how many nothing is known: a verdict on completers must not hide it."""
    missing = f"; {count_text(judgement.n_missing)} not known" if judgement.n_missing else ""
    return f"n = {count_text(judgement.n)}{missing}"


def _more(judgement: Judgement) -> str:
    """Return the reason or the number that would decide, unless the sentence says it already."""
    if "more patients would decide" in judgement.sentence:
        return ""
    if judgement.reason and judgement.reason in judgement.sentence:
        return ""
    if judgement.reason:
        return words.plain_text(judgement.reason, longest=600)
    if judgement.verdict == "undecided" and judgement.further_patients is not None:
        return (
            f"About {count_text(judgement.further_patients)} more patients would decide it "
            "with 80 % probability, if the figure stays as it is."
        )
    return ""


def _row_of(inputs: ReportInputs, judgement: Judgement) -> ResultRow | None:
    """Return the result row a verdict rests on, so that both print the same fraction."""
    same = [row for row in inputs.rows if row.result_id == judgement.result_id]
    return next((row for row in same if row.value == judgement.value), None)
