"""One judgement in words, for a terminal: verdict, readings, tipping point, what may be said."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.claims.describe import tell_part
from analysis.claims.judgement import VERDICT_MEANING, Judgement
from analysis.wording.numbers import count_text, p_text, share_text
from analysis.wording.texts import say
from analysis.wording.words import VERDICTS, word


def explain_judgement(judgement: Judgement) -> str:
    """Return a judgement in paragraphs with headings; what a run does not hold is left out.

    Parameters
    ----------
    judgement : Judgement
        As `analysis.report.store.load_judgements` reads it.
    """
    return "\n\n".join(tell_part(say(name), text) for name, text in _parts(judgement) if text)


def _parts(judgement: Judgement) -> Iterable[tuple[str, str]]:
    """Give the parts of an explanation: the name of their heading, and what they say."""
    yield "describe.judgement.verdict", _verdict(judgement)
    yield "describe.judgement.finding", judgement.sentence
    yield "describe.judgement.among_all", _among_all(judgement)
    yield "describe.judgement.readings", _readings(judgement)
    yield "describe.judgement.tipping", judgement.tipping.sentence if judgement.tipping else ""
    yield "describe.judgement.shrunk", _shrunk(judgement)
    yield "describe.judgement.may_say", judgement.may_say
    yield "describe.judgement.lacks", _lacks(judgement)


def _verdict(judgement: Judgement) -> str:
    meaning = VERDICT_MEANING.get(judgement.verdict, "")
    told = word(VERDICTS, judgement.verdict)
    return say("describe.judgement.meaning", verdict=told, meaning=meaning)


def _lacks(judgement: Judgement) -> str:
    between = say("describe.judgement.between_rules")
    return say("telling.between").join(
        say("describe.judgement.lack", lacks=one.lacks, rules=between.join(one.rule_ids))
        for one in judgement.lacks
    )


def _among_all(judgement: Judgement) -> str:
    if not judgement.verdict_adjusted or judgement.verdict not in ("meets", "falls short"):
        return ""
    stands = judgement.verdict_adjusted == judgement.verdict
    if judgement.p_holm is None:
        return say("describe.judgement.stands" if stands else "describe.judgement.stands_not")
    p = p_text(judgement.p_holm)
    return say(
        "describe.judgement.stands_p" if stands else "describe.judgement.stands_not_p",
        p=p if p[0] in "<>" else say("describe.judgement.p_equals", p=p),
    )


def _readings(judgement: Judgement) -> str:
    """Return the counts of readings; a measure without a grid says so only where it was judged."""
    found = judgement.robustness
    if found is None or (not found.n and judgement.verdict == "not testable"):
        return ""
    return found.sentence


def _shrunk(judgement: Judgement) -> str:
    shrunk = judgement.shrunk
    if shrunk is None:
        return ""
    return say(
        "describe.judgement.shrunk_to",
        share=share_text(shrunk.value),
        n=count_text(shrunk.n),
        label=shrunk.label,
    )
