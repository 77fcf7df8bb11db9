"""The first page: how complete the data are, then each headline claim as a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.claims.judgement import VERDICT_MEANING, Judgement
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.inputs import ALL, ReportInputs
from analysis.report.marks import verdict_strip
from analysis.report.tables import row_anchor
from analysis.wording import words
from analysis.wording.numbers import (
    band_text,
    count_text,
    estimate_text,
    interval_text,
    level_text,
    p_text,
    share_text,
)
from analysis.wording.texts import say, say_all

_NO_KEY = re.compile(r"[^\w-]+")
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z\"“0-9])")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Who was seen at a visit, of those who started: for a bar with its number."""

    visit: str
    text: str
    percent: float
    anchor: str


@dataclass(frozen=True, kw_only=True)
class VerdictView:
    """One claim as the page prints it."""

    claim_id: str
    key: str
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
    opening: str
    sentence: str
    strip: Markup
    anchor: str
    robustness: str
    further: tuple[tuple[str, str], ...]
    may_say: str
    sayable: bool
    lacks: tuple[str, ...]


def make_verdicts(inputs: ReportInputs) -> list[VerdictView]:
    """Return the headline judgements ready to print, in the given order."""
    return [view_of(inputs, judgement) for judgement in inputs.headline]


def claim_key(claim_id: str) -> str:
    """Return a claim's number as it may stand in a fragment: no spaces, no signs, not long."""
    return _NO_KEY.sub("-", words.plain_text(claim_id))


def how_to_read() -> tuple[str, ...]:
    """Return how to read the first page."""
    meaning = {name.replace(" ", "_"): text for name, text in VERDICT_MEANING.items()}
    return tuple(line.format(**meaning) for line in say_all("how.lines"))


def tally(judgements: Iterable[Judgement]) -> list[tuple[str, str, int]]:
    """Return verdict, its word and how many claims have it, for verdicts that occur."""
    counts: Counter[str] = Counter(judgement.verdict for judgement in judgements)
    return [(code, word, counts[code]) for code, word in _verdict_words().items() if counts[code]]


def _verdict_words() -> dict[str, str]:
    """Return words by code; the last stands in releases, where the number behind is withheld."""
    return {**words.VERDICTS, "withheld": say("first.withheld")}


def seen_by_visit(inputs: ReportInputs) -> list[Seen]:
    """Return who was seen at each visit, of all who started."""
    found = find_rows(inputs.rows, measure="completeness_share", condition=ALL, group_by=ALL)
    return [
        Seen(
            visit=words.visit_word(row.visit),
            text=estimate_text(row),
            percent=round(100 * row.value, 1),
            anchor=row_anchor(row),
        )
        for row in found
        if row.value is not None
    ]


def seen_text(inputs: ReportInputs, condition: str, part: ResultRow | None = None) -> str:
    """Return "120 of 140 (86 %) seen at end of series"; empty where no row says it.

    ``part`` is a row on the patients in question, where they are an arm or another part.
    """
    visit = inputs.setting("analysis_visit")
    group = {"group_by": part.group_by, "group": part.group} if part else {"group_by": ALL}
    found = find_rows(inputs.rows, measure="completeness_share", condition=condition,
                      visit=visit, **group)  # fmt: skip
    if not found:
        return ""
    return say("first.seen", n=estimate_text(found[0]), visit=words.visit_word(visit))


def patients_text(inputs: ReportInputs) -> str:
    """Return "600 in the file, 580 counted as starters"; empty where no row says it."""
    told = []
    for step in ("in_file", "started", "eligible"):
        found = find_rows(inputs.rows, measure="patients", definition=step, condition=ALL,
                          group_by=ALL)  # fmt: skip
        word = words.word(words.DEFINITIONS, step)
        told += [say("marks.step", n=estimate_text(row), step=word) for row in found[:1]]
    return say("marks.steps_joiner").join(told)


def view_of(inputs: ReportInputs, judgement: Judgement, *, drawn: bool = True) -> VerdictView:
    """Return a judgement ready to print; with its drawing only where it is wanted."""
    marks = (judgement.cited_low, judgement.cited_high)
    row = row_of(inputs, judgement)
    measured: Judgement | ResultRow = row or judgement
    known = judgement.value is not None
    estimate = estimate_text(measured, apart_from=marks)
    interval = (
        say(
            "marks.interval",
            level=level_text(judgement.level),
            interval=interval_text(judgement, apart_from=marks),
        )
        if known and (judgement.low is not None or judgement.high is not None)
        else ""
    )
    cited = words.plain_text(judgement.cited_text) or band_text(*marks, unit=judgement.unit)
    ours = say("marks.ours", estimate=estimate, interval=interval) if interval else estimate
    says = say("first.strip", cited=cited, ours=ours)
    sentence = words.plain_text(judgement.sentence, longest=2000)
    return VerdictView(
        claim_id=words.plain_text(judgement.claim_id),
        key=claim_key(judgement.claim_id),
        wording=words.plain_text(judgement.wording, longest=400),
        source=words.plain_text(judgement.source, longest=200),
        condition=words.condition_word(judgement.condition, inputs.conditions),
        reading=words.plain_text(judgement.reading, longest=600),
        cited=cited,
        verdict=judgement.verdict,
        word=words.word(_verdict_words(), judgement.verdict),
        estimate=estimate,
        interval=interval,
        patients=_patients(judgement) if known else "",
        completeness=seen_text(inputs, judgement.condition, row) if known and drawn else "",
        position=words.word(words.POSITIONS, judgement.position) if known else "",
        more=_more(judgement),
        opening=_SENTENCE_END.split(sentence)[0],
        sentence=sentence,
        strip=verdict_strip(judgement, says=says) if drawn else Markup(""),
        anchor=row_anchor(row) if row else "",
        robustness=_robustness(judgement),
        further=tuple(_further(judgement)),
        may_say=words.plain_text(judgement.may_say, longest=2000),
        sayable=judgement.sayable,
        lacks=tuple(words.plain_text(each.lacks, longest=300) for each in judgement.lacks),
    )


def row_of(inputs: ReportInputs, judgement: Judgement) -> ResultRow | None:
    """Return the result row a verdict rests on, so that both print the same fraction."""
    row = inputs.row_named(judgement.result_id)
    return row if row is not None and row.value == judgement.value else None


def _patients(judgement: Judgement) -> str:
    """Return n, and of how many nothing is known: a verdict on completers must not hide it."""
    n = say("first.n", n=count_text(judgement.n))
    unknown = say("first.missing", n=count_text(judgement.n_missing))
    if judgement.n_missing is None:  # of a release
        return say("marks.patients_unknown", n=n, unknown=say("first.missing_withheld"))
    return say("marks.patients_unknown", n=n, unknown=unknown) if judgement.n_missing else n


def _robustness(judgement: Judgement) -> str:
    """Return "falls short in 212 of 240 readings", and what the others say."""
    found = judgement.robustness
    if found is None or not found.n or judgement.verdict == "not testable":
        return ""
    n, k = count_text(found.n), count_text(found.n_agreeing)
    if found.n == found.n_agreeing:
        return say("first.agree_all", n=n)
    others = [
        say("marks.other_verdict", verdict=words.word(words.VERDICTS, verdict).lower(),
            n=count_text(times))
        for verdict, times in found.verdicts.items()
        if verdict != judgement.verdict and times
    ]  # fmt: skip
    told = say("first.agree", verdict=words.word(words.VERDICTS, judgement.verdict), k=k, n=n)
    if not others:
        return told
    return f"{told} {say('first.other', others=say('marks.others_joiner').join(others))}"


def _further(judgement: Judgement) -> Iterable[tuple[str, str]]:
    """Give what else is known: the tipping point, the verdict among all claims, the pulled rate."""
    if judgement.tipping:
        yield say("first.tipping"), words.plain_text(judgement.tipping.sentence, longest=800)
    if judgement.verdict_adjusted:
        p = judgement.p_holm
        told = say("first.adjusted_p", p=p_text(p)) if p is not None else ""
        adjusted = words.word(words.VERDICTS, judgement.verdict_adjusted).lower()
        yield say("first.adjusted"), say("first.adjusted_text", verdict=adjusted, p=told)
    if judgement.shrunk:
        label = words.plain_text(judgement.shrunk.label, longest=300)
        n = say("first.n", n=count_text(judgement.shrunk.n))
        share = share_text(judgement.shrunk.value)
        yield say("first.shrunk"), say("marks.shrunk", share=share, n=n, label=label)


def _more(judgement: Judgement) -> str:
    """Return the reason or the number that would decide, unless the sentence says it already."""
    further = judgement.further_patients
    if further is not None and re.search(rf"\b{count_text(further)}\b", judgement.sentence):
        return ""
    if judgement.reason and judgement.reason in judgement.sentence:
        return ""
    if judgement.reason:
        return words.plain_text(judgement.reason, longest=600)
    if judgement.verdict == "undecided" and further is not None:
        return say("first.decide", n=count_text(further))
    return ""


def in_groups(judgements: Sequence[Judgement]) -> list[tuple[str, list[Judgement]]]:
    """Return judgements by how they are answered, in the order of the texts."""
    known = ("computed", "no_records", "evidence_only", "unfalsifiable", "opinion", "definition")
    found = dict.fromkeys([*known, *(each.answer for each in judgements)])
    groups = [(answer, [each for each in judgements if each.answer == answer]) for answer in found]
    return [(answer, group) for answer, group in groups if group]
