"""Claims ready to print: verdict, figure, interval, what they mean and how firm they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from analysis.claims.judgement import Judgement
from analysis.claims.reasons import describe_due, describe_firmness, describe_missing, firm_text
from analysis.claims.rules import RULE_TITLES, Rule, asked_by_rules, load_rules
from analysis.labels import VERDICTS, condition_word, plain_text, visit_word, word, words_in
from analysis.numbers import (
    band_text,
    count_text,
    estimate_text,
    interval_text,
    interval_words,
    p_text,
    share_text,
)
from analysis.report.drawings import draw_strip, strip_of
from analysis.report.inputs import Run
from analysis.report.tables import anchor, pick
from analysis.results import Row

ANSWERS = words_in("answer_titles")
"""How a claim can be answered, in the order of the list of all claims."""

_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z\"“0-9])")


@dataclass(frozen=True, kw_only=True)
class ClaimView:
    """One claim as it is printed."""

    claim_id: str
    key: str
    wording: str
    source: str
    condition: str
    reading: str
    cited: str
    verdict: str
    verdict_word: str
    firm: str
    limits: str
    post_hoc: str
    estimate: str
    interval: str
    patients: str
    completeness: str
    opening: str
    missing: str
    sentence: str
    robustness: str
    further: tuple[tuple[str, str], ...]
    may_say: str
    sayable: bool
    lacks: str  # what the words do not say
    rules: tuple[tuple[str, str], ...]  # ids of rules, then of papers
    published_word: str
    published: str
    published_full: str
    row: str
    alt: str
    strip: str


def all_claims(run: Run) -> Iterable[tuple[str, tuple[ClaimView, ...]]]:
    """Give every claim under how it is answered, those answered from the records first."""
    groups = dict.fromkeys([*ANSWERS, *(each.answer for each in run.claims)])
    for answer in groups:
        members = [each for each in run.claims if each.answer == answer]
        if members:
            title = f"{ANSWERS.get(answer) or plain_text(answer)} ({count_text(len(members))})"
            yield title, tuple(view_claim(run, each, drawn=False) for each in members)


def claim_key(claim_id: str) -> str:
    """Return a claim's number as it may stand in a fragment: no spaces, no signs, not long."""
    return re.sub(r"[^\w-]+", "-", plain_text(claim_id))


def view_claim(run: Run, each: Judgement, *, drawn: bool) -> ClaimView:
    """Return a judgement ready to print; with its drawing only where it is wanted."""
    cited = (each.cited_low, each.cited_high)
    # The row a verdict rests on, so that both print the same fraction.
    row = run.by_id.get(each.result_id)
    row = row if row is not None and row.value == each.value else None
    known = each.value is not None
    # Without a row nothing is counted; why is said in the sentence.
    answered = row is not None or known or each.status == "not reached"
    estimate = estimate_text(row or each, apart_from=cited) if answered else "no number"
    interval = interval_words(each, otherwise="", apart_from=cited) if known else ""
    cited_text = plain_text(each.cited_text) or band_text(*cited, unit=each.unit)
    ours = f"{estimate}, {interval}" if interval else estimate
    alt = f"Cited {cited_text}. Our patients: {ours}."
    sentence = plain_text(each.sentence, longest=2000)
    studies = _SENTENCE_END.split(plain_text(each.published_sentence, longest=2000))
    published = f"{_published(each)} {studies[0]}".strip()
    return ClaimView(
        claim_id=plain_text(each.claim_id),
        key=claim_key(each.claim_id),
        wording=plain_text(each.wording, longest=400),
        source=plain_text(each.source, longest=200),
        condition=condition_word(each.condition, run.labels),
        reading=plain_text(each.reading, longest=600),
        cited=cited_text,
        verdict=each.verdict,
        verdict_word=word(VERDICTS, each.verdict),
        firm=firm_text(each),
        limits="; ".join(
            f"{one.name}: {word(VERDICTS, one.verdict).lower()}" for one in each.limits
        ),
        post_hoc=f"Post hoc: {plain_text(each.post_hoc)}." if each.post_hoc else "",
        estimate=estimate,
        interval=interval,
        patients=_patients(each) if known else "",
        completeness=_completeness(run, each.condition, row) if known and drawn else "",
        opening=_SENTENCE_END.split(sentence)[0],
        missing=f"{describe_missing(each)} {describe_due(each)}".strip(),
        sentence=sentence,
        robustness=describe_firmness(each),
        further=tuple(_further(each)),
        may_say=plain_text(each.may_say, longest=2000),
        sayable=each.sayable,
        lacks="; ".join(dict.fromkeys(lack.lacks.partition(":")[0] for lack in each.lacks)),
        rules=tuple(_rules_of(each)),
        published_word=_published(each).removesuffix("."),
        published=published,
        published_full=f"{published} {' '.join(studies[1:])}".strip(),
        row=anchor(row) if row else "",
        alt=alt,
        strip=draw_strip(strip_of(each), alt=alt) if drawn else "",
    )


def _rules_of(each: Judgement) -> Iterable[tuple[str, str]]:
    """Give the ids of the rules that touch a claim, and of the papers it is read by."""
    touching = asked_by_rules(each, own_rules(), each.lacks)
    for form, title in RULE_TITLES.items():
        if ids := ", ".join(rule.rule_id for rule in touching if rule.form == form):
            yield title, ids


@lru_cache(maxsize=1)
def own_rules() -> tuple[Rule, ...]:
    """Return the suite's table of rules, read once."""
    return load_rules()


def _published(each: Judgement) -> str:
    """Return the verdict of published studies of each design in words."""
    found = {one.design: one.verdict for one in each.published}
    if len(set(found.values())) == 1:
        return f"{next(iter(found.values())).capitalize()}."
    by_design = "; ".join(f"{design}: {verdict}" for design, verdict in found.items())
    return f"{by_design.capitalize()}." if by_design else ""


def _completeness(run: Run, condition: str, part: Row | None) -> str:
    """Return "120 of 140 (86%) seen at end of series", of a claim's patients."""
    visit = run.settings.analysis_visit
    group = {"group_by": part.group_by, "group": part.group} if part else {"group_by": "all"}
    found = pick(run.rows, measure="completeness_share", condition=condition, visit=visit, **group)
    return f"{estimate_text(found[0])} seen at {visit_word(visit)}" if found else ""


def _patients(each: Judgement) -> str:
    """Return n, and of how many nothing is known: a verdict on completers must not hide it."""
    n = f"n = {count_text(each.n)}"
    parts = [n]
    if each.n_missing:
        parts.append(f"{count_text(each.n_missing)} not known")
    if each.n_not_due:
        parts.append(f"{count_text(each.n_not_due)} not due yet")
    return "; ".join(parts)


def _further(each: Judgement) -> Iterable[tuple[str, str]]:
    """Give the tipping point, the verdict among all claims, and the shrunk share."""
    if each.tipping:
        yield "Those without a rating", plain_text(each.tipping.sentence, longest=800)
    if each.sequence_low is not None and each.sequence_high is not None:
        ends = interval_text(replace(each, low=each.sequence_low, high=each.sequence_high))
        yield (
            "Looking again and again",
            f"Limits that hold at all looks together: {ends} (confidence sequence). Read them, and "
            "not the interval, where the analysis is run again as patients come in.",
        )
    if each.verdict_adjusted:
        p = f", p {p_text(each.p_holm)}" if each.p_holm is not None else ""
        adjusted = word(VERDICTS, each.verdict_adjusted).lower()
        yield (
            "Among all claims",
            f"With all claims of the run weighed together (Holm), the verdict is {adjusted}{p}.",
        )
    if each.shrunk:
        label = plain_text(each.shrunk.label, longest=300)
        share = f"{share_text(each.shrunk.value)} (n = {count_text(each.shrunk.n)})"
        yield "Shrunk toward all conditions", f"{share}: {label}"
