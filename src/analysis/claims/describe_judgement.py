"""One judgement in words, for a terminal: verdict, readings, tipping point, what may be said."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.claims.describe import LONGEST, wrap
from analysis.claims.judgement import VERDICT_MEANING, Judgement
from analysis.wording.numbers import count_text, p_text, share_text
from analysis.wording.words import VERDICTS, plain_text, word


def explain_judgement(judgement: Judgement) -> str:
    """Return a judgement in paragraphs with headings; what a run does not hold is left out.

    Parameters
    ----------
    judgement : Judgement
        As `analysis.report.store.load_judgements` reads it.
    """
    return "\n\n".join(
        f"{name}:\n{wrap(plain_text(text, longest=LONGEST))}"
        for name, text in _parts(judgement)
        if text
    )


def _parts(judgement: Judgement) -> Iterable[tuple[str, str]]:
    verdict = judgement.verdict
    yield "Verdict", f"{word(VERDICTS, verdict)}: {VERDICT_MEANING.get(verdict, '')}."
    yield "Finding", judgement.sentence
    yield "Among all claims of the run", _among_all(judgement)
    yield "Under other readings", _readings(judgement)
    yield "Tipping point", judgement.tipping.sentence if judgement.tipping else ""
    yield "Shrunk toward all conditions", _shrunk(judgement)
    yield "What may be said", judgement.may_say
    yield (
        "What the words as printed do not say",
        "; ".join(f"{one.lacks} ({', '.join(one.rule_ids)})" for one in judgement.lacks),
    )


def _among_all(judgement: Judgement) -> str:
    if not judgement.verdict_adjusted or judgement.verdict not in ("meets", "falls short"):
        return ""
    p = "" if judgement.p_holm is None else f", p = {p_text(judgement.p_holm)}"
    same = "stands" if judgement.verdict_adjusted == judgement.verdict else "does not stand"
    told = f"The verdict {same} after adjusting for all claims judged together (Holm{p})"
    return f"{told}.".replace("p = <", "p <").replace("p = >", "p >")


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
    return f"{share_text(shrunk.value)} (n = {count_text(shrunk.n)}). {shrunk.label}"
