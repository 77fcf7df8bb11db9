"""A note on a claim to paste into a mail: at most 150 words, made of a run's judgement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.claims.judgement import Judgement, headlines_of
from analysis.claims.reasons import firm_text
from analysis.errors import InputError, suggest
from analysis.labels import VERDICTS, plain_text, word
from analysis.numbers import band_text, count_text, estimate_text, interval_words

MOST_WORDS = 150
MOST_LACKS = 5
LONGEST = 300  # letters of a claim's words


def choose_judgements(
    judgements: Sequence[Judgement], claim_ids: Sequence[str], *, run: str
) -> tuple[Judgement, ...]:
    """Return the judgements of claims by id, or of the first page where none is named.

    Raises
    ------
    InputError
        The run has no verdict on a claim.
    """
    known = {one.claim_id.upper(): one for one in judgements}
    for claim_id in claim_ids:
        if claim_id.strip().upper() not in known:
            near = suggest(claim_id.strip().upper(), known)
            raise InputError(f"the run {run} has no verdict on '{plain_text(claim_id)}'.{near}")
    if not claim_ids:
        return headlines_of(judgements) or tuple(judgements)
    return tuple(known[claim_id.strip().upper()] for claim_id in claim_ids)


def write_mail(one: Judgement, *, synthetic: bool = False) -> str:
    """Return the note: claim, verdict with firmness, one sentence, what may be said, what lacks."""
    firm = firm_text(one)
    verdict = word(VERDICTS, one.verdict) + (f" ({firm})" if firm else "")
    limits = "; ".join(f"{limit.name}: {limit.verdict}" for limit in one.limits)
    limits = f" By each word, {limits}." if limits else ""
    told = [
        f"Claim {one.claim_id}: “{plain_text(one.wording, longest=LONGEST)}”",
        f"Verdict: {verdict}. {_one_sentence(one)}{limits}",
        f"What may be said: {one.may_say}" if one.sayable else "What may be said: nothing on this.",
    ]
    last = ["Synthetic data: these patients do not exist."] if synthetic else []
    missing = _missing(one)
    room = (
        MOST_WORDS - len(" ".join([*told, *missing, *last]).split()) - 11
    )  # for the words between
    lacks: list[str] = []
    for lack in dict.fromkeys(lack.lacks.partition(":")[0] for lack in one.lacks):
        if len(lacks) < MOST_LACKS and len(" ".join([*lacks, lack]).split()) <= room:
            lacks.append(lack)
    if lacks:
        among = "" if len(lacks) == len(one.lacks) else ", among others"
        missing.append(f"The printed words do not say{among}: {'; '.join(lacks)}.")
    missing = [f"What is missing: {' '.join(missing)}"] if missing else []
    return "\n\n".join([*told, *missing, *last])


def _one_sentence(one: Judgement) -> str:
    if one.verdict in ("not testable", "unfalsifiable", "withheld") or one.value is None:
        # The first sentence of the finding is why there is no number.
        return re.split(r"(?<=[.])\s+(?=[A-Z])", one.sentence)[0]
    marks = (one.cited_low, one.cited_high)
    interval = interval_words(one, otherwise="", apart_from=marks)
    interval = f" ({interval})" if interval else ""
    cited = band_text(*marks, unit=one.unit)
    says = f", the claim {cited}" if one.cited_text and None not in (cited, one.cited_low) else ""
    return f"Our number is {estimate_text(one, apart_from=marks)}{interval}, n = {one.n}{says}."


def _missing(one: Judgement) -> list[str]:
    """Return what is not known of patients, and what would decide an open claim."""
    said = []
    if one.verdict == "not testable" and one.reason:
        said.append(one.reason)
    if one.n_missing:
        said.append(f"The outcome of {count_text(one.n_missing)} is not known.")
    if one.n_not_due:
        said.append(f"The visit of {count_text(one.n_not_due)} is not due yet.")
    known = {n for n in (one.further_patients, one.further_patients_if_cited) if n}
    if one.verdict == "undecided" and known:
        noun = "patient" if known == {1} else "patients"
        n = " to ".join(count_text(each) for each in sorted(known))
        said.append(f"About {n} more {noun} would decide it.")
    return said
